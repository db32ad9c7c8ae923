"""Data sets: seeded and shaped as they say; uploads: read or refused line by line."""

import contextlib
import csv
import io
import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.datasets import (
    DATASETS,
    LANDSCAPE_SETS,
    MAX_PROBLEMS,
    MAX_ROWS,
    parse_csv,
    standardised,
    with_outliers,
)
from core.fits import best_constant, best_line, shares
from core.losses import LOSSES

REPRODUCIBLE = hypothesis_settings(deadline=None, derandomize=True, database=None, max_examples=200)
every_set = pytest.mark.parametrize("data", DATASETS.values(), ids=DATASETS)
L1, L2, HUBER = (LOSSES[key] for key in ("absolute_error", "squared_error", "huber"))


# Data sets


def test_the_sets_are_there():
    assert set(DATASETS) >= {"line", "outliers", "leverage", "heavy_tails", "ones", "near_one"}


@every_set
def test_shape_and_seed(data):
    for n in (None, data.smallest, 100):
        x, y = data(seed=3, n=n)
        assert x.shape == y.shape == ((n or data.size),)
        assert np.isfinite([x, y]).all()
        again = data(seed=3, n=n)
        assert (again[0] == x).all()
        assert (again[1] == y).all()
    assert (data(seed=4)[1] == data(seed=3)[1]).all() == data.fixed


@every_set
def test_words(data):
    assert DATASETS[data.key] is data
    assert re.fullmatch(r"[A-Z]([^.?]|\.\d)*[.?]", data.description)
    assert len(data.description) < 90


@every_set
@pytest.mark.parametrize("n", [0, 2, MAX_ROWS + 1])
def test_too_few_or_too_many_points(data, n):
    with pytest.raises(ValueError, match="points"):
        data(n=n)


@pytest.mark.parametrize("key", ["line", "outliers", "heavy_tails"])
def test_the_points_scatter_around_their_line(key):
    data = DATASETS[key]
    fit = best_line(L1, *data(n=4000))
    assert (fit.intercept, fit.slope) == pytest.approx((data.intercept, data.slope), abs=0.2)


@pytest.mark.parametrize("seed", range(5))
def test_each_set_shows_what_it_says(seed):
    def off(key, loss):
        data = DATASETS[key]
        fit = best_line(loss, *data(seed=seed))
        return abs(fit(5.0) - (data.intercept + data.slope * 5.0))

    assert off("line", L2) < 0.5
    assert off("outliers", L2) > 1 > 0.5 > off("outliers", L1)
    data = DATASETS["leverage"]
    robust = best_line(LOSSES["general_robust"], *data(seed=seed), alpha=-2.0)
    assert robust.slope == pytest.approx(data.slope, abs=0.15)
    x, y = data(seed=seed)
    for loss, near in ((L1, 1e-9), (L2, 2.0)):
        captured = best_line(loss, x, y)
        assert abs(captured.slope - data.slope) > 0.25
        assert captured(x[-1]) == pytest.approx(y[-1], abs=near)


def test_ten_ones_and_a_thousand():
    x, y = DATASETS["ones"]()
    assert sorted(y) == [1] * 10 + [1000]
    found = [best_constant(loss, y).intercept for loss in (L2, L1, HUBER)]
    assert found == pytest.approx([91.82, 1.00, 1.10], abs=0.005)
    assert best_line(L2, x, y).slope == pytest.approx(0, abs=1e-12)


def test_shares_of_the_classic_example():
    data = DATASETS["near_one"]
    _, y = data()
    parts = [shares(loss, data.intercept - y) for loss in (L2, L1, HUBER)]
    at = int(np.argmax(y))
    assert [p.loss[at] for p in parts] == pytest.approx([1, 0.999, 0.99995], abs=1e-5)
    assert [p.gradient[at] for p in parts] == pytest.approx([0.999, 1 / 11, 0.5], abs=1e-5)


def test_ten_near_ten():
    _, y = DATASETS["near_ten"]()
    assert sorted(y) == [10] * 10 + [1000]


# Data sets of the landscapes


every_landscape_set = pytest.mark.parametrize("data", LANDSCAPE_SETS.values(), ids=LANDSCAPE_SETS)


