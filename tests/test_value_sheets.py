"""The workbook's inputs, row by row: what was typed, what hangs on it, and what an analyst's other date would need."""

from __future__ import annotations

from datetime import date

import pytest
from test_value_model import asset, benefit, cost, evaluation, linked, plan_of, spent

from lepton_nb.value_model import sheets as module
from lepton_nb.value_model.sheets import sheets


def row_of(rows, **wanted):
    (found,) = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return found


def test_first_use_without_what_is_planned_is_that_of_the_benefit_or_of_development_done_in_that_year():
    coming = {"in_service_date": None, "lifecycle_stage": "algorithm_development"}
    assets = [asset(name, **coming) for name in ("M1", "M2", "M3")] + [asset("M4", in_service_date="2025-03-05")]
    rows = [benefit(2026, 100, "M1"), benefit(2025, 1, "M2"), benefit(2026, 100, "M2"), benefit(2026, 100, "M4")]
    costs = [
        spent("2025-06-30", 5, "M2"), spent("2025-04-30", 5, "M2"), spent("2025-09-30", 5, "M2", phase="research"),
        spent("2025-08-31", 5, "M1"), cost("2026-05-31", 5, "M1", phase="development"),
    ]  # fmt: skip
    found = {row["asset"]: row for row in sheets(plan_of(assets, rows, costs))["sheet_assets"]}
    assert [(name, row["used_from"], row["planned"]) for name, row in found.items()] == [
        ("M1", "2026-01-01", True),
        ("M2", "2025-06-30", True),
        ("M3", "", True),
        ("M4", "2025-03-05", False),
    ]


def test_an_assets_row_says_what_feeds_it_whom_it_serves_and_what_it_weighs():
    assets = [
        asset("D1", kind="data", feeds=["M1"], useful_life_years=7),
        asset("M1", half_life_years=3, half_life_basis="contractual", p_technical_success=0.6),
        asset("M2"),
    ]
    plan = plan_of(assets, [benefit(2026, 100), benefit(2026, 100, "M2")], [spent("2025-12-31", 10, "D1")])
    data, model, other = sheets(plan)["sheet_assets"]
    assert (data["needs"], data["serves"], data["life"], data["chance"]) == ("D1", "M1", 7, 1)
    assert (model["needs"], model["serves"], model["half_life"], model["chance"]) == ("D1;M1", "M1", 3, 0.6)
    assert data["half_life"] is None and data["group"] == model["group"] == "D1 + M1" and other["group"] == "M2"
    assert data["weight"] + model["weight"] == pytest.approx(1) and 0 < data["weight"] < model["weight"]
    assert other["weight"] == 1 and other["last_year"] == 2029  # never stopped: the year after the horizon
    assert data["capitalised"] == plan.capitalised["D1"]


def test_a_group_that_is_stopped_says_its_last_year():
    rows = [benefit(2026, 100), benefit(2027, 10), benefit(2028, 10)]
    costs = [cost("2027-06-30", 50), cost("2028-06-30", 50)]
    (row,) = sheets(plan_of(benefits=rows, costs=costs))["sheet_assets"]
    assert row["last_year"] == 2026


def test_a_group_without_value_weighs_the_highest_return():
    assets = [asset("D1", kind="data", feeds=["M1"]), asset("M1")]
    premium = {"data": 0.02, "model": 0.06, "infrastructure": 0.0}
    plan = plan_of(assets, (), [cost("2026-06-30", 50), cost("2026-06-30", 50, "D1")], premium=premium)
    assert [row["weight"] for row in sheets(plan)["sheet_assets"]] == [0, 1]
    nothing = plan_of(assets, premium=premium)
    assert [row["weight"] for row in sheets(nothing)["sheet_assets"]] == [0, 1]


def test_counts_are_those_of_the_pairs_or_of_both_margins():
    paired, apart = (
        sheets(plan_of(benefits=[linked(2026)], evaluations=[evaluation(paired=pairs)]))["sheet_counts"]
        for pairs in (True, False)
    )
    for policy in ("model", "baseline"):
        counted = getattr(plan_of(benefits=[linked(2026)], evaluations=[evaluation()]).client.evaluations[0], policy)
        for outcome in ("tp", "fp", "fn", "tn"):
            for rows in (paired, apart):
                assert sum(row["count"] for row in rows if row[policy] == outcome) == getattr(counted, outcome)
    assert {row["sample"] for row in paired} == {"pairs"} and {row["sample"] for row in apart} == {"model", "baseline"}
    assert row_of(paired, model="tp", baseline="fn")["cell"] == "model true positive, baseline false negative"
    assert all(row["cell"].startswith(row["sample"]) for row in apart)


