"""Rows of later months: customers with a credit card month by month, and hours of a motorway year by year.

A vintage is what came in one stretch of time. A model that learnt from the first is judged on those after it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lepton_nb.series import hours_of

__all__ = ["MONTHS", "credit_months", "traffic_hours", "week_before"]

#: Month that is to be foretold → number of the column that says how late it was paid; the two numbers after it are the
#: two months before. The file ends with September 2005 (PAY_0) and begins with April (PAY_6).
MONTHS = {"2005-06": (4, 5, 6), "2005-07": (3, 4, 5), "2005-08": (2, 3, 4), "2005-09": (1, 2, 3)}
#: From so many months of delay on a payment counts as late.
LATE_FROM = 2
#: Weeks in which the same hour is looked for where last week's is lost.
WEEKS_BACK = 4


def credit_months(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Each customer once a month, from June to September: is he two months late, by what was known the month before?

    columns: of ``credit_card_default``. The file has no date a row; it has six months side by side, and four of them have
    two months before them. Gives (4 n,) arrays: customer, day (the first of the month), late (0 or 1), limit, age, and of
    the last month and the one before it the months of delay, the bill and the payment (New Taiwan dollars). Sex,
    schooling and marriage are left out on purpose. The column that the customers' later default stands in is not used.
    """
    customers = len(columns["LIMIT_BAL"])
    found: dict[str, list[np.ndarray]] = {}

    def add(**values: np.ndarray) -> None:
        for name, value in values.items():
            found.setdefault(name, []).append(value)

    def delay(number: int) -> np.ndarray:
        return columns["PAY_0" if number == 1 else f"PAY_{number}"]

    for month, (asked, last, before) in MONTHS.items():
        add(
            customer=np.arange(customers), day=np.full(customers, f"{month}-01"),
            late=(delay(asked) >= LATE_FROM).astype(np.int64), limit=columns["LIMIT_BAL"], age=columns["AGE"],
            delay=delay(last), delay_before=delay(before),
            bill=columns[f"BILL_AMT{last}"], bill_before=columns[f"BILL_AMT{before}"],
            paid=columns[f"PAY_AMT{last}"], paid_before=columns[f"PAY_AMT{before}"],
        )  # fmt: skip
    return {name: np.concatenate(parts) for name, parts in found.items()}


def traffic_hours(columns: Mapping[str, np.ndarray], busy_from: float) -> dict[str, np.ndarray]:
    """Each hour that was counted, once, in the order of time: was it busy, and what of it was known a week ahead?

    columns: of ``metro_traffic``, where one hour may have several rows, which differ in the weather alone. busy_from: cars
    an hour. Gives (n,) arrays: time (datetime64[h]), day (text), busy (0 or 1), hour, weekday (0 Monday), month, free (a
    holiday), and last_week: whether the same hour was busy a week before; where that hour is lost, the nearest of the
    weeks before it within four; where all are lost, 0.
    """
    times, first = np.unique(hours_of(columns["date_time"]), return_index=True)
    busy = (columns["traffic_volume"][first] >= busy_from).astype(np.int64)
    days = times.astype("datetime64[D]")
    holidays = np.unique(hours_of(columns["date_time"])[columns["holiday"] != "None"].astype("datetime64[D]"))
    return {
        "time": times, "day": days.astype(str), "busy": busy, "hour": (times - days).astype(int),
        "weekday": (days.astype(int) + 3) % 7, "month": times.astype("datetime64[M]").astype(int) % 12 + 1,
        "free": np.isin(days, holidays).astype(np.int64), "last_week": week_before(times, busy),
    }  # fmt: skip


def week_before(times: np.ndarray, busy: np.ndarray) -> np.ndarray:
    """What the same hour was in the nearest of the last four weeks that has it, else 0. times: (n,) datetime64[h], sorted."""
    found, open_ = np.zeros(len(times), np.int64), np.ones(len(times), bool)
    for weeks in range(1, WEEKS_BACK + 1):
        wanted = times - np.timedelta64(168 * weeks, "h")
        place = np.searchsorted(times, wanted)  # never past the end: what is wanted lies before an hour that is there
        there = open_ & (times[place] == wanted)
        found[there] = busy[place[there]]
        open_ &= ~there
    return found
