"""Tanhshrink: what is left of the input when its tanh is taken away."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin


def tanhshrink(x: FloatArray) -> FloatArray:
    """Return x − tanh x, in the shape of ``x``. Source: the nn library of Torch7.

    PyTorch subtracts and so returns 0 for |x| below about 1e-8; here the small
    values, near x³/3, keep their digits.
    """
    # Lambert's continued fraction tanh x = x/(1 + x²/(3 + x²/(5 + …))), subtracted
    # from x on paper, leaves positive terms only. Beyond 1 the plain difference is exact
    # enough, and the cut keeps the square from overflowing.
    t = np.square(np.minimum(np.abs(x), 1))
    tail = 15 + t / 17
    for odd in (13, 11, 9, 7, 5):
        tail = odd + t / tail
    near_zero = x * (t / (3 + t + t / tail))
    return np.where(np.abs(x) < 1, near_zero, x - np.tanh(x))


def gradient(x: FloatArray) -> FloatArray:
    """Return tanh² x."""
    return np.asarray(np.square(np.tanh(x)))


SPEC = Activation(
    key="tanhshrink",
    name="Tanhshrink",
    order=630,
    family=Family.SHRINKAGE,
    function=tanhshrink,
    derivative=gradient,
    formula=r"f(x)=x-\tanh x",
    gradient_formula=r"f'(x)=\tanh^{2}x",
    insight="Small inputs all but vanish, like x³/3; large ones lose 1 and pass.",
    use="A smooth shrinkage for sparse codes, where kinks are unwelcome.",
    avoid="Hidden layers with small signals: the gradient at 0 is 0.",
    strengths=(
        "Smooth everywhere",
        "Odd and centred on zero",
        "No parameter to choose",
    ),
    weaknesses=(
        "Gradient 0 at 0 and small around it, just where inputs usually lie",
        "Small, but not exactly zero: no sparse outputs",
        "Coded as x − tanh(x) it loses its digits near 0",
    ),
    origin=Origin(
        authors="Collobert, Kavukcuoglu & Farabet, in Torch's nn library",
        year=2011,
        title="Torch7: A Matlab-like Environment for Machine Learning",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "t = np.minimum(np.abs(x), 1) ** 2\n"
            "tail = 15 + t / 17\n"
            "for odd in (13, 11, 9, 7, 5):\n"
            "    tail = odd + t / tail\n"
            "near_zero = x * (t / (3 + t + t / tail))  # x - tanh(x) cancels there\n"
            "y = np.where(np.abs(x) < 1, near_zero, x - np.tanh(x))"
        ),
        pytorch="import torch.nn.functional as F\n\ny = F.tanhshrink(x)",
        keras="import keras\n\ny = keras.activations.tanh_shrink(x)",
        jax="import jax.numpy as jnp\n\ny = x - jnp.tanh(x)",
    ),
)
