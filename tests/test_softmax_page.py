"""The Softmax page: every section without a browser, and what a hand sees in Chromium."""

import csv
import functools
import io
import json
import random
import re

import numpy as np
import plotly.graph_objects as go
import pytest

from core.losses import LOSSES
from core.softmax import breaking_scale, jacobian, log_sum_exp, softmax
from core.units import GATES, MAXOUT_CASES
from pages.ui import export, parts
from pages.ui.live import MOST_BYTES
from pages.ui.softmax import controls, sweeps, words
from pages.ui.softmax.controls import DEFAULTS, LOGIT_STEPS, SECTION, logit_key
from pages.ui.softmax.parts import CHART, PLACE, VERDICT
from pages.ui.softmax.view import SECTIONS
from tests.figures import unpacked
from tests.hand import carry, drawn
from tests.mouse import choose
from tests.sweeps import payloads, swept
from tests.test_pages import stands, visit
from tests.test_urls import WILD

every_section = pytest.mark.parametrize("section", SECTIONS)
LOGITS = [DEFAULTS[logit_key(i)] for i in range(10)]


def open_section(section, **query):
    named = {f"softmax_{name}": str(value) for name, value in query.items()}
    return visit("softmax", softmax_section=section, **named)


def figures(app):
    return {
        re.search(r"softmax_\w+$", chart.proto.id)[0]: json.loads(chart.proto.spec)
        for chart in app.get("plotly_chart")
    }


def numbers(value):
    return unpacked(value) if isinstance(value, dict) else np.asarray(value, np.float32)


def bars(app, trace=0):
    return numbers(figures(app)[CHART]["data"][trace]["y"])


def reads_as(drawn, exact, decimals):
    """Assert that what is drawn and the exact numbers read the same, with so many decimals."""
    written = [
        [f"{v:.{decimals}f}" for v in np.round(np.ravel(values), decimals) + 0.0]
        for values in (drawn, exact)
    ]
    assert written[0] == written[1]


def verdict(app):
    return next(m.value for m in app.markdown if re.match(r"\*\*(?!Try this)", m.value))


def tables(app):
    """Return the cells of every table, head first."""
    found = []
    for m in app.markdown:
        if m.value.startswith("| "):
            lines = [line.strip("| ").split(" | ") for line in m.value.splitlines()]
            found.append([lines[0], *lines[2:]])
    return found


# ---------------------------------------------------------------- every section


@every_section
@pytest.mark.parametrize("classes", [2, 3, 7, 10])
def test_every_section_stands_and_every_figure_is_valid(section, classes):
    for name, figure in figures(open_section(section, classes=classes)).items():
        assert name in (CHART, PLACE)
        json.dumps(figure, allow_nan=False)
        go.Figure(figure)


@pytest.mark.usefixtures("all_in_view")
@every_section
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_a_sweep_rests_where_it_was_dragged_and_costs_little(section, classes):
    """The row of a slider's own value is what the page draws and says, for every slider."""
    app = open_section(section, classes=classes)
    drawn_now = figures(app)
    said = [m.value for m in app.markdown]
    heads = swept(app)
    sliders = {s.key: s.value for s in app.slider}
    assert {head["slider"] for head in heads} == set(sliders)
    for head in heads:
        assert head["values"] == sorted(head["values"])
        row = head["values"].index(pytest.approx(sliders[head["slider"]]))
        for chart in head["charts"]:
            figure = drawn_now[chart["chart"]]
            for index, attribute, rows in chart["traces"]:
                kept = numbers(figure["data"][index][attribute])
                np.testing.assert_array_equal(rows[row], kept.ravel())
            for path, column in chart["layout"].items():
                place = figure["layout"]
                for step in re.findall(r"\w+", path):
                    place = place[int(step) if step.isdigit() else step]
                assert column[row] == place
        for key, texts in head["texts"].items():
            # A text follows the hand only while it keeps its pieces.
            assert len({len(pieces) for pieces in texts}) == 1, key
            assert all(any(p in one for one in said) for p in texts[row]), (key, texts[row])
    assert max(map(len, payloads(app))) <= MOST_BYTES


@every_section
def test_axes_stay_while_sliders_move(section):
    app = open_section(section)
    axes = [{k: v for k, v in f["layout"].items() if "axis" in k} for f in figures(app).values()]
    for slider in app.slider:
        if slider.key != controls.TEMPERATURE:
            slider.set_value(slider.max)
    stands(app.run())
    now = [{k: v for k, v in f["layout"].items() if "axis" in k} for f in figures(app).values()]
    assert now == axes


