"""The rules that look at more than one value and refuse the folder.

A rule is one function in ``CHECKS``. It gets the draft and yields problems; it looks only at what could be read, so
that one mistake is reported once. Rules on one value (percent for fraction, dates, counts, codes, …) are in
``cells.py``, rules that never block in ``advice.py``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

from lepton_nb import terms
from lepton_nb.client.cells import ASSET_ID, CURRENCIES, did_you_mean, quoted
from lepton_nb.client.reading import Draft, Row, repeated
from lepton_nb.client.schema import (
    TABLES,
    Counts,
    Discount,
    Evaluation,
    OutcomeValue,
    PairedCount,
    Problem,
    Tax,
    Valuation,
)
from lepton_nb.terms import RATES, years_later

#: What each rule is about. Numbers above 100: advice.
RULES = {
    1: "files are there, can be opened and lie in the folder",
    2: "keys, columns, ids and allowed words",
    3: "rates are fractions",
    4: "currency is an ISO 4217 code",
    5: "one currency",
    6: "probabilities of the scenarios sum to 1",
    7: "growth stays below the discount rate",
    8: "low <= mode <= high",
    9: "costs are positive",
    10: "counts add up to n",
    11: "counts are whole numbers",
    12: "the same cases have the same classes",
    13: "an evaluation has positive cases",
    14: "a score lies between 0 and 1",
    15: "a class is 0 or 1",
    16: "ids are unique",
    17: "ids refer to something",
    18: "feeds has no cycle",
    19: "a prohibited system has no value as a going asset",
    20: "an asset is under legal control",
    21: "an actual lies before the valuation date",
    22: "a useful life ends within the horizon, or the cut is said",
    23: "a correlation matrix is positive semi-definite",
    24: "a correlation lies between -1 and 1",
    25: "a benefit is attributed once",
    26: "an asset has one row for a driver and a year",
    27: "prices and rates are both nominal or both real",
    28: "the risk of failure counts once",
    29: "a model is compared with a baseline",
    30: "a baseline rests on enough cases",
    31: "pairwise comparisons are consistent",
    32: "weights of the scorecard sum to 1",
    33: "flows change sign once",
    34: "dates are written YYYY-MM-DD",
    35: "files are UTF-8 text, numbers are plain and in range",
    36: "cases hold no personal data",
    37: "groups have enough cases",
    38: "the 95th percentile is not below the median",
    39: "paired counts agree with the confusion matrix",
    40: "blocks of data are given with their whole",
    41: "data of a case fit the case",
    42: "an option has what its kind needs",
    43: "logo and colours can be shown and read",
    101: "the client is real",
    102: "the client reads what is applied",
    103: "owners differ",
    104: "a deployed model is monitored",
    105: "half-life within the useful life",
    106: "benefits begin with the use of the asset",
    107: "benefits end with the life of the asset",
    108: "measurements are recent",
    109: "figures lie in the time that is valued",
    110: "data of others are licensed",
    111: "the value rests on measurement",
    112: "evidence that is named is there",
}

ASSETS, COSTS, BENEFITS = "assets.csv", "costs.csv", "benefits.csv"
CONFUSION, OUTCOMES, PAIRED = "metrics/confusion.csv", "metrics/outcome_value.csv", "metrics/paired_counts.csv"
ACCEPTANCE, MONITORING = "metrics/acceptance.csv", "metrics/monitoring.csv"
USAGE, MARKET, QUALITY, BLOCKS = "usage.csv", "market.csv", "data_quality.csv", "data_blocks.csv"
CELLS = terms.OUTCOMES

KNOWN_INPUTS = ("volume", "unit_value", "outcome_value", "cost", "gain")
LOWEST_INFLATION = -0.5  # a year
MOST_INPUTS = 500  # names in one correlation matrix


# --- client.yml


def scenarios(draft: Draft) -> Iterator[Problem]:
    """Rule 6: the probabilities sum to 1. Rule 16: names differ."""
    given = draft.sections.get("scenarios", ())
    total = math.fsum(scenario.p for scenario in given)
    if given and abs(total - 1) > 1e-6:
        yield draft.in_yml(("scenarios",), f"probabilities sum to {total:.6g}", 6, "they must sum to 1 (within 1e-6)")
    for index, scenario in enumerate(given):
        if scenario.name in [other.name for other in given[:index]]:
            found = f"scenario {quoted(scenario.name)} stands here twice"
            yield draft.in_yml(("scenarios", index, "name"), found, 16, "give each scenario its own name")


def discount_parts(draft: Draft) -> Iterator[Problem]:
    """Rule 2: the method has what it needs, and nothing of the other method."""
    discount: Discount | None = draft.sections.get("discount")
    if discount is None:
        return
    parts = set(discount.BUILD_UP) | {"size_premium"}
    needed, idle = ({"wacc"}, parts) if discount.method == "given" else (set(discount.BUILD_UP), {"wacc"})
    given = {name for name in discount.model_fields_set if discount[name] is not None}
    for name in sorted(needed - given):
        yield draft.in_yml(("discount", name), "is missing", 2, f"method {discount.method} needs it")
    for name in sorted(idle & given):
        remedy = "remove it, or change the method: two ways to one rate may not stand side by side"
        yield draft.in_yml(("discount", name), f"is not used by method {discount.method}", 2, remedy)
    if discount.method == "build_up" and discount.debt_to_equity and discount.pre_tax_cost_of_debt == 0:
        found = f"0 with debt_to_equity {discount.debt_to_equity:g}"
        yield draft.in_yml(("discount", "pre_tax_cost_of_debt"), found, 2, "debt has a cost; give it, or no debt")


def cost_of_capital(discount: Discount, tax: Tax, valuation: Valuation | None = None) -> float | None:
    """Weighted average cost of capital per year, given or built up; None when a part is missing.

    With the valuation: in its prices; rates that hold inflation are freed of it where prices are real, and the other
    way round (Fisher). Levered beta by Hamada (1972): beta x (1 + (1 - tax) D/E). The value chapter computes it with
    ``lepton_nb.valuation``, which this package may not import; a test holds the two together.
    """
    if discount.method == "given" or any(discount[name] is None for name in discount.BUILD_UP):
        return None if discount.wacc is None else _in_prices_of(valuation, discount, discount.wacc)
    leverage = discount.debt_to_equity
    beta = discount.beta_unlevered * (1 + (1 - tax.rate) * leverage)
    equity = discount.risk_free + beta * discount.equity_risk_premium + discount.size_premium
    capital = (equity + leverage * discount.pre_tax_cost_of_debt * (1 - tax.rate)) / (1 + leverage)
    return _in_prices_of(valuation, discount, capital)


def _in_prices_of(valuation: Valuation | None, discount: Discount, rate: float) -> float:
    """A rate in the prices of the valuation: 1 + nominal = (1 + real)(1 + inflation)."""
    inflation = discount.inflation
    if valuation is None or valuation.price_basis == discount.rate_basis or inflation is None or inflation <= -1:
        return rate
    return (1 + rate) / (1 + inflation) - 1 if valuation.price_basis == "real" else (1 + rate) * (1 + inflation) - 1


def growth_below_rate(draft: Draft) -> Iterator[Problem]:
    """Rule 7: a perpetuity that grows as fast as it is discounted has no value."""
    discount, tax = draft.sections.get("discount"), draft.sections.get("tax")
    if discount is None or tax is None or discount.terminal_growth is None:
        return
    capital = cost_of_capital(discount, tax, draft.sections.get("valuation"))
    if capital is None:
        return
    kinds = {row.value.kind for row in draft.rows(ASSETS)} or {"data", "model", "infrastructure"}
    rate = capital + min(discount.asset_premium[kind] for kind in kinds)
    if discount.terminal_growth >= rate:
        found = f"terminal growth {100 * discount.terminal_growth:.4g} % >= discount rate {100 * rate:.4g} %"
        yield draft.in_yml(("discount", "terminal_growth"), found, 7, "the value would be infinite; lower the growth")


def correlation_pairs(draft: Draft) -> Iterator[Problem]:
    """Rule 24: a pair is given once, and is a pair."""
    settings = draft.sections.get("monte_carlo")
    seen: set[frozenset[str]] = set()
    for index, item in enumerate(settings.correlations if settings else ()):
        pair = frozenset((item.a, item.b))
        place = ("monte_carlo", "correlations", index)
        if len(pair) == 1 and item.rho < 0:
            yield draft.in_yml(place, f"{quoted(item.a)} with itself has rho {item.rho:g}", 24, "rho must be >= 0")
        if pair in seen:
            yield draft.in_yml(place, f"{quoted(item.a)} with {quoted(item.b)} stands here twice", 24, "keep one")
        seen.add(pair)


class Free(NamedTuple):
    """An uncertain input of the simulation."""

    name: str
    category: str
    asset_id: str
    driver_id: str


def uncertain_inputs(draft: Draft) -> list[Free]:
    """The inputs that a correlation can name, as the value chapter makes them from the client's ranges."""
    found: dict[str, Free] = {}

    def add(name: str, category: str, asset_id: str, driver_id: str, low: float | None, high: float | None) -> None:
        if low is not None and high is not None and low < high:
            found.setdefault(name, Free(name, category, asset_id, driver_id))

    outcomes: dict[str, list[Any]] = {}
    for row in draft.rows(OUTCOMES):
        outcomes.setdefault(row.value.evaluation_id, []).append(row.value)
    for row in draft.rows(BENEFITS):
        item = row.value
        place = (item.asset_id, item.driver_id)
        add(f"{item.asset_id}.{item.driver_id}.volume", "volume", *place, item.volume_low, item.volume_high)
        add(
            f"{item.asset_id}.{item.driver_id}.unit_value",
            "unit_value",
            *place,
            item.unit_value_low,
            item.unit_value_high,
        )
        kind, target = item.metric_link
        if kind == "acceptance":
            add(f"{target}.acceptance", "gain", *place, 0, 1)
        for outcome in outcomes.get(target, ()) if kind == "confusion" else ():
            add(f"{target}.{outcome.outcome}", "outcome_value", *place, outcome.low, outcome.high)
    for row in draft.rows(COSTS):
        item = row.value
        if item.kind == "forecast":
            add(f"{item.asset_id}.{item.phase}.{item.category}", "cost", item.asset_id, "", item.low, item.high)
    return list(found.values())


