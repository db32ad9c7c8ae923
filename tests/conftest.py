"""Fixtures that several test files share: the app's server and a real browser."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, expect, sync_playwright
from streamlit.components.v2 import manifest_scanner

from tests.chromium import Visit, launch
from tests.serving import TALKATIVE, Server, serve
from tests.websocket_client import Run, Session, finished

# The same examples in every run: a red test then tells of the change that made it red.
settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")

CALM: dict[str, Any] = {"reduced_motion": "reduce"}
"""What browsers ask for in tests: no pulsing where a page is about to stand.

Without a graphics card, its pictures of the whole window are half the work of a page load.
"""

PATIENCE = pytest.mark.flaky(reruns=1)
"""Have a test that fails run once more, and be named in the summary if it then passes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that look at a running app a second chance.

    On a busy machine a browser may swallow a click, or be caught between two pictures. What
    is broken fails twice; and a test without a browser or a server has no excuse.
    """
    for item in items:
        if {"browser", "server"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(PATIENCE)


@pytest.fixture(scope="session", autouse=True)
def one_look_for_components() -> Iterator[None]:
    """Have AppTests share one look through what is installed for components of other packages.

    Streamlit takes a look at each AppTest's start, which costs more than most pages do.
    """
    with pytest.MonkeyPatch.context() as patch:
        look = manifest_scanner.scan_component_manifests
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(look))
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Give one server of the app, for all tests that do not need one of their own."""
    with serve(options=TALKATIVE) as running:
        yield running


@pytest.fixture(scope="session")
def visit_page(server: Server) -> Callable[[str, str], Run]:
    """Give a function that opens a page with a query string as a new visitor, and looks.

    The query string goes over the protocol itself: a browser would tidy some of them up.
    """

    async def open_page(page: str, query: str) -> Run:
        async with await Session.connect(server.url) as session:
            return await session.rerun(page=page, query=query)

    def run(page: str, query: str) -> Run:
        seen = len(server.log)
        one = finished(open_page(page, query))
        assert one.exceptions == []
        assert not one.page_not_found
        assert one.kinds["heading"] > 0
        assert "Traceback" not in server.log[seen:]
        return one

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give one Chromium for the whole test run, and patience on a busy machine."""
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def new_visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Give a function that opens an empty tab with a profile of its own.

    It takes the size of the view and whatever else Playwright's ``new_context`` takes:
    ``new_visit(width=390, height=844, color_scheme="dark", has_touch=True)``. The test fails
    at its end for anything in a visit's ``errors``.
    """
    visits: list[Visit] = []

    def new(*, width: int = 1280, height: int = 800, **options: Any) -> Visit:
        size = {"width": width, "height": height}
        context = browser.new_context(**CALM | {"viewport": size} | options)
        visits.append(Visit(context.new_page()))
        return visits[-1]

    yield new
    for visit in visits:
        visit.page.context.close()
    assert [error for visit in visits for error in visit.errors] == []


@pytest.fixture(scope="session")
def kept_tabs(browser: Browser) -> dict[str, list[Visit]]:
    """Give the empty tabs that tests have left behind, by what they were opened with."""
    return defaultdict(list)


@pytest.fixture
def kept_visit(
    browser: Browser, kept_tabs: dict[str, list[Visit]]
) -> Iterator[Callable[..., Visit]]:
    """Give a function that opens an empty tab as ``new_visit`` does, but an old one if there is.

    A page stands there in a fifth of the time, since Chromium has the front end's scripts
    compiled. It is for tests that change no more of the tab than the next address undoes:
    what runs before a page, is offline or listens belongs into a ``new_visit``.
    """
    visits: list[tuple[str, Visit]] = []

    def take(*, width: int = 1280, height: int = 800, **options: Any) -> Visit:
        kind = repr(sorted(options.items()))
        tabs = kept_tabs[kind]
        visit = tabs.pop() if tabs else Visit(browser.new_context(**CALM | options).new_page())
        visits.append((kind, visit))
        visit.page.set_viewport_size({"width": width, "height": height})
        return visit

    yield take
    errors = [error for _, visit in visits for error in visit.errors]
    for kind, visit in visits:
        if visit.errors or visit.page.is_closed():
            visit.page.context.close()
            continue
        visit.clear()
        kept_tabs[kind].append(visit)
    assert errors == []


@pytest.fixture
def all_in_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an AppTest's pages send the sweeps of all their sliders, as if all were seen."""
    monkeypatch.setattr("pages.ui.live.FIRST", 1000)


@pytest.fixture
def open_page(server: Server, kept_visit: Callable[..., Visit]) -> Callable[..., Visit]:
    """Give a function that opens a page of the shared server and waits until it stands.

    The address is the part from the first slash on, such as ``/activations?elu_alpha=0.4``;
    the rest is as for ``kept_visit``.
    """

    def open_address(address: str = "/", **options: Any) -> Visit:
        visit = kept_visit(**options)
        visit.open(server.url + address)
        return visit

    return open_address
