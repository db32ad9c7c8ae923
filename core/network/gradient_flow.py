"""What becomes of the gradient on its way through a deep stack, and what would mend it.

An experiment is a stack with freshly drawn weights, random inputs and a linear readout:
L = Σ ± v · h over the batch, with h the output of the last layer, v standard normal and
a random sign for each input, as if it were asked to go up or to go down. Its gradient by
the pre-activations is measured layer by layer, for several draws.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from core.facts import SATURATED_BELOW
from core.network import (
    Backward,
    Dropout,
    Forward,
    Layers,
    Network,
    Skip,
    Stack,
    backward,
    draw_layer,
    forward,
    gradient_norms,
    rms,
)
from core.network.initialisers import INITIALISERS
from core.network.normalisation import Normalisation
from core.numeric import Real

FADING = 1.0
"""Decades: up to a factor of ten either way the gradient counts as healthy."""

VANISHED = 4.0
"""Decades: beyond a factor of 10⁴ it has vanished, or exploded."""


_FEW_VALUES, _FEW_WEIGHTS = 2**14, 2**16
"""Numbers a layer up to which draws are computed side by side."""

_MOST_KEPT, _KEPT = 2**12, 768
"""Weights up to which a layer's are kept, and how many layers' are: 25 MB at the most."""


class Fate(Enum):
    """What has become of the gradient at the first layer, compared with the last."""

    VANISHED = "vanished"
    FADING = "fading"
    HEALTHY = "healthy"
    GROWING = "growing"
    EXPLODED = "exploded"


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """All that decides what is measured; the same experiment gives the same numbers.

    ``value`` is the initialiser's parameter where it has one, None for its default. Inputs
    are normal with standard deviation ``input_scale``. ``repeats`` counts the draws of
    weights, inputs and readout, which ``seed`` fixes; a further one leaves the others as
    they are.
    """

    stack: Stack
    initialiser: str = "xavier_normal"
    value: float | None = None
    gain: float = 1.0
    bias_std: float = 0.0
    input_scale: float = 1.0
    batch: int = 16
    seed: int = 0
    repeats: int = 1

    @property
    def sigma_w(self) -> float:
        """σ_w as mean-field theory counts it, of the last layer: √(fan-in · variance)."""
        fans = self.stack.sizes[-2:]
        return abs(self.gain) * INITIALISERS[self.initialiser].sigma_w(fans[0], fans[1], self.value)


@dataclass(frozen=True, eq=False)
class Draw:
    """One draw of an experiment.

    ``inputs`` is (batch, inputs); ``output_gradient``, (batch, outputs), holds ±v.
    """

    network: Network
    inputs: Real
    output_gradient: Real
    dropout: np.random.SeedSequence

    def run(self, *, signals: bool = True) -> Forward:
        """Return what every layer makes of the inputs, ``signals`` as for :func:`forward`."""
        rng = np.random.default_rng(self.dropout)
        return forward(self.network, self.inputs, rng, signals=signals)

    def back(self, run: Forward, *, parameters: bool = False) -> Backward:
        """Return the gradient of L = Σ ± v · h at every layer."""
        return backward(self.network, run, self.output_gradient, parameters=parameters)


@dataclass(frozen=True, eq=False)
class Profile:
    """What was measured at each layer, arrays of shape (repeats, depth).

    ``gradient`` is the root mean square of ∂L/∂ẑ over batch and units, ``by_weights`` the
    Frobenius norm of ∂L/∂W. ``second_moment`` is the mean of ẑ², ``mean`` and ``std`` are
    the activations'. ``dead`` is the share of units whose slope φ′ is 0 for every input,
    ``saturated`` the share of slopes with |φ′| < 0.01. nan is what an overflow left
    unknown. ``forward_overflow`` and ``backward_overflow`` (repeats,) are the first layer
    met that was not finite, counted from 1; 0 where there is none.
    """

    gradient: Real
    by_weights: Real
    second_moment: Real
    mean: Real
    std: Real
    dead: Real
    saturated: Real
    forward_overflow: Layers
    backward_overflow: Layers


class Swept(NamedTuple):
    """What a sweep of S steps found, for each draw: the columns of :class:`Profile`.

    ``gradient`` and, if it was asked for, ``by_weights`` are (S, repeats, deepest), the
    layers of an overflow (S, repeats), ``depths`` (S,). A row of a shallower stack has its
    layers in the last places, and nan before them.
    """

    gradient: Real
    by_weights: Real | None
    forward_overflow: Layers
    backward_overflow: Layers
    depths: Layers


class Verdict(NamedTuple):
    """What became of the gradient.

    ``decades`` is log₁₀ of the gradient at the first layer over that at the last, the
    median of the draws; −∞ where nothing is left, nan where an overflow hides it.
    ``low`` and ``high`` are the extremes of the draws. ``overflow`` is the layer, counted
    from 1, at which the signal or, with ``backward``, the gradient ceased to be finite.
    """

    fate: Fate
    decades: float
    low: float
    high: float
    overflow: int = 0
    backward: bool = False


def draw(experiment: Experiment, index: int) -> Draw:
    """Return one draw of an experiment, counted from 0."""
    stack = experiment.stack
    _, data, dropout = _seeds(experiment.seed, index)
    own = INITIALISERS[experiment.initialiser].parameter
    gain = experiment.gain
    if own is not None:
        # A rule's own parameter multiplies every weight, as the gain does.
        gain *= own.default if experiment.value is None else experiment.value
    value = None if own is None else 1.0
    layers = [
        (_kept_layer if fan_in * fan_out <= _MOST_KEPT else _layer)(
            experiment.initialiser, fan_in, fan_out, experiment.seed, index, place, value
        )
        for place, (fan_in, fan_out) in enumerate(pairwise(stack.sizes))
    ]
    weights, biases = zip(*layers, strict=True)
    biases = tuple(experiment.bias_std * bias for bias in biases)
    network = Network(stack, weights, biases, gain)
    rng = np.random.default_rng(data)
    readout = rng.standard_normal(stack.sizes[-1])
    # Batch normalisation takes the mean away, so with one sign for all inputs a linear
    # stack's loss would be constant, and its gradient nothing but rounding.
    signs = rng.choice([-1.0, 1.0], (experiment.batch, 1))
    inputs = experiment.input_scale * rng.standard_normal((experiment.batch, stack.sizes[0]))
    return Draw(network, inputs, signs * readout, dropout)


def _seeds(seed: int, index: int) -> list[np.random.SeedSequence]:
    """Return what a draw's weights, data and dropout grow from."""
    return np.random.SeedSequence([seed, index]).spawn(3)


