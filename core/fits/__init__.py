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

All settings of the parameters are fitted at once, in the rows of arrays. No row knows of
the others: a setting on its own has the same fit to the last bit.

Rows of the data are counted from 1 in every message.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.fits.convex import are_alone, fit_convex, flat_ends
from core.fits.penalty import Penalties, Rows, Shape, measured, taus
from core.fits.points import (
    LARGEST,
    Lines,
    Points,
    column,
    for_constant,
    for_line,
    least_squares,
)
from core.fits.programme import least_absolutes, middle, quantile
from core.fits.several import fit_several
from core.numeric import Real
from core.spec import FloatArray, Loss, Scalar

__all__ = [
    "LARGEST",
    "Fit",
    "Method",
    "Shares",
    "best_constant",
    "best_constants",
    "best_line",
    "best_lines",
    "needs_several_starts",
    "shares",
]

_NOTHING = 1e-12  # a total pull or loss below this is rounding
_AT_ONCE = 2**17  # residuals of the settings that are fitted together


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
        programme (lines, where all through two points are); 0 where it is computed at once.
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
    (fit,) = best_constants(loss, y, **_single(loss, parameters))
    return fit


def best_line(loss: Loss, x: npt.ArrayLike, y: npt.ArrayLike, **parameters: Scalar) -> Fit:
    """Return the line with the smallest Σ ρ(intercept + slope·xᵢ − yᵢ).

    ``x`` and ``y`` have shape (n,); distances are vertical. Under the absolute error and
    the quantile loss some best line passes through two of the points: such a one is
    returned, and ``unique`` tells whether there are others.

    Raises as ``best_constant`` does, and ``ValueError`` where no line is determined: fewer
    than two points, or all x equal.
    """
    (fit,) = best_lines(loss, x, y, **_single(loss, parameters))
    return fit


def best_constants(loss: Loss, y: npt.ArrayLike, **parameters: Scalar) -> list[Fit]:
    """Return the best constant for each of S settings, each as ``best_constant`` does.

    A parameter is a number, or an array of shape (S,) with a number for each setting.
    """
    groups = measured(loss, parameters)
    values = column(y, "y")
    return _each(groups, values.size, lambda group: _constants(group, values))


def best_lines(loss: Loss, x: npt.ArrayLike, y: npt.ArrayLike, **parameters: Scalar) -> list[Fit]:
    """Return the best line for each of S settings, each as ``best_line`` does.

    A parameter is a number, or an array of shape (S,) with a number for each setting.
    """
    groups = measured(loss, parameters)
    points = for_line(column(x, "x"), column(y, "y"))
    return _each(groups, points.y.size, lambda group: _lines(group, points))


def needs_several_starts(loss: Loss, **parameters: Scalar) -> bool:
    """Return whether the loss may have several local fits at one of the settings.

    Raises as ``best_constants`` does for the loss and its parameters.
    """
    return any(found.shape is Shape.OTHER for _, found in measured(loss, parameters))


def shares(loss: Loss, residuals: npt.ArrayLike, **parameters: Scalar) -> Shares:
    """Return each point's share of the total loss and of the total |gradient|.

    Of next to nothing every share is 0.
    ``residuals`` are fit − y, of shape (n,). Raises as ``best_constant`` does.
    """
    ((_, penalty),) = measured(loss, _single(loss, parameters))
    r = column(residuals, "the residual")[None]

    def parts(sizes: Real) -> Real:
        total = sizes.sum()
        return sizes / total if total > _NOTHING else np.zeros_like(sizes)

    return Shares(loss=parts(penalty.rho(r)[0]), gradient=parts(np.abs(penalty.psi(r)[0])))


