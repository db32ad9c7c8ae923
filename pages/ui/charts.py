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
import numpy.typing as npt
import plotly.basedatatypes

from core.curves import Curve, Limits, Marks, Probe
from core.spec import FloatArray

Spec = dict[str, Any]

PALETTE = 8
"""How many categorical colours `.streamlit/config.toml` gives each theme."""

COLOURS = tuple(f"#{place:06d}" for place in range(1, PALETTE + 1))
"""Stand-ins that Streamlit's front end swaps for the theme's categorical colours, by place."""

FADED = f"#{39:06d}"
"""The stand-in for the theme's faded text colour."""

SHADE = f"#{40:06d}"
"""The stand-in for a tint of the theme's background."""

HEIGHT = 480
CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


@dataclass(frozen=True)
class Drawn:
    """One function as it is drawn; its arrays may carry a leading axis of parameter values."""

    name: str
    curve: Curve
    marks: Marks
    probe: Probe
    saturated: npt.NDArray[np.bool_]


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
            "data": [{k: _encoded(v) for k, v in trace.items()} for trace in traces],
            # An empty template: the front end brings the theme's own.
            "layout": {"template": {}, "colorway": list(COLOURS), **layout},
        }
    )


def functions(
    drawn: Sequence[Drawn],
    *,
    window: tuple[float, float],
    limits: Limits,
    probe: float,
    titles: Sequence[str],
) -> Finished:
    """Draw f above f′ and, where sampled, a third panel; with marks, tangents and shading."""
    return finish(function_traces(drawn, titles), _panels(window, limits, probe, titles))


def function_traces(drawn: Sequence[Drawn], titles: Sequence[str]) -> list[Spec]:
    """Return the traces of :func:`functions`; an array may hold one row a parameter value."""
    third = titles[-1]
    traces: list[Spec] = []
    lanes = len(drawn) > 1
    for place, one in enumerate(drawn):
        colour = COLOURS[place]
        curve, at = one.curve, one.probe
        traces += [
            _saturation(one, colour, place if lanes else None),
            _line(curve.x, curve.value, colour, "y", "f", one.name, showlegend=True),
            _line(curve.x, curve.gradient, colour, "y2", "f′", one.name, dash="dash"),
        ]
        if curve.third is not None:
            traces.append(_line(curve.x, curve.third, colour, "y3", third, one.name, dash="dot"))
        if one.marks.x.size:
            traces += [
                _dots(one.marks.x, one.marks.value, colour, "y"),
                _dots(one.marks.x, one.marks.gradient, colour, "y2"),
            ]
        traces.append(
            _line(at.tangent_x, at.tangent_y, colour, "y", "tangent", one.name, width=1.25)
        )
        for value, axis in ((at.value, "y"), (at.gradient, "y2")):
            traces.append(_dots(at.tangent_x.mean(axis=-1, keepdims=True), value, colour, axis))
    return traces


def differences(
    curves: Sequence[Curve],
    names: Sequence[str],
    *,
    window: tuple[float, float],
    limits: Limits,
    probe: float,
    titles: Sequence[str],
) -> Finished:
    """Draw differences of functions and of their gradients, in the colours of the functions."""
    traces: list[Spec] = []
    for place, (curve, name) in enumerate(zip(curves, names, strict=True), start=1):
        colour = COLOURS[place]
        traces += [
            _line(curve.x, curve.value, colour, "y", "difference", name, showlegend=True),
            _line(curve.x, curve.gradient, colour, "y2", "difference", name, dash="dash"),
        ]
    return finish(traces, _panels(window, limits, probe, titles))


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
        "x": x,
        "y": y,
        "yaxis": axis,
        "name": name,
        "legendgroup": name,
        "showlegend": showlegend,
        "line": {"color": colour, "dash": dash, "width": width},
        "hovertemplate": f"x = %{{x:.3f}}<br>{symbol} = %{{y:.5g}}<extra>{name}</extra>",
        **({"hoverinfo": "skip", "hovertemplate": ""} if symbol == "tangent" else {}),
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


def _saturation(one: Drawn, colour: str, lane: int | None) -> Spec:
    """Shade where |f′| is under the threshold: the whole panel, or a lane a function."""
    trace: Spec = {
        "type": "scatter",
        "mode": "lines",
        "x": one.curve.x,
        "yaxis": "y4",
        "showlegend": False,
        "hoverinfo": "skip",
    }
    if lane is None:
        shade = {"fill": "tozeroy", "fillcolor": SHADE, "line": {"width": 0}}
        return {**trace, **shade, "y": np.where(one.saturated, 1.0, 0.0)}
    height = 0.02 + 0.03 * lane
    thick = {"opacity": 0.5, "line": {"color": colour, "width": 4}}
    return {**trace, **thick, "y": np.where(one.saturated, height, np.nan)}


def _panels(
    window: tuple[float, float], limits: Limits, probe: float, titles: Sequence[str]
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
            "x": 0.01,
            "y": 1.0,
            "xanchor": "left",
            "yanchor": "top",
            "bgcolor": "rgba(0,0,0,0)",
            "tracegroupgap": 0,
        },
        "xaxis": {
            "range": list(window),
            "title": {"text": "x", "standoff": 4},
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
    """Return an array in Plotly's typed-array form, anything else as it is."""
    if not isinstance(value, np.ndarray):
        return value
    data = np.ascontiguousarray(value, dtype="<f4").tobytes()
    return {"dtype": "f4", "bdata": base64.b64encode(data).decode("ascii")}
