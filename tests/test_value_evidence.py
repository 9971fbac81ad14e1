"""From metric to money: every rule of reading the evidence on cases small enough to check by hand, and both samples."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_value_model import GAIN, asset, benefit, cost, evaluation, linked, make

from lepton_nb import client, value_model
from lepton_nb.client import Predictions
from lepton_nb.valuation import performance
from lepton_nb.value_model import break_even, rules, threshold
from lepton_nb.value_model.gains import gain, gain_draws, gain_word, most_likely_money, yearly_cases

CLIENTS = Path(__file__).resolve().parent.parent / "clients"


def plan_with(one, benefits=None, costs=(), **changes):
    return value_model.plan(make([asset()], benefits or [linked(2026)], costs, evaluations=[one], **changes))


def first(plan):
    return plan.client.evaluations[0]


def scored(truth, scores, groups=()):
    return Predictions(
        asset_id="M1", row_id=tuple(map(str, range(len(truth)))), y_true=tuple(truth), score=tuple(scores), group=tuple(groups)
    )  # fmt: skip


# ---------------------------------------------------------------- gain


def test_both_tables_give_one_gain_and_the_paired_one_decides():
    plan = plan_with(evaluation())
    found = gain(plan, first(plan))
    assert found.per_case == pytest.approx(GAIN)
    assert found.agreement == pytest.approx(0.8)  # 20 of 100 cases decided differently
    assert found.interval != found.margins and "paired table" in found.sentence
    variance = found.model.standard_error**2 + found.baseline.standard_error**2
    variance -= 2 * found.correlation * found.model.standard_error * found.baseline.standard_error
    assert found.standard_error == pytest.approx(math.sqrt(variance), rel=0.06)


def test_without_pairs_the_margins_decide_and_nothing_is_said_of_agreement():
    plan = plan_with(evaluation(paired=False))
    found = gain(plan, first(plan))
    assert found.interval == found.margins
    assert found.correlation is None and found.agreement is None
    assert "margins" in found.sentence


@pytest.mark.parametrize(
    ("interval", "word"),
    [((0.1, 0.2), "shown"), ((0.0, 0.2), "not shown"), ((-0.1, 0.2), "not shown"), ((-0.2, -0.1), "against")],
)
def test_the_word_on_a_gain(interval, word):
    assert gain_word(interval) == word


def test_posterior_has_the_exact_moments_of_the_dirichlet():
    plan = plan_with(evaluation())
    exact = performance.expected_value_posterior(first(plan).paired, most_likely_money(first(plan)), draws=10)
    drawn = gain_draws(first(plan), 7, draws=8192)
    assert drawn.mean == pytest.approx(exact.mean, abs=5 * drawn.standard_error + 1e-6)
    assert drawn.sd == pytest.approx(exact.sd, rel=0.03)
    assert gain_draws(first(plan), 7, paired=False, draws=8192).sd > drawn.sd


def test_uncertain_money_widens_the_posterior():
    money = {"tp": (0, 0, 0), "fp": (-2, -1, -0.5), "fn": (-20, -10, -5), "tn": (0, 0, 0)}
    plan = plan_with(evaluation(outcome_value=money))
    fixed = gain_draws(first(plan), 7, draws=4096)
    assert gain_draws(first(plan), 7, money=True, draws=4096).sd > fixed.sd


def test_yearly_cases_are_volume_times_attribution_and_adoption_of_the_last_whole_year():
    rows = [linked(2026, adoption=0.5), linked(2027, adoption=0.8, attribution=0.5), linked(2028, adoption=0.9)]
    plan = plan_with(evaluation(), rows, valuation={"date": "2025-06-30"})  # 2028 is cut by the horizon
    assert yearly_cases(plan, "E1") == pytest.approx(1000 * 0.8 * 0.5)
    assert yearly_cases(plan, "another") is None


def test_the_gain_is_a_mean_over_positive_and_negative_cases():
    one = first(plan_with(evaluation()))
    positive, negative = break_even.gain_by_class(one)
    assert positive == pytest.approx(10 * (20 - 12) / 25)  # 8 of 25 positives more, 10 each
    assert negative == pytest.approx(-2 / 75)  # 2 of 75 negatives more flagged, 1 each
    assert break_even.gain_at_prevalence(one, 0.25) == pytest.approx(GAIN)
    share = break_even.prevalence_for(one, 1.5)
    assert break_even.gain_at_prevalence(one, share) == pytest.approx(1.5 * GAIN)
    assert break_even.prevalence_for(one, 100) is None


def test_a_recession_raises_the_gain_of_the_banks_model():
    one = client.load(CLIENTS / "bank").evaluations[0]
    share = break_even.prevalence_for(one, 1.15)
    assert share > one.model.positives / one.n


def test_a_class_without_cases_gains_nothing_and_one_without_hits_its_misses():
    blind = evaluation(paired=False, model={"tp": 0, "fp": 9, "fn": 25, "tn": 66})
    positive, negative = break_even.gain_by_class(first(plan_with(blind)))
    assert positive == pytest.approx(-10 - (13 * -10) / 25) and negative == pytest.approx(-9 / 75 + 7 / 75)


# ---------------------------------------------------------------- threshold


def test_the_closed_form_needs_that_a_mistake_costs():
    one = first(plan_with(evaluation()))
    assert threshold.closed_form_threshold(one)[0] == pytest.approx(1 / 11)
    free = first(plan_with(evaluation(outcome_value=dict.fromkeys(("tp", "fp", "fn", "tn"), (0, 0, 0)))))
    value, why = threshold.closed_form_threshold(free)
    assert value is None
    assert "no threshold" in why


def test_without_scores_the_closed_form_stands_alone():
    found = threshold.threshold(first(plan_with(evaluation())), None)
    assert found.closed_form == pytest.approx(1 / 11)
    assert found.cuts == () and (found.n, found.positives) == (0, 0)
    assert "predictions_M1.csv" in found.sentence


def calibrated(n=2000):
    generator = np.random.default_rng(3)
    scores = generator.beta(1, 6, n)
    return (generator.random(n) < scores).astype(int).tolist(), scores.tolist()


def test_cuts_are_judged_on_cases_that_did_not_choose_them():
    truth, scores = calibrated()
    found = threshold.threshold(first(plan_with(evaluation())), scored(truth, scores))
    by_name = {cut.name: cut for cut in found.cuts}
    assert list(by_name) == ["flag nobody", "flag everybody", "in use", "from the money", "best on other cases"]
    assert by_name["in use"].flagged == pytest.approx(0.29, abs=0.001)  # 20 + 9 of 100, as in the evaluation
    assert by_name["best on other cases"].value <= found.curve.best_profit / found.n
    assert by_name["flag nobody"].value == pytest.approx(-10 * np.mean(truth))
    assert by_name["flag everybody"].value == pytest.approx(-(1 - np.mean(truth)))
    assert by_name["from the money"].value > by_name["flag nobody"].value
    for cut in found.cuts:
        assert cut.gain == pytest.approx(cut.value - by_name["in use"].value)
        assert cut.low <= cut.gain <= cut.high


def test_a_score_at_the_cut_is_flagged_among_few_scores_too():
    truth, scores = [0, 0, 1, 0, 1, 1] * 50, [0.1, 0.1, 0.9, 0.1, 0.9, 0.9] * 50
    found = threshold.threshold(first(plan_with(evaluation())), scored(truth, scores))
    best = {cut.name: cut for cut in found.cuts}["best on other cases"]
    assert best.flagged == 0.5 and best.value == pytest.approx(0, abs=1e-9)  # nothing missed, nothing flagged in vain


def test_the_cut_of_each_fifth_is_the_best_of_the_other_four_and_gains_have_their_error():
    truth, scores = (np.asarray(each) for each in calibrated())
    found = threshold.threshold(first(plan_with(evaluation())), scored(truth, scores))
    by_name = {cut.name: cut for cut in found.cuts}

    def money(flagged):
        return np.where(truth == 1, np.where(flagged, 0, -10), np.where(flagged, -1, 0))

    flagged, fifth = np.zeros(len(truth), bool), np.arange(len(truth)) % 5
    for part in range(5):
        kept = fifth != part
        cuts = np.unique(scores[kept])
        best = max(cuts, key=lambda cut, kept=kept: money(scores >= cut)[kept].sum())
        flagged[fifth == part] = scores[fifth == part] >= best
    one = by_name["best on other cases"]
    assert (one.flagged, one.value) == pytest.approx((flagged.mean(), money(flagged).mean()))
    in_use = scores >= by_name["in use"].score
    gain = money(flagged) - money(in_use)
    reach = 1.6448536 * gain.std(ddof=1) / math.sqrt(len(truth))
    assert (one.low, one.high) == pytest.approx((gain.mean() - reach, gain.mean() + reach))
    assert (found.n, found.positives) == (len(truth), truth.sum())
    assert found.brier.value == pytest.approx(np.mean((scores - truth) ** 2))


def test_calibrated_scores_lie_within_their_intervals():
    truth, scores = calibrated(20000)
    found = threshold.threshold(first(plan_with(evaluation())), scored(truth, scores))
    inside = [low <= mean <= high for mean, _, low, high, _ in found.calibration]
    assert np.mean(inside) >= 0.7
    assert sum(row[-1] for row in found.calibration) == found.n


def test_too_few_positives_choose_no_cut():
    found = threshold.threshold(first(plan_with(evaluation())), scored([1, 0] * 4, [0.9, 0.1] * 4))
    assert found.cuts == ()
    assert "too few" in found.sentence


def test_equal_scores_are_no_obstacle():
    found = threshold.threshold(first(plan_with(evaluation())), scored([1, 0] * 20, [0.3] * 40))
    assert len(found.calibration) == 1
    assert {cut.flagged for cut in found.cuts} <= {0.0, 1.0}


def test_net_benefit_of_policies_is_that_of_the_formula():
    one = first(plan_with(evaluation()))
    found = threshold.net_benefits(one, [0.1, 0.2])
    assert found["model"] == pytest.approx([0.20 - 0.09 / 9, 0.20 - 0.09 / 4])
    assert found["baseline"] == pytest.approx([0.12 - 0.07 / 9, 0.12 - 0.07 / 4])
    assert found["flag everybody"] == pytest.approx([0.25 - 0.75 / 9, 0.25 - 0.75 / 4])
    assert found["flag nobody"] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("groups", "words"),
    [([], "no group"), (["A"] * 60, "one group"), (["A"] * 48 + ["B"] * 12, "12 cases")],
)
def test_groups_are_not_compared_where_they_cannot_be(groups, words):
    rates, why = threshold.groups_flagged(scored([0, 1] * 30, [0.1, 0.9] * 30, groups), 0.5)
    assert rates is None
    assert words in why


def test_groups_of_30_are_compared():
    rates, why = threshold.groups_flagged(scored([0, 1] * 30, [0.1, 0.9] * 30, ["A", "B"] * 30), 0.5)
    assert why == ""
    assert rates.selection_ratio == 0
    at_the_cut, _ = threshold.groups_flagged(scored([0, 1] * 30, [0.1, 0.5] * 30, ["A", "B"] * 30), 0.5)
    assert [rate.value for rate in at_the_cut.rates.values()] == [0, 1]  # a score at the cut is flagged


# ---------------------------------------------------------------- break-even


def test_break_even_recall_by_hand():
    plan = plan_with(evaluation(), costs=[cost("2026-12-31", 195)])  # 0.195 per case
    found = break_even.break_even_recall(plan, first(plan))
    assert found.measured.value == 0.8
    per_recall = 0.25 * 10  # money per case for all of recall
    assert found.no_gain == pytest.approx(0.8 - GAIN / per_recall)
    assert found.no_value == pytest.approx(0.8 - (GAIN - 0.195) / per_recall)
    assert found.baseline == 12 / 25


@settings(max_examples=15, deadline=None)
@given(running=st.floats(0, 700), tax=st.floats(0, 0.5))
def test_at_the_break_even_the_group_is_worth_nothing(running, tax):
    plan = plan_with(evaluation(), costs=[cost("2026-12-31", running)], tax=tax)
    found = break_even.break_even_recall(plan, first(plan))
    gain = GAIN + 2.5 * (found.no_value - 0.8)
    worth = value_model.evaluate(plan, value_model.World(gains={"E1": gain})).total
    assert worth == pytest.approx(0, abs=1e-4)
    assert np.interp(found.no_value, found.rates, found.values) == pytest.approx(0, abs=12)  # between two points of 41


def test_widening_of_the_evidence_does_not_move_the_break_even():
    plans = [
        plan_with(evaluation(), [linked(2026, evidence=grade)], [cost("2026-12-31", 195)])
        for grade in ("measured", "vendor")
    ]
    one, other = (break_even.break_even_recall(plan, first(plan)).no_value for plan in plans)
    assert one == pytest.approx(other)


@pytest.mark.parametrize(
    ("benefits", "costs", "words"),
    [
        ([linked(2026), benefit(2026, 10000, driver_id="other")], [], "even at 0"),
        ([linked(2026)], [cost("2026-12-31", 10000)], "not even at 1"),
        ([benefit(2026, 100)], [], "no break-even"),
    ],
)
def test_a_break_even_that_does_not_exist_is_a_sentence(benefits, costs, words):
    plan = plan_with(evaluation(), benefits, costs)
    found = break_even.break_even_recall(plan, first(plan))
    assert found.no_value is None
    assert words in found.sentence


def test_a_prohibited_model_has_no_break_even():
    plan = value_model.plan(make([asset(eu_ai_act_class="prohibited")], [linked(2026)], evaluations=[evaluation()]))
    found = break_even.break_even_recall(plan, first(plan))
    assert found.no_value is None and (found.asset_id, found.what) == ("M1", "recall")
    assert found.sentence == "No benefit of M1 rests on its recall, so it has no break-even."
    assert (found.measured.value, found.baseline, found.rates, found.values) == (0.8, 0.48, (), ())


def test_break_even_share_accepted_by_hand():
    accepted = {
        "asset_id": "M1",
        "evaluated_on": date(2025, 12, 31),
        "n": 100,
        "accepted_without_edit": 80,
        "unit": "letters",
    }
    rows = [benefit(2026, 100, metric_link="acceptance:M1")]
    a_client = make([asset()], rows, [cost("2026-12-31", 20)], acceptance=[accepted])
    plan = value_model.plan(a_client)
    found = break_even.break_even_acceptance(plan, a_client.acceptance[0])
    assert found.measured.value == 0.8
    assert found.no_value == pytest.approx(0.2)
    nothing = a_client.acceptance[0].model_copy(update={"accepted_without_edit": 0})
    found = break_even.break_even_acceptance(plan, nothing)
    assert found.what == "share accepted" and found.measured.value == 0 and "Nothing was accepted" in found.sentence


# ---------------------------------------------------------------- economic life


def test_economic_life_by_hand():
    decaying = [asset(half_life_years=2)]
    rows, costs = [benefit(year, 80) for year in (2026, 2027)], [cost("2026-12-31", 20), cost("2027-12-31", 20)]
    plan = value_model.plan(make(decaying, rows, costs))
    assert break_even.economic_life(plan, "M1").years == pytest.approx(4)  # 80 halves twice to 20
    assert break_even.economic_life(plan, "M1", half_life=1).years == pytest.approx(2)
    assert break_even.economic_life(plan, "M1").stated == pytest.approx(20, abs=0.01)
    old = value_model.plan(make([asset(in_service_date="2020-12-31")], [benefit(2026, 80)]))
    assert break_even.economic_life(old, "M1").stated == pytest.approx(15, abs=0.01)


def test_a_substitute_caps_what_is_left_of_a_benefit_and_does_not_shorten_its_life():
    offer = {"comparable": "hosted", "asset_id": "M1", "date": "2025-12-01", "price": 40, "basis": "offer", "similarity": 1,
             "adjustment": 1, "unit": "per year", "source": "list", "substitute": True}  # fmt: skip
    rows, costs = [benefit(year, 80) for year in (2026, 2027)], [cost("2026-12-31", 20), cost("2027-12-31", 20)]
    plan = value_model.plan(make([asset(half_life_years=2)], rows, costs, comparables=[offer]))
    found = break_even.economic_life(plan, "M1")
    assert found.benefit == pytest.approx(40)  # the offer's price, today
    assert found.years == pytest.approx(4)  # 80 halves twice to 20, as without the offer
    flows = {year.year: float(year.benefits) for year in value_model.cash_flows(plan, plan.groups[0])}
    assert flows[2026] == pytest.approx(40)


@pytest.mark.parametrize(
    ("half_life", "running", "years", "words"),
    [(2, 0, None, "No running costs"), (2, 100, 0.0, "does not cover"), (None, 20, None, "Without a half-life")],
)
def test_an_economic_life_that_does_not_exist_is_a_sentence(half_life, running, years, words):
    costs = [cost("2026-12-31", running)] if running else []
    plan = value_model.plan(make([asset(half_life_years=half_life)], [benefit(2026, 80)], costs))
    found = break_even.economic_life(plan, "M1")
    assert found.years == years
    assert words in found.sentence


def test_a_benefit_that_has_decayed_already_starts_lower():
    old = evaluation(evaluated_on=date(2024, 12, 31))
    plan = value_model.plan(make([asset(half_life_years=1)], [linked(2026)], evaluations=[old]))
    assert break_even.economic_life(plan, "M1").benefit == pytest.approx(1000 * GAIN / 2)


# ---------------------------------------------------------------- the samples


def test_both_samples_stay_above_their_break_even():
    for name in ("manufacturer", "bank"):
        plan = value_model.plan(client.load(CLIENTS / name))
        for one in plan.client.evaluations:
            found = break_even.break_even_recall(plan, one)
            assert found.no_value < found.measured.low
        for accepted in plan.client.acceptance:
            assert break_even.break_even_acceptance(plan, accepted).no_value < 0.5


def test_every_rule_is_said():
    assert len(rules.EVIDENCE_RULES) == 8
    words = " ".join(rules.EVIDENCE_RULES.values())
    assert f"at least {threshold.SMALLEST_GROUP} cases" in words
    assert "each fifth" in words and threshold.FOLDS == 5
