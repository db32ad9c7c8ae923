"""The Optimizers page's controls: their names in the URL, their steps and their defaults."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.descent.schedules import SCHEDULES
from core.descent.sensitivity import RATES as SWEPT_RATES
from core.descent.surfaces import SURFACES, Ground, Surface
from core.losses import LOSSES
from core.optimizers import OPTIMIZERS
from core.spec import Parameter
from pages.ui import state, wording
from pages.ui.controls import slider_key
from pages.ui.landscapes import controls as landscapes
from pages.ui.optimizers import scene
from pages.ui.optimizers.figures.mapping import TICKS
from pages.ui.optimizers.scene import CARRIED, Driver, Settings, landscape
from pages.ui.optimizers.walks import Course
from pages.ui.parts import Slider
from pages.ui.presets import Preset

OPTIMIZER = "optimizer"
SECTION = "optimizers_section"
SURFACE = "optimizers_surface"
CARRIED_LOSS = "optimizers_loss"
TAB = "optimizers_tab"
W = "optimizers_w"
B = "optimizers_b"
SEED = "optimizers_seed"
SEEDS = range(21)
LENGTH = "optimizers_length"
SCHEDULE = "optimizers_schedule"
FAIR = "optimizers_fair"
PROGRESS = Slider(
    "optimizers_progress",
    "Share of the steps, %",
    0.0,
    100.0,
    100.0,
    1.0,
    0,
    help="Drag it, or go step by step with the arrow keys. Taking hold of it pauses the race.",
)
ONE = "optimizers_one"
STEP = Slider("optimizers_step", "Step k", 1.0, 60.0, 5.0, 1.0, 0)
MAP = "optimizers_map"
MAP_STEPS = "optimizers_map_steps"
GAMMA = Slider(
    "optimizers_gamma", "Momentum γ", 0.0, 0.95, 0.9, 0.05, 2, help="The share of v that is kept."
)
RATE = "optimizers_rate"
CUT = "optimizers_cut"
MATCHED = "optimizers_matched"

RATES, START, GROUND, MEMORY = "Rates", "Start", "Surface", "Momentum, ε"
TABS = (RATES, START, GROUND, MEMORY)
"""What can be set of a race, a tab each: the sliders of the open one follow the finger."""

_GRID = tuple(round(0.2 * place, 1) for place in range(-30, 31))
STARTS = tuple(sorted({*_GRID, -0.1, -0.01, 0.01, 0.1}))
"""Where a walk may start, along either axis: finer at 0, where a saddle has its ridge."""

LENGTHS = ("50", "100", "300", "1000")
RATE_OPTIONS = (0.0, *SWEPT_RATES, 100.0, 10_000.0)
EPS_OPTIONS = (1e-10, 1e-8, 1e-7, 1e-4, 0.01, 0.1, 1.0)
NAMES = {optimizer.name: key for key, optimizer in OPTIMIZERS.items()}
SURFACE_NAMES = {**{surface.name: key for key, surface in SURFACES.items()}, CARRIED: CARRIED}
SCHEDULE_NAMES = {schedule.name: key for key, schedule in SCHEDULES.items()}
RACERS = ("gradient_descent", "momentum", "adam")

DEFAULTS: Mapping[str, Any] = {
    SURFACE: "Bowl",
    W: -2.0,
    B: 1.0,
    SEED: 0,
    LENGTH: "100",
    SCHEDULE: "Constant",
    FAIR: False,
    PROGRESS.key: PROGRESS.default,
    ONE: "Adam",
    STEP.key: STEP.default,
    MAP: "Minima",
    MAP_STEPS: "300",
    GAMMA.key: GAMMA.default,
    RATE: 0.032,
    CUT: False,
    MATCHED: False,
    **{
        slider_key(key, p.name): (bool(p.default) if p.name == "bias_correction" else p.default)
        for key, entry in {**OPTIMIZERS, **SURFACES}.items()
        for p in entry.parameters
    },
}
"""Every control but the section, its tabs, the choice of optimizers and what is carried over."""


@dataclass(frozen=True)
class Stage:
    """The surface that is walked on, where from, and with which errors of measurement.

    ``surface`` and ``parameters`` are as in a :class:`Course`.
    """

    ground: Ground
    surface: str
    parameters: Settings
    start: tuple[float, float]
    seed: int

    @property
    def outside(self) -> bool:
        """Tell whether the start lies outside the part of the surface that is drawn."""
        (left, right), (low, high) = self.ground.window
        return not (left <= self.start[0] <= right and low <= self.start[1] <= high)

    def course(self, steps: int, schedule: str = "constant") -> Course:
        """Return what a walk of ``steps`` steps needs to know of all this."""
        return Course(
            self.ground, self.surface, self.parameters, self.start, self.seed, steps, schedule
        )


def stage() -> Stage:
    """Ask for the surface, its parameters and the start; stop where there is no surface."""
    key = surface_key()
    return start(key, *ground(key))


def surface_key() -> str:
    """Ask for the surface and return its key, or ``CARRIED``."""
    name = st.selectbox("Surface", list(SURFACE_NAMES), key=SURFACE, bind="query-params")
    return SURFACE_NAMES[name]


def ground(key: str) -> tuple[Ground, Settings]:
    """Ask for a surface's parameters, and return it with them; stop where there is no surface."""
    if key == CARRIED:
        return _carried(), ()
    asked = SURFACES[key].parameters
    if not asked:
        return scene.ground(key, ()), ()
    with st.grid(2, min_column_width=110):
        values = tuple((p.name, _slider(key, p, f"{p.name.capitalize()} {p.glyph}")) for p in asked)
    return scene.ground(key, values), values


