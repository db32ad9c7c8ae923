"""The section "Gradient by layer": the curves, their verdicts, and what would mend them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.network import gradient_flow
from core.network.gradient_flow import Fate
from core.spec import FloatArray
from pages.ui import charts, controls, export, presets, wording
from pages.ui.controls import Choice, segments
from pages.ui.live import ChartSweep, Packed, Sweep, live
from pages.ui.vanishing import figures, runs, words
from pages.ui.vanishing.controls import (
    BY_WEIGHTS,
    CLOSE,
    DEFAULTS,
    GAINS,
    RANGE,
    WHOLE,
    more_on_view,
    settings,
)
from pages.ui.vanishing.figures import CHART
from pages.ui.vanishing.runs import BY_DEPTH, Decay, Meanwhile, Moved, Run

VERDICT = "vanishing_verdict"
TABLE = "vanishing_table"
MEND = "vanishing_try"
LINE = 1
"""Place of the curve itself among the traces of a stack, behind its band."""

_TRACES = 3
"""So many a stack has, without the gradient by the weights."""

_GRAIN = 256.0
"""Curves are drawn to a fraction of a decade as fine as this: at most a seventh of a pixel."""


def section(shown: list[Run], beside: DeltaGenerator, above: DeltaGenerator) -> None:
    """Draw the curves of all stacks, what is to be said of them, and remedies for the first."""
    names = words.names(shown)
    with above:
        profiles = runs.profiles(shown)
    close, weights = _view()
    moved, others = runs.affordable(shown, more_on_view())
    decays = [runs.at_rest(profile, weights=weights) for profile in profiles]
    depth = max(run.depth for run in shown)
    traces = [
        trace
        for place, (run, name, one) in enumerate(zip(shown, names, decays, strict=True))
        for trace in _traces(name, place, one, runs.steepest(run.choice.key, run.choice.settings))
    ]
    layout = figures.decay_layout(depth, _window(depth, close))
    figure = charts.finish(charts.at_rest(traces), layout)
    with above:
        with st.container(gap="xsmall"):
            for place, (run, name, one) in enumerate(zip(shown, names, decays, strict=True)):
                with st.container(key=f"{VERDICT}_{place}"):
                    st.markdown(_said(name, one.verdicts[0], run.depth, len(shown)))
        alt = "Gradient by layer, in decades below the last layer's: " + "; ".join(
            f"{name} ends at {wording.fixed(one.verdicts[0].decades, 1)}"
            for name, one in zip(names, decays, strict=True)
        )
        st.plotly_chart(figure, key=CHART, config=charts.CONFIG, alt=alt)
    _table(shown, names, decays)
    if others:
        st.caption(words.let_go(others))
    export.offer(CHART, figure, lambda: _numbers(names, decays), "vanishing_gradients")
    # Not before the picture is on its way. The gains first: they are asked for twice.
    gains = Meanwhile(partial(_gains, shown[0]))
    sweeps = _sweeps(shown, moved, decays, weights, close)
    _symmetry(shown, names)
    _mend(shown[0], names[0], decays[0], gains)
    # Last, and made meanwhile: they are for the next move, all else is for this one. What is
    # not begun is taken over from the other end.
    made = [sweep.result() for sweep in reversed(sweeps)]
    live(made[::-1], key="vanishing_live")


def _view() -> tuple[bool, bool]:
    """Ask how close the picture is looked at, and whether ∂L/∂W is in it."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.markdown("Range", width="content")
        chosen = segments(
            "Range",
            [WHOLE, CLOSE],
            WHOLE,
            RANGE,
            label_visibility="collapsed",
            width="content",
        )
        weights = st.toggle(
            "Show ∂L/∂W, too",
            key=BY_WEIGHTS,
            bind="query-params",
            help="The gradient by the weights, which a training step follows.",
        )
    return chosen == CLOSE, weights


def _window(depth: int, close: bool) -> tuple[float, float]:
    return figures.CLOSE if close else figures.reach(depth)


def _said(name: str, one: gradient_flow.Verdict, depth: int, stacks: int) -> str:
    return words.verdict(name, one, depth) if stacks == 1 else words.brief(name, one)


def _traces(name: str, place: int, one: Decay, steepest: FloatArray) -> list[dict[str, Any]]:
    bound = gradient_flow.bound(steepest, one.middle.shape[-1])
    # A slope without bound promises nothing.
    bound[~((steepest > 0) & np.isfinite(steepest))] = np.nan
    spread = (_drawn(one.low), _drawn(one.middle), _drawn(one.high))
    weights = None if one.weights is None else _drawn(one.weights)
    return figures.decay_traces(name, place, one.depths, spread, bound, weights)


def _drawn(decades: FloatArray) -> FloatArray:
    # In binary: the sweep then packs into a quarter.
    return np.round(decades * _GRAIN) / _GRAIN


