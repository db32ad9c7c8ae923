"""From plain settings, as a link or a session holds them, to a landscape that can be walked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from core.activations import ACTIVATIONS
from core.datasets import LANDSCAPE_SETS, standardised, with_outliers
from core.descent.surfaces import Ground
from core.landscapes import Landscape, landscape
from core.landscapes.minima import Kind, Minimum, minima, minima_of_lines, nearby_minimum
from core.losses import LOSSES
from core.numeric import Real

MOST_POINTS = 500
"""Of more points of one's own so many are kept, evenly spread over the file."""

START = (-3.0, 3.0)
"""Where a walk over a landscape starts unless told otherwise."""

OWN = "own"
"""The key of the visitor's own points."""

Numbers = tuple[float, ...]
Named = tuple[tuple[str, float], ...]


class Data(NamedTuple):
    """Points as they are fitted; ``classes`` tells whether y is a class, 0 or 1."""

    x: Real
    y: Real
    classes: bool


@dataclass(frozen=True)
class DataSettings:
    """Which points: a key of ``LANDSCAPE_SETS`` with seed and size, or the visitor's own.

    ``own`` holds x and y of the visitor's points; ``outliers`` wrong ones are added behind.
    """

    key: str = "line"
    seed: int = 0
    size: int = 40
    outliers: int = 0
    own: tuple[Numbers, Numbers] | None = None


@dataclass(frozen=True)
class Settings:
    """All that a landscape depends on: points, loss and output with their parameters."""

    data: DataSettings = DataSettings()
    loss: str = "squared_error"
    output: str = "identity"
    loss_parameters: Named = ()
    output_parameters: Named = ()


@lru_cache(maxsize=64)
def data(settings: DataSettings) -> Data:
    """Return the points of some settings.

    One's own points are standardised, so that the same window suits them: x always, y
    unless it is only 0 and 1, or −1 and 1, and so names classes. Raises
    ``ValueError`` for no points, and as the data sets do.
    """
    if settings.key != OWN:
        chosen = LANDSCAPE_SETS[settings.key]
        x, y = chosen(settings.seed, settings.size)
        classes = chosen.classes
    else:
        x, y = (np.array(column) for column in settings.own or ((), ()))
        if not x.size:
            raise ValueError("There are no points.")
        keep = np.unique(np.linspace(0, x.size - 1, MOST_POINTS).round().astype(np.intp))
        x, y = x[keep], y[keep]
        values = set(y.tolist())
        classes = values <= {0.0, 1.0} or values <= {-1.0, 1.0}
        x, y = standardised(x), (y == 1.0).astype(np.float64) if classes else standardised(y)
    if settings.outliers:
        x, y = with_outliers(x, y, settings.outliers, classes=classes)
    return Data(x, y, classes)


@lru_cache(maxsize=128)
def terrain(settings: Settings) -> Landscape:
    """Return the landscape of some settings; raises as :func:`core.landscapes.landscape`."""
    points = data(settings.data)
    return landscape(
        LOSSES[settings.loss],
        ACTIVATIONS[settings.output],
        points.x,
        points.y,
        classes=points.classes,
        loss_parameters=dict(settings.loss_parameters),
        output_parameters=dict(settings.output_parameters),
        added=settings.data.outliers,
    )


@lru_cache(maxsize=512)
def minima_of(settings: Settings) -> tuple[Minimum, ...]:
    """Return the minima of the landscape of some settings, the lowest first."""
    return minima(terrain(settings))


def minima_along(
    settings: Settings, parameter: str, values: Sequence[float]
) -> list[tuple[Minimum, ...]]:
    """Return what :func:`minima_of` does, for many values of one parameter of the loss.

    Best lines are fitted all at once.
    """
    each = [
        replace(
            settings,
            loss_parameters=tuple(
                (name, value if name == parameter else v) for name, v in settings.loss_parameters
            ),
        )
        for value in values
    ]
    lines = minima_of_lines([terrain(one) for one in each])
    return [(line,) for line in lines] if lines else [minima_of(one) for one in each]


def surface(settings: Settings) -> Ground:
    """Return the landscape of some settings as ground for an optimizer to walk on.

    Its ``minima`` are those places of :func:`minima_of` that lie in the window; where the
    loss falls for ever, or only has its bottom outside, there is none.
    """
    land = terrain(settings)
    (left, right), (low, high) = land.window
    return Ground(
        name=f"{land.loss.name}, output {land.output.name}",
        value=land.value,
        gradient=land.gradient,
        hessian=land.hessian,
        window=land.window,
        minima=tuple(
            (m.w, m.b)
            for m in minima_of(settings)
            if m.kind is not Kind.NONE and left <= m.w <= right and low <= m.b <= high
        ),
        start=START,
        quadratic=settings.output == "identity" and settings.loss == "squared_error",
    )


@lru_cache(maxsize=128)
def outlier_path(settings: Settings, most: int) -> tuple[Minimum, ...]:
    """Return the minimum for 0, 1, …, ``most`` added outliers.

    A minimum that is not proven is followed from the one before: it is then the valley that
    is followed, which need not stay the lowest.
    """
    path: list[Minimum] = []
    for count in range(most + 1):
        one = replace(settings, data=replace(settings.data, outliers=count))
        last = path[-1] if path else None
        if last is None or last.proven or last.kind is Kind.NONE:
            path.append(minima_of(one)[0])
        else:
            path.append(nearby_minimum(terrain(one), last.w, last.b))
    return tuple(path)
