"""What is known exactly of descent on a quadratic, where every direction is its own recurrence.

Along an eigenvector of the Hessian with eigenvalue λ, the errors of gradient descent, of
momentum (the heavy ball) and of Nesterov's form obey e(k + 1) = a e(k) + c e(k − 1). They
converge where both roots of z² = a z + c lie inside the unit circle, at the rate of the
larger one. Sources: Polyak (1964); Lessard, Recht & Packard (2016); Goh (2017), "Why
momentum really works". Everything broadcasts.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.spec import FloatArray

FAMILY = ("gradient_descent", "momentum", "nesterov")
"""The optimizers that this theory is about; the others are not linear."""


def recurrence(
    name: str, rate_times_curvature: npt.ArrayLike, gamma: npt.ArrayLike = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Return a and c of e(k + 1) = a e(k) + c e(k − 1), for ηλ and γ.

    Raises ``ValueError`` for a name outside ``FAMILY``.
    """
    x = np.asarray(rate_times_curvature, dtype=np.float64)
    g = np.asarray(gamma, dtype=np.float64)
    if name == "gradient_descent":
        return 1 - x + 0 * g, 0 * (x + g)
    if name == "momentum":
        return 1 + g - x, -g + 0 * x
    if name == "nesterov":
        return (1 + g) * (1 - x), -g * (1 - x)
    raise ValueError(f"{name} is not one of {', '.join(FAMILY)}")


def contraction(
    name: str, rate_times_curvature: npt.ArrayLike, gamma: npt.ArrayLike = 0.0
) -> FloatArray:
    """Return what an error is multiplied by per step in the long run: below 1 it shrinks.

    It is the larger modulus of the recurrence's two roots.
    """
    a, c = recurrence(name, rate_times_curvature, gamma)
    inside = a * a + 4 * c
    real = (np.abs(a) + np.sqrt(np.maximum(inside, 0))) / 2
    return np.where(inside >= 0, real, np.sqrt(np.maximum(-c, 0)))


def stable_rate(name: str, curvature: npt.ArrayLike, gamma: npt.ArrayLike = 0.0) -> FloatArray:
    """Return the learning rate from which on a run diverges along this curvature.

    2/λ for gradient descent, 2(1 + γ)/λ for momentum, (2 + 2γ)/((1 + 2γ)λ) for Nesterov.
    Raises ``ValueError`` for a name outside ``FAMILY``.
    """
    g = np.asarray(gamma, dtype=np.float64)
    limits = {
        "gradient_descent": 2 + 0 * g,
        "momentum": 2 * (1 + g),
        "nesterov": 2 * (1 + g) / (1 + 2 * g),
    }
    if name not in limits:
        raise ValueError(f"{name} is not one of {', '.join(FAMILY)}")
    return np.asarray(limits[name] / np.asarray(curvature, dtype=np.float64))


def critical_momentum(name: str, rate_times_curvature: npt.ArrayLike) -> FloatArray:
    """Return the γ above which errors along this curvature swing: critical damping.

    (1 − √(ηλ))² for momentum and (1 − √(ηλ))/(1 + √(ηλ)) for Nesterov, for ηλ up to 1. There
    the two roots coincide, and the error shrinks fastest for this η; beyond ηλ = 1 it is 0.
    Raises ``ValueError`` for an optimizer without momentum.
    """
    root = np.sqrt(np.asarray(rate_times_curvature, dtype=np.float64))
    if name == "momentum":
        return np.where(root <= 1, (1 - root) ** 2, 0.0)
    if name == "nesterov":
        return np.where(root <= 1, (1 - root) / (1 + root), 0.0)
    raise ValueError(f"{name} has no momentum to be damped")


class Best(NamedTuple):
    """Settings, and what the largest error is then multiplied by per step."""

    learning_rate: float
    gamma: float
    contraction: float


def best(name: str, smallest: float, largest: float) -> Best:
    """Return the settings with the fastest worst case for curvatures from μ to L.

    Gradient descent: η = 2/(L + μ), contraction (κ − 1)/(κ + 1). Momentum (Polyak):
    η = 4/(√L + √μ)², γ = ((√κ − 1)/(√κ + 1))², contraction √γ. Nesterov (Lessard et al.):
    η = 4/(3L + μ), γ = (√(3κ + 1) − 2)/(√(3κ + 1) + 2), contraction 1 − 2/√(3κ + 1).
    Raises ``ValueError`` unless 0 < μ ≤ L, and for a name outside ``FAMILY``.
    """
    if not 0 < smallest <= largest:
        raise ValueError("curvatures must be positive, the smallest first")
    kappa = largest / smallest
    if name == "gradient_descent":
        return Best(2 / (largest + smallest), 0.0, (kappa - 1) / (kappa + 1))
    if name == "momentum":
        share = float((np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1))
        eta = 4 / (np.sqrt(largest) + np.sqrt(smallest)) ** 2
        return Best(float(eta), share**2, share)
    if name == "nesterov":
        root = float(np.sqrt(3 * kappa + 1))
        return Best(4 / (3 * largest + smallest), (root - 2) / (root + 2), 1 - 2 / root)
    raise ValueError(f"{name} is not one of {', '.join(FAMILY)}")
