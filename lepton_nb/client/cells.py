"""What one value of a client's folder may be: numbers, fractions, dates, codes.

Every value arrives as text, from YAML and CSV alike, so that both are read by the same rules and
nothing is converted behind the client's back (YAML's ``no`` stays Norway). A type here is an
``Annotated`` type with its reader and, as a plain string, the words that the template shows for it.
"""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator

from lepton_nb.client.codes import COUNTRIES, CURRENCIES, CURRENCY_NAMES
from lepton_nb.client.words import PLAIN_NUMBER, Refused, did_you_mean, plain_letters, quoted, strange_letter

#: No sum of money, count or rate in a client's folder is larger; beyond it products of three would overflow.
LARGEST = 1e15
A_NUMBER = "use a plain number such as 1200.50: a point for decimals, nothing between thousands, no unit"
FIRST_YEAR, LAST_YEAR = 1900, 2200

#: What else can be done about a decimal comma, in CSV files alone.
OR_DECLARE = ", or declare the decimal comma in client.yml (csv.decimal)"
_SPACES = "[ \u00a0\u2009\u202f'’]"
LONGEST_ID = 40  # signs
ASSET_ID = re.compile(rf"[A-Z][A-Z0-9_]{{0,{LONGEST_ID - 1}}}", re.ASCII)


def number(value: Any) -> float:
    """A finite number with a point for decimals and nothing between thousands (rule 35)."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        result = float(value) if abs(value) <= LARGEST else math.inf
    elif isinstance(value, str) and PLAIN_NUMBER.fullmatch(value.strip()):
        result = float(value)
    else:
        raise Refused(quoted(value), 35, _plain_number(value))
    if not abs(result) <= LARGEST:
        raise Refused(quoted(value), 35, f"a number between -{LARGEST:.0e} and {LARGEST:.0e} is needed")
    return result + 0.0  # turns -0.0 into 0.0


def _plain_number(value: Any) -> str:
    """What to write instead of ``value``; a number is proposed only where there is one way to read it."""
    text = re.sub(_SPACES, "", str(value)[:100]) if isinstance(value, str) else ""
    if text.lower().strip("+-") in ("nan", "inf", "infinity", "na", "n/a", "null", "none"):
        return "a number is needed; leave the cell empty only where the format allows it"
    if text.endswith("%") and PLAIN_NUMBER.fullmatch(text[:-1]):
        return f"write {float(text[:-1]) / 100:.10g}"
    for thousands, decimal in ((".", ","), (",", ".")):
        grouped = rf"[+-]?\d{{1,3}}(\{thousands}\d{{3}})+\{decimal}\d+|[+-]?\d{{1,3}}(\{thousands}\d{{3}}){{2,}}"
        if re.fullmatch(grouped, text, re.ASCII):
            return f"use {text.replace(thousands, '').replace(decimal, '.')}"
    if re.fullmatch(
        r"[+-]?(\d+,(\d{1,2}|\d{4,})|\d{4,},\d+|0,\d+)", text, re.ASCII
    ):  # a comma of thousands has 3 digits after it
        return f"use {text.replace(',', '.')}{OR_DECLARE}"
    plain = plain_letters(text).replace("'", "")
    if isinstance(value, str) and plain != value.strip() and PLAIN_NUMBER.fullmatch(plain):
        return f"use {plain}"
    if re.fullmatch(r"\d+(\.\d+)?(-|–|to|bis)\d+(\.\d+)?", text, re.ASCII | re.IGNORECASE) or "–" in text:
        return "one number is needed; a range goes into low, mode and high"
    if match := re.fullmatch(r"([+-]?\d+(?:\.\d+)?) ?(k|thousand|m|mn|mio|million)\.?", text, re.ASCII | re.IGNORECASE):
        return f"use {float(match[1]) * (1e3 if match[2].lower() in ('k', 'thousand') else 1e6):.10g}"
    bare = re.sub(r"^\((.*)\)$|^(.*)-$", r"-\1\2", text)  # as accountants write what is negative
    bare = re.sub(
        r"[€$£¥]|(?i:\b(?:[a-z]{3}|kr|fr)\b\.?)|^[~≈]|^ca\.?", "", re.sub(r"(?<=\d)(?=[A-Za-z])", " ", bare)
    ).strip()
    if bare != text and PLAIN_NUMBER.fullmatch(bare):
        return f"use {bare}" if bare.startswith("-") else f"use {bare}: no unit, and money in the client's currency"
    if match := re.fullmatch(r"(\d{4})-\d{2}-\d{2}", text, re.ASCII):
        return f"a number is needed, and this is a day; if the year is meant, write {match[1]}"
    return A_NUMBER


def fraction(value: Any) -> float:
    """A rate between 0 and 1 (rule 3)."""
    text = value.strip() if isinstance(value, str) else ""
    percent = text.endswith("%") and PLAIN_NUMBER.fullmatch(text[:-1].strip())
    result = number(text[:-1] if percent else value)
    if 0 <= result <= 100 and (percent or result > 1):
        least = f" if {result:.10g} % is meant; a fraction is at most 1" if not percent and result < 2 else ""
        raise Refused(quoted(value), 3, f"rates are fractions; write {result / 100:.10g}{least}")
    if percent or not 0 <= result <= 1:
        raise Refused(quoted(value), 3, "a fraction between 0 and 1 is needed")
    return result


def share(value: Any) -> float:
    """A part of a whole, between 0 and 1 (rule 3)."""
    result = number(value) if not str(value).strip().endswith("%") else fraction(value)
    if 1 < result <= 2:
        raise Refused(quoted(value), 3, "a share is at most 1: 1 is the whole, 0.9 nine tenths of it")
    return fraction(value)


def growth(value: Any) -> float:
    """A yearly growth between -1 and 1; a shrinking stream is negative (rule 3)."""
    result = number(value)
    if abs(result) > 1:
        advice = f"; write {result / 100:.10g}" if abs(result) <= 100 else " between -1 and 1"
        raise Refused(quoted(value), 3, f"rates are fractions{advice}")
    return result


def of_a_score(remedy: str) -> str:
    """The remedy for a number, for one from 0 to 1."""
    return "use a number from 0 to 1 such as 0.35: a point for decimals" if remedy == A_NUMBER else remedy


def probability_score(value: Any) -> float:
    """A model's score between 0 and 1 (rule 14)."""
    try:
        result = number(value)
    except Refused as stop:
        raise Refused(stop.found, stop.rule, of_a_score(stop.remedy)) from None
    if not 0 <= result <= 1:
        raise Refused(f"score {quoted(value)} outside 0..1", 14, "give the model's probability, a number from 0 to 1")
    return result


