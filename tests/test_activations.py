"""Every activation of the catalogue, held to its definition and to PyTorch.

All tests are derived from the catalogue: a new entry is tested as soon as its
file exists, and fails until ``formulas.py`` holds its definition.
"""

import ast
import inspect
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.activations import ACTIVATIONS
from core.spec import FRAMEWORKS, Activation, Parameter, no_breaks
from tests.formulas import DIGITS, FORMULAS, formula
from tests.latex import evaluate

GOLDEN = json.loads(
    (Path(__file__).parent / "golden" / "pytorch_activations.json").read_text(encoding="utf-8")
)

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
with_parameters = pytest.mark.parametrize(
    "activation",
    [a for a in ACTIVATIONS.values() if a.parameters],
    ids=[a.key for a in ACTIVATIONS.values() if a.parameters],
)
drawn = settings(max_examples=40, deadline=None, derandomize=True, database=None)

MAX = float(np.finfo(np.float64).max)
SPECIAL = sorted(
    sign * magnitude
    for magnitude in (
        0.0,
        5e-324,
        1e-308,
        1e-200,
        1e-100,
        1e-16,
        1e-8,
        1e-4,
        0.5,
        1.0,
        5.6,
        8.4,
        19.1,
        20.0,
        20.5,
        36.9,
        38.6,
        88.8,
        300.0,
        709.8,
        745.2,
        1e4,
        1e8,
        1e16,
        1e103,
        1e154,
        1.4e154,
        1e200,
        1e308,
        MAX,
    )
    for sign in (-1.0, 1.0)
)


def random_points(count: int) -> list[float]:
    """Return points with magnitudes from 1e-300 to 1e308, and points within ±40."""
    rng = np.random.default_rng(20_000)
    wide = 10.0 ** rng.uniform(-300, 308, count) * rng.choice([-1, 1], count)
    return [*wide.tolist(), *rng.uniform(-40, 40, count).tolist()]


def slider_extremes(activation: Activation) -> list[dict[str, float]]:
    """Return the defaults, each slider at either end and at its named settings, and all ends."""
    found = [activation.defaults]
    for p in activation.parameters:
        found += [{**activation.defaults, p.name: v} for v in (p.low, p.high, *p.settings.values())]
    found.append({p.name: p.low for p in activation.parameters})
    found.append({p.name: p.high for p in activation.parameters})
    return [s for i, s in enumerate(found) if s not in found[:i] and is_sensible(s)]


def is_sensible(values: Mapping[str, float]) -> bool:
    """Tell whether the function is defined: hardtanh needs min_val < max_val."""
    return values.get("min_val", -math.inf) < values.get("max_val", math.inf)


def inside_slider(p: Parameter) -> st.SearchStrategy[float]:
    return st.floats(p.low, p.high).filter(lambda v: p.domain.contains(v))


def settings_of(activation: Activation) -> st.SearchStrategy[dict[str, float]]:
    drawn_values = {p.name: inside_slider(p) for p in activation.parameters}
    return st.fixed_dictionaries(drawn_values).filter(is_sensible)


def assert_close(
    answer: float,
    truth: Any,
    slope: Any,
    point: float,
    *,
    dtype: type = np.float64,
    label: str = "",
) -> None:
    """Hold ``answer`` to ``truth``, to a few dozen units in the last place.

    The allowance is relative: 1e-14 of the true value, plus what one rounding
    of a parameter times x costs (8 ulp of x, times the slope there: for
    sin(ωx) at huge x this is everything, and no more than a finite answer can be
    asked). Absolute room is given only where an intermediate result is subnormal, and
    so has fewer digits, before it is multiplied by an x of some hundreds.
    """
    info = np.finfo(dtype)
    relative = 1e-14 if dtype is np.float64 else 16 * float(info.eps)
    floor = 1000 * float(info.tiny)
    where = f"{label} at x = {point!r}: {answer!r}, truth {mpmath.nstr(truth, 17)}"
    with mpmath.workdps(DIGITS):
        if abs(truth) > float(info.max):
            assert answer == math.copysign(math.inf, truth), where
            return
        assert math.isfinite(answer), where
        error = abs(mpmath.mpf(float(answer)) - truth)
        room = relative * abs(truth) + 8 * float(info.eps) * abs(slope * point) + floor
        assert error <= room, f"{where}, error {mpmath.nstr(error, 3)}"


