"""Days and years: the one day count (ACT/365F), calendar years cut by the valuation date, ends of lives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from lepton_nb.terms import DAYS, years_between, years_later

__all__ = ["DAYS", "Period", "months_later", "periods", "years_between", "years_later"]


def months_later(start: date, months: int) -> date:
    """The same day of the month ``months`` later, or the last day of that month.

    >>> months_later(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(start.day, last))


@dataclass(frozen=True)
class Period:
    """The part of a calendar year that counts: after ``start``, up to and with ``end``.

    share: of the year's figure; time: when its benefits and tax are discounted; middle: of the period (years).
    """

    year: int
    start: date
    end: date
    share: float
    time: float
    middle: float

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def day(self) -> date:
        """The day of the flow, for display (a middle at noon shows the day before)."""
        return self.start + timedelta(days=math.floor(self.days * (0.5 if self.time < self.last else 1)))

    @property
    def last(self) -> float:
        return self.middle + self.days / 2 / DAYS


def periods(valuation_date: date, horizon_years: int, timing: str) -> tuple[Period, ...]:
    """Calendar years cut by the valuation date and the horizon (rules Years and Timing).

    >>> [round(p.share * 365) for p in periods(date(2026, 6, 30), 1, "mid_year")]
    [184, 181]
    """
    horizon = years_later(valuation_date, horizon_years)
    found = []
    for year in range(valuation_date.year, horizon.year + 1):
        start, end = max(valuation_date, date(year - 1, 12, 31)), min(horizon, date(year, 12, 31))
        days = (end - start).days
        if days == 0:
            continue
        whole = days >= DAYS  # 366 days of a leap year are one year's figure too
        middle = years_between(valuation_date, start) + days / 2 / DAYS
        time = middle if timing == "mid_year" else years_between(valuation_date, end)
        found.append(Period(year, start, end, 1.0 if whole else days / DAYS, time, middle))
    return tuple(found)
