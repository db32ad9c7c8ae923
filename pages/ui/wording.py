"""Numbers, intervals and facts in words, as they stand on the page."""

import math
import re
from collections.abc import Sequence

from core.facts import WINDOW, Facts, Join, Passage
from core.loss_facts import LossFacts, Pull
from core.numeric import Receipt
from core.spec import Axis, Interval, Loss

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_JOINS = {Join.JUMP: "jump", Join.KINK: "kink", Join.BEND: "bend"}


def number(value: float, digits: int = 4) -> str:
    """Write a number as short as ``digits`` significant places allow: 0.25, 3.1·10⁻⁹, −∞."""
    if value == 0 or not math.isfinite(value):
        return _special(value)
    if not 1e-3 <= abs(value) < 1e5:
        return _power(value, digits - 1)
    return f"{value:.{digits}g}".replace("-", "−") if abs(value) < 1 else _trimmed(value, digits)


def fixed(value: float, decimals: int = 4) -> str:
    """Write a number for a column: always as many decimals, tiny ones as powers of ten."""
    if not math.isfinite(value):
        return _special(value)
    if value != 0 and not 10**-decimals <= abs(value) < 1e5:
        return _power(value, 2)
    return f"{value + 0.0:.{decimals}f}".replace("-", "−")  # + 0.0: no −0.0000


def at(x: float, axis: str = "x") -> str:
    """Write where something is read off."""
    return f"at {symbol(axis)} = {number(x)}"


def symbol(axis: str) -> str:
    """Return the symbol in an axis' title such as "residual, r = ŷ − y"."""
    return axis.rpartition(", ")[2].partition(" =")[0]


def percent(share: float) -> str:
    """Write a share as a percentage with one decimal."""
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def listed(parts: Sequence[str]) -> str:
    """Name several things in a row: one, two and three."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def let_go(sliders: Sequence[str]) -> str:
    """Say which sliders move the picture only when they are let go."""
    if len(sliders) > 3:
        return "The picture follows most of these sliders when they are let go."
    return f"The picture follows {listed(sliders)} when let go."


def interval(one: Interval, digits: int = 4) -> str:
    """Write an interval with its brackets: a square one where the end is reached.

    No line breaks within it.
    """
    if one.low == one.high:
        return f"{{{number(one.low, digits)}}}"
    left, right = "[" if one.low_closed else "(", "]" if one.high_closed else ")"
    return f"{left}{number(one.low, digits)},\N{NO-BREAK SPACE}{number(one.high, digits)}{right}"


def smoothness(facts: Facts) -> str:
    """Say how many derivatives are continuous."""
    if facts.smoothness == math.inf:
        return "C∞ (smooth)"
    if facts.smoothness < 0:
        return "discontinuous"
    return f"C{str(int(facts.smoothness)).translate(_SUPERSCRIPTS)}"


def joins(facts: Facts) -> str:
    """List the jumps, kinks and bends with their places."""
    if not facts.breaks:
        return "none"
    return ", ".join(f"{_JOINS[b.kind]} at {number(b.x)}" for b in facts.breaks)


def saturation(facts: Facts) -> str:
    """List the stretches where the gradient is under the threshold: the three nearest to 0."""

    def away(one: Interval) -> float:
        return max(one.low, -one.high, 0.0)

    nearest = sorted(sorted(facts.saturation, key=away)[:3], key=lambda one: one.low)
    stretches = [interval(one) for one in nearest]
    if (more := len(facts.saturation) - 3) > 0:
        stretches.append(f"{more} more within ±{WINDOW:g}")
    return " and ".join(stretches) or "nowhere"


def steepest(facts: Facts) -> str:
    """Write the largest gradient and where it is."""
    at = number(facts.max_gradient_at)
    if math.isinf(facts.max_gradient_at):
        return f"{fixed(facts.max_gradient)} as x → {at}"
    return f"{fixed(facts.max_gradient)} at x = {at}"


def literal(text: str, most: int = 40) -> str:
    """Return a visitor's word as code, where Markdown interprets nothing, in one short line."""
    word = " ".join(text.replace("`", "'").split())[:most]
    return f"`{word}`" if word else "“”"


def plain(text: str, most: int = 300) -> str:
    """Return a sentence that may quote a visitor so that Markdown shows it as it stands."""
    line = " ".join(text.split())[:most]
    # Addresses are made links after escaping; an invisible joiner within keeps them text.
    unlinked = re.sub(r"(?<=[:@])(?=\S)|(?<=www)(?=\.)", "\u2060", line)
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", unlinked)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose first column names the rows."""
    rule = "|:--|" + "--:|" * (len(heads) - 1)
    head, *body = (
        "| " + " | ".join(c.replace("|", "\\|") for c in r) + " |" for r in (heads, *rows)
    )
    return "\n".join([head, rule, *body])


