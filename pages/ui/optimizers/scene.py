"""What the Optimizers page computes: grounds, walks and sweeps, each of them once."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core import schedules
from core.descent import Trajectory, descend
from core.landscape_surface import Settings as LandscapeSettings
from core.landscape_surface import surface
from core.sensitivity import Basins, RateSweep, basins, rate_momentum_map, rate_sweep
from core.spec import FloatArray
from core.surfaces import SURFACES, Ground, noise

Settings = tuple[tuple[str, float], ...]
CARRIED = "From the Landscapes page"
FRAMES = 100
GRID = 37


@dataclass(frozen=True)
class Driver:
    """An optimizer with its learning rate and its other parameters."""

    name: str
    rate: float
    settings: Settings


@lru_cache(maxsize=64)
def ground(key: str, parameters: Settings) -> Ground:
    """Return a surface of the catalogue; the same object for the same parameters."""
    return SURFACES[key].at(**dict(parameters))


@lru_cache(maxsize=32)
def landscape(settings: LandscapeSettings) -> Ground:
    """Return a landscape of the Landscapes page; the same object for the same settings.

    Raises ``ValueError`` where data, loss and output do not go together.
    """
    return surface(settings)


@lru_cache(maxsize=48)
def walk(
    land: Ground,
    start: tuple[float, float],
    driver: Driver,
    steps: int,
    schedule: str = "constant",
    seed: int = 0,
) -> Trajectory:
    """Run one optimizer; all that run with the same seed meet the same noise."""
    return descend(
        driver.name,
        land.slope,
        start,
        steps,
        schedules.rates(schedule, driver.rate, steps),
        noise=errors(land, steps, seed),
        **dict(driver.settings),
    )


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
    (left, right), (low, high) = land.window
    return basins(
        driver.name,
        land,
        np.linspace(left, right, 73),
        np.linspace(low, high, 49),
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
def settings_map(land: Ground, start: tuple[float, float], name: str, steps: int) -> FloatArray:
    """Return the loss after ``steps`` steps over learning rate and momentum."""
    momentum = "beta1" if name.startswith("adam") else "gamma"
    return rate_momentum_map(name, land, start, steps, MAP_RATES, MAP_GAMMAS, momentum=momentum)


def reach(land: Ground) -> float:
    """Return how near to a minimum counts as there: a hundredth of the map."""
    (left, right), _ = land.window
    return (right - left) / 100


@lru_cache(maxsize=32)
def heights(land: Ground) -> FloatArray:
    """Return the surface on a grid over its window, (GRID, GRID)."""
    (left, right), (low, high) = land.window
    with np.errstate(all="ignore"):
        return land.value(np.linspace(left, right, GRID), np.linspace(low, high, GRID)[:, None])


@lru_cache(maxsize=64)
def lowest(land: Ground) -> float:
    """Return the depth of the deepest minimum known, or the lowest point of the grid."""
    depths = [float(land.value(w, b)) for w, b in land.minima]
    seen = heights(land)
    return min([*depths, float(np.min(seen[np.isfinite(seen)], initial=np.inf))])


def curvatures(land: Ground, at: tuple[float, float]) -> tuple[float, float]:
    """Return the smallest and the largest eigenvalue of the Hessian at a point, nan at a kink."""
    hessian = land.hessian(*at)
    if not np.isfinite(hessian).all():
        return np.nan, np.nan
    small, large = np.linalg.eigvalsh(hessian)
    return float(small), float(large)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A walk as it is drawn: at most FRAMES + 1 points, the last one repeated where it stopped.

    ``gap`` is the loss above the deepest minimum, ``slope`` the gradient's length, both as
    powers of ten; ``step`` is the number of each point's step.
    """

    step: FloatArray
    position: FloatArray
    gap: FloatArray
    slope: FloatArray


FLOOR = -10.0
CEILING = 12.0


def drawn(land: Ground, path: Trajectory, steps: int) -> Drawn:
    """Sample a walk of ``steps`` steps for the picture."""
    step = np.linspace(0, steps, min(steps, FRAMES) + 1).round().astype(int)
    position = path.positions[np.minimum(step, path.steps)]
    with np.errstate(all="ignore"):
        gap = land.value(position[:, 0], position[:, 1]) - lowest(land)
        slope = np.linalg.norm(land.slope(position), axis=-1)
    return Drawn(
        step.astype(np.float64),
        on_map(land, position),
        _rounded(power(gap), 1 / 128),
        _rounded(power(slope), 1 / 128),
    )


def on_map(land: Ground, position: FloatArray) -> FloatArray:
    """Return positions as they are drawn: not too far out, and to a fraction of a pixel.

    Round numbers are fewer bytes to send.
    """
    (left, right), _ = land.window
    fine = 2.0 ** np.floor(np.log2((right - left) / 4096))
    return _rounded(clipped(land, position), fine)


def _rounded(values: FloatArray, fine: float) -> FloatArray:
    return np.asarray(np.round(values / fine) * fine)


def power(values: FloatArray) -> FloatArray:
    """Return the power of ten of values, between FLOOR and CEILING."""
    with np.errstate(all="ignore"):
        return np.clip(np.nan_to_num(np.log10(np.maximum(values, 0)), nan=CEILING), FLOOR, CEILING)


def clipped(land: Ground, position: FloatArray) -> FloatArray:
    """Return positions moved to three widths of the map, where they are further out."""
    ends = np.array(land.window)
    middle, width = ends.mean(axis=1), np.ptp(ends, axis=1)
    return np.clip(position, middle - 3 * width, middle + 3 * width)


def left_at(land: Ground, path: Trajectory) -> int | None:
    """Return the step after which a walk stays outside the map, if it ends there."""
    (left, right), (low, high) = land.window
    w, b = path.positions[:, 0], path.positions[:, 1]
    outside = (w < left) | (w > right) | (b < low) | (b > high)
    if not outside[-1]:
        return None
    inside = np.flatnonzero(~outside)
    return int(inside[-1]) + 1 if inside.size else 0
