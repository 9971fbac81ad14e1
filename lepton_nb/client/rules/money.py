"""Rules on costs, benefits and prices."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lepton_nb.client.codes import CURRENCIES
from lepton_nb.client.drafts import Draft, Row
from lepton_nb.client.rules.assets import counted
from lepton_nb.client.schema import (
    ASSETS,
    BENEFITS,
    COSTS,
    MARKET,
    OUTCOMES,
    TRIALS,
    Problem,
)
from lepton_nb.client.words import quoted

#: Columns of which a row has one figure or three points: file, name, whether one of the two is needed.
ONE_OR_THREE = ((BENEFITS, "attribution", True), (BENEFITS, "adoption", True), (ASSETS, "retrain_cost", False))


def attributed_once(draft: Draft) -> Iterator[Problem]:
    """Rule 25: over all assets no more than the whole of a driver is attributed. Rule 26: one row a year."""
    shares: dict[tuple[str, int], dict[str, Row]] = {}
    for row in draft.rows(BENEFITS):
        item = row.value
        rows = shares.setdefault((item.driver_id, item.year), {})
        if item.asset_id in rows:
            first = rows[item.asset_id].line
            found = f"rows {first} and {row.line}: driver {quoted(item.driver_id)}, year {item.year}, "
            yield row.problem("driver_id", f"{found}for {item.asset_id} twice", 26, "keep one of them")
        rows.setdefault(item.asset_id, row)
    told = set()
    for (driver, year), rows in shares.items():
        total = math.fsum(share.mode for row in rows.values() if (share := row.value.shares("attribution")))
        if total > 1 + 1e-6 and driver not in told:
            told.add(driver)
            found = (
                f"driver {quoted(driver)}, {year}: attributions of {', '.join(rows)} sum to {total:.4g} (> 1): "
                "the same money is counted twice"
            )
            yield list(rows.values())[-1].problem("attribution", found, 25, "let them sum to 1 at most, in every year")


def one_currency(draft: Draft) -> Iterator[Problem]:
    """Rule 5: a column ``currency``, and a unit that begins with a currency's code, agree with client.yml."""
    valuation = draft.sections.get("valuation")
    if valuation is None:
        return
    for file, column in ((COSTS, "currency"), (BENEFITS, "currency"), (MARKET, "currency"), (OUTCOMES, "unit")):
        for row in draft.rows(file):
            code = (row.value[column] or "").replace(":", " ").split(" ")[0]
            if code in CURRENCIES and code != valuation.currency:
                found = f"currency {code} differs from {valuation.currency}"
                yield row.problem(column, found, 5, "convert the money, and give the rate in the text beside it")


def in_order(draft: Draft) -> Iterator[Problem]:
    """Rule 8: three points are complete and in order."""
    for file, prefixes in ((COSTS, ("",)), (BENEFITS, ("volume_", "unit_value_")), (OUTCOMES, ("",))):
        for row in draft.rows(file):
            if file == COSTS and row.value.kind == "actual":
                continue
            for prefix in prefixes:
                points = {name: getattr(row.value, prefix + name) for name in ("low", "mode", "high")}
                yield from (row.problem(*finding) for finding in three_points(prefix, points))
    market = draft.sections.get("market")
    for index, rate in enumerate(market.royalty_rates if market else ()):
        for column, *finding in three_points("", rate.rate._asdict()):
            yield draft.in_yml(("market", "royalty_rates", index, column), *finding)


def three_points(prefix: str, points: dict[str, float | None]) -> Iterator[tuple[str, str, int, str]]:
    empty = [name for name, point in points.items() if point is None]
    if 0 < len(empty) < 3:
        yield prefix + empty[0], "is empty", 8, "give low, mode and high, all three"
    for first, second in (("low", "mode"), ("mode", "high")):
        left, right = points[first], points[second]
        if left is not None and right is not None and left > right:
            found = f"{prefix}{first} {left:.10g} > {prefix}{second} {right:.10g}"
            yield prefix + first, found, 8, "need low <= mode <= high"


def actual_or_forecast(draft: Draft) -> Iterator[Problem]:
    """Rule 2: an actual has an amount, a forecast has low, mode and high, and none has both."""
    for row in draft.rows(COSTS):
        points = [name for name in ("low", "mode", "high") if row.value[name] is not None]
        paid = row.value.actual is not None
        if row.value.kind == "actual":
            if not paid:
                yield row.problem("amount", "is empty", 2, "an actual needs its amount; a plan has kind forecast")
            if points:
                yield row.problem(points[0], "is given for an actual", 2, "an actual has an amount alone")
        else:
            if not points:
                yield row.problem("low", "is empty", 2, "a forecast needs low, mode and high")
            if paid:
                yield row.problem("amount", "is given for a forecast", 2, "a forecast has low, mode and high alone")


def past_actuals(draft: Draft) -> Iterator[Problem]:
    """Rule 21: what has been paid lies before the valuation date."""
    valuation = draft.sections.get("valuation")
    for row in draft.rows(COSTS) if valuation else ():
        if row.value.kind == "actual" and row.value.date and row.value.date > valuation.date:
            found = f"actual dated {row.value.date} after the valuation date {valuation.date}"
            yield row.problem("date", found, 21, "make it a forecast with low, mode and high, or correct the date")


