"""Curves for drawing: a function and its gradient over a window, honest at every break.

Where branches of a formula meet, a grid of evenly spaced points would draw a jump as
a steep line and cut the corner off a kink. So each break gets three points of its
own: just left of it, at it, and just right of it; at a jump the middle one is a gap.

Every array may carry a leading axis of parameter values: hand a parameter over as an
array of shape (S, 1) and all S curves are sampled in one call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.numeric import second_derivative
from core.spec import Activation, FloatArray, Graph, Scalar

POINTS = 121
"""How many evenly spaced points a window is given at least: see :func:`resolution`."""

_HALVINGS = 4
"""How often the distance between two points may be halved where a curve bends sharply."""

_NEAR_ZERO = np.geomspace(0.01, 1.6, 23)
"""Distances from 0 of further points: that is where activations bend most sharply."""

BEND = 5e-3
"""The share of a panel's height by which a drawn line may miss its curve: a pixel at most."""

_SHARES = (1 / 16, 1 / 4, 1 / 2, 3 / 4, 7 / 8)
"""Where between the ends of a slider curves are looked at too."""

Third = Literal["second", "parameter"]
"""What a third panel can show: f″, or ∂f/∂p for the parameter p that training would move."""

_JUMP = 1e-6
"""A step between neighbouring floats larger than this is a jump, not rounding."""


@dataclass(frozen=True)
class Curve:
    """A sampled function: all arrays have the shape (..., N); nan marks a gap.

    ``third`` is what was asked for beside f and f′, if anything was.
    """

    x: FloatArray
    value: FloatArray
    gradient: FloatArray
    third: FloatArray | None = None


@dataclass(frozen=True)
class Marks:
    """The points drawn at breaks, three a break: left limit, the value used, right limit.

    All arrays have the shape (..., 3k); nan where nothing is to be marked.
    """

    x: FloatArray
    value: FloatArray
    gradient: FloatArray


@dataclass(frozen=True)
class Probe:
    """A function at a point: its value, its gradient, and the ends of a tangent there."""

    x: FloatArray
    value: FloatArray
    gradient: FloatArray
    tangent_x: FloatArray
    tangent_y: FloatArray


def grid(
    low: float, high: float, breaks: Sequence[Scalar] = (), points: int | FloatArray = POINTS
) -> FloatArray:
    """Return points in [low, high], denser at 0, and three at each break.

    ``points`` is how many even ones to begin with, or these points themselves. The result is
    sorted. ``breaks`` are numbers or arrays of shape (S, 1); the result then
    has one row each. A break outside the window is drawn in to its end.
    """
    near = np.concatenate([-_NEAR_ZERO, _NEAR_ZERO])
    given = np.linspace(low, high, points) if isinstance(points, int) else points
    even = np.concatenate([given, near[(low < near) & (near < high)]])
    inside = [np.clip(np.asarray(b, dtype=np.float64), low, high) for b in breaks]
    extra = [f(b) for b in inside for f in (_just_left, np.asarray, _just_right)]
    shape = np.broadcast_shapes((1,), *(e.shape for e in extra))
    columns = [np.broadcast_to(even, (*shape[:-1], even.size))]
    columns += [np.broadcast_to(e, shape) for e in extra]
    return np.sort(np.concatenate(columns, axis=-1), axis=-1)


