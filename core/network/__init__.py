"""A stack of fully connected layers: forward, and backward by the chain rule.

One layer takes h to

    z = gain · h W + b,    ẑ = normalise(z),    h' = skip + dropout(φ(ẑ)),

where the skip is h itself, if asked for and if the widths agree. ẑ, what enters the
activation, is called the pre-activation. Backpropagation is written out below, layer by
layer and for the whole batch at once.

Arrays are (..., batch, units). Leading axes hold networks side by side, which is how
many seeds, many gains or many points of a loss surface are computed in one go: of
inputs (..., batch, inputs), of weights (..., inputs, outputs), of biases
(..., outputs), of the gain or of the activation's parameters (..., 1, 1); they broadcast.
Each network gets the very numbers that it would get alone.

What overflows does not raise. The first layer with a value that is not finite is
reported, and everything that would follow from it is nan.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.activations import ACTIVATIONS
from core.network.initialisers import INITIALISERS
from core.network.normalisation import Normalisation, normalise, normalise_backward
from core.numeric import Real
from core.spec import Activation, Scalar

Layers = npt.NDArray[np.intp]
Settings = tuple[tuple[str, float], ...]

_TOGETHER = 1_000_000
"""Numbers that a Jacobian's backward pass may hold at a time, a layer's gradient once."""

_SMALL = 2**18
"""Multiplications up to which OpenBLAS computes a matrix product on one core."""

_TURNED = 2**12
"""Up to this size a turned matrix is copied: BLAS takes nearly twice as long for a view."""

_LEAST_ROWS = 8
"""With fewer rows at a time the matrix would be read from memory too often."""

_LEAST_SQUARE = 1e-250
"""A mean square above this, and below its inverse, has all the digits of a float64."""

# SELU's fixed point: the constants of Klambauer et al. (2017), to float64.
_SELU_FLOOR = -1.7580993408473766


class Skip(Enum):
    """What is added to a layer's output: nothing, or its input."""

    NONE = "none"
    PLAIN = "plain"
    SCALED = "scaled"
    """The layer's own part is divided by √depth, so that depth of them add up to one."""


class Dropout(Enum):
    """What happens to a unit that is dropped."""

    NONE = "none"
    PLAIN = "plain"
    """It is 0, and the others are enlarged so that the mean stays (Srivastava et al. 2014)."""
    ALPHA = "alpha"
    """It takes SELU's lowest value; then mean 0 and variance 1 are restored (Klambauer et
    al. 2017)."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What a stack is, before any weight is drawn.

    ``sizes`` are the number of inputs and then the width of each layer. ``activation``
    is a key of the catalogue. With ``linear_output`` the last layer is left without
    activation, normalisation, skip and dropout, as for regression or for logits.
    Raises ``ValueError`` for fewer than one layer, a width below 1, or a dropout rate
    outside [0, 1); ``KeyError`` for an unknown activation.
    """

    sizes: tuple[int, ...]
    activation: str
    parameters: Settings = ()
    normalisation: Normalisation = Normalisation.NONE
    skip: Skip = Skip.NONE
    dropout: Dropout = Dropout.NONE
    dropout_rate: float = 0.0
    linear_output: bool = False

    def __post_init__(self) -> None:
        if len(self.sizes) < 2 or min(self.sizes) < 1:
            raise ValueError(f"sizes must be an input width and layers of at least 1: {self.sizes}")
        if not 0 <= self.dropout_rate < 1:
            raise ValueError(f"dropout_rate must be in [0, 1), not {self.dropout_rate}")
        self.entry.resolve(dict(self.parameters))

    @property
    def depth(self) -> int:
        """How many layers there are."""
        return len(self.sizes) - 1

    @property
    def entry(self) -> Activation:
        """The activation's entry in the catalogue."""
        return ACTIVATIONS[self.activation]

    def is_linear(self, layer: int) -> bool:
        """Tell whether ``layer``, counted from 0, is a plain output layer."""
        return self.linear_output and layer == self.depth - 1

    def skips(self, layer: int) -> bool:
        """Tell whether the input of ``layer``, counted from 0, is added to its output."""
        same = self.sizes[layer] == self.sizes[layer + 1]
        return self.skip is not Skip.NONE and same and not self.is_linear(layer)

    @property
    def branch(self) -> float:
        """The factor on a layer's own part where its input is added."""
        return 1 / math.sqrt(self.depth) if self.skip is Skip.SCALED else 1.0


