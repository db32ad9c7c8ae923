"""Let a class of visitors move sliders on the Activations page, and time the server.

The visitors are websocket clients in this process; the server is a process of its own.
Both share the machine's cores, as nothing else should while this runs. The same is done
with a server on Streamlit's defaults in turn, so that the two can be compared.
"""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from tests.benchmarks import BenchmarkError, percentile, table, target
from tests.serving import TALKATIVE, Server, serve
from tests.websocket_client import Run, Session, Slider

QUERY = "activation=elu"
VARIANTS = {
    "as configured": TALKATIVE,
    "Streamlit's defaults": TALKATIVE
    | {
        "runner.postScriptGC": True,
        "server.enableWebsocketCompression": False,
        "global.minCachedMessageSize": 10_000,
        "server.fileWatcherType": "auto",
    },
}

THINK_SECONDS = 2.0
CLIENTS = {1: 60.0, 30: 30.0, 100: 30.0}
"""How many clients, and for how many seconds: one alone needs longer for enough moves."""

ARRIVING = 30
"""How many visitors open the page at the same moment, as a class does when told to."""

SATURATED = "saturated"
SATURATING_CLIENTS = 20
SATURATED_SECONDS = 15.0

TIMEOUT = 120.0
"""Seconds until a silent server counts as lost: overloaded, it may take ten for an answer."""

LATENCY_LIMIT = 150.0
RATE_LIMIT = 80.0
MEMORY_LIMIT = 300.0

Visitor = tuple[Session, list[Slider]]


@dataclass(frozen=True)
class Level:
    """What one number of clients met."""

    clients: int
    reruns: int
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    """Processor time of the server for one rerun."""
    rate: float
    """Reruns a second."""
    server_cores: float
    """How many cores the server kept busy; the clients' likewise below."""
    client_cores: float
    memory_mb: float
    """Resident memory of the server, with all clients still there."""


def main() -> dict[str, Any]:
    return asyncio.run(_measure())


async def _measure() -> dict[str, Any]:
    figures: dict[str, Any] = {}
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(serve(options=options)) for name, options in VARIANTS.items()
        }
        for name, server in servers.items():
            before = server.memory()
            async with _visitors(server, 1):
                after = server.memory()
            figures[name] = {"started_mb": before / 1e6, "first_visit_mb": after / 1e6}
        for name, server in servers.items():
            print(f"{ARRIVING} arrive, {name}", file=sys.stderr)
            arrivals = await _arrivals(server)
            figures[name] |= {
                "arrived_p50_s": percentile(arrivals, 0.50),
                "arrived_last_s": max(arrivals),
            }
        for count, seconds in CLIENTS.items():
            for name, server in servers.items():
                print(f"{_label(count)}, {name}", file=sys.stderr)
                figures[name][_label(count)] = await _level(server, count, seconds, THINK_SECONDS)
        for name, server in servers.items():
            print(f"{SATURATED}, {name}", file=sys.stderr)
            figures[name][SATURATED] = await _level(
                server, SATURATING_CLIENTS, SATURATED_SECONDS, 0.0
            )
    _report(figures)
    return {
        name: {key: asdict(v) if isinstance(v, Level) else v for key, v in figure.items()}
        for name, figure in figures.items()
    }


@asynccontextmanager
async def _visitors(server: Server, count: int) -> AsyncIterator[list[Visitor]]:
    """Give ``count`` sessions with one function on the Activations page, and their sliders."""
    async with AsyncExitStack() as stack:
        visitors = []
        for _ in range(count):
            connecting = Session.connect(server.url, timeout=TIMEOUT)
            session = await stack.enter_async_context(await connecting)
            run = _checked(await session.rerun(page="activations", query=QUERY))
            if not run.sliders:
                raise BenchmarkError("the Activations page has no slider to move")
            visitors.append((session, list(run.sliders.values())))
        yield visitors


async def _arrivals(server: Server) -> list[float]:
    """Return for each of some visitors who come at once how long their first view took."""

    async def arrive() -> float:
        began = time.perf_counter()
        async with await Session.connect(server.url, timeout=TIMEOUT) as session:
            _checked(await session.rerun(page="activations", query=QUERY))
            return time.perf_counter() - began

    return await asyncio.gather(*(arrive() for _ in range(ARRIVING)))


