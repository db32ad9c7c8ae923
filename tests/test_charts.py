"""Figures: valid for Plotly, made of stand-in colours, marked and shaded where they should be."""

import itertools
import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from core.activations import ACTIVATIONS
from core.curves import Curve, Limits, Marks, Probe
from core.spec import Axis
from pages.ui import charts, controls
from pages.ui.controls import Choice
from pages.ui.functions.activation_view import SCENE
from pages.ui.functions.loss_view import SCENES
from pages.ui.functions.picture import THIRDS, View, picture, sizes
from tests.figures import unpacked

NOTHING = np.empty(0)
SIDES = np.array([-1.0, 1.0])
LIMITS = Limits((-1.0, 2.0), (-3.0, 4.0), (-5.0, 6.0))


def view(**changes):
    settings = {"scene": SCENE, "probe": -1.0, "third": None, "threshold": 0.01, "factor": None}
    return View(**settings | changes)


def shown(*keys, **changes):
    choices = [Choice(key, controls.entry(key).defaults) for key in keys]
    return picture(choices, view(**changes)).figure.spec


def numbers(spec):
    """Return the specification with its arrays as lists, which Plotly checks one by one."""
    if isinstance(spec, dict):
        if "bdata" in spec:
            return unpacked(spec).tolist()
        return {name: numbers(value) for name, value in spec.items()}
    return [numbers(value) for value in spec] if isinstance(spec, list) else spec


def assert_valid(spec):
    """Let Plotly validate a specification, as sent and with its arrays decoded."""
    json.dumps(spec, allow_nan=False)
    go.Figure(spec)
    figure = go.Figure(numbers(spec))
    for trace, sent in zip(figure.data, spec["data"], strict=True):
        assert len(trace.x) == len(trace.y) == unpacked(sent["y"]).size


def drawing(name="f", *, saturated=(), marks=None, third=None, place=0, lanes=False):
    """Return the traces of one made-up function, whose every number is known."""
    x = np.array([-1.0, 0.0, 1.0])
    at = np.array([0.5])
    stretches = np.reshape(np.asarray(saturated, dtype=float), (-1, 2))
    marks = marks or Marks(NOTHING, NOTHING, NOTHING)
    return [
        charts.shade_trace(stretches, place, lanes=lanes),
        *charts.line_traces(name, Curve(x, x**2, 2 * x, third), marks, place),
        *charts.probe_traces(Probe(at, at**2, 2 * at, at + SIDES, at**2 + 2 * at * SIDES), place),
    ]


def figure(*drawn, titles=("f(x)", "f′(x)")):
    spec = charts.functions(
        itertools.chain(*drawn), window=(-6.0, 6.0), limits=LIMITS, probe=0.5, titles=titles
    ).to_dict()
    assert_valid(spec)
    return spec


def on(spec, axis):
    return [trace for trace in spec["data"] if trace["yaxis"] == axis]


@pytest.mark.parametrize("third", THIRDS.values(), ids=str)
@pytest.mark.parametrize("key", ACTIVATIONS)
def test_figure_of_every_entry_is_valid(key, third):
    assert_valid(shown(key, third=third))


def test_figure_of_six_functions_is_valid():
    keys = ["hardshrink", "step", "prelu", "prelu-2", "sine", "capped_relu"]
    for third in THIRDS.values():
        assert_valid(shown(*keys, third=third))
    for factor in (1.0, 1000.0):
        assert_valid(shown(*keys, factor=factor))


def test_a_wrong_figure_is_not_valid():
    spec = shown("elu")
    spec["data"][0]["no_such_attribute"] = 1
    with pytest.raises(ValueError, match="no_such_attribute"):
        assert_valid(spec)


def test_finished_figure_is_sent_as_it_stands():
    spec = charts.finish([{"type": "scatter", "y": np.array([1.0, np.nan])}], {"height": 10})
    assert spec.to_dict() is spec.spec
    (trace,) = spec.to_dict()["data"]
    assert unpacked(trace["y"]) == pytest.approx([1, np.nan], nan_ok=True)
    assert trace["y"]["dtype"] == "f4"
    layout = spec.to_dict()["layout"]
    assert layout == {"template": {}, "colorway": list(charts.COLOURS), "height": 10}


def test_colours_are_the_stand_ins_of_streamlit():
    # streamlit/elements/lib/streamlit_plotly_theme.py: the categories from "#000001" on,
    # FADED_TEXT_05 and, in the front end only, the colour of grid lines
    assert (charts.FADED, charts.SHADE) == ("#000039", "#000035")
    assert list(charts.COLOURS) == [f"#00000{place}" for place in range(1, 9)]
    spec = shown("elu", "relu", "tanh")
    for place, name in enumerate(("ELU, α = 1.00", "ReLU", "Tanh")):
        lines = [t for t in spec["data"] if t.get("name") == name]
        assert {t["line"]["color"] for t in lines} == {charts.COLOURS[place]}
    text = json.dumps(spec["data"])
    assert not {w for w in text.split('"') if w.startswith("#")} - {*charts.COLOURS, charts.SHADE}


