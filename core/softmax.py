"""Softmax and what belongs to it: logits in, a distribution out, all on the last axis.

Softmax is a soft *argmax*: it says which logit is the largest. The soft *maximum*, which
says how large, is log-sum-exp, and softmax is its gradient.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import entr, rel_entr

from core.spec import FloatArray, Scalar

FloatType = type[np.float32] | type[np.float64]

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])
"""Where the three certain outcomes stand in the plane, as (x, y): an equilateral triangle."""


def softmax(logits: npt.ArrayLike, temperature: Scalar = 1.0) -> FloatArray:
    """Return e^(zᵢ/T) / Σⱼ e^(zⱼ/T) over the last axis, in the shape of ``logits``.

    ``temperature`` is a number or an array that broadcasts against the logits, (S, 1) for
    S temperatures. float32 stays float32, everything else computes in float64. A logit of
    −∞ is an outcome that is ruled out; a row of nothing else is nan, as in PyTorch and JAX.

    Raises ``ValueError`` for a temperature that is not positive and for logits without
    a last axis, ``TypeError`` for logits that are not real.
    """
    shifted, _ = _shifted(logits, temperature)
    powers = np.exp(shifted)
    result: FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return result


def log_sum_exp(logits: npt.ArrayLike, temperature: Scalar = 1.0) -> FloatArray:
    """Return T ln Σⱼ e^(zⱼ/T) over the last axis: the smooth maximum of the logits.

    It lies above the maximum by at most T ln K, and its gradient is the softmax. The
    result has the shape of the logits and the temperature together, without the last
    axis. Raises as :func:`softmax` does.
    """
    shifted, top = _shifted(logits, temperature)
    # The largest power is e⁰ = 1, so that the sum is at least 1 and its logarithm safe.
    excess = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    result: FloatArray = (top + np.asarray(temperature, dtype=top.dtype) * excess)[..., 0]
    return result


def soft_mean(logits: npt.ArrayLike, temperature: Scalar = 1.0) -> FloatArray:
    """Return Σᵢ pᵢ zᵢ with p = softmax(z/T): a smooth maximum that is never above the maximum.

    Shape and errors are those of :func:`log_sum_exp`.
    """
    result: FloatArray = (softmax(logits, temperature) * np.asarray(logits)).sum(axis=-1)
    return result


def jacobian(logits: npt.ArrayLike, temperature: Scalar = 1.0) -> FloatArray:
    """Return ∂pᵢ/∂zⱼ = pᵢ(δᵢⱼ − pⱼ)/T for each row of K logits, of shape (..., K, K).

    It is symmetric, its rows and columns add up to 0, and it has no negative eigenvalue.
    Raises as :func:`softmax` does.
    """
    p = softmax(logits, temperature)
    outer = -p[..., :, None] * p[..., None, :]
    diagonal = np.arange(p.shape[-1])
    # p(1 − p), not p − p²: near p = 1 the second one cancels.
    outer[..., diagonal, diagonal] = p * _complement(p)
    result: FloatArray = outer / np.asarray(temperature, dtype=p.dtype)[..., None]
    return result


def gain(logits: npt.ArrayLike, temperature: Scalar = 1.0) -> FloatArray:
    """Return the Jacobian's largest eigenvalue: how much a small step of the logits can show.

    It is never above 1/(2T): softmax contracts differences. One number for each row.
    Raises as :func:`softmax` does.
    """
    result: FloatArray = np.linalg.eigvalsh(jacobian(logits, temperature))[..., -1]
    return result


def naive_softmax(logits: FloatArray) -> FloatArray:
    """Return e^zᵢ / Σⱼ e^zⱼ as it is written, to show where that breaks.

    It computes in the dtype of ``logits``, without a warning: ∞/∞ and 0/0 are nan.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        powers = np.exp(logits)
        result: FloatArray = powers / powers.sum(axis=-1, keepdims=True)
    return result


