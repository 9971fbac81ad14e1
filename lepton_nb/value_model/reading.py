"""How a client's figures are read: dates, ranges, dated lines, what is left out and why."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from lepton_nb.client import ThreePoint
from lepton_nb.valuation import cashflows
from lepton_nb.value_model import ledger

#: How the figures are read. Each rule has a test; the value chapter prints them all.
RULES = {
    "Valuation date": "Actual costs are sunk: they are shown and never enter the forward value, but for the tax that their "
    "amortisation still saves (rule Tax). Forecast costs dated on "
    "or after the valuation date count in full at their date; forecasts before it are left out and listed.",
    "Years": "A benefit year holds the figure of a whole calendar year. Of the year of the valuation date only the days "
    "after it count (ACT/365F: 184/365 for 30 June); a whole year counts 1. The horizon's last year is cut in the same "
    "way. What lies after the horizon is left out and listed; nothing is extrapolated.",
    "Timing": "mid_year: a period's benefits and tax fall on the middle of that period, which may be short; end: on its "
    "last day. Costs fall on their own dates.",
    "One benefit": "volume × unit value × attribution × adoption. metric_link confusion: the unit value is the measured "
    "gain per case of the model over its baseline. metric_link acceptance: unit value × the measured share accepted.",
    "Decay": "A benefit is multiplied by 2^(−t / half-life) of the asset that earns it, t in years to the middle of the "
    "period from the date of the evaluation; without an evaluation, from the valuation date or the start of the first "
    "year in use (adoption above 0), whichever is later. Without a half-life nothing decays.",
    "Tax": "Tax is charged each calendar year on benefits less running costs and amortisation. Running costs are what is "
    "expensed at once: research, operation, decommissioning, and development of an asset already in use. Amortisation is "
    "that of the books: what was capitalised before the valuation date and is planned to be, in a straight line over the "
    "useful life from the month of use (not yet in use: from January of the first year with a benefit, or from the "
    "month of the last development planned in that year). It is taken to count for tax as it does in the books. The "
    "amortisation of an asset that may still fail counts times its chance: a failure leaves no profit to set it against. "
    "A loss is carried forward within its group and not set against other profits of the company.",
    "Technical success": "p_technical_success multiplies what comes after success (benefits, operation, decommission) "
    "and not the research and development up to it. In the simulation success is drawn: it happens in that share of "
    "the draws.",
    "Joint benefits": "Assets connected by feeds form a group. A benefit counts only where the asset that earns it and "
    "all that feed it are present. An asset's value is its Shapley share of the group's value after tax; the group is "
    "the sum of its shares, and nothing is counted twice.",
    "Discount rate": "One rate a group: the weighted average cost of capital plus the highest premium of an asset in "
    "the group (of its kind, and its specific ones), because joint flows are not safer than their riskiest part.",
    "Evidence": "A grade widens a row's range around its most likely value and never moves it; a range does not cross "
    "zero. The measured gain of a row is widened by the same factor.",
    "Uncertainty": "Low, most likely and high are a triangular distribution. A level is uncertain, not each year anew: "
    "one draw per driver and quantity, and per asset and kind of cost, serves all years. A test set's counts are drawn "
    "from the Dirichlet distribution of counts + ½ (pairs where given, else both margins independently), an acceptance "
    "share from the Beta distribution of its counts + ½.",
    "Scenarios": "A scenario multiplies benefits and costs, everything else at its most likely value. Scenarios stand "
    "beside the simulation and do not enter it.",
    "Legal limits": "An asset in the class prohibited by the EU AI Act has no going-concern value: it and every benefit "
    "that needs it are left out. Where legal control is unclear the value is shown as not recognisable.",
}

DAYS = 365.0
AFTER_SUCCESS = frozenset({"operation", "decommission"})
#: Jeffreys prior added to every count of a test set.
PRIOR = 0.5


# --- time ------------------------------------------------------------------------------------------------


def years_between(start: date, end: date) -> float:
    """Years of 365 days from ``start`` to ``end`` (ACT/365F).

    >>> years_between(date(2026, 6, 30), date(2026, 12, 31)) * 365
    184.0
    """
    return (end - start).days / DAYS


@dataclass(frozen=True)
class Period:
    """The part of a calendar year that counts: after ``start``, up to and with ``end``.

    share: of the year's figure; time: when its benefits and tax are discounted; middle: for decay (years).
    """

    year: int
    start: date
    end: date
    share: float
    time: float
    middle: float

    @property
    def day(self) -> date:
        """The day of the flow, for display (a middle at noon shows the day before)."""
        return self.start + timedelta(
            days=math.floor((self.end - self.start).days * (0.5 if self.time < self.last else 1))
        )

    @property
    def last(self) -> float:
        return self.middle + (self.end - self.start).days / 2 / DAYS


def periods(valuation_date: date, horizon_years: int, timing: str) -> tuple[Period, ...]:
    """Calendar years cut by the valuation date and the horizon (rules Years and Timing).

    >>> [round(p.share * 365) for p in periods(date(2026, 6, 30), 1, "mid_year")]
    [184, 181]
    """
    horizon = horizon_end(valuation_date, horizon_years)
    found = []
    for year in range(valuation_date.year, horizon.year + 1):
        start, end = max(valuation_date, date(year - 1, 12, 31)), min(horizon, date(year, 12, 31))
        days = (end - start).days
        if days == 0:
            continue
        whole = days >= DAYS  # 366 days of a leap year are one year's figure too
        middle = years_between(valuation_date, start) + days / 2 / DAYS
        time = middle if timing == "mid_year" else years_between(valuation_date, end)
        found.append(Period(year, start, end, 1.0 if whole else days / DAYS, time, middle))
    return tuple(found)


def horizon_end(start: date, horizon_years: int) -> date:
    try:
        return start.replace(year=start.year + horizon_years)
    except ValueError:  # 29 February
        return date(start.year + horizon_years, 2, 28)


# --- figures ---------------------------------------------------------------------------------------------


def widened(three: ThreePoint, factor: float) -> ThreePoint:
    """The range around the most likely value times ``factor``; a range does not cross zero (rule Evidence).

    >>> widened(ThreePoint(2, 5, 6), 2)
    ThreePoint(low=0.0, mode=5, high=7)
    """
    low = three.low - (factor - 1) * (three.mode - three.low)
    high = three.high + (factor - 1) * (three.high - three.mode)
    if three.low >= 0:
        low = max(low, 0.0)
    if three.high <= 0:
        high = min(high, 0.0)
    return ThreePoint(low, three.mode, high)


def decay_factor(years: float, half_life: float | None) -> float:
    """2^(−years / half_life); 1 without a half-life or before the decay begins (rule Decay).

    >>> decay_factor(3.5, 3.5), decay_factor(2, None)
    (0.5, 1.0)
    """
    return 1.0 if half_life is None else 2.0 ** (-max(years, 0.0) / half_life)


@dataclass(frozen=True)
class Input:
    """One uncertain figure. category: volume, unit_value, outcome_value, cost, gain or success."""

    name: str
    category: str
    label: str
    asset_id: str
    driver_id: str = ""
    range: ThreePoint | None = None  # as used, after widening; None for counts of a test set
    unit: str = ""
    grade: str = ""
    by_year: bool = False  # the range differs from year to year; ``range`` is that of the last


@dataclass(frozen=True)
class BenefitLine:
    """One driver in one period: money = volume × unit value × weight × decay × chance of success."""

    asset_id: str
    driver_id: str
    benefit_type: str
    period: int  # position in Plan.periods
    volume: ThreePoint
    unit: str
    unit_value: ThreePoint | None
    link: str  # none, confusion, acceptance
    link_id: str
    widening: float
    weight: float  # attribution × adoption × share of the year
    age: float  # years from the start of decay to the middle of the period


@dataclass(frozen=True)
class CostLine:
    """One forecast cost at its date.

    written_off: share of the amount that amortisation charges in each period; None where it is expensed at once.
    """

    asset_id: str
    date: date
    time: float
    period: int
    phase: str
    category: str
    amount: ThreePoint
    written_off: tuple[float, ...] | None


@dataclass(frozen=True)
class LeftOut:
    """A row of the client that does not enter the value, and why."""

    asset_id: str
    what: str
    when: str
    reason: str
    amount: float | None = None  # most likely cost; None for a benefit


@dataclass(frozen=True)
class Group:
    """Assets that feed each other, in the order of the client's list, and their discount rate."""

    name: str
    assets: tuple[str, ...]
    rate: float
    premium: float
    premium_of: str


