"""Perceptron: one step unit, what it can learn, what it cannot, and what a layer adds."""

import streamlit as st

from pages.ui import frame, presets, text
from pages.ui.perceptron import controls, view
from pages.ui.perceptron.controls import (
    BEGIN,
    DATA,
    DEPTH,
    GAP,
    HALF,
    HALVES,
    KINDS,
    LAYERS,
    POINTS,
    SEED,
    STACK,
    STACKS,
    STEEPNESS,
    STEP,
    WEIGHTS,
    WIDTH,
    XOR_SOLUTIONS,
    preset,
)

PRESETS = (
    preset(
        "XOR goes round",
        "Play the run: the line never comes to rest. The weights return to where they were, and "
        "with them the same four mistakes.",
        "Learning rule",
        {DATA: "XOR", STEP.key: 0.0},
    ),
    preset(
        "A thin margin",
        "Two classes with hardly any room between them. The bound allows 2864 mistakes, and 54 "
        "are made. Widen the gap: both numbers fall.",
        "Learning rule",
        {DATA: POINTS, GAP.key: 0.02, SEED.key: 34, STEP.key: 60.0},
    ),
    preset(
        "Two lines make XOR",
        "One hidden unit per line; the strip between them answers 1. On the right (0, 1) and "
        "(1, 0) have become the same point. Drag a bias until a row breaks.",
        "XOR",
        {HALF: HALVES[1], **XOR_SOLUTIONS["OR, not AND"]},
    ),
    preset(
        "Fifty layers, one matrix",
        "Fifty layers with hundreds of numbers do the work of six. What is left between the two "
        "ways to compute is rounding, about 10 to the power of −15.",
        "Linear collapse",
        {STACK: STACKS[0], LAYERS.key: 50.0},
    ),
    preset(
        "Folded on purpose",
        "Weights made to fold the square: three layers of four ReLUs reach the 176 regions that "
        "theory promises. Choose random weights to see how far below they stay.",
        "Linear collapse",
        {
            STACK: STACKS[1],
            WEIGHTS: KINDS[1],
            WIDTH.key: 4,
            DEPTH.key: 3,
            "activation": ["relu"],
        },
    ),
    preset(
        "Too steep to move",
        "At k = 30 the sigmoid is nearly a step. The gradient at the start is so small that fifty "
        "steps of descent move nothing: lower k and see it come to life.",
        "Steps and gradients",
        {STEEPNESS.key: 30.0, BEGIN.key: 0.0},
    ),
)

frame.begin("perceptron")
presets.offer(PRESETS, controls.DEFAULTS)
view.explore()
with st.expander("What to take along", icon=":material/school:"):
    st.markdown(text.lesson("perceptron"))
