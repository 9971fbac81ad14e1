"""Decisions by stated rules, each on its own: what is decided, on what, for what money, by when; and when to value again."""

from __future__ import annotations

import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from lepton_nb.page import first_page, origin, words
from lepton_nb.value_model import decided

DAY = date(2026, 6, 30)


def figure(value, n=None, low=None, high=None, note=""):
    return SimpleNamespace(value=value, n=n, low=low, high=high, note=note)


def record(figures=None, **tables):
    return SimpleNamespace(figures=figures or {}, tables=tables)


def group(name="A", verdict="likely positive", value=1000.0, reason="", counts=True, likely=900.0):
    return {"name": name, "assets": name.split(" + "), "verdict": verdict, "value": value, "reason": reason, "counts": counts,
            "most_likely": likely, "low": 100.0, "high": 1900.0, "together": 0.0}  # fmt: skip


def asset(name="A", **more):
    known = {
        "legal_control": "owned",
        "in_service_date": date(2025, 1, 1),
        "retrain_every_months": None,
        "retrain_cost": None,
    }
    return SimpleNamespace(asset_id=name, name=f"Model {name}", **known | more)


def benefit_row(name="A", half_life=None, young=0.5, starts="2026-06-30", ends="2030-06-30", evaluation=None):
    return {
        "asset": name,
        "half_life": half_life,
        "young": young,
        "starts": starts,
        "ends": ends,
        "evaluation": evaluation,
    }


def records(groups, **more):
    value = {"groups": groups, "gains": [], "benefits": [], "decisive": [], "assets": [], "tornado": []} | more.pop(
        "value", {}
    )
    made = dict.fromkeys(decided.Records.__dataclass_fields__, record())
    return decided.Records(**made | {"value": record(**value)} | more)


def told(found, assets=None):
    return decided.decisions(found, assets or [asset()], DAY)


def test_keep_what_is_likely_worth_something_until_the_next_valuation():
    for verdict in ("almost surely positive", "likely positive"):
        (one,) = told(records([group(verdict=verdict)]))
        assert (one.word, one.about, one.money, one.day) == ("keep", "A", 1000.0, date(2027, 6, 30))


def test_write_down_what_the_books_hold_above_what_it_can_bring():
    for loss, expected in ((30.0, ["write down", "keep"]), (0.0, ["keep"])):
        found = told(records([group()], portfolio=record({"A_impairment_loss": figure(loss)})))
        assert [one.word for one in found] == expected
    found = told(records([group()], portfolio=record({"A_impairment_loss": figure(30.0)})))[0]
    assert (found.about, found.money, found.day, found.page) == ("A", 30.0, DAY, "portfolio")


STAGE = {
    "asset": "A",
    "as_planned": -5.0,
    "staged": 20.0,
    "development": 150.0,
    "payments": 160.0,
    "likely": 140.0,
    "low": 110.0,
    "high": 210.0,
    "first_payment": "2027-03-31",
}


def test_gate_where_a_payment_may_be_refused_and_the_plan_loses():
    options = record(stages=[STAGE])
    (one,) = told(records([group(verdict="not supported", value=-5.0)], options=options))
    assert (one.word, one.about, one.money, one.day, one.beside) == ("gate", "A", 160.0, date(2027, 3, 31), 20.0)
    assert (one.likely, one.low, one.high, one.more) == (140.0, 110.0, 210.0, 25.0)
    exact = first_page.Sums({"value": None}, "EUR")
    assert first_page._range_of(one, exact).replace(words.THIN, " ") == " expected (planned 140 EUR, 110 to 210 EUR)"
    for change in ({"as_planned": 1.0}, {"staged": 1.5}):  # worth paying as planned; a right worth at most 1 %
        found = told(records([group()], options=record(stages=[STAGE | change])))
        assert [one.word for one in found] == ["keep"]


def test_stop_what_is_not_supported_and_say_what_that_saves():
    losing = group(verdict="not supported", value=-40.0)
    (one,) = told(records([losing], options=record(right_to_stop=[{"group": "A", "year": "today", "value": 55.0}])))
    assert (one.word, one.money, one.day, one.page) == ("stop", 55.0, DAY, "options")
    (one,) = told(records([losing]))
    assert (one.word, one.money, one.page) == ("stop", 40.0, "value")
    prohibited = group(
        verdict="withheld", reason="A is prohibited by the EU AI Act: no going-concern value", value=-9.0
    )
    (one,) = told(records([prohibited]))
    assert (one.word, one.money, one.day) == ("stop", -9.0, DAY)


