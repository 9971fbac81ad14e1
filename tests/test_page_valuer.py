"""What a valuer signs, and what is said where nobody does."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.page import approach_tables, valuer, words
from lepton_nb.value_model import law, money, planning, registered, sheets, wara

ROOT = Path(__file__).resolve().parent.parent


class Record:
    """What the value chapter puts on record of the total."""

    def __init__(self, value=1_234_567.0, low=1_000_000.0, high=1_500_000.0):
        self.tables = {"total": [{"value": value, "low": low, "high": high}], "groups": []}
        self.figures = {}

    def __getitem__(self, name):
        return SimpleNamespace(unit="EUR")


def engaged(**made):
    client = clients.load(ROOT / "clients" / "manufacturer")
    return client.model_copy(update={"engagement": client.engagement.model_copy(update=made)})


def test_a_named_valuer_states_the_value_with_its_range_and_finds_a_place_to_sign():
    scope = law.scope_of_work(engaged(valuer="A. <b>Valuer</b>, chartered", independence="no tie"))
    shown = str(valuer.statement(scope, Record(), law.NOT_STATED))
    assert "A. &lt;b&gt;Valuer&lt;/b&gt;, chartered" in shown and "<b>" not in shown
    assert shown.count('lepton-blank"') == 4 and "Place and date" in shown and "Role and qualification" in shown
    told = words.Money("EUR")
    assert "no tie." in shown and told(1_234_567, within=(1e6, 1.5e6)) in shown and told.range((1e6, 1.5e6)) in shown


def test_who_is_to_sign_stands_under_the_line_for_the_signature():
    scope = law.scope_of_work(engaged(valuer="A firm", signatory="B. <i>Partner</i>"))
    shown = str(valuer.statement(scope, Record(), law.NOT_STATED))
    assert "Signature, for A firm" in shown and "To be signed by: B. &lt;i&gt;Partner&lt;/i&gt;" in shown
    assert shown.count('lepton-blank"') == 3 and "Role and qualification" not in shown


def test_a_statement_names_what_is_left_out_what_is_no_assets_and_what_runs_at_a_loss():
    scope, whole = law.scope_of_work(engaged(valuer="A")), Record()
    plain = str(valuer.statement(scope, whole, law.NOT_STATED))
    assert "without a number" not in plain and "identified to no asset" not in plain and "given up" not in plain
    one = {"name": "D1 + M1", "assets": ["D1", "M1"], "counts": True, "verdict": "open", "together": 260_000.0}
    whole.tables["groups"] = [
        one,
        {"name": "M2", "assets": ["M2"], "counts": False, "verdict": "withheld", "together": 5.0},
    ]
    whole.figures = {"given_up": SimpleNamespace(value=1_300_000.0, note="M3")}
    told = str(valuer.statement(scope, whole, law.NOT_STATED)).replace(words.THIN, " ")
    assert "the value of 2 of 3 assets; not in it, without a number: M2 (withheld)." in told
    assert "260 k EUR of it is identified to no asset" in told
    assert "In current use M3 runs on at a loss" in told and "1.30 m EUR" in told


def test_a_report_without_a_valuer_is_unsigned_and_says_what_to_write():
    shown = str(valuer.statement(law.scope_of_work(engaged(valuer="")), Record(), law.NOT_STATED))
    assert "unsigned" in shown and "engagement.valuer" in shown and "lepton-blank" not in shown


def test_a_value_that_is_not_concluded_is_not_stated():
    shown = str(valuer.statement(law.scope_of_work(engaged(valuer="A")), Record(None, None, None), law.NOT_STATED))
    assert "No number is concluded." in shown


def test_departures_follow_what_the_client_states():
    bare = engaged(valuer="", independence="", premise=None, report_date=None, limiting_conditions=())
    asks = {one.asks for one in law.departures(bare)}
    assert {"valuer in the report", "independence in the report", "date of the report in the report"} <= asks
    full = engaged(valuer="A", intended_users="B", independence="none", premise="current_use", limiting_conditions=("C",),
                   fee="by the hour", inspection="a shop", report_date=bare.valuation.date)  # fmt: skip
    assert not any(one.here == "not stated in client.yml" for one in law.departures(full))
    assert any("invented" in one.here for one in law.departures(full))
    without = full.model_copy(update={"comparables": (), "discount": full.discount.model_copy(update={"source": ""})})
    told = {one.asks: one.here for one in law.departures(without)}
    assert "evidence for the discount rate" in told and "the market approach considered" in told
    assert str(valuer.departures(law.departures(without))).count("<tr>") == len(told) + 1


def test_the_steps_to_the_cost_of_capital_end_at_the_one_that_is_used():
    for name in ("manufacturer", "retailer", "bank"):
        plan = value_model.plan(clients.load(ROOT / "clients" / name))
        steps = planning.capital_steps(plan.client)
        assert steps[-1].figure == plan.wacc == planning.discount_rate(plan.client)
        shown = str(valuer.rates(value_model.register(plan), plan.groups, sheets.returns_in_rates(plan), steps))
        assert all(f"step: {one.name}" in shown and one.how in shown for one in steps)
    grocer = clients.load(ROOT / "clients" / "retailer")
    beta, equity = 0.75 * (1 + (1 - 0.206) * 0.4), 0.024 + 0.06 * 0.75 * (1 + (1 - 0.206) * 0.4) + 0.015
    debt = 0.045 * (1 - 0.206)
    nominal = equity / 1.4 + debt * 0.4 / 1.4
    expected = (beta, equity, debt, 0.4 / 1.4, nominal, 0.02, (1 + nominal) / 1.02 - 1)
    assert [one.figure for one in planning.capital_steps(grocer)] == pytest.approx(expected)
    assert [one.name for one in planning.capital_steps(grocer)][-3:] == ["cost of capital, nominal", "inflation", "cost of capital, real"]  # fmt: skip
    (given,) = planning.capital_steps(clients.load(ROOT / "clients" / "bank"))
    assert (given.figure, given.how) == (0.095, "given")


def test_a_buyers_tax_benefit_is_shown_with_all_that_its_formula_needs():
    plan = value_model.plan(clients.load(ROOT / "clients" / "retailer"))
    found = {group.name: money.tax_benefit(plan, group) for group in plan.groups}
    for group in plan.groups:
        one = found[group.name]
        assert (one.tax, one.years, one.timing) == (0.206, 5, "mid")
        assert one.rate == pytest.approx((1 + group.rate) * 1.02 - 1)
        a = sum((1 + one.rate) ** -(year - 0.5) for year in range(1, 6))
        assert one.annuity == pytest.approx(a) and one.factor == pytest.approx(1 / (1 - 0.206 / 5 * a))
        assert one.factor == money.tax_benefit_factor(plan, group)
    shown = str(approach_tables.tax_benefits(found))
    assert (
        "20.6 %" in shown.replace(words.THIN, " ") and "n = 5 years" in shown and "in the middle of each year" in shown
    )
    assert shown.count("<tr>") == len(found) + 1
    own = value_model.on_basis(plan, "owner")
    assert money.tax_benefit(own, own.groups[0]) is None and money.tax_benefit_factor(own, own.groups[0]) == 1.0
    assert "grants a buyer no such benefit" in str(approach_tables.tax_benefits({"G": None}))


def test_the_check_of_returns_says_that_no_price_stands_beside_it():
    plan = value_model.plan(clients.load(ROOT / "clients" / "manufacturer"))
    checks = [wara.returns_on_assets(plan, group) for group in plan.groups]
    assert approach_tables.NO_PRICE in str(approach_tables.returns(checks, words.Money("EUR")))


def test_the_evidence_for_the_rate_names_each_part_of_a_rate_that_is_built_up():
    plan = value_model.plan(clients.load(ROOT / "clients" / "manufacturer"))
    rows = {row.input: row for row in value_model.register(plan)}
    parts = {name for name in rows if name.startswith("in it: ")}
    assert len(parts) == len(registered.BUILT_UP) == 6 and rows["in it: beta unlevered"].unit == "times"
    shown = str(valuer.rates(value_model.register(plan), plan.groups, sheets.returns_in_rates(plan)))
    assert all(name in shown for name in parts) and all(group.name in shown for group in plan.groups)
    given = value_model.plan(clients.load(ROOT / "clients" / "bank"))
    assert "in it: " not in str(valuer.rates(value_model.register(given), given.groups, sheets.returns_in_rates(given)))


def test_what_belongs_to_no_asset_is_a_departure_with_its_share():
    client = engaged()
    asks = "each intangible asset identified and valued by itself; what is left is goodwill"
    found = {one.asks: one for one in law.departures(client, {"D1 + M1": 200.0, "M2": 0.0}, 1000.0)}
    assert found[asks].standard == "IVS 210" and "from the excess earnings of D1 + M1 stays" in found[asks].here
    assert "20 % of it" in found[asks].here and "with income alone" in found[asks].here
    assert asks not in {one.asks for one in law.departures(client, {"M2": 0.0}, 1000.0)}
    assert "together" in law.scope_of_work(client)["What is valued"]


@pytest.mark.parametrize("name", ["manufacturer", "bank", "retailer"])
def test_every_input_of_a_sample_names_its_source(name):
    plan = value_model.plan(clients.load(ROOT / "clients" / name))
    assert not [row.input for row in value_model.register(plan) if row.source == "not stated"]


def test_a_part_of_the_rate_has_its_own_source_else_that_of_all():
    discount = clients.load(ROOT / "clients" / "manufacturer").discount
    assert "federal bonds" in discount.source_of("risk_free") and discount.sources.risk_free != discount.source
    one = discount.model_copy(update={"sources": discount.sources.model_copy(update={"risk_free": ""})})
    assert one.source_of("risk_free") == discount.source
    assert discount.model_copy(update={"sources": None}).source_of("beta_unlevered") == discount.source
