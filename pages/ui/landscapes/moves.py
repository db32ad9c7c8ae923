"""What follows the sliders of the data and of the losses: the whole picture, a step at a time.

Each step of such a slider is another scene. Its picture is made as it is at rest, and the
pictures are laid on one another: what differs between them is what the slider moves.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from core.landscapes.surface import minima_of
from core.spec import FloatArray
from pages.ui import charts, controls
from pages.ui.charts import Spec
from pages.ui.controls import Choice
from pages.ui.landscapes import figures, stills, words
from pages.ui.landscapes import scene as scenes
from pages.ui.landscapes.controls import MOST_OUTLIERS, OUTLIERS
from pages.ui.landscapes.scene import DATA_CHART, FACTS, NOW, SLICES, Known, Scene, map_key
from pages.ui.landscapes.stills import Look
from pages.ui.live import ChartSweep, Packed, Sweep

_ROOM = {1: 36_000, 2: 28_000, 3: 24_000, 4: 16_000}
"""So many bytes may these sweeps take beside so many maps: a move may send them all anew."""


@dataclass(frozen=True)
class Move:
    """A slider of the data; or of a parameter of the loss ``key``, which is at a place.

    ``label`` is what the page calls it in a sentence.
    """

    slider: str
    label: str
    values: tuple[float, ...]
    key: str = ""
    parameter: str = ""
    place: int = 0

    def bare(self, scene: Scene) -> Scene:
        """Return a scene without the slider's own value, which changes nothing in its sweep."""
        return self.scene(scene, self.values[0])

    def scene(self, scene: Scene, value: float) -> Scene:
        """Return the scene at one step of the slider."""
        names, settings = list(scene.names), list(scene.settings)
        if self.key:
            own = {**dict(settings[self.place].loss_parameters), self.parameter: value}
            choice = Choice(self.key, own)
            names[self.place] = choice.label
            settings[self.place] = replace(settings[self.place], loss_parameters=choice.settings)
        else:
            points = replace(scene.data, outliers=round(value))
            settings = [replace(one, data=points) for one in settings]
        together = not self.key
        return replace(scene, names=tuple(names), settings=tuple(settings), together=together)


def of_outliers() -> Move:
    """Return the move of the number of outliers."""
    return Move(OUTLIERS, "the outliers", tuple(range(MOST_OUTLIERS + 1)))


def of_parameters(choices: Sequence[Choice]) -> list[Move]:
    """Return the moves of the losses' parameters."""
    return [
        Move(
            controls.slider_key(choice.key, p.name),
            f"{choice.name}'s {p.glyph}",
            tuple(p.steps.tolist()),
            choice.key,
            p.name,
            place,
        )
        for place, choice in enumerate(choices)
        for p in choice.entry.parameters
    ]


def sweeps(
    moves: Sequence[Move], scene: Scene, look: Look, firsts: tuple[int, ...]
) -> tuple[list[Packed], list[str]]:
    """Return the sweeps for which there is time and room, and the labels of the other moves.

    Where a landscape is not convex each minimum is a search, a path of minima takes eleven of
    them for each value of a parameter, and where steps have different traces nothing can be
    laid on one another: these wait for release.
    """
    made = {move.label: _of_move(move, scene, look, firsts) for move in moves}
    sizes = {label: sum(len(one.payload) for one in own) for label, own in made.items()}
    room = _ROOM[len(scene.settings)]
    if all(made.values()) and max(sizes.values()) <= room:
        # Where all are followed a move has the sweeps of the others sent anew, not its own.
        every = sum(sizes.values())
        if every - min(sizes.values()) <= room:
            room = every
    found: list[Packed] = []
    left: list[str] = []
    for label, own in made.items():
        if own and sizes[label] <= room:
            room -= sizes[label]
            found += own
        else:
            left.append(label)
    return found, left


def _of_move(move: Move, scene: Scene, look: Look, firsts: tuple[int, ...]) -> list[Packed]:
    """Return the sweeps of one move, or none if there is no time for them."""
    ends = [move.scene(scene, move.values[0]), move.scene(scene, move.values[-1]), scene]
    convex = all(scenes.judged(one).proven for end in ends for one in end.settings)
    if not convex or (move.key and look.path):
        return []
    bare = move.bare(scene)
    own = [
        _still(move, replace(bare, w=0.0, b=0.0), look),
        _moving(move, bare, look.flat, firsts),
    ]
    found = [one for one in own if one is not None]
    return found if len(found) == len(own) else []


