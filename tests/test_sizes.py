"""What visitors pay on a slow line: bytes over the websocket, which no machine's pace changes."""

import pytest

from core.activations import ACTIVATIONS
from tests.serving import ROOT, Server
from tests.websocket_client import Run, Session, finished

PAGES = sorted(script.stem for script in ROOT.glob("pages/[!_]*.py"))

FIRST_VIEW = 200_000
LARGEST_MOVE = 60_000
ACTIVATIONS_MOVE = 25_000
"""One function on show."""


async def every_move(url: str, page: str, query: str = "") -> tuple[Run, dict[str, Run]]:
    """Open a page and move each of its sliders by one step and back."""
    moves = {}
    async with await Session.connect(url) as session:
        opening = await session.rerun(page=page, query=query)
        for key, slider in opening.sliders.items():
            step = slider.step if slider.value + slider.step <= slider.high else -slider.step
            moves[key] = await session.set_widget(key, slider.value + step)
            await session.set_widget(key, slider.value)
    return opening, moves


def test_home_opens_light(server: Server) -> None:
    opening, _ = finished(every_move(server.url, ""))
    assert opening.bytes_received < FIRST_VIEW


@pytest.mark.parametrize("key", ACTIVATIONS)
def test_a_move_on_activations_is_small(server: Server, key: str) -> None:
    _, moves = finished(every_move(server.url, "activations", f"activation={key}"))
    assert moves
    assert {
        k: m.bytes_on_wire for k, m in moves.items() if m.bytes_on_wire > ACTIVATIONS_MOVE
    } == {}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_and_moves_light(server: Server, page: str) -> None:
    opening, moves = finished(every_move(server.url, page))
    assert opening.bytes_on_wire < FIRST_VIEW
    assert {k: m.bytes_on_wire for k, m in moves.items() if m.bytes_on_wire > LARGEST_MOVE} == {}


def test_messages_are_deflated(server: Server) -> None:
    opening, _ = finished(every_move(server.url, "activations"))
    assert opening.bytes_on_wire < 0.6 * opening.bytes_received


def test_a_move_draws_again_only_what_it_changes(server: Server) -> None:
    _, moves = finished(every_move(server.url, "activations", "activation=elu"))
    looks = {"activations_x", "activations_threshold"}
    assert {key: set(move.sliders) for key, move in moves.items()} == {
        "elu_alpha": {"elu_alpha", *looks},
        **dict.fromkeys(looks, looks),
    }
    assert {key: move.kinds["code"] for key, move in moves.items()} == {
        "elu_alpha": 1,
        **dict.fromkeys(looks, 0),
    }
    _, moves = finished(every_move(server.url, "losses", "loss=huber"))
    assert {key: move.kinds["plotly_chart"] for key, move in moves.items()} == {
        "huber_delta": 2,
        "losses_residual_x": 1,
    }
