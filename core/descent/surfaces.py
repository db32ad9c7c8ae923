"""Surfaces to walk down: functions of two numbers with exact gradients and Hessians.

A :class:`Surface` is the function with its sliders; ``surface.at(...)`` fixes these and
gives a :class:`Ground`, which is all that a walk, a map or a picture needs. Anything else
with the same attributes, such as the loss of a model in its two weights, will do as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from core.spec import FloatArray, Interval, Origin, Parameter, Scalar

Point = tuple[float, float]
Window = tuple[tuple[float, float], tuple[float, float]]


Field = Callable[..., FloatArray]
Minima = Callable[..., tuple[Point, ...]]


@dataclass(frozen=True, eq=False)
class Ground:
    """A surface whose parameters are fixed, with its window and its minima.

    ``value``, ``gradient`` and ``hessian`` take w and b, which broadcast; the gradient has one
    axis of 2 more than they have together, the Hessian two.

    ``noise`` is the standard deviation that each component of a gradient has when it is
    measured; value, gradient and Hessian are exact. ``wavelength`` is the length of its
    shortest wave, which a grid has to resolve.
    """

    name: str
    value: Field
    gradient: Field
    hessian: Field
    window: Window
    minima: tuple[Point, ...]
    start: Point
    noise: float = 0.0
    quadratic: bool = False
    wavelength: float = np.inf

    def slope(self, position: FloatArray) -> FloatArray:
        """Return the gradient at positions (..., 2), as an optimizer takes it."""
        return self.gradient(position[..., 0], position[..., 1])


@dataclass(frozen=True)
class Surface:
    """A family of surfaces with what has to be said about it.

    ``function``, ``derivative`` and ``second`` take w and b and the parameters; ``minima``
    takes the parameters and returns all local minima within the window, deepest first.
    """

    key: str
    name: str
    formula: str
    insight: str
    origin: Origin
    window: Window
    start: Point
    function: Field
    derivative: Field
    second: Field
    minima: Minima
    parameters: tuple[Parameter, ...] = ()
    quadratic: bool = False
    wavelength: float = np.inf

    @property
    def defaults(self) -> dict[str, float]:
        """The default of every parameter, by name."""
        return {p.name: p.default for p in self.parameters}

    def at(self, **parameters: float) -> Ground:
        """Fix the parameters; one left out takes its default.

        Raises ``TypeError`` for a parameter it does not have, ``ValueError`` for one outside
        its domain.
        """
        unknown = set(parameters) - set(self.defaults)
        if unknown:
            raise TypeError(f"{self.key} has no parameter {', '.join(sorted(unknown))}")
        values = {**self.defaults, **parameters}
        for p in self.parameters:
            if not p.domain.contains(values[p.name]):
                raise ValueError(f"{self.key}: {p.name} must be in {p.domain}")
        noise = values.pop("sigma", 0.0)
        return Ground(
            name=self.name,
            value=partial(self.function, **values),
            gradient=partial(self.derivative, **values),
            hessian=partial(self.second, **values),
            window=self.window,
            minima=self.minima(**values),
            start=self.start,
            noise=noise,
            quadratic=self.quadratic,
            wavelength=self.wavelength,
        )


def _pair(first: npt.ArrayLike, second: npt.ArrayLike) -> FloatArray:
    """Stack two components on a new last axis; in memory each of them stays in one piece."""
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    result = np.empty((2, *np.broadcast_shapes(one.shape, two.shape)))
    result[0] = one
    result[1] = two
    return np.moveaxis(result, 0, -1)


def _matrix(ww: npt.ArrayLike, wb: npt.ArrayLike, bb: npt.ArrayLike) -> FloatArray:
    """Return the symmetric matrix of second derivatives."""
    one, mixed, two = np.broadcast_arrays(ww, wb, bb)
    return np.stack([_pair(one, mixed), _pair(mixed, two)], axis=-2)


def _arrays(w: npt.ArrayLike, b: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    return np.asarray(w, dtype=np.float64), np.asarray(b, dtype=np.float64)


# ---------------------------------------------------------------- the bowl


def _bowl_matrix(condition: Scalar, angle: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    """Return the Hessian's ww, wb and bb: eigenvalues 1 and κ, the steep axis turned by angle."""
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    return (
        cos * cos + condition * sin * sin,
        (1 - condition) * cos * sin,
        sin * sin + condition * cos * cos,
    )


