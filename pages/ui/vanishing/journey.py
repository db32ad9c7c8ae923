"""The sections "Pulse", the gradient's journey played in the browser, and "Theory"."""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import gradient_flow, network
from core.gradient_flow import Experiment, Profile
from core.network import Dropout, Skip
from core.normalisation import Normalisation
from core.spec import FloatArray
from pages.ui.live import Sweep, live, transport
from pages.ui.parts import Shown, draw, say
from pages.ui.vanishing import figures, runs, words
from pages.ui.vanishing import theory as mean_field
from pages.ui.vanishing.controls import GAIN, PULSE, SCALE, which
from pages.ui.vanishing.runs import Run

CHART = "vanishing_journey"
SAID = "vanishing_arrived"
UNITS = 24
_DRAWS = 12
"""Theory predicts a mean: at least so many draws stand against it."""


def section(
    shown: list[Run], profiles: list[Profile], beside: DeltaGenerator, above: DeltaGenerator
) -> None:
    """Draw the pulse: how far back the gradient has come, and what is left of it."""
    with beside:
        st.markdown("**The pulse**")
        place = which(len(shown))
        share = PULSE.draw()
        transport(PULSE.key, "the way back", key="vanishing_player")
    run, name = shown[place], words.names(shown)[place]
    over = int(profiles[place].forward_overflow.max())
    if over:
        above.warning(f"{name}: the signal overflows at layer {over}; no gradient sets out.")
        return
    with above:
        window = figures.reach(run.depth)
        units = min(run.width, UNITS)
        with st.spinner("Sending the gradient back"), runs.room(run.experiment):
            at = _pulse(run.experiment, name, (share,))
        layout = figures.pulse_layout(run.depth, units, window)
        front = at.layout[CHART]["shapes[0].x0"][0]
        layout["shapes"][0] |= {"x0": front, "x1": front}
        say(at, SAID)
        alt = f"The gradient of {units} units and of every layer of {name}, as far as it has come"
        draw(at, CHART, layout, alt)
    live([_sweep(run.experiment, name)], key="vanishing_live")
    st.caption(
        f"Above: log₁₀ of |∂L/∂z| of the first {units} units of each layer, for the first input of "
        "the first draw, relative to the last layer's root mean square; blank where it is exactly "
        "0. Below: the root mean square of the whole layer."
    )


@lru_cache(maxsize=32)
def _sizes(experiment: Experiment) -> tuple[FloatArray, FloatArray]:
    """Return log₁₀ |∂L/∂ẑ| of some units (units, depth) and of the layers (depth,)."""
    one = gradient_flow.draw(experiment, 0)
    back = one.back(one.run())
    with np.errstate(divide="ignore", invalid="ignore"):
        layers = np.log10(np.array([float(network.rms(delta)) for delta in back.pre]))
        units = np.log10(np.abs(np.stack([delta[0, :UNITS] for delta in back.pre], axis=-1)))
        found = units - layers[-1], layers - layers[-1]
    # To a hundredth of a decade: the steps of the sweep then pack into little.
    unit, layer = (np.where(np.isfinite(v), np.round(v * 128) / 128, np.nan) for v in found)
    return unit, layer


def _pulse(experiment: Experiment, name: str, shares: tuple[float, ...]) -> Shown:
    """Return what is shown when the gradient has come so far back, for each share."""
    units, layers = _sizes(experiment)
    depth = experiment.stack.depth
    numbers = np.arange(1.0, depth + 1)
    front = depth - np.array(shares) / 100 * (depth - 1)
    # Rounded up: a layer lights up when the pulse has reached it.
    reached = numbers >= np.ceil(front - 1e-9)[:, None]
    glow = np.where(reached[:, None, :], units, np.nan)
    sizes = np.where(reached, layers, np.nan)
    said = [_said(name, layers, math.ceil(f - 1e-9), depth) for f in front.tolist()]
    line = {path: front.tolist() for path in ("shapes[0].x0", "shapes[0].x1")}
    traces = figures.pulse_traces(numbers, glow, sizes)
    return Shown({CHART: (0, traces)}, {SAID: said}, {CHART: line})


@lru_cache(maxsize=32)
def _sweep(experiment: Experiment, name: str) -> Sweep:
    return _pulse(experiment, name, tuple(PULSE.steps.tolist())).sweep(PULSE.key, PULSE.steps)


def _said(name: str, layers: FloatArray, layer: int, depth: int) -> str:
    left = float(layers[layer - 1])
    if left != left:
        return f"**{name}**: at layer {layer} of {depth} nothing is left of the gradient."
    return (
        f"**{name}**: at layer {layer} of {depth} the gradient is {words.multiple(left)} times "
        "what it was at the last layer."
    )


# ---------------------------------------------------------------- theory


def theory(
    shown: list[Run], profiles: list[Profile], beside: DeltaGenerator, above: DeltaGenerator
) -> None:
    """Hand the first stack, and what was measured of it, to the theory."""
    with beside:
        place = which(len(shown))
    run = shown[place]
    one = run.experiment
    repeats = max(one.repeats, _DRAWS) if runs.live([run]) else one.repeats
    with above, st.spinner("Running the networks"):
        profile = runs.measure(replace(one, repeats=repeats))
    subject = mean_field.Subject(
        choice=run.choice,
        weight_variance=one.sigma_w**2,
        bias_variance=one.bias_std**2,
        depth=run.depth,
        input_second_moment=one.input_scale**2,
        beyond=_beyond(one),
        dropout=one.stack.dropout,
        dropout_rate=one.stack.dropout_rate,
    )
    steps = [] if run.pinned else [_swept(one, slider) for slider in (GAIN, SCALE)]
    sweeps = mean_field.section(subject, _measured(profile), steps, beside=beside, above=above)
    if sweeps:
        live(sweeps, key="vanishing_live")


def _measured(profile: Profile) -> mean_field.Measured | None:
    if profile.forward_overflow.any() or profile.backward_overflow.any():
        return None
    if not (profile.gradient > 0).all() or len(profile.gradient) < 2:
        return None
    return mean_field.Measured.of(profile.gradient, profile.second_moment)


def _swept(one: Experiment, slider: str) -> mean_field.Swept:
    steps = runs.STEPS[slider]
    same = np.ones_like(steps)
    weights, inputs = one.sigma_w**2 * same, one.input_scale**2 * same
    if slider == GAIN:
        weights = (one.sigma_w / one.gain * steps) ** 2
    else:
        inputs = steps**2
    return mean_field.Swept(slider, steps, weights, one.bias_std**2 * same, inputs)


def _beyond(one: Experiment) -> tuple[str, ...]:
    stack = one.stack
    found = []
    if stack.normalisation is not Normalisation.NONE:
        found.append(f"{stack.normalisation.name.lower()} normalisation")
    if stack.skip is not Skip.NONE:
        found.append("skip connections")
    if stack.dropout is not Dropout.NONE:
        found.append("dropout")
    if one.initialiser in ("orthogonal", "constant"):
        found.append(f"{one.initialiser} weights")
    return tuple(found)
