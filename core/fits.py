"""The best constant and the best line under a residual loss, fitted to the last digits.

With ρ the loss of a residual r = fit − y and ψ = ρ′ its pull, a line a + b·x is best where
the pulls balance: Σ ψ(rᵢ) = 0 and Σ ψ(rᵢ)·xᵢ = 0; for a constant the first equation is
all. At a kink ψ may be any number between its one-sided values. Where the loss is convex
this is necessary and sufficient.

How the equations are solved follows from the shape of the loss at the given parameters.
The shape is measured, so that a new entry of the catalogue needs no line here:

- ψ proportional to r: linear equations, in closed form (Legendre 1805, Gauss 1809).
- ψ constant on either side of 0: a quantile of the data for the constant, a linear
  programme for the line (Boscovich 1757, Laplace 1793; Koenker and Bassett 1978).
- any other convex loss: Newton's method as reweighted least squares. Its weights ψ′(r)
  are drawn towards ψ(r)/r, those of Holland and Welsch (1977), where that step does not
  pay; the latter's always does, if ψ(r)/r falls with |r| (Huber 1981, section 7.8).
- a loss that is not convex: the same from several starts. The best found is not proven.

Rows are counted from 1 in every message.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.numeric import Real
from core.spec import Axis, FloatArray, Loss, Scalar

LARGEST = 1e100
"""Larger values are refused: their squares, and the sums of these, might overflow."""

_EPS = float(np.finfo(np.float64).eps)
_TINY = float(np.finfo(np.float64).tiny)
_ROUNDING = 16.0  # rounding errors are bounded by so many times their first-order estimate
_STEPS = 200  # of Newton's method; a fit that needs more says that it has not converged
_CUTS = 400  # of the bracket around the slope of a linear programme; 130 are ever needed
_PIVOTS = 100
_WORK = 2**18  # residuals that the search for starts may look at
_SAMPLE = 1024  # points, of more, that decide which starts are worth following
_REFINED = 4  # starts from each source are followed to their minimum
_PATIENCE = 20  # steps without a change of value beyond rounding
_BLENDS = (0.0, 1 / 16, 1.0)  # between the weights of Newton and of Holland and Welsch
_SEARCH = 200  # evaluations of the derivative along one step
_EASING = 4.0  # the factor by which a stretched loss nears its true scale

Map = Callable[[Real], Real]


class Method(Enum):
    """How a fit was found, in words for the screen."""

    CLOSED_FORM = "closed form"
    ORDER_STATISTIC = "order statistic"
    LINEAR_PROGRAMME = "linear programme"
    NEWTON = "Newton's method as reweighted least squares"
    SEVERAL_STARTS = "reweighted least squares from several starts"


@dataclass(frozen=True)
class Fit:
    """A best constant or line, and how it was found.

    intercept, slope
        The fit is intercept + slope · x; the slope of a constant is 0.
    value
        The sum of the losses over all points.
    iterations
        Steps of Newton's method, summed over the starts, or slopes tried by the linear
        programme; 0 where the fit is computed at once.
    converged
        Whether the conditions of optimality hold up to rounding: the pulls balance.
    unique
        Whether no other constant or line is as good; where the loss is not convex,
        whether none was found.
    interval
        All best constants, from the smallest to the largest; None for a line.
    note
        What else a reader must know, in one or two sentences; mostly empty.
    """

    intercept: float
    slope: float
    value: float
    method: Method
    iterations: int
    converged: bool
    unique: bool
    interval: tuple[float, float] | None = None
    note: str = ""

    @property
    def proven(self) -> bool:
        """Whether nothing fits better, up to rounding; never known if not convex."""
        return self.converged and self.method is not Method.SEVERAL_STARTS

    def __call__(self, x: npt.ArrayLike) -> FloatArray:
        """Return the fitted value at every ``x``."""
        return np.asarray(self.intercept + self.slope * np.asarray(x, dtype=np.float64))


@dataclass(frozen=True)
class Shares:
    """What part of the total loss, and of the total |gradient|, each point carries.

    Both arrays have shape (n,); each sums to 1, or is 0 throughout where the total is 0.
    """

    loss: Real
    gradient: Real


def best_constant(loss: Loss, y: npt.ArrayLike, **parameters: Scalar) -> Fit:
    """Return the constant c with the smallest Σ ρ(c − yᵢ).

    ``y`` has shape (n,). The squared error gives the mean, the absolute error the median,
    the quantile loss the τ-quantile. Where an interval is best, its middle is returned.

    Raises ``ValueError`` for no points, a value that is not finite or beyond ``LARGEST``
    (named by row), or a loss that is no function of the residual; for parameters as the
    loss does.
    """
    penalty = _penalty(loss, parameters)
    values = _column(y, "y")
    if penalty.shape is _Shape.TWO_LINES:
        ends = _quantile(values, penalty.tau)
        points = _Points(np.zeros_like(values), values)
        found = _Found(_Line(_middle(*ends), 0.0), 0, True, ends[0] == ends[1])
        return _report(penalty, points, found, Method.ORDER_STATISTIC, ends)
    centre = float(np.median(values))
    points = _Points(np.zeros_like(values), values - centre, y_centre=centre)
    if penalty.shape is _Shape.QUADRATIC:
        found = _Found(_least_squares(points), 0, True, True)
        return _report(penalty, points, found, Method.CLOSED_FORM)
    if penalty.shape is _Shape.CONVEX:
        found = _newton(penalty, points)
        ends = _flat_ends(penalty, points, found.line)
        found = found._replace(line=_Line(_middle(*ends), 0.0), unique=ends[0] == ends[1])
        return _report(penalty, points, found, Method.NEWTON, ends)
    return _several(penalty, points)


def best_line(loss: Loss, x: npt.ArrayLike, y: npt.ArrayLike, **parameters: Scalar) -> Fit:
    """Return the line with the smallest Σ ρ(intercept + slope·xᵢ − yᵢ).

    ``x`` and ``y`` have shape (n,); distances are vertical. Under the absolute error and
    the quantile loss some best line passes through two of the points: such a one is
    returned, and ``unique`` tells whether there are others.

    Raises as ``best_constant`` does, and ``ValueError`` where no line is determined: fewer
    than two points, or all x equal.
    """
    penalty = _penalty(loss, parameters)
    points = _frame(_column(x, "x"), _column(y, "y"))
    if penalty.shape is _Shape.QUADRATIC:
        found = _Found(_least_squares(points), 0, True, True)
        return _report(penalty, points, found, Method.CLOSED_FORM)
    if penalty.shape is _Shape.TWO_LINES:
        found = _least_absolute(points, penalty.tau)
        return _report(penalty, points, found, Method.LINEAR_PROGRAMME)
    if penalty.shape is _Shape.CONVEX:
        return _report(penalty, points, _newton(penalty, points), Method.NEWTON)
    return _several(penalty, points)


def needs_several_starts(loss: Loss, **parameters: Scalar) -> bool:
    """Return whether the loss may have several local fits, so that finding one takes long.

    Raises as ``best_constant`` does for the loss and its parameters.
    """
    return _penalty(loss, parameters).shape is _Shape.OTHER


def shares(loss: Loss, residuals: npt.ArrayLike, **parameters: Scalar) -> Shares:
    """Return each point's share of the total loss and of the total |gradient|.

    ``residuals`` are fit − y, of shape (n,). Raises as ``best_constant`` does.
    """
    penalty = _penalty(loss, parameters)
    r = _column(residuals, "the residual")

    def parts(sizes: Real) -> Real:
        total = sizes.sum()
        return sizes / total if total > 0 else np.zeros_like(sizes)

    return Shares(loss=parts(penalty.rho(r)), gradient=parts(np.abs(penalty.psi(r))))


# What is fitted, and to what


class _Shape(Enum):
    """What a loss looks like as a function of the residual."""

    QUADRATIC = 1
    TWO_LINES = 2
    CONVEX = 3
    OTHER = 4


@dataclass(frozen=True)
class _Penalty:
    """A residual loss at fixed parameters: ρ, ψ, and what was measured of them.

    ``stiffness`` is ψ(r)/r near 0, ``scale`` the residual at which it has changed by half
    (infinite if it never does); both mean nothing for two lines.
    """

    rho: Map
    psi: Map
    breaks: tuple[float, ...]
    shape: _Shape
    stiffness: float
    scale: float

    @property
    def tau(self) -> float:
        """The quantile that two lines meeting at 0 single out."""
        left, right = self.psi(np.array([-1.0, 1.0])).tolist()
        return float(-left / (right - left))

    def stretched(self, factor: float) -> "_Penalty":
        """Return the loss of r/factor: the larger the factor, the more it is a parabola."""
        return replace(
            self,
            rho=lambda r: self.rho(r / factor),
            psi=lambda r: self.psi(r / factor) / factor,
            stiffness=self.stiffness / factor**2,
            scale=self.scale * factor,
        )


class _Line(NamedTuple):
    """The line a + b·u."""

    a: float
    b: float


@dataclass(frozen=True)
class _Points:
    """The data, moved and scaled so that rounding is relative to their spread.

    ``u`` is (x − x_centre)/x_scale, with mean 0 and within ±1, and 0 throughout where a
    constant is sought; ``y`` is what is left of the data without ``y_centre``.
    """

    u: Real
    y: Real
    x_centre: float = 0.0
    x_scale: float = 1.0
    y_centre: float = 0.0
    sloped: bool = False

    def residuals(self, line: _Line) -> Real:
        return np.asarray(line.a + line.b * self.u - self.y)

    def rounding(self, line: _Line) -> Real:
        """Return the first-order estimate of the rounding error of each residual."""
        return np.asarray(_EPS * (abs(line.a) + np.abs(line.b * self.u) + np.abs(self.y)))


class _Found(NamedTuple):
    """A line, the iterations that it took, and what is known of it."""

    line: _Line
    iterations: int
    converged: bool
    unique: bool


def _penalty(loss: Loss, parameters: Mapping[str, Scalar]) -> _Penalty:
    """Bind the parameters and measure the shape of the loss.

    The probe reaches as far as data may, or pseudo-Huber with a large δ would pass for a
    parabola.
    """
    if loss.axis is not Axis.RESIDUAL:
        raise ValueError(f"{loss.key} is no function of the residual: it has no line of best fit")
    numbers = {}
    for name, value in loss.resolve(parameters).items():
        if np.size(value) != 1:
            raise ValueError(f"{loss.key}: a fit takes one number as {name}, not {np.size(value)}")
        numbers[name] = float(np.asarray(value).item())
    target = np.zeros(())

    def rho(r: Real) -> Real:
        return np.asarray(loss.function(r, target, **numbers), dtype=np.float64)

    def psi(r: Real) -> Real:
        return np.asarray(loss.derivative(r, target, **numbers), dtype=np.float64)

    breaks = loss.breaks(**numbers)
    probe = np.geomspace(1 / LARGEST, LARGEST, 801)
    with np.errstate(over="ignore", under="ignore"):
        left, right = psi(-probe), psi(probe)
    ratios = np.concatenate([left / -probe, right / probe])
    pulls = np.concatenate([left[::-1], right])
    pulls = pulls[np.isfinite(pulls)]
    if breaks and not any(breaks) and np.ptp(left) == 0 and np.ptp(right) == 0:
        shape = _Shape.TWO_LINES
        if not left[0] < 0 < right[0]:
            raise ValueError(f"{loss.key} is 0 on one side of its target: no fit is the best")
    elif not breaks and np.ptp(ratios) <= 8 * _EPS * ratios.max():
        shape = _Shape.QUADRATIC
    elif np.all(np.diff(pulls) >= -1e-12 * np.abs(pulls[1:])):
        shape = _Shape.CONVEX
    else:
        shape = _Shape.OTHER
    stiffness = float(ratios[0])
    changed = np.abs(right / probe - stiffness) > stiffness / 2
    scale = float(probe[changed.argmax()]) if changed.any() else math.inf
    return _Penalty(rho, psi, breaks, shape, stiffness, scale)


def _column(values: npt.ArrayLike, name: str) -> Real:
    """Return the values as float64 of shape (n,), all of them finite."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} must be a list of numbers, not of shape {array.shape}.")
    if array.size == 0:
        raise ValueError("There are no points to fit.")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be real numbers, not {array.dtype}.")
    column = array.astype(np.float64)
    for wrong, reason in (
        (~np.isfinite(column), "is not finite"),
        (np.abs(column) > LARGEST, f"is larger than {LARGEST:g}"),
    ):
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(f"Row {row + 1}: {name} is {column[row]:g}, which {reason}.")
    return column


