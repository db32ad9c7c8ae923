"""The outlier laboratory's table: what part of the loss, and of the pull, a point makes up."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.datasets import DataSet
from core.fits import Fit, shares
from pages.ui import controls, export, wording
from pages.ui.controls import Choice, segments
from pages.ui.outliers.fits import Points

SHARES = "losses_shares"
TRUTH = "the truth"

LISTED = 12


def shares_of(
    choices: Sequence[Choice], fits: Sequence[Fit], points: Points, known: DataSet | None
) -> None:
    """Draw the table, of errors from each loss's own fit or from the truth if it is ``known``."""
    from_truth = False
    if known is not None:
        measured = segments("Errors are measured from", ("each fit", TRUTH), "each fit", SHARES)
        from_truth = measured == TRUTH
    x, y = points.x, points.y
    if known is not None and from_truth:
        residuals = [known.intercept + known.slope * x - y] * len(choices)
    else:
        residuals = [fit(x) - y for fit in fits]
    parts = [
        shares(controls.loss(c.key), r, **c.parameters)
        for c, r in zip(choices, residuals, strict=True)
    ]
    order = np.argsort([-max(p.loss[i] for p in parts) for i in range(x.size)], kind="stable")
    heads = ["x", "y"] + [
        f"{c.label}: {what}" for c in choices for what in ("share of loss", "share of pull")
    ]
    numbers = [
        [x[i].item(), y[i].item(), *(s[i].item() for p in parts for s in (p.loss, p.gradient))]
        for i in order
    ]
    worded = [
        [*(wording.fixed(one, 3) for one in row[:2]), *map(wording.percent, row[2:])]
        for row in numbers[:LISTED]
    ]
    st.markdown(wording.table(heads, worded))
    st.caption(_caption(choices, points, known if from_truth else None))
    export.csv_button(export.Table(heads, numbers), "outliers")


def _caption(choices: Sequence[Choice], points: Points, truth: DataSet | None) -> str:
    """Say what the shares are, and what they teach."""
    place = "under each fit"
    if truth is not None:
        line = wording.number(truth.intercept)
        if truth.slope:
            line += f" + {wording.number(truth.slope)}·x"
        place = f"where the truth, y = {line}, is predicted"
    count = len(points.across)
    more = f" The {LISTED} of {count} points that carry most." if count > LISTED else ""
    kinks = any(c.entry.breaks(**c.parameters) == (0.0,) for c in choices)
    note = " A point right on a line pulls with 0 where its loss has a kink." if kinks else ""
    return (
        f"What part of the total loss each point makes up {place}, and what part of the total "
        f"pull |∂ℓ/∂ŷ| on it.{more} A far point makes up much of every loss that grows "
        f"without limit; what sets losses apart is the pull.{note if truth is None else ''}"
    )
