"""Thresholded ReLU: the identity above a threshold, zero below it, and a jump between."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def thresholded_relu(x: FloatArray, theta: Scalar = 1.0) -> FloatArray:
    """Return x for x > θ and 0 elsewhere.

    ``x`` has any shape; the result has the shape of ``x``. Source: Konda,
    Memisevic & Krueger (2014).
    """
    return np.where(x <= theta, 0, x)


def gradient(x: FloatArray, theta: Scalar = 1.0) -> FloatArray:
    """Return 1 for x > θ and 0 elsewhere; at θ it is 0, as in PyTorch, JAX and Keras."""
    return np.where(np.isnan(x), x, x > theta)


def breaks(theta: float = 1.0) -> tuple[float, ...]:
    """Return the point of the jump."""
    return (theta,)


SPEC = Activation(
    key="thresholded_relu",
    name="Thresholded ReLU",
    order=350,
    family=Family.RECTIFIERS,
    function=thresholded_relu,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At θ the function jumps, unless θ = 0; value and gradient are 0 there, in PyTorch, JAX "
        "and Keras alike."
    ),
    parameters=(
        Parameter(
            name="theta",
            symbol=r"\theta",
            default=1.0,
            low=0.0,
            high=3.0,
            step=0.05,
            meaning="the input above which the unit passes its input on; 0 is ReLU",
        ),
    ),
    formula=r"f(x)=\begin{cases}x & x>\theta\\ 0 & x\le\theta\end{cases}",
    gradient_formula=r"f'(x)=\begin{cases}1 & x>\theta\\ 0 & x\le\theta\end{cases}",
    insight="Weak evidence is thrown away, strong evidence passes at full size.",
    use="Sparse codes, such as autoencoders without biases.",
    avoid="The network is deep and trained by gradient descent alone: the jump has no gradient.",
    strengths=(
        "Sparser than ReLU",
        "Active units are not shrunk, unlike soft thresholding",
        "No exp",
    ),
    weaknesses=(
        "Jumps by θ: a tiny change of the input may change the output a lot",
        "Gradient exactly zero below θ: for 84 % of standard normal inputs at θ = 1",
    ),
    origin=Origin(
        authors="Konda, Memisevic & Krueger",
        year=2014,
        title="Zero-bias autoencoders and the benefits of co-adapting features",
        url="https://arxiv.org/abs/1402.3337",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.where(x > $theta, x, 0)",
        pytorch=(
            "import torch.nn.functional as F\n\ny = F.threshold(x, threshold=$theta, value=0.0)"
        ),
        keras=(
            "import keras\n\n"
            "y = keras.activations.threshold(x, threshold=$theta, default_value=0.0)"
        ),
        jax="import jax.numpy as jnp\n\ny = jnp.where(x > $theta, x, 0.0)",
    ),
)