def is_at_break(key: str, point: float, values: Mapping[str, float]) -> bool:
    """Tell whether ``point`` is a break, where the gradient is a convention.

    The breaks of the hard sigmoid, ±1/(2 slope), are quotients: a few ulp around
    them belong to the break.
    """
    margin = 8 * np.finfo(float).eps if key == "hard_sigmoid" else 0.0
    return any(abs(point - b) <= margin * abs(b) for b in formula(key).breaks_at(values))


def check(activation: Activation, points: list[float], values: Mapping[str, float]) -> None:
    """Hold value and gradient at ``points`` to the definition, with every warning an error."""
    reference = formula(activation.key)
    x = np.array(points)
    with np.errstate(all="raise", under="ignore"):
        answers = activation(x, **values)
        gradients = activation.gradient(x, **values)
    assert answers.dtype == gradients.dtype == np.float64
    for point, answer, gradient in zip(points, answers.tolist(), gradients.tolist(), strict=True):
        truth = [reference.derivative(k, point, values) for k in range(3)]
        label = f"{activation.key} {dict(values)}"
        assert_close(answer, truth[0], truth[1], point, label=f"value of {label}")
        if not is_at_break(activation.key, point, values):
            assert_close(gradient, truth[1], truth[2], point, label=f"gradient of {label}")


# The reference itself


def test_every_definition_has_an_entry() -> None:
    assert set(FORMULAS) == set(ACTIVATIONS)


@every_activation
def test_definition_and_entry_take_the_same_parameters(activation: Activation) -> None:
    assert [str(p) for p in formula(activation.key).parameters] == sorted(activation.defaults)


@every_activation
def test_signatures_carry_the_declared_defaults(activation: Activation) -> None:
    """The plain functions can be called without the catalogue, and mean the same then."""
    functions = [activation.function, activation.derivative, activation.breaks]
    for function in (*functions, *activation.parameter_derivatives.values()):
        given = {
            name: p.default
            for name, p in inspect.signature(function).parameters.items()
            if p.default is not inspect.Parameter.empty
        }
        if function is not no_breaks:
            assert given == activation.defaults, function


@every_activation
def test_reference_has_converged(activation: Activation) -> None:
    """Twice the digits change nothing that a double could show."""
    reference = formula(activation.key)
    for point in (-745.2, -37.0, -1e-120, 1e-8, 3.3, 350.0):
        for order in (0, 1):
            value = reference.derivative(order, point, activation.defaults)
            better = reference.derivative(order, point, activation.defaults, 2 * DIGITS)
            assert abs(value - better) <= 1e-30 * abs(better) + mpmath.mpf("1e-345")


# Value and gradient


@every_activation
def test_value_and_gradient_follow_the_definition(activation: Activation) -> None:
    check(activation, [*SPECIAL, *random_points(40)], activation.defaults)


@with_parameters
def test_value_and_gradient_at_the_ends_of_each_slider(activation: Activation) -> None:
    for values in slider_extremes(activation):
        near = [
            float(np.nextafter(b, b + side))
            for b in formula(activation.key).breaks_at(values)
            for side in (-1, 0, 1)
            if activation.key != "hard_sigmoid"
        ]
        check(activation, [*near, *SPECIAL[::3], MAX, *random_points(5)], values)


@with_parameters
@drawn
@given(data=st.data())
def test_value_and_gradient_at_drawn_settings(activation: Activation, data: st.DataObject) -> None:
    values = data.draw(settings_of(activation))
    points = data.draw(
        st.lists(st.one_of(st.floats(-50, 50), st.floats(-MAX, MAX)), min_size=1, max_size=3)
    )
    check(activation, points, values)


