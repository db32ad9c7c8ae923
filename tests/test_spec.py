"""The catalogue's contract: what an entry must be, and how the loader refuses what is not one."""

import dataclasses
import itertools
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from core.activations import ACTIVATIONS
from core.spec import (
    FRAMEWORKS,
    NON_NEGATIVE,
    POSITIVE,
    REALS,
    Activation,
    CatalogueError,
    Code,
    Family,
    Interval,
    Origin,
    Parameter,
    load_catalogue,
)


def line(x, slope=1.0):
    return slope * x


def flat(x, slope=1.0):
    return slope * np.ones_like(x)


def tilt(x, slope=1.0):
    return x


SLOPE = Parameter("slope", "a", 1.0, low=0.1, high=2.0, step=0.1, meaning="tilt", domain=POSITIVE)
PLAIN = Code("y = $slope * x", "y = $slope * x", "y = x * $slope", "y = ($slope) * x")


def entry(**changes: Any) -> Activation:
    """Return a small valid entry, with some fields replaced."""
    fields: dict[str, Any] = {
        "key": "line",
        "name": "Line",
        "order": 1,
        "family": Family.LINES_AND_STEPS,
        "function": line,
        "derivative": flat,
        "formula": "f(x)=ax",
        "gradient_formula": "f'(x)=a",
        "insight": "It tilts.",
        "use": "Never.",
        "avoid": "Always.",
        "strengths": ("short", "exact"),
        "weaknesses": ("linear", "dull"),
        "origin": Origin("Nobody", 2000, "Nothing"),
        "code": PLAIN,
        "parameters": (SLOPE,),
    }
    return Activation(**{**fields, **changes})


# Interval


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        (REALS, [0, -1e308, 1e308], [math.inf, -math.inf, math.nan]),
        (POSITIVE, [5e-324, 1e308], [0, -1, math.inf, math.nan]),
        (NON_NEGATIVE, [0, -0.0, 1], [-5e-324, math.inf, math.nan]),
        (Interval(0, 1), [0.5], [0, 1]),
        (Interval(0, 1, low_closed=True), [0, 0.5], [1]),
        (Interval(0, 1, high_closed=True), [1, 0.5], [0]),
        (Interval(0, 1, True, True), [0, 1, True, np.float32(0.5)], [-0.1, 1.1]),
    ],
)
def test_interval_contains(interval: Interval, inside: list[float], outside: list[float]) -> None:
    assert interval.contains(inside)
    for value in inside:
        assert interval.contains(value)
    for value in outside:
        assert not interval.contains(value)
        assert not interval.contains([*inside, value])


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (REALS, "(−∞, ∞)"),
        (POSITIVE, "(0, ∞)"),
        (NON_NEGATIVE, "[0, ∞)"),
        (Interval(-1.5, 1, True, True), "[−1.5, 1]"),
        (Interval(high=-2, high_closed=True), "(−∞, −2]"),
        (Interval(0, 0.25), "(0, 0.25)"),
    ],
)
def test_interval_in_words(interval: Interval, text: str) -> None:
    assert str(interval) == text


# Parameter


def test_parameter_shows_a_glyph() -> None:
    assert dataclasses.replace(SLOPE, symbol=r"\alpha").glyph == "α"
    assert SLOPE.glyph == "a"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"default": 0.0}, "default lies outside"),
        ({"default": 2.5}, "default lies outside"),
        ({"default": math.nan}, "default lies outside"),
        ({"low": 0.0}, r"leaves the domain \(0, ∞\)"),
        ({"high": math.inf}, "leaves the domain"),
        ({"step": 0.0}, "1 to 200 steps"),
        ({"step": -0.1}, "1 to 200 steps"),
        ({"step": math.nan}, "1 to 200 steps"),
        ({"step": 0.001}, "1 to 200 steps"),
    ],
)
def test_impossible_parameters_are_refused(changes: dict[str, float], complaint: str) -> None:
    with pytest.raises(CatalogueError, match=f"slope: .*{complaint}"):
        dataclasses.replace(SLOPE, **changes)


def test_every_slider_reaches_its_default_in_whole_steps() -> None:
    """A slider whose grid misses its default would move it at the first touch."""
    for activation in ACTIVATIONS.values():
        for p in activation.parameters:
            assert p.low < p.high
            if activation.key != "selu":  # its constants have sixteen digits
                steps = (p.default - p.low) / p.step
                assert steps == pytest.approx(round(steps), abs=1e-9), f"{activation.key}.{p.name}"
            assert all(p.low <= v <= p.high for v in p.settings.values())


# Activation


def test_a_valid_entry_computes() -> None:
    one = entry()
    assert one(3, slope=0.5) == 1.5
    assert one.gradient([1.0, 2.0]).tolist() == [1.0, 1.0]
    assert one.defaults == {"slope": 1.0}


def test_entries_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry().key = "other"


@pytest.mark.parametrize("changes", ["function", "derivative", "parameter_derivatives"])
@pytest.mark.parametrize("wrong", [lambda x: x, lambda x, tilt: x, lambda x, slope, more: x])
def test_signature_must_name_the_parameters(changes: str, wrong: Callable[..., Any]) -> None:
    value = {"slope": wrong} if changes == "parameter_derivatives" else wrong
    with pytest.raises(CatalogueError, match=r"line: .* does not take \['slope'\]"):
        entry(**{changes: value})


