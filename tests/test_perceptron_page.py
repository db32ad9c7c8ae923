"""The Perceptron page: every section without a browser, and what a hand sees in Chromium."""

import csv
import functools
import io
import itertools
import json
import random
import re
from urllib.parse import quote

import numpy as np
import plotly.graph_objects as go
import pytest
from playwright.sync_api import expect

from core.activations import ACTIVATIONS
from core.linear.half_planes import box
from core.linear.regions import broken, fewest_at_best, network, pieces_along, regions_in_plane
from core.perceptron import CORNERS, GATES, SOLUTIONS, answers, train
from core.perceptron.steep_sigmoid import descend, loss
from pages.ui import export
from pages.ui.live import MOST_BYTES
from pages.ui.parts import numbers as exported
from pages.ui.perceptron import collapse, controls, regions, rule, steep, unit, words, xor
from pages.ui.perceptron.controls import DEFAULTS, HALVES, KINDS, SECTION, STACKS
from pages.ui.perceptron.moves import CHART, PLACE, VERDICT, rest
from pages.ui.perceptron.runs import Setting, Task, run_of
from tests.figures import unpacked
from tests.hand import carry, drawn
from tests.mouse import choose
from tests.sweeps import payloads, swept
from tests.test_pages import stands, visit
from tests.test_urls import WILD

MOST_SENT = 60_000
VIEWS = {
    "one unit": {"section": "One unit"},
    "rule, AND": {"section": "Learning rule"},
    "rule, XOR": {"section": "Learning rule", "data": "XOR", "step": 30},
    "rule, points": {"section": "Learning rule", "data": "Points", "step": 5},
    "rule, AND, more": {"section": "Learning rule", "step": 7, "more": "true", "start1": 0.4},
    "rule, XOR, more": {"section": "Learning rule", "data": "XOR", "step": 30, "more": "true"},
    "rule, points, more": {
        "section": "Learning rule", "data": "Points", "step": 9, "more": "true",
        "rate": 0.2, "start2": -1, "order": "Shuffled",
    },
    "XOR, one unit": {"section": "XOR"},
    "XOR, two units": {"section": "XOR", "half": HALVES[1]},
    "stack": {"section": "Linear collapse"},
    "regions, ReLU": {"section": "Linear collapse", "stack": STACKS[1], "activation": "relu"},
    "regions, hardtanh": {
        "section": "Linear collapse", "stack": STACKS[1], "activation": "hardtanh", "width": 8,
    },
    "regions, folded": {
        "section": "Linear collapse", "stack": STACKS[1], "activation": "relu", "width": 8,
        "depth": 4, "weights": KINDS[1],
    },
    "regions, step": {"section": "Linear collapse", "stack": STACKS[1], "activation": "step"},
    "regions, ELU": {"section": "Linear collapse", "stack": STACKS[1]},
    "steep": {"section": "Steps and gradients"},
}  # fmt: skip
every_view = pytest.mark.parametrize("view", VIEWS)


def named(**query):
    return {k if k == "activation" else f"perceptron_{k}": str(v) for k, v in query.items()}


def open_view(view=None, **query):
    return visit("perceptron", **named(**{**VIEWS.get(view, {}), **query}))


def address(view, **query):
    parts = named(**{**VIEWS[view], **query}).items()
    return "/perceptron?" + "&".join(f"{k}={quote(v)}" for k, v in parts)


def figures(app):
    return {
        re.search(r"perceptron_\w+$", chart.proto.id)[0]: json.loads(chart.proto.spec)
        for chart in app.get("plotly_chart")
    }


def numbers(value):
    return unpacked(value) if isinstance(value, dict) else np.asarray(value, np.float32)


def trace(app, name, chart=CHART):
    (found,) = (t for t in figures(app)[chart]["data"] if t.get("name") == name)
    return np.stack([numbers(found["x"]), numbers(found["y"])], axis=-1)


def said(app):
    return " ".join(m.value for m in app.markdown)


