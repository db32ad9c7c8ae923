"""The Landscapes page: every section without a browser, and what a hand sees in Chromium."""

import functools
import json
import operator
import random
import re
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from core.activations import ACTIVATIONS
from core.datasets import LANDSCAPE_SETS
from core.landscapes.surface import DataSettings, Settings, terrain
from pages.ui import wording
from pages.ui.landscapes import networks, regularisation, view
from pages.ui.landscapes import scene as scenes
from pages.ui.landscapes.controls import (
    ARROWS,
    LANDSCAPE,
    NETWORKS,
    OUTLIERS,
    OUTPUT,
    PATH,
    REGULARISATION,
    SECTION,
    B,
    W,
    carried,
)
from pages.ui.landscapes.regularisation import SHARE, STRENGTH
from pages.ui.landscapes.scene import DATA_CHART, FACTS, NOW, SLICES, VERDICT, map_key
from pages.ui.live import MOST_BYTES
from tests.figures import unpacked
from tests.hand import Hand, carry, drawn
from tests.mouse import choose, click, drag
from tests.sweeps import assert_rests, payloads, swept
from tests.test_pages import stands, visit
from tests.test_urls import WILD
from tests.websocket_client import Session, finished

MOST_MOVED = 60_000
"""So many bytes a move of a slider may send."""

every_section = pytest.mark.parametrize("section", view.SECTIONS)
CLASSES = "Two classes, overlapping"
APART = "Two classes, separable"
NET = {"penalty": regularisation.NET}


def open_section(section=LANDSCAPE, losses=None, **query):
    named = {f"landscapes_{name}": str(value) for name, value in query.items()}
    if losses:
        named["loss"] = losses
    return visit("landscapes", landscapes_section=section, **named)


def figures(app):
    return {
        re.search(r"landscapes_\w+$", chart.proto.id)[0]: json.loads(chart.proto.spec)
        for chart in app.get("plotly_chart")
    }


def numbers(value):
    return unpacked(value) if isinstance(value, dict) else np.asarray(value, np.float32)


def words(app):
    return "\n".join(m.value for m in app.markdown)


def table(app, head):
    """Return the rows of the table whose first row holds ``head``, by their first cell."""
    (text,) = [m.value for m in app.markdown if m.value.startswith("|") and head in m.value]
    lines = [line.strip("| ").split(" | ") for line in text.splitlines()[2:]]
    return {cells[0]: cells[1:] for cells in lines}


# ---------------------------------------------------------------- every section


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"view": "surface"},
        {"levels": "log", "scale": "shared", "path": "true", "outliers": 4, "arrows": "true"},
        {"output": "relu", "data": "Symmetric"},
        {"output": "step", "data": APART},
        {"section": REGULARISATION},
        {"section": REGULARISATION, "penalty": "elastic net", "pair": "area, house number"},
        {"section": REGULARISATION, "penalty": "ridge", "strength": 1.5},
        {"section": NETWORKS},
        {"section": NETWORKS, "compare": networks.TRAINING, "network": "tanh", "scale": "shared"},
    ],
    ids=str,
)
def test_it_stands_and_every_figure_is_valid(query):
    app = open_section(**query)
    assert figures(app)
    for figure in figures(app).values():
        json.dumps(figure, allow_nan=False)
        go.Figure(figure)
    for chart in app.get("plotly_chart"):
        assert len(chart.proto.alt) > 30


BOTH = {W.key, B.key}


def within(layout, path):
    """Return what holds the value at a path such as "annotations[0].text", and its name there."""
    *steps, name = [int(s) if s.isdigit() else s for s in re.findall(r"\w+", path)]
    return functools.reduce(operator.getitem, steps, layout), name


