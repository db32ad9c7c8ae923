"""Expectations of an activation and of its slope for normal pre-activations, exact and tabled."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.activations import ACTIVATIONS
from core.facts import Join, facts
from core.mean_field.gaussian import LEAST_DEVIATION, TAIL, Rule, Settings, rule
from core.numeric import Real
from core.spec import Activation

LEAST_VARIANCE = LEAST_DEVIATION**2
"""A variance that is smaller counts as the limit q → 0."""

_END = 1e14  # of the table
_PER_DECADE = 32
_BLOCK = 48


class Moments(NamedTuple):
    """Expectations for u = √q z with a standard normal z; arrays of the shape of q.

    ``mean`` = E f, ``second`` = E f², ``slope`` = E f′² (f′ as backpropagation has it)
    and ``second_rate`` = q · d(E f²)/dq, which counts jumps too; so ``slope_rate``.
    """

    mean: Real
    second: Real
    slope: Real
    second_rate: Real
    slope_rate: Real


def moments(activation: Activation, variance: npt.ArrayLike, **parameters: float) -> Moments:
    """Return the moments of ``activation`` for pre-activations N(0, variance).

    ``variance`` has any shape; at 0 and above the reach of the quadrature the results
    are limits. Raises ``ValueError`` for a negative variance or one that is nan.
    """
    q = np.asarray(variance, dtype=np.float64)
    if not (q >= 0).all():
        raise ValueError("a variance is a number that is not negative")
    found = _moments(rule(activation, parameters), q.ravel())
    return Moments(*(m.reshape(q.shape) for m in found))


def jumps(activation: Activation, **parameters: float) -> bool:
    """Tell whether the function itself jumps somewhere."""
    return any(b.kind is Join.JUMP for b in facts(activation, **parameters).breaks)


def _moments(at: Rule, q: Real) -> Moments:
    """Return the moments for variances (S,), continued as powers beyond the rule's ends."""
    inside = np.clip(q, LEAST_VARIANCE, at.reach**2)
    s = np.sqrt(inside)
    window = np.abs(at.nodes) <= TAIL * s.max()
    u, weights = at.nodes[window], at.weights[window, None] / math.sqrt(2 * math.pi)
    f, df = at.value[window], at.slope[window]
    still = at.still
    columns = np.stack([f, f * f, df * df, f * f - still[0], df * df - still[1]], axis=1)
    power = np.multiply.outer(-0.5 / inside, u * u)
    density = np.exp(power)
    found = density @ (columns * weights) / s[:, None]
    density *= power
    # E[g (z² − 1)]/2 = q dE[g]/dq: the derivative falls on the density, so g may jump.
    # A constant drops out of it; taken off first, it leaves no rounding behind.
    rates = -(density @ (columns[:, 3:] * weights)) / s[:, None] - found[:, 3:] / 2
    mean, second, slope = found.T[:3].copy()
    second_rate, slope_rate = rates.T.copy()
    low, high = q < inside, q > inside
    if low.any():
        share = q[low] / inside[low]
        for value, rate, limit in zip(
            (second, slope), (second_rate, slope_rate), still, strict=True
        ):
            value[low] = limit + (value[low] - limit) * share
            rate[low] *= share
    if high.any():
        with np.errstate(over="ignore"):
            for value, rate in ((second, second_rate), (slope, slope_rate)):
                exponent = rate[high] / np.where(value[high] > 0, value[high], 1.0)
                factor = np.exp(exponent * np.log(q[high] / inside[high]))
                value[high] *= factor
                rate[high] *= factor
                if value is second:
                    mean[high] *= np.sqrt(factor)
    return Moments(mean, second, slope, second_rate, slope_rate)


# ---------------------------------------------------------------- the table


