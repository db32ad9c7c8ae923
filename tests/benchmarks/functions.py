"""Time f and f′ of every activation on a million elements, beside plain ``np.exp``."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from core.activations import ACTIVATIONS
from tests.benchmarks import table

ELEMENTS = 1_000_000
ROUNDS = 9


def main() -> dict[str, Any]:
    return {dtype: measure(dtype) for dtype in ("float64", "float32")}


def measure(dtype: str) -> dict[str, dict[str, float]]:
    """Print and return nanoseconds an element, by ``<key>`` and ``<key>′``.

    The machine's speed wanders while this runs. So every round times np.exp anew right
    before each activation, and ``ratio`` is the median of the ratios within the rounds.
    Time is that of the processor, so that other programs count as little as possible.
    """
    x = np.random.default_rng(0).normal(scale=3.0, size=ELEMENTS).astype(dtype)
    times: dict[str, list[float]] = defaultdict(list)
    ratios: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for key, activation in ACTIVATIONS.items():
            exp = _nanoseconds(np.exp, x)
            times["np.exp"].append(exp)
            for name, function in ((key, activation), (f"{key}′", activation.gradient)):
                times[name].append(_nanoseconds(function, x))
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
    rows += [[key, *_cells(figures[key]), *_cells(figures[f"{key}′"])] for key in ACTIVATIONS]
    print(f"{ELEMENTS:,} elements of {dtype}, minimum and median of {ROUNDS} rounds")
    print(table(header, rows), end="\n\n")
    return figures


def _nanoseconds(function: Callable[..., Any], x: np.ndarray) -> float:
    began = time.thread_time_ns()
    function(x)
    return (time.thread_time_ns() - began) / x.size


def _cells(figures: dict[str, float]) -> list[str]:
    return [f"{figures[name]:.2f}" for name in ("minimum_ns", "median_ns", "ratio")]
