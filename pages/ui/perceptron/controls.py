"""The Perceptron page's controls: their names in the URL, their steps and their defaults."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.perceptron import GATES, SOLUTIONS, XOR_NETWORK
from pages.ui import presets
from pages.ui.parts import Slider, Whole
from pages.ui.presets import Preset

SECTION = "perceptron_section"
GATE = "perceptron_gate"
DATA = "perceptron_data"
MORE = "perceptron_more"
ORDER = "perceptron_order"
HALF = "perceptron_half"
STACK = "perceptron_stack"
WEIGHTS = "perceptron_weights"

POINTS = "Points"
DATA_SETS = (*GATES, POINTS)
ORDERS = ("As listed", "Backwards", "Shuffled")
HALVES = ("One unit", "Two hidden units")
STACKS = ("Nothing between", "An activation between")
KINDS = ("Random", "Folding")


def _weight(key: str, label: str, default: float, help: str | None = None) -> Slider:
    return Slider(f"perceptron_{key}", label, -3, 3, default, 0.1, 1, help)


UNIT = (
    _weight("w1", "Weight w₁", 1.0),
    _weight("w2", "Weight w₂", 1.0),
    _weight("b", "Bias b", -0.5),
)

STEP = Slider("perceptron_step", "Step", 0, 60, 4, 1, 0)
START = (
    _weight("start1", "Start w₁", 0.0),
    _weight("start2", "Start w₂", 0.0),
    _weight("start_b", "Start b", 0.0),
)
RATE = Slider("perceptron_rate", "Rate η", 0.1, 3, 1.0, 0.1, 1)
SEED = Whole("perceptron_seed", "Seed", 0, 50, 3)
GAP = Slider(
    "perceptron_gap",
    "Gap",
    0.02,
    0.4,
    0.1,
    0.02,
    2,
    "How far each point is at least from the line that splits the two classes.",
)

HIDDEN = tuple(
    _weight(
        f"{name}{place}", label.format("₁₂"[place - 1]), float(XOR_NETWORK.hidden[place - 1, i])
    )
    for place in (1, 2)
    for i, (name, label) in enumerate(
        [
            ("hidden_a", "h{}: weight of x₁"),
            ("hidden_b", "h{}: weight of x₂"),
            ("hidden_c", "h{}: bias"),
        ]
    )
)
OUTPUT = tuple(
    _weight(key, label, float(value))
    for key, label, value in zip(
        ("output_1", "output_2", "output_b"),
        ("Weight of h₁", "Weight of h₂", "Output bias"),
        XOR_NETWORK.output,
        strict=True,
    )
)

LAYERS = Slider("perceptron_layers", "Layers L", 1, 50, 5, 1, 0)
STACK_WIDTH = Whole("perceptron_stack_width", "Width within", 1, 8, 4)
STACK_SEED = Whole("perceptron_stack_seed", "Seed", 0, 50, 0)

WIDTH = Whole("perceptron_width", "Units a layer", 1, 8, 6)
DEPTH = Whole("perceptron_depth", "Hidden layers", 1, 4, 2)
DRAW = Whole("perceptron_draw", "Seed", 0, 50, 0)
ANGLE = Slider("perceptron_angle", "Line: angle, degrees", 0, 180, 15, 3, 0)
OFFSET = Slider("perceptron_offset", "Line: offset", -1.8, 1.8, 0.2, 0.1, 1)

STEEPNESS = Slider("perceptron_steepness", "Steepness k", 1, 30, 5, 0.5, 1)
BEGIN = Slider("perceptron_begin", "Start of w", -1, 3, 0.0, 0.05, 2)
DESCENT_RATE = Slider("perceptron_descent_rate", "Rate η", 0.1, 5, 1.0, 0.1, 1)

_SLIDERS = (
    *UNIT, STEP, *START, RATE, GAP, *HIDDEN, *OUTPUT, LAYERS, ANGLE, OFFSET, STEEPNESS, BEGIN,
    DESCENT_RATE,
)  # fmt: skip
_FIELDS = (SEED, STACK_WIDTH, STACK_SEED, WIDTH, DEPTH, DRAW)

DEFAULTS: Mapping[str, Any] = {
    GATE: "AND",
    DATA: "AND",
    ORDER: ORDERS[0],
    HALF: HALVES[0],
    STACK: STACKS[0],
    WEIGHTS: KINDS[0],
    **{slider.key: float(slider.default) for slider in _SLIDERS},
    **{field.key: field.default for field in _FIELDS},
}
"""Every control but the section, which decides what is on view."""

XOR_SOLUTIONS: Mapping[str, Mapping[str, float]] = {
    name: dict(zip((s.key for s in (*HIDDEN, *OUTPUT)), map(float, numbers), strict=True))
    for name, numbers in {
        "OR, not AND": (1, 1, -0.5, 1, 1, -1.5, 1, -2, -0.5),
        "Only one": (1, -1, -0.5, -1, 1, -0.5, 1, 1, -0.5),
    }.items()
}
"""Two ways to make XOR of two hidden units."""


def grid(columns: int) -> DeltaGenerator:
    """Return a grid for numbers, with fewer columns where there is no room for so many."""
    return st.grid(columns, min_column_width=95)


def numbers(sliders: Sequence[Slider], columns: int = 1) -> dict[str, float]:
    """Draw sliders, in a grid where there are several columns, and return their values."""
    with grid(columns):
        return {slider.key: slider.draw() for slider in sliders}


def set_to(settings: Mapping[str, Mapping[str, Any]], key: str) -> None:
    """Offer named settings as a row of small buttons."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Set to", width="content")
        for name, values in settings.items():
            st.button(
                name,
                key=f"{key} set to {name}",
                type="tertiary",
                on_click=presets.assign,
                args=(dict(values), DEFAULTS),
            )


def gate_settings() -> dict[str, dict[str, float]]:
    """Return the sliders of one unit for each gate that it can be."""
    keys = [slider.key for slider in UNIT]
    return {gate: dict(zip(keys, w, strict=True)) for gate, w in SOLUTIONS.items()}


def preset(label: str, look_for: str, section: str, values: Mapping[str, Any]) -> Preset:
    """Return a section with settings worth seeing."""
    return Preset(label, look_for, {SECTION: section, **values})
