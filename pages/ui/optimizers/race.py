"""The race: any set of optimizers from one start, played and scrubbed in the browser."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from core.optimizers import OPTIMIZERS
from pages.ui import charts, export, parts, wording
from pages.ui.controls import segments
from pages.ui.live import live, transport
from pages.ui.optimizers import controls, follow, scene, words
from pages.ui.optimizers.budget import fitting
from pages.ui.optimizers.controls import PROGRESS
from pages.ui.optimizers.figures import curves, mapping
from pages.ui.optimizers.follow import CHART, CURVES, NOTES, STANDINGS, VERDICT, WHERE
from pages.ui.optimizers.scene import Driver
from pages.ui.optimizers.walks import Course, Walks, walks

SENSITIVITY = "optimizers_sensitivity"
PLAYER = "optimizers_player"
_PAGE, _PAGE_OF_EACH = 13_000, 2_200
"""Bytes of all that is neither a chart nor a sweep: of the page, and of each optimizer on it."""
HEADS = ("", "η", "loss − lowest", "‖∇f‖", "to the nearest minimum")


def race() -> None:
    """Draw the race: its controls, its picture, its standings, and what the rates have done."""
    beside, above = parts.columns()
    with beside:
        outcome = st.container()
        course, drivers, fair, tab = _asked()
        remark = st.container()
    if fair:
        drivers = [_at_its_best(course, one) for one in drivers]
    runs = [walks(course, driver) for driver in drivers]
    with above:
        shown, pictures = _picture(course, runs)
    with outcome:
        parts.say(shown, VERDICT)
    names = [OPTIMIZERS[run.name].name for run in runs]
    parts.table(shown, STANDINGS, HEADS, names)
    with st.container(horizontal=True, gap="small"):
        for place in range(len(runs)):
            key = f"{NOTES}_{place}"
            with st.container(key=key, width="content"):
                st.caption(shown.texts[key][0], width="content")
    # What a fair race looks like depends on a sweep of the rates at every step of a slider.
    asked = () if fair else follow.sliders(course, tuple(drivers), _percent(), tab)
    progress = [follow.by_progress(course, tuple(drivers))]
    chosen = fitting(asked, pictures, progress, _PAGE + _PAGE_OF_EACH * len(runs))
    live(chosen.sweeps, key="optimizers_live")
    with remark:
        if fair:
            st.caption("In a fair race the picture changes when a slider is let go.")
        elif chosen.left:
            st.caption(wording.let_go(chosen.left))
    if fair:
        _sensitivity(course, drivers)


def _asked() -> tuple[Course, list[Driver], bool, str]:
    """Ask for everything; return it, and the name of the tab that is open."""
    key = controls.surface_key()
    names = controls.racers()
    length = int(segments("Steps", controls.LENGTHS, "100", controls.LENGTH))
    tabs = st.tabs(controls.TABS, key=controls.TAB, on_change="rerun", bind="query-params")
    open_tab = next((name for name, tab in zip(controls.TABS, tabs, strict=True) if tab.open), "")
    rates, start, surface, memory = tabs
    with surface:
        land, parameters = controls.ground(key)
    with start:
        stage = controls.start(key, land, parameters)
    with memory:
        settings = [controls.hyperparameters(name) for name in names]
    with rates:
        fair = st.toggle(
            "Fair race",
            key=controls.FAIR,
            bind="query-params",
            help="Each at the rate that serves it best, found by a sweep over 51 rates.",
        )
        drivers = controls.drivers(names, settings, fair)
        schedule = controls.schedule()
    return stage.course(length, schedule), drivers, fair, open_tab


def _at_its_best(course: Course, driver: Driver) -> Driver:
    found = _swept(course, driver)
    return replace(driver, rate=float(found.rates[found.best]))


def _swept(course: Course, driver: Driver) -> scene.RateSweep:
    return scene.sweep(
        course.ground, course.start, driver.name, driver.settings, course.steps, course.seed
    )


def _percent() -> int:
    return round(st.session_state[PROGRESS.key])


def _picture(
    course: Course, runs: Sequence[Walks]
) -> tuple[parts.Shown, tuple[charts.Finished, charts.Finished]]:
    """Draw the player, and below it the map and the curves; return them and all they show."""
    with st.grid(2, min_column_width=200, vertical_alignment="bottom"):
        PROGRESS.draw()
        shown = follow.shown(course, runs, _percent())
        with st.container():
            parts.say(shown, WHERE)
            transport(PROGRESS.key, "the race", key=PLAYER)
    land = course.ground
    with st.grid(2, min_column_width=400):
        figure = charts.finish(
            charts.at_rest(shown.traces[CHART][1]),
            mapping.map_layout(land.window) | mapping.click_axes(land.window),
        )
        st.plotly_chart(
            figure,
            key=CHART,
            on_select=_clicked,
            selection_mode="points",
            config=charts.CONFIG,
            alt=f"{land.name} as contours, with the walks of "
            f"{', '.join(OPTIMIZERS[run.name].name for run in runs)}; "
            "a click sets the start",
        )
        beside = parts.draw(
            shown,
            CURVES,
            curves.curves_layout(
                course.steps, follow.step_at(course, _percent()), *follow.tops(course)
            ),
            "Left, the loss over the step; right, the length of the gradient; both as powers "
            "of ten",
        )
    export.offer(CHART, figure, lambda: table(runs), "race")
    return shown, (figure, beside)


def _clicked() -> None:
    controls.take_click(st.session_state.get(CHART))


def _sensitivity(course: Course, drivers: Sequence[Driver]) -> None:
    """Draw what the sweeps have found: the loss after the race over the learning rate."""
    land = course.ground
    bottom = scene.lowest(land)
    level = bottom + 0.01 * (float(land.value(*course.start)) - bottom)
    traces = []
    rows: list[list[object]] = []
    told: list[list[str]] = []
    for one in drivers:
        found = _swept(course, one)
        gap = scene.power(found.loss - bottom)
        # What diverged has no loss: the curve ends.
        gap = np.where(np.isfinite(found.loss), gap, np.nan)
        traces += curves.sensitivity(one.name, np.log10(found.rates), gap, found.best)
        told.append([OPTIMIZERS[one.name].name, *words.range_of_rates(found, level)])
        pairs = zip(found.rates.tolist(), found.loss.tolist(), strict=True)
        rows += [[one.name, rate, loss] for rate, loss in pairs]
    steepest = scene.curvatures(land, course.start)[1]
    limit = float(np.log10(2 / steepest)) if land.quadratic else None
    st.markdown("**How much hangs on the rate**")
    figure = charts.finish(traces, curves.sensitivity_layout(scene.FLOOR, 4.0, limit))
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


def table(runs: Sequence[Walks]) -> export.Table:
    """Return every step of every racer as rows, all digits."""
    rows: list[list[object]] = []
    for run in runs:
        made = run.positions[0, : run.taken[0] + 1].tolist()
        rows += [[run.name, run.drivers[0].rate, step, w, b] for step, (w, b) in enumerate(made)]
    return export.Table(["optimizer", "learning rate", "step", "w", "b"], rows)
