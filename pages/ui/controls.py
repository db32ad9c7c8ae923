"""From the catalogue to controls: pickers, sliders and presets, all of them in the URL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.activations import ACTIVATIONS
from core.losses import LOSSES
from core.sections import SECTIONS
from core.spec import Activation, Loss, Parameter
from pages.ui import state, wording
from pages.ui.live import player
from pages.ui.presets import Preset

ACTIVATION = "activation"
LOSS = "loss"
MOST = 6
_COPY = "-2"

_ENTRIES: dict[str, Activation | Loss] = {**ACTIVATIONS, **LOSSES}

Settings = tuple[tuple[str, float], ...]


def _with_copies(entries: Iterable[Activation | Loss]) -> tuple[str, ...]:
    """Return every key, and behind them a second copy of each entry that has parameters."""
    offered = list(entries)
    return (*(e.key for e in offered), *(f"{e.key}{_COPY}" for e in offered if e.parameters))


OPTIONS = _with_copies(ACTIVATIONS.values())
"""The activations that can be picked."""

LOSS_OPTIONS = _with_copies(loss for loss in LOSSES.values() if loss.axis in SECTIONS)
"""The losses that can be picked: those that are a function of one number."""


@dataclass(frozen=True)
class Picker:
    """A choice of several entries, shared by all pages through the URL parameter ``key``."""

    key: str
    label: str
    singular: str
    options: tuple[str, ...]
    default: tuple[str, ...]

    def current(self) -> list[str]:
        """Return the keys picked so far, before the picker of the page is drawn."""
        return state.choice(self.key, self.options, self.default, MOST)

    def pick(self) -> list[str]:
        """Offer the catalogue and return the keys picked, at most six; stop if there are none."""
        asked = list(dict.fromkeys(st.query_params.get_all(self.key)))
        known = [k for k in asked if k in self.options]
        strangers = [k for k in asked if k not in self.options]
        self.current()
        chosen = st.multiselect(
            self.label,
            self.options,
            key=self.key,
            format_func=name,
            max_selections=MOST,
            select_all=False,
            wrap=True,
            placeholder="Pick a function",
            help="Up to six at once. A name with (2) is a second copy with sliders of its own.",
        )
        if strangers:
            shown = ", ".join(wording.literal(s) for s in strangers[:3])
            more = f" and {len(strangers) - 3} more" if len(strangers) > 3 else ""
            st.warning(f"Not in the catalogue, and so left out: {shown}{more}.")
        if len(known) > MOST:
            st.warning(f"The link names {len(known)} functions; the first {MOST} are shown.")
        state.publish(self.key, chosen, self.default)
        if not chosen:
            st.info("Pick at least one function to see its curve.")
            st.stop()
        return chosen

    def pick_one(self) -> str:
        """Offer the catalogue on a page that shows one entry: the first of those picked.

        What was picked beside it on another page stays picked there.
        """
        first, *others = self.current() or self.default
        widget = f"{self.key} on show"
        st.session_state[widget] = first

        def replace() -> None:
            chosen = st.session_state[widget]
            st.session_state[self.key] = [chosen, *(k for k in others if k != chosen)]

        st.selectbox(self.singular, self.options, key=widget, format_func=name, on_change=replace)
        state.publish(self.key, [first, *others], self.default)
        return first

    def preset(
        self,
        label: str,
        look_for: str,
        functions: Sequence[str],
        parameters: Mapping[str, float] | None = None,
        controls: Mapping[str, Any] | None = None,
    ) -> Preset:
        """Return functions worth seeing, with their parameters (the others as by default)."""
        values: dict[str, Any] = {self.key: list(functions), **(controls or {})}
        for key in functions:
            for p in entry(key).parameters:
                widget = slider_key(key, p.name)
                values[widget] = float((parameters or {}).get(widget, p.default))
        return Preset(label, look_for, values)


ACTIVATION_PICKER = Picker(
    ACTIVATION, "Activation functions", "Activation function", OPTIONS, ("elu",)
)
LOSS_PICKER = Picker(
    LOSS, "Losses", "Loss", LOSS_OPTIONS, ("squared_error", "absolute_error", "huber")
)


@dataclass(frozen=True)
class Choice:
    """A function that the visitor picked, with the parameters that the sliders give it."""

    key: str
    parameters: Mapping[str, float]

    @property
    def settings(self) -> Settings:
        """The parameters in a form that a cache can key on."""
        return tuple(self.parameters.items())

    def without(self, parameter: str) -> Settings:
        """Return the settings of the other parameters: what a sweep of this one depends on."""
        return tuple((name, v) for name, v in self.parameters.items() if name != parameter)

    @property
    def entry(self) -> Activation | Loss:
        """The catalogue entry behind this choice."""
        return entry(self.key)

    @property
    def name(self) -> str:
        """The function's name, numbered if it is a second copy."""
        return name(self.key)

    @property
    def label(self) -> str:
        """The name with the value of every parameter, for legends and table heads."""
        values = [
            f"{p.glyph} = {value_text(p, self.parameters[p.name])}" for p in self.entry.parameters
        ]
        return ", ".join([self.name, *values])


