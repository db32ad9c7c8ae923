"""What is measured for the page, kept for a while: profiles by draw, sweeps by slider."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np
import streamlit as st

from core.facts import headlines
from core.network import Dropout, Layers, Skip, gradient_flow
from core.network import ways as network_ways
from core.network.gradient_flow import Experiment, Profile, Verdict
from core.network.ways import WaysBack
from core.numeric import Real
from core.spec import FloatArray, Scalar
from pages.ui import controls
from pages.ui.controls import Choice
from pages.ui.vanishing.controls import (
    BIAS,
    DEPTH,
    DEPTHS,
    GAIN,
    GAINS,
    RATE,
    SCALE,
    SCALES,
    VALUES,
)

Made = TypeVar("Made")

MOST = 4
"""So many stacks are shown side by side."""

LIVE_MILLISECONDS = 700.0
"""What the sweeps of all sliders together may cost; those beyond it report on release."""

_SLOW_MILLISECONDS = 600.0
"""Beyond this there is a bar of progress."""

_LARGE_MILLISECONDS = 150.0
"""A draw that takes longer is large: it also weighs tens of megabytes."""

_large = Lock()
"""A stack of 100 layers of 512 units weighs 200 MB: one at a time."""

_now, _beside = ThreadPoolExecutor(1, "networks"), ThreadPoolExecutor(1, "meanwhile")
"""Where networks run: what a picture waits for, and what can wait.

