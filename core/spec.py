"""What a catalogue entry is made of, and the loader that finds the entries.

An entry is one module: a plain function on arrays, its gradient, and a frozen
``SPEC`` that says what cannot be computed (names, formulas, sources, advice).
Everything that *can* be computed of a function is computed, in ``core.facts``.
"""

import importlib
import inspect
import itertools
import math
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from string import Template
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
Scalar = float | FloatArray
"""A parameter's value: a number, or an array that broadcasts against the input."""

FRAMEWORKS = ("numpy", "pytorch", "keras", "jax")

_GLYPHS = {
    r"\alpha": "α",
    r"\beta": "β",
    r"\beta_1": "β₁",
    r"\beta_2": "β₂",
    r"\gamma": "γ",
    r"\delta": "δ",
    r"\varepsilon": "ε",
    r"\eta": "η",
    r"\theta": "θ",
    r"\lambda": "λ",
    r"\omega": "ω",
    "v_0": "v₀",
    r"\sigma": "σ",
    r"\tau": "τ",
}


class CatalogueError(Exception):
    """An entry of a catalogue breaks the contract; the message names it."""


@dataclass(frozen=True)
class Interval:
    """An interval of the real line; an infinite end is always open."""

    low: float = -math.inf
    high: float = math.inf
    low_closed: bool = False
    high_closed: bool = False

    def contains(self, values: npt.ArrayLike) -> bool:
        """Tell whether every one of ``values`` lies inside (nan never does)."""
        # A lone number is compared as it is, in a tenth of the time that an array takes.
        v = values if isinstance(values, float) else np.asarray(values, dtype=np.float64)
        above = v >= self.low if self.low_closed else v > self.low
        below = v <= self.high if self.high_closed else v < self.high
        inside = above & below
        return inside if isinstance(inside, bool) else bool(np.all(inside))

    def __str__(self) -> str:
        low = "−∞" if self.low == -math.inf else f"{self.low:g}".replace("-", "−")
        high = "∞" if self.high == math.inf else f"{self.high:g}".replace("-", "−")
        left = "[" if self.low_closed else "("
        right = "]" if self.high_closed else ")"
        return f"{left}{low}, {high}{right}"


REALS = Interval()
POSITIVE = Interval(low=0.0)
NON_NEGATIVE = Interval(low=0.0, low_closed=True)


@dataclass(frozen=True)
class Parameter:
    """One number that shapes a function.

    ``low``, ``high`` and ``step`` are the slider's; ``domain`` is where the
    function is defined at all. ``symbol`` is LaTeX, ``glyph`` the same in plain
    text. ``settings`` names values that are worth a button, such as the one
    that another framework uses.
    """

    name: str
    symbol: str
    default: float
    low: float
    high: float
    step: float
    meaning: str
    domain: Interval = REALS
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.low <= self.default <= self.high:
            raise CatalogueError(f"{self.name}: the default lies outside the slider")
        if not self.domain.contains([self.low, self.default, self.high]):
            raise CatalogueError(f"{self.name}: the slider leaves the domain {self.domain}")
        if not self.step > 0 or (self.high - self.low) / self.step > 200.5:
            raise CatalogueError(f"{self.name}: the slider needs 1 to 200 steps")

    @property
    def steps(self) -> npt.NDArray[np.float64]:
        """All values that the slider can be brought to, from ``low`` to ``high``."""
        count = math.floor((self.high - self.low) / self.step + 1e-9) + 1
        # Rounded, so that 0.05 · 7 is the 0.35 that the slider sends.
        return np.round(self.low + self.step * np.arange(count), 10)

    @property
    def glyph(self) -> str:
        """The symbol as plain text, for places that set no LaTeX."""
        return _GLYPHS.get(self.symbol, self.symbol)


@dataclass(frozen=True)
class Origin:
    """Where a function comes from: the paper or the framework that defined it."""

    authors: str
    year: int
    title: str
    url: str = ""

    @property
    def credit(self) -> str:
        """Whose it is, with the year behind the first of several: Legendre (1805); Gauss (1809)."""
        first, *others = self.authors.split(";")
        return ";".join([f"{first} ({self.year})", *others])


