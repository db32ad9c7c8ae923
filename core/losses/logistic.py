"""Logistic loss: cross-entropy of a logit, written for labels −1 and +1."""

import numpy as np

from core.activations.sigmoid import sigmoid
from core.activations.softplus import softplus
from core.spec import REALS, SIGNS, Axis, Code, FloatArray, Loss, Origin


def logistic(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return ln(1 + e^−m), with the margin m = target · score.

    Prediction and target broadcast; the result has their joint shape. Source: Friedman,
    Hastie & Tibshirani (2000); it is the negative log-likelihood of logistic regression.
    """
    return softplus(-target * prediction)


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return −target · σ(−m)."""
    return np.asarray(-target * sigmoid(-target * prediction))


SPEC = Loss(
    key="logistic",
    name="Logistic",
    order=250,
    axis=Axis.MARGIN,
    predictions=REALS,
    targets=SIGNS,
    minimiser="the log-odds of the label +1",
    noise="Bernoulli, with the score as log-odds",
    function=logistic,
    derivative=gradient,
    formula=r"\ell(m)=\ln\bigl(1+e^{-m}\bigr)",
    gradient_formula=r"\frac{\partial\ell}{\partial s}=-t\,\sigma(-m)=\frac{-t}{1+e^{m}}",
    insight="Each example pulls with the probability that the model still gives to the error.",
    use="Logistic regression and boosting with labels −1 and +1.",
    avoid="Labels are 0 and 1: take sigmoid cross-entropy, which is the same loss for them.",
    strengths=(
        "Convex and smooth, with a gradient smaller than 1",
        "The score is a log-odds: σ(score) is the probability of +1",
        "A confident error costs about its distance, not the square or the exponential of it",
    ),
    weaknesses=(
        "Never 0: separable data drive the scores to infinity",
        "Overflows if coded as log(1 + exp(−m)), as in PyTorch's soft_margin_loss",
        "At m = 0 it is ln 2 = 0.69: only divided by ln 2 does it bound the zero-one loss",
    ),
    origin=Origin(
        authors="Friedman, Hastie & Tibshirani; logistic regression itself Cox (1958)",
        year=2000,
        title="Additive Logistic Regression: A Statistical View of Boosting",
        url="https://doi.org/10.1214/aos/1016218223",
    ),
    code=Code(
        numpy="import numpy as np\n\nloss = np.logaddexp(0, -target * prediction)",
        pytorch=(
            "import torch.nn.functional as F\n\n"
            "# F.soft_margin_loss is the same on paper, but overflows.\n"
            "loss = -F.logsigmoid(target * prediction)"
        ),
        keras="import keras\n\nloss = keras.ops.softplus(-target * prediction)",
        jax="import jax\n\nloss = jax.nn.softplus(-target * prediction)",
    ),
)
