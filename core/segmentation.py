"""A small mask, a soft prediction of it, and what eight losses make of each pixel.

Masks and logit maps have the shape (32, 32), on which the last two axes may be preceded by
others. A loss of a map is one number: the mean over the pixels for an elementwise loss,
and the overlap's shortfall for Dice and Tversky. Gradients are with respect to the logits,
and are given *per pixel*: times the number of pixels, so that a mean's gradient is that of
the single pixel, and one learning rate suits all eight.

Settings are what weighs the losses: ``weight`` for weighted BCE, ``<entry>_<parameter>`` for
the others, such as ``focal_gamma``. One of them may be an array of shape (S, 1) where the
maps are one map or S of them; results then have S in front.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from core.activations import ACTIVATIONS
from core.losses import LOSSES
from core.spec import FloatArray, Scalar

SIZE = 32
PIXELS = SIZE * SIZE
Mask = npt.NDArray[np.bool_]
Settings = Mapping[str, Scalar]

_sigmoid = ACTIVATIONS["sigmoid"]
_COARSE = np.linspace(-12.0, 12.0, 97)
_FINE = np.linspace(-0.25, 0.25, 101)


def _discs(*discs: tuple[float, float, float]) -> Mask:
    """Return the union of discs, each given by row, column and radius."""
    row, column = np.mgrid[:SIZE, :SIZE]
    inside = [(row - r) ** 2 + (column - c) ** 2 <= radius**2 for r, c, radius in discs]
    return np.asarray(np.any(inside, axis=0))


MASKS: Mapping[str, Mask] = MappingProxyType(
    {
        "One lesion": _discs((14, 13, 6.0), (18, 17, 4.5)),
        "Many small": _discs(
            *((r, c, 1.5) for r, c in ((4, 5), (5, 17), (3, 27), (12, 10), (11, 23))),
            *((r, c, 1.0) for r, c in ((17, 4), (18, 16), (19, 28), (25, 9), (27, 21), (29, 14))),
        ),
        "1 % foreground": _discs((16, 15, 1.5)) | _discs((14, 16, 0.0)),
    }
)
"""Masks to start from; the last has ten pixels of 1024."""


def soft_prediction(mask: Mask, blur: Scalar, shift: Scalar, confidence: Scalar) -> FloatArray:
    """Return the logits of a prediction that is blurred, off to the right, and so sure of itself.

    ``blur`` is the standard deviation of a Gaussian and ``shift`` a distance, both in
    pixels; ``confidence`` is the size of the logit where the prediction is sure. Arrays for
    them, of any one shape, come first in the result's shape. What enters at an edge is the
    edge's own content.
    """
    width, way, sure = (np.asarray(v, dtype=np.float64) for v in (blur, shift, confidence))
    rows = _blurring(width, np.zeros_like(way))
    columns = _blurring(width, way)
    share = rows @ mask.astype(np.float64) @ np.swapaxes(columns, -1, -2)
    logits: FloatArray = sure[..., None, None] * (2 * share - 1)
    return logits


def _blurring(blur: FloatArray, shift: FloatArray) -> FloatArray:
    """Return the matrices (..., 32, 32) that blur and shift along one axis."""
    pixel = np.arange(SIZE)
    # A blur of 0 is a very narrow Gaussian; shifts between two pixels then share them.
    width = np.maximum(blur, 0.3)[..., None, None]
    distance = pixel[:, None] - pixel - shift[..., None, None]
    # Relative to the nearest pixel, which a shift beyond the edge leaves far away.
    nearest = np.min(distance**2, axis=-1, keepdims=True)
    weights = np.exp((nearest - distance**2) / (2 * width**2))
    matrix: FloatArray = weights / weights.sum(axis=-1, keepdims=True)
    return matrix


@dataclass(frozen=True)
class MaskLoss:
    """One of the eight losses: its value on a map, and its gradient per pixel.

    ``value`` takes logits (..., P), a mask (P,) and settings and returns (...,);
    ``gradient`` takes the same and returns (..., P). ``entry`` is the catalogue's key.
    """

    key: str
    name: str
    entry: str
    value: Callable[[FloatArray, FloatArray, Settings], FloatArray]
    gradient: Callable[[FloatArray, FloatArray, Settings], FloatArray]


def _on_probabilities(key: str, name: str) -> MaskLoss:
    """Return an elementwise or a mask loss behind a sigmoid, by the chain rule."""
    loss = LOSSES[key]
    names = {p.name for p in loss.parameters}

    def own(settings: Settings) -> dict[str, Scalar]:
        found = {n: settings[f"{key}_{n}"] for n in names if f"{key}_{n}" in settings}
        return {**loss.defaults, **found}

    def value(z: FloatArray, mask: FloatArray, settings: Settings) -> FloatArray:
        found = loss.function(_sigmoid.function(z), mask, **own(settings))
        return found if loss.reduces else found.mean(axis=-1)

    def gradient(z: FloatArray, mask: FloatArray, settings: Settings) -> FloatArray:
        slope = loss.derivative(_sigmoid.function(z), mask, **own(settings))
        # Where p has rounded to the wrong end, ∞ · 0: the slope of the sigmoid is 0 long
        # before, so nothing moves there under this loss.
        with np.errstate(invalid="ignore"):
            pulls = slope * _sigmoid.derivative(z) * (mask.size if loss.reduces else 1)
        return np.where(np.isfinite(pulls), pulls, 0.0)

    return MaskLoss(key, name, key, value, gradient)


def _cross_entropy(key: str, name: str) -> MaskLoss:
    """Return cross-entropy from the logits; the weighted one counts foreground more."""
    loss = LOSSES["sigmoid_cross_entropy"]

    def weights(mask: FloatArray, settings: Settings) -> FloatArray:
        heavy = settings.get("weight", 1.0) if key == "weighted" else 1.0
        return np.where(mask == 1, heavy, 1.0)

    def value(z: FloatArray, mask: FloatArray, settings: Settings) -> FloatArray:
        mean: FloatArray = (weights(mask, settings) * loss.function(z, mask)).mean(axis=-1)
        return mean

    def gradient(z: FloatArray, mask: FloatArray, settings: Settings) -> FloatArray:
        return weights(mask, settings) * loss.derivative(z, mask)

    return MaskLoss(key, name, "sigmoid_cross_entropy", value, gradient)


MASK_LOSSES: Mapping[str, MaskLoss] = MappingProxyType(
    {
        one.key: one
        for one in (
            _cross_entropy("bce", "BCE"),
            _cross_entropy("weighted", "Weighted BCE"),
            _on_probabilities("focal", "Focal"),
            _on_probabilities("dice", "Dice"),
            _on_probabilities("tversky", "Tversky"),
            _on_probabilities("absolute_error", "L1"),
            _on_probabilities("smooth_l1", "Smooth L1"),
            _on_probabilities("squared_error", "L2"),
        )
    }
)


def value(loss: MaskLoss, logits: FloatArray, mask: Mask, settings: Settings) -> FloatArray:
    """Return the loss of maps (..., 32, 32): one number each."""
    return loss.value(_flat(logits), _flat(mask), settings)


def gradient(loss: MaskLoss, logits: FloatArray, mask: Mask, settings: Settings) -> FloatArray:
    """Return the gradient per pixel with respect to the logits: a map (32, 32) for each."""
    found = loss.gradient(_flat(logits), _flat(mask), settings)
    return found.reshape(*found.shape[:-1], SIZE, SIZE)


@dataclass(frozen=True)
class Descent:
    """Logit maps on their way down: what was kept of them, from the start on.

    ``steps`` (K,) are the steps kept and ``logits`` (K, 32, 32) the maps there; ``value`` is
    the loss, ``wrong`` the share of pixels on the wrong side of p = ½, and ``overlap`` the
    Dice score of the pixels with p > ½, all of shape (K,).
    """

    steps: npt.NDArray[np.intp]
    logits: FloatArray
    value: FloatArray
    wrong: FloatArray
    overlap: FloatArray


def descend(
    loss: MaskLoss,
    start: FloatArray,
    mask: Mask,
    settings: Settings,
    *,
    learning_rate: float,
    steps: int = 200,
    every: int = 4,
) -> Descent:
    """Follow the gradient per pixel for ``steps`` steps and keep every few of them."""
    truth = _flat(mask)
    z = _flat(start)
    kept = [z]
    for step in range(1, steps + 1):
        z = z - learning_rate * loss.gradient(z, truth, settings)
        if step % every == 0:
            kept.append(z)
    maps = np.stack(kept)
    marked = maps > 0
    true = mask.ravel()
    hits = (marked & true).sum(axis=-1)
    sizes = marked.sum(axis=-1) + true.sum()
    return Descent(
        steps=np.arange(0, steps + 1, every),
        logits=maps.reshape(-1, SIZE, SIZE),
        value=loss.value(maps, truth, settings),
        wrong=(marked != true).mean(axis=-1),
        # Two empty masks agree.
        overlap=np.where(sizes == 0, 1.0, 2 * hits / np.maximum(sizes, 1)),
    )


def background_share(pulls: FloatArray, mask: Mask) -> FloatArray:
    """Return the background's part of Σ|gradient| for maps of it; nan where all is 0.

    ``pulls`` are (..., 32, 32), the result (...,).
    """
    sizes = np.abs(_flat(pulls))
    total = sizes.sum(axis=-1)
    of_background = (sizes * ~mask.ravel()).sum(axis=-1)
    share: FloatArray = np.where(total > 0, of_background / np.where(total > 0, total, 1), np.nan)
    return share


def best_constant(loss: MaskLoss, mask: Mask, settings: Settings) -> FloatArray:
    """Return the one probability for all pixels that has the smallest loss.

    It is what a network settles at before it has learnt where the foreground is. Searched
    for logits from −12 to 12, to 0.005; nan where all answers are equally good. The result
    has the shape (1,), or (S,) where a setting is an array.
    """
    count = max(np.size(v) for v in settings.values()) if settings else 1
    rows = {k: np.broadcast_to(v, (count, 1)) for k, v in settings.items()}
    best = np.zeros(count)
    for offsets in (_COARSE, _FINE):
        # Settings with the same best so far look at the same answers.
        for start in np.unique(best[~np.isnan(best)]).tolist():
            some = np.flatnonzero(best == start)
            z = np.clip(start + offsets, -12.0, 12.0)
            values = _of_constants(loss, z, mask, {k: v[some, :, None] for k, v in rows.items()})
            values = np.broadcast_to(values, (some.size, z.size))
            # Far out all answers may be next to equally good, but they are not all there is.
            same = (np.ptp(values, axis=-1) <= 1e-12) & (offsets is _COARSE)
            best[some] = np.where(same, np.nan, z[values.argmin(axis=-1)])
    share: FloatArray = _sigmoid.function(best)
    return share


def _of_constants(loss: MaskLoss, z: FloatArray, mask: Mask, settings: Settings) -> FloatArray:
    """Return the loss of the maps with the same logit everywhere: (S, N) for ``z`` of (N,).

    The settings have the shape (S, 1, 1).
    """
    if LOSSES[loss.entry].reduces:
        return loss.value(np.broadcast_to(z[:, None], (z.size, PIXELS)), _flat(mask), settings)
    share = float(mask.mean())
    one, none = (loss.value(z[:, None], np.full(1, label), settings) for label in (1.0, 0.0))
    mean: FloatArray = share * one + (1 - share) * none
    return mean


class MaskFormatError(ValueError):
    """A text is no mask; the message says on which line and why."""


def parse_mask(text: str) -> Mask:
    """Read a mask from CSV: 32 lines of 32 values, each 0 or 1, no head.

    Raises ``MaskFormatError`` naming the line (and the column) that is wrong.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    rows = []
    for number, line in enumerate(lines[: SIZE + 1], 1):
        if number > SIZE:
            raise MaskFormatError(f"{len(lines)} lines; a mask has {SIZE}.")
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != SIZE:
            raise MaskFormatError(f"Line {number} has {len(cells)} values; {SIZE} are needed.")
        for column, cell in enumerate(cells, 1):
            if cell not in ("0", "1"):
                shown = cell[:12] or "nothing"
                raise MaskFormatError(f"Line {number}, column {column}: {shown}, not 0 or 1.")
        rows.append([cell == "1" for cell in cells])
    if len(rows) < SIZE:
        raise MaskFormatError(f"{len(rows)} lines; a mask has {SIZE}.")
    return np.array(rows)


def encode_mask(mask: Mask) -> str:
    """Return the mask as 256 hexadecimal digits, for a link."""
    return np.packbits(mask).tobytes().hex()


def decode_mask(code: str) -> Mask:
    """Undo ``encode_mask``; raises ``MaskFormatError`` for anything else."""
    if len(code) != PIXELS // 4 or not set(code) <= set("0123456789abcdef"):
        raise MaskFormatError(f"A mask in a link has {PIXELS // 4} hexadecimal digits.")
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(code), dtype=np.uint8))
    return bits.reshape(SIZE, SIZE).astype(bool)


def _flat(maps: FloatArray | Mask) -> FloatArray:
    flat: FloatArray = np.asarray(maps, dtype=np.float64).reshape(*maps.shape[:-2], PIXELS)
    return flat