@with_parameters
def test_parameter_derivatives_follow_the_definition(activation: Activation) -> None:
    reference = formula(activation.key)
    points = [p for p in [*SPECIAL, *random_points(10)] if p not in reference.breaks]
    for name in activation.parameter_derivatives:
        for values in slider_extremes(activation):
            with np.errstate(all="raise", under="ignore"):
                answers = activation.parameter_gradient(name, np.array(points), **values)
            for point, answer in zip(points, answers.tolist(), strict=True):
                truth = reference.parameter_derivative(name, point, values)
                assert_close(answer, truth, 1, point, label=f"∂{activation.key}/∂{name} {values}")


def test_prelu_slope_is_learned() -> None:
    assert "negative_slope" in ACTIVATIONS["prelu"].parameter_derivatives


def test_sine_of_a_huge_number_keeps_its_digits_where_the_product_is_exact() -> None:
    # The classic test of argument reduction: 1e22 is a double, and so is ω = 1.
    assert ACTIVATIONS["sine"](1e22, omega=1.0) == pytest.approx(-0.8522008497671888, rel=1e-15)


@every_activation
def test_breaks_are_those_of_the_definition(activation: Activation) -> None:
    for values in slider_extremes(activation):
        found = activation.breaks(**values)
        assert list(found) == sorted(found)
        expected = formula(activation.key).breaks_at(values)
        assert sorted(set(found)) == pytest.approx(sorted(set(expected)), rel=1e-15)


# PyTorch's answers


def golden_cases() -> list[Any]:
    """Return (key, parameters, x, value, gradient) for every golden case."""
    return [
        pytest.param(
            key,
            block["parameters"],
            float(x),
            float(value),
            # PyTorch refuses to differentiate heaviside; the flat parts have gradient 0.
            0.0 if gradient is None else float(gradient),
            id=f"{key}({x},{','.join(f'{k}={v:g}' for k, v in block['parameters'].items())})",
        )
        for key, blocks in GOLDEN["entries"].items()
        for block in blocks
        for x, value, gradient in block["cases"]
    ]


def gradient_limit(key: str, end: float, values: Mapping[str, float]) -> float:
    """Return the limit of f′ at ±∞, read off at ±1e30; a sine's gradient has none."""
    if key == "sine":
        return math.nan
    value = formula(key).derivative(1, math.copysign(1e30, end), values)
    if abs(value) > 1e20:
        return math.copysign(math.inf, value)
    return 0.0 if abs(value) < 1e-20 else float(value)


# PyTorch keeps 1/6 (hard sigmoid) and 1/alpha (CELU) as float32, so its float64
# gradient is off by about 1e-8 there.
FLOAT32_CONSTANT = {"hard_sigmoid": 1e-7, "celu": 1e-7}

golden = pytest.mark.parametrize(("key", "values", "x", "value", "gradient"), golden_cases())


@golden
def test_value_is_pytorchs(
    key: str, values: dict[str, float], x: float, value: float, gradient: float
) -> None:
    """At the breaks, at ±∞ and at nan the value is PyTorch's, nan included."""
    with np.errstate(all="raise", under="ignore"):
        answer = float(ACTIVATIONS[key](x, **values))
    assert answer == pytest.approx(value, rel=1e-15, abs=0, nan_ok=True)


@golden
def test_gradient_is_pytorchs(
    key: str, values: dict[str, float], x: float, value: float, gradient: float
) -> None:
    """At the breaks the gradient is PyTorch's; at ±∞ it may be the exact limit instead."""
    with np.errstate(all="raise", under="ignore"):
        answer = float(ACTIVATIONS[key].gradient(x, **values))
    allowed = [gradient]
    if math.isinf(x):
        allowed = [gradient_limit(key, x, values), gradient]
    elif math.isnan(x):
        # PyTorch's masks send nan down one branch or the other; nan may as well stay nan.
        allowed = [math.nan, gradient]
    rel = FLOAT32_CONSTANT.get(key, 1e-15)
    assert any(answer == pytest.approx(a, rel=rel, abs=0, nan_ok=True) for a in allowed), (
        f"{key}'({x}) is {answer}, not {allowed}"
    )


