"""What can be computed of an activation: range, steepest slope, kinks, saturation, moments.

Nothing here is typed in for any entry. The reasoning rests on one property of the
catalogue: between two neighbouring ``breaks`` an entry is one analytic formula. Such a
formula is constant on a whole piece or nowhere on it, so a value that the function
only tends to (sigmoid's 1, which float64 reaches at 37) is told from one that it takes
(hardtanh's 1) by whether the gradient vanishes on the *whole* piece, not by rounding.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from core.numeric import Real, break_table, one_sided, rooms, weighed, weight_table
from core.spec import Activation, FloatArray, Interval, Scalar

SATURATED_BELOW = 0.01
"""Where |f′| is smaller than this, the function counts as saturated."""

WINDOW = 20.0
"""A gradient that oscillates for ever saturates again and again; such stretches are
listed within ±WINDOW."""

_FAR = np.array([1e200, 1e300])  # far enough for 1/x to have reached its limit
_UNBOUNDED = 1e100  # a function that grows, even as slowly as √x, has passed this at 1e300
_TIE = 1e-12  # two extremes this close are the same one, rounded differently
_JUMP = 1e-9  # a smaller difference between two sides is rounding
_BESIDE = 2.0**-30  # from here one-sided limits are extrapolated
# The grid: outwards from the outermost anchors, and from both ends of a bounded piece.
_OFFSETS = np.geomspace(2.0**-10, 2.0**14, 180)
_HALF = np.geomspace(2.0**-12, 0.5, 40)
_FRACTIONS = np.concatenate([_HALF, 1 - _HALF[-2::-1]])
_CANDIDATES = 6  # an aperiodic entry has fewer peaks; a periodic one repeats its first
_SIXTEENTHS = np.arange(1.0, 16.0) / 16
_CUTS = 12  # into sixteen parts each: what is left is 2⁻⁴⁸ of the interval
_NEWTON_STEPS = 6
_ORDERS = 3  # derivatives of f′ that are compared at a join
_REACH = 12.0  # the normal density there is 2e-32
_PANEL_NODES, _PANEL_WEIGHTS = np.polynomial.legendre.leggauss(16)

Map = Callable[[Real], Real]
Flags = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.intp]


class Join(Enum):
    """What happens where two branches of the formula meet."""

    JUMP = "f jumps"
    KINK = "f′ jumps"
    BEND = "f″ jumps"
    SMOOTH = "f, f′ and f″ are continuous"


class Monotonicity(Enum):
    """Whether the function rises, falls, or does both."""

    CONSTANT = "constant"
    INCREASING = "strictly increasing"
    NON_DECREASING = "non-decreasing"
    DECREASING = "strictly decreasing"
    NON_INCREASING = "non-increasing"
    NOT_MONOTONE = "not monotone"


class Parity(Enum):
    """The function's symmetry about x = 0; a constant counts as even."""

    ODD = "odd"
    EVEN = "even"
    NEITHER = "neither"


@dataclass(frozen=True)
class Break:
    """The function where two branches meet: one-sided limits, and its own values there.

    ``gradient`` is the value in use at ``x``, a convention where ``kind`` is JUMP or KINK.
    """

    x: float
    kind: Join
    value_left: float
    value: float
    value_right: float
    gradient_left: float
    gradient: float
    gradient_right: float


