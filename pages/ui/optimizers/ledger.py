"""The step ledger: one update at a time, written out with its numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import streamlit as st

from core.descent import Trajectory
from core.descent.ledger import steps
from core.descent.surfaces import Ground
from core.optimizers import OPTIMIZERS
from core.spec import FloatArray
from pages.ui import charts, export, parts, wording
from pages.ui.live import Packed, live, transport
from pages.ui.optimizers import controls, follow, scene, words
from pages.ui.optimizers.budget import Following, fitting
from pages.ui.optimizers.controls import STEP, Stage
from pages.ui.optimizers.figures import mapping, stepping
from pages.ui.optimizers.scene import Driver
from pages.ui.optimizers.walks import Course, Varied, columns, run
from pages.ui.parts import Shown

CHART = "optimizers_ledger"
TABLE = "optimizers_numbers"
UPDATE = "optimizers_update"
NOTE = "optimizers_ledger_note"
STEPS = 60
_PAGE = 16_500
"""Bytes of all that is neither a chart nor a sweep."""
ARROW = 0.12
"""An arrow's length as a share of the map's width: arrows show directions."""

_MEMORY = {"momentum": "v", "nesterov": "v", "adam": "m", "adamw": "m"}
"""What an optimizer remembers of the direction: the field of its state."""


def ledger() -> None:
    """Draw one optimizer's walk with the arrows of one step, and the step in numbers."""
    beside, above = parts.columns()
    with beside:
        stage = controls.stage()
        driver = controls.driver()
        outcome, remark = st.container(), st.container()
    course = stage.course(STEPS)
    path = run([(course, driver)])
    if not path.steps:
        with above:
            st.warning(fates([(course, driver)], path)[0])
        return
    with above, st.grid(2, min_column_width=200, vertical_alignment="bottom"):
        step = round(STEP.draw())
        transport(STEP.key, "the steps", key="optimizers_step_player")
    shown = pictured([(course, driver)], path, [step])
    with above:
        layout = mapping.map_layout(stage.ground.window)
        alt = f"The walk of {OPTIMIZERS[driver.name].name} up to step {step}, with arrows"
        figure = parts.draw(shown, CHART, layout, alt, still(stage))
        parts.say(shown, UPDATE)
    with outcome:
        parts.say(shown, NOTE)
    st.latex(OPTIMIZERS[driver.name].formula)
    rows = words.entries(driver.name, steps(path, [1], [0]), columns([driver]))
    parts.table(shown, TABLE, ["", "what it is", "of w", "of b"], [symbol for symbol, _, _ in rows])
    always = [_by_step(course, driver)]
    chosen = fitting(sweeps(course, driver, step), [figure], always, _PAGE)
    live(chosen.sweeps, key="optimizers_live")
    if chosen.left:
        with remark:
            st.caption(wording.let_go(chosen.left))
    export.offer(CHART, figure, lambda: numbers(driver, path), "ledger")


def still(stage: Stage) -> list[charts.Spec]:
    """Return what does not move: the surface and its minima."""
    land = stage.ground
    return [
        mapping.contours(land.window, scene.heights(land)),
        mapping.minima(land.minima),
    ]


