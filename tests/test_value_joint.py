"""Joint benefits: each printed rule, on the sample clients and on cases worked by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from test_value_model import asset, benefit, cost, make, spent

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.valuation import data_value
from lepton_nb.value_model import joint
from lepton_nb.value_model.money import tax_benefit_factor
from lepton_nb.value_model.replacement import replacement_costs

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module", params=["manufacturer", "bank"])
def plan(request):
    return value_model.plan(clients.load(ROOT / "clients" / request.param))


def test_every_rule_is_printed():
    assert set(joint.RULES) == {
        "Coalitions", "Replacing", "Earners", "Standing still", "Shares", "Kinds", "Blocks", "Leave one out", "Neighbours",
    }  # fmt: skip


def table(plan, group) -> dict[frozenset, float]:
    """The group's cash flows of every part."""
    factor = tax_benefit_factor(plan, group)
    present = {
        frozenset(members): float(sum(year.present for year in value_model.cash_flows(plan, group, members=members)))
        for size in range(len(group.assets) + 1)
        for members in combinations(group.assets, size)
    }
    return {part: worth * (factor if worth > 0 else 1.0) for part, worth in present.items()}


def test_coalitions_agree_with_every_part_of_the_cash_flows(plan):
    for group in plan.groups:
        game = joint.game(plan, group)
        by_hand = joint.replaceable(joint.standing_still(table(plan, group)), game.prices)
        for part, worth in by_hand.items():
            assert game.worth(part) == pytest.approx(worth, abs=1e-6)


def test_shares_sum_to_the_group_and_are_the_shapley_value(plan):
    for group in plan.groups:
        found = joint.split(plan, group)
        game = joint.game(plan, group)
        values = joint.replaceable(joint.standing_still(table(plan, group)), game.prices)
        expected = data_value.shapley(group.assets, lambda chosen, values=values: values[frozenset(chosen)])
        assert found.shares == pytest.approx(expected.values, abs=1e-6)
        assert sum(found.shares.values()) == pytest.approx(found.best)
        assert found.best + found.standing_still == pytest.approx(found.total)
        assert not found.sampled


def test_nothing_that_can_be_replaced_gets_more_than_replacing_it_costs(plan):
    costs = replacement_costs(plan)
    for group in plan.groups:
        found = joint.split(plan, group)
        for name in group.assets:
            if found.replacing[name] is not None:
                assert found.replacing[name] == pytest.approx(costs[name].depreciated)
                assert 0 <= found.shares[name] <= found.replacing[name] + 1e-6
                assert found.lost[name] <= found.replacing[name] + 1e-6
            else:
                assert name in plan.benefits_of


def test_standing_still_values_never_fall_when_somebody_joins_and_buying_keeps_that():
    generator = np.random.default_rng(0)
    players = "abcd"
    for _ in range(50):
        values = {
            frozenset(name for bit, name in enumerate(players) if mask >> bit & 1): float(generator.normal())
            for mask in range(16)
        }
        values[frozenset()] = 0.0
        prices = {"c": 0.3, "d": 0.0}
        found = joint.standing_still(values)
        bought = joint.replaceable(found, prices)
        for part, value in found.items():
            assert value >= max(0, values[part])
            assert bought[part] >= value
            for name in part:
                assert found[part - {name}] <= value
                gained = bought[part] - bought[part - {name}]
                assert -1e-12 <= gained <= prices.get(name, np.inf) + 1e-12


def test_two_assets_that_need_each_other_by_hand():
    # joint benefit 10, costs 6 and 1: together 3. Buying b costs 1, so a alone is worth 2 and b brings 1 at most.
    values = {frozenset(): 0.0, frozenset("a"): -6.0, frozenset("b"): -1.0, frozenset("ab"): 3.0}
    free = joint.standing_still(values)
    assert free == {frozenset(): 0.0, frozenset("a"): 0.0, frozenset("b"): 0.0, frozenset("ab"): 3.0}
    bought = joint.replaceable(free, {"b": 1.0})
    assert bought == {frozenset(): 0.0, frozenset("a"): 2.0, frozenset("b"): 0.0, frozenset("ab"): 3.0}
    assert data_value.shapley("ab", lambda chosen: bought[chosen]).values == pytest.approx({"a": 2.5, "b": 0.5})


def test_who_lacks_an_earner_or_what_cannot_be_bought_cannot_run_it():
    runs = []

    def run(running):
        runs.append(running)
        return 10.0 * len(running)

    needs = {"a": frozenset("ad"), "b": frozenset("be")}
    game = joint.Game(("a", "b"), needs, {"d": 1.0}, run)  # d can be bought, e cannot
    assert game.worth("a") == 9 and game.worth("ad") == 10
    assert game.worth("b") == 0 and game.worth("d") == 0 and game.worth("") == 0
    assert game.worth("be") == 10 and game.worth("abe") == 19
    assert set(runs) == {frozenset("a"), frozenset("b"), frozenset("ab")} and len(runs) == 3


