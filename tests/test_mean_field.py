"""Mean-field theory against mpmath, closed forms, golden values and networks that were run.

Golden values without another source were computed once with 200-node Gauss–Hermite and
Gauss–Legendre rules that share nothing with ``core``, and cross-checked against Poole et
al. (2016), Schoenholz et al. (2017) and Roberts, Yaida & Hanin (2022) where they print
a number.
"""

import itertools
import math

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binomtest
from scipy.stats import t as student

from core import mean_field
from core.activations import ACTIVATIONS
from core.mean_field import (
    Estimate,
    Fate,
    correlation,
    fixed_points,
    layers,
    moments,
    phases,
    self_normalising,
    settle,
)
from core.mean_field.gaussian import rule
from core.mean_field.phases import Phase
from core.network import Dropout, Stack, backward, build, forward, gradient_flow, rms
from core.network.gradient_flow import Experiment
from tests.formulas import formula

TANH, RELU, SIGMOID, SELU = (ACTIVATIONS[k] for k in ("tanh", "relu", "sigmoid", "selu"))
EVERY = tuple(ACTIVATIONS.values())
CONTINUOUS = tuple(a for a in EVERY if not mean_field.jumps(a))
FLEXIBLE = tuple(a for a in EVERY if a.parameters)

# (E f, E f², E f′²) for a standard normal input.
UNIT = {
    "identity": (0, 1, 1),
    "tanh": (0, 0.394294490398, 0.464402902448),
    "sigmoid": (0.5, 0.293379035858, 0.044836241350),
    "relu": (0.398942280401, 0.5, 0.5),
    "leaky_relu": (0.394952857597, 0.50005, 0.50005),
    "elu": (0.160520572267, 0.644945417493, 0.668102001223),
    "selu": (0, 1, 1.071574992456),
    "gelu": (0.282094791774, 0.425221482570, 0.455850865649),
    "swish": (0.206620964142, 0.355775519817, 0.379482351633),
    "softplus": (0.806059183347, 0.921245908859, 0.293379035858),
    "softsign": (0, 0.183014021267, 0.227671340422),
    "mish": (0.240403888375, 0.452342192376, 0.479083758374),
}


def ends(activation):
    """Return the corners of the parameters' sliders as settings, the defaults first."""
    reached = itertools.product(*((p.low, p.high) for p in activation.parameters))
    names = [p.name for p in activation.parameters]
    corners = [dict(zip(names, values, strict=True)) for values in reached]
    return [activation.defaults, *corners]


# ---------------------------------------------------------------- quadrature


@pytest.mark.parametrize(("key", "expected"), UNIT.items())
def test_moments_of_a_standard_normal(key, expected):
    found = moments(ACTIVATIONS[key], 1.0)
    np.testing.assert_allclose(
        [found.mean, found.second, found.slope], expected, rtol=3e-12, atol=1e-12
    )


@pytest.mark.parametrize("variance", [1e-4, 4.0, 900.0])
@pytest.mark.parametrize("key", ["tanh", "softsign", "selu", "gelu", "mish"])
def test_moments_agree_with_mpmath(key, variance):
    one, values = formula(key), ACTIVATIONS[key].defaults
    with mpmath.workdps(25):
        s = mpmath.sqrt(mpmath.mpf(variance))
        # What happens near 0 has a width of 1/s; the density one of 1.
        steps = [0, 0.3 / s, 1 / s, 4 / s, 20 / s, 1, 3, 11]
        cuts = sorted({m * min(step, 11) for step in steps for m in (-1, 1)})

        def expectation(order, power):
            def integrand(z):
                value = one.derivative(order, s * z, values, 25)
                return value**power * mpmath.npdf(z)

            return mpmath.quad(integrand, cuts, maxdegree=5)

        exact = expectation(0, 1), expectation(0, 2), expectation(1, 2)
    found = moments(ACTIVATIONS[key], variance)
    np.testing.assert_allclose(
        [found.mean, found.second, found.slope],
        [float(e) for e in exact],
        rtol=1e-11,
        atol=1e-13,
    )


@pytest.mark.parametrize("activation", EVERY, ids=lambda a: a.key)
def test_moments_agree_with_another_quadrature_at_the_ends_of_every_slider(activation):
    for values, variance in itertools.product(ends(activation), (0.03, 30.0)):
        s = math.sqrt(variance)
        breaks = [b / s for b in activation.breaks(**values)] + [0.0]
        pieces = np.unique(np.clip([-9, -2, *breaks, 2, 9], -9, 9))
        found = moments(activation, variance, **values)
        for function, known in ((activation, found.second), (activation.gradient, found.slope)):

            def integrand(z, function=function, values=values, s=s):
                density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
                return float(function(s * z, **values)) ** 2 * density

            parts = itertools.pairwise(pieces)
            total = sum(quad(integrand, a, b, epsabs=1e-10, epsrel=1e-9)[0] for a, b in parts)
            assert known == pytest.approx(total, rel=1e-8, abs=1e-9), (values, variance)


