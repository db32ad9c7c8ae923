"""The Regularisation section: ridge, lasso and elastic net on eight features, and on two."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.landscapes.regularised import (
    FEATURES,
    TRUTH,
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
from pages.ui.live import Packed, live
from pages.ui.parts import Shown, Slider, Whole
from pages.ui.wording import fixed, number

PENALTY = "landscapes_penalty"
PAIR = "landscapes_pair"
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
    "0 is ridge, 1 the lasso.",
)
ROWS = Whole("landscapes_rows", "Houses", 20, 200, 40, 10)
SEED = Whole("landscapes_houses", "Seed", 0, 20, 0)

RIDGE, LASSO, NET = "ridge", "lasso", "elastic net"
SHARES = {RIDGE: np.array([0.0]), LASSO: np.array([1.0]), NET: SHARE.steps}
TOGETHER, APART = "area, rooms", "area, house number"
PAIRS = {TOGETHER: (0, 1), APART: (0, 5)}

DEFAULTS = {
    PENALTY: LASSO,
    PAIR: TOGETHER,
    SEED.key: SEED.default,
    ROWS.key: ROWS.default,
    STRENGTH.key: STRENGTH.default,
    SHARE.key: SHARE.default,
}

PATHS = "landscapes_paths"
PLANE = "landscapes_plane"
SAID = "landscapes_said"
TABLE = "landscapes_coefficients"

ROOM = 1.08
"""How far the axis of errors goes, as a share of the largest at either end of a path."""

_REACH = (-3.6, 4.6)
_GRID = np.linspace(*_REACH, 45)
_HEIGHT = 290
_ALONG = {"x0": STRENGTH.low, "dx": STRENGTH.step}
_DECIMALS = {PATHS: 3, PLANE: 3}


Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Fit:
    """What the controls of the section say, but the strength and the share."""

    kind: str
    seed: int
    rows: int
    pair: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Everything:
    """The coefficients for every share (R) of the penalty and every strength (S), and errors.

    ``theta`` (R, S, d) and ``plain`` (d,), which is without a penalty, are of all features;
    ``two`` and ``plain_two`` of those in the plane, whose squared error is ``small``. ``new``
    and ``old`` are of shape (R, S). Errors reach up to ``high``, whatever the penalty.
    """

    shares: FloatArray
    small: Problem
    theta: FloatArray
    plain: FloatArray
    two: FloatArray
    plain_two: FloatArray
    new: FloatArray
    old: FloatArray
    high: float


@lru_cache(maxsize=32)
def _solved(fit: Fit) -> Everything:
    data = houses(fit.seed, fit.rows)
    full, new = problem(data.x, data.y), problem(data.new_x, data.new_y)
    small = problem(data.x[:, list(fit.pair)], data.y)
    strengths, shares = 10.0**STRENGTH.steps, SHARES[fit.kind]
    theta, plain = path(full, strengths, shares[:, None]), solve(full, 0.0, 0.0)
    return Everything(
        shares,
        small,
        theta,
        plain,
        path(small, strengths, shares[:, None]),
        solve(small, 0.0, 0.0),
        squared_error(new, theta),
        squared_error(full, theta),
        # All paths lead from the fit without a penalty to 0, and hardly rise above both.
        max(full.total, new.total, float(squared_error(new, plain))),
    )


def section() -> None:
    """Draw the section."""
    beside, above = parts.columns()
    with beside:
        strength = STRENGTH.draw()
        kind = segments("Penalty", (RIDGE, LASSO, NET), LASSO, PENALTY)
        share = SHARE.draw() if kind == NET else 0.0
        said = st.container()
        pair = st.selectbox("Two features in the plane", list(PAIRS), key=PAIR, bind="query-params")
        with st.grid(2, min_column_width=110):
            rows = ROWS.draw()
            seed = SEED.draw()
    fit = Fit(kind, seed, rows, PAIRS[pair])
    found = _solved(fit)
    part = int(np.argmin(np.abs(found.shares - share)))
    place = int(np.argmin(np.abs(STRENGTH.steps - strength)))
    ways, shown = _ways(found, np.array([part])), _here(found, np.array([part]), np.array([place]))
    with above:
        layout = _path_layout(found, strength)
        alt = "Every coefficient, and the error on old and new houses, over the strength"
        figure = parts.draw(shown, PATHS, layout, alt, ways.drawn(PATHS))
        with st.grid(2, min_column_width=240):
            layout = _plane_layout(pair.split(", "))
            alt = "The squared error of two features, the outline of equal penalty, the minimum"
            parts.draw(shown, PLANE, layout, alt, [*_valley(found), *ways.drawn(PLANE)])
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
    moved = [_sweep(fit, STRENGTH, part)]
    if kind == NET:
        moved += [_sweep_of_ways(fit), _sweep(fit, SHARE, place)]
    live(moved, key="landscapes_live")
    export.offer(PATHS, figure, lambda: _numbers(found, part), "regularisation")
    parts.formulas(
        r"J(\theta)=\frac1n\lvert y-X\theta\rvert^2+\lambda\Bigl(\rho\sum_j|\theta_j|"
        r"+(1-\rho)\tfrac12\sum_j\theta_j^2\Bigr)"
    )


@lru_cache(maxsize=64)
def _sweep(fit: Fit, slider: Slider, other: int) -> Packed:
    """Return what the strength or the share moves at one strength, where the other stays."""
    steps, still = np.arange(slider.steps.size), np.full(slider.steps.size, other)
    at = (still, steps) if slider is STRENGTH else (steps, still)
    return _here(_solved(fit), *at).sweep(slider.key, slider.steps).packed


@lru_cache(maxsize=64)
def _sweep_of_ways(fit: Fit) -> Packed:
    """Return what the share moves at all strengths."""
    shown = _ways(_solved(fit), np.arange(SHARE.steps.size))
    return shown.sweep(SHARE.key, SHARE.steps).packed


def _ways(found: Everything, part: Places) -> Shown:
    """Return what is shown of all strengths, for places among the shares."""
    plain = [(float(found.plain_two[0]), float(found.plain_two[1]))]
    plane = [_trail(found.two[part]), *figures.minimum_marks(plain, None)]
    traces = {PATHS: (0, _path_traces(found, part)), PLANE: (1, plane)}
    return Shown(traces, {}, decimals=_DECIMALS)


def _here(found: Everything, part: Places, place: Places) -> Shown:
    """Return what is shown of one strength, for places among the shares and the strengths."""
    theta, two = found.theta[part, place], found.two[part, place]
    shares, lambdas = found.shares[part], 10.0 ** STRENGTH.steps[place]
    moving = [
        _line(*shape(penalty(two, 1.0, shares[:, None]), shares), COLOURS[1]),
        _dot(two[:, :1], two[:, 1:]),
    ]
    errors = found.new[part, place].tolist()
    texts = {SAID: [_sentence(*one) for one in zip(lambdas, theta, errors, strict=True)]}
    for j, (true, plain) in enumerate(zip(TRUTH, found.plain.tolist(), strict=True)):
        texts[f"{TABLE}[{j + 1}][1]"] = [fixed(true, 1)] * place.size
        texts[f"{TABLE}[{j + 1}][2]"] = [_coefficient(plain)] * place.size
        texts[f"{TABLE}[{j + 1}][3]"] = [_coefficient(v) for v in theta[:, j].tolist()]
    dots = _dot(np.repeat(STRENGTH.steps[place][:, None], len(FEATURES), axis=1), theta)
    dots["marker"] = {"color": list(COLOURS), "size": 8}
    x = STRENGTH.steps[place].tolist()
    return Shown(
        {PATHS: (len(FEATURES) + 2, [dots]), PLANE: (3, moving)},
        texts,
        {PATHS: {"shapes[0].x0": x, "shapes[0].x1": x}},
        _DECIMALS,
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


def _path_traces(found: Everything, part: Places) -> list[Spec]:
    """Return every coefficient over the strength, and the two errors below."""
    traces: list[Spec] = []
    for j, name in enumerate(FEATURES):
        irrelevant = TRUTH[j] == 0
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                **_ALONG,
                "y": found.theta[part, :, j],
                "name": name,
                "line": {
                    "color": COLOURS[j],
                    "width": 1.5 if irrelevant else 2.5,
                    "dash": "dot" if irrelevant else "solid",
                    "simplify": False,
                },
                "hovertemplate": f"{name}: %{{y:.3f}}<extra></extra>",
            }
        )
    for name, values, dash in (
        ("error, fitted", found.old[part], "dash"),
        ("error, new", found.new[part], "solid"),
    ):
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                **_ALONG,
                "y": values,
                "yaxis": "y2",
                "name": name,
                "line": {"color": figures.GREY, "width": 2, "dash": dash, "simplify": False},
                "hovertemplate": f"{name}: %{{y:.2f}}<extra></extra>",
            }
        )
    return traces


def _path_layout(found: Everything, strength: float) -> Spec:
    ends = (float(STRENGTH.low), float(STRENGTH.high))
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
            "range": [0, ROOM * found.high],
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


def _valley(found: Everything) -> list[Spec]:
    """Return the squared error of two features."""
    first, second = np.meshgrid(_GRID, _GRID)
    table = squared_error(found.small, np.stack([first, second], axis=-1))
    low = float(squared_error(found.small, found.plain_two))
    levels = (low, float(np.quantile(table, 0.6)), 14)
    return figures.contours(_GRID, table, levels)


def _trail(two: FloatArray) -> Spec:
    """Return the minima for every λ."""
    line = {"color": figures.GREY, "width": 2, "dash": "dot", "simplify": False}
    trail = _line(two[..., 0], two[..., 1], figures.GREY)
    return {**trail, "name": "minima for every λ", "line": line}


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


def _numbers(found: Everything, part: int) -> export.Table:
    """Return the paths as rows: λ, every coefficient, and both errors."""
    head = ["lambda", *FEATURES, "error on these houses", "error on new houses"]
    strengths = (10.0**STRENGTH.steps).tolist()
    columns = (one[part].tolist() for one in (found.theta, found.old, found.new))
    rows = [
        [strength, *theta, old, new]
        for strength, theta, old, new in zip(strengths, *columns, strict=True)
    ]
    return export.Table(head, rows)
