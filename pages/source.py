"""Source code: how the functions on show are computed."""

import inspect
import sys

import streamlit as st

from pages.ui import controls, frame

PICKERS = {p.key: p for p in (controls.ACTIVATION_PICKER, controls.LOSS_PICKER)}

frame.begin("source")
of = controls.segments("Source of", list(PICKERS), controls.ACTIVATION, frame.SOURCE_OF)
for key in dict.fromkeys(controls.entry(k).key for k in PICKERS[of].pick()):
    entry = controls.entry(key)
    module = sys.modules[entry.function.__module__]
    st.subheader(entry.name, anchor=key)
    st.caption(f"{module.__name__.replace('.', '/')}.py")
    st.code(inspect.getsource(module), line_numbers=True, wrap_lines=True)