def _single(loss: Loss, parameters: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return the parameters of one setting as numbers; the loss itself checks the values."""
    for name, value in parameters.items():
        if np.size(value) != 1:
            raise ValueError(f"{loss.key}: a fit takes one number as {name}, not {np.size(value)}")
    return {name: np.asarray(value).item() for name, value in parameters.items()}


def _each(
    groups: Sequence[tuple[Rows, Penalties]], size: int, solve: Callable[[Penalties], list[Fit]]
) -> list[Fit]:
    """Fit the settings of each shape, so many at once that their arrays stay small."""
    fits: dict[int, Fit] = {}
    most = max(_AT_ONCE // size, 1)
    for rows, penalties in groups:
        for start in range(0, rows.size, most):
            some = np.arange(start, min(start + most, rows.size))
            fits |= zip(rows[some].tolist(), solve(penalties.take(some)), strict=True)
    return [fits[row] for row in range(len(fits))]


def _constants(penalties: Penalties, y: Real) -> list[Fit]:
    """Return the best constants under losses of one shape."""
    if penalties.shape is Shape.TWO_LINES:
        # Not moved to the centre, so that a quantile is one of the data to the last digit.
        points = Points(np.zeros_like(y), y)
        ends = [quantile(y, tau) for tau in taus(penalties)]
        found = [_Found(middle(*pair), 0.0, unique=pair[0] == pair[1]) for pair in ends]
        return _report(penalties, points, found, Method.ORDER_STATISTIC, ends)
    points = for_constant(y)
    if penalties.shape is not Shape.CONVEX:
        return _alike(penalties, points)
    fitted = fit_convex(penalties, points)
    ends = flat_ends(penalties, points, fitted.a)
    found = [
        _Found(middle(*pair), 0.0, steps, settled, pair[0] == pair[1])
        for pair, steps, settled in zip(
            ends, fitted.steps.tolist(), fitted.settled.tolist(), strict=True
        )
    ]
    return _report(penalties, points, found, Method.NEWTON, ends)


def _lines(penalties: Penalties, points: Points) -> list[Fit]:
    """Return the best lines under losses of one shape."""
    if penalties.shape is Shape.TWO_LINES:
        found = [_Found(*one) for one in least_absolutes(points, taus(penalties))]
        return _report(penalties, points, found, Method.LINEAR_PROGRAMME)
    if penalties.shape is not Shape.CONVEX:
        return _alike(penalties, points)
    fitted = fit_convex(penalties, points)
    known = fitted.a, fitted.b, fitted.steps, fitted.settled
    alone = are_alone(penalties, points, fitted.lines)
    found = [_Found(*one) for one in zip(*(k.tolist() for k in (*known, alone)), strict=True)]
    return _report(penalties, points, found, Method.NEWTON)


def _alike(penalties: Penalties, points: Points) -> list[Fit]:
    """Return the best constants or lines where both are found in the same way."""
    if penalties.shape is Shape.QUADRATIC:
        line = least_squares(points)
        found = [_Found(float(line.a), float(line.b))] * penalties.size
        return _report(penalties, points, found, Method.CLOSED_FORM)
    lowest = fit_several(penalties, points)
    found = [_Found(o.a, o.b, o.iterations, o.converged, o.unique) for o in lowest]
    notes = [
        f"This loss is not convex: {one.starts} starts led to "
        + (f"{one.minima} minima, this one the lowest" if one.minima > 1 else "one minimum")
        + ". Nothing proves that there is no lower one."
        for one in lowest
    ]
    return _report(penalties, points, found, Method.SEVERAL_STARTS, notes=notes)


class _Found(NamedTuple):
    """A line a + b·u, the iterations that it took, and what is known of it."""

    a: float
    b: float
    iterations: int = 0
    converged: bool = True
    unique: bool = True


def _report(
    penalties: Penalties,
    points: Points,
    found: Sequence[_Found],
    method: Method,
    ends: Sequence[tuple[float, float]] | None = None,
    notes: Sequence[str] | None = None,
) -> list[Fit]:
    """Carry lines, and for constants the ends of the best intervals, back to the data."""
    lines = Lines(np.array([one.a for one in found]), np.array([one.b for one in found]))
    values = penalties.rho(points.residuals(lines)).sum(axis=1).tolist()
    several = (
        "Other lines fit as well."
        if points.sloped
        else "Every constant of an interval fits as well; this is its middle."
    )
    fits = []
    for i, (one, value) in enumerate(zip(found, values, strict=True)):
        slope = one.b / points.x_scale
        low, high = ends[i] if ends else (one.a, one.a)
        fits.append(
            Fit(
                intercept=points.y_centre + (one.a - slope * points.x_centre),
                slope=slope,
                value=value,
                method=method,
                iterations=one.iterations,
                converged=one.converged,
                unique=one.unique,
                interval=None if points.sloped else (points.y_centre + low, points.y_centre + high),
                note=notes[i] if notes else "" if one.unique else several,
            )
        )
    return fits
