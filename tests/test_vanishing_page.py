"""The Vanishing gradients page: every section without a browser, and what a hand sees in one."""

import functools
import json
import math
import random
import re
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import plotly.graph_objects as go
import pytest

from core.activations import ACTIVATIONS
from core.network import Dropout, Skip, Stack
from core.network.gradient_flow import Experiment, Fate, Verdict, decay, measure
from core.network.initialisers import INITIALISERS
from core.network.normalisation import Normalisation
from pages.ui.controls import Choice
from pages.ui.vanishing import chain, gradient, inside, journey, offers, paths, pins, runs, words
from pages.ui.vanishing import controls as own
from pages.ui.vanishing.controls import DEFAULTS, GAIN, GAINS, PULSE, SCALE, SCALES, SECTION
from pages.ui.vanishing.figures import CHART
from pages.ui.vanishing.view import SECTIONS
from tests.figures import unpacked
from tests.hand import Hand, carry, drawn
from tests.sweeps import swept
from tests.test_pages import stands, visit
from tests.test_urls import WILD

every_section = pytest.mark.parametrize("section", SECTIONS)
MOST_BYTES = 80_000
"""What moving a slider may send."""


def opened(section="Gradient by layer", activation="elu", **query):
    named = {f"vanishing_{name}": value for name, value in query.items()}
    return visit("vanishing_gradients", **{SECTION: section, "activation": activation}, **named)


def charts(app):
    return {
        re.search(r"vanishing_\w+$", chart.proto.id)[0]: json.loads(chart.proto.spec)
        for chart in app.get("plotly_chart")
    }


def numbers(value):
    return unpacked(value) if isinstance(value, dict) else np.asarray(value, np.float32)


def verdicts(app):
    words_of_fate = "|".join(one.value for one in Fate)
    return [m.value for m in app.markdown if re.match(rf"\*\*[^*]*: ({words_of_fate})", m.value)]


def tables(app):
    found = []
    for m in app.markdown:
        if m.value.startswith("| "):
            lines = [line.strip("| ").split(" | ") for line in m.value.splitlines()]
            found.append([lines[0], *lines[2:]])
    return found


def number(cell):
    """Read a number as the page writes it."""
    superscripts = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
    return float(cell.replace("·10", "e").translate(superscripts))


def press(app, label):
    (button,) = (b for b in app.button if b.label == label)
    return stands(button.click().run())


def experiment(activation="elu", depth=DEFAULTS[own.DEPTH], width=DEFAULTS[own.WIDTH], **more):
    stack = {k: more.pop(k) for k in ("normalisation", "skip") if k in more}
    sizes = (width,) * (depth + 1)
    stack = Stack(
        sizes=sizes,
        activation=activation,
        parameters=tuple(ACTIVATIONS[activation].defaults.items()),
        **stack,
    )
    return Experiment(stack=stack, repeats=3, **{"batch": own.BATCH.default, **more})


# ---------------------------------------------------------------- the first thing one sees


def test_the_default_view_shows_a_vanished_gradient():
    """Whatever the first visitor does not choose: twenty layers as PyTorch starts them."""
    app = visit("vanishing_gradients")
    (said,) = verdicts(app)
    assert "vanished" in said
    assert "46 thousand times smaller" in said
    middle = np.median(decay(measure(experiment(initialiser="linear_default")).gradient), axis=0)
    band, line, bound = charts(app)[CHART]["data"]
    np.testing.assert_allclose(numbers(line["y"]), middle, atol=0.002)
    assert numbers(band["y"])[:20] == pytest.approx(middle, abs=0.6)
    assert (numbers(band["y"])[:20] >= numbers(line["y"])).all()
    # ELU's slope is at most 1: the rule of thumb promises no loss at all.
    assert not numbers(bound["y"]).any()
    assert tables(app)[0][1][1] == words.column(float(middle[0]))


def test_the_rule_of_thumb_of_the_sigmoid_is_a_quarter_a_layer():
    app = opened(activation="sigmoid", depth="11")
    _, line, bound = charts(app)[CHART]["data"]
    assert numbers(bound["y"])[0] == pytest.approx(10 * math.log10(0.25))
    assert numbers(line["y"])[0] < numbers(bound["y"])[0]
    assert tables(app)[0][1][4] == "9.54·10⁻⁷"


# ---------------------------------------------------------------- presets