def tables(app):
    """Return the cells of every table, head first."""
    found = []
    for m in app.markdown:
        if m.value.startswith("| "):
            lines = [line.removeprefix("| ").removesuffix(" |") for line in m.value.splitlines()]
            found.append([line.split(" | ") for line in (lines[0], *lines[2:])])
    return found


def press(app, label):
    (button,) = (b for b in app.button if b.label == label)
    return stands(button.click().run())


# ---------------------------------------------------------------- every view


@every_view
def test_every_view_stands_and_every_figure_is_valid(view):
    app = open_view(view)
    for chart in app.get("plotly_chart"):
        assert len(chart.proto.alt) > 30
    for name, figure in figures(app).items():
        assert name in (CHART, PLACE)
        json.dumps(figure, allow_nan=False)
        go.Figure(figure)


@pytest.mark.usefixtures("all_in_view")
@every_view
def test_a_sweep_rests_where_it_was_dragged_and_costs_little(view):
    """The row of a slider's own value is what the page draws and says, for every slider."""
    app = open_view(view)
    heads = swept(app)
    assert heads
    for head in heads:
        for key, texts in head["texts"].items():
            assert len({len(pieces) for pieces in texts}) == 1, key
    assert_shows(app, heads)
    assert max(map(len, payloads(app))) <= MOST_BYTES
    assert sum(len(chart.proto.spec) for chart in app.get("plotly_chart")) <= MOST_SENT


def assert_shows(app, heads):
    """Hold that a page draws and says what sweeps have for its sliders' own values."""
    drawn_now, spoken = figures(app), [m.value for m in (*app.markdown, *app.caption)]
    sliders = {s.key: s.value for s in app.slider}
    for head in heads:
        row = list(head["values"]).index(pytest.approx(sliders[head["slider"]]))
        for chart in head["charts"]:
            data = drawn_now[chart["chart"]]["data"]
            for index, attribute, rows in chart["traces"]:
                kept = numbers(data[index][attribute]).ravel()
                # The longest step may need more points than this one: gaps at the end.
                dragged = np.asarray(rows[row])
                np.testing.assert_array_equal(dragged[: len(kept)], kept)
                assert np.isnan(dragged[len(kept) :]).all()
        for key, texts in head["texts"].items():
            # Without regions there is no table, and so no cell for their number.
            here = [p for p in texts[row] if p != "–"]
            assert all(any(p in one for one in spoken) for p in here), (key, here)


