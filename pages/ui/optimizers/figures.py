"""The Optimizers page's figures: arrays in, traces and layouts out, no mathematics.

Traces take arrays with a leading axis of slider steps, so that the figure at rest and what
a slider moves are drawn by the same code.
"""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.descent.surfaces import Point, Window
from core.optimizers import OPTIMIZERS
from core.spec import FloatArray
from pages.ui.charts import COLOURS, GROUND, SHADE, Spec
from pages.ui.optimizers.scene import FLOOR, MAP_GAMMAS, MAP_RATES

Integers = npt.NDArray[np.int64]

MAP_HEIGHT = 350
SIDE_HEIGHT = 220
LOW_HEIGHT = 300
GREY = COLOURS[7]
"""The palette's grey, for what is compared with."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
PLACES = {name: place for place, name in enumerate(OPTIMIZERS)}
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_LEGEND = {
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


# ---------------------------------------------------------------- the map


def map_layout(window: Window, height: int = MAP_HEIGHT) -> Spec:
    """Lay out parameter space, with the same scale on both axes."""
    (left, right), (low, high) = window
    return {
        "height": height,
        "margin": {"l": 44, "r": 8, "t": 36, "b": 36},
        "hovermode": "closest",
        "dragmode": False,
        "legend": _LEGEND,
        "xaxis": {**_axis("w", (left, right)), "constrain": "domain"},
        "yaxis": {**_axis("b", (low, high)), "scaleanchor": "x", "constrain": "domain"},
    }


LINES = 16
"""Level lines on a map."""


def contours(window: Window, heights: FloatArray) -> Spec:
    """Draw the surface as level lines, close together where it is low; darker is higher."""
    (left, right), (low, high) = window
    rows, columns = heights.shape
    top = _tallest(heights)
    return {
        "type": "contour",
        "z": _whole(levels(heights)),
        "x0": left,
        "dx": (right - left) / (columns - 1),
        "y0": low,
        "dy": (high - low) / (rows - 1),
        "autocontour": False,
        "contours": {"start": 0, "end": top, "size": top // LINES},
        "zmin": 0,
        "zmax": top,
        "colorscale": [[0, GROUND], [1, SHADE]],
        "showscale": False,
        "line": {"width": 0.6, "color": GREY},
        "opacity": 0.6,
        "hoverinfo": "skip",
    }


def levels(heights: FloatArray) -> FloatArray:
    """Return heights as they are drawn: whole numbers that follow their logarithm.

    They are few enough to be sent in a tenth of the bytes of the heights, and so many that
    no line is off by a pixel.
    """
    finite = heights[np.isfinite(heights)]
    bottom = float(finite.min()) if finite.size else 0.0
    typical = float(np.quantile(finite - bottom, 0.08)) if finite.size else 1.0
    top = float(finite.max()) if finite.size else bottom
    # What is not finite is drawn as the highest there is.
    above = np.where(np.isfinite(heights), heights, top) - bottom
    z = np.log10(above + max(typical, 1e-9))
    share = (z - z.min()) / max(float(np.ptp(z)), 1e-9)
    return np.asarray(np.round(_tallest(heights) * share))


def _tallest(heights: FloatArray) -> int:
    """Return the number of levels: on a fine grid as many as fit into a byte."""
    return LINES * (32 if heights.size < 2000 else 15)


def canvas(window: Window) -> Spec:
    """Return unseen points over the whole map that catch clicks."""
    (left, right), (low, high) = window
    grid = np.meshgrid(np.linspace(left, right, 19), np.linspace(low, high, 13))
    return _unseen(*grid, "start here: %{x:.2f}, %{y:.2f}<extra></extra>")


def _unseen(x: FloatArray, y: FloatArray, says: str) -> Spec:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x.ravel(),
        "y": y.ravel(),
        "showlegend": False,
        "hovertemplate": says,
        "marker": {"opacity": 0, "size": 26},
        "unselected": {"marker": {"opacity": 0}},
        "selected": {"marker": {"opacity": 0}},
    }


def minima(points: Sequence[Point]) -> Spec:
    """Mark the minima, the deepest of many only."""
    shown = points if len(points) <= 6 else points[:1]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": np.array([p[0] for p in shown]),
        "y": np.array([p[1] for p in shown]),
        "name": "minimum",
        "showlegend": False,
        "marker": _rimmed("star", 13),
        "unselected": {"marker": {"opacity": 1}},
        "hovertemplate": "minimum at (%{x:.4g}, %{y:.4g})<extra></extra>",
    }


def start_mark(start: FloatArray) -> Spec:
    """Mark where the walk begins, (2,) or (rows, 2)."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": start[..., :1],
        "y": start[..., 1:],
        "name": "start",
        "showlegend": False,
        "marker": _rimmed("circle", 10),
        "unselected": {"marker": {"opacity": 1}},
        "hovertemplate": "start (%{x:.4g}, %{y:.4g})<extra></extra>",
    }


