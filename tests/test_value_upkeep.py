"""What whoever runs a model asks: points of a rate, training again, seeing a fall."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from test_value_model import RUN, asset, benefit, evaluation, linked, plan_of, total
from test_value_rules import monitoring

from lepton_nb import client as clients
from lepton_nb import value_model
from lepton_nb.client import ThreePoint
from lepton_nb.page import upkeep_tables, value_tables, words
from lepton_nb.terms import years_between
from lepton_nb.valuation import performance
from lepton_nb.value_model import upkeep
from lepton_nb.value_model.gains import gain_per_case
from lepton_nb.value_model.line_money import life_curve, survival

CLIENTS = Path(__file__).resolve().parent.parent / "clients"
AGES = {"half_life_years": 1.0, "half_life_basis": "measured_drift"}
YEARS = [benefit(year, 100) for year in (2026, 2027, 2028)]


def test_a_point_is_what_one_case_in_a_hundred_decided_otherwise_would_bring():
    plan = plan_of(benefits=[linked(2026)], evaluations=[evaluation()])
    item = plan.client.evaluations[0]
    recall, alarms = upkeep.points(value_model.gains(plan))
    counts = item.model
    found = counts.model_copy(update={"tp": counts.tp + 1, "fn": counts.fn - 1})
    spared = counts.model_copy(update={"fp": counts.fp - 1, "tn": counts.tn + 1})
    plain = {"paired": None}
    base = gain_per_case(item.model_copy(update=plain))
    more = gain_per_case(item.model_copy(update=plain | {"model": found})) - base
    fewer = gain_per_case(item.model_copy(update=plain | {"model": spared})) - base
    assert recall.per_case == pytest.approx(more * counts.positives / 100)
    assert alarms.per_case == pytest.approx(fewer * (counts.n - counts.positives) / 100)
    assert (recall.rate, alarms.rate) == ("recall", "false alarms")
    yearly = value_model.gains(plan)[0].yearly
    assert recall.yearly == pytest.approx(yearly * recall.per_case)


def test_trainings_that_cost_the_most_they_may_leave_the_value_without_any():
    never = total([asset(**AGES)], YEARS)
    rows = {one.months: one for one in upkeep.trainings(plan_of([asset(**AGES)], YEARS))}
    assert rows[None].value == pytest.approx(never) and rows[None].at_most is None
    for months in upkeep.SCHEDULES:
        one = rows[months]
        paid = total([asset(**AGES, retrain_every_months=months, retrain_cost=one.at_most)], YEARS, valuation=RUN)
        kept = total([asset(**AGES, retrain_every_months=months, retrain_cost=0)], YEARS)
        # a first use on 1 January is the day after the last of the year before: payments may differ by a day
        assert paid == pytest.approx(never, rel=1e-3) and kept == pytest.approx(one.value)
        assert one.gained == pytest.approx(kept - never) and len(one.days) == {24: 1, 12: 2, 6: 5}[months]
    assert rows[24].gained < rows[12].gained < rows[6].gained


def test_what_the_client_plans_to_train_is_no_part_of_never():
    planned = plan_of([asset(**AGES, retrain_every_months=12, retrain_cost=2)], YEARS)
    assert upkeep.trainings(planned)[0].value == pytest.approx(total([asset(**AGES)], YEARS))


def test_training_again_brings_nothing_where_nothing_decays_or_a_substitute_caps():
    assert upkeep.trainings(plan_of([asset()], YEARS)) == ()
    plan = plan_of([asset(**AGES)], YEARS)
    capped = value_model.lines.replace(
        plan,
        caps={
            "M1": value_model.lines.Substitute(
                asset_id="M1", offer="Cheap", price=ThreePoint(1.0, 1.0, 1.0), unit="per year", units=1.0
            )
        },
    )
    assert {(one.gained, one.at_most) for one in upkeep.trainings(capped)} == {(0.0, None)}


def test_cases_needed_see_the_change_with_the_stated_chance():
    for rate, change in ((0.95, -0.02), (0.6, -0.05), (0.10, 0.02), (0.5, -0.1)):
        n = performance.cases_to_see(rate, change)
        if change < 0:
            limit = stats.binom.ppf(0.05, n, rate) - 1  # the largest count that is called a fall
            power = stats.binom.cdf(limit, n, rate + change)
        else:
            limit = stats.binom.ppf(0.95, n, rate)
            power = stats.binom.sf(limit, n, rate + change)
        assert 0.75 < power < 0.85, (rate, change)


@pytest.mark.parametrize("given", [{"change": 0}, {"change": 0.5}, {"rate": 1.0}, {"level": 0.0}, {"power": 1.0}])
def test_a_change_that_cannot_be_is_refused(given):
    with pytest.raises(ValueError, match="inside"):
        performance.cases_to_see(**{"rate": 0.9, "change": -0.02} | given)


def test_months_until_a_fall_is_seen_follow_the_cases_of_a_month():
    rows = monitoring("recall", [0.95, 0.95, 0.94, 0.95], n=400) + monitoring("auc", [0.8, 0.8], n=400)
    rows += monitoring("false_alarm_rate", [0.10, 0.11], n=100_000)
    plan = plan_of(benefits=YEARS, monitoring=rows)
    found = upkeep.watches(value_model.monitored(plan.client), plan)
    by = {one.metric: one for one in found}
    assert set(by) == {"recall", "false_alarm_rate"}
    assert by["recall"].cases == performance.cases_to_see(0.95, -0.02) == 822
    assert (by["recall"].measurements, by["recall"].every, by["recall"].months) == (3, 3, 9)
    assert by["false_alarm_rate"].cases == performance.cases_to_see(0.10, 0.02)
    assert by["false_alarm_rate"].months == 3


def test_a_rate_measured_once_has_cases_and_no_months():
    once = plan_of(benefits=YEARS, monitoring=monitoring("recall", [0.9]))
    (one,) = upkeep.watches(value_model.monitored(once.client), once)
    assert one.months is None and one.measurements == 2 and one.each == 1000


@pytest.mark.parametrize("like", ["manufacturer", "retailer"])
def test_a_life_curve_has_over_each_period_the_mean_that_the_benefit_is_multiplied_by(like):
    plan = value_model.plan(clients.load(CLIENTS / like))
    trained = 0
    for line in plan.benefits:
        days = [part.start + timedelta(days=day) for part in line.segments for day in range(1, part.days + 1)]
        times = np.array([years_between(plan.date, day) for day in days])
        left = life_curve(plan, line.asset_id, line.driver_id, times - 0.5 / 365)  # the middle of each day
        assert left.mean() == pytest.approx(float(survival(plan, line)), rel=1e-4)
        trained += any(part.fresh > plan.date for part in line.segments)
    assert trained


def test_a_life_curve_falls_to_nothing_with_the_useful_life_and_is_drawn_no_further():
    plan = plan_of([asset(**AGES)], YEARS)
    end = years_between(plan.date, max(part.end for line in plan.benefits for part in line.segments))
    line = plan.benefits[0]
    assert life_curve(plan, line.asset_id, line.driver_id, np.array([end, end + 0.01])).tolist() == [
        pytest.approx(2**-end),
        0,
    ]
    assert "Life curves" in str(value_tables.life_curves(upkeep.life_curves(plan), ()))
    assert not str(value_tables.life_curves(upkeep.life_curves(plan_of([asset(**AGES)], [])), ()))


def test_what_a_schedule_leaves_at_the_clients_own_cost_and_that_another_leaves_more():
    own = AGES | {"retrain_every_months": 6, "retrain_cost": 30}
    never = total([asset(**AGES)], YEARS)
    rows = {one.months: one for one in upkeep.trainings(plan_of([asset(**own)], YEARS))}
    assert [months for months, one in rows.items() if one.planned] == [6]
    for months in (6, 12):  # payments may differ by a day, as above
        paid = total([asset(**(own | {"retrain_every_months": months}))], YEARS, valuation=RUN)
        assert rows[months].kept == pytest.approx(paid - never, abs=1e-3 * never)
    assert rows[12].kept > rows[6].kept
    shown = str(upkeep_tables.trainings(tuple(rows.values()), words.Money("EUR")))
    assert "planned is a training every 6 months; one every" in shown
    free = upkeep.trainings(plan_of([asset(**AGES)], YEARS))
    assert {one.kept for one in free} == {None} and "planned is" not in str(
        upkeep_tables.trainings(free, words.Money("EUR"))
    )


def test_a_recall_that_money_rests_on_and_nobody_monitors_is_told_with_the_months_that_a_fall_would_take():
    counts = SimpleNamespace(tp=150, positives=200)
    gain = SimpleNamespace(asset_id="C1", evaluation=SimpleNamespace(model=counts, share_in_use=0.1), yearly=24_000.0)
    (one,) = upkeep.unwatched([gain], [])
    needed = performance.cases_to_see(0.75, -0.02, 0.05, 0.80)
    assert (one.asset_id, one.recall, one.cases, one.months) == ("C1", 0.75, needed, math.ceil(needed / 200))
    assert upkeep.unwatched([gain], [SimpleNamespace(asset_id="C1", metric="recall")]) == ()
    assert upkeep.unwatched([SimpleNamespace(**vars(gain) | {"yearly": None})], []) == ()
