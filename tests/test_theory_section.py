"""The theory beside the experiment: its three views without a browser, and in Chromium."""

import json
import math
import random
import re

import numpy as np
import plotly.graph_objects as go
import pytest

from core import mean_field
from core.activations import ACTIVATIONS
from core.mean_field import correlation, self_normalising
from core.network import Dropout, Stack, backward, build, forward, rms
from core.network.initialisers import INITIALISERS
from pages.ui import text
from pages.ui.vanishing import (
    theory_alike,
    theory_figures,
    theory_flow,
    theory_phases,
    theory_words,
)
from pages.ui.vanishing.controls import DEPTH, DEPTHS, GAIN, GAINS, SCALES
from pages.ui.vanishing.subject import Measured, Plain
from pages.ui.vanishing.theory import VIEW
from pages.ui.vanishing.theory_alike import MAP, PATH
from pages.ui.vanishing.theory_flow import FLOW, REST
from pages.ui.vanishing.theory_flow import TABLE as FLOW_TABLE
from pages.ui.vanishing.theory_phases import FOUND, LAYERS, PHASES, TABLE, VERDICT
from tests.figures import unpacked
from tests.hand import carry, drawn
from tests.sweeps import payloads, swept
from tests.test_pages import visit
from tests.test_vanishing_page import assert_drawn, at
from tests.websocket_client import Session, finished

VIEWS = ("Phases", "Two inputs", "Mean and variance")
every_view = pytest.mark.parametrize("view", VIEWS)
HE, LECUN, LINEAR = (
    INITIALISERS[key].name for key in ("he_normal", "lecun_normal", "linear_default")
)
MOST_BYTES = 60_000
"""What moving a slider may send."""

SWEEP_BYTES = 25_000
"""What a sweep may weigh."""


def opened(view="Phases", activation="tanh", **query):
    """Open a view; what belongs to the activation begins with its key."""
    own = f"{activation}_"
    named = {
        name if name.startswith(own) else f"vanishing_{name}": str(value)
        for name, value in query.items()
    }
    return visit(
        "vanishing_gradients",
        vanishing_section="Theory",
        activation=activation,
        **{VIEW: view},
        **named,
    )


def figures(app):
    return {
        re.search(r"vanishing_\w+$", chart.proto.id)[0]: json.loads(chart.proto.spec)
        for chart in app.get("plotly_chart")
    }


def numbers(value):
    return unpacked(value) if isinstance(value, dict) else np.asarray(value, np.float32)


def said(app):
    return [m.value for m in app.markdown]


def cells(app, corner):
    """Return the rows of the table whose head holds ``corner``."""
    (found,) = (m.value for m in app.markdown if m.value.startswith("|") and corner in m.value)
    return [line.strip("| ").split(" | ") for line in found.splitlines()[2:]]


# ---------------------------------------------------------------- every view


@every_view
@pytest.mark.parametrize("activation", ["sigmoid", "relu", "selu", "step", "sine", "hardshrink"])
def test_every_view_stands_and_every_figure_is_valid(view, activation):
    app = opened(view, activation, weights=LECUN)
    expected = {"Phases": {PHASES, LAYERS}, "Two inputs": {PATH, MAP}}.get(view, {FLOW})
    assert set(figures(app)) == expected
    for figure in figures(app).values():
        json.dumps(figure, allow_nan=False)
        go.Figure(figure)
    for chart in app.get("plotly_chart"):
        assert len(chart.proto.alt) > 30
        assert len(chart.proto.spec) <= MOST_BYTES


@every_view
@pytest.mark.parametrize("seed", range(4))
def test_random_and_extreme_settings(view, seed):
    draw = random.Random(f"{view} {seed}")
    app = opened(
        view,
        draw.choice(list(ACTIVATIONS)),
        weights=draw.choice([rule.name for rule in INITIALISERS.values()]),
        depth=draw.choice([1, 2, 100]),
        width=2,
        gain=f"{draw.choice([GAINS[0], 1.0, GAINS[-1]]):g}",
        input=f"{draw.choice([SCALES[0], 1.0, SCALES[-1]]):g}",
        bias=draw.choice([0.0, 2.0]),
        draws=draw.choice([1, 2]),
        norm=draw.choice(["None", "Batch"]),
        skip=draw.choice(["None", "Plain"]),
    )
    for figure in figures(app).values():
        json.dumps(figure, allow_nan=False)
        go.Figure(figure)
    assert not [m for m in said(app) if re.search(r"\bnan\b|\binf\b", m)]


