"""Home: a gallery of every function, and where to begin."""

import streamlit as st

from pages.ui import controls, frame, gallery, text

frame.begin("home")
st.markdown(text.lesson("welcome"))
with st.expander("First lesson: where does the gradient go?", icon=":material/school:"):
    st.markdown(text.lesson("first-gradient"))
    st.page_link(
        "pages/activations.py",
        label="Begin with sigmoid, tanh and ReLU side by side",
        icon=":material/play_arrow:",
        query_params={controls.ACTIVATION: ["sigmoid", "tanh", "relu"]},
    )
st.caption("Solid: the function. Dashed: its gradient. All for x from −4 to 4.")
gallery.show()
