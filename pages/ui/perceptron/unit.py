"""One unit: a gate's four inputs, the line that the weights draw, and the truth table."""

import numpy as np
import streamlit as st

from core.linear.half_planes import box, clip, edge, normal
from core.perceptron import CORNERS, GATES, answers, net
from core.spec import FloatArray
from pages.ui.charts import Spec
from pages.ui.controls import segments
from pages.ui.live import live
from pages.ui.parts import Shown, columns, draw, formulas, offer, say, table
from pages.ui.perceptron import controls, figures, words
from pages.ui.perceptron.controls import GATE, UNIT
from pages.ui.perceptron.moves import CHART, LIVE, VERDICT, Rows, rest, stacked, sweeps

TRUTH = "perceptron_truth"
ACROSS, UP = (-1.25, 2.25), (-1.0, 2.0)
_WINDOW = box(-1.3, 2.3)
"""What is shaded: a little more than is on view."""
_SCALE = 0.3
"""The arrow's length, in units of the weight vector's."""


def section() -> None:
    """Draw one unit with its sliders and its truth table."""
    beside, above = columns()
    with beside:
        gate = segments("Gate", list(GATES), controls.DEFAULTS[GATE], GATE)
        values = controls.numbers(UNIT, 2)
        controls.set_to(controls.gate_settings(), "unit")
    shown = rest(picture, values, gate)
    with above:
        alt = f"The four inputs of {gate}, the line of the unit and the side where it answers 1"
        figure = draw(shown, CHART, layout(gate), alt)
    with beside:
        say(shown, VERDICT)
        heads = ["input", "goal", "w·x+b", "y", ""]
        table(shown, TRUTH, heads, [words.corner(i) for i in range(4)])
    live(sweeps(picture, values, UNIT, gate), key=LIVE)
    st.caption(
        "The unit answers y = 1 where w·x + b > 0, which is one side of a line. The arrow is the "
        "weight vector w = (w₁, w₂), drawn at 0.3 of its length: it stands at right angles on the "
        "line and points to the side that answers 1. The bias moves the line, without turning it."
    )
    offer(shown, CHART, figure, "perceptron")
    formulas(r"y=\begin{cases}1 & w_1x_1+w_2x_2+b>0\\ 0 & \text{otherwise}\end{cases}")


def picture(rows: Rows, gate: str) -> Shown:
    """Show a gate and a unit for rows of (w₁, w₂, b)."""
    weights = stacked(rows, UNIT)
    targets = GATES[gate]
    given, sums = answers(CORNERS, weights), net(CORNERS, weights)
    on_view = ~np.isnan(edge(box(-1.0, 2.0), weights[:, :2], weights[:, 2])).any((1, 2))
    line = weights[:, :2].any(axis=1)
    texts = {
        VERDICT: [
            words.unit(gate, row, targets, *where)
            for row, *where in zip(given.tolist(), on_view.tolist(), line.tolist(), strict=True)
        ]
    }
    for i, target in enumerate(targets, 1):
        cells = zip(sums[:, i - 1].tolist(), given[:, i - 1].tolist(), strict=True)
        said = [
            (str(target), words.short(z, 1), f"{a:g}", words.mark(a == target)) for z, a in cells
        ]
        for column, texts_of_column in enumerate(zip(*said, strict=True), 1):
            texts[f"{TRUTH}[{i}][{column}]"] = list(texts_of_column)
    return Shown({CHART: (0, traces(weights, given, targets))}, texts)


def traces(weights: FloatArray, given: FloatArray, targets: tuple[int, ...]) -> list[Spec]:
    """Return the side that answers 1, the line, the weight vector, the inputs and what is wrong."""
    w, b = weights[..., :2], weights[..., 2]
    wrong = np.where((given != np.array(targets))[..., None], CORNERS, np.nan)
    return [
        figures.area(clip(_WINDOW, w, b), "answers 1"),
        figures.line(edge(_WINDOW, w, b), "w·x + b = 0", figures.FIRES),
        figures.line(normal(w, b, (0.5, 0.5), _SCALE), "w", figures.SECOND),
        *figures.classes(CORNERS, targets),
        figures.rings(wrong, "wrong"),
    ]


def layout(gate: str, height: int = figures.HEIGHT) -> Spec:
    """Lay out the plane of a gate, its inputs named."""
    notes = [
        figures.note(a, b, f"({a:g}, {b:g}) → {target}", right=a > 0, up=b > 0)
        for (a, b), target in zip(CORNERS.tolist(), GATES[gate], strict=True)
    ]
    return figures.plane_layout(ACROSS, UP, height=height, notes=notes)
