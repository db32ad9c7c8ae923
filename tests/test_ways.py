"""Ways back from several depths at once, against each stack alone."""

from dataclasses import replace

import numpy as np
import pytest

from core.network import Dropout, Skip
from core.network.gradient_flow import draw, judge_each, measure, verdict
from core.network.normalisation import Normalisation
from core.network.ways import at_steps, repeated, sweep
from tests.test_chain_rule import MOVES, experiment, moved

DEPTHS = [3, 1, 12, 2, 7]


@pytest.mark.parametrize("skip", Skip)
@pytest.mark.parametrize("normalisation", Normalisation)
@pytest.mark.parametrize("dropout", Dropout)
@pytest.mark.parametrize("width", [6, 40])
def test_a_sweep_of_depths_is_the_experiments_one_by_one(skip, normalisation, dropout, width):
    """To the last bit, in whatever order, side by side or draw by draw."""
    kind = {"skip": skip, "normalisation": normalisation, "dropout": dropout}
    one = experiment("elu", 5, width, repeats=3, gain=2.0, bias_std=0.3, **kind)
    swept = sweep(one, DEPTHS, by_weights=True)
    judged = judge_each(swept)
    for row, depth in enumerate(DEPTHS):
        profile = measure(moved(one, "depth", depth))
        for found, expected in (
            (swept.gradient, profile.gradient),
            (swept.by_weights, profile.by_weights),
        ):
            np.testing.assert_array_equal(found[row][:, -depth:], expected)
            assert np.isnan(found[row][:, :-depth]).all()
        assert judged[row] == verdict(profile)


@pytest.mark.parametrize("skip", [Skip.NONE, Skip.SCALED])
@pytest.mark.parametrize("activation", ["identity", "squared_relu"])
def test_depths_beyond_all_numbers(activation, skip):
    """A shallower stack may end before its deeper one overflows, on either way."""
    one = experiment(activation, 4, 4, repeats=2, gain=1e20, skip=skip)
    depths = [2, 14, 18, 30]
    swept = sweep(one, depths)
    for row, depth in enumerate(depths):
        alone = measure(moved(one, "depth", depth))
        np.testing.assert_array_equal(swept.forward_overflow[row], alone.forward_overflow)
        np.testing.assert_array_equal(swept.backward_overflow[row], alone.backward_overflow)
        np.testing.assert_array_equal(swept.gradient[row][:, -depth:], alone.gradient)
    assert not swept.forward_overflow[0].any()
    assert swept.forward_overflow[-1].all() or swept.backward_overflow[-1].all()


@pytest.mark.parametrize("what", MOVES)
def test_every_layer_is_met_as_in_a_stack_alone(what):
    one = experiment("elu", 4, 5, skip=Skip.PLAIN, dropout=Dropout.PLAIN)
    steps = MOVES[what]
    stacks = [moved(one, what, step) for step in steps]
    draws = [draw(stack, 0) for stack in stacks]
    back = [net.back(net.run()) for net in draws]
    deepest = max(stack.stack.depth for stack in stacks)
    met = 0
    for at in at_steps(one, what, steps, 0).walk():
        for i, row in enumerate(at.rows):
            np.testing.assert_array_equal(at.met.pre[i], back[row].pre[at.layer])
            assert at.places[i] == deepest - stacks[row].stack.depth + at.layer
            met += 1
    assert met == sum(stack.stack.depth for stack in stacks)


def test_ways_that_set_out_with_gradients_of_their_own():
    """By the last pre-activations: a unit each, of one network."""
    one = experiment("tanh", 5, 4, normalisation=Normalisation.BATCH)
    net = draw(one, 0)
    start = np.zeros((3, one.batch, 4))
    start[[0, 1, 2], 2, [3, 0, 1]] = 1.0
    found = {at.layer: at.met for at in repeated(net, 3).walk(start)}
    np.testing.assert_array_equal(found[4].pre, start)
    run = net.run()
    for unit, first in zip((3, 0, 1), found[0].pre, strict=True):
        alone = np.zeros((1, one.batch, 4))
        alone[0, 2, unit] = 1.0
        (single,) = [at.met.pre for at in repeated(net, 1).walk(alone) if at.layer == 0]
        np.testing.assert_array_equal(first, single[0])
    assert len(run.pre) == len(found)


def test_depths_that_make_no_sense():
    one = experiment("tanh", 3, 4)
    with pytest.raises(ValueError, match="at least 1"):
        sweep(one, [2, 0])
    uneven = replace(one, stack=replace(one.stack, sizes=(4, 5, 4)))
    with pytest.raises(ValueError, match="equally wide"):
        sweep(uneven, [2])
