"""A visitor without a browser: speaks Streamlit's own protocol over a websocket.

It behaves as the front end does where the server can tell the difference: every
rerun carries the value of every widget on the page, a widget inside a fragment
reruns that fragment alone, a bound widget that is moved changes the query string,
and large messages are kept, so that the server may send a reference instead. It knows
the common input widgets; selections in charts, tabs and components it leaves alone.

    async with await Session.connect("http://localhost:8501") as session:
        run = await session.rerun(page="activations", query="elu_alpha=0.4")
        run.sliders["elu_alpha"].high
        run = await session.set_widget("elu_alpha", 1.2)
        run.seconds, run.bytes_received, run.exceptions

Checked against Streamlit 1.67 (``streamlit/runtime/app_session.py`` for the order of
messages, ``runtime/forward_msg_cache.py`` for references).
"""

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, urlencode

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NumberInput_pb2 import NumberInput
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

_UNFINISHED = ForwardMsg.FINISHED_EARLY_FOR_RERUN
_BROKEN = ForwardMsg.FINISHED_WITH_COMPILE_ERROR

_STATE_FIELDS = {
    "slider": "double_array_value",
    "number_input": "double_value",
    "checkbox": "bool_value",
    "selectbox": "string_value",
    "radio": "string_value",
    "text_input": "string_value",
    "text_area": "string_value",
    "multiselect": "string_array_value",
    "button_group": "string_array_value",
    "button": "trigger_value",
}


T = TypeVar("T")


@dataclass(frozen=True)
class Element:
    """One element as it stands on the page."""

    kind: str
    """The protobuf's name for it: ``markdown``, ``plotly_chart``, ``slider``, ``exception``..."""
    proto: Message
    path: tuple[int, ...]
    fragment_id: str
    size: int
    """Bytes of its message, or of the reference where one was sent."""


@dataclass(frozen=True)
class Slider:
    """A numeric slider with one thumb."""

    key: str
    id: str
    low: float
    high: float
    step: float
    value: float
    """Where the thumb stands after the run."""


@dataclass
class Run:
    """What the server sent between one request and the end of the script."""

    page: str
    """The page's path in the URL, empty for the home page."""
    query: str = ""
    elements: list[Element] = field(default_factory=list)
    sliders: dict[str, Slider] = field(default_factory=dict)
    """The numeric sliders that came, by key."""
    exceptions: list[str] = field(default_factory=list)
    """``Type: message`` of every exception shown, and of a script that does not compile."""
    page_not_found: bool = False
    bytes_received: int = 0
    """Bytes of Streamlit's messages."""
    bytes_on_wire: int = 0
    """Bytes that came over the websocket: the messages framed, and deflated if the server does."""
    messages: int = 0
    references: int = 0
    """How many messages came as a reference to one that this session already holds."""
    seconds: float = 0.0
    """From sending the request to the message that ends the run."""

    @cached_property
    def kinds(self) -> Counter[str]:
        """How many elements of each kind came."""
        return Counter(element.kind for element in self.elements)

    def of(self, kind: str) -> list[Any]:
        """Return the protobufs of every element of that kind, in the page's order."""
        return [element.proto for element in self.elements if element.kind == kind]

    def text(self) -> str:
        """Return every heading and Markdown body, one a line."""
        return "\n".join(
            _typed(element.proto).body
            for element in self.elements
            if element.kind in ("heading", "markdown")
        )


class CountedConnection(ClientConnection):
    """A websocket that counts the bytes of its stream; those of TLS would come on top."""

    arrived = 0

    def data_received(self, data: bytes) -> None:
        """Take in what has come."""
        self.arrived += len(data)
        super().data_received(data)