def test_gradient_has_the_colour_of_its_function_and_is_dashed():
    spec = figure(drawing("one"), drawing("two"))
    for name in ("one", "two"):
        value, slope = (t for t in spec["data"] if t.get("name") == name)
        assert (value["yaxis"], slope["yaxis"]) == ("y", "y2")
        assert value["line"]["color"] == slope["line"]["color"]
        assert (value["line"]["dash"], slope["line"]["dash"]) == ("solid", "dash")
        # One entry in the legend, which hides both.
        assert (value["showlegend"], slope["showlegend"]) == (True, False)
        assert value["legendgroup"] == slope["legendgroup"]


def test_third_panel():
    spec = figure(drawing(third=np.array([2.0, 2.0, 2.0])), titles=("f(x)", "f′(x)", "f″"))
    (third,) = on(spec, "y3")
    assert unpacked(third["y"]).tolist() == [2, 2, 2]
    assert third["line"]["dash"] == "dot"
    layout = spec["layout"]
    assert layout["xaxis"]["anchor"] == "y3"
    assert layout["yaxis3"]["range"] == [-5.0, 6.0]


@pytest.mark.parametrize("titles", [("f(x)", "f′(x)"), ("f(x)", "f′(x)", "f″")])
def test_panels_stack_without_overlap(titles):
    layout = figure(drawing(), titles=titles)["layout"]
    names = ["yaxis", "yaxis2", "yaxis3"][: len(titles)]
    assert [layout[name]["title"]["text"] for name in names] == list(titles)
    domains = [layout[name]["domain"] for name in names]
    assert domains[0][1] == 1.0
    assert domains[-1][0] == pytest.approx(0.0, abs=1e-9)
    for (bottom, top), (_, next_top) in itertools.pairwise(domains):
        assert next_top < bottom < top
    # The shading has an axis of its own, exactly where the gradient's is.
    assert layout["yaxis4"]["domain"] == layout["yaxis2"]["domain"]
    assert layout["yaxis2"]["overlaying"] == "y4"


def test_axes_and_probe_are_where_they_are_told():
    layout = figure(drawing())["layout"]
    assert layout["xaxis"]["range"] == [-6.0, 6.0]
    assert layout["yaxis"]["range"] == [-1.0, 2.0]
    assert layout["yaxis2"]["range"] == [-3.0, 4.0]
    (line,) = layout["shapes"]
    assert (line["x0"], line["x1"]) == (0.5, 0.5)


def test_one_function_is_shaded_over_the_whole_panel():
    spec = figure(drawing(saturated=[(-1, -0.5), (0.25, 1)]))
    (shade,) = on(spec, "y4")
    assert (shade["fill"], shade["fillcolor"]) == ("toself", charts.SHADE)
    x, y = unpacked(shade["x"]), unpacked(shade["y"])
    gap = np.isnan(y)
    assert (np.isnan(x) == gap).all()
    rectangles = [(x[i : i + 4].tolist(), y[i : i + 4].tolist()) for i in (0, 5)]
    assert rectangles == [
        ([-1, -1, -0.5, -0.5], [0, 1, 1, 0]),
        ([0.25, 0.25, 1, 1], [0, 1, 1, 0]),
    ]


def test_several_functions_are_shaded_in_lanes():
    places = range(controls.MOST)
    drawn = [drawing(str(i), saturated=[(-1, 0)], place=i, lanes=True) for i in places]
    spec = figure(*drawn)
    lanes = on(spec, "y4")
    heights = [unpacked(lane["y"])[0] for lane in lanes]
    assert [lane["line"]["color"] for lane in lanes] == list(charts.COLOURS[: controls.MOST])
    assert np.diff(heights) == pytest.approx([0.03] * (controls.MOST - 1), abs=1e-6)
    assert min(heights) > 0
    assert max(heights) < 0.25
    for lane, height in zip(lanes, heights, strict=True):
        assert unpacked(lane["x"])[:2].tolist() == [-1, 0]
        assert unpacked(lane["y"])[:2].tolist() == [height, height]
        assert "fill" not in lane


def test_nothing_is_shaded_where_nothing_saturates():
    for spec in (figure(drawing()), shown("identity"), shown("identity", "leaky_relu")):
        for shade in on(spec, "y4"):
            assert unpacked(shade["x"]).size == 0


def test_marks_are_open_and_full_circles():
    three = np.array([0.0, 0.0, 0.0])
    marks = Marks(three, np.array([1.0, np.nan, np.nan]), np.array([np.nan, 2.0, 3.0]))
    spec = figure(drawing(marks=marks))
    on_value, on_slope = (
        t for t in spec["data"] if t["mode"] == "markers" and len(t["marker"]["symbol"]) == 3
    )
    assert (on_value["yaxis"], on_slope["yaxis"]) == ("y", "y2")
    for dots in (on_value, on_slope):
        assert dots["marker"]["symbol"] == ["circle-open", "circle", "circle-open"]
    assert unpacked(on_slope["y"]) == pytest.approx([np.nan, 2, 3], nan_ok=True)