def _table(shown: Sequence[Run], names: Sequence[str], decays: Sequence[Decay]) -> None:
    weights = decays[0].weights is not None
    rows = [
        _rows([name], one, runs.steepest(run.choice.key, run.choice.settings))[0]
        for run, name, one in zip(shown, names, decays, strict=True)
    ]
    with st.container(key=TABLE):
        st.markdown(wording.table(words.heads(weights), rows))
    st.caption(
        "Measured by backpropagation: the root mean square of ∂L/∂z over inputs and units, z being "
        "what enters the activation. Band: all draws; line: the middle one. Dotted: the product "
        "of the largest slopes f′ alone (for sigmoids 0.25 for every layer passed), which leaves "
        "out the weights."
    )
    if weights:
        st.caption(
            "Rings: ∂L/∂W, as the root of its sum of squares: ∂L/∂z times the signal that enters "
            "the layer. Weights too small let the signal fade on its way forward as the gradient "
            "does on its way back; ∂L/∂W is then about as large in all layers, and small in all "
            "of them. Where biases, or a sigmoid's ½ at 0, keep the signal up, ∂L/∂W falls as "
            "∂L/∂z does. Verdicts are about ∂L/∂z."
        )


def _rows(names: Sequence[str], one: Decay, steepest: FloatArray) -> list[list[str]]:
    """Return the cells of a stack's row in the table, for each row of settings."""
    bounds = gradient_flow.bound(steepest, one.middle.shape[-1])
    # A slope without bound promises nothing.
    bounds[np.isinf(steepest)] = np.nan
    bounds = gradient_flow.at_first(bounds[:, None, :], one.depths)[:, 0]
    columns = (names, one.verdicts, bounds.tolist(), one.depths.tolist())
    return [
        [
            name,
            *words.row(verdict, bound, depth),
            *([] if one.weights_left is None else [words.column(float(one.weights_left[i]))]),
        ]
        for i, (name, verdict, bound, depth) in enumerate(zip(*columns, strict=True))
    ]


@dataclass(frozen=True)
class _Seat:
    """Where a stack stands among ``stacks``; and the depth of the deepest pinned one, or 0."""

    place: int
    stacks: int
    pinned_depth: int
    close: bool


def _sweeps(
    shown: Sequence[Run],
    moved: Sequence[Sequence[Moved]],
    decays: Sequence[Decay],
    weights: bool,
    close: bool,
) -> list[Meanwhile[Packed]]:
    """Begin to sweep the sliders of all stacks."""
    deepest = max((run.depth for run in shown if run.pinned), default=0)
    seats = [_Seat(place, len(shown), deepest, close) for place in range(len(shown))]
    every = dict.fromkeys(one for some in moved for one in some)
    found = []
    for one in every:
        for seat, run, name, decay, some in zip(
            seats, shown, words.called(shown, one), decays, moved, strict=True
        ):
            if one in some:
                who = (run.choice.key, run.choice.without(one.what), name)
                experiment = runs.without(run.experiment, one.what)
                made = partial(_packed, one, who, seat, experiment, weights)
                found.append(Meanwhile(made))
            elif len(set(name)) > 1:
                found.append(Meanwhile(partial(_renamed, one, name, seat, decay, weights)))
    return found


def _renamed(
    moved: Moved, names: Sequence[str], seat: _Seat, decay: Decay, weights: bool
) -> Packed:
    """Return what a slider that leaves a stack as it is makes of its name."""
    first = seat.place * (_TRACES + weights)
    (verdict,), (depth,) = decay.verdicts, decay.depths.tolist()
    texts = {
        f"{VERDICT}_{seat.place}": [_said(name, verdict, depth, seat.stacks) for name in names],
        f"{TABLE}[{seat.place + 1}][0]": names,
    }
    chart = ChartSweep(CHART, {first + LINE: {"name": names}})
    return Sweep(moved.slider, moved.steps, [chart], texts).packed


@lru_cache(maxsize=128)
def _packed(
    moved: Moved,
    who: tuple[str, controls.Settings, tuple[str, ...]],
    seat: _Seat,
    experiment: gradient_flow.Experiment,
    weights: bool,
) -> Packed:
    """Return what a slider moves of one stack: its curves and band, its verdict, its row.

    ``who`` is its activation, the parameters that the slider leaves alone, and its name at
    every step.
    """
    key, settings, names = who
    one = runs.sweep(experiment, moved, weights=weights)
    steepest = runs.steepest(key, settings, moved)
    traces = _traces(names[0], seat.place, one, steepest)
    first = seat.place * len(traces)
    changes: dict[int, dict[str, Any]] = {
        first + i: dict(found) for i, trace in enumerate(traces) if (found := charts.varying(trace))
    }
    if len(set(names)) > 1:
        changes.setdefault(first + LINE, {})["name"] = names
    depths = one.depths.tolist()
    told = [
        _said(name, v, depth, seat.stacks)
        for name, v, depth in zip(names, one.verdicts, depths, strict=True)
    ]
    texts: dict[str, Sequence[str]] = {f"{VERDICT}_{seat.place}": told}
    for column, cells in enumerate(zip(*_rows(names, one, steepest), strict=True)):
        if len(set(cells)) > 1:
            texts[f"{TABLE}[{seat.place + 1}][{column}]"] = cells
    layout = {}
    if moved is BY_DEPTH and seat.place == 0:
        # All stacks that are not pinned are equally deep.
        deepest = np.maximum(one.depths, seat.pinned_depth).tolist()
        layouts = [figures.decay_layout(depth, _window(depth, seat.close)) for depth in deepest]
        layout = figures.ranges(layouts, "xaxis", "yaxis")
    chart = ChartSweep(CHART, changes, layout, ragged=moved is BY_DEPTH)
    return Sweep(moved.slider, moved.steps, [chart], texts).packed


