"""The figure of one assumption at which a value is nothing, and at which the books are no longer below it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_value_model import asset, benefit, cost, evaluation, linked, make, spent

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.page import accounts, words
from lepton_nb.value_model import books, headroom, ledger, turning, worlds
from lepton_nb.value_model.world import MOST_LIKELY, World

CLIENTS = Path(__file__).resolve().parent.parent / "clients"


def plan_of(**named):
    return value_model.plan(make(**named))


def bars_of(plan):
    return value_model.tornado(plan, value_model.assumptions(plan))


def rows_of(plan):
    return turning.decisive(plan, bars_of(plan))


def test_the_figure_that_turns_a_sign_is_the_break_even_and_not_the_end():
    # 100 less 60 a year at the most likely figures; at 60 nothing is left
    plan = plan_of(benefits=[benefit(2026, (20, 100, 120))], costs=[cost("2026-12-31", 60)])
    (row,) = rows_of(plan)
    assert (row["at"], row["value"] < 0) == ("20", True) and row["turns_at"] == pytest.approx(60, rel=1e-6)


def test_a_gain_per_case_turns_at_the_gain_that_pays_the_costs():
    plan = plan_of(benefits=[linked(2026)], costs=[cost("2026-12-31", 700)], evaluations=[evaluation()])
    row = next(row for row in rows_of(plan) if row["assumption"].startswith("gain per case"))
    assert row["turns_at"] == pytest.approx(0.7, rel=1e-6)  # 1,000 cases


def test_money_per_outcome_turns_at_money_as_it_is_stated():
    item = evaluation(outcome_value={"tp": (0, 0, 0), "fp": (-1, -1, -1), "fn": (-12, -10, -2), "tn": (0, 0, 0)})
    plan = plan_of(benefits=[linked(2026)], costs=[cost("2026-12-31", 500)], evaluations=[item])
    row = next(row for row in rows_of(plan) if "false negative" in row["assumption"])
    # (8 × x − 2) / 100 a case, 1,000 cases; the posterior of the test, which is drawn, has half a case more in each cell
    assert row["turns_at"] == pytest.approx(-(500 / 10 + 2) / 8, rel=0.05)


def test_nothing_lies_between_success_and_failure():
    young = asset(p_technical_success=0.9, lifecycle_stage="algorithm_development", in_service_date=None)
    plan = plan_of(assets=[young], benefits=[benefit(2027, 100)], costs=[cost("2026-12-31", 50, phase="development")])
    assert [(row["at"], row["turns_at"]) for row in rows_of(plan)] == [("fails", None)]


def test_every_way_begins_at_what_is_used_and_ends_where_the_bar_ends():
    for name in ("manufacturer", "retailer", "bank"):
        plan = value_model.plan(clients.load(CLIENTS / name))
        likely = {group.name: float(value_model.group_value(plan, group)) for group in plan.groups}
        bars, seen = bars_of(plan), 0
        for group in plan.groups:
            for move, bar in bars[group.name][:6]:
                for up, end in ((False, bar.value_at_low), (True, bar.value_at_high)):
                    way = turning.path(plan, move, up)
                    if way is None:
                        assert move.low_words in ("fails", "each low")
                        continue
                    seen += 1
                    scale = max(abs(likely[group.name]), abs(end), 1.0)
                    first, last = (float(value_model.group_value(plan, group, way.world(at))) for at in (0.0, 1.0))
                    assert first == pytest.approx(likely[group.name], abs=1e-6 * scale)
                    assert last == pytest.approx(end, abs=1e-6 * scale)
                    told = move.high_words if up else move.low_words
                    number = float(told.replace(words.MINUS, "-").lstrip("+")) if told[-1].isdigit() else None
                    if number is not None and move.name != "rate":
                        assert way.figure(1.0) == pytest.approx(number, rel=2e-3)
        assert seen > 6


def test_while_one_figure_stands_still_all_else_is_drawn():
    plan = plan_of(benefits=[benefit(2026, (20, 100, 120))], costs=[cost("2026-12-31", (10, 10, 40))])
    group = plan.groups[0]
    of = turning.expected(plan, group, turning.drawn_world(plan))
    # 20 of costs and 80 of benefits on average, a year ahead at 10 %
    assert of(None)(MOST_LIKELY) == pytest.approx((80 - 20) / 1.1, rel=2e-3)
    (move,) = (one for one in value_model.assumptions(plan) if one.label.startswith("unit value"))
    way = turning.path(plan, move, up=False)
    assert of(move.assets)(way.world(1.0)) == pytest.approx(
        0, abs=0.1
    )  # 20 less the mean cost, not the most likely one
    assert turning.place(way, lambda world: of(move.assets)(world) - 20 / 1.1) is not None


def test_at_the_figure_that_turns_a_sign_the_expected_value_is_nothing():
    found = 0
    for name in ("manufacturer", "retailer", "bank"):
        plan = value_model.plan(clients.load(CLIENTS / name))
        by_label = {move.label: move for move in value_model.assumptions(plan)}
        for row in rows_of(plan):
            if row["turns_at"] is None:
                continue
            group = next(one for one in plan.groups if one.name == row["group"])
            move = by_label[row["assumption"]]
            ways = [turning.path(plan, move, up) for up in (False, True)]
            of = turning.expected(plan, group, turning.drawn_world(plan))(move.assets)
            ends = [way for way in ways if turning.place(way, of) is not None]
            at = [(way, turning.place(way, of)) for way in ends]
            assert any(
                way.figure(place) == pytest.approx(row["turns_at"])
                and abs(of(way.world(place))) < 1e-6 * abs(of(MOST_LIKELY))
                for way, place in at
            )
            found += 1
    assert found


# ---------------------------------------------------------------- headroom


def held(carrying: float, value: float = 100.0, brings: float = 0.0, **named):
    """A group worth ``value`` to both sides with so much in the books: (plan, tests, means)."""
    plan = plan_of(**{"benefits": [benefit(2026, (40, 110, 120))], "costs": [spent("2025-06-30", 90)]} | named)
    means = {group.name: value for group in plan.groups}
    tests = books.impairment_tests(plan, ledger.books(plan.client), means, means)
    changed = [replace(test, carrying=carrying) for test in tests]
    return plan, changed, means


def test_headroom_is_gone_where_the_value_has_fallen_by_as_much():
    plan, tests, _ = held(80.0)
    (one,) = headroom.headrooms(plan, tests, bars_of(plan))
    assert (one.above, one.carrying) == (pytest.approx(20), 80.0)
    turn = next(turn for turn in one.turns if turn.assumption.startswith("unit value"))
    # 110 at the end of a year are worth 100 at 10 %; 88 are worth 80
    assert (turn.used, turn.at) == (110, pytest.approx(88, rel=1e-4)) and turn.thin and one.thin
    rate = next(turn for turn in one.turns if turn.assumption == "discount rate")
    assert (rate.used, rate.at) == (0.0, pytest.approx(2.5, rel=1e-2))  # 90 on average / 1.125 = 80
    assert one.turns[0] == turn and headroom.table([one])[0]["at"] == turn.at
    (told,) = headroom.findings([one], words.Money("EUR"), words.figure)
    assert told.startswith("M1 stands 20") and "at 88" in told


def test_headroom_that_no_single_change_takes_away_is_not_thin():
    plan, tests, _ = held(10.0)
    (one,) = headroom.headrooms(plan, tests, bars_of(plan))
    assert not one.thin and headroom.findings([one], words.Money("EUR"), words.figure) == []
    page = str(accounts.headroom([one], "EUR"))
    assert "nothing that was looked at is enough" in page and page.count("<tr>") == 2


def test_a_half_life_that_is_not_drawn_is_looked_at():
    ages = [asset(half_life_years=2.0, half_life_basis="technical")]
    rows = [benefit(year, 100) for year in (2026, 2027, 2028)]
    likely = float(value_model.evaluate(plan_of(assets=ages, benefits=rows, costs=[spent("2025-06-30", 90)])).total)
    plan, tests, _ = held(likely - 2, likely, assets=ages, benefits=rows)
    (one,) = headroom.headrooms(plan, tests, bars_of(plan))
    turn = next(turn for turn in one.turns if turn.assumption == "half-life of the gain of M1")
    left = value_model.evaluate(plan, World(half_lives={"M1": turn.at})).total
    assert turn.used == 2.0 and likely - float(left) == pytest.approx(2.0, rel=1e-5) and turn.thin


def test_what_stopping_brings_holds_the_headroom_up():
    sold = [
        {
            "asset_id": "M1",
            "kind": "abandon",
            "cost": 0,
            "salvage": 90,
            "deadline_years": 1,
            "volatility": 0.3,
            "volatility_source": "a",
        }
    ]
    plan, tests, _ = held(80.0, options=sold)
    (one,) = headroom.headrooms(plan, tests, bars_of(plan))
    assert all(turn.at is None for turn in one.turns) and not one.thin


def test_a_group_with_a_loss_or_without_books_has_no_headroom():
    plan, tests, _ = held(0.0)
    assert headroom.headrooms(plan, tests, bars_of(plan)) == ()
    lost = [
        SimpleNamespace(group="M1", carrying=200.0, result=SimpleNamespace(impairment_loss=100.0, recoverable=100.0))
    ]
    assert headroom.headrooms(plan, lost, bars_of(plan)) == ()
    assert "No group is tested" in str(accounts.headroom([], "EUR"))


def test_rates_are_looked_at_in_points():
    assert turning.rate_path(-worlds.RATE_MOVE).figure(1.0) == -1.0
