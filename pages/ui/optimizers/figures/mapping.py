"""The map of a surface: level lines, minima, the start, and the walks upon it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.descent.surfaces import Point, Window
from core.optimizers import OPTIMIZERS
from core.spec import FloatArray
from pages.ui.charts import GROUND, SHADE, Spec
from pages.ui.optimizers.figures import strokes


def map_layout(window: Window, height: int = strokes.MAP_HEIGHT) -> Spec:
    """Lay out parameter space, with the same scale on both axes."""
    (left, right), (low, high) = window
    return {
        "height": height,
        "margin": {"l": 44, "r": 8, "t": 36, "b": 36},
        "hovermode": "closest",
        "dragmode": False,
        "legend": strokes.LEGEND,
        "xaxis": {**strokes.axis("w", (left, right)), "constrain": "domain"},
        "yaxis": {**strokes.axis("b", (low, high)), "scaleanchor": "x", "constrain": "domain"},
    }


LINES = 16
"""Level lines on a map."""

TOP = 15 * LINES
"""The highest level: as many as fit into a byte."""


def contours(window: Window, heights: FloatArray) -> Spec:
    """Draw the surface as level lines, close together where it is low; darker is higher."""
    (left, right), (low, high) = window
    rows, columns = heights.shape
    return {
        "type": "contour",
        "z": strokes.whole(levels(heights)),
        "x0": left,
        "dx": (right - left) / (columns - 1),
        "y0": low,
        "dy": (high - low) / (rows - 1),
        "autocontour": False,
        "contours": {"start": 0, "end": TOP, "size": TOP // LINES},
        "zmin": 0,
        "zmax": TOP,
        "colorscale": [[0, GROUND], [1, SHADE]],
        "showscale": False,
        "line": {"width": 0.6, "color": strokes.GREY},
        "opacity": 0.6,
        "hoverinfo": "skip",
    }


def levels(heights: FloatArray) -> FloatArray:
    """Return heights as they are drawn: whole numbers that follow their logarithm.

    They fit into a byte each, and are so many that no line is off by more than a pixel or two.
    """
    finite = heights[np.isfinite(heights)]
    bottom = float(finite.min()) if finite.size else 0.0
    typical = float(np.quantile(finite - bottom, 0.08)) if finite.size else 1.0
    top = float(finite.max()) if finite.size else bottom
    # What is not finite is drawn as the highest there is.
    above = np.where(np.isfinite(heights), heights, top) - bottom
    z = np.log10(above + max(typical, 1e-9))
    share = (z - z.min()) / max(float(np.ptp(z)), 1e-9)
    return np.asarray(np.round(TOP * share))


TICKS = 16
"""Points that catch clicks are counted in so many to a unit of w or b."""


def click_axes(window: Window) -> Spec:
    """Return the unseen axes of :func:`canvas`, over those of the map."""
    (left, right), (low, high) = window
    unseen_axis: Spec = {"fixedrange": True, "visible": False}
    return {
        "xaxis2": {**unseen_axis, "range": [TICKS * left, TICKS * right], "overlaying": "x"},
        "yaxis2": {**unseen_axis, "range": [TICKS * low, TICKS * high], "overlaying": "y"},
    }


def canvas(window: Window) -> Spec:
    """Return unseen points over the whole map that catch clicks, in ``TICKS`` to a unit.

    Whole numbers on axes of their own take a byte each, a quarter of a place in w or b.
    """
    across, up = (
        np.round(np.linspace(TICKS * low, TICKS * high, count)).astype(np.int8)
        for (low, high), count in zip(window, (19, 13), strict=True)
    )
    return {**unseen(*np.meshgrid(across, up), "start here"), "xaxis": "x2", "yaxis": "y2"}


def unseen(x: npt.NDArray[Any], y: npt.NDArray[Any], says: str) -> Spec:
    """Return points that are not seen but catch clicks, and say what a click does."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x.ravel(),
        "y": y.ravel(),
        "showlegend": False,
        "hovertemplate": f"{says}<extra></extra>",
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
        "marker": strokes.rimmed("star", 13),
        **strokes.STAYS,
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
        "marker": strokes.rimmed("circle", 10),
        **strokes.STAYS,
        "hovertemplate": "start (%{x:.4g}, %{y:.4g})<extra></extra>",
    }


def trail(name: str, places: FloatArray) -> Spec:
    """Return the walk so far, ``places`` (rows, P, 2)."""
    x, y = places[..., 0], places[..., 1]
    return strokes.line(
        x, y, strokes.colour(name), OPTIMIZERS[name].name, dash=strokes.DASHES[strokes.PLACES[name]]
    )


def head(name: str, x: FloatArray, y: FloatArray) -> Spec:
    """Return where the walk has come, (rows, 1) each."""
    return {
        **strokes.dot(x, y, strokes.colour(name), strokes.SYMBOLS[strokes.PLACES[name]], 10),
        **strokes.STAYS,
    }
