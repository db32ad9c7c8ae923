"""The Network slices section: the loss of small networks along two random directions."""

import threading
from collections.abc import Mapping

import numpy as np
import streamlit as st

from core.landscapes.minimise import valleys
from core.network.slices import POINTS, REACH, STEPS, WIDTH, Setup, Slice, take
from core.spec import FloatArray
from pages.ui import charts, export, parts, wording
from pages.ui.charts import COLOURS, Spec
from pages.ui.controls import segments
from pages.ui.landscapes import figures
from pages.ui.parts import Whole
from pages.ui.wording import fixed, number, percent

COMPARE = "landscapes_compare"
NETWORK = "landscapes_network"
SKIP = "landscapes_skip"
TRAINED = "landscapes_trained"
SCALE = "landscapes_slice_scale"

ACTIVATIONS, DEPTHS = "four activations", "four depths"
SKIPS, TRAINING = "with and without skips", "before and after training"
COMPARED = (ACTIVATIONS, DEPTHS, SKIPS, TRAINING)
KINDS = {"ReLU": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "linear": "identity"}
SHALLOW, DEEP = 2, 12
EACH, SHARED = "own", "shared"

DEPTH = Whole("landscapes_depth", "Hidden layers", 1, DEEP, SHALLOW)
DIRECTIONS = Whole("landscapes_directions", "Seed of the two directions", 0, 20, 0)
START = Whole("landscapes_start", "Seed of the first weights", 0, 20, 0)

DEFAULTS = {
    COMPARE: ACTIVATIONS,
    NETWORK: "ReLU",
    DEPTH.key: DEPTH.default,
    SKIP: False,
    TRAINED: True,
    DIRECTIONS.key: DIRECTIONS.default,
    START.key: START.default,
    SCALE: EACH,
}

_KEPT: dict[tuple[Setup, int], Slice] = {}
_LOCK = threading.Lock()
_MOST_KEPT = 128
_HEIGHT = 265
_LEVELS = 18
_FLOOR = 1e-6


def slice_key(place: int) -> str:
    """Return the key of one slice's chart."""
    return f"landscapes_slice_{place + 1}"


def section() -> None:
    """Draw the section."""
    beside, above = parts.columns()
    with beside:
        compare = st.selectbox("Compare", COMPARED, key=COMPARE, bind="query-params")
        said = st.container()
        base = _network(compare)
        directions = DIRECTIONS.draw()
        scale = segments("Scale of each slice", (EACH, SHARED), EACH, SCALE)
    asked = _compared(compare, base)
    with above:
        taken = _taken(list(asked.values()), directions)
    found = dict(zip(asked, taken, strict=True))
    heights = {name: np.log10(np.maximum(one.loss, _FLOOR)) for name, one in found.items()}
    levels = _levels(heights, scale == SHARED)
    with above, st.grid(2, min_column_width=150):
        for i, (name, one) in enumerate(found.items()):
            _draw(i, name, one, heights[name], levels[name])
    with said:
        st.markdown(_verdict(found, asked))
    st.markdown(_facts(found))
    st.caption(
        f"{POINTS} points on two half moons, {WIDTH} units a hidden layer, cross-entropy, "
        f"colours by log₁₀ L. Trained: {STEPS} steps of Adam at 0.01 on all points. α and β are "
        "how far the weights have been moved along two random directions. At ±1 the weights into "
        "every unit have changed by their own length, which makes slices of different networks "
        "comparable; biases stay as they are."
    )
    export.csv_button(_numbers(found), "slices")


def _network(compare: str) -> Setup:
    """Ask for what is not compared."""
    kind, depth, skip, trained = "relu", SHALLOW, False, True
    if compare != ACTIVATIONS:
        name = st.selectbox("Activation", list(KINDS), key=NETWORK, bind="query-params")
        kind = KINDS[name]
    if compare in (ACTIVATIONS, TRAINING):
        depth = DEPTH.draw()
    if compare != SKIPS:
        skip = st.toggle(
            "Skip connections",
            key=SKIP,
            bind="query-params",
            help="Each hidden layer but the first adds its input to its output.",
        )
    if compare != TRAINING:
        trained = st.toggle("Trained", value=True, key=TRAINED, bind="query-params")
    return Setup(kind, depth, skip, trained, START.draw())


def _compared(compare: str, base: Setup) -> dict[str, Setup]:
    """Return the networks side by side, by the name that sets them apart."""

    def named(kind: str, depth: int, skip: bool, trained: bool) -> Setup:
        return Setup(kind, depth, skip, trained, base.seed)

    own = (base.depth, base.skip, base.trained)
    if compare == ACTIVATIONS:
        return {name: named(kind, *own) for name, kind in KINDS.items()}
    if compare == DEPTHS:
        return {
            f"{depth} hidden layer{'s' * (depth > 1)}": named(
                base.activation, depth, base.skip, base.trained
            )
            for depth in (1, 3, 6, DEEP)
        }
    if compare == SKIPS:
        return {
            f"{depth} layers, {'with' if skip else 'no'} skips": named(
                base.activation, depth, skip, base.trained
            )
            for depth in (SHALLOW, DEEP)
            for skip in (False, True)
        }
    return {
        "trained" if trained else "untrained": named(
            base.activation, base.depth, base.skip, trained
        )
        for trained in (False, True)
    }


