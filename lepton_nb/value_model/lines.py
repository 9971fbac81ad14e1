"""A client's figures laid on dated lines: what counts, when, and what is left out with its reason.

:data:`lepton_nb.value_model.rules.RULES` says the rules in words; here they are applied. Nothing is discounted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from lepton_nb.client import ThreePoint
from lepton_nb.value_model import ledger
from lepton_nb.value_model.decay import Decay, decay_of
from lepton_nb.value_model.times import Period, months_later, years_between, years_later

#: Bases that look at a market participant; the others at the owner.
PARTICIPANT = frozenset({"market_value", "fair_value_ifrs13"})
#: What comes after technical success, and is only there if it happens.
AFTER_SUCCESS = frozenset({"operation", "decommission"})
#: What is paid whatever the benefits turn out to be (rule Rate).
COMMITTED = frozenset({"research", "development", "decommission"})
LINKS = {"confusion": "evaluation", "acceptance": "accepted"}


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A part of a period in which a benefit ages without a break, after ``start`` up to ``end``.

    fresh: the evaluation, or the last retraining before it, from which ages count.
    """

    start: date
    end: date
    fresh: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def young(self) -> float:
        """Age at the start, years."""
        return max(years_between(self.fresh, self.start), 0.0)

    @property
    def old(self) -> float:
        """Age at the end, years."""
        return max(years_between(self.fresh, self.end), 0.0)


@dataclass(frozen=True, kw_only=True)
class BenefitLine:
    """One driver in one period: volume × unit value × attribution × adoption × share of the year × decay × success."""

    asset: Any
    driver_id: str
    benefit_type: str
    period: int  # position in Plan.periods
    volume: ThreePoint
    unit: str
    unit_value: ThreePoint | None  # None: the measured gain per case
    attribution: ThreePoint
    adoption: ThreePoint
    grade: str
    widening: float
    share: float  # of the year's figure
    begins: date  # of decay
    segments: tuple[Segment, ...]
    evaluation: Any = None
    accepted: Any = None

    @property
    def asset_id(self) -> str:
        return self.asset.asset_id

    @property
    def link(self) -> str:
        """confusion, acceptance or none."""
        return "confusion" if self.evaluation is not None else "acceptance" if self.accepted is not None else "none"

    @property
    def link_id(self) -> str:
        if self.evaluation is not None:
            return self.evaluation.evaluation_id
        return self.accepted.asset_id if self.accepted is not None else ""

    @property
    def weight(self) -> float:
        """Most likely attribution × adoption × share of the year."""
        return self.attribution.mode * self.adoption.mode * self.share


@dataclass(frozen=True, kw_only=True)
class CostLine:
    """One forecast cost at its date.

    share: of the amount that falls into the asset's time of use; written_off: share of the amount that amortisation
    charges in each period, None where it is expensed at once.
    """

    asset: Any
    date: date
    time: float
    period: int
    phase: str
    category: str
    amount: ThreePoint
    share: float
    written_off: tuple[float, ...] | None
    source: str = ""

    @property
    def asset_id(self) -> str:
        return self.asset.asset_id

    @property
    def committed(self) -> bool:
        """Paid whatever the benefits turn out to be."""
        return self.phase in COMMITTED

    @property
    def needs_success(self) -> bool:
        return self.phase in AFTER_SUCCESS


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
    """Assets that feed each other, in the order of the client's list, and the rate that they bear together."""

    name: str
    assets: tuple[str, ...]
    rate: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A client's figures laid on dated lines. Everything that :func:`evaluate` needs."""

    client: Any
    basis: str  # owner: investment value, value in use; market: market value, fair value
    date: date
    periods: tuple[Period, ...]
    wacc: float
    tax_rate: float
    groups: tuple[Group, ...]
    needs: Mapping[str, frozenset[str]]  # an asset and all that feed it, directly or not
    benefits: tuple[BenefitLine, ...]
    costs: tuple[CostLine, ...]
    ends: Mapping[str, date | None]  # last day of the useful life of each asset; None: none
    capitalised: Mapping[str, float]  # by asset: what stood in the books at cost before the valuation date
    written_off: Mapping[str, tuple[float, ...]]  # by asset: share of that which is charged in each period
    decays: Mapping[str, Decay]
    caps: Mapping[str, float] = field(default_factory=dict)  # by asset: yearly price of its cheapest substitute
    inputs: Mapping[str, Any] = field(default_factory=dict)
    correlations: Mapping[tuple[str, str], float] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def currency(self) -> str:
        return self.client.valuation.currency

    @property
    def horizon(self) -> date:
        return self.periods[-1].end

    @cached_property
    def _assets(self) -> dict[str, Any]:
        return {asset.asset_id: asset for asset in self.client.assets}

    @cached_property
    def _groups(self) -> dict[str, Group]:
        return {name: group for group in self.groups for name in group.assets}

    @cached_property
    def benefits_of(self) -> dict[str, list[BenefitLine]]:
        """The benefit lines of each asset; absent: none."""
        found: dict[str, list[BenefitLine]] = {}
        for line in self.benefits:
            found.setdefault(line.asset_id, []).append(line)
        return found

    @cached_property
    def costs_of(self) -> dict[str, list[CostLine]]:
        """The cost lines of each asset; absent: none."""
        found: dict[str, list[CostLine]] = {}
        for line in self.costs:
            found.setdefault(line.asset_id, []).append(line)
        return found

    def asset(self, asset_id: str):
        return self._assets[asset_id]

    def evaluation(self, evaluation_id: str):
        return next(item for item in self.client.evaluations if item.evaluation_id == evaluation_id)

    def accepted(self, asset_id: str):
        return next(item for item in self.client.acceptance if item.asset_id == asset_id)

    def group(self, asset_id: str) -> Group | None:
        """The group of an asset; None for an asset that is not valued."""
        return self._groups.get(asset_id)


