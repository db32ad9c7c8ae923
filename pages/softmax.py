"""Softmax: how scores become probabilities, and the units that are no single curve."""

import streamlit as st

from pages.ui import frame, presets, text
from pages.ui.softmax import controls, view
from pages.ui.softmax.controls import (
    CLASSES,
    SCALE,
    TEMPERATURE,
    maxout_settings,
    numbered,
    preset,
)

PRESETS = (
    preset(
        "Nearly a maximum",
        "At T = 0.1 one more on a logit multiplies the odds by 22026: softmax is a soft "
        "argmax, and this is nearly a hard one.",
        "Probabilities",
        {TEMPERATURE: 0.1},
    ),
    preset(
        "Two classes are a sigmoid",
        "With K = 2 only the difference of the logits counts. Both ways to compute it give "
        "the same number, down to its last bit.",
        "Probabilities",
        {CLASSES.key: 2},
    ),
    preset(
        "Softmax twice",
        "A prediction that is certain and right. Passed as probabilities where logits belong, "
        "it would still cost 0.5514.",
        "Cross-entropy",
        numbered("z", (10.0, -10.0, -10.0)),
    ),
    preset(
        "90 is too much",
        "float32 cannot hold e to the 90th, so the naive formula divides ∞ by ∞. float64 has "
        "room up to 709.78.",
        "Overflow",
        {SCALE: 90.0, **numbered("z", (1.0, 0.0, 0.0))},
    ),
    preset(
        "Infinitely surprised",
        "Q rules out a class that P allows 2 times in 100. KL(P‖Q) is infinite, though no "
        "event differs in probability by more than 0.02.",
        "KL divergence",
        {**numbered("p", (0.02, 0.5, 0.48)), **numbered("q", (0.0, 0.5, 0.5))},
    ),
    preset(
        "|x| from two lines",
        "The larger of −x and x: every convex function made of lines is a maxout.",
        "Maxout",
        maxout_settings("|x|"),
    ),
)

frame.begin("softmax")
presets.offer(PRESETS, controls.DEFAULTS)
view.explore()
with st.expander("What to take along", icon=":material/school:"):
    st.markdown(text.lesson("softmax"))
