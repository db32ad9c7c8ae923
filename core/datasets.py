"""Small data sets on which losses differ, and the reader for a table of one's own."""

import codecs
import csv
import io
import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from core.fits import LARGEST
from core.numeric import Real

MAX_ROWS = 10_000
"""So many rows of an upload are kept."""

MAX_PROBLEMS = 1_000
"""After so many bad rows the rest of an upload is not looked at."""

_INTERCEPT, _SLOPE, _NOISE = 1.0, 0.5, 0.5  # of the points on a line
_WIDTH = 10.0  # their x run from 0 to here
_SNIFFED = 20  # rows from which the separator is told
_LONGEST = 1_000  # characters of a line
_SHOWN = 20  # characters of a bad value that a message repeats
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)

Sample = tuple[Real, Real]


@dataclass(frozen=True)
class DataSet:
    """Points to fit, and the line that they scatter around.

    Call it as ``DATASETS["outliers"](seed=0, n=30)``; the result is x and y, each of shape
    (n,). The same seed gives the same points. ``fixed`` sets know no seed.
    """

    key: str
    name: str
    description: str
    size: int
    intercept: float
    slope: float
    generate: Callable[[np.random.Generator, int], Sample]
    smallest: int = 3
    fixed: bool = False

    def __call__(self, seed: int = 0, n: int | None = None) -> Sample:
        """Return x and y of ``n`` points, by default ``size``.

        Raises ``ValueError`` for fewer than ``smallest`` or more than ``MAX_ROWS`` points.
        """
        count = self.size if n is None else n
        if not self.smallest <= count <= MAX_ROWS:
            raise ValueError(
                f"{self.name} takes {self.smallest} to {MAX_ROWS} points, not {count}."
            )
        return self.generate(np.random.default_rng(seed), count)


def _spread(rng: np.random.Generator, n: int) -> Sample:
    """Return x, evenly spread, and the true line with normal noise."""
    x = np.linspace(0.0, _WIDTH, n)
    return x, _INTERCEPT + _SLOPE * x + _NOISE * rng.standard_normal(n)