@pytest.mark.usefixtures("all_in_view")
@pytest.mark.parametrize("view", ["rule, AND, more", "rule, XOR, more", "rule, points, more"])
def test_a_run_is_dragged_to_what_the_page_then_shows(view):
    """At the ends of each slider and between them, and nothing else is different there."""
    app = open_view(view)
    heads = swept(app)
    for key in sorted({head["slider"] for head in heads}):
        own = [head for head in heads if head["slider"] == key]
        moved = {
            (chart["chart"], index, attribute)
            for head in own
            for chart in head["charts"]
            for index, attribute, _ in chart["traces"]
        }
        steps = own[0]["values"]
        for row in (0, len(steps) // 3, len(steps) - 1):
            there = open_view(view, **{key.removeprefix("perceptron_"): steps[row]})
            assert_shows(there, own)
            before, after = figures(app), figures(there)
            for chart, index, attribute in differences(before, after):
                assert (chart, index, attribute) in moved, (key, steps[row])
            texts = [
                piece for head in own for rows in head["texts"].values() for piece in rows[row]
            ]
            for text in set(pieces_said(there)) - set(pieces_said(app)):
                assert text in texts, (key, steps[row])


def differences(before, after):
    """Return which coordinates of which traces two pages draw differently."""
    return [
        (chart, index, attribute)
        for chart in before
        for index, one in enumerate(before[chart]["data"])
        for attribute in "xy"
        if not np.array_equal(
            numbers(one[attribute]),
            numbers(after[chart]["data"][index][attribute]),
            equal_nan=True,
        )
    ]


def pieces_said(app):
    """Return the pieces of what a page says, as a sweep has them."""
    spoken = "\n".join(m.value for m in (*app.markdown, *app.caption))
    return [piece.strip() for piece in re.split(r"[*|\n]+", spoken)]


LIVE_SLIDERS = {
    "one unit": {s.key for s in controls.UNIT},
    "rule, AND": {controls.STEP.key},
    "rule, points": {controls.STEP.key, controls.GAP.key},
    "rule, AND, more": {s.key for s in (controls.STEP, *controls.START, controls.RATE)},
    "rule, points, more": {
        s.key for s in (controls.STEP, controls.GAP, *controls.START, controls.RATE)
    },
    "XOR, one unit": {s.key for s in controls.UNIT},
    "XOR, two units": {s.key for s in (*controls.HIDDEN, *controls.OUTPUT)},
    "stack": {controls.LAYERS.key},
    "regions, ReLU": {controls.ANGLE.key, controls.OFFSET.key},
    "regions, folded": {controls.ANGLE.key, controls.OFFSET.key},
    "regions, hardtanh": {
        controls.ANGLE.key, controls.OFFSET.key, "hardtanh_min_val", "hardtanh_max_val",
    },
    "regions, ELU": {controls.ANGLE.key, controls.OFFSET.key, "elu_alpha"},
    "steep": {s.key for s in (controls.STEEPNESS, controls.BEGIN, controls.DESCENT_RATE)},
}  # fmt: skip


@pytest.mark.usefixtures("all_in_view")
@pytest.mark.parametrize("view", LIVE_SLIDERS)
def test_these_sliders_are_live(view):
    assert {head["slider"] for head in swept(open_view(view))} == LIVE_SLIDERS[view]


@every_view
def test_axes_stay_while_sliders_move(view):
    app = open_view(view)

    def axes():
        return [
            {k: v for k, v in f["layout"].items() if "axis" in k} for f in figures(app).values()
        ]

    before = axes()
    for slider in app.slider:
        slider.set_value(slider.max)
    stands(app.run())
    assert axes() == before


@every_view
@pytest.mark.parametrize("seed", range(2))
def test_random_settings(view, seed):
    draw = random.Random(f"{view} {seed}")
    app = open_view(view)
    for slider in app.slider:
        steps = round((slider.max - slider.min) / slider.step)
        at = slider.min + slider.step * draw.choice([0, steps, draw.randint(0, steps)])
        slider.set_value(round(at, 10))
    for field in app.number_input:
        field.set_value(draw.randint(int(field.min), int(field.max)))
    for figure in figures(stands(app.run())).values():
        go.Figure(figure)


FIELDS = {
    "rule, points": {controls.SEED.key: 7},
    "stack": {controls.STACK_WIDTH.key: 3, controls.STACK_SEED.key: 9},
    "regions, ReLU": {controls.WIDTH.key: 4, controls.DEPTH.key: 3, controls.DRAW.key: 8},
}


@pytest.mark.parametrize("view", FIELDS)
def test_what_is_drawn_anew_is_asked_for_in_fields(view):
    here = open_view(view)
    there = open_view(view, **{k.removeprefix("perceptron_"): v for k, v in FIELDS[view].items()})
    for app, values in ((here, DEFAULTS), (there, FIELDS[view])):
        found = {field.key: field.value for field in app.number_input}
        assert found == {key: values[key] for key in FIELDS[view]}
        assert all(type(value) is int for value in found.values())
    assert figures(here) != figures(there)


# ---------------------------------------------------------------- one unit


@pytest.mark.parametrize("gate", GATES)
def test_truth_table_and_verdict(gate):
    app = open_view("one unit", gate=gate, w1=-0.7, w2=1.2, b=0.3)
    given = answers(CORNERS, [-0.7, 1.2, 0.3]).astype(int).tolist()
    (table,) = tables(app)
    for row, target, answer in zip(table[1:], GATES[gate], given, strict=True):
        assert (row[1], row[3]) == (str(target), str(answer))
        assert row[4] == ("✓" if target == answer else "✗")
    right = sum(a == t for a, t in zip(given, GATES[gate], strict=True))
    assert f"**{right} of 4 rows are right:**" in said(app)
    rings = trace(app, "wrong")
    wrong = [i for i in range(4) if given[i] != GATES[gate][i]]
    assert np.nonzero(~np.isnan(rings[:, 0]))[0].tolist() == wrong


@pytest.mark.parametrize("gate", SOLUTIONS)
def test_buttons_set_a_solution(gate):
    app = press(open_view("one unit", gate=gate, w1=-3), gate)
    assert f"**All four rows are right:** the unit is {gate}." in said(app)


def test_the_line_and_the_arrow():
    app = open_view("one unit", w1=2, w2=-1, b=0.5)
    ends = trace(app, "w·x + b = 0").astype(float)
    assert ends @ [2, -1] + 0.5 == pytest.approx(0, abs=1e-5)
    arrow = trace(app, "w").astype(float)
    assert np.diff(arrow[:2], axis=0)[0] / 0.3 == pytest.approx([2, -1], abs=1e-5)


def test_no_line_at_all_is_said():
    app = open_view("one unit", w1=0, w2=0, b=0)
    assert "With both weights 0 there is no line" in said(app)
    assert np.isnan(trace(app, "answers 1")).all()
    assert "The line is outside the picture." in said(open_view("one unit", w1=0, w2=0.1, b=2))
    app = open_view("one unit", w1=0, w2=0, b=1)
    assert "3 of 4" not in said(app)


# ---------------------------------------------------------------- the rule


@pytest.mark.parametrize("step", [0, 1, 4, 10, 24, 60])
def test_a_step_of_the_rule_in_numbers(step):
    app = open_view("rule, AND", step=step)
    run = train(CORNERS, GATES["AND"])
    at = min(step, len(run.example))
    weights = words.vector(run.weights[at].tolist(), 2)
    if step == 0:
        assert "**Step 0:** before the first example." in said(app)
    else:
        assert f"**Step {at}, epoch {(at - 1) // 4 + 1}:**" in said(app)
    assert weights in said(app)
    dot = figures(app)[CHART]["data"][-1]
    assert numbers(dot["x"])[0] == at
    assert 10 ** numbers(dot["y"])[0] - 1 == pytest.approx(run.mistakes[at], abs=1e-5)
    if at:
        line = trace(app, "now", PLACE).astype(float)
        if not np.isnan(line).any():
            w = run.weights[at]
            assert line @ w[:2] + w[2] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("data", "mistakes", "epochs", "bound"), [("AND", 10, 6, 51), ("OR", 4, 4, 27)]
)
def test_how_a_run_ends(data, mistakes, epochs, bound):
    words_said = said(open_view("rule, AND", data=data))
    assert f"**Learned after {mistakes} mistakes.** Epoch {epochs} is the first" in words_said
    assert f"Novikoff's bound allows {bound}." in words_said


