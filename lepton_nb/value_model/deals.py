"""What a rise of recall brings its owner, and what follows for a purchase, a hire and a partner.

All in today's money, on the owner's basis, by the flows, rates and taxes of the value. A rise brings money whether or not
another could sell the like, so the price of a substitute does not cap it here; what the value, which is capped, would rise by
stands beside it (:attr:`Rise.counted`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from lepton_nb.client import ThreePoint
from lepton_nb.valuation import data_value, performance
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model import joint, turning, upkeep
from lepton_nb.value_model.decay import HITS, monitored
from lepton_nb.value_model.gains import LEVEL, Gain, drawn_recall, gains, recall_per_case
from lepton_nb.value_model.laying import training_line
from lepton_nb.value_model.line_money import benefit, ceiling
from lepton_nb.value_model.lines import BenefitLine, Plan
from lepton_nb.value_model.money import books_of, group_value, present_benefits, scenario_world
from lepton_nb.value_model.replacement import replacement_costs
from lepton_nb.value_model.stages import log_volatility
from lepton_nb.value_model.times import months_later, years_between
from lepton_nb.value_model.verdict import counts
from lepton_nb.value_model.world import MOST_LIKELY, Money, World
from lepton_nb.value_model.worlds import Distribution, assumptions

#: A quarter of a year's pay is paid at the end of each quarter.
QUARTER = 3


def decided_on(plan: Plan, begins: date, asset_id: str = "") -> Gain | None:
    """The test on which a decision can rest: of a model whose recall earns money after the day ``begins``, and misses some.

    Of several the one of a group that is concluded, then the one with the largest present benefits. None: there is none.
    Raises ValueError where the asset named is not among them.
    """
    benefits = present_benefits(plan, lambda line: line.link_id)

    def can(gain: Gain) -> bool:
        item = gain.evaluation
        earns = benefits.get(gain.evaluation_id, 0.0) > 0 and float(recall_per_case(item)) > 0
        return earns and item.model.fn > 0 and begins < life(plan, item)

    found = [gain for gain in gains(plan) if can(gain)]
    if asset_id:
        names = [gain.asset_id for gain in found]
        if asset_id not in names:
            told = ", ".join(names) or "this client has none"
            raise ValueError(f"asset must be a model whose recall earns money: {told}. Received: {asset_id!r}")
        found = [gain for gain in found if gain.asset_id == asset_id]
    ranked = sorted(
        found, key=lambda gain: (not counts(plan, plan.group(gain.asset_id)), -benefits[gain.evaluation_id])
    )
    return ranked[0] if ranked else None


def missed(gain: Gain) -> float:
    """The share of the positive cases that the model misses: the most by which its recall can rise."""
    return gain.evaluation.model.fn / gain.evaluation.model.positives


# ---------------------------------------------------------------- what a rise brings


def life(plan: Plan, evaluation) -> date:
    """The last day on which a benefit rests on this test."""
    return max(part.end for line in _lines(plan, evaluation) for part in line.segments)


def worth(
    plan: Plan, evaluation, points: float, start: date, end: date, world: World = MOST_LIKELY, capped: bool = False
) -> Money:
    """What a rise of recall by ``points`` (a fraction) brings from the day after ``start`` to ``end``, after tax, today's money.

    The more that is gained ages as the gain does. capped: by the price of a substitute, as the value counts it.
    """
    used = plan if capped else replace(plan, caps={})
    group = plan.group(next(_lines(plan, evaluation)).asset_id)
    books = books_of(used, group, world)
    before = group_value(used, group, world, books)
    more: dict[tuple[str, int], Money] = {}
    for line in _between(plan, evaluation, start, end):
        gain = points * recall_per_case(evaluation, world, plan.client, line.grade)
        amount = benefit(plan, line, replace(world, gains={evaluation.evaluation_id: gain}))
        more[line.asset_id, line.period] = more.get((line.asset_id, line.period), 0.0) + amount
    for (name, period), amount in more.items():
        held = books[name].benefits[period]
        if name in used.caps:
            room = np.maximum(ceiling(plan, name, period, world) - held, 0.0)
            amount = np.minimum(amount, room)
        books[name].benefits[period] = held + amount
    return group_value(used, group, world, books) - before


def _lines(plan: Plan, evaluation) -> Iterator[BenefitLine]:
    found = [line for line in plan.benefits if line.evaluation is not None and line.link_id == evaluation.evaluation_id]
    group = plan.group(found[0].asset_id)
    return (line for line in found if line.asset_id in group.assets)


def _between(plan: Plan, evaluation, start: date, end: date) -> Iterator[BenefitLine]:
    """The parts of the benefit lines that fall between two days; a rise is agreed and not measured, so nothing widens it."""
    for line in _lines(plan, evaluation):
        inside = tuple(
            replace(part, start=max(part.start, start), end=min(part.end, end))
            for part in line.segments
            if part.end > start and part.start < end
        )
        if inside:
            share = sum(part.days for part in inside) / sum(part.days for part in line.segments)
            yield replace(line, segments=inside, share=line.share * share, widening=1.0)


@dataclass(frozen=True, kw_only=True)
class Rise:
    """A rise of recall from a day on. Money of today after tax; recall and points are fractions."""

    evaluation: object
    asset_id: str
    recall: performance.Interval  # as measured, Wilson 90 %
    points: float
    start: date
    end: date
    likely: float  # at the most likely figures
    counted: float  # the same as the value would rise: a substitute's price caps it
    yearly: float  # of the last whole year with a benefit, before tax and ageing
    draws: np.ndarray  # (draws,) for a rise by exactly these points
    before: np.ndarray  # (draws,) recall today, as the test set leaves it open
    by_time: tuple[tuple[float, float], ...]  # years from today, share of the worth still to come

    @property
    def mean(self) -> float:
        return float(self.draws.mean())

    @property
    def from_order(self) -> tuple[tuple[float, float], ...]:
        """Years by which an order is put off, share of the worth that is then left: what is ordered later works later."""
        begins = self.by_time[1][0]
        return ((0.0, 1.0), *((years - begins, left) for years, left in self.by_time[1:] if years > begins))

    def reaching(self, level: float) -> np.ndarray:
        """(draws,) what it brings if recall reaches a level, wherever it stands today; below zero where it stands higher."""
        return self.draws * (level - self.before) / self.points


def rise(
    plan: Plan, distribution: Distribution, gain: Gain, points: float, start: date, end: date | None = None
) -> Rise:
    """What a rise of recall brings, most likely and over the draws. end: None, as long as the model is used.

    Raises ValueError for points that lead nowhere between the measured recall and 1, and for days without a benefit.
    """
    item = gain.evaluation
    measured = performance.wilson_interval(item.model.tp, item.model.positives, LEVEL)
    last = life(plan, item)
    end = last if end is None else min(end, last)
    if not 0 < points <= missed(gain):
        raise ValueError(f"points must lie between 0 and {missed(gain):.4f}, up to a recall of 1. Received: {points:g}")
    if start >= end:
        raise ValueError(f"The rise must begin before {end}, the last day that counts. Received: {start}")
    likely = float(worth(plan, item, points, start, end))
    world = scenario_world(plan, distribution.total.inputs)
    ends = [min(span.end, end) for span in plan.periods if span.end > start]
    left = [(0.0, 1.0), (max(years_between(plan.date, start), 0.0), 1.0)]
    for day in dict.fromkeys(ends):
        left.append((years_between(plan.date, day), 1 - float(worth(plan, item, points, start, day)) / likely))
    one = upkeep.points([gain])[0]
    return Rise(
        evaluation=item,
        asset_id=gain.asset_id,
        recall=measured,
        points=points,
        start=start,
        end=end,
        likely=likely,
        counted=float(worth(plan, item, points, start, end, capped=True)),
        yearly=one.yearly * points / upkeep.POINT,
        draws=np.broadcast_to(worth(plan, item, points, start, end, world), distribution.draws),
        before=np.broadcast_to(drawn_recall(item, world)[1], distribution.draws),
        by_time=tuple(left),
    )


def volatility(found: Rise, assumed: float) -> tuple[float, str]:
    """Volatility a year of what a rise brings: of the logarithm of its draws, else as assumed; and which of the two."""
    try:
        simulated = log_volatility(found.draws, "The worth of the rise")
    except Undefined:
        return assumed, "assumed: too many draws are worth nothing"
    return simulated.value, "simulated, learned in one year"


def interval(draws) -> tuple[float, float]:
    """5 and 95 % points of draws."""
    low, high = np.quantile(draws, (0.05, 0.95))
    return float(low), float(high)


# ---------------------------------------------------------------- what is paid


def quarters(start: date, end: date) -> list[date]:
    """The ends of the quarters after ``start``, up to ``end``; at least one."""
    days, step = [], 1
    while (day := months_later(start, QUARTER * step)) <= end:
        days.append(day)
        step += 1
    return days or [end]


def cost_of_one(plan: Plan, asset_id: str, days: Sequence[date], size: float = 1.0, committed: bool = False) -> float:
    """What it costs the owner, after tax and in today's money, to pay 1 in equal parts on these days, expensed at once.

    size: what is paid in all, where losses would put the tax off. committed: paid whatever comes, at the cost of capital
    without a premium (rule Rate); else at the rate of the asset's group.
    """
    each, asset = size / len(days), plan.asset(asset_id)
    sure = committed or asset.p_technical_success is not None  # a running cost would be due after success only
    phase = "development" if sure else "operation"
    lines = tuple(
        replace(training_line(asset, day, plan.date, plan.periods, ThreePoint(each, each, each)), phase=phase)
        for day in days
    )
    used, group = replace(plan, caps={}), plan.group(asset_id)
    paid = replace(used, costs=used.costs + lines)
    return float(group_value(used, group) - group_value(paid, group)) / size


def at_most(
    plan: Plan, asset_id: str, value: float, days: Sequence[date], committed: bool = False
) -> tuple[float, float]:
    """(the most that may be paid in all before tax for what is worth ``value`` after it, the cost of one that it rests on)."""
    one = cost_of_one(plan, asset_id, days, committed=committed)
    for _ in range(3):  # the tax that a payment saves can depend on its size
        one = cost_of_one(plan, asset_id, days, max(value, 1.0) / one, committed)
    return value / one, one


def pays_back(found: Rise, cost: float) -> float | None:
    """Years until what has flowed covers a cost of today, after tax; None: never."""
    if cost >= found.mean:
        return None
    times, left = (np.array(each) for each in zip(*found.by_time, strict=True))
    return float(np.interp(cost / found.mean, 1 - left, times))


# ---------------------------------------------------------------- a team


@dataclass(frozen=True, kw_only=True)
class Team:
    """People who are paid to raise recall. Costs of 1 a year, after tax, today's money: over the stay, and until let go."""

    stay: float  # cost of 1 a year over the whole stay
    trial: float  # the same until a team without success is let go
    months: int  # of the trial

    def pay(self, brought, chance: float):
        """The most to pay a year, before tax: q S / (q A + (1 − q) B). brought: S, a number or (draws,)."""
        return chance * brought / (chance * self.stay + (1 - chance) * self.trial)

    def least_chance(self, brought: float, pay: float) -> float | None:
        """The chance of success at which a team of this pay brings what it costs; None: not even certain success does."""
        left = brought - pay * (self.stay - self.trial)
        found = pay * self.trial / left if left > 0 else math.inf
        return found if found <= 1 else None


