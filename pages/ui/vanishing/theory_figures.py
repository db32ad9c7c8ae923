"""The charts of the theory: arrays in, specifications out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.mean_field.self_normalising import Point
from core.spec import FloatArray
from pages.ui.charts import COLOURS, SHADE, Spec

HEIGHT = 400
OCTAVES = (-2.0, 4.0)
"""The ends of the axis of σ_w, as powers of two."""

WIDEST_BIAS = 2.0
"""The end of the axis of σ_b."""

DECADES = 0.5
"""Where the colours of the phase diagram end: log₁₀ of the gradient's factor a layer."""

VARIANCES = (-4.0, 4.0)
"""The ends of the axis of log₁₀ q."""

MEANS = (-1.2, 1.2)
SPREADS = (0.0, 3.0)
"""The window of the map of mean and variance."""

_CLEAR = "rgba(0,0,0,0)"
_INK = COLOURS[7]
"""A grey that stands out on the map of phases as on the page."""

_RULES = (("PyTorch", 1 / np.sqrt(3)), ("Xavier", 1.0), ("He", np.sqrt(2)))
"""What σ_w common rules for weights lead to, on layers of equal width."""


def phase_layout(names: Mapping[str, tuple[float, float]]) -> Spec:
    """Lay out the phase diagram, with the name of each phase at its place."""
    low, high = OCTAVES
    ticks = np.arange(low, high + 1)
    rules = [
        {
            "type": "line",
            "x0": float(np.log2(sigma)),
            "x1": float(np.log2(sigma)),
            "y0": 0.0,
            "y1": WIDEST_BIAS,
            "opacity": 0.6,
            "line": {"color": _INK, "width": 1, "dash": "dot"},
        }
        for _, sigma in _RULES
    ]
    labels = [
        {
            "text": name,
            "x": float(np.log2(sigma)),
            "y": 1.0,
            "yref": "paper",
            "yanchor": "bottom",
            "xanchor": anchor,
            "showarrow": False,
            "font": {"size": 11},
        }
        for (name, sigma), anchor in zip(_RULES, ("right", "center", "left"), strict=True)
    ]
    phases = [
        {
            "text": name,
            # A name keeps clear of the picture's edges.
            "x": min(max(x, low + 0.9), high - 0.9),
            "y": y,
            "showarrow": False,
            "font": {"size": 12, "color": _INK},
            "bgcolor": SHADE,
            "borderpad": 2,
        }
        for name, (x, y) in names.items()
    ]
    return {
        "height": HEIGHT,
        "margin": {"l": 44, "r": 4, "t": 24, "b": 84},
        "dragmode": False,
        "xaxis": {
            "range": [low, high],
            "tickvals": ticks,
            "ticktext": ["¼", "½", *(f"{2**t:g}" for t in ticks[2:])],
            "title": {"text": "weights, σ_w", "standoff": 4},
            "showgrid": False,
            "zeroline": False,
        },
        "yaxis": {
            "range": [-0.04, WIDEST_BIAS],
            "title": {"text": "biases, σ_b", "standoff": 4},
            "showgrid": False,
            "zeroline": False,
        },
        "coloraxis": {
            "autocolorscale": True,
            "cmin": -DECADES,
            "cmax": DECADES,
            "colorbar": {
                "orientation": "h",
                "thickness": 10,
                "len": 1.0,
                "y": -0.17,
                "yanchor": "top",
                "outlinewidth": 0,
                "tickvals": [-0.5, 0, 0.5],
                "ticktext": ["×0.32", "×1", "×3.2"],
                "title": {"text": "gradient, a layer", "side": "bottom"},
            },
        },
        "shapes": rules,
        "annotations": [*labels, *phases],
        "showlegend": False,
    }


def phase_traces(
    sigma_w: FloatArray,
    sigma_b: FloatArray,
    decades: FloatArray,
    critical: tuple[FloatArray, FloatArray],
    escape: tuple[FloatArray, FloatArray],
) -> list[Spec]:
    """Return what does not move: the map of ``decades`` (B, W) and both borders.

    A border is a pair of arrays (segments, 2), in σ_w and in σ_b.
    """
    return [
        {
            "type": "heatmap",
            "x": np.log2(sigma_w),
            "y": sigma_b,
            "z": decades,
            "coloraxis": "coloraxis",
            "opacity": 0.6,
            "hovertemplate": (
                "σ_w = 2^%{x:.2f}, σ_b = %{y:.2f}<br>log₁₀ √χ₁ = %{z:.3f}<extra></extra>"
            ),
        },
        _segments(*escape, "dash") | {"name": "the variance escapes"},
        _segments(*critical, "solid") | {"name": "χ₁ = 1"},
    ]


