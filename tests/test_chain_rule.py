"""The chain rule along paths of units: against every path, and against backpropagation."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from core.network import Dropout, Skip, Stack, forward
from core.network.chain_rule import paths
from core.network.gradient_flow import Experiment, draw
from core.network.normalisation import Normalisation
from core.network.ways import at_depths, at_steps, repeated


def experiment(activation="tanh", depth=4, width=3, **more):
    stack = {k: more.pop(k) for k in ("normalisation", "skip", "dropout") if k in more}
    rate = 0.2 if "dropout" in stack else 0.0
    sizes = (width,) * (depth + 1)
    return Experiment(
        stack=Stack(sizes=sizes, activation=activation, dropout_rate=rate, **stack), **more
    )


def ways(one):
    return at_depths(draw(one, 0), np.array([one.stack.depth]))


def path(one, sample, taken=()):
    """Return the path of an experiment's first draw: its steps, units and derivative."""
    found = paths(ways(one), sample, taken)
    return found.steps(0), found.units[0].tolist(), float(found.total[0])


@pytest.mark.parametrize("skip", Skip)
@pytest.mark.parametrize("normalisation", Normalisation)
@pytest.mark.parametrize("dropout", Dropout)
@pytest.mark.parametrize("through", [(), (2,), (-1, 0), (1, -1, 2, 0)], ids=str)
def test_the_strongest_path_is_the_strongest(normalisation, skip, dropout, through):
    """Against all 3⁴ paths, one by one; of those through given units only those."""
    one = experiment(normalisation=normalisation, skip=skip, dropout=dropout, gain=2.0)
    allowed = [
        units
        for units in itertools.product(range(3), repeat=4)
        if all(u == -1 or u == v for u, v in zip(through, units, strict=False))
    ]
    products = {units: abs(path(one, 1, units)[0][-1].product) for units in allowed}
    steps, best, _ = path(one, 1, through)
    assert products[tuple(best)] == pytest.approx(max(products.values()))
    assert abs(steps[-1].product) == products[tuple(best)]


def test_a_path_goes_where_it_is_told_also_where_nothing_passes():
    one = experiment(initialiser="zeros")
    assert path(one, 0, (2, 1, -1, 2))[1] == [2, 1, 0, 2]
    with pytest.raises(IndexError):
        path(one, 0, (3,))


@pytest.mark.parametrize("normalisation", [Normalisation.NONE, Normalisation.LAYER])
@pytest.mark.parametrize("dropout", Dropout)
def test_all_paths_together_are_the_derivative(normalisation, dropout):
    """The chain rule itself: the sum over paths of products of factors."""
    one = experiment("gelu", normalisation=normalisation, gain=1.5, bias_std=0.3, dropout=dropout)
    every = [path(one, 0, [1, a, b, 2]) for a, b in itertools.product(range(3), repeat=2)]
    total = sum(steps[-1].product for steps, _, _ in every)
    assert [derivative for _, _, derivative in every] == pytest.approx([total] * 9, rel=1e-10)


@pytest.mark.parametrize("skip", Skip)
@pytest.mark.parametrize("normalisation", Normalisation)
@pytest.mark.parametrize("dropout", Dropout)
def test_the_product_of_two_layers_is_the_derivative(normalisation, skip, dropout):
    """One step has no detours: of every kind of stack the factor is the derivative itself."""
    one = experiment(
        depth=2, width=5, normalisation=normalisation, skip=skip, dropout=dropout, gain=1.3
    )
    for units in itertools.product(range(5), repeat=2):
        (step,), _, derivative = path(one, 2, units)
        assert step.product == pytest.approx(derivative, rel=1e-9, abs=1e-14)


