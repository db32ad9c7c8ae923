"""What a page with several pictures is put together from: sliders, charts at rest, words.

A page describes what it shows once, for any number of rows of settings (:class:`Shown`):
one row is the picture at rest, all steps of a slider are the sweep that moves it live.
Both then hold the same numbers, so that nothing moves on release.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.spec import FloatArray
from pages.ui import charts, export, wording
from pages.ui.charts import Finished, Spec
from pages.ui.live import ChartSweep, Sweep


@dataclass(frozen=True)
class Slider:
    """A slider that belongs to a page, bound to the URL under ``key``."""

    key: str
    label: str
    low: float
    high: float
    default: float
    step: float
    decimals: int
    help: str | None = None

    @cached_property
    def steps(self) -> FloatArray:
        """Every value that the slider can take, of shape (S,)."""
        # Rounded, so that a step is the very number that the slider sends.
        places = np.arange(round((self.high - self.low) / self.step) + 1)
        return np.round(self.low + places * self.step, 10)

    def draw(self, **more: Any) -> float:
        """Draw the slider and return its value; ``more`` goes to ``st.slider``."""
        value: float = st.slider(
            self.label,
            float(self.low),
            float(self.high),
            float(self.default),
            float(self.step),
            format=f"%.{self.decimals}f",
            key=self.key,
            bind="query-params",
            help=self.help,
            **more,
        )
        return value


@dataclass(frozen=True)
class Whole:
    """A whole number to type or to step through, bound to the URL under ``key``.

    For what is drawn or built anew with every value, such as a seed or a number of points:
    between two of them there is nothing that a picture could follow, as it does a slider.
    """

    key: str
    label: str
    low: int
    high: int
    default: int
    step: int = 1
    help: str | None = None

    def draw(self) -> int:
        """Draw the field and return its value; what is typed beyond the ends does not count."""
        value: int = st.number_input(
            self.label,
            self.low,
            self.high,
            self.default,
            self.step,
            key=self.key,
            # Of a link that says ∞ Streamlit would make a whole number, and fail.
            bind=None if _endless(st.query_params.get(self.key, "")) else "query-params",
            help=self.help,
        )
        return value


def _endless(text: str) -> bool:
    try:
        return math.isinf(float(text))
    except ValueError:
        return False


@dataclass(frozen=True)
class Shown:
    """What is shown for each row of settings: one row at rest, all steps in a sweep.

    ``traces`` maps a chart's key to the index of the first trace that moves and the traces
    themselves; ``texts`` and ``layout`` are as in :mod:`pages.ui.live`. ``decimals`` is for
    charts whose numbers need not be drawn any finer; a file of them is exact all the same.
    """

    traces: Mapping[str, tuple[int, list[Spec]]]
    texts: Mapping[str, Sequence[str]]
    layout: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
    decimals: Mapping[str, int] = field(default_factory=dict)

    def drawn(self, chart: str) -> list[Spec]:
        """Return the traces of a chart with the numbers that are drawn."""
        traces = self.traces[chart][1]
        if chart not in self.decimals:
            return traces
        places = self.decimals[chart]
        return [
            {
                name: charts.to_decimals(value, places)
                if isinstance(value, np.ndarray) and value.ndim > 1
                else value
                for name, value in trace.items()
            }
            for trace in traces
        ]

    def sweep(self, slider: str, steps: FloatArray, *, ragged: bool = False) -> Sweep:
        """Return all of this as the sweep of a slider, whose steps are the rows."""
        moved = []
        for chart, (first, _) in self.traces.items():
            traces = self.drawn(chart)
            found = {first + i: charts.varying(trace) for i, trace in enumerate(traces)}
            changes = {i: change for i, change in found.items() if change}
            moved.append(ChartSweep(chart, changes, self.layout.get(chart, {}), ragged))
        return Sweep(slider, steps, moved, self.texts)


def columns(name: str = "view") -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return a column for the controls and a wider one for the picture.

    On a phone the picture stands first, and stays in sight while the controls pass below
    it, if it leaves them room. A page with several such pairs gives each a ``name`` that
    begins with "view".
    """
    with st.container(key=name):
        beside, above = st.columns([1, 2], gap="medium")
    return beside, above


def draw(shown: Shown, chart: str, layout: Spec, alt: str, fixed: Sequence[Spec] = ()) -> Finished:
    """Draw a chart of the page at rest, over traces that never move, and return it."""
    figure = charts.finish(charts.at_rest([*fixed, *shown.drawn(chart)]), layout)
    st.plotly_chart(figure, key=chart, config=charts.CONFIG, alt=alt)
    return figure


def say(shown: Shown, *keys: str) -> None:
    """Write verdicts of the page at rest."""
    for key in keys:
        with st.container(key=key):
            st.markdown(shown.texts[key][0])


def table(shown: Shown, key: str, heads: Sequence[str], names: Sequence[str]) -> None:
    """Write a table of the page at rest, whose cells are the texts "key[row][column]"."""
    body = [
        [name, *(shown.texts[f"{key}[{row}][{column}]"][0] for column in range(1, len(heads)))]
        for row, name in enumerate(names, 1)
    ]
    with st.container(key=key):
        st.markdown(wording.table(heads, body))


def offer(shown: Shown, chart: str, figure: Finished, name: str) -> None:
    """Offer a chart of the page as numbers and as a picture."""
    export.offer(chart, figure, lambda: numbers(shown, chart), name)


def numbers(shown: Shown, chart: str) -> export.Table:
    """Return what is drawn in a chart as rows: curves and bars, or a grid."""
    traces = charts.at_rest(shown.traces[chart][1])
    found: list[list[object]] = []
    for trace in traces:
        if "z" in trace:
            found += [
                [trace["type"], x, y, value]
                for y, row in zip(trace["y"], trace["z"].tolist(), strict=True)
                for x, value in zip(trace["x"], row, strict=True)
            ]
        elif trace.get("name"):
            pairs = zip(trace["x"], trace["y"].tolist(), strict=True)
            found += [[trace["name"], x, y] for x, y in pairs]
    grid = any("z" in trace for trace in traces)
    return export.Table(["curve", "x", "y"] + ["z"] * grid, found)


def formulas(*latex: str) -> None:
    """Write formulas beside each other."""
    with st.container(horizontal=True, gap="large"):
        for one in latex:
            st.latex(one, width="content")
