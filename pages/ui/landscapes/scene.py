"""What the Landscape section shows: a few losses over one data set, and a place among them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.landscapes import (
    WINDOW,
    Convexity,
    Curvature,
    Landscape,
    convexity,
    curvature,
)
from core.landscapes.minima import Kind, Minimum
from core.landscapes.surface import (
    DataSettings,
    Settings,
    data,
    minima_along,
    minima_of,
    outlier_path,
    terrain,
)
from core.spec import FloatArray
from pages.ui.landscapes import words
from pages.ui.landscapes.controls import LINEAR, LOG, MOST_OUTLIERS, B, W
from pages.ui.landscapes.figures import (
    here,
    own_curve,
    slice_curve,
    slice_dots,
    solid_here,
)
from pages.ui.live import Packed
from pages.ui.parts import Shown

DATA_CHART = "landscapes_data_chart"
SLICES = "landscapes_slices"
NOW = "landscapes_now"
VERDICT = "landscapes_verdict"
FACTS = "landscapes_facts"

# Fewer points the more there is to show: a move of a slider sends all of it anew.
_SIDE = {1: 61, 2: 45, 3: 33, 4: 21}
_DATA_SIDE = {1: 41, 2: 31, 3: 23, 4: 21}
_LIVE_SIDE = {1: 25, 2: 25, 3: 21, 4: 21}
IN_SPACE = {1: 41, 2: 29, 3: 19, 4: 12}
_ARROWS = {1: 9, 2: 9, 3: 6, 4: 3}  # along either axis
CLICKS = {1: 33, 2: 17, 3: 13, 4: 9}
_SLICED = {1: 61, 2: 41, 3: 31, 4: 17}
_CURVE = {1: 61, 2: 61, 3: 41, 4: 21}
LEVELS = 16
_SHORT, _LONG = 0.7, 1.7  # of an arrow, for the gentlest and the steepest slope
_FINE = 64
_FLOOR = 1e-4  # of the highest loss: below it a logarithmic scale does not reach
_OUT = 1e3  # so far out a model that has no minimum is drawn
_CAP = 0.9  # the share of the map that lies under the highest level of a linear scale


def map_key(place: int, *, flat: bool = True) -> str:
    """Return the key of one loss's map, or of its surface in space."""
    return f"landscapes_map_{place + 1}" + "_solid" * (not flat)


@dataclass(frozen=True)
class Scene:
    """The landscapes on show, by name, the place (w, b), and the scale of their heights.

    Maps have ``side`` places along either axis, and one scale if it is ``shared``. With
    ``together`` the scene is one of many that differ in their outliers only: what is computed
    for one is computed for all of them at once, with the same result.
    """

    names: tuple[str, ...]
    settings: tuple[Settings, ...]
    w: float
    b: float
    levels: str = LINEAR
    side: int = 33
    shared: bool = False
    together: bool = False

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


class _Table(NamedTuple):
    """A landscape on a grid: its places along either axis, its losses, and where it is dead."""

    at: FloatArray
    losses: FloatArray
    dead: npt.NDArray[np.bool_]


def _table(settings: Settings, count: int, together: bool) -> _Table:
    if together:
        return _tables(_with_all(settings), count)[settings.data.outliers]
    return _tables(settings, count)[-1]


@lru_cache(maxsize=512)
def _tables(settings: Settings, count: int) -> list[_Table]:
    """Return a landscape with 0, 1, … and all of its outliers on a grid."""
    at = np.linspace(-WINDOW, WINDOW, count)
    land = terrain(settings)
    losses = land.values_as_points_come(at[None, :], at[:, None])
    dead = land.dead_as_points_come(at[None, :], at[:, None])
    return [_Table(at, *one) for one in zip(losses, dead, strict=True)]


def _with_all(settings: Settings) -> Settings:
    return replace(settings, data=replace(settings.data, outliers=MOST_OUTLIERS))


@lru_cache(maxsize=512)
def _map(settings: Settings, side: int, levels: str, together: bool) -> Map:
    at, table, dead = _table(settings, side, together)
    shown = _scaled(table, levels)
    return Map(at, shown, (*_ends(shown, levels), LEVELS), dead, not np.isfinite(table).all())


