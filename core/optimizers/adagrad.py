"""Adagrad: each coordinate divides its steps by the root of all its squared gradients."""

from typing import NamedTuple

import numpy as np

from core import optimizer_parameters as shared
from core.spec import (
    NON_NEGATIVE,
    Code,
    FloatArray,
    Optimizer,
    Origin,
    Parameter,
    Scalar,
)


class State(NamedTuple):
    """The sum ``v`` of squared gradients."""

    v: FloatArray


def init(
    position: FloatArray,
    learning_rate: Scalar = 0.5,
    initial_accumulator_value: Scalar = 0.0,
    eps: Scalar = 1e-10,
) -> State:
    """Return the sum before the first gradient."""
    return State(np.zeros_like(position) + initial_accumulator_value)


def update(
    gradient: FloatArray,
    state: State,
    position: FloatArray,
    learning_rate: Scalar = 0.5,
    initial_accumulator_value: Scalar = 0.0,
    eps: Scalar = 1e-10,
) -> tuple[FloatArray, State]:
    """Return w − ηg/(√v′ + ε) and v′ = v + g².

    Arrays of shape (..., d). ε stands outside the root, as in PyTorch. Source: Duchi, Hazan
    & Singer (2011).
    """
    v = state.v + gradient * gradient
    return position - learning_rate * gradient / (np.sqrt(v) + eps), State(v)


SPEC = Optimizer(
    key="adagrad",
    name="Adagrad",
    order=210,
    init=init,
    update=update,
    state_symbols={"v": "v"},
    parameters=(
        shared.learning_rate(
            0.5,
            "length of the first step in every coordinate, if v₀ is 0",
            {"PyTorch": 0.01, "Keras": 0.001},
        ),
        Parameter(
            name="initial_accumulator_value",
            symbol="v_0",
            default=0.0,
            low=0.0,
            high=1.0,
            step=0.01,
            meaning="what the sum of squares starts from",
            domain=NON_NEGATIVE,
            settings={"PyTorch": 0.0, "Keras, optax": 0.1},
        ),
        shared.eps(
            1e-10,
            "keeps the division defined where no gradient has been seen",
            {"PyTorch": 1e-10, "Keras, optax": 1e-7},
        ),
    ),
    formula=(
        r"\begin{aligned}v_{t+1}&=v_t+g_t^2\\ "
        r"w_{t+1}&=w_t-\frac{\eta}{\sqrt{v_{t+1}}+\varepsilon}\,g_t\end{aligned}"
    ),
    insight="A coordinate that is rarely asked keeps long steps; one often asked slows down.",
    use="Sparse features, such as words: each one has a rate of its own.",
    avoid="Long runs: the sum only grows, and with it the brake.",
    strengths=(
        "From v₀ = 0 the first step is η in every coordinate, however the loss is scaled",
        "Under a constant gradient the steps shrink as η/√t, as theory for convex losses wants",
        "On a quadratic it settles at every η: the sum grows until the steps are short enough",
    ),
    weaknesses=(
        "Never speeds up again: early large gradients are remembered for ever",
        "Bound to the axes: turning them changes the path",
    ),
    conventions=(
        "PyTorch starts the sum at 0 and adds ε = 1e-10 outside the root; Keras and optax start "
        "at 0.1 and add ε = 1e-7 inside it. Where gradients are tiny, PyTorch's first step is η "
        "all the same, and the others crawl."
    ),
    origin=Origin(
        authors="Duchi, Hazan & Singer",
        year=2011,
        title="Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
        url="https://jmlr.org/papers/v12/duchi11a.html",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "# v starts from $initial_accumulator_value\n"
            "v = v + grad**2\n"
            "w = w - $learning_rate * grad / (np.sqrt(v) + $eps)"
        ),
        pytorch=(
            "import torch\n\n"
            "optimizer = torch.optim.Adagrad(\n"
            "    model.parameters(), lr=$learning_rate, lr_decay=0.0, weight_decay=0.0,\n"
            "    initial_accumulator_value=$initial_accumulator_value, eps=$eps,\n"
            ")"
        ),
        keras=(
            "import keras\n\n"
            "# epsilon stands inside the root.\n"
            "optimizer = keras.optimizers.Adagrad(\n"
            "    learning_rate=$learning_rate,\n"
            "    initial_accumulator_value=$initial_accumulator_value, epsilon=$eps,\n"
            ")"
        ),
        jax=(
            "import optax\n\n"
            "# eps stands inside the root.\n"
            "optimizer = optax.adagrad(\n"
            "    learning_rate=$learning_rate,\n"
            "    initial_accumulator_value=$initial_accumulator_value, eps=$eps,\n"
            ")"
        ),
    ),
)
