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
from typing import Any

import numpy as np
from scipy.special import betaincinv, gammaincinv

from lepton_nb import valuation
from lepton_nb.client import ThreePoint

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
#: Below this number of baseline cases the interval is shown and the conclusion withheld.
LEAST_BASELINE = 40
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
        return self.start + timedelta(days=math.floor((self.end - self.start).days * (0.5 if self.time < self.last else 1)))

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

    >>> widened(ThreePoint(low=2, mode=5, high=6), 2)
    ThreePoint(low=0.0, mode=5.0, high=7.0)
    """
    low, high = three.mode - factor * (three.mode - three.low), three.mode + factor * (three.high - three.mode)
    if three.low >= 0:
        low = max(low, 0.0)
    if three.high <= 0:
        high = min(high, 0.0)
    return ThreePoint(low=low, mode=three.mode, high=high)


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
    return valuation.wacc_build_up(
        risk_free=discount.risk_free,
        equity_risk_premium=discount.equity_risk_premium,
        beta_unlevered=discount.beta_unlevered,
        debt_to_equity=discount.debt_to_equity,
        size_premium=discount.size_premium,
        pre_tax_cost_of_debt=discount.pre_tax_cost_of_debt,
        tax_rate=client.tax.rate,
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
    inputs = {item.name: item for item in _inputs(client, benefits, costs, allowed)}
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
    feeders = {asset.asset_id: {other.asset_id for other in assets if asset.asset_id in other.feeds} for asset in assets}

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
            yield CostLine(row.asset_id, row.date, years_between(start, row.date), index, row.phase, row.category, row.amount)
            continue
        what = f"{row.phase} cost {row.category}, {row.date}"
        left_out.append({"asset_id": row.asset_id, "what": what, "reason": reason, "amount": row.amount.mode})


def _inputs(client, benefits, costs, allowed) -> Iterable[Input]:
    """Every figure that can be otherwise: a range, the counts of a test set, a chance of success."""
    grade = {(row.asset_id, row.driver_id): row.evidence for row in client.benefits}
    for line in benefits:
        where = dict(asset_id=line.asset_id, driver_id=line.driver_id, grade=grade[line.asset_id, line.driver_id])
        driver = line.driver_id.replace("_", " ")
        if line.volume.low < line.volume.high:
            yield Input(_volume(line), "volume", f"volume: {driver}", range=line.volume, unit=line.unit, **where)
        if line.unit_value is not None and line.unit_value.low < line.unit_value.high:
            unit = f"{client.valuation.currency} per unit"
            yield Input(_unit_value(line), "unit_value", f"unit value: {driver}", range=line.unit_value, unit=unit, **where)
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
            for cell in _cells(evaluation):
                yield Input(f"{line.link_id}.{cell}", "gain", f"test set: {name}", **where)
    for line in costs:
        if line.amount.low < line.amount.high:
            words = f"{line.phase} cost of {line.asset_id}: {line.category.replace('_', ' ')}"
            yield Input(_cost(line), "cost", words, line.asset_id, range=line.amount, unit=client.valuation.currency)
    for asset in client.assets:
        if asset.p_technical_success is not None and 0 < asset.p_technical_success < 1 and asset.asset_id in allowed:
            yield Input(f"{asset.asset_id}.success", "success", f"technical success of {asset.asset_id}", asset.asset_id)


OUTCOMES = {"tp": "true positive", "fp": "false positive", "fn": "false negative", "tn": "true negative"}


def _volume(line: BenefitLine) -> str:
    return f"{line.asset_id}.{line.driver_id}.volume"


def _unit_value(line: BenefitLine) -> str:
    return f"{line.asset_id}.{line.driver_id}.unit_value"


def _cost(line: CostLine) -> str:
    return f"{line.asset_id}.{line.phase}.{line.category}"


def _outcomes(evaluation) -> dict[str, ThreePoint]:
    return {outcome: getattr(evaluation.outcome_value, outcome) for outcome in OUTCOMES}


def _cells(evaluation) -> dict[str, int]:
    """The counted cells of a test set: eight pairs where given, else four of each margin."""
    if evaluation.paired:
        return {f"pair_{item.y_true}{item.model}{item.baseline}": item.count for item in evaluation.paired}
    return {
        f"{policy}_{outcome}": getattr(counts, outcome)
        for policy, counts in (("model", evaluation.model), ("baseline", evaluation.baseline))
        for outcome in OUTCOMES
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
                together = entry.a == entry.b or one.asset_id == other.asset_id and (
                    one.driver_id == other.driver_id or "cost" in (one.category, other.category)
                )  # fmt: skip
                exact = entry.a == first and entry.b == second
                if first != second and named and (together or exact) and (second, first) not in pairs:
                    pairs[first, second] = entry.rho
                    found += 1
        if not found:
            unknown = [name for name in (entry.a, entry.b) if name not in free and name not in {i.category for i in free.values()}]
            why = f"{' and '.join(unknown)} name no uncertain figure here" if unknown else "no such pair within one driver"
            notes.append(f"Correlation {entry.a} with {entry.b} ({entry.rho:g}) is not applied: {why}.")
    return pairs, notes


def _notes(client, benefits, spans) -> list[str]:
    notes = []
    covered = {line.period for line in benefits}
    for index, span in enumerate(spans):
        if benefits and index not in covered:
            days = (span.end - span.start).days
            notes.append(f"No benefit is given for {span.year}, of which {days} days lie inside the horizon: none is assumed.")
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

    levels: quantile level 0..1 by input, a number or an array of draws; gains: gain per case by evaluation
    in place of the measured one; half_lives by asset; rate_change is added to every discount rate; benefit
    and cost multiply by asset ("" for all).
    """

    levels: Mapping[str, Money] = field(default_factory=dict)
    gains: Mapping[str, float] = field(default_factory=dict)
    half_lives: Mapping[str, float | None] = field(default_factory=dict)
    rate_change: float = 0.0
    benefit: Mapping[str, float] = field(default_factory=dict)
    cost: Mapping[str, float] = field(default_factory=dict)

    def read(self, name: str, three: ThreePoint) -> Money:
        """The figure of that name: its most likely value, or the triangular quantile at its level."""
        level = self.levels.get(name)
        if level is None or three.low == three.high:
            return three.mode
        return valuation.triangular(three.low, three.mode, three.high).ppf(level)


