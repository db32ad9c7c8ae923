"""The Pairing page's second part: a mask, a soft prediction, and eight losses side by side."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.activations import ACTIVATIONS
from core.losses import LOSSES
from core.segmentation import (
    MASK_LOSSES,
    MASKS,
    PIXELS,
    SIZE,
    Descent,
    Mask,
    MaskFormatError,
    background_share,
    best_constant,
    decode_mask,
    descend,
    encode_mask,
    gradient,
    parse_mask,
    soft_prediction,
    value,
)
from core.spec import FloatArray, Parameter
from pages.ui import charts, export, state, text, wording
from pages.ui.controls import Settings, segments, slider
from pages.ui.live import ChartSweep, Sweep, live
from pages.ui.pairing.segmentation_picture import (
    PULL,
    SHARE,
    canvas,
    curves,
    maps,
    quantised,
)
from pages.ui.pairing.view import MASK, PART
from pages.ui.parts import columns

SHOW = "pairing_show"
PICKED = "pairing_mask"
CODE = "pairing_pixels"
BLUR = "pairing_blur"
SHIFT = "pairing_shift"
CONFIDENCE = "pairing_confidence"
SCALE = "pairing_scale"
START = "pairing_start"
STEP = "pairing_step"
RATE = "pairing_rate"
WEIGHT = "pairing_weight"
BRUSH = "pairing_brush"
CHART = "pairing_maps"
CURVES = "pairing_curves"
CANVAS = "pairing_canvas"
UPLOAD = "pairing_upload"
READINGS = "pairing_table"
VERDICT = "pairing_verdict"
_PROBLEM = "pairing: what is wrong with the file"

GRADIENT, DESCENT = "Gradient", "Descent"
PAINTED = "Painted"
EMPTY = encode_mask(np.zeros((SIZE, SIZE), bool))
ONE, OWN = "±1 for all", "each its own"
PREDICTION, UNDECIDED, BACKGROUND = "the prediction", "undecided: z = 0", "background: z = −8"
STARTS = {PREDICTION: None, UNDECIDED: 0.0, BACKGROUND: -8.0}
STEPS, EVERY = 200, 4
RATES = ("0.1", "0.3", "1", "3", "10")
DEFAULTS: dict[str, object] = {
    PART: MASK,
    SHOW: GRADIENT,
    PICKED: "One lesion",
    BLUR: 1.5,
    SHIFT: 3.0,
    CONFIDENCE: 4.0,
    SCALE: ONE,
    START: PREDICTION,
    STEP: 40,
    RATE: "1",
    WEIGHT: 10.0,
}
STALL = {**DEFAULTS, SHOW: DESCENT, START: BACKGROUND, STEP: STEPS}
IMBALANCE = {**DEFAULTS, PICKED: "1 % foreground", SHIFT: 1.0}
SLIDERS = {
    BLUR: ("Blur, in pixels", np.arange(0, 21) / 4),
    SHIFT: ("Shift to the right, in pixels", np.arange(0, 21) / 2),
    CONFIDENCE: ("Confidence: largest |z|", np.arange(1, 17) / 2),
}
EXTRAS = (("focal", "gamma"), ("focal", "alpha"), ("tversky", "alpha"), ("tversky", "beta"))

_sigmoid = ACTIVATIONS["sigmoid"]


@st.fragment
def bench() -> None:
    """Draw the bench: controls beside the maps, the table, and a mask to paint or to load."""
    beside, above = columns(tall=True)
    below, easel = st.container(), st.container()
    with beside:
        show = segments("Show", (GRADIENT, DESCENT), GRADIENT, SHOW)
        picked = _pick("Mask", (*MASKS, PAINTED), PICKED)
    with easel:
        mask = _paint(picked)
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
        soft = _prediction_sliders(disabled=False)
        scale = segments("Colours", (ONE, OWN), ONE, SCALE)
        settings = _settings()
    code = encode_mask(mask)
    logits = soft_prediction(mask, *soft)
    pulls = {
        key: _scaled(gradient(loss, logits, mask, dict(settings)), scale)
        for key, loss in MASK_LOSSES.items()
    }
    figure = maps(mask, ("Prediction", _shares(logits)), pulls, PULL, "dL/dz")
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
            st.markdown(_gradient_verdicts(code, logits[None], settings)[0])
        with st.container(key=READINGS):
            st.markdown(wording.table(_HEADS, _rows(code, logits, settings)))
    with below:
        live([_soft_sweep(key, code, soft, settings, scale) for key in SLIDERS], key="bench_live")
        export.offer(CHART, figure, lambda: _pixels(mask, logits, settings), "gradients")


def _descent(
    beside: DeltaGenerator, above: DeltaGenerator, below: DeltaGenerator, mask: Mask
) -> None:
    """Draw where each loss has brought the logits of the pixels, step by step."""
    with beside:
        start = _pick("Start from", tuple(STARTS), START)
        soft = _prediction_sliders(disabled=start != PREDICTION)
        rate = segments("Learning rate", RATES, "1", RATE)
        settings = _settings()
    code = encode_mask(mask)
    run = _descents(code, soft if start == PREDICTION else (), start, float(rate), settings)
    with above:
        step = st.slider("Step", 0, STEPS, 40, EVERY, key=STEP, bind="query-params")
        at = step // EVERY
        now = {key: _shares(one.logits[at]) for key, one in run.items()}
        first = _shares(next(iter(run.values())).logits[0])
        figure = maps(mask, ("Start", first), now, SHARE, "p")
        st.plotly_chart(
            figure,
            key=CHART,
            config=charts.CONFIG,
            alt="The mask, the start, and the probabilities after the step under eight losses",
        )
        with st.container(key=VERDICT):
            st.markdown(_descent_verdict(run))
        steps = next(iter(run.values())).steps.tolist()
        st.plotly_chart(
            curves(steps, {k: one.wrong for k, one in run.items()}, step, "wrong pixels, %"),
            key=CURVES,
            config=charts.CONFIG,
            alt="Share of wrong pixels over the steps, a curve for each of the eight losses",
        )
    with below:
        with st.container(key=READINGS):
            st.markdown(wording.table(_descent_heads(step), _descent_rows(run, at)))
        sweeps = [_step_sweep(code, soft if start == PREDICTION else (), start, rate, settings)]
        if start == PREDICTION:
            sweeps += [_start_sweep(key, code, soft) for key in SLIDERS]
        live(sweeps, key="bench_live")
        export.offer(CHART, figure, lambda: _path(run), "descent")


# ---------------------------------------------------------------- controls


def _pick(label: str, options: Sequence[str], key: str) -> str:
    """Offer a choice in a list; an empty value in the link counts as the default."""
    default = str(DEFAULTS[key])
    chosen = st.selectbox(
        label, options, list(options).index(default), key=key, bind="query-params"
    )
    return chosen or default


def _prediction_sliders(disabled: bool) -> tuple[float, ...]:
    return tuple(
        st.slider(
            label,
            float(steps[0]),
            float(steps[-1]),
            DEFAULTS[key],
            float(steps[1] - steps[0]),
            key=key,
            bind="query-params",
            disabled=disabled,
        )
        for key, (label, steps) in SLIDERS.items()
    )


def _settings() -> Settings:
    """Offer what weighs the losses; return it by the names that the losses look for."""
    with st.expander("Weights of the losses", icon=":material/tune:"):
        weight = st.slider(
            "Weighted BCE: weight of foreground",
            1.0,
            100.0,
            10.0,
            1.0,
            key=WEIGHT,
            bind="query-params",
        )
        extras = tuple(
            (f"{key}_{name}", slider(key, _parameter(key, name), swept=False))
            for key, name in EXTRAS
        )
    return (("weight", weight), *extras)


def _parameter(key: str, name: str) -> Parameter:
    (found,) = (p for p in LOSSES[key].parameters if p.name == name)
    return found


def _paint(picked: str) -> Mask:
    """Offer a canvas, a file and a code for the mask; return the mask that is in use."""
    with st.expander("Paint a mask, or load one", icon=":material/brush:"):
        drawing, words = st.columns(2, gap="medium")
        with words:
            brush = segments("A selection", ("paints", "erases"), "paints", BRUSH)
            st.caption("Draw a box on the mask, or a lasso; a small one takes a single pixel.")
            st.button("Clear the mask", on_click=_keep, args=(np.zeros((SIZE, SIZE), bool),))
            st.file_uploader(
                "Load a CSV file: 32 lines of 32 values, each 0 or 1",
                type=["csv", "txt"],
                key=UPLOAD,
                on_change=_load,
                max_upload_size=1,
            )
            if problem := st.session_state.get(_PROBLEM):
                st.error(problem)
            code = st.text_input(
                "The painted mask as 256 hexadecimal digits, row by row",
                key=CODE,
                bind="query-params",
                max_chars=PIXELS // 4,
            )
        mask = MASKS.get(picked)
        if mask is None:
            try:
                mask = decode_mask(code or EMPTY)
            except MaskFormatError as error:
                words.warning(str(error))
                mask = np.zeros((SIZE, SIZE), bool)
        with drawing:
            st.plotly_chart(
                canvas(mask),
                key=CANVAS,
                on_select=lambda: _stroke(mask, brush),
                selection_mode=("points", "box", "lasso"),
                config={"displaylogo": False},
                alt="The mask, on which a selection paints or erases",
            )
    return mask


def _stroke(mask: Mask, brush: str) -> None:
    """Paint or erase the pixels that were just selected."""
    chosen = [p["point_index"] for p in st.session_state[CANVAS].selection.points]
    if not chosen:
        return
    painted = mask.ravel().copy()
    painted[chosen] = brush == "paints"
    _keep(painted.reshape(SIZE, SIZE))


def _load() -> None:
    """Take over a file as the painted mask, or note what is wrong with it."""
    file = st.session_state[UPLOAD]
    st.session_state[_PROBLEM] = None
    if file is None:
        return
    try:
        _keep(parse_mask(file.getvalue().decode("utf-8", errors="replace")))
    except MaskFormatError as error:
        st.session_state[_PROBLEM] = f"{wording.literal(file.name)}: {wording.plain(str(error))}"


def _keep(mask: Mask) -> None:
    state.assign({CODE: encode_mask(mask), PICKED: PAINTED})


# ---------------------------------------------------------------- numbers


def _shares(logits: FloatArray) -> FloatArray:
    return quantised(_sigmoid(logits))


def _scaled(pulls: FloatArray, scale: str) -> FloatArray:
    """Return gradients as they are coloured: cut at ±1, or relative to each map's largest."""
    if scale == OWN:
        most = np.abs(pulls).max(axis=(-2, -1), keepdims=True)
        pulls = pulls / np.where(most == 0, 1, most)
    return quantised(np.clip(pulls, -1, 1))