def assert_holds(heads, app, steps, *, but=()):
    """Hold that sweeps have at ``steps`` of their sliders what a page shows.

    What the visitor would only see on release, of traces and texts in ``but``, is left out.
    """
    now, words = figures(app), [m.replace("\\*", "*") for m in said(app)]
    for head in heads:
        row = head["values"].index(pytest.approx(steps[head["slider"]]))
        for chart in head["charts"]:
            kept = [trace for trace in chart["traces"] if (chart["chart"], trace[0]) not in but]
            if kept:
                assert_drawn(now[chart["chart"]], chart | {"traces": kept}, row)
        for key, texts in head["texts"].items():
            assert len({len(pieces) for pieces in texts}) == 1, key
            if key not in but:
                assert all(any(p in one for one in words) for p in texts[row]), (key, texts[row])


MEASURED = {FOUND, *((LAYERS, i) for i in range(2, 6))}


@pytest.mark.parametrize(
    ("activation", "given", "other"),
    [
        (
            "tanh",
            {"gain": 1.3, "input": 2, "bias": 0.15, "std": 0.2, "depth": 12},
            {"gain": 15, "input": 0, "bias": 2, "std": 0.0, "depth": 40},
        ),
        ("elu", {"elu_alpha": 0.3, "depth": 100}, {"elu_alpha": 2.5, "depth": 1}),
        (
            "selu",
            {"selu_alpha": 1.2, "selu_scale": 1.1},
            {"selu_alpha": 3.0, "selu_scale": 2.0},
        ),
        ("leaky_relu", {"leaky_relu_negative_slope": 1.0}, {"leaky_relu_negative_slope": 0.0}),
        ("hardshrink", {"hardshrink_lambd": 0.5}, {"hardshrink_lambd": 1.25}),
    ],
)
def test_phases_rest_where_they_were_dragged(activation, given, other):
    rules = {"tanh": INITIALISERS["normal"].name, "selu": LECUN, "hardshrink": HE}
    query = {"weights": rules.get(activation, LINEAR), "more": "true"} | given
    app = opened("Phases", activation, **query)
    heads = swept(app)
    sliders = {name: name if "_" in name else f"vanishing_{name}" for name in given}
    assert {head["slider"] for head in heads} >= set(sliders.values())
    here = {head["slider"]: at(app, head["slider"]) for head in heads}
    assert_holds(heads, app, here)
    assert {chart["chart"] for head in heads for chart in head["charts"]} == {PHASES, LAYERS}
    for name, value in other.items():
        there = opened("Phases", activation, **(query | {name: value}))
        some = [head for head in heads if head["slider"] == sliders[name]]
        assert_holds(some, there, {sliders[name]: value}, but=MEASURED)
        (found,) = (head["texts"][FOUND] for head in some if FOUND in head["texts"])
        assert [" ".join(one).count("not yet") for one in found].count(0) == 1
    assert max(map(len, payloads(app))) <= SWEEP_BYTES


@pytest.mark.parametrize("shown", [theory_phases._predicted, theory_flow._shown])
@pytest.mark.parametrize("key", ["prelu", "hard_sigmoid"])
def test_what_lies_halfway_between_two_numbers_is_written_alike(key, shown):
    """χ₁ = 1.1225, say, which a table of one value and one of many hold with other roundings."""
    (parameter,) = ACTIVATIONS[key].parameters
    stacks = tuple(
        Plain(key, ((parameter.name, value),), 2.0, 0.0, 1.0, 20, Dropout.NONE, 0.0)
        for value in parameter.steps.tolist()
    )
    every = shown(stacks).texts
    for i in range(0, len(stacks), 5):
        alone = shown(stacks[i : i + 1]).texts
        assert {name: rows[i] for name, rows in every.items()} == {
            name: rows[0] for name, rows in alone.items()
        }


def test_what_needs_another_phase_diagram_is_said():
    told = [c.value for c in opened(activation="selu").caption]
    assert any("phase diagram itself follows α and λ when let go" in c for c in told)
    assert not any("when let go" in c.value for c in opened().caption)


@every_view
def test_of_a_wave_no_parameter_follows_and_that_is_said(view):
    app = opened(view, activation="sine")
    assert any("follows Sine's ω when let go" in c.value for c in app.caption)
    assert "sine_omega" not in {head["slider"] for head in swept(app)}


# ---------------------------------------------------------------- phases