def team(plan: Plan, asset_id: str, end: date, trial_months: int) -> Team:
    """A team from the valuation date to ``end``, let go after the trial where it does not succeed."""

    def yearly(until: date) -> float:
        days = quarters(plan.date, until)
        return cost_of_one(plan, asset_id, days) * max(years_between(plan.date, until), 0.25)

    return Team(stay=yearly(end), trial=yearly(min(months_later(plan.date, trial_months), end)), months=trial_months)


def months_to_see(plan: Plan, gain: Gain, points: float) -> tuple[int | None, int | None]:
    """(positive cases to see that recall rose by so much, months in which so many are monitored); None: it cannot be told."""
    rate = gain.evaluation.model.tp / gain.evaluation.model.positives
    if not (0 < rate < 1 and rate + points < 1):
        return None, None
    needed = performance.cases_to_see(rate, points, upkeep.LEVEL, upkeep.POWER)
    for series in monitored(plan.client):
        if series.asset_id == gain.asset_id and series.metric.lower() in HITS and len(series.years) > 1:
            every = max(round(12 * float(np.median(np.diff(series.years)))), 1)
            return needed, every * math.ceil(needed / int(np.median(series.ns)))
    return needed, None


# ---------------------------------------------------------------- a partner

OWNER, PARTNER, RIVAL = "owner", "partner", "rival"