def without_amortisation(plan: Plan) -> Plan:
    """The same plan with nothing written off for tax: what a buyer, who does not take over the books, looks at."""
    nothing = (0.0,) * len(plan.periods)
    return replace(
        plan,
        written_off=dict.fromkeys(plan.written_off, nothing),
        costs=tuple(replace(line, written_off=line.written_off and nothing) for line in plan.costs),
    )


# --- figures ---------------------------------------------------------------------------------------------


def widened(three: ThreePoint, factor: float, highest: float | None = None) -> ThreePoint:
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
    return ThreePoint(low, three.mode, high if highest is None else min(high, highest))


def needs_of(assets) -> dict[str, frozenset[str]]:
    """Each asset with all that feed it, over any number of steps (feeds has no circles: rule 18 of the client)."""
    feeders: dict[str, set[str]] = {asset.asset_id: set() for asset in assets}
    for asset in assets:
        for target in asset.feeds:
            if target in feeders:
                feeders[target].add(asset.asset_id)
    found: dict[str, frozenset[str]] = {}
    for name in TopologicalSorter(feeders).static_order():
        found[name] = frozenset({name}).union(*(found[feeder] for feeder in feeders[name]))
    return {asset.asset_id: found[asset.asset_id] for asset in assets}


def groups_of(assets) -> Iterable[Group]:
    """Connected assets. A prohibited asset stands alone: nothing that goes on may lean on it."""
    links: dict[str, set[str]] = {asset.asset_id: set() for asset in assets}
    going = {asset.asset_id for asset in assets if asset.eu_ai_act_class != "prohibited"}
    for asset in assets:
        for target in going.intersection(asset.feeds) if asset.asset_id in going else ():
            links[asset.asset_id].add(target)
            links[target].add(asset.asset_id)
    seen: set[str] = set()
    for asset in assets:
        if asset.asset_id in seen:
            continue
        reached, open_ends = {asset.asset_id}, [asset.asset_id]
        while open_ends:
            new = links[open_ends.pop()] - reached
            reached |= new
            open_ends += new
        seen |= reached
        names = tuple(other.asset_id for other in assets if other.asset_id in reached)
        yield Group(" + ".join(names), names)


def life_end(client, asset, begin: date | None) -> date | None:
    """The last day of the useful life of an asset (rule Economic life); None: it is never used, or it is kept.

    begin: the day of its first use.
    """
    if begin is None or client.valuation.beyond_useful_life == "keep":
        return None
    return years_later(begin, asset.useful_life_years) - timedelta(days=1)


# --- lines -----------------------------------------------------------------------------------------------


def lay(client, spans: tuple[Period, ...], basis: str) -> Plan:
    """All lines of a client on its periods, without rates; every row that does not count is listed."""
    assets = {asset.asset_id: asset for asset in client.assets}
    needs = needs_of(client.assets)
    firsts = ledger.first_uses(client)
    ends = {name: life_end(client, asset, firsts[name]) for name, asset in assets.items()}
    left_out: list[LeftOut] = []
    benefits = tuple(_benefit_lines(client, spans, assets, needs, ends, left_out))
    running_ends = _running_ends(client, needs, ends)
    costs = (
        *_cost_lines(client, spans, assets, firsts, running_ends, left_out),
        *_retraining(client, spans, assets, firsts, ends),
    )
    earning = {line.asset_id for line in benefits}
    laid = Plan(
        client=client,
        basis=basis,
        date=client.valuation.date,
        periods=spans,
        wacc=0.0,
        tax_rate=client.tax.rate,
        groups=tuple(groups_of(client.assets)),
        needs=needs,
        benefits=benefits,
        costs=costs,
        ends=ends,
        capitalised={name: book.capitalised for name, book in ledger.books(client).items()},
        written_off={name: ledger.written_off(firsts[name], assets[name].useful_life_years, spans) for name in assets},
        decays={name: decay_of(client, assets[name]) for name in assets if name in earning},
        left_out=tuple(left_out),
        notes=tuple(_notes(client, benefits, costs, spans)),
    )
    return without_amortisation(laid) if basis == "market" else laid


