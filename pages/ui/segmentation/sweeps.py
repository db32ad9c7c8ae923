"""What the bench's sliders move, for all of their steps at once, and the numbers behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.activations import ACTIVATIONS
from core.segmentation import (
    MASK_LOSSES,
    SIZE,
    Descent,
    Mask,
    background_share,
    best_constant,
    decode_mask,
    descend,
    gradient,
    soft_prediction,
    value,
)
from core.segmentation import Settings as Weighing
from core.spec import FloatArray
from pages.ui import wording
from pages.ui.controls import Settings
from pages.ui.live import ChartSweep, Sweep
from pages.ui.segmentation import words
from pages.ui.segmentation.controls import EVERY, OWN, SLIDERS, STARTS, STEP, STEPS, weights
from pages.ui.segmentation.figures import Shades, shades

CHART = "pairing_maps"
CURVES = "pairing_curves"
READINGS = "pairing_table"
VERDICT = "pairing_verdict"

_MEANS = ("bce", "squared_error", "absolute_error")
_SHARES = ("bce", "weighted", "dice")
_BESTS = ("bce", "weighted")


@dataclass(frozen=True)
class Demand:
    """What a loss asks of S maps: ``pulls``, its gradient, is (S, 32, 32), the rest (S,).

    ``largest`` is the largest |pull| of a map and ``share`` what the background pulls of all.
    """

    pulls: FloatArray
    value: FloatArray
    largest: FloatArray
    share: FloatArray


def predicted(mask: Mask, soft: Sequence[float], slider: str = "") -> FloatArray:
    """Return the soft prediction's logits (S, 32, 32): one map, or one for each step."""
    steps = SLIDERS[slider][1] if slider else np.zeros(1)
    given = dict(zip(SLIDERS, soft, strict=True))
    rows = {key: np.full(steps.shape, v) for key, v in given.items()}
    return soft_prediction(mask, *{**rows, **({slider: steps} if slider else {})}.values())


def shares(logits: FloatArray) -> Shades:
    """Return probabilities as they are coloured."""
    return shades(_sigmoid(logits))


def scaled(pulls: FloatArray, scale: str) -> Shades:
    """Return gradients as they are coloured: cut at ±1, or relative to each map's largest."""
    if scale == OWN:
        most = np.abs(pulls).max(axis=(-2, -1), keepdims=True)
        pulls = pulls / np.where(most == 0, 1, most)
    return shades(np.clip(pulls, -1, 1))


def demand(key: str, logits: FloatArray, mask: Mask, settings: Weighing) -> Demand:
    """Return what a loss asks of maps (S, 32, 32)."""
    loss = MASK_LOSSES[key]
    pulls = gradient(loss, logits, mask, settings)
    return Demand(
        pulls,
        value(loss, logits, mask, settings),
        np.abs(pulls).max(axis=(-2, -1)),
        background_share(pulls, mask),
    )


def demands(logits: FloatArray, mask: Mask, settings: Settings) -> dict[str, Demand]:
    """Return what each loss asks of maps (S, 32, 32)."""
    values = columns(settings)
    return {key: demand(key, logits, mask, values) for key in MASK_LOSSES}


def columns(settings: Settings) -> dict[str, FloatArray]:
    """Return settings as the losses take them in a sweep, so that rest and sweep agree."""
    return {name: np.full((1, 1), v) for name, v in settings}


def best(key: str, code: str, settings: Settings) -> float:
    """Return the best constant answer under a loss."""
    return _best(key, code, _own((key,), settings))


def _own(keys: Sequence[str], settings: Settings) -> Settings:
    """Return the settings that weigh the losses ``keys``."""
    known = {name for key, name, _ in weights().values() if key in keys}
    return tuple((name, v) for name, v in settings if name in known)


@lru_cache(maxsize=512)
def _best(key: str, code: str, settings: Settings) -> float:
    return best_constant(MASK_LOSSES[key], decode_mask(code), columns(settings)).item()


