"""Drag a slider for three seconds and count the pictures: the live page between two others.

The floor is the same page without the component: what Streamlit does by itself. The
ceiling is a static page (``static_drag.html``) with the very figure that Streamlit has
drawn, theme included, in which JavaScript evaluates f and f′ of the moved function and
hands them to ``Plotly.restyle``, of the Plotly that the wheel brings. The three are
dragged one after another in one Chromium, in several rounds; figures are medians, and
the share of the ceiling is the median of the shares within the rounds.

The ceiling is that of the ordinary way: the live page, which moves the paths that Plotly
has drawn instead of having all of them drawn again, can be above it.
"""

import itertools
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any

import plotly
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from tests.benchmarks import BenchmarkError, table, target
from tests.chromium import Visit, launch
from tests.serving import Server, serve

SECONDS = 3.0
ROUNDS = 3
KEYS = 8
AFTER = 1500
"""Milliseconds after release within which the page must have settled."""

SLIDER = "elu_alpha"
CHART = "activations_chart"
ONE = "/activations?activation=elu"
FOUR = ONE + "&activation=leaky_relu&activation=swish&activation=softplus"
SHARES = {"one function": (ONE, 0.85), "four functions": (FOUR, 0.5)}

PLAIN = """Object.defineProperty(globalThis, Symbol.for('live-sweep'), {
    value: { mounts: new Map(), users: new Map(), engine: {} },
})"""
"""Run first in a page, this leaves the component where it is, and idle."""

# After every frame: is the first curve of the chart another one than after the frame before?
_WATCH = """chart => {
    const watch = { changes: [], keys: [], released: 0, settled: 0, on: true }
    const path = `${chart} .js-plotly-plot .scatterlayer path.js-line`
    const drawn = () => [...document.querySelectorAll(path)]
        .find(line => line.getClientRects().length)?.getAttribute('d')
    let before = drawn()
    const look = () => {
        const now = drawn() ?? before
        if (now !== before) watch.changes.push(performance.now())
        before = now
        if (watch.on) requestAnimationFrame(() => setTimeout(look))
    }
    const listen = (type, note) => document.addEventListener(type, note, { capture: true })
    listen('pointerup', () => { watch.released = watch.settled = performance.now() })
    listen('keydown', () => watch.keys.push(performance.now()))
    const page = document.querySelector('[data-testid=stMain]') ?? document.body
    new MutationObserver(() => { if (watch.released) watch.settled = performance.now() })
        .observe(page, { subtree: true, childList: true, attributes: true, characterData: true })
    window.watch = watch
    look()
}"""

_TRACK = """input => {
    const track = input.closest('[role=group]')?.firstElementChild ?? input
    const { x, y, width, height } = track.getBoundingClientRect()
    return [x, y + height / 2, width, (input.value - input.min) / (input.max - input.min)]
}"""

_FIGURE = """chart => {
    const graph = document.querySelector(`${chart} .js-plotly-plot`)
    const full = graph._fullData
    const data = graph.data.map(({ x, y, ...rest }, i) => ({
        ...structuredClone(rest), x: Array.from(full[i].x), y: Array.from(full[i].y),
    }))
    const moved = full.filter(({ x, mode, name }) =>
        x.length > 100 && mode === 'lines' && name?.startsWith('ELU')).map(({ index }) => index)
    return { figure: { data, layout: structuredClone(graph.layout) }, moved }
}"""


def main() -> dict[str, Any]:
    figures = {}
    with serve() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        for name, (address, share) in SHARES.items():
            figures[name] = measure(server, browser, name, address, share)
        browser.close()
    return figures


def measure(
    server: Server, browser: Browser, name: str, address: str, share: float
) -> dict[str, Any]:
    """Print and return what the three ways give on one page."""
    rounds: dict[str, list[dict[str, float]]] = defaultdict(list)
    for _ in range(ROUNDS):
        for way, run in (("plain", plain), ("live", live), ("static", static)):
            rounds[way].append(run(server, browser, address))
    figures: dict[str, Any] = {
        way: {what: statistics.median(one[what] for one in runs) for what in runs[0]}
        for way, runs in rounds.items()
    }
    shares = [
        one["redraws"] / best["redraws"]
        for one, best in zip(rounds["live"], rounds["static"], strict=True)
    ]
    figures["share"] = statistics.median(shares)
    header = ["", "curves/s", "longest gap", "messages", "settled", "server CPU", "key to curve"]
    units = {
        "redraws": "",
        "gap": " ms",
        "messages": "",
        "settle": " ms",
        "cpu": " ms",
        "key": " ms",
    }
    print(f"{name}: {ROUNDS} drags of {SECONDS:g} s each")
    rows = [
        [way, *(f"{figures[way][what]:.0f}{unit}" for what, unit in units.items())]
        for way in rounds
    ]
    print(table(header, rows))
    seen = figures["live"]
    print(target("share of the ceiling", figures["share"], "", low=share))
    print(target("longest gap", seen["gap"], "ms", high=150))
    print(target("messages during a drag", seen["messages"], "", high=0))
    print(target("settled after", seen["settle"], "ms", high=400))
    print(target("from key to curve", seen["key"], "ms", high=50), end="\n\n")
    return figures


