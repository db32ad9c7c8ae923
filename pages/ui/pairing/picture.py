"""What the Pairing page draws of a pair: dL/dz as a sparkline, and one pair enlarged."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import streamlit as st

from core.losses import LOSSES
from core.pairing import OUTPUTS, WINDOW, Coding, Curves, Verdict, curves, judge, readings
from core.spec import FloatArray, Scalar
from pages.ui import charts
from pages.ui.controls import Settings

HEIGHT = 410
DECIMALS = 3
"""Decimals to which curves are drawn: a fifth of a pixel at most."""
SCALE = 1.25
"""Every cell of the matrix shows dL/dz from −SCALE to SCALE, so that cells compare."""

COLOURS: Mapping[Verdict, str] = {
    Verdict.HEALTHY: "green",
    Verdict.SATURATES: "orange",
    Verdict.BIASED: "blue",
    Verdict.UNDEFINED: "gray",
}
MARKS: Mapping[Verdict, str] = {
    Verdict.HEALTHY: "✓",
    Verdict.SATURATES: "↓",
    Verdict.BIASED: "≠",
    Verdict.UNDEFINED: "∅",
}
# Places in the light palette whose colours show on light and dark ground alike: a picture
# cannot follow the theme. The last one is a grey.
_PLACES = {
    Verdict.HEALTHY: 2,
    Verdict.SATURATES: 1,
    Verdict.BIASED: 5,
    Verdict.UNDEFINED: None,
}
_GREY = "gray"
_WIDTH, _TALL = 96, 60
_DASHES = ("dash", "solid")
_MOST = 20.0


def enlarged(
    output: str, loss: str, labels: tuple[float, float], z: float, settings: Settings
) -> charts.Finished:
    """Draw dL/dz above L over the logit, for both targets, with a probe."""
    values = dict(settings)
    traces = [t for one in lines(output, loss, labels, values)[1] for t in one]
    traces += dots(output, loss, labels, np.array([z]), values)
    return charts.finish(traces, _layout(z, limits(output, loss, labels), labels))


def lines(
    output: str, loss: str, labels: tuple[float, float], values: Mapping[str, Scalar]
) -> tuple[list[Curves], list[list[charts.Spec]]]:
    """Sample a pair for both targets; return the curves, and two traces for each of them."""
    sampled = [curves(OUTPUTS[output], LOSSES[loss], label, **values) for label in labels]
    traces = []
    for place, (label, one) in enumerate(zip(labels, sampled, strict=True)):
        name = f"target {written(label)}"
        traces.append(
            [
                _line(one.z, one.pull, "y", "dL/dz", name, place),
                _line(one.z, one.loss, "y2", "L", name, place),
            ]
        )
    return sampled, traces


def dots(
    output: str,
    loss: str,
    labels: tuple[float, float],
    z: FloatArray,
    values: Mapping[str, Scalar],
) -> list[charts.Spec]:
    """Return the dots at the probe: on dL/dz and on L, for both targets."""
    found = []
    for place, label in enumerate(labels):
        here = readings(OUTPUTS[output], LOSSES[loss], z, label, **values)
        x = np.broadcast_to(z, here.pull.shape)
        found += [_dot(x, here.pull, "y", place), _dot(x, here.loss, "y2", place)]
    return found


@lru_cache(maxsize=512)
def limits(
    output: str, loss: str, labels: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Choose axes for dL/dz and L that stay put while any parameter of the loss moves."""
    settings: list[dict[str, float]] = [{}]
    for p in LOSSES[loss].parameters:
        settings += [{p.name: p.low}, {p.name: p.high}]
    sampled = [
        [one for s in settings for one in lines(output, loss, labels, s)[0]],
        lines(output, loss, labels, {})[0],
    ]
    ends = []
    for part in ("pull", "loss"):
        (low, high), (usual_low, usual_high) = (
            _ends([getattr(one, part) for one in each]) for each in sampled
        )
        # An extreme setting may leave the picture rather than crush the usual one.
        reach = 1.5 * (usual_high - usual_low)
        low, high = max(low, usual_low - reach), min(high, usual_high + reach)
        margin = 0.08 * (high - low)
        ends.append((low - margin, high + margin))
    return ends[0], ends[1]