def resolution(graph: Graph, low: float, high: float, most: float | None = None) -> FloatArray:
    """Return the points that [low, high] needs, wherever the function's sliders stand.

    They are evenly spaced, and two to sixteen times as dense where that is not enough: so
    that straight lines between them miss f and f′ by no more than ``BEND`` of the panel's
    height, at the defaults, at both ends of every slider and at places between.
    """
    spans = limits([graph], low, high, most=most)
    between: list[dict[str, Scalar]] = [
        {p.name: p.low + share * (p.high - p.low)} for p in graph.parameters for share in _SHARES
    ]
    settings = [{}, *_extremes(graph), *between]
    points = np.linspace(low, high, POINTS)
    for _ in range(_HALVINGS):
        split = np.zeros(points.size - 1, dtype=bool)
        for parameters in settings:
            x = grid(low, high, graph.breaks(**graph.resolve(parameters)), points)
            middles = (x[1:] + x[:-1]) / 2
            for function, (bottom, top) in (
                (graph, spans.value),
                (graph.gradient, spans.gradient),
            ):
                ends = function(x, **parameters)
                missed = np.abs(function(middles, **parameters) - (ends[1:] + ends[:-1]) / 2)
                # A line may jump at a break, between neighbouring floats.
                wide = np.diff(x) > _JUMP
                shown = np.minimum(ends[1:], ends[:-1]) < top
                coarse = middles[wide & shown & (missed > BEND * (top - bottom))]
                split[np.searchsorted(points, coarse) - 1] = True
        if not split.any():
            break
        # Where a slider stands in between, a bend may be beside where it is at its ends.
        split[1:] |= split[:-1].copy()
        split[:-1] |= split[1:].copy()
        halves = (points[1:] + points[:-1]) / 2
        points = np.sort(np.concatenate([points, halves[split]]))
    return points


def curve(
    graph: Graph, x: FloatArray, *, third: Third | None = None, **parameters: Scalar
) -> Curve:
    """Sample f, f′ and, if asked for, a third curve at ``x``, with a gap wherever one jumps.

    Raises as calling the function does.
    """
    value = graph(x, **parameters)
    gradient = graph.gradient(x, **parameters)
    x, value, gradient = (np.array(a) for a in np.broadcast_arrays(x, value, gradient))
    for b, left, right in _sides(graph, parameters):
        here = x == b
        for drawn, function in ((value, graph), (gradient, graph.gradient)):
            jump = np.abs(function(right, **parameters) - function(left, **parameters)) > _JUMP
            drawn[here & jump] = np.nan
    for drawn in (value, gradient):
        drawn[np.isinf(drawn)] = np.nan  # beyond any picture
    return Curve(x, value, gradient, _third(graph, x, third, parameters))


def marks(graph: Graph, **parameters: Scalar) -> Marks:
    """Return what to mark at each break: limits that are not taken, and the value that is."""
    columns: dict[str, list[FloatArray]] = {"x": [], "value": [], "gradient": []}
    for b, left, right in _sides(graph, parameters):
        columns["x"] += [b, b, b]
        for name, function in (("value", graph), ("gradient", graph.gradient)):
            before, at, after = (function(p, **parameters) for p in (left, b, right))
            jump = np.abs(after - before) > _JUMP
            columns[name] += [
                np.where(jump & (np.abs(before - at) > _JUMP), before, np.nan),
                np.where(jump, at, np.nan),
                np.where(jump & (np.abs(after - at) > _JUMP), after, np.nan),
            ]
    if not columns["x"]:
        return Marks(np.empty(0), np.empty(0), np.empty(0))
    # A break that stays put and one that moves with a parameter differ in shape.
    shape = np.broadcast_shapes(*(a.shape for column in columns.values() for a in column))
    return Marks(
        **{
            name: np.concatenate([np.broadcast_to(a, shape) for a in column], axis=-1)
            for name, column in columns.items()
        }
    )


