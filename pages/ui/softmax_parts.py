"""What every section of the Softmax page is put together from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.spec import FloatArray
from pages.ui import charts, export, wording
from pages.ui.charts import Finished, Spec
from pages.ui.live import ChartSweep, Sweep
from pages.ui.softmax_figures import at_rest

CHART = "softmax_chart"
PLACE = "softmax_place"
VERDICT = "softmax_verdict"


@dataclass(frozen=True)
class Shown:
    """What is shown for each row of settings: one row at rest, all steps in a sweep.

    ``traces`` maps a chart's key to the index of the first trace that moves and the traces
    themselves; ``texts`` and ``layout`` are as in :mod:`pages.ui.live`.
    """

    traces: Mapping[str, tuple[int, list[Spec]]]
    texts: Mapping[str, Sequence[str]]
    layout: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)

    def sweep(self, slider: str, steps: FloatArray) -> Sweep:
        """Return all of this as the sweep of a slider, whose steps are the rows."""
        moved = []
        for chart, (first, traces) in self.traces.items():
            found = {first + i: charts.varying(trace) for i, trace in enumerate(traces)}
            changes = {i: change for i, change in found.items() if change}
            moved.append(ChartSweep(chart, changes, self.layout.get(chart, {})))
        return Sweep(slider, steps, moved, self.texts)


def columns() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return a column for the controls and a wider one for the picture."""
    with st.container(key="view"):
        beside, above = st.columns([1, 2], gap="medium")
    return beside, above


def draw(shown: Shown, chart: str, layout: Spec, alt: str, fixed: Sequence[Spec] = ()) -> Finished:
    """Draw a chart of the page at rest, over traces that never move, and return it."""
    figure = charts.finish(at_rest([*fixed, *shown.traces[chart][1]]), layout)
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


def listed(shown: Shown, trace: int = 0) -> str:
    """Return the values of a chart's bars in words, for those who do not see it."""
    bars = at_rest(shown.traces[CHART][1])[trace]
    pairs = zip(bars["x"], bars["y"].tolist(), strict=True)
    return ", ".join(f"{name} {wording.fixed(value)}" for name, value in pairs)


def offer(shown: Shown, figure: Finished, name: str) -> None:
    """Offer the first chart as numbers and as a picture."""
    export.offer(CHART, figure, lambda: numbers(shown), name)


def numbers(shown: Shown) -> export.Table:
    """Return what is drawn in the first chart as rows: curves and bars, or a grid."""
    traces = at_rest(shown.traces[CHART][1])
    found: list[list[object]] = []
    for trace in traces:
        if "z" in trace:
            found += [
                [trace["type"], x, y, value]
                for y, row in zip(trace["y"], trace["z"], strict=True)
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
