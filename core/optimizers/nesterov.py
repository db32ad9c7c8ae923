"""Nesterov's momentum: look where the velocity leads, then correct by the gradient there.

The positions here are the textbook's w_t. PyTorch, Keras and optax store the point
w_t − γv_t that it looks ahead to, and call that the weights; both sequences are kept in a
:class:`core.descent.Trajectory`.
"""

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


def look_ahead(
    position: FloatArray, state: State, learning_rate: Scalar = 0.05, gamma: Scalar = 0.9
) -> FloatArray:
    """Return w − γv, where the velocity alone would lead."""
    return position - gamma * state.v


def update(
    gradient: FloatArray,
    state: State,
    position: FloatArray,
    learning_rate: Scalar = 0.05,
    gamma: Scalar = 0.9,
) -> tuple[FloatArray, State]:
    """Return w − v′ and v′ = γv + ηg, with the gradient taken at ``look_ahead``.

    Arrays of shape (..., d). Source: Nesterov (1983), in the form of Sutskever et al. (2013)
    with a constant γ.
    """
    v = gamma * state.v + learning_rate * gradient
    return position - v, State(v)


SPEC = Optimizer(
    key="nesterov",
    name="Nesterov",
    order=130,
    init=init,
    update=update,
    look_ahead=look_ahead,
    state_symbols={"v": "v"},
    parameters=(
        shared.learning_rate(
            0.05, "what a gradient of 1 adds to the velocity", {"PyTorch": 0.001, "Keras": 0.01}
        ),
        shared.GAMMA,
    ),
    formula=(
        r"\begin{aligned}\tilde w_t&=w_t-\gamma\,v_t\\ "
        r"v_{t+1}&=\gamma\,v_t+\eta\,\nabla f(\tilde w_t)\\ w_{t+1}&=w_t-v_{t+1}\end{aligned}"
    ),
    insight="The gradient is read one swing ahead, so the ball brakes before it has passed.",
    use="In place of momentum, where swings cost more than the smaller range of stable rates.",
    avoid="Large rates: it is stable only up to ηλ = (2 + 2γ)/(1 + 2γ), less than descent's 2.",
    strengths=(
        "Damps swings: on a quadratic they shrink by √(γ(1 − ηλ)) a step, not √γ",
        "The best possible order of convergence on smooth convex functions, if γ rises suitably",
        "Equals gradient descent at γ = 0",
    ),
    weaknesses=(
        "Still overshoots",
        "The smallest range of stable rates of the three: ηλ below 1.357 at γ = 0.9",
        "What frameworks call the weights is the look-ahead point",
    ),
    conventions=(
        "PyTorch, Keras and optax keep the look-ahead point w − γv in place of w. Keras' "
        "velocity includes η; PyTorch and optax multiply by η afterwards, which is another path "
        "once η changes."
    ),
    origin=Origin(
        authors="Nesterov; as momentum: Sutskever, Martens, Dahl & Hinton (2013)",
        year=1983,
        title="A method for solving the convex programming problem with convergence rate O(1/k²)",
        url="https://proceedings.mlr.press/v28/sutskever13.html",
    ),
    code=Code(
        numpy=(
            "# grad is the gradient at w - $gamma * v.\n"
            "v = $gamma * v + $learning_rate * grad\nw = w - v"
        ),
        pytorch=(
            "import torch\n\n"
            "# The weights it stores are the look-ahead points.\n"
            "optimizer = torch.optim.SGD(\n"
            "    model.parameters(), lr=$learning_rate, momentum=$gamma, dampening=0.0,\n"
            "    weight_decay=0.0, nesterov=True,\n"
            ")"
        ),
        keras=(
            "import keras\n\n"
            "# The weights it stores are the look-ahead points.\n"
            "optimizer = keras.optimizers.SGD(\n"
            "    learning_rate=$learning_rate, momentum=$gamma, nesterov=True\n"
            ")"
        ),
        jax=(
            "import optax\n\n"
            "# The weights it stores are the look-ahead points.\n"
            "optimizer = optax.sgd(learning_rate=$learning_rate, momentum=$gamma, nesterov=True)"
        ),
    ),
)