@every_section
@pytest.mark.parametrize("seed", range(3))
def test_random_settings(section, seed):
    draw = random.Random(f"{section} {seed}")
    app = open_section(section, classes=draw.randint(2, 10))
    for slider in app.slider:
        steps = round((slider.max - slider.min) / slider.step)
        at = slider.min + slider.step * draw.choice([0, steps, draw.randint(0, steps)])
        slider.set_value(round(at, 10))
    stands(app.run())
    for figure in figures(app).values():
        go.Figure(figure)


@every_section
def test_every_chart_says_what_it_shows(section):
    for chart in open_section(section).get("plotly_chart"):
        assert len(chart.proto.alt) > 30


def test_the_number_of_classes_is_a_field_and_draws_everything_anew():
    app = open_section("Probabilities")
    field = app.number_input(key=controls.CLASSES.key)
    assert (field.min, field.max, field.value) == (2, 10, 3)
    stands(field.set_value(7).run())
    assert len(bars(app)) == 7
    assert {logit_key(i) for i in range(7)} <= {s.key for s in app.slider}


# ---------------------------------------------------------------- softmax itself


def test_bars_are_the_softmax():
    app = open_section("Probabilities", z1=-2.5, temperature=0.7, shift=100)
    reads_as(bars(app), softmax([-2.5, 2, 3], 0.7), 3)
    assert "p = 0.806427" in verdict(app)


def test_a_constant_changes_nothing_that_is_shown():
    before = open_section("Probabilities")
    after = open_section("Probabilities", shift=1000)
    assert (bars(before) == bars(after)).all()
    assert any("nothing, to the last bit" in m.value for m in after.markdown)
    # 0.1 + 1000 is rounded, and that is said.
    rounded = open_section("Probabilities", z1=0.1, shift=1000)
    assert any("the rounding of z + c" in m.value for m in rounded.markdown)


@pytest.mark.parametrize(("z", "winner"), [((5, 0, 1), 0), ((0, 5, 1), 1), ((0, 1, 5), 2)])
def test_the_point_stands_in_the_region_of_its_winner(z, winner):
    app = open_section("Probabilities", z1=z[0], z2=z[1], z3=z[2])
    traces = figures(app)[PLACE]["data"]
    x, y = (numbers(traces[-1][axis])[0] for axis in "xy")
    assert f"class {winner + 1}" in traces[winner]["name"]
    # The nearest corner of the three is that of its own region.
    corners = [(numbers(t["x"])[0], numbers(t["y"])[0]) for t in traces[:3]]
    distances = [np.hypot(x - a, y - b) for a, b in corners]
    assert int(np.argmin(distances)) == winner


@pytest.mark.parametrize("temperature", [0.1, 0.3, 1, 5])
def test_two_classes_print_the_same_number(temperature):
    app = open_section("Probabilities", classes=2, z1=1.3, temperature=temperature)
    (table,) = tables(app)
    soft, sigmoid, apart = (row[1].strip("`") for row in table[1:])
    assert soft == sigmoid == repr(float(softmax([1.3, 2.0], temperature)[0]))
    assert apart.startswith("0")
    assert len(figures(app)) == 2


def test_only_three_classes_have_a_triangle():
    assert PLACE not in figures(open_section("Probabilities", classes=4))


def test_the_heat_map_is_the_jacobian():
    app = open_section("Jacobian", classes=5, temperature=0.5)
    figure = figures(app)[CHART]
    expected = jacobian(LOGITS[:5], 0.5)
    reads_as(numbers(figure["data"][0]["z"]), expected, 3)
    assert figure["layout"]["coloraxis"]["cmax"] == 0.5


def test_log_sum_exp_beside_the_maximum():
    app = open_section("Log-sum-exp")
    assert "Log-sum-exp is 3.4076, the maximum 3.0000" in verdict(app)
    top, smooth, mean = (numbers(t["y"]) for t in figures(app)[CHART]["data"][:3])
    assert (mean <= top + 1e-6).all()
    assert (top <= smooth).all()
    x = sweeps.FIRST_LOGIT
    reads_as(smooth, [float(log_sum_exp([v, 2, 3])) for v in x], 2)


