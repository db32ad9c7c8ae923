"""Maps of many runs: where each start ends and when, and what rate and momentum make of one."""

from collections.abc import Sequence

import numpy as np

from core.spec import FloatArray
from pages.ui.charts import COLOURS, GROUND, SHADE, Spec
from pages.ui.optimizers.figures import mapping, strokes
from pages.ui.optimizers.scene import FLOOR, MAP_GAMMAS, MAP_RATES

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
        "z": strokes.whole(classes),
        **strokes.even(w, b),
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
    greys = {"nowhere in time": SHADE, "diverged": strokes.GREY}
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
        "z": strokes.whole(np.round(parts * share)),
        **strokes.even(w, b),
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
        "z": strokes.whole(np.where(np.isnan(steps), most * _BEYOND, steps)),
        **strokes.even(w, b),
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
    axis = strokes.powers("learning rate η", -3, 1) | {"tickvals": [-3, -2, -1, 0, 1]}
    axis["ticktext"] = ["0.001", "0.01", "0.1", "1", "10"]
    return {
        "height": 420,
        "margin": {"l": 56, "r": 8, "t": 60, "b": 40},
        "hovermode": "closest",
        "dragmode": False,
        "legend": strokes.LEGEND,
        "xaxis": axis,
        "yaxis": strokes.axis(f"momentum {momentum}", (0.0, 0.99)),
    }


def settings_trace(gap: FloatArray) -> Spec:
    """Return the loss over rate and momentum, in powers of ten; grey where it diverged."""
    span = 2.0 - FLOOR
    marks = list(range(-10, 3, 4))
    return {
        "type": "heatmap",
        "z": np.where(np.isfinite(gap), np.minimum(gap, 2.0), FLOOR + span * _BEYOND),
        **strokes.even(np.log10(MAP_RATES), MAP_GAMMAS),
        "zmin": FLOOR,
        "zmax": FLOOR + span * _BEYOND,
        "colorscale": _SCALE,
        "colorbar": {
            "thickness": 12,
            "outlinewidth": 0,
            "tickvals": [*marks, FLOOR + span * _BEYOND],
            "ticktext": [*(strokes.power(v) for v in marks), "diverged"],
            "title": {"text": "loss", "side": "top"},
        },
        "hovertemplate": "η = 10^%{x:.2f}, %{y:.2f}: 10^%{z:.2f}<extra></extra>",
    }


def settings_canvas(momentum: str) -> Spec:
    """Return unseen points over the map of settings that catch clicks."""
    grid = np.meshgrid(np.log10(MAP_RATES[::4]), MAP_GAMMAS[::4])
    return mapping.unseen(*grid, f"η = 10^%{{x:.1f}}, {momentum} = %{{y:.2f}}")


def settings_mark(rate: FloatArray, gamma: FloatArray) -> Spec:
    """Mark a rate and a momentum, () or (rows,) each; a rate beyond the map is at its edge."""
    with np.errstate(divide="ignore"):
        x = np.clip(np.log10(rate), np.log10(MAP_RATES[0]), np.log10(MAP_RATES[-1]))
    ring = strokes.dot(x[..., None], gamma[..., None], COLOURS[1], "circle-open", 14)
    ring["marker"]["line"] = {"width": 3}
    return {**ring, "name": "set by the sliders", "showlegend": True}


def theory_line(x: FloatArray, y: FloatArray, name: str, place: int) -> list[Spec]:
    """Return a curve of theory over the map of settings, set off from what is below it."""
    dash = ("solid", "dash", "dot")[place % 3]
    below = {
        **strokes.line(x, y, GROUND, name, width=5.5),
        "showlegend": False,
        "hoverinfo": "skip",
    }
    return [
        below,
        {**strokes.line(x, y, strokes.GREY, name, dash=dash, width=2.5), "hoverinfo": "name"},
    ]


def theory_point(x: float, y: float, name: str) -> Spec:
    """Return the optimum of theory on the map of settings."""
    return {
        **strokes.dot(np.array([x]), np.array([y]), COLOURS[1], "star", 15),
        "name": name,
        "showlegend": True,
        "hoverinfo": "name",
    }
