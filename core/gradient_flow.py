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
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.facts import SATURATED_BELOW
from core.initialisers import INITIALISERS
from core.network import (
    Backward,
    Forward,
    Layers,
    Network,
    Skip,
    Stack,
    backward,
    build,
    forward,
    rms,
)
from core.normalisation import Normalisation
from core.numeric import Real

FADING = 1.0
"""Decades: up to a factor of ten either way the gradient counts as healthy."""

VANISHED = 4.0
"""Decades: beyond a factor of 10⁴ it has vanished, or exploded."""


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

    ``value`` is the initialiser's parameter where it has one. Inputs are normal with
    standard deviation ``input_scale``. ``repeats`` counts the draws of weights, inputs and
    readout, which ``seed`` fixes; a further one leaves the others as they are.
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

    def run(self) -> Forward:
        """Return what every layer makes of the inputs."""
        return forward(self.network, self.inputs, np.random.default_rng(self.dropout))

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


class Step(NamedTuple):
    """One factor of the chain rule, from unit ``unit`` of ``layer`` on to the layer above.

    ``factor`` = slope · weight · other is what one unit more at ẑ of this layer's unit
    adds to that of the next one on the path; ``other`` holds the normalisation's factor
    and the scale of a skip connection. ``product`` is that of all factors from here to
    the last layer.
    """

    layer: int
    unit: int
    pre: float
    slope: float
    weight: float
    other: float
    factor: float
    product: float


def draw(experiment: Experiment, index: int) -> Draw:
    """Return one draw of an experiment, counted from 0."""
    stack = experiment.stack
    weights, data, dropout = np.random.SeedSequence([experiment.seed, index]).spawn(3)
    network = build(
        stack,
        experiment.initialiser,
        seed=weights,
        value=experiment.value,
        bias_std=experiment.bias_std,
        gain=experiment.gain,
    )
    rng = np.random.default_rng(data)
    readout = rng.standard_normal(stack.sizes[-1])
    # Batch normalisation takes the mean away, so with one sign for all inputs a linear
    # stack's loss would be constant, and its gradient nothing but rounding.
    signs = rng.choice([-1.0, 1.0], (experiment.batch, 1))
    inputs = experiment.input_scale * rng.standard_normal((experiment.batch, stack.sizes[0]))
    return Draw(network, inputs, signs * readout, dropout)


def measure(experiment: Experiment) -> Profile:
    """Run all draws of an experiment forward and backward."""
    return join([measure_draw(experiment, i) for i in range(experiment.repeats)])


def measure_draw(experiment: Experiment, index: int) -> Profile:
    """Run one draw of an experiment forward and backward; the profile has one row."""
    one = draw(experiment, index)
    run = one.run()
    back = one.back(run)
    depth = experiment.stack.depth
    gain = abs(experiment.gain)
    with np.errstate(all="ignore"):
        found = {
            "gradient": [float(rms(delta)) for delta in back.pre],
            "by_weights": [
                gain * _outer_norm(h, raw) for h, raw in zip(run.inputs, back.raw, strict=False)
            ],
            "second_moment": [float(np.square(rms(pre))) for pre in run.pre],
            "mean": [float(post.mean()) for post in run.post],
            "std": [float(post.std()) for post in run.post],
            "dead": [_share((slope == 0).all(axis=0), slope) for slope in back.slopes],
            "saturated": [_share(np.abs(slope) < SATURATED_BELOW, slope) for slope in back.slopes],
        }
    rows = {}
    for name, row in found.items():
        # A run that overflows ends early: what comes after is unknown.
        values = np.array(row + [math.nan] * (depth - len(row)))
        if run.overflow:
            values[int(run.overflow) - 1 :] = math.nan
        rows[name] = values[None]
    return Profile(
        **rows,
        forward_overflow=np.atleast_1d(run.overflow),
        backward_overflow=np.atleast_1d(back.overflow),
    )


def join(profiles: Sequence[Profile]) -> Profile:
    """Return several draws' profiles as one."""
    columns = {f.name: [getattr(one, f.name) for one in profiles] for f in fields(Profile)}
    return Profile(**{name: np.concatenate(column) for name, column in columns.items()})


