"""The Softmax page's figures: arrays in, traces and layouts out, no mathematics.

Traces take arrays with a leading axis of slider steps, so that the figure at rest (one
step: see :func:`at_rest`) and what a slider moves are drawn by the same code.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.softmax import CORNERS, decision_region
from core.spec import FloatArray
from pages.ui.charts import COLOURS, Spec

CHART_HEIGHT = 400
SIDE_HEIGHT = 270
DECIMALS, MAXIMA = 3, 2
"""Decimals to which bars and curves are drawn, and to which maxima are."""

GREY = COLOURS[7]
"""The palette's grey, for what is compared with."""

_LEGEND = {"orientation": "h", "x": 0, "y": 1.0, "xanchor": "left", "yanchor": "bottom"}


def classes(count: int) -> list[str]:
    """Return the classes' names, as categories of an axis."""
    return [f"class {i}" for i in range(1, count + 1)]


def probability_layout(count: int) -> Spec:
    """Lay out the bars of a distribution."""
    return _layout(SIDE_HEIGHT) | {
        "xaxis": _categories(count),
        "yaxis": _axis("p", (0.0, 1.12)),
    }


def probability_traces(p: FloatArray) -> list[Spec]:
    """Return the bars, each class in its own colour."""
    count = p.shape[-1]
    colours = [COLOURS[i % len(COLOURS)] for i in range(count)]
    return [_bars(p, "p", colours, count, "y")]


def simplex_layout() -> Spec:
    """Lay out the triangle of three probabilities, its corners named."""
    names = [
        {
            "x": float(x),
            "y": float(y),
            "text": f"class {place + 1}",
            "showarrow": False,
            "yshift": 12 if place == 2 else -12,
        }
        for place, (x, y) in enumerate(CORNERS)
    ]
    hidden = {"visible": False, "fixedrange": True}
    return _layout(SIDE_HEIGHT) | {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "xaxis": {**hidden, "range": [-0.12, 1.12]},
        "yaxis": {**hidden, "range": [-0.12, 0.99], "scaleanchor": "x"},
        "annotations": names,
        "showlegend": False,
    }


def simplex_regions() -> list[Spec]:
    """Return the three regions of the triangle, each where its own class is the largest."""
    regions: list[Spec] = []
    for place in range(3):
        corners = decision_region(place)
        regions.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": corners[:, 0],
                "y": corners[:, 1],
                "fill": "toself",
                "opacity": 0.25,
                "fillcolor": COLOURS[place],
                "line": {"color": COLOURS[place], "width": 1},
                "name": f"class {place + 1} wins",
                "hoveron": "fills",
                "hoverinfo": "name",
            }
        )
    return regions


def simplex_traces(point: FloatArray, path: FloatArray) -> list[Spec]:
    """Return what moves in the triangle: the path and the point on it."""
    return [
        _line(path[..., 0], path[..., 1], GREY, "any temperature", dash="dot", width=1.5),
        _dot(point[..., :1], point[..., 1:], GREY),
    ]


def two_class_layout(x: FloatArray) -> Spec:
    """Lay out the sigmoid of the difference of two logits."""
    return _layout(SIDE_HEIGHT) | {
        "xaxis": _axis("z₁ − z₂", (float(x[0]), float(x[-1]))),
        "yaxis": _axis("p₁ = σ((z₁ − z₂)/T)", (-0.04, 1.04)),
        "showlegend": False,
    }


def two_class_traces(x: FloatArray, curve: FloatArray, at: FloatArray, p: FloatArray) -> list[Spec]:
    """Return the sigmoid and the point on it; ``at`` and ``p`` end in an axis of one."""
    return [_line(x, curve, COLOURS[0], "sigmoid"), _dot(at, p, COLOURS[0])]


def jacobian_layout(reach: float) -> Spec:
    """Lay out the Jacobian; its colours run from −reach to reach."""
    square: Spec = {"type": "category", "fixedrange": True, "showgrid": False}
    return _layout(CHART_HEIGHT) | {
        "xaxis": {**square, "title": {"text": "logit zⱼ", "standoff": 4}},
        "yaxis": {**square, "title": {"text": "probability pᵢ"}, "autorange": "reversed"},
        "coloraxis": {
            "autocolorscale": True,
            "cmin": -reach,
            "cmax": reach,
            "colorbar": {"thickness": 12, "outlinewidth": 0},
        },
    }


def jacobian_decimals(count: int) -> int:
    """Return to how many decimals there is room for the entries of a Jacobian."""
    return 3 if count <= 6 else 2


