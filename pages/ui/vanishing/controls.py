"""The page's controls: their names in the URL, their steps and their defaults."""

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import streamlit as st

from core.network import Dropout, Skip, Stack
from core.network.gradient_flow import Experiment
from core.network.initialisers import INITIALISERS
from core.network.normalisation import Normalisation
from pages.ui import controls
from pages.ui.controls import Choice, segments
from pages.ui.live import player
from pages.ui.parts import Slider, Whole

SECTION = "vanishing_section"
DEPTH = "vanishing_depth"
WIDTH = "vanishing_width"
WEIGHTS = "vanishing_weights"
GAIN = "vanishing_gain"
SCALE = "vanishing_input"
NORMALISATION = "vanishing_norm"
SKIP = "vanishing_skip"
DROPOUT = "vanishing_dropout"
STACK = "vanishing_stack"
MORE = "vanishing_more"
BY_WEIGHTS = "vanishing_weights_too"
RANGE = "vanishing_range"
PATH = "vanishing_path"
UNITS = "vanishing_units"

DEPTHS = (*range(1, 21), *range(25, 41, 5), *range(50, 101, 10))
DEEPEST = DEPTHS[-1]
MOST_DRAWS = 12
MOST_INPUTS = 64
WIDTHS = (2, 4, 8, 16, 32, 64, 128, 256, 512)
GAINS = (
    *(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2, 1.25),
    *(1.3, 1.35, 1.4, 1.45, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.2, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0),
    *(10.0, 12.0, 15.0, 20.0, 50.0, 100.0),
)
SCALES = (
    *(0.0, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0),
    *(20.0, 50.0, 100.0, 1000.0),
)
RULES = {rule.name: key for key, rule in INITIALISERS.items()}
NORMALISATIONS = {
    "None": Normalisation.NONE,
    "Batch": Normalisation.BATCH,
    "Layer": Normalisation.LAYER,
}
SKIPS = {"None": Skip.NONE, "Plain": Skip.PLAIN, "Scaled": Skip.SCALED}
DROPOUTS = {"None": Dropout.NONE, "Ordinary": Dropout.PLAIN, "Alpha": Dropout.ALPHA}
WHOLE, CLOSE = "Whole", "Close to 1"
STRONGEST, SAME_UNIT, OWN_UNITS = "Strongest", "Same unit", "Own"

BIAS = Slider(
    "vanishing_bias",
    "Bias σ",
    0.0,
    2.0,
    0.0,
    0.05,
    2,
    "Standard deviation of the biases. In theory's terms this is σ_b.",
)
RATE = Slider("vanishing_rate", "Dropout rate", 0.0, 0.9, 0.1, 0.05, 2)
UNIT = Slider("vanishing_unit", "Unit number", 1, max(WIDTHS), 1, 1, 0)
BATCH = Whole("vanishing_batch", "Batch (inputs)", 2, MOST_INPUTS, 8)
SEED = Whole("vanishing_seed", "Seed", 0, 99, 0, help="Fixes every random number on this page.")
DRAWS = Whole(
    "vanishing_draws",
    "Draws",
    1,
    MOST_DRAWS,
    3,
    help="So many networks are drawn; the band spans them.",
)
SAMPLE = Slider("vanishing_sample", "Input of the batch", 1, MOST_INPUTS, 1, 1, 0)
PULSE = Slider(
    "vanishing_pulse",
    "Share of the way back (%)",
    0.0,
    100.0,
    100.0,
    2.0,
    0,
    "0: the gradient has just entered the last layer. 100: it has arrived at the first.",
)
VALUES = {
    key: Slider(
        f"vanishing_{rule.parameter.name}",
        {"std": "Weight σ", "value": "Weight value c"}[rule.parameter.name],
        rule.parameter.low,
        rule.parameter.high,
        rule.parameter.default,
        rule.parameter.step,
        2,
        rule.parameter.meaning,
    )
    for key, rule in INITIALISERS.items()
    if rule.parameter
}
"""The slider of each rule for weights that has a number of its own."""

DEFAULTS: Mapping[str, Any] = {
    DEPTH: 20,
    WIDTH: 32,
    WEIGHTS: INITIALISERS["linear_default"].name,
    GAIN: 1.0,
    SCALE: 1.0,
    NORMALISATION: "None",
    SKIP: "None",
    DROPOUT: "None",
    STACK: "1",
    BY_WEIGHTS: False,
    RANGE: WHOLE,
    PATH: STRONGEST,
    UNITS: "",
    **{s.key: s.default for s in (BIAS, RATE, UNIT, SAMPLE, PULSE, *VALUES.values())},
    **{w.key: w.default for w in (BATCH, SEED, DRAWS)},
}
"""Every control but the section, which decides what is on view."""


