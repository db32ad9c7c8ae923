"""Maxout and gated units: against the functions of the catalogue that they contain."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.activations import ACTIVATIONS
from core.units import (
    GATES,
    MAXOUT_CASES,
    Piece,
    corners,
    gated,
    gated_gradient,
    maxout,
    maxout_curve,
    maxout_gradient,
    recognise,
)

X = np.linspace(-5, 5, 201)
NUMBERS = st.integers(-30, 30).map(lambda n: n / 10)
PIECES = st.lists(st.builds(Piece, NUMBERS, NUMBERS), min_size=1, max_size=5)
KNOWN = {
    "ReLU": ("ReLU", ACTIVATIONS["relu"](X)),
    "Leaky ReLU": ("leaky ReLU", ACTIVATIONS["leaky_relu"](X, negative_slope=0.1)),
    "|x|": ("the absolute value", np.abs(X)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_special_cases_are_what_they_are_called(name):
    called, values = KNOWN[name]
    assert maxout(X, MAXOUT_CASES[name]) == pytest.approx(values, abs=1e-15)
    assert recognise(MAXOUT_CASES[name]) == called


def test_a_bowl_touches_half_the_square():
    bowl = maxout(X, MAXOUT_CASES["A bowl"])
    assert (bowl <= X**2 / 2 + 1e-12).all()
    for touch in (-2.0, 0.0, 2.0):
        assert maxout(touch, MAXOUT_CASES["A bowl"]) == touch**2 / 2


@pytest.mark.parametrize("alpha", [0.0, 0.01, 0.3, 1.0])
def test_leaky_relu_up_to_slope_one(alpha):
    expected = ACTIVATIONS["leaky_relu"](X, negative_slope=alpha)
    assert maxout(X, [Piece(alpha, 0.0), Piece(1.0, 0.0)]) == pytest.approx(expected, abs=1e-15)


@given(PIECES, st.floats(-50, 50), st.floats(-50, 50), st.floats(0, 1))
def test_every_maxout_is_convex(pieces, a, b, share):
    chord = share * maxout(a, pieces) + (1 - share) * maxout(b, pieces)
    assert maxout(share * a + (1 - share) * b, pieces) <= chord + 1e-9


def test_a_slope_above_one_is_not_convex():
    steep = ACTIVATIONS["prelu"]([-1.0, 0.0, 1.0], negative_slope=2.0)
    assert (steep[0] + steep[2]) / 2 < steep[1]


def test_lines_that_meet_in_one_point_make_one_corner():
    """Rounding would leave the middle one a stretch of 10⁻¹⁵ to itself."""
    pieces = [Piece(-2.05, 0.9), Piece(-2.7, 1.55), Piece(-1.3, 0.15)]
    assert corners(pieces) == pytest.approx([1.0], abs=1e-9)


@given(PIECES)
def test_corners_are_where_the_slope_changes(pieces):
    found = corners(pieces)
    assert found == sorted(found)
    for x in found:
        left, right = maxout_gradient([x - 1e-6, x + 1e-6], pieces)
        assert left < right
    ends = [-1e3, *found, 1e3]
    for low, high in itertools.pairwise(ends):
        if high - low > 1e-6:
            inside = low + (high - low) * np.linspace(0.05, 0.95, 7)
            assert np.ptp(maxout_gradient(inside, pieces)) == 0


@given(PIECES, st.floats(-20, 20))
def test_maxout_gradient_against_differences(pieces, x):
    if all(abs(x - c) > 1e-3 for c in corners(pieces)):
        slope = (maxout(x + 1e-4, pieces) - maxout(x - 1e-4, pieces)) / 2e-4
        assert maxout_gradient(x, pieces) == pytest.approx(slope, abs=1e-8)


def test_where_pieces_meet_the_first_one_counts():
    assert maxout_gradient(0.0, MAXOUT_CASES["ReLU"]) == 0
    assert maxout_gradient(0.0, MAXOUT_CASES["|x|"]) == -1


@pytest.mark.parametrize(
    ("pieces", "name"),
    [
        ([Piece(0.0, 0.0), Piece(1.0, 0.0), Piece(0.5, -1.0)], "ReLU"),
        ([Piece(0.0, 0.0), Piece(0.0, -1.0), Piece(1.0, 0.0)], "ReLU"),
        ([Piece(1.0, 0.0), Piece(1.0, 0.0)], "a line"),
        ([Piece(0.0, 2.0), Piece(0.0, 1.0)], "a constant"),
        ([Piece(0.0, 1.0), Piece(1.0, 0.0)], ""),
        ([Piece(0.0, 0.0), Piece(2.0, 0.0)], ""),
        ([Piece(-0.5, 0.0), Piece(1.0, 0.0)], ""),
        (MAXOUT_CASES["A bowl"], ""),
    ],
)
def test_recognise_looks_at_the_function_not_at_the_pieces(pieces, name):
    assert recognise(pieces) == name


def test_columns_of_settings():
    slopes = np.array([[0.0], [0.3], [-1.0]])
    together = maxout_curve(X, [Piece(slopes, 0.0), Piece(1.0, 0.0)])
    assert together.lines.shape == (2, 3, X.size)
    for row, slope in enumerate(slopes[:, 0]):
        alone = maxout_curve(X, [Piece(slope, 0.0), Piece(1.0, 0.0)])
        assert (together.value[row] == alone.value).all()
        np.testing.assert_array_equal(together.gradient[row], alone.gradient)


def test_the_curve_has_a_gap_where_its_slope_jumps():
    gradient = maxout_curve(X, MAXOUT_CASES["|x|"]).gradient
    assert np.isnan(gradient).sum() == 1
    assert set(gradient[~np.isnan(gradient)]) == {-1, 1}


def test_no_piece_is_no_maxout():
    with pytest.raises(ValueError, match="at least one"):
        maxout(X, [])


@pytest.mark.parametrize("unit", GATES)
def test_gated_units_are_value_times_activation(unit):
    value, gate = X[:, None], X
    activation = ACTIVATIONS[GATES[unit]]
    assert gated(value, gate, unit) == pytest.approx(value * activation(gate), abs=1e-15)


def test_known_gated_units():
    sigmoid = 1 / (1 + np.exp(-X))
    assert gated(2.0, X, "GLU") == pytest.approx(2 * sigmoid)
    assert gated(2.0, X, "SwiGLU") == pytest.approx(2 * X * sigmoid)
    assert gated(2.0, X, "ReGLU") == pytest.approx(2 * np.maximum(X, 0))
    assert gated(2.0, X, "Bilinear") == pytest.approx(2 * X)


@pytest.mark.parametrize("unit", GATES)
def test_gated_gradient_against_differences(unit):
    a, b, h = np.array([-2.0, 0.5, 3.0])[:, None], np.array([-1.5, 0.25, 2.0]), 1e-6
    by_value, by_gate = gated_gradient(a, b, unit)
    assert by_value.shape == by_gate.shape == (3, 3)
    across = (gated(a + h, b, unit) - gated(a - h, b, unit)) / (2 * h)
    up = (gated(a, b + h, unit) - gated(a, b - h, unit)) / (2 * h)
    assert by_value == pytest.approx(across, abs=1e-8)
    assert by_gate == pytest.approx(up, abs=1e-8)


def test_an_unknown_gate():
    with pytest.raises(KeyError):
        gated(1.0, 1.0, "no such unit")
