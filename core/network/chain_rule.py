"""The chain rule along one path of units: its factors, the strongest path, and all together.

From a unit u of one layer to a unit k of the next, both at what enters the activation, ẑ,

    ∂ẑ'_k/∂ẑ_u = f′(ẑ_u) · (w_uk − c_uk) · s_k · o_u .

w is the weight, gain included. A normalisation divides by its standard deviation, which
is the factor s = 1/σ; and because its mean and its variance move with the unit, too, they
take c off the weight. For layer normalisation over n units c_uk is the mean over j of
w_uj (1 + ẑ'_k ẑ'_j); for batch normalisation over B inputs, of which one is changed, it
is w_uk (1 + ẑ'_k²)/B. o is what dropout and the scale of a skip connection multiply by.

So the product along a path *is* that path's share of the derivative. All paths together
are the derivative itself, but for two detours: those over skip connections, which pass
layers by, and under batch normalisation those through other inputs of the batch.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.network import Backward, Forward, backward
from core.network.gradient_flow import Draw
from core.network.normalisation import Normalisation
from core.numeric import Real


class Step(NamedTuple):
    """One factor of the chain rule, from unit ``unit`` of ``layer`` on to the layer above.

    Units are counted from 0, layers from 1. ``factor`` = slope · (weight − cross) · scale ·
    other, as the module's introduction has it: ``cross`` is 0 and ``scale`` 1 without
    normalisation, ``other`` is 1 without dropout and scaled skips. ``product`` is that of
    all factors from here to the last layer.
    """

    layer: int
    unit: int
    pre: float
    slope: float
    weight: float
    cross: float
    scale: float
    other: float
    factor: float
    product: float


class Links(NamedTuple):
    """What joins two layers for one input: arrays (units, units of the next layer).

    ``scale`` is (units of the next layer,), ``other`` (units,).
    """

    weight: Real
    cross: Real
    scale: Real
    other: Real

    @property
    def factor(self) -> Real:
        """All of it together, still without the slope."""
        return (self.weight - self.cross) * self.scale * self.other[:, None]


def chain(one: Draw, run: Forward, back: Backward, sample: int, units: Sequence[int]) -> list[Step]:
    """Return the factors along a path of units, one a layer, for one input of the batch.

    The steps run from the layer before the last down to the first, as the gradient does.
    """
    steps: list[Step] = []
    product = 1.0
    for layer in range(one.network.stack.depth - 2, -1, -1):
        unit, above = units[layer], units[layer + 1]
        slope = float(back.slopes[layer][sample, unit])
        link = links(one, run, layer, sample)
        factor = slope * float(link.factor[unit, above])
        product *= factor
        steps.append(
            Step(
                layer=layer + 1,
                unit=unit,
                pre=float(run.pre[layer][sample, unit]),
                slope=slope,
                weight=float(link.weight[unit, above]),
                cross=float(link.cross[unit, above]),
                scale=float(link.scale[above]),
                other=float(link.other[unit]),
                factor=factor,
                product=product,
            )
        )
    return steps


def strongest_path(
    one: Draw,
    run: Forward,
    back: Backward,
    sample: int,
    through: Sequence[int | None] = (),
) -> list[int]:
    """Return the units, one a layer, of the path whose factors have the largest product.

    ``through`` names the unit of each layer, from the first on, that the path has to take,
    and None where it is free, as are all layers beyond its end. Found exactly, by dynamic
    programming from the last layer down: of all width^depth paths, without looking at each.
    Raises ``IndexError`` for a unit that there is not.
    """
    stack = one.network.stack
    taken = [*through[: stack.depth], *[None] * (stack.depth - len(through))]
    score = _only(np.zeros(stack.sizes[-1]), taken[-1])
    choices = []
    with np.errstate(divide="ignore"):
        for layer in range(stack.depth - 2, -1, -1):
            factor = links(one, run, layer, sample).factor * back.slopes[layer][sample][:, None]
            total = np.log(np.abs(factor)) + score
            choices.append(total.argmax(axis=1))
            score = _only(total.max(axis=1), taken[layer])
    units: list[int] = []
    for layer, unit in enumerate(taken):
        best = choices[-layer][units[-1]] if layer else score.argmax()
        # Asked for by name: where every product is 0, all paths are equally strong.
        units.append(int(best) if unit is None else unit)
    return units


def between(one: Draw, run: Forward, sample: int, first: int, last: int) -> float:
    """Return ∂ẑ_last/∂ẑ_first of one unit each, by backpropagation.

    It is the sum over all paths between them and, where there are any, over all detours.
    """
    start = np.zeros_like(run.pre[-1])
    start[sample, last] = 1.0
    back = backward(one.network, run, start, parameters=False, at_pre=True)
    return float(back.pre[0][sample, first])


def links(one: Draw, run: Forward, layer: int, sample: int) -> Links:
    """Return what joins ``layer``, counted from 0, to the next one, for one input."""
    stack = one.network.stack
    weight = float(one.network.gain) * one.network.weights[layer + 1]
    above = run.pre[layer + 1][sample]
    kind = Normalisation.NONE if stack.is_linear(layer + 1) else stack.normalisation
    cross = np.zeros_like(weight)
    if kind is Normalisation.LAYER:
        along = (weight @ above)[:, None] * above
        cross = (weight.sum(axis=1, keepdims=True) + along) / above.size
    if kind is Normalisation.BATCH:
        cross = weight * (1 + above**2) / len(run.pre[layer + 1])
    mask = run.masks[layer]
    kept = np.ones(weight.shape[0]) if mask is None else mask[sample]
    return Links(
        weight=weight,
        cross=cross,
        scale=np.broadcast_to(run.factors[layer + 1], run.pre[layer + 1].shape)[sample],
        other=kept * (stack.branch if stack.skips(layer) else 1.0),
    )


def _only(score: Real, unit: int | None) -> Real:
    """Return the scores of a layer's units, −∞ for all but ``unit`` if there is one."""
    if unit is None:
        return score
    alone = np.full_like(score, -math.inf)
    alone[unit] = score[unit]
    return alone
