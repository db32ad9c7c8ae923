"""What two distributions, maxout pieces and the inputs of a gate move, for all their steps."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np

from core.losses import LOSSES
from core.softmax import divergence_terms, entropy, jensen_shannon, normalise, total_variation
from core.spec import FloatArray
from core.units import Piece, corners, gated, gated_gradient, maxout_curve, recognise
from pages.ui import wording
from pages.ui.charts import Spec
from pages.ui.live import Sweep
from pages.ui.parts import Shown
from pages.ui.softmax import figures, words
from pages.ui.softmax.controls import (
    GATE,
    INPUT_STEPS,
    SLOPE_STEPS,
    VALUE,
    WEIGHT_STEPS,
    piece_key,
    weight_key,
)
from pages.ui.softmax.parts import CHART, PLACE, VERDICT

DISTANCES = "softmax_distances"
ENTROPIES = "softmax_entropies"

INPUTS = np.linspace(-4, 4, 161)
SURFACE_INPUTS = np.linspace(-4, 4, 65)
_FORMULAS = {
    "GLU": r"f(a,b)=a\,\sigma(b)",
    "SwiGLU": r"f(a,b)=a\cdot b\,\sigma(b)",
    "GEGLU": r"f(a,b)=a\cdot b\,\Phi(b)",
    "ReGLU": r"f(a,b)=a\,\max(0,b)",
    "Bilinear": r"f(a,b)=a\,b",
}

Weights = tuple[float, ...]


# ---------------------------------------------------------------- two distributions


def pair_rows(p: Weights, q: Weights, side: str = "", place: int = 0) -> tuple[FloatArray, ...]:
    """Return the weights of P and Q, (S, K) each: all steps of one slider, or one row."""
    count = len(WEIGHT_STEPS) if side else 1
    found = {"p": np.tile(np.array(p), (count, 1)), "q": np.tile(np.array(q), (count, 1))}
    if side:
        found[side][:, place] = WEIGHT_STEPS
    return found["p"], found["q"]


def pair_sweeps(p: Weights, q: Weights) -> list[Sweep]:
    """Return the sweep of every weight; at a step that leaves nothing, the page waits."""
    return [
        _pair_sweep(_without(p, i, side == "p"), _without(q, i, side == "q"), side, i)
        for side in ("p", "q")
        for i in range(len(p))
    ]


@lru_cache(maxsize=256)
def _pair_sweep(p: Weights, q: Weights, side: str, place: int) -> Sweep:
    rows = pair_rows(p, q, side, place)
    there = (rows[0].sum(axis=-1) > 0) & (rows[1].sum(axis=-1) > 0)
    shown = divergence(*(weights[there] for weights in rows))
    return shown.sweep(weight_key(side, place), WEIGHT_STEPS[there])


def divergence(p_weights: FloatArray, q_weights: FloatArray) -> Shown:
    """Show two distributions, the terms of both divergences, and other distances."""
    p, q = normalise(p_weights), normalise(q_weights)
    forwards, backwards = (LOSSES["kl_divergence"](b, a) for a, b in ((p, q), (q, p)))
    terms = [divergence_terms(p, q), divergence_terms(q, p)]
    # An infinite term has no bar; the verdict says what it means.
    finite = [np.where(np.isfinite(t), t, np.nan) for t in terms]
    sums = zip(p_weights.sum(axis=-1).tolist(), q_weights.sum(axis=-1).tolist(), strict=True)
    notes = [words.normalised("P", a) + words.normalised("Q", b) for a, b in sums]
    distances = [forwards, backwards, jensen_shannon(p, q), total_variation(p, q)]
    # Between equal distributions there is nothing but rounding, which may be below 0.
    forwards, backwards, *_ = distances = [np.where(v < 1e-14, 0.0, v) for v in distances]
    verdicts = [
        words.divergences(*row)
        for row in zip(forwards.tolist(), backwards.tolist(), notes, strict=True)
    ]
    texts = {VERDICT: verdicts}
    for row, (column, most) in enumerate(
        zip(distances, ("no limit", "no limit", "ln 2 = 0.6931", "1"), strict=True), 1
    ):
        texts[f"{DISTANCES}[{row}][1]"] = _column(column)
        texts[f"{DISTANCES}[{row}][2]"] = [most] * len(p)
    for row, (own, way) in enumerate(((entropy(p), forwards), (entropy(q), backwards)), 1):
        texts[f"{ENTROPIES}[{row}][1]"] = _column(own)
        texts[f"{ENTROPIES}[{row}][2]"] = _column(own + way)
    traces = figures.divergence_traces(p, q, *finite)
    return Shown({CHART: (0, traces)}, texts, decimals={CHART: figures.DECIMALS})


# ---------------------------------------------------------------- maxout


def maxout(pieces: Sequence[Piece]) -> Shown:
    """Show a maxout unit; one of the numbers of ``pieces`` may be a column (S, 1)."""
    shape = np.broadcast_shapes((1, 1), *(np.shape(v) for p in pieces for v in (p.weight, p.bias)))
    full = [Piece(np.broadcast_to(p.weight, shape), np.broadcast_to(p.bias, shape)) for p in pieces]
    curve = maxout_curve(INPUTS, full)
    each = [
        [Piece(float(p.weight[row, 0]), float(p.bias[row, 0])) for p in full]
        for row in range(shape[0])
    ]
    verdicts = [words.maxout(recognise(one), corners(one)) for one in each]
    traces = figures.maxout_traces(INPUTS, curve.lines[..., [0, -1]], curve.value, curve.gradient)
    return Shown({CHART: (0, traces)}, {VERDICT: verdicts}, decimals={CHART: figures.DECIMALS})


def maxout_sweeps(pieces: tuple[Piece, ...]) -> list[Sweep]:
    """Return the sweep of every slope and every bias."""
    found = []
    for place, piece in enumerate(pieces):
        for part, name in (("slope", "weight"), ("bias", "bias")):
            still = tuple(
                replace(piece, **{name: 0.0}) if i == place else p for i, p in enumerate(pieces)
            )
            found.append(_maxout_sweep(still, place, part, name))
    return found


@lru_cache(maxsize=256)
def _maxout_sweep(pieces: tuple[Piece, ...], place: int, part: str, name: str) -> Sweep:
    moved = list(pieces)
    moved[place] = replace(moved[place], **{name: SLOPE_STEPS[:, None]})
    return maxout(moved).sweep(piece_key(part, place), SLOPE_STEPS)


# ---------------------------------------------------------------- gated units


def gates(unit: str, value: float | FloatArray, gate: float | FloatArray) -> Shown:
    """Show where the slices of a gated unit cross, and both; inputs may be columns (S, 1)."""
    a, b = (np.atleast_2d(v) for v in np.broadcast_arrays(value, gate))
    there = gated(a, b, unit)
    by_value, by_gate = gated_gradient(a, b, unit)
    opening = gated(1.0, b, unit)
    said = zip(*(c.ravel().tolist() for c in (opening, a, there, by_value, by_gate)), strict=True)
    slices = [gated(INPUTS, b, unit), gated(a, INPUTS, unit)]
    return Shown(
        {
            CHART: (1, [figures.surface_point(a, b)]),
            PLACE: (0, figures.slice_traces(INPUTS, *slices, a, b, there)),
        },
        {VERDICT: [words.gate(unit, o, v, f, (da, db)) for o, v, f, da, db in said]},
        decimals={CHART: figures.DECIMALS, PLACE: figures.DECIMALS},
    )


def gate_sweeps(unit: str, value: float, gate: float) -> list[Sweep]:
    """Return the sweeps of both inputs."""
    return [_gate_sweep(unit, VALUE, gate), _gate_sweep(unit, GATE, value)]


@lru_cache(maxsize=256)
def _gate_sweep(unit: str, slider: str, other: float) -> Sweep:
    column = INPUT_STEPS[:, None]
    shown = gates(unit, column, other) if slider == VALUE else gates(unit, other, column)
    place, axis = (0, "x") if slider == VALUE else (1, "y")
    line = {f"shapes[{place}].{axis}{end}": INPUT_STEPS.tolist() for end in (0, 1)}
    return replace(shown, layout={CHART: line}).sweep(slider, INPUT_STEPS)


@cache
def surface(unit: str) -> Spec:
    """Return a gated unit as contours, which no slider moves."""
    z = gated(SURFACE_INPUTS, SURFACE_INPUTS[:, None], unit)
    return figures.surface(SURFACE_INPUTS, z, reach(unit))


def whole(unit: str) -> Shown:
    """Return the surface as what is shown, to be exported."""
    return Shown({CHART: (0, [surface(unit)])}, {})


def reach(unit: str) -> float:
    """Return the largest value in the window, where the colours and axes end."""
    return float(np.abs(gated(INPUTS[-1], INPUTS, unit)).max())


def formulas(unit: str) -> tuple[str, ...]:
    """Return the unit's formula, and how a layer makes value and gate."""
    return _FORMULAS[unit], r"a=xV+c,\quad b=xW+d"


def _column(values: FloatArray) -> list[str]:
    return [wording.fixed(v) for v in values.tolist()]


def _without(weights: Weights, place: int, moves: bool) -> Weights:
    return tuple(0.0 if moves and i == place else w for i, w in enumerate(weights))