@every_activation
def test_golden_values_cover_the_entry(activation: Activation) -> None:
    blocks = GOLDEN["entries"][activation.key]
    defaults = activation.defaults
    covered = {float(x) for b in blocks if b["parameters"] == defaults for x, *_ in b["cases"]}
    assert covered >= {math.inf, -math.inf, *activation.breaks(**defaults)}
    assert any(map(math.isnan, covered))
    for name, default in defaults.items():
        assert any(b["parameters"][name] != default for b in blocks)


# Types, shapes and arguments


@every_activation
def test_float32_stays_float32_and_is_accurate(activation: Activation) -> None:
    rng = np.random.default_rng(32)
    wide = 10.0 ** rng.uniform(-30, 38, 20) * rng.choice([-1, 1], 20)
    x = np.concatenate([wide, rng.uniform(-20, 20, 40)]).astype(np.float32)
    values = activation.defaults
    with np.errstate(all="raise", under="ignore"):
        answers, gradients = activation(x), activation.gradient(x)
    assert answers.dtype == gradients.dtype == np.float32
    reference = formula(activation.key)
    for point, answer, gradient in zip(
        x.tolist(), answers.tolist(), gradients.tolist(), strict=True
    ):
        f0, f1, f2 = (reference.derivative(k, point, values) for k in range(3))
        name = f"{activation.key} in float32"
        assert_close(answer, f0, f1, point, dtype=np.float32, label=name)
        assert_close(gradient, f1, f2, point, dtype=np.float32, label=f"gradient of {name}")


@every_activation
def test_parameters_do_not_promote_float32(activation: Activation) -> None:
    x = np.linspace(-3, 3, 7, dtype=np.float32)
    arrays = {k: np.full(7, v, dtype=np.float64) for k, v in activation.defaults.items()}
    scalars = {k: np.float64(v) for k, v in activation.defaults.items()}
    for values in (arrays, scalars):
        assert activation(x, **values).dtype == np.float32
        assert activation.gradient(x, **values).dtype == np.float32


@every_activation
@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8", "bool", "float16", ">f8"])
def test_other_numbers_compute_in_float64(activation: Activation, dtype: str) -> None:
    x = np.array([0, 1, 2, 3]).astype(dtype)
    for function in (activation, activation.gradient):
        answer = function(x)
        assert answer.dtype == np.float64
        np.testing.assert_array_equal(answer, function(x.astype(np.float64)))


@every_activation
def test_shapes_are_kept(activation: Activation) -> None:
    square = np.linspace(-5, 5, 36).reshape(6, 6)
    inputs = (2, -1.5, [1.0, -1.0], np.float64(0.3), np.array(0.3), np.empty(0), np.empty((0, 3)))
    for x in (*inputs, square, square[::2, ::-3], square.T, np.broadcast_to(1.5, (2, 3))):
        for function in (activation, activation.gradient):
            answer = function(x)
            assert isinstance(answer, np.ndarray)
            assert answer.shape == np.shape(x)
            one_by_one = [float(function(float(v))) for v in np.ravel(x)]
            np.testing.assert_allclose(answer.ravel(), one_by_one, rtol=1e-14, atol=0)


@every_activation
def test_input_is_neither_changed_nor_handed_back(activation: Activation) -> None:
    """A caller may write into the result, and the input stays what it was."""
    for dtype in (np.float32, np.float64):
        x = np.linspace(-4, 4, 9, dtype=dtype)
        x.flags.writeable = False
        before = x.copy()
        for function in (activation, activation.gradient):
            answer = function(x)
            assert not np.shares_memory(answer, x)
            answer[...] = 7
            np.testing.assert_array_equal(x, before)


@every_activation
def test_what_is_not_real_is_refused(activation: Activation) -> None:
    for x in (1j, np.array([1 + 0j]), "1.0", np.array(["a"]), None, [None], np.array([1], object)):
        for function in (activation, activation.gradient):
            with pytest.raises(TypeError, match=activation.key):
                function(x)


@every_activation
def test_unknown_parameters_are_refused(activation: Activation) -> None:
    for function in (activation, activation.gradient):
        with pytest.raises(TypeError, match="no parameter stranger"):
            function(1.0, stranger=1.0)


