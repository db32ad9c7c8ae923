"""Maps: where each start ends and when, and what rate and momentum make of one start."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core.descent import quadratics
from core.descent.sensitivity import DIVERGED, NOWHERE, Basins
from core.descent.surfaces import Ground, Point
from core.optimizers import OPTIMIZERS
from core.spec import FloatArray
from pages.ui import charts, export, parts
from pages.ui.controls import segments, slider_key
from pages.ui.live import ChartSweep, Sweep, live
from pages.ui.optimizers import controls, scene, words
from pages.ui.optimizers.controls import Stage
from pages.ui.optimizers.figures import grids, mapping, strokes
from pages.ui.optimizers.scene import MAP_GAMMAS, MAP_RATES, Driver
from pages.ui.wording import number

CHART = "optimizers_places"
SIDE = "optimizers_times"
KINDS = ("Minima", "Rate × momentum")
NEVER, FELL = "nowhere in time", "diverged"
MOST_CLASSES = 6
"""So many minima have a colour each; of more, the height is shown."""
WITH_MOMENTUM = ("momentum", "nesterov", "adam", "adamw")


def maps() -> None:
    """Draw the map that is chosen."""
    beside, above = parts.columns()
    with beside:
        outcome = st.container()
        kind = segments("Map of", KINDS, KINDS[0], controls.MAP)
        stage = controls.stage()
        driver = controls.driver()
        steps = int(segments("Steps", controls.LENGTHS, "300", controls.MAP_STEPS))
    with above:
        verdict = (_places if kind == KINDS[0] else _settings)(stage, driver, steps)
    outcome.markdown(verdict)
    if verdict:
        follows = "the mark of the start" if kind == KINDS[0] else "the ring"
        beside.caption(
            "Every cell is a run of its own: a map is drawn anew when a slider is let go. Only "
            f"{follows} follows at once."
        )


# ---------------------------------------------------------------- starts


def _places(stage: Stage, driver: Driver, steps: int) -> str:
    """Draw two maps of starts, and return the verdict."""
    land = stage.ground
    if not land.minima:
        st.info("No minimum of this surface is known, so there is none to arrive at.")
        return ""
    with st.spinner("Running every start…", show_time=True):
        found = scene.starts_map(land, driver, steps, stage.seed)
    classes, names = classified(land, found)
    shares = {name: float((classes == i).mean()) for i, name in enumerate(names)}
    layout = mapping.map_layout(land.window, strokes.LOW_HEIGHT) | mapping.click_axes(land.window)
    above = [
        mapping.canvas(land.window),
        mapping.minima(land.minima),
        mapping.start_mark(np.array(stage.start)),
    ]
    if len(land.minima) > MOST_CLASSES:
        places = [grids.depths_trace(found.w, found.b, _reached(land, found)), *above]
    else:
        places = [*grids.classes_trace(found.w, found.b, classes, names), *above]
    times = [grids.steps_trace(found.w, found.b, found.steps, steps), *above]
    with st.grid(2, min_column_width=400):
        figure = _map(
            CHART,
            places,
            layout,
            "Every start in the colour of where it arrives: "
            + ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
            + "; a click sets the start",
            controls.take_click,
        )
        _map(
            SIDE,
            times,
            layout,
            "The number of steps that every start takes until it has arrived for good; a click "
            "sets the start",
            controls.take_click,
        )
    where = "where each start arrives"
    if len(land.minima) > MOST_CLASSES:
        where = f"how high the minimum is, of {len(land.minima)}, at which each start arrives"
    st.caption(
        f"First: {where}. Second: after how many steps it is there for good, within "
        f"{number(scene.reach(land))} of the minimum. A click makes a place the start, here and "
        "in the race."
    )
    marks = {CHART: len(places) - 1, SIDE: len(times) - 1}
    live(_by_start(stage.start, marks), key="optimizers_live")
    export.offer(CHART, figure, lambda: places_table(found), "starts")
    return words.basins_verdict(shares, driver.name, steps)


def _map(
    key: str,
    traces: Sequence[charts.Spec],
    layout: charts.Spec,
    alt: str,
    take: Callable[[Any], None],
) -> charts.Finished:
    """Draw a map that hands what is clicked to ``take``, and return it."""
    figure = charts.finish(traces, layout)
    st.plotly_chart(
        figure,
        key=key,
        on_select=lambda: take(st.session_state.get(key)),
        selection_mode="points",
        config=charts.CONFIG,
        alt=alt,
    )
    return figure


def _reached(land: Ground, found: Basins) -> FloatArray:
    """Return the height of the minimum at which each start arrives, nan where at none."""
    w, b = np.array(land.minima).T
    return np.where(found.minimum >= 0, land.value(w, b)[found.minimum], np.nan)


def _by_start(start: Point, marks: Mapping[str, int]) -> list[Sweep]:
    """Return what the start's sliders move: its mark, a trace of each chart."""
    found = []
    for axis, slider in enumerate((controls.W, controls.B)):
        at = np.tile(np.array(start), (len(controls.STARTS), 1))
        at[:, axis] = controls.STARTS
        mark = charts.varying(mapping.start_mark(at))
        moved = [ChartSweep(chart, {place: mark}) for chart, place in marks.items()]
        found.append(Sweep(slider, controls.STARTS, moved))
    return found


