"""The variance from layer to layer: where it settles, if it does."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from core.mean_field.expectations import Table, moments, table
from core.numeric import Real
from core.spec import Activation

_STRIDE = 4  # a scan looks at every fourth node, and then between two of them
_BISECTIONS = 30
_ROUNDING = 1e-10  # of q: a smaller excess of the map over q is rounding
_CRITICAL = 1e-7  # a slope this close to 1 counts as 1: growth or decay is algebraic

Flags = npt.NDArray[np.bool_]


class Fate(Enum):
    """What becomes of the variance when layer follows layer."""

    SETTLES = "settles"
    VANISHES = "vanishes"
    VANISHES_SLOWLY = "vanishes slowly"
    """Like 1/layer rather than exponentially."""
    STAYS = "stays"
    """Every variance is a fixed point."""
    GROWS = "grows without limit"
    GROWS_SLOWLY = "grows without limit, slowly"
    """More slowly than exponentially."""
    ALTERNATES = "alternates"
    """The fixed point repels: the variance jumps to and fro."""

    @property
    def unbounded(self) -> bool:
        """Whether there is no fixed point to settle at."""
        return self in (Fate.GROWS, Fate.GROWS_SLOWLY)


_FATES = tuple(Fate)


@dataclass(frozen=True)
class Settled:
    """Where the variance goes, and what a layer does there.

    ``variance`` is q* (0, or infinite, where it has no other end), ``chi`` = χ₁ and
    ``variance_slope`` = dq'/dq at q*, both as limits where q* is 0 or infinite.
    """

    variance: float
    fate: Fate
    chi: float
    variance_slope: float

    @property
    def gradient_scale(self) -> float:
        """Layers after which the squared gradient is e times smaller; negative: larger."""
        return _scale(self.chi)

    @property
    def variance_scale(self) -> float:
        """Layers after which the distance from q* is e times smaller."""
        return _scale(abs(self.variance_slope))


@dataclass(frozen=True)
class FixedPoint:
    """One solution of q' = q. It is ``stable`` if nearby variances are drawn to it."""

    variance: float
    stable: bool
    chi: float


class Reached(NamedTuple):
    """Where the variances of many networks go: arrays (n,) of what :class:`Settled` holds.

    ``fate`` holds :class:`Fate` objects.
    """

    variance: Real
    chi: Real
    variance_slope: Real
    fate: npt.NDArray[np.object_]


def next_variance(
    activation: Activation,
    variance: npt.ArrayLike,
    weight_variance: float,
    bias_variance: float,
    **parameters: float,
) -> Real:
    """Return q' = σ_w² E[f(√q z)²] + σ_b², in the shape of ``variance``."""
    second = moments(activation, variance, **parameters).second
    with np.errstate(over="ignore"):
        return np.asarray(weight_variance * second + bias_variance)


def settle(
    activation: Activation,
    weight_variance: float,
    bias_variance: float,
    start: float,
    **parameters: float,
) -> Settled:
    """Return where the variance goes that layer 1 has as ``start``.

    Of several fixed points it is the first one in the direction in which the variance
    moves. q* has 10 digits. Raises ``ValueError`` for a variance that is negative or
    not finite.
    """
    check(weight_variance, bias_variance, start)
    known = table(activation, **parameters)
    found = reach(known, *(np.array([float(v)]) for v in (weight_variance, bias_variance, start)))
    q, chi, slope, fate = (part[0] for part in found)
    if not fate.unbounded and q > 0:
        q = _polish(activation, float(q), weight_variance, bias_variance, parameters)
        exact = moments(activation, q, **parameters)
        chi, slope = (
            weight_variance * e for e in (float(exact.slope), float(exact.second_rate) / q)
        )
    return Settled(float(q), fate, float(chi), float(slope))


def fixed_points(
    activation: Activation, weight_variance: float, bias_variance: float, **parameters: float
) -> tuple[FixedPoint, ...]:
    """Return every fixed point of the variance, ascending; none if each q is one.

    They are sought at 0 and between 10⁻¹⁴ and 10¹⁴. Raises as :func:`settle` does.
    """
    check(weight_variance, bias_variance, 0.0)
    known = table(activation, **parameters)
    q = known.variance
    excess = _excess(known.exact.second, q, weight_variance, bias_variance)
    sign = np.where(np.abs(excess) <= _ROUNDING * q, 0, np.sign(excess))
    if not sign.any():
        return ()
    found = []
    exact = moments(activation, np.zeros(1), **parameters)
    if bias_variance == 0 and weight_variance * exact.second[0] == 0:
        found.append(
            FixedPoint(0.0, bool(sign[sign != 0][0] < 0), weight_variance * float(exact.slope[0]))
        )

    def excess_at(log_q: float) -> float:
        following = next_variance(
            activation, math.exp(log_q), weight_variance, bias_variance, **parameters
        )
        return float(following) - math.exp(log_q)

    # A node that is a fixed point itself counts with the side it is left to.
    known_signs = np.nonzero(sign)[0]
    turns = np.nonzero(np.diff(sign[known_signs]))[0]
    for i, j in zip(known_signs[turns], known_signs[turns + 1], strict=True):
        at = math.exp(brentq(excess_at, math.log(q[i]), math.log(q[j]), xtol=1e-13))
        here = moments(activation, at, **parameters)
        slope = weight_variance * float(here.second_rate) / at
        found.append(FixedPoint(at, abs(slope) < 1, weight_variance * float(here.slope)))
    return tuple(found)


