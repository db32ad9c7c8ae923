"""Batch and layer normalisation without learned scale and shift, forward and backward.

Both subtract a mean and divide by a standard deviation; they differ in what the two are
taken over. As at the start of training, the learned scale is 1 and the learned shift 0.
"""

from enum import Enum

import numpy as np

from core.numeric import Real

EPSILON = 1e-5
"""Added to the variance, as PyTorch does by default."""


class Normalisation(Enum):
    """What is normalised, if anything; the value is the axis of the mean."""

    NONE = 0
    BATCH = -2
    LAYER = -1


def normalise(values: Real, kind: Normalisation) -> tuple[Real, Real]:
    """Return the normalised ``values`` and 1/√(variance + ε), the factor it took.

    ``values`` is (..., batch, units). Batch normalisation takes mean and variance of each
    unit over the batch, layer normalisation those of each input over its units. The
    factor broadcasts against the values; without normalisation it is 1. Sources: Ioffe
    & Szegedy (2015), Ba et al. (2016).
    """
    if kind is Normalisation.NONE:
        return values, np.ones(())
    centred = values - values.mean(axis=kind.value, keepdims=True)
    # Scaled before squaring, so that a large signal does not overflow in its variance.
    largest = np.abs(centred).max(axis=kind.value, keepdims=True)
    unit = np.maximum(largest, 1.0)
    variance = np.square(centred / unit).mean(axis=kind.value, keepdims=True)
    factor = 1 / (unit * np.sqrt(variance + EPSILON / unit / unit))
    return centred * factor, factor


def normalise_backward(gradient: Real, normalised: Real, factor: Real, kind: Normalisation) -> Real:
    """Return the gradient by the values that :func:`normalise` was given.

    ``gradient`` is the one by its result ``normalised``. What is uniform along the
    axis, and what is parallel to the result, is projected out: a change of that kind
    the normalisation would have undone.
    """
    if kind is Normalisation.NONE:
        return gradient
    mean = gradient.mean(axis=kind.value, keepdims=True)
    along = (gradient * normalised).mean(axis=kind.value, keepdims=True)
    result: Real = factor * (gradient - mean - normalised * along)
    return result
