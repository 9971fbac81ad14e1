"""Numbers as a page says them: one place, one form.

Money carries its currency and is never more exact than the interval beside it; a minus is a minus
sign; thousands are set apart by a narrow space; what is missing is a dash, with its reason where one
is known. Nothing here raises on ``None`` or ``nan``: a page says that a figure is missing, it does not
break on it.

Every function takes a plain number, or a thing that has one: ``value`` (a figure of a record, an
estimate) or ``mode`` (low, most likely, high). Every range takes two numbers, a thing with ``low`` and
``high`` or with ``interval``, or a row with these keys.
"""

from __future__ import annotations

import datetime
import functools
import html
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from numbers import Integral, Real
from typing import Any

from lepton_nb import terms

__all__ = [
    "MINUS",
    "MISSING",
    "THIN",
    "Money",
    "apportioned",
    "beyond",
    "chance",
    "count",
    "date",
    "decimals",
    "draws",
    "duration",
    "elided",
    "estimate",
    "figure",
    "groups",
    "label",
    "listed",
    "measured",
    "missing",
    "money",
    "money_range",
    "month",
    "number",
    "odds",
    "once",
    "opened",
    "percent",
    "percent_range",
    "percents",
    "plural",
    "plus_minus",
    "range_of",
    "rate",
    "regrouped",
    "rounded",
    "seconds",
    "sentence",
    "share",
    "thousands",
    "times",
    "years",
]

#: Shown where a value is not defined; the reason stands in the text beside it.
MISSING = "–"
MINUS = "\N{MINUS SIGN}"
THIN = "\N{NARROW NO-BREAK SPACE}"

#: Size from which money is told in this unit, the unit, its letter, and the decimals without an interval.
SCALES = ((999_500_000, 1e9, "bn", 2), (999_500, 1e6, "m", 2), (9_950, 1e3, "k", 0), (0, 1.0, "", 2))
#: Holds every digit of any float.
WIDE = Context(prec=400)
#: An interval is told in at least this many steps of the last digit.
STEPS = 20


def missing(why: str = "") -> str:
    """A dash, with its reason in brackets where one is given."""
    return f"{MISSING} ({why})" if why else MISSING


def _is_itself(value: Any) -> bool:
    """False for nan and pandas' NaT, which are not equal to themselves."""
    try:
        return bool(value == value)
    except (TypeError, ValueError):  # an array, a frame
        return True


def _number(value: Any) -> float | None:
    """The number in a value; None where there is none (None, nan, NaT, text)."""
    if value is None or not _is_itself(value):
        return None
    for name in ("value", "mode"):
        if not isinstance(value, Real) and hasattr(value, name):
            value = getattr(value, name)
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(found) else found


def _ends(ends: Any) -> tuple[float | None, float | None]:
    """Low and high of an interval, however it is given."""
    if isinstance(ends, Mapping):
        ends = ends.get("low"), ends.get("high")
    elif hasattr(ends, "low") and hasattr(ends, "high"):
        ends = ends.low, ends.high
    elif hasattr(ends, "interval") and not isinstance(ends.interval, str):
        ends = ends.interval
    try:
        first, *_, last = ends
    except (TypeError, ValueError):
        return None, None
    low, high = _number(first), _number(last)
    return (high, low) if low is not None and high is not None and low > high else (low, high)


def _digits(value: float, digits: int, sign: bool = False) -> str:
    if math.isinf(value):
        return f"{MINUS if value < 0 else ''}∞"
    # Halves go up, as a reader rounds, and the last bit of a sum of months does not turn 12 500 into 12 k or 13 k.
    size = Decimal(f"{abs(value):.15g}").quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, WIDE)
    text = f"{size:,f}".replace(",", THIN)
    if size == 0:
        return text
    return f"{MINUS if value < 0 else '+' if sign else ''}{text}"


def number(value: Any, digits: int = 2, unit: str = "", why: str = "", sign: bool = False) -> str:
    """A number with thin spaces between thousands: ``1 234.50``; None gives a dash.

    >>> number(-1234.5, 1, "kWh").replace(THIN, " ").replace(MINUS, "-")
    '-1 234.5 kWh'
    """
    found = _number(value)
    return missing(why) if found is None else f"{_digits(found, digits, sign)}{THIN + unit if unit else ''}"


