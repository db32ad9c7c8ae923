"""The Pairing page's first part: one pair of output and loss enlarged, and all of them."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import streamlit as st

from core.losses import LOSSES
from core.pairing import (
    FAR,
    LOSS_SLOPES,
    OUTPUTS,
    SHARES,
    SIMPLIFIED,
    Coding,
    Judgement,
    Verdict,
    judge,
    own_coding,
    readings,
    steps_until_right,
)
from core.spec import Axis, FloatArray
from pages.ui import charts, controls, export, state, text, wording
from pages.ui.controls import Settings, segments
from pages.ui.live import ChartSweep, Sweep, live
from pages.ui.pairing.picture import (
    COLOURS,
    MARKS,
    dots,
    enlarged,
    lines,
    sparkline,
    written,
)
from pages.ui.parts import columns

PART = "pairing_part"
OUTPUT = "pairing_output"
LOSS = "pairing_loss"
LABELS = "pairing_labels"
PROBE = "pairing_z"
CHART = "pairing_chart"
READINGS = "pairing_readings"
_SHOWN = "pairing: labels of the matrix"

OWN = "the pair's own"
PAIR, MASK = "One logit", "A mask of pixels"
CODINGS: dict[str, Coding | None] = {
    OWN: None,
    "0, 1": Coding.ZERO_ONE,
    "−1, +1": Coding.SIGNS,
}
SHORT = {
    "binary_cross_entropy": "BCE",
    "sigmoid_cross_entropy": "Logit CE",
    "logistic": "Logistic",
    "focal": "Focal",
    "brier": "Brier",
    "squared_error": "L2",
    "absolute_error": "L1",
    "huber": "Huber",
    "hinge": "Hinge",
    "dice": "Dice",
}
"""The losses' names where there is little room."""

NAMES = {one.name: key for key, one in OUTPUTS.items()}
LOSS_NAMES = {LOSSES[key].name: key for key in LOSS_SLOPES}
DEFAULTS: dict[str, object] = {
    PART: PAIR,
    OUTPUT: OUTPUTS["sigmoid"].name,
    LOSS: LOSSES["squared_error"].name,
    LABELS: OWN,
    PROBE: -4.0,
}
PROBE_STEPS = np.round(np.arange(-80, 81) / 10, 1)


def pair(output: str, loss: str, labels: str = OWN) -> dict[str, object]:
    """Return the widgets' values that put a pair on show, at the loss's own defaults."""
    parameters = {
        controls.slider_key(loss, p.name): float(p.default) for p in LOSSES[loss].parameters
    }
    chosen = {OUTPUT: OUTPUTS[output].name, LOSS: LOSSES[loss].name, LABELS: labels}
    return {**DEFAULTS, **parameters, **chosen}


def part() -> str:
    """Offer the page's two parts and return the one that is chosen."""
    return segments("Look at", (PAIR, MASK), PAIR, PART, label_visibility="collapsed")


@st.fragment
def explore() -> None:
    """Draw one pair enlarged beside its controls, with the verdict and how it comes about."""
    beside, above = columns()
    with beside:
        output = NAMES[_pick("Output activation", NAMES, OUTPUT)]
        loss = LOSS_NAMES[_pick("Loss", LOSS_NAMES, LOSS)]
        settings = controls.sliders(loss).settings
        z = st.slider(
            "Probe: z",
            PROBE_STEPS[0],
            PROBE_STEPS[-1],
            -4.0,
            0.1,
            key=PROBE,
            bind="query-params",
            help="The logit at which the chain rule is read off.",
        )
        coding = segments("Labels", list(CODINGS), OWN, LABELS)
    if st.session_state.setdefault(_SHOWN, coding) != coding:
        # The matrix stands in a fragment of its own, and has these labels too.
        st.session_state[_SHOWN] = coding
        st.rerun()
    found = _judged(output, loss, CODINGS[coding], settings)
    with beside, st.container(key="verdict"):
        reasons = "\n\n".join(_reasons(output, loss, found, settings))
        st.markdown(f"{_verdict_word(found.verdict)}  \n{reasons}")
    figure = enlarged(output, loss, found.labels, z, settings)
    with above:
        st.plotly_chart(figure, key=CHART, config=charts.CONFIG, alt=_alt(output, loss, found))
        with st.container(key=READINGS):
            st.markdown(_readings(output, loss, found.labels, z, settings))
    live(_sweeps(output, loss, found.labels, z, settings), key="pairing_live")
    export.offer(CHART, figure, lambda: _table(output, loss, found.labels, settings), "pairing")
    _worked_out(output, loss, found)


