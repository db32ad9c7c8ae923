"""Output activation and loss, judged together by dL/dz, the gradient that the logit gets.

A loss is never seen by a network on its own: what moves the weights is its slope times the
slope of the output activation. A pair is good where that product is large as long as the
answer is wrong and dies out when it is right. Nothing is declared good here: each pair is
judged by its gradient on a grid, by its typed domains, and by where it settles.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from core.activations import ACTIVATIONS
from core.facts import facts
from core.spec import Axis, FloatArray, Interval, Loss, Scalar

FAR = 10.0
"""A logit of this size is a confident answer: σ(10) = 0.99995."""

FADED = 0.01
"""A gradient under this share of the largest one counts as faded away."""

MISREAD = 0.02
"""A settled probability further than this from the true one is biased."""

SHARES = (0.1, 0.3)
"""Shares of positive targets for which it is asked where a pair settles."""

WINDOW = 8.0
"""Pairs are drawn for logits from −WINDOW to WINDOW."""

_GRID = np.linspace(-FAR, FAR, 2001)
_POINTS = np.round(np.linspace(-WINDOW, WINDOW, 321), 2)
_BESIDE = 1e-6


class Verdict(Enum):
    """What a pair of output activation and loss does, the gravest fault first."""

    UNDEFINED = "undefined"
    SATURATES = "saturates"
    BIASED = "biased"
    HEALTHY = "healthy"


class Coding(Enum):
    """How the negative and the positive class are written as numbers."""

    ZERO_ONE = (0.0, 1.0)
    SIGNS = (-1.0, 1.0)


@dataclass(frozen=True)
class Output:
    """The last step of a network: one logit z in, one answer a out.

    ``formula`` and ``slope_formula`` are LaTeX for a(z) and da/dz.
    """

    key: str
    name: str
    function: Callable[[FloatArray], FloatArray]
    slope: Callable[[FloatArray], FloatArray]
    range: Interval
    formula: str
    slope_formula: str


def softmax_of_two(z: FloatArray) -> FloatArray:
    """Return the second entry of softmax(−z/2, z/2), in the shape of ``z``.

    ``z`` is the difference of two logits. Adding a constant to both changes nothing, so
    any pair with that difference gives the same.
    """
    logits = np.stack([-z / 2, z / 2], axis=-1)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    share: FloatArray = weights[..., 1] / weights.sum(axis=-1)
    return share


def _softmax_slope(z: FloatArray) -> FloatArray:
    # The share of the other class is the first entry, which is the second at −z.
    return softmax_of_two(z) * softmax_of_two(-z)


def _elementwise(key: str, name: str, formula: str, slope_formula: str) -> Output:
    entry = ACTIVATIONS[key]
    return Output(
        key, name, entry.function, entry.derivative, facts(entry).range, formula, slope_formula
    )


OUTPUTS: Mapping[str, Output] = MappingProxyType(
    {
        one.key: one
        for one in (
            _elementwise("identity", "Linear", "z", "1"),
            _elementwise("sigmoid", "Sigmoid", r"\sigma(z)", "a(1-a)"),
            Output(
                key="softmax",
                name="Softmax, K = 2",
                function=softmax_of_two,
                slope=_softmax_slope,
                # Of a difference of two logits softmax is the sigmoid, hence its range.
                range=facts(ACTIVATIONS["sigmoid"]).range,
                formula=r"\frac{e^{z_1}}{e^{z_0}+e^{z_1}}",
                slope_formula="a(1-a)",
            ),
            _elementwise("tanh", "Tanh", r"\tanh(z)", "1-a^2"),
            _elementwise(
                "relu", "ReLU", r"\max(0,z)", r"\begin{cases}1 & z>0\\ 0 & z\le 0\end{cases}"
            ),
        )
    }
)

LOSS_SLOPES: Mapping[str, str] = MappingProxyType(
    {
        "binary_cross_entropy": r"\frac{a-t}{a(1-a)}",
        "sigmoid_cross_entropy": r"\sigma(a)-t",
        "logistic": r"-t\,\sigma(-ta)",
        "focal": (
            r"\begin{cases}\alpha(1-a)^{\gamma}\left(\frac{\gamma\ln a}{1-a}-\frac{1}{a}\right)"
            r" & t=1\\ (1-\alpha)a^{\gamma}\left(\frac{1}{1-a}-\frac{\gamma\ln(1-a)}{a}\right)"
            r" & t=0\end{cases}"
        ),
        "brier": "2(a-t)",
        "squared_error": "2(a-t)",
        "absolute_error": r"\operatorname{sign}(a-t)",
        "huber": r"\operatorname{clip}(a-t,-\delta,\delta)",
        "hinge": r"\begin{cases}-t & ta<1\\ 0 & ta\ge 1\end{cases}",
        "dice": r"\frac{s\,(1-2t)-2t^{2}}{(a+t+s)^{2}}",
    }
)
"""∂ℓ/∂a in LaTeX for each loss of the matrix, in the order in which they are shown."""

SIMPLIFIED: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("sigmoid", "binary_cross_entropy"): "a-t",
        ("softmax", "binary_cross_entropy"): "a-t",
        ("identity", "sigmoid_cross_entropy"): r"\sigma(z)-t",
        ("identity", "logistic"): r"-t\,\sigma(-tz)",
    }
)
"""Pairs whose two slopes cancel to something plain."""


@dataclass(frozen=True)
class Judgement:
    """A verdict on a pair, with the numbers that it rests on.

    labels
        The numbers that stand for the negative and the positive class.
    leaves
        Whether the range of the output leaves the domain of the loss.
    stranger
        The first label that the loss does not take, if there is one.
    wrong
        dL/dz where the answer is confidently wrong, for the two labels: at z = FAR and −FAR.
    largest
        The largest |dL/dz| for the two labels, for −FAR ≤ z ≤ FAR.
    pulled_back
        The largest part of dL/dz that pulls back an answer on its right side of z = 0, for
        the two labels, signed as dL/dz is; 0 where there is none.
    settles
        For each of ``SHARES``, the probability that is read off the output once the
        expected loss cannot fall any further.
    """

    verdict: Verdict
    labels: tuple[float, float]
    leaves: bool
    stranger: float | None
    wrong: tuple[float, float]
    largest: tuple[float, float]
    pulled_back: tuple[float, float]
    settles: tuple[float, ...]

    @property
    def worst(self) -> int:
        """The place of the label whose gradient fades more when confidently wrong."""
        shares = [abs(w) / most if most else 0.0 for w, most in self.each]
        return int(np.argmin(shares))

    @property
    def each(self) -> list[tuple[float, float]]:
        """For each label, dL/dz when confidently wrong and the largest |dL/dz|."""
        return list(zip(self.wrong, self.largest, strict=True))

    @property
    def fades(self) -> bool:
        """Whether the gradient dies where the answer is confidently wrong."""
        return any(abs(w) <= FADED * most for w, most in self.each)

    @property
    def pulls_back(self) -> bool:
        """Whether answers that are right by far are pulled back."""
        pairs = zip(self.pulled_back, self.largest, strict=True)
        return any(abs(back) > FADED * most for back, most in pairs)

    @property
    def misreads(self) -> bool:
        """Whether it settles elsewhere than at the true probability."""
        pairs = zip(self.settles, SHARES, strict=True)
        return not all(abs(said - true) <= MISREAD for said, true in pairs)


def own_coding(output: Output, loss: Loss) -> Coding:
    """Return the coding that suits the pair: the loss decides, else the output's range."""
    if not loss.targets.contains([0.0]):
        return Coding.SIGNS
    signs_fit = loss.targets.contains([-1.0]) and output.range.low == -1
    return Coding.SIGNS if signs_fit else Coding.ZERO_ONE


