"""Freedom to decide later: what it is written on, that it is never worth less than the fixed plan, every word."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from test_value_model import asset, benefit, cost, make

from lepton_nb import client, value_model
from lepton_nb.page import freedom
from lepton_nb.valuation import options as formulas
from lepton_nb.valuation._tree import even_factors, roll_back, roll_back_pair
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model import books, ledger, options, planning, side_by_side, stages, stopping, using

ROOT = Path(__file__).resolve().parent.parent
YOUNG = {"p_technical_success": 0.6, "lifecycle_stage": "algorithm_development", "in_service_date": None}


def money(value: float) -> str:
    return f"{value:,.0f} EUR"


def three_years(value=(90, 100, 110), **named):
    """One asset that brings about 100 in each of three years, at 0 % without tax."""
    rows = [benefit(year, value) for year in (2026, 2027, 2028)]
    plan = value_model.plan(make(benefits=rows, rate=named.pop("rate", 0.0), **named))
    distribution = value_model.simulate(plan, draws=2048)
    return plan, distribution, stages.business(plan, distribution, "M1")


def option(kind="expand", **changes):
    given = {"asset_id": "M1", "kind": kind, "cost": 150.0, "scale": 2.0 if kind == "expand" else 1.0, "salvage": None,
             "deadline_years": 1.0, "volatility": 0.3, "volatility_source": "similar projects"}  # fmt: skip
    return SimpleNamespace(**given | changes)


def flowing(value=100.0, q=0.0, years=5.0):
    """A business that pays out the yearly share q of what is left."""
    times = np.linspace(0, years, 201)
    return stages.Business("M1", ("M1",), value, np.ones(16), tuple((t, math.exp(-q * t)) for t in times))


def right_on(kind, base, share=1.0, cost=95.0, salvage=0.0, years=1.0, rate=0.05):
    return options.Right(kind, base, share, cost, salvage, years, rate)


# ---------------------------------------------------------------- the business


def test_the_business_leaves_out_what_is_invested_and_loses_what_flows():
    plan, _, base = three_years(assets=[asset(**YOUNG | {"p_technical_success": 1.0})], costs=[cost("2026-06-30", 40, phase="development")])  # fmt: skip
    assert base.value == pytest.approx(300)
    assert float(value_model.evaluate(plan).total) == pytest.approx(260)
    assert base.left(0) == 1
    assert base.left(1) == pytest.approx(2 / 3)
    assert base.left(2) == pytest.approx(1 / 3)
    assert base.draws.mean() == pytest.approx(300, rel=0.01)


def test_development_of_a_model_in_use_is_a_running_cost_and_no_price():
    running = [asset(in_service_date="2025-01-01")]
    _, _, base = three_years(assets=running, costs=[cost("2026-06-30", 40, phase="development")])
    assert base.value == pytest.approx(260)


@pytest.mark.parametrize("live", [100, 5000])
def test_an_option_is_written_on_its_own_asset_and_not_on_the_live_model_of_its_group(live):
    assets = [asset("D1", kind="data", feeds=("M1", "M2")), asset("M1"), asset("M2")]
    rows = [benefit(2026, live, "M1"), benefit(2026, 70, "M2")]
    plan = value_model.plan(make(assets, rows, [cost("2026-12-31", 10, "M2"), cost("2026-12-31", 20, "M1")], rate=0.0))
    distribution = value_model.simulate(plan, draws=1024)
    assert stages.business(plan, distribution, "M2").value == pytest.approx(60)


def test_an_asset_that_earns_nothing_itself_stands_for_those_that_need_it():
    assets = [asset("D1", kind="data", feeds=("M1",)), asset("M1")]
    plan = value_model.plan(make(assets, [benefit(2026, 100)], [cost("2026-12-31", 10, "D1")], rate=0.0))
    distribution = value_model.simulate(plan, draws=1024)
    base = stages.business(plan, distribution, "D1")
    assert base.earners == ("M1",)
    assert base.value == pytest.approx(90)


def test_giving_up_an_asset_ends_the_benefits_of_all_that_need_it():
    assets = [asset("M1", feeds=("M2",)), asset("M2")]
    plan = value_model.plan(make(assets, [benefit(2026, 100), benefit(2026, 70, "M2")], rate=0.0))
    distribution = value_model.simulate(plan, draws=1024)
    assert stages.business(plan, distribution, "M1", "expand").value == pytest.approx(100)
    assert stages.business(plan, distribution, "M1", "abandon").value == pytest.approx(170)


def test_no_option_on_a_business_that_is_worth_nothing():
    with pytest.raises(Undefined, match="a positive value"):
        three_years(costs=[cost("2026-06-30", 900)])
    plan = value_model.plan(make(costs=[cost("2026-06-30", 9)]))
    with pytest.raises(Undefined, match="a positive value"):
        stages.business(plan, value_model.simulate(plan, draws=1024), "M1")


def test_volatility_of_a_lognormal_is_its_sigma():
    draws = np.exp(stats.norm(3, 0.35).ppf((np.arange(20000) + 0.5) / 20000))
    found = stages.log_volatility(draws)
    assert found.value == pytest.approx(0.35, abs=0.001)
    assert found.spread(4) == pytest.approx(found.value / 2)
    assert found.spread(0.5) == found.value  # within a year it is not spread
    assert found.sentence == "All draws are positive."


def test_draws_below_zero_are_said_and_above_five_percent_there_is_no_volatility():
    few, many = np.ones(100), np.ones(100)
    few[:5], many[:6] = -1, 0
    assert "5 % of the draws are not positive" in stages.log_volatility(few).sentence
    with pytest.raises(Undefined, match="6 % of the draws"):
        stages.log_volatility(many)


# ---------------------------------------------------------------- the tree


def test_a_tree_is_the_sum_over_its_paths():
    up, down, chance, shrink, strike = 1.3, 0.8, 0.45, 0.97, 100.0
    by_paths = 0.0
    for path in itertools.product((up, down), repeat=4):
        rises = path.count(up)
        by_paths += chance**rises * (1 - chance) ** (4 - rises) * max(100 * math.prod(path) - strike, 0)
    root = roll_back(
        lambda step, price, go_on: np.maximum(price - strike, 0) if step == 4 else go_on,
        4, up=up, down=down, chance=chance, shrink=shrink, spot=100.0,
    )  # fmt: skip
    assert root.shape == (1,)
    assert root[0] == pytest.approx(shrink**4 * by_paths)


def test_a_wider_tree_has_the_same_node_for_today():
    def decide(step, price, go_on):
        return np.maximum(go_on, 100 - price)

    narrow, wide = (roll_back(decide, 30, up=1.05, down=0.95, spot=90.0, wide=wide) for wide in (0, 5))
    assert wide.shape == (11,)
    assert wide[5] == pytest.approx(narrow[0])
    assert np.all(np.diff(wide) < 0)


@settings(max_examples=20, deadline=None)
@given(volatility=st.floats(0, 2), dt=st.floats(0.001, 1), rho=st.floats(-1, 1))
def test_the_levels_of_both_trees_are_martingales(volatility, dt, rho):
    assert sum(even_factors(volatility, dt)) / 2 == pytest.approx(1)
    for pick in (0, 1):

        def decide(step, first, second, going_on, pick=pick):
            return (first, second)[pick] + 0 * going_on if step == 6 else going_on

        mean = roll_back_pair(decide, 6, dt, (volatility, 0.3), rho)
        assert mean == pytest.approx(1)


# ---------------------------------------------------------------- the fixed plan is never better

payments_drawn = st.lists(st.tuples(st.floats(0, 5), st.floats(0, 120)), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(worth=st.floats(1, 300), payments=payments_drawn, rate=st.floats(-0.02, 0.3), volatility=st.floats(0, 1.5))
def test_a_project_whose_payments_may_be_refused_is_never_worth_less_than_the_fixed_plan(
    worth, payments, rate, volatility
):
    stage = stages.Stage("M2", "M2", 0.5, worth, volatility, tuple(payments), rate)
    assert stage.rigid == pytest.approx(worth - sum(paid / (1 + rate) ** years for years, paid in payments))
    assert stage.flexible >= max(stage.rigid, 0) - 1e-9 * worth
    assert stage.flexible <= worth + 1e-9
    assert stage.option_value >= -1e-9 * worth
    assert stage.at(0.0) == pytest.approx(max(stage.rigid, 0), abs=1e-9)
    grid = [stage.at(sigma) for sigma in (0.0, 0.2, 0.4, 0.8)]
    assert all(later >= earlier - 2e-3 * worth for earlier, later in itertools.pairwise(grid))


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(list(options.KINDS)), share=st.floats(0.1, 3), paid=st.floats(0, 200),
    salvage=st.floats(0, 250), years=st.floats(0.25, 4), rate=st.floats(-0.02, 0.3), q=st.floats(0, 0.6),
    volatility=st.floats(0, 1.2),
)  # fmt: skip
def test_a_right_is_never_worth_less_than_the_best_date_fixed_today(
    kind, share, paid, salvage, years, rate, q, volatility
):
    found = right_on(kind, flowing(q=q), share, paid, salvage, years, rate)
    free = options.at_any_time(found, volatility)
    assert found.rigid >= found.now
    assert free >= max(found.rigid, 0)
    assert free >= options.at_deadline(found, volatility) - 1e-9
    assert options.at_any_time(found, 0.0) == pytest.approx(max(found.rigid, 0), abs=0.02)


@pytest.mark.parametrize(("worth", "fixed"), [(130.0, 30.0), (80.0, -20.0)])
def test_the_right_to_refuse_adds_to_the_plan_or_to_stopping_whichever_is_better(worth, fixed):
    stage = stages.Stage("M2", "M2", 1.0, worth, 0.4, ((0.0, 100.0),), 0.05)
    assert (stage.rigid, stage.flexible, stage.option_value) == (fixed, max(fixed, 0.0), 0.0)  # due today: no news
    later = replace(stage, payments=((1.0, 105.0),))
    call = formulas.black_scholes(worth, 105.0, math.log(1.05), 0.4, 1.0)
    put = formulas.black_scholes(worth, 105.0, math.log(1.05), 0.4, 1.0, "put")
    assert later.option_value == pytest.approx(put if fixed > 0 else call)  # parity


def test_with_no_volatility_the_curve_of_stages_starts_on_the_fixed_plan():
    stage = stages.Stage("M2", "M2", 0.6, 139_929, 0.4, ((0.75, 140_000.0),), 0.134)
    assert stage.at(0.0) == stage.rigid > 0
    assert all(stage.at(sigma) >= stage.rigid for sigma in np.linspace(0, 1, 21))


# ---------------------------------------------------------------- against other code and closed forms


def quantlib_american(kind, strike, rate, q, volatility, years):
    ql = pytest.importorskip("QuantLib")
    day = ql.Date(1, 1, 2026)
    ql.Settings.instance().evaluationDate = day
    flat = ql.Actual365Fixed()
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(100.0)),
        ql.YieldTermStructureHandle(ql.FlatForward(day, q, flat)),
        ql.YieldTermStructureHandle(ql.FlatForward(day, math.log1p(rate), flat)),
        ql.BlackVolTermStructureHandle(ql.BlackConstantVol(day, ql.NullCalendar(), volatility, flat)),
    )
    end = day + round(365 * years)
    side = ql.Option.Put if kind == "abandon" else ql.Option.Call
    found = ql.VanillaOption(ql.PlainVanillaPayoff(side, strike), ql.AmericanExercise(day, end))
    found.setPricingEngine(ql.FdBlackScholesVanillaEngine(process, 800, 800))
    return found.NPV()


@pytest.mark.parametrize("kind", ["defer", "abandon"])
@pytest.mark.parametrize(("strike", "q", "volatility", "years"), [(95, 0.1, 0.3, 1), (120, 0.3, 0.5, 2), (80, 0.05, 0.2, 3)])  # fmt: skip
def test_a_right_at_any_time_agrees_with_quantlib(kind, strike, q, volatility, years):
    terms = {"cost": strike} if kind == "defer" else {"cost": 0.0, "salvage": strike}
    found = right_on(kind, flowing(q=q), years=float(years), **terms)
    expected = quantlib_american(kind, strike, 0.05, q, volatility, years)
    assert options.at_any_time(found, volatility) == pytest.approx(expected, abs=0.03)


def test_at_the_deadline_a_right_is_the_closed_form_and_the_tree_finds_it():
    found = right_on("expand", flowing(q=0.1), share=0.9)
    closed = formulas.black_scholes(90, 95, math.log(1.05), 0.3, 1.0, "call", 0.1)
    assert options.at_deadline(found, 0.3) == pytest.approx(closed)
    assert options.on_tree(found, 0.3, 2000) == pytest.approx(closed, abs=0.01)
    assert options.at_deadline(right_on("stage", flowing(q=0.1), 0.9), 0.3) == pytest.approx(closed)
    put = right_on("abandon", flowing(q=0.1), cost=5.0, salvage=100.0)
    assert options.at_deadline(put, 0.3) == pytest.approx(
        formulas.black_scholes(100, 95, math.log(1.05), 0.3, 1, "put", 0.1)
    )


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.5, 0.9])
def test_a_switch_without_cost_is_margrabes_exchange(rho):
    found = right_on("switch", flowing(q=0.2), share=1.1, cost=0.0, years=2.0)
    left = 100 * math.exp(-0.4)
    expected = formulas.margrabe(1.1 * left, left, 0.3, 0.3, rho, 2.0)
    assert options.at_deadline(found, 0.3, rho) == pytest.approx(expected, abs=0.15)


def test_a_switch_to_the_same_business_made_larger_is_an_expansion():
    swap = right_on("switch", flowing(q=0.2), share=1.5, cost=40.0, years=2.0)
    larger = right_on("expand", flowing(q=0.2), share=0.5, cost=40.0, years=2.0)
    assert options.at_deadline(swap, 0.3, 1.0) == pytest.approx(options.at_deadline(larger, 0.3), abs=0.1)
    assert options.at_any_time(swap, 0.3, 1.0) == pytest.approx(options.at_any_time(larger, 0.3), abs=0.1)


def test_two_stages_agree_with_an_integral_over_the_first_date():
    worth, payments, rate, sigma = 100.0, ((0.5, 20.0), (1.5, 80.0)), math.expm1(0.04), 0.35

    def inner(score):
        later = worth * math.exp((0.04 - sigma**2 / 2) * 0.5 + sigma * math.sqrt(0.5) * score)
        going_on = formulas.black_scholes(later, 80.0, 0.04, sigma, 1.0)
        return max(going_on - 20.0, 0) * stats.norm.pdf(score)

    exact = math.exp(-0.04 * 0.5) * integrate.quad(inner, -8, 8, limit=400, points=[0.0])[0]
    assert stages.staged(worth, payments, rate, sigma) == pytest.approx(exact, rel=1e-3)


def test_one_payment_is_a_european_call_and_two_halves_on_one_day_are_one():
    one = stages.staged(100, [(1.0, 95)], math.expm1(0.05), 0.3)
    assert one == pytest.approx(formulas.black_scholes(100, 95, 0.05, 0.3, 1.0))
    assert stages.staged(100, [(1.0, 40), (1.0, 55)], math.expm1(0.05), 0.3) == pytest.approx(one, abs=0.02)


def test_payments_that_make_no_sense_are_refused():
    for wrong in ([], [(-1.0, 5)], [(1.0, -5)], [(1.0, -5), (2.0, 5)]):
        with pytest.raises(ValueError, match="payments"):
            stages.staged(100, wrong, 0.03, 0.3)


# ---------------------------------------------------------------- options by kind


@pytest.mark.parametrize(
    ("kind", "changes", "now"),
    [
        ("defer", {"scale": 0.5, "cost": 100.0}, 0.5 * 300 - 100),
        ("expand", {"scale": 1.5, "cost": 100.0}, 0.5 * 300 - 100),
        ("abandon", {"scale": None, "cost": 30.0, "salvage": 250.0}, 250 - 30 - 300),
        ("switch", {"scale": 1.4, "cost": 50.0}, 0.4 * 300 - 50),
        ("stage", {"scale": 0.5, "cost": 60.0}, 0.5 * 200 - 60),  # at the end of a year a third has flowed
    ],
)
def test_each_kind_gives_cost_and_scale_its_own_meaning(kind, changes, now):
    plan, _, base = three_years()
    assert options.right(plan, option(kind, **changes), base).now == pytest.approx(now, abs=0.01)


def test_stopping_without_salvage_never_brings_todays_value():
    plan, _, base = three_years()
    found = options.right(plan, option("abandon", cost=30.0, scale=1.0, deadline_years=2.9), base)
    assert options.at_any_time(found, 0.4) < 0.01 * base.value
    nothing = options.right(plan, option("abandon", cost=30.0, scale=1.0, deadline_years=2.9, salvage=0.0), base)
    assert found == nothing  # no salvage said is none


def test_an_expansion_that_adds_nothing_is_refused_in_words():
    plan, _, base = three_years()
    with pytest.raises(Undefined, match="2 doubles it"):
        options.right(plan, option("expand", scale=1.0), base)
    with pytest.raises(Undefined, match="Nothing flows after 4 years"):
        options.right(plan, option("stage", deadline_years=4.0), base)


def test_the_boundary_of_a_call_falls_and_of_a_right_to_give_up_rises():
    call = using.region(right_on("defer", flowing(q=0.1), cost=100.0, years=2.0), 0.3)
    put = using.region(right_on("abandon", flowing(q=0.0), cost=0.0, salvage=100.0, years=2.0), 0.3)
    assert np.isfinite(call.boundary).all()
    assert np.isfinite(put.boundary).all()
    later = 100 / 1.05**2 / (100 * math.exp(-0.2))  # the level at which the cost is just covered on the last day
    assert call.boundary[0] > 1
    assert call.boundary[-1] == pytest.approx(later, rel=0.01)
    assert put.boundary[0] < put.boundary[-20]
    assert not call.now
    deep = using.region(right_on("defer", flowing(q=0.3), cost=30.0, years=2.0), 0.3)
    assert deep.now
    with pytest.raises(Undefined):
        using.region(right_on("defer", flowing()), 0.0)


def test_a_call_that_loses_nothing_by_waiting_is_never_used_early():
    found = using.region(right_on("defer", flowing(200.0), cost=100.0, years=2.0), 0.3)
    assert np.isnan(found.boundary[:-40]).all()
    assert not found.now


@pytest.mark.parametrize(
    ("worth", "now", "word"),
    [(100, 100, "exercise now"), (101, 100, "exercise now"), (103, 100, "wait"), (30, -50, "wait"), (1.5, -50, "nothing to win"),
     (2.1, -1, "wait")],
)  # fmt: skip
def test_the_word_for_a_right_follows_from_its_value_and_the_business(worth, now, word):
    assert options.action(worth, now, 200) == word


def test_a_stated_volatility_counts_with_its_source_only():
    _, _, base = three_years()
    found, sentences, stated = options.volatilities(option(volatility_source=" "), base)
    assert not stated
    assert "has no source" in sentences[0]
    assert all(name.startswith("simulated") for name in found)
    found, _, stated = options.volatilities(option(), base)
    assert stated
    assert found["stated (similar projects)"] == 0.3


@pytest.mark.parametrize(
    ("volatility", "word"),
    [(1.0, "does not confirm"), (0.85, "confirms"), (0.8, "does not confirm"), (1.4, "does not confirm")],
)
def test_the_simulation_confirms_a_volatility_within_a_fifth_however_it_is_learned(volatility, word):
    draws = np.exp(stats.norm(0, 1).ppf((np.arange(4000) + 0.5) / 4000))
    base = replace(flowing(), draws=draws)
    _, sentences, _ = options.volatilities(option(volatility=volatility, deadline_years=2.0), base)
    assert f"simulation {word} the stated" in sentences[0] and "0.71 if all is learned evenly" in sentences[0]
    _, at_once, _ = options.volatilities(option(volatility=1.0, deadline_years=1.0), base)
    assert "simulation confirms the stated" in at_once[0] and "evenly" not in at_once[0]


def test_a_simulation_is_no_second_source_of_a_simulated_volatility():
    _, _, base = three_years()
    for source, second in (("monte_carlo_npv", False), ("own simulation", False), ("similar projects", True)):
        _, sentences, _ = options.volatilities(option(volatility_source=source), base)
        assert ("no second one" not in sentences[0]) == second


def test_a_right_to_buy_says_from_which_level_it_is_used_and_whether_the_draws_come_there():
    wide = replace(flowing(q=0.3), draws=100 * np.linspace(0.2, 1.8, 200))
    narrow = replace(wide, draws=np.full(200, 100.0))
    for base, out in ((wide, False), (narrow, True)):
        found = right_on("expand", base, cost=105.0, years=2.0)
        valued = [options.value_right(found, sigma, "test") for sigma in (0.3, 0.4)]
        level = valued[0].trigger
        assert 1 < level.least < level.last and level.reached == pytest.approx(1.72 if base is wide else 1.0, abs=0.01)
        # at the deadline it pays from what is left of the business on, with no time left to wait
        assert level.last == pytest.approx(105 * 1.05**-2 / (100 * base.left(2.0)), rel=0.01)
        assert options.out_of_reach(valued) is out
        told = options.awaited(found, valued, money)
        assert "Used today it loses 5 EUR." in told and f"{level.least:.1f} times as large" in told
        assert ("not expected to be used" in told) is out
    assert using.trigger(right_on("abandon", flowing(), salvage=100.0), 0.3) is None
    assert using.trigger(right_on("expand", flowing()), 0.0) is None and not options.out_of_reach([])


def conclude(*words, stated=True, plan=None, worth=160):
    plan = plan or three_years()[0]
    valued = [options.Valued(0.3, "test", 1, worth, word) for word in words]
    return options.conclusion(plan, right_on("expand", flowing(300.0), cost=150.0), valued, stated, money)


@pytest.mark.parametrize("word", ["exercise now", "wait", "nothing to win"])
def test_a_conclusion_needs_one_word_at_every_volatility(word):
    assert conclude(word, word)[0] == word
    said, sentence = conclude(word, "exercise now" if word == "wait" else "wait")
    assert said == "withheld"
    assert "depends on the volatility" in sentence


def test_a_conclusion_says_the_money_of_its_word():
    assert conclude("nothing to win", worth=0.4)[1] == "M1, expand: nothing to win at any of the volatilities."
    assert conclude("nothing to win", worth=7)[1].endswith("; the right is worth at most 7 EUR.")
    assert conclude("wait", worth=170)[1].startswith("M1, expand: wait. Waiting is worth 20 EUR to 20 EUR more than")
    assert conclude("exercise now", worth=0.4)[1].startswith("M1, expand: exercise now. It brings 150 EUR at once")


def test_conclusions_are_withheld_without_a_source_and_without_control():
    assert conclude("wait", stated=False) == (
        "withheld",
        "M1, expand: no conclusion, because the volatility has no source.",
    )
    plan = value_model.plan(make([asset(legal_control="unclear")], [benefit(2026, 100)]))
    said, sentence = conclude("wait", plan=plan)
    assert said == "withheld"
    assert "legal control of M1 is unclear" in sentence


def test_what_rests_on_the_fixed_horizon_is_said():
    valued = options.Valued(0.3, "test", 1, 150, "exercise now")
    rests = right_on("expand", flowing(300.0, q=0.4), cost=250.0)
    firm = right_on("expand", flowing(300.0, q=0.4), cost=1.0)
    assert "waiting would be best" in options.delay_sentences(rests, valued, money)[0]
    assert "waiting would be best" not in options.delay_sentences(firm, valued, money)[0]
    assert "33 % of the business flows before" in options.delay_sentences(firm, valued, money)[0]
    assert options.delay_sentences(right_on("abandon", flowing()), valued, money) == ()


def with_options(*items, **named):
    given = [{key: value for key, value in vars(item).items() if value is not None} for item in items]
    return value_model.plan(make(benefits=[benefit(year, (90, 100, 110)) for year in (2026, 2027, 2028)], options=given, **named))  # fmt: skip


def test_every_option_of_a_client_is_valued_or_says_why_not():
    items = option("expand"), option("defer", scale=0.5), option("switch", scale=1.2), option("stage", scale=0.5)
    plan = with_options(*items, option("expand", scale=1.0))
    found = options.choices(plan, value_model.simulate(plan, draws=1024), money)
    assert [options.deadline(plan, years).isoformat() for years in (1.0, 0.5)] == ["2026-12-31", "2026-07-02"]
    assert [item.word == "not valued" for item in found] == [False, False, False, False, True]
    assert "adds nothing" in found[4].sentence
    for choice in found:
        assert choice.sentence.startswith(choice.name)
        for valued in choice.valued:
            assert valued.worth >= max(choice.right.rigid, 0)


def test_the_right_to_refuse_a_payment_of_costs_csv_is_valued_once():
    rows = [cost("2026-12-31", 100, phase="development")]
    plan = with_options(option("stage"), assets=[asset(**YOUNG)], costs=rows)
    distribution = value_model.simulate(plan, draws=1024)
    (choice,) = options.choices(plan, distribution, money)
    assert choice.word == "not valued"
    assert "valued there, once" in choice.sentence
    assert len(stages.stages(plan, distribution, money)[0]) == 1


# ---------------------------------------------------------------- stages, stopping


def young_plan(amount=(100, 200, 300), **named):
    rows = [cost("2026-12-31", (80, 100, 180), phase="development"), cost("2026-06-30", 5, phase="research")]
    return value_model.plan(make([asset(**YOUNG)], [benefit(2028, amount)], rows, rate=0.05, premium=0.04, **named))  # fmt: skip


@pytest.mark.parametrize("basis", ["investment_value", "fair_value_ifrs13"])
@pytest.mark.parametrize("tax", [0.0, 0.3])
@pytest.mark.parametrize("amount", [(100, 200, 300), (300, 400, 900)])
def test_the_fixed_plan_of_a_stage_is_the_value_on_every_other_page(tax, basis, amount):
    parts = young_plan(tax=tax, amount=amount, valuation={"basis_of_value": basis}).client
    parts = parts.model_copy(update={"tax": parts.tax.model_copy(update={"tax_amortisation_benefit": True})})
    plan = value_model.plan(parts)
    concluded = value_model.conclude(plan, 2048, keep_inputs=True)
    (stage,), _ = stages.stages(plan, concluded.distribution, money)
    assert stage.rigid == pytest.approx(concluded.groups[0].value)
    assert len(stage.payments) == 2
    assert stage.flexible > max(stage.rigid, 0)


def test_payments_bear_no_premium_in_the_plan_and_in_the_right():
    plan = young_plan()
    (stage,), _ = stages.stages(plan, value_model.simulate(plan, draws=1024), money)
    assert stage.rate == plan.wacc == 0.05
    assert plan.groups[0].rate == pytest.approx(0.09)


def test_an_asset_inside_a_group_has_stages_on_its_own_flows():
    joint = value_model.plan(
        make(
            [asset("D1", kind="data", feeds=("M1", "M2")), asset("M2"), asset(**YOUNG)],
            [benefit(2026, 100), benefit(2026, 900, "M2")],
            [cost("2026-06-30", 10, phase="development")],
            rate=0.0,
        )
    )
    (stage,), _ = stages.stages(joint, value_model.simulate(joint, draws=1024), money)
    assert stage.after_success == pytest.approx(100, rel=1e-3)
    assert stage.rigid == pytest.approx(0.6 * 100 - 10, rel=1e-3)


def test_what_has_no_payment_ahead_gets_a_sentence():
    alone = value_model.plan(make([asset(**YOUNG)], [benefit(2026, 100)]))
    found, sentences = stages.stages(alone, value_model.simulate(alone, draws=1024), money)
    assert found == ()
    assert "no development cost lies ahead" in sentences[0]


@pytest.mark.parametrize(
    ("worth", "volatility", "words"),
    [(150, 0.3, "worth developing as planned"), (90, 0.4, "an option, not an investment"), (30, 0.05, "worth nothing either")],
)  # fmt: skip
def test_the_words_for_a_stage_follow_its_values(worth, volatility, words):
    stage = stages.Stage("M2", "M2", 1.0, worth, volatility, ((1.0, 105.0),), 0.05)
    assert words in stages.stage_sentence(stage, money)


def test_stopping_saves_the_draws_whose_rest_is_negative():
    rows = [benefit(2026, 100), benefit(2027, (0, 100, 200)), benefit(2028, 0)]
    plan = value_model.plan(make(benefits=rows, costs=[cost("2027-12-31", 100)], rate=0.0))
    distribution = value_model.simulate(plan, draws=8192)
    first = stopping.right_to_stop(plan, distribution, plan.groups[0])[0]
    assert (first.year, first.years) == (2026, 1.0)
    assert first.below_zero == pytest.approx(0.5, abs=0.01)
    # triangular on -100, 0, 100: E max(-x, 0) = 100/6
    assert first.option_value == pytest.approx(100 / 6, rel=0.01)
    assert first.option_value == pytest.approx(100 / 6, abs=5 * first.standard_error + 0.05)
    assert 0 < first.standard_error < 0.5  # 24 / √8192 is 0.3 where draws are independent; these are stratified
    found = (value_model.simulate(plan, draws=8192, seed=seed) for seed in range(30))
    errors = [stopping.right_to_stop(plan, one, plan.groups[0])[0].option_value - 100 / 6 for one in found]
    assert 0.5 < np.sqrt(np.mean(np.square(errors))) / first.standard_error < 2  # it is what other seeds show


def test_stopping_does_not_save_what_stopping_costs():
    rows = [cost("2028-12-31", 500, phase="decommission")]
    plan = value_model.plan(make(benefits=[benefit(2026, 100), benefit(2028, 10)], costs=rows, rate=0.0))
    found = stopping.right_to_stop(plan, value_model.simulate(plan, draws=1024), plan.groups[0])
    assert [stop.rest for stop in found] == [pytest.approx(10), pytest.approx(10)]
    assert all(stop.option_value == 0 for stop in found)


def test_the_right_to_stop_begins_where_the_right_to_refuse_a_payment_ends():
    plan = value_model.plan(
        make([asset(**YOUNG)], [benefit(2028, 100)], [cost("2027-06-30", 40, phase="development")], rate=0.0)
    )
    found = stopping.right_to_stop(plan, value_model.simulate(plan, draws=2048), plan.groups[0])
    assert [stop.year for stop in found] == [2027]


def test_the_right_to_stop_counts_the_group_alone():
    both = make([asset(), asset("M2")], [benefit(2027, 50), benefit(2027, 70, "M2")], rate=0.0)
    plan = value_model.plan(both)
    distribution = value_model.simulate(plan, draws=1024)
    assert [stopping.right_to_stop(plan, distribution, group)[0].rest for group in plan.groups] == [
        pytest.approx(50),
        pytest.approx(70),
    ]


def test_a_group_that_loses_is_told_to_stop_today_but_for_what_is_due_in_any_case():
    rows = [cost("2026-06-30", 300), cost("2027-06-30", 300), cost("2028-06-30", 40, phase="decommission")]
    plan = value_model.plan(make(benefits=[benefit(2026, 100)], costs=rows, rate=0.0, tax=0.0))
    distribution, group = value_model.simulate(plan, draws=1024), plan.groups[0]
    found = stopping.right_to_stop(plan, distribution, group)
    today = stopping.stop_today(plan, distribution, group)
    assert (today.saved, today.due) == pytest.approx((200, 40))  # the loss of the first year; 2027 is cut
    told = stopping.stop_sentence("G", found, 100.0, money, today)
    assert "stopping today saves 200" in told and "40" in told and "little" not in told and "adds nothing" not in told
    assert stopping.best_stop(found, today) == (today.saved, "today")
    (cut,) = [text for text in value_model.findings(plan) if text.startswith(f"{group.name}: counted")]
    assert "for 2026 only" in cut and "from 2027 on" in cut


def test_one_development_is_told_in_ways_that_differ_by_what_they_leave_out():
    plan = young_plan()
    distribution = value_model.simulate(plan, draws=2048)
    (stage,), _ = stages.stages(plan, distribution, money)
    (group,) = plan.groups
    value = float(np.mean(distribution.groups[group.name].values))
    today = stopping.stop_today(plan, distribution, group)
    ways = {way.what: way for way in side_by_side.every(plan, [stage], {group.name: value}, {group.name: today})["M1"]}
    lines = stages.invested(plan, "M1")
    assert ways["payments, most likely"].figure == sum(line.amount.mode for line in lines)
    assert ways["payments, mean of the draws, today"].figure == pytest.approx(
        sum(amount * (1 + plan.wacc) ** -years for years, amount in stage.payments)
    )
    assert ways["payments, most likely, today"].figure == pytest.approx(
        sum(line.amount.mode * (1 + plan.wacc) ** -line.time for line in lines)
    )
    assert ways["the asset as planned, mean"].figure == pytest.approx(
        ways["value of its group, mean of the draws"].figure, abs=1e-6 * abs(value) + 1e-6
    )
    assert ways["what the right to refuse adds"].figure == stage.option_value and all(
        way.lacks for way in ways.values()
    )
    page = str(freedom.side_by_side({"M1": list(ways.values())}, "EUR"))
    assert page.count("<tr>") == len(ways) + 1 and "No development" in str(freedom.side_by_side({}, "EUR"))


def test_what_an_option_to_abandon_brings_counts_wherever_stopping_is_looked_at():
    sold = option("abandon", cost=30.0, salvage=250.0, scale=None)  # until the end of 2026
    plan = with_options(sold, rate=0.1)
    distribution, group = value_model.simulate(plan, draws=2048), plan.groups[0]
    today, ends = stopping.stop_today(plan, distribution, group), stopping.right_to_stop(plan, distribution, group)
    rest = float(value_model.evaluate(plan).total)
    assert today.brings == 220 and today.saved == 0 and rest > 220  # going on is worth more today
    first, second = ends[0], ends[1]
    assert first.brings == pytest.approx(220 / 1.1) and second.brings == 0  # after the deadline nothing is had for it
    assert first.option_value == pytest.approx(220 / 1.1 - first.rest, rel=1e-3) and first.below_zero == 1
    assert "worth less than the 200 EUR that stopping brings" in stopping.stop_sentence("G", ends, 300.0, money, today)
    dear = with_options(option("abandon", cost=30.0, salvage=400.0, scale=None), rate=0.1)
    now = stopping.stop_today(dear, distribution, group)
    assert now.saved == pytest.approx(370 - rest, rel=1e-3) and now.rest == pytest.approx(rest, rel=1e-3)
    said = stopping.stop_sentence("G", ends, 300.0, money, now)
    assert "it loses" not in said and "brings 370 EUR by the client's option to abandon" in said
    values = {group.name: 50.0}
    for one, fair in ((plan, 220.0), (with_options(rate=0.1), 50.0)):
        (test,) = books.impairment_tests(one, ledger.books(one.client), values, values)
        assert test.result.fair_value_less_costs == fair


def test_of_several_options_to_abandon_one_asset_the_best_counts_and_costs_alone_are_no_gain():
    many = [option("abandon", cost=10.0, salvage=each, scale=None) for each in (50.0, 90.0)]
    plan = with_options(*many)
    assert stopping.brings(plan, plan.groups[0]) == 80
    paid = with_options(option("abandon", cost=10.0, salvage=0.0, scale=None))
    assert stopping.brings(paid, paid.groups[0]) == -10


def test_a_group_that_gains_saves_nothing_by_stopping_today():
    plan = value_model.plan(make(benefits=[benefit(2026, 100)], costs=[cost("2026-06-30", 30)], rate=0.0))
    today = stopping.stop_today(plan, value_model.simulate(plan, draws=1024), plan.groups[0])
    assert (today.saved, today.due) == (0, 0) and stopping.best_stop([], today) is None
    later = [stopping.Stop("G", 2027, 1.0, 50.0, 0.1, 7.0, 0.0)]
    assert stopping.best_stop(later, today) == (7.0, "at the end of 2027")
    assert stopping.stop_sentence("G", [], 100.0, money, today) == stopping.stop_sentence("G", [], 100.0, money)


@pytest.mark.parametrize(("worth", "words"), [(0.9, "next to nothing"), (1.1, "worth up to")])
def test_the_right_to_stop_matters_above_a_hundredth_of_the_benefits(worth, words):
    found = [stopping.Stop("G", 2027, 1.0, 50.0, 0.1, worth, 0.0)]
    assert words in stopping.stop_sentence("G", found, 100.0, money)
    assert "no later date" in stopping.stop_sentence("G", [], 100.0, money)


# ---------------------------------------------------------------- rates, samples


def with_rates(prices, **discount):
    given = {"method": "given", "wacc": 0.1, "asset_premium": {"data": 0, "model": 0, "infrastructure": 0}} | discount
    parts = make(valuation={"price_basis": prices})
    return parts.model_copy(update={"discount": type(parts.discount)(**given)})


def test_the_riskless_rate_is_the_clients_where_given():
    rate, source = stages.riskless(client.load(ROOT / "clients" / "manufacturer"), 0.05)
    assert rate == pytest.approx(0.026)
    assert "client.yml" in source
    rate, source = stages.riskless(make(), 0.05)
    assert rate == pytest.approx(0.05)
    assert "assumed" in source


def test_with_real_prices_the_riskless_rate_is_real_and_said():
    rate, words = stages.riskless(with_rates("real", risk_free=0.009, inflation=0.011), 0.05)
    assert rate == pytest.approx(1.009 / 1.011 - 1)
    assert rate < 0
    assert "0.9 % nominal at an inflation of 1.1 %" in words
    rate, _ = stages.riskless(with_rates("real", inflation=0.011), 0.03)  # an assumed rate is nominal
    assert rate == pytest.approx(1.03 / 1.011 - 1)
    rate, _ = stages.riskless(with_rates("nominal", risk_free=0.01, rate_basis="real", inflation=0.02), 0.05)
    assert rate == pytest.approx(1.01 * 1.02 - 1)
    rate, words = stages.riskless(with_rates("real", rate_basis="real"), 0.03)
    assert rate == 0.03
    assert "taken as real" in words


@pytest.mark.parametrize("name", ["manufacturer", "bank"])
def test_options_of_the_samples_stand_beside_a_value_that_they_do_not_move(name):
    plan = value_model.plan(client.load(ROOT / "clients" / name))
    distribution = value_model.simulate(plan, draws=2048)
    before = value_model.evaluate(plan).total
    values = {item.name: item.value for item in value_model.conclude(plan, 2048).groups}
    found = options.choices(plan, distribution, money)
    assert len(found) == len(plan.client.options)
    staged_ones, _ = stages.stages(plan, distribution, money)
    for stage in staged_ones:
        group = plan.group(stage.asset_id)
        assert stage.flexible >= max(stage.rigid, 0)
        if len(group.assets) == 1:
            assert stage.rigid == pytest.approx(values[group.name])
    assert value_model.evaluate(plan).total == before


@pytest.mark.parametrize(("later", "said"), [(0.0, False), (0.5, False), (1.5, True)])
def test_a_group_that_loses_is_told_of_stopping_today_and_of_a_later_day_only_where_that_matters(later, said):
    found = [stopping.Stop("G", 2027, 1.0, 50.0, 0.1, later, 0.0)]
    told = stopping.stop_sentence("G", found, 100.0, money, stopping.Today(40.0, 0.0))
    assert told.startswith("G: it loses as planned, and stopping today saves 40 EUR")
    assert ("the right to stop later is worth up to" in told) is said and "is due in any case" not in told
    due = stopping.stop_sentence("G", [], 100.0, money, stopping.Today(40.0, 7.0))
    assert "7 EUR for development or decommissioning is due in any case" in due


def test_the_best_day_to_stop_is_today_where_that_saves_most():
    found = [stopping.Stop("G", 2027, 1.0, 50.0, 0.1, 6.0, 0.0), stopping.Stop("G", 2028, 2.0, 50.0, 0.1, 9.0, 0.0)]
    assert stopping.best_stop(found, stopping.Today(9.0, 0.0)) == (9.0, "today")
    assert stopping.best_stop(found, stopping.Today(8.0, 0.0)) == (9.0, "at the end of 2028")
    assert stopping.best_stop([], stopping.Today(1.0, 0.0)) == (1.0, "today")
    assert stopping.best_stop([], stopping.Today(0.0, 5.0)) is None


@pytest.mark.parametrize("kind", ["expand", "abandon", "switch"])
def test_a_valued_right_holds_both_values_at_its_own_volatility_and_correlation(kind):
    found = right_on(kind, flowing(100.0, q=0.2), share=1.2, salvage=80.0, years=2.0)
    valued = options.value_right(found, 0.35, "stated", 0.1)
    assert (valued.volatility, valued.source) == (0.35, "stated")
    assert valued.at_deadline == options.at_deadline(found, 0.35, 0.1)
    assert valued.worth == options.at_any_time(found, 0.35, 0.1) >= valued.at_deadline - 1e-6
    assert valued.word == options.action(valued.worth, found.now, 100.0)


def test_patience_is_measured_against_acting_today_or_never_whatever_the_unit_of_money():
    """In a unit so large that the business is worth half of one."""
    rests = right_on("expand", flowing(0.5, q=0.4), cost=0.6)
    assert rests.now < 0
    valued = options.value_right(rests, 0.3, "test")
    assert options._patience_pays(rests, replace(valued, word="nothing to win"))
    assert not options._patience_pays(rests, replace(valued, word="wait"))
    assert not options._patience_pays(replace(rests, cost=5.0), replace(valued, word="nothing to win"))


@pytest.mark.parametrize("unit", [1.0, 1e6])
def test_stages_are_worth_the_same_in_any_unit_of_money(unit):
    payments = [(0.5, 20.0), (1.0, 30.0), (2.0, 40.0)]
    whole = stages.staged(100.0, payments, 0.05, 0.4)
    part = stages.staged(100.0 / unit, [(at, amount / unit) for at, amount in payments], 0.05, 0.4)
    assert part * unit == pytest.approx(whole) and whole > 100 - 90 / 1.05**0.5


def test_stopping_what_a_contract_binds_is_asked_for_its_price():
    losing = {"benefits": [benefit(2026, 10)], "costs": [cost("2026-12-31", 90)]}
    bound = make([asset("M1", useful_life_basis="contract")], **losing)
    plan = value_model.plan(bound)
    assert stopping.bound(plan, plan.groups[0]) == ("M1",)
    assert any("what ending it costs is not given" in text for text in value_model.findings(plan))
    for concluded in (True, False):
        said = stopping.stop_sentence("G", [], 100.0, money, stopping.Today(60.0, 0.0, 200.0), concluded)
        assert "brings 200 EUR by the client's option to abandon, 60 EUR more than going on" in said
        assert ("That is no decision" in said) is not concluded
    told = stopping.stop_sentence("M1", (), 0.0, money, stopping.Today(5.0, 0.0), True, ("M1",))
    assert "what the contract of M1 commits is not given" in told
    free = value_model.plan(make([asset("M1", useful_life_basis="technical")], **losing))
    priced = value_model.plan(
        make(
            [asset("M1", useful_life_basis="contract")],
            **losing,
            options=[vars(option("abandon", scale=None, salvage=0, cost=20))],
        )
    )
    for one in (free, priced):
        assert stopping.bound(one, one.groups[0]) == ()
        assert not any("what ending it costs" in text for text in value_model.findings(one))


def test_an_option_on_a_plan_that_is_stopped_says_what_the_plan_is_worth():
    given = client.load(Path(__file__).resolve().parent.parent / "clients" / "retailer")
    plan = value_model.plan(given)
    run = planning.run_through(plan)
    worth = float(value_model.group_value(run, run.group("M5")))
    assert worth < float(value_model.group_value(plan, plan.group("M5"))) < 0
    with pytest.raises(Undefined, match=rf"run to its end, D5 \+ M5 is worth {worth:,.0f} SEK"):
        stages.business(plan, value_model.simulate(plan, draws=1024), "M5", "stage")
