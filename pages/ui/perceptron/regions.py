"""Linear regions: what an activation between the layers makes of the one matrix."""

import itertools
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.linear.collapse import Affine
from core.linear.half_planes import box
from core.linear.regions import (
    Broken,
    Regions,
    broken,
    fewest_at_best,
    folding_stack,
    most_at_all,
    network,
    pieces_along,
    regions_in_plane,
    through,
)
from core.spec import FloatArray
from pages.ui import wording
from pages.ui.charts import Spec
from pages.ui.controls import (
    ACTIVATION,
    ACTIVATION_PICKER,
    Settings,
    activation,
    segments,
    slider_key,
    sliders,
)
from pages.ui.live import live
from pages.ui.parts import Shown, Slider, draw, formulas, offer, table
from pages.ui.perceptron import controls, figures, words
from pages.ui.perceptron.controls import ANGLE, DEPTH, DRAW, KINDS, OFFSET, WEIGHTS, WIDTH
from pages.ui.perceptron.moves import CHART, LIVE, PLACE, Rows, rest, sweeps

COUNTS = "perceptron_counts"
REACH = 2.0
"""The square on view is [−2, 2]²."""
_SPAN = (-2.2, 2.2)
"""How far the line goes from its foot to either side."""
_SAMPLES = np.linspace(*_SPAN, 177)
_GRID = np.linspace(-REACH, REACH, 61)
_MOST_DRAWN = 2000
"""With more regions than this the picture has contours."""
_MOST_RINGS = 250
"""More bends than this have no rings, which would cover the line."""


class Net(NamedTuple):
    """A network's shape and weights; what stands between its layers, by catalogue key."""

    key: str
    width: int
    depth: int
    seed: int
    kind: str

    @property
    def stack(self) -> list[Affine]:
        """The layers."""
        if self.kind == KINDS[1]:
            return folding_stack(self.width, self.depth, -REACH, REACH)
        return network(self.width, self.depth, self.seed)

    def unit(self, settings: Settings) -> Broken | None:
        """Return the pieces of the activation, or None where it is not made of lines."""
        return broken(activation(self.key), dict(settings))

    def value(self, x: FloatArray, settings: Settings) -> FloatArray:
        """Return the output for inputs (..., 2)."""
        return through(self.stack, activation(self.key), x, **dict(settings))[..., 0]


def section(beside: DeltaGenerator, above: DeltaGenerator) -> None:
    """Draw the regions in the plane, and the network along a line through it."""
    with beside:
        key = ACTIVATION_PICKER.pick_one()
        _offer_lines()
        choice = sliders(key)
        with controls.grid(2):
            width, depth = WIDTH.draw(), DEPTH.draw()
        kind = segments("Weights", KINDS, KINDS[0], WEIGHTS)
        seed = DRAW.draw() if kind == KINDS[0] else DRAW.default
        values = controls.numbers((ANGLE, OFFSET), 2)
    if kind == KINDS[1] and width < 2:
        above.info("Folding a plane takes at least two units a layer: raise “Units a layer”.")
        return
    net, settings = Net(key, width, depth, seed, kind), choice.settings
    moving = [ANGLE, OFFSET, *_parameter_sliders(key)]
    values |= {slider_key(key, name): value for name, value in settings}
    shown, name = rest(picture, values, net), choice.name
    with above:
        with st.grid(2, min_column_width=240):
            alt = f"The square of inputs as a network of {name} cuts it, and the line through it"
            draw(shown, CHART, _plane_layout(), alt, [plane(net, settings)])
            alt = f"The output of the network of {name} along the line, with its bends marked"
            figure = draw(shown, PLACE, _line_layout(), alt)
        st.markdown(_verdict(net, settings))
    if net.unit(settings) is not None:
        heads = ["", "counted here", "some ReLU network has at least", "no network has more than"]
        table(_counted(shown, net, settings), COUNTS, heads, ["Along the line", "In the plane"])
    live(sweeps(picture, values, moving, net), key=LIVE)
    _explain(net, settings)
    offer(shown, PLACE, figure, "linear-regions")
    if net.unit(settings) is not None:
        formulas(
            r"\text{at least }\prod_{l=1}^{L-1}\left\lfloor\frac{n_l}{n_0}\right\rfloor^{n_0}"
            r"\sum_{j=0}^{n_0}\binom{n_L}{j}",
            r"\text{at most }\prod_{l=1}^{L}\sum_{j=0}^{d_l}\binom{n_l}{j},\quad "
            r"d_l=\min(n_0,\dots,n_{l-1})",
        )