def correlation_matrix(draft: Draft) -> Iterator[Problem]:
    """Rule 23: the correlations can hold together: no eigenvalue of their matrix is negative.

    Looked at twice: as they are written, name by name, and laid on the inputs of each driver, where a category with
    itself ties all its inputs together.
    """
    settings = draft.sections.get("monte_carlo")
    entries = settings.correlations if settings else ()
    written = {(item.a, item.b): item.rho for item in entries if item.a != item.b}
    laid: dict[tuple[str, str], float] = {}
    inputs = uncertain_inputs(draft)
    for item in entries if len(inputs) <= MOST_INPUTS else ():
        for one in inputs:
            for other in inputs:
                named = item.a in (one.name, one.category) and item.b in (other.name, other.category)
                within = one.asset_id == other.asset_id and (
                    one.driver_id == other.driver_id or "cost" in (one.category, other.category)
                )
                together = within or item.a == item.b or (item.a, item.b) == (one.name, other.name)
                if one.name != other.name and named and together and (other.name, one.name) not in laid:
                    laid[one.name, other.name] = item.rho
    for pairs in (written, laid):
        smallest = _smallest_eigenvalue(pairs)
        if smallest < -1e-9:
            found = f"the correlation matrix is not positive semi-definite (smallest eigenvalue {smallest:.2g})"
            first, second = min(pairs, key=lambda pair: -abs(pairs[pair]))
            remedy = f"change rho({quoted(first)}, {quoted(second)}): these cannot all hold together"
            yield draft.in_yml(("monte_carlo", "correlations"), found, 23, remedy)
            return


