"""What whoever runs a model asks: money per point of a rate, what training again may cost, how soon a fall is seen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from scipy import optimize

from lepton_nb.client import ThreePoint
from lepton_nb.valuation import performance
from lepton_nb.value_model.decay import ALARMS, HITS, OF_COUNTS, Series
from lepton_nb.value_model.gains import Gain, most_likely_money
from lepton_nb.value_model.laying import life_end, retrain_months, segments, training_line
from lepton_nb.value_model.ledger import first_uses
from lepton_nb.value_model.line_money import life_curve
from lepton_nb.value_model.lines import CostLine, Group, Plan
from lepton_nb.value_model.money import group_value, present_benefits
from lepton_nb.value_model.times import months_later, years_between

POINT = 0.01
#: The fall that monitoring is to see, in a rate: two points.
FALL = 0.02
#: One-sided level of the test that sees it, and the chance with which it does.
LEVEL, POWER = 0.05, 0.80
#: Months between two trainings that are tried.
SCHEDULES = (24, 12, 6)
#: Models for which schedules are tried: those whose benefits are worth most today.
MOST_TRAINED = 5

UPKEEP_RULES = {
    "Point": "One point of recall is one positive case in a hundred found that was missed, at the most likely money of a find and of "
    "a miss; one point of false alarms one negative case in a hundred left alone that was flagged. The share of positive "
    "cases is that in use. A year: times the cases of the last whole year, as far as they are attributed.",
    "Training again": "A training is taken to restore the gain as it was measured, on its day, and to change nothing else. The most that one may "
    "cost, before tax, is the sum at which the value of the group is the same as without any: more than that is not worth paying.",
    "Seeing a fall": f"The months are held against the first that was monitored, taken as known, one-sided at {LEVEL:.0%}; cases are needed so that a "
    f"change of {100 * FALL:g} points is seen with a chance of {POWER:.0%}. Cases of later measurements are added to those before.",
}


@dataclass(frozen=True)
class Point:
    """Money that one point of a rate is worth: a case, and a year (None: no benefit rests on it)."""

    evaluation_id: str
    asset_id: str
    rate: str  # recall, false alarms
    measured: performance.Interval
    per_case: float
    yearly: float | None


def points(gains: Iterable[Gain]) -> tuple[Point, ...]:
    """Rule Point, of each gain: one point more recall, one point fewer false alarms."""
    found = []
    for gain in gains:
        item, share = gain.evaluation, gain.evaluation.share_in_use
        money = {name: value / item.class_weights[name] for name, value in most_likely_money(item).items()}
        counts = item.model
        for rate, seen, cases, each in (
            ("recall", counts.tp, counts.positives, share * (money["tp"] - money["fn"])),
            ("false alarms", counts.fp, counts.n - counts.positives, (1 - share) * (money["tn"] - money["fp"])),
        ):
            measured = performance.wilson_interval(seen, cases, 0.90)
            yearly = None if gain.yearly is None else gain.yearly * POINT * each
            found.append(Point(gain.evaluation_id, gain.asset_id, rate, measured, POINT * each, yearly))
    return tuple(found)


@dataclass(frozen=True)
class LifeCurves:
    """What is left of gains over time. times: (n,) years from the valuation date; left: asset → (n,), 0..1, NaN past its end.

    earning: how many assets earn, of which those worth most are here; several: whether one has several benefits, of which
    the largest is here; watched: the assets whose decay was measured.
    """

    times: np.ndarray
    left: dict[str, np.ndarray]
    earning: int
    several: bool
    watched: list[str]


def life_curves(plan: Plan, most: int = 6) -> LifeCurves:
    """The life curve of each asset that earns, of at most ``most``."""
    worth = present_benefits(plan, lambda line: (line.asset_id, line.driver_id))
    largest = dict(sorted(worth, key=worth.get))
    chosen = sorted(largest.items(), key=lambda item: -worth[item])[:most]
    times = np.linspace(0, years_between(plan.date, plan.periods[-1].end), 481)
    left = {name: life_curve(plan, name, driver, times) for name, driver in chosen}
    for curve in left.values():  # down to nothing once, and no line after it
        curve[np.flatnonzero(curve).max(initial=-1) + 2 :] = np.nan
    watched = [name for name in left if name in plan.decays and plan.decays[name].measured is not None]
    return LifeCurves(times, left, len(largest), len(worth) > len(largest), watched)


@dataclass(frozen=True)
class Training:
    """A group if one of its models is trained again every so many months (None: never), the trainings free of charge.

    gained: over never; at_most: what one training may cost, before tax, until nothing of that is left; kept: what is left of
    gained at the client's own cost of a training (None: he gives none); planned: the client's own schedule.
    """

    asset_id: str
    months: int | None
    days: tuple[date, ...]
    value: float
    gained: float
    at_most: float | None
    kept: float | None = None
    planned: bool = False


def trainings(plan: Plan) -> tuple[Training, ...]:
    """Rule Training again, for the models in use whose gain decays, at the most likely figures."""
    worth = present_benefits(plan, lambda line: line.asset_id)
    ages = [name for name, used in plan.decays.items() if used.half_life and worth.get(name, 0.0) > 0]
    chosen = sorted(ages, key=lambda name: -worth[name])[:MOST_TRAINED]
    found = []
    for name in chosen:
        group = plan.group(name)
        never = float(group_value(_trained(plan, group, name, None), group))
        found.append(Training(name, None, (), never, 0.0, None))
        own = retrain_months(plan.asset(name))
        tried = sorted({*SCHEDULES, *([own] if own else [])}, reverse=True)
        found += [replace(_scheduled(plan, group, name, months, never), planned=months == own) for months in tried]
    return tuple(found)


def _trained(plan: Plan, group: Group, name: str, months: int | None) -> Plan:
    """The plan of one group with a model trained again every so many months, at no cost."""
    benefits = [
        replace(line, segments=tuple(segments(line.segments[0].start, line.segments[-1].end, line.begins, months)))
        if line.asset_id == name
        else line
        for member in group.assets
        for line in plan.benefits_of.get(member, ())
    ]
    costs = [line for member in group.assets for line in plan.costs_of.get(member, ()) if not _is_training(line, name)]
    return replace(plan, groups=(group,), benefits=tuple(benefits), costs=tuple(costs))


def _is_training(line: CostLine, name: str) -> bool:
    return line.asset_id == name and (line.category, line.source) == ("retraining", "assets.csv")


def _scheduled(plan: Plan, group: Group, name: str, months: int, never: float) -> Training:
    free = _trained(plan, group, name, months)
    value = float(group_value(free, group))
    lines = plan.benefits_of[name]
    last, begins = max(line.segments[-1].end for line in lines), min(line.begins for line in lines)
    days, step = [], 1
    while (due := months_later(begins, step * months)) < last:
        days += [due] if due > plan.date else []
        step += 1

    def left(each: float) -> float:
        """What is gained if a training costs so much."""
        amount = ThreePoint(each, each, each)
        paid = tuple(training_line(plan.asset(name), day, plan.date, plan.periods, amount) for day in days)
        return float(group_value(replace(free, costs=free.costs + paid), group)) - never

    at_most = None
    if days and value - never > 1e-9 * abs(value):
        top = value - never
        while left(top) > 0:
            top *= 2
        at_most = float(optimize.brentq(left, 0.0, top, xtol=1e-6 * top))
    own = plan.asset(name).retrain_cost
    kept = left(own.mode) if own else None
    return Training(name, months, tuple(days), value, value - never if at_most else 0.0, at_most, kept)


@dataclass(frozen=True)
class Watch:
    """How soon monitoring sees a change of a rate by FALL for the worse.

    rate, n: as first measured, on so many cases. cases: needed; each: cases of one measurement (the median); every:
    months between two. measurements and months until it is seen; None where the months are too few to tell how often is
    measured. left: months of useful life after the valuation date; None: no end is given.
    """

    asset_id: str
    metric: str
    rate: float
    n: int
    cases: int
    each: int
    every: int | None
    measurements: int
    months: int | None
    left: int | None

    @property
    def seen(self) -> bool | None:
        """Whether a fall at the valuation date is seen within the useful life; None: measured once."""
        return None if self.months is None else self.left is None or self.months <= self.left


def watches(series: Iterable[Series], plan: Plan) -> tuple[Watch, ...]:
    """Rule Seeing a fall, of each monitored rate of hits or false alarms."""
    found = []
    for item in series:
        name = item.metric.lower()
        if name not in {*HITS, *ALARMS, *OF_COUNTS} or not item.values:
            continue
        rate = item.values[0]
        change = FALL if name in ALARMS else -FALL
        if not 0 < rate < 1 or not 0 < rate + change < 1:
            continue
        needed = performance.cases_to_see(rate, change, LEVEL, POWER)
        each = int(np.median(item.ns))
        gaps = np.diff(item.years)
        every = max(round(12 * float(np.median(gaps))), 1) if len(gaps) else None
        times = math.ceil(needed / each)
        months, left = every and times * every, _months_left(plan, item.asset_id)
        found.append(Watch(item.asset_id, item.metric, rate, item.ns[0], needed, each, every, times, months, left))
    return tuple(found)


@dataclass(frozen=True)
class Unwatched:
    """A recall that money rests on and nobody monitors: how long it would take to see it fall by FALL.

    cases: positive ones needed; months: until so many are among those attributed to the asset, beside the time that
    outcomes take to be known.
    """

    asset_id: str
    recall: float
    cases: int
    months: int


def unwatched(gains: Iterable[Gain], seen: Iterable[Watch]) -> tuple[Unwatched, ...]:
    """Rule Seeing a fall, of each gain that a benefit rests on and whose recall is not monitored."""
    watched = {one.asset_id for one in seen if one.metric.lower() in HITS}
    found = []
    for one in gains:
        counts = one.evaluation.model
        rate = counts.tp / counts.positives if counts.positives else 0.0
        positives = (one.yearly or 0.0) * one.evaluation.share_in_use / 12
        if positives > 0 and one.asset_id not in watched and FALL < rate < 1:
            needed = performance.cases_to_see(rate, -FALL, LEVEL, POWER)
            found.append(Unwatched(one.asset_id, rate, needed, math.ceil(needed / positives)))
    return tuple(found)


def _months_left(plan: Plan, name: str) -> int | None:
    """Whole months from the valuation date to the end of an asset's useful life."""
    asset = plan.asset(name)
    end = life_end(plan.client, asset, first_uses(plan.client)[name])
    return None if end is None else max(math.floor(12 * years_between(plan.date, end)), 0)
