"""The section "Inside the layers": distributions by layer, dead and saturated units."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import network
from core.network import Layers, gradient_flow
from core.network.gradient_flow import Experiment
from core.network.inside import Signals, outermost, shares, signals
from core.spec import FloatArray
from pages.ui import charts, export, wording
from pages.ui.live import ChartSweep, Packed, Sweep, live
from pages.ui.vanishing import figures, runs, words
from pages.ui.vanishing.controls import more_on_view
from pages.ui.vanishing.runs import BY_DEPTH, Moved, Run, room

CHART = "vanishing_inside"
SAID = "vanishing_inside_said"
TABLE = "vanishing_inside_table"
JACOBIAN = "vanishing_jacobian"
BINS = 24
MOST_LAYERS = 50
"""A heat map of more layers shows evenly spaced ones."""

# Charts hold float32: what is larger still goes into the outermost bin.
_LADDER = np.array([m * 10.0**e for e in range(-12, 31) for m in (1.0, 2.0, 5.0)])

_NOWHERE = -1.0, 1.0
"""Ends of an axis for values of which none is known."""

_GRAIN = 4096.0
"""Shares are drawn as fine as this, which no shade of colour shows."""

_TRACES, _MAPS, _PICKED = 4, 2, 3
"""A stack's traces, how many of them are heat maps, and its rows in the table."""

_SEEN = 0.02
"""What fills less of the axis than this is not seen on it."""


@dataclass(frozen=True, eq=False)
class Inside:
    """Shares of the activations and of log₁₀ |gradient| in bins, by layer, for S stacks.

    ``layers`` are counted from 1, one row for all or (S, layers), nan behind the last. Each
    of the two has the middles of its bins, (S, bins), and the shares (S, bins, layers);
    ``spans`` (S, 2, 2) are the ends of their axes. ``signals`` are of all layers, of which
    there are ``depths`` (S,).
    """

    depths: Layers
    signals: Signals
    layers: FloatArray
    activations: tuple[FloatArray, FloatArray]
    gradients: tuple[FloatArray, FloatArray]
    spans: FloatArray

    def maps(self, column: int) -> list[charts.Spec]:
        """Draw both in a stack's column."""
        return figures.inside_maps(column, self.layers, self.activations, self.gradients)

    def lines(self, column: int) -> list[charts.Spec]:
        """Draw dead and saturated units in a stack's column."""
        signals = self.signals
        return figures.inside_lines(column, self.depths, signals.dead, signals.saturated)


def section(shown: list[Run], beside: DeltaGenerator, above: DeltaGenerator) -> None:
    """Draw what goes on inside the layers of all stacks, side by side."""
    names = words.names(shown)
    with above, st.spinner("Looking inside"):
        parts = []
        for run in shown:
            with room(run.experiment):
                parts.append(_inside(run.first_draw.experiment))
    reaches = [float(np.abs(part.spans[0, 0]).max()) for part in parts]
    widest = max(reaches)
    lost = [name for name, reach in zip(names, reaches, strict=True) if reach < _SEEN * widest]
    titles = [name.partition(",")[0] for name in names]
    depth = max(run.depth for run in shown)
    traces = [
        trace
        for column, part in enumerate(parts)
        for trace in (*part.maps(column), *part.lines(column))
    ]
    layout = figures.inside_layout(depth, titles, _limits(parts)[0])
    figure = charts.finish(charts.at_rest(traces), layout)
    with above:
        alt = (
            "Distribution of activations and of gradients by layer, and the shares of dead and "
            f"saturated units, for {'; '.join(names)}"
        )
        st.plotly_chart(figure, key=CHART, config=charts.CONFIG, alt=alt)
        for place, (name, part) in enumerate(zip(names, parts, strict=True)):
            with st.container(key=f"{SAID}_{place}"):
                st.markdown(_said(name, part, 0))
    if lost:
        st.info(
            f"All activations share one axis. {names[reaches.index(widest)]} takes it to "
            f"{wording.number(widest, 1)}, beside which those of {wording.listed(lost)} are too "
            "small to be seen."
        )
    rows = [row for name, part in zip(names, parts, strict=True) for row in _rows(name, part, 0)]
    with st.container(key=TABLE):
        st.markdown(wording.table(_HEADS, rows))
    st.caption(
        "All of it is about the first draw. Heat maps: one column a layer, the stronger the "
        "colour the more of the values. What lies beyond an axis counts in its outermost cells. "
        "Gradients are relative to the last layer's, exact zeros left out. Dead: slope 0 for every "
        "input of the batch. Saturated or blocked: |f′(z)| below 0.01, counted over units and "
        "inputs."
    )
    export.offer(CHART, figure, lambda: export.Table(_HEADS, rows), "inside_the_layers")
    _jacobian(shown, names)
    _follow(shown)