def trail(name: str, places: FloatArray) -> Spec:
    """Return the walk so far, ``places`` (rows, P, 2)."""
    x, y = places[..., 0], places[..., 1]
    return _line(x, y, colour(name), OPTIMIZERS[name].name, dash=DASHES[PLACES[name]])


def head(name: str, x: FloatArray, y: FloatArray) -> Spec:
    """Return where the walk has come, (rows, 1) each."""
    return _dot(x, y, colour(name), SYMBOLS[PLACES[name]], 10)


# ---------------------------------------------------------------- curves over the step


def curves_layout(steps: int, top: float, slope_top: float) -> Spec:
    """Lay out the loss and, beside it, the gradient's length, both in powers of ten."""
    # With room for a whole mark at the ends.
    span = (-0.02 * steps, 1.02 * steps)
    return {
        "height": SIDE_HEIGHT,
        "margin": {"l": 40, "r": 8, "t": 24, "b": 36},
        "hovermode": "x",
        "dragmode": False,
        "showlegend": False,
        "xaxis": {**_axis("step", span), "domain": [0.0, 0.44]},
        "xaxis2": {**_axis("step", span), "domain": [0.56, 1.0], "anchor": "y2"},
        "yaxis": _powers("", FLOOR - 0.5, top),
        "yaxis2": {**_powers("", FLOOR - 0.5, slope_top), "anchor": "x2"},
        # Beside the numbers there is no room for titles on a phone.
        "annotations": [_above(0.0, "loss − lowest"), _above(0.56, "‖∇f‖")],
    }


BESIDE = {"xaxis": "x2", "yaxis": "y2"}
"""The right one of the two pictures."""


def curve(name: str, steps: Integers, height: FloatArray) -> Spec:
    """Return a power of ten (rows, P) of a walk over the step (P,)."""
    shown = OPTIMIZERS[name].name
    line = _line(_whole(steps), height, colour(name), shown, dash=DASHES[PLACES[name]], width=2)
    return {**line, "hovertemplate": "10^%{y:.1f}"}


# ---------------------------------------------------------------- sensitivity


def sensitivity_layout(low: float, high: float, limit: float | None) -> Spec:
    """Lay out the loss after the race over the learning rate; ``limit`` is 2/λmax."""
    layout: Spec = {
        "height": LOW_HEIGHT,
        "margin": {"l": 56, "r": 8, "t": 36, "b": 40},
        "hovermode": "closest",
        "dragmode": False,
        "legend": _LEGEND,
        "xaxis": _powers("learning rate η", -4, 1) | {"tickvals": [-4, -3, -2, -1, 0, 1]},
        "yaxis": _powers("loss after the race − lowest", low, high),
    }
    layout["xaxis"]["ticktext"] = ["0.0001", "0.001", "0.01", "0.1", "1", "10"]
    if limit is not None:
        layout["shapes"] = [_across(limit)]
        layout["annotations"] = [
            {
                "x": limit,
                "y": 1,
                "yref": "paper",
                "text": "2/λmax",
                "showarrow": False,
                "xanchor": "left",
                "yanchor": "top",
                "font": {"color": GREY},
            }
        ]
    return layout


def sensitivity(name: str, rates: FloatArray, gap: FloatArray, best: int) -> list[Spec]:
    """Return the loss over the rate, powers of ten both, and a star at the best rate."""
    place = PLACES[name]
    return [
        {
            **_line(rates, gap, colour(name), OPTIMIZERS[name].name, dash=DASHES[place]),
            "hovertemplate": "η = 10^%{x:.1f}, 10^%{y:.2f}",
        },
        {
            **_dot(rates[best : best + 1], gap[best : best + 1], colour(name), "star", 14),
            "hovertemplate": f"{OPTIMIZERS[name].name}: best rate<extra></extra>",
            "hoverinfo": "all",
        },
    ]


