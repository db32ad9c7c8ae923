"""What the logits, the temperature, the shift and the scale move, for all steps at once.

Each picture of logits is a function from rows of settings to what is shown for each row:
one row is the page at rest, all steps of a slider are its sweep.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.activations import ACTIVATIONS
from core.losses import LOSSES
from core.softmax import (
    breaking_scale,
    gain,
    is_distribution,
    jacobian,
    leaders,
    log_sum_exp,
    naive_cross_entropy,
    naive_softmax,
    soft_mean,
    softmax,
    triangle,
    ulps,
)
from core.spec import FloatArray
from pages.ui import wording
from pages.ui.live import Sweep
from pages.ui.parts import Shown
from pages.ui.softmax import figures, words
from pages.ui.softmax.controls import (
    LABEL,
    LABEL_STEPS,
    LOGIT_STEPS,
    SCALE,
    SCALE_STEPS,
    SHIFT,
    SHIFT_STEPS,
    TEMPERATURE,
    TEMPERATURE_STEPS,
    logit_key,
)
from pages.ui.softmax.parts import CHART, PLACE, VERDICT

IntArray = npt.NDArray[np.intp]

SHIFTED = "softmax_shifted"
BITS = "softmax_bits"
BREAKS = "softmax_breaks"

FIRST_LOGIT = np.linspace(-10, 10, 41)
DIFFERENCE = np.linspace(-20, 20, 161)
PATH_TEMPERATURES = np.geomspace(0.02, 200, 33)
REGIONS = 3
"""Traces of the triangle that never move: one a decision region."""


@dataclass(frozen=True)
class View:
    """What the sliders of the logits' sections say."""

    logits: tuple[float, ...]
    temperature: float = 1.0
    shift: float = 0.0
    scale: float = 1.0
    label: int = 1


@dataclass(frozen=True)
class Rows:
    """Settings row by row: logits (S, K), all others (S, 1)."""

    logits: FloatArray
    temperature: FloatArray
    shift: FloatArray
    scale: FloatArray
    label: IntArray

    @property
    def count(self) -> int:
        """How many classes there are."""
        return self.logits.shape[-1]


Picture = Callable[[Rows], Shown]


def rows(view: View, slider: str = "") -> Rows:
    """Return a row for each step of ``slider``, or one row for the page at rest."""
    steps = _steps(slider)
    found = {
        "temperature": np.full((len(steps), 1), view.temperature),
        "shift": np.full((len(steps), 1), view.shift),
        "scale": np.full((len(steps), 1), view.scale),
        "label": np.full((len(steps), 1), view.label),
    }
    logits = np.tile(np.array(view.logits), (len(steps), 1))
    if slider in _FIELDS:
        found[_FIELDS[slider][0]] = steps[:, None]
    elif slider:
        logits[:, _place(slider, view)] = steps
    # A class beyond the last one counts as the last one.
    label = np.minimum(found.pop("label"), len(view.logits)).astype(np.intp)
    return Rows(logits=logits, label=label, **found)


def sweeps(picture: Picture, view: View, sliders: Sequence[str]) -> list[Sweep]:
    """Return the sweep of every logit and of the other ``sliders`` on view."""
    every = [logit_key(i) for i in range(len(view.logits))] + list(sliders)
    return [_sweep(picture, slider, _without(view, slider)) for slider in every]


@lru_cache(maxsize=256)
def _sweep(picture: Picture, slider: str, view: View) -> Sweep:
    return picture(rows(view, slider)).sweep(slider, _steps(slider))


# ---------------------------------------------------------------- one function a picture