def _follow(shown: Sequence[Run]) -> None:
    """Let pictures and words follow all sliders that they can."""
    looked = [run.first_draw for run in shown]
    moved, others = runs.affordable(looked, more_on_view())
    sweeps = []
    for one in dict.fromkeys(one for some in moved for one in some):
        called = tuple(words.called(shown, one))
        stacks = tuple(
            (runs.without(run.experiment, one.what), True)
            if one in some
            else (run.experiment, False)
            for run, some in zip(shown, moved, strict=True)
        )
        sweeps += [_drawn(one, stacks), _told(one, stacks, called)]
    live(sweeps, key="vanishing_live")
    if others:
        st.caption(words.let_go(others))


Stacks = tuple[tuple[Experiment, bool], ...]
"""The stacks side by side, each with whether a slider moves it."""


@lru_cache(maxsize=64)
def _drawn(moved: Moved, stacks: Stacks) -> Packed:
    """Return what a slider moves of the heat maps."""
    parts = [_inside(one, moved if moves else None) for one, moves in stacks]
    depths = [runs.depths(one, moved if moves else None) for one, moves in stacks]
    changes = {}
    for column, (part, (_, moves)) in enumerate(zip(parts, stacks, strict=True)):
        for row, trace in enumerate(part.maps(column) if moves else ()):
            changes[_TRACES * column + row] = charts.varying(trace)
    deepest = np.max(np.broadcast_arrays(*depths), axis=0)
    layout = figures.inside_ranges(len(stacks), deepest, _limits(parts))
    return _sweep(moved, changes, layout, {})


@lru_cache(maxsize=64)
def _told(moved: Moved, stacks: Stacks, names: tuple[tuple[str, ...], ...]) -> Packed:
    """Return what a slider moves of the shares of units, the sentences and the table."""
    changes = {}
    texts: dict[str, Sequence[str]] = {}
    for column, ((experiment, moves), called) in enumerate(zip(stacks, names, strict=True)):
        if not moves:
            continue
        part = _inside(experiment, moved)
        for row, trace in enumerate(part.lines(column), _TRACES * column + _MAPS):
            changes[row] = charts.varying(trace)
        texts[f"{SAID}_{column}"] = [_said(name, part, i) for i, name in enumerate(called)]
        rows = [_rows(name, part, i) for i, name in enumerate(called)]
        for place in range(_PICKED):
            key = f"{TABLE}[{_PICKED * column + place + 1}]"
            for cell, values in enumerate(zip(*(row[place] for row in rows), strict=True)):
                if len(set(values)) > 1:
                    texts[f"{key}[{cell}]"] = values
    return _sweep(moved, changes, {}, texts)


def _sweep(
    moved: Moved,
    changes: Mapping[int, Mapping[str, FloatArray]],
    layout: Mapping[str, Sequence[Any]],
    texts: Mapping[str, Sequence[str]],
) -> Packed:
    traces = {i: one for i, one in changes.items() if one}
    chart = ChartSweep(CHART, traces, layout, ragged=moved is BY_DEPTH)
    return Sweep(moved.slider, moved.steps, [chart], texts).packed


def _limits(parts: Sequence[Inside]) -> FloatArray:
    """Return the ends of the axes that hold all stacks, (S, 2, 2)."""
    spans = np.broadcast_arrays(*(part.spans for part in parts))
    low, high = np.min(spans, axis=0)[..., 0], np.max(spans, axis=0)[..., 1]
    return np.stack([low, high], axis=-1)


