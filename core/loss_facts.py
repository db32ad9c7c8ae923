"""What can be computed of a loss along its axis: convexity, bounds on its gradient, smoothness."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.numeric import one_sided
from core.sections import Section
from core.spec import Axis, FloatArray, Loss, Scalar

_SIZES = np.concatenate([[0.0], np.geomspace(1e-3, 30.0, 200)])
_BESIDE = np.concatenate([s * np.geomspace(1e-6, 1e-2, 9) for s in (-1, 1)] + [np.zeros(1)])
_FAR = (1e4, 1e8)
_TOLERANCE = 1e-7


@dataclass(frozen=True)
class Pull:
    """How hard errors can pull under a loss.

    max_gradient
        The least upper bound of |gradient|; infinite if there is none.
    redescending
        The gradient fades again for the largest errors, so that they hardly count.
    """

    max_gradient: float
    redescending: bool

    @property
    def bounded_gradient(self) -> bool:
        """Whether no single error can pull without bound: the mark of a robust loss."""
        return math.isfinite(self.max_gradient)


@dataclass(frozen=True)
class LossFacts(Pull):
    """What is true of a loss at given parameters, along its axis.

    convex
        Every chord lies on or above the curve.
    smoothness
        How many derivatives are continuous: −1 if the loss jumps, 0 if its gradient
        does, 1 if the slope of its gradient does, infinite otherwise.
    """

    convex: bool
    smoothness: float


def loss_facts(loss: Loss, target: float = 1.0, /, **parameters: float) -> LossFacts:
    """Compute the facts of ``loss``; ``target`` counts along a probability or a logit.

    Raises as calling the loss does.
    """
    section = Section(loss, target)
    (pull,) = pulls(loss, target, **parameters)
    breaks = sorted(float(b) for b in section.breaks(**section.resolve(parameters)))
    x = np.unique(_grid(loss.axis, breaks))
    return LossFacts(
        max_gradient=pull.max_gradient,
        redescending=pull.redescending,
        convex=_convex(x, section(x, **parameters)),
        smoothness=_smoothness(section, breaks, parameters),
    )


def pulls(loss: Loss, target: float = 1.0, /, **parameters: Scalar) -> list[Pull]:
    """Compute how hard errors pull at each setting; a parameter is a number or (S, 1).

    Raises as calling the loss does.
    """
    section = Section(loss, target)
    x = _grid(loss.axis, section.breaks(**section.resolve(parameters)))
    slopes = np.abs(section.gradient(x, **parameters))
    largest = np.where(np.isfinite(slopes), slopes, 0.0).max(axis=-1, keepdims=True)
    near, far = (np.abs(section.gradient(_wrong(loss.axis, target, e), **parameters)) for e in _FAR)
    unbounded = np.any(~np.isfinite(far) | (far > 1.5 * np.maximum(near, largest)), axis=-1)
    fading = np.all((far < 0.01 * largest) | (far < 0.95 * near), axis=-1)
    most = np.where(unbounded, math.inf, np.maximum(largest[..., 0], far.max(axis=-1)))
    fades = (largest[..., 0] > 0) & fading
    return [
        Pull(max_gradient, redescending)
        for max_gradient, redescending in zip(
            np.atleast_1d(most).tolist(), np.atleast_1d(fades).tolist(), strict=True
        )
    ]


def _grid(axis: Axis, breaks: Sequence[Scalar]) -> FloatArray:
    """Return points along the axis, dense around 0 and around every break, in no order.

    ``breaks`` are numbers or of shape (S, 1); the result has the shape (N,) or (S, N).
    """
    if axis is Axis.PROBABILITY:
        half = np.geomspace(1e-6, 0.5, 200)
        return np.concatenate([half, 1 - half[-2::-1]])
    columns = [-_SIZES, _SIZES, *(np.atleast_1d(b) + _BESIDE for b in breaks)]
    rows = np.broadcast_shapes(*(column.shape[:-1] for column in columns))
    return np.concatenate([np.broadcast_to(c, (*rows, c.shape[-1])) for c in columns], axis=-1)


def _wrong(axis: Axis, target: float, error: float) -> FloatArray:
    """Return predictions that are wrong by ``error``, on every side that can be wrong."""
    if axis is Axis.PROBABILITY:
        # As far off as a probability can be: 1e-4, then 0 itself.
        off = 1 / error if error < _FAR[-1] else 0.0
        return np.array([off if target > 0.5 else 1 - off])
    if axis is Axis.MARGIN:
        return np.array([-error])
    return np.array([-error, error])


def _convex(x: FloatArray, value: FloatArray) -> bool:
    """Tell whether the slopes of chords between neighbours never fall."""
    finite = np.isfinite(value)
    chords = np.diff(value[finite]) / np.diff(x[finite])
    # A difference of rounded values, over a gap as small as 1e-6, is this uncertain.
    noise = 1e-15 * np.abs(value[finite]).max() / np.diff(x[finite]).min()
    return bool(np.all(np.diff(chords) >= -_TOLERANCE - noise))


def _smoothness(section: Section, breaks: list[float], parameters: dict[str, float]) -> float:
    """Compare the loss, its gradient and the gradient's slope on both sides of each break."""
    points = np.array(breaks)
    room = np.full(points.shape, np.diff(points).min(initial=np.inf))
    worst = math.inf
    for order, function in ((-1, section), (0, section.gradient)):
        left, right = (
            one_sided(partial(function, **parameters), points, side, room, 1)[0] for side in (-1, 1)
        )
        apart = np.abs(left - right) > 1e-5 * (1 + np.abs(left))
        if apart[0].any():
            worst = min(worst, order)
        if order == 0 and apart[1].any():
            worst = min(worst, 1)
    return worst


def huber_gaps(delta: float, reach: float) -> tuple[float, float]:
    """Return how far Huber's loss is from its two limits, for residuals up to ``reach``.

    The first is the largest gap to ½r², the second the largest gap to δ|r|. Both grow
    towards the ends: ½(reach − δ)² beyond δ, and ½δ² from δ on.
    """
    return max(reach - delta, 0.0) ** 2 / 2, delta * min(reach, delta) - min(reach, delta) ** 2 / 2