def _layer(
    initialiser: str,
    fan_in: int,
    fan_out: int,
    seed: int,
    index: int,
    place: int,
    value: float | None,
) -> tuple[Real, Real]:
    """Draw a layer of the draw ``index``: weights and standard normal biases, to be read only."""
    weights, _, _ = _seeds(seed, index)
    layer = draw_layer(initialiser, fan_in, fan_out, seed=weights, place=place, value=value)
    for array in layer:
        array.setflags(write=False)
    return layer


# Sweeps, remedies and other depths ask for the same layers again and again, and drawing them
# is half the time that a small stack takes.
_kept_layer = lru_cache(maxsize=_KEPT)(_layer)


def measure(experiment: Experiment) -> Profile:
    """Run all draws of an experiment forward and backward."""
    if _fits(experiment, 1):
        draws = [draw(experiment, i) for i in range(experiment.repeats)]
        return _profile(_side_by_side(draws, 0))
    return join([measure_draw(experiment, i) for i in range(experiment.repeats)])


def measure_draw(experiment: Experiment, index: int) -> Profile:
    """Run one draw of an experiment forward and backward; the profile has one row."""
    return _profile(_side_by_side([draw(experiment, index)], 0))


def _profile(one: Draw) -> Profile:
    """Run draws side by side, (repeats,), forward and backward."""
    run = one.run()
    back = one.back(run)
    with np.errstate(all="ignore"):
        found = {
            "gradient": [rms(delta) for delta in back.pre],
            "by_weights": _by_weights(one, run, back),
            "second_moment": [np.square(rms(pre)) for pre in run.pre],
            **signals(run, back.slopes),
        }
    depth = one.network.stack.depth
    over = run.overflow[:, None]
    known = np.where(over > 0, over - 1, depth) > np.arange(depth)
    rows = {}
    for name, columns in found.items():
        # Where all runs overflow they end early: what comes after is unknown, as are slopes.
        missing = [np.full(known.shape[:1], math.nan)] * (depth - len(columns))
        there = known & (over == 0) if name in ("dead", "saturated") else known
        rows[name] = np.where(there, np.stack([*columns, *missing], axis=-1), math.nan)
    return Profile(**rows, forward_overflow=run.overflow, backward_overflow=back.overflow)


