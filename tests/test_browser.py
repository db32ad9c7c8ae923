"""The pages as a person meets them, in a real Chromium.

Every visit fails its test for a console error, an exception on the page or a request to
another host: see ``chromium.Visit``.
"""

import re
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

from core.activations import ACTIVATIONS
from pages.ui.controls import Choice
from pages.ui.frame import MENU
from tests.serving import ROOT

THEME = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
PAGES = {
    "" if name == "home" else name: page
    for section in MENU.values()
    for name, page in section.items()
}
CHART = ".st-key-activations_chart .js-plotly-plot"

# Every trace that is a curve, with the numbers and the colour that Plotly draws it in.
_CURVES = """graph => graph._fullData
    .filter(trace => trace.name && trace.mode === 'lines' && trace.hoverinfo !== 'skip')
    .map(trace => ({
        name: trace.name,
        axis: trace.yaxis,
        colour: trace.line.color,
        x: Array.from(trace.x),
        y: Array.from(trace.y, y => y ?? NaN),
    }))"""


def curves(visit):
    """Return {(name, axis): curve} of what the chart shows."""
    found = visit.page.locator(CHART).evaluate(_CURVES)
    return {(c["name"], c["axis"]): c | {a: np.array(c[a], float) for a in "xy"} for c in found}


def slider(visit, key):
    return visit.page.locator(f".st-key-{key} input[type=range]")


def query(visit):
    return parse_qs(urlsplit(visit.page.url).query)


def picked(visit):
    tags = visit.page.locator(".st-key-activation [data-tag]")
    return [tag.get_attribute("aria-label") for tag in tags.all()]


def pick(visit, name):
    """Choose one more function in the picker, as one types its name."""
    box = visit.page.locator(".st-key-activation input").first
    box.click()
    box.fill(name)
    with visit.rerun():
        visit.page.get_by_role("option", name=name, exact=True).click()
    visit.page.keyboard.press("Escape")


def go(visit, link):
    """Follow a link of the menu."""
    with visit.rerun():
        visit.page.get_by_test_id("stSidebar").get_by_role("link", name=link).click()


def step_slider(visit, key, presses, by="ArrowRight"):
    for _ in range(presses):
        with visit.rerun():
            slider(visit, key).press(by)


def assert_curve(curve, function, **parameters):
    """Hold a drawn curve against the core's numbers, beside its breaks apart."""
    x, y = curve["x"], curve["y"]
    clear = ~np.isnan(y)
    for b in ACTIVATIONS[function.key].breaks(**parameters):
        clear &= np.abs(x - b) > 1e-5
    assert clear.sum() > 150
    of = function if curve["axis"] == "y" else function.gradient
    assert y[clear] == pytest.approx(of(x, **parameters)[clear], rel=1e-5, abs=1e-5)


def assert_no_stand_ins(visit):
    """See that every stand-in colour (#000001 and so on) was swapped for one of the theme's."""
    drawn = visit.page.locator(CHART).evaluate("graph => graph.outerHTML")
    assert set(re.findall(r"rgb\(0, 0, (\d+)\)", drawn)) <= {"0"}
    assert not re.search(r"#0000[0-4]\d", drawn)


def css(colour):
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def test_picture_comes_first_on_a_phone(open_page):
    visit = open_page("/activations", width=390, height=844, has_touch=True, is_mobile=True)
    picture = visit.page.locator(CHART).bounding_box()
    control = visit.page.locator(".st-key-elu_alpha").bounding_box()
    assert picture["y"] + picture["height"] <= control["y"]
    assert picture["y"] + picture["height"] <= 844
    assert picture["x"] >= 0
    assert picture["x"] + picture["width"] <= 390


def test_the_buttons_of_a_picture_are_above_it_where_nothing_hovers(open_page):
    visit = open_page("/activations", width=390, height=844, has_touch=True, is_mobile=True)
    picture = visit.page.locator(CHART)
    buttons = [button.bounding_box() for button in picture.locator(".modebar-btn").all()]
    feet = [place["y"] + place["height"] for place in buttons if place is not None]
    assert len(feet) > 1
    assert max(feet) <= picture.bounding_box()["y"]
    for name in ("Fullscreen", "Close fullscreen"):
        picture.locator(f'[data-title="{name}"]').tap()
    expect(picture.locator('[data-title="Fullscreen"]')).to_be_visible()


