"""Identity: the layer stays linear."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin


def identity(x: FloatArray) -> FloatArray:
    """Return x, elementwise, in the shape of ``x``. Source: Widrow & Hoff (1960)."""
    # A copy, so that writing to the result leaves the input alone.
    return x.copy()


def gradient(x: FloatArray) -> FloatArray:
    """Return 1 everywhere, ±∞ included; nan stays nan."""
    return np.where(np.isnan(x), x, 1)


SPEC = Activation(
    key="identity",
    name="Identity",
    order=110,
    family=Family.LINES_AND_STEPS,
    function=identity,
    derivative=gradient,
    formula=r"f(x)=x",
    gradient_formula=r"f'(x)=1",
    insight=(
        "Nothing happens, and that is the point: layers with nothing between them "
        "compute no more than one linear layer can."
    ),
    use="The output layer of a regression, where the answer may be any real number.",
    avoid="The layer is hidden and the network should compute more than a linear function.",
    strengths=(
        "Gradient 1 everywhere: nothing saturates",
        "Any real output is possible",
    ),
    weaknesses=(
        "A stack of linear layers is one linear function, "
        "of rank at most that of its narrowest layer",
        "Cannot separate XOR, at any depth",
    ),
    origin=Origin(
        authors="Widrow & Hoff, whose ADALINE learns from its linear output",
        year=1960,
        title="Adaptive switching circuits",
    ),
    code=Code(
        numpy="y = x.copy()",
        pytorch="import torch\n\ny = torch.nn.Identity()(x)",
        keras="import keras\n\ny = keras.activations.linear(x)",
        jax="import jax\n\ny = jax.nn.identity(x)",
    ),
)
