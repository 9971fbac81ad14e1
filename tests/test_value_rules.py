"""The rules of reading, second edition: each on a client small enough to value by hand."""

from __future__ import annotations

import importlib
import math
import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from test_value_model import (
    GAIN,
    JOINT,
    KEEP,
    RUN,
    asset,
    benefit,
    cost,
    evaluation,
    linked,
    make,
    plan_of,
    spent,
    total,
)

from lepton_nb import value_model
from lepton_nb.valuation import approaches as methods
from lepton_nb.value_model import World, decay, laying, line_values, lines, replacement, sensitivity, tables, worlds
from lepton_nb.value_model.approaches import solved_rate
from lepton_nb.value_model.findings import held
from lepton_nb.value_model.planning import years_run
from lepton_nb.value_model.verdict import verdict
from lepton_nb.value_model.wara import returns_on_assets

PREMIUMS = {"data": 0.02, "model": 0.06, "infrastructure": 0.0}


def monitoring(metric, values, n=1000, asset_id="M1", months=(1, 4, 7, 10)):
    return [
        {"asset_id": asset_id, "period": f"2025-{month:02d}", "metric": metric, "value": value, "n": n}
        for month, value in zip(months, values, strict=False)
    ]


def group_of(plan, asset_id="M1"):
    return plan.group(asset_id)


# ---------------------------------------------------------------- economic life


def test_a_benefit_ends_with_the_life_of_its_asset_by_days():
    # in service from 1 January 2026 for a year and a half: all of 2026 and 182 days of 2027
    short = [asset(useful_life_years=1.5)]
    value = total(short, [benefit(year, 365) for year in (2026, 2027, 2028)], rate=0.0)
    assert value == pytest.approx(365 + 182, abs=1.0)


def test_running_costs_end_with_the_benefit_and_by_the_same_days():
    rows = [cost(f"{year}-12-31", 100) for year in (2026, 2027, 2028)]
    kept = total([asset(useful_life_years=1.5)], [benefit(y, 1000) for y in (2026, 2027, 2028)], rows, rate=0.0)
    share = (value_model.plan(make([asset(useful_life_years=1.5)], [benefit(2027, 1)])).benefits[0]).share
    assert kept == pytest.approx(900 * (1 + share))


def test_what_serves_two_models_runs_until_the_later_of_their_lives():
    assets = [
        asset("I1", kind="infrastructure", feeds="M1;M2", useful_life_years=1),
        asset("M1", useful_life_years=1),
        asset("M2", useful_life_years=2),
    ]
    rows = [cost(f"{year}-12-31", 10, "I1") for year in (2026, 2027, 2028)]
    benefits = [benefit(y, 100, name) for name in ("M1", "M2") for y in (2026, 2027, 2028)]
    assert total(assets, benefits, rows, rate=0.0) == pytest.approx(100 + 200 - 20)


def test_a_life_can_be_kept_with_a_reason():
    value = total([asset(useful_life_years=1)], [benefit(y, 100) for y in (2026, 2027)], rate=0.0, valuation=KEEP)
    assert value == pytest.approx(200)


def test_what_a_life_cuts_is_listed():
    plan = plan_of([asset(useful_life_years=1)], [benefit(2026, 100), benefit(2027, 100)])
    assert any("end of the useful life" in row.reason for row in plan.left_out)


def test_loss_years_late_in_the_life_are_not_run_through():
    rows = [cost(f"{year}-12-31", 60) for year in (2026, 2027, 2028)]
    benefits = [benefit(2026, 100), benefit(2027, 100), benefit(2028, 10)]
    assert total(benefits=benefits, costs=rows, rate=0.0) == pytest.approx(80)
    assert total(benefits=benefits, costs=rows, rate=0.0, valuation=RUN) == pytest.approx(30)
    assert any("more stopped than run" in row.reason for row in plan_of(benefits=benefits, costs=rows).left_out)


def test_a_loss_before_better_years_is_run_through():
    rows = [cost(f"{year}-12-31", 60) for year in (2026, 2027, 2028)]
    benefits = [benefit(2026, 100), benefit(2027, 10), benefit(2028, 200)]
    assert total(benefits=benefits, costs=rows, rate=0.0) == pytest.approx(310 - 180)


def test_stopping_early_does_not_save_the_cost_of_stopping():
    rows = [cost("2026-12-31", 60), cost("2027-12-31", 60), cost("2028-12-31", 25, phase="decommission")]
    plan = plan_of(benefits=[benefit(2026, 100), benefit(2027, 10)], costs=rows, rate=0.0)
    assert float(value_model.evaluate(plan).total) == pytest.approx(40 - 25)
    laid = plan_of(benefits=[benefit(2026, 100), benefit(2027, 10)], costs=rows, rate=0.0, valuation=RUN)
    assert years_run(laid, laid.groups[0]) == 1


@pytest.mark.parametrize("rates", [(0.05, 0.10), (0.10, 0.30)])
def test_a_higher_rate_does_not_better_a_value_with_loss_years(rates):
    rows = [cost(f"{year}-12-31", 60) for year in (2026, 2027, 2028)]
    benefits = [benefit(2026, 100), benefit(2027, 70), benefit(2028, 10)]
    low, high = (total(benefits=benefits, costs=rows, rate=rate) for rate in rates)
    assert high < low


# ---------------------------------------------------------------- years and costs


def test_a_running_cost_by_year_counts_by_days_like_a_benefit():
    row = cost(None, 365, year=2026)
    plan = plan_of(
        benefits=[benefit(2026, 1000)], costs=[row], rate=0.0, valuation={"date": "2026-06-30", "timing": "mid_year"}
    )
    assert float(value_model.evaluate(plan).total) == pytest.approx((1000 - 365) * 184 / 365)
    assert plan.costs[0].time == plan.periods[0].time


def test_a_dated_running_cost_that_repeats_after_a_short_year_gets_a_note():
    rows = [cost("2026-12-31", 100), cost("2027-12-31", 100)]
    benefits = [benefit(2026, 1000), benefit(2027, 1000)]
    notes = plan_of(benefits=benefits, costs=rows, valuation={"date": "2026-06-30"}).notes
    assert any("column year in place of date" in note for note in notes)
    assert not any("column year" in note for note in plan_of(benefits=benefits, costs=rows).notes)


