"""The bench in words: a row of numbers for each loss, and what they add up to."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.segmentation import MASK_LOSSES, PIXELS, Descent, Mask
from pages.ui import wording
from pages.ui.segmentation.controls import STEPS

HEADS = ["", "value", "largest |dL/dz|", "background’s share", "best constant p"]


def constant(share: float) -> str:
    """Write the best constant; at either end of the search it runs away to 0 or 1."""
    if np.isnan(share):
        return "any"
    return "→ 0" if share < 1e-5 else "→ 1" if share > 1 - 1e-5 else wording.fixed(share)


def part(share: float) -> str:
    """Write a share of the gradient, of which there may be none."""
    return wording.percent(share) if np.isfinite(share) else "none"


def wrong_sides(counts: Sequence[int], means: Mapping[str, Sequence[float]]) -> list[str]:
    """Say of each map how many pixels are wrong, and how hard three losses pull there."""
    said = []
    for place, count in enumerate(counts):
        bce, squared, absolute = (wording.number(mean[place], 2) for mean in means.values())
        said.append(
            f"**{count} of {PIXELS} pixels are on the wrong side.** There \\|dL/dz\\| is on "
            f"average {bce} under BCE, {squared} under L2 and {absolute} under L1."
            if count
            else "**Every pixel is on its right side of p = ½.** What gradient is left makes "
            "right answers more certain."
        )
    return said


def imbalance(
    mask: Mask, shares: Mapping[str, Sequence[float]], bests: Mapping[str, Sequence[float]]
) -> list[str]:
    """Say of each map what part of the gradient the background has, and where that leads."""
    return [
        f"Background is {wording.percent(1 - mask.mean())} of the pixels. Its share of the "
        f"gradient: {part(bce)} under BCE, {part(weighted)} under weighted BCE, {part(dice)} "
        f"under Dice.\n\nOne answer for all pixels would best be {constant(best)} under BCE and "
        f"{constant(heavy)} under weighted BCE."
        for bce, weighted, dice, best, heavy in zip(*shares.values(), *bests.values(), strict=True)
    ]


def descent_heads(step: int) -> list[str]:
    """Return the head of the table of the descents."""
    return [f"after step {step}", "value", "wrong pixels", "Dice score", "all right by step"]


def descent_rows(run: Mapping[str, Descent], at: int) -> list[list[str]]:
    """Return a row for each loss, at the step that was kept as number ``at``."""
    rows = []
    for key, one in run.items():
        moving = [column[at] for column in descent_columns(one)]
        rows.append([MASK_LOSSES[key].name, *moving, _all_right(one)])
    return rows


def descent_columns(one: Descent) -> list[list[str]]:
    """Return the columns of a loss's row that the step moves; a text for each step."""
    return [
        [wording.fixed(v) for v in one.value.tolist()],
        [wording.percent(v) for v in one.wrong.tolist()],
        [wording.fixed(v, 3) for v in one.overlap.tolist()],
    ]


_LASTING = ("bce", "weighted", "focal")
"""Losses whose gradient does not fade where an answer is confidently wrong."""


def _all_right(one: Descent) -> str:
    return str(one.steps[one.wrong.argmin()]) if one.wrong.min() == 0 else "not in 200"


def descent_verdict(run: Mapping[str, Descent]) -> str:
    """Say under which losses every pixel ends up right, and why not under the others."""
    done = [MASK_LOSSES[k].name for k, one in run.items() if one.wrong[-1] == 0]
    stuck = {k: one.wrong[-1] for k, one in run.items() if one.wrong[-1] > 0}
    shares = [f"{MASK_LOSSES[k].name} ({wording.percent(wrong)})" for k, wrong in stuck.items()]
    fading = [MASK_LOSSES[k].name for k in stuck if k not in _LASTING]
    lasting = [MASK_LOSSES[k].name for k in stuck if k in _LASTING]
    said = [f"After {STEPS} steps every pixel is right under **{', '.join(done) or 'no loss'}**."]
    if stuck:
        said.append(f"Pixels are still wrong under {', '.join(shares)}.")
    if fading:
        said.append(
            f"Where an answer is confidently wrong, the gradient of {wording.listed(fading)} has "
            "the slope p(1\N{NO-BREAK SPACE}−\N{NO-BREAK SPACE}p) of the sigmoid in it, which lets "
            "next to nothing through."
        )
    if lasting:
        said.append(
            f"{wording.listed(lasting)} would need more steps, a larger rate, or a weight above 0."
        )
    return "\n\n".join(said)
