"""Softmax and its relatives: against SciPy, against 50 digits, and where they break."""

import math

import mpmath
import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from core import softmax as s
from core.activations import ACTIVATIONS
from core.losses import LOSSES

LOGITS = st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=10)
TEMPERATURES = st.floats(0.01, 100)
EXTREMES = ([1e4, -1e4, 0], [-1e4, -1e4], [1e308, -1e308], [0, 0, 0], [5e-324, 0], [745, -745, 1])


def exact(logits, temperature=1.0):
    """Return softmax with 50 digits."""
    with mpmath.workdps(50):
        scaled = [mpmath.mpf(z) / mpmath.mpf(temperature) for z in logits]
        powers = [mpmath.exp(z - max(scaled)) for z in scaled]
        return [p / mpmath.fsum(powers) for p in powers]


@given(LOGITS, TEMPERATURES)
def test_softmax_agrees_with_scipy(logits, temperature):
    scaled = np.array(logits) / temperature
    # Dividing first, as SciPy's user has to, rounds what then stands in the exponent.
    rounding = np.finfo(np.float64).eps * np.abs(scaled).max()
    expected = scipy.special.softmax(scaled)
    found = s.softmax(logits, temperature)
    assert found == pytest.approx(expected, rel=1e-12 + 2 * rounding, abs=1e-300)


