"""Small multiples of the whole catalogue: every function and its gradient in one glance."""

import numpy as np
import streamlit as st

from core.activations import ACTIVATIONS
from core.curves import curve, fit, grid
from core.losses import LOSSES
from core.sections import SECTIONS, Section
from core.spec import Activation, Axis, Family, FloatArray, Graph, Loss
from pages.ui import controls

WINDOW = (-4.0, 4.0)
LOSS_WINDOWS = {Axis.PROBABILITY: (0.0, 1.0)}
"""Where a loss is shown, if not over the same stretch as the activations."""
POINTS = 45
WIDTH, HEIGHT = 160, 96
COLOUR_PLACE = 5
"""The place in the light palette of a colour that shows on light and dark ground alike: a
picture cannot follow the theme."""


def activations() -> None:
    """Draw a card for every activation, by family; each opens the explorer on its function."""
    for family in Family:
        _cards(family.value, [a for a in ACTIVATIONS.values() if a.family is family])


def losses() -> None:
    """Draw a card for every loss that is a function of one number, by what it is one of."""
    for axis in SECTIONS:
        _cards(f"Losses of the {axis.value}", [a for a in LOSSES.values() if a.axis is axis])


def _cards(head: str, entries: list[Activation] | list[Loss]) -> None:
    st.subheader(head, anchor=False)
    name = head.lower().replace(" ", "_")
    with st.grid(6, min_column_width=150, key=f"gallery_{name}") as cards:
        for entry in entries:
            with cards.cell(), st.container(border=True, gap="xxsmall"):
                _card(entry)


def _card(entry: Activation | Loss) -> None:
    script, kind, (low, high) = (
        ("pages/losses.py", controls.LOSS, LOSS_WINDOWS.get(entry.axis, WINDOW))
        if isinstance(entry, Loss)
        else ("pages/activations.py", controls.ACTIVATION, WINDOW)
    )
    st.page_link(script, label=entry.name, query_params={kind: entry.key}, help=entry.insight)
    st.image(
        sparkline(entry.key),
        width="stretch",
        alt=f"{entry.name} (solid) and its gradient (dashed), from {low:g} to {high:g}",
    )


@st.cache_data(show_spinner=False)
def sparkline(key: str) -> str:
    """Return the entry ``key`` (solid) and its gradient (dashed) as an SVG drawing."""
    entry = controls.entry(key)
    graph: Graph
    if isinstance(entry, Loss):
        graph, window = Section(entry, 1.0), LOSS_WINDOWS.get(entry.axis, WINDOW)
    else:
        graph, window = entry, WINDOW
    sampled = curve(graph, grid(*window, entry.breaks(**entry.defaults), points=POINTS))
    spans = fit([sampled])
    low = max(min(spans.value[0], spans.gradient[0]), WINDOW[0])
    high = min(max(spans.value[1], spans.gradient[1]), WINDOW[1])
    axes = _path(np.array(window), np.zeros(2), window, low, high)
    axes += _path(np.zeros(2), np.array([low, high]), window, low, high)
    colour = st.get_option("theme.light.chartCategoricalColors")[COLOUR_PLACE]
    value, gradient = (
        _path(sampled.x, y, window, low, high) for y in (sampled.value, sampled.gradient)
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" fill="none" stroke="{colour}" stroke-width="2">'
        f'<path d="{axes}" stroke="gray" stroke-width=".6"/>'
        f'<path d="{value}"/><path d="{gradient}" stroke-dasharray="4 3"/></svg>'
    )


def _path(
    x: FloatArray, y: FloatArray, window: tuple[float, float], low: float, high: float
) -> str:
    """Return SVG path commands in pixels; a gap in y lifts the pen."""
    across = (x - window[0]) / (window[1] - window[0]) * WIDTH
    down = (high - y) / (high - low) * HEIGHT
    commands, pen = [], "M"
    for right, below in zip(across, down, strict=True):
        if not np.isfinite(below):
            pen = "M"
            continue
        commands.append(f"{pen}{right:.1f} {below:.1f}")
        pen = "L"
    return "".join(commands)
