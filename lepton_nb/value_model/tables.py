"""The value's inputs line by line, as typed tables: what a workbook, a comparison or an auditor needs to compute it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from lepton_nb.value_model.inputs import (
    Drawn,
    drawn,
)
from lepton_nb.value_model.line_money import cap, chance, chance_of_all, unit_value, yearly_caps
from lepton_nb.value_model.lines import Plan
from lepton_nb.value_model.money import MOST_LIKELY, group_value, tax_benefit_factor


@dataclass(frozen=True, kw_only=True)
class PeriodRow:
    """A period; time: when its benefits and tax are discounted (years)."""

    year: int
    share: float
    start: str
    end: str
    time: float


@dataclass(frozen=True, kw_only=True)
class GroupRow:
    """A group, its rate, the factor of a buyer's tax benefit on its flows, and its value at the most likely figures."""

    group: str
    assets: str
    rate: float
    premium: float  # over the cost of capital
    tax_benefit_factor: float
    value: float


@dataclass(frozen=True, kw_only=True)
class BenefitRow:
    """A part of one benefit line: volume × unit_value × attribution × adoption × share × survival × chance.

    share: of the year's figure; begins: from when it decays, or the last retraining before this part; starts..ends: the
    days that count (after starts, up to ends); life_ends: empty where nothing ends it; half_life: years, None: no decay;
    cap: yearly price of the substitute of the asset, None: none. Money at the most likely figures.
    """

    group: str
    asset: str
    driver: str
    year: int
    benefit_type: str
    grade: str
    volume: float
    unit: str
    unit_value: float
    unit_value_is: str
    evaluation: str
    attribution: float
    adoption: float
    share: float
    begins: str
    starts: str
    ends: str
    life_ends: str
    young: float  # ages at starts and ends, years
    old: float
    half_life: float | None
    chance: float
    cap: float | None


@dataclass(frozen=True, kw_only=True)
class CostRow:
    """A cost: amount × share × chance at its date; expensed at once (deductible) or charged by ``charged`` (year: share)."""

    group: str
    asset: str
    date: str
    year: int
    phase: str
    category: str
    amount: float
    share: float
    chance: float
    committed: bool  # discounted at the cost of capital without a premium
    time: float
    deductible: bool
    charged: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class AmortisationRow:
    """What of an asset's capitalised cost is charged in one year; share times the chance of success."""

    group: str
    asset: str
    year: int
    capitalised: float
    share: float


