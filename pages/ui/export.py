"""Take the picture along: as numbers, as an image, or as a page of its own."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import plotly.io
import streamlit as st

from pages.ui import charts
from pages.ui.frame import ROOT

_save_picture = st.components.v2.component(
    "save_picture", js=(ROOT / "assets/save_picture.js").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Table:
    """Numbers for a CSV file: the head, and the rows."""

    head: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass
class Latest:
    """What a page shows: its fragment notes here what it has drawn last."""

    figure: charts.Finished = field(init=False)
    table: Callable[[], Table] = field(init=False)

    def note(self, figure: charts.Finished, table: Callable[[], Table]) -> None:
        """Take this for what is saved from now on."""
        self.figure, self.table = figure, table


def offer(chart: str, figure: charts.Finished, table: Callable[[], Table], name: str) -> None:
    """Offer the chart with the key ``chart`` as CSV, PNG, SVG and HTML, made when asked for."""
    latest = Latest()
    latest.note(figure, table)
    _buttons(chart, latest, name)


def menu(chart: str, name: str) -> Latest:
    """Offer the same in a menu outside the fragment that draws the chart; return what it saves.

    Buttons cost a tenth of a fragment's run, which are spared there.
    """
    latest = Latest()
    with st.popover("Save", icon=":material/download:"):
        _buttons(chart, latest, name)
    return latest


def _buttons(chart: str, latest: Latest, name: str) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.download_button(
            "CSV",
            lambda: to_csv(latest.table()),
            f"{name}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="The numbers that are drawn",
        )
        st.download_button(
            "HTML",
            lambda: to_html(latest.figure),
            f"{name}.html",
            "text/html",
            icon=":material/download:",
            on_click="ignore",
            help="The plot as a page of its own that works offline (5 MB)",
        )
        _save_picture(key=f"{chart} picture", data={"chart": chart, "name": name}, width="content")


def csv_button(table: Table, name: str) -> None:
    """Offer a table alone as CSV."""
    st.download_button(
        "CSV",
        lambda: to_csv(table),
        f"{name}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"{name} csv",
        help="The numbers of the table",
    )


def to_csv(table: Table) -> str:
    """Return the table as CSV; a gap in a curve is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.head)
    for row in table.rows:
        writer.writerow(["" if cell != cell else cell for cell in row])
    return text.getvalue()


def to_html(figure: charts.Finished) -> str:
    """Return the figure as one self-contained page, in the light theme's colours."""
    spec = json.dumps(figure.spec)
    palette = st.get_option("theme.light.chartCategoricalColors")
    greys = {
        charts.FADED: "gray",
        charts.SHADE: st.get_option("theme.light.borderColor"),
        charts.GROUND: "white",
    }
    for stand_in, colour in {**dict(zip(charts.COLOURS, palette, strict=True)), **greys}.items():
        spec = spec.replace(stand_in, colour)
    drawn = json.loads(spec)
    drawn["layout"]["template"] = plotly.io.templates["plotly_white"].to_plotly_json()
    page: str = plotly.io.to_html(drawn, include_plotlyjs=True, validate=False)
    return page