@dataclass(frozen=True, eq=False)
class Network:
    """A stack with its weights (..., inputs, outputs) and biases (..., outputs).

    ``gain`` multiplies every weight matrix; an array of shape (..., 1, 1) makes networks
    that differ in nothing else. So do arrays of that shape among ``parameters``, the
    activation's where they are not to be the stack's, and for ``dropout_rate`` and
    ``branch``, which are the stack's unless given here.
    """

    stack: Stack
    weights: tuple[Real, ...]
    biases: tuple[Real, ...]
    gain: Scalar = 1.0
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    dropout_rate: Scalar | None = None
    branch: Scalar | None = None

    @property
    def rate(self) -> Scalar:
        """The share of units that dropout takes."""
        return self.stack.dropout_rate if self.dropout_rate is None else self.dropout_rate

    @property
    def share(self) -> Scalar:
        """The factor on a layer's own part where its input is added."""
        return self.stack.branch if self.branch is None else self.branch

    @cached_property
    def settings(self) -> dict[str, Scalar]:
        """The parameters that the activation has; raises as calling it does."""
        return self.stack.entry.resolve({**dict(self.stack.parameters), **self.parameters})


class Forward(NamedTuple):
    """What a network made of its inputs, a tuple entry a layer.

    ``inputs`` of the layers, ``pre`` = ẑ and ``post`` = φ(ẑ) before dropout are
    (..., batch, units); ``inputs`` and ``post`` are empty if not asked for. The network's
    ``output`` is what the last layer hands on.
    ``factors`` are those of the normalisation, ``masks`` what dropout multiplied by.
    ``overflow`` has the leading axes: the first layer, counted from 1, with a value
    that is not finite, 0 where there is none. Layers behind it are nan; where *every*
    network has overflowed, the tuples end at that layer.
    """

    inputs: tuple[Real, ...]
    pre: tuple[Real, ...]
    post: tuple[Real, ...]
    factors: tuple[Real, ...]
    masks: tuple[Real | None, ...]
    output: Real
    overflow: Layers


class Backward(NamedTuple):
    """The gradient of a loss L, a tuple entry a layer.

    ``pre`` = ∂L/∂ẑ and ``slopes`` = φ′(ẑ) are (..., batch, units); ``raw`` = ∂L/∂z, before
    normalisation. ``weights`` and ``biases`` are the gradients by the parameters, summed
    over the batch; empty if not asked for. ``inputs`` = ∂L/∂x. ``overflow`` is the first
    layer *met on the way back* whose gradient is not finite, counted from 1, 0 where
    there is none; layers before it are nan.
    """

    pre: tuple[Real, ...]
    raw: tuple[Real, ...]
    slopes: tuple[Real, ...]
    weights: tuple[Real, ...]
    biases: tuple[Real, ...]
    inputs: Real
    overflow: Layers


def build(
    stack: Stack,
    initialiser: str = "xavier_normal",
    *,
    seed: int | np.random.SeedSequence = 0,
    value: float | None = None,
    bias_std: float = 0.0,
    gain: Scalar = 1.0,
) -> Network:
    """Draw the weights of ``stack``; biases are normal with standard deviation ``bias_std``.

    ``initialiser`` is a key of :data:`core.network.initialisers.INITIALISERS`, ``value`` its
    parameter. Each layer has a stream of its own, so that the same seed gives a layer
    the same weights whatever the depth. Raises as the initialiser does.
    """
    layers = [
        draw_layer(initialiser, fan_in, fan_out, seed=seed, place=place, value=value)
        for place, (fan_in, fan_out) in enumerate(itertools.pairwise(stack.sizes))
    ]
    biases = tuple(bias_std * bias for _, bias in layers)
    return Network(stack, tuple(weight for weight, _ in layers), biases, gain)


