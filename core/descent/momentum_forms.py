"""The three things that are called momentum, as rules of the same shape.

At a fixed learning rate the first two are the same walk, and the third is the same walk at
η/(1 − γ). Where the rate changes on the way, no two of them are the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from core.descent import GradientFunction, PlainRule, Trajectory, walk
from core.optimizers import momentum
from core.optimizers.momentum import State
from core.spec import FloatArray, Scalar


def accumulate(
    gradient: FloatArray,
    state: State,
    position: FloatArray,
    learning_rate: Scalar = 0.05,
    gamma: Scalar = 0.9,
) -> tuple[FloatArray, State]:
    """Return w − ηv′ and v′ = γv + g: the form of PyTorch and optax, with dampening 0."""
    v = gamma * state.v + gradient
    return position - learning_rate * v, State(v)


def average(
    gradient: FloatArray,
    state: State,
    position: FloatArray,
    learning_rate: Scalar = 0.05,
    gamma: Scalar = 0.9,
) -> tuple[FloatArray, State]:
    """Return w − ηv′ and v′ = γv + (1 − γ)g: the first moment of Adam, without correction."""
    v = gamma * state.v + (1 - gamma) * gradient
    return position - learning_rate * v, State(v)


@dataclass(frozen=True)
class Form:
    """One meaning of momentum: its rule, its formula, and who uses it.

    ``averages`` tells that its velocity is an average of gradients, so that a rate of
    η/(1 − γ) makes the steps that the other forms make at η.
    """

    name: str
    rule: PlainRule
    formula: str
    used_by: str
    averages: bool = False


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "velocity": Form(
            "Velocity",
            PlainRule(momentum.init, momentum.update),
            r"v\leftarrow\gamma v+\eta g,\quad w\leftarrow w-v",
            "textbooks, Keras",
        ),
        "sum": Form(
            "Sum of gradients",
            PlainRule(momentum.init, accumulate),
            r"v\leftarrow\gamma v+g,\quad w\leftarrow w-\eta v",
            "PyTorch, optax",
        ),
        "average": Form(
            "Average of gradients",
            PlainRule(momentum.init, average),
            r"v\leftarrow\gamma v+(1-\gamma)g,\quad w\leftarrow w-\eta v",
            "the first moment of Adam",
            averages=True,
        ),
    }
)


def compare(
    gradient: GradientFunction,
    start: FloatArray,
    learning_rates: FloatArray,
    gamma: Scalar,
    *,
    matched: bool = False,
) -> dict[str, Trajectory]:
    """Walk from ``start`` (..., d) in all three forms at the rates (steps, ...) and γ.

    γ and the rate of a step may be arrays that broadcast against the start. With ``matched``
    the average is given η/(1 − γ).
    """
    larger = np.array([rate * (1 / (1 - np.asarray(gamma))) for rate in learning_rates])
    return {
        key: walk(
            form.rule,
            gradient,
            start,
            larger if matched and form.averages else learning_rates,
            gamma=gamma,
        )
        for key, form in FORMS.items()
    }


def apart(one: Trajectory, other: Trajectory) -> FloatArray:
    """Return the distance of two walks after each step, as far as both go, (K + 1, ...)."""
    both = min(len(one.positions), len(other.positions))
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.linalg.norm(one.positions[:both] - other.positions[:both], axis=-1))