@pytest.mark.parametrize(
    ("section", "query", "moving"),
    [
        (LANDSCAPE, {}, {*BOTH, OUTLIERS}),
        (LANDSCAPE, {"output": "gelu", "data": CLASSES}, BOTH),
        (LANDSCAPE, {"levels": "log", "data": "Symmetric", "outliers": 3}, {*BOTH, OUTLIERS}),
        (LANDSCAPE, {"view": "surface", "outliers": 3}, {*BOTH, OUTLIERS}),
        (LANDSCAPE, {"scale": "shared", "arrows": "true"}, {*BOTH, OUTLIERS}),
        (LANDSCAPE, {"parameters": "true"}, {*BOTH, "huber_delta", OUTLIERS}),
        (LANDSCAPE, {"losses": ["logistic", "hinge"], "data": APART}, {*BOTH, OUTLIERS}),
        (REGULARISATION, {}, {STRENGTH.key}),
        (REGULARISATION, NET, {STRENGTH.key, SHARE.key}),
        (REGULARISATION, {**NET, "share": 0.15, "strength": -0.7}, {STRENGTH.key, SHARE.key}),
    ],
)
def test_a_sweep_rests_where_it_was_dragged(section, query, moving):
    app = open_section(section, **query)
    now, said = figures(app), words(app)
    heads = swept(app)
    assert {head["slider"] for head in heads} == moving
    values = {s.key: s.value for s in app.slider}
    for head in heads:
        row = head["values"].index(pytest.approx(values[head["slider"]]))
        for chart in head["charts"]:
            figure = now[chart["chart"]]
            for index, attribute, rows in chart["traces"]:
                assert_rests(rows[row], numbers(figure["data"][index][attribute]).ravel())
            for path, column in chart["layout"].items():
                owner, name = within(figure["layout"], path)
                assert owner[name] == column[row]
        for key, texts in head["texts"].items():
            assert len({len(pieces) for pieces in texts}) == 1, key
            assert all(piece in said for piece in texts[row]), (key, texts[row])
    assert max(map(len, payloads(app))) <= MOST_BYTES


@pytest.mark.parametrize(
    ("query", "slider", "value"),
    [
        *(({**NET, "section": REGULARISATION}, SHARE.key, at) for at in (0.0, 0.2, 0.55, 1.0)),
        ({**NET, "section": REGULARISATION, "strength": 1.0}, SHARE.key, 0.9),
        ({"penalty": "lasso", "section": REGULARISATION}, STRENGTH.key, 0.35),
        ({}, OUTLIERS, 7),
        ({"scale": "shared", "losses": ["squared_error", "huber"]}, OUTLIERS, 7),
        ({"losses": ["logistic", "hinge"], "data": APART}, OUTLIERS, 7),
        ({"parameters": "true"}, "huber_delta", 0.35),
        ({"parameters": "true", "losses": ["quantile"]}, "quantile_tau", 0.8),
    ],
)
def test_a_step_of_a_sweep_is_the_picture_that_rests_there(query, slider, value):
    """All that differs between the pictures at two steps is in the sweep, and nothing else."""
    app = open_section(**query)
    before, parts = figures(app), [h for h in swept(app) if h["slider"] == slider]
    app.slider(key=slider).set_value(value)
    stands(app.run())
    now, said = figures(app), words(app)
    moved = {}
    for part in parts:
        row = part["values"].index(pytest.approx(value))
        for chart in part["charts"]:
            for index, attribute, rows in chart["traces"]:
                moved[chart["chart"], index, attribute] = rows[row]
            for path, column in chart["layout"].items():
                owner, name = within(before[chart["chart"]]["layout"], path)
                owner[name] = column[row]
        for key, texts in part["texts"].items():
            assert all(piece in said for piece in texts[row]), (key, texts[row])
    for key, figure in now.items():
        assert figure["layout"] == before[key]["layout"]
        assert len(figure["data"]) == len(before[key]["data"])
        for index, (old, new) in enumerate(zip(before[key]["data"], figure["data"], strict=True)):
            for attribute in "xyz":
                if old.get(attribute) != new.get(attribute):
                    there = numbers(new[attribute]).ravel()
                    assert_rests(moved.pop((key, index, attribute)), there)
    # What else the sweep moves has the same value at both steps.
    for (key, index, attribute), rows in moved.items():
        assert_rests(rows, numbers(now[key]["data"][index][attribute]).ravel())


