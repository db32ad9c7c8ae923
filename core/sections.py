"""A loss at one fixed target: a function of one number, to be drawn like any other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.spec import Axis, FloatArray, Loss, Parameter, Scalar

SECTIONS = (Axis.RESIDUAL, Axis.MARGIN, Axis.PROBABILITY, Axis.LOGIT)
"""The axes along which a loss is a function of one number."""


@dataclass(frozen=True)
class Section:
    """The loss as a function of its axis, with the same calls as an activation.

    Along the residual the target is 0, so that prediction and residual are the same
    number; along the margin it is +1, so that score and margin are. Along a probability
    or a logit it is ``target``. The gradient is the one with respect to the prediction.
    """

    loss: Loss
    target: float

    @property
    def key(self) -> str:
        """The loss's key."""
        return self.loss.key

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The loss's parameters."""
        return self.loss.parameters

    @property
    def breaks(self) -> Callable[..., tuple[float, ...]]:
        """Where branches of the loss meet, along its axis."""
        return self.loss.breaks

    def resolve(self, parameters: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Fill in and check parameters as the loss does."""
        return self.loss.resolve(parameters)

    def __call__(self, x: npt.ArrayLike, /, **parameters: Scalar) -> FloatArray:
        """Return the loss at ``x`` along its axis; raises as the loss does."""
        return self.loss(x, self._target(), **parameters)

    def gradient(self, x: npt.ArrayLike, /, **parameters: Scalar) -> FloatArray:
        """Return d loss / d prediction at ``x``; raises as the loss does."""
        return self.loss.gradient(x, self._target(), **parameters)

    def _target(self) -> FloatArray:
        fixed = {Axis.RESIDUAL: 0.0, Axis.MARGIN: 1.0}
        return np.asarray(fixed.get(self.loss.axis, self.target))