@lru_cache(maxsize=64)
def _still(move: Move, scene: Scene, look: Look) -> Packed | None:
    """Return what w and b have no part in."""
    moved = [move.place] if move.key else list(range(len(scene.settings)))
    pictures: dict[str, list[list[Spec]]] = {DATA_CHART: []}
    layout: dict[str, dict[str, list[Any]]] = {SLICES: {"yaxis.range": [], "yaxis2.range": []}}
    texts: dict[str, list[str]] = {}
    for value, known in zip(move.values, _known(move, scene), strict=True):
        one = move.scene(scene, value)
        for i in range(len(one.names)) if one.shared else moved:
            key = map_key(i, flat=look.flat)
            pictures.setdefault(key, []).append(stills.of_landscape(one, i, known[i], look))
            put = layout.setdefault(key, defaultdict(list))
            put["annotations[0].text"].append(figures.titles(one.names)[i])
            if not look.flat:
                put["scene.zaxis.range"].append(list(scenes.maps_ends(one, i)))
        for i in moved:
            name = one.names[i]
            texts.setdefault(f"{NOW}[{i + 1}][0]", []).append(name)
            texts.setdefault(f"{FACTS}[0][{i + 1}]", []).append(name)
            shape = words.Shape(*known[i], scenes.dead_share(one, i))
            for row, (_, (cell,)) in enumerate(words.lasting([shape]), 1):
                texts.setdefault(f"{FACTS}[{row}][{i + 1}]", []).append(cell)
        pictures[DATA_CHART].append(stills.in_data_space(one, known))
        for column in layout[SLICES].values():
            column.append(list(scenes.heights(one)))
    return _laid(move, pictures, dict.fromkeys(pictures, 0), texts, layout)


@lru_cache(maxsize=16)
def _known(move: Move, scene: Scene) -> list[list[Known]]:
    """Return what is found out about every landscape, at every step; w and b play no part."""
    if not move.key:
        # What is convex is so for any data: it is enough that one set has been judged.
        verdicts = [scenes.judged(one) for one in scene.settings]
        steps = [move.scene(scene, value).settings for value in move.values]
        return [
            [Known(minima_of(one), verdict) for one, verdict in zip(each, verdicts, strict=True)]
            for each in steps
        ]
    rest = [scenes.known(one) for one in scene.settings]
    along = scenes.known_along(scene.settings[move.place], move.parameter, move.values)
    return [[*rest[: move.place], one, *rest[move.place + 1 :]] for one in along]


@lru_cache(maxsize=64)
def _moving(move: Move, scene: Scene, flat: bool, firsts: tuple[int, ...]) -> Packed | None:
    """Return what changes with w and b, too."""
    found = _known(move, replace(scene, w=0.0, b=0.0))
    each = [
        scenes.picture(move.scene(scene, value), "", firsts, flat, known[0].minima[0])
        for value, known in zip(move.values, found, strict=True)
    ]
    starts = {chart: first for chart, (first, _) in each[0].traces.items()}
    pictures = {chart: [charts.at_rest(one.traces[chart][1]) for one in each] for chart in starts}
    texts = {key: [one.texts[key][0] for one in each] for key in each[0].texts}
    return _laid(move, pictures, starts, texts, {})


def _laid(
    move: Move,
    pictures: dict[str, list[list[Spec]]],
    starts: dict[str, int],
    texts: dict[str, list[str]],
    layout: dict[str, dict[str, list[Any]]],
) -> Packed | None:
    """Lay the pictures of every step on one another; None if their traces differ."""
    swept = []
    for chart in [*pictures, *(layout.keys() - pictures.keys())]:
        each = pictures.get(chart, [])
        if len({tuple((t["type"], t.get("mode"), len(t)) for t in one) for one in each}) > 1:
            return None
        traces = {
            starts[chart] + i: charts.varying(_stacked(steps))
            for i, steps in enumerate(zip(*each, strict=True))
        }
        moved = {path: column for path, column in layout.get(chart, {}).items() if _vary(column)}
        traces = {i: changes for i, changes in traces.items() if changes}
        if traces or moved:
            swept.append(ChartSweep(chart, traces, moved))
    said = {key: column for key, column in texts.items() if _vary(column)}
    return Sweep(move.slider, move.values, swept, said).packed


def _vary(column: Sequence[Any]) -> bool:
    return any(value != column[0] for value in column)


def _stacked(steps: Sequence[Spec]) -> Spec:
    """Return one trace with a row a step; short rows end in gaps."""
    return {
        name: _rows([step[name] for step in steps]) if isinstance(value, np.ndarray) else value
        for name, value in steps[0].items()
    }


def _rows(each: Sequence[FloatArray]) -> FloatArray:
    sizes = {len(one) for one in each}
    if len(sizes) == 1:
        return np.stack(each)
    return np.stack(
        [np.pad(one, (0, max(sizes) - len(one)), constant_values=np.nan) for one in each]
    )