# ---------------------------------------------------------------- the ledger


def ledger_traces(
    name: str,
    paths: FloatArray,
    at: FloatArray,
    arrows: Sequence[tuple[str, FloatArray, FloatArray]],
    look_ahead: FloatArray | None,
) -> list[Spec]:
    """Return the walk up to each row's step, the step itself, and arrows at its point.

    ``paths`` is (rows, K + 1, 2), and ``at`` (rows,) numbers the steps from 1; an arrow has
    its tails and tips, (rows, 2) each. ``look_ahead`` (rows, 2) is where the gradient was
    taken, if elsewhere.
    """
    row = np.arange(len(at))
    place = np.minimum(np.arange(paths.shape[1])[None, :], at[:, None] - 1)
    so_far = paths[row[:, None], place]
    traces = [_line(so_far[..., 0], so_far[..., 1], colour(name), "walk so far", width=1.5)]
    ends = np.stack([paths[row, at - 1], paths[row, at]], axis=1)
    traces.append(_line(ends[..., 0], ends[..., 1], colour(name), "this step Δ", width=4))
    looks = ((COLOURS[1], "solid"), (COLOURS[6], "dash"))
    for (label, tail, tip), (paint, dash) in zip(arrows, looks, strict=False):
        x, y = _arrow(tail, tip)
        traces.append(_line(x, y, paint, label, dash=dash, width=2))
    traces.append(_dot(ends[:, :1, 0], ends[:, :1, 1], colour(name), "circle", 9))
    if look_ahead is not None:
        traces.append(
            {
                **_dot(look_ahead[:, :1], look_ahead[:, 1:], COLOURS[1], "diamond-open", 10),
                "name": "look-ahead",
                "showlegend": True,
            }
        )
    return traces


