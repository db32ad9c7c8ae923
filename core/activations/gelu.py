"""GELU: the input, weighted by the probability that a standard normal lies below it."""

import math

import numpy as np
from scipy.special import erfc

from core.spec import Activation, Code, Family, FloatArray, Origin


def gelu(x: FloatArray) -> FloatArray:
    """Return xΦ(x), in the shape of ``x``; nan at −∞, as PyTorch.

    Source: Hendrycks & Gimpel (2016). PyTorch's float64 form 1 + erf loses the
    tail below −8.4; here it keeps its digits.
    """
    # −∞·0 is meant to be nan, quietly.
    with np.errstate(invalid="ignore"):
        return np.asarray(0.5 * x * erfc(x * -math.sqrt(0.5)))


def gradient(x: FloatArray) -> FloatArray:
    """Return Φ(x) + xφ(x); its limits 0 and 1 at −∞ and ∞, where PyTorch gives nan."""
    # x² would overflow; at ±40 density and tail have long been exactly 0.
    z = np.clip(x, -40, 40)
    density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return np.asarray(0.5 * erfc(z * -math.sqrt(0.5)) + z * density)


SPEC = Activation(
    key="gelu",
    name="GELU",
    order=530,
    family=Family.GATED,
    function=gelu,
    derivative=gradient,
    formula=r"f(x)=x\,\Phi(x)=\frac{x}{2}\Bigl(1+\operatorname{erf}\frac{x}{\sqrt2}\Bigr)",
    gradient_formula=r"f'(x)=\Phi(x)+\frac{x}{\sqrt{2\pi}}\,e^{-x^{2}/2}",
    insight="Each input opens its own gate: the larger it is, the more of it passes.",
    use="Transformers; the exact form is the default of PyTorch.",
    avoid="Deep plain networks with Xavier initialisation: the slope at 0 is only ½.",
    strengths=(
        "Smooth everywhere",
        "Close to ReLU: never more than 0.17 below it",
        "Keeps some gradient for moderately negative inputs",
    ),
    weaknesses=(
        "Not monotone: it falls to −0.17 at x = −0.752, where the gradient is 0",
        "erf costs several times as much as exp",
        "The default is the exact form in PyTorch, the tanh form in JAX, and in Keras either",
    ),
    origin=Origin(
        authors="Hendrycks & Gimpel",
        year=2016,
        title="Gaussian Error Linear Units (GELUs)",
        url="https://arxiv.org/abs/1606.08415",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n"
            "from scipy.special import erfc\n\n"
            "y = 0.5 * x * erfc(-x / np.sqrt(2))"
        ),
        pytorch='import torch.nn.functional as F\n\ny = F.gelu(x, approximate="none")',
        keras="import keras\n\ny = keras.activations.gelu(x, approximate=False)",
        jax="import jax\n\ny = jax.nn.gelu(x, approximate=False)",
    ),
)