def _numbers(names: Sequence[str], decays: Sequence[Decay]) -> export.Table:
    head = ["stack", "layer", "log10 of gradient / last layer's", "lowest draw", "highest draw"]
    head += ["by the weights"] * (decays[0].weights is not None)
    rows: list[list[object]] = []
    for name, one in zip(names, decays, strict=True):
        parts = [part for part in (one.middle, one.low, one.high, one.weights) if part is not None]
        columns = (part[0].tolist() for part in parts)
        rows += [[name, i, *row] for i, row in enumerate(zip(*columns, strict=True), 1)]
    return export.Table(head, rows)


def _symmetry(shown: Sequence[Run], names: Sequence[str]) -> None:
    """Say that units which start alike stay alike, where they do."""
    for run, name in zip(shown, names, strict=True):
        if run.experiment.initialiser not in ("zeros", "constant") or run.depth > 30:
            continue
        before, after = _distinct(run.experiment)
        if after == 1 and run.width > 1:
            st.info(
                f"{name}: all {run.width} units of a layer compute the same, and after 20 steps "
                "of gradient descent with random targets they still do. Weights that start alike "
                "get the same gradient: the symmetry never breaks.",
                icon=":material/content_copy:",
            )
        else:
            st.info(
                f"{name}: of {run.width} units in a hidden layer, at most {before} differed at "
                f"the start and {after} after 20 steps of gradient descent."
            )


@lru_cache(maxsize=64)
def _distinct(experiment: gradient_flow.Experiment) -> tuple[int, int]:
    return gradient_flow.symmetry(experiment)


# ---------------------------------------------------------------- what would mend it


def _gains(run: Run) -> gradient_flow.Swept | None:
    """Return the gradients at every gain of the first stack, if they can be had in a moment."""
    return runs.swept(run.experiment, runs.BY_GAIN) if runs.quick(run) else None


def _mend(run: Run, name: str, one: Decay, gains: Meanwhile[gradient_flow.Swept | None]) -> None:
    """Try changes to the first stack and offer them, the best first."""
    fine = one.verdicts[0].fate is Fate.HEALTHY
    st.subheader("What would change it" if fine else "What would mend it", anchor="mend")
    if runs.large(run.experiment) and not st.toggle(
        "Try changes one by one: at this size it takes a while", key=MEND, bind="query-params"
    ):
        return
    with st.container(key="vanishing_mend"):
        found = _tried(run, gains)
        rows = [
            [change, words.column(v.decades), "–" if v.overflow else v.fate.value]
            for change, _, v in found
        ]
        st.markdown(wording.table([f"Instead, in {name}", "Left at layer 1", "Verdict"], rows))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Try it", width="content")
        for change, other, _ in found:
            st.button(
                change,
                key=f"mend {change}",
                type="tertiary",
                on_click=presets.assign,
                args=(_controls(run, other), DEFAULTS),
            )


def _tried(
    run: Run, gains: Meanwhile[gradient_flow.Swept | None]
) -> list[tuple[str, gradient_flow.Experiment, gradient_flow.Verdict]]:
    # Large stacks are tried with a single draw.
    one = run.experiment if runs.quick(run) else replace(run.experiment, repeats=1)
    changes = list(gradient_flow.alternatives(one))
    verdicts = runs.verdicts([other for _, other in changes])
    if (found := gains.result()) is not None:
        best = gradient_flow.best_gain(np.array(GAINS), found.gradient)
        if best is not None and best != run.experiment.gain:
            changes.append((f"Gain {best:g}", replace(run.experiment, gain=best)))
            verdicts += runs.verdicts([changes[-1][1]])
    rows = [(change, other, v) for (change, other), v in zip(changes, verdicts, strict=True)]
    return sorted(rows, key=lambda row: gradient_flow.severity(row[2]))


def _controls(run: Run, other: gradient_flow.Experiment) -> dict[str, Any]:
    """Return what the controls have to be for an alternative to a stack."""
    activation = other.stack.activation
    if activation == run.experiment.stack.activation:
        return settings(other)
    entry = controls.activation(activation)
    return settings(other, Choice(activation, entry.defaults))