@dataclass(frozen=True)
class Code:
    """The function's spelling in four frameworks, as ``string.Template`` texts.

    Every parameter is written out as ``$name``, because defaults differ between
    frameworks. ``x`` is the input and ``y`` the result.
    """

    numpy: str
    pytorch: str
    keras: str
    jax: str


class Family(Enum):
    """The chapters in which activations are taught, in order."""

    LINES_AND_STEPS = "Lines and steps"
    SIGMOIDS = "S-shaped"
    RECTIFIERS = "Rectifiers"
    EXPONENTIAL = "Exponential rectifiers"
    GATED = "Smooth and self-gated"
    SHRINKAGE = "Shrinkage"
    WAVES_AND_BUMPS = "Waves and bumps"


Function = Callable[..., FloatArray]
"""A plain function on an array, with its parameters by keyword; the result has the
broadcast shape of the input and the parameters."""


def no_breaks(**parameters: Scalar) -> tuple[float, ...]:
    """Return the empty tuple: one formula holds on the whole real line."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every entry of a catalogue has: names, a formula, advice, code and parameters."""

    key: str
    name: str
    order: int
    formula: str
    insight: str
    use: str
    avoid: str
    strengths: tuple[str, ...]
    weaknesses: tuple[str, ...]
    origin: Origin
    code: Code
    parameters: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        names = [p.name for p in self.parameters]
        for function in self._functions():
            signature = list(inspect.signature(function).parameters)
            if signature[len(signature) - len(names) :] != names:
                raise CatalogueError(f"{self.key}: {function} does not take {names}")
            if len(signature) - len(names) != self._inputs():
                raise CatalogueError(f"{self.key}: {function} takes a parameter not in {names}")
        for framework in FRAMEWORKS:
            if set(Template(getattr(self.code, framework)).get_identifiers()) - set(names):
                raise CatalogueError(f"{self.key}: the {framework} snippet names a stranger")

    @property
    def defaults(self) -> dict[str, float]:
        """The default of every parameter, by name."""
        return {p.name: p.default for p in self.parameters}

    def snippet(self, framework: str, **parameters: float) -> str:
        """Return the entry's spelling in ``framework``, every parameter written out."""
        values = {k: repr(float(v)) for k, v in {**self.defaults, **parameters}.items()}
        return Template(getattr(self.code, framework)).substitute(values)

    def resolve(self, parameters: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Fill in the defaults and check every value against its domain.

        Raises ``TypeError`` for an unknown name or a value that is no number,
        ``ValueError`` for one outside the domain.
        """
        unknown = set(parameters) - {p.name for p in self.parameters}
        if unknown:
            raise TypeError(f"{self.key} has no parameter {', '.join(sorted(unknown))}")
        resolved: dict[str, Scalar] = {}
        for p in self.parameters:
            value = parameters.get(p.name, p.default)
            try:
                one = isinstance(value, float)
                finite = math.isfinite(value) if one else np.all(np.isfinite(value))
                inside = finite and p.domain.contains(value)
            except (TypeError, ValueError) as error:
                raise TypeError(f"{self.key}: {p.name} must be a number, not {value!r}") from error
            if not inside:
                raise ValueError(
                    f"{self.key}: {p.name} must be finite and in {p.domain}, not {value}"
                )
            resolved[p.name] = value
        return resolved

    def _functions(self) -> tuple[Callable[..., Any], ...]:
        """Return every function that takes the parameters, behind its inputs."""
        return ()

    def _inputs(self) -> int:
        """Return how many arguments such a function takes before its parameters."""
        return 1


@dataclass(frozen=True, kw_only=True)
class Differentiable(Entry):
    """An entry that is a function of arrays, with its gradient.

    ``breaks`` returns, for given parameters, where branches of the formula meet, and
    ``at_breaks`` says which gradient is used there.
    """

    function: Function
    derivative: Function
    gradient_formula: str
    at_breaks: str = ""
    breaks: Callable[..., tuple[float, ...]] = no_breaks

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.at_breaks and self.breaks(**self.defaults):
            raise CatalogueError(f"{self.key}: say which gradient is used at the breaks")

    def _functions(self) -> tuple[Function, ...]:
        return self.function, self.derivative

    def _array(self, values: npt.ArrayLike, what: str = "input") -> FloatArray:
        """Return real numbers as an array: float32 as it is, all else as float64."""
        array = np.asarray(values)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"{self.key} takes real numbers as {what}, not {array.dtype}")
        return array if array.dtype == np.float32 else array.astype(np.float64, copy=False)

    def _values(self, parameters: Mapping[str, Scalar], dtype: np.dtype[Any]) -> dict[str, Scalar]:
        # A NumPy array parameter of another dtype would promote a float32 input.
        return {
            k: np.asarray(v, dtype=dtype) if isinstance(v, np.ndarray) else float(v)
            for k, v in self.resolve(parameters).items()
        }


@dataclass(frozen=True, kw_only=True)
class Activation(Differentiable):
    """An elementwise activation function with its exact gradient.

    Call it as ``elu(x, alpha=0.4)`` and ``elu.gradient(x, alpha=0.4)``. The
    result has the shape of ``x``; float32 stays float32 and everything else
    computes in float64. A parameter that is left out takes its default. A
    parameter may also be an array, which then broadcasts against ``x``.

    ``breaks`` returns, for given parameters, the points in ascending order where
    one branch of the formula meets the next; ``core.facts`` computes what
    happens there. ``parameter_derivatives`` holds ∂f/∂parameter where a
    parameter is learned.
    """

    family: Family
    parameter_derivatives: Mapping[str, Function] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = set(self.parameter_derivatives) - {p.name for p in self.parameters}
        if unknown:
            raise CatalogueError(f"{self.key}: no parameter named {sorted(unknown)}")

    def __call__(self, x: npt.ArrayLike, /, **parameters: Scalar) -> FloatArray:
        """Return f(x), elementwise.

        Raises ``TypeError`` for an unknown parameter or an input that is not
        real, ``ValueError`` for a parameter outside its domain.
        """
        return self._evaluate(self.function, x, parameters)

    def gradient(self, x: npt.ArrayLike, /, **parameters: Scalar) -> FloatArray:
        """Return df/dx, elementwise; at a kink, the value that PyTorch uses.

        Raises as calling the function itself does.
        """
        return self._evaluate(self.derivative, x, parameters)

    def parameter_gradient(
        self, name: str, x: npt.ArrayLike, /, **parameters: Scalar
    ) -> FloatArray:
        """Return ∂f/∂name, elementwise, for a parameter that is learned.

        Raises ``KeyError`` where the entry declares no such derivative, and
        otherwise as calling the function does.
        """
        return self._evaluate(self.parameter_derivatives[name], x, parameters)

    def _functions(self) -> tuple[Function, ...]:
        return *super()._functions(), *self.parameter_derivatives.values()

    def _evaluate(
        self, function: Function, x: npt.ArrayLike, parameters: Mapping[str, Scalar]
    ) -> FloatArray:
        array = self._array(x)
        return np.asarray(function(array, **self._values(parameters, array.dtype)))


class Graph(Protocol):
    """A function of one number, as it is drawn: an activation, or a loss at a fixed target."""

    @property
    def key(self) -> str:
        """The key of the catalogue entry behind it."""
        ...

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The numbers that shape it."""
        ...

    @property
    def breaks(self) -> Callable[..., tuple[float, ...]]:
        """The points where branches meet, for given parameters."""
        ...

    def resolve(self, parameters: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Fill in and check parameters."""
        ...

    def __call__(self, x: npt.ArrayLike, /, **parameters: Scalar) -> FloatArray:
        """Return the value, elementwise."""
        ...

    def gradient(self, x: npt.ArrayLike, /, **parameters: Scalar) -> FloatArray:
        """Return the derivative, elementwise."""
        ...


@dataclass(frozen=True)
class Labels:
    """A finite set of numbers, such as the labels −1 and +1."""

    values: tuple[float, ...]

    def contains(self, values: npt.ArrayLike) -> bool:
        """Tell whether every one of ``values`` is one of the labels."""
        return bool(np.all(np.isin(np.asarray(values), self.values)))

    def __str__(self) -> str:
        return "{" + ", ".join(f"{v:g}" for v in self.values).replace("-", "−") + "}"


@dataclass(frozen=True)
class Simplex:
    """Distributions over the last axis: no entry negative, the sum 1 up to rounding."""

    def contains(self, values: npt.ArrayLike) -> bool:
        """Tell whether every row of ``values`` is a distribution."""
        rows = np.asarray(values, dtype=np.float64)
        if rows.ndim == 0 or not np.all(rows >= 0):
            return False
        return bool(np.all(np.abs(rows.sum(axis=-1) - 1) <= 1e-5))

    def __str__(self) -> str:
        return "the distributions (no entry negative, sum 1)"


Domain = Interval | Labels | Simplex
UNIT = Interval(low=0.0, high=1.0, low_closed=True, high_closed=True)
SIGNS = Labels((-1.0, 1.0))


class Axis(Enum):
    """What a loss is a function of; only losses with the same axis can be compared."""

    RESIDUAL = "residual"
    MARGIN = "margin"
    PROBABILITY = "probability"
    LOGIT = "logit"
    DISTRIBUTION = "distribution"
    MASK = "mask"


@dataclass(frozen=True, kw_only=True)
class Loss(Differentiable):
    """A loss with its exact gradient with respect to the prediction; no mean is taken.

    Call it as ``huber(prediction, target, delta=1.5)``. Prediction and target broadcast
    against each other. A float32 prediction computes in float32, all else in float64.
    The value is elementwise; where ``reduces`` is true it is one number for the last
    axis, over which the gradient still runs. A loss of distributions takes an integer
    array with one axis fewer than the prediction as class indices.

    ``breaks`` are points of the axis: of the residual prediction − target, of the margin
    target · score. ``minimiser`` names what a constant prediction has to be to make the
    expected loss smallest, ``noise`` the noise model that the loss is the negative log
    likelihood of; empty where there is none.
    """

    axis: Axis
    predictions: Domain
    targets: Domain
    minimiser: str = ""
    noise: str = ""
    reduces: bool = False

    def __call__(
        self, prediction: npt.ArrayLike, target: npt.ArrayLike, /, **parameters: Scalar
    ) -> FloatArray:
        """Return the loss, elementwise or for each row.

        Raises ``TypeError`` for an unknown parameter or an input that is not real, and
        ``ValueError`` for a prediction, target or parameter outside its domain; nan passes,
        except in a distribution.
        """
        return self._evaluate(self.function, prediction, target, parameters)

    def gradient(
        self, prediction: npt.ArrayLike, target: npt.ArrayLike, /, **parameters: Scalar
    ) -> FloatArray:
        """Return d loss / d prediction, in the shape of prediction and target together.

        At a kink it is the value stated in ``at_breaks``. Raises as the loss itself does.
        """
        return self._evaluate(self.derivative, prediction, target, parameters)

    def _inputs(self) -> int:
        return 2

    def _evaluate(
        self,
        function: Function,
        prediction: npt.ArrayLike,
        target: npt.ArrayLike,
        parameters: Mapping[str, Scalar],
    ) -> FloatArray:
        guess = self._array(prediction, "prediction")
        truth = np.asarray(target)
        if (
            self.axis is Axis.DISTRIBUTION
            and truth.dtype.kind in "iu"
            and truth.ndim == guess.ndim - 1
        ):
            truth = self._one_hot(truth, guess.shape[-1])
        truth = self._array(truth, "target").astype(guess.dtype, copy=False)
        for what, values, domain in (
            ("prediction", guess, self.predictions),
            ("target", truth, self.targets),
        ):
            known = values[~np.isnan(values)] if isinstance(domain, Interval | Labels) else values
            if not domain.contains(known):
                rows = known.shape[-1:] if isinstance(domain, Simplex) else ()
                bad = next(v for v in known.reshape(-1, *rows) if not domain.contains(v))
                raise ValueError(f"{self.key}: the {what} must be in {domain}, not {bad}")
        return np.asarray(function(guess, truth, **self._values(parameters, guess.dtype)))

    def _one_hot(self, classes: npt.NDArray[Any], count: int) -> FloatArray:
        strangers = classes[(classes < 0) | (classes >= count)]
        if strangers.size:
            raise ValueError(
                f"{self.key}: a class index must be in 0 to {count - 1}, not {strangers[0]}"
            )
        rows: FloatArray = np.eye(count)[classes]
        return rows


@dataclass(frozen=True, kw_only=True)
class Regulariser(Differentiable):
    """A penalty on a parameter vector (the last axis), with its proximal step.

    ``derivative`` is a (sub)gradient, elementwise; at a kink the value in ``at_breaks``.
    ``proximal`` takes the vector, the step and the parameters, and returns
    argmin over v of penalty(v) + |v − vector|² / (2 step).
    """

    proximal: Function

    def __call__(self, vector: npt.ArrayLike, /, **parameters: Scalar) -> FloatArray:
        """Return the penalty, one number for the last axis; raises as an activation does."""
        array = self._array(vector)
        return np.asarray(self.function(array, **self._values(parameters, array.dtype)))

    def gradient(self, vector: npt.ArrayLike, /, **parameters: Scalar) -> FloatArray:
        """Return the (sub)gradient in the shape of ``vector``."""
        array = self._array(vector)
        return np.asarray(self.derivative(array, **self._values(parameters, array.dtype)))

    def prox(self, vector: npt.ArrayLike, step: float, /, **parameters: Scalar) -> FloatArray:
        """Return the proximal step from ``vector``; raises ``ValueError`` unless step > 0."""
        if not step > 0:
            raise ValueError(f"{self.key}: the step must be positive, not {step}")
        array = self._array(vector)
        return np.asarray(self.proximal(array, step, **self._values(parameters, array.dtype)))


def here(position: FloatArray, state: Any, **parameters: Scalar) -> FloatArray:
    """Return ``position``: most optimizers take the gradient where they stand."""
    return position


def no_terms(gradient: FloatArray, state: Any, **parameters: Scalar) -> Mapping[str, FloatArray]:
    """Return nothing: the state holds all that the update is made of."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Optimizer(Entry):
    """A rule that turns gradients into steps: a pure ``init`` and a pure ``update``.

    All arrays have the shape (..., d), so that many starts run at once; a parameter may be
    an array that broadcasts against them, such as (n, 1) rates for n starts.

    - ``init(position, **parameters)`` returns the state before the first step, a
      ``NamedTuple`` of arrays and of the number ``t`` of steps taken where it is needed.
    - ``update(gradient, state, position, learning_rate, ...)`` returns the next position and
      state, and changes neither of those it is given.
    - ``look_ahead(position, state, **parameters)`` is where the gradient is to be taken.
    - ``terms(gradient, state, **parameters)`` names what the last update went through on its
      way and the state does not hold, by its symbol: for Adam the corrected moments.

    The first parameter is ``learning_rate``. ``state_symbols`` names the state's fields as
    formulas do. ``conventions`` says where PyTorch, Keras and optax part.
    """

    init: Callable[..., Any]
    update: Callable[..., tuple[FloatArray, Any]]
    look_ahead: Callable[..., FloatArray] = here
    terms: Callable[..., Mapping[str, FloatArray]] = no_terms
    state_symbols: Mapping[str, str] = field(default_factory=dict)
    conventions: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.parameters or self.parameters[0].name != "learning_rate":
            raise CatalogueError(f"{self.key}: the first parameter is learning_rate")

    def _functions(self) -> tuple[Callable[..., Any], ...]:
        return (self.update,)

    def _inputs(self) -> int:
        return 3


EntryT = TypeVar("EntryT", bound=Entry)


def load_catalogue(package: str, path: Iterable[str], kind: type[EntryT]) -> Mapping[str, EntryT]:
    """Import every module of ``package`` and return its ``SPEC``s in teaching order.

    Raises ``CatalogueError`` for a module without a ``SPEC`` of ``kind``, a key
    that is not the file's name, or two entries that claim the same place.
    """
    entries: list[EntryT] = []
    for module_info in pkgutil.iter_modules(list(path)):
        spec = getattr(importlib.import_module(f"{package}.{module_info.name}"), "SPEC", None)
        if not isinstance(spec, kind):
            raise CatalogueError(f"{package}.{module_info.name} holds no SPEC of {kind.__name__}")
        if spec.key != module_info.name:
            raise CatalogueError(f"{package}.{module_info.name} calls itself {spec.key}")
        entries.append(spec)
    entries.sort(key=lambda entry: entry.order)
    for one, other in itertools.pairwise(entries):
        if one.order == other.order:
            raise CatalogueError(f"{one.key} and {other.key} claim the same place {one.order}")
    return MappingProxyType({entry.key: entry for entry in entries})
