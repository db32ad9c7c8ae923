"""Landscapes: the mean loss over slope and bias, and what each loss makes of the same data."""

import streamlit as st

from pages.ui import frame, presets, text
from pages.ui.landscapes import networks, view
from pages.ui.landscapes.controls import NETWORKS, REGULARISATION, SECTION, preset
from pages.ui.presets import Preset

PRESETS = (
    preset(
        "Outliers drag the square",
        "Ten wrong points, added one by one: the minimum of the squared error walks away, that "
        "of the absolute error hardly moves.",
        ["squared_error", "huber", "absolute_error"],
        outliers=10,
        path=True,
    ),
    preset(
        "No minimum",
        "The classes can be told apart, so the logistic loss falls for ever along the arrow; "
        "hinge has a flat bottom, and the squared error an ordinary minimum.",
        ["logistic", "hinge", "squared_error"],
        data="Two classes, separable",
        w=1.0,
        b=0.0,
    ),
    preset(
        "A dead ReLU",
        "In the grey wedge the unit is silent on every point: the gradient is exactly zero, and "
        "no step leads out.",
        ["squared_error", "absolute_error"],
        "relu",
        w=0.5,
        b=-2.5,
    ),
    preset(
        "One sigmoid, two losses",
        "Behind a sigmoid the Brier score has a plateau where every answer is sure and wrong; "
        "cross-entropy is a bowl, and pulls hardest there.",
        ["brier", "binary_cross_entropy"],
        "sigmoid",
        data="Two classes, overlapping",
        w=-3.0,
        b=-1.0,
    ),
    Preset(
        "What the lasso drops",
        "The three features that have nothing to do with the price are exactly zero. Switch to "
        "ridge: they are small, but none is zero.",
        {SECTION: REGULARISATION},
    ),
    Preset(
        "Deep, without skips",
        "Twelve layers and no skips: the slice is jagged, with many hollows. With skips few are "
        "left.",
        {SECTION: NETWORKS, networks.COMPARE: networks.SKIPS},
    ),
)

frame.begin("landscapes")
presets.offer(PRESETS, view.DEFAULTS)
view.explore()
with st.expander("What to take along", icon=":material/school:"):
    st.markdown(text.lesson("landscapes"))
