"""Residual losses at several settings of their parameters, and the shape of each."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.fits.points import EPS, LARGEST
from core.losses import LOSSES
from core.numeric import Real
from core.spec import Axis, Function, Loss, Scalar

# Distances from 0 at which a shape is measured: four to a decade where scales of losses are,
# and as far as data may reach.
_PROBES = np.concatenate(
    [
        np.geomspace(1 / LARGEST, 1e-10, 46)[:-1],
        np.geomspace(1e-10, 1e10, 81),
        np.geomspace(1e10, LARGEST, 46)[1:],
    ]
)
_TARGET = np.zeros(())

Rows = npt.NDArray[np.intp]


class Shape(Enum):
    """What a loss looks like as a function of the residual."""

    QUADRATIC = 1
    TWO_LINES = 2
    CONVEX = 3
    OTHER = 4


@dataclass(frozen=True)
class Penalties:
    """One residual loss at B settings that give it one shape: ρ, ψ, and what was measured.

    ``numbers`` are the parameters, each of shape (B, 1), and residuals are (B, n): row by
    row. ``stiffness`` is ψ(r)/r near 0, ``scale`` the residual at which it has changed by
    half (infinite if it never does), both of shape (B,); they mean nothing for two lines.
    ``factor``, of shape (B, 1), stretches the loss: the larger, the more it is a parabola.
    """

    loss: Loss
    numbers: Mapping[str, Real]
    shape: Shape
    stiffness: Real
    scale: Real
    factor: Real

    @property
    def size(self) -> int:
        """The number of settings."""
        return self.stiffness.size

    def rho(self, r: Real) -> Real:
        """Return the loss of r/factor."""
        return _by_row(self.loss.function, r / self.factor, self.numbers)

    def psi(self, r: Real) -> Real:
        """Return the derivative of ``rho``."""
        return _by_row(self.loss.derivative, r / self.factor, self.numbers) / self.factor

    def breaks(self, row: int) -> tuple[float, ...]:
        """Return where the formula of one setting changes branch."""
        return self.loss.breaks(**{k: float(v[row, 0]) for k, v in self.numbers.items()})

    def take(self, rows: Rows) -> "Penalties":
        """Return these settings only, in this order."""
        return replace(
            self,
            numbers={name: values[rows] for name, values in self.numbers.items()},
            stiffness=self.stiffness[rows],
            scale=self.scale[rows],
            factor=self.factor[rows],
        )

    def stretched(self, factor: Real) -> "Penalties":
        """Return the losses of r/factor, for a factor of shape (B,)."""
        return replace(
            self,
            stiffness=self.stiffness / factor**2,
            scale=self.scale * factor,
            factor=self.factor * factor[:, None],
        )


def taus(penalties: Penalties) -> list[float]:
    """Return the quantiles that pairs of lines meeting at 0 single out."""
    sides = penalties.psi(np.broadcast_to([-1.0, 1.0], (penalties.size, 2)))
    return [-left / (right - left) for left, right in sides.tolist()]


def measured(loss: Loss, parameters: Mapping[str, Scalar]) -> list[tuple[Rows, Penalties]]:
    """Return the settings of each shape, and which of them they are.

    The parameters are numbers or lists of S numbers. The probe reaches as far as data may,
    or pseudo-Huber with a large δ would pass for a parabola.
    """
    if loss.axis is not Axis.RESIDUAL:
        raise ValueError(f"{loss.key} is no function of the residual: it has no line of best fit")
    resolved = loss.resolve(parameters)
    single = all(np.ndim(value) == 0 for value in resolved.values())
    if single and LOSSES.get(loss.key) is loss:
        return _measured_once(loss.key, tuple((k, float(v)) for k, v in resolved.items()))
    return _measured(loss, resolved)


@lru_cache(maxsize=64)
def _measured_once(
    key: str, numbers: tuple[tuple[str, float], ...]
) -> list[tuple[Rows, Penalties]]:
    """Return what :func:`measured` does for one setting, whatever the data."""
    return _measured(LOSSES[key], dict(numbers))


def _measured(loss: Loss, resolved: Mapping[str, Scalar]) -> list[tuple[Rows, Penalties]]:
    columns = np.broadcast_arrays(np.zeros(1), *resolved.values())[1:]
    if any(column.ndim != 1 for column in columns):
        raise ValueError(f"{loss.key}: a parameter of a fit is a number, or a list of numbers")
    numbers = {
        name: column.astype(np.float64)[:, None]
        for name, column in zip(resolved, columns, strict=True)
    }
    size = columns[0].size if columns else 1
    count = _PROBES.size
    both = np.broadcast_to(np.concatenate([-_PROBES[::-1], _PROBES]), (size, 2 * count))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        pulls = _by_row(loss.derivative, both, numbers)
        ratios = pulls / both
        rises = np.diff(pulls)
        left, right = pulls[:, :count], pulls[:, count:]
        lines = (np.ptp(left, axis=1) == 0) & (np.ptp(right, axis=1) == 0)
        straight = np.ptp(ratios, axis=1) <= 8 * EPS * ratios.max(axis=1)
        # What overflows says nothing.
        known = np.isfinite(pulls[:, 1:]) & np.isfinite(pulls[:, :-1])
        convex = np.all(~known | (rises >= -1e-12 * np.abs(pulls[:, 1:])), axis=1)
    stiffness = ratios[:, count]
    changed = np.abs(ratios[:, count:] - stiffness[:, None]) > stiffness[:, None] / 2
    scale = np.where(changed.any(axis=1), _PROBES[changed.argmax(axis=1)], math.inf)
    everything = Penalties(loss, numbers, Shape.OTHER, stiffness, scale, np.ones((size, 1)))
    shapes = []
    for row in range(size):
        breaks = everything.breaks(row)
        if breaks and not any(breaks) and lines[row]:
            shapes.append(Shape.TWO_LINES)
            if not left[row, 0] < 0 < right[row, 0]:
                raise ValueError(f"{loss.key} is 0 on one side of its target: no fit is the best")
        elif not breaks and straight[row]:
            shapes.append(Shape.QUADRATIC)
        else:
            shapes.append(Shape.CONVEX if convex[row] else Shape.OTHER)
    found = []
    for shape in Shape:
        rows = np.flatnonzero([one is shape for one in shapes])
        if rows.size:
            found.append((rows, replace(everything.take(rows), shape=shape)))
    return found


def _by_row(function: Function, r: Real, numbers: Mapping[str, Real]) -> Real:
    """Return a function of residuals, each row with numbers of its own."""
    # Where one number is the exponent of a whole array, ½ for one, NumPy takes a root, whose
    # last digit may be another. So that no row depends on the others, there is always a second.
    count = len(r)
    if count == 1:
        r = np.repeat(r, 2, axis=0)
        numbers = {name: np.repeat(one, 2, axis=0) for name, one in numbers.items()}
    return np.asarray(function(r, _TARGET, **numbers), dtype=np.float64)[:count]