def sweep(
    experiment: Experiment,
    *,
    gains: npt.ArrayLike | None = None,
    scales: npt.ArrayLike | None = None,
) -> tuple[Real, Layers, Layers]:
    """Return the gradients that other gains, or other input scales, would lead to.

    The result is what :class:`Profile` calls ``gradient``, ``forward_overflow`` and
    ``backward_overflow``, with the steps as the leading axis: (S, repeats, depth) and
    twice (S, repeats). All steps are computed side by side.
    """
    gradients, forwards, backwards = [], [], []
    base = replace(experiment, input_scale=1.0) if scales is not None else experiment
    for i in range(experiment.repeats):
        one = draw(base, i)
        if gains is not None:
            column = np.asarray(gains, dtype=np.float64)[:, None, None]
            one = replace(one, network=replace(one.network, gain=column))
        if scales is not None:
            column = np.asarray(scales, dtype=np.float64)[:, None, None]
            one = replace(one, inputs=column * one.inputs)
        run = one.run()
        back = one.back(run)
        gradients.append(np.stack([rms(delta) for delta in back.pre], axis=-1))
        forwards.append(run.overflow)
        backwards.append(back.overflow)
    return np.stack(gradients, 1), np.stack(forwards, 1), np.stack(backwards, 1)


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
    over = forward_overflow[forward_overflow > 0]
    if over.size:
        return Verdict(Fate.EXPLODED, math.nan, math.nan, math.nan, int(over.min()))
    over = backward_overflow[backward_overflow > 0]
    if over.size:
        return Verdict(Fate.EXPLODED, math.nan, math.nan, math.nan, int(over.max()), True)
    first = np.where(gradient[:, -1] > 0, decay(gradient)[:, 0], -np.inf)
    # By hand: the median of an even number of draws may average −∞ and a number.
    ordered = np.sort(first)
    decades = float(ordered[(len(ordered) - 1) // 2])
    return Verdict(fate(decades), decades, float(ordered[0]), float(ordered[-1]))


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


def bound(steepest: float, depth: int) -> Real:
    """Return log₁₀ of the product of the largest slopes from each layer to the last, (depth,).

    This is the rule of thumb 0.25ᴸ for the sigmoid: it leaves out the weights, and takes
    every slope at its largest.
    """
    steps = np.arange(depth - 1, -1, -1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(steps > 0, steps * np.log10(steepest), 0.0)


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


# ---------------------------------------------------------------- the chain rule


def chain(one: Draw, run: Forward, back: Backward, sample: int, units: list[int]) -> list[Step]:
    """Return the factors along a path of units, one a layer, for one input of the batch.

    The steps run from the layer before the last down to the first, as the gradient does.
    Their product is the share that this path has in ∂ẑ_last/∂ẑ_first. Of a normalisation
    only the factor 1/σ is part of it, not the terms through mean and variance.
    """
    gain = float(one.network.gain)
    steps: list[Step] = []
    product = 1.0
    for layer in range(one.network.stack.depth - 2, -1, -1):
        unit, above = units[layer], units[layer + 1]
        slope = float(back.slopes[layer][sample, unit])
        weight = gain * float(one.network.weights[layer + 1][unit, above])
        other = float(_others(one, run, layer, sample)[unit, above])
        factor = slope * weight * other
        product *= factor
        pre = float(run.pre[layer][sample, unit])
        steps.append(Step(layer + 1, unit, pre, slope, weight, other, factor, product))
    return steps


def strongest_path(one: Draw, run: Forward, back: Backward, sample: int) -> list[int]:
    """Return the units, one a layer, of the path whose factors have the largest product.

    Found exactly, by dynamic programming from the last layer down: of all
    width^depth paths, without looking at each.
    """
    stack = one.network.stack
    score = np.zeros(stack.sizes[-1])
    choices = []
    with np.errstate(divide="ignore"):
        for layer in range(stack.depth - 2, -1, -1):
            # The gain is the same for every path.
            weights = one.network.weights[layer + 1] * _others(one, run, layer, sample)
            slopes = back.slopes[layer][sample][:, None]
            total = np.log(np.abs(weights)) + np.log(np.abs(slopes)) + score
            choices.append(total.argmax(axis=1))
            score = total.max(axis=1)
    units = [int(score.argmax())]
    for choice in reversed(choices):
        units.append(int(choice[units[-1]]))
    return units


def between(one: Draw, run: Forward, sample: int, first: int, last: int) -> float:
    """Return ∂ẑ_last/∂ẑ_first of one unit each: the sum over all paths between them."""
    start = np.zeros_like(run.pre[-1])
    start[sample, last] = 1.0
    back = backward(one.network, run, start, parameters=False, at_pre=True)
    return float(back.pre[0][sample, first])


def _others(one: Draw, run: Forward, layer: int, sample: int) -> Real:
    """Return what multiplies slope · weight from ``layer`` on: dropout, skip, normalisation.

    The result broadcasts to (units of the layer, units of the next).
    """
    stack = one.network.stack
    above = np.broadcast_to(run.factors[layer + 1], run.pre[layer + 1].shape)[sample]
    mask = run.masks[layer]
    below = np.ones(run.pre[layer].shape[-1]) if mask is None else mask[sample]
    found: Real = np.outer(below, above) * (stack.branch if stack.skips(layer) else 1.0)
    return found


# ---------------------------------------------------------------- inside the layers


def shares(values: tuple[Real, ...], edges: Real) -> Real:
    """Return which share of each layer's values falls into each bin, (bins, depth).

    Values beyond the outermost edges count in the outermost bins; nan counts nowhere.
    """
    columns = []
    for one in values:
        known = one[~np.isnan(one)]
        counts, _ = np.histogram(np.clip(known, edges[0], edges[-1]), edges)
        columns.append(counts / max(one.size, 1))
    return np.stack(columns, axis=-1)


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
    targets = np.random.default_rng(experiment.seed).standard_normal((experiment.batch, 1))
    trained = train(one, targets, steps, rate)
    counts = []
    for network in (one.network, trained):
        pre = forward(network, one.inputs).pre[: stack.depth - 1]
        counts.append(max(distinct_units(one) for one in pre))
    return counts[0], counts[1]


def _share(flags: npt.NDArray[np.bool_], slopes: Real) -> float:
    return float(flags.mean()) if np.isfinite(slopes).all() else math.nan


def _outer_norm(h: Real, raw: Real) -> float:
    """Return the Frobenius norm of hᵀ·raw, for (batch, inputs) and (batch, units).

    ‖HᵀG‖² = Σ (HHᵀ) ∘ (GGᵀ): for a batch smaller than the layers that is much less work
    than the product itself.
    """
    a, b = (float(np.abs(one).max()) or 1.0 for one in (h, raw))
    h, raw = h / a, raw / b
    square = float(((h @ h.T) * (raw @ raw.T)).sum())
    return math.sqrt(max(square, 0.0)) * a * b
