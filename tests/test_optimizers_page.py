"""The Optimizers page: every section without a browser, and what a hand sees in Chromium."""

import csv
import functools
import io
import json
import math
import random
import re

import numpy as np
import plotly.graph_objects as go
import pytest

from core.descent import descend, quadratics
from core.descent.ledger import steps
from core.descent.surfaces import SURFACES
from core.landscapes.surface import DataSettings, surface
from core.landscapes.surface import Settings as LandscapeSettings
from core.optimizers import OPTIMIZERS
from pages.ui import export
from pages.ui.live import LARGE, MOST_BYTES, Packed
from pages.ui.optimizers import budget, controls, forms, ledger, maps, race, scene, walks, words
from pages.ui.optimizers.budget import Following
from pages.ui.optimizers.controls import DEFAULTS, SECTION
from pages.ui.optimizers.scene import Driver
from pages.ui.optimizers.view import FORMS, LEDGER, MAPS, RACE, SECTIONS
from tests.figures import unpacked
from tests.hand import Hand, carry, drawn
from tests.mouse import choose, click
from tests.sweeps import decoded, payloads, swept
from tests.test_pages import stands, visit
from tests.test_urls import WILD

every_section = pytest.mark.parametrize("section", SECTIONS)
MOVE = 60_000
"""The most bytes that figures and sweeps may have after one move of a slider."""
FINE = 6 / 1024
"""To what the places on the map of a bowl are rounded."""


def opened(section=RACE, **query):
    named = {k if "_" in k else f"optimizers_{k}": str(v) for k, v in query.items()}
    return visit("optimizers", **{SECTION: section, **named})


def figures(app):
    return {
        re.search(r"optimizers_\w+$", chart.proto.id)[0]: json.loads(chart.proto.spec)
        for chart in app.get("plotly_chart")
    }


def numbers(value):
    return unpacked(value) if isinstance(value, dict) else np.asarray(value, np.float32)


def said(app):
    return " ".join([*(m.value for m in app.markdown), *(c.value for c in app.caption)])


def messages(app):
    """Return everything large that the page consists of: charts and sweeps."""
    charts = [chart.proto.spec.encode() for chart in app.get("plotly_chart")]
    return [*charts, *(one.proto.bytes for one in app.get("bidi_component"))]


def sent(app):
    """Return the bytes that a move of a slider may have to send: all but its own sweeps."""
    large = {}
    for payload in payloads(app):
        slider = decoded(payload)["slider"]
        large[slider] = large.get(slider, 0) + len(payload) * (len(payload) >= LARGE)
    return sum(map(len, messages(app))) - min(large.values(), default=0)


# ---------------------------------------------------------------- every section


@pytest.mark.parametrize(
    ("section", "surface"),
    [
        *((RACE, surface) for surface in controls.SURFACE_NAMES),
        *((LEDGER, surface) for surface in ("Bowl", "Beale", scene.CARRIED)),
        *((MAPS, surface) for surface in ("Noisy bowl", "Rastrigin", scene.CARRIED)),
        *((FORMS, surface) for surface in ("Bowl", "Rastrigin", scene.CARRIED)),
    ],
)
def test_every_section_stands_on_every_kind_of_surface(section, surface):
    app = opened(section, surface=surface)
    found = figures(app)
    assert found
    for figure in found.values():
        json.dumps(figure, allow_nan=False)
        go.Figure(figure)
    for chart in app.get("plotly_chart"):
        assert len(chart.proto.alt) > 30
    assert sent(app) <= MOVE


@pytest.mark.parametrize("one", controls.NAMES)
def test_every_optimizer_has_a_ledger(one):
    app = opened(LEDGER, one=one)
    assert set(figures(app)) == {ledger.CHART}
    assert sent(app) <= MOVE


@pytest.mark.parametrize("one", ["Gradient descent", "Nesterov", "AdamW"])
def test_only_those_with_momentum_have_a_map_of_it(one):
    app = opened(MAPS, one=one, map="Rate × momentum")
    assert bool(figures(app)) is (controls.NAMES[one] in maps.WITH_MOMENTUM)
    assert len(app.info) == (0 if figures(app) else 1)


def test_all_seven_race_within_the_limit():
    app = visit("optimizers", optimizer=list(OPTIMIZERS))
    assert len(app.session_state[controls.OPTIMIZER]) == 7
    assert sent(app) <= MOVE
    assert max(map(len, payloads(app))) <= MOST_BYTES


