"""Books and portfolio: each printed rule, on the sample clients and on cases worked by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.value_model import books, ledger
from lepton_nb.value_model.reading import without_amortisation

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def foundry():
    return value_model.plan(clients.load(ROOT / "clients" / "manufacturer"))


@pytest.fixture(scope="module")
def bank():
    return value_model.plan(clients.load(ROOT / "clients" / "bank"))


def test_every_rule_is_printed():
    assert set(books.RULES) == {"Phase", "Hardware", "In use", "Impairment", "Data resources", "Budget", "Money"}


def test_phase_development_is_capitalised_research_and_operation_are_not(foundry):
    found = ledger.books(foundry.client)["M1"]
    assert found.intangible.capitalised == 212_000 + 41_000
    assert found.intangible.expensed == 95_000 + 18_000
    assert found.criteria_met_on == date(2024, 12, 31)


def test_phase_a_later_day_leaves_earlier_development_expensed_for_good(foundry):
    assert ledger.books(foundry.client, "2025-01-01")["M1"].intangible.capitalised == 41_000


def test_hardware_stands_apart(foundry):
    found = ledger.books(foundry.client)["I1"]
    assert found.hardware == 180_000 and found.intangible.capitalised == 0
    assert found.capitalised == 180_000


def test_in_use_what_is_spent_later_is_upkeep(bank):
    found = ledger.books(bank.client)["D1"]  # in use since 2016, spent in 2025
    assert found.capitalised == 0
    assert "IAS 38.20" in found.intangible.postings[0].reason


def test_in_use_an_asset_that_is_not_is_not_amortised(foundry):
    plan = foundry
    row = next(cost for cost in plan.client.costs if cost.asset_id == "M2" and cost.kind == "actual")
    spent = row.model_copy(update={"phase": "development"})
    client = plan.client.model_copy(update={"costs": (spent,)})
    found = ledger.books(client)["M2"]
    assert found.in_service is None and found.capitalised == row.amount.mode
    assert found.at(date(2040, 1, 1)).carrying_amount == row.amount.mode


def test_charges_sum_to_what_was_capitalised(foundry, bank):
    for plan in (foundry, bank):
        for book in ledger.books(plan.client).values():
            if book.capitalised and book.in_service:
                rows = ledger.write_offs(book, book.in_service.year, int(book.useful_life_years) + 2)
                assert sum(row["charge"] for row in rows) == pytest.approx(book.capitalised)
                assert rows[-1]["carrying"] == pytest.approx(0.0, abs=1e-6)


def test_impairment_groups_are_tested_as_one_with_a_rate_before_tax(bank):
    found = {test.group: test for test in books.impairment_tests(bank, ledger.books(bank.client))}
    group = bank.groups[0]
    test = found[group.name]
    assert test.rate_before_tax == pytest.approx(group.rate / (1 - bank.tax_rate))
    years = value_model.cash_flows(bank, group)
    by_hand = sum(
        float(year.benefits - year.running) / (1 + test.rate_before_tax) ** span.time
        for year, span in zip(years, bank.periods, strict=True)
    )
    assert test.result.value_in_use == pytest.approx(by_hand)
    assert test.fair_value == pytest.approx(float(value_model.evaluate(bank).groups[group.name]))
    assert test.result.impairment_loss == 0.0


def test_impairment_fair_value_counts_on_a_market_basis_only_and_a_loss_is_found(foundry):
    kept = ledger.books(foundry.client)
    assert all(test.fair_value is None for test in books.impairment_tests(foundry, kept))
    hopeless = foundry.client.model_copy(update={"benefits": ()})
    plan = value_model.plan(hopeless)
    test = books.impairment_tests(plan, ledger.books(plan.client))[0]
    assert test.result.impairment_loss == pytest.approx(test.carrying) and test.carrying > 0


def test_data_resources_what_was_spent_before_2024_is_not_put_back(foundry):
    row = next(cost for cost in foundry.client.costs if cost.asset_id == "D1" and cost.kind == "actual")
    early = row.model_copy(update={"date": date(2023, 6, 30)})
    client = foundry.client.model_copy(update={"costs": (early, row)})
    plan = value_model.plan(client)
    assert ledger.books(plan.client)["D1"].capitalised == pytest.approx(early.amount.mode + row.amount.mode)
    forward = ledger.books(plan.client, since=books.DATA_RESOURCES_FROM)["D1"]
    assert forward.capitalised == pytest.approx(row.amount.mode)


def test_budget_asks_are_the_next_twelve_months(bank):
    asked = {ask.group: ask for ask in books.asks(bank)}
    first = asked[bank.groups[0].name]
    assert first.spend == pytest.approx(195_000 + 90_000)
    assert first.value == pytest.approx(float(value_model.evaluate(bank).groups[first.group]))


def test_budget_takes_the_best_set_and_never_a_loser():
    asked = (books.Ask("A", 10, 21.4), books.Ask("B", 5, 16.1), books.Ask("C", 5, 11.9), books.Ask("D", 1, -3.0))
    assert set(books.funded(asked, 10).chosen) == {"B", "C"}
    assert "D" not in books.funded(asked, 1000).chosen
    assert books.funded((), 5).chosen == ()


def test_money_only_the_tax_saved_enters_the_value(foundry):
    with_books, without = (value_model.evaluate(plan).total for plan in (foundry, without_amortisation(foundry)))
    assert with_books - without == pytest.approx(sum(books.tax_saved(foundry).values()))
    spent = [cost for cost in foundry.client.costs if cost.kind == "forecast"]
    bare = value_model.plan(foundry.client.model_copy(update={"costs": tuple(spent)}))  # nothing was ever spent
    assert value_model.evaluate(without_amortisation(bare)).total == pytest.approx(without)


def test_tax_saved_by_hand(bank):
    """There is profit in every year of the group, so each charge saves its tax in its year."""
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
    rows = {(row["input"], row["asset"]): row["likely"] for row in value_model.register(foundry)}
    assert rows["capitalised so far, written off for tax", "M1"] == 212_000 + 41_000
    assert rows["useful life, for amortisation", "M2"] == 5  # planned development only
    assert ("capitalised so far, written off for tax", "M2") not in rows
    held = {row["asset"] for row in books.amortisation_table(foundry)}
    assert held == {asset for name, asset in rows if name == "useful life, for amortisation"}


def test_spread_agrees_with_numpy_and_mixing_takes_some_away(bank):
    distribution = value_model.simulate(bank, 2048)
    found = books.spread(distribution)
    draws = np.array([distribution.groups[name].values for name in found.names])
    np.testing.assert_allclose(found.correlations, np.corrcoef(draws))
    assert 0 < found.diversification < 1
    assert found.together == pytest.approx(draws.sum(axis=0).std(ddof=1))
