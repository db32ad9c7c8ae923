"""The bench: controls beside the maps, the table, and a mask to paint or to load."""

from collections.abc import Mapping

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.activations import ACTIVATIONS
from core.segmentation import MASK_LOSSES, MASKS, SIZE, Descent, Mask, encode_mask, gradient
from core.spec import FloatArray
from pages.ui import charts, export, text, wording
from pages.ui.controls import Settings, segments
from pages.ui.live import live
from pages.ui.parts import columns
from pages.ui.segmentation import controls, sweeps, words
from pages.ui.segmentation.controls import (
    DESCENT,
    EVERY,
    GRADIENT,
    ONE,
    OWN,
    PAINTED,
    PICKED,
    PREDICTION,
    RATE,
    RATES,
    SCALE,
    SHOW,
    START,
    STARTS,
    STEP,
    STEPS,
)
from pages.ui.segmentation.figures import PULL, SHARE, curves, maps
from pages.ui.segmentation.sweeps import CHART, CURVES, READINGS, VERDICT


@st.fragment
def bench() -> None:
    """Draw the bench: controls beside the maps, the table, and a mask to paint or to load."""
    beside, above = columns()
    below, easel = st.container(), st.container()
    with beside:
        show = segments("Show", (GRADIENT, DESCENT), GRADIENT, SHOW)
        picked = controls.pick("Mask", (*MASKS, PAINTED), PICKED)
    with easel:
        mask = controls.paint(picked)
    if show == DESCENT:
        _descent(beside, above, below, mask)
    else:
        _gradients(beside, above, below, mask)


def explain() -> None:
    """Draw the lesson that goes with the bench."""
    st.markdown(text.lesson("segmentation"))


def _gradients(
    beside: DeltaGenerator, above: DeltaGenerator, below: DeltaGenerator, mask: Mask
) -> None:
    """Draw what each loss asks of each pixel, and say what it adds up to."""
    with beside:
        soft = controls.prediction(disabled=False)
        scale = segments("Colours", (ONE, OWN), ONE, SCALE)
        settings, weighing = controls.settings()
    code = encode_mask(mask)
    logits = sweeps.predicted(mask, soft)
    asked = sweeps.demands(logits, mask, settings)
    bests = {key: sweeps.best(key, code, settings) for key in MASK_LOSSES}
    pulls = {key: sweeps.scaled(one.pulls, scale)[0] for key, one in asked.items()}
    symbol = "dL/dz" if scale == ONE else "dL/dz, of its largest"
    figure = maps(mask, ("Prediction", sweeps.shares(logits)[0]), pulls, PULL, symbol)
    rows = [
        [
            MASK_LOSSES[key].name,
            *(column[0] for column in sweeps.cells(one)),
            words.constant(bests[key]),
        ]
        for key, one in asked.items()
    ]
    with above:
        st.plotly_chart(
            figure,
            key=CHART,
            config=charts.CONFIG,
            alt="The mask, its soft prediction, and dL/dz of every pixel under eight losses",
        )
        st.caption(
            "Blue: the logit is to rise. Orange: it is to fall. "
            + ("Full colour from |dL/dz| = 1 on." if scale == ONE else "Full colour: its largest.")
        )
        with st.container(key=VERDICT):
            found = sweeps.verdicts(asked, logits, mask, {k: [v] for k, v in bests.items()})
            st.markdown(found[0])
        with st.container(key=READINGS):
            st.markdown(wording.table(words.HEADS, rows))
    with below:
        moved = sweeps.gradient_sweeps(code, soft, settings, scale, weighing=weighing)
        live(moved, key="bench_live")
        export.offer(CHART, figure, lambda: _pixels(mask, logits[0], settings), "gradients")


def _descent(
    beside: DeltaGenerator, above: DeltaGenerator, below: DeltaGenerator, mask: Mask
) -> None:
    """Draw where each loss has brought the logits of the pixels, step by step."""
    with beside:
        start = controls.pick("Start from", tuple(STARTS), START)
        soft = controls.prediction(disabled=start != PREDICTION)
        rate = segments("Learning rate", RATES, "1", RATE)
        settings, weighing = controls.settings()
        if weighing or start == PREDICTION:
            st.caption("Where a start or a weight leads is computed when its slider is let go.")
    code, softened = encode_mask(mask), soft if start == PREDICTION else ()
    run = sweeps.descents(code, softened, start, float(rate), settings)
    with above:
        step = st.slider("Step", 0, STEPS, 40, EVERY, key=STEP, bind="query-params")
        at = step // EVERY
        step = at * EVERY  # a link may ask for one in between
        now = {key: sweeps.shares(one.logits[at]) for key, one in run.items()}
        first = sweeps.shares(next(iter(run.values())).logits[0])
        figure = maps(mask, ("Start", first), now, SHARE, "p")
        st.plotly_chart(
            figure,
            key=CHART,
            config=charts.CONFIG,
            alt="The mask, the start, and the probabilities after the step under eight losses",
        )
        with st.container(key=VERDICT):
            st.markdown(words.descent_verdict(run))
        steps = next(iter(run.values())).steps.tolist()
        st.plotly_chart(
            curves(steps, {k: one.wrong for k, one in run.items()}, step, "wrong pixels, %"),
            key=CURVES,
            config=charts.CONFIG,
            alt="Share of wrong pixels over the steps, a curve for each of the eight losses",
        )
    with below:
        with st.container(key=READINGS):
            st.markdown(wording.table(words.descent_heads(step), words.descent_rows(run, at)))
        moved = [sweeps.step_sweep(code, softened, start, rate, settings)]
        if start == PREDICTION:
            moved += sweeps.start_sweeps(code, soft)
        live(moved, key="bench_live")
        export.offer(CHART, figure, lambda: _path(run), "descent")


def _pixels(mask: Mask, logits: FloatArray, settings: Settings) -> export.Table:
    row, column = np.mgrid[:SIZE, :SIZE]
    pulls = [gradient(loss, logits, mask, dict(settings)) for loss in MASK_LOSSES.values()]
    columns = [row, column, mask.astype(int), logits, ACTIVATIONS["sigmoid"](logits), *pulls]
    head = ["row", "column", "target", "logit", "p"]
    head += [f"dL/dz {loss.name}" for loss in MASK_LOSSES.values()]
    rows = zip(*(one.ravel().tolist() for one in columns), strict=True)
    return export.Table(head, [list(one) for one in rows])


def _path(run: Mapping[str, Descent]) -> export.Table:
    rows = [
        [MASK_LOSSES[key].name, *numbers]
        for key, one in run.items()
        for numbers in zip(
            one.steps.tolist(),
            one.value.tolist(),
            one.wrong.tolist(),
            one.overlap.tolist(),
            strict=True,
        )
    ]
    return export.Table(["loss", "step", "value", "wrong", "Dice score"], rows)
