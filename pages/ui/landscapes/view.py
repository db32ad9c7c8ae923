"""The Landscapes page: the sections, of which only the one that is chosen computes."""

import streamlit as st

from pages.ui import presets
from pages.ui.controls import segments
from pages.ui.landscapes import controls, networks, regularisation
from pages.ui.landscapes.landscape import landscape

SECTIONS = {
    controls.LANDSCAPE: landscape,
    controls.REGULARISATION: regularisation.section,
    controls.NETWORKS: networks.section,
}

DEFAULTS = {**controls.DEFAULTS, **regularisation.DEFAULTS, **networks.DEFAULTS}
"""Every control but the section, which decides what is on view."""


@st.fragment
def explore() -> None:
    """Draw the section that is chosen: its controls, its picture, its words."""
    names = list(SECTIONS)
    chosen = segments("Section", names, names[0], controls.SECTION, label_visibility="collapsed")
    SECTIONS[chosen]()
    presets.forget_hidden(DEFAULTS)