@lru_cache(maxsize=16)
def descents(
    code: str, soft: tuple[float, ...], start: str, rate: float, settings: Settings
) -> Mapping[str, Descent]:
    """Follow each loss downhill, from the prediction if there is one or else from ``start``."""
    mask = decode_mask(code)
    logits = predicted(mask, soft)[0] if soft else np.full((SIZE, SIZE), STARTS[start])
    return {
        key: descend(
            loss, logits, mask, dict(settings), learning_rate=rate, steps=STEPS, every=EVERY
        )
        for key, loss in MASK_LOSSES.items()
    }


# ---------------------------------------------------------------- words of many maps


def cells(one: Demand) -> list[list[str]]:
    """Return the columns of a loss's row but the last, a text for each map."""
    return [
        [wording.fixed(v) for v in one.value.tolist()],
        [wording.fixed(v) for v in one.largest.tolist()],
        [words.part(share) for share in one.share.tolist()],
    ]


def verdicts(
    asked: Mapping[str, Demand],
    logits: FloatArray,
    mask: Mask,
    bests: Mapping[str, Sequence[float]],
) -> list[str]:
    """Say for each map who is wrong, who pulls, and where all of it leads.

    ``bests`` are the best constants under BCE and weighted BCE, one for all maps or each.
    """
    count = max(len(logits), *(len(asked[key].pulls) for key in (*_MEANS, *_SHARES)))
    wrong = ((logits > 0) != mask).reshape(len(logits), -1)
    counts = wrong.sum(axis=-1)
    means = {
        key: (np.abs(asked[key].pulls).reshape(len(asked[key].pulls), -1) * wrong).sum(axis=-1)
        / np.maximum(counts, 1)
        for key in _MEANS
    }
    said = words.wrong_sides(
        _each(counts, count), {key: _each(mean, count) for key, mean in means.items()}
    )
    if not mask.any():
        return said
    drowned = words.imbalance(
        mask,
        {key: _each(asked[key].share, count) for key in _SHARES},
        {key: _each(bests[key], count) for key in _BESTS},
    )
    return [f"{first}\n\n{second}" for first, second in zip(said, drowned, strict=True)]


def _each(values: Sequence[float] | FloatArray, count: int) -> list[float]:
    found: list[float] = np.broadcast_to(values, (count,)).tolist()
    return found


# ---------------------------------------------------------------- sweeps


def gradient_sweeps(
    code: str, soft: tuple[float, ...], settings: Settings, scale: str, *, weighing: bool
) -> list[Sweep]:
    """Return what moves the maps of gradients; the weights' sliders only if they are on view."""
    # What one weight changes is sent by itself, or all would be sent again with each weight.
    weighed = dict.fromkeys(key for key, _, _ in weights().values() if weighing)
    parts = [tuple(key for key in MASK_LOSSES if key not in weighed), *((key,) for key in weighed)]
    found = [
        _prediction_sweep(slider, keys, code, _without(slider, soft), _own(keys, settings), scale)
        for slider in SLIDERS
        for keys in parts
    ]
    for slider, (_, name, _) in weights().items() if weighing else ():
        others = tuple((one, v) for one, v in settings if one != name)
        found.append(_weight_sweep(slider, code, soft, others, scale))
    return found


def start_sweeps(code: str, soft: tuple[float, ...]) -> list[Sweep]:
    """Return what moves the start of a descent."""
    return [_start_sweep(key, code, _without(key, soft)) for key in SLIDERS]


def _without(slider: str, soft: tuple[float, ...]) -> tuple[float, ...]:
    """Return the prediction without a slider's own value, which changes nothing in its sweep."""
    return tuple(0.0 if key == slider else v for key, v in zip(SLIDERS, soft, strict=True))