def bowl(
    w: npt.ArrayLike, b: npt.ArrayLike, condition: Scalar = 10.0, angle: Scalar = 0.0
) -> FloatArray:
    """Return ½uᵀHu for u = (w, b): curvature 1 along one axis, κ along the other."""
    (x, y), (ww, wb, bb) = _arrays(w, b), _bowl_matrix(condition, angle)
    return np.asarray((ww * x * x + bb * y * y) / 2 + wb * x * y)


def bowl_gradient(
    w: npt.ArrayLike, b: npt.ArrayLike, condition: Scalar = 10.0, angle: Scalar = 0.0
) -> FloatArray:
    """Return Hu."""
    (x, y), (ww, wb, bb) = _arrays(w, b), _bowl_matrix(condition, angle)
    return _pair(ww * x + wb * y, wb * x + bb * y)


def bowl_hessian(
    w: npt.ArrayLike, b: npt.ArrayLike, condition: Scalar = 10.0, angle: Scalar = 0.0
) -> FloatArray:
    """Return H, the same everywhere."""
    zero = np.zeros(np.broadcast_shapes(np.shape(w), np.shape(b)))
    ww, wb, bb = _bowl_matrix(condition, angle)
    return _matrix(ww + zero, wb + zero, bb + zero)


# ---------------------------------------------------------------- ravine, saddle, plateau


def ravine(w: npt.ArrayLike, b: npt.ArrayLike, steepness: Scalar = 20.0) -> FloatArray:
    """Return a winding valley along b = sin w, whose floor falls gently towards w = 0."""
    x, y = _arrays(w, b)
    return np.asarray(steepness / 2 * (y - np.sin(x)) ** 2 + x * x / 20)


def ravine_gradient(w: npt.ArrayLike, b: npt.ArrayLike, steepness: Scalar = 20.0) -> FloatArray:
    """Return the ravine's gradient."""
    x, y = _arrays(w, b)
    off = steepness * (y - np.sin(x))
    return _pair(x / 10 - off * np.cos(x), off)


def ravine_hessian(w: npt.ArrayLike, b: npt.ArrayLike, steepness: Scalar = 20.0) -> FloatArray:
    """Return the ravine's Hessian."""
    x, y = _arrays(w, b)
    cos, sin = np.cos(x), np.sin(x)
    return _matrix(
        0.1 + steepness * (cos**2 + (y - sin) * sin), -steepness * cos, steepness + 0 * (x + y)
    )


