"""The theory's view "Mean and variance": where both are drawn to, and what changes it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.mean_field import self_normalising
from core.mean_field.self_normalising import Point
from core.network import Dropout
from core.spec import FloatArray
from pages.ui import charts, export
from pages.ui.live import Later, Packed, Sweep
from pages.ui.parts import Shown, draw, say, table
from pages.ui.vanishing import theory_figures, theory_words
from pages.ui.vanishing.subject import Measured, Plain, Subject, Swept, column
from pages.ui.vanishing.subject import table as known

FLOW = "vanishing_flow"
TABLE = "vanishing_flow_table"
REST = "vanishing_flow_rest"

_STARTS = np.array([-1.0, 0.0, 1.0, 0.6, -0.6]), np.array([0.3, 0.1, 2.8, 0.2, 2.5])
_TAILS = tuple(
    axis.ravel() for axis in np.meshgrid(np.linspace(-1.0, 1.0, 9), np.linspace(0.2, 2.8, 9))
)
_LAYERS = 12

_ANSWERED = ("gain", "value", "dropout_rate")
"""What moves mean and variance, besides the activation's parameters."""


def view(
    subject: Subject,
    measured: Measured | None,
    swept: Sequence[Swept],
    beside: DeltaGenerator,
    above: DeltaGenerator,
) -> list[Sweep | Packed | Later]:
    """Draw where mean and variance of the activations are drawn to, and what changes it."""
    stack = subject.stack
    if stack.weight_variance == 0:
        above.info("With σ_w = 0 every unit computes the same, whatever comes in.")
        return []
    shown = _shown((stack,))
    with above:
        say(shown, REST)
        alt = f"Where a layer of {subject.choice.label} takes mean and variance of the activations"
        figure = draw(shown, FLOW, theory_figures.flow_layout(), alt)
    names = [case.names[0] for case in _cases((stack,)).values()]
    heads = ["", "μ at rest", "ν at rest", "error left, a layer", "gradient, a layer"]
    table(shown, TABLE, heads, names)
    st.caption(
        "μ and ν are mean and variance of a layer's activations. Random weights of mean 0 make "
        "pre-activations with variance σ_w² (ν + μ²) of them, so one layer brings every start onto "
        "one curve (an arrow goes a third of the way); along it the layers move on. SELU's "
        "constants are chosen so that (0, 1) is at rest with σ_w² = 1. That keeps the signal, not "
        "the gradient: a layer multiplies it by √χ₁, 1.035 there, and where units are dropped by "
        "what dropout does to it, too. Biases are left out here."
    )
    export.offer(FLOW, figure, lambda: _numbers(stack), "mean_and_variance")
    moved = (one for one in swept if one.what in (*_ANSWERED, *subject.choice.parameters))
    return [Later(one.slider, partial(_sweep, one)) for one in moved]


@lru_cache(maxsize=64)
def _sweep(one: Swept) -> Packed:
    return _shown(one.stacks).sweep(one.slider, np.array(one.steps)).packed


def _shown(stacks: Sequence[Plain]) -> Shown:
    """Return what is shown for each of several stacks."""
    moments, cases = known(stacks), _cases(stacks)
    # Of a sweep only rows that it moves.
    every = len(stacks) == 1 or moments.rows is not None
    rests = {
        row: self_normalising.rest(moments, case.weights, case.dropout, case.rates)
        for row, case in cases.items()
        if every or row == 1 or case.varies
    }
    here = rests[1]
    texts: dict[str, Sequence[str]] = {
        REST: [theory_words.at_rest(*one) for one in _each(*here[:3])]
    }
    for row, rest in rests.items():
        case = cases[row]
        chi = case.weights * rest.slope * self_normalising.gradient_share(case.dropout, case.rates)
        cells = zip(*(theory_words.rest_row(*one) for one in _each(*rest[:3], chi)), strict=True)
        texts |= {f"{TABLE}[{row}][{i}]": cell for i, cell in enumerate([case.names, *cells])}
    place = Point(here.mean, np.where(np.isfinite(here.mean), here.variance, np.nan))
    drawn = (_heads(stacks), _seen(_paths(stacks)), _seen(place))
    return Shown({FLOW: (0, theory_figures.flow_traces(_TAILS, *drawn))}, texts)


