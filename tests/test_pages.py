"""Every page, run without a browser: for each entry, each option, each preset, random settings.

Streamlit's ``AppTest`` runs a page's script as a server does, but has no DOM and no
JavaScript: what the browser makes of it is in ``test_browser.py``. Nor does moving a
widget change ``query_params`` here, as the front end does it.
"""

import json
import random
import re
from itertools import groupby
from urllib.parse import parse_qs

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.activations import ACTIVATIONS
from core.losses import LOSSES
from core.sections import SECTIONS
from core.spec import FRAMEWORKS
from pages.ui import controls
from pages.ui.frame import MENU
from pages.ui.functions import activation_view as view
from pages.ui.functions.explorer import FRAMEWORK, FRAMEWORK_NAMES
from pages.ui.functions.picture import THIRDS
from tests.figures import unpacked
from tests.serving import ROOT
from tests.test_wording import cells

PAGES = {name: page for section in MENU.values() for name, page in section.items()}
RANDOM_VIEWS = 12
GRADIENT_TOLERANCE = 1e-6

every_option = pytest.mark.parametrize("key", controls.OPTIONS)


def visit(page, **query):
    """Open a page as a link does, and see that it stands."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params.update(query)
    if page != "home":
        app.switch_page(PAGES[page].script)
    return stands(app.run())


def stands(app):
    assert [(e.message, e.stack_trace) for e in app.exception] == []
    assert [e.value for e in app.error] == []
    assert len(app.title) == 1
    return app


def picked(app):
    return list(app.multiselect(key=controls.ACTIVATION).value)


def figure(app):
    (chart,) = app.get("plotly_chart")
    return json.loads(chart.proto.spec)


def curves(app, axis="y"):
    """Return {name: (x, y)} of the lines in one panel, in the chart's order."""
    return {
        trace["name"]: tuple(unpacked(trace[axis]).astype(np.float64) for axis in "xy")
        for trace in figure(app)["data"]
        if trace.get("name") and trace["yaxis"] == axis
    }


def table(app, corner):
    """Return the head and the rows by name of the one table with ``corner`` among these."""
    groups = (groupby(m.value.splitlines(), lambda line: line[:1] == "|") for m in app.markdown)
    tables = [cells("\n".join(rows)) for found in groups for inside, rows in found if inside]
    (found,) = [t for t in tables if corner in {*t[0], *(row[0] for row in t)}]
    head, _, *body = found
    assert {len(row) for row in body} == {len(head)}
    return head, {row[0]: row[1:] for row in body}


def choice(app, key):
    """Return what is picked under ``key``, with the values that its sliders have."""
    parameters = controls.entry(key).parameters
    return controls.Choice(
        key, {p.name: app.slider(key=controls.slider_key(key, p.name)).value for p in parameters}
    )


def check_view(app, keys):
    """Hold the Activations page to what it says about the functions ``keys``."""
    assert picked(app) == list(keys)
    choices = [choice(app, key) for key in keys]
    labels = [c.label for c in choices]
    assert len(set(labels)) == len(labels)
    half = float(app.button_group(key=view.WINDOW).value)
    differs = app.button_group(key=view.DIFFERENCE).value != "off" and len(keys) > 1
    if differs:
        first, *others = choices
        assert list(curves(app)) == [f"{c.label} − {first.name}" for c in others]
    else:
        for axis, part in (("y", 0), ("y2", 1)):
            drawn = curves(app, axis)
            assert list(drawn) == labels
            for one in choices:
                x, y = drawn[one.label]
                function = (one.entry, one.entry.gradient)[part]
                # What is sent are float32, and beside a break these would be rounded across.
                inside = (np.abs(x) <= half) & clear_of_breaks(one, x) & ~np.isnan(y)
                assert inside.sum() > 150
                expected = function(x, **one.parameters)[inside]
                assert y[inside] == pytest.approx(expected, rel=1e-4, abs=5e-4)
    head, body = table(app, "Range")
    assert head[1:] == labels
    assert len(body) >= 12
    _, receipts = table(app, "Points")
    assert list(receipts) == labels
    for one in choices:
        difference, points = receipts[one.label]
        assert int(points) > 150
        assert as_number(difference.split(" at ")[0]) < GRADIENT_TOLERANCE
    _, readings = table(app, "f′(x)")
    probe = app.slider(key=view.PROBE).value
    for one in choices:
        for written, function in zip(
            readings[one.label], (one.entry, one.entry.gradient), strict=False
        ):
            value = float(function(probe, **one.parameters))
            assert as_number(written) == pytest.approx(value, rel=6e-3, abs=6e-5)


