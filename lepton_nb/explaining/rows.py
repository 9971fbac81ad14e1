"""What explanations cost and save, as rows that a client's files take: ``costs.csv`` and ``benefits.csv``."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from lepton_nb.valuation.intervals import Interval

__all__ = ["as_csv", "benefit", "cost"]

COST = ("asset_id", "year", "phase", "category", "amount", "kind", "low", "mode", "high", "source")
BENEFIT = (
    "asset_id", "driver_id", "year", "benefit_type", "volume_low", "volume_mode", "volume_high", "unit", "unit_value_low",
    "unit_value_mode", "unit_value_high", "attribution", "adoption", "metric_link", "evidence",
)  # fmt: skip


def cost(
    asset_id: str, year: int, per_thousand: tuple[float, float, float], cases: float, source: str,
    category: str = "explanations",
) -> dict:  # fmt: skip
    """The running cost of explaining so many cases a year, or of another ``category``. per_thousand: money, low, mode, high."""
    low, mode, high = (round(amount * cases / 1000, 2) for amount in per_thousand)
    return {"asset_id": asset_id, "year": year, "phase": "operation", "category": category, "kind": "forecast"} | {
        "low": low, "mode": mode, "high": high, "source": source,
    }  # fmt: skip


def benefit(asset_id: str, year: int, saved: Interval, money_of_whole: float, cases: float, unit: str) -> dict | None:
    """What a person's shorter look is worth; None where the interval of what is saved reaches nothing.

    saved: share of a look that is saved. money_of_whole: what the whole look costs. The evidence is that of the weaker
    part: the share is measured, the price of a look is somebody's judgement.
    """
    if saved.low <= 0:
        return None
    low, mode, high = (round(share * money_of_whole, 4) for share in (saved.low, saved.value, saved.high))
    return {"asset_id": asset_id, "driver_id": "shorter_looks", "year": year, "benefit_type": "efficiency"} | {
        "volume_low": round(0.9 * cases), "volume_mode": round(cases), "volume_high": round(1.1 * cases), "unit": unit,
        "unit_value_low": low, "unit_value_mode": mode, "unit_value_high": high, "attribution": 1.0, "adoption": 1.0,
        "metric_link": "none", "evidence": "expert",
    }  # fmt: skip


def as_csv(row: Mapping, columns: tuple[str, ...]) -> str:
    """One row with its heading, as the file has it."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    return stream.getvalue()