def draw_layer(
    initialiser: str,
    fan_in: int,
    fan_out: int,
    *,
    seed: int | np.random.SeedSequence,
    place: int,
    value: float | None = None,
) -> tuple[Real, Real]:
    """Return the weights (fan_in, fan_out) of the layer at ``place``, and standard normal biases.

    They come from the layer's own stream of ``seed``. Raises as the initialiser does.
    """
    rng = _stream(seed, place)
    weights = INITIALISERS[initialiser](rng, fan_in, fan_out, value)
    return weights, rng.standard_normal(fan_out)


def forward(
    network: Network,
    x: npt.ArrayLike,
    rng: np.random.Generator | None = None,
    *,
    signals: bool = True,
) -> Forward:
    """Return what every layer makes of the inputs ``x``, of shape (..., batch, inputs).

    Dropout is at work only where ``rng`` is given, as in training. With ``signals`` off,
    what enters the layers and what their activations return is not kept: half the memory,
    and enough for :func:`gradient_norms`. Raises ``ValueError`` where the inputs are not as
    wide as the first layer expects.
    """
    stack = network.stack
    h = np.asarray(x, dtype=np.float64)
    if h.ndim < 2 or h.shape[-1] != stack.sizes[0]:
        raise ValueError(f"inputs must be (..., batch, {stack.sizes[0]}), not {h.shape}")
    lead = _lead(network, h)
    h = np.broadcast_to(h, (*lead, *h.shape[-2:]))
    gain = np.asarray(network.gain, dtype=np.float64)
    scaled = bool((gain != 1).any())
    overflow: Layers = np.zeros(lead, dtype=np.intp)
    function, values = stack.entry.function, network.settings
    inputs: list[Real] = []
    before: list[Real] = []
    after: list[Real] = []
    factors: list[Real] = []
    masks: list[Real | None] = []
    with np.errstate(all="ignore"):
        for layer, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
            linear = stack.is_linear(layer)
            # In place: every new array of this size has to be fetched from the system.
            z = _times(h, w)
            if scaled:
                z *= gain
            if b.any():
                z += b[..., None, :]
            pre, factor = normalise(z, Normalisation.NONE if linear else stack.normalisation)
            post = pre if linear else np.asarray(function(pre, **values), dtype=np.float64)
            mask, shift = (None, 0.0) if linear or rng is None else _dropout(network, post, rng)
            branch = post if mask is None else post * mask + shift
            out = h + network.share * branch if stack.skips(layer) else branch
            # An overflow may hide: tanh(∞) is 1. From here on such a network is nan.
            bad = ~finite(z, out) & (overflow == 0)
            if bad.any():
                overflow = np.where(bad, layer + 1, overflow)
                out = np.where((overflow > 0)[..., None, None], np.nan, out)
            if signals:
                inputs.append(h)
                after.append(post)
            before.append(pre)
            factors.append(factor)
            masks.append(mask)
            h = out
            if overflow.all():
                break
    return Forward(
        inputs=tuple(inputs),
        pre=tuple(before),
        post=tuple(after),
        factors=tuple(factors),
        masks=tuple(masks),
        output=h,
        overflow=overflow,
    )


def backward(
    network: Network,
    run: Forward,
    output_gradient: npt.ArrayLike,
    *,
    parameters: bool = True,
    at_pre: bool = False,
) -> Backward:
    """Return the gradient at every layer, given ∂L/∂output in the shape of the output.

    With ``parameters`` off, the gradients by weights and biases are left out, which
    saves a third of the time and most of the memory. With ``at_pre``, ``output_gradient``
    is the one by the last layer's pre-activations instead. A network that overflowed on
    the way forward has no gradient: every entry is nan.
    """
    gradient = _at_output(run, output_gradient)
    if run.overflow.all():
        return _unknown(network, gradient)
    by_pre: list[Real] = []
    by_raw: list[Real] = []
    slopes: list[Real] = []
    by_weights: list[Real] = []
    by_biases: list[Real] = []
    gain = np.asarray(network.gain, dtype=np.float64)
    for layer, met, seen in _way_back(network, run, gradient, at_pre):
        overflow = seen
        by_pre.append(met.pre)
        by_raw.append(met.raw)
        slopes.append(met.slope)
        if parameters:
            with np.errstate(all="ignore"):
                h = np.swapaxes(run.inputs[layer], -1, -2)
                by_weights.append(gain * _times(h, met.raw))
                by_biases.append(met.raw.sum(axis=-2))
    return Backward(
        pre=tuple(reversed(by_pre)),
        raw=tuple(reversed(by_raw)),
        slopes=tuple(reversed(slopes)),
        weights=tuple(reversed(by_weights)),
        biases=tuple(reversed(by_biases)),
        inputs=met.below,
        overflow=overflow,
    )


