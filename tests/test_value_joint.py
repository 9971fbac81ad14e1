"""Joint benefits: each printed rule, on the sample clients and on cases worked by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.value_model import joint

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module", params=["manufacturer", "bank"])
def plan(request):
    return value_model.plan(clients.load(ROOT / "clients" / request.param))


def test_every_rule_is_printed():
    assert set(joint.RULES) == {
        "Coalitions", "Own costs", "Avoidable costs", "Kinds", "Blocks", "Leave one out", "Neighbours",
    }  # fmt: skip


def test_coalitions_a_part_without_what_it_needs_earns_nothing(plan):
    for group in plan.groups:
        values = joint.coalition_values(plan, group)
        assert values[frozenset()] == 0.0
        assert len(values) == 2 ** len(group.assets)
        for name in group.assets:
            if plan.needs[name] - {name}:
                assert values[frozenset({name})] <= 0  # its costs alone
        worth = value_model.evaluate(plan).groups[group.name]
        assert values[frozenset(group.assets)] == pytest.approx(float(worth))


def test_own_costs_are_the_shares_of_the_value_chapter(plan):
    shares = value_model.evaluate(plan).assets
    for group in plan.groups:
        found = joint.split(plan, group)
        assert found.own == pytest.approx({name: float(shares[name]) for name in group.assets})


def test_avoidable_costs_give_no_share_below_zero_and_the_same_whole(plan):
    for group in plan.groups:
        found = joint.split(plan, group)
        assert min(found.avoidable.values()) >= -1e-9
        assert sum(found.avoidable.values()) == pytest.approx(max(found.total, 0.0), abs=1e-6)
        assert sum(found.own.values()) == pytest.approx(found.total)


def test_avoidable_values_never_fall_when_somebody_joins():
    generator = np.random.default_rng(0)
    players = "abcd"
    for _ in range(50):
        values = {
            frozenset(name for bit, name in enumerate(players) if mask >> bit & 1): float(generator.normal())
            for mask in range(16)
        }
        values[frozenset()] = 0.0
        found = joint.avoidable(values)
        for part, value in found.items():
            assert value >= 0
            assert value >= values[part]
            for name in part:
                assert found[part - {name}] <= value


def test_two_assets_that_need_each_other_by_hand():
    # joint benefit 10, costs 6 and 1: together 3.
    values = {frozenset(): 0.0, frozenset("a"): -6.0, frozenset("b"): -1.0, frozenset("ab"): 3.0}
    free = joint.avoidable(values)
    assert free == {frozenset(): 0.0, frozenset("a"): 0.0, frozenset("b"): 0.0, frozenset("ab"): 3.0}


def test_kinds_come_and_go_together(plan):
    for group in plan.groups:
        found = joint.split(plan, group, kinds=True)
        assert set(found.players) == {plan.asset(name).kind for name in group.assets}
        assert sum(found.own.values()) == pytest.approx(found.total)


def test_blocks_share_the_benefit_of_the_model_and_sum_to_it(plan):
    for given in plan.client.data_blocks:
        found = joint.blocks(plan, given)
        assert given.complete and not found.sentence
        assert sum(found.shares.values()) == pytest.approx(found.whole - found.nothing)
        assert sum(found.money.values()) == pytest.approx(found.benefits)
        for block in found.blocks:
            rest = given.value(*(other for other in found.blocks if other != block))
            assert found.left_out[block] == pytest.approx(found.whole - rest)


def blocks(**values):
    """Data blocks of a model without benefits: metric by blocks joined with "_"."""
    table = {tuple(sorted(name.split("_"))) if name != "none" else (): value for name, value in values.items()}
    names = tuple(sorted({name for part in table for name in part}))
    return SimpleNamespace(
        asset_id="D", model_id=None, metric="auc", n=10, blocks=names, coalitions=tuple(table),
        value=lambda *chosen: table.get(tuple(sorted(chosen))), complete=len(table) == 2 ** len(names),
    )  # fmt: skip


def test_blocks_that_were_not_all_measured_get_no_shares(plan):
    found = joint.blocks(plan, blocks(none=0.5, a=0.6, a_b=0.8))
    assert found.shares == {} and found.money == {} and "1 of 4 combinations" in found.sentence
    assert found.left_out == {"a": None, "b": pytest.approx(0.2)}


def test_blocks_without_a_benefit_or_without_a_gain_are_not_turned_into_money(plan):
    assert "not those of a model with benefits" in joint.blocks(plan, blocks(none=0.5, a=0.6)).sentence
    model = next(line.asset_id for line in plan.benefits)
    given = blocks(none=0.7, a=0.6)
    given.model_id = model
    assert "adds nothing" in joint.blocks(plan, given).sentence


def test_leave_one_out_gives_nothing_to_copies(plan):
    found = joint.blocks(plan, blocks(none=0.5, a=0.7, b=0.7, a_b=0.7))
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


def test_what_the_client_did_not_give_is_named(plan):
    bare = plan.client.model_copy(update={"data_blocks": (), "data_quality": ()})
    assert len(joint.gaps(SimpleNamespace(client=bare))) == 2
    none = plan.client.model_copy(update={"assets": ()})
    assert joint.gaps(SimpleNamespace(client=none)) == ["No data asset is registered."]
