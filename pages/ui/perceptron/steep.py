"""Steps and gradients: a steep sigmoid in the place of a step, and where descent gets stuck."""

import numpy as np
import streamlit as st

from core.perceptron.steep_sigmoid import descend, loss, loss_gradient, peak, step_loss
from core.spec import FloatArray
from pages.ui import wording
from pages.ui.charts import Spec
from pages.ui.live import live, player
from pages.ui.parts import Shown, columns, draw, formulas, offer, say, table
from pages.ui.perceptron import figures, words
from pages.ui.perceptron.controls import BEGIN, DESCENT_RATE, STEEPNESS
from pages.ui.perceptron.moves import CHART, LIVE, VERDICT, Rows, rest, sweeps

FACTS = "perceptron_facts"
STEPS = 50
_W = np.linspace(-1, 3, 401)


def section() -> None:
    """Draw the loss and its gradient over w, and a run of gradient descent on it."""
    beside, above = columns()
    with beside:
        curve = {STEEPNESS.key: STEEPNESS.draw()}
        player(STEEPNESS.key, "k", key="perceptron_player")
        values = curve | {s.key: s.draw() for s in (BEGIN, DESCENT_RATE)}
    still, run = rest(curves, curve), rest(path, values)
    shown = Shown(
        {CHART: (0, [*still.traces[CHART][1], *run.traces[CHART][1]])}, {**still.texts, **run.texts}
    )
    with above:
        alt = "The loss over w with the path of the descent on it, and its gradient below"
        figure = draw(shown, CHART, _layout(), alt, [_staircase()])
    with beside:
        say(shown, VERDICT)
        table(
            shown,
            FACTS,
            ["", "now"],
            ["Peak of −dL/dw", "Its width at half height", "w at the end"],
        )
    moved = [
        *sweeps(curves, curve, [STEEPNESS]),
        *sweeps(path, values, [STEEPNESS, BEGIN, DESCENT_RATE]),
    ]
    live(moved, key=LIVE)
    st.caption(
        "One unit σ(k·(w·(x₁ + x₂) − 1.5)) is to become AND; only w is learned, by "
        f"{STEPS} steps of gradient descent on the mean squared error. AND is solved for "
        "0.75 < w < 1.5. The grey staircase is the loss of the step itself: flat everywhere, so "
        "its gradient is 0, and at the jumps there is none. The steeper the sigmoid, the higher "
        "and narrower the gradient's peak, and the area under it comes to be the height of the "
        "stair. PyTorch's heaviside refuses to be differentiated; JAX's has a gradient of 0."
    )
    offer(shown, CHART, figure, "steep-sigmoid")
    formulas(
        r"\frac{d}{dz}\,\mathrm{step}(z)=0\quad(z\ne 0)",
        r"\frac{d}{dz}\,\sigma(kz)=k\,\sigma(kz)\,(1-\sigma(kz))\le\frac{k}{4}",
    )


def curves(rows: Rows) -> Shown:
    """Show the loss and its gradient for rows of a steepness each."""
    k = rows[STEEPNESS.key]
    found = peak(k)
    texts = {
        f"{FACTS}[1][1]": [wording.fixed(v, 3) for v in found.height.tolist()],
        f"{FACTS}[2][1]": [wording.fixed(v, 3) for v in found.width.tolist()],
    }
    height = figures.line(
        _points(_W, loss(_W, k[:, None])), "loss L", figures.FIRES, hover="L = %{y:.4f}"
    )
    slope = figures.line(
        _points(_W, loss_gradient(_W, k[:, None])),
        "gradient dL/dw",
        figures.FIRES,
        dash="dash",
        axis="y2",
        hover="dL/dw = %{y:.4g}",
    )
    # Its x is the same at every step: only what is above it moves.
    traces: list[Spec] = [height | {"x": _W}, slope | {"x": _W}]
    return Shown({CHART: (1, traces)}, texts)


def path(rows: Rows) -> Shown:
    """Show gradient descent for rows of steepness, start and rate."""
    k, start, rate = (rows[s.key] for s in (STEEPNESS, BEGIN, DESCENT_RATE))
    w = descend(start, k, rate, STEPS)
    there = loss(w, k[:, None])
    slope = loss_gradient(w, k[:, None])
    leaps = np.abs(np.diff(w, axis=-1)).max(axis=-1)
    texts = {
        VERDICT: [
            words.descent(slope[i, 0], (w[i, 0], w[i, -1]), (there[i, 0], there[i, -1]), far, STEPS)
            for i, far in enumerate(leaps.tolist())
        ],
        f"{FACTS}[3][1]": [wording.fixed(v, 3) for v in w[:, -1].tolist()],
    }
    traces: list[Spec] = [
        figures.dots(_points(w, there), "descent", figures.SILENT, size=6),
        figures.dots(
            _points(w, there)[:, -1:], "its end", figures.WRONG, symbol="diamond", size=11
        ),
        figures.dots(_points(w, slope)[:, :1], "", figures.SILENT, size=8, axis="y2"),
    ]
    return Shown({CHART: (3, traces)}, texts)


def _points(x: FloatArray, y: FloatArray) -> FloatArray:
    return np.stack(np.broadcast_arrays(x, y), axis=-1)


def _staircase() -> Spec:
    """Return the loss of the step: three stairs, and a gap at each jump."""
    ends = np.array([_W[0], 0.75, 1.5, _W[-1]])
    left, right = ends[:-1], ends[1:]
    x = np.stack([left, right, np.full(3, np.nan)], axis=-1).ravel()
    y = np.repeat(step_loss((left + right) / 2), 3)
    return figures.line(np.stack([x, y], axis=-1), "loss of a step", figures.GREY, dash="dot")


def _layout() -> Spec:
    return figures.two_panel_layout(
        460,
        figures.axis("w", (-1, 3)),
        figures.axis("loss L", (-0.04, 0.58)),
        figures.axis("dL/dw", (-5.5, 9.8)),
    )
