"""Walk down: run an optimizer on a gradient, keep every step, and stop where numbers end.

A run is a pure function of its arguments. Arrays have the shape (..., d): one start (d,),
or as many starts as there are, each with parameters of its own if they are arrays that
broadcast. What happens to one start never depends on another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.optimizers import OPTIMIZERS
from core.spec import FloatArray, Optimizer, Scalar, here

GradientFunction = Callable[[FloatArray], FloatArray]


class Rule(Protocol):
    """What walking needs of an optimizer."""

    @property
    def init(self) -> Callable[..., Any]:
        """Return the state before the first step."""
        ...

    @property
    def update(self) -> Callable[..., tuple[FloatArray, Any]]:
        """Return the next position and state."""
        ...

    @property
    def look_ahead(self) -> Callable[..., FloatArray]:
        """Return where the gradient is to be taken."""
        ...


@dataclass(frozen=True)
class PlainRule:
    """A rule that is in no catalogue, such as another framework's form of momentum."""

    init: Callable[..., Any]
    update: Callable[..., tuple[FloatArray, Any]]
    look_ahead: Callable[..., FloatArray] = here


@dataclass(frozen=True)
class Stop:
    """Why a run ended before its time: at ``step``, counted from 1, ``what`` was not finite.

    ``position`` is the last good one, from which that step was to be made.
    """

    step: int
    what: str
    position: FloatArray

    def __str__(self) -> str:
        where = ", ".join(f"{value:.3g}" for value in self.position).replace("-", "−")
        return f"stopped at step {self.step}: {self.what} is not finite; last at ({where})"


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Everything a run went through; K steps of arrays (..., d).

    ``positions`` (K + 1, ..., d) begins with the start. Step k, counted from 0, took the
    gradient ``gradients[k]`` at ``look_ahead[k]``, with ``learning_rates[k]`` and the state
    ``states[k]``, and made ``positions[k + 1]`` and ``states[k + 1]`` of them.

    With several starts ``taken`` (...) is how many steps each of them took; one that stopped
    early stays at its last good position, and its gradients from there on are nan. A single
    start's arrays end with its last good step, and ``stop`` says why.
    """

    positions: FloatArray
    look_ahead: FloatArray
    gradients: FloatArray
    learning_rates: FloatArray
    states: Sequence[Any]
    taken: npt.NDArray[np.int64]
    stop: Stop | None = None

    @property
    def steps(self) -> int:
        """How many steps the arrays hold."""
        return len(self.gradients)

    @cached_property
    def updates(self) -> FloatArray:
        """Return what each step added to the position, (K, ..., d)."""
        return np.diff(self.positions, axis=0)


def descend(
    name: str,
    gradient: GradientFunction,
    start: npt.ArrayLike,
    steps: int = 50,
    learning_rate: Scalar | None = None,
    *,
    noise: FloatArray | None = None,
    **parameters: Scalar,
) -> Trajectory:
    """Run the optimizer ``name`` from ``start`` (..., d) and return its trajectory.

    ``gradient`` maps positions (..., d) to gradients of the same shape. ``learning_rate`` is
    a number, or for many starts an array that broadcasts against ``start``, such as (n, 1);
    with an axis of steps before these it is a schedule: (steps,) for one start, (steps, n, 1)
    for many (see :mod:`core.descent.schedules`). Left out, it is the optimizer's default. ``noise``
    (steps, ..., d) is added to the gradients step by step.

    A run stops at the first step whose gradient or result is not finite. Raises ``KeyError``
    for an unknown optimizer, ``TypeError`` and ``ValueError`` for parameters it does not take
    or that are outside their domain, and ``ValueError`` for a start that is not finite.
    """
    optimizer = OPTIMIZERS[name]
    at = _start(start)
    rate: Scalar = optimizer.defaults["learning_rate"] if learning_rate is None else learning_rate
    settings = optimizer.resolve({**parameters, "learning_rate": rate})
    del settings["learning_rate"]
    return walk(optimizer, gradient, at, _rates(rate, steps, at), noise=noise, **settings)


def walk(
    rule: Rule,
    gradient: GradientFunction,
    start: FloatArray,
    learning_rates: Sequence[Scalar] | FloatArray,
    *,
    noise: FloatArray | None = None,
    **parameters: Scalar,
) -> Trajectory:
    """Run any rule with one learning rate a step; otherwise as :func:`descend`."""
    position = start
    state = rule.init(position, **parameters)
    alive = np.ones(start.shape[:-1], dtype=bool)
    taken = np.zeros(start.shape[:-1], dtype=np.int64)
    positions, looks, gradients, states = [position], [], [], [state]
    stop = None
    # What overflows is looked for below, and named.
    with np.errstate(all="ignore"):
        for k, rate in enumerate(learning_rates):
            look = rule.look_ahead(position, state, **parameters)
            slope = gradient(look)
            if noise is not None:
                slope = slope + noise[k]
            moved, moved_state = rule.update(
                slope, state, position, learning_rate=rate, **parameters
            )
            good = np.isfinite(slope).all(axis=-1)
            whole = good & np.isfinite(moved).all(axis=-1) & _finite(moved_state)
            if not whole.all():
                alive = alive & whole
                if not alive.any():
                    if start.ndim == 1:
                        stop = _why(k, slope, moved, position)
                    break
                # The fallen stay where they were, and are not heard of again.
                moved = np.where(alive[..., None], moved, position)
                slope = np.where(alive[..., None], slope, np.nan)
            elif not alive.all():
                moved = np.where(alive[..., None], moved, position)
                slope = np.where(alive[..., None], slope, np.nan)
            taken = taken + alive
            position, state = moved, moved_state
            positions.append(position)
            looks.append(look)
            gradients.append(slope)
            states.append(state)
    shape = (len(gradients), *start.shape)
    return Trajectory(
        positions=np.array(positions),
        look_ahead=np.array(looks).reshape(shape),
        gradients=np.array(gradients).reshape(shape),
        learning_rates=np.array(
            [np.asarray(rate) for rate in learning_rates[: len(gradients)]], dtype=np.float64
        ),
        states=states,
        taken=taken,
        stop=stop,
    )


@dataclass(frozen=True, eq=False)
class Ends:
    """Where many runs ended: ``positions`` (n, d), and the steps that each one took, (n,).

    ``arrived`` is the first step after which a run stayed within the tolerance of where it
    ended, and −1 for one that did not come to rest there or was stopped.
    """

    positions: FloatArray
    taken: npt.NDArray[np.int64]
    arrived: npt.NDArray[np.int64]


CHUNK = 4096
"""Starts that run together: their arrays stay in the processor's cache, and memory is bounded."""


