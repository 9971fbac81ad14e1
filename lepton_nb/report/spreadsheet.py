"""Computes the formulas of a workbook, so that their values can be stored in it.

The formulas are those that this package writes: cells, ranges, operators and :data:`FUNCTIONS`, by the rules of a
spreadsheet (a blank is 0 in a sum, texts are compared without regard to capitals, an error passes on). Anything else is
refused, not guessed. LibreOffice computes the same in the tests.
"""

from __future__ import annotations

import calendar
import functools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

FIRST_DAY = date(1899, 12, 30)  # day 0; right from March 1900 on
Place = tuple[str, str]  # sheet, cell without $


class Wrong(Exception):
    """An error value of a spreadsheet: ``#VALUE!``, ``#DIV/0!``, ``#N/A``, ``#NUM!``."""


class Unknown(ValueError):
    """A formula that this module cannot compute."""


# Values ----------------------------------------------------------------------------------------------------------


def serial(value: Any) -> Any:
    """A date as its number of days; all else as it is."""
    if isinstance(value, datetime):
        value = value.date()
    return float((value - FIRST_DAY).days) if isinstance(value, date) else value


def _day(number: Any) -> date:
    return FIRST_DAY + timedelta(days=int(_number(number)))


def _number(value: Any) -> Any:
    """A value, or the values of a range, as numbers: a blank is 0."""
    if isinstance(value, (float, int, np.ndarray)):
        return value
    if isinstance(value, list):
        return np.array([_number(one) for one in value], dtype=float)
    if value is None:
        return 0.0
    raise Wrong("#VALUE!")


def _key(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _alike(one: Any, other: Any) -> bool:
    if one is None or other is None:  # a blank is like nothing, an empty text and 0
        return (other if one is None else one) in (None, "", 0)
    return isinstance(one, str) == isinstance(other, str) and _key(one) == _key(other)


def _equal(one: Any, other: Any) -> Any:
    """Whether two values are alike; with a range, of each of its values."""
    if isinstance(one, (list, np.ndarray)):
        return np.array([_alike(value, other) for value in one], dtype=float)
    return _alike(one, other)


def _kind(value: Any) -> int:
    """Numbers come before texts, and these before True and False."""
    return 2 if isinstance(value, bool) else 1 if isinstance(value, str) else 0


def _before(one: Any, other: Any) -> bool:
    """Whether one value is less than another; a blank is 0, or an empty text beside a text."""
    if isinstance(one, (list, np.ndarray)) or isinstance(other, (list, np.ndarray)):
        raise Unknown("a range is compared by = alone")
    one, other = (
        ("" if isinstance(beside, str) else 0.0) if value is None else value
        for value, beside in ((one, other), (other, one))
    )
    if _kind(one) != _kind(other):
        return _kind(one) < _kind(other)
    return _key(one) < _key(other)


def _power(base: float, exponent: float) -> float:
    if base < 0 and exponent != int(exponent):
        raise Wrong("#NUM!")
    return base**exponent


# Functions -------------------------------------------------------------------------------------------------------


def _numbers(arguments: tuple) -> Iterator[float]:
    """The numbers among arguments and in their ranges; texts and blanks of cells are passed over."""
    for one in arguments:
        for value in one if isinstance(one, (list, np.ndarray)) else (one,):
            if isinstance(value, (float, int, np.number)):
                yield float(value)


def _edate(start: Any, months: Any) -> float:
    first = _day(start)
    year, month = divmod(first.year * 12 + first.month - 1 + int(_number(months)), 12)
    return serial(date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1])))


def _of_day(part: str) -> Callable[[Any], Any]:
    def found(value: Any) -> Any:
        if isinstance(value, list):
            return np.array([getattr(_day(one), part) for one in value], dtype=float)
        return float(getattr(_day(value), part))

    return found


def _round(value: Any, digits: Any) -> float:
    scale = 10.0 ** int(digits)
    return math.copysign(math.floor(abs(_number(value)) * scale + 0.5), _number(value)) / scale  # half away from 0


def _match(wanted: Any, places: list, kind: Any) -> float:
    if kind != 0:
        raise Unknown("MATCH finds what is equal: its third argument is 0")
    for at, value in enumerate(places, start=1):
        if value is not None and _alike(value, wanted):
            return float(at)
    raise Wrong("#N/A")


