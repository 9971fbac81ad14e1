"""A client's figures as a workbook needs them: as they were typed, so that its formulas can lay them on dates again.

:func:`lines` of the same package shows what entered the value; here stand all rows that could, also those that lie outside
today's horizon, because an analyst moves the valuation date. All figures at their most likely value.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from lepton_nb.value_model import approaches, ledger, tested
from lepton_nb.value_model.approaches import asset_values
from lepton_nb.value_model.findings import last_years
from lepton_nb.value_model.gains import FLAGGED, most_likely_money
from lepton_nb.value_model.inputs import OUTCOMES, sample_counts
from lepton_nb.value_model.laying import retrain_months, retrains_from
from lepton_nb.value_model.lines import AFTER_SUCCESS, COMMITTED, Plan
from lepton_nb.value_model.money import group_value
from lepton_nb.value_model.replacement import kind_rate
from lepton_nb.value_model.times import months_later


@dataclass(frozen=True, kw_only=True)
class AssetSheetRow:
    """An asset: what its rate, its time of use and its chances rest on.

    weight: in the rate of its group; used_from: first day of use, empty: never; planned: it is not in use yet, and a
    development of that year that ends later postpones it; needs, serves: ids of what feeds it and of
    what earns by it; last_year: the last year that its group is run; substitute: its price for ``substitute_unit``.
    """

    asset: str
    group: str
    kind: str
    premium: float
    weight: float
    used_from: str
    planned: bool
    life: float
    half_life: float | None
    chance: float
    needs: str
    serves: str
    last_year: int
    substitute: float | None
    substitute_unit: str
    capitalised: float


@dataclass(frozen=True, kw_only=True)
class CountSheetRow:
    """A counted cell of a test set and the outcome that it is for the model and for the baseline (empty: not theirs)."""

    evaluation: str
    sample: str
    cell: str
    count: int
    model: str
    baseline: str


@dataclass(frozen=True, kw_only=True)
class BenefitSheetRow:
    """A benefit of one calendar year, or its part after the ``step``-th retraining.

    begins: the day from which it decays; empty: the later of ``not_before`` and the valuation date. units: of the asset's
    substitute, that a whole year takes where its price follows no volume of that year; ``counted`` of this benefit's volume
    times adoption are one unit of it (None: the price is not asked for this volume).
    """

    asset: str
    driver: str
    year: int
    volume: float
    unit: str
    link: str
    link_id: str
    unit_value: float | None
    attribution: float
    adoption: float
    begins: str
    not_before: str
    retrain_months: int | None
    step: int
    units: float | None
    counted: float | None


@dataclass(frozen=True, kw_only=True)
class CostSheetRow:
    """A forecast cost by its date or its whole year; of a retraining, ``step`` times ``retrain_months`` after ``begins``.

    written_off: hardware, development (unless it comes after the first day of use), or empty: expensed at once.
    """

    asset: str
    date: str
    year: int | None
    phase: str
    category: str
    amount: float
    committed: bool
    needs_success: bool
    written_off: str
    begins: str
    not_before: str
    retrain_months: int | None
    step: int


def sheets(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """All tables of the workbook's inputs, by name."""
    return {
        "sheet_settings": [{"name": name, "value": value} for name, value in _settings(plan).items()],
        "sheet_premiums": [
            {"kind": k, "premium": rate} for k, rate in dict(plan.client.discount.asset_premium).items()
        ],
        "sheet_assets": [asdict(row) for row in _assets(plan)],
        "sheet_counts": [asdict(row) for row in _counts(plan)],
        "sheet_money": [
            {"evaluation": item.evaluation_id, "outcome": outcome, "money": money}
            for item in _evaluations(plan)
            for outcome, money in most_likely_money(item).items()
        ],
        "sheet_trials": [
            {"trial": item.trial_id, "unit": item.unit, "n": item.n, "error": item.standard_error, "gain": item.gain}
            for item in plan.client.trials
            if item.trial_id in _linked(plan, "trial")
        ],
        "sheet_accepted": [
            {"asset": item.asset_id, "n": item.n, "accepted": item.accepted}
            for item in plan.client.acceptance
            if item.asset_id in _linked(plan, "acceptance")
        ],
        "sheet_benefits": [asdict(row) for row in _benefits(plan)],
        "sheet_costs": [asdict(row) for row in _costs(plan)],
        "sheet_scenarios": list(_scenarios(plan)),
    }


def _scenarios(plan: Plan):
    """Factors of each scenario: of all assets (asset empty), and of those that have their own."""
    for item in plan.client.scenarios:
        for asset, of in (("", item), *((own.asset_id, own) for own in item.assets)):
            yield {
                "scenario": item.name,
                "asset": asset,
                "benefits": of.benefit_multiplier,
                "costs": of.cost_multiplier,
            }