def pictured(
    rows: Sequence[tuple[Course, Driver]], path: Trajectory, steps_asked: Sequence[int]
) -> Shown:
    """Show one step a row, counted from 1: arrows on the map, and numbers.

    ``path`` has a walk a row, or one for all rows. A walk that stopped earlier shows its
    last step.
    """
    (course, driver), *_ = rows
    land, name = course.ground, driver.name
    walk = [row if len(rows) > 1 else 0 for row in range(len(steps_asked))]
    at = np.minimum(path.taken[walk], steps_asked)
    made = steps(path, at.tolist(), walk)
    # As many points for a walk that stopped alone as beside others.
    place = np.minimum(np.arange(STEPS + 1), path.steps)
    drawn = scene.on_map(land, np.moveaxis(path.positions[place], 1, 0))[walk]
    stands, looks = scene.clipped(land, made.before), scene.clipped(land, made.look_ahead)
    nesterov = name == "nesterov"
    tails = looks if nesterov else stands
    arrows = [("−gradient", tails, tails + _unit(land, -made.gradient))]
    memory = getattr(made.state, _MEMORY.get(name, ""), None)
    if memory is not None:
        arrows.append(("−momentum", stands, stands + _unit(land, -memory)))
    strokes = [
        (label, scene.on_map(land, stepping.arrow(tail, tip))) for label, tail, tip in arrows
    ]
    ahead = scene.on_map(land, looks) if nesterov else None
    traces = [
        mapping.start_mark(drawn[:, 0]),
        *stepping.ledger_traces(name, drawn, at, strokes, ahead),
    ]
    settings = columns([rows[row][1] for row in walk])
    texts: dict[str, Sequence[str]] = {}
    for row, (_, meaning, values) in enumerate(words.entries(name, made, settings), 1):
        texts[f"{TABLE}[{row}][1]"] = [meaning] * len(at)
        for column in (0, 1):
            cells = [words.fixed(v, 4) for v in values[:, column].tolist()]
            texts[f"{TABLE}[{row}][{column + 2}]"] = cells
    lines = words.written_out(name, made, settings)
    texts[UPDATE] = [
        f"**Step {k}**\n\n`w: {of_w}`\n\n`b: {of_b}`"
        for k, (of_w, of_b) in zip(at.tolist(), lines, strict=True)
    ]
    told = fates(rows, path)
    texts[NOTE] = [told[one] for one in walk]
    return Shown({CHART: (2, traces)}, texts)


def fates(rows: Sequence[tuple[Course, Driver]], path: Trajectory) -> list[str]:
    """Say of each row's walk what became of it."""
    return [
        words.fate(
            course.ground, course.start, driver, path.positions[:, row], int(path.taken[row]), STEPS
        )
        for row, (course, driver) in enumerate(rows)
    ]


def _unit(land: Ground, direction: FloatArray) -> FloatArray:
    """Return directions (n, 2) at the length of an arrow; none where there is no direction."""
    (left, right), _ = land.window
    with np.errstate(all="ignore"):
        size = np.linalg.norm(direction, axis=-1, keepdims=True)
        scaled = ARROW * (right - left) * direction / size
    return np.where(np.isfinite(scaled), scaled, 0.0)


@lru_cache(maxsize=32)
def _by_step(course: Course, driver: Driver) -> Packed:
    rows = [(course, driver)]
    at = [round(k) for k in STEP.steps.tolist()]
    return _moving(pictured(rows, run(rows), at)).sweep(STEP.key, STEP.steps).packed


def sweeps(course: Course, driver: Driver, step: int) -> Iterator[Following]:
    """Give what every other slider makes of the same step."""
    for slider, varied in (
        one for tab in controls.TABS for one in follow.varied(course, [driver], tab)
    ):
        # Without the slider's own value, which changes nothing in its sweep.
        found = _swept(slider, varied, *varied.change(course, driver, varied.values[0]), step)
        land = follow.ground(CHART, slider, varied, course)
        yield Following(varied.label, [found] if found else [], land)


@lru_cache(maxsize=128)
def _swept(slider: str, varied: Varied, course: Course, driver: Driver, step: int) -> Packed | None:
    """Return the same step at every value of a slider; None if one of them allows no step."""
    rows = [varied.change(course, driver, value) for value in varied.values]
    path = run(rows)
    if not path.taken.min():
        return None
    shown = _moving(pictured(rows, path, [step] * len(rows)))
    return shown.sweep(slider, np.array(varied.values)).packed


def _moving(shown: Shown) -> Shown:
    """Return what is shown without the texts that are the same in every row: half of them."""
    return replace(shown, texts={k: told for k, told in shown.texts.items() if len(set(told)) > 1})


def numbers(driver: Driver, path: Trajectory) -> export.Table:
    """Return the whole ledger as rows, all digits."""
    at = range(1, path.steps + 1)
    found = words.entries(
        driver.name, steps(path, at, [0] * path.steps), columns([driver] * path.steps)
    )
    head = ["step", *(f"{symbol}, {axis}" for symbol, _, _ in found for axis in ("w", "b"))]
    rows = [[k, *(float(v) for _, _, values in found for v in values[k - 1])] for k in at]
    return export.Table(head, rows)