class Session:
    """One visitor: a websocket, the widgets that stand on the page, and their values."""

    def __init__(self, connection: CountedConnection, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self._cache: dict[str, tuple[ForwardMsg, int]] = {}
        self._runs = 0
        self._max_age = 0
        self._pages: dict[str, str] = {}
        self._page_hash = ""
        self._states: dict[str, WidgetState] = {}
        self.page = ""
        self.query = ""
        self.widgets: dict[str, Element] = {}
        """The elements that hold a value, by id."""

    @classmethod
    async def connect(cls, url: str, *, timeout: float = 30.0) -> Self:
        """Open a session with the server at ``url`` (``http://host:port``); nothing runs yet.

        ``timeout`` is how long to wait for one message, in seconds.
        """
        connection = await connect(
            url.replace("http", "ws", 1).rstrip("/") + "/_stcore/stream",
            subprotocols=["streamlit"],
            compression="deflate",  # offered, as browsers do
            create_connection=CountedConnection,
            max_size=None,
            open_timeout=timeout,
            ping_interval=None,  # a server at its limit answers late, and that is measured
        )
        return cls(connection, timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave, as closing the tab does."""
        await self._connection.close()

    async def rerun(self, page: str | None = None, query: str | None = None) -> Run:
        """Run the whole script of a page, as opening it does.

        ``page`` is its path in the URL, ``""`` the home page; without one the present page
        runs again. ``query`` replaces the query string. Raises ``TimeoutError`` where the
        server falls silent before the end of the run.
        """
        if page is not None and page != self.page:
            self.page = page
            self._page_hash = self._pages.get(page, "")
            self._states.clear()
            self.widgets.clear()
        if query is not None:
            self.query = query.removeprefix("?")
        return await self._request()

    async def set_widget(self, id_or_key: str, value: Any = True) -> Run:
        """Give a widget a value, as a visitor does, and return the run that follows.

        A number for a slider or a number input, a truth value for a checkbox, the label of
        an option (a list of them for several) for the ones that choose; a button needs none.
        Raises ``KeyError`` where no such widget is on the page.
        """
        element = self._find(id_or_key)
        proto = _typed(element.proto)
        state = _state(element, value)
        if parameter := getattr(proto, "query_param_key", ""):
            bound = parse_qs(self.query, keep_blank_values=True)
            if value == _value(element.kind, proto, default=True) or [value] == _value(
                element.kind, proto, default=True
            ):
                bound.pop(parameter, None)
            else:
                values = value if isinstance(value, list | tuple) else [value]
                bound[parameter] = [_as_in_url(v) for v in values]
            self.query = urlencode(bound, doseq=True)
        self._states[proto.id] = state
        run = await self._request(element.fragment_id)
        if element.kind == "button":
            self._states.pop(proto.id, None)
        return run

    def _find(self, id_or_key: str) -> Element:
        for widget_id, element in self.widgets.items():
            if id_or_key in (widget_id, _key(widget_id)):
                return element
        held = sorted(_key(widget_id) or widget_id for widget_id in self.widgets)
        raise KeyError(f"no widget {id_or_key!r} on this page; it has {held}")

    async def _request(self, fragment_id: str = "") -> Run:
        request = BackMsg()
        client = request.rerun_script
        client.query_string = self.query
        client.page_script_hash = self._page_hash
        client.page_name = "" if self._page_hash else self.page
        client.fragment_id = fragment_id
        client.widget_states.widgets.extend(self._states.values())
        client.cached_message_hashes.extend(self._cache)
        run = Run(page=self.page)
        arrived = self._connection.arrived
        began = time.perf_counter()
        await self._connection.send(request.SerializeToString())
        fragments = await self._receive(run)
        run.seconds = time.perf_counter() - began
        run.bytes_on_wire = self._connection.arrived - arrived
        run.query = self.query
        self._remember(run, fragments)
        return run

    async def _receive(self, run: Run) -> list[str]:
        """Read messages up to the end of the run; return the fragments that it reran."""
        shown: dict[tuple[int, ...], Element] = {}
        fragments: list[str] = []
        begun = finished = False
        while not finished:
            payload = await asyncio.wait_for(self._connection.recv(decode=False), self._timeout)
            message = ForwardMsg.FromString(payload)
            run.messages += 1
            run.bytes_received += len(payload)
            path = tuple(message.metadata.delta_path)
            if message.WhichOneof("type") == "ref_hash":
                run.references += 1
                kept, _ = self._cache[message.ref_hash]
                self._cache[message.ref_hash] = (kept, self._runs)
                message = kept
            elif message.metadata.cacheable:
                self._cache[message.hash] = (message, self._runs)
            match message.WhichOneof("type"):
                case "new_session":
                    begun = True
                    shown.clear()
                    run.exceptions.clear()
                    fragments = list(message.metadata.run.fragment_ids)
                    self._max_age = message.new_session.config.max_cached_message_age
                    self._page_hash = message.new_session.page_script_hash
                case "navigation":
                    for page in message.navigation.app_pages:
                        name = "" if page.is_default else page.url_pathname
                        self._pages[name] = page.page_script_hash
                    self._page_hash = message.navigation.page_script_hash
                case "delta" if message.delta.WhichOneof("type") == "new_element":
                    proto = message.delta.new_element
                    kind = proto.WhichOneof("type") or "empty"
                    shown[path] = Element(
                        kind, getattr(proto, kind), path, message.delta.fragment_id, len(payload)
                    )
                case "delta":
                    # A container, or a spinner that stands in for what follows: it replaces
                    # whatever stood at this place.
                    for inside in [p for p in shown if p[: len(path)] == path]:
                        del shown[inside]
                case "page_info_changed":
                    self.query = message.page_info_changed.query_string
                case "page_not_found":
                    run.page_not_found = True
                case "session_event" if message.session_event.HasField(
                    "script_compilation_exception"
                ):
                    run.exceptions.append(
                        _describe(message.session_event.script_compilation_exception)
                    )
                    finished = True
                case "script_finished":
                    # An interrupted run is followed by another, a broken one by its exception.
                    finished = begun and message.script_finished not in (_UNFINISHED, _BROKEN)
        run.elements = [shown[path] for path in sorted(shown)]
        run.exceptions.extend(_describe(proto) for proto in run.of("exception"))
        return fragments

    def _remember(self, run: Run, fragments: list[str]) -> None:
        """Keep what the front end keeps between runs: widgets, values, recent messages."""
        self._runs += 1
        for key, (message, used) in list(self._cache.items()):
            reran = not fragments or message.delta.fragment_id in fragments
            if reran and self._runs - used > self._max_age:
                del self._cache[key]
        here = {
            _typed(element.proto).id: element
            for element in run.elements
            if element.kind in _STATE_FIELDS
        }
        if fragments:
            untouched = {
                widget_id: element
                for widget_id, element in self.widgets.items()
                if element.fragment_id not in fragments
            }
            here = untouched | here
        self.widgets = here
        self._states = {
            widget_id: self._states[widget_id]
            if widget_id in self._states and not getattr(element.proto, "set_value", False)
            else _state(element, _value(element.kind, _typed(element.proto)))
            for widget_id, element in here.items()
            if element.kind != "button"
        }
        run.sliders = {
            key: Slider(
                key, p.id, p.min, p.max, p.step, self._states[p.id].double_array_value.data[0]
            )
            for p in run.of("slider")
            if (key := _key(p.id)) and not p.options
        }


def finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, in a thread of its own: Playwright keeps this one's loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def _typed(proto: Message) -> Any:
    """Let the attributes of a protobuf, which has them at run time only, be read."""
    return proto


def _key(widget_id: str) -> str:
    """Return the key that the page gave a widget, which ends its id; empty without one."""
    # "$$ID-<hash>-<key>", where the key itself may hold hyphens
    key = widget_id.split("-", 2)[-1]
    return "" if key == "None" else key


def _describe(proto: Any) -> str:
    return f"{proto.type}: {proto.message}"


def _as_in_url(value: Any) -> str:
    """Spell a value as the front end does in a query string: 1, 0.4, true."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _value(kind: str, proto: Any, *, default: bool = False) -> Any:
    """Return the value that a widget's message gives it, or with ``default`` its default."""
    given = proto.set_value and not default if kind != "button" else False
    match kind:
        case "slider" if proto.options:
            return (
                list(proto.raw_value) if given else [proto.options[int(i)] for i in proto.default]
            )
        case "slider":
            return list(proto.value if given else proto.default)
        case "number_input" | "text_input" | "text_area":
            source = "value" if given else "default"
            return getattr(proto, source) if proto.HasField(source) else None
        case "checkbox":
            return proto.value if given else proto.default
        case "selectbox" | "radio":
            if given:
                return proto.raw_value if proto.HasField("raw_value") else None
            return proto.options[proto.default] if proto.HasField("default") else None
        case "multiselect":
            return list(proto.raw_values) if given else [proto.options[i] for i in proto.default]
        case "button_group":
            if given:
                return list(proto.raw_values)
            return [proto.options[i].content for i in proto.default]
        case _:
            return False


def _state(element: Element, value: Any) -> WidgetState:
    """Wrap a value in the field of the protocol that its widget reads."""
    proto = _typed(element.proto)
    state = WidgetState(id=proto.id)
    name = _STATE_FIELDS[element.kind]
    many = list(value) if isinstance(value, list | tuple) else [] if value is None else [value]
    if element.kind == "slider" and proto.options:
        state.string_array_value.data.extend(many)
    elif element.kind == "number_input" and proto.data_type == NumberInput.INT:
        if value is not None:
            state.int_value = int(value)
    elif name.endswith("array_value"):
        getattr(state, name).SetInParent()
        getattr(state, name).data.extend(many)
    elif value is not None:
        setattr(state, name, value)
    return state
