"""Lasso: the sum of absolute values, the same pull on every weight until it is zero."""

import numpy as np

from core.spec import NON_NEGATIVE, Code, FloatArray, Origin, Parameter, Regulariser, Scalar


def lasso(vector: FloatArray, alpha: Scalar = 1.0) -> FloatArray:
    """Return αΣ|θ|, over the last axis. Source: Tibshirani (1996).

    Added to a mean squared error, it is scikit-learn's Lasso with α/2 for its alpha.
    """
    with np.errstate(over="ignore"):  # where the sum is beyond the largest float it is ∞
        return np.asarray(np.sum(alpha * np.abs(vector), axis=-1))


def gradient(vector: FloatArray, alpha: Scalar = 1.0) -> FloatArray:
    """Return α sign(θ), a subgradient: 0 at θ = 0, as PyTorch's (JAX: α)."""
    return np.asarray(alpha * np.sign(vector))


def proximal(vector: FloatArray, step: float, alpha: Scalar = 1.0) -> FloatArray:
    """Return θ moved by step · α towards zero, and 0 if that is within reach (soft threshold)."""
    reach = step * alpha
    return vector - np.clip(vector, -reach, reach)


def breaks(alpha: float = 1.0) -> tuple[float, ...]:
    """Return the weight at which the penalty has its kink."""
    return (0.0,)


SPEC = Regulariser(
    key="lasso",
    name="Lasso (L1)",
    order=120,
    function=lasso,
    derivative=gradient,
    proximal=proximal,
    breaks=breaks,
    at_breaks="At θ = 0 the subgradient 0 is used, as in PyTorch; JAX gives |θ| the slope 1 there.",
    parameters=(
        Parameter(
            name="alpha",
            symbol=r"\alpha",
            default=1.0,
            low=0.0,
            high=5.0,
            step=0.05,
            meaning="strength of the pull towards zero",
            domain=NON_NEGATIVE,
        ),
    ),
    formula=r"R(\theta)=\alpha\sum_i|\theta_i|",
    gradient_formula=(
        r"\frac{\partial R}{\partial\theta_i}=\alpha\,\operatorname{sign}(\theta_i)"
        r"=\begin{cases}-\alpha & \theta_i<0\\ 0 & \theta_i=0\\ \alpha & \theta_i>0\end{cases}"
    ),
    insight="The pull does not fade with the weight: what is not needed ends at exactly 0.",
    use="Many features of which few matter, or a model that has to be read.",
    avoid="Groups of features go together: it keeps one of them, more or less by chance.",
    strengths=(
        "Exact zeros: it selects features while it fits",
        "Convex, unlike counting the weights that are not 0",
        "The proximal step is one line: move towards zero and stop there",
    ),
    weaknesses=(
        "A kink at 0: plain gradient descent gets near zero, but not there",
        "Weights that matter shrink by as much as the others: a bias",
        "Depends on the units of the features: scale them first, and leave out the bias",
    ),
    origin=Origin(
        authors="Tibshirani",
        year=1996,
        title="Regression Shrinkage and Selection via the Lasso",
        url="https://doi.org/10.1111/j.2517-6161.1996.tb02080.x",
    ),
    code=Code(
        numpy="import numpy as np\n\npenalty = $alpha * np.abs(vector).sum(axis=-1)",
        pytorch="penalty = $alpha * vector.abs().sum(dim=-1)",
        keras=(
            "import keras\n\n"
            "# Keras sums over all axes.\n"
            "penalty = keras.regularizers.L1($alpha)(vector)"
        ),
        jax="import jax.numpy as jnp\n\npenalty = $alpha * jnp.abs(vector).sum(axis=-1)",
    ),
)
