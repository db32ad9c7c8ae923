"""The catalogue of optimizers: its contract, its snippets, and what each rule promises."""

import copy

import numpy as np
import pytest

from core.optimizers import OPTIMIZERS
from core.spec import FRAMEWORKS, CatalogueError, Optimizer

every = pytest.mark.parametrize("name", OPTIMIZERS)
ADAPTIVE = ("adagrad", "rmsprop", "adam", "adamw")


def numbers(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def run(name, gradients, start, **parameters):
    """Return the positions that given gradients lead to, wherever they were taken."""
    optimizer = OPTIMIZERS[name]
    settings = {**optimizer.defaults, **parameters}
    rate = settings.pop("learning_rate")
    position, state = start, optimizer.init(start, **settings)
    path = [position]
    for g in gradients:
        position, state = optimizer.update(g, state, position, learning_rate=rate, **settings)
        path.append(position)
    return np.array(path)


def test_the_seven_are_there_in_teaching_order():
    assert list(OPTIMIZERS) == [
        "gradient_descent",
        "momentum",
        "nesterov",
        "adagrad",
        "rmsprop",
        "adam",
        "adamw",
    ]


@every
def test_update_is_pure(name):
    """Neither the gradient nor the position nor the state is changed, and calls repeat."""
    optimizer = OPTIMIZERS[name]
    position, gradient = numbers((5, 2)), numbers((5, 2), 1)
    state = optimizer.init(position, **optimizer.defaults)
    for _ in range(3):
        before = copy.deepcopy((gradient, state, position))
        first = optimizer.update(gradient, state, position, **optimizer.defaults)
        second = optimizer.update(gradient, state, position, **optimizer.defaults)
        for left, right in zip(before, (gradient, state, position), strict=True):
            np.testing.assert_equal(left, right)
        np.testing.assert_equal(first, second)
        position, state = first


@every
def test_starts_do_not_know_of_each_other(name):
    """Many starts at once are each start alone, at any depth of axes."""
    gradients, start = numbers((6, 3, 4, 2)), numbers((3, 4, 2), 1)
    together = run(name, gradients, start)
    for i, j in ((0, 0), (2, 3)):
        np.testing.assert_array_equal(together[:, i, j], run(name, gradients[:, i, j], start[i, j]))


@every
def test_a_parameter_may_be_an_array(name):
    rates = np.array([[0.01], [0.1], [1.0]])
    gradients, start = numbers((6, 2)), np.ones(2)
    together = run(name, gradients, np.tile(start, (3, 1)), learning_rate=rates)
    for i, rate in enumerate(rates[:, 0]):
        alone = run(name, gradients, start, learning_rate=float(rate))
        np.testing.assert_allclose(together[:, i], alone, rtol=1e-14)


@every
def test_a_rate_of_zero_goes_nowhere(name):
    path = run(name, numbers((5, 2)), np.ones(2), learning_rate=0.0)
    np.testing.assert_array_equal(path, np.ones((6, 2)))


@every
def test_float32_stays_float32(name):
    start = np.ones(2, np.float32)
    path = run(name, numbers((4, 2)).astype(np.float32), start)
    assert path.dtype == np.float32


# ---------------------------------------------------------------- what the rules promise


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("name", ["adam", "adagrad"])
def test_the_first_step_has_length_eta(name, scale):
    """Whatever the gradient: ±η in every coordinate, up to the share of ε."""
    path = run(name, scale * np.array([[3.0, -0.2]]), np.zeros(2), learning_rate=0.3)
    eps = OPTIMIZERS[name].defaults["eps"]
    assert path[1] == pytest.approx([-0.3, 0.3], rel=2 * eps / (0.2 * scale) + 1e-12)


def test_adams_bias_correction_is_what_makes_it_so():
    gradient = np.array([[3.0, -0.2]])
    path = run("adam", gradient, np.zeros(2), learning_rate=0.3, bias_correction=0.0)
    # (1 − β₁)/√(1 − β₂) = 3.162 times as long without it.
    assert path[1] == pytest.approx([-0.3 * 0.1 / 0.001**0.5, 0.3 * 0.1 / 0.001**0.5], rel=1e-5)


@pytest.mark.parametrize(("alpha", "factor"), [(0.99, 10.0), (0.9, 10**0.5)])
def test_rmsprops_first_step_is_longer(alpha, factor):
    path = run("rmsprop", np.array([[5.0, -1.0]]), np.zeros(2), learning_rate=0.1, alpha=alpha)
    assert path[1] == pytest.approx([-0.1 * factor, 0.1 * factor], rel=1e-6)


def test_adagrads_steps_shrink_as_one_over_the_root():
    path = run("adagrad", np.ones((100, 1)), np.zeros(1), learning_rate=1.0)
    steps = -np.diff(path[:, 0])
    assert steps == pytest.approx(1 / np.sqrt(np.arange(1, 101)))


def test_momentum_ends_at_one_over_one_minus_gamma():
    path = run("momentum", np.ones((500, 1)), np.zeros(1), learning_rate=0.1, gamma=0.9)
    assert -np.diff(path[:, 0])[-1] == pytest.approx(0.1 / (1 - 0.9))


def test_without_friction_kept_momentum_is_gradient_descent():
    gradients, start = numbers((20, 2)), np.ones(2)
    plain = run("gradient_descent", gradients, start, learning_rate=0.1)
    for name in ("momentum", "nesterov"):
        np.testing.assert_array_equal(
            run(name, gradients, start, learning_rate=0.1, gamma=0.0), plain
        )


def test_adamw_without_decay_is_adam_and_decay_shrinks_the_weights_alone():
    gradients, start = numbers((20, 2)), np.array([2.0, -3.0])
    np.testing.assert_array_equal(
        run("adamw", gradients, start, weight_decay=0.0), run("adam", gradients, start)
    )
    still = run("adamw", np.zeros((3, 2)), start, learning_rate=0.5, weight_decay=0.2)
    assert still[-1] == pytest.approx(start * 0.9**3)


@pytest.mark.parametrize("name", ADAPTIVE[:3])
def test_adaptive_steps_do_not_depend_on_the_loss_scale(name):
    gradients = numbers((30, 2))
    one = run(name, gradients, np.ones(2), eps=1e-10)
    thousand = run(name, 1000 * gradients, np.ones(2), eps=1e-10)
    assert thousand == pytest.approx(one, abs=1e-6)
    plain = run("gradient_descent", 1000 * gradients, np.ones(2))
    assert abs(plain - run("gradient_descent", gradients, np.ones(2))).max() > 1


def test_the_ledger_of_adam():
    optimizer = OPTIMIZERS["adam"]
    start, gradient = np.array([1.0, 2.0]), np.array([0.5, -4.0])
    _, state = optimizer.update(gradient, optimizer.init(start), start, **optimizer.defaults)
    found = optimizer.terms(gradient, state, **optimizer.defaults)
    # After one step the corrected moments are the gradient and its square.
    assert found[r"\hat m"] == pytest.approx(gradient)
    assert found[r"\hat v"] == pytest.approx(gradient**2)


# ---------------------------------------------------------------- the entries


@every
def test_the_numpy_snippet_is_the_update(name):
    """Three steps of the text that the page shows, executed, are three updates."""
    optimizer = OPTIMIZERS[name]
    settings = {p.name: p.settings.get("Keras", p.default) for p in optimizer.parameters}
    start, gradients = np.array([1.0, -2.0]), numbers((3, 2))
    expected = run(name, gradients, start, **settings)
    v0 = settings.get("initial_accumulator_value", 0.0)
    scope = {"w": start, "v": np.full(2, v0), "m": np.zeros(2), "t": 0}
    code = optimizer.snippet("numpy", **settings)
    for step, gradient in enumerate(gradients, 1):
        scope["grad"] = gradient
        exec(code, scope)
        np.testing.assert_allclose(scope["w"], expected[step], rtol=1e-12)


@every
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_snippets_are_python_with_every_number_of_theirs(name, framework):
    optimizer = OPTIMIZERS[name]
    code = optimizer.snippet(framework, learning_rate=0.0625)
    compile(code, name, "exec")
    assert "0.0625" in code
    assert "$" not in code


@every
def test_an_optimizer_is_no_function(name):
    for what in ("function", "derivative", "gradient_formula", "breaks"):
        assert not hasattr(OPTIMIZERS[name], what)


def test_the_first_parameter_is_the_learning_rate():
    spec = OPTIMIZERS["momentum"]

    def update(gradient, state, position, gamma):
        return position, state

    with pytest.raises(CatalogueError, match="learning_rate"):
        Optimizer(
            **{
                **{f: getattr(spec, f) for f in spec.__dataclass_fields__},
                "update": update,
                "parameters": spec.parameters[1:],
                "code": type(spec.code)("", "", "", ""),
            }
        )


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("adam", {"beta1": 1.0}), ("momentum", {"gamma": -0.1}), ("rmsprop", {"eps": 0.0})],
)
def test_values_outside_their_domain_are_refused(name, parameters):
    with pytest.raises(ValueError, match=name):
        OPTIMIZERS[name].resolve(parameters)