@lru_cache(maxsize=64)
def _inside(experiment: Experiment, moved: Moved | None = None) -> Inside:
    """Return the distributions of the first draw, for one row of settings or a slider's steps."""
    ways = runs.ways(experiment, moved, signals=True)
    depths = runs.depths(experiment, moved)
    numbers, columns = _picked(depths)
    shape = (*numbers.shape, experiment.batch * experiment.stack.sizes[-1])
    posts, logs = np.full(shape, np.nan), np.full(shape, np.nan)
    size = np.full(len(depths), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        for layer, post in enumerate(ways.run.post):
            rows = ways.order[columns[ways.order, layer] >= 0]
            values = (
                post[: len(ways.order)][columns[ways.order, layer] >= 0] if ways.own else post[None]
            )
            posts[rows, columns[rows, layer]] = values.reshape(-1, shape[-1])
        for at in ways.walk():
            last = depths[at.rows] == at.layer + 1
            if last.any():
                size[at.rows[last]] = np.log10(network.rms(at.met.pre[last]))
            seen = columns[at.rows, at.layer] >= 0
            rows = at.rows[seen]
            values = np.log10(np.abs(at.met.pre[seen]))
            logs[rows, columns[rows, at.layer]] = values.reshape(-1, shape[-1])
        logs -= size[:, None, None]
    # An exact zero has no logarithm, and no place in the picture.
    logs[~np.isfinite(logs)] = np.nan
    spans = np.stack([_span(posts), _whole(logs)], axis=1)
    found = []
    for values, ends in ((posts, spans[:, 0]), (logs, spans[:, 1])):
        low, high = ends[:, :1], ends[:, 1:]
        middles = low + (np.arange(BINS) + 0.5) * (high - low) / BINS
        share = np.round(shares(values, low, high, BINS).swapaxes(-1, -2) * _GRAIN) / _GRAIN
        found.append((middles, np.where(share > 0, share, np.nan)))
    layers = numbers if np.ptp(depths) else numbers[0]
    return Inside(depths, signals(ways), layers, found[0], found[1], spans)


def _picked(depths: Layers) -> tuple[FloatArray, Layers]:
    """Return the layers that heat maps show, and where: a column for each layer, or −1.

    The former are (S, columns), counted from 1, nan behind the last; the latter (S, deepest).
    """
    picked = [
        np.unique(np.linspace(1, depth, min(depth, MOST_LAYERS)).round().astype(int))
        for depth in depths.tolist()
    ]
    numbers = np.full((len(depths), max(map(len, picked))), np.nan)
    columns = np.full((len(depths), int(depths.max())), -1)
    for row, layers in enumerate(picked):
        numbers[row, : len(layers)] = layers
        columns[row, layers - 1] = np.arange(len(layers))
    return numbers, columns


_HEADS = ("Stack", "Layer", "Mean", "Standard deviation", "Dead units", "Saturated or blocked")


def _rows(name: str, part: Inside, row: int) -> list[list[str]]:
    """Return the table's rows of a stack: its first, middle and last layer."""
    depth, found = int(part.depths[row]), part.signals
    return [
        [
            name,
            str(i + 1),
            wording.fixed(float(found.mean[row, i])),
            wording.fixed(float(found.std[row, i])),
            _percent(float(found.dead[row, i])),
            _percent(float(found.saturated[row, i])),
        ]
        for i in (0, (depth - 1) // 2, depth - 1)
    ]


def _said(name: str, part: Inside, row: int) -> str:
    found = part.signals
    if over := int(found.overflow[row]):
        return f"**{name}**: the signal overflows at layer {over}; nothing is known beyond it."
    depth = int(part.depths[row])
    std = found.std[row, :depth]
    dead = float(found.dead[row, :depth].max())
    saturated = float(found.saturated[row, :depth].max())
    change = float(std[-1] / std[0]) if std[0] else np.nan
    signal = (
        "The activations do not vary at all."
        if not std[0]
        else f"From layer 1 to layer {depth} the spread of the activations changes by "
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


def _percent(share: float) -> str:
    return wording.percent(share) if share == share else "unknown"


def _span(values: FloatArray) -> FloatArray:
    """Return round limits that hold all but the outermost values, and 0: (S, 2)."""
    low, high = outermost(values.reshape(len(values), -1), 0.002, 0.998).T
    reach = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1e-12)
    top = _LADDER[np.minimum(np.searchsorted(_LADDER, reach), len(_LADDER) - 1)]
    ends = np.where(low < 0, -top, -0.1 * top), np.where(high > 0, top, 0.1 * top)
    return np.where(np.isnan(low)[:, None], _NOWHERE, np.stack(ends, axis=-1))


def _whole(values: FloatArray) -> FloatArray:
    """Return whole decades that hold nearly all values: (S, 2)."""
    low, high = outermost(values.reshape(len(values), -1), 0.01, 1.0).T
    ends = np.floor(low) - 1, np.ceil(high) + 0.5
    return np.where(np.isnan(low)[:, None], _NOWHERE, np.stack(ends, axis=-1))
