"""Mean-field theory: what a very wide random network does to its signal and its gradient.

Weights have variance σ_w²/fan-in and biases σ_b². With many units a layer's
pre-activations z are normal, and three numbers say everything (Poole et al. 2016,
Schoenholz et al. 2017):

    variance       q' = σ_w² E[f(√q z)²] + σ_b²
    correlation    c' = (σ_w² E[f(u₁) f(u₂)] + σ_b²) / q'    of two inputs, u₁ and u₂
    gradient       E|∂L/∂z|² = χ E|∂L/∂z'|²,   χ = σ_w² E[f′(√q z)²]

q settles at a fixed point q*, and χ₁ = χ(q*) then tells whether gradients vanish (< 1)
or explode (> 1) on their way back, by the same factor in every layer.

**Accuracy.** :func:`moments` holds 10 digits (see ``core.mean_field.gaussian``). A :class:`Table`
is read between its nodes by cubics with exact slopes, to a relative 2·10⁻⁶ or, where f is
flat around 0 and its moments are all but nothing, to an absolute 10⁻⁷ of E f²/q.
:func:`settle` and :func:`fixed_points` end with the exact moments; what is computed for
many networks at once, :func:`reach` and :func:`layers`, rests on the table alone.

**Jumps.** Where f jumps, as a step does, f′ has a delta that the χ of backpropagation
does not see: χ counts the gradient that a network really passes back (0 for a step).
The slope of the correlation map sees the jump, and is infinite at c = 1.
"""

from core.mean_field.by_layer import (
    Estimate,
    Layers,
    decay_estimate,
    layers,
    stacks,
    variance_estimate,
)
from core.mean_field.expectations import Moments, Table, jumps, moments, table, tables, waves
from core.mean_field.variance import (
    Fate,
    FixedPoint,
    Reached,
    Settled,
    fixed_points,
    next_variance,
    reach,
    settle,
)

__all__ = [
    "Estimate",
    "Fate",
    "FixedPoint",
    "Layers",
    "Moments",
    "Reached",
    "Settled",
    "Table",
    "decay_estimate",
    "fixed_points",
    "jumps",
    "layers",
    "moments",
    "next_variance",
    "reach",
    "settle",
    "stacks",
    "table",
    "tables",
    "variance_estimate",
    "waves",
]