def naive_cross_entropy(logits: FloatArray, label: npt.NDArray[np.intp]) -> FloatArray:
    """Return −ln of the naive softmax of the class ``label``: ∞ or nan where that breaks.

    ``label`` has one axis fewer than the logits, and so has the result.
    """
    p = np.take_along_axis(naive_softmax(logits), label[..., None], axis=-1)[..., 0]
    with np.errstate(divide="ignore"):
        result: FloatArray = -np.log(p)
    return result


def is_distribution(results: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell of each row whether it holds probabilities: not nan, and not all 0.

    All are 0 where e to every logit is finite and only their sum overflows.
    """
    return np.asarray(np.isfinite(results).all(axis=-1) & (results > 0).any(axis=-1))


def breaking_scale(logits: npt.ArrayLike, dtype: FloatType) -> FloatArray:
    """Return for each row the smallest scale s at which the naive softmax of s·z breaks.

    It is found by bisection over all the numbers of ``dtype``, so that the number just
    below it still works; ∞ where no scale breaks it. For the logits (1, 0) it is the first
    logit that breaks the formula. The result lacks the last axis of ``logits``.
    """
    rows: FloatArray = np.asarray(logits, dtype=dtype)
    bits = np.uint32 if dtype is np.float32 else np.uint64

    def scale(places: npt.NDArray[np.int64]) -> FloatArray:
        # Positive floats sort as the integers with the same bits do.
        found: FloatArray = places.astype(bits).view(dtype)
        return found

    def broken(places: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        with np.errstate(over="ignore"):
            results = naive_softmax(rows * scale(places)[..., None])
        return ~is_distribution(results)

    low = np.zeros(rows.shape[:-1], dtype=np.int64)
    high = np.full_like(low, int(np.array([np.finfo(dtype).max]).view(bits)[0]))
    breaks = broken(high)
    for _ in range(np.iinfo(bits).bits):
        middle = low + (high - low) // 2
        there = broken(middle)
        low, high = np.where(there, low, middle), np.where(there, middle, high)
    result: FloatArray = np.where(breaks, scale(high), dtype(np.inf))
    return result


def leaders(
    logits: npt.ArrayLike, temperature: Scalar = 1.0
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], FloatArray]:
    """Return the classes with the largest and second largest logit, and the odds of the two.

    The odds are e^((z₁ − z₂)/T), exact where the probabilities themselves round to 1 and 0.
    Of equal logits the first leads. Each result lacks the last axis of ``logits``, which
    must have two entries at least.
    """
    z = np.asarray(logits, dtype=np.float64)
    order = np.argsort(-z, axis=-1, kind="stable")
    top = np.take_along_axis(z, order[..., :2], axis=-1)
    gap = (top[..., :1] - top[..., 1:]) / np.asarray(temperature, dtype=np.float64)
    with np.errstate(over="ignore"):
        odds: FloatArray = np.exp(gap)[..., 0]
    winner, second = np.broadcast_arrays(order[..., 0], order[..., 1])
    return winner, second, odds


def ulps(a: float, b: float) -> int:
    """Return how many float64 numbers lie between ``a`` and ``b``, counting one of them.

    0 means the same number, 1 neighbours. Raises ``ValueError`` for nan.
    """
    if np.isnan(a) or np.isnan(b):
        raise ValueError("nan has no neighbours")
    places = [int(np.float64(abs(v)).view(np.int64)) * (-1 if v < 0 else 1) for v in (a, b)]
    return abs(places[0] - places[1])


def normalise(weights: npt.ArrayLike) -> FloatArray:
    """Return ``weights`` divided by their sum over the last axis: distributions.

    Raises ``ValueError`` for a negative weight, one that is not finite, or a row of zeros.
    """
    rows = np.asarray(weights, dtype=np.float64)
    if not np.isfinite(rows).all() or (rows < 0).any():
        raise ValueError("weights must be finite and not negative")
    total = rows.sum(axis=-1, keepdims=True)
    if not (total > 0).all():
        raise ValueError("at least one weight of each row must be positive")
    result: FloatArray = rows / total
    return result


def entropy(p: npt.ArrayLike) -> FloatArray:
    """Return −Σ p ln p over the last axis, in nats; 0 ln 0 counts as 0."""
    result: FloatArray = entr(np.asarray(p, dtype=np.float64)).sum(axis=-1)
    return result


def divergence_terms(p: npt.ArrayLike, q: npt.ArrayLike) -> FloatArray:
    """Return pᵢ ln(pᵢ/qᵢ): what each outcome adds to KL(p‖q). Shapes broadcast.

    A term is 0 where p is 0, ∞ where only q is, and may be negative; the sum never is.
    """
    result: FloatArray = rel_entr(np.asarray(p, np.float64), np.asarray(q, np.float64))
    return result


def jensen_shannon(p: npt.ArrayLike, q: npt.ArrayLike) -> FloatArray:
    """Return ½ KL(p‖m) + ½ KL(q‖m) with m = ½(p + q), in nats: symmetric, at most ln 2."""
    middle = (np.asarray(p) + np.asarray(q)) / 2
    both = divergence_terms(p, middle) + divergence_terms(q, middle)
    result: FloatArray = both.sum(axis=-1) / 2
    return result


def total_variation(p: npt.ArrayLike, q: npt.ArrayLike) -> FloatArray:
    """Return ½ Σ |p − q|: the largest difference in the probability of any event."""
    result: FloatArray = np.abs(np.asarray(p) - np.asarray(q)).sum(axis=-1) / 2
    return result


def triangle(p: npt.ArrayLike) -> FloatArray:
    """Return the point of the plane with barycentric coordinates ``p``: (..., 3) to (..., 2).

    Raises ``ValueError`` unless the last axis has three entries.
    """
    rows = np.asarray(p, dtype=np.float64)
    if rows.shape[-1:] != (3,):
        raise ValueError(f"a point of the triangle takes three probabilities, not {rows.shape}")
    result: FloatArray = rows @ CORNERS
    return result


def decision_region(winner: int) -> FloatArray:
    """Return the corners, in order, of the part of the triangle where ``winner`` is largest.

    The result is closed, of shape (5, 2): corner, middle of a side, centre, middle of the
    other side, corner.
    """
    certain = np.eye(3)[winner]
    following, other = np.eye(3)[(winner + 1) % 3], np.eye(3)[(winner + 2) % 3]
    corners = [certain, (certain + following) / 2, np.full(3, 1 / 3), (certain + other) / 2]
    return triangle(np.array([*corners, certain]))


def _shifted(logits: npt.ArrayLike, temperature: Scalar) -> tuple[FloatArray, FloatArray]:
    """Return (z − max)/T and max, both with a last axis; exp of the former cannot overflow."""
    z = np.asarray(logits)
    if z.dtype.kind not in "fiub":
        raise TypeError(f"logits must be real numbers, not {z.dtype}")
    if not z.ndim or not z.shape[-1]:
        raise ValueError("logits need a last axis with at least one entry")
    if not np.all(np.asarray(temperature) > 0):
        raise ValueError(f"the temperature must be positive, not {temperature}")
    z = z if z.dtype == np.float32 else z.astype(np.float64, copy=False)
    top = z.max(axis=-1, keepdims=True)
    # −∞ − −∞, in a row that is ruled out altogether, is nan; a gap beyond the largest
    # float is −∞, of which exp makes the right 0.
    with np.errstate(invalid="ignore", over="ignore"):
        return (z - top) / np.asarray(temperature, dtype=z.dtype), top


def _complement(p: FloatArray) -> FloatArray:
    """Return 1 − p for distributions, as the sum of the others."""
    others = ~np.eye(p.shape[-1], dtype=bool)
    result: FloatArray = (p[..., None, :] * others).sum(axis=-1)
    return result
