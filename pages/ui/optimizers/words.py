"""What the Optimizers page says: verdicts, tables and the ledger, with their numbers."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.descent import quadratics
from core.descent.ledger import Steps, quantities
from core.descent.sensitivity import RateSweep
from core.descent.surfaces import Ground, Point
from core.optimizers import OPTIMIZERS
from core.spec import FloatArray
from pages.ui.optimizers.scene import Driver, curvatures
from pages.ui.wording import fixed, number

LIMITS = {
    "gradient_descent": "2/λmax",
    "momentum": "2(1 + γ)/λmax",
    "nesterov": "(2 + 2γ)/((1 + 2γ)λmax)",
}


def winner(names: Sequence[str], gaps: Sequence[float], steps: int) -> str:
    """Say who is lowest after the race; a height of infinity is a walk that was lost."""
    if not np.isfinite(gaps).any():
        return f"After {steps} steps **nobody** has arrived: every optimizer of this race diverges."
    best = int(np.argmin(gaps))
    shown = OPTIMIZERS[names[best]].name
    height = f"{number(gaps[best], 2)} above" if gaps[best] > 0 else "to the last digit at"
    if len(names) == 1:
        return f"After {steps} steps **{shown}** is {height} the lowest point."
    others = sorted(gap for place, gap in enumerate(gaps) if place != best)
    if others[0] <= gaps[best] * (1 + 1e-9):
        return f"After {steps} steps it is a **tie** at {number(gaps[best], 2)} above the lowest."
    rest = f"the next one is {number(others[0], 2)} above"
    if not np.isfinite(others[0]):
        rest = "all others diverge" if len(others) > 1 else "the other one diverges"
    return f"After {steps} steps **{shown}** is lowest, {height} the lowest point; {rest}."


def fate(
    land: Ground, start: Point, driver: Driver, positions: FloatArray, taken: int, steps: int
) -> str:
    """Say what became of a walk (k + 1, 2) of ``steps`` steps, and why it stopped or ran away.

    It is the optimizer's name and one piece of plain text in any case, so that one can stand
    in the place of another.
    """
    shown = f"**{OPTIMIZERS[driver.name].name}**"
    if driver.rate == 0:
        return f"{shown} does not move: its learning rate is 0."
    if taken < steps:
        w, b = positions[taken]
        return (
            f"{shown} stopped at step {taken + 1}, where numbers end. "
            f"Its last good point is ({number(w, 2)}, {number(b, 2)}). "
            f"{reason(land, start, driver)}"
        )
    step = left_at(land, positions)
    if step:
        return f"{shown} left the map at step {step}. {reason(land, start, driver)}"
    moved = float(np.abs(positions - positions[0]).max())
    if moved < 1e-3 and float(np.linalg.norm(land.gradient(*start))) < 1e-3:
        return f"{shown} hardly moves: the slope at the start is almost zero."
    return f"{shown} ends on the map."


def left_at(land: Ground, positions: FloatArray) -> int | None:
    """Return the step after which a walk (k + 1, 2) stays outside the map, if it ends there."""
    (left, right), (low, high) = land.window
    w, b = positions[:, 0], positions[:, 1]
    outside = (w < left) | (w > right) | (b < low) | (b > high)
    if not outside[-1]:
        return None
    inside = np.flatnonzero(~outside)
    return int(inside[-1]) + 1 if inside.size else 0


def reason(land: Ground, start: tuple[float, float], driver: Driver) -> str:
    """Compare the learning rate with what the curvature at the start allows."""
    _, steepest = curvatures(land, start)
    given = f"η = {number(driver.rate)}"
    if not steepest > 0:
        return f"It has {given}; the surface does not curve upwards at the start."
    bound = f"λmax = {number(steepest, 3)} at the start, so that 2/λmax = {number(2 / steepest, 3)}"
    if driver.name not in LIMITS:
        return f"It has {given}; {bound}."
    gamma = dict(driver.settings).get("gamma", 0.0)
    limit = float(quadratics.stable_rate(driver.name, steepest, gamma))
    own = LIMITS[driver.name]
    known = "" if own == "2/λmax" else f" and its own limit {own} = {number(limit, 3)}"
    if driver.rate >= limit:
        return f"{given} is above what is stable: {bound}{known}."
    return f"{given} would be stable with the curvature at the start: {bound}{known}."


def range_of_rates(found: RateSweep, level: float) -> tuple[str, str]:
    """Return the best rate of a sweep, and the rates that bring the loss down to a level."""
    good = found.reaching(level)
    span = "none" if not good.size else f"{good[0]:g}"
    if len(good) > 1:
        span = f"{len(good)} of {len(found.rates)}, {good[0]:g} to {good[-1]:g}"
    return f"{found.rates[found.best]:g}", span


# ---------------------------------------------------------------- the ledger


_PLAIN = {
    r"\tilde w": "w̃",
    r"\hat m": "m̂",
    r"\hat v": "v̂",
    r"\Delta": "Δ",
    r"w+\Delta": "w + Δ",
}
_MEANINGS = {
    "w": "where it stands",
    "w̃": "where it looks ahead to",
    "g": "gradient",
    "m": "running mean of g",
    "v": "running mean of g²",
    "m̂": "m, corrected for its start at 0",
    "v̂": "v, corrected for its start at 0",
    "Δ": "the step",
    "w + Δ": "where it comes to",
}
_VELOCITY = "velocity, with the rate in it"
_OWN_MEANINGS = {
    "momentum": {"v": _VELOCITY},
    "nesterov": {"v": _VELOCITY},
    "adagrad": {"v": "sum of squared gradients"},
}


def entries(
    name: str, made: Steps, settings: Mapping[str, FloatArray]
) -> list[tuple[str, str, FloatArray]]:
    """Return symbol, meaning and value (n, 2) of everything that each step goes through.

    ``settings`` (n, 1) each are those of the optimizer but its rate.
    """
    meanings = {**_MEANINGS, **_OWN_MEANINGS.get(name, {})}
    found = {_PLAIN.get(s, s): values for s, values in quantities(name, made, settings).items()}
    return [(symbol, meanings[symbol], values) for symbol, values in found.items()]


def written_out(
    name: str, made: Steps, settings: Mapping[str, FloatArray]
) -> list[tuple[str, str]]:
    """Write every step's update with its numbers, one line for w and one for b."""
    values = {symbol: value for symbol, _, value in entries(name, made, settings)}

    def line(row: int, axis: int) -> str:
        at = {symbol: float(value[row, axis]) for symbol, value in values.items()}
        own = {key: float(column[row, 0]) for key, column in settings.items()}
        return _sum(name, at, float(made.rate[row, 0]), own)

    return [(line(row, 0), line(row, 1)) for row in range(len(made.rate))]


