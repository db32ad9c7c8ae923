"""The frame around every page: configuration, menu and title."""

import gc
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st

from pages.ui import controls, live, state

ROOT = Path(__file__).parents[2]
SOURCE_OF = "source_of"


@dataclass(frozen=True)
class Page:
    """One line of the menu, and the head of the page that it opens."""

    script: str
    title: str
    icon: str
    question: str
    live: bool = True
    """Whether it has charts that follow their sliders."""


MENU: dict[str, dict[str, Page]] = {
    "": {
        "home": Page(
            script="app.py",
            title="Activation & loss explorer",
            icon=":material/home:",
            question="Move the functions that neural networks are made of.",
            live=False,
        ),
    },
    "Functions": {
        "activations": Page(
            script="pages/activations.py",
            title="Activations",
            icon=":material/show_chart:",
            question=(
                "What does an activation let through, and what does it do to the gradient "
                "on the way back?"
            ),
        ),
        "softmax": Page(
            script="pages/softmax.py",
            title="Softmax",
            icon=":material/leaderboard:",
            question="How do scores become probabilities, and where does the formula break?",
        ),
    },
    "Losses": {
        "losses": Page(
            script="pages/losses.py",
            title="Losses",
            icon=":material/trending_down:",
            question="What does a loss make of an error, and how hard does it pull?",
        ),
        "pairing": Page(
            script="pages/pairing.py",
            title="Pairing",
            icon=":material/join_inner:",
            question="Which output activation goes with which loss, and why?",
        ),
    },
    "Learning": {
        "landscapes": Page(
            script="pages/landscapes.py",
            title="Landscapes",
            icon=":material/landscape:",
            question="What does a loss look like to a model that has to walk down it?",
        ),
        "optimizers": Page(
            script="pages/optimizers.py",
            title="Optimizers",
            icon=":material/route:",
            question="What does each rule make of the same slope, and what hangs on its rate?",
        ),
    },
    "Networks": {
        "perceptron": Page(
            script="pages/perceptron.py",
            title="Perceptron",
            icon=":material/scatter_plot:",
            question="What can one unit decide, what can it not, and what does a layer add?",
        ),
        "vanishing_gradients": Page(
            script="pages/vanishing_gradients.py",
            title="Vanishing gradients",
            icon=":material/layers:",
            question="Stack the layers: where does the gradient go, and what brings it back?",
        ),
    },
    "Under the hood": {
        "source": Page(
            script="pages/source.py",
            title="Source code",
            icon=":material/code:",
            question="How is the function on show computed?",
            live=False,
        ),
    },
}


def begin(name: str) -> None:
    """Open a page: browser tab, carried choices, menu, title and its question."""
    page = next(pages[name] for pages in MENU.values() if name in pages)
    st.set_page_config(page_title=page.title, page_icon=ROOT / "assets/icon.svg", layout="wide")
    st.html(ROOT / "assets/styles.css")
    state.arrive(name)
    with st.sidebar:
        _menu(name)
    st.title(page.title, anchor=False)
    st.caption(page.question)
    if page.live:
        live.engine()
    _keep_what_is_loaded()


@cache
def _keep_what_is_loaded() -> None:
    """Leave what the libraries loaded out of the collection of garbage, once a process.

    It stays for as long as the server runs. Walked through again and again, while everyone
    waits, it took a twentieth of the processor time of a busy server.
    """
    gc.collect()
    gc.freeze()


def _menu(current: str) -> None:
    pickers = (controls.ACTIVATION_PICKER, controls.LOSS_PICKER)
    # A default needs no place in a link; in the URL it would be one step more to go back.
    links = {p.key: p.current() for p in pickers if p.current() != list(p.default)}
    on_show = controls.LOSS_PICKER if current == "losses" else controls.ACTIVATION_PICKER
    for section, pages in MENU.items():
        if section:
            st.caption(section)
        for name, page in pages.items():
            label = "Home" if name == "home" else page.title
            target = dict(links)
            if name == "source":
                label = f"Source of {_counted(on_show)}"
                if on_show is not controls.ACTIVATION_PICKER:
                    target[SOURCE_OF] = [on_show.key]
            st.page_link(page.script, label=label, icon=page.icon, query_params=target)


def _counted(picker: controls.Picker) -> str:
    """Name the one function that is picked, or say how many there are."""
    names = list(dict.fromkeys(controls.entry(key).name for key in picker.current()))
    return names[0] if len(names) == 1 else f"{len(names)} {picker.label.lower()}"
