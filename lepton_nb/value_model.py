"""From a client's figures to dated money: the rules by which they are read, and nothing else.

:data:`RULES` says in words what the functions below do; the value chapter prints it. A formula that is not
a rule of reading (net present value, rates of return, paired gain, Shapley shares, simulation) is in
:mod:`lepton_nb.valuation`.

The way of a figure: ``plan(client)`` lays benefits and costs on dated lines and names every uncertain
figure; ``evaluate(plan, world)`` turns the lines into money, all uncertain figures at their most likely
value unless the world says otherwise; ``simulate``, ``tornado`` and ``scenarios`` are many worlds.

Units: money in the client's currency, positive = to the owner; rates and shares are fractions; times are
years of 365 days (ACT/365F) from the valuation date.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import betaincinv

from lepton_nb.client import ThreePoint
from lepton_nb.valuation import cashflows, performance, uncertainty

#: How the figures are read. Each rule has a test; the value chapter prints them all.
RULES = {
    "Valuation date": "Actual costs are sunk: they are shown and never enter the forward value. Forecast costs dated on "
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
    "Tax": "Tax is charged each calendar year on benefits less running costs (research, operation, decommission). "
    "Development is not deducted: its amortisation belongs to the accounting page and is not in this number. A loss is "
    "carried forward within its group and not set against other profits of the company.",
    "Technical success": "p_technical_success multiplies what comes after success (benefits, operation, decommission) "
    "and not the research and development up to it. In the simulation success is drawn: it happens in that share of "
    "the draws.",
    "Joint benefits": "Assets connected by feeds form a group. A benefit counts only where the asset that earns it and "
    "all that feed it are present. An asset's value is its Shapley share of the group's value after tax; the group is "
    "the sum of its shares, and nothing is counted twice.",
    "Discount rate": "One rate a group: the weighted average cost of capital plus the highest asset premium in the "
    "group, because joint flows are not safer than their riskiest part.",
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
DEDUCTIBLE = frozenset({"research", "operation", "decommission"})
AFTER_SUCCESS = frozenset({"operation", "decommission"})
#: Jeffreys prior added to every count of a test set.
PRIOR = 0.5
#: What a useless model reaches; a half-life is measured on the margin above it.
FLOORS = {"auc": 0.5, "auroc": 0.5, "roc_auc": 0.5}
HIGHER_IS_BETTER = frozenset({*FLOORS, "recall", "precision", "f1", "accuracy", "specificity", "sensitivity", "bleu"})
#: With so few baseline cases or fewer the interval is shown and the conclusion withheld (rule 30 of the client).
SMALLEST_BASELINE = 40
#: Percentiles that every simulated value is reported at.
PERCENTILES = (0.05, 0.5, 0.95)

Money = float | np.ndarray


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
    horizon = _horizon(valuation_date, horizon_years)
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


def _horizon(start: date, horizon_years: int) -> date:
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
    """One forecast cost at its date."""

    asset_id: str
    date: date
    time: float
    period: int
    phase: str
    category: str
    amount: ThreePoint


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
    inputs: Mapping[str, Input]
    correlations: Mapping[tuple[str, str], float]
    left_out: tuple[dict[str, Any], ...]
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


def discount_rate(client) -> float:
    """The client's weighted average cost of capital: given, or built up from its parts."""
    discount = client.discount
    if discount.method == "given":
        return discount.wacc
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
    needs = _needs(client.assets)
    allowed = {asset.asset_id for asset in valued}
    left_out: list[dict[str, Any]] = []
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
        groups=tuple(_groups(valued, client.discount.asset_premium, wacc)),
        needs=needs,
        benefits=benefits,
        costs=costs,
        inputs=inputs,
        correlations=correlations,
        left_out=tuple(left_out),
        notes=tuple(notes + _notes(client, benefits, spans)),
    )


def _needs(assets) -> dict[str, frozenset[str]]:
    """Each asset with all that feed it, over any number of steps (feeds has no circles: rule 18 of the client)."""
    feeders = {
        asset.asset_id: {other.asset_id for other in assets if asset.asset_id in other.feeds} for asset in assets
    }

    def closure(asset_id: str) -> frozenset[str]:
        return frozenset({asset_id}).union(*(closure(feeder) for feeder in feeders[asset_id]))

    return {asset_id: closure(asset_id) for asset_id in feeders}


def _groups(assets, premium, wacc: float) -> Iterable[Group]:
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
        highest = max(members, key=lambda other: getattr(premium, other.kind))
        names = tuple(other.asset_id for other in members)
        extra = getattr(premium, highest.kind)
        yield Group(" + ".join(names), names, wacc + extra, extra, highest.kind)