@st.fragment
def matrix() -> None:
    """Draw every pair as a small picture of dL/dz, with its verdict; a press enlarges one."""
    st.subheader("All pairs", anchor="matrix")
    labels = st.session_state.get(LABELS) or OWN
    coding = CODINGS.get(labels)
    st.caption(
        "dL/dz over the logit z from −8 to 8, all to the same scale of ±1.25. Solid: the "
        "positive target, dashed: the negative one. Labels: "
        f"{labels}. Press a name to enlarge that pair above."
        " BCE: binary cross-entropy; logit CE: sigmoid cross-entropy, which takes the logit."
    )
    for output, shown in OUTPUTS.items():
        st.markdown(f"**{shown.name}**: $a(z)={shown.formula}$")
        with st.grid(
            len(LOSS_SLOPES),
            min_column_width=70,
            gap="xxsmall",
            vertical_alignment="top",
            key=f"pairs_{output}",
        ) as cards:
            for loss in LOSS_SLOPES:
                with cards.cell(), st.container(gap="xxsmall", key=f"pair_{output}_{loss}"):
                    _card(output, loss, coding)
    counts = _counts(coding)
    st.markdown(
        "  ·  ".join(f"{_verdict_word(v)} {counts[v]}" for v in Verdict)
        + f"  ·  of {len(OUTPUTS) * len(LOSS_SLOPES)} pairs"
    )
    st.markdown(text.lesson("pairing"))


def _card(output: str, loss: str, coding: Coding | None) -> None:
    found = _judged(output, loss, coding, ())
    name = LOSSES[loss].name
    if st.button(
        SHORT[loss],
        key=f"enlarge {output} {loss}",
        type="tertiary",
        help=f"{name}. {_reasons(output, loss, found)[0]}",
        on_click=state.assign,
        args=({OUTPUT: OUTPUTS[output].name, LOSS: name},),
    ):
        st.rerun()
    st.image(
        sparkline(output, loss, coding),
        width="stretch",
        alt=f"dL/dz of {name} on {OUTPUTS[output].name}: {found.verdict.value}",
    )
    mark = f"{MARKS[found.verdict]}\N{NO-BREAK SPACE}{found.verdict.value}"
    st.markdown(f":small[:{COLOURS[found.verdict]}[{mark}]]")


def _pick(label: str, options: Mapping[str, str], key: str) -> str:
    """Offer names; an empty value in the link counts as the default."""
    names = list(options)
    default = str(DEFAULTS[key])
    chosen = st.selectbox(label, names, names.index(default), key=key, bind="query-params")
    return chosen or default


@lru_cache(maxsize=4096)
def _judged(output: str, loss: str, coding: Coding | None, settings: Settings) -> Judgement:
    return judge(OUTPUTS[output], LOSSES[loss], coding, **dict(settings))


@lru_cache(maxsize=512)
def _steps(output: str, loss: str) -> int | None:
    return steps_until_right(OUTPUTS[output], LOSSES[loss])


def _counts(coding: Coding | None) -> dict[Verdict, int]:
    found = [_judged(o, one, coding, ()).verdict for o in OUTPUTS for one in LOSS_SLOPES]
    return {verdict: found.count(verdict) for verdict in Verdict}


def _verdict_word(verdict: Verdict) -> str:
    return f":{COLOURS[verdict]}[{MARKS[verdict]} **{verdict.value}**]"


