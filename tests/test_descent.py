"""Walking down: against mpmath, against theory, and up to where numbers end."""

import itertools

import mpmath
import numpy as np
import pytest

from core.descent import CHUNK, descend, nearest, quadratics, schedules, settle
from core.descent.ledger import quantities, steps
from core.descent.momentum_forms import apart, compare
from core.descent.schedules import SCHEDULES
from core.descent.sensitivity import DIVERGED, NOWHERE, RATES, basins, rate_momentum_map, rate_sweep
from core.descent.surfaces import SURFACES, noise
from core.optimizers import OPTIMIZERS
from tests import reference_optimizers as reference

every = pytest.mark.parametrize("name", OPTIMIZERS)
linear = pytest.mark.parametrize("name", quadratics.FAMILY)
ROSENBROCK = SURFACES["rosenbrock"].at()
START = (-1.2, 1.0)


def rosenbrock_gradient(w):
    x, y = w
    return [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]


# ---------------------------------------------------------------- against 50 digits


SETTINGS = {
    "gradient_descent": {"learning_rate": 0.001},
    "momentum": {"learning_rate": 0.0005, "gamma": 0.8},
    "nesterov": {"learning_rate": 0.0005, "gamma": 0.8},
    "adagrad": {"learning_rate": 0.3, "initial_accumulator_value": 0.1, "eps": 1e-7},
    "rmsprop": {"learning_rate": 0.002, "alpha": 0.9, "eps": 1e-6},
    "adam": {"learning_rate": 0.05, "beta1": 0.8, "beta2": 0.99, "eps": 1e-4},
    "adamw": {"learning_rate": 0.05, "beta1": 0.8, "beta2": 0.99, "weight_decay": 0.3},
}


@every
@pytest.mark.parametrize("changed", [False, True], ids=["defaults", "changed"])
def test_a_trajectory_is_the_reference_s(name, changed):
    parameters = {**OPTIMIZERS[name].defaults, **(SETTINGS[name] if changed else {})}
    if not changed:
        parameters["learning_rate"] = SETTINGS[name]["learning_rate"]
    rate = parameters.pop("learning_rate")
    path = descend(name, ROSENBROCK.slope, START, 60, rate, **parameters)
    expected = reference.run(name, rosenbrock_gradient, START, [rate] * 60, parameters)
    found = np.array(expected, dtype=np.float64)
    np.testing.assert_allclose(path.positions, found, rtol=1e-10, atol=1e-12)


def test_without_bias_correction_too():
    parameters = {**OPTIMIZERS["adam"].defaults, "bias_correction": 0.0}
    rate = parameters.pop("learning_rate")
    path = descend("adam", ROSENBROCK.slope, START, 30, rate, **parameters)
    expected = reference.run("adam", rosenbrock_gradient, START, [rate] * 30, parameters)
    np.testing.assert_allclose(path.positions, np.array(expected, dtype=float), rtol=1e-10)


@every
def test_a_schedule_is_followed(name):
    parameters = {k: v for k, v in OPTIMIZERS[name].defaults.items() if k != "learning_rate"}
    rates = schedules.rates("step", 0.001, 40)
    path = descend(name, ROSENBROCK.slope, START, 40, rates, **parameters)
    expected = reference.run(name, rosenbrock_gradient, START, list(rates), parameters)
    np.testing.assert_allclose(path.positions, np.array(expected, dtype=float), rtol=1e-10)
    assert path.learning_rates.tolist() == rates.tolist()


@every
def test_many_walks_follow_schedules_and_parameters_of_their_own(name):
    """Each row of a run is the run of that row alone, to the last bit."""
    first = np.array([0.001, 0.0004])[:, None]
    start = np.array([START, (0.5, 0.5)])
    others = {p.name: np.array([[p.default], [p.low]]) for p in OPTIMIZERS[name].parameters[1:]}
    path = descend(
        name, ROSENBROCK.slope, start, 40, schedules.rates("cosine", first, 40), **others
    )
    for row in (slice(0, 1), slice(1, 2)):
        rates = schedules.rates("cosine", first[row], 40)
        own = {key: column[row] for key, column in others.items()}
        alone = descend(name, ROSENBROCK.slope, start[row], 40, rates, **own)
        np.testing.assert_array_equal(path.positions[:, row], alone.positions)
        plain = {key: column.item() for key, column in own.items()}
        rates = schedules.rates("cosine", first[row].item(), 40)
        single = descend(name, ROSENBROCK.slope, start[row][0], 40, rates, **plain)
        np.testing.assert_allclose(alone.positions[:, 0], single.positions, rtol=1e-9)
    with pytest.raises(ValueError, match="40 rates for 30"):
        descend(name, ROSENBROCK.slope, start, 30, rates[:, None, None])


