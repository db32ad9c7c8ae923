"""Every regulariser of the catalogue: value, (sub)gradient and proximal step."""

import ast
import inspect
import math
import re
from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.regularisers import REGULARISERS
from core.spec import FRAMEWORKS, Regulariser, no_breaks
from tests.loss_formulas import PENALTIES, penalty
from tests.test_activations import assert_close, drawn, settings_of, slider_extremes

every_regulariser = pytest.mark.parametrize(
    "regulariser", REGULARISERS.values(), ids=[*REGULARISERS]
)
EPS = float(np.finfo(float).eps)
MAX = float(np.finfo(float).max)
WEIGHTS = (
    *(0.0, 5e-324, -1e-300, 1e-155, -1e-8, 0.5, -1.0, 3.7, -40.0, 1e8, -1e100, 1e150, 1.4e154),
)
VECTORS = ([0.0, 0.0], [1.0, -2.0, 0.0, 0.5], [-3.0], [1e-200, 1e10, -1e-3])


def check(
    regulariser: Regulariser,
    vector: list[float],
    values: Mapping[str, float],
    dtype: type = np.float64,
) -> None:
    """Hold penalty and gradient of a vector to the definition; at a kink the gradient is 0."""
    reference = penalty(regulariser.key)
    array = np.array(vector, dtype)
    with np.errstate(all="raise", under="ignore"):
        answer = regulariser(array, **values)
        gradient = regulariser.gradient(array, **values)
    assert answer.dtype == gradient.dtype == dtype
    assert answer.shape == ()
    label = f"{regulariser.key} {dict(values)} of {vector}"
    exact = [float(v) for v in array]
    truth = mpmath.fsum([reference.derivative(0, v, values) for v in exact])
    assert_close(float(answer), truth, 0, 0.0, dtype=dtype, label=label)
    for point, got in zip(exact, gradient.tolist(), strict=True):
        truth = reference.derivative(1, point, values) if point else mpmath.mpf(0)
        assert_close(got, truth, 0, point, dtype=dtype, label=f"gradient of {label}")


def test_every_definition_has_an_entry() -> None:
    assert set(PENALTIES) == set(REGULARISERS)
    with pytest.raises(LookupError, match=r"stranger has no definition in tests/loss_formulas\.py"):
        penalty("stranger")


@every_regulariser
def test_definition_and_entry_take_the_same_parameters(regulariser: Regulariser) -> None:
    names = {str(p) for p in penalty(regulariser.key).parameters}
    assert names == set(regulariser.defaults)
    for function in (regulariser.function, regulariser.derivative, regulariser.proximal):
        given_defaults = {
            name: p.default
            for name, p in inspect.signature(function).parameters.items()
            if p.default is not inspect.Parameter.empty
        }
        assert given_defaults == regulariser.defaults


@every_regulariser
def test_penalty_and_gradient_follow_the_definition(regulariser: Regulariser) -> None:
    for values in slider_extremes(regulariser):
        for vector in ([w] for w in WEIGHTS):
            check(regulariser, vector, values)
        for vector in VECTORS:
            check(regulariser, vector, values)
            check(regulariser, vector[:2], values, np.float32)


@every_regulariser
@drawn
@given(data=st.data())
def test_penalty_and_gradient_at_drawn_points(
    regulariser: Regulariser, data: st.DataObject
) -> None:
    vector = data.draw(st.lists(st.floats(-1e150, 1e150), min_size=1, max_size=4))
    check(regulariser, vector, data.draw(settings_of(regulariser)))


@every_regulariser
def test_breaks_are_those_of_the_definition(regulariser: Regulariser) -> None:
    for values in slider_extremes(regulariser):
        assert list(regulariser.breaks(**values)) == penalty(regulariser.key).breaks_at(values)
    assert bool(regulariser.at_breaks) == (regulariser.breaks is not no_breaks)


# The proximal step


@every_regulariser
@pytest.mark.parametrize("step", [0.01, 0.5, 3.0])
def test_proximal_step_is_the_best_of_all_points(regulariser: Regulariser, step: float) -> None:
    """Compare with a search over a fine grid: penalty and distance add up weight by weight."""
    vector = np.array([-4.0, -0.7, -0.01, 0.0, 0.3, 1.0, 2.6])
    grid = np.linspace(-5, 5, 20_001)
    for values in slider_extremes(regulariser):
        found = regulariser.prox(vector, step, **values)
        assert found.shape == vector.shape
        costs = regulariser(grid[:, None], **values)
        for start, answer in zip(vector.tolist(), found.tolist(), strict=True):
            total = costs + (grid - start) ** 2 / (2 * step)
            own = float(regulariser([answer], **values)) + (answer - start) ** 2 / (2 * step)
            assert own <= total.min() + 1e-12
            assert abs(answer - grid[total.argmin()]) <= 5.1e-4


