"""The value's inputs line by line, as plain tables: what a workbook needs to compute the same number again."""

from __future__ import annotations

import math
from typing import Any

from lepton_nb.value_model.money import AFTER_SUCCESS, MOST_LIKELY, World, _chance, _share_accepted, gain_per_case
from lepton_nb.value_model.reading import BenefitLine, Plan, unit_value_name


def lines(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Settings, periods, groups, benefit lines, cost lines and amortisation at their most likely values.

    Money in the client's currency; ``weight`` = attribution × adoption × share of the year; ``age``, ``time`` and
    ``half_life`` in years; ``chance`` of technical success. A benefit is volume × unit_value × weight ×
    2^(−age / half_life) × chance; a cost is amount × chance at its date. What is expensed at once is ``deductible``;
    of other costs amortisation charges the share ``charged_YEAR``, and of what was capitalised earlier the ``share`` in
    the last table, both times the chance of success. Assets without a group are left out,
    as in :func:`evaluate`.
    """
    groups = {name: group for group in plan.groups for name in group.assets}

    def success(line) -> float:  # amortisation of what is spent before success is known counts times its chance
        return 1.0 if line.phase in AFTER_SUCCESS else _chance(plan, MOST_LIKELY, line.asset_id)

    return {
        "settings": [
            {"name": "valuation date", "value": plan.date.isoformat()},
            {"name": "tax rate", "value": plan.tax_rate},
        ],
        "periods": [
            {"year": p.year, "share": p.share, "start": p.start.isoformat(), "end": p.end.isoformat(), "time": p.time}
            for p in plan.periods
        ],
        "lines_groups": [
            {"group": group.name, "rate": group.rate, "assets": ", ".join(group.assets)} for group in plan.groups
        ],
        "benefits": [
            {
                "group": groups[line.asset_id].name,
                "asset": line.asset_id,
                "driver": line.driver_id,
                "year": plan.periods[line.period].year,
                "volume": line.volume.mode,
                "unit": line.unit,
                "unit_value": unit_value(plan, line),
                "unit_value_is": _UNIT_VALUE[line.link],
                "weight": line.weight,
                "age": line.age,
                "half_life": plan.asset(line.asset_id).half_life_years,
                "chance": math.prod(_chance(plan, MOST_LIKELY, needed) for needed in plan.needs[line.asset_id]),
            }
            for line in plan.benefits
            if line.asset_id in groups and plan.needs[line.asset_id] <= set(groups[line.asset_id].assets)
        ],
        "costs": [
            {
                "group": groups[line.asset_id].name,
                "asset": line.asset_id,
                "date": line.date.isoformat(),
                "year": plan.periods[line.period].year,
                "phase": line.phase,
                "category": line.category,
                "deductible": line.written_off is None,
                "amount": line.amount.mode,
                "chance": _chance(plan, MOST_LIKELY, line.asset_id) if line.phase in AFTER_SUCCESS else 1.0,
                "time": line.time,
            }
            | {
                f"charged_{span.year}": line.written_off[place] * success(line) if line.written_off else None
                for place, span in enumerate(plan.periods)
            }
            for line in plan.costs
            if line.asset_id in groups
        ],
        "amortisation": [
            {
                "group": group.name,
                "asset": name,
                "year": span.year,
                "capitalised": plan.capitalised[name],
                "share": share * _chance(plan, MOST_LIKELY, name),
            }
            for name, group in groups.items()
            for span, share in zip(plan.periods, plan.written_off[name], strict=True)
            if plan.capitalised[name] and share
        ],
    }


_UNIT_VALUE = {
    "none": "given",
    "confusion": "measured gain per case",
    "acceptance": "given × measured share accepted",
}


def unit_value(plan: Plan, line: BenefitLine, world: World = MOST_LIKELY) -> float:
    """Money per unit of a benefit line at its most likely value (rule One benefit)."""
    if line.link == "confusion":
        return float(gain_per_case(plan.evaluation(line.link_id), world))
    unit = world.read(unit_value_name(line), line.unit_value)
    if line.link == "acceptance":
        unit = unit * _share_accepted(plan.accepted(line.link_id), world, line.widening)
    return float(unit)


def register(plan: Plan) -> list[dict[str, Any]]:
    """Every input of the value with its range, grade of evidence and source: one row each.

    A driver's volume and unit value stand once, with the smallest low and the largest high of its years; likely is
    the mean of the years. Money in the client's currency; rates and shares are fractions.
    """
    client = plan.client
    rows = [
        _entry("cost of capital", "all", None, plan.wacc, None, "a year", "", client.discount.source or "built up from client.yml"),
        *(_entry(f"premium for {kind}", "all", None, rate, None, "a year", "", "client.yml")
          for kind, rate in dict(client.discount.asset_premium).items()),
        _entry("tax rate", "all", None, plan.tax_rate, None, "of profit", "", "client.yml"),
    ]  # fmt: skip
    drivers: dict[tuple[str, str], list[Any]] = {}
    for row in client.benefits:
        drivers.setdefault((row.asset_id, row.driver_id), []).append(row)
    for (asset, driver), found in drivers.items():
        name, grade, source = driver.replace("_", " "), _spread(row.evidence for row in found), "benefits.csv"
        rows.append(_range(f"volume: {name}", asset, [row.volume for row in found], found[0].unit, grade, source))
        given = [row.unit_value for row in found if row.unit_value is not None]
        if given:
            rows.append(_range(f"unit value: {name}", asset, given, f"{plan.currency} a unit", grade, source))
        for what in ("attribution", "adoption"):
            shares = [getattr(row, what).mode for row in found]
            rows.append(
                _entry(
                    f"{what}: {name}",
                    asset,
                    min(shares),
                    sum(shares) / len(shares),
                    max(shares),
                    "share",
                    grade,
                    source,
                )
            )
    linked = {line.link_id for line in plan.benefits if line.link == "confusion"}
    for item in client.evaluations:
        if item.evaluation_id in linked:
            case = f"{item.sample}, n = {item.n:,}, {item.evaluated_on}"
            kind = "paired cases" if item.paired else "two tables of the same cases" if item.baseline else "model alone"
            rows.append(_entry(f"gain per case: {item.evaluation_id.replace('_', ' ')}", item.asset_id, None,
                               float(gain_per_case(item)), None, f"{plan.currency} a case", "measured", f"{case}, {kind}"))  # fmt: skip
            rows += [_range(f"money per {outcome}: {item.evaluation_id.replace('_', ' ')}", item.asset_id, [value],
                            f"{plan.currency} a case", "", "outcome_value.csv") for outcome, value in item.outcome_value]  # fmt: skip
    accepted = {line.link_id for line in plan.benefits if line.link == "acceptance"}
    for item in client.acceptance:
        if item.asset_id in accepted:
            rows.append(_entry("share accepted", item.asset_id, None, item.accepted / item.n, None, item.unit, "measured",
                               f"n = {item.n:,}, {item.evaluated_on}"))  # fmt: skip
    forecasts: dict[tuple[str, str, str], list[Any]] = {}
    for row in client.costs:
        if row.kind == "forecast":
            forecasts.setdefault((row.asset_id, row.phase, row.category), []).append(row)
    for (asset, phase, category), found in forecasts.items():
        name = f"{phase} cost: {category.replace('_', ' ')}"
        rows.append(
            _range(
                name,
                asset,
                [row.amount for row in found],
                f"{plan.currency} a payment",
                "",
                _spread(row.source for row in found),
            )
        )
    for asset in client.assets:
        capitalised = plan.capitalised[asset.asset_id] if any(plan.written_off[asset.asset_id]) else 0.0
        if capitalised:
            rows.append(_entry("capitalised so far, written off for tax", asset.asset_id, None, capitalised, None,
                               plan.currency, "", "costs.csv, actual"))  # fmt: skip
        planned = any(
            line.written_off and any(line.written_off) for line in plan.costs if line.asset_id == asset.asset_id
        )
        if capitalised or planned:
            rows.append(_entry("useful life, for amortisation", asset.asset_id, None, asset.useful_life_years, None,
                               "years", "", asset.useful_life_basis))  # fmt: skip
        if asset.half_life_years is not None:
            rows.append(
                _entry(
                    "half-life of the benefit",
                    asset.asset_id,
                    None,
                    asset.half_life_years,
                    None,
                    "years",
                    "",
                    asset.useful_life_basis,
                )
            )
        if asset.p_technical_success is not None:
            rows.append(
                _entry(
                    "chance of technical success",
                    asset.asset_id,
                    None,
                    asset.p_technical_success,
                    None,
                    "share",
                    "",
                    "assets.csv",
                )
            )
    return rows


def _entry(name, asset, low, likely, high, unit, grade, source) -> dict[str, Any]:
    return {"input": name, "asset": asset, "low": low, "likely": likely, "high": high, "unit": unit,
            "grade": grade or "", "source": source or "not stated"}  # fmt: skip


def _range(name, asset, ranges, unit, grade, source) -> dict[str, Any]:
    likely = sum(item.mode for item in ranges) / len(ranges)
    return _entry(name, asset, min(i.low for i in ranges), likely, max(i.high for i in ranges), unit, grade, source)


def _spread(words) -> str:
    return ", ".join(dict.fromkeys(str(word) for word in words if word))