# ---------------------------------------------------------------- decay


def test_the_mean_of_a_decay_falls_with_every_day_and_every_year_of_half_life():
    ends = [decay.mean_factor(math.log(2) / 2, 0.0, end) * end for end in (0.1, 0.5, 1.0, 3.0)]
    assert all(np.diff(ends) > 0)
    lives = [float(decay.mean_factor(math.log(2) / h, 0.0, 1.0)) for h in (0.02, 0.2, 1.0, 5.0)]
    assert all(np.diff(lives) > 0)
    assert float(decay.mean_factor(0.0, 1.0, 2.0)) == 1.0


def test_decay_is_that_of_the_margin_over_the_baseline_and_not_of_the_metric():
    values = [0.480 + 0.32 * 2 ** (-t / 2) for t in (0, 0.25, 0.5, 0.75)]  # the baseline finds 48 %
    client = make(
        [asset(half_life_years=3, half_life_basis="expert")],
        [linked(2026)],
        evaluations=[evaluation()],
        monitoring=monitoring("recall", values, 10**6),
    )
    found = value_model.decay_of(client, client.assets[0])
    assert found.measured.what == "margin"
    assert found.measured.half_life == pytest.approx(2.0, rel=0.02)
    assert found.half_life == 3 and found.source == "stated"


def test_decay_of_hits_and_false_alarms_together_is_that_of_the_money():
    hits = [0.48 + 0.32 * 2 ** (-t / 1.5) for t in (0, 0.25, 0.5, 0.75)]
    alarms = [7 / 75 - 0.04 * 2 ** (-t / 1.5) for t in (0, 0.25, 0.5, 0.75)]
    rows = monitoring("recall", hits, 10**6) + monitoring("false_alarm_rate", alarms, 10**6)
    client = make([asset()], [linked(2026)], evaluations=[evaluation()], monitoring=rows)
    found = value_model.decay_of(client, client.assets[0])
    assert found.measured.what == "money" and found.measured.metric == "gain in money"
    assert found.measured.half_life == pytest.approx(1.5, rel=0.02)
    assert (found.source, found.half_life) == ("measured", found.measured.half_life)


def test_a_metric_without_money_is_shown_and_moves_nothing():
    client = make(
        [asset()], [linked(2026)], evaluations=[evaluation()], monitoring=monitoring("auc", [0.9, 0.85, 0.8, 0.76])
    )
    found = value_model.decay_of(client, client.assets[0])
    assert found.measured is None and found.half_life is None and found.drawn is None
    assert value_model.monitored(client)[0].half_life is not None


def test_a_fall_that_is_not_shown_has_a_one_sided_interval():
    rows = monitoring("recall", [0.80, 0.79, 0.80, 0.79], n=50)
    client = make([asset(half_life_years=3)], [linked(2026)], evaluations=[evaluation()], monitoring=rows)
    found = value_model.decay_of(client, client.assets[0])
    assert found.measured.shown is False
    assert found.measured.slowest is None and found.measured.fastest > 0
    assert found.drawn.low == 0 and found.drawn.mode == pytest.approx(math.log(2) / 3)
    assert "not shown" in found.sentence


@pytest.mark.parametrize(
    ("metric", "values", "words"),
    [("recall", (0.8,), "one month only"), ("auc", (0.8, 0.45), "third is needed"), ("wait_seconds", (3, 2, 1), "not known")],
)  # fmt: skip
def test_where_nothing_can_be_read_a_sentence_says_why(metric, values, words):
    client = make([asset()], [linked(2026)], evaluations=[evaluation()], monitoring=monitoring(metric, values))
    found = value_model.monitored(client)[0]
    assert found.rates is None and words in found.sentence
    assert (found.asset_id, found.metric) == ("M1", metric)


def test_the_interval_of_a_decay_covers_the_true_rate():
    """400 series from a known decay: the 90 % interval holds it in about 90 % of them."""
    generator, true, inside = np.random.default_rng(3), math.log(2) / 2, 0
    times = np.arange(0, 12) / 12
    for _ in range(400):
        rates = 0.6 + 0.3 * np.exp(-true * times)
        seen = generator.binomial(2000, rates) / 2000
        low, high = decay.fitted(times, seen - 0.6, seen * (1 - seen) / 2000)[1]
        inside += low <= true <= high
    assert 0.86 <= inside / 400 <= 0.94


def test_retraining_starts_the_decay_again_and_costs():
    made = [asset(half_life_years=1, retrain_every_months=12, retrain_cost=10)]
    plan = plan_of(made, [linked(2026), linked(2027)], evaluations=[evaluation()], rate=0.0)
    first, second = (float(value_model.benefit(plan, line)) for line in plan.benefits)
    # trained on 31 December 2026 again: 2027 is as good as 2026
    assert second == pytest.approx(first)
    assert [(str(line.date), line.category) for line in plan.costs][:2] == [
        ("2026-12-31", "retraining"),
        ("2027-12-31", "retraining"),
    ]


@pytest.mark.parametrize(("months", "a_year"), [(1, 12), (0.4, 12), (5.6, 2)])
def test_trainings_are_whole_months_apart_and_at_least_one(months, a_year):
    made = [asset(useful_life_years=1, retrain_every_months=months, retrain_cost=10)]
    plan = plan_of(made, [linked(2026)], evaluations=[evaluation()], rate=0.0)
    assert sum(line.category == "retraining" and line.date.year == 2026 for line in plan.costs) == a_year


@pytest.mark.parametrize(
    ("first", "begins"), [("2026-07-01", "2026-07-01"), ("2025-02-01", "2025-12-31"), (None, "2025-12-31")]
)
def test_without_a_test_set_trainings_are_counted_from_the_first_use_ahead(first, begins):
    client = make()
    first = first and date.fromisoformat(first)
    assert laying.retrains_from(client, client.assets[0], first) == (date.fromisoformat(begins), False)


# ---------------------------------------------------------------- substitution


def offer(price, unit="per year", **changes):
    return {
        "comparable": "Hosted service", "asset_id": "M1", "date": "2025-10-01", "price": price, "basis": "offer",
        "similarity": 0.8, "adjustment": 1.0, "unit": unit, "source": "price list", "substitute": True,
    } | changes  # fmt: skip


