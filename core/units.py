"""Units that are no curve: maxout takes several lines, a gated unit two inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.activations import ACTIVATIONS
from core.spec import FloatArray, Scalar


@dataclass(frozen=True)
class Piece:
    """One line of a maxout unit, x ↦ weight·x + bias; arrays (S, 1) hold S of them."""

    weight: Scalar
    bias: Scalar


MAXOUT_CASES: Mapping[str, tuple[Piece, ...]] = MappingProxyType(
    {
        "ReLU": (Piece(0.0, 0.0), Piece(1.0, 0.0)),
        "Leaky ReLU": (Piece(0.1, 0.0), Piece(1.0, 0.0)),
        "|x|": (Piece(-1.0, 0.0), Piece(1.0, 0.0)),
        # The tangents of ½x² at −2, 0 and 2.
        "A bowl": (Piece(-2.0, -2.0), Piece(0.0, 0.0), Piece(2.0, -2.0)),
    }
)
"""What pieces make which function: every convex function made of lines is a maxout."""

GATES: Mapping[str, str] = MappingProxyType(
    {"GLU": "sigmoid", "SwiGLU": "swish", "GEGLU": "gelu", "ReGLU": "relu", "Bilinear": "identity"}
)
"""The gated units by name, and the activation (by catalogue key) that each gate passes through."""


def maxout(x: npt.ArrayLike, pieces: Sequence[Piece]) -> FloatArray:
    """Return maxᵢ(wᵢx + bᵢ), in the shape of ``x`` and the pieces together.

    Raises ``ValueError`` where there is no piece. Source: Goodfellow et al. (2013).
    """
    result: FloatArray = _lines(x, pieces).max(axis=0)
    return result


class MaxoutCurve(NamedTuple):
    """A sampled maxout unit: ``lines`` is (k, ..., N), one row a piece, the others (..., N)."""

    lines: FloatArray
    value: FloatArray
    gradient: FloatArray


def maxout_curve(x: FloatArray, pieces: Sequence[Piece]) -> MaxoutCurve:
    """Sample a maxout unit for drawing; the gradient has a gap (nan) where it jumps.

    ``x`` is (N,) and ascends. Raises ``ValueError`` where there is no piece.
    """
    gradient = maxout_gradient(x, pieces)
    jumps = np.diff(gradient, axis=-1, prepend=gradient[..., :1]) != 0
    return MaxoutCurve(_lines(x, pieces), maxout(x, pieces), np.where(jumps, np.nan, gradient))


def maxout_gradient(x: npt.ArrayLike, pieces: Sequence[Piece]) -> FloatArray:
    """Return the weight of the piece on top, in the shape of :func:`maxout`.

    Where several pieces meet, it is the first one's, as ``argmax`` has it.
    """
    lines = _lines(x, pieces)
    winners = lines.argmax(axis=0)[None]
    weights = np.stack([np.broadcast_to(_array(p.weight), lines.shape[1:]) for p in pieces])
    result: FloatArray = np.take_along_axis(weights, winners, axis=0)[0]
    return result


def corners(pieces: Sequence[Piece]) -> list[float]:
    """Return where the piece on top changes, in ascending order; the pieces hold numbers."""
    return [float(x) for x, _ in _envelope(pieces)[1:]]


def recognise(pieces: Sequence[Piece]) -> str:
    """Return the name of the function that the pieces make, or the empty string.

    Pieces that are nowhere on top do not count. Known are the constant, a line, ReLU,
    leaky ReLU with a slope below 1, and the absolute value.
    """
    top = _envelope(pieces)
    if len(top) == 1:
        return "a line" if top[0][1].weight else "a constant"
    if len(top) > 2 or any(piece.bias for _, piece in top):
        return ""
    left, right = (float(piece.weight) for _, piece in top)
    if right != 1.0:
        return ""
    if left == 0.0:
        return "ReLU"
    if left == -1.0:
        return "the absolute value"
    return "leaky ReLU" if left > 0 else ""


def gated(value: npt.ArrayLike, gate: npt.ArrayLike, unit: str) -> FloatArray:
    """Return value · g(gate) for a unit of :data:`GATES`, in the inputs' joint shape.

    Raises ``KeyError`` for an unknown unit. Source: Dauphin et al. (2017) for GLU,
    Shazeer (2020) for the others.
    """
    result: FloatArray = _array(value) * ACTIVATIONS[GATES[unit]](gate)
    return result


def gated_gradient(
    value: npt.ArrayLike, gate: npt.ArrayLike, unit: str
) -> tuple[FloatArray, FloatArray]:
    """Return the derivatives g(gate) and value · g′(gate) by value and gate.

    Both have the inputs' joint shape. Raises ``KeyError`` for an unknown unit.
    """
    activation = ACTIVATIONS[GATES[unit]]
    a, b = np.broadcast_arrays(_array(value), _array(gate))
    return activation(b), a * activation.gradient(b)


def _array(values: npt.ArrayLike) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def _lines(x: npt.ArrayLike, pieces: Sequence[Piece]) -> FloatArray:
    if not pieces:
        raise ValueError("a maxout unit needs at least one piece")
    lines = [_array(p.weight) * _array(x) + _array(p.bias) for p in pieces]
    return np.stack(np.broadcast_arrays(*lines))


def _envelope(pieces: Sequence[Piece]) -> list[tuple[float, Piece]]:
    """Return the pieces on top from left to right, each with where it begins."""
    found: list[tuple[float, Piece]] = []
    # By slope; of parallel ones only the highest can be on top.
    highest = {float(p.weight): p for p in sorted(pieces, key=lambda p: float(p.bias))}
    for slope in sorted(highest):
        piece = highest[slope]
        start = -np.inf
        while found:
            begins, last = found[-1]
            start = float(last.bias - piece.bias) / (slope - float(last.weight))
            # Lines that meet in one point take turns there for a stretch of rounding only.
            if start - begins > 1e-12 * max(1.0, abs(start)):
                break
            found.pop()
            start = -np.inf
        found.append((start, piece))
    return found
