"""Pinned runs: stacks kept for comparison, in the URL as one short text each."""

import math
from collections.abc import Collection, Iterator
from typing import Any

import streamlit as st

from core.activations import ACTIVATIONS
from core.network import Dropout, Skip, Stack
from core.network.gradient_flow import Experiment
from core.network.initialisers import INITIALISERS
from core.network.normalisation import Normalisation
from pages.ui import state
from pages.ui.controls import Choice
from pages.ui.vanishing.controls import DEEPEST, GAINS, MOST_DRAWS, SCALES, WIDTHS
from pages.ui.vanishing.runs import MOST, Run

PIN = "vanishing_pin"

_LARGEST = 2.0
"""Of a bias's or a weight's σ, as their sliders have it."""


class _Readable(Collection[str]):
    """All texts that name a run."""

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and read(text) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def pinned() -> list[Run]:
    """Return the runs that are pinned, and keep the URL as they are."""
    texts = state.choice(PIN, _Readable(), (), MOST)
    state.publish(PIN, texts, ())
    return [run for text in texts if (run := read(text))]


def add(run: Run) -> None:
    """Pin a run, from a callback; the oldest goes where there are too many."""
    texts = [*st.session_state.get(PIN, []), write(run)]
    _keep(list(dict.fromkeys(texts))[-(MOST - 1) :])


def remove(run: Run) -> None:
    """Take a pinned run away, from a callback."""
    _keep([text for text in st.session_state.get(PIN, []) if text != write(run)])


def write(run: Run) -> str:
    """Return a run as a short text that :func:`read` understands."""
    one, stack = run.experiment, run.experiment.stack
    parts: list[Any] = [
        run.choice.key.removesuffix("-2"),
        stack.depth,
        stack.sizes[-1],
        one.initialiser,
        "" if one.value is None else f"{one.value:g}",
        f"{one.gain:g}",
        f"{one.bias_std:g}",
        f"{one.input_scale:g}",
        stack.normalisation.name.lower(),
        stack.skip.value,
        stack.dropout.value,
        f"{stack.dropout_rate:g}",
        one.batch,
        one.seed,
        one.repeats,
        *(f"{name}={float(value)!r}" for name, value in run.choice.settings),
    ]
    return "~".join(str(part) for part in parts)


def read(text: str) -> Run | None:
    """Return the run that a text names, or None where it names none that the page offers."""
    try:
        return _read(text)
    except (ValueError, KeyError, TypeError):
        return None


def _read(text: str) -> Run:
    key, depth, width, rule, value, gain, bias, scale, norm, skip, drop, rate, *rest = text.split(
        "~"
    )
    batch, seed, repeats, *parameters = rest
    numbers = {name: float(number) for name, number in (p.split("=") for p in parameters)}
    entry = ACTIVATIONS[key]
    sliders = {p.name: p for p in entry.parameters}
    chosen = {**entry.defaults, **numbers}
    choice = Choice(key, chosen)
    _require(all(sliders[n].low <= v <= sliders[n].high for n, v in chosen.items()))
    initialiser = INITIALISERS[rule]
    has_value = initialiser.parameter is not None
    _require(bool(value) == has_value)
    own = float(value) if has_value else None
    _require(own is None or -_LARGEST <= own <= _LARGEST)
    _require(float(gain) in GAINS and float(scale) in SCALES and int(width) in WIDTHS)
    _require(1 <= int(depth) <= DEEPEST and 2 <= int(batch) <= 64 and 0 <= int(seed) <= 99)
    _require(1 <= int(repeats) <= MOST_DRAWS and 0 <= float(bias) <= _LARGEST)
    _require(math.isfinite(float(rate)))
    stack = Stack(
        sizes=(int(width),) * (int(depth) + 1),
        activation=key,
        parameters=choice.settings,
        normalisation=Normalisation[norm.upper()],
        skip=Skip(skip),
        dropout=Dropout(drop),
        dropout_rate=float(rate),
    )
    experiment = Experiment(
        stack=stack,
        initialiser=rule,
        value=own,
        gain=float(gain),
        bias_std=float(bias),
        input_scale=float(scale),
        batch=int(batch),
        seed=int(seed),
        repeats=int(repeats),
    )
    return Run(choice, experiment, pinned=True)


def _require(held: bool) -> None:
    if not held:
        raise ValueError("outside what the page offers")


def _keep(texts: list[str]) -> None:
    st.session_state[PIN] = texts
    st.query_params[PIN] = texts
