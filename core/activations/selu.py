"""SELU: an ELU scaled so that a wide, well initialised network keeps mean 0 and variance 1."""

import numpy as np

from core.spec import POSITIVE, Activation, Code, Family, FloatArray, Origin, Parameter, Scalar

ALPHA = 1.6732632423543772
SCALE = 1.0507009873554805


def selu(x: FloatArray, alpha: Scalar = ALPHA, scale: Scalar = SCALE) -> FloatArray:
    """Return λx for x > 0 and λα(eˣ − 1) elsewhere.

    ``x`` has any shape; the result has the shape of ``x``. Source: Klambauer,
    Unterthiner, Mayr & Hochreiter (2017).
    """
    left = alpha * np.expm1(np.minimum(x, 0))
    # With a scale above 1 the largest inputs truly overflow: inf is right.
    with np.errstate(over="ignore"):
        return scale * (np.maximum(x, 0) + left)


def gradient(x: FloatArray, alpha: Scalar = ALPHA, scale: Scalar = SCALE) -> FloatArray:
    """Return λ for x > 0 and λαeˣ elsewhere; at 0 it is λα, as in PyTorch, JAX and Keras."""
    return np.where(x > 0, scale, scale * (alpha * np.exp(np.minimum(x, 0))))


def breaks(alpha: float = ALPHA, scale: float = SCALE) -> tuple[float, ...]:
    """Return the point where the line meets the exponential."""
    return (0.0,)


SPEC = Activation(
    key="selu",
    name="SELU",
    order=430,
    family=Family.EXPONENTIAL,
    function=selu,
    derivative=gradient,
    breaks=breaks,
    at_breaks="At 0 the gradient is λα, 1.758 at the defaults, in PyTorch, JAX and Keras alike.",
    parameters=(
        Parameter(
            name="alpha",
            symbol=r"\alpha",
            default=ALPHA,
            low=0.0,
            high=3.0,
            step=0.05,
            meaning="depth of the left tail before scaling",
            settings={"Self-normalising": ALPHA},
        ),
        Parameter(
            name="scale",
            symbol=r"\lambda",
            default=SCALE,
            low=0.5,
            high=2.0,
            step=0.05,
            meaning="factor on the whole curve: its slope on the right",
            domain=POSITIVE,
            settings={"Self-normalising": SCALE, "ELU": 1.0},
        ),
    ),
    formula=r"f(x)=\lambda\begin{cases}x & x>0\\ \alpha\,(e^{x}-1) & x\le 0\end{cases}",
    gradient_formula=r"f'(x)=\lambda\begin{cases}1 & x>0\\ \alpha\,e^{x} & x\le 0\end{cases}",
    insight=(
        "The two constants are chosen so that a standard normal input gives "
        "an output of mean 0 and variance 1 again."
    ),
    use="Deep fully connected networks without normalisation, with LeCun initialisation.",
    avoid="There are skip connections, plain dropout or other initialisations: these break it.",
    strengths=(
        "Mean 0 and variance 1 are a stable fixed point of the forward pass",
        "No batch normalisation needed for it",
        "Gradient above 1 wherever the input is positive, at the default constants",
    ),
    weaknesses=(
        "The gradient is not kept: it grows by about 3.5 % a layer",
        "Needs wide layers, LeCun initialisation and AlphaDropout instead of dropout",
        "A kink at 0: at the defaults the slope falls from 1.758 to 1.051",
    ),
    origin=Origin(
        authors="Klambauer, Unterthiner, Mayr & Hochreiter",
        year=2017,
        title="Self-Normalizing Neural Networks",
        url="https://arxiv.org/abs/1706.02515",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "y = $scale * np.where(x > 0, x, $alpha * np.expm1(np.minimum(x, 0)))"
        ),
        pytorch=(
            "import torch.nn.functional as F\n\n"
            "# F.selu(x) is the same with the default constants.\n"
            "y = $scale * F.elu(x, alpha=$alpha)"
        ),
        keras=(
            "import keras\n\n"
            "# keras.activations.selu(x) is the same with the default constants.\n"
            "y = $scale * keras.activations.elu(x, alpha=$alpha)"
        ),
        jax=(
            "import jax\n\n"
            "# jax.nn.selu(x) is the same with the default constants.\n"
            "y = $scale * jax.nn.elu(x, alpha=$alpha)"
        ),
    ),
)
