"""The Landscapes page's controls: their names in the URL, their steps and their defaults."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.activations import ACTIVATIONS
from core.datasets import LANDSCAPE_SETS, MAX_ROWS, parse_csv
from core.landscapes import why_not
from core.landscapes.surface import MOST_POINTS, OWN, DataSettings, Settings
from core.landscapes.surface import data as data_of
from pages.ui import controls, state, wording
from pages.ui.controls import Choice
from pages.ui.parts import Slider, Whole
from pages.ui.presets import Preset

SECTION = "landscapes_section"
DATA = "landscapes_data"
OUTLIERS = "landscapes_outliers"
OUTPUT = "landscapes_output"
PARAMETERS = "landscapes_parameters"
VIEW = "landscapes_view"
SCALE = "landscapes_scale"
LEVELS = "landscapes_levels"
PATH = "landscapes_path"
ARROWS = "landscapes_arrows"

LANDSCAPE, REGULARISATION, NETWORKS = "Landscape", "Regularisation", "Network slices"

MOST_LOSSES = 4
MOST_OUTLIERS = 10
OWN_NAME = "Your own points (CSV)"
DEFAULT_OUTPUT = "identity"
FLAT, SOLID = "contours", "surface"
EACH, SHARED = "own", "shared"
LINEAR, LOG = "linear", "log"

W = Slider("landscapes_w", "Slope w", -4, 4, -1, 0.1, 1)
B = Slider("landscapes_b", "Bias b", -4, 4, 2, 0.1, 1)
POINTS = Whole("landscapes_points", "Points", 10, 200, 40, 10)
SEED = Whole("landscapes_seed", "Seed", 0, 20, 0)

NAMES: Mapping[str, str] = {one.name: key for key, one in LANDSCAPE_SETS.items()} | {OWN_NAME: OWN}

DEFAULTS: dict[str, Any] = {
    DATA: next(iter(NAMES)),
    SEED.key: SEED.default,
    POINTS.key: POINTS.default,
    OUTLIERS: 0,
    W.key: float(W.default),
    B.key: float(B.default),
    VIEW: FLAT,
    SCALE: EACH,
    LEVELS: LINEAR,
    PATH: False,
    ARROWS: False,
}
"""The controls of the Landscape section, by key; :mod:`regularisation` and others add theirs."""

_OWN_POINTS = "landscapes: points of one’s own"


def data() -> DataSettings | None:
    """Ask for the data; None where there is no point to show, which is then said."""
    name = st.selectbox("Data", list(NAMES), key=DATA, bind="query-params")
    key = NAMES[name]
    own = None
    seed = size = 0
    if key == OWN:
        own = _upload()
    with st.grid(2, min_column_width=110):
        if key != OWN:
            size = POINTS.draw()
            seed = SEED.draw()
        outliers = st.slider(
            "Outliers added",
            0,
            MOST_OUTLIERS,
            0,
            key=OUTLIERS,
            bind="query-params",
            help=(
                "Wrong points, always the same ones: far below a line, or of class 0 deep in "
                "the realm of class 1."
            ),
        )
    for shared, value in ((DATA, name), (OUTLIERS, outliers)):
        state.carry(shared, value)
    if key == OWN:
        return None if own is None else DataSettings(OWN, outliers=outliers, own=own)
    for shared, value in ((POINTS.key, size), (SEED.key, seed)):
        state.carry(shared, value)
    st.caption(LANDSCAPE_SETS[key].description)
    return DataSettings(key, seed, size, outliers)


def _upload() -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Let the visitor bring points, and return them, or those brought before."""
    file = st.file_uploader(
        "Two columns, x and y", type=["csv", "txt", "tsv"], max_upload_size=2, key="landscapes_csv"
    )
    st.caption(
        f"With a header or without; at most {MAX_ROWS:,} rows, of which {MOST_POINTS} are used. "
        "If y is only 0 and 1 (or −1 and 1) it counts as a class; x, and y that is no class, "
        "are brought to mean 0 and variance 1."
    )
    if file is not None:
        try:
            table = parse_csv(file.getvalue())
        except ValueError as error:
            st.error(wording.plain(str(error)))
            return None
        if table.problems:
            shown = "\n".join(f"- {wording.plain(p, most=120)}" for p in table.problems[:5])
            more = f"\n- and {len(table.problems) - 5} more" if len(table.problems) > 5 else ""
            st.warning(f"Left out of your file:\n{shown}{more}")
        st.session_state[_OWN_POINTS] = (tuple(table.x.tolist()), tuple(table.y.tolist()))
    own: tuple[tuple[float, ...], tuple[float, ...]] | None = st.session_state.get(_OWN_POINTS)
    if own is None:
        st.info("There is no point yet: choose a file with two columns, x and y.")
    return own


