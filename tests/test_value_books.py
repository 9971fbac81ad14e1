"""Books and portfolio: each printed rule, on the sample clients and on cases worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from test_value_model import benefit, cost, plan_of

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.page import accounts, by_year, value_tables, words
from lepton_nb.value_model import books, ledger, planning, portfolio, profits, records
from lepton_nb.value_model.lines import without_amortisation

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def foundry():
    return value_model.plan(clients.load(ROOT / "clients" / "manufacturer"))


@pytest.fixture(scope="module")
def bank():
    return value_model.plan(clients.load(ROOT / "clients" / "bank"))


@pytest.fixture
def changed():
    """A client with some of its assets' fields, or its rows, changed."""

    def change(client, costs=None, benefits=None, **assets):
        kept = [asset.model_copy(update=assets.get(asset.asset_id, {})) for asset in client.assets]
        update = {"assets": tuple(kept)}
        update |= {} if costs is None else {"costs": tuple(costs)}
        update |= {} if benefits is None else {"benefits": tuple(benefits)}
        return client.model_copy(update=update)

    return change


def row_of(client, asset_id, kind="actual", **update):
    found = next(cost for cost in client.costs if cost.asset_id == asset_id and cost.kind == kind)
    return found.model_copy(update=update)


def test_every_rule_is_printed():
    assert set(books.RULES) == {
        "Made", "Bought", "Machines", "Leased", "Running", "Control", "In use", "Impairment", "Stopped", "Without a number", "Data resources",
        "Levels", "Tax saved",
    }  # fmt: skip
    assert set(portfolio.RULES) == {"Budget"}


def test_made_development_is_capitalised_research_and_operation_are_not(foundry):
    found = ledger.books(foundry.client)["M1"]
    assert found.treatment.kind == ledger.MADE
    assert found.intangible == 212_000 + 41_000
    assert found.expensed == 95_000 + 18_000
    assert found.criteria_met_on == date(2024, 12, 31)
    assert "six criteria met" in next(item.reason for item in found.bookings if item.capitalised)


def test_made_a_later_day_leaves_earlier_development_expensed_for_good(foundry):
    assert ledger.books(foundry.client, "2025-01-01")["M1"].intangible == 41_000


def test_bought_a_licence_is_acquired_separately_and_needs_no_criteria(bank, changed):
    found = ledger.books(bank.client)["T1"]
    assert found.treatment.standard == "IAS 38.25-32" and found.criteria_met_on is None
    assert found.intangible == 85_000
    assert all("criteria" not in item.reason for item in found.bookings)
    assert ledger.books(bank.client, "2030-01-01")["T1"].intangible == 85_000  # the day of the criteria is not asked
    data = changed(bank.client, D1={"acquisition": "purchased", "in_service_date": None})
    assert ledger.books(data)["D1"].treatment.kind == ledger.BOUGHT and ledger.books(data)["D1"].intangible == 240_000


def test_bought_fees_and_what_is_spent_in_use_are_expensed(bank, changed):
    rows = [
        row_of(bank.client, "T1", phase="operation", category="licence_api"),
        row_of(bank.client, "T1", date=date(2026, 1, 31)),
        row_of(bank.client, "T1", phase="research"),
    ]
    found = ledger.books(changed(bank.client, costs=rows))["T1"]
    assert found.capitalised == 0
    assert [item.reason.split(" (")[0] for item in found.bookings] == [
        "fee of the period: a service, no asset", "spending on an asset in use is taken as upkeep", "research is expensed",
    ]  # fmt: skip


def test_machines_taken_down_are_no_machines(foundry):
    row = row_of(foundry.client, "I1", category="hardware", phase="decommission")
    found = ledger.books(foundry.client.model_copy(update={"costs": (*foundry.client.costs, row)}))["I1"]
    before = ledger.books(foundry.client)["I1"]
    assert found.capitalised == before.capitalised


def test_machines_stand_apart_with_their_installation(foundry, changed):
    found = ledger.books(foundry.client)["I1"]
    assert found.hardware == 180_000 and found.intangible == 0 and found.capitalised == 180_000
    rows = [row_of(foundry.client, "I1"), row_of(foundry.client, "I1", category="labour", date=date(2025, 5, 20))]
    found = ledger.books(changed(foundry.client, costs=rows))["I1"]
    assert found.hardware == 360_000 and found.intangible == 0


