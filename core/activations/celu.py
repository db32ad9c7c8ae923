"""CELU: an ELU that stays smooth at 0 for every α."""

import numpy as np

from core.spec import POSITIVE, Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def celu(x: FloatArray, alpha: Scalar = 1.0) -> FloatArray:
    """Return max(x, 0) + min(0, α(e^(x/α) − 1)).

    ``x`` has any shape; the result has the shape of ``x``. Source: Barron (2017).
    """
    return np.maximum(x, 0) + alpha * np.expm1(_scaled_left(x, alpha))


def gradient(x: FloatArray, alpha: Scalar = 1.0) -> FloatArray:
    """Return 1 for x > 0 and e^(x/α) elsewhere; at 0 it is 1, as in PyTorch, JAX and Keras."""
    return np.asarray(np.exp(_scaled_left(x, alpha)))


def _scaled_left(x: FloatArray, alpha: Scalar) -> FloatArray:
    """Return x/α for negative x and 0 for positive x."""
    # The quotient may overflow for α < 1, so it is cut off where exp has long been 0.
    return np.asarray(np.clip(x, -800 * alpha, 0) / alpha)


def breaks(alpha: float = 1.0) -> tuple[float, ...]:
    """Return the point where the line meets the exponential."""
    return (0.0,)


SPEC = Activation(
    key="celu",
    name="CELU",
    order=420,
    family=Family.EXPONENTIAL,
    function=celu,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At 0 the gradient is 1 from both sides and in PyTorch, JAX and Keras alike; "
        "only the second derivative jumps there."
    ),
    parameters=(
        Parameter(
            name="alpha",
            symbol=r"\alpha",
            default=1.0,
            low=0.05,
            high=3.0,
            step=0.05,
            meaning="depth and width of the left tail; x is divided by it, so it is positive",
            domain=POSITIVE,
        ),
    ),
    formula=r"f(x)=\max(0,x)+\min\bigl(0,\;\alpha\,(e^{x/\alpha}-1)\bigr)",
    gradient_formula=r"f'(x)=\begin{cases}1 & x>0\\ e^{x/\alpha} & x\le 0\end{cases}",
    insight=(
        "α sets how deep the left tail goes without ever bending the curve at 0: "
        "stretching x along with f keeps the slope at 1."
    ),
    use="Where one would use ELU with an α other than 1.",
    avoid="Exact zeros are wanted (sparsity), or α is 1 anyway: then it is ELU.",
    strengths=(
        "The gradient is continuous for every α and never above 1",
        "Tends to ReLU as α tends to 0, and to the identity as α grows",
        "Mean output nearer to zero than ReLU's",
    ),
    weaknesses=(
        "The left tail saturates: far below zero a unit is as stuck as a dead ReLU",
        "No sparse outputs",
        "Needs exp",
    ),
    origin=Origin(
        authors="Barron",
        year=2017,
        title="Continuously Differentiable Exponential Linear Units",
        url="https://arxiv.org/abs/1704.07483",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "y = np.maximum(x, 0) + $alpha * np.expm1(np.minimum(x, 0) / $alpha)"
        ),
        pytorch="import torch.nn.functional as F\n\ny = F.celu(x, alpha=$alpha)",
        keras="import keras\n\ny = keras.activations.celu(x, alpha=$alpha)",
        jax="import jax\n\ny = jax.nn.celu(x, alpha=$alpha)",
    ),
)
