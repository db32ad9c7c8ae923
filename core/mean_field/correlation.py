"""Mean-field theory of two inputs: whether they grow alike or apart from layer to layer.

Two inputs give pre-activations u₁ and u₂ of variance q and correlation c. What is
computed is the half mean square difference of their activations,

    D(q, c) = ½ E (f(u₁) − f(u₂))² = E f² − E f(u₁) f(u₂),

because 1 − c' = σ_w² D / q' then keeps its digits when both inputs are nearly the same.

With u₁,₂ = √q (a x ± b y), a² = (1 + c)/2 and b² = (1 − c)/2, x and y are independent.
Gauss–Legendre panels cover the plane of (x, y); they end on the lines where u₁ or u₂
meets a break of the formula, and close up around the points where two lines cross.
"""

import math

import numpy as np
from scipy.optimize import brentq

from core.mean_field.expectations import jumps, moments
from core.mean_field.gaussian import rule
from core.mean_field.variance import Settled
from core.numeric import Real
from core.spec import Activation

_REACH = 9.0  # deviations: what lies beyond has a probability of 2e-19
_X_NODES, _X_WEIGHTS = np.polynomial.legendre.leggauss(10)
_Y_NODES, _Y_WEIGHTS = np.polynomial.legendre.leggauss(8)
_X_STEPS = np.array([0.5, 1.5, 4.0, 10.0])
_Y_STEPS = np.array([0.5, 1.5, 4.0])
_NARROWEST = 0.05  # deviations: an even faster wave would take too long
_STILL = 1e-10  # of a gap or a variance: a layer that changes less changes nothing
_FADED = 1e-6  # a variance that goes on falling from here on finds the function straight
_LEAST_GAP = 1e-14  # 1 − c: two inputs that are closer are the same


def difference(
    activation: Activation, variance: float, gap: float, **parameters: float
) -> tuple[float, float]:
    """Return D and dD/d(1 − c) for ``variance`` q and ``gap`` = 1 − c.

    The derivative counts jumps, and is infinite at a gap of 0 where the function has
    one. Raises ``ValueError`` unless 0 < q < ∞ and 0 ≤ gap < 2.
    """
    if not (0 < variance < math.inf and 0 <= gap < 2):
        raise ValueError(f"no such pair of inputs: variance {variance}, 1 - c = {gap}")
    if gap < _LEAST_GAP:
        slope = variance * float(moments(activation, variance, **parameters).slope)
        return 0.0, math.inf if jumps(activation, **parameters) else slope
    s, a, b = math.sqrt(variance), math.sqrt(1 - gap / 2), math.sqrt(gap / 2)
    # A wave needs panels no wider than what the rule in one dimension could hold.
    width = max(min(1.0, rule(activation, parameters).reach / s), _NARROWEST)
    breaks = np.array(activation.breaks(**parameters)) / s
    # Where u₁ meets one break and u₂ another, x is at their mean.
    x, x_weights = _outer(
        np.unique([0.0, *np.add.outer(breaks, breaks).ravel() / 2]), s, a, b, width
    )
    anchors = np.unique([0.0, *breaks])
    y, y_weights = _inner(np.abs(anchors - a * x[:, None]) / b, s * b, width)
    middle, half = (s * a * x)[:, None], s * b * y
    apart = activation(middle + half, **parameters) - activation(middle - half, **parameters)
    # y < 0 only exchanges the inputs: ½ E over all y is E over half of them.
    squares = y_weights * apart**2
    by_x = x_weights * squares.sum(axis=1)
    by_y = x_weights @ (squares * (y**2 - 1))
    d = float(by_x.sum())
    # The derivative of the density by c, not of the function.
    rate = by_y.sum() / (2 * gap) - (by_x @ (x**2 - 1)) / (2 * (2 - gap))
    return d, float(rate)


