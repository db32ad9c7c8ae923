"""Leaky ReLU: a ReLU that lets a little of the negative side through."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def leaky_relu(x: FloatArray, negative_slope: Scalar = 0.01) -> FloatArray:
    """Return x for x > 0 and ax elsewhere.

    ``x`` has any shape; the result has the shape of ``x``. Source: Maas, Hannun
    & Ng (2013).
    """
    # max(x, ax) would be shorter, but another function for a > 1. A steep slope may
    # truly overflow, and 0·(−∞) is nan, as in PyTorch.
    with np.errstate(over="ignore", invalid="ignore"):
        return np.maximum(x, 0) + negative_slope * np.minimum(x, 0)


def gradient(x: FloatArray, negative_slope: Scalar = 0.01) -> FloatArray:
    """Return 1 for x > 0 and a elsewhere; at 0 it is a, as in PyTorch (JAX: 1)."""
    return np.where(x > 0, 1, np.where(np.isnan(x), x, negative_slope))


def breaks(negative_slope: float = 0.01) -> tuple[float, ...]:
    """Return the point where the two lines meet."""
    return (0.0,)


SPEC = Activation(
    key="leaky_relu",
    name="Leaky ReLU",
    order=330,
    family=Family.RECTIFIERS,
    function=leaky_relu,
    derivative=gradient,
    breaks=breaks,
    at_breaks="At 0 the gradient is a, as in PyTorch; JAX uses 1, and Keras follows its backend.",
    parameters=(
        Parameter(
            name="negative_slope",
            symbol="a",
            default=0.01,
            low=0.0,
            high=1.0,
            step=0.01,
            meaning="slope for negative inputs; 0 is ReLU, 1 the identity",
            settings={
                "PyTorch and JAX": 0.01,
                "Keras function": 0.2,
                "Keras layer": 0.3,
            },
        ),
    ),
    formula=r"f(x)=\begin{cases}x & x>0\\ a x & x\le 0\end{cases}",
    gradient_formula=r"f'(x)=\begin{cases}1 & x>0\\ a & x\le 0\end{cases}",
    insight=(
        "The gradient on the left is small but, unless a = 0, not zero: a silent unit can still "
        "learn."
    ),
    use="Hidden layers where ReLU units die, with a slope near 0.2 rather than 0.01.",
    avoid="Exact zeros are wanted (sparsity).",
    strengths=(
        "Gradient exactly 1 on the right, a on the left: zero nowhere unless a = 0",
        "No exp",
        "Keeps scale: a doubled input doubles the output",
    ),
    weaknesses=(
        "At slope 0.01 the gradient on the left is a hundred times smaller: often too little",
        "No exact zeros, unless a = 0: activations are not sparse",
        "Defaults differ: 0.01 in PyTorch and JAX, 0.2 and 0.3 in Keras",
    ),
    origin=Origin(
        authors="Maas, Hannun & Ng",
        year=2013,
        title="Rectifier Nonlinearities Improve Neural Network Acoustic Models",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.maximum(x, 0) + $negative_slope * np.minimum(x, 0)",
        pytorch=(
            "import torch.nn.functional as F\n\ny = F.leaky_relu(x, negative_slope=$negative_slope)"
        ),
        keras=(
            "import keras\n\ny = keras.activations.leaky_relu(x, negative_slope=$negative_slope)"
        ),
        jax="import jax\n\ny = jax.nn.leaky_relu(x, negative_slope=$negative_slope)",
    ),
)