def _frame(x: Real, y: Real) -> _Points:
    """Move the data to their centre and scale x to ±1."""
    if x.size != y.size:
        raise ValueError(f"There are {x.size} x and {y.size} y: every point needs both.")
    if x.size == 1:
        raise ValueError("One point determines no line: at least two are needed.")
    if x.min() == x.max():
        raise ValueError("All x are equal: no line y = a + bx is determined.")
    moved = x - np.mean(x)
    # A power of two, so that dividing by it does not round.
    scale = math.ldexp(1.0, math.frexp(float(np.abs(moved).max()))[1])
    centre = float(np.median(y))
    return _Points(moved / scale, y - centre, float(np.mean(x)), scale, centre, sloped=True)


def _report(
    penalty: _Penalty,
    points: _Points,
    found: _Found,
    method: Method,
    ends: tuple[float, float] | None = None,
    note: str = "",
) -> Fit:
    """Carry a line, and for a constant the ends of the best interval, back to the data."""
    a, b = found.line
    slope = b / points.x_scale
    low, high = ends or (a, a)
    if not note and not found.unique:
        note = (
            "Other lines fit as well."
            if points.sloped
            else "Every constant of an interval fits as well; this is its middle."
        )
    return Fit(
        intercept=points.y_centre + (a - slope * points.x_centre),
        slope=slope,
        value=float(penalty.rho(points.residuals(found.line)).sum()),
        method=method,
        iterations=found.iterations,
        converged=found.converged,
        unique=found.unique,
        interval=None if points.sloped else (points.y_centre + low, points.y_centre + high),
        note=note,
    )