def settle(
    name: str,
    gradient: GradientFunction,
    starts: FloatArray,
    steps: int = 300,
    learning_rate: Scalar | None = None,
    *,
    tolerance: float = 0.05,
    targets: FloatArray | None = None,
    noise: FloatArray | None = None,
    **parameters: Scalar,
) -> Ends:
    """Run many starts (n, d) and keep of each only where it ends and when it came there.

    ``targets`` (m, d) are the points worth arriving at: a run arrives at the one nearest to
    its end, and only if it ends within ``tolerance`` of it. Parameters may be arrays (n, 1),
    and ``noise`` (steps, d) is added to every run's gradients. Raises as :func:`descend` does.
    Takes memory for ``CHUNK`` trajectories, however many starts there are.
    """
    optimizer = OPTIMIZERS[name]
    at = _start(starts)
    rate: Scalar = optimizer.defaults["learning_rate"] if learning_rate is None else learning_rate
    settings = optimizer.resolve({**parameters, "learning_rate": rate})
    ends = np.empty_like(at)
    taken = np.empty(len(at), dtype=np.int64)
    arrived = np.empty(len(at), dtype=np.int64)
    for first in range(0, len(at), CHUNK):
        part = slice(first, first + CHUNK)
        here_only: dict[str, Scalar] = {
            k: np.asarray(v)[part] if np.ndim(v) else v for k, v in settings.items()
        }
        # Coordinate by coordinate in memory, as gradients are computed.
        start = np.asfortranarray(at[part])
        path, taken[part] = _path(optimizer, gradient, start, steps, noise, here_only)
        ends[part] = path[-1]
        goal = ends[part] if targets is None else nearest(ends[part], targets)
        distance = np.zeros(path.shape[:-1])
        with np.errstate(over="ignore"):
            for i in range(at.shape[-1]):
                distance += (path[..., i] - goal[..., i]) ** 2
        outside = ~(distance <= tolerance**2)
        # The last step outside, counted from the end of the run.
        since = np.argmax(outside[::-1], axis=0)
        found = np.where(outside.any(axis=0), len(path) - since, 0)
        lost = outside[-1] | (taken[part] < steps)
        arrived[part] = np.where(lost, -1, found)
    return Ends(ends, taken, arrived)