def test_a_good_year_that_lowers_a_capped_group_says_why():
    rows = [benefit(2026, 100), benefit(2027, 30)]
    good = [{"name": "good", "p": 1, "benefit_multiplier": 1.5, "cost_multiplier": 1.5}]
    for prices, why in (([offer(20)], True), ([], False)):
        plan = plan_of(benefits=rows, costs=[cost("2026-12-31", 10)], comparables=prices, rate=0.0, scenarios=good)
        told = sensitivity.scenario_sentences(plan, worlds.scenario_values(plan), str)
        assert ("the price of a substitute caps the benefits" in told[0]) is why and ("lowers" in told[0]) is why


def test_a_substitute_caps_the_yearly_benefit_at_its_price():
    rows = [benefit(2026, 100), benefit(2027, 30)]
    assert total(benefits=rows, comparables=[offer(60)], rate=0.0) == pytest.approx(60 + 30)
    assert total(benefits=rows, comparables=[offer(5, "per month")], rate=0.0) == pytest.approx(60 + 30)
    assert total(benefits=rows, comparables=[offer(60, substitute=False)], rate=0.0) == pytest.approx(130)


def test_what_the_price_of_a_substitute_takes_off_the_value_is_said():
    rows = [benefit(2026, 100), benefit(2027, 30)]
    cheaper = offer(60) | {"comparable": "The cheaper one"}
    plan = plan_of(benefits=rows, comparables=[offer(90), cheaper], rate=0.0)
    (one,) = held(plan)
    assert (one.asset_id, one.offer, one.least, one.most) == ("M1", "The cheaper one", 60, 60)
    assert one.without == pytest.approx(40)
    (told,) = (sentence for sentence in value_model.findings(plan) if "substitute" in sentence)
    assert (
        "at most 60 EUR, the price of its substitute The cheaper one" in told and "takes 40 EUR off the value" in told
    )
    (idle,) = held(plan_of(benefits=rows, comparables=[offer(200)], rate=0.0))
    assert idle.without == 0 and held(plan_of(benefits=rows)) == ()


def test_a_price_by_volume_caps_each_year_by_its_own_volume():
    """Adoption grows: a year costs the substitute's price times that year's volume, in the plan and where it is drawn."""
    by_volume = {"unit": "calls", "volume_low": 900, "volume_mode": 1000, "volume_high": 1300}
    rows = [benefit(year, 5, adoption=used, **by_volume) for year, used in ((2026, 0.2), (2027, 0.5), (2028, 1.0))]
    plan = plan_of(benefits=rows, comparables=[offer(2, "per call")], rate=0.0)
    assert value_model.line_money.yearly_caps(plan, "M1") == pytest.approx([400, 1000, 2000])
    assert float(value_model.evaluate(plan).total) == pytest.approx(3400)
    (one,) = held(plan)
    assert (one.least, one.most, one.without) == pytest.approx((400, 2000, 5100))
    (told,) = (sentence for sentence in value_model.findings(plan) if "substitute" in sentence)
    assert "at most 400 to 2,000 EUR" in told and "has no range" in told
    level = {value_model.inputs.volume_name(plan.benefits[0]): 1.0}
    high = float(value_model.evaluate(plan, value_model.World(drawn=level)).total)
    assert high == pytest.approx(3400 * 1.3)


def test_a_year_without_the_volume_takes_that_of_the_first_whole_year():
    rows = [benefit(2026, 5, volume_low=100, volume_mode=100, volume_high=100, unit="calls"),
            benefit(2027, 900, driver_id="speed", unit="hours")]  # fmt: skip
    plan = plan_of(benefits=rows, comparables=[offer(2, "per call")], rate=0.0)
    assert value_model.line_money.yearly_caps(plan, "M1") == pytest.approx([200, 200])


def test_of_two_substitutes_the_one_counts_that_costs_least_over_all_years():
    rows = [benefit(year, 90, adoption=used, unit="calls", volume_low=10, volume_mode=10, volume_high=10)
            for year, used in ((2026, 0.1), (2027, 1.0))]  # fmt: skip
    by_call = offer(50, "per call") | {"comparable": "By the call"}
    plan = plan_of(benefits=rows, comparables=[by_call, offer(260) | {"comparable": "Flat"}], rate=0.0)
    assert plan.caps["M1"].offer == "Flat" and value_model.line_money.yearly_caps(plan, "M1") == [260, 260]
    assert plan_of(benefits=rows, comparables=[by_call, offer(280)], rate=0.0).caps["M1"].offer == "By the call"


def test_the_range_of_a_substitutes_price_is_drawn():
    rows = [benefit(2026, 100)]
    ranged = offer(60) | {"price_low": 50, "price_high": 80}
    plan = plan_of(benefits=rows, comparables=[ranged], rate=0.0)
    (name,) = (name for name, item in plan.inputs.items() if item.category == "substitute")
    for level, value in ((0.0, 50), (1.0, 80)):
        world = value_model.World(drawn={name: level})
        assert float(value_model.evaluate(plan, world).total) == pytest.approx(value)
    assert not any("has no range" in sentence for sentence in value_model.findings(plan))


def test_a_cap_serves_all_benefits_of_its_asset_together_and_by_days():
    rows = [benefit(2026, 100), benefit(2026, 50, driver_id="speed")]
    plan = plan_of(benefits=rows, comparables=[offer(60)], rate=0.0, valuation={"date": "2026-06-30"})
    assert float(value_model.evaluate(plan).total) == pytest.approx(60 * 184 / 365)
    parts = [float(amount) for _, amount in value_model.benefits(plan)]
    assert parts[0] == pytest.approx(2 * parts[1])


# ---------------------------------------------------------------- basis


MARKET = {"basis_of_value": "market_value"}


def test_a_market_value_has_a_buyers_tax_benefit_and_none_of_the_owners_books():
    rows = [benefit(y, 100) for y in (2026, 2027, 2028)]
    costs = [spent("2025-06-30", 60)]
    tax = {"rate": 0.3, "tax_amortisation_benefit": True, "tab_years": 5}
    owner = make(None, rows, costs, rate=0.1)
    owner = owner.model_copy(update={"tax": owner.tax.model_validate(tax)})
    market = owner.model_copy(update={"valuation": owner.valuation.model_copy(update=MARKET)})
    factor = methods.tax_amortisation_factor(0.3, 0.1, 5, "end")
    bare = 70 * sum(1.1**-t for t in (1, 2, 1 + 1 + 366 / 365))
    plan = value_model.plan(market)
    assert float(value_model.evaluate(plan).total) == pytest.approx(factor * bare, rel=1e-9)
    assert value_model.bridge(plan).value == pytest.approx(factor * bare, rel=1e-9)
    own = float(value_model.evaluate(value_model.plan(owner)).total)
    assert own > bare and float(value_model.evaluate(value_model.on_basis(plan, "owner")).total) == pytest.approx(own)