def feeding(count: int, paid: float = 300.0, earners: int = 1):
    """``earners`` models that each need all of ``count`` data sets, each of which cost ``paid``."""
    models = [f"M{n}" for n in range(1, earners + 1)]
    data = [f"D{n:02d}" for n in range(1, count + 1)]
    assets = [asset(name, kind="data", feeds=tuple(models)) for name in data] + [asset(name) for name in models]
    costs = [spent("2025-12-31", paid, name) for name in data] + [cost("2026-06-30", 100, name) for name in models]
    benefits = [benefit(2026 + year, 2000, name) for name in models for year in range(3)]
    return assets, benefits, costs


def planned(assets, benefits, costs):
    return value_model.plan(make(assets, benefits, costs))


def test_an_asset_of_no_cost_and_no_benefit_gets_nothing_and_changes_nothing():
    for count in (2, 13):  # exact, and sampled
        assets, benefits, costs = feeding(count)
        plan = planned(assets, benefits, costs)
        before = joint.split(plan, plan.groups[0])
        plan = planned([*assets, asset("X1", kind="data", feeds=("M1",))], benefits, costs)
        after = joint.split(plan, plan.groups[0])
        assert after.shares["X1"] == after.lost["X1"] == 0
        assert after.replacing["X1"] == 0
        del (rest := dict(after.shares))["X1"]
        assert rest == before.shares
        assert after.best == before.best


@pytest.mark.parametrize(("count", "earners"), [(14, 1), (12, 3), (18, 12)])
def test_groups_of_any_size_are_shared_with_their_standard_error(count, earners):
    plan = planned(*feeding(count, earners=earners))
    found = joint.split(plan, plan.groups[0])
    assert len(found.players) == count + earners
    assert sum(found.shares.values()) == pytest.approx(found.total)
    assert found.sampled
    worth = [found.shares[f"D{n:02d}"] for n in range(1, count + 1)]  # all alike
    error = max(found.errors.values())
    assert max(worth) - min(worth) < 8 * error
    assert max(worth) <= 300 + 1e-6


def test_sampled_shares_lie_by_the_exact_ones(monkeypatch):
    plan = planned(*feeding(9, earners=2))
    exact = joint.split(plan, plan.groups[0])
    monkeypatch.setattr(data_value, "EXACT_PLAYERS", 4)
    sampled = joint.split(plan, plan.groups[0])
    assert sampled.sampled and not exact.sampled
    for name, share in exact.shares.items():
        assert abs(sampled.shares[name] - share) <= 4 * sampled.errors[name] + 1e-9


def test_what_loses_money_stands_still_and_the_difference_is_told():
    assets = [asset("D1", kind="data", feeds=("M1", "M2")), asset("M1"), asset("M2")]
    benefits = [benefit(2026, 1000), benefit(2026, 100, "M2")]
    plan = planned(assets, benefits, [spent("2025-01-01", 200, "D1"), cost("2026-12-31", 400, "M2")])
    (group,) = plan.groups
    found = joint.split(plan, group)
    assert found.shares["M2"] == 0
    assert found.best == pytest.approx(1000 / 1.1)
    assert found.standing_still == pytest.approx(-300 / 1.1)


def test_a_group_that_earns_nothing_has_no_share():
    plan = planned([asset("D1", kind="data", feeds=("M1",)), asset("M1")], [], [cost("2026-12-31", 11, "M1")])
    found = joint.split(plan, plan.groups[0])
    assert set(found.shares.values()) == {0.0}
    assert found.standing_still == pytest.approx(-10)


def test_kinds_come_and_go_together(plan):
    for group in plan.groups:
        found = joint.split(plan, group, kinds=True)
        assert set(found.players) == {plan.asset(name).kind for name in group.assets}
        assert sum(found.shares.values()) == pytest.approx(found.best)


def test_blocks_share_the_value_of_the_data_set_and_sum_to_it(plan):
    for given in plan.client.data_blocks:
        for value in (558_000.0, 59_000.0):
            found = joint.blocks(plan, given, value)
            assert given.complete and not found.sentence
            assert sum(found.shares.values()) == pytest.approx(found.whole - found.nothing)
            assert sum(found.money.values()) == pytest.approx(value)
        for block in found.blocks:
            rest = given.value(*(other for other in found.blocks if other != block))
            assert found.left_out[block] == pytest.approx(found.whole - rest)