def signals(run: Forward, slopes: Sequence[Real]) -> dict[str, list[Real]]:
    """Return what :class:`Profile` holds of activations and slopes, layer by layer.

    That is "mean", "std", "dead" and "saturated", each with the leading axes of the run.
    """
    both = (-2, -1)
    with np.errstate(all="ignore"):
        return {
            "mean": [post.mean(axis=both) for post in run.post],
            "std": [rms(post - post.mean(axis=both, keepdims=True)) for post in run.post],
            "dead": [_share((slope == 0).all(axis=-2), slope) for slope in slopes],
            "saturated": [
                _share((np.abs(slope) < SATURATED_BELOW).mean(axis=-2), slope) for slope in slopes
            ],
        }


def join(profiles: Sequence[Profile]) -> Profile:
    """Return several draws' profiles as one."""
    columns = {f.name: [getattr(one, f.name) for one in profiles] for f in fields(Profile)}
    return Profile(**{name: np.concatenate(column) for name, column in columns.items()})


def sweep(
    experiment: Experiment, what: str, steps: npt.ArrayLike, *, by_weights: bool = False
) -> Swept:
    """Return the gradients that other values of one setting would lead to, ``steps`` (S,).

    ``what`` is "gain", "value", "bias_std" or "input_scale" as in :class:`Experiment`, the
    stack's "dropout_rate", or a parameter of the activation. Every step has the very
    numbers that :func:`measure` gives; all are computed side by side, from the same draws.
    ``by_weights`` is worked out only where it is asked for. Raises as the activation does.
    """
    draws = [at_steps(experiment, what, steps, i) for i in range(experiment.repeats)]
    gradients, weights, forwards, backwards = [], [], [], []
    for one in groups(experiment, draws, np.size(steps), 1):
        run = one.run(signals=by_weights)
        if by_weights:
            back = one.back(run)
            weights.append(np.stack(_by_weights(one, run, back), axis=-1))
            gradient, overflow = np.stack([rms(g) for g in back.pre], axis=-1), back.overflow
        else:
            gradient, overflow = gradient_norms(one.network, run, one.output_gradient)
        gradients.append(gradient)
        forwards.append(run.overflow)
        backwards.append(overflow)
    return Swept(
        np.concatenate(gradients).swapaxes(0, 1),
        np.concatenate(weights).swapaxes(0, 1) if by_weights else None,
        np.concatenate(forwards).swapaxes(0, 1),
        np.concatenate(backwards).swapaxes(0, 1),
        np.full(np.size(steps), experiment.stack.depth),
    )


def groups(experiment: Experiment, draws: Sequence[Draw], steps: int, inner: int) -> list[Draw]:
    """Return the draws of an experiment along a new leading axis, in as many groups as is best.

    Each draw has ``steps`` networks side by side, in ``inner`` leading axes (0 or 1).
    """
    if _fits(experiment, steps):
        return [_side_by_side(draws, inner)]
    return [_side_by_side([one], inner) for one in draws]


