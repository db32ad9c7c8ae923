"""The mean loss of a model with two parameters, seen as a landscape over (w, b).

The model is ŷ = a(w·x + b) with a an activation of the catalogue. Over the data the mean
loss is L(w, b) = 1/n Σ ℓ(a(zᵢ), yᵢ) with zᵢ = w·xᵢ + b, so that by the chain rule

    ∇L = 1/n Σ φᵢ·(xᵢ, 1)          with φ = ∂ℓ/∂ŷ · a′(z), the pull on the pre-activation
    ∇²L = 1/n Σ φᵢ′·(xᵢ, 1)(xᵢ, 1)ᵀ   with φ′ = ∂²ℓ/∂ŷ² · a′(z)² + ∂ℓ/∂ŷ · a″(z).

∂ℓ/∂ŷ and a′ are the catalogue's exact gradients; the second derivatives are nine-point
differences of these within one branch of the formula (``core.numeric``).
"""

import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from core.activations import ACTIVATIONS
from core.facts import Facts, facts
from core.loss_facts import loss_facts
from core.losses import LOSSES
from core.numeric import Real, numerical_derivative, second_derivative
from core.pairing import Output, own_coding
from core.sections import SECTIONS, Section
from core.spec import REALS, Activation, Axis, Loss

WINDOW = 4.0
"""Landscapes are shown for slopes and biases from −WINDOW to WINDOW."""

_CHUNK = 2**17  # points times places evaluated at a time: they stay in the cache
_LARGE = 2**21  # a grid with more evaluations than this is worth the short cuts below
_FINE = 4  # a table has at least so many entries to a step of the bias
_DENSE = 96  # and at least so many to a unit
_TOGETHER = 32  # points whose tables are made at once
_FEW = 8  # and of these, so many evaluated at a time
_ROWS = 8  # slopes whose rows of the grid are summed at a time
_ROUGH = 32  # cells of a point's table; with more than that, tables do not pay
_BIG = 1e30  # up to here sums are made in single precision
_WORKERS = 2
_PROBE = np.linspace(-40.0, 40.0, 4001)
_FLAT = 1e-12
_STRAIGHT = 1e-11
_TARGETS = 64  # so many different targets are looked at