def jacobian_traces(matrix: FloatArray) -> list[Spec]:
    """Return ∂pᵢ/∂zⱼ, (..., K, K), as a heat map with its values."""
    count = matrix.shape[-1]
    names = [str(i) for i in range(1, count + 1)]
    written = f"%{{z:.{jacobian_decimals(count)}f}}"
    return [
        {
            "type": "heatmap",
            "x": names,
            "y": names,
            "z": matrix,
            "coloraxis": "coloraxis",
            "texttemplate": written,
            "hovertemplate": f"∂p<sub>%{{y}}</sub>/∂z<sub>%{{x}}</sub> = {written}<extra></extra>",
            "xgap": 1,
            "ygap": 1,
        }
    ]


def maximum_layout(x: FloatArray, at: float, top: float) -> Spec:
    """Lay out the maxima up to ``top`` over the first logit, with a line at its own value."""
    return _layout(CHART_HEIGHT) | {
        "legend": _LEGEND,
        "hovermode": "x",
        "xaxis": _axis("z₁", (float(x[0]), float(x[-1]))),
        "yaxis": _axis("maximum, hard and smooth", (-11.0, top + 1.0)),
        "shapes": [_across("x", at, "paper")],
    }


def maximum_traces(
    x: FloatArray, at: FloatArray, curves: Sequence[FloatArray], there: Sequence[FloatArray]
) -> list[Spec]:
    """Return maximum, log-sum-exp and softmax-weighted mean as curves, and a dot on each.

    ``there`` holds the three at the first logit's own value, each ending in an axis of one.
    """
    looks = [
        ("max z", GREY, "solid"),
        ("log-sum-exp", COLOURS[0], "solid"),
        ("softmax-weighted mean", COLOURS[1], "dash"),
    ]
    lines, dots = [], []
    for (name, colour, dash), curve, value in zip(looks, curves, there, strict=True):
        lines.append(_line(x, curve, colour, name, dash=dash, decimals=MAXIMA))
        dots.append(_dot(at, value, colour))
    return [*lines, *dots]


def cross_entropy_layout(count: int) -> Spec:
    """Lay out prediction and truth, and the gradient below."""
    return _layout(CHART_HEIGHT) | {
        "legend": _LEGEND,
        "xaxis": _categories(count) | {"anchor": "y2"},
        "yaxis": _axis("p and y", (0.0, 1.19)) | {"domain": [0.55, 1.0]},
        "yaxis2": _axis("∂L/∂z = p − y", (-1.25, 1.25)) | {"domain": [0.0, 0.46]},
        "barmode": "group",
    }


def cross_entropy_traces(p: FloatArray, truth: FloatArray, gradient: FloatArray) -> list[Spec]:
    """Return the bars of prediction, truth and gradient."""
    count = p.shape[-1]
    return [
        _bars(p, "p, predicted", COLOURS[0], count, "y", crowd=2),
        _bars(truth, "y, true", GREY, count, "y") | {"texttemplate": ""},
        _bars(gradient, "p − y", COLOURS[1], count, "y2"),
    ]


METHODS = (
    ("stable", COLOURS[0], "solid"),
    ("naive, float64", COLOURS[1], "dash"),
    ("naive, float32", COLOURS[2], "dot"),
)
"""The ways to compute a softmax that are compared, with their looks."""


def overflow_layout(count: int, scale: float, most: float) -> Spec:
    """Lay out the results of three methods, and below how far each one goes."""
    return _layout(CHART_HEIGHT) | {
        "legend": _LEGEND,
        "xaxis": _categories(count),
        "yaxis": _axis("p", (0.0, 1.19)) | {"domain": [0.5, 1.0]},
        "xaxis2": _axis("scale s", (0.0, most)) | {"anchor": "y2"},
        "yaxis2": {
            "domain": [0.0, 0.3],
            "range": [2.6, -0.6],
            "tickvals": [0, 1, 2],
            "ticktext": [name for name, _, _ in METHODS],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
        },
        "margin": {"l": 96, "r": 8, "t": 28, "b": 40},
        "barmode": "group",
        "shapes": [_across("x2", scale, "y2 domain")],
        "annotations": [
            {
                # Three bars share 0.8 of a class's width.
                "x": i + 0.8 / 3 * (place - 1),
                "y": 0,
                "yref": "y",
                "yanchor": "bottom",
                "text": "",
                "textangle": -90,
                "showarrow": False,
                "font": {"color": colour},
            }
            for place, (_, colour, _) in enumerate(METHODS)
            for i in range(count)
        ],
    }