def zero_or_one(value: Any) -> int:
    """A class, 0 or 1 (rule 15)."""
    text = str(value).strip()
    if text not in ("0", "1"):
        meant = {"true": "1", "yes": "1", "1.0": "1", "false": "0", "no": "0", "0.0": "0"}.get(text.lower())
        raise Refused(quoted(value), 15, f"use 0 or 1: here {meant}" if meant else "use 0 or 1")
    return int(text)


def cost(value: Any) -> float:
    """Money out, zero or more (rule 9)."""
    result = number(value)
    if result < 0:
        raise Refused(quoted(value), 9, "costs are positive; a refund goes into benefits.csv")
    return result


def count(value: Any) -> int:
    """A whole number of cases, zero or more (rule 11)."""
    result = number(value)
    if result < 0 or result != int(result):
        why = "give counts, not rates (the uncertainty needs n)" if 0 < result < 1 else "a whole number >= 0 is needed"
        raise Refused(quoted(value), 11, why)
    return int(result)


def correlation(value: Any) -> float:
    """A rank correlation between -1 and 1 (rule 24)."""
    result = number(value)
    if not -1 <= result <= 1:
        raise Refused(f"rho = {quoted(value)} outside -1..1", 24, "give a correlation between -1 and 1")
    return result


def calendar_date(value: Any) -> date:
    """A day written YYYY-MM-DD between 1900 and 2200 (rule 34)."""
    text = value.isoformat() if type(value) is date else str(value).strip() if isinstance(value, str) else ""
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            raise ValueError
        result = date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{quoted(value)} is not a date", 34, f"use YYYY-MM-DD{_day_meant(text)}") from None
    if not FIRST_YEAR <= result.year <= LAST_YEAR:
        raise Refused(quoted(value), 34, f"the year must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return result


def _day_meant(text: str) -> str:
    """The day that a text probably means, where there is one way to read it; else empty."""
    if re.fullmatch(r"[2-7]\d{4}(\.\d+)?", text, re.ASCII):
        day = date(1899, 12, 30) + timedelta(days=int(float(text)))
        return f"; as a spreadsheet counts days this is {day}"
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}.*)?", text, re.ASCII):
        try:
            return f": {date(int(match[1]), int(match[2]), int(match[3]))}"
        except ValueError:
            return ""
    match = re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", text, re.ASCII)
    if match and (int(match[1]) > 12 or "." in text):
        try:
            return f": {date(int(match[3]), int(match[2]), int(match[1]))}"
        except ValueError:
            return ""
    match = re.fullmatch(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})", text, re.ASCII)
    if match and 1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 28:
        return f": {int(match[1]):04d}-{int(match[2]):02d}-{int(match[3]):02d}"
    return ""


