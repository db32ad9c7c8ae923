"""Squared error (L2): the square of the distance, without the factor ½."""

import numpy as np

from core.losses.absolute_error import residual
from core.spec import REALS, Axis, Code, FloatArray, Loss, Origin


def squared_error(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return r², with r = prediction − target and no factor ½.

    Prediction and target broadcast; the result has their joint shape. Source: Legendre
    (1805). Its mean is the mean squared error (MSE), its sum the squared L2 norm.
    """
    with np.errstate(over="ignore"):  # where r² is beyond the largest float it is ∞
        return np.square(residual(prediction, target))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return 2r."""
    with np.errstate(over="ignore"):  # as above
        return 2 * residual(prediction, target)


SPEC = Loss(
    key="squared_error",
    name="Squared error (L2)",
    order=120,
    axis=Axis.RESIDUAL,
    predictions=REALS,
    targets=REALS,
    minimiser="the mean",
    noise="Gaussian",
    function=squared_error,
    derivative=gradient,
    formula=r"\ell(r)=r^2",
    gradient_formula=r"\frac{\partial\ell}{\partial\hat y}=2r",
    insight="Each point pulls in proportion to its distance; where the pulls balance is the mean.",
    use="Regression with noise that is close to Gaussian, or where the mean is wanted.",
    avoid="A few targets may be grossly wrong: the farther off, the harder they pull.",
    strengths=(
        "Convex and smooth, with a single best constant",
        "A linear model has a closed-form fit",
        "The gradient fades at the minimum, so that a fixed step can settle there",
    ),
    weaknesses=(
        "The gradient is unbounded: one outlier can outweigh all other points",
        "In the squared units of the data",
        "Conventions differ: with ½ (optax's l2_loss) or, as here, without",
    ),
    origin=Origin(
        authors="Legendre; with Gaussian noise Gauss (1809)",
        year=1805,
        title="Nouvelles méthodes pour la détermination des orbites des comètes",
    ),
    code=Code(
        numpy="import numpy as np\n\nloss = np.square(prediction - target)",
        pytorch=(
            "import torch.nn.functional as F\n\n"
            'loss = F.mse_loss(prediction, target, reduction="none")'
        ),
        keras=(
            "import keras\n\n"
            "# Keras averages over the last axis: give each number an axis of its own.\n"
            "loss = keras.losses.mean_squared_error(target[..., None], prediction[..., None])"
        ),
        jax=(
            "import optax\n\n"
            "# optax.l2_loss is half of it.\n"
            "loss = optax.squared_error(prediction, target)"
        ),
    ),
)