def overflow_traces(results: Sequence[FloatArray], ends: FloatArray) -> list[Spec]:
    """Return the bars of :data:`METHODS`, nan where broken, and a line as far as each works.

    ``ends``, of shape (..., 3), holds the scale at which each one breaks.
    """
    count = results[0].shape[-1]
    bars, lines = [], []
    for place, ((name, colour, dash), p) in enumerate(zip(METHODS, results, strict=True)):
        bars.append(_bars(p, name, colour, count, "y", crowd=len(METHODS)))
        end = ends[..., place : place + 1]
        x = np.concatenate([np.zeros_like(end), end], axis=-1)
        row = np.full(2, float(place))
        lines.append(
            _line(x, row, colour, f"{name} works", dash=dash, width=4.0)
            | {"xaxis": "x2", "yaxis": "y2", "hoverinfo": "skip", "showlegend": False}
        )
    return [*bars, *lines]


def divergence_layout(count: int) -> Spec:
    """Lay out two distributions, and what each class adds to either divergence."""
    return _layout(CHART_HEIGHT) | {
        "legend": _LEGEND,
        "xaxis": _categories(count) | {"anchor": "y2"},
        "yaxis": _axis("P and Q", (0.0, 1.19)) | {"domain": [0.55, 1.0]},
        "yaxis2": _axis("share of KL, nats", (-0.8, 3.2)) | {"domain": [0.0, 0.46]},
        "barmode": "group",
    }


def divergence_traces(
    p: FloatArray, q: FloatArray, forwards: FloatArray, backwards: FloatArray
) -> list[Spec]:
    """Return the bars of both distributions and of the terms of both divergences."""
    count = p.shape[-1]
    return [
        _bars(p, "P", COLOURS[0], count, "y", crowd=2),
        _bars(q, "Q", COLOURS[1], count, "y", crowd=2),
        _bars(forwards, "to KL(P‖Q)", COLOURS[0], count, "y2", pattern="/", crowd=2),
        _bars(backwards, "to KL(Q‖P)", COLOURS[1], count, "y2", pattern="/", crowd=2),
    ]


def maxout_layout(x: FloatArray) -> Spec:
    """Lay out a maxout unit over its pieces, and its slope below."""
    window = (float(x[0]), float(x[-1]))
    return _layout(CHART_HEIGHT) | {
        "legend": _LEGEND,
        "hovermode": "x",
        "xaxis": _axis("x", window) | {"anchor": "y2"},
        "yaxis": _axis("f(x)", window) | {"domain": [0.4, 1.0]},
        "yaxis2": _axis("f′(x)", (-3.3, 3.3)) | {"domain": [0.0, 0.34]},
    }


def maxout_traces(
    x: FloatArray, lines: FloatArray, value: FloatArray, gradient: FloatArray
) -> list[Spec]:
    """Return k pieces, their maximum and its slope.

    ``lines``, of shape (k, ..., 2), holds the ends of the pieces, which are straight.
    """
    pieces = [
        _line(x[[0, -1]], line, COLOURS[place], f"piece {place}", dash="dot", width=1.5)
        | {"hoverinfo": "skip"}
        for place, line in enumerate(lines, 1)
    ]
    return [
        *pieces,
        _line(x, value, COLOURS[0], "maxout"),
        _line(x, gradient, COLOURS[0], "slope", dash="dash", axis="y2") | {"showlegend": False},
    ]


def surface_layout(x: FloatArray, at: tuple[float, float], reach: float) -> Spec:
    """Lay out a gated unit over value and gate, with the lines of both slices."""
    window = (float(x[0]), float(x[-1]))
    return _layout(SIDE_HEIGHT + 30) | {
        "xaxis": _axis("value a", window),
        "yaxis": _axis("gate b", window),
        "coloraxis": {
            "autocolorscale": True,
            "cmin": -reach,
            "cmax": reach,
            "showscale": False,
        },
        "shapes": [_across("x", at[0], "paper"), _across("y", at[1], "paper")],
        "showlegend": False,
    }


def surface(x: FloatArray, z: FloatArray, reach: float) -> Spec:
    """Return a gated unit, which goes up to ``reach``, as contours: ``z`` is (N, N), gate up."""
    step = 0.5 if reach < 5 else 2.0
    return {
        "type": "contour",
        "x": x,
        "y": x,
        "z": z,
        "coloraxis": "coloraxis",
        "contours": {"showlabels": True, "start": -8 * step, "end": 8 * step, "size": step},
        "line": {"width": 1},
        "hovertemplate": "a = %{x:.2f}<br>b = %{y:.2f}<br>f = %{z:.4f}<extra></extra>",
    }