def test_leased_no_machine_in_the_books_and_the_payments_ahead_beside(foundry, changed):
    rows = [
        row_of(foundry.client, "I1", kind="forecast", category="lease", date=date(2026 + year, 12, 31))
        for year in range(3)
    ]
    rows.append(row_of(foundry.client, "I1"))
    plan = value_model.plan(changed(foundry.client, costs=rows, I1={"acquisition": "leased"}))
    found = ledger.books(plan.client)["I1"]
    assert found.treatment.standard == "IFRS 16" and found.capitalised == 0
    (lease,) = books.leases(plan)
    rate = plan.client.discount.pre_tax_cost_of_debt
    years = [(date(2026 + year, 12, 31) - plan.date).days / 365 for year in range(3)]
    assert lease.payments == 3 * 49_000 and lease.until == date(2028, 12, 31)
    assert lease.liability == pytest.approx(sum(49_000 / (1 + rate) ** time for time in years))
    assert "right-of-use" in lease.sentence
    short = value_model.plan(changed(foundry.client, costs=rows[:1], I1={"acquisition": "leased"}))
    assert "twelve months" in books.leases(short)[0].sentence
    bare = value_model.plan(changed(foundry.client, costs=rows[-1:], I1={"acquisition": "leased"}))
    assert books.leases(bare)[0].liability is None and "no cost is named" in books.leases(bare)[0].sentence
    assert books.leases(foundry) == ()
    free = plan.client.discount.model_copy(update={"method": "given", "wacc": 0.08, "pre_tax_cost_of_debt": 0.0})
    free = value_model.plan(plan.client.model_copy(update={"discount": free}))
    assert books.leases(free)[0].liability == pytest.approx(3 * 49_000)


def test_rent_planned_after_what_it_serves_ends_is_named_with_its_amount():
    from test_value_model import asset, benefit, cost, plan_of

    def told(category="lease", acquisition="leased", life=2):
        rack = asset("I1", kind="infrastructure", feeds=("M1",), acquisition=acquisition)
        rows = [cost(f"{year}-12-31", 40, "I1", category=category) for year in (2026, 2027, 2028)]
        plan = plan_of([rack, asset(useful_life_years=life)], [benefit(year, 100) for year in (2026, 2027, 2028)], rows)
        return [text for text in value_model.findings(plan) if "under a lease of" in text]

    (one,) = told()
    assert "I1: payments under a lease of 40 EUR are planned after 2027-12-31" in one or "2028-01-01" in one
    assert told(category="labour") == told(acquisition="purchased") == told(life=5) == []


def test_running_surveillance_and_training_are_expensed_in_any_phase(foundry, changed):
    for category in ("post-market surveillance", "model monitoring", "training_staff", "Advertising"):
        rows = [row_of(foundry.client, "M1", phase="development", category=category)]
        assert ledger.books(changed(foundry.client, costs=rows))["M1"].capitalised == 0, category
        planned = row_of(foundry.client, "M2", kind="forecast", phase="development", category=category)
        assert ledger.planned_write_off(planned, foundry.asset("M2"), None, ()) is None, category


def test_control_unclear_leaves_nothing_in_the_books(foundry, changed):
    found = ledger.books(changed(foundry.client, D1={"legal_control": "unclear"}))["D1"]
    assert found.capitalised == 0 and all("IAS 38.13" in item.reason for item in found.bookings)


def test_control_unclear_or_leased_what_is_planned_is_expensed_too(foundry, changed):
    planned = row_of(foundry.client, "M2", kind="forecast")
    asset, begin = foundry.asset("M2"), date(2027, 4, 1)
    assert sum(ledger.planned_write_off(planned, asset, begin, foundry.periods)) > 0.9
    for change in ({"legal_control": "unclear"}, {"acquisition": "leased"}):
        assert ledger.planned_write_off(planned, asset.model_copy(update=change), begin, foundry.periods) is None


def test_in_use_what_is_spent_later_is_upkeep(bank):
    found = ledger.books(bank.client)["D1"]  # in use since 2016, spent in 2025
    assert found.capitalised == 0
    assert "IAS 38.20" in found.bookings[0].reason