# ---------------------------------------------------------------- rate


def test_a_group_bears_the_mean_of_its_assets_rates_by_their_values():
    assets = [asset("D1", kind="data", feeds="M1"), asset("M1")]
    plan = plan_of(assets, [benefit(2026, 1000)], [spent("2025-12-31", 100, "D1")], premium=PREMIUMS)
    (group,) = plan.groups
    values = value_model.asset_values(plan, group, float(value_model.group_value(plan, group)))
    held = {name: item.value for name, item in values.assets.items()}
    mean = (held["D1"] * 0.12 + held["M1"] * 0.16) / sum(held.values())
    assert group.rate == pytest.approx(mean, abs=1e-10)
    assert 0.12 < group.rate < 0.16 and solved_rate(plan, group) == pytest.approx(group.rate, abs=1e-10)


def test_an_asset_alone_bears_its_own_rate():
    assert plan_of(benefits=[benefit(2026, 1000)], premium=PREMIUMS).groups[0].rate == pytest.approx(0.16)


def test_payments_that_are_due_whatever_happens_bear_no_premium():
    made = [asset(lifecycle_stage="algorithm_development", in_service_date=None)]
    rows = [cost("2026-12-31", 110, phase="development"), cost("2027-12-31", 10)]
    plan = plan_of(made, [benefit(2027, 1000)], rows, premium=PREMIUMS)
    assert float(value_model.evaluate(plan).total) == pytest.approx(990 / 1.16**2 - 110 / 1.10)


# ---------------------------------------------------------------- asset values


def joint_plan(**changes):
    costs = [spent("2025-12-31", 40, "D1"), spent("2025-12-31", 60, "I1"), cost("2026-12-31", 30, "I1")]
    rows = [benefit(y, 300) for y in (2026, 2027, 2028)]
    return plan_of(JOINT, rows, costs, premium=PREMIUMS, **changes)


def test_the_values_of_the_assets_and_what_is_together_sum_to_the_group():
    plan = joint_plan(tax=0.3)
    for group in plan.groups:
        worth = float(value_model.group_value(plan, group))
        values = value_model.asset_values(plan, group, worth)
        assert sum(item.value for item in values.assets.values()) + values.together == pytest.approx(worth)
        assert sum(item.earned for item in values.assets.values()) == pytest.approx(worth)


def test_an_asset_that_only_serves_is_worth_at_most_what_replacing_it_costs():
    plan = joint_plan()
    group = plan.groups[0]
    values = value_model.asset_values(plan, group, float(value_model.group_value(plan, group)))
    costs = replacement.replacement_costs(plan)
    for name in ("D1", "I1"):
        assert 0 < values.assets[name].value <= costs[name].depreciated
    assert values.assets["M1"].earned > 5 * values.assets["I1"].earned


def test_an_asset_of_no_cost_and_no_benefit_is_worth_nothing_and_changes_nothing():
    plan = joint_plan()
    bigger = plan_of(
        [*JOINT, asset("X1", kind="data", feeds="M1")],
        [benefit(y, 300) for y in (2026, 2027, 2028)],
        [spent("2025-12-31", 40, "D1"), spent("2025-12-31", 60, "I1"), cost("2026-12-31", 30, "I1")],
        premium=PREMIUMS,
    )
    before = value_model.asset_values(plan, plan.groups[0], float(value_model.group_value(plan, plan.groups[0])))
    group = bigger.group("X1")
    after = value_model.asset_values(bigger, group, float(value_model.group_value(bigger, group)))
    assert after.assets["X1"].value == 0
    assert {name: item.value for name, item in before.assets.items()} == pytest.approx(
        {name: item.value for name, item in after.assets.items() if name != "X1"}
    )


def test_two_models_each_keep_the_rest_of_their_own_benefits():
    assets = [asset("M1", feeds="M2"), asset("M2")]
    rows = [benefit(2026, 100, "M1"), benefit(2026, 300, "M2")]
    plan = plan_of(assets, rows, [cost("2026-12-31", 40, "M1")], rate=0.0)
    (group,) = plan.groups
    values = value_model.asset_values(plan, group, 360.0)
    assert {name: item.earned for name, item in values.assets.items()} == pytest.approx({"M1": 60, "M2": 300})


def test_where_the_reconciliation_concludes_less_the_rest_stands_together():
    plan = plan_of(None, [benefit(2026, 1100)], [spent("2025-12-31", 400)], rate=0.10)
    (group,) = plan.groups
    values = value_model.asset_values(plan, group, 1000.0)
    assert values.assets["M1"].value == pytest.approx(0.75 * 1000 + 0.25 * 400, rel=1e-4)  # a day's return forgone
    assert values.together == pytest.approx(150, rel=1e-3)
    more = plan_of(None, [benefit(2026, 1100)], [spent("2025-12-31", 4000)], rate=0.10)
    assert value_model.asset_values(more, more.groups[0], 1000.0).assets["M1"].value == pytest.approx(1000)


def test_a_royalty_is_a_share_of_revenue_and_not_of_savings():
    rates = {"royalty_rates": [{"asset_id": "M1", "low": 0.02, "mode": 0.05, "high": 0.08, "source": "register"}]}
    made = [asset(acquisition="licensed", legal_control="licensed")]
    saving = plan_of(made, [benefit(2026, 1100)], market=rates)
    assert value_model.approaches.relief_from_royalty(saving, "M1") is None
    sold = plan_of(made, [benefit(2026, 1100, benefit_type="revenue")], market=rates)
    assert value_model.approaches.relief_from_royalty(sold, "M1").value == pytest.approx(0.05 * 1000)
    assert value_model.asset_values(sold, sold.groups[0], 1000.0).assets["M1"].value == pytest.approx(50)


