"""What all figures of the page are made of: lines, dots, axes, and each optimizer's own look."""

import base64
from typing import Any

import numpy as np
import numpy.typing as npt

from core.optimizers import OPTIMIZERS
from core.spec import FloatArray
from pages.ui import charts
from pages.ui.charts import COLOURS, GROUND, Spec

Integers = npt.NDArray[np.int64]

MAP_HEIGHT = 350
SIDE_HEIGHT = 220
LOW_HEIGHT = 300
GREY = COLOURS[7]
"""The palette's grey, for what is compared with."""

DASHES = (*charts.DASHES, "solid")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
PLACES = {name: place for place, name in enumerate(OPTIMIZERS)}
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
LEGEND = {
    "orientation": "h",
    "x": 0,
    "y": 1.02,
    "xanchor": "left",
    "yanchor": "bottom",
    "bgcolor": "rgba(0,0,0,0)",
}


def colour(name: str) -> str:
    """Return the colour of an optimizer, the same wherever it is drawn."""
    return COLOURS[PLACES[name]]


def above(x: float, text: str) -> Spec:
    """Return a title above one of several pictures, at the left end of its domain."""
    return {
        "text": text,
        "showarrow": False,
        "x": x,
        "y": 1,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
    }


def axis(title: str, span: tuple[float, float]) -> Spec:
    """Return an axis that stays where it is."""
    return {
        "range": list(span),
        "title": {"text": title, "standoff": 4},
        "zeroline": False,
        "fixedrange": True,
    }


def powers(title: str, low: float, high: float) -> Spec:
    """Return an axis whose numbers are powers of ten."""
    gap = 1 if high - low <= 6 else 2 if high - low <= 12 else 4
    marks = list(range(int(np.ceil(low)), int(np.floor(high)) + 1, gap))
    return {
        **axis(title, (low, high)),
        "tickvals": marks,
        "ticktext": [power(v) for v in marks],
    }


def power(exponent: int) -> str:
    """Write a power of ten."""
    return "1" if exponent == 0 else f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def even(x: FloatArray, y: FloatArray) -> Spec:
    """Return the places of an evenly spaced grid as Plotly takes them in two numbers each."""
    return {
        "x0": float(x[0]),
        "dx": float(x[1] - x[0]),
        "y0": float(y[0]),
        "dy": float(y[1] - y[0]),
    }


def whole(values: FloatArray | Integers) -> Spec:
    """Return whole numbers from 0 up in Plotly's typed form, in one byte or two each."""
    kind = "u1" if values.max(initial=0) < 256 else "u2"
    data = base64.b64encode(values.astype(f"<{kind}").tobytes()).decode("ascii")
    shape = {"shape": ", ".join(map(str, values.shape))} if values.ndim > 1 else {}
    return {"dtype": kind, "bdata": data, **shape}


def line(
    x: FloatArray | None,
    y: FloatArray,
    paint: str,
    name: str,
    *,
    dash: str = "solid",
    width: float = 2.5,
) -> Spec:
    """Return a line; arrays may have a row for each step of a slider.

    Without ``x`` the points lie 1 apart from 0 on, or as the caller says.
    """
    along = {} if x is None else {"x": x}
    return {
        "type": "scatter",
        "mode": "lines",
        **along,
        "y": y,
        "name": name,
        "line": {"color": paint, "dash": dash, "width": width, "simplify": False},
    }


def dot(x: FloatArray, y: FloatArray, paint: str, symbol: str, size: int) -> Spec:
    """Return marks that have no entry in the legend."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "showlegend": False,
        "hoverinfo": "skip",
        "marker": {"color": paint, "size": size, "symbol": symbol},
    }


STAYS: Spec = {"unselected": {"marker": {"opacity": 1}}}
"""Of marks that a click elsewhere in the chart does not fade."""


def rimmed(symbol: str, size: int) -> Spec:
    """Return a marker that is seen on any colour: the page's own, with a rim."""
    line = {"width": 2, "color": GREY}
    return {"symbol": symbol, "size": size, "color": GROUND, "line": line}


def across(x: float) -> dict[str, Any]:
    """Return an upright line over the whole height of a picture."""
    return {
        "type": "line",
        "x0": x,
        "x1": x,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": GREY, "width": 1, "dash": "dot"},
    }
