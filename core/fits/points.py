"""The data of a fit, moved and scaled so that rounding is relative to their spread."""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.numeric import Real

LARGEST = 1e100
"""Larger values are refused: their squares, and the sums of these, might overflow."""

EPS = float(np.finfo(np.float64).eps)
TINY = float(np.finfo(np.float64).tiny)
ROUNDING = 16.0
"""Rounding errors are bounded by so many times their first-order estimate."""


class Lines(NamedTuple):
    """The lines a + b·u, for ``a`` and ``b`` of shape (B,); or one, of two numbers."""

    a: Real
    b: Real

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "Lines":
        """Return these lines only."""
        return Lines(self.a[rows], self.b[rows])


def one_line(a: float, b: float) -> Lines:
    """Return a single line, without an axis."""
    return Lines(np.asarray(a), np.asarray(b))


def repeated(line: Lines, times: int) -> Lines:
    """Return so many copies of a single line."""
    return Lines(np.full(times, line.a), np.full(times, line.b))


@dataclass(frozen=True)
class Points:
    """The data: ``u`` and ``y``, of shape (n,).

    ``u`` is (x − x_centre)/x_scale, with mean 0 and within ±1, and 0 throughout where a
    constant is sought; ``y`` is what is left of the data without ``y_centre``.
    """

    u: Real
    y: Real
    x_centre: float = 0.0
    x_scale: float = 1.0
    y_centre: float = 0.0
    sloped: bool = False

    def residuals(self, lines: Lines) -> Real:
        """Return fit − y, in the shape of the lines and (n,)."""
        return np.asarray(lines.a[..., None] + lines.b[..., None] * self.u - self.y)

    def rounding(self, lines: Lines) -> Real:
        """Return the first-order estimate of the rounding error of each residual."""
        a, b = np.abs(lines.a)[..., None], np.abs(lines.b)[..., None]
        return np.asarray(EPS * (a + b * np.abs(self.u) + np.abs(self.y)))

    def sample(self, most: int) -> "Points":
        """Return the points, or of more than ``most`` so many, chosen by a fixed seed."""
        if self.y.size <= most:
            return self
        chosen = np.random.default_rng(0).choice(self.y.size, most, replace=False)
        if self.sloped and np.ptp(self.u[chosen]) == 0:
            return self
        return replace(self, u=self.u[chosen], y=self.y[chosen])


def column(values: npt.ArrayLike, name: str) -> Real:
    """Return the values as float64 of shape (n,), all of them finite."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} must be a list of numbers, not of shape {array.shape}.")
    if array.size == 0:
        raise ValueError("There are no points to fit.")
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be real numbers, not {array.dtype}.")
    numbers = array.astype(np.float64)
    for wrong, reason in (
        (~np.isfinite(numbers), "is not finite"),
        (np.abs(numbers) > LARGEST, f"is larger than {LARGEST:g}"),
    ):
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(f"Row {row + 1}: {name} is {numbers[row]:g}, which {reason}.")
    return numbers


def for_constant(y: Real) -> Points:
    """Move the data to their centre; no slope is sought."""
    centre = float(np.median(y))
    return Points(np.zeros_like(y), y - centre, y_centre=centre)


def for_line(x: Real, y: Real) -> Points:
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
    return Points(moved / scale, y - centre, float(np.mean(x)), scale, centre, sloped=True)


def least_squares(points: Points) -> Lines:
    """Return the line of least squares, or the mean."""
    mean = float(np.mean(points.y))
    if not points.sloped:
        return one_line(mean, 0.0)
    u = points.u - np.mean(points.u)
    b = float(u @ (points.y - mean) / (u @ u))
    return one_line(mean - b * float(np.mean(points.u)), b)