@with_parameters
def test_parameters_outside_their_domain_are_refused(activation: Activation) -> None:
    for p in activation.parameters:
        outside = [math.nan, math.inf, -math.inf]
        if math.isfinite(p.domain.low):
            outside.append(p.domain.low - 1)
            outside += [] if p.domain.low_closed else [p.domain.low]
        if math.isfinite(p.domain.high):
            outside.append(p.domain.high + 1)
            outside += [] if p.domain.high_closed else [p.domain.high]
        expected = rf"{p.name} must be finite and in {re.escape(str(p.domain))}"
        for value in (*outside, np.array([p.default, math.nan])):
            for function in (activation, activation.gradient):
                with pytest.raises(ValueError, match=expected):
                    function(1.0, **{p.name: value})
        for value in ("wide", None, 1j, [[1.0], [1.0, 2.0]]):
            with pytest.raises(TypeError, match=p.name):
                activation(1.0, **{p.name: value})


@pytest.mark.parametrize("function", ["__call__", "gradient"])
@pytest.mark.parametrize("low", [1.0, 2.0, np.array([0.0, 1.5])])
def test_hardtanh_refuses_ends_in_the_wrong_order(function: str, low: Any) -> None:
    with pytest.raises(ValueError, match=r"min_val .* max_val"):
        getattr(ACTIVATIONS["hardtanh"], function)([0.5, 0.5], min_val=low, max_val=1.0)


@with_parameters
def test_array_parameters_broadcast_like_a_loop(activation: Activation) -> None:
    x = np.array([-1e3, -3.0, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 2.5, 6.0, 1e3])
    derivatives = [
        lambda x, _name=name, **p: activation.parameter_gradient(_name, x, **p)
        for name in activation.parameter_derivatives
    ]
    for p in activation.parameters:
        column = np.linspace(p.low, p.high, 5)
        column = column[[p.domain.contains(v) for v in column]]
        for function in (activation, activation.gradient, *derivatives):
            with np.errstate(all="raise", under="ignore"):
                together = function(x, **{p.name: column[:, None]})
                loop = [function(x, **{p.name: v}) for v in column.tolist()]
            np.testing.assert_allclose(together, loop, rtol=1e-14, atol=0)


# What is shown


@every_activation
def test_formula_names_every_parameter_and_balances(activation: Activation) -> None:
    assert activation.formula.startswith("f(x)=")
    assert activation.gradient_formula.startswith("f'(x)=")
    for p in activation.parameters:
        assert p.symbol in activation.formula, f"{p.symbol} is missing"
    for text in (activation.formula, activation.gradient_formula):
        bare = re.sub(r"\\[{}]", "", text)
        depths = np.cumsum([{"{": 1, "}": -1}.get(c, 0) for c in bare])
        assert depths.min() >= 0
        assert depths[-1] == 0
        assert re.findall(r"\\begin{(\w+)}", text) == re.findall(r"\\end{(\w+)}", text)
        assert text.count(r"\left") == text.count(r"\right")


@every_activation
def test_parameters_have_symbols_of_their_own(activation: Activation) -> None:
    symbols = [p.symbol for p in activation.parameters]
    assert len(set(symbols)) == len(symbols)
    assert not {"x", "f", "e"} & set(symbols)


@every_activation
@pytest.mark.parametrize("order", [0, 1], ids=["formula", "gradient_formula"])
def test_formula_shown_is_the_definition(activation: Activation, order: int) -> None:
    """Read the LaTeX as a reader would, and work it out: far from, near and at the breaks."""
    text = (activation.formula, activation.gradient_formula)[order]
    compute = (activation, activation.gradient)[order]
    reference = formula(activation.key)
    for values in slider_extremes(activation):
        breaks = reference.breaks_at(values)
        near = [b + side * max(abs(b), 1) for b in breaks for side in (-1e-6, 1e-6)]
        for point in (-7.3, -3.1, -1.1, -0.3, 0.2, 0.45, 0.9, 2.9, 6.5, *near, *breaks):
            if is_at_break(activation.key, point, values):
                if activation.key == "hard_sigmoid":
                    continue  # its breaks are no exact doubles
                # What the formula says of the break itself is what the code does there.
                truth, room = mpmath.mpf(float(compute(point, **values))), mpmath.mpf("1e-15")
            else:
                truth, room = reference.derivative(order, point, values), mpmath.mpf("1e-30")
            symbols = {p.symbol: mpmath.mpf(values[p.name]) for p in activation.parameters}
            with mpmath.workdps(40):
                shown = evaluate(text, {"x": mpmath.mpf(point), **symbols}, activation.formula)
                assert abs(shown - truth) <= room * (1 + abs(truth)), f"{text} at {point}, {values}"