@every_landscape_set
def test_landscape_sets_have_shape_seed_and_classes(data):
    assert LANDSCAPE_SETS[data.key] is data
    for n in (4, 5, 37, 40, 500):
        x, y = data(2, n)
        assert x.shape == y.shape == (n,)
        assert np.isfinite([x, y]).all()
        assert (data(2, n)[1] == y).all()
        if data.classes:
            assert sorted(y) == [0] * (n // 2) + [1] * (n - n // 2)
    assert (np.concatenate(data(1)) != np.concatenate(data(2))).any()
    for n in (3, 2, MAX_ROWS + 1):
        with pytest.raises(ValueError, match="takes 4 to 10000 points"):
            data(0, n)


def test_what_the_landscape_sets_are_made_for():
    for seed in range(10):
        x, y = LANDSCAPE_SETS["separable"](seed, 200)
        assert x[y == 0].max() < x[y == 1].min()
        x, y = LANDSCAPE_SETS["overlapping"](seed, 200)
        assert x[y == 0].max() > x[y == 1].min()
        for n in (40, 41):
            x, y = LANDSCAPE_SETS["symmetric"](seed, n)
            assert sorted(zip(x, y, strict=True)) == sorted(zip(-x, y, strict=True))
        x, _ = LANDSCAPE_SETS["far"](seed)
        assert x.min() >= 3
    line = best_line(L2, *LANDSCAPE_SETS["line"](0, 4000))
    assert (line.intercept, line.slope) == pytest.approx((0.5, 1), abs=0.05)
    few = best_line(L1, *LANDSCAPE_SETS["outliers"](0, 4000))
    assert few.slope > best_line(L2, *LANDSCAPE_SETS["outliers"](0, 4000)).slope + 0.2


def test_outliers_are_added_behind_and_stay_the_same():
    x, y = LANDSCAPE_SETS["line"](0)
    more = with_outliers(x, y, 3, classes=False)
    assert (more[0][:40] == x).all()
    assert (more[1][40:] < y.min() - 1).all()
    assert (with_outliers(x, y, 5, classes=False)[1][40:43] == more[1][40:]).all()
    x, y = LANDSCAPE_SETS["separable"](0)
    wrong = with_outliers(x, y, 2, classes=True)
    assert wrong[1][40:].tolist() == [0, 0]
    assert (wrong[0][40:] > x[y == 0].max()).all()
    assert with_outliers(x, y, 0, classes=True)[0].size == 40


def test_standardised():
    values = np.array([1.0, 2.0, 6.0])
    assert standardised(values).mean() == pytest.approx(0, abs=1e-15)
    assert standardised(values).std() == pytest.approx(1)
    assert not standardised(np.full(7, 0.1)).any()
    assert not standardised(np.zeros(3)).any()


# Uploads


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,4\n",
        "1,2\n3,4",
        "x,y\n1,2\n3,4\n",
        "time;value\n1;2\n3;4\n",
        "1\t2\n3\t4\n",
        "1,2\r\n3,4\r\n",
        "1,2\r3,4\r",
        "\ufeff1,2\n3,4\n",
        "\n\n1,2\n  \n\n3,4\n,\n\n",
        "1;2\n;\n3;4;\n",
        " 1 , 2 \n\t\n3, 4",
        '"1","2"\n"3","4"\n',
        '"x","y"\n1,"2"\n3,4\n',
        "1e0,2E+0\n+3.,.4e1\n",
        "1,0;2,0\n3,0;4\n",
        "1.0;2,0\n3,0;4\n",
        '"1,0";"2,0"\n3;4',
    ],
)
@pytest.mark.parametrize("encoding", [None, "utf-8", "utf-16"])
def test_ways_to_write_two_points(text, encoding):
    x, y, problems = parse_csv(text.encode(encoding) if encoding else text)
    assert (x.tolist(), y.tolist(), problems) == ([1, 3], [2, 4], ())
    assert x.dtype == y.dtype == np.float64


def test_signs_and_small_numbers():
    x, y, problems = parse_csv("-1,\N{MINUS SIGN}2\n-1e-300,+0\n")
    assert (x.tolist(), y.tolist(), problems) == ([-1, -1e-300], [-2, 0], ())


def test_bytes_that_are_no_utf_8():
    x, _, problems = parse_csv("größe;höhe\n1;2\nä;3\n".encode("latin-1"))
    assert x.tolist() == [1]
    assert problems == ("Line 3: “ä” is no number.",)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("abc,3", "“abc” is no number"),
        ("3,abc", "“abc” is no number"),
        ("5", "1 column instead of 2"),
        ("5,", "1 column instead of 2"),
        ("1,2,3", "3 columns instead of 2"),
        ("1,5,2,5", "4 columns instead of 2"),
        (",5", "x is missing"),
        ("1,nan", "“nan” is not finite"),
        ("-inf,1", "“-inf” is not finite"),
        ("1e999,1", "“1e999” is too large"),
        ("1,-2e100", "“-2e100” is too large"),
        ("1_000,2", "“1_000” is no number"),
        ("0x10,2", "“0x10” is no number"),
        ("1 000,2", "“1 000” is no number"),
        ("١,2", "“١” is no number"),
        ('"1,5",2', "“1,5” is no number"),
        ("=1+1,2", "“=1+1” is no number"),
        ('"1,2', "1 column instead of 2"),
        ("<b>bold</b>,2", "“<b>bold</b>” is no number"),
        ("a" * 50 + ",2", "“" + "a" * 20 + "…” is no number"),
        ("9" * 2000 + ",2", "more than 1,000 characters"),
        ("1\x00,2", "“1\x00” is no number"),
    ],
)
def test_a_bad_row_is_named_and_left_out(row, reason):
    x, y, problems = parse_csv(f"x,y\n1,2\n\n{row}\n3,4\n")
    assert (x.tolist(), y.tolist()) == ([1, 3], [2, 4])
    assert problems == (f"Line 4: {reason}.",)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,234,5;2", "“1.234,5” is no number"),
        ("1.234,5;2", "“1.234,5” is no number"),
        ("1,5", "1 column instead of 2"),
    ],
)
def test_a_bad_row_between_semicolons(row, reason):
    x, _, problems = parse_csv(f"1;2\n{row}\n3;4\n")
    assert x.tolist() == [1, 3]
    assert problems == (f"Line 2: {reason}.",)