def test_picture_stays_on_the_screen_of_a_laptop(open_page):
    keys = ["elu", "selu", "capped_relu", "hardtanh", "swish", "sine"]
    visit = open_page("/activations?" + "&".join(f"activation={key}" for key in keys))
    picture = visit.page.locator(CHART).bounding_box()
    assert picture["y"] >= 0
    assert picture["y"] + picture["height"] <= 800
    first = slider(visit, "elu_alpha").bounding_box()
    assert first["y"] < 800
    # The picture stays in sight beside the last of many sliders.
    slider(visit, "sine_omega").scroll_into_view_if_needed()
    assert visit.page.locator(CHART).bounding_box()["y"] >= 0


def test_each_function_is_drawn(open_page):
    visit = open_page("/activations?activation=sigmoid&activation=relu&activation=sine")
    found = curves(visit)
    assert len(found) == 6
    for key in ("sigmoid", "relu", "sine"):
        entry = ACTIVATIONS[key]
        label = Choice(key, entry.defaults).label
        for axis in ("y", "y2"):
            assert_curve(found[label, axis], entry, **entry.defaults)
    # Each curve is a path with something in it, and in the colour of its place.
    paths = visit.page.locator(f"{CHART} .scatterlayer path.js-line")
    drawn = [p.evaluate("p => [p.getTotalLength(), p.style.stroke]") for p in paths.all()]
    for colour in THEME["light"]["chartCategoricalColors"][:3]:
        assert sum(length > 200 and stroke == css(colour) for length, stroke in drawn) >= 2


@pytest.mark.parametrize("third", ["f″", "∂f/∂parameter"])
def test_third_panel_is_drawn(open_page, third):
    visit = open_page(f"/activations?activation=prelu&activations_third={third}")
    (panel,) = (c for (_, axis), c in curves(visit).items() if axis == "y3")
    expected = np.zeros if third == "f″" else lambda _: np.minimum(panel["x"], 0)
    clear = ~np.isnan(panel["y"]) & (np.abs(panel["x"]) > 1e-5)
    assert panel["y"][clear] == pytest.approx(expected(panel["x"].shape)[clear], abs=1e-5)
    expect(visit.page.locator(f"{CHART} .y3title")).to_be_visible()


def test_difference_is_drawn(open_page):
    visit = open_page(
        "/activations?activation=gelu&activation=gelu_tanh&activations_difference=100"
    )
    found = curves(visit)
    assert {axis for _, axis in found} == {"y", "y2"}
    for (_, axis), curve in found.items():
        one, other = (
            ACTIVATIONS[key] if axis == "y" else ACTIVATIONS[key].gradient
            for key in ("gelu", "gelu_tanh")
        )
        x = curve["x"]
        assert curve["y"] == pytest.approx(100 * (other(x) - one(x)), abs=1e-4)
    lengths = [
        path.evaluate("p => p.getTotalLength()")
        for path in visit.page.locator(f"{CHART} .scatterlayer path.js-line").all()
    ]
    assert len(lengths) == 2
    assert min(lengths) > 200


def test_a_key_press_on_a_slider_moves_curve_and_reading(open_page):
    visit = open_page("/activations?activation=elu")
    elu = ACTIVATIONS["elu"]
    assert_curve(curves(visit)["ELU, α = 1.00", "y"], elu, alpha=1.0)
    assert_no_stand_ins(visit)  # the shading among them
    step_slider(visit, "elu_alpha", 1)
    after = curves(visit)
    assert set(after) == {("ELU, α = 1.05", "y"), ("ELU, α = 1.05", "y2")}
    for curve in after.values():
        assert_curve(curve, elu, alpha=1.05)
    assert query(visit)["elu_alpha"] == ["1.05"]
    step_slider(visit, "elu_alpha", 1, by="ArrowLeft")
    # A default stays out of the URL.
    assert "elu_alpha" not in query(visit)
    assert_curve(curves(visit)["ELU, α = 1.00", "y"], elu, alpha=1.0)
    step_slider(visit, "activations_x", 2)
    row = visit.page.locator(".st-key-activations_readings tbody tr")
    expect(row).to_contain_text(f"{float(elu(-0.8, alpha=1.0)):.4f}".replace("-", "−"))
    expect(row).to_contain_text(f"{float(elu.gradient(-0.8, alpha=1.0)):.4f}")
    assert query(visit)["activations_x"] == ["-0.8"]


