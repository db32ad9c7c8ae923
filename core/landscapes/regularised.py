"""Ridge, lasso and elastic net on a small linear model, exact along the whole path.

With n rows of standardised features X and a centred target y the fit minimises

    J(θ) = 1/n |y − Xθ|² + R(θ),    R(θ) = λ(ρ Σ|θⱼ| + (1 − ρ)·½ Σθⱼ²),

where R is the elastic net of the catalogue, with strength λ and share ρ of the absolute
values: ρ = 0 is ridge, ρ = 1 the lasso. θ is best exactly if for every j

    2/n xⱼᵀ(y − Xθ) − λ(1 − ρ)θⱼ   is λρ·sign(θⱼ), or within ±λρ where θⱼ = 0.

Once it is known which θⱼ are 0 and which signs the others have, what is left is a linear
system. These are found by feature-sign search (Lee, Battle, Raina & Ng 2007), which ends
after finitely many steps; the zeros are exact, not small numbers. Many strengths and
shares at once are solved side by side, by guessing the zeros and signs again from each
solution until they stay as they are (a primal-dual active set: Hintermüller, Ito & Kunisch
2002). That takes a few rounds and nearly always ends; where it does not, the search takes
over.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.numeric import Real
from core.regularisers import REGULARISERS
from core.spec import Scalar

_SLACK = 1e-12
_STEPS = 200
_ROUNDS = 20
_TURNS = 96

FEATURES = (
    "area",
    "rooms",
    "age",
    "distance",
    "garden",
    "house number",
    "shoe size",
    "moon phase",
)
"""What is known of a house. The last three (its number, its owner’s shoe size and the phase of
the moon when it was sold) have nothing to do with its price."""

TRUTH = (3.0, 1.0, -2.0, -1.5, 0.8, 0.0, 0.0, 0.0)
"""The coefficients that made the prices, for standardised features."""

_TOGETHER = 0.9  # the correlation of area and rooms
_NOISE = 3.0
_NEW = 2000


class Houses(NamedTuple):
    """Standardised features (n, 8) and centred prices (n,), and new ones to predict."""

    x: Real
    y: Real
    new_x: Real
    new_y: Real


def houses(seed: int, n: int = 40) -> Houses:
    """Return ``n`` houses, and 2000 new ones on the same scale.

    Area and rooms have a correlation of 0.9; all other features are independent.
    """
    rng = np.random.default_rng(seed)
    raw = rng.standard_normal((n + _NEW, len(FEATURES)))
    raw[:, 1] = _TOGETHER * raw[:, 0] + math.sqrt(1 - _TOGETHER**2) * raw[:, 1]
    price = raw @ np.array(TRUTH) + _NOISE * rng.standard_normal(n + _NEW)
    x, y = raw[:n], price[:n]
    centre, scale, mean = x.mean(axis=0), x.std(axis=0), y.mean()
    return Houses((x - centre) / scale, y - mean, (raw[n:] - centre) / scale, price[n:] - mean)


class Problem(NamedTuple):
    """The squared error as a quadratic: |y|²/n − 2 rᵀθ + θᵀGθ, with G = XᵀX/n, r = Xᵀy/n."""

    gram: Real
    covariance: Real
    total: float


def problem(x: npt.ArrayLike, y: npt.ArrayLike) -> Problem:
    """Return the quadratic of features (n, d) and target (n,)."""
    features, target = np.asarray(x, np.float64), np.asarray(y, np.float64)
    n = target.size
    return Problem(features.T @ features / n, features.T @ target / n, float(target @ target) / n)


def squared_error(of: Problem, theta: Real) -> Real:
    """Return the mean squared error for coefficients (..., d)."""
    bend = np.einsum("...i,ij,...j->...", theta, of.gram, theta)
    return np.asarray(of.total - 2 * theta @ of.covariance + bend)


def penalty(theta: Real, strength: Scalar, share: Scalar) -> Real:
    """Return R(θ) for coefficients (..., d), to which strength and share broadcast."""
    return np.asarray(REGULARISERS["elastic_net"](theta, alpha=strength, l1_ratio=share))


def solve(of: Problem, strength: float, share: float, start: Real | None = None) -> Real:
    """Return the coefficients (d,) that minimise J; those that are 0 are exactly 0.

    ``start`` are coefficients to begin from, such as those of a neighbouring strength. The
    rows must be more than the features, or the squares must count: otherwise there may be
    many minima, and the search may miss them all.
    Raises ``ValueError`` for a strength below 0 or a share outside [0, 1].
    """
    _check(strength, share)
    size = of.covariance.size
    bend = 2 * of.gram + strength * (1 - share) * np.eye(size)
    pull, kink = 2 * of.covariance, strength * share
    if kink == 0:
        return _solved(bend, pull)
    slack = _SLACK * max(float(np.abs(pull).max()), kink)
    theta = np.zeros(size) if start is None else np.array(start, dtype=np.float64)
    signs = np.sign(theta)
    for _ in range(_STEPS):
        theta, signs = _settle(bend, pull, kink, theta, signs)
        force = pull - bend @ theta
        idle = np.where(signs == 0, np.abs(force) - kink, -np.inf)
        worst = int(idle.argmax())
        if idle[worst] <= slack:
            break
        signs[worst] = np.sign(force[worst])
    return theta


def _check(strength: npt.ArrayLike, share: npt.ArrayLike) -> None:
    known = np.greater_equal(strength, 0) & np.greater_equal(share, 0) & np.less_equal(share, 1)
    if not known.all():
        raise ValueError("The strength must be at least 0 and the share between 0 and 1.")


def _solved(matrix: Real, right: Real) -> Real:
    return np.asarray(np.linalg.lstsq(matrix, right, rcond=1e-13)[0])


def _settle(bend: Real, pull: Real, kink: float, theta: Real, signs: Real) -> tuple[Real, Real]:
    """Minimise over the coefficients that have a sign, dropping those that come to 0."""

    def height(v: Real) -> float:
        return float(v @ bend @ v / 2 - pull @ v + kink * np.abs(v).sum())

    theta, signs = theta.copy(), signs.copy()
    while signs.any():
        own = np.flatnonzero(signs)
        goal = np.zeros_like(theta)
        goal[own] = _solved(bend[np.ix_(own, own)], pull[own] - kink * signs[own])
        if np.array_equal(np.sign(goal[own]), signs[own]):
            return goal, signs
        # On the way to the goal some coefficients pass 0, where the formula changes: the
        # lowest of these places and of the goal is next.
        way = goal - theta
        with np.errstate(divide="ignore", invalid="ignore"):
            crossings = np.where(way != 0, -theta / way, np.inf)
        places = [goal]
        for j in np.flatnonzero((crossings > 0) & (crossings < 1)):
            at = theta + crossings[j] * way
            at[j] = 0.0
            places.append(at)
        if all((theta[own] == 0) & (np.sign(goal[own]) != signs[own])):
            signs[own] = 0.0
            return theta, signs
        theta = min(places, key=height)
        signs = np.sign(theta)
    return theta, signs


def violation(of: Problem, theta: Real, strength: float, share: float) -> float:
    """Return how far the coefficients are from the conditions above: 0 at the minimum."""
    force = 2 * (of.covariance - of.gram @ theta) - strength * (1 - share) * theta
    kink = strength * share
    off = np.where(theta == 0, np.maximum(np.abs(force) - kink, 0), force - kink * np.sign(theta))
    return float(np.abs(off).max())


def path(of: Problem, strengths: npt.ArrayLike, share: npt.ArrayLike) -> Real:
    """Return the coefficients for every strength, of shape (..., d); ``share`` broadcasts.

    Each is what :func:`solve` finds, up to rounding, and the same whatever it is solved beside.
    """
    _check(strengths, share)
    given = np.broadcast_arrays(
        np.asarray(strengths, dtype=np.float64), np.asarray(share, dtype=np.float64)
    )
    strength, part = (one.ravel() for one in given)
    found = np.zeros((strength.size, of.covariance.size))
    left = np.arange(strength.size)
    if np.linalg.matrix_rank(of.gram) == of.covariance.size:
        left = _side_by_side(of, strength * (1 - part), strength * part, found)
    for k in left:
        found[k] = solve(of, float(strength[k]), float(part[k]), found[k])
    return found.reshape(*given[0].shape, -1)


def _side_by_side(of: Problem, smooth: Real, kink: Real, theta: Real) -> npt.NDArray[np.intp]:
    """Solve for every weight of the squares and of the absolute values, into ``theta`` (n, d).

    Returns the places where no solution is found. The features must be independent.
    """
    bend, pull = 2 * of.gram, 2 * of.covariance
    stiff = np.diag(bend) + smooth[:, None]
    bound = kink + _SLACK * np.maximum(np.abs(pull).max(), kink)
    signs = np.zeros_like(theta)
    left = np.arange(len(theta))
    every = np.arange(pull.size)
    for _ in range(_ROUNDS):
        now = theta[left]
        # What pulls at each coefficient alone, if it were 0 and all others as they are.
        alone = pull - now @ bend - smooth[left, None] * now + stiff[left] * now
        guess = np.where(np.abs(alone) > bound[left, None], np.sign(alone), 0.0)
        changed = (guess != signs[left]).any(axis=1)
        left, guess = left[changed], guess[changed]
        if not left.size:
            break
        signs[left] = guess
        there = guess != 0
        matrix = np.where(there[:, :, None] & there[:, None, :], bend, 0.0)
        matrix[:, every, every] = np.where(there, stiff[left], 1.0)
        right = np.where(there, pull - kink[left, None] * guess, 0.0)
        theta[left] = np.linalg.solve(matrix, right[..., None])[..., 0]
    return left


def strongest(of: Problem, share: float) -> float:
    """Return the strength from which on all coefficients are 0; infinite for ridge."""
    return 2 * float(np.abs(of.covariance).max()) / share if share > 0 else math.inf


def shape(budget: npt.ArrayLike, share: npt.ArrayLike) -> tuple[Real, Real]:
    """Return the outline of all (θ₁, θ₂) with ρ(|θ₁| + |θ₂|) + (1 − ρ)·½(θ₁² + θ₂²) = budget.

    Along a direction of unit length this is a quadratic in the distance from 0; its stable
    root is used, which is right for ρ = 0 and ρ = 1 as well. The corners are among the
    points. Both outputs have a row for each budget and share.
    """
    budget, share = np.asarray(budget)[..., None], np.asarray(share)[..., None]
    angle = np.linspace(0, 2 * np.pi, _TURNS + 1)
    along = np.stack([np.cos(angle), np.sin(angle)])
    linear, square = share * np.abs(along).sum(axis=0), (1 - share) / 2
    root = np.sqrt(linear**2 + 4 * square * budget)
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.where(budget > 0, 2 * budget / (linear + root), 0.0)
    return distance * along[0], distance * along[1]
