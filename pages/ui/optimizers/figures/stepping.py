"""The step ledger's map: one walk with the arrows of one step."""

from collections.abc import Sequence

import numpy as np

from core.spec import FloatArray
from pages.ui.charts import COLOURS, Spec
from pages.ui.optimizers.figures import strokes


def ledger_traces(
    name: str,
    paths: FloatArray,
    at: FloatArray,
    arrows: Sequence[tuple[str, FloatArray]],
    look_ahead: FloatArray | None,
) -> list[Spec]:
    """Return the walk up to each row's step, the step itself, and arrows at its point.

    ``paths`` is (rows, K + 1, 2), and ``at`` (rows,) numbers the steps from 1; an arrow is
    (rows, 5, 2), as :func:`arrow` returns it. ``look_ahead`` (rows, 2) is where the gradient was
    taken, if elsewhere.
    """
    row = np.arange(len(at))
    place = np.minimum(np.arange(paths.shape[1])[None, :], at[:, None] - 1)
    so_far = paths[row[:, None], place]
    traces = [
        strokes.line(so_far[..., 0], so_far[..., 1], strokes.colour(name), "walk so far", width=1.5)
    ]
    ends = np.stack([paths[row, at - 1], paths[row, at]], axis=1)
    traces.append(
        strokes.line(ends[..., 0], ends[..., 1], strokes.colour(name), "this step Δ", width=4)
    )
    looks = ((COLOURS[1], "solid"), (COLOURS[6], "dash"))
    for (label, drawn), (paint, dash) in zip(arrows, looks, strict=False):
        x, y = drawn[..., 0], drawn[..., 1]
        traces.append(strokes.line(x, y, paint, label, dash=dash, width=2))
    traces.append(strokes.dot(ends[:, :1, 0], ends[:, :1, 1], strokes.colour(name), "circle", 9))
    if look_ahead is not None:
        traces.append(
            {
                **strokes.dot(look_ahead[:, :1], look_ahead[:, 1:], COLOURS[1], "diamond-open", 10),
                "name": "look-ahead",
                "showlegend": True,
            }
        )
    return traces


def arrow(tail: FloatArray, tip: FloatArray) -> FloatArray:
    """Return the strokes of arrows from tail to tip, (rows, 2) each, as (rows, 5, 2)."""
    along = tip - tail
    across = np.stack([-along[:, 1], along[:, 0]], axis=-1)
    left = tip - 0.25 * along + 0.12 * across
    right = tip - 0.25 * along - 0.12 * across
    return np.stack([tail, tip, left, tip, right], axis=1)