@dataclass(frozen=True)
class Plan:
    """A client's figures laid on dated lines. Everything that :func:`evaluate` needs."""

    client: Any
    currency: str
    date: date
    horizon: date
    periods: tuple[Period, ...]
    wacc: float
    tax_rate: float
    groups: tuple[Group, ...]
    needs: Mapping[str, frozenset[str]]  # an asset and all that feed it, directly or not
    benefits: tuple[BenefitLine, ...]
    costs: tuple[CostLine, ...]
    capitalised: Mapping[str, float]  # by asset: what stood in the books at cost before the valuation date
    written_off: Mapping[str, tuple[float, ...]]  # by asset: share of that which is charged in each period
    inputs: Mapping[str, Input]
    correlations: Mapping[tuple[str, str], float]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    def asset(self, asset_id: str):
        return next(asset for asset in self.client.assets if asset.asset_id == asset_id)

    def evaluation(self, evaluation_id: str):
        return next(item for item in self.client.evaluations if item.evaluation_id == evaluation_id)

    def accepted(self, asset_id: str):
        return next(item for item in self.client.acceptance if item.asset_id == asset_id)

    def group(self, asset_id: str) -> Group | None:
        """The group of an asset; None for an asset that is not valued."""
        return next((group for group in self.groups if asset_id in group.assets), None)