@pytest.mark.parametrize(
    ("activation", "weights", "gain", "verdict"),
    [
        ("tanh", LINEAR, "1", "**Ordered** (χ₁ = 0.333)"),
        ("tanh", HE, "1", "**Chaotic** (χ₁ = 1.106)"),
        ("relu", HE, "1", "**At the edge** (χ₁ = 1)"),
        ("relu", HE, "2", "**Chaotic** (χ₁ = 4.000)"),
        ("sigmoid", LECUN, "1", "**Ordered** (χ₁ = 0.056)"),
        ("sigmoid", LECUN, "12", "**Chaotic** (χ₁ = 1.176)"),
        ("step", LECUN, "1", "**No gradient at all**"),
    ],
)
def test_the_verdict_names_the_phase_and_the_dot_lies_in_it(activation, weights, gain, verdict):
    app = opened(activation=activation, weights=weights, gain=gain)
    assert any(m.startswith(verdict) for m in said(app))
    figure = figures(app)[PHASES]
    heat, dot = figure["data"][0], figure["data"][-1]
    (key,) = (k for k, rule in INITIALISERS.items() if rule.name == weights)
    sigma_w = float(gain) * INITIALISERS[key].sigma_w(64, 64)
    x, y = float(numbers(dot["x"])[0]), float(numbers(dot["y"])[0])
    assert x == pytest.approx(math.log2(sigma_w), abs=1e-6)
    assert y == 0
    z = numbers(heat["z"]).reshape(80, 80)
    column = int(np.argmin(np.abs(numbers(heat["x"]) - x)))
    if "Ordered" in verdict:
        assert z[0, column] < 0
    if "Chaotic" in verdict:
        assert z[0, column] > 0


def test_the_map_holds_the_gradient_of_each_network():
    figure = figures(opened(activation="mish"))[PHASES]
    heat = figure["data"][0]
    x, y = numbers(heat["x"]), numbers(heat["y"])
    z = numbers(heat["z"]).reshape(80, 80)
    for i, j in ((0, 20), (40, 40), (79, 5), (10, 70)):
        w, b = 4.0 ** float(x[j]), float(y[i]) ** 2
        settled = mean_field.settle(ACTIVATIONS["mish"], w, b, w + b)
        assert z[i, j] == pytest.approx(math.log10(settled.chi) / 2, abs=2e-5)


def test_theory_and_experiment_stand_beside_each_other():
    app = opened(activation="tanh", weights=LECUN, width=128, depth=12, draws=12, gain="1.3")
    data = figures(app)[LAYERS]["data"]
    lines = [numbers(trace["y"]) for trace in data if trace["mode"] == "lines"]
    gradient, variance = (numbers(t["y"]) for t in data if t["mode"] == "markers")
    assert np.abs(gradient - lines[0]).max() < 0.1
    assert np.abs(variance - lines[1]).max() < 0.1
    predicted = mean_field.layers(ACTIVATIONS["tanh"], 1.69, 0.0, 1.0, 12)
    np.testing.assert_allclose(lines[0], predicted.gradient, atol=7e-4)
    assert any(
        re.match(r"Measured at layer 1: \*\*−?0\.\d\d ± 0\.\d\d\*\* decades", m) for m in said(app)
    )


def test_mean_squares_are_compared_with_mean_squares():
    # Narrow layers: a mean of logarithms is far off, the mean square is not.
    stack = Stack(sizes=(32,) * 13, activation="relu")
    gradients, moments = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        network = build(stack, "he_normal", seed=seed)
        run = forward(network, rng.standard_normal((4, 32)))
        head = rng.standard_normal((4, 32))
        back = backward(network, run, head, parameters=False, at_pre=True)
        gradients.append([float(rms(g)) for g in back.pre])
        moments.append([float(rms(z)) ** 2 for z in run.pre])
    found = Measured.of(np.array(gradients), np.array(moments))
    assert abs(found.log_gradient[0]) < 3 * found.gradient_error[0] < 0.2
    naive = np.log10(np.array(gradients)).mean(axis=0)
    assert naive[0] - naive[-1] < -0.08


def test_what_the_theory_leaves_out_is_said():
    app = opened(norm="Batch", skip="Plain")
    assert any("leaves out batch normalisation and skip connections" in i.value for i in app.info)
    assert not opened().info
    assert any(i.value == theory_words.JUMPS for i in opened(activation="step").info)


