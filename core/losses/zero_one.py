"""Zero-one loss: right or wrong, which is what a classifier is judged by."""

import numpy as np

from core.spec import REALS, SIGNS, Axis, Code, FloatArray, Loss, Origin


def zero_one(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return 1 where the margin target · score is at most 0, and 0 where it is positive.

    A score of 0 decides for neither label and counts as an error. Prediction and target
    broadcast; the result has their joint shape, and its mean is the error rate. Source:
    Wald (1950).
    """
    margin = target * prediction
    # where() rather than a cast of the comparison: nan must stay nan.
    return np.where(np.isnan(margin), margin, (margin <= 0).astype(margin.dtype))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return 0 everywhere, the jump included."""
    margin = target * prediction
    return np.where(np.isnan(margin), margin, np.zeros_like(margin))


def breaks() -> tuple[float, ...]:
    """Return the margin of the jump."""
    return (0.0,)


SPEC = Loss(
    key="zero_one",
    name="Zero-one",
    order=210,
    axis=Axis.MARGIN,
    predictions=REALS,
    targets=SIGNS,
    minimiser="any score with the sign of the likelier label",
    function=zero_one,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At m = 0 the value is 1, and the gradient is given as 0, although no derivative exists."
    ),
    formula=r"\ell(m)=\begin{cases}1 & m\le 0\\ 0 & m>0\end{cases}",
    gradient_formula=r"\frac{\partial\ell}{\partial s}=0",
    insight="What is wanted, but nothing to descend on: the gradient is 0 wherever it exists.",
    use="Judging a classifier: its mean is the error rate.",
    avoid="A model is to be trained by its gradient: there is none.",
    strengths=(
        "Counts exactly what matters in a decision with equal costs",
        "Bounded: no single example costs more than 1",
        "An example far on the wrong side weighs no more than one just across",
    ),
    weaknesses=(
        "No gradient: every other margin loss is a stand-in for it",
        "Not convex; to find the line with the fewest errors is NP-hard in general",
        "Blind to confidence: right by a hair is as good as right by far",
    ),
    origin=Origin(
        authors="Wald",
        year=1950,
        title="Statistical Decision Functions",
    ),
    code=Code(
        numpy="loss = (target * prediction <= 0).astype(prediction.dtype)",
        pytorch="loss = (target * prediction <= 0).to(prediction.dtype)",
        keras=("import keras\n\nloss = keras.ops.cast(target * prediction <= 0, prediction.dtype)"),
        jax="loss = (target * prediction <= 0).astype(prediction.dtype)",
    ),
)
