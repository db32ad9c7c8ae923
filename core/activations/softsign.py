"""Softsign: an S built from a fraction, with slow tails."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin


def softsign(x: FloatArray) -> FloatArray:
    """Return x/(1 + |x|), in the shape of ``x``; nan at ±∞, as PyTorch. Source: Elliott (1993)."""
    # ∞/∞ is meant to be nan, quietly.
    with np.errstate(invalid="ignore"):
        return np.asarray(x / (1 + np.abs(x)))


def gradient(x: FloatArray) -> FloatArray:
    """Return 1/(1 + |x|)²; its limit 0 at ±∞, where PyTorch gives nan."""
    # Square the fraction, not the denominator: that would overflow.
    inverse: FloatArray = 1 / (1 + np.abs(x))
    return inverse * inverse


def breaks() -> tuple[float, ...]:
    """Return 0, where |x| changes its branch."""
    return (0.0,)


SPEC = Activation(
    key="softsign",
    name="Softsign",
    order=250,
    family=Family.SIGMOIDS,
    function=softsign,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At 0 the gradient is 1 from both sides and in PyTorch, JAX and Keras alike; "
        "only the second derivative jumps there."
    ),
    formula=r"f(x)=\frac{x}{1+|x|}",
    gradient_formula=r"f'(x)=\frac{1}{(1+|x|)^{2}}",
    insight="Like tanh it levels off at ±1, but so slowly that even far out some gradient is left.",
    use="A bounded, centred unit where tanh saturates too soon.",
    avoid="Outputs should come close to ±1: at x = 9 it has reached only 0.9.",
    strengths=(
        "The gradient falls like 1/x², not exponentially",
        "Odd and centred on zero",
        "No exp",
    ),
    weaknesses=(
        "The gradient drops fast at first: at |x| = 1 only a quarter is left, tanh keeps 0.42",
        "Its curvature jumps at 0",
    ),
    origin=Origin(
        authors="Elliott; named softsign by Bergstra, Desjardins, Lamblin & Bengio (2009)",
        year=1993,
        title="A better activation function for artificial neural networks",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = x / (1 + np.abs(x))",
        pytorch="import torch.nn.functional as F\n\ny = F.softsign(x)",
        keras="import keras\n\ny = keras.activations.softsign(x)",
        jax="import jax\n\ny = jax.nn.soft_sign(x)",
    ),
)
