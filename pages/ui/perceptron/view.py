"""The Perceptron page's sections, one on view at a time."""

import streamlit as st

from pages.ui import presets
from pages.ui.controls import segments
from pages.ui.parts import columns
from pages.ui.perceptron import collapse, controls, regions, rule, steep, unit, xor
from pages.ui.perceptron.controls import STACK, STACKS


def layers() -> None:
    """Draw a stack of layers, with nothing or with an activation between them."""
    between = segments("Between the layers", STACKS, STACKS[0], STACK, label_visibility="collapsed")
    section = collapse.section if between == STACKS[0] else regions.section
    section(*columns())


SECTIONS = {
    "One unit": unit.section,
    "Learning rule": rule.section,
    "XOR": xor.section,
    "Linear collapse": layers,
    "Steps and gradients": steep.section,
}


@st.fragment
def explore() -> None:
    """Draw the section that is chosen: its controls, its picture, its words."""
    names = list(SECTIONS)
    chosen = segments("Section", names, names[0], controls.SECTION, label_visibility="collapsed")
    SECTIONS[chosen]()
    presets.forget_hidden(controls.DEFAULTS)