def test_in_use_an_asset_that_is_not_is_not_amortised(foundry, changed):
    row = row_of(foundry.client, "M2", phase="development")
    found = ledger.books(changed(foundry.client, costs=[row]))["M2"]
    assert found.in_service is None and found.capitalised == row.amount.mode
    assert found.at(date(2040, 1, 1)).carrying_amount == row.amount.mode


def test_every_cost_is_booked_once(foundry, bank):
    for plan in (foundry, bank):
        for name, book in ledger.books(plan.client).items():
            spent = sum(row.amount.mode for row in plan.client.costs if row.asset_id == name and row.kind == "actual")
            assert book.capitalised + book.expensed == pytest.approx(spent)


def test_charges_sum_to_what_was_capitalised(foundry, bank):
    for plan in (foundry, bank):
        for book in ledger.books(plan.client).values():
            if book.capitalised and book.in_service:
                rows = ledger.write_offs(book, book.in_service.year, int(book.useful_life_years) + 2)
                assert sum(row["charge"] for row in rows) == pytest.approx(book.capitalised)
                assert rows[-1]["carrying"] == pytest.approx(0.0, abs=1e-6)


def most_likely(plan):
    return {name: float(value) for name, value in value_model.evaluate(plan).groups.items()}


def test_impairment_recoverable_is_the_higher_of_both_values_and_a_group_is_one_unit(bank):
    kept, owner = ledger.books(bank.client), most_likely(bank)
    market = {name: value + 1000 for name, value in owner.items()}
    for test, group in zip(books.impairment_tests(bank, kept, owner, market), bank.groups, strict=True):
        assert test.group == group.name
        assert test.carrying == pytest.approx(sum(kept[name].at(bank.date).carrying_amount for name in group.assets))
        assert test.result.value_in_use == pytest.approx(owner[group.name])
        assert test.result.recoverable == pytest.approx(market[group.name])
        assert test.result.impairment_loss == pytest.approx(max(test.carrying - market[group.name], 0))


def test_impairment_both_values_are_those_of_the_headline_on_either_basis(foundry, bank):
    for plan in (foundry, bank):
        found = books.worths(plan, 1000)
        own = found.owner if plan.basis == "owner" else found.market
        assert own == {item.name: item.value for item in value_model.conclude(plan, 1000).groups}
        for basis, values in (("owner", found.owner), ("market", found.market)):
            drawn = value_model.simulate(value_model.on_basis(plan, basis), 1000).groups
            assert values == pytest.approx({name: float(np.mean(item.values)) for name, item in drawn.items()})
        kept = ledger.books(plan.client)
        for test in books.impairment_tests(plan, kept, found.owner, found.market):
            assert test.result.value_in_use == pytest.approx(found.owner[test.group])
            assert test.result.fair_value_less_costs == pytest.approx(found.market[test.group])


def test_a_group_that_costs_more_than_it_brings_is_negative_on_every_page_and_recovers_nothing():
    plan = plan_of(benefits=[benefit(2026, 10)], costs=[cost("2026-06-30", 50)], valuation={"loss_years": "run"})
    found = books.worths(plan, 100)
    (test,) = books.impairment_tests(plan, ledger.books(plan.client), found.owner, found.market)
    assert test.result.value_in_use == pytest.approx(found.conclusion.groups[0].value) and test.result.value_in_use < 0
    page = str(accounts.against_value([replace(test, carrying=7.0)], {}, {}, "EUR"))
    assert "\u22127.00" in page
    told = str(value_tables.groups(found.conclusion, words.Money("EUR")))
    assert "Worth less than nothing" in told and "the total would be 0" in told


def test_without_a_number_a_group_is_neither_tested_nor_chosen(bank, changed):
    plan = value_model.plan(changed(bank.client, C1={"legal_control": "unclear"}))
    found, kept = books.worths(plan, 1000), ledger.books(plan.client)
    assert list(found.counted) == ["T1 + I1"] and "unclear" in found.left_out["D1 + C1"]
    tests = books.impairment_tests(plan, kept, found.counted, found.market)
    assert [test.group for test in tests] == ["T1 + I1"]
    assert [ask.group for ask in portfolio.asks(plan, found.counted)] == ["T1 + I1"]


