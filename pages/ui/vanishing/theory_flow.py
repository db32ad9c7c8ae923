"""The theory's view "Mean and variance": where both are drawn to, and what changes it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import mean_field
from core.activations import ACTIVATIONS
from core.mean_field import self_normalising
from core.network import Dropout
from core.spec import FloatArray
from pages.ui import charts, export, wording
from pages.ui.controls import Settings
from pages.ui.live import Later, Packed, Sweep
from pages.ui.vanishing import theory_figures, theory_words
from pages.ui.vanishing.subject import Measured, Subject, Swept

FLOW = "vanishing_flow"

_STARTS = np.array([-1.0, 0.0, 1.0, 0.6, -0.6]), np.array([0.3, 0.1, 2.8, 0.2, 2.5])


def view(
    subject: Subject,
    measured: Measured | None,
    swept: Sequence[Swept],
    beside: DeltaGenerator,
    above: DeltaGenerator,
) -> list[Sweep | Packed | Later]:
    """Draw where mean and variance of the activations are drawn to, and what changes it."""
    stack = subject.stack
    key, settings = stack.key, stack.settings
    how = (stack.weight_variance, stack.dropout, stack.dropout_rate)
    if stack.weight_variance == 0:
        above.info("With σ_w = 0 every unit computes the same, whatever comes in.")
        return []
    flow = _flow(key, settings, *how)
    with above:
        st.markdown(theory_words.at_rest(flow.rest))
        point = (flow.rest.mean, flow.rest.variance)
        traces = theory_figures.flow_traces(flow.tails, flow.heads, flow.paths, point)
        figure = charts.finish(traces, theory_figures.flow_layout())
        alt = f"Where a layer of {subject.choice.label} takes mean and variance of the activations"
        st.plotly_chart(figure, key=FLOW, config=charts.CONFIG, alt=alt)
    rate = stack.dropout_rate or 0.1
    cases = {
        "this network": how,
        "LeCun or Xavier (σ_w² = 1)": (1.0, Dropout.NONE, 0.0),
        "He (σ_w² = 2)": (2.0, Dropout.NONE, 0.0),
        "PyTorch's default (σ_w² = ⅓)": (1 / 3, Dropout.NONE, 0.0),
        f"LeCun, ordinary dropout {rate:g}": (1.0, Dropout.PLAIN, rate),
        f"LeCun, alpha dropout {rate:g}": (1.0, Dropout.ALPHA, rate),
    }
    rows = [[name, *_rest_row(key, settings, *case)] for name, case in cases.items()]
    heads = ["", "μ at rest", "ν at rest", "error left, a layer", "gradient, a layer"]
    with st.container(key=f"{FLOW}_table"):
        st.markdown(wording.table(heads, rows))
    st.caption(
        "μ and ν are mean and variance of a layer's activations. Random weights of mean 0 make "
        "pre-activations with variance σ_w² (ν + μ²) of them, so one layer brings every start onto "
        "one curve (an arrow goes a third of the way); along it the layers move on. SELU's "
        "constants are chosen so that (0, 1) is at rest with σ_w² = 1. That keeps the signal, not "
        "the gradient: a layer multiplies it by √χ₁, 1.035 there, and where units are dropped by "
        "what dropout does to it, too. Biases are left out here."
    )
    export.offer(FLOW, figure, lambda: _paths_table(flow), "mean_and_variance")
    return []


@dataclass(frozen=True)
class _Flow:
    """Arrows (A,), paths (layers, P), and where they end."""

    tails: tuple[FloatArray, FloatArray]
    heads: tuple[FloatArray, FloatArray]
    paths: tuple[FloatArray, FloatArray]
    rest: self_normalising.Rest


@lru_cache(maxsize=32)
def _flow(key: str, settings: Settings, weights: float, dropout: Dropout, rate: float) -> _Flow:
    activation, how = ACTIVATIONS[key], (weights, dropout, rate, dict(settings))
    grid = np.meshgrid(np.linspace(-1.0, 1.0, 9), np.linspace(0.2, 2.8, 9))
    tails = tuple(axis.ravel() for axis in grid)
    after = self_normalising.layer_map(activation, tails, *how)
    heads = tuple(a + (b - a) / 3 for a, b in zip(tails, after, strict=True))
    paths = self_normalising.paths(activation, _STARTS, 12, *how)
    return _Flow(tails, heads, tuple(paths), _rest(key, settings, weights, dropout, rate))


@lru_cache(maxsize=128)
def _rest(
    key: str, settings: Settings, weights: float, dropout: Dropout, rate: float
) -> self_normalising.Rest:
    return self_normalising.rest(ACTIVATIONS[key], weights, dropout, rate, dict(settings))


def _rest_row(
    key: str, settings: Settings, weights: float, dropout: Dropout, rate: float
) -> tuple[str, ...]:
    found = _rest(key, settings, weights, dropout, rate)
    if not 0 < found.variance < math.inf:
        return theory_words.rest_row(found, math.nan)
    q = weights * (found.variance + found.mean**2)
    slope = mean_field.moments(ACTIVATIONS[key], q, **dict(settings)).slope
    share = self_normalising.gradient_share(dropout, rate)
    return theory_words.rest_row(found, weights * float(slope) * share)


def _paths_table(flow: _Flow) -> export.Table:
    mean, variance = flow.paths
    rows = [
        [path, layer, float(mean[layer, path]), float(variance[layer, path])]
        for path in range(mean.shape[1])
        for layer in range(mean.shape[0])
    ]
    return export.Table(["path", "layer", "mean", "variance"], rows)
