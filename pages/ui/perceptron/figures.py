"""The Perceptron page's figures: arrays in, traces and layouts out, no mathematics.

Traces take arrays with a leading axis of slider steps, as :mod:`pages.ui.parts` has it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.spec import FloatArray
from pages.ui.charts import COLOURS, Spec

HEIGHT = 400
SIDE_HEIGHT = 290
"""The height of one of two pictures beside each other."""
GREY = COLOURS[7]
FIRES, SILENT, SECOND, WRONG = COLOURS[0], COLOURS[1], COLOURS[2], COLOURS[3]

_LEGEND = {
    "orientation": "h",
    "x": 0,
    "y": 1.02,
    "xanchor": "left",
    "yanchor": "bottom",
    "bgcolor": "rgba(0,0,0,0)",
}


def plane_layout(
    across: tuple[float, float],
    up: tuple[float, float],
    titles: tuple[str, str] = ("x₁", "x₂"),
    height: int = HEIGHT,
    notes: Sequence[Spec] = (),
) -> Spec:
    """Lay out a plane with the same scale along both axes."""
    return {
        "height": height,
        "margin": {"l": 48, "r": 8, "t": 32, "b": 40},
        "dragmode": False,
        "hovermode": "closest",
        "legend": _LEGEND,
        "xaxis": axis(titles[0], across) | {"constrain": "domain"},
        "yaxis": axis(titles[1], up) | {"scaleanchor": "x", "constrain": "domain"},
        "annotations": list(notes),
    }


def panel_layout(
    height: int, x: Spec, y: Spec, *, lines: Sequence[Spec] = (), hovermode: str = "x"
) -> Spec:
    """Lay out a single panel of curves."""
    return {
        "height": height,
        "margin": {"l": 56, "r": 8, "t": 32, "b": 40},
        "dragmode": False,
        "hovermode": hovermode,
        "legend": _LEGEND,
        "xaxis": x,
        "yaxis": y,
        "shapes": list(lines),
    }


def two_panel_layout(height: int, x: Spec, upper: Spec, lower: Spec) -> Spec:
    """Lay out two panels above one another that share the horizontal axis."""
    return panel_layout(height, x | {"anchor": "y2"}, upper | {"domain": [0.54, 1.0]}) | {
        "yaxis2": lower | {"domain": [0.0, 0.46]}
    }


def axis(title: str, span: tuple[float, float], **more: Any) -> Spec:
    """Return an axis with a fixed range."""
    return {
        "range": list(span),
        "title": {"text": title, "standoff": 4},
        "zeroline": True,
        "showgrid": True,
        "fixedrange": True,
        **more,
    }


def area(corners: FloatArray, name: str, colour: str = FIRES) -> Spec:
    """Return polygons (..., V, 2) to be shaded, a gap (nan) between each two."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": corners[..., 0],
        "y": corners[..., 1],
        "fill": "toself",
        "fillcolor": colour,
        "opacity": 0.22,
        "line": {"width": 0, "color": colour, "simplify": False},
        "name": name,
        "showlegend": bool(name),
        "hoverinfo": "skip",
    }


def line(
    points: FloatArray,
    name: str,
    colour: str,
    *,
    dash: str = "solid",
    width: float = 2.5,
    axis: str = "y",
    hover: str = "",
) -> Spec:
    """Return a line through points (..., N, 2)."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": points[..., 0],
        "y": points[..., 1],
        "yaxis": axis,
        "name": name,
        "showlegend": bool(name),
        "line": {"color": colour, "dash": dash, "width": width, "simplify": False},
        **({"hovertemplate": hover} if hover else {"hoverinfo": "skip"}),
    }


def dots(
    points: FloatArray,
    name: str,
    colour: str,
    *,
    symbol: str = "circle",
    size: int = 13,
    axis: str = "y",
    labels: Sequence[str] = (),
) -> Spec:
    """Return markers at points (..., N, 2); those at nan are not seen."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": points[..., 0],
        "y": points[..., 1],
        "yaxis": axis,
        "name": name,
        "showlegend": bool(name),
        "marker": {
            "color": colour,
            "size": size,
            "symbol": symbol,
            "line": {"width": 2.5 if symbol.endswith("open") else 0},
        },
        **(
            {"text": list(labels), "hovertemplate": "%{text}<extra></extra>"}
            if labels
            else {"hoverinfo": "skip"}
        ),
    }


def classes(points: FloatArray, targets: Sequence[float], size: int = 13) -> list[Spec]:
    """Return points (..., N, 2) of two classes, those that should be 0 hollow."""
    is_one = np.asarray(targets) > 0.5
    looks = ((is_one, "should be 1", "circle"), (~is_one, "should be 0", "circle-open"))
    return [
        dots(
            points[..., chosen, :],
            name,
            FIRES if symbol == "circle" else SILENT,
            symbol=symbol,
            size=size,
            labels=[f"{name}" for _ in range(int(chosen.sum()))],
        )
        for chosen, name, symbol in looks
    ]


def rings(points: FloatArray, name: str, colour: str = WRONG, size: int = 26) -> Spec:
    """Return rings round points (..., N, 2)."""
    return dots(points, name, colour, symbol="circle-open", size=size)


def note(x: float, y: float, text: str, *, right: bool, up: bool) -> Spec:
    """Return a word beside a point."""
    return {
        "x": x,
        "y": y,
        "text": text,
        "showarrow": False,
        "xanchor": "left" if right else "right",
        "yanchor": "bottom" if up else "top",
        "xshift": 14 if right else -14,
        "yshift": 6 if up else -6,
    }


def level(axis_name: str, at: float, colour: str = GREY, dash: str = "dot") -> Spec:
    """Return a straight line through a panel at one value of the axis "x" or "y"."""
    other = "y" if axis_name == "x" else "x"
    return {
        "type": "line",
        f"{axis_name}ref": axis_name,
        f"{other}ref": "paper",
        f"{axis_name}0": at,
        f"{axis_name}1": at,
        f"{other}0": 0,
        f"{other}1": 1,
        "line": {"color": colour, "width": 1.5, "dash": dash},
    }


def contours(x: FloatArray, y: FloatArray, z: FloatArray) -> Spec:
    """Return the height of a surface, (N, N) with y down the rows, as contours."""
    return {
        "type": "contour",
        "x": x,
        "y": y,
        "z": z,
        "autocolorscale": True,
        "zmin": -1,
        "zmax": 1,
        "showscale": False,
        "contours": {"start": -1, "end": 1, "size": 0.1},
        "line": {"width": 1},
        "hovertemplate": "x₁ = %{x:.2f}<br>x₂ = %{y:.2f}<br>f = %{z:.3f}<extra></extra>",
    }
