"""ReLU, the rectified linear unit: negative inputs become zero, positive ones pass."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin


def relu(x: FloatArray) -> FloatArray:
    """Return max(x, 0), elementwise, in the shape of ``x``. Source: Fukushima (1969)."""
    return np.maximum(x, 0)


def gradient(x: FloatArray) -> FloatArray:
    """Return 1 for x > 0 and 0 for x ≤ 0; at 0 it is 0, as in PyTorch, JAX and Keras."""
    # where() rather than a cast of x > 0: nan must stay nan.
    return np.where(np.isnan(x), x, (x > 0).astype(x.dtype))


def breaks() -> tuple[float, ...]:
    """Return the point where the two lines meet."""
    return (0.0,)


SPEC = Activation(
    key="relu",
    name="ReLU",
    order=310,
    family=Family.RECTIFIERS,
    function=relu,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At 0 PyTorch, JAX and Keras all use 0. "
        "Written as maximum(x, 0), PyTorch and JAX use ½ instead."
    ),
    formula=r"f(x)=\max(0,x)",
    gradient_formula=r"f'(x)=\begin{cases}1 & x>0\\ 0 & x\le 0\end{cases}",
    insight="A switch: a unit either passes its input on unchanged or is silent.",
    use="The default for hidden layers, convolutional or fully connected, with He initialisation.",
    avoid="Many units sit below zero on every input: their own gradient cannot bring them back.",
    strengths=(
        "Gradient exactly 1 wherever the unit is active",
        "Exact zeros: sparse activations",
        "One comparison: no exp",
    ),
    weaknesses=(
        "A unit that is negative on every input gets no gradient at all (a dead unit)",
        "The mean output is positive, unless the unit is dead",
        "Unbounded above",
    ),
    origin=Origin(
        authors="Fukushima; named and made popular by Nair & Hinton (2010)",
        year=1969,
        title="Visual feature extraction by a multilayered network of analog threshold elements",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.maximum(x, 0)",
        pytorch="import torch.nn.functional as F\n\ny = F.relu(x)",
        keras=(
            "import keras\n\n"
            "y = keras.activations.relu(x, negative_slope=0.0, max_value=None, threshold=0.0)"
        ),
        jax="import jax\n\ny = jax.nn.relu(x)",
    ),
)