def decimals(digits: int, unit: str = "") -> Callable[[Any], str]:
    """How a column of figures is shown: with so many digits after the point.

    >>> decimals(3)(0.12345)
    '0.123'
    """
    return functools.partial(number, digits=digits, unit=unit)


def percents(digits: int = 1) -> Callable[[Any], str]:
    """How a column of fractions is shown: as percentages with so many digits after the point."""
    return functools.partial(percent, digits=digits)


def count(value: Any, why: str = "") -> str:
    """A whole number: ``60 000``."""
    return number(value, 0, why=why)


def draws(used: int, asked: int) -> str:
    """Draws, and why they are a few more than were asked for.

    >>> draws(20_480, 20_000).replace(THIN, " ")
    '20 480 draws (20 000 asked for, rounded up to a power-of-two multiple)'
    """
    more = asked < used <= 2 * asked
    why = f" ({count(asked)} asked for, rounded up to a power-of-two multiple)" if more else ""
    return f"{count(used)} draws{why}"


#: Names of assets joined to the name of a group: from the fifth on a table counts them.
GROUP = re.compile(r"\b(\w+ \+ \w+)((?: \+ \w+){3,})")


def groups(text: str) -> str:
    """A text in which the name of a group of more than four assets is short, as a table shows it.

    >>> groups("A + B + C + D"), groups("without A + B + C + D + E")
    ('A + B + C + D', 'without A + B + 3 more')
    """
    return GROUP.sub(lambda found: f"{found[1]} + {found[2].count(' + ')} more", text)


#: Signs that turn the direction of a text, and others that are not seen: they could make a page read otherwise.
UNSEEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def opened(text: str) -> str:
    r"""A text whose hidden signs are named where they stand, so that nothing turns its direction.

    >>> opened("a\u202eb")
    'a[U+202E]b'
    """
    return UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def escaped(text: str) -> str:
    """A text as HTML holds it, hidden signs that turn its direction named."""
    return html.escape(opened(text))


def figure(value: Any, unit: str = "", like: Any = None, why: str = "") -> str:
    """A figure of any size with the digits that its size deserves: ``6 000``, ``3.2``, ``0.0971``.

    like: a figure whose digits it takes, so that the ends of a range agree.

    >>> figure(0.09713), figure(3.20), figure(0)
    ('0.0971', '3.2', '0')
    """
    found, size = _number(value), _number(value if like is None else like)
    if found is None or size is None:
        return missing(why)
    size = abs(size)
    if 1e-12 <= size < 5e-5:
        text = f"{found:.1e}".replace("-", MINUS)
    else:
        text = _digits(found, 0 if size >= 1000 else 2 if size >= 1 else 4)
    if like is None and "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text}{THIN + unit if unit else ''}"


def rounded(value: Any, unit: str = "", digits: int = 3, why: str = "") -> str:
    """A computed figure without false exactness, to so many digits that count: ``1 060 000``.

    >>> rounded(1_056_235, "castings").replace(THIN, " "), rounded(3.0987)
    ('1 060 000 castings', '3.1')
    """
    found = _number(value)
    if found is None or math.isinf(found) or found == 0:
        return figure(found, unit, why=why)
    places = digits - 1 - math.floor(math.log10(abs(found)))
    return figure(round(found, places), unit)


def regrouped(text: str) -> str:
    """A text in which thousands are set apart as everywhere else: ``410,000 EUR`` gives ``410 000 EUR``.

    >>> regrouped("n = 6,000, of 1,234,567; IAS 38.65,67").replace(THIN, " ")
    'n = 6 000, of 1 234 567; IAS 38.65,67'
    """
    return re.sub(GROUPED, lambda found: found[0].replace(",", THIN).replace("-", MINUS), text)


#: Whole numbers with commas between thousands, with their sign, standing alone: no part of an address or of a longer name.
GROUPED = r"(?<![\w.,/=?&-])-?\d{1,3}(?:,\d{3})+(?![\w,]\d|\d|\w*/)"


def percent(value: Any, digits: int = 1, why: str = "", sign: bool = False) -> str:
    """A fraction as a percentage: 0.9951 gives ``99.5 %``; nothing has no decimals, and next to nothing is no zero.

    >>> [percent(found).replace(THIN, " ") for found in (0.9951, 0.0, 0.0002)]
    ['99.5 %', '0 %', 'below 0.1 %']
    """
    found = _number(value)
    if found is None:
        return missing(why)
    if found == 0:
        return number(0, 0, "%")
    if not sign and abs(100 * found) < 0.5 * 10.0**-digits:
        least = number(math.copysign(10.0**-digits, found), digits, "%")
        return f"{'below' if found > 0 else 'above'} {least}"
    return number(100 * found, digits, "%", sign=sign)


