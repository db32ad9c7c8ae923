"""Self-normalisation: why SELU draws activations to mean 0 and variance 1, and what stops it.

The activations of a wide layer have a mean μ and a variance ν. Random weights with
variance σ_w²/fan-in make of them pre-activations N(0, σ_w² (ν + μ²)), and these have
activations with a mean and a variance of their own: a layer is a map of (μ, ν) onto
(μ', ν'). SELU's constants are chosen so that with σ_w = 1, LeCun's initialiser, (0, 1)
is a fixed point that attracts (Klambauer et al. 2017, who also allow for weights of a
given sum).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.activations import ACTIVATIONS
from core.mean_field.expectations import Table, cubics, moments
from core.mean_field.variance import check, reach
from core.network import Dropout
from core.numeric import Real
from core.spec import Activation, Scalar

_SPAN = 1e9  # a variance that leaves 1/span … span has vanished or exploded


class Point(NamedTuple):
    """Mean μ and variance ν of a layer's activations: arrays of one shape."""

    mean: Real
    variance: Real


class Rest(NamedTuple):
    """Where layer after layer leads, and the share of a small error that one layer leaves.

    Arrays (S,). A ``variance`` of 0 or ∞ is no point of rest: it vanishes or explodes, and
    the others are nan. ``slope`` is E f′² at rest.
    """

    mean: Real
    variance: Real
    contraction: Real
    slope: Real


def layer_map(
    activation: Activation,
    at: tuple[npt.ArrayLike, npt.ArrayLike],
    weight_variance: float = 1.0,
    dropout: Dropout = Dropout.NONE,
    rate: float = 0.0,
    parameters: Mapping[str, float] | None = None,
) -> Point:
    """Return (μ', ν') for ``at`` = (μ, ν), in the broadcast shape of both.

    Units are dropped with probability ``rate`` after the activation. Raises
    ``ValueError`` for a variance that is negative, or a rate outside [0, 1).
    """
    mean, variance = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in at))
    if not (variance >= 0).all() or weight_variance < 0 or not 0 <= rate < 1:
        raise ValueError("variances must not be negative, and the dropout rate in [0, 1)")
    found = moments(activation, weight_variance * (variance + mean**2), **(parameters or {}))
    return _dropped(found.mean, found.second, dropout, rate)


def _dropped(mean: Real, second: Real, dropout: Dropout, rate: Scalar) -> Point:
    """Return mean and variance behind dropout, from E f and E f² before it."""
    spread, kept = second - mean**2, 1 - np.asarray(rate)
    if dropout is Dropout.PLAIN:
        # The mean stays; the second moment is divided by the share that is kept.
        return Point(mean, spread / kept + mean**2 * rate / kept)
    if dropout is Dropout.ALPHA:
        floor, scale = _alpha(rate)
        mixed = kept * mean + rate * floor
        mixed_spread = kept * spread + kept * rate * (mean - floor) ** 2
        return Point(scale * (mixed - rate * floor), scale**2 * mixed_spread)
    return Point(mean, spread)


def _alpha(rate: Scalar) -> tuple[float, Scalar]:
    """Return what alpha dropout puts in place of a unit, and what it multiplies all with."""
    floor = float(ACTIVATIONS["selu"](-1e3))  # its limit on the left, reached in float64
    return floor, 1 / np.sqrt((1 - rate) + floor**2 * (1 - rate) * rate)


def gradient_share(dropout: Dropout, rate: Scalar) -> Scalar:
    """Return what dropout multiplies the mean squared gradient with, on its way through a layer.

    It passes the units that are kept, a share of 1 − ``rate``, by the factor that their values
    are multiplied with; its square counts.
    """
    if dropout is Dropout.PLAIN:
        return 1 / (1 - rate)
    if dropout is Dropout.ALPHA:
        return (1 - rate) * _alpha(rate)[1] ** 2
    return np.ones_like(rate)


