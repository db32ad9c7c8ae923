"""The perceptron: gates, the learning rule and its bound, margins, half-planes, steep sigmoids."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from core.linear.half_planes import box, clip, edge, normal
from core.perceptron import (
    CORNERS,
    GATES,
    SOLUTIONS,
    XOR_NETWORK,
    answers,
    hidden_answers,
    net,
    steep_sigmoid,
    train,
)
from core.perceptron.separation import (
    margin,
    mistake_bound,
    radius,
    separable_gates,
    separable_points,
    signed,
)

drawn = hypothesis_settings(max_examples=60, deadline=None, derandomize=True, database=None)
TABLES = list(itertools.product((0, 1), repeat=4))
UNSOLVABLE = {(0, 1, 1, 0), (1, 0, 0, 1)}
every_order = pytest.mark.parametrize("order", list(itertools.permutations(range(4))))


# ---------------------------------------------------------------- gates


@pytest.mark.parametrize(
    ("gate", "truth"),
    [
        ("AND", lambda a, b: a and b),
        ("OR", lambda a, b: a or b),
        ("NAND", lambda a, b: not (a and b)),
        ("XOR", lambda a, b: a != b),
    ],
)
def test_truth_tables(gate, truth):
    assert list(GATES[gate]) == [int(truth(a, b)) for a, b in CORNERS.tolist()]


@pytest.mark.parametrize("gate", SOLUTIONS)
def test_solutions_solve(gate):
    assert answers(CORNERS, SOLUTIONS[gate]).tolist() == list(GATES[gate])


def test_on_its_line_a_unit_does_not_fire():
    assert answers([[1.0, 1.0]], [1.0, 1.0, -2.0]).tolist() == [0.0]


def test_many_weights_at_once():
    weights = np.random.default_rng(0).normal(size=(5, 7, 3))
    found = net(CORNERS, weights)
    assert found.shape == (5, 7, 4)
    w = weights[3, 2]
    assert found[3, 2] == pytest.approx(CORNERS @ w[:2] + w[2])


def test_xor_network():
    seen = hidden_answers(CORNERS, XOR_NETWORK.hidden)
    assert seen[:, 0].tolist() == list(GATES["OR"])
    assert seen[:, 1].tolist() == list(GATES["AND"])
    assert answers(seen, XOR_NETWORK.output).tolist() == list(GATES["XOR"])
    # What the hidden layer makes of the inputs can be separated; the inputs cannot.
    assert margin(seen, GATES["XOR"]).value > 0


def test_no_weights_at_all_make_xor():
    """Try the sign patterns of a fine grid of weights: fourteen tables come up, XOR does not."""
    steps = np.arange(-8, 9) / 4
    weights = np.stack(np.meshgrid(steps, steps, np.arange(-16, 17) / 8), -1).reshape(-1, 3)
    found = {tuple(row) for row in answers(CORNERS, weights).astype(int).tolist()}
    assert found == set(TABLES) - UNSOLVABLE
    assert set(separable_gates()) == found


@pytest.mark.parametrize("table", TABLES)
def test_separable_as_linear_programming_says(table):
    rows = signed(CORNERS, table)
    plan = linprog(np.zeros(3), A_ub=-rows, b_ub=-np.ones(4), bounds=[(None, None)] * 3)
    assert (plan.status == 0) == (margin(CORNERS, table).value > 0)


def test_the_four_inequalities_of_xor_add_up_to_nothing():
    """The signed inputs cancel, so no weights have a positive product with all of them."""
    assert signed(CORNERS, GATES["XOR"]).sum(axis=0).tolist() == [0, 0, 0]


# ---------------------------------------------------------------- the margin


@pytest.mark.parametrize(
    ("gate", "squared"), [("AND", 1 / 17), ("NAND", 1 / 17), ("OR", 1 / 9), ("XOR", 0)]
)
def test_margins_of_the_gates(gate, squared):
    """AND: (2, 2, −3)/√17 touches three rows with 1/√17. OR: (2, 2, −1)/3 three with 1/3."""
    assert margin(CORNERS, GATES[gate]).value ** 2 == pytest.approx(squared)


@drawn
@given(st.integers(0, 10_000), st.integers(2, 14), st.floats(0.01, 0.35))
def test_the_margin_is_reached_and_cannot_be_beaten(seed, count, gap):
    x, t = separable_points(count, gap, seed)
    z = signed(x, t)
    gamma, weights = margin(x, t)
    assert np.linalg.norm(weights) == pytest.approx(1)
    assert (z @ weights).min() == pytest.approx(gamma)
    # The support vector machine of the same points, solved numerically.
    rows = {"type": "ineq", "fun": lambda w: z @ w - 1, "jac": lambda w: z}
    found = minimize(
        lambda w: w @ w / 2, weights / gamma * 1.5, jac=lambda w: w, constraints=[rows]
    )
    assert 1 / np.linalg.norm(found.x) == pytest.approx(gamma, rel=1e-4)


def test_points_keep_their_distance():
    x, t = separable_points(20, 0.2, 3)
    assert x.shape == (20, 2)
    assert np.abs(x).max() <= 1
    assert set(t.tolist()) == {0, 1}
    between = np.linalg.norm(x[t == 0][:, None] - x[t == 1], axis=-1)
    assert between.min() >= 0.4
    again, _ = separable_points(20, 0.2, 3)
    assert (again == x).all()


@pytest.mark.parametrize("seed", range(10))
def test_a_wider_gap_moves_only_the_points_that_are_too_close(seed):
    rng = np.random.default_rng(seed)
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.5, 0.5)
    narrow, _ = separable_points(20, 0.02, seed)
    distance = np.abs(narrow @ [np.cos(angle), np.sin(angle)] - offset)
    wide, targets = separable_points(20, 0.3, seed)
    assert ((narrow == wide).all(axis=1) == (distance >= 0.3)).all()
    assert 0 < (distance >= 0.3).sum() < 20
    assert margin(wide, targets).value > 0


def test_points_that_coincide_have_a_margin():
    x = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, 1.0]])
    found = margin(x, [0, 0, 1, 1])
    assert (signed(x, [0, 0, 1, 1]) @ found.weights).min() == pytest.approx(found.value)
    assert margin(x, [0, 1, 0, 1]).value == 0


# ---------------------------------------------------------------- the rule


def textbook(targets, order, rate, start, most):
    """Run Rosenblatt's rule in whole numbers, on a grid of 1/20."""
    w = [round(20 * v) for v in start]
    changes = []
    for _ in range(most):
        before = len(changes)
        for i in order:
            a, b = (int(v) for v in CORNERS[i])
            fired = w[0] * a + w[1] * b + w[2] > 0
            if error := targets[i] - fired:
                w = [v + round(20 * rate) * error * u for v, u in zip(w, (a, b, 1), strict=True)]
                changes.append((i, error))
        if len(changes) == before:
            break
    return [v / 20 for v in w], changes


