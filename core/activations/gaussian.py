"""Gaussian: a bump, the unit of radial basis function networks."""

import numpy as np

from core.spec import POSITIVE, Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def gaussian(x: FloatArray, width: Scalar = 1.0) -> FloatArray:
    """Return e^−(x/w)².

    ``x`` has any shape; the result has the shape of ``x``. Source: Broomhead &
    Lowe (1988). The width is where f has fallen to 1/e, √2 standard deviations.
    """
    return np.asarray(np.exp(-np.square(_scaled(x, width))))


def gradient(x: FloatArray, width: Scalar = 1.0) -> FloatArray:
    """Return −2x/w²·e^−(x/w)²; its limit 0 at ±∞, where PyTorch gives nan."""
    z = _scaled(x, width)
    return -2 * z * np.exp(-np.square(z)) / width


def _scaled(x: FloatArray, width: Scalar) -> FloatArray:
    """Return x/w, cut off at ±40, where the bump has long been exactly 0, lest it overflow."""
    return np.asarray(np.clip(x, -40 * width, 40 * width) / width)


SPEC = Activation(
    key="gaussian",
    name="Gaussian",
    order=720,
    family=Family.WAVES_AND_BUMPS,
    function=gaussian,
    derivative=gradient,
    parameters=(
        Parameter(
            name="width",
            symbol="w",
            default=1.0,
            low=0.4,
            high=5.0,
            step=0.1,
            meaning="where f has fallen to 1/e; x is divided by it, so it is positive",
            domain=POSITIVE,
        ),
    ),
    formula=r"f(x)=e^{-(x/w)^{2}}",
    gradient_formula=r"f'(x)=-\frac{2x}{w^{2}}\,e^{-(x/w)^{2}}",
    insight="It answers where the input is, not how large: only inputs near 0 make it fire.",
    use="Radial basis function networks, and networks that represent a signal over position.",
    avoid="Inputs may lie far from 0: there is neither an output nor a gradient.",
    strengths=(
        "Local: one unit shapes one region and leaves the others alone",
        "Smooth and bounded",
    ),
    weaknesses=(
        "Even, so the sign of the input is lost, and not monotone",
        "The gradient is 0 at 0 and fades very fast beyond |x| = 2w",
        "In many dimensions it takes very many bumps to cover the space",
    ),
    origin=Origin(
        authors="Broomhead & Lowe",
        year=1988,
        title="Multivariable functional interpolation and adaptive networks",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.exp(-((x / $width) ** 2))",
        pytorch="import torch\n\ny = torch.exp(-((x / $width) ** 2))",
        keras="import keras\n\ny = keras.ops.exp(-((x / $width) ** 2))",
        jax="import jax.numpy as jnp\n\ny = jnp.exp(-((x / $width) ** 2))",
    ),
)