PRESETS = {
    "Ten sigmoids": [("Sigmoid", "vanished")],
    "Tanh at the edge of chaos": [
        ("1. Tanh, gain 1.3, bias σ 0.2", "healthy"),
        ("2. Tanh, gain 1, bias σ 0", "healthy"),
        ("3. Tanh, gain 1, bias σ 0.2", "fading"),
    ],
    "ReLU: He or Xavier": [("1. ReLU, He", "healthy"), ("2. ReLU, Xavier", "vanished")],
    "SELU: LeCun or not": [
        ("1. SELU, LeCun", "healthy"),
        ("2. SELU, He", "growing"),
        ("3. SELU, PyTorch default", "vanished"),
    ],
    "All zeros": [("1. Sigmoid, zeros", "vanished"), ("2. Sigmoid, constant 0.1", "vanished")],
    "100 layers, skips": [("1. Tanh, scaled skip", "healthy"), ("2. Tanh, no skip", "vanished")],
    "Linear": [("1. Identity, Xavier", "healthy"), ("2. Identity, orthogonal", "healthy")],
}


def test_every_preset_is_tested():
    assert [preset.label for preset in offers.PRESETS] == list(PRESETS)


@pytest.mark.parametrize("label", PRESETS)
def test_a_preset_shows_what_it_says_from_anywhere(label):
    app = opened("Pulse", "gelu", depth="7", norm="Batch", skip="Plain", gain="50", seed="3")
    app = press(app, label)
    expected = [f"**{name}: {fate}" for name, fate in PRESETS[label]]
    assert [said[: len(e)] for said, e in zip(verdicts(app), expected, strict=True)] == expected
    left = {row[0]: row[1] for row in tables(app)[0][1:]}
    if label == "Ten sigmoids":
        assert "a factor of 0.238 a layer" in verdicts(app)[0]
    if label == "Tanh at the edge of chaos":
        assert left["3. Tanh, gain 1, bias σ 0.2"].endswith("·10⁻⁴")
        assert left["2. Tanh, gain 1, bias σ 0"].startswith("0.10")
    if label == "ReLU: He or Xavier":
        # More than seven decades.
        assert left["2. ReLU, Xavier"].endswith("⁻⁸")
    if label == "All zeros":
        assert left["1. Sigmoid, zeros"] == "0"
        assert [i.value.count("the symmetry never breaks") for i in app.info] == [1, 1]
    if label == "Linear":
        assert left["2. Identity, orthogonal"] == "1.000"


def test_a_preset_leaves_no_trace_of_the_last_one():
    app = press(opened(), "SELU: LeCun or not")
    app = press(app, "Ten sigmoids")
    assert len(verdicts(app)) == 1
    assert pins.PIN not in app.query_params or not app.query_params[pins.PIN]


# ---------------------------------------------------------------- comparing


def test_every_picked_activation_is_a_stack_up_to_four():
    app = visit("vanishing_gradients", activation=["elu", "relu", "tanh", "sigmoid", "gelu"])
    assert len(verdicts(app)) == 4
    assert any("the first 4 are shown" in c.value for c in app.caption)
    assert len(charts(app)[CHART]["data"]) == 4 * 3


def test_pin_change_compare_unpin():
    app = press(opened(activation="relu", depth="20"), "Pin this run")
    app.select_slider(key=own.DEPTH).set_value(40)
    stands(app.run())
    assert [said.split("**")[1] for said in verdicts(app)] == [
        "1. ReLU, 40 layers: vanished",
        "2. ReLU, 20 layers: vanished",
    ]
    # The shorter stack keeps its place at the left end.
    traces = charts(app)[CHART]["data"]
    assert [len(numbers(traces[i]["x"])) for i in (1, 4)] == [40, 20]
    app = press(app, "Unpin")
    assert len(verdicts(app)) == 1


def test_a_pinned_run_is_in_the_link():
    app = press(opened(activation="relu", depth="30"), "Pin this run")
    text = app.query_params[pins.PIN]
    text = text if isinstance(text, str) else text[0]
    again = visit("vanishing_gradients", activation="tanh", vanishing_pin=text)
    assert [said.split("**")[1].split(",")[0] for said in verdicts(again)] == ["1. Tanh", "2. ReLU"]


def some_run(seed):
    draw = random.Random(seed)
    key = draw.choice(list(ACTIVATIONS))
    rule = draw.choice(list(INITIALISERS.values()))
    stack = Stack(
        sizes=(draw.choice(own.WIDTHS),) * (draw.randint(1, 100) + 1),
        activation=key,
        parameters=tuple(ACTIVATIONS[key].defaults.items()),
        normalisation=draw.choice(list(Normalisation)),
        skip=draw.choice(list(Skip)),
        dropout=draw.choice(list(Dropout)),
        dropout_rate=0.25,
    )
    one = Experiment(
        stack=replace(stack, sizes=(stack.sizes[0],) * (stack.depth + 1)),
        initialiser=rule.key,
        value=0.35 if rule.parameter else None,
        gain=draw.choice(GAINS),
        bias_std=0.15,
        input_scale=draw.choice(SCALES),
        batch=draw.randint(2, 64),
        seed=draw.randint(0, 99),
        repeats=draw.randint(1, 12),
    )
    return runs.Run(Choice(key, ACTIVATIONS[key].defaults), one, pinned=True)


