"""The section "Pulse": the gradient's journey, played in the browser."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import network
from core.network import Layers
from core.network.gradient_flow import Experiment
from core.spec import FloatArray
from pages.ui.charts import Spec
from pages.ui.live import Packed, live, transport
from pages.ui.parts import Shown, draw, say
from pages.ui.vanishing import figures, runs, words
from pages.ui.vanishing.controls import PULSE, more_on_view, which
from pages.ui.vanishing.runs import BY_DEPTH, Moved, Run

CHART = "vanishing_journey"
SAID = "vanishing_arrived"
MOST_UNITS, MOST_CELLS = 16, 240
"""Of the map of units: its sweeps hold so many numbers for each of a hundred steps."""


def section(shown: list[Run], beside: DeltaGenerator, above: DeltaGenerator) -> None:
    """Draw the pulse: how far back the gradient has come, and what is left of it."""
    with beside:
        st.markdown("**The pulse**")
        place = which(len(shown))
        share = PULSE.draw()
        transport(PULSE.key, "pulse", key="vanishing_player")
    run, name = shown[place], words.names(shown)[place]
    alone = run.first_draw
    with above, st.spinner("Sending the gradient back"), runs.room(run.experiment):
        over = int(_sizes(alone.experiment).overflow[0])
    if over:
        above.warning(f"{name}: the signal overflows at layer {over}; no gradient sets out.")
        return
    with above:
        units = int(_units(run.experiment, np.array([run.depth]))[0])
        at = _pulse(alone.experiment, (name,), (share,))
        layout = _layout(run.depth, units)
        front = at.layout[CHART]["shapes[0].x0"][0]
        layout["shapes"][0] |= {"x0": front, "x1": front}
        say(at, SAID)
        alt = f"The gradient of {units} units and of every layer of {name}, as far as it has come"
        draw(at, CHART, layout, alt)
    (moved,), others = runs.affordable([alone], more_on_view())
    sweeps = [_sweep(alone.experiment, name)]
    for one in moved:
        called = words.called(shown, one)[place]
        sweeps.append(_moved(runs.without(alone.experiment, one.what), called, share, one))
    live(sweeps, key="vanishing_live")
    if others:
        st.caption(words.let_go(others))
    st.caption(
        f"Above: log₁₀ of |∂L/∂z| of the first {units} units of each layer, for the first input of "
        "the first draw, relative to the last layer's root mean square; blank where it is exactly "
        "0. Below: the root mean square of the whole layer."
    )


@dataclass(frozen=True, eq=False)
class _Sizes:
    """log₁₀ |∂L/∂ẑ| of some units (S, units, deepest) and of the layers (S, deepest).

    They are relative to the last layer: −∞ where nothing is left, nan where the numbers
    overflow. The layers stand in the last places of a row, as many as ``depths`` (S,) says.
    ``overflow`` (S,) is the layer at which the signal overflows, or 0.
    """

    units: FloatArray
    layers: FloatArray
    depths: Layers
    overflow: Layers


@lru_cache(maxsize=32)
def _sizes(experiment: Experiment, moved: Moved | None = None) -> _Sizes:
    """Return the gradients of one row of settings, or at each step of a slider."""
    ways = runs.ways(experiment, moved)
    depths = runs.depths(experiment, moved)
    most = int(_units(experiment, depths).max())
    units = np.full((len(depths), most, int(depths.max())), np.nan)
    layers = np.full((len(depths), int(depths.max())), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        for at in ways.walk():
            layers[at.rows, at.places] = np.log10(network.rms(at.met.pre))
            units[at.rows, :, at.places] = np.log10(np.abs(at.met.pre[..., 0, :most]))
        last = np.where(np.isneginf(layers[:, -1:]), 0.0, layers[:, -1:])
        # As fine as a pixel, or a shade of colour: the steps of a sweep then pack into little.
        layers = np.round((layers - last) * 128) / 128
        units = np.round((units - last[:, None]) * 16) / 16
    return _Sizes(units, layers, depths, ways.forward_overflow)


def _units(experiment: Experiment, depths: Layers) -> Layers:
    """Return how many units are shown of stacks so deep."""
    width = experiment.stack.sizes[-1]
    return np.minimum(np.maximum(MOST_CELLS // depths, 3), min(MOST_UNITS, width))


def _pulse(
    experiment: Experiment,
    names: Sequence[str],
    shares: Sequence[float],
    moved: Moved | None = None,
) -> Shown:
    """Return what is shown when the gradient has come so far back.

    It is for each of several shares, or for each step of a slider, which may also change
    the name; the other one of the two is then a single one.
    """
    found = _sizes(experiment, moved)
    depths = found.depths
    deepest = found.layers.shape[-1]
    numbers = figures.numbered(depths, deepest)
    front = depths - np.array(shares) / 100 * (depths - 1)
    # Rounded up: a layer lights up when the pulse has reached it.
    at = np.ceil(front - 1e-9)
    reached = numbers >= at[:, None]
    shown = _units(experiment, depths)
    rows = np.arange(1.0, found.units.shape[1] + 1)
    rows = np.where(rows <= shown[:, None], rows, np.nan) if np.ptp(shown) else rows[: shown[0]]
    units = found.units[:, : rows.shape[-1]]
    there = reached[:, None, :] & np.isfinite(units) & ~np.isnan(rows)[..., None]
    glow = np.where(there, units, np.nan)
    sizes = np.where(reached & np.isfinite(found.layers), found.layers, np.nan)
    steps = range(len(sizes))
    called, arrived, deep = (
        list(v) * (len(steps) // len(v)) for v in (names, at.astype(int).tolist(), depths.tolist())
    )
    left = np.broadcast_to(found.layers, sizes.shape)
    said = [
        _said(called[i], float(left[i, deepest - deep[i] + arrived[i] - 1]), arrived[i], deep[i])
        for i in steps
    ]
    layout = {path: front.tolist() for path in ("shapes[0].x0", "shapes[0].x1")}
    if moved is BY_DEPTH:
        layout |= _axes(depths, shown)
    moves = moved is None or moved is BY_DEPTH
    traces = figures.pulse_traces(numbers, rows, glow, sizes)
    return Shown({CHART: (0, traces)}, {SAID: said}, {CHART: layout} if moves else {})


def _layout(depth: int, units: int) -> Spec:
    return figures.pulse_layout(depth, units, figures.reach(depth))


def _axes(depths: Layers, units: Layers) -> dict[str, list[Any]]:
    """Return the ends of the axes and of the colours at each depth."""
    layouts = [_layout(*one) for one in zip(depths.tolist(), units.tolist(), strict=True)]
    ends = {
        f"coloraxis.{end}": [one["coloraxis"][end] for one in layouts] for end in ("cmin", "cmax")
    }
    return figures.ranges(layouts, "xaxis", "yaxis", "yaxis2") | ends


@lru_cache(maxsize=32)
def _sweep(experiment: Experiment, name: str) -> Packed:
    return _pulse(experiment, (name,), PULSE.steps.tolist()).sweep(PULSE.key, PULSE.steps).packed


@lru_cache(maxsize=64)
def _moved(experiment: Experiment, names: tuple[str, ...], share: float, moved: Moved) -> Packed:
    steps = np.array(moved.steps)
    shown = _pulse(experiment, names, (share,), moved)
    return shown.sweep(moved.slider, steps, ragged=moved is BY_DEPTH).packed


def _said(name: str, left: float, layer: int, depth: int) -> str:
    where = f"**{name}**: at layer {layer} of {depth}"
    if math.isnan(left):
        return f"{where} the gradient is unknown: on the way there numbers overflow."
    if math.isinf(left):
        return f"{where} nothing is left of the gradient."
    return f"{where} the gradient is {words.multiple(left)} times what it was at the last layer."