def share(value: Any, why: str = "") -> str:
    """A part of a whole: ``46 %``, ``4.6 %``, ``below 0.1 %``."""
    found = _number(value)
    if found is None:
        return missing(why)
    return percent(found, 0 if abs(found) >= 0.0995 else 1)


def rate(value: Any, why: str = "", a_year: bool = False) -> str:
    """A rate of interest, tax or royalty: ``8.25 %``, ``12 %``."""
    found = _number(value)
    if found is None:
        return missing(why)
    text = _digits(100 * found, 2)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text}{THIN}%{' a year' if a_year else ''}"


def chance(value: Any, n: int | None = None, why: str = "") -> str:
    """A probability: ``34 %``, ``0.5 %``, ``below 0.1 %``, ``above 99.9 %``.

    n: the draws that it was counted from. Too few draws do not show ``below 0.1 %``; then the count is told.
    """
    found = _number(value)
    if found is None:
        return missing(why)
    n = n or getattr(value, "n", None)
    if n and n < 3000 and found in (0, 1):
        return f"{'none' if found == 0 else 'all'} of {count(n)}"
    if found < 0.0005:
        return f"below 0.1{THIN}%"
    if found > 0.9995:
        return f"above 99.9{THIN}%"
    return percent(found, 1 if found < 0.0995 or found > 0.9905 else 0)


def odds(value: Any, why: str = "") -> str:
    """A small probability as a sentence says it: ``1 in 400``; a large one as a percentage."""
    found = _number(value)
    if found is None or found > 0.1 or found <= 0.0001:
        return chance(value, why=why) if found is None or found else "never"
    one = 1 / found
    step = 10 ** max(math.floor(math.log10(one)) - 1, 0)
    return f"1 in {count(round(one / step) * step)}"


def _scaled(value: float, step: float | None, sign: bool = False) -> str:
    """An amount in its own unit, without its currency; ``step`` is the size of its last digit."""
    if step and not math.isinf(value):
        value = round(value / step) * step
    size = abs(value)
    if math.isinf(value) or size < 1e-9:
        return _digits(value, 0)
    least = 10_000 if step and step >= 1000 else 0  # thousands are the last digit: no hundreds are shown
    _, unit, letter, digits = next(scale for scale in SCALES if max(size, least) >= scale[0])
    if step:
        digits = max(round(math.log10(unit / step)), 0)
    elif not letter:
        digits = 0 if size >= 99.995 else 2
        if size < 0.995:  # money per case: as many digits as tell it from nothing
            if size < 0.00005:
                return "below 0.0001" if value > 0 else f"above {MINUS}0.0001"
            text = _digits(value, 2 - math.floor(math.log10(size)), sign)
            while text.endswith("0") and len(text.rpartition(".")[2]) > 2:
                text = text[:-1]
            return text
    return _digits(value / unit, digits, sign) + (THIN + letter if letter else "")


def _step(ends: Any) -> float | None:
    """Size of the last digit that an interval allows; None where there is no width."""
    low, high = _ends(ends)
    if low is None or high is None or not 1e-300 < high - low < math.inf:
        return None
    return 10.0 ** math.floor(math.log10((high - low) / STEPS))


def money(
    value: Any, currency: str, digits: int | None = None, within: Any = None, sign: bool = False, why: str = ""
) -> str:
    """Money in full, thousands or millions, with its currency: ``1.26 m EUR``.

    within: the interval beside it; the amount is rounded to what such a width allows.

    >>> money(-1_256_000, "EUR").replace(THIN, " ").replace(MINUS, "-")
    '-1.26 m EUR'
    >>> money(1_083_412, "EUR", within=(400_000, 9_000_000)).replace(THIN, " ")
    '1.1 m EUR'
    """
    found = _number(value)
    if found is None:
        return missing(why)
    if digits is not None:
        _, unit, letter, _ = next(scale for scale in SCALES if abs(found) >= scale[0])
        text = _digits(found / unit, digits, sign) + (THIN + letter if letter else "")
    else:
        text = _scaled(found, _step(within), sign)
    return f"{text}{THIN}{currency}" if currency else text


