"""Curves for drawing: honest at breaks, one call for a whole sweep, axes that stay put."""

import itertools
import math
from dataclasses import fields

import numpy as np
import pytest

from core.activations import ACTIVATIONS
from core.curves import (
    BEND,
    POINTS,
    Curve,
    Marks,
    curve,
    difference,
    difference_limits,
    fit,
    grid,
    limits,
    marks,
    probe,
    resolution,
    stretches,
)
from core.facts import facts
from core.losses import LOSSES
from core.sections import Section

WINDOW = (-6.0, 6.0)
FEWEST = POINTS
EVERY = grid(*WINDOW).size

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
every_parameter = pytest.mark.parametrize(
    ("activation", "parameter"),
    [(a, p) for a in ACTIVATIONS.values() for p in a.parameters],
    ids=[f"{a.key}-{p.name}" for a in ACTIVATIONS.values() for p in a.parameters],
)


def sampled(activation, **parameters):
    """Sample an entry as a page does: on a grid that knows its breaks."""
    breaks = activation.breaks(**{**activation.defaults, **parameters})
    return curve(activation, grid(*WINDOW, breaks), **parameters)


def triples(found: Marks):
    """Return (left, used, right) of f and of f′ for every break."""
    return list(
        zip(
            found.x[::3].tolist(),
            found.value.reshape(-1, 3).tolist(),
            found.gradient.reshape(-1, 3).tolist(),
            strict=True,
        )
    )


def test_grid_is_even_without_breaks():
    x = grid(-3.0, 3.0)
    assert np.isin(np.linspace(-3.0, 3.0, FEWEST), x).all()
    assert (x[0], x[-1]) == (-3.0, 3.0)
    assert (np.diff(x) > 0).all()
    assert np.diff(x).max() == pytest.approx(6 / (FEWEST - 1))


def test_grid_is_denser_near_zero_and_only_inside_the_window():
    assert np.diff(grid(-3.0, 3.0))[np.abs(grid(-3.0, 3.0)[1:]) < 0.02].max() < 0.02
    assert grid(2.0, 3.0).size == FEWEST


DRAWN = {
    **{
        f"{key} {half:g}": (a, -half, half) for key, a in ACTIVATIONS.items() for half in (3.0, 6.0)
    },
    **{
        f"{key} {target:g}": (Section(LOSSES[key], target), 0.0, 1.0)
        for key in ("focal", "binary_cross_entropy", "brier")
        for target in (0.0, 1.0)
    },
    "general_robust": (Section(LOSSES["general_robust"], 0.0), -5.0, 5.0),
}


@pytest.mark.parametrize("name", DRAWN)
def test_straight_lines_between_the_points_miss_the_curve_by_no_more_than_promised(name):
    graph, left, right = DRAWN[name]
    most = 6.0 if (left, right) == (0.0, 1.0) else None
    points = resolution(graph, left, right, most)
    assert np.isin(np.linspace(left, right, FEWEST), points).all()
    spans = limits([graph], left, right, most=most)
    places = (0, 0.1, 0.3, 0.5, 0.8, 1)
    settings = [{}] + [
        {p.name: p.low + share * (p.high - p.low)} for p in graph.parameters for share in places
    ]
    for setting in settings:
        x = grid(left, right, graph.breaks(**graph.resolve(setting)), points)
        between = np.linspace(left, right, 7919)
        if most:  # within a pixel of 0 and 1 a curve may be as good as vertical
            between = between[(between > left + 1 / 960) & (between < right - 1 / 960)]
        for function, (low, high) in ((graph, spans.value), (graph.gradient, spans.gradient)):
            true = function(between, **setting)
            drawn = np.interp(between, x, function(x, **setting))
            # A jump is drawn between neighbouring floats; what lies outside is not seen.
            inside = (true < high) & (true > low) & (drawn < high) & (drawn > low)
            missed = np.abs(drawn[inside] - true[inside])
            assert missed.max(initial=0) <= 1.2 * BEND * (high - low)


@pytest.mark.parametrize("breaks", [(0.0,), (-2.5, 2.5), (-1e-3, 1 / 3), (0.0, 6.0)])
def test_grid_gives_each_break_three_points(breaks):
    x = grid(*WINDOW, breaks)
    assert x.size == EVERY + 3 * len(breaks)
    assert (np.diff(x) >= 0).all()
    for b in breaks:
        for point in (b, np.nextafter(b, -np.inf), np.nextafter(b, np.inf)):
            assert point in x


