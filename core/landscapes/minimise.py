"""Minima of a function of two numbers: Newton's method with a safeguard, and a search.

Newton's steps need a gradient and a Hessian; the pattern search needs nothing but values,
and so crosses kinks, jumps and plateaus. Neither proves that there is no lower minimum.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from core.numeric import Real

_STEPS = 60
_DAMPING = 1e-3  # of the Hessian's size, where it is not positive definite
_SHRINK = 0.5
_DIRECTIONS = 16
_TURN = math.pi * (3 - math.sqrt(5))  # the golden angle: directions never repeat
_SMALLEST = 1e-11
_ROUNDS = 600

Value = Callable[[Real, Real], Real]
Derivative = Callable[[float, float], Real]


class End(NamedTuple):
    """Where a search ended, what the function is there, and whether it had arrived."""

    place: Real
    value: float
    steps: int
    arrived: bool


def newton(
    value: Value, gradient: Derivative, hessian: Derivative, start: Real, far: float = 1e6
) -> End:
    """Follow Newton's steps down from ``start``, of shape (2,).

    Where the Hessian bends downwards, the size of its eigenvalues is used instead, so that
    the step still leads down; a step is halved until the value falls (Armijo's rule). It has
    arrived where rounding hides any further fall. The search is given up beyond ``far``.
    """
    place = np.array(start, dtype=np.float64)
    here = float(value(*place))
    for step in range(_STEPS):
        slope = np.asarray(gradient(*place))
        if not np.isfinite(slope).all() or not math.isfinite(here):
            return End(place, here, step, False)
        if not slope.any():
            return End(place, here, step, True)
        values, axes = np.linalg.eigh(hessian(*place))
        sizes = np.abs(values)
        sizes = np.maximum(sizes, max(_DAMPING * float(sizes.max()), 1e-300))
        if values[0] > 0:
            sizes = values
        way = -axes @ ((axes.T @ slope) / sizes)
        fall = float(slope @ way)
        t, moved = 1.0, False
        while t > 1e-12:
            trial = place + t * way
            there = float(value(*trial))
            # Below this the value is all rounding, and a shorter step would show no fall.
            slack = 4e-16 * abs(here)
            if there <= here + 1e-4 * t * fall + slack:
                moved = True
                break
            t /= 2
        if not moved:
            return End(place, here, step, False)
        quiet = abs(fall) <= 1e-15 * max(abs(here), 1e-300)
        place, here = trial, min(there, here) if quiet else there
        if quiet:
            return End(place, here, step + 1, True)
        if float(np.abs(place).max()) > far:
            return End(place, here, step + 1, False)
    return End(place, here, _STEPS, False)


def pattern_search(
    value: Value, start: Real, reach: float, smallest: float = _SMALLEST, far: float = 1e6
) -> End:
    """Walk down from ``start`` by trying 16 directions at once, of shape (2,).

    The best of them is taken and the reach doubled; if none is better the reach is halved,
    and the directions are turned by the golden angle. It has arrived when the reach is
    below ``smallest`` (of the size of the place). Source: Torczon (1997), with turning
    directions in place of fixed ones.
    """
    place = np.array(start, dtype=np.float64)
    here = float(value(*place))
    angle = 0.0
    for step in range(_ROUNDS):
        turns = angle + 2 * math.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
        trials = place + reach * np.stack([np.cos(turns), np.sin(turns)], axis=-1)
        values = np.asarray(value(trials[:, 0], trials[:, 1]))
        values = np.where(np.isnan(values), np.inf, values)
        best = int(values.argmin())
        if values[best] < here:
            place, here = trials[best], float(values[best])
            reach *= 2
        else:
            reach *= _SHRINK
            angle += _TURN
        if reach < smallest * max(1.0, float(np.abs(place).max())):
            return End(place, here, step + 1, True)
        if float(np.abs(place).max()) > far:
            return End(place, here, step + 1, False)
    return End(place, here, _ROUNDS, False)


def valleys(grid: Real) -> list[tuple[int, int]]:
    """Return the places of a grid that no neighbour is below, the lowest first.

    ``grid`` has shape (rows, columns); of several equal neighbours one is returned.
    """
    padded = np.pad(np.where(np.isnan(grid), np.inf, grid), 1, constant_values=np.inf)
    inner = padded[1:-1, 1:-1]
    low = np.isfinite(inner)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if dy or dx:
                beside = padded[
                    1 + dy : padded.shape[0] - 1 + dy, 1 + dx : padded.shape[1] - 1 + dx
                ]
                # Of two that are equal the one with the smaller place counts as lower.
                first = (dy, dx) < (0, 0)
                low &= (inner < beside) if first else (inner <= beside)
    rows, columns = np.nonzero(low)
    order = np.argsort(inner[rows, columns], kind="stable")
    return [(int(rows[k]), int(columns[k])) for k in order]