@st.cache_data(show_spinner=False)
def sparkline(output: str, loss: str, coding: Coding | None) -> str:
    """Return dL/dz of a pair, for the negative (dashed) and the positive target, as SVG."""
    found = judge(OUTPUTS[output], LOSSES[loss], coding)
    place = _PLACES[found.verdict]
    colour = _GREY if place is None else st.get_option("theme.light.chartCategoricalColors")[place]
    drawn = [curves(OUTPUTS[output], LOSSES[loss], label) for label in found.labels]
    paths = [_path(one.z[::5], one.pull[::5]) for one in drawn]
    middle, centre = _TALL / 2, _WIDTH / 2
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_TALL}" fill="none" stroke="{colour}" stroke-width="2">'
        f'<path d="M0 {middle}H{_WIDTH}M{centre} 0V{_TALL}" stroke="{_GREY}" stroke-width=".6"/>'
        f'<path d="{paths[0]}" stroke-dasharray="4 3"/><path d="{paths[1]}"/></svg>'
    )


def written(label: float) -> str:
    """Write a label as it stands on the page."""
    return f"{label:g}".replace("-", "−")


def _path(z: FloatArray, pulls: FloatArray) -> str:
    """Return SVG path commands in pixels; a gap lifts the pen."""
    across = (z / WINDOW + 1) / 2 * _WIDTH
    down = (1 - np.clip(pulls, -2 * SCALE, 2 * SCALE) / SCALE) / 2 * _TALL
    commands, pen = [], "M"
    for right, below in zip(across, down, strict=True):
        if np.isnan(below):
            pen = "M"
            continue
        commands.append(f"{pen}{right:.1f} {below:.1f}")
        pen = "L"
    return "".join(commands)


def _ends(arrays: Sequence[FloatArray]) -> tuple[float, float]:
    values = np.concatenate([np.ravel(a) for a in arrays] + [np.array([0.0, 0.1])])
    values = np.clip(values[np.isfinite(values)], -_MOST, _MOST)
    return float(values.min()), float(values.max())


def _line(
    z: FloatArray, y: FloatArray, axis: str, symbol: str, name: str, place: int
) -> charts.Spec:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": z,
        "y": charts.to_decimals(y, DECIMALS),
        "yaxis": axis,
        "name": name,
        "legendgroup": name,
        "showlegend": axis == "y",
        "line": {
            "color": charts.COLOURS[place],
            "dash": _DASHES[place],
            "width": 2.5,
            "simplify": False,
        },
        "hovertemplate": f"z = %{{x:.2f}}<br>{symbol} = %{{y:.{DECIMALS}f}}",
    }


def _dot(x: FloatArray, y: FloatArray, axis: str, place: int) -> charts.Spec:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": x,
        "y": y,
        "yaxis": axis,
        "showlegend": False,
        "hoverinfo": "skip",
        "marker": {"color": charts.COLOURS[place], "size": 8},
    }


def _layout(
    z: float,
    ends: tuple[tuple[float, float], tuple[float, float]],
    labels: tuple[float, float],
) -> charts.Spec:
    low, high = (written(label) for label in labels)
    axis = {"zeroline": True, "showgrid": True, "anchor": "x"}
    note = {
        "xref": "paper",
        "yref": "paper",
        "y": 1.0,
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12},
    }
    return {
        "height": HEIGHT,
        "margin": {"l": 56, "r": 8, "t": 44, "b": 40},
        "hovermode": "x",
        "dragmode": "zoom",
        "legend": {
            "x": 0.5,
            "y": 1.06,
            "xanchor": "center",
            "yanchor": "bottom",
            "orientation": "h",
            "bgcolor": "rgba(0,0,0,0)",
        },
        "annotations": [
            {**note, "x": 0.0, "xanchor": "left", "text": f"← wrong if target {high}"},
            {**note, "x": 1.0, "xanchor": "right", "text": f"wrong if target {low} →"},
        ],
        "xaxis": {
            "range": [-WINDOW, WINDOW],
            "title": {"text": "logit z", "standoff": 4},
            "zeroline": True,
            "showgrid": True,
            "anchor": "y2",
        },
        "yaxis": {
            **axis,
            "range": list(ends[0]),
            "domain": [0.44, 1.0],
            "title": {"text": "dL/dz", "standoff": 4},
        },
        "yaxis2": {
            **axis,
            "range": list(ends[1]),
            "domain": [0.0, 0.4],
            "title": {"text": "L", "standoff": 4},
        },
        "shapes": [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": z,
                "x1": z,
                "y0": 0,
                "y1": 1,
                "line": {"color": charts.FADED, "width": 1, "dash": "dot"},
            }
        ],
    }
