"""Stacks of layers without activation: however many, they are one matrix and one bias."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.spec import FloatArray


class Affine(NamedTuple):
    """One layer, x ↦ Wx + b: ``weights`` (outputs, inputs) and ``bias`` (outputs,)."""

    weights: FloatArray
    bias: FloatArray


def random_stack(widths: Sequence[int], seed: int, bias: float = 0.0) -> list[Affine]:
    """Draw a layer between each two of ``widths``: weights N(0, 1/inputs), biases N(0, bias²).

    Layer l depends on the seed, l and its own shape only, so that a deeper stack begins as
    a shallower one does. Raises ``ValueError`` for fewer than two widths.
    """
    if len(widths) < 2:
        raise ValueError("a stack needs at least an input and an output")
    found = []
    for place, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        rng = np.random.default_rng([seed, place])
        weights = rng.normal(0.0, 1 / np.sqrt(inputs), (outputs, inputs))
        found.append(Affine(weights, rng.normal(0.0, bias, outputs)))
    return found


def layer_by_layer(stack: Sequence[Affine], x: npt.ArrayLike) -> FloatArray:
    """Pass the rows of ``x`` (..., inputs) through one layer after the other."""
    h = np.asarray(x, dtype=np.float64)
    for weights, bias in stack:
        h = h @ weights.T + bias
    return h


def collapse(stack: Sequence[Affine]) -> Affine:
    """Return the one layer that a stack of layers without activation is."""
    weights, bias = stack[0]
    for layer in stack[1:]:
        weights, bias = layer.weights @ weights, layer.weights @ bias + layer.bias
    return Affine(weights, bias)


def relative_difference(one: FloatArray, other: FloatArray) -> float:
    """Return the largest |one − other| in units of the largest |other|; 0 if both are 0."""
    scale = float(np.abs(other).max())
    gap = float(np.abs(one - other).max())
    return gap / scale if scale else gap
