"""The minimum of a landscape: a place, a flat stretch, or none at all.

How it is found follows from loss and output, and is named:

- a loss of the residual behind the identity is the best line of ``core.fits``;
- where only the side of a threshold counts (a step, the zero-one loss) every way to split
  the data is tried;
- hinge and perceptron loss of a linear score are piecewise linear: the best bias of a slope
  is exact, and what is left is a convex function of the slope;
- classes that a threshold tells apart send a loss that keeps falling with the margin to
  infinity: there is no minimum;
- any other convex surface has one valley, which Newton's method finds;
- and any other surface is searched from the valleys of a grid, which proves nothing.
"""

import math
from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np

from core.fits import Fit, Method, best_constant, best_line, best_lines
from core.landscapes import WINDOW, Landscape, convexity
from core.landscapes.minimise import End, newton, pattern_search, valleys
from core.numeric import Real
from core.spec import Axis

_STARTS = 4
_FOLLOWED = 5
_ROUGH = 1e-3
_RESTARTS = 2
_GRID = 41
_CUTS = 200
_GOLDEN = (math.sqrt(5) - 1) / 2
_FAR = 1e4
_SAME = 1e-4
_LIMIT = 3e3  # so far out it is looked what the loss tends to


class Kind(Enum):
    """What there is at the bottom."""

    POINT = "a single point"
    FLAT = "a flat stretch"
    NONE = "no minimum"


class Minimum(NamedTuple):
    """The best slope and bias, or the direction in which the loss falls for ever.

    ``value`` is the mean loss there; for ``Kind.NONE`` it is what the loss tends to in
    direction (w, b), which then has length 1. ``proven`` tells whether nothing is lower;
    ``note`` is a sentence or empty.
    """

    w: float
    b: float
    value: float
    kind: Kind
    method: str
    proven: bool
    note: str = ""


def minima(land: Landscape) -> tuple[Minimum, ...]:
    """Return the minima of a landscape, the lowest first; several only if it is not convex.

    Every list has at least one entry. The losses of ``core.fits`` may raise ``ValueError``
    where no line is best (a quantile of 0 or 1).
    """
    loss, output, *_ = land.computed
    linear = output.key == "identity"
    if land.x.min() == land.x.max():
        return (_valley_of_one_x(land),)
    if linear and loss.axis is Axis.RESIDUAL:
        return (_best_line(land),)
    if output.key == "step" or (linear and loss.key == "zero_one"):
        return (_best_split(land),)
    if linear and loss.key == "perceptron":
        return (_perceptron(land),)
    if linear and loss.key == "hinge":
        return (_hinge(land),)
    if convexity(land).proven:
        return (_convex(land),)
    return _searched(land)


def nearby_minimum(land: Landscape, w: float, b: float) -> Minimum:
    """Return the minimum that is reached from (w, b) by going downhill."""
    start = np.array([w, b])
    return _followed(land, End(start, _value(land, w, b), 0, False))


def separating_direction(land: Landscape) -> tuple[float, float] | None:
    """Return (w, b), of length 1, whose sign is right for every point; None if there is none.

    A point may lie on the threshold itself, as long as not all do.
    """
    high = land.target > land.target.mean()
    if high.all() or not high.any():
        return None
    one, other = land.x[high], land.x[~high]
    for sign, above, below in ((1.0, one, other), (-1.0, -one, -other)):
        if above.min() >= below.max():
            threshold = sign * float(above.min() + below.max()) / 2
            length = math.hypot(1.0, threshold)
            return sign / length, -sign * threshold / length
    return None


def _value(land: Landscape, w: float, b: float) -> float:
    return float(land.value(w, b))


def minima_of_lines(lands: Sequence[Landscape]) -> list[Minimum]:
    """Return the minimum of each of several landscapes that differ in their parameters only.

    Empty where these are not best lines: behind a curved output, or for one x only.
    """
    land = lands[0]
    loss, output, *_ = land.computed
    if output.key != "identity" or loss.axis is not Axis.RESIDUAL or land.x.min() == land.x.max():
        return []
    each = [one.computed[2] for one in lands]
    columns = {name: np.array([own[name] for own in each]) for name in each[0]}
    fits = best_lines(loss, land.x, land.target, **columns)
    return [_of_fit(one, fit) for one, fit in zip(lands, fits, strict=True)]


def _best_line(land: Landscape) -> Minimum:
    loss, _, parameters, _ = land.computed
    return _of_fit(land, best_line(loss, land.x, land.target, **parameters))


