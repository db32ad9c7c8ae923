"""The learning rule: a run of the perceptron, step by step, and the bound on its mistakes.

Three pictures: what the slider of the steps moves (:func:`picture`), what is so of a run at
any step (:func:`course`), and what is so at any rate (:func:`rates`). Each slider sweeps
those that depend on it.
"""

import math

import numpy as np
import streamlit as st

from core.linear.half_planes import box, clip, edge, normal
from core.perceptron import answers
from core.spec import FloatArray
from pages.ui import export, wording
from pages.ui.charts import Spec
from pages.ui.controls import segments
from pages.ui.live import live, transport
from pages.ui.parts import Shown, columns, draw, formulas, say, table
from pages.ui.perceptron import controls, figures, words
from pages.ui.perceptron.controls import DATA, GAP, MORE, ORDER, POINTS, RATE, SEED, START, STEP
from pages.ui.perceptron.moves import CHART, LIVE, PLACE, VERDICT, Rows, rest, sweeps
from pages.ui.perceptron.runs import LAST, Run, Setting, Task, run_of, settings
from pages.ui.perceptron.unit import ACROSS, UP

LINES = ("perceptron_shown", "perceptron_answer", "perceptron_update")
LENGTH = "perceptron_length"
BOUND = "perceptron_bound"
RATES = "perceptron_rates"
RATES_NOTE = "perceptron_rates_note"
_FACTS = ("Margin γ", "Radius R", "Bound", "Mistakes made", "Epochs", "Last weights")
_RATES = (0.1, 1.0, 3.0)
_WINDOW = box(-1.6, 2.6)


def section() -> None:
    """Draw a run with the slider that scrubs through it."""
    names = controls.DATA_SETS
    data = segments("What is to be learned", names, "AND", DATA, label_visibility="collapsed")
    beside, above = columns()
    with beside:
        setting = ask(data)
        step = {STEP.key: STEP.draw()}
        transport(STEP.key, "the run", key="perceptron_player")
    task, run = setting.task, run_of(setting)
    anywhere = setting.values
    at_any_rate = {key: value for key, value in anywhere.items() if key != RATE.key}
    shown, whole = rest(picture, step | anywhere, task), rest(course, anywhere, task)
    with above:
        across, up = (ACROSS, UP) if task.gate else ((-1.3, 1.3), (-1.1, 1.1))
        alt = f"The examples of {data} and the line of the unit at this step of the run"
        figure = draw(shown, PLACE, figures.plane_layout(across, up, height=350), alt)
        alt = f"Mistakes so far, up to {run.mistakes}, and the bound on them"
        draw(shown, CHART, _mistakes_layout(task), alt, whole.drawn(CHART))
    with beside:
        say(whole, VERDICT)
        say(shown, *LINES)
        _caption(whole, LENGTH)
    _tables(whole, rest(rates, at_any_rate, task))
    points = [] if task.gate else [GAP]
    begin = list(START) if st.session_state[MORE] else []
    rate = [RATE] if st.session_state[MORE] else []
    live(
        [
            *sweeps(picture, step | anywhere, [STEP, *points, *begin, *rate], task),
            *sweeps(course, anywhere, [*points, *begin, *rate], task),
            *sweeps(rates, at_any_rate, [*points, *begin], task),
        ],
        key=LIVE,
    )
    export.offer(PLACE, figure, lambda: table_of(run), "perceptron-rule")
    formulas(
        r"w\leftarrow w+\eta\,(t-y)\,x,\qquad b\leftarrow b+\eta\,(t-y)",
        r"\text{mistakes from } w=0,\ b=0:\quad k\le\left(\frac{R}{\gamma}\right)^2",
        r"\text{from weights } v:\quad \frac{u\cdot v}{\eta}+k\gamma"
        r"\le\sqrt{\frac{|v|^2}{\eta^2}+kR^2}\quad(u\text{: unit weights of margin }\gamma)",
    )


def ask(data: str) -> Setting:
    """Ask for what a run on these data depends on."""
    seed, gap = SEED.default, float(GAP.default)
    if data == POINTS:
        with controls.grid(2):
            seed, gap = SEED.draw(), GAP.draw()
    with st.expander(
        "Start, rate and order",
        icon=":material/tune:",
        key=MORE,
        on_change="rerun",
        bind="query-params",
    ):
        w1, w2, b = controls.numbers(START, 3).values()
        rate = RATE.draw()
        order = segments("Order of the examples", controls.ORDERS, controls.ORDERS[0], ORDER)
    return Setting(Task(data, seed, order), gap, (w1, w2, b), rate)


