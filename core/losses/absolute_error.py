"""Absolute error (L1): the distance, so that every point pulls equally hard."""

import numpy as np

from core.spec import REALS, Axis, Code, FloatArray, Loss, Origin


def residual(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return r = prediction − target, in their joint shape: what a residual loss is made of.

    It is rounded once, as any difference; beyond the largest float it is ±∞.
    """
    # Only two huge numbers of opposite sign overflow, and there ∞ is the answer; ∞ − ∞
    # is meant to be nan, quietly.
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(prediction - target)


def absolute_error(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return |r|, with r = prediction − target.

    Prediction and target broadcast; the result has their joint shape. Source: Boscovich
    (1757). Its mean is the mean absolute error (MAE).
    """
    return np.abs(residual(prediction, target))


def gradient(prediction: FloatArray, target: FloatArray) -> FloatArray:
    """Return the sign of r; at r = 0 it is 0, as in PyTorch (JAX: 1)."""
    return np.sign(residual(prediction, target))


def breaks() -> tuple[float, ...]:
    """Return the residual where the two lines meet."""
    return (0.0,)


SPEC = Loss(
    key="absolute_error",
    name="Absolute error (L1)",
    order=110,
    axis=Axis.RESIDUAL,
    predictions=REALS,
    targets=REALS,
    minimiser="the median",
    noise="Laplace",
    function=absolute_error,
    derivative=gradient,
    breaks=breaks,
    at_breaks="At r = 0 the gradient is 0, as in PyTorch; JAX gives |r| the slope 1 there.",
    formula=r"\ell(r)=|r|",
    gradient_formula=(
        r"\frac{\partial\ell}{\partial\hat y}=\operatorname{sign}(r)"
        r"=\begin{cases}-1 & r<0\\ 0 & r=0\\ 1 & r>0\end{cases}"
    ),
    insight="Only the side of a point counts, not its distance: near and far pull equally hard.",
    use="Regression with heavy-tailed noise, or where a typical error is what matters.",
    avoid="A fixed step has to settle: the pull does not fade on the way to the minimum.",
    strengths=(
        "Convex, with a gradient never larger than 1",
        "The fit resists outliers in the target: a median stays where most points are",
        "In the units of the data",
    ),
    weaknesses=(
        "A kink at 0: gradient descent with a fixed step jumps from side to side",
        "An outlier still dominates the value of the loss; only gradient and fit resist it",
        "The best constant need not be unique: between two middle values all are equally good",
    ),
    origin=Origin(
        authors="Boscovich; as a law of errors Laplace (1774)",
        year=1757,
        title="De litteraria expeditione per pontificiam ditionem",
    ),
    code=Code(
        numpy="import numpy as np\n\nloss = np.abs(prediction - target)",
        pytorch=(
            "import torch.nn.functional as F\n\n"
            'loss = F.l1_loss(prediction, target, reduction="none")'
        ),
        keras=(
            "import keras\n\n"
            "# Keras averages over the last axis: give each number an axis of its own.\n"
            "loss = keras.losses.mean_absolute_error(target[..., None], prediction[..., None])"
        ),
        jax="import jax.numpy as jnp\n\nloss = jnp.abs(prediction - target)",
    ),
)