@dataclass(frozen=True)
class Deal:
    """What a partner who brings the data may get of a gain; money."""

    gain: float
    floor: float  # what he has without a deal
    ceiling: float  # what the owner loses without him
    share: float  # Shapley value
    replaced_for: float | None

    @property
    def possible(self) -> bool:
        return self.ceiling >= self.floor


def deal(gain: float, alone: float = 0.0, replacing: float | None = None, rivals: int = 0) -> Deal:
    """Floor, ceiling and Shapley value of a partner in a gain that needs his data and the owner's model.

    alone: what he earns with his data without a deal and gives up by one; replacing: for what the same data can be had
    otherwise (None: not at all); rivals: others with the same data and the same earnings.
    Rules Standing still and Replacing of :mod:`lepton_nb.value_model.joint`.
    """
    holders = (PARTNER, *(f"{RIVAL} {number + 1}" for number in range(rivals)))
    values = {}
    for part in _subsets((OWNER, *holders)):
        held = len(part - {OWNER})
        values[part] = held * alone
        if OWNER in part and held:
            values[part] = max(gain + (held - 1) * alone, held * alone)
    values = joint.standing_still(values)
    if replacing is not None:
        values = joint.replaceable(values, dict.fromkeys(holders, replacing))
    everybody = frozenset((OWNER, *holders))
    shared = data_value.shapley((OWNER, *holders), values).values[PARTNER]
    return Deal(gain, alone, values[everybody] - values[everybody - {PARTNER}], shared, replacing)


