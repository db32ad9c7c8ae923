"""Adam: a running mean of gradients over the root of a running mean of their squares."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from core import optimizer_parameters as shared
from core.spec import (
    Code,
    FloatArray,
    Interval,
    Optimizer,
    Origin,
    Parameter,
    Scalar,
)


class State(NamedTuple):
    """The number ``t`` of steps taken, and the running means of g and of g², from 0."""

    t: int
    m: FloatArray
    v: FloatArray


def init(position: FloatArray, **parameters: Scalar) -> State:
    """Return means of 0."""
    return State(0, np.zeros_like(position), np.zeros_like(position))


def moments(
    gradient: FloatArray, state: State, beta1: Scalar = 0.9, beta2: Scalar = 0.999
) -> State:
    """Return the state with one gradient more in both means."""
    m = beta1 * state.m + (1 - beta1) * gradient
    v = beta2 * state.v + (1 - beta2) * (gradient * gradient)
    return State(state.t + 1, m, v)


def corrections(
    t: int, beta1: Scalar = 0.9, beta2: Scalar = 0.999, bias_correction: Scalar = 1.0
) -> tuple[Scalar, Scalar]:
    """Return what the means are divided by: the weights of ``t`` gradients add up to 1 − βᵗ.

    With ``bias_correction`` 0 both are 1.
    """
    return 1 - bias_correction * beta1**t, 1 - bias_correction * beta2**t


def update(
    gradient: FloatArray,
    state: State,
    position: FloatArray,
    learning_rate: Scalar = 0.1,
    beta1: Scalar = 0.9,
    beta2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    bias_correction: Scalar = 1.0,
) -> tuple[FloatArray, State]:
    """Return w − η m̂/(√v̂ + ε), and the state with m, v and t one step on.

    Arrays of shape (..., d). ``bias_correction`` is 1 or 0. Source: Kingma & Ba (2015),
    algorithm 1.
    """
    new = moments(gradient, state, beta1, beta2)
    first, second = corrections(new.t, beta1, beta2, bias_correction)
    # √v̂ = √v/√c: one division of an array less than as it is written.
    size = np.sqrt(new.v)
    size /= np.sqrt(second)
    size += eps
    step = new.m / size
    step *= learning_rate / first
    return position - step, new


def terms(
    gradient: FloatArray,
    state: State,
    learning_rate: Scalar = 0.1,
    beta1: Scalar = 0.9,
    beta2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    bias_correction: Scalar = 1.0,
) -> Mapping[str, FloatArray]:
    """Return m̂ and v̂ of the state that the update has returned."""
    first, second = corrections(state.t, beta1, beta2, bias_correction)
    return {r"\hat m": state.m / first, r"\hat v": state.v / second}


PARAMETERS = (
    shared.learning_rate(
        0.1, "length of a step while the gradients of late agree", {"PyTorch, Keras": 0.001}
    ),
    shared.share("beta1", r"\beta_1", 0.9, "share of the running mean of gradients that is kept"),
    Parameter(
        name="beta2",
        symbol=r"\beta_2",
        default=0.999,
        low=0.9,
        high=0.999,
        step=0.001,
        meaning="share of the running mean of squares that is kept",
        domain=shared.SHARE,
    ),
    shared.eps(
        1e-8,
        "keeps the division defined; large, it turns the method into momentum",
        {"PyTorch, optax": 1e-8, "Keras": 1e-7},
    ),
    Parameter(
        name="bias_correction",
        symbol=r"c",
        default=1.0,
        low=0.0,
        high=1.0,
        step=1.0,
        meaning="1: both means are divided by 1 − βᵗ; 0: they are not",
        domain=Interval(low=0.0, high=1.0, low_closed=True, high_closed=True),
    ),
)

MOMENTS_IN_NUMPY = (
    "import numpy as np\n\n"
    "t = t + 1\n"
    "m = $beta1 * m + (1 - $beta1) * grad\n"
    "v = $beta2 * v + (1 - $beta2) * grad**2\n"
    "m_hat = m / (1 - $bias_correction * $beta1**t)\n"
    "v_hat = v / (1 - $bias_correction * $beta2**t)\n"
)

SPEC = Optimizer(
    key="adam",
    name="Adam",
    order=310,
    init=init,
    update=update,
    terms=terms,
    state_symbols={"m": "m", "v": "v"},
    parameters=PARAMETERS,
    formula=(
        r"\begin{aligned}m_{t}&=\beta_1 m_{t-1}+(1-\beta_1)\,g_t,&"
        r"\hat m_t&=m_t/(1-\beta_1^t)\\"
        r"v_{t}&=\beta_2 v_{t-1}+(1-\beta_2)\,g_t^2,&"
        r"\hat v_t&=v_t/(1-\beta_2^t)\\"
        r"w_{t}&=w_{t-1}-\eta\,\frac{\hat m_t}{\sqrt{\hat v_t}+\varepsilon}\end{aligned}"
    ),
    insight="A step is η times how much the last gradients agree: ±η if all do, 0 if they cancel.",
    use="Deep networks, above all those with attention; losses of unknown scale.",
    avoid="A well-conditioned problem, or an exact end at a constant rate.",
    strengths=(
        "The step does not depend on the scale of the loss",
        "The first step has length η in every coordinate",
        "Few settings need tuning besides η",
    ),
    weaknesses=(
        "Need not converge, not even on convex problems (Reddi et al., 2018)",
        "Bound to the axes: turning them changes the path",
        "On a plain bowl a tuned gradient descent with momentum is faster",
    ),
    conventions=(
        "PyTorch and optax: ε = 1e-8 beside √v̂. Keras: ε = 1e-7 beside √v before the "
        "correction, so that its share is larger in the first steps. None of them can leave "
        "the correction out."
    ),
    origin=Origin(
        authors="Kingma & Ba",
        year=2015,
        title="Adam: A Method for Stochastic Optimization",
        url="https://arxiv.org/abs/1412.6980",
    ),
    code=Code(
        numpy=f"{MOMENTS_IN_NUMPY}w = w - $learning_rate * m_hat / (np.sqrt(v_hat) + $eps)",
        pytorch=(
            "import torch\n\n"
            "optimizer = torch.optim.Adam(\n"
            "    model.parameters(), lr=$learning_rate, betas=($beta1, $beta2), eps=$eps,\n"
            "    weight_decay=0.0, amsgrad=False,\n"
            ")"
        ),
        keras=(
            "import keras\n\n"
            "# epsilon is added before the bias correction.\n"
            "optimizer = keras.optimizers.Adam(\n"
            "    learning_rate=$learning_rate, beta_1=$beta1, beta_2=$beta2, epsilon=$eps,\n"
            "    amsgrad=False,\n"
            ")"
        ),
        jax=(
            "import optax\n\n"
            "optimizer = optax.adam(\n"
            "    learning_rate=$learning_rate, b1=$beta1, b2=$beta2, eps=$eps, eps_root=0.0,\n"
            "    nesterov=False,\n"
            ")"
        ),
    ),
)