@every_activation
def test_numpy_snippet_computes_the_function(activation: Activation) -> None:
    x = np.linspace(-30, 30, 1201)
    for values in slider_extremes(activation):
        namespace: dict[str, Any] = {"x": x}
        exec(activation.snippet("numpy", **values), namespace)
        np.testing.assert_allclose(
            namespace["y"], activation(x, **values), rtol=1e-12, atol=1e-12, err_msg=str(values)
        )


@every_activation
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_snippets_are_python_and_spell_out_every_parameter(
    activation: Activation, framework: str
) -> None:
    values = {p.name: (p.low + 2 * p.high) / 3 for p in activation.parameters}
    code = activation.snippet(framework, **values)
    tree = ast.parse(code)
    assert "$" not in code
    numbers = {repr(n.value) for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    for name, value in values.items():
        assert repr(abs(float(value))) in numbers, f"{name} is not written out"
    assigned = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == "y"}
    assert assigned == {"y"}
    assert max(map(len, code.splitlines())) <= 100
    imports = {
        alias.name.split(".")[0]
        for n in ast.walk(tree)
        if isinstance(n, ast.Import)
        for alias in n.names
    }
    root = {"numpy": {"numpy", "scipy", "math"}, "pytorch": {"torch", "math"}}
    assert imports <= root.get(framework, {framework, "math"})


@every_activation
def test_texts_are_there_and_tidy(activation: Activation) -> None:
    entry = activation
    parameter_texts = [p.meaning for p in entry.parameters]
    texts = [entry.name, entry.insight, entry.use, entry.avoid, entry.origin.authors]
    texts += [entry.origin.title, *entry.strengths, *entry.weaknesses, *parameter_texts]
    for text in (*texts, *([entry.at_breaks] if entry.at_breaks else [])):
        assert text
        assert text == text.strip()
        assert "  " not in text
        assert "\n" not in text
    for sentence in (entry.insight, entry.use, entry.avoid):
        assert sentence.endswith(".")
    assert len(entry.strengths) >= 2
    assert len(entry.weaknesses) >= 2
    assert 1700 <= entry.origin.year <= 2026
    assert not entry.origin.url or entry.origin.url.startswith("https://")


