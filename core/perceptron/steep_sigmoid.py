"""Why a step cannot be trained by its gradient, and what a steep sigmoid in its place does.

One unit σ(k·z) with z = w·(x₁ + x₂) − 1.5 is to become AND. A single weight w is learned, so
that the loss is a curve. For k → ∞ the unit is a step, and the curve a staircase.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.activations import ACTIVATIONS
from core.losses import LOSSES
from core.perceptron import CORNERS, GATES
from core.spec import FloatArray

BIAS = -1.5
_TOTALS = CORNERS.sum(axis=1)
_TARGETS = np.array(GATES["AND"], dtype=np.float64)


def loss(w: npt.ArrayLike, steepness: npt.ArrayLike) -> FloatArray:
    """Return the mean squared error over the truth table, in the inputs' joint shape."""
    y, _ = _unit(w, steepness)
    result: FloatArray = LOSSES["squared_error"](y, _TARGETS).mean(axis=-1)
    return result


def loss_gradient(w: npt.ArrayLike, steepness: npt.ArrayLike) -> FloatArray:
    """Return dL/dw, in the inputs' joint shape."""
    y, slope = _unit(w, steepness)
    result: FloatArray = (LOSSES["squared_error"].gradient(y, _TARGETS) * slope).mean(axis=-1)
    return result


def step_loss(w: npt.ArrayLike) -> FloatArray:
    """Return the loss of the step itself: a staircase, whose gradient is 0 wherever it exists."""
    z = np.asarray(w, dtype=np.float64)[..., None] * _TOTALS + BIAS
    y = ACTIVATIONS["step"](z, threshold=0.0)
    result: FloatArray = LOSSES["squared_error"](y, _TARGETS).mean(axis=-1)
    return result


def descend(
    start: npt.ArrayLike, steepness: npt.ArrayLike, rate: npt.ArrayLike, steps: int
) -> FloatArray:
    """Return the weights w ← w − η·dL/dw of gradient descent, (..., steps + 1)."""
    w, k, eta = np.broadcast_arrays(
        *(np.asarray(a, dtype=np.float64) for a in (start, steepness, rate))
    )
    path = [w]
    for _ in range(steps):
        path.append(path[-1] - eta * loss_gradient(path[-1], k))
    return np.stack(path, axis=-1)


class Peak(NamedTuple):
    """The steepest part of the loss between two plateaus: where, how high, how wide."""

    at: FloatArray
    height: FloatArray
    width: FloatArray


def peak(steepness: npt.ArrayLike) -> Peak:
    """Measure the peak of −dL/dw on the way from −1 to the solution, for each steepness.

    ``width`` is the full width at half of the height.
    """
    k = np.asarray(steepness, dtype=np.float64)
    # The step jumps at 0.75; in units of 1/k every peak looks alike. To the right of 1 the
    # loss rises again, which counts as nothing here.
    left, right = 0.75 - np.minimum(1.75, 8 / k), 0.75 + np.minimum(0.75, 8 / k)
    w = np.linspace(left, right, 4001, axis=-1)
    down = -loss_gradient(w, k[..., None])
    top = down.argmax(axis=-1)[..., None]
    height = np.take_along_axis(down, top, axis=-1)
    high = down >= height / 2
    at = np.take_along_axis(w, top, axis=-1)[..., 0]
    return Peak(at, height[..., 0], np.count_nonzero(high, axis=-1) * (w[..., 1] - w[..., 0]))


def _unit(w: npt.ArrayLike, steepness: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the answers to the four rows and their derivatives by w, (..., 4)."""
    weight, k = np.broadcast_arrays(
        np.asarray(w, dtype=np.float64), np.asarray(steepness, dtype=np.float64)
    )
    sigmoid = ACTIVATIONS["sigmoid"]
    z = k[..., None] * (weight[..., None] * _TOTALS + BIAS)
    return sigmoid(z), sigmoid.gradient(z) * k[..., None] * _TOTALS
