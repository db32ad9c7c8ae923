"""Vanishing gradients: stack layers, see what is left of the gradient, and mend it."""

import streamlit as st

from pages.ui import frame, presets, text
from pages.ui.vanishing import offers, view

frame.begin("vanishing_gradients")
presets.offer(offers.PRESETS, offers.ALL_DEFAULTS)
view.explore()
with st.expander("What to take along", icon=":material/school:"):
    st.markdown(text.lesson("vanishing-gradients"))
