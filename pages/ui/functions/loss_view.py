"""The Losses page's controls, picture and facts."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import streamlit as st

from core.curves import probe
from core.loss_facts import LossFacts, huber_gaps, loss_facts, pulls
from core.spec import Axis
from pages.ui import controls, export, wording
from pages.ui.controls import LOSS_PICKER, Choice, Settings, segments
from pages.ui.functions import explorer
from pages.ui.functions.explorer import Places
from pages.ui.functions.picture import Scene, View
from pages.ui.functions.sweeps import curve_sweeps, probe_sweeps
from pages.ui.live import Sweep, live
from pages.ui.outliers.view import laboratory

TARGET = "losses_target"

_JUDGED = 3
"""So many losses have a verdict beside the picture: more would push the sliders apart."""

SCENES = {
    Axis.RESIDUAL: Scene(
        "losses_residual",
        window=(-5.0, 5.0),
        track=(-5.0, 5.0, 0.05),
        titles=("loss ℓ", "∂ℓ/∂ŷ"),
        axis="residual, r = ŷ − y",
    ),
    Axis.MARGIN: Scene(
        "losses_margin",
        window=(-4.0, 4.0),
        track=(-4.0, 4.0, 0.05),
        titles=("loss ℓ", "∂ℓ/∂s at t = 1"),
        axis="margin, m = t·s",
    ),
    Axis.PROBABILITY: Scene(
        "losses_probability",
        window=(0.0, 1.0),
        track=(0.0, 1.0, 0.01),
        titles=("loss ℓ", "∂ℓ/∂p"),
        axis="predicted probability, p",
        most=6.0,
        bounded=True,
    ),
    Axis.LOGIT: Scene(
        "losses_logit",
        window=(-8.0, 8.0),
        track=(-8.0, 8.0, 0.1),
        titles=("loss ℓ", "∂ℓ/∂z"),
        axis="logit, z",
    ),
}
PROBES = {Axis.RESIDUAL: 2.0, Axis.MARGIN: -1.0, Axis.PROBABILITY: 0.1, Axis.LOGIT: -2.0}

MEASURES = {
    Axis.RESIDUAL: "how far a prediction is from a number",
    Axis.MARGIN: "how clearly a score has the sign of its label",
    Axis.PROBABILITY: "how likely class 1 is called",
    Axis.LOGIT: "how large the log-odds of class 1 are",
}


def explore() -> list[str]:
    """Draw the picker, then the picture of those losses that share an axis; return the keys."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container():
            picked = LOSS_PICKER.pick()
        axis = controls.loss(picked[0]).axis
        latest = export.menu(SCENES[axis].chart, "losses")
    chosen = [key for key in picked if controls.loss(key).axis is axis]
    _say_what_is_left_out(picked, chosen, axis)
    scene = SCENES[axis]
    if axis in (Axis.PROBABILITY, Axis.LOGIT):
        target = segments("Target y", ("0", "1"), "1", TARGET)
        scene = replace(scene, target=float(target))
    _explore(chosen, View(scene, probe=PROBES[axis]), latest)
    return picked


@st.fragment
def _explore(keys: list[str], view: View, latest: export.Latest) -> None:
    """Draw the sliders beside the picture that they move, and what can be read off it."""
    places = explorer.places()
    with places.beside:
        choices = [controls.sliders(key) for key in keys]
        _look(choices, view, places, latest)
    target = view.scene.target
    all_facts = [_facts(c.key, c.settings, target) for c in choices]
    for choice, found in zip(choices[:_JUDGED], all_facts, strict=False):
        with places.beside, st.container(key=_verdict_key(choice.key)):
            st.markdown(wording.loss_verdict(choice.name, found, controls.loss(choice.key).axis))
    verdicts = [
        _verdict_sweep(choice.key, p.name, choice.without(p.name), target)
        for choice in choices[:_JUDGED]
        for p in choice.entry.parameters
    ]
    limits = _huber_limits(choices, view.scene.window[1])
    live([*curve_sweeps(choices, view), *verdicts, *limits], key=f"{view.scene.name}_live")
    laboratory(choices)
    losses = [controls.loss(c.key) for c in choices]
    st.markdown(
        "### Facts\n\n"
        + wording.loss_facts_table([c.label for c in choices], losses, all_facts)
        + "\n\n:small[Whether a loss is convex, bounded in its gradient or smooth is computed for "
        "the parameters on show. The best constant minimises the expected loss; the likelihood is "
        "the noise under which the loss is −log p, up to constants. No mean is taken here: the "
        "mean of the squared error over a data set is the mean squared error.]\n\n"
        + explorer.receipts(choices, view)
    )
    explorer.code(choices)


