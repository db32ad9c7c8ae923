"""The Landscapes page's figures: arrays in, traces and layouts out, no mathematics.

Traces take arrays with a leading axis of slider steps, so that the figure at rest and what
a slider moves are drawn by the same code.
"""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.spec import FloatArray
from pages.ui.charts import COLOURS, FADED, GROUND, Spec

MAP_HEIGHTS = {1: 330, 2: 270, 3: 250, 4: 205}
BELOW = 205
GREY = COLOURS[7]
DEPTH = [[0, COLOURS[0]], [1, GROUND]]
"""The colours of heights: deep where the loss is low, the ground’s own where it is high."""
_LOW, _HIGH = 4.0, 250.0
DASHES = ("solid", "dash", "dot", "dashdot")


def packed(values: FloatArray, low: float, high: float) -> tuple[Spec, float, float]:
    """Return a table as whole numbers of a byte, and which of these stand for the two ends.

    That is a quarter of float32, and finer than a contour line: what lies beyond an end is
    cut off, a little beyond it, and a gap counts as high.
    """
    steps = (values - low) / (high - low) * (_HIGH - _LOW) + _LOW
    whole = np.clip(np.round(np.where(np.isnan(steps), np.inf, steps)), 0, 255)
    return _bytes(whole), _LOW, _HIGH


def _bytes(table: FloatArray) -> Spec:
    data = np.ascontiguousarray(table, dtype="u1").tobytes()
    return {
        "dtype": "u1",
        "bdata": base64.b64encode(data).decode("ascii"),
        "shape": ", ".join(map(str, table.shape)),
    }


def map_layout(title: str, window: tuple[float, float], height: int) -> Spec:
    """Lay out one landscape over (w, b): square, with the loss's name above."""
    axis = {
        "range": list(window),
        "fixedrange": True,
        "zeroline": True,
        "showgrid": False,
        "constrain": "domain",
        "tickvals": [-4, -2, 0, 2, 4],
    }
    return {
        "height": height,
        "margin": {"l": 30, "r": 4, "t": 20, "b": 32},
        "hovermode": "closest",
        "dragmode": False,
        "showlegend": False,
        "xaxis": {**axis, "title": {"text": "w", "standoff": 2}},
        "yaxis": {**axis, "title": {"text": "b", "standoff": 0}, "scaleanchor": "x"},
        "annotations": [
            {
                "text": title,
                "x": 0.5,
                "xref": "paper",
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "showarrow": False,
            }
        ],
    }


def contours(at: FloatArray, table: FloatArray, levels: tuple[float, float, int]) -> list[Spec]:
    """Return the contours of a table (len(b), len(w)) between two levels, so many of them."""
    low, high, count = levels
    z, *ends = packed(table, low, high)
    size = (ends[1] - ends[0]) / count
    return [
        {
            "type": "contour",
            "x0": float(at[0]),
            "dx": float(at[1] - at[0]),
            "y0": float(at[0]),
            "dy": float(at[1] - at[0]),
            "z": z,
            "zmin": ends[0],
            "zmax": ends[1],
            "zauto": False,
            "autocontour": False,
            # Not from the lowest itself, where rounding would draw specks.
            "contours": {"start": ends[0] + size, "end": ends[1], "size": size},
            "colorscale": DEPTH,
            "showscale": False,
            "line": {"width": 0.8, "color": GROUND},
            "hoverinfo": "skip",
        }
    ]


def dead_cells(at: FloatArray, mask: np.ndarray) -> list[Spec]:
    """Return the shading of places where the gradient is exactly zero."""
    return [
        {
            "type": "contour",
            "x0": float(at[0]),
            "dx": float(at[1] - at[0]),
            "y0": float(at[0]),
            "dy": float(at[1] - at[0]),
            "z": _bytes(mask),
            "zmin": 0,
            "zmax": 1,
            "zauto": False,
            "autocontour": False,
            "contours": {"start": 0.5, "end": 0.5, "size": 1, "coloring": "fill"},
            "colorscale": [[0, "rgba(0,0,0,0)"], [0.5, "rgba(0,0,0,0)"], [0.5, GREY], [1, GREY]],
            "line": {"width": 1.5, "color": GREY},
            "opacity": 0.6,
            "showscale": False,
            "hoverinfo": "skip",
        }
    ]


def clicks(window: tuple[float, float], count: int) -> Spec:
    """Return invisible points that catch clicks and say where they are."""
    at = np.linspace(*window, count)
    w, b = np.meshgrid(at, at)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": w.ravel(),
        "y": b.ravel(),
        "hovertemplate": "w = %{x:.2f}, b = %{y:.2f}<extra>go there</extra>",
        "marker": {"opacity": 0, "size": 14},
        "unselected": {"marker": {"opacity": 0}},
        "selected": {"marker": {"opacity": 0}},
    }