def saddle(w: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Return ½w² − ½b² + ¼b⁴: a saddle at the origin between two minima."""
    x, y = _arrays(w, b)
    return np.asarray((x * x - y * y) / 2 + y**4 / 4)


def saddle_gradient(w: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Return (w, b³ − b)."""
    x, y = _arrays(w, b)
    return _pair(x, y * y * y - y)


def saddle_hessian(w: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Return the saddle's Hessian."""
    x, y = _arrays(w, b)
    return _matrix(1 + 0 * x, 0 * (x + y), 3 * y * y - 1)


def plateau(w: npt.ArrayLike, b: npt.ArrayLike, width: Scalar = 1.0) -> FloatArray:
    """Return 1 − exp(−(w² + b²)/(2s²)): a hole of width s in a plain that is almost flat."""
    x, y = _arrays(w, b)
    return np.asarray(-np.expm1(-(x * x + y * y) / (2 * width * width)))


def plateau_gradient(w: npt.ArrayLike, b: npt.ArrayLike, width: Scalar = 1.0) -> FloatArray:
    """Return (w, b)/s² times the exponential."""
    x, y = _arrays(w, b)
    e = np.exp(-(x * x + y * y) / (2 * width * width)) / (width * width)
    return _pair(x * e, y * e)


def plateau_hessian(w: npt.ArrayLike, b: npt.ArrayLike, width: Scalar = 1.0) -> FloatArray:
    """Return the plateau's Hessian."""
    x, y = _arrays(w, b)
    s2 = width * width
    e = np.exp(-(x * x + y * y) / (2 * s2)) / s2
    return _matrix(e * (1 - x * x / s2), -e * x * y / s2, e * (1 - y * y / s2))


# ---------------------------------------------------------------- test functions of old


def rosenbrock(w: npt.ArrayLike, b: npt.ArrayLike, steepness: Scalar = 100.0) -> FloatArray:
    """Return (1 − w)² + s(b − w²)²."""
    x, y = _arrays(w, b)
    return np.asarray((1 - x) ** 2 + steepness * (y - x * x) ** 2)


def rosenbrock_gradient(
    w: npt.ArrayLike, b: npt.ArrayLike, steepness: Scalar = 100.0
) -> FloatArray:
    """Return Rosenbrock's gradient."""
    x, y = _arrays(w, b)
    off = 2 * steepness * (y - x * x)
    return _pair(2 * (x - 1) - 2 * x * off, off)


def rosenbrock_hessian(w: npt.ArrayLike, b: npt.ArrayLike, steepness: Scalar = 100.0) -> FloatArray:
    """Return Rosenbrock's Hessian."""
    x, y = _arrays(w, b)
    return _matrix(
        2 - 4 * steepness * (y - 3 * x * x), -4 * steepness * x, 2 * steepness + 0 * (x + y)
    )


def beale(w: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Return Σ (cᵢ − w(1 − bⁱ))² for c = 1.5, 2.25 and 2.625."""
    x, y = _arrays(w, b)
    return np.asarray(sum((c - x * (1 - power)) ** 2 for _, c, power, _, _ in _beale(y)))


def beale_gradient(w: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Return Beale's gradient."""
    x, y = _arrays(w, b)
    by_w, by_b = 0 * (x + y), 0 * (x + y)
    for i, c, power, lower, _ in _beale(y):
        rest = 2 * (c - x * (1 - power))
        by_w = by_w - rest * (1 - power)
        by_b = by_b + rest * (i * x * lower)
    return _pair(by_w, by_b)


def beale_hessian(w: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Return Beale's Hessian."""
    x, y = _arrays(w, b)
    ww, wb, bb = 0 * (x + y), 0 * (x + y), 0 * (x + y)
    for i, c, power, lower, lowest in _beale(y):
        rest, slope, curve = c - x * (1 - power), i * lower, i * (i - 1) * lowest
        ww = ww + 2 * (1 - power) ** 2
        wb = wb + 2 * slope * (rest - x * (1 - power))
        bb = bb + 2 * ((x * slope) ** 2 + rest * x * curve)
    return _matrix(ww, wb, bb)


def _beale(y: FloatArray) -> tuple[tuple[int, float, FloatArray, FloatArray, FloatArray], ...]:
    """Return i, cᵢ and the powers i, i − 1 and i − 2 of y, as far as they are needed."""
    # Products: a power of an array costs fifty times as much.
    one, square = np.ones_like(y), y * y
    return (1, 1.5, y, one, one), (2, 2.25, square, y, one), (3, 2.625, square * y, square, y)


def himmelblau(w: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Return (w² + b − 11)² + (w + b² − 7)²: four minima, all of depth 0."""
    x, y = _arrays(w, b)
    return np.asarray((x * x + y - 11) ** 2 + (x + y * y - 7) ** 2)


def himmelblau_gradient(w: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Return Himmelblau's gradient."""
    x, y = _arrays(w, b)
    one, two = 2 * (x * x + y - 11), 2 * (x + y * y - 7)
    return _pair(2 * x * one + two, one + 2 * y * two)


def himmelblau_hessian(w: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Return Himmelblau's Hessian."""
    x, y = _arrays(w, b)
    return _matrix(12 * x * x + 4 * y - 42, 4 * (x + y), 12 * y * y + 4 * x - 26)


def _himmelblau_minima() -> tuple[Point, ...]:
    # Newton from a point near each; (3, 2) is exact.
    found = []
    for start in ((3.0, 2.0), (-2.8, 3.1), (-3.8, -3.3), (3.6, -1.8)):
        at = np.array(start)
        for _ in range(8):
            at = at - np.linalg.solve(himmelblau_hessian(*at), himmelblau_gradient(*at))
        found.append((float(at[0]), float(at[1])))
    return tuple(found)


def rastrigin(w: npt.ArrayLike, b: npt.ArrayLike, amplitude: Scalar = 10.0) -> FloatArray:
    """Return 2A + Σ(x² − A cos 2πx): a bowl full of dimples."""
    x, y = _arrays(w, b)
    waves = np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)
    return np.asarray(2 * amplitude + x * x + y * y - amplitude * waves)


def rastrigin_gradient(w: npt.ArrayLike, b: npt.ArrayLike, amplitude: Scalar = 10.0) -> FloatArray:
    """Return Rastrigin's gradient."""
    x, y = _arrays(w, b)
    a = 2 * np.pi * amplitude
    return _pair(2 * x + a * np.sin(2 * np.pi * x), 2 * y + a * np.sin(2 * np.pi * y))


def rastrigin_hessian(w: npt.ArrayLike, b: npt.ArrayLike, amplitude: Scalar = 10.0) -> FloatArray:
    """Return Rastrigin's Hessian."""
    x, y = _arrays(w, b)
    a = 4 * np.pi**2 * amplitude
    return _matrix(2 + a * np.cos(2 * np.pi * x), 0 * (x + y), 2 + a * np.cos(2 * np.pi * y))


_RASTRIGIN_REACH = 5.12


def _rastrigin_minima(amplitude: float = 10.0) -> tuple[Point, ...]:
    """Return the pairs of the minima along one axis, found by bisection of its derivative."""
    x = np.linspace(-_RASTRIGIN_REACH, _RASTRIGIN_REACH, 2002)
    slope = 2 * x + 2 * np.pi * amplitude * np.sin(2 * np.pi * x)
    rising = np.flatnonzero((slope[:-1] < 0) & (slope[1:] >= 0))
    low, high = x[rising], x[rising + 1]
    for _ in range(60):
        middle = (low + high) / 2
        below = 2 * middle + 2 * np.pi * amplitude * np.sin(2 * np.pi * middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    # The one at the origin is exact.
    roots = np.where(np.abs(low) < 1e-9, 0.0, (low + high) / 2)
    pairs = [(float(a), float(b)) for a in roots for b in roots]
    return tuple(sorted(pairs, key=lambda p: float(rastrigin(p[0], p[1], amplitude))))


# ---------------------------------------------------------------- the catalogue


def _origin_only(**_: float) -> tuple[Point, ...]:
    return ((0.0, 0.0),)


_CONDITION = Parameter(
    name="condition",
    symbol="κ",
    default=10.0,
    low=1.0,
    high=100.0,
    step=3.0,
    meaning="condition number: the largest curvature divided by the smallest, which is 1",
    domain=Interval(low=1.0, low_closed=True),
)
_ANGLE = Parameter(
    name="angle",
    symbol="φ",
    default=0.0,
    low=0.0,
    high=90.0,
    step=5.0,
    meaning="degrees by which the bowl is turned against the axes",
)


def _steepness(default: float, high: float, meaning: str) -> Parameter:
    return Parameter(
        name="steepness",
        symbol="s",
        default=default,
        low=5.0,
        high=high,
        step=5.0,
        meaning=meaning,
        domain=Interval(low=0.0),
    )


_SQUARE: Window = ((-3.0, 3.0), (-2.0, 2.0))

_SURFACES = (
    Surface(
        key="bowl",
        name="Bowl",
        formula=(
            r"f(u)=\tfrac12\,u^{\mathsf T}R_\varphi\begin{pmatrix}1&0\\0&\kappa\end{pmatrix}"
            r"R_\varphi^{\mathsf T}u"
        ),
        insight="All that theory promises holds here exactly.",
        origin=Origin(
            authors="Goh",
            year=2017,
            title="Why momentum really works",
            url="https://distill.pub/2017/momentum/",
        ),
        window=_SQUARE,
        start=(-2.4, 1.6),
        function=bowl,
        derivative=bowl_gradient,
        second=bowl_hessian,
        minima=_origin_only,
        parameters=(_CONDITION, _ANGLE),
        quadratic=True,
    ),
    Surface(
        key="ravine",
        name="Ravine",
        formula=r"f(w,b)=\tfrac{s}{2}(b-\sin w)^2+\tfrac{1}{20}w^2",
        insight="The walls are steep, the floor hardly falls, and it bends.",
        origin=Origin(
            authors="After Sutton",
            year=1986,
            title=(
                "Two problems with backpropagation and other steepest-descent learning"
                " procedures for networks"
            ),
            url="https://escholarship.org/uc/item/2z66t36g",
        ),
        window=((-6.0, 6.0), (-4.0, 4.0)),
        start=(-5.0, 2.4),
        function=ravine,
        derivative=ravine_gradient,
        second=ravine_hessian,
        minima=_origin_only,
        parameters=(_steepness(20.0, 100.0, "curvature of the walls"),),
    ),
    Surface(
        key="saddle",
        name="Saddle",
        formula=r"f(w,b)=\tfrac12w^2-\tfrac12b^2+\tfrac14b^4",
        insight="From near b = 0 the way leads to the saddle first, and out of it slowly.",
        origin=Origin(
            authors="Dauphin et al.",
            year=2014,
            title=(
                "Identifying and attacking the saddle point problem in high-dimensional"
                " non-convex optimization"
            ),
            url="https://arxiv.org/abs/1406.2572",
        ),
        window=((-2.4, 2.4), (-1.6, 1.6)),
        start=(-2.0, 0.01),
        function=saddle,
        derivative=saddle_gradient,
        second=saddle_hessian,
        minima=lambda: ((0.0, -1.0), (0.0, 1.0)),
    ),
    Surface(
        key="plateau",
        name="Plateau",
        formula=r"f(w,b)=1-e^{-(w^2+b^2)/(2s^2)}",
        insight="Far out there is almost no slope: what matters is what a method makes of little.",
        origin=Origin(
            authors="After Schaul, Antonoglou and Silver",
            year=2014,
            title="Unit tests for stochastic optimization",
            url="https://arxiv.org/abs/1312.6055",
        ),
        window=((-6.0, 6.0), (-4.0, 4.0)),
        start=(-3.6, 1.6),
        function=plateau,
        derivative=plateau_gradient,
        second=plateau_hessian,
        minima=_origin_only,
        parameters=(
            Parameter(
                name="width",
                symbol="s",
                default=1.0,
                low=0.5,
                high=3.0,
                step=0.1,
                meaning="width of the hole",
                domain=Interval(low=0.0),
            ),
        ),
    ),
    Surface(
        key="rosenbrock",
        name="Rosenbrock",
        formula=r"f(w,b)=(1-w)^2+s\,(b-w^2)^2",
        insight="The valley is found at once, its end only after hundreds of steps.",
        origin=Origin(
            authors="Rosenbrock",
            year=1960,
            title="An automatic method for finding the greatest or least value of a function",
            url="https://doi.org/10.1093/comjnl/3.3.175",
        ),
        window=((-2.1, 2.1), (-1.0, 3.0)),
        start=(-1.2, 1.0),
        function=rosenbrock,
        derivative=rosenbrock_gradient,
        second=rosenbrock_hessian,
        minima=lambda steepness: ((1.0, 1.0),),
        parameters=(_steepness(100.0, 200.0, "steepness of the walls; 100 is Rosenbrock's own"),),
    ),
    Surface(
        key="beale",
        name="Beale",
        formula=r"f(w,b)=\sum_{i=1}^{3}\left(c_i-w\,(1-b^{\,i})\right)^2,\ c=1.5,\,2.25,\,2.625",
        insight="Flat in the middle, walls of over 10,000 in the corners.",
        origin=Origin(
            authors="Beale",
            year=1958,
            title=(
                "On an iterative method for finding a local minimum of a function of more than"
                " one variable"
            ),
        ),
        window=((-4.5, 4.5), (-3.0, 3.0)),
        start=(1.0, 1.6),
        function=beale,
        derivative=beale_gradient,
        second=beale_hessian,
        minima=lambda: ((3.0, 0.5),),
    ),
    Surface(
        key="himmelblau",
        name="Himmelblau",
        formula=r"f(w,b)=(w^2+b-11)^2+(w+b^2-7)^2",
        insight="Four minima, all equally deep: which one it will be depends on the way there.",
        origin=Origin(authors="Himmelblau", year=1972, title="Applied Nonlinear Programming"),
        window=((-6.0, 6.0), (-5.0, 5.0)),
        start=(0.0, 0.0),
        function=himmelblau,
        derivative=himmelblau_gradient,
        second=himmelblau_hessian,
        minima=_himmelblau_minima,
    ),
    Surface(
        key="rastrigin",
        name="Rastrigin",
        formula=r"f(w,b)=2A+w^2+b^2-A\,(\cos(2\pi w)+\cos(2\pi b))",
        insight="A descent method ends in a dimple near by, seldom in the deepest.",
        origin=Origin(authors="Rastrigin", year=1974, title="Systems of extremal control"),
        window=((-_RASTRIGIN_REACH, _RASTRIGIN_REACH), (-_RASTRIGIN_REACH, _RASTRIGIN_REACH)),
        start=(-3.6, 2.4),
        function=rastrigin,
        derivative=rastrigin_gradient,
        second=rastrigin_hessian,
        minima=_rastrigin_minima,
        wavelength=1.0,
        parameters=(
            Parameter(
                name="amplitude",
                symbol="A",
                default=10.0,
                low=0.0,
                high=20.0,
                step=1.0,
                meaning="depth of the dimples; 10 is usual",
                domain=Interval(low=0.0, low_closed=True),
            ),
        ),
    ),
    Surface(
        key="noisy_bowl",
        name="Noisy bowl",
        formula=(
            r"f(w,b)=\tfrac12w^2+\tfrac{\kappa}{2}b^2,\quad "
            r"g=\nabla f+\sigma\,\xi,\ \xi\sim\mathcal N(0,I)"
        ),
        insight="Each gradient is measured with an error, as it is on a batch of the data.",
        origin=Origin(
            authors="After Robbins and Monro", year=1951, title="A stochastic approximation method"
        ),
        window=_SQUARE,
        start=(-2.4, 1.6),
        function=bowl,
        derivative=bowl_gradient,
        second=bowl_hessian,
        minima=_origin_only,
        parameters=(
            _CONDITION,
            Parameter(
                name="sigma",
                symbol=r"\sigma",
                default=1.0,
                low=0.0,
                high=5.0,
                step=0.1,
                meaning="standard deviation of the error in each component of the gradient",
                domain=Interval(low=0.0, low_closed=True),
            ),
        ),
        quadratic=True,
    ),
)

SURFACES: Mapping[str, Surface] = MappingProxyType({s.key: s for s in _SURFACES})


def noise(steps: int, sigma: float, seed: int, shape: tuple[int, ...] = ()) -> FloatArray:
    """Return errors (steps, *shape, 2) for the gradients of a run, the same for each seed.

    Optimizers that race are given the same ones.
    """
    return sigma * np.random.default_rng(seed).standard_normal((steps, *shape, 2))