def _subsets(players: Sequence[str]) -> Iterator[frozenset[str]]:
    for bits in range(2 ** len(players)):
        yield frozenset(name for place, name in enumerate(players) if bits >> place & 1)


def data_cost(plan: Plan, asset_id: str) -> tuple[float | None, tuple[str, ...]]:
    """(what the data that feed an asset would cost anew, their names); None: nothing that feeds it has a cost."""
    costs = replacement_costs(plan)
    names = tuple(
        name for name in sorted(plan.needs[asset_id]) if plan.asset(name).kind == "data" and costs[name].new > 0
    )
    return (sum(costs[name].new for name in names) if names else None), names


# ---------------------------------------------------------------- what would change it


@dataclass(frozen=True)
class Change:
    """One assumption alone: the worth of a rise with it at its ends, and the figure at which it is worth a cost."""

    label: str
    unit: str
    low_words: str
    high_words: str
    at_low: float
    at_high: float
    turns_at: float | None  # None: nowhere in its range

    @property
    def swing(self) -> float:
        return abs(self.at_high - self.at_low)


def changes(plan: Plan, found: Rise, cost: float, words: Callable[[float], str], most: int = 8) -> list[Change]:
    """The assumptions that move the worth of a rise, the longest swing first.

    cost: after tax, today's money, that the worth is held against. The test sets move it by recall and share of positive cases.
    """

    def of(world: World) -> float:
        return float(worth(plan, found.evaluation, found.points, found.start, found.end, world))

    rows = []
    for move in assumptions(plan, words):
        if move.name in {gain.evaluation_id for gain in gains(plan)} or not (
            move.assets is None or found.asset_id in move.assets
        ):
            continue
        low, high = of(move.low), of(move.high)
        if math.isclose(low, high, rel_tol=1e-9, abs_tol=1e-6):
            continue
        way = turning.path(plan, move, up=(high < low) == (found.likely > cost))
        at = turning.place(way, lambda world: of(world) - cost)
        turn = None if at is None else way.figure(at)
        rows.append(Change(move.label, move.unit, move.low_words, move.high_words, low, high, turn))
    rows += _scenarios(plan, found, of)
    seen = found.evaluation.model
    if found.evaluation.share_range is None:
        share = performance.wilson_interval(seen.positives, seen.n, LEVEL)
        ends = [found.likely * end / share.value for end in share.interval]
        turn = share.value * cost / found.likely
        at = turn if share.low < turn < share.high else None
        rows.append(Change("share of positive cases: test set", "of cases", *map(words, share.interval), *ends, at))
    return sorted(rows, key=lambda row: -row.swing)[:most]


def _scenarios(plan: Plan, found: Rise, of: Callable[[World], float]) -> Iterator[Change]:
    """The client's worst and best scenario for the rise, where they differ."""
    each = {
        item.name: of(World(own_multipliers={found.asset_id: item.multipliers(found.asset_id)}))
        for item in plan.client.scenarios
        if item.p > 0
    }
    low, high = min(each, key=each.__getitem__), max(each, key=each.__getitem__)
    if not math.isclose(each[low], each[high], rel_tol=1e-9):
        yield Change("scenario", "", low, high, each[low], each[high], None)
