"""The section "Inside the layers": distributions by layer, dead and saturated units."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import network
from core.network import gradient_flow
from core.network.gradient_flow import Experiment, Profile
from core.spec import FloatArray
from pages.ui import charts, export, wording
from pages.ui.vanishing import figures, words
from pages.ui.vanishing.runs import Run, room

CHART = "vanishing_inside"
JACOBIAN = "vanishing_jacobian"
BINS = 32
MOST_LAYERS = 50
"""A heat map of more layers shows evenly spaced ones."""

# Charts hold float32: what is larger still goes into the outermost bin.
_LADDER = np.array([m * 10.0**e for e in range(-12, 31) for m in (1.0, 2.0, 5.0)])

_SEEN = 0.02
"""What fills less of the axis than this is not seen on it."""


class Inside(NamedTuple):
    """Shares (bins, layers) of the activations and of log₁₀ |gradient| in bins, by layer.

    ``layers`` are counted from 1; the middles of the bins go with them, and the ends.
    """

    layers: FloatArray
    activations: tuple[FloatArray, FloatArray]
    gradients: tuple[FloatArray, FloatArray]
    spans: tuple[tuple[float, float], tuple[float, float]]


def section(
    shown: list[Run], profiles: list[Profile], beside: DeltaGenerator, above: DeltaGenerator
) -> None:
    """Draw what goes on inside the layers of all stacks, side by side."""
    names = words.names(shown)
    parts = []
    with above, st.spinner("Looking inside"):
        for run in shown:
            with room(run.experiment):
                parts.append(inside(run.experiment))
    shares = [[_median(p.dead), _median(p.saturated)] for p in profiles]
    limits = [
        (min(part.spans[row][0] for part in parts), max(part.spans[row][1] for part in parts))
        for row in range(2)
    ]
    traces = [
        trace
        for column, (part, (dead, saturated)) in enumerate(zip(parts, shares, strict=True))
        for trace in figures.inside_traces(
            column, part.layers, part.activations, part.gradients, dead, saturated
        )
    ]
    reaches = [max(map(abs, part.spans[0])) for part in parts]
    widest = max(reaches)
    lost = [name for name, reach in zip(names, reaches, strict=True) if reach < _SEEN * widest]
    depth = max(run.depth for run in shown)
    titles = [f"{name.partition(',')[0]}" for name in names]
    figure = charts.finish(traces, figures.inside_layout(depth, titles, limits))
    with above:
        alt = (
            "Distribution of activations and of gradients by layer, and the shares of dead and "
            f"saturated units, for {'; '.join(names)}"
        )
        st.plotly_chart(figure, key=CHART, config=charts.CONFIG, alt=alt)
        for name, run, profile in zip(names, shown, profiles, strict=True):
            st.markdown(_said(name, run, profile))
    if lost:
        st.info(
            f"All activations share one axis. {names[reaches.index(widest)]} takes it to "
            f"{wording.number(widest, 1)}, beside which those of {wording.listed(lost)} are too "
            "small to be seen."
        )
    rows = [
        row
        for name, run, profile in zip(names, shown, profiles, strict=True)
        for row in _rows(name, run, profile)
    ]
    st.markdown(wording.table(_HEADS, rows))
    st.caption(
        "Heat maps: the first draw, one column a layer, the stronger the colour the more of the "
        "values. What lies beyond an axis counts in its outermost cells. Gradients are relative "
        "to the last layer's, exact zeros left out. Dead: slope 0 for every input of the batch. "
        "Saturated or blocked: |f′(z)| below 0.01, counted over units and inputs."
    )
    export.offer(CHART, figure, lambda: export.Table(_HEADS, rows), "inside_the_layers")
    _jacobian(shown, names)


@lru_cache(maxsize=64)
def inside(experiment: Experiment) -> Inside:
    """Return the distributions of the first draw of an experiment."""
    one = gradient_flow.draw(experiment, 0)
    run = one.run()
    back = one.back(run)
    depth = experiment.stack.depth
    layers = np.unique(np.linspace(1, depth, min(depth, MOST_LAYERS)).round().astype(int))
    posts = [run.post[i - 1] if i <= len(run.post) else np.full(1, np.nan) for i in layers]
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.log10(network.rms(back.pre[-1]))
        logs = [np.log10(np.abs(back.pre[i - 1])) - size for i in layers]
    # An exact zero has no logarithm, and no place in the picture.
    logs = [np.where(np.isfinite(values), values, np.nan) for values in logs]
    spans = _span(posts), _whole(logs)
    found = []
    for values, span in ((posts, spans[0]), (logs, spans[1])):
        edges = np.linspace(*span, BINS + 1)
        middles = (edges[1:] + edges[:-1]) / 2
        share = gradient_flow.shares(tuple(values), edges)
        found.append((middles, np.where(share > 0, share, np.nan)))
    return Inside(layers.astype(np.float64), found[0], found[1], spans)


_HEADS = ("Stack", "Layer", "Mean", "Standard deviation", "Dead units", "Saturated or blocked")


def _rows(name: str, run: Run, profile: Profile) -> list[list[str]]:
    picked = sorted({0, (run.depth - 1) // 2, run.depth - 1})
    return [
        [
            name,
            str(i + 1),
            wording.fixed(float(_median(profile.mean)[i])),
            wording.fixed(float(_median(profile.std)[i])),
            _percent(float(_median(profile.dead)[i])),
            _percent(float(_median(profile.saturated)[i])),
        ]
        for i in picked
    ]


def _said(name: str, run: Run, profile: Profile) -> str:
    over = int(profile.forward_overflow.max())
    if over:
        return f"**{name}**: the signal overflows at layer {over}; nothing is known beyond it."
    std = _median(profile.std)
    dead, saturated = float(_median(profile.dead).max()), float(_median(profile.saturated).max())
    change = float(std[-1] / std[0]) if std[0] else np.nan
    signal = (
        "The activations do not vary at all."
        if not std[0]
        else f"From layer 1 to layer {run.depth} the spread of the activations changes by "
        f"a factor of {wording.number(change, 2)}."
    )
    units = f"at most {_percent(dead)} of a layer's units are dead" if dead else "no unit is dead"
    slopes = f"{_percent(saturated)} of its slopes" if saturated else "no slope"
    return f"**{name}**: {signal} In all layers, {units}, and {slopes} nearly 0."


def _jacobian(shown: Sequence[Run], names: Sequence[str]) -> None:
    asked = st.toggle(
        "Singular values of the input–output Jacobian",
        key=JACOBIAN,
        bind="query-params",
        help="By how much the whole stack stretches a small change of one input, at the most, in "
        "the middle and at the least.",
    )
    if not asked:
        return
    with st.spinner("Computing the Jacobian"):
        rows = []
        for run, name in zip(shown, names, strict=True):
            with room(run.experiment):
                values = _singular(run.experiment)
            picked = (values[0], values[len(values) // 2], values[-1])
            rows.append([name, *(_stretch(float(v), float(values[0])) for v in picked)])
    st.markdown(wording.table(["Stack", "Largest", "Middle", "Smallest"], rows))
    st.caption(
        "At the first input of the first draw. Where all are near 1 the stack keeps lengths and "
        "angles."
    )


@lru_cache(maxsize=64)
def _singular(experiment: Experiment) -> FloatArray:
    one = gradient_flow.draw(experiment, 0)
    return network.singular_values(one.network, one.inputs)


def _stretch(value: float, largest: float) -> str:
    if math.isnan(value):
        return "unknown"
    return "lost in rounding" if 0 < value < 1e-16 * largest else wording.number(value, 3)


def _median(rows: FloatArray) -> FloatArray:
    return np.median(rows, axis=0)


def _percent(share: float) -> str:
    return wording.percent(share) if share == share else "unknown"


def _span(values: Sequence[FloatArray]) -> tuple[float, float]:
    """Return round limits that hold all but the outermost values, and 0."""
    known = np.concatenate([v[np.isfinite(v)].ravel() for v in values])
    if not known.size:
        return -1.0, 1.0
    low, high = np.quantile(known, [0.002, 0.998])
    reach = max(abs(float(low)), abs(float(high)), 1e-12)
    top = float(_LADDER[min(np.searchsorted(_LADDER, reach), len(_LADDER) - 1)])
    return (-top if low < 0 else -0.1 * top), (top if high > 0 else 0.1 * top)


def _whole(values: Sequence[FloatArray]) -> tuple[float, float]:
    known = np.concatenate([v[np.isfinite(v)].ravel() for v in values])
    if not known.size:
        return -1.0, 1.0
    low, high = np.quantile(known, [0.01, 1.0])
    return float(np.floor(low)) - 1.0, float(np.ceil(high)) + 0.5