@dataclass(frozen=True, eq=False)
class _Case:
    """A row of the table: its name, σ_w² and dropout for each of S stacks."""

    names: Sequence[str]
    weights: FloatArray
    dropout: Dropout
    rates: FloatArray

    @property
    def varies(self) -> bool:
        """Whether it is not the same for all stacks."""
        return bool(np.ptp(self.weights) or np.ptp(self.rates))


def _cases(stacks: Sequence[Plain]) -> dict[int, _Case]:
    """Return this network and others beside it, by their rows in the table."""
    weights, rates = (column(stacks, name) for name in ("weight_variance", "dropout_rate"))
    none, some = np.zeros(len(stacks)), np.where(rates > 0, rates, 0.1)
    others = (
        ("LeCun or Xavier (σ_w² = 1)", 1.0, Dropout.NONE, none),
        ("He (σ_w² = 2)", 2.0, Dropout.NONE, none),
        ("PyTorch's default (σ_w² = ⅓)", 1 / 3, Dropout.NONE, none),
        ("LeCun, ordinary dropout {:g}", 1.0, Dropout.PLAIN, some),
        ("LeCun, alpha dropout {:g}", 1.0, Dropout.ALPHA, some),
    )
    here = _Case(["this network"] * len(stacks), weights, stacks[0].dropout, rates)
    beside = (
        _Case([name.format(p) for p in at.tolist()], np.full(len(stacks), w), dropout, at)
        for name, w, dropout, at in others
    )
    return dict(enumerate([here, *beside], 1))


def _each(*columns: FloatArray) -> Iterator[tuple[float, ...]]:
    return zip(*(column.tolist() for column in columns), strict=True)


def _heads(stacks: Sequence[Plain]) -> Point:
    """Return where the arrows end, a third of the way, (S, A), as fine as a pixel.

    One that leads far out of the picture ends nearer, though outside.
    """
    after = self_normalising.mapped(known(stacks), _TAILS, *_how(stacks))
    ways = [(b - a) / 3 for a, b in zip(_TAILS, after, strict=True)]
    far = np.maximum.reduce([np.ones(ways[0].shape), *(np.abs(way) / _FAR for way in ways)])
    ends = (a + way / far for a, way in zip(_TAILS, ways, strict=True))
    return Point(*(np.rint(end * _GRAIN) / _GRAIN for end in ends))


def _paths(stacks: Sequence[Plain]) -> Point:
    return self_normalising.paths(known(stacks), _STARTS, _LAYERS, *_how(stacks))


def _how(stacks: Sequence[Plain]) -> tuple[FloatArray, Dropout, FloatArray]:
    weights, rates = (column(stacks, name) for name in ("weight_variance", "dropout_rate"))
    return weights, stacks[0].dropout, rates


def _seen(at: Point) -> Point:
    """Return points as they are drawn; what lies far out of the picture is drawn less far."""
    far = np.maximum(np.maximum(np.abs(at.mean), at.variance) / _FAR, 1.0)
    return Point(*(charts.to_decimals(part / far, 4) for part in at))


_FAR = 8.0
"""No point or arrow need end farther outside than this."""

_GRAIN = 256.0
"""Arrows are drawn to a fraction of 1 as fine as this: half a pixel."""


def _numbers(stack: Plain) -> export.Table:
    mean, variance = (part[0] for part in _paths((stack,)))
    rows = [
        [path, layer, float(mean[path, layer]), float(variance[path, layer])]
        for path in range(mean.shape[0])
        for layer in range(mean.shape[1])
    ]
    return export.Table(["path", "layer", "mean", "variance"], rows)
