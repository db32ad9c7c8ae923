"""Count the bytes that a page sends over the websocket: to open it, and for one slider move."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from core.activations import ACTIVATIONS
from tests.benchmarks import BenchmarkError, table, target
from tests.serving import ROOT, TALKATIVE, serve
from tests.websocket_client import Run, Session

PAGES = ("", *sorted(script.stem for script in ROOT.glob("pages/[!_]*.py")))

# Two functions, and as many as the page compares; all of them with sliders.
WITH_SLIDERS = [key for key, activation in ACTIVATIONS.items() if activation.parameters]
COMPARED = (WITH_SLIDERS[-2:], WITH_SLIDERS[-6:])

ONE_FUNCTION = "activations, 1 function"

FIRST_VIEW_LIMIT = 200.0
MOVE_LIMIT = 25.0


def main() -> dict[str, Any]:
    with serve(options=TALKATIVE) as server:
        figures = asyncio.run(_measure(server.url))
    header = ["page", "opening, kB", "inflated", "messages", "largest parts, kB inflated"]
    header += ["slider move, kB", "inflated", "slider"]
    rows = [
        [
            name,
            f"{figure['opening_kb']:.1f}",
            f"{figure['opening_inflated_kb']:.1f}",
            str(figure["messages"]),
            ", ".join(f"{kind} {size:.1f}" for kind, size in list(figure["parts_kb"].items())[:3]),
            f"{figure['move_kb']:.1f}" if figure["slider"] else "",
            f"{figure['move_inflated_kb']:.1f}" if figure["slider"] else "",
            figure["slider"],
        ]
        for name, figure in figures.items()
    ]
    print("Bytes that come over the websocket, and of Streamlit's messages once inflated;")
    print("1 kB is 1000 bytes. The move is the dearest one on the wire: each slider of the page")
    print("is moved by one step.")
    print(f"'{ONE_FUNCTION}' is the function of the catalogue whose move is dearest.")
    print(table(header, rows), end="\n\n")
    home, opened = figures["home"], figures["activations"]
    print(target("home page, opening", home["opening_kb"], "kB", high=FIRST_VIEW_LIMIT))
    print(target("Activations as it opens, move", opened["move_kb"], "kB", high=MOVE_LIMIT))
    moves = figures[ONE_FUNCTION]["of_each_kb"]
    within = sum(move <= MOVE_LIMIT for move in moves.values())
    print(f"Within that are {within} of the {len(moves)} functions, each with its dearest slider.")
    return figures


async def _measure(url: str) -> dict[str, dict[str, Any]]:
    figures = {page or "home": await _visit(url, page) for page in PAGES}
    alone = {key: await _visit(url, "activations", [key]) for key in ACTIVATIONS}
    moves = {key: figure["move_kb"] for key, figure in alone.items()}
    dearest = max(moves, key=lambda key: moves[key])
    figures[ONE_FUNCTION] = alone[dearest] | {"of_each_kb": moves}
    for keys in COMPARED:
        figures[f"activations, {len(keys)} functions"] = await _visit(url, "activations", keys)
    return figures


async def _visit(url: str, page: str, activations: Sequence[str] = ()) -> dict[str, Any]:
    """Open a page as a new visitor, move each of its sliders by one step, and count."""
    query = urlencode([("activation", key) for key in activations])
    async with await Session.connect(url) as session:
        opening = checked(await session.rerun(page=page, query=query))
        moves = {}
        for key, slider in opening.sliders.items():
            step = slider.step if slider.value + slider.step <= slider.high else -slider.step
            run = checked(await session.set_widget(key, slider.value + step))
            moves[key] = (run.bytes_on_wire / 1e3, run.bytes_received / 1e3)
    parts: Counter[str] = Counter()
    for element in opening.elements:
        parts[element.kind] += element.size
    dearest = max(moves, key=lambda key: moves[key], default="")
    move, inflated = moves.get(dearest, (0.0, 0.0))
    return {
        "opening_kb": opening.bytes_on_wire / 1e3,
        "opening_inflated_kb": opening.bytes_received / 1e3,
        "messages": opening.messages,
        "parts_kb": {kind: size / 1e3 for kind, size in parts.most_common()},
        "slider": dearest,
        "move_kb": move,
        "move_inflated_kb": inflated,
        "moves_kb": {key: on_wire for key, (on_wire, _) in moves.items()},
    }


def checked(run: Run) -> Run:
    """Return a run that stands; raise ``BenchmarkError`` for one that does not."""
    if run.page_not_found or run.exceptions:
        raise BenchmarkError(f"page {run.page!r} does not stand: {run.exceptions}")
    return run
