"""Rows become a case and a model is judged in counts, probabilities and money; the record that the valuation reads."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from made_cases import ENTRY, WORTH, bank, loans, outcome_value, pictures, table
from test_client import SAMPLES, B, M

from lepton_nb import casework, client, datasets, results, value_model
from lepton_nb.casework import calibrating, checks, doors, judging, money, unlabelled, worth
from lepton_nb.client import Evaluation, Monitoring, case_rows
from lepton_nb.page import case_tables, words
from lepton_nb.valuation import performance
from lepton_nb.value_model import decay
from lepton_nb.value_model.gains import yearly_cases
from lepton_nb.value_model.threshold import calibration_bins

REAL = pytest.mark.skipif(not os.environ.get("LEPTON_DATA"), reason="LEPTON_DATA names no folder with real data")


@pytest.fixture(scope="module")
def case():
    return table()


@pytest.fixture(scope="module")
def scores(case):
    return doors.fit(case, "logistic")


@pytest.fixture(scope="module")
def judged(case, scores):
    return judging.judge(case, scores)


# --- rows


def test_no_row_is_in_two_parts_and_none_is_lost(case):
    rows = np.concatenate([part.rows for part in case.parts.values()])
    assert sorted(rows.tolist()) == list(range(1600))


def test_the_test_of_dated_rows_lies_after_the_training_and_the_validation_between(case):
    assert case.in_time
    assert case.train.days.max() <= case.validation.days.min() <= case.validation.days.max() < case.test.days.min()
    assert case.test.days.min() >= np.datetime64("2025-01-01")


def test_what_is_used_elsewhere_or_numbers_the_rows_is_no_feature(case):
    assert case.features == ("income", "load", "sector")
    assert set(case.left_out) == {"loan", "day", "exposure", "region", "branch", "defaulted", "scorecard_flag"}
    assert "numbers the rows" in case.left_out["loan"]


def test_a_random_split_keeps_the_classes_in_proportion_and_does_not_depend_on_a_seed():
    one, other = (table(split={"by": "random", "test_share": 0.25}) for _ in range(2))
    assert one.test.rows.tolist() == other.test.rows.tolist()
    shares = [part.y.mean() for part in one.parts.values()]
    assert max(shares) - min(shares) < 0.01
    assert not one.in_time


def test_rows_of_one_value_stay_together():
    columns = loans() | {"borrower": np.repeat(np.arange(400), 4)}
    found = table(columns, split={"by": "borrower", "test_share": 0.3})
    owners = [set(columns["borrower"][part.rows]) for part in found.parts.values()]
    assert not owners[0] & owners[1] and not owners[0] & owners[2] and not owners[1] & owners[2]
    assert 0.28 < len(found.test) / 1600 < 0.33


def test_the_parts_that_the_authors_gave_are_kept():
    official = np.array(["train"] * 1000 + ["test"] * 600)
    found = table(split={"official": official})
    assert found.test.rows.tolist() == list(range(1000, 1600))
    assert len(found.validation) == pytest.approx(200, abs=2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": "default"}, "target must be a column"),
        ({"positive": "2"}, "positive names 2, which is no class of the target"),
        ({"target": "sector"}, "say in positive which counts as 1"),
        ({"baseline": "load"}, "must be 0 or 1 for every row"),
        ({"amount": "sector"}, "could not convert"),
        ({"split": {"by": "sector", "test_from": "2025-01-01"}}, "Days must be written YYYY-MM-DD"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_is_refused_in_a_sentence(changes, words):
    with pytest.raises(ValueError, match=words):
        table(**changes)


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="every row is of one class"):
        table(loans() | {"defaulted": np.zeros(1600, np.int64)})


def test_classes_of_any_names():
    names = np.where(loans()["defaulted"] == 1, "bad", "good")
    found = table(loans() | {"defaulted": names}, positive="bad")
    assert found.test.y.tolist() == table().test.y.tolist()
    assert found.target == "defaulted = bad"


def test_a_rule_serves_as_the_baseline():
    found = table(baseline=lambda frame: frame["load"] > 0.45)
    assert found.test.baseline.tolist() == table().test.baseline.tolist()


def test_pictures_become_a_case():
    x, y = pictures()
    found = casework.images(x, y, split={"by": "random", "test_share": 0.25}, money=outcome_value())
    assert (found.kind, found.test.x.shape, found.features) == ("images", (60, 16, 16), ())
    together = casework.images(x, y, together=np.repeat(np.arange(60), 4))
    parts = [set((part.rows // 4).tolist()) for part in together.parts.values()]
    assert not parts[0] & parts[2] and not parts[1] & parts[2]


def test_the_case_of_a_client_is_the_case_of_its_table(tmp_path):
    folder = bank(tmp_path, f"{ENTRY}, {WORTH}")
    company = client.load(folder.path).only("cases")
    found = casework.of_client(company, folder.path, "C1")
    assert [len(part) for part in found.parts.values()] == [len(part) for part in table().parts.values()]
    assert found.features == ("income", "load", "sector", "exposure")
    assert (found.currency, found.door, found.evaluation_id) == ("EUR", "trained", "measured:C1")
    assert found.evaluated_on == found.test.days.max().item()
    assert "outcome value × exposure" in found.amount_meaning and "per unit" in found.amount_meaning
    with pytest.raises(ValueError, match="no case of this asset; there is: C1"):
        casework.of_client(company, folder.path, "T1")


def test_without_money_of_its_own_a_case_takes_that_of_the_assets_evaluation(tmp_path):
    folder = bank(tmp_path, ENTRY + ", evaluated_on: 2026-01-31")
    (found,) = client.load(folder.path).cases
    assert (found.outcome_source, found.outcome_value.fn.mode, found.currency) == ("C1_vs_scorecard", -4275, "EUR")
    plan = value_model.plan(client.load(SAMPLES / B))
    assert found.yearly_cases == next(yearly_cases(plan, item.evaluation_id) for item in plan.client.evaluations)
    case = casework.of_case(found, folder.path)
    assert case.evaluated_on == date(2026, 1, 31)
    assert "of average amount" in case.amount_meaning
    assert case.train.amounts.sum() + case.validation.amounts.sum() + case.test.amounts.sum() == pytest.approx(1600)


def test_a_public_data_set_can_be_the_case_of_a_client(tmp_path):
    entry = "asset_id: C1, case: risk_classifier, data: 'public:german_credit', target: bad_credit, split: {by: random, test_share: 0.3}"
    folder = bank(tmp_path, entry)
    (found,) = client.load(folder.path).cases
    assert (found.public, found.door, found.n) == ("german_credit", "trained", 1000)
    case = casework.of_case(found, folder.path)
    assert case.name == "german_credit" and len(case.test) == 300
    assert (case.spoken, case.target) == ("German credit", "a bad loan")


def test_a_public_case_speaks_of_its_columns_in_words(tmp_path):
    entry = "asset_id: C1, case: risk_classifier, data: 'public:credit_card_default', target: default_payment_next_month, baseline_column: scorecard_flag"
    folder = bank(tmp_path, entry)
    case = casework.of_case(client.load(folder.path).cases[0], folder.path)
    said = " ".join((case.title, case.target, case.baseline_name, case.split, *case.left_out))
    assert "_" not in said and "did not pay in the next month" in said and "an old scorecard's rule" in said
    for name, entry in datasets.REGISTRY.items():
        assert "_" not in entry.in_words + " ".join(entry.meanings.values()), name
        assert set(entry.meanings) <= set(entry.arrays), name


@pytest.mark.parametrize("name", ["magnetic_tiles", "pcb_tiles", "pneumonia", "malaria_cells"])
def test_public_pictures_are_split_as_their_authors_say_or_by_group(name, tmp_path, monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    flag = ", baseline_column: manual_flag" if name == "magnetic_tiles" else ""
    entry = f"asset_id: M1, case: image_classifier, data: 'public:{name}', outcome_value: {{tp: 0, fn: -48, fp: -3.2, tn: 0}}"
    folder = bank(tmp_path, entry + flag, sample=M)
    case = casework.of_client(client.load(folder.path).only("cases"), folder.path, "M1")
    assert case.stand_in and case.kind == "images" and case.n == sum(len(part) for part in case.parts.values())
    arrays = datasets.load(name).arrays
    if "part" in arrays:
        assert case.test.rows.tolist() == np.flatnonzero(arrays["part"] == 2).tolist()
    elif "test" in arrays:
        assert case.test.rows.tolist() == np.flatnonzero(arrays["test"] == 1).tolist()
    if "group" in arrays:
        things = [set(arrays["group"][part.rows].tolist()) for part in case.parts.values()]
        assert not things[0] & things[1] and not things[0] & things[2]
    judged = judging.judge(case, doors.fit(case, "logistic"), learning=False, blocks=False)
    assert judged.n == len(case.test) and judged.evaluation.asset_id == "M1"


# --- judging, by hand


def test_counts_and_pairs_are_those_of_the_rows(case, scores, judged):
    test, flagged = case.test, judged.flagged
    assert judged.confusion == {
        "tp": int(((test.y == 1) & (flagged == 1)).sum()), "fp": int(((test.y == 0) & (flagged == 1)).sum()),
        "fn": int(((test.y == 1) & (flagged == 0)).sum()), "tn": int(((test.y == 0) & (flagged == 0)).sum()),
    }  # fmt: skip
    pairs = {(c.y_true, c.model, c.baseline): c.count for c in judged.evaluation.paired}
    assert len(pairs) == 8 and sum(pairs.values()) == len(test)
    assert pairs[1, 1, 0] == int(((test.y == 1) & (flagged == 1) & (test.baseline == 0)).sum())
    assert judged.evaluation.model.n == judged.evaluation.baseline.n == judged.n


def test_the_gain_is_the_mean_of_the_rows_money_by_hand(case, judged):
    worth_ = {(1, 1): 0.0, (1, 0): -4275.0, (0, 1): -620.0, (0, 0): 0.0}
    rows = [
        worth_[y, m] - worth_[y, b] for y, m, b in zip(case.test.y, judged.flagged, case.test.baseline, strict=True)
    ]
    assert judged.gain.value == pytest.approx(np.mean(rows))
    assert judged.gain_by_rows.value == pytest.approx(np.mean(rows))
    reach = 1.6448536 * np.std(rows, ddof=1) / np.sqrt(len(rows))
    assert judged.gain_by_rows.low == pytest.approx(np.mean(rows) - reach)
    assert judged.gain.low == pytest.approx(judged.gain_by_rows.low, abs=0.15 * reach)
    assert judged.yearly_gain.value == pytest.approx(120_000 * np.mean(rows))


def test_the_threshold_is_the_best_on_validation_and_not_on_the_test(case, scores, judged):
    cuts = np.unique(scores.validation)
    sums = [money.of_rows(case, case.validation, scores.validation >= cut).sum() for cut in cuts]
    assert money.of_rows(case, case.validation, scores.validation >= judged.cutoff.value).sum() == pytest.approx(
        max(sums)
    )
    assert judged.cutoff.on == "validation"
    assert judging.judge(case, scores, 0.4, learning=False, blocks=False).cutoff.value == 0.4
    assert judging.judge(replace(case, threshold=0.3), scores, learning=False, blocks=False).cutoff.value == 0.3


def test_areas_and_brier_scores_are_those_of_the_library(case, scores, judged):
    assert judged.auc.value == performance.auc(case.test.y, scores.test).value > 0.7
    assert judged.brier.value == pytest.approx(np.mean((scores.test - case.test.y) ** 2))
    assert judged.auc.low < judged.auc.value < judged.auc.high


def test_rates_have_the_intervals_of_wilson(judged):
    recall = judged.rates["recall"]
    tp, fn = judged.confusion["tp"], judged.confusion["fn"]
    assert (recall.value, recall.n) == (tp / (tp + fn), tp + fn)
    assert recall.interval == performance.wilson_interval(tp, tp + fn, 0.9).interval


def test_with_amounts_a_rows_money_is_the_outcome_value_times_its_amount():
    per_euro = outcome_value(fp=-0.07, fn=-0.45)
    case = table(amount="exposure", money=per_euro, leave_out=())
    scores = doors.fit(case, "logistic")
    judged = judging.judge(case, scores, learning=False, blocks=False)
    amounts, y = loans()["exposure"][case.test.rows], case.test.y
    assert case.test.amounts.tolist() == amounts.tolist()
    each = np.where(
        judged.flagged == case.test.baseline, 0,
        np.where(y == 1, 0.45, -0.07) * np.where(judged.flagged == 1, 1, -1) * amounts,
    )  # fmt: skip
    assert judged.gain_by_rows.value == pytest.approx(each.mean())
    assert judged.evaluation.outcome_value.fn.mode == pytest.approx(-0.45 * amounts[y == 1].mean())
    assert judged.evaluation.outcome_value.fp.mode == pytest.approx(-0.07 * amounts[y == 0].mean())
    assert any("mean amount of its class" in note for note in judged.notes)
    best = max(
        money.of_rows(case, case.validation, scores.validation >= cut).mean() for cut in np.unique(scores.validation)
    )
    assert money.best_cut(case, case.validation, scores.validation)[1] == pytest.approx(best)


def test_equal_amounts_change_nothing(case, judged, scores):
    same = table(loans() | {"exposure": np.full(1600, 7.0)}, amount="exposure", amounts_per_unit=False)
    found = judging.judge(same, doors.given(same, "same", scores.test, scores.validation), learning=False, blocks=False)
    assert found.gain.value == pytest.approx(judged.gain.value)
    assert found.evaluation.outcome_value.fn.mode == pytest.approx(-4275)


def test_without_a_baseline_the_better_constant_decision_is_the_baseline():
    case = table(baseline=None)
    judged = judging.judge(case, doors.fit(case, "logistic"), learning=False, blocks=False)
    each = [money.of_rows(case, case.train, np.full(len(case.train), flag)).sum() for flag in (0, 1)]
    assert judged.evaluation.baseline_policy == ("flag everybody" if each[1] > each[0] else "flag nobody")
    assert any("No decision of a baseline is given" in note for note in judged.notes)


def test_without_money_there_is_no_gain_and_the_rest_is_there():
    case = table(money=None)
    judged = judging.judge(case, doors.fit(case, "logistic"), blocks=False)
    assert judged.gain is None and judged.profit is None and judged.cutoff.value == 0.5
    assert judged.auc.value > 0.7 and judged.learning.a_thousand_more is None
    record = results.Record("x")
    judging.enter(record, judged)
    assert record["gain"].value is None and "No money" in record["gain"].note


def test_results_by_group_and_by_period_sum_to_the_whole(judged):
    assert {item.name for item in judged.groups} == {"north", "south"}
    for slices in (judged.groups, judged.periods):
        assert sum(item.n for item in slices) == judged.n
        assert sum(item.n * item.gain.value for item in slices) == pytest.approx(judged.n * judged.gain_by_rows.value)
    assert judged.period_words in ("month", "quarter")
    assert judged.periods[0].first == date(2025, 1, 1)


def test_a_groups_gain_of_a_year_stands_beside_that_of_a_row(judged):
    shown = str(case_tables.slices(judged))
    assert ("Gain a year" in shown) == (judged.case.yearly is not None)
    scaled = replace(judged, case=replace(judged.case, yearly=50_000.0))
    page, money = str(case_tables.slices(scaled)), words.Money(scaled.case.currency or "EUR")
    for item in scaled.groups:
        assert money(item.gain.value * 50_000 * item.n / scaled.n) in page
    assert page.count("Gain a year") == 1  # of the groups, not of the periods


def test_the_monitoring_rows_are_read_as_a_clients_by_the_one_function_of_decay():
    case = table(loans(6000))
    judged = judging.judge(case, doors.fit(case, "logistic"), learning=False, blocks=False)
    rows = [Monitoring.model_validate({k: str(v) for k, v in row.items()}) for row in judging.monitoring(judged)]
    assert {row.metric for row in rows} == {"recall", "false_alarm_rate"}

    class Company:
        monitoring = rows
        evaluations = (judged.evaluation,)

    (series,) = [item for item in decay.monitored(Company) if item.what == "money"]
    assert series.sentence == judged.decay.sentence and not series.shown


def test_a_gain_that_fades_over_the_months_has_a_half_life():
    case = table(loans(20_000, fade=1.5))
    judged = judging.judge(case, doors.fit(case, "logistic"), learning=False, blocks=False)
    assert judged.decay.shown and judged.decay.half_life < 3
    record = results.Record("x")
    judging.enter(record, judged)
    assert record["half_life"].value == judged.decay.half_life
    assert "half-life" in record["half_life"].note


def test_days_are_found_in_the_only_column_that_holds_them():
    found = table(split={"by": "random", "test_share": 0.3})
    assert found.left_out["day"] == case_rows.HOLDS_DAYS and not found.in_time
    assert found.test.days.dtype == np.dtype("datetime64[D]")


@pytest.mark.parametrize("positives", [0, 1, 2])
def test_a_test_with_hardly_a_positive_is_judged_without_a_conclusion(case, positives):
    few = case.test.take(
        np.sort(np.concatenate([np.flatnonzero(case.test.y == 1)[:positives], np.flatnonzero(case.test.y == 0)[:90]]))
    )
    few_case = replace(case, test=few)
    scores = doors.fit(few_case, "logistic")
    judged = judging.judge(few_case, scores)
    assert (judged.auc is None) == (positives < 2)
    found = checks.findings(few_case, judged)
    assert found[0].grade == "stop"
    record = results.Record("x")
    judging.enter(record, judged, found)
    assert record["n"].value == 90 + positives
    assert "No conclusion is drawn." in str(case_tables.whole(judged, found))


def test_scores_that_are_all_alike_are_judged(case):
    flat = doors.given(case, "flat", np.full(len(case.test), 0.3), np.full(len(case.validation), 0.3))
    judged = judging.judge(case, flat, learning=False, blocks=False)
    assert judged.auc.value == 0.5 and judged.gain.n == len(case.test)
    assert "flat" in str(case_tables.whole(judged))


# --- calibration


def test_scores_that_are_squared_are_repaired_on_validation_and_judged_on_the_test(case, scores):
    bent = doors.given(case, "bent", scores.test**2, scores.validation**2)
    found = calibrating.repair(case, bent)
    assert found.method in calibrating.METHODS
    assert found.after.value < found.before.value
    assert found.error_after < found.error_before
    assert performance.auc(case.test.y, found.repaired).value == pytest.approx(
        performance.auc(case.test.y, bent.test).value, abs=0.02
    )


def test_a_repair_needs_rows_to_be_fitted_on(case, scores):
    alone = doors.given(case, "alone", scores.test)
    assert "nothing can be repaired" in calibrating.repair(case, alone).sentence
    assert calibrating.repair(case, doors.given(case, "yes or no", (scores.test > 0.5).astype(float))) is None


# --- labels and blocks


def test_the_learning_curve_rises_on_rows_that_can_be_learnt_and_is_worth_money(judged):
    curve = judged.learning
    assert [point.labels for point in curve.points] == sorted(point.labels for point in curve.points)
    assert curve.points[-1].auc > curve.points[0].auc - 0.02
    assert curve.low < curve.a_thousand_more < curve.high and curve.unit == "EUR a year"
    assert curve.further_test >= 0
    told = case_tables.further_words(judged)  # its decision, its unit once, and that the group's is another
    assert " EUR a year to the decision which to use, the model or its baseline." in told.replace("\u202f", " ")
    assert told.count("EUR") == 1 and "over its life, is another question" in told


def test_a_learning_curve_of_money_that_grows_with_the_logarithm_is_read_as_such(case):
    """Scores that reveal a share of the classes which grows with ln n: each doubling brings the same money."""

    def fit(train, validation, asked, seed):
        share = 0.1 * np.log2(len(train) / 25)
        draw = np.random.default_rng(0).random(len(asked))
        return np.where(draw < share, 0.98 * asked.y + 0.01, 0.02 + 0.0 * draw)

    known = doors.given(case, "logistic regression", np.full(len(case.test), 0.2), fit=fit)
    curve = worth.learning_curve(case, known)
    upper = curve.points[-3:]
    per_doubling = (upper[-1].money - upper[0].money) / 2
    expected = per_doubling * np.log2((len(case.train) + 1000) / len(case.train)) * 120_000
    assert curve.a_thousand_more == pytest.approx(expected, rel=0.05)
    assert curve.low < expected < curve.high


def test_block_values_sum_to_the_money_over_no_model(case, scores, judged):
    assert set(judged.blocks.values) == {"a", "b", "c"}
    fit, _ = worth.quick_fit(case, scores)
    chosen_on, found = worth.both(fit, case.train, case.validation, case.test, 0)
    flagged = found >= money.best_cut(case, case.validation, chosen_on)[0]
    constant = np.full(len(case.test), money.better_constant(case, case.train))
    gain = (money.of_rows(case, case.test, flagged) - money.of_rows(case, case.test, constant)).mean() * 120_000
    assert sum(judged.blocks.values.values()) == pytest.approx(gain)


def test_more_than_five_blocks_are_joined():
    columns = loans() | {"branch": np.array([f"b{row % 8}" for row in range(1600)])}
    case = table(columns)
    found, unit = worth.block_values(case, doors.fit(case, "logistic"))
    assert len(found.values) == 5 and "all others" in found.values and unit == "EUR a year"


# --- without labels


def test_the_estimate_without_labels_holds_the_measured_gain_where_scores_are_calibrated():
    case = table(loans(6000))
    judged = judging.judge(case, doors.fit(case, "logistic"), learning=False, blocks=False)
    found = unlabelled.estimate(judged, judged.scores.test, case.test.baseline)
    assert found.within and found.sentence.startswith("Estimated, not measured")
    assert found.gain.low < found.measured < found.gain.high
    assert found.positives == pytest.approx(judged.positives, rel=0.15)
    assert found.recall == pytest.approx(judged.rates["recall"].value, abs=0.1)


def test_the_estimate_is_blind_where_the_world_changed_and_its_error_says_so():
    case = table(loans(8000, drift=1.6))
    judged = judging.judge(case, doors.fit(case, "logistic"), learning=False, blocks=False)
    found = unlabelled.estimate(judged, judged.scores.test, case.test.baseline)
    assert not found.within and found.error > 0
    assert "outside the band" in found.sentence


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"scores": [0.2, 1.2]}, "within 0..1"),
        ({"scores": []}, "within 0..1"),
        ({"scores": [0.2, 0.3], "baseline": [0, 2]}, "baseline must be 0 or 1"),
        ({"scores": [0.2, 0.3]}, "baseline must be given"),
    ],
)
def test_an_estimate_without_what_it_needs_is_refused(judged, given, words):
    with pytest.raises(ValueError, match=words):
        unlabelled.estimate(judged, **{key: np.array(value) for key, value in given.items()})


# --- the record


def test_the_record_holds_one_evaluation_that_reads_as_a_typed_one(judged, tmp_path):
    record = results.Record("risk_classifier@C1")
    judging.enter(record, judged)
    record.save(tmp_path)
    text = json.loads((tmp_path / "risk_classifier@C1.json").read_text())
    (row,) = text["tables"]["evaluation"]
    assert set(row) == set(Evaluation.model_fields)
    assert Evaluation.model_validate(row) == judged.evaluation
    assert row["evaluation_id"] == "measured:C1"
    for line in text["tables"]["monitoring"]:
        Monitoring.model_validate({key: str(value) for key, value in line.items()})
    assert record["auc"].low < record["auc"].value < record["auc"].high
    assert record["gain_scaled"].unit == "EUR a year"
    wanted = {
        "confusion",
        "paired",
        "calibration",
        "cuts",
        "profit",
        "decision_curve",
        "periods",
        "groups",
        "learning",
        "blocks",
    }
    assert wanted <= set(text["tables"])
    assert set(text["seconds"]) == {"training", "a_thousand_predictions"}


def test_all_but_seconds_repeats(case, judged):
    again = judging.judge(case, doors.fit(case, "logistic"))
    one, other = results.Record("x"), results.Record("x")
    judging.enter(one, judged)
    judging.enter(other, again)
    assert {**one.to_dict(), "seconds": {}} == {**other.to_dict(), "seconds": {}}


def test_a_public_case_leaves_no_evaluation_of_an_asset():
    case = table(asset_id="")
    judged = judging.judge(case, doors.fit(case, "logistic"), learning=False, blocks=False)
    record = results.Record("risk_classifier")
    judging.enter(record, judged, prefix="loans_")
    assert "loans_evaluation" not in record.tables and "loans_auc" in record.figures


# --- real data


@REAL
def test_real_credit_cards_are_judged_as_they_are_known():
    data = datasets.load("credit_card_default")
    assert not data.stand_in
    case = casework.table(
        data, target="default_payment_next_month", baseline="scorecard_flag", money=outcome_value(), currency="TWD"
    )
    judged = judging.judge(case, doors.fit(case, "boosting", trees=120), learning=False, blocks=False)
    assert judged.auc.value > 0.775  # 0.789 with 300 trees
    assert judged.gain.low > 0


def test_features_are_told_from_columns_of_other_use():
    data = {"a": np.array([1.0, 2.0, 2.0]), "text": np.array(["x", "y", "y"]), "same": np.ones(3)}
    kept, left = case_rows.features(data, {})
    assert kept == {"a": "number", "text": "text"} and set(left) == {"same"}


# --- the page


def test_every_piece_of_a_judged_case_is_shown(judged):
    found = checks.findings(judged.case, judged)
    page = str(case_tables.whole(judged, found, "loans"))
    for word in ("Gain a year", "Area under the curve", "Model and baseline on the same rows", "loans-calibration", "loans-profit",
                 "loans-decision", "loans-learning", "loans-blocks", "By region", "judges, once", "Shapley"):  # fmt: skip
        assert word in page, word
    assert "nan" not in page.lower().replace("finance", "")


def test_a_case_that_stops_says_so_first_and_an_estimate_is_marked(judged):
    stop = casework.Finding(check="few positives", grade="stop", words="The test holds 12 positive rows.")
    page = str(case_tables.whole(judged, [stop]))
    assert page.index("No conclusion is drawn.") < page.index("Gain per decision")
    shown = str(
        case_tables.estimated(unlabelled.estimate(judged, judged.scores.test, judged.case.test.baseline), "EUR")
    )
    assert "An estimate, no measurement." in shown and "gain per test row, measured" in shown


def test_decisions_without_money_and_groups_are_shown_too():
    case = table(money=None, group="", block="", split={"by": "random", "test_share": 0.3})
    decided = doors.given(case, "yes or no", (case.test.x["load"].to_numpy() > 0.4).astype(float))
    page = str(case_tables.whole(judging.judge(case, decided, learning=False), ()))
    assert "The predictions are decisions" in page and "Gain a year" not in page


def test_a_model_that_flags_nobody_goes_on_record(case, tmp_path):
    """A threshold that no score reaches: there is no cut in use, and the record holds no infinite number."""
    scores = doors.given(
        case, "shy", np.linspace(0.0, 0.1, len(case.test)), np.linspace(0.0, 0.1, len(case.validation))
    )
    judged = judging.judge(case, scores, 2.0, learning=False, blocks=False)
    assert judged.confusion["tp"] == judged.confusion["fp"] == 0
    assert next(cut.score for cut in judged.cuts if cut.name == "in use") is None
    record = results.Record(results.task_name("risk_classifier", "C1"))
    judging.enter(record, judged)
    assert record.save(tmp_path).is_file()
    assert case_tables.cuts(judged)


def test_the_calibration_error_has_an_interval_around_it_that_narrows_with_the_rows():
    generator = np.random.default_rng(7)
    score = generator.uniform(0.05, 0.95, 4000)
    truth = (generator.uniform(size=4000) < np.clip(score + 0.08, 0, 1)).astype(int)  # 0.08 too modest
    widths = []
    for n in (400, 4000):
        low, high = calibrating.error_interval(truth[:n], score[:n])
        seen = calibrating.expected_error(calibration_bins(truth[:n], score[:n]))
        assert low < 0.08 < high or n == 400
        assert low <= seen <= high
        widths.append(high - low)
    assert 2 < widths[0] / widths[1] < 5  # as one over the root of n
    exact = generator.uniform(size=4000) < score
    assert calibrating.error_interval(exact.astype(int), score)[0] < 0.01, "noise alone is no error"
    assert calibrating.error_interval(truth, score) == calibrating.error_interval(truth, score)
