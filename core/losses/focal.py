"""Focal loss: cross-entropy that turns down the volume of what is already right."""

import numpy as np
from scipy.special import xlog1py, xlogy

from core.spec import (
    NON_NEGATIVE,
    UNIT,
    Axis,
    Code,
    FloatArray,
    Labels,
    Loss,
    Origin,
    Parameter,
    Scalar,
)


def focal(
    prediction: FloatArray, target: FloatArray, gamma: Scalar = 2.0, alpha: Scalar = 0.25
) -> FloatArray:
    """Return −α(1 − p)^γ ln p for target 1 and −(1 − α)p^γ ln(1 − p) for target 0.

    Prediction and target broadcast; the result has their joint shape. At p = 0 and p = 1
    the value is exact: 0 or ∞, with 0 · ln 0 = 0. Source: Lin, Goyal, Girshick, He &
    Dollár (2017).
    """
    positive = xlogy(alpha * (1 - prediction) ** gamma, prediction)
    negative = xlog1py((1 - alpha) * prediction**gamma, -prediction)
    # The absolute value only turns −0 into 0: no logarithm of a probability is positive.
    loss = np.abs(np.where(target == 1, positive, negative))
    return np.where(np.isnan(target), target, loss)


def gradient(
    prediction: FloatArray, target: FloatArray, gamma: Scalar = 2.0, alpha: Scalar = 0.25
) -> FloatArray:
    """Return −α(1 − p)^γ(1/p − γ ln p/(1 − p)) for target 1, its mirror image for target 0."""
    other = 1 - prediction
    with np.errstate(divide="ignore"):  # ln 0 = −∞ is meant, at a certain error
        log_p, log_other = np.log(prediction), np.log1p(-prediction)
    slope = np.where(
        target == 1,
        -_pull(alpha * other**gamma, prediction, log_p, other, gamma),
        _pull((1 - alpha) * prediction**gamma, other, log_other, prediction, gamma),
    )
    return np.where(np.isnan(target), target, slope)


def _pull(
    weight: FloatArray, hit: FloatArray, log_hit: FloatArray, miss: FloatArray, gamma: Scalar
) -> FloatArray:
    """Return weight · (1/hit − γ ln(hit)/miss), where hit + miss = 1; with weight 0 it is 0."""
    # −ln(hit)/miss tends to 1 where nothing is missing. At hit = 0 both terms are
    # infinite, which is meant, unless the weight is 0.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(miss == 0, 1, -log_hit / miss)
        # γ = 0 leaves nothing of the second term, even where the ratio is infinite.
        second = np.where(gamma * weight == 0, 0, gamma * weight * ratio)
        return np.where(weight == 0, 0, weight / hit + second)


SPEC = Loss(
    key="focal",
    name="Focal",
    order=330,
    axis=Axis.PROBABILITY,
    predictions=UNIT,
    targets=Labels((0.0, 1.0)),
    minimiser="not the class probability, unless γ = 0 and α = ½",
    function=focal,
    derivative=gradient,
    parameters=(
        Parameter(
            name="gamma",
            symbol=r"\gamma",
            default=2.0,
            low=0.0,
            high=5.0,
            step=0.1,
            meaning="how strongly examples that are already right are turned down; 0: not at all",
            domain=NON_NEGATIVE,
            settings={"Weighted cross-entropy": 0.0, "Paper": 2.0},
        ),
        Parameter(
            name="alpha",
            symbol=r"\alpha",
            default=0.25,
            low=0.0,
            high=1.0,
            step=0.05,
            meaning="weight of class 1; class 0 has weight 1 − α",
            domain=UNIT,
            settings={"Paper": 0.25, "Equal weights": 0.5},
        ),
    ),
    formula=(
        r"\ell(p,y)=\begin{cases}-\alpha\,(1-p)^{\gamma}\,\ln p & y=1\\"
        r" -(1-\alpha)\,p^{\gamma}\,\ln(1-p) & y=0\end{cases}"
    ),
    gradient_formula=(
        r"\frac{\partial\ell}{\partial p}=\begin{cases}"
        r"-\alpha\,(1-p)^{\gamma}\left(\frac{1}{p}-\frac{\gamma\ln p}{1-p}\right) & y=1\\[1ex]"
        r" (1-\alpha)\,p^{\gamma}\left(\frac{1}{1-p}-\frac{\gamma\ln(1-p)}{p}\right)"
        r" & y=0\end{cases}"
    ),
    insight="At γ = 2 what is 90 % right counts a hundredth of its weighted cross-entropy.",
    use="Detection and segmentation with a flood of easy background.",
    avoid="The outputs are read as probabilities: γ > 0 leaves them underconfident.",
    strengths=(
        "A multitude of easy examples no longer drowns a few hard ones",
        "γ = 0 is weighted cross-entropy, so it can be turned up gradually",
        "α weighs class against class, γ easy against hard",
    ),
    weaknesses=(
        "Not a proper score for γ > 0: even at α = ½ the best p is drawn towards ½",
        "Wrong labels are hard examples too, and keep their full weight",
        "The best α depends on γ: at γ = 2 the paper gives the rare class the smaller weight",
    ),
    origin=Origin(
        authors="Lin, Goyal, Girshick, He & Dollár",
        year=2017,
        title="Focal Loss for Dense Object Detection",
        url="https://arxiv.org/abs/1708.02002",
    ),
    code=Code(
        numpy=(
            "import numpy as np\nfrom scipy.special import xlogy\n\n"
            "hit = np.where(target == 1, prediction, 1 - prediction)\n"
            "weight = $alpha * target + (1 - $alpha) * (1 - target)\n"
            "loss = -xlogy(weight * (1 - hit) ** $gamma, hit)"
        ),
        pytorch=(
            "import torch\n\n"
            "# torchvision.ops.sigmoid_focal_loss takes logits instead.\n"
            "hit = torch.where(target == 1, prediction, 1 - prediction)\n"
            "weight = $alpha * target + (1 - $alpha) * (1 - target)\n"
            "loss = -weight * (1 - hit) ** $gamma * torch.log(hit)"
        ),
        keras=(
            "import keras\n\n"
            "# Keras averages over the last axis: give each number an axis of its own.\n"
            "loss = keras.losses.binary_focal_crossentropy(\n"
            "    target[..., None],\n"
            "    prediction[..., None],\n"
            "    apply_class_balancing=True,\n"
            "    alpha=$alpha,\n"
            "    gamma=$gamma,\n"
            "    from_logits=False,\n"
            "    label_smoothing=0.0,\n"
            ")"
        ),
        jax=(
            "import jax.numpy as jnp\n\n"
            "# optax.sigmoid_focal_loss takes logits instead.\n"
            "hit = jnp.where(target == 1, prediction, 1 - prediction)\n"
            "weight = $alpha * target + (1 - $alpha) * (1 - target)\n"
            "loss = -weight * (1 - hit) ** $gamma * jnp.log(hit)"
        ),
    ),
)
