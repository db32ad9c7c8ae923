"""Kullback–Leibler divergence of the target from the prediction: KL(target ‖ prediction)."""

import numpy as np
from scipy.special import rel_entr

from core.losses import categorical_cross_entropy as cross_entropy
from core.spec import Axis, Code, FloatArray, Loss, Origin, Simplex


def kl_divergence(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return Σ yₖ ln(yₖ/pₖ) over the last axis, with 0 · ln 0 = 0.

    Prediction and target broadcast; the result lacks their last axis. It is ∞ where
    something is possible that the prediction rules out. Source: Kullback & Leibler (1951).
    """
    return np.asarray(np.sum(rel_entr(target, prediction), axis=-1))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return −yₖ/pₖ, as for cross-entropy: the two differ by the target's entropy alone."""
    return cross_entropy.gradient(prediction, target)


SPEC = Loss(
    key="kl_divergence",
    name="KL divergence",
    order=530,
    axis=Axis.DISTRIBUTION,
    predictions=Simplex(),
    targets=Simplex(),
    reduces=True,
    minimiser="the mean of the targets",
    noise="categorical",
    function=kl_divergence,
    derivative=gradient,
    formula=r"\ell(p,y)=\sum_k y_k\ln\frac{y_k}{p_k}",
    gradient_formula=r"\frac{\partial\ell}{\partial p_k}=-\frac{y_k}{p_k}",
    insight="What is paid beyond the target's own entropy; each possibility has to be covered.",
    use="Targets that are distributions: smoothed labels, another model's answers (distillation).",
    avoid="A distance is wanted: it is not symmetric, and may be infinite.",
    strengths=(
        "0 exactly where prediction and target agree, and positive otherwise",
        "Convex; same gradient as cross-entropy, but its least value is 0",
        "Covers all that the target allows: a missed possibility costs infinitely much",
    ),
    weaknesses=(
        "Not symmetric, no triangle inequality: not a distance",
        "Infinite as soon as the prediction rules out something possible",
        "PyTorch's kl_div wants log-probabilities first and the target second",
    ),
    origin=Origin(
        authors="Kullback & Leibler",
        year=1951,
        title="On Information and Sufficiency",
        url="https://doi.org/10.1214/aoms/1177729694",
    ),
    code=Code(
        numpy=(
            "from scipy.special import rel_entr\n\nloss = rel_entr(target, prediction).sum(axis=-1)"
        ),
        pytorch=(
            "import torch.nn.functional as F\n\n"
            "# The prediction goes first, as a logarithm; nan where both are 0.\n"
            'loss = F.kl_div(prediction.log(), target, reduction="none").sum(dim=-1)'
        ),
        keras=(
            "import keras\n\n"
            "# Keras clips both to [1e-7, 1].\n"
            "loss = keras.losses.kl_divergence(target, prediction)"
        ),
        jax=(
            "import jax.numpy as jnp\nimport optax\n\n"
            "# The prediction goes first, as a logarithm; nan where both are 0.\n"
            "loss = optax.kl_divergence(jnp.log(prediction), target)"
        ),
    ),
)
