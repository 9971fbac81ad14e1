"""The rules that never block: each is a function in ``ADVICE`` that gets a sound draft and yields warnings.

Rules 19, 20, 30, 31 and 37 are among them. Their sentences say what is withheld in the report (the income value
of one asset, a ranking, rates of a small group), which takes a client that was read; the chapters withhold that
conclusion alone. What takes money to find (weak evidence, several rates of return) is found by the value layer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date

from lepton_nb.client.drafts import Draft
from lepton_nb.client.rules.correlations import KNOWN_INPUTS
from lepton_nb.client.rules.measured import evaluation_rows
from lepton_nb.client.schema import (
    ACCEPTANCE,
    ASSETS,
    BENEFITS,
    CONFUSION,
    COSTS,
    MARKET,
    MONITORING,
    TRIALS,
    Asset,
    Problem,
)
from lepton_nb.client.words import did_you_mean, quoted
from lepton_nb.terms import (
    MOST_INCONSISTENT,
    SMALLEST_BASELINE,
    SMALLEST_GROUP,
    STALE_AFTER,
    years_later,
)


def synthetic(draft: Draft) -> Iterator[Problem]:
    """The client is invented."""
    if draft.sections["client"].synthetic:
        found, remedy = "true: an invented client", "every page says so; write false for a real client"
        yield draft.in_yml(("client", "synthetic"), found, 101, remedy)


def not_applied(draft: Draft) -> Iterator[Problem]:
    """Settings that are read and change nothing."""
    owners = {row.value.asset_id for row in draft.rows(ASSETS)} | (draft.names(CONFUSION, "evaluation_id") or set())
    owners |= {f"measured:{case.asset_id}" for case in draft.cases}
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
    kept = draft.sections["valuation"].beyond_useful_life == "keep"
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
                what_then = "they are kept, as beyond_useful_life says" if kept else "what lies after it is cut"
                remedy = f"{what_then}; check useful_life_years, or plan the replacement as a cost"
                yield row.problem("year", found, 107, remedy)


def old_metrics(draft: Draft) -> Iterator[Problem]:
    """Measurements more than a year before the valuation date, or after it."""
    today = draft.sections["valuation"].date
    models = [row for rows, _ in evaluation_rows(draft).values() for row in rows]
    for row in [*models, *draft.rows(ACCEPTANCE), *draft.rows(TRIALS)]:
        for found, remedy in _out_of_time(row.value.evaluated_on, today):
            yield row.problem("evaluated_on", found, 108, remedy)
    for index, case in enumerate(draft.cases):
        key = "split" if case.evaluated_on is None else "evaluated_on"  # the last day of the test rows stands in
        for found, remedy in _out_of_time(case.evaluated_on or case.last_day or today, today):
            yield draft.in_yml(("cases", index, key), found, 108, remedy)


def _out_of_time(measured: date, today: date) -> Iterator[tuple[str, str]]:
    """Finding and remedy for a measurement that is old on the valuation date, or of a later day."""
    age = (today - measured).days
    if age > STALE_AFTER:
        found = f"measured on {measured}, more than 12 months before the valuation date {today}"
        yield found, "measure again before relying on it"
    if age < 0:
        found = f"measured on {measured}, after the valuation date {today}"
        yield found, "was it known on the valuation date? Else check both dates"


def small_baseline(draft: Draft) -> Iterator[Problem]:
    """Rule 30: a baseline of few cases."""
    for _, baselines in evaluation_rows(draft).values():
        for row in baselines:
            if row.value.n <= SMALLEST_BASELINE:
                found = f"baseline n = {row.value.n}: interval shown, conclusion withheld"
                yield row.problem("n", found, 30, f"measure the baseline on more than {SMALLEST_BASELINE} cases")


def outside_the_use(draft: Draft) -> Iterator[Problem]:
    """Assets in use that begin later, and options that lapse after the horizon."""
    valuation = draft.sections["valuation"]
    for row in draft.rows(ASSETS):
        begin = row.value.in_service_date
        if row.value.deployed and begin is not None and begin > valuation.date:
            found = f"stage {row.value.lifecycle_stage}, and first used on {begin}, after the valuation date {valuation.date}"
            yield row.problem("in_service_date", found, 106, "correct the date or lifecycle_stage")
    for index, option in enumerate(draft.sections.get("options", ())):
        if option.deadline_years > valuation.horizon_years:
            found = f"lapses after {option.deadline_years:g} years, the horizon ends after {valuation.horizon_years}"
            remedy = "shorten it, or extend horizon_years: nothing is earned after the horizon"
            yield draft.in_yml(("options", index, "deadline_years"), found, 109, remedy)


def outside_the_time(draft: Draft) -> Iterator[Problem]:
    """Benefits and forecasts before the valuation date or after the horizon: they do not enter the value."""
    valuation = draft.sections["valuation"]
    start, end = valuation.date, years_later(valuation.date, valuation.horizon_years)
    if draft.rows(BENEFITS) and not _years_inside(draft):
        costs = [row.value for row in draft.rows(COSTS)]
        days = [item.date or date(item.year, 12, 31) for item in costs]
        what = "no benefit" if any(start <= day <= end for day in days) else "no benefit and no cost"
        found = f"{what} lies in {start} to {end}: nothing is left to value"
        remedy = (
            f"check date and horizon_years, or the years of {BENEFITS}; the report would find a value without income"
        )
        yield draft.in_yml(("valuation", "date"), found, 109, remedy)
        return
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


def _years_inside(draft: Draft) -> dict[str, set[int]]:
    """By asset, the years in which benefits enter the value: within the time, and within the life unless that is kept."""
    valuation = draft.sections["valuation"]
    start, end = valuation.date, years_later(valuation.date, valuation.horizon_years)
    found: dict[str, set[int]] = {}
    assets = {row.value.asset_id: row.value for row in draft.rows(ASSETS)}
    for row in draft.rows(BENEFITS):
        asset, year = assets[row.value.asset_id], row.value.year
        last = end if valuation.beyond_useful_life == "keep" else min(end, _end_of_life(asset) or end)
        if start.year <= year <= end.year and date(year, 1, 1) <= last and row.value.adoption.high > 0:
            found.setdefault(asset.asset_id, set()).add(year)
    return found


def _end_of_life(asset: Asset) -> date | None:
    """The last day of the useful life; None where its first is not known."""
    return asset.in_service_date and years_later(asset.in_service_date, asset.useful_life_years)


def running_costs(draft: Draft) -> Iterator[Problem]:
    """Rule 121: years with benefits in which an asset that earns them, or feeds one that does, costs nothing to run."""
    inside, spent = _years_inside(draft), {}
    for row in draft.rows(COSTS):
        if row.value.phase == "operation":  # a cost of 0 is one that somebody has thought of
            spent.setdefault(row.value.asset_id, set()).add(row.value.year or row.value.date.year)
    rows = draft.rows(ASSETS)
    for row in rows:
        asset = row.value
        own, end = spent.get(asset.asset_id, set()), _end_of_life(asset)
        bare = inside.get(asset.asset_id, set()) - own
        if own:
            fed = set().union(*(inside.get(name, ()) for name in asset.feeds))
            bare |= {year for year in fed - own if min(own) < year < (end.year if end else year + 1)}
        else:  # what is run by the assets that feed it may have no costs of its own
            feeders = [other.value.asset_id for other in rows if asset.asset_id in other.value.feeds]
            bare = bare.difference(*(spent.get(name, ()) for name in feeders))
        if bare:
            found = f"{asset.asset_id}: benefit without running cost: {_years(bare)}"
            remedy = f"give its running costs of these years in {COSTS} (phase operation, forecast), with 0 where there are none"
            yield row.problem("asset_id", found, 121, remedy)


def _years(years: set[int]) -> str:
    """``2027, 2029 to 2031``."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def retired(draft: Draft) -> Iterator[Problem]:
    """Rule 122: benefits of an asset that is retired."""
    inside = _years_inside(draft)
    for row in draft.rows(ASSETS):
        if row.value.lifecycle_stage == "retired" and (years := inside.get(row.value.asset_id)):
            found = f"{row.value.asset_id} is retired and has benefits: {_years(years)}; they enter the value"
            yield row.problem("lifecycle_stage", found, 122, f"correct the stage, or delete its rows in {BENEFITS}")


def inconsistent(draft: Draft) -> Iterator[Problem]:
    """Rule 31: pairwise comparisons that contradict each other."""
    given = draft.sections.get("scorecard_comparisons", ())
    names = sorted({name for item in given for name in (item.more, item.less)})
    if len(names) < 3:
        return
    from lepton_nb.valuation import scoring  # costs a third of a second

    place = {name: index for index, name in enumerate(names)}
    matrix = [[1.0] * len(names) for _ in names]
    for item in given:
        matrix[place[item.more]][place[item.less]] = item.times
        matrix[place[item.less]][place[item.more]] = 1 / item.times
    ratio = scoring.ahp(matrix).consistency_ratio
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


#: Rules that never block. A new one is a function above and a name here.
ADVICE = (
    synthetic,
    not_applied,
    withheld,
    single_owner,
    unmonitored,
    half_life,
    outside_the_life,
    outside_the_use,
    old_metrics,
    small_baseline,
    outside_the_time,
    running_costs,
    retired,
    inconsistent,
    small_groups,
    unlicensed,
    evidence_there,
)
