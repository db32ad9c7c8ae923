"""What each slider of the race moves: trails, curves, heads, standings and words.

A picture is made of rows: one at rest, one for each percentage of the race or one for each
step of a slider in a sweep. All are made by the same functions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from core.descent.surfaces import SURFACES
from core.optimizers import OPTIMIZERS
from core.spec import FloatArray, Parameter
from pages.ui import charts
from pages.ui.charts import Spec
from pages.ui.controls import slider_key
from pages.ui.live import ChartSweep, Packed, Sweep
from pages.ui.optimizers import controls, scene, words
from pages.ui.optimizers.budget import Following
from pages.ui.optimizers.controls import PROGRESS
from pages.ui.optimizers.figures import curves, mapping
from pages.ui.optimizers.scene import Driver
from pages.ui.optimizers.walks import Course, Integers, Varied, Walks, marks, walks
from pages.ui.parts import Shown
from pages.ui.wording import number

CHART = "optimizers_chart"
CURVES = "optimizers_curves"
STANDINGS = "optimizers_standings"
WHERE = "optimizers_where"
VERDICT = "optimizers_verdict"
NOTES = "optimizers_note"

MOST_STEPS = 1000
"""So many steps, those of all optimizers together, are run for the sweep of a slider."""

PIECES = 50
"""A curve over the step has so many pieces: one a step in a race of 50."""

STILL = 4
"""Traces of the map below the walks: the surface, unseen points, the minima and the start."""

Traces = dict[str, dict[int, Spec]]
Texts = dict[str, Sequence[str]]


def shown(course: Course, runs: Sequence[Walks], percent: int) -> Shown:
    """Show the race at rest, after ``percent`` of its steps."""
    row, step = np.zeros(1, dtype=int), np.array([step_at(course, percent)])
    ground: dict[int, Spec] = {
        0: mapping.contours(course.ground.window, scene.heights(course.ground)),
        1: mapping.canvas(course.ground.window),
        2: mapping.minima(course.ground.minima),
        3: mapping.start_mark(np.array(course.start)),
    }
    traces: Traces = {CHART: ground, CURVES: {}}
    texts: Texts = {
        VERDICT: _verdicts(runs, 1),
        WHERE: _where(course, [percent]),
    }
    for place, run in enumerate(runs):
        for chart, found in _curves(run, place).items():
            traces[chart] |= found
        for chart, found in _heads(run, place, len(runs), row, step).items():
            traces[chart] |= found
        texts |= _standings(run, place, row, step) | {f"{NOTES}_{place}": _notes(run)}
    ordered = {chart: (0, [found[i] for i in sorted(found)]) for chart, found in traces.items()}
    return Shown(ordered, texts)


def tops(course: Course) -> tuple[float, float]:
    """Return where the axes of the curves end, for any start and parameters of the surface."""
    if not course.surface:
        return scene.tops(course.ground)
    highest = tuple((p.name, p.high) for p in SURFACES[course.surface].parameters)
    return scene.tops(scene.ground(course.surface, highest))


@lru_cache(maxsize=16)
def by_progress(course: Course, drivers: tuple[Driver, ...]) -> Packed:
    """Return what the share of the steps moves: trails, heads, marks and standings."""
    percents = PROGRESS.steps.tolist()
    step = np.array([step_at(course, percent) for percent in percents])
    row = np.zeros(len(step), dtype=int)
    traces: Traces = {CHART: {}, CURVES: {}}
    texts: Texts = {WHERE: _where(course, percents)}
    for place, driver in enumerate(drivers):
        run = walks(course, driver)
        for chart, found in _heads(run, place, len(drivers), row, step).items():
            traces[chart] |= found
        texts |= _standings(run, place, row, step)
    at = {path: step.tolist() for path in curves.AT_STEP}
    return _sweep(PROGRESS.key, percents, traces, texts, {CURVES: at}).packed


def sliders(
    course: Course, drivers: tuple[Driver, ...], percent: int, tab: str
) -> Iterator[Following]:
    """Give what each slider of the tab that is open moves.

    Nothing where the walks would take too long: all of them are run anew for the others'
    sweeps whenever a slider has been moved.
    """
    for slider, one in varied(course, drivers, tab):
        racers = sum(_changes(one, course, driver) for driver in drivers)
        quick = racers * course.steps <= MOST_STEPS
        made = _of_slider(course, drivers, percent, slider, one) if quick else []
        yield Following(one.label, made, ground(CHART, slider, one, course))


def _changes(varied: Varied, course: Course, driver: Driver) -> bool:
    return varied.of in ("", course.surface, driver.name)


def _of_slider(
    course: Course, drivers: Sequence[Driver], percent: int, slider: str, varied: Varied
) -> list[Packed]:
    # Without the slider's own value, which changes nothing in its sweep.
    neutral = [varied.change(course, driver, varied.values[0]) for driver in drivers]
    others = neutral[0][0]
    racers = tuple(
        (place, driver)
        for place, (_, driver) in enumerate(neutral)
        if _changes(varied, course, driver)
    )
    return [
        _moved(slider, varied, others, racers, len(drivers), percent),
        _told(slider, varied, others, tuple(driver for _, driver in neutral)),
    ]


def varied(course: Course, drivers: Sequence[Driver], tab: str) -> list[tuple[str, Varied]]:
    """Return the sliders of a tab by their keys."""
    if tab == controls.RATES:
        rates = controls.RATE_OPTIONS
        return [
            (slider_key(one.name, "learning_rate"), Varied(one.name, "learning_rate", rates))
            for one in drivers
        ]
    if tab == controls.START:
        found = [
            (key, Varied("", name, controls.STARTS))
            for name, key in (("w", controls.W), ("b", controls.B))
        ]
        seeds = (controls.SEED, Varied("", "seed", tuple(map(float, controls.SEEDS))))
        return [*found, seeds] if course.ground.noise else found
    if tab == controls.GROUND:
        return [
            (slider_key(course.surface, p.name), Varied(course.surface, p.name, _steps(p)))
            for p in (SURFACES[course.surface].parameters if course.surface else ())
        ]
    return [
        (slider_key(one.name, p.name), Varied(one.name, p.name, _steps(p)))
        for one in drivers
        for p in OPTIMIZERS[one.name].parameters[1:]
        if p.name != "bias_correction"
    ]


def _steps(p: Parameter) -> tuple[float, ...]:
    return controls.EPS_OPTIONS if p.name == "eps" else tuple(p.steps.tolist())


@lru_cache(maxsize=256)
def _moved(
    slider: str,
    varied: Varied,
    course: Course,
    racers: tuple[tuple[int, Driver], ...],
    count: int,
    percent: int,
) -> Packed:
    """Return what a slider moves of the racers that it is for: by their places among all."""
    row = np.arange(len(varied.values))
    step = np.full(len(row), step_at(course, percent))
    traces: Traces = {CHART: {}, CURVES: {}}
    texts: Texts = {}
    for place, driver in racers:
        run = walks(course, driver, varied)
        for part in (_curves(run, place), _heads(run, place, count, row, step)):
            for chart, found in part.items():
                traces[chart] |= found
        texts |= _standings(run, place, row, step) | {f"{NOTES}_{place}": _notes(run)}
    if varied.name in ("w", "b") and not varied.of:
        starts = np.array([one.start for one in run.courses])
        traces[CHART][STILL - 1] = mapping.start_mark(starts)
    return _sweep(slider, varied.values, traces, texts).packed


@lru_cache(maxsize=256)
def _told(slider: str, varied: Varied, course: Course, drivers: tuple[Driver, ...]) -> Packed:
    """Return what a slider makes of the verdict, which is about all racers."""
    runs = [
        walks(course, one, varied if _changes(varied, course, one) else None) for one in drivers
    ]
    says = _verdicts(runs, len(varied.values))
    return Sweep(slider, varied.values, texts={VERDICT: says}).packed


def ground(chart: str, slider: str, varied: Varied, course: Course) -> list[Packed]:
    """Return the surface at each step of a slider, if that shapes it: a chart's first trace."""
    if not varied.of or varied.of != course.surface or varied.name == "sigma":
        return []
    # Without what has no part in it, and so without the slider's own value.
    bare = replace(course, start=(0.0, 0.0), seed=0, steps=0, schedule="constant")
    return [_ground(chart, slider, varied, varied.change_course(bare, varied.values[0]))]


