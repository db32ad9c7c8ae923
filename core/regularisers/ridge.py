"""Ridge: half the sum of squares, a pull towards zero in proportion to size."""

import numpy as np

from core.spec import NON_NEGATIVE, Code, FloatArray, Origin, Parameter, Regulariser, Scalar


def ridge(vector: FloatArray, alpha: Scalar = 1.0) -> FloatArray:
    """Return α · ½Σθ², over the last axis. Source: Hoerl & Kennard (1970), without the ½.

    Added to a mean squared error of n points, it is scikit-learn's Ridge with nα/2 for its
    alpha.
    """
    with np.errstate(over="ignore"):  # where the sum is beyond the largest float it is ∞
        return np.asarray(np.sum(alpha / 2 * vector * vector, axis=-1))


def gradient(vector: FloatArray, alpha: Scalar = 1.0) -> FloatArray:
    """Return αθ."""
    with np.errstate(over="ignore"):  # as above
        return alpha * vector


def proximal(vector: FloatArray, step: float, alpha: Scalar = 1.0) -> FloatArray:
    """Return θ/(1 + step · α): everything shrinks by the same factor."""
    return vector / (1 + step * alpha)


SPEC = Regulariser(
    key="ridge",
    name="Ridge (L2)",
    order=110,
    function=ridge,
    derivative=gradient,
    proximal=proximal,
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
    formula=r"R(\theta)=\alpha\cdot\tfrac12\sum_i\theta_i^2",
    gradient_formula=r"\frac{\partial R}{\partial\theta_i}=\alpha\,\theta_i",
    insight="Large weights are pulled hard, small ones hardly: none is held at exactly 0.",
    use="Many features of some use each, or features that go together.",
    avoid="A model with few features is wanted: no weight becomes exactly 0.",
    strengths=(
        "With a squared error the fit has a closed form, and a single one for α > 0",
        "Features that go together share their weight",
        "Smooth; in a step of gradient descent just a factor on the weights (weight decay)",
    ),
    weaknesses=(
        "No sparsity",
        "Depends on the units of the features: scale them first, and leave out the bias",
        "Conventions for α differ: with or without ½, per point or in all",
    ),
    origin=Origin(
        authors="Hoerl & Kennard",
        year=1970,
        title="Ridge Regression: Biased Estimation for Nonorthogonal Problems",
        url="https://doi.org/10.1080/00401706.1970.10488634",
    ),
    code=Code(
        numpy="penalty = $alpha / 2 * (vector**2).sum(axis=-1)",
        pytorch=(
            "# weight_decay=$alpha of torch.optim.SGD adds the gradient of this.\n"
            "penalty = $alpha / 2 * vector.square().sum(dim=-1)"
        ),
        keras=(
            "import keras\n\n"
            "# Keras has no factor 1/2, and sums over all axes.\n"
            "penalty = keras.regularizers.L2($alpha / 2)(vector)"
        ),
        jax="import optax\n\npenalty = $alpha * optax.l2_loss(vector).sum(axis=-1)",
    ),
)
