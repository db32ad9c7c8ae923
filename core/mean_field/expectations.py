"""Expectations of an activation and of its slope for normal pre-activations, exact and tabled."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.activations import ACTIVATIONS
from core.facts import Join, facts
from core.mean_field.gaussian import LEAST_DEVIATION, TAIL, Rule, Settings, rule, shared_rule
from core.numeric import Real
from core.spec import Activation, Scalar

LEAST_VARIANCE = LEAST_DEVIATION**2
"""A variance that is smaller counts as the limit q → 0."""

_END = 1e14  # of the table
_PER_DECADE = 32
_WIDTH = math.log(10) / _PER_DECADE
_BLOCK = 48
_FAINT = -600.0  # the logarithm of a density that counts as none

Rows = npt.NDArray[np.intp] | None


class Moments(NamedTuple):
    """Expectations for u = √q z with a standard normal z; arrays of the shape of q.

    ``mean`` = E f, ``second`` = E f², ``slope`` = E f′² (f′ as backpropagation has it)
    and ``second_rate`` = q · d(E f²)/dq, which counts jumps too; so ``slope_rate`` and
    ``mean_rate``.
    """

    mean: Real
    second: Real
    slope: Real
    second_rate: Real
    slope_rate: Real
    mean_rate: Real


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
    """Return the moments for variances (Q,), continued as powers beyond the rule's ends.

    They are (Q,), or (S, Q) where the rule has rows.
    """
    inside = np.clip(q, LEAST_VARIANCE, at.reach**2)
    s = np.sqrt(inside)
    # Nodes ascend.
    window = slice(*np.searchsorted(at.nodes, [-TAIL * s.max(), TAIL * s.max()]).tolist())
    u = at.nodes[window]
    plain, apart = (columns[window] for columns in at.columns)
    shape = (q.size, 3, *at.value.shape[:-1])
    power = np.multiply.outer(-0.5 / inside, u * u)
    np.maximum(power, _FAINT, out=power)
    density = np.exp(power)
    # Exactly none from there on: numbers any smaller take long.
    density -= math.exp(_FAINT)
    found = (density @ plain) / s[:, None]
    mean, second, slope = np.moveaxis(found.reshape(shape), 0, -1).copy()
    # E[g (z² − 1)]/2 = q dE[g]/dq: the derivative falls on the density, so g may jump.
    power += 0.5
    density *= power
    rates = np.moveaxis(((density @ apart) / s[:, None]).reshape(shape), 0, -1)
    mean_rate, second_rate, slope_rate = -rates
    low, high = q < inside, q > inside
    if low.any():
        share = q[low] / inside[low]
        for value, rate, limit in zip(
            (second, slope), (second_rate, slope_rate), at.still[1:], strict=True
        ):
            value[..., low] = limit + (value[..., low] - limit) * share
            rate[..., low] *= share
        mean_rate[..., low] *= np.sqrt(share)
    if high.any():
        with np.errstate(over="ignore"):
            for value, rate in ((second, second_rate), (slope, slope_rate)):
                there = value[..., high]
                exponent = rate[..., high] / np.where(there > 0, there, 1.0)
                factor = np.exp(exponent * np.log(q[high] / inside[high]))
                value[..., high] *= factor
                rate[..., high] *= factor
                if value is second:
                    mean[..., high] *= np.sqrt(factor)
                    mean_rate[..., high] *= np.sqrt(factor)
    return Moments(mean, second, slope, second_rate, slope_rate, mean_rate)


# ---------------------------------------------------------------- the table


@dataclass(frozen=True, eq=False)
class Table:
    """E f, E f² and E f′² over a logarithmic grid of variances, for thousands of look-ups.

    ``variance`` (Q,) are the nodes, ``exact`` the moments there, ``still`` E f, E f² and E f′²
    in the limit q → 0. Between two nodes cubics in log q with the exact slopes are read,
    of E f/√q and E f²/q (which do not vary for a ReLU) and of E f′²; where one would not be
    monotone although both slopes are of one sign, the slopes are made smaller until it
    is (Fritsch & Carlson 1980). Below the first node both are lines, above the last powers.

    A table of S values of a parameter has the moments in S rows, (S, Q). Whoever reads it
    says with ``rows``, broadcast to q, from which; of a single table it is None.
    """

    variance: Real
    exact: Moments
    still: tuple[Scalar, Scalar, Scalar]
    cubics: tuple["_Cubic", "_Cubic", "_Cubic"]

    @property
    def rows(self) -> Rows:
        """The numbers of all rows, (S,); None for a single table."""
        second = self.exact.second
        return np.arange(len(second)) if second.ndim > 1 else None

    def mean(self, q: Real, rows: Rows = None) -> Real:
        """Return E f at variances of any shape between the first and the last node."""
        inside = np.clip(q, self.variance[0], self.variance[-1])
        return np.sqrt(inside) * self._read(inside, self.cubics[0], rows)

    def second(self, q: Real, rows: Rows = None) -> Real:
        """Return E f² at variances of any shape."""
        # Where next to nothing is left, a cubic may fall short of it.
        gain = np.maximum(self._read(q, self.cubics[1], rows), 0.0)
        exact = self.exact
        return self._continued(q, q * gain, self.still[1], exact.second, exact.second_rate, rows)

    def slope(self, q: Real, rows: Rows = None) -> Real:
        """Return E f′² at variances of any shape."""
        inside, exact = np.maximum(self._read(q, self.cubics[2], rows), 0.0), self.exact
        return self._continued(q, inside, self.still[2], exact.slope, exact.slope_rate, rows)

    def rate(self, q: Real, rows: Rows = None) -> Real:
        """Return d(E f²)/dq, on a line between two nodes; beyond the ends, as at the end."""
        i, t = self._place(q)
        rate, q = self.exact.second_rate, self.variance
        before, after = (_at(rate, j, rows) / q[j] for j in (i, i + 1))
        read: Real = before + t * (after - before)
        return read

    def _place(self, q: Real) -> tuple[npt.NDArray[np.intp], Real]:
        start = math.log(self.variance[0])
        place = (np.log(np.clip(q, self.variance[0], self.variance[-1])) - start) / _WIDTH
        i = np.clip(place.astype(np.intp), 0, len(self.variance) - 2)
        return i, place - i

    def _read(self, q: Real, cubic: "_Cubic", rows: Rows) -> Real:
        """Evaluate a cubic; beyond the ends, the value at the end."""
        i, t = self._place(q)
        a, b = _at(cubic.values, i, rows), _at(cubic.values, i + 1, rows)
        left, right = (_at(side, i, rows) * _WIDTH for side in (cubic.left, cubic.right))
        rise = b - a
        bend = left + right - 2 * rise
        # Horner's form of the Hermite cubic.
        read: Real = a + t * (left + t * (rise - left - bend + t * bend))
        return read

    def _continued(
        self, q: Real, inside: Real, still: Scalar, values: Real, rates: Real, rows: Rows
    ) -> Real:
        first, last = self.variance[0], self.variance[-1]
        if not ((q < first) | (q > last)).any():
            return inside
        start, end, rate = (v[..., i] for v, i in ((values, 0), (values, -1), (rates, -1)))
        power = np.where(end > 0, rate / np.where(end > 0, end, 1.0), 0.0)
        if rows is not None:
            still = np.asarray(still)[rows, 0]
            start, end, power = start[rows], end[rows], power[rows]
        with np.errstate(over="ignore"):
            high = end * (np.maximum(q, last) / last) ** power
        low = still + (start - still) * (np.minimum(q, first) / first)
        return np.where(q < first, low, np.where(q > last, high, inside))


@dataclass(frozen=True, eq=False)
class _Cubic:
    """A function of log q: its values at the nodes, and slopes at both ends of each interval."""

    values: Real
    left: Real
    right: Real


def table(activation: Activation, **parameters: float) -> Table:
    """Return the table of ``activation``; it is kept, for the next call.

    Raises as calling the activation does.
    """
    complete = {**activation.defaults, **parameters}
    activation.resolve(complete)
    return _table(activation.key, tuple(complete.items()))


@lru_cache(maxsize=64)
def _table(key: str, settings: Settings) -> Table:
    return _tabled(rule(ACTIVATIONS[key], dict(settings)))


def tables(
    activation: Activation, name: str, values: tuple[float, ...], **parameters: float
) -> Table:
    """Return the table with a row for each of ``values`` of the parameter ``name``; it is kept.

    Raises as calling the activation does, and ``ValueError`` for :func:`waves`: the further
    they are resolved, the fewer nodes the values share.
    """
    complete = {**activation.defaults, **parameters}
    del complete[name]
    return _tables(activation.key, name, values, tuple(complete.items()))


@lru_cache(maxsize=4)
def _tables(key: str, name: str, values: tuple[float, ...], settings: Settings) -> Table:
    shared = shared_rule(ACTIVATIONS[key], name, values, dict(settings))
    if shared.ends:
        raise ValueError(f"{key} oscillates for ever, at each {name} in its own way")
    return _tabled(shared)


def waves(activation: Activation, **parameters: float) -> bool:
    """Tell whether the function oscillates for ever."""
    return rule(activation, parameters).ends


def _tabled(nodes: Rule) -> Table:
    count = round(math.log10(_END / LEAST_VARIANCE) * _PER_DECADE) + 1
    q = np.geomspace(LEAST_VARIANCE, _END, count)
    # In blocks, each with the nodes that it needs: all at once would take 20 MB.
    blocks = [_moments(nodes, q[i : i + _BLOCK]) for i in range(0, count, _BLOCK)]
    exact = Moments(*(np.concatenate(m, axis=-1) for m in zip(*blocks, strict=True)))
    return Table(variance=q, exact=exact, still=nodes.still, cubics=cubics(q, exact))


def cubics(q: Real, exact: Moments) -> tuple["_Cubic", "_Cubic", "_Cubic"]:
    """Return what a table reads E f/√q, E f²/q and E f′² from, given the moments at its nodes."""
    root = np.sqrt(q)
    return (
        _cubic(exact.mean / root, (exact.mean_rate - exact.mean / 2) / root),
        _cubic(exact.second / q, (exact.second_rate - exact.second) / q),
        _cubic(exact.slope, exact.slope_rate),
    )


def _cubic(values: Real, rates: Real) -> _Cubic:
    """Return what is read between the nodes, with slopes in log q that are limited if need be."""
    secant = np.diff(values) / _WIDTH
    left, right = rates[..., :-1], rates[..., 1:]
    aligned = (left * secant >= 0) & (right * secant >= 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        excess = np.hypot(left, right) / (3 * np.abs(secant))
        limit = np.where(aligned & (excess > 1), 1 / excess, 1.0)
    return _Cubic(values, left * limit, right * limit)


def _at(values: Real, places: npt.NDArray[np.intp], rows: Rows) -> Real:
    read: Real = values[places] if rows is None else values[rows, places]
    return read
