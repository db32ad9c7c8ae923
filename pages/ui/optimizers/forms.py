"""The three things that are called momentum, walked side by side."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import streamlit as st

from core.momentum_forms import FORMS, apart, compare
from core.spec import FloatArray
from core.surfaces import Ground
from pages.ui import export, parts
from pages.ui.live import Sweep, live
from pages.ui.optimizers import controls, figures, scene, words
from pages.ui.optimizers.controls import GAMMA
from pages.ui.parts import Shown

CHART = "optimizers_forms"
SIDE = "optimizers_apart"
VERDICT = "optimizers_forms_verdict"
STEPS = 60
CUT_AT = 20


def forms() -> None:
    """Draw three walks that are all called momentum, and how far they are apart."""
    beside, above = parts.columns()
    with beside:
        outcome = st.container()
        stage = controls.stage()
        with st.grid(2, min_column_width=110):
            rate = controls.plain_rate()
            gamma = GAMMA.draw()
        cut = st.toggle(f"Cut η to a tenth at step {CUT_AT}", key=controls.CUT, bind="query-params")
        matched = st.toggle(
            "Give the average η/(1 − γ)",
            key=controls.MATCHED,
            bind="query-params",
            help="An average of gradients is 1 − γ times their sum; this rate makes up for it.",
        )
    land = stage.ground
    shown = pictured(land, stage.start, rate, [gamma], cut, matched)
    fixed = [
        figures.contours(land.window, scene.heights(land)),
        figures.minima(land.minima),
        figures.start_mark(stage.start),
    ]
    with above, st.grid(2, min_column_width=400):
        layout = figures.map_layout(land.window)
        alt = "Three walks of momentum on the map, one on top of another where they are the same"
        figure = parts.draw(shown, CHART, layout, alt, fixed)
        layout = figures.apart_layout(STEPS, 1.0)
        parts.draw(shown, SIDE, layout, "Their distance to the velocity form, step by step")
    with outcome:
        parts.say(shown, VERDICT)
    for form in FORMS.values():
        with st.container(horizontal=True, gap="large", vertical_alignment="center"):
            st.markdown(f"**{form.name}** ({form.used_by})", width=320)
            st.latex(form.formula, width="content")
    live([_sweep(land, stage.start, rate, cut, matched)], key="optimizers_live")
    export.offer(
        CHART, figure, lambda: table(land, stage.start, rate, gamma, cut, matched), "momentum"
    )


def rates(rate: float, cut: bool) -> FloatArray:
    """Return the learning rate of every step."""
    return np.where(np.arange(STEPS) < CUT_AT, rate, rate / 10 if cut else rate)


def pictured(
    land: Ground,
    start: tuple[float, float],
    rate: float,
    gammas: Sequence[float],
    cut: bool,
    matched: bool,
) -> Shown:
    """Show the three walks and their distances for each γ."""
    at, gamma = np.tile(np.array(start), (len(gammas), 1)), np.array(gammas)[:, None]
    walks = compare(land.slope, at, rates(rate, cut), gamma, matched=matched)
    keys = list(FORMS)
    names = [form.name for form in FORMS.values()]
    paths = [scene.clipped(land, _whole(walks[key].positions)) for key in keys]
    away = [_whole(apart(walks["velocity"], walks[key])) for key in keys[1:]]
    # Rounding is part of the picture, but no logarithm can show an exact 0.
    drawn = [np.log10(np.clip(distance, 1e-18, 10)) for distance in away]
    says = [
        words.together(float(first.max()), float(second.max()), cut, matched)
        for first, second in zip(*away, strict=True)
    ]
    steps = np.arange(STEPS + 1, dtype=np.float64)
    return Shown(
        {
            CHART: (3, figures.form_traces(names, paths)),
            SIDE: (0, figures.apart_traces(names[1:], steps, drawn)),
        },
        {VERDICT: says},
    )


def _whole(values: FloatArray) -> FloatArray:
    """Return values (k, n, ...) as (n, STEPS + 1, ...), the last repeated where all stopped."""
    place = np.minimum(np.arange(STEPS + 1), len(values) - 1)
    return np.nan_to_num(np.moveaxis(values[place], 0, 1), nan=10.0, posinf=10.0)


@lru_cache(maxsize=32)
def _sweep(
    land: Ground, start: tuple[float, float], rate: float, cut: bool, matched: bool
) -> Sweep:
    shown = pictured(land, start, rate, GAMMA.steps.tolist(), cut, matched)
    return shown.sweep(GAMMA.key, GAMMA.steps)


def table(
    land: Ground, start: tuple[float, float], rate: float, gamma: float, cut: bool, matched: bool
) -> export.Table:
    """Return the three walks as rows, all digits."""
    walks = compare(land.slope, np.array(start), rates(rate, cut), gamma, matched=matched)
    rows: list[list[object]] = [
        [FORMS[key].name, step, w, b]
        for key, walk in walks.items()
        for step, (w, b) in enumerate(walk.positions.tolist())
    ]
    return export.Table(["form", "step", "w", "b"], rows)
