"""Ridge, lasso and elastic net: against SciPy, and against their own conditions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from core.landscapes import regularised
from core.landscapes.regularised import (
    FEATURES,
    TRUTH,
    houses,
    path,
    penalty,
    problem,
    shape,
    solve,
    squared_error,
    strongest,
    violation,
)

STRENGTHS = 10.0 ** np.linspace(-3, 1.2, 60)
shares = pytest.mark.parametrize("share", [0.0, 0.3, 1.0])


def small(seed=0, n=40):
    data = houses(seed, n)
    return problem(data.x, data.y)


def test_features_are_standardised_and_some_are_irrelevant():
    data = houses(3)
    assert data.x.shape == (40, len(FEATURES))
    np.testing.assert_allclose(data.x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.x.std(axis=0), 1)
    assert data.y.mean() == pytest.approx(0, abs=1e-12)
    assert TRUTH.count(0.0) == 3
    big = houses(1, 20_000)
    assert np.corrcoef(big.x[:, 0], big.x[:, 1])[0, 1] == pytest.approx(0.9, abs=0.01)
    np.testing.assert_allclose(solve(problem(big.x, big.y), 0.0, 0.5), TRUTH, atol=0.15)


def test_the_quadratic_is_the_squared_error():
    data = houses(2)
    theta = np.linspace(-1, 2, 8)
    expected = np.mean((data.y - data.x @ theta) ** 2)
    assert squared_error(problem(data.x, data.y), theta) == pytest.approx(expected)


@shares
@pytest.mark.parametrize("strength", [0.0, 0.02, 0.5, 3.0])
def test_solutions_against_scipy(share, strength):
    of = small(1)
    theirs = minimize(
        # θ = u − v with u, v ≥ 0 makes the absolute value linear.
        lambda p: (
            squared_error(of, p[:8] - p[8:])
            + strength * (share * p.sum() + (1 - share) / 2 * ((p[:8] - p[8:]) ** 2).sum())
        ),
        np.full(16, 0.1),
        bounds=[(0, None)] * 16,
        method="L-BFGS-B",
        options={"ftol": 1e-16, "gtol": 1e-10, "maxiter": 5000, "maxfun": 200_000},
    )
    ours = solve(of, strength, share)
    value = squared_error(of, ours) + penalty(ours, strength, share)
    assert value <= theirs.fun + 1e-10
    np.testing.assert_allclose(ours, theirs.x[:8] - theirs.x[8:], atol=2e-4)


@shares
def test_every_place_on_the_path_is_optimal(share):
    for seed in range(5):
        of = small(seed, 30)
        found = path(of, STRENGTHS, share)
        for theta, strength in zip(found, STRENGTHS, strict=True):
            assert violation(of, theta, strength, share) < 1e-10
            alone = solve(of, strength, share)
            np.testing.assert_allclose(alone, theta, atol=1e-10)


def test_all_shares_are_solved_beside_each_other():
    of, parts = small(2, 20), np.linspace(0, 1, 11)
    together = path(of, STRENGTHS, parts[:, None])
    assert together.shape == (11, 60, 8)
    for share, found in zip(parts, together, strict=True):
        np.testing.assert_array_equal(found, path(of, STRENGTHS, share))
        for theta, strength in zip(found, STRENGTHS, strict=True):
            alone = solve(of, strength, share)
            np.testing.assert_allclose(theta, alone, atol=1e-10)
            np.testing.assert_array_equal(theta == 0, alone == 0)


def test_where_the_rounds_do_not_end_the_search_takes_over(monkeypatch):
    of = small()
    expected = path(of, STRENGTHS, 0.5)
    for rounds in (0, 1, 2):
        monkeypatch.setattr(regularised, "_ROUNDS", rounds)
        np.testing.assert_allclose(path(of, STRENGTHS, 0.5), expected, atol=1e-10)


def test_ridge_in_closed_form():
    of = small()
    for strength in (0.1, 2.0):
        expected = np.linalg.solve(2 * of.gram + strength * np.eye(8), 2 * of.covariance)
        np.testing.assert_allclose(solve(of, strength, 0.0), expected, rtol=1e-10)


def test_lasso_of_orthogonal_features_is_a_soft_threshold():
    rng = np.random.default_rng(0)
    x, _ = np.linalg.qr(rng.standard_normal((50, 6)))
    x = x * np.sqrt(50)
    y = x @ np.array([3.0, -2.0, 1.0, 0.5, 0.1, 0.0])
    of = problem(x, y)
    plain = of.covariance
    expected = np.sign(plain) * np.maximum(np.abs(plain) - 0.4 / 2, 0)
    found = solve(of, 0.4, 1.0)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert (found[4:] == 0).all()


def test_zeros_are_exact_and_the_irrelevant_go_first():
    of = small(0)
    found = path(of, STRENGTHS, 1.0)
    zeros = (found == 0).sum(axis=1)
    assert zeros[0] == 0
    assert zeros[-1] == 8
    assert not (path(of, STRENGTHS, 0.0) == 0).any()
    gone = [STRENGTHS[np.flatnonzero(found[:, j] == 0)[0]] for j in range(8)]
    assert max(gone[5:]) < gone[0]


def test_the_strongest_penalty_leaves_nothing():
    of = small()
    for share in (0.25, 1.0):
        limit = strongest(of, share)
        assert not solve(of, limit * (1 + 1e-9), share).any()
        assert solve(of, limit * 0.99, share).any()
    assert strongest(of, 0.0) == np.inf


def test_refused():
    for strength, share in ((-1.0, 0.5), (1.0, 1.5), (np.nan, 0.5)):
        with pytest.raises(ValueError, match="strength"):
            solve(small(), strength, share)
        with pytest.raises(ValueError, match="strength"):
            path(small(), [0.5, strength], share)


def test_dependent_features_do_not_break_it():
    x = np.repeat(np.random.default_rng(0).standard_normal((30, 1)), 2, axis=1)
    of = problem(x, 2 * x[:, 0])
    for share in (0.0, 0.5, 1.0):
        for strength in (0.0, 0.3):
            for theta in (solve(of, strength, share), path(of, [strength], share)[0]):
                assert violation(of, theta, strength, share) < 1e-10
    shared = solve(of, 0.3, 0.5)
    assert shared[0] == pytest.approx(shared[1])


@settings(deadline=None, derandomize=True, database=None, max_examples=150)
@given(
    st.integers(0, 10_000),
    st.integers(6, 20),
    st.floats(0, 5),
    st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]),
)
def test_random_problems_are_solved(seed, n, strength, share):
    rng = np.random.default_rng(seed)
    of = problem(rng.standard_normal((n, 5)), rng.standard_normal(n))
    start = rng.standard_normal(5)
    for theta in (solve(of, strength, share, start), path(of, [strength], share)[0]):
        assert violation(of, theta, strength, share) < 1e-9


@shares
def test_the_outline_has_the_same_penalty_everywhere(share):
    x, y = shape(0.7, share)
    np.testing.assert_allclose(penalty(np.stack([x, y], axis=-1), 1.0, share), 0.7, rtol=1e-12)
    assert (x[0], y[0]) == pytest.approx((x[-1], y[-1]))
    corner = 0.7 if share == 1 else np.sqrt(1.4) if share == 0 else None
    if corner:
        assert x.max() == pytest.approx(corner)
    assert not np.any(shape(0.0, share))
    rows = shape([0.7, 0.2], [share, 1.0])
    for many, *each in zip(rows, (x, y), shape(0.2, 1.0), strict=True):
        np.testing.assert_array_equal(many, each)
