"""What stands still in the Landscape section while w and b move: maps, minima, data."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.landscapes import WINDOW
from core.landscapes.minima import Kind
from core.landscapes.surface import data
from pages.ui.charts import Spec
from pages.ui.landscapes import figures
from pages.ui.landscapes import scene as scenes
from pages.ui.landscapes.scene import CLICKS, Known, Map, Scene


class Look(NamedTuple):
    """How the landscapes are drawn: as maps or in space, and with what."""

    flat: bool
    path: bool
    field: bool


def of_landscape(scene: Scene, place: int, known: Known, look: Look) -> list[Spec]:
    """Return what stands still of one landscape: on its map, or in space."""
    if look.flat:
        return on_map(scene, place, scenes.maps(scene)[place], known, look)
    ends = scenes.maps_ends(scene, place)
    best = known.minima[0]
    seen = best.kind is not Kind.NONE and max(abs(best.w), abs(best.b)) <= WINDOW
    bottom = scenes.raised(scene, np.array([best.value]), ends)
    mark = np.array([[best.w, best.b, bottom[0]]]) if seen else np.full((1, 3), np.nan)
    return [
        figures.solid(*scenes.in_space(scene, place, ends)),
        figures.solid_minimum(mark),
    ]


def on_map(scene: Scene, place: int, drawn: Map, known: Known, look: Look) -> list[Spec]:
    """Return what stands still on one map, from the contours up."""
    settings = scene.settings[place]
    land = scene.lands[place]
    traces = figures.contours(drawn.at, drawn.table, drawn.levels)
    if land.may_be_dead:
        # Of many maps every second place will do: its edge is drawn from place to place.
        each = 1 if len(scene.settings) < 3 else 2
        traces += figures.dead_cells(drawn.at[::each], drawn.dead[::each, ::each])
    if look.field:
        traces += figures.field(*scenes.arrows(settings, len(scene.settings)))
    traces.append(figures.clicks((-WINDOW, WINDOW), CLICKS[len(scene.settings)]))
    witness = known.convexity.witness
    if witness is not None:
        traces += figures.witness_marks(witness.one, witness.other)
    # A plateau higher up is grey already.
    places = [
        (m.w, m.b)
        for i, m in enumerate(known.minima)
        if m.kind is Kind.POINT or (m.kind is Kind.FLAT and i == 0)
    ]
    walked = scenes.path_of(settings) if look.path else None
    traces += figures.minimum_marks(places, walked)
    none = [m for m in known.minima if m.kind is Kind.NONE]
    directions = [(m.w, m.b) for m in none if np.isfinite(m.value)]
    # Of two classes that are apart a single outlier makes a minimum: the trace is there for it.
    if directions or data(scene.data).classes:
        traces += figures.ways_out(directions, WINDOW)
    return traces


def in_data_space(scene: Scene, known: Sequence[Known]) -> list[Spec]:
    """Return the points and the best model of each loss.

    The points stand as the losses take them: once more where classes are coded twice.
    """
    x = data(scene.data).x
    codings = {tuple(land.target.tolist()): land.target for land in scene.lands}
    y = np.concatenate(list(codings.values()))
    along = scenes.across(scene)
    traces = [figures.data_points(np.tile(x, len(codings)), y)]
    for i, (name, land, one) in enumerate(zip(scene.names, scene.lands, known, strict=True)):
        curve = scenes.best_answers(land, one.minima[0], along)
        traces.append(figures.best_curve(along, curve, i, name))
    return traces