def loss_over_logit(
    output: Output, loss: Loss, z: npt.ArrayLike, target: float, **parameters: Scalar
) -> FloatArray:
    """Return L(z) for one target, in the shape of ``z`` and the parameters together.

    Nan where the answer is outside the loss's domain; a label outside it is put into the
    bare formula, to show what that would do.
    """
    return _over_logit(output, loss, loss.function, z, target, parameters)


def slope_of_loss(
    output: Output, loss: Loss, z: npt.ArrayLike, target: float, **parameters: Scalar
) -> FloatArray:
    """Return ∂ℓ/∂a at a(z), under the same conditions."""
    return _over_logit(output, loss, loss.derivative, z, target, parameters)


def pull(
    output: Output, loss: Loss, z: npt.ArrayLike, target: float, **parameters: Scalar
) -> FloatArray:
    """Return dL/dz = ∂ℓ/∂a · da/dz, under the same conditions."""
    slope = output.slope(np.asarray(z, dtype=np.float64))
    return slope_of_loss(output, loss, z, target, **parameters) * slope


@dataclass(frozen=True)
class Readings:
    """The chain rule at a logit, factor by factor; all arrays have one shape."""

    answer: FloatArray
    loss: FloatArray
    loss_slope: FloatArray
    answer_slope: FloatArray
    pull: FloatArray


