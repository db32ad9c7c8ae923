"""Every loss of the catalogue, held to its definition.

All general tests are derived from the catalogue: a new entry is tested as soon as its file
exists, and fails until ``loss_formulas.py`` holds its definition.
"""

import ast
import inspect
import itertools
import math
import re
from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from core.loss_facts import loss_facts
from core.losses import LOSSES
from core.spec import FRAMEWORKS, SIGNS, UNIT, Axis, Interval, Labels, Loss, Simplex, no_breaks
from tests.formulas import DIGITS
from tests.latex import evaluate
from tests.loss_formulas import FORMULAS, ROWS, breaks_of, definition, row_definition
from tests.test_activations import assert_close, drawn, settings_of, slider_extremes

ONE_BY_ONE = [v for v in LOSSES.values() if not v.reduces]
BY_ROW = [v for v in LOSSES.values() if v.reduces]


def over(losses: list[Loss]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("loss", losses, ids=[v.key for v in losses])


every_loss = over([*LOSSES.values()])
elementwise = over(ONE_BY_ONE)
by_row = over(BY_ROW)
with_parameters = over([v for v in LOSSES.values() if v.parameters])
on_classes = over([v for v in BY_ROW if isinstance(v.targets, Simplex)])

EPS = float(np.finfo(float).eps)
MAX = float(np.finfo(float).max)
BELOW_ONE = 1 - 2.0**-53

SIZES = (
    *(5e-324, 1e-300, 1e-160, 1e-100, 1e-16, 1e-8, 1e-4, 0.02, 0.5, 1.0, 1.7, 2.0, 4.9, 19.1, 36.9),
    *(400.1, 709.9, 745.2, 1e4, 1e8, 1e16, 1e77, 1e150, 1.4e154, 1e160, 1e300, 1.7e308),
)
PROBABILITIES = (
    *(5e-324, 1e-308, 1e-300, 1e-100, 1e-16, 1e-4, 0.25, 0.5, 0.8, 0.9999, 1 - 1e-10, BELOW_ONE),
)
SOFT = (0.3, 0.5, 1e-300, BELOW_ONE)


# Points


def targets_of(loss: Loss) -> tuple[float, ...]:
    """Return targets on which one prediction after the other can be tried."""
    if isinstance(loss.targets, Labels):
        return loss.targets.values
    return (0.0, 1.0, *SOFT) if loss.targets is UNIT else (0.0, 1.25, -3e7)


def special_pairs(loss: Loss) -> list[tuple[float, float]]:
    """Return (prediction, target) where something could go wrong."""
    if loss.axis is Axis.PROBABILITY:
        soft = [(t, t) for t in targets_of(loss) if 0 < t < 1]
        return [*itertools.product(PROBABILITIES, targets_of(loss)), *soft]
    # e^z of an astronomical logit takes the reference long, and shows nothing new.
    sizes = [v for v in SIZES if loss.axis is not Axis.LOGIT or v <= 1e16]
    predictions = [0.0, *(s * v for v in sizes for s in (-1, 1))]
    if loss.axis is Axis.RESIDUAL:
        apart = [(3.7, -1.2), (1e10 + 3, 1e10), (0.1, 0.3), (1e-300, 3e-300)]
        return [*((p, 0.0) for p in predictions), *apart]
    return [*itertools.product(predictions, targets_of(loss))]


def random_pairs(loss: Loss, count: int) -> list[tuple[float, float]]:
    """Return random pairs, wide and near; the numbers are the same at every run."""
    rng = np.random.default_rng(4)
    targets = rng.choice(targets_of(loss), count).tolist()
    if loss.axis is Axis.PROBABILITY:
        return [*zip(rng.uniform(0, 1, count).tolist(), targets, strict=True)]
    wide = 10.0 ** rng.uniform(-300, 150, count) * rng.choice([-1, 1], count)
    predictions = np.where(rng.random(count) < 0.5, wide, rng.uniform(-30, 30, count))
    return [*zip(predictions.tolist(), targets, strict=True)]


def axis_point(loss: Loss, prediction: float, target: float) -> Any:
    """Return the exact place on the loss's axis: residual, margin, probability or logit."""
    with mpmath.workdps(DIGITS):
        if loss.axis is Axis.RESIDUAL:
            return mpmath.mpf(prediction) - mpmath.mpf(target)
        return mpmath.mpf(prediction) * (target if loss.axis is Axis.MARGIN else 1)


def check(
    loss: Loss,
    pairs: list[tuple[float, float]],
    values: Mapping[str, float],
    dtype: type = np.float64,
) -> None:
    """Hold value and gradient at ``pairs`` to the definition, with every warning an error.

    The allowance of ``assert_close`` is for the rounding of parameters times residual. Near
    an end of the unit interval it is the distance to that end that is rounded. Where a soft
    target is met, σ(z) − y can be no more exact than σ(z).
    """
    reference = definition(loss.key, values)
    predictions, targets = (np.array(column, dtype) for column in zip(*pairs, strict=True))
    with np.errstate(all="raise", under="ignore"):
        answers = loss(predictions, targets, **values)
        gradients = loss.gradient(predictions, targets, **values)
    assert answers.dtype == gradients.dtype == dtype
    assert not np.signbit(answers[answers == 0]).any(), f"{loss.key} gives −0"
    breaks = breaks_of(loss.key, values)
    for prediction, target, answer, gradient in zip(
        *(a.tolist() for a in (predictions, targets, answers, gradients)), strict=True
    ):
        truth = [
            reference.derivative(k, prediction, {**values, "target": target}) for k in range(3)
        ]
        place = axis_point(loss, prediction, target)
        label = f"{loss.key} {dict(values)}, prediction {prediction!r}, target {target!r}"
        with mpmath.workdps(DIGITS):
            rounded = min(prediction, 1 - prediction) if loss.axis is Axis.PROBABILITY else place
            share = rounded / place if place else 0
            slack = [truth[1] * share, truth[2] * share]
            if loss.axis is Axis.LOGIT and 0 < target < 1 and place:
                p = 1 / (1 + mpmath.exp(-place))
                slack[1] += (p * (1 - target) + (1 - p) * target) / place
        point = float(place) if abs(place) < MAX else place
        assert_close(answer, truth[0], slack[0], point, dtype=dtype, label=f"value of {label}")
        if place not in breaks:
            assert_close(
                gradient, truth[1], slack[1], point, dtype=dtype, label=f"gradient of {label}"
            )


# The reference itself


def test_every_definition_has_an_entry() -> None:
    assert set(FORMULAS) == {v.key for v in ONE_BY_ONE}
    assert set(ROWS) == {v.key for v in BY_ROW}


@pytest.mark.parametrize("find", [definition, row_definition])
def test_a_loss_without_a_definition_is_told_where_to_write_it(find: Any) -> None:
    with pytest.raises(LookupError, match=r"stranger has no definition in tests/loss_formulas\.py"):
        find("stranger")


@every_loss
def test_definition_and_entry_take_the_same_parameters(loss: Loss) -> None:
    reference = row_definition(loss.key) if loss.reduces else definition(loss.key)
    assert {str(p) for p in reference.parameters} - {"target"} == set(loss.defaults)


@every_loss
def test_signatures_carry_the_declared_defaults(loss: Loss) -> None:
    for function in (loss.function, loss.derivative, loss.breaks):
        given_defaults = {
            name: p.default
            for name, p in inspect.signature(function).parameters.items()
            if p.default is not inspect.Parameter.empty
        }
        if function is not no_breaks:
            assert given_defaults == loss.defaults, function


@every_loss
def test_only_rows_reduce(loss: Loss) -> None:
    assert loss.reduces == (loss.axis in (Axis.DISTRIBUTION, Axis.MASK))


@elementwise
def test_reference_has_converged(loss: Loss) -> None:
    """Twice the digits change nothing that a double could show."""
    reference = definition(loss.key, loss.defaults)
    points = (1e-120, 0.4, BELOW_ONE) if loss.axis is Axis.PROBABILITY else (-700.0, 1e-120, 35.5)
    for point, target, order in itertools.product(points, targets_of(loss)[:2], (0, 1)):
        values = {**loss.defaults, "target": target}
        value = reference.derivative(order, point, values)
        better = reference.derivative(order, point, values, 2 * DIGITS)
        assert abs(value - better) <= 1e-30 * abs(better) + mpmath.mpf("1e-345")


# Value and gradient of the elementwise losses


@elementwise
def test_value_and_gradient_follow_the_definition(loss: Loss) -> None:
    check(loss, [*special_pairs(loss), *random_pairs(loss, 20)], loss.defaults)


@over([v for v in ONE_BY_ONE if v.parameters])
def test_value_and_gradient_at_the_ends_of_each_slider(loss: Loss) -> None:
    for values in slider_extremes(loss):
        near = [
            (float(np.nextafter(b, b + side)), 0.0)
            for b in breaks_of(loss.key, values)
            for side in (-1, 0, 1)
        ]
        check(loss, [*near, *special_pairs(loss)[::3], *random_pairs(loss, 5)], values)


@elementwise
@drawn
@given(data=st.data())
def test_value_and_gradient_at_drawn_points(loss: Loss, data: st.DataObject) -> None:
    values = data.draw(settings_of(loss))
    far = {Axis.PROBABILITY: None, Axis.LOGIT: 1e4}.get(loss.axis, 1e150)
    if far is None:
        predictions = st.floats(0, 1, exclude_min=True, exclude_max=True)
    else:
        predictions = st.one_of(st.floats(-20, 20), st.floats(-far, far))
    if isinstance(loss.targets, Labels):
        targets = st.sampled_from(loss.targets.values)
    else:
        targets = st.floats(0, 1) if loss.targets is UNIT else predictions
    check(
        loss, data.draw(st.lists(st.tuples(predictions, targets), min_size=1, max_size=2)), values
    )


@elementwise
def test_float32_stays_float32_and_is_accurate(loss: Loss) -> None:
    rng = np.random.default_rng(32)
    if loss.axis is Axis.PROBABILITY:
        predictions = [1e-30, 1e-10, float(np.float32(1 - 2.0**-24)), *rng.uniform(0, 1, 20)]
        targets = [t for t in targets_of(loss) if t in (0, 1, 0.5, -1)]
    else:
        wide = 10.0 ** rng.uniform(-30, 30, 15) * rng.choice([-1, 1], 15)
        predictions = [*wide, *rng.uniform(-20, 20, 15), -1e4, 1e4, 88.8, -88.8]
        targets = [t for t in targets_of(loss) if t in (0, 1, 0.5, -1)]
    pairs = [(float(np.float32(p)), t) for p in predictions for t in targets]
    check(loss, pairs, loss.defaults, np.float32)


@pytest.mark.parametrize("alpha", [-1e-9, -1e-50, 1e-300, 1e-12, 1e-5, 2 - 1e-5, 2 - 2**-52])
def test_general_robust_beside_its_singular_shapes(alpha: float) -> None:
    loss = LOSSES["general_robust"]
    for scale in (1.0, 0.3):
        check(
            loss, [*special_pairs(loss)[::2], *random_pairs(loss, 5)], {"alpha": alpha, "c": scale}
        )


@elementwise
def test_breaks_are_those_of_the_definition(loss: Loss) -> None:
    for values in slider_extremes(loss):
        assert list(loss.breaks(**values)) == breaks_of(loss.key, values)


@elementwise
def test_gradient_at_a_break_lies_between_both_sides(loss: Loss) -> None:
    """A convention, but a subgradient: what descent may use."""
    for values in slider_extremes(loss):
        for place in loss.breaks(**values):
            sides = [
                float(loss.gradient(place + step, 1.0 if loss.targets is SIGNS else 0.0, **values))
                for step in (-1e-9, 0.0, 1e-9)
            ]
            low, high = sorted((sides[0], sides[2]))
            assert low - 1e-7 <= sides[1] <= high + 1e-7


@pytest.mark.parametrize(
    ("key", "values", "place", "gradient"),
    [
        ("absolute_error", {}, 0.0, 0.0),
        ("smooth_l1", {"beta": 0.0}, 0.0, 0.0),
        ("smooth_l1", {"beta": 2.0}, 2.0, 1.0),
        ("smooth_l1", {"beta": 2.0}, -2.0, -1.0),
        ("huber", {"delta": 0.5}, 0.5, 0.5),
        ("huber", {"delta": 0.5}, -0.5, -0.5),
        ("quantile", {"tau": 0.9}, 0.0, 0.0),
        ("perceptron", {}, 0.0, 0.0),
        ("zero_one", {}, 0.0, 0.0),
        ("hinge", {}, 1.0, 0.0),
        ("squared_hinge", {}, 1.0, 0.0),
    ],
)
def test_gradient_at_a_break_is_the_one_stated(
    key: str, values: dict[str, float], place: float, gradient: float
) -> None:
    loss = LOSSES[key]
    if loss.axis is Axis.RESIDUAL:
        assert loss.gradient(place + 4.0, 4.0, **values) == gradient
    else:
        assert loss.gradient(place, 1.0) == gradient
        assert loss.gradient(-place, -1.0) == -gradient
    assert loss.at_breaks


def test_a_score_of_zero_is_an_error() -> None:
    assert LOSSES["zero_one"]([0.0, 0.0, -0.0], [1, -1, 1]).tolist() == [1, 1, 1]


# Exact limits

INF = math.inf


@pytest.mark.parametrize(
    ("key", "values", "prediction", "target", "value", "gradient"),
    [
        ("binary_cross_entropy", {}, 0.0, 0.0, 0.0, 1.0),
        ("binary_cross_entropy", {}, 0.0, 1.0, INF, -INF),
        ("binary_cross_entropy", {}, 1.0, 0.0, INF, INF),
        ("binary_cross_entropy", {}, 1.0, 1.0, 0.0, -1.0),
        ("binary_cross_entropy", {}, 0.0, 0.3, INF, -INF),
        ("binary_cross_entropy", {}, 1.0, 0.3, INF, INF),
        ("brier", {}, 0.0, 1.0, 1.0, -2.0),
        ("brier", {}, 1.0, 1.0, 0.0, 0.0),
        ("focal", {}, 0.0, 0.0, 0.0, 0.0),
        ("focal", {}, 0.0, 1.0, INF, -INF),
        ("focal", {}, 1.0, 0.0, INF, INF),
        ("focal", {}, 1.0, 1.0, 0.0, 0.0),
        ("focal", {"gamma": 0.0}, 0.0, 0.0, 0.0, 0.75),
        ("focal", {"gamma": 0.0}, 0.0, 1.0, INF, -INF),
        ("focal", {"gamma": 0.0}, 1.0, 1.0, 0.0, -0.25),
        ("focal", {"gamma": 0.5}, 1.0, 1.0, 0.0, 0.0),
        # What has no weight costs nothing, certain or not.
        ("focal", {"alpha": 0.0}, 0.0, 1.0, 0.0, 0.0),
        ("focal", {"alpha": 1.0}, 1.0, 0.0, 0.0, 0.0),
        ("sigmoid_cross_entropy", {}, 1e4, 0.0, 1e4, 1.0),
        ("sigmoid_cross_entropy", {}, -1e4, 1.0, 1e4, -1.0),
        ("sigmoid_cross_entropy", {}, 1e4, 1.0, 0.0, 0.0),
        ("sigmoid_cross_entropy", {}, -1e4, 0.0, 0.0, 0.0),
        ("logistic", {}, -1e4, 1.0, 1e4, -1.0),
        ("logistic", {}, 1e4, 1.0, 0.0, 0.0),
        ("exponential", {}, -1e4, 1.0, INF, -INF),
        ("exponential", {}, -1e4, -1.0, 0.0, 0.0),
        ("hinge", {}, -1e4, 1.0, 10001.0, -1.0),
        ("squared_hinge", {}, 1e4, -1.0, 10001.0**2, 20002.0),
        ("perceptron", {}, 1e4, -1.0, 1e4, 1.0),
        ("categorical_cross_entropy", {}, (0.0, 1.0), (1.0, 0.0), INF, (-INF, 0.0)),
        ("categorical_cross_entropy", {}, (0.0, 1.0), (0.0, 1.0), 0.0, (0.0, -1.0)),
        ("kl_divergence", {}, (0.0, 1.0), (1.0, 0.0), INF, (-INF, 0.0)),
        ("kl_divergence", {}, (0.0, 1.0), (0.0, 1.0), 0.0, (0.0, -1.0)),
        ("reverse_kl_divergence", {}, (1.0, 0.0), (0.0, 1.0), INF, (INF, -INF)),
        ("reverse_kl_divergence", {}, (0.0, 1.0), (0.5, 0.5), math.log(2), (-INF, 1 + math.log(2))),
        ("reverse_kl_divergence", {}, (0.0, 1.0), (0.0, 1.0), 0.0, (INF, 1.0)),
        ("softmax_cross_entropy", {}, (1000.0, 0.0), (0.0, 1.0), 1000.0, (1.0, -1.0)),
        ("softmax_cross_entropy", {}, (1e4, -1e4), (0.0, 1.0), 2e4, (1.0, -1.0)),
        ("softmax_cross_entropy", {}, (1e4, -1e4), (1.0, 0.0), 0.0, (0.0, 0.0)),
        ("softmax_cross_entropy", {}, (MAX, -MAX), (1.0, 0.0), 0.0, (0.0, 0.0)),
        ("softmax_cross_entropy", {}, (MAX, -MAX), (0.0, 1.0), INF, (1.0, -1.0)),
        ("dice", {}, (0.0, 0.0), (0.0, 0.0), 0.0, (1.0, 1.0)),
        ("dice", {}, (1.0, 0.0), (1.0, 0.0), 0.0, (-1 / 3, 1 / 3)),
        ("tversky", {}, (0.0, 0.0), (0.0, 0.0), 0.0, (0.3, 0.3)),
    ],
)
def test_limits_are_exact(
    key: str, values: dict[str, float], prediction: Any, target: Any, value: float, gradient: Any
) -> None:
    with np.errstate(all="raise", under="ignore"):
        answer = LOSSES[key](prediction, target, **values)
        slope = LOSSES[key].gradient(prediction, target, **values)
    assert answer.tolist() == pytest.approx(value, rel=2 * EPS, abs=0)
    assert not np.signbit(answer)
    assert np.ravel(slope).tolist() == pytest.approx(
        np.ravel(gradient).tolist(), rel=4 * EPS, abs=0
    )


# The losses over a row


def rows_of(loss: Loss, rng: np.random.Generator) -> list[tuple[list[float], list[float]]]:
    """Return (prediction, target) rows inside the domain, from ordinary to extreme."""
    found = []
    for count in (1, 2, 4):
        for spread in (0.5, 3.0, 60.0):
            logits = rng.normal(0, spread, count)
            weights = rng.exponential(1, count)
            soft, hard = weights / weights.sum(), np.eye(count)[rng.integers(count)]
            if loss.axis is Axis.MASK:
                guess = 1 / (1 + np.exp(-logits))
                truths = [rng.integers(0, 2, count) * 1.0, rng.random(count), np.round(guess)]
            elif loss.predictions is LOSSES["softmax_cross_entropy"].predictions:
                guess, truths = logits * rng.choice([1.0, 100.0]), [soft, hard]
            else:
                guess = scipy.special.softmax(logits)
                reverse = loss.key == "reverse_kl_divergence"
                truths = [soft, scipy.special.softmax(-logits), *([] if reverse else [hard])]
            found += [(guess.tolist(), np.asarray(t).tolist()) for t in truths]
    return found


def check_rows(
    loss: Loss,
    rows: list[tuple[list[float], list[float]]],
    values: Mapping[str, float],
    dtype: type = np.float64,
) -> None:
    """Hold a row's value and gradient vector to the definition, without warnings.

    Relative to the answer, but for two sums whose terms cancel: Σ y ln(y/p) near p = y, and
    a gradient that is a difference of a prediction and a target.
    """
    eps = float(np.finfo(dtype).eps)
    for prediction, target in rows:
        guess, truth = np.array(prediction, dtype), np.array(target, dtype)
        with np.errstate(all="raise", under="ignore"):
            answer = loss(guess, truth, **values)
            gradient = loss.gradient(guess, truth, **values)
        assert answer.shape == ()
        assert gradient.shape == guess.shape
        assert answer.dtype == gradient.dtype == dtype
        exact, slopes = row_definition(loss.key).derivatives(guess, truth, values)
        label = f"{loss.key} {dict(values)} at {prediction}, {target}"
        # A shift of logits rounds each of them by an ulp of the largest.
        stretch = 40.0
        if loss.key == "softmax_cross_entropy":
            stretch += 8 * float(np.abs(guess).max())
        cancels = 8.0 if loss.key.endswith("kl_divergence") else 0.0
        assert float(answer) == pytest.approx(
            float(exact), rel=stretch * eps, abs=cancels * eps + 1e-300
        ), label
        soft = {"softmax_cross_entropy": 0 < float(truth.max()) < 1}.get(loss.key, False)
        slack = 8.0 * (soft or loss.axis is Axis.MASK or loss.key == "reverse_kl_divergence")
        scale = max(1.0, *(abs(float(s)) for s in slopes)) if slack else 0.0
        for got, slope in zip(gradient.tolist(), slopes, strict=True):
            if abs(slope) > float(np.finfo(dtype).max):
                assert got == math.copysign(INF, slope), label
                continue
            assert got == pytest.approx(
                float(slope), rel=stretch * eps, abs=slack * scale * eps + 1e-300
            ), f"gradient of {label}"


@by_row
def test_rows_follow_the_definition(loss: Loss) -> None:
    rows = rows_of(loss, np.random.default_rng(7))
    for values in slider_extremes(loss):
        check_rows(loss, rows if values == loss.defaults else rows[::5], values)


@by_row
def test_rows_in_float32(loss: Loss) -> None:
    rows = [(p, t) for p, t in rows_of(loss, np.random.default_rng(8)) if min(p) > -1e3]
    kept = [(p, t) for p, t in rows if min(map(abs, p)) > 1e-20 and min(t) >= 0]
    check_rows(loss, kept, loss.defaults, np.float32)


@by_row
@drawn
@given(data=st.data())
def test_rows_at_drawn_points(loss: Loss, data: st.DataObject) -> None:
    values = data.draw(settings_of(loss))
    count = data.draw(st.integers(1, 4))
    weights = st.lists(st.floats(1e-6, 1), min_size=count, max_size=count)

    def drawn_row(domain: Any) -> list[float]:
        if domain is UNIT:
            return data.draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))
        if isinstance(domain, Simplex):
            row = np.array(data.draw(weights))
            return (row / row.sum()).tolist()
        return data.draw(st.lists(st.floats(-1e3, 1e3), min_size=count, max_size=count))

    check_rows(loss, [(drawn_row(loss.predictions), drawn_row(loss.targets))], values)