def _sumifs(total: list, *pairs: Any) -> float:
    kept = np.ones(len(total))
    for values, wanted in zip(pairs[::2], pairs[1::2], strict=True):
        kept = kept * _equal(values, wanted)
    return float(sum(value for value, one in zip(total, kept, strict=True) if one and isinstance(value, (float, int))))


def _log(value: Any) -> float:
    if _number(value) <= 0:
        raise Wrong("#NUM!")
    return math.log(_number(value))


FUNCTIONS: dict[str, Callable] = {
    "AND": lambda *given: all(_numbers(given)),
    "COUNT": lambda *given: float(sum(1 for _ in _numbers(given))),
    "DATE": lambda year, month, day: serial(date(int(year), int(month), int(day))),
    "EDATE": _edate,
    "EXP": lambda value: math.exp(_number(value)),
    "INDEX": lambda values, at: values[int(at) - 1],
    "INT": lambda value: float(math.floor(_number(value))),
    "LN": _log,
    "MATCH": _match,
    "MAX": lambda *given: max(_numbers(given), default=0.0),
    "MIN": lambda *given: min(_numbers(given), default=0.0),
    "MONTH": _of_day("month"),
    "OR": lambda *given: any(_numbers(given)),
    "ROUND": _round,
    "SUM": lambda *given: math.fsum(_numbers(given)),
    "SUMIFS": _sumifs,
    "SUMPRODUCT": lambda *given: math.fsum(np.ravel(_number(functools.reduce(lambda a, b: _number(a) * _number(b), given)))),
    "YEAR": _of_day("year"),
}  # fmt: skip

# Formulas --------------------------------------------------------------------------------------------------------