def _taken(setups: list[Setup], directions: int) -> list[Slice]:
    """Return the slices, computing those that are not kept, with a bar that shows how far."""
    found = {one: _KEPT.get((one, directions)) for one in setups}
    missing = [one for one, kept in found.items() if kept is None]
    if missing:
        bar = st.progress(0.0, "Training the networks and walking along the slices")
        for place, one in enumerate(missing):

            def report(share: float, place: int = place) -> None:
                bar.progress((place + share) / len(missing))

            found[one] = _kept(one, directions, take(one, directions, report=report))
        bar.empty()
    return [kept for kept in found.values() if kept is not None]


def _kept(setup: Setup, directions: int, found: Slice) -> Slice:
    """Keep a slice for all visitors, and let the oldest go where there are too many."""
    with _LOCK:
        while len(_KEPT) >= _MOST_KEPT:
            del _KEPT[next(iter(_KEPT))]
        _KEPT[setup, directions] = found
    return found


def _levels(heights: Mapping[str, FloatArray], shared: bool) -> dict[str, tuple[float, float, int]]:
    ends = {}
    for name, table in heights.items():
        finite = table[np.isfinite(table)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        ends[name] = (low, max(high, low + 0.1))
    if shared:
        both = (min(low for low, _ in ends.values()), max(high for _, high in ends.values()))
        ends = dict.fromkeys(ends, both)
    return {name: (*pair, _LEVELS) for name, pair in ends.items()}


def _draw(
    place: int, name: str, one: Slice, heights: FloatArray, levels: tuple[float, float, int]
) -> None:
    layout = figures.map_layout(name, (-REACH, REACH), _HEIGHT)
    layout["xaxis"] |= {"dtick": 1, "title": {"text": "α", "standoff": 2}}
    layout["yaxis"] |= {"dtick": 1, "title": {"text": "β", "standoff": 0}}
    layout["hovermode"] = False
    middle: Spec = {
        "type": "scatter",
        "mode": "markers",
        "x": np.zeros(1),
        "y": np.zeros(1),
        "marker": {
            "symbol": "circle",
            "color": COLOURS[1],
            "size": 10,
            "line": {"width": 1.5, "color": charts.GROUND},
        },
        "hoverinfo": "skip",
    }
    st.plotly_chart(
        charts.finish([*figures.contours(one.at, heights, levels), middle], layout),
        key=slice_key(place),
        config=charts.CONFIG,
        alt=f"Contours of the loss of {name} along two random directions, the network a dot",
    )


def _verdict(found: Mapping[str, Slice], asked: Mapping[str, Setup]) -> str:
    """Say which network lies lowest, and which highest."""
    order = sorted(found, key=lambda name: found[name].centre)
    best, worst = order[0], order[-1]
    trained = all(one.trained for one in asked.values())
    start = f"After {STEPS} steps of training " if trained else "At the dots "
    return (
        f"{start}the loss is lowest for **{best}**, {number(found[best].centre, 3)}, and highest "
        f"for **{worst}**, {number(found[worst].centre, 3)}, which gets "
        f"{percent(found[worst].error)} of the points wrong."
    )


def _facts(found: Mapping[str, Slice]) -> str:
    """Return what was measured of the slices, as a Markdown table."""
    every = list(found.values())
    rows = [
        ("Loss in the middle", [fixed(s.centre) for s in every]),
        ("Points wrong there", [percent(s.error) for s in every]),
        ("Lowest on the slice", [fixed(float(s.loss.min())) for s in every]),
        ("Highest on the slice", [number(float(s.loss.max()), 3) for s in every]),
        ("Hollows on the slice", [str(len(valleys(s.loss))) for s in every]),
        ("Slice that bends down (not convex)", [percent(s.bends_down) for s in every]),
    ]
    return wording.table(["", *found], [[head, *cells] for head, cells in rows])


def _numbers(found: Mapping[str, Slice]) -> export.Table:
    """Return the slices as rows: network, α, β, L."""
    rows: list[list[object]] = []
    for name, one in found.items():
        at = one.at.tolist()
        for beta, line in zip(at, one.loss.tolist(), strict=True):
            rows += [[name, alpha, beta, value] for alpha, value in zip(at, line, strict=True)]
    return export.Table(["network", "alpha", "beta", "loss"], rows)
