"""The fits of the outlier laboratory: at rest, in words, and along a slider."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import streamlit as st

from core.fits import (
    Fit,
    best_constant,
    best_constants,
    best_line,
    best_lines,
    needs_several_starts,
)
from core.spec import FloatArray, Scalar
from pages.ui import charts, controls, wording
from pages.ui.controls import Choice, Settings
from pages.ui.live import ChartSweep, Sweep

FOLLOWED = 2_000
"""With more points than this no fit follows a slider's thumb: it comes on release."""
FOLLOWED_FROM_SEVERAL_STARTS = 200
"""The same under a loss that is not convex: a fit takes some twenty times as long."""

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Points:
    """Points to fit; hashable, so that a cache can key on them."""

    across: tuple[float, ...]
    up: tuple[float, ...]

    @cached_property
    def x(self) -> FloatArray:
        """The x of every point, of shape (n,)."""
        return np.array(self.across, dtype=np.float64)

    @cached_property
    def y(self) -> FloatArray:
        """The y of every point, of shape (n,)."""
        return np.array(self.up, dtype=np.float64)

    @cached_property
    def window(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The lower left and the upper right corner of a picture of them."""
        ends = []
        for values in (self.x, self.y):
            low, high = (values.min(), values.max()) if values.size else (0.0, 1.0)
            margin = 0.08 * (high - low) or 1.0
            ends.append((float(low - margin), float(high + margin)))
        return (ends[0][0], ends[1][0]), (ends[0][1], ends[1][1])

    @cached_property
    def ends(self) -> FloatArray:
        """The x at which a line enters the picture and leaves it."""
        (left, _), (right, _) = self.window
        return np.array([left, right])

    @cached_property
    def spans(self) -> tuple[float, float, float]:
        """The largest |x|, the largest |y|, and how far apart the outermost x are."""
        return float(np.abs(self.x).max()), float(np.abs(self.y).max()), float(np.ptp(self.x))


def fits(choices: Sequence[Choice], points: Points, model: str) -> list[Fit]:
    """Return the best line or constant of each loss, or say why there is none."""
    try:
        return [_fit(c.key, c.settings, points, model) for c in choices]
    except ValueError as error:
        st.warning(wording.plain(str(error)))
        return []


def sentence(label: str, fit: Fit, points: Points) -> str:
    """Write a fit, how it was found, and what else is to be known of it."""
    reach, height, width = points.spans
    slope = _without_rounding(fit.slope, height / (width or 1.0))
    size = max(height, abs(slope) * reach)
    start = f"**{label}**: {wording.number(_without_rounding(fit.intercept, size))}"
    if fit.interval is None:
        sign = "−" if slope < 0 else "+"
        start += f" {sign} {wording.number(abs(slope))}·x"
    elif fit.interval[0] < fit.interval[1]:
        low, high = (wording.number(_without_rounding(end, size)) for end in fit.interval)
        start += f", or anything from {low} to {high}"
    return f"{start} ({fit.method.value}). {fit.note}".strip()


def sentence_key(place: int) -> str:
    """Return the key of the element that holds a fit in words."""
    return f"losses_fit_{place}"


def sweeps(choices: Sequence[Choice], points: Points, model: str, chart: str) -> list[Sweep]:
    """Return how each line moves with the parameters of its loss.

    A fit of many points comes on release only: a hundred of them would take seconds. The
    page then says so.
    """
    found = [
        _sweep(chart, place, choice.key, p.name, choice.without(p.name), points, model)
        for place, choice in enumerate(choices)
        for p in choice.entry.parameters
    ]
    if None in found:
        st.caption("There are so many points that some fits move only when a slider is let go.")
    return [sweep for sweep in found if sweep is not None]


@lru_cache(maxsize=256)
def _fit(key: str, settings: Settings, points: Points, model: str) -> Fit:
    loss = controls.loss(key)
    if model == "line":
        return best_line(loss, points.x, points.y, **dict(settings))
    return best_constant(loss, points.y, **dict(settings))


@lru_cache(maxsize=32)
def _sweep(
    chart: str, place: int, key: str, name: str, others: Settings, points: Points, model: str
) -> Sweep | None:
    loss = controls.loss(key)
    (parameter,) = (p for p in loss.parameters if p.name == name)
    settings: dict[str, Scalar] = {**dict(others), name: parameter.steps}
    count = len(points.across)
    if count > FOLLOWED_FROM_SEVERAL_STARTS and needs_several_starts(loss, **settings):
        return None
    if count > FOLLOWED:
        return None
    found = (
        best_lines(loss, points.x, points.y, **settings)
        if model == "line"
        else best_constants(loss, points.y, **settings)
    )
    labels = [Choice(key, {**dict(others), name: v}).label for v in parameter.steps.tolist()]
    line = {"y": np.array([fit(points.ends) for fit in found]), "name": labels}
    said = [sentence(label, fit, points) for label, fit in zip(labels, found, strict=True)]
    moved = ChartSweep(chart, {charts.FIRST_LINE + place: line})
    slider = controls.slider_key(key, name)
    return Sweep(slider, parameter.steps, [moved], {sentence_key(place): said})


def _without_rounding(value: float, size: float) -> float:
    """Return 0 for a number that is no more than rounding beside numbers of this size."""
    return 0.0 if abs(value) <= _ROUNDING * size else value
