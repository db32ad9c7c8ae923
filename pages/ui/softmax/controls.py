"""The Softmax page's controls: their names in the URL, their steps and their defaults."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core.spec import FloatArray
from core.units import GATES, MAXOUT_CASES, Piece
from pages.ui import presets
from pages.ui.parts import Whole
from pages.ui.presets import Preset

SECTION = "softmax_section"
TEMPERATURE = "softmax_temperature"
SHIFT = "softmax_shift"
SCALE = "softmax_scale"
LABEL = "softmax_label"
PIECES = "softmax_pieces"
UNIT = "softmax_unit"
VALUE = "softmax_value"
GATE = "softmax_gate"

MOST_CLASSES = 10
MOST_PIECES = 4
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _steps(low: float, high: float, step: float) -> FloatArray:
    # Rounded, so that a step is the very number that the slider sends.
    return np.round(np.arange(round(low / step), round(high / step) + 1) * step, 10)


LOGIT_STEPS = _steps(-10, 10, 0.1)
TEMPERATURE_STEPS = _steps(0.1, 5, 0.1)
SHIFT_STEPS = _steps(-1000, 1000, 10)
SCALE_STEPS = _steps(0, 1000, 5)
WEIGHT_STEPS = _steps(0, 1, 0.02)
SLOPE_STEPS = _steps(-3, 3, 0.05)
INPUT_STEPS = _steps(-4, 4, 0.05)
LABEL_STEPS = _steps(1, MOST_CLASSES, 1)

CLASSES = Whole("softmax_classes", "Classes K", 2, MOST_CLASSES, 3)

_LOGITS = (1.0, 2.0, 3.0, 0.0, -1.0, 0.5, -2.0, 1.5, -0.5, 2.5)
_P = (0.5, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)
_Q = (0.1, 0.2, 0.7, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1)
_PIECES = (Piece(0.0, 0.0), Piece(1.0, 0.0), Piece(-1.0, -1.0), Piece(2.0, -2.0))


def logit_key(place: int) -> str:
    """Return the name of a logit's slider, counted from 0."""
    return f"softmax_z{place + 1}"


def weight_key(side: str, place: int) -> str:
    """Return the name of the slider of one class in the distribution "p" or "q"."""
    return f"softmax_{side}{place + 1}"


def piece_key(part: str, place: int) -> str:
    """Return the name of the slider of a maxout piece's "slope" or "bias"."""
    return f"softmax_{part}{place + 1}"


DEFAULTS: Mapping[str, Any] = {
    CLASSES.key: CLASSES.default,
    TEMPERATURE: 1.0,
    SHIFT: 0.0,
    SCALE: 30.0,
    LABEL: 1,
    PIECES: "2",
    UNIT: "GLU",
    VALUE: 2.0,
    GATE: 1.0,
    **{logit_key(i): z for i, z in enumerate(_LOGITS)},
    **{weight_key("p", i): p for i, p in enumerate(_P)},
    **{weight_key("q", i): q for i, q in enumerate(_Q)},
    **{piece_key("slope", i): piece.weight for i, piece in enumerate(_PIECES)},
    **{piece_key("bias", i): piece.bias for i, piece in enumerate(_PIECES)},
}
"""Every control but the section, which decides what is on view."""

UNITS = tuple(GATES)


def subscript(place: int) -> str:
    """Write the number of a class, counted from 0, as it stands below a symbol."""
    return str(place + 1).translate(_SUBSCRIPTS)


def slider(label: str, key: str, steps: FloatArray, decimals: int, **more: Any) -> float:
    """Draw a slider over ``steps``, bound to the URL."""
    value: float = st.slider(
        label,
        float(steps[0]),
        float(steps[-1]),
        float(DEFAULTS[key]),
        float(np.round(steps[1] - steps[0], 10)),
        format=f"%.{decimals}f",
        key=key,
        bind="query-params",
        **more,
    )
    return value


def classes_and_temperature() -> tuple[int, float]:
    """Ask for the number of classes and, beside it, the temperature."""
    with st.grid(2, min_column_width=110):
        count = CLASSES.draw()
        temperature = slider(
            "Temperature T",
            TEMPERATURE,
            TEMPERATURE_STEPS,
            1,
            help="Logits are divided by T: a small one sharpens, a large one evens out.",
        )
    return count, temperature


def classes_and_label() -> tuple[int, int]:
    """Ask for the number of classes and, beside it, for the true one among them."""
    with st.grid(2, min_column_width=110):
        count = CLASSES.draw()
        label = st.slider(
            "True class",
            1,
            MOST_CLASSES,
            DEFAULTS[LABEL],
            key=LABEL,
            bind="query-params",
            help="A number above K counts as K.",
        )
    return count, min(label, count)


def logits(count: int) -> tuple[float, ...]:
    """Draw a slider for each logit: in one column as long as they are few."""
    with st.grid(1 if count <= 4 else 2, min_column_width=110):
        return tuple(slider(f"z{subscript(i)}", logit_key(i), LOGIT_STEPS, 1) for i in range(count))


def distributions(count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Draw a slider for each class in P and, beside it, in Q."""
    found: dict[str, list[float]] = {"p": [], "q": []}
    with st.grid(2, min_column_width=110):
        for i in range(count):
            for side, values in found.items():
                label = f"{side.upper()}{subscript(i)}"
                values.append(slider(label, weight_key(side, i), WEIGHT_STEPS, 2))
    return tuple(found["p"]), tuple(found["q"])


def pieces(count: int) -> tuple[Piece, ...]:
    """Draw the sliders of a maxout unit's pieces: slope and bias beside each other."""
    found = []
    with st.grid(2, min_column_width=110):
        for i in range(count):
            name = f"{subscript(i)}"
            slope = slider(f"Slope w{name}", piece_key("slope", i), SLOPE_STEPS, 2)
            bias = slider(f"Bias b{name}", piece_key("bias", i), SLOPE_STEPS, 2)
            found.append(Piece(slope, bias))
    return tuple(found)


def special_cases() -> None:
    """Offer the maxout units that are known by another name."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Set to", width="content")
        for name, case in MAXOUT_CASES.items():
            st.button(
                name,
                key=f"maxout set to {name}",
                type="tertiary",
                on_click=presets.assign,
                args=(maxout_settings(name), DEFAULTS),
                help=f"{len(case)} pieces",
            )


def maxout_settings(case: str) -> dict[str, Any]:
    """Return what the controls have to be for a special case of maxout."""
    found: dict[str, Any] = {PIECES: str(len(MAXOUT_CASES[case]))}
    for i, piece in enumerate(MAXOUT_CASES[case]):
        found[piece_key("slope", i)] = piece.weight
        found[piece_key("bias", i)] = piece.bias
    return found


def preset(label: str, look_for: str, section: str, values: Mapping[str, Any]) -> Preset:
    """Return a section with settings worth seeing; all else as by default."""
    return Preset(label, look_for, {SECTION: section, **values})


def numbered(name: str, values: Sequence[float]) -> dict[str, float]:
    """Return the sliders "softmax_name1", "softmax_name2" and so on with their values."""
    return {f"softmax_{name}{i}": value for i, value in enumerate(values, 1)}