def test_nesterov_keeps_both_sequences():
    """The look-ahead points are what PyTorch, Keras and optax call the weights."""
    path = descend("nesterov", ROSENBROCK.slope, START, 20, 0.0005)
    w, v = path.positions, -np.diff(path.positions, axis=0)
    np.testing.assert_array_equal(path.look_ahead[0], w[0])
    np.testing.assert_allclose(path.look_ahead[1:], w[1:-1] - 0.9 * v[:-1], rtol=1e-12)
    # PyTorch's own recurrence: b ← γb + g; w ← w − η(g + γb).
    p, b = np.array(START), np.zeros(2)
    for look in path.look_ahead:
        np.testing.assert_allclose(look, p, rtol=1e-10)
        g = ROSENBROCK.slope(p)
        b = 0.9 * b + g
        p = p - 0.0005 * (g + 0.9 * b)


# ---------------------------------------------------------------- theory


def bowl(condition):
    return SURFACES["bowl"].at(condition=condition)


@pytest.mark.parametrize("condition", [1.0, 17.0])
@pytest.mark.parametrize(
    ("name", "gamma"),
    [
        ("gradient_descent", 0.0),
        *itertools.product(("momentum", "nesterov"), (0.0, 0.5, 0.9)),
    ],
)
def test_divergence_sets_in_at_the_limit(name, gamma, condition):
    limit = float(quadratics.stable_rate(name, condition, gamma))
    extra = {} if name == "gradient_descent" else {"gamma": gamma}
    ends = []
    for share in (0.995, 1.005):
        path = descend(name, bowl(condition).slope, (0.3, 1.0), 4000, share * limit, **extra)
        ends.append(abs(path.positions[-1]).max())
    assert ends[0] < 1e-3
    assert ends[1] > 1e3


def test_the_limits_are_those_of_the_textbook():
    assert quadratics.stable_rate("gradient_descent", 4.0) == 0.5
    assert quadratics.stable_rate("momentum", 1.0, 0.9) == pytest.approx(3.8)
    assert quadratics.stable_rate("nesterov", 1.0, 0.9) == pytest.approx(3.8 / 2.8)


@linear
@pytest.mark.parametrize("x", [0.01, 0.3, 1.0, 1.3])
@pytest.mark.parametrize("gamma", [0.1, 0.7])
def test_contraction_is_the_spectral_radius(name, x, gamma):
    g = 0.0 if name == "gradient_descent" else gamma
    matrix = {
        "gradient_descent": [[1 - x, 0], [0, 0]],
        # On (w, v): v' = γv + ηλw and w' = w − v'; Nesterov's gradient is at w − γv.
        "momentum": [[1 - x, -g], [x, g]],
        "nesterov": [[1 - x, -g * (1 - x)], [x, g * (1 - x)]],
    }[name]
    radius = max(abs(np.linalg.eigvals(np.array(matrix, dtype=float))))
    assert quadratics.contraction(name, x, g) == pytest.approx(radius, rel=1e-7)


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
@pytest.mark.parametrize("x", [0.04, 0.25, 0.5])
def test_critical_damping_is_where_swings_begin_and_the_rate_is_best(name, x):
    critical = float(quadratics.critical_momentum(name, x))
    gammas = np.linspace(0, 0.99, 2001)
    assert gammas[np.argmin(quadratics.contraction(name, x, gammas))] == pytest.approx(
        critical, abs=1e-3
    )
    for gamma, swings in ((critical - 0.02, False), (critical + 0.02, True)):
        path = descend(name, lambda w: x * w, [1.0], 400, 1.0, gamma=gamma).positions
        assert bool((path < 0).any()) is swings


@pytest.mark.parametrize("kappa", [1.0, 10.0, 100.0])
@linear
def test_the_best_settings_are_the_best(name, kappa):
    """A fine grid of η and γ finds nothing better, and what is promised is what comes."""
    best = quadratics.best(name, 1.0, kappa)
    curvatures = np.array([1.0, kappa])

    def worst(eta, gamma):
        return quadratics.contraction(name, eta[..., None] * curvatures, gamma[..., None]).max(-1)

    here = worst(np.array(best.learning_rate), np.array(best.gamma))
    # Equal roots are ill conditioned: half the digits are left.
    assert here == pytest.approx(best.contraction, abs=1e-6)
    share = np.linspace(0.01, 2.0, 400)
    gammas = np.linspace(0, 0.98, 99 if name != "gradient_descent" else 1)
    eta, gamma = np.meshgrid(share * best.learning_rate, gammas)
    assert worst(eta, gamma).min() >= best.contraction - 1e-6