def test_only_the_first_row_may_be_a_header():
    x, _, problems = parse_csv("x,y\nmetres,seconds\n1,2\n")
    assert x.tolist() == [1]
    assert problems == ("Line 2: “metres” is no number.",)
    _, _, problems = parse_csv("x,1\n1,2\n")
    assert problems == ("Line 1: “x” is no number.",)


@pytest.mark.parametrize(
    "text",
    ["", b"", "\n\n", "x,y\n", "hello", "1\n2\n3\n", "nan,nan\n", b"\xff\xfe", b"\xff", "\x00" * 99,
     b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "1 2\n3 4\n", "\ufeff", ";;;\n,,,\n"],
)  # fmt: skip
def test_nothing_usable(text):
    with pytest.raises(ValueError, match="No row holds two numbers"):
        parse_csv(text)


def test_the_first_reason_is_told():
    with pytest.raises(ValueError, match="Line 2: 1 column instead of 2"):
        parse_csv("1\n2\n".replace("1", "x"))


def test_many_rows():
    text = "x,y\n" + "".join(f"{i},{-i}\n" for i in range(MAX_ROWS))
    x, y, problems = parse_csv(text)
    assert (x == np.arange(MAX_ROWS)).all()
    assert (y == -x).all()
    assert problems == ()
    x, _, problems = parse_csv(text + "1,1\n1,1\n")
    assert x.size == MAX_ROWS
    assert problems == ("From line 10,002 on nothing was read: at most 10,000 rows are kept.",)


def test_many_bad_rows():
    x, _, problems = parse_csv("1,2\n" + "a,b\n" * 2 * MAX_PROBLEMS + "3,4\n")
    assert x.tolist() == [1]
    assert len(problems) == MAX_PROBLEMS + 1
    assert "too many rows are bad" in problems[-1]


@pytest.mark.parametrize(
    "text",
    ["9" * 3_000_000, "9" * 999 + "x," + "1\n" * 10, ("1" * 900 + "e" + "\n") * 3_000,
     '"' * 100_000, "1,2\n" * 500_000, "a\n" * 1_000_000],
)  # fmt: skip
def test_hostile_uploads_are_read_quickly(text):
    start = time.thread_time()
    with contextlib.suppress(ValueError):
        parse_csv(text)
    assert time.thread_time() - start < 3


@REPRODUCIBLE
@given(
    points=st.lists(
        st.tuples(st.floats(-1e99, 1e99), st.floats(-1e99, 1e99)), min_size=1, max_size=20
    ),
    separator=st.sampled_from(",;\t"),
    header=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    decimal_comma=st.booleans(),
)
def test_what_is_written_is_read(points, separator, header, end, decimal_comma):
    table = io.StringIO()
    writer = csv.writer(table, delimiter=separator, lineterminator=end)
    if header:
        writer.writerow(["x in m", "y"])
    writer.writerows(points)
    text = table.getvalue()
    if decimal_comma and separator == ";":
        text = text.replace(".", ",")
    x, y, problems = parse_csv(text.encode())
    assert list(zip(x.tolist(), y.tolist(), strict=True)) == points
    assert problems == ()


@REPRODUCIBLE
@given(st.text() | st.binary() | st.text(alphabet='0123456789.,;-+eE\t\n\r" xnaif'))
def test_any_text_is_read_or_refused(text):
    try:
        x, y, problems = parse_csv(text)
    except ValueError as error:
        if "No row holds two numbers" not in str(error):
            raise
        return
    assert x.shape == y.shape
    assert x.size >= 1
    assert np.isfinite([x, y]).all()
    assert all(p.startswith(("Line ", "From line ")) and p.endswith(".") for p in problems)
