"""The section "Pulse": the gradient's journey, played in the browser."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import network
from core.network import gradient_flow
from core.network.gradient_flow import Experiment, Profile
from core.spec import FloatArray
from pages.ui.live import Packed, live, transport
from pages.ui.parts import Shown, draw, say
from pages.ui.vanishing import figures, runs, words
from pages.ui.vanishing.controls import PULSE, biases_on_view, which
from pages.ui.vanishing.runs import Run

CHART = "vanishing_journey"
SAID = "vanishing_arrived"
MOST_UNITS, MOST_CELLS = 16, 240
"""Of the map of units: its sweeps hold so many numbers for each of a hundred steps."""


def section(
    shown: list[Run], profiles: list[Profile], beside: DeltaGenerator, above: DeltaGenerator
) -> None:
    """Draw the pulse: how far back the gradient has come, and what is left of it."""
    with beside:
        st.markdown("**The pulse**")
        place = which(len(shown))
        share = PULSE.draw()
        transport(PULSE.key, "pulse", key="vanishing_player")
    run, name = shown[place], words.names(shown)[place]
    over = int(profiles[place].forward_overflow.max())
    if over:
        above.warning(f"{name}: the signal overflows at layer {over}; no gradient sets out.")
        return
    with above:
        window = figures.reach(run.depth)
        units = _units(run.experiment)
        with st.spinner("Sending the gradient back"), runs.room(run.experiment):
            at = _pulse(run.experiment, (name,), (share,))
        layout = figures.pulse_layout(run.depth, units, window)
        front = at.layout[CHART]["shapes[0].x0"][0]
        layout["shapes"][0] |= {"x0": front, "x1": front}
        say(at, SAID)
        alt = f"The gradient of {units} units and of every layer of {name}, as far as it has come"
        draw(at, CHART, layout, alt)
    # Of the draws the first is on view alone.
    alone = replace(run, experiment=replace(run.experiment, repeats=1))
    (moved,), others = runs.affordable([alone], biases_on_view())
    sweeps = [_sweep(run.experiment, name)]
    for one in moved:
        called = words.called(shown, place, one)
        sweeps.append(_moved(runs.without(alone.experiment, one.what), called, share, one))
    live(sweeps, key="vanishing_live")
    if others:
        st.caption(words.let_go(others))
    st.caption(
        f"Above: log₁₀ of |∂L/∂z| of the first {units} units of each layer, for the first input of "
        "the first draw, relative to the last layer's root mean square; blank where it is exactly "
        "0. Below: the root mean square of the whole layer."
    )


@lru_cache(maxsize=32)
def _sizes(
    experiment: Experiment, moved: runs.Moved | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return log₁₀ |∂L/∂ẑ| of some units (S, units, depth) and of the layers (S, depth).

    S is 1, or the number of steps of a slider. They are relative to the last layer: −∞
    where nothing is left, nan where the numbers overflow.
    """
    if moved:
        one = gradient_flow.at_steps(experiment, moved.what, moved.steps, 0)
    else:
        one = gradient_flow.at_steps(experiment, "gain", [experiment.gain], 0)
    back = one.back(one.run())
    some = _units(experiment)
    with np.errstate(divide="ignore", invalid="ignore"):
        layers = np.log10(np.stack([network.rms(delta) for delta in back.pre], axis=-1))
        units = np.log10(np.abs(np.stack([delta[..., 0, :some] for delta in back.pre], axis=-1)))
        last = np.where(np.isneginf(layers[:, -1:]), 0.0, layers[:, -1:])
        # As fine as a pixel, or a shade of colour: the steps of a sweep then pack into little.
        layers = np.round((layers - last) * 128) / 128
        units = np.round((units - last[:, None]) * 16) / 16
    return units, layers


def _units(experiment: Experiment) -> int:
    stack = experiment.stack
    return min(stack.sizes[-1], MOST_UNITS, max(3, MOST_CELLS // stack.depth))


def _pulse(
    experiment: Experiment,
    names: Sequence[str],
    shares: Sequence[float],
    moved: runs.Moved | None = None,
) -> Shown:
    """Return what is shown when the gradient has come so far back.

    It is for each of several shares, or for each step of a slider, which may also change
    the name; the other one of the two is then a single one.
    """
    units, layers = _sizes(experiment, moved)
    depth = experiment.stack.depth
    numbers = np.arange(1.0, depth + 1)
    front = depth - np.array(shares) / 100 * (depth - 1)
    # Rounded up: a layer lights up when the pulse has reached it.
    at = np.ceil(front - 1e-9)
    reached = numbers >= at[:, None]
    glow = np.where(reached[:, None, :] & np.isfinite(units), units, np.nan)
    sizes = np.where(reached & np.isfinite(layers), layers, np.nan)
    rows = range(len(sizes))
    called, arrived = (list(v) * (len(rows) // len(v)) for v in (names, at.astype(int).tolist()))
    left = np.broadcast_to(layers, sizes.shape)
    said = [_said(called[i], float(left[i, arrived[i] - 1]), arrived[i], depth) for i in rows]
    traces = figures.pulse_traces(numbers, glow, sizes)
    line = {path: front.tolist() for path in ("shapes[0].x0", "shapes[0].x1")}
    return Shown({CHART: (0, traces)}, {SAID: said}, {} if moved else {CHART: line})


@lru_cache(maxsize=32)
def _sweep(experiment: Experiment, name: str) -> Packed:
    return _pulse(experiment, (name,), PULSE.steps.tolist()).sweep(PULSE.key, PULSE.steps).packed


@lru_cache(maxsize=64)
def _moved(
    experiment: Experiment, names: tuple[str, ...], share: float, moved: runs.Moved
) -> Packed:
    steps = np.array(moved.steps)
    return _pulse(experiment, names, (share,), moved).sweep(moved.slider, steps).packed


def _said(name: str, left: float, layer: int, depth: int) -> str:
    where = f"**{name}**: at layer {layer} of {depth}"
    if math.isnan(left):
        return f"{where} the gradient is unknown: on the way there numbers overflow."
    if math.isinf(left):
        return f"{where} nothing is left of the gradient."
    return f"{where} the gradient is {words.multiple(left)} times what it was at the last layer."
