"""Step, Heaviside's function: the unit fires or it does not."""

import numpy as np

from core.spec import Activation, Code, Family, FloatArray, Origin, Parameter, Scalar


def step(x: FloatArray, threshold: Scalar = 0.0) -> FloatArray:
    """Return 1 for x > θ and 0 elsewhere: 0 at θ itself, and 0 for nan as PyTorch's heaviside.

    ``x`` has any shape; the result has the shape of ``x``. Source: McCulloch &
    Pitts (1943).
    """
    # A comparison rather than x − θ, which overflows at the ends of the range.
    return (x > threshold).astype(x.dtype)


def gradient(x: FloatArray, threshold: Scalar = 0.0) -> FloatArray:
    """Return 0 everywhere, nan and θ included, as JAX does; PyTorch's heaviside has no gradient."""
    return np.zeros_like(x > threshold, dtype=x.dtype)


def breaks(threshold: float = 0.0) -> tuple[float, ...]:
    """Return the point of the jump."""
    return (threshold,)


SPEC = Activation(
    key="step",
    name="Step",
    order=120,
    family=Family.LINES_AND_STEPS,
    function=step,
    derivative=gradient,
    breaks=breaks,
    at_breaks=(
        "At θ the value is 0 and the gradient is given as 0, although no derivative exists there. "
        "JAX's heaviside does the same; PyTorch's refuses to be differentiated."
    ),
    parameters=(
        Parameter(
            name="threshold",
            symbol=r"\theta",
            default=0.0,
            low=-3.0,
            high=3.0,
            step=0.1,
            meaning="the input above which the unit fires",
        ),
    ),
    formula=r"f(x)=\begin{cases}1 & x>\theta\\ 0 & x\le\theta\end{cases}",
    gradient_formula=r"f'(x)=0",
    insight="A yes or no: the size of the input is forgotten, and so is the way to improve it.",
    use="Perceptrons and hand-made logic gates, which need no gradient.",
    avoid="The weights are to be learned by gradient descent.",
    strengths=(
        "The output is a clean decision",
        "With a hidden layer it expresses every logical function",
        "The perceptron rule trains a single layer of it",
    ),
    weaknesses=(
        "The gradient is zero wherever it exists, so backpropagation learns nothing",
        "One layer of it cannot compute XOR",
        "Tiny changes near θ flip the output",
    ),
    origin=Origin(
        authors="McCulloch & Pitts",
        year=1943,
        title="A logical calculus of the ideas immanent in nervous activity",
        url="https://doi.org/10.1007/BF02478259",
    ),
    code=Code(
        numpy="import numpy as np\n\ny = np.where(x > $threshold, 1.0, 0.0)",
        pytorch=(
            "import torch\n\ny = torch.heaviside(x - $threshold, torch.tensor(0.0, dtype=x.dtype))"
        ),
        keras="import keras\n\ny = keras.ops.where(x > $threshold, 1.0, 0.0)",
        jax="import jax.numpy as jnp\n\ny = jnp.heaviside(x - $threshold, 0.0)",
    ),
)
