"""The section "Theory": what mean-field theory says of the stack on view, beside experiment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import mean_field
from core.network import Dropout, Skip
from core.network.gradient_flow import Experiment, Profile
from core.network.normalisation import Normalisation
from pages.ui import controls, text, wording
from pages.ui.controls import Choice, segments
from pages.ui.live import Later, Packed, Sweep, live
from pages.ui.vanishing import runs, theory_alike, theory_flow, theory_phases
from pages.ui.vanishing.controls import more_on_view, which
from pages.ui.vanishing.runs import Moved, Run
from pages.ui.vanishing.subject import Measured, Plain, Subject, Swept

VIEW = "vanishing_theory"

View = Callable[
    [Subject, Measured | None, Sequence[Swept], DeltaGenerator, DeltaGenerator],
    list[Sweep | Packed | Later],
]
VIEWS: Mapping[str, View] = {
    "Phases": theory_phases.view,
    "Two inputs": theory_alike.view,
    "Mean and variance": theory_flow.view,
}

DEFAULTS = {VIEW: "Phases", theory_alike.ALIKE.key: theory_alike.ALIKE.default}
"""The controls of this section, for the page to forget when they are not on view."""

_DRAWS = 12
"""Theory predicts a mean: at least so many draws stand against it."""


def section(shown: list[Run], beside: DeltaGenerator, above: DeltaGenerator) -> None:
    """Draw the theory of one stack: controls ``beside``, words and pictures ``above``."""
    with beside:
        place = which(len(shown))
    run = shown[place]
    one = run.experiment
    repeats = max(one.repeats, _DRAWS) if runs.quick(run) else one.repeats
    with above, st.spinner("Running the networks"):
        profile = runs.measure(replace(one, repeats=repeats))
    subject = Subject(run.choice, _plain(run), _beyond(one))
    moved = runs.movers(run, more_on_view())
    with above:
        view = segments("View", list(VIEWS), DEFAULTS[VIEW], VIEW, label_visibility="collapsed")
    waves = mean_field.waves(subject.stack.activation, **run.choice.parameters)
    swept = [_swept(run, one) for one in moved if one.shared or not waves]
    sweeps = VIEWS[view](subject, _measured(profile), swept, beside, above)
    if waves and (own := [one.label for one in moved if not one.shared]):
        st.caption(wording.let_go(own))
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


def _plain(run: Run) -> Plain:
    one = run.experiment
    return Plain(
        key=controls.activation(run.choice.key).key,
        # In one order, wherever they come from.
        settings=tuple(sorted(run.choice.settings)),
        weight_variance=one.sigma_w**2,
        bias_variance=one.bias_std**2,
        input_second_moment=one.input_scale**2,
        depth=run.depth,
        dropout=one.stack.dropout,
        dropout_rate=one.stack.dropout_rate,
    )


def _swept(run: Run, moved: Moved) -> Swept:
    neutral = runs.without(run.experiment, moved.what)
    stacks = _at_steps(moved, run.choice.key, run.choice.without(moved.what), neutral)
    return Swept(moved.slider, moved.label, moved.what, moved.steps, stacks)


@lru_cache(maxsize=64)
def _at_steps(
    moved: Moved, key: str, settings: controls.Settings, experiment: Experiment
) -> tuple[Plain, ...]:
    run = Run(Choice(key, dict(settings)), experiment)
    return tuple(_plain(moved.at(run, step)) for step in moved.steps)


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
