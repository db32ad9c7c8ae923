"""What the segmentation bench draws: ten small maps, curves of a descent, a mask to paint."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from core.segmentation import MASK_LOSSES, SIZE, Mask
from core.spec import FloatArray
from pages.ui import charts

MAPS_HEIGHT = 290
CURVES_HEIGHT = 230
PAINT_HEIGHT = 340

LEVELS = 20
"""Shades from none to full colour: an eye tells no more apart, and such maps pack small."""

SHARE = {"colorscale": [[0, charts.GROUND], [1, charts.COLOURS[0]]], "zmin": 0, "zmax": LEVELS}
PULL = {
    "colorscale": [[0, charts.COLOURS[0]], [0.5, charts.GROUND], [1, charts.COLOURS[1]]],
    "zmin": -LEVELS,
    "zmax": LEVELS,
}
Shades = npt.NDArray[np.int8]

_DASHES = ("solid", "dash", "dot", "dashdot")
_ACROSS, _DOWN = 5, 2


def shades(maps: FloatArray | Mask) -> Shades:
    """Return the shade of each pixel for numbers from −1 to 1: whole numbers up to ``LEVELS``."""
    return np.rint(maps * LEVELS).astype(np.int8)


def maps(
    truth: Mask,
    second: tuple[str, Shades],
    each: Mapping[str, Shades],
    look: Mapping[str, object],
    symbol: str,
) -> charts.Finished:
    """Draw the mask, a second map of probabilities, and one map for each loss.

    All maps have the shape (32, 32), those of numbers as :func:`shades`. ``look`` is the
    colour scale of the losses' maps and ``symbol`` what they show.
    """
    traces = [
        _heat(shades(truth), 1, SHARE, "target"),
        _heat(second[1], 2, SHARE, "p"),
    ]
    traces += [_heat(one, place, look, symbol) for place, one in enumerate(each.values(), 3)]
    names = ["Target", second[0], *(MASK_LOSSES[key].name for key in each)]
    return charts.finish(traces, _grid(names))


def curves(
    steps: Sequence[int], each: Mapping[str, FloatArray], step: int, title: str
) -> charts.Finished:
    """Draw one curve over the steps for each loss, as percentages, and a line at ``step``."""
    top = max(float(one.max()) for one in each.values())
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": np.asarray(steps, dtype=np.float64),
            "y": 100 * one,
            "name": MASK_LOSSES[key].name,
            "line": {
                "color": charts.COLOURS[place],
                "dash": _DASHES[place % len(_DASHES)],
                "width": 2,
                "simplify": False,
            },
            "hovertemplate": "%{y:.1f} %",
        }
        for place, (key, one) in enumerate(each.items())
    ]
    layout = {
        "height": CURVES_HEIGHT,
        "margin": {"l": 56, "r": 8, "t": 8, "b": 40},
        "hovermode": "x unified",
        "legend": {"x": 1.0, "y": 1.0, "xanchor": "left", "font": {"size": 11}},
        "xaxis": {
            "range": [0, steps[-1]],
            "title": {"text": "step", "standoff": 4},
            "showgrid": True,
        },
        "yaxis": {
            "range": [-3 * max(top, 0.01), 105 * max(top, 0.01)],
            "title": {"text": title, "standoff": 4},
            "zeroline": True,
            "showgrid": True,
        },
        "shapes": [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": step,
                "x1": step,
                "y0": 0,
                "y1": 1,
                "line": {"color": charts.COLOURS[7], "width": 1, "dash": "dot"},
            }
        ],
    }
    return charts.finish(traces, layout)


def canvas(mask: Mask) -> charts.Finished:
    """Draw a mask with a nearly invisible point on each pixel, which can be selected."""
    row, column = np.mgrid[:SIZE, :SIZE]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": column.ravel().astype(np.uint8),
        "y": row.ravel().astype(np.uint8),
        "marker": {"color": charts.COLOURS[1], "size": 7, "opacity": 0.12, "symbol": "square"},
        "unselected": {"marker": {"opacity": 0.12}},
        "selected": {"marker": {"opacity": 0.5}},
        "showlegend": False,
        "hovertemplate": "row %{y}, column %{x}<extra></extra>",
    }
    layout = {
        "height": PAINT_HEIGHT,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "dragmode": "select",
        "hovermode": "closest",
        "shapes": [_frame(1)],
        **_axes(1),
    }
    return charts.finish([_heat(shades(mask), 1, SHARE, "target"), points], layout)


def _axes(place: int) -> dict[str, charts.Spec]:
    """Return a pair of axes without ticks, on which a pixel is a square; row 0 is on top."""
    number = _number(place)
    axis = {
        "range": [-0.5, SIZE - 0.5],
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "showticklabels": False,
        "ticks": "",
        "fixedrange": True,
        "constrain": "domain",
    }
    across = {**axis, "anchor": f"y{number}"}
    down = {
        **axis,
        "range": [SIZE - 0.5, -0.5],
        "anchor": f"x{number}",
        "scaleanchor": f"x{number}",
        "constraintoward": "top",
    }
    return {f"xaxis{number}": across, f"yaxis{number}": down}


def _frame(place: int) -> charts.Spec:
    ends = {"x0": -0.5, "y0": -0.5, "x1": SIZE - 0.5, "y1": SIZE - 0.5}
    number = _number(place)
    line = {"color": charts.COLOURS[7], "width": 1}
    return {"type": "rect", "xref": f"x{number}", "yref": f"y{number}", "line": line, **ends}


def _number(place: int) -> str:
    return "" if place == 1 else str(place)


def _heat(values: Shades, place: int, look: Mapping[str, object], symbol: str) -> charts.Spec:
    return {
        "type": "heatmap",
        "z": values,
        "xaxis": f"x{_number(place)}",
        "yaxis": f"y{_number(place)}",
        "showscale": False,
        "hovertemplate": f"row %{{y}}, column %{{x}}<br>{symbol} ≈ %{{z}}/{LEVELS}<extra></extra>",
        **look,
    }


def _grid(names: Sequence[str]) -> charts.Spec:
    """Lay out two rows of five square panels; down the columns, then across."""
    layout: charts.Spec = {
        "height": MAPS_HEIGHT,
        "margin": {"l": 2, "r": 2, "t": 20, "b": 2},
        "hovermode": "closest",
        "annotations": [],
        "shapes": [_frame(place) for place in range(1, len(names) + 1)],
    }
    # The target stands above the second map; the losses fill the other columns row by row.
    places = [(0, 0), (1, 0)] + [(row, column) for row in range(_DOWN) for column in range(1, 5)]
    wide, tall, gap, head = 1 / _ACROSS, 1 / _DOWN, 0.012, 0.08
    for place, (name, (row, column)) in enumerate(zip(names, places, strict=True), 1):
        left, top = column * wide, 1 - row * tall
        axes = _axes(place)
        across, down = axes.values()
        across["domain"] = [left + gap / 2, left + wide - gap / 2]
        down["domain"] = [top - tall + head, top]
        layout |= axes
        layout["annotations"].append(
            {
                "text": name,
                "xref": f"x{_number(place)}",
                "yref": f"y{_number(place)}",
                "x": (SIZE - 1) / 2,
                "y": -0.5,
                "xanchor": "center",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 11},
            }
        )
    return layout
