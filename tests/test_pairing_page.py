"""The Pairing page: every pair and every bench without a browser, then in a real one."""

import json
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from core.losses import LOSSES
from core.pairing import LOSS_SLOPES, OUTPUTS, Verdict, judge, readings
from core.segmentation import MASK_LOSSES, MASKS, PIXELS, decode_mask, encode_mask
from pages.ui import export, wording
from pages.ui.charts import GROUND
from pages.ui.pairing import picture, view
from pages.ui.segmentation import controls as segmentation
from pages.ui.segmentation import sweeps as bench
from pages.ui.segmentation.figures import LEVELS, PULL, maps
from tests.figures import specs, unpacked
from tests.hand import Hand
from tests.mouse import drag, unfold
from tests.serving import ROOT
from tests.test_theme import GRAPHICS, THEMES, contrast
from tests.test_wording import cells

MASK = view.MASK
PAIR_CHART = f".st-key-{view.CHART} .js-plotly-plot"
MAPS_CHART = f".st-key-{bench.CHART} .js-plotly-plot"
MOST_BYTES = 150_000
"""What a slider may cost on first view."""

PRESETS = (
    "Sigmoid, cross-entropy",
    "Sigmoid, L2",
    "Sigmoid twice",
    "±1 in the 0/1 formula",
    "L1 and L2 stall",
    "1 % foreground",
)


def visit(**query):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params.update(query)
    app.switch_page("pages/pairing.py")
    return stands(app.run())


def stands(app):
    assert [(e.message, e.stack_trace) for e in app.exception] == []
    assert [e.value for e in app.error] == []
    assert len(app.title) == 1
    return app


def verdict(app):
    """Return the word of the one verdict that comes with its reasons."""
    (found,) = [m.value for m in app.markdown if "**" in m.value and "]  \n" in m.value]
    return found


def table(app, head):
    (found,) = [m.value for m in app.markdown if m.value.startswith("|") and head in m.value]
    _, _, *rows = cells(found)
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize("loss", LOSS_SLOPES)
@pytest.mark.parametrize("output", OUTPUTS)
def test_every_pair(output, loss):
    name, loss_name = OUTPUTS[output].name, LOSSES[loss].name
    app = visit(pairing_output=name, pairing_loss=loss_name)
    found = judge(OUTPUTS[output], LOSSES[loss])
    assert f"**{found.verdict.value}**" in verdict(app)
    (figure,) = specs(app)
    assert len(figure["data"]) == 8
    assert any(r"\frac{dL}{dz}" in latex.value for latex in app.latex)
    rows = table(app, "dL/dz")
    assert list(rows) == [f"target {picture.written(v)}" for v in found.labels]
    for p in LOSSES[loss].parameters:
        app.slider(key=f"{loss}_{p.name}").set_value(p.high)
    for labels in list(view.CODINGS)[1:]:
        app.button_group(key=view.LABELS).set_value(labels)
        stands(app.run())


def test_every_cell_of_the_matrix_says_its_verdict():
    app = visit()
    said = [m.value for m in app.markdown if m.value.startswith(":small[")]
    expected = [judge(o, LOSSES[key]).verdict for o in OUTPUTS.values() for key in LOSS_SLOPES]
    assert len(said) == len(expected) == 50
    for text, one in zip(said, expected, strict=True):
        assert one.value in text
        assert picture.MARKS[one] in text
    assert len(set(picture.MARKS.values())) == len(Verdict)


def test_a_press_on_a_cell_enlarges_it():
    app = visit()
    app.button(key="enlarge tanh hinge").click()
    stands(app.run())
    assert app.selectbox(key=view.OUTPUT).value == "Tanh"
    assert app.selectbox(key=view.LOSS).value == "Hinge"


@pytest.mark.parametrize("label", PRESETS)
def test_presets(label):
    app = visit()
    (button,) = [b for b in app.button if b.label == label]
    button.click()
    app = stands(app.run())
    shows_mask = label in PRESETS[4:]
    assert app.button_group(key=view.PART).value == (MASK if shows_mask else view.PAIR)
    if label == "Sigmoid, cross-entropy":
        assert "**healthy**" in verdict(app)
    elif label == "±1 in the 0/1 formula":
        assert "4.4998" in verdict(app)
        assert "2.3026" in verdict(app)
    elif label == "L1 and L2 stall":
        rows = table(app, "Dice score")
        assert rows["BCE"][2] == "1.000"
        assert rows["L2"][2] == rows["L1"][2] == "0.000"
    elif label == "1 % foreground":
        assert table(app, "best")["BCE"][3] == "0.0098"
    else:
        assert "**saturates**" in verdict(app)


