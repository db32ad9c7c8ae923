"""ELU, the exponential linear unit: a line on the right, a saturating exponential on the left."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def elu(x: FloatArray, alpha: Scalar = 1.0) -> FloatArray:
    """Return x for x > 0 and α(eˣ − 1) elsewhere.

    ``x`` has any shape; the result has the shape of ``x``. Source: Clevert,
    Unterthiner & Hochreiter (2015).
    """
    # expm1 keeps the digits near 0; the minimum keeps exp from overflowing.
    # Two halves, of which one is 0, take half the time of a choice.
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))


def gradient(x: FloatArray, alpha: Scalar = 1.0) -> FloatArray:
    """Return 1 for x > 0 and αeˣ elsewhere; at 0 it is α, as in PyTorch, JAX and Keras."""
    right = x > 0
    return right + ~right * (alpha * np.exp(np.minimum(x, 0)))


def breaks(alpha: float = 1.0) -> tuple[float, ...]:
    """Return the point where the line meets the exponential."""
    return (0.0,)


SPEC = Activation(
    key="elu",
    name="ELU",
    order=410,
    family=Family.EXPONENTIAL,
    function=elu,
    derivative=gradient,
    breaks=breaks,
    at_breaks="At 0 the gradient is α, in PyTorch, JAX and Keras alike.",
    parameters=(
        Parameter(
            name="alpha",
            symbol=r"\alpha",
            default=1.0,
            low=0.0,
            high=3.0,
            step=0.05,
            meaning="depth of the left tail: f tends to −α",
        ),
    ),
    formula=r"f(x)=\begin{cases}x & x>0\\ \alpha\,(e^{x}-1) & x\le 0\end{cases}",
    gradient_formula=r"f'(x)=\begin{cases}1 & x>0\\ \alpha\,e^{x} & x\le 0\end{cases}",
    insight=(
        "Negative inputs still answer, and their answer levels off at −α, "
        "so the mean output moves towards zero."
    ),
    use="Fully connected and convolutional layers without batch normalisation.",
    avoid="Exact zeros are wanted (sparsity), or exp is too dear on the target device.",
    strengths=(
        "Mean output nearer to zero than ReLU's",
        "Gradient never exactly zero for moderate negative inputs, unless α = 0",
        "Smooth at 0 when α = 1",
    ),
    weaknesses=(
        "The left tail saturates: far below zero a unit is as stuck as a dead ReLU",
        "A kink at 0 unless α = 1",
        "No sparse outputs",
    ),
    origin=Origin(
        authors="Clevert, Unterthiner & Hochreiter",
        year=2015,
        title="Fast and Accurate Deep Network Learning by Exponential Linear Units (ELUs)",
        url="https://arxiv.org/abs/1511.07289",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.where(x > 0, x, $alpha * np.expm1(np.minimum(x, 0)))",
        pytorch="import torch.nn.functional as F\n\ny = F.elu(x, alpha=$alpha)",
        keras="import keras\n\ny = keras.activations.elu(x, alpha=$alpha)",
        jax="import jax\n\ny = jax.nn.elu(x, alpha=$alpha)",
    ),
)
