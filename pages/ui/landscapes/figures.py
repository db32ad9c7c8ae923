"""The Landscapes page's figures: arrays in, traces and layouts out, no mathematics.

Traces take arrays with a leading axis of slider steps, so that the figure at rest and what
a slider moves are drawn by the same code.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.spec import FloatArray
from pages.ui.charts import COLOURS, FADED, GROUND, Spec

Bytes = npt.NDArray[np.uint8]

MAP_HEIGHTS = {1: 330, 2: 270, 3: 250, 4: 205}
BELOW = 205
_LINE = 26
"""So many letters fit above a map on a phone."""

GREY = COLOURS[7]
DEPTH = [[0, COLOURS[0]], [1, GROUND]]
"""The colours of heights: deep where the loss is low, the ground’s own where it is high."""
_LOW, _HIGH = 4.0, 248.0
_MOST = 251
"""Cut off here: a run of 255 is a run of "/" in base64, and Plotly escapes each with six signs."""
DASHES = ("solid", "dash", "dot", "dashdot")
PLACES = 16
"""How many places for clicks there are to a unit of w or b."""


def packed(values: FloatArray, low: float, high: float) -> tuple[Bytes, float, float]:
    """Return a table as whole numbers of a byte, and which of these stand for the two ends.

    That is a quarter of float32, and finer than a contour line: what lies beyond an end is
    cut off, a little beyond it, and a gap counts as high.
    """
    steps = (values - low) / (high - low) * (_HIGH - _LOW) + _LOW
    whole = np.clip(np.round(np.where(np.isnan(steps), np.inf, steps)), 0, _MOST)
    return whole.astype(np.uint8), _LOW, _HIGH


def titles(names: Sequence[str]) -> list[str]:
    """Return what stands above the maps: the names, with their parameters below if one is long."""
    if max(map(len, names)) <= _LINE:
        return list(names)
    return [name.replace(", ", "<br>", 1) if ", " in name else f" <br>{name}" for name in names]


def map_layout(title: str, window: tuple[float, float], height: int) -> Spec:
    """Lay out one landscape over (w, b): square, with its title, of one line or two, above."""
    axis = {
        "range": list(window),
        "fixedrange": True,
        "showgrid": False,
        "constrain": "domain",
        "dtick": 2,
    }
    return {
        "height": height,
        "margin": {"l": 30, "r": 4, "t": _above(title), "b": 32},
        "hovermode": "closest",
        "dragmode": False,
        "showlegend": False,
        "xaxis": {**axis, "title": {"text": "w", "standoff": 2}},
        "yaxis": {
            **axis,
            "title": {"text": "b", "standoff": 0},
            "scaleanchor": "x",
            "constraintoward": "top",
        },
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


def _above(title: str) -> int:
    """Return the pixels that a title takes."""
    return 20 + 15 * title.count("<br>")


def _even(at: FloatArray, name: str = "x") -> Spec:
    """Return evenly spaced places as Plotly takes them in two numbers."""
    return {f"{name}0": float(at[0]), f"d{name}": float(at[1] - at[0])}


def contours(at: FloatArray, table: FloatArray, levels: tuple[float, float, int]) -> list[Spec]:
    """Return the contours of a table (len(b), len(w)) between two levels, so many of them."""
    low, high, count = levels
    z, *ends = packed(table, low, high)
    size = (ends[1] - ends[0]) / count
    return [
        {
            "type": "contour",
            **_even(at),
            **_even(at, "y"),
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
            **_even(at),
            **_even(at, "y"),
            "z": mask.astype(np.uint8),
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


def click_axes(window: tuple[float, float]) -> Spec:
    """Return the unseen axes of :func:`clicks`, over those of a map."""
    axis = {"range": [PLACES * end for end in window], "fixedrange": True, "visible": False}
    return {"xaxis2": {**axis, "overlaying": "x"}, "yaxis2": {**axis, "overlaying": "y"}}


def clicks(window: tuple[float, float], count: int) -> Spec:
    """Return invisible points that catch clicks, counted in ``PLACES`` to a unit.

    Whole numbers on axes of their own take a byte each, a quarter of a place in w or b.
    """
    at = np.round(np.linspace(*window, count) * PLACES)
    w, b = np.meshgrid(at, at)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": w.ravel().astype(np.int8),
        "y": b.ravel().astype(np.int8),
        "xaxis": "x2",
        "yaxis": "y2",
        "hovertemplate": "go there<extra></extra>",
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
                "symbol": ["x"] + ["x-open"] * (len(places) - 1),
                "color": GROUND,
                "size": 11,
                "line": {"color": GREY, "width": 1.5},
            },
            "hovertemplate": "minimum: w = %{x:.3f}, b = %{y:.3f}<extra></extra>",
            "unselected": {"marker": {"opacity": 1}},
        }
    )
    return traces


def ways_out(directions: Sequence[tuple[float, float]], reach: float) -> list[Spec]:
    """Return arrows to the rim, where the loss falls for ever; a gap for no direction."""
    colour = COLOURS[3]
    part = np.array([0.75, 0.97, np.nan])
    arrows = [
        np.outer(way, part * reach / max(abs(way[0]), abs(way[1])))
        for way in directions or [(np.nan, 1.0)]
    ]
    x, y = np.concatenate(arrows, axis=1)
    return [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": x,
            "y": y,
            "line": {"color": colour, "width": 2},
            "marker": {
                "symbol": "arrow",
                "angleref": "previous",
                "size": [0, 14, 0] * len(arrows),
                "color": colour,
            },
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
            "hoverinfo": "skip",
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
        "hoverinfo": "skip",
        "unselected": {"marker": {"opacity": 1}},
    }
    return [arrow, dot]


def solid_layout(
    title: str, window: tuple[float, float], top: tuple[float, float], log: bool, height: int
) -> Spec:
    """Lay out a landscape as a surface in space."""
    axis = {"range": list(window), "dtick": 4}
    return {
        "height": height,
        "margin": {"l": 0, "r": 0, "t": _above(title), "b": 0},
        "showlegend": False,
        "scene": {
            "xaxis": {**axis, "title": {"text": "w"}},
            "yaxis": {**axis, "title": {"text": "b"}},
            "zaxis": {
                "title": {"text": "log₁₀ L" if log else "L"},
                "range": list(top),
                "nticks": 4,
            },
            "aspectmode": "cube",
            "camera": {"eye": {"x": -1.1, "y": -1.4, "z": 2.1}},
        },
        "annotations": map_layout(title, window, 0)["annotations"],
    }


def solid(at: FloatArray, table: FloatArray) -> Spec:
    """Return the surface, coloured from its lowest to its highest place."""
    return {
        "type": "surface",
        "x": at,
        "y": at,
        "z": table,
        "colorscale": DEPTH,
        "showscale": False,
        "opacity": 0.8,
        "contours": {"z": {"show": True, "color": FADED, "width": 1}},
        "hovertemplate": "w = %{x:.2f}, b = %{y:.2f}<br>L = %{z:.4g}<extra></extra>",
    }


def solid_minimum(place: FloatArray) -> Spec:
    """Return the mark of a minimum on a surface, (1, 3)."""
    return _on_solid(place, "minimum", {"size": 4, "color": COLOURS[3], "symbol": "diamond"})


def solid_here(place: FloatArray, by_w: FloatArray, by_b: FloatArray) -> list[Spec]:
    """Return the slices through the present place on a surface, (S, N, 3), and a ball (S, 1, 3)."""
    lines = [
        {**_on_solid(by, name, {}), "mode": "lines", "line": {"color": COLOURS[1], "width": 4}}
        for by, name in ((by_w, "along w"), (by_b, "along b"))
    ]
    return [*lines, _on_solid(place, "here", {"size": 6, "color": COLOURS[1]})]


def _on_solid(places: FloatArray, name: str, marker: Spec) -> Spec:
    return {
        "type": "scatter3d",
        "mode": "markers",
        "x": places[..., 0],
        "y": places[..., 1],
        "z": places[..., 2],
        "name": name,
        "marker": marker,
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
    """Return the model at the minimum of one loss, at evenly spaced x."""
    return {
        "type": "scatter",
        "mode": "lines",
        **_even(x),
        "y": y,
        "name": f"best under {name}",
        "line": {"color": COLOURS[place], "width": 1.5, "dash": DASHES[place], "simplify": False},
        "hoverinfo": "name",
    }


def own_curve(x: FloatArray, y: FloatArray) -> Spec:
    """Return the model as it is now, (S, N), at evenly spaced x."""
    return {
        "type": "scatter",
        "mode": "lines",
        **_even(x),
        "y": y,
        "name": "ŷ here",
        "line": {"color": COLOURS[6], "width": 3.5, "simplify": False},
        "hovertemplate": "x = %{x:.3g}<br>ŷ = %{y:.4g}<extra></extra>",
    }


def slice_layout(window: tuple[float, float], top: tuple[float, float], log: bool) -> Spec:
    """Lay out the two slices side by side, on one scale."""
    axis: dict[str, Any] = {"range": list(window), "fixedrange": True, "zeroline": True}
    axis["dtick"] = 4  # beside data space there is no room for more
    name = "log₁₀ L" if log else "L"
    up: dict[str, Any] = {"fixedrange": True, "range": list(top), "title": {"text": name}}
    return {
        "height": BELOW,
        "margin": {"l": 46, "r": 6, "t": 8, "b": 32},
        "hovermode": "x",
        "dragmode": False,
        "showlegend": False,
        "xaxis": {**axis, "domain": [0, 0.46], "title": {"text": "w (b fixed)", "standoff": 2}},
        "xaxis2": {**axis, "domain": [0.54, 1], "title": {"text": "b (w fixed)", "standoff": 2}},
        "yaxis": {**up},
        "yaxis2": {**up, "anchor": "x2", "matches": "y", "showticklabels": False, "title": None},
    }


def slice_curve(at: FloatArray, values: FloatArray, place: int, name: str, panel: str) -> Spec:
    """Return one loss along one parameter, (S, N), at evenly spaced places."""
    return {
        "type": "scatter",
        "mode": "lines",
        **_even(at),
        "y": values,
        "xaxis": f"x{panel}",
        "yaxis": f"y{panel}",
        "name": name,
        "line": {"color": COLOURS[place], "width": 2, "dash": DASHES[place], "simplify": False},
        "hovertemplate": "%{y:.4g}",
    }


def slice_dots(x: FloatArray, y: FloatArray, panel: str) -> Spec:
    """Return the present place on every loss's slice, both (S, losses)."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "xaxis": f"x{panel}",
        "yaxis": f"y{panel}",
        "marker": {"color": list(COLOURS[: x.shape[-1]]), "size": 8},
        "hoverinfo": "skip",
    }
