"""Sigmoid, the logistic function: any number becomes a probability."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin


def sigmoid(x: FloatArray) -> FloatArray:
    """Return 1/(1 + e⁻ˣ), elementwise, in the shape of ``x``. Source: Verhulst (1845)."""
    # e⁻ˣ would overflow on the left; these two exponentials cannot, and the smallest
    # values keep their digits down to the subnormal numbers.
    return np.asarray(np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))))


def gradient(x: FloatArray) -> FloatArray:
    """Return σ(x)σ(−x); its limit 0 at ±∞."""
    # σ(1 − σ) cancels where σ rounds to 1; in terms of e^−|x| both tails keep their digits.
    e: FloatArray = np.exp(-np.abs(x))
    return e / (1 + e) ** 2


SPEC = Activation(
    key="sigmoid",
    name="Sigmoid",
    order=210,
    family=Family.SIGMOIDS,
    function=sigmoid,
    derivative=gradient,
    formula=r"f(x)=\sigma(x)=\frac{1}{1+e^{-x}}",
    gradient_formula=r"f'(x)=\sigma(x)\,\sigma(-x)=\sigma(x)\,\bigl(1-\sigma(x)\bigr)",
    insight="It turns log-odds into a probability: each step of 1 multiplies the odds by e.",
    use="The output for yes-or-no labels, one unit a label, and the gates of an LSTM or GRU.",
    avoid="Hidden layers of deep networks: the gradient is at most ¼, at 0, and fades either way.",
    strengths=(
        "Outputs between 0 and 1 can be read as probabilities",
        "With cross-entropy the gradient is just prediction minus target",
        "Smooth, and its gradient follows from its output",
    ),
    weaknesses=(
        "Saturates on both sides: below 1 % of its largest gradient beyond |x| = 5.99",
        "With usual initialisations a deep stack loses its gradient layer by layer",
        "All outputs are positive, never centred on zero",
    ),
    origin=Origin(
        authors="Verhulst; in networks Rumelhart, Hinton & Williams (1986)",
        year=1845,
        title="Recherches mathématiques sur la loi d'accroissement de la population",
    ),
    code=Code(
        numpy="from scipy.special import expit\n\ny = expit(x)",
        pytorch="import torch\n\ny = torch.sigmoid(x)",
        keras="import keras\n\ny = keras.activations.sigmoid(x)",
        jax="import jax\n\ny = jax.nn.sigmoid(x)",
    ),
)