def gaps(
    activation: Activation,
    variance: Real,
    weight_variance: float,
    bias_variance: float,
    first: float,
    **parameters: float,
) -> Real:
    """Return 1 − c in every layer, from the ``variance`` (depth,) of each and the ``first`` gap.

    Two equal inputs stay equal; where the variance is 0 or has overflowed the gap is nan.
    """
    found = np.full(len(variance), np.nan)
    gap = first
    for layer, q in enumerate(variance.tolist()):
        if not 0 < q < math.inf:
            break
        found[layer] = gap
        following = (
            weight_variance * float(moments(activation, q, **parameters).second) + bias_variance
        )
        if following == 0:
            break
        before, gap = (
            gap,
            min(
                weight_variance * difference(activation, q, gap, **parameters)[0] / following, 1.999
            ),
        )
        settled = abs(following - q) <= _STILL * q or following < q < _FADED
        if abs(gap - before) <= _STILL * gap and settled:
            found[layer:] = gap
            break
    return found


def first_gap(
    weight_variance: float, bias_variance: float, input_second_moment: float, correlation: float
) -> float:
    """Return 1 − c in the first layer for two inputs of that second moment and correlation."""
    signal = weight_variance * input_second_moment
    total = signal + bias_variance
    return signal * (1 - correlation) / total if total > 0 else 0.0


def settled_gap(
    activation: Activation, weight_variance: float, settled: Settled, **parameters: float
) -> tuple[float, float]:
    """Return 1 − c* and the slope of the correlation map there, for a variance at rest.

    With χ₁ ≤ 1 two inputs become the same (1 − c* = 0); with χ₁ > 1, or a jump, they stay
    apart. Raises ``ValueError`` if the variance settles at 0 or nowhere.
    """
    q = settled.variance
    factor = weight_variance / q if q > 0 else math.inf

    def change(log_gap: float) -> float:
        gap = math.exp(log_gap)
        return factor * difference(activation, q, gap, **parameters)[0] / gap - 1

    d, rate = difference(activation, q, 1.0, **parameters)
    low = math.log(_LEAST_GAP)
    if factor * d >= 1 - 1e-12:
        return 1.0, factor * rate
    if change(low + 1e-3) <= 0:
        return 0.0, factor * difference(activation, q, 0.0, **parameters)[1]
    gap = math.exp(brentq(change, low + 1e-3, 0.0, xtol=1e-12))
    return gap, factor * difference(activation, q, gap, **parameters)[1]


def _outer(anchors: Real, s: float, a: float, b: float, width: float) -> tuple[Real, Real]:
    """Return nodes x and their probabilities, close around each anchor.

    What the inner integral does near one has the width b/a; the activation itself has a
    width of 1/s.
    """
    steps = np.concatenate([_X_STEPS * b / a, _X_STEPS / (s * a)])
    steps = np.concatenate([-steps, [0.0], steps])
    around = np.add.outer(anchors / a, steps).ravel()
    edges = np.concatenate(
        [np.linspace(-_REACH, _REACH, math.ceil(2 * _REACH / width) + 1), around]
    )
    edges = np.unique(np.clip(edges, -_REACH, _REACH))
    half = np.diff(edges)[:, None] / 2
    x = (edges[:-1, None] + half + half * _X_NODES).ravel()
    weights = (half * _X_WEIGHTS).ravel() * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return x, weights


def _inner(crossings: Real, sharpness: float, width: float) -> tuple[Real, Real]:
    """Return nodes y ≥ 0 and their probabilities for each x, (N, M), split at ``crossings``.

    ``crossings`` are (N, anchors). Where the activation changes within less than a
    deviation of y, ``sharpness`` = s·b > ½, panels close up around them.
    """
    cuts = [crossings]
    if sharpness > 0.5:
        cuts += [crossings + step / sharpness for step in (*-_Y_STEPS, *_Y_STEPS)]
    still = np.linspace(0.0, _REACH, math.ceil(_REACH / width) + 1)
    still = np.broadcast_to(still, (len(crossings), still.size))
    edges = np.sort(np.clip(np.hstack([still, *cuts]), 0.0, _REACH), axis=1)
    half = np.diff(edges, axis=1)[..., None] / 2
    y = (edges[:, :-1, None] + half + half * _Y_NODES).reshape(len(crossings), -1)
    weights = (half * _Y_WEIGHTS).reshape(y.shape) * np.exp(-y * y / 2) / math.sqrt(2 * math.pi)
    return y, weights
