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
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.network import Layers
from core.network.normalisation import Normalisation
from core.network.ways import WaysBack
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


@dataclass(frozen=True, eq=False)
class Paths:
    """One path through each of S stacks, and its factors.

    ``units`` (S, deepest) are counted from 0, −1 where a stack has no such layer. The
    others but ``total`` are (S, deepest − 1), from each layer to the next, as in
    :class:`Step`; nan where there is none. ``total`` (S,) is ∂ẑ_last/∂ẑ_first of the two
    units at the ends: the sum over all paths between them and, where there are any, over
    all detours; nan where numbers overflow. ``overflow`` (S,) is the layer at which they
    do, counted from 1, 0 where there is none.
    """

    depths: Layers
    units: Layers
    pre: Real
    slope: Real
    weight: Real
    cross: Real
    scale: Real
    other: Real
    total: Real
    overflow: Layers

    @cached_property
    def factor(self) -> Real:
        """What each step multiplies by."""
        with np.errstate(all="ignore"):
            return self.slope * (self.weight - self.cross) * self.scale * self.other

    @cached_property
    def product(self) -> Real:
        """The product of the factors from each layer to the last one."""
        known = np.where(np.isnan(self.weight), 1.0, self.factor)
        with np.errstate(all="ignore"):
            found = np.cumprod(known[:, ::-1], axis=1)[:, ::-1]
        return np.where(np.isnan(self.weight), math.nan, found)

    def steps(self, row: int) -> list[Step]:
        """Return a path's factors from the last layer to the first, as the gradient travels."""
        factors = (self.pre, self.slope, self.weight, self.cross, self.scale, self.other)
        columns = (self.units, *factors, self.factor, self.product)
        rows = [column[row, : self.depths[row] - 1].tolist() for column in columns]
        layers = range(1, int(self.depths[row]))
        return [Step(*one) for one in zip(layers, *rows, strict=True)][::-1]


def paths(ways: WaysBack, samples: npt.ArrayLike, taken: npt.ArrayLike = ()) -> Paths:
    """Return the paths whose factors have the largest products, and their factors.

    They are for one input of the batch each, ``samples`` (S,) or one for all. ``taken``,
    (S, layers) or (layers,), names the units that they have to take from the first layer on,
    −1 where they are free, as they are in all layers beyond its end. Found exactly, by
    dynamic programming from the last layer down: of all width^depth paths, without looking
    at each. Raises ``IndexError`` for a unit that there is not.
    """
    stack = ways.one.network.stack
    count, deepest = len(ways.depths), stack.depth
    sample = np.broadcast_to(np.asarray(samples, dtype=np.intp), count)[ways.order]
    given = np.atleast_2d(np.asarray(taken, dtype=np.intp))[:, :deepest]
    forced = np.full((count, deepest), -1, dtype=np.intp)
    forced[:, : given.shape[1]] = given
    if (forced >= np.array(stack.sizes[1:])).any():
        raise IndexError(f"units beyond the widths {stack.sizes[1:]}: {taken!r}")
    links = _Links(ways, sample)
    units = _strongest(links, forced[ways.order])
    found = np.full((6, count, deepest - 1), math.nan)
    for layer in range(links.reach):
        begun = links.begun(layer)
        some = np.arange(begun)
        here, above = units[:begun, layer], units[:begun, layer + 1]
        link = links.between[layer]
        weight, cross = (
            link.gain
            * np.broadcast_to(part, (begun, *stack.sizes[layer + 1 : layer + 3]))[some, here, above]
            for part in (links.weight(layer), links.cross(layer))
        )
        columns = (
            link.pre[some, here],
            link.slope[some, here],
            weight,
            cross,
            link.scale[some, above],
            link.other[some, here],
        )
        for column, values in zip(found, columns, strict=True):
            column[:begun, layer] = values
    back = np.argsort(ways.order, kind="stable")
    units, sample, depths = units[back], sample[back], ways.depths[back]
    pre, slope, weight, cross, scale, other = found[:, back]
    total = _between(ways, sample, depths, units)
    over = np.where(ways.forward_overflow > 0, ways.forward_overflow, ways.backward_overflow)
    return Paths(depths, units, pre, slope, weight, cross, scale, other, total, over)


class _Link(NamedTuple):
    """What there is between the units of a layer and those of the next, for k stacks.

    ``pre``, its ``slope`` and ``other`` are (k, units), ``scale`` is (k, units of the next
    layer), ``gain`` (k or 1,).
    """

    pre: Real
    slope: Real
    gain: Real
    scale: Real
    other: Real


