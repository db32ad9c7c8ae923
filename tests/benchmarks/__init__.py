"""Benchmarks: what the app costs on the machine at hand. See README.md beside this file.

``python -m tests.benchmarks`` runs them. They print figures and assert nothing, since
times depend on the machine; each figure with a target is printed beside it.
"""

import math
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version

import psutil

LIBRARIES = ("streamlit", "numpy", "scipy", "plotly")


class BenchmarkError(Exception):
    """What was to be measured did not happen; there is no figure to give."""


def machine() -> dict[str, str | int | float | None]:
    """Return what decides about speed here: cores, how busy they are, and versions."""
    return {
        "cores": os.cpu_count(),
        "load average": round(psutil.getloadavg()[0], 1),
        "architecture": platform.machine(),
        "python": platform.python_version(),
    } | {name: version(name) for name in LIBRARIES}


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Set rows in aligned columns: the first to the left, the others to the right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def target(what: str, value: float, unit: str, *, low: float = 0.0, high: float = 0.0) -> str:
    """Set a figure beside its target: at least ``low``, or else at most ``high``."""
    met = value >= low if low else value <= high
    aim = f"at least {low:g}" if low else f"at most {high:g}"
    return f"{what}: {value:.3g} {unit}, target {aim} {unit}: {'met' if met else 'MISSED'}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least ``share`` (above 0, up to 1) do not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]
