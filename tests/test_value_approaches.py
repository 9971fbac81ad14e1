"""Cost, market, income: every rule on clients small enough to value by hand, and both samples as a whole."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_value_model import asset, benefit, cost, evaluation, linked, make, spent

from lepton_nb import client, value_model
from lepton_nb.valuation import approaches as methods
from lepton_nb.value_model import approaches
from lepton_nb.value_model.approaches import COST, EXCESS, MARKET, ROYALTY, WITHOUT
from lepton_nb.value_model.reading import without_amortisation

CLIENTS = Path(__file__).resolve().parent.parent / "clients"
YEARS = (2026, 2027)  # whole years of 365 days: dates and whole years then agree exactly


def group_of_three(shared=(), **changes):
    """D1 and I1 feed M1, which earns 300 a year for running costs of 50; all three cost something to build."""
    assets = [
        asset("D1", kind="data", feeds=["M1"], in_service_date="2024-12-31", useful_life_years=5),
        asset("M1", feeds=[], in_service_date="2024-12-31", useful_life_years=5),
        asset("I1", kind="infrastructure", feeds=["M1", *shared], in_service_date="2024-12-31", useful_life_years=3),
    ]
    costs = [
        spent("2024-12-31", 100, "D1"), spent("2024-12-31", 200, "M1"), spent("2024-12-31", 90, "I1"),
        *(cost(f"{year}-12-31", 50) for year in YEARS),
    ]  # fmt: skip
    given = {"assets": assets, "benefits": [benefit(year, 300) for year in YEARS], "costs": costs} | changes
    return make(given.pop("assets"), given.pop("benefits"), given.pop("costs"), **given)


#: Benefits less running costs after 30 % tax, with amortisation of 20 + 40 + 30 and, I1's 11 last months, 20 + 40 + 27.5.
AFTER_TAX = [0.7 * 250 + 0.3 * 90, 0.7 * 250 + 0.3 * 87.5]


def assess(a_client, **changes):
    return approaches.assess(value_model.plan(a_client), draws=256, **changes)


def with_tax(a_client, **changes):
    return a_client.model_copy(update={"tax": a_client.tax.model_copy(update=changes)})


def on_basis(a_client, basis):
    return a_client.model_copy(update={"valuation": a_client.valuation.model_copy(update={"basis_of_value": basis})})


def comparable(price, asset_id="M1", **changes):
    return {
        "comparable": f"sold for {price}", "asset_id": asset_id, "date": "2025-06-30", "price": price,
        "basis": "transaction", "similarity": 1, "source": "test",
    } | changes  # fmt: skip


# ---------------------------------------------------------------- cost


def test_cost_counts_what_was_spent_on_building_and_the_return_forgone():
    costs = [
        spent("2024-12-31", 100, phase="research"), spent("2025-06-30", 60),
        spent("2025-12-31", 999, phase="operation"),  # running costs build nothing
    ]  # fmt: skip
    a_client = make([asset(in_service_date="2025-12-31")], [benefit(2026, 500)], costs)
    found = approaches.replacement_costs(value_model.plan(a_client), overhead=0.5, developer_profit=0.2)["M1"]
    assert found.built.direct == 160
    assert found.build_years == 1.0  # from the first payment to the first day of use
    assert found.built.replacement_cost_new == pytest.approx(160 * 1.5 * 1.2 * 1.10**0.5)
    assert found.functional == 0


def test_an_asset_without_building_cost_has_no_cost_approach():
    found = assess(make([asset()], [benefit(2026, 500)]))
    assert found.costs["M1"].value is None
    assert found.costs["M1"].sentence.startswith("No actual cost")
    assert [item.method for item in found.conclusions["M1"].indications] == [WITHOUT]
    assert found.conclusions["M1"].value == pytest.approx(500 / 1.1)


@pytest.mark.parametrize(
    ("life", "half_life", "left"),
    [(4, None, 0.75), (4, 1, 0.5), (1, None, 0.0), (1, 5, 0.0)],
)
def test_depreciation_by_half_life_else_by_useful_life_and_nothing_past_it(life, half_life, left):
    old = asset(in_service_date="2024-12-31", useful_life_years=life, half_life_years=half_life)
    a_client = make([old], [benefit(2026, 500)], [spent("2024-06-30", 100)])
    found = approaches.replacement_costs(value_model.plan(a_client))["M1"]
    assert 1 - found.functional == pytest.approx(left)  # one year in service
    assert found.spent[0].age == 1.0


def test_money_spent_after_the_first_day_of_use_ages_from_its_own_date():
    old = asset(in_service_date="2020-12-31", useful_life_years=5)
    a_client = make([old], [benefit(2026, 500)], [spent("2024-12-31", 100)])
    found = approaches.replacement_costs(value_model.plan(a_client))["M1"]
    assert found.functional == pytest.approx(0.2)
    assert found.build_years == 0
    assert found.remaining_life == pytest.approx(4)


def test_economic_obsolescence_is_the_shortfall_of_the_group():
    a_client = make([asset(in_service_date="2025-12-31")], [benefit(2026, 110)], [spent("2025-12-31", 400)])
    found = approaches.replacement_costs(value_model.plan(a_client))["M1"]
    assert found.economic == pytest.approx(1 - 100 / 400)
    assert found.value == pytest.approx(100)


def test_economic_obsolescence_takes_all_where_the_group_loses_and_nothing_where_it_earns_enough():
    losing = make([asset(in_service_date="2025-12-31")], [], [spent("2025-12-31", 400), cost("2026-12-31", 10)])
    assert approaches.replacement_costs(value_model.plan(losing))["M1"].economic == 1
    earning = make([asset(in_service_date="2025-12-31")], [benefit(2026, 990)], [spent("2025-12-31", 400)])
    assert approaches.replacement_costs(value_model.plan(earning))["M1"].economic == 0


# ---------------------------------------------------------------- income


def test_with_and_without_is_the_difference_of_the_two_worlds():
    plan = value_model.plan(group_of_three(tax=0.3))
    found = approaches.with_and_without(plan, "M1")
    assert found.dropped == ("D1", "M1", "I1")
    by_hand = methods.with_and_without(AFTER_TAX, [0.0] * 2, 0.10)
    assert found.value == pytest.approx(by_hand.value)


def test_what_serves_another_asset_too_stays_without():
    second = asset("M2", in_service_date="2024-12-31")
    base = group_of_three(shared=["M2"])
    a_client = group_of_three(
        shared=["M2"],
        assets=[*base.assets, second],
        benefits=[*(benefit(year, 300) for year in YEARS), benefit(2026, 90, "M2")],
        costs=[*(cost(f"{year}-12-31", 50) for year in YEARS), cost("2026-12-31", 20, "I1")],
    )
    plan = value_model.plan(a_client)
    assert approaches.dropped_with(plan, "M1") == ("D1", "M1")
    assert approaches.dropped_with(plan, "M2") == ("M2",)
    assert approaches.with_and_without(plan, "M2").value == pytest.approx(90 / 1.1)
    assert approaches.primary_asset(plan, plan.group("M1")) == "M1"


def test_an_asset_without_helpers_is_not_primary():
    plan = value_model.plan(make([asset()], [benefit(2026, 100)]))
    assert approaches.primary_asset(plan, plan.groups[0]) is None
    assert assess(make([asset()], [benefit(2026, 100)])).excess == {}


def test_excess_earnings_are_those_of_the_formula_on_whole_years():
    a_client = group_of_three(tax=0.3, premium={"data": 0.02, "model": 0.04, "infrastructure": 0.0})
    found = assess(a_client).excess["M1"]
    data = methods.contributory_charge(100 * 0.8, 0.12, 4)  # one of five years gone
    machines = methods.contributory_charge(90 * 2 / 3, 0.10, 2)
    assert [charge.yearly for charge in found.charges] == pytest.approx([data, machines])
    by_hand = methods.excess_earnings(AFTER_TAX, data + machines, 0.14)
    assert found.value == pytest.approx(by_hand.value)
    assert [year.excess for year in found.years] == pytest.approx([*(flow - data - machines for flow in AFTER_TAX), 0])


def test_mid_year_charges_are_smaller_by_half_a_years_return():
    end = assess(group_of_three()).excess["M1"].charges
    mid = assess(group_of_three(valuation={"timing": "mid_year"})).excess["M1"].charges
    for one, other in zip(end, mid, strict=True):
        assert other.yearly == pytest.approx(one.yearly / math.sqrt(1.10))


def test_a_helper_without_known_cost_is_named():
    base = group_of_three()
    found = assess(group_of_three(costs=[item for item in base.costs if item.asset_id != "D1"])).excess["M1"]
    assert [charge.asset_id for charge in found.charges] == ["I1"]
    assert found.sentences[0].startswith("D1 has no known cost")


@settings(max_examples=15, deadline=None)
@given(data=st.floats(1, 500), machines=st.floats(1, 500), earns=st.floats(0, 2000), tax=st.floats(0, 0.5))
def test_excess_earnings_are_with_and_without_less_the_charges(data, machines, earns, tax):
    costs = [spent("2024-12-31", data, "D1"), spent("2024-12-31", machines, "I1"), cost("2026-12-31", 50)]
    a_client = group_of_three(costs=costs, benefits=[benefit(year, earns) for year in YEARS], tax=tax)
    plan = value_model.plan(a_client)
    built = approaches.replacement_costs(plan)
    excess = approaches.excess_earnings(plan, "M1", built)
    whole = approaches.with_and_without(plan, "M1").value
    assert excess.value == pytest.approx(whole - excess.charged, abs=1e-6)
    assert excess.charged <= sum(built[name].depreciated for name in ("D1", "I1")) * 1.5


def royalty_client(acquisition="licensed", rates=(0.02, 0.05, 0.08), **changes):
    rates = [dict(zip(("low", "mode", "high"), rates, strict=True), asset_id="M1", source="test")] if rates else []
    return make(
        [asset(acquisition=acquisition)],
        [benefit(year, 300) for year in YEARS],
        [spent("2025-12-31", 100)],
        market={"royalty_rates": rates},
        tax=0.3,
        **changes,
    )


def test_relief_from_royalty_is_that_of_the_formula_on_whole_years():
    plan = value_model.plan(royalty_client())
    found = approaches.relief_from_royalty(plan, "M1")
    by_hand = methods.relief_from_royalty([300] * 2, 0.05, 0.3, 0.10)
    assert found.value == pytest.approx(by_hand.value)
    assert (found.low, found.high) == pytest.approx((by_hand.value * 0.4, by_hand.value * 1.6))
    assert approaches.relief_from_royalty(value_model.plan(royalty_client(rates=None)), "M1") is None


# ---------------------------------------------------------------- tax benefit


@pytest.mark.parametrize(
    ("basis", "granted", "applied"),
    [
        ("market_value", True, True),
        ("fair_value_ifrs13", True, True),
        ("fair_value_ifrs13", False, False),
        ("investment_value", True, False),
        ("value_in_use_ias36", True, False),
    ],
)
def test_the_tax_benefit_belongs_to_a_market_participants_value(basis, granted, applied):
    a_client = on_basis(with_tax(group_of_three(tax=0.3), tax_amortisation_benefit=granted, tab_years=5), basis)
    found = assess(a_client)
    assert found.tax_benefit.applied is applied
    assert found.tax_benefit.reason
    factor = methods.tax_amortisation_factor(0.3, 0.10, 5) if applied else 1.0
    by_method = {item.method: item for item in found.conclusions["M1"].indications}
    assert by_method[EXCESS].factor == pytest.approx(factor)
    assert by_method[EXCESS].value == pytest.approx(found.excess["M1"].value * factor)
    assert by_method[COST].factor == 1
    books = value_model.plan(a_client)
    seen = without_amortisation(books) if applied else books  # a buyer does not take over the books
    assert found.excess["M1"].value == approaches.excess_earnings(seen, "M1", found.costs).value
    assert found.tax_benefit.factor(found.plan, 0.10) > 1  # shown, applied or not


# ---------------------------------------------------------------- market


def test_comparables_carry_weight_from_three_on_and_only_for_a_participants_value():
    prices = [comparable(80), comparable(100, adjustment=1.1), comparable(120)]
    fair = on_basis(make([asset()], [benefit(2026, 110)], comparables=prices), "market_value")
    said = {item.method: item for item in assess(fair).conclusions["M1"].indications}
    assert said[MARKET].value == pytest.approx(110)
    assert (said[MARKET].weight, said[WITHOUT].weight) == (0.5, 0.5)
    two = on_basis(make([asset()], [benefit(2026, 110)], comparables=prices[:2]), "market_value")
    said = {item.method: item for item in assess(two).conclusions["M1"].indications}
    assert said[MARKET].weight == 0
    assert "three are needed" in said[MARKET].reason
    owner = make([asset()], [benefit(2026, 110)], comparables=prices)
    said = {item.method: item for item in assess(owner).conclusions["M1"].indications}
    assert said[MARKET].weight == 0
    assert "not the investment value" in said[MARKET].reason


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"basis": "api_list_price"}, "a cap"),
        ({"unit": "per year"}, "per year"),
        ({"asset_id": None}, "no asset"),
        ({"similarity": 0}, "similarity 0"),
        ({"price": 0}, "no price"),
    ],
)
def test_some_comparables_are_shown_and_not_used(changes, why):
    a_client = make([asset()], [benefit(2026, 110)], comparables=[comparable(80) | changes])
    assert why in approaches.comparable_use(a_client.comparables[0])
    assert approaches.market_prices(value_model.plan(a_client), "M1") is None


# ---------------------------------------------------------------- weights and conclusion


def weights(found, name="M1"):
    return {item.method: round(item.weight, 6) for item in found.conclusions[name].indications}


def test_weights_by_kind_and_evidence():
    measured = assess(group_of_three())
    assert weights(measured) == {COST: 0.25, WITHOUT: 0.0, EXCESS: 0.75}
    assert weights(measured, "D1") == weights(measured, "I1") == {COST: 1.0}
    expert = assess(group_of_three(benefits=[benefit(year, 300, evidence="expert") for year in YEARS]))
    assert weights(expert) == {COST: 0.5, WITHOUT: 0.0, EXCESS: 0.5}
    planned = make([asset(lifecycle_stage="algorithm_development")], [benefit(2026, 300)], [spent("2025-12-31", 100)])
    assert weights(assess(planned)) == {COST: 0.5, WITHOUT: 0.5}
    assert weights(assess(royalty_client())) == {COST: 0.0, WITHOUT: 0.0, ROYALTY: 1.0}
    assert weights(assess(royalty_client(rates=None))) == {COST: 0.0, WITHOUT: 1.0}
    assert weights(assess(royalty_client(acquisition="internal"))) == {COST: 0.25, WITHOUT: 0.75, ROYALTY: 0.0}


def test_every_weight_has_a_reason_and_they_sum_to_one():
    for name in ("manufacturer", "bank"):
        for item in assess(client.load(CLIENTS / name)).conclusions.values():
            assert sum(said.weight for said in item.indications) == pytest.approx(1)
            assert all(said.reason for said in item.indications)


def test_the_conclusion_is_the_weighted_mean_with_its_range():
    found = assess(group_of_three())
    said = {item.method: item.value for item in found.conclusions["M1"].indications}
    concluded = found.conclusions["M1"]
    assert concluded.value == pytest.approx(0.75 * said[EXCESS] + 0.25 * said[COST])
    assert (concluded.low, concluded.high) == (min(said[COST], said[EXCESS]), max(said[COST], said[EXCESS]))
    alone = found.conclusions["D1"]
    assert (alone.low, alone.high) == pytest.approx((80, 100))  # depreciated … new


def few_baseline_cases():
    small = evaluation(
        paired=False, n=40, model={"tp": 8, "fp": 2, "fn": 2, "tn": 28}, baseline={"tp": 5, "fp": 2, "fn": 5, "tn": 28}
    )
    return make([asset()], [linked(2026)], [spent("2025-12-31", 100)], evaluations=[small])


@pytest.mark.parametrize(
    ("a_client", "words"),
    [
        (lambda: group_of_three(assets=None, benefits=[], costs=[]), "no method"),
        (lambda: make([asset(eu_ai_act_class="prohibited")], [], [spent("2025-12-31", 100)]), "prohibited"),
        (lambda: make([asset(legal_control="unclear")], [benefit(2026, 300)]), "legal control"),
        (few_baseline_cases, "40 baseline cases"),
        (lambda: make([asset()], [benefit(2026, 5)], [cost("2026-12-31", 50)]), "above zero"),
        (lambda: make([asset(in_service_date="2025-12-31")], [benefit(2026, 2000)], [spent("2025-12-31", 100)]), "apart"),
    ],
)  # fmt: skip
def test_no_conclusion_is_drawn_where_a_rule_withholds_it(a_client, words):
    found = assess(a_client()).conclusions["M1"]
    assert found.value is None
    assert found.sentence.startswith("No conclusion")
    assert words in found.sentence


def test_41_baseline_cases_are_enough():
    larger = evaluation(
        paired=False, n=41, model={"tp": 8, "fp": 2, "fn": 2, "tn": 29}, baseline={"tp": 5, "fp": 2, "fn": 5, "tn": 29}
    )
    a_client = make(
        [asset(in_service_date="2025-12-31")], [linked(2026)], [spent("2025-12-31", 500)], evaluations=[larger]
    )
    assert "baseline" not in assess(a_client).conclusions["M1"].sentence


@pytest.mark.parametrize(("built_for", "word"), [(100, "well supported"), (200, "supported"), (400, "not supported")])
def test_support_of_the_income_by_the_cost(built_for, word):
    a_client = make(
        [asset(in_service_date="2025-12-31")], [benefit(2026, (165, 275, 385))], [spent("2025-12-31", built_for)]
    )
    assert approaches.support(assess(a_client), "M1")[0] == word


# ---------------------------------------------------------------- returns


def test_returns_against_the_rate_of_the_group_with_goodwill():
    earning = [benefit(year, 400) for year in YEARS]
    found = assess(group_of_three(benefits=earning, premium={"data": 0.02, "model": 0.04, "infrastructure": 0.0}))
    check = approaches.returns_on_assets(found, found.plan.groups[0])
    values = {name: found.conclusions[name].before_tax_benefit for name in ("D1", "M1", "I1")}
    by_hand = (0.12 * values["D1"] + 0.14 * values["M1"] + 0.10 * values["I1"]) / sum(values.values())
    assert check.found.wara == pytest.approx(by_hand)
    assert check.found.goodwill == pytest.approx(check.enterprise - sum(values.values()))
    earned = by_hand * sum(values.values()) + check.found.goodwill * check.found.implied_goodwill_return
    assert earned == pytest.approx(check.enterprise * 0.14)
    assert check.sentence.startswith("Plausible")


def test_returns_before_the_tax_benefit_on_both_sides():
    earning = [benefit(year, 500) for year in YEARS]
    a_client = with_tax(group_of_three(benefits=earning, tax=0.3), tax_amortisation_benefit=True)
    plain = approaches.assess(without_amortisation(value_model.plan(a_client)), draws=256)
    fair = assess(on_basis(a_client, "fair_value_ifrs13"))
    one, other = (approaches.returns_on_assets(found, found.plan.groups[0]) for found in (plain, fair))
    assert other.found.wara == pytest.approx(one.found.wara)
    assert fair.conclusions["M1"].value > plain.conclusions["M1"].value


def test_returns_are_not_drawn_where_they_mean_nothing():
    alone = assess(make([asset()], [benefit(2026, 300)]))
    assert approaches.returns_on_assets(alone, alone.plan.groups[0]).found is None
    unclear = [item.model_copy(update={"legal_control": "unclear"}) if item.asset_id == "D1" else item
               for item in group_of_three().assets]  # fmt: skip
    found = assess(group_of_three(assets=unclear))
    check = approaches.returns_on_assets(found, found.plan.groups[0])
    assert check.found is None
    assert "D1" in check.sentence


def test_concluded_values_above_the_group_are_said():
    prices = [comparable(price) for price in (550, 600, 650)]
    found = assess(on_basis(group_of_three(comparables=prices), "market_value"))
    check = approaches.returns_on_assets(found, found.plan.groups[0])
    assert check.found is None
    assert "too high" in check.sentence


# ---------------------------------------------------------------- the samples


def test_the_foundry_is_well_supported():
    found = assess(client.load(CLIENTS / "manufacturer"))
    assert approaches.support(found, "M1")[0] == "well supported"
    assert approaches.support(found, "M2")[0] == "not supported"
    m2 = found.conclusions["M2"]  # its cost is lowered to what it earns: one indication, with its own range
    assert [item.method for item in m2.indications if item.weight] == [WITHOUT]
    assert m2.low < 0 < m2.value < m2.high
    check = approaches.returns_on_assets(found, found.plan.groups[0])
    assert check.found.plausible
    assert sum(value for value, _ in check.assets.values()) < check.enterprise
    assert not found.tax_benefit.applied


def test_the_bank_is_a_fair_value_with_the_tax_benefit():
    found = assess(client.load(CLIENTS / "bank"))
    assert found.tax_benefit.applied
    assert approaches.support(found, "C1")[0] == "supported"
    assert {name: found.primary[name] for name in found.primary} == {"D1 + C1": "C1", "T1 + I1": "T1"}
    concluded = found.conclusions["C1"]
    assert concluded.before_tax_benefit < concluded.value
    assert approaches.returns_on_assets(found, found.plan.group("C1")).found.plausible


def test_every_range_holds_its_indication():
    for name in ("manufacturer", "bank"):
        for item in assess(client.load(CLIENTS / name)).conclusions.values():
            for said in item.indications:
                assert said.low <= said.value <= said.high, (item.asset_id, said.method)


def test_every_rule_is_said():
    words = " ".join(approaches.APPROACH_RULES.values())
    assert len(approaches.APPROACH_RULES) == 13
    for share in (*approaches.MEASURED, *approaches.UNMEASURED):
        assert f"{100 * share:g} %" in words