@pytest.mark.parametrize("call", [quadratics.contraction, quadratics.stable_rate])
def test_theory_knows_its_bounds(call):
    with pytest.raises(ValueError, match="adam"):
        call("adam", 1.0)
    with pytest.raises(ValueError, match="positive"):
        quadratics.best("momentum", 0.0, 1.0)


def test_rmsprop_circles_at_half_a_step():
    path = descend("rmsprop", lambda w: w, [1.0], 3000, 0.1, alpha=0.9)
    assert np.abs(path.positions[-100:]) == pytest.approx(0.05, rel=1e-3)


def test_adam_can_go_the_wrong_way():
    """Reddi et al. (2018): the mean gradient is +1/3, and Adam climbs."""
    gradients = np.array([[3.0] if k % 3 == 0 else [-1.0] for k in range(3000)])

    path = descend("adam", np.zeros_like, [0.0], 3000, 0.01, noise=gradients, beta1=0.0, beta2=0.1)
    assert path.positions[-1, 0] > 1
    plain = descend("gradient_descent", np.zeros_like, [0.0], 3000, 0.01, noise=gradients)
    assert plain.positions[-1, 0] == pytest.approx(-10)


# ---------------------------------------------------------------- where numbers end


def test_it_stops_and_says_so():
    path = descend("gradient_descent", lambda w: 1e100 * w, [1.0, 0.0], 50, 1.0)
    assert path.stop is not None
    assert path.steps == path.stop.step - 1 == path.taken == 3
    assert np.isfinite(path.positions).all()
    np.testing.assert_array_equal(path.stop.position, path.positions[-1])
    assert str(path.stop).startswith("stopped at step 4: the gradient is not finite")
    assert len(path.states) == 4


@every
def test_a_gradient_that_is_nan_stops_at_once(name):
    path = descend(name, lambda w: w * np.nan, [1.0, 2.0])
    assert path.steps == 0
    assert path.positions.tolist() == [[1.0, 2.0]]
    assert path.gradients.shape == (0, 2)
    assert path.stop.step == 1


def test_an_overflow_of_the_state_is_found():
    path = descend("adagrad", lambda w: 1e200 * w, [1.0], 5)
    assert "state" in str(path.stop)


@every
def test_one_that_falls_does_not_take_the_others_along(name):
    def gradient(w):
        return np.where(w > 2, np.nan, w)

    starts = np.array([[1.0, 1.0], [3.0, 1.0], [0.5, -1.0]])
    path = descend(name, gradient, starts, 10)
    assert path.taken.tolist() == [10, 0, 10]
    assert path.stop is None
    np.testing.assert_array_equal(path.positions[:, 1], np.tile(starts[1], (11, 1)))
    alone = descend(name, gradient, starts[0], 10)
    np.testing.assert_array_equal(path.positions[:, 0], alone.positions)
    ends = settle(name, gradient, starts, 10)
    assert ends.taken.tolist() == [10, 0, 10]
    np.testing.assert_array_equal(ends.positions[:2], [alone.positions[-1], starts[1]])
    assert ends.arrived[1] == -1


def test_zero_steps():
    path = descend("adam", lambda w: w, [1.0], 0)
    assert path.positions.tolist() == [[1.0]]
    assert path.stop is None


def test_what_makes_no_sense_is_refused():
    with pytest.raises(KeyError):
        descend("adamax", lambda w: w, [1.0])
    with pytest.raises(TypeError, match="gamma"):
        descend("adam", lambda w: w, [1.0], gamma=0.9)
    with pytest.raises(ValueError, match="finite"):
        descend("adam", lambda w: w, [np.inf, 0.0])
    with pytest.raises(ValueError, match="point"):
        descend("adam", lambda w: w, 1.0)
    with pytest.raises(ValueError, match="learning_rate"):
        descend("adam", lambda w: w, [1.0], learning_rate=-1.0)
    with pytest.raises(ValueError, match="7 rates for 5"):
        descend("adam", lambda w: w, [1.0], 5, np.ones(7))


# ---------------------------------------------------------------- many starts


