"""Every slider that is on view moves its picture while it is dragged, or the page says so."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1.element_tree import Block

from pages.ui.landscapes import controls as landscapes
from pages.ui.landscapes import regularisation
from pages.ui.optimizers import controls as optimizers
from pages.ui.optimizers import view as of_optimizers
from pages.ui.pairing import view as pairing
from pages.ui.perceptron import controls as perceptron
from pages.ui.perceptron import view as of_perceptron
from pages.ui.segmentation import controls as masks
from pages.ui.softmax import controls as softmax
from pages.ui.softmax import view as of_softmax
from pages.ui.vanishing import controls as vanishing
from pages.ui.vanishing import theory
from pages.ui.vanishing import view as of_vanishing
from tests.test_pages import visit

# With folds opened by the link, and all on view that stands there for some choices only.
STACK = {
    vanishing.MORE: "true",
    vanishing.DROPOUT: "Ordinary",
    vanishing.WEIGHTS: "Constant",
    vanishing.PATH: vanishing.SAME_UNIT,
}
LEARNING = {perceptron.DATA: perceptron.POINTS, perceptron.MORE: "true"}
OF_LANDSCAPES = (landscapes.LANDSCAPE, landscapes.REGULARISATION, landscapes.NETWORKS)
VIEWS: dict[str, list[dict[str, Any]]] = {
    "activations": [{"activation": ["elu", "hardtanh"]}],
    "losses": [{"loss": "general_robust"}, {"loss": ["focal", "logistic"]}],
    "pairing": [
        {},
        *(
            {pairing.PART: pairing.MASK, masks.SHOW: show}
            for show in (masks.GRADIENT, masks.DESCENT)
        ),
    ],
    "landscapes": [
        {
            landscapes.SECTION: section,
            landscapes.PARAMETERS: "true",
            regularisation.PENALTY: regularisation.NET,
            "loss": "huber",
        }
        for section in OF_LANDSCAPES
    ],
    "optimizers": [
        *({optimizers.SECTION: of_optimizers.RACE, optimizers.TAB: tab} for tab in optimizers.TABS),
        *({optimizers.SECTION: section} for section in of_optimizers.SECTIONS),
    ],
    "perceptron": [
        {perceptron.SECTION: section, perceptron.HALF: half, perceptron.STACK: stack} | LEARNING
        for section in of_perceptron.SECTIONS
        for half, stack in zip(perceptron.HALVES, perceptron.STACKS, strict=True)
    ],
    "softmax": [{softmax.SECTION: section} for section in of_softmax.SECTIONS],
    "vanishing_gradients": [
        *({vanishing.SECTION: section} | STACK for section in of_vanishing.SECTIONS),
        *({vanishing.SECTION: of_vanishing.THEORY, theory.VIEW: v} | STACK for v in theory.VIEWS),
    ],
}

ON_RELEASE: dict[str, set[str]] = {
    # Each cell of the maps is a run of its own.
    of_optimizers.MAPS: {
        *("bowl_condition", "bowl_angle", "adam_beta1", "adam_beta2", "adam_eps"),
        "adam_learning_rate",
    },
    # Each layer's correlation is an integral over a plane.
    "Two inputs": {
        *("elu_alpha", vanishing.DEPTH, vanishing.GAIN, vanishing.SCALE, vanishing.BIAS.key),
        vanishing.VALUES["constant"].key,
    },
}
"""The sliders of a view that cannot follow, as is said there."""

WITHOUT_EFFECT = {
    "Phases": {vanishing.RATE.key},
    "Two inputs": {vanishing.RATE.key},
    "Mean and variance": {vanishing.BIAS.key, vanishing.SCALE, vanishing.DEPTH},
}
"""The sliders of other sections that a view of the theory leaves out of account."""


@pytest.mark.parametrize(
    ("page", "query"), [(page, query) for page, queries in VIEWS.items() for query in queries]
)
def test_every_slider_on_view_follows_the_hand(page, query):
    app = visit(page, **query)
    tab = query.get(optimizers.TAB, optimizers.RATES)
    sliders = {one.key for one in on_view(app.main, tab)}
    told = {part["slider"] for part in parts(app)}
    view = query.get(theory.VIEW, query.get(vanishing.SECTION) == of_vanishing.THEORY and "Phases")
    name = view or query.get(optimizers.SECTION)
    waiting = ON_RELEASE.get(name, set())
    assert sliders - told == waiting | WITHOUT_EFFECT.get(name, set())
    if waiting:
        assert any("let go" in caption.value for caption in app.caption)


def on_view(block: Block, tab: str) -> Iterator[Any]:
    """Give the sliders that are not in a closed fold or behind another tab."""
    for child in block.children.values():
        if isinstance(child, Block):
            folded = child.type == "expander" and not child.proto.expanded
            behind = child.type == "tab" and child.label != tab
            if not (folded or behind or child.type == "popover"):
                yield from on_view(child, tab)
        elif child.type in ("slider", "select_slider"):
            yield child


def parts(app: Any) -> Iterator[dict[str, Any]]:
    """Give what the page tells the browser of its sweeps: those sent, and those to be asked for."""
    for element in app.get("bidi_component"):
        sent = element.proto.bytes
        if sent:
            end = 4 + int.from_bytes(sent[:4], "little")
            yield from json.loads(sent[4:end])
