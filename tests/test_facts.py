"""The computed facts, against known values, an independent quadrature and plain sampling."""

import dataclasses
import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.special import ndtr

from core.activations import ACTIVATIONS
from core.facts import WINDOW, Join, Monotonicity, Parity, facts, headlines, normal_moments
from core.spec import Activation, Interval

INF = math.inf
UP, NOT_DOWN, MIXED = (
    Monotonicity.INCREASING,
    Monotonicity.NON_DECREASING,
    Monotonicity.NOT_MONOTONE,
)
ODD, EVEN, NEITHER = Parity.ODD, Parity.EVEN, Parity.NEITHER
SELU_LOW = -1.7580993408473768599

# (range, max |f′|, at, taken, monotonicity, parity, smoothness), at the defaults. Sources:
# calculus, and for the minima and steepest slopes of the gated ones roots found with mpmath.
KNOWN = {
    "identity": ("(−∞, ∞)", 1, 0, True, UP, ODD, INF),
    "step": ("[0, 1]", 0, 0, True, NOT_DOWN, NEITHER, -1),
    "sigmoid": ("(0, 1)", 0.25, 0, True, UP, NEITHER, INF),
    "hard_sigmoid": ("[0, 1]", 0.2, 0, True, NOT_DOWN, NEITHER, 0),
    "tanh": ("(−1, 1)", 1, 0, True, UP, ODD, INF),
    "hardtanh": ("[−1, 1]", 1, 0, True, NOT_DOWN, ODD, 0),
    "softsign": ("(−1, 1)", 1, 0, True, UP, ODD, 1),
    "log_sigmoid": ("(−∞, 0)", 1, -INF, False, UP, NEITHER, INF),
    "relu": ("[0, ∞)", 1, 0, True, NOT_DOWN, NEITHER, 0),
    "squared_relu": ("[0, ∞)", INF, INF, False, NOT_DOWN, NEITHER, 1),
    "capped_relu": ("[0, 6]", 1, 0, True, NOT_DOWN, NEITHER, 0),
    "leaky_relu": ("(−∞, ∞)", 1, 0, True, UP, NEITHER, 0),
    "prelu": ("(−∞, ∞)", 1, 0, True, UP, NEITHER, 0),
    "thresholded_relu": ("[0, ∞)", 1, 1, True, NOT_DOWN, NEITHER, -1),
    "elu": ("(−1, ∞)", 1, 0, True, UP, NEITHER, 1),
    "celu": ("(−1, ∞)", 1, 0, True, UP, NEITHER, 1),
    "selu": ("(−1.7581, ∞)", -SELU_LOW, 0, True, UP, NEITHER, 0),
    "gelu": ("[−0.169971, ∞)", 1.1289041451851548, math.sqrt(2), True, MIXED, NEITHER, INF),
    "gelu_tanh": ("[−0.170041, ∞)", 1.128993068658772, 1.41850400879, True, MIXED, NEITHER, INF),
    "swish": ("[−0.278465, ∞)", 1.0998393201288668, 2.39935728052, True, MIXED, NEITHER, INF),
    "hard_swish": ("[−0.375, ∞)", 1.5, 3, False, MIXED, NEITHER, 0),
    "mish": ("[−0.308843, ∞)", 1.0884981612517277, 1.49057117949, True, MIXED, NEITHER, INF),
    "softplus": ("(0, ∞)", 1, INF, False, UP, NEITHER, INF),
    "softshrink": ("(−∞, ∞)", 1, 0.5, True, NOT_DOWN, ODD, 0),
    "hardshrink": ("(−∞, ∞)", 1, 0.5, True, NOT_DOWN, ODD, -1),
    "tanhshrink": ("(−∞, ∞)", 1, INF, False, UP, ODD, INF),
    "sine": ("[−1, 1]", 1, 0, True, MIXED, ODD, INF),
    "gaussian": ("(0, 1]", math.sqrt(2 / math.e), math.sqrt(0.5), True, MIXED, EVEN, INF),
}