def test_the_url_restores_the_view(open_page):
    visit = open_page("/activations?activation=elu")
    pick(visit, "Leaky ReLU")
    assert query(visit)["activation"] == ["elu", "leaky_relu"]
    assert urlsplit(visit.page.url).query.startswith("activation=elu&activation=leaky_relu")
    step_slider(visit, "elu_alpha", 2, by="ArrowLeft")
    step_slider(visit, "activations_x", 1)
    visit.page.get_by_text("View", exact=True).click()
    for group, option in (("activations_window", "3"), ("activations_third", "f″")):
        with visit.rerun():
            visit.page.locator(f".st-key-{group}").get_by_text(option, exact=True).click()
    shown, address = curves(visit), urlsplit(visit.page.url)
    assert query(visit) == {
        "activation": ["elu", "leaky_relu"],
        "elu_alpha": ["0.9"],
        "activations_x": ["-0.9"],
        "activations_window": ["3"],
        "activations_third": ["f″"],
    }
    other = open_page(f"{address.path}?{address.query}")
    restored = curves(other)
    assert restored.keys() == shown.keys()
    assert {axis for _, axis in shown} == {"y", "y2", "y3"}
    for key, curve in shown.items():
        assert restored[key]["y"] == pytest.approx(curve["y"], nan_ok=True)
    assert picked(other) == ["ELU", "Leaky ReLU"]
    assert slider(other, "activations_x").input_value() == "-0.9"
    assert query(other) == query(visit)


def test_a_choice_is_carried_by_the_menu(open_page):
    visit = open_page("/activations")
    pick(visit, "Hard tanh")
    step_slider(visit, "elu_alpha", 1)
    step_slider(visit, "hardtanh_max_val", 1)
    before = curves(visit)
    go(visit, "Source of 2 activation functions")
    expect(visit.page.get_by_role("heading", level=3)).to_have_text(["ELU", "Hard tanh"])
    assert query(visit)["activation"] == ["elu", "hardtanh"]
    go(visit, "Activations")
    assert picked(visit) == ["ELU", "Hard tanh"]
    assert curves(visit).keys() == before.keys()
    assert_curve(curves(visit)["ELU, α = 1.05", "y"], ACTIVATIONS["elu"], alpha=1.05)
    assert query(visit)["elu_alpha"] == ["1.05"]


def test_a_link_with_values_is_carried_by_the_menu(open_page):
    visit = open_page("/activations?activation=elu&activation=swish&elu_alpha=0.4")
    go(visit, "Source of 2 activation functions")
    go(visit, "Activations")
    assert picked(visit) == ["ELU", ACTIVATIONS["swish"].name]
    assert_curve(curves(visit)["ELU, α = 0.40", "y"], ACTIVATIONS["elu"], alpha=0.4)


def test_a_card_of_the_gallery_opens_its_function(open_page):
    visit = open_page("/")
    for name, key in (("Tanh", "tanh"), ("Mish", "mish")):
        # Even where another function has been chosen before.
        with visit.rerun():
            visit.page.get_by_role("link", name=name, exact=True).click()
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("Activations")
        assert picked(visit) == [name]
        assert query(visit)["activation"] == [key]
        go(visit, "Home")
        expect(visit.page.get_by_role("heading", level=1)).to_have_text(PAGES[""].title)


def test_a_card_of_a_loss_opens_it(open_page):
    visit = open_page("/")
    with visit.rerun():
        visit.page.get_by_role("link", name="Huber", exact=True).click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Losses")
    assert query(visit)["loss"] == ["huber"]
    expect(visit.page.locator(".st-key-losses_residual_chart .legendtext")).to_have_text(
        "Huber, δ = 1.00"
    )


def test_the_first_lesson_leads_to_its_functions(open_page):
    visit = open_page("/?activation=elu")
    visit.page.get_by_text("First lesson").click()
    with visit.rerun():
        # By key: while the fold opens, a press and its release may hit different places.
        visit.page.get_by_role("link", name="Begin with sigmoid, tanh and ReLU").press("Enter")
    assert picked(visit) == ["Sigmoid", "Tanh", "ReLU"]


def back(visit, forward=False):
    with visit.rerun():
        (visit.page.go_forward if forward else visit.page.go_back)()


