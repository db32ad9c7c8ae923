"""Barron's general robust loss: one slider from L2 to losses that ignore outliers."""

import numpy as np

from core.losses.absolute_error import residual
from core.spec import (
    POSITIVE,
    REALS,
    Axis,
    Code,
    FloatArray,
    Interval,
    Loss,
    Origin,
    Parameter,
    Scalar,
)


def general_robust(
    prediction: FloatArray, target: FloatArray, alpha: Scalar = 1.0, c: Scalar = 1.0
) -> FloatArray:
    """Return |α − 2|/α · [((r/c)²/|α − 2| + 1)^(α/2) − 1], with r = prediction − target.

    At α = 2 and α = 0 it is the limit, ½(r/c)² and ln(½(r/c)² + 1). Prediction and target
    broadcast; the result has their joint shape. Source: Barron (2019).
    """
    size = np.abs(residual(prediction, target))
    limited = np.minimum(size, np.finfo(size.dtype).max)
    gap, near = _widths(alpha, c)
    # Of two roads to h^α = e^(α ln h), h² = 1 + (r/c)²/gap, each is taken where it keeps
    # its digits: expm1(y)/y, smooth through α = 0, and a power, for large y = α ln h. The
    # power is split in two, so that gap · h^α overflows only if the loss does. Working in
    # place saves a landscape half of its time.
    with np.errstate(over="ignore"):
        square = limited / near
        square *= square
        log_square = np.log1p(square)
        huge = np.isinf(square)
        if some_huge := huge.any():
            root = _root(np.maximum(limited, near), near)
            log_square = np.where(huge, 4 * np.log(root), log_square)
        y = alpha / 2 * log_square
        rise = np.minimum(y, 1)
        loss = np.expm1(rise)
        level = rise == 0  # where the quotient is 1
        loss += level
        rise += level
        loss /= rise
        loss *= log_square
        loss *= gap / 2
        far = y > 1
        if far.any():
            square += 1
            half = square ** (alpha / 4)
            if some_huge:
                half = np.where(huge, root**alpha, half)
            weight = gap / (alpha + (alpha == 0))
            outer = weight * half
            outer *= half
            outer -= weight
            loss = np.where(far, outer, loss)
    unbounded = np.isinf(size) & (alpha >= 0)
    return np.where(unbounded, size, loss) if unbounded.any() else np.asarray(loss)


def gradient(
    prediction: FloatArray, target: FloatArray, alpha: Scalar = 1.0, c: Scalar = 1.0
) -> FloatArray:
    """Return r/c² · ((r/c)²/|α − 2| + 1)^(α/2 − 1); at α = 2 it is r/c²."""
    r = residual(prediction, target)
    largest = np.finfo(r.dtype).max
    r = np.clip(r, -largest, largest)
    size = np.abs(r)
    gap, near = _widths(alpha, c)
    large = np.maximum(size, near)
    ratio = np.minimum(size, near) / large
    # √(size² + n²): what NumPy's hypot does, in a fifth of its time.
    length = large * np.sqrt(1 + ratio * ratio)
    # As above: an exponential where h is near 1, a power of h beyond, in halves. What
    # overflows is either discarded or too large indeed.
    with np.errstate(over="ignore"):
        inner = r / c / c * np.exp((alpha - 2) / 2 * np.log1p(ratio * ratio))
        # √h^(α − 1); the exponent α − 1 would be rounded, which a huge h does not forgive.
        root = _root(length, near)
        quarter = root ** (alpha / 2)
        half = quarter / root * quarter
        outer = gap**0.5 / c * half * (r / length) * half
    return np.where(size < near, inner, outer)


def _widths(alpha: Scalar, c: Scalar) -> tuple[Scalar, Scalar]:
    """Return |α − 2| and n = c√|α − 2|.

    At α = 2 the width |α − 2| cancels from both formulas; it is taken to be 1.
    """
    gap = 2 - alpha + (alpha == 2)
    return gap, c * gap**0.5


def _root(length: FloatArray, near: Scalar) -> FloatArray:
    """Return √h, h = length/near: h itself may overflow where a small power of it does not."""
    root: FloatArray = np.sqrt(length) / near**0.5
    return root


