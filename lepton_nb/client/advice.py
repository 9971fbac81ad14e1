"""The rules that never block: each is a function in ``ADVICE`` that gets a sound draft and yields warnings.

Rules 19, 20, 30, 31, 33 and 37 are among them. Their sentences say what is withheld in the report (the income value
of one asset, a ranking, an internal rate of return, rates of a small group), which takes a client that was read; the
chapters withhold that conclusion alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from lepton_nb.client.cells import did_you_mean, quoted
from lepton_nb.client.reading import Draft
from lepton_nb.client.rules import (
    ACCEPTANCE,
    ASSETS,
    BENEFITS,
    CELLS,
    CONFUSION,
    COSTS,
    KNOWN_INPUTS,
    MARKET,
    MONITORING,
    connected,
    consistency_ratio,
    cost_of_capital,
    evaluation,
    evaluation_rows,
)
from lepton_nb.client.schema import Evaluation, Problem
from lepton_nb.terms import MOST_INCONSISTENT, SMALLEST_BASELINE, SMALLEST_GROUP, STALE_AFTER, years_later


def synthetic(draft: Draft) -> Iterator[Problem]:
    """The client is invented."""
    if draft.sections["client"].synthetic:
        found, remedy = "true: an invented client", "every page says so; write false for a real client"
        yield draft.in_yml(("client", "synthetic"), found, 101, remedy)


def not_applied(draft: Draft) -> Iterator[Problem]:
    """Settings that are read and change nothing."""
    owners = {row.value.asset_id for row in draft.rows(ASSETS)} | (draft.names(CONFUSION, "evaluation_id") or set())
    for index, item in enumerate(draft.sections["monte_carlo"].correlations):
        unknown = [
            name
            for name in (item.a, item.b)
            if name not in KNOWN_INPUTS and name.partition(".")[0] not in owners  # asset.driver.volume names one input
        ]
        if unknown:
            found = f"{' and '.join(quoted(name) for name in unknown)}: no input of that name, not applied"
            near = did_you_mean(unknown[0], KNOWN_INPUTS) or f"known inputs: {', '.join(KNOWN_INPUTS)}"
            yield draft.in_yml(("monte_carlo", "correlations", index), found, 102, near)
    if draft.sections["discount"].terminal_growth is not None:
        found = "not applied: the value ends at the horizon"
        yield draft.in_yml(
            ("discount", "terminal_growth"), found, 102, "nothing to do; a longer horizon counts more years"
        )


def withheld(draft: Draft) -> Iterator[Problem]:
    """Rules 19 and 20: assets whose conclusion is withheld."""
    for row in draft.rows(ASSETS):
        if row.value.withheld:
            prohibited = row.value.eu_ai_act_class == "prohibited"
            column, rule = ("eu_ai_act_class", 19) if prohibited else ("legal_control", 20)
            remedy = "stop its use" if prohibited else "find the contract, licence or title"
            yield row.problem(column, f"{row.value.asset_id} is {row.value.withheld}", rule, remedy)


def single_owner(draft: Draft) -> Iterator[Problem]:
    """One owner answers for everything."""
    live = [row for row in draft.rows(ASSETS) if row.value.lifecycle_stage != "retired"]
    owners = {row.value.owner for row in live}
    if len(live) >= 3 and len(owners) == 1 and owners != {""}:
        found = f"{quoted(owners.pop())} owns all {len(live)} assets"
        yield live[0].problem(
            "owner", found, 103, "name a deputy, or give data, models and their check to different people"
        )


def unmonitored(draft: Draft) -> Iterator[Problem]:
    """A model in use without a row in monitoring.csv."""
    monitored = draft.names(MONITORING, "asset_id") or set()
    for row in draft.rows(ASSETS):
        if row.value.kind == "model" and row.value.deployed and row.value.asset_id not in monitored:
            found = f"{row.value.asset_id} is in use and not in {MONITORING}"
            yield row.problem("lifecycle_stage", found, 104, "measure it: without monitoring its decay is a guess")


def half_life(draft: Draft) -> Iterator[Problem]:
    """A half-life beyond the useful life."""
    for row in draft.rows(ASSETS):
        asset = row.value
        if asset.half_life_years is not None and asset.half_life_years > asset.useful_life_years:
            found = f"half-life {asset.half_life_years:g} years > useful life {asset.useful_life_years:g} years"
            yield row.problem("half_life_years", found, 105, "check which of the two is meant")


def outside_the_life(draft: Draft) -> Iterator[Problem]:
    """Benefits before the first day of use, or after the useful life; the first such row of a driver is named."""
    assets = {row.value.asset_id: row.value for row in draft.rows(ASSETS)}
    seen = set()
    for row in draft.rows(BENEFITS):
        asset = assets[row.value.asset_id]
        if asset.in_service_date is None or row.value.adoption.high == 0:
            continue
        end = years_later(asset.in_service_date, asset.useful_life_years)
        early, late = row.value.year < asset.in_service_date.year, date(row.value.year, 12, 31) > end
        kind = (row.value.asset_id, row.value.driver_id, early)
        if (early or late) and kind not in seen:
            seen.add(kind)
            what = f"{asset.asset_id} {quoted(row.value.driver_id)}"
            if early:
                found = f"{what}: benefit of {row.value.year} before the first day of use, {asset.in_service_date}"
                yield row.problem("year", found, 106, "check the year and in_service_date")
            else:
                found = f"{what}: benefits from {row.value.year} on reach past the useful life, which ends on {end}"
                yield row.problem("year", found, 107, "check useful_life_years, or plan the replacement as a cost")


def old_metrics(draft: Draft) -> Iterator[Problem]:
    """Measurements more than a year before the valuation date, or after it."""
    today = draft.sections["valuation"].date
    models = [row for rows, _ in evaluation_rows(draft).values() for row in rows]
    for row in [*models, *draft.rows(ACCEPTANCE)]:
        age = (today - row.value.evaluated_on).days
        if age > STALE_AFTER:
            found = f"measured on {row.value.evaluated_on}, more than 12 months before the valuation date {today}"
            yield row.problem("evaluated_on", found, 108, "measure again before relying on it")
        if age < 0:
            found = f"measured on {row.value.evaluated_on}, after the valuation date {today}"
            yield row.problem("evaluated_on", found, 108, "was it known on the valuation date? Else check both dates")


def small_baseline(draft: Draft) -> Iterator[Problem]:
    """Rule 30: a baseline of few cases."""
    for _, baselines in evaluation_rows(draft).values():
        for row in baselines:
            if row.value.n <= SMALLEST_BASELINE:
                found = f"baseline n = {row.value.n}: interval shown, conclusion withheld"
                yield row.problem("n", found, 30, f"measure the baseline on more than {SMALLEST_BASELINE} cases")


def outside_the_time(draft: Draft) -> Iterator[Problem]:
    """Benefits and forecasts before the valuation date or after the horizon: they do not enter the value."""
    valuation = draft.sections["valuation"]
    start, end = valuation.date, years_later(valuation.date, valuation.horizon_years)
    for row in draft.rows(BENEFITS):
        if not start.year <= row.value.year <= end.year:
            yield row.problem(
                "year", f"{row.value.year} lies outside {start} to {end}", 109, "it does not enter the value"
            )
    for row in draft.rows(COSTS):
        day, year = row.value.date, row.value.year
        if year is not None and not start.year <= year <= end.year:
            yield row.problem("year", f"{year} lies outside {start} to {end}", 109, "it does not enter the value")
        elif row.value.kind == "forecast" and day is not None and not start <= day <= end:
            yield row.problem("date", f"{day} lies outside {start} to {end}", 109, "it does not enter the value")


def inconsistent(draft: Draft) -> Iterator[Problem]:
    """Rule 31: pairwise comparisons that contradict each other."""
    ratio = consistency_ratio(draft.sections.get("scorecard_comparisons", ()))
    if ratio > MOST_INCONSISTENT:
        found = f"consistency ratio {ratio:.2f} > {MOST_INCONSISTENT:.2f}: the ranking by them is withheld"
        yield draft.in_yml(("scorecard_comparisons",), found, 31, "re-rate the pairs before ranking")


def small_groups(draft: Draft) -> Iterator[Problem]:
    """Rule 37: groups of few cases."""
    for asset_id, cases in draft.predictions.items():
        for name, count in sorted(Counter(name for name in cases.group if name is not None).items()):
            if count < SMALLEST_GROUP:
                file = f"metrics/predictions_{asset_id}.csv"
                found = f"group {quoted(name)} has {count} cases: fairness rates withheld (< {SMALLEST_GROUP})"
                remedy = "add cases of this group, or join it with another"
                yield Problem(file=file, row=None, column="group", found=found, rule=37, remedy=remedy)


def unlicensed(draft: Draft) -> Iterator[Problem]:
    """Data of others without a licence."""
    for row in draft.rows(ASSETS):
        asset = row.value
        others = asset.acquisition != "internal" or asset.legal_control in ("licensed", "shared")
        if asset.kind == "data" and others and not asset.licence and asset.lifecycle_stage != "retired":
            words = f"{asset.acquisition}, control {asset.legal_control}"
            found = f"{asset.asset_id}: data of others ({words}) without a licence"
            yield row.problem("licence", found, 110, "name the licence or contract under which they are used")


def evidence_there(draft: Draft) -> Iterator[Problem]:
    """Documents in evidence/ that a source names."""
    for file in (COSTS, MARKET):
        for row in draft.rows(file):
            for name in re.findall(r"\bevidence/[^\s;,]+", row.value.source)[:3]:
                if draft.source.has(name) is False:
                    yield row.problem("source", f"{quoted(name)} is not there", 112, "put the document into evidence/")


class Flows(NamedTuple):
    """Most likely money of one row before tax: year, amount, present value, and the grade of its evidence."""

    asset_id: str
    year: int
    amount: float
    present: float
    evidence: str


def benefit_flows(draft: Draft) -> Iterator[Flows]:
    """Each benefit row at its most likely value, within the time that is valued, decayed and discounted.

    A rough copy of the value chapter's cash flow table for two pieces of advice; a test holds it near that table.
    """
    valuation, discount = draft.sections["valuation"], draft.sections["discount"]
    assets = {row.value.asset_id: row.value for row in draft.rows(ASSETS)}
    capital = cost_of_capital(discount, draft.sections["tax"], valuation)
    end = years_later(valuation.date, valuation.horizon_years)
    evaluations = {name: evaluation(draft, name, *rows) for name, rows in evaluation_rows(draft).items()}
    accepted = {row.value.asset_id: row.value for row in draft.rows(ACCEPTANCE)}
    in_use: dict[tuple[str, str], int] = {}  # first year with adoption above 0
    for row in draft.rows(BENEFITS):
        if row.value.adoption.high > 0:
            key = (row.value.asset_id, row.value.driver_id)
            in_use[key] = min(row.value.year, in_use.get(key, row.value.year))
    for row in draft.rows(BENEFITS):
        item, asset = row.value, assets[row.value.asset_id]
        first, last = max(valuation.date, date(item.year - 1, 12, 31)), min(end, date(item.year, 12, 31))
        days = (last - first).days
        if days <= 0 or asset.eu_ai_act_class == "prohibited":
            continue
        kind, target = item.metric_link
        begin = max(valuation.date, date(in_use.get((item.asset_id, item.driver_id), item.year) - 1, 12, 31))
        if kind == "confusion":
            begin, unit = evaluations[target].evaluated_on, _gain(evaluations[target])
        else:
            unit = item.unit_value_mode
        if kind == "acceptance":
            begin, unit = accepted[target].evaluated_on, unit * accepted[target].accepted / accepted[target].n
        middle = ((first - valuation.date).days + days / 2) / 365
        age = middle + (valuation.date - begin).days / 365
        decay = 2 ** (-max(age, 0) / asset.half_life_years) if asset.half_life_years else 1.0
        whole_year = 366 if item.year % 4 == 0 and (item.year % 100 != 0 or item.year % 400 == 0) else 365
        amount = item.volume_mode * unit * item.attribution.mode * item.adoption.mode * days / whole_year * decay
        amount *= 1.0 if asset.p_technical_success is None else asset.p_technical_success
        rate = capital + discount.asset_premium[asset.kind] + discount.specific_premium(asset.asset_id)
        yield Flows(asset.asset_id, item.year, amount, amount * (1 + max(rate, -0.9)) ** -middle, item.evidence)


def _gain(evaluation: Evaluation) -> float:
    """Most likely money per case of the model over its baseline."""
    value = evaluation.outcome_value
    model, baseline = evaluation.model, evaluation.baseline
    return math.fsum((model[cell] / model.n - baseline[cell] / baseline.n) * value[cell].mode for cell in CELLS)


def weak_evidence(draft: Draft) -> Iterator[Problem]:
    """Benefits that rest on vendors and experts."""
    shares: dict[str, float] = {}
    for flow in benefit_flows(draft):
        shares[flow.evidence] = shares.get(flow.evidence, 0.0) + max(flow.present, 0.0)
    total = math.fsum(shares.values())
    weak = shares.get("vendor", 0.0) + shares.get("expert", 0.0)
    if total > 0 and weak > 0.5 * total:
        found = f"{100 * weak / total:.0f} % of the benefits' present value rests on vendors and experts"
        remedy = "measure, or run a pilot, before relying on it"
        yield Problem(file=BENEFITS, row=None, column="evidence", found=found, rule=111, remedy=remedy)


def several_rates(draft: Draft) -> Iterator[Problem]:
    """Rule 33: the flows of a group of assets change sign never, or several times."""
    valuation = draft.sections["valuation"]
    end = years_later(valuation.date, valuation.horizon_years)
    money: dict[str, dict[int, float]] = {}
    for flow in benefit_flows(draft):
        years = money.setdefault(flow.asset_id, {})
        years[flow.year] = years.get(flow.year, 0.0) + flow.amount
    earning = set(money)
    for row in draft.rows(COSTS):
        day = row.value.date or date(row.value.year, 12, 31)
        if row.value.kind == "forecast" and valuation.date <= day <= end:
            years = money.setdefault(row.value.asset_id, {})
            years[day.year] = years.get(day.year, 0.0) - row.value.mode
    order = [row.value.asset_id for row in draft.rows(ASSETS)]
    for names in connected({row.value.asset_id, *row.value.feeds} for row in draft.rows(ASSETS)):
        if not earning & names:
            continue
        group = sorted(names, key=order.index)
        years = range(valuation.date.year, end.year + 1)
        flows = [math.fsum(money.get(name, {}).get(year, 0.0) for name in group) for year in years]
        signs = [flow > 0 for flow in flows if flow != 0]
        changes = sum(one != other for one, other in pairwise(signs))
        if changes == 1 or not signs:
            continue
        name = " + ".join(group)
        if changes == 0:
            found = f"{name}: the yearly flows before tax do not change sign, there is no internal rate of return"
        else:
            roots = ", ".join(f"{100 * root:.4g} %" for root in rates_of_return(flows)) or "none"
            found = f"{name}: the yearly flows before tax change sign {changes} times; rates of return: {roots}"
        remedy = "NPV and MIRR are reported, the internal rate of return is withheld"
        yield Problem(file=BENEFITS, row=None, column="", found=found, rule=33, remedy=remedy)


def rates_of_return(flows: list[float]) -> list[float]:
    """All rates above -1 at which the flows of consecutive years have no net present value, as fractions.

    >>> [round(rate, 6) for rate in rates_of_return([-100.0, 230.0, -132.0])]
    [0.1, 0.2]
    """
    import numpy as np  # costs a tenth of a second

    scale = max(abs(flow) for flow in flows)
    # a flow a million millionth of the largest moves no root that anybody could read
    shares = [flow / scale if abs(flow) > 1e-12 * scale else 0.0 for flow in flows]
    factors = np.roots(shares[::-1])  # discount factors
    real = {round(1 / root.real - 1, 9) for root in factors if abs(root.imag) < 1e-7 and root.real > 1e-9}
    return [float(rate) for rate in sorted(real)]


#: Rules that never block. A new one is a function above and a name here.
ADVICE = (
    synthetic,
    not_applied,
    withheld,
    single_owner,
    unmonitored,
    half_life,
    outside_the_life,
    old_metrics,
    small_baseline,
    outside_the_time,
    inconsistent,
    small_groups,
    unlicensed,
    evidence_there,
    weak_evidence,
    several_rates,
)
