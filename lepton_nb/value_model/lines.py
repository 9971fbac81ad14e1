"""The value's inputs line by line, as plain tables: what a workbook needs to compute the same number again."""

from __future__ import annotations

from typing import Any

from lepton_nb.value_model.money import AFTER_SUCCESS, MOST_LIKELY, World, _chance, _share_accepted, gain_per_case
from lepton_nb.value_model.reading import DEDUCTIBLE, BenefitLine, Plan, unit_value_name


def lines(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Settings, periods, groups, benefit lines and cost lines at their most likely values.

    Money in the client's currency; ``weight`` = attribution × adoption × share of the year; ``age``, ``time`` and
    ``half_life`` in years; ``chance`` of technical success. A benefit is volume × unit_value × weight ×
    2^(−age / half_life) × chance; a cost is amount × chance at its date. Assets without a group are left out,
    as in :func:`evaluate`.
    """
    groups = {name: group for group in plan.groups for name in group.assets}
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
                "chance": _product(_chance(plan, MOST_LIKELY, needed) for needed in plan.needs[line.asset_id]),
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
                "deductible": line.phase in DEDUCTIBLE,
                "amount": line.amount.mode,
                "chance": _chance(plan, MOST_LIKELY, line.asset_id) if line.phase in AFTER_SUCCESS else 1.0,
                "time": line.time,
            }
            for line in plan.costs
            if line.asset_id in groups
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


def _product(values) -> float:
    result = 1.0
    for value in values:
        result = result * value
    return float(result)