@every
def test_settling_is_descending(name):
    ground = SURFACES["himmelblau"].at()
    starts = np.random.default_rng(0).uniform(-5, 5, (CHUNK + 3, 2))
    ends = settle(name, ground.slope, starts, 40, 0.01)
    for place in (0, CHUNK - 1, CHUNK, CHUNK + 2):
        path = descend(name, ground.slope, starts[place], 40, 0.01).positions
        np.testing.assert_allclose(ends.positions[place], path[-1], rtol=1e-12)
        inside = np.linalg.norm(path - path[-1], axis=1) <= 0.05
        expected = len(path) - np.argmin(inside[::-1]) if not inside.all() else 0
        assert ends.arrived[place] == expected


def test_basins_of_himmelblau():
    """Gradient descent with small steps goes where the slope leads, from both sides."""
    ground = SURFACES["himmelblau"].at()
    axis = np.linspace(-5, 5, 21)
    minima = np.array(ground.minima)
    found = basins("gradient_descent", ground, axis, axis, minima, 800, 0.002)
    assert found.minimum.shape == (21, 21)
    for number, (w, b) in enumerate(ground.minima):
        row, column = np.argmin(abs(axis - b)), np.argmin(abs(axis - w))
        assert found.minimum[row, column] == number
        assert found.steps[row, column] < 800
    few = basins("gradient_descent", ground, axis, axis, minima, 1, 0.002)
    assert (few.minimum == NOWHERE).mean() > 0.9
    wild = basins("gradient_descent", ground, axis, axis, minima, 50, 1.0)
    assert (wild.minimum == DIVERGED).mean() > 0.9
    assert np.isnan(wild.steps[wild.minimum == DIVERGED]).all()


def test_parameters_of_each_start_follow_it_into_its_chunk():
    ground = bowl(10.0)
    starts = np.ones((CHUNK + 2, 2))
    rates = np.linspace(0, 0.15, len(starts))[:, None]
    ends = settle("gradient_descent", ground.slope, starts, 30, rates)
    expected = np.stack([(1 - rates[:, 0]) ** 30, (1 - 10 * rates[:, 0]) ** 30], axis=-1)
    np.testing.assert_allclose(ends.positions, expected, rtol=1e-9, atol=1e-300)


def test_the_nearest_of_several():
    points = np.array([[0.0, 0.1], [5.0, 5.0]])
    targets = np.array([[1.0, 1.0], [0.0, 0.0]])
    assert nearest(points, targets).tolist() == [[0.0, 0.0], [1.0, 1.0]]


def test_a_rate_sweep_finds_the_best_rate_of_the_bowl():
    sweep = rate_sweep("gradient_descent", bowl(10.0), (1.0, 1.0), 200)
    best = quadratics.best("gradient_descent", 1.0, 10.0).learning_rate
    assert sweep.rates[sweep.best] == pytest.approx(best, rel=0.13)
    assert np.isinf(sweep.loss[-1])
    assert sweep.reaching(sweep.loss[sweep.best]).tolist() == [sweep.rates[sweep.best]]
    # (1 − η)²⁰⁰ of the flat direction's error has to come down, and the steep one to survive.
    assert sweep.reaching(1e-4).tolist() == [r for r in RATES if 0.0214 < r < 0.2]
    assert len(RATES) == 51
    assert RATES[0] == 0.0001
    assert RATES[-1] == 10


def test_a_map_of_rate_and_momentum_agrees_with_theory():
    rates, gammas = np.array([0.05, 0.19, 0.21, 0.37]), np.array([0.0, 0.9])
    loss = rate_momentum_map("momentum", bowl(10.0), (1.0, 1.0), 1000, rates, gammas)
    stable = rates < quadratics.stable_rate("momentum", 10.0, gammas[:, None])
    assert ((loss < 1e-6) == stable).all()


# ---------------------------------------------------------------- single steps


