"""The Activations page's controls, picture and facts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import streamlit as st

from core.curves import probe
from core.facts import Facts, facts, saturations
from core.spec import Interval
from pages.ui import controls, export, wording
from pages.ui.controls import Choice, Settings, segments
from pages.ui.functions import explorer
from pages.ui.functions.explorer import Places
from pages.ui.functions.picture import THIRDS, THRESHOLDS, Scene, View
from pages.ui.functions.sweeps import curve_sweeps, parameter_headlines, probe_sweeps
from pages.ui.live import Sweep, live

SCENE = Scene("activations", window=(-6.0, 6.0), track=(-10.0, 10.0, 0.1))
PROBE = SCENE.probe
WINDOW = "activations_window"
DIFFERENCE = "activations_difference"
THIRD = "activations_third"
THRESHOLD = SCENE.threshold

_JUDGED = 3
"""So many functions have a verdict beside the picture: more would push the sliders apart."""

WINDOWS = ("3", "6", "10")
FACTORS = ("off", "1", "10", "100", "1000")
DEFAULTS: dict[str, Any] = {
    PROBE: -1.0,
    WINDOW: "6",
    DIFFERENCE: "off",
    THIRD: "none",
    THRESHOLD: 0.01,
}


def explore() -> list[str]:
    """Draw the picker and the view's options, then the picture; return the keys picked."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container():
            keys = controls.ACTIVATION_PICKER.pick()
        with st.popover("View", icon=":material/tune:"):
            view = _options(len(keys))
        latest = export.menu(view.scene.chart, "activations")
    _explore(keys, view, latest)
    return keys


@st.fragment
def _explore(keys: list[str], view: View, latest: export.Latest) -> None:
    """Draw the sliders beside the picture that they move, and what can be read off it."""
    places = explorer.places()
    with places.beside:
        choices = [controls.sliders(key) for key in keys]
        _look(choices, view, places, latest)
    live(curve_sweeps(choices, view), key="activations_live")
    explorer.code(choices)


@st.fragment
def _look(choices: list[Choice], view: View, places: Places, latest: export.Latest) -> None:
    """Draw the sliders of what is looked at, the picture, and what can be read off it.

    When the probe or the threshold moves, no more than this is drawn again.
    """
    at = explorer.probe_slider(view.scene, view.probe)
    at_threshold = _threshold_slider()
    view = replace(view, probe=at, threshold=at_threshold)
    all_facts = [_facts(c.key, c.settings, at_threshold) for c in choices]
    judged = choices[:_JUDGED]
    for choice, found in zip(judged, all_facts, strict=False):
        with st.container(key=_verdict_key(choice.key)):
            st.markdown(wording.verdict(choice.name, found, at_threshold))
    with places.above:
        drawn = explorer.show(choices, view)
    latest.note(drawn.figure, lambda: explorer.table(drawn))
    with places.below:
        if view.third and all(one.third is None for one in drawn.curves):
            st.info(
                "No third panel: none of these functions has a parameter that is learned. PReLU "
                "and Swish have one."
            )
        explorer.readings(view.scene, _readings(choices, all_facts, view.probe))
        verdicts = _verdict_sweeps(judged, at_threshold)
        live([*probe_sweeps(choices, view), *verdicts], key="activations_probe_live")
        st.markdown(
            "### Facts, computed\n\n"
            + wording.facts_table([c.label for c in choices], all_facts, at_threshold)
            + "\n\n:small[z is a standard normal input. A square bracket means that the end is "
            "reached. A bend is a jump of f″. Nothing here is typed in: it is found from f and "
            "f′ for the parameters on show.]\n\n" + explorer.receipts(choices, view)
        )


def _options(count: int) -> View:
    half = segments("x from −n to n", WINDOWS, DEFAULTS[WINDOW], WINDOW)
    factor = segments(
        "Difference from the first function, times",
        FACTORS,
        DEFAULTS[DIFFERENCE],
        DIFFERENCE,
        disabled=count < 2,
    )
    third = segments(
        "Third panel",
        list(THIRDS),
        DEFAULTS[THIRD],
        THIRD,
        help="∂f/∂parameter exists where the parameter is learned: PReLU and Swish.",
    )
    return View(
        replace(SCENE, window=(-float(half), float(half))),
        probe=DEFAULTS[PROBE],
        third=THIRDS[third],
        factor=None if factor == "off" or count < 2 else float(factor),
    )


def _threshold_slider() -> float:
    low, high = float(THRESHOLDS[0]), float(THRESHOLDS[-1])
    value: float = st.slider(
        "Saturated where |f′| is below",
        low,
        high,
        DEFAULTS[THRESHOLD],
        low,
        key=THRESHOLD,
        bind="query-params",
        help="Shaded in the gradient's panel: next to nothing comes back through here.",
    )
    return value


def _verdict_key(key: str) -> str:
    return f"{key}_verdict"


def _verdict_sweeps(choices: Sequence[Choice], threshold: float) -> list[Sweep]:
    """Return what parameters and the threshold change in the verdicts."""
    moved = [
        _verdict_sweep(choice.key, p.name, choice.without(p.name), threshold)
        for choice in choices
        for p in choice.entry.parameters
    ]
    return [*moved, _threshold_verdicts(tuple((c.key, c.settings) for c in choices))]


@lru_cache(maxsize=64)
def _verdict_sweep(key: str, name: str, others: Settings, threshold: float) -> Sweep:
    """Sweep what a parameter of a function changes in the verdict on it."""
    (parameter,) = (p for p in controls.activation(key).parameters if p.name == name)
    passages = parameter_headlines(key, name, others).passages()
    said = [wording.verdict(controls.name(key), passage, threshold) for passage in passages]
    slider = controls.slider_key(key, name)
    return Sweep(slider, parameter.steps, texts={_verdict_key(key): said})


@lru_cache(maxsize=64)
def _threshold_verdicts(settings: tuple[tuple[str, Settings], ...]) -> Sweep:
    """Sweep what the threshold changes in the verdicts."""
    texts = {}
    for key, own in settings:
        found, name = _found(key, own), controls.name(key)
        texts[_verdict_key(key)] = [wording.verdict(name, found, t) for t in THRESHOLDS.tolist()]
    return Sweep(THRESHOLD, THRESHOLDS, texts=texts)


def _facts(key: str, settings: Settings, threshold: float) -> Facts:
    return replace(_found(key, settings), saturation=_saturation(key, settings, threshold))


@lru_cache(maxsize=4096)
def _found(key: str, settings: Settings) -> Facts:
    return facts(controls.activation(key), **dict(settings))


@lru_cache(maxsize=4096)
def _saturation(key: str, settings: Settings, threshold: float) -> tuple[Interval, ...]:
    return _saturations(key, settings)(threshold)


@lru_cache(maxsize=256)
def _saturations(key: str, settings: Settings) -> Callable[[float], tuple[Interval, ...]]:
    return saturations(controls.activation(key), **dict(settings))


def _readings(choices: Sequence[Choice], all_facts: Sequence[Facts], x: float) -> str:
    heads = [wording.at(x), "f(x)", "f′(x)", "max |f′|", "f′(0)", "range"]
    rows = []
    for choice, found in zip(choices, all_facts, strict=True):
        here = probe(controls.activation(choice.key), x, reach=0.0, **choice.parameters)
        rows.append(
            [
                choice.label,
                wording.fixed(here.value.item()),
                wording.fixed(here.gradient.item()),
                wording.fixed(found.max_gradient),
                wording.fixed(found.gradient_at_zero),
                wording.interval(found.range),
            ]
        )
    return wording.table(heads, rows)
