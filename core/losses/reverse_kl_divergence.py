"""Kullback–Leibler divergence the other way round: KL(prediction ‖ target)."""

import numpy as np
from scipy.special import rel_entr

from core.spec import Axis, Code, FloatArray, Loss, Origin, Simplex


def reverse_kl_divergence(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return Σ pₖ ln(pₖ/yₖ) over the last axis, with 0 · ln 0 = 0.

    Prediction and target broadcast; the result lacks their last axis. It is ∞ where the
    prediction allows something impossible. Source: Kullback & Leibler (1951); as a loss
    Jordan, Ghahramani, Jaakkola & Saul (1999).
    """
    return np.asarray(np.sum(rel_entr(prediction, target), axis=-1))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return ln(pₖ/yₖ) + 1: −∞ where only pₖ is 0, and ∞ wherever yₖ is 0.

    Each entry is varied by itself. Along the distributions, whose sum cannot change, the
    + 1 makes no difference.
    """
    # ln 0 = −∞ and p/0 = ∞ are meant; 0/0 is replaced. The roots keep a quotient of very
    # small and ordinary numbers from overflowing.
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = 2 * np.log(np.sqrt(prediction) / np.sqrt(target)) + 1
    return np.where((target == 0) & ~np.isnan(prediction), np.inf, slope)


SPEC = Loss(
    key="reverse_kl_divergence",
    name="Reverse KL divergence",
    order=540,
    axis=Axis.DISTRIBUTION,
    predictions=Simplex(),
    targets=Simplex(),
    reduces=True,
    minimiser="the geometric mean of the targets, rescaled to sum 1",
    function=reverse_kl_divergence,
    derivative=gradient,
    formula=r"\ell(p,y)=\sum_k p_k\ln\frac{p_k}{y_k}",
    gradient_formula=r"\frac{\partial\ell}{\partial p_k}=\ln\frac{p_k}{y_k}+1",
    insight="Never bet on the impossible, but miss what you like: one peak of many is good enough.",
    use="Variational inference; fine-tuning by rewards that must stay close to the first model.",
    avoid="Targets are hard labels: any other prediction costs infinitely much.",
    strengths=(
        "0 exactly where prediction and target agree, and positive otherwise",
        "Convex in the prediction",
        "Picks one peak where the prediction cannot cover all: sharp rather than smeared",
    ),
    weaknesses=(
        "Not symmetric, no triangle inequality: not a distance",
        "Infinite as soon as the prediction allows something impossible",
        "May leave out whole parts of the target, at a finite cost",
    ),
    origin=Origin(
        authors="Kullback & Leibler; as a loss Jordan, Ghahramani, Jaakkola & Saul (1999)",
        year=1951,
        title="On Information and Sufficiency",
        url="https://doi.org/10.1214/aoms/1177729694",
    ),
    code=Code(
        numpy=(
            "from scipy.special import rel_entr\n\nloss = rel_entr(prediction, target).sum(axis=-1)"
        ),
        pytorch=(
            "import torch.nn.functional as F\n\n"
            "# Here the target goes first, as a logarithm; nan where both are 0.\n"
            'loss = F.kl_div(target.log(), prediction, reduction="none").sum(dim=-1)'
        ),
        keras=(
            "import keras\n\n"
            "# The prediction takes the place of y_true; Keras clips both to [1e-7, 1].\n"
            "loss = keras.losses.kl_divergence(prediction, target)"
        ),
        jax=(
            "import jax.numpy as jnp\nimport optax\n\n"
            "# Here the target goes first, as a logarithm; nan where both are 0.\n"
            "loss = optax.kl_divergence(jnp.log(target), prediction)"
        ),
    ),
)
