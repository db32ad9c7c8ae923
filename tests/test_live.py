"""Curves that follow a slider: what is sent, and what a visitor's hand sees of it."""

import base64
import json
import math
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page

from core.activations import ACTIVATIONS
from pages.ui.activation_picture import View, picture
from pages.ui.activation_sweeps import CHART, READINGS, sweeps
from pages.ui.controls import Choice, slider_key
from pages.ui.live import ChartSweep, Sweep
from tests.chromium import Visit
from tests.serving import ROOT, TALKATIVE, Server, serve

Open = Callable[..., Visit]

MOST_BYTES = 150_000
"""What a slider may cost on first view."""

WITHOUT = "Object.defineProperty(globalThis, 'Plotly', { get: () => undefined, set: () => {} })"
"""A page in which the component finds no Plotly, though the charts are there."""

SLIDING = [key for key, activation in ACTIVATIONS.items() if activation.parameters]


# ---------------------------------------------------------------- what is sent


def test_a_sweep_arrives_bit_for_bit():
    """Every float32 comes through, whatever its bits; the browser's half is held below."""
    random = np.random.default_rng(1)
    bits = random.integers(0, 2**32, (7, 33), dtype=np.uint32)
    rows = bits.view(np.float32)
    rows[0, :8] = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, np.finfo(np.float32).max]
    smooth = np.sin(np.linspace(0, 6, 50) * np.linspace(1, 2, 7)[:, None])
    sweep = Sweep("s", range(7), [ChartSweep("c", {0: {"y": rows}, 3: {"x": smooth}})])
    head, (first, second) = decoded(sweep.payload)
    assert first.tobytes() == rows.tobytes()
    assert second.tobytes() == smooth.astype(np.float32).tobytes()
    assert head["values"] == list(range(7))


def test_the_digest_tells_sweeps_apart():
    same, also, other = (
        Sweep("s", [0.0, 0.5], texts={"t": texts}).payload
        for texts in (["a", "b"], ["a", "b"], ["a", "c"])
    )
    assert same == also
    assert same[:8] != other[:8]


@pytest.mark.parametrize(
    "sweep",
    [
        Sweep("s", [0.0, 1.0], [ChartSweep("c", {0: {"y": np.zeros((3, 4))}})]),
        Sweep("s", [0.0, 1.0], [ChartSweep("c", layout={"shapes[0].x0": [0.0]})]),
        Sweep("s", [0.0, 1.0], texts={"t": ["one"]}),
    ],
)
def test_a_sweep_with_a_step_missing_is_refused(sweep):
    with pytest.raises(ValueError, match="for 2 steps"):
        _ = sweep.payload


def test_markdown_is_sent_as_its_pieces():
    table = "| | **a** |\n|:--|--:|\n| −0.3 | [b](https://x.org) \\| c |"
    sweep = Sweep("s", [0.0], texts={"t": [f"*One* `two`:\n\n{table}\n\n- three − 4"]})
    pieces = decoded(sweep.payload)[0]["texts"]["t"]
    assert pieces == [["One", "two", ":", "a", "−0.3", "b | c", "three − 4"]]


@pytest.mark.parametrize("key", SLIDING)
def test_no_slider_costs_more_than_it_may(key):
    size: dict[str, int] = defaultdict(int)
    for sweep in looked_at(key, ACTIVATIONS[key].defaults)[1]:
        size[sweep.slider] += len(sweep.payload)
    assert max(size.values()) <= MOST_BYTES


@pytest.mark.parametrize("key", SLIDING)
def test_a_sweep_holds_the_resting_figure(key):
    """At any step, the row is what the page draws for that value, to the last bit."""
    for parameter in ACTIVATIONS[key].parameters:
        slider = slider_key(key, parameter.name)
        for value in parameter.steps[[0, len(parameter.steps) // 3, -1]].tolist():
            figure, found = looked_at(key, {**ACTIVATIONS[key].defaults, parameter.name: value})
            for sweep in (sweep for sweep in found if sweep.slider == slider):
                row = sweep.row(value)
                assert sweep.values[row] == pytest.approx(value)
                for index, changes in sweep.charts[0].traces.items():
                    if "x" in changes and "y" not in changes:
                        room = unpacked(figure["data"][index]["y"]).size
                        assert not np.isfinite(changes["x"][:, room:]).any()
                    for name, rows in changes.items():
                        drawn = figure["data"][index][name]
                        if isinstance(drawn, str):
                            assert rows[row] == drawn
                        else:
                            numbers = np.asarray(rows[row], np.float32)
                            np.testing.assert_array_equal(numbers, unpacked(drawn))


def looked_at(key: str, parameters: Mapping[str, float]) -> tuple[dict[str, Any], list[Sweep]]:
    """Return the figure that the Activations page draws of one function, and its sweeps."""
    choices = [Choice(key, dict(parameters))]
    view = View(half=6.0, probe=-1.0, factor=None, third=None, threshold=0.01)
    drawn = picture(choices, view)
    return drawn.figure.to_dict(), sweeps(choices, view, drawn)


def unpacked(array: Mapping[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(array["bdata"]), np.dtype(array["dtype"]))


def decoded(payload: bytes) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Undo ``Sweep.payload`` as its documentation says, written a second time."""
    body = zlib.decompress(payload[8:])
    end = 4 + int.from_bytes(body[:4], "little")
    head = json.loads(body[4:end])
    steps = len(head["values"])
    tables = []
    for chart in head["charts"]:
        for _, _, shape in chart["traces"]:
            size = steps * math.prod(shape)
            planes = np.frombuffer(body, np.uint8, 4 * size, end).reshape(4, size)
            end += 4 * size
            folded = planes.T.copy().view(">u4").astype(np.uint32).reshape(steps, -1)
            words = (folded >> 1) ^ (0 - (folded & 1))
            for axis in (1, 1, 0):
                words = np.cumsum(words, axis=axis, dtype=np.uint32)
            bits = np.where(words >> 31, words & 0x7FFFFFFF, ~words).astype(np.uint32)
            tables.append(bits.view(np.float32))
    return head, tables
