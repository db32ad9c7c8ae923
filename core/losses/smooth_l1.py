"""Smooth L1: the absolute error with its corner rounded off. It is Huber divided by β."""

from typing import Any

import numpy as np

from core.losses.absolute_error import residual
from core.spec import (
    NON_NEGATIVE,
    REALS,
    Axis,
    Code,
    FloatArray,
    Loss,
    Origin,
    Parameter,
    Scalar,
)


def smooth_l1(prediction: FloatArray, target: FloatArray, beta: Scalar = 1.0) -> FloatArray:
    """Return ½r²/β for |r| < β and |r| − ½β beyond, with r = prediction − target.

    Prediction and target broadcast; the result has their joint shape; at β = 0 it is |r|.
    Source: Girshick (2015) for β = 1; β as in PyTorch.
    """
    size = np.abs(residual(prediction, target))
    inside = size < beta
    inner = np.where(inside, size, 0)
    # Each branch sees only its own residuals: β = 0 has none inside, so nothing is
    # divided by it, and no square overflows.
    bowl = inner * (inner / np.where(inside, beta, np.ones_like(size))) / 2
    return np.where(inside, bowl, size - beta / 2)


def gradient(prediction: FloatArray, target: FloatArray, beta: Scalar = 1.0) -> FloatArray:
    """Return r/β for |r| < β and the sign of r beyond; at β = 0 and r = 0 it is 0."""
    r = residual(prediction, target)
    inside = np.abs(r) < beta
    slope = np.where(inside, r, 0) / np.where(inside, beta, np.ones_like(r))
    return np.where(inside, slope, np.sign(r))


def breaks(beta: Any = 1.0) -> tuple[Any, ...]:
    """Return the residuals where the parabola meets the lines; at β = 0, the kink.

    Of an array, an entry that is 0 has nan for a second break.
    """
    if isinstance(beta, np.ndarray):
        bent = beta > 0
        return np.where(bent, -beta, 0.0), np.where(bent, beta, np.nan)
    return (-beta, beta) if beta > 0 else (0.0,)


SPEC = Loss(
    key="smooth_l1",
    name="Smooth L1",
    order=130,
    axis=Axis.RESIDUAL,
    predictions=REALS,
    targets=REALS,
    minimiser="from the median (β → 0) to the mean (β → ∞)",
    noise="Gaussian in the middle, Laplace in the tails",
    function=smooth_l1,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At |r| = β the gradient is ±1 from both sides; only its slope jumps. "
        "At β = 0 the kink is that of L1, and the gradient there 0, as in PyTorch."
    ),
    parameters=(
        Parameter(
            name="beta",
            symbol=r"\beta",
            default=1.0,
            low=0.0,
            high=5.0,
            step=0.05,
            meaning="residual at which the parabola becomes a line of slope 1; 0 gives L1",
            domain=NON_NEGATIVE,
            settings={"L1": 0.0, "PyTorch": 1.0},
        ),
    ),
    formula=(
        r"\ell(r)=\begin{cases}\dfrac{r^2}{2\beta} & |r|<\beta\\[2ex]"
        r" |r|-\tfrac12\beta & |r|\ge\beta\end{cases}"
    ),
    gradient_formula=(
        r"\frac{\partial\ell}{\partial\hat y}=\begin{cases}\dfrac{r}{\beta} & |r|<\beta\\[2ex]"
        r" \operatorname{sign}(r) & |r|\ge\beta\end{cases}"
    ),
    insight="The absolute error with a rounded tip: far points pull with 1, near ones with less.",
    use="Box coordinates in object detection, and regression with some wrong targets.",
    avoid="The scale of the residuals is unknown: β has to be set in their units.",
    strengths=(
        "Convex, with a gradient never larger than 1, whatever β",
        "The gradient fades at the minimum, unlike that of L1",
        "β → 0 gives L1; Huber with δ → 0 gives nothing",
    ),
    weaknesses=(
        "Often called Huber, which is β times as large: equal at β = δ = 1 only",
        "The second derivative jumps at ±β, from 1/β to 0",
        "As β grows the whole loss fades, since its curvature is 1/β",
    ),
    origin=Origin(
        authors="Girshick",
        year=2015,
        title="Fast R-CNN",
        url="https://arxiv.org/abs/1504.08083",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "size = np.abs(prediction - target)\n"
            "inner = np.minimum(size, $beta)\n"
            "# max(...) only keeps beta = 0, which gives L1, from dividing 0 by 0.\n"
            "loss = (size - inner) + inner * (inner / max($beta, 1e-300)) / 2"
        ),
        pytorch=(
            "import torch.nn.functional as F\n\n"
            'loss = F.smooth_l1_loss(prediction, target, reduction="none", beta=$beta)'
        ),
        keras=(
            "import keras\n\n"
            "size = keras.ops.abs(prediction - target)\n"
            "inner = keras.ops.minimum(size, $beta)\n"
            "# max(...) only keeps beta = 0, which gives L1, from dividing 0 by 0.\n"
            "loss = (size - inner) + inner * (inner / max($beta, 1e-30)) / 2"
        ),
        jax=(
            "import jax.numpy as jnp\n\n"
            "size = jnp.abs(prediction - target)\n"
            "inner = jnp.minimum(size, $beta)\n"
            "# max(...) only keeps beta = 0, which gives L1, from dividing 0 by 0.\n"
            "loss = (size - inner) + inner * (inner / max($beta, 1e-30)) / 2"
        ),
    ),
)
