"""Expectations of an activation under a normal distribution, for many variances at once.

One set of nodes in u, the activation's own input, serves every distribution: the panels
of a Gauss–Legendre rule end at 0 and at every break of the formula, are narrow near 0
and double outwards, and are halved until the Legendre series of f² and f′² has ended in
each of them. A normal density with a deviation anywhere between ``LEAST_DEVIATION`` and
the rule's ``reach`` is smooth on such panels. The activation is evaluated once; what
depends on the variance is the density alone.

Gauss–Hermite nodes would do neither for a kink nor for a large variance: there tanh is
nearly a step, and between the nodes.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from core.activations import ACTIVATIONS
from core.numeric import Real
from core.spec import Activation, FloatArray, Scalar

LEAST_DEVIATION = 1e-7
"""A smaller deviation is a limit: the function is then the two straight lines at 0."""

TAIL = 12.0
"""Deviations beyond which nothing is counted: the density there is 2·10⁻³²."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
# Row k yields the k-th coefficient of the Legendre series from the values at the nodes.
_SERIES = (np.polynomial.legendre.legvander(_NODES, 15) * _WEIGHTS[:, None]).T * (
    np.arange(16) + 0.5
)[:, None]
_INNERMOST = -27  # the first octave begins at 2^−27, a tenth of the least deviation
_OUTERMOST = 27  # and the last ends at 2^27
_FARTHEST = 2.0**_OUTERMOST
_HALVINGS = 5  # a wave that needs more is cut off: see Rule.reach
_ENDED = 1e-12  # of the largest value so far from 0: what the series may leave out

Settings = tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class Rule:
    """Nodes (N,) in u, their Lebesgue weights (N,), and f and f′ there.

    ``still`` holds E f, E f² and E f′² in the limit of no variance, where half of the inputs
    lie just below 0 and half just above. ``reach`` is the largest deviation that the
    nodes hold: 10⁷, less for a function that oscillates for ever, whose moments have by
    then come to rest.

    A rule for S values of a parameter has S rows in front: ``value`` and ``slope`` are
    (S, N), and each of ``still`` is (S, 1).
    """

    nodes: Real
    weights: Real
    value: Real
    slope: Real
    still: tuple[Scalar, Scalar, Scalar]
    reach: float

    @cached_property
    def columns(self) -> tuple[Real, Real]:
        """f, f² and f′² with the weights of a normal density, (N, 3) or (N, 3 S).

        In the second array their limits at 0 are taken off before.
        """
        plain = np.stack([self.value, self.value**2, self.slope**2])
        apart = np.stack([g - still for g, still in zip(plain, self.still, strict=True)])
        weights = self.weights / math.sqrt(2 * math.pi)
        first, second = ((g * weights).reshape(-1, weights.size).T for g in (plain, apart))
        return np.ascontiguousarray(first), np.ascontiguousarray(second)

    @property
    def ends(self) -> bool:
        """Whether the nodes end early, for a function that oscillates for ever."""
        return self.reach < _FARTHEST / TAIL


def rule(activation: Activation, parameters: Mapping[str, float]) -> Rule:
    """Return the rule for ``activation``, with f and f′ at its nodes.

    Raises as calling the activation does.
    """
    complete = {**activation.defaults, **parameters}
    activation.resolve(complete)
    return _rule(activation.key, tuple(complete.items()))


@lru_cache(maxsize=64)
def _rule(key: str, settings: Settings) -> Rule:
    activation, parameters = ACTIVATIONS[key], dict(settings)
    return _built(activation, parameters, activation.breaks(**parameters))


def shared_rule(
    activation: Activation, name: str, values: Iterable[float], parameters: Mapping[str, float]
) -> Rule:
    """Return one rule for all ``values`` of the parameter ``name``, with a row for each.

    Its nodes resolve all of them. Raises as calling the activation does.
    """
    steps = [{**activation.defaults, **parameters, name: value} for value in values]
    cuts = {cut for step in steps for cut in activation.breaks(**step)}
    column = np.array([step[name] for step in steps])[:, None]
    return _built(activation, {**steps[0], name: column}, cuts)


def _built(activation: Activation, parameters: Mapping[str, Scalar], cuts: Iterable[float]) -> Rule:
    octaves = 2.0 ** np.arange(_INNERMOST, _OUTERMOST + 1)
    near = [cut for cut in cuts if abs(cut) < _FARTHEST]
    edges = np.unique([*-octaves, 0.0, *octaves, *near])
    # Against panels and their nodes a parameter's column needs an axis more.
    by_panel = {k: v[..., None] if isinstance(v, np.ndarray) else v for k, v in parameters.items()}
    left, right = edges[:-1], edges[1:]
    kept: list[tuple[Real, Real]] = []
    for halving in range(_HALVINGS + 1):
        u, _ = _panels(left, right)
        value, slope = activation(u, **by_panel), activation.gradient(u, **by_panel)
        unsettled = _unsettled(u, value**2) | _unsettled(u, slope**2)
        kept.append((left[~unsettled], right[~unsettled]))
        left, right = left[unsettled], right[unsettled]
        if not left.size or halving == _HALVINGS:
            break
        middle = (left + right) / 2
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    # What is still not resolved ends the rule, on both sides alike.
    end = min(np.minimum(np.abs(left), np.abs(right)).min(initial=np.inf), _FARTHEST)
    left, right = (np.concatenate(side) for side in zip(*kept, strict=True))
    inside = np.maximum(np.abs(left), np.abs(right)) <= end
    order = np.argsort(left[inside])
    u, weights = (a.ravel() for a in _panels(left[inside][order], right[inside][order]))
    return Rule(
        nodes=u,
        weights=weights,
        value=np.asarray(activation(u, **parameters), dtype=np.float64),
        slope=np.asarray(activation.gradient(u, **parameters), dtype=np.float64),
        still=_still(activation, parameters),
        reach=float(end) / TAIL,
    )


def _still(
    activation: Activation, parameters: Mapping[str, Scalar]
) -> tuple[Scalar, Scalar, Scalar]:
    beside = np.array([-1e-300, 1e-300])
    value, slope = activation(beside, **parameters), activation.gradient(beside, **parameters)
    mean, second, still_slope = (
        g.mean(axis=-1, keepdims=g.ndim > 1) for g in (value, value**2, slope**2)
    )
    return mean, second, still_slope


def _panels(left: Real, right: Real) -> tuple[Real, Real]:
    """Return nodes and weights of all panels, as (panels, 16)."""
    half = (right - left)[:, None] / 2
    return (left[:, None] + half) + half * _NODES, half * _WEIGHTS


def _unsettled(u: Real, g: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell in which panels the Legendre series of ``g`` (..., panels, 16) has not ended.

    A panel is measured by the largest |g| anywhere nearer to 0: whatever normal
    distribution reaches the panel gives more weight there.
    """
    size = np.abs(g).max(axis=-1)
    distance = np.abs(u).min(axis=1)
    order = np.argsort(distance)
    scale = np.empty_like(size)
    scale[..., order] = np.maximum.accumulate(size[..., order], axis=-1)
    last = np.abs(g @ _SERIES[-2:].T).max(axis=-1)
    unsettled: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.any(
        (last > _ENDED * scale).reshape(-1, len(u)), axis=0
    )
    return unsettled
