"""Curves that follow a slider: what is sent, and what a visitor's hand sees of it."""

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import CDPSession, Locator, expect
from streamlit.testing.v1 import AppTest

from core.activations import ACTIVATIONS
from pages.ui.live import FIRST, MOST_BYTES, ChartSweep, Sweep
from tests.benchmarks.drag import CHART, PLAIN
from tests.chromium import Visit
from tests.figures import unpacked
from tests.hand import LACKS, Hand, drawn
from tests.mouse import choose
from tests.serving import ROOT, TALKATIVE, Server, serve
from tests.sweeps import assert_rests, decoded, payloads, swept

Open = Callable[..., Visit]

READINGS = "activations_readings"

WITHOUT = "Object.defineProperty(globalThis, 'Plotly', { get: () => undefined, set: () => {} })"
"""A page in which the component finds no Plotly, though the charts are there."""

SLIDERS = [(key, p.name) for key, entry in ACTIVATIONS.items() for p in entry.parameters]


# ---------------------------------------------------------------- what is sent


def test_a_sweep_arrives_bit_for_bit():
    """Every float32 comes through, whatever its bits; the browser's half is held below."""
    random = np.random.default_rng(1)
    bits = random.integers(0, 2**32, (7, 33), dtype=np.uint32)
    rows = bits.view(np.float32)
    rows[0, :8] = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, np.finfo(np.float32).max]
    smooth = np.sin(np.linspace(0, 6, 50) * np.linspace(1, 2, 7)[:, None])
    rounded, nought = np.round(smooth * 256) / 256 + 0.0, np.array([[-0.0]] * 7)
    sent = {0: {"y": rows}, 3: {"x": smooth, "y": rounded}, 4: {"y": nought}}
    head = decoded(Sweep("s", range(7), [ChartSweep("c", sent)]).payload)
    traces = iter(head["charts"][0]["traces"])
    for changes in sent.values():
        for values in changes.values():
            assert next(traces)[2].tobytes() == values.astype(np.float32).tobytes()
    fine, rough = (
        len(Sweep("s", range(7), [ChartSweep("c", {0: {"y": v}})]).payload)
        for v in (smooth, rounded)
    )
    assert rough < fine / 3
    assert head["values"] == list(range(7))


def test_the_digest_tells_sweeps_apart():
    same, also, other = (
        Sweep("s", [0.0, 0.5], texts={"t": texts}).payload
        for texts in (["a", "b"], ["a", "b"], ["a", "c"])
    )
    assert same == also
    assert same[:8] != other[:8]


@pytest.mark.parametrize(
    "sweep",
    [
        Sweep("s", [0.0, 1.0], [ChartSweep("c", {0: {"y": np.zeros((3, 4))}})]),
        Sweep("s", [0.0, 1.0], [ChartSweep("c", layout={"shapes[0].x0": [0.0]})]),
        Sweep("s", [0.0, 1.0], texts={"t": ["one"]}),
    ],
)
def test_a_sweep_with_a_step_missing_is_refused(sweep):
    with pytest.raises(ValueError, match="for 2 steps"):
        _ = sweep.payload


def test_markdown_is_sent_as_its_pieces():
    table = "| | **a** |\n|:--|--:|\n| −0.3 | [b](https://x.org) \\| c |"
    sweep = Sweep("s", [0.0], texts={"t": [f"*One* `two`:\n\n{table}\n\n- three − 4"]})
    pieces = decoded(sweep.payload)["texts"]["t"]
    assert pieces == [["One", "two", ":", "a", "−0.3", "b | c", "three − 4"]]


