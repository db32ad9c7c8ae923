"""What the Optimizers page computes: grounds, walks and sweeps, each of them once."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.descent.sensitivity import Basins, RateSweep, basins, rate_momentum_map, rate_sweep
from core.descent.surfaces import SURFACES, Ground, noise
from core.landscapes.surface import Settings as LandscapeSettings
from core.landscapes.surface import surface
from core.spec import FloatArray

Settings = tuple[tuple[str, float], ...]
CARRIED = "From the Landscapes page"
GRID = 31
PER_WAVE = 6
"""Points of a grid along an axis: so many in all, or in each wave where that is more."""


@dataclass(frozen=True)
class Driver:
    """An optimizer with its learning rate and its other parameters."""

    name: str
    rate: float
    settings: Settings


@lru_cache(maxsize=512)
def ground(key: str, parameters: Settings) -> Ground:
    """Return a surface of the catalogue; the same object for the same parameters."""
    return SURFACES[key].at(**dict(parameters))


@lru_cache(maxsize=32)
def landscape(settings: LandscapeSettings) -> Ground:
    """Return a landscape of the Landscapes page; the same object for the same settings.

    Raises ``ValueError`` where data, loss and output do not go together.
    """
    return surface(settings)


def errors(land: Ground, steps: int, seed: int) -> FloatArray | None:
    """Return the noise in the gradients of a run, if the surface has any."""
    return noise(steps, land.noise, seed) if land.noise else None


@lru_cache(maxsize=128)
def sweep(
    land: Ground, start: tuple[float, float], name: str, settings: Settings, steps: int, seed: int
) -> RateSweep:
    """Return the loss after ``steps`` steps over the learning rate."""
    noisy = errors(land, steps, seed)
    return rate_sweep(name, land, start, steps, noise=noisy, **dict(settings))


@lru_cache(maxsize=16)
def starts_map(land: Ground, driver: Driver, steps: int, seed: int) -> Basins:
    """Return where each start of a grid ends."""
    return basins(
        driver.name,
        land,
        *axes(land, 73, 49),
        np.array(land.minima),
        steps,
        driver.rate,
        tolerance=reach(land),
        noise=errors(land, steps, seed),
        **dict(driver.settings),
    )


MAP_RATES = np.logspace(-3, 1, 65)
MAP_GAMMAS = np.linspace(0, 0.99, 45)


@lru_cache(maxsize=16)
def settings_map(
    land: Ground, start: tuple[float, float], name: str, momentum: str, steps: int
) -> FloatArray:
    """Return the loss after ``steps`` steps over learning rate and the parameter ``momentum``."""
    return rate_momentum_map(name, land, start, steps, MAP_RATES, MAP_GAMMAS, momentum=momentum)


def reach(land: Ground) -> float:
    """Return how near to a minimum counts as there: a hundredth of the map."""
    (left, right), _ = land.window
    return (right - left) / 100


def axes(land: Ground, columns: int = GRID, rows: int = GRID) -> tuple[FloatArray, FloatArray]:
    """Return w and b of a grid over a ground's window, finer than asked for where it waves."""
    (left, right), (low, high) = land.window
    across, up = (PER_WAVE * (end - start) / land.wavelength for start, end in land.window)
    return (
        np.linspace(left, right, max(columns, round(across) + 1)),
        np.linspace(low, high, max(rows, round(up) + 1)),
    )


@lru_cache(maxsize=512)
def heights(land: Ground) -> FloatArray:
    """Return the surface on a grid over its window, (rows, columns)."""
    w, b = axes(land)
    with np.errstate(all="ignore"):
        return land.value(w, b[:, None])


@lru_cache(maxsize=512)
def lowest(land: Ground) -> float:
    """Return the depth of the deepest minimum known, or the lowest point of the grid."""
    depths = [float(land.value(w, b)) for w, b in land.minima]
    seen = heights(land)
    return min([*depths, float(np.min(seen[np.isfinite(seen)], initial=np.inf))])


@lru_cache(maxsize=2048)
def curvatures(land: Ground, at: tuple[float, float]) -> tuple[float, float]:
    """Return the smallest and the largest eigenvalue of the Hessian at a point, nan at a kink."""
    hessian = land.hessian(*at)
    if not np.isfinite(hessian).all():
        return np.nan, np.nan
    small, large = np.linalg.eigvalsh(hessian)
    return float(small), float(large)


FLOOR = -10.0
CEILING = 12.0


def on_map(land: Ground, position: FloatArray) -> FloatArray:
    """Return positions as they are drawn: not too far out, and to half a pixel.

    Round numbers are fewer bytes to send.
    """
    (left, right), _ = land.window
    fine = 2.0 ** np.floor(np.log2((right - left) / 1024))
    return rounded(clipped(land, position), fine)


def on_axis(values: FloatArray) -> FloatArray:
    """Return values as they are drawn on an axis of powers of ten, to half a pixel."""
    return rounded(power(values), PART)


PART = 1 / 16
"""To what powers of ten are rounded for a picture."""


def rounded(values: FloatArray, fine: float) -> FloatArray:
    """Return values as multiples of ``fine``, without any negative zero."""
    return np.asarray(np.round(values / fine) * fine + 0.0)


def power(values: FloatArray) -> FloatArray:
    """Return the power of ten of values, between FLOOR and CEILING."""
    with np.errstate(all="ignore"):
        return np.clip(np.nan_to_num(np.log10(np.maximum(values, 0)), nan=CEILING), FLOOR, CEILING)


def clipped(land: Ground, position: FloatArray) -> FloatArray:
    """Return positions (..., 2) moved to three widths of the map, where they are further out.

    They are moved straight towards its middle, so that a path still comes from where it does.
    """
    ends = np.array(land.window)
    middle, width = ends.mean(axis=1), np.ptp(ends, axis=1)
    away = np.abs((position - middle) / (3 * width)).max(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(away > 1, middle + (position - middle) / away, position)


@lru_cache(maxsize=64)
def tops(land: Ground) -> tuple[float, float]:
    """Return the powers of ten up to which heights and gradients are drawn: for any start."""
    w, b = axes(land)
    with np.errstate(all="ignore"):
        slope = power(np.linalg.norm(land.gradient(w, b[:, None]), axis=-1))
    return (
        max(2.0, float(power(heights(land) - lowest(land)).max()) + 1),
        max(2.0, float(slope.max()) + 1),
    )
