"""Verdicts, names and tables of the page in words."""

import math
from collections.abc import Sequence

from core.network import Dropout, Skip
from core.network.gradient_flow import Fate, Verdict
from core.network.normalisation import Normalisation
from pages.ui import wording
from pages.ui.vanishing.runs import Moved, Run

_SHORT = {
    "xavier_normal": "Xavier",
    "xavier_uniform": "Xavier uniform",
    "he_normal": "He",
    "he_uniform": "He uniform",
    "lecun_normal": "LeCun",
    "orthogonal": "orthogonal",
    "linear_default": "PyTorch default",
    "normal": "σ of its own",
    "constant": "constant",
    "zeros": "zeros",
}
"""The rules for weights where there is little room."""


def features(run: Run) -> dict[str, str]:
    """Return what a stack is, feature by feature, each in a few words."""
    one, stack = run.experiment, run.experiment.stack
    rule = _SHORT[one.initialiser]
    if one.value is not None:
        rule += f" {wording.number(one.value)}"
    return {
        "depth": f"{stack.depth} layers",
        "width": f"width {stack.sizes[-1]}",
        "rule": rule,
        "gain": f"gain {one.gain:g}",
        "bias": f"bias σ {one.bias_std:g}",
        "normalisation": {
            Normalisation.NONE: "no normalisation",
            Normalisation.BATCH: "batch norm",
            Normalisation.LAYER: "layer norm",
        }[stack.normalisation],
        "skip": {
            Skip.NONE: "no skip",
            Skip.PLAIN: "plain skip",
            Skip.SCALED: "scaled skip",
        }[stack.skip],
        "dropout": {
            Dropout.NONE: "no dropout",
            Dropout.PLAIN: f"dropout {stack.dropout_rate:g}",
            Dropout.ALPHA: f"alpha dropout {stack.dropout_rate:g}",
        }[stack.dropout],
        "scale": f"inputs × {one.input_scale:g}",
        "batch": f"batch {one.batch}",
        "seed": f"seed {one.seed}",
    }


def names(runs: Sequence[Run]) -> list[str]:
    """Name each stack by its activation, and by whatever is not the same in all of them."""
    if len(runs) == 1:
        return [runs[0].choice.label]
    described = [features(run) for run in runs]
    telling = [key for key in described[0] if len({d[key] for d in described}) > 1]
    plain = [
        ", ".join([_activation(run, runs), *(d[key] for key in telling)])
        for run, d in zip(runs, described, strict=True)
    ]
    return [f"{i}. {name}" for i, name in enumerate(plain, 1)]


def called(runs: Sequence[Run], moved: Moved) -> list[tuple[str, ...]]:
    """Return the name of every stack at each step of a slider."""
    if moved.shared and not any(run.pinned for run in runs):
        return [(name,) * len(moved.steps) for name in names(runs)]
    rows = [names([moved.at(run, step) for run in runs]) for step in moved.steps]
    return list(zip(*rows, strict=True))


def _activation(run: Run, runs: Sequence[Run]) -> str:
    """Name the activation, with its parameters if another stack has it with sliders of its own."""
    alike = [r.choice for r in runs if r.choice.entry is run.choice.entry]
    ways = {(choice.key, choice.settings) for choice in alike}
    return run.choice.entry.name if len(ways) == 1 else run.choice.label


def brief(name: str, one: Verdict) -> str:
    """Say in one line what became of the gradient, where several stacks are compared."""
    if one.overflow:
        where = "on the way back" if one.backward else "on the way forward"
        return f"**{name}: {one.fate.value}**, beyond all numbers at layer {one.overflow} {where}"
    if one.decades == -math.inf:
        return f"**{name}: {one.fate.value}**, exactly 0 at layer 1"
    left = multiple(one.decades)
    if one.fate in (Fate.VANISHED, Fate.FADING):
        return f"**{name}: {one.fate.value}**, {left} left at layer 1"
    healthy = one.fate is Fate.HEALTHY
    times = wording.fixed(10**one.decades, 2) if healthy else counted(one.decades)
    return f"**{name}: {one.fate.value}**, {times} times as large at layer 1"