def _smallest_eigenvalue(pairs: dict[tuple[str, str], float]) -> float:
    """Of the matrix with ones on the diagonal and these correlations; 1 where there is none, or too many."""
    smallest = 1.0
    for names in connected([{*pair} for pair in pairs]):
        inside = {pair: rho for pair, rho in pairs.items() if pair[0] in names}
        if len(names) == 2:
            smallest = min(smallest, *(1 - abs(rho) for rho in inside.values()))
        elif len(names) <= MOST_INPUTS:
            import numpy as np  # costs a tenth of a second

            places = {name: place for place, name in enumerate(names)}
            matrix = np.eye(len(names))
            for (first, second), rho in inside.items():
                matrix[places[first], places[second]] = matrix[places[second], places[first]] = rho
            smallest = min(smallest, float(np.linalg.eigvalsh(matrix)[0]))
    return smallest


def connected(links: Iterable[set[str]]) -> list[set[str]]:
    """Sets of names that hang together over any number of links.

    >>> [sorted(group) for group in connected([{"a", "b"}, {"c"}, {"b", "d"}])]
    [['c'], ['a', 'b', 'd']]
    """
    groups: list[set[str]] = []
    for link in links:
        touched = [group for group in groups if group & link]
        groups = [group for group in groups if not group & link] + [link.union(*touched)]
    return groups


# --- scorecard


def scorecard_weights(draft: Draft) -> Iterator[Problem]:
    """Rule 32: the weights sum to 1."""
    weights = draft.sections.get("scorecard_weights")
    total = math.fsum(weights.model_dump().values()) if weights else 1.0
    if abs(total - 1) > 1e-6:
        found = f"scorecard weights sum to {total:.6g}"
        yield draft.in_yml(("scorecard_weights",), found, 32, "they must sum to 1 (within 1e-6)")


def comparisons_complete(draft: Draft) -> Iterator[Problem]:
    """Rule 31: every pair of the dimensions that are compared stands there once."""
    given = draft.sections.get("scorecard_comparisons", ())
    seen: dict[frozenset[str], int] = {}
    for index, item in enumerate(given):
        pair = frozenset((item.more, item.less))
        place = ("scorecard_comparisons", index)
        if len(pair) == 1:
            yield draft.in_yml(place, f"{item.more} is compared with itself", 31, "compare two different dimensions")
        elif pair in seen:
            yield draft.in_yml(place, f"{item.more} and {item.less} stand here twice", 31, "keep one comparison")
        seen.setdefault(pair, index)
    names = sorted({name for pair in seen for name in pair})
    lacking = [pair for pair in combinations(names, 2) if frozenset(pair) not in seen]
    if lacking:
        words = ", ".join(f"{first} and {second}" for first, second in lacking)
        found = f"not compared: {words}"
        yield draft.in_yml(("scorecard_comparisons",), found, 31, "compare each pair once, or leave a dimension out")


def consistency_ratio(comparisons: Iterable[Any]) -> float:
    """Saaty's consistency ratio of complete pairwise comparisons; 0 for fewer than 3 dimensions.

    The scorecard's chapter computes it with ``lepton_nb.valuation.scoring.ahp``; a test holds the two together.
    """
    times = {(item.more, item.less): item.times for item in comparisons}
    names = sorted({name for pair in times for name in pair})
    random_index = {3: 0.58, 4: 0.90, 5: 1.12}.get(len(names))
    if random_index is None:
        return 0.0

    def weighs(first: str, second: str) -> float:
        return 1.0 if first == second else times.get((first, second)) or 1 / times[second, first]

    weights = dict.fromkeys(names, 1.0)
    for _ in range(200):  # power iteration; the largest eigenvalue of a positive matrix is apart from the others
        image = {name: math.fsum(weighs(name, other) * weights[other] for other in names) for name in names}
        largest = math.fsum(image.values()) / math.fsum(weights.values())
        total = math.fsum(image.values())
        weights = {name: value / total for name, value in image.items()}
    return (largest - len(names)) / (len(names) - 1) / random_index


# --- money