Every thread has memory of its own, and keeps what its largest network took. A script runs
in a new thread each time: a few moves at 60 layers of 128 units would take 300 MB.
"""


class Meanwhile(Generic[Made]):
    """What is made beside all else, or at once where it is asked for before it is begun.

    ``make`` must not draw anything.
    """

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._future = _beside.submit(make)

    def result(self) -> Made:
        """Return it, as soon as can be. Raises as making it does."""
        if self._future.cancel():
            return _now.submit(self._make).result()
        return self._future.result()


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

    @property
    def first_draw(self) -> "Run":
        """The same, with its first draw alone."""
        return replace(self, experiment=replace(self.experiment, repeats=1))


@dataclass(frozen=True)
class Moved:
    """A slider that a sweep can answer: its key and label, what it sets, and its S steps.

    ``what`` is "depth", or named as for :func:`core.network.gradient_flow.sweep`; or it is
    one of ``UNMOVED``, which leave the stack as it is.
    """

    slider: str
    label: str
    what: str
    steps: tuple[float, ...]

    @property
    def shared(self) -> bool:
        """Whether it sets the same for all stacks but the pinned ones."""
        return self.what in _SHARED

    def at(self, run: Run, step: float) -> Run:
        """Return the stack as it is with the slider at a step; a pinned one stays as it is."""
        if run.pinned:
            return run
        if not self.shared:
            if self.slider != controls.slider_key(run.choice.key, self.what):
                return run
            choice = replace(run.choice, parameters={**run.choice.parameters, self.what: step})
            return run_of(choice, run.experiment)
        one, stack = run.experiment, run.experiment.stack
        if self.what == "depth":
            stack = replace(stack, sizes=(run.width,) * (int(step) + 1))
        elif self.what == "dropout_rate":
            stack = replace(stack, dropout_rate=step)
        else:
            one = replace(one, **{self.what: step})
        return replace(run, experiment=replace(one, stack=stack))


UNMOVED = ("sample", "unit")
"""What is looked at: the input of the batch, the unit of each layer."""

_SHARED = ("depth", "gain", "value", "bias_std", "input_scale", "dropout_rate")

BY_GAIN = Moved(GAIN, "the gain", "gain", GAINS)
BY_DEPTH = Moved(DEPTH, "the depth", "depth", DEPTHS)


@dataclass(frozen=True, eq=False)
class Decay:
    """How the gradient changes on its way, for each of S rows of settings.

    ``middle``, ``low`` and ``high`` (S, deepest) are the median and the extremes of the
    draws, in decades relative to the last layer; nan where there is none. A stack has its
    layers in the last places of its row, as many as ``depths`` (S,) says. ``weights`` is
    the median for ∂L/∂W, if it was asked for, and ``weights_left`` (S,) that of layer 1,
    −∞ where nothing is left.
    """

    middle: FloatArray
    low: FloatArray
    high: FloatArray
    verdicts: list[Verdict]
    depths: Layers
    weights: FloatArray | None = None
    weights_left: FloatArray | None = None


def run_of(choice: Choice, base: Experiment) -> Run:
    """Return the stack that has ``choice`` for its activation, all else as in ``base``."""
    key = controls.activation(choice.key).key
    stack = replace(base.stack, activation=key, parameters=choice.settings)
    return Run(choice, replace(base, stack=stack))


def profiles(runs: list[Run]) -> list[Profile]:
    """Measure several stacks, with a bar of progress where that takes long."""
    if not _long(runs):
        return [measure(run.experiment) for run in runs]
    total = sum(run.experiment.repeats for run in runs)
    bar = st.progress(0.0, "Running the networks")
    found = []
    done = 0
    for run in runs:
        draws = []
        for i in range(run.experiment.repeats):
            draws.append(_now.submit(_drawn, replace(run.experiment, repeats=1), i).result())
            done += 1
            bar.progress(done / total, f"{done} of {total} networks")
        found.append(gradient_flow.join(draws))
    bar.empty()
    return found


def measure(experiment: Experiment) -> Profile:
    """Measure one experiment."""
    if not large(experiment):
        return _now.submit(_measured, experiment).result()
    one = replace(experiment, repeats=1)
    draws = [_now.submit(_drawn, one, i).result() for i in range(experiment.repeats)]
    return gradient_flow.join(draws)


def verdicts(experiments: Sequence[Experiment]) -> list[Verdict]:
    """Say of several experiments what becomes of their gradient, and nothing else of them."""
    bar = None
    if sum(one.repeats * _cost(one) for one in experiments) > _SLOW_MILLISECONDS:
        bar = st.progress(0.0, "Trying changes")
    found = []
    for i, one in enumerate(experiments, 1):
        found.append(_now.submit(_verdict, one).result())
        if bar:
            bar.progress(i / len(experiments), f"{i} of {len(experiments)} changes")
    if bar:
        bar.empty()
    return found


def at_rest(profile: Profile, *, weights: bool = False) -> Decay:
    """Return the one row of settings that was measured."""
    one = gradient_flow.Swept(
        profile.gradient[None],
        profile.by_weights[None] if weights else None,
        profile.forward_overflow[None],
        profile.backward_overflow[None],
        np.full(1, profile.gradient.shape[-1]),
    )
    return _decay(one)


def movers(run: Run, more: bool) -> list[Moved]:
    """Return the sliders that move a stack; ``more`` is whether those of the fold are on view."""
    if run.pinned:
        return []
    found = [BY_DEPTH, BY_GAIN, Moved(SCALE, "the input scale", "input_scale", SCALES)]
    choice, rule = run.choice, run.experiment.initialiser
    for p in choice.entry.parameters:
        label = f"{choice.name}'s {p.glyph}"
        slider = controls.slider_key(choice.key, p.name)
        found.append(Moved(slider, label, p.name, tuple(p.steps.tolist())))
    if rule in VALUES:
        own = VALUES[rule]
        found.append(Moved(own.key, f"the {own.label.lower()}", "value", tuple(own.steps.tolist())))
    if more:
        found.append(Moved(BIAS.key, "the biases' σ", "bias_std", tuple(BIAS.steps.tolist())))
        if run.experiment.stack.dropout is not Dropout.NONE:
            rates = tuple(RATE.steps.tolist())
            found.append(Moved(RATE.key, "the dropout rate", "dropout_rate", rates))
    return found


def affordable(
    runs: list[Run], more: bool, looks: Sequence[Moved] = ()
) -> tuple[list[list[Moved]], list[str]]:
    """Return the sliders of each stack that can follow a hand, and the labels of the others.

    Each slider is swept for all the stacks that it moves, or for none. ``looks`` are
    sliders that leave the stacks as they are.
    """
    offered = [[*looks, *movers(run, more)] for run in runs]
    cost: dict[str, float] = {}
    labels: dict[str, str] = {}
    for run, some in zip(runs, offered, strict=True):
        for one in some:
            cost[one.slider] = cost.get(one.slider, 0.0) + _sweep_cost(run, one)
            labels[one.slider] = one.label
    spent = 0.0
    taken = set()
    for slider, dear in cost.items():
        if spent + dear <= LIVE_MILLISECONDS:
            spent += dear
            taken.add(slider)
    swept = [[one for one in some if one.slider in taken] for some in offered]
    return swept, [label for slider, label in labels.items() if slider not in taken]


@lru_cache(maxsize=64)
def _swept(experiment: Experiment, moved: Moved, weights: bool) -> gradient_flow.Swept:
    if moved is BY_DEPTH:
        return network_ways.sweep(experiment, moved.steps, by_weights=weights)
    return gradient_flow.sweep(experiment, moved.what, moved.steps, by_weights=weights)


def swept(experiment: Experiment, moved: Moved, *, weights: bool = False) -> gradient_flow.Swept:
    """Return the gradients at every step of a slider."""
    return _swept(without(experiment, moved.what), moved, weights)


def sweep(experiment: Experiment, moved: Moved, *, weights: bool = False) -> Decay:
    """Return how the gradient changes at every step of a slider."""
    return _decay(swept(experiment, moved, weights=weights))


def ways(experiment: Experiment, moved: Moved | None, *, signals: bool = False) -> WaysBack:
    """Return the ways back through the first draw: at each step of a slider, or the one."""
    if moved is None:
        return network_ways.at_steps(experiment, "gain", [experiment.gain], 0, signals=signals)
    if moved.what in UNMOVED:
        return network_ways.repeated(gradient_flow.draw(experiment, 0), len(moved.steps))
    return network_ways.at_steps(experiment, moved.what, moved.steps, 0, signals=signals)


def depths(experiment: Experiment, moved: Moved | None) -> Layers:
    """Return how deep the stack is: (1,), or (S,) at each step of a slider."""
    if moved is BY_DEPTH:
        return np.array(moved.steps, dtype=np.intp)
    return np.full(len(moved.steps) if moved else 1, experiment.stack.depth)


def without(experiment: Experiment, what: str) -> Experiment:
    """Return the experiment without a setting's own value, which its sweep does not need."""
    neutral: dict[str, Any] = {"gain": 1.0, "input_scale": 1.0, "bias_std": 0.0, "value": None}
    if what in neutral:
        return replace(experiment, **{what: neutral[what]})
    stack = experiment.stack
    if what in UNMOVED:
        return experiment
    if what == "depth":
        return replace(experiment, stack=replace(stack, sizes=stack.sizes[:2]))
    if what == "dropout_rate":
        return replace(experiment, stack=replace(stack, dropout_rate=0.0))
    others = tuple((name, value) for name, value in stack.parameters if name != what)
    return replace(experiment, stack=replace(stack, parameters=others))


