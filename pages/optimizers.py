"""Optimizers: what each rule makes of the same slope, and how much hangs on its rate."""

import streamlit as st

from pages.ui import frame, presets, text
from pages.ui.optimizers import controls, view
from pages.ui.optimizers.controls import preset

PRESETS = (
    preset(
        "At the limit",
        "η = 0.2 on a bowl with λmax = 10 is exactly 2/λmax. Gradient descent swings for ever, "
        "momentum still arrives, and Nesterov, for all its looking ahead, runs away.",
        view.RACE,
        {
            "gradient_descent_learning_rate": 0.2,
            "momentum_learning_rate": 0.2,
            "nesterov_learning_rate": 0.2,
        },
        ("gradient_descent", "momentum", "nesterov"),
    ),
    preset(
        "Off the saddle",
        "All start a hundredth beside the ridge. Where the slope is almost 0, it takes a rule that "
        "divides by the slope's size to get going at once.",
        view.RACE,
        {controls.SURFACE: "Saddle", controls.B: 0.01, controls.LENGTH: "50"},
        ("gradient_descent", "momentum", "rmsprop"),
    ),
    preset(
        "Turned by 45°",
        "A fair race on a bowl that lies across the axes. Set φ to 0, and Adagrad falls from "
        "0.017 to 10⁻¹⁴³: dividing coordinate by coordinate works along the axes only.",
        view.RACE,
        {controls.FAIR: True, "bowl_condition": 100.0, "bowl_angle": 45.0},
        ("gradient_descent", "momentum", "adagrad", "rmsprop"),
    ),
    preset(
        "It never rests",
        "RMSprop goes to and fro for ever, w and b each at η/2 from the minimum. A schedule that "
        "falls to 0, such as the cosine, ends it.",
        view.RACE,
        {
            controls.LENGTH: "300",
            "rmsprop_learning_rate": 0.1,
            "rmsprop_alpha": 0.9,
        },
        ("momentum", "rmsprop", "adam"),
    ),
    preset(
        "Whose valley?",
        "Four minima, all equally deep. With momentum a start need not end in the valley that it "
        "lies in: the borders fray.",
        view.MAPS,
        {controls.SURFACE: "Himmelblau", controls.ONE: "Momentum", "momentum_learning_rate": 0.01},
    ),
    preset(
        "One name, three walks",
        "η is cut to a tenth at step 20. PyTorch's momentum slows down at once, the textbook's "
        "runs on.",
        view.FORMS,
        {controls.CUT: True, controls.MATCHED: True},
    ),
)

frame.begin("optimizers")
presets.offer(PRESETS, controls.DEFAULTS)
view.explore()
with st.expander("The rules, one by one, and in code", icon=":material/code:"):
    view.entries()
with st.expander("What to take along", icon=":material/school:"):
    st.markdown(text.lesson("optimizers"))