def test_a_dot_outside_is_held_at_the_edge_and_it_is_said():
    app = opened(gain="100")
    dot = figures(app)[PHASES]["data"][-1]
    assert float(numbers(dot["x"])[0]) == theory_figures.OCTAVES[1]
    assert any("lies outside the picture" in c.value for c in app.caption)


def test_where_the_start_decides_it_is_said():
    app = opened(activation="gelu", weights=HE, bias=0.15)
    (told,) = (c.value for c in app.caption if "repels" in c.value)
    points = mean_field.fixed_points(ACTIVATIONS["gelu"], 2.0, 0.0225)
    assert f"at {points[1].variance:.3g}".rstrip(".") in told
    assert not any("repels" in c.value for c in opened().caption)


def test_a_function_without_gradient_has_no_phase():
    layout = figures(opened(activation="step"))[PHASES]["layout"]
    names = {note["text"] for note in layout["annotations"]}
    assert "no gradient" in names
    assert not names & {"ordered", "chaotic"}


@pytest.mark.parametrize(
    ("chi", "words"), [(0.01, "a single layer"), (0.5, "6.6 layers"), (0.9, "44 layers")]
)
def test_layers_are_counted(chi, words):
    assert theory_words.count(theory_words.tenfold(chi)) == words
    # Ten times less, after so many layers.
    assert chi ** (theory_words.tenfold(chi) / 2) == pytest.approx(0.1)


# ---------------------------------------------------------------- two inputs


def test_two_inputs_follow_the_map():
    app = opened("Two inputs", "relu", weights=HE, depth=20, alike=0)
    c = numbers(figures(app)[PATH]["data"][0]["y"])
    assert c[[0, 1, 5]] == pytest.approx([0, 0.318309886, 0.735946351], abs=1e-5)
    assert any("Two inputs become the same" in m for m in said(app))
    curve = figures(app)[MAP]["data"][1]
    x, y = numbers(curve["x"]), numbers(curve["y"])
    exact = (np.sqrt(1 - x**2) + x * (math.pi - np.arccos(x))) / math.pi
    np.testing.assert_allclose(y, exact, atol=1e-6)


@pytest.mark.parametrize("activation", ["tanh", "elu"])
@pytest.mark.parametrize("weights", [HE, LINEAR])  # ELU's variance grows with He's weights
def test_two_inputs_rest_where_they_were_dragged(activation, weights):
    app = opened("Two inputs", activation, weights=weights, bias=0.2, depth=20, alike=0.35)
    heads = swept(app)
    assert {head["slider"] for head in heads} == {theory_alike.ALIKE.key}
    drawn_in = {chart["chart"] for head in heads for chart in head["charts"] if chart["traces"]}
    assert drawn_in == {PATH, MAP}
    assert_holds(heads, app, {theory_alike.ALIKE.key: 0.35})
    there = opened("Two inputs", activation, weights=weights, bias=0.2, depth=20, alike=0.8)
    assert_holds(heads, there, {theory_alike.ALIKE.key: 0.8})
    assert max(map(len, payloads(app))) <= SWEEP_BYTES


def test_in_deep_stacks_the_correlation_follows_on_release():
    told = "The picture follows the depth, the gain and the input scale when let go."
    shallow, deep = (opened("Two inputs", depth=depth, bias=0.2) for depth in (50, 60))
    assert {head["slider"] for head in swept(shallow)} == {theory_alike.ALIKE.key}
    assert told in [c.value for c in shallow.caption]
    assert not swept(deep)
    assert any("most of these sliders when they are let go" in c.value for c in deep.caption)


def test_chaos_drives_two_inputs_apart():
    app = opened("Two inputs", "tanh", weights=HE, bias=0.1, alike=0.95)
    settled = mean_field.settle(ACTIVATIONS["tanh"], 2.0, 0.01, 1.0)
    gap, _ = correlation.settled_gap(ACTIVATIONS["tanh"], 2.0, settled)
    assert f"{1 - gap:.3f}" == "0.267"
    assert any("driven to a correlation of 0.267" in m for m in said(app))


def test_without_a_signal_there_is_nothing_to_compare():
    app = opened("Two inputs", "tanh", input="0")
    assert any("No signal" in i.value for i in app.info)


# ---------------------------------------------------------------- mean and variance


