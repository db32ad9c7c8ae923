"""Pairing: which output activation goes with which loss, and what a mask makes of it."""

from pages.ui import frame, presets
from pages.ui.pairing import view
from pages.ui.presets import Preset
from pages.ui.segmentation import controls as segmentation
from pages.ui.segmentation import view as bench

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
        segmentation.STALL,
    ),
    Preset(
        "1 % foreground",
        "Ten pixels of 1024. The best constant answer of most losses is: no lesion anywhere.",
        segmentation.IMBALANCE,
    ),
)

frame.begin("pairing")
presets.offer(PRESETS)
if view.part() == view.MASK:
    bench.bench()
    bench.explain()
else:
    view.explore()
    view.matrix()
