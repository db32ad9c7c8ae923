"""Ways back through networks side by side: of one depth, or of several.

A layer's weights depend on its place alone, so that a shallower stack is the beginning of
a deeper one: stacks that differ in nothing but their depth share one way forward, and
their ways back run side by side, each from its own last layer on.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.network import Forward, Layers, Met, Skip, finite, gradient_flow, rms, slopes, through
from core.network.gradient_flow import Draw, Experiment, Swept, draw, groups, outer_norm
from core.numeric import Real


class Passed(NamedTuple):
    """What some of S ways back meet at a layer, counted from 0.

    ``rows`` are the numbers of these ways, ``run`` and ``met`` hold what is theirs along
    the first axis, in this order; ``run`` without that axis what they share. ``places``
    are those of the layer in rows (S, deepest) that have a stack's layers in the last places.
    """

    layer: int
    rows: Layers
    places: Layers
    run: Forward
    met: Met


class WaysBack:
    """The way forward, and S ways back.

    ``depths`` and ``order``, (S,), are where the ways begin, the deepest first, and their
    numbers; ``own`` is whether each has a way forward of its own. ``forward_overflow`` and
    ``backward_overflow``, (S, ...), in the order of the numbers, have the layer of an
    overflow, 0 where there is none; the latter are known once :meth:`walk` has come to its end.
    """

    def __init__(
        self, one: Draw, depths: Layers, order: Layers, *, own: bool, signals: bool = True
    ) -> None:
        """Run ``one``; ``depths`` and ``order``, (S,), are where the ways begin and their numbers.

        The deepest come first. The first leading axis of ``one`` is that of the ways, in
        this order, if each has its ``own`` way forward; otherwise they share it.
        ``signals`` is as for :func:`core.network.forward`.
        """
        self.one = one
        self.run = one.run(signals=signals)
        self.depths, self.order, self.own = depths, order, own
        over = self.run.overflow if own else self.run.overflow[None]
        reached = depths.reshape(-1, *[1] * (over.ndim - 1))
        self._broken = np.where(over <= reached, over, 0)
        self.forward_overflow = np.empty_like(self._broken)
        self.forward_overflow[order] = self._broken
        self.backward_overflow: Layers = np.zeros_like(self._broken)

    @cached_property
    def slopes(self) -> tuple[Real, ...]:
        """φ′ on the way forward, a tuple entry a layer, as far as it came."""
        layers = range(len(self.run.pre))
        return tuple(slopes(self.one.network, self.run, layer) for layer in layers)

    def walk(self, by_pre: Real | None = None) -> Iterator[Passed]:
        """Yield the layers from the last to the first; gradients behind an overflow are nan.

        ``by_pre`` (S, ..., batch, units) is the gradient by the last layer's
        pre-activations that each way sets out with, the draw's by its output if not given.
        """
        deepest = self.one.network.stack.depth
        before = np.empty((0, *self._broken.shape[1:], *self.one.output_gradient.shape[-2:]))
        for layer in range(len(self.run.pre) - 1, -1, -1):
            begun = int((self.depths > layer).sum())
            rows, old = self.order[:begun], len(before)
            broken = self._broken[:begun] > 0
            start = self.one.output_gradient if by_pre is None else by_pre[rows[old:]]
            start = np.where(broken[old:, ..., None, None], np.nan, start)
            if by_pre is None or old == begun:
                met = self._through(layer, np.concatenate([before, start]), slice(begun))
            else:
                met = self._through(layer, start, slice(old, begun), at_pre=True)
                if old:
                    met = _joined(self._through(layer, before, slice(old)), met)
            yield Passed(layer, rows, deepest - self.depths[:begun] + layer, self.of(begun), met)
            seen = self.backward_overflow[rows]
            bad = ~finite(met.pre, met.below) & (seen == 0) & ~broken
            before = met.below
            if bad.any():
                seen[bad] = layer + 1
                self.backward_overflow[rows] = seen
                before = np.where((seen > 0)[..., None, None], np.nan, before)

    def _through(self, layer: int, gradient: Real, rows: slice, *, at_pre: bool = False) -> Met:
        network = self.one.network
        if self.own and np.ndim(network.share):
            network = replace(network, branch=np.asarray(network.share)[rows])
        run, slope = self._of(rows), self._some(self.slopes[layer], rows)
        return through(network, run, layer, gradient, at_pre=at_pre, slope=slope)

    def of(self, count: int) -> Forward:
        """Return what the first ways of the ``order`` have of the way forward."""
        return self._of(slice(count))

    def _of(self, rows: slice) -> Forward:
        if not self.own or len(self.depths[rows]) == len(self.depths):
            return self.run
        run = self.run
        parts = (run.inputs, run.pre, run.factors)
        inputs, pre, factors = (tuple(self._some(p, rows) for p in part) for part in parts)
        return run._replace(inputs=inputs, pre=pre, factors=factors)

    def _some(self, part: Real, rows: slice) -> Real:
        """Return some of the ways' rows of a part that has one for each, else all of it."""
        return part[rows] if self.own and part.ndim == self._broken.ndim + 2 else part


