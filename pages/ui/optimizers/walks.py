"""The walks of a race: a racer at its settings, or at every step of one slider at once.

What is drawn at rest and what follows a slider are both made of :class:`Walks`, so that
they hold the same numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.descent import GradientFunction, Trajectory, descend, schedules
from core.descent.surfaces import SURFACES, Ground, Point, noise
from core.optimizers import OPTIMIZERS
from core.spec import FloatArray, Parameter
from pages.ui.optimizers import scene
from pages.ui.optimizers.scene import Driver, Settings

Integers = npt.NDArray[np.int64]

SINGLY = 30
"""So many steps are drawn one by one, and later ones at growing distances."""


@dataclass(frozen=True)
class Course:
    """What all racers have in common.

    ``surface`` is the key of the surface and ``parameters`` are its own; both are empty for
    a landscape of another page.
    """

    ground: Ground
    surface: str
    parameters: Settings
    start: Point
    seed: int
    steps: int
    schedule: str = "constant"


@dataclass(frozen=True)
class Varied:
    """A setting that takes all values of its slider.

    ``of`` is the key of the optimizer or the surface that has it; it is empty for the start
    ("w", "b") and for the seed of the noise ("seed").
    """

    of: str
    name: str
    values: tuple[float, ...]

    @property
    def label(self) -> str:
        """What the page calls the slider in a sentence."""
        if not self.of:
            return "the seed" if self.name == "seed" else f"start {self.name}"
        if self.of in SURFACES:
            return _glyph(SURFACES[self.of].parameters, self.name)
        entry = OPTIMIZERS[self.of]
        return f"{_glyph(entry.parameters, self.name)} of {entry.name}"

    def change(self, course: Course, driver: Driver, value: float) -> tuple[Course, Driver]:
        """Return the course and the driver with another value."""
        if self.of != driver.name:
            return self.change_course(course, value), driver
        if self.name == "learning_rate":
            return course, replace(driver, rate=value)
        settings = {**dict(driver.settings), self.name: value}
        return course, replace(driver, settings=tuple(settings.items()))

    def change_course(self, course: Course, value: float) -> Course:
        """Return the course with another value; as it is, if that is none of its own."""
        if self.of and self.of == course.surface:
            parameters = tuple({**dict(course.parameters), self.name: value}.items())
            land = scene.ground(course.surface, parameters)
            return replace(course, ground=land, parameters=parameters)
        if self.name == "seed":
            return replace(course, seed=int(value))
        if self.name in ("w", "b") and not self.of:
            w, b = course.start
            return replace(course, start=(value, b) if self.name == "w" else (w, value))
        return course


def _glyph(parameters: Sequence[Parameter], name: str) -> str:
    (found,) = (p.glyph for p in parameters if p.name == name)
    return found


class Heights(NamedTuple):
    """Height above the lowest point, and length of the gradient."""

    gap: FloatArray
    slope: FloatArray


@dataclass(frozen=True, eq=False)
class Walks:
    """Walks of one optimizer, one a row, each on its own course with its own settings.

    ``positions`` (n, steps + 1, 2) stay at the last good one where a walk stopped; ``taken``
    (n,) is how many steps it took.
    """

    courses: Sequence[Course]
    drivers: Sequence[Driver]
    positions: FloatArray
    taken: Integers

    @property
    def name(self) -> str:
        """The key of the optimizer."""
        return self.drivers[0].name

    @property
    def steps(self) -> int:
        """How many steps each walk was to take."""
        return self.positions.shape[1] - 1

    @cached_property
    def drawn(self) -> FloatArray:
        """Return the positions as they are drawn, in the shape of ``positions``.

        A walk that leaves for good ends at its first point far outside the map.
        """
        land = self.courses[0].ground
        inside = (scene.clipped(land, self.positions) == self.positions).all(axis=-1)
        gone = self.steps + 1 - np.argmax(inside[:, ::-1], axis=1)
        seen = np.minimum(np.arange(self.steps + 1), gone[:, None])
        return scene.on_map(land, self.positions[np.arange(len(seen))[:, None], seen])

    def measured(self, rows: Integers, steps: Integers) -> Heights:
        """Return heights and gradients of the walks ``rows`` (r,) after ``steps`` (r, m)."""
        found = self._each(_measured, rows, steps)
        return Heights(found[..., 0], found[..., 1])

    def distances(self, rows: Integers, steps: Integers) -> FloatArray:
        """Return how far off the nearest minimum is, for ``rows`` (r,) and ``steps`` (r, m)."""
        return self._each(_distances, rows, steps)

    def _each(
        self, of: Callable[[Ground, FloatArray], FloatArray], rows: Integers, steps: Integers
    ) -> FloatArray:
        at = self.positions[rows[:, None], steps]
        if _one_ground(self.courses):
            return of(self.courses[0].ground, at)
        pairs = zip(rows, at, strict=True)
        return np.stack([of(self.courses[row].ground, places) for row, places in pairs])


def _measured(land: Ground, at: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        gap = land.value(at[..., 0], at[..., 1]) - scene.lowest(land)
        slope = np.linalg.norm(land.slope(at), axis=-1)
    return np.stack([np.maximum(gap, 0), slope], axis=-1)


def _distances(land: Ground, at: FloatArray) -> FloatArray:
    away = at[..., None, :] - np.array(land.minima).reshape(-1, 2)
    with np.errstate(over="ignore"):
        return np.asarray(np.hypot(away[..., 0], away[..., 1]).min(axis=-1, initial=np.inf))


@lru_cache(maxsize=64)
def marks(steps: int) -> Integers:
    """Return the steps of a walk that are drawn, from 0 to the last.

    Later ones stand further and further apart, but always by an odd number, so that a walk
    that goes to and fro is seen to do so.
    """
    found = [0]
    while found[-1] < steps:
        gap = max(1, 3 * found[-1] // SINGLY)
        found.append(min(steps, found[-1] + gap - (1 - gap % 2)))
    return np.array(found)


@lru_cache(maxsize=96)
def walks(course: Course, driver: Driver, varied: Varied | None = None) -> Walks:
    """Run one racer: once, or for all values of ``varied`` together."""
    rows = [(course, driver)]
    if varied:
        rows = [varied.change(course, driver, value) for value in varied.values]
    path = run(rows)
    # Where all have stopped, the rest of the steps is spent at the last good point.
    place = np.minimum(np.arange(course.steps + 1), path.steps)
    courses, drivers = zip(*rows, strict=True)
    return Walks(courses, drivers, np.moveaxis(path.positions[place], 0, 1), path.taken)


def run(rows: Sequence[tuple[Course, Driver]]) -> Trajectory:
    """Run one optimizer once a row, all rows together."""
    courses, drivers = [course for course, _ in rows], [driver for _, driver in rows]
    # Arrays even for a single row: their powers may differ from a number's in the last bit.
    rate = _column([one.rate for one in drivers])
    return descend(
        drivers[0].name,
        slope(courses),
        np.array([one.start for one in courses], dtype=np.float64),
        courses[0].steps,
        schedules.rates(courses[0].schedule, rate, courses[0].steps),
        noise=_errors(courses),
        **columns(drivers),
    )


def columns(drivers: Sequence[Driver]) -> dict[str, FloatArray]:
    """Return the settings of drivers of the same optimizer by their names, (n, 1) each."""
    names = dict(drivers[0].settings)
    return {name: _column([dict(one.settings)[name] for one in drivers]) for name in names}


def _column(values: Sequence[float]) -> FloatArray:
    return np.array(values, dtype=np.float64)[:, None]


def _one_ground(courses: Sequence[Course]) -> bool:
    return all(one.parameters == courses[0].parameters for one in courses)


def slope(courses: Sequence[Course]) -> GradientFunction:
    """Return the gradient of positions (n, 2), each on its own ground."""
    if _one_ground(courses):
        return courses[0].ground.slope
    names = [name for name, _ in courses[0].parameters if name != "sigma"]
    given = {name: np.array([dict(one.parameters)[name] for one in courses]) for name in names}
    derivative = partial(SURFACES[courses[0].surface].derivative, **given)
    return lambda position: derivative(position[..., 0], position[..., 1])


def _errors(courses: Sequence[Course]) -> FloatArray | None:
    """Return the noise in the gradients (steps, n, 2), if any ground has some."""
    if not any(one.ground.noise for one in courses):
        return None
    drawn = {
        (one.ground.noise, one.seed): noise(one.steps, one.ground.noise, one.seed)
        for one in courses
    }
    return np.stack([drawn[one.ground.noise, one.seed] for one in courses], axis=1)
