"""Hard tanh: the identity, cut off below and above."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def hardtanh(x: FloatArray, min_val: Scalar = -1.0, max_val: Scalar = 1.0) -> FloatArray:
    """Return x cut off below ``min_val`` and above ``max_val``.

    ``x`` has any shape; the result has the shape of ``x``. Raises ``ValueError``
    unless ``min_val`` < ``max_val``. Source: Collobert et al. (2011).
    """
    _check_order(min_val, max_val)
    return np.clip(x, min_val, max_val)


def gradient(x: FloatArray, min_val: Scalar = -1.0, max_val: Scalar = 1.0) -> FloatArray:
    """Return 1 between the ends and 0 elsewhere; at an end it is 0, as in PyTorch (JAX: 1).

    Raises as the function does.
    """
    _check_order(min_val, max_val)
    return np.where(np.isnan(x), x, (x > min_val) & (x < max_val))


def breaks(min_val: float = -1.0, max_val: float = 1.0) -> tuple[float, ...]:
    """Return the two points where the line is cut off."""
    return (min_val, max_val)


def _check_order(min_val: Scalar, max_val: Scalar) -> None:
    if np.any(np.greater_equal(min_val, max_val)):
        raise ValueError(f"hardtanh: min_val {min_val} must lie below max_val {max_val}")


SPEC = Activation(
    key="hardtanh",
    name="Hard tanh",
    order=240,
    family=Family.SIGMOIDS,
    function=hardtanh,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At both ends the gradient is 0, as in PyTorch's hardtanh; JAX's hard_tanh uses 1. "
        "Written with clip, JAX uses ½; with clamp, PyTorch uses 1."
    ),
    parameters=(
        Parameter(
            name="min_val",
            symbol="a",
            default=-1.0,
            low=-3.0,
            high=0.0,
            step=0.05,
            meaning="the smallest output",
        ),
        Parameter(
            name="max_val",
            symbol="b",
            default=1.0,
            low=0.1,
            high=6.0,
            step=0.1,
            meaning="the largest output",
        ),
    ),
    formula=r"f(x)=\min\bigl(b,\max(a,x)\bigr)",
    gradient_formula=r"f'(x)=\begin{cases}1 & a<x<b\\ 0 & x\le a\ \text{or}\ x\ge b\end{cases}",
    insight="Three lines: exact where the input is moderate, deaf where it is not.",
    use="Outputs that must stay in a range, binarised networks, small devices.",
    avoid="Inputs often lie outside the ends: those units learn nothing from them.",
    strengths=(
        "No exp: two comparisons",
        "Gradient exactly 1 between the ends",
        "With the ends at 0 and 6 it is ReLU6",
    ),
    weaknesses=(
        "Gradient exactly zero outside the ends",
        "Two kinks",
    ),
    origin=Origin(
        authors="Collobert, Weston, Bottou, Karlen, Kavukcuoglu & Kuksa",
        year=2011,
        title="Natural Language Processing (Almost) from Scratch",
        url="https://arxiv.org/abs/1103.0398",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.clip(x, $min_val, $max_val)",
        pytorch=(
            "import torch.nn.functional as F\n\n"
            "y = F.hardtanh(x, min_val=$min_val, max_val=$max_val)"
        ),
        keras="import keras\n\ny = keras.ops.clip(x, $min_val, $max_val)",
        jax="import jax.numpy as jnp\n\ny = jnp.clip(x, $min_val, $max_val)",
    ),
)
