"""A finite stack layer by layer: what theory predicts of it, and what draws of it tell."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.mean_field.expectations import Table, table
from core.mean_field.variance import check
from core.numeric import Real
from core.spec import Activation

GREATEST_VARIANCE = 1e300
"""A variance that is larger has overflowed."""


class Layers(NamedTuple):
    """The theory's prediction for a finite stack; arrays (..., depth), layer 1 first.

    ``variance`` of the pre-activations (inf once it has overflowed), ``chi`` at that
    variance, and ``gradient``: log₁₀ of the root mean square of ∂L/∂z, relative to the
    last layer's.
    """

    variance: Real
    chi: Real
    gradient: Real


class Estimate(NamedTuple):
    """What several draws of a network found, by layer: a value and its standard error.

    The error is nan for a single draw.
    """

    value: Real
    error: Real


def layers(
    activation: Activation,
    weight_variance: npt.ArrayLike,
    bias_variance: npt.ArrayLike,
    input_second_moment: npt.ArrayLike,
    depth: int,
    **parameters: float,
) -> Layers:
    """Return what the theory predicts for stacks of ``depth`` layers of equal width.

    ``input_second_moment`` is the mean of x² over the inputs' features. It and both
    variances may be arrays (S,), for as many stacks. χ is taken at the variance of each
    layer, so the prediction also holds before q has settled; read from the table, it has
    six digits. Raises ``ValueError`` for a variance that is negative or not finite.
    """
    known = table(activation, **parameters)
    return stacks(known, weight_variance, bias_variance, input_second_moment, depth)


def stacks(
    known: Table,
    weight_variance: npt.ArrayLike,
    bias_variance: npt.ArrayLike,
    input_second_moment: npt.ArrayLike,
    depth: npt.ArrayLike,
) -> Layers:
    """Return what :func:`layers` does, for a table at hand and stacks that may differ in depth.

    The variances and ``depth`` broadcast to (S,); a table of S rows holds one for each stack.
    All is nan behind the last layer of a stack that is less deep than others.
    """
    given = (weight_variance, bias_variance, input_second_moment)
    weights, biases, inputs = np.broadcast_arrays(*(np.asarray(g, dtype=np.float64) for g in given))
    for one in (weights, biases, inputs):
        check(*one.ravel().tolist())
    rows, deepest = known.rows, int(np.max(depth))
    q = weights * inputs + biases
    variances = []
    with np.errstate(over="ignore"):
        for _ in range(deepest):
            variances.append(q)
            q = weights * known.second(np.minimum(q, GREATEST_VARIANCE), rows) + biases
    variance = np.stack(variances, axis=-1)
    held = np.minimum(variance, GREATEST_VARIANCE)
    chi = weights[..., None] * known.slope(held, None if rows is None else rows[:, None])
    variance = np.where(variance <= GREATEST_VARIANCE, variance, np.inf)
    layer, last = np.arange(1, deepest + 1), np.asarray(depth)[..., None]
    with np.errstate(divide="ignore"):
        factors = np.where(layer < last, np.log10(chi) / 2, 0.0)
    # What a layer does to the gradient counts for all layers before it.
    gradient = np.cumsum(factors[..., ::-1], axis=-1)[..., ::-1]
    return Layers(*(np.where(layer <= last, part, np.nan) for part in (variance, chi, gradient)))


def decay_estimate(gradient: Real) -> Estimate:
    """Return half of log₁₀ of the mean square of ∂L/∂z, relative to the last layer's.

    ``gradient`` (draws, depth) holds root mean squares. The theory speaks of mean squares:
    a mean of logarithms lies below, the more the deeper and narrower the network. There
    a few large draws make up most of a mean, and as long as none has come, it is too low and
    looks too sure of itself. But the logarithm y of the square, a sum over layers, is all
    but normal (Hanin & Nica 2019), and then log E eʸ is E y + s²/2 with the variance s² of
    y; its standard error is √(s²/n + s⁴/(2(n − 1))) after n draws. Results are (depth,), nan
    where a draw has no gradient.
    """
    count = len(gradient)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = 2 * np.log(gradient / gradient[:, -1:])
        mean = np.where(np.isfinite(logs).all(axis=0), logs.mean(axis=0), math.nan)
        spread = logs.var(axis=0, ddof=1) if count > 1 else np.zeros(mean.shape)
        known = spread if count > 1 else np.full(mean.shape, math.nan)
        error = np.sqrt(known / count + known**2 / 2 / max(count - 1, 1))
    return Estimate((mean + spread / 2) / (2 * math.log(10)), error / (2 * math.log(10)))


def variance_estimate(second_moment: Real) -> Estimate:
    """Return the mean over draws of the pre-activations' mean square, (draws, depth)."""
    count = len(second_moment)
    mean = second_moment.mean(axis=0)
    if count == 1:
        return Estimate(mean, np.full(mean.shape, np.nan))
    return Estimate(mean, second_moment.std(axis=0, ddof=1) / math.sqrt(count))
