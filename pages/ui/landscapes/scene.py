"""What the Landscape section shows: a few losses over one data set, and a place among them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from core.landscape_minima import Kind
from core.landscape_surface import (
    DataSettings,
    Settings,
    data,
    minima_of,
    outlier_path,
    terrain,
)
from core.landscapes import (
    WINDOW,
    Convexity,
    Landscape,
    convexity,
    curvature,
)
from core.spec import FloatArray
from pages.ui.landscapes import words
from pages.ui.landscapes.controls import LINEAR, LOG, MOST_OUTLIERS, B, W
from pages.ui.landscapes.figures import (
    here,
    own_curve,
    slice_curve,
    slice_dot,
)
from pages.ui.live import Sweep
from pages.ui.parts import Shown

DATA_CHART = "landscapes_data_chart"
SLICES = "landscapes_slices"
NOW = "landscapes_now"
VERDICT = "landscapes_verdict"

# Fewer points the more there is to show: a move of a slider sends all of it anew.
RESOLUTION = {1: 61, 2: 53, 3: 41, 4: 33}
_ARROWS = {1: 9, 2: 9, 3: 6, 4: 4}  # along either axis
CLICKS = {1: 33, 2: 17, 3: 13, 4: 9}
_SLICED = {1: 81, 2: 61, 3: 41, 4: 25}
_CURVE = {1: 61, 2: 61, 3: 45, 4: 33}
LEVELS = 16
_SHORT, _LONG = 0.7, 1.7  # of an arrow, for the gentlest and the steepest slope
_FLOOR = 1e-4  # of the highest loss: below it a logarithmic scale does not reach
_OUT = 1e3  # so far out a model that has no minimum is drawn
_CAP = 0.9  # the share of the map that lies under the highest level of a linear scale


def map_key(place: int) -> str:
    """Return the key of one loss's map."""
    return f"landscapes_map_{place + 1}"


@dataclass(frozen=True)
class Scene:
    """The landscapes on show, by name, the place (w, b), and the scale of their heights."""

    names: tuple[str, ...]
    settings: tuple[Settings, ...]
    w: float
    b: float
    levels: str = LINEAR

    @property
    def data(self) -> DataSettings:
        """The data of all of them."""
        return self.settings[0].data

    @property
    def lands(self) -> list[Landscape]:
        """The landscapes."""
        return [terrain(one) for one in self.settings]


@dataclass(frozen=True, eq=False)
class Map:
    """One landscape on a grid of slopes and biases, with the levels of its contours."""

    at: FloatArray
    table: FloatArray
    levels: tuple[float, float, int]
    dead: FloatArray
    infinite: bool


