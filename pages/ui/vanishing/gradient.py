"""The section "Gradient by layer": the curves, their verdicts, and what would mend them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import gradient_flow
from core.gradient_flow import Fate, Profile
from pages.ui import charts, controls, export, presets, wording
from pages.ui.controls import Choice
from pages.ui.live import ChartSweep, Sweep, live
from pages.ui.vanishing import figures, runs, words
from pages.ui.vanishing.controls import DEFAULTS, GAIN, SCALE, settings
from pages.ui.vanishing.figures import CHART
from pages.ui.vanishing.runs import Decay, Run

VERDICT = "vanishing_verdict"
TABLE = "vanishing_table"
MEND = "vanishing_try"
TRACES = 3
"""Traces a stack: band, middle, rule of thumb."""


def section(
    shown: list[Run], profiles: list[Profile], beside: DeltaGenerator, above: DeltaGenerator
) -> None:
    """Draw the curves of all stacks, what is to be said of them, and remedies for the first."""
    names = words.names(shown)
    decays = [runs.at_rest(profile) for profile in profiles]
    depth = max(run.depth for run in shown)
    traces = [
        trace
        for place, (run, name, one) in enumerate(zip(shown, names, decays, strict=True))
        for trace in _traces(run, name, place, one)
    ]
    layout = figures.decay_layout(depth, figures.reach(depth))
    figure = charts.finish(charts.at_rest(traces), layout)
    with above:
        with st.container(gap="xsmall"):
            for place, (run, name, one) in enumerate(zip(shown, names, decays, strict=True)):
                with st.container(key=f"{VERDICT}_{place}"):
                    st.markdown(_said(name, one.verdicts[0], run.depth, len(shown)))
        alt = "Gradient by layer, in decades below the last layer's: " + "; ".join(
            f"{name} ends at {wording.fixed(one.verdicts[0].decades, 1)}"
            for name, one in zip(names, decays, strict=True)
        )
        st.plotly_chart(figure, key=CHART, config=charts.CONFIG, alt=alt)
    _table(shown, names, decays)
    if runs.live(shown):
        live(_sweeps(shown, names), key="vanishing_live")
    else:
        st.caption(
            "Stacks this large follow the sliders when they are let go, not while they are dragged."
        )
    export.offer(CHART, figure, lambda: _numbers(names, decays), "vanishing_gradients")
    _symmetry(shown, names)
    _mend(shown[0], names[0], decays[0])


def _said(name: str, one: gradient_flow.Verdict, depth: int, stacks: int) -> str:
    return words.verdict(name, one, depth) if stacks == 1 else words.brief(name, one)


def _traces(run: Run, name: str, place: int, one: Decay) -> list[dict[str, Any]]:
    steepest = runs.steepest(run.choice.key, run.choice.settings)
    bound = gradient_flow.bound(steepest, run.depth)
    # A slope without bound promises nothing.
    bound = bound if math.isfinite(steepest) and steepest > 0 else bound * math.nan
    return figures.decay_traces(name, place, one.middle, one.low, one.high, bound)


def _table(shown: Sequence[Run], names: Sequence[str], decays: Sequence[Decay]) -> None:
    rows = [
        [name, *words.row(one.verdicts[0], _product(run), run.depth)]
        for run, name, one in zip(shown, names, decays, strict=True)
    ]
    with st.container(key=TABLE):
        st.markdown(wording.table(words.HEADS, rows))
    st.caption(
        "Measured by backpropagation: the root mean square of ∂L/∂z over inputs and units, z being "
        "what enters the activation. Band: all draws; line: the middle one. Dotted: the product "
        "of the largest slopes f′ alone (0.25ᴸ for the sigmoid), which leaves out the weights."
    )


def _product(run: Run) -> float:
    steepest = runs.steepest(run.choice.key, run.choice.settings)
    if steepest == 0:
        return -math.inf
    return math.nan if math.isinf(steepest) else (run.depth - 1) * math.log10(steepest)


def _sweeps(shown: Sequence[Run], names: Sequence[str]) -> list[Sweep]:
    return [
        _sweep(run.choice.key, run.choice.settings, name, (place, len(shown)), slider, experiment)
        for place, (run, name) in enumerate(zip(shown, names, strict=True))
        if not run.pinned
        for slider in (GAIN, SCALE)
        for experiment in (runs.without(run.experiment, slider),)
    ]


@lru_cache(maxsize=128)
def _sweep(
    key: str,
    parameters: controls.Settings,
    name: str,
    seat: tuple[int, int],
    slider: str,
    experiment: gradient_flow.Experiment,
) -> Sweep:
    """Return what a slider moves of one stack: its curve and band, its verdict, its row.

    ``seat`` is the stack's place, and how many there are.
    """
    one = runs.sweep(experiment, slider)
    run = Run(Choice(key, dict(parameters)), experiment)
    place, stacks = seat
    changes = {
        place * TRACES + i: found
        for i, trace in enumerate(_traces(run, name, place, one))
        if (found := charts.varying(trace))
    }
    texts = {
        f"{VERDICT}_{place}": [_said(name, v, run.depth, stacks) for v in one.verdicts],
    }
    rows = [words.row(v, _product(run), run.depth) for v in one.verdicts]
    for column in (1, 2, 3, 5):
        texts[f"{TABLE}[{place + 1}][{column}]"] = [row[column - 1] for row in rows]
    return Sweep(slider, runs.STEPS[slider], [ChartSweep(CHART, changes)], texts)


def _numbers(names: Sequence[str], decays: Sequence[Decay]) -> export.Table:
    head = ["stack", "layer", "log10 of gradient / last layer's", "lowest draw", "highest draw"]
    rows: list[list[object]] = []
    for name, one in zip(names, decays, strict=True):
        columns = (part[0].tolist() for part in (one.middle, one.low, one.high))
        rows += [[name, i, *row] for i, row in enumerate(zip(*columns, strict=True), 1)]
    return export.Table(head, rows)


def _symmetry(shown: Sequence[Run], names: Sequence[str]) -> None:
    """Say that units which start alike stay alike, where they do."""
    for run, name in zip(shown, names, strict=True):
        if run.experiment.initialiser not in ("zeros", "constant") or run.depth > 30:
            continue
        before, after = _distinct(run.experiment)
        if after == 1 and run.width > 1:
            st.info(
                f"{name}: all {run.width} units of a layer compute the same, and after 20 steps "
                "of gradient descent with random targets they still do. Weights that start alike "
                "get the same gradient: the symmetry never breaks.",
                icon=":material/content_copy:",
            )
        else:
            st.info(
                f"{name}: of {run.width} units in a hidden layer, at most {before} differed at "
                f"the start and {after} after 20 steps of gradient descent."
            )


@lru_cache(maxsize=64)
def _distinct(experiment: gradient_flow.Experiment) -> tuple[int, int]:
    return gradient_flow.symmetry(experiment)


# ---------------------------------------------------------------- what would mend it


def _mend(run: Run, name: str, one: Decay) -> None:
    """Try changes to the first stack and offer them, the best first."""
    fine = one.verdicts[0].fate is Fate.HEALTHY
    st.subheader("What would change it" if fine else "What would mend it", anchor="mend")
    if runs.large(run.experiment) and not st.toggle(
        "Try changes one by one: at this size it takes a while", key=MEND, bind="query-params"
    ):
        return
    with st.container(key="vanishing_mend"):
        found = _tried(run)
        rows = [
            [change, words.column(v.decades), "–" if v.overflow else v.fate.value]
            for change, _, v in found
        ]
        st.markdown(wording.table([f"Instead, in {name}", "Left at layer 1", "Verdict"], rows))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Try it", width="content")
        for change, other, _ in found:
            st.button(
                change,
                key=f"mend {change}",
                type="tertiary",
                on_click=presets.assign,
                args=(_controls(run, other), DEFAULTS),
            )


def _tried(run: Run) -> list[tuple[str, gradient_flow.Experiment, gradient_flow.Verdict]]:
    # Large stacks are tried with a single draw.
    quick = runs.live([run])
    one = run.experiment if quick else replace(run.experiment, repeats=1)
    changes = list(gradient_flow.alternatives(one))
    if quick:
        gains = runs.STEPS[GAIN]
        gradient, *_ = runs.swept(runs.without(run.experiment, GAIN), GAIN)
        best = gradient_flow.best_gain(gains, gradient)
        if best is not None and best != run.experiment.gain:
            changes.append((f"Gain {best:g}", replace(run.experiment, gain=best)))
    tries = [Run(run.choice, other) for _, other in changes]
    verdicts = [gradient_flow.verdict(p) for p in runs.profiles(tries)]
    found = [(change, other, v) for (change, other), v in zip(changes, verdicts, strict=True)]
    return sorted(found, key=lambda row: gradient_flow.severity(row[2]))


def _controls(run: Run, other: gradient_flow.Experiment) -> dict[str, Any]:
    """Return what the controls have to be for an alternative to a stack."""
    activation = other.stack.activation
    if activation == run.experiment.stack.activation:
        return settings(other)
    entry = controls.activation(activation)
    return settings(other, Choice(activation, entry.defaults))