def test_impairment_a_loss_is_found(foundry, changed):
    plan = value_model.plan(changed(foundry.client, benefits=()))
    owner = most_likely(plan)
    test = books.impairment_tests(plan, ledger.books(plan.client), owner, owner)[0]
    assert test.result.impairment_loss == pytest.approx(test.carrying) and test.carrying > 0
    assert test.rate_before_tax is None and test.value < 0


def test_impairment_what_an_asset_needs_before_it_is_ready_counts(foundry):
    """IAS 36.42: M2's development of 2027 is among the flows, and it lowers the value in use."""
    group = next(group for group in foundry.groups if group.name == "M2")
    flows = books.flows_before_tax(foundry, group)
    planned = [cost for cost in foundry.client.costs if cost.asset_id == "M2" and cost.kind == "forecast"]
    assert sum(money for _, money in flows if money < 0) == pytest.approx(-sum(row.amount.mode for row in planned))
    free = [cost for cost in foundry.client.costs if cost not in planned]
    without = value_model.plan(foundry.client.model_copy(update={"costs": tuple(free)}))
    assert most_likely(without)["M2"] > most_likely(foundry)["M2"] + 80_000


def test_impairment_the_rate_before_tax_makes_both_ways_agree(foundry, bank):
    for plan in (foundry, value_model.on_basis(bank, "owner")):
        for group in plan.groups:
            rate = books.rate_before_tax(plan, group)
            worth = sum(money * (1 + rate) ** -time for time, money in books.flows_before_tax(plan, group))
            assert worth == pytest.approx(most_likely(plan)[group.name], rel=1e-6)
            assert rate > group.rate and rate != pytest.approx(group.rate / (1 - plan.tax_rate), abs=1e-3)


def test_impairment_the_example_of_the_standard():
    """BCZ85: 800, 600, 500, 200, 100, cost of 1,757 deducted in the first year, tax 20 %, 10 % after tax."""
    before = [800, 600, 500, 200, 100]
    taxed = [flow - 0.2 * (flow - (1757 if year == 0 else 0)) for year, flow in enumerate(before)]
    after = sum(flow / 1.1 ** (year + 1) for year, flow in enumerate(taxed))
    assert after == pytest.approx(1757, abs=0.5)
    rate = books.equal_rate([(year + 1, flow) for year, flow in enumerate(before)], after, 0.10)
    assert rate == pytest.approx(0.112, abs=5e-4)
    assert rate != pytest.approx(0.10 / 0.8, abs=0.01)


def test_impairment_without_a_value_there_is_no_rate():
    assert books.equal_rate([(1.0, 100.0)], 0.0, 0.1) is None
    assert books.equal_rate([(1.0, 100.0)], -5.0, 0.1) is None
    assert books.equal_rate([(1.0, -100.0)], 50.0, 0.1) is None


def test_prohibited_what_stopping_costs_and_who_needs_it(foundry, changed):
    row = row_of(foundry.client, "I1", kind="forecast")
    closing = row.model_copy(update={"asset_id": "D1", "phase": "decommission", "category": "deletion"})
    client = changed(
        foundry.client, costs=[*foundry.client.costs, closing], D1={"eu_ai_act_class": "prohibited"}
    )  # fmt: skip
    plan = value_model.plan(client)
    kept = ledger.books(client)
    (stop,) = books.stopping(plan, kept)
    assert (stop.asset_id, stop.cost, stop.needed_by) == ("D1", closing.amount.mode, ("M1",))
    assert stop.carrying == pytest.approx(kept["D1"].at(plan.date).carrying_amount) and stop.carrying > 0
    owner = most_likely(plan)
    test = next(test for test in books.impairment_tests(plan, kept, owner, owner) if test.group == "D1")
    assert test.result.impairment_loss == pytest.approx(stop.carrying) and test.rate_before_tax is None
    assert -closing.amount.mode < test.value < 0  # the cost of stopping counts, at its date
    assert books.stopping(foundry, ledger.books(foundry.client)) == ()
    sold = [
        SimpleNamespace(asset_id=name, kind="abandon", salvage=money + 20, cost=20.0, deadline_years=1.0)
        for name, money in (("D1", 700.0), ("M1", 90.0))
    ]
    view = replace(plan, client=client.model_copy(update={"options": sold}))
    assert [stop.salvage for stop in books.stopping(view, kept)] == [700.0]  # its own salvage, nobody else's


