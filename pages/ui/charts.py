"""Arrays in, Plotly figure out: no mathematics, no Streamlit.

Figures are plain specifications with the arrays already in Plotly's typed form.
Streamlit validates a dictionary on every rerun, which costs six times as much as
sending it; a finished figure it sends as it stands. The tests validate the same
specifications with Plotly instead.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.basedatatypes

from core.curves import Curve, Limits, Marks, Probe
from core.spec import FloatArray

Spec = dict[str, Any]

UNIT = 2.0**-24
"""What curves are rounded to multiples of: nobody sees it, and sweeps take half the room."""

_FAR = 64.0
"""From here on float32 is coarser than ``UNIT``; no panel of functions reaches so far."""

PALETTE = 8
"""How many categorical colours `.streamlit/config.toml` gives each theme."""

COLOURS = tuple(f"#{place:06d}" for place in range(1, PALETTE + 1))
"""Stand-ins that Streamlit's front end swaps for the theme's categorical colours, by place."""

FADED = f"#{39:06d}"
"""The stand-in for the theme's faded text colour."""

SHADE = f"#{35:06d}"
"""The stand-in for the theme's colour of grid lines."""

GROUND = f"#{38:06d}"
"""The stand-in for the theme's background, for the middle of a colour scale."""

PROBE_TRACES = 3
"""How many traces of a function move with the probe: the tangent and a dot on f and on f′."""

HEIGHT = 480
_NOT_OFFERED = ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"]
CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": _NOT_OFFERED}

Corner = tuple[str, str]
"""Where a legend stands in its panel: left, center or right; top or bottom."""

DASHES = ("solid", "dash", "dot", "dashdot", "12px,3px", "12px,3px,3px,3px")
"""How lines differ besides their colours, each short enough for a legend to show it whole."""

CORNERS: tuple[Corner, ...] = (
    ("left", "top"),
    ("right", "top"),
    ("center", "top"),
    ("right", "bottom"),
    ("left", "bottom"),
)
"""The places for a legend, the first in reading order where several are as good."""

_LEGEND_WIDTH = 0.36
_LEGEND_ROW = 0.086
"""A legend's width and the height of a row, as shares of the upper of two panels."""


@dataclass(frozen=True)
class Difference:
    """Two functions' difference as it is drawn, in the colour of the second."""

    name: str
    curve: Curve


class Finished(plotly.basedatatypes.BaseFigure):
    """A figure that is sent as it stands."""

    def __init__(self, spec: Spec) -> None:
        # BaseFigure's own constructor and attribute hooks build and validate; not here.
        object.__setattr__(self, "spec", spec)

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def to_dict(self) -> Spec:
        """Return the specification, for Streamlit to send."""
        return self.spec


def finish(traces: Iterable[Spec], layout: Spec) -> Finished:
    """Encode the arrays of ``traces`` and put the figure together."""
    return Finished(
        {
            "data": encoded(traces),
            # An empty template: the front end brings the theme's own.
            "layout": {"template": {}, "colorway": list(COLOURS), **layout},
        }
    )


def encoded(traces: Iterable[Spec]) -> list[Spec]:
    """Return traces as they are sent; for a cache, since :func:`finish` takes them as well."""
    return [{k: _encoded(v) for k, v in trace.items()} for trace in traces]


def at_rest(traces: Iterable[Spec]) -> list[Spec]:
    """Return traces that hold a row a step (of a grid's ``z``, a table) at their first step."""
    return [
        {
            name: _first(value, 2 if name == "z" and trace["type"] != "scatter3d" else 1)
            for name, value in trace.items()
        }
        for trace in traces
    ]


def _first(value: Any, axes: int) -> Any:
    return value[0] if isinstance(value, np.ndarray) and value.ndim > axes else value