def classified(land: Ground, found: Basins) -> tuple[FloatArray, list[str]]:
    """Return the class of every start and the classes' names, those that occur only.

    A few minima are classes of their own; of more, the deepest and all others.
    """
    if len(land.minima) <= MOST_CLASSES:
        named = [f"({number(w, 3)}, {number(b, 3)})" for w, b in land.minima]
        place = found.minimum
    else:
        named = ["the deepest", "another minimum"]
        place = np.where(found.minimum > 0, 1, found.minimum)
    every = [*named, NEVER, FELL]
    place = np.where(place == NOWHERE, len(named), place)
    place = np.where(place == DIVERGED, len(named) + 1, place)
    present = [i for i in range(len(every)) if i < len(named) or (place == i).any()]
    rank = np.zeros(len(every))
    rank[present] = np.arange(len(present))
    return rank[place], [every[i] for i in present]


def places_table(found: Basins) -> export.Table:
    """Return the map of starts as rows."""
    rows: list[list[object]] = []
    for j, b in enumerate(found.b.tolist()):
        for i, w in enumerate(found.w.tolist()):
            rows.append([w, b, int(found.minimum[j, i]), float(found.steps[j, i])])
    return export.Table(["w", "b", "minimum (−1 none, −2 diverged)", "steps"], rows)


# ---------------------------------------------------------------- settings


def _settings(stage: Stage, driver: Driver, steps: int) -> str:
    """Draw the loss over rate and momentum with what theory says, and return the verdict."""
    if driver.name not in WITH_MOMENTUM:
        st.info(
            f"{OPTIMIZERS[driver.name].name} has no momentum. Choose Momentum, Nesterov, Adam "
            "or AdamW."
        )
        return ""
    land = stage.ground
    with st.spinner("Running every setting…", show_time=True):
        loss = scene.settings_map(land, stage.start, driver.name, momentum_of(driver.name), steps)
    gap = np.where(np.isfinite(loss), scene.power(loss - scene.lowest(land)), np.nan)
    symbol = "β₁" if driver.name.startswith("adam") else "γ"
    lines = theory_lines(land, stage.start, driver.name)
    name = momentum_of(driver.name)
    at = (driver.rate, dict(driver.settings)[name])
    mark = grids.settings_mark(*map(np.array, at))
    traces = [grids.settings_trace(gap), *lines, grids.settings_canvas(symbol), mark]
    figure = _map(
        CHART,
        traces,
        grids.settings_layout(symbol),
        f"The loss after {steps} steps over learning rate and momentum, grey where it "
        "diverged, with the limits that theory gives; a click sets both",
        lambda chosen: controls.take_settings(driver.name, name, chosen),
    )
    live(_by_setting(driver.name, name, at, len(traces) - 1), key="optimizers_live")
    st.caption(
        f"The ring is at the η and {symbol} of the sliders. A click sets both, here and in the "
        "race."
    )
    if lines:
        exact = "" if land.quadratic else ", taken from the curvature at the minimum"
        st.caption(
            "Right of the solid line theory says: divergence. Above a broken line the walk swings "
            f"along that direction; on it, it is critically damped{exact}. The star is the best "
            "setting of theory for many steps."
        )
    export.offer(CHART, figure, lambda: settings_table(loss), "rate-momentum")
    return settings_verdict(land, stage.start, driver.name, loss, steps, symbol)


