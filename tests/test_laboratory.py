"""The outlier laboratory in a real browser: lines that follow δ, clicks, edits and files."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.test_live import Hand, drawn

PLOT = '[class*="st-key-losses_fit_chart"] .js-plotly-plot'
SQUARED, ABSOLUTE, HUBER = 1, 2, 3
"""Where the lines of the losses that the page opens with stand among the chart's traces."""


@pytest.fixture
def visit(open_page):
    """Open the page with the laboratory in full view."""
    there = open_page("/losses?losses_data=Outliers%20in%20y", height=1900)
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
        f"(document.querySelector('{PLOT}')._fullData.at(-1))"
    )


def wait_for_points(visit, count):
    visit.page.wait_for_function(
        f"count => document.querySelector('{PLOT}')?._fullData?.at(-1).x.length === count",
        arg=count,
    )


def sentence(visit, place):
    return visit.page.locator(f".st-key-losses_fit_{place}").inner_text()


def click(visit, across, up):
    """Click on the picture, at shares of its plot area from the left and from below."""
    box = visit.page.locator(f"{PLOT} .nsewdrag").bounding_box()
    with visit.rerun():
        visit.page.mouse.click(
            box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"]
        )


def test_the_line_of_huber_follows_delta_under_the_hand(visit):
    (key,) = visit.page.locator(PLOT).evaluate_all(
        "plots => plots.map(p => p.closest('[class*=st-key-losses_fit_chart]')"
        ".className.match(/st-key-(losses_fit_chart\\w*)/)[1])"
    )
    limits = visit.page.locator(".st-key-huber_limits")

    def seen():
        return drawn(visit, key)[HUBER], sentence(visit, 2), limits.inner_text()

    before, sent = seen(), visit.sent
    still = drawn(visit, key)[SQUARED], drawn(visit, key)[ABSOLUTE]
    hand = Hand(visit, "huber_delta")
    hand.press()
    hand.move(4.0)
    during = seen()
    assert all(now != then for now, then in zip(during, before, strict=True))
    assert visit.sent == sent
    with visit.rerun():
        hand.release()
    assert seen() == during
    assert (drawn(visit, key)[SQUARED], drawn(visit, key)[ABSOLUTE]) == still


def test_a_click_adds_a_point_and_moves_the_lines(visit):
    many, mean = len(points(visit)), line(visit, SQUARED)
    click(visit, 0.7, 0.5)
    wait_for_points(visit, many + 1)
    assert line(visit, SQUARED) != mean


def test_a_click_removes_the_nearest_point(visit):
    before = points(visit)
    with visit.rerun():
        visit.page.locator(".st-key-losses_click").get_by_text("removes", exact=True).click()
    # The outliers lie far above the rest: the nearest to the upper edge is one of them.
    click(visit, 0.5, 0.99)
    wait_for_points(visit, len(before) - 1)
    (gone,) = [p for p in before if p not in points(visit)]
    assert gone[1] > sorted(y for _, y in before)[len(before) // 2]


def test_a_number_is_changed_in_the_table(visit):
    before = points(visit)
    visit.page.get_by_text("Edit the points").click()
    grid = visit.page.locator('[class*="st-key-losses_editor"] canvas').first
    expect(grid).to_be_visible()
    box = grid.bounding_box()
    visit.page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 52)
    visit.page.keyboard.press("Enter")
    visit.page.locator("#portal input").fill("7.5")
    with visit.rerun():
        visit.page.keyboard.press("Enter")
    visit.page.wait_for_function(
        f"Array.from(document.querySelector('{PLOT}')._fullData.at(-1).y).includes(7.5)"
    )
    assert len(points(visit)) == len(before)


def test_an_uploaded_file_is_fitted_and_its_bad_rows_named(open_page, tmp_path: Path):
    visit = open_page("/losses?losses_data=Your%20own%20points%20(CSV)", height=1900)
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