def nominal_or_real(draft: Draft) -> Iterator[Problem]:
    """Rule 27: rates and prices speak of the same money, or the inflation between them is given."""
    valuation, discount = draft.sections.get("valuation"), draft.sections.get("discount")
    if discount and discount.inflation is not None and discount.inflation <= LOWEST_INFLATION:
        found = f"{discount.inflation:g}: prices fall by half a year or more"
        yield draft.in_yml(("discount", "inflation"), found, 27, "give the yearly change of prices, such as 0.02")
    if not valuation or not discount or valuation.price_basis == discount.rate_basis or discount.inflation is not None:
        return
    found = f"price_basis {valuation.price_basis} with {discount.rate_basis} rates"
    remedy = "give discount.inflation, or change price_basis or discount.rate_basis"
    yield draft.in_yml(("valuation", "price_basis"), found, 27, remedy)


_FAILURE = re.compile(r"fail|technical|success|development|unfinished", re.IGNORECASE)


def failure_once(draft: Draft) -> Iterator[Problem]:
    """Rule 28: a probability of technical success and a premium for failure do not stand side by side."""
    discount = draft.sections.get("discount")
    for index, premium in enumerate(discount.specific_premiums if discount else ()):
        for row in draft.rows(ASSETS) if _FAILURE.search(premium.name) else ():
            asset = row.value
            risky = asset.p_technical_success is not None and asset.p_technical_success < 1
            if risky and premium.asset_id in (None, asset.asset_id):
                found = (
                    f"{asset.asset_id} has p_technical_success {asset.p_technical_success:g} and a specific risk "
                    f"premium named {quoted(premium.name)}"
                )
                remedy = "choose one: the same risk would count twice"
                yield draft.in_yml(("discount", "specific_premiums", index), found, 28, remedy)


def life_within_horizon(draft: Draft) -> Iterator[Problem]:
    """Rule 22: no useful life reaches beyond the horizon, unless the cut is said on purpose."""
    valuation = draft.sections.get("valuation")
    if not valuation or valuation.terminal_treatment or valuation.purpose == "accounting_only":
        return
    end = years_later(valuation.date, valuation.horizon_years)
    for row in draft.rows(ASSETS):
        asset = row.value
        if asset.lifecycle_stage == "retired":
            continue
        start = asset.in_service_date or valuation.date
        last = years_later(start, asset.useful_life_years)
        if last > end:
            found = (
                f"{asset.asset_id}: useful life {asset.useful_life_years:g} years from {start} ends on {last}, "
                f"the horizon of {valuation.horizon_years} years on {end}"
            )
            remedy = "extend horizon_years, or write terminal_treatment: none (what lies after it counts nothing)"
            yield row.problem("useful_life_years", found, 22, remedy)


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
                yield from (row.problem(*finding) for finding in _three_points(prefix, points))
    market = draft.sections.get("market")
    for index, rate in enumerate(market.royalty_rates if market else ()):
        for column, *finding in _three_points("", rate.rate._asdict()):
            yield draft.in_yml(("market", "royalty_rates", index, column), *finding)


def _three_points(prefix: str, points: dict[str, float | None]) -> Iterator[tuple[str, str, int, str]]:
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


def benefits_given(draft: Draft) -> Iterator[Problem]:
    """Rule 1: assets and benefits are given; benefits may be missing for accounting alone."""
    if draft.tables.get(ASSETS) == []:
        yield Problem(file=ASSETS, row=None, column="", found="has no rows", rule=1, remedy="list at least one asset")
    valuation = draft.sections.get("valuation")
    if valuation and valuation.purpose != "accounting_only" and draft.tables.get(BENEFITS) == []:
        remedy = "give the benefits; only purpose accounting_only goes without"
        yield Problem(file=BENEFITS, row=None, column="", found="has no rows", rule=1, remedy=remedy)


def unit_value_or_link(draft: Draft) -> Iterator[Problem]:
    """Rule 2: a benefit has a unit value, or a link to an evaluation that gives it."""
    for row in draft.rows(BENEFITS):
        link = row.value.metric_link
        given = [name for name in ("low", "mode", "high") if row.value[f"unit_value_{name}"] is not None]
        if link.kind == "confusion" and given:
            remedy = "leave it empty (the evaluation gives the unit value), or write metric_link none"
            yield row.problem(f"unit_value_{given[0]}", "is given beside a link to an evaluation", 2, remedy)
        if link.kind != "confusion" and not given:
            remedy = "give the value of one unit, or link the evaluation that measures it (confusion:<evaluation_id>)"
            yield row.problem("unit_value_low", "is empty", 2, remedy)


# --- one figure or three, one column or another


#: Columns of which a row has one figure or three points: file, name, whether one of the two is needed.
ONE_OR_THREE = ((BENEFITS, "attribution", True), (BENEFITS, "adoption", True), (ASSETS, "retrain_cost", False))


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
                yield from (row.problem(*finding) for finding in _three_points(f"{name}_", points))


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


def retraining(draft: Draft) -> Iterator[Problem]:
    """Rule 2: what is trained again has a cost for it, and the other way round."""
    for row in draft.rows(ASSETS):
        cost = any(name.startswith("retrain_cost") for name in row.cells)
        if row.value.retrain_every_months is not None and not cost:
            remedy = "give what one training costs, or three points; 0 if it costs nothing"
            yield row.problem("retrain_cost", "is missing", 2, remedy)
        if row.value.retrain_every_months is None and cost:
            yield row.problem("retrain_every_months", "is missing", 2, "say how often, or leave retrain_cost empty")