@pytest.mark.parametrize("key", ["dice", "tversky"])
def test_a_nearly_right_mask_keeps_its_digits(key: str) -> None:
    check_rows(
        LOSSES[key],
        [([1 - 1e-12, 1e-14, 1.0], [1.0, 0.0, 1.0]), ([BELOW_ONE, 0.0], [1.0, 0.0])],
        LOSSES[key].defaults,
    )


def test_confident_right_logits_keep_their_digits() -> None:
    loss = LOSSES["softmax_cross_entropy"]
    check_rows(loss, [([40.0, 0.0, -3.0], [1.0, 0.0, 0.0]), ([0.0, 300.0], [0.0, 1.0])], {})
    assert 0 < loss([40.0, 0.0], 0) < 1e-17


# Domains


def strangers(domain: Any) -> list[tuple[Any, Any]]:
    """Return (values outside the domain, the one that has to be named)."""
    if isinstance(domain, Interval):
        if math.isinf(domain.low):
            return [(INF, INF), (-INF, -INF), ([0.0, INF], INF)]
        return [(-0.25, -0.25), (1.75, 1.75), ([0.5, 1.75, 1.0], 1.75), (INF, INF)]
    if isinstance(domain, Labels):
        return [(0.5, 0.5), (-2.0, -2.0), ([*domain.values, 0.25], 0.25)]
    return [([0.5, 0.75], 0.75), ([1.25, -0.25], -0.25), ([math.nan, 1.0], math.nan)]


