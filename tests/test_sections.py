"""A loss along its axis, and the facts computed from it, held to what is known of each loss."""

import math
from typing import Any

import numpy as np
import pytest

from core.loss_facts import loss_facts
from core.losses import LOSSES
from core.numeric import REACH, receipt
from core.sections import SECTIONS, Section
from core.spec import Axis, Interval, Labels, Loss
from tests.test_activations import slider_extremes

INF = math.inf
ALONG = [loss for loss in LOSSES.values() if loss.axis in SECTIONS]
along_an_axis = pytest.mark.parametrize("loss", ALONG, ids=[v.key for v in ALONG])


def axis_points(loss: Loss) -> Any:
    """Return places along the axis, none of them at a break."""
    if loss.axis is Axis.PROBABILITY:
        return np.linspace(0.011, 0.987, 41)
    return np.linspace(-7.93, 7.91, 41)


# Sections


def test_sections_are_the_losses_of_one_number() -> None:
    assert {v.key for v in ALONG} == {v.key for v in LOSSES.values() if not v.reduces}


@along_an_axis
def test_a_section_is_the_loss_at_a_fixed_target(loss: Loss) -> None:
    x = axis_points(loss)
    for given in (0.0, 1.0):
        section = Section(loss, given)
        target = {Axis.RESIDUAL: 0.0, Axis.MARGIN: 1.0}.get(loss.axis, given)
        for values in slider_extremes(loss):
            np.testing.assert_array_equal(section(x, **values), loss(x, target, **values))
            np.testing.assert_array_equal(
                section.gradient(x, **values), loss.gradient(x, target, **values)
            )
        assert section.key == loss.key
        assert section.parameters == loss.parameters
        assert section.breaks(**loss.defaults) == loss.breaks(**loss.defaults)
        assert section.resolve({}) == loss.defaults


@along_an_axis
def test_a_section_keeps_type_shape_and_columns(loss: Loss) -> None:
    section = Section(loss, 1.0)
    x = axis_points(loss)
    for function in (section, section.gradient):
        assert function(x.astype(np.float32)).dtype == np.float32
        assert function(x.reshape(41, 1)).shape == (41, 1)
        assert function(0.5).shape == ()
        for p in loss.parameters:
            column = np.array([[p.default], [p.high]])
            assert function(x, **{p.name: column}).shape == (2, 41)


def test_a_section_refuses_what_the_loss_refuses() -> None:
    section = Section(LOSSES["brier"], 1.0)
    with pytest.raises(ValueError, match="brier: the prediction"):
        section(1.5)
    with pytest.raises(ValueError, match="brier: the target"):
        Section(LOSSES["brier"], -1.0).gradient(0.5)
    with pytest.raises(TypeError, match="no parameter stranger"):
        section.resolve({"stranger": 1.0})


@along_an_axis
def test_a_section_is_drawn_and_checked_like_an_activation(loss: Loss) -> None:
    x = axis_points(loss)
    if loss.axis is Axis.PROBABILITY:  # the differences reach beyond their points
        x = x[(x > REACH) & (x < 1 - REACH)]
    for values in slider_extremes(loss):
        if values.get("alpha") == -10.0 and values.get("c") == 0.1:
            continue  # sharper than finite differences can follow
        found = receipt(Section(loss, 1.0), x, **values)
        slopes = np.abs(loss.gradient(x, 1.0, **values))
        assert found.points == x.size > 10
        assert found.largest_difference <= 1e-6 * (1 + slopes.max()), (values, found)


# Facts: key, parameters, target, convex, sup |gradient|, redescending, smoothness

