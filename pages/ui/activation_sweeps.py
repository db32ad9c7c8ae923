"""What each slider of the Activations page moves, for all of its steps at once."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from core.curves import probe
from core.facts import headlines
from core.spec import FloatArray, Interval
from pages.ui import charts, controls, wording
from pages.ui.activation_picture import Picture, View, draw
from pages.ui.controls import Choice, Settings
from pages.ui.live import ChartSweep, Sweep

CHART = "activations_chart"
READINGS = "activations_readings"
PROBE = "activations_x"
PROBE_STEPS = np.round(np.arange(-100, 101) / 10, 1)


def sweeps(choices: Sequence[Choice], view: View, picture: Picture) -> list[Sweep]:
    """Return the sweeps of every parameter's slider and of the probe's.

    Differences have none: their axes fit what is drawn.
    """
    if view.factor is not None:
        return []
    lanes = len(choices) > 1
    firsts = np.cumsum([0, *picture.sizes]).tolist()
    found = []
    for place, choice in enumerate(choices):
        for parameter in choice.entry.parameters:
            # Without the slider's own value, which changes nothing in its sweep.
            others = tuple((k, v) for k, v in choice.parameters.items() if k != parameter.name)
            at = (choice.key, parameter.name, others, place, lanes, firsts[place])
            found += [_curve_sweep(*at, replace(view, probe=0.0)), _reading_sweep(*at, view)]
    settings = tuple((c.key, c.settings) for c in choices)
    found.append(_probe_sweep(settings, tuple(firsts), view.half))
    return found


@lru_cache(maxsize=128)
def _curve_sweep(
    key: str, name: str, others: Settings, place: int, lanes: bool, first: int, view: View
) -> Sweep:
    """Sweep what a parameter moves whatever the probe: curves, marks, shading, headlines."""
    values, parameters, names = _swept(key, name, others)
    entry = controls.entry(key)
    drawn = draw(entry, "", view, parameters)
    traces = charts.function_traces(drawn, place, lanes)[: -charts.PROBE_TRACES]
    changes = {first + i: charts.varying(trace) for i, trace in enumerate(traces)}
    for i, trace in enumerate(traces):
        if "hovertemplate" in trace:
            changes[first + i]["name"] = names
    found = headlines(entry, **{k: np.ravel(v) for k, v in parameters.items()})
    ranges = [
        Interval(*ends)
        for ends in zip(
            found.range_low.tolist(),
            found.range_high.tolist(),
            found.low_closed.tolist(),
            found.high_closed.tolist(),
            strict=True,
        )
    ]
    texts = {
        _cell(place, 0): names,
        _cell(place, 3): [wording.fixed(v) for v in found.max_gradient.tolist()],
        _cell(place, 4): [wording.fixed(v) for v in found.gradient_at_zero.tolist()],
        _cell(place, 5): [wording.interval(one) for one in ranges],
    }
    slider = controls.slider_key(key, name)
    return Sweep(slider, values, [ChartSweep(CHART, changes)], texts)


@lru_cache(maxsize=128)
def _reading_sweep(
    key: str, name: str, others: Settings, place: int, lanes: bool, first: int, view: View
) -> Sweep:
    """Sweep what a parameter moves at the probe: the tangent, the dots, f and f′ there."""
    values, parameters, _ = _swept(key, name, others)
    drawn = draw(controls.entry(key), "", view, parameters)
    traces = charts.function_traces(drawn, place, lanes)
    changes = {
        first + i: charts.varying(trace)
        for i, trace in enumerate(traces)
        if i >= len(traces) - charts.PROBE_TRACES
    }
    texts = _values_there(place, drawn.probe.value, drawn.probe.gradient)
    slider = controls.slider_key(key, name)
    return Sweep(slider, values, [ChartSweep(CHART, changes)], texts)


@lru_cache(maxsize=128)
def _probe_sweep(
    settings: tuple[tuple[str, Settings], ...], firsts: tuple[int, ...], half: float
) -> Sweep:
    """Sweep what the probe moves: its line, every tangent and dot, f and f′ there."""
    x = PROBE_STEPS[:, None]
    at = [wording.at(v) for v in PROBE_STEPS.tolist()]
    texts = {f"{READINGS}[0][0]": at}
    changes = {}
    for place, (key, parameters) in enumerate(settings):
        here = probe(controls.entry(key), x, half / 5, **dict(parameters))
        traces = charts.probe_traces(here, place)
        first = firsts[place + 1] - charts.PROBE_TRACES
        changes |= {first + i: charts.varying(trace) for i, trace in enumerate(traces)}
        texts |= _values_there(place, here.value, here.gradient)
    line = dict.fromkeys(("shapes[0].x0", "shapes[0].x1"), PROBE_STEPS)
    return Sweep(PROBE, PROBE_STEPS, [ChartSweep(CHART, changes, line)], texts)


def _swept(
    key: str, name: str, others: Settings
) -> tuple[FloatArray, dict[str, float | FloatArray], list[str]]:
    """Return a slider's steps, the parameters with them as a column, and a label a step."""
    entry = controls.entry(key)
    (parameter,) = (p for p in entry.parameters if p.name == name)
    labels = [Choice(key, {**dict(others), name: v}).label for v in parameter.steps.tolist()]
    return parameter.steps, {**dict(others), name: parameter.steps[:, None]}, labels


def _values_there(place: int, value: FloatArray, gradient: FloatArray) -> dict[str, list[str]]:
    columns = ((1, value), (2, gradient))
    return {_cell(place, i): [wording.fixed(v) for v in a.ravel().tolist()] for i, a in columns}


def _cell(place: int, column: int) -> str:
    return f"{READINGS}[{place + 1}][{column}]"