def _of_fit(land: Landscape, fit: Fit) -> Minimum:
    names = {
        Method.CLOSED_FORM: "closed form (least squares)",
        Method.LINEAR_PROGRAMME: "linear programme (subgradients that cancel)",
        Method.NEWTON: "Newton’s method, as reweighted least squares",
        Method.SEVERAL_STARTS: "reweighted least squares from several starts",
    }
    kind = Kind.POINT if fit.unique else Kind.FLAT
    value = _value(land, fit.slope, fit.intercept)
    return Minimum(fit.slope, fit.intercept, value, kind, names[fit.method], fit.proven, fit.note)


def _valley_of_one_x(land: Landscape) -> Minimum:
    """Return the minimum where all x are equal: w and b act as one number w·x + b."""
    loss, output, parameters, _ = land.computed
    note = "All x are equal, so only w·x + b counts: every other (w, b) on that line is as good."
    if output.key == "identity" and loss.axis is Axis.RESIDUAL:
        fit = best_constant(loss, land.target, **parameters)
        return Minimum(
            0.0,
            fit.intercept,
            _value(land, 0.0, fit.intercept),
            Kind.FLAT,
            fit.method.value,
            fit.proven,
            note,
        )
    biases = np.linspace(-_FAR, _FAR, 20_001)
    values = land.value(0.0, biases)
    values = np.where(np.isnan(values), np.inf, values)
    k = int(values.argmin())
    end = pattern_search(land.value, np.array([0.0, biases[k]]), 1.0)
    b = float(end.place @ [land.x[0], 1.0])
    if abs(b) > _FAR / 2:
        direction = math.copysign(1.0, b)
        limit = _value(land, 0.0, direction * _LIMIT)
        runs = "All x are equal and one class is left: the larger the bias, the smaller the loss."
        return Minimum(0.0, direction, limit, Kind.NONE, "limit along the bias", True, runs)
    return Minimum(0.0, b, end.value, Kind.FLAT, "pattern search", False, note)


def _best_split(land: Landscape) -> Minimum:
    """Try every way to split the points by a threshold, in both directions."""
    ordered = np.unique(land.x)
    between = (ordered[1:] + ordered[:-1]) / 2
    gap = float(np.ptp(ordered)) or 1.0
    cuts = np.concatenate([[ordered[0] - gap / 2], between, [ordered[-1] + gap / 2]])
    threshold = land.output_parameters.get("threshold", 0.0) if land.output.key == "step" else 0.0
    w = np.repeat([1.0, -1.0], cuts.size)
    b = threshold - w * np.tile(cuts, 2)
    values = land.value(w, b)
    # Of equal splits the one furthest from any point, which is the middle of its plateau.
    room = np.tile(np.abs(cuts[:, None] - land.x).min(axis=1), 2)
    best = float(values.min())
    if not math.isfinite(best):
        note = "Every split is sure and wrong of some point, which this loss holds to be infinite."
        return Minimum(0.0, 0.0, math.inf, Kind.NONE, "every split tried", True, note)
    k = int(np.where(values <= best + 1e-12 * max(1.0, abs(best)), room, -1.0).argmax())
    note = (
        "The surface is made of plateaus: every (w, b) that splits the points in the same way "
        "is as good."
    )
    return Minimum(
        float(w[k]), float(b[k]), float(values[k]), Kind.FLAT, "every split tried", True, note
    )


def _perceptron(land: Landscape) -> Minimum:
    apart = separating_direction(land)
    if apart is None:
        note = "A score of 0 costs nothing, so the best this loss can do is to say nothing."
    else:
        note = (
            "A score of 0 costs nothing, and neither does any (w, b) that splits the classes: "
            "the bottom is a wedge that begins at the origin."
        )
    kind = Kind.FLAT if apart else Kind.POINT
    return Minimum(0.0, 0.0, _value(land, 0.0, 0.0), kind, "by inspection", True, note)


def _hinge(land: Landscape) -> Minimum:
    """Minimise the mean hinge loss: exactly in b for a given w, by golden section in w.

    For a given w a point pulls the bias towards t until t(wx + b) = 1, at b = t − wx; the
    best bias is where as many pull up as down. The loss that is left is convex in w, and
    made of straight pieces that meet where two points reach their margin at once: the
    corner beside the end of the search is then computed from these two points.
    """
    x, t = land.x, land.target
    up = int((t > 0).sum())

    def bias(w: float) -> float:
        corners = np.sort(t - w * x)
        if up in (0, x.size):
            return float(corners[-1] if up else corners[0])
        # To the left of a corner of t = 1 that point pulls up; to the right of one of
        # t = −1 that point pulls down: every corner passed takes one from the balance.
        return float((corners[up - 1] + corners[up]) / 2)

    def best(w: float) -> float:
        return _value(land, w, bias(w))

    w = _golden(best, *_bracket(best))
    at = bias(w)
    apart = separating_direction(land)
    w, at, value = _corner(land, w, at)
    flat = _is_flat(land, w, at, value)
    note = ""
    if flat:
        note = (
            "The classes can be told apart with every margin above 1: the loss is 0 there, and "
            "the bottom is flat."
            if apart is not None and value <= 1e-12
            else "Other slopes and biases are as good: the bottom is flat."
        )
    kind = Kind.FLAT if flat else Kind.POINT
    method = "search in w, with the exact best b for each"
    return Minimum(w, at, value, kind, method, True, note)


