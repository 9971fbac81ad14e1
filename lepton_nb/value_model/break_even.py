"""How far a model may fall: to no gain over its baseline, to no value of its group, to benefits below running costs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize

from lepton_nb.client import ThreePoint
from lepton_nb.valuation import performance
from lepton_nb.value_model import tested
from lepton_nb.value_model.approaches import dropped_with
from lepton_nb.value_model.gains import LEVEL, gain_per_case, most_likely_money
from lepton_nb.value_model.line_money import benefit, cap, chance_of_all, cost
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.money import cash_flows, price_factor, tax_benefit_factor
from lepton_nb.value_model.times import years_between
from lepton_nb.value_model.turning import drawn_world, expected, place, standing, trial_path
from lepton_nb.value_model.world import World


def gain_by_class(evaluation) -> tuple[float, float]:
    """Gain per positive and per negative case: (money, money). The gain is their mean by the share of positives."""
    times = evaluation.class_weights
    money = {name: value / times[name] for name, value in most_likely_money(evaluation).items()}

    def mean(counts, hit, miss) -> float:
        right, wrong = getattr(counts, hit), getattr(counts, miss)
        return (right * money[hit] + wrong * money[miss]) / (right + wrong) if right + wrong else 0.0

    return tuple(
        mean(evaluation.model, hit, miss) - mean(evaluation.baseline, hit, miss) for hit, miss in (("tp", "fn"), ("tn", "fp"))
    )  # fmt: skip


def gain_at_prevalence(evaluation, prevalence):
    """Gain per case if this share of the cases were positive, recall and false-alarm rate as measured."""
    positive, negative = gain_by_class(evaluation)
    return prevalence * positive + (1 - np.asarray(prevalence)) * negative


def prevalence_for(evaluation, factor: float) -> float | None:
    """The share of positive cases at which the gain is ``factor`` times today's; None where no share in 0..1 does it."""
    positive, negative = gain_by_class(evaluation)
    today = float(gain_at_prevalence(evaluation, evaluation.share_in_use))
    if today <= 0 or positive == negative:
        return None
    share = (factor * today - negative) / (positive - negative)
    return share if 0 <= share <= 1 else None


@dataclass(frozen=True)
class BreakEven:
    """How far a rate may fall: to no gain over the baseline, to no value of the group. None: the sentence says why."""

    asset_id: str
    what: str  # recall, share accepted
    measured: performance.Interval
    baseline: float | None
    no_gain: float | None
    no_value: float | None
    sentence: str
    rates: tuple[float, ...]
    values: tuple[float, ...]  # of the group, at those rates
    no_use: float | None = None  # below it the group is worth more without the asset and what serves it alone


def break_even_recall(plan: Plan, evaluation) -> BreakEven:
    """Recall at which the model gains nothing, and at which the expected value of its group is nothing (rule Break-even)."""
    money, model = most_likely_money(evaluation), evaluation.model
    measured = performance.wilson_interval(model.tp, model.positives, LEVEL)
    share, positive = model.positives / model.n, money["tp"] - money["fn"]
    gain = float(gain_per_case(evaluation))

    def gain_at(recall: float) -> float:
        return gain + share * positive * (recall - measured.value)

    if positive > 0 and share > 0:
        no_gain, word = _root(gain_at, "the model gains on its baseline")
    else:
        no_gain, word = None, "A detection is worth no more than a miss: no recall decides."
    plain = _without_widening(plan, evaluation.evaluation_id, "confusion")
    group = plan.group(evaluation.asset_id)

    def at(recall: float) -> tuple[Plan, World]:
        return plain, World(gains={evaluation.evaluation_id: gain_at(recall)})

    baseline = evaluation.baseline.tp / evaluation.baseline.positives
    return _break_even(
        evaluation.asset_id,
        "recall",
        measured,
        baseline,
        no_gain,
        word,
        group,
        at,
        evaluation.evaluation_id,
        plan,
    )


def break_even_acceptance(plan: Plan, accepted) -> BreakEven:
    """Share accepted at which the model's group is worth nothing (rule Break-even)."""
    name = accepted.asset_id
    measured = performance.wilson_interval(accepted.accepted, accepted.n, LEVEL)
    group = plan.group(name)
    # the share stands still as measured, scaled by the attribution
    still = World(drawn={tested.name(accepted): tested.level(accepted)})

    def at(share: float) -> tuple[Plan, World]:
        factor = share / measured.value if measured.value else 0.0
        lines = tuple(
            replace(line, attribution=ThreePoint(*(factor * each for each in line.attribution)))
            if (line.link, line.link_id) == ("acceptance", name)
            else line
            for line in plan.benefits
        )
        return replace(plan, benefits=lines), still

    return _break_even(name, "share accepted", measured, None, None, "", group, at, name, plan)


def break_even_trial(plan: Plan, trial) -> float | None:
    """The mean gain of a trial at which the expected value of its group is nothing, all else drawn (rule Break-even).

    None where there is none between what was measured and no gain.
    """
    group, way = plan.group(trial.asset_id), trial_path(plan, trial)
    if group is None or way is None:
        return None
    at = place(way, expected(plan, group, drawn_world(plan))(frozenset([trial.asset_id])))
    return None if at is None else way.figure(at)