def test_stop_where_an_option_to_abandon_brings_more_than_going_on():
    sold = record(right_to_stop=[{"group": "A", "year": "today", "value": 55.0}])
    (one,) = told(records([group()], options=sold))
    assert (one.word, one.money, one.what, one.page) == ("stop", 55.0, "more than going on", "options")
    later = record(right_to_stop=[{"group": "A", "year": 2027, "value": 55.0}])
    assert [one.word for one in told(records([group()], options=later))] == ["keep"]


def test_renegotiate_what_is_unclear_and_what_is_offered_for_less():
    unclear = group(verdict="withheld", reason="legal control of A is unclear", counts=False)
    (one,) = told(records([unclear]), [asset(legal_control="unclear")])
    assert (one.word, one.about, one.money, one.day) == ("renegotiate", "A", 1000.0, DAY)
    for word, expected in (("buy", ["renegotiate", "keep"]), ("close", ["keep"]), ("build", ["keep"])):
        offers = record({"A_offer_1_build_or_buy": figure(word), "A_offer_1_a_year": figure(70.0)})
        found = told(records([group()], speed_and_cost=offers))
        assert [one.word for one in found] == expected
    assert (one.day, one.money) == (DAY, 1000.0)


def test_measure_more_where_the_sign_is_open_and_where_a_study_pays():
    options = record(
        right_to_stop=[{"group": "A", "year": year, "value": worth} for year, worth in ((2026, 5.0), (2027, 9.0))]
    )
    known = record({"A_evpi": figure(33.0)})
    for verdict in ("open", "not shown"):
        (one,) = told(records([group(verdict=verdict)], options=options, uncertainty=known))
        assert (one.word, one.money, one.day) == ("measure", 33.0, date(2027, 12, 31))
    # stopping today is no day to wait for, and a year that is worth nothing is none either
    today = [{"group": "A", "year": "today", "value": 20.0}, {"group": "A", "year": 2027, "value": 0.0}]
    (one,) = told(records([group(verdict="open")], options=record(right_to_stop=today), uncertainty=known))
    assert (one.word, one.day) == ("measure", decided.again(DAY))
    old = group(verdict="withheld", reason="evaluation E of 2023-01-01 is older than 2 years", counts=False)
    assert [one.word for one in told(records([old]))] == ["measure"]
    gains = {"gains": [{"evaluation": "E", "asset": "A", "evaluated_on": "2026-01-31"}]}
    study = {
        "E_back_test": figure("worth it"),
        "E_back_test_cost": figure(12.0, 750),
        "E_back_test_value": figure(96.0, 750),
    }
    for verdict, expected in (("open", ["measure"]), ("likely positive", ["measure", "keep"])):
        found = told(records([group(verdict=verdict)], value=gains, uncertainty=record(study), options=options))
        assert [one.word for one in found] == expected
        assert (found[0].money, found[0].beside, found[0].n) == (12.0, 96.0, 750)
    not_worth = record(study | {"E_back_test": figure("not worth its cost")})
    assert [one.word for one in told(records([group()], value=gains, uncertainty=not_worth))] == ["keep"]


def lives(taken: float):
    return record(
        trainings=[
            {"asset": "A", "months": months, "gained": more, "at_most": more / 2, "times": 3}
            for months, more in ((24, 1.0), (12, taken))
        ]
    )