@pytest.mark.parametrize("seed", range(20))
def test_a_run_is_read_as_it_was_written(seed):
    run = some_run(seed)
    assert pins.read(pins.write(run)) == run


GOOD = "relu~20~64~he_normal~~1~0~1~none~none~none~0~16~0~3"


@pytest.mark.parametrize(
    ("place", "bad"),
    [
        (0, "nothing"),
        (1, "0"),
        (1, "101"),
        (1, "9" * 400),
        (2, "65"),
        (3, "best"),
        (4, "0.5"),
        (5, "1e9"),
        (5, "nan"),
        (6, "inf"),
        (7, "-1"),
        (8, "group"),
        (9, "sometimes"),
        (10, "nan"),
        (11, "1.5"),
        (12, "1"),
        (13, "-1"),
        (14, "13"),
    ],
)
def test_a_bad_pin_is_left_out(place, bad):
    assert pins.read(GOOD)
    parts = GOOD.split("~")
    parts[place] = bad
    assert pins.read("~".join(parts)) is None


@pytest.mark.parametrize(
    "text", ["", "~", "~" * 14, GOOD + "~alpha=1", GOOD[:-2], "elu" + GOOD[4:] + "~alpha=99"]
)
def test_nonsense_is_no_pin(text):
    assert pins.read(text) is None


# ---------------------------------------------------------------- what would mend it


def test_remedies_are_measured_and_can_be_applied():
    app = opened(activation="sigmoid", depth="10", weights="Xavier (Glorot), normal")
    head, *rows = tables(app)[1]
    assert head[1:] == ["Left at layer 1", "Verdict"]
    left = {row[0]: row[1:] for row in rows}
    healed = experiment("relu", 10, initialiser="he_normal")
    middle = float(np.median(decay(measure(healed).gradient)[:, 0]))
    assert left["ReLU with He's weights"] == [words.column(middle), "healthy"]
    assert left["Orthogonal weights"][1] == "vanished"
    # σ_w = 10.15 is where the sigmoid neither shrinks nor grows the gradient.
    (gain,) = (float(name[5:]) for name in left if name.startswith("Gain"))
    assert 8 <= gain <= 15
    app = press(app, f"Gain {gain:g}")
    assert "healthy" in verdicts(app)[0]
    assert app.select_slider(key=GAIN).value == gain
    app = press(app, "ReLU with He's weights")
    assert verdicts(app)[0].startswith("**ReLU: healthy.**")
    assert tables(app)[0][1][1] == words.column(middle)


# ---------------------------------------------------------------- sweeps


@pytest.mark.parametrize(
    ("activation", "query", "sliders"),
    [
        ("elu", {"more": "true", "bias": "0.15"}, {"elu_alpha", own.BIAS.key}),
        ("tanh", {"gain": "20", "bias": "0.2", "norm": "Layer", "weights_too": "true"}, set()),
        ("relu", {"skip": "Scaled", "dropout": "Ordinary", "draws": "4"}, set()),
        (
            ["leaky_relu", "softplus"],
            {"weights": "Constant", "value": "-0.05", "weights_too": "true"},
            {"leaky_relu_negative_slope", "softplus_beta", "vanishing_value"},
        ),
    ],
)
def test_a_sweep_rests_where_it_was_dragged(activation, query, sliders):
    """To the last bit, for every slider on view that only changes numbers."""
    assert_rests(opened(activation=activation, depth="12", **query), sliders)


@pytest.mark.parametrize("section", ["Gradient by layer", "Inside the layers"])
def test_beside_a_pinned_run_all_rests_where_it_was_dragged(section):
    app = opened(section, activation="tanh", depth="12", gain="1.2", pin=GOOD)
    assert_rests(app, set())


def test_names_tell_what_differs_at_every_step():
    """The pinned stack is 20 layers deep: where the other is, too, neither name says so."""
    app = opened(activation="tanh", depth="12", width="64", pin=GOOD)
    moved = [head for head in swept(app) if head["slider"] == own.DEPTH]
    names = {
        index: rows
        for head in moved
        for chart in head["charts"]
        for index, attribute, rows in chart["traces"]
        if attribute == "name"
    }
    at_12, at_20 = (own.DEPTHS.index(depth) for depth in (12, 20))
    told = [names[index][at_12].split(", ")[1] for index in sorted(names)]
    assert told == ["12 layers", "20 layers"]
    assert not any("layers" in rows[at_20] for rows in names.values())


