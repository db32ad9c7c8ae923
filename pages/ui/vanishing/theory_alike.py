"""The theory's view "Two inputs": whether they grow alike from layer to layer, or apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import mean_field
from core.mean_field import correlation
from core.spec import FloatArray
from pages.ui import export, wording
from pages.ui.live import Later, Packed, Sweep
from pages.ui.parts import Shown, Slider, draw, say
from pages.ui.vanishing import theory_figures, theory_words
from pages.ui.vanishing.subject import Measured, Plain, Subject, Swept

ALIKE = Slider(
    "vanishing_alike",
    "Correlation of two inputs",
    0.0,
    0.95,
    0.5,
    0.05,
    2,
    "1: the same input; 0: nothing in common.",
)

MAP = "vanishing_alike_map"
PATH = "vanishing_alike_path"
TOLD = "vanishing_alike_told"

_NEAR = np.concatenate([[0.0], np.geomspace(1e-4, 0.05, 9), np.linspace(0.1, 1.0, 19)])
"""1 − c at which the map of correlations is drawn: dense where it may be steep."""

_DECIMALS = {PATH: 5, MAP: 4}

_LIVE_LAYERS = 50
"""In deeper stacks the correlations that a sweep needs take a second."""


def view(
    subject: Subject,
    measured: Measured | None,
    swept: Sequence[Swept],
    beside: DeltaGenerator,
    above: DeltaGenerator,
) -> list[Sweep | Packed | Later]:
    """Draw whether two inputs grow alike from layer to layer, or apart."""
    with beside:
        alike = ALIKE.draw()
    stack = subject.stack
    shown = _alike(stack, (alike,))
    c = shown.traces[PATH][1][0]["y"][0]
    known = c[np.isfinite(c)]
    if not known.size:
        above.info("No signal: with σ_w = 0 or inputs of 0 there are no two inputs to compare.")
        return []
    with above:
        say(shown, TOLD)
        with st.grid(2, min_column_width=240):
            alt = f"Correlation of two inputs by layer, from {known[0]:.2f} to {known[-1]:.3f}"
            layout = theory_figures.correlation_layout(stack.depth)
            figure = draw(shown, PATH, layout, alt)
            alt = f"What a layer of {subject.choice.label} makes of the correlation of two inputs"
            draw(shown, MAP, theory_figures.map_layout(), alt)
    if subject.beyond:
        st.info(theory_words.beyond(subject.beyond))
    if subject.jumps:
        st.info(theory_words.JUMPS)
    one = _map(stack)
    where = f"variance q = {wording.number(one.variance, 3)}"
    where += ", that of layer 1" if math.isnan(one.rest) else ""
    st.caption(
        "c is the correlation of the pre-activations that two inputs cause in the same units. On "
        f"the right, a layer's map of c at {where}; this network climbs or descends the "
        "staircase between map and diagonal. Where the map meets the diagonal, c comes to rest "
        "(c\\*). Unless the function jumps, its slope at c = 1 is χ₁ once q has settled: gradients "
        "vanish where inputs grow alike, and explode where they are driven apart."
    )
    export.offer(PATH, figure, lambda: _rows(c), "mean_field_correlation")
    # Each layer's correlation is an integral over the plane.
    others = [one.label for one in swept if one.what != "dropout_rate"]
    sweeps: list[Sweep | Packed | Later] = []
    if stack.depth <= _LIVE_LAYERS:
        sweeps.append(_alike_sweep(stack))
    else:
        others.insert(0, "the correlation")
    if others:
        st.caption(wording.let_go(others))
    return sweeps


def _alike(stack: Plain, starts: Sequence[float]) -> Shown:
    """Return what is shown for two inputs of each of these correlations."""
    c = np.stack([1 - _gaps(stack, start) for start in starts])
    if not np.isfinite(c).any():
        return Shown({PATH: (0, theory_figures.correlation_traces(c, math.nan))}, {})
    one = _map(stack)
    path = theory_figures.correlation_traces(c, one.rest)
    staircase = theory_figures.map_traces(1 - _NEAR, one.after, c)
    told = [_told(one, row[np.isfinite(row)]) for row in c]
    return Shown({PATH: (0, path), MAP: (0, staircase)}, {TOLD: told}, decimals=_DECIMALS)


@lru_cache(maxsize=32)
def _alike_sweep(stack: Plain) -> Packed:
    shown = _alike(stack, ALIKE.steps.tolist())
    return shown.sweep(ALIKE.key, ALIKE.steps).packed


@dataclass(frozen=True)
class _Map:
    """A layer's map of correlations at some ``variance``, and where it leads (nan if nowhere)."""

    variance: float
    after: FloatArray
    rest: float
    slope: float
    chi: float


@lru_cache(maxsize=512)
def _gaps(stack: Plain, c: float) -> FloatArray:
    weights, biases, inputs = stack.weight_variance, stack.bias_variance, stack.input_second_moment
    activation, parameters, depth = stack.activation, dict(stack.settings), stack.depth
    variance = mean_field.layers(activation, weights, biases, inputs, depth, **parameters).variance
    first = correlation.first_gap(weights, biases, inputs, c)
    return correlation.gaps(activation, variance, weights, biases, first, **parameters)


@lru_cache(maxsize=32)
def _map(stack: Plain) -> _Map:
    weights, biases, inputs = stack.weight_variance, stack.bias_variance, stack.input_second_moment
    activation, parameters = stack.activation, dict(stack.settings)
    first = weights * inputs + biases
    settled = mean_field.settle(activation, weights, biases, first, **parameters)
    rest = slope = math.nan
    if 0 < settled.variance < math.inf:
        gap, slope = correlation.settled_gap(activation, weights, settled, **parameters)
        q, rest = settled.variance, 1 - gap
    else:
        # Nowhere to rest: the map of the first layer.
        q = first
    following = float(mean_field.next_variance(activation, q, weights, biases, **parameters))
    apart = [correlation.difference(activation, q, gap, **parameters)[0] for gap in _NEAR.tolist()]
    after = 1 - weights * np.array(apart) / (following or math.nan)
    return _Map(q, after, rest, slope, settled.chi)


def _told(one: _Map, c: FloatArray) -> str:
    if math.isnan(one.rest):
        return (
            "The variance settles at no value above 0, and the correlation need not settle either. "
            f"From {wording.fixed(float(c[0]), 3)} the correlation goes to "
            f"**{wording.fixed(float(c[-1]), 4)}** at layer {c.size}."
        )
    return theory_words.apart(1 - one.rest, one.slope, one.chi)


def _rows(c: FloatArray) -> export.Table:
    return export.Table(["layer", "correlation"], [[i, v] for i, v in enumerate(c.tolist(), 1)])
