"""Squared hinge: the hinge without its kink, at the price of its patience with outliers."""

import numpy as np

from core.spec import REALS, SIGNS, Axis, Code, FloatArray, Loss, Origin


def squared_hinge(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return max(0, 1 − m)², with the margin m = target · score.

    Prediction and target broadcast; the result has their joint shape. Source: Lee &
    Mangasarian (2001), with a factor ½.
    """
    with np.errstate(over="ignore"):  # where the square is beyond the largest float it is ∞
        return np.square(np.maximum(1 - target * prediction, 0))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return −2 · target · max(0, 1 − m)."""
    with np.errstate(over="ignore"):  # as above
        return -2 * target * np.maximum(1 - target * prediction, 0)


def breaks() -> tuple[float, ...]:
    """Return the margin where the parabola meets the line."""
    return (1.0,)


SPEC = Loss(
    key="squared_hinge",
    name="Squared hinge",
    order=240,
    axis=Axis.MARGIN,
    predictions=REALS,
    targets=SIGNS,
    minimiser="the mean label, 2P(t = 1) − 1",
    function=squared_hinge,
    derivative=gradient,
    breaks=breaks,
    at_breaks="At m = 1 the gradient is 0 from both sides; only its slope jumps.",
    formula=r"\ell(m)=\max(0,1-m)^2",
    gradient_formula=(
        r"\frac{\partial\ell}{\partial s}=\begin{cases}-2t\,(1-m) & m<1\\ 0 & m\ge 1\end{cases}"
    ),
    insight="The squared error with the right side cut off: being too right costs nothing.",
    use="Linear classifiers trained by Newton-like methods, which need a continuous gradient.",
    avoid="Some labels may be wrong: the more confident the score, the harder they pull.",
    strengths=(
        "Convex, with a continuous gradient",
        "The best score is the mean label, so the probability can be read off it",
        "Zero from a margin of 1 on, like the hinge",
    ),
    weaknesses=(
        "The gradient is unbounded: a mislabelled example can outweigh many",
        "The second derivative jumps at m = 1, from 2 to 0",
        "Points just inside the margin cost next to nothing, so more of them stay there",
    ),
    origin=Origin(
        authors="Lee & Mangasarian",
        year=2001,
        title="SSVM: A Smooth Support Vector Machine for Classification",
    ),
    code=Code(
        numpy="import numpy as np\n\nloss = np.maximum(0, 1 - target * prediction) ** 2",
        pytorch=("import torch.nn.functional as F\n\nloss = F.relu(1 - target * prediction) ** 2"),
        keras=(
            "import keras\n\n"
            "# Keras averages over the last axis: give each number an axis of its own.\n"
            "loss = keras.losses.squared_hinge(target[..., None], prediction[..., None])"
        ),
        jax="import optax\n\nloss = optax.hinge_loss(prediction, target) ** 2",
    ),
)