def check(*variances: float) -> None:
    """Raise ``ValueError`` unless all are finite and not negative."""
    if not all(math.isfinite(v) and v >= 0 for v in variances):
        raise ValueError(f"a variance is finite and not negative: {variances}")


def _excess(second: Real, q: Real, weight_variance: Real | float, bias: Real | float) -> Real:
    """Return how far the next variance lies above q."""
    return np.asarray(weight_variance * second + bias - q)


def reach(known: Table, weight_variance: Real, bias_variance: Real, start: Real) -> Reached:
    """Return the variance that is reached from ``start``, for many networks; all are (n,).

    As :func:`settle`, to the accuracy of the table: scanned on every fourth node, then
    bisected with the table's cubics. A table of n rows holds one for each network.
    """
    rows = known.rows
    nodes = known.variance[::_STRIDE]
    second = known.exact.second[..., ::_STRIDE]
    q = np.clip(start, nodes[0], nodes[-1])
    here = _excess(known.second(q, rows), q, weight_variance, bias_variance)
    rises = here > _ROUNDING * q
    falls = here < -_ROUNDING * q
    low, high = np.empty_like(q), np.empty_like(q)
    vanishes, grows = np.zeros(q.shape, dtype=bool), np.zeros(q.shape, dtype=bool)
    first = np.searchsorted(nodes, q)
    places = np.arange(len(nodes))
    for block in np.array_split(np.arange(q.size), math.ceil(q.size / 256)):
        excess = weight_variance[block, None] * (second if rows is None else second[block])
        excess += bias_variance[block, None] - nodes
        above = (excess < -_ROUNDING * nodes) & (places >= first[block, None])
        below = (excess > _ROUNDING * nodes) & (places < first[block, None])
        up, down = above.argmax(axis=1), len(nodes) - 1 - below[:, ::-1].argmax(axis=1)
        rising, falling = rises[block], falls[block]
        grows[block] = rising & ~above.any(axis=1)
        vanishes[block] = falling & ~below.any(axis=1)
        low[block] = np.where(rising, np.maximum(q[block], nodes[up - 1]), nodes[down])
        high[block] = np.where(
            rising, nodes[up], np.minimum(q[block], nodes[np.minimum(down + 1, len(nodes) - 1)])
        )
    between = np.nonzero((rises | falls) & ~grows & ~vanishes)[0]
    left, right = np.log(low[between]), np.log(high[between])
    weights, biases = weight_variance[between], bias_variance[between]
    some = None if rows is None else rows[between]
    for _ in range(_BISECTIONS if between.size else 0):
        middle = (left + right) / 2
        at = np.exp(middle)
        rising = _excess(known.second(at, some), at, weights, biases) > 0
        left, right = np.where(rising, middle, left), np.where(rising, right, middle)
    found = np.select([vanishes, grows], [0.0, np.inf], q)
    found[between] = np.exp((left + right) / 2)
    inside = np.clip(found, known.variance[0], known.variance[-1])
    still = np.asarray(known.still[2])
    still = still if rows is None else still[rows, 0]
    chi = weight_variance * np.where(vanishes, still, known.slope(inside, rows))
    # Where the variance vanishes f(0) is 0, and both maps are the lines that meet there.
    slope = np.where(vanishes, chi, weight_variance * known.rate(inside, rows))
    critical = np.abs(slope - 1) < _CRITICAL
    steady = np.where(slope > -1, _FATES.index(Fate.SETTLES), _FATES.index(Fate.ALTERNATES))
    cases = {
        Fate.VANISHES_SLOWLY: vanishes & critical,
        Fate.VANISHES: vanishes,
        Fate.GROWS_SLOWLY: grows & critical,
        Fate.GROWS: grows,
        Fate.STAYS: ~rises & ~falls & critical,
    }
    code = np.select(list(cases.values()), [_FATES.index(fate) for fate in cases], steady)
    return Reached(found, chi, slope, np.array(_FATES, dtype=object)[code])


def _polish(
    activation: Activation,
    q: float,
    weight_variance: float,
    bias_variance: float,
    parameters: Mapping[str, float],
) -> float:
    """Return the fixed point near ``q`` by Newton's method on the exact moments."""
    for _ in range(4):
        exact = moments(activation, q, **parameters)
        excess = float(_excess(exact.second, np.asarray(q), weight_variance, bias_variance))
        steepness = 1 - weight_variance * float(exact.second_rate) / q
        # At a critical point the map only touches the diagonal: no step would be safe.
        step = excess / steepness if abs(steepness) > 1e-6 else 0.0
        if abs(step) > 0.01 * q:
            break
        q += step
    return q


def _scale(factor: float) -> float:
    """Return the layers after which a quantity that is multiplied by ``factor`` is e times less."""
    if factor <= 0:
        return 0.0
    return math.inf if factor == 1 else -1 / math.log(factor)