def _bracket(f: Callable[[float], float]) -> tuple[float, float]:
    """Return two ends between which a convex function has its minimum."""
    low, high, reach = -1.0, 1.0, 1.0
    while reach < _FAR and f(low - reach) < f(low):
        low, reach = low - reach, 2 * reach
    low, reach = low - reach, 1.0
    while reach < _FAR and f(high + reach) < f(high):
        high, reach = high + reach, 2 * reach
    return low, high + reach


def _golden(f: Callable[[float], float], low: float, high: float) -> float:
    """Return where a convex function is least, by golden section (Kiefer 1953)."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = f(left), f(right)
    for _ in range(_CUTS):
        if high - low <= 1e-13 * max(1.0, abs(low)):
            break
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = f(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = f(right)
    return (low + high) / 2


def _corner(land: Landscape, w: float, b: float) -> tuple[float, float, float]:
    """Move to the corner of two margins beside (w, b), if it is no higher."""
    value = _value(land, w, b)
    near = np.argsort(np.abs(land.target * (w * land.x + b) - 1), kind="stable")[:4]
    for i in near:
        for j in near:
            if land.x[i] == land.x[j]:
                continue
            slope = float((land.target[i] - land.target[j]) / (land.x[i] - land.x[j]))
            bias = float(land.target[i] - slope * land.x[i])
            there = _value(land, slope, bias)
            if there < value or (there <= value + 1e-15 and i < j):
                w, b, value = slope, bias, there
    return w, b, value


def _is_flat(land: Landscape, w: float, b: float, value: float) -> bool:
    """Tell whether a short way in some direction leaves the value as it is."""
    turns = np.linspace(0, 2 * math.pi, 720, endpoint=False)
    step = 1e-3
    beside = land.value(w + step * np.cos(turns), b + step * np.sin(turns))
    return bool((beside <= value + 1e-12 * max(1.0, abs(value))).any())


def _convex(land: Landscape) -> Minimum:
    """Find the one valley of a convex surface, or say in which direction it has no end."""
    loss = land.computed[0]
    apart = separating_direction(land)
    if apart is not None and loss.axis in (Axis.MARGIN, Axis.LOGIT):
        w, b = apart
        far = [_value(land, s * w, s * b) for s in (_LIMIT / 100, _LIMIT / 10)]
        if far[0] > 0 and far[1] < far[0]:
            limit = _or_zero(land, _value(land, _LIMIT * w, _LIMIT * b))
            note = (
                "A threshold tells the classes apart, so there is no minimum: the larger w and "
                "b in this direction, the smaller the loss, for ever."
            )
            method = "limit along the separating direction"
            return Minimum(w, b, limit, Kind.NONE, method, True, note)
    end = newton(land.value, land.gradient, _steering(land), np.zeros(2), far=_FAR)
    if not end.arrived:
        end = _better(end, pattern_search(land.value, end.place, 0.5, far=_FAR))
    runs = _runaway(land, end)
    if runs is not None:
        return runs
    w, b = (float(v) for v in end.place)
    flat = _is_flat(land, w, b, end.value) and land.may_be_dead
    note = "Other slopes and biases are as good: the bottom is flat." if flat else ""
    kind = Kind.FLAT if flat else Kind.POINT
    return Minimum(w, b, end.value, kind, "Newton’s method", end.arrived, note)


def _better(one: End, other: End) -> End:
    return other if other.value < one.value else one


def _runaway(land: Landscape, end: End) -> Minimum | None:
    """Return the way out, if the loss still falls far out in the direction of an end."""
    length = float(np.hypot(*end.place))
    if length < 10 * WINDOW:
        return None
    w, b = (float(v) for v in end.place / length)
    far = max(_LIMIT, length)
    limit = _value(land, far * w, far * b)
    if not limit <= end.value + 1e-9:
        return None
    limit = _or_zero(land, limit)
    note = (
        "No minimum was found: in this direction the loss keeps falling, ever more slowly, and "
        "only tends to its smallest value."
    )
    return Minimum(w, b, limit, Kind.NONE, "search from several starts", False, note)


def _or_zero(land: Landscape, limit: float) -> float:
    """Return 0 for a limit that is nothing beside the loss of saying nothing."""
    return 0.0 if limit < 1e-9 * _value(land, 0.0, 0.0) else limit


def _searched(land: Landscape) -> tuple[Minimum, ...]:
    """Search from the valleys of two grids, roughly; then follow the best of the ends."""
    starts: list[Real] = []
    # Once over the window, once far beyond it, ever more coarsely: a steep sigmoid is there.
    for at in (np.linspace(-WINDOW, WINDOW, _GRID), np.sinh(np.linspace(-5.0, 5.0, _GRID))):
        grid = land.grid(at, at)
        starts += [np.array([at[j], at[k]]) for k, j in valleys(grid)[:_STARTS]]
    rough = [
        pattern_search(land.value, start, 0.2, smallest=_ROUGH, far=_FAR)
        for start in starts or [np.zeros(2)]
    ]
    rough.sort(key=lambda end: end.value)
    found: list[Minimum] = []
    ends: list[End] = []
    for end in rough:
        if len(found) < _FOLLOWED and not any(_beside(end, other) for other in ends):
            ends.append(end)
            found.append(_followed(land, end))
    found.sort(key=lambda m: m.value)
    distinct: list[Minimum] = []
    for one in found:
        if not any(_same(one, m) for m in distinct):
            distinct.append(one)
    best, *others = distinct
    return (best, *(m for m in others if m.kind is not Kind.NONE or _falls_away(land, m)))


def _falls_away(land: Landscape, way: Minimum) -> bool:
    """Tell whether the loss falls all along a way out, from the edge of the window on."""
    far = WINDOW * np.logspace(0, math.log10(_LIMIT / WINDOW), 200)
    values = land.value(way.w * far, way.b * far)
    return bool((np.diff(values) <= 1e-12 * values[0]).all())


def _beside(one: End, other: End) -> bool:
    return float(np.abs(one.place - other.place).sum()) <= 10 * _ROUGH


def _followed(land: Landscape, rough: End) -> Minimum:
    """Follow a rough end to a minimum, a flat stretch or the way out."""
    method, end = "Newton’s method from several starts", rough
    if not land.jumps:
        finer = newton(land.value, land.gradient, _steering(land), rough.place, far=_FAR)
        if finer.value <= rough.value and finer.steps:
            end = finer
    if end is rough or not end.arrived:
        end = _better(end, _restarted(land, end.place))
        method = "pattern search from several starts"
    runs = _runaway(land, end)
    if runs is not None:
        return runs
    w, b = (float(v) for v in end.place)
    flat = _is_flat(land, w, b, end.value) and (land.may_be_dead or land.jumps)
    kind = Kind.FLAT if flat else Kind.POINT
    note = "Other slopes and biases are as good: the bottom is flat." if flat else ""
    return Minimum(w, b, end.value, kind, method, False, note)


def _steering(land: Landscape) -> Callable[[float, float], Real]:
    """Return the Hessian as central differences of the gradient: fast, and enough to steer."""
    h = 2.0**-17

    def hessian(w: float, b: float) -> Real:
        step = h * max(1.0, abs(w), abs(b))
        around = land.gradient(
            w + step * np.array([1.0, -1.0, 0.0, 0.0]), b + step * np.array([0.0, 0.0, 1.0, -1.0])
        )
        rows = np.stack([around[0] - around[1], around[2] - around[3]]) / (2 * step)
        return np.asarray((rows + rows.T) / 2)

    return hessian


def _restarted(land: Landscape, start: Real) -> End:
    """Search, and search again from the end while that helps: a narrow valley stalls it."""
    end = pattern_search(land.value, start, 0.01, far=_FAR)
    for _ in range(_RESTARTS):
        again = pattern_search(land.value, end.place, 0.01, far=_FAR)
        if not again.value < end.value - 1e-10 * max(1.0, abs(end.value)):
            break
        end = again
    return end


def _same(one: Minimum, other: Minimum) -> bool:
    """Tell whether two ends are one place, or two of one flat stretch."""
    near = abs(one.w - other.w) + abs(one.b - other.b) <= _SAME
    level = abs(one.value - other.value) <= 1e-9 * max(1.0, abs(one.value))
    return near or (level and one.kind is other.kind and one.kind is not Kind.POINT)
