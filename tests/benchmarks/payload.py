"""Count the bytes that a page sends over the websocket: to open it, and for one slider move."""

import asyncio
from collections import Counter
from typing import Any

from core.activations import ACTIVATIONS
from tests.benchmarks import BenchmarkError, table, target
from tests.serving import ROOT, serve
from tests.websocket_client import Run, Session

PAGES = ("", *sorted(script.stem for script in ROOT.glob("pages/[!_]*.py")))

# With one, two and as many functions as the page compares, all with sliders.
WITH_SLIDERS = [key for key, activation in ACTIVATIONS.items() if activation.parameters]
COMPARED = {
    count: "&".join(f"activation={key}" for key in WITH_SLIDERS[-count:]) for count in (1, 2, 6)
}

FIRST_VIEW_LIMIT = 200.0
MOVE_LIMIT = 25.0


def main() -> dict[str, Any]:
    with serve() as server:
        figures = asyncio.run(_measure(server.url))
    header = ["page", "opening, kB", "messages", "largest parts, kB", "slider move, kB", "slider"]
    rows = [
        [
            name,
            f"{figure['opening_kb']:.1f}",
            str(figure["messages"]),
            ", ".join(f"{kind} {size:.1f}" for kind, size in list(figure["parts_kb"].items())[:3]),
            f"{figure['move_kb']:.1f}" if figure["slider"] else "",
            figure["slider"],
        ]
        for name, figure in figures.items()
    ]
    print("Bytes of Streamlit's messages, before websocket framing; 1 kB is 1000 bytes.")
    print("The move is the dearest one: each slider of the page is moved by one step.")
    print(table(header, rows), end="\n\n")
    home, one = figures["home"], figures["activations, 1 function"]
    print(target("home page, opening", home["opening_kb"], "kB", high=FIRST_VIEW_LIMIT))
    print(target("Activations, slider move", one["move_kb"], "kB", high=MOVE_LIMIT))
    return figures


async def _measure(url: str) -> dict[str, dict[str, Any]]:
    figures = {page or "home": await _visit(url, page, "") for page in PAGES}
    for count, query in COMPARED.items():
        name = f"activations, {count} function{'s' if count > 1 else ''}"
        figures[name] = await _visit(url, "activations", query)
    return figures


async def _visit(url: str, page: str, query: str) -> dict[str, Any]:
    """Open a page as a new visitor, move each of its sliders by one step, and count."""
    async with await Session.connect(url) as session:
        opening = _checked(await session.rerun(page=page, query=query))
        moves = {}
        for key, slider in opening.sliders.items():
            step = slider.step if slider.value + slider.step <= slider.high else -slider.step
            run = _checked(await session.set_widget(key, slider.value + step))
            moves[key] = run.bytes_received / 1e3
    parts: Counter[str] = Counter()
    for element in opening.elements:
        parts[element.kind] += element.size
    dearest = max(moves, key=lambda key: moves[key], default="")
    return {
        "opening_kb": opening.bytes_received / 1e3,
        "messages": opening.messages,
        "parts_kb": {kind: size / 1e3 for kind, size in parts.most_common()},
        "slider": dearest,
        "move_kb": moves.get(dearest, 0.0),
        "moves_kb": moves,
    }


def _checked(run: Run) -> Run:
    if run.page_not_found or run.exceptions:
        raise BenchmarkError(f"page {run.page!r} does not stand: {run.exceptions}")
    return run
