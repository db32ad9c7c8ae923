"""The race: any set of optimizers from one start, played and scrubbed in the browser."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import streamlit as st

from core.descent import Trajectory
from core.optimizers import OPTIMIZERS
from core.spec import FloatArray
from core.surfaces import Ground
from pages.ui import charts, export, parts, wording
from pages.ui.controls import segments
from pages.ui.live import Sweep, live, transport
from pages.ui.optimizers import controls, figures, scene, words
from pages.ui.optimizers.controls import PROGRESS, Stage
from pages.ui.optimizers.scene import Drawn, Driver
from pages.ui.parts import Shown
from pages.ui.wording import number

CHART = "optimizers_chart"
CURVES = "optimizers_curves"
SENSITIVITY = "optimizers_sensitivity"
STANDINGS = "optimizers_standings"
WHERE = "optimizers_where"
PLAYER = "optimizers_player"
HEADS = ("", "η", "loss − lowest", "‖∇f‖", "to the nearest minimum")


@dataclass(frozen=True, eq=False)
class Run:
    """One racer: its settings, its walk, and the walk as it is drawn."""

    driver: Driver
    path: Trajectory
    drawn: Drawn


def race() -> None:
    """Draw the race: its controls, its picture, its standings, and what the rates have done."""
    beside, above = parts.columns(tall=True)
    with beside:
        outcome = st.container()
        stage = controls.stage()
        names = controls.racers()
        length = int(segments("Steps", controls.LENGTHS, "100", controls.LENGTH))
        fair = st.toggle(
            "Fair race",
            key=controls.FAIR,
            bind="query-params",
            help="Each at the rate that serves it best, found by a sweep over 51 rates.",
        )
        drivers = controls.drivers(names, fair)
        schedule = controls.schedule()
    if fair:
        drivers = [_at_its_best(stage, one, length) for one in drivers]
    runs = _runs(stage, drivers, length, schedule)
    outcome.markdown(verdict(stage, runs, length))
    with above:
        _picture(stage, runs, length)
    for sentence in filter(None, (_fate(stage, run) for run in runs)):
        st.caption(sentence)
    shown = standings(stage.ground, runs)
    parts.table(shown, STANDINGS, HEADS, [OPTIMIZERS[run.driver.name].name for run in runs])
    live([_sweep(stage.ground, tuple(runs))], key="optimizers_live")
    if fair:
        _sensitivity(stage, drivers, length)


def _at_its_best(stage: Stage, driver: Driver, steps: int) -> Driver:
    found = scene.sweep(stage.ground, stage.start, driver.name, driver.settings, steps, stage.seed)
    return replace(driver, rate=float(found.rates[found.best]))


def _runs(stage: Stage, drivers: Sequence[Driver], steps: int, schedule: str) -> tuple[Run, ...]:
    return tuple(_run(stage.ground, stage.start, d, steps, schedule, stage.seed) for d in drivers)


@lru_cache(maxsize=48)
def _run(
    land: Ground,
    start: tuple[float, float],
    driver: Driver,
    steps: int,
    schedule: str,
    seed: int,
) -> Run:
    path = scene.walk(land, start, driver, steps, schedule, seed)
    return Run(driver, path, scene.drawn(land, path, steps))


def _picture(stage: Stage, runs: Sequence[Run], steps: int) -> None:
    """Draw the player, and below it the map and the curves that it moves."""
    with st.grid(2, min_column_width=200, vertical_alignment="bottom"):
        shown = moving(runs, [round(PROGRESS.draw())])
        with st.container():
            parts.say(shown, WHERE)
            transport(PROGRESS.key, "the race", key=PLAYER)
    land = stage.ground
    fixed = still(stage, runs)
    with st.grid(2, min_column_width=400):
        layout = figures.map_layout(land.window)
        figure = charts.finish(charts.at_rest([*fixed, *shown.traces[CHART][1]]), layout)
        st.plotly_chart(
            figure,
            key=CHART,
            on_select=_clicked,
            selection_mode="points",
            config=charts.CONFIG,
            alt=f"{land.name} as contours, with the walks of "
            f"{', '.join(OPTIMIZERS[run.driver.name].name for run in runs)}; "
            "a click sets the start",
        )
        top = max(2.0, max(float(run.drawn.gap[0]) for run in runs) + 1)
        slope_top = max(2.0, max(float(run.drawn.slope[0]) for run in runs) + 1)
        lines = [line for run in runs for line in figures.curves(run.driver.name, run.drawn)]
        parts.draw(
            shown,
            CURVES,
            figures.curves_layout(steps, top, slope_top),
            "Left, the loss over the step; right, the length of the gradient; both as powers "
            "of ten",
            lines,
        )
    export.offer(CHART, figure, lambda: table(runs), "race")


def still(stage: Stage, runs: Sequence[Run]) -> list[charts.Spec]:
    """Return what does not move in the map: the surface, unseen points, minima and the start."""
    land = stage.ground
    return [
        figures.contours(land.window, scene.heights(land)),
        figures.canvas(land.window),
        figures.minima(land.minima),
        figures.start_mark(stage.start),
    ]


def _clicked() -> None:
    controls.take_click(st.session_state.get(CHART))


def moving(runs: Sequence[Run], percents: Sequence[int]) -> Shown:
    """Show the race so far at each percentage: trails and heads, marks on the curves, words."""
    points = len(runs[0].drawn.step)
    frames = [round(p * (points - 1) / scene.FRAMES) for p in percents]
    names = [run.driver.name for run in runs]

    def heads(x: list[FloatArray], y: list[FloatArray]) -> charts.Spec:
        return figures.heads(names, *(np.stack(v, axis=-1)[frames] for v in (x, y)))

    trails = [figures.trail(run.driver.name, run.drawn, frames) for run in runs]
    places = [run.drawn.position for run in runs]
    head = heads([p[:, 0] for p in places], [p[:, 1] for p in places])
    step = [run.drawn.step for run in runs]
    on_loss = heads(step, [run.drawn.gap for run in runs])
    on_slope = heads(step, [run.drawn.slope for run in runs]) | {"xaxis": "x2", "yaxis": "y2"}
    steps = runs[0].drawn.step
    says = [f"Step {steps[f]:.0f} of {steps[-1]:.0f}" for f in frames]
    # Behind the surface, the unseen points, the minima and the start; behind all curves.
    moved = {CHART: (4, [*trails, head]), CURVES: (2 * len(runs), [on_loss, on_slope])}
    return Shown(moved, {WHERE: says})


def standings(land: Ground, runs: Sequence[Run], percents: Sequence[int] = ()) -> Shown:
    """Show every racer's loss, gradient and distance, as texts of the table's cells."""
    points = len(runs[0].drawn.step)
    given = percents or [round(st.session_state[PROGRESS.key])]
    frames = [round(p * (points - 1) / scene.FRAMES) for p in given]
    texts: dict[str, list[str]] = {}
    for row, run in enumerate(runs, 1):
        at = run.path.positions[np.minimum(run.drawn.step[frames].astype(int), run.path.steps)]
        columns = measures(land, at)
        texts[f"{STANDINGS}[{row}][1]"] = [number(run.driver.rate)] * len(frames)
        for column, values in enumerate(columns, 2):
            texts[f"{STANDINGS}[{row}][{column}]"] = [number(v, 2) for v in values.tolist()]
    return Shown({}, texts)


def measures(land: Ground, at: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return loss above the lowest, gradient length and distance to a minimum, (n,) each."""
    with np.errstate(all="ignore"):
        gap = land.value(at[:, 0], at[:, 1]) - scene.lowest(land)
        slope = np.linalg.norm(land.slope(at), axis=-1)
        goals = np.array(land.minima).reshape(-1, 2)
        offset = at[:, None, :] - goals[None, :, :]
        distance = np.hypot(offset[..., 0], offset[..., 1]).min(axis=1, initial=np.inf)
    return np.maximum(gap, 0), slope, distance