@dataclass(frozen=True, eq=False)
class Table:
    """E f² and E f′² over a logarithmic grid of variances, for thousands of look-ups.

    ``variance`` (Q,) are the nodes, ``exact`` the moments there, ``still`` E f² and E f′²
    in the limit q → 0. Between two nodes cubics in log q with the exact slopes are read,
    of E f²/q (which does not vary for a ReLU) and of E f′²; where one would not be
    monotone although both slopes are of one sign, the slopes are made smaller until it
    is (Fritsch & Carlson 1980). Below the first node both are lines, above the last powers.
    """

    variance: Real
    exact: Moments
    still: tuple[float, float]
    gain_slopes: tuple[Real, Real]
    slope_slopes: tuple[Real, Real]

    def second(self, q: Real) -> Real:
        """Return E f² at variances of any shape."""
        gain = self._read(q, self.exact.second / self.variance, self.gain_slopes)
        return self._continued(
            q, q * gain, self.still[0], self.exact.second, self.exact.second_rate
        )

    def slope(self, q: Real) -> Real:
        """Return E f′² at variances of any shape."""
        inside = self._read(q, self.exact.slope, self.slope_slopes)
        return self._continued(q, inside, self.still[1], self.exact.slope, self.exact.slope_rate)

    def _read(self, q: Real, values: Real, slopes: tuple[Real, Real]) -> Real:
        """Evaluate the cubic; beyond the ends, the value at the end."""
        start, width = math.log(self.variance[0]), math.log(10) / _PER_DECADE
        place = (np.log(np.clip(q, self.variance[0], self.variance[-1])) - start) / width
        i = np.clip(place.astype(np.intp), 0, len(values) - 2)
        t = place - i
        a, b = values[i], values[i + 1]
        left, right = slopes[0][i] * width, slopes[1][i] * width
        rise = b - a
        bend = left + right - 2 * rise
        # Horner's form of the Hermite cubic.
        read: Real = a + t * (left + t * (rise - left - bend + t * bend))
        return read

    def _continued(self, q: Real, inside: Real, still: float, values: Real, rates: Real) -> Real:
        first, last = self.variance[0], self.variance[-1]
        if not ((q < first) | (q > last)).any():
            return inside
        power = rates[-1] / values[-1] if values[-1] > 0 else 0.0
        with np.errstate(over="ignore"):
            high = values[-1] * (np.maximum(q, last) / last) ** power
        low = still + (values[0] - still) * (np.minimum(q, first) / first)
        return np.where(q < first, low, np.where(q > last, high, inside))


def table(activation: Activation, **parameters: float) -> Table:
    """Return the table of ``activation``; it is kept, for the next call.

    Raises as calling the activation does.
    """
    complete = {**activation.defaults, **parameters}
    activation.resolve(complete)
    return _table(activation.key, tuple(complete.items()))


@lru_cache(maxsize=64)
def _table(key: str, settings: Settings) -> Table:
    nodes = rule(ACTIVATIONS[key], dict(settings))
    count = round(math.log10(_END / LEAST_VARIANCE) * _PER_DECADE) + 1
    q = np.geomspace(LEAST_VARIANCE, _END, count)
    # In blocks, each with the nodes that it needs: all at once would take 20 MB.
    blocks = [_moments(nodes, q[i : i + _BLOCK]) for i in range(0, count, _BLOCK)]
    exact = Moments(*(np.concatenate(m) for m in zip(*blocks, strict=True)))
    return Table(
        variance=q,
        exact=exact,
        still=nodes.still,
        gain_slopes=_monotone(exact.second / q, (exact.second_rate - exact.second) / q),
        slope_slopes=_monotone(exact.slope, exact.slope_rate),
    )


def _monotone(values: Real, rates: Real) -> tuple[Real, Real]:
    """Return the slopes at both ends of each interval, in log q, limited if need be."""
    secant = np.diff(values) * _PER_DECADE / math.log(10)
    left, right = rates[:-1], rates[1:]
    aligned = (left * secant >= 0) & (right * secant >= 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        excess = np.hypot(left, right) / (3 * np.abs(secant))
        limit = np.where(aligned & (excess > 1), 1 / excess, 1.0)
    return left * limit, right * limit