def test_back_and_forward_between_pages(open_page):
    visit = open_page("/")
    with visit.rerun():
        visit.page.get_by_role("link", name="Tanh", exact=True).click()
    go(visit, "Source of Tanh")
    expect(visit.page.get_by_role("heading", level=3)).to_have_text("Tanh")
    back(visit)
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Activations")
    assert picked(visit) == ["Tanh"]
    assert {name for name, _ in curves(visit)} == {"Tanh"}
    back(visit)
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(PAGES[""].title)
    back(visit, forward=True)
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Activations")
    assert picked(visit) == ["Tanh"]


def test_back_leaves_no_trap(open_page):
    visit = open_page("/")
    with visit.rerun():
        visit.page.get_by_role("link", name="ELU", exact=True).click()
    pick(visit, "ReLU")
    step_slider(visit, "elu_alpha", 2)
    # However many views were passed through, going back arrives at the first page.
    for _ in range(8):
        if urlsplit(visit.page.url).path == "/":
            break
        visit.page.go_back()
        visit.page.wait_for_timeout(500)
        visit.settle()
    assert urlsplit(visit.page.url).path == "/"
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(PAGES[""].title)


def test_preset_by_hand(open_page):
    visit = open_page("/activations?activation=elu&elu_alpha=2")
    with visit.rerun():
        visit.page.get_by_role("button", name="Dead at x < 0?").click()
    assert picked(visit) == ["ReLU", "Leaky ReLU", "ELU", "GELU", "Softplus"]
    assert query(visit)["activation"] == ["relu", "leaky_relu", "elu", "gelu", "softplus"]
    assert query(visit)["activations_x"] == ["-3"]
    assert "elu_alpha" not in query(visit)
    other = open_page("/activations?" + urlsplit(visit.page.url).query)
    assert curves(other).keys() == curves(visit).keys()


def download(visit, name, directory):
    button = visit.page.get_by_role("button", name=name, exact=True)
    if not button.is_visible():
        visit.page.get_by_role("button", name="Save", exact=True).click()
    with visit.page.expect_download() as started:
        button.click()
    target = Path(directory, started.value.suggested_filename)
    started.value.save_as(target)
    return target


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_picture_takes_the_palette_in_order_and_is_saved(open_page, tmp_path, scheme):
    keys = ["elu", "relu", "tanh", "selu", "gelu", "mish"]
    visit = open_page(
        "/activations?" + "&".join(f"activation={key}" for key in keys), color_scheme=scheme
    )
    palette = THEME[scheme]["chartCategoricalColors"][:6]
    for axis in ("y", "y2"):
        colours = [c["colour"] for (_, a), c in curves(visit).items() if a == axis]
        assert colours == palette
    assert_no_stand_ins(visit)
    png = download(visit, "PNG", tmp_path)
    assert png.name == "activations.png"
    assert png.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert png.stat().st_size > 10_000
    svg = download(visit, "SVG", tmp_path)
    text = svg.read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert text.count("js-line") >= 12
    for colour in (*palette, THEME[scheme]["backgroundColor"]):
        assert css(colour) in text
    assert not re.search(r"#0000[0-4]\d", text)


def test_numbers_and_a_page_that_needs_no_network_are_saved(open_page, new_visit, tmp_path):
    visit = open_page("/activations?activation=elu&elu_alpha=0.45")
    # What is saved is what is drawn now, not what was when the button was.
    step_slider(visit, "elu_alpha", 1, by="ArrowLeft")
    lines = download(visit, "CSV", tmp_path).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "function,x,f,gradient"
    name, x, value, gradient = lines[1].rsplit(",", 3)
    assert name == '"ELU, α = 0.40"'
    elu = ACTIVATIONS["elu"]
    assert float(value) == float(elu(float(x), alpha=0.4))
    assert float(gradient) == float(elu.gradient(float(x), alpha=0.4))
    assert len(lines) > 150
    saved = download(visit, "HTML", tmp_path)
    alone = new_visit(offline=True)
    alone.page.goto(saved.as_uri())
    alone.page.wait_for_function("document.querySelector('.js-plotly-plot .main-svg') !== null")
    drawn = alone.page.locator(".js-plotly-plot").evaluate(_CURVES)
    assert [c["name"] for c in drawn] == ["ELU, α = 0.40"] * 2
    assert drawn[0]["colour"] == THEME["light"]["chartCategoricalColors"][0]
    assert drawn[0]["y"] == pytest.approx(elu(np.array(drawn[0]["x"]), alpha=0.4), rel=1e-5)
    assert alone.page.locator(".js-plotly-plot path.js-line").count() >= 2
