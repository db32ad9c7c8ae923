"""Every page and its sections on a laptop and on a phone, in light and in dark.

A page is loaded once. It is seen in dark and in light, as a visitor's system turns, and walked
through, section by section, at both sizes: loading it anew for each would take many times as
long.
"""

import time

import pytest
from playwright.sync_api import expect

from pages.ui.landscapes import controls as landscapes
from pages.ui.landscapes.view import SECTIONS as LANDSCAPES
from pages.ui.optimizers import controls as optimizers
from pages.ui.optimizers.view import SECTIONS as OPTIMIZERS
from pages.ui.pairing import view as pairing
from pages.ui.perceptron import controls as perceptron
from pages.ui.perceptron.view import SECTIONS as PERCEPTRON
from pages.ui.segmentation import controls as segmentation
from pages.ui.softmax import controls as softmax
from pages.ui.softmax.view import SECTIONS as SOFTMAX
from pages.ui.vanishing import controls as vanishing
from pages.ui.vanishing import theory
from pages.ui.vanishing.view import SECTIONS as VANISHING
from tests.chromium import Visit
from tests.test_browser import PAGES, THEME, css

LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
BROWSER_ON_PHONE = {"width": 375, "height": 600}
"""What the bars of a browser leave of a smaller phone's screen."""

ENOUGH = 200
"""So many pixels of a picture are on the first screen, at the least."""

PATIENCE = 10
"""Seconds until a page that does not fit is held to be as it will be."""

# What is chosen on the way through a page, one after the other: the control, and its option.
WALKS = {
    "softmax": [(softmax.SECTION, name) for name in SOFTMAX],
    "pairing": [(pairing.PART, pairing.MASK), (segmentation.SHOW, segmentation.DESCENT)],
    "landscapes": [(landscapes.SECTION, name) for name in LANDSCAPES],
    "optimizers": [(optimizers.SECTION, name) for name in OPTIMIZERS],
    "perceptron": [
        *((perceptron.SECTION, name) for name in PERCEPTRON),
        (perceptron.SECTION, "Learning rule"),
        (perceptron.DATA, perceptron.POINTS),
        (perceptron.SECTION, "XOR"),
        (perceptron.HALF, perceptron.HALVES[1]),
        (perceptron.SECTION, "Linear collapse"),
        (perceptron.STACK, perceptron.STACKS[1]),
    ],
    "vanishing_gradients": [
        *((vanishing.SECTION, name) for name in VANISHING),
        *((theory.VIEW, name) for name in theory.VIEWS),
    ],
}

# What is wrong with the page as it is seen: parts that are wider than it (it would scroll
# sideways), charts that reach beyond it, and no picture on the first screen of a page with any.
_FAULTS = """enough => {
    const parts = [document.documentElement, ...document.querySelectorAll(
        '[data-testid="stAppViewContainer"], [data-testid="stMain"], '
        + '[data-testid="stMainBlockContainer"]')]
    const wide = parts.filter(part => part.scrollWidth > part.clientWidth
        || part.getBoundingClientRect().right > innerWidth)
    const boxes = [...document.querySelectorAll('.js-plotly-plot')]
        .map(chart => chart.getBoundingClientRect()).filter(box => box.width)
    const outside = boxes.filter(({ left, right }) => left < 0 || right > innerWidth)
    const first = Math.min(...boxes.map(box => box.top))
    return [
        ...wide.map(part => `${part.dataset.testid ?? part.tagName}: ${part.scrollWidth} wide`),
        ...outside.map(box => `a chart from ${box.left} to ${box.right}`),
        ...boxes.length && first + enough > innerHeight ? [`first chart at ${first}`] : [],
    ]
}"""

# The sliders that something covers wherever the page is scrolled to.
_COVERED = """() => {
    const covered = slider => ['start', 'center', 'end'].every(block => {
        slider.scrollIntoView({ block })
        const { left, right, top, bottom } = slider.getBoundingClientRect()
        const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
        return !slider.contains(there)
    })
    return [...document.querySelectorAll('[data-testid="stSlider"]')]
        // What is behind another tab has no box, what is folded away no text.
        .filter(slider => slider.getClientRects().length > 0 && slider.innerText)
        .filter(covered)
        .map(slider => slider.innerText)
}"""

_TO_THE_TOP = "document.querySelector('[data-testid=stMain]').scrollTo(0, 0)"

LONG_NAMES = "activation=capped_relu&activation=gelu_tanh&activation=selu"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_every_screen(open_page, path):
    visit = open_page(f"/{path}?{LONG_NAMES}", **LAPTOP)
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(PAGES[path].title)
    expect(visit.page.get_by_text(PAGES[path].question)).to_be_visible()
    for scheme in ("dark", "light"):
        visit.page.emulate_media(color_scheme=scheme)
        assert_ground(visit, scheme)
    assert_fits(visit)
    for key, option in WALKS.get(path, []):
        choose(visit, key, option)
        assert_fits(visit)


def assert_ground(visit: Visit, scheme: str) -> None:
    colour = css(THEME[scheme]["backgroundColor"])
    expect(visit.page.get_by_test_id("stApp")).to_have_css("background-color", colour)


def choose(visit: Visit, key: str, option: str) -> None:
    button = visit.page.locator(f".st-key-{key}").get_by_role("radio", name=option, exact=True)
    if not button.is_checked():
        with visit.rerun():
            button.click()


def assert_fits(visit: Visit) -> None:
    """See a picture on the first screen, and nothing that would scroll sideways, at both sizes."""
    expect(visit.page.get_by_test_id("stException")).to_have_count(0)
    for size in (LAPTOP, PHONE):
        visit.page.set_viewport_size(size)
        visit.page.evaluate(_TO_THE_TOP)
        # A chart takes on its new width a few frames later.
        wait_until_there_is_nothing(visit, _FAULTS, ENOUGH)
    visit.page.set_viewport_size(BROWSER_ON_PHONE)
    wait_until_there_is_nothing(visit, _COVERED)


def wait_until_there_is_nothing(visit: Visit, question: str, *given: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while found := visit.page.evaluate(question, *given):
        assert time.monotonic() < deadline, found
        visit.page.wait_for_timeout(50)
