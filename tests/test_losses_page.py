"""The Losses page as the server draws it: curves that rest where a slider left them."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.losses import LOSSES
from core.sections import SECTIONS
from pages.ui.live import MOST_BYTES
from tests.figures import unpacked
from tests.serving import ROOT
from tests.sweeps import assert_rests, decoded, payloads

SLIDERS = [
    (key, p) for key, loss in LOSSES.items() if loss.axis in SECTIONS for p in loss.parameters
]


@pytest.mark.parametrize(
    ("key", "parameter"), SLIDERS, ids=[f"{key}-{p.name}" for key, p in SLIDERS]
)
def test_curves_rest_at_the_end_of_every_slider(key, parameter):
    """There a loss may have other breaks than elsewhere, as smooth L1 has at β = 0."""
    slider, value = f"{key}_{parameter.name}", float(parameter.steps[0])
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params.update({"loss": key, slider: repr(value)})
    app.switch_page("pages/losses.py").run()
    assert not app.exception
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    found = [payload for payload in payloads(app) if decoded(payload)["slider"] == slider]
    assert 0 < sum(map(len, found)) <= MOST_BYTES
    (verdicts,) = (
        head["texts"][f"{key}_verdict"]
        for head in map(decoded, found)
        if f"{key}_verdict" in head["texts"]
    )
    assert " ".join(verdicts[0]) in [m.value.replace("**", "") for m in app.markdown]
    for chart in (chart for head in map(decoded, found) for chart in head["charts"]):
        if chart["chart"].startswith("losses_fit_chart"):
            continue
        for index, attribute, rows in chart["traces"]:
            kept = figure["data"][index][attribute]
            if attribute == "name":
                assert rows[0] == kept
            else:
                assert_rests(np.asarray(rows[0]), unpacked(kept))


def test_every_receipt_is_small():
    """At p = 0.0625 the widest stencil touches p = 0, where cross-entropy is infinite."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["loss"] = ["binary_cross_entropy", "focal", "brier"]
    app.switch_page("pages/losses.py").run()
    (said,) = (m.value for m in app.markdown if "numerical derivative" in m.value)
    differences = [row.split("|")[2] for row in said.splitlines() if " at p = " in row]
    assert len(differences) == 3
    assert all("10⁻¹" in one for one in differences)
