"""Which sliders follow the finger: as many as one move can pay for.

What a slider moves depends on where the others stand. A move of one therefore has the
sweeps of the others sent again, and with them the charts. Where sweeps are large (many
optimizers, a start from which all of them jump about), some sliders show on release only.
"""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pages.ui.charts import Finished
from pages.ui.live import Packed

MOST = 57_000
"""The most bytes that a move may send, everything counted as it goes over the wire."""

_DEFLATED = 0.42
"""What deflating leaves of charts and of all else on a page; sweeps are deflated already."""

_ENVELOPE = 250
"""What comes around a sweep: where it stands, its key, the code that takes it in."""


class Following(NamedTuple):
    """A slider, by the name that the page calls it, and its sweeps; none if they take too long.

    Those that are ``lasting`` depend on the surface only: they are sent again where another
    slider of the surface has moved, and else stay as they are.
    """

    name: str
    sweeps: Sequence[Packed]
    lasting: Sequence[Packed] = ()


class Chosen(NamedTuple):
    """The sweeps that are sent, and the names of the sliders whose sweeps are not."""

    sweeps: list[Packed]
    left: list[str]


def fitting(
    sliders: Iterable[Following], figures: Sequence[Finished], always: Sequence[Packed], page: int
) -> Chosen:
    """Return the sweeps that fit, the smallest first, and those that are ``always`` there.

    ``figures`` are the charts on view, ``page`` is what all else on it takes, in bytes. A move
    may have every sweep sent again, even the slider's own: it may have been left out before.
    """
    every = list(sliders)
    room = MOST - _DEFLATED * (page + sum(map(_bytes, figures))) - _size(always)
    kept: list[int] = []
    for place in sorted(range(len(every)), key=lambda i: _size(every[i].sweeps)):
        if every[place].sweeps and _cost([every[i] for i in (*kept, place)]) <= room:
            kept.append(place)
    chosen = [every[place] for place in sorted(kept)]
    # What lasts comes first: it keeps its place on the page, and is not sent anew for that.
    lasting = [sweep for one in chosen for sweep in one.lasting]
    sent = [sweep for one in chosen for sweep in one.sweeps]
    left = [one.name for place, one in enumerate(every) if place not in kept]
    return Chosen([*lasting, *always, *sent], left)


def _cost(sliders: Sequence[Following]) -> int:
    """Return what a move may send: every sweep that does not last.

    Or, where a slider of the surface moves, what lasts of the others, and nothing of its own:
    such sliders come first, and are hardly ever left out before.
    """
    lasting = sum(_size(one.lasting) for one in sliders)
    more = [lasting - _size(one.lasting) - _size(one.sweeps) for one in sliders if one.lasting]
    return sum(_size(one.sweeps) for one in sliders) + max([0, *more])


def _size(sweeps: Sequence[Packed]) -> int:
    return sum(_ENVELOPE + len(sweep.payload) for sweep in sweeps)


def _bytes(figure: Finished) -> int:
    # Arrays are already text, so that this is quick.
    return len(json.dumps(figure.spec))