def test_grid_draws_far_breaks_in_to_its_ends():
    x = grid(*WINDOW, (-50.0, 7.0))
    assert x.size == EVERY + 6
    assert x[[0, -1]] == pytest.approx(WINDOW, abs=1e-14)
    assert np.isfinite(x).all()


def test_grid_of_a_sweep_has_a_row_a_value():
    ends = np.array([[0.5], [1.0], [2.0]])
    x = grid(*WINDOW, (-ends, ends, 0.0))
    assert x.shape == (3, EVERY + 9)
    for row, end in zip(x, ends.ravel(), strict=True):
        assert row == pytest.approx(grid(*WINDOW, (-end, end, 0.0)), abs=0)


@every_activation
def test_curve_is_the_function_itself(activation):
    drawn = sampled(activation)
    assert drawn.x.shape == drawn.value.shape == drawn.gradient.shape
    assert drawn.third is None
    known = ~np.isnan(drawn.value)
    assert (drawn.value[known] == activation(drawn.x)[known]).all()
    known = ~np.isnan(drawn.gradient)
    assert (drawn.gradient[known] == activation.gradient(drawn.x)[known]).all()


@every_activation
def test_a_gap_is_at_a_jump_and_nowhere_else(activation):
    drawn = sampled(activation)
    breaks = activation.breaks(**activation.defaults)
    for y, function in ((drawn.value, activation), (drawn.gradient, activation.gradient)):
        steps = [
            abs(function(b + 1e-9) - function(b - 1e-9)) for b in breaks if abs(b) <= WINDOW[1]
        ]
        jumps = [b for b, step in zip(breaks, steps, strict=True) if step > 1e-6]
        assert sorted(set(drawn.x[np.isnan(y)].tolist())) == jumps
        # Where the pen is down, neighbours differ by no more than the slope allows.
        down = ~np.isnan(y[:-1]) & ~np.isnan(y[1:])
        rise, run = np.abs(np.diff(y))[down], np.diff(drawn.x)[down]
        assert (rise <= 13 * run + 1e-9).all()


def test_a_step_is_not_drawn_as_a_slope():
    drawn = sampled(ACTIVATIONS["step"], threshold=0.5)
    gap = np.flatnonzero(np.isnan(drawn.value))
    assert set(drawn.x[gap]) == {0.5}
    left, right = gap[0] - 1, gap[-1] + 1
    assert (drawn.value[left], drawn.value[right]) == (0, 1)
    assert drawn.x[right] - drawn.x[left] < 1e-15


def test_marks_of_a_kink():
    ((where, value, slope),) = triples(marks(ACTIVATIONS["relu"]))
    assert where == 0
    assert value == pytest.approx([math.nan] * 3, nan_ok=True)
    # PyTorch's gradient at 0 is 0, which is the left limit: only the right one is open.
    assert slope == pytest.approx([math.nan, 0, 1], nan_ok=True)


def test_marks_of_jumps():
    found = triples(marks(ACTIVATIONS["hardshrink"], lambd=0.5))
    assert [where for where, _, _ in found] == [-0.5, 0.5]
    values = [value for _, value, _ in found]
    assert values[0] == pytest.approx([-0.5, 0, math.nan], nan_ok=True, abs=1e-12)
    assert values[1] == pytest.approx([math.nan, 0, 0.5], nan_ok=True, abs=1e-12)
    ((_, value, slope),) = triples(marks(ACTIVATIONS["step"], threshold=0.0))
    assert value == pytest.approx([math.nan, 0, 1], nan_ok=True)
    assert slope == pytest.approx([math.nan] * 3, nan_ok=True)


def test_nothing_is_marked_where_branches_join_smoothly():
    for key in ("elu", "squared_relu", "softsign"):
        found = marks(ACTIVATIONS[key])
        assert np.isnan(found.value).all()
        assert np.isnan(found.gradient).all()
    assert marks(ACTIVATIONS["sigmoid"]).x.size == 0


@every_activation
def test_marks_are_one_sided_limits_and_the_value_in_use(activation):
    for b, value, slope in triples(marks(activation)):
        for (left, used, right), function in (
            (value, activation),
            (slope, activation.gradient),
        ):
            before, at, after = (float(function(p)) for p in (b - 1e-9, b, b + 1e-9))
            jumps = abs(after - before) > 1e-6
            assert math.isnan(used) != jumps
            if jumps:
                assert used == at
            # An open circle stands on each side whose limit is not taken.
            for open_circle, limit in ((left, before), (right, after)):
                assert math.isnan(open_circle) != (jumps and abs(limit - at) > 1e-6)
                if not math.isnan(open_circle):
                    assert open_circle == pytest.approx(limit, abs=1e-7)


