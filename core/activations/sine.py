"""Sine: a wave as an activation."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def sine(x: FloatArray, omega: Scalar = 1.0) -> FloatArray:
    """Return sin ωx, the sine of the product as rounded to the input's precision.

    ``x`` has any shape; the result has the shape of ``x``; nan at ±∞, as
    PyTorch. Where ωx overflows, the largest finite number stands in for it.
    Source: Sitzmann et al. (2020).
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sin(_phase(x, omega)))


def gradient(x: FloatArray, omega: Scalar = 1.0) -> FloatArray:
    """Return ω cos ωx, with the phase rounded as in the function; nan at ±∞."""
    with np.errstate(invalid="ignore"):
        return omega * np.asarray(np.cos(_phase(x, omega)))


def _phase(x: FloatArray, omega: Scalar) -> FloatArray:
    """Return ωx; finite for finite x, ±∞ or nan where x is."""
    largest = np.finfo(x.dtype).max
    with np.errstate(over="ignore", invalid="ignore"):
        phase = omega * x
    return np.where(np.isinf(x), phase, np.clip(phase, -largest, largest))


SPEC = Activation(
    key="sine",
    name="Sine",
    order=710,
    family=Family.WAVES_AND_BUMPS,
    function=sine,
    derivative=gradient,
    parameters=(
        Parameter(
            name="omega",
            symbol=r"\omega",
            default=1.0,
            low=0.25,
            high=6.0,
            step=0.25,
            meaning="angular frequency: the wave repeats every 2π/ω (SIREN uses 30)",
        ),
    ),
    formula=r"f(x)=\sin(\omega x)",
    gradient_formula=r"f'(x)=\omega\cos(\omega x)",
    insight="The gradient is a wave too, so fine detail can be fitted along with its derivatives.",
    use="Networks that represent one image, sound or shape as a function of position (SIREN).",
    avoid="General classifiers, or any initialisation that is not made for it.",
    strengths=(
        "Every derivative is again a sine, shifted and scaled",
        "Bounded, odd and centred on zero",
        "Fits high frequencies that ReLU networks learn slowly",
    ),
    weaknesses=(
        "Not monotone: many inputs give the same output, and the loss has many local minima",
        "Depends on its initialisation and on ω",
        "Every unit repeats: outside the training range a fit means nothing",
    ),
    origin=Origin(
        authors="Sitzmann, Martel, Bergman, Lindell & Wetzstein",
        year=2020,
        title="Implicit Neural Representations with Periodic Activation Functions",
        url="https://arxiv.org/abs/2006.09661",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.sin($omega * x)",
        pytorch="import torch\n\ny = torch.sin($omega * x)",
        keras="import keras\n\ny = keras.ops.sin($omega * x)",
        jax="import jax.numpy as jnp\n\ny = jnp.sin($omega * x)",
    ),
)