def assert_rests(app, sliders):
    """Hold that every slider's sweep has what the page shows, at the slider's own step."""
    figures = charts(app)
    said = [m.value for m in app.markdown]
    heads = swept(app)
    assert {head["slider"] for head in heads} == {own.DEPTH, GAIN, SCALE, *sliders}
    for head in heads:
        row = head["values"].index(pytest.approx(at(app, head["slider"])))
        for chart in head["charts"]:
            assert_drawn(figures[chart["chart"]], chart, row)
        for key, texts in head["texts"].items():
            assert len({len(pieces) for pieces in texts}) == 1, key
            assert all(any(p in one for one in said) for p in texts[row]), (key, texts[row])


def assert_drawn(figure, chart, row):
    """Hold that a chart shows what a sweep has for it at a step."""
    assert chart["traces"]
    for index, changes in rows_at(chart, row).items():
        for attribute, shown in changes.items():
            kept = figure["data"][index][attribute]
            if attribute == "name":
                assert shown == kept
            else:
                np.testing.assert_array_equal(shown, numbers(kept).reshape(shown.shape))
    for path, column in chart["layout"].items():
        kept = figure["layout"]
        for step in re.findall(r"\w+", path):
            kept = kept[int(step) if step.isdigit() else step]
        assert column[row] == kept, path


def rows_at(chart, row):
    """Return the traces of a sweep's chart at a step, as the page shows them."""
    found = {}
    for index, attribute, rows in chart["traces"]:
        found.setdefault(index, {})[attribute] = rows[row]
    if chart.get("ragged"):
        found = {index: cropped(changes) for index, changes in found.items()}
    return found


def cropped(changes):
    """Leave out what lies before the first or behind the last number of an axis."""
    ends = {axis: ~np.isnan(changes[axis]) for axis in "xy" if axis in changes}
    if "z" in changes:
        z = changes["z"].reshape(-1, ends["x"].size)
        return {"x": changes["x"][ends["x"]]} | (
            {"y": changes["y"][ends["y"]], "z": z[ends["y"]][:, ends["x"]]}
            if "y" in ends
            else {"z": z[:, ends["x"]]}
        )
    return {name: v[ends["x"]] if name in "xy" else v for name, v in changes.items()}


def at(app, slider):
    kind = app.select_slider if slider in (own.DEPTH, GAIN, SCALE) else app.slider
    return kind(key=slider).value


def test_the_name_the_rule_of_thumb_and_the_curve_follow_alpha():
    (head,) = (head for head in swept(opened(depth="12")) if head["slider"] == "elu_alpha")
    (chart,) = head["charts"]
    moved = {(index, attribute): rows for index, attribute, rows in chart["traces"]}
    place = head["values"].index(2.5)
    assert moved[1, "name"][place] == "ELU, α = 2.50"
    assert moved[2, "y"][place][0] == pytest.approx(11 * math.log10(2.5))
    assert "ELU, α = 2.50" in head["texts"][f"{gradient.VERDICT}_0"][place][0]
    row = {key: texts[place][0] for key, texts in head["texts"].items()}
    assert row[f"{gradient.TABLE}[1][0]"] == "ELU, α = 2.50"
    assert row[f"{gradient.TABLE}[1][4]"] == words.column(11 * math.log10(2.5))


def test_the_biases_are_swept_only_where_their_slider_is_on_view():
    assert own.BIAS.key not in {head["slider"] for head in swept(opened(depth="12"))}


def test_the_gradient_by_the_weights_is_shown_on_request():
    app = opened(activation="tanh", depth="12", weights_too="true")
    profile = measure(experiment("tanh", 12, initialiser="linear_default"))
    middle = np.median(decay(profile.by_weights), axis=0)
    *_, rings = charts(app)[CHART]["data"]
    np.testing.assert_allclose(numbers(rings["y"]), middle, atol=0.002)
    # As the signal fades on its way forward, the gradient does on its way back.
    assert np.abs(middle).max() < 0.5
    head, row = tables(app)[0]
    assert (head[-1], row[-1]) == ("∂L/∂W at layer 1", words.column(float(middle[0])))
    assert "fading" in verdicts(app)[0] or "vanished" in verdicts(app)[0]
    assert any("Verdicts are about ∂L/∂z" in c.value for c in app.caption)
    assert len(charts(opened(activation="tanh", depth="12"))[CHART]["data"]) == 3
    assert tables(opened(weights="Zeros", weights_too="true"))[0][1][-1] == "0"


@pytest.mark.parametrize(
    ("activation", "query"),
    [
        ("elu", {}),
        (["elu", "relu", "tanh"], {}),
        (["elu", "leaky_relu", "softplus"], {"more": "true", "weights_too": "true"}),
        ("elu", {"weights": "Constant", "more": "true", "weights_too": "true"}),
    ],
)
def test_what_is_sent_is_small(activation, query):
    app = opened(activation=activation, **query)
    assert sum(len(e.proto.bytes) for e in app.get("bidi_component")) <= MOST_BYTES
    assert sum(len(chart.proto.spec) for chart in app.get("plotly_chart")) <= MOST_BYTES


