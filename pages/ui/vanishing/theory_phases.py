"""The theory's view "Phases": the phase diagram, and the decay layer by layer."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import mean_field
from core.activations import ACTIVATIONS
from core.mean_field import phases
from core.spec import FloatArray
from pages.ui import charts, export, wording
from pages.ui.controls import Settings
from pages.ui.live import Packed, Sweep
from pages.ui.parts import Shown, draw, numbers, say, table
from pages.ui.vanishing import theory_figures, theory_words
from pages.ui.vanishing.figures import reach
from pages.ui.vanishing.subject import Measured, Subject, Swept

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
) -> list[Sweep | Packed]:
    """Draw the phase diagram with this network in it, and its decay layer by layer."""
    here = Swept(
        "",
        np.zeros(1),
        np.array([subject.weight_variance]),
        np.array([subject.bias_variance]),
        np.array([subject.input_second_moment]),
    )
    shown = _shown(subject, here, measured, np.ones(1, dtype=bool))
    fixed, names = _background(
        subject.activation.key, subject.choice.settings, subject.input_second_moment
    )
    with above:
        say(shown, VERDICT)
        with st.grid(2, min_column_width=240):
            layout = theory_figures.phase_layout(names)
            place = f"σ_w = {math.sqrt(subject.weight_variance):.3g}, "
            place += f"σ_b = {math.sqrt(subject.bias_variance):.3g}"
            alt = f"Phase diagram of {subject.choice.label}: this network at {place}"
            diagram = draw(shown, PHASES, layout, alt, fixed)
            layout = theory_figures.layer_layout(subject.depth, reach(subject.depth))
            alt = f"Gradient and variance by layer as predicted for {subject.choice.label}"
            alt += ", with what was measured" if measured else ""
            figure = draw(shown, LAYERS, layout, alt)
    heads = ["σ_w²", "σ_b²", "q\\*", "χ₁", "√χ₁, a layer", "log₁₀ gradient at layer 1"]
    table(shown, TABLE, ["", *heads], ["theory"])
    if swept and (own := [p.glyph for p in subject.activation.parameters]):
        st.caption(theory_words.redrawn(own))
    if measured:
        say(shown, FOUND)
    if subject.beyond:
        st.info(theory_words.beyond(subject.beyond))
    if mean_field.jumps(subject.activation, **subject.choice.parameters):
        st.info(theory_words.JUMPS)
    _outside(subject)
    stack = (subject.weight_variance, subject.bias_variance)
    points = _points(subject.activation.key, subject.choice.settings, *stack)
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
    return [_sweep(subject, one, measured) for one in swept]


def _shown(subject: Subject, at: Swept, measured: Measured | None, present: np.ndarray) -> Shown:
    """Return what is shown for each row of ``at``; what was measured only where ``present``."""
    activation, parameters = subject.activation, subject.choice.parameters
    weights, biases = at.weight_variance, at.bias_variance
    start = weights * at.input_second_moment + biases
    reached = mean_field.reach(mean_field.table(activation, **parameters), weights, biases, start)
    predicted = mean_field.layers(
        activation, weights, biases, at.input_second_moment, subject.depth, **parameters
    )
    with np.errstate(divide="ignore"):
        variance = _finite(np.log10(predicted.variance))
    traces = theory_figures.layer_traces(
        _finite(predicted.gradient), variance, _bars(measured, present) if measured else []
    )
    rows = list(
        zip(
            weights.tolist(),
            biases.tolist(),
            reached.variance.tolist(),
            reached.chi.tolist(),
            predicted.gradient[:, 0].tolist(),
            strict=True,
        )
    )
    cells = list(zip(*(theory_words.cells(*row) for row in rows), strict=True))
    texts = {f"{TABLE}[1][{i}]": list(column) for i, column in enumerate(cells, 1)}
    texts[VERDICT] = [
        theory_words.verdict(chi, variance, fate)
        for (_, _, variance, chi, _), fate in zip(rows, reached.fate, strict=True)
    ]
    if measured:
        decay = measured.log_gradient - measured.log_gradient[-1]
        said = theory_words.measured(mean_field.Estimate(decay, measured.gradient_error))
        texts[FOUND] = [said if here else theory_words.LET_GO for here in present.tolist()]
    dots = theory_figures.dot_traces(np.sqrt(weights), np.sqrt(biases))
    return Shown({PHASES: (_FIXED, dots), LAYERS: (0, traces)}, texts)


def _bars(
    measured: Measured, present: np.ndarray
) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    """Return value, lower and upper end of gradient and variance; nan in rows not ``present``."""
    gradient = measured.log_gradient - measured.log_gradient[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.log10(measured.variance)
        # On a logarithmic axis, and to first order.
        spread = measured.variance_error / measured.variance / math.log(10)
    found = []
    for value, error in ((gradient, measured.gradient_error), (variance, spread)):
        ends = (np.where(np.isfinite(v), v, np.nan) for v in (value, value - error, value + error))
        found.append(tuple(np.where(present[:, None], end, np.nan) for end in ends))
    return found


def _sweep(subject: Subject, one: Swept, measured: Measured | None) -> Sweep:
    # What was measured belongs to the slider's present value: elsewhere there is nothing.
    now = (subject.weight_variance, subject.bias_variance, subject.input_second_moment)
    columns = (one.weight_variance, one.bias_variance, one.input_second_moment)
    present = np.logical_and.reduce([np.isclose(c, n) for c, n in zip(columns, now, strict=True)])
    return _shown(subject, one, measured, present).sweep(one.slider, one.steps)


_FIXED = 3
"""Traces of the phase diagram that never move."""


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


def _outside(subject: Subject) -> None:
    """Say so where the dot is held at the edge of the picture."""
    low, high = (2.0**end for end in theory_figures.OCTAVES)
    sigma_w = math.sqrt(subject.weight_variance)
    if not low <= sigma_w <= high:
        st.caption(
            f"σ_w = {wording.number(sigma_w, 3)} lies outside the picture; the dot is at its edge."
        )


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)
