"""A visitor's hand on a slider, and what a chart shows of it."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from tests.chromium import Visit

Seen = TypeVar("Seen")

LACKS = """
[...(globalThis[Symbol.for('live-sweep')]?.mounts.values() ?? [])]
    .flatMap(({ lacks = [] }) => lacks)
"""
"""The sliders whose sweeps have not been sent."""


class Hand:
    """A visitor's hand on one slider: with a mouse, a pen, or a finger ("touch")."""

    def __init__(self, visit: Visit, key: str, tool: str = "mouse") -> None:
        self.visit = visit
        self.key = key
        self.input = visit.page.locator(f".st-key-{key} input[type=range]")
        self.tool = tool
        self.down = False
        self.devtools = visit.page.context.new_cdp_session(visit.page)
        visit.page.locator(f".st-key-{key}").scroll_into_view_if_needed()
        # The sweep of a slider far down the page comes when it is seen.
        visit.page.wait_for_function(f"key => !{LACKS}.includes(key)", arg=key)
        visit.settle()
        track = self.input.evaluate(
            """async input => {
                const look = () => {
                    const { x, y, width, height } =
                        input.closest('[role=group]').firstElementChild.getBoundingClientRect()
                    return [x, y + height / 2, width, Number(input.min), Number(input.max)]
                }
                // A page that has just changed may still move.
                let [place, still] = [look(), 0]
                while (still < 3) {
                    await new Promise(requestAnimationFrame)
                    const now = look()
                    still = now.join() === place.join() ? still + 1 : 0
                    place = now
                }
                return place
            }"""
        )
        self.left, self.y, self.width, self.low, self.high = track

    @property
    def value(self) -> float:
        """Where the thumb is."""
        return float(self.input.input_value())

    def press(self) -> None:
        """Take hold of the thumb where it is."""
        place = self._place(self.value)
        if self.tool != "touch":
            self._point("move", place)
        self._point("press", place)

    def move(self, value: float) -> None:
        """Carry the thumb towards a value, and wait until it shows."""
        self._point("move", self._place(value))
        self.visit.page.wait_for_function(
            "([input, value]) => Math.abs(input.value - value) < 1e-6",
            arg=[self.input.element_handle(), value],
        )
        self.frames()

    def release(self) -> None:
        """Let go."""
        self._point("release", self._place(self.value))

    def frames(self, count: int = 3) -> None:
        """Let the browser paint."""
        self.visit.page.evaluate(
            """count => new Promise(done => {
                const next = () => count-- > 0 ? requestAnimationFrame(next) : done()
                next()
            })""",
            count,
        )

    def _place(self, value: float) -> float:
        return self.left + self.width * (value - self.low) / (self.high - self.low)

    def _point(self, action: str, x: float) -> None:
        at = {"x": x, "y": self.y}
        if self.tool == "touch":
            kind = {"press": "touchStart", "move": "touchMove", "release": "touchEnd"}[action]
            fingers = [] if action == "release" else [at]
            command, event = "dispatchTouchEvent", {"type": kind, "touchPoints": fingers}
        else:
            kind = {"press": "mousePressed", "move": "mouseMoved", "release": "mouseReleased"}
            self.down = action == "press" or (self.down and action == "move")
            buttons = {"button": "none" if action == "move" else "left", "buttons": int(self.down)}
            command = "dispatchMouseEvent"
            event = {
                "type": kind[action],
                "pointerType": self.tool,
                "clickCount": 1,
                **at,
                **buttons,
            }
        self.devtools.send(f"Input.{command}", event)


def carry(
    visit: Visit, key: str, value: float, seen: Callable[[], Seen]
) -> tuple[Seen, Seen, Seen]:
    """Drag a slider to a value and let go: return what is seen before, under the hand, at rest.

    The page must follow without a word to the server, and its link must say where it rests.
    """
    hand = Hand(visit, key)
    before, sent = seen(), visit.sent
    hand.press()
    hand.move(value)
    now = seen()
    assert visit.sent == sent, key
    with visit.rerun():
        hand.release()
    assert f"{key}=" in visit.page.url
    return before, now, seen()


class Share(float):
    """A coordinate in shares of a plot's width or height.

    Shares are equal where nobody would see a difference: to a tenth of a pixel where the plot
    has 330 of them. A chart that is mounted while its column still grows may end up a pixel
    smaller than the one that takes its place, with the same picture in it.
    """

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and abs(self - other) < 3e-4

    def __ne__(self, other: object) -> bool:
        return not self == other


_DRAWN = """key => {
    const places = [...document.querySelectorAll(`.st-key-${key}`)]
    const graph = places.find(e => e.getClientRects().length).querySelector('.js-plotly-plot')
    const length = axis => graph._fullLayout[`${axis[0]}axis${axis.slice(1)}`]._length
    const paths = (group, kind) =>
        [...group.querySelectorAll(kind)].map(path => path.getAttribute('d')).join(' ')
    return [...graph.querySelectorAll('.scatterlayer > .trace')].map(group => {
        const { index, xaxis, yaxis } = group.__data__[0].trace
        const dots = [...group.querySelectorAll('.point:not([visibility=hidden])')]
            .map(path => path.getAttribute('transform').replace(/[^-.,0-9]/g, ''))
        return {
            index,
            size: [length(xaxis), length(yaxis)],
            lines: paths(group, '.js-line'),
            areas: paths(group, '.js-fill'),
            dots: 'M' + dots.join('L'),
        }
    })
}"""


def drawn(visit: Visit, key: str) -> dict[int, Any]:
    """Return the picture of each trace: points of its lines and areas, places of its markers.

    Plotly and the component cut a line into paths differently, and Plotly leaves out
    a point that falls on the one before; neither can be seen.
    """
    return {
        trace["index"]: (
            pieces(trace["lines"], trace["size"]),
            sorted(pieces(trace["areas"], trace["size"])),
            points(trace["dots"], trace["size"]),
        )
        for trace in visit.page.evaluate(_DRAWN, key)
    }


Points = list[tuple[Share, Share]]


def pieces(path: str, size: tuple[float, float]) -> list[Points]:
    """Return the lines that a path draws, each as its points in shares of the plot's size."""
    nothing = [(Share(0), Share(0))]
    found = (points(piece, size) for piece in re.findall("M[^M]*", path))
    return [piece for piece in found if piece != nothing]


def points(piece: str, size: tuple[float, float]) -> Points:
    """Return the points along one line, without those that fall on the one before."""
    places = [place for place in re.split("[ML]", piece.strip(" Z")) if place]
    distinct = [place for i, place in enumerate(places) if i == 0 or place != places[i - 1]]
    across, down = size
    found = [map(float, place.split(",")) for place in distinct]
    return [(Share(x / across), Share(y / down)) for x, y in found]