def without_amortisation(plan: Plan) -> Plan:
    """The same plan with nothing written off for tax: what a buyer, who does not take over the books, looks at."""
    nothing = (0.0,) * len(plan.periods)
    return replace(
        plan,
        written_off=dict.fromkeys(plan.written_off, nothing),
        costs=tuple(replace(line, written_off=line.written_off and nothing) for line in plan.costs),
    )


def discount_rate(client) -> float:
    """The client's weighted average cost of capital: given, or built up from its parts; in the prices of the figures.

    Where the rates hold inflation and the prices do not, or the other way round, it is converted (Fisher).
    """
    discount, prices = client.discount, client.valuation.price_basis
    if discount.method == "given":
        found = discount.wacc
    else:
        found = _built_up(client)
    if prices == discount.rate_basis:
        return found
    if prices == "real":
        return cashflows.real_rate(found, discount.inflation)
    return (1 + found) * (1 + discount.inflation) - 1


def _built_up(client) -> float:
    discount = client.discount
    return cashflows.wacc_build_up(
        risk_free=discount.risk_free,
        equity_risk_premium=discount.equity_risk_premium,
        unlevered_beta=discount.beta_unlevered,
        debt_to_equity=discount.debt_to_equity,
        tax=client.tax.rate,
        pre_tax_cost_of_debt=discount.pre_tax_cost_of_debt,
        size_premium=discount.size_premium,
    ).wacc