def inside(domain: Any, like: Any) -> Any:
    """Return values of ``domain`` in the shape of ``like``."""
    shape = np.shape(like)
    if isinstance(domain, Simplex) and shape:
        return np.full(shape, 1 / shape[-1])
    return np.ones(shape)


@every_loss
def test_what_is_outside_the_domain_is_refused_by_name(loss: Loss) -> None:
    for what, domain, other in (
        ("prediction", loss.predictions, loss.targets),
        ("target", loss.targets, loss.predictions),
    ):
        for bad, culprit in strangers(domain):
            pair = (bad, inside(other, bad)) if what == "prediction" else (inside(other, bad), bad)
            for function in (loss, loss.gradient):
                with pytest.raises(ValueError, match=rf"^{loss.key}: .*{what}") as caught:
                    function(*pair)
                message = str(caught.value)
                assert str(domain) in message
                assert re.search(rf"(?<![\d.]){re.escape(f'{culprit:g}')}", message), message


@every_loss
def test_a_stranger_in_a_crowd_is_named(loss: Loss) -> None:
    """A message that shows the ends of a long array does not help to find its middle."""
    domain = loss.predictions
    if isinstance(domain, Simplex):
        crowd = np.full((3000, 2), 0.5)
        crowd[1500] = [0.5, 0.375]
        named = "0.375"
    else:
        crowd = np.full(3000, 0.5)
        crowd[1500] = 7.625 if domain is UNIT else -INF
        named = "7.625" if domain is UNIT else "-inf"
    with pytest.raises(ValueError, match=loss.key) as caught:
        loss(crowd, inside(loss.targets, crowd))
    assert named in str(caught.value).replace("−", "-").replace("-∞", "-inf").split("not")[-1]


