"""Links that nobody of good will has made: unknown names, wild numbers, markup, noise.

Each page has to stand, without a traceback on it or in the server's log, and honour what is
right in the link. They are sent over the protocol itself: a browser's address bar would
tidy some of them up first.
"""

import functools
import itertools
import re
import string
from urllib.parse import parse_qs, quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

from core.activations import ACTIVATIONS
from pages.ui import controls
from tests.test_browser import curves, picked
from tests.test_hosting import PAGES
from tests.websocket_client import Session, finished

every_page = pytest.mark.parametrize("page", PAGES)

# What may stand where a name or a number should.
WILD = {
    "empty": "",
    "blank": "%20",
    "unknown": "no_such_function",
    "wrong case": "ELU",
    "a copy of nothing": "relu-2",
    "copy of a copy": "elu-2-2",
    "path": quote("../../../../etc/passwd", safe=""),
    "dunder": "__class__",
    "tag": quote("<script>alert(1)</script>"),
    "template": quote("{{7*7}}${7*7}%s%d%n"),
    "quotes": quote("' OR 1=1; --\"`"),
    "markdown": quote("[a](javascript:alert(1)) **b** $x$ :red[c]"),
    "nul": "elu%00",
    "not UTF-8": "%ff%fe",
    "half a surrogate pair": "%ED%A0%80",
    "stray percent": "%",
    "right to left": quote("\u202eule"),
    "emoji": quote("🧠" * 50),
    "combining": quote("e\u0301" * 50),
    "lookalike": quote("еlu"),  # with a Cyrillic е
    "nan": "nan",
    "inf": "inf",
    "minus inf": "-inf",
    "huge": "1e999",
    "just huge": "-1e308",
    "tiny": "5e-324",
    "many digits": "9" * 400,
    "hexadecimal": "0x1p3",
    "underscores": "1_0",
    "comma": "0,5",
    "full-width digits": quote("０．５"),
    "list": "[0.5]",
    "null": "null",
    "true": "true",
    "long": "a" * 20_000,
}
# Wild values in every place at once: names, sliders, options.
KEYS = (
    "activation",
    "elu_alpha",
    "elu-2_alpha",
    "hard_sigmoid_slope",
    "activations_x",
    "activations_window",
    "activations_difference",
    "activations_third",
    "activations_threshold",
    "framework",
)


@pytest.fixture(scope="module")
def keys(visit_page):
    """Give a function that names all that a page, as it opens, reads from its link."""

    def run(page):
        found = (getattr(e.proto, "query_param_key", "") for e in visit_page(page, "").elements)
        return set(KEYS) | {key for key in found if key}

    return functools.cache(run)


def chosen(run):
    (picker,) = run.of("multiselect")
    if picker.set_value:
        return list(picker.raw_values)
    return [picker.options[i] for i in picker.default]


def names(*keys):
    return [controls.name(key) for key in keys]


def alerts(run):
    return [alert.body for alert in run.of("alert")]


@every_page
@pytest.mark.parametrize("wild", WILD.values(), ids=WILD)
def test_wild_values_everywhere(visit_page, keys, page, wild):
    visit_page(page, "&".join(f"{key}={wild}" for key in sorted(keys(page))))


def test_every_page_tells_what_it_reads(keys):
    assert "softmax_z1" in keys("softmax") - keys("")
    assert "pairing_z" in keys("pairing") - keys("softmax")


@pytest.mark.parametrize("wild", WILD.values(), ids=WILD)
def test_wild_values_beside_good_ones(visit_page, wild):
    run = visit_page(
        "activations",
        f"elu_alpha=0.4&activation=elu&hardtanh_max_val={wild}&activations_window={wild}"
        f"&activation={wild}&activation=hardtanh&activations_x=2&nothing_of_ours={wild}",
    )
    assert chosen(run) == names("elu", "hardtanh")
    found = {key: slider.value for key, slider in run.sliders.items()}
    assert found["elu_alpha"] == 0.4
    assert found["activations_x"] == 2
    low, high = (run.sliders["hardtanh_max_val"].low, run.sliders["hardtanh_max_val"].high)
    assert low <= found["hardtanh_max_val"] <= high
    left = parse_qs(run.query)
    assert left["activation"] == ["elu", "hardtanh"]
    assert left["elu_alpha"] == ["0.4"]
    assert left["activations_x"] == ["2"]
    assert run.kinds["plotly_chart"] == 1