def month(value: Any) -> date:
    """A month written YYYY-MM (or any day in it); its first day is kept (rule 34)."""
    if type(value) is date:
        return value.replace(day=1)
    text = str(value).strip()
    try:
        return calendar_date(text + "-01" if len(text) == 7 else text).replace(day=1)
    except Refused:
        match = re.fullmatch(r"(?:(\d{4})[-/.](\d{1,2})|(\d{1,2})[-/.](\d{4}))", text, re.ASCII)
        year, number_ = (match[1] or match[4], int(match[2] or match[3])) if match else ("", 0)
        meant = f": {year}-{number_:02d}" if 1 <= number_ <= 12 else ""
        raise Refused(f"{quoted(value)} is not a month", 34, f"use YYYY-MM{meant}") from None


def yes_or_no(value: Any) -> bool:
    """``true`` or ``false``, as YAML writes them."""
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        meant = {"yes": "true", "y": "true", "1": "true", "no": "false", "n": "false", "0": "false"}.get(text)
        raise Refused(quoted(value), 2, f"write {meant or 'true or false'}")
    return text == "true"


def currency(value: Any) -> str:
    """An ISO 4217 code (rule 4)."""
    text = str(value).strip()
    if text not in CURRENCIES:
        code = CURRENCY_NAMES.get(text.lower()) or (text.upper() if text.upper() in CURRENCIES else "")
        raise Refused(quoted(value), 4, f"use the ISO 4217 code {code or 'of three letters, such as EUR'}")
    return text


def country(value: Any) -> str:
    """An ISO 3166-1 code of two letters."""
    text = str(value).strip()
    if text not in COUNTRIES:
        code = text.upper() if text.upper() in COUNTRIES else "of two letters, such as DE"
        raise Refused(quoted(value), 2, f"use the ISO 3166 code {code}")
    return text


def asset_id(value: Any) -> str:
    """A capital letter, then capital letters, digits and underscores."""
    text = str(value).strip()
    if len(text) > LONGEST_ID:
        raise Refused(quoted(value), 2, f"an id has at most {LONGEST_ID} signs; the name may be longer")
    if not ASSET_ID.fullmatch(text):
        if told := strange_letter(text):
            raise Refused(quoted(value), 2, told)
        if re.search(r"[,;]|\band\b|&|\+", text):
            raise Refused(quoted(value), 2, "one id is needed here: a capital letter, then A-Z, 0-9 and _")
        better = re.sub(r"[^A-Z0-9_]+", "_", text.upper()).strip("_")
        advice = f", such as {quoted(better)}" if ASSET_ID.fullmatch(better) else ""
        raise Refused(quoted(value), 2, f"an id is a capital letter, then A-Z, 0-9 and _{advice}")
    return text


def asset_ids(value: Any) -> tuple[str, ...]:
    """Several ids, separated by semicolons."""
    parts = value.split(";") if isinstance(value, str) else value
    if isinstance(value, str) and re.search(r"[,|/]|\S\s+\S", value.replace(";", "")) and not strange_letter(value):
        words = [word for word in re.split(r"[\s,;|/]+", value) if word]
        if all(ASSET_ID.fullmatch(word) for word in words):
            raise Refused(quoted(value), 2, f"separate ids by a semicolon: {';'.join(words)}")
    return tuple(asset_id(part) for part in parts if str(part).strip())


def block_names(value: Any) -> tuple[str, ...]:
    """Names of blocks of data, separated by semicolons; sorted, so that a set is written in one way."""
    names = [part.strip() for part in value.split(";")] if isinstance(value, str) else list(value)
    if len(set(names)) < len(names):
        raise Refused(quoted(value), 2, "name each block once")
    return tuple(sorted(str(_text(name)) for name in names))


