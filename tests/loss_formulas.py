"""Each loss and regulariser once more, written from its definition as SymPy expressions.

As in ``formulas.py`` nothing is shared with ``core``: these are the textbook forms, without
care for rounding, evaluated with so many digits that none is needed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath
import sympy as sp

from tests.formulas import DIGITS, HALF, Formula, alpha, beta, quick_exp, sigmoid, x

target, delta, tau, c, gamma, l1_ratio, smooth = sp.symbols(
    "target delta tau c gamma l1_ratio smooth", real=True
)

ZERO = sp.Integer(0)
ONE = sp.Integer(1)

r = x - target
m = target * x
u = (r / c) ** 2


def size(z: sp.Expr) -> sp.Expr:
    """Return |z| in branches, so that its derivatives hold no delta function."""
    return sp.Piecewise((z, z > 0), (-z, True))


def positive_part(z: sp.Expr) -> sp.Expr:
    """Return max(0, z)."""
    return sp.Piecewise((z, z > 0), (ZERO, True))


def certain(weight: sp.Expr, inside: sp.Expr) -> sp.Expr:
    """Return weight · ln(inside), which is 0 for weight 0."""
    return sp.Piecewise((ZERO, sp.Eq(weight, 0)), (weight * sp.log(inside), True))


# One number a prediction: x is the prediction, the breaks are residuals or margins.

FORMULAS: dict[str, Formula] = {
    "absolute_error": Formula(size(r), (ZERO,)),
    "squared_error": Formula(r**2),
    "smooth_l1": Formula(
        sp.Piecewise((r**2 / 2 / beta, size(r) < beta), (size(r) - beta / 2, True)),
        (-beta, beta),
    ),
    "huber": Formula(
        sp.Piecewise((r**2 / 2, size(r) <= delta), (delta * (size(r) - delta / 2), True)),
        (-delta, delta),
    ),
    "pseudo_huber": Formula(delta**2 * (sp.sqrt(1 + (r / delta) ** 2) - 1)),
    "log_cosh": Formula(sp.log((sp.exp(r) + sp.exp(-r)) / 2)),
    "quantile": Formula(sp.Piecewise((-tau * r, r < 0), ((1 - tau) * r, True)), (ZERO,)),
    "general_robust": Formula(
        (2 - alpha) / alpha * ((u / (2 - alpha) + 1) ** (alpha / 2) - 1),
    ),
    "zero_one": Formula(sp.Piecewise((ONE, m <= 0), (ZERO, True)), (ZERO,)),
    "perceptron": Formula(positive_part(-m), (ZERO,)),
    "hinge": Formula(positive_part(1 - m), (ONE,)),
    "squared_hinge": Formula(positive_part(1 - m) ** 2, (ONE,)),
    "logistic": Formula(sp.log(1 + sp.exp(-m))),
    "exponential": Formula(sp.exp(-m)),
    "binary_cross_entropy": Formula(-target * sp.log(x) - (1 - target) * sp.log(1 - x)),
    "brier": Formula((x - target) ** 2),
    "focal": Formula(
        sp.Piecewise(
            (-alpha * (1 - x) ** gamma * sp.log(x), sp.Eq(target, 1)),
            (-(1 - alpha) * x**gamma * sp.log(1 - x), True),
        )
    ),
    "sigmoid_cross_entropy": Formula(
        -target * sp.log(sigmoid(x)) - (1 - target) * sp.log(sigmoid(-x))
    ),
}

SPECIAL: dict[str, dict[tuple[str, float, float], Formula]] = {
    "general_robust": {
        ("alpha", 2.0, 0.0): Formula(u / 2),
        ("alpha", 0.0, 1e-60): Formula(sp.log(u / 2 + 1)),
    },
    "smooth_l1": {("beta", 0.0, 0.0): FORMULAS["absolute_error"]},
}
"""The limits at the parameter values for which the formula divides by 0: (name, value, how
near). Within 1e-60 of α = 0 no double shows a difference, and the formula has no digits left."""


def definition(key: str, values: Mapping[str, float] | None = None) -> Formula:
    """Return the formula of a loss that gives one number a prediction.

    Raises ``LookupError`` that says what to do for an entry that has none.
    """
    if key not in FORMULAS:
        raise _missing(key)
    for (name, value, near), special in SPECIAL.get(key, {}).items():
        if values and abs(values[name] - value) <= near:
            return special
    return FORMULAS[key]


def breaks_of(key: str, values: Mapping[str, float]) -> list[float]:
    """Return the residuals or margins where branches of the loss meet, ascending."""
    return definition(key, values).breaks_at({"target": 0.0, **values})


# One number a row: the definition takes the symbols of a row.


@dataclass(frozen=True)
class RowFormula:
    """A loss over the last axis: ``make(predictions, targets)`` gives the expression."""

    make: Callable[[Sequence[sp.Symbol], Sequence[sp.Symbol]], sp.Expr]
    parameters: tuple[sp.Symbol, ...] = ()

    def derivatives(
        self, row: Sequence[float], targets: Sequence[float], values: Mapping[str, float]
    ) -> tuple[Any, list[Any]]:
        """Return the value and the gradient with respect to the predictions, as mpfs."""
        with mpmath.workdps(DIGITS):
            numbers = [mpmath.mpf(float(v)) for v in (*row, *targets)]
            numbers += [mpmath.mpf(float(values[str(p)])) for p in self.parameters]
            value, *gradient = (mpmath.mpf(f(*numbers)) for f in _compiled(self, len(row)))
        return value, gradient


@cache
def _compiled(row_formula: RowFormula, count: int) -> list[Any]:
    predictions = sp.symbols(f"p:{count}", real=True)
    targets = sp.symbols(f"y:{count}", real=True)
    value = row_formula.make(predictions, targets)
    arguments = [*predictions, *targets, *row_formula.parameters]
    return [
        sp.lambdify(arguments, e, [{"exp": quick_exp}, "mpmath"])
        for e in (value, *(sp.diff(value, p) for p in predictions))
    ]


def _softmax_cross_entropy(z: Sequence[sp.Symbol], y: Sequence[sp.Symbol]) -> sp.Expr:
    total = sum(map(sp.exp, z))
    return -sum(yk * sp.log(sp.exp(zk) / total) for zk, yk in zip(z, y, strict=True))


def _tversky(
    p: Sequence[sp.Symbol], g: Sequence[sp.Symbol], a: sp.Expr, b: sp.Expr, s: sp.Expr
) -> sp.Expr:
    hit = sum(pk * gk for pk, gk in zip(p, g, strict=True))
    excess = sum(pk * (1 - gk) for pk, gk in zip(p, g, strict=True))
    missed = sum((1 - pk) * gk for pk, gk in zip(p, g, strict=True))
    return 1 - (hit + s) / (hit + a * excess + b * missed + s)


ROWS: dict[str, RowFormula] = {
    "softmax_cross_entropy": RowFormula(_softmax_cross_entropy),
    "categorical_cross_entropy": RowFormula(
        lambda p, y: -sum(yk * sp.log(pk) for pk, yk in zip(p, y, strict=True))
    ),
    "kl_divergence": RowFormula(
        lambda p, y: sum(certain(yk, yk / pk) for pk, yk in zip(p, y, strict=True))
    ),
    "reverse_kl_divergence": RowFormula(
        lambda p, y: sum(pk * sp.log(pk / yk) for pk, yk in zip(p, y, strict=True))
    ),
    "dice": RowFormula(
        lambda p, g: (
            1
            - (2 * sum(pk * gk for pk, gk in zip(p, g, strict=True)) + smooth)
            / (sum(p) + sum(g) + smooth)
        ),
        (smooth,),
    ),
    "tversky": RowFormula(lambda p, g: _tversky(p, g, alpha, beta, smooth), (alpha, beta, smooth)),
}


def row_definition(key: str) -> RowFormula:
    """Return the formula of a loss that gives one number a row; raises as ``definition``."""
    if key not in ROWS:
        raise _missing(key)
    return ROWS[key]


# What one weight x adds to a penalty.

PENALTIES: dict[str, Formula] = {
    "ridge": Formula(alpha * HALF * x**2),
    "lasso": Formula(alpha * size(x), (ZERO,)),
    "elastic_net": Formula(
        alpha * l1_ratio * size(x) + alpha * (1 - l1_ratio) * HALF * x**2, (ZERO,)
    ),
}


def penalty(key: str) -> Formula:
    """Return what one weight adds to a regulariser; raises as ``definition``."""
    if key not in PENALTIES:
        raise _missing(key)
    return PENALTIES[key]


def _missing(key: str) -> LookupError:
    return LookupError(
        f"{key} has no definition in tests/loss_formulas.py: write it there, "
        "so that the entry is held to it"
    )
