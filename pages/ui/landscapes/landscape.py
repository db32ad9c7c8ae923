"""The Landscape section: parameter space, data space, slices, and what the shapes mean."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from core.activations import ACTIVATIONS
from core.landscape_minima import Kind
from core.landscape_surface import DataSettings, Settings, data, minima_of
from core.landscapes import WINDOW, why_not
from pages.ui import charts, controls, export, parts, state, wording
from pages.ui.charts import COLOURS
from pages.ui.controls import Choice, segments
from pages.ui.landscapes import figures, words
from pages.ui.landscapes import scene as scenes
from pages.ui.landscapes.controls import (
    ARROWS,
    EACH,
    FLAT,
    LEVELS,
    LINEAR,
    LOG,
    PATH,
    SCALE,
    SHARED,
    SOLID,
    VIEW,
    B,
    W,
    go_to,
    losses,
    output,
    settings,
)
from pages.ui.landscapes.controls import data as ask_for_data
from pages.ui.landscapes.scene import (
    CLICKS,
    DATA_CHART,
    NOW,
    SLICES,
    VERDICT,
    Scene,
    map_key,
)
from pages.ui.live import live
from pages.ui.parts import Shown

_WINDOW = (-WINDOW, WINDOW)


class Look(NamedTuple):
    """How the landscapes are drawn: as maps or in space, on which scale, and with what."""

    flat: bool
    shared: bool
    path: bool
    field: bool


def landscape() -> None:
    """Draw the landscapes of the chosen losses, and the model at the chosen place."""
    beside, above = parts.columns(tall=True)
    with beside:
        with st.grid(2, min_column_width=110):
            w, b = W.draw(), B.draw()
        for key, value in ((W.key, w), (B.key, b)):
            state.carry(key, value)
        said = st.container()
        picked = losses()
        answer = output()
        points = ask_for_data()
        with st.expander("Parameters of the losses and of the output", icon=":material/tune:"):
            chosen = [controls.sliders(key, swept=False) for key in picked]
            output_choice = controls.sliders(answer, swept=False)
            if not (output_choice.parameters or any(c.parameters for c in chosen)):
                st.caption("None of these has one.")
        with st.expander("How it is drawn", icon=":material/palette:"):
            view = segments("Landscape as", (FLAT, SOLID), FLAT, VIEW)
            levels = segments("Levels", (LINEAR, LOG), LINEAR, LEVELS)
            scale = segments("Scale of each loss", (EACH, SHARED), EACH, SCALE)
            path = st.toggle(
                "Path of the minimum as outliers are added", key=PATH, bind="query-params"
            )
            field = st.toggle("Arrows downhill all over", key=ARROWS, bind="query-params")
    if points is None:
        return
    scene = _scene(points, chosen, output_choice, (w, b), levels)
    if scene is None:
        return
    _draw(scene, said, above, Look(view == FLAT, scale == SHARED, path, field))


def _scene(
    points: DataSettings,
    chosen: list[Choice],
    answer: Choice,
    place: tuple[float, float],
    levels: str,
) -> Scene | None:
    """Return what can be shown, saying why the rest cannot; None where nothing can."""
    found = data(points)
    names: list[str] = []
    kept: list[Settings] = []
    for choice in chosen:
        one = settings(points, choice, answer)
        reason = why_not(
            controls.loss(choice.key),
            ACTIVATIONS[answer.key],
            found.y,
            classes=found.classes,
            output_parameters=answer.parameters,
        )
        if not reason:
            try:
                minima_of(one)
            except ValueError as error:
                reason = f"{choice.name}: {error}."
        if reason:
            st.info(wording.plain(reason))
        else:
            names.append(choice.label)
            kept.append(one)
    if found.classes and np.unique(found.y).size == 1:
        st.warning(
            "The data hold one class only: to answer it everywhere is always right, so there is "
            "nothing to tell apart."
        )
    if found.x.min() == found.x.max():
        st.warning(
            "All x are equal: slope and bias only act together, and every minimum is a valley."
        )
    elif not found.classes and found.y.min() == found.y.max():
        st.warning("All y are equal: the best line is flat.")
    if not kept:
        st.info("None of the losses picked can be drawn for this output and these data.")
        return None
    return Scene(tuple(names), tuple(kept), *place, levels)


def _draw(
    scene: Scene,
    said: st.delta_generator.DeltaGenerator,
    above: st.delta_generator.DeltaGenerator,
    look: Look,
) -> None:
    count = len(scene.settings)
    if look.path:
        # Up to a second a loss, where the landscape is not convex; after that it is kept.
        with above, st.spinner("Following the minima"):
            for one in scene.settings:
                scenes.path_of(one)
    tables = scenes.maps(scene, look.shared)
    fixed = [_still(scene, i, tables[i], look) for i in range(count)]
    ends_x, ends_y = scenes.frame(scene)
    x, best = scenes.best_curves(scene.settings, ends_x)
    still_data = [_points(scene)] + [
        figures.best_curve(x, curve, i, scene.names[i]) for i, curve in enumerate(best)
    ]
    firsts = [len(one) for one in fixed]
    shown = scenes.picture(scene, "", firsts, len(still_data), look.flat)
    with above:
        side_by_side = st.grid(2, min_column_width=150)
        with side_by_side:
            for i in range(count):
                if look.flat:
                    _map(shown, scene, i, fixed[i])
                else:
                    _solid(scene, i, tables[i])
            # Beside a single map, or the third, data space has the maps' height.
            height = figures.MAP_HEIGHTS[count] if count % 2 else figures.BELOW
            layout = figures.data_layout(ends_x, ends_y, height)
            alt = "The data, the model here as a thick line, and the best model of each loss"
            parts.draw(shown, DATA_CHART, layout, alt, still_data)
        with side_by_side if count % 2 == 0 else st.container():
            layout = figures.slice_layout(_WINDOW, scenes.heights(scene), scene.levels == LOG)
            alt = "Each loss along the slope and along the bias, through the present place"
            figure = parts.draw(shown, SLICES, layout, alt)
    shapes = [scenes.shape(scene, i) for i in range(count)]
    with said:
        parts.say(shown, VERDICT)
        _now(shown, scene)
    st.markdown(words.facts(scene.names, shapes))
    _remarks(scene, shapes, tables)
    live(scenes.sweeps(scene, firsts, len(still_data), look.flat), key="landscapes_live")
    export.offer(SLICES, figure, lambda: _numbers(scene, tables), "landscape")
    parts.formulas(
        r"L(w,b)=\frac1n\sum_i \ell\bigl(a(wx_i+b),y_i\bigr)",
        r"\nabla L=\frac1n\sum_i \frac{\partial\ell}{\partial\hat y}\,a'(z_i)"
        r"\begin{pmatrix}x_i\\1\end{pmatrix}",
    )


def _now(shown: Shown, scene: Scene) -> None:
    """Write each loss and its slope at the place, and offer to go to its minimum."""
    parts.table(shown, NOW, ["", "L here", "slope"], scene.names)
    st.caption("Go to the minimum of")
    # A grid keeps its order on a phone, where a row of columns is turned round.
    with st.grid(2, min_column_width=110):
        for i, one in enumerate(scene.settings):
            best = minima_of(one)[0]
            inside = max(abs(best.w), abs(best.b)) <= WINDOW
            st.button(
                scene.names[i],
                key=f"landscapes_go_{i}",
                type="tertiary",
                disabled=best.kind is Kind.NONE or not inside,
                help="The nearest step of the sliders" if inside else "It lies outside the map.",
                on_click=go_to,
                args=(best.w, best.b),
            )


def _still(scene: Scene, place: int, drawn: scenes.Map, look: Look) -> list[charts.Spec]:
    """Return what does not move on one map."""
    settings_here = scene.settings[place]
    found = minima_of(settings_here)
    traces = figures.contours(drawn.at, drawn.table, drawn.levels)
    if drawn.dead.any():
        # Of many maps every second place will do: its edge is drawn from place to place.
        each = 1 if len(scene.settings) < 3 else 2
        traces += figures.dead_cells(drawn.at[::each], drawn.dead[::each, ::each])
    if look.field:
        traces += figures.field(*scenes.arrows(settings_here, len(scene.settings)))
    traces.append(figures.clicks(_WINDOW, CLICKS[len(scene.settings)]))
    verdict = scenes.shape(scene, place).convexity
    if verdict.witness is not None:
        traces += figures.witness_marks(verdict.witness.one, verdict.witness.other)
    places = [(m.w, m.b) for m in found if m.kind is not Kind.NONE]
    walked = scenes.path_of(settings_here) if look.path else None
    traces += figures.minimum_marks(places, walked)
    for one in found:
        if one.kind is Kind.NONE and np.isfinite(one.value):
            traces += figures.way_out((one.w, one.b), COLOURS[3], WINDOW)
    return traces


def _map(shown: Shown, scene: Scene, place: int, fixed: list[charts.Spec]) -> None:
    key = map_key(place)
    layout = figures.map_layout(
        scene.names[place], _WINDOW, figures.MAP_HEIGHTS[len(scene.settings)]
    )
    figure = charts.finish(charts.at_rest([*fixed, *shown.traces[key][1]]), layout)
    st.plotly_chart(
        figure,
        key=key,
        config=charts.CONFIG,
        on_select=lambda: _go(key),
        selection_mode="points",
        alt=f"Contours of {scene.names[place]} over slope and bias, with minimum and place",
    )


def _go(key: str) -> None:
    """Go where the visitor clicked on a map."""
    points = st.session_state[key]["selection"]["points"]
    if points:
        go_to(float(points[0]["x"]), float(points[0]["y"]))


def _solid(scene: Scene, place: int, drawn: scenes.Map) -> None:
    """Draw one landscape in space."""
    low, high, _ = drawn.levels
    log = scene.levels == LOG
    land = scene.lands[place]
    table = np.where(np.isfinite(drawn.table), np.clip(drawn.table, low, high), high)

    def height(w: float, b: float) -> float:
        value = float(land.value(w, b))
        value = float(np.log10(max(value, 1e-300))) if log else value
        return min(max(value, low), high)

    best = minima_of(scene.settings[place])[0]
    traces = [
        figures.solid(drawn.at, table, (low, high)),
        figures.solid_place(
            (scene.w, scene.b, height(scene.w, scene.b)), "circle", COLOURS[1], "here"
        ),
    ]
    if best.kind is not Kind.NONE and max(abs(best.w), abs(best.b)) <= WINDOW:
        at = (best.w, best.b, height(best.w, best.b))
        traces.append(figures.solid_place(at, "x", COLOURS[3], "minimum"))
    layout = figures.solid_layout(scene.names[place], _WINDOW, (low, high))
    layout["height"] = figures.MAP_HEIGHTS[len(scene.settings)]
    layout["scene"]["zaxis"]["title"]["text"] = "log₁₀ L" if log else "L"
    st.plotly_chart(
        charts.finish(traces, layout),
        key=f"{map_key(place)}_solid",
        config=charts.CONFIG,
        alt=f"{scene.names[place]} over slope and bias as a surface in space",
    )


def _points(scene: Scene) -> charts.Spec:
    """Return the points as the losses take them: once more where classes are coded twice."""
    found = data(scene.data)
    codings = {tuple(land.target.tolist()): land.target for land in scene.lands}
    x = np.tile(found.x, len(codings))
    y = np.concatenate(list(codings.values()))
    return figures.data_points(x, y)


def _remarks(scene: Scene, shapes: list[words.Shape], tables: list[scenes.Map]) -> None:
    """Say what the table has no room for."""
    lines = words.notes(scene.names, shapes)
    if any(one.infinite for one in tables):
        lines.append(
            "Where a sure answer is wrong the loss is infinite; there the map has the colour of "
            "its highest level."
        )
    if any(shape.dead for shape in shapes):
        lines.append(
            "Grey on a map: the gradient is exactly zero, so gradient descent stays where it is."
        )
    if any(shape.convexity.witness for shape in shapes):
        lines.append(
            "Dotted on a map: two places whose middle lies above the chord between them, so the "
            "landscape is not convex."
        )
    codings = {tuple(np.unique(land.target).tolist()) for land in scene.lands}
    if data(scene.data).classes and len(codings) > 1:
        lines.append(
            "Some of these losses take classes as 0 and 1, others as −1 and +1: the data are drawn "
            "in both ways."
        )
    if lines:
        st.markdown("\n".join(f"- {line}" for line in lines))


def _numbers(scene: Scene, tables: list[scenes.Map]) -> export.Table:
    """Return the maps as rows: loss, w, b, L."""
    rows: list[list[object]] = []
    for name, land, drawn in zip(scene.names, scene.lands, tables, strict=True):
        values = land.grid(drawn.at, drawn.at)
        for b, line in zip(drawn.at.tolist(), values.tolist(), strict=True):
            rows += [[name, w, b, v] for w, v in zip(drawn.at.tolist(), line, strict=True)]
    return export.Table(["loss", "w", "b", "L"], rows)
