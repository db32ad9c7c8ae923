"""Squared ReLU: silent on the left, a parabola on the right."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin


def squared_relu(x: FloatArray) -> FloatArray:
    """Return max(x, 0)², elementwise, in the shape of ``x``. Source: So et al. (2021)."""
    # Beyond the root of the largest float the true square is too large: inf is right.
    with np.errstate(over="ignore"):
        return np.asarray(np.square(np.maximum(x, 0)))


def gradient(x: FloatArray) -> FloatArray:
    """Return 2·max(x, 0); at 0 it is 0, from both sides."""
    # Beyond half the largest float the true gradient is too large: inf is right.
    with np.errstate(over="ignore"):
        return 2 * np.maximum(x, 0)


def breaks() -> tuple[float, ...]:
    """Return the point where zero meets the parabola."""
    return (0.0,)


SPEC = Activation(
    key="squared_relu",
    name="Squared ReLU",
    order=360,
    family=Family.RECTIFIERS,
    function=squared_relu,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At 0 the gradient is 0 from both sides and in PyTorch, JAX and Keras alike; "
        "only the second derivative jumps there."
    ),
    formula=r"f(x)=\max(0,x)^{2}",
    gradient_formula=r"f'(x)=2\max(0,x)",
    insight="The gradient grows with the input: strong units learn fast, weak ones hardly at all.",
    use="Feed-forward blocks of transformers, where a search found it better than ReLU and GELU.",
    avoid="Inputs are not normalised: large ones are squared, layer upon layer.",
    strengths=(
        "No kink: the gradient is continuous at 0",
        "Exact zeros: sparse activations",
        "No exp",
    ),
    weaknesses=(
        "No Lipschitz constant: its gradient grows without bound",
        "Gradient exactly zero on the left, as ReLU's",
        "Small positive inputs get almost no gradient",
    ),
    origin=Origin(
        authors="So, Mańke, Liu, Dai, Shazeer & Le",
        year=2021,
        title="Primer: Searching for Efficient Transformers for Language Modeling",
        url="https://arxiv.org/abs/2109.08668",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.square(np.maximum(x, 0))",
        pytorch="import torch\nimport torch.nn.functional as F\n\ny = torch.square(F.relu(x))",
        keras="import keras\n\ny = keras.ops.square(keras.activations.relu(x))",
        jax="import jax\nimport jax.numpy as jnp\n\ny = jnp.square(jax.nn.relu(x))",
    ),
)
