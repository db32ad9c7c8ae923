"""The page's charts: arrays in, specifications out."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.network import Layers
from core.spec import FloatArray
from pages.ui.charts import COLOURS, SHADE, Spec

CHART = "vanishing_chart"
HEIGHT = 400
DASHES = ("solid", "dash", "dashdot", "12px,3px")

CLOSE = -5.0, 3.0
"""Ends of the axis of decades from which a factor of ten can be told from one of two."""

_QUARTER = -0.602
"""log₁₀ of 0.25: what the sigmoid's steepest slope leaves of the gradient, a layer."""


def reach(depth: int) -> tuple[float, float]:
    """Return the ends of the axis of decades: it depends on the depth alone.

    Below there is room for a factor of a quarter a layer, above for one of 1.5.
    """
    return _QUARTER * (depth - 1) * 1.06 - 0.6, 0.176 * (depth - 1) + 0.6


def decay_layout(depth: int, window: tuple[float, float]) -> Spec:
    """Lay out the gradient by layer."""
    return _layout(HEIGHT) | {
        "xaxis": _layers(depth),
        "yaxis": {
            "range": list(window),
            "title": {"text": "log₁₀ of the gradient, last layer = 0", "standoff": 4},
            "zeroline": True,
        },
        # Above the picture: somewhere inside it a curve may always pass.
        "legend": {"orientation": "h", "x": 0.0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        "hovermode": "x unified",
    }


def decay_traces(
    name: str,
    place: int,
    depths: Layers,
    spread: tuple[FloatArray, FloatArray, FloatArray],
    bound: FloatArray,
    weights: FloatArray | None = None,
) -> list[Spec]:
    """Return one stack's traces: the band of its draws, their middle, the rule of thumb.

    ``spread`` holds the lowest, the middle and the highest draw, each (S, deepest), as are
    ``bound`` and, where it is shown too, the gradient by the ``weights``. The layers stand
    in the last places of a row, as many as ``depths`` (S,) says.
    """
    low, middle, high = spread
    x = numbered(depths, middle.shape[-1])
    bound = np.where(np.isnan(x), np.nan, bound)
    colour = COLOURS[place]
    around = np.concatenate([x, x[..., ::-1]], axis=-1)
    traces = [
        {
            **_line(around, np.concatenate([high, low[..., ::-1]], axis=-1), colour, "solid", 0),
            "fill": "toself",
            "opacity": 0.25,
            "fillcolor": colour,
            "hoverinfo": "skip",
        },
        {
            **_line(x, middle, colour, DASHES[place], 2.5),
            "name": name,
            "showlegend": True,
            "hovertemplate": "%{y:.2f}",
        },
        {
            **_line(x, bound, colour, "dot", 1.2),
            "name": "product of the largest slopes",
            "showlegend": place == 0,
            "legendrank": 2000,
            "hoverinfo": "skip",
        },
    ]
    if weights is not None:
        rings = {
            **_line(x, weights, colour, "solid", 1.0),
            "mode": "lines+markers",
            "marker": {"size": 6, "symbol": "circle-open"},
            "name": "by the weights, ∂L/∂W",
            "showlegend": place == 0,
            "legendrank": 1500,
            "hovertemplate": "∂L/∂W: %{y:.2f}<extra></extra>",
        }
        traces.append(rings)
    return traces


def numbered(depths: Layers, deepest: int) -> FloatArray:
    """Return numbers of layers, (S, deepest), that stand in the last places, nan before them.

    One row does where all stacks are equally deep.
    """
    missing = deepest - depths[:, None]
    numbers = np.arange(1.0, deepest + 1) - missing
    rows: FloatArray = np.where(numbers > 0, numbers, np.nan)
    return rows if np.ptp(depths) else rows[0]


def ranges(layouts: Sequence[Spec], *axes: str) -> dict[str, list[Any]]:
    """Return the ends of axes in several layouts, by their paths, where they differ."""
    found = {f"{axis}.range": [list(one[axis]["range"]) for one in layouts] for axis in axes}
    return {path: rows for path, rows in found.items() if rows.count(rows[0]) < len(rows)}


def inside_layout(depth: int, names: Sequence[str], limits: FloatArray) -> Spec:
    """Lay out what is inside the layers: three rows, a column a stack.

    ``limits`` (2, 2) are the ends of the first two rows' vertical axes.
    """
    count = len(names)
    rows = ((0.68, 1.0), (0.34, 0.63), (0.0, 0.27))
    titles = ("activation", "log₁₀ |gradient|", "share of units")
    gap = 0.03
    layout = _layout(560) | {
        "coloraxis": {
            "colorscale": [[0.0, SHADE], [1.0, COLOURS[0]]],
            "cmin": 0.0,
            "cmax": 0.2,
            "showscale": False,
        },
        "hovermode": "closest",
        "margin": {"l": 56, "r": 8, "t": 40 if count > 2 else 24, "b": 60},
        "legend": {"x": 0.5, "y": -0.1, "xanchor": "center", "yanchor": "top", "orientation": "h"},
    }
    annotations = []
    width = (1 - gap * (count - 1)) / count
    for column in range(count):
        left = column * (width + gap)
        annotations.append(
            {
                "text": names[column],
                "x": left + width / 2,
                "y": 1.0,
                "xref": "paper",
                "yref": "paper",
                "yanchor": "bottom",
                # Where columns are narrow, neighbours would run into one another.
                "yshift": 15 if count > 2 and column % 2 else 0,
                "showarrow": False,
            }
        )
        for row, (domain, title) in enumerate(zip(rows, titles, strict=True)):
            x, y = axes(column, row)
            layout[_long(x)] = {
                **_layers(depth),
                "domain": [left, left + width],
                "anchor": y,
                "title": {"text": "layer" if row == 2 else "", "standoff": 4},
                "showticklabels": row == 2,
            }
            layout[_long(y)] = {
                "domain": list(domain),
                "anchor": x,
                "range": [*limits.tolist(), [-0.03, 1.03]][row],
                "showticklabels": column == 0,
                "title": {"text": title if column == 0 else "", "standoff": 4},
                "zeroline": row == 2,
                "showgrid": row == 2,
            }
    return {**layout, "annotations": annotations if count > 1 else []}


def inside_ranges(count: int, depths: Layers, limits: FloatArray) -> dict[str, list[Any]]:
    """Return the ends of all axes at S steps, by their paths, where they differ.

    ``depths`` (S,) are those of the deepest of ``count`` stacks, ``limits`` (S, 2, 2) as
    for :func:`inside_layout`.
    """
    found = {}
    for column in range(count):
        for row in range(3):
            x, y = axes(column, row)
            found[f"{_long(x)}.range"] = [_layers(depth)["range"] for depth in depths.tolist()]
            if row < 2:
                found[f"{_long(y)}.range"] = limits[:, row].tolist()
    return {path: rows for path, rows in found.items() if rows.count(rows[0]) < len(rows)}


def inside_maps(
    column: int,
    layers: FloatArray,
    activations: tuple[FloatArray, FloatArray],
    gradients: tuple[FloatArray, FloatArray],
) -> list[Spec]:
    """Return one stack's heat maps of activations and gradients.

    Each is the middles of the bins, (S, bins), and the shares of shape (S, bins, layers).
    """
    found: list[Spec] = []
    for row, (name, (middles, shares)) in enumerate(
        (("activations", activations), ("gradients", gradients))
    ):
        x, y = axes(column, row)
        found.append(
            {
                "type": "heatmap",
                "name": name,
                "x": layers,
                "y": middles,
                "z": shares,
                "xaxis": x,
                "yaxis": y,
                "coloraxis": "coloraxis",
                "hovertemplate": ("layer %{x}<br>about %{y:.2g}: %{z:.1%} of them<extra></extra>"),
            }
        )
    return found


def inside_lines(
    column: int, depths: Layers, dead: FloatArray, saturated: FloatArray
) -> list[Spec]:
    """Return the lines of one stack's dead and saturated units, (S, deepest) each."""
    numbers = np.arange(1.0, dead.shape[-1] + 1)
    if np.ptp(depths):
        numbers = np.where(numbers <= depths[:, None], numbers, np.nan)
    found = []
    x, y = axes(column, 2)
    for place, (name, values) in enumerate((("dead", dead), ("saturated or blocked", saturated))):
        found.append(
            {
                **_line(numbers, values, COLOURS[place], DASHES[place], 2.5),
                "xaxis": x,
                "yaxis": y,
                "name": name,
                "showlegend": column == 0,
                "legendgroup": name,
                "hovertemplate": "layer %{x}: %{y:.1%}<extra>" + name + "</extra>",
            }
        )
    return found


def axes(column: int, row: int) -> tuple[str, str]:
    """Return the names of the axes of one panel, counted from 0."""
    place = 3 * column + row + 1
    return ("x", "y") if place == 1 else (f"x{place}", f"y{place}")


def chain_layout(depth: int, products: tuple[float, float], top: float, factor: str) -> Spec:
    """Lay out the factors of a path, up to ``top``, above their running product.

    ``products`` is from where to where the latter goes, in decades.
    """
    lowest, highest = products
    return _layout(HEIGHT + 20) | {
        "xaxis": {**_layers(depth), "anchor": "y2"},
        "yaxis": {
            "domain": [0.54, 1.0],
            "range": [-top, top],
            "title": {"text": f"factor {factor}", "standoff": 4},
            "zeroline": True,
        },
        "yaxis2": {
            "domain": [0.0, 0.47],
            "range": [lowest, max(1.0, -0.05 * lowest, 1.1 * highest)],
            "title": {"text": "log₁₀ |product so far|", "standoff": 4},
            "zeroline": True,
        },
        "showlegend": False,
        "hovermode": "x",
    }


def chain_traces(layers: FloatArray, factors: FloatArray, products: FloatArray) -> list[Spec]:
    """Return the bars of the factors and the steps of their product, in decades."""
    return [
        {
            "type": "bar",
            "x": layers,
            "y": factors,
            "name": "factor",
            "marker": {"color": COLOURS[0]},
            "hovertemplate": "layer %{x}: × %{y:.4g}<extra></extra>",
        },
        {
            **_line(layers, products, COLOURS[1], "solid", 2.5),
            "mode": "lines+markers",
            "marker": {"size": 5, "symbol": "diamond"},
            "yaxis": "y2",
            "name": "log₁₀ of the product",
            "hovertemplate": "after layer %{x}: 10 to the %{y:.2f}<extra></extra>",
        },
    ]


def pulse_layout(depth: int, units: int, window: tuple[float, float]) -> Spec:
    """Lay out the pulse: the units of every layer above the gradient's size."""
    span = max(4.0, -window[0] / 2)
    return _layout(HEIGHT + 20) | {
        "xaxis": {**_layers(depth), "anchor": "y2"},
        "yaxis": {
            "domain": [0.56, 1.0],
            "range": [0.5, units + 0.5],
            "title": {"text": "unit", "standoff": 4},
            "showgrid": False,
            "zeroline": False,
        },
        "yaxis2": {
            "domain": [0.0, 0.5],
            "range": list(window),
            "title": {"text": "log₁₀ of the gradient", "standoff": 4},
            "zeroline": True,
        },
        "coloraxis": {
            "autocolorscale": True,
            "cmin": -span,
            "cmax": span,
            "colorbar": {
                "thickness": 10,
                "outlinewidth": 0,
                "len": 0.46,
                "y": 0.78,
                "title": {"text": "log₁₀"},
            },
        },
        "showlegend": False,
        "hovermode": "closest",
        "shapes": [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": 1.0,
                "x1": 1.0,
                "y0": 0,
                "y1": 1,
                "line": {"color": COLOURS[1], "width": 2},
            }
        ],
    }


