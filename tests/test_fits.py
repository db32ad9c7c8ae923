"""Fits: against independent solvers, the conditions of optimality, and known answers."""

import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from core.fits import (
    LARGEST,
    Method,
    best_constant,
    best_constants,
    best_line,
    best_lines,
    needs_several_starts,
    shares,
)
from core.losses import LOSSES
from core.spec import Axis, Loss

RESIDUAL = {key: loss for key, loss in LOSSES.items() if loss.axis is Axis.RESIDUAL}
REPRODUCIBLE = hypothesis_settings(deadline=None, derandomize=True, database=None, max_examples=60)


def settings_of(loss: Loss):
    """Yield the defaults, and every parameter at either end of its slider and a bit inside."""
    yield loss.defaults
    for p in loss.parameters:
        for value in (p.low, p.steps[len(p.steps) // 5], p.high):
            yield {**loss.defaults, p.name: float(value)}


CASES = [(loss, setting) for loss in RESIDUAL.values() for setting in settings_of(loss)]
every_case = pytest.mark.parametrize(
    ("loss", "setting"),
    CASES,
    ids=[f"{loss.key}-{'-'.join(f'{v:g}' for v in setting.values())}" for loss, setting in CASES],
)


def is_convex(loss, setting):
    return not (loss.key == "general_robust" and setting["alpha"] < 1)


CONVEX = [case for case in CASES if is_convex(*case)]
every_convex_case = pytest.mark.parametrize(
    ("loss", "setting"),
    CONVEX,
    ids=[f"{loss.key}-{'-'.join(f'{v:g}' for v in setting.values())}" for loss, setting in CONVEX],
)
every_wiggly_case = pytest.mark.parametrize(
    "setting",
    [setting for loss, setting in CASES if not is_convex(loss, setting)],
    ids=lambda setting: "-".join(f"{v:g}" for v in setting.values()),
)


def _data():
    """Return small data sets with what makes fitting hard, by name."""
    rng = np.random.default_rng(7)
    x = np.linspace(0, 10, 21)
    y = 1 + x / 2 + 0.5 * rng.standard_normal(21)
    outlier = y.copy()
    outlier[4] = 1e6
    far = x.copy()
    far[-1] = 1e3
    return {
        "noise": (x, y),
        "even": (x[:-1], y[:-1]),
        "outlier": (x, outlier),
        "leverage": (far, y),
        "heavy": (x, 1 + x / 2 + rng.standard_cauchy(21)),
        "ties": (rng.integers(0, 4, 30).astype(float), rng.integers(-3, 4, 30).astype(float)),
        "collinear": (x, 2 * x - 3),
        "three": (np.array([0.0, 1.0, 1.0]), np.array([0.0, -50.0, 70.0])),
        "nearly vertical": (np.array([0.0, 1e-6, 1.0]), np.array([0.0, 200.0, -300.0])),
        "tiny": (1e-8 * x, 1e-8 * y),
        "huge": (1e8 * x, 1e8 * y),
        "far away": (1e6 + x, 1e8 + y),
    }


DATA = _data()
every_data = pytest.mark.parametrize("name", DATA)


def loss_of(loss, setting, x, y, line):
    """Return the sum of the losses of a line (intercept, slope)."""
    return float(loss(line[0] + line[1] * np.asarray(x), y, **setting).sum())


def rounding(loss, setting, x, y, fit):
    """Return how far rounding of the residuals may move the sum of the losses."""
    error = 4e-15 * (abs(fit.intercept) + np.abs(fit.slope * x) + np.abs(y))
    r = fit(x) - y
    pulls = [np.abs(loss.gradient(r + s * error, 0.0, **setting)) for s in (-1, 1)]
    return float(error @ np.maximum(*pulls)) + 4e-15 * fit.value


def has_a_kink(loss, setting):
    breaks = loss.breaks(**setting)
    return bool(breaks) and not any(breaks)


def test_the_residual_losses_are_there():
    """Without losses the tests below would pass by having nothing to do."""
    assert set(RESIDUAL) >= {
        "absolute_error", "squared_error", "smooth_l1", "huber",
        "pseudo_huber", "log_cosh", "quantile", "general_robust",
    }  # fmt: skip
    assert len(CASES) > len(CONVEX) > 15


# Optimality


@every_case
@every_data
def test_no_line_nearby_is_better(loss, setting, name):
    x, y = DATA[name]
    fit = best_line(loss, x, y, **setting)
    assert fit.converged
    assert fit.value == pytest.approx(
        loss_of(loss, setting, x, y, (fit.intercept, fit.slope)),
        rel=1e-9, abs=rounding(loss, setting, x, y, fit),
    )  # fmt: skip
    spread = np.ptp(y) or 1.0
    centre = x.mean()
    rng = np.random.default_rng(0)
    for size in np.geomspace(1e-9, 1, 10):
        for da, db in rng.standard_normal((6, 2)) * size * spread:
            slope = fit.slope + db / np.ptp(x)
            line = fit.intercept + da - (slope - fit.slope) * centre, slope
            other = loss_of(loss, setting, x, y, line)
            assert other >= fit.value - rounding(loss, setting, x, y, fit)


@every_case
@every_data
def test_no_constant_nearby_is_better(loss, setting, name):
    _, y = DATA[name]
    fit = best_constant(loss, y, **setting)
    assert fit.converged
    assert fit.slope == 0
    low, high = fit.interval
    assert low <= fit.intercept <= high
    assert not is_convex(loss, setting) or fit.unique == (low == high)
    zeros = np.zeros_like(y)
    for step in np.geomspace(1e-9, 1, 10) * np.ptp(y):
        for other in (low - step, high + step):
            value = loss_of(loss, setting, zeros, y, (other, 0))
            assert value >= fit.value - rounding(loss, setting, zeros, y, fit)


@every_convex_case
@pytest.mark.parametrize("name", ["noise", "even", "heavy", "leverage", "ties"])
def test_the_pulls_balance(loss, setting, name):
    x, y = DATA[name]
    fit = best_line(loss, x, y, **setting)
    r = fit(x) - y
    # At a kink the pull may lie anywhere between its two sides.
    kink = (np.abs(r) < 1e-12 * (np.abs(y) + 10)) & has_a_kink(loss, setting)
    pulls = loss.gradient(r, 0.0, **setting)
    for weight in (np.ones_like(x), x - x.mean()):
        rest = float(pulls[~kink] @ weight[~kink])
        sides = np.array([loss.gradient(s, 0.0, **setting) for s in (-1.0, 1.0)])
        reach = np.sort(np.outer(sides, weight[kink]), axis=0).sum(axis=1)
        low, high = (reach[0], reach[1]) if kink.any() else (0.0, 0.0)
        slack = 1e-11 * float(np.abs(pulls) @ np.abs(weight) + 1)
        assert low - slack <= -rest <= high + slack


def programme(x, y, tau):
    """Return the least sum of the quantile loss, by a solver of linear programmes."""
    u, v = x - x.mean(), y - np.median(y)
    # The solver's tolerances are absolute: they have to suit the many, not an outlier.
    u, size = u / np.abs(u).max(), np.median(np.abs(v)) or 1.0
    n = len(x)
    solved = linprog(
        np.r_[0, 0, np.full(n, tau), np.full(n, 1 - tau)],
        A_eq=np.c_[np.ones(n), u, np.eye(n), -np.eye(n)],
        b_eq=v / size,
        bounds=[(None, None)] * 2 + [(0, None)] * (2 * n),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    assert solved.success
    return solved.fun * size


@every_data
@pytest.mark.parametrize("tau", [0.05, 0.25, 0.3, 0.5, 0.9])
def test_lines_of_quantiles_against_a_linear_programme(name, tau):
    x, y = DATA[name]
    fit = best_line(RESIDUAL["quantile"], x, y, tau=tau)
    assert fit.method is Method.LINEAR_PROGRAMME
    slack = rounding(RESIDUAL["quantile"], {"tau": tau}, x, y, fit)
    size = len(y) * np.median(np.abs(y - np.median(y)))
    assert fit.value == pytest.approx(programme(x, y, tau), rel=1e-9, abs=slack + 1e-8 * size)


@pytest.mark.parametrize("seed", range(8))
def test_lines_of_absolute_errors_through_many_ties(seed):
    """At a vertex where many points meet, a pivot about one of them need not lead on."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 5, 150).astype(float), rng.integers(-2, 3, 150).astype(float)
    fit = best_line(RESIDUAL["absolute_error"], x, y)
    assert fit.converged
    assert fit.value == pytest.approx(2 * programme(x, y, 0.5), rel=1e-9)


@REPRODUCIBLE
@given(
    points=st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=12),
    tau=st.sampled_from([0.1, 0.25, 0.5, 0.75]),
)
def test_lines_of_quantiles_by_trying_every_pair(points, tau):
    """Integers make ties: lines through many points, and many lines as good as the best."""
    x, y = np.array(points, dtype=float).T
    if np.ptp(x) == 0:
        return
    quantile = RESIDUAL["quantile"]
    fit = best_line(quantile, x, y, tau=tau)
    values = {}
    for i, j in itertools.combinations(range(len(x)), 2):
        if x[i] != x[j]:
            slope = (y[j] - y[i]) / (x[j] - x[i])
            line = (y[i] - slope * x[i], slope)
            values[tuple(np.round(line, 9))] = loss_of(quantile, {"tau": tau}, x, y, line)
    assert fit.converged
    assert fit.value == pytest.approx(min(values.values()), abs=1e-12)
    # The best lines are the convex hull of the best vertices: one vertex, one line.
    assert fit.unique == (sum(v < fit.value + 1e-9 for v in values.values()) == 1)


@every_convex_case
@pytest.mark.parametrize("name", ["noise", "heavy"])
def test_convex_lines_against_a_general_minimiser(loss, setting, name):
    x, y = DATA[name]
    fit = best_line(loss, x, y, **setting)
    found = [
        minimize(
            lambda p: loss_of(loss, setting, x, y, p),
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-12, "maxfev": 600},
        ).fun
        for start in ((0.0, 0.0), (4.0, 1.0))
    ]
    assert min(found) >= fit.value * (1 - 1e-12)
    assert min(found) == pytest.approx(fit.value, rel=1e-7)


@every_wiggly_case
@pytest.mark.parametrize("name", ["noise", "outlier", "heavy", "ties"])
def test_losses_that_are_not_convex_against_brute_force(setting, name):
    loss = RESIDUAL["general_robust"]
    x, y = DATA[name]
    fit = best_constant(loss, y, **setting)
    assert fit.method is Method.SEVERAL_STARTS
    assert not fit.proven
    assert "not convex" in fit.note
    inner = np.sort(y)[1:-1]
    grid = np.concatenate([y, np.linspace(inner[0], inner[-1], 4001)])
    values = loss(grid[:, None], y, **setting).sum(axis=1)
    assert fit.value <= values.min() * (1 + 1e-12)

    line = best_line(loss, x, y, **setting)
    pairs = [(i, j) for i, j in itertools.combinations(range(len(x)), 2) if x[i] != x[j]]
    slopes = np.array([(y[j] - y[i]) / (x[j] - x[i]) for i, j in pairs])
    cuts = np.array([y[i] for i, _ in pairs]) - slopes * np.array([x[i] for i, _ in pairs])
    values = loss(cuts[:, None] + slopes[:, None] * x, y, **setting).sum(axis=1)
    assert line.value <= values.min() * (1 + 1e-12)


@pytest.mark.parametrize(("n", "seed"), [(60, 1), (60, 5), (60, 10), (200, 3)])
def test_the_lowest_of_many_minima(n, seed):
    """Points around three lines, with least squares between them: only the data lead to them."""
    loss, rng = RESIDUAL["general_robust"], np.random.default_rng(seed)
    which = rng.choice(3, n, p=[0.44, 0.28, 0.28])
    x = rng.uniform(0, 10, n)
    slope = np.array([-0.5, 0.5, 1.0])[which]
    y = np.array([12.0, 0.0, 3.0])[which] + slope * x + 0.2 * rng.standard_normal(n)
    i, j = np.triu_indices(n, 1)
    slopes = (y[j] - y[i]) / (x[j] - x[i])
    lines = (y[i] - slopes * x[i])[:, None] + slopes[:, None] * x - y
    constants = np.linspace(y.min(), y.max(), 2001)[:, None] - y
    setting = {"alpha": np.array([-10.0, -2.0]), "c": 0.2}
    for fits, tried in (
        (best_lines(loss, x, y, **setting), lines),
        (best_constants(loss, y, **setting), constants),
    ):
        for alpha, fit in zip(setting["alpha"].tolist(), fits, strict=True):
            values = loss(tried, 0.0, alpha=alpha, c=0.2).sum(axis=1)
            assert fit.value <= values.min() * (1 + 1e-12)


# Many settings at once


@pytest.mark.parametrize("name", ["even", "outlier", "ties", "three"])
@pytest.mark.parametrize(
    ("key", "parameter"), [(key, p) for key, loss in RESIDUAL.items() for p in loss.parameters],
    ids=lambda value: getattr(value, "name", value),
)  # fmt: skip
def test_a_setting_on_its_own_has_the_same_fit_to_the_last_bit(key, parameter, name):
    """α = ½ and α = 2 are among the settings: NumPy has short cuts for such powers."""
    x, y = DATA[name]
    some = parameter.steps[5::15]
    alone = [{parameter.name: value} for value in some.tolist()]
    lines = best_lines(RESIDUAL[key], x, y, **{parameter.name: some})
    assert lines == [best_line(RESIDUAL[key], x, y, **one) for one in alone]
    constants = best_constants(RESIDUAL[key], y, **{parameter.name: some})
    assert constants == [best_constant(RESIDUAL[key], y, **one) for one in alone]


def test_a_slider_of_fits_takes_little_longer_than_a_few_of_them():
    """A twentieth of a second on an idle machine, where one by one would take over one."""
    x, y = DATA["heavy"]
    loss = RESIDUAL["general_robust"]
    taken = []
    for _ in range(2):
        start = time.thread_time()
        fits = best_lines(loss, x, y, alpha=loss.parameters[0].steps)
        taken.append(time.thread_time() - start)
    assert len(fits) == 121
    assert min(taken) < 0.4


# Known answers


@pytest.mark.parametrize(
    ("key", "best", "method"),
    [
        ("squared_error", 91.82, Method.CLOSED_FORM),
        ("absolute_error", 1.00, Method.ORDER_STATISTIC),
        ("huber", 1.10, Method.NEWTON),
        ("smooth_l1", 1.10, Method.NEWTON),
    ],
)
def test_ten_ones_and_a_thousand(key, best, method):
    fit = best_constant(RESIDUAL[key], [1.0] * 10 + [1000.0])
    assert fit.intercept == pytest.approx(best, abs=0.005)
    assert fit.method is method
    assert fit.proven


def test_huber_of_ten_ones_and_a_thousand_exactly():
    """10 (c − 1) = δ, so c = 1.1; its loss is 10 · ½ · 0.01 + (998.9 − ½)."""
    fit = best_constant(RESIDUAL["huber"], [1.0] * 10 + [1000.0])
    assert fit.intercept == pytest.approx(1.1, rel=1e-14)
    assert fit.value == pytest.approx(0.05 + 998.4, rel=1e-14)


@pytest.mark.parametrize(
    ("key", "of_loss", "of_gradient"),
    [
        ("squared_error", 0.9999999, 0.9990),
        ("absolute_error", 0.9990, 1 / 11),
        ("huber", 0.99995, 0.5),
    ],
)
def test_shares_of_one_outlier(key, of_loss, of_gradient):
    """The value of every loss is dominated by the outlier; the gradient only of the squared."""
    found = shares(RESIDUAL[key], [0.1] * 10 + [999.0])
    assert found.loss[-1] == pytest.approx(of_loss, abs=1e-5)
    assert found.gradient[-1] == pytest.approx(of_gradient, abs=1e-5)
    assert found.loss.sum() == pytest.approx(1)
    assert found.gradient.sum() == pytest.approx(1)


@every_case
def test_shares_of_a_perfect_fit(loss, setting):
    found = shares(loss, np.zeros(4), **setting)
    assert found.loss.tolist() == found.gradient.tolist() == [0, 0, 0, 0]
    assert shares(loss, [0.0, 3.0], **setting).loss.tolist() == [0, 1]


def test_least_squares_against_the_normal_equations():
    x, y = DATA["heavy"]
    fit = best_line(RESIDUAL["squared_error"], x, y)
    slope, intercept = np.polyfit(x, y, 1)
    assert (fit.intercept, fit.slope) == pytest.approx((intercept, slope), rel=1e-10)


@pytest.mark.parametrize("tau", [0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("n", [1, 2, 7, 10, 20])
def test_constants_of_quantiles(n, tau):
    """A τ-quantile has at most τn values below it and at most (1 − τ)n above."""
    y = np.random.default_rng(n).standard_normal(n)
    fit = best_constant(RESIDUAL["quantile"], y, tau=tau)
    for c in (fit.intercept, *fit.interval):
        assert np.sum(y < c) <= tau * n + 1e-9
        assert np.sum(y > c) <= (1 - tau) * n + 1e-9
    assert set(fit.interval) <= set(y)
    assert fit.unique == (n == 1 or abs(tau * n - round(tau * n)) > 1e-9)


def test_the_median_of_an_even_number():
    fit = best_constant(RESIDUAL["absolute_error"], [4.0, 1.0, 10.0, 2.0])
    assert (fit.intercept, fit.interval, fit.unique) == (3.0, (2.0, 4.0), False)
    assert "interval" in fit.note


def test_huber_with_a_flat_minimum():
    """Two points 10 apart: from 0 + δ to 10 − δ both pull with δ."""
    fit = best_constant(RESIDUAL["huber"], [0.0, 10.0], delta=2.0)
    assert not fit.unique
    assert (fit.intercept, fit.interval) == (5.0, (2.0, 8.0))
    assert best_constant(RESIDUAL["huber"], [0.0, 10.0], delta=6.0).unique
    assert best_constant(RESIDUAL["huber"], [0.0, 10.0, 10.0], delta=2.0).interval == (9.0, 9.0)


def test_lines_that_are_not_unique():
    """The four corners of a square: every line between the diagonals is best under L1."""
    x, y = [0.0, 0.0, 1.0, 1.0], [0.0, 10.0, 0.0, 10.0]
    for key in ("absolute_error", "huber"):
        fit = best_line(RESIDUAL[key], x, y)
        assert fit.converged
        assert not fit.unique
        assert fit.note
    assert best_line(RESIDUAL["pseudo_huber"], x, y).unique
    assert best_line(RESIDUAL["huber"], x, y, delta=5.0).unique


@pytest.mark.parametrize("seed", range(6))
def test_how_far_an_outlier_lies_does_not_matter(seed):
    """Only its sign counts under L1, even if its loss drowns the changes of all others."""
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, 41))
    lines = []
    for far in (1e3, 1e10, 1e18, 1e30):
        y[seed] = far
        fit = best_line(RESIDUAL["absolute_error"], x, y)
        assert fit.converged
        lines.append((fit.intercept, fit.slope))
    assert lines == [pytest.approx(lines[0], abs=1e-13)] * 4


def test_a_line_of_absolute_errors_meets_two_points():
    rng = np.random.default_rng(3)
    for n in (3, 10, 101):
        x, y = rng.standard_normal((2, n))
        r = best_line(RESIDUAL["absolute_error"], x, y)(x) - y
        assert np.sum(np.abs(r) < 1e-14 * 10) == 2


@every_data
def test_limits_of_huber(name):
    """A wide Huber is half the squared error; a narrow one δ times the absolute error."""
    x, y = DATA[name]
    spread = np.ptp(y)
    wide = best_line(RESIDUAL["huber"], x, y, delta=1e3 * spread)
    plain = best_line(RESIDUAL["squared_error"], x, y)
    assert wide.value == pytest.approx(plain.value / 2, rel=1e-9, abs=1e-25 * (1 + spread**2))
    delta = 1e-7 * spread
    narrow = best_line(RESIDUAL["huber"], x, y, delta=delta)
    least = best_line(RESIDUAL["absolute_error"], x, y)
    assert narrow.value / delta == pytest.approx(least.value, abs=2 * len(x) * delta)


@pytest.mark.parametrize(
    ("key", "setting", "method"),
    [
        ("squared_error", {}, Method.CLOSED_FORM),
        ("general_robust", {"alpha": 2.0, "c": 0.3}, Method.CLOSED_FORM),
        ("general_robust", {"alpha": 2 - 1e-9}, Method.NEWTON),
        ("general_robust", {"alpha": 1.0}, Method.NEWTON),
        ("general_robust", {"alpha": 0.9}, Method.SEVERAL_STARTS),
        ("general_robust", {"alpha": 0.0}, Method.SEVERAL_STARTS),
        ("general_robust", {"alpha": -10.0}, Method.SEVERAL_STARTS),
        ("absolute_error", {}, Method.LINEAR_PROGRAMME),
        ("quantile", {"tau": 0.1}, Method.LINEAR_PROGRAMME),
        ("huber", {"delta": 1e9}, Method.NEWTON),
        ("pseudo_huber", {"delta": 1e9}, Method.NEWTON),
        ("log_cosh", {}, Method.NEWTON),
        ("smooth_l1", {}, Method.NEWTON),
    ],
)
def test_method(key, setting, method):
    fit = best_line(RESIDUAL[key], *DATA["noise"], **setting)
    assert fit.method is method
    assert fit.proven == (method is not Method.SEVERAL_STARTS)
    assert fit.interval is None


def test_a_loss_that_gives_up_on_outliers():
    """Half of the points lie on another line: a loss with a falling pull takes one side."""
    x = np.linspace(0, 10, 25)
    y = np.where(np.arange(25) % 5 < 2, 30.0 - x, 1 + x / 2)
    fit = best_line(RESIDUAL["general_robust"], x, y, alpha=-2.0, c=0.5)
    assert (fit.intercept, fit.slope) == pytest.approx((1, 0.5), abs=0.05)


def test_two_minima_as_low_as_each_other():
    fit = best_constant(RESIDUAL["general_robust"], [0.0, 0.0, 50.0, 50.0], alpha=-2.0)
    assert not fit.unique
    assert "2 minima" in fit.note
    assert min(abs(fit.intercept), abs(fit.intercept - 50)) < 0.1


# Invariances


@every_case
@pytest.mark.parametrize("name", ["noise", "outlier", "heavy", "leverage"])
def test_moving_tilting_shuffling_and_doubling(loss, setting, name):
    x, y = DATA[name]
    fit = best_line(loss, x, y, **setting)
    order = np.random.default_rng(5).permutation(len(x))
    scale = 1e-9 * fit.value + rounding(loss, setting, x, y, fit)

    def same(other, times=1.0):
        assert other.value / times == pytest.approx(fit.value, abs=scale)
        assert other.unique == fit.unique

    if is_convex(loss, setting):
        same(best_line(loss, x, y + 3 * x - 20, **setting))
        same(best_line(loss, x[order], y[order], **setting))
        same(best_line(loss, 4 * x + 16, y, **setting))
    doubled = best_line(loss, np.tile(x, 2), np.tile(y, 2), **setting)
    assert doubled.value / 2 == pytest.approx(fit.value, abs=scale)


@pytest.mark.parametrize("factor", [1e-8, 1e-3, 1e4, 1e8])
@pytest.mark.parametrize(
    ("key", "width", "power"),
    [
        ("squared_error", "", 2),
        ("absolute_error", "", 1),
        ("quantile", "", 1),
        ("huber", "delta", 2),
        ("pseudo_huber", "delta", 2),
        ("smooth_l1", "beta", 1),
        ("general_robust", "c", 0),
    ],
)
def test_scaling_the_data_and_the_width(key, width, power, factor):
    x, y = DATA["heavy"]
    plain = best_line(RESIDUAL[key], x, y)
    scaled = best_line(RESIDUAL[key], x, factor * y, **({width: factor} if width else {}))
    assert scaled.value == pytest.approx(factor**power * plain.value, rel=1e-9)
    assert scaled.slope == pytest.approx(factor * plain.slope, rel=1e-7)


@REPRODUCIBLE
@given(
    y=st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=15),
    case=st.sampled_from(CONVEX),
)
def test_constants_of_any_data(y, case):
    loss, setting = case
    fit = best_constant(loss, y, **setting)
    assert fit.converged
    slack = 1e-9 * (1 + max(map(abs, y)))
    assert min(y) - slack <= fit.intercept <= max(y) + slack
    mirrored = best_constant(loss, y[::-1], **setting)
    assert mirrored.value == pytest.approx(fit.value, rel=1e-9, abs=1e-12)


@REPRODUCIBLE
@given(
    points=st.lists(
        st.tuples(st.floats(-1e3, 1e3, width=32), st.floats(-1e3, 1e3, width=32)),
        min_size=2, max_size=15,
    ),
    case=st.sampled_from(CONVEX),
)  # fmt: skip
def test_lines_of_any_data(points, case):
    loss, setting = case
    x, y = np.array(points).T
    if np.ptp(x) < 1e-6:
        return
    fit = best_line(loss, x, y, **setting)
    assert fit.converged
    least = RESIDUAL["squared_error"], RESIDUAL["absolute_error"]
    for other in (best_line(plain, x, y) for plain in least):
        value = loss_of(loss, setting, x, y, (other.intercept, other.slope))
        assert fit.value <= value * (1 + 1e-9) + rounding(loss, setting, x, y, other) + 1e-12


def test_a_line_through_points_far_apart_is_known_to_be_best():
    """It misses a third point by the rounding of the two that it was drawn through."""
    x, y = np.array([0.0, 0.0, 0.0, 560.5625, -504.0, 1.5]), np.array([0, 0, -1, 1.5, -2, 0.0])
    fit = best_line(RESIDUAL["absolute_error"], x, y)
    assert fit.converged
    assert fit.unique


@pytest.mark.parametrize("n", [12, 200])
def test_quantiles_together_are_each_one_alone(n):
    """Lines through two points are tried all at once if the points are few, else not."""
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=n), rng.standard_t(1.5, n)
    levels = np.array([0.05, 0.3, 0.5, 0.77])
    together = best_lines(RESIDUAL["quantile"], x, y, tau=levels)
    for tau, fit in zip(levels.tolist(), together, strict=True):
        assert fit == best_line(RESIDUAL["quantile"], x, y, tau=tau)
        assert fit.value == pytest.approx(programme(x, y, tau), rel=1e-9)


# Degenerate and extreme data


@every_case
def test_points_that_leave_no_choice(loss, setting):
    assert best_constant(loss, [3.5], **setting).intercept == 3.5
    same = best_constant(loss, [0.1] * 6, **setting)
    assert (same.intercept, same.value) == (0.1, 0)
    assert same.unique
    flat = best_line(loss, [1.0, 2.0, 5.0], [7.0, 7.0, 7.0], **setting)
    assert (flat.intercept, flat.slope, flat.value) == (7, 0, 0)
    two = best_line(loss, [1.0, 3.0], [2.0, 8.0], **setting)
    assert (two.intercept, two.slope) == pytest.approx((-1, 3))
    assert two.value == pytest.approx(0, abs=1e-12)


@every_case
def test_extreme_magnitudes(loss, setting):
    for x, y in (
        ([0.0, 1.0, 2.0], [0.0, LARGEST, 1.0]),
        ([0.0, LARGEST, 1.0], [0.0, 1.0, 5.0]),
        ([0.0, 1e-100, 2e-100], [0.0, 1e-100, 0.0]),
        ([-LARGEST, 0.0, LARGEST], [-LARGEST, LARGEST, 0.0]),
    ):
        for fit in (best_line(loss, x, y, **setting), best_constant(loss, y, **setting)):
            assert math.isfinite(fit.intercept)
            assert math.isfinite(fit.slope)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ([], [], "no points"),
        ([1.0], [2.0], "One point"),
        ([2.0, 2.0, 2.0], [1.0, 2.0, 3.0], "All x are equal"),
        ([1.0, 2.0, 3.0], [1.0, math.nan, 3.0], "Row 2: y is nan"),
        ([1.0, 2.0, math.inf], [1.0, 2.0, 3.0], "Row 3: x is inf"),
        ([1.0, 2.0], [-2e100, 3.0], "Row 1: y is -2e"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], "2 x and 3 y"),
        ([[1.0, 2.0]], [1.0, 2.0], "shape"),
    ],
)
@pytest.mark.parametrize("key", RESIDUAL)
def test_data_that_determine_no_line(key, x, y, said):
    with pytest.raises(ValueError, match=said):
        best_line(RESIDUAL[key], x, y)


@pytest.mark.parametrize("key", RESIDUAL)
def test_data_that_determine_no_constant(key):
    with pytest.raises(ValueError, match="no points"):
        best_constant(RESIDUAL[key], [])
    with pytest.raises(ValueError, match="Row 2"):
        best_constant(RESIDUAL[key], [1.0, math.inf])
    with pytest.raises(ValueError, match="Row 1"):
        shares(RESIDUAL[key], [math.nan])


def test_what_is_raised():
    huber = RESIDUAL["huber"]
    with pytest.raises(TypeError):
        best_constant(huber, [1.0, 2.0], beta=1.0)
    with pytest.raises(ValueError, match="delta"):
        best_constant(huber, [1.0, 2.0], delta=0.0)
    with pytest.raises(ValueError, match="one number as delta"):
        best_constant(huber, [1.0, 2.0], delta=np.array([1.0, 2.0]))
    with pytest.raises(TypeError, match="real numbers"):
        best_constant(huber, ["a", "b"])
    with pytest.raises(ValueError, match="a number, or a list"):
        best_lines(huber, [1.0, 2.0], [1.0, 2.0], delta=np.ones((2, 2)))
    other = [loss for loss in LOSSES.values() if loss.axis is not Axis.RESIDUAL]
    for loss in other:
        with pytest.raises(ValueError, match="residual"):
            best_constant(loss, [1.0, 2.0])


def test_a_fit_can_be_drawn():
    fit = best_line(RESIDUAL["squared_error"], [0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
    assert fit([0.0, 10.0]) == pytest.approx([1, 21])
    assert fit(4).shape == ()


@pytest.mark.parametrize(
    ("key", "setting"),
    [(key, {}) for key in RESIDUAL] + [("general_robust", {"alpha": -10.0, "c": 0.1})],
)
def test_ten_thousand_points(key, setting):
    """A tenth of a second on an idle machine; the bound leaves room for a busy one."""
    rng = np.random.default_rng(2)
    x = np.linspace(0, 10, 10_000)
    y = 1 + x / 2 + rng.standard_t(2, 10_000)
    y[17] = 1e6
    taken = []
    for _ in range(2):
        start = time.thread_time()
        fit = best_line(RESIDUAL[key], x, y, **setting)
        best_constant(RESIDUAL[key], y, **setting)
        taken.append(time.thread_time() - start)
    assert min(taken) < 1.0
    assert fit.converged
    if key != "squared_error":
        assert (fit.intercept, fit.slope) == pytest.approx((1, 0.5), abs=0.5)


@pytest.mark.parametrize(
    ("key", "parameters", "several"),
    [
        ("squared_error", {}, False),
        ("absolute_error", {}, False),
        ("huber", {"delta": 0.1}, False),
        ("general_robust", {"alpha": 1.0}, False),
        ("general_robust", {"alpha": 0.0}, True),
        ("general_robust", {"alpha": -2.0}, True),
    ],
)
def test_only_what_is_not_convex_needs_several_starts(key, parameters, several):
    assert needs_several_starts(LOSSES[key], **parameters) is several