@lru_cache(maxsize=64)
def _table(settings: Settings, count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    at = np.linspace(-WINDOW, WINDOW, count)
    land = terrain(settings)
    return at, land.grid(at, at), land.dead(at[None, :], at[:, None])


def maps(scene: Scene, shared: bool) -> list[Map]:
    """Return the maps of all landscapes, each with its own levels or all with the same."""
    tables = [_table(one, RESOLUTION[len(scene.settings)]) for one in scene.settings]
    drawn = [_scaled(table, scene.levels) for _, table, _ in tables]
    ends = [_ends(one, scene.levels) for one in drawn]
    if shared:
        ends = [(min(low for low, _ in ends), max(high for _, high in ends))] * len(ends)
    return [
        Map(at, shown, (*end, LEVELS), dead, not np.isfinite(table).all())
        for (at, table, dead), shown, end in zip(tables, drawn, ends, strict=True)
    ]


def _scaled(values: FloatArray, levels: str, floor: float | None = None) -> FloatArray:
    """Return losses, or their logarithms to the base 10 down to a floor."""
    if levels != LOG:
        return values
    return np.log10(np.maximum(values, _floor(values) if floor is None else floor))


def _floor(table: FloatArray) -> float:
    finite = table[np.isfinite(table)]
    return max(_FLOOR * float(finite.max(initial=0.0)), float(finite.min(initial=1.0)), 1e-12)


def _ends(table: FloatArray, levels: str) -> tuple[float, float]:
    finite = table[np.isfinite(table)]
    if not finite.size:
        return 0.0, 1.0
    high = float(finite.max() if levels == LOG else np.quantile(finite, _CAP))
    low = float(finite.min())
    return low, max(high, low + 1e-9)


def lowest_drawn(scene: Scene) -> float:
    """Return the loss below which a logarithmic scale does not reach, for all landscapes."""
    return min(_floor(_table(one, RESOLUTION[len(scene.settings)])[1]) for one in scene.settings)


def heights(scene: Scene) -> tuple[float, float]:
    """Return the ends of the slices' axis: of losses, or of their logarithms."""
    tables = [_table(one, RESOLUTION[len(scene.settings)])[1] for one in scene.settings]
    finite = [t[np.isfinite(t)] for t in tables if np.isfinite(t).any()]
    if not finite:
        return 0.0, 1.0
    if scene.levels == LOG:
        low = float(np.log10(lowest_drawn(scene)))
        high = float(np.log10(max(max(float(f.max()) for f in finite), 1e-12)))
        return low, max(high, low + 1)
    high = max(float(np.quantile(f, 0.75)) for f in finite)
    return 0.0, 1.05 * high or 1.0


def frame(scene: Scene) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the ends of x and y in data space, which adding outliers does not move."""
    points = data(replace(scene.data, outliers=MOST_OUTLIERS))
    every = np.concatenate([points.y, *(land.target for land in scene.lands)])
    ends = []
    for values in (points.x, every):
        low, high = float(values.min()), float(values.max())
        margin = 0.08 * (high - low) or 1.0
        ends.append((low - margin, high + margin))
    return ends[0], ends[1]


@lru_cache(maxsize=64)
def best_curves(
    settings: tuple[Settings, ...], ends: tuple[float, float]
) -> tuple[FloatArray, list[FloatArray]]:
    """Return x, and for each loss the model at its minimum; far out where there is none."""
    x = np.linspace(*ends, 2 if settings[0].output == "identity" else _CURVE[len(settings)])
    curves = []
    for one in settings:
        best = minima_of(one)[0]
        scale = _OUT if best.kind is Kind.NONE and np.isfinite(best.value) else 1.0
        curves.append(terrain(one).answers(scale * best.w, scale * best.b, x))
    return x, curves


def path_of(settings: Settings) -> FloatArray:
    """Return the places of the minimum for 0, 1, … added outliers, gaps where there is none."""
    found = outlier_path(replace(settings, data=replace(settings.data, outliers=0)), MOST_OUTLIERS)
    return np.array([(np.nan, np.nan) if m.kind is Kind.NONE else (m.w, m.b) for m in found])


@lru_cache(maxsize=64)
def _convexity(settings: Settings) -> Convexity:
    return convexity(terrain(settings))


def shape(scene: Scene, place: int) -> words.Shape:
    """Return the facts of one landscape at the present place."""
    settings = scene.settings[place]
    _, _, dead = _table(settings, RESOLUTION[len(scene.settings)])
    return words.Shape(
        minima_of(settings),
        _convexity(settings),
        curvature(terrain(settings).hessian(scene.w, scene.b)),
        float(dead.mean()),
    )


def sweeps(scene: Scene, firsts: Sequence[int], first_curve: int, flat: bool) -> list[Sweep]:
    """Return what either slider moves; ``firsts`` are the moving traces of the maps."""
    return [
        _sweep(replace(scene, **{name: 0.0}), slider, tuple(firsts), first_curve, flat)
        for name, slider in (("w", W.key), ("b", B.key))
    ]


@lru_cache(maxsize=64)
def _sweep(
    scene: Scene, slider: str, firsts: tuple[int, ...], first_curve: int, flat: bool
) -> Sweep:
    steps = W.steps if slider == W.key else B.steps
    return picture(scene, slider, firsts, first_curve, flat).sweep(slider, steps)


def picture(
    scene: Scene, slider: str, firsts: Sequence[int], first_curve: int, flat: bool = True
) -> Shown:
    """Return all that moves, for each step of ``slider``; at rest for ``""``."""
    w = W.steps if slider == W.key else np.full(1 if not slider else B.steps.size, scene.w)
    b = B.steps if slider == B.key else np.full(w.size, scene.b)
    traces: dict[str, tuple[int, list[dict[str, object]]]] = {}
    place = np.stack([w, b], axis=-1)
    top, floor = heights(scene), lowest_drawn(scene)

    def drawn(losses: FloatArray) -> FloatArray:
        return _drawn(_scaled(losses, scene.levels, floor), top)

    along = np.linspace(-WINDOW, WINDOW, _SLICED[len(scene.settings)])
    curves, dots = [], []
    texts: dict[str, list[str]] = {}
    for i, (name, land) in enumerate(zip(scene.names, scene.lands, strict=True)):
        value, slope = land.value(w, b), land.gradient(w, b)
        if flat:
            traces[map_key(i)] = (firsts[i], here(place, _tip(place, slope)))
        by_w = drawn(land.value(along, b[:, None]))
        by_b = drawn(land.value(w[:, None], along))
        curves += [slice_curve(along, by_w, i, name, ""), slice_curve(along, by_b, i, name, "2")]
        dots += [
            slice_dot(w[:, None], drawn(value)[:, None], i, ""),
            slice_dot(b[:, None], drawn(value)[:, None], i, "2"),
        ]
        lengths = np.hypot(slope[..., 0], slope[..., 1])
        texts[f"{NOW}[{i + 1}][1]"] = [words.level(v) for v in value.tolist()]
        texts[f"{NOW}[{i + 1}][2]"] = [words.level(v) for v in lengths.tolist()]
        if i == 0:
            best = minima_of(scene.settings[0])[0]
            texts[VERDICT] = [
                words.verdict(name, one, best)
                for one in zip(
                    w.tolist(), b.tolist(), value.tolist(), lengths.tolist(), strict=True
                )
            ]
    ends_x, ends_y = frame(scene)
    x, _ = best_curves(scene.settings, ends_x)
    answers = _drawn(scene.lands[0].answers(w[:, None], b[:, None], x), ends_y)
    traces[DATA_CHART] = (first_curve, [own_curve(x, answers)])
    traces[SLICES] = (0, [*curves, *dots])
    return Shown(traces, texts)


def _drawn(values: FloatArray, ends: tuple[float, float]) -> FloatArray:
    """Return values as fine as they can be seen on an axis: whole multiples of a power of two.

    Rounded like this a sweep packs to a third; what is far outside the axis is cut off, and
    what is infinite left out.
    """
    span = ends[1] - ends[0]
    step = 2.0 ** np.floor(np.log2(span / 1024))
    inside = np.clip(values, ends[0] - 4 * span, ends[1] + 4 * span)
    return np.where(np.isfinite(values), np.round(inside / step) * step, np.nan)


def arrows(settings: Settings, count: int) -> tuple[FloatArray, FloatArray]:
    """Return places all over the map and, for each, the end of a short arrow downhill."""
    inside = np.linspace(-WINDOW, WINDOW, _ARROWS[count] + 2)[1:-1]
    place = np.stack([v.ravel() for v in np.meshgrid(inside, inside)], axis=-1)
    slope = terrain(settings).gradient(place[:, 0], place[:, 1])
    # Half as long as at the place itself, or they would run into each other.
    return place, place + (_tip(place, slope) - place) / 2


def _tip(place: FloatArray, slope: FloatArray) -> FloatArray:
    """Return the end of an arrow downhill, longer where it is steeper; a gap where it is flat."""
    length = np.hypot(slope[..., 0], slope[..., 1])[..., None]
    with np.errstate(invalid="ignore", divide="ignore"):
        arrow = -slope / length * (_SHORT + (_LONG - _SHORT) * length / (length + 1))
    return place + np.where(np.isfinite(arrow), arrow, np.nan)
