"""From a client's figures to money: every rule on a client small enough to value by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lepton_nb import client, value_model
from lepton_nb.client import Client, ThreePoint
from lepton_nb.valuation import cashflows
from lepton_nb.value_model import World, times
from lepton_nb.value_model.lines import widened
from lepton_nb.value_model.returns import if_it_succeeds

CLIENTS = Path(__file__).resolve().parent.parent / "clients"

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


# ---------------------------------------------------------------- clients small enough to value by hand


def asset(asset_id="M1", **changes):
    return {
        "asset_id": asset_id, "name": f"Asset {asset_id}", "kind": "model", "lifecycle_stage": "deployment",
        "in_service_date": "2026-01-01", "useful_life_years": 20, "useful_life_basis": "technical",
        "acquisition": "internal", "legal_control": "owned", "eu_ai_act_class": "minimal", "privacy_class": "none",
    } | changes  # fmt: skip


def benefit(year, amount, asset_id="M1", **changes):
    """A benefit of ``amount`` a year: one unit worth that much, certain."""
    low, mode, high = amount if isinstance(amount, tuple) else (amount,) * 3
    return {
        "asset_id": asset_id, "driver_id": "saving", "year": year, "benefit_type": "cost_saving", "volume_low": 1,
        "volume_mode": 1, "volume_high": 1, "unit": "plants", "unit_value_low": low, "unit_value_mode": mode,
        "unit_value_high": high, "attribution": 1, "adoption": 1, "metric_link": "none", "evidence": "measured",
    } | changes  # fmt: skip


def cost(day, amount, asset_id="M1", **changes):
    low, mode, high = amount if isinstance(amount, tuple) else (amount,) * 3
    return {
        "asset_id": asset_id, "date": day, "phase": "operation", "category": "labour", "kind": "forecast",
        "low": low, "mode": mode, "high": high,
    } | changes  # fmt: skip


def spent(day, amount, asset_id="M1", phase="development"):
    return {"asset_id": asset_id, "date": day, "phase": phase, "category": "labour", "kind": "actual", "amount": amount}


def make(assets=None, benefits=(), costs=(), *, tax=0.0, rate=0.10, premium=0.0, correlations=(), **changes):
    """A client valued on 2025-12-31, end of year, over 3 whole years, at 10 % without tax unless told."""
    valuation = {
        "date": "2025-12-31", "purpose": "management", "basis_of_value": "investment_value", "currency": "EUR",
        "price_basis": "nominal", "timing": "end", "horizon_years": 3,
    } | changes.pop("valuation", {})  # fmt: skip
    premiums = premium if isinstance(premium, dict) else dict.fromkeys(("data", "model", "infrastructure"), premium)
    return Client(
        client={"name": "Tiny", "synthetic": True, "industry": "test", "country": "DE"},
        valuation=valuation,
        discount={"method": "given", "wacc": rate, "asset_premium": premiums},
        tax={"rate": tax, "tax_amortisation_benefit": False, "tab_years": 5},
        scenarios=changes.pop("scenarios", [{"name": "base", "p": 1, "benefit_multiplier": 1, "cost_multiplier": 1}]),
        monte_carlo={"draws": 1000, "seed": 7, "correlations": list(correlations)},
        assets=assets or [asset()],
        benefits=list(benefits),
        costs=list(costs),
        **changes,
    )


RUN = {"loss_years": "run", "loss_years_reason": "the test looks at a year of loss"}


def plan_of(*arguments, **named):
    return value_model.plan(make(*arguments, **named))


def total(*arguments, **named) -> float:
    return float(value_model.evaluate(plan_of(*arguments, **named)).total)


def evaluation(paired=True, baseline=None, **changes):
    """100 cases; the model catches 8 more positives and raises 2 more false alarms than the baseline."""
    cells = {
        (1, 1, 1): 10,
        (1, 1, 0): 10,
        (1, 0, 1): 2,
        (1, 0, 0): 3,
        (0, 1, 1): 4,
        (0, 1, 0): 5,
        (0, 0, 1): 3,
        (0, 0, 0): 63,
    }
    pairs = [{"y_true": y, "model": m, "baseline": b, "count": n} for (y, m, b), n in cells.items()]
    return {
        "evaluation_id": "E1", "asset_id": "M1", "evaluated_on": date(2025, 12, 31), "sample": "cases", "n": 100,
        "model": {"tp": 20, "fp": 9, "fn": 5, "tn": 66}, "baseline": baseline or {"tp": 12, "fp": 7, "fn": 13, "tn": 68},
        "paired": pairs if paired else None,
        "outcome_value": {"tp": ThreePoint(0, 0, 0), "fp": ThreePoint(-1, -1, -1), "fn": ThreePoint(-10, -10, -10),
                          "tn": ThreePoint(0, 0, 0)},
    } | changes  # fmt: skip


GAIN = (10 * (10 - 2) - 1 * (5 - 3)) / 100  # 0.78 per case


def linked(year, **changes):
    none = {"unit_value_low": None, "unit_value_mode": None, "unit_value_high": None}
    many = {"volume_low": 1000, "volume_mode": 1000, "volume_high": 1000, "metric_link": "confusion:E1"}
    return benefit(year, 1) | none | many | changes


# ---------------------------------------------------------------- years and timing


def test_the_year_of_the_valuation_date_counts_by_days():
    spans = times.periods(date(2026, 6, 30), 6, "mid_year")
    assert spans[0].share == 184 / 365
    assert [span.share for span in spans[1:-1]] == [1.0] * 5
    assert spans[-1].share == 182 / 365  # to 30 June 2032
    assert spans[-1].end == date(2032, 6, 30)


def test_a_leap_year_counts_once():
    spans = times.periods(date(2027, 12, 31), 1, "end")
    assert [(span.year, span.share) for span in spans] == [(2028, 1.0)]
    assert spans[0].time == 366 / 365


def test_mid_year_is_the_middle_of_the_short_period():
    first, second, *_ = times.periods(date(2026, 6, 30), 6, "mid_year")
    assert first.time == 92 / 365
    assert first.day == date(2026, 9, 30)
    assert second.time == pytest.approx((184 + 182.5) / 365)


def test_end_is_the_last_day_of_the_period():
    first, second, *_ = times.periods(date(2026, 6, 30), 6, "end")
    assert (first.time, second.time) == (184 / 365, 549 / 365)
    assert first.day == date(2026, 12, 31)


def test_a_horizon_from_29_february_ends_on_28_february():
    assert times.periods(date(2028, 2, 29), 1, "end")[-1].end == date(2029, 2, 28)


def test_value_at_the_end_of_each_year():
    assert total(benefits=[benefit(2026, 110), benefit(2027, 121)]) == pytest.approx(200)


def test_mid_year_value_is_half_a_year_nearer():
    late = total(benefits=[benefit(2026, 110)])
    early = total(benefits=[benefit(2026, 110)], valuation={"timing": "mid_year"})
    assert early == pytest.approx(late * 1.1**0.5)


def test_only_the_share_of_the_year_counts():
    value = total(benefits=[benefit(2026, 365)], rate=0.0, valuation={"date": "2026-06-30"})
    assert value == pytest.approx(184)


def test_benefits_outside_the_horizon_are_left_out_and_said_so():
    plan = plan_of(benefits=[benefit(2026, 110), benefit(2029, 1000), benefit(2025, 1000)])
    assert float(value_model.evaluate(plan).total) == pytest.approx(100)
    assert [row.reason for row in plan.left_out] == ["year outside the horizon", "year before the valuation date"]


def test_a_year_without_a_benefit_is_named():
    notes = plan_of(benefits=[benefit(2026, 1), benefit(2027, 1)]).notes
    assert any("2028" in note for note in notes)


# ---------------------------------------------------------------- costs


def test_costs_fall_on_their_own_dates():
    value = total(
        benefits=[benefit(2026, 1000)], costs=[cost("2027-12-31", 121), cost("2026-07-01", 50)], valuation=RUN
    )
    assert value == pytest.approx(1000 / 1.1 - 100 - 50 / 1.1 ** (182 / 365))


def test_the_value_is_the_xnpv_of_the_dated_flows():
    plan = plan_of(
        benefits=[benefit(2026, 400), benefit(2027, 400)],
        costs=[cost("2026-03-31", 100), cost("2028-01-15", 50)],
        valuation=RUN,
    )
    amounts, days = [400, 400, -100, -50], ["2026-12-31", "2027-12-31", "2026-03-31", "2028-01-15"]
    expected = cashflows.xnpv(0.10, amounts, days, valuation_date="2025-12-31")
    assert float(value_model.evaluate(plan).total) == pytest.approx(expected)


def test_sunk_costs_are_shown_and_change_nothing():
    without = plan_of(benefits=[benefit(2026, 110)])
    with_sunk = plan_of(benefits=[benefit(2026, 110)], costs=[spent("2025-06-30", 9999), spent("2025-12-31", 1)])
    assert value_model.evaluate(with_sunk) == value_model.evaluate(without)
    assert value_model.sunk_costs(with_sunk.client) == {"M1": 10000}


def test_costs_after_the_horizon_and_forecasts_of_the_past_are_left_out_and_said_so():
    plan = plan_of(
        costs=[
            cost("2029-01-01", 70),
            cost("2025-12-30", 80),
            cost("2025-12-31", 90, phase="research"),
            cost("2028-12-31", 0),
        ]
    )
    assert float(value_model.evaluate(plan).total) == pytest.approx(-90)  # on the valuation date: in full
    assert [(row.amount, row.reason) for row in plan.left_out] == [
        (70, "after the horizon, which ends on 2028-12-31"),
        (80, "forecast dated before the valuation date"),
    ]


# ---------------------------------------------------------------- one benefit


def test_volume_times_value_times_attribution_times_adoption():
    row = benefit(2026, 20, volume_low=3, volume_mode=3, volume_high=3, attribution=0.5, adoption=0.25)
    assert total(benefits=[row], rate=0.0) == pytest.approx(3 * 20 * 0.5 * 0.25)


def test_a_linked_benefit_takes_the_measured_gain():
    assert total(benefits=[linked(2026)], evaluations=[evaluation()], rate=0.0) == pytest.approx(1000 * GAIN)
    assert total(benefits=[linked(2026)], evaluations=[evaluation(paired=False)], rate=0.0) == pytest.approx(
        1000 * GAIN
    )


def test_an_accepted_share_multiplies_the_unit_value():
    tested = [{"asset_id": "M1", "evaluated_on": "2025-11-30", "n": 50, "accepted_without_edit": 40, "unit": "letters"}]
    value = total(benefits=[benefit(2026, 100, metric_link="acceptance:M1")], acceptance=tested, rate=0.0)
    assert value == pytest.approx(80)


def test_decay_is_the_mean_over_the_days_that_count_from_the_evaluation():
    value = total(
        [asset(half_life_years=2)], [linked(2026)], evaluations=[evaluation(evaluated_on=date(2024, 12, 31))], rate=0.0
    )
    # from 1 to 2 years after the evaluation, half-life 2: the integral of 2^(-a/2)
    assert value == pytest.approx(1000 * GAIN * 2 / np.log(2) * (2**-0.5 - 2**-1))


def test_decay_of_an_estimate_runs_from_the_valuation_date():
    value = total([asset(half_life_years=1)], [benefit(2026, 100)], rate=0.0)
    assert value == pytest.approx(100 / np.log(2) * (1 - 0.5))


def test_decay_of_an_estimate_starts_with_its_first_year_in_use():
    rows = [benefit(2026, 100, adoption=0), benefit(2027, 100), benefit(2028, 100)]
    value = total([asset(half_life_years=1)], rows, rate=0.0)
    end = 1 + 366 / 365
    assert value == pytest.approx(100 / np.log(2) * (1 - 0.5) + 100 / np.log(2) * (0.5 - 2**-end) / (end - 1))


def test_without_a_half_life_nothing_decays():
    assert total(benefits=[benefit(2026, 100), benefit(2028, 100)], rate=0.0) == pytest.approx(200)


# ---------------------------------------------------------------- tax


def test_tax_is_charged_on_benefits_less_running_costs():
    rows = [
        cost("2026-12-31", 40),
        cost("2026-12-31", 10, phase="research"),
        cost("2026-12-31", 5, phase="decommission"),
    ]
    assert total(benefits=[benefit(2026, 100)], costs=rows, tax=0.3, rate=0.0) == pytest.approx(45 * 0.7)


KEEP = {"beyond_useful_life": "keep", "beyond_useful_life_reason": "the test looks at the tax alone"}


def taxes(assets=None, benefits=(), costs=(), **named) -> list[float]:
    plan = plan_of(assets, benefits, costs, tax=0.3, rate=0.0, valuation=KEEP, **named)
    return [float(year.tax) for year in value_model.cash_flows(plan, plan.groups[0])]


YEARS = [benefit(year, 100) for year in (2026, 2027, 2028)]


def test_tax_amortises_what_was_capitalised_and_what_it_cost_stays_sunk():
    made = [asset(useful_life_years=2)]
    rows = [spent("2025-06-30", 60), spent("2024-06-30", 500, phase="research")]
    assert taxes(made, YEARS, rows) == pytest.approx([0.3 * 70, 0.3 * 70, 0.3 * 100])
    assert total(made, YEARS, rows, tax=0.3, rate=0.0, valuation=KEEP) == pytest.approx(300 * 0.7 + 0.3 * 60)


def test_tax_amortises_only_what_is_left_of_the_life():
    # 40 months used before the valuation date, 8 left of 48
    made = [asset(useful_life_years=4, in_service_date="2022-09-01")]
    assert taxes(made, YEARS, [spent("2022-08-31", 48)]) == pytest.approx([0.3 * (100 - 8), 30, 30])


def test_tax_amortises_planned_development_from_the_first_year_in_use():
    made = [asset(lifecycle_stage="algorithm_development", in_service_date=None, useful_life_years=4)]
    used = [benefit(2026, 100, adoption=0), benefit(2027, 100), benefit(2028, 100)]
    rows = [cost("2026-06-30", 40, phase="development"), spent("2025-06-30", 8)]
    assert taxes(made, used, rows) == pytest.approx([0, 0.3 * (100 - 12), 0.3 * (100 - 12)])
    assert total(made, used, rows, tax=0.3, rate=0.0) == pytest.approx(200 * 0.7 - 40 + 0.3 * 24)


def test_tax_amortisation_waits_for_the_last_development_of_the_first_year():
    made = [asset(lifecycle_stage="algorithm_development", in_service_date=None, useful_life_years=1)]
    used = [benefit(2026, 100), benefit(2027, 100), benefit(2028, 100)]
    rows = [cost("2026-07-31", 48, phase="development"), cost("2027-03-31", 10, phase="development")]
    # July 2026 to June 2027; what comes after the first year is upkeep
    assert taxes(made, used, rows) == pytest.approx([0.3 * (100 - 24), 0.3 * (100 - 24 - 10), 30])


def test_tax_expenses_development_of_an_asset_in_use_at_once():
    rows = [cost("2026-12-31", 40, phase="development")]
    assert taxes(None, YEARS, rows) == pytest.approx([0.3 * 60, 30, 30])


def test_tax_amortises_planned_hardware_from_its_purchase():
    made = [asset(useful_life_years=2)]
    rows = [cost("2027-07-01", 48, phase="operation", category="hardware")]
    assert taxes(made, YEARS, rows) == pytest.approx([30, 0.3 * (100 - 12), 0.3 * (100 - 24)])


def test_tax_of_a_coalition_holds_the_amortisation_of_its_members_alone():
    pair = [asset("D1", feeds=["M1"], useful_life_years=2), asset("M1", useful_life_years=2)]
    plan = plan_of(pair, YEARS, [spent("2025-06-30", 60), spent("2025-06-30", 20, "D1")], tax=0.3, rate=0.0)
    both = value_model.cash_flows(plan, plan.groups[0])
    alone = value_model.cash_flows(plan, plan.groups[0], members=["D1"])
    assert [float(year.amortisation) for year in both] == pytest.approx([40, 40, 0])
    assert [float(year.amortisation) for year in alone] == pytest.approx([10, 10, 0])


def test_tax_amortisation_counts_times_the_chance_of_success():
    made = [asset(lifecycle_stage="algorithm_development", in_service_date=None, useful_life_years=2,
                  p_technical_success=0.6)]  # fmt: skip
    rows = [cost("2026-06-30", 40, phase="development"), spent("2025-06-30", 20)]
    used = [benefit(2026, 0), benefit(2027, 100), benefit(2028, 100)]
    plan = plan_of(made, used, rows, tax=0.3, rate=0.0)
    charges = [float(year.amortisation) for year in value_model.cash_flows(plan, plan.groups[0])]
    # 40 and 20 over 24 months from June 2026, in which the last development is paid; times 0.6
    assert charges == pytest.approx([36 * 7 / 24, 36 * 12 / 24, 36 * 5 / 24])
    failed = value_model.World(chances={"M1": 0.0})
    assert not any(year.amortisation for year in value_model.cash_flows(plan, plan.groups[0], failed))


def test_tax_amortisation_follows_the_drawn_cost():
    made = [asset(lifecycle_stage="algorithm_development", in_service_date=None, useful_life_years=2)]
    used = [benefit(2026, 0), benefit(2027, 100), benefit(2028, 100)]
    plan = plan_of(made, used, [cost("2026-06-30", (20, 40, 80), phase="development")], tax=0.3, rate=0.0)
    dear = value_model.World(drawn={"M1.development.labour": 1.0})
    # 80 in place of 40, written off over 24 months from June 2026
    moved = float(value_model.evaluate(plan, dear).total) - float(value_model.evaluate(plan).total)
    assert moved == pytest.approx(-40 + 0.3 * 40)


def test_a_loss_is_carried_forward_until_it_is_used():
    plan = plan_of(
        benefits=[benefit(2026, 20), benefit(2027, 50), benefit(2028, 100)],
        costs=[cost("2026-12-31", 100)],
        tax=0.3,
        rate=0.0,
    )
    years = value_model.cash_flows(plan, plan.groups[0])
    assert [float(year.tax) for year in years] == pytest.approx([0, 0, 0.3 * (20 + 50 + 100 - 100)])
    assert sum(float(year.present) for year in years) == pytest.approx(float(value_model.evaluate(plan).total))


def test_a_loss_stays_in_its_group():
    assets = [asset("M1"), asset("M2")]
    value = total(assets, [benefit(2026, 100, "M1")], [cost("2026-12-31", 100, "M2")], tax=0.3, rate=0.0)
    assert value == pytest.approx(70 - 100)


# ---------------------------------------------------------------- technical success


def developed(p=0.6):
    return [asset(lifecycle_stage="algorithm_development", in_service_date=None, p_technical_success=p)]


def test_success_multiplies_what_comes_after_it_and_not_the_development():
    rows = [
        cost("2026-06-30", 50, phase="development"),
        cost("2026-06-30", 7, phase="research"),
        cost("2027-06-30", 20),
    ]
    value = total(developed(), [benefit(2027, 100)], rows, rate=0.0)
    assert value == pytest.approx(0.6 * (100 - 20) - 50 - 7)


def test_in_the_simulation_success_happens_in_its_share_of_the_draws():
    plan = plan_of(developed(), [benefit(2027, 100)], [cost("2026-06-30", 50, phase="development")], rate=0.0)
    drawn = value_model.simulate(plan).total
    assert sorted({round(value) for value in drawn.values}) == [-50, 50]
    assert drawn.mean == pytest.approx(0.6 * 100 - 50, abs=0.5)
    assert drawn.probability_below(0).value == pytest.approx(0.4, abs=0.01)


def test_a_benefit_needs_the_success_of_all_that_feeds_it():
    assets = [
        *developed(0.5),
        asset("M2", p_technical_success=0.5, lifecycle_stage="algorithm_development", in_service_date=None),
    ]
    assets[0]["feeds"] = "M2"
    assert total(assets, [benefit(2027, 100, "M2")], rate=0.0) == pytest.approx(25)


# ---------------------------------------------------------------- groups and shares


JOINT = [asset("D1", kind="data", feeds="M1"), asset("M1"), asset("I1", kind="infrastructure", feeds="M1"), asset("M2")]


def test_assets_that_feed_each_other_form_a_group():
    assert [group.name for group in plan_of(JOINT).groups] == ["D1 + M1 + I1", "M2"]


def test_cash_flows_and_bridge_sum_to_the_value():
    plan = value_model.plan(client.load(CLIENTS / "manufacturer"))
    worth = value_model.evaluate(plan)
    for group in plan.groups:
        rows = value_model.cash_flows(plan, group)
        assert sum(float(row.present) for row in rows) == pytest.approx(float(worth.groups[group.name]))
        assert value_model.bridge(plan, [group]).value == pytest.approx(float(worth.groups[group.name]))
    assert value_model.bridge(plan).value == pytest.approx(float(worth.total))


def test_what_is_left_out_is_told_once_with_its_years():
    plan = plan_of(benefits=[benefit(2026, 1), benefit(2029, 1), benefit(2030, 1)])
    assert "M1: benefit saving, 2029 to 2030 (2 rows), is left out: year outside the horizon." in value_model.findings(
        plan
    )


def test_a_terminal_growth_is_not_used_and_said_so():
    loaded = make(benefits=[benefit(2026, 110)])
    given = loaded.model_copy(update={"discount": loaded.discount.model_copy(update={"terminal_growth": 0.01})})
    plan = value_model.plan(given)
    assert float(value_model.evaluate(plan).total) == pytest.approx(100)
    assert any("terminal growth" in note for note in plan.notes)


# ---------------------------------------------------------------- rates of return


def test_no_outlay_no_rate_of_return_but_a_sentence():
    plan = plan_of(benefits=[benefit(2026, 100)], costs=[spent("2025-06-30", 50)])
    found = value_model.returns(plan, plan.groups[0])
    assert found.roots == () and "sunk" in found.irr_sentence
    assert found.payback_years is None and "sunk" in found.payback_sentence


def test_one_rate_of_return_and_payback():
    plan = plan_of(
        benefits=[benefit(2027, 60), benefit(2028, 72)], costs=[cost("2026-12-31", 100, phase="development")]
    )
    found = value_model.returns(plan, plan.groups[0])
    assert found.roots == pytest.approx(cashflows.xirr_all([-100, 60, 72], ["2026-12-31", "2027-12-31", "2028-12-31"]))
    assert found.payback_years == pytest.approx(2 + (40 / 72) * 366 / 365)
    assert found.discounted_payback_years > found.payback_years


def test_what_may_fail_has_its_payback_if_it_succeeds():
    made = [asset(in_service_date=None, lifecycle_stage="algorithm_development", p_technical_success=0.5)]
    plan = plan_of(made, [benefit(2027, 100), benefit(2028, 100)], [cost("2026-12-31", 100, phase="development")])
    group = plan.groups[0]
    sure, back = if_it_succeeds(plan, group)
    assert (sure, back) == (0.5, pytest.approx(2.0, abs=0.01))
    assert value_model.returns(plan, group).payback_years == pytest.approx(3.0, abs=0.01)
    plain = plan_of(benefits=[benefit(2027, 60)], costs=[cost("2026-12-31", 50, phase="development")])
    assert if_it_succeeds(plain, plain.groups[0]) == (
        1,
        value_model.returns(plain, plain.groups[0]).payback_years,
    )


def test_the_return_on_investment_is_of_present_values_before_tax_and_without_what_was_spent():
    plan = plan_of(
        benefits=[benefit(2027, 60), benefit(2028, 72)],
        costs=[cost("2026-12-31", 100, phase="development"), spent("2025-01-31", 900)],
    )
    found, (group,) = value_model.returns(plan, plan.groups[0]), plan.groups
    times = {span.year: span.time for span in plan.periods}
    earned = sum(amount * (1 + group.rate) ** -times[year] for year, amount in ((2027, 60), (2028, 72)))
    paid = 100 * (1 + plan.wacc) ** -((date(2026, 12, 31) - plan.date).days / 365)
    assert (found.benefits, found.costs) == (pytest.approx(earned), pytest.approx(paid))
    assert found.on_investment == pytest.approx(earned / paid - 1)
    assert value_model.returns(plan_of(benefits=[benefit(2026, 100)]), plan.groups[0]).on_investment is None


def test_groups_together_pay_back_what_they_cost_together():
    """One group pays first, the other earns meanwhile: together the outlay is smaller and comes back sooner."""
    plan = plan_of(
        assets=[asset(), asset("M2")],
        benefits=[benefit(2027, 60), benefit(2028, 72), benefit(2026, 40, "M2")],
        costs=[cost("2026-12-31", 100, phase="development"), cost("2026-12-31", 10, "M2")],
    )
    alone, other = (value_model.returns(plan, group) for group in plan.groups)
    both = value_model.returns(plan, *plan.groups)
    assert (both.benefits, both.costs) == (
        pytest.approx(alone.benefits + other.benefits),
        pytest.approx(alone.costs + other.costs),
    )
    assert both.on_investment == pytest.approx((both.benefits - both.costs) / both.costs)
    assert both.roots == pytest.approx(cashflows.xirr_all([-70, 60, 72], ["2026-12-31", "2027-12-31", "2028-12-31"]))
    assert both.payback_years == pytest.approx(2 + (10 / 72) * 366 / 365)
    assert value_model.returns(plan).costs == 0 and "no money flows" in value_model.returns(plan).irr_sentence


def test_several_rates_of_return_are_all_listed_and_none_decides():
    plan = plan_of(
        benefits=[benefit(2027, 10000)], costs=[cost("2026-12-31", 1600), cost("2028-12-30", 10000)], valuation=RUN
    )
    found = value_model.returns(plan, plan.groups[0])
    assert len(found.roots) == 2 and "none of them decides" in found.irr_sentence


def test_money_that_does_not_come_back():
    plan = plan_of(benefits=[benefit(2027, 10)], costs=[cost("2026-12-31", 100)])
    found = value_model.returns(plan, plan.groups[0])
    assert found.payback_years is None and "does not come back" in found.payback_sentence


def test_without_any_money_there_is_a_sentence_too():
    plan = plan_of()
    assert (
        value_model.returns(plan, plan.groups[0]).irr_sentence
        == "No rate of return and no payback period: no money flows."
    )


# ---------------------------------------------------------------- evidence and uncertainty


def test_evidence_widens_around_the_mode_and_not_below_zero():
    assert widened(ThreePoint(8, 10, 14), 1.5) == ThreePoint(7, 10, 16)
    assert widened(ThreePoint(2, 10, 14), 2) == ThreePoint(0, 10, 14)
    assert widened(ThreePoint(-14, -10, -2), 2) == ThreePoint(-14, -10, 0)


def test_the_grade_of_a_row_and_the_clients_own_factor_are_used():
    row = benefit(2026, (90, 100, 110), evidence="vendor")
    assert plan_of(benefits=[row]).inputs["M1.saving.unit_value"].range == ThreePoint(80, 100, 120)
    widening = {"vendor": 3}
    assert plan_of(benefits=[row], evidence_widening=widening).inputs["M1.saving.unit_value"].range == ThreePoint(
        70, 100, 130
    )


def test_a_measured_gain_of_a_weak_grade_is_widened_around_its_point():
    weak = plan_of(benefits=[linked(2026, evidence="vendor")], evaluations=[evaluation()], rate=0.0)
    assert float(value_model.evaluate(weak).total) == pytest.approx(1000 * GAIN)
    assert float(value_model.evaluate(weak, World(gains={"E1": GAIN + 0.1})).total) == pytest.approx(
        1000 * (GAIN + 0.2)
    )


def test_one_draw_serves_all_years():
    rows = [benefit(year, (50, 100, 150)) for year in (2026, 2027, 2028)]
    alone = value_model.simulate(plan_of(benefits=rows[:1], rate=0.0)).total
    together = value_model.simulate(plan_of(benefits=rows, rate=0.0)).total
    assert together.sd == pytest.approx(3 * alone.sd)
    assert together.values.min() >= 150 and together.values.max() <= 450


def test_a_simulation_repeats_with_its_seed():
    plan = plan_of(
        benefits=[benefit(2026, (50, 100, 180)), linked(2027, driver_id="flaws")], evaluations=[evaluation()]
    )
    first, again = value_model.simulate(plan), value_model.simulate(plan)
    assert np.array_equal(first.total.values, again.total.values)
    assert not np.array_equal(first.total.values, value_model.simulate(plan, seed=8).total.values)
    assert first.seed == 7


def test_missing_pairs_are_named():
    notes = plan_of(benefits=[linked(2026)], evaluations=[evaluation(paired=False)]).notes
    assert any("no paired counts" in note for note in notes)


def test_an_accepted_share_is_drawn_from_a_beta():
    tested = [{"asset_id": "M1", "evaluated_on": "2025-11-30", "n": 50, "accepted_without_edit": 40, "unit": "letters"}]
    plan = plan_of(benefits=[benefit(2026, 100, metric_link="acceptance:M1")], acceptance=tested, rate=0.0)
    drawn = value_model.simulate(plan).total
    assert drawn.mean == pytest.approx(100 * 40.5 / 51, rel=1e-3)
    assert drawn.sd == pytest.approx(100 * np.sqrt(40.5 * 10.5 / 51**2 / 52), rel=0.02)


def test_an_accepted_share_widened_by_its_grade_stays_a_share():
    tested = [{"asset_id": "M1", "evaluated_on": "2025-11-30", "n": 20, "accepted_without_edit": 19, "unit": "letters"}]
    row = benefit(2026, 100, metric_link="acceptance:M1", evidence="vendor")
    drawn = value_model.simulate(plan_of(benefits=[row], acceptance=tested, rate=0.0)).total.values
    assert max(drawn) == 100.0


def test_correlations_pair_the_figures_of_one_driver():
    wide = {"volume_low": 0.5, "volume_high": 1.5}
    rows = [benefit(2026, (50, 100, 150), **wide), benefit(2026, (50, 100, 150), driver_id="speed", **wide)]
    plan = plan_of(benefits=rows, correlations=[{"a": "volume", "b": "unit_value", "rho": 0.8}], rate=0.0)
    assert plan.correlations == {
        ("M1.saving.volume", "M1.saving.unit_value"): 0.8,
        ("M1.speed.volume", "M1.speed.unit_value"): 0.8,
    }
    free = plan_of(benefits=rows, rate=0.0)
    assert value_model.simulate(plan).total.sd > 1.2 * value_model.simulate(free).total.sd


def test_two_figures_by_their_full_names_are_correlated_alone():
    rows = [benefit(2026, (50, 100, 150)), benefit(2026, (50, 100, 150), driver_id="speed")]
    entry = {"a": "M1.saving.unit_value", "b": "M1.speed.unit_value", "rho": 0.5}
    plan = plan_of(benefits=rows, correlations=[entry])
    assert plan.correlations == {("M1.saving.unit_value", "M1.speed.unit_value"): 0.5} and not any(
        "not applied" in note for note in plan.notes
    )


def test_correlations_of_unknown_names_are_not_applied_and_said_so():
    plan = plan_of(benefits=[benefit(2026, (50, 100, 150))], correlations=[{"a": "lgd", "b": "unit_value", "rho": 0.4}])
    assert plan.correlations == {}
    (note,) = [note for note in plan.notes if "lgd" in note]
    assert "not applied: no figure named lgd can be correlated here" in note


def test_correlations_that_cannot_be_are_refused_with_a_sentence():
    rows = [cost("2026-12-31", (1, 2, 3), category=name) for name in "abc"]
    plan = plan_of(costs=rows, correlations=[{"a": "cost", "b": "cost", "rho": -0.9}])
    with pytest.raises(ValueError, match="positive semi-definite"):
        value_model.simulate(plan)


def test_a_client_without_uncertainty_can_be_simulated():
    drawn = value_model.simulate(plan_of(benefits=[benefit(2026, 110)])).total
    assert drawn.sd == pytest.approx(0, abs=1e-9) and drawn.mean == pytest.approx(100)


# ---------------------------------------------------------------- sensitivity, scenarios, what stands beside


def test_tornado_moves_one_range_at_a_time():
    plan = plan_of(benefits=[benefit(2026, (80, 100, 150))], costs=[cost("2026-12-31", (10, 20, 90))], rate=0.0)
    moves = [move for move in value_model.assumptions(plan) if move.name != "rate"]
    bars = value_model.tornado(plan, moves)["total"]
    assert [(move.name, bar.value_at_low, bar.value_at_high, bar.base_value) for move, bar in bars] == [
        ("M1.operation.labour", 90, 10, 80),
        ("M1.saving.unit_value", 60, 130, 80),
    ]


def test_scenarios_multiply_benefits_and_costs():
    scenarios = [{"name": "bad", "p": 0.5, "benefit_multiplier": 0.5, "cost_multiplier": 1.5},
                 {"name": "base", "p": 0.5, "benefit_multiplier": 1, "cost_multiplier": 1}]  # fmt: skip
    plan = plan_of(benefits=[benefit(2026, 100)], costs=[cost("2026-12-31", 20)], scenarios=scenarios, rate=0.0)
    assert {name: float(worth.total) for name, worth in value_model.scenario_values(plan).items()} == {
        "bad": 20,
        "base": 80,
    }


def test_findings_name_weak_evidence():
    plan = plan_of(benefits=[benefit(2026, 100), benefit(2028, 300, evidence="vendor")], rate=0.0)
    text = " ".join(value_model.findings(plan))
    assert "75 % of the present value of benefits rests on experts' or vendors' figures" in text


def test_benefits_by_kind_sum_to_all_benefits():
    rows = [benefit(2026, 110), benefit(2026, 55, driver_id="new", benefit_type="revenue")]
    by_type = value_model.present_benefits(plan_of(benefits=rows), lambda line: line.benefit_type)
    assert by_type == pytest.approx({"cost_saving": 100, "revenue": 50})


# ---------------------------------------------------------------- properties


amounts = st.floats(0, 1e6, allow_nan=False)
streams = st.lists(amounts, min_size=3, max_size=3)


def stream(values, **changes):
    return [benefit(2026 + i, value, **changes) for i, value in enumerate(values)]


@few
@given(streams, streams, st.floats(0, 0.5))
def test_value_is_linear_in_benefits_without_tax(one, other, rate):
    both = total(benefits=stream([a + b for a, b in zip(one, other, strict=True)]), rate=rate)
    apart = total(benefits=stream(one), rate=rate) + total(benefits=stream(other), rate=rate)
    assert both == pytest.approx(apart, rel=1e-9, abs=1e-6)


@few
@given(streams, st.floats(0, 1e5), st.floats(0.01, 100), st.floats(0, 0.5))
def test_scaling_the_currency_scales_the_value(earned, paid, scale, tax):
    plain = total(benefits=stream(earned), costs=[cost("2027-03-31", paid)], tax=tax)
    scaled = total(benefits=stream([scale * v for v in earned]), costs=[cost("2027-03-31", scale * paid)], tax=tax)
    assert scaled == pytest.approx(scale * plain, rel=1e-9, abs=1e-5)


@few
@given(streams, amounts)
def test_a_sunk_cost_changes_nothing(earned, paid):
    assert total(benefits=stream(earned), costs=[spent("2025-01-31", paid)]) == total(benefits=stream(earned))


@few
@given(st.tuples(amounts, amounts, amounts).map(sorted), st.floats(1, 5))
def test_widening_leaves_the_mode_and_the_order(three, factor):
    wide = widened(ThreePoint(*three), factor)
    assert wide.mode == three[1]
    assert 0 <= wide.low <= wide.mode <= wide.high
    assert wide.low <= three[0] and wide.high >= three[2]


# ---------------------------------------------------------------- the sample clients


def test_the_manufacturers_gain_and_rate():
    loaded = client.load(CLIENTS / "manufacturer")
    assert value_model.discount_rate(loaded) == pytest.approx(0.084, abs=5e-4)
    gain = value_model.gains(value_model.plan(loaded))[0]
    assert gain.per_case == pytest.approx(0.1525, abs=5e-5)
    assert gain.yearly == pytest.approx(4.2e6 * 0.9)  # attribution 90 %
    assert [round(4.2 * end, 2) for end in gain.margins] == [0.36, 0.94]
    assert [round(4.2 * end, 2) for end in gain.interval] == [0.41, 0.9]


def test_the_banks_paired_table_decides():
    gain = value_model.gains(value_model.plan(client.load(CLIENTS / "bank")))[0]
    assert gain.per_case == pytest.approx(15.19, abs=0.005)
    assert [0.12 * end for end in gain.interval] == pytest.approx([1.13, 2.52], abs=0.02)
    assert [0.12 * end for end in gain.margins] == pytest.approx([-0.09, 3.74], abs=0.02)
    assert gain.margins_below_zero == pytest.approx(0.06, abs=0.005)
    assert gain.word == "shown" and "margins alone the answer would be: not shown" in gain.sentence


def test_a_view_of_the_client_is_enough():
    parts = client.load(CLIENTS / "bank").only(
        "valuation", "discount", "tax", "scenarios", "monte_carlo", "evidence_widening", "assets", "costs", "benefits",
        "evaluations", "acceptance", "trials", "monitoring", "comparables", "market", "usage", "options",
    )  # fmt: skip
    plan = value_model.plan(parts)
    assert [group.name for group in plan.groups] == ["D1 + C1", "T1 + I1"]
    assert value_model.assumptions(plan) and value_model.findings(plan)