@dataclass(frozen=True, kw_only=True)
class SubstituteRow:
    """An offer of a substitute: its price as asked, for ``unit``, and the least that a year of the asset's cheapest costs."""

    asset: str
    offer: str
    price: float
    unit: str
    cap: float


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Everything that enters the value, at its most likely figure."""

    settings: dict[str, Any]
    periods: tuple[PeriodRow, ...]
    groups: tuple[GroupRow, ...]
    benefits: tuple[BenefitRow, ...]
    costs: tuple[CostRow, ...]
    amortisation: tuple[AmortisationRow, ...]
    substitutes: tuple[SubstituteRow, ...] = ()
    drawn: tuple[Drawn, ...] = ()  # how figures are drawn round the most likely ones; no part of these values

    @classmethod
    def of(cls, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> Lines:
        """The lines of a record, from its plain tables. Raises ValueError for a record of other rules."""
        charged = [
            dict(row)
            | {"charged": {k.removeprefix("charged_"): v for k, v in row.items() if k.startswith("charged_") and v}}
            for row in tables.get("costs", ())
        ]
        return cls(
            settings={row["name"]: row["value"] for row in tables.get("settings", ())},
            periods=_read(PeriodRow, "periods", tables.get("periods", ())),
            groups=_read(GroupRow, "lines_groups", tables.get("lines_groups", ())),
            benefits=_read(BenefitRow, "benefits", tables.get("benefits", ())),
            costs=_read(CostRow, "costs", charged),
            amortisation=_read(AmortisationRow, "amortisation", tables.get("amortisation", ())),
            substitutes=_read(SubstituteRow, "substitutes", tables.get("substitutes", ())),
            drawn=_read(
                Drawn, "drawn", [{**row, "parameters": tuple(row["parameters"])} for row in tables.get("drawn", ())]
            ),
        )

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """The same as plain tables, for a record: settings, periods, lines_groups, benefits, costs, amortisation, substitutes, drawn."""
        return {
            "settings": [{"name": name, "value": value} for name, value in self.settings.items()],
            "periods": [asdict(row) for row in self.periods],
            "lines_groups": [asdict(row) for row in self.groups],
            "benefits": [asdict(row) for row in self.benefits],
            "costs": [
                {key: value for key, value in asdict(row).items() if key != "charged"}
                | {f"charged_{span.year}": row.charged.get(str(span.year)) for span in self.periods}
                for row in self.costs
            ],
            "amortisation": [asdict(row) for row in self.amortisation],
            "substitutes": [asdict(row) for row in self.substitutes],
            "drawn": [asdict(row) for row in self.drawn],
        }


def _read(kind: type, table: str, rows: Iterable[Mapping[str, Any]]) -> tuple[Any, ...]:
    names = [item.name for item in fields(kind)]
    rows = tuple(rows)
    missing = [name for name in names if rows and name not in rows[0]]
    if missing:
        raise ValueError(f"The table {table} has no column {', '.join(missing)}: it was made by other rules.")
    return tuple(kind(**{name: row[name] for name in names}) for row in rows)


UNIT_VALUE = {
    "none": "given",
    "confusion": "measured gain per case",
    "trial": "measured gain per unit",
    "effect": "given × measured effect per unit",
    "acceptance": "given × measured share accepted",
}


def line_tables(plan: Plan) -> Lines:
    """The tables of a plan."""
    client = plan.client
    return Lines(
        settings={
            "valuation date": plan.date.isoformat(),
            "horizon": plan.horizon.isoformat(),
            "timing": client.valuation.timing,
            "basis": plan.basis,
            "tax rate": plan.tax_rate,
            "cost of capital": plan.wacc,
            "inflation of real prices": plan.inflation,
        },
        periods=tuple(
            PeriodRow(year=p.year, share=p.share, start=p.start.isoformat(), end=p.end.isoformat(), time=p.time)
            for p in plan.periods
        ),
        groups=tuple(
            GroupRow(
                group=group.name,
                assets=", ".join(group.assets),
                rate=group.rate,
                premium=group.rate - plan.wacc,
                tax_benefit_factor=tax_benefit_factor(plan, group),
                value=float(group_value(plan, group)),
            )
            for group in plan.groups
        ),
        benefits=tuple(_benefit_rows(plan)),
        costs=tuple(_cost_rows(plan)),
        amortisation=tuple(
            AmortisationRow(
                group=group.name,
                asset=name,
                year=span.year,
                capitalised=plan.capitalised[name],
                share=share * float(chance(plan, MOST_LIKELY, name)),
            )
            for group in plan.groups
            for name in group.assets
            for span, share in zip(plan.periods, plan.written_off[name], strict=True)
            if plan.capitalised[name] and share
        ),
        substitutes=tuple(_substitute_rows(plan)),
        drawn=drawn(plan),
    )


def _benefit_rows(plan: Plan):
    for line in plan.benefits:
        end, days = plan.ends[line.asset_id], sum(part.days for part in line.segments)
        used = plan.decays[line.asset_id].half_life
        for part in line.segments:
            yield BenefitRow(
                group=plan.group(line.asset_id).name,
                asset=line.asset_id,
                driver=line.driver_id,
                year=plan.periods[line.period].year,
                benefit_type=line.benefit_type,
                grade=line.grade,
                volume=line.volume.mode,
                unit=line.unit,
                unit_value=float(unit_value(plan, line)),
                unit_value_is=UNIT_VALUE["effect" if line.link == "trial" and line.unit_value else line.link],
                evaluation=line.link_id,
                attribution=line.attribution.mode,
                adoption=line.adoption.mode,
                share=line.share * part.days / days,
                begins=part.fresh.isoformat(),
                starts=part.start.isoformat(),
                ends=part.end.isoformat(),
                life_ends=end.isoformat() if end else "",
                young=part.young,
                old=part.old,
                half_life=used,
                chance=float(chance_of_all(plan, MOST_LIKELY, line.asset_id)),
                cap=float(cap(plan, line.asset_id, line.period)) if line.asset_id in plan.caps else None,
            )


def _cost_rows(plan: Plan):
    for line in plan.costs:
        # amortisation of what is spent before success is known counts times its chance
        sure = float(chance(plan, MOST_LIKELY, line.asset_id))
        counts = 1.0 if line.needs_success else sure
        yield CostRow(
            group=plan.group(line.asset_id).name,
            asset=line.asset_id,
            date=line.date.isoformat(),
            year=plan.periods[line.period].year,
            phase=line.phase,
            category=line.category,
            amount=line.amount.mode,
            share=line.share,
            chance=sure if line.needs_success else 1.0,
            committed=line.committed,
            time=line.time,
            deductible=line.written_off is None,
            charged={
                str(span.year): share * counts
                for span, share in zip(plan.periods, line.written_off or (), strict=False)
            },
        )


def _substitute_rows(plan: Plan):
    for row in plan.client.comparables:
        if row.substitute and row.asset_id in plan.caps and plan.benefits_of.get(row.asset_id):
            yield SubstituteRow(
                asset=row.asset_id,
                offer=row.comparable,
                price=row.adjusted_price,
                unit=row.unit,
                cap=min(yearly_caps(plan, row.asset_id)),
            )
