"""The network: its gradients against autograd and differences, its symmetries, its limits."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.activations import ACTIVATIONS
from core.network import (
    Dropout,
    Network,
    Skip,
    Stack,
    backward,
    build,
    flatten,
    forward,
    gradient_norms,
    jacobian,
    rms,
    singular_values,
    with_parameters,
)
from core.network.initialisers import INITIALISERS
from core.network.normalisation import Normalisation

GOLDEN = json.loads(
    (Path(__file__).parent / "golden" / "pytorch_networks.json").read_text(encoding="utf-8")
)
SMOOTH = [
    key
    for key, one in ACTIVATIONS.items()
    # At a kink a difference measures neither side.
    if not one.breaks(**one.defaults)
]


def inputs(width, batch=6, seed=5):
    return np.random.default_rng(seed).standard_normal((batch, width))


def loss_gradient(network, x, seed=7, rng_seed=None, **more):
    rng = None if rng_seed is None else np.random.default_rng(rng_seed)
    run = forward(network, x, rng)
    v = np.random.default_rng(seed).standard_normal(run.output.shape[-2:])
    return run, backward(network, run, v, **more), v


# ---------------------------------------------------------------- gradients


def golden_id(case):
    return "-".join(
        [case["activation"], case["normalisation"], case["skip"], "out" * case["linear_output"]]
    )


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=golden_id)
def test_gradients_are_autograds(case):
    stack = Stack(
        sizes=tuple(GOLDEN["sizes"]),
        activation=case["activation"],
        parameters=tuple(case["parameters"].items()),
        normalisation=Normalisation[case["normalisation"].upper()],
        skip=Skip(case["skip"]),
        linear_output=case["linear_output"],
    )
    weights, biases = (tuple(map(np.array, GOLDEN[name])) for name in ("weights", "biases"))
    network = Network(stack, weights, biases)
    run = forward(network, GOLDEN["x"])
    difference = run.output - GOLDEN["targets"]
    back = backward(network, run, difference)
    tight = {"rtol": 1e-10, "atol": 1e-12}
    assert 0.5 * np.square(difference).sum() == pytest.approx(case["loss"], rel=1e-12)
    np.testing.assert_allclose(run.output, case["output"], **tight)
    np.testing.assert_allclose(back.inputs, case["inputs"], **tight)
    for name, found in (("weights", back.weights), ("biases", back.biases), ("pre", back.pre)):
        for one, expected in zip(found, case[name], strict=True):
            np.testing.assert_allclose(one, expected, err_msg=name, **tight)


@pytest.mark.parametrize("normalisation", Normalisation)
@pytest.mark.parametrize("skip", Skip)
@pytest.mark.parametrize("dropout", Dropout)
def test_gradients_are_differences(normalisation, skip, dropout):
    """Every weight, bias and input, by central differences of networks side by side."""
    stack = Stack(
        sizes=(3, 5, 5, 5, 2),
        activation="tanh",
        normalisation=normalisation,
        skip=skip,
        dropout=dropout,
        dropout_rate=0.3,
        linear_output=True,
    )
    network = build(stack, seed=3, bias_std=0.5, gain=1.3)
    x = inputs(3)
    _, back, v = loss_gradient(network, x, rng_seed=11)

    def loss(vectors, points=x):
        moved = with_parameters(network, vectors)
        out = forward(moved, points, np.random.default_rng(11)).output
        return (v * out).sum(axis=(-2, -1))

    here = flatten(network.weights, network.biases)
    step = 1e-5 * np.eye(here.size)
    numeric = (loss(here + step) - loss(here - step)) / 2e-5
    np.testing.assert_allclose(flatten(back.weights, back.biases), numeric, atol=1e-8)
    step = 1e-5 * np.eye(x.size).reshape(-1, *x.shape)
    numeric = (loss(here, x + step) - loss(here, x - step)) / 2e-5
    np.testing.assert_allclose(back.inputs.ravel(), numeric, atol=1e-8)


@pytest.mark.parametrize("key", SMOOTH)
def test_gradients_of_every_smooth_activation(key):
    network = build(Stack(sizes=(4, 4, 4), activation=key), seed=1, bias_std=0.3)
    x = inputs(4)
    _, back, v = loss_gradient(network, x)
    here = flatten(network.weights, network.biases)
    step = 1e-5 * np.eye(here.size)
    plus, minus = (forward(with_parameters(network, here + s), x).output for s in (step, -step))
    numeric = (v * (plus - minus)).sum(axis=(-2, -1)) / 2e-5
    np.testing.assert_allclose(flatten(back.weights, back.biases), numeric, atol=2e-8)


def test_a_gradient_may_enter_before_the_last_activation():
    network = build(Stack(sizes=(4, 4, 4), activation="tanh", skip=Skip.PLAIN), seed=1)
    run = forward(network, inputs(4))
    v = inputs(4, seed=9)
    back = backward(network, run, v, at_pre=True)
    np.testing.assert_array_equal(back.pre[-1], v)
    np.testing.assert_allclose(back.weights[-1], run.inputs[-1].T @ v)
    np.testing.assert_allclose(back.weights[0], _by_differences(network, inputs(4), v), atol=1e-8)


def _by_differences(network, x, v):
    here = flatten(network.weights, network.biases)
    step = 1e-5 * np.eye(here.size)[:16]
    plus, minus = (forward(with_parameters(network, here + s), x).pre[-1] for s in (step, -step))
    return ((v * (plus - minus)).sum(axis=(-2, -1)) / 2e-5).reshape(4, 4)


# ---------------------------------------------------------------- the Jacobian


@pytest.mark.parametrize("normalisation", Normalisation)
def test_jacobian(normalisation):
    stack = Stack(sizes=(4, 6, 3), activation="tanh", normalisation=normalisation)
    network = build(stack, seed=2, bias_std=0.2, gain=1.1)
    x = inputs(4)
    step = 1e-6 * np.eye(4)
    moved = [x + np.vstack([s, np.zeros((5, 4))]) for s in (*step, *-step)]
    out = forward(network, np.stack(moved)).output[:, 0, :]
    numeric = (out[:4] - out[4:]).T / 2e-6
    np.testing.assert_allclose(jacobian(network, x), numeric, atol=1e-8)
    expected = np.linalg.svd(numeric, compute_uv=False)
    np.testing.assert_allclose(singular_values(network, x), expected, atol=1e-8)


def test_an_orthogonal_linear_stack_keeps_every_length():
    network = build(Stack(sizes=(20,) * 101, activation="identity"), "orthogonal", seed=4)
    np.testing.assert_allclose(singular_values(network, inputs(20)), 1.0, rtol=1e-12)


def test_singular_values_survive_extremes():
    stack = Stack(sizes=(8,) * 61, activation="identity")
    for gain, exponent in ((1e-5, -300), (1e5, 300)):
        values = singular_values(build(stack, "orthogonal", gain=gain), inputs(8))
        np.testing.assert_allclose(np.log10(values), exponent, rtol=1e-12)
    assert np.isnan(singular_values(build(stack, "orthogonal", gain=1e9), inputs(8))).all()
    assert not singular_values(build(stack, "zeros"), inputs(8)).any()


# ---------------------------------------------------------------- networks side by side


@pytest.mark.parametrize("normalisation", Normalisation)
def test_gains_side_by_side_are_the_gains_one_by_one(normalisation):
    gains = np.array([0.5, 1.0, 3.0])
    stack = Stack(sizes=(5,) * 7, activation="elu", normalisation=normalisation)
    x = inputs(5)
    _, together, _ = loss_gradient(build(stack, seed=1, gain=gains[:, None, None]), x)
    for i, gain in enumerate(gains.tolist()):
        _, alone, _ = loss_gradient(build(stack, seed=1, gain=gain), x)
        pairs = zip(together.pre + together.weights, alone.pre + alone.weights, strict=True)
        for one, other in pairs:
            np.testing.assert_allclose(one[i], other, rtol=1e-12, atol=1e-300)


def test_input_scales_side_by_side():
    stack = Stack(sizes=(5,) * 4, activation="tanh", dropout=Dropout.ALPHA, dropout_rate=0.2)
    network = build(stack, seed=1)
    scales = np.array([0.1, 1.0, 10.0])[:, None, None]
    together = forward(network, scales * inputs(5), np.random.default_rng(3))
    for i, scale in enumerate(scales.ravel()):
        alone = forward(network, scale * inputs(5), np.random.default_rng(3))
        np.testing.assert_allclose(together.output[i], alone.output, rtol=1e-12)


def test_vectors_and_networks_are_the_same_thing():
    network = build(Stack(sizes=(3, 4, 2), activation="relu"), seed=1, bias_std=1.0)
    vector = flatten(network.weights, network.biases)
    again = with_parameters(network, vector)
    assert all((a == b).all() for a, b in zip(network.weights, again.weights, strict=True))
    assert all((a == b).all() for a, b in zip(network.biases, again.biases, strict=True))
    with pytest.raises(ValueError, match="26 numbers"):
        with_parameters(network, vector[1:])


# ---------------------------------------------------------------- symmetries


def test_the_order_of_hidden_units_does_not_matter():
    network = build(Stack(sizes=(4, 6, 6, 3), activation="gelu"), seed=8, bias_std=0.4)
    order = np.array([3, 0, 5, 1, 4, 2])
    w, b = list(network.weights), list(network.biases)
    w[0], b[0], w[1] = w[0][:, order], b[0][order], w[1][order]
    permuted = Network(network.stack, tuple(w), tuple(b))
    run, back, _ = loss_gradient(network, inputs(4))
    other, other_back, _ = loss_gradient(permuted, inputs(4))
    np.testing.assert_allclose(other.output, run.output, rtol=1e-12)
    np.testing.assert_allclose(other_back.pre[0], back.pre[0][:, order], rtol=1e-10)
    np.testing.assert_allclose(other_back.weights[1], back.weights[1][order], rtol=1e-10)


def test_relu_trades_scale_between_neighbouring_layers():
    network = build(Stack(sizes=(5, 5, 5, 5), activation="relu"), "he_normal", seed=8)
    w = list(network.weights)
    w[1], w[2] = 8.0 * w[1], w[2] / 8.0
    run, back, _ = loss_gradient(network, inputs(5))
    other, other_back, _ = loss_gradient(
        Network(network.stack, tuple(w), network.biases), inputs(5)
    )
    np.testing.assert_array_equal(other.output, run.output)
    np.testing.assert_array_equal(8.0 * other_back.weights[1], back.weights[1])


def test_relu_is_homogeneous_in_input_and_gain():
    stack = Stack(sizes=(6,) * 11, activation="relu")
    run, back, _ = loss_gradient(build(stack, "he_normal", seed=2), inputs(6))
    scaled, scaled_back, _ = loss_gradient(build(stack, "he_normal", seed=2), 4 * inputs(6))
    gained, gained_back, _ = loss_gradient(build(stack, "he_normal", seed=2, gain=2.0), inputs(6))
    for layer in range(10):
        np.testing.assert_allclose(scaled.pre[layer], 4 * run.pre[layer], rtol=1e-12)
        np.testing.assert_array_equal(scaled_back.pre[layer], back.pre[layer])
        np.testing.assert_allclose(gained.pre[layer], 2.0 ** (layer + 1) * run.pre[layer])
        np.testing.assert_allclose(gained_back.pre[layer], 2.0 ** (9 - layer) * back.pre[layer])


@pytest.mark.parametrize("key", INITIALISERS)
def test_the_same_seed_gives_the_same_network(key):
    stack = Stack(sizes=(4, 4, 4), activation="tanh")
    one, two, other = (build(stack, key, seed=s, bias_std=1.0) for s in (1, 1, 2))
    assert (flatten(one.weights, one.biases) == flatten(two.weights, two.biases)).all()
    assert (flatten(one.weights, one.biases) != flatten(other.weights, other.biases)).any()


def test_a_deeper_network_begins_with_the_same_layers():
    seed = np.random.SeedSequence(3)
    short, long = (build(Stack(sizes=(4,) * n, activation="tanh"), seed=seed) for n in (3, 9))
    assert all((a == b).all() for a, b in zip(short.weights, long.weights, strict=False))
    assert not np.array_equal(long.weights[0], long.weights[1])


# ---------------------------------------------------------------- normalisation and dropout


@pytest.mark.parametrize(("kind", "axis"), [("BATCH", 0), ("LAYER", 1)])
@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_normalised_values_have_mean_zero_and_variance_one(kind, axis, scale):
    stack = Stack(sizes=(30, 30), activation="identity", normalisation=Normalisation[kind])
    run = forward(build(stack, seed=1), scale * inputs(30, 40))
    np.testing.assert_allclose(run.pre[0].mean(axis=axis), 0.0, atol=1e-12)
    # ε = 10⁻⁵ is added to a variance of about 1: a signal as small as 10⁻²⁰⁰ stays small.
    expected = 1.0 if scale >= 1 else 0.0
    np.testing.assert_allclose(run.pre[0].var(axis=axis), expected, atol=1e-4)


def test_dropout_is_off_without_a_generator():
    stack = Stack(sizes=(50, 50), activation="selu", dropout=Dropout.PLAIN, dropout_rate=0.5)
    network = build(stack, seed=1)
    off, on = forward(network, inputs(50)), forward(network, inputs(50), np.random.default_rng(0))
    np.testing.assert_array_equal(off.output, off.post[0])
    assert (on.output == 0).mean() == pytest.approx(0.5, abs=0.1)
    np.testing.assert_allclose(on.output[on.output != 0], 2 * on.post[0][on.output != 0])


def test_dropout_keeps_mean_and_alpha_dropout_variance_too():
    z = np.random.default_rng(1).standard_normal((400, 400))
    network = Network(
        Stack(sizes=(400, 400), activation="identity", dropout_rate=0.2),
        (np.eye(400),),
        (np.zeros(400),),
    )
    moments = {}
    for kind in (Dropout.PLAIN, Dropout.ALPHA):
        one = replace(network, stack=replace(network.stack, dropout=kind))
        out = forward(one, z, np.random.default_rng(2)).output
        moments[kind] = out.mean(), out.var()
    assert moments[Dropout.PLAIN] == pytest.approx((0, 1 / 0.8), abs=0.02)
    assert moments[Dropout.ALPHA] == pytest.approx((0, 1), abs=0.02)


def test_skips_need_equal_widths():
    network = build(Stack(sizes=(4, 4, 6), activation="tanh", skip=Skip.PLAIN), seed=1)
    run = forward(network, inputs(4))
    np.testing.assert_array_equal(run.inputs[1], inputs(4) + run.post[0])
    np.testing.assert_array_equal(run.output, run.post[1])


# ---------------------------------------------------------------- limits


def test_a_hidden_overflow_is_reported():
    """tanh(∞) is 1: the output looks healthy, and is not."""
    network = build(Stack(sizes=(4,) * 6, activation="tanh"), seed=1)
    w = list(network.weights)
    w[2] = np.full((4, 4), 1e308)
    run, back, _ = loss_gradient(Network(network.stack, tuple(w), network.biases), inputs(4))
    assert run.overflow == 3
    assert len(run.pre) == 3
    assert np.isfinite(run.post[1]).all()
    assert np.isnan(run.output).all()
    assert len(back.pre) == 5
    assert all(np.isnan(one).all() for one in back.pre)


def test_one_network_overflows_and_its_neighbours_do_not():
    stack = Stack(sizes=(4,) * 31, activation="identity")
    gains = np.array([1.0, 1e20, 2.0])[:, None, None]
    run, back, _ = loss_gradient(build(stack, seed=1, gain=gains), inputs(4))
    assert run.overflow.tolist()[::2] == [0, 0]
    first = run.overflow[1]
    assert 10 < first < 20
    assert np.isnan(run.output[1]).all()
    for one in (run.output, *back.pre):
        assert np.isfinite(one[[0, 2]]).all()
    assert all(np.isnan(one[1]).all() for one in back.pre)


def test_a_gradient_may_overflow_where_the_signal_does_not():
    # Inputs of 0 stay 0 through tanh, where its slope is 1; the gradient grows by 10¹⁰ a layer.
    network = build(Stack(sizes=(4,) * 41, activation="tanh"), "orthogonal", gain=1e10)
    run, back, _ = loss_gradient(network, np.zeros((3, 4)))
    assert run.overflow == 0
    met = int(back.overflow)
    assert 5 < met < 12
    assert np.isfinite(rms(back.pre[met]))
    assert all(np.isnan(one).all() for one in back.pre[: met - 1])


@pytest.mark.parametrize("gain", [1.0, 1e20, [1.0, 1e20, 3.0], 1e200])
@pytest.mark.parametrize("skip", Skip)
def test_norms_are_those_of_the_gradients_that_are_not_kept(gain, skip):
    stack = Stack(sizes=(4,) * 31, activation="elu", skip=skip)
    network = build(stack, seed=1, gain=np.array(gain)[..., None, None] if np.ndim(gain) else gain)
    _, back, v = loss_gradient(network, inputs(4))
    light = forward(network, inputs(4), signals=False)
    assert light.inputs == light.post == ()
    norms, overflow = gradient_norms(network, light, v)
    assert norms.shape == (*np.shape(gain), 30)
    for layer, one in enumerate(back.pre):
        np.testing.assert_array_equal(norms[..., layer], rms(one))
    np.testing.assert_array_equal(overflow, back.overflow)


@pytest.mark.parametrize("key", ACTIVATIONS)
@pytest.mark.parametrize("skip", Skip)
@pytest.mark.parametrize("normalisation", Normalisation)
def test_extremes_raise_nothing(key, skip, normalisation):
    stack = Stack(sizes=(2,) * 101, activation=key, skip=skip, normalisation=normalisation)
    run, back, _ = loss_gradient(build(stack, "he_normal", gain=100.0, bias_std=1.0), inputs(2))
    assert run.overflow or len(run.pre) == 100
    assert len(back.pre) == 100


def test_rms_of_what_cannot_be_squared():
    values = np.full((3, 4), 1e-250)
    assert rms(values) == pytest.approx(1e-250)
    assert rms(1e300 * np.ones((2, 2, 2))).tolist() == pytest.approx([1e300] * 2)
    assert rms(np.zeros((2, 2))) == 0
    assert math.isnan(rms(np.full((2, 2), np.nan)))


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="sizes"):
        Stack(sizes=(3,), activation="tanh")
    with pytest.raises(ValueError, match="sizes"):
        Stack(sizes=(3, 0), activation="tanh")
    with pytest.raises(ValueError, match="dropout_rate"):
        Stack(sizes=(3, 3), activation="tanh", dropout_rate=1.0)
    with pytest.raises(KeyError):
        Stack(sizes=(3, 3), activation="no_such_thing")
    with pytest.raises(ValueError, match="finite"):
        Stack(sizes=(3, 3), activation="elu", parameters=(("alpha", math.nan),))
    network = build(Stack(sizes=(3, 3), activation="tanh"))
    with pytest.raises(ValueError, match="inputs must be"):
        forward(network, np.zeros((5, 4)))
    with pytest.raises(ValueError, match="inputs must be"):
        forward(network, np.zeros(3))
