"""Pairing: which output activation goes with which loss, and what a mask makes of it."""

from pages.ui import frame, presets
from pages.ui.pairing import segmentation_view, view
from pages.ui.presets import Preset

PRESETS = (
    Preset(
        "Sigmoid, cross-entropy",
        "The slopes cancel: dL/dz is p − t, as large as the error for as long as it lasts.",
        view.pair("sigmoid", "binary_cross_entropy"),
    ),
    Preset(
        "Sigmoid, L2",
        "The same output with another loss: at z = −8 next to nothing is left of the gradient.",
        view.pair("sigmoid", "squared_error"),
    ),
    Preset(
        "Sigmoid twice",
        "A loss that takes logits is given probabilities. It runs without an error message.",
        view.pair("sigmoid", "sigmoid_cross_entropy"),
    ),
    Preset(
        "±1 in the 0/1 formula",
        "At ŷ = 0.9 a negative should cost 2.3026; written as −1 it costs 4.4998.",
        view.pair("sigmoid", "binary_cross_entropy", labels="−1, +1"),
    ),
    Preset(
        "L1 and L2 stall",
        "A mask to be learnt from confident background: who has moved after 200 steps?",
        segmentation_view.STALL,
    ),
    Preset(
        "1 % foreground",
        "Ten pixels of 1024. The best constant answer of most losses is: no lesion anywhere.",
        segmentation_view.IMBALANCE,
    ),
)

frame.begin("pairing")
presets.offer(PRESETS)
if view.part() == view.MASK:
    segmentation_view.bench()
    segmentation_view.explain()
else:
    view.explore()
    view.matrix()
