"""The register: every input of the value in one row, with range, grade of evidence and source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lepton_nb import terms
from lepton_nb.client import ThreePoint
from lepton_nb.value_model import tested
from lepton_nb.value_model.decay import life_basis
from lepton_nb.value_model.gains import gain_per_case
from lepton_nb.value_model.inputs import OUTCOMES, grade_of_gain, outcome_grade, outcome_ranges
from lepton_nb.value_model.lines import Plan, by_driver


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
            yield _row(
                f"in it: {terms.spoken(name)}", "all", getattr(discount, name), unit, source=discount.source_of(name)
            )
    for kind, rate in dict(discount.asset_premium).items():
        own = discount.sources.asset_premium if discount.sources else ""
        yield _row(f"premium for {kind}", "all", rate, "a year", source=own or "client.yml")
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
    for name, substitute in plan.caps.items():
        unit, source = f"{plan.currency} {substitute.unit}", f"{substitute.offer} (market.csv)"
        yield _range("price of the substitute", name, [substitute.price], unit, "", source)


def _tests(plan: Plan):
    seen: dict[tuple[str, str], Any] = {}
    for line in plan.benefits:
        if line.link != "none":
            seen.setdefault((line.link, line.link_id), line)
    for (_, key), line in sorted(seen.items(), key=lambda item: item[1].evaluation is None):
        item = line.evaluation
        if item is None:
            counted, grade = line.tested, plan.inputs[tested.name(line.tested)].grade
            words, what, unit = f"n = {counted.n:,}, {counted.evaluated_on}", tested.label(counted), counted.unit
            if line.link == "trial":
                low, high = tested.ends(counted)
                words += f", 90 % {low:.4g} to {high:.4g}, against {counted.baseline} (metrics/trials.csv)"
                what, unit = f"{what}: {terms.spoken(key)}", tested.unit(counted, plan.currency)
            yield _row(what, counted.asset_id, tested.mean(counted), unit, grade, words)
            continue
        day = "not dated" if key in plan.undated else item.evaluated_on
        case = f"{item.sample}, n = {item.n:,}, {day}"
        kind = "paired cases" if item.paired else "two tables of the same cases"
        name, unit = terms.spoken(key), f"{plan.currency} a case"
        gain = float(gain_per_case(item))
        yield _row(f"gain per case: {name}", item.asset_id, gain, unit, grade_of_gain(plan, item), f"{case}, {kind}")
        source = "client.yml, its case" if key.startswith(terms.MEASURED) else "outcome_value.csv"
        if item.positive_share is not None:
            source += f"; in the gain once weighted to {100 * item.positive_share:g} % positive cases in use"
            share = item.share_range or ThreePoint(*[item.positive_share] * 3)
            words = f"share of positive cases in use: {name}"
            yield _range(words, item.asset_id, [share], "of cases", "", item.share_source)
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
