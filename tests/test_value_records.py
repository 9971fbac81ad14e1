"""The tables on record say what was concluded: each figure under its own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.value_model import records, worlds

CLIENTS = Path(__file__).resolve().parent.parent / "clients"


@pytest.fixture(scope="module", params=["manufacturer", "bank"])
def found(request):
    return value_model.conclude(value_model.plan(clients.load(CLIENTS / request.param)), 512)


@pytest.fixture(scope="module")
def bars(found):
    return worlds.tornado(found.plan, worlds.assumptions(found.plan))


@pytest.fixture(scope="module")
def written(found, bars):
    return records.tables(found, bars)


def test_groups_total_and_assets_are_the_conclusion(found, bars, written):
    for row, item in zip(written["groups"], found.groups, strict=True):
        assert (row["name"], tuple(row["assets"]), row["rate"]) == (item.name, item.group.assets, item.group.rate)
        assert (row["value"], row["low"], row["high"]) == (item.value, *item.interval) and row["low"] < row["high"]
        assert (row["most_likely"], row["below_zero"], row["counts"]) == (
            item.most_likely,
            item.below_zero,
            item.counts,
        )
        assert (row["verdict"], row["reason"]) == (item.verdict.word, item.verdict.reason)
        assert row["together"] == item.assets.together
        move, bar = bars[item.name][0]
        assert row["moved_by"]["assumption"] == move.label and row["moved_by"]["value_at_low"] == bar.value_at_low
    (total,) = written["total"]
    assert (total["value"], total["low"], total["high"]) == (found.value, *found.interval)
    assert (total["most_likely"], total["below_zero"]) == (found.most_likely, found.below_zero)
    assert total["draws"] == found.distribution.draws
    assert total["groups"] == [item.name for item in found.groups if item.counts]
    assert set(total["groups"]) | set(total["left_out"]) == {item.name for item in found.groups}
    assert total["moved_by"]["assumption"] == bars["total"][0][0].label
    values = {row["name"]: row["value"] for row in written["assets"] if row["counts"]}
    assert values == found.asset_values
    for row in written["assets"]:
        part = found.group(row["name"]).assets.assets[row["name"]]
        assert (row["group"], row["earned"]) == (found.group(row["name"]).name, part.earned)
        assert row["earns"] == (row["name"] in found.plan.benefits_of)


def test_the_tornado_is_written_bar_by_bar_and_what_turns_a_sign_is_decisive(found, bars, written):
    for row, (move, bar) in zip(written["tornado"], bars["total"], strict=True):
        assert (row["assumption"], row["unit"], row["grade"]) == (move.label, move.unit, move.grade)
        assert (row["low"], row["high"]) == (move.low_words, move.high_words)
        assert (row["value_at_low"], row["value_at_high"]) == (bar.value_at_low, bar.value_at_high)
    base = {item.name: item.most_likely for item in found.groups}
    turned = [
        (name, move.label, value)
        for name in base
        for move, bar in bars[name]
        for value in (bar.value_at_low, bar.value_at_high)
        if (value < 0) is not (base[name] < 0)
    ]
    assert [(row["group"], row["assumption"], row["value"]) for row in written["decisive"]] == turned


def test_gains_decays_scenarios_and_the_matrix_are_written_as_they_are(found, written):
    plan = found.plan
    for row, gain in zip(written["gains"], value_model.gains(plan), strict=True):
        assert (row["evaluation"], row["asset"], row["n"]) == (gain.evaluation_id, gain.asset_id, gain.n)
        assert (row["per_case"], row["low"], row["high"]) == (gain.per_case, *gain.interval)
        assert (row["below_zero"], row["word"], row["paired"]) == (gain.below_zero, gain.word, gain.paired)
        if gain.yearly is None:
            assert row["a_year"] is None
        else:
            assert row["a_year"] == pytest.approx(row["yearly_cases"] * gain.per_case)
    for row, used in zip(written["decays"], plan.decays.values(), strict=True):
        assert (row["asset"], row["half_life"], row["source"]) == (used.asset_id, used.half_life, used.source)
        assert row["sentence"] == used.sentence
        if used.measured is not None:
            seen = used.measured
            assert (row["measured"], row["fastest"], row["slowest"]) == (seen.half_life, seen.fastest, seen.slowest)
            assert row["shown"] == seen.shown
    for row, (name, worth) in zip(written["scenarios"], worlds.scenario_values(plan).items(), strict=True):
        assert (row["name"], row["value"]) == (name, pytest.approx(float(worth.total)))
        for group, value in worth.groups.items():
            assert row[f"group {group}"] == float(value)
    base = [row for row in written["matrix"] if row["rate_change"] == 0 and row["half_life_factor"] == 1]
    assert [row["value"] for row in base] == [pytest.approx(float(value_model.evaluate(plan).total))]
    rates = [row["value"] for row in written["matrix"] if row["half_life_factor"] == 1]
    assert len(written["matrix"]) == 25 and rates == sorted(rates, reverse=True)
    (steps,) = written["bridge"]
    parts = steps["benefits"] - steps["running"] - steps["development"] - steps["tax"] + steps["tax_benefit"]
    assert steps["value"] == pytest.approx(parts) == pytest.approx(float(value_model.evaluate(plan).total))
