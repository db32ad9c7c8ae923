"""Home."""

import streamlit as st
from pages.ui import frame

frame.begin("home")
for k in ("elu", "relu"):
    st.page_link("pages/activations.py", label=k, query_params={"activation": k})
