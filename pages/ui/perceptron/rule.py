"""The learning rule: a run of the perceptron, step by step, and the bound on its mistakes."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import streamlit as st

from core.linear.half_planes import box, clip, edge, normal
from core.perceptron import CORNERS, GATES, Training, answers, train
from core.perceptron.separation import margin, mistake_bound, radius, separable_points
from core.spec import FloatArray
from pages.ui import export, wording
from pages.ui.charts import Spec
from pages.ui.controls import segments
from pages.ui.live import live, transport
from pages.ui.parts import Shown, columns, draw, formulas, say
from pages.ui.perceptron import controls, figures, words
from pages.ui.perceptron.controls import DATA, GAP, ORDER, RATE, SEED, START, STEP
from pages.ui.perceptron.moves import CHART, LIVE, PLACE, Rows, rest, sweeps
from pages.ui.perceptron.unit import ACROSS, UP

LINES = ("perceptron_shown", "perceptron_answer", "perceptron_update")
COUNT = 20
"""How many points there are."""
MOST_EPOCHS = 1000
_WINDOW = box(-1.6, 2.6)
_LAST = int(STEP.high)


class Setting(NamedTuple):
    """What a run depends on; ``data`` is a gate or the points of a seed and a gap."""

    data: str
    seed: int
    gap: float
    start: tuple[float, float, float]
    rate: float
    order: str


class Run(NamedTuple):
    """A run with the examples it was about."""

    inputs: FloatArray
    targets: FloatArray
    training: Training
    bound: float
    gamma: float
    radius: float

    @property
    def every(self) -> bool:
        """Whether each example is a step of the slider; of many points, only the mistakes are."""
        return len(self.targets) == len(CORNERS)

    @property
    def steps(self) -> list[int]:
        """The places in the run that are the slider's steps; a cycle is gone round again."""
        places = list(range(len(self.training.example)))
        if not self.every:
            return [i for i in places if self.training.change[i]]
        round_ = places[len(places) - self.training.cycle * len(self.targets) :]
        while self.training.cycle and len(places) < STEP.high:
            places += round_
        return places


@lru_cache(maxsize=64)
def run_of(setting: Setting) -> Run:
    """Run the perceptron rule."""
    if setting.data == controls.POINTS:
        inputs, targets = separable_points(COUNT, setting.gap, setting.seed)
    else:
        inputs, targets = CORNERS, np.array(GATES[setting.data], dtype=np.float64)
    places = np.arange(len(targets))
    orders = {
        "As listed": places,
        "Backwards": places[::-1],
        "Shuffled": np.random.default_rng(setting.seed).permutation(len(targets)),
    }
    training = train(
        inputs,
        targets,
        start=setting.start,
        rate=setting.rate,
        order=orders[setting.order],
        most_epochs=MOST_EPOCHS,
    )
    bound = mistake_bound(inputs, targets, start=setting.start, rate=setting.rate)
    return Run(inputs, targets, training, bound, margin(inputs, targets).value, radius(inputs))


def section() -> None:
    """Draw a run with the slider that scrubs through it."""
    names = controls.DATA_SETS
    data = segments("What is to be learned", names, "AND", DATA, label_visibility="collapsed")
    beside, above = columns()
    with beside:
        setting = ask(data)
        run = run_of(setting)
        step = int(STEP.draw())
        transport(STEP.key, "the run", key="perceptron_player")
    values = {STEP.key: float(step)}
    shown = rest(picture, values, setting)
    with above:
        across, up = (ACROSS, UP) if setting.data in GATES else ((-1.3, 1.3), (-1.1, 1.1))
        alt = f"The examples of {setting.data} and the line of the unit at this step of the run"
        figure = draw(shown, PLACE, figures.plane_layout(across, up, height=350), alt)
        alt = f"Mistakes so far, up to {run.training.mistakes[-1]}, and the bound on them"
        draw(shown, CHART, _mistakes_layout(run), alt, _mistakes_fixed(run))
    with beside:
        st.markdown(verdict(run))
        say(shown, *LINES)
        _note_on_length(run)
    live(sweeps(picture, values, [STEP], setting), key=LIVE)
    _tables(setting, run)
    export.offer(PLACE, figure, lambda: table_of(run), "perceptron-rule")
    formulas(
        r"w\leftarrow w+\eta\,(t-y)\,x,\qquad b\leftarrow b+\eta\,(t-y)",
        r"\text{mistakes from } w=0,\ b=0:\quad k\le\left(\frac{R}{\gamma}\right)^2",
        r"\text{from weights } v:\quad \frac{u\cdot v}{\eta}+k\gamma"
        r"\le\sqrt{\frac{|v|^2}{\eta^2}+kR^2}\quad(u\text{: unit weights of margin }\gamma)",
    )


