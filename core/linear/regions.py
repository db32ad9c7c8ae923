"""Into how many flat pieces a network of piecewise linear activations cuts its input.

Along a line and in the plane the pieces are found exactly, not by sampling: within a piece
every unit is an affine function of the input, so where the next unit reaches a kink of its
activation is a linear equation.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.linear.collapse import Affine, random_stack
from core.linear.half_planes import clip
from core.spec import Activation, FloatArray, Scalar

Integers = npt.NDArray[np.intp]

MOST_REGIONS = 4000
"""More pieces of the plane than this are not followed up."""

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Broken:
    """A piecewise linear activation: its kinks and jumps, and the line on each piece.

    ``kinks`` (k,) ascends; ``slope`` and ``intercept`` (k + 1,) belong to the pieces.
    """

    kinks: FloatArray
    slope: FloatArray
    intercept: FloatArray

    @property
    def continuous(self) -> bool:
        """Whether the pieces meet at every kink."""
        left = self.slope[:-1] * self.kinks + self.intercept[:-1]
        right = self.slope[1:] * self.kinks + self.intercept[1:]
        return bool(np.allclose(left, right, rtol=0, atol=_ROUNDING))

    def piece(self, z: FloatArray) -> Integers:
        """Return which piece each z is on, a kink itself counted to the left."""
        return np.searchsorted(self.kinks, z, side="left")


def broken(activation: Activation, parameters: Mapping[str, Scalar]) -> Broken | None:
    """Return the pieces of a piecewise linear activation, or None for any other.

    Computed: f is compared with the chord over each piece, and breaks at which the line
    goes on unchanged (a leaky ReLU of slope 1) are none.
    """
    marks = sorted(set(activation.breaks(**activation.resolve(parameters))))
    far = max(map(abs, marks), default=0.0) + 8.0
    lines = []
    for low, high in itertools.pairwise([-far, *marks, far]):
        z = low + (high - low) * np.linspace(0, 1, 19)[1:-1]
        f = np.asarray(activation(z, **parameters), dtype=np.float64)
        slope = float((f[-1] - f[0]) / (z[-1] - z[0]))
        if np.abs(f - (f[0] + slope * (z - z[0]))).max() > _ROUNDING * (1 + np.abs(f).max()):
            return None
        lines.append((round(slope, 12) + 0.0, round(float(f[0] - slope * z[0]), 12) + 0.0))
    changes = [i for i in range(len(marks)) if lines[i] != lines[i + 1]]
    kept = np.array([lines[0], *(lines[i + 1] for i in changes)])
    return Broken(np.array(marks, dtype=np.float64)[changes], kept[:, 0], kept[:, 1])


def through(
    stack: Sequence[Affine], activation: Activation, x: npt.ArrayLike, **parameters: Scalar
) -> FloatArray:
    """Return what a network makes of ``x`` (..., inputs); its last layer has no activation."""
    h: FloatArray = np.asarray(x, dtype=np.float64)
    for weights, bias in stack[:-1]:
        h = activation(h @ weights.T + bias, **parameters)
    return np.asarray(h @ stack[-1].weights.T + stack[-1].bias)


class Pieces(NamedTuple):
    """A network along the line start + t · way, from t = ``ends``[0] to ``ends``[-1].

    ``ends`` (P + 1,) ascends; on piece i the output is ``value``[i] + ``slope``[i] · t.
    Neighbouring pieces differ in the state of some unit; ``bends`` (B,) are the places
    where the output itself bends or jumps, so that it has B + 1 linear pieces.
    """

    ends: FloatArray
    value: FloatArray
    slope: FloatArray
    bends: FloatArray


def pieces_along(
    stack: Sequence[Affine],
    unit: Broken,
    start: npt.ArrayLike,
    way: npt.ArrayLike,
    span: tuple[float, float],
) -> Pieces:
    """Cut a line into the pieces on which every unit of the network is affine.

    The network has one output; ``start`` and ``way`` are (inputs,).
    """
    ends: FloatArray = np.array(span, dtype=np.float64)
    # Each unit on each piece: value + slope · t, of shape (pieces, units).
    value: FloatArray = np.asarray(start, dtype=np.float64)[None]
    slope: FloatArray = np.asarray(way, dtype=np.float64)[None]
    for weights, bias in stack[:-1]:
        value, slope = value @ weights.T + bias, slope @ weights.T
        left, right = ends[:-1, None, None], ends[1:, None, None]
        rise = unit.kinks - value[..., None]
        steep = np.broadcast_to(slope[..., None], rise.shape)
        t = np.divide(rise, steep, out=np.full(rise.shape, np.nan), where=steep != 0)
        room = _ROUNDING * (span[1] - span[0])
        cuts = np.sort(t[(t > left + room) & (t < right - room)])
        # Two units that switch at the same place, but for rounding, make one cut.
        cuts = cuts[np.diff(cuts, prepend=-np.inf) > room]
        source = np.searchsorted(ends, cuts) - 1
        finer = np.sort(np.concatenate([ends, cuts]))
        owner = np.sort(np.concatenate([np.arange(len(ends) - 1), source]))
        ends, value, slope = finer, value[owner], slope[owner]
        middle = (ends[:-1] + ends[1:])[:, None] / 2
        piece = unit.piece(value + slope * middle)
        value, slope = unit.slope[piece] * value + unit.intercept[piece], unit.slope[piece] * slope
    value, slope = value @ stack[-1].weights.T + stack[-1].bias, slope @ stack[-1].weights.T
    value, slope = value[:, 0], slope[:, 0]
    size = 1 + np.abs(value).max() + np.abs(slope).max()
    changed = (np.abs(np.diff(slope)) > _ROUNDING * size) | (
        np.abs(np.diff(value)) > _ROUNDING * size
    )
    return Pieces(ends, value, slope, ends[1:-1][changed])


class Regions(NamedTuple):
    """The pieces of a square on which every unit of a network is affine.

    ``polygons`` (P, V, 2) are their corners, repeated to fill up; ``states`` (P,) adds up
    the pieces that all units are on, which differs by one between neighbours, so that its
    parity colours the map like a chessboard; ``gradients`` (P, 2) and ``offsets`` (P,) are
    the affine function on each. ``complete`` is false where counting was given up.
    """

    polygons: FloatArray
    states: Integers
    gradients: FloatArray
    offsets: FloatArray
    complete: bool

    @property
    def functions(self) -> int:
        """How many different affine functions there are among the pieces."""
        rows = np.column_stack([self.gradients, self.offsets])
        size = 1 + np.abs(rows).max()
        return len(np.unique(np.round(rows / size, 8) + 0.0, axis=0))


def regions_in_plane(stack: Sequence[Affine], unit: Broken, square: FloatArray) -> Regions:
    """Cut a convex polygon (V, 2) into the pieces on which every unit is affine.

    The network has two inputs and one output. Where there are more than
    :data:`MOST_REGIONS` pieces the work is broken off.
    """
    polygons: FloatArray = np.asarray(square, dtype=np.float64)[None]
    states = np.zeros(1, dtype=np.intp)
    # Each unit on each piece: gradient · x + offset, of shape (pieces, units, 2).
    gradient: FloatArray = np.eye(2)[None]
    offset: FloatArray = np.zeros((1, 2))
    for weights, bias in stack[:-1]:
        gradient, offset = weights @ gradient, offset @ weights.T + bias
        for place in range(len(bias)):
            for kink in unit.kinks:
                owner, polygons = _split(polygons, gradient[:, place], offset[:, place] - kink)
                gradient, offset, states = gradient[owner], offset[owner], states[owner]
                if len(polygons) > MOST_REGIONS:
                    return Regions(polygons, states, gradient[:, 0], offset[:, 0], False)
        middle = polygons.mean(axis=1)
        z = (gradient * middle[:, None, :]).sum(-1) + offset
        piece = unit.piece(z)
        states = states + piece.sum(axis=1)
        gradient = unit.slope[piece][..., None] * gradient
        offset = unit.slope[piece] * offset + unit.intercept[piece]
    gradient, offset = stack[-1].weights @ gradient, offset @ stack[-1].weights.T + stack[-1].bias
    return Regions(polygons, states, gradient[:, 0], offset[:, 0], True)


def fewest_at_best(inputs: int, widths: Sequence[int]) -> int:
    """Return how many linear regions some rectifier network has, at least, with these widths.

    Π over all hidden layers but the last of ⌊n/n₀⌋^n₀, times Σ over j ≤ n₀ of C(n_L, j): a
    lower bound on the *largest* number, not on that of any one network. It holds for
    widths of at least n₀. Source: Montúfar, Pascanu, Cho & Bengio (2014).
    """
    folds = [n // inputs for n in widths[:-1]]
    found: int = math.prod(folds) ** inputs * _cells(widths[-1], inputs)
    return found


def most_at_all(inputs: int, widths: Sequence[int], kinks: int = 1) -> int:
    """Return how many linear regions no network of these widths exceeds.

    Π over the hidden layers of Σ over j ≤ d of C(k·n, j), with d the smallest width up to
    and with the layer's input and k kinks a unit: n units cut a space of d dimensions
    along at most k·n hyperplanes. Source: Montúfar (2017), for k = 1.
    """
    total, dimension = 1, inputs
    for n in widths:
        total *= _cells(kinks * n, dimension)
        dimension = min(dimension, n)
    return total


def folding_stack(width: int, depth: int, low: float, high: float) -> list[Affine]:
    """Return rectifier layers on [low, high]² that reach the bound of :func:`fewest_at_best`.

    Every layer but the last folds each of two coordinates ⌊width/2⌋ times onto [0, 1], so
    that whatever the next layer does in the unit square is repeated in every fold; the last
    one cuts the unit square along lines of which each two cross and no three meet. Raises
    ``ValueError`` for fewer than two units. Source: Montúfar et al. (2014).
    """
    if width < 2:
        raise ValueError(f"folding a plane takes at least two units a layer, not {width}")
    folds = width // 2
    # The first of the units of a coordinate passes it on, each other one turns it round.
    heights = folds * np.array([1.0] + [2.0 * (-1) ** i for i in range(1, folds)])
    read = np.zeros((2, width))
    read[0, :folds], read[1, folds : 2 * folds] = heights, heights
    spread = np.zeros((width, 2))
    spread[:folds, 0], spread[folds : 2 * folds, 1] = 1.0, 1.0
    bias = np.zeros(width)
    bias[: 2 * folds] = np.tile(-np.arange(folds) / folds, 2)
    enter = Affine(np.eye(2) / (high - low), np.full(2, -low / (high - low)))
    found: list[Affine] = []
    for _ in range(depth - 1):
        found.append(Affine(spread @ enter.weights, spread @ enter.bias + bias))
        enter = Affine(read, np.zeros(2))
    # Tangents of a small circle: any two meet, since their normals span less than half a
    # turn. Every other one is turned round, so that no cell has all units off: two such
    # cells side by side would be one linear region.
    turned = (-1.0) ** np.arange(width)
    angles = np.pi * (np.arange(width) + 0.37) / width
    across = np.column_stack([np.cos(angles), np.sin(angles)]) * turned[:, None]
    away = -across @ np.array([0.5, 0.5]) - 0.04 * turned
    found.append(Affine(across @ enter.weights, across @ enter.bias + away))
    found.append(Affine(np.linspace(1.0, 2.0, width)[None], np.zeros(1)))
    return found


def network(width: int, depth: int, seed: int) -> list[Affine]:
    """Draw a network of two inputs, ``depth`` layers of ``width`` units, and one output.

    The weights are N(0, 2/inputs), as He et al. (2015) have it, the biases N(0, ½²).
    """
    return [
        Affine(np.sqrt(2) * weights, bias)
        for weights, bias in random_stack([2, *[width] * depth, 1], seed, bias=0.5)
    ]


def _cells(planes: int, dimension: int) -> int:
    """Return into how many cells hyperplanes in general position cut a space (Zaslavsky)."""
    return sum(math.comb(planes, j) for j in range(dimension + 1))


def _split(
    polygons: FloatArray, gradient: FloatArray, offset: FloatArray
) -> tuple[Integers, FloatArray]:
    """Split the polygons that a line of their own crosses; return whose piece each one is."""
    here = (polygons * gradient[:, None, :]).sum(-1) + offset[:, None]
    size = np.abs(here).max(axis=1, keepdims=True)
    crossed = ((here > _ROUNDING * size).any(1)) & ((here < -_ROUNDING * size).any(1))
    if not crossed.any():
        return np.arange(len(polygons)), polygons
    sides = [
        clip(polygons[crossed], sign * gradient[crossed], sign * offset[crossed])
        for sign in (1.0, -1.0)
    ]
    parts = _tight([polygons[~crossed], *sides])
    places = np.arange(len(polygons))
    return np.concatenate([places[~crossed], places[crossed], places[crossed]]), parts


def _tight(groups: Sequence[FloatArray]) -> FloatArray:
    """Put polygons of different lengths into one array, each corner once where it can be."""
    found = []
    for corners in groups:
        fresh = (corners != np.roll(corners, 1, axis=1)).any(-1)
        order = np.argsort(~fresh, axis=1, kind="stable")
        count = np.maximum(fresh.sum(axis=1), 1)
        index = np.minimum(np.arange(corners.shape[1]), count[:, None] - 1)
        place = np.take_along_axis(order, index, axis=1)
        found.append((np.take_along_axis(corners, place[..., None], axis=1), count))
    most = max((int(count.max()) for _, count in found if count.size), default=1)
    return np.concatenate([_padded(corners, most) for corners, _ in found])


def _padded(corners: FloatArray, count: int) -> FloatArray:
    index = np.minimum(np.arange(count), corners.shape[1] - 1)
    return corners[:, index]