def probabilities(at: Rows) -> Shown:
    """Show the distribution as bars, and its place in the triangle or on the sigmoid."""
    p = softmax(at.logits + at.shift, at.temperature)
    moved = np.abs(p - softmax(at.logits, at.temperature)).max(axis=-1)
    winner, second, odds = leaders(at.logits, at.temperature)
    _, _, factor = leaders([1.0, 0.0], at.temperature)
    leading = np.take_along_axis(p, winner[:, None], axis=-1)[:, 0]
    traces = {CHART: (0, figures.probability_traces(p))}
    columns = (winner, second, leading, odds, np.broadcast_to(factor, odds.shape))
    texts = {
        VERDICT: [words.leader(*row) for row in zip(*(c.tolist() for c in columns), strict=True)],
        SHIFTED: [
            words.shift(*row) for row in zip(at.shift[:, 0].tolist(), moved.tolist(), strict=True)
        ],
    }
    if at.count == 2:
        gap = at.logits[:, :1] - at.logits[:, 1:]
        curve = softmax(np.stack([DIFFERENCE, 0 * DIFFERENCE], -1), at.temperature[..., None])
        sigmoid = curve[..., 0]
        here = softmax(at.logits, at.temperature)[:, :1]
        traces[PLACE] = (0, figures.two_class_traces(DIFFERENCE, sigmoid, gap, here))
        texts |= _to_the_last_bit(at)
    if at.count == REGIONS:
        paths = softmax(at.logits[:, None, :], PATH_TEMPERATURES[:, None])
        traces[PLACE] = (
            REGIONS,
            figures.simplex_traces(triangle(p), triangle(paths)),
        )
    return Shown(traces, texts, decimals={CHART: figures.DECIMALS, PLACE: figures.DECIMALS})


def highest_maximum(count: int) -> float:
    """Return the largest log-sum-exp of ``count`` logits that the sliders can bring about."""
    logits = np.full(count, LOGIT_STEPS[-1])
    return float(log_sum_exp(logits, float(TEMPERATURE_STEPS[-1])))


def _to_the_last_bit(at: Rows) -> dict[str, list[str]]:
    p = softmax(at.logits, at.temperature)[:, 0]
    gap = at.logits[:, 0] - at.logits[:, 1]
    sigmoid = ACTIVATIONS["sigmoid"](gap / at.temperature[:, 0])
    pairs = zip(p.tolist(), sigmoid.tolist(), strict=True)
    said = [words.bits(a, b, ulps(a, b)) for a, b in pairs]
    return {f"{BITS}[{i + 1}][1]": [lines[i] for lines in said] for i in range(len(said[0]))}


def sensitivity(at: Rows) -> Shown:
    """Show the Jacobian."""
    matrix = jacobian(at.logits, at.temperature)
    t = at.temperature[:, 0].tolist()
    largest = gain(at.logits, at.temperature).tolist()
    reach = [0.25 / one for one in t]
    traces = figures.jacobian_traces(matrix)
    return Shown(
        {CHART: (0, traces)},
        {VERDICT: [words.contraction(*row) for row in zip(largest, t, strict=True)]},
        {CHART: {"coloraxis.cmin": [-one for one in reach], "coloraxis.cmax": reach}},
        {CHART: figures.jacobian_decimals(at.count)},
    )


def maximum(at: Rows) -> Shown:
    """Show maximum, log-sum-exp and softmax-weighted mean while the first logit varies."""
    varied = np.repeat(at.logits[:, None, :], FIRST_LOGIT.size, axis=1)
    varied[..., 0] = FIRST_LOGIT
    t = at.temperature
    curves = [
        varied.max(axis=-1),
        log_sum_exp(varied, t[..., None]),
        soft_mean(varied, t[..., None]),
    ]
    there = [at.logits.max(axis=-1), log_sum_exp(at.logits, t), soft_mean(at.logits, t)]
    first = at.logits[:, :1]
    traces = figures.maximum_traces(FIRST_LOGIT, first, curves, [v[:, None] for v in there])
    # Of K equal logits log-sum-exp is T ln K above the maximum: its largest excess.
    bound = log_sum_exp(np.zeros(at.count), t)
    columns = (there[1], there[0], there[2], bound)
    said = zip(*(c.tolist() for c in columns), strict=True)
    line = {path: first[:, 0].tolist() for path in ("shapes[0].x0", "shapes[0].x1")}
    return Shown(
        {CHART: (0, traces)},
        {VERDICT: [words.smooth_maximum(*row) for row in said]},
        {CHART: line},
        {CHART: figures.MAXIMA},
    )


