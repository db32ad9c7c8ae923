"""The page as a whole: the controls, the stacks side by side, and the sections."""

from dataclasses import replace

import streamlit as st

from pages.ui import controls, presets
from pages.ui.controls import segments
from pages.ui.parts import columns
from pages.ui.vanishing import chain, gradient, inside, journey, pins, runs, theory, words
from pages.ui.vanishing.controls import DEFAULTS, SECTION, base
from pages.ui.vanishing.runs import MOST, Run

GRADIENT, INSIDE, CHAIN, PULSE, THEORY = (
    "Gradient by layer",
    "Inside the layers",
    "Chain rule",
    "Pulse",
    "Theory",
)
SECTIONS = {
    GRADIENT: gradient.section,
    INSIDE: inside.section,
    CHAIN: chain.section,
    PULSE: journey.section,
    THEORY: theory.section,
}


@st.fragment
def explore() -> None:
    """Draw the section that is chosen, beside the controls that all sections share."""
    names = list(SECTIONS)
    section = segments("Section", names, names[0], SECTION, label_visibility="collapsed")
    beside, above = columns()
    with beside:
        own = st.container()
        keys = controls.ACTIVATION_PICKER.pick()
        choices = [controls.sliders(key, swept=False) for key in keys]
        experiment = base()
        kept = pins.pinned()
        current = [runs.run_of(choice, experiment) for choice in choices]
        shown = [*current, *kept][:MOST]
        _pins(current, kept)
    if len(current) + len(kept) > MOST:
        with beside:
            st.caption(f"{len(current) + len(kept)} stacks are picked; the first {MOST} are shown.")
    SECTIONS[section](shown, own, above)
    presets.forget_hidden({**DEFAULTS, **theory.DEFAULTS})


def _pins(current: list[Run], kept: list[Run]) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.button(
            "Pin this run",
            icon=":material/push_pin:",
            help="Keep the first stack as it is, then change one thing and compare.",
            on_click=pins.add,
            args=(replace(current[0], pinned=True),),
        )
    if not kept:
        return
    named = words.names([current[0], *kept])[1:]
    for run, name in zip(kept, named, strict=True):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.button(
                "Unpin",
                icon=":material/close:",
                key=f"unpin {pins.write(run)}",
                type="tertiary",
                on_click=pins.remove,
                args=(run,),
            )
            st.caption(name.partition(". ")[2])
