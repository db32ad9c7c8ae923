"""A real browser: finding a Chromium, and visiting the app with it.

A ``Visit`` watches what a person would not see: console errors, script errors in the
page, exceptions and missing pages in what the server sends, requests to other hosts. Any
of them fails the test that made the visit (``conftest.new_visit``).
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, WebSocket
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

# On a deep link the front end first asks beside the page, and there is nothing there.
_BESIDE_A_PAGE = re.compile(r"/[^/]+/_stcore/(health|host-config)")
# With the usage statistics that Cloud turns on, it reports to Streamlit, and says so
# where these hosts are out of reach.
_USAGE_STATISTICS = ("data.streamlit.io", "webhooks.fivetran.com")
_WITHOUT_STATISTICS = ("Failed to fetch metrics config", "Undefined metrics config")

_SETTLED = """() => {
    const app = document.querySelector('[data-testid="stApp"]')
    return app !== null
        && app.dataset.testConnectionState === 'CONNECTED'
        && app.dataset.testScriptState === 'notRunning'
        && document.querySelector('[data-testid="stSkeleton"]') === null
        && [...document.querySelectorAll('[data-testid="stPlotlyChart"]')]
            .every(chart => chart.querySelector('.main-svg') !== null)
        // A chart that has changed is mounted anew, and the old one may stay a while, hidden.
        && [...document.querySelectorAll('[data-testid="stElementContainer"]:has(.js-plotly-plot)')]
            .flatMap(place => [...place.classList].filter(name => name.startsWith('st-key-')))
            .every((name, i, names) => names.indexOf(name) === i)
        // A slider that has come into view without its sweep asks for it: that is a run more.
        && [...(globalThis[Symbol.for('live-sweep')]?.mounts.values() ?? [])]
            .flatMap(({ lacks = [] }) => lacks)
            .map(slider => document.querySelector(`.st-key-${CSS.escape(slider)}`))
            .every(slider => {
                const { top, bottom } = slider?.getBoundingClientRect() ?? { top: 1, bottom: 0 }
                return bottom <= 0 || top >= innerHeight || bottom <= top
            })
}"""


class ChromiumNotFoundError(Exception):
    """There is no Chromium that runs; the message says what to install."""


def find_chromium(playwright: Playwright) -> str:
    """Return the path of a Chromium that runs on this machine, installing one if need be.

    In this order: one that is installed; Playwright's own; Playwright's own, downloaded now;
    the Debian package, where this is root on a system with ``apt-get``. Raises
    ``ChromiumNotFoundError`` where all of that fails.
    """
    own = playwright.chromium.executable_path
    if found := _installed() or _running(own):
        return found
    tried = [_attempt([sys.executable, "-m", "playwright", "install", "chromium"])]
    # A downloaded Chromium may still lack the system's libraries, and then does not run.
    if found := _running(own):
        return found
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        tried.append(_attempt(["apt-get", "update"]))
        tried.append(_attempt(["apt-get", "install", "-y", "--no-install-recommends", "chromium"]))
        if found := _installed():
            return found
    raise ChromiumNotFoundError(
        "The browser tests need Chromium, and none was found. Install one:\n"
        "    Debian:     sudo apt-get install chromium\n"
        "    elsewhere:  .venv/bin/playwright install --with-deps chromium\n"
        "Tried:\n" + "\n".join(tried)
    )


def _installed() -> str | None:
    return next((found for name in COMMANDS if (found := _running(shutil.which(name)))), None)


def _running(path: str | None) -> str | None:
    """Return the path where the program starts: Ubuntu's, for one, may be an empty shell."""
    if path is None or not Path(path).exists():
        return None
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return path if done.returncode == 0 else None


def _attempt(command: list[str]) -> str:
    """Run a command that may fail; return it with the end of what it said."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        said = done.stdout.strip()[-500:]
    except (OSError, subprocess.TimeoutExpired) as error:
        said = str(error)
    return f"$ {' '.join(command)}\n{said}"


def launch(playwright: Playwright) -> Browser:
    """Start a headless Chromium that also runs as root and without a graphics card."""
    return playwright.chromium.launch(
        executable_path=find_chromium(playwright),
        args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    )


class Visit:
    """One visitor's tab, and what went over its websocket."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        """All that a test should fail for."""
        self.sent = 0
        """Messages that the browser has sent to the server."""
        self.runs = 0
        """Scripts and fragments that the server has run to their end."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.errors.append(f"page error: {error}"))
        page.on("request", self._on_request)
        page.on("websocket", self._on_websocket)

    def open(self, url: str) -> None:
        """Go to an address and wait until the page stands."""
        with self.rerun():
            self.page.goto(url)

    def clear(self) -> None:
        """Leave an empty tab, with nothing stored or held down, as if nothing had been there."""
        # Where no page came up, there is no storage to be had.
        self.page.evaluate("try { localStorage.clear(); sessionStorage.clear() } catch {}")
        self.page.goto("about:blank")
        self.page.mouse.up()
        self.page.mouse.move(0, 0)
        self.sent = self.runs = 0

    @contextmanager
    def rerun(self, timeout: float = 30.0) -> Iterator[None]:
        """Wait for the run that the block sets off, and until the page has settled.

        Raises ``TimeoutError`` where nothing has run after ``timeout`` seconds.
        """
        before = self.runs
        yield
        deadline = time.monotonic() + timeout
        while self.runs == before:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no run of the script ended in {timeout:g} s")
            self.page.wait_for_timeout(10)
        self.settle(timeout)

    def settle(self, timeout: float = 30.0) -> None:
        """Wait until no script runs and every chart is drawn."""
        self.page.wait_for_function(_SETTLED, timeout=timeout * 1000)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type != "error" or message.text.startswith(_WITHOUT_STATISTICS):
            return
        address = message.location.get("url", "")
        parts = urlsplit(address)
        if message.text.startswith("Failed to load resource"):
            if "404" in message.text and _BESIDE_A_PAGE.fullmatch(parts.path):
                return
            if parts.hostname in _USAGE_STATISTICS:
                return
        self.errors.append(f"console: {message.text} ({address})")

    def _on_request(self, request: Request) -> None:
        host = urlsplit(request.url).hostname
        # Data and blob addresses have no host.
        if host is not None and host != "localhost" and host not in _USAGE_STATISTICS:
            self.errors.append(f"asks another host: {request.url}")

    def _on_websocket(self, socket: WebSocket) -> None:
        socket.on("framesent", self._on_sent)
        socket.on("framereceived", self._on_received)

    def _on_sent(self, _: str | bytes) -> None:
        self.sent += 1

    def _on_received(self, payload: str | bytes) -> None:
        if isinstance(payload, str):
            return
        message = ForwardMsg.FromString(payload)
        kind = message.WhichOneof("type")
        if kind == "script_finished":
            self.runs += message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        elif kind == "page_not_found":
            self.errors.append(f"page not found: {message.page_not_found.page_name}")
        elif kind == "session_event":
            if message.session_event.HasField("script_compilation_exception"):
                broken = message.session_event.script_compilation_exception
                self.errors.append(f"does not compile: {broken.type}: {broken.message}")
        elif kind == "delta" and message.delta.new_element.HasField("exception"):
            shown = message.delta.new_element.exception
            self.errors.append(f"exception on the page: {shown.type}: {shown.message}")