#: How tightly an operator binds its sides; a sign in front binds more tightly than a power.
BINDS = {"=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}
COMPARED = {
    "=": "_equal({0}, {1})", "<>": "not _equal({0}, {1})", "<": "_before({0}, {1})", ">": "_before({1}, {0})",
    "<=": "not _before({1}, {0})", ">=": "not _before({0}, {1})",
}  # fmt: skip
_RANGE = re.compile(r"(?:'([^']+)'!|(\w+)!)?\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?")


class _Translator:
    """A formula as an expression of Python, by precedence climbing. at: the sheet on which it stands."""

    def __init__(self, formula: str, at: str):
        from openpyxl.formula import Tokenizer

        self.tokens = [token for token in Tokenizer(formula).items if token.type != "WHITE-SPACE"]
        self.at, self.formula, self.place = at, formula, 0

    def whole(self) -> str:
        found = self._sides(0)
        if self.place < len(self.tokens):
            raise Unknown(f"{self.formula}: {self.tokens[self.place].value}")
        return found

    def _next(self):
        self.place += 1
        return self.tokens[self.place - 1]

    def _sees(self, kind: str, value: str = "") -> bool:
        token = self.tokens[self.place] if self.place < len(self.tokens) else None
        return token is not None and token.type == kind and (not value or token.value == value)

    def _sides(self, least: int) -> str:
        left = self._one()
        while self._sees("OPERATOR-INFIX") and BINDS.get(self.tokens[self.place].value, -1) > least:
            sign = self._next().value
            right = self._sides(BINDS[sign])
            if sign in COMPARED:
                left = f"({COMPARED[sign].format(left, right)})"
            elif sign == "^":
                left = f"_power(_number({left}), _number({right}))"
            else:
                left = f"(_number({left}) {sign} _number({right}))"
        return left

    def _one(self) -> str:
        token = self._next()
        if token.type == "OPERATOR-PREFIX":
            return f"({token.value}_number({self._one()}))"
        if token.type == "PAREN":
            found = self._sides(0)
            self._next()
            return found
        if token.type == "FUNC":
            return self._call(token.value.rstrip("("))
        if token.type == "OPERAND" and token.subtype == "NUMBER":
            return repr(float(token.value))
        if token.type == "OPERAND" and token.subtype == "TEXT":
            return repr(token.value[1:-1].replace('""', '"'))
        if token.type == "OPERAND" and token.subtype == "RANGE":
            return self._cells(token.value)
        raise Unknown(f"{self.formula}: {token.value}")

    def _call(self, name: str) -> str:
        given: list[str] = []
        while not self._sees("FUNC", ")"):
            given.append(self._sides(0))
            if self._sees("SEP"):
                self._next()
        self._next()
        if name == "IF" and len(given) == 3:
            return f"({given[1]} if {given[0]} else {given[2]})"
        if name == "IFERROR" and len(given) == 2:
            return f"_unless_wrong(lambda: {given[0]}, lambda: {given[1]})"
        if name not in FUNCTIONS:
            raise Unknown(f"{self.formula}: {name}")
        return f"FUNCTIONS[{name!r}]({', '.join(given)})"

    def _cells(self, words: str) -> str:
        found = _RANGE.fullmatch(words)
        if found is None:
            raise Unknown(f"{self.formula}: {words}")
        quoted, plain, column, row, last_column, last_row = found.groups()
        sheet = quoted or plain or self.at
        if last_column is None:
            return f"cell({(sheet, column + row)!r})"
        return f"cells({(sheet, f'{column}{row}:{last_column}{last_row}')!r})"


def _unless_wrong(first: Callable[[], Any], other: Callable[[], Any]) -> Any:
    try:
        return first()
    except Unknown:
        raise
    except (Wrong, ZeroDivisionError, OverflowError, ValueError):
        return other()


@functools.lru_cache(maxsize=50_000)
def _code(formula: str, at: str) -> Any:
    return compile(_Translator(formula, at).whole(), "formula", "eval")


class Values:
    """What the cells of a workbook hold, their formulas computed. book: of openpyxl."""

    def __init__(self, book: Any):
        self.book = book
        self.known: dict[Place, Any] = {}  # cell → what it holds, or the error that its formula gives
        self.lists: dict[Place, list] = {}  # range → what its cells hold
        self.read_by: dict[Place, set[Place]] = {}  # cell or range → the cells, and ranges, that it goes into
        self.open: list[Place] = []  # what is being computed
        self.names = globals() | {"cell": self.__getitem__, "cells": self._cells}

    def under(self, instead: Mapping[Place, Any]) -> Values:
        """The same workbook with other contents of some cells; what does not follow from them is not computed again."""
        other = Values(self.book)
        stale, left = set(instead), list(instead)
        while left:
            more = self.read_by.get(left.pop(), set()) - stale
            stale |= more
            left += more
        other.known = {place: value for place, value in self.known.items() if place not in stale}
        other.lists = {place: value for place, value in self.lists.items() if place not in stale}
        other.known |= {place: serial(value) for place, value in instead.items()}
        return other

    def __getitem__(self, place: Place) -> Any:
        """A number, a text, True or False, None for a blank. Raises Wrong where a formula gives an error."""
        if self.open:
            self.read_by.setdefault(place, set()).add(self.open[-1])
        if place not in self.known:
            if place in self.open:
                raise Unknown(f"{place[0]}!{place[1]}: needs its own value")
            self.open.append(place)
            self.known[place] = self._found(place)
            self.open.pop()
        found = self.known[place]
        if isinstance(found, Wrong):
            raise found
        return found

    def _found(self, place: Place) -> Any:
        sheet, cell = place
        held = self.book[sheet][cell]
        if held.data_type != "f":
            return serial(held.value)
        if not isinstance(held.value, str):
            raise Unknown(f"{sheet}!{cell}: a what-if table is no formula of its own cell")
        try:
            found = eval(_code(held.value, sheet), self.names)
        except Wrong as problem:
            return problem
        except Unknown:
            raise
        except ZeroDivisionError:
            return Wrong("#DIV/0!")
        except (OverflowError, ValueError):  # a day beyond the year 9999 as well
            return Wrong("#NUM!")
        return 0.0 if found is None else found.item() if isinstance(found, np.generic) else found

    def _cells(self, place: Place) -> list:
        if self.open:
            self.read_by.setdefault(place, set()).add(self.open[-1])
        if place not in self.lists:
            sheet, words = place
            self.open.append(place)
            try:
                self.lists[place] = [self[sheet, cell.coordinate] for row in self.book[sheet][words] for cell in row]
            finally:
                self.open.pop()
        return self.lists[place]