def test_the_check_of_returns_can_fail():
    assets = [asset("D1", kind="data", feeds="M1"), asset("M1")]
    rows = [spent("2025-12-31", 250, "D1"), spent("2025-12-31", 100, "M1")]
    rows_of = [benefit(y, 300) for y in (2026, 2027, 2028)]
    plan = plan_of(assets, rows_of, rows, premium=PREMIUMS | {"model": 0.3})
    group = plan.groups[0]
    found = returns_on_assets(plan, group)
    assert found.rest > 0 and found.passed is False and "fails" in found.sentence
    values = value_model.asset_values(plan, group, float(value_model.evaluate(plan).groups[group.name]))
    parts = sum(item.value for item in values.assets.values())
    assert found.fair == pytest.approx((found.wara * parts + found.highest * found.rest) / values.worth)
    assert found.wara < found.fair < found.highest and found.worth < values.worth
    near = plan_of(assets, rows_of, rows, premium=PREMIUMS | {"model": 0.021})
    assert returns_on_assets(near, near.groups[0]).passed is True
    same = plan_of(assets, rows_of, rows, premium=0.05)
    assert returns_on_assets(same, same.groups[0]).passed is True


def test_the_check_of_returns_fails_where_what_earns_has_no_weight():
    """Charges take all: the group bears the rate of its data, though its benefits are as uncertain as its model."""
    assets = [asset("D1", kind="data", feeds="M1"), asset("M1")]
    plan = plan_of(assets, [benefit(2026, 300)], [spent("2025-12-31", 5000, "D1")], premium=PREMIUMS | {"model": 0.3})
    (group,) = plan.groups
    found, asked = returns_on_assets(plan, group), plan.wacc + 0.3
    assert found.passed is False and "nothing is left to M1" in found.sentence and group.rate < asked
    assert (found.fair, found.worth) == pytest.approx((asked, 300 / (1 + asked)))


# ---------------------------------------------------------------- law


def test_a_prohibited_asset_costs_what_stopping_it_costs_and_takes_down_what_needs_it():
    assets = [asset("D1", kind="data", feeds="M1", eu_ai_act_class="prohibited"), asset("M1"), asset("M2")]
    rows = [benefit(2026, 100, "M1"), benefit(2026, 100, "D1"), benefit(2026, 110, "M2")]
    costs = [cost("2026-12-31", 5, "D1"), cost("2026-12-31", 22, "D1", phase="decommission")]
    plan = plan_of(assets, rows, costs)
    assert {name: float(v) for name, v in value_model.evaluate(plan).groups.items()} == pytest.approx(
        {"D1": -20, "M1": 0, "M2": 100}
    )
    found = value_model.conclude(plan, 256)
    words = {item.name: item.verdict for item in found.groups}
    assert words["D1"].word == words["M1"].word == "withheld"
    assert "prohibited" in words["M1"].reason and "D1" in words["M1"].reason
    assert found.value == pytest.approx(100 - 20)  # what stopping costs is due


def test_unclear_control_of_what_a_model_needs_withholds_the_group():
    assets = [asset("D1", kind="data", feeds="M1", legal_control="unclear"), asset("M1"), asset("M2")]
    plan = plan_of(assets, [benefit(2026, 110, "M1"), benefit(2026, 110, "M2")])
    found = value_model.conclude(plan, 256)
    assert [item.verdict.word for item in found.groups] == ["withheld", "almost surely positive"]
    assert found.value == pytest.approx(100) and [item.name for item in found.left_out] == ["D1 + M1"]
    assert any("M1 cannot be had without it" in sentence for sentence in value_model.findings(plan))


# ---------------------------------------------------------------- verdict


@pytest.mark.parametrize(
    ("below", "word"),
    [(0.0, "almost surely positive"), (0.01, "almost surely positive"), (0.0101, "likely positive"),
     (0.1, "likely positive"), (0.11, "open"), (0.5, "open"), (0.51, "not supported"), (1.0, "not supported"),
     (None, "withheld")],
)  # fmt: skip
def test_the_word_follows_from_the_share_below_zero(below, word):
    assert value_model.verdict(below).word == word


def test_nothing_given_is_withheld():
    assert value_model.conclude(plan_of(), 256).groups[0].verdict.word == "withheld"


def test_an_old_evaluation_withholds_the_conclusion():
    old = evaluation(evaluated_on=date(2023, 12, 30))
    found = value_model.conclude(plan_of(benefits=[linked(2026)], evaluations=[old]), 256)
    assert found.groups[0].verdict.word == "withheld" and "older than 2 years" in found.groups[0].verdict.reason
    new = evaluation(evaluated_on=date(2024, 1, 2))
    assert value_model.conclude(plan_of(benefits=[linked(2026)], evaluations=[new]), 256).groups[0].verdict.concluded


def test_where_the_test_set_does_not_tell_the_sign_a_range_stands_in_place_of_a_number():
    margins = {"tp": 14, "fp": 8, "fn": 11, "tn": 67}
    weak = evaluation(paired=False, model=margins)
    plan = plan_of(benefits=[linked(2026)], evaluations=[weak])
    found = value_model.conclude(plan, 256)
    assert found.groups[0].verdict.word == "not shown"
    assert not found.concluded and found.value is None and found.interval is None
    low, high = found.groups[0].interval
    assert low < 0 < high


def test_there_is_no_cliff_at_a_number_of_baseline_cases():
    """Four positives of the baseline say nothing, whether forty cases or forty-one are given."""
    words = set()
    for true_negatives in (35, 36):
        few = evaluation(
            paired=False,
            n=10000,
            model={"tp": 176, "fp": 690, "fn": 244, "tn": 8890},
            baseline={"tp": 1, "fp": 1, "fn": 3, "tn": true_negatives},
        )
        words.add(value_model.gains(plan_of(benefits=[linked(2026)], evaluations=[few]))[0].word)
    assert words == {"not shown"}


def test_pairs_decide_and_never_widen_here():
    with_pairs = value_model.gains(plan_of(benefits=[linked(2026)], evaluations=[evaluation()]))[0]
    without = value_model.gains(plan_of(benefits=[linked(2026)], evaluations=[evaluation(paired=False)]))[0]
    assert with_pairs.per_case == pytest.approx(GAIN) == pytest.approx(without.per_case)
    assert without.interval == pytest.approx(with_pairs.margins)
    assert without.interval[1] - without.interval[0] > with_pairs.interval[1] - with_pairs.interval[0]