def test_data_resources_what_was_spent_before_2024_is_not_put_back(foundry):
    row = next(cost for cost in foundry.client.costs if cost.asset_id == "D1" and cost.kind == "actual")
    early = row.model_copy(update={"date": date(2023, 6, 30)})
    client = foundry.client.model_copy(update={"costs": (early, row)})
    plan = value_model.plan(client)
    assert ledger.books(plan.client)["D1"].capitalised == pytest.approx(early.amount.mode + row.amount.mode)
    forward = ledger.books(plan.client, since=books.DATA_RESOURCES_FROM)["D1"]
    assert forward.capitalised == pytest.approx(row.amount.mode)


def test_levels_not_every_input_is_level_3_but_the_measurement_is(foundry, bank):
    built, given = books.levels(foundry), books.levels(bank)
    level = {item.input: item.level for item in built}
    assert level["risk-free rate"] == 2 and level["tax rate"] == 2
    assert level["measured gains and money per outcome"] == 3 and level["forecast costs"] == 3
    assert {item.input: item.level for item in given}["weighted average cost of capital"] == 3
    assert books.measurement_level(built) == books.measurement_level(given) == 3


def test_levels_an_unadjusted_price_paid_is_level_2_and_an_offer_is_not(foundry):
    price = foundry.client.comparables[0].model_copy(update={"basis": "transaction", "adjustment": 1.0})
    offer = price.model_copy(update={"basis": "offer", "comparable": "an offer"})
    client = foundry.client.model_copy(update={"comparables": (price, offer)})
    level = {item.input: item.level for item in books.levels(value_model.plan(client))}
    assert level[f"price: {price.comparable}"] == 2 and level["price: an offer"] == 3


def test_budget_running_costs_of_a_group_that_pays_for_itself_are_no_request(foundry, bank):
    assert all(ask.spend == 0 for ask in portfolio.asks(bank))
    asked = {ask.group: ask for ask in portfolio.asks(foundry)}
    assert asked["D1 + M1 + I1"].spend == 0
    assert asked["M2"].before_it_earns == asked["M2"].spend == 140_000
    assert asked["M2"].value == pytest.approx(most_likely(foundry)["M2"])
    assert portfolio.funded(tuple(asked.values()), 70_000).chosen == ()
    assert portfolio.funded(tuple(asked.values()), 140_000).chosen == ("M2",)  # and M1 is not stopped for it


def test_budget_what_benefits_do_not_cover_is_asked_for(foundry, changed):
    bare = value_model.plan(changed(foundry.client, benefits=()))
    ask = next(ask for ask in portfolio.asks(bare) if "M1" in ask.group)
    assert ask.before_it_earns == 0 and ask.not_covered == ask.spend == 96_000 + 49_000
    assert ask.group not in portfolio.funded((ask,), 1e9).chosen  # its value is below 0


def test_budget_a_new_machine_is_new_money(foundry, changed):
    machine = row_of(foundry.client, "I1", kind="forecast", phase="operation", category="hardware")
    plan = value_model.plan(changed(foundry.client, costs=[*foundry.client.costs, machine]))
    ask = next(ask for ask in portfolio.asks(plan) if "I1" in ask.group)
    assert ask.spend == ask.before_it_earns == machine.amount.mode


def test_budget_takes_the_best_set_and_never_a_loser():
    asked = (
        portfolio.Ask("A", 10, 21.4, 10, 0.0),
        portfolio.Ask("B", 5, 16.1, 5, 0.0),
        portfolio.Ask("C", 5, 11.9, 5, 0.0),
        portfolio.Ask("D", 1, -3.0, 1, 0.0),
    )
    assert set(portfolio.funded(asked, 10).chosen) == {"B", "C"}
    assert "D" not in portfolio.funded(asked, 1000).chosen
    assert portfolio.funded((), 5).chosen == ()