def test_retrain_when_a_quarter_of_the_gain_is_gone_or_as_planned():
    rows = {"benefits": [benefit_row(half_life=3.0, young=0.5)]}
    found = told(records([group()], value=rows, metric_to_money=lives(80.0)))
    one = next(one for one in found if one.word == "retrain")
    # 3 log2(4/3) = 1.245 years of age, of which half a year has passed: 272 days.
    assert (one.about, one.money, one.day) == ("A", 80.0, date(2027, 3, 29))
    assert (one.beside, one.beside_what) == (40.0, "at most may one cost, before tax")
    assert one.what == "more if trained each year (3 times), before the cost"
    for why, change in {
        "training brings too little": {"metric_to_money": lives(5.0)},
        "nothing decays": {"value": {"benefits": [benefit_row()]}},
        "its life ends before": {"value": {"benefits": [benefit_row(half_life=3.0, ends="2026-12-31")]}},
    }.items():
        found = told(records([group()], **{"value": rows, "metric_to_money": lives(80.0)} | change))
        assert [one.word for one in found] == ["keep"], why
    planned = asset(retrain_every_months=6, retrain_cost=SimpleNamespace(mode=150.0))
    rows = {"benefits": [benefit_row(half_life=3.0), benefit_row(half_life=3.0, young=0.0, starts="2026-10-01")]}
    found = told(records([group()], value=rows), [planned])
    assert [(one.word, one.money, one.day) for one in found if one.word == "retrain"] == [
        ("retrain", 150.0, date(2026, 10, 1))
    ]
    stopped = records([group(verdict="not supported", value=-1.0)], value=rows)
    assert [one.word for one in told(stopped, [planned])] == ["stop"], "what is stopped is not trained"


def test_a_plan_of_training_has_a_better_schedule_beside_it():
    planned = asset(retrain_every_months=6, retrain_cost=SimpleNamespace(mode=150.0))
    rows = {"benefits": [benefit_row(half_life=3.0), benefit_row(half_life=3.0, young=0.0, starts="2026-10-01")]}

    def schedules(best):
        own = {"asset": "A", "gained": 0.0, "at_most": 1.0}
        ways = [
            own | {"months": None, "kept": None, "planned": False},
            own | {"months": 6, "kept": 40.0, "planned": True},
        ]
        return record(trainings=[*ways, own | {"months": 12, "kept": best, "planned": False}])

    for best, expected in ((60.0, (20.0, "more if trained every 12 months")), (48.0, (None, "")), (30.0, (None, ""))):
        found = told(records([group()], value=rows, metric_to_money=schedules(best)), [planned])
        one = next(one for one in found if one.word in ("retrain", "train less often"))
        if expected[0] is None:
            assert (one.word, one.beside, one.beside_what) == ("retrain", *expected)
        else:  # every 12 months is rarer than every 6: less is to be done, not more
            assert (one.word, one.money, one.what) == ("train less often", *expected)
    often = SimpleNamespace(**{**vars(planned), "retrain_every_months": 24})
    found = told(records([group()], value=rows, metric_to_money=schedules(60.0)), [often])
    one = next(one for one in found if one.word in ("retrain", "train less often"))
    assert (one.word, one.beside) == ("retrain", 20.0)


def test_nothing_is_to_be_decided_before_the_report():
    found, later = records([group()]), DAY + timedelta(days=60)
    assert min(one.day for one in decided.decisions(found, [asset()], DAY)) >= DAY
    losing = records([group(verdict="not supported", value=-5.0)])
    (one,) = decided.decisions(losing, [asset()], DAY, later)
    assert one.day == later


def test_books_without_a_number_are_said_to_be_untested():
    groups = [group("A + B", counts=False), group("C")]
    value, sums = record(groups=groups), first_page.Sums(TOTAL, "EUR")
    held = record(
        {"A_carrying_amount": figure(30_000.0), "B_carrying_amount": figure(10_000.0), "C_carrying_amount": figure(9e9)}
    )
    page = str(first_page.untested(value, held, sums)).replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "40 k EUR" in page and "of A + B is untested" in page
    assert not str(first_page.untested(record(groups=[group("C")]), held, sums))


def test_what_was_spent_is_told_beside_the_number_where_it_is_large():
    for spent, expected in ((60_000.0, True), (1_000.0, False)):
        for basis in ("owner", "market"):  # a buyer takes no books over
            value = record({"sunk": figure(spent)}, settings=[{"name": "basis", "value": basis}])
            saved = record({"tax_saved_by_amortisation": figure(90_000.0), "tax_saved_on_spent": figure(30_000.0)})
            page = str(first_page.outside(value, first_page.Sums(TOTAL, "EUR"), saved))
            assert ("60" in page) == expected and "Money spent" in page
            assert ("30" in page and "amortisation saves" in page) == (expected and basis == "owner")