@pytest.mark.parametrize("gate", ["AND", "OR", "NAND"])
@every_order
def test_gates_are_learned_as_by_hand(gate, order):
    start = (0.35, -1.2, 0.8)
    run = train(CORNERS, GATES[gate], start=start, rate=0.25, order=order)
    weights, changes = textbook(GATES[gate], order, 0.25, start, 200)
    assert run.converged
    assert run.weights[-1] == pytest.approx(weights)
    made = [(int(i), int(c)) for i, c in zip(run.example, run.change, strict=True) if c]
    assert made == changes
    assert answers(CORNERS, run.weights[-1]).tolist() == list(GATES[gate])


@pytest.mark.parametrize(
    ("gate", "epochs", "weights"),
    [("AND", 5, (2, 1, -2)), ("OR", 3, (1, 1, 0)), ("NAND", 5, (-2, -1, 3))],
)
def test_known_runs(gate, epochs, weights):
    """From zero, at rate 1, in the table's order; the last epoch is the one without mistakes."""
    run = train(CORNERS, GATES[gate])
    assert run.epochs - 1 == epochs
    assert tuple(run.weights[-1]) == weights


@every_order
def test_xor_goes_round_for_ever(order):
    run = train(CORNERS, GATES["XOR"], order=order)
    assert not run.converged
    assert run.cycle == 1
    assert run.mistakes_in_cycle == 4
    # Going on changes nothing: the same four mistakes, however long.
    _, changes = textbook(GATES["XOR"], order, 1.0, (0, 0, 0), 300)
    assert changes[-4:] == changes[-8:-4]
    assert len(changes) > 1100


