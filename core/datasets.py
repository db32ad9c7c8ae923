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
        description="Student's t with two degrees of freedom: the noise has no variance.",
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
