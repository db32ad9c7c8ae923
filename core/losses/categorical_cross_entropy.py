"""Categorical cross-entropy: the surprise at the true class, for given probabilities."""

import numpy as np
from scipy.special import xlogy

from core.spec import Axis, Code, FloatArray, Loss, Origin, Simplex


def categorical_cross_entropy(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return −Σ yₖ ln pₖ over the last axis, with 0 · ln 0 = 0.

    Prediction and target broadcast; the result lacks their last axis. It is ∞ where
    something is possible that the prediction rules out. Source: Good (1952).
    """
    # The absolute value only turns −0 into 0: no logarithm of a probability is positive.
    return np.asarray(np.abs(np.sum(xlogy(target, prediction), axis=-1)))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return −yₖ/pₖ, and 0 where yₖ is 0.

    Each entry is varied by itself. Along the distributions, whose sum cannot change, only
    the differences between entries count.
    """
    # y/0 = ∞ is meant; 0/0 is replaced.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where((target == 0) & ~np.isnan(prediction), 0, -target / prediction)


SPEC = Loss(
    key="categorical_cross_entropy",
    name="Categorical cross-entropy",
    order=520,
    axis=Axis.DISTRIBUTION,
    predictions=Simplex(),
    targets=Simplex(),
    reduces=True,
    minimiser="the class probabilities (for soft targets, their mean)",
    noise="categorical",
    function=categorical_cross_entropy,
    derivative=gradient,
    formula=r"\ell(p,y)=-\sum_k y_k\ln p_k",
    gradient_formula=r"\frac{\partial\ell}{\partial p_k}=-\frac{y_k}{p_k}",
    insight="With a single true class only its probability counts, not how the rest is divided.",
    use="Judging predicted probabilities, or training where only probabilities are at hand.",
    avoid="The probabilities come from a softmax: take softmax cross-entropy on the logits.",
    strengths=(
        "Convex, and a proper score: the true distribution has the least expected loss",
        "In units of information: divided by ln 2, the bits a code made for p needs",
        "Takes soft targets, such as smoothed labels or a teacher's predictions",
    ),
    weaknesses=(
        "Infinite if the true class has probability 0; Keras clips instead",
        "For soft targets its least value is not 0 but their entropy",
        "A softmax followed by a logarithm loses digits, or underflows to log 0",
    ),
    origin=Origin(
        authors="Good; for networks Baum & Wilczek (1988)",
        year=1952,
        title="Rational Decisions",
    ),
    code=Code(
        numpy=("from scipy.special import xlogy\n\nloss = -xlogy(target, prediction).sum(axis=-1)"),
        pytorch=(
            "import torch\n\n"
            "# F.cross_entropy takes logits instead.\n"
            "loss = -torch.xlogy(target, prediction).sum(dim=-1)"
        ),
        keras=(
            "import keras\n\n"
            "# Keras rescales the prediction to sum 1 and clips it to [1e-7, 1 - 1e-7].\n"
            "loss = keras.losses.categorical_crossentropy(\n"
            "    target, prediction, from_logits=False, label_smoothing=0.0, axis=-1\n"
            ")"
        ),
        jax=(
            "from jax.scipy.special import xlogy\n\nloss = -xlogy(target, prediction).sum(axis=-1)"
        ),
    ),
)
