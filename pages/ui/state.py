"""One choice, carried through: what the visitor picked follows them from page to page.

Streamlit binds a widget to the URL, but a widget that came with a link forgets its
value when another page is opened. So every shared choice is noted here when its
widget is drawn, and handed back before the widgets of the next page are made. What a
URL says outright always wins over what was noted.
"""

from collections.abc import Collection, Mapping, Sequence

import streamlit as st

_CARRIED = "carried choices"
_PAGE = "page on show"
_SEEN = "choice last written to the URL: "


def arrive(page: str) -> None:
    """Hand the carried choices to the page that is opened; call before any widget."""
    if st.session_state.get(_PAGE) == page:
        return
    st.session_state[_PAGE] = page
    for key, value in _carried().items():
        st.session_state.pop(_SEEN + key, None)
        if key in st.query_params:
            # The link names this choice itself: let the widget read it from the URL.
            st.session_state.pop(key, None)
        else:
            st.session_state[key] = value


def carry(key: str, value: object) -> None:
    """Note a shared choice, so that the next page starts from it."""
    _carried()[key] = value


def assign(values: Mapping[str, object]) -> None:
    """Set widgets from a callback, as presets do; the URL follows by itself."""
    for key, value in values.items():
        st.session_state[key] = value


def choice(key: str, options: Collection[str], default: Sequence[str], limit: int) -> list[str]:
    """Return a multiple choice as it stands, before its widget is drawn.

    The URL is asked first where somebody else changed it (a link, the back button),
    then the widget's state; unknown names, repetitions and names over ``limit`` drop out.
    """
    asked = st.query_params.get_all(key)
    if key not in st.session_state or (asked and asked != st.session_state.get(_SEEN + key)):
        known = dict.fromkeys(name for name in asked if name in options)
        st.session_state[key] = list(known)[:limit] or list(default)
    chosen: list[str] = st.session_state[key]
    return chosen


def publish(key: str, chosen: Sequence[str], default: Sequence[str]) -> None:
    """Write a multiple choice to the URL, by catalogue key, and note it.

    Streamlit's own binding would write the labels that the visitor sees.
    """
    asked = st.query_params.get_all(key)
    if asked != list(chosen) and (asked or list(chosen) != list(default)):
        st.query_params[key] = list(chosen)
    st.session_state[_SEEN + key] = list(chosen)
    carry(key, list(chosen))


def _carried() -> dict[str, object]:
    noted: dict[str, object] = st.session_state.setdefault(_CARRIED, {})
    return noted