KNOWN = [
    ("absolute_error", {}, 1.0, True, 1.0, False, 0),
    ("squared_error", {}, 1.0, True, INF, False, INF),
    ("smooth_l1", {}, 1.0, True, 1.0, False, 1),
    ("smooth_l1", {"beta": 0.0}, 1.0, True, 1.0, False, 0),
    ("smooth_l1", {"beta": 0.05}, 1.0, True, 1.0, False, 1),
    ("smooth_l1", {"beta": 5.0}, 1.0, True, 1.0, False, 1),
    ("huber", {}, 1.0, True, 1.0, False, 1),
    ("huber", {"delta": 0.05}, 1.0, True, 0.05, False, 1),
    ("huber", {"delta": 5.0}, 1.0, True, 5.0, False, 1),
    ("pseudo_huber", {}, 1.0, True, 1.0, False, INF),
    ("pseudo_huber", {"delta": 5.0}, 1.0, True, 5.0, False, INF),
    ("log_cosh", {}, 1.0, True, 1.0, False, INF),
    ("quantile", {}, 1.0, True, 0.5, False, 0),
    ("quantile", {"tau": 0.9}, 1.0, True, 0.9, False, 0),
    ("quantile", {"tau": 0.01}, 1.0, True, 0.99, False, 0),
    ("general_robust", {"alpha": 2.0}, 1.0, True, INF, False, INF),
    ("general_robust", {"alpha": 1.5}, 1.0, True, INF, False, INF),
    ("general_robust", {"alpha": 1.1}, 1.0, True, INF, False, INF),
    ("general_robust", {"alpha": 1.0, "c": 0.5}, 1.0, True, 2.0, False, INF),
    # ψ peaks at r² = c²(2 − α)/(1 − α) and fades to 0 for every α < 1.
    ("general_robust", {"alpha": 0.9}, 1.0, False, None, True, INF),
    ("general_robust", {"alpha": 0.5, "c": 5.0}, 1.0, False, None, True, INF),
    ("general_robust", {"alpha": 0.0}, 1.0, False, 1 / math.sqrt(2), True, INF),
    ("general_robust", {"alpha": -2.0, "c": 0.1}, 1.0, False, None, True, INF),
    ("general_robust", {"alpha": -10.0, "c": 5.0}, 1.0, False, None, True, INF),
    ("zero_one", {}, 1.0, False, 0.0, False, -1),
    ("perceptron", {}, 1.0, True, 1.0, False, 0),
    ("hinge", {}, 1.0, True, 1.0, False, 0),
    ("squared_hinge", {}, 1.0, True, INF, False, 1),
    ("logistic", {}, 1.0, True, 1.0, False, INF),
    ("exponential", {}, 1.0, True, INF, False, INF),
    ("binary_cross_entropy", {}, 0.0, True, INF, False, INF),
    ("binary_cross_entropy", {}, 1.0, True, INF, False, INF),
    ("binary_cross_entropy", {}, 0.3, True, INF, False, INF),
    ("brier", {}, 0.0, True, 2.0, False, INF),
    ("brier", {}, 1.0, True, 2.0, False, INF),
    ("focal", {}, 0.0, True, INF, False, INF),
    ("focal", {}, 1.0, True, INF, False, INF),
    ("focal", {"gamma": 0.0}, 1.0, True, INF, False, INF),
    ("focal", {"gamma": 0.3, "alpha": 0.5}, 0.0, True, INF, False, INF),
    ("focal", {"gamma": 5.0, "alpha": 0.5}, 0.0, True, INF, False, INF),
    # Without weight there is nothing: no loss and no gradient.
    ("focal", {"alpha": 0.0}, 1.0, True, 0.0, False, INF),
    ("sigmoid_cross_entropy", {}, 0.0, True, 1.0, False, INF),
    ("sigmoid_cross_entropy", {}, 1.0, True, 1.0, False, INF),
    ("sigmoid_cross_entropy", {}, 0.3, True, 0.7, False, INF),
]


def peak(alpha: float, c: float) -> float:
    """Return the largest pull of Barron's loss for α < 1, from ψ′ = 0."""
    gap = 2 - alpha
    share = 1 / (1 - alpha)  # (r/c)²/|α − 2| there
    return math.sqrt(gap * share) / c * (share + 1) ** (alpha / 2 - 1)


@pytest.mark.parametrize(
    ("key", "values", "target", "convex", "steepest", "redescending", "smoothness"),
    KNOWN,
    ids=[f"{k}-{v}-{t:g}" for k, v, t, *_ in KNOWN],
)
def test_facts_are_what_is_known(
    key: str,
    values: dict[str, float],
    target: float,
    convex: bool,
    steepest: float | None,
    redescending: bool,
    smoothness: float,
) -> None:
    with np.errstate(all="raise", under="ignore"):
        facts = loss_facts(LOSSES[key], target, **values)
    if steepest is None:
        steepest = peak(values["alpha"], values.get("c", 1.0))
    assert facts.convex is convex
    assert facts.max_gradient == pytest.approx(steepest, rel=1e-2)
    assert facts.bounded_gradient is math.isfinite(steepest)
    assert facts.redescending is redescending
    assert facts.smoothness == smoothness


def test_every_loss_along_an_axis_is_known() -> None:
    """A new entry needs a line in KNOWN."""
    assert {k for k, *_ in KNOWN} == {v.key for v in ALONG}


@pytest.mark.parametrize("alpha", np.round(np.arange(-10, 2.05, 0.5), 1).tolist())
def test_general_robust_changes_its_nature_at_one(alpha: float) -> None:
    for c in (0.1, 1.0, 5.0):
        facts = loss_facts(LOSSES["general_robust"], alpha=alpha, c=c)
        assert facts.convex == (alpha >= 1)
        assert facts.bounded_gradient == (alpha <= 1)
        assert facts.redescending == (alpha < 1)
        assert facts.smoothness == INF


@along_an_axis
def test_facts_are_computed_at_every_slider_end(loss: Loss) -> None:
    targets = (0.0, 1.0) if isinstance(loss.targets, Interval) or 0.0 in values_of(loss) else (1.0,)
    for values in slider_extremes(loss):
        for target in targets:
            with np.errstate(all="raise", under="ignore"):
                facts = loss_facts(loss, target, **values)
            assert facts.max_gradient >= 0
            assert facts.smoothness in (-1, 0, 1, INF)
            # What holds for the largest pull holds for any.
            slopes = np.abs(Section(loss, target).gradient(axis_points(loss), **values))
            assert slopes.max() <= facts.max_gradient * (1 + 1e-2)


def values_of(loss: Loss) -> tuple[float, ...]:
    return loss.targets.values if isinstance(loss.targets, Labels) else ()


def test_facts_refuse_what_the_loss_refuses() -> None:
    with pytest.raises(ValueError, match="huber: delta"):
        loss_facts(LOSSES["huber"], delta=-1.0)
    with pytest.raises(TypeError, match="no parameter"):
        loss_facts(LOSSES["huber"], beta=1.0)