def functions(
    traces: Iterable[Spec],
    *,
    window: tuple[float, float],
    limits: Limits,
    probe: float,
    titles: Sequence[str],
    axis: str = "x",
    legend: Corner = CORNERS[0],
) -> Finished:
    """Draw f above f′ and, where sampled, a third panel; with marks, tangents and shading.

    ``traces`` are, for one function after the other, its :func:`shade_trace`, its
    :func:`line_traces` and its :func:`probe_traces`.
    """
    return finish(traces, _panels(window, limits, probe, titles, axis, legend))


def line_traces(name: str, curve: Curve, marks: Marks, place: int) -> list[Spec]:
    """Return the traces of one function's curves and marks, in the colour of its place.

    Arrays may hold a row a parameter value; so do the traces' then.
    """
    colour = COLOURS[place]
    traces = [
        _line(curve.x, _seen(curve.value), colour, "y", "f", name, showlegend=True),
        _line(curve.x, _seen(curve.gradient), colour, "y2", "f′", name, dash="dash"),
    ]
    if curve.third is not None:
        traces.append(_line(curve.x, curve.third, colour, "y3", "y", name, dash="dot"))
    if marks.x.size:
        traces += [
            _dots(marks.x, marks.value, colour, "y"),
            _dots(marks.x, marks.gradient, colour, "y2"),
        ]
    return traces


def probe_traces(at: Probe, place: int) -> list[Spec]:
    """Return the traces that move with the probe: a tangent, and dots on f and f′."""
    colour = COLOURS[place]
    return [
        _line(at.tangent_x, at.tangent_y, colour, "y", "tangent", "", width=1.25),
        _dots(at.x, at.value, colour, "y"),
        _dots(at.x, at.gradient, colour, "y2"),
    ]


def shade_trace(stretches: FloatArray, place: int, *, lanes: bool) -> Spec:
    """Return the trace that shades stretches of x, whose ends have the shape (..., k, 2).

    It fills the gradient's panel or, with ``lanes``, as suits several functions, a strip in
    the colour of the function's place.
    """
    gap = np.full((*stretches.shape[:-1], 1), np.nan)
    left, right = stretches[..., :1], stretches[..., 1:]
    trace: Spec = {
        "type": "scatter",
        "mode": "lines",
        "yaxis": "y4",
        "showlegend": False,
        "hoverinfo": "skip",
    }
    if not lanes:
        corners = np.concatenate([left, left, right, right, gap], axis=-1)
        height: FloatArray | float = np.array([0.0, 1.0, 1.0, 0.0, np.nan])
        trace |= {"fill": "toself", "fillcolor": SHADE, "line": {"width": 0, "simplify": False}}
    else:
        corners = np.concatenate([left, right, gap], axis=-1)
        height = 0.02 + 0.03 * place
        line = {"color": COLOURS[place], "width": 4, "simplify": False}
        trace |= {"opacity": 0.5, "line": line}
    # Where a row has fewer stretches than the others, y is a gap as x is: both then vary.
    heights = np.where(np.isnan(corners), np.nan, height)
    shape = (*corners.shape[:-2], -1)
    return {**trace, "x": corners.reshape(shape), "y": heights.reshape(shape)}


def even(values: FloatArray) -> FloatArray:
    """Round to multiples of ``UNIT``, but for what is coarser than that in float32."""
    near = np.abs(values) < _FAR
    return np.where(near, np.rint(np.where(near, values, 0) / UNIT) * UNIT + 0.0, values)


def _seen(values: FloatArray) -> FloatArray:
    """Leave out what is so far outside every panel that it would only enlarge the sweeps."""
    return np.where(np.abs(values) < _FAR, values, np.nan)


def to_decimals(values: FloatArray, decimals: int) -> FloatArray:
    """Round to so many decimals, in a form that makes sweeps small.

    The result is the multiple of 16^−decimals next to the rounded number: written with so
    many decimals it reads the same.
    """
    unit = 16.0**-decimals
    return np.asarray(np.rint(np.round(values, decimals) / unit) * unit + 0.0)


