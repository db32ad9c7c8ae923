"""Hardshrink, hard thresholding: small inputs become zero, large ones stay as they are."""

import numpy as np

from core.spec import NON_NEGATIVE, Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def hardshrink(x: FloatArray, lambd: Scalar = 0.5) -> FloatArray:
    """Return x for |x| > λ and 0 elsewhere.

    ``x`` has any shape; the result has the shape of ``x``. Source: Donoho &
    Johnstone (1994).
    """
    return np.where(np.abs(x) <= lambd, 0, x)


def gradient(x: FloatArray, lambd: Scalar = 0.5) -> FloatArray:
    """Return 1 for |x| > λ and 0 elsewhere; at ±λ it is 0, as in PyTorch and Keras."""
    return np.where(np.isnan(x), x, np.abs(x) > lambd)


def breaks(lambd: float = 0.5) -> tuple[float, ...]:
    """Return the points of the two jumps."""
    return (-lambd, lambd)


SPEC = Activation(
    key="hardshrink",
    name="Hardshrink",
    order=620,
    family=Family.SHRINKAGE,
    function=hardshrink,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At ±λ the function jumps; value and gradient are 0 there, in PyTorch and Keras alike. "
        "JAX has no hardshrink; written with where, it does the same."
    ),
    parameters=(
        Parameter(
            name="lambd",
            symbol=r"\lambda",
            default=0.5,
            low=0.0,
            high=3.0,
            step=0.05,
            meaning="half the width of the dead zone; 0 is the identity",
            domain=NON_NEGATIVE,
        ),
    ),
    formula=r"f(x)=\begin{cases}x & |x|>\lambda\\ 0 & |x|\le\lambda\end{cases}",
    gradient_formula=r"f'(x)=\begin{cases}1 & |x|>\lambda\\ 0 & |x|\le\lambda\end{cases}",
    insight="Keep or kill: what survives keeps its full size, at the price of a jump.",
    use="Denoising and sparse codes where large coefficients must not shrink.",
    avoid="The function must be continuous: at ±λ it jumps by λ.",
    strengths=(
        "Exact zeros",
        "Large values are not biased",
        "Odd and centred on zero",
    ),
    weaknesses=(
        "Jumps at ±λ: a tiny change of the input may change the output a lot",
        "Gradient exactly zero between −λ and λ",
        "The gradient does not see the jumps",
    ),
    origin=Origin(
        authors="Donoho & Johnstone",
        year=1994,
        title="Ideal spatial adaptation by wavelet shrinkage",
        url="https://doi.org/10.1093/biomet/81.3.425",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.where(np.abs(x) > $lambd, x, 0)",
        pytorch="import torch.nn.functional as F\n\ny = F.hardshrink(x, lambd=$lambd)",
        keras="import keras\n\ny = keras.activations.hard_shrink(x, threshold=$lambd)",
        jax="import jax.numpy as jnp\n\ny = jnp.where(jnp.abs(x) > $lambd, x, 0.0)",
    ),
)