START, GROUND, MEMORY = ({"tab": tab} for tab in controls.TABS[1:])
SETTINGS = [
    (RACE, {"progress": 37}, "gradient_descent_learning_rate"),
    (RACE, {"surface": "Rosenbrock", "adam_learning_rate": 1.0}, "momentum_learning_rate"),
    (RACE, {"length": 300, "surface": "Saddle", "schedule": "Cosine"}, "adam_learning_rate"),
    (RACE, {**START, "progress": 60, "w": 0.01}, "optimizers_b"),
    (RACE, {**START, "surface": "Noisy bowl", "seed": 7}, "optimizers_seed"),
    (RACE, {**START, "surface": scene.CARRIED}, "optimizers_w"),
    (RACE, {**GROUND, "bowl_condition": 28, "bowl_angle": 35}, "bowl_condition"),
    (RACE, GROUND, "bowl_condition"),
    (RACE, {**GROUND, "surface": "Noisy bowl"}, "noisy_bowl_condition"),
    (RACE, {**GROUND, "surface": "Rastrigin", "progress": 20}, "rastrigin_amplitude"),
    (RACE, {**MEMORY, "length": 50}, "adam_beta2"),
    (LEDGER, {"one": "Nesterov", "step": 17}, "nesterov_learning_rate"),
    (LEDGER, {"one": "Adam"}, "optimizers_step"),
    (LEDGER, {"one": "Adam", "w": -3.4}, "optimizers_w"),
    (LEDGER, {"one": "AdamW", "step": 2, "adamw_beta2": 0.95}, "adamw_beta2"),
    (LEDGER, {"one": "Adagrad", "surface": "Beale"}, "optimizers_step"),
    (LEDGER, {"bowl_condition": 28, "bowl_angle": 35}, "bowl_condition"),
    (LEDGER, {"one": "Nesterov", "step": 60, "bowl_angle": 35}, "bowl_angle"),
    (LEDGER, {"surface": "Noisy bowl", "one": "Momentum", "seed": 3}, "noisy_bowl_sigma"),
    (LEDGER, {"surface": "Rastrigin", "one": "RMSprop"}, "rastrigin_amplitude"),
    (LEDGER, {"surface": "Rosenbrock", "one": "Gradient descent"}, "rosenbrock_steepness"),
    (MAPS, {"map_steps": 50, "w": 1.4}, "optimizers_b"),
    (MAPS, {"map": "Rate × momentum", "map_steps": 50, "adam_beta1": 0.3}, "adam_beta1"),
    (FORMS, {"gamma": 0.5, "cut": "true"}, "optimizers_gamma"),
    (FORMS, {"surface": "Beale", "matched": "true", "rate": 0.01}, "optimizers_rate"),
    (FORMS, {"surface": "Himmelblau", "w": 0.1}, "optimizers_w"),
    (FORMS, {"bowl_condition": 28, "bowl_angle": 35}, "bowl_angle"),
    (FORMS, {"surface": "Rastrigin", "matched": "true"}, "rastrigin_amplitude"),
    (FORMS, {"surface": "Rosenbrock", "cut": "true"}, "rosenbrock_steepness"),
]


@pytest.mark.usefixtures("all_in_view")
@pytest.mark.parametrize(("section", "query", "slider"), SETTINGS)
def test_a_sweep_rests_where_it_was_dragged(section, query, slider):
    """The row of a slider's own value is what the page draws and says."""
    app = opened(section, **query)
    now, spoken = figures(app), said(app)
    values = {s.key: s.value for s in [*app.slider, *app.select_slider]}
    heads = swept(app)
    assert slider in {head["slider"] for head in heads}
    for head in heads:
        row = head["values"].index(pytest.approx(values[head["slider"]]))
        for chart in head["charts"]:
            drawn = now[chart["chart"]]
            for index, attribute, rows in chart["traces"]:
                kept = numbers(drawn["data"][index][attribute])
                np.testing.assert_array_equal(rows[row], kept.ravel())
            for path, rows in chart["layout"].items():
                _, place, end = re.fullmatch(r"(shapes)\[(\d)\]\.(x\d)", path).groups()
                assert drawn["layout"]["shapes"][int(place)][end] == rows[row]
        for key, texts in head["texts"].items():
            assert len({len(pieces) for pieces in texts}) == 1, key
            assert all(piece in spoken for piece in texts[row]), (key, texts[row])


