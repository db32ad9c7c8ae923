"""Surfaces: gradients and Hessians against mpmath's, minima against SciPy's optimisers."""

import mpmath
import numpy as np
import pytest
import scipy.optimize

from core.descent.surfaces import SURFACES
from tests.latex import evaluate

every = pytest.mark.parametrize("key", SURFACES)
corners = pytest.mark.parametrize("end", ["low", "default", "high"])


def ground(key, end="default"):
    surface = SURFACES[key]
    return surface.at(**{p.name: getattr(p, end) for p in surface.parameters})


def places(key, count=12):
    (left, right), (low, high) = SURFACES[key].window
    rng = np.random.default_rng(3)
    return np.stack([rng.uniform(left, right, count), rng.uniform(low, high, count)], -1)


def formula(key, w, b, p):
    """Return the value in mpmath, written from the formula that the page shows."""
    m = mpmath
    if key in ("bowl", "noisy_bowl"):
        turn = m.radians(p.get("angle", 0))
        along = m.cos(turn) * w + m.sin(turn) * b
        across = -m.sin(turn) * w + m.cos(turn) * b
        return along**2 / 2 + p["condition"] * across**2 / 2
    if key == "ravine":
        return p["steepness"] * (b - m.sin(w)) ** 2 / 2 + w**2 / 20
    if key == "saddle":
        return w**2 / 2 - b**2 / 2 + b**4 / 4
    if key == "plateau":
        return 1 - m.exp(-(w**2 + b**2) / (2 * p["width"] ** 2))
    if key == "rosenbrock":
        return (1 - w) ** 2 + p["steepness"] * (b - w**2) ** 2
    if key == "beale":
        return (1.5 - w + w * b) ** 2 + (2.25 - w + w * b**2) ** 2 + (2.625 - w + w * b**3) ** 2
    if key == "himmelblau":
        return (w**2 + b - 11) ** 2 + (w + b**2 - 7) ** 2
    waves = m.cos(2 * m.pi * w) + m.cos(2 * m.pi * b)
    return 2 * p["amplitude"] + w**2 + b**2 - p["amplitude"] * waves


def test_beale_is_as_high_in_the_corners_as_its_text_says():
    surface = SURFACES["beale"]
    (left, right), (low, high) = surface.window
    ends = np.array([left, left, right, right]), np.array([low, high, low, high])
    assert "over 10,000 in the corners" in surface.insight
    assert surface.function(*ends).min() > 10_000


@every
@corners
def test_value_gradient_and_hessian_are_the_formula_s(key, end):
    surface, land = SURFACES[key], ground(key, end)
    p = {q.name: mpmath.mpf(getattr(q, end)) for q in surface.parameters}
    with mpmath.workdps(40):
        for w, b in places(key, 4):

            def f(x, y):
                return formula(key, x, y, p)

            point = (mpmath.mpf(w), mpmath.mpf(b))
            exact = {
                order: float(mpmath.diff(f, point, order))
                for order in ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
            }
            size = max(1.0, *map(abs, exact.values()))
            assert land.value(w, b) == pytest.approx(float(f(*point)), rel=1e-12, abs=1e-12)
            assert land.gradient(w, b) == pytest.approx(
                np.array([exact[1, 0], exact[0, 1]]), abs=1e-11 * size
            )
            assert land.hessian(w, b) == pytest.approx(
                np.array([[exact[2, 0], exact[1, 1]], [exact[1, 1], exact[0, 2]]]),
                abs=1e-11 * size,
            )


@pytest.mark.parametrize(
    "key", ["ravine", "saddle", "plateau", "rosenbrock", "himmelblau", "rastrigin"]
)
def test_the_formula_on_the_page_is_the_surface(key):
    surface = SURFACES[key]
    text = surface.formula.partition("=")[2]
    for w, b in places(key, 4):
        symbols = {"w": w, "b": b, **{p.symbol: p.default for p in surface.parameters}}
        assert float(surface.at().value(w, b)) == pytest.approx(float(evaluate(text, symbols)))