@every_parameter
def test_a_sweep_equals_its_steps(activation, parameter):
    steps = [parameter.low, parameter.default, parameter.high]
    values = activation.defaults | {parameter.name: np.reshape(steps, (-1, 1))}
    x = grid(*WINDOW, activation.breaks(**values))
    for third in (None, "second", "parameter"):
        swept = curve(activation, x, third=third, **values)
        for row, step in enumerate(steps):
            one = activation.defaults | {parameter.name: step}
            alone = curve(activation, grid(*WINDOW, activation.breaks(**one)), third=third, **one)
            assert_row(swept, row, alone)


@every_parameter
def test_marks_and_probe_of_a_sweep_equal_those_of_its_steps(activation, parameter):
    steps = [parameter.low, parameter.default, parameter.high]
    column = {parameter.name: np.reshape(steps, (-1, 1))}
    for row, step in enumerate(steps):
        one = {parameter.name: step}
        assert_row(marks(activation, **column), row, marks(activation, **one))
        assert_row(probe(activation, -0.7, 1.2, **column), row, probe(activation, -0.7, 1.2, **one))


def assert_row(swept, row, alone):
    """Hold one row of a sweep against a single step; what the sweep leaves alone has none."""
    for field in fields(alone):
        whole, one = getattr(swept, field.name), getattr(alone, field.name)
        if one is None:
            assert whole is None
            continue
        mine = whole[min(row, len(whole) - 1)] if whole.ndim > one.ndim else whole
        # f″ is a numerical derivative, and rounding depends on the shape.
        assert mine == pytest.approx(one, rel=1e-9, abs=1e-9, nan_ok=True)
        assert mine.shape == one.shape


def test_third_curve_is_what_was_asked_for():
    x = grid(-4.0, 4.0)
    prelu, sigmoid = ACTIVATIONS["prelu"], ACTIVATIONS["sigmoid"]
    assert curve(prelu, x, third="parameter").third == pytest.approx(np.minimum(x, 0))
    s = sigmoid(x)
    assert curve(sigmoid, x, third="second").third == pytest.approx(s * (1 - s) * (1 - 2 * s))
    assert curve(sigmoid, x, third="parameter").third is None


@every_activation
@pytest.mark.parametrize("x", [-3.0, 0.0, 2.2])
def test_probe_draws_the_tangent(activation, x):
    found = probe(activation, x, reach=1.5)
    assert found.value.item() == float(activation(x))
    assert found.gradient.item() == float(activation.gradient(x))
    assert found.tangent_x == pytest.approx([x - 1.5, x + 1.5])
    assert found.tangent_y.mean() == pytest.approx(found.value.item())
    assert np.diff(found.tangent_y) == pytest.approx(3 * found.gradient)


def test_difference_from_the_first():
    x = grid(*WINDOW)
    gelu, tanh_form = (curve(ACTIVATIONS[key], x) for key in ("gelu", "gelu_tanh"))
    (found,) = difference([gelu, tanh_form], 100.0)
    assert found.value == pytest.approx(100 * (tanh_form.value - gelu.value))
    assert found.gradient == pytest.approx(100 * (tanh_form.gradient - gelu.gradient))
    # Hendrycks & Gimpel's approximation is good to 5e-4, and not exact.
    assert 0.02 < np.abs(found.value).max() < 0.05
    assert len(difference([gelu, tanh_form, gelu], 1.0)) == 2
    assert difference([gelu], 1.0) == []


@pytest.mark.parametrize("third", [None, "second", "parameter"])
@pytest.mark.parametrize("window", [(-3.0, 3.0), WINDOW, (-10.0, 10.0)])
@every_activation
def test_axes_are_finite_and_hold_the_default_curve(activation, window, third):
    found = limits([activation], *window, third)
    for low, high in (found.value, found.gradient, found.third):
        assert -math.inf < low < high < math.inf
    assert found.value[0] < 0 < found.value[1]
    drawn = curve(activation, grid(*window))
    # f may leave the picture where it is steeper than the picture is wide, f′ hardly ever.
    reach = window[1]
    held = np.clip(drawn.value, -reach, reach)
    assert found.value[0] <= np.nanmin(held)
    assert np.nanmax(held) <= found.value[1]


