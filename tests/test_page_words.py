"""Numbers are said in one form, whatever they are, and nothing that is missing breaks a page."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lepton_nb.page import words


def plain(text: str) -> str:
    assert "-" not in text or "e-" not in text, "a minus is a minus sign"
    return text.replace(words.THIN, " ").replace(words.MINUS, "-")


@dataclass
class Three:
    low: float
    mode: float
    high: float


CASES = [
    (words.money(1_084_000, "EUR"), "1.08 m EUR"),
    (words.money(310_200, "EUR"), "310 k EUR"),
    (words.money(45.52, "EUR"), "45.52 EUR"),
    (words.money(0, "EUR"), "0 EUR"),
    (words.money(-0.0, "EUR"), "0 EUR"),
    (words.money(-156_830, "CHF"), "-157 k CHF"),
    (words.money(0.0971, "EUR"), "0.0971 EUR"),
    (words.money(0.5, "EUR"), "0.50 EUR"),
    (words.money(0.00001, "EUR"), "below 0.0001 EUR"),
    (words.money(2_345_678_901, "EUR"), "2.35 bn EUR"),
    (words.money(999_499, "EUR"), "999 k EUR"),
    (words.money(999_500, "EUR"), "1.00 m EUR"),
    (words.money(9_949, "EUR"), "9 949 EUR"),
    (words.money(45_000, "EUR", sign=True), "+45 k EUR"),
    (words.money(None, "EUR", why="no price is given"), "– (no price is given)"),
    (words.money(float("nan"), "EUR"), "–"),
    (words.money(float("inf"), "EUR"), "∞ EUR"),
    (words.money(Three(1, 2_000_000, 3), "EUR"), "2.00 m EUR"),
    (words.money(np.float64(12), "EUR"), "12.00 EUR"),
    # The interval sets the digits.
    (words.money(1_083_412, "EUR", within=(610_000, 1_710_000)), "1.08 m EUR"),
    (words.money(1_083_412, "EUR", within=(-9e6, 11e6)), "1 m EUR"),
    (words.money(1_083_412, "EUR", within=(1_083_000, 1_083_800)), "1.08341 m EUR"),
    (words.money(45, "EUR", within=(-9e6, 11e6)), "0 EUR"),
    (words.money_range((612_300, 1_708_000), "EUR"), "610 k to 1.71 m EUR"),
    (words.money_range((703_120, 703_480), "CHF"), "703.12 k to 703.48 k CHF"),
    (words.money_range((703_000, 703_000), "CHF"), "703 k CHF"),
    (words.money_range({"low": -3.2, "high": 48}, "EUR"), "-3 to 48 EUR"),
    (words.money_range(Three(100, 200, 300), "EUR"), "100 to 300 EUR"),
    (words.money_range(SimpleNamespace(interval=(1e6, 2e6)), "EUR"), "1.00 m to 2.00 m EUR"),
    (words.money_range(None, "EUR"), "–"),
    (words.money_range((None, None), "EUR", why="no draws"), "– (no draws)"),
    (words.money_range((5000, None), "EUR"), "from 5 000 EUR"),
    (words.money_range((None, 5000), "EUR"), "up to 5 000 EUR"),
    (words.money_range((2e6, 1e6), "EUR"), "1.00 m to 2.00 m EUR"),
    (words.range_of((0.0213, 0.3142)), "0.02 to 0.31"),
    (words.range_of((2.8, 3.4), "years"), "2.80 to 3.40 years"),
    (words.range_of((2.9, float("inf")), "years"), "from 2.9 years"),
    (words.percent_range((0.921, 0.974)), "92.1 to 97.4 %"),
    (words.estimate(Three(12_000, 15_000, 20_000), "EUR"), "15 k EUR (12.0 k to 20.0 k)"),
    (words.estimate(Three(5, 5, 5), unit="kWh"), "5 kWh"),
    (words.estimate(Three(0.0025, 0.025, 0.0475)), "0.025 (0.0025 to 0.0475)"),
    (words.estimate(None, "EUR"), "–"),
    (words.plus_minus(1_083_412, 2_310, "EUR"), "1.08 m ± 0.002 m EUR"),
    (words.plus_minus(SimpleNamespace(value=0.31234, standard_error=0.0041)), "0.3123 ± 0.004"),
    (words.plus_minus(5_000, 0, "EUR"), "5 000 EUR"),
    (words.chance(0.344), "34 %"),
    (words.chance(0.005), "0.5 %"),
    (words.chance(0.0001), "below 0.1 %"),
    (words.chance(0, n=16384), "below 0.1 %"),
    (words.chance(0, n=200), "none of 200"),
    (words.chance(1, n=4), "all of 4"),
    (words.chance(0.99999), "above 99.9 %"),
    (words.chance(None, why="nothing is drawn"), "– (nothing is drawn)"),
    (words.chance(SimpleNamespace(value=0.051, n=4096)), "5.1 %"),
    (words.odds(0.0025), "1 in 400"),
    (words.odds(0.000312), "1 in 3 200"),
    (words.odds(0.5), "50 %"),
    (words.odds(0), "never"),
    (words.odds(None), "–"),
    (words.share(0.463), "46 %"),
    (words.share(0.0463), "4.6 %"),
    (words.share(0.00001), "below 0.1 %"),
    (words.share(0), "0 %"),
    (words.share(1.2), "120 %"),
    (words.rate(0.0825), "8.25 %"),
    (words.rate(0.12, a_year=True), "12 % a year"),
    (words.years(2.88), "2.9 years"),
    (words.years(1), "1 year"),
    (words.years(0.5), "0.5 years"),
    (words.years(float("inf")), "no end"),
    (words.years(None, why="the fall is not shown"), "– (the fall is not shown)"),
    (words.duration(0.0123), "12.3 ms"),
    (words.duration(1.42), "1.4 s"),
    (words.duration(720), "12 min"),
    (words.times(12.4), "12 times"),
    (words.date("2025-12-31"), "31 December 2025"),
    (words.date(datetime.date(2025, 2, 1)), "1 February 2025"),
    (words.date(pd.NaT), "–"),
    (words.date("not yet"), "not yet"),
    (words.month("2025-12"), "December 2025"),
    (words.plural(1, "comparable"), "1 comparable"),
    (words.plural(2, "comparable"), "2 comparables"),
    (words.plural(0, "entry"), "no entries"),
    (words.plural(12_000, "box"), "12 000 boxes"),
    (words.plural(3, "day"), "3 days"),
    (words.plural(2, "man-month", "man-months"), "2 man-months"),
    (words.plural(None, "year"), "– years"),
    (words.listed([]), "none"),
    (words.listed(["a"]), "a"),
    (words.listed("abc"), "a, b and c"),
    (words.listed("abcde", most=2), "a, b and 3 more"),
    (words.label("value_in_use_ias36"), "value in use (IAS 36)"),
    (words.label("fair_value_ifrs13"), "fair value (IFRS 13)"),
    (words.label("basis_of_value"), "basis of value"),
    (words.label("auc"), "AUC"),
    (words.label(None), "–"),
    (words.sentence("the fall is not shown"), "The fall is not shown."),
    (words.elided("a b" * 100, 10), "a ba ba b…"),
    (words.figure(0.0971), "0.0971"),
    (words.figure(1234.5), "1 235"),
    (words.money(12_500.000000000002, "EUR"), "13 k EUR"),
    (words.money(12_499.999999999998, "EUR"), "13 k EUR"),
    (words.figure(2.5, "kWh"), "2.5 kWh"),
    (words.figure(0.00000123), "1.2e-06"),
]


@pytest.mark.parametrize(("text", "wanted"), CASES, ids=[wanted for _, wanted in CASES])
def test_each_kind_of_number_has_its_form(text, wanted):
    assert plain(text) == wanted


NUMBERS = st.one_of(st.none(), st.floats(), st.integers(-(10**15), 10**15), st.just("text"), st.just(pd.NaT))
SHOWN_ONE = [words.money, words.number, words.count, words.figure, words.percent, words.share, words.rate, words.chance]
SHOWN_ONE += [words.odds, words.years, words.duration, words.times, words.plus_minus, words.date, words.month]


@given(NUMBERS, NUMBERS)
def test_nothing_raises_and_no_text_is_empty_or_holds_nan(one, other):
    for show in SHOWN_ONE:
        text = show(one, "EUR") if show is words.money else show(one)
        assert text and "nan" not in text.lower() and "None" not in text
    for text in (
        words.money_range((one, other), "EUR"),
        words.range_of((one, other), "kWh"),
        words.percent_range((one, other)),
        words.plus_minus(one, other, "EUR"),
        words.money(one, "EUR", within=(one, other)),
        words.estimate((one, other, one), "EUR"),
        words.plural(one, "case"),
        words.beyond(one, other),
    ):
        assert text and "nan" not in text.lower() and "None" not in text


AMOUNTS = st.floats(-1e10, 1e10).filter(lambda value: value == 0 or abs(value) > 1e-3)


@given(AMOUNTS, AMOUNTS)
def test_ends_of_a_range_look_alike_only_where_they_are(one, other):
    low, high = min(one, other), max(one, other)
    text = words.money_range((low, high), "EUR")
    if high - low > 1e-9 * max(abs(low), abs(high)):
        assert " to " in text
        first, last = text.split(" to ")
        assert first != last.removesuffix(f"{words.THIN}EUR")
    assert text.endswith("EUR")


@given(st.floats(-1e12, 1e12))
def test_money_says_its_sign_and_is_right_to_half_a_hundredth(value):
    text = words.money(value, "EUR")
    if abs(value) >= 1:
        amount, *letters = text.replace(words.MINUS, "-").split(words.THIN + "EUR")[0].rsplit(words.THIN, 1)
        letter = letters[0] if letters and letters[0] in ("k", "m", "bn") else ""
        digits = text.replace(words.MINUS, "-").removesuffix(words.THIN + "EUR").removesuffix(words.THIN + letter)
        told = float(digits.replace(words.THIN, "")) * {"": 1, "k": 1e3, "m": 1e6, "bn": 1e9}[letter]
        assert told == pytest.approx(value, rel=0.051 if letter == "k" else 0.006)
        assert amount


def test_a_computed_figure_has_three_digits_that_count():
    assert plain(words.rounded(1_056_235, "castings a year")) == "1 060 000 castings a year"
    assert plain(words.rounded(-0.0123456)) == "-0.0123" and words.rounded(0) == "0"
    assert (
        words.rounded(None) == words.MISSING and words.rounded(3_554_691, digits=2).replace(words.THIN, "") == "3600000"
    )