# E f(z) and E f(z)² for a standard normal z, to twelve digits.
MOMENTS = {
    "identity": (0, 1),
    "tanh": (0, 0.394294490398),
    "sigmoid": (0.5, 0.293379035858),
    "relu": (0.398942280401, 0.5),
    "leaky_relu": (0.394952857597, 0.50005),
    "elu": (0.160520572267, 0.644945417493),
    "selu": (0, 1),
    "gelu": (0.282094791774, 0.425221482570),
    "swish": (0.206620964142, 0.355775519817),
    "softplus": (0.806059183347, 0.921245908859),
    "softsign": (0, 0.183014021267),
    "mish": (0.240403888375, 0.452342192376),
}

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
drawn = hypothesis_settings(max_examples=25, deadline=None, derandomize=True, database=None)


def corners(activation: Activation) -> list[dict[str, float]]:
    """Return the defaults, and the defaults with one parameter at an end of its slider."""
    ends = [
        {**activation.defaults, p.name: v} for p in activation.parameters for v in (p.low, p.high)
    ]
    return [activation.defaults, *ends]


@st.composite
def slider_settings(draw, activation: Activation) -> dict[str, float]:
    """Draw a combination of values that the sliders can be moved to."""
    return {
        p.name: min(p.high, p.low + p.step * draw(st.integers(0, round((p.high - p.low) / p.step))))
        for p in activation.parameters
    }


def samples(activation: Activation, parameters: dict[str, float]) -> np.ndarray:
    """Return points at every scale, in particular close to the breaks."""
    offsets = np.concatenate([np.geomspace(1e-7, 1e3, 400), np.linspace(0.001, 15, 700)])
    offsets = np.concatenate([[0.0], offsets, -offsets])
    centres = np.array([0.0, *activation.breaks(**parameters)])
    return np.unique(centres[:, None] + offsets)


@every_activation
def test_known_facts(activation: Activation):
    """An entry without a line in KNOWN fails here: write down what is known of it."""
    expected_range, steepest, at, taken, monotonicity, parity, smoothness = KNOWN[activation.key]
    found = facts(activation)
    assert str(found.range) == expected_range
    assert found.max_gradient == pytest.approx(steepest, rel=1e-14)
    assert found.max_gradient_at == pytest.approx(at, rel=1e-9, abs=1e-12)
    assert found.max_gradient_reached is taken
    assert found.monotonicity is monotonicity
    assert found.parity is parity
    assert found.smoothness == smoothness
    assert found.gradient_at_zero == activation.gradient(0.0)
    assert found.lipschitz == (INF if smoothness == -1 else found.max_gradient)


@pytest.mark.parametrize(
    ("key", "parameters", "expected"),
    [
        ("swish", {}, -0.27846454276107380),
        ("swish", {"beta": 10.0}, -0.02784645427610738),
        ("gelu", {}, -0.16997120747990369),
        ("mish", {}, -0.30884341301725041),
        ("hard_swish", {}, -0.375),
        ("selu", {}, SELU_LOW),
        ("elu", {"alpha": 0.4}, -0.4),
        ("celu", {"alpha": 2.5}, -2.5),
        ("sine", {"omega": 30.0}, -1.0),
        ("hardtanh", {"min_val": -2.5}, -2.5),
        ("softplus", {"beta": 0.1}, 0.0),
        ("gaussian", {"width": 0.1}, 0.0),
    ],
)
def test_lower_ends(key, parameters, expected):
    """Minima by mpmath's findroot on f′, asymptotes by hand."""
    assert facts(ACTIVATIONS[key], **parameters).range.low == pytest.approx(
        expected, rel=5e-14, abs=1e-300
    )


@pytest.mark.parametrize(
    ("key", "parameters", "expected"),
    [
        ("elu", {"alpha": 0.0}, "[0, ∞)"),
        ("selu", {"alpha": 0.0}, "[0, ∞)"),
        ("leaky_relu", {"negative_slope": 0.0}, "[0, ∞)"),
        ("prelu", {"negative_slope": -0.5}, "[0, ∞)"),
        ("prelu", {"negative_slope": 2.0}, "(−∞, ∞)"),
        ("capped_relu", {"negative_slope": 0.1}, "(−∞, 6]"),
        ("swish", {"beta": 0.0}, "(−∞, ∞)"),
        ("hardtanh", {"min_val": 0.0, "max_val": 0.5}, "[0, 0.5]"),
        ("thresholded_relu", {"theta": 0.0}, "[0, ∞)"),
    ],
)
def test_ends_of_the_range(key, parameters, expected):
    assert str(facts(ACTIVATIONS[key], **parameters).range) == expected


