"""Time from ``streamlit run`` to the first plot that stands in a browser, and later visits."""

import statistics
import time
from collections import defaultdict
from typing import Any

from playwright.sync_api import Browser, BrowserContext, WebSocket, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.benchmarks import table
from tests.chromium import launch
from tests.serving import serve

RUNS = 5
ADDRESS = "/activations?activation=elu"
DRAWN = """() => {
    const line = document.querySelector('.js-plotly-plot .scatterlayer path.js-line')
    return line !== null && line.getAttribute('d') !== null
}"""

PHASES = ("server answers", "browser asks for the page's script", "script has run", "plot drawn")
VISITS = (
    "first: server just started, empty cache",
    "second visitor: server warm, empty cache",
    "coming back: server warm, cache full",
)


def main() -> dict[str, Any]:
    taken: dict[str, dict[str, list[float]]] = {v: defaultdict(list) for v in VISITS}
    with sync_playwright() as playwright:
        # The browser stands open, as a visitor's does; each visitor has a profile of its own.
        browser = launch(playwright)
        for _ in range(RUNS):
            _add(taken, _round(browser))
        browser.close()
    figures = {
        visit: {phase: statistics.median(values) for phase, values in phases.items()}
        for visit, phases in taken.items()
    }
    print(f"Seconds since the start, median of {RUNS} runs, address {ADDRESS}")
    print("The start is `streamlit run` in the first line, the visit in the others.")
    rows = [
        [visit, *(f"{phases[p]:.2f}" if p in phases else "" for p in PHASES)]
        for visit, phases in figures.items()
    ]
    print(table(["visit", *PHASES], rows))
    return figures


def _add(taken: dict[str, dict[str, list[float]]], visits: dict[str, dict[str, float]]) -> None:
    for visit, phases in visits.items():
        for phase, seconds in phases.items():
            taken[visit][phase].append(seconds)


def _round(browser: Browser) -> dict[str, dict[str, float]]:
    """Start a server and make the three visits; return when each phase ended."""
    began = time.perf_counter()
    with serve() as server:
        answers = time.perf_counter() - began
        url = server.url + ADDRESS
        with browser.new_context() as first:
            figures = {VISITS[0]: {PHASES[0]: answers} | _visit(first, url, began)}
        with browser.new_context() as second:
            figures[VISITS[1]] = _visit(second, url, time.perf_counter())
            figures[VISITS[2]] = _visit(second, url, time.perf_counter())
    return figures


def _visit(visitor: BrowserContext, url: str, began: float) -> dict[str, float]:
    """Open the address; return the seconds since ``began`` at which each phase ended."""
    ended: dict[str, float] = {}

    def reached(phase: str) -> None:
        ended.setdefault(phase, time.perf_counter() - began)

    def on_received(payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            message = ForwardMsg.FromString(payload)
            if message.WhichOneof("type") == "script_finished":
                reached(PHASES[2])

    def on_websocket(socket: WebSocket) -> None:
        socket.on("framesent", lambda _: reached(PHASES[1]))
        socket.on("framereceived", on_received)

    page = visitor.new_page()
    page.on("websocket", on_websocket)
    page.goto(url)
    page.wait_for_function(DRAWN, timeout=60_000)
    reached(PHASES[3])
    page.close()
    return ended
