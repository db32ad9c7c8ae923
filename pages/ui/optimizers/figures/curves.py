"""The race beside its map: loss and gradient over the step, and the loss over the rate."""

from core.optimizers import OPTIMIZERS
from core.spec import FloatArray
from pages.ui.charts import Spec
from pages.ui.optimizers.figures import strokes
from pages.ui.optimizers.scene import FLOOR


def curves_layout(steps: int, at: int, top: float, slope_top: float) -> Spec:
    """Lay out the loss and, beside it, the gradient's length, with lines ``at`` a step.

    Both are in powers of ten, up to ``top`` and ``slope_top``.
    """
    span = (-0.02 * steps, 1.02 * steps)
    # The title stands below the numbers, not in a gap between them.
    along = strokes.axis("step", span) | {"title": {"text": "step", "standoff": 14}}
    return {
        "height": strokes.SIDE_HEIGHT,
        "margin": {"l": 40, "r": 8, "t": 24, "b": 40},
        "hovermode": "x",
        "dragmode": False,
        "showlegend": False,
        "xaxis": {**along, "domain": [0.0, 0.42]},
        "xaxis2": {**along, "domain": [0.58, 1.0], "anchor": "y2"},
        "yaxis": strokes.powers("", FLOOR - 0.5, top),
        "yaxis2": {**strokes.powers("", FLOOR - 0.5, slope_top), "anchor": "x2"},
        "shapes": [strokes.across(at), strokes.across(at) | {"xref": "x2"}],
        # Beside the numbers there is no room for titles on a phone.
        "annotations": [strokes.above(0.0, "loss − lowest"), strokes.above(0.58, "‖∇f‖")],
    }


BESIDE = {"xaxis": "x2", "yaxis": "y2"}
"""The right one of the two pictures."""


AT_STEP = tuple(f"shapes[{place}].{end}" for place in (0, 1) for end in ("x0", "x1"))
"""What there is to move in the layout when the step moves."""


def curve(name: str, gap: int, height: FloatArray) -> Spec:
    """Return a power of ten (rows, P) of a walk at each ``gap``-th step."""
    paint, dash = strokes.colour(name), strokes.DASHES[strokes.PLACES[name]]
    line = strokes.line(None, height, paint, OPTIMIZERS[name].name, dash=dash, width=2)
    return {**line, "dx": gap, "hovertemplate": "10^%{y:.1f}"}


def sensitivity_layout(low: float, high: float, limit: float | None) -> Spec:
    """Lay out the loss after the race over the learning rate; ``limit`` is 2/λmax."""
    layout: Spec = {
        "height": strokes.LOW_HEIGHT,
        "margin": {"l": 56, "r": 8, "t": 36, "b": 40},
        "hovermode": "closest",
        "dragmode": False,
        "legend": strokes.LEGEND,
        "xaxis": strokes.powers("learning rate η", -4, 1) | {"tickvals": [-4, -3, -2, -1, 0, 1]},
        "yaxis": strokes.powers("loss after the race − lowest", low, high),
    }
    layout["xaxis"]["ticktext"] = ["0.0001", "0.001", "0.01", "0.1", "1", "10"]
    if limit is not None:
        layout["shapes"] = [strokes.across(limit)]
        layout["annotations"] = [
            {
                "x": limit,
                # At the foot: above, the curves of what diverges rise beside it.
                "y": 0,
                "yref": "paper",
                "text": "2/λmax",
                "showarrow": False,
                "xanchor": "left",
                "yanchor": "bottom",
                "font": {"color": strokes.GREY},
            }
        ]
    return layout


def sensitivity(name: str, rates: FloatArray, gap: FloatArray, best: int) -> list[Spec]:
    """Return the loss over the rate, powers of ten both, and a star at the best rate.

    The rates are evenly spaced but for their rounding to two digits, which nobody sees.
    """
    place = strokes.PLACES[name]
    return [
        {
            **strokes.line(
                None, gap, strokes.colour(name), OPTIMIZERS[name].name, dash=strokes.DASHES[place]
            ),
            "x0": float(rates[0]),
            "dx": float(rates[-1] - rates[0]) / (len(rates) - 1),
            "hovertemplate": "η = 10^%{x:.1f}, 10^%{y:.2f}",
        },
        {
            **strokes.dot(
                rates[best : best + 1], gap[best : best + 1], strokes.colour(name), "star", 14
            ),
            "hovertemplate": f"{OPTIMIZERS[name].name}: best rate<extra></extra>",
            "hoverinfo": "all",
        },
    ]