SPEC = Loss(
    key="general_robust",
    name="General robust (Barron)",
    order=180,
    axis=Axis.RESIDUAL,
    predictions=REALS,
    targets=REALS,
    minimiser="the mean at α = 2; as α → −∞ the highest point of the density blurred by width c",
    noise="Gaussian at α = 2, Cauchy at α = 0; none for α < 0",
    function=general_robust,
    derivative=gradient,
    parameters=(
        Parameter(
            name="alpha",
            symbol=r"\alpha",
            default=1.0,
            low=-10.0,
            high=2.0,
            step=0.1,
            meaning="shape: the smaller, the less an outlier counts",
            domain=Interval(high=2.0, high_closed=True),
            settings={
                "L2": 2.0,
                "Charbonnier (pseudo-Huber)": 1.0,
                "Cauchy": 0.0,
                "Geman–McClure": -2.0,
                "Near Welsch": -10.0,
            },
        ),
        Parameter(
            name="c",
            symbol="c",
            default=1.0,
            low=0.1,
            high=5.0,
            step=0.05,
            meaning="scale: residuals well below c count as squares",
            domain=POSITIVE,
        ),
    ),
    formula=(
        r"\ell(r)=\begin{cases}\tfrac12\left(\frac{r}{c}\right)^2 & \alpha=2\\[1ex]"
        r" \ln\left(\tfrac12\left(\frac{r}{c}\right)^2+1\right) & \alpha=0\\[1ex]"
        r" \frac{|\alpha-2|}{\alpha}\left[\left(\frac{(r/c)^2}{|\alpha-2|}+1\right)^{\alpha/2}"
        r"-1\right] & \text{otherwise}\end{cases}"
    ),
    gradient_formula=(
        r"\frac{\partial\ell}{\partial\hat y}=\begin{cases}\frac{r}{c^2} & \alpha=2\\[1ex]"
        r" \frac{r}{c^2}\left(\frac{(r/c)^2}{|\alpha-2|}+1\right)^{\alpha/2-1}"
        r" & \text{otherwise}\end{cases}"
    ),
    insight="Below α = 1 the farthest points pull least: the fit gives up on outliers.",
    use="Robust fitting where the amount of contamination is unknown and α may be tuned.",
    avoid="The lowest minimum has to be found for certain: for α < 1 the loss is not convex.",
    strengths=(
        "Holds L2, pseudo-Huber, Cauchy and Geman–McClure, and comes near Welsch",
        "Smooth in the residual, and in α and c too",
        "The curvature at 0 is 1/c² for every α",
    ),
    weaknesses=(
        "Not convex for α < 1: where descent ends depends on where it starts",
        "For α < 1 a point pulls the less the farther off it is, even if it is right",
        "Two parameters, and singular spots in the formula at α = 0 and α = 2",
    ),
    origin=Origin(
        authors="Barron",
        year=2019,
        title="A General and Adaptive Robust Loss Function",
        url="https://arxiv.org/abs/1701.03077",
    ),
    code=Code(
        numpy=(
            "import numpy as np\n\n"
            "alpha, c = $alpha, $c\n"
            "u = ((prediction - target) / c) ** 2\n"
            "if alpha == 2:\n"
            "    loss = u / 2\n"
            "elif alpha == 0:\n"
            "    loss = np.log1p(u / 2)\n"
            "else:\n"
            "    y = alpha / 2 * np.log1p(u / abs(alpha - 2))\n"
            "    loss = abs(alpha - 2) / alpha * np.expm1(y)"
        ),
        pytorch=(
            "import torch\n\n"
            "alpha, c = $alpha, $c\n"
            "u = ((prediction - target) / c) ** 2\n"
            "if alpha == 2:\n"
            "    loss = u / 2\n"
            "elif alpha == 0:\n"
            "    loss = torch.log1p(u / 2)\n"
            "else:\n"
            "    y = alpha / 2 * torch.log1p(u / abs(alpha - 2))\n"
            "    loss = abs(alpha - 2) / alpha * torch.expm1(y)"
        ),
        keras=(
            "import keras\n\n"
            "alpha, c = $alpha, $c\n"
            "u = ((prediction - target) / c) ** 2\n"
            "if alpha == 2:\n"
            "    loss = u / 2\n"
            "elif alpha == 0:\n"
            "    loss = keras.ops.log1p(u / 2)\n"
            "else:\n"
            "    y = alpha / 2 * keras.ops.log1p(u / abs(alpha - 2))\n"
            "    loss = abs(alpha - 2) / alpha * keras.ops.expm1(y)"
        ),
        jax=(
            "import jax.numpy as jnp\n\n"
            "alpha, c = $alpha, $c\n"
            "u = ((prediction - target) / c) ** 2\n"
            "if alpha == 2:\n"
            "    loss = u / 2\n"
            "elif alpha == 0:\n"
            "    loss = jnp.log1p(u / 2)\n"
            "else:\n"
            "    y = alpha / 2 * jnp.log1p(u / abs(alpha - 2))\n"
            "    loss = abs(alpha - 2) / alpha * jnp.expm1(y)"
        ),
    ),
)
