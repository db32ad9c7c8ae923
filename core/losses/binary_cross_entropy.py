"""Binary cross-entropy: the surprise at what happened, for a probability."""

import numpy as np
from scipy.special import xlog1py, xlogy

from core.spec import UNIT, Axis, Code, FloatArray, Loss, Origin


def binary_cross_entropy(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return −y ln p − (1 − y) ln(1 − p), with p the prediction and y the target.

    Prediction and target broadcast; the result has their joint shape. The target may be
    soft, anything from 0 to 1. At p = 0 and p = 1 the value is exact: 0 or ∞, with
    0 · ln 0 = 0. Source: Good (1952).
    """
    # The absolute value only turns −0 into 0: no logarithm of a probability is positive.
    return np.asarray(np.abs(xlogy(target, prediction) + xlog1py(1 - target, -prediction)))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return (p − y)/(p(1 − p)); at p = 0 and p = 1 its limit, ±1 or ±∞."""
    # The infinities at the ends are meant. Where p is the certain answer the fraction is
    # 0/0; there, and wherever y is 0 or 1, one factor cancels.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        soft = (prediction - target) / (prediction * (1 - prediction))
        negative = 1 / (1 - prediction)
        positive = -1 / prediction
    return np.where(target == 0, negative, np.where(target == 1, positive, soft))


SPEC = Loss(
    key="binary_cross_entropy",
    name="Binary cross-entropy",
    order=310,
    axis=Axis.PROBABILITY,
    predictions=UNIT,
    targets=UNIT,
    minimiser="the probability of class 1 (for soft targets, their mean)",
    noise="Bernoulli",
    function=binary_cross_entropy,
    derivative=gradient,
    formula=r"\ell(p,y)=-y\ln p-(1-y)\ln(1-p)",
    gradient_formula=r"\frac{\partial\ell}{\partial p}=\frac{p-y}{p\,(1-p)}",
    insight="An outcome costs −ln of the probability it was given: 0 if certain, ∞ if ruled out.",
    use="Yes-or-no labels, one probability a label; several labels may be true at once.",
    avoid="The probability comes from a sigmoid: take sigmoid cross-entropy on the logit instead.",
    strengths=(
        "Convex in p, and a proper score: the true probability has the least expected loss",
        "Behind a sigmoid its gradient is just p − y, which does not fade when p is wrong",
        "Takes soft targets, such as smoothed labels",
    ),
    weaknesses=(
        "Infinite at a certain error; PyTorch stops at 100, Keras near 16, by clipping",
        "For soft targets its least value is not 0 but their entropy",
        "Each example weighs the same, so that a rare class is drowned by a frequent one",
    ),
    origin=Origin(
        authors="Good; for networks Baum & Wilczek (1988)",
        year=1952,
        title="Rational Decisions",
    ),
    code=Code(
        numpy=(
            "from scipy.special import xlog1py, xlogy\n\n"
            "loss = -xlogy(target, prediction) - xlog1py(1 - target, -prediction)"
        ),
        pytorch=(
            "import torch.nn.functional as F\n\n"
            "# PyTorch lets no logarithm fall below -100.\n"
            'loss = F.binary_cross_entropy(prediction, target, reduction="none")'
        ),
        keras=(
            "import keras\n\n"
            "# Keras clips the prediction to [1e-7, 1 - 1e-7] and averages over the last axis:\n"
            "# give each number an axis of its own.\n"
            "loss = keras.losses.binary_crossentropy(\n"
            "    target[..., None], prediction[..., None], from_logits=False, label_smoothing=0.0\n"
            ")"
        ),
        jax=(
            "from jax.scipy.special import xlog1py, xlogy\n\n"
            "loss = -xlogy(target, prediction) - xlog1py(1 - target, -prediction)"
        ),
    ),
)
