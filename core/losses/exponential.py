"""Exponential loss: what AdaBoost descends on."""

import numpy as np

from core.spec import REALS, SIGNS, Axis, Code, FloatArray, Loss, Origin


def exponential(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return e^−m, with the margin m = target · score.

    Prediction and target broadcast; the result has their joint shape. Source: Freund &
    Schapire (1997); as a loss Friedman, Hastie & Tibshirani (2000).
    """
    with np.errstate(over="ignore"):  # where e^−m is beyond the largest float it is ∞
        return np.asarray(np.exp(-target * prediction))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return −target · e^−m."""
    return -target * exponential(prediction, target)


SPEC = Loss(
    key="exponential",
    name="Exponential",
    order=260,
    axis=Axis.MARGIN,
    predictions=REALS,
    targets=SIGNS,
    minimiser="half the log-odds of the label +1",
    function=exponential,
    derivative=gradient,
    formula=r"\ell(m)=e^{-m}",
    gradient_formula=r"\frac{\partial\ell}{\partial s}=-t\,e^{-m}",
    insight="Loss and pull are the same number: each further step into error multiplies it by e.",
    use="Boosting: the weights that AdaBoost gives to examples are these losses.",
    avoid="Some labels are wrong: one of them can take nearly all of the weight.",
    strengths=(
        "Convex and smooth",
        "An upper bound of the zero-one loss",
        "Examples can be reweighted by multiplication, which makes boosting simple",
    ),
    weaknesses=(
        "Grows exponentially with the error: the least robust of the margin losses here",
        "Overflows for margins below −709.8 in double precision, below −88.7 in single",
        "Not the likelihood of any noise model, although its best score is half a log-odds",
    ),
    origin=Origin(
        authors="Freund & Schapire; as a loss Friedman, Hastie & Tibshirani (2000)",
        year=1997,
        title=(
            "A Decision-Theoretic Generalization of On-Line Learning and an Application to Boosting"
        ),
        url="https://doi.org/10.1006/jcss.1997.1504",
    ),
    code=Code(
        numpy="import numpy as np\n\nloss = np.exp(-target * prediction)",
        pytorch="import torch\n\nloss = torch.exp(-target * prediction)",
        keras="import keras\n\nloss = keras.ops.exp(-target * prediction)",
        jax="import jax.numpy as jnp\n\nloss = jnp.exp(-target * prediction)",
    ),
)
