"""The section "Theory": what mean-field theory says of the stack on view, beside experiment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.network import Dropout, Skip
from core.network.gradient_flow import Experiment, Profile
from core.network.normalisation import Normalisation
from pages.ui import text
from pages.ui.controls import segments
from pages.ui.live import Packed, Sweep, live
from pages.ui.vanishing import runs, theory_alike, theory_flow, theory_phases
from pages.ui.vanishing.controls import more_on_view, which
from pages.ui.vanishing.runs import Run
from pages.ui.vanishing.subject import Measured, Subject, Swept

VIEW = "vanishing_theory"

View = Callable[
    [Subject, Measured | None, Sequence[Swept], DeltaGenerator, DeltaGenerator],
    list[Sweep | Packed],
]
VIEWS: Mapping[str, View] = {
    "Phases": theory_phases.view,
    "Two inputs": theory_alike.view,
    "Mean and variance": theory_flow.view,
}

DEFAULTS = {VIEW: "Phases", theory_alike.ALIKE.key: theory_alike.ALIKE.default}
"""The controls of this section, for the page to forget when they are not on view."""

_ANSWERED = ("gain", "input_scale", "value", "bias_std")
"""What moves the stack through the phase diagram, which itself stays as it is."""

_DRAWS = 12
"""Theory predicts a mean: at least so many draws stand against it."""


def section(
    shown: list[Run], profiles: list[Profile], beside: DeltaGenerator, above: DeltaGenerator
) -> None:
    """Draw the theory of one stack: controls ``beside``, words and pictures ``above``."""
    with beside:
        place = which(len(shown))
    run = shown[place]
    one = run.experiment
    repeats = max(one.repeats, _DRAWS) if runs.quick(run) else one.repeats
    with above, st.spinner("Running the networks"):
        profile = runs.measure(replace(one, repeats=repeats))
    subject = Subject(
        choice=run.choice,
        weight_variance=one.sigma_w**2,
        bias_variance=one.bias_std**2,
        depth=run.depth,
        input_second_moment=one.input_scale**2,
        beyond=_beyond(one),
        dropout=one.stack.dropout,
        dropout_rate=one.stack.dropout_rate,
    )
    moved = [m for m in runs.movers(run, more_on_view()) if m.what in _ANSWERED]
    steps = [_swept(one, m) for m in moved]
    with above:
        view = segments("View", list(VIEWS), DEFAULTS[VIEW], VIEW, label_visibility="collapsed")
    sweeps = VIEWS[view](subject, _measured(profile), steps, beside, above)
    with st.expander("Where the theory comes from", icon=":material/school:"):
        st.markdown(text.lesson("mean-field"))
    if sweeps:
        live(sweeps, key="vanishing_live")


def _measured(profile: Profile) -> Measured | None:
    if profile.forward_overflow.any() or profile.backward_overflow.any():
        return None
    if not (profile.gradient > 0).all() or len(profile.gradient) < 2:
        return None
    return Measured.of(profile.gradient, profile.second_moment)


def _swept(one: Experiment, moved: runs.Moved) -> Swept:
    steps = np.array(moved.steps)
    stacks = [replace(one, **{moved.what: step}) for step in moved.steps]
    return Swept(
        moved.slider,
        steps,
        np.array([stack.sigma_w**2 for stack in stacks]),
        np.array([stack.bias_std**2 for stack in stacks]),
        np.array([stack.input_scale**2 for stack in stacks]),
    )


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
