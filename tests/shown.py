"""What the value layer shows of a client, as plain results: for tests that compare two states of all of it."""

from __future__ import annotations

from dataclasses import replace

from lepton_nb import value_model
from lepton_nb.valuation import decisions
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model import (
    approaches,
    books,
    break_even,
    information,
    joint,
    law,
    ledger,
    market,
    options,
    portfolio,
    records,
    replacement,
    scorecard,
    sensitivity,
    serving,
    stages,
    stopping,
    threshold,
    upkeep,
    waiting,
    wara,
    worlds,
)


def everything(client, unit: float) -> dict:
    """What the chapters show of a client; amounts in sentences in the first unit."""

    def money(value) -> str:
        return f"{value * unit:.4g}"

    plan = value_model.plan(client)
    found = value_model.conclude(plan, 512, keep_inputs=True)
    distribution, costs, kept = found.distribution, replacement.replacement_costs(plan), ledger.books(client)
    owner = {name: float(value) for name, value in value_model.evaluate(plan).groups.items()}
    written = records.tables(found, worlds.tornado(plan, worlds.assumptions(plan, lambda value: "")))
    shown = {
        "conclusion": [(g.value, g.interval, g.most_likely, g.below_zero, g.verdict, g.assets.together) for g in found.groups],
        "assets": [{name: part.value for name, part in g.assets.assets.items()} for g in found.groups],
        "left out": plan.left_out,
        "caps": plan.caps,
        "register": value_model.register(plan),
        "tornado": worlds.tornado(plan, worlds.assumptions(plan, lambda value: "")),
        "scenarios": sensitivity.scenario_sentences(plan, worlds.scenario_values(plan), money),
        "shares": sensitivity.variance_shares(plan, 64),
        "replacement": {name: (item.new, item.functional, item.remaining_life) for name, item in costs.items()},
        "obsolescence": [replacement.economic_obsolescence(costs, g, owner[g.name]) for g in plan.groups],
        "charges": [approaches.charges(plan, group, costs) for group in plan.groups],
        "returns": [wara.returns_on_assets(plan, group) for group in plan.groups],
        "measured": [approaches.measured_share(plan, asset.asset_id) for asset in client.assets],
        "points": upkeep.points(value_model.gains(plan)),
        "trainings": upkeep.trainings(plan),
        "watches": upkeep.watches(value_model.monitored(client), plan),
        "splits": [joint.split(plan, group) for group in plan.groups],
        "learning": [
            replace(information.learning(plan, distribution, group, money), sentence="") for group in plan.groups
        ],
        "stages": stages.stages(plan, distribution, money),
        "stops": [stopping.right_to_stop(plan, distribution, group) for group in plan.groups],
        "services": [replace(item, hardware_words="") for item in serving.services(plan)[0]],
        "covers": serving.covers(plan, money),
        "offers": [offer.amount for offer in market.offers(plan)[0]],
        "books": {name: (book.capitalised, book.expensed, book.at(plan.date)) for name, book in kept.items()},
        "impairment": [(t.group, t.value, t.rate_before_tax) for t in books.impairment_tests(plan, kept, owner, owner)],
        "asks": portfolio.asks(plan, owner),
        "royalties": [approaches.relief_from_royalty(plan, asset.asset_id) for asset in client.assets],
        "decisive": [(row["group"], row["assumption"], row["value"]) for row in written["decisive"]],
        "stopped": [row["last_year"] for row in written["sheet_assets"]],
        "weights": [row["weight"] for row in written["sheet_assets"]],
        "break-even": [break_even.break_even_recall(plan, one) for one in client.evaluations if one.outcome_value],
        "lives": [break_even.economic_life(plan, asset.asset_id) for asset in client.assets],
        "money back": [value_model.returns(plan, group) for group in plan.groups],
    }  # fmt: skip
    businesses = []
    for item in client.options:
        try:
            base = stages.business(plan, distribution, item.asset_id, item.kind)
            right = options.right(plan, item, base)
            businesses.append(
                (base.value, base.by_time, options.at_deadline(right, 0.3), options.on_tree(right, 0.3, 20))
            )
        except Undefined:
            businesses.append(None)
    return shown | {"businesses": businesses}