def gradient_norms(
    network: Network, run: Forward, output_gradient: npt.ArrayLike
) -> tuple[Real, Layers]:
    """Return the root mean square of ∂L/∂ẑ at every layer, (..., depth), and the overflow.

    They are what :func:`backward` gives, but no layer's gradient is kept: for many networks
    side by side that takes two thirds of the time.
    """
    gradient = _at_output(run, output_gradient)
    lead, depth = gradient.shape[:-2], network.stack.depth
    norms = np.full((*lead, depth), np.nan)
    overflow: Layers = np.zeros(lead, dtype=np.intp)
    if not run.overflow.all():
        for layer, met, seen in _way_back(network, run, gradient):
            norms[..., layer] = rms(met.pre)
            overflow = seen
    return norms, overflow


class Met(NamedTuple):
    """What is met at a layer on the way back, named as in :class:`Backward`.

    ``below`` is the gradient by what enters the layer.
    """

    pre: Real
    raw: Real
    slope: Real
    below: Real


def slopes(network: Network, run: Forward, layer: int) -> Real:
    """Return φ′ at the pre-activations of a layer, counted from 0: (..., batch, units)."""
    pre = run.pre[layer]
    if network.stack.is_linear(layer):
        return np.ones_like(pre)
    with np.errstate(all="ignore"):
        found = network.stack.entry.derivative(pre, **network.settings)
    return np.asarray(found, dtype=np.float64)


def through(
    network: Network,
    run: Forward,
    layer: int,
    gradient: Real,
    *,
    at_pre: bool = False,
    slope: Real | None = None,
) -> Met:
    """Take the gradient by a layer's output, (..., batch, units), back through the layer.

    ``layer`` is counted from 0. With ``at_pre``, the gradient is the one by the layer's
    pre-activations already. ``slope`` is :func:`slopes`, if they are known already. What is
    not finite stays so.
    """
    stack = network.stack
    gain = np.asarray(network.gain, dtype=np.float64)
    linear = stack.is_linear(layer)
    pre, mask, w = run.pre[layer], run.masks[layer], network.weights[layer]
    slope = slopes(network, run, layer) if slope is None else slope
    with np.errstate(all="ignore"):
        skips = stack.skips(layer) and not at_pre
        delta = gradient
        if not at_pre:
            by_branch = gradient * network.share if skips else gradient
            delta = slope * (by_branch if mask is None else by_branch * mask)
        kind = Normalisation.NONE if linear else stack.normalisation
        raw = normalise_backward(delta, pre, run.factors[layer], kind)
        turned = np.swapaxes(w, -1, -2)
        if w.shape[-1] * w.shape[-2] <= _TURNED:
            turned = np.ascontiguousarray(turned)
        below = _times(raw, turned)
        if (gain != 1).any():
            below *= gain
        if skips:
            below += gradient
    return Met(delta, raw, slope, below)


def _way_back(
    network: Network, run: Forward, gradient: Real, at_pre: bool = False
) -> Iterator[tuple[int, Met, Layers]]:
    """Yield the layers from the last to the first, what is met there, and the overflow so far."""
    broken = run.overflow > 0
    overflow: Layers = np.zeros(gradient.shape[:-2], dtype=np.intp)
    if broken.any():
        gradient = np.where(broken[..., None, None], np.nan, gradient)
    last = network.stack.depth - 1
    for layer in range(last, -1, -1):
        met = through(network, run, layer, gradient, at_pre=at_pre and layer == last)
        bad = ~finite(met.pre, met.below) & (overflow == 0) & ~broken
        if bad.any():
            overflow = np.where(bad, layer + 1, overflow)
            below = np.where((overflow > 0)[..., None, None], np.nan, met.below)
            met = met._replace(below=below)
        yield layer, met, overflow
        gradient = met.below