@pytest.mark.parametrize("query", [{}, {"start1": 1.3, "rate": 0.2}, {"order": "Backwards"}])
def test_xor_has_no_end(query):
    assert "for ever" in said(open_view("rule, XOR", **query))


def test_xor_goes_round_on_the_slider():
    for step in (20, 24, 28, 60):
        app = open_view("rule, XOR", step=step)
        assert f"**Step {step}, epoch {step // 4}:** (1, 1) should be 0." in said(app)
        assert "Wrong: (0, 1, 2) − 1·(1, 1, 1) = (−1, 0, 1)." in said(app)


@pytest.mark.parametrize("data", [*SOLUTIONS, "Points"])
def test_no_slider_takes_the_bound_off_its_axis(data):
    """The worst: points that are hard to split, and weights that small steps must undo."""
    app = open_view("rule, AND", data=data)
    top = figures(app)[CHART]["layout"]["yaxis"]["range"][1]
    seeds = range(controls.SEED.high + 1) if data == "Points" else [0]
    for seed, start in itertools.product(seeds, itertools.product((-3.0, 3.0), repeat=3)):
        bound = run_of(Setting(Task(data, seed, "As listed"), 0.02, start, 0.1)).bound
        assert np.log10(1 + bound) < top


def test_the_rate_makes_no_difference_from_zero_and_one_elsewhere():
    zero, other = open_view("rule, AND"), open_view("rule, AND", start1=1.5, start_b=-0.7)
    rates = [tables(app)[1][1:] for app in (zero, other)]
    assert len({tuple(row[1:3]) for row in rates[0]}) == 1
    assert len({tuple(row[1:3]) for row in rates[1]}) > 1