@pytest.mark.parametrize(
    ("width", "batch", "follow"), [("512", "16", set()), ("64", "8", {own.DEPTH, GAIN, SCALE})]
)
def test_a_large_stack_follows_on_release(width, batch, follow):
    """What can be afforded follows the hand, the rest when it is let go, and that is said."""
    app = opened(activation="leaky_relu", depth="100", width=width, batch=batch)
    told = [c.value for c in app.caption if "when they are let go" in c.value]
    assert {head["slider"] for head in swept(app)} == follow
    assert all("Leaky ReLU" in one for one in told)
    assert ["the gain" in one for one in told] == [not follow]


def test_remedies_for_a_very_large_stack_wait_until_asked_for():
    size = {"depth": "100", "width": "256", "draws": "1"}
    app = opened(activation="identity", batch="64", **size)
    assert len(tables(app)) == 1
    assert len(verdicts(app)) == 1
    (toggle,) = (t for t in app.toggle if t.key == gradient.MEND)
    assert "takes a while" in toggle.label
    assert not toggle.value


def test_a_choice_of_gains_holds_the_controls_defaults():
    assert DEFAULTS[GAIN] in GAINS
    assert DEFAULTS[SCALE] in SCALES
    assert list(GAINS) == sorted(GAINS)
    assert list(SCALES) == sorted(SCALES)


# ---------------------------------------------------------------- every section


@every_section
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"depth": "1", "width": "2", "batch": "2", "draws": "1"},
        {"depth": "2", "activation": ["relu", "step", "sine"]},
        {"weights": "Zeros"},
        {"gain": "100", "weights": "Normal with σ of its own", "std": "1", "activation": "relu"},
        {"depth": "100", "gain": "100", "width": "2", "activation": "squared_relu"},
        {"dropout": "Alpha", "skip": "Plain", "norm": "Batch", "activation": "selu"},
    ],
    ids=str,
)
def test_every_section_stands_and_every_figure_is_valid(section, query):
    app = opened(section, **{"depth": "12", **query})
    for figure in charts(app).values():
        json.dumps(figure, allow_nan=False)
        go.Figure(figure)
    assert all(len(chart.proto.alt) > 30 for chart in app.get("plotly_chart"))


@pytest.mark.parametrize("seed", range(6))
def test_random_settings(seed):
    draw = random.Random(seed)
    app = opened(draw.choice(list(SECTIONS)), draw.choice(list(ACTIVATIONS)))
    for slider in (*app.slider, *app.number_input):
        steps = round((slider.max - slider.min) / slider.step)
        slider.set_value(slider.min + slider.step * draw.randint(0, steps))
    for box in app.selectbox:
        box.set_value(draw.choice(box.options))
    app.selectbox(key=own.WIDTH).set_value(draw.choice((2, 8, 32)))
    app.select_slider(key=own.DEPTH).set_value(draw.choice(own.DEPTHS[:30]))
    app.select_slider(key=GAIN).set_value(draw.choice(GAINS))
    app.select_slider(key=SCALE).set_value(draw.choice(SCALES))
    stands(app.run())


@pytest.mark.parametrize("key", ACTIVATIONS)
def test_extremes_have_a_verdict(key):
    """Depth 100, gain 100, width 2, straight from the core: what the page would say."""
    base = experiment("identity", 100, 2, gain=100.0, initialiser="he_normal")
    run = runs.run_of(Choice(key, ACTIVATIONS[key].defaults), base)
    (profile,) = runs.profiles([run])
    one = runs.at_rest(profile).verdicts[0]
    for said in (words.verdict("A stack", one, 100), words.brief("A stack", one)):
        assert re.match(rf"\*\*A stack: {one.fate.value}", said)
        assert "nan" not in said


def test_where_the_signal_overflows_it_is_said():
    app = opened(activation="identity", depth="80", weights="He (Kaiming), normal", gain="100")
    assert "exploded" in verdicts(app)[0]
    query = {"activation": "squared_relu", "depth": "40", "gain": "100"}
    app = opened(weights="He (Kaiming), normal", **query)
    assert "there is no output, and so no gradient" in verdicts(app)[0]
    assert tables(app)[0][1][1] == "beyond float64"
    for section in ("Inside the layers", "Chain rule", "Pulse"):
        app = opened(section, weights="He (Kaiming), normal", **query)
        told = [m.value for m in (*app.warning, *app.markdown)]
        assert any("overflow" in one for one in told)


