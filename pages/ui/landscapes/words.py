"""The Landscape section in words: verdict, table and notes."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from core.landscapes import Convexity, Curvature
from core.landscapes.minima import Kind, Minimum
from pages.ui import wording
from pages.ui.wording import fixed, number

_NOUGHT = 1e-13


class Shape(NamedTuple):
    """What the table says of a landscape: its bottom and its shape.

    ``dead`` is the share of the map where the gradient is exactly zero.
    """

    minima: tuple[Minimum, ...]
    convexity: Convexity
    dead: float


def level(value: float) -> str:
    """Write a loss or a slope for a column; what rounding leaves of 0 is 0."""
    return fixed(0.0 if abs(value) < _NOUGHT else value, 4)


def steepness(value: float) -> str:
    """Write the length of a gradient for a column."""
    return fixed(0.0 if abs(value) < _NOUGHT else value, 3)


def verdict(name: str, value: float, slope: float, best: Minimum) -> str:
    """Say how high the first loss is here, what the lowest is, and whether it has a slope."""
    start = f"**{name}** is {level(value)} here"
    if best.kind is Kind.NONE and not math.isfinite(best.value):
        lowest = "; it is infinite wherever a sure answer is wrong"
    elif best.kind is Kind.NONE:
        lowest = f"; it has no minimum, only a limit of {number(best.value)} at infinity"
    else:
        lowest = f"; its lowest value is {level(best.value)}"
    if not math.isfinite(slope):
        steep = ", and there is no gradient to follow"
    elif slope == 0:
        steep = ", and the gradient is exactly zero"
    else:
        steep = ""
    return f"{start}{lowest}{steep}."


def place(best: Minimum) -> str:
    """Write where the bottom is."""
    at = f"({fixed(best.w, 3)}, {fixed(best.b, 3)})"
    if best.kind is Kind.NONE:
        return "none" if not math.isfinite(best.value) else f"at infinity, towards {at}"
    return at


def bottom(found: Sequence[Minimum]) -> str:
    """Say what there is at the bottom, and what else was found where descent may end."""
    words = {Kind.POINT: "one place", Kind.FLAT: "a flat stretch", Kind.NONE: "no minimum"}
    others = {
        Kind.POINT: ("other valley", "other valleys"),
        Kind.FLAT: ("plateau", "plateaus"),
        Kind.NONE: ("way out", "ways out"),
    }
    more = []
    for kind, names in others.items():
        if count := sum(one.kind is kind for one in found[1:]):
            more.append(f"{count} {names[count > 1]}")
    return words[found[0].kind] + (f", and {wording.listed(more)}" if more else "")


def lowest(best: Minimum) -> str:
    """Write the smallest loss."""
    return f"→ {level(best.value)}" if best.kind is Kind.NONE else level(best.value)


def convex(verdict: Convexity) -> str:
    """Say whether a landscape is convex, and how that is known."""
    if verdict.proven:
        return "yes"
    if verdict.witness is None:
        return "nothing found against it"
    one, other = verdict.witness.one, verdict.witness.other
    return (
        f"no: halfway from ({number(one[0])}, {number(one[1])}) to ({number(other[0])}, "
        f"{number(other[1])}) L is {level(verdict.witness.middle)}, the chord "
        f"{level(verdict.witness.chord)}"
    )


def eigenvalues(bend: Curvature) -> str:
    """Write the two eigenvalues of the Hessian."""
    low, high = bend.eigenvalues.tolist()
    return f"{level(low)} and {level(high)}"


def condition(bend: Curvature) -> str:
    """Write the condition number."""
    low, high = bend.eigenvalues.tolist()
    if high == 0 and low == 0:
        return "none: both are 0"
    return number(bend.condition, 3)


Rows = list[tuple[str, list[str]]]


def lasting(shapes: Sequence[Shape]) -> Rows:
    """Return the facts of all landscapes that hold everywhere: a head and cells a row."""
    return [
        ("Minimum at (w, b)", [place(s.minima[0]) for s in shapes]),
        ("Lowest mean loss", [lowest(s.minima[0]) for s in shapes]),
        ("Found by", [s.minima[0].method for s in shapes]),
        ("Bottom", [bottom(s.minima) for s in shapes]),
        ("Convex?", [convex(s.convexity) for s in shapes]),
        ("Map with gradient exactly 0", [wording.percent(s.dead) for s in shapes]),
    ]


def facts(names: Sequence[str], shapes: Sequence[Shape], bends: Sequence[Curvature]) -> str:
    """Return the facts of all landscapes, and those of the place, as a Markdown table."""
    rows = [
        *lasting(shapes),
        ("Eigenvalues of the Hessian here", [eigenvalues(bend) for bend in bends]),
        ("Condition number here", [condition(bend) for bend in bends]),
    ]
    return wording.table(["", *names], [[head, *cells] for head, cells in rows])


def notes(names: Sequence[str], shapes: Sequence[Shape]) -> list[str]:
    """Return what else is to be said of a minimum, each loss by name."""
    return [
        f"**{name}**: {shape.minima[0].note}"
        for name, shape in zip(names, shapes, strict=True)
        if shape.minima[0].note
    ]
