"""Functions of one number and a view of them, as a figure: what an explorer page draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from core.curves import (
    Curve,
    Limits,
    Third,
    curve,
    difference,
    difference_limits,
    grid,
    limits,
    marks,
    probe,
    resolution,
    stretches,
)
from core.numeric import REACH
from core.sections import Section
from core.spec import FloatArray, Graph, Loss, Scalar
from pages.ui import charts, controls
from pages.ui.controls import Choice, Settings

THIRDS: dict[str, Third | None] = {"none": None, "f″": "second", "∂f/∂parameter": "parameter"}


@dataclass(frozen=True)
class Scene:
    """Where functions are drawn and what the axes are called; ``name`` begins every key."""

    name: str
    window: tuple[float, float]
    track: tuple[float, float, float]
    """The probe's slider: from, to, step."""
    titles: tuple[str, str] = ("f(x)", "f′(x)")
    axis: str = "x"
    most: float | None = None
    """How far the vertical axes may reach; half the window's width unless given."""
    target: float = 1.0
    """The target of a loss along a probability or a logit."""

    bounded: bool = False
    """Whether the functions end where the window does."""

    @property
    def checked(self) -> tuple[float, float]:
        """Where gradients can be checked against differences, which need room beside them."""
        low, high = self.window
        return (low + REACH, high - REACH) if self.bounded else (low, high)

    @property
    def chart(self) -> str:
        """The key of the chart."""
        return f"{self.name}_chart"

    @property
    def readings(self) -> str:
        """The key of the table of readings."""
        return f"{self.name}_readings"

    @property
    def probe(self) -> str:
        """The key of the probe's slider."""
        return f"{self.name}_x"

    @property
    def threshold(self) -> str:
        """The key of the slider of what counts as saturated, where there is one."""
        return f"{self.name}_threshold"

    @property
    def steps(self) -> npt.NDArray[np.float64]:
        """The values that the probe can be brought to."""
        low, high, step = self.track
        return np.round(low + step * np.arange(round((high - low) / step) + 1), 10)


THRESHOLDS = np.round(np.arange(1, 51) / 100, 2)
"""The values of |f′| under which a function can be said to saturate."""


@dataclass(frozen=True)
class View:
    """How the functions are looked at: everything but the functions themselves."""

    scene: Scene
    probe: float
    third: Third | None = None
    threshold: float | None = None
    """Stretches where |f′| is below this are shaded, if it is given."""
    factor: float | None = None
    """Differences from the first function are drawn this many times enlarged, if at all."""

    @property
    def titles(self) -> list[str]:
        """The titles of the y axes when functions are laid over one another."""
        thirds = [name for name, kind in THIRDS.items() if kind and kind == self.third]
        return [*self.scene.titles, *thirds]

    @cached_property
    def still(self) -> "View":
        """The view with the probe at rest, for caching what does not depend on it."""
        return replace(self, probe=0.0)

    @cached_property
    def bare(self) -> "View":
        """The view without probe and shading, for caching what depends on neither."""
        return replace(self, probe=0.0, threshold=None)

    def graph(self, key: str) -> Graph:
        """Return the function that ``key`` stands for, a loss at the scene's target."""
        found = controls.entry(key)
        return Section(found, self.scene.target) if isinstance(found, Loss) else found


@dataclass(frozen=True)
class Picture:
    """A figure, and the curves in it by name."""

    figure: charts.Finished
    names: Sequence[str]
    curves: Sequence[Curve]


def picture(choices: Sequence[Choice], view: View) -> Picture:
    """Draw the functions laid over one another, or their differences from the first."""
    if view.factor is not None:
        return _differences(choices, view, view.factor)
    keys = tuple(c.entry.key for c in choices)
    lines = [_lines(c.key, c.settings, place, view.bare) for place, c in enumerate(choices)]
    traces = []
    for place, (choice, one) in enumerate(zip(choices, lines, strict=True)):
        here = probe(view.graph(choice.key), view.probe, reach(view.scene), **choice.parameters)
        shade = _shade(choice.key, choice.settings, place, len(choices) > 1, view.still)
        traces += [shade, *one.traces, *charts.probe_traces(here, place)]
    # No third panel where none of the functions has what it would show.
    panels = 3 if any(one.curve.third is not None for one in lines) else 2
    figure = charts.functions(
        traces,
        window=view.scene.window,
        limits=_limits(keys, view.bare),
        probe=view.probe,
        titles=view.titles[:panels],
        axis=view.scene.axis,
        legend=_legend(keys, view.bare),
    )
    names = [c.label for c in choices]
    return Picture(figure, names, [one.curve for one in lines])


