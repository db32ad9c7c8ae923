"""The theme: contrast on both grounds, colours that a colour-blind reader can tell apart.

Contrast is that of WCAG 2.2 (success criteria 1.4.3 for text, 1.4.11 for graphics).
Colour blindness is simulated as in Machado, Oliveira & Fernandes (2009), "A
Physiologically-based Model for Simulation of Color Vision Deficiency", at severity 1.
"""

import itertools
import tomllib

import numpy as np
import pytest

from pages.ui import charts, controls, gallery
from tests.serving import ROOT

CONFIG = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
THEMES = {name: CONFIG["theme"][name] for name in ("light", "dark")}

GRAPHICS, TEXT = 3.0, 4.5

# Two lines 2.5 pixels wide are told apart at a glance at this distance in CIELAB (CIE76);
# a just noticeable difference of two large patches side by side is 2.3.
APART = 12.0

VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}

# sRGB with its D65 white, IEC 61966-2-1
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)

each_theme = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


def linear(colour):
    """Return the linear-light red, green and blue of ``#rrggbb``, from 0 to 1."""
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    darker, lighter = sorted(TO_XYZ[1] @ linear(colour) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def lab(colour, vision):
    seen = np.clip(VISION[vision] @ linear(colour), 0, 1)
    t = TO_XYZ @ seen / TO_XYZ.sum(axis=1)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one, other, vision="normal"):
    return float(np.linalg.norm(lab(one, vision) - lab(other, vision)))


def test_measures_agree_with_known_values():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    # D65 white, and red as in Lindbloom's tables
    assert lab("#ffffff", "normal") == pytest.approx([100, 0, 0], abs=0.01)
    assert lab("#ff0000", "normal") == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    # A red and a green of one lightness: apart for most, nearly one for a deuteranope.
    assert distance("#c86432", "#6e8c32") > 50
    assert distance("#c86432", "#6e8c32", "deuteranopia") < 12
    for matrix in VISION.values():
        assert matrix @ np.ones(3) == pytest.approx(np.ones(3), abs=2e-6)


@each_theme
def test_palette_has_as_many_colours_as_the_charts_use(theme):
    assert len(theme["chartCategoricalColors"]) == charts.PALETTE
    assert len(set(theme["chartCategoricalColors"])) == charts.PALETTE
    assert controls.MOST <= charts.PALETTE


@each_theme
@pytest.mark.parametrize("place", range(charts.PALETTE))
def test_curves_stand_out_from_the_ground(theme, place):
    colour = theme["chartCategoricalColors"][place]
    assert contrast(colour, theme["backgroundColor"]) >= GRAPHICS, colour


@each_theme
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_text_stands_out_from_the_ground(theme, ground):
    for name in ("textColor", "linkColor"):
        assert contrast(theme[name], theme[ground]) >= TEXT, name
    assert contrast(theme["primaryColor"], theme[ground]) >= GRAPHICS


@each_theme
@pytest.mark.parametrize("vision", VISION)
def test_compared_functions_have_colours_apart(theme, vision):
    colours = theme["chartCategoricalColors"][: controls.MOST]
    close = {
        f"{one} {other}": round(found, 1)
        for one, other in itertools.combinations(colours, 2)
        if (found := distance(one, other, vision)) < APART
    }
    assert close == {}


def test_gallery_colour_stands_out_from_both_grounds():
    # One picture serves both themes, in a colour of the light palette.
    colour = THEMES["light"]["chartCategoricalColors"][gallery.COLOUR_PLACE]
    for theme in THEMES.values():
        assert contrast(colour, theme["backgroundColor"]) >= GRAPHICS


def test_options_that_the_app_rests_on():
    assert CONFIG["runner"]["postScriptGC"] is False
    assert CONFIG["client"]["showSidebarNavigation"] is False
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert CONFIG["browser"]["gatherUsageStats"] is False
