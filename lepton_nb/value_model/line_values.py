"""The value of each group from its typed lines alone: what a record, a comparison and a check compute it with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from lepton_nb.value_model.decay import mean_factor
from lepton_nb.value_model.money import LN2, discount_factor
from lepton_nb.value_model.tables import BenefitRow, Lines


def group_values(lines: Lines) -> dict[str, float]:
    """Each group's value at the most likely figures, from the lines alone; the same as ``evaluate(plan).groups``.

    By year: taxable = benefits − running costs − amortisation + loss carried in (in real prices less inflation); present = (benefits − tax) (1 + r)^−t
    − costs (1 + r)^−time, committed costs at the cost of capital; where it is positive, times the tax benefit of a buyer.
    """
    earned: dict[tuple[str, int], float] = {}
    for (group, _, year), money in _earned(lines.benefits).items():
        earned[group, year] = earned.get((group, year), 0.0) + money
    running: dict[tuple[str, int], float] = {}
    charged: dict[tuple[str, int], float] = {}
    paid: dict[str, float] = {}
    rates = {group.group: group.rate for group in lines.groups}
    for row in lines.costs:
        amount = row.amount * row.share * row.chance
        if row.deductible:
            running[row.group, row.year] = running.get((row.group, row.year), 0.0) + amount
        for year, share in row.charged.items():
            charged[row.group, int(year)] = charged.get((row.group, int(year)), 0.0) + share * amount
        rate = lines.settings["cost of capital"] if row.committed else rates[row.group]
        paid[row.group] = paid.get(row.group, 0.0) + discount_factor(rate, row.time) * amount
    for row in lines.amortisation:
        charged[row.group, row.year] = charged.get((row.group, row.year), 0.0) + row.capitalised * row.share
    found, inflation = {}, lines.settings.get("inflation of real prices", 0.0)
    for group in lines.groups:
        total, carried, before = -paid.get(group.group, 0.0), 0.0, 0.0
        for span in lines.periods:
            at = (group.group, span.year)
            carried, before = carried * (1 + inflation) ** (before - span.time), span.time
            taxable = earned.get(at, 0.0) - running.get(at, 0.0) - charged.get(at, 0.0) + carried
            carried, tax = min(taxable, 0.0), lines.settings["tax rate"] * max(taxable, 0.0)
            total += discount_factor(group.rate, span.time) * (earned.get(at, 0.0) - tax)
        found[group.group] = total * group.tax_benefit_factor if total > 0 else total
    return found


def _earned(rows: Iterable[BenefitRow]) -> dict[tuple[str, str, int], float]:
    """Benefits by group, asset and year; the yearly price of a substitute caps those of one asset together."""
    together: dict[tuple[str, str, int], list[BenefitRow]] = {}
    for row in rows:
        together.setdefault((row.group, row.asset, row.year), []).append(row)
    found = {}
    for key, parts in together.items():
        money = sum(benefit_money(row) for row in parts)
        cap = parts[0].cap
        if cap is not None:
            money = min(money, cap * parts[0].chance * year_share(parts))
        found[key] = money
    return found


def benefit_money(row: BenefitRow) -> float:
    """Money of one row, before tax, discounting and the cap of a substitute."""
    left = float(mean_factor(LN2 / row.half_life if row.half_life else 0.0, row.young, row.old))
    return row.volume * row.unit_value * row.attribution * row.adoption * row.share * left * row.chance


def year_share(rows: Sequence[BenefitRow]) -> float:
    """Share of the year that one asset's rows of that year cover; all its lines cover the same days."""

    def days(first: str, last: str) -> int:
        return (date.fromisoformat(last) - date.fromisoformat(first)).days

    row = max(rows, key=lambda one: days(one.starts, one.ends))
    if row.starts == row.ends:
        return 0.0
    return row.share / days(row.starts, row.ends) * days(min(r.starts for r in rows), max(r.ends for r in rows))