def _break_even(asset_id, what, measured, baseline, no_gain, word, group, at, link_id, plan) -> BreakEven:
    linked = any(line.link_id == link_id for line in plan.benefits)
    if group is None or not linked:
        words = f"No benefit of {asset_id} rests on its {what}, so it has no break-even."
        return BreakEven(asset_id, what, measured, baseline, no_gain, None, words, (), ())
    if what == "share accepted" and measured.value == 0:
        words = f"Nothing was accepted, so the value cannot be scaled to another {what}."
        return BreakEven(asset_id, what, measured, baseline, no_gain, None, words, (), ())

    drawn = drawn_world(plan)

    def present_at(rate: float) -> np.ndarray:
        changed, still = at(rate)
        return _present(changed, group, standing(drawn, still), group.assets)

    def value_at(rate: float) -> float:
        found = present_at(rate)
        return float(np.mean(found)) * price_factor(found, tax_benefit_factor(plan, group))

    gone = dropped_with(plan, asset_id)
    lacking = _present(plan, group, drawn, [name for name in group.assets if name not in gone])

    def brought_at(rate: float) -> float:
        return float(np.mean(present_at(rate)) - np.mean(lacking))

    no_value, said = _root(value_at, f"the group {group.name} is worth something")
    rates = tuple(np.linspace(0, 1, 41).tolist())
    return BreakEven(
        asset_id, what, measured, baseline, no_gain, no_value, " ".join(filter(None, (word, said))), rates,
        tuple(value_at(rate) for rate in rates), _root(brought_at, "")[0],
    )  # fmt: skip


def _present(plan: Plan, group: Group, world: World, members: Iterable[str]) -> np.ndarray:
    """(draws,) present value of these members of a group, before a buyer's tax benefit."""
    return np.asarray(sum(year.present for year in cash_flows(plan, group, world, members=members)), dtype=float)


def _root(function, words: str) -> tuple[float | None, str]:
    """Where a rising function of a rate in 0..1 is zero, or the sentence that says it is not."""
    at_none, at_all = function(0.0), function(1.0)
    if at_none > 0:
        return None, f"At any rate {words}, even at 0."
    if at_all < 0:
        return None, f"At no rate {words}, not even at 1."
    return float(optimize.brentq(function, 0.0, 1.0, xtol=1e-10)), ""


def _without_widening(plan: Plan, link_id: str, link: str) -> Plan:
    """The same plan with the gain of these lines as given, not widened by the grade of evidence."""
    lines = tuple(
        replace(line, widening=1.0) if (line.link, line.link_id) == (link, link_id) else line for line in plan.benefits
    )
    return replace(plan, benefits=lines)


@dataclass(frozen=True)
class EconomicLife:
    """When a year's benefit no longer covers a year's running costs. Years from the valuation date."""

    asset_id: str
    year: int | None  # the last whole calendar year with a benefit, whose figures these are; None: there is none
    benefit: float  # a whole year's, at today's decay
    running: float
    half_life: float | None
    uncapped: float  # the benefit before the price of a substitute caps it, which the decay acts on
    years: float | None
    stated: float | None  # remaining useful life by the client's figure
    sentence: str


def economic_life(plan: Plan, asset_id: str, half_life: float | None = None) -> EconomicLife:
    """Rule Economic life, with the half-life of the value unless another is given.

    Benefits and costs are those of the last whole year with both, so that the start of use does not shorten the life.
    """
    asset = plan.asset(asset_id)
    used = half_life if half_life is not None else plan.decays[asset_id].half_life if asset_id in plan.decays else None
    lines = plan.benefits_of.get(asset_id, ())
    whole = [line.period for line in lines if line.share == 1]
    remaining = None
    if asset.in_service_date is not None:
        remaining = asset.useful_life_years - years_between(asset.in_service_date, plan.date)
    known = {"asset_id": asset_id, "half_life": used, "stated": remaining}
    if not whole:
        return EconomicLife(
            **known,
            year=None,
            benefit=0.0,
            running=0.0,
            uncapped=0.0,
            years=None,
            sentence="No whole year of benefits is given.",
        )
    last = max(whole)
    fresh = World(half_lives={asset_id: None})
    # what the decay acts on; a substitute's price caps what is left of it
    gained = sum(
        float(benefit(plan, line, fresh))
        * (2.0 ** (-max(years_between(line.begins, plan.date), 0.0) / used) if used else 1.0)
        for line in lines
        if line.period == last
    )
    year = gained
    if asset_id in plan.caps:
        year = min(gained, float(cap(plan, asset_id, last)) * float(chance_of_all(plan, fresh, asset_id)))
    running = sum(
        float(cost(plan, line))
        for name in sorted(plan.needs[asset_id])
        for line in plan.costs_of.get(name, ())
        if line.written_off is None and line.period == last
    )
    years, words = None, ""
    if running <= 0:
        words = "No running costs are given: nothing ends it."
    elif year <= running:
        years, words = 0.0, "A year's benefit does not cover a year's running costs even today."
    elif used is None:
        words = "Without a half-life nothing ends it."
    else:
        years = used * math.log2(gained / running)
    return EconomicLife(
        **known,
        year=plan.periods[last].year,
        benefit=year,
        running=running,
        uncapped=gained,
        years=years,
        sentence=words,
    )