def plan(client) -> Plan:
    """Lay the client's figures on dated lines by :data:`RULES`."""
    when = client.valuation
    spans = periods(when.date, when.horizon_years, when.timing)
    horizon = spans[-1].end
    wacc = discount_rate(client)
    valued = [asset for asset in client.assets if asset.eu_ai_act_class != "prohibited"]
    needs = needs_of(client.assets)
    allowed = {asset.asset_id for asset in valued}
    left_out: list[LeftOut] = []
    benefits = tuple(_benefit_lines(client, spans, allowed, needs, left_out))
    costs = tuple(_cost_lines(client, spans, allowed, left_out))
    inputs: dict[str, Input] = {}
    for item in _inputs(client, benefits, costs, allowed):
        before = inputs.get(item.name, item)
        inputs[item.name] = replace(item, by_year=before.by_year or before.range != item.range)
    correlations, notes = _correlations(client, inputs)
    return Plan(
        client=client,
        currency=when.currency,
        date=when.date,
        horizon=horizon,
        periods=spans,
        wacc=wacc,
        tax_rate=client.tax.rate,
        groups=tuple(_groups(valued, client.discount, wacc)),
        needs=needs,
        benefits=benefits,
        costs=costs,
        capitalised={name: book.capitalised for name, book in ledger.books(client).items()},
        written_off={
            asset.asset_id: ledger.written_off(ledger.first_use(client, asset), asset.useful_life_years, spans)
            for asset in client.assets
        },
        inputs=inputs,
        correlations=correlations,
        left_out=tuple(left_out),
        notes=tuple(notes + _notes(client, benefits, spans)),
    )


def needs_of(assets) -> dict[str, frozenset[str]]:
    """Each asset with all that feed it, over any number of steps (feeds has no circles: rule 18 of the client)."""
    feeders = {
        asset.asset_id: {other.asset_id for other in assets if asset.asset_id in other.feeds} for asset in assets
    }

    def closure(asset_id: str) -> frozenset[str]:
        return frozenset({asset_id}).union(*(closure(feeder) for feeder in feeders[asset_id]))

    return {asset_id: closure(asset_id) for asset_id in feeders}


def _groups(assets, discount, wacc: float) -> Iterable[Group]:
    """Connected assets, found by joining the sets of both ends of every feeds."""
    ids = {asset.asset_id for asset in assets}
    member = {asset_id: {asset_id} for asset_id in ids}
    for asset in assets:
        for target in ids.intersection(asset.feeds):
            joined = member[asset.asset_id] | member[target]
            member.update(dict.fromkeys(joined, joined))
    seen: set[str] = set()
    for asset in assets:
        if asset.asset_id in seen:
            continue
        members = [other for other in assets if other.asset_id in member[asset.asset_id]]
        seen.update(other.asset_id for other in members)
        premium = {
            other: getattr(discount.asset_premium, other.kind) + discount.specific_premium(other.asset_id)
            for other in members
        }
        highest = max(members, key=premium.__getitem__)
        names = tuple(other.asset_id for other in members)
        extra = premium[highest]
        yield Group(" + ".join(names), names, wacc + extra, extra, highest.kind)


def _benefit_lines(client, spans, allowed, needs, left_out) -> Iterable[BenefitLine]:
    position = {span.year: index for index, span in enumerate(spans)}
    evaluated = {item.evaluation_id: item.evaluated_on for item in client.evaluations}
    accepted = {item.asset_id: item.evaluated_on for item in client.acceptance}
    in_use: dict[tuple[str, str], int] = {}  # first year with adoption above 0
    for row in client.benefits:
        if row.adoption.mode > 0:
            key = (row.asset_id, row.driver_id)
            in_use[key] = min(row.year, in_use.get(key, row.year))
    for row in client.benefits:
        missing = needs[row.asset_id] - allowed
        if missing:
            reason = f"needs {', '.join(sorted(missing))}: prohibited by the EU AI Act, no going-concern value"
        elif row.year < spans[0].year:
            reason = "year before the valuation date"
        elif row.year not in position:
            reason = "year outside the horizon"
        else:
            reason = ""
        if reason:
            left_out.append(LeftOut(row.asset_id, f"benefit {row.driver_id}", str(row.year), reason))
            continue
        span = spans[position[row.year]]
        link, link_id = row.metric_link.kind, row.metric_link.id
        begin = {"confusion": evaluated, "acceptance": accepted}.get(link, {}).get(link_id)
        if begin is None:
            first = date(in_use.get((row.asset_id, row.driver_id), row.year) - 1, 12, 31)
            begin = max(first, client.valuation.date)
        age = span.middle - years_between(client.valuation.date, begin)
        factor = getattr(client.evidence_widening, row.evidence)
        yield BenefitLine(
            row.asset_id, row.driver_id, row.benefit_type, position[row.year],
            widened(row.volume, factor), row.unit, row.unit_value and widened(row.unit_value, factor),
            link, link_id or "", factor, row.attribution.mode * row.adoption.mode * span.share, age,
        )  # fmt: skip


