"""What each slider of an explorer page moves, for all of its steps at once."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import accumulate

import numpy as np

from core.curves import marks, probe, stretches
from core.facts import Headlines, headlines
from core.spec import Activation, FloatArray, Interval
from pages.ui import charts, controls, wording
from pages.ui.controls import Choice, Settings
from pages.ui.functions.picture import (
    THRESHOLDS,
    Scene,
    View,
    difference_name,
    reach,
    sample,
    sizes,
    subtract,
)
from pages.ui.live import ChartSweep, Later, Packed, Sweep


def curve_sweeps(choices: Sequence[Choice], view: View) -> list[Later]:
    """Return for every parameter's slider what it moves whatever the probe and the threshold."""
    firsts = _firsts(choices, view)
    settings = _settings(choices)
    found = []
    for place, choice, name, others in _parameters(choices):
        if view.factor is None:
            at = (choice.key, name, others, place, firsts[place])
            found.append(_later(choice, name, _curve_sweep, *at, view.bare))
        else:
            members = (*settings[:place], (choice.key, others), *settings[place + 1 :])
            found.append(_later(choice, name, _difference_sweep, members, name, place, view.bare))
    return found


def probe_sweeps(choices: Sequence[Choice], view: View) -> list[Later]:
    """Return the sweeps of the probe and of the threshold, and what else depends on either."""
    firsts = _firsts(choices, view)
    settings = _settings(choices)
    shaded = view.factor is None and view.threshold is not None
    found = []
    for place, choice, name, others in _parameters(choices):
        at = (choice.key, name, others, place)
        if shaded:
            lanes = len(choices) > 1
            shade = (_shade_sweep, *at, lanes, firsts[place], view.still)
            found.append(_later(choice, name, *shade))
        reading = (_reading_sweep, *at, firsts[place + 1], replace(view, threshold=None))
        found.append(_later(choice, name, *reading))
    scene = view.scene
    found += [
        Later(scene.probe, partial(_packed, _line_sweep, scene)),
        Later(scene.probe, partial(_packed, _probe_sweep, settings, firsts, view.bare)),
    ]
    if shaded:
        threshold = partial(_packed, _threshold_sweep, settings, firsts, view.bare)
        found.append(Later(scene.threshold, threshold))
    return found


def _firsts(choices: Sequence[Choice], view: View) -> tuple[int, ...]:
    """Return the index of each function's first trace, and the number of all."""
    taken = sizes(choices, view) if view.factor is None else [0] * len(choices)
    return tuple(accumulate(taken, initial=0))


def _settings(choices: Sequence[Choice]) -> tuple[tuple[str, Settings], ...]:
    return tuple((c.key, c.settings) for c in choices)


def _parameters(choices: Sequence[Choice]) -> Iterator[tuple[int, Choice, str, Settings]]:
    """Give each function's place, and for each parameter its name and the other settings.

    A slider's own value is left out: it changes nothing in its sweep.
    """
    for place, choice in enumerate(choices):
        for parameter in choice.entry.parameters:
            yield place, choice, parameter.name, choice.without(parameter.name)


def _later(choice: Choice, name: str, sweep: Callable[..., Sweep], *at: Hashable) -> Later:
    return Later(controls.slider_key(choice.key, name), partial(_packed, sweep, *at))


@lru_cache(maxsize=2048)
def _packed(sweep: Callable[..., Sweep], *at: Hashable) -> Packed:
    """Keep what is sent, some kilobytes a sweep, and not the arrays that it was made from."""
    return sweep(*at).packed


def _curve_sweep(
    key: str, name: str, others: Settings, place: int, first: int, view: View
) -> Sweep:
    """Sweep what a parameter moves whatever the probe and shading: curves, marks, headlines."""
    values, parameters, names = _swept(key, name, others)
    there = marks(view.graph(key), **parameters)
    changes = {}
    # The first trace is the shading.
    for i, trace in enumerate(
        charts.line_traces("", sample(key, view, parameters), there, place), first + 1
    ):
        changes[i] = charts.varying(trace)
        if "hovertemplate" in trace:
            changes[i]["name"] = names
    texts = _row_texts(view, place, key, name, others)
    slider = controls.slider_key(key, name)
    return Sweep(slider, values, [ChartSweep(view.scene.chart, changes)], texts)


def _difference_sweep(
    members: tuple[tuple[str, Settings], ...], name: str, place: int, view: View
) -> Sweep:
    """Sweep what a parameter moves where differences from the first function are drawn."""
    key, others = members[place]
    values, parameters, names = _swept(key, name, others)
    given = [(one, dict(settings)) for one, settings in members]
    given[place] = (key, parameters)
    curves = subtract(given, view, view.factor or 1.0)
    changes = {}
    # The first function is in every difference, another one in its own only.
    for at in range(1, len(members)) if place == 0 else [place]:
        traces = charts.difference_traces(charts.Difference("", curves[at - 1]), at)
        for i, trace in enumerate(traces, len(traces) * (at - 1)):
            changes[i] = charts.varying(trace)
            if at == place:
                changes[i]["name"] = [difference_name(label, members[0][0]) for label in names]
    texts = _row_texts(view, place, key, name, others)
    slider = controls.slider_key(key, name)
    return Sweep(slider, values, [ChartSweep(view.scene.chart, changes)], texts)


