"""Hard sigmoid: three straight lines in place of the sigmoid's curve."""

import numpy as np

from core.spec import (
    POSITIVE,
    Activation,
    Code,
    Family,
    FloatArray,
    Origin,
    Parameter,
    Scalar,
)


def hard_sigmoid(x: FloatArray, slope: Scalar = 0.2) -> FloatArray:
    """Return ax + ½ cut off below 0 and above 1.

    ``x`` has any shape; the result has the shape of ``x``. Source: Courbariaux,
    Bengio & David (2015) with slope ½; Theano and Keras 2 with 0.2; PyTorch,
    Keras 3 and JAX with 1/6.
    """
    # A steep line may overflow to ±inf, which clip() sends to the right end.
    with np.errstate(over="ignore"):
        return np.clip(slope * x + 0.5, 0, 1)


def gradient(x: FloatArray, slope: Scalar = 0.2) -> FloatArray:
    """Return a for |x| < 1/(2a) and 0 elsewhere; at ±1/(2a) it is 0, as in PyTorch and JAX.

    PyTorch's own float64 gradient is off by 5e-9, because it uses a float32 1/6.
    """
    distance = np.abs(x)
    end = 0.5 / slope
    return np.where(distance < end, slope, np.where(distance >= end, 0, x))


def breaks(slope: float = 0.2) -> tuple[float, ...]:
    """Return the points where the line meets 0 and 1."""
    return (-0.5 / slope, 0.5 / slope)


SPEC = Activation(
    key="hard_sigmoid",
    name="Hard sigmoid",
    order=220,
    family=Family.SIGMOIDS,
    function=hard_sigmoid,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At ±1/(2a) the gradient is 0, as in the hard sigmoid of PyTorch, JAX and Keras. "
        "Written with clip, JAX uses half the slope; with clamp, PyTorch uses the whole slope."
    ),
    parameters=(
        Parameter(
            name="slope",
            symbol="a",
            default=0.2,
            low=0.05,
            high=1.0,
            step=0.01,
            meaning="steepness of the line through (0, ½); it ends at ±1/(2a)",
            domain=POSITIVE,
            settings={
                "PyTorch, Keras 3 and JAX": 1 / 6,
                "Keras 2 and earlier": 0.2,
                "Tangent to the sigmoid": 0.25,
            },
        ),
    ),
    formula=r"f(x)=\min\bigl(1,\max\bigl(0,\,a x+\tfrac12\bigr)\bigr)",
    gradient_formula=(
        r"f'(x)=\begin{cases}a & |x|<\frac{1}{2a}\\[2pt] 0 & |x|\ge\frac{1}{2a}\end{cases}"
    ),
    insight="Cheap to compute, and honest about saturation: outside the ramp nothing is learned.",
    use="Gates on devices where exp is dear or arithmetic is in integers.",
    avoid="A calibrated probability is needed, or the gradient must reach large inputs.",
    strengths=(
        "No exp: a multiplication, an addition and two comparisons",
        "Reaches 0 and 1 exactly",
        "Constant gradient on the ramp",
    ),
    weaknesses=(
        "Gradient exactly zero outside the ramp",
        "Frameworks disagree on the slope, so weights do not carry over unchanged",
        "Up to 0.076 away from the sigmoid at slope 0.2",
    ),
    origin=Origin(
        authors="Courbariaux, Bengio & David, with slope ½; slope 0.2 is Theano's and Keras 2's",
        year=2015,
        title=(
            "BinaryConnect: Training Deep Neural Networks with binary weights during propagations"
        ),
        url="https://arxiv.org/abs/1511.00363",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.clip($slope * x + 0.5, 0, 1)",
        pytorch=(
            "import torch.nn.functional as F\n\n"
            "# F.hardsigmoid(x) is the same with slope 1/6.\n"
            "y = F.hardtanh($slope * x + 0.5, min_val=0.0, max_val=1.0)"
        ),
        keras=(
            "import keras\n\n"
            "# keras.activations.hard_sigmoid(x) is the same with slope 1/6.\n"
            "y = keras.ops.clip($slope * x + 0.5, 0.0, 1.0)"
        ),
        jax=(
            "import jax.numpy as jnp\n\n"
            "# jax.nn.hard_sigmoid(x) is the same with slope 1/6.\n"
            "y = jnp.clip($slope * x + 0.5, 0.0, 1.0)"
        ),
    ),
)
