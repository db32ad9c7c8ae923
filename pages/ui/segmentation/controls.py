"""The bench's controls: their names in the URL, their steps, and a mask to paint or to load."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.losses import LOSSES
from core.segmentation import (
    MASKS,
    PIXELS,
    SIZE,
    Mask,
    MaskFormatError,
    decode_mask,
    encode_mask,
    parse_mask,
)
from core.spec import FloatArray, Parameter
from pages.ui import controls, state, wording
from pages.ui.controls import Settings, segments
from pages.ui.pairing.view import MASK, PART
from pages.ui.segmentation.figures import canvas

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
CANVAS = "pairing_canvas"
UPLOAD = "pairing_upload"
_WEIGHTS = "pairing: weights on view"
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
WEIGHT_STEPS = np.arange(1.0, 101.0)


def weights() -> dict[str, tuple[str, str, FloatArray]]:
    """Return, for each slider that weighs a loss: the loss, the setting's name, its steps."""
    found = {WEIGHT: ("weighted", "weight", WEIGHT_STEPS)}
    for key, name in EXTRAS:
        found[controls.slider_key(key, name)] = (key, f"{key}_{name}", _parameter(key, name).steps)
    return found


def pick(label: str, options: Sequence[str], key: str) -> str:
    """Offer a choice in a list; an empty value in the link counts as the default."""
    default = str(DEFAULTS[key])
    chosen = st.selectbox(
        label, options, list(options).index(default), key=key, bind="query-params"
    )
    return chosen or default


def prediction(disabled: bool) -> tuple[float, ...]:
    """Draw the sliders of the soft prediction and return their values."""
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


def settings() -> tuple[Settings, bool]:
    """Offer what weighs the losses; return it by the names that the losses look for.

    The second result is whether the sliders are on view.
    """
    place = st.expander(
        "Weights of the losses", icon=":material/tune:", key=_WEIGHTS, on_change="rerun"
    )
    with place:
        weight = st.slider(
            "Weighted BCE: weight of foreground",
            WEIGHT_STEPS[0],
            WEIGHT_STEPS[-1],
            10.0,
            1.0,
            key=WEIGHT,
            bind="query-params",
        )
        extras = tuple(
            (f"{key}_{name}", controls.slider(key, _parameter(key, name), swept=False))
            for key, name in EXTRAS
        )
    return (("weight", weight), *extras), bool(place.open)


def _parameter(key: str, name: str) -> Parameter:
    (found,) = (p for p in LOSSES[key].parameters if p.name == name)
    return found


def paint(picked: str) -> Mask:
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