@given(LOGITS, TEMPERATURES)
def test_log_sum_exp_agrees_with_scipy(logits, temperature):
    expected = temperature * scipy.special.logsumexp(np.array(logits) / temperature)
    assert s.log_sum_exp(logits, temperature) == pytest.approx(expected, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("logits", [[1, 2, 3], [0, 40], [-30, 0, 2.5, 2.6], [10] * 10, [20, -20]])
@pytest.mark.parametrize("temperature", [0.1, 1.0, 5.0])
def test_softmax_and_its_jacobian_to_fifty_digits(logits, temperature):
    p = exact(logits, temperature)
    found = s.softmax(logits, temperature)
    matrix = s.jacobian(logits, temperature)
    for i in range(len(p)):
        assert found[i] == pytest.approx(float(p[i]), rel=1e-13)
        for j in range(len(p)):
            with mpmath.workdps(50):
                slope = p[i] * ((i == j) - p[j]) / mpmath.mpf(temperature)
            assert matrix[i, j] == pytest.approx(float(slope), rel=1e-12)


@given(LOGITS, TEMPERATURES)
def test_jacobian_is_symmetric_adds_up_to_nothing_and_contracts(logits, temperature):
    matrix = s.jacobian(logits, temperature)
    assert (matrix == matrix.T).all()
    assert matrix.sum(axis=0) == pytest.approx(0, abs=1e-12 / temperature)
    values = np.linalg.eigvalsh(matrix)
    assert values.min() >= -1e-12 / temperature
    assert s.gain(logits, temperature) == pytest.approx(values.max())
    assert values.max() <= 0.5 / temperature * (1 + 1e-12)


def test_the_bound_on_the_gain_is_reached():
    assert s.gain([3.0, 3.0], 2.0) == pytest.approx(0.25)


@given(LOGITS, LOGITS, TEMPERATURES)
def test_softmax_contracts(one, other, temperature):
    count = min(len(one), len(other))
    a, b = np.array(one[:count]), np.array(other[:count])
    moved = np.linalg.norm(s.softmax(a, temperature) - s.softmax(b, temperature))
    assert moved <= np.linalg.norm(a - b) / (2 * temperature) * (1 + 1e-9) + 1e-12


@given(st.lists(st.integers(-500, 500), min_size=2, max_size=10), st.integers(-(10**6), 10**6))
def test_a_constant_changes_nothing_to_the_last_bit(logits, constant):
    """Whole numbers add without rounding, so nothing at all may change."""
    moved = [z + constant for z in logits]
    assert (s.softmax(moved) == s.softmax(logits)).all()


@given(LOGITS, TEMPERATURES)
def test_smooth_maxima_lie_on_either_side_of_the_maximum(logits, temperature):
    top, slack = max(logits), 1e-9 * (1 + max(map(abs, logits)))
    lse = s.log_sum_exp(logits, temperature)
    assert top - slack <= lse <= top + temperature * np.log(len(logits)) + slack
    assert min(logits) - slack <= s.soft_mean(logits, temperature) <= top + slack


def test_softmax_is_the_gradient_of_log_sum_exp():
    z, step = np.array([0.3, -1.2, 2.0]), 1e-6
    for i, one in enumerate(np.eye(3)):
        slope = (s.log_sum_exp(z + step * one, 0.7) - s.log_sum_exp(z - step * one, 0.7)) / 2e-6
        assert slope == pytest.approx(s.softmax(z, 0.7)[i], abs=1e-9)


@pytest.mark.parametrize("logits", EXTREMES, ids=str)
@pytest.mark.parametrize("temperature", [1e-3, 1.0, 1e3])
def test_no_finite_logit_breaks_anything(logits, temperature):
    p = s.softmax(logits, temperature)
    assert np.isfinite(p).all()
    assert p.sum() == pytest.approx(1)
    assert np.isfinite(s.jacobian(logits, temperature)).all()


def test_reference_numbers():
    assert s.softmax([1, 2, 3]).round(4).tolist() == [0.09, 0.2447, 0.6652]
    assert s.log_sum_exp([1, 2, 3]) == pytest.approx(3.4076, abs=5e-5)
    assert s.log_sum_exp([1, 2, 3], 0.1) == pytest.approx(3.0000045, abs=5e-8)
    # Both ends are reached in floating point.
    assert s.softmax([0.0, 40.0])[1] == 1
    assert s.softmax([0.0, 800.0]).tolist() == [0, 1]
    # Odds multiply, probabilities do not.
    before, after = s.softmax([0, 0, 0]), s.softmax([1, 0, 0])
    assert after[0] / before[0] == pytest.approx(1.728, abs=5e-4)
    assert after[0] / after[1] == pytest.approx(np.e)


def test_ruled_out_classes():
    assert s.softmax([-np.inf, 0, 0]).tolist() == [0, 0.5, 0.5]
    assert np.isnan(s.softmax([-np.inf, -np.inf])).all()


@pytest.mark.parametrize("function", [s.softmax, s.log_sum_exp, s.soft_mean, s.jacobian])
def test_float32_stays_and_all_else_is_float64(function):
    row = [1.0, 2.0, 3.0]
    assert function(np.array(row, np.float32), 0.7).dtype == np.float32
    assert function(np.array(row, np.float32), np.full((4, 1), 0.7)).dtype == np.float32
    assert function(np.array([1, 2, 3])).dtype == np.float64
    assert function(np.array(row, np.float16)).dtype == np.float64


@pytest.mark.parametrize("function", [s.softmax, s.log_sum_exp, s.soft_mean, s.jacobian, s.gain])
def test_rows_and_temperatures_broadcast(function):
    z = np.random.default_rng(0).normal(size=(5, 4))
    t = np.array([0.1, 0.5, 1.0, 2.0, 5.0])
    together = function(z, t[:, None])
    for row in range(5):
        assert together[row] == pytest.approx(function(z[row], t[row]))


@pytest.mark.parametrize(
    ("logits", "temperature", "error"),
    [
        ([1, 2], 0.0, ValueError),
        ([1, 2], -1.0, ValueError),
        ([1, 2], np.nan, ValueError),
        (1.0, 1.0, ValueError),
        ([], 1.0, ValueError),
        ([1j, 2], 1.0, TypeError),
        (["a"], 1.0, TypeError),
    ],
)
def test_what_is_no_softmax_is_refused(logits, temperature, error):
    with pytest.raises(error):
        s.softmax(logits, temperature)


# ---------------------------------------------------------------- two classes


def test_two_classes_are_a_sigmoid_to_the_last_bit():
    sigmoid = ACTIVATIONS["sigmoid"]
    for a in np.round(np.arange(-10, 10.05, 0.1), 1):
        for t in (0.1, 0.3, 1.0, 5.0):
            left = float(s.softmax([a, 0.7], t)[0])
            right = float(sigmoid((a - 0.7) / t))
            assert s.ulps(left, right) == 0


def test_ulps_count_numbers():
    one, tiny = 1.0, 5e-324
    assert s.ulps(one, one) == 0
    assert s.ulps(one, np.nextafter(one, 2)) == 1
    assert s.ulps(np.nextafter(one, 0), np.nextafter(one, 2)) == 2
    assert s.ulps(0.0, -0.0) == 0
    assert s.ulps(-tiny, tiny) == 2
    with pytest.raises(ValueError, match="nan"):
        s.ulps(np.nan, 1.0)


# ---------------------------------------------------------------- where the naive form breaks


def test_the_naive_form_agrees_where_it_works():
    z = np.array([[1.0, 2.0, 3.0], [-4.0, 0.0, 4.0]])
    assert s.naive_softmax(z) == pytest.approx(s.softmax(z), rel=1e-14)
    label = np.array([0, 2])
    assert s.naive_cross_entropy(z, label) == pytest.approx(
        LOSSES["softmax_cross_entropy"](z, label)
    )


def test_the_naive_cross_entropy_is_infinite_where_the_stable_one_is_a_number():
    z = np.array([[700.0, -100.0], [1000.0, 0.0]])
    label = np.array([1, 1])
    assert s.naive_cross_entropy(z, label).tolist() == [np.inf, np.inf]
    assert np.isnan(s.naive_softmax(z)[1, 0])
    assert LOSSES["softmax_cross_entropy"](z, label).tolist() == [800, 1000]


@pytest.mark.parametrize(("dtype", "first"), [(np.float32, 88.7228), (np.float64, 709.7827)])
def test_the_first_logit_that_breaks_it(dtype, first):
    assert s.breaking_scale([1, 0], dtype) == pytest.approx(first, abs=5e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("row", [[1, 0], [1, 2, 3], [2, 2, 2], [-1, -2], [-3, -3, -3], [10, -10]])
def test_the_number_before_the_break_still_works(dtype, row):
    z, scale = np.array(row, dtype), dtype(s.breaking_scale(row, dtype))
    before = np.nextafter(scale, dtype(0))
    assert s.naive_softmax(z * before).sum() == pytest.approx(1, rel=1e-5)
    with np.errstate(over="ignore"):
        found = s.naive_softmax(z * scale)
    assert not s.is_distribution(found)
    # Of equal logits only the sum overflows: what comes out is 0 throughout.
    assert np.isnan(found).any() or not found.any()


def test_the_sum_overflows_before_its_terms():
    scale = float(s.breaking_scale([1.0, 1.0, 1.0], np.float64))
    assert scale == pytest.approx(math.log(np.finfo(np.float64).max) - math.log(3), abs=1e-9)


def test_breaks_row_by_row():
    rows = np.array([[1.0, 0.0], [0.0, -1.0], [0.0, 0.0], [-1.0, -2.0]])
    together = s.breaking_scale(rows, np.float64)
    assert together.tolist() == [float(s.breaking_scale(row, np.float64)) for row in rows]
    assert np.isinf(together).tolist() == [False, True, True, False]


# ---------------------------------------------------------------- leaders and distributions


def test_leaders_and_their_odds():
    winner, second, odds = s.leaders([[1, 2, 3], [5, 5, 0], [0, 800, -1]], 2.0)
    assert (winner.tolist(), second.tolist()) == ([2, 0, 1], [1, 1, 0])
    assert odds == pytest.approx([np.exp(0.5), 1, np.exp(400)])
    assert s.leaders([1e6, 0])[2] == np.inf


def test_normalise():
    assert s.normalise([[1, 3], [2, 0]]).tolist() == [[0.25, 0.75], [1, 0]]
    for bad in ([0, 0], [1, -0.1], [1, np.nan], [1, np.inf], [[1, 1], [0, 0]]):
        with pytest.raises(ValueError, match="weight"):
            s.normalise(bad)


@given(st.integers(2, 10), st.integers(0, 2**32 - 1))
def test_divergences(count, seed):
    p, q = np.random.default_rng(seed).dirichlet(np.full(count, 0.5), 2)
    forwards = s.divergence_terms(p, q).sum()
    assert forwards == pytest.approx(float(LOSSES["kl_divergence"](q, p)))
    assert forwards >= -1e-15
    assert forwards + s.entropy(p) == pytest.approx(
        float(LOSSES["categorical_cross_entropy"](q, p)), rel=1e-9
    )
    between = s.jensen_shannon(p, q)
    assert between == pytest.approx(s.jensen_shannon(q, p))
    assert -1e-15 <= between <= np.log(2) + 1e-15
    # Pinsker's inequality.
    assert s.total_variation(p, q) <= np.sqrt(forwards / 2) + 1e-9


def test_divergences_of_the_reference():
    half, nine = np.array([0.5, 0.5]), np.array([0.9, 0.1])
    assert s.divergence_terms(half, nine).sum() == pytest.approx(0.5108, abs=5e-5)
    assert s.divergence_terms(nine, half).sum() == pytest.approx(0.3681, abs=5e-5)
    # KL and total variation need not agree on which of two is closer.
    p = np.array([0.01, 0.495, 0.495])
    one, other = np.array([0.0003, 0.49985, 0.49985]), np.array([0.01, 0.60, 0.39])
    assert s.divergence_terms(p, one).sum() > s.divergence_terms(p, other).sum()
    assert s.total_variation(p, one) < s.total_variation(p, other)
    assert s.divergence_terms([0.5, 0.5], [1, 0]).sum() == np.inf
    assert s.entropy([0.5, 0.5]) == pytest.approx(np.log(2))
    assert s.entropy([1, 0]) == 0


# ---------------------------------------------------------------- the triangle


def test_triangle_is_equilateral_and_its_centre_is_even():
    corners = s.triangle(np.eye(3))
    sides = [np.linalg.norm(corners[i] - corners[i - 1]) for i in range(3)]
    assert sides == pytest.approx([1, 1, 1])
    assert s.triangle(np.full(3, 1 / 3)) == pytest.approx(corners.mean(axis=0))
    with pytest.raises(ValueError, match="three"):
        s.triangle([0.5, 0.5])


@pytest.mark.parametrize("winner", range(3))
def test_decision_regions_hold_what_they_say(winner):
    """Points within a region have its winner; together the regions make up the triangle."""
    region = s.decision_region(winner)
    assert (region[0] == region[-1]).all()
    draw = np.random.default_rng(winner)
    inside = draw.dirichlet(np.ones(4), 500) @ region[:4]
    p = np.linalg.solve(np.vstack([s.CORNERS.T, np.ones(3)]), np.vstack([inside.T, np.ones(500)]))
    assert (p.argmax(axis=0) == winner).all()
    x, y = region[:-1].T
    area = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    assert area == pytest.approx(np.sqrt(3) / 4 / 3)