def surface_point(value: FloatArray, gate: FloatArray) -> Spec:
    """Return the dot where the slices cross; both arrays end in an axis of one."""
    return _dot(value, gate, GREY)


def slice_layout(x: FloatArray, reach: float) -> Spec:
    """Lay out the unit over the value at one gate, and over the gate at one value below."""
    window = (float(x[0]), float(x[-1]))
    span = (-1.08 * reach, 1.08 * reach)
    return _layout(SIDE_HEIGHT + 30) | {
        "xaxis": _axis("value a", window) | {"anchor": "y"},
        "yaxis": _axis("at this gate", span) | {"domain": [0.6, 1.0]},
        "xaxis2": _axis("gate b", window) | {"anchor": "y2"},
        "yaxis2": _axis("at this value", span) | {"domain": [0.0, 0.4]},
        "showlegend": False,
    }


def slice_traces(
    x: FloatArray,
    by_value: FloatArray,
    by_gate: FloatArray,
    value: FloatArray,
    gate: FloatArray,
    there: FloatArray,
) -> list[Spec]:
    """Return both slices and the dot on each; the last three end in an axis of one."""
    below = {"xaxis": "x2", "yaxis": "y2"}
    return [
        _line(x, by_value, COLOURS[0], "at this gate"),
        _line(x, by_gate, COLOURS[1], "at this value", dash="dash") | below,
        _dot(value, there, COLOURS[0]),
        _dot(gate, there, COLOURS[1]) | below,
    ]


def _layout(height: int) -> Spec:
    return {"height": height, "margin": {"l": 56, "r": 8, "t": 28, "b": 40}, "dragmode": "zoom"}


def _axis(title: str, span: tuple[float, float]) -> Spec:
    return {
        "range": list(span),
        "title": {"text": title, "standoff": 4},
        "zeroline": True,
        "showgrid": True,
    }


def _categories(count: int) -> Spec:
    # Ten full names do not fit beside each other.
    return {
        "type": "category",
        "categoryarray": classes(count),
        "fixedrange": True,
        "tickvals": classes(count),
        "ticktext": classes(count) if count <= 5 else [str(i + 1) for i in range(count)],
    }


def _bars(
    y: FloatArray,
    name: str,
    colour: object,
    count: int,
    axis: str,
    pattern: str = "",
    crowd: int = 1,
) -> Spec:
    marker: dict[str, Any] = {"color": colour}
    if pattern:
        marker["pattern"] = {"shape": pattern}
    # On a phone the numbers of more bars would run into each other; hovering tells them.
    bars = crowd * count
    written = "" if bars > 8 else "%{y:.3f}" if bars <= 6 else "%{y:.2f}"
    return {
        "type": "bar",
        "x": classes(count),
        "y": y,
        "yaxis": axis,
        "name": name,
        "marker": marker,
        "texttemplate": written,
        "textposition": "outside",
        "textangle": 0,
        "cliponaxis": False,
        "hovertemplate": f"%{{x}}: {name} = %{{y:.{DECIMALS}f}}<extra></extra>",
    }


def _line(
    x: FloatArray,
    y: FloatArray,
    colour: str,
    name: str,
    *,
    dash: str = "solid",
    width: float = 2.5,
    axis: str = "y",
    decimals: int = DECIMALS,
) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "yaxis": axis,
        "name": name,
        "line": {"color": colour, "dash": dash, "width": width, "simplify": False},
        "hovertemplate": f"%{{y:.{decimals}f}}",
    }


def _dot(x: FloatArray, y: FloatArray, colour: str) -> Spec:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "showlegend": False,
        "hoverinfo": "skip",
        "marker": {"color": colour, "size": 10, "symbol": "circle", "line": {"width": 1.5}},
    }


def _across(axis: str, at: float, other: str) -> Spec:
    """Return a dotted line through the panel at one value of ``axis``."""
    along, across = (axis[0], "y" if axis[0] == "x" else "x")
    return {
        "type": "line",
        f"{along}ref": axis,
        f"{across}ref": other,
        f"{along}0": at,
        f"{along}1": at,
        f"{across}0": 0,
        f"{across}1": 1,
        "line": {"color": GREY, "width": 1, "dash": "dot"},
    }
