"""The Optimizers page: one section at a time, with its controls, its picture, its words."""

import streamlit as st

from core.optimizers import OPTIMIZERS
from core.spec import FRAMEWORKS
from pages.ui import parts, presets
from pages.ui.controls import segments
from pages.ui.optimizers import controls
from pages.ui.optimizers.forms import forms
from pages.ui.optimizers.ledger import ledger
from pages.ui.optimizers.maps import maps
from pages.ui.optimizers.race import race

RACE, LEDGER, MAPS, FORMS = "Race", "Step ledger", "Maps", "Three momentums"
SECTIONS = {RACE: race, LEDGER: ledger, MAPS: maps, FORMS: forms}
_FRAMEWORK_NAMES = {"numpy": "NumPy", "pytorch": "PyTorch", "keras": "Keras", "jax": "JAX"}


@st.fragment
def explore() -> None:
    """Draw the section that is chosen."""
    names = list(SECTIONS)
    section = segments("Section", names, names[0], controls.SECTION, label_visibility="collapsed")
    SECTIONS[section]()
    _surface()
    presets.forget_hidden([*controls.DEFAULTS, controls.CARRIED_LOSS])


def _surface() -> None:
    """Say what the surface is that is walked on: its formula, and where it comes from."""
    surface = controls.surface()
    if surface is None:
        return
    parts.formulas(surface.formula)
    source = surface.origin
    title = f"[{source.title}]({source.url})" if source.url else source.title
    st.caption(f"{surface.insight} {source.credit}: {title}.")


@st.fragment
def entries() -> None:
    """Explain one optimizer: its rule, what it is good for, and its spelling in code."""
    name = segments("Rule", list(controls.NAMES), "Adam", "optimizers_entry")
    entry = OPTIMIZERS[controls.NAMES[name]]
    st.latex(entry.formula)
    st.markdown(entry.insight)
    st.markdown(
        "\n".join(
            [
                f"- **Use it** where: {entry.use}",
                f"- **Avoid it** where: {entry.avoid}",
                f"- **Strengths**: {'; '.join(entry.strengths)}.",
                f"- **Weaknesses**: {'; '.join(entry.weaknesses)}.",
                f"- **Conventions**: {entry.conventions}",
            ]
        )
    )
    source = entry.origin
    title = f"[{source.title}]({source.url})" if source.url else source.title
    st.caption(f"{source.credit}: {title}")
    for tab, framework in zip(st.tabs(list(_FRAMEWORK_NAMES.values())), FRAMEWORKS, strict=True):
        tab.code(entry.snippet(framework), language="python")
