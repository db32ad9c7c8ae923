"""Source code: how the functions on show are computed."""

import inspect
import sys

import streamlit as st

from pages.ui import controls, frame

frame.begin("source")
for key in dict.fromkeys(controls.entry(k).key for k in controls.ACTIVATION_PICKER.pick()):
    entry = controls.entry(key)
    st.subheader(entry.name, anchor=key)
    st.caption(f"core/activations/{key}.py")
    st.code(
        inspect.getsource(sys.modules[entry.function.__module__]),
        line_numbers=True,
        wrap_lines=True,
    )
