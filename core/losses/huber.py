"""Huber: squared for small residuals, absolute for large ones, joined without a kink."""

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


def huber(prediction: FloatArray, target: FloatArray, delta: Scalar = 1.0) -> FloatArray:
    """Return ½r² for |r| ≤ δ and δ(|r| − ½δ) beyond, with r = prediction − target.

    Prediction and target broadcast; the result has their joint shape. Source: Huber (1964).
    """
    size = np.abs(residual(prediction, target))
    inner = np.minimum(size, delta)
    # One formula for both branches: inside, inner is |r|; beyond, it is δ. Written so
    # that it overflows only where the loss itself does.
    with np.errstate(over="ignore"):
        return inner * (size - inner / 2)


def gradient(prediction: FloatArray, target: FloatArray, delta: Scalar = 1.0) -> FloatArray:
    """Return r clipped to [−δ, δ]: at |r| = δ both branches agree."""
    return np.clip(residual(prediction, target), -delta, delta)


def breaks(delta: float = 1.0) -> tuple[float, ...]:
    """Return the residuals where the parabola meets the lines."""
    return (-delta, delta)


SPEC = Loss(
    key="huber",
    name="Huber",
    order=140,
    axis=Axis.RESIDUAL,
    predictions=REALS,
    targets=REALS,
    minimiser="from the median (δ → 0) to the mean (δ → ∞)",
    noise="Gaussian in the middle, Laplace in the tails",
    function=huber,
    derivative=gradient,
    breaks=breaks,
    at_breaks="At |r| = δ the gradient is ±δ from both sides; only its slope jumps.",
    parameters=(
        Parameter(
            name="delta",
            symbol=r"\delta",
            default=1.0,
            low=0.05,
            high=5.0,
            step=0.05,
            meaning="residual beyond which the loss grows along a line, with slope δ",
            domain=POSITIVE,
        ),
    ),
    formula=(
        r"\ell(r)=\begin{cases}\tfrac12 r^2 & |r|\le\delta\\"
        r" \delta\,(|r|-\tfrac12\delta) & |r|>\delta\end{cases}"
    ),
    gradient_formula=(
        r"\frac{\partial\ell}{\partial\hat y}=\begin{cases}r & |r|\le\delta\\"
        r" \delta\,\operatorname{sign}(r) & |r|>\delta\end{cases}"
    ),
    insight="Small errors are averaged, large ones only counted: no point pulls harder than δ.",
    use="Regression where most noise is Gaussian and a few points are wrong.",
    avoid="Outliers are so many or so far that they should not count at all.",
    strengths=(
        "Convex, with a gradient bounded by δ",
        "Near its minimum as smooth as the squared error",
        "δ says which residuals are still normal, in the units of the data",
    ),
    weaknesses=(
        "δ has to be chosen, and depends on the scale of the data",
        "The second derivative jumps at ±δ",
        "Smooth L1 is Huber divided by its parameter, not Huber: names are easily mixed up",
    ),
    origin=Origin(
        authors="Huber",
        year=1964,
        title="Robust Estimation of a Location Parameter",
        url="https://doi.org/10.1214/aoms/1177703732",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "size = np.abs(prediction - target)\n"
            "inner = np.minimum(size, $delta)\n"
            "loss = inner * (size - inner / 2)"
        ),
        pytorch=(
            "import torch.nn.functional as F\n\n"
            'loss = F.huber_loss(prediction, target, reduction="none", delta=$delta)'
        ),
        keras=(
            "import keras\n\n"
            "# Keras averages over the last axis: give each number an axis of its own.\n"
            "loss = keras.losses.huber(target[..., None], prediction[..., None], delta=$delta)"
        ),
        jax="import optax\n\nloss = optax.huber_loss(prediction, target, delta=$delta)",
    ),
)
