"""Numbers and facts in words: readable, aligned, and never more than is true."""

import math
import re

import pytest

from core.activations import ACTIVATIONS
from core.facts import facts
from core.numeric import Receipt
from core.spec import Interval
from pages.ui import wording

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)


def verdict(key, threshold=0.01, **parameters):
    activation = ACTIVATIONS[key]
    found = facts(activation, saturated_below=threshold, **parameters)
    return wording.verdict(activation.name, found, threshold)


def cells(markdown):
    """Split a Markdown table into rows of cells, escaped bars kept as bars."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in markdown.splitlines()]
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in rows]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.0, "−1"),
        (100.0, "100"),
        (0.25, "0.25"),
        (-0.5, "−0.5"),
        (1 / 6, "0.1667"),
        (2.5, "2.5"),
        (0.001, "0.001"),
        (3e-9, "3·10⁻⁹"),
        (-3.14159e-9, "−3.142·10⁻⁹"),
        (0.25**10, "9.537·10⁻⁷"),
        (1e5, "1·10⁵"),
        (123456.0, "1.235·10⁵"),
        (1e300, "1·10³⁰⁰"),
        (5e-324, "4.941·10⁻³²⁴"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "undefined"),
    ],
)
def test_number(value, written):
    assert wording.number(value) == written


def test_number_with_fewer_digits():
    assert wording.number(0.25**10, 2) == "9.5·10⁻⁷"
    assert wording.number(1 / 6, 2) == "0.17"
    assert wording.number(-4.60517, 2) == "−4.61"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0.0000"),
        (-0.0, "0.0000"),
        (1.0, "1.0000"),
        (1 / 6, "0.1667"),
        (-1.7581, "−1.7581"),
        (12345.678, "12345.6780"),
        (0.0001, "0.0001"),
        (3e-9, "3·10⁻⁹"),
        (-1.234e-5, "−1.23·10⁻⁵"),
        (1.5e7, "1.5·10⁷"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "undefined"),
    ],
)
def test_fixed(value, written):
    assert wording.fixed(value) == written


def test_fixed_numbers_are_aligned():
    written = [wording.fixed(v) for v in (0.0, 0.25, 1.0, -9.87654321)]
    assert {len(text.partition(".")[2]) for text in written} == {4}


@pytest.mark.parametrize("value", [10.0**n * sign for n in range(-320, 309, 7) for sign in (1, -1)])
def test_no_number_reads_like_code(value):
    for written in (wording.number(value), wording.fixed(value)):
        assert "e" not in written
        assert "-" not in written
        assert len(written) <= 12


def test_percent():
    assert wording.percent(0.5) == "50.0\xa0%"
    assert wording.percent(0.8413447) == "84.1\xa0%"
    assert wording.percent(0.0) == "0.0\xa0%"


@pytest.mark.parametrize(
    ("one", "written"),
    [
        (Interval(), "(−∞,\xa0∞)"),
        (Interval(0.0, 1.0, True, True), "[0,\xa01]"),
        (Interval(-1.0, low_closed=True), "[−1,\xa0∞)"),
        (Interval(high=1e-9), "(−∞,\xa01·10⁻⁹)"),
        (Interval(0.0, 0.0, True, True), "{0}"),
    ],
)
def test_interval(one, written):
    assert wording.interval(one) == written


@pytest.mark.parametrize(
    ("key", "smooth", "joins"),
    [
        ("sigmoid", "C∞ (smooth)", "none"),
        ("step", "discontinuous", "jump at 0"),
        ("relu", "C⁰", "kink at 0"),
        ("softsign", "C¹", "bend at 0"),
        ("hardshrink", "discontinuous", "jump at −0.5, jump at 0.5"),
    ],
)
def test_smoothness_and_joins(key, smooth, joins):
    found = facts(ACTIVATIONS[key])
    assert wording.smoothness(found) == smooth
    assert wording.joins(found) == joins


def test_saturation():
    assert wording.saturation(facts(ACTIVATIONS["identity"])) == "nowhere"
    assert wording.saturation(facts(ACTIVATIONS["relu"])) == "(−∞,\xa00]"
    tanh = wording.saturation(facts(ACTIVATIONS["tanh"]))
    assert tanh == "(−∞,\xa0−2.9932) and (2.9932,\xa0∞)"
    assert wording.saturation(facts(ACTIVATIONS["sine"])).endswith(" and 9 more within ±20")


def test_steepest():
    assert wording.steepest(facts(ACTIVATIONS["sigmoid"])) == "0.2500 at x = 0"
    assert wording.steepest(facts(ACTIVATIONS["softplus"])) == "1.0000 as x → ∞"
    assert wording.steepest(facts(ACTIVATIONS["log_sigmoid"])) == "1.0000 as x → −∞"


def test_receipt():
    assert wording.receipt(Receipt(1.234e-12, -0.5, 241)) == "1.2·10⁻¹² at x = −0.5"
    assert wording.receipt(Receipt(0.0, 0.0, 241)) == "0 at x = 0"


@pytest.mark.parametrize(
    ("key", "parameters", "said"),
    [
        # 0.25 to the tenth power is 9.54e-7.
        ("sigmoid", {}, "never passes more than 0.25 of the gradient: ten layers of it leave at "
         "most 9.5·10⁻⁷"),
        ("relu", {}, "blocks the gradient completely on 50.0\xa0% of a standard normal input"),
        ("thresholded_relu", {}, "completely on 84.1\xa0%"),
        ("step", {}, "gradient of zero everywhere"),
        ("identity", {}, "never enlarges the gradient and never shuts it off"),
        ("leaky_relu", {}, "never enlarges the gradient and never shuts it off"),
        ("elu", {"alpha": 0.0}, "completely on 50.0\xa0%"),
        ("elu", {}, "whole where it is steepest, and less than 1\xa0% of it where it saturates"),
        ("selu", {}, "can enlarge the gradient: 1.7581-fold where it is steepest"),
        ("gelu", {}, "1.1289-fold where it is steepest, 0.5-fold at zero"),
        ("prelu", {"negative_slope": 2.0}, "can enlarge the gradient: 2-fold"),
    ],
)  # fmt: skip
def test_verdict(key, parameters, said):
    sentence = verdict(key, **parameters)
    assert said in sentence
    assert sentence.startswith(f"**{ACTIVATIONS[key].name}** ")


@every_activation
def test_every_verdict_is_one_sentence(activation):
    for ends in ({}, *({p.name: end} for p in activation.parameters for end in (p.low, p.high))):
        sentence = verdict(activation.key, **ends)
        assert sentence.endswith(".")
        assert not re.search(r"nan|undefined|\d[eE][+-]?\d|−0\.0+\b", sentence)


def test_verdict_tells_the_threshold_in_use():
    said = "less than 50\xa0% of it where it saturates"
    assert said in verdict("tanh", threshold=0.5)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("elu", "`elu`"),
        ("![a](https://example.com/a.png)", "`![a](https://example.com/a.png)`"),
        ("a`b", "`a'b`"),
        (" two\n\nlines ", "`two lines`"),
        ("x" * 99, "`" + "x" * 40 + "`"),
        ("", "“”"),
    ],
)
def test_literal(given, shown):
    assert wording.literal(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Line 3: no number.", "Line 3\\: no number\\."),
        ("*a* $b$", "\\*a\\* \\$b\\$"),
        ("http://a.b", "http\\:\u2060\\/\\/a\\.b"),
        ("www.a.b", "www\u2060\\.a\\.b"),
        ("two\nlines", "two lines"),
    ],
)
def test_plain(given, shown):
    assert wording.plain(given) == shown


@pytest.mark.parametrize(
    ("sliders", "said"),
    [
        (["δ"], "The picture follows δ when let go."),
        (["δ", "τ", "γ"], "The picture follows δ, τ and γ when let go."),
        (["δ", "τ", "γ", "β"], "The picture follows most of these sliders when they are let go."),
    ],
)
def test_let_go(sliders, said):
    assert wording.let_go(sliders) == said


def test_table_escapes_bars():
    written = wording.table(["", "max |f′|"], [["a | b", "1"]])
    assert cells(written) == [["", "max |f′|"], [":--", "--:"], ["a | b", "1"]]
    assert all(len(row) == 2 for row in cells(written))


@every_activation
def test_facts_table_is_rectangular(activation):
    labels = [f"{activation.name} |1|", activation.name]
    written = wording.facts_table(labels, [facts(activation)] * 2, 0.01)
    rows = cells(written)
    assert rows[0] == ["", *labels]
    assert {len(row) for row in rows} == {3}
    assert len(rows) == 2 + 12
    for name, *values in rows[2:]:
        assert name
        assert values[0] == values[1] != ""
        assert not re.search(r"nan|undefined|−0(?:\.0+)?(?:\s|$)", values[0]), name
    assert rows[10][0] == "Saturated: |f′| < 0.01"
