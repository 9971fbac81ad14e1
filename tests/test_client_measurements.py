"""Measurements of an anomaly detector's case: read in the order of time, refused with row and remedy, measured in money."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import yaml
from test_client import B, Folder
from test_client_data import as_parquet, case

from lepton_nb import casework, client, paths
from lepton_nb.casework import doors, judging
from lepton_nb.client import schema, template
from lepton_nb.report import cases, chapters

ENTRY = "asset_id: C1, case: anomaly_detector, data: data/press.csv, time_column: at"
SPLIT = ", split: {by: at, test_from: 2025-03-01}"
LABELLED = ", target: failed, baseline_column: alarm"
WORTH = ", outcome_value: {tp: -250, fp: -50, fn: -1000, tn: 0}"
HEADER = "at,heat,force,mode,alarm,failed"


def press(rows: int = 90, changed: dict | None = None, header: str = HEADER) -> bytes:
    """A row an hour and a half from 2025-01-01 on; what is too hot and pressed too hard fails, the old alarm sees heat."""
    draw = np.random.default_rng(7)
    heat, force = draw.normal(60, 5, rows).round(1), draw.normal(30, 4, rows).round(1)
    failed = ((heat > 62) & (force > 31)).astype(int)
    days = np.datetime64("2025-01-01T06:00:00") + np.arange(rows) * np.timedelta64(24 * 3600 * 80 // rows, "s")
    lines = [
        [str(day).replace("T", " "), str(a), str(b), "fast" if n % 3 else "slow", str(int(a > 66)), str(y)]
        for n, (day, a, b, y) in enumerate(zip(days, heat, force, failed, strict=True))
    ]
    for (row, place), text in (changed or {}).items():
        lines[row][place] = text
    return "\n".join([header, *(",".join(line) for line in lines), ""]).encode()


@pytest.fixture
def bank(tmp_path):
    def make(entry: str = ENTRY, data: bytes | None = None) -> Folder:
        return case(Folder(tmp_path, B), entry).data("data/press.csv", data or press())

    return make


def test_measurements_without_failures_are_read_and_nothing_rests_on_them(bank):
    changed = bank(ENTRY + SPLIT + ", leave_out_columns: [alarm, failed]")
    (found,) = client.load(changed.path).cases
    assert (found.case, found.kind, found.n, found.target) == ("anomaly_detector", "measurements", 90, None)
    assert (found.test_from, found.last_day.year) == (date(2025, 3, 1), 2025)
    assert client.case_data(changed.path, found)["heat"].dtype.kind == "f"
    (told,) = cases.plans_in_words(chapters.read_all(paths.project()), client.load(changed.path))
    assert told.startswith("C1: no target says which rows led to a failure, so nothing can be measured")
    assert not [note for note in changed.check().warnings if note.rule == 29]


def test_without_a_split_the_last_three_tenths_are_the_test(bank):
    (found,) = client.load(bank(ENTRY + LABELLED + WORTH).path).cases
    rows = press().decode().splitlines()[1:]
    assert found.test_from == date.fromisoformat(rows[63][:10]) and found.positives > 5


def test_a_parquet_file_of_the_same_rows_is_the_same_case(bank):
    changed = bank(ENTRY + LABELLED + WORTH)
    before = client.load(changed.path).cases[0].sha256
    as_parquet(changed, "data/press.csv")
    changed.yml("press.csv", "press.parquet")
    assert client.load(changed.path).cases[0].sha256 == before


def test_with_failures_it_is_judged_on_later_rows_against_the_old_alarm_in_money(bank):
    changed = bank(ENTRY + LABELLED + WORTH, press(1500))
    company = client.load(changed.path)
    case_set = casework.of_client(company, changed.path, "C1", kind="anomaly_detector")
    assert case_set.in_time and set(case_set.features) == {"heat", "force", "mode"}
    assert case_set.test.days.min() >= np.datetime64(company.cases[0].test_from)
    scores = doors.scores(case_set)
    assert [one.kind for one in scores.tried] == list(doors.DETECTORS)
    judged = judging.judge(case_set, scores, learning=False, blocks=False)
    assert sum(cell.count for cell in judged.evaluation.paired) == len(case_set.test)
    assert judged.gain.low > 0 and scores.name == "gradient boosting"  # both columns together tell what fails
    unlabelled = doors.fit(case_set, "isolation")
    assert unlabelled.test.min() > 0 and unlabelled.test.max() < 1
    assert judging.judge(case_set, unlabelled, learning=False, blocks=False).auc.value < judged.auc.value


def test_an_isolation_forest_reads_no_failures(bank):
    changed = bank(ENTRY + LABELLED + WORTH, press(400))
    case_set = casework.of_client(client.load(changed.path), changed.path, "C1")
    score, _ = doors.fitting.make("isolation", case_set.train, case_set.validation)
    flipped = casework.Part(rows=case_set.train.rows, x=case_set.train.x, y=1 - case_set.train.y)
    again, _ = doors.fitting.make("isolation", flipped, case_set.validation)
    assert np.array_equal(score(case_set.test.x), again(case_set.test.x))


RESULT = ENTRY + LABELLED + WORTH
REFUSED = {
    "no time": (ENTRY.replace(", time_column: at", ""), None, "time_column", 2, "name the column that says when"),
    "misspelt": (ENTRY.replace("time_column: at", "time_column: att"), None, "time_column", 17, "is not a column of"),
    "no day": (RESULT, press(changed={(4, 0): "5.1.2025"}), "time_column", 34, 'row 6: "5.1.2025" is not a date'),
    "not in order": (RESULT, press(changed={(9, 0): "2025-01-01 05:00:00"}), "time_column", 41, "sort the rows by at"),
    "after the valuation date": (RESULT, press(changed={(89, 0): "2199-01-01"}), "time_column", 21, "after the valuation date"),
    "time and target": (RESULT.replace("target: failed", "target: at"), None, "time_column", 41, "is the target too"),
    "one side": (RESULT + ", split: {by: at, test_from: 2031-01-01}", None, "split", 41, "0 of 90 rows lie on or after"),
    "at random": (RESULT + ", split: {by: random, test_share: 0.2}", None, "split", 41, "write {by: at, test_from: YYYY-MM-DD}"),
    "a share": (RESULT + ", split: {by: at, test_share: 0.3}", None, "split.test_share", 41, "0.3 of rows in the order of time; an anomaly_detector is judged on later rows: write {by: at, test_from: YYYY-MM-DD} in place of test_share"),
    "a share beside a day": (RESULT + ", split: {by: at, test_from: 2025-03-01, test_share: 0.3}", None, "split.test_share", 41, "0.3 beside test_from; leave it out"),
    "neither": (RESULT + ", split: {by: at}", None, "split.test_from", 41, "is missing; give test_from"),
    "one time": (RESULT, press(changed={(n, 0): "2025-01-01 06:00" for n in range(90)}), "time_column", 41, "all 90 rows have the same time, 2025-01-01 06:00:00; a test lies after what was learnt from"),
    "one day": (RESULT + SPLIT, press(changed={(n, 0): f"2025-01-01 {n // 60:02}:{n % 60:02}" for n in range(90)}), "time_column", 41, "all 90 rows are of 2025-01-01; a test begins with a day"),
    "the file of a time": (RESULT, press(changed={(4, 0): "noon"}), "time_column", 34, '"data/press.csv", column "at", row 6: "noon" is not a date'),
    "the file of a class": (RESULT, press(changed={(4, 5): "perhaps"}), "target", 15, '"data/press.csv", column "failed", row 6: "perhaps"'),
    "no measurement": (ENTRY + ", leave_out_columns: [heat, force, alarm, failed]", None, "data", 41, "no column of measurements"),
    "a cell": (RESULT, press(changed={(4, 1): "hot"}), "data", 35, 'row 6: "heat" is "hot"'),
    "no failure": (RESULT, press(changed={(n, 5): "0" for n in range(90)}), "target", 41, "every row is of one class"),
    "none in the test": (RESULT, press(changed={(n, 5): "0" for n in range(55, 90)}), "split", 13, "no positive case"),
    "money without a target": (ENTRY + WORTH, None, "outcome_value", 41, "stands without a target"),
    "an alarm without a target": (ENTRY + ", baseline_column: alarm", None, "baseline_column", 41, "stands without a target"),
    "an alarm of words": (RESULT, press(changed={(4, 4): "yes"}), "baseline_column", 15, "row 6"),
    "a user": (RESULT + ", user_column: mode", None, "user_column", 41, "an anomaly_detector has none"),
    "images": (ENTRY.replace("press.csv", "press.npz"), None, "data", 41, "an anomaly_detector is read from .csv or .parquet"),
    "a public set": (ENTRY.replace("data/press.csv", '"public:ai4i"'), None, "data", 41, "holds no measurements with their times"),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "data", "key", "rule", "words"), REFUSED.values(), ids=list(REFUSED))
def test_measurements_that_do_not_fit_are_refused_with_place_and_remedy(bank, entry, data, key, rule, words):
    problems = bank(entry, data).check().problems
    assert [(problem.column, problem.rule) for problem in problems] == [(f"cases.{key}", rule)]
    assert words in problems[0].sentence


def test_rows_of_one_time_are_noted_with_the_first_of_them(bank):
    stamps = {(n, 0): "2025-01-01 06:00:00" for n in (0, 1, 2)}
    (note,) = [one for one in bank(RESULT, press(changed=stamps)).check().warnings if one.rule == 128]
    assert note.column == "cases.time_column"
    assert '2 rows have the time of the row before (in "data/press.csv" first row 3)' in note.sentence


def test_rows_of_different_times_are_not_noted(bank):
    assert not [one for one in bank(RESULT).check().warnings if one.rule == 128]


def test_without_a_split_the_first_day_is_learnt_from_even_if_it_holds_most_rows(bank):
    early = {(n, 0): f"2025-01-01 {n // 60:02}:{n % 60:02}" for n in range(80)}
    (found,) = client.load(bank(RESULT, press(changed=early)).path).cases
    assert found.test_from > date(2025, 1, 1)


def test_the_plan_says_what_is_read_as_a_text_and_that_no_money_is_no_worth(tmp_path):
    def told(entry: str) -> str:
        changed = case(Folder(tmp_path / str(len(entry)), B), entry).data("data/press.csv", press())
        for file in ("confusion", "outcome_value", "paired_counts"):  # the money of the typed evaluation
            changed.path.joinpath(f"metrics/{file}.csv").unlink(missing_ok=True)
        benefits = changed.path / "benefits.csv"
        benefits.write_text("\n".join(line for line in benefits.read_text().splitlines() if "confusion:" not in line))
        return cases.plans_in_words(chapters.read_all(paths.project()), client.load(changed.path))[0]

    with_money = told(RESULT)
    assert "; read as texts: mode;" in with_money and "worth nothing" not in with_money
    assert told(ENTRY + LABELLED).endswith(
        "has no money per outcome (outcome_value), so what it measures is worth nothing in the report."
    )


def test_the_whole_example_of_the_readme_is_a_sound_case(bank):
    text = template.readme("")
    entry = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])["cases"][0]
    table = text.split("```csv\n")[1].split("```")[0]
    assert table.splitlines()[0] == HEADER and set(entry) <= set(schema.Case.model_fields)
    written = ", ".join(
        f"{key}: {yaml.safe_dump(value, default_flow_style=True).strip().removesuffix('...').strip()}"
        for key, value in (entry | {"asset_id": "C1"}).items()
    )
    (found,) = client.load(bank(written).path).cases
    assert (found.kind, found.test_from, found.texts) == ("measurements", date(2025, 3, 1), ("mode",))
