"""Newton's method as reweighted least squares, for many lines at once.

Every row of the arrays is a descent of its own: one loss, one line. A row that has arrived
is left out of the work, and no sum runs over rows, so that a descent ends at the same line,
to the last bit, whatever goes on beside it.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.fits.penalty import Penalties, Rows, Shape
from core.fits.points import EPS, ROUNDING, TINY, Lines, Points
from core.numeric import Real

STEPS = 200
"""A descent that needs more says that it has not converged."""

_PATIENCE = 20  # steps without a change of value beyond rounding
_BLENDS = (0.0, 1 / 16, 1.0)  # between the weights of Newton and of Holland and Welsch
_SEARCH = 200  # evaluations of the derivative along one step

Flags = npt.NDArray[np.bool_]


class State(NamedTuple):
    """Lines with all that a step from them needs, row by row.

    ``pulls`` are ψ(r) and ``curvatures`` ψ′(r), of shape (B, n) as the residuals are; the
    rest has shape (B,). ``push`` and ``turn`` are the gradient, Σψ and Σψu, and the slacks
    what rounding may leave of either at the best line; ``noise`` is what it may change of
    the value.
    """

    a: Real
    b: Real
    residuals: Real
    pulls: Real
    curvatures: Real
    value: Real
    push: Real
    turn: Real
    push_slack: Real
    turn_slack: Real
    noise: Real

    @property
    def lines(self) -> Lines:
        """The lines alone."""
        return Lines(self.a, self.b)

    @property
    def imbalance(self) -> Real:
        """How far the pulls are from balance, in units of what rounding may leave."""
        push = np.abs(self.push) / np.maximum(self.push_slack, TINY)
        return np.maximum(push, np.abs(self.turn) / np.maximum(self.turn_slack, TINY))

    def along(self, step: Lines) -> Real:
        """Return d loss / d step."""
        return self.push * step.a + self.turn * step.b

    def take(self, rows: Rows | Flags) -> "State":
        """Return these rows only."""
        return State(*(field[rows] for field in self))

    def put(self, rows: Rows, other: "State", chosen: Flags) -> None:
        """Write the chosen rows of another state over these rows."""
        for mine, theirs in zip(self, other, strict=True):
            mine[rows[chosen]] = theirs[chosen]


class Ends(NamedTuple):
    """Where descents ended, row by row.

    ``settled`` is whether the pulls balance there, or nothing but rounding is left to gain;
    ``bowl`` whether the loss bends upwards there, as it does not on a maximum.
    """

    a: Real
    b: Real
    value: Real
    noise: Real
    steps: npt.NDArray[np.intp]
    settled: Flags
    bowl: Flags

    @property
    def lines(self) -> Lines:
        """The lines alone."""
        return Lines(self.a, self.b)


def state(penalties: Penalties, points: Points, lines: Lines) -> State:
    """Return what is to be known of lines, one for each of the penalties."""
    r = points.residuals(lines)
    size = np.abs(r)
    pulls = penalties.psi(r)
    # ψ′ by a difference wide enough to lose only half of the digits: it steers the steps,
    # but whether they have arrived is read from ψ alone.
    reach = np.minimum(penalties.scale, size.max(axis=1))[:, None]
    step = np.maximum(2.0**-20 * np.maximum(size, reach), TINY)
    curvatures = (penalties.psi(r + step) - pulls) / step
    moved = points.rounding(lines)
    strength = np.abs(pulls)
    error = ROUNDING * (EPS * strength + np.abs(curvatures) * moved)
    value = penalties.rho(r).sum(axis=1)
    return State(
        a=lines.a,
        b=lines.b,
        residuals=r,
        pulls=pulls,
        curvatures=curvatures,
        value=value,
        push=pulls.sum(axis=1),
        turn=(pulls * points.u).sum(axis=1),
        push_slack=error.sum(axis=1),
        turn_slack=(error * np.abs(points.u)).sum(axis=1),
        noise=ROUNDING * (EPS * value + (strength * moved).sum(axis=1)),
    )


def descend(penalties: Penalties, points: Points, lines: Lines, steps: int = STEPS) -> Ends:
    """Follow each loss down from its line.

    A descent has arrived where the pulls balance, or where for ``_PATIENCE`` steps the
    value has only changed by rounding: there the minimum is so flat that the lines near it
    cannot be told apart.
    """
    here = state(penalties, points, lines)
    best = State(*(field.copy() for field in here))
    taken = np.full(penalties.size, steps)
    settled = np.zeros(penalties.size, dtype=bool)
    mark, patience = here.value.copy(), np.full(penalties.size, _PATIENCE)
    rows = np.arange(penalties.size)
    for count in range(steps):
        arrived = (best.imbalance[rows] <= 1) | (patience[rows] == 0)
        taken[rows[arrived]] = count
        settled[rows[arrived]] = True
        rows, here = rows[~arrived], here.take(~arrived)
        if not rows.size:
            break
        here, found = _advance(penalties.take(rows), points, here)
        taken[rows[~found]] = count
        rows, here = rows[found], here.take(found)
        lower = here.value < mark[rows] - here.noise
        mark[rows[lower]] = here.value[lower]
        patience[rows] = np.where(lower, _PATIENCE, patience[rows] - 1)
        best.put(rows, here, lower | (here.imbalance < best.imbalance[rows]))
    settled[rows] = best.imbalance[rows] <= 1
    bowl = _step(points, best, best.curvatures)[1]
    return Ends(best.a, best.b, best.value, best.noise, taken, settled, bowl)


def _step(points: Points, here: State, weights: Real) -> tuple[Lines, Flags]:
    """Return the steps of weighted least squares, and where the weights determine one."""
    total = weights.sum(axis=1)
    # Rows without a step divide by 0, and are masked.
    with np.errstate(all="ignore"):
        if not points.sloped:
            return Lines(-here.push / total, np.zeros_like(total)), total > 0
        centre = (weights * points.u).sum(axis=1) / total
        u = points.u - centre[:, None]
        spread = (weights * u * u).sum(axis=1)
        b = -(here.pulls * u).sum(axis=1) / spread
        return Lines(-here.push / total - centre * b, b), (total > 0) & (spread > 1e-24 * total)


def _directions(penalties: Penalties, here: State, number: int) -> Real:
    """Return the weights of one of the steps to try, from Newton's to Holland and Welsch's."""
    if penalties.shape is not Shape.CONVEX:
        number -= 1
        if number < 0:
            # Where the loss bends back, ψ′ < 0: Newton's weights proper, if they lead down.
            return here.curvatures
    newton = np.maximum(here.curvatures, 0.0)
    blend = _BLENDS[number]
    if blend == 0:
        return newton
    chord = np.broadcast_to(penalties.stiffness[:, None], newton.shape).copy()
    np.divide(here.pulls, here.residuals, out=chord, where=np.abs(here.residuals) > TINY)
    return newton + blend * (chord - newton)


def _balance_along(penalties: Penalties, points: Points, here: State, step: Lines) -> Real:
    """Return a multiple of each step at which d loss / d step has fallen by half, or more.

    Of a convex loss this derivative only rises, so that its sign alone brackets the
    minimum. The value could not: one outlier's loss drowns the changes of all others.
    """
    start = here.along(step)
    low, high = np.zeros_like(start), np.full_like(start, math.inf)
    t = np.ones_like(start)
    rows = np.arange(start.size)
    for _ in range(_SEARCH):
        a, b = step.a[rows], step.b[rows]
        lines = Lines(here.a[rows] + t[rows] * a, here.b[rows] + t[rows] * b)
        way = a[:, None] + b[:, None] * points.u
        slope = (penalties.take(rows).psi(points.residuals(lines)) * way).sum(axis=1)
        far = np.abs(slope) > -start[rows] / 2
        rows, below = rows[far], slope[far] < 0
        if not rows.size:
            break
        low[rows[below]] = t[rows[below]]
        high[rows[~below]] = t[rows[~below]]
        open_ended = high[rows] == math.inf
        middle = low[rows] + (high[rows] - low[rows]) / 2
        t[rows] = np.where(open_ended, 2 * t[rows], middle)
    return t


def _advance(penalties: Penalties, points: Points, here: State) -> tuple[State, Flags]:
    """Return better lines, and where there are any: elsewhere rounding hides them."""
    convex = penalties.shape is Shape.CONVEX
    result = State(*(field.copy() for field in here))
    found = np.zeros(penalties.size, dtype=bool)
    pending = np.arange(penalties.size)
    for number in range(len(_BLENDS) + (not convex)):
        now, losses = here.take(pending), penalties.take(pending)
        step, sound = _step(points, now, _directions(losses, now, number))
        with np.errstate(invalid="ignore"):  # of steps that are not sound
            sound &= now.along(step) < 0
        tried = np.flatnonzero(sound)
        now, losses, step = now.take(tried), losses.take(tried), step.take(tried)
        t = _balance_along(losses, points, now, step) if convex else np.ones(tried.size)
        lines = Lines(now.a + t * step.a, now.b + t * step.b)
        moved = (lines.a != now.a) | (lines.b != now.b)
        trial = state(losses, points, lines)
        # Next to the minimum the value says nothing any more, but the pulls still do.
        good = (trial.value <= now.value + now.noise) & (trial.imbalance < now.imbalance / 2)
        rows = pending[tried]
        if convex:
            better = ~found[rows] | (trial.value < result.value[rows])
        else:
            good |= trial.value < now.value + 1e-4 * now.along(step)
            better = np.zeros_like(good)
        good &= moved
        result.put(rows, trial, moved & (good | better))
        found[rows] |= moved & (good | better)
        pending = np.setdiff1d(pending, rows[good], assume_unique=True)
        if not pending.size:
            break
    return result, found