def test_a_benefit_is_written_as_it_was_typed_with_the_day_from_which_it_decays():
    counted = [{"asset_id": "M2", "evaluated_on": date(2025, 6, 30), "n": 50, "accepted_without_edit": 40, "unit": "x"}]
    rows = [benefit(year, 100, adoption=float(year > 2026)) for year in (2026, 2027)]
    rows += [benefit(2026, 7, "M2", metric_link="acceptance:M2"), benefit(2035, 5, "M2")]
    found = sheets(plan_of([asset("M1"), asset("M2")], rows, acceptance=counted))["sheet_benefits"]
    assert [(row["asset"], row["year"], row["adoption"], row["begins"], row["not_before"]) for row in found] == [
        ("M1", 2026, 0, "", "2026-12-31"),
        ("M1", 2027, 1, "", "2026-12-31"),
        ("M2", 2026, 1, "2025-06-30", "2025-12-31"),
        ("M2", 2035, 1, "", "2025-12-31"),  # outside the horizon of today: an analyst may move the date
    ]
    assert [(row["link"], row["link_id"], row["step"]) for row in found[2:]] == [
        ("acceptance", "M2", 0),
        ("none", "", 0),
    ]


def test_shares_accepted_are_written_for_benefits_of_years_that_are_not_run_too():
    counted = [{"asset_id": "M1", "evaluated_on": date(2025, 6, 30), "n": 50, "accepted_without_edit": 40, "unit": "x"}]
    rows = [benefit(2026, 100), benefit(2027, 1, metric_link="acceptance:M1")]
    plan = plan_of(benefits=rows, costs=[cost("2027-06-30", 50)], acceptance=counted)
    assert all(line.tested is None for line in plan.benefits)  # 2027 is not worth running
    found = sheets(plan)
    assert found["sheet_benefits"][1]["link_id"] == "M1"
    assert found["sheet_accepted"] == [{"asset": "M1", "n": 50, "accepted": 40}]


def test_parts_between_retrainings_cover_the_year_whatever_the_valuation_date_within_two_years():
    begins = date(2025, 6, 30)
    assert module._steps(begins, 2026, None) == [0]
    assert module._steps(begins, 2026, 6) == [0, 1, 2, 3]  # 31 December 2026 is the third
    assert module._steps(begins, 2030, 12) == [2, 3, 4, 5]
    assert module._steps(date(2030, 1, 1), 2026, 12) == [0]


def test_costs_ahead_are_written_and_those_of_the_past_are_not():
    costs = [
        spent("2025-06-30", 5),
        cost("2026-06-30", (8, 10, 15), category="hardware", phase="development"),
        cost("2026-07-31", 20, phase="development"),
        cost("2028-12-31", 30, phase="decommission"),
        cost(None, 40, year=2027),
    ]
    made = [asset(in_service_date="2026-10-01")]
    found = sheets(plan_of(made, [benefit(y, 900) for y in (2026, 2027, 2028)], costs))["sheet_costs"]
    told = [
        (row["amount"], row["date"], row["year"], row["committed"], row["needs_success"], row["written_off"])
        for row in found
    ]
    assert told == [
        (10, "2026-06-30", None, True, False, "hardware"),
        (20, "2026-07-31", None, True, False, "development"),
        (30, "2028-12-31", None, True, True, ""),
        (40, "", 2027, False, True, ""),
    ]


def test_a_prohibited_asset_keeps_the_cost_of_stopping_alone():
    costs = [cost("2026-06-30", 10), cost("2026-12-31", 30, phase="decommission"), cost("2026-06-30", 11, "M2")]
    assets = [asset(eu_ai_act_class="prohibited"), asset("M2")]
    written = sheets(plan_of(assets, [benefit(2026, 100), benefit(2026, 100, "M2")], costs))
    assert [row["amount"] for row in written["sheet_costs"]] == [30, 11]
    assert [row["asset"] for row in written["sheet_benefits"]] == ["M2"]
