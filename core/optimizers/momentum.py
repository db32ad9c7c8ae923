"""Momentum (the heavy ball): steps add up to a velocity, which friction wears down."""

from typing import NamedTuple

import numpy as np

from core import optimizer_parameters as shared
from core.spec import (
    Code,
    FloatArray,
    Optimizer,
    Origin,
    Scalar,
)


class State(NamedTuple):
    """The velocity ``v``, in units of the weights: the step that was taken last."""

    v: FloatArray


def init(position: FloatArray, learning_rate: Scalar = 0.05, gamma: Scalar = 0.9) -> State:
    """Return a ball at rest."""
    return State(np.zeros_like(position))


def update(
    gradient: FloatArray,
    state: State,
    position: FloatArray,
    learning_rate: Scalar = 0.05,
    gamma: Scalar = 0.9,
) -> tuple[FloatArray, State]:
    """Return w − v′ and v′ = γv + ηg. Arrays of shape (..., d). Source: Polyak (1964)."""
    v = gamma * state.v + learning_rate * gradient
    return position - v, State(v)


SPEC = Optimizer(
    key="momentum",
    name="Momentum",
    order=120,
    init=init,
    update=update,
    state_symbols={"v": "v"},
    parameters=(
        shared.learning_rate(
            0.05, "what a gradient of 1 adds to the velocity", {"PyTorch": 0.001, "Keras": 0.01}
        ),
        shared.GAMMA,
    ),
    formula=r"\begin{aligned}v_{t+1}&=\gamma\,v_t+\eta\,g_t\\ w_{t+1}&=w_t-v_{t+1}\end{aligned}",
    insight=(
        "Along a valley the steps add up to 1/(1 − γ) times their size; across it they cancel."
    ),
    use="Curvatures that differ much, with a learning rate that is small for the steepest.",
    avoid="The bowl is almost round (κ near 1): the ball then swings where a step would do.",
    strengths=(
        "Needs some √κ steps where gradient descent needs κ, at its best η and γ",
        "Stable up to ηλ = 2(1 + γ), beyond gradient descent's 2",
        "Averages noise over about 1/(1 − γ) steps",
    ),
    weaknesses=(
        "Overshoots: with γ above (1 − √(ηλ))² it swings around the minimum",
        "Slower than gradient descent where κ is near 1",
        "η means another step length than without momentum",
    ),
    conventions=(
        "Here and in Keras the velocity includes η. PyTorch and optax add up gradients and "
        "multiply by η when they step: the same path while η is fixed, another one once η changes."
    ),
    origin=Origin(
        authors="Polyak",
        year=1964,
        title="Some methods of speeding up the convergence of iteration methods",
        url="https://doi.org/10.1016/0041-5553(64)90137-5",
    ),
    code=Code(
        numpy="v = $gamma * v + $learning_rate * grad\nw = w - v",
        pytorch=(
            "import torch\n\n"
            "# The same path as long as lr does not change.\n"
            "optimizer = torch.optim.SGD(\n"
            "    model.parameters(), lr=$learning_rate, momentum=$gamma, dampening=0.0,\n"
            "    weight_decay=0.0, nesterov=False,\n"
            ")"
        ),
        keras=(
            "import keras\n\n"
            "optimizer = keras.optimizers.SGD(\n"
            "    learning_rate=$learning_rate, momentum=$gamma, nesterov=False\n"
            ")"
        ),
        jax=(
            "import optax\n\n"
            "# The same path as long as learning_rate does not change.\n"
            "optimizer = optax.sgd(learning_rate=$learning_rate, momentum=$gamma, nesterov=False)"
        ),
    ),
)
