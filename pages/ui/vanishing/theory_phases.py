"""The theory's view "Phases": the phase diagram, and the decay layer by layer."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import mean_field
from core.activations import ACTIVATIONS
from core.mean_field import phases
from core.spec import FloatArray
from pages.ui import charts, export, wording
from pages.ui.controls import Settings
from pages.ui.live import Later, Packed, Sweep
from pages.ui.parts import Shown, draw, numbers, say, table
from pages.ui.vanishing import theory_figures, theory_words
from pages.ui.vanishing.figures import ranges, reach
from pages.ui.vanishing.subject import Measured, Plain, Subject, Swept, column
from pages.ui.vanishing.subject import table as known

PHASES = "vanishing_phases"
LAYERS = "vanishing_predicted"
VERDICT = "vanishing_theory_verdict"
TABLE = "vanishing_theory_table"
FOUND = "vanishing_theory_found"

_CELLS = 80


def view(
    subject: Subject,
    measured: Measured | None,
    swept: Sequence[Swept],
    beside: DeltaGenerator,
    above: DeltaGenerator,
) -> list[Sweep | Packed | Later]:
    """Draw the phase diagram with this network in it, and its decay layer by layer."""
    stack = subject.stack
    shown = _predicted((stack,))
    if measured:
        found = _found(measured, (stack,), (True,))
        lines, points = (one.traces[LAYERS][1] for one in (shown, found))
        traces = {**shown.traces, LAYERS: (0, [*lines, *points])}
        shown = replace(shown, traces=traces, texts={**shown.texts, **found.texts})
    fixed, names = _background(stack.key, stack.settings, stack.input_second_moment)
    with above:
        say(shown, VERDICT)
        with st.grid(2, min_column_width=240):
            layout = theory_figures.phase_layout(names)
            place = f"σ_w = {math.sqrt(stack.weight_variance):.3g}, "
            place += f"σ_b = {math.sqrt(stack.bias_variance):.3g}"
            alt = f"Phase diagram of {subject.choice.label}: this network at {place}"
            diagram = draw(shown, PHASES, layout, alt, fixed)
            layout = _layout(stack.depth)
            alt = f"Gradient and variance by layer as predicted for {subject.choice.label}"
            alt += ", with what was measured" if measured else ""
            figure = draw(shown, LAYERS, layout, alt)
    heads = ["σ_w²", "σ_b²", "q\\*", "χ₁", "√χ₁, a layer", "log₁₀ gradient at layer 1"]
    table(shown, TABLE, ["", *heads], ["theory"])
    moved = [one for one in swept if one.what in (*_ANSWERED, *subject.choice.parameters)]
    own = [p.glyph for p in stack.activation.parameters if p.name in {one.what for one in moved}]
    if own:
        st.caption(theory_words.redrawn(own))
    if measured:
        say(shown, FOUND)
    if subject.beyond:
        st.info(theory_words.beyond(subject.beyond))
    if subject.jumps:
        st.info(theory_words.JUMPS)
    _outside(stack)
    points = _points(stack.key, stack.settings, stack.weight_variance, stack.bias_variance)
    if told := theory_words.others(points):
        st.caption(told)
    st.caption(theory_words.SYMBOLS)
    st.caption(
        "Solid border: χ₁ = 1, where the gradient neither shrinks nor grows. Dashed border, where "
        "there is one: beyond it the variance escapes."
    )
    st.caption("Layer by layer:")
    export.offer(LAYERS, figure, lambda: numbers(shown, LAYERS), "theory_by_layer")
    st.caption("The phase diagram:")
    export.offer(PHASES, diagram, lambda: _grid(fixed[0]), "phase_diagram")
    sweeps: list[Sweep | Packed | Later] = []
    for one in moved:
        sweeps.append(Later(one.slider, partial(_sweep, one)))
        if measured:
            # What was measured belongs to the slider's present value: elsewhere is nothing.
            here = [at == stack for at in one.stacks]
            steps = np.array(one.steps)
            sweeps.append(
                _found(measured, one.stacks, here).sweep(one.slider, steps, ragged=one.deepens)
            )
    return sweeps


def _predicted(stacks: Sequence[Plain]) -> Shown:
    """Return what the theory says of each of several stacks."""
    weights, biases, inputs, depths = (
        column(stacks, name)
        for name in ("weight_variance", "bias_variance", "input_second_moment", "depth")
    )
    table = known(stacks)
    reached = mean_field.reach(table, weights, biases, weights * inputs + biases)
    layers = mean_field.stacks(table, weights, biases, inputs, depths)
    with np.errstate(divide="ignore"):
        variance = np.maximum(_finite(np.log10(layers.variance)), _LEAST_VARIANCE)
    x = theory_figures.counted(depths)
    traces = theory_figures.predicted_traces(x, _finite(layers.gradient), variance)
    rows = list(
        zip(
            weights.tolist(),
            biases.tolist(),
            reached.variance.tolist(),
            reached.chi.tolist(),
            layers.gradient[:, 0].tolist(),
            strict=True,
        )
    )
    cells = list(zip(*(theory_words.cells(*row) for row in rows), strict=True))
    texts = {f"{TABLE}[1][{i}]": list(cell) for i, cell in enumerate(cells, 1)}
    texts[VERDICT] = [
        theory_words.verdict(chi, variance, fate)
        for (_, _, variance, chi, _), fate in zip(rows, reached.fate, strict=True)
    ]
    dots = theory_figures.dot_traces(np.sqrt(weights), np.sqrt(biases))
    return Shown({PHASES: (_FIXED, dots), LAYERS: (0, traces)}, texts, decimals=_DECIMALS)


@lru_cache(maxsize=64)
def _sweep(one: Swept) -> Packed:
    shown = _predicted(one.stacks)
    layout = ranges([_layout(stack.depth) for stack in one.stacks], "xaxis", "yaxis")
    moved = replace(shown, layout={LAYERS: layout})
    return moved.sweep(one.slider, np.array(one.steps), ragged=one.deepens).packed


def _found(measured: Measured, stacks: Sequence[Plain], present: Sequence[bool]) -> Shown:
    """Return what was measured, for several stacks: only where ``present``."""
    x = theory_figures.counted(column(stacks, "depth"))
    here = np.array(present)[:, None]
    bars = []
    for parts in _bars(measured):
        rows = [np.full((len(stacks), x.shape[-1]), np.nan) for _ in parts]
        for row, part in zip(rows, parts, strict=True):
            row[:, : part.size] = np.where(here, part, np.nan)
        bars.append(tuple(rows))
    traces = theory_figures.measured_traces(x, bars)
    decay = measured.log_gradient - measured.log_gradient[-1]
    said = theory_words.measured(mean_field.Estimate(decay, measured.gradient_error))
    told = [said if at else theory_words.LET_GO for at in present]
    return Shown({LAYERS: (_LINES, traces)}, {FOUND: told}, decimals=_DECIMALS)


def _bars(measured: Measured) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """Return value, lower and upper end of gradient and variance, in decades."""
    gradient = measured.log_gradient - measured.log_gradient[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.log10(measured.variance)
        # On a logarithmic axis, and to first order.
        spread = measured.variance_error / measured.variance / math.log(10)
    return [
        (_finite(value), _finite(value - error), _finite(value + error))
        for value, error in ((gradient, measured.gradient_error), (variance, spread))
    ]


def _layout(depth: int) -> charts.Spec:
    return theory_figures.layer_layout(depth, reach(depth))


_ANSWERED = ("depth", "gain", "input_scale", "value", "bias_std")
"""What moves a stack through the theory, besides its activation's parameters."""

