"""What speaks against a conclusion: each check finds what was put in, in words and money, and is silent without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_cases import loans, outcome_value, pictures, table

from lepton_nb import casework
from lepton_nb.casework import checks, doors, judging, money


def found(case, scores=None, **settings) -> dict[str, casework.Finding]:
    """Findings by check, of a logistic regression where no scores are given."""
    scores = doors.fit(case, "logistic") if scores is None else scores
    judged = judging.judge(case, scores, learning=False, blocks=False)
    return {finding.check: finding for finding in checks.findings(case, judged, **settings)}


@pytest.fixture(scope="module")
def sound():
    columns = loans(4000)
    signs = 4 * (columns["load"] - 0.33) - 0.05 * (columns["income"] - 40)
    columns["scorecard_flag"] = (signs > -0.3).astype(int)  # an old rule that pays
    return table(columns)


def test_a_sound_case_has_no_finding_that_stops_or_warns(sound):
    assert {name for name, finding in found(sound).items() if finding.grade != "note"} == set()


def test_a_baseline_that_loses_to_deciding_all_alike_is_told_with_the_gain_over_that():
    columns = loans()
    columns["scorecard_flag"] = (columns["load"] < 0.25).astype(int)  # flags the sound ones
    case = table(columns)
    scores = doors.fit(case, "logistic")
    finding = found(case, scores)["weak baseline"]
    judged = judging.judge(case, scores, learning=False, blocks=False)
    over = money.of_rows(case, case.test, judged.flagged) - money.of_rows(case, case.test, np.ones(len(case.test)))
    assert finding.grade == "warn" and "flag everybody" in finding.words
    assert finding.money == pytest.approx(over.mean() * 120_000) and finding.low < finding.money < finding.high
    assert judged.yearly_gain.value > finding.money  # the weaker the baseline, the larger the gain over it


def test_a_baseline_that_pays_and_a_case_without_one_have_no_such_finding(sound):
    assert "weak baseline" not in found(sound) and "weak baseline" not in found(table(baseline=None))


def test_leakage_is_found_in_a_single_column_and_priced():
    columns = loans()
    draw = np.random.default_rng(0)
    columns["days_overdue"] = columns["defaulted"] * 90 + draw.normal(0, 15, 1600).round(1)
    case = table(columns)
    finding = found(case)["leakage"]
    assert finding.grade == "stop" and "days_overdue (area" in finding.words
    assert finding.money > 0 and finding.unit == "EUR a year"
    with_, without = doors.reference(case), doors.reference(table())
    cut = [money.best_cut(case, case.validation, one.validation)[0] for one in (with_, without)]
    lost = money.of_rows(case, case.test, with_.test >= cut[0]) - money.of_rows(case, case.test, without.test >= cut[1])
    assert finding.money == pytest.approx(lost.mean() * 120_000)


def test_a_text_that_tells_the_target_is_leakage_too():
    columns = loans()
    columns["status"] = np.where(
        columns["defaulted"] == 1, "closed", np.where(columns["load"] > 0.3, "open", "running")
    )
    assert "status" in found(table(columns))["leakage"].words


def test_a_text_of_many_values_is_ranked_on_other_rows_than_it_is_learnt_from():
    columns = loans()
    columns["clerk"] = np.random.default_rng(1).choice([f"c{k}" for k in range(45)], 1600)
    assert checks.column_area(table(columns), "clerk") < 0.65


def test_twins_over_the_split_are_counted_and_the_gain_without_them_is_told():
    columns = loans()
    for name in ("income", "load", "sector"):
        columns[name][-40:] = columns[name][:40]
    finding = found(table(columns))["duplicates"]
    assert finding.words.startswith("40 of") and finding.grade == "warn"
    assert "Without them the gain changes by" in finding.words


def test_the_same_picture_in_two_parts_is_a_twin():
    x, y = pictures(200)
    x[150:] = x[:50]
    y = np.concatenate([y[:150], y[:50]])
    case = casework.images(x, y, split={"official": np.array(["train"] * 150 + ["test"] * 50)})
    assert found(case)["duplicates"].words.startswith("50 of 50")


def test_dated_rows_that_are_split_at_random_are_told():
    case = table(split={"by": "random", "test_share": 0.3}, day="day")
    finding = found(case)["not in time"]
    assert finding.grade == "warn" and "training rows are of 2023-01" in finding.words
    assert "not in time" not in found(table())


def test_fewer_than_thirty_positives_stop_a_conclusion(sound):
    few = sound.test.take(np.concatenate([np.flatnonzero(sound.test.y == 1)[:12], np.flatnonzero(sound.test.y == 0)]))
    finding = found(replace(sound, test=few))["few positives"]
    assert finding.grade == "stop"
    assert "The test holds 12 positive rows" in finding.words and "18 more are needed" in finding.words
    assert finding.low < finding.money < finding.high


def test_a_part_of_one_class_is_told(sound):
    case = replace(sound, validation=sound.validation.take(sound.validation.y == 0))
    scores = doors.given(case, "half", np.full(len(case.test), 0.5))
    assert found(case, scores)["one class"].grade == "stop"


def test_a_model_that_a_default_boosting_beats_costs_so_much_a_year(sound):
    draw = np.random.default_rng(2)
    weak = doors.given(sound, "weak", draw.random(len(sound.test)), draw.random(len(sound.validation)))
    reference = doors.reference(sound)
    finding = found(sound, weak, reference=reference)["worse than a default"]
    assert finding.grade == "warn" and finding.words.startswith("The model costs ")
    judged = judging.judge(sound, weak, learning=False, blocks=False)
    cut = money.best_cut(sound, sound.validation, reference.validation)[0]
    each = money.of_rows(sound, sound.test, reference.test >= cut) - money.of_rows(sound, sound.test, judged.flagged)
    assert finding.money == pytest.approx(each.mean() * 120_000)
    reach = 1.6448536 * each.std(ddof=1) / np.sqrt(len(each)) * 120_000
    assert finding.high - finding.low == pytest.approx(2 * reach)
    assert f"(± {reach:,.0f}, 90 %)" in finding.words
    assert "worse than a default" not in found(sound, reference, reference=weak)


def test_without_money_areas_are_compared():
    case = table(money=None)
    draw = np.random.default_rng(2)
    weak = doors.given(case, "weak", draw.random(len(case.test)), draw.random(len(case.validation)))
    finding = found(case, weak)["worse than a default"]
    assert "ranks the test rows better" in finding.words and finding.money is None


def test_a_model_that_the_baseline_beats_is_told(sound):
    perfect = replace(sound, test=replace(sound.test, baseline=sound.test.y), baseline_name="an oracle")
    finding = found(perfect)["worse than the baseline"]
    assert finding.grade == "warn" and "The baseline (an oracle) beats the model" in finding.words
    assert finding.money < 0


def test_a_gain_that_is_not_shown_is_told(sound):
    few = replace(sound, test=sound.test.take(np.arange(0, len(sound.test), 20)))
    copy = doors.given(few, "copy", few.test.baseline.astype(float), decisions=True)
    finding = found(few, copy)["worse than the baseline"]
    assert finding.grade == "note" and "does not show" in finding.words


def test_scores_that_are_no_probabilities_are_told_with_what_it_costs(sound):
    good = doors.fit(sound, "logistic")
    bent = doors.given(sound, "bent", good.test**3, good.validation**3)
    finding = found(sound, bent)["no probabilities"]
    assert finding.grade == "warn" and "differ by" in finding.words
    assert finding.money > 0 and "would cost" in finding.words
    assert "no probabilities" not in found(sound, good)


def test_decisions_are_no_probabilities(sound):
    decided = doors.given(sound, "yes or no", (sound.test.x["load"].to_numpy() > 0.4).astype(float))
    assert "The predictions are decisions" in found(sound, decided)["no probabilities"].words


def test_a_slow_model_is_told_in_milliseconds_and_machines(sound):
    slow = replace(doors.fit(sound, "logistic"), seconds_a_thousand=12.0)
    judged = judging.judge(sound, slow, learning=False, blocks=False, price_an_hour=3.6)
    (finding,) = [one for one in checks.findings(sound, judged, slowest_ms=5.0) if one.check == "slow"]
    assert "A prediction takes 12 ms" in finding.words and "3 such machines" in finding.words
    assert finding.money == pytest.approx(12 / 3600 * 3.6 / 1000 * 120_000)
    assert "slow" not in found(sound, slow, slowest_ms=15.0)


def test_small_groups_are_withheld(sound):
    groups = sound.test.groups.copy()
    groups[:9] = "west"
    case = replace(sound, test=replace(sound.test, groups=groups))
    assert "west (9)" in found(case)["small groups"].words


def test_amounts_that_go_against_the_counts_are_told():
    columns = loans(4000)
    scores_of = table(columns)
    fitted = doors.fit(scores_of, "logistic")
    flagged = fitted.test >= money.best_cut(scores_of, scores_of.validation, fitted.validation)[0]
    columns["exposure"][:] = 1.0
    wrong = scores_of.test.rows[(flagged != scores_of.test.baseline) & (flagged != scores_of.test.y)]
    columns["exposure"][wrong] = 30.0
    case = table(columns, amount="exposure", money=outcome_value())
    scores = doors.given(case, "same", fitted.test, fitted.validation)
    finding = found(case, scores)["amounts"]
    assert "By the amounts of its rows" in finding.words and finding.money < 0


def test_the_gravest_finding_comes_first():
    columns = loans()
    columns["days_overdue"] = columns["defaulted"] * 90.0 + np.arange(1600) % 7
    case = table(columns, split={"by": "random", "test_share": 0.3}, day="day")
    judged = judging.judge(case, doors.fit(case, "logistic"), learning=False, blocks=False)
    grades = [finding.grade for finding in checks.findings(case, judged)]
    assert grades[0] == "stop" and grades == sorted(grades, key=checks.GRADES.index)


def test_without_the_decisions_of_a_year_money_is_per_thousand_decisions():
    case = table(yearly=None)
    draw = np.random.default_rng(2)
    weak = doors.given(case, "weak", draw.random(len(case.test)), draw.random(len(case.validation)))
    assert found(case, weak)["worse than a default"].unit == "EUR per thousand decisions"