def readings(
    output: Output, loss: Loss, z: npt.ArrayLike, target: float, **parameters: Scalar
) -> Readings:
    """Return a, L, ∂ℓ/∂a, da/dz and dL/dz at ``z``, in the shape of z and the parameters."""
    at = np.asarray(z, dtype=np.float64)
    found = np.broadcast_arrays(
        output.function(at),
        loss_over_logit(output, loss, at, target, **parameters),
        slope_of_loss(output, loss, at, target, **parameters),
        output.slope(at),
        pull(output, loss, at, target, **parameters),
    )
    return Readings(*found)


@dataclass(frozen=True)
class Curves:
    """L and dL/dz over the logit for one target; nan where undefined, and at a jump."""

    z: FloatArray
    loss: FloatArray
    pull: FloatArray


def curves(output: Output, loss: Loss, target: float, **parameters: Scalar) -> Curves:
    """Sample a pair on the drawn window; a parameter may be an array of shape (S, 1)."""
    beside = [pull(output, loss, _POINTS + d, target, **parameters) for d in (-_BESIDE, _BESIDE)]
    here = pull(output, loss, _POINTS, target, **parameters)
    # Every jump of the matrix is at z = 0 or ±1, which are points of the grid.
    jumps = np.abs(beside[1] - beside[0]) > 1e-3
    return Curves(
        _POINTS,
        loss_over_logit(output, loss, _POINTS, target, **parameters),
        np.where(jumps, np.nan, here),
    )


def judge(
    output: Output, loss: Loss, coding: Coding | None = None, **parameters: float
) -> Judgement:
    """Judge a pair under a label coding, or under the one that suits it.

    Raises ``ValueError`` for a parameter outside its domain, ``TypeError`` for an unknown one.
    """
    labels = (coding or own_coding(output, loss)).value
    # ReLU reaches the end of its range, sigmoid does not: the closed ends decide.
    leaves = not _inside(output.range, loss)
    stranger = next((label for label in labels if not loss.targets.contains([label])), None)
    pulls = [pull(output, loss, _GRID, label, **parameters) for label in labels]
    known = [np.nan_to_num(p, nan=0.0) for p in pulls]
    right = (_GRID < 0, _GRID > 0)
    back = (known[0].min(where=right[0], initial=0.0), known[1].max(where=right[1], initial=0.0))
    judgement = Judgement(
        verdict=Verdict.HEALTHY,
        labels=labels,
        leaves=leaves,
        stranger=stranger,
        wrong=(float(pulls[0][-1]), float(pulls[1][0])),
        largest=(float(np.abs(known[0]).max()), float(np.abs(known[1]).max())),
        pulled_back=(float(back[0]), float(back[1])),
        settles=tuple(_settled(output, loss, labels, known, share) for share in SHARES),
    )
    return replace(judgement, verdict=_verdict(judgement))