@pytest.mark.parametrize("order", controls.ORDERS)
def test_orders(order):
    app = open_view("rule, AND", order=order, data="OR")
    assert "Learned after" in said(app)
    first = {"As listed": "(0, 0)", "Backwards": "(1, 1)"}.get(order)
    if first:
        assert first in said(open_view("rule, AND", order=order, step=1))


# ---------------------------------------------------------------- XOR


def test_the_inequalities_and_their_contradiction():
    app = open_view("XOR, one unit", w1=1, w2=1, b=-1)
    (table,) = tables(app)
    assert [row[2] for row in table[1:5]] == ["✓", "✗", "✗", "✗"]
    assert [row[1:] for row in table[5:]] == [["0", "✗"], ["0", "✓"]]
    assert "One of the rows (0, 1) and (1, 0) must be wrong" in said(app)


@pytest.mark.parametrize("seed", range(10))
def test_one_of_the_two_sums_is_always_broken(seed):
    rng = np.random.default_rng(seed)
    values = {
        s.key: round(float(v), 1) for s, v in zip(controls.UNIT, rng.uniform(-3, 3, 3), strict=True)
    }
    shown = rest(xor.impossible, values)
    marks = [shown.texts[f"{xor.INEQUALITIES}[{row}][2]"][0] for row in range(1, 7)]
    assert sorted(marks[4:]) == ["✓", "✗"]
    assert "✗" in marks[:4]


@pytest.mark.parametrize("name", controls.XOR_SOLUTIONS)
def test_two_lines_solve_it(name):
    app = press(open_view("XOR, two units", hidden_a1=-2, output_b=3), name)
    assert "**All four rows are right:** two lines do what one line cannot." in said(app)
    assert [row[-1] for row in tables(app)[0][1:]] == ["✓"] * 4


def test_hidden_units_to_blame_or_the_output():
    folded = open_view("XOR, two units", output_b=-3)
    assert "The hidden units do their part" in said(folded)
    same = open_view("XOR, two units", hidden_c2=-0.5)
    assert "the hidden units have to be moved first" in said(same)


def test_the_shade_is_where_the_network_answers_1():
    app = open_view("XOR, two units", hidden_b2=-0.4, hidden_c1=0.3, output_1=-1, output_b=0.6)
    values = {s.key: app.slider(key=s.key).value for s in (*controls.HIDDEN, *controls.OUTPUT)}
    area = figures(app)[CHART]["data"][0]
    x, y = (numbers(area[axis]) for axis in "xy")
    points = np.random.default_rng(0).uniform(-1, 2, (300, 2))
    w = np.array(list(values.values())).reshape(3, 3)
    seen = np.stack([answers(points, w[0]), answers(points, w[1])], axis=-1)
    fires = answers(seen, w[2]) > 0
    inside = np.zeros(len(points), dtype=bool)
    for piece in np.split(np.arange(len(x)), np.nonzero(np.isnan(x))[0]):
        corners = np.stack([x[piece], y[piece]], -1)
        corners = corners[~np.isnan(corners).any(-1)]
        if len(corners) > 2:
            inside |= np.array([contains(corners, p) for p in points])
    assert 20 < fires.sum() < 280
    assert (inside == fires).all()


def contains(polygon, point):
    """Tell whether a convex polygon, its corners anticlockwise, holds a point."""
    after = np.roll(polygon, -1, axis=0)
    sides, to = after - polygon, point - polygon
    return bool((sides[:, 0] * to[:, 1] - sides[:, 1] * to[:, 0] >= -1e-6).all())