def test_derivative_of_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(CatalogueError, match=r"line: no parameter named \['tilt'\]"):
        entry(parameter_derivatives={"tilt": tilt})


def test_breaks_must_be_explained() -> None:
    def breaks(slope=1.0):
        return (0.0,)

    with pytest.raises(CatalogueError, match="line: say which gradient is used"):
        entry(breaks=breaks)
    assert entry(breaks=breaks, at_breaks="At 0 it is a.").breaks() == (0.0,)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_snippet_that_names_a_stranger_is_refused(framework: str) -> None:
    code = dataclasses.replace(PLAIN, **{framework: "y = $stranger * x"})
    with pytest.raises(CatalogueError, match=f"line: the {framework} snippet names a stranger"):
        entry(code=code)


@pytest.mark.parametrize(
    ("value", "spelling"),
    [(1, "1.0"), (0.1, "0.1"), (-2.5, "-2.5"), (1e-7, "1e-07"), (np.float64(1 / 3), repr(1 / 3))],
)
def test_snippet_spells_values_out(value: float, spelling: str) -> None:
    for framework in FRAMEWORKS:
        assert spelling in entry().snippet(framework, slope=value)
    assert entry().snippet("numpy", slope=value) == f"y = {spelling} * x"


def test_snippet_writes_defaults_out_too() -> None:
    assert entry().snippet("jax") == "y = (1.0) * x"


def test_unknown_parameter_is_named() -> None:
    with pytest.raises(TypeError, match="line has no parameter bend, twist"):
        entry()(1.0, twist=1, bend=2, slope=1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -1.0])
def test_value_outside_the_domain_is_named(value: float) -> None:
    with pytest.raises(ValueError, match=r"line: slope must be finite and in \(0, ∞\)"):
        entry()(1.0, slope=value)


@pytest.mark.parametrize("value", ["wide", None, 1j, object()])
def test_value_that_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="line: slope must be a number"):
        entry()(1.0, slope=value)


def test_parameter_gradient() -> None:
    learned = entry(parameter_derivatives={"slope": tilt})
    assert learned.parameter_gradient("slope", [1.0, 2.0], slope=0.3).tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="slope"):
        learned.parameter_gradient("slope", 1.0, slope=-1.0)
    with pytest.raises(KeyError):
        entry().parameter_gradient("slope", 1.0)


# The loader

ENTRY = """
from tests.test_spec import entry
SPEC = entry(key={key!r}, order={order})
"""

numbering = itertools.count()


@pytest.fixture
def load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Mapping[str, str]], Mapping[str, Activation]]:
    """Give a function that writes modules into a new package and loads it as a catalogue."""
    monkeypatch.syspath_prepend(tmp_path)

    def write_and_load(modules: Mapping[str, str]) -> Mapping[str, Activation]:
        package = f"temporary_catalogue_{next(numbering)}"
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").touch()
        for name, source in modules.items():
            (folder / f"{name}.py").write_text(source, encoding="utf-8")
        try:
            return load_catalogue(package, [str(folder)], Activation)
        finally:
            for name in [m for m in sys.modules if m.startswith(package)]:
                del sys.modules[name]

    return write_and_load


def test_loader_sorts_by_order(load: Callable[..., Any]) -> None:
    found = load(
        {
            "alpha": ENTRY.format(key="alpha", order=2),
            "beta": ENTRY.format(key="beta", order=1),
        }
    )
    assert list(found) == ["beta", "alpha"]
    assert isinstance(found, MappingProxyType)


@pytest.mark.parametrize(
    ("modules", "complaint"),
    [
        ({"alpha": "x = 1"}, "alpha holds no SPEC of Activation"),
        ({"alpha": "SPEC = 'not an entry'"}, "alpha holds no SPEC of Activation"),
        ({"alpha": ENTRY.format(key="beta", order=1)}, "alpha calls itself beta"),
        (
            {
                "alpha": ENTRY.format(key="alpha", order=1),
                "beta": ENTRY.format(key="beta", order=1),
            },
            "alpha and beta claim the same place 1",
        ),
    ],
)
def test_loader_refuses(
    load: Callable[..., Any], modules: Mapping[str, str], complaint: str
) -> None:
    with pytest.raises(CatalogueError, match=complaint):
        load(modules)


def test_a_broken_module_is_not_passed_over(load: Callable[..., Any]) -> None:
    with pytest.raises(ZeroDivisionError):
        load({"alpha": "1 / 0"})


def test_the_catalogue_is_read_only() -> None:
    with pytest.raises(TypeError):
        ACTIVATIONS["new"] = entry()


def test_a_year_stands_behind_the_first_of_several_authors():
    assert Origin("Legendre; with noise Gauss (1809)", 1805, "").credit == (
        "Legendre (1805); with noise Gauss (1809)"
    )
    assert Origin("Barron", 2019, "").credit == "Barron (2019)"
