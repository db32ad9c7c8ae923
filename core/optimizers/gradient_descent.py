"""Gradient descent: a step down the slope, as long as the slope is steep."""

from typing import NamedTuple

from core import optimizer_parameters as shared
from core.spec import (
    Code,
    FloatArray,
    Optimizer,
    Origin,
    Scalar,
)


class State(NamedTuple):
    """Nothing: every step is made from the present gradient alone."""


def init(position: FloatArray, learning_rate: Scalar = 0.1) -> State:
    """Return the empty state."""
    return State()


def update(
    gradient: FloatArray, state: State, position: FloatArray, learning_rate: Scalar = 0.1
) -> tuple[FloatArray, State]:
    """Return w − ηg and the state. Arrays of shape (..., d). Source: Cauchy (1847)."""
    return position - learning_rate * gradient, state


SPEC = Optimizer(
    key="gradient_descent",
    name="Gradient descent",
    order=110,
    init=init,
    update=update,
    parameters=(
        shared.learning_rate(
            0.1, "length of a step for a gradient of 1", {"PyTorch": 0.001, "Keras": 0.01}
        ),
    ),
    formula=r"w_{t+1}=w_t-\eta\,g_t",
    insight="Straight downhill: fast where it is steep, slow where it is flat.",
    use="The curvature is much the same in all directions, or a proof is wanted.",
    avoid="Long narrow valleys: the steep walls forbid the step that the floor needs.",
    strengths=(
        "One parameter, no memory",
        "On a quadratic all is known: it converges exactly for η < 2/λmax",
        "Turning the axes turns the path with them",
    ),
    weaknesses=(
        "The number of steps grows with the condition number κ",
        "Crawls on plateaus and near saddles",
    ),
    conventions="PyTorch's default rate is 0.001, Keras' 0.01; optax has none.",
    origin=Origin(
        authors="Cauchy",
        year=1847,
        title="Méthode générale pour la résolution des systèmes d'équations simultanées",
    ),
    code=Code(
        numpy="w = w - $learning_rate * grad",
        pytorch=(
            "import torch\n\n"
            "optimizer = torch.optim.SGD(\n"
            "    model.parameters(), lr=$learning_rate, momentum=0.0, dampening=0.0,\n"
            "    weight_decay=0.0, nesterov=False,\n"
            ")"
        ),
        keras=(
            "import keras\n\n"
            "optimizer = keras.optimizers.SGD(\n"
            "    learning_rate=$learning_rate, momentum=0.0, nesterov=False\n"
            ")"
        ),
        jax=(
            "import optax\n\n"
            "optimizer = optax.sgd(learning_rate=$learning_rate, momentum=None, nesterov=False)"
        ),
    ),
)