FOUR = "&".join(f"loss={key}" for key in ("squared_error", "huber", "smooth_l1", "log_cosh"))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "loss=squared_error",
        "landscapes_output=relu&landscapes_levels=log",
        "landscapes_output=elu&landscapes_view=surface",
        f"{FOUR}&landscapes_arrows=true&landscapes_path=true",
        f"{FOUR}&landscapes_output=elu&landscapes_view=surface",
        f"{FOUR}&landscapes_output=relu&landscapes_arrows=true",
        "landscapes_parameters=true",
        "landscapes_parameters=true&landscapes_view=surface",
        "landscapes_parameters=true&loss=huber&loss=quantile&landscapes_levels=log",
        "landscapes_parameters=true&loss=huber&landscapes_arrows=true",
        "landscapes_data=Two%20classes%2C%20separable&loss=logistic&loss=hinge&loss=squared_error",
        f"{SECTION}={REGULARISATION}&landscapes_penalty=elastic%20net",
    ],
)
def test_a_move_sends_little(server, query):
    async def moves():
        async with await Session.connect(server.url) as session:
            opened = await session.rerun(page="landscapes", query=query)
            sent = {}
            for key, slider in opened.sliders.items():
                step = slider.step if slider.value < slider.high else -slider.step
                run = await session.set_widget(key, slider.value + step)
                assert run.exceptions == []
                sent[key] = run.bytes_on_wire
            return sent

    sent = finished(moves())
    assert len(sent) >= 2
    assert {key: size for key, size in sent.items() if size > MOST_MOVED} == {}


@pytest.mark.parametrize("seed", range(4))
def test_random_settings(seed):
    draw = random.Random(seed)
    app = open_section(
        losses=draw.sample(["squared_error", "absolute_error", "hinge", "logistic", "brier"], 3),
        output=draw.choice(list(ACTIVATIONS)),
        data=draw.choice([one.name for one in LANDSCAPE_SETS.values()]),
        levels=draw.choice(["linear", "log"]),
    )
    for slider in app.slider:
        steps = round((slider.max - slider.min) / slider.step)
        at = slider.min + slider.step * draw.choice([0, steps, draw.randint(0, steps)])
        slider.set_value(type(slider.value)(round(at, 10)))
    for field in app.number_input:
        field.set_value(draw.randint(int(field.min), int(field.max)))
    stands(app.run())
    for figure in figures(app).values():
        json.dumps(figure, allow_nan=False)
        go.Figure(figure)


def test_axes_stay_while_sliders_move():
    app = open_section(data=CLASSES, output="sigmoid")
    axes = [{k: v for k, v in f["layout"].items() if "axis" in k} for f in figures(app).values()]
    for key in (W.key, B.key):
        app.slider(key=key).set_value(4.0)
    app.slider(key="landscapes_outliers").set_value(0)
    stands(app.run())
    now = [{k: v for k, v in f["layout"].items() if "axis" in k} for f in figures(app).values()]
    assert now == axes


@pytest.mark.parametrize(
    ("section", "query", "fields", "sliders"),
    [
        (
            LANDSCAPE,
            {"losses": ["squared_error"]},
            {"points": (10, 200), "seed": (0, 20)},
            {*BOTH, OUTLIERS},
        ),
        (REGULARISATION, NET, {"rows": (20, 200), "houses": (0, 20)}, {STRENGTH.key, SHARE.key}),
        (
            NETWORKS,
            {"depth": 1},
            {"depth": (1, 12), "directions": (0, 20), "start": (0, 20)},
            set(),
        ),
    ],
)
def test_what_is_drawn_anew_has_a_field(section, query, fields, sliders):
    app = open_section(section, **query)
    ends = {one.key.removeprefix("landscapes_"): (one.min, one.max) for one in app.number_input}
    assert ends == fields
    assert {one.key for one in app.slider} == {one["slider"] for one in swept(app)} == sliders
    before = figures(app)
    for name in fields:
        field = app.number_input(key=f"landscapes_{name}")
        # Any number may be typed, whatever the step.
        stands(field.set_value(int(field.value) + 1).run())
        now = figures(app)
        assert before.keys() == now.keys()
        assert before != now, name
        before = now