def field(start: FloatArray, tip: FloatArray) -> list[Spec]:
    """Return arrows downhill from places to tips, both (k, 2)."""
    gap = np.full(len(start), np.nan)
    return [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": np.stack([start[:, 0], tip[:, 0], gap], axis=-1).ravel(),
            "y": np.stack([start[:, 1], tip[:, 1], gap], axis=-1).ravel(),
            "line": {"color": GREY, "width": 1},
            "marker": {"symbol": "arrow", "angleref": "previous", "size": 6, "color": GREY},
            "hoverinfo": "skip",
            "unselected": {"marker": {"opacity": 1}},
        }
    ]


def minimum_marks(places: Sequence[tuple[float, float]], path: FloatArray | None) -> list[Spec]:
    """Return crosses on minima, and the path (k, 2) of the minimum as outliers are added."""
    traces: list[Spec] = []
    if path is not None:
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": path[:, 0],
                "y": path[:, 1],
                "line": {"color": GREY, "width": 2},
                "marker": {"color": GREY, "size": 5},
                "hovertemplate": "minimum with %{pointNumber} outliers<extra></extra>",
                "unselected": {"marker": {"opacity": 1}},
            }
        )
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": np.array([p[0] for p in places]),
            "y": np.array([p[1] for p in places]),
            "marker": {
                "symbol": ["x"] + ["x-open"] * (len(places) - 1) if places else "x",
                "color": GROUND,
                "size": 11,
                "line": {"color": GREY, "width": 1.5},
            },
            "hovertemplate": "minimum: w = %{x:.3f}, b = %{y:.3f}<extra></extra>",
            "unselected": {"marker": {"opacity": 1}},
        }
    )
    return traces


def way_out(direction: tuple[float, float], colour: str, reach: float) -> list[Spec]:
    """Return an arrow to the rim, where the loss falls for ever in a direction."""
    longest = reach / max(abs(direction[0]), abs(direction[1]))
    ends = np.array([0.75, 0.97]) * longest
    return [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": direction[0] * ends,
            "y": direction[1] * ends,
            "line": {"color": colour, "width": 2},
            "marker": {"symbol": "arrow", "angleref": "previous", "size": [0, 14], "color": colour},
            "hovertemplate": "no minimum: the loss falls for ever this way<extra></extra>",
            "unselected": {"marker": {"opacity": 1}},
        }
    ]


def witness_marks(one: tuple[float, float], other: tuple[float, float]) -> list[Spec]:
    """Return the chord between two places that shows that a surface is not convex."""
    x, y = (np.array([one[i], (one[i] + other[i]) / 2, other[i]]) for i in (0, 1))
    return [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": x,
            "y": y,
            "line": {"color": COLOURS[4], "width": 2, "dash": "dot"},
            "marker": {"symbol": ["square", "diamond", "square"], "size": 8, "color": COLOURS[4]},
            "hovertemplate": "%{text}<extra></extra>",
            "text": ["one end", "halfway: above the chord", "other end"],
            "unselected": {"marker": {"opacity": 1}},
        }
    ]


def here(place: FloatArray, tip: FloatArray) -> list[Spec]:
    """Return an arrow downhill from the present place to ``tip``, both (S, 2), and a dot."""
    colour = COLOURS[1]
    arrow: Spec = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": np.stack([place[..., 0], tip[..., 0]], axis=-1),
        "y": np.stack([place[..., 1], tip[..., 1]], axis=-1),
        "line": {"color": colour, "width": 2.5, "simplify": False},
        "marker": {"symbol": "arrow", "angleref": "previous", "size": [0, 13], "color": colour},
        "hoverinfo": "skip",
        "unselected": {"marker": {"opacity": 1}},
    }
    dot: Spec = {
        "type": "scatter",
        "mode": "markers",
        "x": place[..., :1],
        "y": place[..., 1:],
        "marker": {"color": colour, "size": 11, "line": {"width": 1.5, "color": GROUND}},
        "hovertemplate": "here; the arrow leads downhill<extra></extra>",
        "unselected": {"marker": {"opacity": 1}},
    }
    return [arrow, dot]


def solid_layout(title: str, window: tuple[float, float], top: tuple[float, float]) -> Spec:
    """Lay out a landscape as a surface in space."""
    return {
        "height": MAP_HEIGHTS[1],
        "margin": {"l": 0, "r": 0, "t": 22, "b": 0},
        "showlegend": False,
        "scene": {
            "xaxis": {"title": {"text": "w"}, "range": list(window)},
            "yaxis": {"title": {"text": "b"}, "range": list(window)},
            "zaxis": {"title": {"text": "L"}, "range": list(top)},
            "aspectmode": "cube",
            "camera": {"eye": {"x": -1.2, "y": -1.4, "z": 1.5}},
        },
        "annotations": map_layout(title, window, 0)["annotations"],
    }


