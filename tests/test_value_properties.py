"""What holds for every client, whatever it is: Hypothesis makes the clients."""

from __future__ import annotations

import copy
import math

import pytest
from any_client import client_of, evaluations, parts
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from test_value_model import asset, benefit, cost, linked, make, spent

from lepton_nb import value_model
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
    sensitivity,
    serving,
    stages,
    stopping,
    wara,
)
from lepton_nb.value_model.verdict import VERDICTS

some = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def likely(client) -> dict[frozenset[str], float]:
    """Most likely value of each group, by its assets."""
    plan = value_model.plan(client)
    worth = value_model.evaluate(plan)
    return {frozenset(group.assets): float(worth.groups[group.name]) for group in plan.groups}


def money(value) -> str:
    return f"{value:,.0f}"


def close(one, other, scale=1.0):
    assert one.keys() == other.keys()
    size = max(1.0, *(abs(value) for value in one.values()))
    for key in one:
        assert other[key] == pytest.approx(scale * one[key], abs=1e-6 * size * scale + 1e-6)


# ---------------------------------------------------------------- it runs, and it sums


@some
@given(parts())
def test_the_whole_value_layer_runs(found):
    client = client_of(found)
    plan = value_model.plan(client)
    concluded = value_model.conclude(plan, 256)
    tables = records.tables(concluded, value_model.tornado(plan, value_model.assumptions(plan)))
    assert all(math.isfinite(item.value) for item in concluded.groups)
    assert tables["register"] and len(tables["groups"]) == len(plan.groups)
    value_model.returns(plan, plan.groups[0])
    assert value_model.scenario_values(plan)
    for group in plan.groups:
        joint.split(plan, group)
        wara.returns_on_assets(plan, group)
        for name in group.assets:
            if name in plan.benefits_of:
                approaches.with_and_without(plan, name)
    for gain in value_model.gains(plan):
        break_even.break_even_recall(plan, gain.evaluation)
    for accepted in client.acceptance:
        break_even.break_even_acceptance(plan, accepted)
    for name in plan.benefits_of:
        break_even.economic_life(plan, name)
    serving.services(plan), serving.covers(plan, money), market.offers(plan)
    assert ledger.books(client).keys() == {asset.asset_id for asset in client.assets}
    portfolio.asks(plan), books.leases(plan), books.levels(plan), books.stopping(plan, ledger.books(client))
    seen = books.worths(plan, 256)
    books.impairment_tests(plan, ledger.books(client), seen.owner, seen.market)
    assert law.calendar(client) is not None


@few
@given(parts(most=6))
def test_sensitivity_and_information_run(found):
    plan = value_model.plan(client_of(found))
    drawn = value_model.simulate(plan, 256)
    sensitivity.variance_shares(plan, 64)
    for group in plan.groups:
        information.learning(plan, drawn, group, money)
        sensitivity.worst_draws(plan, drawn, group)
    information.back_tests(plan, drawn, 1.0, 100.0, money)
    assert len(options.choices(plan, drawn, money)) == len(plan.client.options)
    for stage in stages.stages(plan, drawn, money)[0]:
        assert stage.flexible >= max(stage.rigid, 0.0) - 1e-6 * (1 + abs(stage.rigid))
    for group in plan.groups:
        assert all(stop.option_value >= 0 for stop in stopping.right_to_stop(plan, drawn, group))


@some
@given(parts())
def test_the_values_of_the_assets_sum_to_their_group(found):
    plan = value_model.plan(client_of(found))
    costs = replacement.replacement_costs(plan)
    for group in plan.groups:
        worth = float(value_model.group_value(plan, group))
        values = value_model.asset_values(plan, group, worth)
        size = 1.0 + abs(worth) + sum(abs(item.earned) for item in values.assets.values())
        assert sum(item.earned for item in values.assets.values()) == pytest.approx(worth, abs=1e-9 * size)
        assert values.together >= -1e-9 * size
        for name, item in values.assets.items():
            if name not in plan.benefits_of and any(n in plan.benefits_of for n in group.assets) and worth > 0:
                assert item.value <= costs[name].depreciated + 1e-9 * size