def test_closed_forms():
    q = np.geomspace(1e-10, 1e10, 41)
    wave = moments(ACTIVATIONS["sine"], q, omega=2.5)
    decay = np.exp(-2 * 2.5**2 * q)
    np.testing.assert_allclose(wave.second, -np.expm1(-2 * 2.5**2 * q) / 2, rtol=1e-9)
    np.testing.assert_allclose(wave.slope, 2.5**2 * (1 + decay) / 2, rtol=1e-9)
    bump = moments(ACTIVATIONS["gaussian"], q, width=1.0)
    np.testing.assert_allclose(bump.second, (1 + 4 * q) ** -0.5, rtol=1e-11)
    np.testing.assert_allclose(bump.mean, (1 + 2 * q) ** -0.5, rtol=1e-11)
    np.testing.assert_allclose(bump.slope, 4 * q * (1 + 4 * q) ** -1.5, rtol=1e-11)
    bent = moments(ACTIVATIONS["squared_relu"], q)
    np.testing.assert_allclose(bent.second, 1.5 * q**2, rtol=1e-11)
    leaky = moments(ACTIVATIONS["leaky_relu"], q, negative_slope=0.3)
    np.testing.assert_allclose(leaky.second, q * (1 + 0.09) / 2, rtol=1e-11)
    gelu = moments(ACTIVATIONS["gelu"], q).mean
    np.testing.assert_allclose(gelu, q / np.sqrt(2 * math.pi * (1 + q)), rtol=1e-10)


def test_a_jump_counts_in_the_rate_but_not_in_the_gradient():
    q, theta = 2.0, 0.7
    found = moments(ACTIVATIONS["step"], q, threshold=theta)
    beyond = 0.5 * math.erfc(theta / math.sqrt(2 * q))
    density = math.exp(-(theta**2) / (2 * q)) / math.sqrt(2 * math.pi * q)
    assert float(found.second) == pytest.approx(beyond, rel=1e-12)
    assert float(found.second_rate) == pytest.approx(theta * density / 2, rel=1e-12)
    assert float(found.slope) == 0
    assert mean_field.jumps(ACTIVATIONS["step"])
    assert not mean_field.jumps(RELU)


@pytest.mark.parametrize("activation", EVERY, ids=lambda a: a.key)
def test_rates_are_the_derivatives_by_log_variance(activation):
    q = np.array([0.05, 1.0, 40.0])
    here, up, down = (moments(activation, q * math.exp(d)) for d in (0.0, 1e-4, -1e-4))
    for value in ("second", "slope"):
        numerical = (getattr(up, value) - getattr(down, value)) / 2e-4
        np.testing.assert_allclose(getattr(here, f"{value}_rate"), numerical, rtol=2e-7, atol=1e-9)


def test_limits_at_no_variance_and_at_a_huge_one():
    assert moments(ACTIVATIONS["elu"], 0.0, alpha=3.0).slope == (1 + 9) / 2
    assert moments(SIGMOID, 0.0).second == 0.25
    found = moments(RELU, np.array([1e20, 1e100]))
    np.testing.assert_allclose(found.second, [5e19, 5e99], rtol=1e-9)
    np.testing.assert_allclose(found.mean, np.sqrt([1e20, 1e100]) * 0.398942280401, rtol=1e-9)
    for bad in (-1.0, math.nan):
        with pytest.raises(ValueError, match="variance"):
            moments(RELU, bad)


def test_panels_are_halved_until_a_wave_is_resolved():
    calm, wild = rule(TANH, {}), rule(ACTIVATIONS["sine"], {"omega": 6.0})
    assert calm.nodes.size < 2500
    assert wild.reach < 3 < calm.reach
    # What is cut off has come to rest long before.
    assert math.exp(-2 * 6.0**2 * wild.reach**2) < 1e-13


