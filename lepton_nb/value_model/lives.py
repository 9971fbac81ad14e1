"""Lives that do not fit each other: what a model needs ends before it does, benefits are dated after their asset's end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from lepton_nb import terms
from lepton_nb.value_model.line_money import benefits
from lepton_nb.value_model.lines import BenefitLine, Plan
from lepton_nb.value_model.money import discount_factor, evaluate
from lepton_nb.value_model.planning import with_assets
from lepton_nb.value_model.times import years_between
from lepton_nb.value_model.verdict import counted

#: Years by which all useful lives are moved together, and the shortest that is left.
CHANGES, SHORTEST = (-1.0, 0.0, 1.0), 0.25


def varied(plan: Plan, changes: Iterable[float] = CHANGES) -> dict[float, float]:
    """Change of all useful lives together, years → value of the groups that count, most likely otherwise.

    A life is the client's choice and not drawn. What lasts longer brings only what benefits.csv holds for it, is written off more slowly
    and costs less to have again a year.
    """
    held, found = counted(plan), {}
    for change in changes:
        assets = [
            asset.model_copy(update={"useful_life_years": max(asset.useful_life_years + change, SHORTEST)})
            for asset in plan.client.assets
        ]
        groups = evaluate(with_assets(plan, assets) if change else plan).groups
        found[change] = float(sum(groups.get(name, 0.0) for name in held))
    return found


@dataclass(frozen=True)
class Outlived:
    """An asset that earns after the useful life of something it needs has ended.

    last: the day of its last counted benefit; needs: (asset, last day of its life), the earliest first; after: present
    value of the benefits after the first of these days, before tax and costs, most likely.
    """

    asset_id: str
    last: date
    needs: tuple[tuple[str, date], ...]
    after: float


def outlived(plan: Plan) -> tuple[Outlived, ...]:
    """The assets whose benefits count longer than what they need lives; none where lives are kept (rule Economic life)."""
    found = []
    for name, lines in plan.benefits_of.items():
        last = max(part.end for line in lines for part in line.segments)
        ends = {other: plan.ends[other] for other in plan.needs[name] - {name}}
        short = sorted((end, other) for other, end in ends.items() if end is not None and end < last)
        if short:
            after = _present(plan, name, lines) - _present(plan, name, _until(lines, short[0][0]))
            found.append(Outlived(name, last, tuple((other, end) for end, other in short), after))
    return tuple(found)


def _until(lines: Iterable[BenefitLine], end: date) -> list[BenefitLine]:
    """The lines with nothing after a day."""
    kept = []
    for line in lines:
        parts = tuple(replace(part, end=min(part.end, end)) for part in line.segments if part.start < end)
        if parts:
            days, before = (sum(part.days for part in some) for some in (parts, line.segments))
            kept.append(replace(line, segments=parts, share=line.share * days / before))
    return kept


def _present(plan: Plan, name: str, lines: Iterable[BenefitLine]) -> float:
    """Present value of benefits of one asset, before tax and costs."""
    others = tuple(line for line in plan.benefits if line.asset_id != name)
    rate = plan.group(name).rate
    dated = benefits(replace(plan, benefits=(*others, *lines)), asset_id=name)
    return sum(float(money) * discount_factor(rate, plan.periods[line.period].time) for line, money in dated)


@dataclass(frozen=True)
class Late:
    """A part-year of benefits that is dated after its asset's life has ended, by the middle or the end of its period.

    ends: the last day that counts; dated: the day by which it is discounted; more: what it would be worth more if dated
    within its own days, before tax, most likely.
    """

    asset_id: str
    ends: date
    dated: date
    more: float


def late(plan: Plan) -> tuple[Late, ...]:
    """The last benefits of assets that are discounted from a day on which their life is over (rule Timing)."""
    middle = plan.client.valuation.timing == "mid_year"
    found: dict[str, Late] = {}
    for line, money in benefits(plan):
        span, name = plan.periods[line.period], line.asset_id
        start, end = line.segments[0].start, line.segments[-1].end
        if end >= span.day or end == span.end:
            continue
        own = years_between(plan.date, start) * 0.5 + years_between(plan.date, end) * 0.5
        own, rate = own if middle else years_between(plan.date, end), plan.group(name).rate
        more = float(money) * (discount_factor(rate, own) - discount_factor(rate, span.time))
        before = found[name].more if name in found else 0.0
        found[name] = Late(name, end, span.day, before + more)
    return tuple(found.values())


def _ended(plan: Plan, name: str, end: date) -> str:
    basis = terms.spoken(plan.asset(name).useful_life_basis)
    return f"{name}, {basis}, {'until' if end > plan.date else 'over since'} {end}"


def findings(plan: Plan) -> tuple[str, ...]:
    """What a reader must know of lives that do not fit, in sentences."""
    told = []
    for one in outlived(plan):
        needs = ", ".join(_ended(plan, name, end) for name, end in one.needs)
        told.append(
            f"{one.asset_id} earns until {one.last}, after the life of what it needs has ended ({needs}). Benefits of {one.after:,.0f} "
            f"{plan.currency} (present value) come after that; renewing costs what costs.csv plans for it, else nothing."
        )
    if dated := late(plan):
        names = ", ".join(f"{one.asset_id} (life ends on {one.ends}, dated {one.dated})" for one in dated)
        told.append(
            f"Benefits of the last part-year are discounted from the day of their period, after the life has ended: {names}. Dated within their own days "
            f"they would be worth {sum(one.more for one in dated):,.0f} {plan.currency} more."
        )
    return tuple(told)
