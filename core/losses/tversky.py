"""Tversky: Dice with separate prices for what is too much and what is missing."""

import numpy as np

from core.spec import (
    NON_NEGATIVE,
    POSITIVE,
    UNIT,
    Axis,
    Code,
    FloatArray,
    Loss,
    Origin,
    Parameter,
    Scalar,
)


def tversky(
    prediction: FloatArray,
    target: FloatArray,
    alpha: Scalar = 0.3,
    beta: Scalar = 0.7,
    smooth: Scalar = 1.0,
) -> FloatArray:
    """Return 1 − (TP + s)/(TP + αFP + βFN + s), over the last axis: the pixels of one mask.

    TP = Σpg, FP = Σp(1 − g) and FN = Σ(1 − p)g, with prediction p and target g. Prediction
    and target broadcast; the result lacks their last axis. Over that axis the parameters
    are constants: an array of them has length 1 there. Two empty masks have loss 0. Source:
    Salehi, Erdogmus & Gholipour (2017).
    """
    hit, excess, missed = _counts(prediction, target)
    # What is wrong, over the same denominator: 1 minus the index would cancel for a
    # prediction that is nearly right.
    wrong = alpha * excess + beta * missed
    return np.asarray(wrong / (hit + wrong + smooth))[..., 0]


def gradient(
    prediction: FloatArray,
    target: FloatArray,
    alpha: Scalar = 0.3,
    beta: Scalar = 0.7,
    smooth: Scalar = 1.0,
) -> FloatArray:
    """Return ((α(1 − g) − βg)(TP + s) − g(αFP + βFN))/(TP + αFP + βFN + s)², for each pixel."""
    hit, excess, missed = _counts(prediction, target)
    wrong = alpha * excess + beta * missed
    right = hit + smooth
    price = alpha * (1 - target) - beta * target
    return np.asarray((price * right - target * wrong) / (right + wrong) ** 2)


def _counts(
    prediction: FloatArray, target: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return TP, FP and FN, generalised to soft masks; the last axis has length 1."""
    return (
        np.sum(prediction * target, axis=-1, keepdims=True),
        np.sum(prediction * (1 - target), axis=-1, keepdims=True),
        np.sum((1 - prediction) * target, axis=-1, keepdims=True),
    )


SPEC = Loss(
    key="tversky",
    name="Tversky",
    order=620,
    axis=Axis.MASK,
    predictions=UNIT,
    targets=UNIT,
    reduces=True,
    minimiser="for α + β = 1 a hard mask (at most one pixel in between), not the probabilities",
    function=tversky,
    derivative=gradient,
    parameters=(
        Parameter(
            name="alpha",
            symbol=r"\alpha",
            default=0.3,
            low=0.0,
            high=2.0,
            step=0.05,
            meaning="price of a pixel that is marked by mistake",
            domain=NON_NEGATIVE,
            settings={"Paper": 0.3, "Dice": 0.5, "Jaccard": 1.0},
        ),
        Parameter(
            name="beta",
            symbol=r"\beta",
            default=0.7,
            low=0.0,
            high=2.0,
            step=0.05,
            meaning="price of a pixel that is missed",
            domain=NON_NEGATIVE,
            settings={"Paper": 0.7, "Dice": 0.5, "Jaccard": 1.0},
        ),
        Parameter(
            name="smooth",
            symbol="s",
            default=1.0,
            low=0.1,
            high=10.0,
            step=0.1,
            meaning="pixels added to numerator and denominator, so that an empty mask is no 0/0",
            domain=POSITIVE,
        ),
    ),
    formula=(
        r"\ell(p,g)=1-\frac{\sum_i p_i g_i+s}{\sum_i p_i g_i+\alpha\sum_i p_i(1-g_i)"
        r"+\beta\sum_i(1-p_i)g_i+s}"
    ),
    gradient_formula=(
        r"\frac{\partial\ell}{\partial p_i}=\frac{\bigl(\alpha(1-g_i)-\beta g_i\bigr)"
        r"\bigl(\sum_j p_j g_j+s\bigr)-g_i\,W}{\bigl(\sum_j p_j g_j+s+W\bigr)^2},"
        r"\quad W=\alpha\sum_j p_j(1-g_j)+\beta\sum_j(1-p_j)g_j"
    ),
    insight="β above α: rather mark too much than miss something, as for small lesions.",
    use="Segmentation where a missed region is worse than a false alarm, or the reverse.",
    avoid="The outputs are read as probabilities, or most masks are empty.",
    strengths=(
        "Recall and precision can be traded against each other",
        "Correct background adds nothing to it, so a small region is not drowned",
        "Holds Dice (α = β = ½, with half its s) and Jaccard (α = β = 1)",
    ),
    weaknesses=(
        "Two prices to choose, and libraries disagree on which is α",
        "The gradient of a pixel depends on all others, and is large for small regions",
        "Behind a sigmoid it fades where the prediction is confidently wrong",
    ),
    origin=Origin(
        authors="Salehi, Erdogmus & Gholipour; the index Tversky (1977)",
        year=2017,
        title=(
            "Tversky Loss Function for Image Segmentation"
            " Using 3D Fully Convolutional Deep Networks"
        ),
        url="https://arxiv.org/abs/1706.05721",
    ),
    code=Code(
        numpy=(
            "hit = (prediction * target).sum(axis=-1)\n"
            "excess = (prediction * (1 - target)).sum(axis=-1)\n"
            "missed = ((1 - prediction) * target).sum(axis=-1)\n"
            "wrong = $alpha * excess + $beta * missed\n"
            "loss = 1 - (hit + $smooth) / (hit + wrong + $smooth)"
        ),
        pytorch=(
            "hit = (prediction * target).sum(dim=-1)\n"
            "excess = (prediction * (1 - target)).sum(dim=-1)\n"
            "missed = ((1 - prediction) * target).sum(dim=-1)\n"
            "wrong = $alpha * excess + $beta * missed\n"
            "loss = 1 - (hit + $smooth) / (hit + wrong + $smooth)"
        ),
        keras=(
            "from keras import ops\n\n"
            "# keras.losses.tversky adds 1e-7, to the denominator only; as of Keras 3.15 its\n"
            "# alpha is the price of what is missed, whatever its documentation says.\n"
            "hit = ops.sum(prediction * target, axis=-1)\n"
            "excess = ops.sum(prediction * (1 - target), axis=-1)\n"
            "missed = ops.sum((1 - prediction) * target, axis=-1)\n"
            "wrong = $alpha * excess + $beta * missed\n"
            "loss = 1 - (hit + $smooth) / (hit + wrong + $smooth)"
        ),
        jax=(
            "hit = (prediction * target).sum(axis=-1)\n"
            "excess = (prediction * (1 - target)).sum(axis=-1)\n"
            "missed = ((1 - prediction) * target).sum(axis=-1)\n"
            "wrong = $alpha * excess + $beta * missed\n"
            "loss = 1 - (hit + $smooth) / (hit + wrong + $smooth)"
        ),
    ),
)
