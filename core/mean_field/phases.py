"""The phase diagram of random networks: what any σ_w and σ_b do to signal and gradient.

Every cell is a network of great width. Its variance settles where ``core.mean_field``
finds it, and χ₁ there names the phase. The border between two phases is not read off the
cells: along every edge of the grid that it crosses, its place is found by bisection, and
the crossings of a cell are joined by a straight line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from core.mean_field.expectations import Table, table
from core.mean_field.variance import Flags, Reached, reach
from core.numeric import Real
from core.spec import Activation

_BISECTIONS = 26  # of a cell's width: far below 1e-6
_EQUAL = 1e-6  # |χ₁ − 1| that counts as critical


class Phase(IntEnum):
    """What happens in a deep network of this kind."""

    ORDERED = 0
    """χ₁ < 1: inputs grow alike, gradients vanish."""
    CHAOTIC = 1
    """χ₁ > 1: inputs drift apart, gradients explode."""
    CRITICAL = 2
    """χ₁ = 1, within 10⁻⁶."""


@dataclass(frozen=True, eq=False)
class Diagram:
    """A grid over (σ_w, σ_b); all arrays but the axes are (rows of σ_b, columns of σ_w).

    ``variance`` is q*, 0 where it vanishes and inf where there is ``no_fixed_point``;
    ``chi`` is χ₁, there its limit. ``phase`` holds :class:`Phase` values.
    """

    sigma_w: Real
    sigma_b: Real
    variance: Real
    chi: Real
    phase: npt.NDArray[np.int8]
    no_fixed_point: Flags


@dataclass(frozen=True, eq=False)
class Border:
    """Line segments that part two regions: ends (segments, 2) in σ_w and in σ_b.

    ``columns`` and ``rows`` are the crossings themselves: pairs (σ_w, σ_b) on the rows of
    the grid, where σ_w was searched, and on its columns, where σ_b was.
    """

    sigma_w: Real
    sigma_b: Real
    on_rows: Real
    on_columns: Real


def diagram(
    activation: Activation,
    sigma_w: Real,
    sigma_b: Real,
    input_second_moment: float = 1.0,
    **parameters: float,
) -> Diagram:
    """Return the phase diagram over the axes ``sigma_w`` (W,) and ``sigma_b`` (B,).

    ``input_second_moment`` is the mean of x² over the inputs' features. It decides where
    the variance starts, which matters where there are several fixed points.
    """
    known = table(activation, **parameters)
    w, b = np.meshgrid(sigma_w, sigma_b)
    found = _reached(known, w.ravel(), b.ravel(), input_second_moment)
    chi = found.chi.reshape(w.shape)
    phase = np.where(chi > 1, Phase.CHAOTIC, Phase.ORDERED)
    phase = np.where(np.abs(chi - 1) < _EQUAL, Phase.CRITICAL, phase).astype(np.int8)
    variance = found.variance.reshape(w.shape)
    return Diagram(sigma_w, sigma_b, variance, chi, phase, np.isinf(variance))


def critical_line(
    activation: Activation,
    sigma_w: Real,
    sigma_b: Real,
    input_second_moment: float = 1.0,
    **parameters: float,
) -> Border:
    """Return the border χ₁ = 1 on the grid of these axes, each crossing to 1e-6.

    Where the variance escapes its fixed point, χ₁ may jump across 1 instead of passing
    through it; that border belongs to it too.
    """
    known = table(activation, **parameters)
    return _border(
        lambda w, b: _reached(known, w, b, input_second_moment).chi > 1, sigma_w, sigma_b
    )


def escape_line(
    activation: Activation,
    sigma_w: Real,
    sigma_b: Real,
    input_second_moment: float = 1.0,
    **parameters: float,
) -> Border:
    """Return the border beyond which the variance grows without limit."""
    known = table(activation, **parameters)
    return _border(
        lambda w, b: np.isinf(_reached(known, w, b, input_second_moment).variance),
        sigma_w,
        sigma_b,
    )


def _reached(known: Table, w: Real, b: Real, input_second_moment: float) -> Reached:
    weights, biases = w**2, b**2
    return reach(known, weights, biases, weights * input_second_moment + biases)


def _border(inside: Callable[[Real, Real], Flags], sigma_w: Real, sigma_b: Real) -> Border:
    """Return where ``inside`` changes, by marching squares with bisected edges."""
    w, b = np.meshgrid(sigma_w, sigma_b)
    flags = inside(w.ravel(), b.ravel()).reshape(w.shape)
    along_rows = np.full(w.shape, np.nan)  # the crossing between column j and j + 1
    along_columns = np.full(w.shape, np.nan)  # the crossing between row i and i + 1
    i, j = np.nonzero(flags[:, 1:] != flags[:, :-1])
    along_rows[i, j] = _bisect(
        lambda at: inside(at, sigma_b[i]) == flags[i, j], sigma_w[j], sigma_w[j + 1]
    )
    on_rows = np.stack([along_rows[i, j], sigma_b[i]], axis=1)
    i, j = np.nonzero(flags[1:] != flags[:-1])
    along_columns[i, j] = _bisect(
        lambda at: inside(sigma_w[j], at) == flags[i, j], sigma_b[i], sigma_b[i + 1]
    )
    on_columns = np.stack([sigma_w[j], along_columns[i, j]], axis=1)
    # The four edges of each cell, as (4, rows, columns): bottom, top, left, right.
    at_w = np.stack([along_rows[:-1, :-1], along_rows[1:, :-1], w[:-1, :-1], w[:-1, 1:]])
    at_b = np.stack([b[:-1, :-1], b[1:, :-1], along_columns[:-1, :-1], along_columns[:-1, 1:]])
    crossed = ~np.isnan(at_w) & ~np.isnan(at_b)
    number = crossed.sum(axis=0)
    # A border crosses two edges of a cell, or all four where two lines meet in it.
    segments = [
        _joined(at_w[pick], at_b[pick], crossed[pick], cells)
        for pick, cells in (
            (slice(None), number >= 2),
            (slice(None, None, -1), number == 4),
        )
    ]
    joined_w, joined_b = (np.concatenate(ends) for ends in zip(*segments, strict=True))
    return Border(joined_w, joined_b, on_rows, on_columns)


def _joined(at_w: Real, at_b: Real, crossed: Flags, cells: Flags) -> tuple[Real, Real]:
    """Return the first two crossings of each of ``cells``, as (segments, 2) twice."""
    first = np.argsort(~crossed, axis=0, kind="stable")[:2]
    ends = (np.take_along_axis(at, first, axis=0)[:, cells].T for at in (at_w, at_b))
    return next(ends), next(ends)


def _bisect(as_left: Callable[[Real], Flags], left: Real, right: Real) -> Real:
    """Return where ``as_left``, true at ``left`` and false at ``right``, changes."""
    for _ in range(_BISECTIONS if left.size else 0):
        middle = (left + right) / 2
        stays = as_left(middle)
        left, right = np.where(stays, middle, left), np.where(stays, right, middle)
    return (left + right) / 2
