"""How much hangs on the settings: sweeps of the learning rate, and maps of starts and rates.

All runs of a sweep or a map go at once, as one array.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.descent import GradientFunction, nearest_index, settle
from core.spec import FloatArray, Scalar

_R10 = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.3, 8.0)

RATES = (*(round(m * 10.0**e, 10) for e in range(-4, 1) for m in _R10), 10.0)
"""Learning rates from 0.0001 to 10, ten to a decade (the Renard series R10)."""


class Place(Protocol):
    """What a sweep needs of a surface."""

    @property
    def value(self) -> Callable[..., FloatArray]:
        """Return the height at w and b."""
        ...

    @property
    def slope(self) -> GradientFunction:
        """Return the gradient at positions (..., 2)."""
        ...


@dataclass(frozen=True, eq=False)
class RateSweep:
    """The loss after a fixed number of steps for each learning rate, (n,); ∞ where it diverged."""

    rates: FloatArray
    loss: FloatArray

    @property
    def best(self) -> int:
        """Return the place of the rate with the smallest loss, the smaller rate of equal ones."""
        return int(np.argmin(self.loss))

    def reaching(self, level: float) -> FloatArray:
        """Return the rates whose loss is ``level`` or less, in order."""
        found: FloatArray = self.rates[self.loss <= level]
        return found


def rate_sweep(
    name: str,
    place: Place,
    start: npt.ArrayLike,
    steps: int,
    rates: npt.ArrayLike = RATES,
    *,
    noise: FloatArray | None = None,
    **parameters: Scalar,
) -> RateSweep:
    """Run the optimizer ``name`` from one start (2,) at every rate, and compare the losses.

    ``noise`` (steps, 2) is the same for all rates.
    """
    every = np.asarray(rates, dtype=np.float64)
    starts = np.tile(np.asarray(start, dtype=np.float64), (len(every), 1))
    loss = _final(name, place, starts, steps, every[:, None], noise, parameters)
    return RateSweep(every, loss)


def rate_momentum_map(
    name: str,
    place: Place,
    start: npt.ArrayLike,
    steps: int,
    rates: FloatArray,
    gammas: FloatArray,
    *,
    momentum: str = "gamma",
) -> FloatArray:
    """Return the loss after ``steps`` steps for every γ and rate, (len(gammas), len(rates)).

    ``momentum`` is the name of the parameter that is swept; ∞ where the run diverged.
    """
    gamma, rate = np.meshgrid(gammas, rates, indexing="ij")
    starts = np.tile(np.asarray(start, dtype=np.float64), (rate.size, 1))
    settings = {momentum: gamma.reshape(-1, 1)}
    loss = _final(name, place, starts, steps, rate.reshape(-1, 1), None, settings)
    return loss.reshape(rate.shape)


NOWHERE = -1
DIVERGED = -2


@dataclass(frozen=True, eq=False)
class Basins:
    """Where each start of a grid ends, arrays (len(b), len(w)).

    ``minimum`` is the number of the minimum it arrives at, ``NOWHERE`` if at none within the
    steps given, ``DIVERGED`` if its numbers ran out. ``steps`` is when it came there for good,
    nan where it did not.
    """

    w: FloatArray
    b: FloatArray
    minimum: npt.NDArray[np.int64]
    steps: FloatArray


def basins(
    name: str,
    place: Place,
    w: FloatArray,
    b: FloatArray,
    minima: FloatArray,
    steps: int = 300,
    learning_rate: Scalar | None = None,
    *,
    tolerance: float = 0.05,
    noise: FloatArray | None = None,
    **parameters: Scalar,
) -> Basins:
    """Run the optimizer ``name`` from every point of the grid w × b.

    ``minima`` (m, 2) are the points worth arriving at; see :func:`core.descent.settle`.
    """
    grid = np.stack(np.meshgrid(w, b), axis=-1)
    ends = settle(
        name,
        place.slope,
        grid.reshape(-1, 2),
        steps,
        learning_rate,
        tolerance=tolerance,
        targets=minima,
        noise=noise,
        **parameters,
    )
    found = np.where(ends.arrived >= 0, nearest_index(ends.positions, minima), NOWHERE)
    found = np.where(ends.taken < steps, DIVERGED, found)
    when = np.where(ends.arrived >= 0, ends.arrived.astype(np.float64), np.nan)
    return Basins(w, b, found.reshape(grid.shape[:-1]), when.reshape(grid.shape[:-1]))


def _final(
    name: str,
    place: Place,
    starts: FloatArray,
    steps: int,
    rates: FloatArray,
    noise: FloatArray | None,
    settings: dict[str, Any],
) -> FloatArray:
    """Return the loss after the last step, ∞ where a run was stopped before or it overflows."""
    ends = settle(name, place.slope, starts, steps, rates, noise=noise, **settings)
    with np.errstate(all="ignore"):
        loss = place.value(ends.positions[:, 0], ends.positions[:, 1])
    return np.where((ends.taken < steps) | ~np.isfinite(loss), np.inf, loss)