@pytest.mark.usefixtures("all_in_view")
@pytest.mark.parametrize(
    ("section", "query", "slider", "value"),
    [
        (RACE, {**GROUND, "bowl_angle": 35}, "bowl_condition", 61.0),
        (LEDGER, {"bowl_angle": 35}, "bowl_condition", 61.0),
        (LEDGER, {"one": "Nesterov", "step": 17}, "bowl_angle", 90.0),
        (LEDGER, {"surface": "Noisy bowl", "one": "Momentum"}, "noisy_bowl_sigma", 3.7),
        (LEDGER, {"surface": "Rosenbrock", "one": "Gradient descent"}, "rosenbrock_steepness", 5.0),
        (FORMS, {"bowl_condition": 28}, "bowl_angle", 65.0),
        (FORMS, {"surface": "Plateau", "matched": "true"}, "plateau_width", 2.3),
        (FORMS, {"surface": "Rosenbrock", "cut": "true"}, "rosenbrock_steepness", 90.0),
    ],
)
def test_a_sweep_of_the_surface_shows_what_the_page_shows_there(section, query, slider, value):
    """All that the page draws and says at another step is in the sweep, or the same here."""
    here, there = opened(section, **query), opened(section, **query, **{slider: value})
    found, wanted, spoken = figures(here), figures(there), said(there)
    heads = [head for head in swept(here) if head["slider"] == slider]
    said_by_sweeps: list[str] = []
    for head in heads:
        row = head["values"].index(pytest.approx(value))
        for chart in head["charts"]:
            for index, attribute, rows in chart["traces"]:
                found[chart["chart"]]["data"][index][attribute] = rows[row]
        for key, texts in head["texts"].items():
            assert all(piece in spoken for piece in texts[row]), (key, texts[row])
            said_by_sweeps += texts[row]
    for chart, figure in wanted.items():
        assert len(figure["data"]) == len(found[chart]["data"])
        for index, (now, then) in enumerate(zip(found[chart]["data"], figure["data"], strict=True)):
            assert now.keys() == then.keys()
            for name in now.keys() & {"x", "y", "z"}:
                shown, kept = (numbers(one[name]).ravel() for one in (now, then))
                np.testing.assert_array_equal(shown, kept, f"{chart}, trace {index}, {name}")
    told = " ".join(said_by_sweeps)
    lines, known = (
        {
            line
            for one in (*app.markdown, *app.caption)
            for line in one.value.split("\n")
            if "let go" not in line
        }
        for app in (there, here)
    )
    new = {word.strip("`*|") for line in lines - known for word in line.split()}
    new -= {word.strip("`*|") for line in known for word in line.split()}
    assert all(word in told for word in new), (new, told)


@pytest.mark.usefixtures("all_in_view")
@pytest.mark.parametrize(("section", "query", "slider"), SETTINGS)
def test_a_move_of_any_slider_costs_little(section, query, slider):
    """Whatever is drawn or swept anew is sent, and of the rest what is small."""
    app = opened(section, **query)
    before = set(messages(app))
    assert max(map(len, payloads(app))) <= MOST_BYTES
    (moved,) = (s for s in [*app.slider, *app.select_slider] if s.key == slider)
    if moved.type == "select_slider":
        moved.set_value(0.1 if moved.value != 0.1 else 0.01)
    else:
        moved.set_value(moved.min if moved.value != moved.min else moved.min + moved.step)
    now = messages(stands(app.run()))
    cost = sum(len(one) for one in now if one not in before or len(one) < LARGE)
    assert now != before
    assert cost <= MOVE


OPTIONS = {
    "eps": controls.EPS_OPTIONS,
    "rate": controls.RATE_OPTIONS,
    "w": controls.STARTS,
    "b": controls.STARTS,
}


@every_section
@pytest.mark.parametrize("seed", range(2))
def test_random_settings(section, seed):
    draw = random.Random(f"{section} {seed}")
    app = opened(section, surface=draw.choice(list(controls.SURFACE_NAMES)))
    for slider in app.slider:
        steps = round((slider.max - slider.min) / slider.step)
        at = slider.min + slider.step * draw.choice([0, steps, draw.randint(0, steps)])
        slider.set_value(round(at, 10))
    for slider in app.select_slider:
        slider.set_value(draw.choice(OPTIONS[slider.key.rpartition("_")[2]]))
    for toggle in app.toggle:
        toggle.set_value(draw.random() < 0.5)
    stands(app.run())
    for figure in figures(app).values():
        json.dumps(figure, allow_nan=False)
        go.Figure(figure)


# ---------------------------------------------------------------- the race


def test_the_path_that_is_drawn_is_the_walk():
    app = opened(progress=100)
    path = descend("momentum", SURFACES["bowl"].at().slope, (-2.0, 1.0), 100, 0.05).positions
    data = figures(app)[race.CHART]["data"]
    (trace,) = (t for t in data if t.get("name") == "Momentum")
    drawn = path[walks.marks(100)]
    assert numbers(trace["x"]) == pytest.approx(drawn[:, 0], abs=FINE)
    assert numbers(trace["y"]) == pytest.approx(drawn[:, 1], abs=FINE)


@pytest.mark.parametrize("steps", [50, 100, 300, 1000])
def test_the_steps_that_are_drawn_begin_singly_and_never_hide_a_swing(steps):
    marks = walks.marks(steps)
    assert marks[:30].tolist() == list(range(30))
    assert marks[-1] == steps
    assert (np.diff(marks)[:-1] % 2 == 1).all()
    assert len(marks) < 75