# Closed form


def _least_squares(points: _Points) -> _Line:
    """Return the line of least squares, or the mean."""
    mean = float(np.mean(points.y))
    if not points.sloped:
        return _Line(mean, 0.0)
    u = points.u - np.mean(points.u)
    b = float(u @ (points.y - mean) / (u @ u))
    return _Line(mean - b * float(np.mean(points.u)), b)


# Linear programme


def _middle(low: float, high: float) -> float:
    return low + (high - low) / 2


def _quantile(values: Real, tau: float) -> tuple[float, float]:
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


class _Section(NamedTuple):
    """The best line of a given slope: one point that it meets, and d loss / d slope.

    The loss of the best line is a convex function of the slope, with ``left`` and
    ``right`` its one-sided derivatives. ``excess`` of the ``tied`` points on the line
    have to count as lying below it.
    """

    a: float
    b: float
    active: int
    value: float
    left: float
    right: float
    excess: float
    tied: int


def _section(points: _Points, tau: float, b: float, margin: Real | None = None) -> _Section:
    """Return the best line with slope b; which points lie on it is decided up to ``margin``.

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
    tied = gap == 0 if margin is None else np.abs(gap) <= margin + margin[active]
    below = (gap < 0) & ~tied
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
        excess=float(excess),
        tied=ends.size,
    )


def _bracket(points: _Points, tau: float, slack: float) -> tuple[_Section, _Section, int]:
    """Return the best lines of two slopes around the best one, and how many were tried.

    The two are the same where the slope is the best one already. Otherwise they are so
    close that no residual tells them apart.
    """
    start = _least_squares(points)
    low = high = _section(points, tau, start.b)
    reach = float(np.abs(points.residuals(start)).max())
    step = max(reach / 8, _EPS * float(np.abs(points.y).max()), _TINY)
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
        if width <= _EPS**2 * step:
            break
        # In turn: where the tangents meet is exact in the end, the middle is never slow.
        rise = (high.value - low.value - high.left * width) / (low.right - high.left)
        b = low.b + (rise if count % 2 else width / 2)
        if not low.b < b < high.b:
            b = _middle(low.b, high.b)
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


def _pivot(points: _Points, tau: float, through: int) -> tuple[float, int]:
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


def _least_absolute(points: _Points, tau: float) -> _Found:
    """Return the line with the least Σ ρ(r), where ρ has slope −τ below 0 and 1 − τ above.

    The best slope is bracketed by the sign of the derivative. The bracket is cut where the
    tangents of its ends meet, which in the end is a vertex of the programme, and by
    bisection. What rounding leaves is mended by pivoting: the best line through one given
    point is a weighted median of slopes (Laplace 1793; Barrodale and Roberts 1973). Last,
    optimality is checked on its own, by the pulls of the points on the line.
    """
    slack = 1e-13 * float(np.abs(points.u).sum())
    low, high, count = _bracket(points, tau, slack)
    line, value = _Line(low.a, low.b), math.inf
    pending, tried = [low.active, high.active], set[int]()
    while pending and len(tried) < _PIVOTS:
        through = pending.pop()
        if through in tried:
            continue
        tried.add(through)
        b, other = _pivot(points, tau, through)
        vertex = _Line(float(points.y[through] - b * points.u[through]), b)
        r = points.residuals(vertex)
        here = float((np.maximum(r, 0.0) - tau * r).sum())
        if here < value:
            line, value = vertex, here
            pending.append(other)
    check = _section(points, tau, line.b, _ROUNDING * points.rounding(line))
    sure = 1e-9 * max(1.0, check.excess)
    return _Found(
        line,
        count + len(tried),
        converged=check.left <= slack
        and check.right >= -slack
        and -sure <= check.excess <= check.tied + sure,
        # If the line could be shifted, it could be tilted too: the slope alone decides.
        unique=check.left < -slack and check.right > slack,
    )


# Newton's method


class _State(NamedTuple):
    """A line with all that a step from it needs.

    ``pulls`` are ψ(r) and ``curvatures`` ψ′(r); ``force`` is the gradient (Σψ, Σψu).
    ``slack`` is what rounding may leave of either sum at the best line, ``noise`` what it
    may change of the value.
    """

    line: _Line
    residuals: Real
    pulls: Real
    curvatures: Real
    value: float
    force: tuple[float, float]
    slack: tuple[float, float]
    noise: float

    @property
    def imbalance(self) -> float:
        """How far the pulls are from balance, in units of what rounding may leave."""
        return max(abs(f) / max(s, _TINY) for f, s in zip(self.force, self.slack, strict=True))

    @property
    def balanced(self) -> bool:
        return self.imbalance <= 1


def _state(penalty: _Penalty, points: _Points, line: _Line) -> _State:
    r = points.residuals(line)
    size = np.abs(r)
    pulls = penalty.psi(r)
    # ψ′ by central differences, wide enough to lose only half of the digits: it steers
    # the steps, but whether they have arrived is read from ψ alone.
    step = 2.0**-17 * np.maximum(size, min(penalty.scale, float(size.max())))
    step = np.maximum(step, _TINY)
    curvatures = (penalty.psi(r + step) - penalty.psi(r - step)) / (2 * step)
    moved = points.rounding(line)
    error = _ROUNDING * (_EPS * np.abs(pulls) + np.abs(curvatures) * moved)
    value = float(penalty.rho(r).sum())
    return _State(
        line=line,
        residuals=r,
        pulls=pulls,
        curvatures=curvatures,
        value=value,
        force=(float(pulls.sum()), float(pulls @ points.u)),
        slack=(float(error.sum()), float(error @ np.abs(points.u))),
        noise=_ROUNDING * float(_EPS * value + np.abs(pulls) @ moved),
    )


def _step(points: _Points, state: _State, weights: Real) -> _Line | None:
    """Return the step of weighted least squares; None where the weights determine none."""
    total = float(weights.sum())
    if not total > 0:
        return None
    if not points.sloped:
        return _Line(-state.force[0] / total, 0.0)
    centre = float(weights @ points.u) / total
    u = points.u - centre
    spread = float(weights @ (u * u))
    if not spread > 1e-24 * total:
        return None
    b = -float(state.pulls @ u) / spread
    return _Line(-state.force[0] / total - centre * b, b)


def _directions(penalty: _Penalty, points: _Points, state: _State) -> Iterator[_Line]:
    """Yield downhill steps, from Newton's to that of Holland and Welsch."""
    newton = np.maximum(state.curvatures, 0.0)
    chord = np.full_like(state.pulls, penalty.stiffness)
    np.divide(state.pulls, state.residuals, out=chord, where=np.abs(state.residuals) > _TINY)
    # Where the loss bends back, ψ′ < 0: Newton's weights proper, if they lead downhill.
    proper = [] if penalty.shape is _Shape.CONVEX else [state.curvatures]
    for weights in (*proper, *(newton + blend * (chord - newton) for blend in _BLENDS)):
        step = _step(points, state, weights)
        if step is not None and _along(state.force, step) < 0:
            yield step


