"""Log-sigmoid: the logarithm of the sigmoid, a softplus upside down."""

import numpy as np

from core.activations.sigmoid import sigmoid
from core.spec import Activation, Code, Family, FloatArray, Origin


def log_sigmoid(x: FloatArray) -> FloatArray:
    """Return ln σ(x) = −ln(1 + e⁻ˣ), in the shape of ``x``. Source: PyTorch's LogSigmoid."""
    # exp(−x) would overflow on the left; of −|x| it cannot.
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def gradient(x: FloatArray) -> FloatArray:
    """Return σ(−x)."""
    return sigmoid(-x)


SPEC = Activation(
    key="log_sigmoid",
    name="Log-sigmoid",
    order=520,
    family=Family.GATED,
    function=log_sigmoid,
    derivative=gradient,
    formula=r"f(x)=\ln\sigma(x)=-\ln\bigl(1+e^{-x}\bigr)",
    gradient_formula=r"f'(x)=\sigma(-x)=\frac{1}{1+e^{x}}",
    insight="The log-probability of a yes: far wrong costs in proportion, far right almost 0.",
    use="Losses on log-probabilities: binary cross-entropy, ranking, negative sampling.",
    avoid="Hidden layers: every output is negative.",
    strengths=(
        "No overflow and no log of 0, unlike log(sigmoid(x)) in two steps",
        "The gradient stays near 1 where the answer is wrong",
        "Concave, so that logistic regression, whose loss is −f, is convex",
    ),
    weaknesses=(
        "Unbounded below: one confident mistake can dominate a batch",
        "The gradient fades where the answer is right",
        "All outputs are negative",
    ),
    origin=Origin(
        authors="Collobert, Kavukcuoglu & Farabet, in Torch's nn library",
        year=2011,
        title="Torch7: A Matlab-like Environment for Machine Learning",
    ),
    code=Code(
        numpy="from scipy.special import log_expit\n\ny = log_expit(x)",
        pytorch="import torch.nn.functional as F\n\ny = F.logsigmoid(x)",
        keras="import keras\n\ny = keras.activations.log_sigmoid(x)",
        jax="import jax\n\ny = jax.nn.log_sigmoid(x)",
    ),
)
