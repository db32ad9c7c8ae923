"""The outlier laboratory: points, the best constant or line of each loss, and who pulls."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import streamlit as st

from core.datasets import DATASETS, MAX_ROWS, parse_csv
from core.fits import Fit, best_constant, best_line, needs_several_starts, shares
from core.spec import Axis, FloatArray
from pages.ui import charts, controls, export, wording
from pages.ui.controls import Choice, Settings, segments
from pages.ui.live import ChartSweep, Sweep
from pages.ui.parts import columns

DATA = "losses_data"
SEED = "losses_seed"
MODEL = "losses_model"
CLICK = "losses_click"
CHART = "losses_fit_chart"
OWN = "Your own points (CSV)"

_BASE = "losses: points before they are edited"
_ORIGIN = "losses: where the points come from"
_VERSION = "losses: how often points were replaced"

EDITABLE = 200
"""More points than this are drawn and fitted, but not offered one by one."""
LISTED = 12
CANVAS = (49, 33)
"""Invisible points that catch clicks, across and up."""

Points = tuple[list[float], list[float]]


def laboratory(choices: Sequence[Choice]) -> list[Sweep]:
    """Draw points, fits and shares for those of the chosen losses that fit residuals.

    Returns what the losses' own sliders move here.
    """
    st.subheader("Outliers: what each loss fits", anchor="outliers")
    fitting = [c for c in choices if controls.loss(c.key).axis is Axis.RESIDUAL]
    if not fitting:
        st.info("Pick a loss of the residual, such as L1, L2 or Huber, to fit points with it.")
        return []
    beside, above = columns("view_outliers")
    with beside:
        x, y = _points()
        model = segments("Fit a", ("line", "constant"), "line", MODEL)
        action = segments("A click on the picture", ("adds", "removes"), "adds", CLICK)
        if not x.size:
            st.info("No point is left: click on the picture, or add a row to the table.")
    fits = _fits(fitting, x, y, model)
    with beside:
        for place, (choice, fit) in enumerate(zip(fitting, fits, strict=False)):
            with st.container(key=_sentence_key(place)):
                st.markdown(_sentence(choice.label, fit))
    figure = _figure(fitting, fits, x, y)
    with above:
        clicked = st.plotly_chart(
            figure,
            key=_chart(),
            on_select="rerun",
            selection_mode="points",
            config=charts.CONFIG,
            alt="The points, and the best line or constant of each loss",
        )
    if clicked and clicked["selection"]["points"]:
        _take_click(clicked["selection"]["points"][0], x, y, action)
    if fits:
        _share_table(fitting, fits, x, y)
    return _sweeps(fitting, fits, x, y, model)


def _points() -> tuple[FloatArray, FloatArray]:
    """Let the visitor choose, edit or upload points, and return them."""
    names = {one.name: one for one in DATASETS.values()}
    source = st.selectbox("Points", [*names, OWN], index=1, key=DATA, bind="query-params")
    seed = 0
    if source == OWN:
        _upload()
    else:
        if not names[source].fixed:
            seed = st.slider("Seed of the noise", 0, 20, 0, key=SEED, bind="query-params")
        st.caption(names[source].description)
        if st.session_state.get(_ORIGIN) != (source, seed):
            x, y = names[source](seed=seed)
            _replace(x.tolist(), y.tolist())
            st.session_state[_ORIGIN] = (source, seed)
    return _edited()


def _upload() -> None:
    file = st.file_uploader("Two columns, x and y", type=["csv", "txt", "tsv"], max_upload_size=2)
    if file is None:
        st.caption(f"With a header or without; at most {MAX_ROWS:,} rows.")
        if _BASE not in st.session_state:
            _replace([], [])
        return
    try:
        table = parse_csv(file.getvalue())
    except ValueError as error:
        st.error(wording.plain(str(error)))
        return
    if table.problems:
        shown = "\n".join(f"- {wording.plain(p, most=120)}" for p in table.problems[:10])
        st.warning(f"Left out of your file:\n{shown}")
    if st.session_state.get(_ORIGIN) != file.file_id:
        _replace(table.x.tolist(), table.y.tolist())
        st.session_state[_ORIGIN] = file.file_id


def _edited() -> tuple[FloatArray, FloatArray]:
    """Offer the points as a table to change, and return what it then holds."""
    base: Points = st.session_state[_BASE]
    if len(base[0]) > EDITABLE:
        return np.array(base[0]), np.array(base[1])
    with st.expander("Edit the points", icon=":material/edit:"):
        table = st.data_editor(
            {"x": base[0], "y": base[1]},
            num_rows="dynamic",
            width="stretch",
            height=240,
            key=f"losses_editor_{st.session_state[_VERSION]}",
            column_config={
                name: st.column_config.NumberColumn(name, format="%.3f") for name in "xy"
            },
        )
    columns = [np.array([_number(v) for v in table[name]]) for name in "xy"]
    whole = np.isfinite(columns[0]) & np.isfinite(columns[1])
    if not whole.all():
        st.caption("Rows without two numbers are left out.")
    return columns[0][whole], columns[1][whole]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _replace(x: list[float], y: list[float]) -> None:
    """Start from these points; a new table and picture forget edits and clicks."""
    st.session_state[_BASE] = (x, y)
    st.session_state[_VERSION] = st.session_state.get(_VERSION, 0) + 1


def _take_click(point: dict[str, float], x: FloatArray, y: FloatArray, action: str) -> None:
    at_x, at_y = float(point["x"]), float(point["y"])
    if action == "adds":
        x, y = np.append(x, round(at_x, 3)), np.append(y, round(at_y, 3))
    elif x.size:
        low, high = _frame(x, y)
        far = np.hypot((x - at_x) / (high[0] - low[0]), (y - at_y) / (high[1] - low[1]))
        x, y = np.delete(x, far.argmin()), np.delete(y, far.argmin())
    _replace(x.tolist(), y.tolist())
    st.rerun(scope="fragment")


def _fits(choices: Sequence[Choice], x: FloatArray, y: FloatArray, model: str) -> list[Fit]:
    try:
        return [_fit(c.key, c.settings, tuple(x), tuple(y), model) for c in choices]
    except ValueError as error:
        st.warning(wording.plain(str(error)))
        return []


@lru_cache(maxsize=4096)
def _fit(
    key: str, settings: Settings, x: tuple[float, ...], y: tuple[float, ...], model: str
) -> Fit:
    loss = controls.loss(key)
    if model == "line":
        return best_line(loss, np.array(x), np.array(y), **dict(settings))
    return best_constant(loss, np.array(y), **dict(settings))


def _sentence(label: str, fit: Fit) -> str:
    start = f"**{label}**: {wording.number(fit.intercept)}"
    if fit.interval is None:
        sign = "−" if fit.slope < 0 else "+"
        start += f" {sign} {wording.number(abs(fit.slope))}·x"
    elif fit.interval[0] < fit.interval[1]:
        low, high = (wording.number(end) for end in fit.interval)
        start += f", or anything from {low} to {high}"
    return f"{start} ({fit.method.value}). {fit.note}".strip()


def _sentence_key(place: int) -> str:
    return f"losses_fit_{place}"


def _chart() -> str:
    """Return the key of the picture; another one forgets the last click."""
    return f"{CHART}_{st.session_state[_VERSION]}"


def _sweeps(
    choices: Sequence[Choice], fits: Sequence[Fit], x: FloatArray, y: FloatArray, model: str
) -> list[Sweep]:
    """Return how each line moves with the parameters of its loss.

    Many points, or a loss that needs several starts, are fitted on release only: a hundred
    such fits would take seconds.
    """
    if not fits or len(x) > EDITABLE:
        return []
    points = (tuple(x), tuple(y))
    found = [
        _sweep(_chart(), place, choice.key, p.name, choice.without(p.name), points, model)
        for place, choice in enumerate(choices)
        for p in choice.entry.parameters
    ]
    return [sweep for sweep in found if sweep is not None]


@lru_cache(maxsize=32)
def _sweep(
    chart: str,
    place: int,
    key: str,
    name: str,
    others: Settings,
    points: tuple[tuple[float, ...], tuple[float, ...]],
    model: str,
) -> Sweep | None:
    (parameter,) = (p for p in controls.loss(key).parameters if p.name == name)
    each = [Choice(key, {**dict(others), name: v}) for v in parameter.steps.tolist()]
    if any(needs_several_starts(controls.loss(key), **c.parameters) for c in each):
        return None
    fits = [_fit(c.key, c.settings, *points, model) for c in each]
    ends = _ends(*map(np.array, points))
    line = {"y": np.array([fit(ends) for fit in fits]), "name": [c.label for c in each]}
    said = [_sentence(c.label, fit) for c, fit in zip(each, fits, strict=True)]
    moved = ChartSweep(chart, {charts.FIRST_LINE + place: line})
    slider = controls.slider_key(key, name)
    return Sweep(slider, parameter.steps, [moved], {_sentence_key(place): said})


def _frame(x: FloatArray, y: FloatArray) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the lower left and the upper right corner of the picture."""
    ends = []
    for values in (x, y):
        low, high = (values.min(), values.max()) if values.size else (0.0, 1.0)
        margin = 0.08 * (high - low) or 1.0
        ends.append((float(low - margin), float(high + margin)))
    return (ends[0][0], ends[1][0]), (ends[0][1], ends[1][1])