def _along(force: tuple[float, float], step: _Line) -> float:
    return force[0] * step.a + force[1] * step.b


def _balance_along(penalty: _Penalty, points: _Points, state: _State, step: _Line) -> float:
    """Return a multiple of the step at which d loss / d step has fallen by half, or more.

    Of a convex loss this derivative only rises, so that its sign alone brackets the
    minimum. The value could not: one outlier's loss drowns the changes of all others.
    """
    way = step.a + step.b * points.u
    start = _along(state.force, step)

    def slope(t: float) -> float:
        line = _Line(state.line.a + t * step.a, state.line.b + t * step.b)
        return float(penalty.psi(points.residuals(line)) @ way)

    low, high, t = 0.0, math.inf, 1.0
    for _ in range(_SEARCH):
        here = slope(t)
        if abs(here) <= -start / 2:
            break
        if here < 0:
            low = t
        else:
            high = t
        t = 2 * t if high == math.inf else _middle(low, high)
    return t


def _advance(penalty: _Penalty, points: _Points, state: _State) -> _State | None:
    """Return a better line; None where rounding hides any improvement."""
    best: _State | None = None
    for step in _directions(penalty, points, state):
        convex = penalty.shape is _Shape.CONVEX
        t = _balance_along(penalty, points, state, step) if convex else 1.0
        line = _Line(state.line.a + t * step.a, state.line.b + t * step.b)
        if line == state.line:
            continue
        trial = _state(penalty, points, line)
        # Next to the minimum the value says nothing any more, but the pulls still do.
        if trial.value <= state.value + state.noise and trial.imbalance < state.imbalance / 2:
            return trial
        if not convex and trial.value < state.value + 1e-4 * _along(state.force, step):
            return trial
        if convex and (best is None or trial.value < best.value):
            best = trial
    return best