def test_an_option_is_decided_on_where_the_right_is_worth_more_than_a_hundredth_of_its_group():
    row = {
        "asset": "A",
        "kind": "expand",
        "until": "2028-06-30",
        "cost": 650.0,
        "any_time": 28.0,
        "today": -89.0,
        "best": "wait",
    }
    for change, expected in (
        ({}, 1),
        ({"any_time": 9.0}, 0),
        ({"any_time": 9.0, "today": 5.0}, 1),
        ({"kind": "abandon"}, 0),
    ):
        rows = [row | change, row | change | {"any_time": 21.0, "volatility": 0.2}]
        found = [one for one in told(records([group()], options=record(options=rows))) if one.word == "option"]
        assert len(found) == expected  # the first volatility alone
        if found:
            assert (found[0].about, found[0].day, found[0].money, found[0].page) == (
                "A",
                date(2028, 6, 30),
                650.0,
                "options",
            )
            assert found[0].what == "to expand it, or not (wait)"


@pytest.mark.parametrize(("reached", "expected"), [((1.3, 1.3), True), ((1.3, 1.6), False), ((1.7, 1.3), False)])
def test_an_option_says_what_it_waits_for_its_range_and_whether_the_draws_come_there(reached, expected):
    row = {
        "asset": "A",
        "kind": "expand",
        "until": "2028-06-30",
        "cost": 650.0,
        "today": -89.0,
        "best": "wait",
        "used_from": 1.5,
    }
    rows = [row | {"any_time": worth, "reached": level} for worth, level in zip((28.0, 21.0), reached, strict=True)]
    one = next(one for one in told(records([group()], options=record(options=rows))) if one.word == "option")
    assert one.what.startswith("to expand it from 1.5 times today's business on")
    assert one.what.endswith("(95 % of draws stay below 1.3: not expected)") == expected
    assert (one.beside_low, one.beside, one.loses) == (21.0, 28.0, 89.0)
    value = record(total=[{"value": None}], assets=[])
    page = plainly(first_page.decisions([one], value, {"A": "Model A"}, first_page.Sums({"value": None}, "EUR")))
    assert "; today it loses 89.00 EUR" in page and "21.00 EUR to 28.00 EUR is what the right is worth" in page


def test_a_single_payment_says_what_its_business_must_promise():
    for change, expected in (
        ({}, ""),
        ({"bought": 120.0, "single": True}, ": pay if its business then promises 25 % more than today"),
        ({"bought": 120.0, "single": False}, ""),
    ):
        (one,) = told(records([group(verdict="not supported", value=-5.0)], options=record(stages=[STAGE | change])))
        assert one.what == f"to be paid then, or refused{expected}"


def test_a_mean_below_zero_for_want_of_tax_relief_is_said_with_the_relief():
    for value, relief, expected in ((-4_000.0, 15_000.0, True), (-4_000.0, 3_000.0, False), (4_000.0, 15_000.0, False)):
        rows = [group(value=value) | {"relief": relief, "low": -9e4, "high": 9e4}]
        made = record(groups=rows, total=[TOTAL], assets=[])
        page = plainly(first_page.values(made, {"A": "Model A"}, first_page.Sums(TOTAL, "EUR")))
        assert ("if a failure saved tax" in page and "10 k EUR" in page) == expected


def test_what_the_total_would_be_without_what_loses_is_told_where_it_moves_it():
    for given, expected in ((814_000.0, True), (515_000.0, False), (None, False)):
        made = record({"given_up": figure(given, note="B")}, groups=[group()], total=[TOTAL], assets=[])
        page = plainly(first_page.values(made, {"A": "Model A"}, first_page.Sums(TOTAL, "EUR")))
        assert ("B given up: 810 k EUR ." in page) == expected


def test_running_costs_of_a_short_year_in_full_are_told_where_they_weigh():
    for more, expected in ((47_000.0, True), (400.0, False)):
        value = record(
            total=[TOTAL],
            groups=[group()],
            held=[],
            tornado=[],
            whole_years=[{"year": 2026, "days": 184, "more": more}],
        )
        page = plainly(first_page.carries(value, record(), {}, first_page.Sums(TOTAL, "EUR")))
        assert ("Running costs of 2026 count in full for 184 days; 50 k EUR more" in page) == expected