def nearest(points: FloatArray, targets: FloatArray) -> FloatArray:
    """Return for each of the points (n, d) the nearest of the targets (m, d)."""
    found: FloatArray = targets[nearest_index(points, targets)]
    return found


def nearest_index(points: FloatArray, targets: FloatArray) -> npt.NDArray[np.int64]:
    """Return for each of the points (n, d) the number of the nearest of the targets (m, d)."""
    with np.errstate(over="ignore"):
        distance = ((points[:, None, :] - targets[None, :, :]) ** 2).sum(axis=-1)
    return np.asarray(np.argmin(distance, axis=1), dtype=np.int64)


def _path(
    optimizer: Optimizer,
    gradient: GradientFunction,
    start: FloatArray,
    steps: int,
    noise: FloatArray | None,
    parameters: dict[str, Scalar],
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Return the positions (steps + 1, n, d) of a chunk, and the steps that each start took."""
    path = np.moveaxis(np.empty((steps + 1, *start.shape[::-1])), 1, -1)
    path[0] = position = start
    taken = np.full(len(start), steps, dtype=np.int64)
    state = optimizer.init(position, **parameters)
    rest = {k: v for k, v in parameters.items() if k != "learning_rate"}
    with np.errstate(all="ignore"):
        for k in range(steps):
            slope = gradient(optimizer.look_ahead(position, state, **rest))
            if noise is not None:
                slope = slope + noise[k]
            position, state = optimizer.update(slope, state, position, **parameters)
            path[k + 1] = position
    # Once not finite, never finite again: the first such step is where the run stopped.
    bad = np.asarray(~np.isfinite(path).all(axis=-1))
    fallen = np.flatnonzero(bad.any(axis=0))
    if fallen.size:
        taken[fallen] = np.argmax(bad[:, fallen], axis=0) - 1
        for place in fallen:
            path[taken[place] + 1 :, place] = path[taken[place], place]
    return path, taken


def _start(start: npt.ArrayLike) -> FloatArray:
    at = np.asarray(start, dtype=np.float64)
    if at.ndim == 0:
        raise ValueError("a start is a point: an array of shape (..., d)")
    if not np.isfinite(at).all():
        raise ValueError("a start must be finite")
    return at


def _rates(rate: Scalar, steps: int, start: FloatArray) -> Sequence[Scalar]:
    """Return one rate a step: a schedule as it is, anything else as often as there are steps."""
    given = np.asarray(rate, dtype=np.float64)
    if given.ndim != (1 if start.ndim == 1 else start.ndim + 1):
        return [rate] * steps
    if len(given) != steps:
        raise ValueError(f"a schedule of {len(given)} rates for {steps} steps")
    return [float(one) for one in given] if given.ndim == 1 else list(given)


def _finite(state: Any) -> npt.NDArray[np.bool_]:
    """Tell for each start whether all arrays of a state are finite."""
    whole: npt.NDArray[np.bool_] = np.ones((), dtype=bool)
    for part in state:
        if isinstance(part, np.ndarray):
            whole = whole & np.isfinite(part).all(axis=-1)
    return whole


def _why(k: int, slope: FloatArray, moved: FloatArray, position: FloatArray) -> Stop:
    if not np.isfinite(slope).all():
        what = "the gradient"
    elif not np.isfinite(moved).all():
        what = "the next position"
    else:
        what = "the optimizer's state"
    return Stop(k + 1, what, position)