# ---------------------------------------------------------------- inside, chain, pulse


def test_inside_shows_where_the_signal_collapses():
    app = opened("Inside the layers", "relu", depth="20")
    activations, gradients, dead, saturated = charts(app)[inside.CHART]["data"]
    z = numbers(activations["z"])
    assert z.shape == (inside.BINS, 20)
    np.testing.assert_allclose(np.nansum(z, axis=0), 1.0, atol=1e-5)
    # In the last layer all activations lie in one bin, about 0.
    assert np.nanmax(z[:, -1]) > 0.99
    profile = measure(experiment("relu", 20, initialiser="linear_default"))
    np.testing.assert_allclose(numbers(dead["y"]), profile.dead[0], atol=1e-6)
    assert numbers(saturated["y"]).mean() == pytest.approx(0.5, abs=0.1)
    assert np.nansum(numbers(gradients["z"]), axis=0).max() <= 1.0001


@pytest.mark.parametrize(
    ("activation", "query", "sliders"),
    [
        ("elu", {}, {"elu_alpha"}),
        ("relu", {"norm": "Batch", "skip": "Scaled", "draws": "2"}, set()),
        (["tanh", "leaky_relu"], {"dropout": "Alpha"}, {"leaky_relu_negative_slope"}),
    ],
)
def test_the_inside_rests_where_it_was_dragged(activation, query, sliders):
    app = opened("Inside the layers", activation, depth="60", width="8", **query)
    assert_rests(app, sliders)


def test_stacks_that_are_too_small_for_the_axis_are_named():
    app = opened("Inside the layers", ["relu", "tanh"], depth="60", gain="100")
    (said,) = (info.value for info in app.info)
    assert "those of 2. Tanh are too small" in said
    assert not opened("Inside the layers", ["relu", "tanh"]).info


def test_singular_values_are_there_on_request():
    app = opened("Inside the layers", "identity", weights="Orthogonal", jacobian="true")
    assert tables(app)[1][1] == ["Identity", "1", "1", "1"]


@pytest.mark.parametrize("path", [own.STRONGEST, own.SAME_UNIT])
def test_factors_multiply_to_the_product(path):
    app = opened("Chain rule", "tanh", depth="8", path=path, unit="3")
    factors, products = charts(app)["vanishing_chain"]["data"]
    # From the last layer down, as the gradient travels.
    running = np.cumsum(np.log10(np.abs(numbers(factors["y"]).astype(float)))[::-1])[::-1]
    np.testing.assert_allclose(numbers(products["y"]), running, atol=1e-4)
    rows = tables(app)[0][1:]
    assert [row[0] for row in rows] == [str(n) for n in range(7, 0, -1)]
    if path == own.SAME_UNIT:
        assert {row[1] for row in rows} == {"3"}


@pytest.mark.parametrize(
    ("text", "units", "left_open"),
    [
        ("", (), []),
        ("3, 1, *, 4", (2, 0, None, 3), []),
        (" 8;8 8 ,, 1 ", (7, 7, 7, 0), []),
        ("0, 9, 1", (None, None, 0), ["`0` (layer 1)", "`9` (layer 2)"]),
        ("one, −2, 1.5, `", (None,) * 4, ["`one` (layer 1)", "`1.5` (layer 3)", "and 1 more"]),
        ("9" * 5000, (None,), ["`999999999999` (layer 1)"]),
        ("1 2 3 4 5 6", (0, 1, 2, 3, 4), ["6 units for 5 layers"]),
    ],
)
def test_units_are_read_as_they_are_typed(text, units, left_open):
    typed = paths.read(text, width=8, depth=5)
    assert typed.units == units
    assert all(word in " ".join(typed.mistakes) for word in left_open)
    assert bool(typed.mistakes) == bool(left_open)


def test_a_path_of_ones_own():
    app = opened("Chain rule", "tanh", depth="6", path=own.OWN_UNITS, units="5, 6, 99")
    assert [row[1] for row in tables(app)[0][1:]][-2:] == ["6", "5"]
    (told,) = (w.value for w in app.warning)
    assert "1 to 32" in told
    assert "`99` (layer 3)" in told
    app = press(app, "Edit this path")
    typed = app.text_input(key=own.UNITS).value
    rows = tables(app)[0][1:]
    # The table begins below the last layer, whose unit is the last that is typed.
    assert typed.split(", ")[:-1] == [row[1] for row in reversed(rows)]
    app.text_input(key=own.UNITS).set_value(typed.replace("5, 6", "7, 6"))
    stands(app.run())
    assert tables(app)[0][-1][1] == "7"
    assert not app.warning