@every
def test_arrays_broadcast(key):
    land = ground(key)
    w, b = np.linspace(-1, 1, 5), np.linspace(-1, 1, 3)[:, None]
    assert land.value(w, b).shape == (3, 5)
    assert land.gradient(w, b).shape == (3, 5, 2)
    assert land.hessian(w, b).shape == (3, 5, 2, 2)
    one = (w[4], b[1, 0])
    np.testing.assert_allclose(land.gradient(w, b)[1, 4], land.gradient(*one))
    np.testing.assert_allclose(land.hessian(w, b)[1, 4], land.hessian(*one))
    points = np.random.default_rng(0).normal(size=(4, 2))
    np.testing.assert_array_equal(land.slope(points), land.gradient(points[:, 0], points[:, 1]))


@every
@corners
def test_minima_are_where_scipy_finds_them(key, end):
    land = ground(key, end)
    assert land.minima
    for w, b in land.minima:
        found = scipy.optimize.minimize(
            lambda x: float(land.value(*x)),
            (w + 0.01, b - 0.01),
            jac=lambda x: land.gradient(*x),
            method="BFGS",
            options={"gtol": 1e-9},
        )
        assert found.x == pytest.approx([w, b], abs=1e-6)
        assert (np.linalg.eigvalsh(land.hessian(w, b)) > 0).all()
        assert land.gradient(w, b) == pytest.approx([0, 0], abs=1e-8)


@every
def test_no_minimum_is_missing(key):
    """SciPy's descent from many places in the window ends at none that is not listed."""
    land = ground(key)
    (left, right), (low, high) = land.window
    minima = np.array(land.minima)
    for start in places(key, 25):
        found = scipy.optimize.minimize(
            lambda x: float(land.value(*x)),
            start,
            jac=lambda x: land.gradient(*x),
            method="BFGS",
            options={"gtol": 1e-8},
        )
        flat = np.linalg.eigvalsh(land.hessian(*found.x))[0] < 1e-3
        inside = left <= found.x[0] <= right and low <= found.x[1] <= high
        if not found.success or flat or not inside:
            continue
        assert np.linalg.norm(minima - found.x, axis=1).min() < 1e-4


@every
def test_the_deepest_comes_first(key):
    land = ground(key)
    depths = [float(land.value(*m)) for m in land.minima]
    assert depths[0] == pytest.approx(min(depths), abs=1e-12)


def test_known_minima():
    assert ground("rosenbrock").minima == ((1.0, 1.0),)
    assert ground("beale").value(3.0, 0.5) == 0
    assert len(ground("himmelblau").minima) == 4
    assert ground("himmelblau").minima[0] == pytest.approx((3, 2))
    assert len(ground("rastrigin").minima) == 121
    assert ground("rastrigin").minima[0] == (0.0, 0.0)
    assert SURFACES["rastrigin"].window == ((-5.12, 5.12), (-5.12, 5.12))
    assert SURFACES["rastrigin"].at(amplitude=0.0).minima == ((0.0, 0.0),)


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0])
@pytest.mark.parametrize("condition", [1.0, 37.0])
def test_the_bowl_has_the_curvatures_that_it_says(condition, angle):
    land = SURFACES["bowl"].at(condition=condition, angle=angle)
    values, vectors = np.linalg.eigh(land.hessian(0.3, -2.0))
    assert values == pytest.approx([1.0, condition])
    if condition > 1:
        steep = np.array([-np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
        assert abs(vectors[:, 1] @ steep) == pytest.approx(1.0)


def test_only_the_bowls_are_quadratic():
    for key, surface in SURFACES.items():
        land = ground(key)
        spread = np.ptp(land.hessian(*places(key).T), axis=0).max()
        assert bool(spread < 1e-12) is surface.quadratic


def test_noise_belongs_to_the_noisy_bowl():
    assert ground("noisy_bowl").noise == 1.0
    assert SURFACES["noisy_bowl"].at(sigma=0.2).noise == 0.2
    assert ground("bowl").noise == 0


@every
def test_starts_lie_in_the_window_and_formulas_are_latex(key):
    surface = SURFACES[key]
    assert surface.key == key
    (left, right), (low, high) = surface.window
    assert left < surface.start[0] < right
    assert low < surface.start[1] < high


def test_wrong_parameters_are_refused():
    with pytest.raises(TypeError, match="steepness"):
        SURFACES["bowl"].at(steepness=1.0)
    with pytest.raises(ValueError, match="condition"):
        SURFACES["bowl"].at(condition=0.5)
