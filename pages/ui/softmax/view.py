"""The Softmax page's sections on logits: each picture beside the sliders that move it."""

import streamlit as st

from pages.ui import presets
from pages.ui.controls import segments
from pages.ui.live import live
from pages.ui.parts import columns, draw, formulas, offer, say, table
from pages.ui.softmax import controls, figures
from pages.ui.softmax import sweeps as moves
from pages.ui.softmax.controls import (
    LABEL,
    SCALE,
    SCALE_STEPS,
    SECTION,
    SHIFT,
    SHIFT_STEPS,
    TEMPERATURE,
)
from pages.ui.softmax.parts import CHART, PLACE, VERDICT, listed
from pages.ui.softmax.sweeps import (
    BITS,
    BREAKS,
    DIFFERENCE,
    FIRST_LOGIT,
    SHIFTED,
    View,
    rows,
    sweeps,
)
from pages.ui.softmax.units_view import divergence, gates, maxout


@st.fragment
def explore() -> None:
    """Draw the section that is chosen: its controls, its picture, its words."""
    names = list(SECTIONS)
    section = segments("Section", names, names[0], SECTION, label_visibility="collapsed")
    SECTIONS[section]()
    presets.forget_hidden(controls.DEFAULTS)


def probabilities() -> None:
    """Draw softmax itself: bars, and where they stand in the triangle or on the sigmoid."""
    beside, above = columns()
    with beside:
        count, temperature = controls.classes_and_temperature()
        view = View(
            controls.logits(count),
            temperature=temperature,
            shift=controls.slider("Add c to every logit", SHIFT, SHIFT_STEPS, 0),
        )
    shown = moves.probabilities(rows(view))
    with above, st.grid(2 if PLACE in shown.traces else 1, min_column_width=240):
        layout = figures.probability_layout(count)
        figure = draw(shown, CHART, layout, f"Softmax as bars: {listed(shown)}")
        if count == 2:
            layout = figures.two_class_layout(DIFFERENCE)
            draw(shown, PLACE, layout, "The sigmoid of the difference, with these logits on it")
        elif count == 3:
            regions = figures.simplex_regions()
            alt = "The triangle of three probabilities, with the region in which each is largest"
            draw(shown, PLACE, figures.simplex_layout(), alt, regions)
    with beside:
        say(shown, VERDICT, SHIFTED)
    if count == 2:
        st.markdown("**Two classes are one sigmoid, to the last bit**")
        names = ["softmax(z/T)₁", "σ((z₁ − z₂)/T)", "apart"]
        table(shown, BITS, ["", "in float64"], names)
    live(sweeps(moves.probabilities, view, [TEMPERATURE, SHIFT]), key="softmax_live")
    offer(shown, CHART, figure, "softmax")
    formulas(r"p_i=\frac{e^{z_i/T}}{\sum_j e^{z_j/T}}", r"\frac{p_i}{p_j}=e^{(z_i-z_j)/T}")


def sensitivity() -> None:
    """Draw the Jacobian as a heat map."""
    beside, above = columns()
    with beside:
        count, temperature = controls.classes_and_temperature()
        logits = controls.logits(count)
        view = View(logits, temperature=temperature)
    shown = moves.sensitivity(rows(view))
    with above:
        layout = figures.jacobian_layout(shown.layout[CHART]["coloraxis.cmax"][0])
        alt = f"The {count} by {count} derivatives of the probabilities by the logits"
        figure = draw(shown, CHART, layout, alt)
    with beside:
        say(shown, VERDICT)
    live(sweeps(moves.sensitivity, view, [TEMPERATURE]), key="softmax_live")
    offer(shown, CHART, figure, "softmax")
    formulas(r"\frac{\partial p_i}{\partial z_j}=\frac{p_i\,(\delta_{ij}-p_j)}{T}")


def smooth_maximum() -> None:
    """Draw log-sum-exp beside the maximum that it smooths."""
    beside, above = columns()
    with beside:
        count, temperature = controls.classes_and_temperature()
        logits = controls.logits(count)
        view = View(logits, temperature=temperature)
    shown = moves.maximum(rows(view))
    with above:
        layout = figures.maximum_layout(FIRST_LOGIT, logits[0], moves.highest_maximum(count))
        alt = "Maximum, log-sum-exp above it and softmax-weighted mean below it, over z₁"
        figure = draw(shown, CHART, layout, alt)
    with beside:
        say(shown, VERDICT)
    live(sweeps(moves.maximum, view, [TEMPERATURE]), key="softmax_live")
    offer(shown, CHART, figure, "softmax")
    formulas(
        r"\mathrm{LSE}_T(z)=T\ln\sum_j e^{z_j/T}",
        r"\max z<\mathrm{LSE}_T(z)\le\max z+T\ln K",
        r"\frac{\partial\,\mathrm{LSE}_T}{\partial z_i}=p_i",
    )


def loss() -> None:
    """Draw the cross-entropy of a chosen true class, and its gradient p − y."""
    beside, above = columns()
    with beside:
        count, label = controls.classes_and_label()
        view = View(controls.logits(count), label=label)
    shown = moves.loss(rows(view))
    with above:
        layout = figures.cross_entropy_layout(count)
        alt = f"Prediction and truth, class {label}; below, the gradient: {listed(shown, 2)}"
        figure = draw(shown, CHART, layout, alt)
    with beside:
        say(shown, VERDICT)
    live(sweeps(moves.loss, view, [LABEL]), key="softmax_live")
    offer(shown, CHART, figure, "softmax")
    formulas(r"L=-\ln p_y=\mathrm{LSE}(z)-z_y", r"\frac{\partial L}{\partial z_i}=p_i-y_i")


def overflow() -> None:
    """Draw the naive formula beside the stable one until it breaks."""
    beside, above = columns()
    with beside:
        scale = controls.slider("Scale s: logits times s", SCALE, SCALE_STEPS, 0)
        count = controls.CLASSES.draw()
        view = View(controls.logits(count), scale=scale)
    shown = moves.overflow(rows(view))
    with above:
        layout = figures.overflow_layout(count, scale, float(SCALE_STEPS[-1]))
        for i, note in enumerate(layout["annotations"]):
            note["text"] = shown.layout[CHART][f"annotations[{i}].text"][0]
        alt = "Stable and naive softmax of s·z as bars; below, up to which scale each one works"
        figure = draw(shown, CHART, layout, alt)
    with beside:
        say(shown, VERDICT)
    names = [name for name, _, _ in figures.METHODS]
    heads = ["", "breaks from s =", "largest logit then", "−ln p of the least likely class, here"]
    table(shown, BREAKS, heads, names)
    st.caption(
        "Found by bisection over all numbers of the format. A formula breaks when e to the "
        "largest logit overflows, or the sum of the powers does, or when every power is rounded "
        "to 0."
    )
    live(sweeps(moves.overflow, view, [SCALE]), key="softmax_live")
    offer(shown, CHART, figure, "softmax")
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
