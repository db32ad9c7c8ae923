"""The outlier laboratory in a real browser: lines that follow δ, clicks, edits and files."""

import json
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from core.datasets import DATASETS
from pages.ui.outliers import view
from tests.figures import unpacked
from tests.hand import carry, drawn
from tests.mouse import choose, click, unfold
from tests.serving import ROOT
from tests.sweeps import swept

PLOT = '[class*="st-key-losses_fit_chart"] .js-plotly-plot'
POINTS, SQUARED, ABSOLUTE, HUBER, ROBUST = 1, 2, 3, 4, 5
"""Where the points and the lines of the first losses stand among the chart's traces."""


def laboratory(open_page, query):
    """Open the page with the laboratory in full view."""
    there = open_page(f"/losses?{query}", height=1900)
    there.page.locator(PLOT).scroll_into_view_if_needed()
    return there


def line(visit, place):
    return visit.page.evaluate(
        f"place => Array.from(document.querySelector('{PLOT}')._fullData[place].y, Number)", place
    )


def points(visit):
    """Return the points on show, each as (x, y)."""
    return visit.page.evaluate(
        f"(({{ x, y }}) => Array.from(x, (a, i) => [Number(a), Number(y[i])]))"
        f"(document.querySelector('{PLOT}')._fullData[{POINTS}])"
    )


def wait_for_points(visit, count):
    visit.page.wait_for_function(
        f"count => document.querySelector('{PLOT}')?._fullData?.[{POINTS}].x.length === count",
        arg=count,
    )


def sentence(visit, place):
    return visit.page.locator(f".st-key-losses_fit_{place - SQUARED}").inner_text()


def chart_key(visit):
    (key,) = visit.page.locator(PLOT).evaluate_all(
        "plots => plots.map(p => p.closest('[class*=st-key-losses_fit_chart]')"
        ".className.match(/st-key-(losses_fit_chart\\w*)/)[1])"
    )
    return key


def app(losses, **query):
    """Return the page as the server draws it."""
    there = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    there.query_params.update({"loss": losses, **query})
    return there.switch_page("pages/losses.py").run()


def sentences(there):
    """Return the fits in words, as plain text."""
    return [m.value.replace("*", "") for m in there.markdown if "·x (" in m.value]


def picture(there):
    """Return the figure of the fits."""
    (figure,) = (
        json.loads(one.proto.spec)
        for one in there.get("plotly_chart")
        if "losses_fit_chart" in one.proto.id
    )
    return figure


def test_every_fit_rests_where_its_slider_left_it():
    """Convex or not: what is drawn and said is the sweeps' row, to the last bit."""
    losses = ["smooth_l1", "huber", "pseudo_huber", "quantile", "general_robust"]
    there = app(losses, general_robust_alpha="-2.0", general_robust_c="0.5")
    figure = picture(there)
    found = {}
    for head in swept(there):
        for chart in head["charts"]:
            if chart["chart"].startswith("losses_fit_chart"):
                value = there.session_state[head["slider"]]
                row = int(np.argmin(np.abs(np.array(head["values"]) - value)))
                (place,) = {trace[0] for trace in chart["traces"]}
                changes = {name: rows[row] for _, name, rows in chart["traces"]}
                trace = figure["data"][place]
                assert changes["name"] == trace["name"]
                np.testing.assert_array_equal(changes["y"], unpacked(trace["y"]))
                (said,) = head["texts"].values()
                assert "".join(said[row]) == sentences(there)[place - SQUARED]
                found[head["slider"]] = place
    assert set(found) == {
        "smooth_l1_beta", "huber_delta", "pseudo_huber_delta", "quantile_tau",
        "general_robust_alpha", "general_robust_c",
    }  # fmt: skip


def test_the_seed_is_a_field_and_makes_other_noise():
    there = app(["huber"], losses_data="Outliers in y", losses_seed="3")
    seed = there.number_input(key=view.SEED.key)
    assert (seed.min, seed.max, seed.value) == (0, 20, 3)
    seed.set_value(17).run()
    assert not there.exception
    _, y = DATASETS["outliers"](seed=17)
    np.testing.assert_array_equal(unpacked(picture(there)["data"][POINTS]["y"]), np.float32(y))


def test_rounding_is_not_shown_as_a_slope():
    there = app(["squared_error", "huber"], losses_data="Ten 1s and one 1000")
    squared, huber = sentences(there)
    assert "91.8182 + 0·x" in squared
    assert "+ 0·x" in huber
    for head in swept(there):
        for said in head["texts"].values():
            assert not any("·10" in piece for row in said for piece in row if "·x (" in piece)


