"""Optimizers in mpmath, written from the papers, one coordinate at a time.

Nothing here is shared with ``core``: plain numbers, 50 digits, no arrays.
"""

from collections.abc import Callable
from typing import Any

import mpmath

Vector = list[mpmath.mpf]


def descent(g: Vector, w: Vector, s: dict[str, Any], lr: mpmath.mpf, p: dict[str, mpmath.mpf]):
    return [wi - lr * gi for wi, gi in zip(w, g, strict=True)]


def velocity(g: Vector, w: Vector, s: dict[str, Any], lr: mpmath.mpf, p: dict[str, mpmath.mpf]):
    old = s.setdefault("v", [mpmath.mpf(0)] * len(w))
    s["v"] = [p["gamma"] * vi + lr * gi for vi, gi in zip(old, g, strict=True)]
    return [wi - vi for wi, vi in zip(w, s["v"], strict=True)]


def adagrad(g: Vector, w: Vector, s: dict[str, Any], lr: mpmath.mpf, p: dict[str, mpmath.mpf]):
    total = s.setdefault("sum", [p["initial_accumulator_value"]] * len(w))
    s["sum"] = [a + gi**2 for a, gi in zip(total, g, strict=True)]
    return [
        wi - lr * gi / (mpmath.sqrt(a) + p["eps"]) for wi, gi, a in zip(w, g, s["sum"], strict=True)
    ]


def rmsprop(g: Vector, w: Vector, s: dict[str, Any], lr: mpmath.mpf, p: dict[str, mpmath.mpf]):
    mean = s.setdefault("mean", [mpmath.mpf(0)] * len(w))
    keep = p["alpha"]
    s["mean"] = [keep * a + (1 - keep) * gi**2 for a, gi in zip(mean, g, strict=True)]
    return [
        wi - lr * gi / (mpmath.sqrt(a) + p["eps"])
        for wi, gi, a in zip(w, g, s["mean"], strict=True)
    ]


def adam(g: Vector, w: Vector, s: dict[str, Any], lr: mpmath.mpf, p: dict[str, mpmath.mpf]):
    history = s.setdefault("gradients", [])
    history.append(g)
    t = len(history)
    result = []
    for i, wi in enumerate(w):
        # The means as the weighted sums they are, from all gradients so far.
        b1, b2 = p["beta1"], p["beta2"]
        m = sum((1 - b1) * b1 ** (t - 1 - k) * history[k][i] for k in range(t))
        v = sum((1 - b2) * b2 ** (t - 1 - k) * history[k][i] ** 2 for k in range(t))
        if p["bias_correction"]:
            m, v = m / (1 - b1**t), v / (1 - b2**t)
        decayed = wi - lr * p.get("weight_decay", mpmath.mpf(0)) * wi
        result.append(decayed - lr * m / (mpmath.sqrt(v) + p["eps"]))
    return result


RULES = {
    "gradient_descent": descent,
    "momentum": velocity,
    "nesterov": velocity,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adam,
}


def run(
    name: str,
    gradient: Callable[[Vector], Vector],
    start: list[float],
    rates: list[float],
    parameters: dict[str, float],
) -> list[Vector]:
    """Return the positions of a run at 50 digits, the start first."""
    with mpmath.workdps(50):
        p = {k: mpmath.mpf(v) for k, v in parameters.items()}
        w = [mpmath.mpf(x) for x in start]
        state: dict[str, Any] = {}
        path = [w]
        for rate in rates:
            at = w
            if name == "nesterov" and "v" in state:
                at = [wi - p["gamma"] * vi for wi, vi in zip(w, state["v"], strict=True)]
            w = RULES[name](gradient(at), w, state, mpmath.mpf(rate), p)
            path.append(w)
        return path
