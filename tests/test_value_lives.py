"""Lives that do not fit each other: what a model needs ends first, benefits are dated after their asset's end."""

from __future__ import annotations

from datetime import date

import pytest
from test_value_model import asset, benefit, make, total

from lepton_nb import value_model
from lepton_nb.page import value_tables, words
from lepton_nb.value_model import lives

YEARS = [benefit(year, 100) for year in (2026, 2027, 2028)]


def with_data(life: float, model: float = 20, **changes):
    """A model in use from 2026 that needs data with a life of its own; 10 % a year, no tax, flows at the year's end."""
    data = asset("D1", kind="data", feeds=["M1"], eu_ai_act_class="not_ai", useful_life_years=life, useful_life_basis="legal_retention")  # fmt: skip
    return value_model.plan(make([data, asset(useful_life_years=model)], YEARS, **changes))


def test_benefits_after_the_end_of_what_a_model_needs_are_told_with_their_value():
    (one,) = lives.outlived(with_data(2))
    assert (one.asset_id, one.last, one.needs) == ("M1", date(2028, 12, 31), (("D1", date(2027, 12, 31)),))
    assert one.after == pytest.approx(100 / 1.1 ** (1096 / 365))  # 2028 is a leap year
    (half,) = lives.outlived(with_data(2.5))
    days = (date(2028, 12, 31) - half.needs[0][1]).days
    assert half.after == pytest.approx(one.after * days / 366)
    (told,) = [
        text for text in value_model.findings(with_data(2)) if "after the life of what it needs has ended" in text
    ]
    assert "D1, legal retention, until 2027-12-31" in told and f"{one.after:,.0f} EUR" in told


def test_what_ended_before_the_valuation_date_is_told_as_over():
    data = asset("D1", kind="data", feeds=["M1"], eu_ai_act_class="not_ai", useful_life_years=1, in_service_date="2023-01-01")  # fmt: skip
    found = lives.findings(value_model.plan(make([data, asset()], YEARS)))
    assert "over since 2023-12-31" in found[0]


def test_nothing_is_told_where_what_is_needed_lives_as_long_or_lives_are_kept():
    kept = {"beyond_useful_life": "keep", "beyond_useful_life_reason": "the test keeps lives"}
    for plan in (with_data(3), with_data(20), with_data(2, model=2), with_data(2, valuation=kept)):
        assert lives.outlived(plan) == () and not any(
            "after the life of what it needs" in text for text in value_model.findings(plan)
        )


def test_the_last_part_year_is_said_to_be_dated_after_its_life_and_what_that_takes():
    ends = value_model.plan(make([asset(useful_life_years=2.5)], YEARS))
    (one,) = lives.late(ends)
    assert one.dated == date(2028, 12, 31) and one.ends < one.dated
    last = 100 * (one.ends - date(2027, 12, 31)).days / 366
    own = (one.ends - date(2025, 12, 31)).days / 365
    assert one.more == pytest.approx(last * (1.1**-own - 1.1 ** (-1096 / 365)))
    whole = total([asset(useful_life_years=2)], YEARS)
    assert total([asset(useful_life_years=2.5)], YEARS) == pytest.approx(whole + last * 1.1 ** (-1096 / 365))


def test_in_the_middle_of_the_year_the_middle_of_the_own_days_counts():
    plan = value_model.plan(make([asset(useful_life_years=2.25)], YEARS, valuation={"timing": "mid_year"}))
    (one,) = lives.late(plan)
    span, days = plan.periods[2], (one.ends - date(2027, 12, 31)).days
    own = ((date(2027, 12, 31) - plan.date).days + days / 2) / 365
    assert one.more == pytest.approx(100 * days / 366 * (1.1**-own - 1.1**-span.time)) and one.more > 0
    assert one.dated == span.day and span.day > one.ends


def test_a_life_that_fills_its_last_period_is_dated_as_it_is():
    assert lives.late(value_model.plan(make([asset(useful_life_years=2)], YEARS))) == ()
    assert lives.late(value_model.plan(make(benefits=YEARS))) == ()


def test_useful_lives_are_moved_together():
    plan = value_model.plan(make([asset(useful_life_years=2)], YEARS))
    found = lives.varied(plan)
    assert found[0.0] == pytest.approx(float(value_model.evaluate(plan).total))
    for change in (-1.0, 1.0):
        assert found[change] == pytest.approx(total([asset(useful_life_years=2 + change)], YEARS))
    assert found[-1.0] < found[0.0] < found[1.0]
    money = words.Money("EUR")
    page = str(value_tables.lives(found, money))
    assert "1 year shorter" in page and money(found[1.0] - found[0.0], sign=True) in page
    kept = make(benefits=YEARS, valuation={"beyond_useful_life": "keep", "beyond_useful_life_reason": "a test"})
    assert len(set(lives.varied(value_model.plan(kept)).values())) == 1
