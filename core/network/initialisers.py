"""How the weights of a layer are drawn before the first step of training.

An initialiser fixes the variance of a single weight by the numbers of inputs (fan-in)
and outputs (fan-out) of its layer. Times fan-in, that variance is σ_w², the number on
which everything in a deep stack depends: what a layer does to the variance of its
signal, and its transpose to the gradient.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from core.numeric import Real
from core.spec import Parameter

Draw = Callable[[np.random.Generator, int, int, float], Real]


@dataclass(frozen=True)
class Initialiser:
    """A rule for the weights of one layer.

    ``draw`` takes a generator, fan-in, fan-out and the parameter's value (ignored where
    there is none) and returns weights of shape (fan_in, fan_out); ``spread`` returns the
    standard deviation that they have. ``insight`` says in a sentence what the rule is for.
    """

    key: str
    name: str
    formula: str
    insight: str
    spread: Callable[[int, int, float], float]
    draw: Draw
    parameter: Parameter | None = None

    def __call__(
        self, rng: np.random.Generator, fan_in: int, fan_out: int, value: float | None = None
    ) -> Real:
        """Return weights of shape (fan_in, fan_out), for a layer that computes x @ weights.

        ``value`` is the rule's parameter, by default its default. Raises ``ValueError``
        for a fan below 1, for a parameter outside its domain or where there is none.
        """
        if fan_in < 1 or fan_out < 1:
            raise ValueError(f"{self.key}: fan-in and fan-out must be at least 1")
        return self.draw(rng, fan_in, fan_out, self._resolve(value))

    def sigma_w(self, fan_in: int, fan_out: int, value: float | None = None) -> float:
        """Return σ_w = √(fan-in · variance of a weight), as mean-field theory counts it."""
        return math.sqrt(fan_in) * self.spread(fan_in, fan_out, self._resolve(value))

    def _resolve(self, value: float | None) -> float:
        if self.parameter is None:
            if value is not None:
                raise ValueError(f"{self.key} has no parameter")
            return 0.0
        chosen = self.parameter.default if value is None else value
        if not (math.isfinite(chosen) and self.parameter.domain.contains(chosen)):
            raise ValueError(
                f"{self.key}: {self.parameter.name} must be finite and in "
                f"{self.parameter.domain}, not {value}"
            )
        return chosen


def _lecun(fan_in: int, fan_out: int, value: float) -> float:
    return math.sqrt(1 / fan_in)


def _glorot(fan_in: int, fan_out: int, value: float) -> float:
    return math.sqrt(2 / (fan_in + fan_out))


def _he(fan_in: int, fan_out: int, value: float) -> float:
    return math.sqrt(2 / fan_in)


def _linear_default(fan_in: int, fan_out: int, value: float) -> float:
    return math.sqrt(1 / (3 * fan_in))


def _orthogonal(fan_in: int, fan_out: int, value: float) -> float:
    # The smaller of the two sides holds orthonormal vectors, of squared length 1 each.
    return math.sqrt(1 / max(fan_in, fan_out))


def _given(fan_in: int, fan_out: int, value: float) -> float:
    return abs(value)


def _nothing(fan_in: int, fan_out: int, value: float) -> float:
    return 0.0


def _normal(spread: Callable[[int, int, float], float]) -> Draw:
    def draw(rng: np.random.Generator, fan_in: int, fan_out: int, value: float) -> Real:
        return spread(fan_in, fan_out, value) * rng.standard_normal((fan_in, fan_out))

    return draw


def _uniform(spread: Callable[[int, int, float], float]) -> Draw:
    def draw(rng: np.random.Generator, fan_in: int, fan_out: int, value: float) -> Real:
        # U(−a, a) has variance a²/3.
        reach = math.sqrt(3) * spread(fan_in, fan_out, value)
        return rng.uniform(-reach, reach, (fan_in, fan_out))

    return draw


def _constant(rng: np.random.Generator, fan_in: int, fan_out: int, value: float) -> Real:
    return np.full((fan_in, fan_out), value)


def _rotation(rng: np.random.Generator, fan_in: int, fan_out: int, value: float) -> Real:
    tall = rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out)))
    q, r = np.linalg.qr(tall)
    # The signs make the distribution uniform over all such matrices (Mezzadri, 2007).
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return q if fan_in >= fan_out else q.T


_SIGMA = Parameter(
    name="std",
    symbol=r"\sigma",
    default=0.1,
    low=0.0,
    high=1.0,
    step=0.01,
    meaning="standard deviation of a weight, whatever the width",
)
_VALUE = Parameter(
    name="value",
    symbol="c",
    default=0.1,
    low=-1.0,
    high=1.0,
    step=0.01,
    meaning="the value of every weight",
)

_RULES = (
    Initialiser(
        "xavier_normal",
        "Xavier (Glorot), normal",
        r"\mathcal N\left(0,\tfrac{2}{n_\text{in}+n_\text{out}}\right)",
        "A compromise between keeping the signal and keeping the gradient of a linear "
        "stack. Source: Glorot & Bengio (2010).",
        _glorot,
        _normal(_glorot),
    ),
    Initialiser(
        "xavier_uniform",
        "Xavier (Glorot), uniform",
        r"\mathcal U\left(\pm\sqrt{\tfrac{6}{n_\text{in}+n_\text{out}}}\right)",
        "The same variance from a uniform distribution; the default of a dense layer in Keras. "
        "Source: Glorot & Bengio (2010).",
        _glorot,
        _uniform(_glorot),
    ),
    Initialiser(
        "he_normal",
        "He (Kaiming), normal",
        r"\mathcal N\left(0,\tfrac{2}{n_\text{in}}\right)",
        "Twice the variance, because ReLU silences half of the units. Source: He et al. (2015).",
        _he,
        _normal(_he),
    ),
    Initialiser(
        "he_uniform",
        "He (Kaiming), uniform",
        r"\mathcal U\left(\pm\sqrt{\tfrac{6}{n_\text{in}}}\right)",
        "The same variance from a uniform distribution. Source: He et al. (2015).",
        _he,
        _uniform(_he),
    ),
    Initialiser(
        "lecun_normal",
        "LeCun, normal",
        r"\mathcal N\left(0,\tfrac{1}{n_\text{in}}\right)",
        "Keeps the signal's variance in a linear stack; what SELU asks for. "
        "Source: LeCun et al. (1998).",
        _lecun,
        _normal(_lecun),
    ),
    Initialiser(
        "orthogonal",
        "Orthogonal",
        r"W^\top W=I",
        "A rotation: a linear stack of any depth keeps every length exactly. "
        "Source: Saxe et al. (2014).",
        _orthogonal,
        _rotation,
    ),
    Initialiser(
        "linear_default",
        "PyTorch Linear default",
        r"\mathcal U\left(\pm\tfrac{1}{\sqrt{n_\text{in}}}\right)",
        "What nn.Linear draws unless told otherwise: a third of LeCun's variance. "
        "(PyTorch also draws the biases so; here they have a control of their own.)",
        _linear_default,
        _uniform(_linear_default),
    ),
    Initialiser(
        "normal",
        "Normal with σ of its own",
        r"\mathcal N(0,\sigma^2)",
        "One spread for every layer, whatever its width.",
        _given,
        _normal(_given),
        _SIGMA,
    ),
    Initialiser(
        "constant",
        "Constant",
        r"c",
        "All weights the same: then all units of a layer are the same, for ever.",
        _given,
        _constant,
        _VALUE,
    ),
    Initialiser(
        "zeros",
        "Zeros",
        r"0",
        "Nothing passes, in either direction.",
        _nothing,
        _normal(_nothing),
    ),
)

INITIALISERS: Mapping[str, Initialiser] = MappingProxyType({rule.key: rule for rule in _RULES})
"""Every rule by its key. Normal ones are not truncated, as in PyTorch; Keras and JAX cut
theirs at two standard deviations and rescale, which leaves the variance as it is."""
