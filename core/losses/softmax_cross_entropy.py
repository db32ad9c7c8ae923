"""Softmax cross-entropy: the surprise at the true class, straight from the logits."""

import numpy as np
import numpy.typing as npt

from core.spec import REALS, Axis, Code, FloatArray, Loss, Origin, Simplex


def softmax_cross_entropy(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return −Σ yₖ ln softmax(z)ₖ over the last axis, with logits z and target distribution y.

    Prediction and target broadcast; the result lacks their last axis. Source: Bridle (1990).
    """
    below, _, rest = _shifted(prediction)
    # A class that cannot occur costs nothing, even at an infinite distance.
    with np.errstate(over="ignore", invalid="ignore"):
        distance = np.where(target == 0, 0, target * below)
    # Both sums are of terms that are not negative: nothing cancels.
    return np.asarray(np.sum(distance + target * np.log1p(rest), axis=-1))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return softmax(z) − y, in the joint shape (times the sum of y, should it not be 1)."""
    below, first, rest = _shifted(prediction)
    share = np.exp(-below) / (1 + rest)
    other = 1 - share
    np.put_along_axis(other, first, rest / (1 + rest), axis=-1)
    # pₖΣy − yₖ = pₖ(Σy − yₖ) − yₖ(1 − pₖ): a confident right answer keeps its digits.
    total = np.sum(target, axis=-1, keepdims=True)
    return np.asarray(share * (total - target) - target * other)


def _shifted(logits: FloatArray) -> tuple[FloatArray, npt.NDArray[np.intp], FloatArray]:
    """Return max z − z, the index of the (first) maximum, and Σ e^(z − max z) without it.

    The last two keep the last axis, with length 1. Shifted like this nothing overflows,
    and 1 + rest, the sum of all, is never rounded before its logarithm is taken.
    """
    first: npt.NDArray[np.intp] = np.argmax(logits, axis=-1, keepdims=True)
    with np.errstate(over="ignore"):  # a distance beyond the largest float is ∞
        below = np.take_along_axis(logits, first, axis=-1) - logits
    weights = np.exp(-below)
    np.put_along_axis(weights, first, 0, axis=-1)
    # The maximum itself is not 1 but nan if a logit is nan.
    rest = np.sum(weights, axis=-1, keepdims=True) + np.take_along_axis(below, first, axis=-1)
    return below, first, rest


SPEC = Loss(
    key="softmax_cross_entropy",
    name="Softmax cross-entropy",
    order=510,
    axis=Axis.DISTRIBUTION,
    predictions=REALS,
    targets=Simplex(),
    reduces=True,
    minimiser="the logarithms of the class probabilities, up to a constant",
    noise="categorical, with the logits as log-probabilities up to a constant",
    function=softmax_cross_entropy,
    derivative=gradient,
    formula=r"\ell(z,y)=-\sum_k y_k\ln\frac{e^{z_k}}{\sum_j e^{z_j}}",
    gradient_formula=r"\frac{\partial\ell}{\partial z_k}=\frac{e^{z_k}}{\sum_j e^{z_j}}-y_k",
    insight="Its gradient is prediction minus target, class by class: what is too high sinks.",
    use="Exactly one of several classes: last layer without activation, this loss on top.",
    avoid="Several classes may be true at once: then one sigmoid cross-entropy for each.",
    strengths=(
        "Convex and smooth in the logits, with entries of the gradient between −1 and 1",
        "Confidently wrong keeps the full gradient: no saturation",
        "No overflow: adding a constant to all logits changes nothing, so the largest is made 0",
    ),
    weaknesses=(
        "Takes logits: after a softmax of one's own it never comes near 0",
        "Hard targets are reached only by infinite logits, which makes for overconfidence",
        "One parameter too many: logits are determined only up to a common constant",
    ),
    origin=Origin(
        authors="Bridle",
        year=1990,
        title=(
            "Probabilistic Interpretation of Feedforward Classification Network Outputs,"
            " with Relationships to Statistical Pattern Recognition"
        ),
    ),
    code=Code(
        numpy=(
            "from scipy.special import log_softmax\n\n"
            "loss = -(target * log_softmax(prediction, axis=-1)).sum(axis=-1)"
        ),
        pytorch=(
            "import torch.nn.functional as F\n\n"
            "# One row an example; the target may hold class indices instead.\n"
            'loss = F.cross_entropy(prediction, target, reduction="none", label_smoothing=0.0)'
        ),
        keras=(
            "import keras\n\n"
            "# keras.losses.sparse_categorical_crossentropy takes class indices.\n"
            "loss = keras.losses.categorical_crossentropy(\n"
            "    target, prediction, from_logits=True, label_smoothing=0.0, axis=-1\n"
            ")"
        ),
        jax=(
            "import optax\n\n"
            "# optax.softmax_cross_entropy_with_integer_labels takes class indices.\n"
            "loss = optax.softmax_cross_entropy(prediction, target)"
        ),
    ),
)
