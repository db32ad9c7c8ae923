"""Two-dimensional slices of a small network's loss, as pictures of what training walks on.

A network's loss is a function of hundreds of weights. To draw it, two random directions δ
and η are laid through a point θ, and L(θ + αδ + βη) is drawn over (α, β). A rectifier's
weights can be scaled up in one layer and down in the next without any change of the
function, so plain random directions would make one network look flat and its twin sharp.
*Filter normalisation* takes this away: each unit's incoming weights in δ are given the
length of the same unit's weights in θ. Directions by the biases are 0.

Source: Li, Xu, Taylor, Studer & Goldstein (2018), "Visualizing the Loss Landscape of Neural
Nets", arXiv:1712.09913; for fully connected layers a filter is a column of W.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.activations import ACTIVATIONS
from core.losses import LOSSES
from core.network import (
    Network,
    Skip,
    Stack,
    backward,
    build,
    flatten,
    forward,
    with_parameters,
)
from core.numeric import Real
from core.optimizers import OPTIMIZERS
from core.spec import FloatArray

WIDTH = 8
POINTS = 80
REACH = 1.0
"""Slices run from −REACH to REACH: at ±1 a unit's weights have changed by their own length."""

STEPS = 300
"""Steps of Adam that count as training."""

_LOSS = LOSSES["sigmoid_cross_entropy"]
_ADAM = OPTIMIZERS["adam"]
_TOGETHER = 128  # networks evaluated at a time: their layers stay in the cache
_REPORT = 25

Report = Callable[[float], None]


@dataclass(frozen=True)
class Setup:
    """Which network: ``depth`` hidden layers of 8 units, and how long it has been trained.

    ``activation`` is a key of the catalogue. With ``skip`` each hidden layer but the first
    adds its input to its output, whose own part is divided by √depth so that the sum keeps
    its size. ``seed`` draws the initial weights and the data.
    """

    activation: str = "relu"
    depth: int = 2
    skip: bool = False
    trained: bool = True
    seed: int = 0


class Slice(NamedTuple):
    """A slice: the mean loss at every (α, β) of ``at`` × ``at``, rows by β.

    ``error`` is the share of the points that the network in the middle gets wrong;
    ``bends_down`` the share of the slice where the surface curves downwards in some
    direction, so that it is not convex there.
    """

    at: Real
    loss: Real
    centre: float
    error: float
    bends_down: float


def moons(seed: int) -> tuple[Real, Real]:
    """Return two half moons that reach into each other: points (80, 2) and classes (80, 1)."""
    rng = np.random.default_rng(seed)
    half = POINTS // 2
    angle = np.concatenate([np.linspace(0, np.pi, half)] * 2)
    lower = np.repeat([0.0, 1.0], half)
    x = np.where(lower == 1, 1 - np.cos(angle), np.cos(angle)) - 0.5
    y = np.where(lower == 1, 0.5 - np.sin(angle), np.sin(angle)) - 0.25
    points = np.stack([x, y], axis=-1) * 1.5 + 0.12 * rng.standard_normal((POINTS, 2))
    return points, lower[:, None]


def network(setup: Setup) -> Network:
    """Return the network before training: He's initialiser for rectifiers, else Xavier's."""
    stack = Stack(
        sizes=(2, *[WIDTH] * setup.depth, 1),
        activation=setup.activation,
        skip=Skip.SCALED if setup.skip else Skip.NONE,
        linear_output=True,
    )
    at_far = ACTIVATIONS[setup.activation](np.array([-50.0, 50.0]))
    rectifier = at_far[0] > -1 and at_far[1] > 10
    return build(stack, "he_normal" if rectifier else "xavier_normal", seed=setup.seed)


def mean_loss(of: Network, points: Real, labels: Real) -> Real:
    """Return the mean cross-entropy, of the network's leading axes; infinite on overflow."""
    logits = forward(of, points).output
    losses = np.asarray(_LOSS.function(logits, labels)).mean(axis=(-2, -1))
    return np.where(np.isnan(losses), np.inf, losses)


def train(of: Network, points: Real, labels: Real, report: Report | None = None) -> Network:
    """Return the network after ``STEPS`` steps of Adam on all points, at a rate of 0.01."""
    vector: FloatArray = flatten(of.weights, of.biases)
    state = _ADAM.init(vector)
    for step in range(STEPS):
        now = with_parameters(of, vector)
        run = forward(now, points)
        by_output = _LOSS.derivative(run.output, labels) / labels.size
        back = backward(now, run, by_output)
        slope = flatten(back.weights, back.biases)
        if not np.isfinite(slope).all():
            break
        vector, state = _ADAM.update(slope, state, vector, learning_rate=0.01)
        if report is not None and step % _REPORT == 0:
            report(step / STEPS)
    return with_parameters(of, vector)


def direction(of: Network, rng: np.random.Generator) -> Real:
    """Return a random direction, filter by filter as long as the weights; 0 by the biases."""
    weights = []
    for w in of.weights:
        drawn = rng.standard_normal(w.shape)
        length = np.linalg.norm(drawn, axis=0)
        weights.append(drawn * (np.linalg.norm(w, axis=0) / length))
    return flatten(weights, [np.zeros_like(b) for b in of.biases])


def take(setup: Setup, directions: int, count: int = 33, report: Report | None = None) -> Slice:
    """Return the slice through a network along two directions drawn by a seed.

    ``count`` is the number of places along either. ``report`` is told the share of the work
    that is done, from 0 to 1.
    """

    def done(share: float) -> None:
        if report is not None:
            report(share)

    points, labels = moons(setup.seed)
    of = network(setup)
    if setup.trained:
        of = train(of, points, labels, lambda share: done(0.5 * share))
    centre = flatten(of.weights, of.biases)
    rng = np.random.default_rng(directions)
    one, other = direction(of, rng), direction(of, rng)
    at = np.linspace(-REACH, REACH, count)
    alpha, beta = (v.ravel() for v in np.meshgrid(at, at))
    losses = np.empty(alpha.size)
    begun = 0.5 if setup.trained else 0.0
    for start in range(0, alpha.size, _TOGETHER):
        part = slice(start, start + _TOGETHER)
        places = centre + alpha[part, None] * one + beta[part, None] * other
        losses[part] = mean_loss(with_parameters(of, places), points, labels)
        done(begun + (1 - begun) * start / alpha.size)
    table = losses.reshape(count, count)
    wrong = (forward(of, points).output > 0) != (labels == 1)
    return Slice(
        at,
        table,
        float(mean_loss(of, points, labels)),
        float(wrong.mean()),
        bends_down(table),
    )


def bends_down(table: Real) -> float:
    """Return the share of inner places where the smaller second derivative is negative.

    By central differences; what rounding could turn is left out of the count.
    """
    inner = table[1:-1, 1:-1]
    with np.errstate(invalid="ignore"):
        across = table[1:-1, 2:] - 2 * inner + table[1:-1, :-2]
        up = table[2:, 1:-1] - 2 * inner + table[:-2, 1:-1]
        mixed = (table[2:, 2:] - table[2:, :-2] - table[:-2, 2:] + table[:-2, :-2]) / 4
        smaller = (across + up) / 2 - np.hypot((across - up) / 2, mixed)
        noise = 1e-10 * np.maximum(np.abs(inner), 1e-300)
        down = smaller < -noise
    return float(down[np.isfinite(smaller)].mean()) if np.isfinite(smaller).any() else 0.0