@dataclass(frozen=True)
class Money:
    """Money in one currency: ``money = words.Money("EUR")``, then ``money(1_084_000)`` and ``money.range(ends)``.

    >>> Money("EUR").range((612_300, 1_708_000)).replace(THIN, " ")
    '610 k to 1.71 m EUR'
    """

    currency: str

    def __call__(self, value: Any, within: Any = None, sign: bool = False, why: str = "") -> str:
        return money(value, self.currency, within=within, sign=sign, why=why)

    def range(self, ends: Any, why: str = "") -> str:
        """Low to high."""
        return money_range(ends, self.currency, why)

    def estimate(self, three: Any, why: str = "") -> str:
        """Most likely, with low to high in brackets."""
        return estimate(three, self.currency, why=why)

    def plus_minus(self, value: Any, error: Any = None, why: str = "") -> str:
        """With its standard error."""
        return plus_minus(value, error, self.currency, why)


def thousands(value: Any, why: str = "") -> str:
    """Money in a column of thousands, the currency in its caption: ``1 234.5``; text stays as it is."""
    if isinstance(value, str):
        return value
    found = _number(value)
    return missing(why) if found is None else number(found / 1000, 1) if found else "0"


def _range(low: float | None, high: float | None, show, tail: str, why: str) -> str:
    if low is None and high is None:
        return missing(why)
    if low is None or high is None or math.isinf(low) or math.isinf(high):
        if high is None or (low is not None and not math.isinf(low)):
            return f"from {show(low)}{tail}"
        if math.isinf(high):
            return "anything"
        return f"up to {show(high)}{tail}"
    first, last = show(low), show(high)
    return f"{last}{tail}" if first == last else f"{first} to {last}{tail}"


def apportioned(parts: Sequence[float], whole: float, step: float) -> list[float]:
    """Parts rounded to the step so that they add to ``whole``, itself a multiple of it: the largest remainders go up.

    Raises ValueError where the parts are further from the whole than rounding explains.

    >>> apportioned([1_480.4, -638.0, -176.0], 670, 10)
    [1480, -640, -170]
    >>> apportioned([333.4, 333.3, 333.3], 1_000, 1)
    [334, 333, 333]
    """
    floors = [math.floor(part / step) for part in parts]
    missing_steps = round(whole / step) - sum(floors)
    if not 0 <= missing_steps <= len(parts):
        raise ValueError(f"the parts do not add to the whole. Received: parts={list(parts)!r}, whole={whole!r}")
    order = sorted(range(len(parts)), key=lambda at: floors[at] - parts[at] / step)
    up = set(order[:missing_steps])
    return [step * (floor + (at in up)) for at, floor in enumerate(floors)]


def money_range(ends: Any, currency: str, why: str = "") -> str:
    """A range of money: ``610 k to 1.71 m EUR``. Ends that differ never look alike.

    >>> money_range((612_300, 1_708_000), "EUR").replace(THIN, " ")
    '610 k to 1.71 m EUR'
    >>> money_range((703_120, 703_480), "CHF").replace(THIN, " ")
    '703.12 k to 703.48 k CHF'
    """
    step = _step(ends)
    return _range(*_ends(ends), lambda end: _scaled(end, step), THIN + currency if currency else "", why)


def range_of(ends: Any, unit: str = "", digits: int | None = None, why: str = "") -> str:
    """A range of plain figures: ``0.02 to 0.31``; both ends with as many digits."""
    low, high = _ends(ends)
    sizes = [abs(end) for end in (low, high) if end is not None and not math.isinf(end)]
    like = max(sizes) if len(sizes) == 2 else None
    step = _step(ends)
    if digits is None and step is not None:
        digits = min(max(-round(math.log10(step)), 0), 12)

    def show(end: float) -> str:
        return _digits(end, digits) if digits is not None else figure(end, like=like)

    return _range(low, high, show, THIN + unit if unit else "", why)


def percent_range(ends: Any, digits: int | None = None, why: str = "") -> str:
    """A range of shares: ``92.1 to 97.4 %``."""
    low, high = _ends(ends)
    scaled = tuple(None if end is None else 100 * end for end in (low, high))
    if digits is None:
        step = _step(scaled)
        digits = 1 if step is None else min(max(-round(math.log10(step)), 0), 4)
    return range_of(scaled, "%", digits, why)