@pytest.mark.parametrize("name", [one.name for one in LANDSCAPE_SETS.values()])
def test_any_number_of_points_will_do(name):
    app = open_section(losses=["squared_error"], data=name, points=37)
    points = figures(app)[DATA_CHART]["data"][0]
    assert len(numbers(points["x"])) == len(numbers(points["y"])) == 37


# ---------------------------------------------------------------- what the page says


@pytest.mark.parametrize(
    ("losses", "query", "named"),
    [
        (["huber"], {"parameters": "true"}, []),
        (["huber"], {"parameters": "true", "path": "true"}, ["Huber's δ"]),
        (
            ["squared_error", "absolute_error", "huber"],
            {"parameters": "true", "view": "surface"},
            [],
        ),
        (
            ["squared_error", "absolute_error", "huber"],
            {"parameters": "true", "view": "surface", "w": 2, "outliers": 8},
            ["Huber's δ"],
        ),
        # Not convex: each minimum is a search.
        (["general_robust"], {"output": "gelu"}, ["the outliers"]),
    ],
)
def test_sliders_that_are_followed_on_release_are_named(losses, query, named):
    app = open_section(losses=losses, **query)
    told = [c.value for c in app.caption if "when let go" in c.value]
    assert told == [wording.let_go([one]) for one in named]
    sent = {one["slider"] for one in swept(app)}
    assert (OUTLIERS in sent) is ("the outliers" not in named)
    assert ("huber_delta" in sent) is ("huber" in losses and not named)


def test_a_long_name_stands_above_its_map_in_two_lines():
    drawn = figures(open_section(losses=["log_cosh", "general_robust"]))
    above = [drawn[map_key(i)]["layout"] for i in range(2)]
    said = [one["annotations"][0]["text"] for one in above]
    assert said == [" <br>Log-cosh", "General robust (Barron)<br>α = 1.0, c = 1.00"]
    assert above[0]["margin"] == above[1]["margin"]


def test_the_table_says_how_high_it_is_here():
    app = open_section(losses=["squared_error"], w=0.5, b=-1.0)
    land = terrain(Settings(DataSettings("line"), "squared_error"))
    value, slope = float(land.value(0.5, -1.0)), np.hypot(*land.gradient(0.5, -1.0))
    assert table(app, "L here")["Squared error (L2)"] == [f"{value:.4f}", f"{slope:.3f}"]
    assert f"is {value:.4f} here; its lowest value is 0.0978" in words(app)
    facts = table(app, "Minimum at")
    assert facts["Found by"] == ["closed form (least squares)"]
    assert facts["Convex?"] == ["yes"]
    assert facts["Condition number here"] == ["1.402"]


def test_a_minimum_that_does_not_exist():
    app = open_section(losses=["logistic", "hinge"], data=APART)
    facts = table(app, "Minimum at")
    assert facts["Bottom"] == ["no minimum", "a flat stretch"]
    assert facts["Minimum at (w, b)"][0].startswith("at infinity, towards")
    assert "it has no minimum, only a limit of 0 at infinity" in words(app)
    assert any(b.disabled for b in app.button if b.key == "landscapes_go_0")


def test_not_convex_is_shown_by_two_places():
    app = open_section(losses=["brier"], output="sigmoid", data=CLASSES)
    said = table(app, "Minimum at")["Convex?"][0]
    ends = [float(n.replace("−", "-")) for n in re.findall(r"−?\d+(?:\.\d+)?", said)[:4]]
    land = terrain(Settings(DataSettings("overlapping"), "brier", "sigmoid"))
    (w1, b1), (w2, b2) = ends[:2], ends[2:]
    middle = float(land.value((w1 + w2) / 2, (b1 + b2) / 2))
    assert middle > float(land.value(w1, b1) + land.value(w2, b2)) / 2


def test_dead_regions_are_said_and_drawn():
    app = open_section(losses=["squared_error"], output="relu")
    share = table(app, "Minimum at")["Map with gradient exactly 0"][0]
    assert float(share.split("\N{NO-BREAK SPACE}")[0]) == pytest.approx(12.5, abs=1)
    assert "Grey on a map" in words(app)
    assert "Grey on a map" not in words(open_section(losses=["squared_error"]))


