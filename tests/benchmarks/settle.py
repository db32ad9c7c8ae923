"""Move one control of Vanishing gradients as it opens; time until the page stands again.

Each move gives the control a value that the server has not seen, so that it runs the
networks, sweeps all sliders and tries all remedies anew. Time is counted in the browser,
from letting the mouse go to the first change of the curve ("picture"; a slider's has
followed the mouse, and is there already) and to the last change of anything on the page
("settled").
"""

import statistics
from collections.abc import Callable
from typing import Any

import psutil
from playwright.sync_api import Page, sync_playwright

from tests.benchmarks import BenchmarkError, table, target
from tests.chromium import Visit, launch
from tests.serving import serve

ADDRESS = "/vanishing_gradients"
CHART = "vanishing_chart"
MOST = 400.0
"""Milliseconds within which the page should have settled."""

AFTER = 2500
"""Milliseconds after release within which the page must have settled."""

_SLIDERS = {
    "gain": ("vanishing_gain", (12, 9, 13, 8, 14, 7, 15, 10)),
    "depth": ("vanishing_depth", (18, 21, 17, 22, 16, 23, 15, 24)),
}
"""Key, and values to carry the slider to, by their place among its steps."""

_WEIGHTS = ("Xavier (Glorot), normal", "He (Kaiming), normal", "LeCun, normal", "Orthogonal")

_WATCH = """chart => {
    const watch = { released: 0, drawn: 0, settled: 0 }
    const path = `${chart} .js-plotly-plot .scatterlayer path.js-line`
    const drawn = () => [...document.querySelectorAll(path)].map(l => l.getAttribute('d')).join()
    let before = drawn()
    const listen = (type, note) => document.addEventListener(type, note, { capture: true })
    listen('pointerdown', () => { before = drawn(); watch.released = watch.drawn = 0 })
    listen('pointerup', () => { watch.released = watch.settled = performance.now() })
    new MutationObserver(() => {
        watch.settled = performance.now()
        const now = drawn()
        if (!watch.drawn && now && now !== before) watch.drawn = watch.settled
    }).observe(document.querySelector('[data-testid=stMain]'),
        { subtree: true, childList: true, attributes: true, characterData: true })
    window.watch = watch
}"""

_TRACK = """input => {
    const track = input.closest('[role=group]')?.firstElementChild ?? input
    const { x, y, width, height } = track.getBoundingClientRect()
    return [x, y + height / 2, width, +input.value, +input.min, +input.max]
}"""


def main() -> dict[str, Any]:
    figures = {}
    with serve() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        visit = Visit(page)
        process = psutil.Process(server.pid)
        for name, moves in _moves(page).items():
            visit.open(server.url + ADDRESS)
            page.wait_for_timeout(1500)
            page.evaluate(_WATCH, f".st-key-{CHART}")
            figures[name] = [_timed(page, process, move) for move in moves]
        browser.close()
    rows = [
        [name, *(f"{pick(one[what] for one in found):.0f} ms" for what in found[0] for pick in _OF)]
        for name, found in figures.items()
    ]
    head = [f"{what}, {pick.__name__}" for what in figures["gain"][0] for pick in _OF]
    print(table(["", *head], rows))
    for name, found in figures.items():
        middle = statistics.median(one["settled"] for one in found)
        print(target(f"{name}: settled after", middle, "ms", high=MOST))
    return figures


_OF: tuple[Callable[[Any], float], ...] = (min, statistics.median)


def _moves(page: Page) -> dict[str, list[Callable[[], None]]]:
    """Return what is done to each control, the last of which lets the mouse go."""

    def drag(slider: str, value: int) -> Callable[[], None]:
        def run() -> None:
            found = page.locator(f".st-key-{slider} input[type=range]").evaluate(_TRACK)
            left, y, width, now, low, high = found
            page.mouse.move(left + width * (now - low) / (high - low), y)
            page.mouse.down()
            page.mouse.move(left + width * (value - low) / (high - low), y, steps=3)
            page.wait_for_timeout(300)
            page.mouse.up()

        return run

    def choose(option: str) -> Callable[[], None]:
        def run() -> None:
            page.locator(".st-key-vanishing_weights input").first.click()
            page.get_by_role("option", name=option, exact=True).click()

        return run

    found = {name: [drag(key, at) for at in places] for name, (key, places) in _SLIDERS.items()}
    return found | {"initial weights": [choose(option) for option in _WEIGHTS]}


def _timed(page: Page, process: psutil.Process, move: Callable[[], None]) -> dict[str, float]:
    used = sum(process.cpu_times()[:2])
    move()
    page.wait_for_timeout(AFTER)
    watch = page.evaluate("watch")
    if not watch["drawn"]:
        raise BenchmarkError("the curve has not moved")
    return {
        "picture": max(0.0, watch["drawn"] - watch["released"]),
        "settled": watch["settled"] - watch["released"],
        "server CPU": 1e3 * (sum(process.cpu_times()[:2]) - used),
    }
