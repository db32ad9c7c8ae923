"""Time from ``streamlit run`` to the first picture that stands in a browser, and later visits."""

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

# What stands on the page when its first picture is there.
DRAWN = {
    "/": """() => {
        const image = document.querySelector('[data-testid="stMain"] img')
        return image !== null && image.complete && image.naturalWidth > 0
    }""",
    "/activations?activation=elu": """() => {
        const line = document.querySelector('.js-plotly-plot .scatterlayer path.js-line')
        return line !== null && line.getAttribute('d') !== null
    }""",
}

PHASES = ("server answers", "script asked for", "script has run", "picture drawn")
VISITS = (
    "first: server just started, empty cache",
    "second visitor: server warm, empty cache",
    "coming back: server warm, full cache",
)


def main() -> dict[str, Any]:
    with sync_playwright() as playwright:
        # The browser stands open, as a visitor's does; each visitor has a profile of its own.
        browser = launch(playwright)
        figures = {address: _measure(browser, address) for address in DRAWN}
        browser.close()
    print(f"Seconds since the start, median of {RUNS} runs. The start is `streamlit run` for")
    print("the first visit, and opening the address for the others.")
    for address, visits in figures.items():
        rows = [
            [visit, *(f"{phases[p]:.2f}" if p in phases else "" for p in PHASES)]
            for visit, phases in visits.items()
        ]
        print(table([address, *PHASES], rows), end="\n\n")
    return figures


def _measure(browser: Browser, address: str) -> dict[str, dict[str, float]]:
    """Return the median second at which each phase of each visit ended."""
    taken: dict[str, dict[str, list[float]]] = {visit: defaultdict(list) for visit in VISITS}
    for _ in range(RUNS):
        for visit, phases in _round(browser, address).items():
            for phase, seconds in phases.items():
                taken[visit][phase].append(seconds)
    return {
        visit: {phase: statistics.median(values) for phase, values in phases.items()}
        for visit, phases in taken.items()
    }


def _round(browser: Browser, address: str) -> dict[str, dict[str, float]]:
    """Start a server and make the three visits; return when each phase ended."""
    began = time.perf_counter()
    with serve() as server:
        answers = time.perf_counter() - began
        url = server.url + address
        with browser.new_context() as first:
            phases = _visit(first, url, DRAWN[address], began)
            figures = {VISITS[0]: {PHASES[0]: answers} | phases}
        with browser.new_context() as second:
            for visit in VISITS[1:]:
                figures[visit] = _visit(second, url, DRAWN[address], time.perf_counter())
    return figures


def _visit(visitor: BrowserContext, url: str, drawn: str, began: float) -> dict[str, float]:
    """Open the address until it is ``drawn``; return the seconds from ``began`` to each phase."""
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
    page.wait_for_function(drawn, timeout=60_000)
    reached(PHASES[3])
    # A picture may stand before the rest of its page.
    page.wait_for_selector("[data-test-script-state=notRunning]")
    page.close()
    return ended
