"""The perceptron: one step unit, the logical gates it can and cannot be, and how it learns.

A unit answers 1 where w·x + b > 0 and 0 elsewhere. The bias is the weight of a third
input that is always 1, so a row of "weights" below is (w₁, w₂, b).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.activations import ACTIVATIONS
from core.spec import FloatArray

Integers = npt.NDArray[np.intp]

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
"""The four inputs of a gate, as the rows of its truth table."""

GATES: Mapping[str, tuple[int, int, int, int]] = MappingProxyType(
    {"AND": (0, 0, 0, 1), "OR": (0, 1, 1, 1), "NAND": (1, 1, 1, 0), "XOR": (0, 1, 1, 0)}
)
"""What each gate answers to the rows of :data:`CORNERS`."""

SOLUTIONS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {"AND": (1.0, 1.0, -1.5), "OR": (1.0, 1.0, -0.5), "NAND": (-1.0, -1.0, 1.5)}
)
"""Weights that make one unit the gate; there are none for XOR."""


class Layer(NamedTuple):
    """Two hidden step units (rows of ``hidden``) and the unit that reads them."""

    hidden: FloatArray
    output: FloatArray


XOR_NETWORK = Layer(np.array([[1.0, 1.0, -0.5], [1.0, 1.0, -1.5]]), np.array([1.0, -2.0, -0.5]))
"""XOR as "OR, but not AND": the hidden units are OR and AND."""


def net(inputs: npt.ArrayLike, weights: npt.ArrayLike) -> FloatArray:
    """Return w·x + b for inputs (..., N, 2) and weights (..., 3), of shape (..., N)."""
    x, w = np.asarray(inputs, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    result: FloatArray = x[..., 0] * w[..., :1] + x[..., 1] * w[..., 1:2] + w[..., 2:]
    return result


def answers(inputs: npt.ArrayLike, weights: npt.ArrayLike) -> FloatArray:
    """Return 1 where the unit fires and 0 elsewhere, the line itself included; as :func:`net`."""
    return ACTIVATIONS["step"](net(inputs, weights), threshold=0.0)


def hidden_answers(inputs: npt.ArrayLike, hidden: npt.ArrayLike) -> FloatArray:
    """Return what two step units (..., 2, 3) answer to inputs (N, 2): (..., N, 2)."""
    units = np.asarray(hidden, dtype=np.float64)
    return np.stack([answers(inputs, units[..., i, :]) for i in range(2)], axis=-1)


@dataclass(frozen=True)
class Training:
    """A run of the perceptron rule, one entry for each of T examples shown.

    ``weights`` (T + 1, 3) are those before each example, then the last ones; ``example``,
    ``net`` and ``answer`` (T,) say which one was shown and what the unit made of it;
    ``change`` (T,) is target − answer: 0 where nothing was learned. The run ends with an
    epoch without a mistake (``converged``), with weights at the end of an epoch that an
    earlier epoch ended with (``cycle``: how many epochs ago, else 0), or at the limit.
    """

    weights: FloatArray
    example: Integers
    net: FloatArray
    answer: FloatArray
    change: FloatArray
    epochs: int
    converged: bool
    cycle: int

    @property
    def mistakes(self) -> Integers:
        """How many mistakes were made before each example, and in all: (T + 1,)."""
        return np.concatenate([[0], np.cumsum(self.change != 0)])

    @property
    def mistakes_in_cycle(self) -> int:
        """How many mistakes each round of the cycle makes; 0 without one."""
        shown = len(self.example) // max(1, self.epochs) * self.cycle
        return int(np.count_nonzero(self.change[len(self.change) - shown :]))


def train(
    inputs: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    start: npt.ArrayLike = (0.0, 0.0, 0.0),
    rate: float = 1.0,
    order: npt.ArrayLike | None = None,
    most_epochs: int = 1000,
) -> Training:
    """Run Rosenblatt's rule w ← w + η(target − answer)·(x, 1) until nothing is wrong.

    ``inputs`` is (N, 2), ``targets`` (N,) of 0 and 1; ``order`` (N,) says in which order
    an epoch shows the examples. Raises ``ValueError`` for a rate that is not positive or
    an order that is no permutation. Source: Rosenblatt (1958).
    """
    x, t = np.asarray(inputs, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    sequence = np.arange(len(t)) if order is None else np.asarray(order, dtype=np.intp)
    if not rate > 0:
        raise ValueError(f"the rate must be positive, not {rate}")
    if sorted(sequence.tolist()) != list(range(len(t))):
        raise ValueError("the order must name every example once")
    # Python's own numbers: on three at a time NumPy takes ten times as long.
    epoch = [(*x[i].tolist(), float(t[i])) for i in sequence]
    v1, v2, v3 = w1, w2, w3 = np.asarray(start, dtype=np.float64).tolist()
    # The weights are start + rate · learned, with whole numbers learned from whole inputs:
    # no rounding builds up, and weights that return are seen to be the same.
    a1 = a2 = a3 = 0.0
    kept = [(v1, v2, v3)]
    changes: list[float] = []
    ends = {(a1, a2, a3): 0}
    epochs, cycle, converged = 0, 0, False
    while not (converged or cycle) and epochs < most_epochs:
        made = len(kept)
        for x1, x2, target in epoch:
            # As :func:`net` has it, to the last bit.
            change = target - (x1 * w1 + x2 * w2 + w3 > 0)
            changes.append(change)
            if change:
                a1, a2, a3 = a1 + change * x1, a2 + change * x2, a3 + change
                w1, w2, w3 = v1 + rate * a1, v2 + rate * a2, v3 + rate * a3
                kept.append((w1, w2, w3))
        epochs += 1
        converged = len(kept) == made
        cycle = 0 if converged else epochs - ends.setdefault((a1, a2, a3), epochs)
    changed = np.array(changes)
    weights = np.array(kept)[np.concatenate([[0], np.cumsum(changed != 0)])]
    example = np.tile(sequence, epochs)
    return Training(
        weights=weights,
        example=example,
        net=net(x[example, None], weights[:-1])[:, 0],
        answer=t[example] - changed,
        change=changed,
        epochs=epochs,
        converged=converged,
        cycle=cycle,
    )
