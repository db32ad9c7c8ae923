"""Theory beside experiment: what mean-field theory says of the stack on view."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import mean_field
from core.activations import ACTIVATIONS
from core.mean_field import correlation, phases, self_normalising
from core.network import Dropout
from core.numeric import Real
from core.spec import Activation, FloatArray
from pages.ui import charts, export, text, wording
from pages.ui.controls import Choice, Settings, segments
from pages.ui.live import Packed, Sweep
from pages.ui.parts import Shown, Slider, draw, numbers, say, table
from pages.ui.vanishing import theory_figures, theory_words
from pages.ui.vanishing.figures import reach

VIEW = "vanishing_theory"
ALIKE = Slider(
    "vanishing_alike",
    "Correlation of two inputs",
    0.0,
    0.95,
    0.5,
    0.05,
    2,
    "1: the same input; 0: nothing in common.",
)
DEFAULTS = {VIEW: "Phases", ALIKE.key: ALIKE.default}
"""The controls of this section, for the page to forget when they are not on view."""

PHASES = "vanishing_phases"
LAYERS = "vanishing_predicted"
MAP = "vanishing_alike_map"
PATH = "vanishing_alike_path"
TOLD = "vanishing_alike_told"
FLOW = "vanishing_flow"
VERDICT = "vanishing_theory_verdict"
TABLE = "vanishing_theory_table"
FOUND = "vanishing_theory_found"

_CELLS = 80
_NEAR = np.concatenate([[0.0], np.geomspace(1e-4, 0.05, 9), np.linspace(0.1, 1.0, 19)])
"""1 − c at which the map of correlations is drawn: dense where it may be steep."""

_LIVE_LAYERS = 50
"""In deeper stacks the correlations that a sweep needs take a second."""

_STARTS = np.array([-1.0, 0.0, 1.0, 0.6, -0.6]), np.array([0.3, 0.1, 2.8, 0.2, 2.5])


@dataclass(frozen=True)
class Subject:
    """The stack that the theory is asked about.

    ``weight_variance`` is σ_w², the variance of a weight times fan-in, gain included;
    ``bias_variance`` σ_b²; ``input_second_moment`` the mean of x² over the inputs'
    features, input scale included. ``beyond`` names, as they read in a sentence, the
    parts of the stack that the theory leaves out ("batch normalisation", "dropout").
    ``dropout`` and its rate move the rest of mean and variance.
    """

    choice: Choice
    weight_variance: float
    bias_variance: float
    depth: int
    input_second_moment: float = 1.0
    beyond: tuple[str, ...] = ()
    dropout: Dropout = Dropout.NONE
    dropout_rate: float = 0.0

    @property
    def activation(self) -> Activation:
        """The catalogue's entry."""
        return ACTIVATIONS[self.choice.entry.key]


@dataclass(frozen=True)
class Measured:
    """What an experiment with several draws found, by layer; all arrays are (depth,).

    ``log_gradient`` is log₁₀ of the root mean square of ∂L/∂z, relative to whatever is
    the same in all layers, ``gradient_error`` its standard error once the last layer's
    has been taken off each draw; ``variance`` is the mean square of the pre-activations.
    """

    log_gradient: FloatArray
    gradient_error: FloatArray
    variance: FloatArray
    variance_error: FloatArray

    @classmethod
    def of(cls, gradient: Real, second_moment: Real) -> "Measured":
        """Return what follows from draws: root mean squares ∂L/∂z and means of z², (draws, depth).

        The gradient is averaged as a mean square, which is what the theory predicts.
        """
        decay = mean_field.decay_estimate(gradient)
        variance = mean_field.variance_estimate(second_moment)
        return cls(decay.value, decay.error, variance.value, variance.error)


@dataclass(frozen=True)
class Swept:
    """A slider of the page that moves the stack: its key, its S steps, and what they mean.

    The three arrays are (S,), as the fields of :class:`Subject` by the same names.
    """

    slider: str
    steps: FloatArray
    weight_variance: FloatArray
    bias_variance: FloatArray
    input_second_moment: FloatArray