def test_a_limit_at_a_jump_is_not_taken():
    """With x where x > −1, else 0, every value above −1 occurs, −1 itself does not."""
    entry = dataclasses.replace(
        ACTIVATIONS["relu"],
        function=lambda x: np.where(x > -1, x, 0.0),
        derivative=lambda x: np.where(x > -1, 1.0, 0.0),
        breaks=lambda: (-1.0,),
    )
    found = facts(entry)
    assert found.range == Interval(low=-1.0)
    assert found.monotonicity is MIXED
    assert found.smoothness == -1
    assert found.breaks[0].value_right == -1.0


def test_rounding_in_a_tail_is_not_a_maximum():
    """A tanh that trembles in its last digit still only tends to ±1."""
    tanh = ACTIVATIONS["tanh"]
    entry = dataclasses.replace(
        tanh,
        function=lambda x: tanh(x) + 4e-16 * np.sin(x),
        derivative=lambda x: tanh.gradient(x) + 4e-16 * np.cos(x),
    )
    found = facts(entry).range
    assert (found.low_closed, found.high_closed) == (False, False)
    assert (found.low, found.high) == pytest.approx((-1, 1), rel=1e-14)


def test_a_steep_left_branch_is_found_at_its_right_end():
    """For min(x, 0), with gradient 0 at 0, the slope 1 lies beside 0."""
    entry = dataclasses.replace(
        ACTIVATIONS["relu"],
        function=lambda x: np.minimum(x, 0.0),
        derivative=lambda x: np.where(x < 0, 1.0, 0.0),
    )
    found = facts(entry)
    assert (found.max_gradient, found.max_gradient_at) == (1.0, 0.0)
    assert found.max_gradient_reached


@pytest.mark.parametrize("at", [0.0, 0.3, -2.0])
def test_a_break_within_one_formula_is_smooth(at):
    sine = ACTIVATIONS["sine"]
    entry = dataclasses.replace(sine, breaks=lambda omega=1.0: (at,), at_breaks="Nothing happens.")
    for omega in (1.0, 12.0, 30.0):
        found = facts(entry, omega=omega)
        assert found.breaks == ()
        assert found.smoothness == INF


@pytest.mark.parametrize(
    ("power", "kind", "smoothness"),
    [(1, Join.KINK, 0), (2, Join.BEND, 1), (3, None, 2), (4, None, 3), (5, None, INF)],
)
def test_smoothness_beyond_the_catalogue(power, kind, smoothness):
    """max(x, 0)ⁿ has n − 1 continuous derivatives; the fifth is not looked at."""
    entry = dataclasses.replace(
        ACTIVATIONS["relu"],
        function=lambda x: np.maximum(x, 0.0) ** power,
        derivative=lambda x: np.where(x > 0, power * np.maximum(x, 0.0) ** (power - 1), 0.0),
    )
    # Powers overflow at 1e300, which entries of the catalogue take care of themselves.
    with np.errstate(over="ignore"):
        found = facts(entry)
    assert found.smoothness == smoothness
    assert [j.kind for j in found.breaks] == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("key", "parameters", "expected"),
    [
        ("relu", {}, [(0.0, Join.KINK, 0, 1)]),
        ("softsign", {}, [(0.0, Join.BEND, 1, 1)]),
        ("elu", {"alpha": 1.0}, [(0.0, Join.BEND, 1, 1)]),
        ("elu", {"alpha": 0.4}, [(0.0, Join.KINK, 0.4, 1)]),
        ("celu", {"alpha": 0.05}, [(0.0, Join.BEND, 1, 1)]),
        ("squared_relu", {}, [(0.0, Join.BEND, 0, 0)]),
        ("hard_swish", {}, [(-3.0, Join.KINK, 0, -0.5), (3.0, Join.KINK, 1.5, 1)]),
        ("hardshrink", {}, [(-0.5, Join.JUMP, 1, 0), (0.5, Join.JUMP, 0, 1)]),
        ("hardshrink", {"lambd": 0.0}, []),
        ("step", {"threshold": 2.0}, [(2.0, Join.JUMP, 0, 0)]),
        ("thresholded_relu", {"theta": 0.0}, [(0.0, Join.KINK, 0, 1)]),
        ("prelu", {"negative_slope": 1.0}, []),
        ("sigmoid", {}, []),
    ],
)
def test_breaks(key, parameters, expected):
    found = facts(ACTIVATIONS[key], **parameters).breaks
    assert [(j.x, j.kind) for j in found] == [e[:2] for e in expected]
    for j, (_, _, left, right) in zip(found, expected, strict=True):
        assert (j.gradient_left, j.gradient_right) == pytest.approx((left, right), abs=1e-12)