def reasons(draft: Draft) -> Iterator[Problem]:
    """Rule 2: what departs from the rule of the economic life has a reason."""
    valuation = draft.sections.get("valuation")
    for key, departure in (("beyond_useful_life", "keep"), ("loss_years", "run")) if valuation else ():
        reason = valuation[f"{key}_reason"]
        if valuation[key] == departure and not reason:
            found = f"is missing beside {key}: {departure}"
            yield draft.in_yml(("valuation", f"{key}_reason"), found, 2, "say why; the report prints it")
        if valuation[key] != departure and reason:
            found = f"is given with {key}: {valuation[key]}"
            yield draft.in_yml(
                ("valuation", f"{key}_reason"), found, 2, f"write {key}: {departure}, or remove the reason"
            )


def options_by_kind(draft: Draft) -> Iterator[Problem]:
    """Rule 42: each option has the keys of its kind, and no others, and brings something."""
    for index, item in enumerate(draft.sections.get("options", ())):
        needed, idle = ("salvage", "scale") if item.kind == "abandon" else ("scale", "salvage")
        if item[idle] is not None:
            why = "what stopping brings is money: write salvage" if idle == "scale" else "only abandon has one"
            yield draft.in_yml(("options", index, idle), f"is given for kind {item.kind}", 42, why)
        if item[needed] is None:
            why = "give the money that stopping brings; 0 if none" if needed == "salvage" else _SCALES[item.kind]
            yield draft.in_yml(("options", index, needed), f"is missing for kind {item.kind}", 42, why)
        elif item.kind == "expand" and item.scale <= 1:
            found = f"{item.scale:g}: nothing is added to today's 1"
            yield draft.in_yml(("options", index, "scale"), found, 42, "2 doubles today's; scale - 1 is what is added")
        elif item.kind in ("defer", "stage") and item.scale > 1:
            yield draft.in_yml(
                ("options", index, "scale"), f"{item.scale:g}: more than the whole", 42, _SCALES[item.kind]
            )


_SCALES = {
    "defer": "give the share of the group's benefits that the investment brings, at most 1",
    "stage": "give the share of the group's benefits that the stage opens, at most 1",
    "expand": "give the size afterwards as a multiple of today's, above 1",
    "switch": "give the benefits afterwards as a multiple of today's",
}


def substitutes(draft: Draft) -> Iterator[Problem]:
    """Rule 2: an offer that would do an asset's work names the asset, and what its price is for."""
    for row in draft.rows(MARKET):
        if row.value.substitute and row.value.asset_id is None:
            yield row.problem("asset_id", "is empty for a substitute", 2, "name the asset whose work it would do")
        if row.value.substitute and not row.value.unit:
            remedy = "write per unit, per thousand, per month or per year, with a price for that"
            yield row.problem("unit", "is empty for a substitute", 2, remedy)


def monitored_shares(draft: Draft) -> Iterator[Problem]:
    """Rule 3: a metric that is a share of cases lies between 0 and 1."""
    for row in draft.rows(MONITORING):
        for column in ("value", "baseline_value"):
            value = row.value[column]
            if row.value.metric.lower() in RATES and value is not None and not 0 <= value <= 1:
                remedy = f"write {value / 100:.10g}" if 1 < value <= 100 else "a fraction between 0 and 1 is needed"
                yield row.problem(column, f"{row.value.metric} {value:g}", 3, f"rates are fractions; {remedy}")


LARGEST_LOGO = 1024 * 1024  # bytes


def logo(draft: Draft) -> Iterator[Problem]:
    """Rule 43: the logo is a picture inside the folder, and not large."""
    branding = draft.sections.get("branding")
    if branding is None or branding.logo is None or draft.source is None:
        return
    place = ("branding", "logo")
    if draft.source.holder != "folder":
        yield draft.in_yml(place, "a workbook holds no logo", 43, "remove the key, or use a folder")
    elif not draft.source.has(branding.logo):
        yield draft.in_yml(place, f"{quoted(branding.logo)} is not there", 43, "put the file into the client's folder")
    else:
        try:
            data = (draft.source.root / branding.logo).read_bytes()[: LARGEST_LOGO + 1]
        except OSError as error:
            yield draft.in_yml(place, f"cannot be opened ({error.strerror})", 43, "check the file's permissions")
            return
        if not data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
            yield draft.in_yml(place, f"{quoted(branding.logo)} is neither PNG nor JPEG", 43, "save it as PNG")
        elif len(data) > LARGEST_LOGO:
            yield draft.in_yml(place, f"{quoted(branding.logo)} has more than 1 MB", 43, "save it smaller")


# --- ids


def unique_ids(draft: Draft) -> Iterator[Problem]:
    """Rule 16: the key of a row comes once."""
    for file, table in TABLES.items():
        if table.key:
            yield from repeated(draft.tables.get(file, ()), table.key)


