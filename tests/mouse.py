"""Pointing with a mouse at what moves while a page unfolds or is drawn again."""

from playwright.sync_api import Locator

from tests.chromium import Visit


def unfold(visit: Visit, label: str) -> None:
    """Open an expander and wait until all of it shows.

    While it unfolds, what is in it has its place already, but lies hidden below its edge.
    """
    expander = visit.page.locator('[data-testid="stExpander"] details').filter(
        has=visit.page.locator("summary", has_text=label)
    )
    expander.locator("summary").click()
    expander.evaluate(
        """async details => {
            const frame = () => new Promise(requestAnimationFrame)
            while (!details.open) await frame()
            await frame()
            await Promise.allSettled(details.getAnimations().map(one => one.finished))
        }"""
    )
    visit.settle()


def choose(visit: Visit, key: str, option: str) -> None:
    """Click on one of the options of a control, and wait until the page stands as it asks."""
    with visit.rerun():
        visit.page.locator(f".st-key-{key}").get_by_text(option, exact=True).click()


def point(target: Locator, across: float, down: float) -> None:
    """Move the mouse to a place in an element, in shares of its width and its height.

    Waits until the element stands still and nothing lies over it there.
    """
    target.hover(position=_within(target, across, down))


def click(visit: Visit, target: Locator, across: float, down: float) -> None:
    """Click on a place in an element, and wait until the page has answered."""
    with visit.rerun():
        target.click(position=_within(target, across, down))


def drag(
    visit: Visit, target: Locator, start: tuple[float, float], end: tuple[float, float]
) -> None:
    """Draw a box over an element, from one place in it to another."""
    point(target, *start)
    visit.page.mouse.down()
    place = target.bounding_box()
    assert place is not None
    x, y = (
        place[corner] + share * place[side]
        for corner, share, side in zip("xy", end, ("width", "height"), strict=True)
    )
    visit.page.mouse.move(x, y, steps=6)
    visit.page.mouse.up()


def _within(target: Locator, across: float, down: float) -> dict[str, float]:
    target.scroll_into_view_if_needed()
    place = target.bounding_box()
    assert place is not None
    return {"x": across * place["width"], "y": down * place["height"]}