def _sweep_cost(run: Run, moved: Moved) -> float:
    """Estimate the milliseconds that a sweep takes, from measurements on two cores."""
    one = run.experiment
    layers, networks = run.depth, run.depth * len(moved.steps)
    if moved is BY_DEPTH:
        layers = int(max(moved.steps))
        # A scaled skip differs from depth to depth in every layer.
        own = one.stack.skip is Skip.SCALED
        networks = layers * len(moved.steps) if own else int(sum(moved.steps))
    values = networks * one.batch * run.width
    return one.repeats * (0.3 * layers + values * (2.5e-5 + 6e-8 * run.width))


def quick(run: Run) -> bool:
    """Tell whether a sweep of the gain can be had in a moment."""
    return _sweep_cost(run, BY_GAIN) <= LIVE_MILLISECONDS


@lru_cache(maxsize=256)
def steepest(key: str, settings: controls.Settings, moved: Moved | None = None) -> FloatArray:
    """Return the largest |f′| of an activation, (1,), or (S,) where ``moved`` is its slider."""
    entry = controls.activation(key)
    parameters: dict[str, Scalar] = dict(settings)
    if moved and moved.what in entry.defaults:
        parameters[moved.what] = np.array(moved.steps)
    return headlines(entry, **parameters).max_gradient


@lru_cache(maxsize=256)
def _verdict(experiment: Experiment) -> Verdict:
    with room(experiment):
        # A sweep of one step: without all else that a profile holds, in half the time.
        one = gradient_flow.sweep(experiment, "gain", [experiment.gain])
    return gradient_flow.judge(one.gradient[0], one.forward_overflow[0], one.backward_overflow[0])


@lru_cache(maxsize=256)
def _measured(experiment: Experiment) -> Profile:
    return gradient_flow.measure(experiment)


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


def _decay(found: gradient_flow.Swept) -> Decay:
    change = gradient_flow.decay(found.gradient)
    middle, low, high = _extent(change)
    verdicts = gradient_flow.judge_each(found)
    weights = left = None
    if found.by_weights is not None:
        change = gradient_flow.decay(found.by_weights)
        weights, *_ = _extent(change)
        first = gradient_flow.at_first(change, found.depths)
        first = np.where(found.by_weights[..., -1] == 0, -np.inf, first)
        left = np.sort(first, axis=1)[:, (first.shape[1] - 1) // 2]
    return Decay(middle, low, high, verdicts, found.depths, weights, left)


def _extent(change: Real) -> tuple[Real, Real, Real]:
    """Return median and extremes over the draws, nan where one of them is not finite."""
    ordered = np.sort(np.where(np.isfinite(change), change, np.nan), axis=1)
    # A draw without a number at a layer leaves the middle of the others out of joint.
    whole = np.isfinite(ordered).all(axis=1)
    places = ((ordered.shape[1] - 1) // 2, 0, -1)
    middle, low, high = (np.where(whole, ordered[:, i], np.nan) for i in places)
    return middle, low, high