class _Descent(NamedTuple):
    """Where a descent ended, after how many steps, and whether it had arrived."""

    state: _State
    steps: int
    settled: bool


def _descend(penalty: _Penalty, points: _Points, line: _Line, steps: int = _STEPS) -> _Descent:
    """Follow the loss down from a line.

    The descent has arrived where the pulls balance, or where for ``_PATIENCE`` steps the
    value has only changed by rounding: there the minimum is so flat that the lines near it
    cannot be told apart.
    """
    state = best = _state(penalty, points, line)
    mark, patience = state.value, _PATIENCE
    for count in range(steps):
        if best.balanced or not patience:
            return _Descent(best, count, True)
        better = _advance(penalty, points, state)
        if better is None:
            return _Descent(best, count, False)
        state = better
        if state.value < mark - state.noise:
            mark, patience, best = state.value, _PATIENCE, state
        else:
            patience -= 1
            best = min(best, state, key=lambda s: s.imbalance)
    return _Descent(best, steps, best.balanced)


def _plain_fits(points: _Points) -> list[_Line]:
    """Return the best lines, or constants, under the squared and the absolute error."""
    if points.sloped:
        return [_least_squares(points), _least_absolute(points, 0.5).line]
    return [_least_squares(points), _Line(_middle(*_quantile(points.y, 0.5)), 0.0)]


