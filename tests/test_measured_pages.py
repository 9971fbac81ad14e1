"""Pages of a client whose value rests on a measured case: they name what a figure comes from, and say what it means."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from made_cases import table
from test_value_measured import case, evaluation, linked, months, typed_bank  # noqa: F401

from lepton_nb import value_model
from lepton_nb.casework import doors, in_use, judging
from lepton_nb.client import Evaluation, Monitoring
from lepton_nb.page import (
    accounts,
    approach_tables,
    case_tables,
    evidence_tables,
    first_page,
    origin,
    uncertainty_tables,
    upkeep_tables,
    value_tables,
    valuer,
    words,
)
from lepton_nb.report import publish
from lepton_nb.valuation import performance
from lepton_nb.value_model import break_even, measured, records, sheets, threshold, upkeep, worlds
from lepton_nb.value_model.gains import gain

MONEY = words.Money("EUR")


@pytest.fixture
def plan(linked, tmp_path):  # noqa: F811
    return value_model.plan(linked, measured=case(tmp_path, monitoring=months()))


def captions(page) -> str:
    return " ".join(re.findall(r"<(?:fig)?caption.*?</(?:fig)?caption>", str(page), re.S))


# --- where a figure comes from


def pieces_of_months(plan):
    """What is shown of the months of one asset of a plan."""
    series = value_model.monitored(plan.client)
    points = upkeep.points(value_model.gains(plan))
    shown = [evidence_tables.series(series, plan.evidence), evidence_tables.drift_chart(series, plan.evidence)]
    shown.append(upkeep_tables.watches(upkeep.watches(series, plan), points, MONEY, plan.evidence))
    return [*shown, value_tables.decays(plan), value_tables.life_curves(upkeep.life_curves(plan), plan.evidence)]


def test_months_that_a_case_gave_are_not_said_to_be_typed(plan):
    assert all(row.asset_id == "C1" for row in plan.client.monitoring)
    for page in pieces_of_months(plan):
        assert "months of the case of C1" in captions(page) and "monitoring.csv" not in captions(page)


def test_months_that_were_typed_name_their_file(linked):  # noqa: F811
    typed = tuple(Monitoring.model_validate(row) for row in months())
    for page in pieces_of_months(value_model.plan(linked.model_copy(update={"monitoring": typed}))):
        assert "metrics/monitoring.csv" in captions(page) and "of the case" not in captions(page)


def test_counts_of_a_case_are_not_said_to_be_typed(plan):
    items = [item for item in plan.client.evaluations if item.outcome_value is not None]
    limits = [break_even.break_even_recall(plan, item) for item in items]
    shown = [
        evidence_tables.evaluations(plan.client),
        evidence_tables.break_evens(limits, items, MONEY),
        upkeep_tables.points(upkeep.points(value_model.gains(plan)), MONEY),
    ]
    for page in shown:
        assert "record of the case" in captions(page) and "confusion.csv" not in captions(page)
    accepted = [break_even.break_even_acceptance(plan, item) for item in plan.client.acceptance]
    assert "metrics/acceptance.csv" in captions(evidence_tables.break_evens(accepted, [], MONEY))
    beside = evidence_tables.measured(plan.evidence, lambda one: gain(plan, one), MONEY)
    assert "record of the case" in captions(beside) and "confusion.csv" in captions(
        beside
    )  # the typed one stands there
    assert "record of the case of C1" in captions(uncertainty_tables.inputs(plan, False))


def test_where_the_page_of_the_case_has_the_curves_nothing_is_said_to_lack_them(plan):
    cuts = {item.evaluation_id: threshold.threshold(item, None) for item in plan.client.evaluations}
    assert "page of its case" in str(evidence_tables.cuts(cuts, MONEY))
    assert "No scored cases" not in str(evidence_tables.profit_and_calibration(cuts, MONEY))
    assert "a case compares those of its group_column on its own page" in str(evidence_tables.by_group({}))
    typed = {"E1": threshold.threshold(plan.evidence[0].typed[0], None)}
    assert "No scored cases" in str(evidence_tables.profit_and_calibration(typed, MONEY))


# --- how soon a fall is seen


def test_what_is_lost_before_a_fall_is_seen_ends_with_the_useful_life(plan):
    few = [row.model_copy(update={"n": 37}) for row in plan.client.monitoring]
    found = upkeep.watches(
        value_model.monitored(SimpleNamespace(monitoring=few, evaluations=plan.client.evaluations)), plan
    )
    recall = next(one for one in found if one.metric == "recall")
    assert recall.months > recall.left and recall.seen is False and recall.n == 37
    end = plan.asset("C1")
    by_hand = (end.in_service_date.year + end.useful_life_years - plan.date.year) * 12
    by_hand += end.in_service_date.month - plan.date.month
    assert abs(recall.left - by_hand) <= 1
    points = upkeep.points(value_model.gains(plan))
    yearly = next(one.yearly for one in points if one.rate == "recall")
    page = str(upkeep_tables.watches(found, points, MONEY, plan.evidence))
    assert "not within the useful life" in page and "(n = 37)" in page
    assert words.money(2 * yearly * recall.left / 12, "EUR") in page
    assert words.money(2 * yearly * recall.months / 12, "EUR") not in page


# --- one quantity, one interval


def test_a_gain_has_one_interval_whatever_the_seed_of_the_simulation(plan):
    item = plan.evidence[0].evaluation
    other = plan.client.monte_carlo.model_copy(update={"seed": plan.client.monte_carlo.seed + 1})
    again = SimpleNamespace(monte_carlo=other, evaluations=plan.client.evaluations)
    here = gain(plan, item)
    there = gain(SimpleNamespace(client=again, benefits=plan.benefits, currency="EUR"), item)
    of_case = judging._gain(Evaluation.model_validate(item.model_dump()))
    assert here.interval == there.interval == (of_case.low, of_case.high)


# --- on what the value rests


def test_value_and_first_page_say_on_how_many_cases_of_when_and_from_where_the_value_rests(plan):
    said = (
        "The value of C1 rests on public data in place of the client: 2,000 test cases from January 2026 to May 2026 (UCI). "
        "The client's own test of C1 counts nowhere: 10,000 cases of 31 January 2026, 15.2 EUR a case in place of 116 EUR."
    )
    assert plan.evidence[0].rests == said
    untested = measured._own_tests(plan.client, plan.evidence[0].evaluation, ())
    assert untested == "C1 itself was not tested on cases of the client."
    shown = html.escape(said.replace(",000", f"{words.THIN}000"))
    assert shown in str(value_tables.about(plan.client, plan, value_model.rests_on(plan)))
    found = value_model.conclude(plan, draws=512)
    tables = records.tables(found, value_model.tornado(plan, worlds.assumptions(plan)))
    record = SimpleNamespace(tables=tables)
    sums = first_page.Sums(tables["total"][0], "EUR")
    assert shown in str(first_page.conclusion(record, "open", sums))


@pytest.mark.parametrize(("counted", "told"), [("C1", "(2 000 cases of public data)"), ("typed", "(500 cases)")])
def test_public_data_are_named_only_where_the_benefits_rest_on_them(counted, told):
    of = {"C1": {"n": 2_000, "public": True}, "typed": {"n": 500, "public": False}}[counted]
    tables = {"rests": [{"present": 1.0, "evaluation": counted, "grade": "measured"} | of], "total": [{}]}
    assert told in origin._tested(SimpleNamespace(tables=tables)).replace(words.THIN, " ")


def test_a_case_that_counts_nowhere_carries_no_value(linked, tmp_path):  # noqa: F811
    plan = value_model.plan(typed_bank(linked)[0], measured=case(tmp_path))
    assert plan.evidence[0].rests == ""
    assert "The value of C1 rests" not in str(value_tables.about(plan.client, plan, value_model.rests_on(plan)))


# --- the page of a case


def judged_at(
    door: str = "predictions", share: float | None = None, validation: bool = True, threshold: float | None = None
):
    """The loans judged by scores that were made elsewhere, or by a model trained here."""
    loans = in_use.as_in_use(table(), share)
    if door == "trained":
        return judging.judge(loans, doors.fit(loans, "logistic"), learning=False, blocks=False)
    scores = [part.x["load"].to_numpy().clip(0, 1) for part in (loans.test, loans.validation)]
    given = doors.given(loans, "scores", scores[0], scores[1] if validation else None, door=door)
    return judging.judge(loans, given, threshold, learning=False, blocks=False)


def test_of_a_model_made_elsewhere_no_row_is_said_to_have_moved_it():
    page = str(case_tables.rows(judged_at()))
    assert "moves the model" not in page and "which rows the model itself was trained on is not known here" in page
    assert "chooses threshold and calibration" in page
    alone = str(case_tables.rows(judged_at(validation=False, threshold=0.5)))
    assert "chooses nothing" in alone and "chooses threshold" not in alone
    assert "moves the model" in str(case_tables.rows(judged_at("trained")))


def test_decisions_of_a_year_are_said_to_be_those_that_are_attributed():
    page = str(case_tables.conclusion(judged_at()))
    assert f"120{words.THIN}000 attributed decisions" in page and "volume × attribution × adoption" in page


def test_what_is_weighted_to_the_share_in_use_says_so_and_what_is_not_too():
    found = judged_at(share=0.02)
    page = captions(case_tables.cuts(found))
    assert page.count(f"weighted to 2.0{words.THIN}% positive cases in use") == 2 and "test rows as they are" in page
    assert "it is not weighted to the share in use" in captions(case_tables.net_benefit(found))
    assert "weighted" not in captions(case_tables.whole(judged_at()))


def test_the_cut_of_five_scores_is_explained_here_and_on_the_page_of_value():
    found = judged_at()
    one = SimpleNamespace(evaluation_id="E1", asset_id="C1", closed_form=0.1, closed_form_sentence="", sentence="", in_use=None,
                          cuts=found.cuts, n=found.n, positives=found.positives)  # fmt: skip
    for page in (case_tables.cuts(found), evidence_tables.cuts({"E1": one}, MONEY)):
        assert "five scores" in str(page) and "where the other four bring most" in str(page)


def test_the_rate_of_the_baseline_has_its_interval_in_every_month_and_group():
    found = judged_at()
    page = str(case_tables.slices(found))
    for item in (*found.periods, *found.groups):
        rate = performance.wilson_interval(round(item.baseline_recall * item.positives), item.positives, 0.90)
        assert f"{words.percent(rate.value)} ({words.percent_range(rate.interval)})" in page


# --- words of the first page


def test_a_half_life_without_end_is_told_as_never():
    row = {
        "assumption": "half-life of the gain of C1",
        "assets": ["C1"],
        "low": "0.9586",
        "high": "no decay",
        "unit": "years",
    }
    said = first_page.in_words(row, SimpleNamespace(figures={}), {"C1": "the model"})
    assert said.endswith("half of the lead of the model is gone: 0.96 years or never")


def test_a_small_sum_before_what_it_is_tells_the_least_that_is_told():
    sums = first_page.Sums({"value": 2e6, "low": 1e6, "high": 4e6}, "EUR")
    assert f"under {words.money(sums.least, 'EUR')}" in str(sums.said(sums.least / 2, "value"))
    assert str(sums.said(2e6, "value")) == str(sums(2e6, "value"))


# --- an interrupted build


def test_an_interrupted_build_ends_as_interrupted_and_not_as_failed(tmp_path, monkeypatch):
    from jupyter_book import sphinx

    monkeypatch.setattr(sphinx, "build_sphinx", lambda *args, **settings: KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        publish._build(tmp_path)
    monkeypatch.setattr(sphinx, "build_sphinx", lambda *args, **settings: ValueError("no"))
    with pytest.raises(publish.PublishError):
        publish._build(tmp_path)


# --- the rate of a group, and a group that is worth nothing to one side


def test_the_rate_of_a_group_is_the_mean_of_the_returns_that_stand_beside_it(plan):
    returns = sheets.returns_in_rates(plan)
    page = str(valuer.rates(value_model.register(plan), plan.groups, returns))
    for group in plan.groups:
        assert sum(returns[name][1] for name in group.assets) == pytest.approx(1)
        assert sum(rate * weight for rate, weight in map(returns.get, group.assets)) == pytest.approx(
            group.rate, abs=1e-6
        )
        for name in group.assets:
            assert f"{name} {words.share(returns[name][1])} × {words.rate(returns[name][0])}" in page


def test_a_group_that_is_worth_nothing_to_one_side_says_why():
    page = str(approach_tables.other_basis("market", {"M2": 0.0, "M3": 5.0, "M4": 0.0}, {"M2": 8.0, "M3": 6.0, "M4": 0.0},
                                           dict.fromkeys(("M2", "M3", "M4"), 1.2), MONEY))  # fmt: skip
    assert "M2: worth nothing to a market participant" in page and "writing off the owner" in page
    assert "M3: worth nothing" not in page and "M4: worth nothing" not in page
    result = SimpleNamespace(value_in_use=8.0, fair_value_less_costs=0.0, recoverable=8.0, impairment_loss=0.0)
    test = SimpleNamespace(group="M2", carrying=4.0, result=result, rate_before_tax=0.1)
    assert "M2: worth nothing to a market participant" in str(accounts.against_value([test], {}, {}, "EUR"))


def test_a_cut_is_told_for_the_test_and_for_the_cases_in_use():
    found = judged_at(share=0.02)
    seen = found.positives / found.n
    assert found.in_use == pytest.approx(performance.prior_shift(found.closed_form, seen, 0.02))
    plain = judged_at()
    assert found.in_use == pytest.approx(plain.closed_form), "the money alone, whatever the share of the test"
    page = str(case_tables.cuts(found))
    assert words.percent(found.in_use, 2) in page and f"that is {words.percent(found.closed_form, 2)}" in page
    assert plain.in_use is None and "theorem 2" not in str(case_tables.cuts(plain))
    cuts = {"E1": threshold.threshold(found.evaluation, None)}
    assert words.percent(found.in_use, 2) in str(
        evidence_tables.cuts({found.evaluation.evaluation_id: cuts["E1"]}, MONEY, [found.evaluation])
    )


def test_the_looks_at_a_test_are_counted_and_what_is_not_known_is_said():
    trained, given = judged_at("trained"), judged_at()
    assert given.looks == 2 and "met the same labels" in str(case_tables.looks(given))  # a default boosting beside it
    points = tuple(SimpleNamespace(labels=labels, repeats=3) for labels in (50, len(trained.case.train)))
    curve = replace(trained, learning=SimpleNamespace(points=points))
    assert curve.looks == 1 + 1 + 3 + 1
    bare = replace(given, case=SimpleNamespace(learnable=False, train=given.case.train))
    assert bare.looks == 1 and "Beside it" not in str(case_tables.looks(bare))
    assert "before this report are not recorded" in str(case_tables.whole(given))


def test_a_case_on_public_data_says_what_rests_on_it():
    found = judged_at()
    public = SimpleNamespace(public="loans", rests=False, hour_source="", hour_price=None)
    shown = replace(found, case=replace(found.case, settings=public, yearly=1000.0, stand_in=False))
    page = str(case_tables.conclusion(shown))
    assert "counts nowhere in the value" in page and "Gain a year" not in page
    rests = replace(shown, case=replace(shown.case, settings=SimpleNamespace(**vars(public) | {"rests": True})))
    assert "benefits link to this case" in str(case_tables.conclusion(rests)) and "Gain a year" in str(
        case_tables.conclusion(rests)
    )
    assert "Public data." not in str(case_tables.conclusion(found))


def test_a_test_without_a_day_is_not_dated(linked, tmp_path, plan):  # noqa: F811
    day = linked.valuation.date
    undated = value_model.plan(linked, measured=case(tmp_path, evaluation(evaluated_on=day.isoformat())))
    for one, told in ((undated, "not dated"), (plan, str(plan.evidence[0].evaluation.evaluated_on))):
        assert one.evidence[0].dated == (one is plan)
        for page in (
            evidence_tables.evaluations(one.client, one.undated),
            value_tables.outcome_money(one.client.evaluations, "EUR", one.undated),
        ):
            assert told in str(page)
        row = next(row for row in value_model.register(one) if row.input.startswith("gain per case"))
        assert told in row.source