def test_selu_rests_at_mean_0_and_variance_1_unless_broken():
    app = opened("Mean and variance", "selu", weights=LECUN)
    assert any("Drawn to (μ, ν) = (0, 1)" in m and "78.3" in m for m in said(app))
    rows = {row[0]: row[1:] for row in cells(app, "ν at rest")}
    assert rows["this network"][:2] == ["0.000", "1.000"]
    assert rows["He (σ_w² = 2)"][1] == "explodes"
    assert rows["PyTorch's default (σ_w² = ⅓)"][1] == "vanishes"
    assert rows["LeCun, alpha dropout 0.1"][:2] == ["0.000", "1.000"]
    assert float(rows["LeCun, ordinary dropout 0.1"][1]) > 1.5
    star = figures(app)[FLOW]["data"][-1]
    assert (float(numbers(star["x"])[0]), float(numbers(star["y"])[0])) == pytest.approx((0, 1))
    app = opened("Mean and variance", "selu", weights=HE)
    assert any("grows, without limit" in m for m in said(app))


@pytest.mark.parametrize(
    ("activation", "given", "other"),
    [
        ("tanh", {"gain": 1.3, "std": 0.2}, {"gain": 15, "std": 0.95}),
        ("elu", {"elu_alpha": 0.3, "gain": 2}, {"elu_alpha": 2.5, "gain": 100}),
        (
            "selu",
            {"selu_alpha": 1.2, "selu_scale": 1.1, "dropout": "Alpha", "rate": 0.3},
            {"selu_alpha": 3.0, "selu_scale": 1.5, "rate": 0.0},
        ),
        (
            "leaky_relu",
            {"leaky_relu_negative_slope": 1.0, "dropout": "Ordinary", "rate": 0.0},
            {"leaky_relu_negative_slope": 0.0, "rate": 0.9},
        ),
        ("hardshrink", {"hardshrink_lambd": 0.5}, {"hardshrink_lambd": 1.25}),
    ],
)
def test_mean_and_variance_rest_where_they_were_dragged(activation, given, other):
    rules = {"tanh": INITIALISERS["normal"].name, "selu": LECUN, "hardshrink": HE}
    query = {"weights": rules.get(activation, LINEAR), "more": "true"} | given
    app = opened("Mean and variance", activation, **query)
    heads = swept(app)
    sliders = {name: name if "_" in name else f"vanishing_{name}" for name in other}
    assert {head["slider"] for head in heads} == {GAIN, *sliders.values()}
    assert_holds(heads, app, {head["slider"]: at(app, head["slider"]) for head in heads})
    for name, value in other.items():
        some = [head for head in heads if head["slider"] == sliders[name]]
        there = opened("Mean and variance", activation, **(query | {name: value}))
        assert_holds(some, there, {sliders[name]: value})
        assert REST in some[0]["texts"]
        if name == "rate":
            names = [row[0] for row in cells(there, "ν at rest")]
            assert names[4:] == [f"LeCun, {d} dropout {value or 0.1:g}" for d in DROPPED]
            assert row_of(some[0], value, 5)[0] == names[4]
        assert cells(there, "ν at rest")[0] == row_of(some[0], value, 1)
    assert max(map(len, payloads(app))) <= SWEEP_BYTES


DROPPED = ("ordinary", "alpha")


def row_of(head, value, row):
    """Return a row of the table of rests as a sweep has it at a step."""
    step = head["values"].index(pytest.approx(value))
    return [head["texts"][f"{FLOW_TABLE}[{row}][{i}]"][step][0] for i in range(5)]


# ---------------------------------------------------------------- the lesson


def test_the_numbers_of_the_lesson():
    lesson = " ".join(text.lesson("mean-field").split())
    tanh, sigmoid, selu = (ACTIVATIONS[k] for k in ("tanh", "sigmoid", "selu"))
    for sigma_w, sigma_b in ((1.1934, 0.1), (1.5497, 0.5), (1.8556, 1.0)):
        assert str(sigma_w) in lesson
        b = sigma_b**2
        assert mean_field.settle(tanh, sigma_w**2, b, 1.0).chi == pytest.approx(1, abs=1e-4)
    assert f"χ₁ = {mean_field.settle(sigmoid, 1.0, 0.0, 1.0).chi:.4f}" in lesson
    left = mean_field.settle(sigmoid, 1.0, 0.0, 1.0).chi ** 0.5
    assert f"each layer leaves {left:.2f} of the gradient" in lesson
    assert mean_field.settle(sigmoid, 10.15**2, 0.0, 1.0).chi == pytest.approx(1, abs=1e-3)
    falls = mean_field.layers(tanh, 1.0, 0.0, 1.0, 50)
    assert falls.gradient[0] == pytest.approx(-0.9, abs=0.05)
    assert 10 ** -falls.gradient[0] == pytest.approx(8, abs=0.5)
    assert falls.variance[-1] == pytest.approx(1 / 100, rel=0.05)
    low, high = mean_field.fixed_points(ACTIVATIONS["gelu"], 2.2, 0.0)
    assert (low.stable, high.stable) == (True, False)
    chi = mean_field.settle(selu, 1.0, 0.0, 1.0).chi
    assert f"χ₁ is {chi:.4f}" in lesson
    assert f"a factor of {chi**24.5:.1f} from layer 50 back to layer 1" in lesson
    assert (
        f"{100 * float(self_normalising.rest(mean_field.table(selu)).contraction[0]):.0f} %"
        in lesson
    )
    relu = ACTIVATIONS["relu"]
    c = 1 - correlation.gaps(relu, np.full(51, 2.0), 2.0, 0.0, 1.0)
    for layer in (1, 10, 50):
        assert f"{c[layer]:.3f}" in lesson