@pytest.mark.parametrize(
    ("key", "parameters", "expected"),
    [
        ("relu", {}, 0.5),
        ("step", {}, 1.0),
        ("hardtanh", {}, 2 * ndtr(-1.0)),
        ("hard_sigmoid", {"slope": 0.05}, 2 * ndtr(-10.0)),
        ("softshrink", {"lambd": 1.5}, 1 - 2 * ndtr(-1.5)),
        ("hard_swish", {}, ndtr(-3.0)),
        ("capped_relu", {}, 0.5 + ndtr(-6.0)),
        ("capped_relu", {"negative_slope": 0.1}, ndtr(-6.0)),
        ("thresholded_relu", {"theta": 1.0}, ndtr(1.0)),
        ("elu", {"alpha": 0.0}, 0.5),
        ("elu", {"alpha": 0.4}, 0.0),
        ("squared_relu", {}, 0.5),
        ("sigmoid", {}, 0.0),
        ("tanhshrink", {}, 0.0),
        ("gaussian", {"width": 0.1}, 0.0),
        ("softplus", {"beta": 10.0}, 0.0),
    ],
)
def test_dead_share(key, parameters, expected):
    assert facts(ACTIVATIONS[key], **parameters).dead_share == pytest.approx(
        expected, rel=1e-12, abs=0
    )


@pytest.mark.parametrize("key", MOMENTS)
def test_known_moments(key):
    mean, square = MOMENTS[key]
    found = facts(ACTIVATIONS[key])
    assert found.normal_mean == pytest.approx(mean, abs=1e-12)
    assert found.normal_variance + found.normal_mean**2 == pytest.approx(square, abs=2e-12)


@every_activation
def test_moments_against_mpmath(activation: Activation):
    for parameters in corners(activation):
        cuts = sorted({*np.linspace(-9, 9, 37).tolist(), *activation.breaks(**parameters)})

        def moment(power, cuts=cuts, parameters=parameters):
            def integrand(z):
                return activation(float(z), **parameters) ** power * math.exp(-z * z / 2)

            pieces = [c for c in cuts if abs(c) <= 9]
            return mpmath.fp.quad(integrand, pieces, maxdegree=5) / math.sqrt(2 * math.pi)

        found = facts(activation, **parameters)
        mean, square = moment(1), moment(2)
        assert found.normal_mean == pytest.approx(mean, abs=1e-9), parameters
        assert found.normal_variance == pytest.approx(square - mean**2, abs=1e-9), parameters


@pytest.mark.parametrize("omega", [0.0, 7.0, 30.0, 200.0])
def test_moments_of_a_fast_sine(omega):
    """E sin² ωz = (1 − exp(−2ω²))/2."""
    mean, variance = normal_moments(lambda z: np.sin(omega * z))
    assert mean == pytest.approx(0, abs=1e-12)
    assert variance == pytest.approx(-math.expm1(-2 * omega**2) / 2, abs=1e-12)


@pytest.mark.parametrize(
    ("key", "threshold", "expected"),
    [
        ("sigmoid", 0.01, [(-INF, -4.5848633391), (4.5848633391, INF)]),
        ("sigmoid", 0.3, [(-INF, INF)]),
        ("relu", 0.01, [(-INF, 0)]),
        ("relu", 2.0, [(-INF, INF)]),
        ("identity", 0.5, []),
        ("hardtanh", 0.01, [(-INF, -1), (1, INF)]),
        ("softshrink", 0.01, [(-0.5, 0.5)]),
        ("elu", 0.01, [(-INF, -math.log(100))]),
        ("hard_swish", 0.01, [(-INF, -3), (-1.53, -1.47)]),
        (
            "gaussian",
            0.01,
            [(-INF, -2.4922921576), (-0.0050001250078, 0.0050001250078), (2.4922921576, INF)],
        ),
    ],
)
def test_saturation(key, threshold, expected):
    entry = ACTIVATIONS[key]
    found = facts(entry, saturated_below=threshold).saturation
    assert len(found) == len(expected)
    for interval, (low, high) in zip(found, expected, strict=True):
        assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-9)
        finite = [e for e in (interval.low, interval.high) if math.isfinite(e)]
        assert not (interval.low_closed and interval.low == -INF)
        assert all(abs(entry.gradient(e)) <= threshold * (1 + 1e-9) for e in finite)


