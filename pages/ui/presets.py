"""Settings worth seeing: a row of buttons, each of which sets controls and so the URL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.ui import state


@dataclass(frozen=True)
class Preset:
    """A setting worth seeing, and what to look for in it; ``values`` are by control key."""

    label: str
    look_for: str
    values: Mapping[str, Any]


def offer(presets: Sequence[Preset], defaults: Mapping[str, Any] | None = None) -> None:
    """Draw the row of buttons "Try this".

    A preset sets the controls that it names, and those of ``defaults`` that it does not.
    """
    with st.container(
        horizontal=True, wrap=False, gap="small", vertical_alignment="center", key="presets"
    ):
        st.markdown("**Try this**", width="content")
        for preset in presets:
            st.button(
                preset.label,
                help=preset.look_for,
                type="tertiary",
                on_click=assign,
                args=({**(defaults or {}), **preset.values}, defaults),
                width="content",
            )


def assign(values: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> None:
    """Set controls from a callback, whether they are on view or not; the URL follows.

    A control that has not been on view yet and stands in ``defaults`` with the same value
    needs no place in the URL.
    """
    known = defaults or {}
    for key, value in values.items():
        # The front end writes the URL only for a control that has been on view before.
        if key not in st.session_state and (key not in known or known[key] != value):
            st.query_params[key] = value
    state.assign(values)


def forget_hidden(keys: Collection[str]) -> None:
    """Take out of the URL what a link says of controls that are not on view.

    Such a control would read it when it comes on view, over what a preset has assigned to
    it by then. Call after all controls of the run.
    """
    for key in keys:
        if key in st.query_params and key not in st.session_state:
            del st.query_params[key]