def _newton(penalty: _Penalty, points: _Points) -> _Found:
    """Fit a convex loss, from whichever of the two plain fits it likes better."""
    start = min(
        _plain_fits(points), key=lambda line: float(penalty.rho(points.residuals(line)).sum())
    )
    end = _descend(penalty, points, start)
    return _Found(end.state.line, end.steps, end.settled, _is_alone(penalty, points, end.state))


def _is_alone(penalty: _Penalty, points: _Points, state: _State) -> bool:
    """Tell whether a best line of a convex loss is the only one.

    A convex loss that is one formula everywhere bends everywhere, so it is. One with
    straight branches leaves a line free to move if at most one point's residual is on a
    bent branch: then a short way is gone along what is left, to see if the pulls change.
    """
    if not penalty.breaks or not points.sloped:
        return True
    bent = points.u[state.curvatures > 1e-6 * penalty.stiffness]
    if bent.size and np.ptp(bent) > 0:
        return True
    if bent.size:
        ways = [_Line(-float(bent[0]), 1.0), _Line(float(bent[0]), -1.0)]
    else:
        ways = [_Line(math.cos(t), math.sin(t)) for t in np.arange(16) * math.pi / 8]
    far = 2.0**-20 * penalty.scale
    a, b = state.line
    return not any(
        _state(penalty, points, _Line(a + far * way.a, b + far * way.b)).balanced for way in ways
    )


