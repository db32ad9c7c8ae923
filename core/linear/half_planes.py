"""Half-planes w·x + b > 0 in a window: the part to shade, the line at its edge, its normal.

A polygon is an array (..., V, 2) of corners in order; a corner may be repeated, so that
polygons of different size share an array, and one that is empty holds nan only.
"""

import numpy as np
import numpy.typing as npt

from core.spec import FloatArray


def box(low: float, high: float) -> FloatArray:
    """Return the square [low, high]² as a polygon (4, 2)."""
    return np.array([[low, low], [high, low], [high, high], [low, high]])


def clip(polygon: npt.ArrayLike, weights: npt.ArrayLike, bias: npt.ArrayLike) -> FloatArray:
    """Return the part of a convex polygon (..., V, 2) where w·x + b > 0, of shape (..., 2V, 2).

    ``weights`` is (..., 2) and ``bias`` (...); all leading axes broadcast. Each corner is
    followed by the place where the edge after it crosses the line, if it does; what is
    left out is filled by repetition. Source: Sutherland & Hodgman (1974).
    """
    corners, w, b = _broadcast(polygon, weights, bias)
    here = (corners * w[..., None, :]).sum(-1) + b[..., None]
    found = np.stack([corners, _crossings(corners, here)], axis=-2)
    kept = np.stack([here > 0, _crosses(here)], axis=-1)
    flat = found.reshape(*found.shape[:-3], -1, 2)
    return _filled(flat, kept.reshape(*kept.shape[:-2], -1))


def edge(polygon: npt.ArrayLike, weights: npt.ArrayLike, bias: npt.ArrayLike) -> FloatArray:
    """Return the ends (..., 2, 2) of the line w·x + b = 0 inside a convex polygon, or nan."""
    corners, w, b = _broadcast(polygon, weights, bias)
    here = (corners * w[..., None, :]).sum(-1) + b[..., None]
    ends = _crossings(corners, here)
    first = np.argsort(~_crosses(here), axis=-1, kind="stable")[..., :2]
    ends = np.take_along_axis(ends, first[..., None], axis=-2)
    whole = _crosses(here).sum(-1) == 2
    return np.where(whole[..., None, None], ends, np.nan)


def normal(
    weights: npt.ArrayLike, bias: npt.ArrayLike, near: tuple[float, float], scale: float
) -> FloatArray:
    """Return ``scale`` times w as an arrow (..., 5, 2) that stands on the line w·x + b = 0.

    Its foot is the point of the line nearest to ``near``; the last three corners are the
    head. With w = 0 there is no line, and the arrow is nan.
    """
    w, b = np.asarray(weights, dtype=np.float64), np.asarray(bias, dtype=np.float64)
    length: FloatArray = np.hypot(w[..., 0], w[..., 1])
    safe: FloatArray = np.where(length == 0, np.nan, length)
    unit = w / safe[..., None]
    middle = np.array(near)
    foot = middle - ((w @ middle + b) / safe)[..., None] * unit
    tip = foot + scale * w
    across = np.stack([-unit[..., 1], unit[..., 0]], axis=-1)
    # The head keeps its size, except on an arrow too short to bear it.
    head = np.minimum(0.1, scale * safe)[..., None]
    barbs = [tip - head * unit + side * 0.5 * head * across for side in (1, -1)]
    return np.stack([foot, tip, barbs[0], tip, barbs[1]], axis=-2)


def _broadcast(
    polygon: npt.ArrayLike, weights: npt.ArrayLike, bias: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    corners, w, b = (np.asarray(a, dtype=np.float64) for a in (polygon, weights, bias))
    lead = np.broadcast_shapes(corners.shape[:-2], w.shape[:-1], b.shape)
    return (
        np.broadcast_to(corners, lead + corners.shape[-2:]),
        np.broadcast_to(w, (*lead, 2)),
        np.broadcast_to(b, lead),
    )


def _crosses(here: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell whether the edge after each corner leads from one side of the line to the other."""
    result: npt.NDArray[np.bool_] = (here > 0) != (np.roll(here, -1, axis=-1) > 0)
    return result


def _crossings(corners: FloatArray, here: FloatArray) -> FloatArray:
    """Return where the edge after each corner meets the line; meaningless if it does not."""
    gap = here - np.roll(here, -1, axis=-1)
    share = np.divide(here, gap, out=np.zeros_like(here), where=gap != 0)
    result: FloatArray = corners + share[..., None] * (np.roll(corners, -1, axis=-2) - corners)
    return result


def _filled(corners: FloatArray, kept: npt.NDArray[np.bool_]) -> FloatArray:
    """Put the last corner that is kept in the place of every one that is not."""
    count = kept.shape[-1]
    last = np.where(kept, np.arange(count), -1)
    # Before the first one kept comes, all the way round, the last one.
    before = np.maximum.accumulate(last, axis=-1)
    source = np.where(before < 0, last.max(axis=-1, keepdims=True), before)
    result = np.take_along_axis(corners, np.maximum(source, 0)[..., None], axis=-2)
    any_kept = np.any(kept, axis=-1, keepdims=True)[..., None]
    return np.where(any_kept, result, np.nan)
