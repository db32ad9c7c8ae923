"""Each activation once more, as a SymPy expression written from its definition.

The catalogue computes; this module says what it should have computed. Nothing
here is shared with ``core``: an expression is the textbook form, with no care
for rounding, and is evaluated with so many digits that none is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import mpmath
import sympy as sp

DIGITS = 420
"""Working digits. 1 − tanh² and 1 + erf cancel down to the smallest double, 5e−324,
and still leave nearly a hundred digits."""

x = sp.Symbol("x", real=True)
alpha, beta, lambd, max_val, max_value, min_val = sp.symbols(
    "alpha beta lambd max_val max_value min_val", real=True
)
negative_slope, omega, scale, slope, theta, threshold, width = sp.symbols(
    "negative_slope omega scale slope theta threshold width", real=True
)

HALF = sp.Rational(1, 2)


def quick_exp(z: Any) -> Any:
    """Return e^z, and 0 below −10⁶: no double shows the difference, and it takes long."""
    return mpmath.mpf(0) if z < -(10**6) else mpmath.exp(z)


def sigmoid(z: sp.Expr) -> sp.Expr:
    """Return the logistic function of ``z``."""
    return 1 / (1 + sp.exp(-z))


def softplus(z: sp.Expr) -> sp.Expr:
    """Return log(1 + e^z)."""
    return sp.log(1 + sp.exp(z))


def clip(z: sp.Expr, low: sp.Expr, high: sp.Expr) -> sp.Expr:
    """Return ``z`` held between ``low`` and ``high``."""
    return sp.Piecewise((low, z <= low), (high, z >= high), (z, True))


def above(point: sp.Expr, right: sp.Expr, left: sp.Expr) -> sp.Expr:
    """Return ``right`` where x > point, else ``left``."""
    return sp.Piecewise((right, x > point), (left, True))


@dataclass(frozen=True)
class Formula:
    """An expression in ``x`` and its parameters, with the points where its branches meet."""

    expression: sp.Expr
    breaks: tuple[sp.Expr, ...] = ()

    @cached_property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """The free symbols other than x, by name."""
        return tuple(sorted(self.expression.free_symbols - {x}, key=str))

    def _compile(self, expression: sp.Expr) -> Any:
        modules = [{"exp": quick_exp}, "mpmath"]
        return sp.lambdify([x, *self.parameters], expression, modules, cse=True)

    @cached_property
    def _functions(self) -> dict[int, Any]:
        f1 = sp.diff(self.expression, x)
        return {k: self._compile(e) for k, e in enumerate((self.expression, f1, sp.diff(f1, x)))}

    @cached_property
    def _parameter_functions(self) -> dict[str, Any]:
        return {str(p): self._compile(sp.diff(self.expression, p)) for p in self.parameters}

    def _call(self, function: Any, point: float, values: Mapping[str, float], digits: int) -> Any:
        # A double is a binary fraction: mpf() takes it over without rounding.
        with mpmath.workdps(digits):
            arguments = [mpmath.mpf(values[str(p)]) for p in self.parameters]
            return mpmath.mpf(function(mpmath.mpf(point), *arguments))

    def derivative(
        self, order: int, point: float, values: Mapping[str, float], digits: int = DIGITS
    ) -> Any:
        """Return f (order 0), f′ (1) or f″ (2) at the double ``point``, as an mpf."""
        return self._call(self._functions[order], point, values, digits)

    def parameter_derivative(self, name: str, point: float, values: Mapping[str, float]) -> Any:
        """Return ∂f/∂name at the double ``point``, as an mpf."""
        return self._call(self._parameter_functions[name], point, values, DIGITS)

    def breaks_at(self, values: Mapping[str, float]) -> list[float]:
        """Return the breaks for these parameters, ascending, rounded to double."""
        substitution = {p: sp.Float(values[str(p)], 40) for p in self.parameters}
        return sorted(float(b.subs(substitution)) for b in self.breaks)


ZERO = sp.Integer(0)

FORMULAS: dict[str, Formula] = {
    "identity": Formula(x),
    "step": Formula(above(threshold, sp.Integer(1), ZERO), (threshold,)),
    "sigmoid": Formula(sigmoid(x)),
    "tanh": Formula(sp.tanh(x)),
    "softsign": Formula(above(ZERO, x / (1 + x), x / (1 - x)), (ZERO,)),
    "log_sigmoid": Formula(sp.log(sigmoid(x))),
    "hard_sigmoid": Formula(
        clip(slope * x + HALF, ZERO, sp.Integer(1)), (-HALF / slope, HALF / slope)
    ),
    "hardtanh": Formula(clip(x, min_val, max_val), (min_val, max_val)),
    "softshrink": Formula(
        sp.Piecewise((x - lambd, x > lambd), (x + lambd, x < -lambd), (0, True)), (-lambd, lambd)
    ),
    "hardshrink": Formula(
        sp.Piecewise((x, x > lambd), (x, x < -lambd), (0, True)), (-lambd, lambd)
    ),
    "tanhshrink": Formula(x - sp.tanh(x)),
    "relu": Formula(above(ZERO, x, ZERO), (ZERO,)),
    "squared_relu": Formula(above(ZERO, x**2, ZERO), (ZERO,)),
    "capped_relu": Formula(
        sp.Piecewise((max_value, x >= max_value), (x, x > 0), (negative_slope * x, True)),
        (ZERO, max_value),
    ),
    "leaky_relu": Formula(above(ZERO, x, negative_slope * x), (ZERO,)),
    "prelu": Formula(above(ZERO, x, negative_slope * x), (ZERO,)),
    "thresholded_relu": Formula(above(theta, x, ZERO), (theta,)),
    "elu": Formula(above(ZERO, x, alpha * (sp.exp(x) - 1)), (ZERO,)),
    "celu": Formula(above(ZERO, x, alpha * (sp.exp(x / alpha) - 1)), (ZERO,)),
    "selu": Formula(above(ZERO, scale * x, scale * alpha * (sp.exp(x) - 1)), (ZERO,)),
    "gelu": Formula(x * (1 + sp.erf(x / sp.sqrt(2))) / 2),
    "gelu_tanh": Formula(
        x * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (x + sp.Rational(44715, 10**6) * x**3))) / 2
    ),
    "swish": Formula(x * sigmoid(beta * x)),
    "hard_swish": Formula(
        x * clip(x + 3, ZERO, sp.Integer(6)) / 6, (sp.Integer(-3), sp.Integer(3))
    ),
    "mish": Formula(x * sp.tanh(softplus(x))),
    "softplus": Formula(softplus(beta * x) / beta),
    "sine": Formula(sp.sin(omega * x)),
    "gaussian": Formula(sp.exp(-((x / width) ** 2))),
}


@cache
def formula(key: str) -> Formula:
    """Return the entry's formula.

    Raises ``LookupError`` that says what to do for an entry that has none.
    """
    if key not in FORMULAS:
        raise LookupError(
            f"{key} has no expression in tests/formulas.py: write its definition there, "
            "so that the entry is held to it"
        )
    return FORMULAS[key]