@elementwise
def test_nan_passes(loss: Loss) -> None:
    target = targets_of(loss)[1]
    for pair in (([math.nan, 0.5], [target, target]), ([0.5, 0.5], [math.nan, target])):
        with np.errstate(all="raise", under="ignore"):
            answers = loss(*pair), loss.gradient(*pair)
        alone = loss(0.5, target), loss.gradient(0.5, target)
        for answer, second in zip(answers, alone, strict=True):
            assert math.isnan(answer[0])
            assert answer[1] == second


@every_loss
def test_what_is_no_real_number_is_refused(loss: Loss) -> None:
    good = [0.5, 0.5]
    label = [1.0, 0.0] if not isinstance(loss.targets, Labels) else [1.0, 1.0]
    for bad in (1j, "1.0", None, [None], np.array([1], object)):
        for pair, what in (((bad, label), "prediction"), ((good, bad), "target")):
            for function in (loss, loss.gradient):
                with pytest.raises(TypeError, match=rf"{loss.key} .*{what}"):
                    function(*pair)


# Classes


@on_classes
def test_class_indices_equal_one_hot_rows(loss: Loss) -> None:
    rng = np.random.default_rng(3)
    for shape in ((4,), (5, 4), (2, 5, 4)):
        prediction = scipy.special.softmax(rng.normal(size=shape), axis=-1)
        classes = rng.integers(0, 4, shape[:-1])
        for kind in (np.int64, np.uint8):
            for function in (loss, loss.gradient):
                np.testing.assert_array_equal(
                    function(prediction, classes.astype(kind)),
                    function(prediction, np.eye(4)[classes]),
                )


@on_classes
@pytest.mark.parametrize("classes", [[0, 3], [-1, 0]])
def test_a_class_that_is_not_there_is_refused(loss: Loss, classes: list[int]) -> None:
    stranger = next(str(k) for k in classes if not 0 <= k <= 2)
    with pytest.raises(ValueError, match=rf"{loss.key}: .*class index.* 0 to 2") as caught:
        loss(np.full((2, 3), 1 / 3), np.array(classes))
    assert stranger in str(caught.value).split("0 to 2")[-1].replace("−", "-")


@pytest.mark.parametrize("key", ["dice", "tversky"])
def test_an_integer_mask_is_a_mask_and_no_class(key: str) -> None:
    """One integer mask, scored against several predictions of it."""
    predictions, mask = np.full((5, 5), 0.25), np.array([0, 1, 1, 0, 1])
    for function in (LOSSES[key], LOSSES[key].gradient):
        np.testing.assert_array_equal(
            function(predictions, mask), function(predictions, mask.astype(float))
        )


@drawn
@given(
    logits=st.lists(st.integers(-1000, 1000), min_size=1, max_size=5),
    shift=st.sampled_from([2.0**20, -(2.0**30), 4096.0, -0.5]),
    label=st.integers(0, 4),
)
def test_a_common_shift_of_the_logits_changes_nothing(
    logits: list[int], shift: float, label: int
) -> None:
    """To the last bit, where the shifted logits are exact."""
    loss = LOSSES["softmax_cross_entropy"]
    z = np.array(logits) / 8
    for function in (loss, loss.gradient):
        np.testing.assert_array_equal(
            function(z + shift, label % z.size), function(z, label % z.size)
        )


# Types and shapes


def sample(loss: Loss, shape: tuple[int, ...], seed: int = 5) -> tuple[Any, Any]:
    """Return a prediction and a target of ``shape`` inside the domains."""
    rng = np.random.default_rng(seed)
    arrays = []
    for domain in (loss.predictions, loss.targets):
        if isinstance(domain, Simplex):
            weights = rng.exponential(size=shape)
            arrays.append(weights / weights.sum(axis=-1, keepdims=True))
        elif isinstance(domain, Labels):
            arrays.append(rng.choice(domain.values, shape))
        else:
            arrays.append(rng.random(shape) if domain is UNIT else rng.normal(0, 3, shape))
    return arrays[0], arrays[1]


@every_loss
def test_the_prediction_decides_the_type(loss: Loss) -> None:
    prediction, target = sample(loss, (4, 3))
    arrays = {k: np.full((1, 1), v) for k, v in loss.defaults.items()}
    scalars = {k: np.float64(v) for k, v in loss.defaults.items()}
    for values in ({}, arrays, scalars):
        for function in (loss, loss.gradient):
            narrow, wide = prediction.astype(np.float32), target.astype(np.float32)
            assert function(narrow, target, **values).dtype == np.float32
            assert function(prediction, wide, **values).dtype == np.float64
            assert function(prediction.tolist(), target.tolist(), **values).dtype == np.float64


@every_loss
def test_other_numbers_compute_in_float64(loss: Loss) -> None:
    for dtype in ("int8", "int64", "bool", "float16", ">f8"):
        prediction = np.array([1, 0]).astype(dtype)
        target = np.array([1, 1]) if loss.targets is SIGNS else prediction
        for function in (loss, loss.gradient):
            answer = function(prediction, target)
            assert answer.dtype == np.float64
            expected = function(prediction.astype(float), target.astype(float))
            np.testing.assert_array_equal(answer, expected)


@elementwise
def test_prediction_and_target_broadcast(loss: Loss) -> None:
    predictions, _ = sample(loss, (3, 1))
    _, targets = sample(loss, (4,))
    for function in (loss, loss.gradient):
        together = function(predictions, targets)
        assert together.shape == (3, 4)
        loop = [[float(function(p, t)) for t in targets] for p in predictions[:, 0]]
        np.testing.assert_allclose(together, loop, rtol=1e-14, atol=0)
        assert function(0.5, targets).shape == function(np.full(4, 0.5), targets[0]).shape == (4,)
        assert isinstance(function(0.5, targets[0]), np.ndarray)
        assert function(0.5, targets[0]).shape == ()
        assert function(np.empty((0, 2)), np.empty((0, 2))).shape == (0, 2)


@by_row
def test_rows_broadcast(loss: Loss) -> None:
    predictions, _ = sample(loss, (2, 1, 5))
    _, targets = sample(loss, (3, 5), seed=6)
    values, gradients = loss(predictions, targets), loss.gradient(predictions, targets)
    assert values.shape == (2, 3)
    assert gradients.shape == (2, 3, 5)
    for i, j in np.ndindex(2, 3):
        pair = predictions[i, 0], targets[j]
        np.testing.assert_allclose(values[i, j], loss(*pair), rtol=1e-14, atol=0)
        np.testing.assert_allclose(gradients[i, j], loss.gradient(*pair), rtol=1e-14, atol=0)
    assert loss(np.empty((0, 3)), np.empty((0, 3))).shape == (0,)