Pair = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Landscape:
    """The mean loss over points (x, y) of ŷ = a(w·x + b), as a function of w and b.

    ``x`` and ``target`` have shape (n,), the target in the coding that the loss takes; the
    last ``added`` points have been added to the others. Made by :func:`landscape`, which
    checks that the parts go together.
    """

    loss: Loss
    output: Activation
    x: Real
    target: Real
    loss_parameters: Mapping[str, float] = field(default_factory=dict)
    output_parameters: Mapping[str, float] = field(default_factory=dict)
    added: int = 0

    @property
    def window(self) -> tuple[Pair, Pair]:
        """The part that is shown: the ends of w and of b."""
        return (-WINDOW, WINDOW), (-WINDOW, WINDOW)

    @cached_property
    def computed(self) -> tuple[Loss, Activation, Mapping[str, float], Mapping[str, float]]:
        """Loss, output and the parameters of both, as they are computed.

        Cross-entropy behind a sigmoid is computed from the logit: the same function, but
        its gradient is no product of ∞ and 0 where the sigmoid has rounded to 0 or 1.
        """
        if self.loss.key == "binary_cross_entropy" and self.output.key == "sigmoid":
            return LOSSES["sigmoid_cross_entropy"], ACTIVATIONS["identity"], {}, {}
        return self.loss, self.output, self.loss_parameters, self.output_parameters

    @property
    def output_facts(self) -> Facts:
        """What is true of the output at its parameters."""
        return _facts(self.output.key, tuple(self.output_parameters.items()))

    @cached_property
    def jumps(self) -> bool:
        """Whether the surface has steps, because the loss or the output has."""
        loss_jumps = _loss_jumps(self.loss.key, tuple(self.loss_parameters.items()))
        return loss_jumps or self.output_facts.smoothness < 0

    def answers(self, w: npt.ArrayLike, b: npt.ArrayLike, x: npt.ArrayLike) -> Real:
        """Return ŷ = a(w·x + b), broadcast."""
        z = np.asarray(w, dtype=np.float64) * np.asarray(x, dtype=np.float64) + np.asarray(b)
        return np.asarray(self.output(z, **self.output_parameters))

    def point_losses(self, z: Any, target: Any) -> Any:
        """Return ℓ(a(z), target), broadcast; it may be infinite."""
        loss, output, parameters, own = self.computed
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return loss.function(output.function(z, **own), target, **parameters)

    def pulls(self, z: Any, target: Any) -> Any:
        """Return φ = ∂ℓ/∂ŷ · a′(z), broadcast; nan where the loss is infinite."""
        loss, output, parameters, own = self.computed
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            slope = output.derivative(z, **own)
            return loss.derivative(output.function(z, **own), target, **parameters) * slope

    def value(self, w: npt.ArrayLike, b: npt.ArrayLike) -> Real:
        """Return the mean loss at every (w, b), broadcast against each other."""
        return np.asarray(self.values_as_points_come(w, b)[-1])

    def values_as_points_come(self, w: npt.ArrayLike, b: npt.ArrayLike) -> Real:
        """Return :meth:`value` with 0, 1, … and all of the added points, on a first axis.

        Each is to the last bit what the landscape with only so many points has.
        """

        def losses(z: Real, _: Real, target: Real) -> Real:
            return np.asarray(self.point_losses(z, target)[..., None])

        return self._means(w, b, losses)[..., 0]

    def gradient(self, w: npt.ArrayLike, b: npt.ArrayLike) -> Real:
        """Return (∂L/∂w, ∂L/∂b) on the last axis, for every (w, b)."""
        return np.asarray(self.gradients_as_points_come(w, b)[-1])

    def gradients_as_points_come(self, w: npt.ArrayLike, b: npt.ArrayLike) -> Real:
        """Return :meth:`gradient` with 0, 1, … and all of the added points, on a first axis."""

        def parts(z: Real, x: Real, target: Real) -> Real:
            pull = self.pulls(z, target)
            return np.stack([pull * x, pull], axis=-1)

        return self._means(w, b, parts)

    def curvatures(self, w: npt.ArrayLike, b: npt.ArrayLike) -> Real:
        """Return φ′ of each point on the last axis; nan exactly at a kink of a or ℓ."""
        loss, output, parameters, own = self.computed
        z = np.asarray(w, np.float64)[..., None] * self.x + np.asarray(b, np.float64)[..., None]
        target = np.broadcast_to(self.target, z.shape)
        if loss.axis is Axis.PROBABILITY:
            # A stencil in ŷ would leave [0, 1]; these losses have no break, so it is taken
            # in z, where only the output's own breaks count.
            breaks = tuple(output.breaks(**own))
            found = np.empty(z.shape)
            for label in np.unique(target):
                pull_at = partial(self.pulls, target=label)
                rows = target == label
                found[rows] = numerical_derivative(pull_at, z[rows], breaks)
            return found
        answer = np.asarray(output(z, **own))
        # Targets of a margin are ±1, so that its second derivative is the score's; a target
        # of a logit changes only a term that is linear in it.
        along, fixed = answer, 0.0
        if loss.axis is Axis.RESIDUAL:
            along = answer - target
        elif loss.axis is Axis.MARGIN:
            along, fixed = answer * target, 1.0
        with np.errstate(over="ignore", invalid="ignore"):
            second = second_derivative(Section(loss, fixed), along, **parameters)
            slope = output.gradient(z, **own)
            bend = second_derivative(output, z, **own)
            pull = loss.gradient(answer, target, **parameters)
            return np.asarray(second * slope**2 + pull * bend)

    def hessian(self, w: npt.ArrayLike, b: npt.ArrayLike) -> Real:
        """Return the matrix of second derivatives, two axes of 2, for every (w, b).

        A point that lies exactly on a kink is left out, as if it were straight there.
        """
        slope, bias = np.broadcast_arrays(w, b)
        bend = self.curvatures(slope, bias)
        # What the differences leave of a straight branch is rounding, not a bend.
        straight = np.isnan(bend) | (np.abs(bend) < _STRAIGHT)
        bend = np.where(straight, 0.0, bend) / self.x.size
        cross = bend @ self.x
        rows = np.stack([bend @ self.x**2, cross, cross, bend.sum(axis=-1)], axis=-1)
        return np.asarray(rows.reshape(*slope.shape, 2, 2))

    def grid(self, w: npt.ArrayLike, b: npt.ArrayLike) -> Real:
        """Return the mean loss for all pairs, of shape (len(b), len(w)).

        A small grid is evaluated as :meth:`value` does. On a large one every point's loss is
        tabled over its pre-activation instead, in steps h of a quarter of the biases' or of
        1/96, and read off on straight lines: of a curved loss the result is off by at most
        h²/8 times its second derivative, of a kinked one by s·h/4 for those points that are
        within h of a kink where the slope changes by s. Breaks and jumps of the output, jumps
        of the loss, and the edge of what is infinite are exact: there a point is computed
        itself. Where biases are not evenly spaced the grid is evaluated in parallel, in
        single precision if that is enough.
        """
        across, up = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (w, b))
        if across.size * up.size * self.x.size > _LARGE:
            tabled = self._tabled(across, up)
            return self._in_parallel(across, up) if tabled is None else tabled
        return self.value(across[None, :], up[:, None])

    def dead(self, w: npt.ArrayLike, b: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Tell at every (w, b) whether no point pulls at all: the gradient is exactly zero."""
        return np.asarray(self.dead_as_points_come(w, b)[-1])

    def dead_as_points_come(self, w: npt.ArrayLike, b: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return :meth:`dead` with 0, 1, … and all of the added points, on a first axis."""

        def pulling(z: Real, _: Real, target: Real) -> Real:
            return np.asarray(self.pulls(z, target) != 0, dtype=np.float64)[..., None]

        if not self.may_be_dead:
            shape = np.broadcast_shapes(np.shape(w), np.shape(b))
            return np.zeros((self.added + 1, *shape), dtype=np.bool_)
        return np.asarray(self._means(w, b, pulling)[..., 0] == 0)

    @cached_property
    def may_be_dead(self) -> bool:
        """Whether some point pulls nothing on a whole stretch of pre-activations.

        An underflow does not count: where a pull only becomes too small to be written, as
        a sigmoid's far out, the surface is not flat.
        """
        loss, _, parameters, _ = self.computed
        if self.output_facts.dead_share > 0:
            return True
        axis = np.linspace(0, 1, 401) if loss.axis is Axis.PROBABILITY else _PROBE
        return any(
            bool(np.count_nonzero(loss.derivative(axis, np.asarray(t), **parameters) == 0) > 9)
            for t in np.unique(self.target)[:2]
        ) and (loss.axis is Axis.MARGIN)

    def _means(
        self, w: npt.ArrayLike, b: npt.ArrayLike, parts: Callable[[Real, Real, Real], Real]
    ) -> Real:
        """Return the means of ``parts`` (z, x, target) with 0, 1, … and all added points.

        They are summed chunk by chunk of places, the added points one after another.
        """
        slope, bias = np.broadcast_arrays(np.asarray(w, np.float64), np.asarray(b, np.float64))
        flat_w, flat_b = slope.ravel()[:, None], bias.ravel()[:, None]
        rows = max(_CHUNK // self.x.size, 1)
        first, late = slice(self.x.size - self.added), slice(self.x.size - self.added, None)
        found = []
        for at in range(0, len(flat_w), rows):
            here = slice(at, at + rows)
            sums = [
                parts(flat_w[here] * self.x[own] + flat_b[here], self.x[own], self.target[own])
                for own in (first, late)[: 1 + bool(self.added)]
            ]
            sums[0] = sums[0].sum(axis=1, keepdims=True)
            found.append(np.add.accumulate(np.concatenate(sums, axis=1), axis=1))
        joined = np.concatenate(found)
        counts = self.x.size - self.added + np.arange(self.added + 1)
        means = np.moveaxis(joined / counts[:, None], 1, 0)
        return np.asarray(means.reshape(self.added + 1, *slope.shape, joined.shape[-1]))

    # Large grids

    def _tabled(self, w: Real, b: Real) -> Real | None:
        """Return the grid from a table of every point's loss, or None where that fails."""
        gaps = np.diff(b)
        if b.size < 2 or not gaps[0] > 0 or not np.allclose(gaps, gaps[0], rtol=1e-9):
            return None
        fine = max(_FINE, math.ceil(_DENSE * float(gaps[0])))
        # Points that lie about as far out need tables about as long.
        order = np.argsort(np.abs(self.x), kind="stable")
        parts = [order[at : at + _TOGETHER] for at in range(0, order.size, _TOGETHER)]
        with ThreadPoolExecutor(_WORKERS) as pool:
            sums = list(pool.map(lambda own: self._table_sum(own, w, b, fine), parts))
        total = np.zeros((w.size, b.size))
        for found in sums:
            if found is None:
                return None
            total += found
        return total.T / self.x.size

    def _table_sum(self, own: npt.NDArray[np.intp], w: Real, b: Real, fine: int) -> Any:
        """Return the sum over some points, of shape (len(w), len(b)); None if tables fail.

        The biases fall on every ``fine``-th entry of a table, so that a row of the grid is a
        stretch of every ``fine``-th entry, moved by what is left of a step.
        """
        x, target = self.x[own], self.target[own]
        step = float(b[1] - b[0]) / fine
        start = x[:, None] * w + b[0]
        low = float(start.min())
        columns = math.ceil((float(start.max()) - low) / step / fine) + b.size + 1
        table = self._losses_along(low + step * np.arange(columns * fine), target)
        if np.isnan(table).any():
            return None
        with np.errstate(invalid="ignore"):
            rises = np.diff(table, axis=1, append=table[:, -1:])
        rough = self._rough(table, rises, low, step)
        if np.count_nonzero(rough) > _ROUGH * own.size:
            return None
        # Where both ends of a cell are infinite, so is all between them.
        rises[rough | np.isinf(table)] = 0.0
        table[rough] = 0.0
        place = (start - low) / step
        cell = place.astype(np.intp)
        dtype = np.float32 if table[np.isfinite(table)].max(initial=0.0) < _BIG else np.float64
        # Of each point and phase the heights, and how far they rise to the next entry.
        both = np.empty((own.size, fine, 2, columns), dtype=dtype)
        for kind, values in enumerate((table, rises)):
            both[:, :, kind] = values.reshape(own.size, columns, fine).transpose(0, 2, 1)
        stretches = sliding_window_view(both, b.size, axis=3)
        column, phase = np.divmod(cell.T, fine)
        parts = np.stack([np.ones(column.shape), (place - cell).T], axis=-1).astype(dtype)
        total = np.empty((w.size, b.size), dtype=dtype)
        for at in range(0, w.size, _ROWS):
            here = slice(at, at + _ROWS)
            found = stretches[np.arange(own.size), phase[here], :, column[here]]
            shares = parts[here].reshape(-1, 1, 2 * own.size)
            total[here] = (shares @ found.reshape(-1, 2 * own.size, b.size))[:, 0]
        point, where = np.nonzero(rough)
        up, rest = np.divmod(where[:, None] - cell[point], fine)
        hit, j = np.nonzero((rest == 0) & (up >= 0) & (up < b.size))
        i, k = point[hit], up[hit, j]
        np.add.at(total, (j, k), self.point_losses(w[j] * x[i] + b[k], target[i]))
        return total

    def _losses_along(self, z: npt.NDArray[Any], target: Real) -> Real:
        """Return each target's loss at every z, of shape (targets, z)."""
        loss, output, parameters, own = self.computed
        found = np.empty((target.size, z.size))
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            answers = output.function(z, **own)
            for at in range(0, target.size, _FEW):
                here = slice(at, at + _FEW)
                found[here] = loss.function(answers, target[here, None], **parameters)
        return found

    def _rough(self, table: Real, rises: Real, low: float, step: float) -> npt.NDArray[np.bool_]:
        """Tell in which cells of a table a point has to be computed itself.

        These hold a break of the output, or the edge of what is infinite; or the loss jumps,
        and is not the same at both ends.
        """
        finite = np.isfinite(table)
        rough: npt.NDArray[np.bool_] = np.zeros(table.shape, dtype=np.bool_)
        rough[:, :-1] = finite[:, :-1] != finite[:, 1:]
        if _loss_jumps(self.loss.key, tuple(self.loss_parameters.items())):
            rough |= rises != 0
        for end in self.output.breaks(**self.output_parameters):
            for near in (-1e-6, 1e-6):  # a break that falls on an entry belongs to both sides
                at = math.floor((end - low) / step + near)
                if 0 <= at < rough.shape[1]:
                    rough[:, at] = True
        return rough

    def _in_parallel(self, w: Real, b: Real) -> Real:
        """Return the grid evaluated a bias at a time, in single precision if that is enough."""
        # Single precision cannot tell probabilities near 0 and 1 apart, nor on which side of
        # a jump a point is.
        double = self.computed[0].axis is Axis.PROBABILITY or self.jumps
        dtype = np.dtype(np.float64 if double else np.float32)
        slopes: Any = np.multiply.outer(w, self.x).astype(dtype)
        target = self.target.astype(dtype)

        def row(bias: float) -> Any:
            losses = self.point_losses(slopes + dtype.type(bias), target)
            return losses.mean(axis=1, dtype=np.float64)

        with ThreadPoolExecutor(_WORKERS) as pool:
            return np.stack(list(pool.map(row, b)))


@lru_cache(maxsize=256)
def _loss_jumps(key: str, parameters: tuple[tuple[str, float], ...]) -> bool:
    return loss_facts(LOSSES[key], **dict(parameters)).smoothness < 0


@lru_cache(maxsize=256)
def _facts(key: str, parameters: tuple[tuple[str, float], ...]) -> Facts:
    return facts(ACTIVATIONS[key], **dict(parameters))


# What goes together


def why_not(
    loss: Loss,
    output: Activation,
    y: Real,
    *,
    classes: bool,
    output_parameters: Mapping[str, float] | None = None,
) -> str:
    """Say in a sentence why this loss, output and data make no landscape; "" if they do.

    ``y`` are the data's own values, classes as 0 and 1.
    """
    if loss.axis not in SECTIONS:
        return f"{loss.name} judges several outputs at once, and this model has only one."
    own = output.resolve(output_parameters or {})
    reach = _facts(output.key, tuple((k, float(v)) for k, v in own.items())).range
    if loss.predictions != REALS and not loss.predictions.contains([reach.low, reach.high]):
        return (
            f"{loss.name} takes probabilities, and the output {output.name} gives values in "
            f"{reach}: pick an output between 0 and 1, such as the sigmoid."
        )
    if not classes and not loss.targets.contains(y):
        return (
            f"{loss.name} takes targets in {loss.targets}, and this data set holds other "
            "numbers: pick two classes."
        )
    return ""


def coded(loss: Loss, output: Activation, y: Real, *, classes: bool) -> Real:
    """Return the targets as the loss takes them: classes as 0 and 1 or as −1 and 1."""
    if not classes:
        return y
    reach = _facts(output.key, tuple(output.defaults.items())).range
    shown = Output(output.key, output.name, output.function, output.derivative, reach, "", "")
    low, high = own_coding(shown, loss).value
    return np.where(y == 1, high, low)


def landscape(
    loss: Loss,
    output: Activation,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    classes: bool,
    loss_parameters: Mapping[str, float] | None = None,
    output_parameters: Mapping[str, float] | None = None,
    added: int = 0,
) -> Landscape:
    """Return the landscape of a loss over data, with classes given as 0 and 1.

    The last ``added`` of the points count as added to the others.

    Raises ``ValueError`` for no data, data that are not finite or of different lengths, a
    parameter outside its domain, or parts that do not go together (see :func:`why_not`).
    """
    points, values = (np.asarray(v, dtype=np.float64) for v in (x, y))
    if points.ndim != 1 or points.shape != values.shape or not points.size:
        raise ValueError("There must be as many x as y, and at least one of each.")
    if not (np.isfinite(points).all() and np.isfinite(values).all()):
        raise ValueError("Every x and y must be finite.")
    own = {k: float(v) for k, v in output.resolve(output_parameters or {}).items()}
    reason = why_not(loss, output, values, classes=classes, output_parameters=own)
    if reason:
        raise ValueError(reason)
    return Landscape(
        loss=loss,
        output=output,
        x=points,
        target=coded(loss, output, values, classes=classes),
        loss_parameters={k: float(v) for k, v in loss.resolve(loss_parameters or {}).items()},
        output_parameters=own,
        added=added,
    )


# Shape


class Curvature(NamedTuple):
    """The Hessian's eigenvalues in ascending order, their directions as columns, and κ.

    ``condition`` is |λ|max/|λ|min, infinite where the smaller is 0 up to rounding.
    """

    eigenvalues: Real
    directions: Real
    condition: float


def curvature(hessian: Real) -> Curvature:
    """Return eigenvalues, eigenvectors and condition number of a symmetric 2 × 2 matrix."""
    values, directions = np.linalg.eigh(hessian)
    sizes = np.sort(np.abs(values))
    condition = float(sizes[1] / sizes[0]) if sizes[0] > _FLAT * sizes[1] else math.inf
    return Curvature(values, directions, condition)


class Witness(NamedTuple):
    """Two places between which the surface rises above its chord, halfway."""

    one: Pair
    other: Pair
    middle: float
    chord: float


class Convexity(NamedTuple):
    """Whether a landscape is convex, why, and two places that show it when it is not.

    ``convex`` without ``proven``: no two places were found that contradict it.
    """

    convex: bool
    proven: bool
    witness: Witness | None


def convexity(land: Landscape) -> Convexity:
    """Judge convexity over the window.

    A sum of convex functions of w·x + b is convex, so it is enough that the pull φ of every
    point rises with z; that is read off a grid of 4001 pre-activations. Otherwise two
    places are sought whose middle lies above their chord, among all pairs of a 33 × 33 grid
    whose middle is a place of it too.
    """
    targets = np.unique(land.target)
    if targets.size > _TARGETS:
        # The extremes are among them, and where z is far from a target it hardly matters.
        targets = np.quantile(targets, np.linspace(0, 1, _TARGETS))
    reach = WINDOW * (1 + float(np.abs(land.x).max()))
    z = _PROBE / _PROBE[-1] * reach
    pulls = np.asarray(land.pulls(z[:, None], targets))
    if np.isfinite(pulls).all() and not land.jumps:
        slack = 1e-12 * float(np.abs(pulls).max())
        if (np.diff(pulls, axis=0) >= -slack).all():
            return Convexity(True, True, None)
    witness = _witness(land)
    return Convexity(witness is None, False, witness)


def _witness(land: Landscape) -> Witness | None:
    """Return the pair of places with the largest rise above the chord, if any rises."""
    at = np.linspace(-WINDOW, WINDOW, 33)
    v = land.grid(at, at)
    best: tuple[float, int, int, int, int] | None = None
    size = at.size
    for up in range(size // 2 + 1):
        for across in range(-(size // 2), size // 2 + 1):
            if up == 0 and across <= 0:
                continue
            rows = slice(up, size - up)
            columns = slice(abs(across), size - abs(across))
            middle = v[rows, columns]
            lower = v[: size - 2 * up, abs(across) - across : size - abs(across) - across]
            upper = v[2 * up :, abs(across) + across : size - abs(across) + across]
            with np.errstate(invalid="ignore"):
                chord = (lower + upper) / 2
                rise = middle - chord
            rise = np.where(np.isfinite(rise), rise, -np.inf)
            row, column = divmod(int(rise.argmax()), rise.shape[1])
            found = float(rise[row, column])
            if best is None or found > best[0]:
                best = (found, row + up, column + abs(across), up, across)
    if best is None:
        return None
    rise_most, k, j, up, across = best
    finite = v[np.isfinite(v)]
    if not finite.size or rise_most <= 1e-9 * float(np.abs(finite).max()):
        return None
    one = (float(at[j - across]), float(at[k - up]))
    other = (float(at[j + across]), float(at[k + up]))
    middle_value = float(v[k, j])
    return Witness(one, other, middle_value, middle_value - rise_most)