def test_one_that_runs_away_is_drawn_up_to_where_it_leaves():
    """It swings across the whole map otherwise, once a step, with lines that say nothing."""
    course = walks.Course(SURFACES["bowl"].at(), "", (), (-2.0, 1.0), 0, 100)
    run = walks.walks(course, Driver("gradient_descent", 0.25, ()))
    far = np.abs(run.positions[0]).max(axis=1) > 14
    first = int(np.argmax(far))
    assert 0 < first < 50
    assert (run.drawn[0, first:] == run.drawn[0, first]).all()
    assert run.drawn[0, first - 1] == pytest.approx(run.positions[0, first - 1], abs=FINE)


@pytest.mark.parametrize(("length", "step"), [(100, 37), (300, 111), (50, 18)])
def test_the_race_so_far_stands_at_its_share_of_the_steps(length, step):
    app = opened(progress=37, length=length)
    assert f"Step {step} of {length}" in said(app)
    path = descend("gradient_descent", SURFACES["bowl"].at().slope, (-2.0, 1.0), 300, 0.1)
    head = figures(app)[race.CHART]["data"][-3]
    assert head["mode"] == "markers"
    assert numbers(head["x"])[0] == pytest.approx(path.positions[step, 0], abs=FINE)
    lines = figures(app)[race.CURVES]["layout"]["shapes"]
    assert [(line["x0"], line["x1"]) for line in lines] == [(step, step)] * 2


def test_divergence_says_step_rate_and_limit():
    text = said(opened(surface="Rosenbrock"))
    path = descend("gradient_descent", SURFACES["rosenbrock"].at().slope, (-2.0, 1.0), 100, 0.1)
    assert f"**Gradient descent** stopped at step {path.stop.step}" in text
    assert "η = 0.1 is above what is stable: λmax = 4549" in text
    assert "2/λmax = 4.4·10⁻⁴" in text
    assert "**Adam** is lowest, 4.73 above the lowest point; all others diverge." in text


def test_one_that_runs_away_without_end_is_named():
    text = said(opened(gradient_descent_learning_rate=0.25))
    assert "**Gradient descent** left the map at step" in text
    assert "η = 0.25 is above what is stable: λmax = 10 at the start, so that 2/λmax = 0.2" in text


def test_everybody_diverges():
    app = visit("optimizers", optimizer="gradient_descent", gradient_descent_learning_rate="10000")
    assert "**nobody** has arrived: every optimizer of this race diverges" in said(app)


def test_a_rate_of_zero_is_named():
    assert "does not move: its learning rate is 0" in said(opened(adam_learning_rate=0))


def test_a_start_outside_is_named():
    assert "The start lies outside the map" in said(opened(w=5))
    assert "outside the map" not in said(opened(w=3))


def test_the_usual_start_is_a_button():
    app = opened(surface="Rosenbrock")
    (button,) = (b for b in app.button if b.label == "Usual start (−1.2, 1)")
    stands(button.click().run())
    starts = {s.key: s.value for s in app.select_slider if s.key in (controls.W, controls.B)}
    assert starts == {controls.W: -1.2, controls.B: 1.0}


def test_a_landscape_is_carried_over_from_its_page():
    app = opened(surface=scene.CARRIED)
    for outliers in (0, 7):
        app.session_state["landscapes_outliers"] = outliers
        stands(app.run())
        ((w, b),) = surface(LandscapeSettings(DataSettings(outliers=outliers))).minima
        marks = figures(app)[race.CHART]["data"][2]
        assert numbers(marks["x"])[0] == pytest.approx(w, abs=1e-6)
        assert numbers(marks["y"])[0] == pytest.approx(b, abs=1e-6)


def test_the_link_says_which_of_several_landscapes_is_carried_over():
    lowest = {}
    for name in ("Squared error (L2)", "Absolute error (L1)"):
        app = opened(surface=scene.CARRIED, loss=name, gradient_descent_learning_rate=0)
        assert app.selectbox(key=controls.CARRIED_LOSS).value == name
        lowest[name] = numbers(figures(app)[race.CURVES]["data"][0]["y"])[0]
    assert len(set(lowest.values())) == 2


def test_no_wave_of_a_surface_falls_between_the_points_of_its_picture():
    app = opened(surface="Rastrigin")
    z = numbers(figures(app)[race.CHART]["data"][0]["z"]).astype(int)
    assert min(z.shape) >= 6 * 10.24
    inner = z[1:-1, 1:-1]
    around = (z[:-2, 1:-1], z[2:, 1:-1], z[1:-1, :-2], z[1:-1, 2:])
    dimples = np.logical_and.reduce([inner < one for one in around]).sum()
    assert 0.7 * 121 < dimples <= 121