# ---------------------------------------------------------------- layers


@pytest.mark.parametrize("layers", [1, 2, 50])
def test_the_one_matrix(layers):
    app = open_view("stack", layers=layers, stack_seed=3)
    (table,) = tables(app)
    one = collapse.collapse(collapse.stacks(4, 3)[layers - 1])
    rows = np.column_stack([one.weights, one.bias])
    for written, exact in zip(table[1:], rows.tolist(), strict=True):
        assert [as_number(cell) for cell in written[1:]] == pytest.approx(exact, rel=6e-3, abs=6e-5)
    many = "layer is" if layers == 1 else "layers are"
    assert f"**{layers} {many} one matrix:**" in said(app)
    at_once, dots = trace(app, "one matrix"), trace(app, "layers")
    near = np.linalg.norm(at_once[:, None] - dots, axis=-1).min(0)
    assert near == pytest.approx(0, abs=1e-5)


def as_number(written):
    digits = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
    text = "".join(digits.get(c, c) for c in written.replace("·10", "e").replace("−", "-"))
    return float(text)


def test_a_layer_of_one_leaves_a_line():
    assert "The narrow layers leave rank 1" in said(open_view("stack", stack_width=1))
    assert "rank 1" not in said(open_view("stack", stack_width=2, layers=30))


@pytest.mark.parametrize("width", [1, 4, 8])
def test_the_difference_is_rounding(width):
    assert max(collapse.differences(width, 0)) < 1e-13


@pytest.mark.parametrize("key", ["relu", "hardtanh", "step", "leaky_relu"])
def test_regions_are_counted(key):
    app = open_view("regions, ReLU", activation=key, width=5, depth=3, angle=30, offset=-0.5)
    entry = ACTIVATIONS[key]
    one, stack = broken(entry, entry.defaults), network(5, 3, 0)
    found = regions_in_plane(stack, one, box(-2, 2))
    (table,) = tables(app)
    assert table[2][1] == str(len(found.polygons))
    way = np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)])
    foot = -0.5 * np.array([-way[1], way[0]])
    along = pieces_along(stack, one, foot, way, (-2.2, 2.2))
    assert table[1][1] == str(len(along.bends) + 1)
    assert f"**{len(found.polygons)} regions in the square:**" in said(app)
    assert np.isfinite(trace(app, "bends", PLACE)[:, 0]).sum() == len(along.bends)


@pytest.mark.parametrize("key", ["tanh", "squared_relu", "sine"])
def test_a_smooth_activation_is_said_to_have_no_regions(key):
    app = open_view("regions, ReLU", activation=key, width=2, depth=1)
    assert f"**{ACTIVATIONS[key].name} bends everywhere:**" in said(app)
    assert tables(app) == []
    assert figures(app)[CHART]["data"][0]["type"] == "contour"


def test_a_leaky_relu_without_a_kink():
    app = open_view("regions, ReLU", activation="leaky_relu")
    app.slider(key="leaky_relu_negative_slope").set_value(1.0)
    stands(app.run())
    assert "**Leaky ReLU has no kink,**" in said(app)
    assert [row[1] for row in tables(app)[0][1:]] == ["1", "1"]


@pytest.mark.parametrize(("width", "depth"), [(4, 1), (4, 3), (6, 2)])
def test_folding_reaches_the_bound(width, depth):
    app = open_view("regions, ReLU", weights=KINDS[1], width=width, depth=depth)
    row = tables(app)[0][2]
    assert row[1] == row[2] == regions.whole(fewest_at_best(2, [width] * depth))


def test_folding_that_cannot_be_done_or_drawn():
    narrow = open_view("regions, ReLU", weights=KINDS[1], width=1)
    assert "at least two units" in narrow.info[0].value
    assert not narrow.get("plotly_chart")
    huge = open_view("regions, ReLU", weights=KINDS[1], width=8, depth=4)
    assert "More regions than can be followed" in said(huge)
    assert tables(huge)[0][2][1] == "too many"
    assert figures(huge)[CHART]["data"][0]["type"] == "contour"