def estimate(three: Any, currency: str = "", unit: str = "", why: str = "") -> str:
    """Most likely, then low to high in brackets: ``15 EUR (12 to 20)``; one figure where there is no range.

    What was given keeps its digits, as where an end of it stands alone.

    >>> estimate((0.0025, 0.025, 0.0475))
    '0.025 (0.0025 to 0.0475)'
    """
    middle, (low, high) = _number(three), _ends(three)
    if middle is None and isinstance(three, tuple | list) and len(three) == 3:
        middle = _number(three[1])
    told = money(middle, currency, why=why) if currency else figure(middle, unit, why=why)
    if middle is None or low is None or high is None or low == high:
        return told
    return f"{told} ({money_range((low, high), '') if currency else _range(low, high, figure, '', why)})"


def plus_minus(value: Any, error: Any = None, currency: str = "", why: str = "") -> str:
    """A figure and its standard error: ``1.08 m ± 2 k EUR``; the figure is told as it is everywhere else.

    error: left out where the value has a ``standard_error`` of its own.
    """
    found = _number(value)
    spread = _number(getattr(value, "standard_error", None) if error is None else error)
    if found is None:
        return missing(why)
    if not spread or math.isinf(spread) or abs(spread) < 1e-12:
        return money(found, currency) if currency else figure(found)
    spread = abs(spread)
    step = 10.0 ** math.floor(math.log10(spread))
    if not currency:
        return f"{figure(found)} ± {_digits(spread, min(max(-round(math.log10(step)), 0), 12))}"
    _, unit, letter, _ = next(scale for scale in SCALES if abs(found) >= scale[0])
    if letter and spread < unit:  # both in one unit
        digits = min(round(math.log10(unit / step)), 12)
        return f"{_scaled(found, None)} ± {_digits(spread / unit, digits)}{THIN}{letter}{THIN}{currency}"
    return f"{_scaled(found, None)} ± {_scaled(spread, step)}{THIN}{currency}"


def years(value: Any, why: str = "", endless: str = "no end") -> str:
    """A time in years: ``2.9 years``, ``1 year``; a half-life without end is told in words."""
    found = _number(value)
    if found is None:
        return missing(why)
    if math.isinf(found):
        return endless
    text = _digits(found, 1 if abs(found) >= 0.095 or found == 0 else 2)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text} {'year' if text == '1' else 'years'}"


def duration(seconds: Any, why: str = "") -> str:
    """A time of answering or computing: ``12.3 ms``, ``1.4 s``, ``12 min``."""
    found = _number(seconds)
    if found is None:
        return missing(why)
    size = abs(found)
    if size < 0.9995:
        return number(1000 * found, 1 if size < 0.0995 else 0, "ms")
    if size < 119.5:
        return number(found, 1 if size < 9.95 else 0, "s")
    return number(found / 60, 0, "min") if size < 7200 else number(found / 3600, 1, "h")


def seconds(value: Any, why: str = "") -> str:
    """A time on record, in seconds whatever its size: ``1 755 s``, ``4.8 s``, ``0.05 s``.

    >>> [seconds(found).replace(THIN, " ") for found in (1755.3, 4.796, 0.05, 0)]
    ['1 755 s', '4.8 s', '0.05 s', '0 s']
    """
    found = _number(value)
    if found is None:
        return missing(why)
    return rounded(found, "s", 2) if abs(found) < 9.95 else number(found, 0, "s")


def times(value: Any, why: str = "") -> str:
    """A ratio: ``3.2 times``, ``12 times``."""
    found = _number(value)
    return missing(why) if found is None else f"{_digits(found, 0 if abs(found) >= 9.95 else 1)} times"


def _day(value: Any) -> datetime.date | None:
    if isinstance(value, datetime.date):
        return value if _is_itself(value) else None
    try:
        return datetime.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def date(value: Any, why: str = "") -> str:
    """A day: ``31 December 2025``; text that is no day stays as it is."""
    day = _day(value)
    if day is None:
        return missing(why) if value is None or value == "" or not _is_itself(value) else str(value)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def month(value: Any, why: str = "") -> str:
    """A month: ``December 2025``; takes a day or ``2025-12``."""
    day = _day(value) or _day(f"{value}-01")
    if day is None:
        return missing(why) if value is None or value == "" or not _is_itself(value) else str(value)
    return f"{MONTHS[day.month - 1]} {day.year}"


