"""The three meanings of momentum: their walks, and how far these are apart."""

from collections.abc import Sequence

from core.spec import FloatArray
from pages.ui.charts import COLOURS, Spec
from pages.ui.optimizers.figures import strokes


def form_traces(names: Sequence[str], paths: Sequence[FloatArray]) -> list[Spec]:
    """Return the walks of the forms, (rows, K + 1, 2) each, thicker below thinner."""
    widths, dashes = (6, 3, 2), ("solid", "solid", "dash")
    return [
        {
            **strokes.line(
                path[..., 0], path[..., 1], COLOURS[i], name, dash=dashes[i], width=widths[i]
            ),
            "opacity": 0.45 if i == 0 else 1.0,
        }
        for i, (name, path) in enumerate(zip(names, paths, strict=True))
    ]


def apart_layout(steps: int, top: float) -> Spec:
    """Lay out how far walks are apart over the step."""
    return {
        "height": 240,
        "margin": {"l": 56, "r": 8, "t": 28, "b": 36},
        "hovermode": "x",
        "dragmode": False,
        "legend": strokes.LEGEND,
        "xaxis": strokes.axis("step", (0, steps)),
        "yaxis": strokes.powers("distance to velocity", -18, top),
    }


def apart_traces(
    names: Sequence[str], steps: FloatArray, distances: Sequence[FloatArray]
) -> list[Spec]:
    """Return distances (rows, K + 1) over the step, in powers of ten."""
    return [
        {
            **strokes.line(
                steps, distance, COLOURS[i], name, dash=("solid", "dash")[i - 1], width=2.5
            ),
            "hovertemplate": "10^%{y:.2f}",
        }
        for i, (name, distance) in enumerate(zip(names, distances, strict=True), 1)
    ]