def stretches(curve: Curve, threshold: npt.ArrayLike) -> FloatArray:
    """Return where |f′| is under ``threshold`` within the window, from the sampled gradient.

    Of one curve, ``threshold`` may be of shape (S, 1).

    The result has the shape (..., k, 2): left and right ends, k as many as the row with
    the most has, nan where a row has fewer. Ends between two points are interpolated.
    """
    x, steepness, under = np.broadcast_arrays(curve.x, np.abs(curve.gradient), threshold)
    shape = x.shape[:-1]
    x, steepness, under = (np.atleast_2d(a) for a in (x, steepness, under))
    flat = np.pad(steepness < under, ((0, 0), (1, 1))).astype(np.int8)
    turns = np.diff(flat, axis=-1)
    (rows, firsts), (_, afters) = np.nonzero(turns == 1), np.nonzero(turns == -1)
    counts = np.bincount(rows, minlength=len(x))
    places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    found = np.full((len(x), int(counts.max(initial=0)), 2), np.nan)
    found[rows, places, 0] = _crossing(x, steepness, under, rows, firsts, -1)
    found[rows, places, 1] = _crossing(x, steepness, under, rows, afters - 1, 1)
    return found.reshape(*shape, *found.shape[1:])


def probe(graph: Graph, x: npt.ArrayLike, reach: float, **parameters: Scalar) -> Probe:
    """Return f and f′ at ``x``, and the tangent over ``reach`` to either side of it.

    ``x`` is a number or of shape (S, 1), and so may be the parameters; arrays then have
    the shape (1,) or (S, 1), and the tangent's ends (2,) or (S, 2).
    """
    at = np.atleast_1d(np.asarray(x, dtype=np.float64))
    value, gradient = graph(at, **parameters), graph.gradient(at, **parameters)
    at, value, gradient = np.broadcast_arrays(at, value, gradient)
    offsets = np.array([-reach, reach])
    with np.errstate(invalid="ignore"):  # where both are infinite there is no tangent: nan
        return Probe(at, value, gradient, at + offsets, value + gradient * offsets)


def difference(curves: Sequence[Curve], factor: float) -> list[Curve]:
    """Return each curve minus the first, times ``factor``; all must share one grid."""
    first = curves[0]
    return [
        Curve(
            c.x,
            factor * (c.value - first.value),
            factor * (c.gradient - first.gradient),
        )
        for c in curves[1:]
    ]


@dataclass(frozen=True)
class Limits:
    """The ends of the drawn vertical axes, for f, f′ and the third panel."""

    value: tuple[float, float]
    gradient: tuple[float, float]
    third: tuple[float, float] = (0.0, 1.0)


def limits(
    graphs: Sequence[Graph],
    low: float,
    high: float,
    third: Third | None = None,
    most: float | None = None,
) -> Limits:
    """Choose vertical axes that stay put while any parameter of ``graphs`` moves.

    They hold the curves at the defaults and, as far as that does not crush those, at
    both ends of every slider. ``most`` is how far from 0 they may reach, half the
    window's width unless given.
    """
    x = np.linspace(low, high, 121)
    usual: list[Curve] = []
    extreme: list[Curve] = []
    for graph in graphs:
        usual.append(curve(graph, x, third=third))
        extreme += [curve(graph, x, third=third, **ends) for ends in _extremes(graph)]
    most = (high - low) / 2 if most is None else most
    return Limits(
        value=_span([c.value for c in usual], [c.value for c in extreme], stretch=0.6, most=most),
        gradient=_span(
            [c.gradient for c in usual],
            [c.gradient for c in extreme],
            stretch=1.0,
            most=max(4.0, most),
        ),
        third=_span(
            [c.third for c in usual if c.third is not None],
            [c.third for c in extreme if c.third is not None],
            stretch=1.0,
            most=most,
        ),
    )


def fit(curves: Sequence[Curve]) -> Limits:
    """Choose vertical axes that hold ``curves`` and zero, with room above for a legend."""
    none = (0.0, 0.0)
    ends = [_ends([getattr(c, part) for c in curves], none) for part in ("value", "gradient")]
    value, gradient = (_padded(low, high) for low, high in ends)
    return Limits(_with_room(value), gradient)