def test_of_many_large_sweeps_the_smallest_are_sent_and_the_rest_is_named():
    def sweep(size):
        return Packed("a", (0,), bytes(size), frozenset())

    three = [Following(name, [sweep(size)]) for name, size in
             (("big", 30_000), ("small", 9_000), ("middle", 20_000))]  # fmt: skip
    found = budget.fitting([*three, Following("slow", [])], (), [sweep(5_000)], 10_000)
    assert [len(one.payload) for one in found.sweeps] == [5_000, 9_000, 20_000]
    assert found.left == ["big", "slow"]
    everything = budget.fitting(three, (), [], -budget.MOST)
    assert everything.left == []
    # What only the sliders of the surface have sent again costs nothing where there is one.
    one = Following("κ", [sweep(10_000)], [sweep(50_000)])
    assert budget.fitting([one, three[0]], (), [], 10_000).left == []
    both = budget.fitting([one, three[0], Following("φ", [sweep(11_000)], one.lasting)], (), [], 0)
    assert [len(sent.payload) for sent in both.sweeps] == [50_000, 10_000, 30_000]
    assert both.left == ["φ"]


def test_a_fair_race_says_that_it_follows_on_release():
    assert "when a slider is let go" in said(opened(fair="true"))
    assert "let go" not in said(opened())


@pytest.mark.parametrize(
    ("query", "follows"),
    [
        ({"surface": "Himmelblau"}, "the mark of the start"),
        ({"map": "Rate × momentum"}, "the ring"),
    ],
)
def test_maps_say_what_follows_and_what_does_not(query, follows):
    app = opened(MAPS, map_steps=50, **query)
    assert f"when a slider is let go. Only {follows} follows at once." in said(app)
    moved = {key for head in swept(app) for chart in head["charts"] for key in [chart["chart"]]}
    assert maps.CHART in moved
    # Where there is no map nothing is said of one.
    assert "let go" not in said(opened(MAPS, map="Rate × momentum", one="Gradient descent"))


@pytest.mark.usefixtures("all_in_view")
def test_every_slider_of_a_surface_follows_or_is_named():
    for section in (LEDGER, FORMS):
        for query in ({}, {"bowl_angle": 45}, {"surface": "Rastrigin"}, {"surface": "Noisy bowl"}):
            app = opened(section, **query)
            surface = SURFACES[controls.SURFACE_NAMES[query.get("surface", "Bowl")]]
            sliders = {head["slider"] for head in swept(app)}
            for p in surface.parameters:
                left = f"{surface.key}_{p.name}" not in sliders
                told = [c.value for c in app.caption if "let go" in c.value]
                named = [one for one in told if p.glyph in one.replace(",", "").split()]
                if section == FORMS and p.name == "sigma":
                    assert left
                    assert "σ and the seed change nothing here" in said(app)
                else:
                    assert left == bool(named) or "most of these" in said(app)


def test_a_walk_that_stops_is_as_far_from_the_others_alone_as_beside_many():
    """The distance counts as far as both walks go, and not as far as any other."""
    course = walks.Course(scene.ground("rosenbrock", (("steepness", 100.0),)), "rosenbrock",
                          (("steepness", 100.0),), (-1.2, 1.0), 0, forms.STEPS)  # fmt: skip
    steepness = walks.Varied("rosenbrock", "steepness", (5.0, 125.0, 170.0, 200.0))
    every = [
        forms.Setting(steepness.change_course(course, value), 0.032, 0.9)
        for value in steepness.values
    ]
    together = forms.pictured(every, False, False)
    for row, one in enumerate(every):
        alone = forms.pictured([one], False, False)
        assert alone.texts[forms.VERDICT][0] == together.texts[forms.VERDICT][row]
        for mine, theirs in zip(
            alone.traces[forms.SIDE][1], together.traces[forms.SIDE][1], strict=True
        ):
            np.testing.assert_array_equal(mine["y"][0], theirs["y"][row])


def test_what_would_take_too_long_shows_on_release():
    sliders = {head["slider"] for head in swept(opened(**START, length=1000))}
    assert sliders == {"optimizers_progress"}
    alone = visit("optimizers", optimizer="adam", optimizers_length="1000")
    assert "adam_learning_rate" in {head["slider"] for head in swept(alone)}


def test_a_fair_race_is_at_the_best_of_the_sweep():
    app = opened(fair="true")
    assert set(figures(app)) == {race.CHART, race.CURVES, race.SENSITIVITY}
    rates = next(m.value for m in app.markdown if m.value.startswith("| ")).splitlines()[2:]
    land = SURFACES["bowl"].at()
    for row in rates:
        name, rate = row.strip("| ").split(" | ")[:2]
        key = controls.NAMES[name]
        loss = {}
        for factor in (0.5, 1, 2):
            end = descend(key, land.slope, (-2.0, 1.0), 100, factor * float(rate)).positions[-1]
            loss[factor] = float(land.value(*end))
        assert loss[1] == min(loss.values())
    # No rate is asked for then.
    assert "gradient_descent_learning_rate" not in {s.key for s in app.select_slider}


