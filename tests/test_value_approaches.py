"""Cost, market, income: every rule on clients small enough to value by hand, and both samples as a whole."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_value_model import asset, benefit, cost, make, spent

from lepton_nb import client, value_model
from lepton_nb.page import approach_tables, words
from lepton_nb.valuation import approaches as methods
from lepton_nb.value_model import approaches, money
from lepton_nb.value_model.approaches import CHARGES, COST, EXCESS, MARKET, Indication
from lepton_nb.value_model.replacement import economic_obsolescence, kind_rate, replacement_costs

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


def values_of(plan, asset_id="M1"):
    group = plan.group(asset_id)
    return value_model.asset_values(plan, group, float(value_model.group_value(plan, group)))


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
    found = replacement_costs(value_model.plan(a_client))["M1"]
    assert found.built.direct == 160
    assert found.build_years == 1.0  # from the first payment to the first day of use
    assert found.built.replacement_cost_new == pytest.approx(160 * 1.10**0.5)
    assert found.functional == 0


@pytest.mark.parametrize(
    ("life", "half_life", "left"),
    [(4, None, 0.75), (4, 1, 0.5), (1, None, 0.0), (1, 5, 0.0)],
)
def test_depreciation_by_half_life_else_by_useful_life_and_nothing_past_it(life, half_life, left):
    old = asset(in_service_date="2024-12-31", useful_life_years=life, half_life_years=half_life)
    a_client = make([old], [benefit(2026, 500)], [spent("2024-06-30", 100)])
    found = replacement_costs(value_model.plan(a_client))["M1"]
    assert 1 - found.functional == pytest.approx(left)  # one year in service
    assert found.spent[0].age == 1.0


def test_money_spent_after_the_first_day_of_use_ages_from_its_own_date_within_the_one_life_of_the_asset():
    old = asset(in_service_date="2020-12-31", useful_life_years=7)
    a_client = make([old], [benefit(2026, 500)], [spent("2024-12-31", 100)])
    plan = value_model.plan(a_client)
    found = replacement_costs(plan)["M1"]
    assert found.build_years == 0
    assert found.remaining_life == pytest.approx(
        (plan.ends["M1"] - plan.date).days / 365, abs=0.01
    )  # that of the register
    assert found.functional == pytest.approx(1 / 3, abs=0.01)  # one year of three is over


def test_an_asset_without_building_cost_has_no_cost_approach():
    plan = value_model.plan(make([asset()], [benefit(2026, 500)]))
    found = replacement_costs(plan)["M1"]
    assert found.built is None and found.sentence.startswith("No actual cost")
    assert [item.method for item in values_of(plan).assets["M1"].indications] == [EXCESS]
    assert values_of(plan).assets["M1"].value == pytest.approx(500 / 1.1)


def test_economic_obsolescence_is_the_shortfall_of_the_group():
    a_client = make([asset(in_service_date="2025-12-31")], [benefit(2026, 110)], [spent("2025-12-31", 400)])
    plan = value_model.plan(a_client)
    costs = replacement_costs(plan)
    assert economic_obsolescence(costs, plan.groups[0], 100.0) == pytest.approx(1 - 100 / 400)
    assert economic_obsolescence(costs, plan.groups[0], -5.0) == 1
    assert economic_obsolescence(costs, plan.groups[0], 900.0) == 0


# ---------------------------------------------------------------- income


def test_with_and_without_is_the_difference_of_the_two_worlds():
    plan = value_model.plan(group_of_three(tax=0.3))
    found = approaches.with_and_without(plan, "M1")
    assert found.dropped == ("D1", "M1", "I1")
    by_hand = methods.with_and_without(AFTER_TAX, [0.0] * 2, plan.groups[0].rate)
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


def test_charges_are_those_of_the_formula_on_whole_years():
    plan = value_model.plan(group_of_three(tax=0.3, premium={"data": 0.02, "model": 0.04, "infrastructure": 0.0}))
    found = approaches.charges(plan, plan.groups[0], replacement_costs(plan))
    data = methods.contributory_charge(100 * 0.8, 0.12, 4)  # one of five years gone
    machines = methods.contributory_charge(90 * 2 / 3, 0.10, 2)
    assert [found[name].yearly for name in ("D1", "I1")] == pytest.approx([data, machines])
    # two years of benefits: all that is left of the machines, half of the life of the data
    assert found["I1"].value == pytest.approx(60)
    assert found["D1"].value == pytest.approx(data / 1.12 + data / 1.12**2)


def test_excess_earnings_are_the_group_less_the_charges():
    plan = value_model.plan(group_of_three(tax=0.3, premium={"data": 0.02, "model": 0.04, "infrastructure": 0.0}))
    found = values_of(plan)
    charged = found.charges["D1"].value + found.charges["I1"].value
    assert found.assets["M1"].earned == pytest.approx(found.worth - charged)


def test_mid_year_charges_are_smaller_by_half_a_years_return():
    end, mid = (
        approaches.charges(plan, plan.groups[0], replacement_costs(plan))
        for plan in (value_model.plan(group_of_three(valuation={"timing": timing})) for timing in ("end", "mid_year"))
    )
    for name in ("D1", "I1"):
        assert mid[name].yearly == pytest.approx(end[name].yearly / math.sqrt(1.10))
        assert mid[name].value == pytest.approx(end[name].value, rel=1e-3)


def test_charges_never_take_more_than_the_group_is_worth():
    plan = value_model.plan(group_of_three(benefits=[benefit(year, 60) for year in YEARS]))
    found = values_of(plan)
    assert 0 < found.worth < 150
    assert sum(found.assets[name].earned for name in ("D1", "I1")) <= found.worth + 1e-9
    assert found.assets["M1"].earned == pytest.approx(0, abs=1e-9)


# ---------------------------------------------------------------- market


def test_comparables_carry_weight_from_three_on_and_only_for_a_participants_value():
    prices = [comparable(80), comparable(100, adjustment=1.1), comparable(120)]

    def said(a_client):
        return {item.method: item for item in values_of(value_model.plan(a_client)).assets["M1"].indications}

    fair = said(on_basis(make([asset()], [benefit(2026, 110)], comparables=prices), "market_value"))
    assert fair[MARKET].value == pytest.approx(110)
    assert (fair[MARKET].weight, fair[EXCESS].weight) == (0.5, 0.5)
    two = said(on_basis(make([asset()], [benefit(2026, 110)], comparables=prices[:2]), "market_value"))
    assert two[MARKET].weight == 0 and "three are needed" in two[MARKET].reason
    one = said(make([asset()], [benefit(2026, 110)], comparables=prices[:1]))
    assert one[MARKET].reason.startswith("1 comparable;")
    owner = said(make([asset()], [benefit(2026, 110)], comparables=prices))
    assert owner[MARKET].weight == 0 and "not the investment value" in owner[MARKET].reason


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"basis": "api_list_price"}, "list price"),
        ({"unit": "per year"}, "per year"),
        ({"unit": "per year", "substitute": True}, "substitute"),
        ({"asset_id": None}, "no asset"),
        ({"similarity": 0}, "similarity 0"),
        ({"price": 0}, "no price"),
    ],
)
def test_some_comparables_are_shown_and_not_used(changes, why):
    a_client = make([asset()], [benefit(2026, 110)], comparables=[comparable(80) | changes])
    assert why in approaches.comparable_use(a_client.comparables[0])
    assert approaches.market_prices(value_model.plan(a_client), "M1") is None


# ---------------------------------------------------------------- weights


def weights(a_client, name="M1"):
    return {
        item.method: round(item.weight, 6) for item in values_of(value_model.plan(a_client)).assets[name].indications
    }


def test_weights_by_kind_and_evidence():
    assert weights(group_of_three()) == {COST: 0.25, EXCESS: 0.75}
    assert weights(group_of_three(), "D1") == weights(group_of_three(), "I1") == {CHARGES: 1.0, COST: 0.0}
    expert = group_of_three(benefits=[benefit(year, 300, evidence="expert") for year in YEARS])
    assert weights(expert) == {COST: 0.5, EXCESS: 0.5}
    planned = make([asset(lifecycle_stage="algorithm_development")], [benefit(2026, 300)], [spent("2025-12-31", 100)])
    assert weights(planned) == {COST: 0.5, EXCESS: 0.5}
    licensed = make(
        [asset(acquisition="licensed", legal_control="licensed")], [benefit(2026, 300)], [spent("2025-12-31", 9)]
    )
    assert weights(licensed) == {EXCESS: 1.0, COST: 0.0}


@pytest.mark.parametrize("name", ["manufacturer", "bank"])
def test_the_samples_assets_sum_to_their_groups_with_reasons_for_every_weight(name):
    plan = value_model.plan(client.load(CLIENTS / name))
    for item in value_model.conclude(plan, 1024).groups:
        parts = item.assets
        assert sum(part.value for part in parts.assets.values()) + parts.together == pytest.approx(item.value)
        for part in parts.assets.values():
            assert sum(said.weight for said in part.indications) == pytest.approx(1)
            assert all(said.reason for said in part.indications)


def test_every_rule_is_said():
    words = " ".join(approaches.APPROACH_RULES.values())
    assert "income 75 % and cost 25 %" in words and approaches.MEASURED == (0.75, 0.25)
    assert "50 % and 50 %" in words and approaches.UNMEASURED == (0.5, 0.5)


def test_a_royalty_by_hand_with_its_low_and_high_end():
    rates = [{"asset_id": "M1", "low": 0.02, "mode": 0.05, "high": 0.08, "source": "register"}]
    free = [{"asset_id": "M1", "low": 0.0, "mode": 0.0, "high": 0.0, "source": "register"}]
    sold = [
        benefit(2026, 1100, benefit_type="revenue"),
        benefit(2027, 1210, benefit_type="revenue"),
        benefit(2026, 500),
    ]
    found, nothing = (
        approaches.relief_from_royalty(
            value_model.plan(make(None, sold, tax=0.3, market={"royalty_rates": given})), "M1"
        )
        for given in (rates, free)
    )
    assert found.present_revenue == pytest.approx(2000) and found.source == "register"
    assert (found.rate, found.low_rate, found.high_rate) == (0.05, 0.02, 0.08)
    assert (found.low, found.value, found.high) == pytest.approx((28, 70, 112))  # 0.7 of 2, 5 and 8 %
    assert (nothing.low, nothing.value, nothing.high) == (0, 0, 0)


def test_what_a_royalty_lacks_is_said_the_rate_or_the_revenue():
    rates = [{"asset_id": "M1", "low": 0.02, "mode": 0.05, "high": 0.08, "source": "register"}]
    with_rate = value_model.plan(make(None, [benefit(2026, 500)], market={"royalty_rates": rates}))
    told = approaches.without_royalty(with_rate, "M1")
    assert "a royalty rate of 5 % is given" in told and "brings no revenue" in told
    assert "no royalty rate is given" in approaches.without_royalty(value_model.plan(make()), "M1")
    plan = value_model.plan(client.load(CLIENTS / "bank"))
    (earned,) = (
        item
        for item in approaches.asset_values(plan, plan.group("T1"), 1e5).assets["T1"].indications
        if item.method == EXCESS
    )
    assert earned.reason.startswith("a royalty rate is given, but no revenue")
    page = str(approach_tables.royalties({"M1": None}, words.Money("EUR"), lambda name: told))
    assert "is given, but M1 brings no revenue" in page


def test_a_price_is_called_used_only_where_it_carries_weight_and_every_price_is_an_indication():
    for name in ("manufacturer", "bank"):
        plan = value_model.plan(client.load(CLIENTS / name))
        found = {
            asset: part
            for item in value_model.conclude(plan, 1024).groups
            for asset, part in item.assets.assets.items()
        }
        seen = set()
        for row in plan.client.comparables:
            if row.asset_id is None or approaches.comparable_use(row):
                continue
            (price,) = (item for item in found[row.asset_id].indications if item.method == MARKET)
            assert (approaches.row_use(plan, row) == "") == (price.weight > 0)
            assert not approaches.row_use(plan, row) or approaches.row_use(plan, row) == price.reason
            seen.add(row.asset_id)
        assert seen == ({"D1", "M1"} if name == "manufacturer" else {"C1", "T1"})
    assert approach_tables.listed("") == "in the conclusion" and approach_tables.listed("x") == "listed: x"


def test_where_nothing_earns_and_nothing_costs_the_use_is_shared_evenly():
    plan = value_model.plan(make([asset("D1", kind="data", feeds=["M1"]), asset("M1")]))
    assert money.own_margins(plan, plan.groups[0]) == ({"D1": 0, "M1": 0}, {"D1": 0.5, "M1": 0.5})
    costs = [cost("2026-12-31", 30, "D1"), cost("2026-12-31", 10, "M1")]
    plan = value_model.plan(make([asset("D1", kind="data", feeds=["M1"]), asset("M1")], (), costs, rate=0.0, tax=0.3))
    margins, uses = money.own_margins(plan, plan.groups[0])
    assert margins == pytest.approx({"D1": -21, "M1": -7}) and uses == {"D1": 0.75, "M1": 0.25}


@pytest.mark.parametrize("unit", [-50, 0.01])
def test_in_a_group_worth_less_than_nothing_what_serves_gets_nothing(unit):
    things = [asset("I1", kind="infrastructure", feeds=["M1"], in_service_date="2025-01-01"), asset("M1")]
    rows = [spent("2024-06-30", 900, "I1"), cost("2026-12-31", 30, "M1"), cost("2026-12-31", 5, "I1")]
    plan = value_model.plan(make(things, [benefit(2026, unit)], rows, tax=0.2))
    for item in value_model.conclude(plan, draws=1024).groups:
        parts = {name: part.value for name, part in item.assets.assets.items()}
        assert item.value < 0 and parts["I1"] == 0 and parts["M1"] == pytest.approx(item.value)


def test_a_charge_says_what_it_is_made_of_and_is_at_most_what_replacing_costs():
    plan = value_model.plan(group_of_three())
    (group,), costs = plan.groups, replacement_costs(plan)
    for name, found in approaches.charges(plan, group, costs).items():
        kept = costs[name]
        assert (found.asset_id, found.base, found.rate, found.life) == (
            name, kept.depreciated, kept.rate, kept.remaining_life
        )  # fmt: skip
        assert found.yearly > 0 and 0 < found.value <= kept.depreciated


def test_past_the_life_of_the_register_nothing_is_left_of_a_later_payment_either():
    old = asset("M1", in_service_date="2020-12-31", useful_life_years=2)
    plan = value_model.plan(make([old], (), [spent("2020-06-30", 900), spent("2024-12-31", 100)]))
    found = replacement_costs(plan)["M1"]
    assert found.remaining_life is None and found.depreciated == 0


def test_nothing_is_obsolete_where_nothing_was_spent():
    plan = value_model.plan(make([asset("M1")], [benefit(2026, 100)]))
    assert economic_obsolescence(replacement_costs(plan), plan.groups[0], 100.0) == 0
    assert economic_obsolescence(replacement_costs(plan), plan.groups[0], -100.0) == 0


def test_an_asset_of_no_known_cost_and_one_that_serves_nobody_charge_nothing():
    assets = [
        asset("D1", kind="data", feeds=["M1"]), asset("D2", kind="data", feeds=["D3"]),
        asset("D3", kind="data"), asset("M1"),
    ]  # fmt: skip
    plan = value_model.plan(make(assets, [benefit(2026, 300)], [spent("2024-12-31", 100, "D2")]))
    costs = replacement_costs(plan)
    for group in plan.groups:
        for found in approaches.charges(plan, group, costs).values():
            assert (found.yearly, found.value) == (0, 0)


def test_a_value_held_to_what_is_earned_is_said_beside_the_weights():
    def shown(earned, other, concluded=True):
        found = (Indication(EXCESS, earned, 0.5, "why"), Indication(COST, other, 0.5, "why"))
        mean = (earned + other) / 2
        part = approaches.AssetValue("M1", earned, min(earned, mean), found)
        assert part.mean == mean
        group = SimpleNamespace(
            assets=SimpleNamespace(assets={"M1": part}), verdict=SimpleNamespace(concluded=concluded)
        )
        return str(approach_tables.indications(SimpleNamespace(groups=[group]), words.Money("EUR")))

    assert "M1: the weighted mean of its indications" in shown(-4000.0, 52_000.0)
    assert "M1: the weighted mean" not in shown(52_000.0, 4000.0)
    assert "M1: the weighted mean" not in shown(-4000.0, 52_000.0, concluded=False)


def test_without_a_weight_there_is_no_mean():
    assert approaches.AssetValue("M1", 5.0, 5.0, (Indication(COST, 9.0, 0.0, "beside"),)).mean is None


def test_what_a_group_cannot_pay_of_its_charges_bears_the_return_of_what_earns():
    premium = {"data": 0.02, "model": 0.06, "infrastructure": 0.0}
    paid = {}
    for yearly in (400, 90, 65):
        plan = value_model.plan(group_of_three(premium=premium, benefits=[benefit(year, yearly) for year in YEARS]))
        (group,), rates = plan.groups, {name: kind_rate(plan, name) for name in ("D1", "M1", "I1")}
        values = approaches.asset_values(plan, group, float(money.group_value(plan, group)))
        weights = approaches.rate_weights(values, rates)
        due = sum(one.value for one in values.charges.values())
        assert sum(weights.values()) == pytest.approx(1)
        assert sum(weights[name] * rates[name] for name in rates) == pytest.approx(group.rate)
        paid[yearly] = min(1.0, values.worth / due)
        if paid[yearly] < 1:  # nothing is left to M1, and its return counts for what is not paid
            assert values.assets["M1"].value == pytest.approx(0, abs=1e-9)
            assert weights["M1"] == pytest.approx(1 - paid[yearly])
        else:
            assert weights["M1"] == pytest.approx(
                values.assets["M1"].value / sum(one.value for one in values.assets.values())
            )
    assert paid[400] == 1 > paid[90] > paid[65] > 0