@lru_cache(maxsize=12)
def _sweep(land: Ground, runs: tuple[Run, ...]) -> Sweep:
    percents = [round(p) for p in PROGRESS.steps.tolist()]
    shown = moving(runs, percents)
    texts = {**shown.texts, **standings(land, runs, percents).texts}
    return Shown(shown.traces, texts).sweep(PROGRESS.key, PROGRESS.steps)


def verdict(stage: Stage, runs: Sequence[Run], steps: int) -> str:
    """Say who has won."""
    ends = np.array([run.path.positions[-1] for run in runs])
    gaps, _, _ = measures(stage.ground, ends)
    lost = [run.path.stop is not None for run in runs]
    if all(lost):
        return "**Nobody arrives**: every optimizer of this race diverges."
    ranked = np.where(lost | ~np.isfinite(gaps), np.inf, gaps)
    return words.winner([run.driver.name for run in runs], ranked.tolist(), steps)


def _fate(stage: Stage, run: Run) -> str:
    return words.fate(stage.ground, stage.start, run.driver, run.path)


def _sensitivity(stage: Stage, drivers: Sequence[Driver], steps: int) -> None:
    """Draw what the sweeps have found: the loss after the race over the learning rate."""
    land = stage.ground
    bottom = scene.lowest(land)
    level = bottom + 0.01 * (float(land.value(*stage.start)) - bottom)
    traces = []
    rows: list[list[object]] = []
    told: list[list[str]] = []
    for one in drivers:
        found = scene.sweep(land, stage.start, one.name, one.settings, steps, stage.seed)
        gap = scene.power(found.loss - bottom)
        # What diverged has no loss: the curve ends.
        gap = np.where(np.isfinite(found.loss), gap, np.nan)
        traces += figures.sensitivity(one.name, np.log10(found.rates), gap, found.best)
        told.append([OPTIMIZERS[one.name].name, *words.range_of_rates(found, level)])
        pairs = zip(found.rates.tolist(), found.loss.tolist(), strict=True)
        rows += [[one.name, rate, loss] for rate, loss in pairs]
    steepest = scene.curvatures(land, stage.start)[1]
    limit = float(np.log10(2 / steepest)) if land.quadratic else None
    st.markdown("**How much hangs on the rate**")
    figure = charts.finish(traces, figures.sensitivity_layout(scene.FLOOR, 4.0, limit))
    st.plotly_chart(
        figure,
        key=SENSITIVITY,
        config=charts.CONFIG,
        alt="The loss at the end of the race over the learning rate, one curve an optimizer, "
        "with a star at its best rate",
    )
    st.markdown(wording.table(["", "best η", "rates that leave 1 % of the loss or less"], told))
    st.caption(
        "A wide flat valley forgives a bad guess; a narrow one must be hit. Curves end where the "
        "run diverges. Whoever compares optimizers at one rate for all compares the rate."
    )
    export.offer(
        SENSITIVITY,
        figure,
        lambda: export.Table(["optimizer", "learning rate", "loss"], rows),
        "rate-sweep",
    )


def table(runs: Sequence[Run]) -> export.Table:
    """Return every step of every racer as rows, all digits."""
    rows: list[list[object]] = []
    for run in runs:
        for step, (w, b) in enumerate(run.path.positions.tolist()):
            rows.append([run.driver.name, run.driver.rate, step, w, b])
    return export.Table(["optimizer", "learning rate", "step", "w", "b"], rows)