@lru_cache(maxsize=64)
def _ground(chart: str, slider: str, varied: Varied, course: Course) -> Packed:
    grounds = [varied.change_course(course, value).ground for value in varied.values]
    z = np.stack([mapping.levels(scene.heights(one)) for one in grounds])
    return Sweep(slider, varied.values, [ChartSweep(chart, {0: {"z": z}})]).packed


def _sweep(
    slider: str,
    values: Sequence[float],
    traces: Mapping[str, Mapping[int, Spec]],
    texts: Texts,
    layout: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
) -> Sweep:
    changes = {
        chart: {i: charts.varying(trace) for i, trace in sorted(found.items())}
        for chart, found in traces.items()
    }
    moved = [
        ChartSweep(
            chart,
            {i: change for i, change in found.items() if change},
            (layout or {}).get(chart, {}),
        )
        for chart, found in changes.items()
    ]
    return Sweep(slider, values, moved, texts)


# ---------------------------------------------------------------- rows


def step_at(course: Course, percent: float) -> int:
    """Return the step that a share of the race is."""
    return round(percent * course.steps / 100)


def _where(course: Course, percents: Sequence[float]) -> list[str]:
    return [f"Step {step_at(course, percent)} of {course.steps}" for percent in percents]


def _curves(run: Walks, place: int) -> Traces:
    """Draw height and gradient over all steps, a row a walk, for the racer at a place."""
    gap = run.steps // PIECES
    at = np.arange(0, run.steps + 1, gap)
    rows = np.arange(len(run.positions))
    heights = run.measured(rows, np.broadcast_to(at, (len(rows), len(at))))
    left, right = (curves.curve(run.name, gap, scene.on_axis(one)) for one in heights)
    return {CURVES: {2 * place: left, 2 * place + 1: right | curves.BESIDE}}


