"""The Landscape section: parameter space, data space, slices, and what the shapes mean."""

import numpy as np
import streamlit as st

from core.activations import ACTIVATIONS
from core.landscapes import WINDOW, why_not
from core.landscapes.minima import Kind
from core.landscapes.surface import DataSettings, data, minima_of
from pages.ui import charts, controls, export, parts, state, wording
from pages.ui.controls import Choice, segments
from pages.ui.landscapes import figures, moves, stills, words
from pages.ui.landscapes import scene as scenes
from pages.ui.landscapes.controls import (
    ARROWS,
    EACH,
    FLAT,
    LEVELS,
    LINEAR,
    LOG,
    PARAMETERS,
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
from pages.ui.landscapes.moves import Move
from pages.ui.landscapes.scene import (
    DATA_CHART,
    FACTS,
    NOW,
    SLICES,
    VERDICT,
    Scene,
    map_key,
)
from pages.ui.landscapes.stills import Look
from pages.ui.live import live
from pages.ui.parts import Shown

_WINDOW = (-WINDOW, WINDOW)
_LONG_NAME = 20  # characters: two buttons with such names do not fit beside each other


def landscape() -> None:
    """Draw the landscapes of the chosen losses, and the model at the chosen place."""
    beside, above = parts.columns()
    with beside:
        with st.grid(2, min_column_width=110):
            w, b = W.draw(), B.draw()
        for key, value in ((W.key, w), (B.key, b)):
            state.carry(key, value)
        said = st.container()
        picked = losses()
        answer = output()
        points = ask_for_data()
        fold = st.expander(
            "Parameters of the losses and of the output",
            icon=":material/tune:",
            key=PARAMETERS,
            on_change="rerun",
            bind="query-params",
        )
        with fold:
            chosen = [controls.sliders(key, swept=False) for key in picked]
            output_choice = controls.sliders(answer, swept=False)
            if not (output_choice.parameters or any(c.parameters for c in chosen)):
                st.caption("None of these has one.")
        with st.expander("How it is drawn", icon=":material/palette:"):
            view = segments("Landscape as", (FLAT, SOLID), FLAT, VIEW)
            levels = segments("Levels", (LINEAR, LOG), LINEAR, LEVELS)
            scale = segments("Scale of each loss", (EACH, SHARED), EACH, SCALE)
            flat = view == FLAT
            path = st.toggle(
                "Path of the minimum as outliers are added",
                key=PATH,
                bind="query-params",
                disabled=not flat,
            )
            field = st.toggle(
                "Arrows downhill all over", key=ARROWS, bind="query-params", disabled=not flat
            )
            if not flat:
                st.caption("These two are drawn on contours only.")
        remark = st.container()
    if points is None:
        return
    chosen = _fitting(points, chosen, output_choice)
    if not chosen:
        return
    names = tuple(choice.label for choice in chosen)
    each = tuple(settings(points, choice, output_choice) for choice in chosen)
    # Sliders that are folded away need no sweep.
    parameters = moves.of_parameters(chosen) if fold.open else []
    side = scenes.side(each, bool(parameters))
    scene = Scene(names, each, w, b, levels, side, scale == SHARED)
    moved = [*parameters, moves.of_outliers()]
    left = _draw(scene, moved, said, above, Look(flat, flat and path, flat and field))
    if left:
        remark.caption(wording.let_go(left))


def _fitting(points: DataSettings, chosen: list[Choice], answer: Choice) -> list[Choice]:
    """Return the losses that can be drawn, saying why the others cannot."""
    found = data(points)
    kept: list[Choice] = []
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
            kept.append(choice)
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
    return kept


def _draw(
    scene: Scene,
    moved: list[Move],
    said: st.delta_generator.DeltaGenerator,
    above: st.delta_generator.DeltaGenerator,
    look: Look,
) -> list[str]:
    """Draw the scene; return the labels of the moves that it follows on release only."""
    count = len(scene.settings)
    if look.path:
        # Up to a second a loss, where the landscape is not convex; after that it is kept.
        with above, st.spinner("Following the minima"):
            for one in scene.settings:
                scenes.path_of(one)
    tables = scenes.maps(scene)
    known = [scenes.known(one) for one in scene.settings]
    fixed = [stills.of_landscape(scene, i, known[i], look) for i in range(count)]
    still_data = stills.in_data_space(scene, known)
    firsts = (*map(len, fixed), len(still_data))
    shown = scenes.picture(scene, "", firsts, look.flat)
    with above:
        # A surface that is cut off at the sides shows nothing.
        side_by_side = st.grid(2, min_column_width=150 if look.flat else 220)
        # Beside a single map, or the third, data space has the maps' height. Otherwise it has
        # the slices beside it, except on a phone, where there is no room for these.
        odd = count % 2 == 1
        below = side_by_side if odd else st.grid(2, min_column_width=220)
        with side_by_side:
            for i in range(count):
                if look.flat:
                    _map(shown, scene, i, fixed[i])
                else:
                    _solid(shown, scene, i, fixed[i])
        with below:
            height = figures.MAP_HEIGHTS[count] if odd else figures.BELOW
            layout = figures.data_layout(*scenes.frame(scene), height)
            alt = "The data, the model here as a thick line, and the best model of each loss"
            parts.draw(shown, DATA_CHART, layout, alt, still_data)
        with st.container() if odd else below:
            layout = figures.slice_layout(_WINDOW, scenes.heights(scene), scene.levels == LOG)
            alt = "Each loss along the slope and along the bias, through the present place"
            figure = parts.draw(shown, SLICES, layout, alt)
    shapes = [words.Shape(*one, scenes.dead_share(scene, i)) for i, one in enumerate(known)]
    with said:
        parts.say(shown, VERDICT)
        _now(shown, scene)
    bends = [scenes.bend(scene, i) for i in range(count)]
    with st.container(key=FACTS):
        st.markdown(words.facts(scene.names, shapes, bends))
    _remarks(scene, shapes, tables, look.flat)
    following, left = moves.sweeps(moved, scene, look, firsts)
    live([*scenes.sweeps(scene, firsts, look.flat), *following], key="landscapes_live")
    export.offer(SLICES, figure, lambda: _numbers(scene, tables), "landscape")
    parts.formulas(
        r"L(w,b)=\frac1n\sum_i \ell\bigl(a(wx_i+b),y_i\bigr)",
        r"\nabla L=\frac1n\sum_i \frac{\partial\ell}{\partial\hat y}\,a'(z_i)"
        r"\begin{pmatrix}x_i\\1\end{pmatrix}",
    )
    return left


def _now(shown: Shown, scene: Scene) -> None:
    """Write each loss and its slope at the place, and offer to go to its minimum."""
    parts.table(shown, NOW, ["", "L here", "steepness"], scene.names)
    st.caption("Go to the minimum of")
    # A grid keeps its order on a phone, where a row of columns is turned round.
    short = max(map(len, scene.names)) < _LONG_NAME
    with st.grid(2 if short else 1, min_column_width=110):
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


def _map(shown: Shown, scene: Scene, place: int, fixed: list[charts.Spec]) -> None:
    key = map_key(place)
    layout = figures.map_layout(
        figures.titles(scene.names)[place], _WINDOW, figures.MAP_HEIGHTS[len(scene.settings)]
    )
    layout |= figures.click_axes(_WINDOW)
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
        go_to(points[0]["x"] / figures.PLACES, points[0]["y"] / figures.PLACES)


def _solid(shown: Shown, scene: Scene, place: int, fixed: list[charts.Spec]) -> None:
    layout = figures.solid_layout(
        figures.titles(scene.names)[place],
        _WINDOW,
        scenes.maps_ends(scene, place),
        scene.levels == LOG,
        figures.MAP_HEIGHTS[len(scene.settings)],
    )
    alt = f"{scene.names[place]} over slope and bias as a surface in space, with place and slices"
    parts.draw(shown, map_key(place, flat=False), layout, alt, fixed)


def _remarks(scene: Scene, shapes: list[words.Shape], tables: list[scenes.Map], flat: bool) -> None:
    """Say what the table has no room for, and what is marked on maps that are ``flat``."""
    lines = words.notes(scene.names, shapes)
    if any(one.infinite for one in tables):
        lines.append(
            "Where a sure answer is wrong the loss is infinite; there the map has the colour of "
            "its highest level."
        )
    if flat and any(shape.dead for shape in shapes):
        lines.append(
            "Grey on a map: the gradient is exactly zero, so gradient descent stays where it is."
        )
    if flat and any(shape.convexity.witness for shape in shapes):
        lines.append(
            "Dotted on a map: two places whose middle lies above the chord between them, so the "
            "landscape is not convex."
        )
    if flat and any(m.kind is Kind.NONE for shape in shapes for m in shape.minima[1:]):
        lines.append(
            "Arrow to the rim: a way out, along which the loss falls for ever, though not to the "
            "lowest value."
        )
    if any(land.jumps for land in scene.lands):
        lines.append(
            "Where a loss jumps its slices join one place to the next: the steps there are upright."
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
