"""The app as Streamlit Community Cloud runs it, and its first visitor by a shared link.

Cloud makes an environment from ``requirements.txt``, forces a few options and starts
``streamlit run app.py`` from the repository's root. It puts the app to sleep after twelve
quiet hours, so that whoever opens a shared link may well be the first visitor of a new
server, on any page.
"""

import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.chromium import Visit
from tests.serving import ROOT, TALKATIVE, Server, serve
from tests.websocket_client import Run, Session, finished

PAGES = ["", *sorted(script.stem for script in ROOT.glob("pages/[!_]*.py"))]
"""Every page's path in the URL; the home page's is empty."""

CLOUD_OPTIONS = {
    "server.headless": True,
    "server.runOnSave": True,
    "runner.fastReruns": True,
    "browser.gatherUsageStats": True,
}

MEMORY_LIMIT = 400 * 2**20

# Cloud installs from the first dependency file that it knows, and looks for uv's, pipenv's
# and conda's before requirements.txt; Poetry's would contradict it.
OTHER_DEPENDENCY_FILES = ("uv.lock", "Pipfile", "environment.yml", "poetry.lock")


@pytest.fixture(scope="session")
def cloud_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the interpreter of a new environment that holds ``requirements.txt`` alone."""
    environment = tmp_path_factory.mktemp("cloud") / "venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Compiling all that is never imported would take as long again.
    subprocess.run([*install, "--no-compile", "-r", ROOT / "requirements.txt"], check=True)
    return python


@pytest.fixture(scope="module")
def cloud(cloud_python: Path) -> Iterator[Server]:
    """Give a server that runs as Cloud runs it."""
    with serve(python=cloud_python, options=CLOUD_OPTIONS) as running:
        yield running


@pytest.fixture
def fresh_server() -> Iterator[Server]:
    """Give a server that nobody has visited."""
    with serve(options=TALKATIVE) as running:
        yield running


def visit(server: Server, *pages: str) -> list[Run]:
    """Open the pages one after the other, each as a new visitor."""

    async def open_all() -> list[Run]:
        runs = []
        for page in pages:
            async with await Session.connect(server.url) as session:
                runs.append(await session.rerun(page=page))
        return runs

    return finished(open_all())


def assert_stands(run: Run, server: Server) -> None:
    """Check that a page was found, ran to its end, shows something and logs no complaint."""
    assert not run.page_not_found
    assert run.exceptions == [], server.log
    assert "Traceback" not in server.log, server.log
    assert run.kinds["heading"] > 0


def test_there_are_pages_to_test():
    assert len(PAGES) > 1


@pytest.mark.parametrize("name", OTHER_DEPENDENCY_FILES)
def test_no_dependency_file_wins_over_requirements(name):
    assert not (ROOT / name).exists()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_answers_on_cloud(cloud, page):
    with urllib.request.urlopen(f"{cloud.url}/{page}") as answer:
        assert answer.status == 200
        assert b"<noscript>" in answer.read()
    (run,) = visit(cloud, page)
    assert_stands(run, cloud)


def test_what_is_sent_leaves_at_once_on_cloud(cloud_python):
    # On asyncio's own loop all but the first message of a rerun wait for an acknowledgement.
    with serve(python=cloud_python, options=CLOUD_OPTIONS | {"logger.level": "debug"}) as running:
        assert "Starting new uvloop event loop" in running.log


def test_memory_stays_low_on_cloud(cloud):
    for run in visit(cloud, *PAGES):
        assert_stands(run, cloud)
    assert cloud.memory() < MEMORY_LIMIT


def test_memory_stays_low_while_a_large_stack_is_moved(fresh_server):
    async def move() -> None:
        async with await Session.connect(fresh_server.url) as session:
            query = "vanishing_depth=60&vanishing_width=128"
            await session.rerun(page="vanishing_gradients", query=query)
            for depth in ("70", "80", "90"):
                run = await session.set_widget("vanishing_depth", depth)
                assert run.exceptions == []

    finished(move())
    assert fresh_server.memory() < MEMORY_LIMIT


@pytest.mark.parametrize("page", PAGES)
def test_first_visitor_by_a_deep_link(
    fresh_server: Server, kept_visit: Callable[..., Visit], page: str
):
    with urllib.request.urlopen(f"{fresh_server.url}/{page}") as answer:
        assert answer.status == 200
    visitor = kept_visit()
    visitor.open(f"{fresh_server.url}/{page}")
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    expect(visitor.page.get_by_role("dialog")).to_have_count(0)
    expect(visitor.page.get_by_test_id("stException")).to_have_count(0)
    # Once app.py has run it must not have changed which pages there are.
    for run in visit(fresh_server, "", page):
        assert_stands(run, fresh_server)