@dataclass(frozen=True, eq=False)
class _Links:
    """What joins the layers of S stacks, in the order of their ways, for one input of each."""

    ways: WaysBack
    sample: Layers

    @property
    def reach(self) -> int:
        """How many layers are joined to a next one, as far as the way forward came."""
        return len(self.ways.run.pre) - 1

    def begun(self, layer: int) -> int:
        """Return how many of the stacks have a layer above ``layer``, counted from 0."""
        return int((self.ways.depths > layer + 1).sum())

    @cached_property
    def between(self) -> list[_Link]:
        """What joins each layer to the next one, but for the matrices."""
        run, network = self.ways.run, self.ways.one.network
        gains = np.asarray(network.gain, dtype=np.float64).reshape(-1)
        found = []
        for layer in range(self.reach):
            begun = self.begun(layer)
            pre = self._of(run.pre[layer], layer, begun)
            mask = run.masks[layer]
            other = self._of(np.ones(()) if mask is None else mask, layer, begun)
            if network.stack.skips(layer):
                other = other * np.ravel(network.share)[:begun, None]
            scale = self._of(run.factors[layer + 1], layer + 1, begun)
            slope = self._of(self.ways.slopes[layer], layer, begun)
            found.append(_Link(pre, slope, gains[:begun], scale, other))
        return found

    def weight(self, layer: int) -> Real:
        """Return the weights to the next layer without the gain, (1, units, its units)."""
        return self.ways.one.network.weights[layer + 1][None]

    def cross(self, layer: int) -> Real:
        """Return what a normalisation takes off them, broadcasting to (begun, units, units)."""
        run, stack, weight = self.ways.run, self.ways.one.network.stack, self.weight(layer)
        kind = Normalisation.NONE if stack.is_linear(layer + 1) else stack.normalisation
        if kind is Normalisation.NONE:
            return np.zeros((1, 1, 1))
        above = self._of(run.pre[layer + 1], layer + 1, self.begun(layer))[:, None, :]
        if kind is Normalisation.LAYER:
            along = (weight @ np.swapaxes(above, -1, -2)) * above
            crossing: Real = (weight.sum(axis=-1, keepdims=True) + along) / above.shape[-1]
        else:
            crossing = weight * (1 + above**2) / run.pre[layer + 1].shape[-2]
        return crossing

    def _of(self, part: Real, layer: int, begun: int) -> Real:
        """Return the inputs' rows, (begun, units), of what a layer has (..., batch, units)."""
        shape = self.ways.run.pre[layer].shape
        if part.size == 1:
            return np.full((begun, shape[-1]), part)
        whole = part if part.shape == shape else np.broadcast_to(part, shape)
        if self.ways.own:
            return whole[np.arange(begun), self.sample[:begun]]
        return whole[self.sample[:begun]]


def _strongest(links: _Links, forced: Layers) -> Layers:
    """Return the units of the strongest paths, in the order of the ways, −1 above the last."""
    stack, depths = links.ways.one.network.stack, links.ways.depths
    score = np.empty((0, stack.sizes[-1]))
    choices: dict[int, Layers] = {}
    # One for all layers: to fetch so much from the system takes longer than the sums.
    widest = max(stack.sizes[1:])
    room = np.empty((len(depths), widest, widest))
    with np.errstate(all="ignore"):
        for layer in range(links.reach - 1, -1, -1):
            begun = links.begun(layer)
            fresh = np.zeros((begun - len(score), stack.sizes[layer + 2]))
            fresh = _only(fresh, forced[len(score) : begun, layer + 1])
            score = np.concatenate([score, fresh])
            link = links.between[layer]
            # Only what depends on both units counts in the choice between those above.
            above = (score + np.log(link.scale))[:, None, :]
            joined = np.log(np.abs(links.weight(layer) - links.cross(layer)))
            total = np.add(joined, above, out=room[:begun, : joined.shape[1], : joined.shape[2]])
            choices[layer] = total.argmax(axis=-1)
            best = np.take_along_axis(total, choices[layer][..., None], axis=-1)[..., 0]
            below = np.log(np.abs(link.slope * link.other * link.gain[:, None]))
            score = _only(best + below, forced[:begun, layer])
    units = np.full(forced.shape, -1, dtype=np.intp)
    units[:, 0] = np.maximum(forced[:, 0], 0)
    if choices:
        # Asked for by name: where every product is 0, all paths are equally strong.
        free = forced[: len(score), 0] < 0
        units[: len(score), 0] = np.where(free, score.argmax(axis=1), forced[: len(score), 0])
    for layer in sorted(choices):
        rows = np.arange(len(choices[layer]))
        best = choices[layer][rows, units[rows, layer]]
        units[rows, layer + 1] = np.where(
            forced[rows, layer + 1] < 0, best, forced[rows, layer + 1]
        )
    return np.where(np.arange(forced.shape[1]) < depths[:, None], np.maximum(units, 0), -1)


def _only(score: Real, forced: Layers) -> Real:
    """Return scores (k, units), −∞ for all units but the one that is forced, where one is."""
    alone = np.arange(score.shape[1]) == forced[:, None]
    return np.where((forced[:, None] < 0) | alone, score, -math.inf)


def _between(ways: WaysBack, samples: Layers, depths: Layers, units: Layers) -> Real:
    """Return ∂ẑ_last/∂ẑ_first of the units at both ends of each path, by backpropagation."""
    rows = np.arange(len(depths))
    shape = np.broadcast_shapes(ways.one.output_gradient.shape[-2:], ways.run.output.shape[-2:])
    start = np.zeros((len(rows), *shape))
    start[rows, samples, units[rows, depths - 1]] = 1.0
    total = np.full(len(rows), math.nan)
    for at in ways.walk(start):
        if at.layer == 0:
            total[at.rows] = at.met.pre[
                np.arange(len(at.rows)), samples[at.rows], units[at.rows, 0]
            ]
    return total
