"""Pairs of output and loss: the gradient over the logit, the verdicts, the worked-out LaTeX."""

import mpmath
import numpy as np
import pytest

from core.losses import LOSSES
from core.pairing import (
    FAR,
    LOSS_SLOPES,
    OUTPUTS,
    SIMPLIFIED,
    Coding,
    Verdict,
    curves,
    judge,
    loss_over_logit,
    own_coding,
    pull,
    readings,
    softmax_of_two,
    steps_until_right,
)
from tests.latex import evaluate

PAIRS = [(output, loss) for output in OUTPUTS for loss in LOSS_SLOPES]
each_pair = pytest.mark.parametrize(("output", "loss"), PAIRS)

HEALTHY = {
    ("identity", "sigmoid_cross_entropy"),
    ("identity", "logistic"),
    ("sigmoid", "binary_cross_entropy"),
    ("softmax", "binary_cross_entropy"),
}
# Losses of a probability or a mask, on outputs that leave [0, 1].
UNDEFINED = {
    (output, loss)
    for output in ("identity", "tanh", "relu")
    for loss in ("binary_cross_entropy", "focal", "brier", "dice")
}
BIASED = {("identity", key) for key in ("squared_error", "absolute_error", "huber", "hinge")}
BIASED |= {("sigmoid", "focal"), ("softmax", "focal")}


def parts(output, loss):
    return OUTPUTS[output], LOSSES[loss]


def expected(output, loss):
    for verdict, members in (
        (Verdict.HEALTHY, HEALTHY),
        (Verdict.UNDEFINED, UNDEFINED),
        (Verdict.BIASED, BIASED),
    ):
        if (output, loss) in members:
            return verdict
    return Verdict.SATURATES


@each_pair
def test_verdict(output, loss):
    assert judge(*parts(output, loss)).verdict is expected(output, loss)


@each_pair
def test_gradient_is_the_derivative_of_the_loss_over_the_logit(output, loss):
    # Points clear of every kink: these lie at 0 and ±1.
    z = np.array([-6.3, -2.7, -1.4, -0.6, 0.2, 0.45, 0.8, 1.7, 3.1, 5.9])
    pair = parts(output, loss)
    for label in own_coding(*pair).value:
        step = 1e-5
        high, low = (loss_over_logit(*pair, z + d, label) for d in (step, -step))
        np.testing.assert_allclose(
            pull(*pair, z, label), (high - low) / (2 * step), rtol=1e-6, atol=1e-9
        )


def is_probability(loss):
    return loss.predictions.contains([0.0, 1.0]) and not loss.predictions.contains([2.0])


