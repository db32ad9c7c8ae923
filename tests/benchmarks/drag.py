"""Drag a slider for three seconds and count the pictures: the live page between two others.

The floor is the same page with the component taken out: what Streamlit does by itself.
The ceiling is a static page with the very figure that Streamlit had drawn, theme
included, in which JavaScript evaluates f and f′ of the moved function and hands them to
``Plotly.restyle``, from the Plotly that the wheel brings. All three are dragged in one
Chromium, one after another, in several rounds.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import plotly
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from tests.benchmarks import BenchmarkError, target
from tests.benchmarks import table as set_table
from tests.chromium import Visit, launch
from tests.serving import serve

SECONDS = 3.0
ROUNDS = 3
SETTLED = 0.25
"""A picture that has not changed for so many seconds after release has settled."""

SLIDER = "elu_alpha"
CHART = "activations_chart"
PAGES = {
    "one function": "/activations?activation=elu",
    "four functions": (
        "/activations?activation=elu&activation=leaky_relu&activation=swish&activation=softplus"
    ),
}
WAYS = ("plain", "live", "static")

# In every frame: is the first curve of the chart another than in the frame before?
WATCH = """chart => {
    const watch = window.watch = { frames: 0, changes: [], settled: 0, released: 0, on: true }
    let before = ''
    const look = now => {
        const path = document.querySelector(chart + ' .scatterlayer path.js-line')
        const drawn = path === null ? '' : path.getAttribute('d')
        if (drawn !== before && before !== '') watch.changes.push(now)
        before = drawn
        watch.frames += 1
        if (watch.on) requestAnimationFrame(look)
    }
    document.addEventListener('pointerup', () => watch.released = performance.now(), true)
    requestAnimationFrame(look)
}"""


@dataclass
class Drag:
    """What one drag of ``SECONDS`` gave."""

    redraws: float
    """New pictures a second."""
    gap: float
    """The longest time between two of them, in milliseconds."""
    messages: int
    """Sent to the server from press to release."""
    settle: float
    """From release to the last change of the page, in milliseconds."""
    cpu: float
    """Server time used, in milliseconds."""