@lru_cache(maxsize=512)
def _best(key: str, code: str, settings: Settings) -> float:
    return best_constant(MASK_LOSSES[key], decode_mask(code), dict(settings))


@lru_cache(maxsize=16)
def _descents(
    code: str, soft: tuple[float, ...], start: str, rate: float, settings: Settings
) -> Mapping[str, Descent]:
    mask = decode_mask(code)
    logits = soft_prediction(mask, *soft) if soft else np.full((SIZE, SIZE), STARTS[start])
    return {
        key: descend(
            loss, logits, mask, dict(settings), learning_rate=rate, steps=STEPS, every=EVERY
        )
        for key, loss in MASK_LOSSES.items()
    }


# ---------------------------------------------------------------- words

_HEADS = ["", "value", "largest |dL/dz|", "background’s share", "best constant p"]


def _rows(code: str, logits: FloatArray, settings: Settings) -> list[list[str]]:
    columns = _columns(code, logits[None], settings)
    return [
        [
            loss.name,
            *(cells[0] for cells in columns[key]),
            _constant(_best(key, code, settings)),
        ]
        for key, loss in MASK_LOSSES.items()
    ]


def _columns(code: str, logits: FloatArray, settings: Settings) -> dict[str, list[list[str]]]:
    """Return, for each loss, the columns of its row that the sliders move; a text a map."""
    mask, values = decode_mask(code), dict(settings)
    found = {}
    for key, loss in MASK_LOSSES.items():
        most = np.abs(gradient(loss, logits, mask, values)).max(axis=(-2, -1))
        shares = background_share(loss, logits, mask, values)
        found[key] = [
            [wording.fixed(v) for v in value(loss, logits, mask, values).tolist()],
            [wording.fixed(v) for v in most.tolist()],
            [_part(share) for share in shares.tolist()],
        ]
    return found