def solid(at: FloatArray, table: FloatArray, ends: tuple[float, float]) -> Spec:
    """Return the surface."""
    return {
        "type": "surface",
        "x": at,
        "y": at,
        "z": table,
        "cmin": ends[0],
        "cmax": ends[1],
        "colorscale": DEPTH,
        "showscale": False,
        "opacity": 0.85,
        "contours": {"z": {"show": True, "color": FADED, "width": 1}},
        "hovertemplate": "w = %{x:.2f}, b = %{y:.2f}<br>L = %{z:.4g}<extra></extra>",
    }


def solid_place(place: tuple[float, float, float], symbol: str, colour: str, name: str) -> Spec:
    """Return one place on a surface."""
    return {
        "type": "scatter3d",
        "mode": "markers",
        "x": [place[0]],
        "y": [place[1]],
        "z": [place[2]],
        "name": name,
        "marker": {"size": 5, "color": colour, "symbol": symbol},
        "hovertemplate": f"{name}: L = %{{z:.4g}}<extra></extra>",
    }


def data_layout(x: tuple[float, float], y: tuple[float, float], height: int) -> Spec:
    """Lay out data space."""
    return {
        "height": height,
        "margin": {"l": 40, "r": 6, "t": 20, "b": 32},
        "hovermode": "closest",
        "dragmode": False,
        "showlegend": False,
        "xaxis": {"range": list(x), "fixedrange": True, "title": {"text": "x", "standoff": 2}},
        "yaxis": {"range": list(y), "fixedrange": True, "title": {"text": "y and ŷ"}},
    }


def data_points(x: FloatArray, y: FloatArray) -> Spec:
    """Return the points of the data."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "name": "data",
        "marker": {"color": GREY, "size": 6, "line": {"width": 1}},
        "hovertemplate": "x = %{x:.3g}<br>y = %{y:.3g}<extra></extra>",
    }


def best_curve(x: FloatArray, y: FloatArray, place: int, name: str) -> Spec:
    """Return the model at the minimum of one loss."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": f"best under {name}",
        "line": {"color": COLOURS[place], "width": 1.5, "dash": DASHES[place], "simplify": False},
        "hovertemplate": f"best under {name}<extra></extra>",
    }


def own_curve(x: FloatArray, y: FloatArray) -> Spec:
    """Return the model as it is now, (S, N)."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "name": "ŷ here",
        "line": {"color": COLOURS[6], "width": 3.5, "simplify": False},
        "hovertemplate": "x = %{x:.3g}<br>ŷ = %{y:.4g}<extra></extra>",
    }


def slice_layout(window: tuple[float, float], top: tuple[float, float], log: bool) -> Spec:
    """Lay out the two slices side by side, on one scale."""
    axis: dict[str, Any] = {"range": list(window), "fixedrange": True, "zeroline": True}
    name = "log₁₀ L" if log else "L"
    up: dict[str, Any] = {"fixedrange": True, "range": list(top), "title": {"text": name}}
    return {
        "height": BELOW,
        "margin": {"l": 46, "r": 6, "t": 8, "b": 32},
        "hovermode": "x",
        "dragmode": False,
        "showlegend": False,
        "xaxis": {**axis, "domain": [0, 0.47], "title": {"text": "w, b fixed", "standoff": 2}},
        "xaxis2": {**axis, "domain": [0.53, 1], "title": {"text": "b, w fixed", "standoff": 2}},
        "yaxis": {**up},
        "yaxis2": {**up, "anchor": "x2", "matches": "y", "showticklabels": False, "title": None},
    }


def slice_curve(at: FloatArray, values: FloatArray, place: int, name: str, panel: str) -> Spec:
    """Return one loss along one parameter, (S, N)."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": at,
        "y": values,
        "xaxis": f"x{panel}",
        "yaxis": f"y{panel}",
        "name": name,
        "line": {"color": COLOURS[place], "width": 2, "dash": DASHES[place], "simplify": False},
        "hovertemplate": f"{name}: %{{y:.4g}}<extra></extra>",
    }


def slice_dot(x: FloatArray, y: FloatArray, place: int, panel: str) -> Spec:
    """Return the present place on a slice, both (S, 1)."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "xaxis": f"x{panel}",
        "yaxis": f"y{panel}",
        "marker": {"color": COLOURS[place], "size": 8},
        "hoverinfo": "skip",
    }