# ---------------------------------------------------------------- hostile links


@pytest.mark.parametrize("wild", ["", "nan", "1e999", "99", "%00", "%ff%fe"])
def test_wild_values(server, wild):
    async def go():
        async with await Session.connect(server.url) as session:
            query = f"vanishing_section=Theory&{VIEW}={wild}&{theory_alike.ALIKE.key}={wild}"
            return await session.rerun(page="vanishing_gradients", query=query)

    seen = len(server.log)
    run = finished(go())
    assert run.exceptions == []
    assert "Traceback" not in server.log[seen:]
    assert run.kinds["plotly_chart"] == 2


def test_a_step_drives_inputs_apart_without_a_gradient():
    told = theory_words.apart(0.2, 0.5, 0.0)
    assert "χ₁ > 1" not in told
    assert "the function jumps" in told
    assert "(χ₁ > 1)" in theory_words.apart(0.2, 0.5, 1.3)


# ---------------------------------------------------------------- in the browser


def test_dot_curves_and_words_follow_the_hand(open_page):
    visit = open_page("/vanishing_gradients?vanishing_section=Theory&activation=tanh")

    def seen():
        dot = visit.page.locator(f".st-key-{PHASES} .point").last.get_attribute("transform")
        words = visit.page.locator(f".st-key-{VERDICT}").inner_text()
        cells = visit.page.locator(f".st-key-{TABLE}").inner_text()
        found = visit.page.locator(f".st-key-{FOUND}").inner_text()
        return dot, drawn(visit, LAYERS), words, cells, found

    before, now, after = carry(visit, "vanishing_gain", GAINS.index(2.5), seen)
    assert all(a != b for a, b in zip(now, before, strict=True))
    assert "Ordered" in before[2]
    assert "Chaotic" in now[2]
    assert [text.count("not yet") for *_, text in (before, now, after)] == [0, 1, 0]
    assert "±" in before[4]
    assert "±" in after[4]
    assert (after[0], after[2], after[3]) == (now[0], now[2], now[3])
    assert after[1][0] == now[1][0], "the theory's curve"
    assert "vanishing_gain=2.5" in visit.page.url


def test_the_layers_follow_the_depth_and_rest_there(open_page):
    address = "/vanishing_gradients?vanishing_section=Theory&activation=elu&vanishing_depth=12"
    visit = open_page(address)

    def seen():
        ends = visit.page.locator(f".st-key-{LAYERS} .xtick text").all_inner_texts()
        return drawn(visit, LAYERS)[0], ends, visit.page.locator(f".st-key-{TABLE}").inner_text()

    before, now, after = carry(visit, DEPTH, DEPTHS.index(40), seen)
    assert all(a != b for a, b in zip(now, before, strict=True))
    assert after == now
    assert "vanishing_depth=40" in visit.page.url


def test_arrows_paths_and_words_follow_a_parameter_and_rest_there(open_page):
    address = "/vanishing_gradients?vanishing_section=Theory&activation=selu"
    visit = open_page(f"{address}&{VIEW}=Mean and variance&vanishing_weights={LECUN}")

    def seen():
        words = visit.page.locator(f".st-key-{REST}").inner_text()
        cells = visit.page.locator(f".st-key-{FLOW_TABLE}").inner_text()
        return drawn(visit, FLOW), words, cells

    before, now, after = carry(visit, "selu_alpha", 1.25, seen)
    assert all(a != b for a, b in zip(now, before, strict=True))
    assert after == now
    assert "(0, 1)" not in now[1]