def pulse_traces(
    layers: FloatArray, units: FloatArray, glow: FloatArray, sizes: FloatArray
) -> list[Spec]:
    """Return the units' gradients (S, units, layers) and the layers' (S, layers), in decades.

    ``layers`` and ``units`` number them: one row for all steps, or (S, ...).
    """
    return [
        {
            "type": "heatmap",
            "x": layers,
            "y": units,
            "z": glow,
            "coloraxis": "coloraxis",
            "hoverongaps": False,
            "hovertemplate": "layer %{x}, unit %{y}: 10 to the %{z:.1f}<extra></extra>",
        },
        {
            **_line(layers, sizes, COLOURS[1], "solid", 3.0),
            "yaxis": "y2",
            "name": "gradient",
            "hovertemplate": "layer %{x}: 10 to the %{y:.2f}<extra></extra>",
        },
    ]


def _line(x: FloatArray, y: FloatArray, colour: str, dash: str, width: float) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "showlegend": False,
        "line": {"color": colour, "dash": dash, "width": width, "simplify": False},
    }


def _layers(depth: int) -> dict[str, Any]:
    # The gradient enters on the right, at the last layer, and travels to the left.
    return {
        "range": [0.5, depth + 0.5],
        "title": {"text": "layer (the gradient travels from right to left)", "standoff": 4},
        "zeroline": False,
    }


def _layout(height: int) -> Spec:
    return {
        "height": height,
        "margin": {"l": 56, "r": 8, "t": 8, "b": 40},
        "dragmode": "zoom",
    }


def _long(axis: str) -> str:
    return f"{axis[0]}axis{axis[1:]}"
