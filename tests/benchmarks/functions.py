"""Time every activation and loss, and its gradient, on a million elements beside ``np.exp``."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from core.activations import ACTIVATIONS
from core.losses import LOSSES
from core.spec import Axis, Loss, Simplex
from tests.benchmarks import table

ELEMENTS = 1_000_000
ROUNDS = 9
CLASSES = 10
"""The length of the last axis of losses that sum over it."""


def main() -> dict[str, Any]:
    return {dtype: measure(dtype) for dtype in ("float64", "float32")}


def measure(dtype: str) -> dict[str, dict[str, float]]:
    """Print and return nanoseconds an element, by ``<key>`` and ``<key>′``.

    The machine's speed wanders while this runs. So every round times np.exp anew right
    before each activation, and ``ratio`` is the median of the ratios within the rounds.
    Time is that of the processor, so that other programs count as little as possible.
    """
    x = np.random.default_rng(0).normal(scale=3.0, size=ELEMENTS).astype(dtype)
    functions = {key: ((f, f.gradient), (x,)) for key, f in ACTIVATIONS.items()}
    functions |= {key: ((f, f.gradient), _sample(f, x)) for key, f in LOSSES.items()}
    times: dict[str, list[float]] = defaultdict(list)
    ratios: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for key, (both, inputs) in functions.items():
            exp = _nanoseconds(np.exp, x)
            times["np.exp"].append(exp)
            for name, function in zip((key, f"{key}′"), both, strict=True):
                times[name].append(_nanoseconds(function, *inputs))
                ratios[name].append(times[name][-1] / exp)
    ratios["np.exp"] = [1.0]
    figures = {
        name: {
            "minimum_ns": min(taken),
            "median_ns": statistics.median(taken),
            "ratio": statistics.median(ratios[name]),
        }
        for name, taken in times.items()
    }
    header = ["ns an element", "f min", "median", "× np.exp", "f′ min", "median", "× np.exp"]
    rows = [["np.exp", *_cells(figures["np.exp"]), "", "", ""]]
    rows += [[key, *_cells(figures[key]), *_cells(figures[f"{key}′"])] for key in functions]
    print(f"{ELEMENTS:,} elements of {dtype}, minimum and median of {ROUNDS} rounds")
    print(table(header, rows), end="\n\n")
    return figures


def _sample(loss: Loss, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions and targets in the domain of a loss, as many as ``x`` has elements."""
    chance = 1 / (1 + np.exp(-x))
    match loss.axis:
        case Axis.RESIDUAL:
            return x, np.zeros_like(x)
        case Axis.MARGIN:
            return x, np.where(x[::-1] < 0, -1, 1).astype(x.dtype)
        case Axis.PROBABILITY:
            return chance, (x[::-1] > 0).astype(x.dtype)
        case Axis.LOGIT:
            return x, (x[::-1] > 0).astype(x.dtype)
        case Axis.MASK:
            return chance.reshape(-1, 1000), (x[::-1] > 0).astype(x.dtype).reshape(-1, 1000)
        case Axis.DISTRIBUTION:
            rows = chance.astype(np.float64).reshape(-1, CLASSES)
            shares = rows / rows.sum(axis=-1, keepdims=True)
            logits = x.reshape(-1, CLASSES)
            return (shares if isinstance(loss.predictions, Simplex) else logits), shares[::-1]


def _nanoseconds(function: Callable[..., Any], *inputs: np.ndarray) -> float:
    began = time.thread_time_ns()
    function(*inputs)
    return (time.thread_time_ns() - began) / inputs[0].size


def _cells(figures: dict[str, float]) -> list[str]:
    return [f"{figures[name]:.2f}" for name in ("minimum_ns", "median_ns", "ratio")]