# ---------------------------------------------------------------- pictures


def picture(rows: Rows, task: Task) -> Shown:
    """Show runs at one step each."""
    runs = [run_of(setting) for setting in settings(rows, task)]
    # Step s stands behind the s-th example; step 0 before all of them.
    steps = [
        min(int(step), len(run.steps))
        for step, run in zip(rows[STEP.key].tolist(), runs, strict=True)
    ]
    places = [run.steps[s - 1] if s else -1 for s, run in zip(steps, runs, strict=True)]
    along = list(zip(runs, places, strict=True))
    after = np.array([run.training.weights[place + 1] for run, place in along])
    before = np.array([run.training.weights[max(place, 0)] for run, place in along])
    moved = (before != after).any(-1)[:, None]
    inputs, targets = np.stack([run.examples.inputs for run in runs]), runs[0].examples.targets
    now = np.array([_example(run, place) for run, place in along])
    wrong = answers(inputs, after) != targets
    w, b = after[:, :2], after[:, 2]
    old = np.where(moved, before, np.nan)
    middle = (0.5, 0.5) if task.gate else (0.0, 0.0)
    plane: list[Spec] = [
        figures.area(clip(_WINDOW, w, b), "answers 1"),
        figures.line(edge(_WINDOW, old[:, :2], old[:, 2]), "before", figures.GREY, dash="dash"),
        figures.line(edge(_WINDOW, w, b), "now", figures.FIRES),
        figures.line(normal(w, b, middle, 0.15), "w", figures.SECOND),
        *figures.classes(inputs, targets.tolist(), size=11),
        figures.rings(np.where(wrong[..., None], inputs, np.nan), "wrong now"),
        figures.rings(now[:, None], "just shown", figures.GREY, 18),
    ]
    made = np.array([run.made[step] for run, step in zip(runs, steps, strict=True)])
    here = np.stack([np.array(steps, dtype=np.float64), _height(made)], axis=-1)[:, None]
    said = [_said(run, step, place) for step, (run, place) in zip(steps, along, strict=True)]
    texts = {key: list(column) for key, column in zip(LINES, zip(*said, strict=True), strict=True)}
    dot: list[Spec] = [figures.dots(here, "", figures.FIRES)]
    return Shown({PLACE: (0, plane), CHART: (2, dot)}, texts)


def _example(run: Run, place: int) -> FloatArray:
    """Return the input that a place in a run shows, nan before the first."""
    inputs, training = run.examples.inputs, run.training
    return inputs[training.example[place]] if place >= 0 else np.full(2, np.nan)


def _said(run: Run, step: int, place: int) -> tuple[str, str, str]:
    training, (task, _, start, rate) = run.training, run.setting
    if place < 0:
        return words.before_the_first(start)
    example = int(training.example[place])
    a, b = run.examples.inputs[example].tolist()
    return words.shown_example(
        step,
        (step - 1 if task.gate else place) // len(run.examples.targets) + 1,
        (a, b),
        float(run.examples.targets[example]),
        training.weights[place].tolist(),
        float(training.net[place]),
        float(training.change[place]),
        rate,
        training.weights[place + 1].tolist(),
        1 if task.gate else 2,
    )


def course(rows: Rows, task: Task) -> Shown:
    """Show whole runs: their mistakes, the bound on them, their length and their end."""
    runs = [run_of(setting) for setting in settings(rows, task)]
    made = np.stack([run.made for run in runs])
    at = np.broadcast_to(np.arange(LAST + 1.0), made.shape)
    bound = np.array([run.bound if math.isfinite(run.bound) else np.nan for run in runs])
    ends = np.stack(np.broadcast_arrays([0.0, LAST], _height(bound)[:, None]), axis=-1)
    name = "Novikoff's bound" if np.isfinite(bound).any() else ""
    # What the pointer reads is needed at rest only, where there is one run.
    mistakes: list[Spec] = [
        figures.line(
            np.stack([at, _height(made)], axis=-1),
            "mistakes so far",
            figures.FIRES,
            hover="step %{x}: %{text} mistakes<extra></extra>",
        )
        | {"text": [f"{count:g}" for count in made[0].tolist()]},
        figures.line(
            ends,
            name,
            figures.WRONG,
            dash="dash",
            hover="at most %{text} mistakes<extra></extra>",
        )
        | {"text": [f"{runs[0].bound:.0f}"] * 2},
    ]
    texts = {VERDICT: [_verdict(run) for run in runs], LENGTH: [_length(run) for run in runs]}
    facts = zip(*(_facts(run) for run in runs), strict=True)
    texts |= {f"{BOUND}[{row}][1]": list(column) for row, column in enumerate(facts, 1)}
    return Shown({CHART: (0, mistakes)}, texts)


