"""The gradient's way through a stack: against theory, and everything that is said of it."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from core.activations import ACTIVATIONS
from core.facts import facts
from core.network import Dropout, Skip, Stack, build, forward
from core.network.gradient_flow import (
    Experiment,
    Fate,
    Profile,
    alternatives,
    best_gain,
    bound,
    decay,
    distinct_units,
    draw,
    fate,
    judge,
    measure,
    measure_draw,
    severity,
    sweep,
    symmetry,
    train,
    verdict,
)
from core.network.normalisation import Normalisation


def experiment(activation="tanh", depth=10, width=16, **more):
    stack = {k: more.pop(k) for k in ("normalisation", "skip", "dropout") if k in more}
    sizes = (width,) * (depth + 1)
    rate = 0.2 if "dropout" in stack else 0.0
    return Experiment(
        stack=Stack(sizes=sizes, activation=activation, dropout_rate=rate, **stack), **more
    )


# ---------------------------------------------------------------- theory


# Decades a layer: ½ log₁₀ χ₁ at the fixed point q* of the mean-field recursion. For tanh
# q* and χ₁ are those of a quadrature with 10 digits, for ReLU χ₁ = σ_w²/2 is exact.
THEORY = [
    ("tanh", 1.0, 0.05, 0.193592520, 0.759031647),
    ("tanh", 1.5, 0.05, 0.418037201, 0.938636268),
    ("tanh", 2.5, 0.05, 1.063958377, 1.133515699),
    ("relu", 1.0, 0.0, 1.0, 0.5),
    ("relu", 2.0, 0.0, 1.0, 1.0),
    ("relu", 3.0, 0.0, 1.0, 1.5),
]


@pytest.mark.parametrize(("activation", "sigma_w2", "sigma_b2", "q", "chi"), THEORY)
def test_an_experiment_decays_as_theory_says(activation, sigma_w2, sigma_b2, q, chi):
    """Measured from the last layer to the first, with the signal at q* from the start.

    How well theory is met is held in test_mean_field; here it is that an experiment
    measures what theory is about.
    """
    depth, repeats = 16, 24
    one = experiment(
        activation,
        depth,
        128,
        initialiser="lecun_normal",
        gain=math.sqrt(sigma_w2),
        bias_std=math.sqrt(sigma_b2),
        input_scale=math.sqrt((q - sigma_b2) / sigma_w2),
        batch=16,
        repeats=repeats,
    )
    assert one.sigma_w == pytest.approx(math.sqrt(sigma_w2))
    # The theory is about the mean square, whose logarithm is above the mean logarithm.
    square = 10 ** (2 * decay(measure(one).gradient)[:, 0])
    slope = 0.5 * math.log10(square.mean()) / (depth - 1)
    error = square.std(ddof=1) / math.sqrt(repeats) / square.mean() / 2 / math.log(10) / (depth - 1)
    assert error < 0.003
    assert slope == pytest.approx(0.5 * math.log10(chi), abs=2 * error)


@pytest.mark.parametrize(
    ("activation", "initialiser", "decades"),
    [
        ("identity", "xavier_normal", -0.17),
        ("sigmoid", "xavier_normal", -31.0),
        ("tanh", "xavier_normal", -1.07),
        ("relu", "xavier_normal", -7.61),
        ("relu", "he_normal", -0.23),
        ("selu", "lecun_normal", 0.80),
        ("selu", "he_normal", 2.50),
        ("elu", "xavier_normal", -1.35),
    ],
)
def test_fifty_layers_of_sixty_four_units(activation, initialiser, decades):
    """Against 20 draws of the same stacks in PyTorch, whose mean is good to 0.05 decades."""
    found = decay(
        measure(experiment(activation, 50, 64, initialiser=initialiser, repeats=8)).gradient
    )
    error = found[:, 0].std(ddof=1) / math.sqrt(8)
    assert error < 0.2
    assert found[:, 0].mean() == pytest.approx(decades, abs=3 * math.hypot(error, 0.05))


def test_the_signals_variance_settles_where_theory_says():
    one = experiment(
        "tanh", 20, 128, initialiser="lecun_normal", gain=math.sqrt(1.5), bias_std=0.05**0.5
    )
    found = measure(replace(one, repeats=8)).second_moment[:, -5:]
    assert found.mean() == pytest.approx(0.418037201, abs=0.015)


def test_batch_normalisation_makes_the_gradient_explode():
    """Yang et al. (2019): for ReLU by π/(π − 1) a layer in the square, whatever the weights."""
    one = experiment(
        "relu", 20, 64, normalisation=Normalisation.BATCH, batch=128, repeats=4, gain=0.01
    )
    slope = decay(measure(one).gradient)[:, 0].mean() / 19
    assert slope == pytest.approx(0.5 * math.log10(math.pi / (math.pi - 1)), abs=0.01)


# ---------------------------------------------------------------- what is measured


@pytest.mark.parametrize("skip", Skip)
@pytest.mark.parametrize("normalisation", Normalisation)
def test_norm_of_the_weights_gradient(normalisation, skip):
    one = experiment(normalisation=normalisation, skip=skip, gain=-1.7, repeats=2)
    profile = measure(one)
    for row in range(2):
        net = draw(one, row)
        back = net.back(net.run(), parameters=True)
        norms = [np.linalg.norm(w) for w in back.weights]
        np.testing.assert_allclose(profile.by_weights[row], norms, rtol=1e-10)


def test_dead_and_saturated_units():
    one = experiment("relu", 6, 40, batch=3)
    profile = measure(one)
    net = draw(one, 0)
    for layer, pre in enumerate(net.run().pre):
        assert profile.dead[0, layer] == (pre <= 0).all(axis=0).mean()
        assert profile.saturated[0, layer] == (pre <= 0).mean()
    assert profile.dead[0].max() > 0
    steep = measure(experiment("sigmoid", 6, 40, gain=50.0))
    assert steep.saturated.min() > 0.5
    assert steep.dead.max() == 0


@pytest.mark.parametrize("width", [16, 65])
@pytest.mark.parametrize("initialiser", ["he_normal", "orthogonal", "normal"])
def test_a_draw_has_the_weights_that_its_seed_builds(initialiser, width):
    """Of narrow stacks layers are kept; what was asked before must not matter."""
    for depth, index, bias in [(3, 0, 0.5), (5, 1, 0.0), (2, 0, 0.1), (3, 1, 0.5)]:
        asked = experiment(
            depth=depth, width=width, initialiser=initialiser, bias_std=bias, repeats=2, seed=7
        )
        weights, _, _ = np.random.SeedSequence([7, index]).spawn(3)
        own = 1.0 if initialiser == "normal" else None
        built = build(asked.stack, initialiser, seed=weights, value=own, bias_std=bias)
        drawn = draw(asked, index).network
        for mine, theirs in zip(
            drawn.weights + drawn.biases, built.weights + built.biases, strict=True
        ):
            np.testing.assert_array_equal(mine, theirs)


def test_a_further_draw_leaves_the_others_as_they_are():
    few, more = (measure(experiment(repeats=n, bias_std=0.1)) for n in (2, 4))
    np.testing.assert_array_equal(few.gradient, more.gradient[:2])
    assert len({row.tobytes() for row in more.gradient}) == 4
    np.testing.assert_array_equal(
        few.gradient, measure(experiment(repeats=2, bias_std=0.1)).gradient
    )
    other = measure(experiment(repeats=2, bias_std=0.1, seed=1))
    assert not np.isin(other.gradient, few.gradient).any()


SWEPT = {
    "gain": [0.3, 1.0, 2.5, 20.0],
    "input_scale": [0.0, 1.0, 20.0],
    "bias_std": [0.0, 0.15, 2.0],
    "value": [0.01, 0.35],
    "alpha": [0.0, 0.7, 3.0],
    "dropout_rate": [0.0, 0.05, 0.5],
}


@pytest.mark.parametrize("dropout", Dropout)
@pytest.mark.parametrize("normalisation", Normalisation)
@pytest.mark.parametrize("what", SWEPT)
def test_a_sweep_is_the_experiments_one_by_one(what, normalisation, dropout):
    """To the last bit: a chaotic stack would make any rounding large."""
    kind = {"normalisation": normalisation, "dropout": dropout}
    more = {"initialiser": "normal", "bias_std": 0.4, "gain": 4.0, "batch": 8, **kind}
    one = experiment("elu", 30, 64, repeats=2, **more)
    swept = sweep(one, what, SWEPT[what], by_weights=True)
    for i, step in enumerate(SWEPT[what]):
        stacks = {"alpha": {"parameters": (("alpha", step),)}, "dropout_rate": {what: step}}
        stack = replace(one.stack, **stacks.get(what, {}))
        alone = measure(replace(one, stack=stack, **({} if what in stacks else {what: step})))
        np.testing.assert_array_equal(swept.gradient[i], alone.gradient)
        np.testing.assert_allclose(swept.by_weights[i], alone.by_weights, rtol=1e-12)
    same = what == "dropout_rate" and dropout is Dropout.NONE
    assert np.array_equal(swept.gradient[0], swept.gradient[1]) == same


@pytest.mark.parametrize("key", [key for key, entry in ACTIVATIONS.items() if entry.parameters])
def test_every_parameter_of_every_activation_is_swept(key):
    entry = ACTIVATIONS[key]
    one = experiment(key, 12, 70, initialiser="he_normal", batch=70, gain=1.5)
    for parameter in entry.parameters:
        steps = parameter.steps[[0, len(parameter.steps) // 3, -1]]
        swept = sweep(one, parameter.name, steps)
        for i, step in enumerate(steps.tolist()):
            stack = replace(one.stack, parameters=((parameter.name, step),))
            alone = measure(replace(one, stack=stack)).gradient
            np.testing.assert_array_equal(swept.gradient[i], alone)


@pytest.mark.parametrize("normalisation", Normalisation)
@pytest.mark.parametrize(
    ("width", "batch", "repeats"), [(64, 8, 3), (64, 64, 3), (128, 40, 3), (9, 5, 12), (1, 2, 2)]
)
def test_draws_side_by_side_are_the_draws_one_by_one(width, batch, repeats, normalisation):
    """To the last bit, in a chaotic stack, though they are computed in other shapes."""
    more = {"normalisation": normalisation, "gain": 3.0, "bias_std": 0.2}
    one = experiment("tanh", 40, width, batch=batch, repeats=repeats, **more)
    together = measure(one)
    for i in range(repeats):
        alone = measure_draw(one, i)
        for field in fields(Profile):
            row = getattr(together, field.name)[i : i + 1]
            np.testing.assert_array_equal(row, getattr(alone, field.name))
    several = sweep(one, "gain", [3.0, 2.0], by_weights=True)
    np.testing.assert_array_equal(several.gradient[0], together.gradient)


def test_some_draws_overflow_and_others_do_not():
    """What is known of one draw does not depend on where another one ends."""
    one = experiment("identity", 58, 2, gain=2e5, repeats=8, input_scale=1e10)
    together = measure(one)
    assert 0 < (together.forward_overflow > 0).sum() < 8
    for i in range(8):
        alone = measure_draw(one, i)
        for field in fields(Profile):
            row = getattr(together, field.name)[i : i + 1]
            np.testing.assert_array_equal(row, getattr(alone, field.name))
        over = int(alone.forward_overflow[0])
        assert np.isnan(alone.std[0]).sum() == (59 - over if over else 0)


def test_a_sweep_beyond_all_numbers():
    one = experiment("identity", 40, 4, repeats=2)
    swept = sweep(one, "gain", [1.0, 1e30], by_weights=True)
    for i, gain in enumerate((1.0, 1e30)):
        alone = measure(replace(one, gain=gain))
        np.testing.assert_array_equal(swept.forward_overflow[i], alone.forward_overflow)
        np.testing.assert_array_equal(swept.gradient[i], alone.gradient)
        np.testing.assert_array_equal(np.isnan(swept.by_weights[i]), np.isnan(alone.by_weights))
    assert np.isnan(sweep(one, "gain", [1e30], by_weights=True).by_weights).any()


# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("decades", "word"),
    [
        (-math.inf, Fate.VANISHED),
        (-4.01, Fate.VANISHED),
        (-4.0, Fate.FADING),
        (-1.01, Fate.FADING),
        (-1.0, Fate.HEALTHY),
        (1.0, Fate.HEALTHY),
        (1.01, Fate.GROWING),
        (4.01, Fate.EXPLODED),
    ],
)
def test_words(decades, word):
    assert fate(decades) is word


def test_the_verdict_is_the_middle_draw():
    gradient = np.array([[1e-3, 1.0], [1e-9, 1.0], [0.0, 1.0]])
    none = np.zeros(3, dtype=int)
    found = judge(gradient, none, none)
    assert (found.fate, found.decades) == (Fate.VANISHED, -9.0)
    assert (found.low, found.high) == (-math.inf, -3.0)
    # Nothing at the last layer either: nothing is left.
    assert judge(np.zeros((2, 3)), none[:2], none[:2]).decades == -math.inf
    one = judge(np.ones((1, 1)), none[:1], none[:1])
    assert (one.fate, one.decades) == (Fate.HEALTHY, 0.0)


def test_the_spread_of_huge_values_is_a_number():
    """Their squares are not, though all of them are far from an overflow."""
    stack = Stack(sizes=(64,) * 101, activation="relu")
    found = measure(Experiment(stack=stack, initialiser="linear_default", gain=100.0))
    last = draw(Experiment(stack=stack, initialiser="linear_default", gain=100.0), 0).run().post[-1]
    assert last.max() > 1e155
    assert found.std[0, -1] == pytest.approx((last / 1e155).std() * 1e155, rel=1e-12)


def test_an_overflow_is_an_explosion_at_a_layer():
    forward_over = verdict(measure(experiment("identity", 40, 4, gain=1e30, repeats=2)))
    assert forward_over.fate is Fate.EXPLODED
    assert 8 < forward_over.overflow < 14
    assert not forward_over.backward
    back = verdict(measure(experiment("tanh", 60, 4, gain=1e30, input_scale=0.0)))
    assert back.fate is Fate.EXPLODED
    assert back.backward
    assert 40 < back.overflow < 60
    # Of several draws it is the first layer that any of them meets, on its way.
    none, some = np.zeros(3, dtype=int), np.array([0, 4, 7])
    assert judge(np.ones((3, 9)), none, some).overflow == 7
    assert judge(np.ones((3, 9)), some, none).overflow == 4


@pytest.mark.parametrize("key", ACTIVATIONS)
@pytest.mark.parametrize("initialiser", ["he_normal", "zeros", "constant"])
def test_extreme_settings_give_a_verdict(key, initialiser):
    one = experiment(key, 100, 2, initialiser=initialiser, gain=100.0, batch=2, repeats=2)
    assert isinstance(verdict(measure(one)).fate, Fate)


@pytest.mark.parametrize(("key", "depth"), [("sigmoid", 20), ("relu", 5), ("elu", 1)])
def test_the_bound_is_a_product_of_largest_slopes(key, depth):
    steepest = facts(ACTIVATIONS[key]).max_gradient
    found = bound(steepest, depth)
    assert 10 ** found[0] == pytest.approx(steepest ** (depth - 1))
    assert found[-1] == 0
    if key == "sigmoid":
        assert 10 ** found[0] == pytest.approx(0.25**19)


# ---------------------------------------------------------------- remedies


def test_alternatives_change_one_thing_and_some_mend_it():
    one = experiment("sigmoid", 12, 32, repeats=2)
    assert verdict(measure(one)).fate is Fate.VANISHED
    found = dict(alternatives(one))
    assert "Xavier's weights" not in found
    for other in found.values():
        assert other != one
        assert (other.seed, other.stack.depth, other.batch) == (one.seed, 12, one.batch)
    fates = {change: verdict(measure(other)).fate for change, other in found.items()}
    assert fates["ReLU with He's weights"] is Fate.HEALTHY
    assert fates["Skip connections, scaled"] is Fate.HEALTHY
    assert fates["Orthogonal weights"] is Fate.VANISHED


def test_an_overflow_is_worse_than_any_decay():
    fine = verdict(measure(experiment("sigmoid", 12)))
    over = verdict(measure(experiment("identity", 40, 4, gain=1e30)))
    assert severity(fine) < severity(over) == math.inf


def test_the_best_gain_of_a_sigmoid_is_its_critical_one():
    """χ₁ = 1 at σ_w = 10.15 for inputs at the fixed point; here they are standard normal."""
    gains = np.geomspace(0.5, 50, 41)
    gradient, *_ = sweep(experiment("sigmoid", 20, 64, repeats=3), "gain", gains)
    assert best_gain(gains, gradient) == pytest.approx(10.15, rel=0.2)
    nothing, *_ = sweep(experiment("tanh", initialiser="zeros"), "gain", gains)
    assert best_gain(gains, nothing) is None
    # Where a draw overflows it cannot be judged.
    assert best_gain(gains, np.full((41, 2, 5), np.nan)) is None


# ---------------------------------------------------------------- symmetry


def test_distinct_units():
    column = np.random.default_rng(0).standard_normal((5, 1))
    assert distinct_units(np.tile(column, 4)) == 1
    assert distinct_units(np.hstack([column, column * (1 + 1e-13), 2 * column])) == 2
    assert distinct_units(np.zeros((3, 4))) == 1
    assert distinct_units(np.full((3, 4), np.nan)) == 1


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "softplus"])
@pytest.mark.parametrize("initialiser", ["zeros", "constant"])
def test_equal_weights_stay_equal(activation, initialiser):
    assert symmetry(experiment(activation, 3, 8, initialiser=initialiser)) == (1, 1)


def test_drawn_weights_do_not():
    assert symmetry(experiment("sigmoid", 3, 8)) == (8, 8)


def test_training_descends():
    one = replace(experiment("tanh", 2, 8), batch=12)
    one = replace(one, stack=replace(one.stack, sizes=(8, 8, 8, 1), linear_output=True))
    net = draw(one, 0)
    targets = np.random.default_rng(1).standard_normal((12, 1))
    losses = [
        np.square(forward(train(net, targets, n, 0.1), net.inputs).output - targets).mean()
        for n in (0, 1, 5, 100)
    ]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.2 * losses[0]
    # Steps far too long end where they overflow, without a word.
    assert np.isfinite(train(net, targets, 500, 1e4).weights[0]).all()
