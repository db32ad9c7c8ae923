"""The Softmax page's other sections: two distributions, maxout, and units with a gate."""

import streamlit as st

from pages.ui.controls import segments
from pages.ui.live import live
from pages.ui.parts import columns, draw, formulas, offer, say, table
from pages.ui.softmax import controls, figures, words
from pages.ui.softmax import units_sweeps as moves
from pages.ui.softmax.controls import (
    DEFAULTS,
    GATE,
    INPUT_STEPS,
    MOST_PIECES,
    PIECES,
    UNIT,
    UNITS,
    VALUE,
)
from pages.ui.softmax.parts import CHART, PLACE, VERDICT, listed


def divergence() -> None:
    """Draw KL both ways between two distributions, class by class."""
    beside, above = columns()
    with beside:
        count = controls.CLASSES.draw()
        p, q = controls.distributions(count)
    empty = [side for side, weights in (("P", p), ("Q", q)) if not any(weights)]
    if empty:
        above.warning(words.empty(empty))
        return
    shown = moves.divergence(*moves.pair_rows(p, q))
    with above:
        layout = figures.divergence_layout(count)
        alt = f"P: {listed(shown)}. Q: {listed(shown, 1)}. Below, their shares of both divergences"
        figure = draw(shown, CHART, layout, alt)
    with beside:
        say(shown, VERDICT)
    names = ["KL(P‖Q)", "KL(Q‖P)", "Jensen–Shannon", "total variation"]
    table(shown, moves.DISTANCES, ["distance", "now", "at most"], names)
    names = ["P", "Q"]
    table(shown, moves.ENTROPIES, ["", "entropy, nats", "cross-entropy to the other"], names)
    st.caption(
        "KL(P‖Q) is the cross-entropy of P to Q less the entropy of P: the nats that coding P "
        "as if it were Q wastes. It is 0 only where both are the same; a ranking by KL need "
        "not agree with one by total variation."
    )
    live(moves.pair_sweeps(p, q), key="softmax_live")
    offer(shown, CHART, figure, "kl-divergence")
    formulas(r"\mathrm{KL}(P\Vert Q)=\sum_i P_i\ln\frac{P_i}{Q_i}")


def maxout() -> None:
    """Draw a maxout unit over its pieces, and its slope below."""
    beside, above = columns()
    with beside:
        options = [str(k) for k in range(2, MOST_PIECES + 1)]
        count = int(segments("Pieces k", options, DEFAULTS[PIECES], PIECES))
        controls.special_cases()
        pieces = controls.pieces(count)
    shown = moves.maxout(pieces)
    with above:
        layout = figures.maxout_layout(moves.INPUTS)
        alt = f"{count} lines, their maximum, and its slope below"
        figure = draw(shown, CHART, layout, alt)
    with beside:
        say(shown, VERDICT)
    st.caption(
        "Each unit learns k lines in place of one: a layer from 64 to 64 has 4160 parameters, "
        "as maxout with k = 2 it has 8320."
    )
    live(moves.maxout_sweeps(pieces), key="softmax_live")
    offer(shown, CHART, figure, "maxout")
    formulas(r"f(x)=\max_i\,(w_i x+b_i)", r"f'(x)=w_{i^*},\quad i^*=\arg\max_i\,(w_i x+b_i)")


def gates() -> None:
    """Draw a gated unit over value and gate, and a slice along either."""
    unit = segments("Unit", UNITS, DEFAULTS[UNIT], UNIT, label_visibility="collapsed")
    beside, above = columns()
    with beside:
        value = controls.slider("Value a", VALUE, INPUT_STEPS, 2)
        gate = controls.slider("Gate b", GATE, INPUT_STEPS, 2)
    shown = moves.gates(unit, value, gate)
    reach = moves.reach(unit)
    at = (value, gate)
    with above, st.grid(2, min_column_width=240):
        layout = figures.surface_layout(moves.SURFACE_INPUTS, at, reach)
        alt = f"{unit} as contours over value and gate; the lines cross at {value:g} and {gate:g}"
        figure = draw(shown, CHART, layout, alt, [moves.surface(unit)])
        layout = figures.slice_layout(moves.INPUTS, reach)
        alt = "Above, along the value at this gate: a straight line. Below, along the gate"
        draw(shown, PLACE, layout, alt)
    with beside:
        say(shown, VERDICT)
    live(moves.gate_sweeps(unit, value, gate), key="softmax_live")
    offer(moves.whole(unit), CHART, figure, "gated-unit")
    formulas(*moves.formulas(unit))