def dot_traces(sigma_w: FloatArray, sigma_b: FloatArray) -> list[Spec]:
    """Return this network's place, (S,) each; outside the picture it is held at its edge."""
    with np.errstate(divide="ignore"):
        x = np.clip(np.log2(sigma_w), *OCTAVES)[:, None]
    y = np.clip(sigma_b, 0.0, WIDEST_BIAS)[:, None]
    ring = {"size": 18, "symbol": "circle-open", "line": {"width": 2}}
    return [
        _points(x, y, "this network") | {"marker": {"color": _INK, **ring}},
        _points(x, y, "this network") | {"marker": {"color": _INK, "size": 10}},
    ]


def layer_layout(depth: int, window: tuple[float, float]) -> Spec:
    """Lay out the gradient by layer, and below it the variance."""
    return {
        "height": HEIGHT,
        "margin": {"l": 56, "r": 8, "t": 24, "b": 40},
        "dragmode": "zoom",
        "legend": {
            "x": 0.0,
            "y": 1.0,
            "xanchor": "left",
            "yanchor": "bottom",
            "orientation": "h",
            "bgcolor": _CLEAR,
        },
        "hovermode": "closest",
        "xaxis": _layers(depth) | {"anchor": "y2"},
        "yaxis": {
            "range": list(window),
            "domain": [0.46, 1.0],
            "title": {"text": "log₁₀ gradient", "standoff": 4},
            "zeroline": True,
        },
        "yaxis2": {
            "range": list(VARIANCES),
            "domain": [0.0, 0.4],
            "title": {"text": "log₁₀ variance q", "standoff": 4},
            "zeroline": True,
        },
    }


def counted(depths: FloatArray) -> FloatArray:
    """Return the numbers of the layers: (deepest,), or (S, deepest) if ``depths`` (S,) differ.

    Behind the last layer of a stack there is a gap.
    """
    x = np.arange(1.0, depths.max() + 1)
    return np.where(x <= depths[:, None], x, np.nan) if np.ptp(depths) else x


def predicted_traces(x: FloatArray, gradient: FloatArray, variance: FloatArray) -> list[Spec]:
    """Return predictions as lines over the layers ``x``, in decades; both are (S, depth)."""
    return [
        _line(x, gradient, COLOURS[0]) | {"name": "theory", "showlegend": True},
        _line(x, variance, COLOURS[0]) | {"name": "theory, variance", "yaxis": "y2"},
    ]


def measured_traces(x: FloatArray, measured: Sequence[tuple[FloatArray, ...]]) -> list[Spec]:
    """Return measurements as points with bars.

    ``measured`` holds, for the gradient and then for the variance, value, lower and upper
    end in decades, (S, depth) each.
    """
    found = []
    for axis, (value, low, high) in zip(("y", "y2"), measured, strict=True):
        bars_y = np.stack([low, high, np.full_like(low, np.nan)], axis=-1)
        found += [
            _line(np.repeat(x, 3, axis=-1), bars_y.reshape(len(low), -1), COLOURS[1], width=1.5)
            | {"yaxis": axis, "hoverinfo": "skip"},
            _points(x, value, "measured ± standard error")
            | {
                "yaxis": axis,
                "marker": {"color": COLOURS[1], "size": 5},
                "showlegend": axis == "y",
                "hovertemplate": "layer %{x}: %{y:.3f}<extra>measured</extra>",
            },
        ]
    return found


def map_layout() -> Spec:
    """Lay out the map of correlations: from one layer to the next."""
    side = {"range": [0.0, 1.0], "zeroline": False}
    return {
        "height": HEIGHT,
        "margin": {"l": 56, "r": 8, "t": 24, "b": 40},
        "dragmode": False,
        "legend": _LEGEND,
        "xaxis": side | {"title": {"text": "correlation c", "standoff": 4}},
        "yaxis": side
        | {
            "title": {"text": "c′, one layer on", "standoff": 4},
            "scaleanchor": "x",
            "constrain": "domain",
        },
    }


def map_traces(c: FloatArray, after: FloatArray, path: FloatArray) -> list[Spec]:
    """Return the diagonal, the map ``after`` over ``c``, and the staircase of a ``path``.

    The path is (S, layers); it ends where it is nan.
    """
    corners = np.repeat(path, 2, axis=-1)
    # It ends in both where it ends.
    along = np.where(np.isnan(corners[..., 1:]), np.nan, corners[..., :-1])
    return [
        _line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), _INK, "dot", 1.2)
        | {"name": "c′ = c", "showlegend": True, "hoverinfo": "skip"},
        _line(c, after, COLOURS[0])
        | {
            "name": "one layer",
            "showlegend": True,
            "hovertemplate": "c = %{x:.3f}<br>c′ = %{y:.4f}<extra></extra>",
        },
        _line(along, corners[..., 1:], COLOURS[1], width=1.5)
        | {"name": "this network", "showlegend": True, "hoverinfo": "skip"},
    ]


