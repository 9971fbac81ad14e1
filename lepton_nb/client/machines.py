"""What an hour of the machines that serve a model costs, by the client's own figures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

#: Hours of a year, for machines of whose use no month is given.
HOURS_A_YEAR = 365 * 24
INFRASTRUCTURE, HARDWARE = "infrastructure", "hardware"


def hour_price(
    asset_id: str, assets: Iterable[Any], costs: Iterable[Any], usage: Iterable[Any], day: date, currency: str
) -> tuple[float | None, str]:
    """Money of an hour of the machines that feed an asset, or None, and in words where it comes from or what is missing.

    Machines: infrastructure whose ``feeds`` names the asset. Their money: the most likely running costs of the calendar
    year after the valuation date (of the first year with a forecast, where that year has none), and what was paid for
    hardware, spread evenly over the useful life, without interest. Hours: the GPU hours that a mean month has of all
    models that they feed, times twelve; without any, all hours of a year of one machine.
    """
    assets, costs = tuple(assets), tuple(costs)
    machines = [item for item in assets if item.kind == INFRASTRUCTURE and asset_id in item.feeds]
    if not machines:
        return (
            None,
            f"assets.csv names no infrastructure that feeds {asset_id}, so an hour of a machine has no price here.",
        )
    parts, money = [], 0.0
    for item in machines:
        own = [row for row in costs if row.asset_id == item.asset_id]
        running, year = _running(own, day)
        paid = sum(row.amount.mode for row in own if row.kind == "actual" and row.category == HARDWARE)
        money += running + paid / item.useful_life_years
        parts += [f"{item.asset_id} running, {running:,.0f} {currency} in {year}"] if running else []
        parts += (
            [f"{item.asset_id} hardware, {paid:,.0f} {currency} over {item.useful_life_years:g} years"] if paid else []
        )
    if not money:
        names = ", ".join(item.asset_id for item in machines)
        return None, f"costs.csv gives no cost of {names}, so an hour of a machine has no price here."
    hours, told = _hours(machines, usage)
    return money / hours, f"{'; '.join(parts)} (costs.csv), over {told}"


def _running(rows: Iterable[Any], day: date) -> tuple[float, int | None]:
    """Most likely running costs of a whole year, and which year that is."""
    by_year: dict[int, float] = {}
    for row in rows:
        if row.kind == "forecast" and row.phase == "operation":
            year = row.year or row.date.year
            by_year[year] = by_year.get(year, 0.0) + row.amount.mode
    year = day.year + 1 if day.year + 1 in by_year else min(by_year, default=None)
    return by_year.get(year, 0.0), year


def _hours(machines: Iterable[Any], usage: Iterable[Any]) -> tuple[float, str]:
    fed = {name for item in machines for name in item.feeds}
    months: dict[Any, float] = {}
    for row in usage:
        if row.asset_id in fed:
            months[row.month] = months.get(row.month, 0.0) + row.gpu_hours
    mean = sum(months.values()) / len(months) if months else 0.0
    if not mean:
        return HOURS_A_YEAR, f"{HOURS_A_YEAR:,} hours of a year (usage.csv gives no GPU hours)"
    return 12 * mean, f"{12 * mean:,.0f} GPU hours a year (usage.csv, the mean of {len(months)} months)"
