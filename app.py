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
st.caption(
    "Press a name to open the function and move it. Solid: the function. Dashed: its gradient. "
    "All for x from −4 to 4."
)
gallery.activations()
st.caption(
    "Solid: the loss. Dashed: its gradient with respect to the prediction. From −4 to 4, a "
    "probability from 0 to 1; where there are two classes, for the positive one."
)
gallery.losses()
