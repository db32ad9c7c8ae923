"""RMSprop: Adagrad that forgets; steps are divided by a running root mean square."""

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
    """The running mean ``v`` of squared gradients, from 0."""

    v: FloatArray


def init(
    position: FloatArray,
    learning_rate: Scalar = 0.05,
    alpha: Scalar = 0.99,
    eps: Scalar = 1e-8,
) -> State:
    """Return a mean of 0."""
    return State(np.zeros_like(position))


def update(
    gradient: FloatArray,
    state: State,
    position: FloatArray,
    learning_rate: Scalar = 0.05,
    alpha: Scalar = 0.99,
    eps: Scalar = 1e-8,
) -> tuple[FloatArray, State]:
    """Return w − ηg/(√v′ + ε) and v′ = αv + (1 − α)g².

    Arrays of shape (..., d). ε stands outside the root, as in PyTorch. Source: Tieleman &
    Hinton (2012).
    """
    v = alpha * state.v + (1 - alpha) * (gradient * gradient)
    return position - learning_rate * gradient / (np.sqrt(v) + eps), State(v)


SPEC = Optimizer(
    key="rmsprop",
    name="RMSprop",
    order=220,
    init=init,
    update=update,
    state_symbols={"v": "v"},
    parameters=(
        shared.learning_rate(
            0.05, "length of a step once the mean has settled", {"PyTorch": 0.01, "Keras": 0.001}
        ),
        shared.share(
            "alpha",
            r"\alpha",
            0.99,
            "share of the running mean of squares that is kept (ρ in Keras)",
            {"PyTorch": 0.99, "Keras, optax": 0.9},
        ),
        shared.eps(
            1e-8,
            "keeps the division defined; large, it turns the method into plain descent",
            {"PyTorch, optax": 1e-8, "Keras": 1e-7},
        ),
    ),
    formula=(
        r"\begin{aligned}v_{t+1}&=\alpha\,v_t+(1-\alpha)\,g_t^2\\ "
        r"w_{t+1}&=w_t-\frac{\eta}{\sqrt{v_{t+1}}+\varepsilon}\,g_t\end{aligned}"
    ),
    insight="Only the sign of a steady gradient counts: every coordinate walks at about η.",
    use="Losses whose scale changes along the way; recurrent networks.",
    avoid="An exact end is wanted at a constant rate: it ends up swinging, η/2 to each side.",
    strengths=(
        "Crosses plateaus: a tiny gradient makes as long a step as a large one",
        "Forgets: it speeds up again after a steep stretch",
    ),
    weaknesses=(
        "With a constant rate it need not converge, even on a parabola",
        "The first step is η/√(1 − α) long, ten times η at α = 0.99: no bias correction",
        "Bound to the axes: turning them changes the path",
    ),
    conventions=(
        "PyTorch: α = 0.99, ε = 1e-8 outside the root. optax: decay 0.9, ε = 1e-8 inside it. "
        "Keras: ρ = 0.9, ε = 1e-7 inside it."
    ),
    origin=Origin(
        authors="Tieleman & Hinton",
        year=2012,
        title="Lecture 6.5: RMSprop. COURSERA: Neural Networks for Machine Learning",
        url="https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "v = $alpha * v + (1 - $alpha) * grad**2\n"
            "w = w - $learning_rate * grad / (np.sqrt(v) + $eps)"
        ),
        pytorch=(
            "import torch\n\n"
            "optimizer = torch.optim.RMSprop(\n"
            "    model.parameters(), lr=$learning_rate, alpha=$alpha, eps=$eps,\n"
            "    weight_decay=0.0, momentum=0.0, centered=False,\n"
            ")"
        ),
        keras=(
            "import keras\n\n"
            "# epsilon stands inside the root.\n"
            "optimizer = keras.optimizers.RMSprop(\n"
            "    learning_rate=$learning_rate, rho=$alpha, momentum=0.0, epsilon=$eps,\n"
            "    centered=False,\n"
            ")"
        ),
        jax=(
            "import optax\n\n"
            "optimizer = optax.rmsprop(\n"
            "    learning_rate=$learning_rate, decay=$alpha, eps=$eps, initial_scale=0.0,\n"
            "    eps_in_sqrt=False, centered=False, momentum=None, nesterov=False,\n"
            "    bias_correction=False,\n"
            ")"
        ),
    ),
)
