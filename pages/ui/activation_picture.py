"""What the Activations page draws: chosen functions and a view of them, as a figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.activations import ACTIVATIONS
from core.curves import (
    Curve,
    Limits,
    Third,
    curve,
    difference,
    fit,
    grid,
    limits,
    marks,
    probe,
    resolution,
    stretches,
)
from core.spec import Activation, Scalar
from pages.ui import charts
from pages.ui.controls import Choice

THIRDS: dict[str, Third | None] = {"none": None, "f″": "second", "∂f/∂parameter": "parameter"}


@dataclass(frozen=True)
class View:
    """How the functions are looked at: everything but the functions themselves."""

    half: float
    probe: float
    third: Third | None
    threshold: float
    factor: float | None
    """Differences from the first function are drawn this many times enlarged, if at all."""

    @property
    def window(self) -> tuple[float, float]:
        """The ends of the x axis."""
        return -self.half, self.half

    @property
    def titles(self) -> list[str]:
        """The titles of the y axes when functions are laid over one another."""
        return ["f(x)", "f′(x)"] + [n for n, kind in THIRDS.items() if kind and kind == self.third]


@dataclass(frozen=True)
class Picture:
    """A figure, the curves in it, and how many traces each function takes."""

    figure: charts.Finished
    curves: Sequence[Curve]
    sizes: Sequence[int]


def picture(choices: Sequence[Choice], view: View) -> Picture:
    """Draw the functions laid over one another, or their differences from the first."""
    if view.factor is not None:
        return _differences(choices, view, view.factor)
    drawn = [draw(c.entry, c.label, view, c.parameters) for c in choices]
    keys = tuple(dict.fromkeys(c.entry.key for c in choices))
    figure = charts.functions(
        drawn,
        window=view.window,
        limits=_limits(keys, view.window, view.third),
        probe=view.probe,
        titles=view.titles,
    )
    return Picture(figure, [d.curve for d in drawn], [d.size for d in drawn])


def draw(
    entry: Activation, name: str, view: View, parameters: Mapping[str, Scalar]
) -> charts.Drawn:
    """Sample all that is drawn of one function; a parameter may be an array (S, 1)."""
    count = _resolution(entry.key, view.window)
    points = grid(*view.window, entry.breaks(**parameters), count)
    sampled = curve(entry, points, third=view.third, **parameters)
    return charts.Drawn(
        name=name,
        curve=sampled,
        marks=marks(entry, **parameters),
        probe=probe(entry, view.probe, view.half / 5, **parameters),
        saturated=stretches(sampled, view.threshold),
    )


def _differences(choices: Sequence[Choice], view: View, factor: float) -> Picture:
    breaks = [b for c in choices for b in c.entry.breaks(**c.parameters)]
    count = max(_resolution(c.entry.key, view.window) for c in choices)
    points = grid(*view.window, breaks, count)
    curves = difference([curve(c.entry, points, **c.parameters) for c in choices], factor)
    times = "" if factor == 1 else f"{factor:g}·"
    first = choices[0].name
    figure = charts.differences(
        [
            charts.Difference(f"{c.label} − {first}", one)
            for c, one in zip(choices[1:], curves, strict=True)
        ],
        window=view.window,
        limits=fit(curves),
        probe=view.probe,
        titles=[f"{times}(f − {first})", f"{times}(f′ − {first}′)"],
    )
    return Picture(figure, curves, [])


@lru_cache(maxsize=512)
def _resolution(key: str, window: tuple[float, float]) -> int:
    return resolution(ACTIVATIONS[key], *window)


@lru_cache(maxsize=512)
def _limits(keys: tuple[str, ...], window: tuple[float, float], third: Third | None) -> Limits:
    return limits([ACTIVATIONS[key] for key in keys], *window, third)
