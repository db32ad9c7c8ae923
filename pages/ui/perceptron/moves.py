"""From sliders to rows of settings: one row is the page at rest, all steps are a sweep.

A picture of the page is a function from a row of settings a step, by slider, and from what
no slider moves, to :class:`pages.ui.parts.Shown`.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from core.spec import FloatArray
from pages.ui.live import Sweep
from pages.ui.parts import Shown, Slider

CHART = "perceptron_chart"
PLACE = "perceptron_place"
VERDICT = "perceptron_verdict"
LIVE = "perceptron_live"

Rows = Mapping[str, FloatArray]
Picture = Callable[..., Shown]


def rest(picture: Picture, values: Mapping[str, float], *fixed: Hashable) -> Shown:
    """Return a picture at rest: every slider at its own value."""
    return picture({key: np.array([value]) for key, value in values.items()}, *fixed)


def sweeps(
    picture: Picture,
    values: Mapping[str, float],
    sliders: Sequence[Slider],
    *fixed: Hashable,
) -> list[Sweep]:
    """Return what each of ``sliders`` moves while all others stay where they are."""
    return [
        # Without the slider's own value, which changes nothing in its sweep.
        _sweep(picture, s, tuple((k, v) for k, v in values.items() if k != s.key), fixed)
        for s in sliders
    ]


@lru_cache(maxsize=256)
def _sweep(
    picture: Picture,
    slider: Slider,
    others: tuple[tuple[str, float], ...],
    fixed: tuple[Hashable, ...],
) -> Sweep:
    steps = slider.steps
    rows = {key: np.full(len(steps), value) for key, value in others} | {slider.key: steps}
    return picture(rows, *fixed).sweep(slider.key, steps)


def stacked(rows: Rows, sliders: Sequence[Slider]) -> FloatArray:
    """Return the columns of several sliders beside each other: (S, number of sliders)."""
    return np.stack([rows[slider.key] for slider in sliders], axis=-1)