def _benefit_lines(client, spans, assets, needs, ends, left_out) -> Iterable[BenefitLine]:
    position = {span.year: index for index, span in enumerate(spans)}
    evaluations = {item.evaluation_id: item for item in client.evaluations}
    accepted = {item.asset_id: item for item in client.acceptance}
    prohibited = frozenset(name for name, asset in assets.items() if asset.eu_ai_act_class == "prohibited")
    in_use: dict[tuple[str, str], int] = {}  # first year with adoption above 0
    for row in client.benefits:
        if row.adoption.mode > 0:
            key = (row.asset_id, row.driver_id)
            in_use[key] = min(row.year, in_use.get(key, row.year))
    for row in client.benefits:
        asset, span, missing = assets[row.asset_id], None, needs[row.asset_id] & prohibited
        reason, end = "", ends[row.asset_id]
        if missing:
            reason = f"needs {', '.join(sorted(missing))}: prohibited by the EU AI Act, no going-concern value"
        elif row.year < spans[0].year:
            reason = "year before the valuation date"
        elif row.year not in position:
            reason = "year outside the horizon"
        else:
            span = spans[position[row.year]]
            if end is not None and end <= span.start:
                reason = f"after {end}, the end of the useful life of {asset.useful_life_years:g} years"
        if reason:
            left_out.append(LeftOut(row.asset_id, f"benefit {row.driver_id}", str(row.year), reason))
            continue
        last = span.end if end is None else min(span.end, end)
        if last < span.end:
            words = f"useful life of {asset.useful_life_years:g} years ends on {end}"
            left_out.append(LeftOut(row.asset_id, f"part of benefit {row.driver_id}", f"after {last}", words))
        evaluation = evaluations.get(row.metric_link.id) if row.metric_link.kind == "confusion" else None
        counted = accepted.get(row.metric_link.id) if row.metric_link.kind == "acceptance" else None
        measured = evaluation or counted
        first = date(in_use.get((row.asset_id, row.driver_id), row.year) - 1, 12, 31)
        begins = measured.evaluated_on if measured else max(first, client.valuation.date)
        factor = getattr(client.evidence_widening, row.evidence)
        yield BenefitLine(
            asset=asset,
            driver_id=row.driver_id,
            benefit_type=row.benefit_type,
            period=position[row.year],
            volume=widened(row.volume, factor),
            unit=row.unit,
            unit_value=row.unit_value and widened(row.unit_value, factor),
            attribution=widened(row.attribution, factor, 1.0),
            adoption=widened(row.adoption, factor, 1.0),
            grade=row.evidence,
            widening=factor,
            share=span.share * (last - span.start).days / span.days,
            begins=begins,
            segments=tuple(segments(span.start, last, begins, _months(asset))),
            evaluation=evaluation,
            accepted=counted,
        )


def segments(start: date, end: date, begins: date, retrain_months: int | None) -> Iterable[Segment]:
    """The time after ``start`` up to ``end`` in parts between two retrainings; ages count from ``begins`` or the last one.

    >>> [(part.days, part.young) for part in segments(date(2026, 1, 1), date(2027, 1, 1), date(2025, 7, 1), 12)]
    [(181, 0.5041095890410959), (184, 0.0)]
    """
    while start < end:
        fresh, until = begins, end
        if retrain_months:
            step = 1
            while (due := months_later(begins, step * retrain_months)) <= start:
                fresh, step = due, step + 1
            until = min(end, due)
        yield Segment(start=start, end=until, fresh=fresh)
        start = until


def retrainings(client, asset, first: date | None, start: date, end: date) -> Iterable[date]:
    """The days on which a model is trained anew: every so many months from its evaluation, or from its first use."""
    tested = [
        item.evaluated_on for item in (*client.evaluations, *client.acceptance) if item.asset_id == asset.asset_id
    ]
    begins = max(tested, default=None) or max(first or start, start)
    step = 1
    while (due := months_later(begins, step * _months(asset))) <= end:
        if due > start:
            yield due
        step += 1


def _months(asset) -> int | None:
    """Whole months between two trainings, at least one."""
    return None if asset.retrain_every_months is None else max(round(asset.retrain_every_months), 1)