def _heads(run: Walks, place: int, count: int, rows: Integers, steps: Integers) -> Traces:
    """Draw the walks ``rows`` up to ``steps``, both (r,), on the map."""
    # The points that are still to come wait at the head of the walk.
    so_far = run.drawn[rows[:, None], np.minimum(marks(run.steps), steps[:, None])]
    last = so_far[:, -1:]
    return {
        CHART: {
            STILL + place: mapping.trail(run.name, so_far),
            STILL + count + place: mapping.head(run.name, last[..., 0], last[..., 1]),
        }
    }


def _standings(run: Walks, place: int, rows: Integers, steps: Integers) -> Texts:
    """Write the racer's row of the table, for walks ``rows`` after ``steps``, both (r,)."""
    at = steps[:, None]
    columns: list[FloatArray] = [*run.measured(rows, at), run.distances(rows, at)]
    cell = f"{STANDINGS}[{place + 1}]"
    texts: Texts = {f"{cell}[1]": [number(run.drivers[row].rate) for row in rows]}
    for column, values in enumerate(columns, 2):
        texts[f"{cell}[{column}]"] = [number(v, 2) for v in values[:, 0].tolist()]
    return texts


def _notes(run: Walks) -> list[str]:
    """Say of each walk what became of it."""
    return [
        words.fate(one.ground, one.start, driver, positions, taken, run.steps)
        for one, driver, positions, taken in zip(
            run.courses, run.drivers, run.positions, run.taken.tolist(), strict=True
        )
    ]


def _verdicts(runs: Sequence[Walks], count: int) -> list[str]:
    """Say who wins at each of ``count`` steps of a slider; some walks know one row only."""
    names = [run.name for run in runs]
    gaps = np.empty((count, len(runs)))
    for place, run in enumerate(runs):
        rows = np.arange(len(run.positions))
        ends, _ = run.measured(rows, np.full((len(rows), 1), run.steps))
        lost = (run.taken < run.steps) | ~np.isfinite(ends[:, 0])
        gaps[:, place] = np.where(lost, np.inf, ends[:, 0])
    return [words.winner(names, row, runs[0].steps) for row in gaps.tolist()]