def test_marks_of_two_breaks():
    for trace in shown("hardshrink")["data"]:
        if trace["mode"] == "markers" and unpacked(trace["x"]).size > 1:
            assert trace["marker"]["symbol"] == ["circle-open", "circle", "circle-open"] * 2


def test_probe_traces_come_last():
    traces = drawing(saturated=[(-1, 0)], third=np.zeros(3), place=2, lanes=True)
    tangent, dot, slope_dot = traces[-charts.PROBE_TRACES :]
    assert tangent["x"].tolist() == [-0.5, 1.5]
    assert tangent["y"].tolist() == [-0.75, 1.25]
    assert (dot["x"].item(), dot["y"].item()) == (0.5, 0.25)
    assert (slope_dot["x"].item(), slope_dot["y"].item()) == (0.5, 1.0)
    assert {t.get("line", t.get("marker"))["color"] for t in traces[-3:]} == {charts.COLOURS[2]}
    assert "hovertemplate" not in tangent


@pytest.mark.parametrize("key", ACTIVATIONS)
def test_size_is_the_number_of_traces(key):
    choice = Choice(key, controls.entry(key).defaults)
    for third in THIRDS.values():
        drawn = picture([choice], view(third=third)).figure.spec["data"]
        assert sizes([choice], view(third=third)) == [len(drawn)]


def test_differences_have_the_colours_of_the_second_functions():
    spec = shown("relu", "elu", "gelu", factor=10.0)
    named = [(t["name"], t["yaxis"], t["line"]["color"]) for t in spec["data"]]
    assert named == [
        (f"{name} − ReLU", axis, charts.COLOURS[place])
        for place, name in ((1, "ELU, α = 1.00"), (2, "GELU"))
        for axis in ("y", "y2")
    ]
    assert spec["layout"]["yaxis"]["title"]["text"] == "10·(f − ReLU)"
    low, high = spec["layout"]["yaxis"]["range"]
    for trace in on(spec, "y"):
        assert low < unpacked(trace["y"]).min()
        assert unpacked(trace["y"]).max() < high


def test_varying_keeps_what_differs_from_row_to_row():
    trace = {
        "x": np.array([[0.0, 1.0], [0.0, 1.0]]),
        "y": np.array([[0.0, np.nan], [2.0, np.nan]]),
        "other": np.array([1.0, 2.0]),
        "name": "f",
    }
    assert set(charts.varying(trace)) == {"y"}


def test_figures_are_small():
    # One move of a slider sends its figure again.
    assert len(json.dumps(shown("elu"))) < 12_000


@pytest.mark.parametrize("corner", charts.CORNERS)
def test_a_legend_stands_where_its_box_is(corner):
    layout = charts.functions(
        drawing(),
        window=(-6, 6),
        limits=Limits((-1, 2), (-3, 4)),
        probe=0.5,
        titles=("f(x)", "f′(x)"),
        legend=corner,
    ).to_dict()["layout"]
    (left, right), (low, high) = charts.legend_box(corner, 3)
    assert 0 <= left < right <= 1
    assert 0 <= low < high <= 1
    bottom, top = layout["yaxis"]["domain"]
    legend = layout["legend"]
    share = (legend["y"] - bottom) / (top - bottom)
    assert legend["yanchor"] == corner[1]
    assert share == pytest.approx({"top": high, "bottom": low}[corner[1]], abs=1e-9)
    edge = {"left": left, "center": (left + right) / 2, "right": right}[legend["xanchor"]]
    assert legend["x"] == pytest.approx(edge, abs=0.02)


def test_a_legend_keeps_off_the_curves():
    rising, falling = Choice("relu", {}), Choice("hinge", {})
    losses = view(scene=replace(SCENES[Axis.MARGIN], target=1.0))
    legend = picture([rising], view()).figure.spec["layout"]["legend"]
    assert (legend["xanchor"], legend["yanchor"]) == ("left", "top")
    legend = picture([falling], losses).figure.spec["layout"]["legend"]
    assert (legend["xanchor"], legend["yanchor"]) == ("right", "top")


@pytest.mark.parametrize("decimals", [1, 2, 3, 4])
def test_what_is_drawn_to_some_decimals_reads_as_the_number_does(decimals):
    exact = np.concatenate([np.random.default_rng(decimals).normal(0, 3, 500), [-1e-9, np.nan]])
    drawn = charts.to_decimals(exact, decimals)
    expected = [f"{v + 0.0:.{decimals}f}" for v in np.round(exact, decimals)]
    assert [f"{v:.{decimals}f}" for v in drawn] == expected
    counted = drawn[:-1] * 16.0**decimals
    np.testing.assert_array_equal(counted, np.rint(counted))
    assert not np.signbit(drawn[-2])
