"""The Activations page's picture, readings and explanations."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import streamlit as st

from core.activations import ACTIVATIONS
from core.curves import Curve, grid, probe
from core.facts import Facts, facts
from core.numeric import Receipt, receipt
from core.spec import FRAMEWORKS
from pages.ui import charts, controls, export, wording
from pages.ui.activation_picture import THIRDS, View, picture
from pages.ui.activation_sweeps import CHART, PROBE, PROBE_STEPS, READINGS, sweeps
from pages.ui.controls import Choice, Settings, segments
from pages.ui.live import live

WINDOW = "activations_window"
DIFFERENCE = "activations_difference"
THIRD = "activations_third"
THRESHOLD = "activations_threshold"
FRAMEWORK = "activations_framework"

WINDOWS = ("3", "6", "10")
FACTORS = ("off", "1", "10", "100", "1000")
DEFAULTS: dict[str, Any] = {
    PROBE: -1.0,
    WINDOW: "6",
    DIFFERENCE: "off",
    THIRD: "none",
    THRESHOLD: 0.01,
    FRAMEWORK: "NumPy",
}
FRAMEWORK_NAMES = dict(zip(("NumPy", "PyTorch", "Keras", "JAX"), FRAMEWORKS, strict=True))


@st.fragment
def explore(keys: list[str]) -> None:
    """Draw the controls beside the picture that they move, and what can be read off it."""
    with st.container(key="view"):
        beside, above = st.columns([1, 2], gap="medium")
    with beside:
        chosen = controls.pick_activations()
        if chosen != keys:
            st.rerun()
        choices = [controls.sliders(key) for key in chosen]
        x = st.slider(
            "Probe: x",
            PROBE_STEPS[0],
            PROBE_STEPS[-1],
            DEFAULTS[PROBE],
            0.1,
            key=PROBE,
            bind="query-params",
            help="The tangent is drawn here, and f and f′ are read off.",
        )
        view = _options(len(choices), x)
    all_facts = [_facts(c.key, c.settings, view.threshold) for c in choices]
    with beside, st.container(key="verdict"):
        for choice, found in list(zip(choices, all_facts, strict=True))[:3]:
            st.markdown(wording.verdict(choice.name, found, view.threshold))
    with above:
        drawn = picture(choices, view)
        st.plotly_chart(drawn.figure, key=CHART, config=charts.CONFIG, alt=_alt(choices, view))
    with st.container(key=READINGS):
        st.markdown(_readings(choices, all_facts, x))
    live(sweeps(choices, view, drawn), key="activations_live")
    export.offer(CHART, drawn.figure, lambda: _table(choices, drawn.curves), "activations")
    st.subheader("Facts, computed", anchor="facts")
    st.markdown(wording.facts_table([c.label for c in choices], all_facts, view.threshold))
    st.caption(
        "z is a standard normal input. A square bracket means that the end is reached. "
        "A bend is a jump of f″. Nothing here is typed in: it is found from f and f′ "
        "for the parameters on show."
    )
    _receipts(choices, view)
    _code(choices)


def explain(keys: Sequence[str]) -> None:
    """Draw formulas, insight and advice, which no slider changes."""
    if not keys:
        return
    st.subheader("Formula, use and origin", anchor="formula")
    entries = list(dict.fromkeys(controls.entry(key).key for key in keys))
    tabs = st.tabs([ACTIVATIONS[key].name for key in entries])
    for tab, key in zip(tabs, entries, strict=True):
        entry = ACTIVATIONS[key]
        with tab:
            st.markdown(f"**{entry.insight}**")
            with st.container(horizontal=True, gap="large"):
                st.latex(entry.formula, width="content")
                st.latex(entry.gradient_formula, width="content")
            if entry.at_breaks:
                st.caption(entry.at_breaks)
            good, bad = st.columns(2)
            good.markdown(f"**Use it when.** {entry.use}")
            good.markdown("\n".join(f"- {line}" for line in entry.strengths))
            bad.markdown(f"**Leave it when.** {entry.avoid}")
            bad.markdown("\n".join(f"- {line}" for line in entry.weaknesses))
            source = entry.origin
            title = f"[{source.title}]({source.url})" if source.url else f"*{source.title}*"
            st.caption(f"{source.authors} ({source.year}): {title}.")


def _options(count: int, x: float) -> View:
    with st.expander("View", icon=":material/tune:"):
        half = segments("x from −n to n", WINDOWS, DEFAULTS[WINDOW], WINDOW)
        factor = segments(
            "Difference from the first function, times",
            FACTORS,
            DEFAULTS[DIFFERENCE],
            DIFFERENCE,
            disabled=count < 2,
        )
        third = segments(
            "Third panel",
            list(THIRDS),
            DEFAULTS[THIRD],
            THIRD,
            help="∂f/∂parameter exists where the parameter is learned: PReLU and Swish.",
        )
        threshold = st.slider(
            "Saturated where |f′| is below",
            0.01,
            0.5,
            DEFAULTS[THRESHOLD],
            0.01,
            key=THRESHOLD,
            bind="query-params",
        )
    return View(
        half=float(half),
        probe=x,
        third=THIRDS[third],
        threshold=threshold,
        factor=None if factor == "off" or count < 2 else float(factor),
    )


@lru_cache(maxsize=4096)
def _facts(key: str, settings: Settings, threshold: float) -> Facts:
    return facts(controls.entry(key), saturated_below=threshold, **dict(settings))


@lru_cache(maxsize=4096)
def _receipt(key: str, settings: Settings, window: tuple[float, float]) -> Receipt:
    return receipt(controls.entry(key), grid(*window), **dict(settings))


def _alt(choices: Sequence[Choice], view: View) -> str:
    names = ", ".join(c.name for c in choices)
    if view.factor is None:
        return f"{names}: the function above, its gradient below, over the same x"
    return f"{names}: differences from the first function above, of gradients below"


def _readings(choices: Sequence[Choice], all_facts: Sequence[Facts], x: float) -> str:
    heads = [wording.at(x), "f(x)", "f′(x)", "max |f′|", "f′(0)", "range"]
    rows = []
    for choice, found in zip(choices, all_facts, strict=True):
        here = probe(choice.entry, x, reach=0.0, **choice.parameters)
        rows.append(
            [
                choice.label,
                wording.fixed(here.value.item()),
                wording.fixed(here.gradient.item()),
                wording.fixed(found.max_gradient),
                wording.fixed(found.gradient_at_zero),
                wording.interval(found.range),
            ]
        )
    return wording.table(heads, rows)


def _receipts(choices: Sequence[Choice], view: View) -> None:
    rows = []
    for choice in choices:
        one = _receipt(choice.key, choice.settings, view.window)
        rows.append([choice.label, wording.receipt(one), str(one.points)])
    st.subheader("Receipts", anchor="receipts")
    st.caption(
        "Each gradient is checked here and now against a numerical derivative of f: "
        "the largest difference over the plotted range."
    )
    st.markdown(wording.table(["", "Largest |f′ − numerical|", "Points"], rows))


def _code(choices: Sequence[Choice]) -> None:
    st.subheader("In code", anchor="code")
    framework = segments(
        "Framework",
        list(FRAMEWORK_NAMES),
        DEFAULTS[FRAMEWORK],
        FRAMEWORK,
        label_visibility="collapsed",
    )
    for choice in choices:
        snippet = choice.entry.snippet(FRAMEWORK_NAMES[framework], **choice.parameters)
        st.code(f"# {choice.label}\n{snippet}", language="python")


def _table(choices: Sequence[Choice], curves: Sequence[Curve]) -> export.Table:
    """Return what is drawn as rows; differences have one curve fewer than functions."""
    third = any(one.third is not None for one in curves)
    rows = []
    for choice, one in zip(choices[-len(curves) :], curves, strict=True):
        columns = [one.x, one.value, one.gradient]
        if third:
            columns.append(one.x * float("nan") if one.third is None else one.third)
        rows += [[choice.label, *row] for row in zip(*columns, strict=True)]
    return export.Table(["function", "x", "f", "gradient"] + ["third panel"] * third, rows)
