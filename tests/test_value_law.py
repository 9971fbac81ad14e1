"""The calendar of law: who has to look at what, from when, where it was read, and what keeping it costs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.page import valuer
from lepton_nb.value_model import books, law
from lepton_nb.value_model.provisions import CHECKED, PROVISIONS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def foundry():
    return clients.load(ROOT / "clients" / "manufacturer")


@pytest.fixture(scope="module")
def bank():
    return clients.load(ROOT / "clients" / "bank")


def changed(client, country="", assets=None, **valuation):
    """The client elsewhere, with another valuation, with fields of some assets changed."""
    who = client.client.model_copy(update={"country": country or client.client.country})
    kept = [asset.model_copy(update=(assets or {}).get(asset.asset_id, {})) for asset in client.assets]
    when = client.valuation.model_copy(update=valuation)
    return client.model_copy(update={"client": who, "valuation": when, "assets": tuple(kept)})


def keys(client):
    return {item.provision.key for item in law.calendar(client).due}


def act(client):
    return {item.provision.key: item.assets for item in law.calendar(client).of("EU AI Act")}


def test_every_rule_is_printed():
    assert set(law.RULES) == {"Who", "High risk", "Accounts", "China", "Read", "Scope", "Cost of compliance"}


# --- who -------------------------------------------------------------------------------------------------


def test_who_each_class_has_its_own_duties(bank):
    assert act(bank) == {
        "literacy": ("C1", "T1"), "transparency": ("T1",), "marking": ("T1",), "high_use": ("C1",), "high_product": ("C1",),
    }  # fmt: skip
    general = changed(bank, assets={"T1": {"eu_ai_act_class": "gpai"}, "C1": {"eu_ai_act_class": "prohibited"}})
    assert act(general)["gpai"] == ("T1",) and act(general)["prohibited"] == ("C1",)
    assert "high_use" not in act(general)


def test_who_data_and_machines_have_no_duties_and_minimal_ones_are_few(foundry):
    assert act(foundry) == {"literacy": ("M1", "M2")}
    nothing = changed(foundry, assets={name: {"eu_ai_act_class": "not_ai"} for name in ("M1", "M2")})
    assert act(nothing) == {}
    assert any("No asset falls under" in words for words in law.calendar(nothing).sentences)


def test_who_outside_the_eu_without_an_asset_in_scope_one_sentence_and_no_duty(foundry):
    swiss = changed(foundry, country="CH", currency="CHF")
    assert act(swiss) == {}
    spoken = [words for words in law.calendar(swiss).sentences if "AI Act" in words]
    assert len(spoken) == 1 and "outside the EU (CH)" in spoken[0]


def test_who_outside_the_eu_the_clients_own_class_brings_the_duties(bank):
    swiss = changed(bank, country="CH")
    found = act(swiss)
    assert found["scope"] == ("C1", "T1") and found["high_use"] == ("C1",) and "literacy" not in found
    assert any(
        "their output is used there" in words or "put on the Union" in words for words in law.calendar(swiss).sentences
    )


def test_who_retired_assets_have_no_duties_ahead(bank):
    assert "high_use" not in act(changed(bank, assets={"C1": {"lifecycle_stage": "retired"}}))


# --- dates -----------------------------------------------------------------------------------------------


def test_high_risk_both_dates_stand_and_a_system_in_use_is_told_apart(bank):
    dates = {item.provision.key: item.provision.since for item in law.calendar(bank).due}
    assert dates["high_use"] == date(2027, 12, 2) and dates["high_product"] == date(2028, 8, 2)
    assert dates["transparency"] == date(2026, 8, 2) and dates["marking"] == date(2026, 12, 2)
    assert any(words.startswith("C1: in use before the duties apply") for words in law.calendar(bank).sentences)
    new = changed(bank, assets={"C1": {"lifecycle_stage": "algorithm_development"}})
    assert not any("in use before" in words for words in law.calendar(new).sentences)


def test_dates_that_were_not_yet_law_on_the_valuation_date_are_said_to_be_so(bank):
    assert bank.valuation.date < law.OMNIBUS
    assert any("not yet adopted" in words for words in law.calendar(bank).sentences)
    later = changed(bank, date=date(2026, 9, 30))
    assert not any("not yet adopted" in words for words in law.calendar(later).sentences)


def test_what_applies_is_told_from_what_will(bank):
    when = {item.provision.key: item.when for item in law.calendar(bank).due}
    assert when["literacy"] == "since 2025-02-02" and when["transparency"] == "from 2026-08-02"
    assert when["ias38_made"] == "in force" and when["ias16"] == "not checked"
    later = {item.provision.key: item.when for item in law.calendar(changed(bank, date=date(2026, 8, 2))).due}
    assert later["transparency"] == "since 2026-08-02"


def test_the_calendar_runs_forward(bank):
    dates = [item.provision.since or date.min for item in law.calendar(bank).due]
    assert dates == sorted(dates)


# --- accounts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "assumed"),
        ({"purpose": "financial_reporting"}, "ifrs"),
        ({"basis_of_value": "value_in_use_ias36"}, "ifrs"),
        ({"country": "US", "currency": "USD"}, "us_gaap"),
        ({"country": "US", "currency": "USD", "basis_of_value": "fair_value_ifrs13"}, "ifrs"),
        ({"country": "CN", "currency": "CNY"}, "china"),
        ({"purpose": "cn_data_resources"}, "china"),
        ({"country": "IL", "currency": "USD"}, "assumed"),
    ],
)
def test_accounts_follow_basis_purpose_and_country(foundry, change, expected):
    assert law.accounts(changed(foundry, **change)) == expected


def test_china_its_rules_are_printed_for_those_with_a_tie_only(foundry):
    rules = books.RULES | law.RULES
    shown = law.rules_for(foundry, rules)
    assert set(rules) - set(shown) == {"China", "Data resources"}
    assert not any("Chin" in words for words in shown.values())
    assert law.rules_for(changed(foundry, country="CN"), rules) == rules


CHINESE = {"cn_accounts", "cn_appraisal", "cn_notice"}


def test_accounts_chinese_provisions_are_shown_to_nobody_without_a_tie(foundry, bank):
    for client in (foundry, bank, changed(foundry, country="US", currency="USD"), changed(foundry, country="HK")):
        assert not keys(client) & CHINESE
        assert not any("CAS" in words for words in law.calendar(client).sentences)
    for tie in ({"country": "CN"}, {"currency": "CNY"}, {"purpose": "cn_data_resources"}):
        found = law.calendar(changed(foundry, **tie)).due
        assert {item.provision.key for item in found} >= CHINESE
        assert all(item.assets == ("D1",) for item in found if item.provision.key in CHINESE)


def test_accounts_the_american_change_is_for_dollars(foundry, bank):
    assert "asu_2025_06" not in keys(foundry) | keys(bank)
    assert "asu_2025_06" in keys(changed(foundry, country="US", currency="USD"))
    assert "asu_2025_06" in keys(changed(foundry, country="IL", currency="USD"))
    american = changed(foundry, country="US", currency="USD")
    assert "ias38_made" not in keys(american)
    assert any("an indication only" in text for text in law.calendar(american).sentences)
    assert not any("an indication only" in text for text in law.calendar(foundry).sentences)


def test_accounts_leased_and_bought_assets_bring_their_standard(foundry, bank):
    assert "ifrs16" not in keys(foundry) and "ias38_bought" not in keys(foundry)
    assert {"ias38_bought", "saas"} <= keys(bank)
    leased = changed(foundry, assets={"I1": {"acquisition": "leased"}})
    assert {item.provision.key: item.assets for item in law.calendar(leased).due}["ifrs16"] == ("I1",)
    assert "ias16" not in keys(leased)


def test_accounts_fair_value_brings_ifrs_13(foundry, bank):
    assert "ifrs13" in keys(bank) and "ifrs13" not in keys(foundry)


# --- read ------------------------------------------------------------------------------------------------


def test_read_every_provision_has_a_source_or_says_that_it_has_none():
    assert len({item.key for item in PROVISIONS}) == len(PROVISIONS)
    for item in PROVISIONS:
        assert item.words == CHECKED[item.checked]
        assert bool(item.sources) == (item.checked != "unread"), item.key
        for source in item.sources:
            assert source.address.startswith(("https://", "http://")) and source.says.endswith(".")
            assert source.opened <= date(2026, 12, 31)


def test_read_what_is_cited_stands_in_the_references():
    entries = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    for item in PROVISIONS:
        assert not item.cite or f"{{{item.cite},\n" in entries, item.key


def test_read_unchecked_entries_are_announced(foundry):
    assert any("to be checked" in words for words in law.calendar(foundry).sentences)


def test_scope_what_is_missing_is_said_to_be(foundry):
    found = law.scope_of_work(foundry)
    assert found["Basis of value"] == "investment value" and found["Valuation date"] == "2026-06-30"
    assert found["Valuer"] == found["Premise of value"] == found["Limiting conditions"] == "not stated"
    made = foundry.engagement.model_copy(update={"valuer": "A. Valuer, MRICS", "premise": "current_use",
                                                 "limiting_conditions": ("no site visit", "no audit")})  # fmt: skip
    found = law.scope_of_work(foundry.model_copy(update={"engagement": made}))
    assert (found["Valuer"], found["Premise of value"]) == ("A. Valuer, MRICS", "current use")
    assert found["Limiting conditions"] == "no site visit; no audit" and found["Independence"] == "not stated"
    assert "Client and market" not in found  # no standard asks for it
    assert law.scope_of_work(foundry)["Events after the valuation date"] == "none stated"
    later = foundry.engagement.model_copy(update={"subsequent_events": "A plant burned."})
    assert (
        law.scope_of_work(foundry.model_copy(update={"engagement": later}))["Events after the valuation date"]
        == "A plant burned."
    )
    told = foundry.engagement.model_copy(update={"background": "A foundry."})
    assert law.scope_of_work(foundry.model_copy(update={"engagement": told}))["Client and market"] == "A foundry."


# --- cost of compliance ----------------------------------------------------------------------------------


def test_cost_of_compliance_is_the_clients_own_by_year(bank):
    plan = value_model.plan(bank)
    found = law.compliance_costs(plan)
    by_year = {row.year: (row.low, row.likely, row.high) for row in found}
    assert {year: by_year[year] for year in (2026, 2027, 2028)} == dict.fromkeys(
        (2026, 2027, 2028), (60_000, 90_000, 150_000)
    )
    share = by_year[2029][1] / 90_000  # the useful life of C1 ends in the middle of January 2029
    assert 13 / 365 < share < 16 / 365 and by_year[2029] == pytest.approx(
        (60_000 * share, 90_000 * share, 150_000 * share)
    )
    assert 2030 not in by_year
    assert {row.asset_id for row in found} == {"C1"}


@pytest.mark.parametrize(
    ("category", "counts"),
    [
        ("ai_act_compliance", True), ("post-market surveillance", True), ("Conformity assessment", True), ("GDPR audit", True),
        ("data protection officer", True), ("certification", True), ("labour", False), ("validation_and_monitoring", False),
        ("voltage_regulator", False), ("licence_api", False),
    ],
)  # fmt: skip
def test_cost_of_compliance_is_known_by_its_category(category, counts):
    assert law.is_compliance(category) == counts


def test_cost_of_compliance_hangs_on_success_where_the_asset_does(foundry):
    row = next(cost for cost in foundry.costs if cost.asset_id == "M1" and cost.kind == "forecast")
    row = row.model_copy(update={"asset_id": "M2", "category": "compliance"})
    plan = value_model.plan(foundry.model_copy(update={"costs": (*foundry.costs, row)}))
    (found,) = law.compliance_costs(plan)
    assert found.likely == pytest.approx(0.6 * row.amount.mode) and found.low == pytest.approx(0.6 * row.amount.low)


def test_a_high_risk_asset_without_cost_of_compliance_is_a_finding(bank):
    plain = bank.model_copy(update={"costs": tuple(row for row in bank.costs if row.category != "ai_act_compliance")})
    (words,) = law.compliance_findings(value_model.plan(plain))
    assert words.startswith("C1: duties") and "2027-12-02" in words and "leaves it out" in words


def test_cost_before_the_duties_is_a_finding(bank):
    (words,) = law.compliance_findings(value_model.plan(bank))
    assert "90,000 EUR" in words and "2027-12-02" in words


def test_a_client_without_duties_has_no_finding(foundry):
    assert law.compliance_findings(value_model.plan(foundry)) == ()
    assert law.compliance_costs(value_model.plan(foundry)) == ()


def test_the_dates_of_the_ai_act_are_those_of_its_articles_as_amended():
    """Article 113 as adopted, and the amending regulation of July 2026 for the duties of high risk and marking."""
    found = {item.key: item.since for item in PROVISIONS if item.law == "EU AI Act"}
    assert found == {
        "scope": None,
        "prohibited": date(2025, 2, 2),
        "literacy": date(2025, 2, 2),
        "gpai": date(2025, 8, 2),
        "transparency": date(2026, 8, 2),
        "marking": date(2026, 12, 2),
        "high_use": date(2027, 12, 2),
        "high_product": date(2028, 8, 2),
    }


def test_the_dates_of_the_other_provisions_are_those_of_their_sources():
    """IFRS 16.C1; IVS effective 31 January 2025; both Chinese texts; ASU 2025-06 for years beginning after 15 December 2027."""
    found = {item.key: item.since for item in PROVISIONS if item.law != "EU AI Act" and item.since}
    assert found == {
        "ifrs16": date(2019, 1, 1),
        "ivs": date(2025, 1, 31),
        "cn_accounts": date(2024, 1, 1),
        "cn_appraisal": date(2023, 10, 1),
        "asu_2025_06": date(2027, 12, 16),
    }


def test_outside_the_union_the_assets_that_the_act_binds_are_named(foundry):
    client = changed(foundry, "CH", {"M1": {"eu_ai_act_class": "high"}})
    bound = [asset.asset_id for asset in client.assets if asset.eu_ai_act_class in law.BINDING]
    free = [asset.asset_id for asset in client.assets if asset.eu_ai_act_class not in law.BINDING]
    (told,) = [text for text in law.calendar(client).sentences if "is seated outside the EU (CH)" in text]
    assert bound and free and told.endswith(f"say so of {', '.join(bound)}.")


def test_entries_that_nobody_read_are_to_be_checked_and_said_to_be_where_there_are_any():
    client = clients.load(ROOT / "clients" / "bank")
    due = law.calendar(client).due
    told = "to be checked before anything rests on them"

    def said(chosen) -> bool:
        return any(told in sentence for sentence in law._sentences(client, client.assets, chosen))

    read = [item for item in due if item.provision.checked == "text"]
    assert read and len(read) < len(due)
    assert said(due) and said([item for item in due if item not in read]) and not said(read)


@pytest.mark.parametrize(
    ("like", "there", "not_there"),
    [
        ("bank", {"IFRS 13", "Regulation (EU) 2024/1689"}, {"GB/T 36344-2018", "Caikuai [2023] 11"}),
        ("retailer", {"IAS 38, IAS 36", "Regulation (EU) 2024/1689"}, {"GB/T 36344-2018", "IFRS 13"}),
    ],
)
def test_the_table_of_standards_holds_those_that_apply(like, there, not_there):
    client = clients.load(ROOT / "clients" / like)
    names = {one.name for one in law.standards(client)}
    assert there <= names and not names & not_there and "NIST AI RMF 1.0" in names
    page = str(valuer.standards(law.standards(client)))
    assert 'href="88_portfolio.ipynb"' in page and "GB/T" not in page
    chinese = client.model_copy(update={"client": client.client.model_copy(update={"country": "CN"})})
    names = {one.name for one in law.standards(chinese)}
    assert {"GB/T 36344-2018", "Caikuai [2023] 11"} <= names


def test_high_risk_as_part_of_a_product_is_told_with_its_condition():
    client = clients.load(ROOT / "clients" / "bank")
    (one,) = (item for item in law.calendar(client).due if item.provision.key == "high_product")
    assert one.assets == ("C1",) and one.provision.what.startswith("Only if it is part of a regulated product")