@pytest.mark.parametrize(("label", "counted"), [(1, 1), (3, 3), (9, 3)])
def test_the_gradient_is_p_minus_y(label, counted):
    app = open_section("Cross-entropy", label=label)
    p, truth, gradient = (bars(app, i) for i in range(3))
    assert truth.tolist() == np.eye(3)[counted - 1].tolist()
    assert gradient == pytest.approx(p - truth, abs=1e-6)
    value = float(LOSSES["softmax_cross_entropy"](LOGITS[:3], np.array(counted - 1)))
    assert f"{value:.4f} nats" in verdict(app)


@pytest.mark.parametrize(("classes", "floor"), [(2, 0.3133), (3, 0.5514), (10, 1.4612)])
def test_softmax_twice_has_a_floor(classes, floor):
    assert f"never below {floor}" in verdict(open_section("Cross-entropy", classes=classes))


def test_naive_breaks_where_it_is_said_to():
    app = open_section("Overflow", scale=30)
    stable, double, single = (bars(app, i) for i in range(3))
    assert stable == pytest.approx(double, abs=1e-6)
    assert np.isnan(single).tolist() == [False, False, True]
    (table,) = tables(app)
    for row, dtype in ((2, np.float64), (3, np.float32)):
        scale = float(breaking_scale([1, 2, 3], dtype))
        assert table[row][1] == f"{scale:.4f}"
        assert table[row][2] == f"{3 * scale:.4f}"
    assert [row[3] for row in table[1:]] == ["60.0000", "60.0000", "∞"]
    notes = figures(app)[CHART]["layout"]["annotations"]
    assert [n["text"] for n in notes] == [""] * 8 + ["nan"]


def test_nothing_breaks_where_the_largest_logit_is_zero():
    app = open_section("Overflow", z1=0, z2=0, z3=-1, scale=1000)
    assert [row[1] for row in tables(app)[0][1:]] == ["never"] * 3


# ---------------------------------------------------------------- two distributions


def test_divergences_both_ways():
    app = open_section("KL divergence")
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.7])
    table = tables(app)[0]
    assert table[1][1] == f"{float(LOSSES['kl_divergence'](q, p)):.4f}"
    assert table[2][1] == f"{float(LOSSES['kl_divergence'](p, q)):.4f}"
    reads_as(bars(app, 2), p * np.log(p / q), 3)


def test_rows_that_do_not_add_up_are_normalised_and_it_is_said():
    app = open_section("KL divergence", p1=1.0)
    assert "P adds up to 1.5; each number was divided by that." in verdict(app)
    reads_as(bars(app), [1 / 1.5, 0.2, 0.2 / 1.5], 3)


def test_between_equal_distributions_there_is_nothing():
    app = open_section("KL divergence", p1=0.02, p2=0.02, p3=0.02, q1=0.06, q2=0.06, q3=0.06)
    assert "P and Q are the same" in verdict(app)
    assert [row[1] for row in tables(app)[0][1:5]] == ["0.0000"] * 4


def test_an_infinite_divergence_is_put_in_words():
    app = open_section("KL divergence", q1=0)
    assert "KL(P‖Q) is infinite, since Q rules out what P allows" in verdict(app)
    assert "KL(Q‖P) is infinite" not in verdict(app)
    assert tables(app)[0][1][1] == "∞"


def test_nothing_is_no_distribution():
    app = open_section("KL divergence", p1=0, p2=0, p3=0)
    assert [w.value for w in app.warning] == [words.empty(["P"])]
    assert not app.get("plotly_chart")


# ---------------------------------------------------------------- maxout and gates


@pytest.mark.parametrize("case", MAXOUT_CASES)
def test_special_cases_of_maxout(case):
    app = open_section("Maxout", pieces=4)
    (button,) = (b for b in app.button if b.label == case)
    stands(button.click().run())
    called = {"|x|": "the absolute value", "A bowl": "A convex function"}
    assert called.get(case, case).lower() in verdict(app).lower()


@pytest.mark.parametrize("unit", GATES)
def test_every_gated_unit(unit):
    app = open_section("Gated units", unit=unit)
    assert verdict(app).startswith(f"**{unit}: ")
    surface = figures(app)[CHART]["data"][0]
    z = numbers(surface["z"])
    assert z.shape == (65, 65)
    # Along the value, at any gate, it is a straight line through 0.
    assert z[:, 32] == pytest.approx(0, abs=1e-6)
    assert np.diff(z, 2, axis=1) == pytest.approx(0, abs=1e-5)


# ---------------------------------------------------------------- presets, links, numbers


