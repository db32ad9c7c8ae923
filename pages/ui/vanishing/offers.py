"""The page's presets: each a first stack on the controls, and others pinned beside it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.activations import ACTIVATIONS
from core.network import Skip, Stack
from core.network.gradient_flow import Experiment
from pages.ui.controls import Choice
from pages.ui.presets import Preset
from pages.ui.vanishing import pins, theory
from pages.ui.vanishing.controls import (
    BATCH,
    CLOSE,
    DEFAULTS,
    DRAWS,
    RANGE,
    SECTION,
    WHOLE,
    settings,
)
from pages.ui.vanishing.runs import Run, run_of


def _stack(activation: str, depth: int, rule: str, *, skip: Skip = Skip.NONE, **more: Any) -> Run:
    choice = Choice(activation, ACTIVATIONS[activation].defaults)
    stack = Stack(sizes=(64,) * (depth + 1), activation="identity", skip=skip)
    usual = {"repeats": DRAWS.default, "batch": BATCH.default}
    return run_of(choice, Experiment(stack=stack, initialiser=rule, **usual, **more))


def _preset(label: str, look_for: str, first: Run, *others: Run, range: str = WHOLE) -> Preset:
    values: dict[str, Any] = {
        RANGE: range,
        **settings(first.experiment, first.choice),
        SECTION: "Gradient by layer",
        pins.PIN: [pins.write(replace(run, pinned=True)) for run in others],
    }
    return Preset(label, look_for, values)


PRESETS = (
    _preset(
        "Ten sigmoids",
        "The textbook case. Xavier's weights keep a linear stack alive, not this one: about "
        "a factor of 0.24 is left by every layer.",
        _stack("sigmoid", 10, "xavier_normal"),
    ),
    _preset(
        "Tanh at the edge of chaos",
        "A gain of 1.3 with biases of σ = 0.2 is almost exactly where the gradient neither "
        "shrinks nor grows from layer to layer. Pinned: Xavier alone, at gain 1 and bias 0, "
        "which loses ground by a power law and is down to a tenth, and gain 1 with those biases, "
        "which fades a thousandfold.",
        _stack("tanh", 50, "xavier_normal", gain=1.3, bias_std=0.2),
        _stack("tanh", 50, "xavier_normal"),
        _stack("tanh", 50, "xavier_normal", bias_std=0.2),
        range=CLOSE,
    ),
    _preset(
        "ReLU: He or Xavier",
        "ReLU passes half of the gradient's square. He's weights make up for it with twice the "
        "variance; Xavier's do not, and 50 layers cost more than seven decades.",
        _stack("relu", 50, "he_normal"),
        _stack("relu", 50, "xavier_normal"),
    ),
    _preset(
        "SELU: LeCun or not",
        "SELU normalises its signal by itself, if the weights have LeCun's variance. With He's "
        "the gradient grows, with PyTorch's default it vanishes.",
        _stack("selu", 50, "lecun_normal"),
        _stack("selu", 50, "he_normal"),
        _stack("selu", 50, "linear_default"),
        range=CLOSE,
    ),
    _preset(
        "All zeros",
        "Nothing gets past the last layer. And where all weights start alike, all units of a "
        "layer stay alike: the symmetry never breaks.",
        _stack("sigmoid", 10, "zeros"),
        _stack("sigmoid", 10, "constant", value=0.1),
    ),
    _preset(
        "100 layers, skips",
        "With its input added to each layer's output, and the layer's own part divided by √100, "
        "the gradient has a straight way home. Pinned: the same stack without.",
        _stack("tanh", 100, "linear_default", skip=Skip.SCALED),
        _stack("tanh", 100, "linear_default"),
    ),
    _preset(
        "Linear",
        "No activation at all: with variance 1/n the gradient keeps its size on average and "
        "wanders. Orthogonal weights, pinned, keep it exactly.",
        _stack("identity", 50, "xavier_normal"),
        _stack("identity", 50, "orthogonal"),
        range=CLOSE,
    ),
)

ALL_DEFAULTS: Mapping[str, Any] = {**DEFAULTS, **theory.DEFAULTS, pins.PIN: []}
"""What a preset resets where it says nothing itself."""
