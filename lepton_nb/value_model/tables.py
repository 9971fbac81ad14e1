"""The value's inputs line by line, as typed tables: what a workbook, a comparison or an auditor needs to compute it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from lepton_nb import terms
from lepton_nb.client import ThreePoint
from lepton_nb.value_model.decay import life_basis
from lepton_nb.value_model.inputs import (
    OUTCOMES,
    Drawn,
    acceptance_name,
    drawn,
    grade_of_gain,
    outcome_grade,
    outcome_ranges,
)
from lepton_nb.value_model.lines import Plan, by_driver
from lepton_nb.value_model.money import (
    MOST_LIKELY,
    chance,
    chance_of_all,
    gain_per_case,
    group_value,
    tax_benefit_factor,
    unit_value,
)


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
    """An offer of a substitute: its price as asked, for ``unit``, and the yearly price of the asset's cheapest (``cap``)."""

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
                unit_value_is=UNIT_VALUE[line.link],
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
                cap=plan.caps.get(line.asset_id),
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
        if row.substitute and row.asset_id in plan.caps:
            asked = row.price * row.adjustment
            yield SubstituteRow(
                asset=row.asset_id, offer=row.comparable, price=asked, unit=row.unit, cap=plan.caps[row.asset_id]
            )


# --- the register of inputs ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RegisterRow:
    """One input of the value with its range, grade of evidence and source."""

    input: str
    asset: str
    low: float | None
    likely: float
    high: float | None
    unit: str
    grade: str
    source: str


def register(plan: Plan) -> tuple[RegisterRow, ...]:
    """Every input of the value: one row each.

    A driver's volume and unit value stand once, with the smallest low and the largest high of its years; likely is
    the mean of the years. Money in the client's currency; rates and shares are fractions.
    """
    return (*_rates(plan), *_drivers(plan), *_tests(plan), *_payments(plan), *_assets(plan))


def _row(name, asset, likely, unit, grade="", source="", low=None, high=None) -> RegisterRow:
    return RegisterRow(
        input=name,
        asset=asset,
        low=low,
        likely=likely,
        high=high,
        unit=unit,
        grade=grade,
        source=source or "not stated",
    )


def _range(name, asset, ranges, unit, grade, source) -> RegisterRow:
    likely = sum(item.mode for item in ranges) / len(ranges)
    low, high = min(item.low for item in ranges), max(item.high for item in ranges)
    return _row(name, asset, likely, unit, grade, source, low, high)


def _words(found) -> str:
    return ", ".join(dict.fromkeys(str(word) for word in found if word))


#: Parts of a cost of capital that is built up → unit.
BUILT_UP = {
    "risk_free": "a year",
    "equity_risk_premium": "a year",
    "beta_unlevered": "times",
    "debt_to_equity": "times",
    "size_premium": "a year",
    "pre_tax_cost_of_debt": "a year",
}


def _rates(plan: Plan):
    discount = plan.client.discount
    how = "given in client.yml" if discount.method == "given" else "built up from client.yml"
    source = f"{discount.source} ({how})" if discount.source else how
    yield _row("cost of capital", "all", plan.wacc, f"a year, {plan.client.valuation.price_basis}", source=source)
    if discount.method == "build_up":
        for name, unit in BUILT_UP.items():
            yield _row(f"in it: {terms.spoken(name)}", "all", getattr(discount, name), unit, source=discount.source)
    for kind, rate in dict(discount.asset_premium).items():
        yield _row(f"premium for {kind}", "all", rate, "a year", source="client.yml")
    for extra in discount.specific_premiums:
        yield _row(f"premium: {extra.name}", extra.asset_id or "all", extra.rate, "a year", source=extra.source)
    yield _row("tax rate", "all", plan.tax_rate, "of profit", source="client.yml")
    if plan.basis == "market" and plan.client.tax.tax_amortisation_benefit:
        yield _row(
            "a buyer writes the price off over", "all", plan.client.tax.tab_years, "years", source="client.yml, tax"
        )


