"""Perceptron loss: wrong answers cost their distance to the boundary, right ones nothing."""

import numpy as np

from core.spec import REALS, SIGNS, Axis, Code, FloatArray, Loss, Origin


def perceptron(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return max(0, −m), with the margin m = target · score.

    Prediction and target broadcast; the result has their joint shape. Source: Rosenblatt
    (1958), whose learning rule is descent on it, one example at a time.
    """
    # The absolute value only turns −0 into 0.
    return np.abs(np.minimum(target * prediction, 0))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return −target for m < 0 and 0 elsewhere; at m = 0 it is 0, as ReLU's."""
    margin = target * prediction
    slope = np.where(margin < 0, -target, np.zeros_like(margin))
    return np.where(np.isnan(margin), margin, slope)


def breaks() -> tuple[float, ...]:
    """Return the margin where the two lines meet."""
    return (0.0,)


SPEC = Loss(
    key="perceptron",
    name="Perceptron",
    order=220,
    axis=Axis.MARGIN,
    predictions=REALS,
    targets=SIGNS,
    minimiser="0 whenever both labels occur: nothing keeps the score away from it",
    function=perceptron,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At m = 0 the gradient is 0, as for relu(−m). "
        "Written as maximum(0, −m), PyTorch and JAX use −t/2 instead."
    ),
    formula=r"\ell(m)=\max(0,-m)",
    gradient_formula=(
        r"\frac{\partial\ell}{\partial s}=\begin{cases}-t & m<0\\ 0 & m\ge 0\end{cases}"
    ),
    insight="It corrects errors and stops as soon as there are none, however narrow the escape.",
    use="Online learning of a linear separator, one mistake at a time.",
    avoid="The labels overlap, or new points should be kept at a distance from the boundary.",
    strengths=(
        "Convex, with a gradient never larger than 1",
        "On separable data its learning rule makes finitely many mistakes",
        "Right answers need no update at all",
    ),
    weaknesses=(
        "Asks for no margin: barely right is good enough",
        "A score that is 0 everywhere has a loss of 0, which is as low as it gets",
        "Not an upper bound of the zero-one loss",
    ),
    origin=Origin(
        authors="Rosenblatt",
        year=1958,
        title=(
            "The Perceptron: A Probabilistic Model for Information Storage and Organization"
            " in the Brain"
        ),
        url="https://doi.org/10.1037/h0042519",
    ),
    code=Code(
        numpy="import numpy as np\n\nloss = np.maximum(0, -target * prediction)",
        pytorch="import torch.nn.functional as F\n\nloss = F.relu(-target * prediction)",
        keras="import keras\n\nloss = keras.ops.relu(-target * prediction)",
        jax="import jax\n\nloss = jax.nn.relu(-target * prediction)",
    ),
)
