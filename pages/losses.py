"""Losses: what each one makes of an error, and how hard it pulls."""

from core.datasets import DATASETS
from pages.ui import frame, presets
from pages.ui.controls import LOSS_PICKER
from pages.ui.functions import explorer, loss_view
from pages.ui.outliers import shares as outlier_shares
from pages.ui.outliers import view as outliers_view

PRESETS = (
    LOSS_PICKER.preset(
        "L1, L2, Huber",
        "Huber is L2 near zero and L1 far out. Which of the three can one outlier hijack? "
        "Below, one value in eleven is 1000: it makes up nearly all of each loss, but only "
        "of L2's pull.",
        ("squared_error", "absolute_error", "huber"),
        controls={
            outliers_view.DATA: DATASETS["near_one"].name,
            outliers_view.MODEL: "constant",
            outlier_shares.SHARES: outlier_shares.TRUTH,
        },
    ),
    LOSS_PICKER.preset(
        "Huber's limits",
        "Slide δ up and Huber lies on ½r² (the general robust loss at α = 2); "
        "slide it down and it becomes δ times the absolute error.",
        ("huber", "general_robust", "absolute_error"),
        {"general_robust_alpha": 2.0},
    ),
    LOSS_PICKER.preset(
        "Smooth L1 ≠ Huber",
        "Smooth L1 is Huber divided by its parameter: at β = δ = 2 one is half the other.",
        ("huber", "smooth_l1"),
        {"huber_delta": 2.0, "smooth_l1_beta": 2.0},
    ),
    LOSS_PICKER.preset(
        "Letting outliers go",
        "From L2 over Cauchy to Geman–McClure: as α falls, the pull of a far point fades to zero.",
        ("general_robust", "general_robust-2"),
        {"general_robust_alpha": 0.0, "general_robust-2_alpha": -2.0},
    ),
    LOSS_PICKER.preset(
        "Stand-ins for 0/1",
        "What one wants to count is the zero-one loss, but it has no gradient. "
        "The others bound it from above, up to a factor.",
        ("zero_one", "hinge", "logistic", "exponential"),
    ),
    LOSS_PICKER.preset(
        "Confidently wrong",
        "Slide p to 0: cross-entropy and its pull grow without bound, the Brier score stops at 1.",
        ("binary_cross_entropy", "brier", "focal"),
        controls={loss_view.TARGET: "1"},
    ),
)

frame.begin("losses")
presets.offer(PRESETS)
explorer.explain(loss_view.explore())