def test_sums_that_are_settled_add_wherever_they_are_told():
    sums = first_page.Sums(TOTAL, "EUR")
    parts = [sums.step * each for each in (3.4, 2.3, 4.3)]
    sums.settle(parts, sums.step * 10)
    assert [round(sums.rounded(part) / sums.step) for part in parts] == [4, 2, 4]
    assert sums.plain(-parts[0]) == words.MINUS + sums.plain(parts[0])
    with pytest.raises(ValueError, match="do not add"):
        sums.settle(parts, sums.step * 14)


def test_sums_add_where_nothing_varies():
    value = value_of(low=514_000.0, high=514_000.0, value=514_000.0, most_likely=648_300.0)
    value.tables["bridge"] = [{"benefits": 1_448_400.0, "running": 520_400.0, "development": 0.0, "tax": 279_700.0, "tax_benefit": 0.0, "value": 648_300.0}]  # fmt: skip
    value.tables |= {
        "groups": [group("A", value=514_000.0)],
        "assets": [{"group": "A", "name": "A", "value": 514_000.0}],
    }
    sums = first_page.sums_of(value, "EUR")
    assert sums.step == 10_000.0
    parts = [sums.rounded(amount) for _, amount in first_page.lead(value)]
    assert sum(parts) == pytest.approx(sums.rounded(648_300.0)) and sums.plain(parts[0]).startswith("1.4")


def test_what_cannot_wait_comes_first_and_a_group_has_one_decision():
    groups = [group("A"), group("B", "not supported", -10.0), group("C", "open")]
    found = told(records(groups, uncertainty=record({"C_evpi": figure(1.0)})), [asset(name) for name in "ABC"])
    assert [(one.word, one.about) for one in found] == [("stop", "B"), ("measure", "C"), ("keep", "A")]
    assert {word.lower() for word in decided.RULES} == set(decided.WORDS)


def test_a_new_value_is_due_by_day_age_law_rate_and_sign():
    value = {
        "benefits": [benefit_row(evaluation="E")],
        "gains": [{"evaluation": "E", "asset": "A", "evaluated_on": "2025-01-31"}, {"evaluation": "F", "asset": "A", "evaluated_on": "2024-08-01"}],
        "decisive": [{"group": "A", "assumption": "volume", "at": "3", "unit": "cases", "turns_at": 3.5},
                     {"group": "A", "assumption": "price", "at": "1", "unit": "", "turns_at": None}],
    }  # fmt: skip
    metrics = record({"A_break_even_recall": figure(0.5), "A_recall": figure(0.9), "B_break_even_recall": figure(None)})
    calendar = record(
        calendar=[
            {"when": when, "law": "EU AI Act", "assets": "A"}
            for when in ("since 2025-02-02", "from 2027-12-02", "from 2026-08-02")
        ]
    )
    found = decided.triggers(records([group()], value=value, metric_to_money=metrics, portfolio=calendar), DAY)
    assert [(one.kind, one.day) for one in found] == [
        ("law", date(2026, 8, 2)), ("age", date(2027, 1, 31)), ("day", date(2027, 6, 30)), ("metric", None), ("sign", None),
    ]  # fmt: skip
    assert (found[3].at, found[3].now, found[4].about) == (0.5, 0.9, "volume")
    assert (found[4].at, found[4].unit) == (3.5, "cases")


def test_thin_books_ask_for_a_new_value_those_with_least_above_them_first():
    def row(group, above, thin=True):
        return {
            "group": group,
            "headroom": above,
            "carrying": 100.0,
            "thin": thin,
            "assumption": "gain",
            "unit": "EUR per case",
            "at": 0.0512,
            "basis": "fair value",
        }

    found = decided.triggers(
        records([group()], portfolio=record(headroom=[row("A", 30.0), row("B", 20.0), row("C", 1.0, False)])), DAY
    )
    (one,) = [trigger for trigger in found if trigger.kind == "books"]
    assert (one.now, one.at, one.beside, one.page) == ("B", 0.0512, 20.0, "portfolio")
    told = first_page._trigger(one, first_page.Sums({"value": None}, "EUR"))
    assert (
        told.replace(words.THIN, " ")
        == "when gain comes to 0.051 EUR per case: B is worth no more than its books (fair value 120 EUR now, books 100 EUR)"
    )
    rate = decided.Trigger(kind="sign", about="discount rate", at=7.6, unit="percentage point", now="B", page="value")
    assert "discount rate comes to +7.6 points: B is worth nothing" in first_page._trigger(rate, None)