def correlation_layout(depth: int) -> Spec:
    """Lay out the correlation of two inputs by layer."""
    return {
        "height": HEIGHT,
        "margin": {"l": 56, "r": 8, "t": 24, "b": 40},
        "dragmode": "zoom",
        "legend": _LEGEND,
        "hovermode": "x unified",
        "xaxis": _layers(depth),
        "yaxis": {
            "range": [-0.02, 1.02],
            "title": {"text": "correlation c of two inputs", "standoff": 4},
            "zeroline": False,
        },
    }


def correlation_traces(correlation: FloatArray, rest: float) -> list[Spec]:
    """Return the correlation by layer, (S, layers), and its level at rest (or nan)."""
    x = np.arange(1.0, correlation.shape[-1] + 1)
    ends = np.array([1.0, x[-1]])
    return [
        _line(x, correlation, COLOURS[1])
        | {
            "mode": "lines+markers",
            "marker": {"color": COLOURS[1], "size": 5},
            "name": "theory",
            "showlegend": True,
            "hovertemplate": "%{y:.5f}",
        },
        _line(ends, np.full(2, rest), COLOURS[0], "dash", 1.5)
        | {"name": "c*, at rest", "showlegend": True, "hovertemplate": "%{y:.5f}"},
    ]


def flow_layout() -> Spec:
    """Lay out the plane of mean and variance."""
    return {
        "height": HEIGHT + 40,
        "margin": {"l": 56, "r": 8, "t": 24, "b": 40},
        "dragmode": False,
        "legend": _LEGEND,
        "hovermode": "closest",
        "xaxis": {
            "range": list(MEANS),
            "title": {"text": "mean μ of the activations", "standoff": 4},
            "zeroline": True,
        },
        "yaxis": {
            "range": list(SPREADS),
            "title": {"text": "variance ν", "standoff": 4},
            "zeroline": True,
        },
    }


def flow_traces(
    tails: tuple[FloatArray, ...], heads: Point, paths: Point, rest: Point
) -> list[Spec]:
    """Return arrows, paths, the point (0, 1) and the point of rest, for each of S stacks.

    ``tails`` are (A,), ``heads`` (S, A), ``paths`` (S, P, layers), ``rest`` (S,)
    or nan.
    """
    arrows = []
    for start, end in zip(tails, heads, strict=True):
        start, gap = np.broadcast_to(start, end.shape), np.full_like(end, np.nan)
        arrows.append(np.stack([start, end, gap], axis=-1).reshape(len(end), -1))
    ends = np.tile([0.0, 8.0, 0.0], tails[0].size)
    marker = {"symbol": "arrow", "angleref": "previous", "size": ends, "color": _INK}
    field = _line(*arrows, _INK, width=1) | {
        "mode": "lines+markers",
        "marker": marker,
        "name": "where one layer leads",
        "showlegend": True,
        "hoverinfo": "skip",
    }
    ways = [
        _line(paths.mean[:, i], paths.variance[:, i], COLOURS[0], width=1.5)
        | {
            "mode": "lines+markers",
            "marker": {"color": COLOURS[0], "size": 6},
            "name": "layer by layer",
            "showlegend": i == 0,
            "hovertemplate": "μ = %{x:.4f}<br>ν = %{y:.4f}<extra></extra>",
        }
        for i in range(paths.mean.shape[1])
    ]
    return [
        field,
        *ways,
        _points(np.array([0.0]), np.array([1.0]), "mean 0, variance 1")
        | {
            "marker": {"color": COLOURS[2], "size": 15, "symbol": "cross-thin-open"},
            "showlegend": True,
        },
        _points(rest.mean[:, None], rest.variance[:, None], "at rest")
        | {
            "marker": {"color": COLOURS[1], "size": 13, "symbol": "star"},
            "showlegend": True,
        },
    ]


_LEGEND: Spec = {
    "x": 0.0,
    "y": 1.0,
    "xanchor": "left",
    "yanchor": "bottom",
    "orientation": "h",
    "bgcolor": _CLEAR,
}


def _layers(depth: int) -> dict[str, Any]:
    return {
        "range": [0.5, depth + 0.5],
        "title": {"text": "layer", "standoff": 4},
        "zeroline": False,
    }


def _line(
    x: FloatArray, y: FloatArray, colour: str, dash: str = "solid", width: float = 2.5
) -> Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "showlegend": False,
        "line": {"color": colour, "dash": dash, "width": width, "simplify": False},
        "hovertemplate": "layer %{x}: %{y:.3f}<extra></extra>",
    }


def _points(x: FloatArray, y: FloatArray, name: str) -> Spec:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "name": name,
        "showlegend": False,
        "cliponaxis": False,
        "hoverinfo": "name",
    }


def _segments(x: FloatArray, y: FloatArray, dash: str) -> Spec:
    """Return line segments as one trace; a gap parts one from the next."""
    gap = np.full((len(x), 1), np.nan)
    along = np.concatenate([np.log2(x), gap], axis=1).ravel()
    up = np.concatenate([y, gap], axis=1).ravel()
    return _line(along, up, _INK, dash, 2.5) | {"hoverinfo": "name", "hovertemplate": None}
