"""Fits under losses that are not convex: descents from several starts."""

import math
from typing import NamedTuple

import numpy as np

from core.fits.convex import plain_fits
from core.fits.newton import Ends, descend
from core.fits.penalty import Penalties, Rows
from core.fits.points import Lines, Points, least_squares, repeated
from core.numeric import Real

_SAMPLE = 1024  # points, of more, that decide which starts are worth following
_WORK = 2**18  # residuals that the search for starts may look at
_REFINED = 4  # starts from the data are followed to their minimum
_ALIKE = 100.0  # starts closer than so many times what parts two minima count as one
_TOGETHER = 2  # steps after which descents that have met go on as one
_MET = 0.1  # they have met: the same for what they have reached
_EASING = 4.0  # the factor by which a stretched loss nears its true scale
_FINEST = 2.0**-30  # of the largest residual: smaller ones count as 0 in the search
_OCTAVE = 4  # places to an octave at which the search looks up a loss


class Lowest(NamedTuple):
    """The lowest minimum found, and how: the counts are of starts and of minima."""

    a: float
    b: float
    iterations: int
    converged: bool
    unique: bool
    starts: int
    minima: int


def fit_several(penalties: Penalties, points: Points) -> list[Lowest]:
    """Fit each loss from several starts, and return the lowest minimum of each.

    The starts: the plain fits; the end of a path along which the loss is stretched so far
    that it is nearly a parabola over the data, and let go step by step (graduated
    non-convexity, Blake and Zisserman 1987); and the best of many constants or lines
    through the data themselves. Of many points a sample shows which starts are worth it.
    """
    few = points.sample(_SAMPLE)
    size = penalties.size
    starts = [*_through_data(penalties, few), _eased(penalties, few)]
    starts += [repeated(line, size) for line in plain_fits(few)]
    lines = Lines(np.concatenate([s.a for s in starts]), np.concatenate([s.b for s in starts]))
    near = _near(penalties, few)
    owners = np.tile(np.arange(size), len(starts))
    kept = _apart(lines, owners, np.arange(owners.size), _ALIKE * near[owners])
    owners = owners[kept]
    first = descend(penalties.take(owners), few, lines.take(kept), steps=_TOGETHER)
    steps = np.bincount(owners, first.steps, size).astype(np.intp)
    kept = _apart(first.lines, owners, first.value, _MET * near[owners])
    owners = owners[kept]
    ends = descend(penalties.take(owners), few, first.lines.take(kept))
    steps += np.bincount(owners, ends.steps, size).astype(np.intp)
    minima = _distinct(penalties, few, ends, owners)
    if few is not points:
        kept = np.concatenate([found[:_REFINED] for found in minima])
        owners = owners[kept]
        ends = descend(penalties.take(owners), points, ends.lines.take(kept))
        steps += np.bincount(owners, ends.steps, size).astype(np.intp)
        minima = _distinct(penalties, points, ends, owners)
    lowest = []
    for found, count in zip(minima, steps.tolist(), strict=True):
        best, others = found[0], found[1:]
        alone = np.all(ends.value[others] - ends.value[best] > ends.noise[best])
        lowest.append(
            Lowest(
                a=float(ends.a[best]),
                b=float(ends.b[best]),
                iterations=count,
                converged=bool(ends.settled[best]),
                unique=bool(alone),
                starts=len(starts),
                minima=len(found),
            )
        )
    return lowest


def _apart(lines: Lines, owners: Rows, rank: Real | Rows, tolerance: Real) -> Rows:
    """Return the lines of each loss that are further apart than the tolerance.

    Of lines closer than that the one that ranks first is kept.
    """
    order = np.lexsort((rank, owners))
    a, b, owner, tolerance = lines.a[order], lines.b[order], owners[order], tolerance[order]
    known = np.zeros(order.size, dtype=bool)
    for back in range(1, np.bincount(owners).max(initial=1)):
        distance = np.abs(a[back:] - a[:-back]) + np.abs(b[back:] - b[:-back])
        known[back:] |= (owner[back:] == owner[:-back]) & (distance <= tolerance[back:])
    return order[~known]


def _near(penalties: Penalties, points: Points) -> Real:
    """Return how close two minima of each loss may be and still count as one."""
    return np.asarray(1e-3 * np.minimum(penalties.scale, np.abs(points.y).max()))