def _shade_sweep(
    key: str, name: str, others: Settings, place: int, lanes: bool, first: int, view: View
) -> Sweep:
    """Sweep where a parameter makes the function saturate."""
    values, parameters, _ = _swept(key, name, others)
    found = stretches(sample(key, view, parameters), view.threshold or 0.0)
    shade = charts.shade_trace(found, place, lanes=lanes)
    moved = ChartSweep(view.scene.chart, {first: charts.varying(shade)})
    return Sweep(controls.slider_key(key, name), values, [moved])


def _reading_sweep(
    key: str, name: str, others: Settings, place: int, end: int, view: View
) -> Sweep:
    """Sweep what a parameter moves at the probe: the tangent, the dots, f and f′ there.

    ``end`` is the index after the function's last trace.
    """
    values, parameters, _ = _swept(key, name, others)
    here = probe(view.graph(key), view.probe, reach(view.scene), **parameters)
    moved = []
    if view.factor is None:
        traces = charts.probe_traces(here, place)
        changes = {end - len(traces) + i: charts.varying(t) for i, t in enumerate(traces)}
        moved.append(ChartSweep(view.scene.chart, changes))
    texts = _values_there(view, place, here.value, here.gradient)
    return Sweep(controls.slider_key(key, name), values, moved, texts)


def _line_sweep(scene: Scene) -> Sweep:
    """Sweep what the probe moves whatever is drawn: its line, and the head of the readings."""
    steps = scene.steps
    texts = {f"{scene.readings}[0][0]": [wording.at(v, scene.axis) for v in steps.tolist()]}
    line = dict.fromkeys(("shapes[0].x0", "shapes[0].x1"), steps)
    return Sweep(scene.probe, steps, [ChartSweep(scene.chart, layout=line)], texts)


def _probe_sweep(
    settings: tuple[tuple[str, Settings], ...], firsts: tuple[int, ...], view: View
) -> Sweep:
    """Sweep what the probe moves of each function: tangent and dot, f and f′ there."""
    scene = view.scene
    steps = scene.steps
    texts = {}
    changes = {}
    for place, (key, parameters) in enumerate(settings):
        here = probe(view.graph(key), steps[:, None], reach(scene), **dict(parameters))
        if view.factor is None:
            traces = charts.probe_traces(here, place)
            first = firsts[place + 1] - len(traces)
            changes |= {first + i: charts.varying(trace) for i, trace in enumerate(traces)}
        texts |= _values_there(view, place, here.value, here.gradient)
    return Sweep(scene.probe, steps, [ChartSweep(scene.chart, changes)], texts)


def _threshold_sweep(
    settings: tuple[tuple[str, Settings], ...], firsts: tuple[int, ...], view: View
) -> Sweep:
    """Sweep what counts as saturated: every function's shading."""
    changes = {}
    for place, (key, parameters) in enumerate(settings):
        found = stretches(sample(key, view, dict(parameters)), THRESHOLDS[:, None])
        shade = charts.shade_trace(found, place, lanes=len(settings) > 1)
        changes[firsts[place]] = charts.varying(shade)
    scene = view.scene
    return Sweep(scene.threshold, THRESHOLDS, [ChartSweep(scene.chart, changes)])


@lru_cache(maxsize=128)
def _swept(
    key: str, name: str, others: Settings
) -> tuple[FloatArray, dict[str, float | FloatArray], list[str]]:
    """Return a slider's steps, the parameters with them as a column, and a label a step."""
    entry = controls.entry(key)
    (parameter,) = (p for p in entry.parameters if p.name == name)
    labels = [Choice(key, {**dict(others), name: v}).label for v in parameter.steps.tolist()]
    return parameter.steps, {**dict(others), name: parameter.steps[:, None]}, labels


@lru_cache(maxsize=64)
def parameter_headlines(key: str, name: str, others: Settings) -> Headlines:
    """Return the headline facts of an activation at every step of a parameter's slider."""
    _, parameters, _ = _swept(key, name, others)
    columns = {k: np.ravel(v) for k, v in parameters.items()}
    return headlines(controls.activation(key), **columns)


def _row_texts(
    view: View, place: int, key: str, name: str, others: Settings
) -> dict[str, list[str]]:
    """Return what a parameter changes in its function's row, wherever the probe is."""
    cell = partial(_cell, view, place)
    *_, names = _swept(key, name, others)
    texts = {cell(0): names}
    if isinstance(controls.entry(key), Activation):
        columns = _columns(parameter_headlines(key, name, others))
        texts |= {cell(3 + i): column for i, column in enumerate(columns)}
    return texts


def _columns(found: Headlines) -> Iterator[list[str]]:
    """Give the columns max |f′|, f′(0) and range, a text a step."""
    yield [wording.fixed(v) for v in found.max_gradient.tolist()]
    yield [wording.fixed(v) for v in found.gradient_at_zero.tolist()]
    ends = (found.range_low, found.range_high, found.low_closed, found.high_closed)
    rows = zip(*(column.tolist() for column in ends), strict=True)
    yield [wording.interval(Interval(*row)) for row in rows]


def _values_there(
    view: View, place: int, value: FloatArray, gradient: FloatArray
) -> dict[str, list[str]]:
    columns = ((1, value), (2, gradient))
    return {
        _cell(view, place, i): [wording.fixed(v) for v in a.ravel().tolist()] for i, a in columns
    }


def _cell(view: View, place: int, column: int) -> str:
    return f"{view.scene.readings}[{place + 1}][{column}]"
