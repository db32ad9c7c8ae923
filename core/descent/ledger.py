"""What single steps of a walk are made of, in the order in which they are computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.descent import Trajectory
from core.optimizers import OPTIMIZERS
from core.spec import FloatArray, Scalar, here


@dataclass(frozen=True, eq=False)
class Steps:
    """Steps of walks, one a row: arrays (n, d), and the learning ``rate`` of each, (n, 1).

    ``state`` is the optimizer's after the step, its arrays (n, d) and its number of steps,
    where it has one, (n, 1).
    """

    before: FloatArray
    look_ahead: FloatArray
    gradient: FloatArray
    after: FloatArray
    rate: FloatArray
    state: Any


def steps(path: Trajectory, at: Sequence[int], walks: Sequence[int] | None = None) -> Steps:
    """Return the steps ``at``, counted from 1, of a walk with a single start.

    With ``walks`` the path has several starts (m, d), each with a rate of its own (m, 1), and
    row i is step ``at[i]`` of the walk ``walks[i]``.
    """
    k = np.asarray(at) - 1
    place: Any = k if walks is None else (k, np.asarray(walks))
    later: Any = k + 1 if walks is None else (k + 1, np.asarray(walks))
    kind = type(path.states[0])
    fields = []
    for name in kind._fields:
        parts = [getattr(path.states[j + 1], name) for j in k.tolist()]
        if isinstance(parts[0], int):
            fields.append(np.array(parts)[:, None])
        elif walks is None:
            fields.append(np.array(parts))
        else:
            fields.append(np.array([part[walk] for part, walk in zip(parts, walks, strict=True)]))
    return Steps(
        before=path.positions[place],
        look_ahead=path.look_ahead[place],
        gradient=path.gradients[place],
        after=path.positions[later],
        rate=path.learning_rates[place].reshape(-1, 1),
        state=kind(*fields),
    )


def quantities(name: str, made: Steps, settings: Mapping[str, Scalar]) -> dict[str, FloatArray]:
    """Return everything that each step goes through, by its symbol in LaTeX, (n, d) each.

    ``settings`` are the parameters of the optimizer ``name`` but the learning rate.
    """
    optimizer = OPTIMIZERS[name]
    found = {"w": made.before}
    if optimizer.look_ahead is not here:
        found[r"\tilde w"] = made.look_ahead
    found["g"] = made.gradient
    for field, symbol in optimizer.state_symbols.items():
        found[symbol] = getattr(made.state, field)
    found.update(optimizer.terms(made.gradient, made.state, **settings))
    return {**found, r"\Delta": made.after - made.before, r"w+\Delta": made.after}