@dataclass(frozen=True)
class Facts:
    """What is true of an activation at given parameters, in exact arithmetic.

    range
        The smallest interval that holds all values; an end is closed if some finite
        x reaches it.
    max_gradient, max_gradient_at, max_gradient_reached
        The least upper bound of |f′|, the point nearest to 0 where or beside which it
        is found (±inf if f′ only tends to it; of ±x the positive one), and whether f′
        takes that value at all.
    least_gradient
        The greatest lower bound of |f′|: below any higher threshold f saturates somewhere.
    lipschitz
        The smallest K with |f(x) − f(y)| ≤ K|x − y|; infinite if f jumps or f′ is unbounded.
    normal_mean, normal_variance
        Mean and variance of f(z) for a standard normal z.
    breaks
        The breaks that are no smooth join.
    saturation
        Where |f′| is below the threshold: disjoint, ascending. If f′ has no limit at
        infinity (a sine's), only within ±``WINDOW``.
    smoothness
        The number of continuous derivatives: −1 if f jumps, 0 if f′ does, infinite
        for a single formula. Joins are compared up to f⁗.
    dead_share
        The probability that a standard normal input falls on a stretch where f is
        constant, so that no gradient passes.
    """

    range: Interval
    max_gradient: float
    max_gradient_at: float
    max_gradient_reached: bool
    least_gradient: float
    gradient_at_zero: float
    monotonicity: Monotonicity
    parity: Parity
    normal_mean: float
    normal_variance: float
    lipschitz: float
    breaks: tuple[Break, ...]
    saturation: tuple[Interval, ...]
    smoothness: float
    dead_share: float


class Passage(NamedTuple):
    """How much of the gradient passes an activation: those of its ``Facts`` that tell."""

    max_gradient: float
    least_gradient: float
    gradient_at_zero: float
    dead_share: float


@dataclass(frozen=True)
class Headlines:
    """Some of the ``Facts`` for every setting of a sweep; arrays of shape (settings,)."""

    range_low: Real
    range_high: Real
    low_closed: Flags
    high_closed: Flags
    max_gradient: Real
    least_gradient: Real
    gradient_at_zero: Real
    dead_share: Real

    def passages(self) -> list[Passage]:
        """Return for each setting how much of the gradient passes."""
        columns = (getattr(self, name).tolist() for name in Passage._fields)
        return [Passage(*row) for row in zip(*columns, strict=True)]


@dataclass(frozen=True)
class _Extreme:
    """Candidates for the largest value of something, grouped by how they are known.

    ``taken`` are values at a point or on a whole piece; ``limits`` are only tended to;
    ``peaks`` were searched for between the grid's points. In a tie the earlier group
    wins: a peak that is no higher than a limit is that limit, rounded. Each pair holds
    the values and their x, both of shape (settings, k).
    """

    taken: tuple[Real, Real]
    limits: tuple[Real, Real]
    peaks: tuple[Real, Real]

    def value(self) -> Real:
        """Return the largest candidate, for each setting."""
        tops, winner = self._contest()
        largest: Real = np.take_along_axis(tops, winner[None], axis=0)[0]
        return largest

    def reached(self) -> Flags:
        """Tell for each setting whether the largest value is taken, not only tended to."""
        limits_group = 1
        taken: Flags = self._contest()[1] != limits_group
        return taken

    def _contest(self) -> tuple[Real, npt.NDArray[np.intp]]:
        """Return each group's largest value (3, settings), and which group wins."""
        groups = (self.taken, self.limits, self.peaks)
        tops = np.stack([values.max(axis=-1, initial=-np.inf) for values, _ in groups])
        return tops, (tops >= _nearly(tops.max(axis=0))).argmax(axis=0)

    def place(self) -> tuple[float, bool]:
        """Return where the first setting's largest value lies, and whether it is taken.

        Of several places the one nearest to 0 is returned, of ±x the positive one.
        """
        values, at = (self.taken, self.limits, self.peaks)[self._contest()[1][0]]
        places = at[0][values[0] >= _nearly(self.value()[:1])]
        distance = np.abs(places)
        nearest = places[distance <= distance.min() * (1 + _JUMP)].max()
        return 0.0 + float(nearest), bool(self.reached()[0])  # 0.0 + turns −0 into 0


