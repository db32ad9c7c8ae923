"""The segmentation bench's numbers: masks, predictions, losses of maps, descents."""

import numpy as np
import pytest

from core.segmentation import (
    MASK_LOSSES,
    MASKS,
    PIXELS,
    SIZE,
    MaskFormatError,
    background_share,
    best_constant,
    decode_mask,
    descend,
    encode_mask,
    gradient,
    parse_mask,
    soft_prediction,
    value,
)

LESION = MASKS["One lesion"]
SETTINGS = {"weight": 10.0, "focal_gamma": 1.5, "tversky_alpha": 0.4}
each_loss = pytest.mark.parametrize("key", MASK_LOSSES)
each_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


@each_loss
def test_gradient_is_numerical(key):
    loss = MASK_LOSSES[key]
    logits = soft_prediction(LESION, 1.5, 3.0, 4.0)
    exact = gradient(loss, logits, LESION, SETTINGS)
    random = np.random.default_rng(3)
    for row, column in random.integers(0, SIZE, (12, 2)):
        step = np.zeros((SIZE, SIZE))
        step[row, column] = 1e-4
        high, low = (value(loss, logits + d, LESION, SETTINGS) for d in (step, -step))
        numerical = PIXELS * (high - low) / 2e-4
        assert exact[row, column] == pytest.approx(numerical, rel=1e-5, abs=1e-8)


@each_loss
def test_maps_may_be_stacked(key):
    loss = MASK_LOSSES[key]
    stack = soft_prediction(LESION, np.array([0.0, 1.0, 4.0]), 2.0, 3.0)
    one = soft_prediction(LESION, 4.0, 2.0, 3.0)
    np.testing.assert_allclose(stack[2], one, rtol=1e-14)
    of_one = gradient(loss, one, LESION, SETTINGS)
    np.testing.assert_allclose(gradient(loss, stack, LESION, SETTINGS)[2], of_one, rtol=1e-10)
    assert value(loss, stack, LESION, SETTINGS).shape == (3,)
    pulls = gradient(loss, stack, LESION, SETTINGS)
    assert background_share(pulls, LESION).shape == (3,)


@each_loss
@pytest.mark.parametrize("size", [0.0, 40.0, 1e4])
def test_extreme_logits_give_no_nan(key, size):
    for logits in (np.full((SIZE, SIZE), size), np.full((SIZE, SIZE), -size)):
        assert np.isfinite(gradient(MASK_LOSSES[key], logits, LESION, SETTINGS)).all()


def test_the_masks():
    assert {name: int(mask.sum()) for name, mask in MASKS.items()}["1 % foreground"] == 10
    assert all(mask.shape == (SIZE, SIZE) for mask in MASKS.values())


@each_mask
def test_a_sharp_prediction_in_place_is_right_everywhere(mask):
    logits = soft_prediction(mask, 0.0, 0.0, 5.0)
    assert ((logits > 0) == mask).all()
    assert np.abs(logits).max() <= 5.0 + 1e-12


def test_shift_and_blur():
    moved = soft_prediction(LESION, 0.0, 4.0, 5.0) > 0
    np.testing.assert_array_equal(moved[:, 4:], LESION[:, :-4])
    spread = [np.ptp(soft_prediction(LESION, blur, 0.0, 5.0)) for blur in (0.5, 2.0, 5.0)]
    assert spread == sorted(spread, reverse=True)
    far = soft_prediction(LESION, 0.0, 1000.0, 5.0)  # beyond the edge, all background
    assert (far < 0).all()


def test_smooth_l1_is_half_of_l2():
    logits = soft_prediction(LESION, 1.5, 3.0, 4.0)
    half, whole = (
        gradient(MASK_LOSSES[key], logits, LESION, {}) for key in ("smooth_l1", "squared_error")
    )
    np.testing.assert_allclose(2 * half, whole, rtol=1e-12)


def test_tversky_at_one_half_is_dice():
    logits = soft_prediction(LESION, 1.5, 3.0, 4.0)
    # Dice's smoothing sits in both of 2TP + s and the sizes: half as much in TP + s/2.
    halves = {"tversky_alpha": 0.5, "tversky_beta": 0.5, "tversky_smooth": 0.5}
    tversky, dice = (value(MASK_LOSSES[k], logits, LESION, halves) for k in ("tversky", "dice"))
    assert tversky == pytest.approx(dice, rel=1e-12)


def run(key, mask, start=-8.0, rate=1.0, **more):
    logits = np.full((SIZE, SIZE), start)
    return descend(MASK_LOSSES[key], logits, mask, SETTINGS, learning_rate=rate, **more)


@pytest.mark.parametrize("key", ["absolute_error", "smooth_l1", "squared_error"])
def test_l1_and_l2_stall(key):
    found = run(key, LESION)
    assert found.wrong[-1] == pytest.approx(LESION.mean())
    assert found.overlap[-1] == 0
    assert np.abs(found.logits[-1] + 8).max() < 0.2


def test_cross_entropy_does_not():
    found = run("bce", LESION, every=1)
    assert int(found.steps[found.wrong.argmin()]) == 9
    assert found.overlap[-1] == 1
    assert np.all(np.diff(found.value) < 0)
    # On a pixel of the lesion it is the descent of one logit.
    says = 1 / (1 + np.exp(-found.logits[:, 14, 13]))
    assert int((says > 0.9).argmax()) == 19


def test_dice_moves_few_pixels_sooner_than_many():
    few, many = (run("dice", MASKS[name]) for name in ("1 % foreground", "One lesion"))
    assert few.wrong[-1] == 0
    assert many.wrong[-1] > 0


