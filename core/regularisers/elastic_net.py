"""Elastic net: a mixture of lasso and ridge."""

import numpy as np

from core.regularisers import lasso as l1
from core.regularisers import ridge as l2
from core.spec import (
    UNIT,
    Code,
    FloatArray,
    Origin,
    Parameter,
    Regulariser,
    Scalar,
)


def elastic_net(vector: FloatArray, alpha: Scalar = 1.0, l1_ratio: Scalar = 0.5) -> FloatArray:
    """Return α(λΣ|θ| + (1 − λ)·½Σθ²), over the last axis, with λ = ``l1_ratio``.

    Source: Zou & Hastie (2005), in scikit-learn's form. Added to a mean squared error it is
    scikit-learn's ElasticNet with α/2 for its alpha and the same l1_ratio.
    """
    absolute = l1.lasso(vector, alpha * l1_ratio)
    squared = l2.ridge(vector, alpha * (1 - l1_ratio))
    with np.errstate(over="ignore"):  # where the sum is beyond the largest float it is ∞
        return np.asarray(absolute + squared)


def gradient(vector: FloatArray, alpha: Scalar = 1.0, l1_ratio: Scalar = 0.5) -> FloatArray:
    """Return α(λ sign(θ) + (1 − λ)θ), a subgradient: 0 at θ = 0, as PyTorch's (JAX: αλ)."""
    return l1.gradient(vector, alpha * l1_ratio) + l2.gradient(vector, alpha * (1 - l1_ratio))


def proximal(
    vector: FloatArray, step: float, alpha: Scalar = 1.0, l1_ratio: Scalar = 0.5
) -> FloatArray:
    """Return lasso's soft threshold, then ridge's shrinkage, each with its share of α."""
    closer = l1.proximal(vector, step, alpha * l1_ratio)
    return l2.proximal(closer, step, alpha * (1 - l1_ratio))


def breaks(alpha: float = 1.0, l1_ratio: float = 0.5) -> tuple[float, ...]:
    """Return the weight at which the penalty has its kink: lasso's."""
    return l1.breaks(alpha)


SPEC = Regulariser(
    key="elastic_net",
    name="Elastic net",
    order=130,
    function=elastic_net,
    derivative=gradient,
    proximal=proximal,
    breaks=breaks,
    at_breaks=l1.SPEC.at_breaks,
    parameters=(
        *l1.SPEC.parameters,
        Parameter(
            name="l1_ratio",
            symbol=r"\lambda",
            default=0.5,
            low=0.0,
            high=1.0,
            step=0.05,
            meaning="share of the lasso: 0 gives ridge, 1 lasso",
            domain=UNIT,
            settings={"Ridge": 0.0, "Lasso": 1.0},
        ),
    ),
    formula=(
        r"R(\theta)=\alpha\left(\lambda\sum_i|\theta_i|"
        r"+(1-\lambda)\cdot\tfrac12\sum_i\theta_i^2\right)"
    ),
    gradient_formula=(
        r"\frac{\partial R}{\partial\theta_i}=\alpha\,\bigl(\lambda\operatorname{sign}(\theta_i)"
        r"+(1-\lambda)\,\theta_i\bigr)"
    ),
    insight="Sparse like the lasso, but features that go together stay together.",
    use="Many features in correlated groups, of which few matter.",
    avoid="One of its ends will do: it has a second parameter to choose.",
    strengths=(
        "Exact zeros as soon as λ > 0",
        "Strictly convex for α > 0 and λ < 1: the fit is unique",
        "Features that go together are kept or dropped together",
    ),
    weaknesses=(
        "Two parameters to choose",
        "Weights are shrunk twice, once by each part",
        "Depends on the units of the features: scale them first, and leave out the bias",
    ),
    origin=Origin(
        authors="Zou & Hastie",
        year=2005,
        title="Regularization and Variable Selection via the Elastic Net",
        url="https://doi.org/10.1111/j.1467-9868.2005.00503.x",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "absolute = np.abs(vector).sum(axis=-1)\n"
            "squared = (vector**2).sum(axis=-1) / 2\n"
            "penalty = $alpha * ($l1_ratio * absolute + (1 - $l1_ratio) * squared)"
        ),
        pytorch=(
            "absolute = vector.abs().sum(dim=-1)\n"
            "squared = vector.square().sum(dim=-1) / 2\n"
            "penalty = $alpha * ($l1_ratio * absolute + (1 - $l1_ratio) * squared)"
        ),
        keras=(
            "import keras\n\n"
            "# Keras has no factor 1/2, and sums over all axes.\n"
            "penalty = keras.regularizers.L1L2(\n"
            "    l1=$alpha * $l1_ratio, l2=$alpha * (1 - $l1_ratio) / 2\n"
            ")(vector)"
        ),
        jax=(
            "import jax.numpy as jnp\nimport optax\n\n"
            "absolute = jnp.abs(vector).sum(axis=-1)\n"
            "squared = optax.l2_loss(vector).sum(axis=-1)\n"
            "penalty = $alpha * ($l1_ratio * absolute + (1 - $l1_ratio) * squared)"
        ),
    ),
)