def test_any_path_can_be_edited():
    app = press(opened("Chain rule", "tanh", depth="6", path=own.SAME_UNIT), "Edit this path")
    assert app.text_input(key=own.UNITS).value == "1, 1, 1, 1, 1, 1"


@pytest.mark.parametrize(("norm", "product"), [("Layer", "f′(z)·(w − c)/σ"), ("None", "f′(z)·w")])
def test_the_factors_in_the_table_multiply_to_its_product(norm, product):
    app = opened("Chain rule", "gelu", depth="5", norm=norm, skip="Scaled", dropout="Ordinary")
    head, *rows = tables(app)[0]
    assert head[-2] == product + "·s"
    values = [{name: number(cell) for name, cell in zip(head, row, strict=True)} for row in rows]
    for row in values:
        weight = row["Weight w"] - row.get("Cross terms c", 0.0)
        found = row["f′(z)"] * weight * row.get("1/σ", 1.0) * row["Skip, dropout s"]
        assert found == pytest.approx(row[head[-2]], rel=2e-3, abs=2e-3)
    running = math.prod(row[head[-2]] for row in values)
    assert running == pytest.approx(values[-1]["Product so far"], rel=0.02)
    told = " ".join(c.value for c in app.caption)
    assert ("cross terms c" in told) == (norm == "Layer")
    assert any("with the ways over skip connections" in m.value for m in app.markdown)


def test_the_pulse_has_come_as_far_as_it_is_told_to():
    app = opened("Pulse", "tanh", depth="11", pulse="50")
    glow, sizes = charts(app)[journey.CHART]["data"]
    known = ~np.isnan(numbers(sizes["y"]))
    assert known.tolist() == [False] * 5 + [True] * 6
    np.testing.assert_array_equal(~np.isnan(numbers(glow["z"])).all(axis=0), known)
    assert any("at layer 6 of 11" in m.value for m in app.markdown)


@pytest.mark.parametrize("activation", ["elu", "relu"])
def test_the_pulse_rests_where_it_was_dragged(activation):
    app = opened("Pulse", activation, depth="11", pulse="50", gain="1.3", more="true", bias="0.15")
    own_sliders = {"elu_alpha"} if activation == "elu" else set()
    assert_rests(app, {PULSE.key, own.BIAS.key, *own_sliders})


@pytest.mark.parametrize(
    ("activation", "query", "sliders"),
    [
        ("elu", {"path": own.SAME_UNIT, "unit": "3"}, {"elu_alpha", own.UNIT.key}),
        (
            "tanh",
            {"norm": "Layer", "dropout": "Ordinary", "sample": "4", "more": "true"},
            {own.BIAS.key, own.RATE.key},
        ),
        (
            "relu",
            {"norm": "Batch", "skip": "Scaled", "path": own.OWN_UNITS, "units": "3, 5"},
            set(),
        ),
    ],
)
def test_the_path_rests_where_it_was_dragged(activation, query, sliders):
    app = opened("Chain rule", activation, depth="9", gain="1.3", **query)
    assert_rests(app, {own.SAMPLE.key, *sliders})


def test_a_path_that_ends_under_the_hand_is_said_to():
    """At depth 1 there is none, and with a large gain numbers overflow."""
    app = opened("Chain rule", "squared_relu", depth="8", weights="He (Kaiming), normal")
    said = {
        head["slider"]: [pieces[1] for pieces in head["texts"][chain.SAID]] for head in swept(app)
    }
    assert "has no chain" in said[own.DEPTH][0]
    (ranges,) = (head["charts"][0]["layout"] for head in swept(app) if head["slider"] == own.DEPTH)
    assert ranges["yaxis.range"][0] == [-1.05, 1.05], "an axis without bars has no size of its own"
    assert "numbers overflow" in said[GAIN][GAINS.index(100.0)]
    assert "factors of" in said[GAIN][GAINS.index(0.5)]


def test_moving_the_pulse_sends_little():
    app = opened("Pulse", more="true")
    assert sum(len(e.proto.bytes) for e in app.get("bidi_component")) <= MOST_BYTES


@pytest.mark.parametrize(
    ("left", "words_"),
    [(-math.inf, "nothing is left"), (math.nan, "numbers overflow"), (-3.0, "is 0.001 times")],
)
def test_what_has_arrived_is_said(left, words_):
    assert words_ in journey._said("ELU", left, 3, 9)


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("decades", "text"),
    [
        (0.1, "1.3"),
        (1.41, "26"),
        (3.53, "3400"),
        (4.62, "42 thousand"),
        (7.3, "20 million"),
        (10.15, "14 billion"),
        (13.85, "7.1·10¹³"),
    ],
)
def test_large_numbers_as_one_says_them(decades, text):
    assert words.counted(decades) == text