def test_a_label_that_a_loss_does_not_take_costs_what_the_table_says():
    pair = {"pairing_output": "Sigmoid", "pairing_loss": "Dice", "pairing_labels": "−1, +1"}
    text = verdict(visit(**pair, dice_smooth="10"))
    read = readings(OUTPUTS["sigmoid"], LOSSES["dice"], np.log(9), -1.0, smooth=10.0)
    assert f"at z = 2.197 it costs {wording.fixed(float(read.loss))}, where" in text
    outside = verdict(visit(**pair | {"pairing_output": "ReLU"}))
    assert "undefined" not in outside.partition("\n")[2]


@pytest.mark.parametrize(
    ("output", "loss", "read"),
    [
        ("ReLU", "Hinge", "says σ(a)."),
        ("Tanh", "Hinge", "says (a + 1)/2."),
        ("Sigmoid", "Dice", ""),
    ],
)
def test_how_an_answer_is_read_is_said(output, loss, read):
    app = visit(pairing_output=output, pairing_loss=loss)
    (said,) = (m.value for m in app.markdown if m.value.startswith("One logit"))
    assert said.partition(" An answer a ")[2] == read


def test_a_step_between_those_that_are_kept_shows_the_one_before():
    app = stands(visit(pairing_part=MASK, pairing_show="Descent", pairing_step="47"))
    assert any("after step 44" in one.value for one in app.markdown)
    assert not any("after step 47" in one.value for one in app.markdown)


def test_only_these_presets_are_offered():
    labels = [b.label for b in visit().button]
    assert [one for one in labels if one in PRESETS] == list(PRESETS)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("show", [segmentation.GRADIENT, segmentation.DESCENT])
def test_every_bench(mask, show):
    app = visit(pairing_part=MASK, pairing_mask=mask, pairing_show=show)
    figure = specs(app)[0]
    assert len(figure["data"]) == 2 + len(MASK_LOSSES)
    target = unpacked(figure["data"][0]["z"])
    np.testing.assert_array_equal(target == LEVELS, MASKS[mask])
    names = [note["text"] for note in figure["layout"]["annotations"]]
    assert names[2:] == [loss.name for loss in MASK_LOSSES.values()]


@pytest.mark.parametrize("start", segmentation.STARTS)
def test_every_start(start):
    app = visit(pairing_part=MASK, pairing_show="Descent", pairing_start=start, pairing_step="0")
    figure = specs(app)[0]
    first = unpacked(figure["data"][1]["z"])
    for trace in figure["data"][2:]:
        np.testing.assert_array_equal(unpacked(trace["z"]), first)


def test_a_painted_mask_comes_with_the_link():
    mask = np.zeros((32, 32), bool)
    mask[3, 5:9] = True
    app = visit(pairing_part=MASK, pairing_mask="Painted", pairing_pixels=encode_mask(mask))
    target = unpacked(specs(app)[0]["data"][0]["z"])
    np.testing.assert_array_equal(target == LEVELS, mask)


@pytest.mark.parametrize("wild", ["", "-inf", "<b>", "x" * 3000, "1e999"])
def test_wild_links(wild):
    names = "output loss labels z show mask pixels blur shift confidence scale start step rate"
    query = {f"pairing_{name}": wild for name in [*names.split(), "weight", "brush"]}
    visit(**query, pairing_part=wild, huber_delta=wild)
    for show in (wild, "Descent"):
        visit(**{**query, "pairing_part": MASK, "pairing_mask": "Painted", "pairing_show": show})