@with_parameters
def test_array_parameters_broadcast_like_a_loop(loss: Loss) -> None:
    prediction, target = sample(loss, (9,))
    for p in loss.parameters:
        column = np.array([v for v in np.linspace(p.low, p.high, 5) if p.domain.contains(v)])
        for kind in (np.float64, np.float32):
            guess = prediction.astype(kind)
            for function in (loss, loss.gradient):
                with np.errstate(all="raise", under="ignore"):
                    together = function(guess, target, **{p.name: column[:, None]})
                    loop = [function(guess, target, **{p.name: v}) for v in column.tolist()]
                assert together.dtype == kind
                np.testing.assert_allclose(
                    together, loop, rtol=1e-14 if kind is np.float64 else 2e-6, atol=0
                )


@every_loss
def test_inputs_are_neither_changed_nor_handed_back(loss: Loss) -> None:
    for dtype in (np.float32, np.float64):
        arrays = [a.astype(dtype) for a in sample(loss, (2, 3))]
        before = [a.copy() for a in arrays]
        for a in arrays:
            a.flags.writeable = False
        for function in (loss, loss.gradient):
            answer = function(*arrays)
            assert not any(np.shares_memory(answer, a) for a in arrays)
            answer[...] = 7
            np.testing.assert_array_equal(arrays, before)


@every_loss
def test_unknown_parameters_are_refused(loss: Loss) -> None:
    for function in (loss, loss.gradient):
        with pytest.raises(TypeError, match="no parameter stranger"):
            function(*sample(loss, (3,)), stranger=1.0)


@with_parameters
def test_parameters_outside_their_domain_are_refused(loss: Loss) -> None:
    pair = sample(loss, (3,))
    for p in loss.parameters:
        outside = [math.nan, INF, -INF]
        if math.isfinite(p.domain.low):
            outside += [p.domain.low - 1, *([] if p.domain.low_closed else [p.domain.low])]
        if math.isfinite(p.domain.high):
            outside += [p.domain.high + 1, *([] if p.domain.high_closed else [p.domain.high])]
        expected = rf"{loss.key}: {p.name} must be finite and in {re.escape(str(p.domain))}"
        for value in outside:
            for function in (loss, loss.gradient):
                with pytest.raises(ValueError, match=expected):
                    function(*pair, **{p.name: value})


# Convexity


def chord_gap(loss: Loss, one: Any, other: Any, target: Any, values: Mapping[str, float]) -> Any:
    """Return how far the chord's middle lies above the loss; negative if the loss bulges."""
    ends = loss(one, target, **values), loss(other, target, **values)
    middle = loss((np.asarray(one) + np.asarray(other)) / 2, target, **values)
    return (ends[0] + ends[1]) / 2 - middle


@elementwise
def test_chords_agree_with_the_facts(loss: Loss) -> None:
    """No chord dips below a convex loss; below any other one some chord does."""
    rng = np.random.default_rng(12)
    low, high = (1e-9, 1 - 1e-9) if loss.axis is Axis.PROBABILITY else (-60.0, 60.0)
    ends = rng.uniform(low, high, (2, 4000))
    if loss.axis is not Axis.PROBABILITY:
        ends *= 10.0 ** rng.uniform(-3, 0, ends.shape)
    for values in slider_extremes(loss):
        for target in (0.0, 1.0, 0.3) if loss.targets is UNIT else targets_of(loss)[:1]:
            gap = chord_gap(loss, *ends, target, values)
            known = gap[np.isfinite(gap)]
            size = loss(ends[0], target, **values) + loss(ends[1], target, **values)
            if loss_facts(loss, target, **values).convex:
                assert np.all(known >= -8 * EPS * (1 + size[np.isfinite(gap)])), (values, target)
            else:
                assert known.min() < -1e-3, f"no witness against {loss.key} {values}"


@on_classes
def test_losses_of_distributions_are_convex(loss: Loss) -> None:
    one, target = sample(loss, (3000, 4), seed=1)
    other, _ = sample(loss, (3000, 4), seed=2)
    assert np.all(chord_gap(loss, one, other, target, {}) >= -1e-12)


@pytest.mark.parametrize("key", ["dice", "tversky"])
def test_overlap_losses_are_not_convex(key: str) -> None:
    # Along a background pixel the loss grows ever more slowly.
    assert chord_gap(LOSSES[key], [1.0, 0.0], [1.0, 1.0], [1.0, 0.0], {}) < -1e-3


@elementwise
def test_no_loss_is_negative(loss: Loss) -> None:
    predictions, targets = (np.array(v) for v in zip(*special_pairs(loss), strict=True))
    for values in slider_extremes(loss):
        assert np.all(loss(predictions, targets, **values) >= 0)


# SciPy's definitions

RESIDUALS = np.concatenate([np.linspace(-8, 8, 401), [-1e4, 1e-8, 1e6]])


@pytest.mark.parametrize("delta", [0.05, 1.0, 3.0])
def test_scipy_huber_and_pseudo_huber(delta: float) -> None:
    for key, theirs in (
        ("huber", scipy.special.huber),
        ("pseudo_huber", scipy.special.pseudo_huber),
    ):
        ours = LOSSES[key](RESIDUALS + 2.0, 2.0, delta=delta)
        np.testing.assert_allclose(ours, theirs(delta, (RESIDUALS + 2.0) - 2.0), rtol=1e-7)


def test_scipy_logarithms() -> None:
    z = np.linspace(-800, 800, 1601)
    for label in (-1.0, 1.0):
        np.testing.assert_allclose(
            LOSSES["logistic"](z, label), -scipy.special.log_expit(label * z), rtol=1e-13, atol=0
        )
        np.testing.assert_allclose(
            LOSSES["sigmoid_cross_entropy"](z, (label + 1) / 2),
            -scipy.special.log_expit(label * z),
            rtol=1e-13,
        )
    rows = np.random.default_rng(1).normal(0, 200, (50, 6))
    cross = LOSSES["softmax_cross_entropy"](rows, np.arange(50) % 6)
    np.testing.assert_allclose(
        cross,
        scipy.special.logsumexp(rows, axis=1) - rows[np.arange(50), np.arange(50) % 6],
        atol=1e-10,
    )
    softmax = scipy.special.softmax(rows, axis=1)
    np.testing.assert_allclose(
        LOSSES["softmax_cross_entropy"].gradient(rows, np.arange(50) % 6),
        softmax - np.eye(6)[np.arange(50) % 6],
        atol=1e-12,
    )
    p, y = sample(LOSSES["kl_divergence"], (50, 6))
    for function in (scipy.special.rel_entr, scipy.special.kl_div):
        np.testing.assert_allclose(
            LOSSES["kl_divergence"](p, y), function(y, p).sum(axis=-1), rtol=1e-12
        )
        np.testing.assert_allclose(
            LOSSES["reverse_kl_divergence"](p, y), function(p, y).sum(axis=-1), rtol=1e-12
        )
    np.testing.assert_allclose(
        LOSSES["categorical_cross_entropy"](p, y), -scipy.special.xlogy(y, p).sum(axis=-1)
    )


# How the losses are related


def f(key: str, prediction: Any, target: Any, **values: Any) -> Any:
    with np.errstate(all="raise", under="ignore"):
        return LOSSES[key](prediction, target, **values)


def test_huber_runs_from_l1_to_half_l2() -> None:
    r = RESIDUALS
    np.testing.assert_allclose(f("huber", r, 0.0, delta=1e7), r**2 / 2)
    np.testing.assert_allclose(f("huber", r, 0.0, delta=1e7), f("squared_error", r, 0.0) / 2)
    for key in ("huber", "pseudo_huber"):
        small = f(key, r, 0.0, delta=1e-9) / 1e-9
        np.testing.assert_allclose(small, f("absolute_error", r, 0.0), atol=1e-8)
    for delta in (0.05, 0.7, 1.0, 5.0):
        np.testing.assert_allclose(
            f("smooth_l1", r, 0.0, beta=delta), f("huber", r, 0.0, delta=delta) / delta, rtol=1e-14
        )
        assert np.all(f("pseudo_huber", r, 0.0, delta=delta) <= f("huber", r, 0.0, delta=delta))
        apart = f("huber", 1e4, 0.0, delta=delta) - f("pseudo_huber", 1e4, 0.0, delta=delta)
        assert apart == pytest.approx(delta**2 / 2, rel=1e-3)
    assert np.all(np.abs(f("log_cosh", r, 0.0) - np.abs(r)) <= math.log(2) + EPS * np.abs(r))


