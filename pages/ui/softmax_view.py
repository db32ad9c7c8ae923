"""The Softmax page's sections on logits: each picture beside the sliders that move it."""

import streamlit as st

from pages.ui import softmax_controls, softmax_figures, softmax_sweeps
from pages.ui.controls import segments
from pages.ui.live import live
from pages.ui.softmax_controls import (
    SCALE,
    SCALE_STEPS,
    SECTION,
    SHIFT,
    SHIFT_STEPS,
    TEMPERATURE,
)
from pages.ui.softmax_parts import (
    CHART,
    PLACE,
    VERDICT,
    columns,
    draw,
    formulas,
    listed,
    offer,
    say,
    table,
)
from pages.ui.softmax_sweeps import (
    BITS,
    BREAKS,
    DIFFERENCE,
    FIRST_LOGIT,
    SHIFTED,
    View,
    rows,
    sweeps,
)
from pages.ui.softmax_units_view import divergence, gates, maxout


@st.fragment
def explore() -> None:
    """Draw the section that is chosen: its controls, its picture, its words."""
    names = list(SECTIONS)
    section = segments("Section", names, names[0], SECTION, label_visibility="collapsed")
    SECTIONS[section]()
    softmax_controls.forget_hidden()


def probabilities() -> None:
    """Draw softmax itself: bars, and where they stand in the triangle or on the sigmoid."""
    beside, above = columns()
    with beside:
        count, temperature = softmax_controls.classes_and_temperature()
        view = View(
            softmax_controls.logits(count),
            temperature=temperature,
            shift=softmax_controls.slider("Add c to every logit", SHIFT, SHIFT_STEPS, 0),
        )
    shown = softmax_sweeps.probabilities(rows(view))
    with above, st.grid(2 if PLACE in shown.traces else 1, min_column_width=240):
        layout = softmax_figures.probability_layout(count)
        figure = draw(shown, CHART, layout, f"Softmax as bars: {listed(shown)}")
        if count == 2:
            layout = softmax_figures.two_class_layout(DIFFERENCE)
            draw(shown, PLACE, layout, "The sigmoid of the difference, with these logits on it")
        elif count == 3:
            regions = softmax_figures.simplex_regions()
            alt = "The triangle of three probabilities, with the region in which each is largest"
            draw(shown, PLACE, softmax_figures.simplex_layout(), alt, regions)
    with beside:
        say(shown, VERDICT, SHIFTED)
    if count == 2:
        st.markdown("**Two classes are one sigmoid, to the last bit**")
        names = ["softmax(z/T)₁", "σ((z₁ − z₂)/T)", "apart"]
        table(shown, BITS, ["", "in float64"], names)
    live(sweeps(softmax_sweeps.probabilities, view, [TEMPERATURE, SHIFT]), key="softmax_live")
    offer(shown, figure, "softmax")
    formulas(r"p_i=\frac{e^{z_i/T}}{\sum_j e^{z_j/T}}", r"\frac{p_i}{p_j}=e^{(z_i-z_j)/T}")


def sensitivity() -> None:
    """Draw the Jacobian as a heat map."""
    beside, above = columns()
    with beside:
        count, temperature = softmax_controls.classes_and_temperature()
        logits = softmax_controls.logits(count)
        view = View(logits, temperature=temperature)
    shown = softmax_sweeps.sensitivity(rows(view))
    with above:
        layout = softmax_figures.jacobian_layout(shown.layout[CHART]["coloraxis.cmax"][0])
        alt = f"The {count} by {count} derivatives of the probabilities by the logits"
        figure = draw(shown, CHART, layout, alt)
    with beside:
        say(shown, VERDICT)
    live(sweeps(softmax_sweeps.sensitivity, view, [TEMPERATURE]), key="softmax_live")
    offer(shown, figure, "softmax")
    formulas(r"\frac{\partial p_i}{\partial z_j}=\frac{p_i\,(\delta_{ij}-p_j)}{T}")


