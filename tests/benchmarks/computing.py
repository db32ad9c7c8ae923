"""Time the dear computations behind the pages, and count the memory that they take."""

import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from core.activations import ACTIVATIONS
from core.descent import settle
from core.descent.surfaces import SURFACES
from core.landscapes import landscape
from core.losses import LOSSES
from core.mean_field.phases import critical_line, diagram
from core.network import Stack, backward, build, forward
from tests.benchmarks import table

ROUNDS = 7
POINTS, SIDE = 500, 200
STARTS, STEPS = 40_000, 300
DEPTH, WIDTH, BATCH = 50, 128, 128
PHASES = 80
_WHOLE, _WALKS = SIDE**2 * POINTS * 8e-6, STARTS * STEPS * 2 * 8e-6


def main() -> dict[str, Any]:
    figures = {
        name: _milliseconds(run) | {"target_ms": aim, "peak_mb": _megabytes(run)}
        for name, aim, run in _tasks()
    }
    rows = [
        [
            name,
            f"{found['minimum_ms']:.1f}",
            f"{found['median_ms']:.1f}",
            f"{found['target_ms']:g}" if found["target_ms"] else "",
            f"{found['peak_mb']:.0f}",
        ]
        for name, found in figures.items()
    ]
    print(f"milliseconds, minimum and median of {ROUNDS} rounds, and the most memory at a time:")
    print(f"all losses of {SIDE} × {SIDE} places and {POINTS} points would be {_WHOLE:.0f} MB, all")
    print(f"positions of {STARTS:,} walks of {STEPS} steps {_WALKS:.0f} MB")
    print(table(["", "minimum", "median", "target", "peak, MB"], rows))
    return figures


def _tasks() -> list[tuple[str, float | None, Callable[[], object]]]:
    chance = np.random.default_rng(0)
    return [
        *(_landscape(*pair, chance) for pair in _PAIRS),
        *(_descent(name) for name in ("adam", "momentum")),
        *(_network(key, chance) for key in ("tanh", "relu")),
        *(_phases(key) for key in ("tanh", "gelu")),
    ]


_PAIRS = (
    ("squared_error", "identity"),
    ("huber", "identity"),
    ("squared_error", "tanh"),
    ("general_robust", "gelu"),
    ("binary_cross_entropy", "sigmoid"),
)


def _landscape(
    loss: str, output: str, chance: np.random.Generator
) -> tuple[str, float, Callable[[], object]]:
    x = chance.normal(size=POINTS)
    classes = loss == "binary_cross_entropy"
    y = (x > 0).astype(np.float64) if classes else np.tanh(x) + 0.1 * chance.normal(size=POINTS)
    land = landscape(LOSSES[loss], ACTIVATIONS[output], x, y, classes=classes)
    axis = np.linspace(-3, 3, SIDE)

    def run() -> object:
        return land.grid(axis, axis)

    name = f"{LOSSES[loss].name} on {ACTIVATIONS[output].name}: {SIDE} × {SIDE}, {POINTS} points"
    return name, 60.0, run


def _descent(name: str) -> tuple[str, float, Callable[[], object]]:
    ground = SURFACES["himmelblau"].at()
    axis = np.linspace(-5, 5, round(STARTS**0.5))
    starts = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)

    def run() -> object:
        return settle(name, ground.slope, starts, STEPS, 0.01)

    return f"{name}: {len(starts):,} starts × {STEPS} steps", 1000.0, run


def _network(key: str, chance: np.random.Generator) -> tuple[str, float, Callable[[], object]]:
    network = build(Stack(sizes=(WIDTH,) * (DEPTH + 1), activation=key), "he_normal")
    x = chance.normal(size=(BATCH, WIDTH))
    slope = chance.normal(size=(BATCH, WIDTH))

    def run() -> object:
        return backward(network, forward(network, x), slope)

    name = f"{key} network: depth {DEPTH} × width {WIDTH} × batch {BATCH}, there and back"
    return name, 80.0, run


def _phases(key: str) -> tuple[str, float, Callable[[], object]]:
    w, b = np.linspace(0.2, 3, PHASES), np.linspace(0, 1, PHASES)

    def run() -> object:
        return diagram(ACTIVATIONS[key], w, b), critical_line(ACTIVATIONS[key], w, b)

    return f"{key}: phase diagram, {PHASES} × {PHASES}, with its border", 100.0, run


def _milliseconds(run: Callable[[], object]) -> dict[str, float | None]:
    run()
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run()
        taken.append((time.perf_counter() - began) * 1e3)
    return {"minimum_ms": min(taken), "median_ms": statistics.median(taken)}


def _megabytes(run: Callable[[], object]) -> float:
    """Return the most memory that is held at a time, which NumPy reports to tracemalloc."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