def _benefit_lines(client, spans, allowed, needs, left_out) -> Iterable[BenefitLine]:
    position = {span.year: index for index, span in enumerate(spans)}
    evaluated = {item.evaluation_id: item.evaluated_on for item in client.evaluations}
    accepted = {item.asset_id: item.evaluated_on for item in client.acceptance}
    in_use: dict[tuple[str, str], int] = {}  # first year with adoption above 0
    for row in client.benefits:
        if row.adoption > 0:
            key = (row.asset_id, row.driver_id)
            in_use[key] = min(row.year, in_use.get(key, row.year))
    for row in client.benefits:
        what = f"benefit {row.driver_id}, year {row.year}"
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
            left_out.append({"asset_id": row.asset_id, "what": what, "reason": reason, "amount": None})
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
            link, link_id or "", factor, row.attribution * row.adoption * span.share, age,
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
            yield CostLine(
                row.asset_id, row.date, years_between(start, row.date), index, row.phase, row.category, row.amount
            )
            continue
        what = f"{row.phase} cost {row.category}, {row.date}"
        left_out.append({"asset_id": row.asset_id, "what": what, "reason": reason, "amount": row.amount.mode})


def _inputs(client, benefits, costs, allowed) -> Iterable[Input]:
    """Every figure that can be otherwise: a range, the counts of a test set, a chance of success."""
    grade = {(row.asset_id, row.driver_id): row.evidence for row in client.benefits}
    for line in benefits:
        key = (line.asset_id, line.driver_id)
        where = {"asset_id": key[0], "driver_id": key[1], "grade": grade[key]}
        driver = line.driver_id.replace("_", " ")
        if line.volume.low < line.volume.high:
            yield Input(
                _volume(line),
                "volume",
                f"volume: {driver} ({line.asset_id})",
                range=line.volume,
                unit=line.unit,
                **where,
            )
        if line.unit_value is not None and line.unit_value.low < line.unit_value.high:
            unit = f"{client.valuation.currency} per unit"
            yield Input(
                _unit_value(line),
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
            for outcome, value in _outcomes(evaluation).items():
                if value.low < value.high:
                    words = f"money per {OUTCOMES[outcome]}: {name}"
                    yield Input(f"{line.link_id}.{outcome}", "outcome_value", words, range=value,
                                unit=client.valuation.currency, **where)  # fmt: skip
            for sample in _samples(evaluation):
                yield Input(f"{line.link_id}.{sample}", "gain", f"test set: {name}", **where)
    for line in costs:
        if line.amount.low < line.amount.high:
            words = f"{line.phase} cost of {line.asset_id}: {line.category.replace('_', ' ')}"
            yield Input(_cost(line), "cost", words, line.asset_id, range=line.amount, unit=client.valuation.currency)
    for asset in client.assets:
        if asset.p_technical_success is not None and 0 < asset.p_technical_success < 1 and asset.asset_id in allowed:
            yield Input(
                f"{asset.asset_id}.success", "success", f"technical success of {asset.asset_id}", asset.asset_id
            )


OUTCOMES = {"tp": "true positive", "fp": "false positive", "fn": "false negative", "tn": "true negative"}


def _volume(line: BenefitLine) -> str:
    return f"{line.asset_id}.{line.driver_id}.volume"


def _unit_value(line: BenefitLine) -> str:
    return f"{line.asset_id}.{line.driver_id}.unit_value"


def _cost(line: CostLine) -> str:
    return f"{line.asset_id}.{line.phase}.{line.category}"


def _outcomes(evaluation) -> dict[str, ThreePoint]:
    return {outcome: getattr(evaluation.outcome_value, outcome) for outcome in OUTCOMES}


def _samples(evaluation) -> dict[str, tuple[int, ...]]:
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


# --- money -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """One state of the uncertain figures; what it does not name stands at its most likely value.

    drawn: by input, a quantile level 0..1 (a number or (draws,)), or the shares of a test set's cells
    ((draws, cells)); gains: gain per case by evaluation, in place of the measured one; chances: of success by
    asset; half_lives by asset; rate_change is added to every discount rate; the multipliers serve all lines.
    """

    drawn: Mapping[str, Money] = field(default_factory=dict)
    gains: Mapping[str, float] = field(default_factory=dict)
    chances: Mapping[str, float] = field(default_factory=dict)
    half_lives: Mapping[str, float | None] = field(default_factory=dict)
    rate_change: float = 0.0
    benefit_multiplier: float = 1.0
    cost_multiplier: float = 1.0

    def read(self, name: str, three: ThreePoint) -> Money:
        """The figure of that name: its most likely value, or the triangular quantile at its level."""
        level = self.drawn.get(name)
        if level is None or three.low == three.high:
            return three.mode
        return uncertainty.triangular(*three).ppf(level)


MOST_LIKELY = World()


def gain_per_case(evaluation, world: World = MOST_LIKELY) -> Money:
    r"""Money per case by which the model beats its baseline.

    Paired: Σ p(y, m, b) (v(y, m) − v(y, b)), where p is a cell's share of the cases, y the truth, m and b what
    model and baseline flagged, and v the money of that outcome. Without pairs: Σ p_model v − Σ p_baseline v.
    """
    value = {o: world.read(f"{evaluation.evaluation_id}.{o}", three) for o, three in _outcomes(evaluation).items()}

    def mean(sample: str, counts, money) -> Money:
        shares = world.drawn.get(f"{evaluation.evaluation_id}.{sample}")
        if shares is None:
            shares = np.asarray(counts) / sum(counts)
        return sum(np.asarray(shares)[..., cell] * each for cell, each in enumerate(money))

    samples = _samples(evaluation)
    if evaluation.paired:
        flagged = {(1, 1): "tp", (1, 0): "fn", (0, 1): "fp", (0, 0): "tn"}
        won = [value[flagged[c.y_true, c.model]] - value[flagged[c.y_true, c.baseline]] for c in evaluation.paired]
        return mean("pairs", samples["pairs"], won)
    return mean("model", samples["model"], value.values()) - mean("baseline", samples["baseline"], value.values())


@dataclass(frozen=True)
class Worth:
    """Present values of one world, in the client's currency: numbers, or one number a draw."""

    assets: Mapping[str, Money]
    groups: Mapping[str, Money]
    total: Money


def evaluate(plan: Plan, world: World = MOST_LIKELY) -> Worth:
    """Present value after tax of each group and the Shapley share of each of its assets (rule Joint benefits)."""
    books = _books(plan, world)
    assets: dict[str, Money] = {}
    groups: dict[str, Money] = {}
    for group in plan.groups:
        assets.update(dict.fromkeys(group.assets, 0.0))
        for members, weights in shapley_weights(group.assets).items():
            value = sum(year.present for year in _coalition(plan, group, members, books, world.rate_change))
            for name, weight in weights.items():
                assets[name] = assets[name] + weight * value
        groups[group.name] = sum(
            year.present for year in _coalition(plan, group, group.assets, books, world.rate_change)
        )
    return Worth(assets, groups, sum(groups.values(), 0.0))


#: Up to so many assets a group's shares come from all coalitions, above from so many pairs of random orders.
EXACT_PLAYERS, ORDER_PAIRS = 10, 64


def shapley_weights(players: Sequence[str]) -> dict[frozenset, dict[str, float]]:
    """What each coalition's value counts in each player's Shapley share: share_i = Σ_S weight[S][i] v(S).

    The same shares as ``valuation.data_value.shapley``, which takes one number a coalition; the weights serve
    whole arrays of draws. Exact: +|S−1|! (n−|S|)! / n! with the player in S, −|S|! (n−|S|−1)! / n! without. Above
    10 players: marginal contributions over 64 random orders and their reverses, always the same ones.
    """
    n = len(players)
    found: dict[frozenset, dict[str, float]] = {}
    if n <= EXACT_PLAYERS:
        for size in range(n + 1):
            for members in map(frozenset, combinations(players, size)):
                found[members] = {
                    player: 1 / (size * math.comb(n, size))
                    if player in members
                    else -1 / ((n - size) * math.comb(n, size))
                    for player in players
                }
        return found
    generator = np.random.default_rng(0)
    for _ in range(ORDER_PAIRS):
        order = [players[i] for i in generator.permutation(n)]
        for names in (order, order[::-1]):
            for place, player in enumerate(names):
                for members, sign in ((frozenset(names[: place + 1]), 1), (frozenset(names[:place]), -1)):
                    weights = found.setdefault(members, {})
                    weights[player] = weights.get(player, 0.0) + sign / (2 * ORDER_PAIRS)
    return found


def _chance(plan: Plan, world: World, asset_id: str) -> Money:
    """The asset's p_technical_success; where a level is drawn, 1 in that share of the draws and 0 otherwise."""
    chance = plan.asset(asset_id).p_technical_success
    if chance is None:
        return 1.0
    level = world.drawn.get(f"{asset_id}.success")
    return world.chances.get(asset_id, chance) if level is None else np.where(np.asarray(level) < chance, 1.0, 0.0)


def benefit(plan: Plan, line: BenefitLine, world: World = MOST_LIKELY) -> Money:
    """Money of one benefit line before tax and discounting (rules One benefit, Decay, Technical success)."""
    if line.link == "confusion":
        evaluation = plan.evaluation(line.link_id)
        measured = gain_per_case(evaluation)
        gain = world.gains.get(line.link_id)
        gain = gain_per_case(evaluation, world) if gain is None else gain
        unit = measured + line.widening * (gain - measured)
    else:
        unit = world.read(_unit_value(line), line.unit_value)
    if line.link == "acceptance":
        unit = unit * _share_accepted(plan.accepted(line.link_id), world, line.widening)
    asset = plan.asset(line.asset_id)
    half_life = world.half_lives.get(line.asset_id, asset.half_life_years)
    chance = 1.0
    for needed in plan.needs[line.asset_id]:
        chance = chance * _chance(plan, world, needed)
    factor = line.weight * decay_factor(line.age, half_life) * world.benefit_multiplier
    return world.read(_volume(line), line.volume) * unit * factor * chance


def _share_accepted(item, world: World, widening: float) -> Money:
    level = world.drawn.get(f"{item.asset_id}.acceptance")
    share = item.accepted / item.n
    if level is None:
        return share
    drawn = betaincinv(item.accepted + PRIOR, item.n - item.accepted + PRIOR, level)
    return np.clip(share + widening * (drawn - share), 0.0, 1.0)


def cost(plan: Plan, line: CostLine, world: World = MOST_LIKELY) -> Money:
    """Money out of one cost line before tax and discounting."""
    chance = _chance(plan, world, line.asset_id) if line.phase in AFTER_SUCCESS else 1.0
    return world.read(_cost(line), line.amount) * world.cost_multiplier * chance


@dataclass
class _Book:
    """One asset's money by period."""

    benefits: list[Money]
    running: list[Money]  # deducted from tax
    development: list[Money]
    cost_present: list[Money]  # present value of both


def _books(plan: Plan, world: World) -> dict[str, _Book]:
    books = {}
    for group in plan.groups:
        rate = group.rate + world.rate_change
        for name in group.assets:
            books[name] = book = _Book(*([0.0] * len(plan.periods) for _ in range(4)))
            for line in plan.benefits:
                if line.asset_id == name:
                    book.benefits[line.period] = book.benefits[line.period] + benefit(plan, line, world)
            for line in plan.costs:
                if line.asset_id == name:
                    amount = cost(plan, line, world)
                    kind = book.running if line.phase in DEDUCTIBLE else book.development
                    kind[line.period] = kind[line.period] + amount
                    book.cost_present[line.period] = (
                        book.cost_present[line.period] + _discount(rate, line.time) * amount
                    )
    return books


def _discount(rate: float, time: float) -> float:
    return (1.0 + rate) ** -time


@dataclass(frozen=True)
class Year:
    """One row of a cash-flow table: the money of one period."""

    year: int
    share: float
    day: date  # of benefits and tax
    benefits: Money
    running: Money
    development: Money
    taxable: Money  # after losses carried forward
    tax: Money
    discount_factor: float  # of benefits and tax; costs have that of their own date
    present: Money

    @property
    def net(self) -> Money:
        """Benefits less costs and tax, undiscounted."""
        return self.benefits - self.running - self.development - self.tax


def _coalition(plan: Plan, group: Group, members, books, change: float) -> Iterable[Year]:
    """The years of a coalition of a group's assets; their present values sum to v(S)."""
    members = frozenset(members)
    carried: Money = 0.0
    inside = [books[name] for name in group.assets if name in members]
    earning = [books[name] for name in group.assets if plan.needs[name] <= members]
    for index, span in enumerate(plan.periods):
        benefits = sum(book.benefits[index] for book in earning)
        running = sum(book.running[index] for book in inside)
        taxable = benefits - running + carried
        tax, carried = plan.tax_rate * np.maximum(taxable, 0.0), np.minimum(taxable, 0.0)
        factor = _discount(group.rate + change, span.time)
        present = factor * (benefits - tax) - sum(book.cost_present[index] for book in inside)
        development = sum(book.development[index] for book in inside)
        yield Year(span.year, span.share, span.day, benefits, running, development, taxable, tax, factor, present)


def cash_flows(plan: Plan, group: Group, world: World = MOST_LIKELY) -> tuple[Year, ...]:
    """The cash-flow table of a group; its present values sum to the group's value."""
    return tuple(_coalition(plan, group, group.assets, _books(plan, world), world.rate_change))


@dataclass(frozen=True)
class Returns:
    """Rates of return and payback of a group. A part that is undefined is empty and its sentence says why."""

    roots: tuple[float, ...]
    irr_sentence: str
    payback_years: float | None
    discounted_payback_years: float | None
    payback_sentence: str


def returns(plan: Plan, group: Group) -> Returns:
    """All internal rates of return and the payback, from the net flow of each period.

    Within one year the dates of costs and benefits make no investment, so the year's net flow is placed on the
    day of its benefits. Sunk costs do not count. Payback runs from the valuation date, linear inside a period.
    """
    years = cash_flows(plan, group)
    net = [float(year.net) for year in years]
    first = next((flow for flow in net if flow), 0.0)
    if first >= 0:
        why = "no money flows."
        if first > 0:
            why = "nothing has to be paid before money comes in, because what was spent so far is sunk."
        words = f"No rate of return and no payback period: {why}"
        return Returns((), words, None, None, words)
    sentence, roots = "", ()
    try:
        roots = cashflows.xirr_all(net, [year.day for year in years])
    except cashflows.NoRateOfReturn:
        sentence = "No rate of return: the flows have no present value of zero at any rate above −100 %."
    if len(roots) > 1:
        sentence = f"The flows have {len(roots)} rates of return, so none of them decides: the net present value does."
    ends = [0.0, *(years_between(plan.date, span.end) for span in plan.periods)]

    def time(flows) -> float | None:
        try:
            return float(np.interp(cashflows.payback([0.0, *flows]), range(len(ends)), ends))
        except cashflows.Undefined:
            return None

    simple, discounted = time(net), time([float(year.present) for year in years])
    why = ""
    if simple is None:
        why = "The money does not come back within the horizon."
    elif discounted is None:
        why = "Discounted, the money does not come back within the horizon."
    return Returns(roots, sentence, simple, discounted, why)


# --- many worlds -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Distribution:
    """Simulated present values: of every asset, every group and the total, over the same draws."""

    assets: Mapping[str, uncertainty.Simulation]
    groups: Mapping[str, uncertainty.Simulation]
    total: uncertainty.Simulation
    draws: int
    seed: int


def distributions(plan: Plan) -> dict[str, Any]:
    """What ``valuation.uncertainty.simulate`` draws for each uncertain figure (rule Uncertainty).

    Ranges, acceptance shares and successes are drawn as quantile levels, so that one level serves all years of
    a driver; test sets as the shares of their cells.
    """
    evaluations = {item.evaluation_id: item for item in plan.client.evaluations}
    found: dict[str, Any] = {}
    for name, item in plan.inputs.items():
        owner, _, sample = name.rpartition(".")
        counted = item.category == "gain" and sample != "acceptance"
        found[name] = (
            uncertainty.dirichlet(_samples(evaluations[owner])[sample], PRIOR) if counted else uncertainty.uniform(0, 1)
        )
    return found


def simulate(plan: Plan, draws: int = 0, seed: int | None = None) -> Distribution:
    """All uncertain figures together. ``draws`` and ``seed`` are the client's unless given."""
    draws = draws or plan.client.monte_carlo.draws
    seed = plan.client.monte_carlo.seed if seed is None else seed
    names = [*(name for group in plan.groups for name in group.assets), *(group.name for group in plan.groups)]

    def model(drawn):
        size = len(next(iter(drawn.values())))
        worth = evaluate(plan, World(drawn=drawn))
        columns = [*worth.assets.values(), *worth.groups.values(), worth.total]
        return np.column_stack([np.broadcast_to(column, size) for column in columns])

    inputs = distributions(plan) or {"nothing is uncertain": uncertainty.uniform(0, 1)}
    result = uncertainty.simulate(model, inputs, draws, seed, plan.correlations)
    columns = dict(zip(names, map(result.column, range(len(names))), strict=True))
    assets = {name: columns[name] for group in plan.groups for name in group.assets}
    groups = {group.name: result.column(len(assets) + index) for index, group in enumerate(plan.groups)}
    return Distribution(assets, groups, result.column(len(names)), result.draws, seed)


@dataclass(frozen=True)
class Assumption:
    """A figure that can be moved alone: to the world ``low`` and to the world ``high``."""

    name: str
    label: str
    unit: str
    low: World
    high: World
    low_words: str
    high_words: str
    grade: str = ""

    @property
    def ends(self) -> dict[float, World]:
        """The worlds at position -1 (low) and 1 (high)."""
        return {-1.0: self.low, 1.0: self.high}


#: How far the discount rate is moved for the tornado: one percentage point either way.
RATE_MOVE = 0.01


def assumptions(plan: Plan, words=lambda value: f"{value:.4g}") -> tuple[Assumption, ...]:
    """Every assumption with its two ends.

    A range goes to its low and its high (widened); a test set's gain and an acceptance share to the 5 % and the
    95 % point of what the test leaves open; success to failure and success; a half-life to the measured one, where
    monitoring measures one; discount rates one percentage point down and up. ``words(value)`` shows a figure.
    """
    point = f"{RATE_MOVE * 100:g}"
    found = [
        Assumption("rate", "discount rate", "percentage point", World(rate_change=-RATE_MOVE),
                   World(rate_change=RATE_MOVE), f"−{point}", f"+{point}")
    ]  # fmt: skip
    for name, item in plan.inputs.items():
        if item.range is not None:
            worlds = World(drawn={name: 0.0}), World(drawn={name: 1.0})
            ends = (words(item.range.low), words(item.range.high)) if not item.by_year else ("each low", "each high")
        elif item.category == "success":
            worlds = World(chances={item.asset_id: 0.0}), World(chances={item.asset_id: 1.0})
            ends = "fails", "succeeds"
        elif name.endswith(".acceptance"):
            counts = plan.accepted(name.removesuffix(".acceptance"))
            worlds = World(drawn={name: 0.05}), World(drawn={name: 0.95})
            shares = (betaincinv(counts.accepted + PRIOR, counts.n - counts.accepted + PRIOR, p) for p in (0.05, 0.95))
            ends = tuple(words(float(share)) for share in shares)
        else:
            continue  # a test set: below, as a gain per case
        found.append(Assumption(name, item.label, item.unit, *worlds, *ends, item.grade))
    used = {line.link_id for line in plan.benefits} | {line.asset_id for line in plan.benefits}
    for gain in gains(plan):
        if gain.evaluation_id in used:
            worlds = (World(gains={gain.evaluation_id: end}) for end in gain.drawn)
            label = f"test set: {gain.evaluation_id.replace('_', ' ')}"
            ends = (words(end) for end in gain.drawn)
            found.append(Assumption(gain.evaluation_id, label, f"{plan.currency} per case", *worlds, *ends, "measured"))
    for life in measured_half_lives(plan.client):
        if life.measured is not None and life.stated is not None and life.asset_id in used:
            ends = sorted((life.stated, life.measured))
            worlds = (World(half_lives={life.asset_id: end}) for end in ends)
            texts = (f"{words(end)} ({'stated' if end == life.stated else 'measured'})" for end in ends)
            name, label = f"{life.asset_id}.half_life.{life.metric}", f"half-life of {life.asset_id} ({life.metric})"
            found.append(Assumption(name, label, "years", *worlds, *texts))
    return tuple(found)


def tornado(
    plan: Plan, moves: Sequence[Assumption]
) -> dict[str, tuple[tuple[Assumption, uncertainty.TornadoRow], ...]]:
    """The assumptions by how far each moves a value alone, the largest first: by asset, by group and for ``total``."""
    by_name = {move.name: move for move in moves}
    worths = {(name, at): evaluate(plan, world) for name, move in by_name.items() for at, world in move.ends.items()}
    base = evaluate(plan)

    def rows(of):
        def model(position: Mapping[str, float]) -> float:  # -1 low, 0 most likely, 1 high
            moved = next(((name, at) for name, at in position.items() if at), None)
            return float(of(worths.get(moved, base)))

        bars = uncertainty.tornado(model, dict.fromkeys(by_name, 0.0), dict.fromkeys(by_name, (-1.0, 1.0)))
        return tuple((by_name[bar.name], bar) for bar in bars)

    found = {name: rows(lambda worth, name=name: worth.assets[name]) for name in base.assets}
    found |= {name: rows(lambda worth, name=name: worth.groups[name]) for name in base.groups}
    return found | {"total": rows(lambda worth: worth.total)}


def scenario_values(plan: Plan) -> dict[str, Worth]:
    """The worth in each of the client's scenarios, everything else at its most likely value (rule Scenarios)."""
    return {
        item.name: evaluate(
            plan, World(benefit_multiplier=item.benefit_multiplier, cost_multiplier=item.cost_multiplier)
        )
        for item in plan.client.scenarios
    }


# --- what stands beside the value ------------------------------------------------------------------------


@dataclass(frozen=True)
class Gain:
    """The measured gain of one evaluation, money per case at the most likely outcome values.

    low..high: 90 % interval mean ± 1.645 standard errors of the paired counts (None without pairs);
    margins: 90 % interval of the Dirichlet draws of both margins, taken as independent; drawn: the same from
    the counts that the valuation uses.
    """

    evaluation_id: str
    asset_id: str
    n: int
    baseline_n: int
    paired: bool
    per_case: float
    standard_error: float
    low: float | None
    high: float | None
    margins: tuple[float, float]
    margins_below_zero: float
    drawn: tuple[float, float]
    drawn_below_zero: float
    volume: float | None  # most likely cases a year of the benefit linked to it
    unit: str


def gains(plan: Plan, draws: int = 16384) -> tuple[Gain, ...]:
    """The gain per case of every evaluation that has outcome values, with what the test set leaves open."""
    found = []
    for evaluation in plan.client.evaluations:
        if evaluation.outcome_value is None:
            continue
        value = {outcome: three.mode for outcome, three in _outcomes(evaluation).items()}
        margins = _test_set_only(evaluation.model_copy(update={"paired": None}), draws, plan.client.monte_carlo.seed)
        drawn, low, high = margins, None, None
        error = margins.sd
        if evaluation.paired:
            paired = performance.paired_gain(evaluation.paired, value, level=0.9)
            error, low, high = paired.standard_error, paired.low, paired.high
            drawn = _test_set_only(evaluation, draws, plan.client.monte_carlo.seed)
        linked = [row for row in plan.client.benefits if row.metric_link.id == evaluation.evaluation_id]
        found.append(
            Gain(
                evaluation.evaluation_id, evaluation.asset_id, evaluation.n, evaluation.baseline.n,
                bool(evaluation.paired), float(gain_per_case(evaluation)), float(error), low, high,
                margins.interval, margins.probability_below(0).value,
                drawn.interval, drawn.probability_below(0).value,
                linked[-1].volume.mode if linked else None, linked[-1].unit if linked else "cases",
            )
        )  # fmt: skip
    return tuple(found)


def _test_set_only(evaluation, draws: int, seed: int) -> uncertainty.Simulation:
    name = evaluation.evaluation_id
    inputs = {f"{name}.{sample}": uncertainty.dirichlet(c, PRIOR) for sample, c in _samples(evaluation).items()}
    return uncertainty.simulate(lambda drawn: gain_per_case(evaluation, World(drawn=drawn)), inputs, draws, seed)


@dataclass(frozen=True)
class MeasuredHalfLife:
    """What monitoring says about decay, beside what the client states."""

    asset_id: str
    metric: str
    first: str
    last: str
    first_value: float
    last_value: float
    floor: float
    measured: float | None  # years; None: sentence says why
    sentence: str
    stated: float | None
    basis: str


def measured_half_lives(client) -> tuple[MeasuredHalfLife, ...]:
    """Half-life of each monitored metric, from its first and last value: T ln 2 / ln(excess_first / excess_last).

    The excess is the metric above what a useless model reaches: 0.5 for AUC, 0 for recall and the other shares.
    """
    assets = {asset.asset_id: asset for asset in client.assets}
    series: dict[tuple[str, str], list] = {}
    for row in client.monitoring:
        series.setdefault((row.asset_id, row.metric), []).append(row)
    found = []
    for (asset_id, metric), rows in series.items():
        rows = sorted(rows, key=lambda row: row.period)
        first, last = rows[0], rows[-1]
        floor = FLOORS.get(metric.lower(), 0.0)
        measured, sentence = None, ""
        months = 12 * (last.period.year - first.period.year) + last.period.month - first.period.month
        if metric.lower() not in HIGHER_IS_BETTER:
            sentence = f"{metric}: not known as a metric where higher is better, so no half-life is read from it."
        elif months == 0:
            sentence = f"{metric} was measured in one month only: no half-life can be read from it."
        elif last.value >= first.value:
            sentence = f"{metric} did not fall: there is no half-life to measure."
        else:
            try:
                measured = performance.half_life(first.value, last.value, months / 12, floor=floor)
            except uncertainty.Undefined as problem:
                sentence = f"{metric}: {problem}"
        asset = assets[asset_id]
        found.append(
            MeasuredHalfLife(
                asset_id, metric, f"{first.period:%Y-%m}", f"{last.period:%Y-%m}", first.value, last.value, floor,
                measured, sentence, asset.half_life_years, asset.useful_life_basis,
            )
        )  # fmt: skip
    return tuple(found)


@dataclass(frozen=True)
class Speed:
    """Speed and cost of one asset in use. Money, energy and GPU time are per 1,000 requests."""

    asset_id: str
    months: int
    requests_per_year: float
    own_cost: float | None  # None: no operation cost in the twelve months
    cost_with_feeders: float | None
    energy_kwh: float
    gpu_hours: float
    p50_ms: float
    p95_ms: float  # of the slowest month


def speed_and_cost(client) -> tuple[Speed, ...]:
    """Running cost, energy and waiting time from usage.csv and a year's operation costs.

    Costs: the most likely operation costs of the twelve months after the valuation date; requests: the mean month
    times twelve. ``cost_with_feeders`` adds the same costs of all assets that feed it, undivided.
    """
    start = client.valuation.date
    end = _horizon(start, 1)
    needs = _needs(client.assets)
    yearly: dict[str, float] = {}
    for row in client.costs:
        if row.kind == "forecast" and row.phase == "operation" and start <= row.date <= end:
            yearly[row.asset_id] = yearly.get(row.asset_id, 0.0) + row.amount.mode
    found = []
    for asset_id in dict.fromkeys(row.asset_id for row in client.usage):
        rows = [row for row in client.usage if row.asset_id == asset_id]
        requests = sum(row.requests for row in rows)
        if requests == 0:
            continue
        year = requests / len(rows) * 12
        feeding = sum(yearly.get(name, 0.0) for name in needs[asset_id])
        slowest = max(rows, key=lambda row: row.p95_ms)
        found.append(
            Speed(
                asset_id, len(rows), year,
                1000 * yearly[asset_id] / year if asset_id in yearly else None, 1000 * feeding / year if feeding else None,
                1000 * sum(row.energy_kwh for row in rows) / requests,
                1000 * sum(row.gpu_hours for row in rows) / requests, slowest.p50_ms, slowest.p95_ms,
            )
        )  # fmt: skip
    return tuple(found)


def sunk_costs(client) -> dict[str, float]:
    """Money already spent, by asset: shown, never part of the forward value (rule Valuation date)."""
    spent: dict[str, float] = {}
    for row in client.costs:
        if row.kind == "actual":
            spent[row.asset_id] = spent.get(row.asset_id, 0.0) + row.amount.mode
    return spent


def present_benefits(plan: Plan, key) -> dict[str, float]:
    """Present value of the benefits before tax and costs, summed by ``key(line)``, e.g. its type or driver."""
    found: dict[str, float] = {}
    for line in plan.benefits:
        present = _discount(plan.group(line.asset_id).rate, plan.periods[line.period].time) * float(benefit(plan, line))
        found[key(line)] = found.get(key(line), 0.0) + present
    return found


@dataclass(frozen=True)
class Bridge:
    """From the present value of all benefits to the value: benefits − running − development − tax."""

    benefits: float
    running: float
    development: float
    tax: float

    @property
    def value(self) -> float:
        """The value, as :func:`evaluate` gives it for the same groups."""
        return self.benefits - self.running - self.development - self.tax


def bridge(plan: Plan, groups: Sequence[Group] | None = None) -> Bridge:
    """Present values of benefits, costs and tax of these groups, or of all."""
    chosen = plan.groups if groups is None else groups
    years = [year for group in chosen for year in cash_flows(plan, group)]
    paid = {True: 0.0, False: 0.0}  # by whether it is deducted
    for line in plan.costs:
        group = plan.group(line.asset_id)
        if group in chosen:
            paid[line.phase in DEDUCTIBLE] += _discount(group.rate, line.time) * float(cost(plan, line))
    benefits = sum(float(year.discount_factor * year.benefits) for year in years)
    tax = sum(float(year.discount_factor * year.tax) for year in years)
    return Bridge(benefits, paid[True], paid[False], tax)


def findings(plan: Plan) -> tuple[str, ...]:
    """Sentences that a reader of the number must know: what was left out, what it leans on."""
    found = list(plan.notes)
    grades = {(row.asset_id, row.driver_id, row.year): row.evidence for row in plan.client.benefits}
    by_grade = present_benefits(
        plan, lambda line: grades[line.asset_id, line.driver_id, plan.periods[line.period].year]
    )
    total = sum(by_grade.values())
    weak = by_grade.get("expert", 0.0) + by_grade.get("vendor", 0.0)
    if total > 0 and weak / total > 0.5:
        found.append(
            f"{100 * weak / total:.0f} % of the present value of benefits rests on experts' or vendors' figures."
        )
    if any(asset.legal_control == "unclear" for asset in plan.client.assets):
        worth = evaluate(plan).assets
        found += [
            f"{asset.asset_id}: {worth[asset.asset_id]:,.0f} {plan.currency} of the value is not recognisable, "
            "because legal control of the asset is unclear."
            for asset in plan.client.assets
            if asset.legal_control == "unclear" and asset.asset_id in worth
        ]
    late: dict[str, float] = {}
    for line in plan.benefits:
        asset, span = plan.asset(line.asset_id), plan.periods[line.period]
        if asset.in_service_date is not None:
            life_ends = asset.in_service_date + timedelta(days=round(asset.useful_life_years * 365.25))
            if span.start >= life_ends:
                present = _discount(plan.group(asset.asset_id).rate, span.time) * float(benefit(plan, line))
                late[asset.asset_id] = late.get(asset.asset_id, 0.0) + present
    for asset_id, amount in late.items():
        share = amount / present_benefits(plan, lambda line: line.asset_id)[asset_id]
        found.append(
            f"{100 * share:.0f} % of the present value of {asset_id}'s benefits falls into years that begin after the end "
            f"of its stated useful life of {plan.asset(asset_id).useful_life_years:g} years. They are kept as the client gives them."
        )
    return tuple(found)


# --- verdict ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """One word and its reason, by the rules of :func:`verdict`."""

    word: str
    reason: str


#: Upper limits of P(value < 0) for each word, in order.
VERDICTS = ((0.01, "robust"), (0.10, "likely"), (0.50, "fragile"), (1.0, "not supported"))


def verdict(
    below_zero: float | None,
    *,
    prohibited: bool = False,
    legal_control: str = "owned",
    baseline_n: int | None = None,
    figures: bool = True,
) -> Verdict:
    """The word for a value, from numbers alone.

    withheld: prohibited by the EU AI Act, no forward figures, or 40 or fewer baseline cases behind a benefit;
    not recognisable: legal control is unclear; else by P(value < 0): robust to 1 %, likely to 10 %, fragile to
    50 %, not supported above. below_zero None is withheld.

    >>> verdict(0.02).word, verdict(0.02, baseline_n=40).word
    ('likely', 'withheld')
    """
    if prohibited:
        return Verdict("withheld", "prohibited by the EU AI Act: no going-concern value")
    if not figures or below_zero is None:
        return Verdict("withheld", "the client gives no benefit and no cost after the valuation date")
    if legal_control == "unclear":
        return Verdict("not recognisable", "legal control is unclear: the value is shown and may not be recognised")
    if baseline_n is not None and baseline_n <= SMALLEST_BASELINE:
        return Verdict(
            "withheld", f"only {baseline_n} baseline cases; more than {SMALLEST_BASELINE} are needed to conclude"
        )
    limit, word = next(item for item in VERDICTS if below_zero <= item[0])
    bound = f"at most {100 * limit:g} %" if word != "not supported" else "above 50 %"
    return Verdict(word, f"P(value < 0) is {bound}")


def verdict_on(plan: Plan, assets: Sequence[str], below_zero: float | None) -> Verdict:
    """The verdict on the value of several assets together: a group, or all.

    Withheld where a benefit of theirs rests on too small a baseline, not recognisable where none is recognisable.
    """
    lines = [line for line in plan.benefits if line.asset_id in assets]
    linked = {line.link_id for line in lines if line.link == "confusion"}
    baselines = [item.baseline.n for item in plan.client.evaluations if item.evaluation_id in linked]
    controls = {plan.asset(name).legal_control for name in assets}
    return verdict(
        below_zero,
        legal_control="unclear" if controls == {"unclear"} else "owned",
        baseline_n=min(baselines, default=None),
        figures=bool(lines) or any(line.asset_id in assets for line in plan.costs),
    )


def asset_verdict(plan: Plan, asset, below_zero: float | None) -> Verdict:
    """The verdict on one asset's share. What its group rests on, it rests on; legal control is its own."""
    group = plan.group(asset.asset_id)
    if group is None or asset.legal_control == "unclear":
        return verdict(below_zero, prohibited=group is None, legal_control=asset.legal_control)
    said = verdict_on(plan, group.assets, below_zero)
    return said if said.word == "withheld" else verdict(below_zero)
