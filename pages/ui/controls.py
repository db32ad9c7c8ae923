"""From the catalogue to controls: pickers, sliders and presets, all of them in the URL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.activations import ACTIVATIONS
from core.spec import Activation, Parameter
from pages.ui import state, wording

ACTIVATION = "activation"
MOST = 6
_COPY = "-2"
_DEFAULT = ("elu",)

Settings = tuple[tuple[str, float], ...]

OPTIONS = (*ACTIVATIONS, *(f"{key}{_COPY}" for key, a in ACTIVATIONS.items() if a.parameters))
"""What can be picked: every entry, and a second copy of each one that has parameters."""


@dataclass(frozen=True)
class Choice:
    """A function that the visitor picked, with the parameters that the sliders give it."""

    key: str
    parameters: Mapping[str, float]

    @property
    def settings(self) -> Settings:
        """The parameters in a form that a cache can key on."""
        return tuple(self.parameters.items())

    @property
    def entry(self) -> Activation:
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


@dataclass(frozen=True)
class Preset:
    """A setting worth seeing, and what to look for in it."""

    label: str
    look_for: str
    activations: Sequence[str]
    parameters: Mapping[str, float] = field(default_factory=dict)
    controls: Mapping[str, object] = field(default_factory=dict)


def entry(key: str) -> Activation:
    """Return the catalogue entry that ``key`` or a copy of it stands for."""
    return ACTIVATIONS[key.removesuffix(_COPY)]


def name(key: str) -> str:
    """Return the name under which ``key`` is offered."""
    return entry(key).name + (" (2)" if key.endswith(_COPY) else "")


def listed(keys: Sequence[str]) -> str:
    """Name one or two functions, and count the rest."""
    names = list(dict.fromkeys(entry(key).name for key in keys))
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def current_activations() -> list[str]:
    """Return the activations picked so far, before the picker of the page is drawn."""
    return state.choice(ACTIVATION, OPTIONS, _DEFAULT, MOST)


def pick_activations() -> list[str]:
    """Offer the catalogue and return the keys picked, at most six; stop the page if none."""
    asked = list(dict.fromkeys(st.query_params.get_all(ACTIVATION)))
    known = [k for k in asked if k in OPTIONS]
    strangers = [k for k in asked if k not in OPTIONS]
    current_activations()
    chosen = st.multiselect(
        "Activation functions",
        OPTIONS,
        key=ACTIVATION,
        format_func=name,
        max_selections=MOST,
        select_all=False,
        wrap=True,
        placeholder="Pick a function",
        help="Up to six at once. A name with (2) is a second copy with sliders of its own.",
    )
    if strangers:
        listed = ", ".join(f"“{wording.literal(s)}”" for s in strangers[:3])
        more = f" and {len(strangers) - 3} more" if len(strangers) > 3 else ""
        st.warning(f"Not in the catalogue, and so left out: {listed}{more}.")
    if len(known) > MOST:
        st.warning(f"The link names {len(known)} functions; the first {MOST} are shown.")
    state.publish(ACTIVATION, chosen, _DEFAULT)
    if not chosen:
        st.info("Pick at least one function to see its curve.")
        st.stop()
    return chosen


def sliders(key: str) -> Choice:
    """Draw a slider for each parameter of the function ``key`` and return the choice."""
    values = {p.name: _slider(key, p) for p in entry(key).parameters}
    return Choice(key, values)


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


def presets(offered: Sequence[Preset]) -> None:
    """Offer settings worth seeing as a row of buttons; each sets controls and so the URL."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="presets"):
        st.markdown("**Try this**", width="content")
        for preset in offered:
            st.button(
                preset.label,
                help=preset.look_for,
                type="tertiary",
                on_click=_load,
                args=(preset,),
                width="content",
            )


def _load(preset: Preset) -> None:
    values: dict[str, object] = {ACTIVATION: list(preset.activations), **preset.controls}
    for key in preset.activations:
        for p in entry(key).parameters:
            widget = slider_key(key, p.name)
            values[widget] = float(preset.parameters.get(widget, p.default))
    state.assign(values)


def _slider(key: str, parameter: Parameter) -> float:
    widget = slider_key(key, parameter.name)
    value = st.slider(
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
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.caption("Set to", width="content")
            for label, setting in parameter.settings.items():
                st.button(
                    f"{label}: {wording.number(setting)}",
                    key=f"{widget} set to {label}",
                    type="tertiary",
                    on_click=state.assign,
                    args=({widget: float(setting)},),
                )
    state.carry(widget, value)
    return value


def _decimals(step: float) -> int:
    return max(0, len(f"{step:g}".partition(".")[2]))