def _cost_lines(client, spans, allowed, left_out) -> Iterable[CostLine]:
    start, horizon = client.valuation.date, spans[-1].end
    for row in client.costs:
        if row.kind == "actual":
            continue
        if row.asset_id not in allowed:
            reason = "asset prohibited by the EU AI Act: no going-concern value"
        elif row.date < start:
            reason = "forecast dated before the valuation date"
        elif row.date > horizon:
            reason = f"after the horizon, which ends on {horizon}"
        else:
            index = next(i for i, span in enumerate(spans) if row.date <= span.end)
            asset = next(asset for asset in client.assets if asset.asset_id == row.asset_id)
            begin = ledger.first_use(client, asset)
            charged = ledger.planned_write_off(row, begin, asset.useful_life_years, spans)
            time = years_between(start, row.date)
            yield CostLine(row.asset_id, row.date, time, index, row.phase, row.category, row.amount, charged)
            continue
        left_out.append(
            LeftOut(row.asset_id, f"{row.phase} cost {row.category}", str(row.date), reason, row.amount.mode)
        )


def _inputs(client, benefits, costs, allowed) -> Iterable[Input]:
    """Every figure that can be otherwise: a range, the counts of a test set, a chance of success."""
    grade = {(row.asset_id, row.driver_id): row.evidence for row in client.benefits}
    for line in benefits:
        key = (line.asset_id, line.driver_id)
        where = {"asset_id": key[0], "driver_id": key[1], "grade": grade[key]}
        driver = line.driver_id.replace("_", " ")
        if line.volume.low < line.volume.high:
            yield Input(
                volume_name(line),
                "volume",
                f"volume: {driver} ({line.asset_id})",
                range=line.volume,
                unit=line.unit,
                **where,
            )
        if line.unit_value is not None and line.unit_value.low < line.unit_value.high:
            unit = f"{client.valuation.currency} per unit"
            yield Input(
                unit_value_name(line),
                "unit_value",
                f"unit value: {driver} ({line.asset_id})",
                range=line.unit_value,
                unit=unit,
                **where,
            )
        if line.link == "acceptance":
            yield Input(f"{line.link_id}.acceptance", "gain", f"share accepted: {line.link_id}", unit="share", **where)
        if line.link == "confusion":
            evaluation = next(item for item in client.evaluations if item.evaluation_id == line.link_id)
            name = line.link_id.replace("_", " ")
            for outcome, value in outcome_ranges(evaluation).items():
                if value.low < value.high:
                    words = f"money per {OUTCOMES[outcome]}: {name}"
                    yield Input(f"{line.link_id}.{outcome}", "outcome_value", words, range=value,
                                unit=client.valuation.currency, **where)  # fmt: skip
            for sample in sample_counts(evaluation):
                yield Input(f"{line.link_id}.{sample}", "gain", f"test set: {name}", **where)
    for line in costs:
        if line.amount.low < line.amount.high:
            words = f"{line.phase} cost of {line.asset_id}: {line.category.replace('_', ' ')}"
            yield Input(
                cost_name(line), "cost", words, line.asset_id, range=line.amount, unit=client.valuation.currency
            )
    for asset in client.assets:
        if asset.p_technical_success is not None and 0 < asset.p_technical_success < 1 and asset.asset_id in allowed:
            yield Input(
                f"{asset.asset_id}.success", "success", f"technical success of {asset.asset_id}", asset.asset_id
            )