@lru_cache(maxsize=192)
def _prediction_sweep(
    slider: str,
    keys: tuple[str, ...],
    code: str,
    soft: tuple[float, ...],
    settings: Settings,
    scale: str,
) -> Sweep:
    """Sweep what a slider of the prediction moves of some losses: their maps and numbers.

    The prediction itself goes with BCE, and the verdict with weighted BCE, its last word.
    """
    mask = decode_mask(code)
    logits = predicted(mask, soft, slider)
    values = columns(settings)
    asked = {key: demand(key, logits, mask, values) for key in keys}
    changes = {1: {"z": shares(logits)}} if "bce" in keys else {}
    texts = {}
    for key, one in asked.items():
        row = 1 + list(MASK_LOSSES).index(key)
        changes[1 + row] = {"z": scaled(one.pulls, scale)}
        texts |= {f"{READINGS}[{row}][{i}]": column for i, column in enumerate(cells(one), 1)}
    if "weighted" in keys:
        others = {key: demand(key, logits, mask, {}) for key in (*_MEANS, *_SHARES)}
        bests = {key: [best(key, code, settings)] for key in _BESTS}
        texts[VERDICT] = verdicts({**others, **asked}, logits, mask, bests)
    return Sweep(slider, SLIDERS[slider][1], [ChartSweep(CHART, changes)], texts)


@lru_cache(maxsize=96)
def _weight_sweep(
    slider: str, code: str, soft: tuple[float, ...], others: Settings, scale: str
) -> Sweep:
    """Sweep what weighs one loss: its map, its row, and what the verdict says of it."""
    key, name, steps = weights()[slider]
    mask, logits = decode_mask(code), predicted(decode_mask(code), soft)
    values = {**columns(others), name: steps[:, None]}
    one = demand(key, logits, mask, values)
    bests = best_constant(MASK_LOSSES[key], mask, values).tolist()
    row = 1 + list(MASK_LOSSES).index(key)
    texts = {f"{READINGS}[{row}][{i}]": column for i, column in enumerate(cells(one), 1)}
    texts[f"{READINGS}[{row}][{len(words.HEADS) - 1}]"] = [words.constant(b) for b in bests]
    if key in _SHARES:
        asked = {k: demand(k, logits, mask, {}) for k in (*_MEANS, *_SHARES)} | {key: one}
        constants = {k: [best(k, code, others)] for k in _BESTS} | {key: bests}
        texts[VERDICT] = verdicts(asked, logits, mask, constants)
    moved = ChartSweep(CHART, {1 + row: {"z": scaled(one.pulls, scale)}})
    return Sweep(slider, steps, [moved], texts)


@lru_cache(maxsize=48)
def _start_sweep(slider: str, code: str, soft: tuple[float, ...]) -> Sweep:
    """Sweep the start alone: where it leads to is computed when the slider is let go."""
    logits = predicted(decode_mask(code), soft, slider)
    moved = ChartSweep(CHART, {1: {"z": shares(logits)}})
    return Sweep(slider, SLIDERS[slider][1], [moved])


@lru_cache(maxsize=16)
def step_sweep(
    code: str, soft: tuple[float, ...], start: str, rate: str, settings: Settings
) -> Sweep:
    """Sweep the steps of the descent: eight maps, the line in the curves, the table."""
    run = descents(code, soft, start, float(rate), settings)
    changes = {place: {"z": shares(one.logits)} for place, one in enumerate(run.values(), 2)}
    steps = np.arange(0, STEPS + 1, EVERY)
    line = dict.fromkeys(("shapes[0].x0", "shapes[0].x1"), steps)
    texts = {f"{READINGS}[0][0]": [words.descent_heads(k)[0] for k in steps.tolist()]}
    for row, one in enumerate(run.values(), 1):
        for column, found in enumerate(words.descent_columns(one), 1):
            texts[f"{READINGS}[{row}][{column}]"] = found
    return Sweep(STEP, steps, [ChartSweep(CHART, changes), ChartSweep(CURVES, layout=line)], texts)


_sigmoid = ACTIVATIONS["sigmoid"]