@drawn
@given(st.tuples(*[st.integers(-30, 30)] * 3), st.sampled_from([0.1, 0.3, 0.7, 1.0, 2.0]))
def test_xor_cycles_from_any_start(start, rate):
    run = train(CORNERS, GATES["XOR"], start=np.array(start) / 10, rate=rate, most_epochs=2000)
    assert run.cycle >= 1
    back = len(run.example) // run.epochs * run.cycle
    assert run.weights[-1] == pytest.approx(run.weights[-1 - back], abs=1e-9)
    assert run.mistakes_in_cycle > 0


@drawn
@given(st.integers(0, 10_000), st.integers(2, 25), st.floats(0.02, 0.4))
def test_novikoffs_bound_holds(seed, count, gap):
    x, t = separable_points(count, gap, seed)
    order = np.random.default_rng(seed).permutation(count)
    run = train(x, t, order=order)
    assert run.converged
    assert (
        run.mistakes[-1]
        <= mistake_bound(x, t)
        == pytest.approx((radius(x) / margin(x, t).value) ** 2)
    )
    assert answers(x, run.weights[-1]).tolist() == t.tolist()


@drawn
@given(
    st.integers(0, 10_000),
    st.tuples(*[st.floats(-3, 3)] * 3),
    st.floats(0.05, 3),
)
def test_the_bound_from_other_weights_holds(seed, start, rate):
    x, t = separable_points(8, 0.1, seed)
    run = train(x, t, start=start, rate=rate, most_epochs=20_000)
    assert run.converged
    assert run.mistakes[-1] <= mistake_bound(x, t, start=start, rate=rate) + 1e-6


def test_the_bound_from_other_weights_solves_its_equation():
    x, t = separable_points(8, 0.1, 1)
    gamma, u = margin(x, t)
    v, rate = np.array([1.0, -2.0, 0.5]), 0.5
    k = mistake_bound(x, t, start=v, rate=rate)
    length = math.sqrt(v @ v / rate**2 + k * radius(x) ** 2)
    assert u @ v / rate + k * gamma == pytest.approx(length)
    assert mistake_bound(CORNERS, GATES["XOR"]) == math.inf


@pytest.mark.parametrize("rate", [0.01, 0.1, 1 / 3, 10.0])
@pytest.mark.parametrize("gate", GATES)
def test_the_rate_only_stretches_a_run_from_zero(gate, rate):
    run, unit = train(CORNERS, GATES[gate], rate=rate), train(CORNERS, GATES[gate])
    assert (run.change == unit.change).all()
    assert run.weights == pytest.approx(rate * unit.weights)
    elsewhere = [train(CORNERS, GATES["AND"], start=(0, 0, 1), rate=r) for r in (0.1, 1)]
    assert len({len(one.example) for one in elsewhere}) == 2


def rounded(start):
    """Tell whether tenths add up to something else where the last two come first."""
    a, b, c = start
    return (a + b + c > 0) != (a + (b + c) > 0)


TENTHS = [v / 10 for v in range(-30, 31)]
TIES = list(filter(rounded, itertools.product(TENTHS, repeat=3)))