def test_tax_saved_is_all_by_which_the_books_enter_the_value(foundry):
    with_books, without = (value_model.evaluate(plan).total for plan in (foundry, without_amortisation(foundry)))
    assert with_books - without == pytest.approx(sum(books.tax_saved(foundry).values()))
    spent = [cost for cost in foundry.client.costs if cost.kind == "forecast"]
    bare = value_model.plan(foundry.client.model_copy(update={"costs": tuple(spent)}))  # nothing was ever spent
    bare = replace(bare, groups=foundry.groups)  # what an asset would cost again weighs in the rate; not looked at here
    assert value_model.evaluate(without_amortisation(bare)).total == pytest.approx(without)


def test_tax_saved_on_what_is_spent_leaves_out_what_is_planned():
    from test_value_model import asset, benefit, cost, plan_of, spent

    rows = [spent("2025-12-31", 90, "M1"), cost("2026-12-31", 60, phase="development")]
    made = [asset(useful_life_years=2, in_service_date=date(2027, 1, 1))]
    plan = plan_of(made, [benefit(y, 1000) for y in (2027, 2028)], rows, tax=0.25, rate=0.0)
    assert sum(books.tax_saved(plan).values()) == pytest.approx(0.25 * 150)
    assert books.tax_saved_on_spent(plan) == pytest.approx(0.25 * 90)


def test_what_a_failed_development_would_save_elsewhere_by_hand():
    from test_value_model import asset, benefit, cost, plan_of

    made = [asset(in_service_date=None, lifecycle_stage="algorithm_development", p_technical_success=0.6)]
    plan = plan_of(made, [benefit(2027, 1000)], [cost("2026-12-31", 50, phase="development")], tax=0.3, rate=0.1)
    (group,) = plan.groups
    assert profits.relief(plan, group) == pytest.approx(0.3 * 0.4 * 50 / (1 + group.rate) ** plan.periods[0].time)
    assert any("Set against other profits of the owner" in text for text in value_model.findings(plan))
    sure = plan_of([asset()], [benefit(2027, 1000)], [cost("2026-12-31", 50, phase="development")], tax=0.3)
    assert profits.relief(sure, sure.groups[0]) == 0
    assert not any("other profits of the owner" in text for text in value_model.findings(sure))


def test_a_model_that_does_no_better_than_to_flag_nothing_is_not_said_to_gain(foundry):
    item = next(one for one in foundry.client.evaluations if one.outcome_value is not None)

    def word(tp, fp):
        counts = item.model.model_copy(update={"tp": tp, "fp": fp, "fn": 108 - tp, "tn": 5892 - fp})
        return records._idle(item.model_copy(update={"model": counts})).get("word")

    assert (word(0, 0), word(1, 5000), word(101, 71)) == ("flags nothing", "no better than to flag nothing", None)


def test_time_of_people_is_told_apart_from_money():
    from test_value_model import benefit, plan_of

    rows = [benefit(2026, 100), benefit(2026, 40, driver_id="hours", benefit_type="efficiency")]
    plan = plan_of(benefits=rows, tax=0.25)
    assert [row["time"] for row in records._cash(plan)] == pytest.approx([0.75 * 40, 0, 0])
    assert float(value_model.cash_flows(profits.without_time(plan), plan.groups[0])[0].benefits) == 100


def test_tax_saved_by_hand(bank):
    """There is profit in every year of the group, so each charge saves its tax in its year."""
    bank = value_model.on_basis(bank, "owner")
    group = next(group for group in bank.groups if "C1" in group.assets)
    years = value_model.cash_flows(bank, group)
    assert all(year.taxable > 0 for year in years if year.amortisation)
    by_hand = sum(0.33 * year.amortisation * year.discount_factor for year in years)
    assert books.tax_saved(bank)[group.name] == pytest.approx(by_hand) and by_hand > 0


def test_the_charges_shown_are_those_of_the_tax_and_of_the_books(foundry):
    rows = books.amortisation_table(foundry)
    for group in foundry.groups:
        for year in value_model.cash_flows(foundry, group):
            shown = sum(row[str(year.year)] for row in rows if row["asset"] in group.assets)
            assert shown == pytest.approx(float(year.amortisation))
    held = ledger.books(foundry.client)["M1"]
    row = next(row for row in rows if row["asset"] == "M1")
    assert row["2027"] == pytest.approx(held.at(date(2027, 12, 31)).charge)  # a whole year: 253,000 / 5
    assert row["2026"] == pytest.approx(held.at(date(2026, 12, 31)).charge / 2)  # valued on 30 June


