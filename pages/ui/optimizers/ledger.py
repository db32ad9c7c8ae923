"""The step ledger: one update at a time, written out with its numbers."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import streamlit as st

from core.descent import Trajectory, descend
from core.ledger import Steps, steps
from core.optimizers import OPTIMIZERS
from core.spec import FloatArray
from core.surfaces import Ground
from pages.ui import charts, export, parts
from pages.ui.controls import slider_key
from pages.ui.live import Sweep, live, transport
from pages.ui.optimizers import controls, figures, scene, words
from pages.ui.optimizers.controls import STEP, Stage
from pages.ui.optimizers.scene import Driver, Settings
from pages.ui.parts import Shown

CHART = "optimizers_ledger"
TABLE = "optimizers_numbers"
UPDATE = "optimizers_update"
STEPS = 60
ARROW = 0.12
"""An arrow's length as a share of the map's width: arrows show directions."""

_MEMORY = {"momentum": "v", "nesterov": "v", "adam": "m", "adamw": "m"}
"""What an optimizer remembers of the direction: the field of its state."""


def ledger() -> None:
    """Draw one optimizer's walk with the arrows of one step, and the step in numbers."""
    beside, above = parts.columns(tall=True)
    with beside:
        stage = controls.stage()
        driver = controls.driver()
    path = scene.walk(stage.ground, stage.start, driver, STEPS, "constant", stage.seed)
    if not path.steps:
        with above:
            st.warning(words.fate(stage.ground, stage.start, driver, path))
        return
    with above, st.grid(2, min_column_width=200, vertical_alignment="bottom"):
        step = round(STEP.draw())
        transport(STEP.key, "the steps", key="optimizers_step_player")
    last = min(step, path.steps)
    shown = pictured(stage.ground, driver, [path.positions], steps(path, [last]), [last])
    with above:
        layout = figures.map_layout(stage.ground.window)
        alt = f"The walk of {OPTIMIZERS[driver.name].name} up to step {last}, with arrows"
        figure = parts.draw(shown, CHART, layout, alt, still(stage))
        parts.say(shown, UPDATE)
    with beside:
        sentence = words.fate(stage.ground, stage.start, driver, path)
        if sentence:
            st.markdown(sentence)
        if step > path.steps:
            st.caption(f"Steps after {path.steps} were not made; the last one is shown.")
    st.latex(OPTIMIZERS[driver.name].formula)
    rows = words.entries(driver.name, steps(path, [last]), dict(driver.settings))
    parts.table(shown, TABLE, ["", "what it is", "of w", "of b"], [symbol for symbol, _, _ in rows])
    by_rate = _by_rate(stage.ground, stage.start, driver.name, driver.settings, step, stage.seed)
    live([_by_step(stage.ground, driver, path), *by_rate], key="optimizers_live")
    export.offer(CHART, figure, lambda: numbers(driver, path), "ledger")


def still(stage: Stage) -> list[charts.Spec]:
    """Return what does not move: the surface, its minima and the start."""
    land = stage.ground
    return [
        figures.contours(land.window, scene.heights(land)),
        figures.minima(land.minima),
        figures.start_mark(stage.start),
    ]


def pictured(
    land: Ground,
    driver: Driver,
    paths: Sequence[FloatArray],
    made: Steps,
    at: Sequence[int],
) -> Shown:
    """Show one step a row, counted from 1: arrows on the map, and numbers.

    ``paths`` are the walks that the steps belong to, (K + 1, 2) each, or one for all rows.
    """
    shape = (len(at), *paths[0].shape)
    drawn = np.broadcast_to(scene.on_map(land, np.stack(paths)), shape)
    stands, looks = scene.clipped(land, made.before), scene.clipped(land, made.look_ahead)
    nesterov = driver.name == "nesterov"
    tails = looks if nesterov else stands
    arrows = [("−gradient", tails, tails + _unit(land, -made.gradient))]
    memory = getattr(made.state, _MEMORY.get(driver.name, ""), None)
    if memory is not None:
        arrows.append(("−momentum", stands, stands + _unit(land, -memory)))
    traces = figures.ledger_traces(
        driver.name, drawn, np.array(at), arrows, looks if nesterov else None
    )
    settings = dict(driver.settings)
    texts: dict[str, list[str]] = {}
    for row, (_, meaning, values) in enumerate(words.entries(driver.name, made, settings), 1):
        texts[f"{TABLE}[{row}][1]"] = [meaning] * len(at)
        for column in (0, 1):
            cells = [words.fixed(v, 6) for v in values[:, column].tolist()]
            texts[f"{TABLE}[{row}][{column + 2}]"] = cells
    lines = words.written_out(driver.name, made, settings)
    texts[UPDATE] = [
        f"**Step {k}**\n\n`w: {of_w}`\n\n`b: {of_b}`"
        for k, (of_w, of_b) in zip(at, lines, strict=True)
    ]
    return Shown({CHART: (3, traces)}, texts)


def _unit(land: Ground, direction: FloatArray) -> FloatArray:
    """Return directions (n, 2) at the length of an arrow; none where there is no direction."""
    (left, right), _ = land.window
    with np.errstate(all="ignore"):
        size = np.linalg.norm(direction, axis=-1, keepdims=True)
        scaled = ARROW * (right - left) * direction / size
    return np.where(np.isfinite(scaled), scaled, 0.0)


@lru_cache(maxsize=32)
def _by_step(land: Ground, driver: Driver, path: Trajectory) -> Sweep:
    # A walk that stopped early shows its last step from there on.
    at = [min(round(k), path.steps) for k in STEP.steps.tolist()]
    shown = pictured(land, driver, [path.positions], steps(path, at), at)
    return shown.sweep(STEP.key, STEP.steps)


@lru_cache(maxsize=32)
def _by_rate(
    land: Ground,
    start: tuple[float, float],
    name: str,
    settings: Settings,
    step: int,
    seed: int,
) -> list[Sweep]:
    """Return the same step at every learning rate; none if there is a rate without any step."""
    rates = np.array(controls.RATE_OPTIONS)[:, None]
    starts = np.tile(np.array(start), (len(rates), 1))
    noisy = scene.errors(land, STEPS, seed)
    path = descend(name, land.slope, starts, STEPS, rates, noise=noisy, **dict(settings))
    if not path.taken.min():
        return []
    at = np.minimum(path.taken, step).tolist()
    made = steps(path, at, range(len(rates)))
    walks = list(np.moveaxis(path.positions, 1, 0))
    shown = pictured(land, Driver(name, 0.0, settings), walks, made, at)
    return [shown.sweep(slider_key(name, "learning_rate"), controls.RATE_OPTIONS)]


def numbers(driver: Driver, path: Trajectory) -> export.Table:
    """Return the whole ledger as rows, all digits."""
    every = steps(path, range(1, path.steps + 1))
    found = words.entries(driver.name, every, dict(driver.settings))
    head = ["step", *(f"{symbol}, {axis}" for symbol, _, _ in found for axis in ("w", "b"))]
    rows = [
        [k + 1, *(float(v) for _, _, values in found for v in values[k])] for k in range(path.steps)
    ]
    return export.Table(head, rows)