def section(
    subject: Subject,
    measured: Measured | None = None,
    swept: Sequence[Swept] = (),
    *,
    beside: DeltaGenerator,
    above: DeltaGenerator,
) -> list[Sweep | Packed]:
    """Draw the theory of ``subject``: words and its controls ``beside``, pictures ``above``.

    Return the sweeps by which the sliders in ``swept`` move it, for the page's one call of
    :func:`pages.ui.live.live`.
    """
    with above:
        view = segments("View", list(_VIEWS), DEFAULTS[VIEW], VIEW, label_visibility="collapsed")
    sweeps = _VIEWS[view](subject, measured, swept, beside, above)
    with st.expander("Where the theory comes from", icon=":material/school:"):
        st.markdown(text.lesson("mean-field"))
    return sweeps


# ---------------------------------------------------------------- phases and layers


def _phases(
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


# ---------------------------------------------------------------- two inputs


def _two_inputs(
    subject: Subject,
    measured: Measured | None,
    swept: Sequence[Swept],
    beside: DeltaGenerator,
    above: DeltaGenerator,
) -> list[Sweep | Packed]:
    """Draw whether two inputs grow alike from layer to layer, or apart."""
    with beside:
        alike = ALIKE.draw()
    stack = _Stack.of(subject)
    shown = _alike(stack, (alike,))
    c = shown.traces[PATH][1][0]["y"][0]
    known = c[np.isfinite(c)]
    if not known.size:
        above.info("No signal: with σ_w = 0 or inputs of 0 there are no two inputs to compare.")
        return []
    with above:
        say(shown, TOLD)
        with st.grid(2, min_column_width=240):
            alt = f"Correlation of two inputs by layer, from {known[0]:.2f} to {known[-1]:.3f}"
            layout = theory_figures.correlation_layout(subject.depth)
            figure = draw(shown, PATH, layout, alt)
            alt = f"What a layer of {subject.choice.label} makes of the correlation of two inputs"
            draw(shown, MAP, theory_figures.map_layout(), alt)
    if subject.beyond:
        st.info(theory_words.beyond(subject.beyond))
    if mean_field.jumps(subject.activation, **subject.choice.parameters):
        st.info(theory_words.JUMPS)
    st.caption(
        "c is the correlation of the pre-activations that two inputs cause in the same units. On "
        "the right, a layer's map of c at variance "
        f"q = {wording.number(_map(stack).variance, 3)}; this network climbs or descends the "
        "staircase between map and diagonal. Where the map meets the diagonal, c comes to rest "
        "(c\\*). Its slope at c = 1 is χ₁ once q has settled: gradients vanish where inputs grow "
        "alike, and explode where they are driven apart."
    )
    export.offer(PATH, figure, lambda: _rows(c), "mean_field_correlation")
    return [_alike_sweep(stack)] if subject.depth <= _LIVE_LAYERS else []


class _Stack(NamedTuple):
    """What the theory of two inputs depends on, for a cache to key on."""

    key: str
    settings: Settings
    weight_variance: float
    bias_variance: float
    input_second_moment: float
    depth: int

    @classmethod
    def of(cls, one: Subject) -> "_Stack":
        variances = (one.weight_variance, one.bias_variance, one.input_second_moment)
        return cls(one.activation.key, one.choice.settings, *variances, one.depth)


def _alike(stack: _Stack, starts: Sequence[float]) -> Shown:
    """Return what is shown for two inputs of each of these correlations."""
    c = np.stack([1 - _gaps(stack, start) for start in starts])
    if not np.isfinite(c).any():
        return Shown({PATH: (0, theory_figures.correlation_traces(c, math.nan))}, {})
    one = _map(stack)
    path = theory_figures.correlation_traces(c, one.rest)
    staircase = theory_figures.map_traces(1 - _NEAR, one.after, c)
    told = [_told(one, row[np.isfinite(row)]) for row in c]
    return Shown({PATH: (0, path), MAP: (0, staircase)}, {TOLD: told})


@lru_cache(maxsize=32)
def _alike_sweep(stack: _Stack) -> Packed:
    return _alike(stack, ALIKE.steps.tolist()).sweep(ALIKE.key, ALIKE.steps).packed


@dataclass(frozen=True)
class _Map:
    """A layer's map of correlations at some ``variance``, and where it leads (nan if nowhere)."""

    variance: float
    after: FloatArray
    rest: float
    slope: float
    chi: float


@lru_cache(maxsize=512)
def _gaps(stack: _Stack, c: float) -> FloatArray:
    key, settings, weights, biases, inputs, depth = stack
    activation, parameters = ACTIVATIONS[key], dict(settings)
    variance = mean_field.layers(activation, weights, biases, inputs, depth, **parameters).variance
    first = correlation.first_gap(weights, biases, inputs, c)
    return correlation.gaps(activation, variance, weights, biases, first, **parameters)


@lru_cache(maxsize=32)
def _map(stack: _Stack) -> _Map:
    key, settings, weights, biases, inputs, depth = stack
    activation, parameters = ACTIVATIONS[key], dict(settings)
    settled = mean_field.settle(
        activation, weights, biases, weights * inputs + biases, **parameters
    )
    rest = slope = math.nan
    if 0 < settled.variance < math.inf:
        gap, slope = correlation.settled_gap(activation, weights, settled, **parameters)
        q, rest = settled.variance, 1 - gap
    else:
        # Nowhere to rest: the map of the last layer with a variance.
        run = mean_field.layers(activation, weights, biases, inputs, depth, **parameters).variance
        q = float(run[(run > 0) & np.isfinite(run)][-1])
    following = float(mean_field.next_variance(activation, q, weights, biases, **parameters))
    apart = [correlation.difference(activation, q, gap, **parameters)[0] for gap in _NEAR.tolist()]
    after = 1 - weights * np.array(apart) / (following or math.nan)
    return _Map(q, after, rest, slope, settled.chi)


def _told(one: _Map, c: FloatArray) -> str:
    if math.isnan(one.rest):
        return (
            "The variance settles at no value above 0, and the correlation need not settle either. "
            f"From {wording.fixed(float(c[0]), 3)} the correlation goes to "
            f"**{wording.fixed(float(c[-1]), 4)}** at layer {c.size}."
        )
    return theory_words.apart(1 - one.rest, one.slope, one.chi)


def _rows(c: FloatArray) -> export.Table:
    return export.Table(["layer", "correlation"], [[i, v] for i, v in enumerate(c.tolist(), 1)])


# ---------------------------------------------------------------- mean and variance


def _mean_and_variance(
    subject: Subject,
    measured: Measured | None,
    swept: Sequence[Swept],
    beside: DeltaGenerator,
    above: DeltaGenerator,
) -> list[Sweep | Packed]:
    """Draw where mean and variance of the activations are drawn to, and what changes it."""
    key, settings = subject.activation.key, subject.choice.settings
    how = (subject.weight_variance, subject.dropout, subject.dropout_rate)
    if subject.weight_variance == 0:
        above.info("With σ_w = 0 every unit computes the same, whatever comes in.")
        return []
    flow = _flow(key, settings, *how)
    with above:
        st.markdown(theory_words.at_rest(flow.rest))
        point = (flow.rest.mean, flow.rest.variance)
        traces = theory_figures.flow_traces(flow.tails, flow.heads, flow.paths, point)
        figure = charts.finish(traces, theory_figures.flow_layout())
        alt = f"Where a layer of {subject.choice.label} takes mean and variance of the activations"
        st.plotly_chart(figure, key=FLOW, config=charts.CONFIG, alt=alt)
    rate = subject.dropout_rate or 0.1
    cases = {
        "this network": how,
        "LeCun or Xavier (σ_w² = 1)": (1.0, Dropout.NONE, 0.0),
        "He (σ_w² = 2)": (2.0, Dropout.NONE, 0.0),
        "PyTorch's default (σ_w² = ⅓)": (1 / 3, Dropout.NONE, 0.0),
        f"LeCun, ordinary dropout {rate:g}": (1.0, Dropout.PLAIN, rate),
        f"LeCun, alpha dropout {rate:g}": (1.0, Dropout.ALPHA, rate),
    }
    rows = [[name, *_rest_row(key, settings, *case)] for name, case in cases.items()]
    heads = ["", "μ at rest", "ν at rest", "error left, a layer", "gradient × √χ₁, a layer"]
    with st.container(key=f"{FLOW}_table"):
        st.markdown(wording.table(heads, rows))
    st.caption(
        "μ and ν are mean and variance of a layer's activations. Random weights of mean 0 make "
        "pre-activations with variance σ_w² (ν + μ²) of them, so one layer brings every start onto "
        "one curve (an arrow goes a third of the way); along it the layers move on. SELU's "
        "constants are chosen so that (0, 1) is at rest with σ_w² = 1. That keeps the signal, not "
        "the gradient: √χ₁ is 1.035 there. Biases are left out here."
    )
    export.offer(FLOW, figure, lambda: _paths_table(flow), "mean_and_variance")
    return []


@dataclass(frozen=True)
class _Flow:
    """Arrows (A,), paths (layers, P), and where they end."""

    tails: tuple[FloatArray, FloatArray]
    heads: tuple[FloatArray, FloatArray]
    paths: tuple[FloatArray, FloatArray]
    rest: self_normalising.Rest


@lru_cache(maxsize=32)
def _flow(key: str, settings: Settings, weights: float, dropout: Dropout, rate: float) -> _Flow:
    activation, how = ACTIVATIONS[key], (weights, dropout, rate, dict(settings))
    grid = np.meshgrid(np.linspace(-1.0, 1.0, 9), np.linspace(0.2, 2.8, 9))
    tails = tuple(axis.ravel() for axis in grid)
    after = self_normalising.layer_map(activation, tails, *how)
    heads = tuple(a + (b - a) / 3 for a, b in zip(tails, after, strict=True))
    paths = self_normalising.paths(activation, _STARTS, 12, *how)
    return _Flow(tails, heads, tuple(paths), _rest(key, settings, weights, dropout, rate))


@lru_cache(maxsize=128)
def _rest(
    key: str, settings: Settings, weights: float, dropout: Dropout, rate: float
) -> self_normalising.Rest:
    return self_normalising.rest(ACTIVATIONS[key], weights, dropout, rate, dict(settings))


def _rest_row(
    key: str, settings: Settings, weights: float, dropout: Dropout, rate: float
) -> tuple[str, ...]:
    found = _rest(key, settings, weights, dropout, rate)
    if not 0 < found.variance < math.inf:
        return theory_words.rest_row(found, math.nan)
    q = weights * (found.variance + found.mean**2)
    slope = mean_field.moments(ACTIVATIONS[key], q, **dict(settings)).slope
    return theory_words.rest_row(found, weights * float(slope))


def _paths_table(flow: _Flow) -> export.Table:
    mean, variance = flow.paths
    rows = [
        [path, layer, float(mean[layer, path]), float(variance[layer, path])]
        for path in range(mean.shape[1])
        for layer in range(mean.shape[0])
    ]
    return export.Table(["path", "layer", "mean", "variance"], rows)


View = Callable[
    [Subject, Measured | None, Sequence[Swept], DeltaGenerator, DeltaGenerator],
    list[Sweep | Packed],
]
_VIEWS: dict[str, View] = {
    "Phases": _phases,
    "Two inputs": _two_inputs,
    "Mean and variance": _mean_and_variance,
}