def plural(number_of: Any, one: str, many: str = "", none: str = "no") -> str:
    """``1 comparable``, ``2 comparables``, ``no comparables``; ``many`` where the plural is not regular."""
    found = _number(number_of)
    if not many:
        if re.search(r"[^aeiou]y$", one):
            many = one[:-1] + "ies"
        else:
            many = one + ("es" if re.search(r"(s|x|z|ch|sh)$", one) else "s")
    if found is None:
        return f"{MISSING} {many}"
    shown = figure(found) if math.isinf(found) or found != int(found) else count(found)
    return f"{none if found == 0 and none else shown} {one if found == 1 else many}"


def listed(items: Iterable[Any], last: str = "and", most: int | None = None, none: str = "none") -> str:
    """``a, b and c``; with ``most``, ``a, b and 3 more``."""
    texts = [str(item) for item in items]
    if most is not None and len(texts) > most:
        texts = [*texts[:most], f"{len(texts) - most} more"]
    if len(texts) < 2:
        return texts[0] if texts else none
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"


#: What a sentence is about, and what it says: ``M1: no royalty rate is given.``
ABOUT = re.compile(r"([^:.;]{1,90}): (.+)", re.S)


def once(texts: Iterable[Any]) -> list[str]:
    """Sentences of which those that say the same of several subjects are one: a rule is said once, not once a subject.

    >>> once(["M1: none.", "the total: 3.", "M2: none.", "M3: none.", "M2: none."])
    ['M1, M2 and M3: none.', 'the total: 3.']
    """
    found: dict[tuple[bool, str], list[str]] = {}
    for text in dict.fromkeys(str(text) for text in texts if text):
        match = ABOUT.fullmatch(text)
        found.setdefault((True, match[2]) if match else (False, text), []).append(match[1] if match else "")
    return [f"{listed(subjects)}: {said}" if parted else said for (parted, said), subjects in found.items()]


def label(name: Any) -> str:
    """A name from a file as words: ``value_in_use_ias36`` gives ``value in use (IAS 36)``.

    >>> label("market_value_ivs"), label("auc"), label("cost_of_labour")
    ('market value (IVS)', 'AUC', 'cost of labour')
    """
    if name is None or not _is_itself(name):
        return MISSING
    text = re.sub(r"[_\s]+", " ", str(name)).strip()
    text = re.sub(r"(?i)(?<=\w )\(?\b(ias|ifrs|ivs|cas|asu)\s?(\d*)\)?$",
                  lambda found: f"({found[1].upper()}{' ' + found[2] if found[2] else ''})", text)  # fmt: skip
    return " ".join(word.upper() if word in terms.CAPITALS else word for word in text.split(" "))


def sentence(text: Any) -> str:
    """The text with a capital at its start and a full stop at its end."""
    text = str(text).strip()
    if not text:
        return ""
    named = re.match(r"[\w/-]+(\.\w|_)", text)  # the name of a file or column stays as it is written
    return (text[0] if named else text[0].upper()) + text[1:] + ("" if text[-1] in ".!?:…" else ".")


def elided(text: Any, most: int = 44) -> str:
    """The text, cut with an ellipsis where it is longer than ``most`` characters."""
    text = " ".join(str(text).split())
    return text if len(text) <= most else text[: max(most - 1, 1)].rstrip(" ,;:") + "…"


def beyond(value: Any, limit: Any, above: str = "above", below: str = "below", at: str = "at") -> str:
    """Which side of a limit a figure is on, in the words given."""
    found, edge = _number(value), _number(limit)
    if found is None or edge is None:
        return MISSING
    return above if found > edge else below if found < edge else at


def measured(value: Any, unit: str) -> str:
    """A figure of a record with its unit: fractions as percentages, other numbers to four digits or so."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, Real) or not _is_itself(value):
        return MISSING if value is None or not _is_itself(value) else str(value)
    if unit == "fraction":
        return percent(value, 2)
    if isinstance(value, Integral) or abs(value) >= 1000:
        return number(value, 0, unit.removesuffix("s") if value == 1 and unit in ("epochs", "steps") else unit)
    if 0 <= abs(value) < 5e-4:  # three digits would say 0.000
        return figure(value, unit)
    return number(value, 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3, unit)