def test_general_robust_holds_its_special_cases() -> None:
    r = RESIDUALS
    for c in (0.3, 1.0, 4.0):
        squares = (r / c) ** 2
        for alpha, closed in (
            (2.0, squares / 2),
            (1.0, np.sqrt(squares + 1) - 1),
            (0.0, np.log1p(squares / 2)),
            (-2.0, 2 * squares / (squares + 4)),
        ):
            ours = f("general_robust", r, 0.0, alpha=alpha, c=c)
            np.testing.assert_allclose(ours, closed, rtol=1e-7, atol=1e-12, err_msg=f"{alpha}")
            for beside in (alpha - 1e-9, min(alpha + 1e-9, 2.0)):
                near = f("general_robust", r, 0.0, alpha=beside, c=c)
                np.testing.assert_allclose(near, ours, rtol=1e-6)
        np.testing.assert_allclose(
            f("general_robust", r, 0.0, alpha=1.0, c=c), f("pseudo_huber", r, 0.0, delta=c) / c**2
        )
        welsch = f("general_robust", r, 0.0, alpha=-1e7, c=c)
        np.testing.assert_allclose(welsch, -np.expm1(-squares / 2), rtol=1e-4, atol=1e-12)


def test_quantile_is_l1_with_two_slopes() -> None:
    r = RESIDUALS
    np.testing.assert_array_equal(f("quantile", r, 0.0, tau=0.5), f("absolute_error", r, 0.0) / 2)
    for tau in (0.01, 0.25, 0.9):
        np.testing.assert_allclose(
            f("quantile", r, 0.0, tau=tau), f("quantile", -r, 0.0, tau=1 - tau), rtol=1e-13
        )
    # Too low costs τ: the prediction is pulled up.
    assert f("quantile", 0.0, 1.0, tau=0.9) == 0.9
    assert LOSSES["quantile"].gradient(0.0, 1.0, tau=0.9) == -0.9


def test_cross_entropies_are_one() -> None:
    z = np.linspace(-30, 30, 241)
    for y in (0.0, 1.0):
        from_logit = f("sigmoid_cross_entropy", z, y)
        np.testing.assert_allclose(from_logit, f("logistic", z, 2 * y - 1), rtol=1e-14)
        p = scipy.special.expit(z if y else -z)
        np.testing.assert_allclose(
            from_logit, f("binary_cross_entropy", p, 1.0), rtol=1e-14, atol=2 * EPS
        )
        pairs = np.stack([np.zeros_like(z), z], axis=-1)
        np.testing.assert_allclose(
            from_logit, f("softmax_cross_entropy", pairs, np.full(z.size, int(y))), rtol=1e-13
        )
        np.testing.assert_allclose(
            f("focal", p, y, gamma=0.0, alpha=0.5), f("binary_cross_entropy", p, y) / 2, rtol=1e-14
        )
    p = np.linspace(0, 1, 11)
    two = np.stack([1 - p, p], axis=-1)
    for y in (0.0, 0.3, 1.0):
        np.testing.assert_allclose(
            f("categorical_cross_entropy", two, [1 - y, y]),
            f("binary_cross_entropy", p, y),
            rtol=1e-14,
            atol=EPS,
        )
    np.testing.assert_array_equal(f("brier", p, 0.3), f("squared_error", p, 0.3))


@drawn
@given(data=st.data(), count=st.integers(2, 6))
def test_divergence_is_what_is_paid_beyond_the_entropy(data: st.DataObject, count: int) -> None:
    weights = st.lists(st.floats(1e-9, 1), min_size=count, max_size=count).map(np.array)
    p, y = ((w := data.draw(weights)) / w.sum() for _ in range(2))
    forward, reverse = f("kl_divergence", p, y), f("reverse_kl_divergence", p, y)
    assert forward >= -4 * EPS
    assert reverse >= -4 * EPS
    assert reverse == f("kl_divergence", y, p)
    assert abs(f("kl_divergence", p, p)) == 0
    entropy = f("categorical_cross_entropy", y, y)
    assert f("categorical_cross_entropy", p, y) - entropy == pytest.approx(forward, abs=1e-13)
    # Pinsker: half the squared distance is the least a divergence can be.
    assert forward >= np.abs(p - y).sum() ** 2 / 2 - 1e-12


@drawn
@given(
    p=st.lists(st.floats(0, 1), min_size=3, max_size=3),
    g=st.lists(st.floats(0, 1), min_size=3, max_size=3),
    smooth=st.floats(0.1, 10),
)
def test_tversky_holds_dice_and_jaccard(p: list[float], g: list[float], smooth: float) -> None:
    dice = f("dice", p, g, smooth=smooth)
    assert f("tversky", p, g, alpha=0.5, beta=0.5, smooth=smooth / 2) == pytest.approx(
        dice, rel=1e-13
    )
    assert f("dice", g, p, smooth=smooth) == pytest.approx(dice, rel=1e-13)
    assert 0 <= dice <= 1
    swapped = f("tversky", g, p, alpha=0.7, beta=0.2, smooth=smooth)
    assert f("tversky", p, g, alpha=0.2, beta=0.7, smooth=smooth) == pytest.approx(
        swapped, rel=1e-13
    )


def test_overlap_of_hard_masks_is_counted() -> None:
    found, truth = np.array([1, 1, 1, 0, 0, 0]), np.array([0, 1, 1, 1, 1, 0])
    tiny = {"smooth": 1e-12}
    assert f("dice", found, truth, **tiny) == pytest.approx(1 - 2 * 2 / (3 + 4))
    assert f("tversky", found, truth, alpha=1.0, beta=1.0, **tiny) == pytest.approx(1 - 2 / 5)
    # One false alarm at price α, two misses at price β.
    assert f("tversky", found, truth, alpha=0.3, beta=0.7, **tiny) == pytest.approx(1.7 / 3.7)


def test_margin_losses_bound_the_zero_one_loss() -> None:
    m = np.linspace(-6, 6, 1201)
    errors = f("zero_one", m, 1.0)
    for key in ("hinge", "squared_hinge", "exponential"):
        assert np.all(f(key, m, 1.0) >= errors)
    assert np.all(f("logistic", m, 1.0) / math.log(2) >= errors)
    for key in ("zero_one", "perceptron", "hinge", "squared_hinge", "logistic", "exponential"):
        np.testing.assert_array_equal(f(key, m, 1.0), f(key, -m, -1.0))


def test_classic_numbers() -> None:
    """Worked examples in which textbooks and libraries are often mixed up."""
    # Ten residuals of 0.1 and one of 999: share of the value, and of the pull.
    r = np.array([0.1] * 10 + [999.0])
    for key, of_value, of_pull in (
        ("squared_error", 0.9999999, 0.999),
        ("absolute_error", 0.999, 1 / 11),
        ("huber", 0.99995, 0.5),
    ):
        value, pull = f(key, r, 0.0), np.abs(LOSSES[key].gradient(r, 0.0))
        assert value[-1] / value.sum() == pytest.approx(of_value, abs=6e-6)
        assert pull[-1] / pull.sum() == pytest.approx(of_pull, abs=1e-3)
    assert f("huber", 100.0, 0.0) == 99.5
    assert f("pseudo_huber", 100.0, 0.0) == pytest.approx(99.005, abs=1e-5)
    assert f("hinge", [-1.0, 0.0, 0.5, 1.0, 5.0], 1.0).tolist() == [2, 1, 0.5, 0, 0]
    assert f("binary_cross_entropy", 0.9, 0.0) == pytest.approx(math.log(10))
    assert f("logistic", math.log(9), -1.0) == pytest.approx(math.log(10))
    assert LOSSES["sigmoid_cross_entropy"].gradient(-10.0, 1.0) == pytest.approx(-0.99995, abs=1e-5)
    assert f("smooth_l1", 3.0, 0.0, beta=2.0) == 2
    assert f("huber", 3.0, 0.0, delta=2.0) == 4
    assert f("smooth_l1", [1.0, -1.0], 0.0).tolist() == [0.5, 0.5]
    assert f("squared_error", 3.0, 0.0) == 9
    assert f("log_cosh", 1.0, 0.0) == pytest.approx(0.4337808304830271, rel=1e-15)
    assert f("log_cosh", 1e-9, 0.0) == pytest.approx(5e-19, rel=1e-15)
    assert f("categorical_cross_entropy", [0.5, 0.5], [0.5, 0.5]) == pytest.approx(math.log(2))
    assert f("softmax_cross_entropy", np.zeros(10), np.full(10, 0.1)) == pytest.approx(math.log(10))
    # Label smoothing 0.1 on three classes.
    smoothed = 0.9 * np.eye(3)[0] + 0.1 / 3
    assert f("softmax_cross_entropy", [2.0, 0.0, -1.0], smoothed) == pytest.approx(
        0.336513, abs=1e-6
    )
    # Focal at γ = 2: an example that is 90 % right counts a hundredth.
    easy = f("focal", 0.9, 1.0, gamma=2.0, alpha=0.25)
    assert easy == pytest.approx(0.25 * 0.01 * -math.log(0.9))


