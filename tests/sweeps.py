"""Reading what a page sends for its sliders to follow the hand: the sweeps of an ``AppTest``."""

import json
import math
import zlib
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest


def payloads(app: AppTest) -> list[bytes]:
    """Return the payload of every sweep that a page was given."""
    found = []
    for element in app.get("bidi_component"):
        sent, blocks = element.proto.bytes, []
        while sent:
            end = 4 + int.from_bytes(sent[:4], "little")
            blocks.append(sent[4:end])
            sent = sent[end:]
        found += blocks[1:]
    return found


def swept(app: AppTest) -> list[dict[str, Any]]:
    """Return every sweep that a page was given, decoded."""
    return [decoded(payload) for payload in payloads(app)]


def decoded(payload: bytes) -> dict[str, Any]:
    """Undo ``Sweep.payload`` as its documentation says, written a second time.

    Each trace's entry then holds its rows: strings, or a table of float32.
    """
    body = zlib.decompress(payload[8:])
    end = 4 + int.from_bytes(body[:4], "little")
    head = json.loads(body[4:end])
    steps = len(head["values"])
    for trace in (trace for chart in head["charts"] for trace in chart["traces"]):
        shape = trace[2]
        if all(isinstance(n, int) for n in shape):
            order, unit = trace.pop(), trace.pop()
            size = steps * math.prod(shape)
            planes = np.frombuffer(body, np.uint8, 4 * size, end).reshape(4, size)
            end += 4 * size
            folded = planes.T.copy().view(">u4").astype(np.uint32).ravel()
            words = (folded >> 1) ^ (0 - (folded & 1))
            words = words.reshape(steps, -1) if order else words.reshape(-1, steps).T
            for axis in (1, 1, *[0] * order) if order else [0]:
                words = np.cumsum(words, axis=axis, dtype=np.uint32)
            bits = np.where(words >> 31, words & 0x7FFFFFFF, ~words).astype(np.uint32)
            gap = words == 1 << 31
            counted = np.where(gap, np.nan, words.view(np.int32).astype(np.float64) * unit)
            trace[2] = counted.astype(np.float32) if unit else bits.view(np.float32)
    return head


def assert_rests(row: np.ndarray, kept: np.ndarray) -> None:
    # A row has room for the step that has most points; the rest of it is gap.
    size = min(len(row), len(kept))
    assert np.isnan(row[size:]).all()
    assert np.isnan(kept[size:]).all()
    np.testing.assert_array_equal(row[:size], kept[:size])