MOST_LIKELY = World()


def gain_per_case(evaluation, world: World = MOST_LIKELY) -> Money:
    r"""Money per case by which the model beats its baseline.

    Paired: Σ p(y, m, b) (v(y, m) − v(y, b)), where p is a cell's share of the cases, y the truth, m and b what
    model and baseline flagged, and v the money of that outcome. Without pairs: Σ p_model v − Σ p_baseline v.
    """
    name = evaluation.evaluation_id
    value = {o: world.read(f"{name}.{o}", three) for o, three in _outcomes(evaluation).items()}
    cells = _cells(evaluation)
    if f"{name}.{next(iter(cells))}" in world.levels:  # Dirichlet as normalised Gamma variates
        mass = {cell: gammaincinv(count + PRIOR, world.levels[f"{name}.{cell}"]) for cell, count in cells.items()}
    else:
        mass = dict(cells)
    if not evaluation.paired:
        return _mean(mass, value, "model") - _mean(mass, value, "baseline")
    flagged = {(1, 1): "tp", (1, 0): "fn", (0, 1): "fp", (0, 0): "tn"}
    total = sum(mass.values())
    gain = 0.0
    for cell in evaluation.paired:
        if cell.model != cell.baseline:
            won = value[flagged[cell.y_true, cell.model]] - value[flagged[cell.y_true, cell.baseline]]
            gain = gain + mass[f"pair_{cell.y_true}{cell.model}{cell.baseline}"] * won
    return gain / total


def _mean(mass, value, policy: str) -> Money:
    return sum(mass[f"{policy}_{o}"] * value[o] for o in OUTCOMES) / sum(mass[f"{policy}_{o}"] for o in OUTCOMES)