@some
@given(parts())
def test_cash_flows_bridge_and_lines_agree_with_the_value(found):
    plan = value_model.plan(client_of(found))
    worth = value_model.evaluate(plan)
    size = 1.0 + sum(abs(float(value)) for value in worth.groups.values()) + value_model.bridge(plan).benefits
    assert value_model.bridge(plan).value == pytest.approx(float(worth.total), abs=1e-9 * size)


# ---------------------------------------------------------------- what changes nothing


@few
@given(parts(), st.data())
def test_an_asset_of_no_cost_and_no_benefit_changes_nothing(found, data):
    before = likely(client_of(found))
    target = data.draw(st.sampled_from([item["asset_id"] for item in found["assets"]]))
    idle = copy.deepcopy(found)
    idle["assets"].append(
        asset("ZZ", kind=data.draw(st.sampled_from(("data", "model", "infrastructure"))), feeds=target)
    )
    after = {key - {"ZZ"}: value for key, value in likely(client_of(idle)).items() if key != {"ZZ"}}
    close(before, after)


@few
@given(parts(), st.randoms(use_true_random=False))
def test_rows_in_another_order_change_nothing(found, random):
    mixed = copy.deepcopy(found)
    for name in ("assets", "benefits", "costs", "evaluations", "monitoring", "comparables"):
        random.shuffle(mixed[name])
    close(likely(client_of(found)), likely(client_of(mixed)))


@few
@given(parts())
def test_one_row_in_two_halves_changes_nothing(found):
    halves = copy.deepcopy(found)
    halves["costs"] = [
        {
            key: value / 2 if key in ("low", "mode", "high", "amount") and value is not None else value
            for key, value in row.items()
        }
        for row in found["costs"]
        for _ in range(2)
    ]
    close(likely(client_of(found)), likely(client_of(halves)))


@few
@given(parts(), st.sampled_from((0.01, 7.5, 1000.0)))
def test_another_currency_unit_changes_nothing_but_the_unit(found, scale):
    other = copy.deepcopy(found)

    def times(row, *names):
        for name in names:
            if row.get(name) is not None:
                row[name] = scale * row[name]

    for row in other["benefits"]:
        times(row, "unit_value_low", "unit_value_mode", "unit_value_high")
    for row in other["costs"]:
        times(row, "low", "mode", "high", "amount")
    for row in other["comparables"]:
        times(row, "price")
    for row in other["assets"]:
        times(row, "retrain_cost")
    for item in other["evaluations"]:
        item["outcome_value"] = {
            key: [scale * value for value in three] for key, three in item["outcome_value"].items()
        }
    close(likely(client_of(found)), likely(client_of(other)), scale)


@few
@given(parts(most=6))
def test_removing_an_optional_file_changes_only_what_it_feeds(found):
    bare = found | {"usage": []}
    assume(not any(row["unit"] == "per thousand" for row in found["comparables"]))
    close(likely(client_of(found)), likely(client_of(bare)))
    assume(all(item["half_life_years"] for item in found["assets"]))
    stated = found | {"assets": [item | {"half_life_basis": "expert"} for item in found["assets"]]}
    close(likely(client_of(stated)), likely(client_of(stated | {"monitoring": []})))


# ---------------------------------------------------------------- what may only go one way