def test_the_numbers_in_the_texts() -> None:
    """Each number that a text states, computed; and the text that states it."""
    x = np.linspace(-12.0, 12.0, 240_001)
    f = {key: one(x) for key, one in ACTIVATIONS.items()}
    slope = {key: one.gradient for key, one in ACTIVATIONS.items()}
    density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi) * (x[1] - x[0])
    between = np.abs(f["gelu"] - f["gelu_tanh"])
    away = np.abs(x) > 1e-9
    for key, number, written in (
        ("gelu", np.max(f["relu"] - f["gelu"]), "never more than {:.2f} below it"),
        ("gelu", x[f["gelu"].argmin()], "at x = {:.3f}, where the gradient is 0"),
        ("gelu_tanh", between.max() + 5e-6, "Within {:.5f} of GELU"),
        ("gelu_tanh", np.max(between[away] / np.abs(x[away])), "to within {:.4f}"),
        ("hard_sigmoid", np.max(np.abs(f["hard_sigmoid"] - f["sigmoid"])), "Up to {:.3f} away"),
        ("hard_swish", np.max(np.abs(f["hard_swish"] - f["swish"])) + 0.005, "Within {:.2f} of"),
        ("hard_swish", f["hard_swish"].min(), "falls to {:.3f} at x = −1.5"),
        ("mish", f["mish"].min(), "falls to {:.3f} at"),
        ("mish", x[f["mish"].argmin()], "at x = {:.2f}"),
        ("mish", slope["mish"](0.0), "Slope {:.1f} at 0"),
        ("selu", slope["selu"](0.0), "falls from {:.3f} to 1.051"),
        ("selu", 100 * math.sqrt(density @ slope["selu"](x) ** 2) - 100, "grows by about {:.1f} %"),
        ("softplus", density @ f["softplus"], "the mean is {:.2f} for a standard normal"),
        ("softsign", slope["tanh"](1.0), "tanh keeps {:.2f}"),
        ("swish", f["swish"].min(), "at β = 1 it falls to {:.3f}"),
        ("swish", x[f["swish"].argmin()], "at x = {:.3f}"),
        ("thresholded_relu", 100 * density[x < 1].sum(), "for {:.0f} % of standard normal"),
    ):
        entry = ACTIVATIONS[key]
        texts = " ".join((entry.insight, entry.at_breaks, *entry.strengths, *entry.weaknesses))
        assert written.format(float(number)).replace("-", "−") in texts
    assert slope["sigmoid"](5.99) < 0.0025 < slope["sigmoid"](5.98)
    assert slope["tanh"](1.66) > slope["sigmoid"](1.66)
    assert slope["tanh"](1.67) < slope["sigmoid"](1.67)
    assert slope["tanh"](3.0) < 0.01
    assert ACTIVATIONS["softsign"](9.0) == 0.9


def test_catalogue_is_in_teaching_order() -> None:
    orders = [a.order for a in ACTIVATIONS.values()]
    assert orders == sorted(orders)
    families = [a.family for a in ACTIVATIONS.values()]
    chapters = [f for i, f in enumerate(families) if i == 0 or families[i - 1] is not f]
    assert len(chapters) == len(set(chapters)), "a chapter is broken up"
    assert chapters == [f for f in type(families[0]) if f in chapters]


# Properties

numbers = st.floats(-MAX, MAX)
moderate = st.floats(-700, 700)
EPS = float(np.finfo(float).eps)


def f(key: str, x: float, **values: float) -> float:
    with np.errstate(all="raise", under="ignore"):
        return float(ACTIVATIONS[key](x, **values))


@pytest.mark.parametrize(
    "key",
    ["identity", "tanh", "softsign", "sine", "softshrink", "hardshrink", "tanhshrink", "hardtanh"],
)
@drawn
@given(x=numbers)
def test_odd_functions_are_odd_to_the_last_bit(key: str, x: float) -> None:
    assert f(key, -x) == -f(key, x)
    gradient = ACTIVATIONS[key].gradient
    assert gradient(-x) == gradient(x)


@drawn
@given(x=numbers)
def test_gaussian_is_even_to_the_last_bit(x: float) -> None:
    assert f("gaussian", -x) == f("gaussian", x)


