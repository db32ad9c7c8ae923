"""Soft Dice: one minus the overlap of two masks, relative to their sizes."""

import numpy as np

from core.spec import POSITIVE, UNIT, Axis, Code, FloatArray, Loss, Origin, Parameter, Scalar


def dice(prediction: FloatArray, target: FloatArray, smooth: Scalar = 1.0) -> FloatArray:
    """Return 1 − (2Σpg + s)/(Σp + Σg + s), over the last axis: the pixels of one mask.

    p is the prediction, g the target; no squares in the denominator. Prediction and target
    broadcast; the result lacks their last axis. Over that axis ``smooth`` is a constant:
    an array of it has length 1 there. Two empty masks have loss 0. Source: Milletari, Navab
    & Ahmadi (2016), with squares in the denominator.
    """
    # What is missing, over the same denominator: 1 minus the overlap would cancel for a
    # prediction that is nearly right.
    miss = np.sum(prediction * (1 - target) + (1 - prediction) * target, axis=-1, keepdims=True)
    return np.asarray(miss / (_sizes(prediction, target) + smooth))[..., 0]


def gradient(prediction: FloatArray, target: FloatArray, smooth: Scalar = 1.0) -> FloatArray:
    """Return ((2Σpg + s)/(Σp + Σg + s) − 2g)/(Σp + Σg + s), for each pixel."""
    overlap = np.sum(prediction * target, axis=-1, keepdims=True)
    sizes = _sizes(prediction, target) + smooth
    return np.asarray(((2 * overlap + smooth) / sizes - 2 * target) / sizes)


def _sizes(prediction: FloatArray, target: FloatArray) -> FloatArray:
    return np.asarray(np.sum(prediction + target, axis=-1, keepdims=True))


SPEC = Loss(
    key="dice",
    name="Dice",
    order=610,
    axis=Axis.MASK,
    predictions=UNIT,
    targets=UNIT,
    reduces=True,
    minimiser="a hard mask (at most one pixel in between), not the pixels' probabilities",
    function=dice,
    derivative=gradient,
    parameters=(
        Parameter(
            name="smooth",
            symbol="s",
            default=1.0,
            low=0.1,
            high=10.0,
            step=0.1,
            meaning="pixels added to overlap and sizes, so that an empty mask is no 0/0",
            domain=POSITIVE,
        ),
    ),
    formula=r"\ell(p,g)=1-\frac{2\sum_i p_i g_i+s}{\sum_i p_i+\sum_i g_i+s}",
    gradient_formula=(
        r"\frac{\partial\ell}{\partial p_i}=\frac{1}{D}\left(\frac{2\sum_j p_j g_j+s}{D}"
        r"-2g_i\right),\quad D=\sum_j p_j+\sum_j g_j+s"
    ),
    insight="Only overlap and sizes count: a sea of correct background earns nothing.",
    use="Segmentation of small regions, often together with cross-entropy.",
    avoid="The outputs are read as probabilities, or most masks are empty.",
    strengths=(
        "Correct background adds nothing to it, so a small region is not drowned",
        "Close to the score by which segmentations are compared",
        "Between 0 and 1 for every size of region",
    ),
    weaknesses=(
        "The gradient of a pixel depends on all others, and is large for small regions",
        "Behind a sigmoid it fades where the prediction is confidently wrong",
        "With a soft target the target itself is not the best prediction",
    ),
    origin=Origin(
        authors="Dice, for sets; as a loss Milletari, Navab & Ahmadi (2016), with squares below",
        year=1945,
        title="Measures of the Amount of Ecologic Association Between Species",
        url="https://doi.org/10.2307/1932409",
    ),
    code=Code(
        numpy=(
            "overlap = (prediction * target).sum(axis=-1)\n"
            "sizes = prediction.sum(axis=-1) + target.sum(axis=-1)\n"
            "loss = 1 - (2 * overlap + $smooth) / (sizes + $smooth)"
        ),
        pytorch=(
            "overlap = (prediction * target).sum(dim=-1)\n"
            "sizes = prediction.sum(dim=-1) + target.sum(dim=-1)\n"
            "loss = 1 - (2 * overlap + $smooth) / (sizes + $smooth)"
        ),
        keras=(
            "from keras import ops\n\n"
            "# keras.losses.dice adds 1e-7, and to the denominator only.\n"
            "overlap = ops.sum(prediction * target, axis=-1)\n"
            "sizes = ops.sum(prediction, axis=-1) + ops.sum(target, axis=-1)\n"
            "loss = 1 - (2 * overlap + $smooth) / (sizes + $smooth)"
        ),
        jax=(
            "overlap = (prediction * target).sum(axis=-1)\n"
            "sizes = prediction.sum(axis=-1) + target.sum(axis=-1)\n"
            "loss = 1 - (2 * overlap + $smooth) / (sizes + $smooth)"
        ),
    ),
)