def known_assets(draft: Draft) -> Iterator[Problem]:
    """Rule 17: an asset that is named anywhere is in assets.csv."""
    known = _asset_ids(draft)
    if not known:
        return
    for file in TABLES:
        for row in draft.tables.get(file, ()):
            name = row.cells.get("asset_id", "")
            if file != ASSETS and name not in known and ASSET_ID.fullmatch(name):
                yield row.problem("asset_id", *_dangling(name, known))
    for row in draft.rows(ASSETS):
        for name in row.value.feeds:
            if name not in known:
                yield row.problem("feeds", *_dangling(name, known))
    for name in draft.predictions:
        if name not in known:
            file = f"metrics/predictions_{name}.csv"
            found, rule, remedy = _dangling(name, known)
            yield Problem(file=file, row=None, column="", found=found, rule=rule, remedy=remedy)
    market, discount = draft.sections.get("market"), draft.sections.get("discount")
    items: dict[tuple, Iterable[Any]] = {
        ("market", "royalty_rates"): market.royalty_rates if market else (),
        ("discount", "specific_premiums"): discount.specific_premiums if discount else (),
    }
    for part in ("options", "cases"):
        items[part,] = draft.sections.get(part, ())
    for index, scenario in enumerate(draft.sections.get("scenarios", ())):
        items["scenarios", index, "assets"] = scenario.assets
    for path, entries in items.items():
        for index, entry in enumerate(entries):
            if entry.asset_id is not None and entry.asset_id not in known:
                yield draft.in_yml((*path, index, "asset_id"), *_dangling(entry.asset_id, known))
    for row in draft.rows(BLOCKS):
        if row.value.model_id and row.value.model_id not in known:
            yield row.problem("model_id", *_dangling(row.value.model_id, known))


def kinds_of_assets(draft: Draft) -> Iterator[Problem]:
    """Rule 17: quality and blocks are those of data; blocks train a model, and a case is a model's."""
    kinds = {row.value.asset_id: row.value.kind for row in draft.rows(ASSETS)}
    for file, column, needed in (
        (QUALITY, "asset_id", "data"),
        (BLOCKS, "asset_id", "data"),
        (BLOCKS, "model_id", "model"),
    ):
        for row in draft.rows(file):
            name = row.value[column]
            if kinds.get(name, needed) != needed:
                found = f"{name} is {kinds[name]}, not {needed}"
                yield row.problem(column, found, 17, f"name an asset of kind {needed}")
    for index, case in enumerate(draft.sections.get("cases", ())):
        if kinds.get(case.asset_id, "model") != "model":
            found = f"{case.asset_id} is {kinds[case.asset_id]}, not model"
            yield draft.in_yml(("cases", index, "asset_id"), found, 17, "name an asset of kind model")


def _asset_ids(draft: Draft) -> set[str]:
    """The ids of the register; empty when one of them is refused, since others may refer to it."""
    ids = {row.cells.get("asset_id", "") for row in draft.tables.get(ASSETS, ())}
    return ids if all(ASSET_ID.fullmatch(name) for name in ids) else set()


def _dangling(name: str, known: set[str]) -> tuple[str, int, str]:
    found = f"asset_id {quoted(name)} is not in assets.csv"
    return found, 17, did_you_mean(name, known) or "add the asset or correct the id"


def known_measurements(draft: Draft) -> Iterator[Problem]:
    """Rule 17: linked evaluations and acceptance tests exist, with a value of each outcome."""
    evaluations, accepted = draft.names(CONFUSION, "evaluation_id"), draft.names(ACCEPTANCE, "asset_id")
    if accepted and not accepted <= _asset_ids(draft):
        accepted = None  # an id in that file is refused already
    linked: dict[str, Row] = {}
    for row in draft.rows(BENEFITS):
        kind, name = row.value.metric_link
        known, file = (evaluations, CONFUSION) if kind == "confusion" else (accepted, ACCEPTANCE)
        if kind == "none" or known is None:
            continue
        if name not in known:
            found = f"{kind} {quoted(name)} is not in {file}"
            yield row.problem("metric_link", found, 17, did_you_mean(name, known) or f"add it to {file}, or write none")
        elif kind == "confusion":
            linked.setdefault(name, row)
    for file in (OUTCOMES, PAIRED):
        for row in draft.tables.get(file, ()):
            name = row.cells.get("evaluation_id")
            if evaluations is not None and name and name not in evaluations:
                found = f"evaluation {quoted(name)} is not in {CONFUSION}"
                yield row.problem("evaluation_id", found, 17, did_you_mean(name, evaluations) or "correct the id")
    if OUTCOMES in draft.unreadable:
        return
    given: dict[str, set[str]] = {name: set() for name in linked}
    for row in draft.tables.get(OUTCOMES, ()):
        given.setdefault(row.cells.get("evaluation_id", ""), set()).add(row.cells.get("outcome", ""))
    for name, outcomes in given.items():
        lacking = [outcome for outcome in CELLS if outcome not in outcomes]
        if not lacking or not outcomes <= {*CELLS} or name not in (evaluations or ()):
            continue  # a misspelt outcome is reported as such
        why = f"row {linked[name].line} of benefits.csv rests on it" if name in linked else "all four are needed"
        found = f"evaluation {quoted(name)} has no value of {', '.join(lacking)} in {OUTCOMES}"
        remedy = f"give low, mode and high of each outcome; {why}"
        row = linked.get(name)
        if row is not None:
            yield row.problem("metric_link", found, 17, remedy)
        else:
            yield Problem(file=OUTCOMES, row=None, column="outcome", found=found, rule=17, remedy=remedy)


def no_cycle(draft: Draft) -> Iterator[Problem]:
    """Rule 18: nothing feeds itself, not even by a detour. Each cycle is reported once."""
    feeds = {row.value.asset_id: row.value.feeds for row in draft.rows(ASSETS)}
    rows = {row.value.asset_id: row for row in draft.rows(ASSETS)}
    finished: set[str] = set()
    for start in feeds:
        path, stack = [start], [iter(feeds[start])]  # depth first, without recursion: registers may be long
        while stack and start not in finished:
            step = next(stack[-1], None)
            if step is None:
                finished.add(path.pop())
                stack.pop()
            elif step in path:
                cycle = " -> ".join([*path[path.index(step) :], step])
                remedy = "remove one of these feeds: value flows one way"
                yield rows[path[-1]].problem("feeds", f"{cycle} is a cycle", 18, remedy)
            elif step in feeds and step not in finished:
                path.append(step)
                stack.append(iter(feeds[step]))