def _offer_lines() -> None:
    """Offer activations that are made of straight lines, for those who have another."""
    made_of_lines = ("relu", "hardtanh", "step")
    controls.set_to({activation(k).name: {ACTIVATION: [k]} for k in made_of_lines}, "regions")


def _parameter_sliders(key: str) -> list[Slider]:
    """Return the sliders of the activation's own parameters, as they are drawn."""
    return [
        Slider(slider_key(key, p.name), "", p.low, float(p.steps[-1]), p.default, p.step, 2)
        for p in activation(key).parameters
    ]


def _explain(net: Net, settings: Settings) -> None:
    if net.unit(settings) is None:
        st.caption(
            "Left: contours of the output. Right: the output along the line. Both are scaled. "
            "Pick a function made of straight lines, such as ReLU, to have regions to count."
        )
        return
    st.caption(
        "Left: each field is a set of inputs on which every unit stays on one straight piece of "
        "its activation, so that the whole network is one matrix there; neighbours differ in "
        "shade. Right: the output along the line, scaled; a ring where it bends or jumps, "
        f"up to {_MOST_RINGS} of them. The "
        "counts are exact, found from the equations of the kinks and not by sampling; of the "
        "plane the square on view is counted. Line and angle move live, the fields follow on "
        "release. “Some ReLU network has at least”: Montúfar et al. (2014) prove that the largest "
        "number of regions of a ReLU network of these widths is at least that; the folding "
        "weights reach it in the plane. Random weights are far from it where several layers have "
        "four units or more. Narrow layers that fold one direction only, as counted along the "
        "line, can make more than that of the plane, too. “No network has more than”: Montúfar's "
        "upper bound of 2017, with every kink of a unit counted."
    )


@lru_cache(maxsize=32)
def plane_regions(net: Net, settings: Settings) -> Regions | None:
    """Return the regions of the square, or None for a smooth activation."""
    unit = net.unit(settings)
    return None if unit is None else regions_in_plane(net.stack, unit, box(-REACH, REACH))


@lru_cache(maxsize=32)
def reach(net: Net) -> float:
    """Return the largest |output| in the square, by which all outputs are divided.

    Of the activation's parameters the lowest, the usual and the highest count, so that the
    scale stays while they are moved.
    """
    x = np.stack(np.meshgrid(_GRID, _GRID), axis=-1)
    parameters = activation(net.key).parameters
    ends = [[(p.name, v) for v in (p.low, p.default, p.high)] for p in parameters]
    found = [np.abs(net.value(x, one)).max() for one in itertools.product(*ends)]
    return float(max(found)) or 1.0


def plane(net: Net, settings: Settings) -> Spec:
    """Draw the regions like a chessboard; contours where there are none, or too many."""
    found = plane_regions(net, settings)
    if found is None or not found.complete or len(found.polygons) > _MOST_DRAWN:
        x = np.stack(np.meshgrid(_GRID, _GRID), axis=-1)
        return figures.contours(_GRID, _GRID, net.value(x, settings) / reach(net))
    dark = found.polygons[found.states % 2 == 1]
    gap = np.full((len(dark), 1, 2), np.nan)
    corners = np.concatenate([dark, gap], axis=1).reshape(-1, 2)
    # Corners that only fill up would be sent for nothing.
    again = (corners[1:] == corners[:-1]).all(axis=-1)
    kept = np.concatenate([[True], ~again]) if len(corners) else np.ones(0, dtype=bool)
    return figures.area(corners[kept], "regions") | {"opacity": 0.35}


