"""What goes on inside the layers of networks side by side: moments, dead units, distributions."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.network import Layers, gradient_flow
from core.network.ways import WaysBack
from core.numeric import Real


class Signals(NamedTuple):
    """What :class:`core.network.gradient_flow.Profile` holds of activations and slopes.

    Arrays are (S, deepest), nan behind a stack's last layer and an overflow; ``overflow``
    (S,) is its layer, 0 where there is none.
    """

    mean: Real
    std: Real
    dead: Real
    saturated: Real
    overflow: Layers


def signals(ways: WaysBack) -> Signals:
    """Return what becomes of the signal on each of S ways through one draw."""
    over, depths = ways.forward_overflow, np.empty_like(ways.depths)
    depths[ways.order] = ways.depths
    layers = np.arange(ways.one.network.stack.depth)
    known = layers < np.where(over > 0, over - 1, depths)[:, None]
    found = {}
    for name, columns in gradient_flow.signals(ways.run, ways.slopes).items():
        rows = np.full(known.shape, np.nan)
        rows[ways.order, : len(columns)] = np.stack(columns, axis=-1)
        there = known & (over == 0)[:, None] if name in ("dead", "saturated") else known
        found[name] = np.where(there, rows, np.nan)
    return Signals(**found, overflow=over)


def shares(values: Real, low: npt.ArrayLike, high: npt.ArrayLike, bins: int) -> Real:
    """Return which share of the values (..., V) falls into each of the bins, (..., bins).

    Bins are equally wide, from ``low`` to ``high``, which broadcast against the leading
    axes. Values beyond the ends count in the outermost bins; nan counts nowhere.
    """
    low, high = (np.asarray(end, dtype=np.float64)[..., None] for end in (low, high))
    lead = values.shape[:-1]
    with np.errstate(invalid="ignore"):
        # In place: there are hundreds of thousands of values.
        places = values - low
        places *= bins / (high - low)
        np.clip(places, 0, bins - 1, out=places)
    if _gaps(places):
        # What has no place counts in a bin of its own.
        np.copyto(places, bins, where=np.isnan(places))
    places = places.astype(np.intp)
    places += np.arange(math.prod(lead)).reshape(*lead, 1) * (bins + 1)
    counts = np.bincount(places.ravel(), minlength=math.prod(lead) * (bins + 1))
    share: Real = counts.reshape(*lead, bins + 1)[..., :bins] / values.shape[-1]
    return share


def outermost(values: Real, low: float, high: float) -> Real:
    """Return two quantiles of the finite values (S, V), as (S, 2); nan where there is none."""
    if _gaps(values):
        ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=-1)
        count = np.isfinite(ordered).sum(axis=-1, keepdims=True)
    else:
        ordered = np.sort(values, axis=-1)
        count = np.full((len(values), 1), values.shape[-1])
    at = np.array([low, high]) * np.maximum(count - 1, 0)
    below = np.floor(at).astype(np.intp)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    left, right = (np.take_along_axis(ordered, place, axis=-1) for place in (below, above))
    found: Real = left + (right - left) * (at - below)
    return found


def _gaps(values: Real) -> bool:
    """Tell whether any value may not be finite: the sum tells, in a fraction of the time."""
    with np.errstate(all="ignore"):
        return not math.isfinite(values.sum())