def ask(data: str) -> Setting:
    """Ask for what a run on these data depends on."""
    seed, gap = float(SEED.default), float(GAP.default)
    if data == controls.POINTS:
        found = controls.numbers((SEED, GAP), 2)
        seed, gap = found[SEED.key], found[GAP.key]
    with st.expander("Start, rate and order", icon=":material/tune:"):
        start = tuple(controls.numbers(START, 3).values())
        rate = RATE.draw()
        order = segments("Order of the examples", controls.ORDERS, controls.ORDERS[0], ORDER)
    return Setting(data, int(seed), gap, (start[0], start[1], start[2]), rate, order)


def verdict(run: Run) -> str:
    """Say how the run ended."""
    training = run.training
    made = int(training.mistakes[-1])
    if training.converged:
        return words.learned(made, training.epochs, run.bound)
    if training.cycle:
        return words.cycling(training.epochs, training.cycle, training.mistakes_in_cycle)
    return words.given_up(training.epochs)


def _note_on_length(run: Run) -> None:
    last = len(run.steps)
    what = "example" if run.every else "mistake"
    if run.training.cycle:
        st.caption(f"A step is one {what}. The slider shows the first {_LAST}.")
    elif last > _LAST:
        st.caption(f"A step is one {what}. The slider shows the first {_LAST} of {last}.")
    else:
        st.caption(f"A step is one {what}. After step {last} there is nothing left to learn.")


def picture(rows: Rows, setting: Setting) -> Shown:
    """Show a run at rows of one step each."""
    run = run_of(setting)
    training, places = run.training, run.steps
    # Step s stands behind the s-th example; step 0 before all of them.
    step = np.minimum(rows[STEP.key].astype(np.intp), len(places))
    shown = np.array([places[s - 1] if s else -1 for s in step.tolist()])
    after = training.weights[shown + 1]
    before = training.weights[np.maximum(shown, 0)]
    moved = (before != after).any(-1)[:, None]
    now = np.concatenate([run.inputs, np.full((1, 2), np.nan)])[training.example[shown]]
    now = np.where((shown < 0)[:, None], np.nan, now)
    wrong = answers(run.inputs, after) != run.targets
    w, b = after[:, :2], after[:, 2]
    old = np.where(moved, before, np.nan)
    middle = (0.5, 0.5) if setting.data in GATES else (0.0, 0.0)
    plane: list[Spec] = [
        figures.area(clip(_WINDOW, w, b), "answers 1"),
        figures.line(edge(_WINDOW, old[:, :2], old[:, 2]), "before", figures.GREY, dash="dash"),
        figures.line(edge(_WINDOW, w, b), "now", figures.FIRES),
        figures.line(normal(w, b, middle, 0.15), "w", figures.SECOND),
        *figures.classes(run.inputs, run.targets.tolist(), size=11),
        figures.rings(np.where(wrong[..., None], run.inputs, np.nan), "wrong now"),
        figures.rings(now[:, None, :], "just shown", figures.GREY, 18),
    ]
    point = np.stack([step, _made(run)[step]], axis=-1)[:, None, :].astype(np.float64)
    said = [_said(run, setting, s, i) for s, i in zip(step.tolist(), shown.tolist(), strict=True)]
    texts = {key: list(column) for key, column in zip(LINES, zip(*said, strict=True), strict=True)}
    here: list[Spec] = [figures.dots(point, "", figures.FIRES)]
    return Shown({PLACE: (0, plane), CHART: (len(_mistakes_fixed(run)), here)}, texts)