def _reasons(output: str, loss: str, found: Judgement, settings: Settings = ()) -> list[str]:
    """Say why the verdict is what it is, with the numbers that it rests on."""
    shown, entry = OUTPUTS[output], LOSSES[loss]
    reasons = []
    if found.leaves:
        reasons.append(
            f"{shown.name} answers anywhere in {shown.range}; {entry.name} is defined on "
            f"{entry.predictions} only. Outside it there is no loss and no gradient: the "
            "curves end where the domain does."
        )
    if found.stranger is not None:
        label = written(found.stranger)
        reasons.append(
            f"{entry.name} takes labels in {entry.targets}, and {label} is none."
            f"{_with_stranger(output, loss, found.stranger, settings)}"
        )
    if found.verdict is Verdict.UNDEFINED:
        return reasons
    place = found.worst
    wrong, largest = found.each[place]
    at = wording.number(FAR if place == 0 else -FAR)
    target = written(found.labels[place])
    if found.fades:
        share = f"{wording.number(100 * abs(wrong) / largest, 2)} %" if largest else "nothing"
        reasons.append(
            f"At z = {at} with target {target} the answer is as wrong as it can be, and "
            f"dL/dz = {wording.number(wrong, 2)}: {share} of the largest. What is confidently "
            "wrong stays wrong."
        )
    if found.pulls_back:
        back = max(range(2), key=lambda i: abs(found.pulled_back[i]))
        reasons.append(
            f"An answer that is right by far is pulled back: up to dL/dz = "
            f"{wording.number(found.pulled_back[back], 3)} on the right side for target "
            f"{written(found.labels[back])}. For classes that costs accuracy; for a target that "
            "is a number it is just what regression wants."
        )
    if found.misreads:
        said = " and ".join(wording.number(v, 2) for v in found.settles)
        true = " and ".join(wording.percent(v) for v in SHARES)
        reasons.append(
            f"Where {true} of the targets are positive, it settles at a probability of {said}: "
            "the side may be right, the probability is not."
        )
    if found.verdict is Verdict.HEALTHY:
        reasons.append(
            f"Confidently wrong, dL/dz is {wording.number(found.wrong[1], 3)} (z = −10, target "
            f"{written(found.labels[1])}); once right it dies out, and the probability that it "
            "settles at is the true one."
        )
    return reasons


def _with_stranger(output: str, loss: str, stranger: float, settings: Settings) -> str:
    """Say what a label outside the loss's domain does at the logit where σ(z) is 0.9.

    Empty where there is no loss at that logit.
    """
    z = float(np.log(9))
    shown, entry = OUTPUTS[output], LOSSES[loss]
    own = own_coding(shown, entry).value
    meant = own[0] if stranger <= 0 else own[1]
    given, right = (
        readings(shown, entry, z, label, **dict(settings)).loss.item()
        for label in (stranger, meant)
    )
    if not (np.isfinite(given) and np.isfinite(right)):
        return ""
    return (
        " The bare formula still returns a number, without an error message: at z = 2.197 it "
        f"costs {wording.fixed(given)}, where the label {written(meant)} costs "
        f"{wording.fixed(right)}."
    )


def _worked_out(output: str, loss: str, found: Judgement) -> None:
    st.subheader("The gradient, worked out", anchor="gradient")
    shown, entry = OUTPUTS[output], LOSSES[loss]
    with st.container(horizontal=True, gap="large"):
        st.latex(f"a={shown.formula}", width="content")
        st.latex(entry.formula, width="content")
    product = (
        rf"\frac{{dL}}{{dz}}=\underbrace{{{LOSS_SLOPES[loss]}}}_{{\partial\ell/\partial a}}"
        rf"\;\cdot\;\underbrace{{{shown.slope_formula}}}_{{da/dz}}"
    )
    if (output, loss) in SIMPLIFIED:
        product += f"={SIMPLIFIED[output, loss]}"
    st.latex(product)
    low, high = (written(label) for label in found.labels)
    words = [f"Here a is the output, t the target: {low} or {high}."]
    if output == "softmax":
        words.append("z is the difference of the two logits, z₁ − z₀; dL/dz₁ = −dL/dz₀ = dL/dz.")
    if entry.reduces:
        words.append("One pixel alone; on a mask the sums couple all pixels: see the second part.")
    st.caption(" ".join(words))
    if found.leaves:
        return
    steps = _steps(output, loss)
    many = (
        "does not say more than 0.9 within 5000 steps"
        if steps is None
        else f"takes {steps} step{'s' * (steps != 1)} until it says more than 0.9"
    )
    st.markdown(
        "One logit, gradient descent from z = −8 with the positive target, learning rate 1, the "
        f"loss at its defaults: the pair **{many}**.{_read(output, loss)}"
    )


def _read(output: str, loss: str) -> str:
    """Say how an answer is read as a probability, where it is none itself."""
    answers = OUTPUTS[output].range
    if np.isfinite(answers.high):
        return " An answer a says (a + 1)/2." if answers.low < 0 else ""
    logit = LOSSES[loss].axis in (Axis.MARGIN, Axis.LOGIT)
    return " An answer a says σ(a)." if logit else ""


def _readings(
    output: str, loss: str, labels: tuple[float, float], z: float, settings: Settings
) -> str:
    heads = [f"at z = {wording.number(z)}", "a(z)", "L", "∂ℓ/∂a", "da/dz", "dL/dz"]
    rows = []
    for label in labels:
        cells = _cells(output, loss, label, np.array([z]), dict(settings))
        rows.append([f"target {written(label)}", *(column[0] for column in cells)])
    return wording.table(heads, rows)