def test_a_plateau_is_no_valley():
    app = open_section(losses=["squared_error"], output="relu", w=0.5, b=-2.5)
    facts = table(app, "Minimum at")
    assert facts["Bottom"] == ["one place, and 1 plateau"]
    assert facts["Condition number here"] == ["none: both are 0"]
    symbols = [t.get("marker", {}).get("symbol") for t in figures(app)[map_key(0)]["data"]]
    assert ["x"] in symbols


def test_what_is_not_drawn_in_space_is_neither_offered_nor_explained():
    query = {"losses": ["squared_error"], "output": "relu", "path": "true", "arrows": "true"}
    flat, solid = (open_section(**query, view=look) for look in ("contours", "surface"))
    for app, off in ((flat, False), (solid, True)):
        assert [app.toggle(key=key).disabled for key in (PATH, ARROWS)] == [off, off]
        assert ("Grey on a map" in words(app)) is not off


def test_going_to_the_minimum():
    app = open_section(losses=["squared_error"])
    stands(app.button(key="landscapes_go_0").click().run())
    assert app.slider(key=W.key).value == pytest.approx(1.0)
    assert app.slider(key=B.key).value == pytest.approx(0.5)
    assert "is 0.09" in words(app)


def test_what_does_not_go_together_gets_a_sentence_and_the_rest_is_shown():
    app = open_section(losses=["binary_cross_entropy", "squared_error"])
    assert any("pick an output between 0 and 1" in i.value for i in app.info)
    assert [key for key in figures(app) if "map" in key] == [map_key(0)]
    none = open_section(losses=["hinge"])
    assert any("pick two classes" in i.value for i in none.info)
    assert any("None of the losses picked" in i.value for i in none.info)
    assert not figures(none)


def test_more_than_four_losses_are_said_to_be_left_out():
    six = ["squared_error", "absolute_error", "huber", "log_cosh", "pseudo_huber", "smooth_l1"]
    app = open_section(losses=six)
    assert any("Pseudo-Huber, Smooth L1" in i.value for i in app.info)
    assert len([key for key in figures(app) if "map" in key]) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "No row holds two numbers"),
        ("x,y\n", "No row holds two numbers"),
        ("1,nan\n2,3\n4,5\n7,7\n", "not finite"),
        ("1,2\n1,3\n1,4\n", "All x are equal"),
        ("1,2\n2,2\n3,2\n", "All y are equal"),
        ("1,1\n2,1\n3,1\n", "one class only"),
        ("1,0\n2,0\n3,0\n", "one class only"),
        ("5,5\n", "All x are equal"),
    ],
)
def test_bad_files_get_a_sentence(text, said):
    app = visit("landscapes", landscapes_data="Your own points (CSV)")
    assert any("There is no point yet" in i.value for i in app.info)
    app.file_uploader(key="landscapes_csv").set_value(("own.csv", text.encode(), "text/csv"))
    app.run()
    assert not app.exception
    assert any(said in m.value for m in [*app.error, *app.warning, *app.info])


def test_own_classes_are_recognised():
    app = visit("landscapes", landscapes_data="Your own points (CSV)", loss=["logistic"])
    rows = "\n".join(f"{x},{int(x > 3) if x != 5 else 0}" for x in range(10))
    app.file_uploader(key="landscapes_csv").set_value(("own.csv", rows.encode(), "text/csv"))
    stands(app.run())
    assert "Logistic" in words(app)
    assert map_key(0) in figures(app)


def test_the_lasso_names_what_it_drops():
    app = open_section(REGULARISATION)
    assert "exactly zero: house number, shoe size, moon phase" in words(app)
    assert table(app, "true θ")["house number"][2] == "0"
    ridge = open_section(REGULARISATION, penalty="ridge")
    assert "no coefficient is exactly zero" in words(ridge)
    strong = open_section(REGULARISATION, strength=1.5)
    assert "every coefficient is exactly zero" in words(strong)


