"""A client's figures laid on dated lines: what counts, when, and what is left out with its reason.

:data:`lepton_nb.value_model.rules.RULES` says the rules in words; here they are applied. Nothing is discounted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from graphlib import TopologicalSorter

from lepton_nb import terms
from lepton_nb.client import Asset, ThreePoint
from lepton_nb.value_model import ledger, tested
from lepton_nb.value_model.decay import decay_of
from lepton_nb.value_model.lines import (
    BenefitLine,
    CostLine,
    Group,
    LeftOut,
    Plan,
    Segment,
    widened,
    without_amortisation,
)
from lepton_nb.value_model.times import Period, months_later, years_between, years_later


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
        inflation=price_rise(client),
        groups=tuple(groups_of(client.assets)),
        needs=needs,
        benefits=benefits,
        costs=costs,
        ends=ends,
        capitalised={name: book.capitalised for name, book in ledger.books(client).items()},
        written_off={
            name: deflated(ledger.written_off(firsts[name], assets[name].useful_life_years, spans), client, spans)
            for name in assets
        },
        decays={name: decay_of(client, assets[name]) for name in assets if name in earning},
        left_out=tuple(left_out),
        notes=tuple(_notes(client, benefits, costs, spans)),
    )
    return without_amortisation(laid) if basis == "market" else laid


def _benefit_lines(client, spans, assets, needs, ends, left_out) -> Iterable[BenefitLine]:
    position = {span.year: index for index, span in enumerate(spans)}
    evaluations = {item.evaluation_id: item for item in client.evaluations}
    tests = {(tested.link(item), tested.link_id(item)): item for item in (*client.trials, *client.acceptance)}
    prohibited = frozenset(name for name, asset in assets.items() if asset.eu_ai_act_class == "prohibited")
    in_use: dict[tuple[str, str], int] = {}  # first year with adoption above 0
    for row in client.benefits:
        if row.adoption.mode > 0:
            key = (row.asset_id, row.driver_id)
            in_use[key] = min(row.year, in_use.get(key, row.year))
    for row in client.benefits:
        asset, end = assets[row.asset_id], ends[row.asset_id]
        span = spans[position[row.year]] if row.year in position else None
        reason = _no_part(row, asset, span, spans[0].year, needs[row.asset_id] & prohibited, end)
        if reason:
            left_out.append(LeftOut(row.asset_id, f"benefit {row.driver_id}", str(row.year), reason))
            continue
        last = span.end if end is None else min(span.end, end)
        if last < span.end:
            words = f"useful life of {asset.useful_life_years:g} years ends on {end}"
            left_out.append(LeftOut(row.asset_id, f"part of benefit {row.driver_id}", f"after {last}", words))
        evaluation = evaluations.get(row.metric_link.id) if row.metric_link.kind == "confusion" else None
        counted = tests.get(row.metric_link)
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
            segments=tuple(segments(span.start, last, begins, retrain_months(asset))),
            evaluation=evaluation,
            tested=counted,
        )


def _no_part(row, asset, span: Period | None, first_year: int, missing, end: date | None) -> str:
    """Why a benefit does not count at all; empty where it does, if only for some days."""
    if missing:
        return f"needs {', '.join(sorted(missing))}: prohibited by the EU AI Act, no going-concern value"
    if span is None:
        return "year before the valuation date" if row.year < first_year else "year outside the horizon"
    if end is not None and end <= span.start:
        return f"after {end}, the end of the useful life of {asset.useful_life_years:g} years"
    return ""


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


def retrain_months(asset) -> int | None:
    """Whole months between two trainings, at least one; None: it is not trained again."""
    return None if asset.retrain_every_months is None else max(round(asset.retrain_every_months), 1)


def retrains_from(client, asset, first: date | None) -> tuple[date, bool]:
    """The day from which trainings are counted: the newest evaluation (True), or the first use after the valuation date.

    first: the day of the asset's first use.
    """
    tests = [
        row.evaluated_on
        for row in (*client.evaluations, *client.trials, *client.acceptance)
        if row.asset_id == asset.asset_id
    ]
    start = client.valuation.date
    return (max(tests), True) if tests else (max(first or start, start), False)


def retrainings(client, asset, first: date | None, end: date) -> Iterable[date]:
    """The days after the valuation date, up to ``end``, on which a model is trained anew."""
    begins, step = retrains_from(client, asset, first)[0], 1
    while (due := months_later(begins, step * retrain_months(asset))) <= end:
        if due > client.valuation.date:
            yield due
        step += 1


def _retraining(client, spans, assets, firsts, ends) -> Iterable[CostLine]:
    for asset in assets.values():
        if not retrain_months(asset) or asset.retrain_cost is None:
            continue
        end = min(spans[-1].end, ends[asset.asset_id] or spans[-1].end)
        for day in retrainings(client, asset, firsts[asset.asset_id], end):
            yield training_line(asset, day, client.valuation.date, spans, asset.retrain_cost)


def training_line(asset: Asset, day: date, start: date, spans: Sequence[Period], amount: ThreePoint) -> CostLine:
    """The cost of training a model again on one day. start: the valuation date; spans: the plan's periods."""
    return CostLine(
        asset=asset,
        date=day,
        time=years_between(start, day),
        period=next(index for index, span in enumerate(spans) if day <= span.end),
        phase="operation",
        category="retraining",
        amount=amount,
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
        elif day == start and row.phase == "operation" and not whole_year:
            reason = "running cost dated on the valuation date: it pays for the days before it"
        else:
            index = next(i for i, span in enumerate(spans) if day <= span.end)
            span = spans[index]
            share = span.share if whole_year else 1.0
            if row.phase == "operation" and end is not None and end < span.end:
                share *= max((end - span.start).days, 0) / span.days
                words = f"{SERVED_UNTIL} {end}"
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
                    written_off=deflated(
                        ledger.planned_write_off(row, asset, firsts[row.asset_id], spans),
                        client,
                        spans,
                        years_between(start, day),
                    ),
                    source=row.source,
                )
            continue
        left_out.append(
            LeftOut(
                row.asset_id, f"{row.phase} cost {row.category}", str(row.year or row.date), reason, row.amount.mode
            )
        )