def test_ends_of_saturation_at_a_break_follow_the_gradient_in_use():
    assert facts(ACTIVATIONS["relu"]).saturation == (Interval(high=0.0, high_closed=True),)
    # leaky_relu has slope 0.005 on the left and, by PyTorch's choice, at 0 too.
    found = facts(ACTIVATIONS["leaky_relu"], negative_slope=0.005).saturation
    assert found == (Interval(high=0.0, high_closed=True),)


def test_a_sine_saturates_again_and_again():
    found = facts(ACTIVATIONS["sine"], omega=30.0, saturated_below=0.3).saturation
    # |30 cos 30x| < 0.3 around every (k + ½)π/30 within the window.
    assert len(found) == 2 * math.floor(WINDOW * 30 / math.pi + 0.5)
    first = min(found, key=lambda i: abs(i.low))
    half = math.asin(0.01) / 30
    assert abs(first.low + first.high) / 2 == pytest.approx(math.pi / 60, rel=1e-9)
    assert first.high - first.low == pytest.approx(2 * half, rel=1e-6)


@every_activation
@given(data=st.data())
@drawn
def test_facts_hold_for_samples(activation: Activation, data):
    """Whatever the sliders say, what is stated is true at some thousand points."""
    parameters = data.draw(slider_settings(activation))
    threshold = data.draw(st.sampled_from([1e-4, 0.01, 0.1, 0.5, 1.0]))
    found = facts(activation, saturated_below=threshold, **parameters)
    x = samples(activation, parameters)
    y, slope = activation(x, **parameters), activation.gradient(x, **parameters)

    # Range and steepest slope hold, and are nearly met (softsign tends as slowly as 1/x).
    assert y.min() >= found.range.low - 1e-12
    assert y.max() <= found.range.high + 1e-12
    for end, met in ((found.range.low, y.min()), (found.range.high, y.max())):
        assert met == pytest.approx(end, abs=2e-3) if math.isfinite(end) else abs(met) > 4.5
    assert np.abs(slope).max() <= found.max_gradient * (1 + 1e-12)
    if math.isfinite(found.max_gradient):
        assert np.abs(slope).max() == pytest.approx(found.max_gradient, rel=2e-2)
    assert found.gradient_at_zero == activation.gradient(0.0, **parameters)
    if found.max_gradient_reached:
        near = found.max_gradient_at + np.array([0, -1e-9, 1e-9])
        assert np.abs(activation.gradient(near, **parameters)).max() == pytest.approx(
            found.max_gradient, rel=1e-7
        )

    quotient = np.abs(np.diff(y)) / np.diff(x)
    rounding = 1e-15 * (1 + np.abs(y[1:]) + np.abs(y[:-1])) / np.diff(x)
    assert np.all(quotient <= found.lipschitz * (1 + 1e-9) + rounding)

    steps = np.diff(y)
    if found.monotonicity in (UP, NOT_DOWN):
        assert steps.min() >= -1e-15
        assert steps.max() > 0
    elif found.monotonicity is MIXED:
        assert steps.min() < 0 < steps.max()
    flat = bool((steps[np.abs(x[1:]) < 5] == 0).all())
    assert (found.monotonicity is Monotonicity.CONSTANT) == flat
    if found.parity is not NEITHER:
        sign = 1 if found.parity is EVEN else -1
        assert activation(-x, **parameters) == pytest.approx(sign * y, rel=1e-12)
    else:
        mirrored = activation(-x, **parameters)
        assert np.abs(mirrored - y).max() > 1e-9
        assert np.abs(mirrored + y).max() > 1e-9

    inside = np.zeros(x.shape, dtype=bool)
    edge = np.zeros(x.shape, dtype=bool)
    for i in found.saturation:
        inside |= (x > i.low) & (x < i.high)
        for end in (i.low, i.high):
            edge |= np.abs(x - end) <= 1e-8 * max(1.0, abs(end)) if math.isfinite(end) else False
    visible = ~edge & (np.abs(x) < WINDOW)
    # A single point, such as 0 in a softshrink with λ = 0, is no stretch.
    at_break = np.isin(x, activation.breaks(**parameters))
    assert np.array_equal(
        inside[visible & ~at_break], (np.abs(slope) < threshold)[visible & ~at_break]
    )
    assert (found.least_gradient < threshold) == bool(found.saturation)
    assert 0 <= found.dead_share <= 1
    assert found.normal_variance >= 0