def loss(at: Rows) -> Shown:
    """Show prediction and truth, and the gradient of the cross-entropy by the logits."""
    cross_entropy = LOSSES["softmax_cross_entropy"]
    p, truth = softmax(at.logits), one_hot(at)
    values = cross_entropy(at.logits, truth)
    # The mistake: what is passed as logits are probabilities already.
    twice = cross_entropy(p / p.sum(axis=-1, keepdims=True), truth)
    floor = cross_entropy(truth, truth)
    chance = np.take_along_axis(p, at.label - 1, axis=-1)[:, 0]
    columns = (values, chance, at.label[:, 0], twice, floor)
    said = [words.loss(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]
    gradient = cross_entropy.gradient(at.logits, truth)
    traces = figures.cross_entropy_traces(p, truth, gradient)
    return Shown({CHART: (0, traces)}, {VERDICT: said}, decimals={CHART: figures.DECIMALS})


def one_hot(at: Rows) -> FloatArray:
    """Return the true distribution of each row: all on the class with the label."""
    found = np.zeros(at.logits.shape)
    np.put_along_axis(found, at.label - 1, 1.0, axis=-1)
    return found


def overflow(at: Rows) -> Shown:
    """Show which way of computing survives the scale."""
    z = at.logits * at.scale
    exact, doubled, single = (
        softmax(z),
        naive_softmax(z),
        naive_softmax(z.astype(np.float32)),
    )
    broken = [
        breaking_scale(at.logits, dtype).astype(np.float64) for dtype in (np.float64, np.float32)
    ]
    limit = float(SCALE_STEPS[-1])
    ends = np.stack([np.full(len(z), limit), *(np.minimum(b, limit) for b in broken)], axis=-1)
    works = [is_distribution(p).tolist() for p in (doubled, single)]
    top = z.max(axis=-1)
    said = zip(at.scale[:, 0].tolist(), top.tolist(), *works, strict=True)
    texts = {VERDICT: [words.scale(*row) for row in said]}
    least = at.logits.argmin(axis=-1)
    costs = [
        LOSSES["softmax_cross_entropy"](z, least),
        naive_cross_entropy(z, least),
        naive_cross_entropy(z.astype(np.float32), least),
    ]
    highest = at.logits.max(axis=-1)
    for row, (breaks, cost) in enumerate(zip([None, *broken], costs, strict=True), 1):
        texts[f"{BREAKS}[{row}][1]"], texts[f"{BREAKS}[{row}][2]"] = _where(breaks, highest)
        texts[f"{BREAKS}[{row}][3]"] = [_or_nan(v) for v in cost.tolist()]
    results = [exact, doubled, single]
    moved = {path: at.scale[:, 0].tolist() for path in ("shapes[0].x0", "shapes[0].x1")}
    broken_bars = np.isnan(np.concatenate(results, axis=-1)).T
    moved |= {
        f"annotations[{i}].text": np.where(bar, "nan", "").tolist()
        for i, bar in enumerate(broken_bars)
    }
    traces = figures.overflow_traces(results, ends)
    return Shown({CHART: (0, traces)}, texts, {CHART: moved}, {CHART: figures.DECIMALS})


def _where(breaks: FloatArray | None, highest: FloatArray) -> tuple[list[str], list[str]]:
    """Write the scale that breaks a formula, and the largest logit at that scale."""
    if breaks is None:
        return ["never"] * len(highest), ["–"] * len(highest)
    finite = np.isfinite(breaks)
    logits = np.where(finite, breaks, 0.0) * highest
    return (
        [wording.fixed(b) if f else "never" for b, f in zip(breaks.tolist(), finite, strict=True)],
        [wording.fixed(z) if f else "–" for z, f in zip(logits.tolist(), finite, strict=True)],
    )


def _or_nan(value: float) -> str:
    return wording.fixed(value) if value == value else "nan"


_FIELDS = {
    TEMPERATURE: ("temperature", TEMPERATURE_STEPS),
    SHIFT: ("shift", SHIFT_STEPS),
    SCALE: ("scale", SCALE_STEPS),
    LABEL: ("label", LABEL_STEPS),
}


def _steps(slider: str) -> FloatArray:
    if not slider:
        return np.zeros(1)
    return _FIELDS[slider][1] if slider in _FIELDS else LOGIT_STEPS


def _place(slider: str, view: View) -> int:
    return [logit_key(i) for i in range(len(view.logits))].index(slider)


def _without(view: View, slider: str) -> View:
    """Return the view without the slider's own value, which changes nothing in its sweep."""
    if slider in _FIELDS:
        return replace(view, **{_FIELDS[slider][0]: 1})
    place = _place(slider, view)
    return replace(view, logits=tuple(0.0 if i == place else z for i, z in enumerate(view.logits)))