def _retraining(client, spans, assets, firsts, ends) -> Iterable[CostLine]:
    start = client.valuation.date
    for asset in assets.values():
        if not _months(asset) or asset.retrain_cost is None:
            continue
        end = min(spans[-1].end, ends[asset.asset_id] or spans[-1].end)
        for day in retrainings(client, asset, firsts[asset.asset_id], start, end):
            yield CostLine(
                asset=asset,
                date=day,
                time=years_between(start, day),
                period=next(i for i, span in enumerate(spans) if day <= span.end),
                phase="operation",
                category="retraining",
                amount=asset.retrain_cost,
                share=1.0,
                written_off=None,
                source="assets.csv",
            )


def _running_ends(client, needs, ends) -> dict[str, date | None]:
    """The day on which an asset's running costs end: with the last life of what it earns or serves; None: they do not."""
    found: dict[str, date | None] = dict.fromkeys(needs)
    earners = list(dict.fromkeys(row.asset_id for row in client.benefits))
    for name in needs:
        served = [ends[earner] for earner in earners if name in needs[earner]]
        found[name] = max(served) if served and None not in served else None
    return found


def _cost_lines(client, spans, assets, firsts, ends, left_out) -> Iterable[CostLine]:
    start, horizon = client.valuation.date, spans[-1].end
    for row in client.costs:
        if row.kind == "actual":
            continue
        asset, end = assets[row.asset_id], ends[row.asset_id]
        whole_year = row.year is not None
        day = _day(row, spans) if whole_year else row.date
        reason, share = "", 1.0
        if asset.eu_ai_act_class == "prohibited" and row.phase != "decommission":
            reason = "asset prohibited by the EU AI Act: only what stopping costs counts"
        elif day is None or day > horizon:
            reason = f"after the horizon, which ends on {horizon}"
        elif day < start or (whole_year and row.year < spans[0].year):
            reason = "forecast dated before the valuation date"
        else:
            index = next(i for i, span in enumerate(spans) if day <= span.end)
            span = spans[index]
            share = span.share if whole_year else 1.0
            if row.phase == "operation" and end is not None and end < span.end:
                share *= max((end - span.start).days, 0) / span.days
                words = f"useful life of what it serves ends on {end}"
                left_out.append(
                    LeftOut(
                        row.asset_id,
                        f"{'part of ' if share else ''}{row.phase} cost {row.category}",
                        f"after {end}" if share else str(day),
                        words,
                        row.amount.mode * (span.share if whole_year else 1.0) - row.amount.mode * share,
                    )
                )
            if share:
                yield CostLine(
                    asset=asset,
                    date=day,
                    time=span.time if whole_year else years_between(start, day),
                    period=index,
                    phase=row.phase,
                    category=row.category,
                    amount=row.amount,
                    share=share,
                    written_off=ledger.planned_write_off(row, asset, firsts[row.asset_id], spans),
                    source=row.source,
                )
            continue
        left_out.append(
            LeftOut(
                row.asset_id, f"{row.phase} cost {row.category}", str(row.year or row.date), reason, row.amount.mode
            )
        )


def _day(row, spans) -> date | None:
    """The day of flow of a cost given by its year; None: outside the horizon."""
    return next((span.day for span in spans if span.year == row.year), None if row.year > spans[-1].year else date.min)


def _notes(client, benefits, costs, spans) -> list[str]:
    notes = []
    if client.discount.terminal_growth is not None:
        notes.append("A terminal growth is given; nothing after the horizon is valued here, so it is not used.")
    given = {row.year for row in client.benefits}
    for span in spans:
        if benefits and span.year not in given:
            notes.append(
                f"No benefit is given for {span.year}, of which {span.days} days lie inside the horizon: none is assumed."
            )
    for evaluation_id in dict.fromkeys(line.link_id for line in benefits if line.evaluation is not None):
        if not next(line.evaluation for line in benefits if line.link_id == evaluation_id).paired:
            notes.append(
                f"Evaluation {evaluation_id} has no paired counts: model and baseline are drawn "
                "independently, which makes the interval wider than the same cases would allow."
            )
    first = spans[0]
    following = {(line.asset_id, line.category, line.amount) for line in costs if line.period == 1}
    for line in costs if first.share < 1.0 else ():
        repeats = (line.asset_id, line.category, line.amount) in following
        if repeats and line.phase == "operation" and line.date == first.end and line.share == 1.0:
            notes.append(
                f"{line.asset_id}: the running cost {line.category.replace('_', ' ')} of {line.amount.mode:,.0f} "
                f"{client.valuation.currency} dated {line.date} equals that of the year after, though only {first.days} "
                "days of the year lie after the valuation date. It counts in full; give it by year (column year in "
                "place of date) if it is a whole year's figure."
            )
    return notes


def by_driver(lines: Iterable[BenefitLine]) -> dict[tuple[str, str], list[BenefitLine]]:
    """Benefit lines by asset and driver, in their order."""
    found: dict[tuple[str, str], list[BenefitLine]] = {}
    for line in lines:
        found.setdefault((line.asset_id, line.driver_id), []).append(line)
    return found
