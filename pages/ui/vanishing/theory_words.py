"""The theory in words: verdicts and the cells of its tables."""

import math
from collections.abc import Sequence

from core.mean_field import Estimate, Fate, FixedPoint
from pages.ui import wording

SYMBOLS = (
    "σ_w² is the variance of a weight times the number of inputs of its layer, gain included; "
    "σ_b² that of a bias. q is the variance of the pre-activations z = Wh + b of a layer, and q\\* "
    "the value at which it comes to rest. χ₁ = σ_w² E[f′(z)²] is what one layer multiplies "
    "the *squared* gradient by on its way back once q has come to rest, so that the gradient "
    "itself changes by √χ₁. All of it holds for very wide layers."
)

JUMPS = (
    "The function jumps. Backpropagation sees nothing of a jump, and χ₁ counts only the slopes "
    "beside it; but two inputs that are nearly the same may fall on either side, so signals are "
    "torn apart all the same."
)

_VARIANCE = {
    Fate.SETTLES: "the variance settles at q\\* = {q}",
    Fate.VANISHES: "the variance of the signal vanishes",
    Fate.VANISHES_SLOWLY: "the variance of the signal vanishes, though slowly, as 1/layer",
    Fate.STAYS: "every variance stays as it is",
    Fate.GROWS: "the variance has no fixed point: it grows without limit",
    Fate.GROWS_SLOWLY: "the variance has no fixed point: it grows, though ever more slowly",
    Fate.ALTERNATES: "the variance jumps to and fro around q\\* = {q}",
}


def verdict(chi: float, variance: float, fate: Fate) -> str:
    """Say in a sentence what the theory expects of signal and gradient."""
    chi = steady(chi)
    settles = _VARIANCE[fate].format(q=_short(variance))
    if chi == 0:
        return f"**No gradient at all** (χ₁ = 0); {settles}."
    layers = tenfold(chi)
    if math.isinf(layers):
        return f"**At the edge** (χ₁ = 1): a gradient survives any depth; {settles}."
    if chi < 1:
        return (
            f"**Ordered** (χ₁ = {wording.fixed(chi, 3)}): a gradient is down to a tenth after "
            f"about {count(layers)}; {settles}."
        )
    return (
        f"**Chaotic** (χ₁ = {wording.fixed(chi, 3)}): a gradient grows tenfold in about "
        f"{count(layers)}; {settles}."
    )


def others(points: Sequence[FixedPoint]) -> str | None:
    """Say so where the start decides: where another fixed point of the variance repels."""
    repel = [_short(p.variance) for p in points if not p.stable and p.variance > 0]
    if not repel:
        return None
    return (
        f"The start decides: there is also a fixed point of the variance at {' and '.join(repel)}, "
        "and it repels. A variance below it goes one way, one above it the other."
    )


def steady(value: float) -> float:
    """Leave out digits that are nothing but rounding, so that what lies halfway stays there."""
    return float(f"{value:.8g}")


def tenfold(chi: float) -> float:
    """Return the layers in which the gradient changes by a factor of ten."""
    if chi == 0:
        return 0.0
    decades = abs(math.log10(chi)) / 2
    return math.inf if decades < 1e-7 else 1 / decades


def count(layers: float) -> str:
    """Write a number of layers."""
    if layers < 1.05:
        return "a single layer"
    return f"{_short(layers, 2)} layers"


def cells(
    weight_variance: float, bias_variance: float, variance: float, chi: float, gradient: float
) -> tuple[str, ...]:
    """Return σ_w², σ_b², q*, χ₁, √χ₁ and the predicted decades at layer 1."""
    chi = steady(chi)
    return (
        _short(weight_variance, 4),
        _short(bias_variance, 4),
        _short(variance, 4),
        wording.fixed(chi),
        wording.fixed(math.sqrt(chi)),
        decades(round(gradient, 8) + 0.0),
    )


def _short(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits, also where it is large."""
    return wording.number(float(f"{steady(value):.{digits}g}"), digits)


def decades(value: float) -> str:
    """Write a number of decades."""
    return wording.fixed(value, 2) if math.isfinite(value) else wording.number(value)


def measured(estimate: Estimate) -> str:
    """Write what was measured at layer 1, with its standard error."""
    value, error = float(estimate.value[0]), float(estimate.error[0])
    if not math.isfinite(value):
        return "Measured at layer 1: **nothing finite**."
    if math.isnan(error):
        return f"Measured at layer 1: **{decades(value)}** decades, in a single draw."
    return f"Measured at layer 1: **{decades(value)} ± {wording.fixed(error, 2)}** decades."


LET_GO = "Measured at layer 1: **not yet**; let the slider go."


def redrawn(glyphs: Sequence[str]) -> str:
    """Say which sliders have to be let go before the phase diagram moves."""
    return (
        f"The phase diagram itself follows {wording.listed(glyphs)} when let go: each value has "
        "one of its own."
    )


def beyond(parts: Sequence[str]) -> str:
    """Say what the theory leaves out."""
    return (
        f"This is the theory of a plain stack. It leaves out {wording.listed(parts)}, so what was "
        "measured need not follow it."
    )


def apart(gap: float, slope: float, chi: float) -> str:
    """Say what becomes of two inputs. ``gap`` is 1 − c*, ``slope`` that of the map there."""
    scale = -1 / math.log(slope) if 0 < slope < 1 else math.inf
    pace = (
        "ever more slowly"
        if math.isinf(scale)
        else f"the distance to it shrinks to a third in about {count(1.1 * scale)}"
    )
    if gap == 0:
        why = "= 1" if abs(chi - 1) < 1e-9 else "< 1"
        return (
            f"**Two inputs become the same** (c\\* = 1, because χ₁ {why}): {pace}. What told them "
            "apart is lost on the way."
        )
    why = "χ₁ > 1" if chi > 1 else "the function jumps, and tells apart what lies on either side"
    return (
        f"**Two inputs are driven to a correlation of {wording.fixed(1 - gap, 3)}**, however alike "
        f"they were ({why}): {pace}."
    )


def at_rest(mean: float, variance: float, contraction: float) -> str:
    """Say where mean and variance come to rest, and what a layer leaves of an error."""
    if variance == 0:
        return "**No rest:** layer after layer the variance vanishes."
    if math.isinf(variance):
        return "**No rest:** layer after layer the variance grows, without limit."
    variance, contraction = steady(variance), steady(contraction)
    near = abs(mean) < 1e-6 and abs(variance - 1) < 1e-6
    place = "(0, 1)" if near else f"({_mean(mean)}, {wording.fixed(variance, 3)})"
    return (
        f"**Drawn to (μ, ν) = {place}:** each layer leaves {wording.percent(contraction)} of "
        "a small error."
    )


def rest_row(
    mean: float, variance: float, contraction: float, chi: float
) -> tuple[str, str, str, str]:
    """Return mean, variance, share of an error left, and the gradient's factor a layer."""
    if not 0 < variance < math.inf:
        return "–", "vanishes" if variance == 0 else "explodes", "–", "–"
    return (
        _mean(mean),
        wording.fixed(steady(variance), 3),
        wording.percent(steady(contraction)),
        wording.fixed(math.sqrt(steady(chi)), 3),
    )


def _mean(mean: float) -> str:
    return wording.fixed(round(mean, 6), 3)