@dataclass(frozen=True)
class Worth:
    """Present values of one world, in the client's currency: numbers, or one number a draw."""

    assets: Mapping[str, Money]
    groups: Mapping[str, Money]
    total: Money


def evaluate(plan: Plan, world: World = MOST_LIKELY) -> Worth:
    """Present value after tax of each group and the Shapley share of each of its assets (rule Joint benefits)."""
    earned, spent = _earned(plan, world), _spent(plan, world)
    assets: dict[str, Money] = {}
    groups: dict[str, Money] = {}
    for group in plan.groups:
        shares = valuation.shapley(
            group.assets, lambda members, group=group: coalition_value(plan, group, members, earned, spent, world)
        )
        assets.update(zip(group.assets, shares.values, strict=True))
        groups[group.name] = coalition_value(plan, group, group.assets, earned, spent, world)
    return Worth(assets, groups, sum(groups.values()) if groups else 0.0)


def _chance(plan: Plan, world: World, asset_id: str) -> Money:
    """The asset's p_technical_success; where a level is drawn, 1 with that chance and 0 otherwise."""
    chance = plan.asset(asset_id).p_technical_success
    if chance is None:
        return 1.0
    level = world.levels.get(f"{asset_id}.success")
    return chance if level is None else np.where(np.asarray(level) < chance, 1.0, 0.0)


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
    multiplier = world.benefit.get(line.asset_id, world.benefit.get("", 1.0))
    factor = line.weight * decay_factor(line.age, half_life) * multiplier
    return world.read(_volume(line), line.volume) * unit * factor * chance


def _share_accepted(item, world: World, widening: float) -> Money:
    level = world.levels.get(f"{item.asset_id}.acceptance")
    share = item.accepted / item.n
    if level is None:
        return share
    drawn = betaincinv(item.accepted + PRIOR, item.n - item.accepted + PRIOR, level)
    return np.clip(share + widening * (drawn - share), 0.0, 1.0)


def cost(plan: Plan, line: CostLine, world: World = MOST_LIKELY) -> Money:
    """Money out of one cost line before tax and discounting."""
    chance = _chance(plan, world, line.asset_id) if line.phase in AFTER_SUCCESS else 1.0
    multiplier = world.cost.get(line.asset_id, world.cost.get("", 1.0))
    return world.read(_cost(line), line.amount) * multiplier * chance


def _earned(plan: Plan, world: World) -> dict[str, list[Money]]:
    """Benefits by asset and period."""
    table: dict[str, list[Money]] = {asset.asset_id: [0.0] * len(plan.periods) for asset in plan.client.assets}
    for line in plan.benefits:
        table[line.asset_id][line.period] = table[line.asset_id][line.period] + benefit(plan, line, world)
    return table


def _spent(plan: Plan, world: World) -> list[tuple[CostLine, Money]]:
    return [(line, cost(plan, line, world)) for line in plan.costs]


def _discount(rate: float, time: float) -> float:
    return (1.0 + rate) ** -time


def coalition_years(plan: Plan, group: Group, members, earned, spent, world: World = MOST_LIKELY):
    """Per period: benefits, deducted costs, other costs, taxable income, tax and present value of the members."""
    members = frozenset(members)
    rate = group.rate + world.rate_change
    carried: Money = 0.0
    for index, span in enumerate(plan.periods):
        inside = [(line, amount) for line, amount in spent if line.period == index and line.asset_id in members]
        benefits = sum(earned[name][index] for name in group.assets if plan.needs[name] <= members)
        running = sum(amount for line, amount in inside if line.phase in DEDUCTIBLE)
        development = sum(amount for line, amount in inside if line.phase not in DEDUCTIBLE)
        taxable = benefits - running + carried
        tax, carried = plan.tax_rate * np.maximum(taxable, 0.0), np.minimum(taxable, 0.0)
        present = _discount(rate, span.time) * (benefits - tax)
        present = present - sum(_discount(rate, line.time) * amount for line, amount in inside)
        yield benefits, running, development, taxable, tax, present