def facts_table(heads: Sequence[str], all_facts: Sequence[Facts], threshold: float) -> str:
    """Return the facts of several functions side by side, as a Markdown table."""
    rows = [
        ("Range", [interval(f.range) for f in all_facts]),
        ("Largest |f′|", [steepest(f) for f in all_facts]),
        ("f′(0)", [fixed(f.gradient_at_zero) for f in all_facts]),
        ("Monotone?", [f.monotonicity.value for f in all_facts]),
        ("Symmetry", [f.parity.value for f in all_facts]),
        ("Smoothness", [smoothness(f) for f in all_facts]),
        ("Jumps, kinks, bends", [joins(f) for f in all_facts]),
        ("Lipschitz constant", [fixed(f.lipschitz) for f in all_facts]),
        (f"Saturated: |f′| < {number(threshold)}", [saturation(f) for f in all_facts]),
        # The quadrature is accurate to 1e-9: below that is rounding, not a number.
        ("Mean of f(z)", [fixed(round(f.normal_mean, 9)) for f in all_facts]),
        ("Variance of f(z)", [fixed(round(f.normal_variance, 9)) for f in all_facts]),
        ("Share of z with f′ = 0", [percent(f.dead_share) for f in all_facts]),
    ]
    return table(["", *heads], [[name, *cells] for name, cells in rows])


def verdict(name: str, facts: Facts | Passage, threshold: float) -> str:
    """Say in one sentence what the gradient of one function means for a deep network.

    ``threshold`` is the |f′| under which the function counts as saturated.
    """
    steep = facts.max_gradient
    if facts.dead_share == 1:
        return f"**{name}** has a gradient of zero everywhere: gradient descent cannot train it."
    if facts.dead_share > 0.01:
        return (
            f"**{name}** blocks the gradient completely on {percent(facts.dead_share)} "
            "of a standard normal input."
        )
    if steep < 0.999:
        return (
            f"**{name}** never passes more than {number(steep)} of the gradient: ten layers of it "
            f"leave at most {number(steep**10, 2)}, unless the weights make up for it."
        )
    if steep == math.inf:
        return f"**{name}** has a gradient without bound: large inputs make it explode."
    if steep > 1.001:
        return (
            f"**{name}** can enlarge the gradient: {number(steep)}-fold where it is steepest, "
            f"{number(facts.gradient_at_zero)}-fold at zero."
        )
    if facts.least_gradient < threshold:
        return (
            f"**{name}** passes the gradient whole where it is steepest, and less than "
            f"{number(100 * threshold)}\N{NO-BREAK SPACE}% of it where it saturates."
        )
    return f"**{name}** never enlarges the gradient and never shuts it off."


_WRONG = {
    Axis.RESIDUAL: "however large the residual",
    Axis.MARGIN: "however wrong the score",
    Axis.PROBABILITY: "however wrong the probability",
    Axis.LOGIT: "however wrong the logit",
}


def loss_verdict(name: str, facts: Pull, axis: Axis) -> str:
    """Say in one sentence how hard the worst point can pull under a loss."""
    if facts.max_gradient == 0:
        return f"**{name}** has no gradient wherever it is smooth: nothing can descend it."
    if not facts.bounded_gradient:
        return f"**{name}** pulls without bound: one point far enough off outweighs all others."
    if facts.redescending:
        return (
            f"**{name}** pulls with {number(facts.max_gradient)} at the most, "
            "and lets go of what is far off."
        )
    return f"**{name}** never pulls harder than {number(facts.max_gradient)}, {_WRONG[axis]}."


def loss_facts_table(
    heads: Sequence[str], losses: Sequence[Loss], all_facts: Sequence[LossFacts]
) -> str:
    """Return the facts of several losses side by side, as a Markdown table."""
    rows = [
        ("Convex?", [_yes(f.convex) for f in all_facts]),
        ("Gradient bounded (robust)?", [_yes(f.bounded_gradient) for f in all_facts]),
        ("Largest |gradient|", [fixed(f.max_gradient) for f in all_facts]),
        ("Lets go of the largest errors?", [_yes(f.redescending) for f in all_facts]),
        ("Twice differentiable?", [_yes(f.smoothness >= 2) for f in all_facts]),
        ("Best constant prediction", [one.minimiser or "none" for one in losses]),
        ("Likelihood of the noise", [one.noise or "none" for one in losses]),
    ]
    return table(["", *heads], [[name, *cells] for name, cells in rows])


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


def receipt(one: Receipt, axis: str = "x") -> str:
    """Say how far the exact gradient is from a numerical one, and where."""
    return f"{number(one.largest_difference, 2)} {at(one.at, axis)}"


def _special(value: float) -> str:
    if value == 0:
        return "0"
    return "undefined" if math.isnan(value) else "∞" if value > 0 else "−∞"


def _power(value: float, decimals: int) -> str:
    mantissa, exponent = f"{value:.{decimals}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}·10{str(int(exponent)).translate(_SUPERSCRIPTS)}".replace("-", "−")


def _trimmed(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".").replace("-", "−")
