"""Runs of the perceptron rule: their examples, their bound and the steps of the slider."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from core.perceptron import CORNERS, GATES, Training, train
from core.perceptron.separation import Margin, bound_of, margin, radius, separable_points
from core.spec import FloatArray
from pages.ui.perceptron import controls
from pages.ui.perceptron.controls import GAP, RATE, START, STEP
from pages.ui.perceptron.moves import Rows

LAST = int(STEP.high)
COUNT = 20
"""How many points there are."""
MOST_EPOCHS = 1000


class Task(NamedTuple):
    """What no slider of a run moves: a gate or "Points", the seed and the order."""

    data: str
    seed: int
    order: str

    @property
    def gate(self) -> bool:
        """Whether a gate is to be learned, not points."""
        return self.data in GATES


class Setting(NamedTuple):
    """What a run depends on; the gap counts for points only."""

    task: Task
    gap: float
    start: tuple[float, float, float]
    rate: float

    @property
    def values(self) -> dict[str, float]:
        """The sliders' values, by key."""
        keys = [slider.key for slider in (GAP, *START, RATE)]
        return dict(zip(keys, (self.gap, *self.start, self.rate), strict=True))


class Examples(NamedTuple):
    """What is to be learned, with its largest margin and its radius."""

    inputs: FloatArray
    targets: FloatArray
    margin: Margin
    radius: float


@dataclass(frozen=True, eq=False)
class Run:
    """A run with the examples it was about and the bound on its mistakes."""

    setting: Setting
    examples: Examples
    training: Training
    bound: float

    @cached_property
    def steps(self) -> list[int]:
        """The places in the run that are the slider's steps; a cycle is gone round again.

        Each example of a gate is a step; of many points, only the mistakes are.
        """
        places = list(range(len(self.training.example)))
        if not self.setting.task.gate:
            return [i for i in places if self.training.change[i]]
        round_ = places[len(places) - self.training.cycle * len(self.examples.targets) :]
        while self.training.cycle and len(places) < LAST:
            places += round_
        return places

    @cached_property
    def made(self) -> FloatArray:
        """How many mistakes have been made at each step, from step 0 on; nan after the end."""
        wrong = self.training.change[self.steps[:LAST]] != 0
        counted = np.full(LAST + 1, np.nan)
        counted[: len(wrong) + 1] = [0, *np.cumsum(wrong)]
        return counted

    @property
    def mistakes(self) -> int:
        """How many mistakes were made in all."""
        return int(self.training.mistakes[-1])


def settings(rows: Rows, task: Task) -> list[Setting]:
    """Return the setting of each row."""
    columns = [rows[slider.key].tolist() for slider in (GAP, *START, RATE)]
    return [
        Setting(task, gap, (start1, start2, start_b), rate)
        for gap, start1, start2, start_b, rate in zip(*columns, strict=True)
    ]


@lru_cache(maxsize=256)
def examples_of(data: str, seed: int, gap: float) -> Examples:
    """Return a gate's truth table, or points."""
    if data == controls.POINTS:
        inputs, targets = separable_points(COUNT, gap, seed)
    else:
        inputs, targets = CORNERS, np.array(GATES[data], dtype=np.float64)
    return Examples(inputs, targets, margin(inputs, targets), radius(inputs))


@lru_cache(maxsize=256)
def _order(task: Task, count: int) -> tuple[int, ...]:
    """Return the places of examples in the order in which an epoch shows them."""
    places = np.arange(count)
    if task.order == "Shuffled":
        places = np.random.default_rng(task.seed).permutation(count)
    return tuple((places[::-1] if task.order == "Backwards" else places).tolist())


@lru_cache(maxsize=1024)
def run_of(setting: Setting) -> Run:
    """Run the perceptron rule."""
    task, gap, start, rate = setting
    examples = examples_of(task.data, task.seed, gap)
    training = train(
        examples.inputs,
        examples.targets,
        start=start,
        rate=rate,
        order=_order(task, len(examples.targets)),
        most_epochs=MOST_EPOCHS,
    )
    bound = bound_of(examples.margin, examples.radius, start=start, rate=rate)
    return Run(setting, examples, training, bound)