def _cells(
    output: str, loss: str, label: float, z: FloatArray, values: Mapping[str, float | FloatArray]
) -> list[list[str]]:
    """Return the columns of the readings, one text for each step of z or of a parameter."""
    here = readings(OUTPUTS[output], LOSSES[loss], z, label, **values)
    columns = (here.answer, here.loss, here.loss_slope, here.answer_slope, here.pull)
    return [[wording.fixed(v) for v in column.ravel().tolist()] for column in columns]


def _sweeps(
    output: str, loss: str, labels: tuple[float, float], z: float, settings: Settings
) -> list[Sweep]:
    found = [_probe_sweep(output, loss, labels, settings)]
    for p in LOSSES[loss].parameters:
        others = tuple((k, v) for k, v in settings if k != p.name)
        found += [
            _curve_sweep(output, loss, labels, p.name, others),
            _dot_sweep(output, loss, labels, p.name, others, z),
        ]
    return found


@lru_cache(maxsize=128)
def _probe_sweep(output: str, loss: str, labels: tuple[float, float], settings: Settings) -> Sweep:
    """Sweep what the probe moves: its line, the dots, and the chain rule read off there."""
    column = PROBE_STEPS[:, None]
    moved = dots(output, loss, labels, column, dict(settings))
    changes = {4 + i: charts.varying(trace) for i, trace in enumerate(moved)}
    texts = {f"{READINGS}[0][0]": [f"at z = {wording.number(v)}" for v in PROBE_STEPS.tolist()]}
    texts |= _texts(output, loss, labels, column, dict(settings))
    line = dict.fromkeys(("shapes[0].x0", "shapes[0].x1"), PROBE_STEPS)
    return Sweep(PROBE, PROBE_STEPS, [ChartSweep(CHART, changes, line)], texts)


@lru_cache(maxsize=128)
def _curve_sweep(
    output: str, loss: str, labels: tuple[float, float], name: str, others: Settings
) -> Sweep:
    """Sweep what a parameter of the loss moves wherever the probe is: the four curves."""
    steps, values = _swept(loss, name, others)
    _, traces = lines(output, loss, labels, values)
    flat = [trace for one in traces for trace in one]
    changes = {i: charts.varying(trace) for i, trace in enumerate(flat)}
    return Sweep(controls.slider_key(loss, name), steps, [ChartSweep(CHART, changes)])


@lru_cache(maxsize=128)
def _dot_sweep(
    output: str, loss: str, labels: tuple[float, float], name: str, others: Settings, z: float
) -> Sweep:
    """Sweep what a parameter of the loss moves at the probe: the dots and the readings."""
    steps, values = _swept(loss, name, others)
    at = np.full((len(steps), 1), z)
    moved = dots(output, loss, labels, at, values)
    changes = {4 + i: charts.varying(trace) for i, trace in enumerate(moved)}
    texts = _texts(output, loss, labels, at, values)
    return Sweep(controls.slider_key(loss, name), steps, [ChartSweep(CHART, changes)], texts)


def _swept(
    loss: str, name: str, others: Settings
) -> tuple[FloatArray, dict[str, float | FloatArray]]:
    (parameter,) = (p for p in LOSSES[loss].parameters if p.name == name)
    return parameter.steps, {**dict(others), name: parameter.steps[:, None]}


def _texts(
    output: str,
    loss: str,
    labels: tuple[float, float],
    z: FloatArray,
    values: Mapping[str, float | FloatArray],
) -> dict[str, list[str]]:
    return {
        f"{READINGS}[{row}][{column}]": cells
        for row, label in enumerate(labels, 1)
        for column, cells in enumerate(_cells(output, loss, label, z, values), 1)
    }


def _table(output: str, loss: str, labels: tuple[float, float], settings: Settings) -> export.Table:
    sampled, _ = lines(output, loss, labels, dict(settings))
    rows = [
        [label, *row]
        for label, one in zip(labels, sampled, strict=True)
        for row in zip(one.z, one.loss, one.pull, strict=True)
    ]
    return export.Table(["target", "z", "loss", "dL/dz"], rows)


def _alt(output: str, loss: str, found: Judgement) -> str:
    return (
        f"{LOSSES[loss].name} on {OUTPUTS[output].name}: dL/dz above, the loss below, over the "
        f"logit, for both targets; verdict: {found.verdict.value}"
    )