def smooth_maximum() -> None:
    """Draw log-sum-exp beside the maximum that it smooths."""
    beside, above = columns()
    with beside:
        count, temperature = softmax_controls.classes_and_temperature()
        logits = softmax_controls.logits(count)
        view = View(logits, temperature=temperature)
    shown = softmax_sweeps.maximum(rows(view))
    with above:
        layout = softmax_figures.maximum_layout(
            FIRST_LOGIT, logits[0], softmax_sweeps.highest_maximum(count)
        )
        alt = "Maximum, log-sum-exp above it and softmax-weighted mean below it, over z₁"
        figure = draw(shown, CHART, layout, alt)
    with beside:
        say(shown, VERDICT)
    live(sweeps(softmax_sweeps.maximum, view, [TEMPERATURE]), key="softmax_live")
    offer(shown, figure, "softmax")
    formulas(
        r"\mathrm{LSE}_T(z)=T\ln\sum_j e^{z_j/T}",
        r"\max z<\mathrm{LSE}_T(z)\le\max z+T\ln K",
        r"\frac{\partial\,\mathrm{LSE}_T}{\partial z_i}=p_i",
    )


def loss() -> None:
    """Draw the cross-entropy of a chosen true class, and its gradient p − y."""
    beside, above = columns()
    with beside:
        count, label = softmax_controls.classes_and_label()
        view = View(softmax_controls.logits(count), label=label)
    shown = softmax_sweeps.loss(rows(view))
    with above:
        layout = softmax_figures.cross_entropy_layout(count)
        alt = f"Prediction and truth, class {label}; below, the gradient: {listed(shown, 2)}"
        figure = draw(shown, CHART, layout, alt)
    with beside:
        say(shown, VERDICT)
    live(sweeps(softmax_sweeps.loss, view, []), key="softmax_live")
    offer(shown, figure, "softmax")
    formulas(r"L=-\ln p_y=\mathrm{LSE}(z)-z_y", r"\frac{\partial L}{\partial z_i}=p_i-y_i")


def overflow() -> None:
    """Draw the naive formula beside the stable one until it breaks."""
    beside, above = columns()
    with beside:
        scale = softmax_controls.slider("Scale s: logits times s", SCALE, SCALE_STEPS, 0)
        count = softmax_controls.classes()
        view = View(softmax_controls.logits(count), scale=scale)
    shown = softmax_sweeps.overflow(rows(view))
    with above:
        layout = softmax_figures.overflow_layout(count, scale, float(SCALE_STEPS[-1]))
        for i, note in enumerate(layout["annotations"]):
            note["text"] = shown.layout[CHART][f"annotations[{i}].text"][0]
        alt = "Stable and naive softmax of s·z as bars; below, up to which scale each one works"
        figure = draw(shown, CHART, layout, alt)
    with beside:
        say(shown, VERDICT)
    names = [name for name, _, _ in softmax_figures.METHODS]
    heads = ["", "breaks from s =", "largest logit then", "−ln p of the least likely class, here"]
    table(shown, BREAKS, heads, names)
    st.caption(
        "Found by bisection over all numbers of the format. A formula breaks when e to the "
        "largest logit overflows, or when every power is rounded to 0."
    )
    live(sweeps(softmax_sweeps.overflow, view, [SCALE]), key="softmax_live")
    offer(shown, figure, "softmax")
    formulas(r"p_i=\frac{e^{z_i}}{\sum_j e^{z_j}}=\frac{e^{z_i-\max z}}{\sum_j e^{z_j-\max z}}")


SECTIONS = {
    "Probabilities": probabilities,
    "Jacobian": sensitivity,
    "Log-sum-exp": smooth_maximum,
    "Cross-entropy": loss,
    "Overflow": overflow,
    "KL divergence": divergence,
    "Maxout": maxout,
    "Gated units": gates,
}