def coalition_value(plan: Plan, group: Group, members, earned, spent, world: World = MOST_LIKELY) -> Money:
    """v(S): present value after tax of a coalition of a group's assets."""
    return sum(year[-1] for year in coalition_years(plan, group, members, earned, spent, world))


@dataclass(frozen=True)
class Year:
    """One row of a group's cash-flow table: money of one period, all figures at their most likely value."""

    year: int
    share: float
    day: date  # of benefits and tax
    benefits: float
    running: float
    development: float
    taxable: float  # after losses carried forward
    tax: float
    net: float
    discount_factor: float  # of benefits and tax; costs have that of their own date
    present_value: float


def cash_flows(plan: Plan, group: Group, world: World = MOST_LIKELY) -> tuple[Year, ...]:
    """The cash-flow table of a group; its present values sum to the group's value."""
    earned, spent = _earned(plan, world), _spent(plan, world)
    rows = coalition_years(plan, group, group.assets, earned, spent, world)
    return tuple(
        Year(
            span.year, span.share, span.day, *(float(part) for part in (benefits, running, development, taxable, tax)),
            net=float(benefits - running - development - tax),
            discount_factor=_discount(group.rate + world.rate_change, span.time), present_value=float(present),
        )
        for span, (benefits, running, development, taxable, tax, present) in zip(plan.periods, rows, strict=True)
    )  # fmt: skip


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
    net = [year.net for year in years]
    first = next((flow for flow in net if flow), 0.0)
    if first == 0:
        return Returns((), "No rate of return: no money flows.", None, None, "No payback: no money flows.")
    if first > 0:
        words = "nothing has to be paid before money comes in, because what was spent so far is sunk."
        if min(net) >= 0:
            words = "the flows have no change of sign; " + words
        return Returns((), f"No rate of return: {words}", None, None, f"No payback period: {words}")
    try:
        roots = valuation.xirr_all(net, [year.day for year in years])
    except valuation.NoRateOfReturn as problem:
        roots, sentence = (), f"No rate of return: {problem}"
    else:
        sentence = ""
        if len(roots) > 1:
            sentence = f"The flows have {len(roots)} rates of return, so none of them decides; the net present value does."
    ends = [0.0, *(years_between(plan.date, span.end) for span in plan.periods)]
    simple, discounted, why = None, None, ""
    try:
        simple = float(np.interp(valuation.payback([0.0, *net]), range(len(ends)), ends))
        present = [0.0, *(year.present_value for year in years)]
        discounted = float(np.interp(valuation.payback(present), range(len(ends)), ends))
    except valuation.Undefined as problem:
        why = f"{'Discounted, the' if simple is not None else 'The'} money does not come back within the horizon: {problem}"
    return Returns(tuple(roots), sentence, simple, discounted, why)


# --- many worlds -----------------------------------------------------------------------------------------


class _Level:
    """A quantile level: the distribution whose quantile function is the identity."""

    @staticmethod
    def ppf(level):
        return level


@dataclass(frozen=True)
class Simulated:
    """One value over all draws. standard_errors are those of the Monte Carlo alone."""

    mean: float
    mean_error: float
    low: float  # 5 %
    middle: float  # 50 %
    high: float  # 95 %
    errors: tuple[float, float, float]
    below_zero: float
    below_zero_error: float
    draws: int
    values: np.ndarray = field(repr=False, compare=False)


@dataclass(frozen=True)
class Distribution:
    """The simulated values of every asset, every group and the total."""

    assets: Mapping[str, Simulated]
    groups: Mapping[str, Simulated]
    total: Simulated
    seed: int


@dataclass(frozen=True)
class Swing:
    """One assumption moved alone, everything else at its most likely value."""

    label: str
    low_words: str
    high_words: str
    low: Worth
    high: Worth
    grade: str = ""

    def of(self, worth_of) -> float:
        """The size of the move for one value: ``worth_of`` takes a Worth and gives a number."""
        return abs(worth_of(self.high) - worth_of(self.low))