@each_pair
def test_latex_agrees_with_the_numbers(output, loss):
    pair = parts(output, loss)
    for label in own_coding(*pair).value:
        for z in (-3.3, -0.7, 0.3, 0.6, 2.2):
            here = readings(*pair, z, label)
            # Outside the domain there is nothing, and at ReLU's 0 the fraction is 0/0.
            if np.isnan(here.pull) or (here.answer == 0 and is_probability(pair[1])):
                continue
            a = mpmath.mpf(here.answer.item())
            known = {"a": a, "t": mpmath.mpf(label), "z": mpmath.mpf(z), "s": mpmath.mpf(1)}
            known |= {rf"\{k}": mpmath.mpf(v) for k, v in pair[1].defaults.items()}
            # The reader knows inequalities only.
            slope = LOSS_SLOPES[loss].replace("t=1", r"t\ge 1").replace("t=0", r"t\le 0")
            product = evaluate(slope, known) * evaluate(pair[0].slope_formula, known)
            assert float(product) == pytest.approx(here.pull.item(), rel=1e-9, abs=1e-12)
            if (output, loss) in SIMPLIFIED:
                plain = evaluate(SIMPLIFIED[output, loss], known)
                assert float(plain) == pytest.approx(here.pull.item(), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("output", [key for key in OUTPUTS if key != "softmax"])
def test_latex_of_the_output(output):
    for z in (-2.3, 0.4, 1.9):
        shown = evaluate(OUTPUTS[output].formula, {"z": mpmath.mpf(z)})
        assert float(shown) == pytest.approx(
            OUTPUTS[output].function(np.array(z)).item(), rel=1e-12
        )


def test_softmax_of_two_logits_is_the_sigmoid_of_their_difference():
    z = np.linspace(-40, 40, 401)
    sigmoid, softmax = OUTPUTS["sigmoid"], OUTPUTS["softmax"]
    np.testing.assert_allclose(softmax_of_two(z), sigmoid.function(z), rtol=1e-15)
    np.testing.assert_allclose(softmax.slope(z), sigmoid.slope(z), rtol=1e-14)
    assert np.isfinite(softmax_of_two(np.array([-1e4, 1e4]))).all()


def test_squared_error_dies_where_cross_entropy_does_not():
    sigmoid = OUTPUTS["sigmoid"]
    at = {key: pull(sigmoid, LOSSES[key], -10.0, 1.0).item() for key in LOSS_SLOPES}
    assert at["binary_cross_entropy"] == pytest.approx(-0.99995, abs=1e-5)
    # Twice the −4.54e-5 of half the squared error, which Huber is here.
    assert at["squared_error"] == pytest.approx(-9.08e-5, rel=1e-3)
    assert at["huber"] == pytest.approx(-4.54e-5, rel=1e-3)


@pytest.mark.parametrize(
    ("loss", "steps"),
    [("binary_cross_entropy", 19), ("squared_error", 1542), ("huber", 3081)],
)
def test_steps_from_confidently_wrong(loss, steps):
    assert steps_until_right(OUTPUTS["sigmoid"], LOSSES[loss]) == steps


def test_steps_by_hand():
    z, count = -8.0, 0
    while 1 / (1 + np.exp(-z)) <= 0.9:
        z, count = z + 1 / (1 + np.exp(z)), count + 1
    assert count == steps_until_right(*parts("identity", "logistic"))


def test_what_never_gets_there():
    assert steps_until_right(*parts("relu", "squared_error")) is None
    assert steps_until_right(*parts("identity", "binary_cross_entropy")) is None


def test_the_wrong_label_coding_costs_too_much():
    pair = parts("sigmoid", "binary_cross_entropy")
    z = np.log(9)
    right, wrong = (loss_over_logit(*pair, z, label).item() for label in (0.0, -1.0))
    assert right == pytest.approx(2.3026, abs=1e-4)
    assert wrong == pytest.approx(4.4998, abs=1e-4)
    other = loss_over_logit(*parts("identity", "logistic"), z, -1.0).item()
    assert other == pytest.approx(right, rel=1e-12)


@each_pair
def test_label_codings(output, loss):
    pair = parts(output, loss)
    for coding in Coding:
        found = judge(*pair, coding)
        fits = pair[1].targets.contains(coding.value)
        assert (found.stranger is None) == fits
        if not fits:
            assert found.verdict is Verdict.UNDEFINED


@each_pair
def test_a_judgement_keeps_what_it_says(output, loss):
    pair = parts(output, loss)
    found = judge(*pair)
    if found.verdict is Verdict.UNDEFINED:
        assert found.leaves
        return
    for label, at, wrong in zip(found.labels, (FAR, -FAR), found.wrong, strict=True):
        assert pull(*pair, at, label).item() == pytest.approx(wrong)
        # It pushes towards the target, or not at all.
        assert wrong * at >= 0
    if found.verdict is Verdict.HEALTHY:
        assert found.settles == pytest.approx((0.1, 0.3), abs=0.005)


def test_where_biased_pairs_settle():
    assert judge(*parts("identity", "absolute_error")).settles == (0.0, 0.0)
    focal = judge(*parts("sigmoid", "focal"))
    assert all(0.5 > said > true for said, true in zip(focal.settles, (0.1, 0.3), strict=True))
    plain = judge(*parts("sigmoid", "focal"), gamma=0.0, alpha=0.5)
    assert plain.verdict is Verdict.HEALTHY


def test_jumps_are_gaps():
    hinge = curves(*parts("identity", "hinge"), 1.0)
    assert hinge.z[np.isnan(hinge.pull)].tolist() == [1.0]
    smooth = curves(*parts("identity", "huber"), 0.0, delta=0.05)
    assert not np.isnan(smooth.pull).any()


def test_a_parameter_may_be_a_column():
    gammas = np.array([[0.0], [2.0], [5.0]])
    rows = curves(*parts("sigmoid", "focal"), 1.0, gamma=gammas).pull
    one = curves(*parts("sigmoid", "focal"), 1.0, gamma=5.0).pull
    np.testing.assert_array_equal(rows[2], one)
    smooth = curves(*parts("sigmoid", "dice"), 1.0, smooth=np.array([[0.5], [1.0]])).pull
    np.testing.assert_array_equal(smooth[1], curves(*parts("sigmoid", "dice"), 1.0).pull)


def test_parameters_are_checked():
    with pytest.raises(ValueError, match="delta"):
        judge(*parts("sigmoid", "huber"), delta=-1.0)
    with pytest.raises(TypeError, match="no parameter"):
        judge(*parts("sigmoid", "huber"), gamma=1.0)
