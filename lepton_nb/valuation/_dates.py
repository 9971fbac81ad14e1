"""Dates of every usual form, and the years between them by the day counts of finance."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping

import numpy as np

from lepton_nb.valuation._base import Dates, Day, one_of, same_length, shown

DAY_COUNTS = ("act/365f", "act/360", "act/act", "30/360", "30e/360")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def years_from(dates, count: int, day_count: str, origin) -> np.ndarray:
    """Years from ``origin`` (or the earliest date) to each date, by the day count."""
    one_of("day_count", day_count, DAY_COUNTS)
    given = days(dates)
    if given.ndim != 1:
        raise ValueError(f"dates must be one row. Received: an array of shape {given.shape}")
    same_length(amounts=np.empty(count), dates=given)
    return day_fractions(given.min() if origin is None else day(origin, "valuation_date"), given, day_count)


def day_fractions(start, days: np.ndarray, day_count: str) -> np.ndarray:
    """Years from ``start`` to ``days`` (of one shape or broadcast), negative before it."""
    if day_count in ("act/365f", "act/360"):
        return (days - start).astype(float) / float(day_count[4:7])
    if day_count == "act/act":
        return _years_of_era(days) - _years_of_era(start)
    first, last = np.minimum(start, days), np.maximum(start, days)
    (year, month, day), (year_2, month_2, day_2) = _calendar(first), _calendar(last)
    day = np.minimum(day, 30)
    day_2 = np.where((day_2 == 31) & ((day == 30) | (day_count == "30e/360")), 30, day_2)
    between = (360 * (year_2 - year) + 30 * (month_2 - month) + day_2 - day) / 360
    return np.where(days < start, -between, between)


def _years_of_era(days) -> np.ndarray:
    year = np.asarray(days).astype("datetime64[Y]")
    begin, end = year.astype("datetime64[D]"), (year + 1).astype("datetime64[D]")
    return year.astype(int) + (days - begin).astype(float) / (end - begin).astype(float)


def _calendar(days) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Year, month 0..11 and day 1..31."""
    month = np.asarray(days).astype("datetime64[M]")
    return month.astype(int) // 12, month.astype(int) % 12, (days - month.astype("datetime64[D]")).astype(int) + 1


def days(dates: Dates, name: str = "dates") -> np.ndarray:
    """Dates of any accepted form, one row or rows of one length, as numpy dates; else ValueError."""
    if isinstance(dates, (str, bytes, Mapping, set, frozenset)) or not isinstance(dates, Iterable):
        raise ValueError(f"{name} must be a row of dates. Received: {name}={shown(dates)}")
    if hasattr(dates, "to_numpy"):  # a column of a table, whatever its index
        dates = dates.to_numpy()
    if isinstance(dates, np.ndarray) and dates.dtype.kind == "M":
        if np.isnat(dates).any():
            raise ValueError(f"A date in {name} is missing (NaT).")
        return dates.astype("datetime64[D]")
    given = list(dates)
    if any(isinstance(item, Iterable) and not isinstance(item, (str, bytes)) for item in given):
        rows = [days(row, name) for row in given]
        if len({row.shape for row in rows}) > 1:
            raise ValueError("All series must have as many dates as the longest; fill up with flows of 0.")
        return np.array(rows)
    if all(type(date) is datetime.date for date in given):  # the quick way for many
        return np.array(given, dtype="datetime64[D]")
    return np.array([day(date, f"A date in {name}") for date in given], dtype="datetime64[D]")


def day(date: Day, name: str = "A date") -> np.datetime64:
    """A date of any accepted form as a numpy date; else ValueError."""
    if not isinstance(date, str) and date is not None and date != date:  # NaT of any kind equals nothing
        raise ValueError(f"{name} is missing (NaT).")
    if isinstance(date, str) and not ISO_DATE.fullmatch(date):
        raise ValueError(f"{name} must be written YYYY-MM-DD. Received: {shown(date)}")
    if not isinstance(date, (str, datetime.date, np.datetime64)):
        raise ValueError(f"{name} must be ISO text, a date or a numpy date. Received: {shown(date)}")
    try:
        found = np.datetime64(date.date() if isinstance(date, datetime.datetime) else date, "D")
    except (ValueError, OverflowError):
        raise ValueError(f"{name} is not a date of the calendar. Received: {shown(date)}") from None
    if np.isnat(found):
        raise ValueError(f"{name} is missing (NaT).")
    return found


def day_of(name: str, date: Day) -> datetime.date:
    """A date of any accepted form as a ``datetime.date``; else ValueError."""
    found = day(date, name).item()
    if not isinstance(found, datetime.date):
        raise ValueError(f"{name} must lie in the years 1 to 9999. Received: {shown(date)}")
    return found
