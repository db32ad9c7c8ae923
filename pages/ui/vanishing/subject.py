"""What the theory is asked about, and what was measured of it."""

from dataclasses import dataclass

from core import mean_field
from core.activations import ACTIVATIONS
from core.network import Dropout
from core.numeric import Real
from core.spec import Activation, FloatArray
from pages.ui.controls import Choice


@dataclass(frozen=True)
class Subject:
    """The stack that the theory is asked about.

    ``weight_variance`` is σ_w², the variance of a weight times fan-in, gain included;
    ``bias_variance`` σ_b²; ``input_second_moment`` the mean of x² over the inputs'
    features, input scale included. ``beyond`` names, as they read in a sentence, the
    parts of the stack that the theory leaves out ("batch normalisation", "dropout").
    ``dropout`` and its rate move the rest of mean and variance.
    """

    choice: Choice
    weight_variance: float
    bias_variance: float
    depth: int
    input_second_moment: float = 1.0
    beyond: tuple[str, ...] = ()
    dropout: Dropout = Dropout.NONE
    dropout_rate: float = 0.0

    @property
    def activation(self) -> Activation:
        """The catalogue's entry."""
        return ACTIVATIONS[self.choice.entry.key]


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
    """A slider of the page that moves the stack: its key, its S steps, and what they mean.

    The three arrays are (S,), as the fields of :class:`Subject` by the same names.
    """

    slider: str
    steps: FloatArray
    weight_variance: FloatArray
    bias_variance: FloatArray
    input_second_moment: FloatArray