# What the expected loss is smallest at

SAMPLE = np.array([0.2, 0.9, 1.1, 1.6, 2.4, 2.5, 4.0, 7.5, 31.0])  # skewed: mean 5.69, median 2.4
SHARE = 0.3  # of the label +1, or of class 1


def best_constant(
    key: str, targets: Any, weights: Any, low: float, high: float, **values: Any
) -> float:
    """Return where the weighted mean of the loss is smallest, by looking everywhere."""

    def risk(c: Any) -> Any:
        return np.asarray(weights) @ f(
            key, np.asarray(c)[None], np.asarray(targets)[:, None], **values
        )

    for _ in range(12):
        grid = np.linspace(low, high, 2001)
        best = int(risk(grid).argmin())
        low, high = grid[max(best - 2, 0)], grid[min(best + 2, 2000)]
    return (low + high) / 2


@pytest.mark.parametrize(
    ("key", "values", "best"),
    [
        ("absolute_error", {}, np.median(SAMPLE)),
        ("squared_error", {}, SAMPLE.mean()),
        ("quantile", {"tau": 0.25}, np.quantile(SAMPLE, 0.25, method="inverted_cdf")),
        ("quantile", {"tau": 0.85}, np.quantile(SAMPLE, 0.85, method="inverted_cdf")),
        ("smooth_l1", {"beta": 1e-7}, np.median(SAMPLE)),
        ("smooth_l1", {"beta": 1e3}, SAMPLE.mean()),
        ("huber", {"delta": 1e-7}, np.median(SAMPLE)),
        ("huber", {"delta": 1e3}, SAMPLE.mean()),
        ("pseudo_huber", {"delta": 1e-7}, np.median(SAMPLE)),
        ("pseudo_huber", {"delta": 1e5}, SAMPLE.mean()),
        ("general_robust", {"alpha": 2.0, "c": 3.0}, SAMPLE.mean()),
    ],
)
def test_residual_losses_are_smallest_where_they_say(
    key: str, values: dict[str, float], best: float
) -> None:
    weights = np.full(SAMPLE.size, 1 / SAMPLE.size)
    found = best_constant(key, SAMPLE, weights, -5.0, 40.0, **values)
    assert found == pytest.approx(best, abs=2e-5)


def test_log_cosh_lies_between_median_and_mean() -> None:
    weights = np.full(SAMPLE.size, 1 / SAMPLE.size)
    large = best_constant("log_cosh", 1e4 * SAMPLE, weights, 0.0, 4e5) / 1e4
    small = best_constant("log_cosh", 1e-3 * SAMPLE, weights, 0.0, 0.04) / 1e-3
    assert large == pytest.approx(np.median(SAMPLE), abs=1e-3)
    assert small == pytest.approx(SAMPLE.mean(), rel=1e-2)


def test_general_robust_ends_at_the_mode_of_the_blurred_density() -> None:
    weights = np.full(SAMPLE.size, 1 / SAMPLE.size)
    found = best_constant("general_robust", SAMPLE, weights, -5.0, 40.0, alpha=-1e7, c=0.7)
    grid = np.linspace(-5, 40, 450_001)
    density = sum(scipy.stats.norm.pdf(grid, y, 0.7) for y in SAMPLE)
    assert found == pytest.approx(grid[density.argmax()], abs=1e-3)


@pytest.mark.parametrize(
    ("key", "labels", "best"),
    [
        ("perceptron", (1, -1), 0.0),
        ("hinge", (1, -1), -1.0),
        ("squared_hinge", (1, -1), 2 * SHARE - 1),
        ("logistic", (1, -1), math.log(SHARE / (1 - SHARE))),
        ("exponential", (1, -1), math.log(SHARE / (1 - SHARE)) / 2),
        ("sigmoid_cross_entropy", (1, 0), math.log(SHARE / (1 - SHARE))),
        ("binary_cross_entropy", (1, 0), SHARE),
        ("brier", (1, 0), SHARE),
    ],
)
def test_label_losses_are_smallest_where_they_say(
    key: str, labels: tuple[float, float], best: float
) -> None:
    inner = LOSSES[key].axis is Axis.PROBABILITY
    low, high = (1e-9, 1 - 1e-9) if inner else (-6.0, 6.0)
    found = best_constant(key, labels, (SHARE, 1 - SHARE), low, high)
    assert found == pytest.approx(best, abs=1e-6)


def test_zero_one_is_smallest_on_the_side_of_the_likelier_label() -> None:
    for score, risk in ((-1e-9, SHARE), (-5.0, SHARE), (1e-9, 1 - SHARE), (5.0, 1 - SHARE)):
        assert SHARE * f("zero_one", score, 1) + (1 - SHARE) * f("zero_one", score, -1) == risk


def test_focal_is_no_proper_score_but_weighted_cross_entropy_at_half_is() -> None:
    def best(**values: float) -> float:
        return best_constant("focal", (1, 0), (SHARE, 1 - SHARE), 1e-9, 1 - 1e-9, **values)

    assert best(gamma=0.0, alpha=0.5) == pytest.approx(SHARE, abs=1e-6)
    assert abs(best(gamma=0.0, alpha=0.25) - SHARE) > 0.05
    drawn_in = best(gamma=2.0, alpha=0.5)
    assert SHARE + 0.05 < drawn_in < 0.5


def test_distribution_losses_are_smallest_where_they_say() -> None:
    targets = np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
    mean = targets.mean(axis=0)
    geometric = np.sqrt(targets.prod(axis=0))
    rng = np.random.default_rng(9)
    for key, best in (
        ("categorical_cross_entropy", mean),
        ("kl_divergence", mean),
        ("reverse_kl_divergence", geometric / geometric.sum()),
        ("softmax_cross_entropy", np.log(mean)),
    ):
        least = f(key, best, targets).mean()
        for size in (1e-3, 0.1, 3.0):
            if key == "softmax_cross_entropy":
                others = best + rng.normal(0, size, (400, 3))
            else:
                others = scipy.special.softmax(np.log(best) + rng.normal(0, size, (400, 3)), axis=1)
            risks = f(key, others[:, None], targets).mean(axis=1)
            assert risks.min() >= least - 1e-12, key
        uphill = LOSSES[key].gradient(best, targets).mean(axis=0)
        assert np.ptp(uphill) < 1e-12  # equal entries: nothing to gain along the distributions


@pytest.mark.parametrize("key", ["dice", "tversky"])
def test_overlap_losses_are_smallest_at_a_hard_mask(key: str) -> None:
    """Over all predictions on a grid; the targets are uncertain, and one of them soft."""
    steps = np.linspace(0, 1, 21)
    masks = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 1, 3)
    rng = np.random.default_rng(10)
    for _ in range(8):
        targets = rng.integers(0, 2, (3, 3)) * 1.0
        targets[0] = rng.random(3)
        risk = f(key, masks, targets) @ rng.dirichlet([1, 1, 1])
        best = masks[risk.argmin(), 0]
        assert np.sum((best > 0) & (best < 1)) <= 1