def _sum(name: str, at: Mapping[str, float], rate: float, settings: Mapping[str, float]) -> str:
    w, g, after, eta = _n(at["w"]), _n(at["g"]), _n(at["w + Δ"]), number(rate)
    if name == "gradient_descent":
        return f"{w} − {eta} · ({g}) = {after}"
    if name in ("momentum", "nesterov"):
        gamma = settings["gamma"]
        kept = f"{number(gamma)} · ({_n((at['v'] - rate * at['g']) / gamma)}) + " if gamma else ""
        return f"v = {kept}{eta} · ({g}) = {_n(at['v'])}; {w} − ({_n(at['v'])}) = {after}"
    eps = number(settings["eps"])
    if name in ("adagrad", "rmsprop"):
        return f"{w} − {eta} · ({g})/(√{_n(at['v'])} + {eps}) = {after}"
    decay = settings.get("weight_decay", 0.0)
    first = f"(1 − {eta} · {number(decay)}) · ({w})" if decay else w
    return f"{first} − {eta} · ({_n(at['m̂'])})/(√{_n(at['v̂'])} + {eps}) = {after}"


def _n(value: float) -> str:
    return fixed(float(value), 4)


# ---------------------------------------------------------------- maps


def basins_verdict(shares: Mapping[str, float], name: str, steps: int) -> str:
    """Say which part of the starts ends where."""
    lost = {"nowhere in time": "get nowhere in time", "diverged": "diverge"}
    parts = [
        f"{100 * share:.0f}\N{NO-BREAK SPACE}% {lost.get(place, f'end at {place}')}"
        for place, share in shares.items()
        if share > 0
    ]
    return f"**{OPTIMIZERS[name].name}**, {steps} steps from every start: {', '.join(parts)}."


def theory(name: str, smallest: float, largest: float) -> str:
    """Say what the best settings are for the curvatures at hand, and how fast they are."""
    best = quadratics.best(name, smallest, largest)
    plain = quadratics.best("gradient_descent", smallest, largest)
    return (
        f"For curvatures from {number(smallest, 3)} to {number(largest, 3)} the best settings "
        f"are **η = {number(best.learning_rate, 3)}, γ = {number(best.gamma, 3)}**: each step "
        f"leaves {number(best.contraction, 3)} of the error. The best gradient descent leaves "
        f"{number(plain.contraction, 3)}."
    )


def together(farthest: float, matched_farthest: float, cut: bool, matched: bool) -> str:
    """Say whether the three meanings of momentum are one and the same walk."""
    same = 1e-9
    first = (
        f"The **velocity** and the **sum** are the same walk, to {number(farthest, 1)}"
        if farthest < same
        else f"The **velocity** and the **sum** part: up to {number(farthest, 3)}"
    )
    rate = "η/(1 − γ)" if matched else "the same η"
    second = (
        f"the **average** at {rate} is the same walk too, to {number(matched_farthest, 1)}."
        if matched_farthest < same
        else f"the **average** at {rate} is up to {number(matched_farthest, 3)} away."
    )
    why = (
        " When η is cut, the velocity still holds steps of the old size; the others multiply by "
        "the new η at once."
        if cut
        else ""
    )
    return f"{first}; {second}{why}"
