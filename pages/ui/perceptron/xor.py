"""XOR: why no single unit can be it, and how two hidden units make it easy."""

import itertools
from functools import lru_cache

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.linear.half_planes import box, clip, edge, normal
from core.perceptron import CORNERS, GATES, answers, hidden_answers, net
from core.perceptron.separation import margin
from core.spec import FloatArray
from pages.ui.charts import Spec
from pages.ui.controls import segments
from pages.ui.live import live
from pages.ui.parts import Shown, columns, draw, formulas, offer, say, table
from pages.ui.perceptron import controls, figures, unit, words
from pages.ui.perceptron.controls import HALF, HALVES, HIDDEN, OUTPUT, UNIT, XOR_SOLUTIONS
from pages.ui.perceptron.moves import (
    CHART,
    LIVE,
    PLACE,
    VERDICT,
    Rows,
    rest,
    stacked,
    sweeps,
)

INEQUALITIES = "perceptron_inequalities"
TRUTH = "perceptron_truth"
_ASKED = (
    ("b ≤ 0", False),
    ("w₂ + b > 0", True),
    ("w₁ + b > 0", True),
    ("w₁ + w₂ + b ≤ 0", False),
    ("w₁ + w₂ + 2b > 0", True),
    ("w₁ + w₂ + 2b ≤ 0", False),
)
"""What XOR asks of one unit, row by row, then the sums of two and two; and whether it is "> 0"."""
_WINDOW = box(-1.3, 2.3)
_HIDDEN_WINDOW = box(-0.7, 1.7)
_APART = np.array([[-0.05, -0.05], [-0.05, 0.05], [0.05, -0.05], [0.05, 0.05]])
"""In the hidden plane inputs fall together; drawn a little apart, all can be seen."""


def section() -> None:
    """Draw the half of the story that is chosen."""
    beside, above = columns()
    with beside:
        half = segments("Units", HALVES, HALVES[0], HALF, label_visibility="collapsed")
    if half == HALVES[0]:
        one_unit(beside, above)
    else:
        two_units(beside, above)


# ---------------------------------------------------------------- one unit: impossible


def one_unit(beside: DeltaGenerator, above: DeltaGenerator) -> None:
    """Draw a single unit on XOR, beside the inequalities that it would have to keep."""
    with beside:
        values = controls.numbers(UNIT, 2)
    shown = rest(impossible, values)
    with above:
        alt = "The four inputs of XOR, and the line of one unit: one row at least is wrong"
        figure = draw(shown, CHART, unit.layout("XOR"), alt)
    with beside:
        say(shown, VERDICT)
        table(shown, INEQUALITIES, ["XOR asks for", "now", ""], [asks for asks, _ in _ASKED])
    live(sweeps(impossible, values, UNIT), key=LIVE)
    st.caption(
        "The first four lines of the table are the four inputs: those that should be 1 ask for "
        "more than 0, those that should be 0 for at most 0. The last two lines add up the two of "
        "either kind: the same number w₁ + w₂ + 2b would have to be above 0 and not above 0. No "
        "weights can do that, so no single unit is XOR. Of the 16 truth tables of two inputs it "
        "is so for two, XOR and its opposite."
    )
    offer(shown, CHART, figure, "xor")
    formulas(
        r"\left.\begin{aligned}w_2+b&>0\\ w_1+b&>0\end{aligned}\right\}\;w_1+w_2+2b>0",
        r"\left.\begin{aligned}b&\le 0\\ w_1+w_2+b&\le 0\end{aligned}\right\}\;w_1+w_2+2b\le 0",
    )


def impossible(rows: Rows) -> Shown:
    """Show one unit on XOR, and which of its inequalities hold, for rows of (w₁, w₂, b)."""
    weights = stacked(rows, UNIT)
    targets = GATES["XOR"]
    sums = net(CORNERS, weights)
    total = weights[:, 0] + weights[:, 1] + 2 * weights[:, 2]
    texts = {VERDICT: [words.contradiction(v) for v in _tidy(total)]}
    sides = (*sums.T, total, total)
    for row, ((_, above), side) in enumerate(zip(_ASKED, sides, strict=True), 1):
        numbers = _tidy(side)
        texts[f"{INEQUALITIES}[{row}][1]"] = [words.short(v, 1) for v in numbers]
        texts[f"{INEQUALITIES}[{row}][2]"] = [words.mark((v > 0) == above) for v in numbers]
    given = answers(CORNERS, weights)
    return Shown({CHART: (0, unit.traces(weights, given, targets))}, texts)


def _tidy(values: FloatArray) -> list[float]:
    """Return sums of tenths without the rounding that would make a 0 look like more."""
    found: list[float] = np.round(values, 9).tolist()
    return found


# ---------------------------------------------------------------- two hidden units: solved


