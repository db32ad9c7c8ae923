"""The section "Chain rule": the factors along one path of units, one by one."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.network import Dropout, Skip, Stack, chain_rule
from core.network.chain_rule import Paths, Step
from core.network.gradient_flow import Experiment
from core.network.normalisation import Normalisation
from core.spec import FloatArray
from pages.ui import export, presets, wording
from pages.ui.charts import Spec
from pages.ui.controls import segments
from pages.ui.live import Packed, live
from pages.ui.parts import Shown, draw, say
from pages.ui.vanishing import figures, paths, runs, words
from pages.ui.vanishing.controls import (
    OWN_UNITS,
    PATH,
    SAME_UNIT,
    SAMPLE,
    STRONGEST,
    UNIT,
    UNITS,
    more_on_view,
    which,
)
from pages.ui.vanishing.runs import BY_DEPTH, Moved, Run, room

_PLAIN = (Normalisation.NONE, Skip.NONE, Dropout.NONE)
CHART = "vanishing_chain"
SAID = "vanishing_chain_said"

_LARGEST = 1e38
"""Charts hold float32: a bar that would be higher ends here."""


def section(shown: list[Run], beside: DeltaGenerator, above: DeltaGenerator) -> None:
    """Draw one path from the last layer to the first, factor by factor."""
    with beside:
        st.markdown("**The path**")
        place = which(len(shown))
        run, name = shown[place], words.names(shown)[place]
        stack = run.experiment.stack
        through = _through(run)
        sample = int(replace(SAMPLE, high=run.experiment.batch).draw()) - 1
    with above, st.spinner("Following the path"), room(run.experiment):
        found = _paths(run.first_draw.experiment, through, sample)
    if found.overflow[0] or run.depth == 1:
        (above.warning if found.overflow[0] else above.info)(_said(stack, name, found, 0))
        return
    with beside:
        st.button(
            "Edit this path",
            help="Write its units into a field, layer by layer, where any of them can be changed.",
            on_click=presets.assign,
            args=({PATH: OWN_UNITS, UNITS: paths.write(found.units[0].tolist())},),
        )
    heads, rows = _table(stack, found.steps(0))
    picture = _picture(stack, (name,), found)
    bars, line = picture.traces[CHART][1]
    with above:
        say(picture, SAID)
        alt = f"The factors of one path through {name}, and their product layer by layer"
        layout = _layout(stack, run.depth, bars["y"][0], line["y"][0])
        figure = draw(picture, CHART, layout, alt)
    with st.container(height=340, border=True):
        st.markdown(wording.table(heads, rows))
    st.caption(f"{_explained(stack)} The table is written anew when a slider is let go.")
    export.offer(CHART, figure, lambda: export.Table(heads, rows), "chain_rule")
    if (stack.normalisation, stack.skip, stack.dropout) != _PLAIN:
        st.caption("In a stack without normalisation, skip connections and dropout:")
    st.latex(
        r"\frac{\partial z^{(L)}_j}{\partial z^{(1)}_i}=\sum_{\text{paths } i\to\dots\to j}\ "
        r"\prod_{l=1}^{L-1} f'\!\left(z^{(l)}_{u_l}\right)\,w^{(l+1)}_{u_l u_{l+1}}"
    )
    _follow(shown, place, through, sample)


def _follow(shown: Sequence[Run], place: int, through: tuple[int, ...], sample: int) -> None:
    """Let the picture follow all sliders that it can."""
    alone = shown[place].first_draw
    (moved,), others = runs.affordable([alone], more_on_view(), _looks(alone))
    made = []
    for one in moved:
        called = words.called(shown, one)[place]
        experiment = runs.without(alone.experiment, one.what)
        made.append(_moved(experiment, called, through, sample, one))
    live(made, key="vanishing_live")
    if others:
        st.caption(words.let_go(others))


def _looks(run: Run) -> list[Moved]:
    """Return the sliders that look elsewhere in the same stack."""
    inputs = tuple(np.arange(1.0, run.experiment.batch + 1).tolist())
    found = [Moved(SAMPLE.key, "the input", "sample", inputs)]
    if st.session_state[PATH] == SAME_UNIT:
        units = tuple(np.arange(1.0, run.width + 1).tolist())
        found.append(Moved(UNIT.key, "the unit", "unit", units))
    return found


def _through(run: Run) -> tuple[int, ...]:
    """Ask for the path, and return the unit of each layer that it has to take, −1 for any."""
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
    return tuple(-1 if unit is None else unit for unit in typed.units)


@lru_cache(maxsize=64)
def _paths(
    experiment: Experiment, through: tuple[int, ...], sample: int, moved: Moved | None = None
) -> Paths:
    """Return the path and its factors, or those at each step of a slider."""
    samples, taken = np.array(sample), np.array(through, dtype=np.intp)
    if moved and moved.what == "sample":
        samples = np.array(moved.steps, dtype=np.intp) - 1
    if moved and moved.what == "unit":
        units = np.array(moved.steps, dtype=np.intp) - 1
        taken = np.repeat(units[:, None], experiment.stack.depth, axis=1)
    return chain_rule.paths(runs.ways(experiment, moved), samples, taken)


@lru_cache(maxsize=64)
def _moved(
    experiment: Experiment,
    names: tuple[str, ...],
    through: tuple[int, ...],
    sample: int,
    moved: Moved,
) -> Packed:
    picture = _picture(experiment.stack, names, _paths(experiment, through, sample, moved))
    steps = np.array(moved.steps)
    return picture.sweep(moved.slider, steps, ragged=moved is BY_DEPTH).packed


def _picture(stack: Stack, names: Sequence[str], found: Paths) -> Shown:
    """Return what is shown of each path."""
    with np.errstate(divide="ignore"):
        products = np.log10(np.abs(found.product))
    lost = (found.overflow > 0)[:, None]
    factors, products = (
        np.where(np.isfinite(rows) & ~lost, rows, np.nan) for rows in (found.factor, products)
    )
    factors = np.clip(factors, -_LARGEST, _LARGEST)
    layers = np.arange(1.0, factors.shape[1] + 1)
    if np.ptp(found.depths):
        layers = np.where(layers < found.depths[:, None], layers, np.nan)
    layouts = [
        _layout(stack, *row) for row in zip(found.depths.tolist(), factors, products, strict=True)
    ]
    return Shown(
        {CHART: (0, figures.chain_traces(layers, factors, products))},
        {SAID: [_said(stack, name, found, row) for row, name in enumerate(names)]},
        {CHART: figures.ranges(layouts, "xaxis", "yaxis", "yaxis2")},
    )


def _layout(stack: Stack, depth: int, factors: FloatArray, products: FloatArray) -> Spec:
    """Lay out the picture of one path, with axes that hold all of it."""
    lowest = float(np.nanmin(products, initial=-1.0))
    highest = float(np.nanmax(products, initial=0.0))
    reach = float(np.nanmax(np.abs(factors), initial=0.0))
    largest = max(reach, 1e-9) if reach else 1.0
    # The next of 1, 2, 5, 10 ..., so that the axis rarely moves.
    scale = 10 ** math.floor(math.log10(largest))
    top = next(m * scale for m in (1, 2, 5, 10) if m * scale >= largest)
    return figures.chain_layout(
        depth, (5 * math.floor(lowest / 5), highest), 1.05 * top, _factor(stack)
    )


def _factor(stack: Stack) -> str:
    """Name the factor by what it is made of."""
    normalised = stack.normalisation is not Normalisation.NONE
    return ("f′(z)·(w − c)/σ" if normalised else "f′(z)·w") + "·s" * _thinned(stack)


def _thinned(stack: Stack) -> bool:
    """Tell whether dropout or a scaled skip multiplies a layer's own part."""
    return stack.dropout is not Dropout.NONE or stack.skip is Skip.SCALED