def at_steps(experiment: Experiment, what: str, steps: npt.ArrayLike, index: int) -> Draw:
    """Return a draw as it is at each of the steps (S,) of one setting, side by side.

    ``what`` is as for :func:`sweep`; all that is made of the draw has a leading axis (S,).
    """
    row = np.asarray(steps, dtype=np.float64)
    column = row[:, None, None]
    if what == "input_scale":
        one = draw(replace(experiment, input_scale=1.0), index)
        return replace(one, inputs=column * one.inputs)
    if what == "bias_std":
        one = draw(replace(experiment, bias_std=1.0), index)
        biases = tuple(row[:, None] * b for b in one.network.biases)
        return replace(one, network=replace(one.network, biases=biases))
    if what == "gain":
        one = draw(replace(experiment, gain=1.0), index)
        return replace(one, network=replace(one.network, gain=column * one.network.gain))
    if what == "value":
        one = draw(replace(experiment, value=1.0), index)
        return replace(one, network=replace(one.network, gain=one.network.gain * column))
    one = draw(experiment, index)
    if what == "dropout_rate":
        return replace(one, network=replace(one.network, dropout_rate=column))
    return replace(one, network=replace(one.network, parameters={what: column}))


def _fits(experiment: Experiment, steps: int) -> bool:
    """Tell whether all draws are so small that they are best computed side by side.

    Small arrays cost more in calls than in numbers; large ones leave the processor's cache.
    What drops out differs from draw to draw, and has to be computed one by one.
    """
    stack, widest = experiment.stack, max(experiment.stack.sizes)
    return (
        (stack.dropout is Dropout.NONE or stack.dropout_rate == 0)
        and experiment.repeats * steps * experiment.batch * widest <= _FEW_VALUES
        and experiment.repeats * widest**2 <= _FEW_WEIGHTS
    )


def _side_by_side(draws: Sequence[Draw], inner: int) -> Draw:
    """Return draws of one experiment as one, along a new leading axis.

    Behind it comes the one that each draw has already, where ``inner`` is 1.
    """

    def joined(parts: Sequence[Real], own: int) -> Real:
        wide = [p.reshape((1,) * (inner + own - p.ndim) + p.shape) for p in parts]
        return np.stack(wide) if len(wide) > 1 else wide[0][None]

    networks = [one.network for one in draws]
    layers = range(len(networks[0].weights))
    network = replace(
        networks[0],
        weights=tuple(joined([net.weights[i] for net in networks], 2) for i in layers),
        biases=tuple(joined([net.biases[i] for net in networks], 1) for i in layers),
    )
    inputs = joined([one.inputs for one in draws], 2)
    output_gradient = joined([one.output_gradient for one in draws], 2)
    return Draw(network, inputs, output_gradient, draws[0].dropout)