def _ends(x: FloatArray, y: FloatArray) -> FloatArray:
    low, high = _frame(x, y)
    return np.array([low[0], high[0]])


def _figure(
    choices: Sequence[Choice], fits: Sequence[Fit], x: FloatArray, y: FloatArray
) -> charts.Finished:
    low, high = _frame(x, y)
    ends = _ends(x, y)
    lines = [(c.label, ends, fit(ends)) for c, fit in zip(choices, fits, strict=False)]
    across, up = (np.linspace(a, b, n) for a, b, n in zip(low, high, CANVAS, strict=True))
    canvas = np.meshgrid(across, up)
    return charts.points_and_lines(
        (x, y), lines, (canvas[0].ravel(), canvas[1].ravel()), window=(low, high)
    )


def _share_table(
    choices: Sequence[Choice], fits: Sequence[Fit], x: FloatArray, y: FloatArray
) -> None:
    parts = [
        shares(controls.loss(c.key), fit(x) - y, **c.parameters)
        for c, fit in zip(choices, fits, strict=True)
    ]
    order = np.argsort([-max(p.loss[i] for p in parts) for i in range(x.size)], kind="stable")
    heads = ["x", "y"] + [
        f"{c.label}: {what}" for c in choices for what in ("share of loss", "share of pull")
    ]
    numbers = [
        [x[i].item(), y[i].item(), *(s[i].item() for p in parts for s in (p.loss, p.gradient))]
        for i in order
    ]
    worded = [
        [wording.number(row[0]), wording.number(row[1]), *map(wording.percent, row[2:])]
        for row in numbers[:LISTED]
    ]
    st.markdown(wording.table(heads, worded))
    more = f" The {LISTED} of {x.size} points that carry most." if x.size > LISTED else ""
    st.caption(
        "What part of the total loss each point makes up under each fit, and what part of the "
        f"total pull |∂ℓ/∂ŷ| on it.{more} A far point dominates the value of every loss; what "
        "sets them apart is the pull."
    )
    export.csv_button(export.Table(heads, numbers), "outliers")