@dataclass(frozen=True)
class _Survey:
    """An activation looked at on a grid, for every setting of its parameters.

    ``edges`` (settings, b) are the breaks, padded with nan; ``anchors`` (settings, a)
    are the breaks and 0; ``pieces`` are the grid's columns between two anchors;
    ``even`` (settings, pieces) tells where f′ is the same on a whole piece.
    ``tails`` and ``slope_tails`` (settings, 2) are the limits at −∞ and ∞, nan where
    there is none.
    """

    f: Map
    df: Map
    edges: Real
    anchors: Real
    pieces: tuple[slice, ...]
    x: Real
    slopes: Real
    even: Flags
    sides: tuple[tuple[Real, Real], tuple[Real, Real]]
    tails: Real
    slope_tails: Real

    @property
    def bounds(self) -> tuple[Real, Real]:
        """The left and the right end of every piece."""
        end = np.full((len(self.anchors), 1), np.inf)
        return np.hstack([-end, self.anchors]), np.hstack([self.anchors, end])

    @property
    def broken(self) -> Flags:
        """Whether an anchor is a break (and not merely 0), as (settings, anchors)."""
        return np.asarray((self.anchors[:, :, None] == self.edges[:, None, :]).any(axis=-1))

    @property
    def joints(self) -> Columns:
        """The grid's last column before each anchor."""
        return np.array([p.stop - 1 for p in self.pieces[:-1]])

    @property
    def middles(self) -> Columns:
        """A column of the grid inside each piece."""
        return np.array([(p.start + p.stop) // 2 for p in self.pieces])


def _nearly(value: Real) -> Real:
    """Return the least value that ties with ``value``."""
    return value - _TIE * np.minimum(np.maximum(np.abs(value), 1.0), 1e300)


def _known(candidates: Real) -> Real:
    """Put −∞ for a candidate that is nan, so that it never wins."""
    return np.where(np.isnan(candidates), -np.inf, candidates)


def _limits(far: Real) -> Real:
    """Return the limit of each pair of far values, of shape (settings, tails, 2)."""
    near, end = far[..., 0], far[..., 1]
    with np.errstate(invalid="ignore"):  # inf − inf
        settled = np.abs(end - near) <= _TIE * np.maximum(1.0, np.abs(end))
    return np.where(
        np.abs(end) > _UNBOUNDED, np.copysign(np.inf, end), np.where(settled, end, np.nan)
    )


def _beside(f: Map, df: Map, at: Real, side: int) -> tuple[Real, Real]:
    """Return the one-sided limits of f and f′ at ``at``.

    A step of 1e-9 stays clear of the point where rounding picks the branch; the
    straight line through it brings the error down to the square of the step.
    """
    step = side * _BESIDE * np.maximum(1.0, np.abs(at))
    slope = 2 * df(at + step) - df(at + 2 * step)
    return f(at + step) - step * slope, slope


def _survey(activation: Activation, values: dict[str, Scalar]) -> _Survey:
    """Evaluate f′ on a grid that is dense at the anchors and reaches to ±16 000."""
    edges = break_table(activation, values)
    columns = {k: np.reshape(np.asarray(v, dtype=np.float64), (-1, 1)) for k, v in values.items()}

    def f(x: Real) -> Real:
        return np.asarray(activation.function(x, **columns), dtype=np.float64)

    def df(x: Real) -> Real:
        return np.asarray(activation.derivative(x, **columns), dtype=np.float64)

    anchors = np.where(np.isnan(edges), 0.0, edges)
    if not (anchors == 0).any(axis=1).all():
        anchors = np.hstack([anchors, np.zeros((len(anchors), 1))])
    anchors = np.sort(anchors, axis=1)
    widths = np.diff(anchors, axis=1)
    parts = [anchors[:, :1] - _OFFSETS[::-1]]
    parts += [
        anchors[:, i : i + 1] + widths[:, i : i + 1] * _FRACTIONS for i in range(widths.shape[1])
    ]
    parts += [anchors[:, -1:] + _OFFSETS]
    ends = np.cumsum([p.shape[1] for p in parts]).tolist()
    pieces = tuple(slice(a, b) for a, b in zip([0, *ends], ends, strict=False))
    x = np.hstack(parts)
    slopes = df(x)
    even = np.stack([np.ptp(slopes[:, p], axis=1) == 0 for p in pieces], axis=1)
    far = np.concatenate([-_FAR, _FAR])
    far_values, far_slopes = (
        np.broadcast_to(g(far), (len(edges), 4)).reshape(-1, 2, 2) for g in (f, df)
    )
    return _Survey(
        f=f,
        df=df,
        edges=edges,
        anchors=anchors,
        pieces=pieces,
        x=x,
        slopes=slopes,
        even=even,
        sides=(_beside(f, df, anchors, -1), _beside(f, df, anchors, +1)),
        tails=_limits(far_values),
        slope_tails=_limits(far_slopes),
    )


def _change(as_left: Callable[[Real], Flags], left: Real, right: Real) -> Real:
    """Return where ``as_left``, true at ``left`` and false at ``right`` > ``left``, changes.

    It is asked for several points between at once, along a new first axis.
    """
    fractions = np.reshape(_SIXTEENTHS, (-1, *(1,) * left.ndim))
    for _ in range(_CUTS if left.size else 0):
        between = left + (right - left) * fractions
        passed = np.logical_and.accumulate(as_left(between))
        left, right = (
            np.where(passed, between, left).max(axis=0),
            np.where(passed, right, between).min(axis=0),
        )
    return (left + right) / 2


def _nearest(mask: Flags, x: Real) -> tuple[Columns, Flags]:
    """Return the columns of the few marked points nearest to 0, and which are marked."""
    if not mask.any():
        nothing = np.zeros((len(x), 0), dtype=np.intp)
        return nothing, nothing.astype(bool)
    distance = np.where(mask, np.abs(x), np.inf)
    columns = np.argpartition(distance, _CANDIDATES, axis=1)[:, :_CANDIDATES]
    return columns, np.take_along_axis(mask, columns, axis=1)


def _stationary(s: _Survey) -> tuple[Real, Flags]:
    """Return (x, marked) of the points where f′ changes sign, the nearest to 0."""
    sign = np.sign(s.slopes)
    turns = (sign[:, :-1] != 0) & (sign[:, 1:] != sign[:, :-1])
    turns[:, s.joints] &= ~s.broken  # a kink is no stationary point; anchors are looked at anyway
    columns, marked = _nearest(turns, s.x[:, :-1])
    start = np.take_along_axis(sign, columns, axis=1)
    x = _change(
        lambda z: np.sign(s.df(z)) == start,
        np.take_along_axis(s.x, columns, axis=1),
        np.take_along_axis(s.x, columns + 1, axis=1),
    )
    return x, marked


def _extent(s: _Survey) -> tuple[_Extreme, _Extreme]:
    """Return the candidates for the largest −f and the largest f."""
    middle = s.x[:, s.middles]
    flat = s.even & (s.slopes[:, s.middles] == 0)
    turns, marked = _stationary(s)
    (left, _), (right, _) = s.sides
    ends = np.broadcast_to([-np.inf, np.inf], s.tails.shape)
    taken = np.hstack([s.f(s.anchors), np.where(flat, s.f(middle), np.nan)])
    limits = np.hstack([left, right, s.tails])
    peaks = np.where(marked, s.f(turns), np.nan)

    def among(sign: int) -> _Extreme:
        return _Extreme(
            taken=(_known(sign * taken), np.hstack([s.anchors, middle])),
            limits=(_known(sign * limits), np.hstack([s.anchors, s.anchors, ends])),
            peaks=(_known(sign * peaks), turns),
        )

    return among(-1), among(+1)


def _steepest(s: _Survey) -> _Extreme:
    """Return the candidates for the largest |f′|."""
    (_, left), (_, right) = s.sides
    low, high = s.bounds
    ends = np.broadcast_to([-np.inf, np.inf], s.slope_tails.shape)
    lines = np.where(s.even, np.abs(s.slopes[:, s.middles]), np.nan)
    limits = np.abs(np.hstack([left, right, s.slope_tails]))
    return _Extreme(
        taken=(
            _known(np.hstack([np.abs(s.df(s.anchors)), lines])),
            np.hstack([s.anchors, np.clip(0.0, low, high)]),
        ),
        limits=(
            _known(limits),
            np.hstack([s.anchors, s.anchors, ends]),
        ),
        peaks=_summits(s),
    )


def _summits(s: _Survey) -> tuple[Real, Real]:
    """Return the local maxima of |f′| nearest to 0, as (values, x)."""
    height = np.abs(s.slopes)
    summit = (height[:, 1:-1] >= height[:, :-2]) & (height[:, 1:-1] > height[:, 2:])
    for reach in (0, 1):
        summit[:, s.joints - reach] &= ~s.broken
    columns, marked = _nearest(summit, s.x[:, 1:-1])
    low, x, high = (np.take_along_axis(s.x, columns + i, axis=1) for i in range(3))
    step = np.where(high > low, (high - low) / 64, 1.0)
    offsets = np.arange(-2.0, 3.0)[:, None, None]
    for _ in range(_NEWTON_STEPS if x.size else 0):
        around = np.abs(s.df(x + offsets * step))
        rise, curve = weighed(weight_table((-2, -1, 0, 1, 2), (1, 2)), around)
        move = np.divide(rise, curve, out=np.zeros_like(rise), where=curve < 0)
        x = np.clip(x - move * step, low, high)
    return _known(np.where(marked, np.abs(s.df(x)), np.nan)), x


def normal_moments(
    function: Callable[[Real], FloatArray], breaks: tuple[float, ...] = ()
) -> tuple[float, float]:
    """Return mean and variance of ``function(z)`` for a standard normal z.

    Gauss–Legendre panels between the breaks, halved until neither number changes.
    """
    cuts = [-_REACH, *(b for b in sorted(set(breaks)) if abs(b) < _REACH), _REACH]
    before = (math.inf, math.inf)
    for size in 0.5 ** np.arange(1, 9):
        ends = np.unique(
            np.concatenate(
                [
                    np.linspace(a, b, math.ceil((b - a) / size) + 1)
                    for a, b in itertools.pairwise(cuts)
                ]
            )
        )
        half = np.diff(ends)[:, None] / 2
        z = (ends[:-1, None] + half) + half * _PANEL_NODES
        mass = half * _PANEL_WEIGHTS * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
        y = function(z)
        mean = float((mass * y).sum())
        now = (mean, float((mass * (y - mean) ** 2).sum()))
        if all(abs(a - b) <= 1e-12 * (1 + abs(a)) for a, b in zip(now, before, strict=True)):
            break
        before = now
    return now


_KINDS: dict[float, Join] = {-1: Join.JUMP, 0: Join.KINK, 1: Join.BEND}


def _joins(s: _Survey) -> tuple[list[Break], float]:
    """Return what happens at every break, and the number of continuous derivatives."""
    edges = s.edges[:1]
    before, after = rooms(edges)
    deeper = [one_sided(s.df, edges, d, r, _ORDERS) for d, r in ((-1, before), (1, after))]
    (f_left, df_left), (f_right, df_right) = (_beside(s.f, s.df, edges, d) for d in (-1, 1))
    found: list[Break] = []
    smoothness = math.inf
    for i, x in enumerate(edges[0].tolist()):
        value, gradient = (0.0 + float(g(edges)[0, i]) for g in (s.f, s.df))  # no −0
        values = [_snap(float(v[0, i]), value) for v in (f_left, f_right)]
        slopes = [_snap(float(v[0, i]), gradient) for v in (df_left, df_right)]
        continuous: float = -1
        if values == [value, value]:
            continuous = 0
            if abs(slopes[0] - slopes[1]) <= _JUMP * (1 + abs(slopes[0])):
                (left, left_error), (right, right_error) = (
                    (a[1:, 0, i], b[1:, 0, i]) for a, b in deeper
                )
                doubt = 1e-6 * (1 + np.abs(left)) + 20 * (left_error + right_error)
                broken = np.abs(left - right) > doubt
                continuous = 1 + int(broken.argmax()) if broken.any() else math.inf
        smoothness = min(smoothness, continuous)
        kind = _KINDS.get(continuous, Join.SMOOTH)
        found.append(Break(x, kind, values[0], value, values[1], slopes[0], gradient, slopes[1]))
    return found, smoothness


def _snap(limit: float, value: float) -> float:
    """Return ``value`` if the limit differs from it by no more than rounding."""
    return value if abs(limit - value) <= _JUMP * (1 + abs(value)) else limit


def _monotonicity(s: _Survey, joins: list[Break]) -> Monotonicity:
    steps = [
        b - a for j in joins for a, b in itertools.pairwise((j.value_left, j.value, j.value_right))
    ]
    rises = bool((s.slopes[0] > 0).any()) or max(steps, default=0) > 0
    falls = bool((s.slopes[0] < 0).any()) or min(steps, default=0) < 0
    flat = bool((s.even[0] & (s.slopes[0, s.middles] == 0)).any())
    if rises and falls:
        return Monotonicity.NOT_MONOTONE
    if rises:
        return Monotonicity.NON_DECREASING if flat else Monotonicity.INCREASING
    if falls:
        return Monotonicity.NON_INCREASING if flat else Monotonicity.DECREASING
    return Monotonicity.CONSTANT


def _parity(s: _Survey) -> Parity:
    edges = np.abs(s.edges[0][~np.isnan(s.edges[0])])
    x = np.concatenate([_OFFSETS, edges, edges * (1 - _BESIDE), edges * (1 + _BESIDE)])
    right, left = s.f(x[None])[0], s.f(-x[None])[0]
    scale = _TIE * (np.abs(right) + np.abs(left))
    if (np.abs(right - left) <= scale).all():
        return Parity.EVEN
    return Parity.ODD if (np.abs(right + left) <= scale).all() else Parity.NEITHER


def _stretches(s: _Survey) -> Callable[[float], tuple[Interval, ...]]:
    """Return what tells for a threshold where |f′| is below it."""

    def slope(x: Real) -> Real:
        return np.asarray(s.df(x[None])[0], dtype=np.float64)

    edges = s.edges[0][~np.isnan(s.edges[0])]
    beside = 2 * _BESIDE * np.maximum(1.0, np.abs(edges))
    x = np.concatenate([s.x[0], np.linspace(-WINDOW, WINDOW, 1281), s.anchors[0]])
    x = np.unique(np.concatenate([x, edges - beside, edges + beside]))
    left, right = np.isnan(s.slope_tails[0]).tolist()
    x = x[(x >= (-WINDOW if left else -np.inf)) & (x <= (WINDOW if right else np.inf))]
    # A steep zero of f′ may be narrower than the grid: put a point on each.
    sign = np.sign(slope(x))
    i = np.nonzero(sign[:-1] * sign[1:] < 0)[0]
    x = np.unique(
        np.concatenate([x, _change(lambda z: np.sign(slope(z)) == sign[i], x[i], x[i + 1])])
    )
    steepness = np.abs(slope(x))

    def below(threshold: float) -> tuple[Interval, ...]:
        low = steepness < threshold
        i = np.nonzero(low[:-1] != low[1:])[0]
        ends = _change(lambda z: (np.abs(slope(z)) < threshold) == low[i], x[i], x[i + 1])
        closed = np.zeros(ends.shape, dtype=bool)
        for b, near in zip(edges, beside, strict=True):
            there = np.abs(ends - b) <= near
            ends[there] = b
            closed[there] = abs(slope(np.array([b]))[0]) < threshold
        marks = list(zip(ends.tolist(), closed.tolist(), strict=True))
        if low[0]:
            marks.insert(0, (float(x[0]), True) if left else (-math.inf, False))
        if low[-1]:
            marks.append((float(x[-1]), True) if right else (math.inf, False))
        return tuple(
            Interval(start, end, start_closed, end_closed)
            for (start, start_closed), (end, end_closed) in zip(
                marks[::2], marks[1::2], strict=True
            )
            if start < end
        )

    return below


def _least(s: _Survey) -> Real:
    """Return the greatest lower bound of |f′|, for each setting."""
    low, high = s.bounds
    slopes = [s.slopes[:, p] for p in s.pieces]
    below, above = (np.stack([f(p, axis=1) for p in slopes], axis=1) for f in (np.min, np.max))
    # Where f′ has both signs it passes 0, if not at a point of the grid.
    least = np.maximum(np.maximum(below, -above), 0.0)
    least = np.where(high > low, least, np.inf)
    found: Real = np.nanmin(np.hstack([least, np.abs(s.slope_tails)]), axis=1)
    return found


def _dead_share(s: _Survey) -> Real:
    flat = s.even & (s.slopes[:, s.middles] == 0)
    low, high = s.bounds
    # On the right the difference of the small tails keeps the digits.
    low, high = np.where(low > 0, -high, low), np.where(low > 0, -low, high)
    share: Real = np.where(flat, ndtr(high) - ndtr(low), 0.0).sum(axis=1)
    return share


def _gradient_at_zero(s: _Survey) -> Real:
    return 0.0 + np.broadcast_to(s.df(np.zeros((1, 1))), (len(s.edges), 1))[:, 0]  # no −0


def facts(
    activation: Activation, /, *, saturated_below: float = SATURATED_BELOW, **parameters: float
) -> Facts:
    """Compute the facts of ``activation`` at the given parameters.

    Raises as calling the activation does.
    """
    values = activation.resolve(parameters)
    s = _survey(activation, values)
    (low, high), steepest = _extent(s), _steepest(s)
    joins, smoothness = _joins(s)
    max_gradient = float(steepest.value()[0])
    at, reached = steepest.place()
    mean, variance = normal_moments(s.f, tuple(j.x for j in joins))
    jumps = any(j.kind is Join.JUMP for j in joins)
    return Facts(
        range=Interval(
            low=float(0.0 - low.value()[0]),  # not −low: it would print 0 as −0
            high=float(0.0 + high.value()[0]),
            low_closed=low.place()[1],
            high_closed=high.place()[1],
        ),
        max_gradient=max_gradient,
        max_gradient_at=at,
        max_gradient_reached=reached,
        least_gradient=float(_least(s)[0]),
        gradient_at_zero=float(_gradient_at_zero(s)[0]),
        monotonicity=_monotonicity(s, joins),
        parity=_parity(s),
        normal_mean=mean,
        normal_variance=variance,
        lipschitz=math.inf if jumps else max_gradient,
        breaks=tuple(j for j in joins if j.kind is not Join.SMOOTH),
        saturation=_stretches(s)(saturated_below),
        smoothness=smoothness,
        dead_share=float(_dead_share(s)[0]),
    )


def saturation(
    activation: Activation, /, *, below: float, **parameters: float
) -> tuple[Interval, ...]:
    """Compute where |f′| < ``below``, as :func:`facts` does. Raises as the activation does."""
    return saturations(activation, **parameters)(below)


def saturations(
    activation: Activation, /, **parameters: float
) -> Callable[[float], tuple[Interval, ...]]:
    """Return :func:`saturation` as a function of ``below`` alone, to ask for one after another.

    An answer then takes less than half the time. Raises as the activation does.
    """
    return _stretches(_survey(activation, activation.resolve(parameters)))


def headlines(activation: Activation, /, **parameters: Scalar) -> Headlines:
    """Compute the headline facts for a whole sweep at once.

    Parameters may be arrays of shape (settings,); the results have that shape, (1,) if
    all are numbers. Raises as calling the activation does.
    """
    s = _survey(activation, activation.resolve(parameters))
    low, high = _extent(s)
    return Headlines(
        range_low=0.0 - low.value(),
        range_high=0.0 + high.value(),
        low_closed=low.reached(),
        high_closed=high.reached(),
        max_gradient=_steepest(s).value(),
        least_gradient=_least(s),
        gradient_at_zero=_gradient_at_zero(s),
        dead_share=_dead_share(s),
    )
