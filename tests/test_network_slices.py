"""Slices of network losses: filter normalisation, training, and values against plain loops."""

import numpy as np
import pytest

from core.losses import LOSSES
from core.network import flatten, forward, with_parameters
from core.network.slices import (
    POINTS,
    WIDTH,
    Setup,
    bends_down,
    direction,
    mean_loss,
    moons,
    network,
    take,
    train,
)

SMALL = Setup("tanh", depth=2, trained=False)


def test_moons_reach_into_each_other():
    points, labels = moons(0)
    assert points.shape == (POINTS, 2)
    assert labels.sum() == POINTS / 2
    np.testing.assert_array_equal(points, moons(0)[0])
    assert (points != moons(1)[0]).any()
    # No straight line tells them apart: a linear fit errs.
    design = np.column_stack([points, np.ones(POINTS)])
    fit = np.linalg.lstsq(design, 2 * labels[:, 0] - 1, rcond=None)[0]
    assert ((design @ fit > 0) != (labels[:, 0] == 1)).mean() > 0.05


def test_a_direction_is_as_long_as_the_weights_unit_by_unit():
    of = network(Setup("relu", depth=3))
    vector = direction(of, np.random.default_rng(0))
    along = with_parameters(of, vector)
    for w, d, b in zip(of.weights, along.weights, along.biases, strict=True):
        np.testing.assert_allclose(np.linalg.norm(d, axis=0), np.linalg.norm(w, axis=0))
        assert not b.any()
    other = direction(of, np.random.default_rng(1))
    assert abs(vector @ other) < 0.5 * np.linalg.norm(vector) * np.linalg.norm(other)


def test_a_slice_does_not_see_how_a_rectifier_s_weights_are_scaled():
    """Scaling one layer up and the next down leaves the function, and so the slice."""
    points, labels = moons(0)
    of = network(Setup("relu", depth=2))
    twin = with_parameters(
        of,
        flatten(
            [of.weights[0] * 10, of.weights[1] / 10, of.weights[2]],
            [of.biases[0] * 10, of.biases[1], of.biases[2]],
        ),
    )
    assert mean_loss(twin, points, labels) == pytest.approx(float(mean_loss(of, points, labels)))
    places = [
        flatten(n.weights, n.biases) + 0.3 * direction(n, np.random.default_rng(4))
        for n in (of, twin)
    ]
    there = [float(mean_loss(with_parameters(of, place), points, labels)) for place in places]
    assert there[0] == pytest.approx(there[1], rel=1e-9)


def test_the_mean_loss_is_the_catalogue_s():
    points, labels = moons(2)
    of = network(SMALL)
    logits = forward(of, points).output
    expected = LOSSES["sigmoid_cross_entropy"](logits, labels).mean()
    assert mean_loss(of, points, labels) == pytest.approx(float(expected), rel=1e-14)


def test_the_slice_holds_what_a_loop_would_find():
    one = take(SMALL, directions=3, count=5)
    points, labels = moons(0)
    of = network(SMALL)
    centre = flatten(of.weights, of.biases)
    rng = np.random.default_rng(3)
    d, e = direction(of, rng), direction(of, rng)
    for k, beta in enumerate(one.at):
        for j, alpha in enumerate(one.at):
            there = with_parameters(of, centre + alpha * d + beta * e)
            assert one.loss[k, j] == pytest.approx(float(mean_loss(there, points, labels)))
    assert one.loss[2, 2] == pytest.approx(one.centre)


def test_seeds_and_reports():
    heard = []
    one = take(SMALL, 0, 9, heard.append)
    np.testing.assert_array_equal(one.loss, take(SMALL, 0, 9).loss)
    assert (one.loss != take(SMALL, 1, 9).loss).any()
    assert heard == sorted(heard)
    assert all(0 <= share <= 1 for share in heard)


@pytest.mark.parametrize(
    ("activation", "most"), [("relu", 0.05), ("tanh", 0.05), ("identity", 0.4)]
)
def test_training_lowers_the_loss(activation, most):
    points, labels = moons(0)
    before = network(Setup(activation, depth=2))
    after = train(before, points, labels)
    assert float(mean_loss(after, points, labels)) < most
    assert float(mean_loss(after, points, labels)) < float(mean_loss(before, points, labels))


def test_skips_let_a_deep_sigmoid_learn():
    points, labels = moons(0)
    plain, skips = (
        float(mean_loss(train(network(Setup("sigmoid", 16, skip)), points, labels), points, labels))
        for skip in (False, True)
    )
    # ln 2 is the loss of knowing nothing.
    assert plain == pytest.approx(np.log(2), abs=0.01)
    assert skips < 0.45


def test_the_network_is_as_described():
    of = network(Setup("relu", depth=5, skip=True))
    assert of.stack.sizes == (2, *[WIDTH] * 5, 1)
    assert [of.stack.skips(i) for i in range(6)] == [False, True, True, True, True, False]
    rectified, saturating = network(Setup("relu", 3)), network(Setup("tanh", 3))
    ratio = rectified.weights[1].std() / saturating.weights[1].std()
    assert ratio == pytest.approx(np.sqrt(2), rel=0.01)


def test_bends_down():
    at = np.linspace(-1, 1, 21)
    x, y = np.meshgrid(at, at)
    assert bends_down(x**2 + 3 * y**2 + x * y) == 0
    assert bends_down(x**2 - y**2) == 1
    assert bends_down(x * y) == 1
    assert bends_down(np.cos(3 * x) + 5 * y**2) == pytest.approx(np.pi / 6, abs=0.1)
    assert bends_down(np.full((9, 9), np.inf)) == 0