def start(key: str, land: Ground, parameters: Settings) -> Stage:
    """Ask where a walk on ``land`` starts, and with which noise.

    It is the surface ``key`` with its ``parameters``, as :func:`ground` returns them.
    """
    with st.grid(2, min_column_width=110):
        at = (_start("Start w", W), _start("Start b", B))
    seed = 0
    if land.noise:
        ends = (SEEDS.start, SEEDS.stop - 1)
        seed = st.slider("Seed of the noise", *ends, 0, key=SEED, bind="query-params")
    usual = dict(zip((W, B), land.start, strict=True))
    st.button(
        f"Usual start ({', '.join(map(wording.number, usual.values()))})",
        type="tertiary",
        on_click=state.assign,
        args=(usual,),
    )
    found = Stage(land, "" if key == CARRIED else key, parameters, at, seed)
    if found.outside:
        (left, right), (low, high) = land.window
        st.caption(
            f"The start lies outside the map, which shows w from {wording.number(left)} to "
            f"{wording.number(right)} and b from {wording.number(low)} to {wording.number(high)}. "
            "The walk is computed all the same."
        )
    return found


def _start(label: str, key: str) -> float:
    value: float = st.select_slider(
        label,
        STARTS,
        DEFAULTS[key],
        format_func="{:g}".format,
        key=key,
        bind="query-params",
    )
    return value


def surface() -> Surface | None:
    """Return the surface of the catalogue that is on view, or None for a landscape."""
    return SURFACES.get(SURFACE_NAMES[st.session_state[SURFACE]])


def _carried() -> Ground:
    """Ask which landscape of the Landscapes page it shall be; stop where there is none."""
    offered = {LOSSES[one.loss].name: one for one in landscapes.carried()}
    if not offered:
        st.info("There is no landscape to carry over: on the Landscapes page, choose some data.")
        st.stop()
    chosen = st.selectbox("Loss", list(offered), key=CARRIED_LOSS, bind="query-params")
    st.caption("Data, output and losses are those of the Landscapes page.")
    try:
        return landscape(offered[chosen])
    except ValueError as error:
        st.info(wording.plain(str(error)))
        st.stop()


def take_click(chosen: Mapping[str, Any] | None) -> None:
    """Make the point that was clicked the start; for a chart with a canvas to click on."""
    points = chosen["selection"]["points"] if chosen else []
    if points and "x" in points[0]:
        at = {W: points[0]["x"] / TICKS, B: points[0]["y"] / TICKS}
        state.assign({k: min(STARTS, key=lambda one: abs(one - v)) for k, v in at.items()})


def take_settings(optimizer: str, momentum: str, chosen: Mapping[str, Any] | None) -> None:
    """Set an optimizer's rate and momentum to those clicked, the rate to its nearest option."""
    points = chosen["selection"]["points"] if chosen else []
    if points and "x" in points[0]:
        near = min(RATE_OPTIONS[1:], key=lambda rate: abs(math.log10(rate) - points[0]["x"]))
        rate, gamma = slider_key(optimizer, "learning_rate"), slider_key(optimizer, momentum)
        state.assign({rate: near, gamma: round(points[0]["y"], 2)})