def _at_output(run: Forward, output_gradient: npt.ArrayLike) -> Real:
    """Return ∂L/∂output for every network of the run."""
    gradient = np.asarray(output_gradient, dtype=np.float64)
    return np.broadcast_to(gradient, np.broadcast_shapes(gradient.shape, run.output.shape))


def jacobian(network: Network, x: npt.ArrayLike) -> Real:
    """Return the Jacobian ∂output/∂input at the first of the inputs ``x``, (batch, inputs).

    The result has shape (outputs, inputs). Batch normalisation alone sees the other
    inputs; their part in its mean and variance is held as it is. Where the network
    overflows the result is nan.
    """
    x = np.asarray(x, dtype=np.float64)
    alone = network.stack.normalisation is not Normalisation.BATCH
    run = forward(network, x[:1] if alone else x)
    outputs, inputs = network.stack.sizes[-1], network.stack.sizes[0]
    if run.overflow.any():
        return np.full((outputs, inputs), np.nan)
    batch = run.output.shape[-2]
    rows = []
    # One loss an output unit, side by side along a leading axis, a few at a time: all
    # layers' gradients are held until the first layer is reached.
    together = max(1, _TOGETHER // (batch * sum(network.stack.sizes)))
    for start in range(0, outputs, together):
        units = np.arange(start, min(start + together, outputs))
        seeds = np.zeros((len(units), batch, outputs))
        seeds[np.arange(len(units)), 0, units] = 1.0
        rows.append(backward(network, run, seeds, parameters=False).inputs[:, 0, :])
    return np.concatenate(rows)


def singular_values(network: Network, x: npt.ArrayLike) -> Real:
    """Return the singular values of :func:`jacobian`, largest first; nan on overflow.

    Values below 10⁻¹⁶ of the largest are rounding.
    """
    matrix = jacobian(network, x)
    if not np.isfinite(matrix).all():
        return np.full(min(matrix.shape), np.nan)
    largest = float(np.abs(matrix).max())
    if largest == 0:
        return np.zeros(min(matrix.shape))
    # Scaled, so that tiny and huge entries keep their digits.
    values = np.linalg.svd(matrix / largest, compute_uv=False)
    return np.asarray(values * largest, dtype=np.float64)


def flatten(weights: Sequence[Real], biases: Sequence[Real]) -> Real:
    """Return weights and biases of one network (or their gradients) as one vector."""
    pairs = zip(weights, biases, strict=True)
    return np.concatenate([part.ravel() for pair in pairs for part in pair])


def with_parameters(network: Network, vectors: npt.ArrayLike) -> Network:
    """Return the network with weights and biases from ``vectors``, of shape (..., count).

    Its leading axes become those of the weights. The order is :func:`flatten`'s. Raises
    ``ValueError`` where the count is not that of the stack.
    """
    flat = np.asarray(vectors, dtype=np.float64)
    sizes = network.stack.sizes
    expected = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    if flat.shape[-1:] != (expected,):
        raise ValueError(f"{expected} numbers are needed, not {flat.shape[-1:]}")
    weights, biases, at = [], [], 0
    for a, b in itertools.pairwise(sizes):
        weights.append(flat[..., at : at + a * b].reshape(*flat.shape[:-1], a, b))
        biases.append(flat[..., at + a * b : at + (a + 1) * b])
        at += (a + 1) * b
    return replace(network, weights=tuple(weights), biases=tuple(biases))


def rms(values: Real) -> Real:
    """Return the root of the mean square over batch and units, the last two axes.

    Neither overflows nor underflows: a gradient of 10⁻²⁰⁰ is a number, its square is not.
    """
    flat = values.reshape(*values.shape[:-2], -1)
    with np.errstate(all="ignore"):
        mean = np.einsum("...i,...i->...", flat, flat) / flat.shape[-1]
        root: Real = np.sqrt(mean)
        near = (mean > _LEAST_SQUARE) & (mean < 1 / _LEAST_SQUARE)
        if near.all():
            return root
        largest = np.abs(flat).max(axis=-1)
        scaled = flat / np.where(largest > 0, largest, 1.0)[..., None]
        return np.where(near, root, np.sqrt(np.square(scaled).mean(axis=-1)) * largest)


def _stream(seed: int | np.random.SeedSequence, place: int) -> np.random.Generator:
    """Return one of the independent generators that grow from ``seed``."""
    parent = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    # Made by hand: spawn() would count up in the parent, and a second call differ.
    child = np.random.SeedSequence(parent.entropy, spawn_key=(*parent.spawn_key, place))
    return np.random.default_rng(child)


def _lead(network: Network, x: Real) -> tuple[int, ...]:
    shapes = [x.shape[:-2], np.shape(network.gain)[:-2]]
    own = (*network.parameters.values(), network.rate, network.share)
    shapes += [np.shape(value)[:-2] for value in own]
    shapes += [w.shape[:-2] for w in network.weights] + [b.shape[:-1] for b in network.biases]
    return np.broadcast_shapes(*shapes)


def _times(h: Real, w: Real) -> Real:
    """Return h @ w, each of the networks side by side as if it were alone.

    The rows are taken in blocks so small that BLAS keeps each product on one core. On a
    machine that others use too, sharing a small product out costs many times more than
    it saves. Large matrices are left to BLAS. No block holds rows of two networks: BLAS
    rounds by the shape of a product, and a chaotic stack makes of that what it likes.
    """
    block = _SMALL // (w.shape[-2] * w.shape[-1])
    rows = h.shape[-2]
    if rows <= block or block < _LEAST_ROWS:
        return h @ w
    if w.ndim > 2:
        w = w[..., None, :, :]
    whole = rows // block * block
    product = np.empty((*h.shape[:-1], w.shape[-1]))
    shape = (*h.shape[:-2], -1, block)
    blocks = product[..., :whole, :].reshape(*shape, w.shape[-1])
    np.matmul(h[..., :whole, :].reshape(*shape, h.shape[-1]), w, out=blocks)
    rest = w[..., 0, :, :] if w.ndim > 2 else w
    np.matmul(h[..., whole:, :], rest, out=product[..., whole:, :])
    return product


def finite(*parts: Real) -> npt.NDArray[np.bool_]:
    """Tell of each network whether all its values (..., batch, units) are finite.

    Where all of them are in all networks, one answer stands for all.
    """
    with np.errstate(all="ignore"):
        # What is not finite makes the sum so, which is found out in half the time.
        if math.isfinite(sum(part.sum() for part in parts)):
            return np.ones((), dtype=bool)
    each = [np.isfinite(part).all(axis=(-2, -1)) for part in parts]
    found: npt.NDArray[np.bool_] = np.logical_and.reduce(np.broadcast_arrays(*each))
    return found


def _dropout(
    network: Network, post: Real, rng: np.random.Generator
) -> tuple[Real | None, Real | float]:
    """Return what ``post`` is multiplied by and what is added then.

    Networks side by side lose the same units, as far as they lose as many.
    """
    kind, rate = network.stack.dropout, np.asarray(network.rate, dtype=np.float64)
    if kind is Dropout.NONE or not rate.any():
        return None, 0.0
    keep = 1 - rate
    kept = (rng.random(post.shape[-2:]) < keep).astype(np.float64)
    if kind is Dropout.PLAIN:
        return kept / keep, 0.0
    # Of mean 0 and variance 1, this has mean (1 − keep)·floor and variance
    # keep·(1 + (1 − keep)·floor²); scale and shift undo both.
    scale = 1 / np.sqrt(keep * (1 + (1 - keep) * _SELU_FLOOR**2))
    shift: Real = scale * (keep - kept) * _SELU_FLOOR
    return scale * kept, shift


def _unknown(network: Network, gradient: Real) -> Backward:
    """Return a gradient of which nothing is known, because the output is not."""
    sizes = network.stack.sizes
    blank = tuple(np.full((*gradient.shape[:-1], n), np.nan) for n in sizes)
    overflow = np.zeros(gradient.shape[:-2], dtype=np.intp)
    return Backward(blank[1:], blank[1:], blank[1:], (), (), blank[0], overflow)
