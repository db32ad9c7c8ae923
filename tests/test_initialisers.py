"""Initialisers: the variance that each promises, and what is special about each."""

import math

import numpy as np
import pytest

from core.network.initialisers import INITIALISERS

# Variances by fan-in 48 and fan-out 96, from the papers' formulas.
VARIANCES = {
    "xavier_normal": 2 / (48 + 96),
    "xavier_uniform": 2 / (48 + 96),
    "he_normal": 2 / 48,
    "he_uniform": 2 / 48,
    "lecun_normal": 1 / 48,
    "orthogonal": 1 / 96,
    "linear_default": 1 / (3 * 48),
    "normal": 0.1**2,
    "constant": 0.1**2,
    "zeros": 0.0,
}
UNIFORM = {
    "xavier_uniform": math.sqrt(6 / (48 + 96)),
    "he_uniform": math.sqrt(6 / 48),
    "linear_default": 1 / math.sqrt(48),
}


def drawn(key, count=40, fans=(48, 96), value=None, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([INITIALISERS[key](rng, *fans, value) for _ in range(count)])


def test_every_rule_is_tested():
    assert list(INITIALISERS) == list(VARIANCES)
    assert all(rule.key == key for key, rule in INITIALISERS.items())


@pytest.mark.parametrize("key", VARIANCES)
def test_variance(key):
    weights = drawn(key)
    assert weights.shape[1:] == (48, 96)
    # 184 320 weights: the square's mean is good to about 0.35 %.
    assert np.square(weights).mean() == pytest.approx(VARIANCES[key], rel=0.015)
    sigma = INITIALISERS[key].sigma_w(48, 96)
    assert sigma == pytest.approx(math.sqrt(48 * VARIANCES[key]), rel=1e-12)


@pytest.mark.parametrize("key", UNIFORM)
def test_a_uniform_rule_reaches_its_ends_and_no_further(key):
    reach = np.abs(drawn(key)).max()
    assert 0.999 * UNIFORM[key] < reach <= UNIFORM[key]


@pytest.mark.parametrize("key", ["xavier_normal", "he_normal", "lecun_normal", "normal"])
def test_a_normal_rule_is_not_truncated(key):
    weights = drawn(key)
    z = weights / weights.std()
    assert np.abs(z).max() > 3.5
    assert (np.abs(z) < 1).mean() == pytest.approx(0.6827, abs=0.005)


@pytest.mark.parametrize("fans", [(5, 5), (7, 4), (4, 7), (1, 3)])
def test_orthogonal_columns_or_rows(fans):
    (w,) = drawn("orthogonal", 1, fans)
    smaller = w.T @ w if fans[0] >= fans[1] else w @ w.T
    np.testing.assert_allclose(smaller, np.eye(min(fans)), atol=1e-14)


def test_orthogonal_prefers_no_direction():
    """Without the signs of R, QR leaves the first entry negative (or positive) for ever."""
    first = drawn("orthogonal", 400, (3, 3))[:, 0, 0]
    assert abs((first > 0).mean() - 0.5) < 0.1
    assert abs(first.mean()) < 0.1


def test_parameters():
    assert (drawn("constant", 1, value=-0.25) == -0.25).all()
    assert drawn("normal", value=0.5).std() == pytest.approx(0.5, rel=0.01)
    assert INITIALISERS["normal"].sigma_w(16, 3, 0.5) == 2.0
    assert not drawn("zeros").any()


@pytest.mark.parametrize("key", INITIALISERS)
def test_the_same_generator_gives_the_same_weights(key):
    np.testing.assert_array_equal(drawn(key, 2), drawn(key, 2))


def test_bad_input_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least 1"):
        INITIALISERS["he_normal"](rng, 0, 3)
    with pytest.raises(ValueError, match="no parameter"):
        INITIALISERS["he_normal"](rng, 2, 3, 1.0)
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match="finite"):
            INITIALISERS["normal"](rng, 2, 3, value)