def _constant(share: float) -> str:
    """Write the best constant; at either end of the search it runs away to 0 or 1."""
    if np.isnan(share):
        return "any"
    return "→ 0" if share < 1e-5 else "→ 1" if share > 1 - 1e-5 else wording.fixed(share)


def _gradient_verdicts(code: str, logits: FloatArray, settings: Settings) -> list[str]:
    """Say for each of several maps who is wrong, who pulls, and where all of it leads."""
    mask, values = decode_mask(code), dict(settings)
    wrong = (logits > 0) != mask
    counts = wrong.sum(axis=(-2, -1)).tolist()
    means = [
        np.abs(gradient(MASK_LOSSES[key], logits, mask, values)).sum(axis=(-2, -1), where=wrong)
        / np.maximum(counts, 1)
        for key in ("bce", "squared_error", "absolute_error")
    ]
    said = []
    for count, *each in zip(counts, *(mean.tolist() for mean in means), strict=True):
        bce, squared, absolute = (wording.number(mean, 2) for mean in each)
        said.append(
            f"**{count} of {PIXELS} pixels are on the wrong side.** There \\|dL/dz\\| is on "
            f"average {bce} under BCE, {squared} under L2 and {absolute} under L1."
            if count
            else "**Every pixel is on its right side of p = ½.** What gradient is left makes "
            "right answers more certain."
        )
    if not mask.any():
        return said
    shares = [
        background_share(MASK_LOSSES[key], logits, mask, values)
        for key in ("bce", "weighted", "dice")
    ]
    constant, heavy = (_constant(_best(key, code, settings)) for key in ("bce", "weighted"))
    for place, found in enumerate(zip(*(share.tolist() for share in shares), strict=True)):
        bce, weighted, dice = (_part(share) for share in found)
        said[place] += (
            f"\n\nBackground is {wording.percent(1 - mask.mean())} of the pixels. Its share of the "
            f"gradient: {bce} under BCE, {weighted} under weighted BCE, {dice} under Dice."
            f"\n\nOne answer for all pixels would best be {constant} under BCE and {heavy} under "
            "weighted BCE."
        )
    return said


