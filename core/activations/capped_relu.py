"""Capped ReLU: a ReLU with a ceiling, and if wished a slope on the left. ReLU6 at the defaults."""

import numpy as np

from core.spec import (
    NON_NEGATIVE,
    POSITIVE,
    Activation,
    Code,
    Family,
    FloatArray,
    Origin,
    Parameter,
    Scalar,
)


def capped_relu(x: FloatArray, max_value: Scalar = 6.0, negative_slope: Scalar = 0.0) -> FloatArray:
    """Return min(x, c) for x > 0 and ax elsewhere.

    ``x`` has any shape; the result has the shape of ``x``. Source: Krizhevsky
    (2010) for c = 6, a = 0; the ``relu`` of Keras for the parameters.
    """
    # 0·(−∞) would be nan where PyTorch's relu6 answers 0: with slope 0 nothing is multiplied.
    below = np.where(np.equal(negative_slope, 0), 0, np.minimum(x, 0))
    # A slope above 1 may carry −1e308 past the largest float: −inf is right then.
    with np.errstate(over="ignore"):
        return np.clip(x, 0, max_value) + negative_slope * below


def gradient(x: FloatArray, max_value: Scalar = 6.0, negative_slope: Scalar = 0.0) -> FloatArray:
    """Return a for x ≤ 0, 1 below c and 0 from c on, as PyTorch's relu6 at both kinks."""
    right = np.where(x < max_value, 1, np.where(np.isnan(x), x, 0))
    return np.where(x <= 0, negative_slope, right)


def breaks(max_value: float = 6.0, negative_slope: float = 0.0) -> tuple[float, ...]:
    """Return the points where the lines meet."""
    return (0.0, max_value)


SPEC = Activation(
    key="capped_relu",
    name="Capped ReLU",
    order=320,
    family=Family.RECTIFIERS,
    function=capped_relu,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At 0 the gradient is a, at the ceiling 0, as in the relu6 of PyTorch, JAX and Keras. "
        "With a slope on the left, Keras uses 0 at 0 instead of a."
    ),
    parameters=(
        Parameter(
            name="max_value",
            symbol="c",
            default=6.0,
            low=0.5,
            high=10.0,
            step=0.1,
            meaning="the ceiling: no output is larger",
            domain=POSITIVE,
            settings={"ReLU6": 6.0},
        ),
        Parameter(
            name="negative_slope",
            symbol="a",
            default=0.0,
            low=0.0,
            high=1.0,
            step=0.01,
            meaning="slope for negative inputs; a negative one would have to be capped too",
            domain=NON_NEGATIVE,
        ),
    ),
    formula=r"f(x)=\begin{cases}\min(x,c) & x>0\\ a x & x\le 0\end{cases}",
    gradient_formula=(r"f'(x)=\begin{cases}0 & x\ge c\\ 1 & 0<x<c\\ a & x\le 0\end{cases}"),
    insight="A ceiling keeps every activation in a small known range, which suits few-bit numbers.",
    use="Networks for phones, such as MobileNet, whose numbers are rounded to 8 bits (quantised).",
    avoid="The size of large activations carries information: above the ceiling all look alike.",
    strengths=(
        "Bounded outputs at slope 0: easy to quantise",
        "Gradient exactly 1 between 0 and the ceiling",
        "No exp",
    ),
    weaknesses=(
        "Gradient exactly zero above the ceiling, and at slope 0 on the left as well",
        "The ceiling is one more number to choose",
    ),
    origin=Origin(
        authors="Krizhevsky",
        year=2010,
        title="Convolutional Deep Belief Networks on CIFAR-10",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "y = np.clip(x, 0, $max_value) + $negative_slope * np.minimum(x, 0)"
        ),
        pytorch=(
            "import math\n\n"
            "import torch.nn.functional as F\n\n"
            "# F.relu6(x) is the same with max_value 6 and slope 0.\n"
            "leaky = F.leaky_relu(x, negative_slope=$negative_slope)\n"
            "y = F.hardtanh(leaky, min_val=-math.inf, max_val=$max_value)"
        ),
        keras=(
            "import keras\n\n"
            "y = keras.activations.relu(\n"
            "    x, negative_slope=$negative_slope, max_value=$max_value, threshold=0.0\n"
            ")"
        ),
        jax=(
            "import jax.numpy as jnp\n\n"
            "# jax.nn.relu6(x) is the same with max_value 6 and slope 0.\n"
            "leaky = jnp.where(x > 0, x, $negative_slope * x)\n"
            "y = jnp.where(x >= $max_value, $max_value, leaky)"
        ),
    ),
)
