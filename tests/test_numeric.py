"""Numerical derivatives: right on known functions, honest at breaks, able to find an error."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.activations import ACTIVATIONS
from core.numeric import (
    break_table,
    numerical_derivative,
    one_sided,
    receipt,
    second_derivative,
    weights,
)
from core.spec import Activation
from tests.formulas import formula

GRID = np.linspace(-6, 6, 401)

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)


@pytest.mark.parametrize(
    ("function", "derivative", "tolerance"),
    [
        (np.sin, np.cos, 1e-11),
        (np.exp, np.exp, 1e-9),
        (lambda x: np.sin(40 * x), lambda x: 40 * np.cos(40 * x), 1e-9),
        (lambda x: x**3 - 2 * x, lambda x: 3 * x**2 - 2, 1e-9),
        (np.zeros_like, np.zeros_like, 0.0),
    ],
    ids=["sin", "exp", "fast sine", "cubic", "zero"],
)
def test_derivative_of_known_functions(function, derivative, tolerance):
    assert numerical_derivative(function, GRID) == pytest.approx(derivative(GRID), abs=tolerance)


@pytest.mark.parametrize("x", [1e3, -1e6, 1e12])
def test_derivative_far_from_zero(x):
    assert numerical_derivative(lambda z: z**2, x) == pytest.approx(2 * x, rel=1e-9)


def test_result_has_the_shape_of_the_input():
    x = np.linspace(-1, 1, 12).reshape(3, 4)
    assert numerical_derivative(np.sin, x, (0.1,)).shape == (3, 4)
    assert numerical_derivative(np.sin, 0.5).shape == ()


def test_no_stencil_straddles_a_kink():
    offsets = np.array([1e-13, 1e-9, 1e-5, 1e-3, 0.1])
    beside = np.concatenate([-offsets, offsets])
    assert numerical_derivative(np.abs, beside, (0.0,)) == pytest.approx(np.sign(beside), abs=1e-9)
    # Without the break the same call must go wrong, or the line above proves nothing.
    assert np.abs(numerical_derivative(np.abs, beside) - np.sign(beside)).max() > 0.5


def test_a_narrow_piece_is_not_left():
    def tooth(x):
        return np.where((x > 0) & (x < 1e-4), 5 * x, 0.0)

    found = numerical_derivative(tooth, [-1e-5, 5e-6, 5e-5, 9.9e-5, 1.1e-4], (0.0, 1e-4))
    assert found == pytest.approx([0, 5, 5, 5, 0], abs=1e-6)


def test_at_a_break():
    assert np.isnan(numerical_derivative(np.abs, 0.0, (0.0,)))
    assert np.isnan(numerical_derivative(lambda x: np.where(x > 0, x + 1, x), 0.0, (0.0,)))
    assert numerical_derivative(lambda x: x * np.abs(x), 0.0, (0.0,)) == pytest.approx(0, abs=1e-9)


def test_weights_differentiate_polynomials_exactly():
    offsets = tuple(range(-3, 6))
    for order in range(5):
        for power in range(9):
            found = weights(offsets, order) @ np.array(offsets, dtype=float) ** power
            expected = math.factorial(order) if power == order else 0
            assert found == pytest.approx(expected, abs=1e-7)


def test_one_sided_limits():
    def f(x):
        return np.where(x > 0, np.exp(3 * x), np.sin(x) - 7)

    at, far = np.zeros(1), np.array([np.inf])
    right, _ = one_sided(f, at, +1, far, 3)
    left, _ = one_sided(f, at, -1, far, 3)
    assert right[:, 0] == pytest.approx([1, 3, 9, 27], rel=1e-5)
    assert left[:, 0] == pytest.approx([-7, 1, 0, -1], abs=1e-5)


@every_activation
def test_receipt_of_every_entry(activation: Activation):
    corners = [activation.defaults] + [
        {**activation.defaults, p.name: v} for p in activation.parameters for v in (p.low, p.high)
    ]
    for parameters in corners:
        found = receipt(activation, GRID, **parameters)
        assert found.largest_difference <= 1e-10, parameters
        assert found.points >= 398
        assert found.at in GRID


def test_receipt_finds_a_planted_error():
    tanh = ACTIVATIONS["tanh"]
    wrong = dataclasses.replace(
        tanh, derivative=lambda x: tanh.gradient(x) + np.where(np.abs(x - 3) < 0.01, 1e-8, 0)
    )
    found = receipt(wrong, GRID)
    assert found.largest_difference == pytest.approx(1e-8, rel=1e-3)
    assert found.at == pytest.approx(3.0, abs=0.01)


def test_receipt_without_a_point_to_compare():
    found = receipt(ACTIVATIONS["relu"], [0.0])
    assert (found.largest_difference, found.points) == (0.0, 0)
    assert math.isnan(found.at)


@every_activation
def test_second_derivative_of_every_entry(activation: Activation):
    x = np.array([-5.9, -2.71, -1.3, -0.31, -0.07, 0.04, 0.22, 0.9, 1.77, 4.1])
    found = second_derivative(activation, x)
    expected = [float(formula(activation.key).derivative(2, v, activation.defaults, 40)) for v in x]
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("key", "left", "there", "right"),
    [
        ("relu", 0, np.nan, 0),
        ("elu", 1, np.nan, 0),
        ("softsign", 2, np.nan, -2),
        ("squared_relu", 0, np.nan, 2),
        ("step", 0, np.nan, 0),
        ("sigmoid", 0, 0, 0),
    ],
)
def test_second_derivative_at_zero(key, left, there, right):
    x = [np.nextafter(0, -1), 0.0, np.nextafter(0, 1)]
    assert second_derivative(ACTIVATIONS[key], x) == pytest.approx(
        [left, there, right], abs=1e-9, nan_ok=True
    )


def test_second_derivative_where_a_kink_closes():
    assert np.isnan(second_derivative(ACTIVATIONS["prelu"], 0.0, negative_slope=0.9))
    assert second_derivative(ACTIVATIONS["prelu"], 0.0, negative_slope=1.0) == 0


@pytest.mark.parametrize(
    "activation",
    [a for a in ACTIVATIONS.values() if a.parameters],
    ids=[a.key for a in ACTIVATIONS.values() if a.parameters],
)
def test_a_sweep_equals_its_rows(activation: Activation):
    for p in activation.parameters:
        values = np.linspace(p.low, p.high, 5)
        for x in (GRID, np.stack([GRID + i / 7 for i in range(5)])):
            sweep = second_derivative(activation, x, **{p.name: values[:, None]})
            assert sweep.shape == (5, 401)
            for i, value in enumerate(values):
                row = second_derivative(
                    activation, np.atleast_2d(x)[i % len(np.atleast_2d(x))], **{p.name: value}
                )
                assert sweep[i] == pytest.approx(row, abs=1e-9, nan_ok=True)


@given(
    offset=st.floats(1e-12, 1.0),
    side=st.sampled_from([-1, 1]),
    slope=st.floats(0.05, 1.0),
    end=st.sampled_from([-1, 1]),
)
@hypothesis_settings(deadline=None, derandomize=True, database=None, max_examples=200)
def test_any_distance_from_a_break(offset, side, slope, end):
    """1/slope is rarely a double: rounding decides the branch next to the break."""
    entry = ACTIVATIONS["hard_sigmoid"]
    (edges,) = break_table(entry, {"slope": slope})
    x = edges[(end + 1) // 2] + side * offset
    if np.abs(x - edges).min() < 1e-13:
        return
    assert receipt(entry, [x], slope=slope).largest_difference < 1e-7
    assert second_derivative(entry, [x], slope=slope) == pytest.approx([0], abs=1e-6)


def test_break_table():
    table = break_table(ACTIVATIONS["hard_sigmoid"], {"slope": np.array([[0.5], [0.25]])})
    assert table.tolist() == [[-1, 1], [-2, 2]]
    assert break_table(ACTIVATIONS["sigmoid"], {}).shape == (1, 0)
    # Two breaks that coincide are one; the row is filled up with nan.
    table = break_table(ACTIVATIONS["softshrink"], {"lambd": np.array([0.0, 1.0])})
    assert table == pytest.approx(np.array([[0, np.nan], [-1, 1]]), nan_ok=True)


def test_what_is_raised():
    elu = ACTIVATIONS["elu"]
    with pytest.raises(TypeError):
        second_derivative(elu, GRID, slope=1.0)
    with pytest.raises(ValueError, match="columns"):
        second_derivative(elu, GRID, alpha=np.ones(401))
    with pytest.raises(TypeError):
        receipt(elu, GRID, slope=1.0)