PRESETS = {
    "Nearly a maximum": ("Probabilities", "22026"),
    "Two classes are a sigmoid": ("Probabilities", "Class 2 has p = 0.731059"),
    "Softmax twice": ("Cross-entropy", "the loss is 0.5514"),
    "90 is too much": ("Overflow", "float32 has broken down"),
    "Infinitely surprised": ("KL divergence", "KL(P‖Q) is infinite"),
    "|x| from two lines": ("Maxout", "This is the absolute value"),
}


def test_every_preset_is_tested():
    assert [b.label for b in open_section("Probabilities").button] == list(PRESETS)


@pytest.mark.parametrize("label", PRESETS)
def test_a_preset_shows_what_it_says_from_anywhere(label):
    section, words = PRESETS[label]
    app = open_section("Gated units", z1=-7, temperature=5, p1=1, scale=1000, shift=50)
    (button,) = (b for b in app.button if b.label == label)
    stands(button.click().run())
    assert app.button_group(key=SECTION).value == section
    assert words in verdict(app)


@pytest.fixture(scope="module")
def ask(visit_page):
    """Give a function that opens the page with a query string, and sees that it stands."""
    return functools.partial(visit_page, "softmax")


@pytest.mark.parametrize("wild", WILD.values(), ids=WILD)
def test_wild_values_everywhere(ask, wild):
    run = ask("&".join(f"{key}={wild}" for key in [SECTION, *DEFAULTS]))
    assert run.kinds["plotly_chart"] >= 1


@every_section
@pytest.mark.parametrize("wild", ["", "nan", "1e999", "99", "%00"])
def test_wild_values_in_every_section(ask, section, wild):
    rest = "&".join(f"{key}={wild}" for key in DEFAULTS)
    assert ask(f"{SECTION}={section.replace(' ', '%20')}&{rest}").kinds["plotly_chart"] >= 1


def exported(picture, view):
    shown = picture(sweeps.rows(view))
    return list(csv.reader(io.StringIO(export.to_csv(parts.numbers(shown, CHART)))))


def test_csv_of_bars_and_of_a_grid():
    view = sweeps.View((1.0, 2.0, 3.0))
    head, *rows = exported(sweeps.probabilities, view)
    assert head == ["curve", "x", "y"]
    assert [float(row[2]) for row in rows] == softmax([1, 2, 3]).tolist()
    head, *rows = exported(sweeps.sensitivity, view)
    assert head == ["curve", "x", "y", "z"]
    assert len(rows) == 9
    assert float(rows[1][3]) == pytest.approx(jacobian([1, 2, 3])[0, 1], rel=1e-6)


def test_steps_are_the_numbers_that_sliders_send():
    assert LOGIT_STEPS.tolist() == [n / 10 for n in range(-100, 101)]
    assert len(controls.SCALE_STEPS) <= 201


# ---------------------------------------------------------------- in the browser


def test_picture_and_words_follow_the_hand(open_page):
    visit = open_page("/softmax")
    place = f".st-key-{CHART} .js-plotly-plot"

    def seen():
        texts = visit.page.locator(f"{place} text").all_text_contents()
        shapes = visit.page.locator(f"{place} .point path").evaluate_all(
            "paths => paths.map(path => path.getAttribute('d'))"
        )
        return (
            drawn(visit, CHART),
            texts,
            shapes,
            visit.page.locator(f".st-key-{VERDICT}").inner_text(),
        )

    def follows(slider, value):
        before, now, after = carry(visit, slider, value, seen)
        assert now[:3] != before[:3], slider
        assert now[3] != before[3], slider
        assert (after[1], after[3]) == (now[1], now[3]), slider

    follows("softmax_z1", 5.0)
    follows("softmax_temperature", 3.0)
    for section, slider, value in (
        ("Jacobian", "softmax_z2", -3.0),
        ("Log-sum-exp", "softmax_z1", -5.0),
        ("Cross-entropy", "softmax_z1", 4.0),
        ("Overflow", "softmax_scale", 300.0),
        ("KL divergence", "softmax_p1", 0.8),
        ("Maxout", "softmax_slope2", -1.0),
        ("Gated units", "softmax_gate", -2.0),
    ):
        choose(visit, SECTION, section)
        follows(slider, value)


def test_what_was_set_is_there_again_in_another_section(open_page):
    visit = open_page("/softmax?softmax_z1=5&softmax_temperature=2")
    for section in ("Jacobian", "KL divergence", "Log-sum-exp"):
        choose(visit, SECTION, section)
    z1, t = (
        visit.page.locator(f".st-key-softmax_{name} input[type=range]").input_value()
        for name in ("z1", "temperature")
    )
    assert (float(z1), float(t)) == (5, 2)