def test_the_derivative_between_two_units_is_a_difference():
    one = experiment("tanh", 5, 4, skip=Skip.SCALED)
    net = draw(one, 0)
    _, _, found = path(one, 0, (2, -1, -1, -1, 3))
    ends = []
    for sign in (1, -1):
        biases = list(net.network.biases)
        biases[0] = biases[0] + sign * 1e-6 * np.eye(4)[2]
        moved = replace(net.network, biases=tuple(biases))
        ends.append(forward(moved, net.inputs).pre[-1][0, 3])
    assert found == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)


def test_factors_are_slope_times_weight():
    one = experiment("sigmoid", 6, 4, gain=3.0)
    net = draw(one, 0)
    steps, _, _ = path(one, 0, [0, 1, 2, 3, 0, 1])
    assert [s.layer for s in steps] == [5, 4, 3, 2, 1]
    for s, above in zip(steps, [1, 0, 3, 2, 1], strict=True):
        f = 1 / (1 + math.exp(-s.pre))
        assert s.slope == pytest.approx(f * (1 - f))
        assert s.weight == 3.0 * net.network.weights[s.layer][s.unit, above]
        assert (s.cross, s.scale, s.other) == (0.0, 1.0, 1.0)
        assert s.factor == s.slope * s.weight
    assert steps[-1].product == pytest.approx(math.prod(s.factor for s in steps))


MOVES = {
    "depth": [1, 2, 7, 4],
    "gain": [0.5, 3.0],
    "input_scale": [0.0, 2.0],
    "bias_std": [0.0, 0.4],
    "dropout_rate": [0.0, 0.5],
    "alpha": [0.3, 2.0],
}


@pytest.mark.parametrize("skip", Skip)
@pytest.mark.parametrize("normalisation", Normalisation)
@pytest.mark.parametrize("what", MOVES)
def test_paths_side_by_side_are_those_of_stacks_alone(what, normalisation, skip):
    """To the last bit, also where units are asked for, by every setting that may be moved."""
    more = {"normalisation": normalisation, "skip": skip, "dropout": Dropout.PLAIN, "gain": 1.5}
    one = experiment("elu", 4, 5, **more)
    found = paths(at_steps(one, what, MOVES[what], 0), 2, (-1, 3))
    for row, step in enumerate(MOVES[what]):
        alone = paths(ways(moved(one, what, step)), 2, (-1, 3))
        depth = int(alone.depths[0])
        assert found.depths[row] == depth
        assert found.steps(row) == alone.steps(0)
        np.testing.assert_array_equal(found.units[row, :depth], alone.units[0])
        np.testing.assert_array_equal(found.total[row], alone.total[0])


def moved(one, what, step):
    """Return the experiment with one setting changed."""
    stack = one.stack
    if what == "depth":
        return replace(one, stack=replace(stack, sizes=stack.sizes[:1] * (step + 1)))
    if what == "dropout_rate":
        return replace(one, stack=replace(stack, dropout_rate=step))
    if what == "alpha":
        return replace(one, stack=replace(stack, parameters=(("alpha", step),)))
    return replace(one, **{what: step})


def test_inputs_and_units_side_by_side():
    one = experiment("gelu", 5, 4, gain=2.0)
    net = draw(one, 0)
    found = paths(repeated(net, 3), [2, 0, 1], [[0], [-1], [3]])
    for row, (sample, unit) in enumerate([(2, 0), (0, -1), (1, 3)]):
        steps, units, total = path(one, sample, (unit,))
        assert found.steps(row) == steps
        assert found.units[row].tolist() == units
        assert found.total[row] == total


def test_where_the_signal_overflows_there_is_no_derivative():
    one = experiment("identity", 40, 4, initialiser="he_normal")
    found = paths(at_steps(one, "gain", [1.0, 1e20], 0), 0)
    assert np.isfinite(found.total[0])
    assert np.isnan(found.total[1])
    # 10²⁰ to the power of 16 is beyond 1.8·10³⁰⁸.
    assert found.overflow.tolist() == [0, 16]
    assert np.isfinite([step.factor for step in found.steps(0)]).all()