def _part(share: float) -> str:
    return wording.percent(share) if np.isfinite(share) else "none"


def _descent_heads(step: int) -> list[str]:
    return [f"after step {step}", "value", "wrong pixels", "Dice score", "all right from step"]


def _descent_rows(run: Mapping[str, Descent], at: int) -> list[list[str]]:
    rows = []
    for key, one in run.items():
        moving = [column[at] for column in _descent_columns(one)]
        rows.append([MASK_LOSSES[key].name, *moving, _all_right(one)])
    return rows


def _descent_columns(one: Descent) -> list[list[str]]:
    return [
        [wording.fixed(v) for v in one.value.tolist()],
        [wording.percent(v) for v in one.wrong.tolist()],
        [wording.fixed(v, 3) for v in one.overlap.tolist()],
    ]


def _all_right(one: Descent) -> str:
    return str(one.steps[one.wrong.argmin()]) if one.wrong.min() == 0 else "not in 200"


def _descent_verdict(run: Mapping[str, Descent]) -> str:
    done = [MASK_LOSSES[k].name for k, one in run.items() if one.wrong[-1] == 0]
    stuck = [
        f"{MASK_LOSSES[k].name} ({wording.percent(one.wrong[-1])})"
        for k, one in run.items()
        if one.wrong[-1] > 0
    ]
    said = [f"After {STEPS} steps every pixel is right under **{', '.join(done) or 'no loss'}**."]
    if stuck:
        said.append(
            f"Pixels are still wrong under {', '.join(stuck)}: where an answer is confidently "
            "wrong, the slope p(1 − p) of the sigmoid is in their gradient and lets next to "
            "nothing through."
        )
    return "\n\n".join(said)


