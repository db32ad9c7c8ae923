"""Fits under convex losses that are neither a parabola nor two lines."""

import math

import numpy as np

from core.fits.newton import Ends, Flags, descend, state
from core.fits.penalty import Penalties, Rows
from core.fits.points import Lines, Points, least_squares, one_line, repeated
from core.fits.programme import least_absolutes, middle, quantile
from core.numeric import Real


def plain_fits(points: Points) -> list[Lines]:
    """Return the best lines, or constants, under the squared and the absolute error."""
    if points.sloped:
        (best,) = least_absolutes(points, [0.5])
        return [least_squares(points), one_line(best.a, best.b)]
    return [least_squares(points), one_line(middle(*quantile(points.y, 0.5)), 0.0)]


def fit_convex(penalties: Penalties, points: Points) -> Ends:
    """Fit each loss, from whichever of the two plain fits it likes better."""
    starts = [repeated(line, penalties.size) for line in plain_fits(points)]
    squared, absolute = (penalties.rho(points.residuals(one)).sum(axis=1) for one in starts)
    first, second = starts
    nearer = absolute < squared
    lines = Lines(np.where(nearer, second.a, first.a), np.where(nearer, second.b, first.b))
    return descend(penalties, points, lines)


def are_alone(penalties: Penalties, points: Points, lines: Lines) -> Flags:
    """Tell whether best lines of convex losses are the only ones.

    A convex loss that is one formula everywhere bends everywhere, so its line is. One with
    straight branches leaves a line free to move if at most one point's residual is on a
    bent branch: then a short way is gone along what is left, to see if the pulls change.
    """
    alone = np.ones(penalties.size, dtype=bool)
    broken = np.flatnonzero([bool(penalties.breaks(row)) for row in range(penalties.size)])
    if not broken.size or not points.sloped:
        return alone
    there = state(penalties.take(broken), points, lines.take(broken))
    bent = there.curvatures > 1e-6 * penalties.stiffness[broken, None]
    for row, bends in zip(broken.tolist(), bent, strict=True):
        u = points.u[bends]
        if u.size and np.ptp(u) > 0:
            continue
        angles = np.arange(16) * math.pi / 8
        ways = Lines(np.cos(angles), np.sin(angles))
        if u.size:
            ways = Lines(np.array([-u[0], u[0]]), np.array([1.0, -1.0]))
        far = 2.0**-20 * penalties.scale[row]
        tried = Lines(lines.a[row] + far * ways.a, lines.b[row] + far * ways.b)
        same = penalties.take(np.full(ways.a.size, row))
        alone[row] = not np.any(state(same, points, tried).imbalance <= 1)
    return alone


def flat_ends(penalties: Penalties, points: Points, centres: Real) -> list[tuple[float, float]]:
    """Return the ends of the interval of best constants under each of the convex losses.

    It can only be more than a point where the loss has straight branches, and ends where
    a residual comes to a break.
    """
    owners, corners = _near_corners(penalties, points, centres)
    there = state(penalties.take(owners), points, Lines(corners, np.zeros_like(corners)))
    balanced = there.imbalance <= 1
    ends = []
    for row, centre in enumerate(centres.tolist()):
        flat = np.flatnonzero(balanced & (owners == row))
        low, high = centre, centre
        if flat.size >= 2:
            width = float(corners[flat[-1]] - corners[flat[0]])
            if penalties.stiffness[row] * width > 16 * there.push_slack[flat[0]]:
                low, high = float(corners[flat[0]]), float(corners[flat[-1]])
        ends.append((low, high))
    return ends


def _near_corners(penalties: Penalties, points: Points, centres: Real) -> tuple[Rows, Real]:
    """Return the constants next to each centre at which a residual comes to a break."""
    owners, found = [], []
    heights = np.unique(points.y)
    for row, centre in enumerate(centres.tolist()):
        # Of each break a few points more than are wanted: the difference here is rounded.
        near = []
        for one in penalties.breaks(row):
            at = int(np.searchsorted(heights, centre - one))
            near.append(heights[max(at - 3, 0) : at + 3] + one)
        corners = np.unique(np.concatenate(near)) if near else heights[:0]
        at = int(np.searchsorted(corners, centre))
        found.append(corners[max(at - 2, 0) : at + 2])
        owners.append(np.full(found[-1].size, row))
    return np.concatenate(owners), np.concatenate(found)