def momentum_of(optimizer: str) -> str:
    """Return the name of the parameter that the map of settings calls momentum."""
    return "beta1" if optimizer.startswith("adam") else "gamma"


def _by_setting(optimizer: str, name: str, at: tuple[float, float], place: int) -> list[Sweep]:
    """Return what the sliders of rate and momentum move: the mark, a trace of the chart."""
    (momentum,) = (p for p in OPTIMIZERS[optimizer].parameters if p.name == name)
    rates, gammas = np.array(controls.RATE_OPTIONS), momentum.steps
    every = (
        ("learning_rate", controls.RATE_OPTIONS, rates, np.full(len(rates), at[1])),
        (name, gammas, np.full(len(gammas), at[0]), gammas),
    )
    return [
        Sweep(
            slider_key(optimizer, parameter),
            values,
            [ChartSweep(CHART, {place: charts.varying(grids.settings_mark(rate, gamma))})],
        )
        for parameter, values, rate, gamma in every
    ]


def settings_verdict(
    land: Ground,
    start: tuple[float, float],
    name: str,
    loss: FloatArray,
    steps: int,
    symbol: str,
) -> str:
    """Say which settings are best here, and what theory says."""
    if not np.isfinite(loss).any():
        return "**Every setting of the map diverges** from this start."
    row, column = np.unravel_index(int(np.nanargmin(loss)), loss.shape)
    alike = int(np.count_nonzero(loss == loss[row, column]))
    if alike > 1:
        best = f"After {steps} steps **{alike} settings of the map share the lowest loss**."
    else:
        best = (
            f"After {steps} steps the lowest loss is at **η = {number(MAP_RATES[column], 3)}, "
            f"{symbol} = {number(MAP_GAMMAS[row], 2)}**."
        )
    small, large = _curvatures(land, start)
    if name not in quadratics.FAMILY or not small > 0:
        return best
    return f"{best} {words.theory(name, small, large)}"


def theory_lines(land: Ground, start: tuple[float, float], name: str) -> list[charts.Spec]:
    """Return the limit of stability, critical damping along both axes, and the optimum."""
    small, large = _curvatures(land, start)
    if name not in quadratics.FAMILY or not small > 0:
        return []
    limit = quadratics.stable_rate(name, large, MAP_GAMMAS)
    lines = grids.theory_line(np.log10(limit), MAP_GAMMAS, "limit of stability", 0)
    for place, (curvature, which) in enumerate(((large, "λmax"), (small, "λmin")), 1):
        eta = np.logspace(-3, min(1.0, float(np.log10(1 / curvature))), 60)
        critical = quadratics.critical_momentum(name, eta * curvature)
        shown = f"critical damping, {which}"
        lines += grids.theory_line(np.log10(eta), critical, shown, place)
    best = quadratics.best(name, small, large)
    return [
        *lines,
        grids.theory_point(float(np.log10(best.learning_rate)), best.gamma, "best by theory"),
    ]


def _curvatures(land: Ground, start: tuple[float, float]) -> tuple[float, float]:
    """Return the curvatures at the deepest minimum, or at the start where none is known."""
    return scene.curvatures(land, land.minima[0] if land.minima else start)


def settings_table(loss: FloatArray) -> export.Table:
    """Return the map of settings as rows."""
    rows: Sequence[Sequence[object]] = [
        [gamma, rate, float(loss[j, i])]
        for j, gamma in enumerate(MAP_GAMMAS.tolist())
        for i, rate in enumerate(MAP_RATES.tolist())
    ]
    return export.Table(["momentum", "learning rate", "loss"], rows)
