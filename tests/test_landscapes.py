"""Landscapes: values, derivatives, grids, minima and convexity against independent answers."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.optimize import minimize as scipy_minimize
from scipy.special import expit

from core.activations import ACTIVATIONS
from core.datasets import LANDSCAPE_SETS
from core.landscapes import convexity, curvature, landscape, why_not
from core.landscapes.minima import Kind, minima, separating_direction
from core.landscapes.minimise import newton, pattern_search, valleys
from core.landscapes.surface import (
    OWN,
    DataSettings,
    Settings,
    data,
    minima_of,
    outlier_path,
    surface,
    terrain,
)
from core.losses import LOSSES

OUTPUTS = ("identity", "sigmoid", "tanh", "relu", "gelu", "step")


def possible(sets=("line", "overlapping"), outputs=OUTPUTS):
    """Return every settings of loss, output and data that make a landscape."""
    return [
        Settings(DataSettings(key), loss, output)
        for key in sets
        for output in outputs
        for loss in LOSSES
        if not why_not(
            LOSSES[loss],
            ACTIVATIONS[output],
            data(DataSettings(key)).y,
            classes=LANDSCAPE_SETS[key].classes,
        )
    ]


def label(settings):
    return f"{settings.data.key}-{settings.output}-{settings.loss}"


every_pair = pytest.mark.parametrize("settings", possible(), ids=label)
AT = np.array([[-2.3, 0.7, 1.9, 0.05], [1.4, -0.6, 3.1, 0.31]])


def of(loss, output="identity", key="line", **changes):
    return terrain(Settings(DataSettings(key, **changes), loss, output))


# Values and derivatives


def test_the_value_is_the_mean_over_the_points():
    land = of("squared_error")
    w, b = 0.8, -0.3
    assert land.value(w, b) == pytest.approx(np.mean((w * land.x + b - land.target) ** 2))
    assert land.value(np.zeros((3, 1)), np.zeros(2)).shape == (3, 2)


def test_cross_entropy_behind_a_sigmoid_keeps_its_gradient_far_out():
    land = of("binary_cross_entropy", "sigmoid", "separable")
    p = expit(0.4 * land.x + 0.2)
    own = -np.mean(land.target * np.log(p) + (1 - land.target) * np.log1p(-p))
    assert land.value(0.4, 0.2) == pytest.approx(own, rel=1e-13)
    far = land.gradient(-500.0, 0.0)
    assert np.isfinite(far).all()
    assert far[0] == pytest.approx(-np.mean(np.abs(land.x)), rel=0.1)


@every_pair
def test_the_gradient_is_the_slope_of_the_value(settings):
    land = terrain(settings)
    h = 1e-6
    w, b = AT
    values = land.value(w, b)
    if land.jumps:
        assert not land.gradient(w, b)[np.isfinite(values)].any()
        return
    w, b = w[np.isfinite(values)], b[np.isfinite(values)]
    numerical = np.stack(
        [
            (land.value(w + h, b) - land.value(w - h, b)) / (2 * h),
            (land.value(w, b + h) - land.value(w, b - h)) / (2 * h),
        ],
        axis=-1,
    )
    assert w.size
    np.testing.assert_allclose(land.gradient(w, b), numerical, rtol=1e-5, atol=1e-7)


@every_pair
def test_the_hessian_is_the_slope_of_the_gradient(settings):
    land = terrain(settings)
    w, b = AT
    h = 1e-6
    along_w = (land.gradient(w + h, b) - land.gradient(w - h, b)) / (2 * h)
    along_b = (land.gradient(w, b + h) - land.gradient(w, b - h)) / (2 * h)
    numerical = np.stack([along_w, along_b], axis=-2)
    whole = np.isfinite(numerical).all(axis=(-1, -2)) & np.isfinite(land.value(w, b))
    found = land.hessian(w, b)
    assert found.shape == (4, 2, 2)
    np.testing.assert_allclose(found[whole], numerical[whole], rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(found[0], land.hessian(w[0], b[0]), rtol=1e-7, atol=1e-9)


def test_the_hessian_where_the_output_has_several_breaks():
    land = of("brier", "hard_sigmoid", "overlapping")
    w, b, h = 0.7, -0.6, 1e-6
    numerical = [
        (land.gradient(w + h, b) - land.gradient(w - h, b)) / (2 * h),
        (land.gradient(w, b + h) - land.gradient(w, b - h)) / (2 * h),
    ]
    np.testing.assert_allclose(land.hessian(w, b), numerical, rtol=1e-5, atol=1e-8)


def test_the_hessian_of_least_squares_is_the_data_s():
    land = of("squared_error", key="far")
    x = land.x
    expected = 2 * np.array([[np.mean(x * x), np.mean(x)], [np.mean(x), 1.0]])
    found = land.hessian(0.3, 0.1)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    shape = curvature(found)
    assert shape.condition == pytest.approx(np.linalg.cond(expected), rel=1e-6)
    np.testing.assert_allclose(shape.eigenvalues, np.linalg.eigvalsh(expected), rtol=1e-7)


def test_a_flat_direction_has_no_condition_number():
    assert curvature(np.array([[1.0, 1.0], [1.0, 1.0]])).condition == math.inf
    assert curvature(np.array([[2.0, 0.0], [0.0, -1.0]])).condition == pytest.approx(2)


def test_parameters_reach_loss_and_output():
    one = terrain(Settings(DataSettings(), "huber", "elu", (("delta", 0.1),), (("alpha", 2.0),)))
    z = -1.2 * one.x + 0.4
    answer = np.where(z > 0, z, 2 * np.expm1(z))
    expected = LOSSES["huber"](answer, one.target, delta=0.1).mean()
    assert one.value(-1.2, 0.4) == pytest.approx(expected, rel=1e-14)


# Large grids


@pytest.mark.parametrize(
    "settings",
    possible(outputs=("identity", "sigmoid", "relu", "gelu", "hardshrink", "step")),
    ids=label,
)
def test_a_large_grid_agrees_with_the_formula(settings):
    points = data(DataSettings(settings.data.key, size=500))
    land = landscape(
        LOSSES[settings.loss],
        ACTIVATIONS[settings.output],
        points.x,
        points.y,
        classes=points.classes,
    )
    w, b = np.linspace(-4, 4, 70), np.linspace(-4, 4, 66)
    grid = land.grid(w, b)
    assert grid.shape == (66, 70)
    exact = land.value(w[None, ::3], b[::3, None])
    np.testing.assert_array_equal(np.isfinite(grid[::3, ::3]), np.isfinite(exact))
    finite = exact[np.isfinite(exact)]
    reach = np.ptp(finite) if finite.size else 1.0
    # A picture 400 pixels high cannot show a difference of a thousandth.
    off = np.abs(grid[::3, ::3][np.isfinite(exact)] - finite)
    assert off.max(initial=0.0) <= 5e-5 * max(reach, 1e-9)


def test_jumps_are_exact_on_a_large_grid():
    for settings in (
        Settings(DataSettings("line", size=500), "absolute_error", "step"),
        Settings(DataSettings("overlapping", size=500), "zero_one", "tanhshrink"),
    ):
        land = terrain(settings)
        at = np.linspace(-4, 4, 70)
        exact = land.value(at[None, :], at[:, None])
        np.testing.assert_allclose(land.grid(at, at), exact, rtol=1e-6, atol=1e-9)


def test_uneven_biases_are_evaluated_one_by_one():
    land = of("huber", "tanh", size=500)
    w, b = np.linspace(-4, 4, 70), np.sinh(np.linspace(-2, 2, 66))
    assert land._tabled(w, b) is None
    np.testing.assert_allclose(
        land.grid(w, b)[::5], land.value(w[None, :], b[::5, None]), rtol=1e-5, atol=1e-6
    )


def test_a_small_grid_is_the_value_itself():
    land = of("huber")
    at = np.linspace(-4, 4, 9)
    np.testing.assert_array_equal(land.grid(at, at), land.value(at[None, :], at[:, None]))


# What goes together


def test_every_pair_is_possible_or_has_its_sentence():
    for key in LANDSCAPE_SETS:
        points = data(DataSettings(key))
        for output in ACTIVATIONS.values():
            for loss in LOSSES.values():
                reason = why_not(loss, output, points.y, classes=points.classes)
                if reason:
                    assert reason.endswith(".")
                    with pytest.raises(ValueError, match=r"output|takes"):
                        landscape(loss, output, points.x, points.y, classes=points.classes)
                else:
                    land = landscape(loss, output, points.x, points.y, classes=points.classes)
                    assert not np.isnan(land.value(0.3, 0.2))


@pytest.mark.parametrize(
    ("loss", "output", "key", "words"),
    [
        ("binary_cross_entropy", "identity", "separable", "probabilities"),
        ("focal", "tanh", "separable", "probabilities"),
        ("hinge", "identity", "line", "pick two classes"),
        ("dice", "sigmoid", "separable", "several outputs"),
        ("softmax_cross_entropy", "identity", "separable", "several outputs"),
    ],
)
def test_what_does_not_go_together_says_why(loss, output, key, words):
    points = data(DataSettings(key))
    reason = why_not(LOSSES[loss], ACTIVATIONS[output], points.y, classes=points.classes)
    assert words in reason


def test_bad_data_raise():
    squared, identity = LOSSES["squared_error"], ACTIVATIONS["identity"]
    for x, y in (([], []), ([1.0, 2.0], [1.0]), ([1.0, np.nan], [1.0, 2.0])):
        with pytest.raises(ValueError, match=r"as many|finite"):
            landscape(squared, identity, x, y, classes=False)
    with pytest.raises(ValueError, match="no points"):
        data(DataSettings(OWN))


def test_labels_are_coded_as_the_loss_takes_them():
    assert set(of("hinge", "identity", "separable").target) == {-1, 1}
    assert set(of("squared_error", "tanh", "separable").target) == {-1, 1}
    assert set(of("squared_error", "sigmoid", "separable").target) == {0, 1}


# Minima


SMOOTH = [
    (key, loss, output)
    for key, loss, output in (
        ("line", "squared_error", "identity"),
        ("outliers", "huber", "identity"),
        ("outliers", "log_cosh", "identity"),
        ("overlapping", "logistic", "identity"),
        ("overlapping", "exponential", "identity"),
        ("overlapping", "squared_hinge", "identity"),
        ("overlapping", "binary_cross_entropy", "sigmoid"),
        ("overlapping", "brier", "sigmoid"),
        ("line", "squared_error", "tanh"),
        ("symmetric", "squared_error", "gelu"),
        ("outliers", "general_robust", "identity"),
    )
]


@pytest.mark.parametrize(("key", "loss", "output"), SMOOTH)
def test_minima_of_smooth_surfaces_against_scipy(key, loss, output):
    land = of(loss, output, key)
    found = minima(land)
    assert list(found) == sorted(found, key=lambda m: m.value)
    best = found[0]
    theirs = [
        scipy_minimize(
            lambda p: float(land.value(*p)), start, method="BFGS", options={"gtol": 1e-9}
        )
        for start in ([0.0, 0.0], [1.0, 1.0], [-1.0, -1.0], [2.0, -1.0])
    ]
    lowest = min(theirs, key=lambda r: r.fun)
    assert best.kind is Kind.POINT
    assert best.value == pytest.approx(land.value(best.w, best.b))
    assert best.value <= lowest.fun + 1e-10
    assert np.abs(land.gradient(best.w, best.b)).max() < 1e-7
    if found[0].proven:
        assert (best.w, best.b) == pytest.approx(tuple(lowest.x), abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("outliers", [0, 3])
def test_the_hinge_minimum_is_the_linear_programme_s(seed, outliers):
    land = of("hinge", "identity", "overlapping", seed=seed, size=24, outliers=outliers)
    n = land.x.size
    # minimise Σs over (w, b, s): s ≥ 0 and s ≥ 1 − t(wx + b).
    rows = np.column_stack([-land.target * land.x, -land.target, -np.eye(n)])
    theirs = linprog(
        np.r_[0, 0, np.full(n, 1 / n)],
        rows,
        np.full(n, -1.0),
        bounds=[(None, None)] * 2 + [(0, None)] * n,
    )
    assert minima(land)[0].value == pytest.approx(theirs.fun, abs=1e-12)


@pytest.mark.parametrize(
    ("key", "output", "loss"),
    [
        ("outliers", "identity", "absolute_error"),
        ("line", "relu", "absolute_error"),
        ("line", "relu", "squared_error"),
        ("outliers", "tanh", "absolute_error"),
        ("overlapping", "sigmoid", "hinge"),
        ("symmetric", "relu", "huber"),
    ],
)
def test_minima_of_kinked_surfaces_against_a_simplex_search(key, output, loss):
    land = of(loss, output, key)
    theirs = min(
        float(
            scipy_minimize(
                lambda p: float(land.value(*p)),
                start,
                method="Nelder-Mead",
                options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 2000},
            ).fun
        )
        for start in ([0.5, 0.5], [-0.5, 0.0], [2.0, 1.0], [3.0, -3.0])
    )
    assert minima(land)[0].value <= theirs + 1e-5 * max(1.0, theirs)


def test_separable_classes_send_the_logistic_loss_to_infinity():
    for loss, output in (
        ("logistic", "identity"),
        ("exponential", "identity"),
        ("sigmoid_cross_entropy", "identity"),
        ("binary_cross_entropy", "sigmoid"),
        ("squared_error", "sigmoid"),
    ):
        land = of(loss, output, "separable")
        (found, *_) = minima(land)
        assert found.kind is Kind.NONE
        assert math.hypot(found.w, found.b) == pytest.approx(1)
        along = land.value(found.w * np.array([5.0, 20.0, 80.0]), found.b * np.array([5, 20, 80]))
        assert (np.diff(along) < 0).all()
        assert found.value <= along[-1]
    assert minima(of("logistic", "identity", "overlapping"))[0].kind is Kind.POINT


def test_separating_direction():
    land = of("hinge", "identity", "separable")
    w, b = separating_direction(land)
    assert (land.target * (w * land.x + b) > 0).all()
    assert separating_direction(of("hinge", "identity", "overlapping")) is None
    flipped = landscape(
        LOSSES["hinge"], ACTIVATIONS["identity"], -land.x, land.target == 1, classes=True
    )
    assert separating_direction(flipped)[0] < 0


def test_flat_minima_say_so():
    hinge = minima(of("hinge", "identity", "separable"))[0]
    assert hinge.kind is Kind.FLAT
    assert hinge.value == pytest.approx(0, abs=1e-12)
    assert "flat" in hinge.note
    wedge = minima(of("perceptron", "identity", "separable"))[0]
    assert (wedge.w, wedge.b, wedge.value) == (0, 0, 0)
    assert minima(of("hinge", "identity", "overlapping"))[0].kind is Kind.POINT


def test_the_zero_one_minimum_is_the_best_threshold():
    land = of("zero_one", "identity", "overlapping", seed=2)
    found = minima(land)[0]
    rng = np.random.default_rng(0)
    w, b = rng.normal(size=(2, 20_000))
    assert found.value <= land.value(w, b).min() + 1e-12
    assert found.value == land.value(found.w, found.b)
    assert found.kind is Kind.FLAT


@pytest.mark.parametrize("output", ["sigmoid", "tanh", "gelu"])
def test_a_way_out_falls_from_the_window_on(output):
    """A loss that rises on its way to a plateau at infinity has no valley there."""
    far = 4 * np.geomspace(1, 500, 50)
    for settings in possible(("overlapping",), (output,)):
        land = terrain(settings)
        for one in minima(land)[1:]:
            if one.kind is Kind.NONE:
                values = land.value(one.w * far, one.b * far)
                assert (np.diff(values) <= 1e-9).all(), label(settings)
    brier = terrain(Settings(DataSettings("overlapping"), "brier", "sigmoid"))
    assert [one.kind for one in minima(brier)] == [Kind.POINT]


def test_mirrored_data_give_two_minima_behind_a_relu():
    found = minima(of("squared_error", "relu", "symmetric"))
    first, second = found[:2]
    assert first.value == pytest.approx(second.value, abs=1e-9)
    assert first.w == pytest.approx(-second.w, abs=1e-6)
    assert first.b == pytest.approx(second.b, abs=1e-6)


def test_one_x_makes_a_valley():
    x, y = np.full(5, 2.0), np.array([1.0, 2.0, 3.0, 4.0, 10.0])
    for loss, best in (("squared_error", 4.0), ("absolute_error", 3.0)):
        land = landscape(LOSSES[loss], ACTIVATIONS["identity"], x, y, classes=False)
        found = minima(land)[0]
        assert found.kind is Kind.FLAT
        assert 2 * found.w + found.b == pytest.approx(best)
        assert "All x are equal" in found.note


def test_one_class_only_runs_away():
    land = landscape(
        LOSSES["logistic"], ACTIVATIONS["identity"], [0.0, 1.0, 2.0], [1.0] * 3, classes=True
    )
    found = minima(land)[0]
    assert found.kind is Kind.NONE
    assert found.b > 0


def test_an_infinite_loss_has_no_minimum():
    found = minima(of("binary_cross_entropy", "step", "overlapping"))[0]
    assert found.kind is Kind.NONE
    assert found.value == math.inf


# Shape


@pytest.mark.parametrize("settings", possible(outputs=("identity", "sigmoid", "tanh")), ids=label)
def test_convexity_verdicts_hold_on_random_chords(settings):
    land = terrain(settings)
    verdict = convexity(land)
    rng = np.random.default_rng(1)
    one, other = rng.uniform(-4, 4, (2, 2, 4000))
    with np.errstate(invalid="ignore"):
        rise = land.value(*(one + other) / 2) - (land.value(*one) + land.value(*other)) / 2
    if verdict.proven:
        assert verdict.convex
        assert np.nanmax(rise) <= 1e-12
    if verdict.witness:
        ends = np.array([verdict.witness.one, verdict.witness.other]).T
        middle = land.value(*ends.mean(axis=1))
        assert middle == pytest.approx(verdict.witness.middle, rel=1e-6)
        assert middle > land.value(*ends).mean()
    else:
        assert verdict.convex
        assert np.nanmax(rise) <= 1e-9


@pytest.mark.parametrize(
    ("key", "loss", "output", "convex"),
    [
        ("line", "squared_error", "identity", True),
        ("line", "absolute_error", "identity", True),
        ("overlapping", "binary_cross_entropy", "sigmoid", True),
        ("overlapping", "brier", "sigmoid", False),
        ("overlapping", "logistic", "identity", True),
        ("overlapping", "zero_one", "identity", False),
        ("line", "squared_error", "relu", False),
        ("overlapping", "sigmoid_cross_entropy", "sigmoid", False),
    ],
)
def test_textbook_convexity(key, loss, output, convex):
    assert convexity(of(loss, output, key)).convex is convex


def test_a_redescending_loss_is_not_convex_and_shows_it():
    one = Settings(DataSettings("outliers"), "general_robust", loss_parameters=(("alpha", -2.0),))
    verdict = convexity(terrain(one))
    assert verdict.witness is not None


def test_dead_regions_are_where_the_gradient_is_exactly_zero():
    land = of("squared_error", "relu")
    at = np.linspace(-4, 4, 42)
    dead = land.dead(at[None, :], at[:, None])
    slopes = land.gradient(at[None, :], at[:, None])
    np.testing.assert_array_equal(dead, ~slopes.any(axis=-1))
    # A ReLU is dead where w·x + b ≤ 0 on all of [−2, 2]: b ≤ −2|w|.
    expected = at[:, None] <= -2 * np.abs(at[None, :])
    np.testing.assert_array_equal(dead, expected)
    assert of("squared_error", "step").dead(at, at).all()
    assert not of("squared_error", "sigmoid").dead(at * 100, at * 100).any()
    assert not of("logistic", "identity", "separable").dead(at * 1000, at).any()
    apart = minima(of("squared_hinge", "identity", "separable"))[0]
    assert of("squared_hinge", "identity", "separable").dead(2 * apart.w, 2 * apart.b)


# Settings


def test_ground_can_be_walked_on():
    ground = surface(Settings(DataSettings("line"), "huber"))
    place = np.array(ground.start)
    for _ in range(400):
        place = place - 0.5 * ground.slope(place)
    assert place == pytest.approx(np.array(ground.minima[0]), abs=1e-4)
    assert surface(Settings(DataSettings("separable"), "logistic")).minima == ()
    assert surface(Settings()).quadratic
    assert ground.hessian(np.zeros((3, 1)), np.zeros(2)).shape == (3, 2, 2, 2)


def test_own_points_are_standardised():
    own = (tuple(range(100, 130)), tuple(1000.0 + 3 * v for v in range(30)))
    points = data(DataSettings(OWN, own=own))
    assert not points.classes
    for column in points[:2]:
        assert column.mean() == pytest.approx(0, abs=1e-12)
        assert column.std() == pytest.approx(1)
    labels = data(DataSettings(OWN, own=((1.0, 2.0, 3.0), (-1.0, 1.0, 1.0))))
    assert labels.classes
    assert labels.y.tolist() == [0, 1, 1]
    assert data(DataSettings(OWN, own=((1.0, 2.0), (1.0, 1.0)))).classes
    assert not data(DataSettings(OWN, own=((1.0, 2.0), (2.0, 2.0)))).classes
    many = tuple(float(v) for v in range(3000))
    assert data(DataSettings(OWN, own=(many, many))).x.size == 500


def test_the_path_follows_the_outliers():
    squared = outlier_path(Settings(DataSettings("line"), "squared_error"), 8)
    absolute = outlier_path(Settings(DataSettings("line"), "absolute_error"), 8)
    assert len(squared) == 9

    def moved(path):
        return math.hypot(path[-1].w - path[0].w, path[-1].b - path[0].b)

    assert moved(squared) > 3 * moved(absolute)
    for count in (0, 8):
        own = minima_of(Settings(DataSettings("line", outliers=count), "squared_error"))[0]
        assert (squared[count].w, squared[count].b) == pytest.approx((own.w, own.b))


def test_the_path_of_a_landscape_with_several_valleys_goes_downhill():
    one = Settings(DataSettings("symmetric"), "huber", "relu")
    path = outlier_path(one, 4)
    for count, (before, after) in enumerate(itertools.pairwise(path), 1):
        land = terrain(replace(one, data=replace(one.data, outliers=count)))
        assert after.value == pytest.approx(float(land.value(after.w, after.b)))
        assert after.value < float(land.value(before.w, before.b)) - 1e-3


# The searches


def test_newton_on_a_parabola_takes_one_step_and_on_a_saddle_leads_away():
    matrix = np.array([[3.0, 1.0], [1.0, 2.0]])
    centre = np.array([1.0, -2.0])

    def value(w, b):
        d = np.array([w, b]) - centre
        return d @ matrix @ d / 2 + 5

    end = newton(
        value, lambda w, b: matrix @ (np.array([w, b]) - centre), lambda w, b: matrix, np.zeros(2)
    )
    assert end.place == pytest.approx(centre)
    assert end.steps <= 3
    assert end.arrived

    def double_well(w, b):
        return (w**2 - 1) ** 2 + b**2

    end = newton(
        double_well,
        lambda w, b: np.array([4 * w * (w**2 - 1), 2 * b]),
        lambda w, b: np.array([[12 * w**2 - 4, 0.0], [0.0, 2.0]]),
        np.array([0.1, 1.0]),
    )
    assert end.place == pytest.approx([1, 0], abs=1e-8)


def test_pattern_search_crosses_kinks():
    def value(w, b):
        return np.abs(w - 1) + 3 * np.abs(b + w)

    end = pattern_search(value, np.array([-2.0, 3.0]), 1.0)
    assert end.place == pytest.approx([1, -1], abs=1e-6)
    assert end.arrived


def test_valleys_are_local_minima_of_a_grid():
    grid = np.array([[3.0, 2.0, 3.0, 1.0], [2.0, 1.0, 2.0, 2.0], [3.0, 2.0, 3.0, 0.0]])
    assert valleys(grid) == [(2, 3), (0, 3), (1, 1)]
    assert len(valleys(np.ones((4, 5)))) == 1


@pytest.mark.parametrize(
    ("data_key", "loss", "output"),
    [
        ("line", "huber", "identity"),
        ("line", "absolute_error", "relu"),
        ("separable", "logistic", "identity"),
        ("overlapping", "binary_cross_entropy", "sigmoid"),
        ("overlapping", "hinge", "identity"),
    ],
)
def test_added_points_come_one_by_one_to_the_last_bit(data_key, loss, output):
    key = next(k for k in LANDSCAPE_SETS if data_key in k)
    every = [terrain(Settings(DataSettings(key, 3, 40, count), loss, output)) for count in range(5)]
    w, b = np.linspace(-4, 4, 23)[None, :], np.linspace(-4, 4, 21)[:, None]
    grown = every[-1]
    for of in ("value", "gradient", "dead"):
        name = {"value": "values", "gradient": "gradients", "dead": "dead"}[of]
        together = getattr(grown, f"{name}_as_points_come")(w, b)
        assert len(together) == 5
        for one, found in zip(every, together, strict=True):
            assert np.array_equal(getattr(one, of)(w, b), found, equal_nan=of != "dead")
    z = w[..., None] * every[2].x + b[..., None]
    mean = every[2].point_losses(z, every[2].target).mean(axis=-1)
    assert every[2].value(w, b) == pytest.approx(mean, rel=1e-13)