def date_or_year(draft: Draft) -> Iterator[Problem]:
    """Rule 2: a cost has a date, or as a forecast running cost a year; not both."""
    rows = draft.rows(COSTS)
    if rows and all(row.value.date is None and row.value.year is None for row in rows):
        yield rows[0].problem("date", "is missing in every row", 2, "give the day of each payment")
        return
    for row in rows:
        item = row.value
        if item.date is not None and item.year is not None:
            yield row.problem("year", "is given beside a date", 2, "keep the date, or the year of the whole figure")
        elif item.date is None and item.year is None:
            yield row.problem(
                "date", "is missing", 2, "give the day of the payment; a forecast running cost may have a year"
            )
        elif item.year is not None and (item.kind != "forecast" or item.phase != "operation"):
            found = f"a year with kind {item.kind}, phase {item.phase}"
            yield row.problem("year", found, 2, "give the date; a year is for forecast running costs (phase operation)")


def benefits_given(draft: Draft) -> Iterator[Problem]:
    """Rule 1: assets and benefits are given; benefits may be missing for accounting alone."""
    if draft.tables.get(ASSETS) == []:
        yield Problem(file=ASSETS, row=None, column="", found="has no rows", rule=1, remedy="list at least one asset")
    valuation = draft.sections.get("valuation")
    if valuation and valuation.purpose != "accounting_only" and draft.tables.get(BENEFITS) == []:
        remedy = "give the benefits; only purpose accounting_only goes without"
        yield Problem(file=BENEFITS, row=None, column="", found="has no rows", rule=1, remedy=remedy)


#: Kinds of links by which an evaluation or a trial gives the unit value.
OF_AN_EVALUATION = {"confusion": "an evaluation", "trial": "a trial", "measured": "an evaluation"}


def unit_value_or_link(draft: Draft) -> Iterator[Problem]:
    """Rule 2: a benefit has a unit value, or a link to what gives it: an evaluation or a trial, typed or measured by a case.

    Where the trial or case cannot be read it may count money or an effect, so that either is right.
    """
    effects = _effects(draft)
    for row in draft.rows(BENEFITS):
        link = row.value.metric_link
        if link.kind in ("trial", "measured") and link not in effects:
            continue
        given = [name for name in ("low", "mode", "high") if row.value[f"unit_value_{name}"] is not None]
        if effect := effects.get(link):
            if not given:
                remedy = "give unit_value_low, _mode and _high: the test counts it, and says nothing of money"
                yield row.problem("unit_value_low", f"is empty; it is the money of one of {quoted(effect)}", 2, remedy)
        elif link.kind in OF_AN_EVALUATION and given:
            remedy = "leave it empty (what was measured gives the unit value), or write metric_link none"
            yield row.problem(
                f"unit_value_{given[0]}", f"is given beside a link to {OF_AN_EVALUATION[link.kind]}", 2, remedy
            )
        elif link.kind not in OF_AN_EVALUATION and not given:
            remedy = "give the value of one unit, or link the evaluation that measures it (confusion:<evaluation_id>)"
            yield row.problem("unit_value_low", "is empty", 2, remedy)


def _effects(draft: Draft) -> dict[tuple[str, str], str | None]:
    """What each trial, typed or measured, that could be read counts, by the link to it; None: money."""
    found: dict[tuple[str, str], str | None] = {}
    if not any(problem.file == TRIALS and problem.row in (None, 1) for problem in draft.problems):
        found |= {("trial", row.value.trial_id): row.value.effect for row in draft.rows(TRIALS)}
    return found | {("measured", case.asset_id): counted(case) for case in draft.sections.get("cases", ())}


def one_figure_or_three(draft: Draft) -> Iterator[Problem]:
    """Rule 2: one figure, or low, mode and high, and not both. Rule 8: the three are complete and in order."""
    for file, name, needed in ONE_OR_THREE:
        names = (name, *(f"{name}_{point}" for point in ("low", "mode", "high")))
        remedy = f"give {name}, or {name}_low, {name}_mode and {name}_high"
        rows = draft.rows(file)
        if needed and rows and not any(column in row.cells for row in rows for column in names):
            yield rows[0].problem(name, "is missing in every row", 2, remedy)
            continue
        for row in rows:
            given = [column for column in names if column in row.cells]
            if name in given and len(given) > 1:
                yield row.problem(given[1], f"is given beside {name}", 2, "keep one figure, or the three")
            elif needed and not given:
                yield row.problem(name, "is missing", 2, remedy)
            elif name not in given:
                points = {point: row.value[f"{name}_{point}"] for point in ("low", "mode", "high")}
                yield from (row.problem(*finding) for finding in three_points(f"{name}_", points))


def substitutes(draft: Draft) -> Iterator[Problem]:
    """Rule 2: an offer that would do an asset's work names the asset, and what its price is for. Rule 8: its range."""
    for row in draft.rows(MARKET):
        ends = {point: row.value[f"price_{point}"] for point in ("low", "high")}
        if any(end is not None for end in ends.values()):
            if not row.value.substitute:
                found = "is given for a price that caps nothing"
                yield row.problem("price_low", found, 2, "leave it empty, or mark the row as a substitute")
            low, high = ends["low"], ends["high"]
            if low is None or high is None:
                empty = "price_low" if low is None else "price_high"
                yield row.problem(empty, "is empty", 8, "give price_low and price_high, or neither")
            elif not low <= row.value.price <= high:
                found = f"price {row.value.price:.10g} is not between {low:.10g} and {high:.10g}"
                yield row.problem("price", found, 8, "need price_low <= price <= price_high")
        if row.value.substitute and row.value.asset_id is None:
            yield row.problem("asset_id", "is empty for a substitute", 2, "name the asset whose work it would do")
        if row.value.substitute and not row.value.unit:
            remedy = "write per unit, per thousand, per month or per year, with a price for that"
            yield row.problem("unit", "is empty for a substitute", 2, remedy)
