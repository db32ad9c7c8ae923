"""Quantile (pinball) loss: an absolute error that is steeper on one side."""

import numpy as np

from core.losses.absolute_error import residual
from core.spec import (
    REALS,
    Axis,
    Code,
    FloatArray,
    Interval,
    Loss,
    Origin,
    Parameter,
    Scalar,
)


def quantile(prediction: FloatArray, target: FloatArray, tau: Scalar = 0.5) -> FloatArray:
    """Return τ(target − prediction) where the prediction is too low, (1 − τ)r where too high.

    r is prediction − target. Prediction and target broadcast; the result has their joint
    shape. Source: Koenker & Bassett (1978).
    """
    r = residual(prediction, target)
    size = np.abs(r)
    return np.where(r > 0, (1 - tau) * size, tau * size)


def gradient(prediction: FloatArray, target: FloatArray, tau: Scalar = 0.5) -> FloatArray:
    """Return −τ for r < 0 and 1 − τ for r > 0; at r = 0 it is 0, a subgradient, as for L1."""
    r = residual(prediction, target)
    side = np.sign(r)
    return np.where(r > 0, (1 - tau) * side, tau * side)


def breaks(tau: float = 0.5) -> tuple[float, ...]:
    """Return the residual where the two lines meet."""
    return (0.0,)


SPEC = Loss(
    key="quantile",
    name="Quantile (pinball)",
    order=170,
    axis=Axis.RESIDUAL,
    predictions=REALS,
    targets=REALS,
    minimiser="the τ-quantile",
    noise="asymmetric Laplace",
    function=quantile,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At r = 0 the gradient is 0, a subgradient, as for L1. Written with maximum(...), "
        "PyTorch and JAX use the middle of the two slopes instead, ½ − τ."
    ),
    parameters=(
        Parameter(
            name="tau",
            symbol=r"\tau",
            default=0.5,
            low=0.01,
            high=0.99,
            step=0.01,
            meaning="share of the targets that should lie below the prediction",
            domain=Interval(low=0.0, high=1.0),
            settings={"Lower decile": 0.1, "Median": 0.5, "Upper decile": 0.9},
        ),
    ),
    formula=r"\ell(r)=\max\bigl(-\tau r,\,(1-\tau)\,r\bigr)",
    gradient_formula=(
        r"\frac{\partial\ell}{\partial\hat y}=\begin{cases}-\tau & r<0\\ 0 & r=0\\"
        r" 1-\tau & r>0\end{cases}"
    ),
    insight="At τ = 0.9 too low costs nine times as much as too high, so the fit moves up.",
    use="Prediction intervals, and forecasts where too little costs more than too much.",
    avoid="One τ is taken for a whole distribution: each quantile needs a fit of its own.",
    strengths=(
        "Convex, with a gradient bounded by the larger of τ and 1 − τ",
        "Aims at any quantile without assuming a noise distribution",
        "The fit resists outliers in the target",
    ),
    weaknesses=(
        "A kink at 0, where neither slope fades",
        "Quantiles fitted one by one may cross",
        "At τ = ½ it is half the absolute error, and the sign convention is easily turned round",
    ),
    origin=Origin(
        authors="Koenker & Bassett",
        year=1978,
        title="Regression Quantiles",
        url="https://doi.org/10.2307/1913643",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "short = target - prediction\n"
            "loss = np.maximum($tau * short, ($tau - 1) * short)"
        ),
        pytorch=(
            "import torch\n\n"
            "short = target - prediction\n"
            "loss = torch.maximum($tau * short, ($tau - 1) * short)"
        ),
        keras=(
            "import keras\n\n"
            "short = target - prediction\n"
            "loss = keras.ops.maximum($tau * short, ($tau - 1) * short)"
        ),
        jax=(
            "import jax.numpy as jnp\n\n"
            "short = target - prediction\n"
            "loss = jnp.maximum($tau * short, ($tau - 1) * short)"
        ),
    ),
)
