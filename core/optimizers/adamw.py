"""AdamW: Adam with weight decay beside the adaptive step, not inside the gradient."""

from collections.abc import Mapping

from core.optimizers import adam
from core.optimizers.adam import State
from core.spec import NON_NEGATIVE, Code, FloatArray, Optimizer, Origin, Parameter, Scalar


def init(position: FloatArray, **parameters: Scalar) -> State:
    """Return means of 0."""
    return adam.init(position)


def update(
    gradient: FloatArray,
    state: State,
    position: FloatArray,
    learning_rate: Scalar = 0.1,
    beta1: Scalar = 0.9,
    beta2: Scalar = 0.999,
    eps: Scalar = 1e-8,
    bias_correction: Scalar = 1.0,
    weight_decay: Scalar = 0.01,
) -> tuple[FloatArray, State]:
    """Return Adam's step from (1 − ηλ)w, and Adam's state.

    Arrays of shape (..., d). The decay is multiplied by the learning rate, as in PyTorch,
    Keras and optax. Source: Loshchilov & Hutter (2019).
    """
    shrunk = position * (1 - learning_rate * weight_decay)
    return adam.update(gradient, state, shrunk, learning_rate, beta1, beta2, eps, bias_correction)


def terms(
    gradient: FloatArray,
    state: State,
    weight_decay: Scalar = 0.01,
    **parameters: Scalar,
) -> Mapping[str, FloatArray]:
    """Return m̂ and v̂ of the state that the update has returned."""
    return adam.terms(gradient, state, **parameters)


SPEC = Optimizer(
    key="adamw",
    name="AdamW",
    order=320,
    init=init,
    update=update,
    terms=terms,
    state_symbols={"m": "m", "v": "v"},
    parameters=(
        *adam.PARAMETERS,
        Parameter(
            name="weight_decay",
            symbol=r"\lambda",
            default=0.01,
            low=0.0,
            high=1.0,
            step=0.01,
            meaning="share of the weights, times η, that each step takes away",
            domain=NON_NEGATIVE,
            settings={"PyTorch": 0.01, "Keras": 0.004, "optax": 0.0001},
        ),
    ),
    formula=(
        r"w_{t}=(1-\eta\lambda)\,w_{t-1}-\eta\,\frac{\hat m_t}{\sqrt{\hat v_t}+\varepsilon},"
        r"\quad\hat m_t,\ \hat v_t\ \text{as in Adam}"
    ),
    insight="Every weight shrinks by the same share, however large its gradients are.",
    use="Networks that are to be regularised by weight decay and trained by Adam.",
    avoid="The minimum of the loss itself is wanted: decay pulls towards the origin.",
    strengths=(
        "Decay acts as it does for gradient descent; inside the gradient, Adam divides it away",
        "Rate and decay can be tuned more independently of each other",
    ),
    weaknesses=(
        "Ends beside the minimum, shifted towards 0",
        "The decay per step is ηλ: a schedule of η changes it too",
    ),
    conventions=(
        "The default decay is 0.01 in PyTorch, 0.004 in Keras and 0.0001 in optax; ε as for Adam."
    ),
    origin=Origin(
        authors="Loshchilov & Hutter",
        year=2019,
        title="Decoupled Weight Decay Regularization",
        url="https://arxiv.org/abs/1711.05101",
    ),
    code=Code(
        numpy=(
            f"{adam.MOMENTS_IN_NUMPY}"
            "w = (1 - $learning_rate * $weight_decay) * w\n"
            "w = w - $learning_rate * m_hat / (np.sqrt(v_hat) + $eps)"
        ),
        pytorch=(
            "import torch\n\n"
            "optimizer = torch.optim.AdamW(\n"
            "    model.parameters(), lr=$learning_rate, betas=($beta1, $beta2), eps=$eps,\n"
            "    weight_decay=$weight_decay, amsgrad=False,\n"
            ")"
        ),
        keras=(
            "import keras\n\n"
            "# epsilon is added before the bias correction.\n"
            "optimizer = keras.optimizers.AdamW(\n"
            "    learning_rate=$learning_rate, weight_decay=$weight_decay, beta_1=$beta1,\n"
            "    beta_2=$beta2, epsilon=$eps, amsgrad=False,\n"
            ")"
        ),
        jax=(
            "import optax\n\n"
            "optimizer = optax.adamw(\n"
            "    learning_rate=$learning_rate, b1=$beta1, b2=$beta2, eps=$eps, eps_root=0.0,\n"
            "    weight_decay=$weight_decay, mask=None, nesterov=False,\n"
            ")"
        ),
    ),
)
