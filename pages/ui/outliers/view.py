"""The outlier laboratory: points, the best constant or line of each loss, and who pulls."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.datasets import DATASETS, MAX_ROWS, DataSet, parse_csv
from core.fits import Fit
from core.spec import Axis, FloatArray
from pages.ui import charts, controls, wording
from pages.ui.controls import Choice, segments
from pages.ui.live import live
from pages.ui.outliers import fits as outlier_fits
from pages.ui.outliers.fits import Points
from pages.ui.outliers.shares import shares_of
from pages.ui.parts import Whole, columns

DATA = "losses_data"
MODEL = "losses_model"
CLICK = "losses_click"
CHART = "losses_fit_chart"
OWN = "Your own points (CSV)"
SEED = Whole("losses_seed", "Seed of the noise", 0, 20, 0)

_BASE = "losses: points before they are edited"
_ORIGIN = "losses: where the points come from"
_VERSION = "losses: how often points were replaced"

_SETS = {one.name: one for one in DATASETS.values()}

EDITABLE = 200
"""More points than this are drawn and fitted, but not offered one by one."""
CANVAS = (33, 23)
"""Invisible points that catch clicks, across and up."""


@st.fragment
def laboratory(choices: Sequence[Choice]) -> None:
    """Draw points, fits and shares for those of the chosen losses that fit residuals."""
    st.subheader("Outliers: what each loss fits", anchor="outliers")
    fitting = [c for c in choices if controls.loss(c.key).axis is Axis.RESIDUAL]
    if not fitting:
        st.info("Pick a loss of the residual, such as L1, L2 or Huber, to fit points with it.")
        return
    beside, above = columns("view_outliers")
    with beside:
        points = _points()
        model = segments("Fit a", ("line", "constant"), "line", MODEL)
        action = segments("A click on the picture", ("adds", "removes"), "adds", CLICK)
        if not points.across:
            st.info("No point is left: click on the picture, or add a row to the table.")
        found = outlier_fits.fits(fitting, points, model) if points.across else []
        for place, (choice, fit) in enumerate(zip(fitting, found, strict=False)):
            with st.container(key=outlier_fits.sentence_key(place)):
                st.markdown(outlier_fits.sentence(choice.label, fit, points))
    with above:
        clicked = st.plotly_chart(
            _figure(fitting, found, points),
            key=_chart(),
            on_select="rerun",
            selection_mode="points",
            config=charts.CONFIG,
            alt="The points, and the best line or constant of each loss",
        )
    if clicked and clicked["selection"]["points"]:
        _take_click(clicked["selection"]["points"][0], points, action)
    if found:
        shares_of(fitting, found, points, _truth())
        live(outlier_fits.sweeps(fitting, points, model, _chart()), key="losses_fit_live")


def _points() -> Points:
    """Let the visitor choose, edit or upload points, and return them."""
    source = st.selectbox("Points", [*_SETS, OWN], index=1, key=DATA, bind="query-params")
    seed = 0
    if source == OWN:
        _upload()
    else:
        if not _SETS[source].fixed:
            seed = SEED.draw()
        st.caption(_SETS[source].description)
        if st.session_state.get(_ORIGIN) != (source, seed):
            x, y = _SETS[source](seed=seed)
            _replace(x.tolist(), y.tolist())
            st.session_state[_ORIGIN] = (source, seed)
    x, y = _edited()
    return Points(tuple(x.tolist()), tuple(y.tolist()))


def _truth() -> DataSet | None:
    """Return the data set on show, whose true line is known; None for a visitor's own points."""
    return _SETS.get(st.session_state[DATA])


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
    base: tuple[list[float], list[float]] = st.session_state[_BASE]
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


def _take_click(point: dict[str, float], points: Points, action: str) -> None:
    x, y = points.x, points.y
    at_x, at_y = float(point["x"]), float(point["y"])
    if action == "adds":
        x, y = np.append(x, round(at_x, 3)), np.append(y, round(at_y, 3))
    elif x.size:
        low, high = points.window
        far = np.hypot((x - at_x) / (high[0] - low[0]), (y - at_y) / (high[1] - low[1]))
        x, y = np.delete(x, far.argmin()), np.delete(y, far.argmin())
    _replace(x.tolist(), y.tolist())
    st.rerun(scope="fragment")


def _chart() -> str:
    """Return the key of the picture; another one forgets the last click."""
    return f"{CHART}_{st.session_state[_VERSION]}"


def _figure(choices: Sequence[Choice], fits: Sequence[Fit], points: Points) -> charts.Finished:
    low, high = points.window
    lines = [
        (c.label, points.ends, fit(points.ends)) for c, fit in zip(choices, fits, strict=False)
    ]
    across, up = (np.linspace(a, b, n) for a, b, n in zip(low, high, CANVAS, strict=True))
    canvas = np.meshgrid(across, up)
    return charts.points_and_lines(
        (points.x, points.y), lines, (canvas[0].ravel(), canvas[1].ravel()), window=(low, high)
    )