@drawn
@given(
    st.integers(0, 10_000),
    st.tuples(*[st.floats(-3, 3)] * 3) | st.sampled_from(TIES),
    st.floats(0.05, 3),
    st.booleans(),
)
def test_a_run_is_what_its_units_answer_to_the_last_bit(seed, start, rate, gate):
    x, t = (CORNERS, np.array(GATES["AND"])) if gate else separable_points(8, 0.1, seed)
    order = np.random.default_rng(seed).permutation(len(t))
    run = train(x, t, start=start, rate=rate, order=order)
    learned = np.zeros(3)
    for step, i in enumerate(np.tile(order, run.epochs).tolist()):
        weights = np.array(start) + rate * learned
        assert (run.weights[step] == weights).all()
        assert run.example[step] == i
        assert run.net[step] == net(x[i : i + 1], weights)[0]
        assert run.answer[step] == answers(x[i : i + 1], weights)[0]
        assert run.change[step] == t[i] - run.answer[step]
        learned = learned + run.change[step] * np.append(x[i], 1)
    assert (run.weights[-1] == np.array(start) + rate * learned).all()


def test_a_run_that_is_broken_off():
    x, t = separable_points(20, 0.02, 0)
    run = train(x, 1 - t, order=np.arange(20), most_epochs=1)
    assert (run.epochs, run.converged, run.cycle) == (1, False, 0)
    assert len(run.weights) == 21
    assert run.mistakes.tolist() == [0, *np.cumsum(run.change != 0).tolist()]


@pytest.mark.parametrize(
    ("options", "word"), [({"rate": 0.0}, "rate"), ({"order": [0, 1, 2, 2]}, "order")]
)
def test_what_is_refused(options, word):
    with pytest.raises(ValueError, match=word):
        train(CORNERS, GATES["AND"], **options)


# ---------------------------------------------------------------- half-planes


def area(polygon):
    x, y = polygon[..., 0], polygon[..., 1]
    return 0.5 * (x * np.roll(y, -1, -1) - np.roll(x, -1, -1) * y).sum(-1)


@drawn
@given(st.integers(0, 10_000))
def test_the_two_halves_make_the_whole(seed):
    weights = np.random.default_rng(seed).normal(size=(50, 3))
    square = box(-1.0, 2.0)
    one = np.nan_to_num(area(clip(square, weights[:, :2], weights[:, 2])))
    other = np.nan_to_num(area(clip(square, -weights[:, :2], -weights[:, 2])))
    assert one + other == pytest.approx(9)
    # The area as the share of many points that the unit fires for.
    points = np.random.default_rng(0).uniform(-1, 2, (3000, 2))
    assert one / 9 == pytest.approx(answers(points, weights).mean(-1), abs=0.04)


def test_edges_lie_on_the_line_and_in_the_square():
    weights = np.random.default_rng(1).normal(size=(50, 3))
    ends = edge(box(-1, 2), weights[:, :2], weights[:, 2])
    seen = ~np.isnan(ends[:, 0, 0])
    assert 20 < seen.sum() < 50
    on = (ends[seen] * weights[seen, None, :2]).sum(-1) + weights[seen, None, 2]
    assert on == pytest.approx(0, abs=1e-12)
    on_the_rim = np.isclose(ends[seen], -1) | np.isclose(ends[seen], 2)
    assert on_the_rim.any(-1).all()


def test_all_or_nothing():
    square = box(0, 1)
    assert area(clip(square, [0, 0], 1.0)) == pytest.approx(1)
    assert np.isnan(clip(square, [0, 0], -1.0)).all()
    assert np.isnan(edge(square, [0, 0], 1.0)).all()
    assert np.isnan(normal([0.0, 0.0], 1.0, (0, 0), 1)).all()


def test_clipping_twice_leaves_a_cell():
    strip = clip(clip(box(-1, 2), [1.0, 1.0], -0.5), [-1.0, -1.0], 1.5)
    # (9 − 2.5²/2) − 2.5²/2, with the square moved to [0, 3]².
    assert area(strip) == pytest.approx(2.75)
    assert (strip.sum(-1) >= 0.5 - 1e-12).all()
    assert (strip.sum(-1) <= 1.5 + 1e-12).all()