# ---------------------------------------------------------------- how the first page says it


TOTAL = {
    "value": 514_000.0,
    "low": 120_000.0,
    "high": 850_000.0,
    "left_out": [],
    "below_zero": 0.02,
    "draws": 20_000,
    "most_likely": 668_000.0,
}


def test_no_digit_beyond_the_range_and_nothing_under_one_percent():
    sums = first_page.Sums(TOTAL, "EUR")
    assert sums.plain(514_212).replace("\N{NARROW NO-BREAK SPACE}", " ") == "510 k EUR"
    assert (sums.plain(4_900), sums.plain(-5_000)) == (first_page.SMALL, first_page.SMALL_LOSS)
    assert str(sums.said(-5_000, "value")).startswith('<a href="80_value.ipynb">under 10')
    assert str(sums(514_212, "value")).startswith('<a href="80_value.ipynb">510')
    assert first_page.Sums(TOTAL | {"value": None}, "EUR").plain(12).startswith("12")
    assert first_page.Sums(TOTAL | {"low": 514_000.0, "high": 514_000.0}, "EUR").plain(514_000).startswith("514")


def test_decisions_are_told_by_name_and_what_is_small_only_where_it_stops():
    value = record(groups=[group()], assets=[{"name": "A", "group": "A", "earns": True}])
    given = [
        decided.Decision(word="stop", about="A", day=DAY, money=10.0, what="saved", page="value"),
        decided.Decision(word="retrain", about="A", day=DAY, money=10.0, what="cost", page="value"),
        decided.Decision(word="measure", about="A", day=DAY, money=12e3, what="for further test cases", page="uncertainty",
                         beside=96e3, beside_what="worth to the decision", n=7499),
    ]  # fmt: skip
    page = str(first_page.decisions(given, value, {"A": "Model <A>"}, first_page.Sums(TOTAL, "EUR")))
    assert "Model &lt;A&gt;" in page and "Retrain" not in page and "1 smaller:" in page
    assert (
        "under 10\N{NARROW NO-BREAK SPACE}k\N{NARROW NO-BREAK SPACE}EUR</a> saved" in page
        and "83_uncertainty.ipynb" in page
    )
    assert "for 7\N{NARROW NO-BREAK SPACE}499 further test cases" in page


@pytest.mark.parametrize(
    ("label", "low", "high", "unit", "said"),
    [
        ("discount rate", "−1", "+1", "percentage point", "which return a year investors ask −1 to +1 percentage point"),
        ("half-life of the gain of A", "1.02", "no decay", "years", "after how long half of the lead of Model A is gone: 1 year or never"),
        ("technical success of A", "fails", "succeeds", "", "whether the development of Model A works out: fails or succeeds"),
        ("money per false negative: E", "−930.14", "−568.42", "EUR", "what a case that Model A misses costs: 570 to 930 EUR"),
        ("adoption: energy saving (A)", "each low", "each high", "share", "how much of it is really used (energy saving): each low or each high"),
        ("operation cost of A: labour", "80", "120", "EUR", "what Model A costs (labour): 80 to 120 EUR"),
        ("something else", "1", "2", "", "something else: 1 to 2"),
    ],
)  # fmt: skip
def test_assumptions_are_said_as_a_person_says_them(label, low, high, unit, said):
    row = {"assumption": label, "low": low, "high": high, "unit": unit, "assets": ["A"]}
    assert first_page.in_words(row, record(), {"A": "Model A"}) == said


