"""Mean-field theory: what a very wide random network does to its signal and its gradient.

Weights have variance σ_w²/fan-in and biases σ_b². With many units a layer's
pre-activations z are normal, and three numbers say everything (Poole et al. 2016,
Schoenholz et al. 2017):

    variance       q' = σ_w² E[f(√q z)²] + σ_b²
    correlation    c' = (σ_w² E[f(u₁) f(u₂)] + σ_b²) / q'    of two inputs, u₁ and u₂
    gradient       E|∂L/∂z|² = χ E|∂L/∂z'|²,   χ = σ_w² E[f′(√q z)²]

q settles at a fixed point q*, and χ₁ = χ(q*) then tells whether gradients vanish (< 1)
or explode (> 1) on their way back, by the same factor in every layer.

**Accuracy.** :func:`moments` holds 10 digits (see ``core.mean_field.gaussian``). A :class:`Table`
is read between its nodes by cubics with exact slopes, to a relative 2·10⁻⁶ or, where f is
flat around 0 and its moments are all but nothing, to an absolute 10⁻⁷ of E f²/q.
:func:`settle` and :func:`fixed_points` end with the exact moments; what is computed for
many networks at once, :func:`reach` and :func:`layers`, rests on the table alone.

**Jumps.** Where f jumps, as a step does, f′ has a delta that the χ of backpropagation
does not see: χ counts the gradient that a network really passes back (0 for a step).
The slope of the correlation map sees the jump, and is infinite at c = 1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from core.activations import ACTIVATIONS
from core.facts import Join, facts
from core.mean_field.gaussian import LEAST_DEVIATION, TAIL, Rule, Settings, rule
from core.numeric import Real
from core.spec import Activation

LEAST_VARIANCE = LEAST_DEVIATION**2
"""A variance that is smaller counts as the limit q → 0."""

_END = 1e14  # of the table
GREATEST_VARIANCE = 1e300
"""A variance that is larger has overflowed."""

_PER_DECADE = 32
_BLOCK = 48
_STRIDE = 4  # a scan looks at every fourth node, and then between two of them
_BISECTIONS = 30
_ROUNDING = 1e-10  # of q: a smaller excess of the map over q is rounding
_CRITICAL = 1e-7  # a slope this close to 1 counts as 1: growth or decay is algebraic

Flags = npt.NDArray[np.bool_]


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


class Layers(NamedTuple):
    """The theory's prediction for a finite stack; arrays (..., depth), layer 1 first.

    ``variance`` of the pre-activations (inf once it has overflowed), ``chi`` at that
    variance, and ``gradient``: log₁₀ of the root mean square of ∂L/∂z, relative to the
    last layer's.
    """

    variance: Real
    chi: Real
    gradient: Real


class Estimate(NamedTuple):
    """What several draws of a network found, by layer: a value and its standard error.

    The error is nan for a single draw.
    """

    value: Real
    error: Real


# ---------------------------------------------------------------- moments


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


# ---------------------------------------------------------------- variance


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
    _check(weight_variance, bias_variance, start)
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
    _check(weight_variance, bias_variance, 0.0)
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


def _check(*variances: float) -> None:
    if not all(math.isfinite(v) and v >= 0 for v in variances):
        raise ValueError(f"a variance is finite and not negative: {variances}")


def _excess(second: Real, q: Real, weight_variance: Real | float, bias: Real | float) -> Real:
    """Return how far the next variance lies above q."""
    return np.asarray(weight_variance * second + bias - q)


def reach(known: Table, weight_variance: Real, bias_variance: Real, start: Real) -> Reached:
    """Return the variance that is reached from ``start``, for many networks; all are (n,).

    As :func:`settle`, to the accuracy of the table: scanned on every fourth node, then
    bisected with the table's cubics.
    """
    nodes = known.variance[::_STRIDE]
    second = known.exact.second[::_STRIDE]
    q = np.clip(start, nodes[0], nodes[-1])
    here = _excess(known.second(q), q, weight_variance, bias_variance)
    rises = here > _ROUNDING * q
    falls = here < -_ROUNDING * q
    low, high = np.empty_like(q), np.empty_like(q)
    vanishes, grows = np.zeros(q.shape, dtype=bool), np.zeros(q.shape, dtype=bool)
    first = np.searchsorted(nodes, q)
    places = np.arange(len(nodes))
    for block in np.array_split(np.arange(q.size), math.ceil(q.size / 256)):
        excess = np.multiply.outer(weight_variance[block], second)
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
    for _ in range(_BISECTIONS if between.size else 0):
        middle = (left + right) / 2
        at = np.exp(middle)
        rising = _excess(known.second(at), at, weights, biases) > 0
        left, right = np.where(rising, middle, left), np.where(rising, right, middle)
    found = np.select([vanishes, grows], [0.0, np.inf], q)
    found[between] = np.exp((left + right) / 2)
    inside = np.clip(found, known.variance[0], known.variance[-1])
    chi = weight_variance * np.where(vanishes, known.still[1], known.slope(inside))
    rate = np.interp(inside, known.variance, known.exact.second_rate / known.variance)
    # Where the variance vanishes f(0) is 0, and both maps are the lines that meet there.
    slope = np.where(vanishes, chi, weight_variance * rate)
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


# ---------------------------------------------------------------- layer by layer


def layers(
    activation: Activation,
    weight_variance: npt.ArrayLike,
    bias_variance: npt.ArrayLike,
    input_second_moment: npt.ArrayLike,
    depth: int,
    **parameters: float,
) -> Layers:
    """Return what the theory predicts for stacks of ``depth`` layers of equal width.

    ``input_second_moment`` is the mean of x² over the inputs' features. It and both
    variances may be arrays (S,), for as many stacks. χ is taken at the variance of each
    layer, so the prediction also holds before q has settled; read from the table, it has
    six digits. Raises ``ValueError`` for a variance that is negative or not finite.
    """
    given = (weight_variance, bias_variance, input_second_moment)
    weights, biases, inputs = np.broadcast_arrays(*(np.asarray(g, dtype=np.float64) for g in given))
    for one in (weights, biases, inputs):
        _check(*one.ravel().tolist())
    known = table(activation, **parameters)
    q = weights * inputs + biases
    variances, chis = [], []
    with np.errstate(over="ignore"):
        for _ in range(depth):
            variances.append(np.where(q <= GREATEST_VARIANCE, q, np.inf))
            q = np.minimum(q, GREATEST_VARIANCE)
            chis.append(weights * known.slope(q))
            q = weights * known.second(q) + biases
    chi = np.stack(chis, axis=-1)
    with np.errstate(divide="ignore"):
        factors = np.log10(chi[..., :-1]) / 2
    gradient = np.zeros(chi.shape)
    gradient[..., :-1] = np.cumsum(factors[..., ::-1], axis=-1)[..., ::-1]
    return Layers(np.stack(variances, axis=-1), chi, gradient)


def decay_estimate(gradient: Real) -> Estimate:
    """Return half of log₁₀ of the mean square of ∂L/∂z, relative to the last layer's.

    ``gradient`` (draws, depth) holds root mean squares. The theory speaks of mean squares:
    a mean of logarithms lies below, the more the deeper and narrower the network. There
    a few large draws make up most of a mean, and as long as none has come, it is too low and
    looks too sure of itself. But the logarithm y of the square, a sum over layers, is all
    but normal (Hanin & Nica 2019), and then log E eʸ is E y + s²/2 with the variance s² of
    y; its standard error is √(s²/n + s⁴/(2(n − 1))) after n draws. Results are (depth,), nan
    where a draw has no gradient.
    """
    count = len(gradient)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = 2 * np.log(gradient / gradient[:, -1:])
        mean = np.where(np.isfinite(logs).all(axis=0), logs.mean(axis=0), math.nan)
        spread = logs.var(axis=0, ddof=1) if count > 1 else np.zeros(mean.shape)
        known = spread if count > 1 else np.full(mean.shape, math.nan)
        error = np.sqrt(known / count + known**2 / 2 / max(count - 1, 1))
    return Estimate((mean + spread / 2) / (2 * math.log(10)), error / (2 * math.log(10)))


def variance_estimate(second_moment: Real) -> Estimate:
    """Return the mean over draws of the pre-activations' mean square, (draws, depth)."""
    count = len(second_moment)
    mean = second_moment.mean(axis=0)
    if count == 1:
        return Estimate(mean, np.full(mean.shape, np.nan))
    return Estimate(mean, second_moment.std(axis=0, ddof=1) / math.sqrt(count))