@pytest.mark.parametrize(
    ("decades", "text"),
    [
        (-math.inf, "0"),
        (math.nan, "unknown"),
        (0.0, "1"),
        (-7.3, "5·10⁻⁸"),
        (-420.5, "3.16·10⁻⁴²¹"),
        (350.0, "1·10³⁵⁰"),
    ],
)
def test_powers_of_ten_beyond_float64(decades, text):
    assert words.multiple(decades) == text


def test_a_verdict_of_every_kind():
    for fate, decades in (
        (Fate.VANISHED, -9.0),
        (Fate.FADING, -2.0),
        (Fate.HEALTHY, 0.3),
        (Fate.GROWING, 2.0),
        (Fate.EXPLODED, 40.0),
    ):
        said = words.verdict("X", Verdict(fate, decades, decades, decades), 11)
        assert said.startswith(f"**X: {fate.value}.**")
        assert f"{10 ** (decades / 10):.3f} a layer".replace("10000.000", "1") in said or (
            fate is Fate.EXPLODED
        )


# ---------------------------------------------------------------- links


@pytest.fixture(scope="module")
def ask(visit_page):
    """Give a function that opens the page with a query string, and sees that it stands."""
    return functools.partial(visit_page, "vanishing_gradients")


@pytest.mark.parametrize("wild", WILD.values(), ids=WILD)
def test_wild_values_everywhere(ask, wild):
    keys = [SECTION, pins.PIN, own.MORE, *DEFAULTS]
    assert ask("&".join(f"{key}={wild}" for key in keys)).kinds["plotly_chart"] >= 1


@every_section
@pytest.mark.parametrize("wild", ["", "nan", "1e999", "%00"])
def test_wild_values_in_every_section(ask, section, wild):
    rest = "&".join(f"{key}={wild}" for key in [*DEFAULTS, own.MORE, pins.PIN])
    assert ask(f"{SECTION}={quote(section)}&{rest}").kinds["plotly_chart"] >= 1


# ---------------------------------------------------------------- in the browser


def address(section="Gradient by layer", rest=""):
    return f"/vanishing_gradients?{SECTION}={quote(section)}{rest}"


def test_the_curve_follows_the_hand_and_rests_where_it_was(open_page):
    page = open_page(address(rest="&vanishing_depth=12&vanishing_weights_too=true"))

    def said():
        return page.page.locator(f".st-key-{gradient.VERDICT}_0").inner_text()

    for slider, option, place in ((GAIN, 2.5, GAINS.index(2.5)), ("elu_alpha", 2.2, 2.2)):
        before, now, after = carry(page, slider, place, lambda: (drawn(page, CHART), said()))
        assert now[0][1] != before[0][1], slider
        assert now[1] != before[1], slider
        assert after == now, slider
        assert f"{slider}={option:g}" in page.page.url
    page.open(page.page.url)
    assert said() == now[1]


_HELD = """key => {
    const shown = [...document.querySelectorAll(`.st-key-${key}`)]
    const graph = shown.find(e => e.getClientRects().length).querySelector('.js-plotly-plot')
    const axes = Object.entries(graph._fullLayout).filter(([name]) => /^[xy]axis/.test(name))
    const list = values => Array.from(values ?? [], one => (one?.length ? Array.from(one) : one))
    return [
        graph._fullData.map(({ x, y, z }) => JSON.stringify([x, y, z].map(list))),
        axes.map(([name, { range }]) => [name, range]),
    ]
}"""


@pytest.mark.parametrize(
    ("section", "chart", "depth"),
    [
        ("Gradient by layer", CHART, 25),
        ("Inside the layers", inside.CHART, 8),
        ("Chain rule", chain.CHART, 25),
        ("Pulse", journey.CHART, 8),
    ],
)
def test_every_picture_grows_and_shrinks_with_the_depth(open_page, section, chart, depth):
    """Lines, bars and heat maps have as many layers under the hand as at rest."""
    page = open_page(address(section, "&vanishing_depth=12"))
    place = own.DEPTHS.index(depth)
    before, now, after = carry(page, own.DEPTH, place, lambda: page.page.evaluate(_HELD, chart))
    assert now != before
    assert now == after
    assert f"{own.DEPTH}={depth}" in page.page.url
    page.open(page.page.url)
    assert page.page.evaluate(_HELD, chart) == now


def test_the_pulse_follows_the_hand(open_page):
    page = open_page(address("Pulse", "&vanishing_depth=12"))
    said = page.page.locator(f".st-key-{journey.SAID}")
    assert "layer 1 of 12" in said.inner_text()
    hand = Hand(page, PULSE.key)
    hand.press()
    hand.move(0.0)
    assert "layer 12 of 12" in said.inner_text()
    with page.rerun():
        hand.release()
    assert "layer 12 of 12" in said.inner_text()
