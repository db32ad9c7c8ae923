"""The three things that are called momentum, walked side by side."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import streamlit as st

from core.descent.momentum_forms import FORMS, apart, compare
from core.descent.surfaces import Ground, Point
from core.spec import FloatArray
from pages.ui import export, parts, wording
from pages.ui.live import Packed, live
from pages.ui.optimizers import controls, scene, words
from pages.ui.optimizers.budget import Following, fitting
from pages.ui.optimizers.controls import GAMMA
from pages.ui.optimizers.figures import mapping, meanings
from pages.ui.parts import Shown

CHART = "optimizers_forms"
SIDE = "optimizers_apart"
VERDICT = "optimizers_forms_verdict"
STEPS = 60
_PAGE = 16_500
"""Bytes of all that is neither a chart nor a sweep."""
CUT_AT = 20


def forms() -> None:
    """Draw three walks that are all called momentum, and how far they are apart."""
    beside, above = parts.columns()
    with beside:
        outcome, remark = st.container(), st.container()
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
    at = Setting(rate, gamma, stage.start)
    shown = pictured(land, [at], cut, matched)
    fixed = [
        mapping.contours(land.window, scene.heights(land)),
        mapping.minima(land.minima),
    ]
    with above, st.grid(2, min_column_width=400):
        layout = mapping.map_layout(land.window)
        alt = "Three walks of momentum on the map, one on top of another where they are the same"
        figure = parts.draw(shown, CHART, layout, alt, fixed)
        layout = meanings.apart_layout(STEPS, 1.0)
        side = parts.draw(shown, SIDE, layout, "Their distance to the velocity form, step by step")
    with outcome:
        parts.say(shown, VERDICT)
    for form in FORMS.values():
        with st.container(horizontal=True, gap="large", vertical_alignment="center"):
            st.markdown(f"**{form.name}** ({form.used_by})", width=320)
            st.latex(form.formula, width="content")
    chosen = fitting(sweeps(land, at, cut, matched), (figure, side), (), _PAGE)
    live(chosen.sweeps, key="optimizers_live")
    if chosen.left:
        with remark:
            st.caption(wording.let_go(chosen.left))
    export.offer(CHART, figure, lambda: table(land, at, cut, matched), "momentum")


class Setting(NamedTuple):
    """What the walks depend on, each of it on a slider."""

    rate: float
    gamma: float
    start: Point


def rates(rate: float, cut: bool) -> FloatArray:
    """Return the learning rate of every step."""
    return np.where(np.arange(STEPS) < CUT_AT, rate, rate / 10 if cut else rate)


def pictured(land: Ground, settings: Sequence[Setting], cut: bool, matched: bool) -> Shown:
    """Show the three walks and their distances for each setting."""
    starts = np.array([one.start for one in settings])
    every = np.stack([rates(one.rate, cut) for one in settings], axis=1)[..., None]
    gamma = np.array([one.gamma for one in settings])[:, None]
    walks = compare(land.slope, starts, every, gamma, matched=matched)
    keys = list(FORMS)
    names = [form.name for form in FORMS.values()]
    paths = [scene.on_map(land, _whole(walks[key].positions)) for key in keys]
    away = [_whole(apart(walks["velocity"], walks[key])) for key in keys[1:]]
    # Rounding is part of the picture, but no logarithm can show an exact 0.
    drawn = [scene.rounded(np.log10(np.clip(distance, 1e-18, 10)), scene.PART) for distance in away]
    says = [
        words.together(float(first.max()), float(second.max()), cut, matched)
        for first, second in zip(*away, strict=True)
    ]
    steps = np.arange(STEPS + 1, dtype=np.float64)
    return Shown(
        {
            CHART: (2, [mapping.start_mark(starts), *meanings.form_traces(names, paths)]),
            SIDE: (0, meanings.apart_traces(names[1:], steps, drawn)),
        },
        {VERDICT: says},
    )


def _whole(values: FloatArray) -> FloatArray:
    """Return values (k, n, ...) as (n, STEPS + 1, ...), the last repeated where all stopped."""
    place = np.minimum(np.arange(STEPS + 1), len(values) - 1)
    return np.nan_to_num(np.moveaxis(values[place], 0, 1), nan=10.0, posinf=10.0)


def sweeps(land: Ground, at: Setting, cut: bool, matched: bool) -> list[Following]:
    """Return what the sliders of rate, γ and start move."""
    (w, b), gammas = at.start, tuple(GAMMA.steps.tolist())
    # Without the slider's own value, which changes nothing in its sweep.
    asked = (
        ("η", controls.RATE, controls.RATE_OPTIONS, at._replace(rate=0.0)),
        ("γ", GAMMA.key, gammas, at._replace(gamma=0.0)),
        ("start w", controls.W, controls.STARTS, at._replace(start=(0.0, b))),
        ("start b", controls.B, controls.STARTS, at._replace(start=(w, 0.0))),
    )
    return [
        Following(name, [_sweep(land, slider, values, bare, cut, matched)])
        for name, slider, values, bare in asked
    ]


@lru_cache(maxsize=64)
def _sweep(
    land: Ground, slider: str, values: tuple[float, ...], at: Setting, cut: bool, matched: bool
) -> Packed:
    (w, b) = at.start
    settings = {
        controls.RATE: lambda value: at._replace(rate=value),
        GAMMA.key: lambda value: at._replace(gamma=value),
        controls.W: lambda value: at._replace(start=(value, b)),
        controls.B: lambda value: at._replace(start=(w, value)),
    }
    shown = pictured(land, [settings[slider](value) for value in values], cut, matched)
    return shown.sweep(slider, np.array(values)).packed


def table(land: Ground, at: Setting, cut: bool, matched: bool) -> export.Table:
    """Return the three walks as rows, all digits."""
    every = rates(at.rate, cut)
    walks = compare(land.slope, np.array(at.start), every, at.gamma, matched=matched)
    rows: list[list[object]] = [
        [FORMS[key].name, step, w, b]
        for key, walk in walks.items()
        for step, (w, b) in enumerate(walk.positions.tolist())
    ]
    return export.Table(["form", "step", "w", "b"], rows)
