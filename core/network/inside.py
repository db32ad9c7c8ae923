"""What goes on inside the layers of networks side by side: moments, dead units, distributions."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.network import gradient_flow, ways
from core.network.gradient_flow import Experiment
from core.numeric import Real


class Signals(NamedTuple):
    """What :class:`core.network.gradient_flow.Profile` holds of activations and slopes.

    Arrays are (S, repeats, deepest), nan behind a stack's last layer and an overflow;
    ``overflow`` (S, repeats) is its layer, 0 where there is none.
    """

    mean: Real
    std: Real
    dead: Real
    saturated: Real
    overflow: npt.NDArray[np.intp]


def signals(experiment: Experiment, what: str, steps: npt.ArrayLike) -> Signals:
    """Return what becomes of the signal at each of the steps (S,) of one setting.

    Arguments are as for :func:`core.network.ways.at_steps`, whose exceptions are raised.
    """
    draws = [_of_draw(experiment, what, steps, i) for i in range(experiment.repeats)]
    return Signals(*(np.stack(parts, axis=1) for parts in zip(*draws, strict=True)))


def _of_draw(experiment: Experiment, what: str, steps: npt.ArrayLike, index: int) -> Signals:
    """Return the same of one draw: arrays (S, deepest), and the layer of an overflow (S,)."""
    one = ways.at_steps(experiment, what, steps, index)
    network, run = one.one.network, one.run
    derivative = network.stack.entry.derivative
    with np.errstate(all="ignore"):
        slopes = [np.asarray(derivative(pre, **network.settings), np.float64) for pre in run.pre]
    over, depths = one.forward_overflow, np.empty_like(one.depths)
    depths[one.order] = one.depths
    layers = np.arange(network.stack.depth)
    known = layers < np.where(over > 0, over - 1, depths)[:, None]
    found = {}
    for name, columns in gradient_flow.signals(run, slopes).items():
        rows = np.full(known.shape, np.nan)
        rows[one.order, : len(columns)] = np.stack(columns, axis=-1)
        there = known & (over == 0)[:, None] if name in ("dead", "saturated") else known
        found[name] = np.where(there, rows, np.nan)
    return Signals(**found, overflow=over)


def shares(values: Real, low: npt.ArrayLike, high: npt.ArrayLike, bins: int) -> Real:
    """Return which share of the values (..., V) falls into each of the bins, (..., bins).

    Bins are equally wide, from ``low`` to ``high``, which broadcast against the leading
    axes. Values beyond the ends count in the outermost bins; nan counts nowhere.
    """
    low, high = (np.asarray(end, dtype=np.float64)[..., None] for end in (low, high))
    with np.errstate(invalid="ignore"):
        places = np.clip(np.floor((values - low) * (bins / (high - low))), 0, bins - 1)
    lead = values.shape[:-1]
    rows = np.arange(int(np.prod(lead))).reshape(*lead, 1) * bins
    known = ~np.isnan(values)
    flat = (np.where(known, places, 0).astype(np.intp) + rows)[known]
    counts = np.bincount(flat, minlength=rows.size * bins)
    share: Real = counts.reshape(*lead, bins) / values.shape[-1]
    return share


def outermost(values: Real, low: float, high: float) -> Real:
    """Return two quantiles of the finite values (S, V), as (S, 2); nan where there is none."""
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=-1)
    count = np.isfinite(ordered).sum(axis=-1, keepdims=True)
    at = np.array([low, high]) * np.maximum(count - 1, 0)
    below = np.floor(at).astype(np.intp)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    left, right = (np.take_along_axis(ordered, place, axis=-1) for place in (below, above))
    found: Real = left + (right - left) * (at - below)
    return found