async def _level(server: Server, count: int, seconds: float, think: float) -> Level:
    """Let ``count`` clients move sliders for ``seconds``, pausing ``think`` seconds on average."""
    async with _visitors(server, count) as visitors:
        server_process, client_process = psutil.Process(server.pid), psutil.Process()
        latencies: list[float] = []
        server_before, client_before = _busy(server_process), _busy(client_process)
        began = time.perf_counter()
        await asyncio.gather(
            *(
                # The same moves for both servers, other ones at each level.
                _play(*visitor, random.Random(f"{count} {i}"), began + seconds, think, latencies)
                for i, visitor in enumerate(visitors)
            )
        )
        elapsed = time.perf_counter() - began
        server_busy = _busy(server_process) - server_before
        client_busy = _busy(client_process) - client_before
        return Level(
            clients=count,
            reruns=len(latencies),
            p50_ms=percentile(latencies, 0.50) * 1e3,
            p95_ms=percentile(latencies, 0.95) * 1e3,
            cpu_ms=server_busy / len(latencies) * 1e3,
            rate=len(latencies) / elapsed,
            server_cores=server_busy / elapsed,
            client_cores=client_busy / elapsed,
            memory_mb=server.memory() / 1e6,
        )


async def _play(
    session: Session,
    sliders: list[Slider],
    chance: random.Random,
    until: float,
    think: float,
    latencies: list[float],
) -> None:
    """Wait, give a slider any of its values, until the time is up; add each move's latency."""
    while True:
        # Between half and one and a half times: people do not move in step.
        pause = think * chance.uniform(0.5, 1.5)
        if time.perf_counter() + pause > until:
            return
        await asyncio.sleep(pause)
        slider = chance.choice(sliders)
        steps = round((slider.high - slider.low) / slider.step)
        value = slider.low + slider.step * chance.randrange(steps + 1)
        run = _checked(await session.set_widget(slider.key, value))
        latencies.append(run.seconds)


def _busy(process: psutil.Process) -> float:
    """Return the processor seconds that a process has used so far."""
    times = process.cpu_times()
    return times.user + times.system


def _checked(run: Run) -> Run:
    if run.exceptions or not run.kinds["plotly_chart"]:
        raise BenchmarkError(f"the Activations page drew no chart: {run.exceptions}")
    return run


def _report(figures: dict[str, Any]) -> None:
    header = ("clients", "p50, ms", "p95, ms", "CPU ms/rerun", "reruns/s")
    header += ("server, cores", "clients, cores", "memory, MB")
    for name, figure in figures.items():
        print(
            f"{name}: {figure['started_mb']:.0f} MB when started, "
            f"{figure['first_visit_mb']:.0f} MB after the first visit; of {ARRIVING} who arrive "
            f"at once half see the page within {figure['arrived_p50_s']:.2f} s, the last after "
            f"{figure['arrived_last_s']:.2f} s"
        )
        rows = [
            [
                f"{v.clients}, no pause" if label == SATURATED else str(v.clients),
                f"{v.p50_ms:.1f}",
                f"{v.p95_ms:.1f}",
                f"{v.cpu_ms:.1f}",
                f"{v.rate:.1f}",
                f"{v.server_cores:.2f}",
                f"{v.client_cores:.2f}",
                f"{v.memory_mb:.0f}",
            ]
            for label, v in figure.items()
            if isinstance(v, Level)
        ]
        print(table(header, rows), end="\n\n")
    ours, theirs = figures.values()
    crowd = _label(max(CLIENTS))
    print(
        f"Against Streamlit's defaults: p95 of {crowd} "
        f"{theirs[crowd].p95_ms / ours[crowd].p95_ms:.1f} times shorter, "
        f"CPU per rerun {theirs[SATURATED].cpu_ms / ours[SATURATED].cpu_ms:.1f} times less, "
        f"{ours[SATURATED].rate / theirs[SATURATED].rate:.1f} times the reruns a second"
    )
    print(target(f"{crowd}, p95", ours[crowd].p95_ms, "ms", high=LATENCY_LIMIT))
    print(target("saturated", ours[SATURATED].rate, "reruns/s", low=RATE_LIMIT))
    print(target(f"memory with {crowd}", ours[crowd].memory_mb, "MB", high=MEMORY_LIMIT))


def _label(clients: int) -> str:
    return f"{clients} client{'s' if clients > 1 else ''}"
