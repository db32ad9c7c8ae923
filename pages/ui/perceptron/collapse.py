"""Linear collapse: a stack of layers without activation, and the one layer that it is."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.linear.collapse import (
    Affine,
    collapse,
    layer_by_layer,
    random_stack,
    relative_difference,
)
from core.spec import FloatArray
from pages.ui import wording
from pages.ui.charts import Spec
from pages.ui.live import live, player
from pages.ui.parts import Shown, draw, formulas, offer, say, table
from pages.ui.perceptron import controls, figures, words
from pages.ui.perceptron.controls import LAYERS, STACK_SEED, STACK_WIDTH
from pages.ui.perceptron.moves import CHART, LIVE, PLACE, VERDICT, Rows, rest, sweeps

MATRIX = "perceptron_matrix"
_ANGLES = np.linspace(0, 2 * np.pi, 97)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=-1)
_DOTS = _CIRCLE[:-1:6]
_PROBES = np.random.default_rng(0).normal(size=(1000, 2))
"""The inputs that both ways to compute are compared on."""
_BIAS = 0.3
_FLOOR = 1e-17
"""What a difference of nothing is drawn as: a logarithm knows no 0."""


def section(beside: DeltaGenerator, above: DeltaGenerator) -> None:
    """Draw what the circle becomes, layer by layer and through the one matrix."""
    with beside:
        values = {LAYERS.key: LAYERS.draw()}
        player(LAYERS.key, "L", key="perceptron_player")
        with controls.grid(2):
            width, seed = STACK_WIDTH.draw(), STACK_SEED.draw()
    shown = rest(picture, values, width, seed)
    with above, st.grid(2, min_column_width=240):
        alt = "What the stack makes of the unit circle: dots layer by layer, a curve at once"
        figure = draw(shown, CHART, _plane_layout(), alt)
        alt = "The relative difference between both ways to compute, for 1 to 50 layers"
        draw(shown, PLACE, _difference_layout(), alt, [_differences_trace(width, seed)])
    with beside:
        say(shown, VERDICT)
        st.markdown("**The one layer: y = Wx + b**")
        table(shown, MATRIX, ["", "x₁", "x₂", "b"], ["y₁", "y₂"])
    live(sweeps(picture, values, [LAYERS], width, seed), key=LIVE)
    st.caption(
        "Each layer is drawn at random: 2 inputs, layers of the chosen width, 2 outputs. The "
        "difference is measured on 1000 random inputs, relative to the largest output. It is "
        "rounding: each number carries 53 binary digits, about 1·10⁻¹⁶ of itself. The left "
        "picture is what becomes of the unit circle without the biases: an ellipse, scaled. As a "
        "function the stack is one layer; gradient descent still trains it in another way."
    )
    offer(shown, CHART, figure, "linear-collapse")
    formulas(
        r"W_L(\cdots W_2(W_1x+b_1)+b_2\cdots)+b_L=(W_L\cdots W_2W_1)\,x+b",
    )


@lru_cache(maxsize=32)
def stacks(width: int, seed: int) -> list[list[Affine]]:
    """Return a stack for each number of layers on the slider."""
    depths = LAYERS.steps.astype(int).tolist()
    return [random_stack([2, *[width] * (depth - 1), 2], seed, _BIAS) for depth in depths]


@lru_cache(maxsize=32)
def differences(width: int, seed: int) -> list[float]:
    """Return how far both ways to compute are apart, for each number of layers."""
    return [
        relative_difference(
            layer_by_layer([collapse(stack)], _PROBES), layer_by_layer(stack, _PROBES)
        )
        for stack in stacks(width, seed)
    ]


def picture(rows: Rows, width: int, seed: int) -> Shown:
    """Show stacks for rows of a number of layers each."""
    depths = rows[LAYERS.key].astype(int)
    chosen = [stacks(width, seed)[depth - 1] for depth in depths]
    gaps = [differences(width, seed)[depth - 1] for depth in depths]
    ones = [collapse(stack) for stack in chosen]
    # The biases only shift the picture; beside them a deep stack's ellipse would be lost.
    curves = np.array([_CIRCLE @ one.weights.T for one in ones])
    points = np.array(
        [layer_by_layer([_bare(layer) for layer in stack], _DOTS) for stack in chosen]
    )
    reach = np.abs(curves).max(axis=(1, 2), keepdims=True)
    traces: list[Spec] = [
        figures.line(curves / reach, "one matrix", figures.FIRES),
        figures.dots(points / reach, "layers", figures.SILENT, size=7),
    ]
    here = np.stack([depths, _digits(gaps)], axis=-1)[:, None, :]
    texts = {
        VERDICT: [
            words.collapsed(int(depth), _count(stack), gap, width == 1 and depth > 1)
            for depth, stack, gap in zip(depths, chosen, gaps, strict=True)
        ]
    }
    for row in range(2):
        for column in range(3):
            numbers = [
                float(one.weights[row, column] if column < 2 else one.bias[row]) for one in ones
            ]
            texts[f"{MATRIX}[{row + 1}][{column + 1}]"] = [wording.fixed(v) for v in numbers]
    return Shown({CHART: (0, traces), PLACE: (1, [figures.dots(here, "", figures.FIRES)])}, texts)


def _count(stack: list[Affine]) -> int:
    return sum(layer.weights.size + layer.bias.size for layer in stack)


def _bare(layer: Affine) -> Affine:
    return Affine(layer.weights, np.zeros_like(layer.bias))


def _digits(gaps: Sequence[float]) -> FloatArray:
    """Return the powers of ten of differences, for an axis that is linear to the browser."""
    found: FloatArray = np.log10(np.maximum(gaps, _FLOOR))
    return found


def _differences_trace(width: int, seed: int) -> Spec:
    gaps = differences(width, seed)
    points = np.stack([LAYERS.steps, _digits(gaps)], axis=-1)
    return figures.line(points, "difference", figures.GREY, width=1.5) | {
        "text": [wording.number(gap, 2) for gap in gaps],
        "hovertemplate": "%{x} layers: %{text}<extra></extra>",
    }


def _plane_layout() -> Spec:
    span = (-1.15, 1.15)
    titles = ("y₁, scaled", "y₂, scaled")
    return figures.plane_layout(span, span, titles, figures.SIDE_HEIGHT)


def _difference_layout() -> Spec:
    powers = range(-17, -11)
    ticks = ["0", *(f"10<sup>−{-power}</sup>" for power in powers[1:])]
    up = figures.axis("relative difference", (-17.3, -11.7), tickvals=list(powers), ticktext=ticks)
    layout = figures.panel_layout(
        figures.SIDE_HEIGHT, figures.axis("layers L", (0, 51)), up, hovermode="closest"
    )
    return layout | {"showlegend": False}
