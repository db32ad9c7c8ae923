"""The Perceptron page's sentences: numbers in, words out."""

import math
from collections.abc import Sequence

from core.perceptron import CORNERS
from core.perceptron.steep_sigmoid import step_loss
from pages.ui import wording

_ROWS = [f"({a:g}, {b:g})" for a, b in CORNERS.tolist()]


def corner(place: int) -> str:
    """Write an input of a gate."""
    return _ROWS[place]


def vector(values: Sequence[float], decimals: int = 1) -> str:
    """Write a few numbers in brackets, with as many decimals as they need."""
    return "(" + ", ".join(short(v, decimals) for v in values) + ")"


def short(value: float, decimals: int = 2) -> str:
    """Write a number without needless zeros."""
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "0") else text.replace("-", "−")


def unit(
    gate: str, answers: Sequence[float], targets: Sequence[int], on_view: bool, line: bool
) -> str:
    """Say which rows of a truth table one unit gets wrong, and where its ``line`` is, if any."""
    wrong = [i for i, (a, t) in enumerate(zip(answers, targets, strict=True)) if a != t]
    if not wrong:
        return f"**All four rows are right:** the unit is {gate}."
    rows = wording.listed([corner(i) for i in wrong])
    should = sorted({targets[i] for i in wrong})
    ought = f"should be {should[0]}" if len(should) == 1 else "should be the other way round"
    where = "" if on_view else " The line is outside the picture."
    if not line:
        where = " With both weights 0 there is no line: the bias alone decides."
    return f"**{4 - len(wrong)} of 4 rows are right:** {rows} {ought}.{where}"


def mark(right: bool) -> str:
    """Return a tick or a cross."""
    return "✓" if right else "✗"


def contradiction(total: float) -> str:
    """Say which half of the XOR inequalities the number w₁ + w₂ + 2b breaks."""
    now, zero = f"Here w₁ + w₂ + 2b = {short(total, 1)}", "\N{NO-BREAK SPACE}0"
    if total > 0:
        return f"**One of the rows (0, 0) and (1, 1) must be wrong.** {now}, not ≤{zero}."
    return f"**One of the rows (0, 1) and (1, 0) must be wrong.** {now}, not >{zero}."


def network(right: int, separable: bool) -> str:
    """Say what two hidden units and an output make of XOR."""
    if right == 4:
        return "**All four rows are right:** two lines do what one line cannot."
    if separable:
        return (
            f"**{right} of 4 rows are right.** The hidden units do their part: in the right "
            "picture a line can split the classes. The output weights are not there yet."
        )
    return (
        f"**{right} of 4 rows are right.** In the right picture no line splits the classes: the "
        "hidden units have to be moved first."
    )


def learned(mistakes: int, epochs: int, bound: float) -> str:
    """Say how a run ended that has learned everything."""
    times = "mistake" if mistakes == 1 else "mistakes"
    return (
        f"**Learned after {mistakes} {times}.** Epoch {epochs} is the first without one. "
        f"Novikoff's bound allows {wording.number(math.floor(bound + 1e-9))}."
    )


def cycling(epochs: int, cycle: int, mistakes: int) -> str:
    """Say that a run goes round for ever, and how long the round is."""
    before = epochs - cycle
    back = "the start" if before == 0 else f"epoch {before}"
    length = "epoch" if cycle == 1 else f"{cycle} epochs"
    return (
        f"**This is never learned.** After epoch {epochs} the weights are back where they were "
        f"after {back}: from here on the same {mistakes} mistakes return every {length}, for ever."
    )


def given_up(epochs: int) -> str:
    """Say that a run was broken off."""
    return f"**Not learned in {epochs} epochs,** where the run was broken off."


def what_the_rate_does(begins_elsewhere: bool) -> str:
    """Say whether the rate counts, which it does unless a run begins from 0."""
    if begins_elsewhere:
        return (
            "From weights that are not 0 the rate counts: it says how much one mistake weighs "
            "against the start. The bound counts the start in."
        )
    return (
        "From w = 0 the rate only stretches the weights: every line, every mistake and every "
        "epoch is the same. Move the start to see it matter."
    )


def before_the_first(start: Sequence[float]) -> tuple[str, str, str]:
    """Describe the weights that a run starts from, in three lines."""
    return (
        "**Step 0:** before the first example.",
        f"Weights (w₁, w₂, b) = {vector(start, 2)}.",
        "Play the run, or move the slider.",
    )


