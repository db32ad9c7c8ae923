"""Hinge: right is not enough, a margin of 1 is asked for."""

import numpy as np

from core.spec import REALS, SIGNS, Axis, Code, FloatArray, Loss, Origin


def hinge(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return max(0, 1 − m), with the margin m = target · score.

    Prediction and target broadcast; the result has their joint shape. Source: Cortes &
    Vapnik (1995).
    """
    return np.maximum(1 - target * prediction, 0)


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return −target for m < 1 and 0 elsewhere; at m = 1 it is 0, as for relu(1 − m)."""
    margin = target * prediction
    slope = np.where(margin < 1, -target, np.zeros_like(margin))
    return np.where(np.isnan(margin), margin, slope)


def breaks() -> tuple[float, ...]:
    """Return the margin where the two lines meet."""
    return (1.0,)


SPEC = Loss(
    key="hinge",
    name="Hinge",
    order=230,
    axis=Axis.MARGIN,
    predictions=REALS,
    targets=SIGNS,
    minimiser="the likelier label, −1 or +1",
    function=hinge,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At m = 1 the gradient is 0, as for relu(1 − m). "
        "Written as maximum(0, 1 − m), PyTorch and JAX use −t/2 instead."
    ),
    formula=r"\ell(m)=\max(0,1-m)",
    gradient_formula=(
        r"\frac{\partial\ell}{\partial s}=\begin{cases}-t & m<1\\ 0 & m\ge 1\end{cases}"
    ),
    insight="Wrong answers and narrow right ones pull equally hard; clear right ones are let go.",
    use="Support vector machines and other classifiers with a wide margin.",
    avoid="Probabilities are wanted: the best score says which label is likelier, not how much.",
    strengths=(
        "Convex, with a gradient never larger than 1",
        "Zero from a margin of 1 on: the fit rests on few examples, the support vectors",
        "An upper bound of the zero-one loss",
    ),
    weaknesses=(
        "A kink at m = 1",
        "Scores cannot be read as probabilities",
        "Labels must be −1 and +1; with 0 and 1 every negative costs 1, whatever the score",
    ),
    origin=Origin(
        authors="Cortes & Vapnik",
        year=1995,
        title="Support-Vector Networks",
        url="https://doi.org/10.1007/BF00994018",
    ),
    code=Code(
        numpy="import numpy as np\n\nloss = np.maximum(0, 1 - target * prediction)",
        pytorch=(
            "import torch.nn.functional as F\n\n"
            "# F.hinge_embedding_loss is a different function.\n"
            "loss = F.relu(1 - target * prediction)"
        ),
        keras=(
            "import keras\n\n"
            "# Keras averages over the last axis: give each number an axis of its own.\n"
            "loss = keras.losses.hinge(target[..., None], prediction[..., None])"
        ),
        jax="import optax\n\nloss = optax.hinge_loss(prediction, target)",
    ),
)
