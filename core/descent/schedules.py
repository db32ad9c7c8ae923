"""Learning-rate schedules: what the rate is multiplied by, step after step.

A schedule is a plain function ``factor(step, steps, ...)`` of the number of the step,
counted from 0, and of how many there will be; it takes and returns arrays. The first
factor of a run without warm-up is 1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from core.spec import FloatArray, Scalar

Factor = Callable[..., FloatArray]


def constant(step: npt.ArrayLike, steps: int) -> FloatArray:
    """Return 1 for every step."""
    return np.ones_like(np.asarray(step, dtype=np.float64))


def step_decay(step: npt.ArrayLike, steps: int, drop: float = 0.1, times: int = 3) -> FloatArray:
    """Return ``drop`` to the power of how many of ``times`` + 1 equal stretches have passed.

    With ``times`` = 1 the rate drops once, half-way.
    """
    k = np.asarray(step, dtype=np.float64)
    return np.asarray(drop ** np.floor(k * (times + 1) / max(steps, 1)))


def exponential(step: npt.ArrayLike, steps: int, end: float = 0.01) -> FloatArray:
    """Return a factor that shrinks by the same share each step, to ``end`` after the last."""
    return np.asarray(end ** (np.asarray(step, dtype=np.float64) / max(steps, 1)))


def cosine(step: npt.ArrayLike, steps: int, end: float = 0.0) -> FloatArray:
    """Return half a cosine wave from 1 to ``end``. Source: Loshchilov & Hutter (2017)."""
    share = np.asarray(step, dtype=np.float64) / max(steps, 1)
    return np.asarray(end + (1 - end) * (1 + np.cos(np.pi * share)) / 2)


def warm_up(step: npt.ArrayLike, steps: int, share: float = 0.1) -> FloatArray:
    """Return a ramp up to 1 over the first ``share`` of the steps, then 1.

    Source: Goyal et al. (2017). The first step is one length of the ramp's step, not 0.
    """
    ramp = max(1.0, share * steps)
    return np.minimum(1.0, (np.asarray(step, dtype=np.float64) + 1) / ramp)


def warm_up_cosine(step: npt.ArrayLike, steps: int, share: float = 0.1) -> FloatArray:
    """Return a ramp up to 1, then half a cosine wave down over the steps that remain."""
    k = np.asarray(step, dtype=np.float64)
    ramp = max(1.0, share * steps)
    down = cosine(np.maximum(k + 1 - ramp, 0), max(1, round(steps - ramp + 1)))
    return np.where(k + 1 < ramp, warm_up(k, steps, share), down)


@dataclass(frozen=True)
class Schedule:
    """A schedule with its name, its formula (LaTeX, k of K steps) and what it is for."""

    name: str
    factor: Factor
    formula: str
    insight: str


SCHEDULES: Mapping[str, Schedule] = MappingProxyType(
    {
        "constant": Schedule(
            "Constant", constant, r"\eta_k=\eta", "Nothing changes: the simplest to compare."
        ),
        "step": Schedule(
            "Step",
            step_decay,
            r"\eta_k=\eta\cdot 0.1^{\lfloor 4k/K\rfloor}",
            "Drops tenfold at a quarter, half and three quarters of the way.",
        ),
        "exponential": Schedule(
            "Exponential",
            exponential,
            r"\eta_k=\eta\cdot 0.01^{k/K}",
            "The same share is lost every step, 99 % by the end.",
        ),
        "cosine": Schedule(
            "Cosine",
            cosine,
            r"\eta_k=\tfrac{\eta}{2}\left(1+\cos\tfrac{\pi k}{K}\right)",
            "Slow to leave its height, slow to arrive at 0.",
        ),
        "warm_up": Schedule(
            "Warm-up",
            warm_up,
            r"\eta_k=\eta\,\min\left(1,\tfrac{k+1}{K/10}\right)",
            "Small steps first, while running means are still rough.",
        ),
        "warm_up_cosine": Schedule(
            "Warm-up, then cosine",
            warm_up_cosine,
            r"\eta_k=\eta\cdot\begin{cases}\tfrac{k+1}{K/10}&k+1<K/10\\"
            r"\tfrac12(1+\cos\tfrac{\pi(k+1-K/10)}{0.9K+1})&\text{then}\end{cases}",
            "A common choice for large networks: ramp up, then glide down.",
        ),
    }
)


def rates(name: str, learning_rate: Scalar, steps: int) -> FloatArray:
    """Return the learning rate of every step under the schedule ``name``.

    Of shape (steps,), or (steps, ...) for an array (...) of rates. Raises ``KeyError`` for a
    name that is none of ``SCHEDULES``.
    """
    factors = SCHEDULES[name].factor(np.arange(steps), steps)
    return np.asarray(np.multiply.outer(factors, learning_rate))