def data_path(value: Any) -> str:
    """A path inside the client's folder, with / between its parts (rule 1)."""
    text = _text(value) if isinstance(value, str) else value
    if not isinstance(text, str):
        raise Refused(quoted(value), 2, "give the path of a file or folder")
    parts = text.replace("\\", "/").split("/")
    if text.startswith("/") or ":" in text or ".." in parts or not all(part.strip(". ") for part in parts):
        raise Refused(quoted(text), 1, "give a path inside the client's folder, such as data/loans.csv")
    return "/".join(parts)


PRIVACY_CLASSES = ("none", "personal", "special_category", "pseudonymised", "anonymous")


def privacy_classes(value: Any) -> tuple[str, ...]:
    """One or more classes of personal data, separated by semicolons; ``none`` stands alone."""
    parts = value.split(";") if isinstance(value, str) else value
    names = tuple(str(part).strip() for part in parts if str(part).strip())
    for name in names:
        if name not in PRIVACY_CLASSES:
            remedy = f"{did_you_mean(name, PRIVACY_CLASSES)} allowed: {', '.join(PRIVACY_CLASSES)}; several are separated by ;"
            raise Refused(quoted(name), 2, remedy.strip())
    if not names or len(set(names)) < len(names) or ("none" in names and len(names) > 1):
        raise Refused(quoted(value), 2, "name each class once, separated by ;, or none alone")
    return names


_TIMES = re.compile(r"\b(second|minute|hour|day|night|week|month|quarter|year|annum)s?\b|\bper\b")


def priced_unit(value: Any) -> str:
    """What a price is for: per unit, per thousand, per 1,000 requests, per month, per year; empty: the whole asset.

    >>> [priced_unit(words) for words in ("per year", "per 1,000 requests", "")]
    ['per year', 'per 1,000 requests', '']
    """
    text = " ".join(str(value).split())
    found = re.fullmatch(r"(?:per|a|an|each|every) (.+)", text.lower().replace("/", " per ").strip())
    thing = found[1] if found else "" if text.lower() in ("", "each", "yearly", "monthly", "annually") else "per"
    if thing not in ("month", "year", "annum") and _TIMES.search(thing):
        remedy = "write per unit, per thousand, per month or per year, or leave it empty for the whole asset"
        raise Refused(quoted(value), 2, remedy)
    return text


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts; one text is a list of one."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise Refused(quoted(value), 2, "give a list of texts")
    return tuple(_text(item) for item in items)


LINKS = "none, confusion:<evaluation_id>, trial:<trial_id>, measured:<asset_id> or acceptance:<asset_id>"


class MetricLink(NamedTuple):
    """Where a benefit's unit value or share comes from. kind: none, confusion, trial, measured, acceptance.

    id: of the evaluation or the trial, of the asset whose case measures it, or of the asset whose acceptance was tested.
    """

    kind: str
    id: str


def metric_link(value: Any) -> MetricLink:
    """``none``, ``confusion:<evaluation_id>``, ``trial:<trial_id>``, ``measured:<asset_id>``, ``acceptance:<asset_id>``."""
    if isinstance(value, tuple | list):
        return MetricLink(*value)
    kind, _, target = (part.strip() for part in str(value).partition(":"))
    if (kind, target) != ("none", "") and not (kind in ("confusion", "trial", "measured", "acceptance") and target):
        raise Refused(quoted(value), 2, f"write {LINKS}")
    return MetricLink(kind, target)


def _between(low: float, high: float, whole: bool):
    """A reader of numbers from ``low`` to ``high``; ``whole`` ones are returned as int."""

    def read(value: Any) -> float | int:
        result = number(value)
        if whole and result != int(result):
            raise Refused(quoted(value), 35, "a whole number is needed")
        if not low <= result <= high:
            top = f" and {high:.10g}" if high < LARGEST else ""
            words = f"between {low:.10g}{top}" if top else f"of at least {low:.10g}"
            raise Refused(quoted(value), 35, f"a number {words} is needed")
        return int(result) if whole else result

    return BeforeValidator(read)


def _positive(value: Any) -> float:
    result = number(value)
    if result <= 0:
        raise Refused(quoted(value), 35, "a number above 0 is needed")
    return result


