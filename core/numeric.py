"""Derivatives by finite differences: the check on every exact gradient, and f″.

All stencils stay inside one piece of a piecewise function: a difference taken
across a kink measures neither side's slope.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from core.spec import FloatArray, Graph, Scalar

Real = npt.NDArray[np.float64]

NODES = 9
"""Points of a stencil: the error is of order step⁸."""

STEPS = (2.0**-6, 2.0**-9, 2.0**-12)
"""The widest has the least rounding, the narrowest follows the sharpest curve; which
one is best is decided at each point."""

REACH = NODES // 2 * STEPS[0]
"""How far a stencil reaches to either side, for |x| up to 1."""

NEAR_BREAK = 1e-12
"""At a point this close to a break (relative to max(1, |x|)) rounding decides which
branch is evaluated, so no difference is taken from its own value."""

_ROOM = NODES + 2  # so many steps fit into the narrowest piece


@dataclass(frozen=True)
class Receipt:
    """How far an exact gradient is from a numerical one.

    ``largest_difference`` is max |f′ − numerical f′| over ``points`` points and ``at``
    is where it occurs; with no point to compare it is 0, at nan.
    """

    largest_difference: float
    at: float
    points: int


@cache
def weights(offsets: tuple[int, ...], order: int) -> Real:
    """Return w such that Σ wᵢ f(x + oᵢh) / h^order is the ``order``-th derivative at x.

    The weights are the derivatives at 0 of the Lagrange polynomials of ``offsets``.
    Offsets are small integers, so every product below is exact.
    """
    w = np.empty(len(offsets))
    for i, o in enumerate(offsets):
        others = np.array(offsets[:i] + offsets[i + 1 :], dtype=np.float64)
        w[i] = np.poly(others)[-1 - order] / np.prod(o - others)
    w *= np.prod(np.arange(1.0, order + 1))
    return w


@cache
def weight_table(offsets: tuple[int, ...], orders: tuple[int, ...]) -> Real:
    """Return the :func:`weights` of several orders, one row an order."""
    return np.stack([weights(offsets, order) for order in orders])


def weighed(table: Real, values: FloatArray) -> Real:
    """Return Σ over the nodes, table (R, nodes) times values (nodes, ...), as (R, ...)."""
    sums: Real = table @ np.reshape(values, (len(values), -1))
    return sums.reshape(len(table), *values.shape[1:])


@cache
def _shifted_weights() -> tuple[Real, Real]:
    """Return the first-derivative weights of every placement of the stencil around x.

    Row s belongs to the offsets s − 8 … s. The first table uses all nine nodes, the
    second leaves out the two ends; the difference of the two estimates the error.
    """
    full = np.empty((NODES, NODES))
    inner = np.zeros((NODES, NODES))
    for s in range(NODES):
        offsets = tuple(range(s - NODES + 1, s + 1))
        full[s] = weights(offsets, 1)
        inner[s, 1:-1] = weights(offsets[1:-1], 1)
    return full, inner


def break_table(graph: Graph, parameters: Mapping[str, Scalar]) -> Real:
    """Return the breaks for every parameter setting, one row a setting.

    ``parameters`` are complete; arrays among them have one entry a setting (in any
    shape). The result has shape (settings, most breaks of any of them); each row
    ascends and ends in nan where it has fewer. Points at infinity are left out.
    """
    columns = np.broadcast_arrays(np.zeros(1), *(np.ravel(v) for v in parameters.values()))
    rows = [
        sorted({b for b in graph.breaks(**setting) if np.isfinite(b)})
        for setting in (
            dict(zip(parameters, values, strict=True))
            for _, *values in zip(*(c.tolist() for c in columns), strict=True)
        )
    ]
    table = np.full((len(rows), max(map(len, rows))), np.nan)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table


def rooms(edges: Real) -> tuple[Real, Real]:
    """Return the distance from each break to its left and its right neighbour."""
    gaps = np.diff(edges, axis=-1)
    gaps = np.where(np.isnan(gaps), np.inf, gaps)
    outside = np.full((*edges.shape[:-1], min(1, edges.shape[-1])), np.inf)
    return (
        np.concatenate([outside, gaps], axis=-1),
        np.concatenate([gaps, outside], axis=-1),
    )


def one_sided(
    function: Callable[[Real], FloatArray], points: Real, side: int, room: Real, orders: int
) -> tuple[Real, Real]:
    """Return the one-sided limits at ``points`` of ``function`` and its derivatives.

    ``side`` is +1 for the right and −1 for the left; ``room`` is the distance to the
    next break on that side. The first result has shape (orders + 1, *points.shape):
    value, first derivative, and so on; the second estimates their errors. The
    function is evaluated beside the points, never at them.
    """
    offsets, wanted = tuple(range(1, NODES + 1)), tuple(range(orders + 1))
    column = np.reshape(offsets, (-1, *(1,) * points.ndim))
    estimates, doubts = [], []
    for step in STEPS:
        h = side * np.minimum(step * np.maximum(1.0, np.abs(points) / 1024), room / _ROOM)
        values = function(points + h * column)
        scales = h ** np.reshape(wanted, (-1, *(1,) * h.ndim))
        full = weighed(weight_table(offsets, wanted), values) / scales
        fewer = weighed(weight_table(offsets[:-1], wanted), values[:-1]) / scales
        estimates.append(full)
        doubts.append(np.abs(full - fewer))
    return _most_certain(estimates, doubts)


def _most_certain(estimates: list[Real], doubts: list[Real]) -> tuple[Real, Real]:
    """Return at each point the estimate with the least doubt, and that doubt."""
    doubt = np.stack(doubts)
    # A stencil that touches a point where f is infinite says nothing: the doubt is nan.
    doubt = np.where(np.isnan(doubt), np.inf, doubt)
    choice = doubt.argmin(axis=0)[None]
    return (
        np.take_along_axis(np.stack(estimates), choice, axis=0)[0],
        np.take_along_axis(doubt, choice, axis=0)[0],
    )


def _at_breaks(function: Callable[[Real], FloatArray], edges: Real) -> tuple[Real, Real, Real]:
    """Return the derivative left of, at and right of each break.

    At a break it is nan where the two sides do not agree, in value or in derivative.
    """
    before, after = rooms(edges)
    left, _ = one_sided(function, edges, -1, before, 1)
    right, _ = one_sided(function, edges, +1, after, 1)
    jump, kink = np.abs(left - right) / (1 + np.abs(left))
    agree = (jump < 1e-9) & (kink < 1e-6)
    return left[1], np.where(agree, (left[1] + right[1]) / 2, np.nan), right[1]


def _derivative(function: Callable[[Real], FloatArray], x: Real, edges: Real) -> Real:
    """Return d function/dx at ``x``, (N,) or (S, N), for ``edges`` (S, B), as (S, N).

    The function is elementwise and may broadcast an input of shape (..., S, N) against
    parameters of shape (S, 1).
    """
    near = NEAR_BREAK * np.maximum(1.0, np.abs(x))[..., None]
    distance = x[..., None] - edges[:, None, :]
    # nan, which pads the table, compares as False on both sides.
    before = np.where(distance > near, distance, np.inf).min(axis=-1, initial=np.inf)
    after = np.where(distance < -near, -distance, np.inf).min(axis=-1, initial=np.inf)
    wanted = np.maximum(1.0, np.abs(x) / 1024)
    column = np.arange(NODES)[:, None, None]
    full, inner = _shifted_weights()
    centred = NODES // 2
    slopes, doubts = [], []
    for step in STEPS:
        h = np.minimum(step * wanted, (before + after) / _ROOM)
        # The stencil is centred unless a break is in the way on one side.
        reach_left = np.minimum(np.floor(before / h * (1 - 1e-9)), NODES)
        reach_right = np.minimum(np.floor(after / h * (1 - 1e-9)), NODES)
        last = np.clip(centred, NODES - 1 - reach_left, reach_right).astype(np.intp)
        values = function(x + (column + (last - NODES + 1)) * h)
        with np.errstate(invalid="ignore"):  # of infinite values
            slope, rough = weighed(np.stack([full[centred], inner[centred]]), values)
        last = np.broadcast_to(last, slope.shape)
        s, n = np.nonzero(last != centred)
        if s.size:
            own, rows = values[:, s, n], last[s, n]
            slope[s, n] = (full[rows].T * own).sum(axis=0)
            rough[s, n] = (inner[rows].T * own).sum(axis=0)
        slopes.append(slope / h)
        doubts.append(np.abs(slope - rough) / h)
    best, _ = _most_certain(slopes, doubts)
    if edges.shape[-1]:
        sides = _at_breaks(function, edges)
        for b in range(edges.shape[-1]):
            left, there, right = (side[:, b : b + 1] for side in sides)
            offset = distance[..., b]
            own = np.where(offset < 0, left, np.where(offset > 0, right, there))
            best = np.where(np.abs(offset) <= near[..., 0], own, best)
    return best


def numerical_derivative(
    function: Callable[[Real], FloatArray],
    x: npt.ArrayLike,
    breaks: tuple[float, ...] = (),
) -> Real:
    """Return the derivative of ``function`` at ``x`` by nine-point differences.

    ``function`` is elementwise; the result has the shape of ``x``. No stencil reaches
    across one of the ``breaks``: beside a break it leans to its own side. Exactly at
    a break the two sides are compared; the result there is nan where their derivatives,
    or the limits of the function, differ.
    """
    points = np.asarray(x, dtype=np.float64)
    edges = np.array([sorted(set(breaks))], dtype=np.float64)
    return np.reshape(_derivative(function, points.ravel(), edges)[0], points.shape)


def second_derivative(graph: Graph, x: npt.ArrayLike, /, **parameters: Scalar) -> Real:
    """Return f″(x), by differences of the exact gradient within one piece of f.

    The result has the shape of ``x``; exactly at a break where f″ does not exist it is
    nan. Parameters may be columns of shape (S, 1): then ``x`` has shape (N,) or (S, N)
    and the result (S, N). Raises as calling the function does, and ``ValueError``
    for shapes other than these.
    """
    values = graph.resolve(parameters)
    points = np.asarray(x, dtype=np.float64)
    shape = np.broadcast_shapes(*(np.shape(v) for v in values.values()))
    if shape and (len(shape) != 2 or shape[1] != 1 or points.ndim > 2):
        raise ValueError(f"{graph.key}: parameters must be numbers or columns, not {shape}")
    points = points if shape else points.ravel()
    edges = break_table(graph, values)
    result = _derivative(lambda z: graph.gradient(z, **values), points, edges)
    if edges.shape[-1]:
        # Where f itself jumps f″ does not exist, though f′ may agree on both sides.
        _, slope, _ = _at_breaks(lambda z: graph(z, **values), edges)
        for b in range(edges.shape[-1]):
            nowhere = (points == edges[:, b : b + 1]) & np.isnan(slope[:, b : b + 1])
            result = np.where(nowhere, np.nan, result)
    return result if shape else np.reshape(result[0], np.shape(x))


def receipt(graph: Graph, x: npt.ArrayLike, /, **parameters: float) -> Receipt:
    """Compare the exact gradient with a numerical derivative of f at the points ``x``.

    Points at a break are left out, because the gradient there is a convention.
    Stencils reach ``REACH`` beyond the points: f must be defined there.
    Raises as calling the function does.
    """
    values = graph.resolve(parameters)
    edges = break_table(graph, values)
    points = np.asarray(x, dtype=np.float64).ravel()
    near = NEAR_BREAK * np.maximum(1.0, np.abs(points))
    points = points[~(np.abs(points[:, None] - edges) <= near[:, None]).any(axis=-1)]
    if not points.size:
        return Receipt(largest_difference=0.0, at=np.nan, points=0)
    numerical = _derivative(lambda z: graph(z, **values), points, edges)[0]
    difference = np.abs(graph.gradient(points, **values) - numerical)
    worst = int(difference.argmax())
    return Receipt(float(difference[worst]), float(points[worst]), points.size)