def test_a_step_of_descent():
    start = soft_prediction(LESION, 1.5, 3.0, 4.0)
    for loss in MASK_LOSSES.values():
        found = descend(loss, start, LESION, SETTINGS, learning_rate=0.3, steps=2, every=1)
        first = start - 0.3 * gradient(loss, start, LESION, SETTINGS)
        np.testing.assert_allclose(found.logits[1], first, rtol=1e-12)
        assert found.steps.tolist() == [0, 1, 2]
        assert found.value[1] == pytest.approx(value(loss, first, LESION, SETTINGS))


def test_steps_too_long_stay_finite():
    for loss in MASK_LOSSES.values():
        start = soft_prediction(LESION, 1.5, 3.0, 8.0)
        found = descend(loss, start, LESION, {"weight": 100.0}, learning_rate=10.0)
        assert np.isfinite(found.logits).all()


@each_mask
def test_best_constant(mask):
    share = mask.mean()
    settings = {"weight": 10.0}
    for key in ("bce", "smooth_l1", "squared_error"):
        assert best_constant(MASK_LOSSES[key], mask, {}) == pytest.approx(share, rel=0.01)
    heavy = best_constant(MASK_LOSSES["weighted"], mask, settings)
    assert heavy == pytest.approx(10 * share / (10 * share + 1 - share), rel=0.01)
    assert best_constant(MASK_LOSSES["absolute_error"], mask, {}) < 1e-5
    # Far out the focal loss is next to 0 everywhere, and still there is one end that is best.
    for alpha, end in ((1.0, 1.0), (0.0, 0.0)):
        found = best_constant(MASK_LOSSES["focal"], mask, {"focal_alpha": alpha})
        assert found == pytest.approx(end, abs=1e-5)


@each_mask
@pytest.mark.parametrize("key", MASK_LOSSES)
def test_the_best_constant_is_the_best_of_many(key, mask):
    loss = MASK_LOSSES[key]
    (best,) = best_constant(loss, mask, SETTINGS)
    logits = np.linspace(-12, 12, 401)
    maps = np.broadcast_to(logits[:, None, None], (401, SIZE, SIZE))
    lowest = value(loss, maps, mask, SETTINGS).min()
    found = value(loss, np.full((SIZE, SIZE), np.log(best / (1 - best))), mask, SETTINGS)
    assert found <= lowest + 1e-12


SWEPT = {
    "weight": ("weighted", [1.0, 10.0, 100.0]),
    "focal_gamma": ("focal", [0.0, 2.0, 5.0]),
    "focal_alpha": ("focal", [0.05, 0.5, 0.95]),
    "tversky_alpha": ("tversky", [0.0, 0.3, 2.0]),
    "tversky_beta": ("tversky", [0.0, 0.7, 2.0]),
}


@pytest.mark.parametrize("name", SWEPT)
def test_many_settings_are_each_one_alone(name):
    key, values = SWEPT[name]
    loss, logits = MASK_LOSSES[key], soft_prediction(LESION, 1.5, 3.0, 4.0)
    many = {**SETTINGS, name: np.array(values)[:, None]}
    pulls, losses = (f(loss, logits, LESION, many) for f in (gradient, value))
    constants = best_constant(loss, LESION, many)
    assert pulls.shape == (3, SIZE, SIZE)
    for row, one in enumerate(values):
        alone = {**SETTINGS, name: one}
        np.testing.assert_allclose(
            pulls[row], gradient(loss, logits, LESION, alone), rtol=1e-13, atol=1e-15
        )
        assert losses[row] == pytest.approx(value(loss, logits, LESION, alone), rel=1e-13)
        assert constants[row] == best_constant(loss, LESION, alone)


def test_no_best_constant():
    halves = np.arange(SIZE)[:, None] % 2 == np.zeros(SIZE)
    assert np.isnan(best_constant(MASK_LOSSES["absolute_error"], halves, {})).all()


def test_background_drowns_a_rare_class():
    mask, undecided = MASKS["1 % foreground"], np.zeros((SIZE, SIZE))
    pulls = {k: gradient(one, undecided, mask, SETTINGS) for k, one in MASK_LOSSES.items()}
    share = {k: background_share(one, mask) for k, one in pulls.items()}
    assert share["bce"] == pytest.approx(1 - mask.mean())
    assert share["weighted"] == pytest.approx(1014 / (1014 + 10 * 10))
    assert share["dice"] < 0.6


def text_of(mask):
    return "\n".join(",".join("1" if pixel else "0" for pixel in row) for row in mask)


@each_mask
def test_masks_travel(mask):
    np.testing.assert_array_equal(decode_mask(encode_mask(mask)), mask)
    np.testing.assert_array_equal(parse_mask("\ufeff" + text_of(mask) + "\r\n\n"), mask)


@pytest.mark.parametrize("code", ["", "0" * 255, "0" * 257, "g" * 256, "F" * 256, "０" * 256])
def test_a_broken_code_is_refused(code):
    with pytest.raises(MaskFormatError):
        decode_mask(code)


LINES = text_of(LESION).splitlines()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "0 lines"),
        (LINES[:31], "31 lines"),
        ([*LINES, LINES[0]], "33 lines"),
        ([*LINES[:4], LINES[4][:-2], *LINES[5:]], "Line 5 has 31 values"),
        ([*LINES[:6], "2" + LINES[6][1:], *LINES[7:]], "Line 7, column 1: 2, not"),
        ([*LINES[:6], LINES[6][:-1], *LINES[7:]], "Line 7, column 32: nothing"),
        (["", *LINES[1:]], "Line 1 has 1 values"),
    ],
)
def test_a_broken_file_is_named_by_line(lines, message):
    with pytest.raises(MaskFormatError, match=message):
        parse_mask("\n".join(lines))