# ---------------------------------------------------------------- sweeps


@lru_cache(maxsize=48)
def _soft_sweep(
    key: str, code: str, soft: tuple[float, ...], settings: Settings, scale: str
) -> Sweep:
    """Sweep what a slider of the prediction moves: the prediction, eight maps, all numbers."""
    mask, values = decode_mask(code), dict(settings)
    logits = _swept(key, mask, soft)
    changes = {1: {"z": _shares(logits)}}
    for place, loss in enumerate(MASK_LOSSES.values(), 2):
        changes[place] = {"z": _scaled(gradient(loss, logits, mask, values), scale)}
    columns = _columns(code, logits, settings)
    texts = {
        f"{READINGS}[{row}][{column}]": cells
        for row, found in enumerate(columns.values(), 1)
        for column, cells in enumerate(found, 1)
    }
    texts[VERDICT] = _gradient_verdicts(code, logits, settings)
    return Sweep(key, SLIDERS[key][1], [ChartSweep(CHART, changes)], texts)


@lru_cache(maxsize=48)
def _start_sweep(key: str, code: str, soft: tuple[float, ...]) -> Sweep:
    """Sweep the start alone: where it leads to is computed when the slider is let go."""
    logits = _swept(key, decode_mask(code), soft)
    return Sweep(key, SLIDERS[key][1], [ChartSweep(CHART, {1: {"z": _shares(logits)}})])


@lru_cache(maxsize=16)
def _step_sweep(
    code: str, soft: tuple[float, ...], start: str, rate: str, settings: Settings
) -> Sweep:
    """Sweep the steps of the descent: eight maps, the line in the curves, the table."""
    run = _descents(code, soft, start, float(rate), settings)
    changes = {place: {"z": _shares(one.logits)} for place, one in enumerate(run.values(), 2)}
    steps = np.arange(0, STEPS + 1, EVERY)
    line = dict.fromkeys(("shapes[0].x0", "shapes[0].x1"), steps)
    texts = {f"{READINGS}[0][0]": [_descent_heads(k)[0] for k in steps.tolist()]}
    for row, one in enumerate(run.values(), 1):
        for column, cells in enumerate(_descent_columns(one), 1):
            texts[f"{READINGS}[{row}][{column}]"] = cells
    return Sweep(STEP, steps, [ChartSweep(CHART, changes), ChartSweep(CURVES, layout=line)], texts)


def _swept(key: str, mask: Mask, soft: tuple[float, ...]) -> FloatArray:
    values = dict(zip(SLIDERS, soft, strict=True))
    return soft_prediction(mask, *{**values, key: SLIDERS[key][1]}.values())


# ---------------------------------------------------------------- files


def _pixels(mask: Mask, logits: FloatArray, settings: Settings) -> export.Table:
    row, column = np.mgrid[:SIZE, :SIZE]
    pulls = [gradient(loss, logits, mask, dict(settings)) for loss in MASK_LOSSES.values()]
    columns = [row, column, mask.astype(int), logits, _sigmoid(logits), *pulls]
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