def mapped(
    known: Table,
    at: tuple[npt.ArrayLike, npt.ArrayLike],
    weight_variance: npt.ArrayLike = 1.0,
    dropout: Dropout = Dropout.NONE,
    rate: npt.ArrayLike = 0.0,
) -> Point:
    """Return (μ', ν') of S networks as :func:`layer_map` does, to the accuracy of the table.

    ``weight_variance`` and ``rate`` broadcast to (S,), and ``at`` is (S, N) or (N,); so are
    the results, (S, N). A table of S rows holds one for each network.
    """
    weights, rates = (np.atleast_1d(np.asarray(v))[:, None] for v in (weight_variance, rate))
    mean, variance = (np.asarray(a, dtype=np.float64) for a in at)
    rows = None if known.rows is None else known.rows[:, None]
    q = weights * (variance + mean**2)
    return _dropped(known.mean(q, rows), known.second(q, rows), dropout, rates)


def paths(
    known: Table,
    start: tuple[npt.ArrayLike, npt.ArrayLike],
    depth: int,
    weight_variance: npt.ArrayLike = 1.0,
    dropout: Dropout = Dropout.NONE,
    rate: npt.ArrayLike = 0.0,
) -> Point:
    """Return ``start`` and what follows in each layer, (S, N, depth + 1), as :func:`mapped`.

    A path ends, in nan, once its variance has left 10⁻⁹ … 10⁹.
    """
    first = mapped(known, start, weight_variance, dropout, rate)
    began = (np.broadcast_to(np.asarray(a, dtype=np.float64), first.mean.shape) for a in start)
    found = [Point(*began)]
    for _ in range(depth):
        mean, variance = found[-1]
        alive = (variance > 1 / _SPAN) & (variance < _SPAN)
        inside = np.where(alive, mean, 0.0), np.where(alive, variance, 1.0)
        after = mapped(known, inside, weight_variance, dropout, rate)
        found.append(Point(*(np.where(alive, a, np.nan) for a in after)))
    return Point(*(np.stack(a, axis=-1) for a in zip(*found, strict=True)))


def rest(
    known: Table,
    weight_variance: npt.ArrayLike = 1.0,
    dropout: Dropout = Dropout.NONE,
    rate: npt.ArrayLike = 0.0,
) -> Rest:
    """Return where layer after layer takes (0, 1) in S networks, to the accuracy of the table.

    ``weight_variance`` and ``rate`` broadcast to (S,); a table of S rows holds one for each
    network. Raises ``ValueError`` for a variance that is negative or not finite.

    A layer makes (μ', ν') of q = σ_w² (ν + μ²) alone, so that a fixed point of q is one of
    both, and an error is multiplied by the slope of q'.
    """
    weights, rates, _ = np.broadcast_arrays(
        np.asarray(weight_variance, dtype=np.float64),
        np.asarray(rate, dtype=np.float64),
        np.zeros(1 if known.rows is None else len(known.rows)),
    )
    check(*weights.tolist())
    swayed, factor = known, np.ones(weights.shape)
    if dropout is Dropout.PLAIN:
        factor = 1 / (1 - rates)
    elif dropout is Dropout.ALPHA:
        swayed = _swayed(known, rates)
        factor = (1 - rates) * _alpha(rates)[1] ** 2
    reached = reach(swayed, weights * factor, np.zeros(weights.shape), weights)
    rests = (reached.variance > 0) & np.isfinite(reached.variance)
    q = np.where(rests, reached.variance, 1.0)
    point = _dropped(known.mean(q, known.rows), known.second(q, known.rows), dropout, rates)
    inside = (point.mean, np.abs(reached.variance_slope), known.slope(q, known.rows))
    mean, contraction, slope = (np.where(rests, v, np.nan) for v in inside)
    return Rest(mean, np.where(rests, point.variance, reached.variance), contraction, slope)


def _swayed(known: Table, rates: Real) -> Table:
    """Return a table of what alpha dropout makes of E f², but for a factor; a row a network.

    Units are replaced by a floor φ: E f² + p (φ² − 2 φ E f) comes of it.
    """
    floor, _ = _alpha(0.0)
    share, exact = rates[:, None], known.exact
    everywhere = (rates.size, known.variance.size)
    swayed = exact._replace(
        second=exact.second + share * (floor**2 - 2 * floor * exact.mean),
        second_rate=exact.second_rate - share * 2 * floor * exact.mean_rate,
    )
    swayed = type(exact)(*(np.broadcast_to(part, everywhere) for part in swayed))
    mean, second, slope = (np.broadcast_to(one, (rates.size, 1)) for one in known.still)
    still = (mean, second + share * (floor**2 - 2 * floor * mean), slope)
    return replace(known, exact=swayed, still=still, cubics=cubics(known.variance, swayed))