def test_the_interval_of_a_gain_covers_the_true_gain():
    """300 test sets from known cells: the 90 % interval holds the true gain in about 90 % of them."""
    from lepton_nb.client import Evaluation
    from lepton_nb.value_model.gains import gain_draws, gain_per_case

    made = make(benefits=[linked(2026)], evaluations=[evaluation()]).evaluations[0]
    assert isinstance(made, Evaluation)
    shares = np.array([cell.count for cell in made.paired]) / 100
    true, generator, inside = float(gain_per_case(made)), np.random.default_rng(5), 0
    for _ in range(300):
        counts = generator.multinomial(400, shares)
        cells = tuple(cell.model_copy(update={"count": int(n)}) for cell, n in zip(made.paired, counts, strict=True))
        low, high = gain_draws(made.model_copy(update={"paired": cells}), 1, draws=1024).interval
        inside += low <= true <= high
    assert 0.86 <= inside / 300 <= 0.945


# ---------------------------------------------------------------- uncertainty


SCENARIOS = [
    {"name": "bad", "p": 0.25, "benefit_multiplier": 0.5, "cost_multiplier": 1},
    {"name": "base", "p": 0.5, "benefit_multiplier": 1, "cost_multiplier": 1},
    {"name": "good", "p": 0.25, "benefit_multiplier": 2, "cost_multiplier": 1,
     "assets": [{"asset_id": "M2", "benefit_multiplier": 3, "cost_multiplier": 1}]},
]  # fmt: skip


def test_scenarios_are_drawn_by_their_probability():
    plan = plan_of(benefits=[benefit(2026, 100)], scenarios=SCENARIOS, rate=0.0)
    found = value_model.simulate(plan, 4096).total
    assert sorted(np.unique(np.round(found.values))) == [50, 100, 200]
    assert found.mean == pytest.approx(0.25 * 50 + 0.5 * 100 + 0.25 * 200, rel=1e-3)


def test_scenarios_of_one_asset_hold_for_it_alone():
    assets = [asset("M1"), asset("M2")]
    rows = [benefit(2026, 100, "M1"), benefit(2026, 100, "M2")]
    found = value_model.simulate(plan_of(assets, rows, scenarios=SCENARIOS, rate=0.0), 4096)
    assert found.groups["M2"].values.max() == pytest.approx(300)
    assert found.groups["M1"].values.max() == pytest.approx(200)


def test_attribution_and_adoption_are_drawn_where_they_are_ranges():
    shares = {"attribution": None, "attribution_low": 0.4, "attribution_mode": 0.5, "attribution_high": 0.9}
    plan = plan_of(benefits=[benefit(2026, 100) | shares], rate=0.0)
    assert plan.inputs["M1.saving.attribution"].category == "attribution"
    found = value_model.simulate(plan).total
    assert found.mean == pytest.approx(100 * (0.4 + 0.5 + 0.9) / 3, rel=1e-3)
    assert float(value_model.evaluate(plan).total) == pytest.approx(50)


def test_a_measured_decay_is_drawn_within_its_interval():
    rows = monitoring("recall", [0.80, 0.79, 0.80, 0.79], n=200)
    plan = plan_of([asset(half_life_years=3)], [linked(2026)], evaluations=[evaluation()], monitoring=rows, rate=0.0)
    assert plan.inputs["M1.decay"].range == plan.decays["M1"].drawn
    slow, fast = (float(value_model.evaluate(plan, World(drawn={"M1.decay": level})).total) for level in (0.0, 1.0))
    assert fast < float(value_model.evaluate(plan).total) < slow == pytest.approx(1000 * GAIN)


def test_money_per_outcome_has_its_own_grade():
    money = {"tp": [0, 0, 0], "fp": [-1, -1, -1], "fn": [-12, -10, -8], "tn": [0, 0, 0]}
    graded = evaluation(outcome_value=money | {"fn_evidence": "vendor"})
    plan = plan_of(benefits=[linked(2026)], evaluations=[graded], rate=0.0)
    assert plan.inputs["E1.fn"].range == lines.widened(lines.ThreePoint(-12, -10, -8), 2.0)
    assert plan.inputs["E1.fn"].grade == "vendor"
    plain = plan_of(benefits=[linked(2026)], evaluations=[evaluation(outcome_value=money)], rate=0.0)
    assert plain.inputs["E1.fn"].grade == "measured"


def test_the_value_is_the_mean_of_the_draws_and_the_most_likely_case_stands_beside():
    plan = plan_of(benefits=[benefit(2026, (50, 100, 250))], rate=0.0)
    found = value_model.conclude(plan, 8192)
    assert found.value == pytest.approx(400 / 3, rel=1e-3) and found.most_likely == pytest.approx(100)
    low, high = found.interval
    inside = (found.distribution.total.values >= low) & (found.distribution.total.values <= high)
    assert inside.mean() == pytest.approx(0.90, abs=0.002)


# ---------------------------------------------------------------- what no rate, price or grade may do


def test_a_higher_rate_does_not_better_the_word_where_stopping_is_dear():
    rows = [cost("2028-12-31", (60, 100, 140), phase="decommission")]
    words = []
    for rate in (0.0, 0.10, 0.30):
        plan = plan_of(benefits=[benefit(2026, (90, 100, 110))], costs=rows, rate=rate)
        words.append(value_model.conclude(plan, 2048).groups[0])
    assert words[2].below_zero < 0.05 < words[0].below_zero
    assert {item.verdict.word for item in words} == {words[0].verdict.word}
    assert "with discounting or without" in words[2].verdict.reason
    assert "without" not in words[0].verdict.reason


def test_a_higher_rate_does_not_better_the_word_where_late_losses_are_run():
    rows = [cost(f"{year}-12-31", (40, 60, 80)) for year in (2026, 2027, 2028)]
    benefits = [benefit(2026, 190), benefit(2027, 5), benefit(2028, 0)]
    shares = []
    for rate in (0.02, 0.4):
        plan = plan_of(benefits=benefits, costs=rows, rate=rate, valuation=RUN)
        drawn = value_model.simulate(plan, 2048)
        name = plan.groups[0].name
        shares.append(drawn.losing(name))
        assert drawn.losing(name) >= float((drawn.groups[name].values < 0).mean())
    assert shares[1] >= shares[0]