def test_one_outlier_fills_the_value_of_l1_but_not_its_pull():
    """Ten errors of 0.1 and one of 999: what is said of L2 holds for its gradient alone."""
    there = app(
        ["squared_error", "absolute_error", "huber"],
        losses_data="Ten at 1.1 and one at 1000",
        losses_model="constant",
        losses_shares="the truth",
    )
    (shares,) = (m.value for m in there.markdown if "share of pull" in m.value)
    outlier = shares.splitlines()[2].replace("\N{NO-BREAK SPACE}%", "").strip("| ").split(" | ")
    assert outlier == ["6.000", "1000.000", "100.0", "99.9", "99.9", "9.1", "100.0", "50.0"]


def test_without_points_there_is_one_word_about_it():
    there = app(["huber"], losses_data="Your own points (CSV)")
    assert [i.value[:16] for i in there.info] == ["No point is left"]
    assert not there.warning


def test_lines_follow_delta_and_alpha_under_the_hand(open_page):
    losses = "loss=squared_error&loss=absolute_error&loss=huber&loss=general_robust"
    outliers = "losses_data=Outliers%20in%20y&general_robust_alpha=-2.0"
    visit = laboratory(open_page, f"{losses}&{outliers}")
    key = chart_key(visit)
    limits = visit.page.locator(".st-key-huber_limits")
    still = drawn(visit, key)[SQUARED], drawn(visit, key)[ABSOLUTE]

    def follows(slider, value, seen):
        before, during, after = carry(visit, slider, value, seen)
        assert all(now != then for now, then in zip(during, before, strict=True)), slider
        assert after == during, slider
        assert (drawn(visit, key)[SQUARED], drawn(visit, key)[ABSOLUTE]) == still, slider

    def huber():
        return drawn(visit, key)[HUBER], sentence(visit, HUBER), limits.inner_text()

    def robust():  # It is not convex.
        return drawn(visit, key)[ROBUST], sentence(visit, ROBUST)

    follows("huber_delta", 4.0, huber)
    follows("general_robust_alpha", 1.5, robust)


def test_points_are_added_removed_and_changed(open_page):
    visit = laboratory(open_page, "losses_data=Outliers%20in%20y")
    area = visit.page.locator(f"{PLOT} .nsewdrag")
    first, mean = points(visit), line(visit, SQUARED)
    click(visit, area, 0.7, 0.5)
    wait_for_points(visit, len(first) + 1)
    assert line(visit, SQUARED) != mean

    before = points(visit)
    choose(visit, "losses_click", "removes")
    # The outliers lie far above the rest: the nearest to the upper edge is one of them.
    click(visit, area, 0.5, 0.01)
    wait_for_points(visit, len(before) - 1)
    (gone,) = [p for p in before if p not in points(visit)]
    assert gone[1] > sorted(y for _, y in before)[len(before) // 2]

    unfold(visit, "Edit the points")
    grid = visit.page.locator('[class*="st-key-losses_editor"] .dvn-scroller')
    grid.click(position={"x": 0.75 * grid.bounding_box()["width"], "y": 52})
    visit.page.keyboard.press("Enter")
    visit.page.locator("#portal input").fill("7.5")
    with visit.rerun():
        visit.page.keyboard.press("Enter")
    visit.page.wait_for_function(
        f"Array.from(document.querySelector('{PLOT}')._fullData[{POINTS}].y).includes(7.5)"
    )
    assert len(points(visit)) == len(first)


def test_an_uploaded_file_is_fitted_and_its_bad_rows_named(open_page, tmp_path: Path):
    visit = laboratory(open_page, "losses_data=Your%20own%20points%20(CSV)")
    file = tmp_path / "points.csv"
    file.write_text("x,y\n0,1\n1,3\n2,nan\n3,seven\n4,9\n", encoding="utf-8")
    with visit.rerun():
        visit.page.locator("input[type=file]").set_input_files(file)
    wait_for_points(visit, 3)
    # 1 + 2x goes through all three points that are left.
    assert line(visit, SQUARED)[1] - line(visit, SQUARED)[0] == pytest.approx(
        2 * 4 * 1.16, rel=1e-6
    )
    warning = visit.page.get_by_text("Left out of your file")
    expect(warning).to_be_visible()
    for number in (4, 5):
        expect(visit.page.get_by_text(f"Line {number}")).to_be_visible()
