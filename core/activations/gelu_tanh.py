"""GELU by tanh: the approximation of GELU that many models were trained with."""

import math

import numpy as np

from core.activations.sigmoid import sigmoid
from core.spec import Activation, Code, Family, FloatArray, Origin

SLOPE = 2 * math.sqrt(2 / math.pi)
CUBIC = 0.044715


def gelu_tanh(x: FloatArray) -> FloatArray:
    """Return ½x(1 + tanh(√(2/π)(x + 0.044715x³))), in the shape of ``x``; nan at −∞, as PyTorch.

    Source: Hendrycks & Gimpel (2016).
    """
    # ½(1 + tanh u) = σ(2u) keeps the digits of the left tail. The cube would
    # overflow; beyond ±40 the gate is exactly 0 or 1 already.
    gate = sigmoid(_twice_u(np.clip(x, -40, 40)))
    # −∞·0 is meant to be nan, quietly.
    with np.errstate(invalid="ignore"):
        return x * gate


def gradient(x: FloatArray) -> FloatArray:
    """Return σ(2u) + xσ(2u)σ(−2u)·(2u)′; its limits 0 and 1 at ±∞, where PyTorch gives nan."""
    z = np.clip(x, -40, 40)
    twice_u = _twice_u(z)
    steepness = SLOPE * (1 + 3 * CUBIC * z * z)
    return sigmoid(twice_u) * (1 + z * steepness * sigmoid(-twice_u))


def _twice_u(x: FloatArray) -> FloatArray:
    return SLOPE * x * (1 + CUBIC * x * x)


SPEC = Activation(
    key="gelu_tanh",
    name="GELU (tanh form)",
    order=540,
    family=Family.GATED,
    function=gelu_tanh,
    derivative=gradient,
    formula=(
        r"f(x)=\frac{x}{2}\,(1+\tanh u),\quad "
        r"u=\sqrt{\tfrac{2}{\pi}}\,\bigl(x+0.044715\,x^{3}\bigr)"
    ),
    gradient_formula=(
        r"f'(x)=\frac{1+\tanh u}{2}+\frac{x}{2}\,\bigl(1-\tanh^{2}u\bigr)"
        r"\sqrt{\tfrac{2}{\pi}}\,\bigl(1+0.134145\,x^{2}\bigr)"
    ),
    insight="A cubic inside a tanh imitates the normal distribution function to within 0.0002.",
    use="Models that were trained with it, so that their weights keep their meaning.",
    avoid="The weights come from a model with the exact form: the small differences add up.",
    strengths=(
        "Within 0.00048 of GELU everywhere",
        "Needs tanh only, no erf",
    ),
    weaknesses=(
        "Not the same function: which one a framework calls GELU depends on its default",
        "Like GELU not monotone",
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
            "from scipy.special import expit\n\n"
            "z = np.clip(x, -40, 40)  # its cube cannot overflow\n"
            "y = x * expit(2 * np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))"
        ),
        pytorch='import torch.nn.functional as F\n\ny = F.gelu(x, approximate="tanh")',
        keras="import keras\n\ny = keras.activations.gelu(x, approximate=True)",
        jax="import jax\n\ny = jax.nn.gelu(x, approximate=True)",
    ),
)
