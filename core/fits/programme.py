"""Lines and constants under a loss of two straight branches: linear programmes."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.fits.points import EPS, ROUNDING, TINY, Lines, Points, least_squares, one_line
from core.numeric import Real

_CUTS = 400  # of the bracket around the slope; 130 are ever needed
_PIVOTS = 100
_TABLE = 2**20  # residuals of the lines through two points that may be looked at together


class Vertex(NamedTuple):
    """A best line a + b·u: how many slopes were tried, and what is known of it."""

    a: float
    b: float
    iterations: int
    converged: bool
    unique: bool


def middle(low: float, high: float) -> float:
    """Return the middle of an interval, without overflow."""
    return low + (high - low) / 2


def quantile(values: Real, tau: float) -> tuple[float, float]:
    """Return the ends of the interval of τ-quantiles.

    A constant c is one iff at most τn values are smaller and at most (1 − τ)n larger.
    """
    ordered = np.sort(values)
    below = tau * values.size
    k = round(below)
    if abs(below - k) <= 1e-9 and 0 < k < values.size:
        return float(ordered[k - 1]), float(ordered[k])
    k = min(math.floor(below), values.size - 1)
    return float(ordered[k]), float(ordered[k])


def least_absolutes(points: Points, levels: Sequence[float]) -> list[Vertex]:
    """Return the line with the least Σ ρ(r) for each of the levels τ, as ``least_absolute`` does.

    Some best line goes through two of the points. Of few points all such lines are tried at
    once for all levels: with P the sum of a line's positive residuals and R that of all, its
    loss is P − τR. Where rounding hides which one is best, the programme is solved.
    """
    n = points.y.size
    if n * n * (n - 1) // 2 > _TABLE:
        return [least_absolute(points, tau) for tau in levels]
    i, j = np.triu_indices(n, 1)
    i, j = i[points.u[i] != points.u[j]], j[points.u[i] != points.u[j]]
    b = (points.y[j] - points.y[i]) / (points.u[j] - points.u[i])
    lines = Lines(points.y[i] - b * points.u[i], b)
    r = points.residuals(lines)
    above, total = np.maximum(r, 0.0).sum(axis=1), r.sum(axis=1)
    best = [int((above - tau * total).argmin()) for tau in levels]
    found: dict[int, Vertex] = {}
    for line in set(best):
        places = [place for place, chosen in enumerate(best) if chosen == line]
        some = np.array([levels[place] for place in places])
        checks = _checked(points, some, lines.take(np.array([line])))
        for place, (converged, unique) in zip(places, checks, strict=True):
            found[place] = (
                Vertex(float(lines.a[line]), float(b[line]), b.size, True, unique)
                if converged
                else least_absolute(points, levels[place])
            )
    return [found[place] for place in range(len(levels))]


def _checked(points: Points, levels: Real, line: Lines) -> list[tuple[bool, bool]]:
    """Tell for each level whether a line through some points is a best one, and the only one.

    It is where so many points lie below it that those on it can make up for the rest, and
    the loss, as in a :class:`_Section`, does not fall towards either side.
    """
    gap = -points.residuals(line)[0]
    margin = ROUNDING * points.rounding(line)[0]
    # The line is as exact as the points that it was drawn through.
    margin = margin + margin.max(where=np.abs(gap) <= margin, initial=0.0)
    tied = np.abs(gap) <= margin
    below = (gap < 0) & ~tied
    ends = np.sort(points.u[tied])
    slack = 1e-13 * float(np.abs(points.u).sum())
    excess = levels * points.u.size - np.count_nonzero(below)
    filled = np.clip(excess[:, None] - np.arange(ends.size), 0.0, 1.0)
    base = points.u[below].sum() - levels * points.u.sum()
    left, right = base + (filled * ends).sum(axis=1), base + (filled * ends[::-1]).sum(axis=1)
    sure = 1e-9 * np.maximum(1.0, excess)
    converged = (left <= slack) & (right >= -slack)
    converged &= (-sure <= excess) & (excess <= ends.size + sure)
    # If the line could be shifted, it could be tilted too: the slope alone decides.
    unique = (left < -slack) & (right > slack)
    return list(zip(converged.tolist(), unique.tolist(), strict=True))


def least_absolute(points: Points, tau: float) -> Vertex:
    """Return the line with the least Σ ρ(r), where ρ has slope −τ below 0 and 1 − τ above.

    The best slope is bracketed by the sign of the derivative. The bracket is cut where the
    tangents of its ends meet, which in the end is a vertex of the programme, and by
    bisection. What rounding leaves is mended by pivoting: the best line through one given
    point is a weighted median of slopes (Laplace 1793; Barrodale and Roberts 1973). Last,
    optimality is checked on its own, by the pulls of the points on the line.
    """
    slack = 1e-13 * float(np.abs(points.u).sum())
    low, high, count = _bracket(points, tau, slack)
    a, b, value = low.a, low.b, math.inf
    pending, tried = [low.active, high.active], set[int]()
    while pending and len(tried) < _PIVOTS:
        through = pending.pop()
        if through in tried:
            continue
        tried.add(through)
        slope, other = _pivot(points, tau, through)
        height = float(points.y[through] - slope * points.u[through])
        r = points.residuals(one_line(height, slope))
        here = float((np.maximum(r, 0.0) - tau * r).sum())
        if here < value:
            a, b, value = height, slope, here
            pending.append(other)
    line = Lines(np.array([a]), np.array([b]))
    ((converged, unique),) = _checked(points, np.array([tau]), line)
    return Vertex(a, b, count + len(tried), converged, unique)


class _Section(NamedTuple):
    """The best line of a given slope: one point that it meets, and d loss / d slope.

    The loss of the best line is a convex function of the slope, with ``left`` and
    ``right`` its one-sided derivatives.
    """

    a: float
    b: float
    active: int
    value: float
    left: float
    right: float


def _section(points: Points, tau: float, b: float) -> _Section:
    """Return the best line with slope b.

    A point above the line pulls with −τ, one below with 1 − τ, and those on the line
    share what balances the rest, each between these two. The derivative with respect to
    the slope is Σ pull·u, smallest and largest where that rest goes to one end.
    """
    u, n = points.u, points.u.size
    z = points.y - b * u
    k = min(max(math.ceil(tau * n - 1e-9) - 1, 0), n - 1)
    active = int(np.argpartition(z, k)[k])
    a = float(z[active])
    gap = z - a
    tied, below = gap == 0, gap < 0
    ends = np.sort(u[tied])
    excess = tau * n - np.count_nonzero(below)
    filled = np.clip(excess - np.arange(ends.size), 0.0, 1.0)
    base = u[below].sum() - tau * u.sum()
    return _Section(
        a=a,
        b=b,
        active=active,
        value=float((tau * gap - np.minimum(gap, 0.0)).sum()),
        left=float(base + filled @ ends),
        right=float(base + filled @ ends[::-1]),
    )


def _bracket(points: Points, tau: float, slack: float) -> tuple[_Section, _Section, int]:
    """Return the best lines of two slopes around the best one, and how many were tried.

    The two are the same where the slope is the best one already. Otherwise they are so
    close that no residual tells them apart.
    """
    start = least_squares(points)
    low = high = _section(points, tau, float(start.b))
    reach = float(np.abs(points.residuals(start)).max())
    step = max(reach / 8, EPS * float(np.abs(points.y).max()), TINY)
    count = 1
    while low.left > slack:
        high, low = low, _section(points, tau, low.b - step)
        step, count = 2 * step, count + 1
    while high.right < -slack:
        low, high = high, _section(points, tau, high.b + step)
        step, count = 2 * step, count + 1
    while count < _CUTS:
        if low.right >= -slack:
            return low, low, count
        if high.left <= slack:
            return high, high, count
        width = high.b - low.b
        if width <= EPS**2 * step:
            break
        # In turn: where the tangents meet is exact in the end, the middle is never slow.
        rise = (high.value - low.value - high.left * width) / (low.right - high.left)
        b = low.b + (rise if count % 2 else width / 2)
        if not low.b < b < high.b:
            b = middle(low.b, high.b)
            if not low.b < b < high.b:
                break
        section = _section(points, tau, b)
        if section.right < -slack:
            low = section
        elif section.left > slack:
            high = section
        else:
            low = high = section
        count += 1
    return low, high, count


def _pivot(points: Points, tau: float, through: int) -> tuple[float, int]:
    """Return the best slope of a line through one point, and another point that it meets.

    The slopes to the other points, with weights |Δu|, are the kinks of a convex function
    of the slope. A point with the same u as this one does not matter.
    """
    du = points.u - points.u[through]
    beside = np.flatnonzero(du)
    du = du[beside]
    slopes = (points.y[beside] - points.y[through]) / du
    order = np.argsort(slopes)
    weight = np.abs(du)
    before = -(np.where(du > 0, tau, 1 - tau) @ weight)
    at = int(np.searchsorted(np.cumsum(weight[order]), -before * (1 - 1e-13)))
    best = int(order[min(at, order.size - 1)])
    return float(slopes[best]), int(beside[best])