def test_the_table_follows_the_share():
    app = open_section(REGULARISATION, **NET)
    cells = [
        {key: rows for key, rows in head["texts"].items() if key.endswith("[3]")}
        for head in swept(app)
        if head["slider"] == SHARE.key
    ]
    (said,) = (one for one in cells if one)
    for place in (0, 7, 20):
        stands(app.slider(key=SHARE.key).set_value(float(SHARE.steps[place])).run())
        shown = [one[2] for one in table(app, "true θ").values()]
        assert [piece for rows in said.values() for piece in rows[place]] == shown
    assert "0" in shown


def test_errors_have_one_axis_for_all_penalties():
    tops = set()
    for penalty in regularisation.SHARES:
        figure = figures(open_section(REGULARISATION, penalty=penalty, rows=20))
        figure = figure[regularisation.PATHS]
        tops.add(figure["layout"]["yaxis2"]["range"][1])
        low = [numbers(one["y"]) for one in figure["data"] if one.get("yaxis") == "y2"]
        assert len(low) == 2
    (top,) = tops
    assert 0 < np.max(low) < top
    for seed, rows in ((12, 21), (3, 20), (0, 200)):
        fit = regularisation.Fit(regularisation.NET, seed, rows, (0, 1))
        found = regularisation._solved(fit)
        assert max(found.new.max(), found.old.max()) < regularisation.ROOM * found.high


def test_the_slices_are_kept():
    networks._KEPT.clear()
    app = open_section(NETWORKS, depth=1)
    kept = dict(networks._KEPT)
    assert len(kept) == 4
    stands(app.run())
    assert kept == networks._KEPT
    facts = table(app, "Loss in the middle")
    assert all(
        float(share.split("\N{NO-BREAK SPACE}")[0]) <= 50 for share in facts["Points wrong there"]
    )


# ---------------------------------------------------------------- presets, links, numbers


PRESETS = {
    "Outliers drag the square": (LANDSCAPE, "Squared error"),
    "No minimum": (LANDSCAPE, "it has no minimum"),
    "A dead ReLU": (LANDSCAPE, "the gradient is exactly zero"),
    "One sigmoid, two losses": (LANDSCAPE, "Brier score"),
    "What the lasso drops": (REGULARISATION, "exactly zero: house number"),
    "Deep, without skips": (NETWORKS, "12 layers, with skips"),
}


def test_every_preset_is_tested():
    labels = [b.label for b in open_section(REGULARISATION).button]
    assert labels == list(PRESETS)


@pytest.mark.parametrize("label", PRESETS)
def test_a_preset_shows_what_it_says(label):
    section, said = PRESETS[label]
    app = open_section(REGULARISATION, strength=1.0, w=3, depth=1, output="tanh", outliers=3)
    (button,) = (b for b in app.button if b.label == label)
    stands(button.click().run())
    assert app.button_group(key=SECTION).value == section
    assert said in words(app)


@pytest.fixture(scope="module")
def ask(visit_page):
    """Give a function that opens the page with a query string, and sees that it stands."""
    return functools.partial(visit_page, "landscapes")


KEYS = [*view.DEFAULTS, OUTPUT, "loss"]


@pytest.mark.parametrize("wild", WILD.values(), ids=WILD)
def test_wild_values_everywhere(ask, wild):
    run = ask("&".join(f"{key}={wild}" for key in [SECTION, *KEYS]))
    assert run.kinds["plotly_chart"] >= 1


@pytest.mark.parametrize("section", [REGULARISATION, NETWORKS])
@pytest.mark.parametrize("wild", ["", "nan", "1e999", "99", "%00"])
def test_wild_values_in_other_sections(ask, section, wild):
    rest = "&".join(f"{key}={wild}" for key in KEYS)
    assert ask(f"{SECTION}={section.replace(' ', '%20')}&{rest}").kinds["plotly_chart"] >= 1