def _said(run: Run, setting: Setting, step: int, place: int) -> tuple[str, str, str]:
    training = run.training
    if place < 0:
        return words.before_the_first(setting.start)
    example = int(training.example[place])
    a, b = run.inputs[example].tolist()
    return words.shown_example(
        step,
        (step - 1 if run.every else place) // len(run.targets) + 1,
        (a, b),
        float(run.targets[example]),
        training.weights[place].tolist(),
        float(training.net[place]),
        float(training.change[place]),
        setting.rate,
        training.weights[place + 1].tolist(),
        1 if setting.data in GATES else 2,
    )


def _made(run: Run) -> FloatArray:
    """Return how many mistakes have been made at each step, from step 0 on."""
    wrong = run.training.change[run.steps] != 0
    return np.concatenate([[0.0], np.cumsum(wrong)])


def _mistakes_fixed(run: Run) -> list[Spec]:
    """Return the mistakes so far over the steps, which is the same at every step."""
    counted = _made(run)[: _LAST + 1]
    made = np.stack([np.arange(len(counted)), counted], axis=-1)
    found = [
        figures.line(
            made.astype(np.float64),
            "mistakes so far",
            figures.FIRES,
            hover="step %{x}: %{y} mistakes<extra></extra>",
        )
    ]
    if math.isfinite(run.bound):
        ends = np.array([[0, run.bound], [_LAST, run.bound]])
        hover = "at most %{y:.0f} mistakes<extra></extra>"
        name = "Novikoff's bound"
        found.append(figures.line(ends, name, figures.WRONG, dash="dash", hover=hover))
    return found


def _mistakes_layout(run: Run) -> Spec:
    most = run.bound if math.isfinite(run.bound) else float(_LAST)
    across = figures.axis("step (example)" if run.every else "step (mistake)", (0, _LAST))
    return figures.panel_layout(
        180, across, figures.axis("mistakes", (-0.04 * most, 1.12 * most)), hovermode="closest"
    )


def table_of(run: Run) -> export.Table:
    """Return the whole run as rows, one an example, with the weights after it."""
    training, count = run.training, len(run.targets)
    rows: list[list[object]] = []
    for place, example in enumerate(training.example.tolist()):
        point = [*run.inputs[example].tolist(), float(run.targets[example])]
        unit = [float(training.net[place]), float(training.answer[place])]
        rows.append([place // count + 1, *point, *unit, *training.weights[place + 1].tolist()])
    return export.Table(["epoch", "x1", "x2", "target", "sum", "answer", "w1", "w2", "b"], rows)


def _tables(setting: Setting, run: Run) -> None:
    """Write the numbers behind the bound, and what the rate does to this run."""
    left, right = st.columns(2, gap="medium")
    training = run.training
    with left:
        st.markdown("**Mistakes and bound**")
        facts = [
            ("Margin γ", wording.fixed(run.gamma) if run.gamma else "0: not separable"),
            ("Radius R", wording.fixed(run.radius)),
            ("Bound", wording.fixed(run.bound, 2) if math.isfinite(run.bound) else "none"),
            ("Mistakes made", str(int(training.mistakes[-1]))),
            ("Epochs", str(training.epochs)),
            ("Last weights", words.vector(training.weights[-1].tolist(), 2)),
        ]
        st.markdown(wording.table(["", "of this run"], facts))
        st.caption(
            "γ is the largest margin that any unit can have, with the bias as the weight of an "
            "input that is always 1. It is exact: the nearest point to the origin of the convex "
            "hull of the signed inputs lies on a corner, an edge or a triangle of them, and all "
            "of these are tried. R is the length of the longest input."
        )
    with right:
        st.markdown("**What the rate changes**")
        rows = []
        for rate in (0.1, 1.0, 3.0):
            other = run_of(setting._replace(rate=rate)).training
            rows.append(
                [
                    f"η = {words.short(rate, 1)}",
                    str(int(other.mistakes[-1])),
                    str(other.epochs),
                    words.vector(other.weights[-1].tolist(), 2),
                ]
            )
        st.markdown(wording.table(["rate", "mistakes", "epochs", "last weights"], rows))
        if any(setting.start):
            st.caption(
                "From weights that are not 0 the rate counts: it says how much one mistake weighs "
                "against the start. The bound counts the start in."
            )
        else:
            st.caption(
                "From w = 0 the rate only stretches the weights: every line, every mistake and "
                "every epoch is the same. Move the start to see it matter."
            )
