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

MOST = 50_000
"""The most bytes of sweeps and charts that a move may cost; the page itself takes 10 to 20 kB."""


class Following(NamedTuple):
    """The sweeps of one slider: of the walks, and of the surface where it shapes that."""

    walked: list[Packed]
    shaped: list[Packed]

    @property
    def all(self) -> list[Packed]:
        """Every sweep of the slider."""
        return [*self.walked, *self.shaped]


def fitting(
    sliders: Iterable[Following], figures: Sequence[Finished], always: Sequence[Packed]
) -> list[Packed]:
    """Return the sweeps of the first sliders that fit, and those that are ``always`` there.

    ``figures`` are the charts on view.
    """
    room = MOST - sum(map(_bytes, figures))
    kept: list[Following] = []
    for one in sliders:
        if _cost([*kept, one], always) <= room:
            kept.append(one)
    return [*always, *(sweep for one in kept for sweep in one.all)]


def _cost(sliders: Sequence[Following], always: Sequence[Packed]) -> int:
    """Return the most bytes of sweeps that one move sends again.

    A slider leaves its own sweeps as they are. The share of the steps, whose sweeps are
    those that are ``always`` there, changes all walks and no surface.
    """
    every = sum(_size(one.all) for one in sliders)
    by_share = sum(_size(one.walked) for one in sliders)
    return max(by_share, _size(always) + every - min(_size(one.all) for one in sliders))


def _size(sweeps: Sequence[Packed]) -> int:
    return sum(len(sweep.payload) for sweep in sweeps)


def _bytes(figure: Finished) -> int:
    # Arrays are already text, so that this is quick.
    return len(json.dumps(figure.spec))