# The noise model behind it


@pytest.mark.parametrize(
    ("key", "values", "model"),
    [
        ("absolute_error", {}, scipy.stats.laplace()),
        ("squared_error", {}, scipy.stats.norm(scale=math.sqrt(0.5))),
        ("log_cosh", {}, scipy.stats.hypsecant()),
        # Its κ is the square root of the ratio of both slopes.
        (
            "quantile",
            {"tau": 0.8},
            scipy.stats.laplace_asymmetric(2.0, scale=1 / math.sqrt(0.8 * 0.2)),
        ),
        ("pseudo_huber", {"delta": 1.5}, scipy.stats.genhyperbolic(1.0, 2.25, 0.0, scale=1.5)),
        ("general_robust", {"alpha": 2.0, "c": 3.0}, scipy.stats.norm(scale=3.0)),
        ("general_robust", {"alpha": 0.0, "c": 3.0}, scipy.stats.cauchy(scale=3 * math.sqrt(2))),
    ],
)
def test_loss_is_the_negative_log_likelihood_of_its_noise(
    key: str, values: dict[str, float], model: Any
) -> None:
    """Up to a constant; the noise is target − prediction."""
    noise = np.linspace(-6, 6, 49)
    surprise = -model.logpdf(noise)
    ours = f(key, 0.0, noise, **values)
    np.testing.assert_allclose(ours - ours[24], surprise - surprise[24], rtol=1e-9, atol=1e-12)
    assert LOSSES[key].noise


# What is shown

PREFIX = re.compile(r"^(\\ell\([^)]*\)|\\frac\{\\partial\\ell\}\{\\partial ?[^=]*?\})=")
SYMBOLS = {
    Axis.RESIDUAL: lambda p, t: {"r": mpmath.mpf(p) - t},
    Axis.MARGIN: lambda p, t: {"m": mpmath.mpf(p) * t, "t": mpmath.mpf(t)},
    Axis.PROBABILITY: lambda p, t: {"p": mpmath.mpf(p), "y": mpmath.mpf(t)},
    Axis.LOGIT: lambda p, t: {"z": mpmath.mpf(p), "y": mpmath.mpf(t)},
}


def readable(text: str) -> str:
    """Return a formula as ``evaluate`` takes it: without its left side, A = B as B ≤ A ≤ B."""
    text = text[PREFIX.match(text).end() :]
    return re.sub(r"&\s*([^&\\]*?|\\alpha)=([^&\\]*)", r"& \2\\le \1\\le \2", text)


def without_otherwise(text: str) -> str:
    """Drop the last case, which divides by 0 at the parameters that have a case of their own."""
    head, cases = text.split(r"\begin{cases}")
    kept = [
        row for row in cases.removesuffix(r"\end{cases}").split(r"\\") if "otherwise" not in row
    ]
    return head + r"\begin{cases}" + r"\\".join(kept) + r"\end{cases}"


@every_loss
def test_formulas_name_every_parameter_and_balance(loss: Loss) -> None:
    for p in loss.parameters:
        assert p.symbol in loss.formula, f"{p.symbol} is missing"
    symbols = [p.symbol for p in loss.parameters]
    assert len(set(symbols)) == len(symbols)
    assert not {"r", "m", "p", "y", "g", "z", "t", "e"} & set(symbols)
    for text in (loss.formula, loss.gradient_formula):
        assert PREFIX.match(text), text
        bare = re.sub(r"\\[{}]", "", text)
        depths = np.cumsum([{"{": 1, "}": -1}.get(k, 0) for k in bare])
        assert depths.min() >= 0
        assert depths[-1] == 0
        assert re.findall(r"\\begin{(\w+)}", text) == re.findall(r"\\end{(\w+)}", text)
        assert text.count(r"\left") - text.count(r"\leftarrow") == text.count(r"\right")
        assert len(re.findall(r"\\[bB]igg?l", text)) == len(re.findall(r"\\[bB]igg?r", text))
        assert bare.count("(") == bare.count(")")


@elementwise
@pytest.mark.parametrize("order", [0, 1], ids=["formula", "gradient_formula"])
def test_formula_shown_is_the_definition(loss: Loss, order: int) -> None:
    """Read the LaTeX as a reader would, and work it out; at a break it says what the code does."""
    text = readable((loss.formula, loss.gradient_formula)[order])
    beside = readable(loss.formula)
    compute = (loss, loss.gradient)[order]
    unit = loss.axis is Axis.PROBABILITY
    for values in slider_extremes(loss):
        if ("beta", 0.0) in values.items():
            continue  # the limit of the formula, which divides by it
        cases = [rf"& {values[p.name]:g}\le {p.symbol}" for p in loss.parameters]
        read = without_otherwise(text) if any(case in text for case in cases) else text
        breaks = loss.breaks(**values)
        points = (0.07, 0.3, 0.62, 0.98) if unit else (-7.3, -1.1, -0.3, 0.2, 0.45, 2.9, *breaks)
        targets = (0.0,) if loss.axis is Axis.RESIDUAL else targets_of(loss)[:3]
        for point, target in itertools.product(points, targets):
            place = float(axis_point(loss, point, target))
            if place in breaks:
                truth, room = mpmath.mpf(float(compute(point, target, **values))), 1e-15
            else:
                exact = {**values, "target": target}
                truth = definition(loss.key, values).derivative(order, point, exact)
                room = 1e-30
            symbols = SYMBOLS[loss.axis](point, target)
            symbols |= {p.symbol: mpmath.mpf(values[p.name]) for p in loss.parameters}
            with mpmath.workdps(40):
                shown = evaluate(read, symbols, beside)
                assert abs(shown - truth) <= room * (1 + abs(truth)), f"{text} at {point}, {values}"


@every_loss
def test_numpy_snippet_computes_the_loss(loss: Loss) -> None:
    prediction, target = sample(loss, (40, 6))
    for values in slider_extremes(loss):
        namespace: dict[str, Any] = {"prediction": prediction, "target": target}
        exec(loss.snippet("numpy", **values), namespace)
        np.testing.assert_allclose(
            namespace["loss"], loss(prediction, target, **values), rtol=1e-11, atol=1e-12
        )


@every_loss
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_snippets_are_python_and_spell_out_every_parameter(loss: Loss, framework: str) -> None:
    values = {p.name: (p.low + 2 * p.high) / 3 + 0.001 for p in loss.parameters}
    code = loss.snippet(framework, **values)
    tree = ast.parse(code)
    assert "$" not in code
    numbers = {repr(n.value) for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    for name, value in values.items():
        assert repr(abs(float(value))) in numbers, f"{name} is not written out"
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    assert {"prediction", "target", "loss"} <= names
    assert max(map(len, code.splitlines())) <= 100
    imports = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imports |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    roots = {"numpy": {"numpy", "scipy"}, "pytorch": {"torch"}, "jax": {"jax", "optax"}}
    roots = roots.get(framework, {framework}) | {"math"}
    assert {name.split(".")[0] for name in imports} <= roots


@every_loss
def test_texts_are_there_and_tidy(loss: Loss) -> None:
    texts = [loss.name, loss.insight, loss.use, loss.avoid, loss.minimiser, loss.origin.authors]
    texts += [loss.origin.title, *loss.strengths, *loss.weaknesses]
    texts += [p.meaning for p in loss.parameters]
    for text in (*texts, *filter(None, (loss.at_breaks, loss.noise))):
        assert text
        assert text == text.strip()
        assert "  " not in text
        assert "\n" not in text
    for sentence in (loss.insight, loss.use, loss.avoid):
        assert sentence.endswith(".")
    assert len(loss.strengths) >= 2
    assert len(loss.weaknesses) >= 2
    assert 1700 <= loss.origin.year <= 2026
    assert not loss.origin.url or loss.origin.url.startswith("https://")


def test_catalogue_is_in_teaching_order() -> None:
    orders = [v.order for v in LOSSES.values()]
    assert orders == sorted(orders)
    axes = [v.axis for v in LOSSES.values()]
    assert [k for k, _ in itertools.groupby(axes)] == [*Axis], "a family is broken up"