def picture(rows: Rows, net: Net) -> Shown:
    """Show the line and the network along it.

    The rows hold an angle, a distance and the activation's parameters.
    """
    angle, offset = np.radians(rows[ANGLE.key]), rows[OFFSET.key]
    way = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    foot = offset[:, None] * np.stack([-way[:, 1], way[:, 0]], axis=-1)
    ends = foot[:, None, :] + np.array(_SPAN)[:, None] * way[:, None, :]
    names = [p.name for p in activation(net.key).parameters]
    columns_of_rows = [rows[slider_key(net.key, name)].tolist() for name in names]
    every = [tuple(zip(names, row, strict=True)) for row in zip(*columns_of_rows, strict=True)]
    curves, marks, counts = [], [], []
    every = every or [()] * len(foot)
    for i, settings in enumerate(every):
        curve, bends, count = _along(net, settings, foot[i], way[i])
        curves.append(curve)
        marks.append(bends if len(bends) <= _MOST_RINGS else bends[:0])
        counts.append(count)
    unit = net.unit(every[0])
    kinks = 0 if unit is None else len(unit.kinks)
    seen: list[Spec] = [figures.line(ends, "line", figures.SILENT)]
    along: list[Spec] = [
        figures.line(_filled(curves), "output", figures.FIRES),
        figures.rings(_filled(marks), "bends" if kinks else "", figures.SILENT, 9),
    ]
    return Shown(
        {CHART: (1, seen), PLACE: (0, along)}, {f"{COUNTS}[1][1]": counts}, decimals={PLACE: 3}
    )


def _along(
    net: Net, settings: Settings, foot: FloatArray, way: FloatArray
) -> tuple[FloatArray, FloatArray, str]:
    """Return the output along a line, scaled, where it bends, and its number of pieces."""
    scale, unit = reach(net), net.unit(settings)
    if unit is None:
        y = net.value(foot + _SAMPLES[:, None] * way, settings) / scale
        return np.stack([_SAMPLES, y], axis=-1), np.empty((0, 2)), "–"
    found = pieces_along(net.stack, unit, foot, way, _SPAN)
    left, right = found.ends[:-1], found.ends[1:]
    above_left, above_right = (found.value + found.slope * t for t in (left, right))
    if unit.continuous:
        y = np.append(above_left, above_right[-1]) / scale
        curve = np.stack([found.ends, y], axis=-1)
    else:  # a gap at each jump
        gap = np.full(len(left), np.nan)
        y = np.stack([above_left, above_right, gap], axis=-1).ravel() / scale
        curve = np.stack([np.stack([left, right, gap], axis=-1).ravel(), y], axis=-1)
    at = above_right[np.searchsorted(right, found.bends)] / scale
    return curve, np.stack([found.bends, at], axis=-1), whole(len(found.bends) + 1)


def _verdict(net: Net, settings: Settings) -> str:
    name, found, unit = activation(net.key).name, plane_regions(net, settings), net.unit(settings)
    if found is None or unit is None:
        return words.smooth(name)
    count = whole(len(found.polygons)) if found.complete else None
    return words.regions(name, count, found.functions, len(unit.kinks) == 0)


def _counted(shown: Shown, net: Net, settings: Settings) -> Shown:
    """Add to what is counted along the line what is counted in the plane, and the bounds."""
    found, unit = plane_regions(net, settings), net.unit(settings)
    if found is None or unit is None:
        return shown
    widths = [net.width] * net.depth
    texts = dict(shown.texts)
    texts[f"{COUNTS}[2][1]"] = [whole(len(found.polygons)) if found.complete else "too many"]
    for inputs in (1, 2):
        known = net.width >= inputs
        texts[f"{COUNTS}[{inputs}][2]"] = [whole(fewest_at_best(inputs, widths)) if known else "–"]
        texts[f"{COUNTS}[{inputs}][3]"] = [whole(most_at_all(inputs, widths, len(unit.kinks)))]
    return replace(shown, texts=texts)


def whole(count: int) -> str:
    """Write a whole number with narrow spaces between thousands, a huge one as a power of ten."""
    if count >= 10**9:
        return wording.number(float(count), 2)
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _filled(rows: list[FloatArray]) -> FloatArray:
    """Put rows of points into one array, gaps at the end of the shorter ones."""
    most = max(len(row) for row in rows)
    found = np.full((len(rows), max(most, 1), 2), np.nan)
    for place, row in enumerate(rows):
        found[place, : len(row)] = row
    return found


def _plane_layout() -> Spec:
    span = (-REACH, REACH)
    return figures.plane_layout(span, span, height=figures.SIDE_HEIGHT)


def _line_layout() -> Spec:
    return figures.panel_layout(
        figures.SIDE_HEIGHT,
        figures.axis("distance along the line", _SPAN),
        figures.axis("output, scaled", (-1.15, 1.15)),
        hovermode="closest",
    )