def _text(value: Any) -> Any:
    """Text without blanks at its ends; a mapping or list is left for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise Refused("empty", 2, "a text is needed")
    if not value.isprintable() and any(
        (ord(character) < 32 and character not in "\t\n\r") or ord(character) == 127 for character in value
    ):
        raise Refused(quoted(value), 35, "the text holds a control character; type it again")
    return value.strip()


LONGEST_LABEL = 120  # signs; longer ones fit on no axis and in no cell


def _label(value: Any) -> Any:
    """A short text on one line, as a chart or a row can show it."""
    text = _text(value)
    if isinstance(text, str) and (len(text) > LONGEST_LABEL or "\n" in text or "\r" in text):
        what = f"{len(text)} signs" if len(text) > LONGEST_LABEL else "several lines"
        raise Refused(f"{quoted(text)} has {what}", 35, f"a name has one line and at most {LONGEST_LABEL} signs")
    return text


Text = Annotated[str, BeforeValidator(_text), "text"]
Label = Annotated[str, BeforeValidator(_label), f"text of at most {LONGEST_LABEL} signs"]
Share = Annotated[float, BeforeValidator(share), "share from 0 to 1"]
Number = Annotated[float, BeforeValidator(number), "number"]
AtLeastZero = Annotated[float, _between(0, LARGEST, False), "number >= 0"]
OneToNine = Annotated[float, _between(1, 9, False), "number from 1 to 9"]
AtLeastOne = Annotated[float, _between(1, 100, False), "number from 1 to 100"]
Positive = Annotated[float, BeforeValidator(_positive), "number > 0"]
OneToFive = Annotated[float, _between(1, 5, False), "number from 1 to 5"]
ZeroToFive = Annotated[float, _between(0, 5, False), "number from 0 to 5"]
Fraction = Annotated[float, BeforeValidator(fraction), "fraction from 0 to 1"]
Growth = Annotated[float, BeforeValidator(growth), "fraction from -1 to 1"]
Score = Annotated[float, BeforeValidator(probability_score), "number from 0 to 1"]
Class = Annotated[int, BeforeValidator(zero_or_one), "0 or 1"]
CostAmount = Annotated[float, BeforeValidator(cost), "number >= 0"]
Count = Annotated[int, BeforeValidator(count), "whole number >= 0"]
Rho = Annotated[float, BeforeValidator(correlation), "number from -1 to 1"]
Year = Annotated[int, _between(FIRST_YEAR, LAST_YEAR, True), f"year from {FIRST_YEAR} to {LAST_YEAR}"]
Years = Annotated[int, _between(1, 15, True), "whole number from 1 to 15"]
LongYears = Annotated[int, _between(1, 50, True), "whole number from 1 to 50"]
Draws = Annotated[int, _between(1_000, 1_000_000, True), "whole number from 1000 to 1000000"]
Seed = Annotated[int, _between(0, 2**32 - 1, True), "whole number >= 0"]
Steps = Annotated[int, _between(1, 100_000, True), "whole number >= 1"]
CaseNumber = Annotated[int, _between(1, LARGEST, True), "whole number >= 1"]
Day = Annotated[date, BeforeValidator(calendar_date), "date YYYY-MM-DD"]
Month = Annotated[date, BeforeValidator(month), "month YYYY-MM"]
YesNo = Annotated[bool, BeforeValidator(yes_or_no), "true or false"]
Currency = Annotated[str, BeforeValidator(currency), "ISO 4217 code of three letters"]
Country = Annotated[str, BeforeValidator(country), "ISO 3166 code of two letters"]
AssetId = Annotated[str, BeforeValidator(asset_id), "capital letter, then A-Z, 0-9 and _"]
AssetIds = Annotated[tuple[str, ...], BeforeValidator(asset_ids), "asset ids, separated by ;"]
Privacy = Annotated[
    tuple[str, ...], BeforeValidator(privacy_classes), f"one or more of {', '.join(PRIVACY_CLASSES)}, separated by ;"
]
PricedUnit = Annotated[str, BeforeValidator(priced_unit), "per unit, per thousand, per month, per year, or empty"]
Texts = Annotated[tuple[str, ...], BeforeValidator(texts), "list of texts"]
Blocks = Annotated[tuple[str, ...], BeforeValidator(block_names), "names, separated by ;"]
DataPath = Annotated[str, BeforeValidator(data_path), "path inside the client's folder"]
Link = Annotated[MetricLink, BeforeValidator(metric_link), LINKS]
