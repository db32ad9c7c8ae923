"""A path of units as a visitor types it: a row of numbers, layer 1 first."""

import re
from typing import NamedTuple

from pages.ui import wording

FREE = "*"
"""What stands for a unit that is left open."""

_NAMED = 3
"""So many mistakes are quoted; more are only counted."""


class Typed(NamedTuple):
    """What was read: a unit for each layer, counted from 0, None where it is left open.

    ``mistakes`` say in a sentence each what could not be taken as it was typed.
    """

    units: tuple[int | None, ...]
    mistakes: tuple[str, ...]


def read(text: str, width: int, depth: int) -> Typed:
    """Read numbers of units from 1 to ``width``, at most one for each of ``depth`` layers.

    Commas, semicolons and spaces part them. What is no such number is left open.
    """
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    units: list[int | None] = []
    strangers = []
    for layer, word in enumerate(words[:depth], 1):
        # Longer numbers are no units either, and int() would take its time over them.
        number = int(word) if re.fullmatch(r"[0-9]{1,4}", word) else 0
        known = 1 <= number <= width
        units.append(number - 1 if known else None)
        if not known and word != FREE:
            strangers.append(f"{wording.literal(word, 12)} (layer {layer})")
    mistakes = []
    if strangers:
        named = ", ".join(strangers[:_NAMED])
        more = f" and {len(strangers) - _NAMED} more" if len(strangers) > _NAMED else ""
        mistakes.append(f"Units are numbered 1 to {width}. Left open: {named}{more}.")
    if len(words) > depth:
        mistakes.append(
            f"{len(words)} units for {depth} layers: the last {len(words) - depth} are left out."
        )
    return Typed(tuple(units), tuple(mistakes))


def write(units: list[int]) -> str:
    """Return the units of a path, counted from 0, as :func:`read` understands them."""
    return ", ".join(str(unit + 1) for unit in units)