def _joined(first: Met, then: Met) -> Met:
    return Met(*(np.concatenate(parts) for parts in zip(first, then, strict=True)))


def at_depths(one: Draw, depths: Layers, *, signals: bool = True) -> WaysBack:
    """Return the ways back through a draw, or through several (repeats,), from ``depths`` (S,).

    The draw must be as deep as the deepest.
    """
    order = np.argsort(-depths, kind="stable")
    depths = depths[order]
    own = one.network.stack.skip is Skip.SCALED
    if own:
        # The factor on a layer's own part depends on the depth.
        share = (1 / np.sqrt(depths)).reshape(-1, *[1] * one.inputs.ndim)
        one = replace(one, network=replace(one.network, branch=share))
    return WaysBack(one, depths, order, own=own, signals=signals)


def at_steps(
    experiment: Experiment, what: str, steps: npt.ArrayLike, index: int, *, signals: bool = True
) -> WaysBack:
    """Return the ways back through a draw at each of the steps (S,) of one setting.

    Arguments are as for :func:`core.network.gradient_flow.at_steps`; ``what`` may also be
    "depth". Raises ``ValueError`` as :func:`deepest` does.
    """
    count = np.size(steps)
    if what == "depth":
        one = draw(deepest(experiment, steps), index)
        return at_depths(one, np.asarray(steps, dtype=np.intp), signals=signals)
    one = gradient_flow.at_steps(experiment, what, steps, index)
    depths = np.full(count, experiment.stack.depth)
    return WaysBack(one, depths, np.arange(count), own=True, signals=signals)


def repeated(one: Draw, count: int) -> WaysBack:
    """Return so many ways back through one draw, alike but for what each sets out with."""
    depths = np.full(count, one.network.stack.depth)
    return WaysBack(one, depths, np.arange(count), own=False)


def deepest(experiment: Experiment, depths: npt.ArrayLike) -> Experiment:
    """Return the experiment at the largest of the depths.

    Raises ``ValueError`` for a depth below 1, and where not all layers are equally wide.
    """
    width, *others = set(experiment.stack.sizes)
    if others or np.min(depths) < 1:
        raise ValueError(f"layers must be equally wide, depths at least 1: {depths!r}")
    stack = replace(experiment.stack, sizes=(width,) * (int(np.max(depths)) + 1))
    return replace(experiment, stack=stack)


def sweep(experiment: Experiment, depths: npt.ArrayLike, *, by_weights: bool = False) -> Swept:
    """Return the gradients that other depths would lead to, ``depths`` (S,).

    They are the very numbers that :func:`core.network.gradient_flow.measure` gives. A row
    has its layers in its last places, and nan before them. ``by_weights`` is worked out
    only where it is asked for. Raises ``ValueError`` as :func:`deepest` does.
    """
    experiment = deepest(experiment, depths)
    wanted = np.asarray(depths, dtype=np.intp)
    draws = [draw(experiment, i) for i in range(experiment.repeats)]
    found = [
        _norms(at_depths(one, wanted, signals=by_weights), by_weights)
        for one in groups(experiment, draws, len(wanted) // 2, 0)
    ]
    gradient, weights, forwards, backwards = (
        np.concatenate(parts, axis=1) for parts in zip(*found, strict=True)
    )
    return Swept(gradient, weights if by_weights else None, forwards, backwards, wanted)


def _norms(ways: WaysBack, by_weights: bool) -> tuple[Real, Real, Layers, Layers]:
    """Return gradients by layer and by its weights, and the layers of an overflow.

    The first two are (S, repeats, deepest), the others (S, repeats).
    """
    shape = (*ways.forward_overflow.shape, ways.one.network.stack.depth)
    gradient, weights = np.full(shape, np.nan), np.full(shape, np.nan)
    gain = np.abs(np.asarray(ways.one.network.gain, dtype=np.float64))
    for at in ways.walk():
        gradient[at.rows, :, at.places] = rms(at.met.pre)
        if by_weights:
            with np.errstate(all="ignore"):
                norm = outer_norm(at.run.inputs[at.layer], gain * at.met.raw)
            weights[at.rows, :, at.places] = norm
    return gradient, weights, ways.forward_overflow, ways.backward_overflow
