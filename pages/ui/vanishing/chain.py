"""The section "Chain rule": the factors along one path of units, one by one."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.network import Dropout, Skip, chain_rule, gradient_flow
from core.network.chain_rule import Step
from core.network.gradient_flow import Experiment, Profile
from core.network.normalisation import Normalisation
from pages.ui import charts, export, presets, wording
from pages.ui.controls import segments
from pages.ui.vanishing import figures, paths, words
from pages.ui.vanishing.controls import (
    OWN_UNITS,
    PATH,
    SAME_UNIT,
    SAMPLE,
    STRONGEST,
    UNIT,
    UNITS,
    which,
)
from pages.ui.vanishing.runs import Run, room

_PLAIN = (Normalisation.NONE, Skip.NONE, Dropout.NONE)
CHART = "vanishing_chain"


def section(
    shown: list[Run], profiles: list[Profile], beside: DeltaGenerator, above: DeltaGenerator
) -> None:
    """Draw one path from the last layer to the first, factor by factor."""
    with beside:
        st.markdown("**The path**")
        place = which(len(shown))
        run, name = shown[place], words.names(shown)[place]
        through = _through(run)
        sample = int(replace(SAMPLE, high=run.experiment.batch).draw()) - 1
    over = profiles[place].forward_overflow[0] or profiles[place].backward_overflow[0]
    if over:
        above.warning(
            f"{name}: the numbers overflow at layer {over}, so there is no path to follow."
        )
        return
    if run.depth == 1:
        above.info("A single layer has no chain: choose a depth of 2 or more.")
        return
    with above, st.spinner("Following the path"), room(run.experiment):
        units, steps, total = chain(run.experiment, through, sample)
    with beside:
        st.button(
            "Edit this path",
            help="Write its units into a field, layer by layer, where any of them can be changed.",
            on_click=presets.assign,
            args=({PATH: OWN_UNITS, UNITS: paths.write(units)},),
        )
    heads, rows = _table(steps)
    figure = _figure(run, steps, heads[-2])
    with above:
        st.markdown(_said(run, name, units, steps, total))
        alt = f"The factors of one path through {name}, and their product layer by layer"
        st.plotly_chart(figure, key=CHART, config=charts.CONFIG, alt=alt)
    with st.container(height=340, border=True):
        st.markdown(wording.table(heads, rows))
    st.caption(_explained(run, steps))
    export.offer(CHART, figure, lambda: export.Table(heads, rows), "chain_rule")
    stack = run.experiment.stack
    if (stack.normalisation, stack.skip, stack.dropout) != _PLAIN:
        st.caption("In a stack without normalisation, skip connections and dropout:")
    st.latex(
        r"\frac{\partial z^{(L)}_j}{\partial z^{(1)}_i}=\sum_{\text{paths } i\to\dots\to j}\ "
        r"\prod_{l=1}^{L-1} f'\!\left(z^{(l)}_{u_l}\right)\,w^{(l+1)}_{u_l u_{l+1}}"
    )


def _through(run: Run) -> tuple[int | None, ...]:
    """Ask for the path, and return the unit of each layer that it has to take."""
    path = segments(
        "Path",
        [STRONGEST, SAME_UNIT, OWN_UNITS],
        STRONGEST,
        PATH,
        help="The strongest of all paths; the one through the same unit of every layer; or one "
        "of your own.",
    )
    if path == STRONGEST:
        return ()
    if path == SAME_UNIT:
        return (int(replace(UNIT, high=run.width).draw()) - 1,) * run.depth
    text = st.text_input(
        "Units, layer 1 first",
        key=UNITS,
        bind="query-params",
        max_chars=1000,
        placeholder="3, 1, *, 4",
        help=f"A number from 1 to {run.width} for each layer, with commas between them. Layers "
        f"with `{paths.FREE}`, and those after the last number, go the strongest way.",
    )
    typed = paths.read(text, run.width, run.depth)
    for mistake in typed.mistakes:
        st.warning(mistake)
    return typed.units


@lru_cache(maxsize=64)
def chain(
    experiment: Experiment, through: tuple[int | None, ...], sample: int
) -> tuple[list[int], list[Step], float]:
    """Return the strongest path through given units, its steps, and the derivative they are of."""
    one = gradient_flow.draw(experiment, 0)
    run = one.run()
    back = one.back(run)
    units = chain_rule.strongest_path(one, run, back, sample, through)
    steps = chain_rule.chain(one, run, back, sample, units)
    return units, steps, chain_rule.between(one, run, sample, units[0], units[-1])


def _figure(run: Run, steps: Sequence[Step], factor: str) -> charts.Finished:
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
    limits = (5 * math.floor(lowest / 5), 1.05 * top)
    layout = figures.chain_layout(run.depth, limits, factor)
    layout["yaxis2"]["range"][1] = max(layout["yaxis2"]["range"][1], 1.1 * highest)
    return charts.finish(figures.chain_traces(layers, factors, products), layout)


def _said(run: Run, name: str, units: Sequence[int], steps: Sequence[Step], total: float) -> str:
    product = steps[-1].product
    count = (run.depth - 2) * math.log10(run.width)
    if product == 0:
        first = next(s for s in steps if s.factor == 0)
        found = (
            f"the product is exactly 0 from layer {first.layer} on, where the slope "
            f"f′({wording.fixed(first.pre, 2)}) is {wording.number(first.slope)} and the weight "
            f"{wording.number(first.weight, 3)}."
        )
    else:
        mean = 10 ** (math.log10(abs(product)) / len(steps))
        found = (
            f"{len(steps)} factors of {wording.fixed(mean, 3)} on average (geometric) multiply to "
            f"{wording.number(product, 3)}."
        )
        if len(steps) == 1:
            found = f"a single factor of {wording.number(product, 3)}."
    if count == 0:
        return f"**{name}**: {found} It is the only path between these two units."
    ends = (
        rf"$\partial z^{{({run.depth})}}_{{{units[-1] + 1}}}/\partial z^{{(1)}}_{{{units[0] + 1}}}$"
    )
    return (
        f"**{name}**: {found} That is one of {words.multiple(count)} paths between these two "
        f"units; all together{_detours(run)} make {ends} = {wording.number(total, 3)}."
    )


def _detours(run: Run) -> str:
    """Name the ways between two units that are no path from layer to layer."""
    stack = run.experiment.stack
    found = []
    if stack.skip is not Skip.NONE:
        found.append("the ways over skip connections")
    if stack.normalisation is Normalisation.BATCH:
        found.append("those through the batch's other inputs")
    return f", with {' and '.join(found)}," if found else ""


def _table(steps: Sequence[Step]) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows; a factor that is nowhere at work has no column."""
    normalised = any(s.scale != 1 or s.cross != 0 for s in steps)
    thinned = any(s.other != 1 for s in steps)
    columns = [
        ("Layer", [str(s.layer) for s in steps]),
        ("Unit", [str(s.unit + 1) for s in steps]),
        ("z", [wording.fixed(s.pre) for s in steps]),
        ("f′(z)", [wording.fixed(s.slope) for s in steps]),
        ("Weight w", [wording.fixed(s.weight) for s in steps]),
    ]
    if normalised:
        columns.append(("Cross terms c", [wording.fixed(s.cross) for s in steps]))
        columns.append(("1/σ", [wording.fixed(s.scale) for s in steps]))
    if thinned:
        columns.append(("Skip, dropout s", [wording.fixed(s.other) for s in steps]))
    product = "f′(z)·(w − c)/σ" if normalised else "f′(z)·w"
    columns.append((product + "·s" * thinned, [wording.fixed(s.factor) for s in steps]))
    columns.append(("Product so far", [wording.number(s.product, 3) for s in steps]))
    heads, cells = zip(*columns, strict=True)
    return list(heads), [list(row) for row in zip(*cells, strict=True)]


def _explained(run: Run, steps: Sequence[Step]) -> str:
    stack = run.experiment.stack
    told = (
        "Read from the top, as the gradient travels: each row multiplies the product so far by the "
        "slope f′ at the unit's own z and by the weight w (gain included) to the unit above it."
    )
    if stack.normalisation is not Normalisation.NONE:
        over = "batch" if stack.normalisation is Normalisation.BATCH else "layer"
        told += (
            " z is what enters the activation, after normalisation, which adds two factors: it "
            f"divides by the standard deviation σ of the {over}, and since its mean and its σ move "
            "with the unit, too, they take the cross terms c off the weight."
        )
    if any(s.other != 1 for s in steps):
        told += " s is what a scaled skip connection and dropout multiply a layer's own part by."
    return told