def test_blocks_for_two_models_share_one_value_by_the_models_benefits():
    assets = [asset("D1", kind="data", feeds=("M1", "M2")), asset("M1"), asset("M2")]
    table = [("", 0.5), ("a", 0.7), ("b", 0.6), ("a;b", 0.9)]
    rows = [{"model_id": model, "blocks": tuple(chosen.split(";")) if chosen else (), "value": value}
            for model in ("M1", "M2") for chosen, value in table]  # fmt: skip
    plan = planned(assets, [benefit(2026, 300), benefit(2026, 100, "M2")], [])
    given = [blocks_of(row["model_id"], [r for r in rows if r["model_id"] == row["model_id"]]) for row in rows[::4]]
    changed = replace(plan, client=plan.client.model_copy(update={"data_blocks": tuple(given)}))
    money = [sum(joint.blocks(changed, item, 1000.0).money.values()) for item in given]
    assert money == pytest.approx([750, 250])


def blocks_of(model, rows):
    values = {tuple(sorted(row["blocks"])): row["value"] for row in rows}
    return SimpleNamespace(
        asset_id="D1", model_id=model, metric="auc", n=10, blocks=("a", "b"), coalitions=tuple(values),
        value=lambda *chosen: values.get(tuple(sorted(chosen))), complete=True,
    )  # fmt: skip


def blocks(**values):
    """Data blocks of a model without benefits: metric by blocks joined with "_"."""
    table = {tuple(sorted(name.split("_"))) if name != "none" else (): value for name, value in values.items()}
    names = tuple(sorted({name for part in table for name in part}))
    return SimpleNamespace(
        asset_id="D", model_id=None, metric="auc", n=10, blocks=names, coalitions=tuple(table),
        value=lambda *chosen: table.get(tuple(sorted(chosen))), complete=len(table) == 2 ** len(names),
    )  # fmt: skip


def test_blocks_that_were_not_all_measured_get_no_shares(plan):
    found = joint.blocks(plan, blocks(none=0.5, a=0.6, a_b=0.8), 1.0)
    assert found.shares == {} and found.money == {} and "1 of 4 combinations" in found.sentence
    assert found.left_out == {"a": None, "b": pytest.approx(0.2)}


def test_blocks_without_a_benefit_or_without_a_gain_are_not_turned_into_money(plan):
    assert "not those of a model with benefits" in joint.blocks(plan, blocks(none=0.5, a=0.6), 1.0).sentence
    for nothing in (None, 0.0, -5.0):
        found = joint.blocks(plan, blocks(none=0.5, a=0.6), nothing)
        assert "no value above zero" in found.sentence and found.money == {}
    model = next(line.asset_id for line in plan.benefits)
    given = blocks(none=0.7, a=0.6)
    given.model_id = model
    assert "adds nothing" in joint.blocks(plan, given, 1.0).sentence


def test_leave_one_out_gives_nothing_to_copies(plan):
    found = joint.blocks(plan, blocks(none=0.5, a=0.7, b=0.7, a_b=0.7), 1.0)
    assert found.left_out == {"a": 0.0, "b": 0.0}
    assert found.shares == pytest.approx({"a": 0.1, "b": 0.1})


def test_neighbours_sum_to_the_share_of_right_neighbours_and_wrong_labels_cost():
    generator = np.random.default_rng(1)
    features = np.concatenate([generator.normal(-2, 1, (60, 2)), generator.normal(2, 1, (60, 2))])
    labels = np.repeat([0, 1], 60)
    block = np.where(np.arange(120) % 2 == 0, "good", "wrong")
    shown = np.where(block == "wrong", 1 - labels, labels)
    test, truth = features[::10] + 0.01, labels[::10]
    found = joint.neighbour_shares(features, shown, block, test, truth, k=5)
    assert found["good"] > 0 > found["wrong"]
    scaled = (features - features.mean(0)) / features.std(0)
    asked = (test - features.mean(0)) / features.std(0)
    nearest = np.argsort(((asked[:, None] - scaled[None]) ** 2).sum(-1), axis=1)[:, :5]
    assert sum(found.values()) == pytest.approx((shown[nearest] == truth[:, None]).mean())
    tiny = features * [1e-3, 1.0], test * [1e-3, 1.0]  # a column in thousands is the same column
    assert joint.neighbour_shares(tiny[0], shown, block, tiny[1], truth, k=5) == pytest.approx(found)


def test_a_column_that_never_changes_tells_neighbours_nothing():
    features = np.array([[0.0, 7.0], [1.0, 7.0], [4.0, 7.0], [5.0, 7.0]])
    found = joint.neighbour_shares(features, [0, 0, 1, 1], "aabb", [[0.4, 7.0]], [0], k=2)
    assert found == pytest.approx({"a": 1.0, "b": 0.0})


def test_what_the_client_did_not_give_is_named(plan):
    bare = plan.client.model_copy(update={"data_blocks": (), "data_quality": ()})
    assert len(joint.gaps(SimpleNamespace(client=bare))) == 2
    none = plan.client.model_copy(update={"assets": ()})
    assert joint.gaps(SimpleNamespace(client=none)) == ["No data asset is registered."]
