"""Softshrink, soft thresholding: small inputs become zero, large ones move towards it."""

import numpy as np

from core.spec import NON_NEGATIVE, Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def softshrink(x: FloatArray, lambd: Scalar = 0.5) -> FloatArray:
    """Return sign(x)·max(|x| − λ, 0).

    ``x`` has any shape; the result has the shape of ``x``. Source: Donoho (1995).
    """
    return x - np.clip(x, -lambd, lambd)


def gradient(x: FloatArray, lambd: Scalar = 0.5) -> FloatArray:
    """Return 1 for |x| > λ and 0 elsewhere; at ±λ it is 0, as in PyTorch and Keras."""
    return np.where(np.isnan(x), x, np.abs(x) > lambd)


def breaks(lambd: float = 0.5) -> tuple[float, ...]:
    """Return the points where the lines meet zero."""
    return (-lambd, lambd)


SPEC = Activation(
    key="softshrink",
    name="Softshrink",
    order=610,
    family=Family.SHRINKAGE,
    function=softshrink,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At ±λ the gradient is 0, in PyTorch and Keras alike. "
        "JAX has no softshrink; written with clip, it uses ½ there."
    ),
    parameters=(
        Parameter(
            name="lambd",
            symbol=r"\lambda",
            default=0.5,
            low=0.0,
            high=3.0,
            step=0.05,
            meaning="half the width of the dead zone, and how far the rest moves; 0: the identity",
            domain=NON_NEGATIVE,
        ),
    ),
    formula=(
        r"f(x)=\begin{cases}x-\lambda & x>\lambda\\ 0 & |x|\le\lambda\\ "
        r"x+\lambda & x<-\lambda\end{cases}"
    ),
    gradient_formula=r"f'(x)=\begin{cases}1 & |x|>\lambda\\ 0 & |x|\le\lambda\end{cases}",
    insight="It solves the lasso one number at a time: the least squares answer, pulled to zero.",
    use="Sparse coding, denoising, networks whose layers are steps of a lasso solver (ISTA).",
    avoid="Large values must keep their size: every one of them loses λ.",
    strengths=(
        "Exact zeros, and no jump",
        "An exact meaning: f(x) is the u with the least ½(u − x)² + λ|u| (a proximal operator)",
        "Odd and centred on zero",
    ),
    weaknesses=(
        "Biased: large values are moved by λ as well",
        "Gradient exactly zero between −λ and λ",
    ),
    origin=Origin(
        authors="Donoho",
        year=1995,
        title="De-noising by soft-thresholding",
        url="https://doi.org/10.1109/18.382009",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = x - np.clip(x, -$lambd, $lambd)",
        pytorch="import torch.nn.functional as F\n\ny = F.softshrink(x, lambd=$lambd)",
        keras="import keras\n\ny = keras.activations.soft_shrink(x, threshold=$lambd)",
        jax="import jax.numpy as jnp\n\ny = x - jnp.clip(x, -$lambd, $lambd)",
    ),
)