def shown_example(
    step: int,
    epoch: int,
    x: tuple[float, float],
    target: float,
    before: Sequence[float],
    net: float,
    change: float,
    rate: float,
    after: Sequence[float],
    decimals: int,
) -> tuple[str, str, str]:
    """Write an example and what is learned from it in numbers, in three lines."""
    name = vector(x, decimals)
    head = f"**Step {step}, epoch {epoch}:** {name} should be {target:g}."
    terms = " + ".join(
        f"{_factor(w, 2)}·{_factor(v, decimals)}" for w, v in zip(before, x, strict=False)
    )
    sign = ">" if net > 0 else "≤"
    fires = f"w·x + b = {terms} + {_factor(before[2], 2)} = {short(net, 3)} {sign} 0, so it answers"
    answer = f"{fires} {int(net > 0)}."
    if not change:
        return head, answer, f"Right: the weights stay {vector(after, 2)}."
    plus = "+" if change > 0 else "−"
    return (
        head,
        answer,
        f"Wrong: {vector(before, 2)} {plus} {short(rate, 1)}·{vector((*x, 1.0), decimals)} = "
        f"{vector(after, 2)}.",
    )


def _factor(value: float, decimals: int) -> str:
    text = short(value, decimals)
    return f"({text})" if text.startswith("−") else text


def collapsed(layers: int, numbers: int, difference: float, narrow: bool) -> str:
    """Say what a stack of linear layers is worth."""
    many = "layer is" if layers == 1 else "layers are"
    apart = (
        "The two ways to compute give the same numbers to the last bit."
        if difference == 0
        else f"The two ways to compute differ by {wording.number(difference, 2)} of the result."
    )
    flat = " The narrow layers leave rank 1: everything lands on a line." if narrow else ""
    return f"**{layers} {many} one matrix:** {numbers} numbers do the work of 6. {apart}{flat}"


def regions(name: str, count: str | None, functions: int, straight: bool) -> str:
    """Say into how many pieces a network cuts the square."""
    if straight:
        return (
            f"**{name} has no kink,** so the whole stack is still one linear function: "
            "1 region, however many layers."
        )
    if count is None:
        return "**More regions than can be followed** lie in the square."
    return (
        f"**{count} regions in the square:** the stack is one matrix in each, and "
        f"{functions} different ones in all."
    )


def smooth(name: str) -> str:
    """Say that a smooth activation makes no linear regions."""
    return (
        f"**{name} bends everywhere:** there are no linear regions to count. The network still "
        "is no longer one matrix: its curve is not straight, nor are its contours."
    )


def descent(
    gradient: float, path: tuple[float, float], losses: tuple[float, float], leap: float, steps: int
) -> str:
    """Say what became of gradient descent: from where to where, and its longest step."""
    begin, end = path
    slope = f"At the start the gradient is {wording.number(gradient, 2)}"
    fell = f"the loss has gone from {losses[0]:.3f} to {losses[1]:.3f}"
    if leap > 0.75 and not _solved(end):
        there = "" if -1 <= end <= 3 else f" It ends outside the picture, at w = {short(end)}."
        far = f"one of the steps was {short(leap)} long"
        return f"**It is thrown too far.** {slope}, but {far}.{there}"
    if _solved(begin):
        return f"**It starts where AND is solved.** {slope}; after {steps} steps {fell}."
    if _solved(end):
        return f"**It learns.** {slope}; after {steps} steps w = {short(end)} and {fell}."
    if abs(end - begin) < 0.05 <= leap:
        return (
            f"**It jumps to and fro.** {slope}; one of the steps was {short(leap)} long, yet after "
            f"{steps} of them w = {short(end)} and {fell}."
        )
    if abs(end - begin) < 0.05:
        moved = wording.number(abs(end - begin), 2)
        return (
            f"**It stalls.** {slope}; {steps} steps move w by {moved}. With a step "
            "function in place of the sigmoid it would not move at all."
        )
    return f"**It is not there yet.** {slope}; after {steps} steps w = {short(end)} and {fell}."


def _solved(w: float) -> bool:
    """Tell whether the unit is AND once its sigmoid is taken for a step."""
    return float(step_loss(w)) == 0