def decay(gradient: Real) -> Real:
    """Return log₁₀ of each layer's gradient over the last layer's, along the last axis.

    It is −∞ where nothing arrives, and nan where the last layer has no gradient itself.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(gradient)
        result: Real = logs - logs[..., -1:]
    return result


def judge(gradient: Real, forward_overflow: Layers, backward_overflow: Layers) -> Verdict:
    """Say what became of the gradient, from (repeats, depth) and twice (repeats,)."""
    depths = np.full(1, gradient.shape[-1])
    one = Swept(gradient[None], None, forward_overflow[None], backward_overflow[None], depths)
    return judge_each(one)[0]


def judge_each(found: Swept) -> list[Verdict]:
    """Say it for each step of a sweep."""
    ends = np.stack([at_first(found.gradient, found.depths), found.gradient[..., -1]], axis=-1)
    first = np.where(ends[..., -1] > 0, decay(ends)[..., 0], -np.inf)
    # By hand: the median of an even number of draws may average −∞ and a number.
    ordered = np.sort(first, axis=-1)
    places = (0, (ordered.shape[-1] - 1) // 2, -1)
    forward = np.where(found.forward_overflow > 0, found.forward_overflow, np.inf).min(axis=-1)
    backward = found.backward_overflow.max(axis=-1)
    return [
        Verdict(Fate.EXPLODED, math.nan, math.nan, math.nan, int(forth), False)
        if forth < math.inf
        else Verdict(Fate.EXPLODED, math.nan, math.nan, math.nan, back, True)
        if back
        else Verdict(fate(middle), middle, low, high)
        for forth, back, (low, middle, high) in zip(
            forward.tolist(), backward.tolist(), ordered[:, places].tolist(), strict=True
        )
    ]


def at_first(rows: Real, depths: Layers) -> Real:
    """Return what rows (S, repeats, deepest) hold at layer 1, (S, repeats).

    A row has its layers, as many as ``depths`` (S,) says, in the last places.
    """
    places = (rows.shape[-1] - depths)[:, None, None]
    return np.take_along_axis(rows, places, axis=-1)[..., 0]


def fate(decades: float) -> Fate:
    """Put a change of the gradient, in decades, into a word."""
    if abs(decades) <= FADING:
        return Fate.HEALTHY
    if decades < 0:
        return Fate.FADING if decades >= -VANISHED else Fate.VANISHED
    return Fate.GROWING if decades <= VANISHED else Fate.EXPLODED


def verdict(profile: Profile) -> Verdict:
    """Say what became of the gradient in a measured experiment."""
    return judge(profile.gradient, profile.forward_overflow, profile.backward_overflow)


def bound(steepest: npt.ArrayLike, depth: int) -> Real:
    """Return log₁₀ of the product of the largest slopes from each layer to the last.

    This is the rule of thumb 0.25ᴸ for the sigmoid: it leaves out the weights, and takes
    every slope at its largest. The result has the shape of ``steepest`` and then (depth,).
    """
    steps = np.arange(depth - 1, -1, -1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(np.asarray(steepest, dtype=np.float64))[..., None]
        return np.where(steps > 0, steps * logs, 0.0)


# ---------------------------------------------------------------- what would mend it


def alternatives(experiment: Experiment) -> Iterator[tuple[str, Experiment]]:
    """Yield changes worth trying, one at a time: in words, and the experiment that results.

    A change of weights sets the gain to 1. What is as it would be changed to is left out.
    """
    stack = experiment.stack
    plain = replace(experiment, gain=1.0, value=None)
    for key, words in (
        ("xavier_normal", "Xavier's weights"),
        ("he_normal", "He's weights"),
        ("orthogonal", "Orthogonal weights"),
    ):
        if (experiment.initialiser, experiment.gain) != (key, 1.0):
            yield words, replace(plain, initialiser=key)
    for kind, words in (
        (Normalisation.LAYER, "Layer normalisation"),
        (Normalisation.BATCH, "Batch normalisation"),
    ):
        if stack.normalisation is not kind:
            yield words, replace(experiment, stack=replace(stack, normalisation=kind))
    if stack.skip is not Skip.SCALED:
        skipping = replace(stack, skip=Skip.SCALED)
        yield "Skip connections, scaled", replace(experiment, stack=skipping)
    for activation, key, words in (
        ("relu", "he_normal", "ReLU with He's weights"),
        ("selu", "lecun_normal", "SELU with LeCun's weights"),
    ):
        if stack.activation != activation:
            other = replace(stack, activation=activation, parameters=())
            yield words, replace(plain, stack=other, initialiser=key)


def severity(one: Verdict) -> float:
    """Return how far from even the gradient is, in decades; ∞ where it overflowed."""
    return math.inf if math.isnan(one.decades) else abs(one.decades)


def best_gain(gains: Real, gradient: Real) -> float | None:
    """Return the gain at which the first layer's gradient is nearest to the last one's.

    ``gradient`` (S, repeats, depth) is a sweep's over the S ``gains``. None where no gain
    makes a difference, as with weights of zero, or where none keeps the gradient finite.
    """
    change = np.abs(np.median(decay(gradient)[..., 0], axis=-1))
    # An overflow has left nan.
    usable = np.isfinite(change)
    if not usable.any() or np.ptp(change[usable]) < FADING:
        return None
    return float(gains[np.where(usable, change, np.inf).argmin()])


# ---------------------------------------------------------------- symmetry


def distinct_units(values: Real) -> int:
    """Return how many of the columns of (batch, units) differ, up to rounding."""
    scale = float(np.abs(values).max(initial=0.0))
    if not 0 < scale < math.inf:
        return 1
    return int(np.unique(np.round(values / scale, 9), axis=1).shape[1])


def train(one: Draw, targets: Real, steps: int, rate: float) -> Network:
    """Return the network after full-batch gradient descent on ½ · mean (output − target)².

    ``targets`` is (batch, outputs). It stops early where a step is not finite.
    """
    network = one.network
    for _ in range(steps):
        run = forward(network, one.inputs)
        if run.overflow.any():
            break
        back = backward(network, run, (run.output - targets) / len(targets))
        if back.overflow.any():
            break
        pairs = zip(network.weights, back.weights, strict=True)
        weights = tuple(w - rate * g for w, g in pairs)
        pairs = zip(network.biases, back.biases, strict=True)
        network = replace(network, weights=weights, biases=tuple(b - rate * g for b, g in pairs))
    return network


def symmetry(experiment: Experiment, steps: int = 20, rate: float = 0.1) -> tuple[int, int]:
    """Return how many units of a hidden layer differ at most, before and after training.

    A linear output unit with weights from the same rule is added and the whole is trained
    towards random targets. Where all weights of a layer start alike, all units of every
    hidden layer stay alike.
    """
    stack = replace(experiment.stack, sizes=(*experiment.stack.sizes, 1), linear_output=True)
    one = draw(replace(experiment, stack=stack), 0)
    # Gradient descent moves the weights themselves, gain and all.
    own = one.network
    weights = tuple(float(own.gain) * w for w in own.weights)
    one = replace(one, network=replace(own, weights=weights, gain=1.0))
    targets = np.random.default_rng(experiment.seed).standard_normal((experiment.batch, 1))
    trained = train(one, targets, steps, rate)
    counts = []
    for network in (one.network, trained):
        pre = forward(network, one.inputs).pre[: stack.depth - 1]
        counts.append(max(distinct_units(one) for one in pre))
    return counts[0], counts[1]


def _share(flags: npt.NDArray[Any], slopes: Real) -> Real:
    """Return the mean of ``flags`` over the last axis, nan where a slope is not finite."""
    return np.where(np.isfinite(slopes).all(axis=(-2, -1)), flags.mean(axis=-1), math.nan)


def _by_weights(one: Draw, run: Forward, back: Backward) -> list[Real]:
    """Return the Frobenius norm of ∂L/∂W, layer by layer; nan behind an overflow."""
    gain = np.abs(np.asarray(one.network.gain, dtype=np.float64))
    unknown = np.full(run.overflow.shape, math.nan)
    with np.errstate(all="ignore"):
        found = [outer_norm(h, gain * raw) for h, raw in zip(run.inputs, back.raw, strict=False)]
    return [*found, *[unknown] * (len(back.raw) - len(found))]


def outer_norm(h: Real, raw: Real) -> Real:
    """Return the Frobenius norm of hᵀ·raw, for (..., batch, inputs) and (..., batch, units).

    ‖HᵀG‖² = Σ (HHᵀ) ∘ (GGᵀ): for a batch smaller than the layers that is much less work
    than the product itself.
    """
    largest = [np.abs(one).max(axis=(-2, -1), keepdims=True) for one in (h, raw)]
    a, b = (np.where(top > 0, top, 1.0) for top in largest)
    h, raw = h / a, raw / b
    square = (_gram(h) * _gram(raw)).sum(axis=(-2, -1))
    norm: Real = np.sqrt(np.maximum(square, 0.0)) * (a * b)[..., 0, 0]
    return norm


def _gram(rows: Real) -> Real:
    return rows @ np.swapaxes(rows, -1, -2)
