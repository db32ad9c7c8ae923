"""Pseudo-Huber: a hyperbola, with Huber's curvature at 0 and its slope δ far out."""

import numpy as np

from core.losses.absolute_error import residual
from core.spec import (
    POSITIVE,
    REALS,
    Axis,
    Code,
    FloatArray,
    Loss,
    Origin,
    Parameter,
    Scalar,
)


def pseudo_huber(prediction: FloatArray, target: FloatArray, delta: Scalar = 1.0) -> FloatArray:
    """Return δ²(√(1 + (r/δ)²) − 1), with r = prediction − target.

    Prediction and target broadcast; the result has their joint shape. Source:
    Charbonnier, Blanc-Féraud, Aubert & Barlaud (1997), up to a factor.
    """
    size = np.abs(residual(prediction, target))
    limited = np.minimum(size, np.finfo(size.dtype).max)
    # The root minus 1 cancels for small r; multiplied by its conjugate it does not, and
    # with hypot no square overflows. The quotient is at most 1.
    share = limited / (np.hypot(limited, delta) + delta)
    with np.errstate(over="ignore"):  # only where the loss itself is too large
        return np.asarray(size * share * delta)


def gradient(prediction: FloatArray, target: FloatArray, delta: Scalar = 1.0) -> FloatArray:
    """Return r/√(1 + (r/δ)²), which tends to ±δ."""
    r = residual(prediction, target)
    largest = np.finfo(r.dtype).max
    limited = np.clip(r, -largest, largest)
    return np.asarray(delta * (limited / np.hypot(limited, delta)))


SPEC = Loss(
    key="pseudo_huber",
    name="Pseudo-Huber",
    order=150,
    axis=Axis.RESIDUAL,
    predictions=REALS,
    targets=REALS,
    minimiser="from the median (δ → 0) to the mean (δ → ∞)",
    noise="a symmetric hyperbolic distribution: Gaussian in the middle, Laplace in the tails",
    function=pseudo_huber,
    derivative=gradient,
    parameters=(
        Parameter(
            name="delta",
            symbol=r"\delta",
            default=1.0,
            low=0.05,
            high=5.0,
            step=0.05,
            meaning="residual around which the parabola turns into a line, and that line's slope",
            domain=POSITIVE,
        ),
    ),
    formula=r"\ell(r)=\delta^2\left(\sqrt{1+\left(\frac{r}{\delta}\right)^2}-1\right)",
    gradient_formula=(
        r"\frac{\partial\ell}{\partial\hat y}=\frac{r}{\sqrt{1+\left(\frac{r}{\delta}\right)^2}}"
    ),
    insight="Huber drawn in one stroke: no point where the formula changes, the same limit δ.",
    use="Robust regression with methods that need a continuous second derivative.",
    avoid="Residuals below some size should count exactly as squares: only Huber does that.",
    strengths=(
        "Convex, with a gradient bounded by δ",
        "Smooth everywhere: Newton's method has a Hessian that does not jump",
        "One formula, with a square root as its only cost",
    ),
    weaknesses=(
        "δ has to be chosen, and depends on the scale of the data",
        "It stays below Huber, in the end by ½δ²: the slopes agree, the values do not",
        "The gradient comes near δ late: at |r| = δ it is 0.71δ",
    ),
    origin=Origin(
        authors=(
            "Charbonnier, Blanc-Féraud, Aubert & Barlaud; "
            "named pseudo-Huber by Hartley & Zisserman (2003)"
        ),
        year=1997,
        title="Deterministic Edge-Preserving Regularization in Computed Imaging",
        url="https://doi.org/10.1109/83.551699",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "u = ((prediction - target) / $delta) ** 2\n"
            "# The same as sqrt(1 + u) - 1, but exact for small residuals.\n"
            "loss = $delta**2 * u / (np.sqrt(1 + u) + 1)"
        ),
        pytorch=(
            "import torch\n\n"
            "u = ((prediction - target) / $delta) ** 2\n"
            "loss = $delta**2 * u / (torch.sqrt(1 + u) + 1)"
        ),
        keras=(
            "import keras\n\n"
            "u = ((prediction - target) / $delta) ** 2\n"
            "loss = $delta**2 * u / (keras.ops.sqrt(1 + u) + 1)"
        ),
        jax=(
            "import jax.numpy as jnp\n\n"
            "u = ((prediction - target) / $delta) ** 2\n"
            "loss = $delta**2 * u / (jnp.sqrt(1 + u) + 1)"
        ),
    ),
)