def racers() -> list[str]:
    """Ask which optimizers race, at least one; the choice is shared through the URL."""
    asked = list(dict.fromkeys(st.query_params.get_all(OPTIMIZER)))
    strangers = [key for key in asked if key not in OPTIMIZERS]
    state.choice(OPTIMIZER, tuple(OPTIMIZERS), RACERS, len(OPTIMIZERS))
    chosen = st.pills(
        "Optimizers",
        list(OPTIMIZERS),
        selection_mode="multi",
        format_func=lambda key: OPTIMIZERS[key].name,
        key=OPTIMIZER,
        wrap=True,
    )
    if strangers:
        shown = ", ".join(wording.literal(one) for one in strangers[:3])
        st.warning(f"Not in the catalogue, and so left out: {shown}.")
    ordered = [key for key in OPTIMIZERS if key in chosen]
    state.publish(OPTIMIZER, ordered, list(RACERS))
    if not ordered:
        st.info("Pick at least one optimizer.")
        st.stop()
    return ordered


def drivers(names: Sequence[str], settings: Sequence[Settings], fair: bool) -> list[Driver]:
    """Ask for the rate of each optimizer and join it to its other settings.

    In a fair race the rates come from a sweep, and none is asked for.
    """
    rates = {}
    if not fair:
        st.markdown("Learning rates η")
        with st.grid(2, min_column_width=110):
            rates = {name: rate(name) for name in names}
    return [Driver(name, rates.get(name, 0.0), s) for name, s in zip(names, settings, strict=True)]


def schedule() -> str:
    """Ask how the learning rate changes along the way."""
    names = list(SCHEDULE_NAMES)
    name = st.selectbox("Schedule of η", names, key=SCHEDULE, bind="query-params")
    found = SCHEDULE_NAMES[name]
    st.caption(f"${SCHEDULES[found].formula}$: {SCHEDULES[found].insight}")
    return found


def driver() -> Driver:
    """Ask for one optimizer, with its rate and everything else."""
    name = NAMES[st.selectbox("Optimizer", list(NAMES), 5, key=ONE, bind="query-params")]
    return Driver(name, rate(name, "Learning rate η"), hyperparameters(name))


def rate(name: str, label: str = "") -> float:
    """Ask for the learning rate of an optimizer, on a scale of powers of ten."""
    return _rate(label or OPTIMIZERS[name].name, slider_key(name, "learning_rate"))


def plain_rate() -> float:
    """Ask for a learning rate that belongs to no optimizer of the catalogue."""
    return _rate("Learning rate η", RATE)


def _rate(label: str, key: str) -> float:
    default = DEFAULTS[key]
    value: float = st.select_slider(
        label,
        RATE_OPTIONS,
        default,
        format_func="{:g}".format,
        key=key,
        bind="query-params",
    )
    state.carry(key, value)
    return value


def hyperparameters(name: str) -> Settings:
    """Draw a control for each parameter but the rate, and return their values."""
    others = OPTIMIZERS[name].parameters[1:]
    if not others:
        return ()
    with st.grid(2, min_column_width=110):
        return tuple((p.name, _hyperparameter(name, p)) for p in others)


def _hyperparameter(name: str, p: Parameter) -> float:
    key = slider_key(name, p.name)
    label = f"{OPTIMIZERS[name].name}: {p.glyph}"
    if p.name == "bias_correction":
        on = st.toggle("Correct bias", bool(p.default), key=key, bind="query-params")
        return float(on)
    if p.name != "eps":
        return _slider(name, p, label)
    value: float = st.select_slider(
        label,
        EPS_OPTIONS,
        p.default,
        format_func=wording.number,
        key=key,
        bind="query-params",
        help=f"`{p.name}`: {p.meaning}",
    )
    state.carry(key, value)
    return value


def _slider(key: str, p: Parameter, label: str) -> float:
    widget = slider_key(key, p.name)
    decimals = len(f"{p.step:g}".partition(".")[2])
    value: float = st.slider(
        label,
        p.low,
        p.high,
        p.default,
        p.step,
        format=f"%.{decimals}f",
        key=widget,
        bind="query-params",
        help=f"`{p.name}`: {p.meaning}",
    )
    state.carry(widget, value)
    return value


def preset(
    label: str,
    look_for: str,
    section: str,
    values: Mapping[str, Any],
    optimizers: Sequence[str] = RACERS,
) -> Preset:
    """Return a section with settings worth seeing; all else as by default."""
    return Preset(label, look_for, {SECTION: section, OPTIMIZER: list(optimizers), **values})
