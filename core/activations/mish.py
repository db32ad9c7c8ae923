"""Mish: the input times the tanh of its softplus."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin


def mish(x: FloatArray) -> FloatArray:
    """Return x·tanh(ln(1 + eˣ)), in the shape of ``x``; nan at −∞, as PyTorch.

    Source: Misra (2019). With w = eˣ(eˣ + 2) the tanh is w/(w + 2): one exp and no cancellation.
    """
    # Above 25 the quotient is exactly 1, and exp must not overflow.
    e: FloatArray = np.exp(np.minimum(x, 25))
    w = e * (e + 2)
    # −∞·0 is meant to be nan, quietly.
    with np.errstate(invalid="ignore"):
        return x * (w / (w + 2))


def gradient(x: FloatArray) -> FloatArray:
    """Return tanh s + x·sech² s·σ(x), s the softplus; its limits 0 and 1 at ±∞ (PyTorch: nan).

    With e = eˣ and w = e(e + 2), sech² s·σ(x) is 4e(1 + e)/(w + 2)².
    """
    # Beyond −800 and 25 the gradient is exactly 0 and 1.
    z = np.clip(x, -800, 25)
    e: FloatArray = np.exp(z)
    w = e * (e + 2)
    # Dividing twice: the square of w + 2 would overflow in float32.
    return (w + z * (4 * e * (1 + e) / (w + 2))) / (w + 2)


SPEC = Activation(
    key="mish",
    name="Mish",
    order=570,
    family=Family.GATED,
    function=mish,
    derivative=gradient,
    formula=r"f(x)=x\tanh\bigl(\ln(1+e^{x})\bigr)",
    gradient_formula=(
        r"f'(x)=\tanh s+x\,\sigma(x)\operatorname{sech}^{2}s,\quad s=\ln\bigl(1+e^{x}\bigr)"
    ),
    insight="A gate built from two older functions; the curve lies close to Swish.",
    use="Convolutional networks, in place of Swish; the YOLOv4 detector uses it.",
    avoid="Time counts: exp, log and tanh in a row are dear unless they are fused.",
    strengths=(
        "Smooth everywhere",
        "Keeps some gradient for moderately negative inputs",
        "Slope 0.6 at 0, a little above the ½ of Swish and GELU",
    ),
    weaknesses=(
        "Not monotone: it falls to −0.309 at x = −1.19",
        "For large negative inputs the gradient still goes to 0",
        "No sparse outputs",
    ),
    origin=Origin(
        authors="Misra",
        year=2019,
        title="Mish: A Self Regularized Non-Monotonic Activation Function",
        url="https://arxiv.org/abs/1908.08681",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "e = np.exp(np.minimum(x, 25))\n"
            "w = e * (e + 2)\n"
            "y = x * (w / (w + 2))"
        ),
        pytorch="import torch.nn.functional as F\n\ny = F.mish(x)",
        keras="import keras\n\ny = keras.activations.mish(x)",
        jax="import jax\n\ny = jax.nn.mish(x)",
    ),
)