def told(client) -> dict:
    """The rest of what the chapters show, sentences with their amounts included."""

    def money(value) -> str:
        return f"{value:,.0f} {plan.currency}"

    plan = value_model.plan(client)
    found = value_model.conclude(plan, 512, keep_inputs=True)
    distribution, kept = found.distribution, ledger.books(client)
    bars = worlds.tornado(plan, worlds.assumptions(plan))
    worths = {name: float(value) for name, value in value_model.evaluate(plan).groups.items()}
    blind_plan, blind = information.without_pairs(plan, distribution)
    asked = portfolio.asks(plan, worths)
    tests = books.impairment_tests(plan, kept, worths, worths)
    try:
        held = decisions.concentration({name: max(value, 0.0) for name, value in worths.items()})
    except Undefined:
        held = None
    stops = {group.name: stopping.right_to_stop(plan, distribution, group) for group in plan.groups}
    today = {group.name: stopping.stop_today(plan, distribution, group) for group in plan.groups}
    services, unusable = serving.services(plan)
    card = scorecard.scorecard(client, 200) if client.scores else None
    staged, notes = stages.stages(plan, distribution, money)
    other = value_model.on_basis(plan, "market" if plan.basis == "owner" else "owner")
    calendar = law.calendar(client)
    return {
        "records": records.tables(found, bars),
        "other basis": value_model.evaluate(other),
        "with and without": {name: approaches.with_and_without(plan, name) for name in plan.benefits_of},
        "prices": {asset.asset_id: approaches.market_prices(plan, asset.asset_id) for asset in client.assets},
        "indications": [item.assets.assets for item in found.groups],
        "accepted": [break_even.break_even_acceptance(plan, item) for item in client.acceptance],
        "limits": [break_even.break_even_recall(plan, item) for item in client.evaluations if item.outcome_value],
        "cuts": [threshold.threshold(item, None) for item in client.evaluations if item.outcome_value],
        "tails": {name: sensitivity.tail(one) for name, one in distribution.groups.items()},
        "worst": [sensitivity.worst_draws(plan, distribution, group)[:8] for group in plan.groups],
        "scenarios": sensitivity.scenario_sentences(plan, worlds.scenario_values(plan), money),
        "learning": [information.learning(plan, distribution, group, money) for group in plan.groups],
        "back-tests": information.back_tests(plan, distribution, 2.0, 500.0, money),
        "labels": information.cost_per_label(client),
        "pairings": information.pairings(plan, distribution, blind_plan, blind),
        "choices": options.choices(plan, distribution, money, 0.5),
        "stages": [stages.stage_sentence(stage, money) for stage in staged],
        "stage notes": notes,
        "stopping": [stopping.stop_sentence(name, days, 1000.0, money, today[name]) for name, days in stops.items()],
        "best stop": [stopping.best_stop(days, today[name]) for name, days in stops.items()],
        "services": (services, unusable),
        "bought": [serving.build_or_buy(item, offer, money, 0.1) for item in services for offer in serving.offered(plan, item, 3.0)],
        "price sentences": [serving.price_sentence(item, money) for item in services],
        "waiting": [waiting.waiting(item, 5.0, 3.0) for item in services],
        "loads": [waiting.load_sentence(item, 5.0) for item in services],
        "kinds": [joint.split(plan, group, kinds=True) for group in plan.groups],
        "gaps": joint.gaps(plan),
        "card": card,
        "card findings": scorecard.findings(client, card) if card else None,
        "funded": portfolio.funded(asked, 0.5 * sum(ask.spend for ask in asked)) if sum(ask.spend for ask in asked) else None,
        "spread": portfolio.spread(distribution),
        "amortisation": books.amortisation_table(plan),
        "tax saved": books.tax_saved(plan),
        "leases": books.leases(plan),
        "rates before tax": [books.rate_before_tax(plan, group) for group in plan.groups],
        "stopped books": books.stopping(plan, kept),
        "data resources": books.data_resources(client),
        "book findings": books.findings(plan, kept, tests, asked, held, money),
        "levels": books.levels(plan),
        "calendar": [(due.provision.key, due.when, due.assets, due.in_force) for due in calendar.due],
        "calendar in words": calendar.sentences,
        "scope": law.scope_of_work(client),
        "compliance": law.compliance_costs(plan),
        "compliance findings": law.compliance_findings(plan, money),
    }  # fmt: skip