def test_what_another_page_takes_over():
    app = open_section(losses=["huber"], data=CLASSES, seed=3, output="tanh", outliers=2)
    assert not app.exception
    # Without a session the defaults are handed over.
    default = carried()
    assert [one.loss for one in default] == ["squared_error", "absolute_error", "huber"]
    assert default[0].data == DataSettings("line", 0, 40, 0)


def test_every_step_of_a_sweep_is_cached():
    one = scenes.Scene(("a",), (Settings(DataSettings(), "squared_error"),), 1.0, 2.0)
    first = scenes.sweeps(one, (1, 1), True)
    again = scenes.sweeps(replace(one, w=-3.0), (1, 1), True)
    assert first[0] is again[0]
    assert first[1] is not again[1]


# ---------------------------------------------------------------- in the browser


_CONTOURS = """key => [...document.querySelectorAll(`.st-key-${key} .contourlayer path`)]
    .map(path => path.getAttribute('d'))"""


def test_picture_and_words_follow_the_hand(open_page):
    visit = open_page("/landscapes?landscapes_parameters=true", height=1400)

    def follows(slider, value, charts, said):
        def seen():
            pictures = [(drawn(visit, key), visit.page.evaluate(_CONTOURS, key)) for key in charts]
            return pictures, visit.page.locator(f".st-key-{said}").inner_text()

        before, now, after = carry(visit, slider, value, seen)
        assert all(new != old for old, new in zip(before[0], now[0], strict=True)), slider
        assert now[1] != before[1], slider
        # What was dragged there is what rests there, but for what is computed on release only.
        assert after[0] == now[0], slider
        rows = zip(now[1].splitlines(), after[1].splitlines(), strict=True)
        assert [a for b, a in rows if a != b and "here" not in a] == []

    follows(W.key, 2.0, (map_key(0), DATA_CHART, SLICES), VERDICT)
    follows(OUTLIERS, 6, (map_key(1), DATA_CHART, SLICES), FACTS)
    follows("huber_delta", 0.2, (map_key(2), DATA_CHART, SLICES), NOW)
    choose(visit, SECTION, REGULARISATION)
    paths = (regularisation.PATHS, regularisation.PLANE)
    follows(STRENGTH.key, 0.5, paths, regularisation.SAID)
    choose(visit, regularisation.PENALTY, regularisation.NET)
    follows(SHARE.key, 0.9, paths, regularisation.SAID)


_IN_SPACE = """key => {
    const graph = document.querySelector(`.st-key-${key} .js-plotly-plot`)
    const ball = graph._fullData.at(-1), { eye } = graph._fullLayout.scene.camera
    return { place: [...ball.x, ...ball.y, ...ball.z], eye: [eye.x, eye.y, eye.z] }
}"""


def test_the_ball_follows_the_hand_and_the_camera_stays(open_page):
    visit = open_page("/landscapes?landscapes_view=surface&loss=squared_error")
    key = map_key(0, flat=False)
    before = visit.page.evaluate(_IN_SPACE, key)
    drag(visit, visit.page.locator(f".st-key-{key} .js-plotly-plot"), (0.5, 0.5), (0.6, 0.5))
    turned = visit.page.evaluate(_IN_SPACE, key)["eye"]
    assert turned != before["eye"]
    hand = Hand(visit, W.key)
    hand.press()
    hand.move(2.0)
    now = visit.page.evaluate(_IN_SPACE, key)
    assert now["place"][0] == 2.0
    assert now["place"] != before["place"]
    with visit.rerun():
        hand.release()
    after = visit.page.evaluate(_IN_SPACE, key)
    assert after["place"] == now["place"]
    assert after["eye"] == pytest.approx(turned)


def test_a_click_on_the_map_goes_there(open_page):
    visit = open_page("/landscapes?loss=squared_error")
    # Three quarters to the right and one quarter down: w = 2, b = 2.
    click(visit, visit.page.locator(f".st-key-{map_key(0)} .nsewdrag"), 0.75, 0.25)
    assert float(visit.page.locator(f".st-key-{W.key} input[type=range]").input_value()) == 2
    assert "landscapes_w=2" in visit.page.url
    assert visit.page.locator(f".st-key-{NOW}").is_visible()