def steps_until_right(
    output: Output,
    loss: Loss,
    *,
    start: float = -8.0,
    learning_rate: float = 1.0,
    most: int = 5000,
    **parameters: float,
) -> int | None:
    """Count the steps of gradient descent on one logit, for a positive target.

    From ``start`` until the output says more than 0.9 (to a hundredth of a logit); ``None``
    if it does not within ``most`` steps, or where the pair is undefined on the way.
    """
    labels = own_coding(output, loss).value
    right = _GRID[_probability(output, loss, _GRID, labels) > 0.9]
    if not right.size:
        return None
    z = start
    for step in range(most + 1):
        if z >= right[0]:
            return step
        moved = z - learning_rate * float(pull(output, loss, z, labels[1], **parameters))
        if not np.isfinite(moved) or moved == z:
            break
        z = moved
    return None


def _inside(values: Interval, loss: Loss) -> bool:
    """Tell whether a whole interval lies in the domain of the loss's prediction."""
    domain = loss.predictions
    if not isinstance(domain, Interval):
        return bool(domain.contains([values.low, values.high]))
    low = values.low > domain.low or (
        values.low == domain.low and (domain.low_closed or not values.low_closed)
    )
    high = values.high < domain.high or (
        values.high == domain.high and (domain.high_closed or not values.high_closed)
    )
    return low and high


def _over_logit(
    output: Output,
    loss: Loss,
    function: Callable[..., FloatArray],
    z: npt.ArrayLike,
    target: float,
    parameters: Mapping[str, Scalar],
) -> FloatArray:
    answer = output.function(np.asarray(z, dtype=np.float64))
    label = np.full_like(answer, target)
    values = loss.resolve(parameters)
    with np.errstate(all="ignore"):  # outside its domain a formula may do anything
        if loss.reduces:  # one pixel is a mask of its own
            found = function(
                answer[..., None], label[..., None], **{k: _column(v) for k, v in values.items()}
            )
            shapes = [np.shape(v) for v in values.values()]
            found = found.reshape(np.broadcast_shapes(answer.shape, *shapes))
        else:
            found = function(answer, label, **values)
    domain = loss.predictions
    if isinstance(domain, Interval):
        low = answer >= domain.low if domain.low_closed else answer > domain.low
        high = answer <= domain.high if domain.high_closed else answer < domain.high
        found = np.where(low & high, found, np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def _column(value: Scalar) -> Scalar:
    return value[..., None] if isinstance(value, np.ndarray) else value


def _verdict(found: Judgement) -> Verdict:
    if found.leaves or found.stranger is not None:
        return Verdict.UNDEFINED
    if found.fades:
        return Verdict.SATURATES
    if found.pulls_back or found.misreads:
        return Verdict.BIASED
    return Verdict.HEALTHY


def _settled(
    output: Output,
    loss: Loss,
    labels: tuple[float, float],
    pulls: list[FloatArray],
    share: float,
) -> float:
    """Return the probability read off where the expected loss is smallest on the grid."""
    expected = (1 - share) * pulls[0] + share * pulls[1]
    height = np.concatenate([[0.0], np.cumsum((expected[1:] + expected[:-1]) / 2)])
    return float(_probability(output, loss, _GRID[height.argmin()], labels))


def _probability(
    output: Output, loss: Loss, z: FloatArray, labels: tuple[float, float]
) -> FloatArray:
    """Read the output as a probability of the positive class, as its user would."""
    answer = output.function(np.asarray(z, dtype=np.float64))
    low, high = labels
    if np.isfinite(output.range.low) and np.isfinite(output.range.high):
        low, high = output.range.low, output.range.high
    elif loss.axis in (Axis.MARGIN, Axis.LOGIT):
        answer, low, high = ACTIVATIONS["sigmoid"](answer), 0.0, 1.0
    said: FloatArray = np.clip((answer - low) / (high - low), 0.0, 1.0)
    return said