@every
def test_steps_of_many_walks_are_those_of_each_alone(name):
    """A row is the step that it says, of the walk that it says, with all its quantities."""
    starts, rates = np.array([START, (0.5, 0.5), (1.5, 2.0)]), [0.001, 0.0005, 0.0002]
    together = descend(name, ROSENBROCK.slope, starts, 12, np.array(rates)[:, None])
    settings = {k: v for k, v in OPTIMIZERS[name].defaults.items() if k != "learning_rate"}
    at, walks = [1, 12, 7, 3], [2, 0, 1, 1]
    made = quantities(name, steps(together, at, walks), settings)
    for row, (k, walk) in enumerate(zip(at, walks, strict=True)):
        alone = descend(name, ROSENBROCK.slope, starts[walk], 12, rates[walk])
        one = steps(alone, [k])
        assert one.rate.item() == rates[walk]
        for symbol, values in quantities(name, one, settings).items():
            np.testing.assert_allclose(made[symbol][row], values[0], rtol=1e-12)
        np.testing.assert_array_equal(one.before[0], alone.positions[k - 1])
        np.testing.assert_array_equal(one.gradient[0], ROSENBROCK.slope(alone.look_ahead[k - 1]))
        np.testing.assert_array_equal(one.after[0], alone.positions[k])


# ---------------------------------------------------------------- schedules


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 10, 100])
def test_a_schedule_stays_between_nothing_and_the_rate(name, steps):
    rates = schedules.rates(name, 0.5, steps)
    assert rates.shape == (steps,)
    assert (rates > 0).all()
    assert rates.max() == pytest.approx(0.5)


def test_schedules_in_numbers():
    assert schedules.rates("step", 1.0, 8) == pytest.approx(
        [1, 1, 0.1, 0.1, 0.01, 0.01, 1e-3, 1e-3]
    )
    assert schedules.rates("exponential", 1.0, 100)[50] == pytest.approx(0.1)
    assert schedules.rates("cosine", 1.0, 100)[[0, 50]] == pytest.approx([1, 0.5])
    assert schedules.rates("warm_up", 1.0, 100)[[0, 4, 9, 99]] == pytest.approx([0.1, 0.5, 1, 1])
    both = schedules.rates("warm_up_cosine", 1.0, 100)
    assert both[[0, 9]] == pytest.approx([0.1, 1])
    assert (np.diff(both[9:]) < 0).all()
    assert both[-1] < 1e-2


# ---------------------------------------------------------------- three meanings


def test_at_a_fixed_rate_two_meanings_are_one_and_the_third_at_its_own_rate():
    ground, start = bowl(10.0), np.array([1.0, 1.0])
    walks = compare(ground.slope, start, np.full(100, 0.03), 0.9)
    assert apart(walks["velocity"], walks["sum"]).max() < 1e-14
    assert apart(walks["velocity"], walks["average"]).max() > 0.3
    walks = compare(ground.slope, start, np.full(100, 0.03), 0.9, matched=True)
    assert apart(walks["velocity"], walks["average"]).max() < 1e-13


def test_once_the_rate_changes_all_part():
    """At a rate cut to a tenth the velocity still carries the old rate."""
    ground, start = bowl(10.0), np.array([1.0, 1.0])
    rates = np.where(np.arange(60) < 10, 0.03, 0.003)
    walks = compare(ground.slope, start, rates, 0.9, matched=True)
    distance = apart(walks["velocity"], walks["sum"])
    assert distance[:11].max() < 1e-14
    assert distance.max() > 0.1
    # The sum and the matched average are both multiplied by the rate last: they stay one.
    assert apart(walks["sum"], walks["average"]).max() < 1e-13


# ---------------------------------------------------------------- noise


def test_noise_is_the_same_for_the_same_seed_and_has_its_size():
    one, same, other = noise(4000, 0.5, 7), noise(4000, 0.5, 7), noise(4000, 0.5, 8)
    np.testing.assert_array_equal(one, same)
    assert abs(one - other).max() > 0.1
    assert one.std() == pytest.approx(0.5, rel=0.05)


def test_noise_is_added_to_the_gradient():
    errors = noise(10, 1.0, 0)
    path = descend("gradient_descent", np.zeros_like, [0.0, 0.0], 10, 1.0, noise=errors)
    np.testing.assert_allclose(path.positions[1:], -np.cumsum(errors, axis=0))
    ends = settle("gradient_descent", np.zeros_like, np.zeros((3, 2)), 10, 1.0, noise=errors)
    np.testing.assert_allclose(ends.positions, np.tile(path.positions[-1], (3, 1)))


def test_the_reference_is_precise():
    """At 50 digits one step of Adam has length η to the share of ε, and no worse."""
    path = reference.run("adam", lambda w: [mpmath.mpf(3)], [0.0], [0.1], {
        "beta1": 0.9, "beta2": 0.999, "eps": 1e-30, "bias_correction": 1.0,
    })  # fmt: skip
    assert abs(path[1][0] + mpmath.mpf(0.1)) < mpmath.mpf(10) ** -30