def value_of(cash=(57_400.0, 106_000.0, 0.0), outlay=False, payback=None, of_b=None, **total):
    """What the page on the origin of the number reads."""
    known = {
        "groups": [group("A") | {"rate": 0.12}, group("B") | {"rate": 0.134}, group("C", counts=False) | {"rate": 0.3}]
    }
    known |= {
        "total": [TOTAL | total],
        "bridge": [{"benefits": 1_480_000.0, "running": 500_000.0, "development": 132_000.0, "tax": 180_000.0, "tax_benefit": 0.0, "value": 648_000.0}],
        "scenarios": [{"p": 0.4, "value": 500_000.0}, {"p": 0.6, "value": 700_000.0}],
        "rests": [{"group": "A", "evaluation": "E", "grade": "measured", "present": 300.0, "n": 6000, "public": False}, {"group": "B", "evaluation": "", "grade": "pilot", "present": 900.0, "n": 0, "public": False}],
        "gains": [{"evaluation": "E", "n": 6000}, {"evaluation": "F", "n": 500}, {"evaluation": "G", "n": 90}],
        "cash": [{"year": 2026 + at, "net": net, "planned": net, "payback": payback, "outlay": outlay} for at, net in enumerate(cash)],
        "returns": [{"group": name, "payback": back, "outlay": back is not None} for name, back in (("A", None), ("B", of_b))],
    }  # fmt: skip
    return record(**known)


def plainly(page) -> str:
    text = re.sub(r"<[^>]+>", " ", str(page)).replace(words.THIN, " ").replace("&#x27;", "'")
    return re.sub(r" +", " ", text)


def test_where_the_number_comes_from_is_said_with_its_sums_its_tests_and_its_state():
    sums = first_page.Sums(TOTAL, "EUR")
    told = plainly(origin.derivation(value_of(), sums, ""))
    assert (
        "benefits 1.48 m EUR less costs 630 k EUR and tax 180 k EUR , groups without number 20 k EUR : 670 k EUR"
        in told
    )
    assert (
        "mean of the draws: 510 k EUR" in told
        and "25 % of benefits tested (6 000 cases); else pilot." in told
        and "tax benefit" not in told
    )
    assert "Discount rate 12.0 to 13.4 %" in told and "Payback no outlay first" in told and "draft, unsigned" in told
    assert "2026 2027" in told and "57 106" in told and "2028" not in told  # up to the last year in which money flows
    paid = plainly(origin.derivation(value_of((-50_000.0, 80_000.0), True, 1.625), sums, "A. Valuer"))
    assert "Payback 1.6 years" in paid and "for signature" in paid and f"{words.MINUS}50 80" in paid
    never = plainly(origin.derivation(value_of((-50_000.0, 10_000.0), True), sums, ""))
    assert "Payback none" in never
    one = plainly(origin.derivation(value_of(of_b=3.75), sums, ""))
    assert "Payback B: 3.8 years; else no outlay first" in one and "planned" not in one
    open_ = value_of(of_b=3.75)
    open_.tables["returns"][1] |= {"chance": 0.6, "success": 2.5}
    assert "B: 2.5 years if it succeeds (60 %); else" in plainly(origin.derivation(open_, sums, ""))
    time = value_of()
    time.tables["cash"][0]["time"] = 47_000.0
    assert "of it time: cash if posts go 47 0" in plainly(origin.derivation(time, sums, ""))
    assert "posts" not in told and "before buyer" not in told and "counted" not in told
    bought = value_of(left_out=["C"])
    bought.tables["bridge"][0]["tax_benefit"] = 9_000.0
    page = plainly(origin.derivation(bought, sums, ""))
    assert "Cash after tax, before buyer's tax benefit" in page and "25 % of counted benefits tested" in page
    capped = value_of()
    capped.tables["cash"][1]["planned"] = 206_000.0
    both = plainly(origin.derivation(capped, sums, ""))
    assert "planned 57 206" in both and "capped 57 106" in both
    assert str(origin.derivation(value_of(value=None), sums, "")) == ""
    page = str(origin.derivation(value_of(), sums, ""))
    assert page.count("80_value.ipynb") == 5 and page.count("83_uncertainty.ipynb") == 3
    likely = TOTAL["most_likely"]
    by_scenario = 0.4 * 500_000 + 0.6 * 700_000 - likely
    assert f"; scenarios: {sums.plain(by_scenario)} ".replace(words.THIN, " ") in told
    assert f"ranges and caps: {sums.plain(514_000 - likely - by_scenario)} ".replace(words.THIN, " ") in told
    bare = value_of()
    bare.tables["scenarios"] = []
    assert "scenarios" not in plainly(origin.derivation(bare, sums, ""))