@st.fragment
def _look(choices: list[Choice], view: View, places: Places, latest: export.Latest) -> None:
    """Draw the probe's slider, the picture, and what can be read off it."""
    view = replace(view, probe=explorer.probe_slider(view.scene, view.probe))
    with places.above:
        drawn = explorer.show(choices, view)
    latest.note(drawn.figure, lambda: explorer.table(drawn))
    with places.below:
        explorer.readings(view.scene, _readings(choices, view))
        live(probe_sweeps(choices, view), key=f"{view.scene.name}_probe_live")


def _say_what_is_left_out(picked: Sequence[str], chosen: Sequence[str], axis: Axis) -> None:
    others = [key for key in picked if key not in chosen]
    if not others:
        return
    other = controls.loss(others[0]).axis
    st.info(
        f"{controls.listed(others)} cannot be drawn here. {controls.name(chosen[0])} is a function "
        f"of the {axis.value}, {MEASURES[axis]}; {controls.name(others[0])} of the {other.value}, "
        f"{MEASURES[other]}. The same number means different things on the two axes."
    )


@lru_cache(maxsize=4096)
def _facts(key: str, settings: Settings, target: float) -> LossFacts:
    return loss_facts(controls.loss(key), target, **dict(settings))


def _verdict_key(key: str) -> str:
    return f"{key}_verdict"


@lru_cache(maxsize=64)
def _verdict_sweep(key: str, name: str, others: Settings, target: float) -> Sweep:
    """Sweep what a parameter of a loss changes in the verdict on it."""
    loss = controls.loss(key)
    (parameter,) = (p for p in loss.parameters if p.name == name)
    settings = {**dict(others), name: parameter.steps[:, None]}
    said = [
        wording.loss_verdict(controls.name(key), pull, loss.axis)
        for pull in pulls(loss, target, **settings)
    ]
    slider = controls.slider_key(key, name)
    return Sweep(slider, parameter.steps, texts={_verdict_key(key): said})


def _readings(choices: Sequence[Choice], view: View) -> str:
    rows = []
    for choice in choices:
        here = probe(view.graph(choice.key), view.probe, reach=0.0, **choice.parameters)
        value, gradient = here.value.item(), here.gradient.item()
        rows.append([choice.label, wording.fixed(value), wording.fixed(gradient)])
    return wording.table([wording.at(view.probe, view.scene.axis), *view.scene.titles], rows)


def _huber_limits(choices: Sequence[Choice], furthest: float) -> list[Sweep]:
    """Say how far each Huber loss is from its two limits; return how that moves with δ."""
    moved = []
    for choice in choices:
        if choice.entry.key == "huber":
            with st.container(key=f"{choice.key}_limits"):
                st.markdown(_limits(choice.label, choice.parameters["delta"], furthest))
            moved.append(_limits_sweep(choice.key, furthest))
    return moved


def _limits(label: str, delta: float, furthest: float) -> str:
    to_square, to_line = huber_gaps(delta, furthest)
    return (
        f"**{label}**, for \\|r\\| up to {wording.number(furthest)}: at most "
        f"{wording.fixed(to_square)} from ½r² and {wording.fixed(to_line)} from δ·\\|r\\|. "
        "As δ grows the first goes to 0: half the squared error. As δ shrinks the second "
        "does: δ times the absolute error."
    )


@lru_cache(maxsize=32)
def _limits_sweep(key: str, furthest: float) -> Sweep:
    (delta,) = controls.loss(key).parameters
    each = [Choice(key, {delta.name: v}) for v in delta.steps.tolist()]
    said = [_limits(c.label, c.parameters[delta.name], furthest) for c in each]
    return Sweep(controls.slider_key(key, delta.name), delta.steps, texts={f"{key}_limits": said})
