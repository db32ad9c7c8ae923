"""Count the bytes of the dearest slider move in everything that two pages can show.

These are Landscapes and Optimizers, which have more views than any other: every section is
among them, with every surface or data set, what is drawn of it, and as few and as many losses
or optimizers as it takes.
"""

import asyncio
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any
from urllib.parse import urlencode

from core.datasets import LANDSCAPE_SETS
from core.descent.surfaces import SURFACES
from core.optimizers import OPTIMIZERS
from pages.ui.landscapes import controls as landscapes
from pages.ui.landscapes import networks, regularisation
from pages.ui.optimizers import controls as optimizers
from pages.ui.optimizers import maps
from pages.ui.optimizers.view import FORMS, LEDGER, MAPS, RACE
from tests.benchmarks import table, target
from tests.benchmarks.payload import checked
from tests.serving import TALKATIVE, serve
from tests.websocket_client import Element, Session

Query = Mapping[str, str | list[str]]

FOUR_LOSSES = ["squared_error", "huber", "absolute_error", "log_cosh"]
FOLLOWED = (["huber"], ["huber", "smooth_l1"], ["quantile", "pseudo_huber"], ["general_robust"])
OF_CLASSES = (["hinge"], ["logistic", "hinge", "squared_error"], FOUR_LOSSES)
BEHIND_A_SIGMOID = (["focal"], ["brier", "binary_cross_entropy"])

MOVE_LIMIT = 60.0


def main() -> list[dict[str, Any]]:
    with serve(options=TALKATIVE) as server:
        walked = asyncio.run(_walk(server.url))
    walked.sort(key=lambda one: -one["move_kb"])
    print("Each slider of each view was moved to both its ends and back by one step, and the")
    print(f"bytes counted that came over the websocket. The dearest of {len(walked)} views:")
    rows = [[one["view"], one["slider"], f"{one['move_kb']:.1f}"] for one in walked[:12]]
    print(table(["view", "slider", "move, kB"], rows), end="\n\n")
    print(target("dearest move", walked[0]["move_kb"], "kB", high=MOVE_LIMIT))
    return walked


def views() -> Iterator[tuple[str, Query]]:
    """Give every view: the page's path, and what its link says."""
    yield from (("optimizers", query) for query in _optimizers())
    yield from (("landscapes", query) for query in _landscapes())


def _optimizers() -> Iterator[Query]:
    everybody = {optimizers.OPTIMIZER: list(OPTIMIZERS)}
    surfaces = [one.name for one in SURFACES.values()]
    for surface, tab in product(surfaces, optimizers.TABS):
        yield _race(surface, tab)
    for surface, tab in product(("Bowl", "Rastrigin"), optimizers.TABS):
        yield _race(surface, tab) | everybody
    for length in optimizers.LENGTHS:
        yield _race("Bowl", optimizers.RATES) | {optimizers.LENGTH: length}
    yield _race("Bowl", optimizers.RATES) | everybody | {optimizers.FAIR: "true"}
    for section, surface in product((LEDGER, MAPS, FORMS), surfaces):
        yield {optimizers.SECTION: section, optimizers.SURFACE: surface}
    for name in optimizers.NAMES:
        yield {optimizers.SECTION: LEDGER, optimizers.ONE: name}
    for surface in surfaces:
        settings = {optimizers.SURFACE: surface, optimizers.MAP: maps.KINDS[1]}
        yield {optimizers.SECTION: MAPS, **settings}


def _race(surface: str, tab: str) -> dict[str, str | list[str]]:
    return {optimizers.SECTION: RACE, optimizers.SURFACE: surface, optimizers.TAB: tab}


def _landscapes() -> Iterator[Query]:
    names = {key: one.name for key, one in LANDSCAPE_SETS.items()}
    for name, count in product(names.values(), range(1, 5)):
        yield {landscapes.DATA: name, "loss": FOUR_LOSSES[:count]}
    for losses, view in product(FOLLOWED, (landscapes.FLAT, landscapes.SOLID)):
        yield {landscapes.PARAMETERS: "true", landscapes.VIEW: view, "loss": losses}
    drawn = {landscapes.PATH: "true", landscapes.ARROWS: "true", landscapes.LEVELS: landscapes.LOG}
    for count in (1, 4):
        yield {**drawn, landscapes.SCALE: landscapes.SHARED, "loss": FOUR_LOSSES[:count]}
    for losses in OF_CLASSES:
        yield {landscapes.DATA: names["separable"], "loss": losses}
    for losses in BEHIND_A_SIGMOID:
        behind = {landscapes.OUTPUT: "sigmoid", landscapes.PARAMETERS: "true"}
        yield {landscapes.DATA: names["overlapping"], "loss": losses, **behind}
    for output in ("relu", "elu", "tanh", "step"):
        yield {landscapes.OUTPUT: output, landscapes.PARAMETERS: "true", "loss": FOUR_LOSSES[:2]}
    for kind, pair in product(
        (regularisation.RIDGE, regularisation.LASSO, regularisation.NET), regularisation.PAIRS
    ):
        settings = {regularisation.PENALTY: kind, regularisation.PAIR: pair}
        yield {landscapes.SECTION: landscapes.REGULARISATION, **settings}
    for compared in networks.COMPARED:
        yield {landscapes.SECTION: landscapes.NETWORKS, networks.COMPARE: compared}


async def _walk(url: str) -> list[dict[str, Any]]:
    """Open every view of the pages with sections and find the dearest move in each."""
    found = []
    for page, query in views():
        moves = await _every_move(url, page, urlencode(query, doseq=True))
        dearest = max(moves, key=lambda key: moves[key], default="")
        said = ", ".join(map(str, query.values()))
        found.append(
            {
                "view": f"{page}: {said}",
                "slider": dearest,
                "move_kb": moves.get(dearest, 0.0),
                "moves_kb": moves,
            }
        )
    return found


async def _every_move(url: str, page: str, query: str) -> dict[str, float]:
    """Move each slider of a view to a few places; return the dearest move of each, in kB."""
    moves: dict[str, float] = {}
    async with await Session.connect(url, timeout=120.0) as session:
        checked(await session.rerun(page=page, query=query))
        for key in [key for key, one in session.widgets.items() if one.kind == "slider"]:
            for place in _places(session.widgets[key]):
                run = checked(await session.set_widget(key, place))
                name = key.split("-", 2)[-1]
                moves[name] = max(moves.get(name, 0.0), run.bytes_on_wire / 1e3)
    return moves


def _places(slider: Element) -> list[Any]:
    """Return where to move a slider: to its ends, and one step back."""
    proto: Any = slider.proto
    if proto.options:
        return [proto.options[0], proto.options[-1], proto.options[-2]]
    return [proto.min, proto.max, proto.max - proto.step]