#: Why running costs are left out after the life of what they serve.
SERVED_UNTIL = "useful life of what it serves ends on"


def price_rise(client) -> float:
    """The inflation that is taken out of real prices; 0 where prices are nominal, or none is given."""
    return (client.discount.inflation or 0.0) if client.valuation.price_basis == "real" else 0.0


def deflated(shares, client, spans, paid: float = 0.0) -> tuple[float, ...] | None:
    """Shares of a cost that tax charges in each period, in the prices of the figures (rule Tax).

    Tax knows the money that was paid: in real prices each charge is worth less, by the prices' rise since ``paid``
    (years after the valuation date; what was paid before it stands in money of that date).
    """
    rise = price_rise(client)
    if not rise or not shares:
        return shares
    return tuple(share * (1 + rise) ** -max(span.time - paid, 0.0) for share, span in zip(shares, spans, strict=True))


def _day(row, spans) -> date | None:
    """The day of flow of a cost given by its year; None: outside the horizon."""
    return next((span.day for span in spans if span.year == row.year), None if row.year > spans[-1].year else date.min)


def whole_year_costs(costs: Sequence[CostLine], first: Period) -> list[CostLine]:
    """Running costs of the first, short period, dated on its last day, that equal those of the year after."""
    if first.share == 1.0:
        return []
    following = {(line.asset_id, line.category, line.amount) for line in costs if line.period == 1}
    return [
        line for line in costs
        if (line.asset_id, line.category, line.amount) in following
        and line.phase == "operation" and line.date == first.end and line.share == 1.0
    ]  # fmt: skip


def _notes(client, benefits, costs, spans) -> list[str]:
    notes = []
    if client.discount.terminal_growth is not None:
        notes.append("A terminal growth is given; nothing after the horizon is valued here, so it is not used.")
    if client.valuation.price_basis == "real" and client.discount.inflation is None:
        notes.append(
            "Prices are real and no inflation is given: what is written off, and losses carried forward, count as if "
            "they kept their worth, which is somewhat too much tax saved. Give discount.inflation."
        )
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
    for line in whole_year_costs(costs, first):
        notes.append(
            f"{line.asset_id}: the running cost {terms.spoken(line.category)} of {line.amount.mode:,.0f} "
            f"{client.valuation.currency} dated {line.date} equals that of the year after, though only {first.days} "
            "days of the year lie after the valuation date. It counts in full; give it by year (column year in "
            f"place of date) if it is a whole year's figure: {line.amount.mode * (1 - first.share):,.0f} "
            f"{client.valuation.currency} less."
        )
    return notes