def base() -> Experiment:
    """Draw the controls that all stacks share; the activation is the identity's."""
    with st.grid(2, min_column_width=120):
        depth = _choice("Depth (layers)", DEPTH, DEPTHS)
        width = _width()
    player(DEPTH, "depth", key="vanishing_depth_player")
    rule, value = _weights()
    with st.grid(2, min_column_width=120):
        gain = _choice("Gain", GAIN, GAINS, "Every weight is multiplied by this.")
        scale = _choice(
            "Input scale",
            SCALE,
            SCALES,
            "Standard deviation of the inputs, which are random and normal.",
        )
        normalisation = _pick(
            "Normalisation",
            NORMALISATION,
            NORMALISATIONS,
            "Batch: each unit over the batch. Layer: each input over its units. Before the "
            "activation, with no learned scale.",
        )
        skip = _pick(
            "Skip connection",
            SKIP,
            SKIPS,
            "Plain: a layer's input is added to its output. Scaled: before that, the output is "
            "divided by √depth.",
        )
    more = st.expander(
        "Biases, batch, seed, dropout", key=MORE, on_change="rerun", bind="query-params"
    )
    with more, st.grid(2, min_column_width=110):
        bias = BIAS.draw()
        batch, seed, repeats = BATCH.draw(), SEED.draw(), DRAWS.draw()
        dropout = _pick("Dropout", DROPOUT, DROPOUTS)
        rate = RATE.draw() if dropout is not Dropout.NONE else 0.0
    return Experiment(
        stack=Stack(
            sizes=(width,) * (depth + 1),
            activation="identity",
            normalisation=normalisation,
            skip=skip,
            dropout=dropout,
            dropout_rate=rate,
        ),
        initialiser=rule,
        value=value,
        gain=gain,
        bias_std=bias,
        input_scale=scale,
        batch=batch,
        seed=seed,
        repeats=repeats,
    )


def more_on_view() -> bool:
    """Tell whether the fold is open that holds the biases and dropout, after :func:`base`."""
    return bool(st.session_state[MORE])


def settings(experiment: Experiment, choice: Choice | None = None) -> dict[str, Any]:
    """Return what the controls have to be for an experiment, with its activation if given."""
    stack = experiment.stack
    found: dict[str, Any] = {
        DEPTH: stack.depth,
        WIDTH: stack.sizes[-1],
        WEIGHTS: INITIALISERS[experiment.initialiser].name,
        GAIN: experiment.gain,
        SCALE: experiment.input_scale,
        NORMALISATION: _name(NORMALISATIONS, stack.normalisation),
        SKIP: _name(SKIPS, stack.skip),
        DROPOUT: _name(DROPOUTS, stack.dropout),
        BIAS.key: experiment.bias_std,
        BATCH.key: experiment.batch,
        SEED.key: experiment.seed,
        DRAWS.key: experiment.repeats,
    }
    if stack.dropout is not Dropout.NONE:
        found[RATE.key] = stack.dropout_rate
    if experiment.value is not None:
        found[VALUES[experiment.initialiser].key] = experiment.value
    if choice is not None:
        found[controls.ACTIVATION] = [choice.key]
        for name, number in choice.parameters.items():
            found[controls.slider_key(choice.key, name)] = number
    return found


def which(count: int) -> int:
    """Ask which of several stacks is looked into, and return its place."""
    if count == 1:
        return 0
    options = [str(i + 1) for i in range(count)]
    chosen = segments("Stack", options, "1", STACK, help="By its number in the verdicts.")
    return options.index(chosen) if chosen in options else 0


def _weights() -> tuple[str, float | None]:
    rule = _pick("Initial weights", WEIGHTS, RULES)
    return rule, VALUES[rule].draw() if rule in VALUES else None


def _pick(label: str, key: str, options: Mapping[str, Any], help: str | None = None) -> Any:
    names = list(options)
    place = names.index(DEFAULTS[key])
    return options[st.selectbox(label, names, place, key=key, bind="query-params", help=help)]


def _width() -> int:
    """Ask for the width: other weights are drawn for each, so that no picture could follow."""
    width: int = st.selectbox(
        "Width (units)", WIDTHS, WIDTHS.index(DEFAULTS[WIDTH]), key=WIDTH, bind="query-params"
    )
    return width


def _choice(label: str, key: str, options: tuple[Any, ...], help: str | None = None) -> Any:
    _to_the_nearest(key, options)
    return st.select_slider(
        label,
        options,
        DEFAULTS[key],
        format_func="{:g}".format,
        key=key,
        bind="query-params",
        help=help,
    )


def _to_the_nearest(key: str, options: tuple[float, ...]) -> None:
    """Let a number in the link that is none of the options stand for the nearest one."""
    with suppress(ValueError, KeyError):
        asked = float(st.query_params[key])
        if math.isfinite(asked) and asked not in options:
            st.query_params[key] = f"{min(options, key=lambda one: abs(one - asked)):g}"


def _name(options: Mapping[str, Any], value: Any) -> str:
    return next(name for name, one in options.items() if one is value)
