"""The app's own server, started and stopped as a person does in a terminal."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]

TALKATIVE = {"client.showErrorDetails": "full"}
"""Options for a test's server: the app hides what broke from its visitors, but the test
that fails for it should say what it was."""


class ServerError(Exception):
    """The server ended or fell silent; the message holds its log."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    """``http://localhost:port``, without a slash at the end."""
    pid: int
    log_file: Path

    @property
    def log(self) -> str:
        """All that the server has written so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def memory(self) -> int:
        """Return the resident memory of the server and all its children, in bytes."""
        server = psutil.Process(self.pid)
        total = 0
        for process in [server, *server.children(recursive=True)]:
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:  # a child may end while it is being counted
                continue
        return total


@contextmanager
def serve(
    *,
    python: str | Path = sys.executable,
    root: Path = ROOT,
    options: Mapping[str, object] | None = None,
    timeout: float = 60.0,
) -> Iterator[Server]:
    """Run ``streamlit run app.py`` in ``root`` on a free port until the block ends.

    ``python`` is the interpreter whose Streamlit serves; ``options`` are Streamlit's own,
    such as ``{"runner.fastReruns": True}``, on top of headless and the port. Raises
    ``ServerError`` where the server is not healthy after ``timeout`` seconds, or ends before.
    """
    port = _free_port()
    chosen = {"server.headless": True, "server.port": port} | dict(options or {})
    # -P: as with the `streamlit` command, the working directory is not on the path
    command = [str(python), "-P", "-m", "streamlit", "run", "app.py"]
    for name, value in chosen.items():
        command += [f"--{name}", str(value).lower() if isinstance(value, bool) else str(value)]
    # What the shell or the test run sets must not decide how the app behaves.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STREAMLIT_", "PYTEST_", "PYTHONPATH", "PYTHONWARNINGS"))
    }
    with tempfile.TemporaryDirectory() as directory:
        log_file = Path(directory, "server.log")
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=root,
                env=environment | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        server = Server(f"http://localhost:{port}", process.pid, log_file)
        try:
            _wait_until_healthy(server, process, timeout)
            yield server
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(server: Server, process: subprocess.Popen[bytes], timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerError(f"the server ended with {process.returncode}:\n{server.log}")
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise ServerError(f"the server is not healthy after {timeout:g} s:\n{server.log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and whatever it started: it leads a process group of its own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(timeout=5)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()