@pytest.mark.parametrize(
    "key",
    [
        *("identity", "step", "sigmoid", "tanh", "softsign", "log_sigmoid", "hard_sigmoid"),
        *("hardtanh", "softshrink", "hardshrink", "tanhshrink", "relu", "squared_relu"),
        *("capped_relu", "leaky_relu", "prelu", "thresholded_relu", "elu", "celu", "selu"),
        "softplus",
    ],
)
@drawn
@given(one=numbers, other=st.one_of(numbers, moderate))
def test_monotone_functions_never_fall(key: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert f(key, low) <= f(key, high) or f(key, low) == pytest.approx(f(key, high), rel=4 * EPS)
    assert ACTIVATIONS[key].gradient(one) >= 0


@pytest.mark.parametrize("key", ["sigmoid", "hard_sigmoid"])
@drawn
@given(x=st.one_of(numbers, moderate))
def test_sigmoids_mirror(key: str, x: float) -> None:
    assert f(key, x) + f(key, -x) == pytest.approx(1, rel=2 * EPS)


@pytest.mark.parametrize("key", ["softplus", "gelu", "gelu_tanh", "swish", "hard_swish"])
@drawn
@given(x=st.one_of(numbers, moderate))
def test_smooth_rectifiers_differ_from_their_mirror_by_x(key: str, x: float) -> None:
    # x·g(x) with a gate that mirrors, g(x) + g(−x) = 1, and softplus too.
    assert f(key, x) - f(key, -x) == pytest.approx(x, rel=4 * EPS, abs=4 * EPS)


@drawn
@given(x=st.one_of(numbers, moderate))
def test_log_sigmoid_is_the_mirrored_softplus(x: float) -> None:
    assert f("log_sigmoid", x) == pytest.approx(-f("softplus", -x, beta=1.0), rel=4 * EPS)


@pytest.mark.parametrize("key", ["relu", "leaky_relu", "prelu", "identity"])
@drawn
@given(x=st.floats(-1e100, 1e100), power=st.integers(-300, 300))
def test_positive_homogeneity(key: str, x: float, power: int) -> None:
    # A power of two scales without rounding.
    scale = 2.0**power
    scaled = f(key, scale * x)
    assert scaled == scale * f(key, x) or abs(scaled) < 1e-300
    assert ACTIVATIONS[key].gradient(scale * x) == ACTIVATIONS[key].gradient(x) or x * scale == 0


@drawn
@given(x=numbers, slope=st.floats(0, 1))
def test_families_contain_each_other(x: float, slope: float) -> None:
    assert f("elu", x, alpha=1.0) == f("celu", x, alpha=1.0)
    assert f("selu", x, alpha=1.0, scale=1.0) == f("elu", x, alpha=1.0)
    assert f("capped_relu", x) == np.clip(x, 0, 6)
    assert f("capped_relu", x, max_value=1.0, negative_slope=0.0) == f("hardtanh", x, min_val=0.0)
    assert f("leaky_relu", x, negative_slope=slope) == f("prelu", x, negative_slope=slope)
    assert f("leaky_relu", x, negative_slope=0.0) == f("relu", x) == max(x, 0)
    assert f("leaky_relu", x, negative_slope=slope) == max(x, slope * x)
    assert f("thresholded_relu", x, theta=0.0) == f("relu", x)
    assert f("softshrink", x, lambd=0.0) == f("hardshrink", x, lambd=0.0) == x


@drawn
@given(x=st.floats(-700, 700))
def test_relatives_agree(x: float) -> None:
    assert f("tanh", x) == pytest.approx(2 * f("sigmoid", 2 * x) - 1, rel=1e-14, abs=4 * EPS)
    assert f("tanhshrink", x) + f("tanh", x) == pytest.approx(x, rel=4 * EPS, abs=0)
    assert f("swish", x) == pytest.approx(x * f("sigmoid", x), rel=8 * EPS, abs=1e-300)
    assert abs(f("gelu", x) - f("gelu_tanh", x)) < 5e-4
    assert ACTIVATIONS["softplus"].gradient(x) == pytest.approx(f("sigmoid", x), rel=4 * EPS)


def test_steep_swish_and_softplus_tend_to_relu() -> None:
    x = np.linspace(-5, 5, 1001)
    relu = ACTIVATIONS["relu"](x)
    # The largest gaps: 0.2785/β for swish, log(2)/β for softplus.
    for key, gap in (("swish", 0.2785), ("softplus", math.log(2))):
        for beta in (1e2, 1e4, 1e6, 1e300):
            with np.errstate(all="raise", under="ignore"):
                assert np.abs(ACTIVATIONS[key](x, beta=beta) - relu).max() <= gap / beta


def test_selu_keeps_mean_zero_and_variance_one() -> None:
    """Its constants are the fixed point of a standard normal input (Klambauer et al., 2017)."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    moments = np.zeros(2)
    for low, high in ((-12.0, 0.0), (0.0, 12.0)):
        z = (high - low) / 2 * nodes + (high + low) / 2
        density = (high - low) / 2 * weights * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
        y = ACTIVATIONS["selu"](z)
        moments += [density @ y, density @ y**2]
    np.testing.assert_allclose(moments, [0, 1], atol=1e-13)
