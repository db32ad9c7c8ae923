"""The chain rule along paths of units: against every path, and against backpropagation."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from core.network import Dropout, Skip, Stack, forward
from core.network.chain_rule import between, chain, strongest_path
from core.network.gradient_flow import Experiment, draw
from core.network.normalisation import Normalisation


def experiment(activation="tanh", depth=4, width=3, **more):
    stack = {k: more.pop(k) for k in ("normalisation", "skip", "dropout") if k in more}
    rate = 0.2 if "dropout" in stack else 0.0
    sizes = (width,) * (depth + 1)
    return Experiment(
        stack=Stack(sizes=sizes, activation=activation, dropout_rate=rate, **stack), **more
    )


def ran(one):
    net = draw(one, 0)
    run = net.run()
    return net, run, net.back(run)


@pytest.mark.parametrize("skip", Skip)
@pytest.mark.parametrize("normalisation", Normalisation)
@pytest.mark.parametrize("dropout", Dropout)
@pytest.mark.parametrize("through", [(), (2,), (None, 0), (1, None, 2, 0)], ids=str)
def test_the_strongest_path_is_the_strongest(normalisation, skip, dropout, through):
    """Against all 3⁴ paths, one by one; of those through given units only those."""
    one = experiment(normalisation=normalisation, skip=skip, dropout=dropout, gain=2.0)
    net, run, back = ran(one)
    allowed = [
        units
        for units in itertools.product(range(3), repeat=4)
        if all(u is None or u == v for u, v in zip(through, units, strict=False))
    ]
    products = {units: abs(chain(net, run, back, 1, units)[-1].product) for units in allowed}
    best = tuple(strongest_path(net, run, back, 1, through))
    assert products[best] == pytest.approx(max(products.values()))


def test_a_path_goes_where_it_is_told_also_where_nothing_passes():
    net, run, back = ran(experiment(initialiser="zeros"))
    assert strongest_path(net, run, back, 0, (2, 1, None, 2)) == [2, 1, 0, 2]
    with pytest.raises(IndexError):
        strongest_path(net, run, back, 0, (3,))


@pytest.mark.parametrize("normalisation", [Normalisation.NONE, Normalisation.LAYER])
@pytest.mark.parametrize("dropout", Dropout)
def test_all_paths_together_are_the_derivative(normalisation, dropout):
    """The chain rule itself: the sum over paths of products of factors."""
    net, run, back = ran(
        experiment("gelu", normalisation=normalisation, gain=1.5, bias_std=0.3, dropout=dropout)
    )
    total = sum(
        chain(net, run, back, 0, [1, a, b, 2])[-1].product
        for a, b in itertools.product(range(3), repeat=2)
    )
    assert between(net, run, 0, 1, 2) == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("skip", Skip)
@pytest.mark.parametrize("normalisation", Normalisation)
@pytest.mark.parametrize("dropout", Dropout)
def test_the_product_of_two_layers_is_the_derivative(normalisation, skip, dropout):
    """One step has no detours: of every kind of stack the factor is the derivative itself."""
    one = experiment(
        depth=2, width=5, normalisation=normalisation, skip=skip, dropout=dropout, gain=1.3
    )
    net, run, back = ran(one)
    for units in itertools.product(range(5), repeat=2):
        (step,) = chain(net, run, back, 2, units)
        assert step.product == pytest.approx(between(net, run, 2, *units), rel=1e-9, abs=1e-14)


def test_the_derivative_between_two_units_is_a_difference():
    net = draw(experiment("tanh", 5, 4, skip=Skip.SCALED), 0)
    found = between(net, net.run(), 0, 2, 3)
    ends = []
    for sign in (1, -1):
        biases = list(net.network.biases)
        biases[0] = biases[0] + sign * 1e-6 * np.eye(4)[2]
        moved = replace(net.network, biases=tuple(biases))
        ends.append(forward(moved, net.inputs).pre[-1][0, 3])
    assert found == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)


def test_factors_are_slope_times_weight():
    net, run, back = ran(experiment("sigmoid", 6, 4, gain=3.0))
    steps = chain(net, run, back, 0, [0, 1, 2, 3, 0, 1])
    assert [s.layer for s in steps] == [5, 4, 3, 2, 1]
    for s, above in zip(steps, [1, 0, 3, 2, 1], strict=True):
        f = 1 / (1 + math.exp(-s.pre))
        assert s.slope == pytest.approx(f * (1 - f))
        assert s.weight == 3.0 * net.network.weights[s.layer][s.unit, above]
        assert (s.cross, s.scale, s.other) == (0.0, 1.0, 1.0)
        assert s.factor == s.slope * s.weight
    assert steps[-1].product == pytest.approx(math.prod(s.factor for s in steps))