_FIXED = 3
"""Traces of the phase diagram that never move."""

_LINES = 2
"""Traces of the theory by layer; those of what was measured come behind."""

_DECIMALS = {LAYERS: 3}

_LEAST_VARIANCE = -30.0
"""A variance is drawn no lower, in decades: far outside the picture, and there no digit counts."""


@lru_cache(maxsize=32)
def _background(
    key: str, settings: Settings, input_second_moment: float
) -> tuple[list[charts.Spec], dict[str, tuple[float, float]]]:
    """Return the phase diagram's map and borders, and a place for the name of each phase."""
    activation, parameters = ACTIVATIONS[key], dict(settings)
    sigma_w = 2 ** np.linspace(*theory_figures.OCTAVES, _CELLS)
    sigma_b = np.linspace(0.0, theory_figures.WIDEST_BIAS, _CELLS)
    axes = (sigma_w, sigma_b, input_second_moment)
    found = phases.diagram(activation, *axes, **parameters)
    critical = phases.critical_line(activation, *axes, **parameters)
    escape = phases.escape_line(activation, *axes, **parameters)
    with np.errstate(divide="ignore"):
        decades = np.clip(np.log10(found.chi) / 2, -9.0, 9.0)
    traces = theory_figures.phase_traces(
        sigma_w,
        sigma_b,
        decades,
        (critical.sigma_w, critical.sigma_b),
        (escape.sigma_w, escape.sigma_b),
    )
    grown, dead = found.no_fixed_point, found.chi == 0
    regions = {
        "no gradient": dead,
        "ordered": (found.phase == phases.Phase.ORDERED) & ~grown & ~dead,
        "chaotic": (found.phase == phases.Phase.CHAOTIC) & ~grown,
        "no fixed point": grown,
    }
    names = {}
    for name, cells in regions.items():
        if cells.mean() > 0.04:
            rows, columns = np.nonzero(cells)
            x = float(np.log2(sigma_w[int(np.median(columns))]))
            names[name] = (x, float(sigma_b[int(np.median(rows))]))
    return traces, names


@lru_cache(maxsize=64)
def _points(
    key: str, settings: Settings, weights: float, biases: float
) -> tuple[mean_field.FixedPoint, ...]:
    return mean_field.fixed_points(ACTIVATIONS[key], weights, biases, **dict(settings))


def _grid(heat: charts.Spec) -> export.Table:
    """Return the phase diagram as numbers."""
    sigma_w = (2 ** heat["x"]).tolist()
    rows = [
        [w, b, value]
        for b, row in zip(heat["y"].tolist(), heat["z"].tolist(), strict=True)
        for w, value in zip(sigma_w, row, strict=True)
    ]
    return export.Table(["sigma_w", "sigma_b", "log10 of the gradient's factor a layer"], rows)


def _outside(stack: Plain) -> None:
    """Say so where the dot is held at the edge of the picture."""
    low, high = (2.0**end for end in theory_figures.OCTAVES)
    sigma_w = math.sqrt(stack.weight_variance)
    if not low <= sigma_w <= high:
        st.caption(
            f"σ_w = {wording.number(sigma_w, 3)} lies outside the picture; the dot is at its edge."
        )


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)
