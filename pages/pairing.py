"""Pairing: which output activation goes with which loss, and what a mask makes of it."""

from pages.ui import frame, pairing_view, segmentation_view
from pages.ui.pairing_view import Preset

PRESETS = (
    Preset(
        "Sigmoid, cross-entropy",
        "The slopes cancel: dL/dz is p − t, as large as the error for as long as it lasts.",
        pairing_view.pair("sigmoid", "binary_cross_entropy"),
    ),
    Preset(
        "Sigmoid, L2",
        "The same output with another loss: at z = −8 next to nothing is left of the gradient.",
        pairing_view.pair("sigmoid", "squared_error"),
    ),
    Preset(
        "Sigmoid twice",
        "A loss that takes logits is given probabilities. It runs without an error message.",
        pairing_view.pair("sigmoid", "sigmoid_cross_entropy"),
    ),
    Preset(
        "±1 in the 0/1 formula",
        "At ŷ = 0.9 a negative should cost 2.3026; written as −1 it costs 4.4998.",
        pairing_view.pair("sigmoid", "binary_cross_entropy", labels="−1, +1"),
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
pairing_view.presets(PRESETS)
if pairing_view.part() == pairing_view.MASK:
    segmentation_view.bench()
    segmentation_view.explain()
else:
    pairing_view.explore()
    pairing_view.matrix()
