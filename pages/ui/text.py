"""Lessons and other prose from assets/lessons: one Markdown file a topic."""

from functools import cache

from pages.ui.frame import ROOT

LANGUAGE = "en"


@cache
def lesson(topic: str) -> str:
    """Return the Markdown text of a lesson; raises ``FileNotFoundError`` for an unknown one."""
    return (ROOT / "assets/lessons" / LANGUAGE / f"{topic}.md").read_text(encoding="utf-8")