def verdict(name: str, one: Verdict, depth: int) -> str:
    """Say in a sentence or two what became of the gradient."""
    name = wording.plain(name) if "[" in name else name
    if one.overflow:
        return f"**{name}: {one.fate.value}.** {_overflow(one)}"
    if depth == 1:
        return f"**{name}: {one.fate.value}.** A single layer: there is no way to go."
    if one.decades == -math.inf:
        return (
            f"**{name}: {one.fate.value}.** Nothing at all arrives at layer 1: its gradient is "
            "exactly 0."
        )
    rate = f"a factor of {wording.fixed(10 ** (one.decades / (depth - 1)), 3)} a layer"
    left = multiple(one.decades)
    if one.fate in (Fate.VANISHED, Fate.FADING):
        told = (
            f"At layer 1 the gradient is {counted(-one.decades)} times smaller than at layer "
            f"{depth}: {left} of it is left, {rate}."
        )
    elif one.fate is Fate.HEALTHY:
        times = wording.fixed(10**one.decades, 2)
        told = f"At layer 1 the gradient is {times} times that at layer {depth}, {rate}."
    else:
        told = (
            f"At layer 1 the gradient is {counted(one.decades)} times as large as at layer "
            f"{depth}, {rate}."
        )
    return f"**{name}: {one.fate.value}.** {told}"


def counted(decades: float) -> str:
    """Write a number of 1 or more as one says it: 26, 3400, 20 million, 7.1·10¹³."""
    if decades >= 12:
        return multiple(decades)
    number = 10**decades
    for least, unit, name in ((1e9, 1e9, "billion"), (1e6, 1e6, "million"), (1e4, 1e3, "thousand")):
        if number >= least:
            return f"{_two_digits(number / unit)} {name}"
    return _two_digits(number)


def _two_digits(number: float) -> str:
    places = max(1 - math.floor(math.log10(number)), -9)
    return f"{round(number, places):.{max(places, 0)}f}"


def multiple(decades: float) -> str:
    """Write 10 to the power of ``decades``, also where that is no float64."""
    if math.isnan(decades):
        return "unknown"
    if decades == -math.inf:
        return "0"
    if abs(decades) < 300:
        return wording.number(10**decades, 2)
    whole = math.floor(decades)
    exponent = str(whole).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))
    return f"{wording.number(10 ** (decades - whole), 2)}·10{exponent}"


def column(decades: float) -> str:
    """Write 10 to the power of ``decades`` with the same decimals as its neighbours."""
    small = math.isfinite(decades) and abs(decades) < 300
    return wording.fixed(10**decades, 3) if small else multiple(decades)


def row(one: Verdict, bound: float, depth: int) -> list[str]:
    """Return the cells of the table for one stack, after its name."""
    if one.overflow:
        return ["beyond float64", "–", "–", column(bound), one.fate.value]
    spread = f"{column(one.low)} to {column(one.high)}"
    rate = wording.fixed(10 ** (one.decades / (depth - 1)), 3) if depth > 1 else "–"
    return [column(one.decades), spread, rate, column(bound), one.fate.value]


def heads(weights: bool) -> list[str]:
    """Return the heads of the table, with or without a column for ∂L/∂W."""
    found = [
        "Stack",
        "Left at layer 1",
        "Lowest to highest draw",
        "A layer",
        "Product of the largest slopes",
        "Verdict",
    ]
    return found + ["∂L/∂W at layer 1"] * weights


def let_go(sliders: Sequence[str]) -> str:
    """Say which sliders move a large stack only when they are let go."""
    return f"For stacks this large, {wording.listed(sliders)} follow when they are let go."


def _overflow(one: Verdict) -> str:
    if one.backward:
        return (
            f"On its way back the gradient passes 1.8·10³⁰⁸, the largest number there is, at layer "
            f"{one.overflow}; the curve ends there."
        )
    return (
        f"The signal itself passes 1.8·10³⁰⁸, the largest number there is, at layer "
        f"{one.overflow}: there is no output, and so no gradient."
    )