def test_nobody_races():
    app = visit("optimizers", optimizer=["adamax", "none"])
    assert "adamax" in app.warning[0].value
    assert figures(app)
    app.pills(key=controls.OPTIMIZER).set_value([])
    assert [i.value for i in stands(app.run()).info] == ["Pick at least one optimizer."]


def test_the_schedule_changes_the_walk():
    paths = []
    for name in ("Constant", "Cosine"):
        app = opened(schedule=name)
        paths.append(numbers(figures(app)[race.CURVES]["data"][0]["y"]))
    assert abs(paths[0] - paths[1]).max() > 0.1


def test_noise_has_a_seed():
    curves = [
        numbers(figures(opened(surface="Noisy bowl", seed=seed))[race.CURVES]["data"][0]["y"])
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(curves[0], curves[1])
    assert abs(curves[0] - curves[2]).max() > 0.1


# ---------------------------------------------------------------- ledger, maps, forms


def calculated(text):
    """Return the value of arithmetic as the page writes it."""
    powers = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
    text = re.sub(r"·10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", lambda m: f"e{m[1].translate(powers)}", text)
    text = re.sub(r"√([\d.e-]+)", r"math.sqrt(\1)", text.replace("−", "-").replace("·", "*"))
    return float(eval(text, {"math": math}))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_ledger_adds_up(name):
    """The rows of a step are those of the rule: w + Δ is the next w, and what is written out."""
    land = SURFACES["ravine"].at()
    given = dict(list(OPTIMIZERS[name].defaults.items())[1:])
    driver = Driver(name, 0.02, tuple(given.items()))
    path = walks.run([(walks.Course(land, "", (), (-2.0, 1.0), 0, 20), driver)])
    made, settings = steps(path, range(1, 21), [0] * 20), walks.columns([driver] * 20)
    rows = {symbol: values for symbol, _, values in words.entries(name, made, settings)}
    np.testing.assert_allclose(rows["w"] + rows["Δ"], rows["w + Δ"], rtol=1e-12)
    np.testing.assert_array_equal(rows["w"][1:], rows["w + Δ"][:-1])
    if "m̂" in rows:
        step = 0.02 * rows["m̂"] / (np.sqrt(rows["v̂"]) + 1e-8)
        shrink = 0.02 * given.get("weight_decay", 0.0) * rows["w"]
        np.testing.assert_allclose(rows["Δ"], -step - shrink, rtol=1e-9)
    for line in sum(words.written_out(name, made, settings), ()):
        for part in line.split("; "):
            *_, left, right = part.split(" = ")
            # The numbers have four decimals, and those under the root are divided by.
            assert calculated(left) == pytest.approx(calculated(right), abs=2e-3)
    for k, lines in enumerate(words.written_out(name, made, settings)):
        for axis, line in enumerate(lines):
            assert line.endswith(f"= {words.fixed(float(path.positions[k + 1, 0, axis]), 4)}")


def test_without_momentum_nothing_is_kept_of_the_velocity():
    text = said(opened(LEDGER, one="Momentum", momentum_gamma=0, step=3))
    assert "`w: v = 0.05 · (" in text


def test_what_is_far_out_stays_where_it_is_seen_from_the_map():
    land = SURFACES["bowl"].at()
    at = np.array([[0.3, -0.4], [2e20, -1e25], [-3e9, 3e9]])
    found = scene.clipped(land, at)
    np.testing.assert_array_equal(found[0], at[0])
    middle = np.mean(land.window, axis=1)
    turn = np.arctan2(*(found - middle).T) - np.arctan2(*(at - middle).T)
    assert turn == pytest.approx(0, abs=1e-9)
    assert np.abs(found).max() < 100


def test_settings_that_are_equally_good_are_counted():
    app = opened(MAPS, map="Rate × momentum", one="Momentum", surface="Saddle")
    assert re.search(r"\*\*\d+ settings of the map share the lowest loss\*\*", said(app))
    assert "the lowest loss is at" in said(opened(MAPS, map="Rate × momentum", one="Momentum"))


def test_the_first_step_of_adam_in_the_ledger():
    text = said(opened(LEDGER, step=1))
    assert "`w: −2.0000 − 0.1 · (−2.0000)/(√4.0000 + 1·10⁻⁸) = −1.9000`" in text
    without = said(opened(LEDGER, step=1, adam_bias_correction="false"))
    assert "= −1.6838`" in without


def test_the_ledger_of_a_walk_that_stopped():
    app = opened(LEDGER, one="Gradient descent", gradient_descent_learning_rate=100, step=60,
                    surface="Rosenbrock")  # fmt: skip
    assert "**Step 4**" in said(app)
    assert "stopped at step" in said(app)


def test_theory_lies_on_the_map_of_settings():
    app = opened(MAPS, map="Rate × momentum", one="Momentum")
    data = figures(app)[maps.CHART]["data"]
    heat = numbers(data[0]["z"]).reshape(len(scene.MAP_GAMMAS), len(scene.MAP_RATES))
    limit = quadratics.stable_rate("momentum", 10.0, scene.MAP_GAMMAS)[:, None]
    settled = heat < 0.0
    # Far from the limit, and from the slow edges, the picture is what theory says.
    middle = (scene.MAP_GAMMAS > 0.3) & (scene.MAP_GAMMAS < 0.8)
    assert settled[middle][:, scene.MAP_RATES > 0.05][
        (scene.MAP_RATES[scene.MAP_RATES > 0.05] < 0.9 * limit[middle])
    ].all()
    assert not settled[(1.1 * limit < scene.MAP_RATES)].any()
    assert "η = 0.231, γ = 0.27" in said(app)
    drawn = {t["name"]: t for t in data if t.get("showlegend", True) and "name" in t}
    line = numbers(drawn["limit of stability"]["x"])
    assert line == pytest.approx(np.log10(limit[:, 0]), abs=1e-6)
    steep = drawn["critical damping, λmax"]
    eta, gamma = 10 ** numbers(steep["x"]), numbers(steep["y"])
    assert gamma == pytest.approx((1 - np.sqrt(np.minimum(10 * eta, 1))) ** 2, abs=1e-3)
    assert numbers(drawn["best by theory"]["y"])[0] == pytest.approx(0.27, abs=0.01)


def test_the_map_of_starts_counts_them():
    app = opened(MAPS, surface="Himmelblau", one="Gradient descent",
                    gradient_descent_learning_rate=0.01)  # fmt: skip
    shares = [int(s) for s in re.findall(r"(\d+)\s% end at", said(app))]
    assert len(shares) == 4
    assert sum(shares) == pytest.approx(100, abs=2)
    # (few steps of small size arrive from nearby only)
    slow = opened(
        MAPS, one="Gradient descent", gradient_descent_learning_rate=0.01, optimizers_map_steps=50
    )
    assert int(re.search(r"(\d+)\s% get nowhere in time", said(slow))[1]) > 80
    app = opened(MAPS, surface="Rastrigin", one="Adam")
    assert "at another minimum" in said(app)
    assert "how high the minimum is, of 121" in said(app)
    depths = numbers(figures(app)[maps.CHART]["data"][0]["z"])
    # Small steps end in the dimple they start in: low in the middle, high in the corners.
    row, column = (size // 2 for size in depths.shape)
    middle = depths[row - 1 : row + 1, column - 1 : column + 2].mean()
    corner = depths[:3, :3].mean()
    assert 0 <= middle < 10 < 190 < corner <= 200


def test_three_momentums():
    assert "are the same walk, to" in said(opened(FORMS))
    assert "the **average** at the same η is up to" in said(opened(FORMS))
    assert "the same walk too" in said(opened(FORMS, matched="true"))
    assert "**velocity** and the **sum** part: up to" in said(opened(FORMS, cut="true"))


# ---------------------------------------------------------------- presets, links, numbers


PRESETS = {
    "At the limit": (RACE, "**Nesterov** left the map"),
    "Off the saddle": (RACE, "**RMSprop** is lowest"),
    "Turned by 45°": (RACE, "How much hangs on the rate"),
    "It never rests": (RACE, "is lowest"),
    "Whose valley?": (MAPS, "% end at (3, 2)"),
    "One name, three walks": (FORMS, "part: up to"),
}


def test_every_preset_is_tested():
    labels = [b.label for b in opened().button]
    assert labels[: len(PRESETS)] == list(PRESETS)


@pytest.mark.parametrize("label", PRESETS)
def test_a_preset_shows_what_it_says_from_anywhere(label):
    section, expected = PRESETS[label]
    app = opened(LEDGER, surface="Beale", w=-5, adam_learning_rate=10, bowl_condition=3)
    (button,) = (b for b in app.button if b.label == label)
    stands(button.click().run())
    assert app.button_group(key=SECTION).value == section
    assert expected in said(app)


@pytest.fixture(scope="module")
def ask(visit_page):
    """Give a function that opens the page with a query string, and sees that it stands."""
    return functools.partial(visit_page, "optimizers")


@pytest.mark.parametrize("wild", WILD.values(), ids=WILD)
def test_wild_values_everywhere(ask, wild):
    run = ask(
        "&".join(
            f"{key}={wild}"
            for key in [SECTION, controls.TAB, controls.OPTIMIZER, controls.CARRIED_LOSS, *DEFAULTS]
        )
    )
    assert run.kinds["plotly_chart"] >= 1


@every_section
@pytest.mark.parametrize("wild", ["", "1e999"])
def test_wild_values_in_every_section(ask, section, wild):
    rest = "&".join(f"{key}={wild}" for key in DEFAULTS)
    assert ask(f"{SECTION}={section.replace(' ', '%20')}&{rest}").kinds["plotly_chart"] >= 1


def rows_of(table):
    return list(csv.reader(io.StringIO(export.to_csv(table))))


def test_numbers_to_take_along():
    land = SURFACES["bowl"].at()
    driver = Driver("adam", 0.1, tuple(list(OPTIMIZERS["adam"].defaults.items())[1:]))
    course = walks.Course(land, "", (), (-2.0, 1.0), 0, 30)
    path = walks.run([(course, driver)])
    head, *rows = rows_of(ledger.numbers(driver, path))
    assert len(rows) == 30
    assert "m̂, w" in head
    assert float(rows[0][head.index("w + Δ, w")]) == path.positions[1, 0, 0]
    run = walks.walks(course, driver)
    head, *rows = rows_of(race.table([run]))
    assert [float(v) for v in rows[-1][3:]] == path.positions[-1, 0].tolist()
    at = forms.Setting(walks.Course(land, "", (), (-2.0, 1.0), 0, forms.STEPS), 0.03, 0.9)
    head, *rows = rows_of(forms.table(at, True, False))
    assert len(rows) == 3 * (forms.STEPS + 1)


# ---------------------------------------------------------------- in the browser


def test_picture_and_words_follow_the_hand(open_page):
    visit = open_page("/optimizers")
    errors = []

    def note(said):
        if "live_sweep" in said.text:
            errors.append(said.text)

    def follows(slider, value, chart, words_key):
        def seen():
            return drawn(visit, chart), visit.page.locator(f".st-key-{words_key}").inner_text()

        before, now, after = carry(visit, slider, value, seen)
        assert all(old != new for old, new in zip(before, now, strict=True)), slider
        assert after[1] == now[1], slider

    visit.page.on("console", note)
    follows("optimizers_progress", 30, race.CHART, race.WHERE)
    choose(visit, controls.TAB, "Start")
    follows("optimizers_b", 10, race.CHART, race.STANDINGS)
    choose(visit, controls.TAB, "Surface")
    follows("bowl_condition", 40, race.CURVES, race.VERDICT)
    choose(visit, SECTION, LEDGER)
    follows("optimizers_step", 40, ledger.CHART, ledger.UPDATE)
    follows("adam_learning_rate", 40, ledger.CHART, ledger.UPDATE)
    follows("bowl_condition", 70, ledger.CHART, ledger.TABLE)
    choose(visit, SECTION, FORMS)
    follows("optimizers_gamma", 0.5, forms.CHART, forms.VERDICT)
    follows("bowl_angle", 45, forms.CHART, forms.VERDICT)
    visit.page.remove_listener("console", note)
    assert not errors


def test_a_click_sets_rate_and_momentum_or_the_start(open_page):
    kind = "optimizers_section=Maps&optimizers_map=Rate%20%C3%97%20momentum&optimizers_one=Nesterov"
    visit = open_page(f"/optimizers?{kind}&optimizers_map_steps=50")
    page = visit.page

    def area(chart):
        return page.locator(f".st-key-{chart} .js-plotly-plot .nsewdrag").first

    def start():
        return [
            controls.STARTS[int(page.locator(f".st-key-{key} input").input_value())]
            for key in (controls.W, controls.B)
        ]

    click(visit, area(maps.CHART), 0.5, 0.5)
    ring = ".st-key-optimizers_places .scatterlayer > .trace:last-child path.point"
    before = page.locator(ring).get_attribute("transform")
    rate = page.locator(".st-key-nesterov_learning_rate input")
    gamma = float(page.locator(".st-key-nesterov_gamma input").input_value())
    assert controls.RATE_OPTIONS[int(rate.input_value())] == pytest.approx(0.1, rel=0.3)
    assert gamma == pytest.approx(0.5, abs=0.05)
    hand = Hand(visit, "nesterov_gamma")
    hand.press()
    hand.move(0.8)
    assert page.locator(ring).get_attribute("transform") != before
    with visit.rerun():
        hand.release()

    choose(visit, controls.MAP, maps.KINDS[0])
    click(visit, area(maps.CHART), 0.75, 0.25)
    assert start() == [pytest.approx(1.5, abs=0.25), pytest.approx(1.0, abs=0.25)]
    assert "optimizers_w=" in page.url
    choose(visit, SECTION, RACE)
    click(visit, area(race.CHART), 0.25, 0.75)
    assert start() == [pytest.approx(-1.5, abs=0.25), pytest.approx(-1.0, abs=0.25)]