@every_activation
def test_axes_hold_the_gradient(activation):
    low, high = limits([activation], *WINDOW).gradient
    slopes = activation.gradient(np.linspace(*WINDOW, 121))
    assert low <= max(slopes.min(), -4)
    assert min(slopes.max(), 4) <= high


def test_axes_do_not_depend_on_the_order_of_what_is_compared():
    chosen = [ACTIVATIONS[key] for key in ("elu", "relu", "sine")]
    found = {limits(list(order), *WINDOW) for order in itertools.permutations(chosen)}
    assert len(found) == 1


def test_fit_holds_the_curves_and_zero():
    x = np.array([0.0, 1.0, 2.0])
    high = Curve(x, np.array([1.0, np.nan, 3.0]), np.array([-2.0, -1.0, np.inf]))
    found = fit([high])
    # A margin of 7 % on either side; above f there is room for the legend.
    assert found.value[0] == pytest.approx(-0.21)
    assert 3.21 <= found.value[1] < 4.5
    assert found.gradient == pytest.approx((-2.14, 0.14))
    flat = fit([Curve(x, np.zeros(3), np.zeros(3))])
    assert flat.value[0] < 0 < flat.value[1]


@pytest.mark.parametrize("factor", [1.0, 100.0])
def test_axes_of_a_difference_hold_it_at_the_defaults_and_stay_put(factor):
    gelu, tanh_form = ACTIVATIONS["gelu"], ACTIVATIONS["gelu_tanh"]
    x = np.linspace(*WINDOW, 121)
    found = difference_limits([gelu, tanh_form], *WINDOW, factor)
    value = factor * (tanh_form(x) - gelu(x))
    slope = factor * (tanh_form.gradient(x) - gelu.gradient(x))
    assert found.value[0] < value.min() < 0 < value.max() < found.value[1] < 1.5 * value.max()
    assert found.gradient[0] < slope.min() < 0 < slope.max() < found.gradient[1]


def test_axes_of_a_difference_have_room_for_the_sliders_but_do_not_crush_the_curve():
    elu, selu = ACTIVATIONS["elu"], ACTIVATIONS["selu"]
    # Alike at the defaults: the axes hold whatever the sliders do, α = 5 against α = 1.
    x = np.linspace(*WINDOW, 121)
    most = np.abs(elu(x, alpha=elu.parameters[0].high) - elu(x)).max()
    low, high = difference_limits([elu, ACTIVATIONS["celu"]], *WINDOW, 1.0).value
    assert low < -most
    assert most < high
    usual = np.ptp(selu(x) - elu(x))
    low, high = difference_limits([elu, selu], *WINDOW, 1.0).value
    assert usual < high - low < 4 * usual


@pytest.mark.parametrize("threshold", [0.01, 0.3])
@every_activation
def test_shaded_stretches_are_those_of_the_facts(activation, threshold):
    x = grid(*WINDOW, activation.breaks(**activation.defaults))
    drawn = stretches(curve(activation, x), threshold)
    assert drawn.ndim == 2
    assert drawn.shape[1:] == (2,)
    step = 12 / (FEWEST - 1)
    wanted = [
        (max(one.low, WINDOW[0]), min(one.high, WINDOW[1]))
        for one in facts(activation, saturated_below=threshold).saturation
        if one.low < WINDOW[1] and one.high > WINDOW[0]
    ]
    # One that is hardly wider than the grid may fall between two of its points, and a gap
    # in f′ parts a stretch, unseen.
    found = [ends for ends in joined(drawn.tolist()) if ends[1] - ends[0] > 1.5 * step]
    wanted = [ends for ends in wanted if ends[1] - ends[0] > 1.5 * step]
    assert len(found) == len(wanted)
    for ends, expected in zip(found, wanted, strict=True):
        assert ends == pytest.approx(expected, abs=step / 4)


def joined(found):
    """Join stretches that touch."""
    whole = []
    for left, right in found:
        if whole and left - whole[-1][1] < 1e-9:
            whole[-1][1] = right
        else:
            whole.append([left, right])
    return whole


def test_stretches_of_a_sweep_are_padded():
    # Slope 0 saturates on the left, slope ½ nowhere.
    slope = np.array([[0.0], [0.5]])
    prelu = ACTIVATIONS["prelu"]
    found = stretches(curve(prelu, grid(*WINDOW, (0.0,)), negative_slope=slope), 0.01)
    assert found.shape == (2, 1, 2)
    assert found[0, 0] == pytest.approx([-6.0, 0.0], abs=1e-9)
    assert np.isnan(found[1]).all()