def entry(key: str) -> Activation | Loss:
    """Return the catalogue entry that ``key`` or a copy of it stands for."""
    return _ENTRIES[key.removesuffix(_COPY)]


def activation(key: str) -> Activation:
    """Return the activation that ``key`` or a copy of it stands for."""
    return ACTIVATIONS[key.removesuffix(_COPY)]


def loss(key: str) -> Loss:
    """Return the loss that ``key`` or a copy of it stands for."""
    return LOSSES[key.removesuffix(_COPY)]


def name(key: str) -> str:
    """Return the name under which ``key`` is offered."""
    return entry(key).name + (" (2)" if key.endswith(_COPY) else "")


def listed(keys: Sequence[str]) -> str:
    """Name one function, and count the rest."""
    names = list(dict.fromkeys(entry(key).name for key in keys))
    return " and ".join(names[:1] + [f"{len(names) - 1} more"] * (len(names) > 1))


def sliders(key: str, *, swept: bool = True) -> Choice:
    """Draw a slider for each parameter of the function ``key`` and return the choice.

    ``swept`` is whether the page has sweeps for them, and so a player for each.
    """
    return Choice(key, {p.name: slider(key, p, swept=swept) for p in entry(key).parameters})


def slider_key(key: str, parameter: str) -> str:
    """Return the name that a parameter has as a widget and in the URL."""
    return f"{key}_{parameter}"


def value_text(parameter: Parameter, value: float) -> str:
    """Write a parameter's value with the decimals of its slider, or more if it needs them."""
    decimals = _decimals(parameter.step)
    text = f"{value:.{decimals}f}"
    if abs(float(text) - value) > 1e-9:
        text = f"{value:.{max(4, decimals)}f}"
    return text.replace("-", "−")


def segments(label: str, options: Sequence[str], default: str, key: str, **more: Any) -> str:
    """Offer a choice of one; an empty value in the link counts as the default."""
    chosen: str | None = st.segmented_control(
        label, options, default=default, key=key, bind="query-params", required=True, **more
    )
    return chosen or default


def slider(key: str, parameter: Parameter, *, swept: bool = True) -> float:
    """Draw the slider of one parameter of the function ``key`` and return its value."""
    widget = slider_key(key, parameter.name)
    value: float = st.slider(
        f"{name(key)}: {parameter.glyph}",
        parameter.low,
        parameter.high,
        parameter.default,
        parameter.step,
        format=f"%.{_decimals(parameter.step)}f",
        key=widget,
        bind="query-params",
        help=f"`{parameter.name}`: {parameter.meaning}",
    )
    if parameter.settings:
        with st.container(
            key=f"set-to-{widget}", horizontal=True, gap="small", vertical_alignment="center"
        ):
            st.caption("Set to", width="content")
            for label, setting in parameter.settings.items():
                st.button(
                    f"{label}: {wording.number(setting)}",
                    key=f"{widget} set to {label}",
                    type="tertiary",
                    on_click=state.assign,
                    args=({widget: float(setting)},),
                )
    if swept:
        player(widget, parameter.glyph, key=f"{widget}_player")
    state.carry(widget, value)
    return value


def _decimals(step: float) -> int:
    return max(0, len(f"{step:g}".partition(".")[2]))