def test_what_amortisation_rests_on_stands_in_the_register(foundry):
    rows = {(row.input, row.asset): row.likely for row in value_model.register(foundry)}
    assert rows["capitalised so far, written off for tax", "M1"] == 212_000 + 41_000
    assert rows["useful life", "M2"] == 5  # planned development only
    assert ("capitalised so far, written off for tax", "M2") not in rows
    held = {row["asset"] for row in books.amortisation_table(foundry)}
    assert held <= {asset for name, asset in rows if name == "useful life"}


def test_a_group_that_does_not_vary_has_no_correlation():
    from test_value_model import asset, benefit, plan_of

    rows = [benefit(2026, 100), benefit(2026, (50, 100, 150), "M2")]
    found = portfolio.spread(value_model.simulate(plan_of([asset(), asset("M2")], rows)))
    assert found.deviations[0] == 0 and found.together == pytest.approx(found.deviations[1])
    assert np.isnan(found.correlations[0]).all() and found.correlations[1, 1] == pytest.approx(1)


def test_spread_agrees_with_numpy_and_mixing_takes_some_away(bank):
    distribution = value_model.simulate(bank, 2048)
    found = portfolio.spread(distribution)
    draws = np.array([distribution.groups[name].values for name in found.names])
    np.testing.assert_allclose(found.correlations, np.corrcoef(draws))
    assert 0 < found.diversification < 1
    assert found.together == pytest.approx(draws.sum(axis=0).std(ddof=1))


def test_books_of_clients_at_the_edge_run_through(foundry, bank, changed):
    """Nothing spent, nothing earned, nobody valued, every asset of one kind."""
    for plan in (foundry, bank):
        client = plan.client
        every = [asset.asset_id for asset in client.assets]
        for edge in (
            changed(client, costs=()),
            changed(client, costs=(), benefits=()),
            changed(client, **{name: {"eu_ai_act_class": "prohibited"} for name in every}),
            changed(client, **{name: {"acquisition": "leased"} for name in every}),
            changed(client, **{name: {"legal_control": "unclear"} for name in every}),
            changed(client, **{name: {"in_service_date": None} for name in every}),
        ):
            made = value_model.plan(edge)
            kept, found = ledger.books(edge), books.worths(made, 1000)
            tests = books.impairment_tests(made, kept, found.in_use, found.market)
            asked = portfolio.asks(made, found.counted)
            portfolio.funded(asked, 1e6)
            books.findings(made, kept, tests, asked, None)
            books.leases(made), books.stopping(made, kept), books.levels(made), books.amortisation_table(made)
            assert {test.group for test in tests} == set(found.counted)
            assert all(test.result.impairment_loss <= test.carrying + 1e-9 for test in tests)


@pytest.mark.parametrize(("years", "asked"), [(5, False), (6, True)])
def test_value_in_use_on_more_than_five_years_needs_a_reason(years, asked):
    from test_value_model import benefit, plan_of

    plan = plan_of(benefits=[benefit(2026, 100)], valuation={"horizon_years": years})
    told = books.findings(plan, ledger.books(plan.client), (), (), None)
    assert any("IAS 36.33(b)" in text for text in told) is asked


def test_profit_by_year_is_cash_with_what_is_written_off_put_back():
    from test_value_model import asset, benefit, cost, plan_of, spent

    rows = [spent("2025-12-31", 90, "M1"), cost("2027-12-31", 20), cost("2026-06-30", 60, phase="development")]
    made = [asset(useful_life_years=2, in_service_date=date(2027, 1, 1))]
    plan = plan_of(made, [benefit(y, 100) for y in (2027, 2028)], rows, tax=0.25)
    found = profits.profits(plan)
    first, second, _ = found
    assert (first.benefits, first.development, first.cash) == (0, 60, -60)
    assert (second.benefits, second.running) == (100, 20) and second.amortisation == pytest.approx((90 + 60) / 2)
    assert second.before_tax == pytest.approx(100 - 20 - 75) and second.tax == pytest.approx(0.25 * 5)
    flows = value_model.cash_flows(plan, plan.groups[0])
    assert [one.cash for one in found] == pytest.approx([float(year.net) for year in flows])
    assert [one.year for one in found] == [2026, 2027, 2028]