def sizes(choices: Sequence[Choice], view: View) -> list[int]:
    """Return how many traces each function takes: its shading, its lines, and the probe's."""
    lines = [_lines(c.key, c.settings, place, view.bare) for place, c in enumerate(choices)]
    return [1 + len(one.traces) + charts.PROBE_TRACES for one in lines]


def sample(key: str, view: View, parameters: Mapping[str, Scalar]) -> Curve:
    """Sample the curves of one function; a parameter may be an array (S, 1)."""
    graph = view.graph(key)
    needed = _resolution(controls.entry(key).key, view.bare)
    points = grid(*view.scene.window, graph.breaks(**parameters), needed)
    return curve(graph, points, third=view.third, **parameters)


@dataclass(frozen=True)
class Lines:
    """The curves of one function, and the traces that draw them as they are sent."""

    curve: Curve
    traces: Sequence[charts.Spec]


@lru_cache(maxsize=512)
def _lines(key: str, settings: Settings, place: int, view: View) -> Lines:
    """Draw one function, as many who look at it need it: a slider has a hundred steps or so."""
    choice = Choice(key, dict(settings))
    found = sample(key, view, choice.parameters)
    there = marks(view.graph(key), **choice.parameters)
    return Lines(found, charts.encoded(charts.line_traces(choice.label, found, there, place)))


@lru_cache(maxsize=2048)
def _shade(key: str, settings: Settings, place: int, lanes: bool, view: View) -> charts.Spec:
    """Shade where one function saturates, if the view says what that is."""
    found = stretches(_lines(key, settings, place, view.bare).curve, view.threshold or 0.0)
    (shade,) = charts.encoded([charts.shade_trace(found, place, lanes=lanes)])
    return shade


def reach(scene: Scene) -> float:
    """Return how far a tangent is drawn to either side of the probe."""
    return (scene.window[1] - scene.window[0]) / 10


def _differences(choices: Sequence[Choice], view: View, factor: float) -> Picture:
    curves = subtract([(c.key, c.parameters) for c in choices], view, factor)
    times = "" if factor == 1 else f"{factor:g}·"
    first = choices[0].name
    value, gradient = (title.partition("(")[0] for title in view.scene.titles)
    names = [difference_name(c.label, choices[0].key) for c in choices[1:]]
    keys = tuple(c.entry.key for c in choices)
    figure = charts.differences(
        [charts.Difference(name, one) for name, one in zip(names, curves, strict=True)],
        window=view.scene.window,
        limits=_difference_limits(keys, view.bare, factor),
        probe=view.probe,
        titles=[f"{times}({value} − {first})", f"{times}({gradient} − {first}′)"],
        axis=view.scene.axis,
    )
    return Picture(figure, [f"{times}({name})" for name in names], curves)


def subtract(
    members: Sequence[tuple[str, Mapping[str, Scalar]]], view: View, factor: float
) -> list[Curve]:
    """Sample each function minus the first; one member's parameter may be an array (S, 1)."""
    breaks = [b for key, given in members for b in controls.entry(key).breaks(**given)]
    needed = [_resolution(controls.entry(key).key, view.bare) for key, _ in members]
    points = grid(*view.scene.window, breaks, np.unique(np.concatenate(needed)))
    return difference([curve(view.graph(key), points, **given) for key, given in members], factor)


def difference_name(label: str, first: str) -> str:
    """Return what a difference is called in the legend."""
    return f"{label} − {controls.name(first)}"


@lru_cache(maxsize=512)
def _resolution(key: str, view: View) -> FloatArray:
    return resolution(view.graph(key), *view.scene.window, most=view.scene.most)


@lru_cache(maxsize=512)
def _limits(keys: tuple[str, ...], view: View) -> Limits:
    graphs = [view.graph(key) for key in keys]
    return limits(graphs, *view.scene.window, view.third, view.scene.most)


@lru_cache(maxsize=512)
def _legend(keys: tuple[str, ...], view: View) -> charts.Corner:
    """Choose the place in the upper panel where a legend hides least of the functions.

    It stays while a parameter moves: the functions are looked at as they are by default.
    """
    x = np.linspace(*view.scene.window, 121)
    across = (x - x[0]) / (x[-1] - x[0])
    bottom, top = _limits(keys, view).value
    up = [(view.graph(key)(x) - bottom) / (top - bottom) for key in keys]

    def hidden(corner: charts.Corner) -> int:
        (left, right), (low, high) = charts.legend_box(corner, len(keys))
        inside = (across > left) & (across < right)
        return sum(int((inside & (low < y) & (y < high)).sum()) for y in up)

    return min(charts.CORNERS, key=hidden)


@lru_cache(maxsize=512)
def _difference_limits(keys: tuple[str, ...], view: View, factor: float) -> Limits:
    return difference_limits([view.graph(key) for key in keys], *view.scene.window, factor)
