"""What is measured for the page, kept for a while: profiles by draw, sweeps by slider."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock

import numpy as np
import streamlit as st

from core import gradient_flow
from core.facts import facts
from core.gradient_flow import Experiment, Profile, Verdict
from core.network import Layers
from core.numeric import Real
from core.spec import FloatArray
from pages.ui import controls
from pages.ui.controls import Choice
from pages.ui.vanishing.controls import GAIN, GAINS, SCALE, SCALES

MOST = 4
"""So many stacks are shown side by side."""

LIVE_MILLISECONDS = 700.0
"""What the sweeps of all stacks together may cost; beyond it sliders report on release."""

_SLOW_MILLISECONDS = 600.0
"""Beyond this there is a bar of progress."""

_LARGE_MILLISECONDS = 150.0
"""A draw that takes longer is large: it also weighs tens of megabytes."""

_GRAIN = 1024.0
"""Curves are drawn to a fraction of a decade as fine as this."""

_large = Lock()
"""A stack of 100 layers of 512 units weighs 200 MB: one at a time."""

STEPS = {GAIN: np.array(GAINS), SCALE: np.array(SCALES)}


@dataclass(frozen=True)
class Run:
    """One of the stacks side by side: the activation as picked, and the experiment."""

    choice: Choice
    experiment: Experiment
    pinned: bool = False

    @property
    def depth(self) -> int:
        """How many layers it has."""
        return self.experiment.stack.depth

    @property
    def width(self) -> int:
        """How many units a layer has."""
        return self.experiment.stack.sizes[-1]


@dataclass(frozen=True, eq=False)
class Decay:
    """How the gradient changes on its way, for each of S rows of settings.

    ``middle``, ``low`` and ``high`` (S, depth) are the median and the extremes of the
    draws, in decades relative to the last layer; nan where there is none.
    """

    middle: FloatArray
    low: FloatArray
    high: FloatArray
    verdicts: list[Verdict]


def run_of(choice: Choice, base: Experiment) -> Run:
    """Return the stack that has ``choice`` for its activation, all else as in ``base``."""
    key = controls.activation(choice.key).key
    stack = replace(base.stack, activation=key, parameters=choice.settings)
    return Run(choice, replace(base, stack=stack))


def profiles(runs: list[Run]) -> list[Profile]:
    """Measure several stacks, with a bar of progress where that takes long."""
    total = sum(run.experiment.repeats for run in runs)
    bar = st.progress(0.0, "Running the networks") if _long(runs) else None
    found = []
    done = 0
    for run in runs:
        draws = []
        for i in range(run.experiment.repeats):
            draws.append(_drawn(replace(run.experiment, repeats=1), i))
            done += 1
            if bar:
                bar.progress(done / total, f"{done} of {total} networks")
        found.append(gradient_flow.join(draws))
    if bar:
        bar.empty()
    return found


def measure(experiment: Experiment) -> Profile:
    """Measure one experiment."""
    draws = [_drawn(replace(experiment, repeats=1), i) for i in range(experiment.repeats)]
    return gradient_flow.join(draws)


def at_rest(profile: Profile) -> Decay:
    """Return the one row of settings that was measured."""
    over = profile.forward_overflow, profile.backward_overflow
    return _decay(profile.gradient[None], over[0][None], over[1][None])


@lru_cache(maxsize=64)
def swept(experiment: Experiment, slider: str) -> tuple[Real, Layers, Layers]:
    """Return the gradients at every step of a slider, as the core's sweep does."""
    if slider == GAIN:
        return gradient_flow.sweep(experiment, gains=STEPS[GAIN])
    return gradient_flow.sweep(experiment, scales=STEPS[SCALE])


def sweep(experiment: Experiment, slider: str) -> Decay:
    """Return how the gradient changes at every step of a slider."""
    return _decay(*swept(without(experiment, slider), slider))


def without(experiment: Experiment, slider: str) -> Experiment:
    """Return the experiment without the slider's own value, which its sweep does not need."""
    if slider == GAIN:
        return replace(experiment, gain=1.0)
    return replace(experiment, input_scale=1.0)


def live(runs: list[Run]) -> bool:
    """Tell whether the sweeps of all stacks can be had in a moment."""
    rows = sum(map(len, STEPS.values()))
    cost = 0.0
    for run in runs:
        one = run.experiment
        values = rows * one.batch * run.width
        by_layer = 0.3 + values * (2.5e-5 + 6e-8 * run.width)
        cost += 0.0 if run.pinned else one.repeats * run.depth * by_layer
    return cost <= LIVE_MILLISECONDS


@lru_cache(maxsize=256)
def steepest(choice_key: str, settings: controls.Settings) -> float:
    """Return the largest |f′| of an activation."""
    return facts(controls.activation(choice_key), **dict(settings)).max_gradient


@lru_cache(maxsize=512)
def _drawn(experiment: Experiment, index: int) -> Profile:
    with room(experiment):
        return gradient_flow.measure_draw(experiment, index)


def room(experiment: Experiment) -> AbstractContextManager[object]:
    """Return what has to be held while a draw is in memory: nothing, for a small one."""
    return _large if large(experiment) else nullcontext()


def large(experiment: Experiment) -> bool:
    """Tell whether one draw takes so long, and so much room, that many are not for free."""
    return _cost(experiment) > _LARGE_MILLISECONDS


def _long(runs: list[Run]) -> bool:
    return sum(r.experiment.repeats * _cost(r.experiment) for r in runs) > _SLOW_MILLISECONDS


def _cost(experiment: Experiment) -> float:
    """Estimate the milliseconds that one draw takes, from measurements on two cores."""
    width, depth = experiment.stack.sizes[-1], experiment.stack.depth
    values = experiment.batch * width
    return depth * (0.15 + 8e-6 * width**2 + values * (5e-5 + 1e-7 * width))


def _decay(gradient: Real, forwards: Layers, backwards: Layers) -> Decay:
    change = gradient_flow.decay(gradient)
    change = np.where(np.isfinite(change), change, np.nan)
    ordered = np.sort(change, axis=1)
    # A draw without a number at a layer leaves the middle of the others out of joint.
    whole = np.isfinite(ordered).all(axis=1)
    middle = np.where(whole, ordered[:, (ordered.shape[1] - 1) // 2], np.nan)
    low, high = (np.where(whole, ordered[:, i], np.nan) for i in (0, -1))
    rows = zip(gradient, forwards, backwards, strict=True)
    verdicts = [gradient_flow.judge(*row) for row in rows]
    return Decay(*(_rounded(part) for part in (middle, low, high)), verdicts)


def _rounded(decades: Real) -> FloatArray:
    # To a thousandth of a decade, in binary: the sweep then packs into a third.
    return np.round(decades * _GRAIN) / _GRAIN
