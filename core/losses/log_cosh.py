"""Log-cosh: ½r² near 0, |r| − ln 2 far out, and nothing to choose."""

import math

import numpy as np

from core.losses.absolute_error import residual
from core.spec import REALS, Axis, Code, FloatArray, Loss, Origin

_SWITCH = 2.0  # both forms keep their digits here


def log_cosh(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return ln cosh r, with r = prediction − target.

    Prediction and target broadcast; the result has their joint shape. Source: Green (1990).
    """
    size = np.abs(residual(prediction, target))
    # cosh overflows beyond 710, and near 0 the logarithm of almost 1 has no digits left:
    # cosh r = 1 + 2 sinh²(r/2) serves the middle, e^r (1 + e^−2r)/2 the tails.
    middle: FloatArray = np.log1p(2 * np.sinh(np.minimum(size, _SWITCH) / 2) ** 2)
    # Beyond 400 the exponential is 0 in any case.
    tails = size + (np.log1p(np.exp(-2 * np.clip(size, _SWITCH, 400))) - math.log(2))
    return np.asarray(np.where(size < _SWITCH, middle, tails))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return tanh r."""
    return np.asarray(np.tanh(residual(prediction, target)))


SPEC = Loss(
    key="log_cosh",
    name="Log-cosh",
    order=160,
    axis=Axis.RESIDUAL,
    predictions=REALS,
    targets=REALS,
    minimiser="near the median where residuals are far above 1, near the mean far below",
    noise="hyperbolic secant",
    function=log_cosh,
    derivative=gradient,
    formula=r"\ell(r)=\ln\cosh r",
    gradient_formula=r"\frac{\partial\ell}{\partial\hat y}=\tanh r",
    insight="Its gradient is tanh: in proportion to small residuals, and 1 for all large ones.",
    use="Robust regression on data scaled so that an ordinary residual is about 1.",
    avoid="The data come in other units: the bend sits at |r| ≈ 1 and cannot be moved.",
    strengths=(
        "Convex, with a gradient never larger than 1",
        "Smooth everywhere, with a curvature of 1 at 0 that fades to 0",
        "Within ln 2 of |r| everywhere",
    ),
    weaknesses=(
        "No parameter: the scale of the residuals decides whether it is L2 or L1",
        "Overflows if coded as log(cosh(r)), from |r| = 710.5 on in double precision",
        "The library forms return 0 instead of ½r² for very small residuals",
    ),
    origin=Origin(
        authors="Green",
        year=1990,
        title=(
            "Bayesian Reconstructions from Emission Tomography Data Using a Modified EM Algorithm"
        ),
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\nr = prediction - target\nloss = np.logaddexp(r, -r) - np.log(2)"
        ),
        pytorch=(
            "import math\n\nimport torch\n\n"
            "r = prediction - target\n"
            "loss = torch.logaddexp(r, -r) - math.log(2)"
        ),
        keras=(
            "import keras\n\n"
            "# Keras averages over the last axis: give each number an axis of its own.\n"
            "loss = keras.losses.log_cosh(target[..., None], prediction[..., None])"
        ),
        jax="import optax\n\nloss = optax.log_cosh(prediction, target)",
    ),
)
