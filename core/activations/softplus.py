"""Softplus: a ReLU with its corner rounded off."""

import numpy as np

from core.activations.sigmoid import sigmoid
from core.spec import POSITIVE, Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def softplus(x: FloatArray, beta: Scalar = 1.0) -> FloatArray:
    """Return ln(1 + e^(βx))/β.

    ``x`` has any shape; the result has the shape of ``x``. Source: Dugas et al.
    (2000) for β = 1. PyTorch jumps to the line x beyond βx = 20; here the
    formula holds everywhere.
    """
    # exp(βx) would overflow; of −|βx| it cannot, and an infinite βx gives the right 0.
    with np.errstate(over="ignore"):
        return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(beta * x))) / beta


def gradient(x: FloatArray, beta: Scalar = 1.0) -> FloatArray:
    """Return σ(βx)."""
    # An infinite βx gives the right end, 0 or 1.
    with np.errstate(over="ignore"):
        return sigmoid(beta * x)


SPEC = Activation(
    key="softplus",
    name="Softplus",
    order=510,
    family=Family.GATED,
    function=softplus,
    derivative=gradient,
    parameters=(
        Parameter(
            name="beta",
            symbol=r"\beta",
            default=1.0,
            low=0.1,
            high=10.0,
            step=0.1,
            meaning="sharpness of the bend, ReLU as it grows; a divisor, so it is positive",
            domain=POSITIVE,
        ),
    ),
    formula=r"f(x)=\frac{1}{\beta}\ln\bigl(1+e^{\beta x}\bigr)",
    gradient_formula=r"f'(x)=\sigma(\beta x)=\frac{1}{1+e^{-\beta x}}",
    insight="Its gradient is the sigmoid: the switch of ReLU, turned by degrees.",
    use="Outputs that must be positive, such as a scale, a rate or a variance.",
    avoid="Hidden layers that should be sparse or centred: every output is positive.",
    strengths=(
        "Smooth everywhere, and always positive",
        "Never more than ln 2/β above ReLU",
        "The gradient is never exactly zero for moderate inputs",
    ),
    weaknesses=(
        "All outputs are positive: at β = 1 the mean is 0.81 for a standard normal, twice ReLU's",
        "Overflows if coded as log(1 + exp(x))",
        "Needs exp and log",
    ),
    origin=Origin(
        authors="Dugas, Bengio, Bélisle, Nadeau & Garcia",
        year=2000,
        title="Incorporating Second-Order Functional Knowledge for Better Option Pricing",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.logaddexp(0, $beta * x) / $beta",
        pytorch=(
            "import torch.nn.functional as F\n\n"
            "# Beyond beta * x = threshold it returns x itself.\n"
            "y = F.softplus(x, beta=$beta, threshold=20.0)"
        ),
        keras="import keras\n\ny = keras.activations.softplus($beta * x) / $beta",
        jax="import jax\n\ny = jax.nn.softplus($beta * x) / $beta",
    ),
)