def success_before_deployment(draft: Draft) -> Iterator[Problem]:
    """Rule 2: a probability of technical success belongs to what is still in development."""
    for row in draft.rows(ASSETS):
        asset = row.value
        if asset.p_technical_success is not None and (asset.deployed or asset.lifecycle_stage == "retired"):
            found = f"is given for an asset in stage {asset.lifecycle_stage}"
            yield row.problem("p_technical_success", found, 2, "leave it empty: the asset exists")


# --- evaluations


def evaluation_rows(draft: Draft) -> dict[str, tuple[list[Row], list[Row]]]:
    """Rows of the model and of the baseline by evaluation, refused rows included."""
    groups: dict[str, tuple[list[Row], list[Row]]] = {}
    for row in draft.tables.get(CONFUSION, ()):
        if name := row.cells.get("evaluation_id"):
            groups.setdefault(name, ([], []))["asset_id" not in row.cells].append(row)
    return groups


def model_and_baseline(draft: Draft) -> Iterator[Problem]:
    """Rule 29: one row of the model and one of the baseline."""
    for name, (models, baselines) in evaluation_rows(draft).items():
        first = (models + baselines)[0]
        if not baselines:
            remedy = "add a row without asset_id; the value of a model is the difference to what you did before"
            yield first.problem("asset_id", f"evaluation {quoted(name)}: no baseline row", 29, remedy)
        if not models:
            remedy = "give the asset_id in the model's row; only the baseline's is empty"
            yield first.problem("asset_id", f"evaluation {quoted(name)}: no row of a model", 29, remedy)
        for rows, what in ((models, "models"), (baselines, "baselines")):
            if len(rows) > 1:
                lines = " and ".join(str(row.line) for row in rows)
                found = f"evaluation {quoted(name)}: {len(rows)} {what} (rows {lines})"
                yield rows[1].problem("asset_id", found, 29, "give each comparison its own evaluation_id")


def counts_add_up(draft: Draft) -> Iterator[Problem]:
    """Rule 10: the four cells sum to n; no more answers are accepted than judged."""
    for row in draft.rows(CONFUSION):
        total = counts(row).n
        if total != row.value.n:
            found = f"tp+fp+fn+tn = {total}, n = {row.value.n}"
            yield row.problem("n", found, 10, "correct the count that is wrong")
    for row in draft.rows(ACCEPTANCE):
        if row.value.accepted > row.value.n:
            found = f"accepted_without_edit {row.value.accepted} > n {row.value.n}"
            yield row.problem("accepted_without_edit", found, 10, "correct the count that is wrong")


def classes_agree(draft: Draft) -> Iterator[Problem]:
    """Rule 12: on the same cases both policies meet the same classes. Rule 13: there are positive cases.

    The cases are the same where the baseline's sample says so ("same …", or the model's own words), or
    where paired counts are given.
    """
    for name, model, baseline in _pairs(draft):
        if counts(model).positives == 0:
            found = f"evaluation {quoted(name)}: no positive case (tp + fn = 0)"
            yield model.problem("tp", found, 13, "recall and value of a detection cannot be estimated; add cases")
        if baseline is None or not _same_cases(draft, name, model, baseline):
            continue
        for what, cells in (("positives", ("tp", "fn")), ("negatives", ("fp", "tn"))):
            ours, theirs = (sum(row.value[cell] for cell in cells) for row in (model, baseline))
            if ours != theirs:
                found = (
                    f'evaluation {quoted(name)}: {what} {ours} (model) and {theirs} (baseline) on "same cases" differ'
                )
                yield baseline.problem(cells[0], found, 12, "correct the counts, or describe the other cases in sample")
                break


def _pairs(draft: Draft) -> Iterator[tuple[str, Row, Row | None]]:
    """Evaluations with a sound row of the model, and that of the baseline if it is sound and adds up."""
    for name, (models, baselines) in evaluation_rows(draft).items():
        sound = [row for row in (*models[:1], *baselines[:1]) if row.value and counts(row).n == row.value.n]
        if models and models[0] in sound:
            yield name, models[0], baselines[0] if baselines and baselines[0] in sound else None


def counts(row: Row) -> Counts:
    return Counts(**{cell: row.value[cell] for cell in CELLS})


def evaluation(draft: Draft, name: str, models: list[Row], baselines: list[Row]) -> Evaluation:
    model, baseline = models[0], baselines[0]
    money = [row.value for row in draft.rows(OUTCOMES) if row.value.evaluation_id == name]
    values = {item.outcome: item.value for item in money}
    values |= {f"{item.outcome}_evidence": item.evidence for item in money}
    pairs = sorted(
        (
            (r.value.y_true, r.value.flagged_by_model, r.value.flagged_by_baseline, r.value.count)
            for r in draft.rows(PAIRED)
            if r.value.evaluation_id == name
        ),
        reverse=True,
    )
    return Evaluation(
        evaluation_id=name,
        asset_id=model.value.asset_id,
        evaluated_on=model.value.evaluated_on,
        sample=model.value.sample,
        n=model.value.n,
        model=counts(model),
        baseline=counts(baseline),
        model_policy=model.value.policy,
        baseline_policy=baseline.value.policy,
        paired=tuple(PairedCount(y_true=y, model=m, baseline=b, count=c) for y, m, b, c in pairs) or None,
        outcome_value=OutcomeValue(**values) if values else None,
    )