def _flat_ends(penalty: _Penalty, points: _Points, line: _Line) -> tuple[float, float]:
    """Return the ends of the interval of best constants under a convex loss.

    It can only be more than a point where the loss has straight branches, and ends where
    a residual comes to a break.
    """
    if not penalty.breaks:
        return line.a, line.a
    corners = np.unique(np.add.outer(points.y, penalty.breaks))
    at = int(np.searchsorted(corners, line.a))
    flat = []
    for corner in corners[max(at - 2, 0) : at + 2].tolist():
        state = _state(penalty, points, _Line(corner, 0.0))
        if state.balanced:
            flat.append((corner, state.slack[0]))
    if len(flat) < 2 or penalty.stiffness * (flat[-1][0] - flat[0][0]) <= 16 * flat[0][1]:
        return line.a, line.a
    return flat[0][0], flat[-1][0]


# Losses that are not convex


def _several(penalty: _Penalty, points: _Points) -> Fit:
    """Fit a loss that is not convex from several starts, and report the lowest minimum.

    The starts: the plain fits; the end of a path along which the loss is stretched so far
    that it is nearly a parabola over the data, and let go step by step (graduated
    non-convexity, Blake and Zisserman 1987); and the best of many constants or lines
    through the data themselves. Of many points a sample shows which starts are worth it.
    """
    few = _sample(points)
    plain = _plain_fits(few)
    starts = [*plain, _eased(penalty, few, plain[0]), *_through_data(penalty, few)]
    ends = [_descend(penalty, few, start) for start in starts]
    count = sum(end.steps for end in ends)
    minima = _distinct(penalty, few, ends)
    if few is not points:
        ends = [_descend(penalty, points, end.state.line) for end in minima[:_REFINED]]
        count += sum(end.steps for end in ends)
        minima = _distinct(penalty, points, ends)
    best, *others = minima
    alone = all(m.state.value - best.state.value > best.state.noise for m in others)
    note = (
        f"This loss is not convex: {len(starts)} starts led to "
        + (f"{len(minima)} minima, this one the lowest" if others else "one minimum")
        + ". Nothing proves that there is no lower one."
    )
    found = _Found(best.state.line, count, best.settled, alone)
    return _report(penalty, points, found, Method.SEVERAL_STARTS, note=note)