def _said(stack: Stack, name: str, found: Paths, row: int) -> str:
    """Say what the path makes of the gradient, in one piece of text after the name."""
    depth = int(found.depths[row])
    if over := int(found.overflow[row]):
        return f"**{name}**: the numbers overflow at layer {over}, so there is no path to follow."
    if depth == 1:
        return f"**{name}**: a single layer has no chain. Choose a depth of 2 or more."
    units, product = found.units[row].tolist(), float(found.product[row, 0])
    if product == 0:
        steps = found.steps(row)
        first = next((s for s in steps if s.factor == 0), steps[-1])
        told = (
            f"the product is exactly 0 from layer {first.layer} on, where the slope "
            f"f′({wording.fixed(first.pre, 2)}) is {wording.number(first.slope)} and the weight "
            f"{wording.number(first.weight, 3)}."
        )
    elif depth == 2:
        told = f"a single factor of {wording.number(product, 3)}."
    else:
        mean = 10 ** (math.log10(abs(product)) / (depth - 1))
        told = (
            f"{depth - 1} factors of {wording.fixed(mean, 3)} on average (geometric) multiply to "
            f"{wording.number(product, 3)}."
        )
    count = (depth - 2) * math.log10(stack.sizes[-1])
    if count == 0:
        return f"**{name}**: {told} It is the only path between these two units."
    return (
        f"**{name}**: {told} That is one of {words.multiple(count)} paths from unit "
        f"{units[depth - 1] + 1} of layer {depth} back to unit {units[0] + 1} of layer 1. All of "
        f"them together{_detours(stack)} make the derivative of the one unit's z by the other's: "
        f"{wording.number(float(found.total[row]), 3)}."
    )


def _detours(stack: Stack) -> str:
    """Name the ways between two units that are no path from layer to layer."""
    found = []
    if stack.skip is not Skip.NONE:
        found.append("the ways over skip connections")
    if stack.normalisation is Normalisation.BATCH:
        found.append("those through the batch's other inputs")
    return f", with {' and '.join(found)}," if found else ""


def _table(stack: Stack, steps: Sequence[Step]) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows; a factor that is nowhere at work has no column."""
    columns = [
        ("Layer", [str(s.layer) for s in steps]),
        ("Unit", [str(s.unit + 1) for s in steps]),
        ("z", [wording.fixed(s.pre) for s in steps]),
        ("f′(z)", [wording.fixed(s.slope) for s in steps]),
        ("Weight w", [wording.fixed(s.weight) for s in steps]),
    ]
    if stack.normalisation is not Normalisation.NONE:
        columns.append(("Cross terms c", [wording.fixed(s.cross) for s in steps]))
        columns.append(("1/σ", [wording.fixed(s.scale) for s in steps]))
    if _thinned(stack):
        columns.append(("Skip, dropout s", [wording.fixed(s.other) for s in steps]))
    columns.append((_factor(stack), [wording.fixed(s.factor) for s in steps]))
    columns.append(("Product so far", [wording.number(s.product, 3) for s in steps]))
    heads, cells = zip(*columns, strict=True)
    return list(heads), [list(row) for row in zip(*cells, strict=True)]


def _explained(stack: Stack) -> str:
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
    if _thinned(stack):
        told += " s is what a scaled skip connection and dropout multiply a layer's own part by."
    return told
