"""Swish: the input times a sigmoid of itself. At β = 1 it is SiLU."""

import numpy as np

from core.activations.sigmoid import sigmoid
from core.spec import Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def swish(x: FloatArray, beta: Scalar = 1.0) -> FloatArray:
    """Return xσ(βx).

    ``x`` has any shape; the result has the shape of ``x``; where x is infinite
    and σ(βx) is 0 it is nan, as in PyTorch. Source: Ramachandran, Zoph & Le
    (2017); Elfwing, Uchibe & Doya (2017) for β = 1.
    """
    # An infinite βx closes or opens the gate exactly; ∞·0 is meant to be nan, quietly.
    with np.errstate(over="ignore", invalid="ignore"):
        return x * sigmoid(beta * x)


def gradient(x: FloatArray, beta: Scalar = 1.0) -> FloatArray:
    """Return σ(βx)(1 + βxσ(−βx)); at ±∞ its limit, where PyTorch gives nan."""
    z = _gate_input(x, beta)
    return sigmoid(z) * (1 + z * sigmoid(-z))


def beta_gradient(x: FloatArray, beta: Scalar = 1.0) -> FloatArray:
    """Return ∂f/∂β = x²σ(βx)σ(−βx); nan at ±∞, as in PyTorch."""
    z = _gate_input(x, beta)
    # x² might overflow where the product does not, so each gate shuts its own x
    # first. At β = 0 the true value, x²/4, may overflow; ∞·0 is meant to be nan.
    with np.errstate(over="ignore", invalid="ignore"):
        return (x * sigmoid(z)) * (x * sigmoid(-z))


def _gate_input(x: FloatArray, beta: Scalar) -> FloatArray:
    """Return βx, cut off where σ has long been exactly 0 or 1."""
    # An infinite x becomes a finite one, so that β = 0 makes it 0 and not nan.
    largest = np.finfo(x.dtype).max
    with np.errstate(over="ignore"):
        return np.asarray(np.clip(beta * np.clip(x, -largest, largest), -800, 800))


SPEC = Activation(
    key="swish",
    name="Swish (SiLU)",
    order=550,
    family=Family.GATED,
    function=swish,
    derivative=gradient,
    parameter_derivatives={"beta": beta_gradient},
    parameters=(
        Parameter(
            name="beta",
            symbol=r"\beta",
            default=1.0,
            low=0.0,
            high=10.0,
            step=0.1,
            meaning="sharpness of the gate: 0 gives x/2, 1 SiLU, and as it grows ReLU",
            settings={"SiLU": 1.0, "Near GELU": 1.702},
        ),
    ),
    formula=r"f(x)=x\,\sigma(\beta x)=\frac{x}{1+e^{-\beta x}}",
    gradient_formula=r"f'(x)=\sigma(\beta x)+\beta x\,\sigma(\beta x)\,\sigma(-\beta x)",
    insight="One slider leads from a straight line (β = 0) to ReLU (β → ∞).",
    use="Convolutional networks, and inside SwiGLU in language models.",
    avoid="Deep plain networks with Xavier initialisation: the slope at 0 is only ½.",
    strengths=(
        "Smooth everywhere",
        "Keeps some gradient for moderately negative inputs",
        "β can be learned",
    ),
    weaknesses=(
        "Not monotone for β > 0: at β = 1 it falls to −0.278 at x = −1.278",
        "For large negative inputs the gradient still goes to 0",
        "PyTorch, Keras and JAX offer β = 1 only",
    ),
    origin=Origin(
        authors="Ramachandran, Zoph & Le; as SiLU Elfwing, Uchibe & Doya (2017)",
        year=2017,
        title="Searching for Activation Functions",
        url="https://arxiv.org/abs/1710.05941",
    ),
    code=Code(
        numpy="from scipy.special import expit\n\ny = x * expit($beta * x)",
        pytorch=(
            "import torch\n\n"
            "# torch.nn.functional.silu(x) is the same with beta 1.\n"
            "y = x * torch.sigmoid($beta * x)"
        ),
        keras=(
            "import keras\n\n"
            "# keras.activations.silu(x) is the same with beta 1.\n"
            "y = x * keras.ops.sigmoid($beta * x)"
        ),
        jax=(
            "import jax\n\n"
            "# jax.nn.silu(x) is the same with beta 1.\n"
            "y = x * jax.nn.sigmoid($beta * x)"
        ),
    ),
)
