"""Brier score: the squared error of a probability."""

import numpy as np

from core.spec import UNIT, Axis, Code, FloatArray, Loss, Origin


def brier(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return (p − y)², with p the prediction and y the target, which may be soft.

    Prediction and target broadcast; the result has their joint shape. Source: Brier
    (1950), who sums over the classes: for two of them that is twice this.
    """
    return np.square(prediction - target)


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return 2(p − y)."""
    return 2 * (prediction - target)


SPEC = Loss(
    key="brier",
    name="Brier score",
    order=320,
    axis=Axis.PROBABILITY,
    predictions=UNIT,
    targets=UNIT,
    minimiser="the probability of class 1 (for soft targets, their mean)",
    function=brier,
    derivative=gradient,
    formula=r"\ell(p,y)=(p-y)^2",
    gradient_formula=r"\frac{\partial\ell}{\partial p}=2\,(p-y)",
    insight="The same best p as for cross-entropy, but a certain error costs 1 and not infinity.",
    use="Judging forecasts: bounded, and honest probabilities have the least expected score.",
    avoid="A sigmoid is trained by it: where it is confidently wrong the gradient fades.",
    strengths=(
        "A proper score: the true probability has the least expected loss",
        "Bounded by 1, so a single certain error does not decide everything",
        "Convex in p, with a gradient never larger than 2",
    ),
    weaknesses=(
        "Behind a sigmoid the gradient carries a factor p(1 − p) and dies at the wrong end",
        "Hardly tells 1 in 1000 from 1 in 1,000,000, which matters for rare events",
        "Two conventions: Brier's own sum over both classes is twice this",
    ),
    origin=Origin(
        authors="Brier",
        year=1950,
        title="Verification of Forecasts Expressed in Terms of Probability",
    ),
    code=Code(
        numpy="import numpy as np\n\nloss = np.square(prediction - target)",
        pytorch=(
            "import torch.nn.functional as F\n\n"
            'loss = F.mse_loss(prediction, target, reduction="none")'
        ),
        keras=(
            "import keras\n\n"
            "# Keras averages over the last axis: give each number an axis of its own.\n"
            "loss = keras.losses.mean_squared_error(target[..., None], prediction[..., None])"
        ),
        jax="import optax\n\nloss = optax.squared_error(prediction, target)",
    ),
)