def two_units(beside: DeltaGenerator, above: DeltaGenerator) -> None:
    """Draw two hidden units and the output: their lines, and the plane of their answers."""
    with beside:
        controls.set_to(XOR_SOLUTIONS, "xor")
        # A column a unit, so that their weights stand beside each other.
        pairs = zip(HIDDEN[:3], HIDDEN[3:], strict=True)
        values = controls.numbers(list(itertools.chain.from_iterable(pairs)), 2)
        values |= controls.numbers(OUTPUT, 2)
    shown = rest(solved, values)
    with above:
        with st.grid(2, min_column_width=240):
            alt = "The inputs of XOR, the lines of both hidden units and where the output is 1"
            figure = draw(shown, CHART, _input_layout(), alt)
            alt = "The same inputs as the hidden units see them, and the line of the output unit"
            draw(shown, PLACE, _hidden_layout(), alt)
        say(shown, VERDICT)
    heads = ["input", "h₁", "h₂", "output sum", "answer", "should be", ""]
    table(shown, TRUTH, heads, [words.corner(i) for i in range(4)])
    live(sweeps(solved, values, (*HIDDEN, *OUTPUT)), key=LIVE)
    st.caption(
        "Left: each hidden unit draws a line; shaded is where the whole network answers 1. Right: "
        "what the output unit is given, the answers (h₁, h₂), and the line that it draws there. "
        "Inputs that fall on the same corner are drawn a little apart; a ring marks what is wrong. "
        "Where XOR is solved, the hidden layer folds the square so that two inputs fall on the "
        "same corner, and one line is enough."
    )
    offer(shown, CHART, figure, "xor")
    formulas(r"y=\mathrm{step}\big(v_1h_1+v_2h_2+c\big)", r"h_i=\mathrm{step}(w_i\cdot x+b_i)")


def solved(rows: Rows) -> Shown:
    """Show the network for rows of its nine weights."""
    hidden = np.stack([stacked(rows, HIDDEN[:3]), stacked(rows, HIDDEN[3:])], axis=1)
    output = stacked(rows, OUTPUT)
    targets = GATES["XOR"]
    seen = hidden_answers(CORNERS, hidden)
    sums = net(seen, output)
    given = answers(seen, output)
    wrong = np.where((given != np.array(targets))[..., None], 0.0, np.nan)
    right = (given == np.array(targets)).sum(-1)
    apart = [_separable(tuple(map(tuple, row))) for row in seen.astype(int).tolist()]
    texts = {VERDICT: [words.network(n, ok) for n, ok in zip(right.tolist(), apart, strict=True)]}
    for i, target in enumerate(targets):
        columns_of_row = (seen[:, i, 0], seen[:, i, 1], sums[:, i], given[:, i])
        for column, numbers in enumerate(columns_of_row, 1):
            texts[f"{TRUTH}[{i + 1}][{column}]"] = [words.short(v, 1) for v in numbers.tolist()]
        verdicts = [words.mark(a == target) for a in given[:, i].tolist()]
        texts[f"{TRUTH}[{i + 1}][5]"] = [str(target)] * len(verdicts)
        texts[f"{TRUTH}[{i + 1}][6]"] = verdicts
    looks = (("h₁", figures.SECOND, "solid"), ("h₂", figures.GREY, "dash"))
    plane: list[Spec] = [figures.area(_firing(hidden, output), "")]
    for place, (name, colour, dash) in enumerate(looks):
        w, b = hidden[:, place, :2], hidden[:, place, 2]
        ends = edge(_WINDOW, w, b)
        plane.append(figures.line(ends, name, colour, dash=dash))
        plane.append(figures.line(normal(w, b, (0.5, 0.5), 0.15), "", colour))
    unnamed = {"showlegend": False}
    plane += [trace | unnamed for trace in figures.classes(CORNERS, targets)]
    plane.append(figures.rings(CORNERS + wrong, ""))
    at = seen + _APART
    space: list[Spec] = [
        figures.area(clip(_HIDDEN_WINDOW, output[:, :2], output[:, 2]), ""),
        figures.line(edge(_HIDDEN_WINDOW, output[:, :2], output[:, 2]), "", figures.FIRES),
        *figures.classes(at, targets),
        figures.rings(at + wrong, ""),
    ]
    return Shown({CHART: (0, plane), PLACE: (0, space)}, texts)


def _firing(hidden: FloatArray, output: FloatArray) -> FloatArray:
    """Return the cells of two lines where the output fires, with gaps between: (S, V, 2)."""
    cells = []
    for pattern in ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)):
        cell: FloatArray = _WINDOW
        for place, fires in enumerate(pattern):
            sign = 1.0 if fires else -1.0
            cell = clip(cell, sign * hidden[:, place, :2], sign * hidden[:, place, 2])
        on = answers(np.array([pattern]), output)[:, :1, None] > 0
        gap = np.full((len(output), 1, 2), np.nan)
        cells += [np.where(on, cell, np.nan), gap]
    return np.concatenate(cells, axis=1)


@lru_cache(maxsize=256)
def _separable(seen: tuple[tuple[int, int], ...]) -> bool:
    """Tell whether some output unit gets XOR right, given what the hidden units answer."""
    return margin(np.array(seen, dtype=np.float64), GATES["XOR"]).value > 0


def _input_layout() -> Spec:
    return figures.plane_layout(unit.UP, unit.UP, height=figures.SIDE_HEIGHT)


def _hidden_layout() -> Spec:
    span = (-0.6, 1.6)
    titles = ("h₁", "h₂")
    return figures.plane_layout(span, span, titles, figures.SIDE_HEIGHT)