OUTCOMES = {"tp": "true positive", "fp": "false positive", "fn": "false negative", "tn": "true negative"}


def volume_name(line: BenefitLine) -> str:
    return f"{line.asset_id}.{line.driver_id}.volume"


def unit_value_name(line: BenefitLine) -> str:
    return f"{line.asset_id}.{line.driver_id}.unit_value"


def cost_name(line: CostLine) -> str:
    return f"{line.asset_id}.{line.phase}.{line.category}"


def outcome_ranges(evaluation) -> dict[str, ThreePoint]:
    return {outcome: getattr(evaluation.outcome_value, outcome) for outcome in OUTCOMES}


def sample_counts(evaluation) -> dict[str, tuple[int, ...]]:
    """The counted cells of a test set: its eight pairs where given, else the four of each margin."""
    if evaluation.paired:
        return {"pairs": tuple(cell.count for cell in evaluation.paired)}
    return {
        policy: tuple(getattr(counts, outcome) for outcome in OUTCOMES)
        for policy, counts in (("model", evaluation.model), ("baseline", evaluation.baseline))
    }


def _correlations(client, inputs: Mapping[str, Input]) -> tuple[dict[tuple[str, str], float], list[str]]:
    """The client's correlations on pairs of inputs, and a sentence for each that finds none.

    A name is a category (volume, unit_value, outcome_value, cost, gain) or the full name of an input. Two
    categories are paired within a driver, a cost with the drivers of its asset; one category with itself
    pairs all its inputs. The counts of a test set are not correlated: sampling knows nothing of money.
    """
    free = {name: item for name, item in inputs.items() if item.range is not None or name.endswith(".acceptance")}
    pairs: dict[tuple[str, str], float] = {}
    notes = []
    for entry in client.monte_carlo.correlations:
        found = 0
        for first, one in free.items():
            for second, other in free.items():
                named = entry.a in (first, one.category) and entry.b in (second, other.category)
                exact = entry.a == first and entry.b == second
                within = one.asset_id == other.asset_id and (
                    one.driver_id == other.driver_id or "cost" in (one.category, other.category)
                )
                together = exact or within or entry.a == entry.b
                if first != second and named and together and (second, first) not in pairs:
                    pairs[first, second] = entry.rho
                    found += 1
        if not found:
            known = {*free, *(item.category for item in free.values())}
            unknown = [name for name in (entry.a, entry.b) if name not in known]
            why = "no pair of such figures belongs to one driver"
            if unknown:
                why = f"no figure named {' or '.join(unknown)} can be correlated here"
            notes.append(f"Correlation {entry.a} with {entry.b} ({entry.rho:g}) is not applied: {why}.")
    return pairs, notes


def _notes(client, benefits, spans) -> list[str]:
    notes = []
    if client.discount.terminal_growth is not None:
        notes.append("A terminal growth is given; nothing after the horizon is valued here, so it is not used.")
    covered = {line.period for line in benefits}
    for index, span in enumerate(spans):
        if benefits and index not in covered:
            days = (span.end - span.start).days
            notes.append(
                f"No benefit is given for {span.year}, of which {days} days lie inside the horizon: none is assumed."
            )
    for evaluation in client.evaluations:
        if not evaluation.paired and evaluation.evaluation_id in {line.link_id for line in benefits}:
            notes.append(
                f"Evaluation {evaluation.evaluation_id} has no paired counts: model and baseline are drawn "
                "independently, which makes the interval wider than the same cases would allow."
            )
    return notes
