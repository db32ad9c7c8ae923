"""How far two classes of points are apart, and how often a perceptron can err on them.

A bias makes a line that need not pass through the origin. It is treated as one weight
more, for an input that is always 1: the points here are (x₁, x₂, 1), signed by their
class, and a unit that gets all of them right has w·z > 0 for every signed point z.
"""

import itertools
import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.perceptron import CORNERS
from core.spec import FloatArray

_ROUNDING = 1e-9
_OFFERED = 64


class Margin(NamedTuple):
    """The largest margin of a set of signed points, and the unit weights (3,) that have it.

    ``value`` is 0, and ``weights`` nan, where no unit gets every point right.
    """

    value: float
    weights: FloatArray


def signed(inputs: npt.ArrayLike, targets: npt.ArrayLike) -> FloatArray:
    """Return (x₁, x₂, 1) for a target of 1 and its opposite for 0: (N, 3)."""
    x = np.asarray(inputs, dtype=np.float64)
    sign = 2 * np.asarray(targets, dtype=np.float64) - 1
    result: FloatArray = np.column_stack([x, np.ones(len(x))]) * sign[:, None]
    return result


def margin(inputs: npt.ArrayLike, targets: npt.ArrayLike) -> Margin:
    """Return γ = max over |w| = 1 of the smallest w·z, for the signed points z.

    By duality γ is the distance from the origin to the convex hull of the signed points,
    and the nearest point of the hull lies in a corner, an edge or a triangle of them: each
    is tried. A candidate p is the nearest point exactly if no z has p·z < p·p. Up to some
    40 points that is quick.
    """
    z = signed(inputs, targets)
    scale = float(np.abs(z).max())
    best = Margin(0.0, np.full(3, np.nan))
    for size in (1, 2, 3):
        if size > len(z):
            break
        nearest = _nearest_to_origin(z[_choices(len(z), size)])
        # Of most sets the nearest point lies outside, or there is none.
        nearest = nearest[~np.isnan(nearest[:, 0])]
        length = np.linalg.norm(nearest, axis=-1)
        gap = (nearest @ z.T).min(axis=-1) - length**2
        optimal = (gap >= -_ROUNDING * scale**2) & (length > _ROUNDING * scale)
        if optimal.any():
            place = int(np.argmax(np.where(optimal, gap, -np.inf)))
            best = Margin(float(length[place]), nearest[place] / length[place])
            break
    return best


def radius(inputs: npt.ArrayLike) -> float:
    """Return R, the largest length of a point (x₁, x₂, 1)."""
    x = np.asarray(inputs, dtype=np.float64)
    return float(np.sqrt((x**2).sum(axis=-1) + 1).max())


def mistake_bound(
    inputs: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    start: npt.ArrayLike = (0.0, 0.0, 0.0),
    rate: float = 1.0,
) -> float:
    """Return the most mistakes that the perceptron rule can make: (R/γ)² from w = 0.

    From other weights v it is the largest k with u·v/η + kγ ≤ √(|v|²/η² + kR²), for the
    unit weights u of the margin: the left side is what every mistake adds at least along
    u, the right side how long w can get. Infinite where no unit is right everywhere.
    Source: Novikoff (1962).
    """
    return bound_of(margin(inputs, targets), radius(inputs), start=start, rate=rate)


def bound_of(of: Margin, longest: float, *, start: npt.ArrayLike, rate: float) -> float:
    """Return the :func:`mistake_bound` of examples with this margin and this radius."""
    gamma, direction = of
    if gamma == 0:
        return math.inf
    v = np.asarray(start, dtype=np.float64) / rate
    along, length = float(direction @ v), float(v @ v)
    # (along + kγ)² = length + kR², a quadratic in k with one root that is not negative.
    half = longest**2 / 2 - along * gamma
    rest = max(0.0, length - along**2)
    return (half + math.sqrt(half**2 + gamma**2 * rest)) / gamma**2


def separable_gates() -> list[tuple[int, ...]]:
    """Return those of the 16 truth tables of two bits that one step unit can have."""
    tables = itertools.product((0, 1), repeat=len(CORNERS))
    return [table for table in tables if margin(CORNERS, table).value > 0]


def separable_points(count: int, gap: float, seed: int) -> tuple[FloatArray, FloatArray]:
    """Draw ``count`` points of [−1, 1]² at least ``gap`` from a random line that splits them.

    Returns inputs (count, 2) and targets (count,), with both classes among them. The line
    passes within 0.5 of the origin, so that room is left on either side. With another gap
    only those points are elsewhere that are too close to the line, or need not be any more.
    """
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi)
    across = np.array([np.cos(angle), np.sin(angle)])
    offset = rng.uniform(-0.5, 0.5)
    targets = np.arange(count) % 2
    found = np.full((count, 2), np.nan)
    while np.isnan(found).any():
        # Every point is offered places of its own, as many whether it needs them or not.
        places = rng.uniform(-1, 1, (_OFFERED, count, 2))
        distance = places[..., 0] * across[0] + places[..., 1] * across[1] - offset
        far = distance * (2 * targets - 1) >= gap
        new = np.where(far.any(axis=0)[:, None], places[far.argmax(axis=0), range(count)], np.nan)
        found = np.where(np.isnan(found), new, found)
    return found, targets.astype(np.float64)


@lru_cache(maxsize=64)
def _choices(count: int, size: int) -> npt.NDArray[np.intp]:
    """Return every choice of ``size`` out of ``count`` places, one a row."""
    return np.array(list(itertools.combinations(range(count), size)), dtype=np.intp)


def _nearest_to_origin(corners: FloatArray) -> FloatArray:
    """Return the point nearest to the origin in the plane through each set of corners.

    ``corners`` is (M, K, 3), K up to 3; the result (M, 3) is nan where that point lies
    outside of the corners, or where they do not span what they should.
    """
    base, sides = corners[:, 0], corners[:, 1:] - corners[:, :1]
    size = sides.shape[1]
    if not size:
        return base
    # Cramer's rule by hand: LAPACK takes ten times as long for a thousand tiny systems.
    gram = np.einsum("mik,mjk->mij", sides, sides)
    down = -np.einsum("mik,mk->mi", sides, base)
    if size == 1:
        determinant, raised = gram[:, 0, 0], down
    else:
        determinant = gram[:, 0, 0] * gram[:, 1, 1] - gram[:, 0, 1] ** 2
        other = down[:, ::-1]
        raised = np.stack([gram[:, 1, 1], gram[:, 0, 0]], -1) * down - gram[:, :1, 1] * other
    usual = np.trace(gram, axis1=1, axis2=2) / size
    flat = determinant <= 1e-12 * usual**size
    share = raised / np.where(flat, 1.0, determinant)[:, None]
    inside = (share >= -_ROUNDING).all(-1) & (share.sum(-1) <= 1 + _ROUNDING) & ~flat
    found = base + np.einsum("mi,mik->mk", share, sides)
    return np.where(inside[:, None], found, np.nan)
