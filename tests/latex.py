r"""Read a catalogue formula, written in LaTeX, and work it out for given numbers.

This covers the part of LaTeX in which the formulas are written: sums, products
by juxtaposition, fractions, roots, powers, named functions, ``cases`` and chains
such as ``f(x)=A=B``, all of whose members must then agree. What it cannot read
is an error, so no formula escapes the comparison.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import mpmath

_IGNORED = re.compile(
    r"\s+|\\[,;:! ]|\\(quad|qquad|left|right|[bB]igg?[lrm]?|displaystyle|limits)(?![A-Za-z])"
)
_TOKEN = re.compile(
    r"\\begin\{cases\}|\\end\{cases\}|\\(?:operatorname|mathrm|text)\{[^}]*\}"
    r"|\\\\(?:\[\w+\])?|\\[A-Za-z]+|\\[{}|]|\d+\.?\d*|."
)

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": mpmath.exp,
    "ln": mpmath.log,
    "log": mpmath.log,
    "tanh": mpmath.tanh,
    "cosh": mpmath.cosh,
    "sinh": mpmath.sinh,
    "sech": mpmath.sech,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "max": max,
    "min": min,
    "sign": mpmath.sign,
    "sgn": mpmath.sign,
    "sigma": lambda z: 1 / (1 + mpmath.exp(-z)),
    "operatorname{softplus}": lambda z: mpmath.log(1 + mpmath.exp(z)),
    "operatorname{softsign}": lambda z: z / (1 + abs(z)),
    "operatorname{clip}": lambda z, low, high: min(max(z, low), high),
    "Phi": mpmath.ncdf,
    "varphi": mpmath.npdf,
    "phi": mpmath.npdf,
}
_RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    r"\le": operator.le,
    r"\leq": operator.le,
    r"\ge": operator.ge,
    r"\geq": operator.ge,
    r"\ne": operator.ne,
    r"\neq": operator.ne,
}
_CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", r"\lvert": r"\rvert", "|": "|"}


class UnreadableFormulaError(ValueError):
    """The text uses LaTeX that this reader does not know."""


class _Reader:
    """A recursive-descent reader over the tokens of one formula."""

    def __init__(self, text: str, symbols: Mapping[str, Any]) -> None:
        self.text = text
        self.symbols = symbols
        self.tokens = self._split(text)
        self.place = 0
        self.bars = 0

    def _split(self, text: str) -> list[str]:
        tokens, rest = [], text
        names = sorted(self.symbols, key=len, reverse=True)
        while rest:
            if ignored := _IGNORED.match(rest):
                rest = rest[ignored.end() :]
                continue
            command = re.match(r"\\[A-Za-z]+", rest)
            token = (
                next(
                    (
                        n
                        for n in names
                        if rest.startswith(n)
                        # \beta must not be found at the head of a longer command
                        and (not command or len(n) >= command.end())
                    ),
                    None,
                )
                or _TOKEN.match(rest)[0]
            )
            tokens.append(token)
            rest = rest[len(token) :]
        return tokens

    @property
    def next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.next
        if not token or (expected and token not in expected):
            raise UnreadableFormulaError(f"{token!r} at token {self.place} of {self.text}")
        self.place += 1
        return token

    def accept(self, token: str) -> bool:
        if self.next == token:
            self.place += 1
            return True
        return False

    # A sum of products of powers.

    def sum(self) -> Any:
        total = self.product()
        while self.next in ("+", "-"):
            total = total + self.product() if self.take() == "+" else total - self.product()
        return total

    def product(self) -> Any:
        if self.accept("-"):
            return -self.product()
        value = self.power()
        while True:
            if self.accept(r"\cdot") or self.accept(r"\times") or self.starts_a_factor():
                value = value * self.power()
            elif self.accept("/"):
                value = value / self.power()
            else:
                return value

    def starts_a_factor(self) -> bool:
        token = self.next
        if token in ("|", r"\rvert"):
            return token == "|" and self.bars == 0
        if token in self.symbols or token in ("(", "[", "{", r"\{", r"\lvert", "e"):
            return True
        return (
            token[:1].isdigit()
            or self.function_name(token) is not None
            or token
            in (
                r"\frac",
                r"\tfrac",
                r"\dfrac",
                r"\sqrt",
                r"\pi",
                r"\begin{cases}",
            )
        )

    def function_name(self, token: str) -> str | None:
        bare = token.removeprefix("\\")
        if bare.startswith(("operatorname{", "mathrm{")) and bare not in _FUNCTIONS:
            bare = bare[bare.index("{") + 1 : -1]
        return bare if token.startswith("\\") and bare in _FUNCTIONS else None

    def power(self) -> Any:
        base = self.atom()
        if self.accept("^"):
            return base ** self.argument()
        return base

    def argument(self) -> Any:
        """Read what follows a power or a fraction: a braced sum, or one digit or atom."""
        if self.accept("{"):
            value = self.sum()
            self.take("}")
            return value
        if self.next[:1].isdigit():  # \tfrac12 is a half
            digit, rest = self.next[0], self.next[1:]
            self.tokens[self.place : self.place + 1] = [digit, *([rest] if rest else [])]
        return self.atom()

    def atom(self) -> Any:
        token = self.take()
        if token in self.symbols:
            return self.symbols[token]
        if token[0].isdigit():
            return mpmath.mpf(token)
        if token == "e":
            return mpmath.e + 0
        if token == r"\pi":
            return mpmath.pi + 0
        if token in (r"\frac", r"\tfrac", r"\dfrac"):
            over = self.argument()
            return over / self.argument()
        if token == r"\sqrt":
            return mpmath.sqrt(self.argument())
        if token == r"\begin{cases}":
            return self.cases()
        if token in _CLOSING:
            return self.group(token)
        name = self.function_name(token)
        if name is not None:
            return self.application(_FUNCTIONS[name])
        raise UnreadableFormulaError(f"{token!r} in {self.text}")

    def group(self, opening: str) -> Any:
        bars, self.bars = self.bars, int(opening == "|")
        value = self.sum()
        self.take(_CLOSING[opening])
        self.bars = bars
        return abs(value) if opening in ("|", r"\lvert") else value

    def application(self, function: Callable[..., Any]) -> Any:
        exponent = self.argument() if self.accept("^") else 1
        if self.next in ("(", "[", "{", r"\{"):
            closing = _CLOSING[self.take()]
            bars, self.bars = self.bars, 0
            arguments = [self.sum()]
            while self.accept(","):
                arguments.append(self.sum())
            self.take(closing)
            self.bars = bars
            return function(*arguments) ** exponent
        # tanh x, sin ωx, ln(...): letters and fractions that follow belong to it.
        value = self.power()
        while self.next in self.symbols:
            value = value * self.power()
        return function(value) ** exponent

    # Cases and chains.

    def cases(self) -> Any:
        chosen = None
        while not self.accept(r"\end{cases}"):
            value = self.sum()
            self.take("&")
            if self.condition() and chosen is None:
                chosen = value
            if self.next.startswith(r"\\"):
                self.take()
        if chosen is None:
            raise UnreadableFormulaError(f"no case applies in {self.text}")
        return chosen

    def condition(self) -> bool:
        if self.next in (r"\text{otherwise}", r"\text{elsewhere}"):
            self.take()
            return True
        left, holds = self.sum(), True
        while self.next in _RELATIONS:
            relation = _RELATIONS[self.take()]
            right = self.sum()
            holds = holds and relation(left, right)
            left = right
        if self.next.startswith(r"\text{") and self.next[6:-1].strip() == "or":
            self.take()
            return self.condition() or holds
        return holds


def _where(text: str) -> tuple[str, list[tuple[str, str]]]:
    r"""Split ``A,\quad u=B`` into A and its definitions [(u, B)]."""
    body, *definitions = re.split(r",\s*\\q?quad\s*", text)
    return body, [tuple(d.split("=", 1)) for d in definitions]


def evaluate(text: str, symbols: Mapping[str, Any], beside: str = "") -> Any:
    r"""Return the value of ``f(x)=...`` or ``f'(x)=...`` for the given symbols.

    Abbreviations may be defined behind the formula (``,\quad u=...``) or behind
    the one that stands ``beside`` it. Raises ``UnreadableFormulaError`` for LaTeX
    beyond this reader, and ``AssertionError`` when the members of a chain A = B
    disagree.
    """
    body, definitions = _where(re.sub(r"^f'?\(x\)=", "", text))
    known = dict(symbols)
    for name, definition in [*_where(beside)[1], *definitions]:
        known[name] = evaluate(definition, known)
    reader = _Reader(body, known)
    values = [reader.sum()]
    while reader.accept("="):
        values.append(reader.sum())
    if reader.next:
        raise UnreadableFormulaError(f"{reader.next!r} is left over in {text}")
    for value in values[1:]:
        if abs(value - values[0]) > 1e-30 * (1 + abs(value)):
            raise AssertionError(f"the two sides of {text} differ at {dict(symbols)}")
    return values[0]
