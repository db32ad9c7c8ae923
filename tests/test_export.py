"""What the visitor takes along: numbers as CSV, the picture as a page of its own."""

import csv
import io
import json
import re
import tomllib

import numpy as np
import pytest

from pages.ui import charts
from pages.ui.controls import Choice, entry
from pages.ui.export import Table, to_csv, to_html
from pages.ui.functions import explorer
from pages.ui.functions.activation_view import SCENE
from pages.ui.functions.picture import View, picture
from tests.figures import unpacked
from tests.serving import ROOT

LIGHT = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"][
    "light"
]["chartCategoricalColors"]


def chosen(*keys):
    return [Choice(key, entry(key).defaults) for key in keys]


def drawn(*keys, third=None, factor=None):
    view = View(SCENE, probe=-1.0, third=third, threshold=0.01, factor=factor)
    return picture(chosen(*keys), view)


def exported(*keys, **options):
    """Return the CSV of a view as a list of dictionaries, as any reader of CSV sees it."""
    text = to_csv(explorer.table(drawn(*keys, **options)))
    return list(csv.DictReader(io.StringIO(text), strict=True))


def test_csv_leaves_gaps_empty_and_quotes_what_needs_it():
    table = Table(["x", "name"], [[0.5, "a"], [float("nan"), 'ELU, "α"'], [np.float64(0.1), "b"]])
    assert to_csv(table) == 'x,name\n0.5,a\n,"ELU, ""α"""\n0.1,b\n'


def test_csv_keeps_every_digit():
    values = [1 / 3, 1e-300, -1.7976931348623157e308, np.pi]
    (row,) = csv.reader(io.StringIO(to_csv(Table(["v"], [values]))).readlines()[1:])
    assert [float(cell) for cell in row] == values


def test_csv_holds_the_function():
    rows = exported("elu")
    assert {row["function"] for row in rows} == {"ELU, α = 1.00"}
    x = np.array([float(row["x"]) for row in rows])
    assert (x[0], x[-1]) == (-6.0, 6.0)
    assert [float(row["f"]) for row in rows] == entry("elu")(x).tolist()
    assert [float(row["gradient"]) for row in rows] == entry("elu").gradient(x).tolist()


def test_csv_leaves_a_jump_empty():
    gaps = [row for row in exported("step") if row["f"] == ""]
    assert {row["x"] for row in gaps} == {"0.0"}
    assert {row["gradient"] for row in gaps} == {"0.0"}


def test_csv_names_the_functions_of_a_difference():
    rows = exported("gelu", "gelu_tanh", factor=100.0)
    assert len({row["function"] for row in rows}) == 1
    assert max(abs(float(row["f"])) for row in rows) == pytest.approx(0.047, abs=2e-3)
    # The numbers are differences, a hundred times enlarged, and the file has to say so.
    assert "GELU (tanh form) − GELU" in rows[0]["function"]
    assert "100" in "".join([*rows[0], rows[0]["function"]])


@pytest.mark.parametrize("keys", [("elu", "prelu"), ("prelu", "elu")])
def test_csv_has_the_third_panel_of_those_that_have_one(keys):
    rows = exported(*keys, third="parameter")
    assert not any(None in row or None in row.values() for row in rows)
    (third,) = set(rows[0]) - {"function", "x", "f", "gradient"}
    for row in rows:
        learned = row["function"].startswith("PReLU")
        assert (row[third] != "") == learned
        if learned:
            assert float(row[third]) == min(float(row["x"]), 0)


@pytest.fixture(scope="module")
def page():
    return to_html(drawn("relu", "elu", "step").figure)


def test_html_stands_alone(page):
    assert page.startswith("<!doctype html>")
    assert "Plotly.newPlot(" in page
    assert not re.search(r"<(?:script|link|img)[^>]*(?:src|href)=", page)


def test_html_has_the_colours_of_the_light_theme(page):
    plot = page[page.index("Plotly.newPlot(") :]
    assert all(colour in plot for colour in LIGHT[:3])
    # Streamlit's stand-ins would be drawn as they are: nearly black.
    assert not re.search(r"#0000[0-4]\d", plot)


def test_html_shades_saturation_faintly():
    plot = to_html(drawn("relu").figure)
    plot = plot[plot.index("Plotly.newPlot(") :]
    (fill,) = set(re.findall(r'"fillcolor":"(#[0-9a-f]{6})"', plot))
    assert int(fill[1:3], 16) > 0xC0


def test_html_holds_the_numbers_of_the_figure(page):
    data = page[page.index("Plotly.newPlot(") :]
    rows, _ = json.JSONDecoder().raw_decode(data[data.index("[") :])
    names = [trace["name"] for trace in rows if trace.get("showlegend")]
    assert names == ["ReLU", "ELU, α = 1.00", "Step, θ = 0.0"]
    relu = next(trace for trace in rows if trace.get("name") == "ReLU")
    x, y = (unpacked(relu[axis]) for axis in "xy")
    assert y == pytest.approx(np.maximum(x, 0))


def test_the_figure_itself_keeps_its_stand_ins():
    figure = drawn("relu").figure
    before = json.dumps(figure.spec)
    to_html(figure)
    assert json.dumps(figure.spec) == before
    assert charts.COLOURS[0] in before