def varying(trace: Spec) -> dict[str, FloatArray]:
    """Return the arrays of a trace that hold a row a parameter value, where the rows differ."""
    rows = {k: v for k, v in trace.items() if isinstance(v, np.ndarray) and v.ndim > 1}
    return {k: v for k, v in rows.items() if not np.array_equal(v[1:], v[:-1], equal_nan=True)}


def differences(
    drawn: Sequence[Difference],
    *,
    window: tuple[float, float],
    limits: Limits,
    probe: float,
    titles: Sequence[str],
    axis: str = "x",
) -> Finished:
    """Draw differences of functions, and of their gradients below."""
    traces = [t for place, one in enumerate(drawn, 1) for t in difference_traces(one, place)]
    return finish(traces, _panels(window, limits, probe, titles, axis, CORNERS[0]))


def legend_box(corner: Corner, rows: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return which shares of the upper panel a legend takes, from left to right and upwards."""
    left = {"left": 0.0, "center": (1 - _LEGEND_WIDTH) / 2, "right": 1 - _LEGEND_WIDTH}[corner[0]]
    height = min(1.0, rows * _LEGEND_ROW)
    bottom = 1 - height if corner[1] == "top" else 0.0
    return (left, left + _LEGEND_WIDTH), (bottom, bottom + height)


def points_and_lines(
    points: tuple[FloatArray, FloatArray],
    lines: Sequence[tuple[str, FloatArray, FloatArray]],
    canvas: tuple[FloatArray, FloatArray],
    *,
    window: tuple[tuple[float, float], tuple[float, float]],
) -> Finished:
    """Draw points, and over them named lines; invisible points catch clicks anywhere.

    Many points are drawn small, so that they show where they are dense.
    """
    (left, bottom), (right, top) = window
    unseen: Spec = {
        "type": "scatter",
        "mode": "markers",
        "x": canvas[0],
        "y": canvas[1],
        "showlegend": False,
        "hoverinfo": "none",
        "marker": {"opacity": 0, "size": 14},
        "unselected": {"marker": {"opacity": 0}},
        "selected": {"marker": {"opacity": 0}},
    }
    dots: Spec = {
        "type": "scatter",
        "mode": "markers",
        "x": points[0],
        "y": points[1],
        "name": "points",
        "showlegend": False,
        "hovertemplate": "x = %{x:.3g}<br>y = %{y:.4g}<extra></extra>",
        "marker": {"color": COLOURS[-1], "size": 8 if len(points[0]) <= _MANY else 3},
        "unselected": {"marker": {"opacity": 1}},
    }
    drawn = [
        _line(x, y, COLOURS[i], "y", "ŷ", name, dash=DASHES[i], showlegend=True)
        for i, (name, x, y) in enumerate(lines)
    ]
    layout: Spec = {
        "height": HEIGHT,
        "margin": {"l": 56, "r": 8, "t": 8, "b": 40},
        "hovermode": "closest",
        "dragmode": False,
        "legend": {"x": 0.01, "y": 0.99, "bgcolor": "rgba(0,0,0,0)", "tracegroupgap": 0},
        "xaxis": {"range": [left, right], "title": {"text": "x", "standoff": 4}},
        "yaxis": {"range": [bottom, top], "title": {"text": "y", "standoff": 4}},
    }
    return finish([unseen, dots, *drawn], layout)


FIRST_LINE = 2
"""The place of the first line in :func:`points_and_lines`."""

_MANY = 500


def difference_traces(one: Difference, place: int) -> list[Spec]:
    """Return the traces of one difference in the colour of its place."""
    curve, colour = one.curve, COLOURS[place]
    return [
        _line(curve.x, curve.value, colour, "y", "difference", one.name, showlegend=True),
        _line(curve.x, curve.gradient, colour, "y2", "difference", one.name, dash="dash"),
    ]


def _line(
    x: FloatArray,
    y: FloatArray,
    colour: str,
    axis: str,
    symbol: str,
    name: str,
    *,
    dash: str = "solid",
    width: float = 2.5,
    showlegend: bool = False,
) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": even(x),
        "y": even(y),
        "yaxis": axis,
        "name": name,
        "legendgroup": name,
        "showlegend": showlegend,
        "line": {"color": colour, "dash": dash, "width": width, "simplify": False},
        **(
            {"hoverinfo": "skip"}
            if symbol == "tangent"
            # The function's name comes from the trace, so that it follows a slider too.
            else {"hovertemplate": f"x = %{{x:.3f}}<br>{symbol} = %{{y:.5g}}"}
        ),
    }


def _dots(x: FloatArray, y: FloatArray, colour: str, axis: str) -> Spec:
    # At a break: the left limit, the value used, the right limit. A probe is one full dot.
    symbols = ["circle-open", "circle", "circle-open"] * (x.shape[-1] // 3) or ["circle"]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "yaxis": axis,
        "showlegend": False,
        "hoverinfo": "skip",
        "marker": {"color": colour, "size": 8, "symbol": symbols, "line": {"width": 1.5}},
    }


def _panels(
    window: tuple[float, float],
    limits: Limits,
    probe: float,
    titles: Sequence[str],
    axis: str,
    legend: Corner,
) -> Spec:
    """Lay out two or three panels above one another, sharing x; nothing jumps."""
    spans = (limits.value, limits.gradient, limits.third)[: len(titles)]
    gap = 0.035
    heights = {2: (0.56, 0.44), 3: (0.42, 0.3, 0.28)}[len(titles)]
    layout: Spec = {
        "height": HEIGHT,
        "margin": {"l": 56, "r": 8, "t": 8, "b": 40},
        "hovermode": "x",
        "dragmode": "zoom",
        "legend": {
            "x": {"left": 0.01, "center": 0.5, "right": 0.99}[legend[0]],
            "y": {"top": 1.0, "bottom": 1.0 - heights[0] + gap}[legend[1]],
            "xanchor": legend[0],
            "yanchor": legend[1],
            "bgcolor": "rgba(0,0,0,0)",
            "tracegroupgap": 0,
        },
        "xaxis": {
            "range": list(window),
            "title": {"text": axis, "standoff": 4},
            "zeroline": True,
            "showgrid": True,
            "anchor": f"y{len(titles)}",
        },
        "shapes": [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": probe,
                "x1": probe,
                "y0": 0,
                "y1": 1,
                "line": {"color": FADED, "width": 1, "dash": "dot"},
            }
        ],
    }
    top = 1.0
    for place, (title, span, height) in enumerate(zip(titles, spans, heights, strict=True), 1):
        bottom = max(0.0, top - height)
        layout["yaxis" if place == 1 else f"yaxis{place}"] = {
            "range": list(span),
            "domain": [bottom + (gap if place < len(titles) else 0.0), top],
            "title": {"text": title, "standoff": 4},
            "zeroline": True,
            "showgrid": True,
            "anchor": "x",
        }
        top = bottom
    # The shading lies under the gradient's curve, on an axis of its own.
    layout["yaxis2"] |= {"overlaying": "y4", "tickmode": "auto"}
    layout["yaxis4"] = {
        "domain": layout["yaxis2"]["domain"],
        "range": [0, 1],
        "visible": False,
        "fixedrange": True,
        "anchor": "x",
    }
    return layout


def _encoded(value: object) -> object:
    """Return an array in Plotly's typed-array form: of bytes if it is, or else of float32."""
    if not isinstance(value, np.ndarray):
        return value
    kind = {"|u1": "u1", "|i1": "i1"}.get(value.dtype.str, "f4")
    data = np.ascontiguousarray(value, dtype=f"<{kind}").tobytes()
    shape = {"shape": ", ".join(map(str, value.shape))} if value.ndim > 1 else {}
    return {"dtype": kind, "bdata": base64.b64encode(data).decode("ascii"), **shape}