@pytest.mark.parametrize("key", segmentation.SLIDERS)
def test_a_sweep_of_the_prediction_holds_the_resting_maps(key):
    """At any step, the row is what the page draws for that value, to the last bit."""
    name = key.removeprefix("pairing_")
    steps = segmentation.SLIDERS[key][1]
    code, soft = encode_mask(MASKS["Many small"]), (1.5, 3.0, 4.0)
    sweeps = bench.gradient_sweeps(code, soft, settings_at_rest(), segmentation.ONE, weighing=False)
    mine = [one for one in sweeps if one.slider == key]
    assert sum(len(sweep.payload) for sweep in mine) <= MOST_BYTES / 3
    moved = {index for sweep in mine for index in sweep.charts[0].traces}
    assert moved == set(range(1, 2 + len(MASK_LOSSES)))
    for row in (0, len(steps) // 2, len(steps) - 1):
        query = {f"pairing_{name}": f"{steps[row]:g}", "pairing_mask": "Many small"}
        app = visit(pairing_part=MASK, **query)
        for sweep in mine:
            rests_there(sweep, row, app)
    # A text follows the hand only while it keeps its pieces.
    (said,) = (sweep.texts[bench.VERDICT] for sweep in mine if bench.VERDICT in sweep.texts)
    assert len({(one.count("**"), one.count("\n")) for one in said}) == 1


def rests_there(sweep, row, app):
    """Assert that a page at rest shows, to the last bit, what a sweep shows at a step."""
    data = specs(app)[0]["data"]
    for index, changes in sweep.charts[0].traces.items():
        np.testing.assert_array_equal(
            np.asarray(changes["z"][row], np.float32), unpacked(data[index]["z"])
        )
    cells = list(table(app, "best").values())
    for target, texts in sweep.texts.items():
        if target == bench.VERDICT:
            assert texts[row] in [m.value for m in app.markdown]
        else:
            place, column = (int(part.rstrip("]")) for part in target.split("[")[1:])
            assert texts[row] == cells[place - 1][column - 1]


@pytest.mark.parametrize("scale", [segmentation.ONE, segmentation.OWN])
@pytest.mark.parametrize("slider", segmentation.weights())
def test_a_sweep_of_a_weight_holds_the_resting_maps(slider, scale):
    code, soft = encode_mask(MASKS["One lesion"]), (1.5, 3.0, 4.0)
    sweeps = bench.gradient_sweeps(code, soft, settings_at_rest(), scale, weighing=True)
    (sweep,) = (one for one in sweeps if one.slider == slider)
    assert len(sweep.payload) <= MOST_BYTES
    (changes,) = sweep.charts[0].traces.values()
    assert np.ptp(changes["z"], axis=0).any() or scale == segmentation.OWN
    steps = segmentation.weights()[slider][2]
    for row in (0, len(steps) // 3, len(steps) - 1):
        query = {slider: f"{steps[row]:g}", "pairing_scale": scale}
        rests_there(sweep, row, visit(pairing_part=MASK, **query))


def settings_at_rest():
    extras = tuple(
        (f"{key}_{name}", LOSSES[key].defaults[name]) for key, name in segmentation.EXTRAS
    )
    return (("weight", 10.0), *extras)


def test_the_sweep_of_the_steps_holds_the_resting_maps():
    settings = settings_at_rest()
    sweep = bench.step_sweep(
        encode_mask(MASKS["One lesion"]), (1.5, 3.0, 4.0), "the prediction", "1", settings
    )
    assert len(sweep.payload) <= MOST_BYTES
    app = visit(pairing_part=MASK, pairing_show="Descent", pairing_step="100")
    data = specs(app)[0]["data"]
    for index, changes in sweep.charts[0].traces.items():
        np.testing.assert_array_equal(
            np.asarray(changes["z"][25], np.float32), unpacked(data[index]["z"])
        )


@pytest.mark.parametrize("loss", ["focal", "huber", "dice"])
def test_sweeps_of_a_pair_hold_the_resting_figure(loss):
    entry, labels = LOSSES[loss], (0.0, 1.0)
    settings = tuple(entry.defaults.items())
    figure = picture.enlarged("sigmoid", loss, labels, -4.0, settings).to_dict()
    sweeps = view._sweeps("sigmoid", loss, labels, -4.0, settings)
    assert {s.slider for s in sweeps} == {
        view.PROBE,
        *(f"{loss}_{p.name}" for p in entry.parameters),
    }
    here = {view.PROBE: -4.0} | {f"{loss}_{k}": v for k, v in settings}
    for sweep in sweeps:
        row = sweep.packed.row(here[sweep.slider])
        for index, changes in sweep.charts[0].traces.items():
            for name, rows in changes.items():
                drawn = unpacked(figure["data"][index][name])
                np.testing.assert_array_equal(np.asarray(rows[row], np.float32), drawn)


def test_sparklines_show_on_both_grounds():
    palette = THEMES["light"]["chartCategoricalColors"]
    for theme in THEMES.values():
        for place in picture._PLACES.values():
            colour = "#808080" if place is None else palette[place]
            assert contrast(colour, theme["backgroundColor"]) >= GRAPHICS


def test_an_exported_map_has_the_colours_of_a_page():
    empty = np.zeros((32, 32), np.int8)
    figure = maps(empty > 0, ("p", empty), dict.fromkeys(MASK_LOSSES, empty), PULL, "dL/dz")
    assert GROUND in json.dumps(figure.spec)
    assert GROUND not in export.to_html(figure)


# ---------------------------------------------------------------- in a browser


def address(**query):
    return "/pairing?" + "&".join(f"{k}={quote(v)}" for k, v in query.items())


def test_maps_follow_the_step_while_it_is_dragged(open_page):
    query = {"pairing_part": MASK, "pairing_show": "Descent", "pairing_mask": "1 % foreground"}
    visit = open_page(address(**query, pairing_step="0"))
    total = f"""() => [...document.querySelector('{MAPS_CHART}')._fullData[2].z]
        .flatMap(row => [...row]).reduce((sum, p) => sum + p, 0)"""
    hand = Hand(visit, segmentation.STEP)
    before, sent = visit.page.evaluate(total), visit.sent
    hand.press()
    hand.move(60)
    # Plotly shows the step a frame or more after the thumb is there: wait until nothing changes.
    visit.page.wait_for_function(
        f"""before => {{
            const now = ({total})(), same = now === globalThis.lastTotal;
            globalThis.lastTotal = now;
            return same && Math.abs(now - before) > 1;
        }}""",
        arg=before,
        polling=100,
    )
    during = visit.page.evaluate(total)
    assert visit.sent == sent
    with visit.rerun():
        hand.release()
    assert visit.page.evaluate(total) == pytest.approx(during, abs=1e-6)
    assert parse_qs(urlsplit(visit.page.url).query)["pairing_step"] == ["60"]


def test_a_map_follows_the_weight_of_its_loss_and_rests_there(open_page):
    visit = open_page(address(pairing_part=MASK), height=1500)
    with visit.rerun():
        unfold(visit, "Weights of the losses")
    seen = f"""() => [...document.querySelector('{MAPS_CHART}')._fullData[3].z]
        .flatMap(row => [...row]).join()"""
    hand = Hand(visit, segmentation.WEIGHT)
    before, words_before = visit.page.evaluate(seen), row_of(visit, "Weighted BCE")
    sent = visit.sent
    hand.press()
    hand.move(60)
    visit.page.wait_for_function(f"before => ({seen})() !== before", arg=before)
    under, words = visit.page.evaluate(seen), row_of(visit, "Weighted BCE")
    assert words != words_before
    assert visit.sent == sent
    with visit.rerun():
        hand.release()
    assert visit.page.evaluate(seen) == under
    assert row_of(visit, "Weighted BCE") == words


def row_of(visit, name):
    """Return what the table of the bench says of a loss."""
    rows = visit.page.locator(f".st-key-{bench.READINGS} tr").all_inner_texts()
    (found,) = (row for row in rows if row.startswith(name))
    return found


def test_readings_follow_the_probe_and_the_matrix_the_labels(open_page):
    visit = open_page("/pairing")
    head = visit.page.locator(f".st-key-{view.READINGS} th").first
    assert head.inner_text() == "at z = −4"
    hand = Hand(visit, view.PROBE)
    sent = visit.sent
    hand.press()
    hand.move(2.5)
    expect(head).to_have_text("at z = 2.5")
    assert visit.sent == sent
    with visit.rerun():
        hand.release()
    assert head.inner_text() == "at z = 2.5"

    card = visit.page.locator(".st-key-pair_sigmoid_binary_cross_entropy")
    expect(card).to_contain_text("healthy")
    visit.page.get_by_text("−1, +1", exact=True).click()
    expect(card).to_contain_text("undefined")


def pixels(visit):
    code = parse_qs(urlsplit(visit.page.url).query)["pairing_pixels"][0]
    return int(decode_mask(code).sum())


def test_a_box_on_the_mask_paints_and_erases(open_page):
    visit = open_page(address(pairing_part=MASK, pairing_mask="1 % foreground"), height=1400)
    unfold(visit, "Paint a mask, or load one")
    canvas = visit.page.locator(f".st-key-{segmentation.CANVAS} .nsewdrag")
    with visit.rerun():
        drag(visit, canvas, (0.02, 0.02), (0.23, 0.23))
    painted = pixels(visit)
    assert painted > 10 + 20
    with visit.rerun():
        visit.page.get_by_text("erases", exact=True).click()
    with visit.rerun():
        drag(visit, canvas, (0.02, 0.02), (0.12, 0.23))
    assert 10 < pixels(visit) < painted


def test_a_file_is_loaded_or_named_by_line(open_page, tmp_path: Path):
    visit = open_page(address(pairing_part=MASK))
    unfold(visit, "Paint a mask, or load one")
    line = ",".join(["0", "1"] * 16)
    for name, lines, expected in (
        ("bad.csv", [line] * 6 + [line[:-2]], "Line 7 has 31 values"),
        ("good.csv", [line] * 32, None),
    ):
        file = tmp_path / name
        file.write_text("\n".join(lines), encoding="utf-8")
        with visit.rerun():
            visit.page.locator(".st-key-pairing_upload input[type=file]").set_input_files(file)
        if expected:
            visit.page.get_by_text(expected).wait_for()
    expect(visit.page.get_by_text("Line 7 has")).to_have_count(0)
    visit.page.wait_for_url(lambda url: "pairing_pixels" in url)
    assert pixels(visit) == PIXELS // 2