@pytest.mark.parametrize(("key", "name"), SLIDERS)
def test_a_slider_costs_little_and_rests_where_it_was_dragged(key, name):
    """The row of the slider's own value is what the page draws, to the last bit."""
    (parameter,) = (p for p in ACTIVATIONS[key].parameters if p.name == name)
    rests([key], f"{key}_{name}", float(parameter.steps[len(parameter.steps) // 3]))


@pytest.mark.parametrize("keys", [["elu"], ["sine", "tanh", "gaussian"]], ids=len)
@pytest.mark.parametrize(
    ("slider", "value"), [("activations_x", 1.7), ("activations_threshold", 0.2)]
)
def test_the_sliders_of_the_page_rest_where_they_were_dragged(keys, slider, value):
    rests(keys, slider, value)


@pytest.mark.parametrize(
    ("keys", "slider", "value"),
    [
        (["elu", "selu", "celu"], "elu_alpha", 2.5),
        (["elu", "selu", "celu"], "celu_alpha", 0.3),
        (["elu", "selu", "celu"], "activations_x", 1.7),
        (["thresholded_relu", "step"], "thresholded_relu_theta", 2.0),
        (["mish", "sine", "gaussian", "swish", "softplus", "gelu"], "sine_omega", 2.5),
    ],
)
def test_differences_rest_where_they_were_dragged(keys, slider, value):
    rests(keys, slider, value, activations_difference="10")


def test_a_sweep_that_would_cost_too_much_is_not_sent():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params.update({"activation": ["sine", "gaussian", "swish", "softplus", "gelu"]})
    app.query_params["activations_difference"] = "1"
    app.switch_page("pages/activations.py").run()
    assert not app.exception
    found = payloads(app)
    assert max(map(len, found)) <= MOST_BYTES
    drawn = {one["slider"] for one in map(decoded, found) if one["charts"]}
    assert "gaussian_width" in drawn
    assert "sine_omega" not in drawn


def test_only_the_sweeps_of_the_first_sliders_are_sent_unasked():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["activation"] = ["selu", "elu", "softplus", "capped_relu", "swish"]
    app.switch_page("pages/activations.py").run()
    sliders = [slider.key for slider in app.slider]
    assert len(sliders) > FIRST + 2
    assert list(dict.fromkeys(one["slider"] for one in swept(app))) == sliders[:FIRST]


def rests(keys: list[str], slider: str, value: float, **others: str) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params.update({"activation": keys, slider: repr(value), **others})
    app.switch_page("pages/activations.py").run()
    (chart,) = app.get("plotly_chart")
    figure = json.loads(chart.proto.spec)
    found = [payload for payload in payloads(app) if decoded(payload)["slider"] == slider]
    assert 0 < sum(map(len, found)) <= MOST_BYTES
    for head in map(decoded, found):
        row = int(np.argmin(np.abs(np.array(head["values"]) - value)))
        assert head["values"][row] == pytest.approx(value, abs=1e-9)
        for key, rows in head["texts"].items():
            if key.endswith("_verdict"):
                assert " ".join(rows[row]) in [m.value.replace("**", "") for m in app.markdown]
        traces = [trace for one in head["charts"] for trace in one["traces"]]
        swept = {(index, attribute) for index, attribute, _ in traces}
        for index, attribute, rows in traces:
            trace = figure["data"][index]
            if attribute == "name":
                assert rows[row] == trace["name"]
                continue
            assert_rests(rows[row], unpacked(trace[attribute]))
            if attribute == "x" and (index, "y") not in swept:
                room = len(unpacked(trace["y"]))
                assert np.isnan(rows[:, room:]).all(), "at other steps, x has no y to go with it"


# ---------------------------------------------------------------- in the browser

# What Plotly knows of a chart: the numbers and names of all traces.
_KNOWN = """key => document.querySelector(`.st-key-${key} .js-plotly-plot`)._fullData
    .map(({ name, x, y }) => ({ name, x: Array.from(x), y: Array.from(y) }))"""

# The row that the component holds for each trace of a chart at one step of a slider.
_HELD = """([key, slider, row]) => {
    const { engine } = globalThis[Symbol.for('live-sweep')]
    const found = []
    for (const part of engine.decoded.values()) {
        if (part.slider !== slider) continue
        for (const { chart, traces } of part.charts) {
            if (chart !== key) continue
            for (const [index, name, source] of traces) {
                if (source.numbers === undefined) found.push([index, name, source[row]])
                else found.push([index, name,
                    Array.from(source.numbers.slice(row * source.width, (row + 1) * source.width))])
            }
        }
    }
    return found
}"""


def known(visit: Visit, key: str = CHART) -> list[dict[str, Any]]:
    return visit.page.evaluate(_KNOWN, key)


def readings(visit: Visit) -> str:
    return visit.page.locator(f".st-key-{READINGS}").inner_text()


def verdicts(visit: Visit) -> str:
    return " ".join(visit.page.locator("[class*=_verdict]").all_inner_texts())


def shown(visit: Visit) -> tuple[Any, ...]:
    """Return all of the Activations page that a slider moves."""
    legend = visit.page.locator(f".st-key-{CHART} .js-plotly-plot .legendtext").all_text_contents()
    return drawn(visit, CHART), legend, readings(visit), verdicts(visit)


ONE = "/activations?activation=elu"
SEVERAL = "/activations?activation=selu&activation=elu&activation=softplus&activation=capped_relu"
DIFFERENCE = "/activations?activation=selu&activation=elu&activations_difference=1"


@pytest.mark.parametrize(
    ("address", "tool"),
    [
        (ONE, "mouse"),
        (ONE, "pen"),
        (ONE, "touch"),
        (SEVERAL, "mouse"),
        (SEVERAL, "touch"),
        (DIFFERENCE, "mouse"),
    ],
)
def test_the_page_follows_the_hand_and_stays_as_it_is_on_release(open_page: Open, address, tool):
    visit = open_page(address, has_touch=tool == "touch")
    hand = Hand(visit, "elu_alpha", tool)
    before, sent = shown(visit), visit.sent
    hand.press()
    seen = [before]
    for value in (1.5, 2.0, 2.5, 1.2):
        hand.move(value)
        now = shown(visit)
        assert all(part not in parts for part, *parts in zip(now, *seen, strict=True))
        seen.append(now)
    assert any(name.startswith("ELU, α = 1.20") for name in now[1])
    row = ACTIVATIONS["elu"].parameters[0].steps.tolist().index(1.2)
    held = visit.page.evaluate(_HELD, [CHART, "elu_alpha", row])
    assert visit.sent == sent
    with visit.rerun():
        hand.release()
    assert shown(visit) == now
    at_rest = known(visit)
    assert len(held) >= 3
    for index, name, row in held:
        assert at_rest[index][name][: len(row)] == row[: len(at_rest[index][name])]


def test_the_probe_takes_its_line_tangents_and_readings_along(open_page: Open):
    visit = open_page(SEVERAL)
    line = visit.page.locator(f".st-key-{CHART} .js-plotly-plot .shapelayer path").first
    hand = Hand(visit, "activations_x")
    hand.press()
    hand.move(2.5)
    now, place = shown(visit), line.get_attribute("d")
    assert "at x = 2.5" in now[2]
    with visit.rerun():
        hand.release()
    assert shown(visit) == now
    assert line.get_attribute("d") == place


def test_the_sweep_of_a_slider_out_of_sight_is_sent_when_it_is_seen(open_page: Open):
    visit = open_page(SEVERAL)
    last = "activations_threshold"
    visit.page.wait_for_function(f"key => {LACKS}.includes(key)", arg=last)
    sent = visit.sent
    with visit.rerun():
        visit.page.locator(f".st-key-{last}").scroll_into_view_if_needed()
    assert visit.sent == sent + 1
    assert last not in visit.page.evaluate(LACKS)
    before = drawn(visit, CHART)
    hand = Hand(visit, last)
    hand.press()
    hand.move(0.3)
    now, said = drawn(visit, CHART), verdicts(visit)
    assert now != before
    assert "less than 30\xa0% of it" in said
    assert visit.sent == sent + 1
    with visit.rerun():
        hand.release()
    assert (drawn(visit, CHART), verdicts(visit)) == (now, said)
    # What was seen once is sent with every run from then on.
    assert last not in visit.page.evaluate(LACKS)


def test_two_sliders_in_turn_end_where_their_link_begins(open_page: Open):
    visit = open_page("/activations?activation=selu")
    for key, value in (("selu_alpha", 0.5), ("selu_scale", 1.5), ("selu_alpha", 2.0)):
        hand = Hand(visit, key)
        hand.press()
        hand.move(value)
        moved = shown(visit)
        with visit.rerun():
            hand.release()
        assert shown(visit) == moved
    link = urlencode({"activation": "selu", "selu_alpha": 2.0, "selu_scale": 1.5})
    linked = open_page(f"/activations?{link}")
    assert shown(linked) == moved
    assert known(linked) == known(visit)


def test_a_sweep_through_another_value_of_the_other_slider_is_not_shown(
    open_page: Open,
):
    """While the server is silent, a slider that depends on one just moved must wait."""
    visit = open_page("/activations?activation=selu")
    visit.page.evaluate("WebSocket.prototype.send = () => {}")
    first = Hand(visit, "selu_alpha")
    first.press()
    first.move(0.5)
    first.release()
    before = drawn(visit, CHART)
    second = Hand(visit, "selu_scale")
    second.press()
    second.move(2.0)
    assert drawn(visit, CHART) == before


def test_keys_paint_at_once_and_the_page_follows(open_page: Open):
    visit = open_page(ONE)
    slider = visit.page.locator(".st-key-elu_alpha input[type=range]")
    slider.focus()
    # The picture in the frame after the key, before the server can have answered.
    visit.page.evaluate(
        """slow => {
            const send = WebSocket.prototype.send
            WebSocket.prototype.send = function (data) {
                setTimeout(() => send.call(this, data), slow)
            }
        }""",
        1000,
    )
    for key, value in (("ArrowRight", 1.05), ("ArrowLeft", 1.0), ("End", 3.0)):
        before = drawn(visit, CHART)
        with visit.rerun():
            slider.press(key)
            Hand(visit, "elu_alpha").frames()
            now = shown(visit)
            assert float(slider.input_value()) == pytest.approx(value)
            assert now[0] != before
        assert shown(visit) == now


def test_a_held_key_glides_and_reports_when_it_is_let_go(open_page: Open):
    visit = open_page("/activations?elu_alpha=1")
    slider = visit.page.locator(".st-key-elu_alpha input[type=range]")
    slider.focus()
    with visit.rerun():
        visit.page.keyboard.down("ArrowRight")
    sent = visit.sent
    seen = [drawn(visit, CHART)]
    for _ in range(5):
        visit.page.keyboard.down("ArrowRight")
        visit.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        seen.append(drawn(visit, CHART))
    assert all(now != then for then, now in itertools.pairwise(seen))
    assert visit.sent == sent
    assert float(slider.input_value()) == pytest.approx(1.3)
    with visit.rerun():
        visit.page.keyboard.up("ArrowRight")
    assert float(slider.input_value()) == pytest.approx(1.3)
    assert "elu_alpha=1.3" in visit.page.url
    assert drawn(visit, CHART) == seen[-1]
    with visit.rerun():
        visit.page.keyboard.press("ArrowLeft")
    assert "elu_alpha=1.25" in visit.page.url


def test_zoom_and_hidden_curves_survive_and_nothing_blinks(open_page: Open):
    visit = open_page(SEVERAL)
    page = visit.page
    chart = page.locator(f".st-key-{CHART} .js-plotly-plot")
    area = chart.locator(".nsewdrag").first.bounding_box()
    corner, other = (area["x"] + 0.6 * area["width"], area["y"] + 0.8 * area["height"]), (60, -90)
    page.mouse.move(*corner)
    page.mouse.down()
    page.mouse.move(corner[0] + other[0], corner[1] + other[1], steps=4)
    page.mouse.up()
    chart.locator(".legendtoggle").nth(0).click()
    page.wait_for_function(
        f"document.querySelector('.st-key-{CHART} .js-plotly-plot')"
        "._fullData.some(trace => trace.visible === 'legendonly')"
    )
    view = f"""() => {{
        const graph = document.querySelector('.st-key-{CHART} .js-plotly-plot')
        const {{ xaxis, yaxis, yaxis2 }} = graph._fullLayout
        return [xaxis.range, yaxis.range, yaxis2.range, graph._fullData.map(t => t.visible)]
    }}"""
    before = page.evaluate(view)
    assert before[0] != [-6, 6]
    # In every frame: how much stands in the chart's place, its ticks, and where its legend is.
    page.evaluate(
        """key => {
            const places = () => [...document.querySelectorAll(`.st-key-${key}`)]
                .filter(place => place.getClientRects().length)
            window.frames = []
            const look = () => {
                const legend = places()[0]?.querySelector('svg .legend')?.getBoundingClientRect()
                frames.push([
                    places().length,
                    places()[0]?.getBoundingClientRect().height,
                    places()[0]?.querySelector('svg.main-svg')?.textContent,
                    Math.round(legend?.x),
                    Math.round(legend?.y),
                ])
                requestAnimationFrame(look)
            }
            look()
        }""",
        CHART,
    )
    hand = Hand(visit, "elu_alpha")
    hand.press()
    hand.move(2.0)
    now = drawn(visit, CHART)
    with visit.rerun():
        hand.release()
    page.wait_for_timeout(500)
    assert page.evaluate(view) == before
    assert drawn(visit, CHART) == now
    assert len({tuple(frame) for frame in page.evaluate("frames")}) == 1


def test_a_chart_that_is_not_drawn_yet_shows_the_old_picture(open_page: Open):
    """Streamlit puts the new chart beside the stale one, empty; how long depends on the machine."""
    visit = open_page(ONE)
    hand = Hand(visit, "elu_alpha")
    hand.press()
    hand.move(2.0)
    texts, covers = visit.page.evaluate(
        """async key => {
            const old = document.querySelector(`.st-key-${key}`)
            const text = place =>
                [...place.querySelectorAll('svg.main-svg')].map(layer => layer.textContent)
            const fresh = document.createElement('div')
            fresh.className = old.className
            old.dataset.stale = 'true'
            old.before(fresh)
            await Promise.resolve()
            const found = [text(old), text(fresh)]
            fresh.remove()
            old.dataset.stale = 'false'
            return found
        }""",
        CHART,
    )
    assert "ELU, α = 2.00" in "".join(texts)
    assert covers == texts


def test_without_plotly_the_page_works_as_ever(open_page: Open, new_visit, server: Server):
    visit = new_visit()
    visit.page.add_init_script(WITHOUT)
    visit.open(server.url + ONE + "&elu_alpha=0.5")
    before = shown(visit)
    hand = Hand(visit, "elu_alpha")
    hand.press()
    hand.move(2.0)
    assert shown(visit) == before
    with visit.rerun():
        hand.release()
    assert "ELU, α = 2.00" in shown(visit)[1]


def test_nothing_is_left_behind_by_a_hundred_switches(server: Server, new_visit: Open):
    """No object of the component outlives its page, nor does a listener or a growing heap.

    Streamlit and Plotly do leave something at each switch; that is measured beside it,
    on the same way through the same pages without the component.
    """
    with_it, without = new_visit(), new_visit()
    without.page.add_init_script(PLAIN)
    grown = {}
    for visit, rounds in ((without, 1), (with_it, 9)):
        visit.open(server.url + ONE)
        if visit is with_it:
            session = visit.page.context.new_cdp_session(visit.page)
            hub = "globalThis[Symbol.for('live-sweep')]"
            visit.page.wait_for_function(f"{hub}?.engine?.charts.size === 1")
            kinds = [f"{hub}.engine", f"{hub}.engine.charts.values().next().value"]
            prototypes = [handle(session, f"Object.getPrototypeOf({kind})") for kind in kinds]
            assert [count(session, prototype) for prototype in prototypes] == [1, 1]
        switch(visit, 1)
        before = memory(visit)
        switch(visit, rounds)
        after = memory(visit)
        grown[visit] = {what: (after[what] - before[what]) / rounds for what in after}
    for what, slack in (("JSEventListeners", 2), ("Nodes", 20), ("JSHeapUsedSize", 50_000)):
        assert grown[with_it][what] <= 1.25 * grown[without][what] + slack, what
    menu(with_it, "Home")
    menu(without, "Home")
    assert [count(session, prototype) for prototype in prototypes] == [0, 0]
    assert listeners(with_it) == listeners(without)


def handle(session: CDPSession, expression: str) -> str:
    return session.send("Runtime.evaluate", {"expression": expression})["result"]["objectId"]


def count(session: CDPSession, prototype: str) -> int:
    """Return how many objects with this prototype the garbage collector has left."""
    found = session.send("Runtime.queryObjects", {"prototypeObjectId": prototype})["objects"]
    function = {"functionDeclaration": "function () { return this.length }", "returnByValue": True}
    size = session.send("Runtime.callFunctionOn", {"objectId": found["objectId"], **function})
    session.send("Runtime.releaseObject", {"objectId": found["objectId"]})
    return size["result"]["value"]


def listeners(visit: Visit) -> Counter[str]:
    """Return how many listeners of each kind the document and the window have."""
    session = visit.page.context.new_cdp_session(visit.page)
    found = Counter()
    for target in ("document", "window"):
        object_id = {"objectId": handle(session, target)}
        kinds = session.send("DOMDebugger.getEventListeners", object_id)["listeners"]
        found.update(f"{target} {one['type']}" for one in kinds)
    return found


def switch(visit: Visit, rounds: int) -> None:
    """Go through another page, come back, change functions and drag: ten switches a round."""
    for _ in range(rounds):
        menu(visit, "Softmax")
        for section in ("Jacobian", "Log-sum-exp", "Maxout", "Probabilities"):
            choose(visit, "softmax_section", section)
        menu(visit, "Activations")
        for preset in ("Leaky 0.01 and 0.3", "ELU and SELU") * 2:
            with visit.rerun():
                visit.page.get_by_role("button", name=preset, exact=True).click()
        hand = Hand(visit, "selu_scale")
        hand.press()
        hand.move(1.5)
        with visit.rerun():
            hand.release()


def menu(visit: Visit, link: str) -> None:
    with visit.rerun():
        visit.page.get_by_test_id("stSidebar").get_by_role("link", name=link, exact=True).click()


def memory(visit: Visit) -> dict[str, float]:
    """Return what Chromium counts after it has collected its garbage."""
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("Performance.enable")
    session.send("HeapProfiler.enable")
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Performance.getMetrics")["metrics"]
    session.detach()
    counted = ("JSEventListeners", "Nodes", "JSHeapUsedSize")
    return {one["name"]: one["value"] for one in metrics if one["name"] in counted}


INSIDE = "vanishing_inside"

# Of a chart, how much of its height is in sight, and whether it stands on a slider.
_SIGHT = """([chart, slider]) => {
    const [picture, held] = [chart, slider].map(key =>
        document.querySelector(`.st-key-${key}`).getBoundingClientRect())
    const seen = Math.min(picture.bottom, innerHeight) - Math.max(picture.top, 60)
    return [seen / picture.height, picture.bottom > held.top && picture.top < held.bottom]
}"""

# Scroll the page so that a slider is two thirds down the window.
_DOWN = """slider => {
    const { bottom } = document.querySelector(`.st-key-${slider}`).getBoundingClientRect()
    document.querySelector('[data-testid="stMain"]').scrollBy(0, bottom - innerHeight * 2 / 3)
}"""


def test_a_picture_out_of_sight_comes_to_the_hand_and_goes_back(open_page: Open):
    section = urlencode({"vanishing_section": "Inside the layers"})
    visit = open_page(f"/vanishing_gradients?{section}", width=375, height=667, has_touch=True)
    slider = "vanishing_gain"
    visit.page.evaluate(_DOWN, slider)
    hand = Hand(visit, slider, "touch")
    place = [INSIDE, slider]
    assert visit.page.evaluate(_SIGHT, place)[0] < 0.1
    hand.press()
    hand.move(hand.high)
    seen, over = visit.page.evaluate(_SIGHT, place)
    assert seen > 0.95
    assert not over
    # A hand that holds still, or goes on, changes nothing in where the picture is.
    hand.move(hand.low)
    assert visit.page.evaluate(_SIGHT, place) == [seen, over]
    with visit.rerun():
        hand.release()
    visit.page.wait_for_function(f"place => ({_SIGHT})(place)[0] < 0.1", arg=place)


# ---------------------------------------------------------------- other kinds of pictures

TOY = """
import sys
sys.path.insert(0, ROOT)
import numpy as np
import streamlit as st
from pages.ui.live import ChartSweep, Sweep, engine, live, player, transport

STEPS, RATES, WIDTHS = list(range(11)), ["tiny", "small", "large"], np.arange(11) / 10
X, GRID = np.linspace(-1, 1, 9), np.linspace(0, 1, 6).reshape(2, 3)

def field(k): return np.float32(np.sin(k * GRID))
def line(k, slope): return np.float32(k * X**2 + slope * X)
def parabola(w): return np.float32(w * X**2)
def say(k): return f"**{k}** is the step.\\n\\nIts square is `{k * k}`."

@st.fragment
def page():
    k = st.slider("k", 0, 10, 3, key="k")
    player("k", "k", key="play-k")
    transport("k", "the film", key="film")
    rate = RATES.index(st.select_slider("rate", RATES, "small", key="rate"))
    w = st.slider("w", 0.0, 1.0, 0.25, 0.1, key="w")
    player("w", "w", key="play-w")
    st.slider("idle", 0, 9, 3, key="idle")
    player("idle", "idle", key="play-idle")
    with st.container(key="said"):
        st.markdown(say(k))
    st.plotly_chart({
        "data": [{"type": "heatmap", "z": field(k), "zmin": -1, "zmax": 1}],
        "layout": {"height": 200, "annotations": [{"x": 1, "y": 1, "text": f"k is {k}"}]},
    }, key="field")
    plain = {"x": np.float32(X), "mode": "lines", "line": {"simplify": False}}
    st.plotly_chart({
        "data": [
            {**plain, "y": line(k, rate), "name": f"line {k}"},
            {**plain, "y": parabola(w), "name": "parabola"},
        ],
        "layout": {
            "height": 200, "xaxis": {"range": [-1, 1]}, "yaxis": {"range": [-2, 10]},
            "shapes": [{"type": "rect", "x0": 0, "x1": k / 10, "y0": 0, "y1": 1}],
        },
    }, key="line")
    fields = {0: {"z": np.stack([field(v) for v in STEPS])}}
    notes = {"annotations[0].text": [f"k is {v}" for v in STEPS]}
    lines = {0: {
        "y": np.stack([line(v, rate) for v in STEPS]),
        "name": [f"line {v}" for v in STEPS],
    }}
    boxes = {"shapes[0].x1": [v / 10 for v in STEPS]}
    tilted = {0: {"y": np.stack([line(k, place) for place in range(len(RATES))])}}
    opened = {1: {"y": np.stack([parabola(v) for v in WIDTHS])}}
    live([
        Sweep("k", STEPS, [ChartSweep("field", fields, notes), ChartSweep("line", lines, boxes)],
              {"said": [say(v) for v in STEPS]}),
        Sweep("rate", RATES, [ChartSweep("line", tilted)]),
        Sweep("w", WIDTHS, [ChartSweep("line", opened)]),
    ], key="live")

st.set_page_config(layout="wide")
engine()
page()
"""

# All that the toy page shows: what Plotly knows and has drawn of both charts, and the text.
_TOY = """() => {
    const [field, line] = ['field', 'line']
        .map(key => document.querySelector(`.st-key-${key} .js-plotly-plot`))
    return {
        z: field._fullData[0].z.map(row => Array.from(row)),
        note: field.querySelector('.annotation').textContent,
        names: [...line.querySelectorAll('.legendtext')].map(e => e.textContent),
        box: line._fullLayout.shapes[0].x1,
        paths: [...line.querySelectorAll('.scatterlayer .js-line')].map(e => e.getAttribute('d')),
        said: document.querySelector('.st-key-said').innerText,
    }
}"""


# Note at each frame from now on where a slider is and what the line chart shows.
_RECORD = """key => {
    globalThis.seen = []
    const look = () => {
        const path = document.querySelector('.st-key-line .scatterlayer').innerHTML
        seen.push([document.querySelector(`.st-key-${key} input`).value, path])
        requestAnimationFrame(look)
    }
    look()
}"""

# The lowest value that the slider takes until it has come to its end.
_LOWEST = """() => new Promise(resolve => {
    const thumb = document.querySelector('.st-key-k input')
    let lowest = Infinity
    const look = () => {
        lowest = Math.min(lowest, thumb.value)
        if (thumb.value === '10') resolve(lowest)
        else requestAnimationFrame(look)
    }
    look()
})"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("toy")
    (root / "app.py").write_text(f"ROOT = {str(ROOT)!r}\n{TOY}", encoding="utf-8")
    with serve(root=root, options=TALKATIVE) as running:
        yield running


@pytest.fixture
def on_toy(toy: Server, kept_visit: Open) -> Visit:
    visit = kept_visit(height=1000)
    visit.open(toy.url)
    return visit


@pytest.mark.parametrize(
    ("key", "thumb", "moves"),
    [
        ("k", 7, {"z", "note", "names", "box", "paths", "said"}),
        ("rate", 2, {"paths"}),
        ("w", 0.8, {"paths"}),
    ],
)
def test_heat_maps_notes_boxes_texts_and_options_follow(on_toy: Visit, key, thumb, moves):
    hand = Hand(on_toy, key)
    before, sent = on_toy.page.evaluate(_TOY), on_toy.sent
    hand.press()
    hand.move(thumb)
    now = on_toy.page.evaluate(_TOY)
    assert {part for part in now if now[part] != before[part]} == moves
    assert on_toy.sent == sent
    with on_toy.rerun():
        hand.release()
    assert on_toy.page.evaluate(_TOY) == now


@pytest.mark.parametrize("key", ["k", "w"], ids=["on a step", "between steps"])
def test_the_player_moves_the_thumb_and_brings_everything_back(on_toy: Visit, key):
    page = on_toy.page
    before, sent = page.evaluate(_TOY), on_toy.sent
    thumb = page.locator(f".st-key-{key} input[type=range]")
    home = thumb.input_value()
    player = page.locator(f".st-key-play-{key}")
    page.evaluate(_RECORD, key)
    player.get_by_role("button", name="Speed").click()
    player.get_by_role("button", name=f"Sweep {key}", exact=True).press("Enter")
    player.get_by_role("button", name="Stop").wait_for(state="hidden")
    seen = page.evaluate("seen")
    assert len({value for value, _ in seen}) > 3
    assert len({path for _, path in seen}) > 3
    assert thumb.input_value() == home
    assert page.evaluate(_TOY) == before
    assert on_toy.sent == sent


def test_there_is_nothing_to_play_where_nothing_follows(on_toy: Visit):
    def button(key: str) -> Locator:
        player = on_toy.page.locator(f".st-key-play-{key}")
        return player.get_by_role("button", name=f"Sweep {key}", exact=True)

    expect(button("k")).to_be_enabled()
    expect(button("idle")).to_be_disabled()


def test_the_player_loops_until_stopped_and_yields_to_a_hand(on_toy: Visit):
    page = on_toy.page
    player = page.locator(".st-key-play-k")
    player.get_by_role("button", name="Loop").click()
    player.get_by_role("button", name="Speed").click()
    player.get_by_role("button", name="Sweep k", exact=True).click()
    # Up, and down again: without the loop it would be back at 3 at the end.
    page.wait_for_function("document.querySelector('.st-key-k input').value === '10'")
    page.wait_for_function("document.querySelector('.st-key-k input').value <= 7")
    slider = page.locator(".st-key-k input[type=range]")
    with on_toy.rerun():
        slider.press("Home")
    assert player.get_by_role("button", name="Sweep k", exact=True).is_visible()
    now = page.evaluate(_TOY)
    assert (now["names"][0], now["said"].split()[0]) == ("line 0", "0")


def test_a_film_steps_pauses_goes_on_and_stays_where_it_ends(on_toy: Visit):
    page = on_toy.page
    film = page.locator(".st-key-film")
    sent = on_toy.sent
    on, back = (
        film.get_by_role("button", name=f"One step {way}").element_handle()
        for way in ("on", "back")
    )
    with on_toy.rerun():
        # Quick steps are painted by the browser; the server hears of them once the hand rests.
        page.evaluate("([on, back]) => [on, back, back].forEach(one => one.click())", [on, back])
        page.wait_for_function("document.querySelector('.st-key-said').innerText.startsWith('2')")
        painted = page.evaluate(_TOY)
    assert page.evaluate(_TOY) == painted
    assert on_toy.sent == sent + 1

    thumb = page.locator(".st-key-k input[type=range]")
    film.get_by_role("button", name="Play").press("Enter")
    with on_toy.rerun():
        page.wait_for_function("document.querySelector('.st-key-k input').value >= 5")
        film.get_by_role("button", name="Pause").press("Enter")
    paused = int(thumb.input_value())
    assert 5 <= paused < 10
    assert page.evaluate(_TOY)["said"].split()[0] == str(paused)
    with on_toy.rerun():
        film.get_by_role("button", name="Play").press("Enter")
        # It goes on from there, not from the beginning.
        lowest = page.evaluate(_LOWEST)
        film.get_by_role("button", name="Play").wait_for()
    assert lowest >= paused
    assert thumb.input_value() == "10"
    assert on_toy.sent == sent + 3
