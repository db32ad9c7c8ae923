"""Activations: what one lets through, and what it does to the gradient on the way back."""

from pages.ui import frame, presets
from pages.ui.controls import ACTIVATION_PICKER
from pages.ui.functions import activation_view, explorer

PRESETS = (
    ACTIVATION_PICKER.preset(
        "Leaky 0.01 and 0.3",
        "PyTorch's and JAX's default slope beside that of Keras' layer: the same name, "
        "thirty times the gradient for negative inputs.",
        ("leaky_relu", "leaky_relu-2"),
        {"leaky_relu_negative_slope": 0.01, "leaky_relu-2_negative_slope": 0.3},
        activation_view.DEFAULTS,
    ),
    ACTIVATION_PICKER.preset(
        "GELU − tanh form, ×100",
        "The exact GELU and its tanh approximation never differ by more than 0.0005; "
        "a hundred times enlarged, the difference shows where.",
        ("gelu", "gelu_tanh"),
        controls={**activation_view.DEFAULTS, activation_view.DIFFERENCE: "100"},
    ),
    ACTIVATION_PICKER.preset(
        "ELU and SELU",
        "SELU is ELU at α = 1.673, times a scale of 1.051: steeper than the identity on the "
        "right, so that variance can neither die out nor grow.",
        ("elu", "selu"),
        controls=activation_view.DEFAULTS,
    ),
    ACTIVATION_PICKER.preset(
        "Hard sigmoids",
        "Keras 2 draws the line with slope 0.2; PyTorch, Keras 3 and JAX with 1/6. "
        "Both stand in for the sigmoid.",
        ("sigmoid", "hard_sigmoid", "hard_sigmoid-2"),
        {"hard_sigmoid_slope": 0.2, "hard_sigmoid-2_slope": 1 / 6},
        activation_view.DEFAULTS,
    ),
    ACTIVATION_PICKER.preset(
        "Dead at x < 0?",
        "At x = −3 ReLU's gradient is exactly zero. The others let something through: "
        "how much, and with which sign?",
        ("relu", "leaky_relu", "elu", "gelu", "softplus"),
        controls={**activation_view.DEFAULTS, activation_view.PROBE: -3.0},
    ),
)

frame.begin("activations")
presets.offer(PRESETS)
explorer.explain(activation_view.explore())