def maps(scene: Scene) -> list[Map]:
    """Return the maps of all landscapes, each with its own levels or all with the same."""
    own = [_map(one, scene.side, scene.levels, scene.together) for one in scene.settings]
    if not scene.shared:
        return own
    low, high = min(one.levels[0] for one in own), max(one.levels[1] for one in own)
    return [replace(one, levels=(low, high, LEVELS)) for one in own]


def in_space(scene: Scene, place: int, ends: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    """Return where a landscape is drawn in space, and how high it is there."""
    at, table, _ = _table(scene.settings[place], IN_SPACE[len(scene.settings)], scene.together)
    return at, raised(scene, table, ends)


def raised(scene: Scene, losses: FloatArray, ends: tuple[float, float]) -> FloatArray:
    """Return how high losses are drawn in space: between the ends, and no finer than is seen."""
    shown = _scaled(losses, scene.levels, 10.0 ** ends[0] if scene.levels == LOG else None)
    inside = np.clip(np.where(np.isfinite(shown), shown, ends[1]), *ends)
    return _drawn(inside, ends, 512)


def maps_ends(scene: Scene, place: int) -> tuple[float, float]:
    """Return the lowest and the highest level of one map, or of all if they share a scale."""
    low, high, _ = maps(scene)[place].levels
    return low, high


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


@lru_cache(maxsize=512)
def _reach(settings: Settings, count: int, together: bool) -> tuple[float, float, float]:
    """Return the lowest loss that a logarithm reaches, a high one, and the highest."""
    table = _table(settings, count, together).losses
    finite = table[np.isfinite(table)]
    if not finite.size:
        return np.inf, 0.0, 1e-12
    return _floor(table), float(np.quantile(finite, 0.75)), float(finite.max())


def lowest_drawn(scene: Scene) -> float:
    """Return the loss below which a logarithmic scale does not reach, for all landscapes."""
    lowest = min(_reach(one, scene.side, scene.together)[0] for one in scene.settings)
    return lowest if np.isfinite(lowest) else 1e-12


def heights(scene: Scene) -> tuple[float, float]:
    """Return the ends of the slices' axis: of losses, or of their logarithms."""
    reaches = [_reach(one, scene.side, scene.together) for one in scene.settings]
    if scene.levels == LOG:
        low = float(np.log10(lowest_drawn(scene)))
        high = float(np.log10(max(highest for _, _, highest in reaches)))
        return low, max(high, low + 1)
    return 0.0, 1.05 * max(high for _, high, _ in reaches) or 1.0


def frame(scene: Scene) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the ends of x and y in data space, which adding outliers does not move."""
    return _frame(scene.settings)


@lru_cache(maxsize=128)
def _frame(settings: tuple[Settings, ...]) -> tuple[tuple[float, float], tuple[float, float]]:
    points = data(replace(settings[0].data, outliers=MOST_OUTLIERS))
    every = np.concatenate([points.y, *(terrain(one).target for one in settings)])
    ends = []
    for values in (points.x, every):
        low, high = float(values.min()), float(values.max())
        margin = 0.08 * (high - low) or 1.0
        ends.append((low - margin, high + margin))
    return ends[0], ends[1]


def across(scene: Scene) -> FloatArray:
    """Return the x at which models are drawn in data space, evenly spaced."""
    count = 2 if scene.settings[0].output == "identity" else _CURVE[len(scene.settings)]
    return np.linspace(*frame(scene)[0], count)


def best_answers(land: Landscape, best: Minimum, x: FloatArray) -> FloatArray:
    """Return the model at a minimum; far out where there is none."""
    scale = _OUT if best.kind is Kind.NONE and np.isfinite(best.value) else 1.0
    return land.answers(scale * best.w, scale * best.b, x)


def path_of(settings: Settings) -> FloatArray:
    """Return the places of the minimum for 0, 1, … added outliers, gaps where there is none."""
    found = outlier_path(replace(settings, data=replace(settings.data, outliers=0)), MOST_OUTLIERS)
    return np.array([(np.nan, np.nan) if m.kind is Kind.NONE else (m.w, m.b) for m in found])


def side(settings: Sequence[Settings], parameters: bool) -> int:
    """Return how fine maps are, coarser the more sliders they follow.

    Convex ones follow their data, and where ``parameters`` are in view these, too.
    """
    if not all(judged(one).proven for one in settings):
        return _SIDE[len(settings)]
    return (_LIVE_SIDE if parameters else _DATA_SIDE)[len(settings)]


class Known(NamedTuple):
    """What is found out about a landscape."""

    minima: tuple[Minimum, ...]
    convexity: Convexity


@lru_cache(maxsize=512)
def judged(settings: Settings) -> Convexity:
    """Return whether a landscape is convex."""
    return convexity(terrain(settings))


def known(settings: Settings) -> Known:
    """Return what is found out about a landscape."""
    return Known(minima_of(settings), judged(settings))


def known_along(settings: Settings, parameter: str, values: Sequence[float]) -> list[Known]:
    """Return what :func:`known` does for many values of a parameter of a convex loss."""
    found = minima_along(settings, parameter, values)
    return [Known(minima, judged(settings)) for minima in found]


def dead_share(scene: Scene, place: int) -> float:
    """Return the share of one map where the gradient is exactly zero."""
    return float(_table(scene.settings[place], scene.side, scene.together).dead.mean())


def bend(scene: Scene, place: int) -> Curvature:
    """Return how one landscape bends at the present place."""
    return curvature(scene.lands[place].hessian(scene.w, scene.b))


def sweeps(scene: Scene, firsts: tuple[int, ...], flat: bool) -> list[Packed]:
    """Return what either slider moves; ``firsts`` are as in :func:`picture`."""
    return [
        _sweep(replace(scene, **{name: 0.0}), slider, firsts, flat)
        for name, slider in (("w", W.key), ("b", B.key))
    ]


@lru_cache(maxsize=64)
def _sweep(scene: Scene, slider: str, firsts: tuple[int, ...], flat: bool) -> Packed:
    steps = W.steps if slider == W.key else B.steps
    return picture(scene, slider, firsts, flat).sweep(slider, steps).packed


class Profile(NamedTuple):
    """A landscape at some places, (S,) and (S, 2), and along w and b through them, (S, N)."""

    value: FloatArray
    slope: FloatArray
    by_w: FloatArray
    by_b: FloatArray


def _profile(scene: Scene, place: int, slider: str, count: int) -> Profile:
    """Return a landscape at (w, b), or at every step of the slider that is named."""
    settings = scene.settings[place]
    if scene.together:
        found = _profiles(_with_all(settings), slider, scene.w, scene.b, count)
        return found[settings.data.outliers]
    return _profiles(settings, slider, scene.w, scene.b, count)[-1]


@lru_cache(maxsize=512)
def _profiles(settings: Settings, slider: str, w: float, b: float, count: int) -> list[Profile]:
    """Return the profile of a landscape with 0, 1, … and all of its outliers."""
    land = terrain(settings)
    each_w, each_b = places(slider, w, b)
    along = np.linspace(-WINDOW, WINDOW, count)
    every = (
        land.values_as_points_come(each_w, each_b),
        land.gradients_as_points_come(each_w, each_b),
        land.values_as_points_come(along, each_b[:, None]),
        land.values_as_points_come(each_w[:, None], along),
    )
    return [Profile(*one) for one in zip(*every, strict=True)]


def places(slider: str, w: float, b: float) -> tuple[FloatArray, FloatArray]:
    """Return w and b at every step of a slider, each (S,); for "" as they are."""
    each_w = W.steps if slider == W.key else np.full(B.steps.size if slider else 1, w)
    each_b = B.steps if slider == B.key else np.full(each_w.size, b)
    return each_w, each_b


def picture(
    scene: Scene, slider: str, firsts: Sequence[int], flat: bool, best: Minimum | None = None
) -> Shown:
    """Return all that moves, for each step of ``slider``; at rest for ``""``.

    ``firsts`` are the first moving traces: of each map, and last that of data space.
    ``best`` is the minimum of the first loss, where it is known already.
    """
    w, b = places(slider, scene.w, scene.b)
    traces: dict[str, tuple[int, list[dict[str, object]]]] = {}
    place = np.stack([w, b], axis=-1)
    top, floor = heights(scene), lowest_drawn(scene)

    def drawn(losses: FloatArray) -> FloatArray:
        return _drawn(_scaled(losses, scene.levels, floor), top, 256)

    count = _SLICED[len(scene.settings)]
    along = np.linspace(-WINDOW, WINDOW, count)
    curves, losses = [], []
    texts: dict[str, list[str]] = {}
    for i, (name, settings) in enumerate(zip(scene.names, scene.settings, strict=True)):
        value, slope, *slices = _profile(scene, i, slider, count)
        key = map_key(i, flat=flat)
        if flat:
            traces[key] = (firsts[i], here(_fine(place), _fine(_tip(place, slope))))
        else:
            traces[key] = (firsts[i], _on_surface(scene, i, slider, place, value))
        for panel, losses_along in zip(("", "2"), slices, strict=True):
            curves.append(slice_curve(along, drawn(losses_along), i, name, panel))
        losses.append(drawn(value))
        lengths = np.hypot(slope[..., 0], slope[..., 1])
        texts[f"{NOW}[{i + 1}][1]"] = [words.level(v) for v in value.tolist()]
        texts[f"{NOW}[{i + 1}][2]"] = [words.steepness(v) for v in lengths.tolist()]
        if i == 0:
            best = best or minima_of(settings)[0]
            texts[VERDICT] = [
                words.verdict(name, *one, best)
                for one in zip(value.tolist(), lengths.tolist(), strict=True)
            ]
    x = across(scene)
    answers = _drawn(scene.lands[0].answers(w[:, None], b[:, None], x), frame(scene)[1], 512)
    traces[DATA_CHART] = (firsts[-1], [own_curve(x, answers)])
    up = np.stack(losses, axis=-1)
    dots = [
        slice_dots(np.broadcast_to(v[:, None], up.shape), up, panel)
        for v, panel in ((w, ""), (b, "2"))
    ]
    traces[SLICES] = (0, [*curves, *dots])
    return Shown(traces, texts)


def _on_surface(
    scene: Scene, place: int, slider: str, at: FloatArray, value: FloatArray
) -> list[dict[str, object]]:
    """Return the slices and the ball on a surface in space, at places (S, 2)."""
    count = IN_SPACE[len(scene.settings)]
    ends = maps_ends(scene, place)
    profile = _profile(scene, place, slider, count)
    along = np.broadcast_to(np.linspace(-WINDOW, WINDOW, count), (len(at), count))
    w, b = (np.broadcast_to(_fine(at[:, i : i + 1]), along.shape) for i in (0, 1))
    ball = [_fine(at[:, :1]), _fine(at[:, 1:]), raised(scene, value, ends)[:, None]]
    by_w, by_b = (raised(scene, losses, ends) for losses in (profile.by_w, profile.by_b))
    return solid_here(
        np.stack(ball, axis=-1),
        np.stack(np.broadcast_arrays(along, b, by_w), axis=-1),
        np.stack(np.broadcast_arrays(w, along, by_b), axis=-1),
    )


def _drawn(values: FloatArray, ends: tuple[float, float], parts: int) -> FloatArray:
    """Return values as fine as they can be seen on an axis: whole multiples of a power of two.

    The axis has at least so many ``parts``. Rounded like this a sweep packs to a quarter;
    what is far outside the axis is cut off, and what is infinite left out.
    """
    span = ends[1] - ends[0]
    step = 2.0 ** np.floor(np.log2(span / parts))
    inside = np.clip(values, ends[0] - 4 * span, ends[1] + 4 * span)
    return np.where(np.isfinite(values), np.round(inside / step) * step + 0.0, np.nan)


def arrows(settings: Settings, count: int) -> tuple[FloatArray, FloatArray]:
    """Return places all over the map and, for each, the end of a short arrow downhill."""
    inside = np.linspace(-WINDOW, WINDOW, _ARROWS[count] + 2)[1:-1]
    place = np.stack([v.ravel() for v in np.meshgrid(inside, inside)], axis=-1)
    slope = terrain(settings).gradient(place[:, 0], place[:, 1])
    # Half as long as at the place itself, or they would run into each other.
    return place, _fine(place + (_tip(place, slope) - place) / 2)


def _tip(place: FloatArray, slope: FloatArray) -> FloatArray:
    """Return the end of an arrow downhill, longer where it is steeper; a gap where it is flat."""
    length = np.hypot(slope[..., 0], slope[..., 1])[..., None]
    with np.errstate(invalid="ignore", divide="ignore"):
        arrow = -slope / length * (_SHORT + (_LONG - _SHORT) * length / (length + 1))
    return place + np.where(np.isfinite(arrow), arrow, np.nan)


def _fine(places: FloatArray) -> FloatArray:
    """Return places as fine as half a pixel, so that a sweep of them packs well."""
    return np.round(places * _FINE) / _FINE + 0.0
