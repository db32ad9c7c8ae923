"""The Regularisation section: ridge, lasso and elastic net on eight features, and on two."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import streamlit as st

from core.landscapes.regularised import (
    FEATURES,
    TRUTH,
    Houses,
    Problem,
    houses,
    path,
    penalty,
    problem,
    shape,
    solve,
    squared_error,
)
from core.spec import FloatArray
from pages.ui import export, parts
from pages.ui.charts import COLOURS, FADED, Spec
from pages.ui.controls import segments
from pages.ui.landscapes import figures
from pages.ui.live import Sweep, live
from pages.ui.parts import Shown, Slider
from pages.ui.wording import fixed, number

PENALTY = "landscapes_penalty"
PAIR = "landscapes_pair"
SEED = "landscapes_houses"
ROWS = "landscapes_rows"
STRENGTH = Slider(
    "landscapes_strength",
    "Strength: log₁₀ λ",
    -2,
    1.5,
    0,
    0.05,
    2,
    "The strength λ of the penalty, as a power of ten.",
)
SHARE = Slider(
    "landscapes_share",
    "Share ρ of |θ|",
    0,
    1,
    0.5,
    0.05,
    2,
    "0 is ridge, 1 the lasso. The picture follows when the slider is let go: every share has "
    "paths of its own.",
)

RIDGE, LASSO, NET = "ridge", "lasso", "elastic net"
TOGETHER, APART = "area, rooms", "area, house number"
PAIRS = {TOGETHER: (0, 1), APART: (0, 5)}

DEFAULTS = {
    PENALTY: LASSO,
    PAIR: TOGETHER,
    SEED: 0,
    ROWS: 40,
    STRENGTH.key: STRENGTH.default,
    SHARE.key: SHARE.default,
}

PATHS = "landscapes_paths"
PLANE = "landscapes_plane"
SAID = "landscapes_said"
TABLE = "landscapes_coefficients"

_REACH = (-3.6, 4.6)
_GRID = np.linspace(*_REACH, 45)
_HEIGHT = 290
_ALONG = {"x0": STRENGTH.low, "dx": STRENGTH.step}


@dataclass(frozen=True)
class Fit:
    """What the controls of the section say, but the strength."""

    share: float
    seed: int
    rows: int
    pair: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Everything:
    """Both problems with their coefficients for every strength of the slider."""

    data: Houses
    full: Problem
    small: Problem
    theta: FloatArray
    two: FloatArray
    plain: FloatArray
    new: FloatArray
    old: FloatArray


@lru_cache(maxsize=64)
def _solved(fit: Fit) -> Everything:
    data = houses(fit.seed, fit.rows)
    chosen = list(fit.pair)
    full, small = problem(data.x, data.y), problem(data.x[:, chosen], data.y)
    strengths = 10.0**STRENGTH.steps
    theta = path(full, strengths, fit.share)
    return Everything(
        data,
        full,
        small,
        theta,
        path(small, strengths, fit.share),
        solve(small, 0.0, fit.share),
        squared_error(problem(data.new_x, data.new_y), theta),
        squared_error(full, theta),
    )


def section() -> None:
    """Draw the section."""
    beside, above = parts.columns(tall=True)
    with beside:
        strength = STRENGTH.draw()
        kind = segments("Penalty", (RIDGE, LASSO, NET), LASSO, PENALTY)
        share = {RIDGE: 0.0, LASSO: 1.0}.get(kind)
        if share is None:
            share = SHARE.draw()
        said = st.container()
        pair = st.selectbox("Two features in the plane", list(PAIRS), key=PAIR, bind="query-params")
        with st.grid(2, min_column_width=110):
            rows = st.slider("Houses", 20, 200, DEFAULTS[ROWS], 10, key=ROWS, bind="query-params")
            seed = st.slider("Seed", 0, 20, 0, key=SEED, bind="query-params")
    fit = Fit(share, seed, rows, PAIRS[pair])
    found = _solved(fit)
    place = int(np.argmin(np.abs(STRENGTH.steps - strength)))
    shown = _picture(fit, np.array([place]))
    with above:
        layout = _path_layout(found, strength)
        alt = "Every coefficient, and the error on old and new houses, over the strength"
        figure = parts.draw(shown, PATHS, layout, alt, _path_traces(found))
        with st.grid(2, min_column_width=240):
            layout = _plane_layout(pair.split(", "))
            alt = "The squared error of two features, the outline of equal penalty, the minimum"
            parts.draw(shown, PLANE, layout, alt, _plane_traces(found))
            parts.table(shown, TABLE, ["", "true θ", "λ = 0", "here"], FEATURES)
    with said:
        parts.say(shown, SAID)
    st.caption(
        "In the plane: a fit with these two features alone, so that its numbers are not the "
        "table's. Cross: their best θ without a penalty; dot: here, with its way as λ grows "
        "dotted; outline: all θ whose penalty is that of the dot."
    )
    st.caption(
        "Features are brought to mean 0 and variance 1, prices to mean 0, so that no bias is "
        "needed. Area and rooms go together (correlation 0.9). New houses: 2000 that the "
        "fit has not seen. House number, shoe size and moon phase play no part in any price."
    )
    live([_sweep(fit)], key="landscapes_live")
    export.offer(PATHS, figure, lambda: _numbers(found), "regularisation")
    parts.formulas(
        r"J(\theta)=\frac1n\lvert y-X\theta\rvert^2+\lambda\Bigl(\rho\sum_j|\theta_j|"
        r"+(1-\rho)\tfrac12\sum_j\theta_j^2\Bigr)"
    )


@lru_cache(maxsize=64)
def _sweep(fit: Fit) -> Sweep:
    return _picture(fit, np.arange(STRENGTH.steps.size)).sweep(STRENGTH.key, STRENGTH.steps)


def _picture(fit: Fit, at: FloatArray) -> Shown:
    """Return what the strength moves, for the steps ``at`` of its slider."""
    found = _solved(fit)
    theta, two = found.theta[at], found.two[at]
    lambdas = 10.0 ** STRENGTH.steps[at]
    outlines = [shape(float(penalty(one, 1.0, fit.share)), fit.share) for one in two]
    moving = [
        _line(np.array([o[0] for o in outlines]), np.array([o[1] for o in outlines]), COLOURS[1]),
        _dot(two[:, :1], two[:, 1:]),
    ]
    columns = theta.T.tolist()
    plain = solve(found.full, 0.0, fit.share).tolist()
    texts = {SAID: [_sentence(*one) for one in zip(lambdas, theta, found.new[at], strict=True)]}
    for j in range(len(FEATURES)):
        texts[f"{TABLE}[{j + 1}][1]"] = [fixed(TRUTH[j], 1)] * at.size
        texts[f"{TABLE}[{j + 1}][2]"] = [_coefficient(plain[j])] * at.size
        texts[f"{TABLE}[{j + 1}][3]"] = [_coefficient(v) for v in columns[j]]
    dots = _dot(np.repeat(STRENGTH.steps[at][:, None], len(FEATURES), axis=1), theta)
    dots["marker"] = {"color": list(COLOURS), "size": 8}
    x = STRENGTH.steps[at].tolist()
    return Shown(
        {PATHS: (len(FEATURES) + 2, [dots]), PLANE: (3, moving)},
        texts,
        {PATHS: {"shapes[0].x0": x, "shapes[0].x1": x}},
    )


def _coefficient(value: float) -> str:
    """Write a coefficient: "0" only if it is exactly that."""
    if value == 0:
        return "0"
    return fixed(value, 2) if abs(value) >= 0.005 else number(value, 1)


def _sentence(strength: float, theta: FloatArray, error: float) -> str:
    zeros = [name for name, value in zip(FEATURES, theta.tolist(), strict=True) if value == 0]
    if not zeros:
        said = "no coefficient is exactly zero"
    elif len(zeros) == len(FEATURES):
        said = "every coefficient is exactly zero"
    else:
        said = f"exactly zero: {', '.join(zeros)}"
    return (
        f"At λ = {number(strength, 3)}, {said}. The mean squared error on new houses is "
        f"{fixed(error, 2)}."
    )


def _line(x: FloatArray, y: FloatArray, colour: str) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": "same penalty",
        "line": {"color": colour, "width": 2.5, "simplify": False},
        "hoverinfo": "skip",
    }


def _dot(x: FloatArray, y: FloatArray) -> Spec:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "marker": {"color": COLOURS[1], "size": 9},
        "showlegend": False,
        "hoverinfo": "skip",
    }


def _path_traces(found: Everything) -> list[Spec]:
    """Return every coefficient over the strength, and the two errors below."""
    traces: list[Spec] = []
    for j, name in enumerate(FEATURES):
        irrelevant = TRUTH[j] == 0
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                **_ALONG,
                "y": found.theta[:, j],
                "name": name,
                "line": {
                    "color": COLOURS[j],
                    "width": 1.5 if irrelevant else 2.5,
                    "dash": "dot" if irrelevant else "solid",
                },
                "hovertemplate": f"{name}: %{{y:.3f}}<extra></extra>",
            }
        )
    for name, values, dash in (
        ("error, fitted", found.old, "dash"),
        ("error, new", found.new, "solid"),
    ):
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                **_ALONG,
                "y": values,
                "yaxis": "y2",
                "name": name,
                "line": {"color": figures.GREY, "width": 2, "dash": dash},
                "hovertemplate": f"{name}: %{{y:.2f}}<extra></extra>",
            }
        )
    return traces


def _path_layout(found: Everything, strength: float) -> Spec:
    ends = (float(STRENGTH.low), float(STRENGTH.high))
    high = float(max(found.new.max(), found.old.max()))
    return {
        "height": _HEIGHT,
        "margin": {"l": 48, "r": 8, "t": 8, "b": 46},
        "hovermode": "x",
        "dragmode": False,
        "legend": {
            "x": 1.01,
            "y": 1,
            "xanchor": "left",
            "font": {"size": 12},
        },
        "xaxis": {
            "range": list(ends),
            "fixedrange": True,
            "title": {"text": "log₁₀ λ", "standoff": 18},
            "anchor": "y2",
        },
        "yaxis": {
            "range": [-3.4, 4.4],
            "domain": [0.32, 1],
            "fixedrange": True,
            "title": {"text": "coefficient θ"},
        },
        "yaxis2": {
            "range": [0, 1.08 * high],
            "domain": [0, 0.26],
            "fixedrange": True,
            "title": {"text": "error"},
        },
        "shapes": [
            {
                "type": "line",
                "x0": strength,
                "x1": strength,
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": {"color": FADED, "width": 1, "dash": "dot"},
            }
        ],
    }


def _plane_traces(found: Everything) -> list[Spec]:
    """Return the squared error of two features, its minimum, and the minima for every λ."""
    first, second = np.meshgrid(_GRID, _GRID)
    table = squared_error(found.small, np.stack([first, second], axis=-1))
    low = float(squared_error(found.small, found.plain))
    levels = (low, float(np.quantile(table, 0.6)), 14)
    trail: Spec = {
        **_line(found.two[:, 0], found.two[:, 1], figures.GREY),
        "name": "minima for every λ",
        "line": {"color": figures.GREY, "width": 2, "dash": "dot"},
    }
    marks = figures.minimum_marks([(float(found.plain[0]), float(found.plain[1]))], None)
    return [*figures.contours(_GRID, table, levels), trail, *marks]


def _plane_layout(names: list[str]) -> Spec:
    axis = {"range": list(_REACH), "fixedrange": True, "zeroline": True, "constrain": "domain"}
    return {
        "height": _HEIGHT,
        "margin": {"l": 48, "r": 8, "t": 8, "b": 36},
        "hovermode": False,
        "dragmode": False,
        "showlegend": False,
        "xaxis": {**axis, "title": {"text": f"θ of {names[0]}", "standoff": 2}},
        "yaxis": {**axis, "title": {"text": f"θ of {names[1]}"}, "scaleanchor": "x"},
    }


def _numbers(found: Everything) -> export.Table:
    """Return the paths as rows: λ, every coefficient, and both errors."""
    head = ["lambda", *FEATURES, "error on these houses", "error on new houses"]
    strengths = (10.0**STRENGTH.steps).tolist()
    rows = [
        [strength, *theta, old, new]
        for strength, theta, old, new in zip(
            strengths, found.theta.tolist(), found.old.tolist(), found.new.tolist(), strict=True
        )
    ]
    return export.Table(head, rows)