def _height(mistakes: FloatArray) -> FloatArray:
    """Return where a number of mistakes stands on an axis that has room for ten and thousands."""
    found: FloatArray = np.log10(1 + mistakes)
    return found


def _mistakes_layout(task: Task) -> Spec:
    """Lay out the mistakes, up to where no slider takes the bound on them."""
    most = {POINTS: 4, "XOR": 2}.get(task.data, 3)
    marks = [0, *(10**power for power in range(1, most + 1))]
    up = figures.axis(
        "mistakes",
        (-0.04 * most, 1.06 * most),
        tickvals=[float(_height(np.array(mark))) for mark in marks],
        ticktext=[f"{mark}" for mark in marks],
    )
    across = figures.axis("step (example)" if task.gate else "step (mistake)", (0, LAST))
    return figures.panel_layout(180, across, up, hovermode="closest")


def _verdict(run: Run) -> str:
    """Say how the run ended."""
    training = run.training
    if training.converged:
        return words.learned(run.mistakes, training.epochs, run.bound)
    if training.cycle:
        return words.cycling(training.epochs, training.cycle, training.mistakes_in_cycle)
    return words.given_up(training.epochs)


def _length(run: Run) -> str:
    """Say what a step is, and how far the slider goes."""
    last = len(run.steps)
    what = "example" if run.setting.task.gate else "mistake"
    if run.training.cycle:
        return f"A step is one {what}. The slider shows the first {LAST}."
    if last > LAST:
        return f"A step is one {what}. The slider shows the first {LAST} of {last}."
    return f"A step is one {what}. After step {last} there is nothing left to learn."


def _facts(run: Run) -> tuple[str, ...]:
    """Return the numbers behind the bound, one for each of ``_FACTS``."""
    gamma = run.examples.margin.value
    return (
        wording.fixed(gamma) if gamma else "0: not separable",
        wording.fixed(run.examples.radius),
        wording.fixed(run.bound, 2) if math.isfinite(run.bound) else "none",
        str(run.mistakes),
        str(run.training.epochs),
        words.vector(run.training.weights[-1].tolist(), 2),
    )


def rates(rows: Rows, task: Task) -> Shown:
    """Show what the rate does to runs: three of them at rates of their own for each row."""
    texts: dict[str, list[str]] = {}
    for row, rate in enumerate(_RATES, 1):
        at_rate = {**rows, RATE.key: np.full_like(rows[GAP.key], rate)}
        cells = zip(*(_facts(run_of(one))[3:] for one in settings(at_rate, task)), strict=True)
        texts |= {f"{RATES}[{row}][{i}]": list(column) for i, column in enumerate(cells, 1)}
    begins = np.stack([rows[slider.key] for slider in START], axis=-1).any(axis=-1)
    texts[RATES_NOTE] = [words.what_the_rate_does(anywhere) for anywhere in begins.tolist()]
    return Shown({}, texts)


def _tables(whole: Shown, by_rate: Shown) -> None:
    """Write the numbers behind the bound, and what the rate does to this run."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Mistakes and bound**")
        table(whole, BOUND, ["", "of this run"], _FACTS)
        st.caption(
            "γ is the largest margin that any unit can have, with the bias as the weight of an "
            "input that is always 1. It is exact: the nearest point to the origin of the convex "
            "hull of the signed inputs lies on a corner, an edge or a triangle of them, and all "
            "of these are tried. R is the length of the longest input."
        )
    with right:
        st.markdown("**What the rate changes**")
        heads = ["rate", "mistakes", "epochs", "last weights"]
        table(by_rate, RATES, heads, [f"η = {words.short(rate, 1)}" for rate in _RATES])
        _caption(by_rate, RATES_NOTE)


def _caption(shown: Shown, key: str) -> None:
    with st.container(key=key):
        st.caption(shown.texts[key][0])


def table_of(run: Run) -> export.Table:
    """Return the whole run as rows, one an example, with the weights after it."""
    training, (inputs, targets, *_) = run.training, run.examples
    rows: list[list[object]] = []
    for place, example in enumerate(training.example.tolist()):
        point = [*inputs[example].tolist(), float(targets[example])]
        unit = [float(training.net[place]), float(training.answer[place])]
        rows.append(
            [place // len(targets) + 1, *point, *unit, *training.weights[place + 1].tolist()]
        )
    return export.Table(["epoch", "x1", "x2", "target", "sum", "answer", "w1", "w2", "b"], rows)