def live(server: Server, browser: Browser, address: str) -> dict[str, float]:
    """Drag the page as it is."""
    return _visit(server, browser, address, None)


def plain(server: Server, browser: Browser, address: str) -> dict[str, float]:
    """Drag the page without the component."""
    return _visit(server, browser, address, PLAIN)


def static(server: Server, browser: Browser, address: str) -> dict[str, float]:
    """Drag the static page with the figure of the live one."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    try:
        Visit(page).open(server.url + address)
        found = page.evaluate(_FIGURE, f".st-key-{CHART}")
        if len(found["moved"]) != 2:
            raise BenchmarkError(f"f and f′ are not to be found: {found['moved']}")
        slider = page.locator(f".st-key-{SLIDER} input[type=range]")
        names = ("min", "max", "step", "value")
        low, high, step, value = (slider.get_attribute(name) for name in names)
        text = Template(Path(__file__).with_name("static_drag.html").read_text(encoding="utf-8"))
        bundle = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
        html = text.safe_substitute(
            PLOTLY=bundle.as_uri(), LOW=low, HIGH=high, STEP=step, VALUE=value,
            FIGURE=json.dumps(found["figure"]), MOVED=json.dumps(found["moved"]),
        )  # fmt: skip
        with TemporaryDirectory() as directory:
            file = Path(directory, "static.html")
            file.write_text(html, encoding="utf-8")
            page.goto(file.as_uri())
            page.locator(".main-svg").first.wait_for()
            return _drag(page, "input", "body", lambda: 0, lambda: 0.0)
    finally:
        page.close()


def _visit(server: Server, browser: Browser, address: str, script: str | None) -> dict[str, float]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    visit = Visit(page)
    process = psutil.Process(server.pid)
    try:
        if script is not None:
            page.add_init_script(script)
        visit.open(server.url + address)
        return _drag(
            page,
            f".st-key-{SLIDER} input[type=range]",
            f".st-key-{CHART}",
            lambda: visit.sent,
            lambda: sum(process.cpu_times()[:2]),
        )
    finally:
        page.close()


def _drag(
    page: Page,
    slider: str,
    chart: str,
    sent: Callable[[], int],
    cpu: Callable[[], float],
) -> dict[str, float]:
    """Carry the thumb to and fro, leave it elsewhere, then press some keys."""
    left, y, width, start = page.locator(slider).evaluate(_TRACK)
    page.mouse.move(left + width * start, y)
    page.wait_for_timeout(1000)
    page.evaluate(_WATCH, chart)
    used, said = cpu(), sent()
    page.mouse.down()
    began = time.perf_counter()
    while (now := time.perf_counter() - began) < SECONDS:
        turn = (start + now / 0.75) % 2
        page.mouse.move(left + width * min(turn, 2 - turn), y)
    page.mouse.move(left + width * 0.8, y)
    page.wait_for_timeout(100)
    messages = sent() - said
    page.mouse.up()
    page.wait_for_timeout(AFTER)
    watch = page.evaluate("watch")
    changes = [at for at in watch["changes"] if at <= watch["released"]]
    gaps = [b - a for a, b in itertools.pairwise(changes)] or [1e3 * SECONDS]
    used = cpu() - used
    keys = []
    for _ in range(KEYS):
        page.evaluate("watch.keys.length = watch.changes.length = 0")
        page.locator(slider).press("ArrowLeft")
        page.wait_for_timeout(700)
        pressed, changed = page.evaluate("[watch.keys[0], watch.changes[0] ?? Infinity]")
        keys.append(changed - pressed)
    page.evaluate("watch.on = false")
    return {
        "redraws": len(changes) / SECONDS,
        "gap": max(gaps),
        "messages": messages,
        "settle": watch["settled"] - watch["released"],
        "cpu": 1e3 * used,
        "key": statistics.median(keys),
    }
