"""Small multiples of the whole catalogue: f and f′ of every entry in one glance."""

import numpy as np
import streamlit as st

from core.activations import ACTIVATIONS
from core.curves import curve, fit, grid
from core.spec import Activation, Family, FloatArray
from pages.ui import controls

WINDOW = (-4.0, 4.0)
POINTS = 65
WIDTH, HEIGHT = 160, 96
COLOUR_PLACE = 5
"""The place in the light palette of a colour that shows on light and dark ground alike: a
picture cannot follow the theme."""


def show() -> None:
    """Draw a card for every entry, by family; each opens the explorer on its function."""
    for family in Family:
        members = [a for a in ACTIVATIONS.values() if a.family is family]
        st.subheader(family.value, anchor=False)
        with st.grid(6, min_column_width=150, key=f"gallery_{family.name.lower()}") as cards:
            for entry in members:
                with cards.cell(), st.container(border=True, gap="xxsmall"):
                    _card(entry)


def _card(entry: Activation) -> None:
    st.page_link(
        "pages/activations.py",
        label=entry.name,
        query_params={controls.ACTIVATION: entry.key},
        help=entry.insight,
    )
    st.image(
        sparkline(entry.key),
        width="stretch",
        alt=f"{entry.name} (solid) and its gradient (dashed) for x from −4 to 4",
    )


@st.cache_data(show_spinner=False)
def sparkline(key: str) -> str:
    """Return f (solid) and f′ (dashed) of the entry ``key`` as an SVG drawing."""
    entry = ACTIVATIONS[key]
    sampled = curve(entry, grid(*WINDOW, entry.breaks(**entry.defaults), points=POINTS))
    spans = fit([sampled])
    low = max(min(spans.value[0], spans.gradient[0]), WINDOW[0])
    high = min(max(spans.value[1], spans.gradient[1]), WINDOW[1])
    axes = _path(np.array(WINDOW), np.zeros(2), low, high)
    axes += _path(np.zeros(2), np.array([low, high]), low, high)
    colour = st.get_option("theme.light.chartCategoricalColors")[COLOUR_PLACE]
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" fill="none" stroke="{colour}" stroke-width="2">'
        f'<path d="{axes}" stroke="gray" stroke-width=".6"/>'
        f'<path d="{_path(sampled.x, sampled.value, low, high)}"/>'
        f'<path d="{_path(sampled.x, sampled.gradient, low, high)}" stroke-dasharray="4 3"/></svg>'
    )


def _path(x: FloatArray, y: FloatArray, low: float, high: float) -> str:
    """Return SVG path commands in pixels; a gap in y lifts the pen."""
    across = (x - WINDOW[0]) / (WINDOW[1] - WINDOW[0]) * WIDTH
    down = (high - y) / (high - low) * HEIGHT
    commands, pen = [], "M"
    for right, below in zip(across, down, strict=True):
        if np.isnan(below):
            pen = "M"
            continue
        commands.append(f"{pen}{right:.1f} {below:.1f}")
        pen = "L"
    return "".join(commands)