def _settings(plan: Plan) -> dict[str, Any]:
    client = plan.client
    discount, tax = client.discount, client.tax
    parts = (
        "risk_free",
        "equity_risk_premium",
        "beta_unlevered",
        "debt_to_equity",
        "size_premium",
        "pre_tax_cost_of_debt",
    )
    return {
        "valuation date": plan.date.isoformat(),
        "horizon years": client.valuation.horizon_years,
        "timing": client.valuation.timing,
        "basis": plan.basis,
        "beyond useful life": client.valuation.beyond_useful_life,
        "tax rate": plan.tax_rate,
        "buyer's tax benefit": bool(plan.basis == "market" and tax.tax_amortisation_benefit),
        "years of it": tax.tab_years,
        "method": discount.method,
        **(
            {"wacc": discount.wacc}
            if discount.method == "given"
            else {name: getattr(discount, name) or 0.0 for name in parts}
        ),
        "inflation": discount.inflation or 0.0,
        "rates": discount.rate_basis,
        "prices": client.valuation.price_basis,
    }


def returns_in_rates(plan: Plan) -> dict[str, tuple[float, float]]:
    """Asset → the return asked of it, and its weight in the rate of its group (rule Rate)."""
    return {name: (kind_rate(plan, name), weight) for name, weight in rate_weights(plan).items()}


def rate_weights(plan: Plan) -> dict[str, float]:
    """What each asset's return counts in the rate of its group."""
    found: dict[str, float] = {}
    for group in plan.groups:
        values = asset_values(plan, group, float(group_value(plan, group)))
        weights = approaches.rate_weights(values, {name: kind_rate(plan, name) for name in group.assets})
        if not any(weights.values()):  # then the highest return counts alone, as in the rate itself
            touched = [n for n in group.assets if n in plan.benefits_of or n in plan.costs_of] or list(group.assets)
            weights[max(touched, key=lambda name: kind_rate(plan, name))] = 1.0
        found |= weights
    return found


def _assets(plan: Plan):
    weights, years = rate_weights(plan), [span.year for span in plan.periods]
    earners = list(dict.fromkeys(row.asset_id for row in plan.client.benefits))
    stops = last_years(plan)
    for group in plan.groups:
        for name in group.assets:
            asset, begin = plan.asset(name), ledger.first_use(plan.client, plan.asset(name))
            decay = plan.decays.get(name)
            yield AssetSheetRow(
                asset=name,
                group=group.name,
                kind=asset.kind,
                premium=plan.client.discount.specific_premium(name),
                weight=weights[name],
                used_from=_use_without_plans(plan.client, asset, begin),
                planned=asset.in_service_date is None,
                life=asset.useful_life_years,
                half_life=decay.half_life if decay else None,
                chance=1.0 if asset.p_technical_success is None else asset.p_technical_success,
                needs=";".join(sorted(plan.needs[name])),
                serves=";".join(earner for earner in earners if name in plan.needs[earner]),
                last_year=stops.get(group.name, years[-1] + 1),
                substitute=plan.caps[name].price.mode if name in plan.caps else None,
                substitute_unit=plan.caps[name].unit if name in plan.caps else "",
                capitalised=plan.capitalised[name],
            )


def _use_without_plans(client, asset, begin: date | None) -> str:
    """The first day of use if no development were planned: the workbook adds those by their dates."""
    if begin is None or asset.in_service_date is not None:
        return begin.isoformat() if begin else ""
    done = [
        row.date
        for row in client.costs
        if row.asset_id == asset.asset_id and row.phase == "development" and row.kind == "actual"
    ]
    return max([date(begin.year, 1, 1), *(day for day in done if day.year == begin.year)]).isoformat()


def _linked(plan: Plan, kind: str) -> set[str]:
    """What the benefits of the workbook are measured by, those of years that are not run among them."""
    return {row.metric_link.id for row in plan.client.benefits if row.metric_link.kind == kind}


def _evaluations(plan: Plan):
    return [item for item in plan.client.evaluations if item.evaluation_id in _linked(plan, "confusion")]