def test_the_sum_without_discounting_is_that_of_the_cash_flows():
    plan = plan_of(benefits=[benefit(2026, 100), benefit(2027, 80)], costs=[cost("2027-12-31", 30)], tax=0.3)
    value, flows = value_model.money.value_and_flows(plan, plan.groups[0])
    assert float(flows) == pytest.approx(sum(float(y.net) for y in value_model.cash_flows(plan, plan.groups[0])))
    assert float(value) == pytest.approx(float(value_model.evaluate(plan).total)) and value < flows


def test_what_is_never_worth_beginning_is_not_supported_at_any_rate():
    project = [asset(in_service_date=None, lifecycle_stage="algorithm_development", p_technical_success=0.5)]
    rows = [cost("2027-06-30", (80, 100, 120), phase="development")]
    words = []
    for rate in (0.05, 0.60):
        plan = plan_of(project, [benefit(2027, (100, 150, 300)), benefit(2028, 120)], rows, rate=rate)
        found = value_model.conclude(plan, 1024).groups[0]
        words.append(found.verdict.word)
    assert words[0] in ("open", "not supported") and words[1] == "not supported"
    assert found.value == 0 and "not begun" in found.verdict.reason


def real_client(inflation, rates="real", **changes):
    rows = [benefit(y, 100) for y in (2026, 2027, 2028)]
    found = make([asset(useful_life_years=3)], rows, [spent("2025-12-31", 90)], tax=0.3, rate=0.05, **changes)
    prices = found.valuation.model_copy(update={"price_basis": "real"})
    discount = found.discount.model_copy(update={"rate_basis": rates, "inflation": inflation})
    return found.model_copy(update={"valuation": prices, "discount": discount})


def test_in_real_prices_what_was_paid_saves_less_tax_every_year():
    plan = value_model.plan(real_client(0.10))
    charges = value_model.money.amortisation(plan)["M1"]
    times = [span.time for span in plan.periods]
    nominal = value_model.money.amortisation(value_model.plan(real_client(0.0)))["M1"]
    assert nominal == pytest.approx([30, 30, 30], rel=0.04)
    assert charges == pytest.approx([each * 1.1**-time for each, time in zip(nominal, times, strict=True)])


def test_real_and_nominal_figures_of_one_client_have_one_value():
    rise, real = 0.04, real_client(0.04)
    loss = [*real.costs, *make(costs=[cost("2026-12-31", 160)]).costs]
    real = real.model_copy(update={"costs": tuple(loss)})
    plan = value_model.plan(real)
    times = {span.year: span.time for span in plan.periods}
    raised = [benefit(year, 100 * (1 + rise) ** time) for year, time in times.items()]
    costs = [spent("2025-12-31", 90), cost("2026-12-31", 160 * (1 + rise) ** times[2026])]
    nominal = make([asset(useful_life_years=3)], raised, costs, tax=0.3, rate=1.05 * (1 + rise) - 1)
    expected = float(value_model.evaluate(value_model.plan(nominal)).total)
    assert float(value_model.evaluate(plan).total) == pytest.approx(expected, rel=1e-9)
    (by_lines,) = line_values.group_values(tables.line_tables(plan)).values()
    assert by_lines == pytest.approx(expected)


def test_planned_development_in_real_prices_keeps_its_worth_until_it_is_paid():
    project = [asset(in_service_date=None, lifecycle_stage="algorithm_development", useful_life_years=2)]
    rows = [cost("2026-12-31", 60, phase="development")]
    real = make(project, [benefit(2027, 100), benefit(2028, 100)], rows, tax=0.3)
    real = real.model_copy(update={
        "valuation": real.valuation.model_copy(update={"price_basis": "real"}),
        "discount": real.discount.model_copy(update={"rate_basis": "real", "inflation": 0.10}),
    })  # fmt: skip
    plan = value_model.plan(real)
    charges = value_model.money.amortisation(plan)["M1"]
    assert charges[1:] == pytest.approx([30 * 1.1 ** -(span.time - 1) for span in plan.periods[1:]])


def test_real_prices_without_inflation_are_said():
    assert any("no inflation" in note for note in value_model.plan(real_client(None)).notes)


def test_a_buyers_tax_benefit_in_real_prices_is_that_of_money_paid():
    real = real_client(0.04)
    market = real.model_copy(update={
        "valuation": real.valuation.model_copy(update=MARKET),
        "tax": real.tax.model_copy(update={"tax_amortisation_benefit": True}),
    })  # fmt: skip
    plan = value_model.plan(market)
    factor = methods.tax_amortisation_factor(0.3, 1.05 * 1.04 - 1, 5, "end")
    assert value_model.money.tax_benefit_factor(plan, plan.groups[0]) == pytest.approx(factor)


def test_a_weaker_grade_does_not_raise_the_mean_of_what_cannot_fall_below_zero():
    means = [
        value_model.conclude(plan_of(benefits=[benefit(2026, (10, 100, 190), evidence=grade)], rate=0.0), 4096).value
        for grade in ("measured", "pilot", "expert", "vendor")
    ]
    assert means == pytest.approx([100] * 4, abs=0.5)


def test_a_share_that_cannot_exceed_one_is_widened_on_neither_side_alone():
    assert lines.widened(decay.ThreePoint(0.6, 0.8, 1.0), 2, 1.0) == pytest.approx((0.6, 0.8, 1.0))
    assert lines.widened(decay.ThreePoint(0.7, 0.8, 0.9), 2, 1.0) == pytest.approx((0.6, 0.8, 1.0))


def test_a_stated_half_life_without_a_basis_gives_way_to_a_fall_that_the_months_show():
    months = monitoring("recall", (0.90, 0.80, 0.72, 0.66), n=5000)
    for basis, source in (({}, "measured"), ({"half_life_basis": "contract with the supplier"}, "stated")):
        model = [asset(half_life_years=9.0, **basis)]
        used = plan_of(model, [linked(2026)], evaluations=[evaluation()], monitoring=months).decays["M1"]
        assert used.source == source and used.basis == basis.get("half_life_basis", "margin")