def _sharpest_step(function, cuts: list[float]) -> float:
    """Return the largest step that f makes within 1e-9 somewhere between two cuts.

    Starts from a grid, then halves the intervals with the largest steps, keeping the
    half with the larger one: a jump stays, anything continuous shrinks to nothing.
    """
    worst = 0.0
    for start, end in itertools.pairwise(cuts):
        margin = 1e-9 * max(1.0, abs(start), abs(end))
        if end - start < 1e-6:
            continue
        grid = np.linspace(start + margin, end - margin, 3001)
        y = function(grid)
        i = np.argsort(-np.abs(np.diff(y)))[:8]
        left, right = grid[i], grid[i + 1]
        while (right - left).max() > 1e-9:
            middle = (left + right) / 2
            first = np.abs(function(middle) - function(left))
            second = np.abs(function(right) - function(middle))
            left = np.where(first >= second, left, middle)
            right = np.where(first >= second, middle, right)
        worst = max(worst, float(np.abs(function(right) - function(left)).max()))
    return worst


@every_activation
@given(data=st.data())
@drawn
def test_no_break_is_undeclared(activation: Activation, data):
    parameters = data.draw(slider_settings(activation))
    cuts = sorted({-12.0, 12.0, *(b for b in activation.breaks(**parameters) if abs(b) < 12)})
    for function in (activation, activation.gradient):
        assert _sharpest_step(lambda x, g=function: g(x, **parameters), cuts) < 2e-6


def test_the_search_for_breaks_finds_one():
    relu = ACTIVATIONS["relu"]
    assert _sharpest_step(relu.gradient, [-12.0, 12.0]) == 1
    assert _sharpest_step(relu, [-12.0, 12.0]) < 1e-8


@pytest.mark.parametrize(
    ("activation", "name"),
    [(a, p.name) for a in ACTIVATIONS.values() for p in a.parameters],
    ids=[f"{a.key}-{p.name}" for a in ACTIVATIONS.values() for p in a.parameters],
)
def test_headlines_equal_the_facts(activation: Activation, name: str):
    parameter = next(p for p in activation.parameters if p.name == name)
    sweep = np.linspace(parameter.low, parameter.high, 23)
    found = headlines(activation, **{name: sweep})
    for i, value in enumerate(sweep):
        expected = facts(activation, **{name: float(value)})
        assert found.range_low[i] == pytest.approx(expected.range.low, rel=1e-13, abs=1e-15)
        assert found.range_high[i] == pytest.approx(expected.range.high, rel=1e-13, abs=1e-15)
        assert found.max_gradient[i] == pytest.approx(expected.max_gradient, rel=1e-13)
        assert found.gradient_at_zero[i] == expected.gradient_at_zero
        assert found.low_closed[i] == expected.range.low_closed
        assert found.high_closed[i] == expected.range.high_closed
        passage = found.passages()[i]
        assert passage.max_gradient == found.max_gradient[i]
        for one in ("least_gradient", "gradient_at_zero", "dead_share"):
            assert getattr(passage, one) == getattr(expected, one)


def test_headlines_of_a_single_setting():
    found = headlines(ACTIVATIONS["relu"])
    assert {k: v.tolist() for k, v in vars(found).items()} == {
        "range_low": [0.0],
        "range_high": [INF],
        "low_closed": [True],
        "high_closed": [False],
        "max_gradient": [1.0],
        "least_gradient": [0.0],
        "gradient_at_zero": [0.0],
        "dead_share": [0.5],
    }


def test_what_is_raised():
    with pytest.raises(TypeError):
        facts(ACTIVATIONS["elu"], slope=1.0)
    with pytest.raises(ValueError, match="alpha"):
        headlines(ACTIVATIONS["elu"], alpha=math.nan)
