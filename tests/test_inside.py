"""What goes on inside the layers, against single networks and against NumPy's own functions."""

from dataclasses import replace

import numpy as np
import pytest

from core.network import Dropout, Skip
from core.network.gradient_flow import measure
from core.network.inside import outermost, shares, signals
from core.network.normalisation import Normalisation
from core.network.ways import at_steps
from tests.test_chain_rule import MOVES, experiment, moved


@pytest.mark.parametrize("skip", Skip)
@pytest.mark.parametrize("what", MOVES)
def test_signals_side_by_side_are_those_of_stacks_alone(what, skip):
    one = experiment("elu", 4, 5, skip=skip, dropout=Dropout.PLAIN, repeats=2)
    found = signals(at_steps(one, what, MOVES[what], 1))
    for row, step in enumerate(MOVES[what]):
        alone = moved(one, what, step)
        profile = measure(alone)
        depth = alone.stack.depth
        for name in ("mean", "std", "dead", "saturated"):
            values = getattr(found, name)[row]
            np.testing.assert_allclose(values[:depth], getattr(profile, name)[1], rtol=1e-12)
            assert np.isnan(values[depth:]).all()


def test_what_an_overflow_leaves_unknown():
    one = experiment("identity", 40, 4, initialiser="he_normal")
    found = signals(at_steps(one, "gain", [1.0, 1e20], 0))
    profile = measure(replace(one, gain=1e20))
    assert found.overflow.tolist() == [0, *profile.forward_overflow]
    np.testing.assert_array_equal(np.isnan(found.std[1:]), np.isnan(profile.std))
    np.testing.assert_array_equal(np.isnan(found.dead[1:]), np.isnan(profile.dead))
    assert np.isfinite(found.std[0]).all()


def test_signals_of_a_normalised_stack():
    one = experiment("tanh", 5, 4, normalisation=Normalisation.LAYER)
    found = signals(at_steps(one, "input_scale", [1.0], 0))
    np.testing.assert_allclose(found.std, measure(one).std, rtol=1e-12)


def test_shares():
    values = np.array([[0.5, 0.6, 1.5, -7.0], [99.0, np.nan, np.nan, 2.0]])
    np.testing.assert_array_equal(shares(values, 0.0, 2.0, 2), [[0.75, 0.25], [0.0, 0.5]])


def test_shares_are_a_histogram_of_each_row():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((3, 2, 500))
    low, high = np.array([[-1.0], [-2.0], [-3.0]]), np.array([[1.0], [3.0], [2.0]])
    found = shares(values, low, high, 16)
    for i, j in np.ndindex(3, 2):
        ends = (low[i, 0], high[i, 0])
        counts, _ = np.histogram(np.clip(values[i, j], *ends), 16, ends)
        np.testing.assert_array_equal(found[i, j] * 500, counts)


def test_outermost_values_are_quantiles():
    rng = np.random.default_rng(1)
    values = rng.standard_normal((4, 101))
    values[1, :50] = np.nan
    values[2] = np.inf
    found = outermost(values, 0.02, 0.9)
    for row in (0, 1, 3):
        expected = np.nanquantile(values[row], [0.02, 0.9])
        np.testing.assert_allclose(found[row], expected, rtol=1e-12)
    assert np.isnan(found[2]).all()