def _outliers(rng: np.random.Generator, n: int) -> Sample:
    x, y = _spread(rng, n)
    wrong = rng.choice(n, size=max(n // 8, 1), replace=False)
    y[wrong] += rng.uniform(8.0, 16.0, wrong.size)
    return x, y


def _leverage(rng: np.random.Generator, n: int) -> Sample:
    x, y = _spread(rng, n)
    # So far that its weight in the slope outdoes that of all others together.
    x[-1], y[-1] = _WIDTH * (1 + n / 4), _INTERCEPT
    return x, y


def _heavy_tails(rng: np.random.Generator, n: int) -> Sample:
    x, _ = _spread(rng, n)
    return x, _INTERCEPT + _SLOPE * x + _NOISE * rng.standard_t(2, n)


def _one_thousand(near: float) -> Callable[[np.random.Generator, int], Sample]:
    """Return a generator of values at ``near`` and, in the middle, one of 1000."""

    def generate(rng: np.random.Generator, n: int) -> Sample:
        y = np.full(n, near)
        # In the middle, so that the line of least squares is lifted and not tilted.
        y[n // 2] = 1000.0
        return np.arange(1.0, n + 1), y

    return generate


def _catalogue(*sets: DataSet) -> Mapping[str, DataSet]:
    return MappingProxyType({one.key: one for one in sets})


DATASETS = _catalogue(
    DataSet(
        key="line",
        name="Points on a line",
        description="Normal noise and no outlier: all losses find nearly the same line.",
        size=24,
        intercept=_INTERCEPT,
        slope=_SLOPE,
        generate=_spread,
    ),
    DataSet(
        key="outliers",
        name="Outliers in y",
        description="One point in eight is far too high, as after a slip in a decimal place.",
        size=24,
        intercept=_INTERCEPT,
        slope=_SLOPE,
        generate=_outliers,
    ),
    DataSet(
        key="leverage",
        name="A leverage point",
        description=(
            "One wrong point lies far to the right, where even the absolute error follows it."
        ),
        size=12,
        intercept=_INTERCEPT,
        slope=_SLOPE,
        generate=_leverage,
    ),
    DataSet(
        key="heavy_tails",
        name="Heavy-tailed noise",
        description="Student's t with two degrees of freedom: the noise has no finite variance.",
        size=40,
        intercept=_INTERCEPT,
        slope=_SLOPE,
        generate=_heavy_tails,
    ),
    DataSet(
        key="ones",
        name="Ten 1s and one 1000",
        description="The truth is 1, and one of eleven values is 1000: which constant fits best?",
        size=11,
        intercept=1.0,
        slope=0.0,
        generate=_one_thousand(1.0),
        fixed=True,
    ),
    DataSet(
        key="near_one",
        name="Ten at 1.1 and one at 1000",
        description="The truth is 1: ten predictions miss it by 0.1, and one by 999.",
        size=11,
        intercept=1.0,
        slope=0.0,
        generate=_one_thousand(1.1),
        fixed=True,
    ),
    DataSet(
        key="near_ten",
        name="Ten at 10 and one at 1000",
        description="The truth is 1: ten predictions miss it by 9, and one by 999.",
        size=11,
        intercept=1.0,
        slope=0.0,
        generate=_one_thousand(10.0),
        fixed=True,
    ),
)
"""The data sets of the outlier laboratory, by key."""


_REACH = 2.0  # the x of a landscape's points run from −_REACH to _REACH


@dataclass(frozen=True)
class LandscapeSet:
    """Points under a model of two parameters, a slope and a bias.

    Call it as ``LANDSCAPE_SETS["line"](seed=0, n=40)``; the result is x and y, each of
    shape (n,). Where ``classes`` is true y is a class, 0 or 1, and each has half of the
    points, class 1 one more of an odd number. The same seed gives the same points.
    """

    key: str
    name: str
    description: str
    classes: bool
    generate: Callable[[np.random.Generator, int], Sample]

    def __call__(self, seed: int = 0, n: int = 40) -> Sample:
        """Return x and y; raises ``ValueError`` for an n that is not from 4 to ``MAX_ROWS``."""
        if not 4 <= n <= MAX_ROWS:
            raise ValueError(f"{self.name} takes 4 to {MAX_ROWS} points, not {n}.")
        return self.generate(np.random.default_rng(seed), n)


def _noisy_line(rng: np.random.Generator, n: int) -> Sample:
    """Return points around y = ½ + x."""
    x = np.linspace(-_REACH, _REACH, n)
    return x, 0.5 + x + 0.4 * rng.standard_normal(n)


def _line_with_outliers(rng: np.random.Generator, n: int) -> Sample:
    """Return the line, with one point in eight of its right half far too low."""
    x, y = _noisy_line(rng, n)
    wrong = n // 2 + rng.choice(n // 2, size=max(n // 8, 1), replace=False)
    y[wrong] -= rng.uniform(4.0, 7.0, wrong.size)
    return x, y


def _far_from_zero(rng: np.random.Generator, n: int) -> Sample:
    """Return points around y = x − 2½, with no x near 0."""
    x = np.linspace(3.0, 5.0, n)
    return x, x - 2.5 + 0.4 * rng.standard_normal(n)


def _halves(n: int) -> Real:
    """Return the classes of n points, those of class 0 first."""
    return np.repeat([0.0, 1.0], [n // 2, n - n // 2])


def _separable(rng: np.random.Generator, n: int) -> Sample:
    """Return two classes with a gap between them, around x = ¼."""
    distance = 0.5 + rng.uniform(0.0, 1.5, n)
    y = _halves(n)
    return 0.25 + np.where(y == 1, distance, -distance), y


def _overlapping(rng: np.random.Generator, n: int) -> Sample:
    """Return two normal classes whose means are 1.6 apart.

    Their spread is 1: the logit of class 1 is then 1.6·x.
    """
    y = _halves(n)
    return 0.8 * (2 * y - 1) + rng.standard_normal(n), y


def _mirrored(rng: np.random.Generator, n: int) -> Sample:
    """Return points around y = |x| − ½ that are their own mirror image in x.

    Of an odd number one has x = 0.
    """
    x = np.linspace(0.0 if n % 2 else _REACH / n, _REACH, n - n // 2)
    y = x - 0.5 + 0.2 * rng.standard_normal(x.size)
    half = n // 2
    return np.concatenate([-x[::-1][:half], x]), np.concatenate([y[::-1][:half], y])


def _landscape_catalogue(*sets: LandscapeSet) -> Mapping[str, LandscapeSet]:
    return MappingProxyType({one.key: one for one in sets})


LANDSCAPE_SETS = _landscape_catalogue(
    LandscapeSet(
        key="line",
        name="Line with noise",
        description="y = ½ + x, with normal noise.",
        classes=False,
        generate=_noisy_line,
    ),
    LandscapeSet(
        key="outliers",
        name="Line with outliers",
        description="The same line, with one point in eight far too low, all at the right.",
        classes=False,
        generate=_line_with_outliers,
    ),
    LandscapeSet(
        key="far",
        name="Inputs far from zero",
        description="A line whose x run from 3 to 5: slope and bias can stand in for each other.",
        classes=False,
        generate=_far_from_zero,
    ),
    LandscapeSet(
        key="separable",
        name="Two classes, separable",
        description="A gap lies between the classes: one threshold tells them apart.",
        classes=True,
        generate=_separable,
    ),
    LandscapeSet(
        key="overlapping",
        name="Two classes, overlapping",
        description="Two normal classes: no threshold is right for all points.",
        classes=True,
        generate=_overlapping,
    ),
    LandscapeSet(
        key="symmetric",
        name="Symmetric",
        description="y = |x| − ½ with noise, mirrored: what a slope w does, −w does as well.",
        classes=False,
        generate=_mirrored,
    ),
)
"""The data sets of the loss landscapes, by key."""


def with_outliers(x: Real, y: Real, count: int, *, classes: bool) -> Sample:
    """Return the points and, behind them, ``count`` wrong ones; they are always the same.

    Of a line they lie at the right, far too low; of two classes they are points of class 0
    deep in the realm of class 1.
    """
    places = np.arange(count)
    if classes:
        return np.append(x, 2.5 + 0.1 * places), np.append(y, np.zeros(count))
    return np.append(x, x.max() - 0.08 * places), np.append(y, y.min() - 2.0 - 0.15 * places)


def standardised(values: Real) -> Real:
    """Return the values moved to mean 0 and scaled to variance 1; constant ones become 0."""
    centred = values - values.mean()
    # What rounding leaves of a constant is no spread.
    spread = float(np.sqrt(np.mean(centred**2)))
    scale = 1e-12 * float(np.abs(values).max())
    return np.asarray(centred / spread) if spread > scale else np.zeros_like(centred)


class Table(NamedTuple):
    """What could be read of an upload: ``x`` and ``y`` of shape (n,), and what could not."""

    x: Real
    y: Real
    problems: tuple[str, ...]


def parse_csv(text: bytes | str) -> Table:
    """Read two columns of numbers, x and y, with or without a header.

    The separator is a semicolon, a tab or a comma, whichever most of the first rows hold
    (in this order, if several do); between semicolons a comma may be the decimal mark.
    Blank lines are skipped. A row that is no pair of finite numbers is left out, and
    ``problems`` names its line, counted from 1, with the reason. ``MAX_ROWS`` rows are
    kept. The messages quote the upload: whoever shows them escapes them.

    Raises ``ValueError`` if no row is usable.
    """
    rows = _rows(_decoded(text))
    first = list(itertools.islice(rows, _SNIFFED))
    separator = _separator([line for _, line in first])
    pairs: list[tuple[float, float]] = []
    problems: list[str] = []
    for place, (number, line) in enumerate(itertools.chain(first, rows)):
        if len(pairs) == MAX_ROWS:
            problems.append(
                f"From line {number:,} on nothing was read: at most {MAX_ROWS:,} rows are kept."
            )
            break
        if len(problems) == MAX_PROBLEMS:
            problems.append(f"From line {number:,} on nothing was read: too many rows are bad.")
            break
        cells = _cells(line, separator)
        if place == 0 and not any(_is_numeric(cell) for cell in cells):
            continue  # the header
        try:
            pairs.append(_pair(cells))
        except ValueError as error:
            problems.append(f"Line {number:,}: {error}.")
    if not pairs:
        reason = f" {problems[0]}" if problems else ""
        raise ValueError(
            "No row holds two numbers: x and y stand in two columns, separated by a comma, a "
            f"semicolon or a tab, as in 1.5, 2.{reason}"
        )
    x, y = np.array(pairs, dtype=np.float64).T
    return Table(x.copy(), y.copy(), tuple(problems))


def _decoded(text: bytes | str) -> str:
    """Return the text without its byte order mark; bytes that are no UTF-8 are Latin-1."""
    if isinstance(text, bytes):
        if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            decoded = text.decode("utf-16", errors="replace")
        else:
            try:
                decoded = text.decode("utf-8")
            except UnicodeDecodeError:
                decoded = text.decode("latin-1")
    else:
        decoded = text
    return decoded.lstrip("\ufeff")


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Yield every line that is not blank, with its number."""
    # Universal newlines; str.splitlines would also split where no editor does.
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if line.strip(' \t\n;,"'):
            yield number, line.strip(" \n")


def _separator(lines: list[str]) -> str:
    """Return the separator that most lines hold."""
    return max(";\t,", key=lambda mark: sum(mark in line for line in lines))


def _cells(line: str, separator: str) -> list[str]:
    """Return the cells of one line, empty ones at its end left out.

    Every line is read on its own, since numbers hold no line break: an open quotation
    mark spoils one row and not the rest of the file. A line that is far too long for two
    numbers is not taken apart.
    """
    if len(line) > _LONGEST:
        return [line]
    (cells,) = csv.reader([line], delimiter=separator, skipinitialspace=True)
    cells = [cell.strip().replace("\N{MINUS SIGN}", "-") for cell in cells]
    while cells and not cells[-1]:
        cells.pop()
    if separator == ";":
        cells = [cell if "." in cell else cell.replace(",", ".", 1) for cell in cells]
    return cells


def _is_numeric(cell: str) -> bool:
    return len(cell) <= _LONGEST and bool(_NUMBER.fullmatch(cell) or _NOT_FINITE.fullmatch(cell))


def _pair(cells: list[str]) -> tuple[float, float]:
    """Return x and y; raise ``ValueError`` with the reason, in words that follow a colon."""
    if len(cells) == 1 and len(cells[0]) > _LONGEST:
        raise ValueError(f"more than {_LONGEST:,} characters")
    if len(cells) != 2:
        columns = "1 column" if len(cells) == 1 else f"{len(cells)} columns"
        raise ValueError(f"{columns} instead of 2")
    x, y = (_value(cell) for cell in cells)
    return x, y


def _value(cell: str) -> float:
    shown = cell if len(cell) <= _SHOWN else cell[:_SHOWN] + "…"
    if not cell:
        raise ValueError("x is missing")
    if not _is_numeric(cell):
        raise ValueError(f"“{shown}” is no number")
    value = float(cell)
    if not math.isfinite(value) and _NOT_FINITE.fullmatch(cell):
        raise ValueError(f"“{shown}” is not finite")
    if abs(value) > LARGEST:
        raise ValueError(f"“{shown}” is too large")
    return value