def clear_of_breaks(one, x):
    clear = np.ones(x.shape, dtype=bool)
    for b in one.entry.breaks(**one.parameters):
        clear &= np.abs(x - b) > 1e-5
    return clear


def as_number(written):
    """Read back what ``wording`` wrote."""
    superscripts = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
    text = written.replace("−", "-").replace("∞", "inf")
    return float(re.sub(r"·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "e" + m[1].translate(superscripts), text))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_runs(page):
    app = visit(page)
    assert app.title[0].value == PAGES[page].title


def test_every_script_is_in_the_menu():
    scripts = {"app.py", *(f"pages/{p.name}" for p in ROOT.glob("pages/[!_]*.py"))}
    assert {page.script for page in PAGES.values()} == scripts


@pytest.mark.parametrize("page", PAGES)
def test_menu_leads_to_every_page(page):
    app = visit(page, activation=["tanh", "relu"])
    links = [link.proto for link in app.sidebar.get("page_link")]
    paths = {p: "" if p == "home" else p for p in PAGES}
    assert {link.page for link in links} == set(paths.values())
    for link in links:
        assert parse_qs(link.query_string)["activation"] == ["tanh", "relu"]


@every_option
def test_activations_for_every_function(key):
    entry = controls.entry(key)
    app = visit("activations", activation=key)
    check_view(app, [key])
    assert any(m.value.startswith(f"**{controls.name(key)}** ") for m in app.markdown)  # verdict
    assert [latex.value.strip("$\n ") for latex in app.latex] == [
        entry.formula,
        entry.gradient_formula,
    ]
    draw = random.Random(key)
    for parameter in entry.parameters:
        app.slider(key=controls.slider_key(key, parameter.name)).set_value(within(draw, parameter))
    check_view(stands(app.run()), [key])


@pytest.mark.parametrize("key", ACTIVATIONS)
def test_axes_stay_while_a_slider_moves(key):
    app = visit("activations", activation=key)
    before = {k: v for k, v in figure(app)["layout"].items() if "axis" in k}
    for p in ACTIVATIONS[key].parameters:
        app.slider(key=controls.slider_key(key, p.name)).set_value(p.high)
    app.slider(key=view.PROBE).set_value(4.0)
    after = {k: v for k, v in figure(stands(app.run()))["layout"].items() if "axis" in k}
    assert after == before


def within(draw, parameter):
    """Draw a value that the slider can be brought to, an end of it now and then."""
    return draw.choice([parameter.low, parameter.high, *map(float, parameter.steps)])


@pytest.mark.parametrize("seed", range(RANDOM_VIEWS))
def test_activations_for_random_sets(seed):
    draw = random.Random(seed)
    keys = draw.sample(controls.OPTIONS, draw.randint(1, controls.MOST))
    app = visit("activations", activation=keys)
    for key in keys:
        for p in controls.entry(key).parameters:
            app.slider(key=controls.slider_key(key, p.name)).set_value(within(draw, p))
    app.slider(key=view.PROBE).set_value(draw.randint(-100, 100) / 10)
    app.slider(key=view.THRESHOLD).set_value(draw.randint(1, 50) / 100)
    app.button_group(key=view.WINDOW).set_value(draw.choice(view.WINDOWS))
    if len(keys) > 1:
        app.button_group(key=view.DIFFERENCE).set_value(draw.choice(view.FACTORS))
    app.button_group(key=view.THIRD).set_value(draw.choice(list(THIRDS)))
    check_view(stands(app.run()), keys)


@pytest.mark.parametrize("window", view.WINDOWS)
@pytest.mark.parametrize("third", THIRDS)
def test_every_window_and_third_panel(window, third):
    app = visit("activations", activation=["elu", "step", "prelu"])
    app.button_group(key=view.WINDOW).set_value(window)
    app.button_group(key=view.THIRD).set_value(third)
    check_view(stands(app.run()), ["elu", "step", "prelu"])
    layout = figure(app)["layout"]
    assert layout["xaxis"]["range"] == [-float(window), float(window)]
    assert ("yaxis3" in layout) == (third != "none")
    if third == "none":
        return
    assert layout["yaxis3"]["title"]["text"] == third
    # Only PReLU's parameter is learned; f″ every function has.
    names = ["PReLU, a = 0.25"] if THIRDS[third] == "parameter" else list(curves(app))
    assert list(curves(app, "y3")) == names


def test_a_third_panel_that_no_function_has_is_left_out():
    app = visit("activations", activation=["elu"], activations_third="∂f/∂parameter")
    assert "yaxis3" not in figure(app)["layout"]
    assert ["No third panel" in info.value for info in app.info] == [True]


@pytest.mark.parametrize("factor", view.FACTORS)
def test_every_difference(factor):
    app = visit("activations", activation=["gelu", "gelu_tanh", "relu"])
    app.button_group(key=view.DIFFERENCE).set_value(factor)
    check_view(stands(app.run()), ["gelu", "gelu_tanh", "relu"])
    if factor == "off":
        return
    gelu, relu = ACTIVATIONS["gelu"], ACTIVATIONS["relu"]
    x, y = curves(app)["ReLU − GELU"]
    assert y == pytest.approx(float(factor) * (relu(x) - gelu(x)), rel=1e-4, abs=1e-3)


def test_difference_of_one_function_is_no_difference():
    app = visit("activations", activation="elu", activations_difference="100")
    check_view(app, ["elu"])
    assert app.button_group(key=view.DIFFERENCE).proto.disabled


@pytest.mark.parametrize("framework", FRAMEWORK_NAMES)
def test_code_in_every_framework(framework):
    app = visit("activations", activation=["elu", "leaky_relu"], elu_alpha="0.4")
    app.button_group(key=FRAMEWORK).set_value(framework)
    shown = [code.value for code in stands(app.run()).code]
    name = dict(zip(FRAMEWORK_NAMES, FRAMEWORKS, strict=True))[framework]
    assert len(shown) == 2
    assert ACTIVATIONS["elu"].snippet(name, alpha=0.4) in shown[0]
    assert ACTIVATIONS["leaky_relu"].snippet(name) in shown[1]


def test_threshold_moves_the_saturation():
    app = visit("activations", activation="tanh")
    assert table(app, "Saturated: |f′| < 0.01")
    app.slider(key=view.THRESHOLD).set_value(0.5)
    _, body = table(stands(app.run()), "Range")
    # 1 − tanh² falls below one half at atanh(√½) = 0.8814.
    assert body["Saturated: |f′| < 0.5"] == ["(−∞,\xa0−0.8814) and (0.8814,\xa0∞)"]


def press(label):
    app = visit("activations")
    # What a preset does not name goes back to its default.
    app.slider(key=view.PROBE).set_value(2.5)
    app.button_group(key=view.WINDOW).set_value("3")
    stands(app.run())
    (button,) = (b for b in app.button if b.label == label)
    return stands(button.click().run())


def preset_labels():
    app = visit("activations")
    return [b.label for b in app.button if not re.search(r": −?\d", b.label)]


PRESETS = {
    "Leaky 0.01 and 0.3": (["leaky_relu", "leaky_relu-2"], {"probe": -1.0}),
    "GELU − tanh form, ×100": (["gelu", "gelu_tanh"], {"difference": "100"}),
    "ELU and SELU": (["elu", "selu"], {}),
    "Hard sigmoids": (["sigmoid", "hard_sigmoid", "hard_sigmoid-2"], {}),
    "Dead at x < 0?": (["relu", "leaky_relu", "elu", "gelu", "softplus"], {"probe": -3.0}),
}


def test_every_preset_is_tested():
    assert preset_labels() == list(PRESETS)


@pytest.mark.parametrize("label", PRESETS)
def test_preset_sets_what_it_says(label):
    keys, settings = PRESETS[label]
    app = press(label)
    check_view(app, keys)
    assert app.slider(key=view.PROBE).value == settings.get("probe", -1.0)
    assert app.button_group(key=view.DIFFERENCE).value == settings.get("difference", "off")
    assert app.button_group(key=view.WINDOW).value == "6"


def test_preset_leaky_slopes():
    app = press("Leaky 0.01 and 0.3")
    assert [choice(app, k).parameters["negative_slope"] for k in picked(app)] == [0.01, 0.3]


def test_preset_hard_sigmoid_slopes():
    app = press("Hard sigmoids")
    slopes = [choice(app, k).parameters["slope"] for k in picked(app)[1:]]
    assert slopes == pytest.approx([0.2, 1 / 6])


def test_preset_gelu_draws_the_difference():
    ((_, y),) = curves(press("GELU − tanh form, ×100")).values()
    # "never differ by more than 0.0005", and nearly that much somewhere
    assert 0.04 < np.abs(y).max() < 0.05


def test_buttons_of_a_parameter_set_it():
    app = visit("activations", activation="hard_sigmoid")
    settings = ACTIVATIONS["hard_sigmoid"].parameters[0].settings
    assert settings
    for label, value in settings.items():
        (button,) = (b for b in app.button if b.label.startswith(f"{label}: "))
        stands(button.click().run())
        assert choice(app, "hard_sigmoid").parameters["slope"] == pytest.approx(value)
        check_view(app, ["hard_sigmoid"])


def test_nothing_picked_is_said_and_can_be_mended():
    app = visit("activations")
    stands(app.multiselect(key=controls.ACTIVATION).set_value([]).run())
    assert [info.value for info in app.info] == ["Pick at least one function to see its curve."]
    assert not app.get("plotly_chart")
    stands(app.multiselect(key=controls.ACTIVATION).set_value(["relu"]).run())
    assert not app.info
    check_view(app, ["relu"])


def test_second_copy_has_sliders_of_its_own():
    app = visit("activations", activation=["elu", "elu-2"])
    app.slider(key="elu-2_alpha").set_value(2.0)
    check_view(stands(app.run()), ["elu", "elu-2"])
    assert list(curves(app)) == ["ELU, α = 1.00", "ELU (2), α = 2.00"]


@pytest.mark.parametrize("key", ACTIVATIONS)
def test_source_is_shown(key):
    app = visit("source", activation=key)
    (code,) = app.code
    assert code.value == (ROOT / f"core/activations/{key}.py").read_text(encoding="utf-8").rstrip()


def test_source_of_each_chosen_function_once():
    app = visit("source", activation=["relu", "elu", "elu-2"])
    assert [heading.value for heading in app.subheader] == ["ReLU", "ELU"]
    assert [code.value.split(",")[0] for code in app.code] == ['"""ReLU', '"""ELU']


CURVED = {key: loss for key, loss in LOSSES.items() if loss.axis in SECTIONS}
"""The losses that are a function of one number."""


def test_home_links_to_every_entry():
    links = [link.proto for link in visit("home").main.get("page_link")]
    cards = {
        link.label: (link.page, link.query_string)
        for link in links
        if link.query_string.count("=") == 1
    }
    expected = {a.name: ("activations", f"activation={a.key}") for a in ACTIVATIONS.values()}
    expected |= {a.name: ("losses", f"loss={a.key}") for a in CURVED.values()}
    assert cards == expected


def test_home_draws_every_entry():
    app = visit("home")
    drawn = [image.proto.imgs[0] for image in app.get("image")]
    assert len(drawn) == len(ACTIVATIONS) + len(CURVED)


def test_choices_follow_from_page_to_page():
    app = visit("activations", activation=["elu", "hardtanh"])
    app.slider(key="elu_alpha").set_value(0.4)
    stands(app.run())
    app.query_params.clear()
    stands(app.switch_page(PAGES["source"].script).run())
    assert [heading.value for heading in app.subheader] == ["ELU", "Hard tanh"]
    app.query_params.clear()
    stands(app.switch_page(PAGES["activations"].script).run())
    check_view(app, ["elu", "hardtanh"])
    assert choice(app, "elu").parameters == {"alpha": 0.4}