@pytest.mark.parametrize("activation", EVERY, ids=lambda a: a.key)
def test_the_table_is_read_to_six_digits(activation):
    q = 10 ** np.random.default_rng(1).uniform(-9, 9, 300)
    for values in (ends(activation)[0], ends(activation)[-1]):
        known, exact = mean_field.table(activation, **values), moments(activation, q, **values)
        for read, true in ((known.second(q) / q, exact.second / q), (known.slope(q), exact.slope)):
            np.testing.assert_allclose(read, true, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("key", ["tanh", "softshrink", "hardshrink", "thresholded_relu"])
def test_the_table_is_monotone_where_the_moments_are(key):
    known = mean_field.table(ACTIVATIONS[key])
    q = np.geomspace(1e-13, 1e13, 20011)
    gain = known.second(q) / q
    steps = np.diff(gain) * (-1 if key == "tanh" else 1)
    assert (steps >= -4e-16 * np.abs(gain[1:])).all()


@pytest.mark.parametrize("activation", FLEXIBLE, ids=lambda a: a.key)
def test_a_table_of_many_values_holds_the_table_of_each(activation):
    for p in activation.parameters:
        values = tuple(p.steps[:: len(p.steps) // 3].tolist())
        if mean_field.waves(activation):
            with pytest.raises(ValueError, match="oscillates"):
                mean_field.tables(activation, p.name, values)
            continue
        every = mean_field.tables(activation, p.name, values)
        rows = np.repeat(every.rows, 200)
        # Below, between and above the nodes.
        q = 10 ** np.random.default_rng(2).uniform(-15, 15, rows.size)
        for row, value in enumerate(values):
            own, here = mean_field.table(activation, **{p.name: value}), rows == row
            size = q[here]
            for name, scale in (
                ("mean", np.sqrt(size)),
                ("second", size),
                ("slope", 1),
                ("rate", 1 + 1e-6 * own.second(size) / np.maximum(size, 1e-14)),
            ):
                one = getattr(own, name)(size)
                # What is left of a flat function is nothing but a far tail.
                error = np.abs(getattr(every, name)(q, rows)[here] - one)
                assert (error <= 1e-8 * (np.abs(one) + scale)).all(), (name, value)


@pytest.mark.parametrize("activation", EVERY, ids=lambda a: a.key)
def test_the_mean_is_read_to_six_digits(activation):
    q = 10 ** np.random.default_rng(3).uniform(-9, 9, 300)
    exact = moments(activation, q).mean
    read = mean_field.table(activation).mean(q)
    scale = np.abs(exact) + np.sqrt(moments(activation, q).second)
    assert (np.abs(read - exact) <= 2e-6 * scale + 1e-15).all()


# ---------------------------------------------------------------- variance

# σ_w² with σ_b = 0 and a start at σ_w²: q*, fate, χ₁.
SETTLED = [
    ("identity", 1, 1, Fate.STAYS, 1),
    ("identity", 2, math.inf, Fate.GROWS, 2),
    ("tanh", 1 / 3, 0, Fate.VANISHES, 1 / 3),
    ("tanh", 1, 0, Fate.VANISHES_SLOWLY, 1),
    ("tanh", 1.5, 0.2868942294, Fate.SETTLES, 1.040567565),
    ("tanh", 2, 0.6179647698, Fate.SETTLES, 1.10552882),
    ("tanh", 16, 12.50060101, Fate.SETTLES, 2.376801584),
    ("sigmoid", 0.0064, 0.001600639744, Fate.SETTLES, 0.0003996803196),
    ("sigmoid", 1, 0.2646868752, Fate.SETTLES, 0.05572070677),
    ("sigmoid", 100, 44.20744183, Fate.SETTLES, 0.9858060555),
    ("sigmoid", 400, 188.4759993, Fate.SETTLES, 1.930684191),
    ("relu", 1, 0, Fate.VANISHES, 0.5),
    ("relu", 2, 2, Fate.STAYS, 1),
    ("relu", 3, math.inf, Fate.GROWS, 1.5),
    ("leaky_relu", 2, math.inf, Fate.GROWS, 1.0001),
    ("elu", 1, 0, Fate.VANISHES_SLOWLY, 1),
    ("elu", 2, math.inf, Fate.GROWS_SLOWLY, 1),
    ("selu", 1 / 3, 0, Fate.VANISHES, 0.6991475606),
    ("selu", 0.5625, 0.02303378461, Fate.SETTLES, 1.003670351),
    ("selu", 1, 1, Fate.SETTLES, 1.071574992),
    ("selu", 2, math.inf, Fate.GROWS, 1.103972565),
    ("gelu", 2, 0, Fate.VANISHES, 0.5),
    ("swish", 2, 0, Fate.VANISHES, 0.5),
    ("gelu", 3, math.inf, Fate.GROWS, 1.5),
    ("mish", 1, 0, Fate.VANISHES, 0.36),
    ("softplus", 1, 0.8563051596, Fate.SETTLES, 0.288721849),
    ("softplus", 2, math.inf, Fate.GROWS_SLOWLY, 1),
    ("softsign", 3, 0.269438957, Fate.SETTLES, 1.103378534),
]


@pytest.mark.parametrize(("key", "weights", "variance", "fate", "chi"), SETTLED)
def test_where_the_variance_settles_without_biases(key, weights, variance, fate, chi):
    found = settle(ACTIVATIONS[key], weights, 0.0, weights)
    assert found.fate is fate
    assert found.variance == pytest.approx(variance, rel=3e-10)
    assert found.chi == pytest.approx(chi, rel=2e-7)


# tanh: σ_w², σ_b², q*, χ₁, ξ_∇, c*, ξ_c, ξ_q
WITH_BIAS = [
    (1, 0.05, 0.193592520, 0.759031647, 3.626976, 1, 3.626976, 1.747626),
    (1, 0.01, 0.077775493, 0.876243771, 7.569395, 1, 7.569395, 3.719988),
    (1.5, 0.01, 0.317704791, 1.013556948, -74.261793, 0.800163783, 81.704297, 2.372637),
    (1.7, 0.05, 0.533075628, 0.986740809, 74.918271, 1, 74.918271, 1.558254),
    (2, 0.01, 0.639934827, 1.092469819, -11.306970, 0.266502305, 18.387251, 1.609690),
    (2.5, 0.3, 1.457716014, 0.998929274, 933.445243, 1, 933.445243, 0.859071),
    (4, 0.01, 2.136390984, 1.358514021, -3.263798, 0.038280192, 7.683420, 0.897864),
    (4, 0.3, 2.548362028, 1.256871690, -4.373959, 0.575394774, 6.549683, 0.758014),
]


@pytest.mark.parametrize("row", WITH_BIAS)
def test_tanh_with_biases(row):
    weights, biases, variance, chi, gradient_scale, c, scale, variance_scale = row
    found = settle(TANH, weights, biases, 1.0)
    assert found.variance == pytest.approx(variance, abs=6e-10)
    assert found.chi == pytest.approx(chi, rel=1e-9)
    assert found.gradient_scale == pytest.approx(gradient_scale, rel=1e-6)
    assert found.variance_scale == pytest.approx(variance_scale, rel=1e-6)
    gap, slope = correlation.settled_gap(TANH, weights, found)
    assert 1 - gap == pytest.approx(c, abs=1e-9)
    assert -1 / math.log(slope) == pytest.approx(scale, rel=1e-6)


def test_relu_with_biases_settles_where_the_line_meets_the_diagonal():
    found = settle(RELU, 1.5, 0.2, 7.0)
    assert found.variance == pytest.approx(0.2 / (1 - 0.75), rel=1e-11)
    assert found.fate is Fate.SETTLES
    assert settle(RELU, 2.0, 0.2, 7.0).fate is Fate.GROWS_SLOWLY


def test_gelu_has_two_fixed_points_or_one_that_is_half_stable():
    # The critical point of Roberts, Yaida & Hanin: both slopes are 1 there.
    at = moments(ACTIVATIONS["gelu"], 3.561552812809)
    assert 1.983058257438 * at.slope == pytest.approx(1, abs=1e-9)
    assert 1.983058257438 * at.second_rate / 3.561552812809 == pytest.approx(1, abs=1e-9)
    mapped = 1.983058257438 * at.second + 0.172922390756
    assert mapped == pytest.approx(3.561552812809, rel=1e-11)
    low, high = fixed_points(ACTIVATIONS["gelu"], 2.2, 0.0)
    assert (low.variance, low.stable, low.chi) == (0.0, True, pytest.approx(0.55))
    assert not high.stable
    # So the start decides.
    below, above = (settle(ACTIVATIONS["gelu"], 2.2, 0.0, high.variance * f) for f in (0.9, 1.1))
    assert below.variance == 0
    assert above.fate.unbounded


def test_every_fixed_point_is_one_and_the_reached_one_is_among_them():
    for activation in EVERY:
        for weights, biases in ((0.8, 0.0), (1.7, 0.04), (9.0, 0.5)):
            known = fixed_points(activation, weights, biases)
            for point in known:
                following = mean_field.next_variance(activation, point.variance, weights, biases)
                assert following == pytest.approx(point.variance, rel=1e-10, abs=1e-13)
            reached = settle(activation, weights, biases, weights + biases)
            if reached.fate in (Fate.SETTLES, Fate.VANISHES):
                nearest = min(known, key=lambda p: abs(p.variance - reached.variance))
                assert nearest.variance == pytest.approx(reached.variance, rel=1e-9, abs=1e-14)
                assert nearest.stable


def test_the_recursion_arrives_where_the_search_says():
    for activation in EVERY:
        for weights, biases in ((0.7, 0.1), (3.0, 0.2)):
            found = settle(activation, weights, biases, weights + biases)
            last = layers(activation, weights, biases, 1.0, 120).variance[-1]
            if found.fate.unbounded:
                assert last > 10 * (weights + biases) or found.fate is Fate.GROWS_SLOWLY
            else:
                assert last == pytest.approx(found.variance, rel=1e-5)


# ---------------------------------------------------------------- layer by layer


def test_tanh_at_its_critical_point_forgets_algebraically():
    found = layers(TANH, 1.0, 0.0, 1.0, 201).variance
    known = {1: 0.394294490398, 10: 0.052200082787, 50: 0.010219334856, 200: 0.002520806857}
    for layer, q in known.items():
        assert found[layer] == pytest.approx(q, rel=1e-7)


@pytest.mark.parametrize(
    ("key", "weights", "depth", "decades"),
    [
        ("sigmoid", 1, 20, -11.96),
        ("tanh", 1, 50, -0.92),
        ("tanh", 25 / 9, 50, 1.90),
        ("relu", 1, 50, -49 * math.log10(2) / 2),
        ("elu", 2, 50, 1.14),
        ("selu", 1, 50, 49 * math.log10(1.071574992456) / 2),
        ("gelu", 1, 50, -14.43),
        ("swish", 2, 20, -2.22),
    ],
)
def test_the_predicted_gradient(key, weights, depth, decades):
    # Published to two decimals for these settings, with inputs of width 64 and mean
    # square 1.0 (0.995 as drawn): the last digit may differ by one.
    found = layers(ACTIVATIONS[key], weights, 0.0, 1.0, depth).gradient
    assert found[0] == pytest.approx(decades, abs=0.03)
    assert found[-1] == 0


def test_extreme_stacks_are_numbers_or_infinite_but_never_nan():
    for activation, weights in itertools.product(EVERY, (0.0, 1e-8, 1e4)):
        found = layers(activation, weights, 0.0, 1.0, 100)
        for one in found:
            assert not np.isnan(one).any(), (activation.key, weights)
    assert layers(RELU, 1e4, 0.0, 1.0, 100).variance[-1] == math.inf
    assert layers(RELU, 1e4, 0.0, 1.0, 100).gradient[0] == pytest.approx(99 * math.log10(5e3) / 2)
    with pytest.raises(ValueError, match="variance"):
        layers(RELU, math.nan, 0.0, 1.0, 3)


def test_many_stacks_at_once_are_as_each_alone():
    weights, biases = np.array([0.5, 2.0, 40.0]), np.array([0.1, 0.0, 1.0])
    every = layers(ACTIVATIONS["mish"], weights, biases, 0.3, 40)
    for i, (w, b) in enumerate(zip(weights.tolist(), biases.tolist(), strict=True)):
        for many, one in zip(every, layers(ACTIVATIONS["mish"], w, b, 0.3, 40), strict=True):
            np.testing.assert_allclose(many[i], one, rtol=1e-12)


def test_stacks_of_several_depths_and_parameters_are_as_each_alone():
    leaky = ACTIVATIONS["leaky_relu"]
    slopes, weights, depths = (0.0, 0.2, 1.0), np.array([2.0, 1.0, 0.7]), np.array([3, 9, 1])
    known = mean_field.tables(leaky, "negative_slope", slopes)
    every = mean_field.stacks(known, weights, 0.1, 0.3, depths)
    reached = mean_field.reach(known, weights, np.full(3, 0.1), weights * 0.3 + 0.1)
    for i, (slope, w, depth) in enumerate(zip(slopes, weights.tolist(), depths, strict=True)):
        alone = layers(leaky, w, 0.1, 0.3, depth, negative_slope=slope)
        for many, one in zip(every, alone, strict=True):
            np.testing.assert_allclose(many[i, :depth], one, rtol=1e-12, atol=1e-15)
            assert np.isnan(many[i, depth:]).all()
        settled = settle(leaky, w, 0.1, w * 0.3 + 0.1, negative_slope=slope)
        assert reached.fate[i] is settled.fate
        assert reached.variance[i] == pytest.approx(settled.variance, rel=1e-6)
        assert reached.chi[i] == pytest.approx(settled.chi, rel=1e-6)


def test_the_recursion_is_the_exact_one_to_six_digits():
    for activation in EVERY:
        found = layers(activation, 1.3, 0.02, 2.0, 20).variance
        q = 1.3 * 2.0 + 0.02
        for layer in range(20):
            assert found[layer] == pytest.approx(q, rel=2e-5)
            q = float(mean_field.next_variance(activation, q, 1.3, 0.02))


def test_estimates_from_several_draws():
    gradient = np.array([[1e-200, 1.0], [3e-200, 1.0]])
    value, error = mean_field.decay_estimate(gradient)
    # Of the squares' logarithms, (0, ln 9) but for a constant, the variance is (ln 9)²/2.
    mean, spread = math.log(9) / 2, math.log(9) ** 2 / 2
    assert value == pytest.approx([-200 + (mean + spread / 2) / math.log(100), 0.0])
    assert error == pytest.approx([math.sqrt(spread / 2 + spread**2 / 2) / math.log(100), 0.0])
    value, error = mean_field.decay_estimate(gradient[1:])
    assert value == pytest.approx([-200 + math.log10(3), 0.0])
    assert np.isnan(error).all()
    assert np.isnan(mean_field.decay_estimate(np.zeros((2, 2))).value).all()
    square = np.random.default_rng(0).lognormal(0.3, 0.8, (400_000, 1))
    wide = np.sqrt(np.hstack([square, np.ones_like(square)]))
    value, error = mean_field.decay_estimate(wide)
    assert 100 ** value[0] == pytest.approx(square.mean(), rel=0.01)
    assert value[0] == pytest.approx((0.3 + 0.32) / math.log(100), abs=3 * error[0])
    value, error = mean_field.variance_estimate(np.array([[1.0], [3.0]]))
    assert (value, error) == (2.0, pytest.approx(1.0))


MEASURED = [
    ("tanh", 1.0, 0.3),
    ("tanh", 1.3270096607, 0.2236067977),
    ("tanh", 1.8, 0.1),
    ("relu", 1.2, 0.2),
    ("relu", math.sqrt(2), 0.0),
    ("relu", 1.6, 0.1),
]


@pytest.mark.parametrize(
    ("key", "sigma_b", "sigma_w"),
    [("tanh", 0.2, (1.0, 1.3, 1.8)), ("relu", 0.1, (1.2, math.sqrt(2), 1.6))],
)
def test_decay_agrees_with_theory_within_its_standard_error(key, sigma_b, sigma_w):
    """Three networks of tanh and three of ReLU: one that vanishes, a steady one, one that explodes.

    A value is measured as the page does it, from 12 draws, which also give its standard
    error; and that again with 39 further sets of draws, for the two things that "within
    its standard error" says:

    - theory has no error of its own that such a measurement could tell: the mean over all
      sets is off by less than the standard error of one (itself it is known six times
      better);
    - the standard error is one: theory lies within it in as many sets as Student's
      t-distribution has it, 66 of 100, up to what chance allows once in 500 times.

    Theory is about the mean square of very wide layers. For ReLU it holds at any width,
    since by symmetry each unit is silent in half of all draws whatever the others do (Hanin
    2018); for tanh at width 128 the square is 1 to 4 % larger, half a standard error here.
    """
    draws, sets, depth = 12, 40, 12
    one = Experiment(
        stack=Stack(sizes=(128,) * (depth + 1), activation=key),
        initialiser="lecun_normal",
        bias_std=sigma_b,
        batch=8,
        repeats=draws * sets,
    )
    measured = gradient_flow.sweep(one, "gain", sigma_w).gradient
    predicted = layers(ACTIVATIONS[key], np.square(sigma_w), sigma_b**2, 1.0, depth).gradient
    held = 2 * student.cdf(1.0, draws - 1) - 1
    for gradient, theory in zip(measured, predicted[:, 0], strict=True):
        values = [mean_field.decay_estimate(g) for g in gradient.reshape(sets, draws, depth)]
        value, error = (np.array([getattr(v, n)[0] for v in values]) for n in Estimate._fields)
        typical = math.sqrt(np.square(error).mean())
        assert typical < 0.03, "too wide to tell anything"
        assert abs(mean_field.decay_estimate(gradient).value[0] - theory) < typical
        within = int((np.abs(value - theory) < error).sum())
        assert binomtest(within, sets, held).pvalue > 1 / 500


def test_the_standard_error_is_one_in_deep_and_narrow_stacks_too():
    """30 layers of 64 units: the square's mean hangs on a few large draws."""
    draws, sets, depth = 12, 40, 30
    stack = Stack(sizes=(64,) * (depth + 1), activation="elu")
    one = Experiment(stack=stack, initialiser="linear_default", batch=8, repeats=draws * sets)
    theory = layers(ACTIVATIONS["elu"], one.sigma_w**2, 0.0, 1.0, depth).gradient[0]
    gradient = gradient_flow.measure(one).gradient
    found = [mean_field.decay_estimate(g) for g in gradient.reshape(sets, draws, depth)]
    errors = [(one.value[0] - theory) / one.error[0] for one in found]
    # Of Student's t with 11 degrees of freedom it is √(11/9); of plain means here it is 1.5.
    assert math.sqrt(np.square(errors).mean()) < 1.3


@pytest.mark.parametrize(("key", "sigma_w", "sigma_b"), MEASURED)
def test_every_layer_is_as_predicted(key, sigma_w, sigma_b):
    """Gradient and variance from layer to layer, which the decay as a whole does not show."""
    width, depth, batch, seeds = 128, 16, 8, 32
    stack = Stack(sizes=(width,) * (depth + 1), activation=key)
    gradients, squares = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(1000 + seed)
        x = rng.standard_normal((batch, width))
        network = build(stack, "lecun_normal", seed=seed, gain=sigma_w, bias_std=sigma_b)
        run = forward(network, x)
        head = rng.standard_normal((batch, width))
        back = backward(network, run, head, parameters=False, at_pre=True)
        gradients.append([float(rms(g)) for g in back.pre])
        squares.append([float(rms(z)) ** 2 for z in run.pre])
    predicted = layers(ACTIVATIONS[key], sigma_w**2, sigma_b**2, 1.0, depth)
    decay = mean_field.decay_estimate(np.array(gradients))
    assert decay.error.max() < 0.04, "too wide to tell anything"
    assert (np.abs(decay.value - predicted.gradient) <= 3 * decay.error).all()
    q = mean_field.variance_estimate(np.array(squares))
    assert (np.abs(q.value - predicted.variance) < 3.5 * q.error + 1e-12).all()


# ---------------------------------------------------------------- correlation


def test_relu_makes_inputs_parallel_slowly():
    variance = layers(RELU, 2.0, 0.0, 1.0, 51).variance
    gap = correlation.gaps(RELU, variance, 2.0, 0.0, 1.0)
    known = {1: 0.318309886184, 2: 0.493731090200, 5: 0.735946350628, 50: 0.987861944937}
    for layer, c in known.items():
        assert 1 - gap[layer] == pytest.approx(c, abs=2e-11)


@pytest.mark.parametrize("gap", [1.9, 1.0, 0.2, 1e-3, 1e-9])
def test_the_difference_of_two_inputs_in_closed_form(gap):
    c = 1 - gap
    d, rate = correlation.difference(ACTIVATIONS["step"], 3.0, gap)
    angle = 2 * math.asin(math.sqrt(gap / 2))
    assert d == pytest.approx(angle / (2 * math.pi), rel=1e-8)
    assert rate == pytest.approx(1 / (2 * math.pi * math.sqrt(gap * (2 - gap))), rel=1e-8)
    d, rate = correlation.difference(RELU, 3.0, gap)
    sine = math.sqrt(gap * (2 - gap))
    if gap > 1e-6:  # the textbook formula cancels
        assert d == pytest.approx(
            1.5 - 3 * (sine + c * (math.pi - angle)) / (2 * math.pi), rel=1e-9
        )
    assert rate == pytest.approx(3 * (math.pi - angle) / (2 * math.pi), rel=1e-9)
    d, _ = correlation.difference(ACTIVATIONS["sine"], 0.5, gap, omega=2.0)
    wave = math.exp(-2.0) * (math.sinh(2.0) - math.sinh(2.0 * c))
    assert d == pytest.approx(wave, rel=1e-6 if gap < 1e-6 else 1e-9)


@pytest.mark.parametrize("activation", EVERY, ids=lambda a: a.key)
def test_two_unrelated_inputs_differ_by_the_variance_of_f(activation):
    for values, variance in itertools.product(ends(activation), (0.02, 2.0, 60.0)):
        known = moments(activation, variance, **values)
        d, _ = correlation.difference(activation, variance, 1.0, **values)
        assert d == pytest.approx(float(known.second - known.mean**2), rel=3e-7, abs=1e-12)
        nearly = 1e-9
        d, _ = correlation.difference(activation, variance, nearly, **values)
        slope = correlation.difference(activation, variance, 0.0, **values)[1]
        if math.isinf(slope):
            assert d / nearly >= 0.999 * variance * float(known.slope)
        else:
            assert d / nearly == pytest.approx(slope, rel=1e-2, abs=1e-12)


def test_a_jump_tears_inputs_apart_though_no_gradient_flows():
    settled = settle(ACTIVATIONS["step"], 1.0, 0.1, 1.0)
    assert settled.chi == 0
    gap, slope = correlation.settled_gap(ACTIVATIONS["step"], 1.0, settled)
    assert 0 < gap < 1
    assert 0 < slope < 1


def test_gaps_end_where_the_variance_does():
    assert np.isnan(correlation.gaps(RELU, np.array([0.0, 0.0]), 1.0, 0.0, 0.5)).all()
    found = correlation.gaps(RELU, np.array([1.0, math.inf, math.inf]), 1.0, 0.0, 0.5)
    assert found[0] == 0.5
    assert np.isnan(found[1:]).all()
    assert correlation.first_gap(2.0, 0.5, 1.0, 0.25) == pytest.approx(2 * 0.75 / 2.5)
    for bad in ((0.0, 0.5), (1.0, 2.0), (1.0, -0.1)):
        with pytest.raises(ValueError, match="pair"):
            correlation.difference(RELU, *bad)


# ---------------------------------------------------------------- phases

CRITICAL = {
    "tanh": {
        0.0: 1.0,
        0.001: 1.009085040277,
        0.01: 1.042125852524,
        0.1: 1.193400725024,
        0.2236067977: 1.327009660706,
        0.5: 1.549673912508,
        1.0: 1.855589101139,
        2.0: 2.325024938980,
    },
    "softsign": {
        0.01: 1.160458985893,
        0.1: 1.512868070251,
        0.3: 1.897491772996,
        0.5: 2.166227119039,
    },
    "relu": {0.0: math.sqrt(2), 0.3: math.sqrt(2), 1.0: math.sqrt(2)},
    "sigmoid": {0.0: 10.149263710},
}
SIGMA_W = np.linspace(0.05, 4.0, 80)
SIGMA_B = np.linspace(0.0, 2.0, 80)


@pytest.mark.parametrize("key", CRITICAL)
def test_the_critical_line(key):
    rows = np.array([*CRITICAL[key], 2.2])
    line = phases.critical_line(ACTIVATIONS[key], np.linspace(0.03, 12.0, 97), rows)
    found = dict(zip(line.on_rows[:, 1].tolist(), line.on_rows[:, 0].tolist(), strict=True))
    for sigma_b, sigma_w in CRITICAL[key].items():
        assert found[sigma_b] == pytest.approx(sigma_w, abs=1e-6)


def test_the_border_is_found_along_columns_too_and_drawn_in_one_piece():
    line = phases.critical_line(TANH, SIGMA_W, SIGMA_B)
    for sigma_w, sigma_b in line.on_columns:
        for nudge, above in ((-1e-6, True), (1e-6, False)):
            b = (sigma_b + nudge) ** 2
            assert (settle(TANH, sigma_w**2, b, sigma_w**2 + b).chi > 1) == above
    assert line.sigma_w.shape == line.sigma_b.shape == (len(line.sigma_w), 2)
    ends = np.round(np.stack([line.sigma_w, line.sigma_b], axis=-1), 9).reshape(-1, 2)
    _, counts = np.unique(ends, axis=0, return_counts=True)
    assert (counts == 1).sum() == 2
    assert counts.max() == 2


@pytest.mark.parametrize("activation", EVERY, ids=lambda a: a.key)
def test_cells_agree_with_single_networks(activation):
    found = phases.diagram(activation, SIGMA_W, SIGMA_B, 0.7)
    rng = np.random.default_rng(5)
    for i, j in zip(rng.integers(0, 80, 8), rng.integers(0, 80, 8), strict=True):
        w, b = SIGMA_W[j] ** 2, SIGMA_B[i] ** 2
        one = settle(activation, w, b, 0.7 * w + b)
        assert found.chi[i, j] == pytest.approx(one.chi, rel=1e-5)
        assert found.no_fixed_point[i, j] == one.fate.unbounded
        if not one.fate.unbounded:
            assert found.variance[i, j] == pytest.approx(one.variance, rel=1e-5)
    assert (found.phase[found.chi > 1 + 1e-6] == Phase.CHAOTIC).all()
    assert (found.phase[found.chi < 1 - 1e-6] == Phase.ORDERED).all()


def test_phases_of_known_networks():
    found = phases.diagram(RELU, np.array([1.0, math.sqrt(2), 2.0]), np.array([0.0, 0.5]))
    assert found.phase.tolist() == [[Phase.ORDERED, Phase.CRITICAL, Phase.CHAOTIC]] * 2
    assert found.no_fixed_point.tolist() == [[False, False, True], [False, True, True]]
    assert not phases.diagram(TANH, SIGMA_W, SIGMA_B).no_fixed_point.any()


def test_the_line_of_escape_of_relu_is_its_critical_line():
    line = phases.escape_line(RELU, SIGMA_W, SIGMA_B)
    np.testing.assert_allclose(line.on_rows[:, 0], math.sqrt(2), atol=1e-6)
    assert phases.escape_line(TANH, SIGMA_W, SIGMA_B).sigma_w.shape == (0, 2)


# ---------------------------------------------------------------- self-normalisation


@pytest.mark.parametrize(
    ("variance", "mean_after", "variance_after"),
    [
        (0.25, -0.0548005036, 0.3276829339),
        (0.5, -0.0414300000, 0.5774997532),
        (0.8, -0.0174860814, 0.8392696170),
        (1.0, 0.0, 1.0),
        (1.5, 0.0449834377, 1.3715310036),
        (3.0, 0.1750035805, 2.3490621995),
        (10.0, 0.6507055981, 6.1142230660),
    ],
)
def test_selu_draws_towards_mean_0_and_variance_1(variance, mean_after, variance_after):
    after = self_normalising.layer_map(SELU, (0.0, variance))
    assert float(after.mean) == pytest.approx(mean_after, abs=1e-10)
    assert float(after.variance) == pytest.approx(variance_after, abs=1e-10)


def test_selu_rests_at_0_and_1_and_what_moves_it():
    selu = mean_field.table(SELU)
    known = self_normalising.rest(selu)
    assert known.mean == pytest.approx(0, abs=1e-8)
    assert known.variance == pytest.approx(1, abs=1e-8)
    assert known.contraction == pytest.approx(0.7826478832, abs=1e-7)
    assert known.slope == pytest.approx(1.071574992, abs=1e-8)
    alpha = self_normalising.rest(selu, 1.0, Dropout.ALPHA, 0.1)
    assert (float(alpha.mean[0]), float(alpha.variance[0])) == pytest.approx((0, 1), abs=1e-8)
    plain = self_normalising.rest(selu, 1.0, Dropout.PLAIN, 0.1)
    assert plain.variance > 1.5
    assert plain.mean > 0.05
    assert self_normalising.rest(selu, [2.0, 1 / 3]).variance.tolist() == [math.inf, 0]
    assert self_normalising.rest(mean_field.table(TANH)).variance == 0, "as 1/layer"
    assert np.isnan(self_normalising.rest(mean_field.table(RELU)).contraction)
    with pytest.raises(ValueError, match="rate"):
        self_normalising.layer_map(SELU, (0.0, 1.0), 1.0, Dropout.PLAIN, 1.0)
    with pytest.raises(ValueError, match="variance"):
        self_normalising.rest(selu, -1.0)


@pytest.mark.parametrize("dropout", Dropout)
@pytest.mark.parametrize("key", ["selu", "elu", "gelu", "softplus", "leaky_relu", "gaussian"])
def test_a_rest_is_where_the_layers_lead(key, dropout):
    activation = ACTIVATIONS[key]
    weights, rates = np.repeat([0.4, 1.0, 1.6], 2), np.tile([0.1, 0.6], 3)
    found = self_normalising.rest(mean_field.table(activation), weights, dropout, rates)
    for i, (w, rate) in enumerate(zip(weights.tolist(), rates.tolist(), strict=True)):

        def after(mean, variance, how=(w, dropout, rate)):
            point = self_normalising.layer_map(activation, (mean, variance), *how)
            return np.array([float(point.mean), float(point.variance)])

        at = np.array([0.0, 1.0])
        for _ in range(300):
            if not 1e-9 < at[1] < 1e9:
                break
            at = after(*at)
        rest = np.array([found.mean[i], found.variance[i]])
        if not 0 < rest[1] < math.inf:
            assert at[1] < 0.01 if rest[1] == 0 else at[1] > 100
            continue
        np.testing.assert_allclose(after(*rest), rest, rtol=1e-5, atol=1e-5)
        if found.contraction[i] < 0.95:
            np.testing.assert_allclose(at, rest, rtol=1e-4, atol=1e-4)
        nudges = np.diag(1e-5 * np.array([math.sqrt(rest[1]), rest[1]]))
        jacobian = [(after(*(rest + n)) - after(*(rest - n))) / (2 * n.sum()) for n in nudges]
        spread = np.abs(np.linalg.eigvals(np.array(jacobian))).max()
        assert found.contraction[i] == pytest.approx(spread, rel=1e-3)


def test_rests_and_paths_of_several_parameters_are_as_each_alone():
    elu, alphas, rate = ACTIVATIONS["elu"], (0.2, 1.0, 2.5), 0.2
    every = mean_field.tables(elu, "alpha", alphas)
    start = ([0.0, 0.5], [1.0, 0.3])
    for dropout in Dropout:
        rests = self_normalising.rest(every, 1.2, dropout, rate)
        paths = self_normalising.paths(every, start, 4, 1.2, dropout, rate)
        for i, alpha in enumerate(alphas):
            alone = mean_field.table(elu, alpha=alpha)
            one = self_normalising.rest(alone, 1.2, dropout, rate)
            np.testing.assert_allclose([v[i] for v in rests], [v[0] for v in one], rtol=1e-8)
            step = start
            for layer in range(5):
                for way, exact in zip(paths, step, strict=True):
                    np.testing.assert_allclose(way[i, :, layer], exact, rtol=1e-5, atol=1e-5)
                step = self_normalising.layer_map(elu, step, 1.2, dropout, rate, {"alpha": alpha})


def test_paths_start_where_they_are_told_and_end_in_nan():
    selu = mean_field.table(SELU)
    found = self_normalising.paths(selu, ([0.0, 0.5], [0.2, 3.0]), 60)
    assert found.mean.shape == (1, 2, 61)
    assert found.variance[0, :, 0].tolist() == [0.2, 3.0]
    np.testing.assert_allclose(found.variance[..., -1], 1, atol=1e-5)
    lost = self_normalising.paths(selu, ([0.0], [1.0]), 90, 4.0)
    assert np.isnan(lost.variance[0, 0, -1])
    assert np.isfinite(lost.variance[0, 0, 5])


@pytest.mark.parametrize("dropout", Dropout)
def test_the_map_is_what_wide_layers_do(dropout):
    width, rate, weights = 600, 0.2, 1.3
    stack = Stack(
        sizes=(width, width),
        activation="selu",
        dropout=dropout,
        dropout_rate=0.0 if dropout is Dropout.NONE else rate,
    )
    rng = np.random.default_rng(8)
    found = []
    for seed in range(6):
        x = 0.4 + 0.7 * rng.standard_normal((60, width))
        network = build(stack, "lecun_normal", seed=seed, gain=math.sqrt(weights))
        found.append(forward(network, x, rng).output)
    one = self_normalising.layer_map(SELU, (0.4, 0.49), weights, dropout, stack.dropout_rate)
    pooled = np.concatenate([f.ravel() for f in found])
    assert pooled.mean() == pytest.approx(float(one.mean), abs=0.03)
    assert pooled.var() == pytest.approx(float(one.variance), rel=0.04)


@pytest.mark.parametrize("dropout", Dropout)
def test_dropout_has_its_share_in_the_gradient(dropout):
    """Over one layer of many networks, beside χ₁ times that share."""
    width, rate = 300, 0.0 if dropout is Dropout.NONE else 0.25
    stack = Stack(
        sizes=(width, width, width), activation="selu", dropout=dropout, dropout_rate=rate
    )
    rng = np.random.default_rng(3)
    grown = []
    for seed in range(12):
        network = build(stack, "lecun_normal", seed=seed)
        run = forward(network, rng.standard_normal((40, width)), rng)
        first, last = backward(network, run, rng.standard_normal((40, width))).pre
        grown.append((rms(first) / rms(last)) ** 2)
    slope = float(mean_field.moments(SELU, 1.0).slope)
    expected = slope * self_normalising.gradient_share(dropout, rate)
    assert np.mean(grown) == pytest.approx(expected, rel=0.02)