def _distinct(penalties: Penalties, points: Points, ends: Ends, owners: Rows) -> list[list[int]]:
    """Return for each loss which ends of its descents are different minima, lowest first.

    A descent that starts on a maximum, as the middle of symmetric data may be, stays there:
    it is known by a curvature that is not positive.
    """
    near = _near(penalties, points)
    minima: list[list[int]] = [[] for _ in range(penalties.size)]
    a, b = ends.lines.a.tolist(), ends.lines.b.tolist()
    for end in np.argsort(ends.value, kind="stable").tolist():
        found, apart = minima[owners[end]], near[owners[end]]
        if (ends.bowl[end] or not found) and all(
            abs(a[end] - a[m]) + abs(b[end] - b[m]) > apart for m in found
        ):
            found.append(end)
    return minima


def _eased(penalties: Penalties, points: Points) -> Lines:
    """Follow each best line while the stretched loss comes back to its true scale."""
    start = least_squares(points)
    lines = repeated(start, penalties.size)
    reach = np.abs(points.residuals(start)).max()
    factor = np.maximum(4 * reach / penalties.scale, 1.0)
    rows = np.flatnonzero(factor > 1)
    while rows.size:
        stretched = penalties.take(rows).stretched(factor[rows])
        ends = descend(stretched, points, lines.take(rows), steps=2)
        lines.a[rows], lines.b[rows] = ends.a, ends.b
        factor[rows] /= _EASING
        rows = rows[factor[rows] > 1]
    return lines


def _through_data(penalties: Penalties, points: Points) -> list[Lines]:
    """Return the few best of many constants, or of lines through two points, of the data."""
    lines = _candidates(points)
    places, weights = _look_up(points.residuals(lines))
    chosen = []
    for losses in penalties.rho(np.broadcast_to(places, (penalties.size, places.size))):
        values = weights @ losses
        if not points.sloped:
            # Neighbours lead to the same minimum: look only at those lower than theirs.
            padded = np.concatenate([[np.inf], values, [np.inf]])
            values = np.where((values <= padded[:-2]) & (values <= padded[2:]), values, np.inf)
        chosen.append(np.argsort(values, kind="stable")[:_REFINED])
    return [lines.take(one) for one in np.transpose(chosen)]


def _candidates(points: Points) -> Lines:
    """Return constants or lines through the data, in ascending order if constants."""
    n = points.y.size
    count = max(_WORK // n, 32)
    if not points.sloped:
        values = np.unique(points.y)
        a = values[np.unique(np.linspace(0, values.size - 1, count).round().astype(np.intp))]
        return Lines(a, np.zeros_like(a))
    if n * (n - 1) // 2 <= count:
        i, j = np.triu_indices(n, 1)
    else:
        # A fixed seed: the same data have the same fit.
        i, j = np.random.default_rng(0).integers(n, size=(2, count))
    i, j = i[points.u[i] != points.u[j]], j[points.u[i] != points.u[j]]
    b = (points.y[j] - points.y[i]) / (points.u[j] - points.u[i])
    return Lines(points.y[i] - b * points.u[i], b)


def _look_up(residuals: Real) -> tuple[Real, Real]:
    """Return places p and weights W such that W ρ(p) is close to Σ ρ(r), line by line.

    ρ is interpolated between places that grow by a fixed factor. Nobody's fit depends on
    how close: this ranks starts. It makes one table of the data do for every loss.
    """
    reach = float(np.abs(residuals).max()) or 1.0
    count = round(-math.log2(_FINEST) * _OCTAVE)
    sizes = reach * np.geomspace(_FINEST, 1.0, count + 1)
    places = np.concatenate([-sizes[::-1], [0.0], sizes])
    left = np.clip(np.searchsorted(places, residuals) - 1, 0, places.size - 2)
    share = (residuals - places[left]) / (places[left + 1] - places[left])
    row = np.arange(len(residuals))[:, None] * places.size
    flat = (row + left).ravel()
    length = len(residuals) * places.size
    weights: Real = np.bincount(flat, (1 - share).ravel(), length).astype(np.float64)
    weights += np.bincount(flat + 1, share.ravel(), length)
    return places, weights.reshape(len(residuals), places.size)