def test_the_arrow_is_the_weight_vector():
    arrow = normal([3.0, 4.0], -2.0, (0.5, 0.5), 0.2)
    assert arrow[1] - arrow[0] == pytest.approx([0.6, 0.8])
    assert arrow[0] @ [3, 4] == pytest.approx(2)
    # Its head is no longer than itself.
    for arrow_, length in ((arrow, 0.1), (normal([0.03, 0.04], -2.0, (0.5, 0.5), 0.2), 0.01)):
        back = arrow_[1] - arrow_[[2, 4]].mean(axis=0)
        assert np.linalg.norm(back) == pytest.approx(length)
    # Its foot is the point of the line nearest to the centre.
    assert np.cross([*(arrow[0] - 0.5), 0], [3, 4, 0])[2] == pytest.approx(0)


# ---------------------------------------------------------------- steep sigmoids


@pytest.mark.parametrize("k", [1.0, 7.0, 50.0])
def test_the_gradient_is_the_slope_of_the_loss(k):
    w = np.linspace(-1, 3, 81)
    step = 1e-6
    rise = steep_sigmoid.loss(w + step, k) - steep_sigmoid.loss(w - step, k)
    assert steep_sigmoid.loss_gradient(w, k) == pytest.approx(rise / (2 * step), abs=1e-6)


def test_the_staircase():
    """Below 0.75 AND misses (1, 1); above 1.5 it fires for both mixed rows."""
    w = np.array([-1.0, 0.7, 0.75, 0.8, 1.5, 1.6, 3.0])
    assert steep_sigmoid.step_loss(w).tolist() == [0.25, 0.25, 0.25, 0, 0, 0.5, 0.5]
    away = np.abs(w[:, None] - [0.75, 1.5]).min(1) > 0.04
    assert steep_sigmoid.loss(w, 400.0)[away] == pytest.approx(
        steep_sigmoid.step_loss(w)[away], abs=1e-6
    )


def test_a_steeper_sigmoid_has_a_higher_and_narrower_peak():
    k = np.array([5.0, 10.0, 20.0, 40.0, 80.0])
    found = steep_sigmoid.peak(k)
    assert found.height[1:] / found.height[:-1] == pytest.approx(2, rel=0.02)
    assert found.width[1:] / found.width[:-1] == pytest.approx(0.5, rel=0.02)
    fine = np.linspace(0, 1, 200_001)
    down = -steep_sigmoid.loss_gradient(fine, 20.0)
    assert found.height[2] == pytest.approx(down.max(), rel=1e-5)
    assert found.at[2] == pytest.approx(fine[down.argmax()], abs=2e-4)
    assert found.width[2] == pytest.approx((down >= down.max() / 2).mean(), abs=1e-3)
    # However flat, it has a width: on a finer grid than its own, and beyond w = 0.
    wide = np.linspace(-1, 1.5, 250_001)
    for k in (1.0, 1.5, 3.0):
        down = -steep_sigmoid.loss_gradient(wide, k)
        width = np.count_nonzero(down >= down.max() / 2) * 1e-5
        assert steep_sigmoid.peak(k).width == pytest.approx(width, abs=2e-3)
    # What is under the peak is the height of the stair, however narrow it is.
    w = np.linspace(0, 1.1, 100_001)
    under = -np.trapezoid(steep_sigmoid.loss_gradient(w, 80.0), w)
    assert under == pytest.approx(0.25, abs=1e-6)


def test_descent_stalls_where_the_sigmoid_is_steep():
    path = steep_sigmoid.descend(0.0, np.array([3.0, 20.0]), 1.0, 50)
    assert path.shape == (2, 51)
    assert steep_sigmoid.step_loss(path[0, -1]) == 0
    assert abs(path[1, -1]) < 1e-9
    by_hand = path[0, 3] - steep_sigmoid.loss_gradient(path[0, 3], 3.0)
    assert path[0, 4] == pytest.approx(by_hand)