def test_the_choice_of_an_activation_comes_from_other_pages():
    app = visit("activations", activation=["hardtanh", "relu"])
    app.query_params.update(
        named(**VIEWS["regions, hardtanh"]) | {"activation": ["hardtanh", "relu"]}
    )
    app.switch_page("pages/perceptron.py")
    stands(app.run())
    assert app.selectbox[0].value == "hardtanh"
    assert "regions in the square" in said(app)


def test_whole_numbers():
    assert regions.whole(151552) == "151\N{NARROW NO-BREAK SPACE}552"
    assert regions.whole(3 * 10**12) == "3·10¹²"


# ---------------------------------------------------------------- steep sigmoids


@pytest.mark.parametrize(
    ("k", "begin", "rate", "word"),
    [
        (5, 0, 1, "It learns"),
        (30, 0, 1, "It stalls"),
        (30, 1.2, 1, "It starts where AND is solved"),
        (20, 0.7, 5, "It is thrown too far"),
        (5, 0, 0.7, "It is not there yet"),
        (1.5, 0.65, 4.7, "It jumps to and fro"),
        (10, 1.45, 5, "It is thrown too far"),
    ],
)
def test_what_becomes_of_descent(k, begin, rate, word):
    app = open_view("steep", steepness=k, begin=begin, descent_rate=rate)
    assert f"**{word}" in said(app)
    path = trace(app, "descent")
    expected = descend(begin, k, rate, 50)
    assert path[:, 0] == pytest.approx(expected, abs=1e-5)
    assert path[:, 1] == pytest.approx(loss(expected, k), abs=1e-5)


def test_the_staircase_lies_under_a_steep_loss():
    app = open_view("steep", steepness=30)
    stairs, curve = trace(app, "loss of a step"), trace(app, "loss L")
    assert stairs[~np.isnan(stairs[:, 0])].tolist() == [
        [-1, 0.25], [0.75, 0.25], [0.75, 0], [1.5, 0], [1.5, 0.5], [3, 0.5],
    ]  # fmt: skip
    assert curve[[0, -1], 1] == pytest.approx([0.25, 0.5], abs=1e-6)


# ---------------------------------------------------------------- presets, links, numbers


PRESETS = {
    "XOR goes round": "This is never learned",
    "A thin margin": "Learned after 54 mistakes.** Epoch 19 is the first without one. "
    "Novikoff's bound allows 2864",
    "Two lines make XOR": "All four rows are right",
    "Fifty layers, one matrix": "50 layers are one matrix",
    "Folded on purpose": "176 regions in the square",
    "Too steep to move": "It stalls",
}


def test_every_preset_is_tested():
    assert [b.label for b in open_view("steep").button] == list(PRESETS)


@pytest.mark.parametrize("label", PRESETS)
def test_a_preset_shows_what_it_says_from_anywhere(label):
    app = open_view("one unit", w1=-3, hidden_a1=2, width=1, steepness=2, seed=7, layers=2)
    press(app, label)
    assert PRESETS[label] in said(app)
    assert all(type(field.value) is int for field in app.number_input)


@pytest.fixture(scope="module")
def ask(visit_page):
    """Give a function that opens the page with a query string, and sees that it stands."""
    return functools.partial(visit_page, "perceptron")


@pytest.mark.parametrize("wild", WILD.values(), ids=WILD)
def test_wild_values_everywhere(ask, wild):
    run = ask("&".join(f"{key}={wild}" for key in [SECTION, "activation", *DEFAULTS]))
    assert run.kinds["plotly_chart"] >= 1


@every_view
@pytest.mark.parametrize("wild", ["nan", "1e999", "%00"])
def test_wild_values_in_every_view(ask, view, wild):
    own = named(**VIEWS[view])
    rest_of_it = [f"{key}={wild}" for key in DEFAULTS if key not in own]
    query = "&".join([f"{k}={quote(v)}" for k, v in own.items()] + rest_of_it)
    assert ask(query).kinds["plotly_chart"] >= 1


