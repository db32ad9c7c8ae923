"""What the pages that explore functions of one number share: picture, readings, words, code."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.curves import grid
from core.numeric import Receipt, receipt
from core.spec import FRAMEWORKS
from pages.ui import charts, controls, export, state, wording
from pages.ui.controls import Choice, Settings
from pages.ui.functions.picture import Picture, Scene, View, picture
from pages.ui.parts import columns

FRAMEWORK = "framework"
FRAMEWORK_NAMES = dict(zip(("NumPy", "PyTorch", "Keras", "JAX"), FRAMEWORKS, strict=True))


@dataclass(frozen=True)
class Places:
    """Where an explorer draws: sliders beside the picture, and what can be read off it below."""

    beside: DeltaGenerator
    above: DeltaGenerator
    below: DeltaGenerator


def places() -> Places:
    """Lay out an explorer's places, in the fragment that draws the sliders of the parameters.

    In places that are made outside of it, Streamlit would keep every replaced chart, hidden.
    """
    return Places(*columns(), st.container())


def probe_slider(scene: Scene, default: float) -> float:
    """Draw the slider of the point at which values are read off."""
    low, high, step = scene.track
    return st.slider(
        f"Probe: {wording.symbol(scene.axis)}",
        low,
        high,
        default,
        step,
        key=scene.probe,
        bind="query-params",
        help="The tangent is drawn here, and the function and its gradient are read off.",
    )


def show(choices: Sequence[Choice], view: View) -> Picture:
    """Draw the picture of the chosen functions and return it."""
    drawn = picture(choices, view)
    names = ", ".join(c.name for c in choices)
    what = "the function above, its gradient below, over the same horizontal axis"
    if view.factor is not None:
        what = "differences from the first function above, of gradients below"
    st.plotly_chart(
        drawn.figure, key=view.scene.chart, config=charts.CONFIG, alt=f"{names}: {what}"
    )
    return drawn


def readings(scene: Scene, text: str) -> None:
    """Draw the table of readings where the sweeps find it."""
    with st.container(key=scene.readings):
        st.markdown(text)


def table(drawn: Picture) -> export.Table:
    """Return what is drawn as rows; a gap, and a third panel that a function lacks, is nan."""
    third = any(one.third is not None for one in drawn.curves)
    rows: list[list[object]] = []
    for name, one in zip(drawn.names, drawn.curves, strict=True):
        columns = [one.x, one.value, one.gradient]
        if third:
            columns.append(one.x * float("nan") if one.third is None else one.third)
        rows += [[name, *row] for row in zip(*columns, strict=True)]
    return export.Table(["function", "x", "f", "gradient"] + ["third panel"] * third, rows)


def receipts(choices: Sequence[Choice], view: View) -> str:
    """Write how far each gradient is from a numerical derivative, over the plotted range."""
    low, high = view.scene.checked
    rows = []
    for choice in choices:
        one = _receipt(choice.key, choice.settings, view.bare)
        rows.append([choice.label, wording.receipt(one, view.scene.axis), str(one.points)])
    return (
        "### Receipts\n\n"
        + wording.table(["", "Largest difference", "Points"], rows)
        + "\n\n:small[Each gradient is checked here and now against a numerical derivative of the "
        f"function: the largest difference for {wording.symbol(view.scene.axis)} from "
        f"{wording.number(low)} to {wording.number(high)}.]"
    )


def code(choices: Sequence[Choice]) -> None:
    """Draw each function's spelling in a framework, every parameter written out."""
    st.subheader("In code", anchor="code")
    framework = controls.segments(
        "Framework",
        list(FRAMEWORK_NAMES),
        "NumPy",
        FRAMEWORK,
        label_visibility="collapsed",
    )
    state.carry(FRAMEWORK, framework)
    for choice in choices:
        snippet = choice.entry.snippet(FRAMEWORK_NAMES[framework], **choice.parameters)
        st.code(f"# {choice.label}\n{snippet}", language="python")


def explain(keys: Sequence[str]) -> None:
    """Draw formulas, insight and advice, which no slider changes."""
    if not keys:
        return
    st.subheader("Formula, use and origin", anchor="formula")
    entries = {entry.key: entry for entry in map(controls.entry, keys)}
    tabs = st.tabs([entry.name for entry in entries.values()])
    for tab, entry in zip(tabs, entries.values(), strict=True):
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
            st.caption(f"{source.credit}: {title}.")


@lru_cache(maxsize=4096)
def _receipt(key: str, settings: Settings, view: View) -> Receipt:
    return receipt(view.graph(key), grid(*view.scene.checked), **dict(settings))
