"""Tanh: the sigmoid, stretched so that it is centred on zero."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin


def tanh(x: FloatArray) -> FloatArray:
    """Return tanh x = 2σ(2x) − 1, in the shape of ``x``. Source: LeCun et al. (1998)."""
    return np.asarray(np.tanh(x))


def gradient(x: FloatArray) -> FloatArray:
    """Return sech² x = 1 − tanh² x; its limit 0 at ±∞."""
    # 1 − tanh² cancels once tanh rounds to 1, so sech is formed from e^−|x| instead.
    e: FloatArray = np.exp(-np.abs(x))
    return (2 * e / (1 + e * e)) ** 2


SPEC = Activation(
    key="tanh",
    name="Tanh",
    order=230,
    family=Family.SIGMOIDS,
    function=tanh,
    derivative=gradient,
    formula=r"f(x)=\tanh x=\frac{e^{x}-e^{-x}}{e^{x}+e^{-x}}",
    gradient_formula=r"f'(x)=\operatorname{sech}^{2}x=1-\tanh^{2}x",
    insight=(
        "A sigmoid twice as high and half as wide, with its middle at zero: "
        "near 0 it passes the signal on almost unchanged."
    ),
    use="Recurrent cells and shallow hidden layers; outputs that lie between −1 and 1.",
    avoid="Inputs are large: beyond |x| = 3 less than 1 % of the gradient is left.",
    strengths=(
        "Odd and centred on zero",
        "Slope 1 at 0, four times the sigmoid's",
        "Bounded: the signal cannot blow up on its way forward",
    ),
    weaknesses=(
        "Saturates on both sides, beyond |x| = 1.66 with less gradient than the sigmoid",
        "Never exactly zero on an interval: no sparse outputs",
    ),
    origin=Origin(
        authors="LeCun, Bottou, Orr & Müller, who recommend it over the sigmoid",
        year=1998,
        title="Efficient BackProp",
        url="https://doi.org/10.1007/3-540-49430-8_2",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.tanh(x)",
        pytorch="import torch\n\ny = torch.tanh(x)",
        keras="import keras\n\ny = keras.activations.tanh(x)",
        jax="import jax.numpy as jnp\n\ny = jnp.tanh(x)",
    ),
)