def _drivers(plan: Plan):
    for (asset, driver), found in by_driver(plan.benefits).items():
        name, grade, source = terms.spoken(driver), _words(line.grade for line in found), "benefits.csv"
        yield _range(f"volume: {name}", asset, [line.volume for line in found], found[0].unit, grade, source)
        given = [line.unit_value for line in found if line.unit_value is not None]
        if given:
            yield _range(f"unit value: {name}", asset, given, f"{plan.currency} a unit", grade, source)
        for what in ("attribution", "adoption"):
            yield _range(f"{what}: {name}", asset, [getattr(line, what) for line in found], "share", grade, source)
    for name, cap in plan.caps.items():
        yield _row("price of the substitute", name, cap, f"{plan.currency} a year", source="market.csv")


def _tests(plan: Plan):
    seen: dict[tuple[str, str], Any] = {}
    for line in plan.benefits:
        if line.link != "none":
            seen.setdefault((line.link, line.link_id), line)
    for (_, key), line in sorted(seen.items(), key=lambda item: item[1].evaluation is None):
        item = line.evaluation
        if item is None:
            counted, grade = line.accepted, plan.inputs[acceptance_name(line.accepted)].grade
            words = f"n = {counted.n:,}, {counted.evaluated_on}"
            yield _row("share accepted", counted.asset_id, counted.accepted / counted.n, counted.unit, grade, words)
            continue
        case = f"{item.sample}, n = {item.n:,}, {item.evaluated_on}"
        kind = "paired cases" if item.paired else "two tables of the same cases"
        name, unit = terms.spoken(key), f"{plan.currency} a case"
        gain = float(gain_per_case(item))
        yield _row(f"gain per case: {name}", item.asset_id, gain, unit, grade_of_gain(plan, item), f"{case}, {kind}")
        source = "client.yml, its case" if key.startswith(terms.MEASURED) else "outcome_value.csv"
        if item.positive_share is not None:
            source += f"; in the gain once weighted to {100 * item.positive_share:g} % positive cases in use"
        for outcome, value in outcome_ranges(item, plan.client, line.grade).items():
            words = f"money per {OUTCOMES[outcome]}: {name}"
            stated = ThreePoint(*(each / item.class_weights[outcome] for each in value))
            yield _range(words, item.asset_id, [stated], unit, outcome_grade(item, outcome, line.grade), source)


def _payments(plan: Plan):
    found: dict[tuple[str, str, str], list[Any]] = {}
    for line in plan.costs:
        found.setdefault((line.asset_id, line.phase, line.category), []).append(line)
    yearly: dict[tuple[str, str, str], set[bool]] = {}  # given for whole years, by date, or both
    for row in plan.client.costs:
        if row.kind == "forecast":
            yearly.setdefault((row.asset_id, row.phase, row.category), set()).add(row.year is not None)
    for (asset, phase, category), rows in found.items():
        name, source = f"{phase} cost: {terms.spoken(category)}", _words(row.source for row in rows)
        how = {(True,): "a year", (False,): "a payment"}.get(tuple(yearly.get((asset, phase, category), ())), "each")
        yield _range(name, asset, [row.amount for row in rows], f"{plan.currency} {how}", "", source)


def _assets(plan: Plan):
    for asset in plan.client.assets:
        name = asset.asset_id
        spent = plan.capitalised[name] if any(plan.written_off[name]) else 0.0
        if spent:
            yield _row(
                "capitalised so far, written off for tax", name, spent, plan.currency, source="costs.csv, actual"
            )
        used = plan.decays.get(name)
        yield _row("useful life", name, asset.useful_life_years, "years", source=life_basis(asset, used))
        if used is not None and used.half_life is not None:
            drawn = used.measured
            yield _row(
                "half-life of the gain",
                name,
                used.half_life,
                "years",
                used.grade,
                used.evidence,
                None if drawn is None else drawn.fastest,
                None if drawn is None else drawn.slowest,
            )
        elif used is None and asset.half_life_years:
            basis = terms.spoken(asset.half_life_basis) or "assets.csv"
            yield _row("half-life, in what replacing it costs", name, asset.half_life_years, "years", source=basis)
        if asset.p_technical_success is not None:
            yield _row("chance of technical success", name, asset.p_technical_success, "share", source="assets.csv")
