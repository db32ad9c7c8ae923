"""The Softmax page's verdicts: what the current settings show, in words with numbers.

Every verdict keeps its pieces (bold and plain) whatever the numbers, so that the text can
follow a slider while it is dragged.
"""

import math
from collections.abc import Sequence

from pages.ui import wording


def leader(winner: int, second: int, p: float, odds: float, factor: float) -> str:
    """Say who leads, by what odds, and what one more on the logit would do to these."""
    tie = ", a tie" if odds == 1 else ""
    return (
        f"**Class {winner + 1} has p = {wording.number(p, 6)}.** Its odds to class {second + 1} "
        f"are {wording.number(odds)} to 1{tie}. One more on its logit multiplies these odds by "
        f"{wording.number(factor)}, not the probability."
    )


def shift(amount: float, difference: float) -> str:
    """Say what a constant added to all logits has changed."""
    said = "nothing, to the last bit" if difference == 0 else wording.number(difference, 2)
    why = ", the rounding of z + c" if difference else ""
    return f"**c = {wording.number(amount)} on every logit** moves a probability by {said}{why}."


def bits(softmax: float, sigmoid: float, apart: int) -> list[str]:
    """Write two ways to compute the same number in full, and how far apart they are."""
    return [f"`{softmax!r}`", f"`{sigmoid!r}`", f"`{apart}` ulp"]


def contraction(gain: float, temperature: float) -> str:
    """Say how much of a small step of the logits is left behind the softmax."""
    return (
        f"**A small step of the logits comes out at most {wording.fixed(gain)} times as long.** "
        f"No logits bring it above 1/(2T) = {wording.fixed(0.5 / temperature)}. Each row and "
        "each column adds up to 0: what one class gains, the others lose."
    )


def smooth_maximum(lse: float, top: float, mean: float, bound: float) -> str:
    """Say where the smooth maxima lie beside the maximum."""
    return (
        f"**Log-sum-exp is {wording.fixed(lse)}, the maximum {wording.fixed(top)}.** It is "
        f"{wording.fixed(lse - top)} above, and never more than T ln K = {wording.fixed(bound)}. "
        f"The softmax-weighted mean Σpz = {wording.fixed(mean)} is never above."
    )


def loss(value: float, p: float, label: int, twice: float, floor: float) -> str:
    """Say what the cross-entropy is, what its gradient does, and what softmax twice would."""
    return (
        f"**The loss is −ln p{chr(0x2080 + label) if label < 10 else '₁₀'} = "
        f"{wording.fixed(value)} nats.** A step of descent lifts the true logit by "
        f"{wording.fixed(1 - p)} times the learning rate and lowers the others by as much in all. "
        f"With probabilities passed as logits, softmax acts twice: the loss is "
        f"{wording.fixed(twice)}, and never below {wording.fixed(floor)}."
    )


def scale(s: float, top: float, works64: bool, works32: bool) -> str:
    """Say which way of computing still works at this scale."""
    state = {True: "still works", False: "has broken down"}
    return (
        f"**At s = {wording.number(s)} the largest logit is {wording.number(top)}.** Naive in "
        f"float64 {state[works64]}. Naive in float32 {state[works32]}. Subtracting the maximum "
        "first never breaks."
    )


def divergences(forwards: float, backwards: float, normal: Sequence[str]) -> str:
    """Say how large both divergences are, why one may be infinite, and what was normalised."""
    reasons = [
        f"{name} is infinite, since {other} rules out what {one} allows"
        for value, name, one, other in (
            (forwards, "KL(P‖Q)", "P", "Q"),
            (backwards, "KL(Q‖P)", "Q", "P"),
        )
        if math.isinf(value)
    ]
    if forwards == backwards == 0:
        usual = "P and Q are the same"
    elif math.isclose(forwards, backwards, rel_tol=1e-9):
        usual = "the two orders agree here, as they seldom do"
    else:
        usual = "the order matters"
    return (
        f"**KL(P‖Q) = {wording.fixed(forwards)}, KL(Q‖P) = {wording.fixed(backwards)} nats:** "
        f"{'; '.join(reasons) or usual}. {' '.join(normal) or 'Both rows add up to 1.'}"
    )


def normalised(side: str, total: float) -> list[str]:
    """Say that a row did not add up to 1 and was divided by its sum, if it was."""
    if abs(total - 1) < 1e-9:
        return []
    return [f"{side} adds up to {wording.number(total)}; each number was divided by that."]


def empty(sides: Sequence[str]) -> str:
    """Say that there is no distribution where every number is 0."""
    return (
        f"{' and '.join(sides)}: every number is 0, which is no distribution. Give at least one "
        "class more than 0."
    )


def maxout(name: str, corners: Sequence[float]) -> str:
    """Say what function the pieces make, and where it bends."""
    what = f"This is {name}" if name else "A convex function that has no name of its own"
    where = " and ".join(f"x = {wording.number(x)}" for x in corners) or "nowhere"
    return (
        f"**{what}.** It bends {'at ' if corners else ''}{where}. A maximum of lines can only bend "
        "upwards: a leaky ReLU with a slope above 1 is out of reach."
    )


def gate(unit: str, opening: float, value: float, result: float, slopes: Sequence[float]) -> str:
    """Say what a gated unit lets through, and the gradient by either input."""
    return (
        f"**{unit}: the gate's factor is {wording.fixed(opening)}; of a = {wording.number(value)} "
        f"it makes {wording.fixed(result)}.** The gradient is {wording.fixed(slopes[0])} by the "
        f"value and {wording.fixed(slopes[1])} by the gate."
    )