@pytest.mark.parametrize("page", ["activations", "source"])
def test_what_is_left_out_is_named(visit_page, page):
    run = visit_page(page, "activation=elu&activation=no_such&activation=relu")
    assert chosen(run) == names("elu", "relu")
    (said,) = alerts(run)
    assert "no_such" in said.replace("\\", "")
    assert "relu" not in said


@pytest.mark.parametrize("page", ["activations", "source"])
def test_only_unknown_functions_leave_the_usual_one(visit_page, page):
    run = visit_page(page, "activation=no_such&activation=nor_this")
    assert chosen(run) == names("elu")
    assert len(alerts(run)) == 1


@pytest.mark.parametrize("page", ["activations", "source"])
def test_more_than_six_functions(visit_page, page):
    run = visit_page(page, "&".join(f"activation={key}" for key in ACTIVATIONS))
    assert chosen(run) == names(*itertools.islice(ACTIVATIONS, controls.MOST))
    (said,) = alerts(run)
    assert re.search(r"\bsix\b|\b6\b", said)


def test_one_function_fifty_times(visit_page):
    run = visit_page("activations", "&".join(["activation=tanh"] * 50))
    assert chosen(run) == names("tanh")
    # Nothing was lost, so there is nothing to say.
    assert alerts(run) == []
    assert parse_qs(run.query)["activation"] == ["tanh"]


def test_a_thousand_unknown_functions(visit_page):
    run = visit_page("activations", "&".join(f"activation=stranger{i}" for i in range(1000)))
    (said,) = alerts(run)
    assert len(said) < 400


def test_a_value_given_twice(visit_page):
    run = visit_page("activations", "elu_alpha=0.4&elu_alpha=0.6&activations_x=1&activations_x=2")
    assert 0.0 <= run.sliders["elu_alpha"].value <= 3.0
    assert chosen(run) == names("elu")


@pytest.mark.parametrize(
    ("asked", "kept"),
    [("0", 0.0), ("3", 3.0), ("3.05", 1.0), ("-0.05", 1.0), ("1e2", 1.0), ("x", 1.0)],
)
def test_a_parameter_outside_its_slider_is_the_default(visit_page, asked, kept):
    run = visit_page("activations", f"activation=elu&elu_alpha={asked}")
    assert run.sliders["elu_alpha"].value == kept


@pytest.mark.parametrize(
    "query",
    ["&", "=", "&&&===&&&", "?", "??activation=elu", "activation", "activation=", "#", "=elu",
     "activation=elu#activation=relu", ";activation=elu", "a" * 60_000, "&".join("ab" * 5000)],
    ids=range(13),
)  # fmt: skip
@every_page
def test_misshapen_queries(visit_page, page, query):
    visit_page(page, query)


def test_a_visitor_of_a_bad_link_can_go_on(server):
    async def go_on():
        async with await Session.connect(server.url) as session:
            runs = [
                await session.rerun(
                    page="activations", query="activation=elu&activation=zzz&elu_alpha=nan"
                )
            ]
            runs.append(await session.set_widget("elu_alpha", 0.5))
            runs.append(await session.rerun(page="source"))
            runs.append(await session.rerun(page="activations"))
        return runs

    first, moved, source, again = finished(go_on())
    for run in (first, moved, source, again):
        assert run.exceptions == []
    assert first.sliders["elu_alpha"].value == 1.0
    assert moved.sliders["elu_alpha"].value == 0.5
    assert again.sliders["elu_alpha"].value == 0.5
    # The message is about the link: it does not come back with every later page.
    assert alerts(first)
    assert alerts(again) == []


def test_a_link_brings_no_markup_into_the_page(open_page):
    # A request to another host fails the visit by itself.
    planted = "![a](https://example.com/a.png)"
    visit = open_page(f"/activations?activation={quote(planted)}&activation=relu")
    message = visit.page.get_by_test_id("stAlert")
    expect(message).to_contain_text(planted)
    expect(message.locator("img, a")).to_have_count(0)
    assert picked(visit) == ["ReLU"]
    assert len(curves(visit)) == 2


# Noise, and noise with the app's own words in it.
_words = st.sampled_from([*KEYS, *controls.OPTIONS, "0.4", "-1", "f″", "100"])
_noise = st.text(st.characters(codec="utf-8"), max_size=12)
_pieces = st.one_of(
    _words.map(quote), _noise.map(lambda text: quote(text, safe="")),
    st.text(string.ascii_letters + "%+;/?:@-_.!~*'()", max_size=8),
)  # fmt: skip
queries = st.lists(st.tuples(_pieces, _pieces), max_size=8).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)


@every_page
@given(query=queries)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_random_queries(visit_page, page, query):
    visit_page(page, query)
