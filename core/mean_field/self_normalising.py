"""Self-normalisation: why SELU draws activations to mean 0 and variance 1, and what stops it.

The activations of a wide layer have a mean μ and a variance ν. Random weights with
variance σ_w²/fan-in make of them pre-activations N(0, σ_w² (ν + μ²)), and these have
activations with a mean and a variance of their own: a layer is a map of (μ, ν) onto
(μ', ν'). SELU's constants are chosen so that with σ_w = 1, LeCun's initialiser, (0, 1)
is a fixed point that attracts (Klambauer et al. 2017, who also allow for weights of a
given sum).
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.activations import ACTIVATIONS
from core.mean_field.expectations import moments
from core.network import Dropout
from core.numeric import Real
from core.spec import Activation

_STEPS = 500
_STILL = 1e-11  # of the variance, from one layer to the next
_SPAN = 1e9  # a variance that leaves 1/span … span has vanished or exploded
_NUDGE = 1e-5


class Point(NamedTuple):
    """Mean μ and variance ν of a layer's activations: arrays of one shape."""

    mean: Real
    variance: Real


class Rest(NamedTuple):
    """Where layer after layer leads, and the share of a small error that one layer leaves.

    A ``variance`` of 0 or ∞ is no point of rest: it vanishes or explodes, and the other two
    are nan.
    """

    mean: float
    variance: float
    contraction: float


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
    spread = found.second - found.mean**2
    kept = 1 - rate
    if dropout is Dropout.PLAIN:
        # The mean stays; the second moment is divided by the share that is kept.
        return Point(found.mean, spread / kept + found.mean**2 * rate / kept)
    if dropout is Dropout.ALPHA:
        floor, scale = _alpha(rate)
        mixed = kept * found.mean + rate * floor
        mixed_spread = kept * spread + kept * rate * (found.mean - floor) ** 2
        return Point(scale * (mixed - rate * floor), scale**2 * mixed_spread)
    return Point(found.mean, spread)


def _alpha(rate: float) -> tuple[float, float]:
    """Return what alpha dropout puts in place of a unit, and what it multiplies all with."""
    floor = float(ACTIVATIONS["selu"](-1e3))  # its limit on the left, reached in float64
    return floor, 1 / math.sqrt((1 - rate) + floor**2 * (1 - rate) * rate)


def gradient_share(dropout: Dropout, rate: float) -> float:
    """Return what dropout multiplies the mean squared gradient with, on its way through a layer.

    It passes the units that are kept, a share of 1 − ``rate``, by the factor that their values
    are multiplied with; its square counts.
    """
    if dropout is Dropout.PLAIN:
        return 1 / (1 - rate)
    if dropout is Dropout.ALPHA:
        return (1 - rate) * _alpha(rate)[1] ** 2
    return 1.0


def paths(
    activation: Activation,
    start: tuple[npt.ArrayLike, npt.ArrayLike],
    depth: int,
    weight_variance: float = 1.0,
    dropout: Dropout = Dropout.NONE,
    rate: float = 0.0,
    parameters: Mapping[str, float] | None = None,
) -> Point:
    """Return ``start`` and what follows in each layer: a leading axis of depth + 1.

    A path ends, in nan, once its variance has left 10⁻⁹ … 10⁹.
    """
    mean, variance = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in start))
    found = [Point(mean, variance)]
    for _ in range(depth):
        mean, variance = found[-1]
        alive = (variance > 1 / _SPAN) & (variance < _SPAN)
        inside = np.where(alive, mean, 0.0), np.where(alive, variance, 1.0)
        after = layer_map(activation, inside, weight_variance, dropout, rate, parameters)
        found.append(Point(*(np.where(alive, a, np.nan) for a in after)))
    return Point(*(np.stack(a) for a in zip(*found, strict=True)))


def rest(
    activation: Activation,
    weight_variance: float = 1.0,
    dropout: Dropout = Dropout.NONE,
    rate: float = 0.0,
    parameters: Mapping[str, float] | None = None,
) -> Rest:
    """Return where layer after layer takes (0, 1)."""

    def after(mean: float, variance: float) -> tuple[float, float]:
        point = layer_map(activation, (mean, variance), weight_variance, dropout, rate, parameters)
        return float(point.mean), float(point.variance)

    mean, variance, before = 0.0, 1.0, math.nan
    for _ in range(_STEPS):
        before = variance
        mean, variance = after(mean, variance)
        if abs(variance - before) < _STILL * variance or not 1 / _SPAN < variance < _SPAN:
            break
    if abs(variance - before) >= _STILL * variance or not 1 / _SPAN < variance < _SPAN:
        # Gone, or after hundreds of layers still on its way.
        return Rest(math.nan, 0.0 if variance < before else math.inf, math.nan)
    nudges = (_NUDGE * math.sqrt(variance), 0.0), (0.0, _NUDGE * variance)
    jacobian = [
        (np.array(after(mean + a, variance + b)) - after(mean - a, variance - b)) / (2 * (a + b))
        for a, b in nudges
    ]
    return Rest(mean, variance, float(np.abs(np.linalg.eigvals(np.array(jacobian))).max()))