@every_regulariser
@drawn
@given(data=st.data(), step=st.floats(1e-6, 1e6))
def test_proximal_step_meets_the_optimality_condition(
    regulariser: Regulariser, data: st.DataObject, step: float
) -> None:
    """(vector − prox)/step is a subgradient of the penalty at prox."""
    values = data.draw(settings_of(regulariser))
    start = data.draw(st.floats(-1e6, 1e6))
    (answer,) = regulariser.prox([start], step, **values).tolist()
    pull = (start - answer) / step
    room = 1e-9 * (1 + abs(start)) * (1 + 1 / step)
    if answer:
        (slope,) = regulariser.gradient([answer], **values).tolist()
        assert pull == pytest.approx(slope, rel=1e-9, abs=room)
    else:
        reach = values["alpha"] * values.get("l1_ratio", float(regulariser.key == "lasso"))
        assert abs(pull) <= reach + room


@every_regulariser
@drawn
@given(
    one=st.floats(-1e3, 1e3), other=st.floats(-1e3, 1e3), step=st.floats(1e-3, 1e3), data=st.data()
)
def test_proximal_step_shrinks_and_keeps_the_order(
    regulariser: Regulariser, one: float, other: float, step: float, data: st.DataObject
) -> None:
    values = data.draw(settings_of(regulariser))
    a, b = regulariser.prox([one, other], step, **values).tolist()
    assert abs(a) <= abs(one)
    assert a * one >= 0
    assert abs(a - b) <= abs(one - other) * (1 + 1e-12) + 1e-12
    assert (a - b) * (one - other) >= 0


def test_proximal_steps_in_closed_form() -> None:
    vector = np.array([-3.0, -0.5, 0.0, 0.25, 2.0])
    lasso = REGULARISERS["lasso"].prox(vector, 0.5, alpha=1.0)
    np.testing.assert_array_equal(lasso, [-2.5, 0.0, 0.0, 0.0, 1.5])
    ridge = REGULARISERS["ridge"].prox(vector, 0.5, alpha=2.0)
    np.testing.assert_array_equal(ridge, vector / 2)
    net = REGULARISERS["elastic_net"].prox(vector, 0.5, alpha=2.0, l1_ratio=0.5)
    np.testing.assert_allclose(net, lasso / 1.5, rtol=2 * EPS)


@every_regulariser
def test_no_strength_leaves_the_vector_alone(regulariser: Regulariser) -> None:
    vector = np.array([-2.0, 0.0, 5.0])
    np.testing.assert_array_equal(regulariser.prox(vector, 3.0, alpha=0.0), vector)
    assert regulariser(vector, alpha=0.0) == 0
    np.testing.assert_array_equal(regulariser.gradient(vector, alpha=0.0), 0 * vector)


@every_regulariser
@pytest.mark.parametrize("step", [0.0, -1.0, math.nan])
def test_a_step_that_is_not_positive_is_refused(regulariser: Regulariser, step: float) -> None:
    with pytest.raises(ValueError, match=f"{regulariser.key}: the step must be positive"):
        regulariser.prox([1.0], step)


# Relations


def test_elastic_net_lies_between_lasso_and_ridge() -> None:
    rng = np.random.default_rng(2)
    vector = rng.normal(0, 3, (20, 5))
    net, lasso, ridge = (REGULARISERS[k] for k in ("elastic_net", "lasso", "ridge"))
    for method in ("__call__", "gradient"):
        for ratio, end in ((1.0, lasso), (0.0, ridge)):
            np.testing.assert_allclose(
                getattr(net, method)(vector, alpha=1.7, l1_ratio=ratio),
                getattr(end, method)(vector, alpha=1.7),
                rtol=1e-15,
            )
    for ratio, end in ((1.0, lasso), (0.0, ridge)):
        np.testing.assert_allclose(
            net.prox(vector, 0.6, alpha=1.7, l1_ratio=ratio), end.prox(vector, 0.6, alpha=1.7)
        )
    half = net(vector, alpha=2.0, l1_ratio=0.5)
    np.testing.assert_allclose(half, lasso(vector, alpha=1.0) + ridge(vector, alpha=1.0))
    np.testing.assert_allclose(ridge(vector, alpha=3.0), 1.5 * (vector**2).sum(axis=-1))
    np.testing.assert_allclose(lasso(vector, alpha=3.0), 3 * np.abs(vector).sum(axis=-1))


