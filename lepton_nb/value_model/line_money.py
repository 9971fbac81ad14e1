"""From one dated line to money in one state of the world: chances, what is left of a gain, benefits, their caps, costs."""

from __future__ import annotations

import numpy as np

from lepton_nb.terms import years_between
from lepton_nb.value_model import tested
from lepton_nb.value_model.decay import mean_factor
from lepton_nb.value_model.gains import gain_per_case
from lepton_nb.value_model.inputs import (
    cost_name,
    decay_name,
    share_name,
    substitute_name,
    success_name,
    unit_value_name,
    volume_name,
)
from lepton_nb.value_model.lines import BenefitLine, CostLine, Plan
from lepton_nb.value_model.world import MOST_LIKELY, Money, World, triangular_quantile

LN2 = float(np.log(2))


def chance(plan: Plan, world: World, asset_id: str) -> Money:
    """The asset's p_technical_success; where a level is drawn, 1 in that share of the draws and 0 otherwise."""
    stated = plan.asset(asset_id).p_technical_success
    if stated is None:
        return 1.0
    level = world.drawn.get(success_name(asset_id))
    return world.chances.get(asset_id, stated) if level is None else np.where(np.asarray(level) < stated, 1.0, 0.0)


def chance_of_all(plan: Plan, world: World, asset_id: str) -> Money:
    """That an asset and all that it needs succeed."""
    found: Money = 1.0
    for needed in sorted(plan.needs[asset_id]):
        if plan.asset(needed).p_technical_success is not None:
            found = found * chance(plan, world, needed)
    return found


def decay_rate(plan: Plan, world: World, asset_id: str) -> Money:
    """Decay of an asset's benefits a year, ln 2 / half-life (rule Decay)."""
    if asset_id in world.half_lives:
        half_life = world.half_lives[asset_id]
        return LN2 / half_life if half_life else 0.0
    used = plan.decays[asset_id]
    level = world.drawn.get(decay_name(asset_id))
    return used.rate if level is None or used.drawn is None else triangular_quantile(used.drawn, level)


def survival(plan: Plan, line: BenefitLine, world: World = MOST_LIKELY) -> Money:
    """What is left of a benefit in its period: the mean of 2^(−age / half-life) over the days that count."""
    rate, days = decay_rate(plan, world, line.asset_id), sum(part.days for part in line.segments)
    return sum(part.days / days * mean_factor(rate, part.young, part.old) for part in line.segments)


def life_curve(plan: Plan, asset_id: str, driver_id: str, times: np.ndarray) -> np.ndarray:
    """What is left of the gain behind a benefit at times (years from the valuation date): 1 where it is fresh, 0 past its life."""
    rate, left = decay_rate(plan, MOST_LIKELY, asset_id), np.zeros(np.shape(times))
    lines = [line for line in plan.benefits_of.get(asset_id, ()) if line.driver_id == driver_id]
    for part in (part for line in lines for part in line.segments):
        start, end, fresh = (years_between(plan.date, day) for day in (part.start, part.end, part.fresh))
        inside = (times >= start) & (times <= end)
        left[inside] = np.exp(-rate * np.maximum(times[inside] - fresh, 0.0))
    return left


def unit_value(plan: Plan, line: BenefitLine, world: World = MOST_LIKELY) -> Money:
    """Money per unit of a benefit line (rule One benefit)."""
    if line.evaluation is not None:
        given = world.gains.get(line.link_id)
        counted = gain_per_case(line.evaluation, world, plan.client, line.grade, cells=False)
        if given is None:
            given = gain_per_case(line.evaluation, world, plan.client, line.grade)
        return counted + line.widening * (given - counted)
    if line.gives_unit_value:
        return _as_tested(line, world)
    unit = world.read(unit_value_name(line), line.unit_value)
    return unit * _as_tested(line, world) if line.tested is not None else unit


def _as_tested(line: BenefitLine, world: World) -> Money:
    """The gain per unit of a trial (money, or the number of an effect), or the share that was accepted without a change, as measured or drawn."""
    level = world.drawn.get(tested.name(line.tested))
    if level is None:
        return tested.mean(line.tested)
    return tested.widened(line.tested, tested.quantile(line.tested, level), line.widening)


def benefit(plan: Plan, line: BenefitLine, world: World = MOST_LIKELY) -> Money:
    """Money of one benefit line before tax, discounting and the cap of a substitute (:func:`benefits` has that)."""
    share = world.read(share_name(line, "attribution"), line.attribution)
    share = share * world.read(share_name(line, "adoption"), line.adoption) * line.share
    units = world.read(volume_name(line), line.volume) * share * survival(plan, line, world)
    sure = chance_of_all(plan, world, line.asset_id)
    return units * unit_value(plan, line, world) * sure * world.multipliers(line.asset_id)[0]


def cap(plan: Plan, name: str, period: int, world: World = MOST_LIKELY) -> Money:
    """What a whole year of an asset's substitute costs: by the volume of that period's benefits where it is asked for one.

    In a period without such a volume it is that of the first whole year (rule Substitution).
    """
    substitute = plan.caps[name]
    price = world.read(substitute_name(name), substitute.price)
    counted = [line for line in plan.benefits_of.get(name, ()) if line.period == period and substitute.counts(line)]
    if not counted:
        return price * substitute.units
    volumes = (
        world.read(volume_name(line), line.volume) * world.read(share_name(line, "adoption"), line.adoption)
        for line in counted
    )
    units = np.asarray(sum(volumes) / substitute.times)
    return price * np.where(units > 0, units, substitute.units)


def ceiling(plan: Plan, name: str, period: int, world: World = MOST_LIKELY) -> Money:
    """The most that its substitute's price leaves of an asset's benefits in one period (rule Substitution)."""
    share = max(line.share for line in plan.benefits_of[name] if line.period == period)
    return cap(plan, name, period, world) * share * chance_of_all(plan, world, name)


def yearly_caps(plan: Plan, name: str) -> list[float]:
    """What a whole year of an asset's substitute costs, in each period with a benefit of it; most likely."""
    return [float(cap(plan, name, period)) for period in sorted({line.period for line in plan.benefits_of[name]})]


def benefits(plan: Plan, world: World = MOST_LIKELY, asset_id: str = "") -> list[tuple[BenefitLine, Money]]:
    """Each benefit line with its money, all of them or those of one asset; a substitute's price caps them together.

    Rule Substitution: nobody loses more by losing the asset than a year of the substitute costs.
    """
    found = []
    chosen = {asset_id: plan.benefits_of.get(asset_id, ())} if asset_id else plan.benefits_of
    for name, lines in chosen.items():
        money = [(line, benefit(plan, line, world)) for line in lines]
        if name not in plan.caps:
            found += money
            continue
        for period in dict.fromkeys(line.period for line in lines):
            inside = [(line, amount) for line, amount in money if line.period == period]
            most = ceiling(plan, name, period, world)
            total = np.asarray(sum(amount for _, amount in inside), dtype=float)
            kept = np.where(total > most, most / np.where(total > 0, total, 1.0), 1.0)
            found += [(line, amount * kept) for line, amount in inside]
    return found


def cost(plan: Plan, line: CostLine, world: World = MOST_LIKELY) -> Money:
    """Money out of one cost line before tax and discounting."""
    sure = chance(plan, world, line.asset_id) if line.needs_success else 1.0
    return world.read(cost_name(line), line.amount) * line.share * world.multipliers(line.asset_id)[1] * sure
