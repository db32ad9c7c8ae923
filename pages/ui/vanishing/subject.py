"""What the theory is asked about, and what was measured of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from core import mean_field
from core.activations import ACTIVATIONS
from core.network import Dropout
from core.numeric import Real
from core.spec import Activation, FloatArray
from pages.ui.controls import Choice, Settings


class Plain(NamedTuple):
    """A stack as the theory knows it: plain layers of equal width.

    ``weight_variance`` is σ_w², the variance of a weight times fan-in, gain included;
    ``bias_variance`` σ_b²; ``input_second_moment`` the mean of x² over the inputs'
    features, input scale included. ``dropout`` and its rate move the rest of mean and
    variance alone.
    """

    key: str
    settings: Settings
    weight_variance: float
    bias_variance: float
    input_second_moment: float
    depth: int
    dropout: Dropout
    dropout_rate: float

    @property
    def activation(self) -> Activation:
        """The catalogue's entry."""
        return ACTIVATIONS[self.key]


def column(stacks: Sequence[Plain], name: str) -> np.ndarray[tuple[int], np.dtype[Any]]:
    """Return one field of several stacks, (S,)."""
    return np.array([getattr(one, name) for one in stacks])


def table(stacks: Sequence[Plain]) -> mean_field.Table:
    """Return the table of the stacks' activation: with a row each, if a parameter varies."""
    activation, every = stacks[0].activation, [dict(one.settings) for one in stacks]
    varied = [name for name in every[0] if len({one[name] for one in every}) > 1]
    if not varied:
        return mean_field.table(activation, **every[0])
    values = tuple(one[varied[0]] for one in every)
    return mean_field.tables(activation, varied[0], values, **every[0])


@dataclass(frozen=True)
class Subject:
    """The stack that the theory is asked about, and the activation as picked.

    ``beyond`` names, as they read in a sentence, the parts of the stack that the theory
    leaves out ("batch normalisation", "dropout").
    """

    choice: Choice
    stack: Plain
    beyond: tuple[str, ...] = ()

    @property
    def jumps(self) -> bool:
        """Whether the activation jumps somewhere."""
        return mean_field.jumps(self.stack.activation, **self.choice.parameters)


@dataclass(frozen=True)
class Measured:
    """What an experiment with several draws found, by layer; all arrays are (depth,).

    ``log_gradient`` is log₁₀ of the root mean square of ∂L/∂z, relative to whatever is
    the same in all layers, ``gradient_error`` its standard error once the last layer's
    has been taken off each draw; ``variance`` is the mean square of the pre-activations.
    """

    log_gradient: FloatArray
    gradient_error: FloatArray
    variance: FloatArray
    variance_error: FloatArray

    @classmethod
    def of(cls, gradient: Real, second_moment: Real) -> "Measured":
        """Return what follows from draws: root mean squares ∂L/∂z and means of z², (draws, depth).

        The gradient is averaged as a mean square, which is what the theory predicts.
        """
        decay = mean_field.decay_estimate(gradient)
        variance = mean_field.variance_estimate(second_moment)
        return cls(decay.value, decay.error, variance.value, variance.error)


@dataclass(frozen=True)
class Swept:
    """A slider of the page that moves the stack: key and label, what it sets, and its S steps.

    ``what`` is as for :class:`pages.ui.vanishing.runs.Moved`; ``stacks`` are the stack at
    each step.
    """

    slider: str
    label: str
    what: str
    steps: tuple[float, ...]
    stacks: tuple[Plain, ...]

    @property
    def deepens(self) -> bool:
        """Whether it sets the depth, so that some stacks have more layers than others."""
        return self.what == "depth"
