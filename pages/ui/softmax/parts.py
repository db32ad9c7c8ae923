"""What every section of the Softmax page has: the keys of its charts, and a chart in words."""

from pages.ui import charts, wording
from pages.ui.parts import Shown

CHART = "softmax_chart"
PLACE = "softmax_place"
VERDICT = "softmax_verdict"


def listed(shown: Shown, trace: int = 0) -> str:
    """Return the values of a chart's bars in words, for those who do not see it."""
    bars = charts.at_rest(shown.traces[CHART][1])[trace]
    pairs = zip(bars["x"], bars["y"].tolist(), strict=True)
    return ", ".join(f"{name} {wording.fixed(value)}" for name, value in pairs)
