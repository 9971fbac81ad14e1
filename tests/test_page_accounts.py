"""The tables of the books and of the law: they show what they are given, for every kind of client."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.page import accounts
from lepton_nb.valuation import decisions
from lepton_nb.value_model import books, law, ledger, portfolio

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def plan():
    """The foundry with a leased machine, prohibited data and a name that is no markup."""
    client = clients.load(ROOT / "clients" / "manufacturer")
    change = {
        "I1": {"acquisition": "leased"},
        "D1": {"eu_ai_act_class": "prohibited", "name": "<b>images</b>"},
    }
    assets = tuple(asset.model_copy(update=change.get(asset.asset_id, {})) for asset in client.assets)
    rent = tuple(
        row.model_copy(update={"category": "lease"}) if row.asset_id == "I1" and row.kind == "forecast" else row
        for row in client.costs
    )
    return value_model.plan(client.model_copy(update={"assets": assets, "costs": rent}))


def values(plan):
    return {name: float(value) for name, value in value_model.evaluate(plan).groups.items()}


def test_every_asset_has_its_treatment_and_text_stays_text(plan):
    shown = str(accounts.treatments(plan.client.assets, ledger.books(plan.client), "EUR"))
    assert "IFRS 16" in shown and "IAS 38.51-67" in shown
    assert "&lt;b&gt;images" in shown and "<b>images" not in shown


def test_leases_and_prohibited_assets_are_shown(plan):
    leases = str(accounts.leases(books.leases(plan), "EUR"))
    assert "I1" in leases and "IFRS 16" in leases
    stops = str(accounts.stops(books.stopping(plan, ledger.books(plan.client)), "EUR"))
    assert "D1" in stops and "M1" in stops
    assert "No asset is leased" in str(accounts.leases((), "EUR"))
    assert "No asset is prohibited" in str(accounts.stops((), "EUR"))


def test_the_test_of_a_prohibited_asset_stands_beside_the_groups(plan):
    owner = values(plan)
    tests = books.impairment_tests(plan, ledger.books(plan.client), owner, owner)
    shown = str(accounts.against_value(tests, {"X": "withheld: why"}, {"X": 7000.0}, "EUR"))
    assert "X: no number is concluded (withheld), so nothing is tested" in shown and "7" in shown
    assert shown.count("<tr>") == 1 + len(plan.groups) and {group.name for group in plan.groups} >= {"D1"}


def test_new_money_without_a_request_says_so(plan):
    asked = tuple(portfolio.Ask(ask.group, 0.0, ask.value, 0.0, 0.0) for ask in portfolio.asks(plan))
    assert "each pays for itself" in str(accounts.new_money(asked, {}, plan.date, "EUR"))
    assert "nothing to fund" in str(accounts.new_money((), {}, plan.date, "EUR"))


def test_the_calendar_names_dates_assets_and_how_it_was_read(plan):
    found = law.calendar(plan.client)
    shown = str(accounts.calendar(found))
    first = min(item.provision.since for item in found.due if item.provision.since)
    near, none = (str(accounts.calendar(found, day)) for day in (first + timedelta(days=1), date(2100, 1, 1)))
    assert f">since {first}<" in shown and f">since {first}<" not in near and ">since 2025-02-02<" in near
    assert "No rule has come" in none and found.sentences[0][:20] in none
    assert "since 2025-02-02" in shown and "EU AI Act: Art. 5" in shown and "text read in a copy" in shown
    read = str(accounts.sources(found)).replace("<wbr>", "")
    assert all(source.address.replace("&", "&amp;") in read for source in found.sources)


def test_compliance_is_a_row_by_asset_and_a_column_by_year():
    rows = [law.Compliance("C1", year, "ai_act_compliance", 60_000, 90_000, 150_000) for year in (2027, 2026)]
    shown = str(accounts.compliance(rows, "EUR"))
    assert shown.index("2026") < shown.index("2027") and shown.count("<tr>") == 2
    assert "plans no cost" in str(accounts.compliance((), "EUR"))


def test_carrying_amounts_and_data_resources(plan):
    kept = ledger.books(plan.client)
    charges = {name: ledger.write_offs(book, 2026, 3) for name, book in kept.items()}
    assert "<svg" in str(accounts.carrying(kept, charges, plan.date, "EUR"))
    assert "Nothing is capitalised" in str(accounts.carrying({}, {}, plan.date, "EUR"))
    assert "2028" in str(accounts.write_offs(kept, charges, plan.date, "EUR"))
    shown = str(accounts.data_resources(books.data_resources(plan.client), date(2026, 6, 30), "CNY"))
    assert "D1" in shown and "CNY" in shown and "M1" not in shown


def test_of_very_many_the_largest_are_shown_and_the_rest_is_summed(plan):
    one = ledger.books(plan.client)["M1"]
    many = tuple(replace(one.bookings[0], amount=float(number)) for number in range(1, 301))
    shown = str(accounts.bookings({"M1": replace(one, bookings=many)}, "EUR"))
    assert shown.count("<tr>") == 1 + accounts.ROWS + 1 and "100 smaller rows" in shown
    kept = {f"M{number}": replace(one, asset_id=f"M{number}") for number in range(30)}
    charges = {name: ledger.write_offs(book, 2026, 2) for name, book in kept.items()}
    assert "23 others" in str(accounts.carrying(kept, charges, plan.date, "EUR"))


def test_of_many_groups_the_correlations_of_those_that_vary_most_are_shown():
    names = tuple(f"G{number}" for number in range(20))
    mixed = portfolio.Spread(names, np.eye(20), tuple(float(number) for number in range(20)), 10.0, 1000)
    held = decisions.concentration(dict.fromkeys(names, 1.0))
    shown = str(accounts.concentration(mixed, held) + accounts.correlations(mixed, "EUR"))
    assert "G19" in shown and "G0<" not in shown and "of 20" in shown