def _arrow(tail: FloatArray, tip: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the strokes of arrows from tail to tip, (rows, 5) each."""
    along = tip - tail
    across = np.stack([-along[:, 1], along[:, 0]], axis=-1)
    left = tip - 0.25 * along + 0.12 * across
    right = tip - 0.25 * along - 0.12 * across
    points = np.stack([tail, tip, left, tip, right], axis=1)
    return points[..., 0], points[..., 1]


# ---------------------------------------------------------------- maps


_BEYOND = 1.12
"""Where on a scale that ends at 1 a run stands that never arrived."""

_SCALE = [[0, COLOURS[0]], [1 / _BEYOND, GROUND], [1 / _BEYOND, SHADE], [1, SHADE]]
"""Full colour for the best, none for the worst, grey for what is beyond."""


def classes_trace(
    w: FloatArray, b: FloatArray, classes: FloatArray, names: Sequence[str]
) -> list[Spec]:
    """Return a map of classes, each in its own colour, and their names for the legend."""
    count = len(names)
    paints = class_colours(names)
    scale = [[edge / count, paints[place]] for place in range(count) for edge in (place, place + 1)]
    picture: Spec = {
        "type": "heatmap",
        "z": _whole(classes),
        **_grid(w, b),
        "zmin": -0.5,
        "zmax": count - 0.5,
        "colorscale": scale,
        "showscale": False,
        "opacity": 0.75,
        "hovertemplate": "w = %{x:.2f}, b = %{y:.2f}<extra></extra>",
    }
    entries: list[Spec] = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [None],
            "y": [None],
            "name": shown,
            "marker": {"color": paint, "size": 12, "symbol": "square"},
        }
        for shown, paint in zip(names, paints, strict=True)
    ]
    return [picture, *entries]


def class_colours(names: Sequence[str]) -> list[str]:
    """Return a colour a class; the two that are no minimum are grey."""
    greys = {"nowhere in time": SHADE, "diverged": GREY}
    return [greys.get(shown, COLOURS[place % 6]) for place, shown in enumerate(names)]


def depths_trace(w: FloatArray, b: FloatArray, reached: FloatArray) -> Spec:
    """Return a map of how high the minimum is that is reached; grey where none is."""
    finite = reached[np.isfinite(reached)]
    low, high = float(finite.min(initial=0.0)), float(finite.max(initial=1.0))
    parts = 200
    share = np.nan_to_num((reached - low) / (high - low), nan=_BEYOND)
    marks = [parts * part // 4 for part in range(5)]
    return {
        "type": "heatmap",
        "z": _whole(np.round(parts * share)),
        **_grid(w, b),
        "zmin": 0,
        "zmax": parts * _BEYOND,
        "colorscale": _SCALE,
        "colorbar": {
            "thickness": 12,
            "outlinewidth": 0,
            "tickvals": [*marks, parts * _BEYOND],
            "ticktext": [*(f"{low + (high - low) * m / parts:.3g}" for m in marks), "none"],
            "title": {"text": "loss", "side": "top"},
        },
        "hoverinfo": "skip",
    }


def steps_trace(w: FloatArray, b: FloatArray, steps: FloatArray, most: int) -> Spec:
    """Return a map of how many steps it takes; grey where it never comes."""
    marks = [most * part // 4 for part in range(5)]
    return {
        "type": "heatmap",
        "z": _whole(np.where(np.isnan(steps), most * _BEYOND, steps)),
        **_grid(w, b),
        "zmin": 0,
        "zmax": most * _BEYOND,
        "colorscale": _SCALE,
        "colorbar": {
            "thickness": 12,
            "outlinewidth": 0,
            "tickvals": [*marks, most * _BEYOND],
            "ticktext": [*map(str, marks), "never"],
            "title": {"text": "steps", "side": "top"},
        },
        "hovertemplate": "w = %{x:.2f}, b = %{y:.2f}: %{z:.0f} steps<extra></extra>",
    }


def settings_layout(momentum: str) -> Spec:
    """Lay out learning rate and momentum."""
    axis = _powers("learning rate η", -3, 1) | {"tickvals": [-3, -2, -1, 0, 1]}
    axis["ticktext"] = ["0.001", "0.01", "0.1", "1", "10"]
    return {
        "height": 420,
        "margin": {"l": 56, "r": 8, "t": 60, "b": 40},
        "hovermode": "closest",
        "dragmode": False,
        "legend": _LEGEND,
        "xaxis": axis,
        "yaxis": _axis(f"momentum {momentum}", (0.0, 0.99)),
    }


def settings_trace(gap: FloatArray) -> Spec:
    """Return the loss over rate and momentum, in powers of ten; grey where it diverged."""
    span = 2.0 - FLOOR
    marks = list(range(-10, 3, 4))
    return {
        "type": "heatmap",
        "z": np.where(np.isfinite(gap), np.minimum(gap, 2.0), FLOOR + span * _BEYOND),
        **_grid(np.log10(MAP_RATES), MAP_GAMMAS),
        "zmin": FLOOR,
        "zmax": FLOOR + span * _BEYOND,
        "colorscale": _SCALE,
        "colorbar": {
            "thickness": 12,
            "outlinewidth": 0,
            "tickvals": [*marks, FLOOR + span * _BEYOND],
            "ticktext": [*(_power(v) for v in marks), "diverged"],
            "title": {"text": "loss", "side": "top"},
        },
        "hovertemplate": "η = 10^%{x:.2f}, %{y:.2f}: 10^%{z:.2f}<extra></extra>",
    }


def settings_canvas(momentum: str) -> Spec:
    """Return unseen points over the map of settings that catch clicks."""
    grid = np.meshgrid(np.log10(MAP_RATES[::4]), MAP_GAMMAS[::4])
    return _unseen(*grid, f"η = 10^%{{x:.1f}}, {momentum} = %{{y:.2f}}<extra></extra>")


def settings_mark(rate: FloatArray, gamma: FloatArray) -> Spec:
    """Mark a rate and a momentum, () or (rows,) each; a rate beyond the map is at its edge."""
    with np.errstate(divide="ignore"):
        x = np.clip(np.log10(rate), np.log10(MAP_RATES[0]), np.log10(MAP_RATES[-1]))
    ring = _dot(x[..., None], gamma[..., None], COLOURS[1], "circle-open", 14)
    ring["marker"]["line"] = {"width": 3}
    return {**ring, "name": "set by the sliders", "showlegend": True}


def theory_line(x: FloatArray, y: FloatArray, name: str, place: int) -> list[Spec]:
    """Return a curve of theory over the map of settings, set off from what is below it."""
    dash = ("solid", "dash", "dot")[place % 3]
    below = {**_line(x, y, GROUND, name, width=5.5), "showlegend": False, "hoverinfo": "skip"}
    return [below, {**_line(x, y, GREY, name, dash=dash, width=2.5), "hoverinfo": "name"}]


def theory_point(x: float, y: float, name: str) -> Spec:
    """Return the optimum of theory on the map of settings."""
    return {
        **_dot(np.array([x]), np.array([y]), COLOURS[1], "star", 15),
        "name": name,
        "showlegend": True,
        "hoverinfo": "name",
    }


# ---------------------------------------------------------------- three meanings


def form_traces(names: Sequence[str], paths: Sequence[FloatArray]) -> list[Spec]:
    """Return the walks of the forms, (rows, K + 1, 2) each, thicker below thinner."""
    widths, dashes = (6, 3, 2), ("solid", "solid", "dash")
    return [
        {
            **_line(path[..., 0], path[..., 1], COLOURS[i], name, dash=dashes[i], width=widths[i]),
            "opacity": 0.45 if i == 0 else 1.0,
        }
        for i, (name, path) in enumerate(zip(names, paths, strict=True))
    ]


def apart_layout(steps: int, top: float) -> Spec:
    """Lay out how far walks are apart over the step."""
    return {
        "height": 240,
        "margin": {"l": 56, "r": 8, "t": 28, "b": 36},
        "hovermode": "x",
        "dragmode": False,
        "legend": _LEGEND,
        "xaxis": _axis("step", (0, steps)),
        "yaxis": _powers("distance to velocity", -18, top),
    }


def apart_traces(
    names: Sequence[str], steps: FloatArray, distances: Sequence[FloatArray]
) -> list[Spec]:
    """Return distances (rows, K + 1) over the step, in powers of ten."""
    return [
        {
            **_line(steps, distance, COLOURS[i], name, dash=("solid", "dash")[i - 1], width=2.5),
            "hovertemplate": "10^%{y:.2f}",
        }
        for i, (name, distance) in enumerate(zip(names, distances, strict=True), 1)
    ]


# ---------------------------------------------------------------- parts


def _above(x: float, text: str) -> Spec:
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


def _axis(title: str, span: tuple[float, float]) -> Spec:
    return {
        "range": list(span),
        "title": {"text": title, "standoff": 4},
        "zeroline": False,
        "fixedrange": True,
    }


def _powers(title: str, low: float, high: float) -> Spec:
    """Return an axis whose numbers are powers of ten."""
    gap = 1 if high - low <= 6 else 2 if high - low <= 12 else 4
    marks = list(range(int(np.ceil(low)), int(np.floor(high)) + 1, gap))
    return {
        **_axis(title, (low, high)),
        "tickvals": marks,
        "ticktext": [_power(v) for v in marks],
    }


def _power(exponent: int) -> str:
    return "1" if exponent == 0 else f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def _grid(x: FloatArray, y: FloatArray) -> Spec:
    return {
        "x0": float(x[0]),
        "dx": float(x[1] - x[0]),
        "y0": float(y[0]),
        "dy": float(y[1] - y[0]),
    }


def _whole(values: FloatArray | Integers) -> Spec:
    """Return whole numbers from 0 up in Plotly's typed form, in one byte or two each."""
    kind = "u1" if values.max(initial=0) < 256 else "u2"
    data = base64.b64encode(values.astype(f"<{kind}").tobytes()).decode("ascii")
    shape = {"shape": ", ".join(map(str, values.shape))} if values.ndim > 1 else {}
    return {"dtype": kind, "bdata": data, **shape}


def _line(
    x: FloatArray | Spec,
    y: FloatArray,
    paint: str,
    name: str,
    *,
    dash: str = "solid",
    width: float = 2.5,
) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": name,
        "line": {"color": paint, "dash": dash, "width": width, "simplify": False},
    }


def _dot(x: FloatArray, y: FloatArray, paint: str, symbol: str, size: int) -> Spec:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "showlegend": False,
        "hoverinfo": "skip",
        "marker": {"color": paint, "size": size, "symbol": symbol, "line": {"width": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }


def _rimmed(symbol: str, size: int) -> Spec:
    """Return a marker that is seen on any colour: the page's own, with a rim."""
    line = {"width": 2, "color": GREY}
    return {"symbol": symbol, "size": size, "color": GROUND, "line": line}


def _across(x: float) -> dict[str, Any]:
    return {
        "type": "line",
        "x0": x,
        "x1": x,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": GREY, "width": 1, "dash": "dot"},
    }
