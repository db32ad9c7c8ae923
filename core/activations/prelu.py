"""PReLU: a leaky ReLU whose slope is learned with the weights."""

import numpy as np

from core.activations import leaky_relu as leaky
from core.spec import Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def prelu(x: FloatArray, negative_slope: Scalar = 0.25) -> FloatArray:
    """Return x for x > 0 and ax elsewhere.

    ``x`` has any shape; the result has the shape of ``x``. Source: He, Zhang,
    Ren & Sun (2015), equation 1. It is not max(x, ax): the two part for a > 1.
    """
    return leaky.leaky_relu(x, negative_slope)


def gradient(x: FloatArray, negative_slope: Scalar = 0.25) -> FloatArray:
    """Return 1 for x > 0 and a elsewhere; at 0 it is a, as in PyTorch (Keras's layer: 0)."""
    return leaky.gradient(x, negative_slope)


def breaks(negative_slope: float = 0.25) -> tuple[float, ...]:
    """Return the point where the two lines meet."""
    return leaky.breaks(negative_slope)


def slope_gradient(x: FloatArray, negative_slope: Scalar = 0.25) -> FloatArray:
    """Return ∂f/∂a: 0 for x > 0 and x elsewhere. The slope only lends its shape."""
    return np.minimum(x, 0 * negative_slope)


SPEC = Activation(
    key="prelu",
    name="PReLU",
    order=340,
    family=Family.RECTIFIERS,
    function=prelu,
    derivative=gradient,
    parameter_derivatives={"negative_slope": slope_gradient},
    breaks=breaks,
    at_breaks=(
        "At 0 the gradient is a, as in PyTorch; JAX's leaky_relu uses 1 and Keras's layer 0. "
        "∂f/∂a is 0 there in all of them."
    ),
    parameters=(
        Parameter(
            name="negative_slope",
            symbol="a",
            default=0.25,
            low=-0.5,
            high=2.0,
            step=0.05,
            meaning="slope for negative inputs, learned; it may leave the range from 0 to 1",
            settings={"PyTorch's start": 0.25, "Keras's start": 0.0},
        ),
    ),
    formula=r"f(x)=\begin{cases}x & x>0\\ a x & x\le 0\end{cases}",
    gradient_formula=r"f'(x)=\begin{cases}1 & x>0\\ a & x\le 0\end{cases}",
    insight="Each layer decides for itself how much of the negative side it wants to keep.",
    use="Deep convolutional networks with enough data to learn one slope a channel.",
    avoid="The data set is small, or weight decay pulls on the slopes too: it drives them to 0.",
    strengths=(
        "The slope is learned, at the price of one number a layer or a channel",
        "Holds ReLU (0) and the identity (1) as special cases",
        "No exp",
    ),
    weaknesses=(
        "The slope may leave 0 to 1: below 0 the function is not monotone, above 1 not convex",
        "Frameworks start it at 0.25 (PyTorch) or 0 (Keras)",
        "No exact zeros once the slope has left 0",
    ),
    origin=Origin(
        authors="He, Zhang, Ren & Sun",
        year=2015,
        title=(
            "Delving Deep into Rectifiers: "
            "Surpassing Human-Level Performance on ImageNet Classification"
        ),
        url="https://arxiv.org/abs/1502.01852",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.maximum(x, 0) + $negative_slope * np.minimum(x, 0)",
        pytorch=(
            "import torch\n"
            "import torch.nn.functional as F\n\n"
            "slope = torch.tensor([$negative_slope], dtype=x.dtype, requires_grad=True)\n"
            "y = F.prelu(x, slope)"
        ),
        keras=(
            "import keras\n\n"
            "# x needs a batch axis; every feature gets a slope of its own.\n"
            "start = keras.initializers.Constant($negative_slope)\n"
            "y = keras.layers.PReLU(alpha_initializer=start)(x)"
        ),
        jax=(
            "import jax\n\n"
            "slope = $negative_slope  # differentiate with respect to it to learn it\n"
            "y = jax.nn.leaky_relu(x, negative_slope=slope)"
        ),
    ),
)