@st.composite
def earning(draw):
    """Models with positive benefits each year, paid for at once: the flows after the investment are positive."""
    n = draw(st.integers(1, 4))
    names = [f"A{place}" for place in range(n)]
    made = [
        asset(name, half_life_years=draw(st.sampled_from((None, 0.5, 2.0, 5.0))), feeds="A0" if name != "A0" else "",
              useful_life_years=draw(st.sampled_from((0.6, 1.5, 4, 12))), in_service_date="2024-03-01")
        for name in names
    ]  # fmt: skip
    rows = [benefit(year, draw(st.floats(1, 1e4)), name) for name in names for year in range(2026, 2031)]
    costs = [
        cost("2025-12-31", draw(st.floats(0, 2e4)), name, phase="development") for name in names if draw(st.booleans())
    ]
    costs += [spent("2024-02-01", draw(st.floats(0, 2e4)), name) for name in names if draw(st.booleans())]
    timing = draw(st.sampled_from(("end", "mid_year")))
    basis = draw(st.sampled_from(("investment_value", "market_value")))
    return {
        "assets": made, "benefits": rows, "costs": costs, "tax": draw(st.sampled_from((0.0, 0.3))),
        "premium": draw(st.sampled_from((0.0, {"data": 0.02, "model": 0.06, "infrastructure": 0.0}))),
        "valuation": {"timing": timing, "horizon_years": 5, "basis_of_value": basis},
    }  # fmt: skip


@few
@given(earning(), st.floats(0.2, 0.95))
def test_a_shorter_half_life_or_life_never_raises_a_value(found, factor):
    for what in ("half_life_years", "useful_life_years"):
        if what == "useful_life_years":
            found = found | {"tax": 0.0}  # what was paid is written off sooner too, which is worth something under tax
        base = likely(make(**copy.deepcopy(found)))
        shorter = copy.deepcopy(found)
        for item in shorter["assets"]:
            if item[what] is not None:
                item[what] *= factor
        for key, value in likely(make(**shorter)).items():
            assert value <= base[key] + 1e-6 * (1 + abs(base[key]))


@few
@given(earning(), st.floats(0.001, 0.2))
def test_a_higher_rate_never_raises_a_value_or_betters_a_verdict(found, more):
    base, dearer = (make(**copy.deepcopy(found), rate=rate) for rate in (0.05, 0.05 + more))
    before, after = likely(base), likely(dearer)
    for key, value in after.items():
        assert value <= before[key] + 1e-6 * (1 + abs(before[key]))
    words = [word for _, word in VERDICTS]
    one, other = (value_model.conclude(value_model.plan(item), 256).groups for item in (base, dearer))
    for first, second in zip(one, other, strict=True):
        if first.verdict.word in words and second.verdict.word in words:
            assert words.index(second.verdict.word) >= words.index(first.verdict.word)


@few
@given(evaluations("M1", pairs=True))
def test_taking_the_pairs_away_never_narrows_an_interval(found):
    assume(sum(cell["count"] for cell in found["paired"] if cell["model"] != cell["baseline"]) > 0)
    (gain,) = value_model.gains(
        value_model.plan(make(benefits=[linked(2026)], evaluations=[found | {"evaluation_id": "E1"}]))
    )
    width, without = (high - low for low, high in (gain.interval, gain.margins))
    assert without >= width * 0.97  # both are simulated


@few
@given(st.lists(st.tuples(st.floats(10, 100), st.floats(0.0, 0.45)), min_size=1, max_size=4), st.floats(0, 150))
def test_wider_inputs_of_the_same_mean_never_better_the_verdict(drivers, paid):
    def below(grade):
        rows = [
            benefit(2026, (mode * (1 - reach), mode, mode * (1 + reach)), driver_id=f"d{place}", evidence=grade)
            for place, (mode, reach) in enumerate(drivers)
        ]
        plan = value_model.plan(make(benefits=rows, costs=[cost("2026-12-31", paid)], rate=0.0))
        found = value_model.conclude(plan, 2048).groups[0]
        return found.value, found.below_zero

    (mean, narrow), (same, wide) = below("measured"), below("vendor")
    assume(mean > 1e-6)
    assert same == pytest.approx(mean, rel=0.02, abs=0.5)
    assert wide >= narrow - 0.002
