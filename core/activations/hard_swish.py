"""Hard swish: the input times a hard sigmoid of itself."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin


def hard_swish(x: FloatArray) -> FloatArray:
    """Return x·min(max(x + 3, 0), 6)/6, in the shape of ``x``; nan at −∞, as PyTorch.

    Source: Howard et al. (2019).
    """
    # Divide before multiplying, or 6x overflows; −∞·0 is meant to be nan, quietly.
    with np.errstate(invalid="ignore"):
        return x * (np.clip(x + 3, 0, 6) / 6)


def gradient(x: FloatArray) -> FloatArray:
    """Return 0 for x ≤ −3, 1 for x ≥ 3 and (2x + 3)/6 between, as PyTorch, JAX and Keras."""
    between = (2 * np.clip(x, -3, 3) + 3) / 6
    return np.where(x <= -3, 0, np.where(x >= 3, 1, between))


def breaks() -> tuple[float, ...]:
    """Return the points where the parabola meets the two lines."""
    return (-3.0, 3.0)


SPEC = Activation(
    key="hard_swish",
    name="Hard swish",
    order=560,
    family=Family.GATED,
    function=hard_swish,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At −3 the gradient is 0 and at 3 it is 1, the slopes of the outer lines, "
        "in PyTorch, JAX and Keras alike."
    ),
    formula=r"f(x)=x\,\frac{\min\bigl(6,\max(0,\,x+3)\bigr)}{6}",
    gradient_formula=(
        r"f'(x)=\begin{cases}0 & x\le -3\\ \tfrac{2x+3}{6} & -3<x<3\\ 1 & x\ge 3\end{cases}"
    ),
    insight="Swish for small devices: a parabola between two lines, and no exp.",
    use="Networks for phones, such as MobileNetV3.",
    avoid="Smoothness matters: the gradient jumps by ½ at −3 and at 3.",
    strengths=(
        "No exp",
        "Exact zeros below −3 and the exact identity above 3",
        "Within 0.15 of Swish everywhere",
    ),
    weaknesses=(
        "Gradient exactly zero below −3",
        "Not monotone: it falls to −0.375 at x = −1.5",
        "Two kinks, where Swish has none",
    ),
    origin=Origin(
        authors="Howard et al.",
        year=2019,
        title="Searching for MobileNetV3",
        url="https://arxiv.org/abs/1905.02244",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = x * (np.clip(x + 3, 0, 6) / 6)",
        pytorch="import torch.nn.functional as F\n\ny = F.hardswish(x)",
        keras="import keras\n\ny = keras.activations.hard_silu(x)",
        jax="import jax\n\ny = jax.nn.hard_silu(x)",
    ),
)