def difference_limits(graphs: Sequence[Graph], low: float, high: float, factor: float) -> Limits:
    """Choose vertical axes for :func:`difference` that stay put while any parameter moves.

    They hold zero, the differences at the defaults and as much again to either side, as far
    as the ends of the sliders need it; all of what these need where the defaults leave no
    difference. There is room above for a legend.
    """
    x = np.linspace(low, high, 121)
    settings = [[{}, *_extremes(graph)] for graph in graphs]
    first, *others = (
        [curve(graph, x, third=None, **parameters) for parameters in known]
        for graph, known in zip(graphs, settings, strict=True)
    )
    usual = difference([first[0], *(other[0] for other in others)], factor)
    every = [one for other in others for one in other]
    extreme = [one for subtrahend in first for one in difference([subtrahend, *every], factor)]

    def span(part: str) -> tuple[float, float]:
        bottom, top = _ends([getattr(c, part) for c in usual], (0.0, 0.0))
        reach = top - bottom or np.inf
        lowest, highest = _ends([getattr(c, part) for c in extreme], (bottom, top))
        return _padded(max(lowest, bottom - reach), min(highest, top + reach))

    return Limits(_with_room(span("value")), span("gradient"))


def _extremes(graph: Graph) -> list[dict[str, Scalar]]:
    """Return every slider's ends, one parameter at a time."""
    return [{p.name: end} for p in graph.parameters for end in (p.low, p.high)]


def _third(
    graph: Graph,
    x: FloatArray,
    third: Third | None,
    parameters: Mapping[str, Scalar],
) -> FloatArray | None:
    if third == "second":
        return second_derivative(graph, x, **parameters)
    if third == "parameter" and isinstance(graph, Activation):
        for name in graph.parameter_derivatives:
            return graph.parameter_gradient(name, x, **parameters)
    return None


def _crossing(
    x: FloatArray,
    steepness: FloatArray,
    under: FloatArray,
    rows: npt.NDArray[np.intp],
    inside: npt.NDArray[np.intp],
    outwards: int,
) -> FloatArray:
    """Return where |f′| reaches ``under`` between a point inside and the next outside."""
    outside = np.clip(inside + outwards, 0, x.shape[-1] - 1)
    rise = steepness[rows, outside] - steepness[rows, inside]
    # At the window's end, at a gap and beside a jump there is nothing to interpolate.
    smooth = np.isfinite(rise) & (rise > 0)
    part = np.where(smooth, under[rows, inside] - steepness[rows, inside], 0) / np.where(
        smooth, rise, 1
    )
    found: FloatArray = x[rows, inside] + part * (x[rows, outside] - x[rows, inside])
    return found


def _span(
    usual: Sequence[FloatArray], extreme: Sequence[FloatArray], stretch: float, most: float
) -> tuple[float, float]:
    low, high = (max(-most, min(most, end)) for end in _ends(usual, (0.0, 1.0)))
    reach = stretch * max(high - low, 1.0)
    lowest, highest = _ends(extreme, (low, high))
    low, high = max(lowest, low - reach, -most), min(highest, high + reach, most)
    return _padded(low, high)


def _with_room(span: tuple[float, float]) -> tuple[float, float]:
    """Leave room above for a legend."""
    return span[0], span[1] + 0.15 * (span[1] - span[0])


def _padded(low: float, high: float) -> tuple[float, float]:
    margin = 0.07 * (high - low) or 0.1
    return low - margin, high + margin


def _ends(arrays: Sequence[FloatArray], at_least: tuple[float, float]) -> tuple[float, float]:
    values = np.concatenate([np.ravel(a) for a in arrays] + [np.array(at_least)])
    values = values[np.isfinite(values)]
    return float(values.min()), float(values.max())


def _sides(
    graph: Graph, parameters: Mapping[str, Scalar]
) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
    resolved = graph.resolve(parameters)
    points = [np.atleast_1d(np.asarray(b, np.float64)) for b in graph.breaks(**resolved)]
    return [(b, _just_left(b), _just_right(b)) for b in points]


def _just_left(x: FloatArray) -> FloatArray:
    return np.nextafter(x, -np.inf)


def _just_right(x: FloatArray) -> FloatArray:
    return np.nextafter(x, np.inf)