@every_regulariser
def test_penalties_are_convex(regulariser: Regulariser) -> None:
    one, other = np.random.default_rng(3).normal(0, 5, (2, 2000, 3))
    for values in slider_extremes(regulariser):
        ends = regulariser(one, **values) + regulariser(other, **values)
        assert np.all(regulariser((one + other) / 2, **values) <= ends / 2 * (1 + 1e-14))


# Types, shapes and arguments


@every_regulariser
def test_types_and_shapes(regulariser: Regulariser) -> None:
    vectors = np.random.default_rng(4).normal(size=(2, 3, 4))
    for dtype, result in (
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.int8, np.float64),
    ):
        x = vectors.astype(dtype)
        before = x.copy()
        for answer, shape in (
            (regulariser(x), (2, 3)),
            (regulariser.gradient(x), (2, 3, 4)),
            (regulariser.prox(x, 0.1), (2, 3, 4)),
        ):
            assert isinstance(answer, np.ndarray)
            assert answer.shape == shape
            assert answer.dtype == result
            assert not np.shares_memory(answer, x)
        np.testing.assert_array_equal(x, before)
    arrays = {k: np.full((1, 1), v) for k, v in regulariser.defaults.items()}
    narrow = vectors[0].astype(np.float32)
    for answer in (regulariser.gradient(narrow, **arrays), regulariser.prox(narrow, 0.1, **arrays)):
        assert answer.dtype == np.float32


@every_regulariser
def test_bad_arguments_are_refused(regulariser: Regulariser) -> None:
    calls: list[Any] = [
        regulariser,
        regulariser.gradient,
        lambda vector, **values: regulariser.prox(vector, 1.0, **values),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="no parameter stranger"):
            call([1.0], stranger=1.0)
        with pytest.raises(TypeError, match=regulariser.key):
            call(["a"])
        for bad in (-1.0, math.inf, math.nan):
            with pytest.raises(ValueError, match=f"{regulariser.key}: alpha must be finite"):
                call([1.0], alpha=bad)


# What is shown


@every_regulariser
def test_formulas_name_every_parameter_and_balance(regulariser: Regulariser) -> None:
    for p in regulariser.parameters:
        assert p.symbol in regulariser.formula
    assert regulariser.formula.startswith(r"R(\theta)=")
    assert regulariser.gradient_formula.startswith(r"\frac{\partial R}{\partial\theta_i}=")
    for text in (regulariser.formula, regulariser.gradient_formula):
        depths = np.cumsum([{"{": 1, "}": -1}.get(k, 0) for k in text])
        assert depths.min() >= 0
        assert depths[-1] == 0
        assert text.count(r"\left") == text.count(r"\right")
        assert re.findall(r"\\begin{(\w+)}", text) == re.findall(r"\\end{(\w+)}", text)


@every_regulariser
def test_numpy_snippet_computes_the_penalty(regulariser: Regulariser) -> None:
    vector = np.random.default_rng(6).normal(0, 3, (5, 7))
    for values in slider_extremes(regulariser):
        namespace: dict[str, Any] = {"vector": vector}
        exec(regulariser.snippet("numpy", **values), namespace)
        np.testing.assert_allclose(
            namespace["penalty"], regulariser(vector, **values), rtol=1e-13, atol=1e-300
        )


@every_regulariser
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_snippets_are_python_and_spell_out_every_parameter(
    regulariser: Regulariser, framework: str
) -> None:
    values = {p.name: (p.low + 2 * p.high) / 3 + 0.001 for p in regulariser.parameters}
    code = regulariser.snippet(framework, **values)
    tree = ast.parse(code)
    assert "$" not in code
    numbers = {repr(n.value) for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    assert {repr(v) for v in values.values()} <= numbers
    assert {"vector", "penalty"} <= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    assert max(map(len, code.splitlines())) <= 100


@every_regulariser
def test_texts_are_there_and_tidy(regulariser: Regulariser) -> None:
    entry = regulariser
    texts = [entry.name, entry.insight, entry.use, entry.avoid, entry.origin.title]
    texts += [*entry.strengths, *entry.weaknesses, *(p.meaning for p in entry.parameters)]
    for text in texts:
        assert text
        assert text == text.strip()
        assert "  " not in text
    for sentence in (entry.insight, entry.use, entry.avoid):
        assert sentence.endswith(".")
    assert len(entry.strengths) >= 2
    assert len(entry.weaknesses) >= 2
