"""Sigmoid cross-entropy: binary cross-entropy taken straight from the logit."""

import numpy as np

from core.activations.sigmoid import sigmoid
from core.spec import REALS, UNIT, Axis, Code, FloatArray, Loss, Origin


def sigmoid_cross_entropy(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return −y ln σ(z) − (1 − y) ln σ(−z), with the logit z and the target y, maybe soft.

    Prediction and target broadcast; the result has their joint shape. Source: Cox (1958),
    as the likelihood of logistic regression.
    """
    size = np.abs(prediction)
    # |z| times the part of the target on the other side, plus ln(1 + e^−|z|): no sum
    # cancels, so that a confident right answer keeps its digits for either label.
    wrong = np.where(prediction > 0, 1 - target, target)
    return size * wrong + np.log1p(np.exp(-size))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return σ(z) − y."""
    # As (1 − y)σ(z) − yσ(−z) the tails keep their digits for y = 1 as well.
    return np.asarray((1 - target) * sigmoid(prediction) - target * sigmoid(-prediction))


SPEC = Loss(
    key="sigmoid_cross_entropy",
    name="Sigmoid cross-entropy",
    order=410,
    axis=Axis.LOGIT,
    predictions=REALS,
    targets=UNIT,
    minimiser="the log-odds of class 1",
    noise="Bernoulli, with the logit as log-odds",
    function=sigmoid_cross_entropy,
    derivative=gradient,
    formula=r"\ell(z,y)=-y\ln\sigma(z)-(1-y)\ln\sigma(-z)",
    gradient_formula=r"\frac{\partial\ell}{\partial z}=\sigma(z)-y",
    insight="Log and sigmoid cancel in the gradient: prediction minus target, ±1 if far wrong.",
    use="Any yes-or-no output: last layer without activation, this loss on top.",
    avoid="Exactly one of several classes is true: then softmax cross-entropy.",
    strengths=(
        "Convex and smooth in the logit, with a gradient between −1 and 1",
        "Confidently wrong means a gradient near ±1: no saturation",
        "No overflow and no log of 0, at any logit",
    ),
    weaknesses=(
        "Never 0 for hard labels: separable data drive the logits to infinity",
        "Fed with probabilities instead of logits it goes wrong without a warning",
        "A wrong label pulls as hard as anything can, for as long as the model disagrees",
    ),
    origin=Origin(
        authors="Cox",
        year=1958,
        title="The Regression Analysis of Binary Sequences",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "wrong = np.where(prediction > 0, 1 - target, target)\n"
            "loss = np.abs(prediction) * wrong + np.log1p(np.exp(-np.abs(prediction)))"
        ),
        pytorch=(
            "import torch.nn.functional as F\n\n"
            'loss = F.binary_cross_entropy_with_logits(prediction, target, reduction="none")'
        ),
        keras=(
            "import keras\n\n"
            "# Keras averages over the last axis: give each number an axis of its own.\n"
            "loss = keras.losses.binary_crossentropy(\n"
            "    target[..., None], prediction[..., None], from_logits=True, label_smoothing=0.0\n"
            ")"
        ),
        jax="import optax\n\nloss = optax.sigmoid_binary_cross_entropy(prediction, target)",
    ),
)