@pytest.mark.parametrize(
    ("name", "prices"), [("manufacturer", ""), ("bank", ""), ("retailer", ""), ("retailer", "nominal")]
)
def test_profit_of_all_years_is_cash_less_what_stands_in_the_books(name, prices):
    client = clients.load(ROOT / "clients" / name)
    if prices:
        flat = client.valuation.model_copy(update={"price_basis": prices})
        client = client.model_copy(update={"valuation": flat})
    plan = value_model.plan(client)
    found = profits.profits(plan)
    held = profits.held(plan, found)
    profit, cash = sum(one.after_tax for one in found), sum(one.cash for one in found)
    opening = sum(books.carrying_amounts(plan, ledger.books(client)).values())
    assert held.opening == pytest.approx(opening) and opening > 0
    assert profit == pytest.approx(cash - opening + held.closing + held.worn)
    # only rising prices take anything off the charges, and only of real figures
    assert (held.worn > 1) == (plan.inflation > 0) and held.worn == pytest.approx(max(held.worn, 0.0), abs=1e-6)
    flows = [value_model.cash_flows(planning.on_basis(plan, "owner"), group) for group in plan.groups]
    assert [one.counted for one in found] == pytest.approx(
        [sum(float(y.net) for y in years) for years in zip(*flows, strict=True)]
    )
    if name == "manufacturer":  # the substitute's price is no part of the ledger; what fails is written off in full
        assert cash - sum(one.counted for one in found) == pytest.approx(0.7 * 505_372, rel=1e-3)
        assert sum(one.amortisation for one in found) == pytest.approx(
            opening + 140_000
        ) and held.closing == pytest.approx(0, abs=1)


def test_a_development_that_may_fail_is_written_off_by_both_chances():
    from test_value_model import asset, benefit, cost, plan_of

    made = [asset(useful_life_years=4, in_service_date=None, p_technical_success=0.6)]
    rows = [cost("2026-09-30", 100, phase="development")]
    plan = plan_of(made, [benefit(y, 100) for y in (2027, 2028)], rows, tax=0.25)
    found = profits.profits(plan)
    assert found[0].amortisation == pytest.approx(40) and found[0].tax == 0
    assert found[1].amortisation == pytest.approx(0.6 * 100 / 4)
    held = profits.held(plan, found)
    assert held.opening == 0 and held.closing == pytest.approx(
        0.6 * 100 * (1 - sum(one.amortisation for one in found[1:]) / 60)
    )
    assert sum(one.after_tax for one in found) == pytest.approx(sum(one.cash for one in found) + held.closing)


def test_profit_by_year_is_the_owners_on_any_basis(foundry):
    market = foundry.client.model_copy(
        update={"valuation": foundry.client.valuation.model_copy(update={"basis_of_value": "fair_value_ifrs13"})}
    )
    assert profits.profits(value_model.plan(market)) == profits.profits(value_model.plan(foundry.client))


def test_benefits_by_driver_and_year_are_those_of_the_cash_flows(foundry):
    plan = foundry
    found = profits.by_driver(plan)
    assert {asset for asset, _ in found} == set(plan.benefits_of)
    flows = [value_model.cash_flows(plan, group) for group in plan.groups]
    for at, years in enumerate(zip(*flows, strict=True)):
        told = sum(amounts[at] for amounts in found.values())
        assert told == pytest.approx(sum(float(year.benefits) for year in years))
    page = str(by_year.drivers(found, [span.year for span in plan.periods], "EUR"))
    whole = sum(map(sum, found.values()))
    assert words.thousands(whole) in page and "cap by its substitute" in page
    assert (
        found["M1", profits.CAP][1] == pytest.approx(410_000 - 619_495, abs=1)
        and min(found["M1", "escapes_and_false_rejects"]) >= 0
    )
    nets = str(by_year.net_flows({group.name: years for group, years in zip(plan.groups, flows, strict=True)}, "EUR"))
    assert words.thousands(sum(float(year.net) for years in flows for year in years)) in nets