def output() -> str:
    """Ask for the output activation and return its key."""
    (chosen, *_) = state.choice(OUTPUT, tuple(ACTIVATIONS), (DEFAULT_OUTPUT,), 1)
    widget = f"{OUTPUT} on show"
    st.session_state[widget] = chosen

    def replace() -> None:
        st.session_state[OUTPUT] = [st.session_state[widget]]

    st.selectbox(
        "Output activation a",
        tuple(ACTIVATIONS),
        key=widget,
        format_func=controls.name,
        on_change=replace,
        help="The model is ŷ = a(w·x + b).",
    )
    state.publish(OUTPUT, [chosen], (DEFAULT_OUTPUT,))
    return chosen


def losses() -> list[str]:
    """Ask for the losses and return the keys of the first four."""
    chosen = controls.LOSS_PICKER.pick()
    if len(chosen) > MOST_LOSSES:
        left = ", ".join(controls.name(key) for key in chosen[MOST_LOSSES:])
        st.info(f"The first {MOST_LOSSES} are shown; left out here: {left}.")
    return chosen[:MOST_LOSSES]


def go_to(w: float, b: float) -> None:
    """Move to a place, from a callback: to the nearest step of either slider."""
    for slider, value in ((W, w), (B, b)):
        inside = min(max(value, slider.low), slider.high)
        st.session_state[slider.key] = round(round(inside / slider.step) * slider.step, 10)


def settings(points: DataSettings, loss: Choice, output_choice: Choice) -> Settings:
    """Return what the landscape of one loss depends on."""
    return Settings(
        points,
        loss.key.removesuffix("-2"),
        output_choice.key,
        loss.settings,
        output_choice.settings,
    )


def carried() -> list[Settings]:
    """Return the landscapes as they stand in this session, for another page.

    The losses are those picked, with their parameters and the output's as the sliders left
    them; those that do not go with the output or the data are left out.
    """
    held = st.session_state

    def value(key: str, default: Any) -> Any:
        return held.get(key, default)

    name = value(DATA, DEFAULTS[DATA])
    key = NAMES.get(name, "line")
    own = held.get(_OWN_POINTS) if key == OWN else None
    if key == OWN and own is None:
        return []
    seed, size = (value(one.key, one.default) for one in (SEED, POINTS))
    points = DataSettings(key, seed, size, value(OUTLIERS, 0), own)
    (chosen, *_) = held.get(OUTPUT) or [DEFAULT_OUTPUT]
    picked = controls.LOSS_PICKER.current() or list(controls.LOSS_PICKER.default)
    found = data_of(points)
    answer = _as_left(chosen)
    return [
        settings(points, _as_left(loss), answer)
        for loss in picked[:MOST_LOSSES]
        if not why_not(
            controls.loss(loss),
            controls.activation(chosen),
            found.y,
            classes=found.classes,
            output_parameters=answer.parameters,
        )
    ]


def _as_left(key: str) -> Choice:
    """Return an entry with the parameters that its sliders hold, or by default."""
    return Choice(
        key,
        {
            p.name: float(st.session_state.get(controls.slider_key(key, p.name), p.default))
            for p in controls.entry(key).parameters
        },
    )


def preset(
    label: str,
    look_for: str,
    losses: Sequence[str],
    output_key: str = DEFAULT_OUTPUT,
    parameters: Mapping[str, float] | None = None,
    **values: Any,
) -> Preset:
    """Return a landscape worth seeing; ``values`` are controls without "landscapes_"."""
    named = {f"landscapes_{name}": value for name, value in values.items()}
    for p in controls.entry(output_key).parameters:
        widget = controls.slider_key(output_key, p.name)
        named[widget] = float((parameters or {}).get(widget, p.default))
    return controls.LOSS_PICKER.preset(
        label,
        look_for,
        losses,
        parameters,
        {SECTION: LANDSCAPE, OUTPUT: [output_key], **named},
    )