@pytest.mark.parametrize(
    ("picture", "values", "fixed", "chart"),
    [
        (unit.picture, {s.key: 1.0 for s in controls.UNIT}, ("AND",), CHART),
        (steep.curves, {controls.STEEPNESS.key: 4.0}, (), CHART),
        (collapse.picture, {controls.LAYERS.key: 3.0}, (4, 0), CHART),
        (
            regions.picture,
            {controls.ANGLE.key: 30.0, controls.OFFSET.key: 0.0},
            (regions.Net("relu", 6, 2, 0, KINDS[0]),),
            PLACE,
        ),
    ],
)
def test_csv(picture, values, fixed, chart):
    text = export.to_csv(exported(rest(picture, values, *fixed), chart))
    head, *rows = csv.reader(io.StringIO(text))
    assert head == ["curve", "x", "y"]
    assert len(rows) > 10


def test_csv_of_a_run():
    setting = Setting(Task("AND", 0, "As listed"), 0.1, (0.0, 0.0, 0.0), 1.0)
    text = export.to_csv(rule.table_of(run_of(setting)))
    head, *rows = csv.reader(io.StringIO(text))
    assert (len(head), len(rows)) == (9, 24)
    assert [float(cell) for cell in rows[-1]] == [6, 1, 1, 1, 1, 1, 2, 1, -2]
    assert sum(row[3] != row[5] for row in rows) == 10


# ---------------------------------------------------------------- in the browser


def test_picture_and_words_follow_the_hand(open_page):
    visit = open_page(address("regions, ReLU"))

    def follows(slider, value, text):
        charts = [key for key in (CHART, PLACE) if visit.page.locator(f".st-key-{key}").count() > 0]

        def seen():
            words_seen = visit.page.locator(f".st-key-{text}").inner_text()
            return [drawn(visit, key) for key in charts], words_seen

        before, now, after = carry(visit, slider, value, seen)
        assert all(old != new for old, new in zip(before, now, strict=True)), slider
        assert after == now, slider

    follows("perceptron_angle", 90.0, regions.COUNTS)
    choose(visit, controls.STACK, STACKS[0])
    follows("perceptron_layers", 20.0, collapse.MATRIX)
    choose(visit, SECTION, "One unit")
    follows("perceptron_b", -1.5, VERDICT)
    choose(visit, SECTION, "Learning rule")
    follows("perceptron_step", 14.0, "perceptron_update")
    choose(visit, controls.DATA, controls.POINTS)
    follows("perceptron_gap", 0.3, rule.BOUND)
    with visit.rerun():
        visit.page.get_by_text("Start, rate and order").click()
    follows("perceptron_start_b", 2.0, rule.RATES)
    follows("perceptron_rate", 0.2, rule.BOUND)
    choose(visit, SECTION, "XOR")
    choose(visit, controls.HALF, HALVES[1])
    follows("perceptron_hidden_c2", 0.5, VERDICT)
    choose(visit, SECTION, "Steps and gradients")
    follows("perceptron_steepness", 10.0, steep.FACTS)


def test_a_link_is_the_same_view_again(open_page):
    visit = open_page(address("one unit", gate="NAND", w1=-1, w2=-0.5, b=1.2))
    expect(visit.page.locator(f".st-key-{VERDICT}")).to_contain_text("rows are right")
    value = visit.page.locator(".st-key-perceptron_b input[type=range]").input_value()
    assert float(value) == 1.2


def test_the_player_plays_a_run(open_page):
    visit = open_page(address("rule, AND", step=0))
    said_before = visit.page.locator(".st-key-perceptron_shown").inner_text()
    visit.page.get_by_role("button", name="Play the run", exact=True).click()
    expect(visit.page.locator(".st-key-perceptron_shown")).not_to_have_text(said_before)
    with visit.rerun():
        visit.page.get_by_role("button", name="Pause the run").click()
    step = visit.page.locator(".st-key-perceptron_step input[type=range]").input_value()
    expect(visit.page.locator(".st-key-perceptron_shown")).to_contain_text(f"Step {step}, ")
    assert int(step) > 0