def test_the_conclusion_is_one_sentence_in_the_tone_of_its_verdict():
    value, sums = record(total=[TOTAL]), first_page.Sums(TOTAL, "EUR")
    for word, tone in (("likely positive", "good"), ("open", "note"), ("not supported", "warning")):
        page = str(first_page.conclusion(value, word, sums)).replace("\N{NARROW NO-BREAK SPACE}", " ")
        assert f"lepton-{tone}" in page
        for said in (
            "510 k EUR</a>",
            f"{word}, probability below zero 2.0 %",
            "120 k to 850 k EUR",
            "1.4 times the value",
        ):
            assert said in page, said
    none = TOTAL | {"value": None, "left_out": ["A"]}
    page = str(first_page.conclusion(record(total=[none]), "", first_page.Sums(none, "EUR")))
    assert "No value is concluded." in page and "without A" in page


def test_a_test_set_is_told_by_what_the_model_finds():
    row = {
        "assumption": "gain per case by the test set E",
        "low": "1",
        "high": "2",
        "unit": "EUR per case",
        "assets": ["A"],
    }
    found = record({"A_recall": figure(0.5, low=0.43, high=0.55)})
    assert first_page.in_words(row, found, {"A": "Model A"}) == (
        "what Model A gains, by its test (it finds 43 to 55\N{NARROW NO-BREAK SPACE}% of what matters): 1 to 2 EUR per case"
    )


def test_a_group_is_spoken_of_by_what_earns_in_it_and_never_by_one_assets_name_alone():
    def row(name, group, earns):
        return {"name": name, "group": group, "earns": earns}

    value = record(assets=[row("M1", "D1 + M1", True), row("D1", "D1 + M1", False), row("D5", "D5 + M5", False),
                           row("M5", "D5 + M5", False), row("A", "A + B", True), row("B", "A + B", True)])  # fmt: skip
    names = {"M1": "Model (v3)", "D1": "Data", "A": "One", "B": "Two"}
    said = {name: first_page.spoken(name, value, names) for name in ("D1 + M1", "D5 + M5", "A + B", "M1")}
    assert said == {
        "D1 + M1": "Model, with what serves it",
        "D5 + M5": "D5 + M5",
        "A + B": "One and Two",
        "M1": "Model",
    }


def test_a_rate_that_falls_is_told_of_groups_with_a_value_alone():
    metrics = record({"A_break_even_recall": figure(0.5), "A_recall": figure(0.9)})
    for row, told_of in ((group(), True), (group(value=-5.0), False), (group(counts=False), False)):
        found = decided.triggers(records([row], metric_to_money=metrics), DAY)
        assert any(one.kind == "metric" for one in found) == told_of


def test_a_rate_is_watched_down_to_where_the_model_costs_more_than_it_brings():
    figures = {"A_break_even_recall": figure(0.3), "A_recall": figure(0.9), "A_pays_recall": figure(0.6)}
    (one,) = (
        one
        for one in decided.triggers(records([group()], metric_to_money=record(figures)), DAY)
        if one.kind == "metric"
    )
    assert one.at == 0.6  # not where the group, which others carry too, is worth nothing
    figures["A_recall"] = figure(0.5)  # it costs more already: no fall has to be waited for
    found = decided.triggers(records([group()], metric_to_money=record(figures)), DAY)
    assert not [one for one in found if one.kind == "metric"]


def test_a_sign_is_told_by_what_turns_out():
    one = decided.Trigger(kind="sign", about="technical success of M2", at="fails", now="M2", page="value")
    assert first_page._trigger(one, None) == "when the development of M2 fails: M2 has another sign"
    two = decided.Trigger(
        kind="sign", about="gain per case by the test set E", at=f"{words.MINUS}1.01", now="D3 + M3", page="value"
    )
    assert (
        first_page._trigger(two, None)
        == f"when {two.about} comes out at {words.MINUS}1: D3 + M3 has changed sign before"
    )


def test_a_volume_that_is_a_share_is_told_in_percent_and_ends_by_year_as_they_are():
    row = {
        "assumption": "volume: energy saving (M2)",
        "low": "0.0025",
        "high": "0.0475",
        "unit": "share of energy bill",
        "assets": ["M2"],
    }
    space = "\N{NARROW NO-BREAK SPACE}"
    assert first_page.in_words(row, record({}), {}).endswith(f"0.25{space}% to 4.75{space}% of energy bill")
    by_year = row | {"low": "each low", "high": "each high"}
    assert first_page.in_words(by_year, record({}), {}).endswith(": each low or each high")
