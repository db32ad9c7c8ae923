"""The numbers that lessons state, against the code that computes them.

Those of the mean-field lesson are in ``test_theory_section``.
"""

import math

import numpy as np
import pytest

from core import softmax
from core.activations import ACTIVATIONS
from core.descent import descend, quadratics
from core.landscapes.minimise import valleys
from core.losses import LOSSES
from core.network import Skip, Stack
from core.network.gradient_flow import Experiment, measure, verdict
from core.network.slices import Setup, take
from core.perceptron import CORNERS, GATES, train
from pages.ui import text, wording

EPOCHS = {"three": 3, "five": 5}


def said(topic):
    """Return a lesson on one line."""
    return " ".join(text.lesson(topic).split())


def decades(activation, initialiser, depth, skip=Skip.NONE):
    """Return log₁₀ of what a stack of 64 units leaves of the gradient, the median of draws."""
    stack = Stack(sizes=(64,) * (depth + 1), activation=activation, skip=skip)
    found = measure(Experiment(stack=stack, initialiser=initialiser, repeats=6))
    return verdict(found).decades


def test_first_gradient():
    lesson = said("first-gradient")
    slope = {k: ACTIVATIONS[k].gradient for k in ("sigmoid", "tanh", "relu", "leaky_relu", "elu")}
    assert f"from {slope['sigmoid'](0.0):.4f} to {slope['sigmoid'](6.0):.4f}" in lesson
    assert f"0.25¹⁰ ≈ {wording.number(0.25**10, 2)}" in lesson
    assert slope["tanh"](3.0) < slope["sigmoid"](3.0)
    at = {k: float(slope[k](-3.0)) for k in ("relu", "leaky_relu", "elu")}
    assert (
        f"{at['relu']:g} for ReLU, {at['leaky_relu']:g} for leaky ReLU and {at['elu']:.4f} for ELU"
        in lesson
    )
    assert slope["elu"](-6.0) < slope["leaky_relu"](-6.0)


def test_vanishing_gradients():
    lesson = said("vanishing-gradients")
    assert f"0.56 make {wording.number(0.56**30, 1)}" in lesson
    assert f"1.8 make {wording.number(1.8**30, 1)}" in lesson
    assert "lose seven to eight decades (powers of ten), 50 of tanh about one" in lesson
    assert -8 < decades("relu", "xavier_normal", 50) < -7
    assert decades("tanh", "xavier_normal", 50) == pytest.approx(-1, abs=0.3)
    lost = {k: -decades(k, "linear_default", 50) for k in ("tanh", "relu", "sigmoid")}
    assert (
        f"about {lost['tanh']:.0f} decades are lost with tanh, {lost['relu']:.0f} with ReLU, "
        f"{lost['sigmoid']:.0f} with the sigmoid" in lesson
    )
    assert "the gradient grows by some 21 decades. Scaled by 1/√depth, it grows by about one." in (
        lesson
    )
    assert decades("relu", "he_normal", 100, Skip.PLAIN) == pytest.approx(21, abs=1)
    assert decades("relu", "he_normal", 100, Skip.SCALED) == pytest.approx(1, abs=0.5)


def test_softmax():
    lesson = said("softmax")
    logits = np.array([1.0, 2.0, 3.0])
    assert f"it is {softmax.log_sum_exp(logits):.4f}" in lesson
    assert f"{softmax.log_sum_exp(logits, 0.1):.6f} at T = 0.1" in lesson
    raised = softmax.softmax([1.0, 0.0, 0.0])[0]
    assert f"by {3 * raised:.3f}, from 0.3333 to {raised:.4f}" in lesson
    assert softmax.softmax([0.0, 40.0])[1] == 1
    assert softmax.softmax([0.0, 800.0]).tolist() == [0, 1]
    for kind in (np.float32, np.float64):
        assert f"{math.log(np.finfo(kind).max):.2f} in {kind.__name__}" in lesson
    loss = LOSSES["softmax_cross_entropy"]
    for classes in (2, 3, 10):
        certain = np.eye(classes)[0]
        assert f"{float(loss(certain, certain)):.4f} with {classes}" in lesson


def test_optimizers():
    lesson = said("optimizers")
    tuned = {k: quadratics.best(k, 1.0, 100.0) for k in ("gradient_descent", "momentum")}
    assert f"that is {tuned['momentum'].contraction:.3f} in place of" in lesson
    assert f"in place of {tuned['gradient_descent'].contraction:.3f}" in lesson
    assert quadratics.critical_momentum("momentum", 0.0026) > 0.9
    assert quadratics.critical_momentum("momentum", 0.0027) < 0.9
    assert f"ηλ above {(1 - math.sqrt(0.9)) ** 2:.4f}" in lesson
    limits = {k: float(quadratics.stable_rate(k, 1.0, 0.9)) for k in ("nesterov", "momentum")}
    assert f"{limits['nesterov']:.3f} at γ = 0.9" in lesson
    assert f"momentum up to {limits['momentum']:.1f}" in lesson
    assert f"= {0.1 / math.sqrt(0.001):.2f} times η" in lesson


@pytest.mark.parametrize("alpha", [0.9, 0.99])
def test_rmsprop_ends_half_a_rate_from_the_minimum(alpha):
    path = descend(
        "rmsprop", lambda w: w, np.array([1.0]), 4000, learning_rate=0.1, alpha=alpha
    ).positions
    np.testing.assert_allclose(np.abs(path[-4:]), 0.05, rtol=1e-3)


@pytest.mark.parametrize("rate", [0.5, 2.0])
def test_adagrad_settles_at_every_rate(rate):
    """Where gradient descent diverges: ηλ is 48 and 193 in the steepest direction."""
    matrix = np.array([[60.0, 45.0], [45.0, 41.0]])
    path = descend("adagrad", lambda w: w @ matrix, np.array([1.0, 2.0]), 4000, learning_rate=rate)
    assert np.abs(path.positions[-1]).max() < 1e-6


def test_perceptron():
    lesson = said("perceptron")
    assert "AND and NAND are learned in five epochs and OR in three" in lesson
    for gate, epochs in (("AND", "five"), ("NAND", "five"), ("OR", "three")):
        found = train(CORNERS, GATES[gate])
        last_mistake = np.flatnonzero(found.change)[-1] // len(CORNERS) + 1
        assert last_mistake == EPOCHS[epochs]
        assert found.epochs == EPOCHS[epochs] + 1


@pytest.mark.parametrize("seed", [0, 1])
def test_skip_connections_smooth_a_slice(seed):
    assert "with a dozen hollows or more; with skips the same layers leave one to three" in said(
        "landscapes"
    )
    hollows = {
        skip: len(valleys(take(Setup(depth=12, skip=skip, seed=seed), 0).loss))
        for skip in (False, True)
    }
    assert hollows[False] >= 12
    assert 1 <= hollows[True] <= 3


def test_pairing_and_segmentation():
    """The counts themselves are tested with their pages."""
    assert "19 steps of learning rate 1" in said("pairing")
    assert "1542 under (p − t)²" in said("pairing")
    slope = float(ACTIVATIONS["sigmoid"].gradient(-8.0))
    for topic in ("pairing", "segmentation"):
        assert wording.number(slope, 1) in said(topic)
