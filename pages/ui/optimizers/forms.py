"""The three things that are called momentum, walked side by side."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import streamlit as st

from core.descent import Trajectory
from core.descent.momentum_forms import FORMS, apart, compare
from core.spec import FloatArray
from pages.ui import export, parts, wording
from pages.ui.live import Packed, live
from pages.ui.optimizers import controls, follow, scene, words
from pages.ui.optimizers.budget import Following, fitting
from pages.ui.optimizers.controls import GAMMA
from pages.ui.optimizers.figures import mapping, meanings
from pages.ui.optimizers.walks import Course, Varied, slope
from pages.ui.parts import Shown

CHART = "optimizers_forms"
SIDE = "optimizers_apart"
VERDICT = "optimizers_forms_verdict"
STEPS = 60
_PAGE = 26_000
"""Bytes of all that is neither a chart nor a sweep."""
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
        remark = st.container()
    land = stage.ground
    at = Setting(stage.course(STEPS), rate, gamma)
    shown = pictured([at], cut, matched)
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
    chosen = fitting(sweeps(at, cut, matched), (figure, side), (), _PAGE)
    live(chosen.sweeps, key="optimizers_live")
    if "sigma" in dict(stage.parameters):
        remark.caption("These walks are without the noise: σ and the seed change nothing here.")
    if chosen.left:
        remark.caption(wording.let_go(chosen.left))
    export.offer(CHART, figure, lambda: table(at, cut, matched), "momentum")


class Setting(NamedTuple):
    """What the walks depend on, each of it on a slider; they know no noise."""

    course: Course
    rate: float
    gamma: float


def rates(rate: float, cut: bool) -> FloatArray:
    """Return the learning rate of every step."""
    return np.where(np.arange(STEPS) < CUT_AT, rate, rate / 10 if cut else rate)


def pictured(settings: Sequence[Setting], cut: bool, matched: bool) -> Shown:
    """Show the three walks and their distances for each setting."""
    courses = [one.course for one in settings]
    land = courses[0].ground
    starts = np.array([one.start for one in courses])
    every = np.stack([rates(one.rate, cut) for one in settings], axis=1)[..., None]
    gamma = np.array([one.gamma for one in settings])[:, None]
    walks = compare(slope(courses), starts, every, gamma, matched=matched)
    keys = list(FORMS)
    names = [form.name for form in FORMS.values()]
    paths = [scene.on_map(land, _whole(walks[key].positions)) for key in keys]
    away = [_apart(walks["velocity"], walks[key]) for key in keys[1:]]
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


def _apart(one: Trajectory, other: Trajectory) -> FloatArray:
    """Return the distance of walks after every step, (n, STEPS + 1): as far as both of them go.

    What lies behind is the last of these, whatever other walks there are.
    """
    place = np.minimum(np.arange(STEPS + 1)[:, None], np.minimum(one.taken, other.taken))
    found = np.take_along_axis(apart(one, other), place, axis=0)
    return np.nan_to_num(found.T, nan=10.0, posinf=10.0)


def _whole(values: FloatArray) -> FloatArray:
    """Return values (k, n, ...) as (n, STEPS + 1, ...), the last repeated where all stopped."""
    place = np.minimum(np.arange(STEPS + 1), len(values) - 1)
    return np.nan_to_num(np.moveaxis(values[place], 0, 1), nan=10.0, posinf=10.0)


def sweeps(at: Setting, cut: bool, matched: bool) -> Iterator[Following]:
    """Give what each slider moves: of rate and γ, of the start and of the surface."""
    gammas = tuple(GAMMA.steps.tolist())
    for name, slider, varied in (
        ("η", controls.RATE, Varied("", "rate", controls.RATE_OPTIONS)),
        ("γ", GAMMA.key, Varied("", "gamma", gammas)),
        *(
            (one.label, slider, one)
            for tab in (controls.START, controls.GROUND)
            for slider, one in follow.varied(at.course, [], tab)
            if one.name not in ("seed", "sigma")
        ),
    ):
        # Without the slider's own value, which changes nothing in its sweep.
        bare = _changed(at, varied, varied.values[0])
        land = follow.ground(CHART, slider, varied, at.course)
        yield Following(name, [_sweep(slider, varied, bare, cut, matched)], land)


def _changed(at: Setting, varied: Varied, value: float) -> Setting:
    if not varied.of and varied.name == "rate":
        return at._replace(rate=value)
    if not varied.of and varied.name == "gamma":
        return at._replace(gamma=value)
    return at._replace(course=varied.change_course(at.course, value))


@lru_cache(maxsize=64)
def _sweep(slider: str, varied: Varied, at: Setting, cut: bool, matched: bool) -> Packed:
    shown = pictured([_changed(at, varied, value) for value in varied.values], cut, matched)
    return shown.sweep(slider, np.array(varied.values)).packed


def table(at: Setting, cut: bool, matched: bool) -> export.Table:
    """Return the three walks as rows, all digits."""
    every = rates(at.rate, cut)
    land, start = at.course.ground, np.array(at.course.start)
    walks = compare(land.slope, start, every, at.gamma, matched=matched)
    rows: list[list[object]] = [
        [FORMS[key].name, step, w, b]
        for key, walk in walks.items()
        for step, (w, b) in enumerate(walk.positions.tolist())
    ]
    return export.Table(["form", "step", "w", "b"], rows)
