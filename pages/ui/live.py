"""Curves that follow a slider while it is dragged.

A Streamlit slider reports only when it is let go. A page therefore hands the browser
the pictures for *every* step of the slider beforehand, as sweeps, and a small component
shows the one under the finger. Nothing travels to the server until release, when the
slider reruns its fragment as always; without the component, or without Plotly in the
page, the slider and the chart work as they would anyway. The numbers come from ``core``;
the browser evaluates no mathematics.

For the author of a page:

- The resting figure and the sweep hold the same numbers, as float32, so that nothing
  moves on release. Axes have fixed ranges, or ranges that are in the sweep as well; the
  traces keep their number and order.
- Plotly takes some 20 ms to show a change. Where all that moves in a chart is lines
  (``line.simplify`` off, so that the path is the points), areas ``tozeroy``, markers of
  one size, names in the legend and straight lines among ``layout.shapes``, the component
  moves what Plotly has drawn, in about 1 ms. Everything else works, at Plotly's pace.
- What depends on one slider only (curves) and what depends on others too (a tangent at
  a probe, a row of readings) stand best in separate sweeps: one is sent again only when
  its own numbers have changed. Cache the former: its encoding is kept with the object.
- Sweep only sliders that are on view, not those in a closed expander. Only those of the
  first sliders are sent at once; the browser asks for another one, by a rerun of the
  fragment, when its slider comes into view. Where there may be many sliders with sweeps
  that are dear to compute, hand them over as :class:`Later`, to be computed only then.

What goes over the wire, per sweep: its float32 numbers bit for bit, as zlib of the
byte planes of their differences along both axes, a seventh to two thirds of their raw
size, and less than half of that again where all are multiples of 2⁻²⁴ or more (what nobody
can see may be rounded away, at rest as in the sweep). A large sweep is an element
of its own, so that Streamlit sends one that has not changed as a reference of 75 bytes;
small ones would be sent whole each time, and share an element, since each element costs
the server as much time as a sweep does.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from pages.ui.charts import UNIT

_ENGINE_JS = (Path(__file__).parents[2] / "assets" / "live_sweep.js").read_text(encoding="utf-8")

# Everything that changes often travels by this one: the engine's code is then sent once.
_MOUNT_JS = """
export default ({ data, parentElement: root, setStateValue: report }) => {
  const hub = (globalThis[Symbol.for("live-sweep")] ??= { mounts: new Map() });
  const mount = { data, report };
  hub.mounts.set(root, mount);
  hub.changed?.(root);
  return () => hub.mounts.get(root) === mount && hub.mounts.delete(root) && hub.changed?.(root);
};
"""

LARGE = 4000
"""From this size on Streamlit sends a message that it has sent before as a reference."""

MOST_BYTES = 150_000
"""What a sweep may cost on first view; a slider with a larger one shows on release."""

FIRST = 6
"""How many sliders are taken to be in view before the browser has told."""

_UNITS = (1, 2**-4, 2**-8, 2**-12, UNIT)
"""Rows of whole multiples of one of these are sent as such, which deflate far better."""

_MARKS = re.compile(r"[\\\[*`|\n]|--|^\s*(?:[-+#]+|\d+\.) |^\s*$")

_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
_LINE = re.compile(r"^(?:[ |:-]*--[ |:-]*$|\s*(?:[-+*#]+|\d+\.) )", re.MULTILINE)
_BETWEEN = re.compile(r"(?<!\\)(?:\*+|`+|\||\n)")
_ESCAPED = re.compile(r"\\(\W)")

_engine = st.components.v2.component("live_engine", js=_ENGINE_JS)
_mount = st.components.v2.component("live_mount", js=_MOUNT_JS)


@dataclass(frozen=True, eq=False)
class ChartSweep:
    """What one slider moves in one chart.

    ``chart`` is the key of the ``st.plotly_chart``. ``traces`` maps a trace's index to
    what changes in it: ``x`` and ``y`` of shape (S, N), ``z`` of shape (S, R, C), or S
    strings, as for ``name``. ``layout`` maps a path as in ``Plotly.relayout``
    (``"shapes[0].x0"``, ``"annotations[1].text"``) to S values. S is the number of the
    slider's steps. Where it is ``ragged``, a trace has more points at some steps than at
    others: what lies before the first or behind the last number of an axis is left out.
    """

    chart: str
    traces: Mapping[int, Mapping[str, npt.ArrayLike]] = field(default_factory=dict)
    layout: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    ragged: bool = False


@dataclass(frozen=True, eq=False)
class Sweep:
    r"""What one slider moves, for each of its steps; several sweeps may share a slider.

    ``slider`` is the slider's key and ``values`` its S steps, or the S options of a
    ``select_slider``. ``texts`` maps the key of an element to the S Markdown texts that
    it shows; ``"key[row]"`` is one row of the table in it, 0 the head, and
    ``"key[row][column]"`` one cell. Text is exchanged, structure is not: a step at which
    the Markdown has more or fewer pieces than on the page keeps what is there. A bar that
    belongs to no table is written ``\|``.
    """

    slider: str
    values: Sequence[Any] | npt.NDArray[Any]
    charts: Sequence[ChartSweep] = ()
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def packed(self) -> "Packed":
        """What the page needs of the sweep, without the arrays that it was made from."""
        return Packed(self.slider, self.values, self.payload, frozenset(self.targets))

    @cached_property
    def payload(self) -> bytes:
        """The sweep as sent: 8 bytes of digest, then a zlib stream.

        Raises ``ValueError`` where something does not have one entry a step.
        """
        steps = len(self.values)
        blocks: list[bytes] = []
        charts: list[dict[str, Any]] = []
        for chart in self.charts:
            traces = []
            for index, changes in chart.traces.items():
                for name, rows in changes.items():
                    self._check(rows, f"{chart.chart}, trace {index}, {name}")
                    array = np.asarray(rows)
                    if array.dtype.kind in "US":
                        traces.append([index, name, list(rows)])
                    else:
                        floats = np.ascontiguousarray(array, dtype=np.float32)
                        unit = _unit(floats)
                        order, planes = _planes(floats.reshape(steps, -1), unit)
                        blocks.append(planes)
                        traces.append([index, name, list(array.shape[1:]), unit, order])
            for path, column in chart.layout.items():
                self._check(column, f"{chart.chart}, {path}")
            layout = {path: _plain(column) for path, column in chart.layout.items()}
            charts.append({"chart": chart.chart, "traces": traces, "layout": layout})
            if chart.ragged:
                charts[-1]["ragged"] = True
        for key, rows in self.texts.items():
            self._check(rows, key)
        table = {
            "slider": self.slider,
            "values": _plain(self.values),
            "charts": charts,
            "texts": {key: [_pieces(text) for text in rows] for key, rows in self.texts.items()},
        }
        head = json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()
        body = b"".join([len(head).to_bytes(4, "little"), head, *blocks])
        # A third faster than the usual 6, for 3 % more bytes.
        packed = zlib.compress(body, 5)
        return hashlib.blake2b(packed, digest_size=8).digest() + packed

    @property
    def targets(self) -> set[tuple[str, ...]]:
        """Everything that this sweep writes to."""
        found = {("text", key) for key in self.texts}
        for chart in self.charts:
            found |= {(chart.chart, path) for path in chart.layout}
            for index, changes in chart.traces.items():
                found |= {(chart.chart, str(index), name) for name in changes}
        return found

    def _check(self, rows: Any, what: str) -> None:
        if len(rows) != len(self.values):
            raise ValueError(
                f"{self.slider}: {what} has {len(rows)} entries for {len(self.values)} steps"
            )


@dataclass(frozen=True, eq=False)
class Packed:
    """A sweep as it is sent: some kilobytes, for a cache to keep."""

    slider: str
    values: Sequence[Any] | npt.NDArray[Any]
    payload: bytes
    targets: frozenset[tuple[str, ...]]

    @property
    def packed(self) -> "Packed":
        """This: a page may hand over sweeps of either kind."""
        return self

    def row(self, value: Any) -> int:
        """Return the step nearest to ``value``, or the place of an option (-1 if it is none)."""
        steps = list(self.values)
        if value in steps:
            return steps.index(value)
        if isinstance(value, str):
            return -1
        return int(np.argmin(np.abs(np.asarray(steps, dtype=np.float64) - value)))


@dataclass(frozen=True)
class Later:
    """A sweep that is computed and sent once its slider is in view."""

    slider: str
    make: Callable[[], Packed]

    @property
    def packed(self) -> Packed:
        """The sweep, computed now."""
        return self.make()


def engine() -> None:
    """Mount what lets charts follow their sliders: once a page, outside its fragments.

    Its code is the largest part of what is sent, and would be sent again with each run.
    """
    _engine(key="live-engine")


def live(sweeps: Sequence[Sweep | Packed | Later], *, key: str) -> None:
    """Let the charts and texts of ``sweeps`` follow their sliders.

    To be called in the fragment that holds the sliders, after them, on a page that has the
    :func:`engine`. The sliders must be on the page under the keys that the sweeps name.
    ``key`` is part of the keys of what is mounted.

    A sweep is computed through the present values of the other sliders, so a sweep
    that writes where another slider's sweep also writes is out of date as soon as that
    other one moves; the browser then waits for the next run. Such pairs are found here,
    so they must come in one call; sweeps that never meet may come in several.
    """
    name = f"live-{key}"
    first = list(dict.fromkeys(one.slider for one in sweeps))[:FIRST]
    seen = st.session_state.get(_noted(name), "").split(",")
    near = {one.slider for one in sweeps if one.slider in (*first, *seen)}
    packed = [one.packed for one in sweeps if one.slider in near]
    packed = [one for one in packed if len(one.payload) <= MOST_BYTES]
    parts: list[dict[str, Any]] = []
    small: list[bytes] = []
    large: list[bytes] = []
    for one in packed:
        rivals = {p.slider: p for p in packed if p.slider != one.slider and p.targets & one.targets}
        through = {slider: rivals[slider].row(st.session_state[slider]) for slider in rivals}
        part = {"digest": one.payload[:8].hex(), "slider": one.slider, "through": through}
        if len(one.payload) < LARGE:
            parts.append(part)
            small.append(one.payload)
        elif through:
            parts.append(part)
            large.append(bundle(b"[]", one.payload))
        else:
            # Nothing of this changes before its numbers do.
            large.append(bundle(_head([part]), one.payload))
    parts += [{"slider": slider} for slider in sorted({one.slider for one in sweeps} - near)]
    if parts:
        take_note = partial(_take_note, name)
        _mount(key=name, data=bundle(_head(parts), *small), on_seen_change=take_note)
    for i, data in enumerate(large):
        _mount(key=f"{name}-{i}", data=data)


def _take_note(name: str) -> None:
    """Keep which sliders the browser has seen, where it is read at less cost than the state."""
    st.session_state[_noted(name)] = str(st.session_state[name].get("seen", ""))


def _noted(name: str) -> str:
    return f"{name}-seen"


def _head(parts: Sequence[Mapping[str, Any]]) -> bytes:
    return json.dumps(parts).encode()


def bundle(*blocks: bytes) -> bytes:
    """Return what one element brings: a list of parts in JSON, then payloads.

    Each block comes after its length, in 4 bytes, least significant first.
    """
    return b"".join(len(block).to_bytes(4, "little") + block for block in blocks)


def player(slider: str, label: str, *, key: str) -> None:
    """Draw "▶ Sweep ``label``": it moves the slider's thumb through its range.

    Speed and loop are chosen beside it. All of it runs in the browser; when it stops,
    the thumb and the curves are back at the slider's own value.
    """
    _mount(key=key, data={"role": "player", "slider": slider, "label": label})


def transport(slider: str, label: str, *, key: str) -> None:
    """Draw "▶ Play ``label``" for a slider that stands for time, with pause and single steps.

    All of it runs in the browser. The thumb stays where it is stopped; half a second
    later the slider reports its value, so that the link to the page keeps it.
    """
    _mount(key=key, data={"role": "player", "slider": slider, "label": label, "time": True})


def _unit(rows: npt.NDArray[np.float32]) -> float:
    """Return a power of two that all of ``rows`` but gaps are multiples of, 0 if none is known."""
    there = rows[~np.isnan(rows)]
    if np.signbit(there[there == 0]).any():
        return 0
    for unit in _UNITS:
        counted = there / np.float32(unit)
        if (np.abs(counted) < 2**31).all() and (counted == np.rint(counted)).all():
            return unit
    return 0


def _planes(rows: npt.NDArray[np.float32], unit: float) -> tuple[int, bytes]:
    """Return the byte planes of ``rows`` (S, N), most significant first, and their order.

    Counted in a ``unit``, a gap being the lowest whole number, or else as a float's bits
    made to sort as the numbers do, rows are smooth along both axes where the function is.
    Second differences along, and down first or second ones (the order), leave small whole
    numbers; coarse numbers leave more zeros with first differences down alone (order 0),
    column by column. Folded to keep the sign out of the high bytes, these leave planes of
    zeros, which deflate to almost nothing. All arithmetic is modulo 2³², hence exact.
    """
    if unit:
        counted = np.where(np.isnan(rows), np.float32(-(2**31)), rows / np.float32(unit))
        words = counted.astype(np.int32).view(np.uint32)
    else:
        bits = rows.view(np.uint32)
        words = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    down = words.copy()
    down[1:] -= words[:-1]
    tried = [(0, down.T)]
    for _ in range(2):
        words[:, 1:] -= words[:, :-1].copy()
    for order in (1, 2):
        words[1:] -= words[:-1].copy()
        tried.append((order, words.copy()))
    order, folded = min(
        ((order, _folded(differences)) for order, differences in tried),
        key=lambda one: float(np.log2(one[1] + 1.0).sum()),
    )
    return order, folded.astype(">u4").view(np.uint8).reshape(-1, 4).T.tobytes()


def _folded(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Return small whole numbers of either sign as small ones without a sign."""
    signed = np.ascontiguousarray(words).view(np.int32)
    folded: npt.NDArray[np.uint32] = ((signed << 1) ^ (signed >> 31)).view(np.uint32)
    return folded


def _pieces(markdown: str) -> list[str]:
    """Return the texts between the marks of lines, tables, emphasis, code and links."""
    if not _MARKS.search(markdown):  # as nearly every cell of a table is: thousands of them
        return [markdown.strip()]
    words = _LINE.sub("", _LINK.sub(r"\1", markdown))
    return [_ESCAPED.sub(r"\1", piece).strip() for piece in _BETWEEN.split(words) if piece.strip()]


def _plain(column: Sequence[Any]) -> list[Any]:
    """Return a column of layout values as JSON knows them."""
    return np.asarray(column).tolist() if isinstance(column, np.ndarray) else list(column)