def _sample(points: _Points) -> _Points:
    """Return the points, or of more than ``_SAMPLE`` so many, chosen by a fixed seed."""
    if points.y.size <= _SAMPLE:
        return points
    chosen = np.random.default_rng(0).choice(points.y.size, _SAMPLE, replace=False)
    if points.sloped and np.ptp(points.u[chosen]) == 0:
        return points
    return replace(points, u=points.u[chosen], y=points.y[chosen])


def _distinct(penalty: _Penalty, points: _Points, ends: list[_Descent]) -> list[_Descent]:
    """Return the different minima among the ends of several descents, the lowest first.

    A descent that starts on a maximum, as the middle of symmetric data may be, stays there:
    it is known by a curvature that is not positive.
    """
    near = 1e-3 * min(penalty.scale, float(np.abs(points.y).max()))
    minima: list[_Descent] = []
    for end in sorted(ends, key=lambda e: e.state.value):
        a, b = end.state.line
        bowl = _step(points, end.state, end.state.curvatures) is not None
        if (bowl or not minima) and all(
            abs(a - m.state.line.a) + abs(b - m.state.line.b) > near for m in minima
        ):
            minima.append(end)
    return minima


def _eased(penalty: _Penalty, points: _Points, line: _Line) -> _Line:
    """Follow the best line while the stretched loss comes back to its true scale."""
    reach = float(np.abs(points.residuals(line)).max())
    factor = max(4 * reach / penalty.scale, 1.0)
    while factor > 1:
        line = _descend(penalty.stretched(factor), points, line, steps=2).state.line
        factor /= _EASING
    return line


def _through_data(penalty: _Penalty, points: _Points) -> list[_Line]:
    """Return the few best of many constants, or of lines through two points, of the data."""
    n = points.y.size
    count = max(_WORK // n, 32)
    if not points.sloped:
        values = np.unique(points.y)
        a = values[np.unique(np.linspace(0, values.size - 1, count).round().astype(np.intp))]
        b = np.zeros_like(a)
    else:
        if n * (n - 1) // 2 <= count:
            i, j = np.triu_indices(n, 1)
        else:
            # A fixed seed: the same data have the same fit.
            i, j = np.random.default_rng(0).integers(n, size=(2, count))
        i, j = i[points.u[i] != points.u[j]], j[points.u[i] != points.u[j]]
        b = (points.y[j] - points.y[i]) / (points.u[j] - points.u[i])
        a = points.y[i] - b * points.u[i]
    lines = [_Line(*pair) for pair in zip(a.tolist(), b.tolist(), strict=True)]
    values = np.array([penalty.rho(points.residuals(line)).sum() for line in lines])
    if not points.sloped:
        # Neighbours lead to the same minimum: look only at those lower than theirs.
        padded = np.concatenate([[np.inf], values, [np.inf]])
        values = np.where((values <= padded[:-2]) & (values <= padded[2:]), values, np.inf)
    return [lines[k] for k in np.argsort(values, kind="stable")[:_REFINED]]