def _counts(plan: Plan):
    for item in _evaluations(plan):
        if item.paired:
            for cell in item.paired:
                model, baseline = FLAGGED[cell.y_true, cell.model], FLAGGED[cell.y_true, cell.baseline]
                words = f"model {OUTCOMES[model]}, baseline {OUTCOMES[baseline]}"
                yield CountSheetRow(evaluation=item.evaluation_id, sample="pairs", cell=words, count=cell.count,
                                    model=model, baseline=baseline)  # fmt: skip
            continue
        for sample, counts in sample_counts(item).items():
            for outcome, count in zip(OUTCOMES, counts, strict=True):
                which = {"model": "", "baseline": ""} | {sample: outcome}
                words = f"{sample} {OUTCOMES[outcome]}"
                yield CountSheetRow(evaluation=item.evaluation_id, sample=sample, cell=words, count=count, **which)


def _benefits(plan: Plan):
    client = plan.client
    tests = {("confusion", item.evaluation_id): item for item in client.evaluations}
    tests |= {(tested.link(item), tested.link_id(item)): item for item in (*client.trials, *client.acceptance)}
    prohibited = {asset.asset_id for asset in client.assets if asset.eu_ai_act_class == "prohibited"}
    in_use: dict[tuple[str, str], int] = {}
    for row in client.benefits:
        if row.adoption.mode > 0:
            key = (row.asset_id, row.driver_id)
            in_use[key] = min(row.year, in_use.get(key, row.year))
    for row in client.benefits:
        if plan.needs[row.asset_id] & prohibited:
            continue
        link, key = row.metric_link.kind, row.metric_link.id
        test = tests.get((link, key))
        first = date(in_use.get((row.asset_id, row.driver_id), row.year) - 1, 12, 31)
        begins = test.evaluated_on if test else max(first, client.valuation.date)
        months = retrain_months(plan.asset(row.asset_id))
        substitute = plan.caps.get(row.asset_id)
        for number, step in enumerate(_steps(begins, row.year, months)):
            first_part = number == 0
            yield BenefitSheetRow(
                asset=row.asset_id,
                driver=row.driver_id,
                year=row.year,
                volume=row.volume.mode,
                unit=row.unit,
                link=link,
                link_id=key or "",
                unit_value=row.unit_value.mode if row.unit_value else None,
                attribution=row.attribution.mode,
                adoption=row.adoption.mode,
                begins=test.evaluated_on.isoformat() if test else "",
                not_before=first.isoformat(),
                retrain_months=months,
                step=step,
                units=substitute.units if substitute else None,
                counted=substitute.times if substitute and first_part and substitute.counts(row) else None,
            )


def _steps(begins: date, year: int, months: int | None) -> list[int]:
    """The retrainings after which a part of this year can lie, with room for a valuation date two years later."""
    if months is None:
        return [0]
    last = max(math.ceil(((year + 1 - begins.year) * 12) / months), 0)
    first = max(math.floor(((year - 3 - begins.year) * 12) / months), 0)
    return [step for step in range(first, last + 1) if step == 0 or months_later(begins, step * months).year <= year]


def _costs(plan: Plan):
    client = plan.client
    for row in client.costs:
        asset = plan.asset(row.asset_id)
        if row.kind == "actual" or (asset.eu_ai_act_class == "prohibited" and row.phase != "decommission"):
            continue
        capitalised = ledger.planned_write_off(row, asset, None, plan.periods) is not None
        yield CostSheetRow(
            asset=row.asset_id,
            date=row.date.isoformat() if row.date else "",
            year=row.year,
            phase=row.phase,
            category=row.category,
            amount=row.amount.mode,
            committed=row.phase in COMMITTED,
            needs_success=row.phase in AFTER_SUCCESS,
            written_off=("hardware" if row.category == ledger.HARDWARE else "development") if capitalised else "",
            begins="",
            not_before="",
            retrain_months=None,
            step=0,
        )
    yield from _retraining(plan)


def _retraining(plan: Plan):
    client = plan.client
    for asset in client.assets:
        months = retrain_months(asset)
        if months is None or asset.retrain_cost is None:
            continue
        first = ledger.first_use(client, asset)
        begins, tested = retrains_from(client, asset, first)
        end = plan.ends[asset.asset_id] or months_later(plan.horizon, 24)
        step = 1
        while (due := months_later(begins, step * months)) <= min(months_later(plan.horizon, 24), end):
            if tested or due > plan.date:
                yield CostSheetRow(
                    asset=asset.asset_id,
                    date="",
                    year=None,
                    phase="operation",
                    category="retraining",
                    amount=asset.retrain_cost.mode,
                    committed=False,
                    needs_success=True,
                    written_off="",
                    begins=begins.isoformat() if tested else "",
                    not_before=first.isoformat() if first else "",
                    retrain_months=months,
                    step=step,
                )
            step += 1


__all__ = ["AssetSheetRow", "BenefitSheetRow", "CostSheetRow", "CountSheetRow", "sheets"]