def _same_cases(draft: Draft, name: str, model: Row, baseline: Row) -> bool:
    sample = baseline.value.sample.lower()
    paired = draft.names(PAIRED, "evaluation_id") or ()
    return sample.startswith("same") or sample == model.value.sample.lower() or name in paired


def paired_margins(draft: Draft) -> Iterator[Problem]:
    """Rule 39: the paired counts have 8 rows, and sum to the confusion matrix of both policies."""
    groups: dict[str, list[Row]] = {}
    for row in draft.tables.get(PAIRED, ()):
        groups.setdefault(row.cells.get("evaluation_id", ""), []).append(row)
    broken = {quoted(name) for name, *_ in _pairs(draft)} & {
        problem.found.split(": ")[0].removeprefix("evaluation ") for problem in classes_agree(draft)
    }
    for name, model, baseline in _pairs(draft):
        rows = groups.get(name, [])
        if not rows or any(row.value is None for row in rows):
            continue
        cells = {(row.value.y_true, row.value.flagged_by_model, row.value.flagged_by_baseline) for row in rows}
        if len(cells) != 8:
            found = f"evaluation {quoted(name)}: {len(cells)} of the 8 combinations"
            yield rows[0].problem("evaluation_id", found, 39, "give all 8 rows, those with count 0 too")
            continue
        if baseline is None or quoted(name) in broken or len(rows) > 8:
            continue
        for policy, side in ((model, "model"), (baseline, "baseline")):
            for cell, y_true, flagged in (("tp", 1, 1), ("fp", 0, 1), ("fn", 1, 0), ("tn", 0, 0)):
                alike = [r.value for r in rows if (r.value.y_true, r.value[f"flagged_by_{side}"]) == (y_true, flagged)]
                total = sum(item.count for item in alike)
                if total != policy.value[cell]:
                    found = f"{side} {cell} from pairs {total}, {CONFUSION} says {policy.value[cell]}"
                    yield rows[0].problem("count", found, 39, f"correct one of the two (evaluation {quoted(name)})")


# --- use and data


def percentiles(draft: Draft) -> Iterator[Problem]:
    """Rule 38: the 95th percentile of an answer's time is not below the median."""
    for row in draft.rows(USAGE):
        if row.value.p95_ms < row.value.p50_ms:
            found = f"p95 {row.value.p95_ms:g} ms < p50 {row.value.p50_ms:g} ms"
            yield row.problem("p95_ms", found, 38, "the 95th percentile is at least the median; are they swapped?")


def block_rows(draft: Draft) -> dict[tuple[str, str | None, str], list[Row]]:
    groups: dict[tuple[str, str | None, str], list[Row]] = {}
    for row in draft.rows(BLOCKS):
        groups.setdefault((row.value.asset_id, row.value.model_id, row.value.metric), []).append(row)
    return groups


def blocks_with_their_whole(draft: Draft) -> Iterator[Problem]:
    """Rule 40: all blocks together are given, on one set of test cases. Rule 16: each set of blocks once."""
    sound = all(row.value is not None for row in draft.tables.get(BLOCKS, ()))
    for (asset, _, metric), rows in block_rows(draft).items():
        seen: dict[tuple[str, ...], Row] = {}
        for row in rows:
            blocks = row.value.blocks
            if blocks in seen:
                found = f"{asset}, {metric}: the same blocks in rows {seen[blocks].line} and {row.line}"
                yield row.problem("blocks", found, 16, "keep one of them")
            seen.setdefault(blocks, row)
            if row.value.n != rows[0].value.n:
                found = f"n = {row.value.n}, row {rows[0].line} has {rows[0].value.n}"
                yield row.problem("n", found, 40, "measure every combination on the same test cases")
        names = sorted({name for blocks in seen for name in blocks})
        if sound and tuple(names) not in seen:
            found = f"{asset}, {metric}: no row with all blocks ({quoted(';'.join(names))})"
            yield rows[0].problem("blocks", found, 40, "add what is reached with all of them")


def one_case_a_model(draft: Draft) -> Iterator[Problem]:
    """Rule 16: a model has one case."""
    seen = set()
    for index, case in enumerate(draft.sections.get("cases", ())):
        if case.asset_id in seen:
            found = f"asset_id {quoted(case.asset_id)} stands here twice"
            yield draft.in_yml(("cases", index, "asset_id"), found, 16, "keep one case a model")
        seen.add(case.asset_id)


#: Rules that refuse the folder. A new rule is a function above and a name here.
CHECKS = (
    scenarios,
    discount_parts,
    growth_below_rate,
    correlation_pairs,
    correlation_matrix,
    scorecard_weights,
    comparisons_complete,
    nominal_or_real,
    failure_once,
    life_within_horizon,
    attributed_once,
    one_currency,
    in_order,
    actual_or_forecast,
    past_actuals,
    benefits_given,
    unit_value_or_link,
    unique_ids,
    known_assets,
    kinds_of_assets,
    known_measurements,
    no_cycle,
    success_before_deployment,
    model_and_baseline,
    counts_add_up,
    classes_agree,
    paired_margins,
    percentiles,
    blocks_with_their_whole,
    one_case_a_model,
    one_figure_or_three,
    date_or_year,
    retraining,
    reasons,
    options_by_kind,
    substitutes,
    monitored_shares,
    logo,
)