def test_months_that_set_no_end_to_the_decay_move_nothing():
    months = monitoring("recall", (0.49, 0.47, 0.485, 0.47), n=20)
    plan = plan_of([asset(half_life_years=3.0)], [linked(2026)], evaluations=[evaluation()], monitoring=months)
    assert plan.decays["M1"].drawn is None and plan.decays["M1"].half_life == 3.0
    assert any("no half-life is read" in item.sentence for item in decay.monitored(plan.client))


def test_a_running_cost_on_the_valuation_date_pays_for_the_days_before():
    rows = [cost("2025-12-31", 30), cost("2025-12-31", 50, phase="development")]
    plan = plan_of(benefits=[benefit(2026, 100)], costs=rows, rate=0.0)
    assert float(value_model.evaluate(plan).total) == pytest.approx(50)
    assert any("days before it" in row.reason and row.amount == 30 for row in plan.left_out)


def test_retraining_and_leases_bear_the_rate_of_the_group_and_development_does_not():
    model = [asset(acquisition="leased", retrain_every_months=6, retrain_cost=5)]
    rows = [cost("2026-06-30", 10, category="lease"), cost("2026-06-30", 10, phase="development")]
    plan = plan_of(model, [benefit(2026, 100)], rows, premium=PREMIUMS)
    bound = {(line.category, line.phase): line.committed for line in plan.costs}
    assert bound["lease", "operation"] is False and bound["labour", "development"] is True
    assert bound["retraining", "operation"] is False
    assert all(line.written_off is None for line in plan.costs)


def test_one_draw_has_one_scenario_for_all_groups():
    scenarios = [
        {"name": name, "p": 0.5, "benefit_multiplier": by, "cost_multiplier": 1}
        for name, by in (("bad", 0.5), ("good", 1.5))
    ]
    found = value_model.simulate(
        plan_of([asset(), asset("M2")], [benefit(2026, 10), benefit(2026, 100, "M2")], scenarios=scenarios), 1024
    )
    one, other = (item.values for item in found.groups.values())
    assert other == pytest.approx(10 * one) and len(set(np.round(one, 6))) == 2


def test_parts_of_a_group_that_lose_still_sum_to_it():
    assets = [asset("D1", kind="data", feeds="M1;M2"), asset("M1"), asset("M2")]
    rows = [benefit(2026, 300), benefit(2026, 20, "M2")]
    costs = [spent("2025-06-30", 40, "D1"), cost("2026-12-31", 200, "M2"), spent("2025-06-30", 30)]
    plan = plan_of(assets, rows, costs, tax=0.3)
    (group,) = value_model.conclude(plan, 512).groups
    values = {name: item.value for name, item in group.assets.assets.items()}
    assert values["M2"] < 0 < values["M1"]
    assert sum(values.values()) + group.assets.together == pytest.approx(group.value)


# ---------------------------------------------------------------- the rules as they are printed


def test_every_printed_rule_is_listed_with_tests_that_exist():
    here = Path(__file__).parent
    table = (here / "valuation_tests.md").read_text(encoding="utf-8").split("## Rules of value")[1]
    first, *others = re.split(r"^##+ ", table, flags=re.M)
    parts = {"rules.RULES": first} | {re.findall(r"`(\w+\.\w+)`", part)[0]: part for part in others if "`" in part}
    for name, part in parts.items():
        module, rules = name.split(".")
        listed = dict(re.findall(r"^\| ([A-Z][^|]*?) \| (`.*) \|$", part, flags=re.M))
        assert set(listed) == set(getattr(importlib.import_module(f"lepton_nb.value_model.{module}"), rules)), name
        for rule, tests in listed.items():
            names = re.findall(r"`(\w+\.py)::(\w+)`", tests)
            assert names, rule
            for file, test in names:
                assert f"def {test}(" in (here / file).read_text(encoding="utf-8"), f"{rule}: {file}::{test}"
    assert {name for name in _printed() if name != "market.RULES"} == set(parts)  # those of market are in serving's


def _printed() -> set[str]:
    """Every dictionary of rules in the value layer, as module.NAME."""
    found = set()
    for path in Path(value_model.__file__).parent.glob("*.py"):
        names = re.findall(r"^((?:[A-Z]+_)?RULES) = ", path.read_text(encoding="utf-8"), flags=re.M)
        found |= {f"{path.stem}.{name}" for name in names}
    return found


def test_the_share_that_decides_a_verdict_is_said():
    decided = verdict(0.008, losing=0.0134)
    assert decided.word == "likely positive"
    assert decided.reason.startswith(
        "1.3 % of the draws lose money, with discounting or without it, which is at most 10 %"
    )
    assert verdict(0.008, losing=0.009).reason == "P(value < 0) is at most 1 %"


def test_a_buyers_tax_benefit_is_that_of_one_price():
    market = {"valuation": {"basis_of_value": "fair_value_ifrs13"}, "tax": 0.25}
    wide = [benefit(2026, (0, 100, 500))]

    def drawn(cost_of_it, **changed):
        made = make([asset()], wide, [cost("2026-12-31", cost_of_it)], **market)
        return made.model_copy(update={"tax": made.tax.model_copy(update={"tax_amortisation_benefit": True} | changed)})

    for paid in (20, 150, 400):
        plan = value_model.plan(drawn(paid))
        bare = value_model.plan(drawn(paid, tax_amortisation_benefit=False))
        (one,), (other,) = (value_model.simulate(each, 1000).groups.values() for each in (plan, bare))
        factor = value_model.money.tax_benefit_factor(plan, plan.groups[0])
        assert factor > 1.05 and np.mean(other.values < 0) > 0
        raised = factor if other.values.mean() > 0 else 1.0
        assert one.values == pytest.approx(raised * other.values), paid
        assert np.mean(one.values < 0) == np.mean(other.values < 0)
    assert other.values.mean() < 0  # the last of them is worth nothing to anybody: no price, no benefit


def test_the_grade_of_a_half_life_says_who_gave_it_and_whether_months_give_its_range():
    fall = monitoring("recall", [0.95, 0.90, 0.85, 0.80], n=4000)

    def grade(months=(), **made):
        plan = plan_of([asset(**made)], [linked(2026)], evaluations=[evaluation()], monitoring=months)
        return plan.decays["M1"].grade

    assert grade() == "" and grade(half_life_years=3) == "stated"
    assert grade(fall) == "measured"
    assert grade(fall, half_life_years=3, half_life_basis="measured_drift") == "stated as measured, range measured"
