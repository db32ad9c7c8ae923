"""The section "Chain rule": the factors along one path of units, one by one."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import gradient_flow
from core.gradient_flow import Experiment, Profile, Step
from pages.ui import charts, export, wording
from pages.ui.controls import segments
from pages.ui.vanishing import figures, words
from pages.ui.vanishing.controls import PATH, SAME_UNIT, SAMPLE, STRONGEST, UNIT, which
from pages.ui.vanishing.runs import Run, room

CHART = "vanishing_chain"
_HEADS = ("Layer", "Unit", "z", "f′(z)", "Weight w", "f′(z)·w", "Product so far")


def section(
    shown: list[Run], profiles: list[Profile], beside: DeltaGenerator, above: DeltaGenerator
) -> None:
    """Draw one path from the last layer to the first, factor by factor."""
    with beside:
        st.markdown("**The path**")
        place = which(len(shown))
        path = segments(
            "Path",
            [STRONGEST, SAME_UNIT],
            STRONGEST,
            PATH,
            help="The strongest of all paths, or the one through the same unit of every layer.",
        )
        unit = int(UNIT.draw()) if path == SAME_UNIT else 0
        sample = st.slider("Input of the batch", 1, 64, 1, key=SAMPLE, bind="query-params")
    run, name = shown[place], words.names(shown)[place]
    over = profiles[place].forward_overflow[0] or profiles[place].backward_overflow[0]
    if over:
        above.warning(
            f"{name}: the numbers overflow at layer {over}, so there is no path to follow."
        )
        return
    if run.depth == 1:
        above.info("A single layer has no chain: choose a depth of 2 or more.")
        return
    unit, sample = (unit - 1) % run.width, (sample - 1) % run.experiment.batch
    with above, st.spinner("Following the path"), room(run.experiment):
        steps, total = chain(run.experiment, -1 if path == STRONGEST else unit, sample)
    figure = _figure(run, steps)
    with above:
        st.markdown(_said(run, name, steps, total))
        alt = f"The factors of one path through {name}, and their product layer by layer"
        st.plotly_chart(figure, key=CHART, config=charts.CONFIG, alt=alt)
    rows = _rows(steps)
    heads = _heads(steps)
    with st.container(height=340, border=True):
        st.markdown(wording.table(heads, rows))
    st.caption(
        "Read from the top, as the gradient travels: each row multiplies the product so far by the "
        "slope f′ at the unit's own z and by the weight w (gain included) to the unit above it"
        + (
            ", and by what a normalisation, a skip's scale or dropout adds."
            if _others(steps)
            else "."
        )
    )
    export.offer(CHART, figure, lambda: export.Table(heads, rows), "chain_rule")
    st.latex(
        r"\frac{\partial z^{(L)}_j}{\partial z^{(1)}_i}=\sum_{\text{paths } i\to\dots\to j}\ "
        r"\prod_{l=1}^{L-1} f'\!\left(z^{(l)}_{u_l}\right)\,w^{(l+1)}_{u_l u_{l+1}}"
    )


@lru_cache(maxsize=64)
def chain(experiment: Experiment, unit: int, sample: int) -> tuple[list[Step], float]:
    """Return the steps of a path and the sum over all paths between its ends.

    The path is that through the same unit of every layer, or, for ``unit`` −1, the strongest.
    """
    one = gradient_flow.draw(experiment, 0)
    run = one.run()
    back = one.back(run)
    if unit < 0:
        units = gradient_flow.strongest_path(one, run, back, sample)
    else:
        units = [unit] * experiment.stack.depth
    steps = gradient_flow.chain(one, run, back, sample, units)
    return steps, gradient_flow.between(one, run, sample, units[0], units[-1])


def _figure(run: Run, steps: Sequence[Step]) -> charts.Finished:
    layers = np.array([float(s.layer) for s in steps])
    factors = np.array([s.factor for s in steps])
    with np.errstate(divide="ignore"):
        products = np.log10(np.abs(np.array([s.product for s in steps])))
    products = np.where(np.isfinite(products), products, np.nan)
    lowest = float(np.nanmin(products, initial=-1.0))
    highest = float(np.nanmax(products, initial=0.0))
    largest = max(float(np.abs(factors).max()), 1e-9)
    # The next of 1, 2, 5, 10 ..., so that the axis rarely moves.
    scale = 10 ** math.floor(math.log10(largest))
    top = next(m * scale for m in (1, 2, 5, 10) if m * scale >= largest)
    layout = figures.chain_layout(run.depth, (5 * math.floor(lowest / 5), 1.05 * top))
    layout["yaxis2"]["range"][1] = max(layout["yaxis2"]["range"][1], 1.1 * highest)
    return charts.finish(figures.chain_traces(layers, factors, products), layout)


def _said(run: Run, name: str, steps: Sequence[Step], total: float) -> str:
    product = steps[-1].product
    paths = (run.depth - 2) * math.log10(run.width)
    many = "one path" if paths == 0 else f"{words.multiple(paths)} paths"
    ends = rf"$\partial z^{{({run.depth})}}/\partial z^{{(1)}}$"
    if product == 0:
        first = next(s for s in steps if s.factor == 0)
        return (
            f"**{name}**: the product is exactly 0 from layer {first.layer} on, where the slope "
            f"f′({wording.fixed(first.pre, 2)}) is {wording.number(first.slope)} and the weight "
            f"{wording.number(first.weight, 3)}. All {many} together make "
            f"{ends} = {wording.number(total, 3)}."
        )
    mean = 10 ** (math.log10(abs(product)) / len(steps))
    return (
        f"**{name}**: {len(steps)} factors of {wording.fixed(mean, 3)} on average (geometric) "
        f"multiply to {wording.number(product, 3)}. That is one of {many} between these two units; "
        f"all together make {ends} = {wording.number(total, 3)}."
    )


def _others(steps: Sequence[Step]) -> bool:
    return any(s.other != 1.0 for s in steps)


def _heads(steps: Sequence[Step]) -> list[str]:
    heads = list(_HEADS)
    if _others(steps):
        heads.insert(5, "Other factors")
        heads[6] = "All factors"
    return heads


def _rows(steps: Sequence[Step]) -> list[list[str]]:
    rows = []
    for s in steps:
        row = [str(s.layer), str(s.unit + 1)]
        row += [wording.fixed(v) for v in (s.pre, s.slope, s.weight)]
        row += [wording.fixed(s.other)] if _others(steps) else []
        rows.append([*row, wording.fixed(s.factor), wording.number(s.product, 3)])
    return rows
