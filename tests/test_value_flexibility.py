"""Options beside the value: what they are written on, their volatility, tree and closed form, every word."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from test_value_model import asset, benefit, cost, make

from lepton_nb import client, value_model
from lepton_nb.valuation import options
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model import flexibility

ROOT = Path(__file__).resolve().parent.parent


def money(value: float) -> str:
    return f"{value:,.0f} EUR"


def three_years(value=(90, 100, 110), **named):
    """One asset that brings about 100 in each of three years, at 0 % without tax."""
    rows = [benefit(year, value) for year in (2026, 2027, 2028)]
    plan = value_model.plan(make(benefits=rows, rate=named.pop("rate", 0.0), **named))
    distribution = value_model.simulate(plan, draws=2048)
    return plan, distribution, flexibility.underlying(plan, distribution, plan.groups[0])


def option(kind="expand", **changes):
    given = {"asset_id": "M1", "kind": kind, "cost": 150.0, "scale": 1.0, "deadline_years": 1.0, "volatility": 0.3,
             "volatility_source": "similar projects"}  # fmt: skip
    return SimpleNamespace(**given | changes)


# ---------------------------------------------------------------- the business


def test_the_business_leaves_out_development_and_loses_what_flows():
    plan, _distribution, base = three_years(costs=[cost("2026-06-30", 40, phase="development")])
    assert base.value == pytest.approx(300)
    assert float(value_model.evaluate(plan).total) == pytest.approx(260)
    assert base.left(0) == 1
    assert base.left(1) == pytest.approx(2 / 3)
    assert base.left(2) == pytest.approx(1 / 3)
    assert base.cost_of_delay(1) == pytest.approx(math.log(1.5))
    assert base.draws.mean() == pytest.approx(300, rel=0.01)
    with pytest.raises(Undefined, match="Nothing flows after 4 years"):
        base.cost_of_delay(4)


def test_volatility_of_a_lognormal_is_its_sigma():
    draws = np.exp(stats.norm(3, 0.35).ppf((np.arange(20000) + 0.5) / 20000))
    found = flexibility.log_volatility(draws)
    assert found.value == pytest.approx(0.35, abs=0.001)
    assert found.spread(4) == pytest.approx(found.value / 2)
    assert found.spread(0.5) == found.value  # within a year it is not spread
    assert found.sentence == "All draws are positive."


def test_draws_below_zero_are_said_and_above_five_percent_there_is_no_volatility():
    few, many = np.ones(100), np.ones(100)
    few[:5], many[:6] = -1, 0
    assert "5 % of the draws are not positive" in flexibility.log_volatility(few).sentence
    with pytest.raises(Undefined, match="6 % of the draws"):
        flexibility.log_volatility(many)


# ---------------------------------------------------------------- tree, region, stages


@settings(max_examples=20, deadline=None)
@given(
    spot=st.floats(50, 200), strike=st.floats(50, 200), volatility=st.floats(0.15, 0.8), years=st.floats(0.25, 4),
    delay=st.floats(0, 0.4), kind=st.sampled_from(["call", "put"]),
)  # fmt: skip
def test_the_region_repeats_the_trees_value(spot, strike, volatility, years, delay, kind):
    found = flexibility.exercise_region(spot, strike, 0.03, volatility, years, kind, delay, steps=200)
    tree = options.crr(spot, strike, 0.03, volatility, years, 200, kind, True, delay)
    assert found.value == pytest.approx(tree, rel=1e-9, abs=1e-9)
    payoff = max(spot - strike if kind == "call" else strike - spot, 0)
    assert found.now == (payoff > 0 and tree <= payoff + 1e-9 * strike)


def test_the_boundary_of_a_call_falls_to_the_cost_and_of_a_put_rises_to_it():
    call = flexibility.exercise_region(100, 100, 0.03, 0.3, 2.0, "call", 0.1)
    put = flexibility.exercise_region(100, 100, 0.05, 0.3, 2.0, "put", 0.0)
    assert np.isfinite(call.boundary).all()
    assert np.isfinite(put.boundary).all()
    assert call.boundary[0] > call.boundary[-20] > call.boundary[-1] == 100
    assert put.boundary[0] < put.boundary[-20] < put.boundary[-1] == 100
    ever = options.perpetual_investment(100, 100, 0.03, 0.1, 0.3)
    assert call.boundary[0] < ever.threshold
    with pytest.raises(Undefined):
        flexibility.exercise_region(100, 100, 0.03, 0.0, 1.0)


def test_a_call_without_cost_of_delay_is_never_exercised_early():
    found = flexibility.exercise_region(150, 100, 0.03, 0.3, 2.0, "call", 0.0)
    assert np.isnan(found.boundary[:-40]).all()
    assert not found.now


def test_two_stages_agree_with_an_integral_over_the_first_date():
    spot, costs, times, rate, sigma, delay = 100.0, (20.0, 80.0), (0.5, 1.5), 0.04, 0.35, 0.05

    def inner(score):
        later = spot * math.exp((rate - delay - sigma**2 / 2) * times[0] + sigma * math.sqrt(times[0]) * score)
        right = options.black_scholes(later, costs[1], rate, sigma, times[1] - times[0], "call", delay)
        return max(right - costs[0], 0) * stats.norm.pdf(score)

    exact = math.exp(-rate * times[0]) * integrate.quad(inner, -8, 8, limit=400, points=[0.0])[0]
    assert flexibility.staged(spot, costs, times, rate, sigma, delay, steps=1500) == pytest.approx(exact, rel=2e-3)


def test_stages_out_of_order_are_refused():
    with pytest.raises(ValueError, match="ascending"):
        flexibility.staged(100, [1, 2], [1.0, 0.5], 0.03, 0.3)
    with pytest.raises(Undefined):
        flexibility.staged(100, [1], [1.0], 0.03, 0.0)


# ---------------------------------------------------------------- the client's options


@pytest.mark.parametrize("kind", ["defer", "expand", "stage"])
def test_calls_cost_money_and_gain_a_multiple_of_the_business(kind):
    _, _, base = three_years()
    found = flexibility.offer(option(kind, scale=1.5 if kind == "expand" else 0.5), base)
    assert (found.spot, found.strike) == (pytest.approx(150), 150)
    assert found.delay == pytest.approx(base.cost_of_delay(1))
    valued = flexibility.value_offer(found, 0.3, "test", 0.02)
    assert valued.at_deadline == pytest.approx(options.black_scholes(150, 150, 0.02, 0.3, 1, "call", found.delay))
    assert valued.lattice == pytest.approx(valued.at_deadline, abs=0.2)
    assert valued.any_time >= valued.lattice - 1e-9
    assert valued.without_delay > valued.at_deadline
    if kind == "expand":
        named = options.expand(base.value, 0.5, 150, 0.02, 0.3, 1.0, found.delay)
        assert valued.at_deadline == pytest.approx(named.option_value)


def test_giving_up_brings_a_fixed_sum_less_its_cost():
    _, _, base = three_years()
    found = flexibility.offer(option("abandon", scale=None, salvage=270, cost=20), base)
    assert (found.spot, found.strike, found.now) == (pytest.approx(300), pytest.approx(250), pytest.approx(-50))
    valued = flexibility.value_offer(found, 0.3, "test", 0.02)
    named = options.abandon(base.value, found.strike, 0.02, 0.3, 1.0, payout_yield=found.delay, steps=flexibility.STEPS)
    assert valued.any_time == pytest.approx(named.option_value)


def test_a_switch_is_an_exchange_of_what_is_left():
    _, _, base = three_years()
    found = flexibility.offer(option("switch", cost=10), base)
    swap = flexibility.switch_value(found, base, 0.3, 0.5)
    named = options.switch(200, 200, 0.3, 0.3, 0.5, 1.0, 10)
    assert swap.option_value == pytest.approx(named.option_value)


def test_no_option_on_a_business_that_is_worth_nothing():
    _, _, base = three_years(costs=[cost("2026-06-30", 900)])
    with pytest.raises(Undefined, match="a positive value"):
        flexibility.offer(option(scale=2.0), base)


@pytest.mark.parametrize(
    ("any_time", "now", "word"),
    [(100, 100, "exercise now"), (101, 100, "exercise now"), (103, 100, "wait"), (30, -50, "wait"), (1.5, -50, "nothing to win"),
     (2.1, -1, "wait")],
)  # fmt: skip
def test_the_word_for_an_option_follows_from_value_and_cost(any_time, now, word):
    assert flexibility.action(any_time, now, 200) == word


def test_a_stated_volatility_counts_with_its_source_only():
    _, _, base = three_years()
    found, sentences, stated = flexibility.volatilities(option(volatility_source=" "), base)
    assert not stated
    assert "has no source" in sentences[0]
    assert all(name.startswith("simulated") for name in found)
    found, _, stated = flexibility.volatilities(option(scale=2.0), base)
    assert stated
    assert found["stated (similar projects)"] == 0.3


@pytest.mark.parametrize(
    ("volatility", "word"),
    [(1.0, "confirms"), (0.85, "confirms"), (0.8, "does not confirm"), (1.4, "does not confirm")],
)
def test_the_simulation_confirms_a_volatility_within_a_fifth(volatility, word):
    draws = np.exp(stats.norm(0, 1).ppf((np.arange(4000) + 0.5) / 4000))
    base = flexibility.Underlying("M1", 300.0, draws, ((0.0, 1.0), (3.0, 0.0)))
    _, sentences, _ = flexibility.volatilities(option(volatility=volatility, deadline_years=2.0), base)
    assert f"simulation {word} the stated" in sentences[0]


def conclude(*words, stated=True, plan=None):
    plan = plan or three_years()[0]
    found = flexibility.Offer("M1", "expand", "M1", 300, 150, 1.0, 0.4, "client.yml")
    valued = [flexibility.Valued(0.3, "test", 1, 1, 160, 150, word) for word in words]
    return flexibility.conclusion(plan, found, valued, stated, money)


@pytest.mark.parametrize("word", ["exercise now", "wait", "nothing to win"])
def test_a_conclusion_needs_one_word_at_every_volatility(word):
    assert conclude(word, word)[0] == word
    said, sentence = conclude(word, "exercise now" if word == "wait" else "wait")
    assert said == "withheld"
    assert "depends on the volatility" in sentence


def test_conclusions_are_withheld_without_a_source_and_without_control():
    assert conclude("wait", stated=False) == (
        "withheld",
        "M1, expand: no conclusion, because the volatility has no source.",
    )
    plan = value_model.plan(make([asset(legal_control="unclear")], [benefit(2026, 100)]))
    said, sentence = conclude("wait", plan=plan)
    assert said == "withheld"
    assert "legal control is unclear" in sentence


def test_what_rests_on_the_cost_of_delay_is_said():
    found = flexibility.Offer("M1", "expand", "M1", 300, 150, 1.0, 0.4, "client.yml")
    rests = flexibility.Valued(0.3, "test", 1, 1, 150, 170, "exercise now")
    firm = flexibility.Valued(0.3, "test", 1, 1, 150, 150.5, "exercise now")
    assert "waiting would be best" in flexibility.delay_sentence(found, rests, money)
    assert "waiting would be best" not in flexibility.delay_sentence(found, firm, money)
    assert "33 % of the business flows before" in flexibility.delay_sentence(found, firm, money)


# ---------------------------------------------------------------- stages, stopping, samples


def test_a_stage_that_may_be_refused_is_worth_more_than_the_plan():
    young = asset(p_technical_success=0.6, lifecycle_stage="algorithm_development", in_service_date=None)
    plan = value_model.plan(
        make([young], [benefit(2028, (100, 200, 300))], [cost("2026-12-31", 100, phase="development")], rate=0.05)
    )
    distribution = value_model.simulate(plan, draws=2048)
    (stage,), _ = flexibility.stages(plan, distribution, 0.02, money)
    assert stage.static == pytest.approx(0.6 * stage.after_success - stage.development)
    assert stage.static == pytest.approx(float(value_model.evaluate(plan).total))
    assert stage.with_option > max(stage.static, 0)
    assert stage.option_value == pytest.approx(stage.with_option - max(stage.static, 0))


def test_what_cannot_be_staged_gets_a_sentence():
    young = {"p_technical_success": 0.6, "lifecycle_stage": "algorithm_development", "in_service_date": None}
    joint = value_model.plan(make([asset("D1", kind="data", feeds=("M1",)), asset(**young)], [benefit(2026, 100)]))
    alone = value_model.plan(make([asset(**young)], [benefit(2026, 100)]))
    for plan, words in ((joint, "joint with"), (alone, "no development cost lies ahead")):
        found, sentences = flexibility.stages(plan, value_model.simulate(plan, draws=1024), 0.02, money)
        assert found == ()
        assert words in sentences[0]


@pytest.mark.parametrize(
    ("static", "with_option", "words"),
    [
        (50, 60, "worth developing as planned"),
        (-50, 20, "an option, not an investment"),
        (-50, 0.1, "worth nothing either"),
    ],
)
def test_the_words_for_a_stage_follow_its_values(static, with_option, words):
    assert words in flexibility.stage_sentence("M2", 0.6, static, with_option, money)


def test_stopping_saves_the_draws_whose_rest_is_negative():
    rows = [benefit(2026, 100), benefit(2027, (0, 100, 200)), benefit(2028, 0)]
    plan = value_model.plan(make(benefits=rows, costs=[cost("2027-12-31", 100)], rate=0.0))
    distribution = value_model.simulate(plan, draws=8192)
    first = flexibility.right_to_stop(plan, distribution, plan.groups[0])[0]
    assert (first.year, first.years) == (2026, 1.0)
    assert first.below_zero == pytest.approx(0.5, abs=0.01)
    # triangular on -100, 0, 100: E max(-x, 0) = 100/6
    assert first.option_value == pytest.approx(100 / 6, rel=0.01)
    assert first.option_value == pytest.approx(100 / 6, abs=5 * first.standard_error + 0.05)


def test_success_is_not_known_before_its_last_payment():
    young = asset(p_technical_success=0.5, lifecycle_stage="algorithm_development", in_service_date=None)
    plan = value_model.plan(
        make([young], [benefit(2028, 100)], [cost("2027-06-30", 40, phase="development")], rate=0.0)
    )
    found = flexibility.right_to_stop(plan, value_model.simulate(plan, draws=2048), plan.groups[0])
    assert found[0].rest == pytest.approx(10)
    assert found[0].option_value == 0  # half of 100 less 40 is sure by then


@pytest.mark.parametrize(("worth", "words"), [(0.9, "next to nothing"), (1.1, "worth up to")])
def test_the_right_to_stop_matters_above_a_hundredth_of_the_benefits(worth, words):
    found = [flexibility.Stop("G", 2027, 1.0, 50.0, 0.1, worth, 0.0)]
    assert words in flexibility.stop_sentence("G", found, 100.0, money)
    assert "one year only" in flexibility.stop_sentence("G", [], 100.0, money)


def test_the_riskless_rate_is_the_clients_where_given():
    rate, source = flexibility.riskless(client.load(ROOT / "clients" / "manufacturer"), 0.05)
    assert rate == pytest.approx(math.log(1.026))
    assert "client.yml" in source
    rate, source = flexibility.riskless(make(), 0.05)
    assert rate == pytest.approx(math.log(1.05))
    assert "assumed" in source


def test_the_foundrys_option_stands_beside_its_value():
    plan = value_model.plan(client.load(ROOT / "clients" / "manufacturer"))
    distribution = value_model.simulate(plan)
    before = value_model.evaluate(plan).total
    item = next(item for item in plan.client.options if item.kind == "expand")
    base = flexibility.underlying(plan, distribution, plan.group(item.asset_id))
    found = flexibility.offer(item, base)
    sources, sentences, stated = flexibility.volatilities(item, base)
    valued = [flexibility.value_offer(found, sigma, name, 0.0257) for name, sigma in sources.items()]
    word, _ = flexibility.conclusion(plan, found, valued, stated, money)
    assert word == "exercise now"
    assert "does not confirm" in sentences[0]
    assert value_model.evaluate(plan).total == before == pytest.approx(value_model.evaluate(plan).total)
    (stage,), _ = flexibility.stages(plan, distribution, 0.0257, money)
    assert stage.asset_id == "M2"
    assert "worth developing as planned" in stage.sentence
    assert stage.with_option > stage.static > 0
