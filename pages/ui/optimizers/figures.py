"""The Optimizers page's figures: arrays in, traces and layouts out, no mathematics.

Traces take arrays with a leading axis of slider steps, so that the figure at rest and what
a slider moves are drawn by the same code.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.optimizers import OPTIMIZERS
from core.spec import FloatArray
from core.surfaces import Point, Window
from pages.ui.charts import COLOURS, GROUND, SHADE, Spec
from pages.ui.optimizers.scene import FLOOR, MAP_GAMMAS, MAP_RATES, Drawn

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


def contours(window: Window, heights: FloatArray) -> Spec:
    """Draw the surface as level lines, close together where it is low; darker is higher."""
    finite = heights[np.isfinite(heights)]
    bottom = float(finite.min()) if finite.size else 0.0
    above = heights - bottom
    typical = float(np.quantile(finite - bottom, 0.08)) if finite.size else 1.0
    (left, right), (low, high) = window
    rows, columns = heights.shape
    with np.errstate(all="ignore"):
        z = np.log10(above + max(typical, 1e-9))
    return {
        "type": "contour",
        "z": np.where(np.isfinite(z), z, np.nan),
        "x0": left,
        "dx": (right - left) / (columns - 1),
        "y0": low,
        "dy": (high - low) / (rows - 1),
        "ncontours": 16,
        "colorscale": [[0, GROUND], [1, SHADE]],
        "showscale": False,
        "line": {"width": 0.6, "color": GREY},
        "opacity": 0.6,
        "hoverinfo": "skip",
    }


def canvas(window: Window) -> Spec:
    """Return unseen points over the whole map that catch clicks."""
    (left, right), (low, high) = window
    w, b = np.meshgrid(np.linspace(left, right, 17), np.linspace(low, high, 13))
    return {
        "type": "scatter",
        "mode": "markers",
        "x": w.ravel(),
        "y": b.ravel(),
        "showlegend": False,
        "hovertemplate": "start here: %{x:.2f}, %{y:.2f}<extra></extra>",
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
        "marker": {"symbol": "star-open", "size": 12, "color": GREY, "line": {"width": 2}},
        "unselected": {"marker": {"opacity": 1}},
        "hovertemplate": "minimum at (%{x:.4g}, %{y:.4g})<extra></extra>",
    }


def start_mark(start: tuple[float, float]) -> Spec:
    """Mark where the walk begins."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": np.array([start[0]]),
        "y": np.array([start[1]]),
        "name": "start",
        "showlegend": False,
        "marker": {"symbol": "circle-open", "size": 11, "color": GREY, "line": {"width": 2}},
        "unselected": {"marker": {"opacity": 1}},
        "hovertemplate": "start (%{x:.4g}, %{y:.4g})<extra></extra>",
    }


def trail(name: str, path: Drawn, frames: Sequence[int]) -> Spec:
    """Return the walk so far, for each frame."""
    points = len(path.step)
    # The points that are still to come wait at the head of the walk.
    place = np.minimum(np.arange(points)[None, :], np.asarray(frames)[:, None])
    x, y = path.position[place, 0], path.position[place, 1]
    return _line(x, y, colour(name), OPTIMIZERS[name].name, dash=DASHES[PLACES[name]])


def heads(names: Sequence[str], x: FloatArray, y: FloatArray) -> Spec:
    """Return where each walk has come, for each frame; arrays (frames, walks)."""
    marker = _dot(x, y, "", "", 10)
    marker["marker"] |= {
        "color": [colour(name) for name in names],
        "symbol": [SYMBOLS[PLACES[name]] for name in names],
    }
    return marker


# ---------------------------------------------------------------- curves over the step


def curves_layout(steps: int, top: float, slope_top: float) -> Spec:
    """Lay out the loss and, beside it, the gradient's length, both in powers of ten."""
    return {
        "height": SIDE_HEIGHT,
        "margin": {"l": 52, "r": 8, "t": 8, "b": 36},
        "hovermode": "x",
        "dragmode": False,
        "showlegend": False,
        "xaxis": {**_axis("step", (0, steps)), "domain": [0.0, 0.44]},
        "xaxis2": {**_axis("step", (0, steps)), "domain": [0.56, 1.0], "anchor": "y2"},
        "yaxis": _powers("loss − lowest", FLOOR, top),
        "yaxis2": {**_powers("‖∇f‖", FLOOR, slope_top), "anchor": "x2"},
    }


def curves(name: str, path: Drawn) -> list[Spec]:
    """Return loss and gradient norm of a walk over the step."""
    dash = DASHES[PLACES[name]]
    shown = OPTIMIZERS[name].name
    # Evenly spaced: two numbers in place of an array.
    steps = {"x0": 0, "dx": float(path.step[1] - path.step[0])}
    return [
        {
            **_line(None, path.gap, colour(name), shown, dash=dash, width=2),
            **steps,
            "hovertemplate": "10^%{y:.2f}",
        },
        {
            **_line(None, path.slope, colour(name), shown, dash=dash, width=2),
            **steps,
            "xaxis": "x2",
            "yaxis": "y2",
            "hovertemplate": "10^%{y:.2f}",
        },
    ]


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
        "z": classes,
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


def steps_trace(w: FloatArray, b: FloatArray, steps: FloatArray, most: int) -> Spec:
    """Return a map of how many steps it takes; grey where it never comes."""
    marks = [most * part // 4 for part in range(5)]
    return {
        "type": "heatmap",
        "z": np.where(np.isnan(steps), most * _BEYOND, steps),
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


def _line(
    x: FloatArray | None,
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
        **({} if x is None else {"x": x}),
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
