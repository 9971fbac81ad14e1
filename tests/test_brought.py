"""What a client brings for a model by its doors, as newcomers wrote it: refused in one sentence, or said on the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_cases import ENTRY, bank, loans, table, written
from test_casework_doors import saved

from lepton_nb import casework, client, results, terms, value_model
from lepton_nb.casework import checks, doors, judging
from lepton_nb.client import case_columns, case_rows
from lepton_nb.report import cases as report_cases
from lepton_nb.report import progress

PLAIN = "asset_id: C1, case: risk_classifier, data: data/loans.csv, target: defaulted"
BASE = f"{PLAIN}, baseline_column: scorecard_flag"
IN_TIME = f"{BASE}, split: {{by: day, test_from: 2025-01-01}}"
SCORES = "predictions: data/scores.csv"


def problem_of(folder) -> client.Problem:
    (problem,) = client.check(folder.path).problems
    return problem


def notes_of(folder, rule: int) -> list[client.Problem]:
    report = client.check(folder.path)
    assert report.client is not None, client.report_text(report)
    return [warning for warning in report.warnings if warning.rule == rule]


def with_scores(path: Path, columns: dict, entry: str = IN_TIME, data: dict | None = None):
    folder = bank(path, f"{entry}, {SCORES}", loans() if data is None else data)
    written(folder.path / "data/scores.csv", columns)
    return folder


@pytest.fixture
def shuffled():
    """Positions of the 1,600 loans in another order."""
    return np.random.default_rng(1).permutation(1600)


# --- a table without features


FEATURES = ("loan", "income", "load", "sector", "exposure", "branch", "region")


def bare() -> dict[str, np.ndarray]:
    """The loans with no column that a model could learn from."""
    return {name: values for name, values in loans().items() if name not in FEATURES}


def test_predictions_need_no_features_and_the_page_says_what_is_left_out(tmp_path):
    folder = with_scores(tmp_path, {"score": np.linspace(0.05, 0.95, 1600).round(4)}, data=bare())
    case = casework.of_client(client.load(folder.path), folder.path, "C1")
    assert case.features == () and not case.learnable
    judged = judging.judge(case, doors.scores(case))
    assert judged.learning is None and judged.blocks is None and judged.auc is not None
    assert doors.UNLEARNABLE in judged.notes
    found = checks.findings(case, judged)
    assert {finding.check for finding in found} <= {"worse than the baseline", "no probabilities", "weak baseline"}


def test_a_table_without_features_cannot_be_trained_on(tmp_path):
    folder = bank(tmp_path, IN_TIME, bare())
    problem = problem_of(folder)
    assert (problem.column, problem.rule) == ("cases.data", 41)
    assert "has no column that a model can learn from" in problem.sentence and "model's predictions" in problem.sentence
    case = table(bare(), group="", block="", leave_out=None)
    with pytest.raises(ValueError, match="no column that a model can learn from"):
        doors.trained(case)
    assert doors.reference(case) is None


# --- how predictions find their rows


def test_rule_45_an_id_under_another_name_is_refused_and_not_joined_by_order(tmp_path, shuffled):
    def given(name: str, folder: str):
        columns = {name: loans()["loan"][shuffled], "score": np.full(1600, 0.2)}
        return problem_of(with_scores(tmp_path / folder, columns))

    capitals, other = given("Loan", "a"), given("customer", "b")
    assert capitals.rule == other.rule == 45
    assert 'the data write it "loan": name it so in both' in capitals.sentence
    assert '"customer", which the data do not have; if it is the id, name it as the data do ("loan")' in other.sentence


def test_rule_45_ids_that_are_not_unique_in_the_data_are_refused(tmp_path, shuffled):
    columns = loans()
    columns["loan"][5] = columns["loan"][6]
    scores = {"loan": columns["loan"][shuffled], "score": np.full(1600, 0.2)}
    problem = problem_of(with_scores(tmp_path, scores, data=columns))
    assert problem.rule == 45 and 'are not unique in the data, e.g. "L00006"' in problem.sentence


def test_rule_45_columns_that_both_have_show_whether_the_order_is_the_same(tmp_path, shuffled):
    columns = {name: loans()[name] for name in ("day", "income")} | {"score": np.full(1600, 0.2)}
    (case,) = client.load(with_scores(tmp_path / "a", columns).path).cases
    assert case.joined_by == ""
    mixed = {name: values[shuffled] for name, values in columns.items()}
    problem = problem_of(with_scores(tmp_path / "b", mixed))
    assert problem.rule == 45 and "the rows are not in the order of the data" in problem.sentence


def test_a_file_of_scores_alone_is_joined_by_the_order_of_rows_and_that_is_said(tmp_path):
    chances = np.linspace(0.05, 0.95, 1600).round(4)
    by_order = with_scores(tmp_path / "a", {"score": chances})
    by_id = with_scores(tmp_path / "b", {"loan": loans()["loan"][::-1], "score": chances[::-1]})
    told = []
    for folder in (by_order, by_id):
        company = client.load(folder.path)
        case = casework.of_client(company, folder.path, "C1")
        scores = doors.scores(case)
        assert scores.test.tolist() == chances[case.test.rows].tolist()
        told.append((report_cases.door(company.cases[0]), scores.notes[0]))
        assert doors.VOUCHED in scores.notes
    assert told[0] == ("by the scores in data/scores.csv, joined by the order of rows", doors.joined_in_words(""))
    assert told[1] == ("by the scores in data/scores.csv, joined by loan", doors.joined_in_words("loan"))
    assert "joined by the order of rows" in told[0][1]


def test_predictions_of_a_case_of_no_client_follow_the_same_rule(tmp_path, shuffled):
    case, columns = table(), {"score": np.full(1600, 0.2)}
    with pytest.raises(ValueError, match='the column "customer", which the data do not have'):
        doors.predictions(case, written(tmp_path / "a.csv", {"customer": loans()["loan"]} | columns))
    assert (
        doors.predictions(case, written(tmp_path / "b.csv", {"income": loans()["income"]} | columns)).decisions is False
    )
    with pytest.raises(ValueError, match="not in the order of the data"):
        doors.predictions(case, written(tmp_path / "c.csv", {"income": np.r_[loans()["income"][1:], 7.0]} | columns))


# --- a model file whose fault can be read


def onnx_of(path: Path, takes: list, gives: list, steps: list, kind: str = "FLOAT") -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    helper, value = onnx.helper, onnx.helper.make_tensor_value_info
    axes = onnx.numpy_helper.from_array(np.array([1], np.int64), "axes")
    shape = onnx.numpy_helper.from_array(np.zeros((2, 3), np.float32), "three")
    nodes = [helper.make_node(name, inputs, outputs) for name, inputs, outputs in steps]
    graph = helper.make_graph(
        nodes,
        "g",
        [value("x", onnx.TensorProto.FLOAT, takes)],
        [value("p", getattr(onnx.TensorProto, kind), gives)],
        [axes, shape],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())


SUMS = [("ReduceSum", ["x", "axes"], ["p"])]
FAULTY = {
    "three classes": ((["n", 2], ["n", 3], [("MatMul", ["x", "three"], ["p"])]), 'gives "p" float (n, 3)'),
    "one figure for all": ((["n", 2], [], [("ReduceSum", ["x"], ["p"])]), 'gives "p" float ()'),
    "one row at a time": (([1, 2], [1, 1], SUMS), "takes exactly 1 row at a time"),
    "whole numbers": ((["n", 2], ["n", 1], SUMS, "INT64"), "the probabilities of two classes"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_rule_44_a_model_whose_fault_can_be_read_is_refused_before_it_runs(name, tmp_path):
    given, words = FAULTY[name]
    numbers = {key: values for key, values in loans().items() if key not in ("sector", "exposure", "region", "branch")}
    folder = bank(tmp_path, f"{IN_TIME}, model: data/model.onnx", numbers)
    onnx_of(folder.path / "data/model.onnx", *given)
    problem = problem_of(folder)
    assert (problem.column, problem.rule) == ("cases.model", 44) and words in problem.sentence
    onnx_of(folder.path / "data/model.onnx", ["n", 2], ["n", 1], SUMS)
    assert client.check(folder.path).problems == ()


@pytest.mark.parametrize("functional", [False, True])
def test_rule_44_a_network_of_many_classes_is_refused_before_it_runs(functional, tmp_path):
    import keras

    def network(units: int):
        inputs, layer = keras.Input((2,)), keras.layers.Dense(units, activation="softmax" if units > 1 else "sigmoid")
        return keras.Model(inputs, layer(inputs)) if functional else keras.Sequential([inputs, layer])

    numbers = {key: values for key, values in loans().items() if key not in ("sector", "exposure", "region", "branch")}
    folder = bank(tmp_path, f"{IN_TIME}, model: data/model.keras", numbers)
    saved(network(10), folder.path / "data/model.keras")
    problem = problem_of(folder)
    assert (problem.column, problem.rule) == ("cases.model", 44) and "gives 10 figures a row" in problem.sentence
    for units in (1, 2):
        saved(network(units), folder.path / "data/model.keras")
        assert client.check(folder.path).problems == ()


def test_what_shows_only_when_it_runs_is_the_clients_sentence_alone(tmp_path):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    numbers = {key: values for key, values in loans().items() if key not in ("sector", "exposure", "region", "branch")}
    folder = bank(tmp_path, f"{IN_TIME}, model: data/model.onnx", numbers)
    onnx_of(folder.path / "data/model.onnx", ["n", 2], ["n", 1], SUMS)
    case = casework.of_client(client.load(folder.path), folder.path, "C1")
    with pytest.raises(casework.NotUsable, match="a logit x becomes"):
        doors.scores(case)
    assert casework.NotUsable.__name__ == terms.NOT_USABLE  # by which the engine knows it
    line = {"chapter": "risk_classifier@C1", "state": "failed", "seconds": 1.0, "error": {"kind": "failed", "cell": 53}}
    line["error"] |= {"message": "model.onnx: the score …", "refused": True}
    waiting = {"chapter": "value", "state": "not run", "seconds": 0.0, "error": {"kind": "not run", "message": "needs"}}
    broken = {
        "chapter": "value",
        "state": "failed",
        "seconds": 0.0,
        "error": {"kind": "failed", "message": "TypeError"},
    }
    assert progress.explain(line) == "risk_classifier@C1: model.onnx: the score …"
    assert (
        progress.refused([line, waiting]) and not progress.refused([line, broken]) and not progress.refused([waiting])
    )


# --- dates, signs and the baseline of a case


def test_rule_108_the_day_of_a_cases_measurement_is_asked_after(tmp_path):
    later = notes_of(bank(tmp_path / "a", f"{ENTRY}, evaluated_on: 2030-01-01"), 108)
    older = notes_of(bank(tmp_path / "b", f"{ENTRY}, evaluated_on: 2020-01-01"), 108)
    assert [note.column for note in (*later, *older)] == ["cases.evaluated_on"] * 2
    assert "measured on 2030-01-01, after the valuation date" in later[0].sentence
    assert "more than 12 months before" in older[0].sentence
    assert notes_of(bank(tmp_path / "c"), 108) == []
    columns = loans()
    columns["day"] = (columns["day"].astype("datetime64[D]") + 365).astype(str)  # until the end of 2026
    (last,) = notes_of(bank(tmp_path / "d", ENTRY.replace("2025-01-01", "2026-01-01"), columns), 108)
    assert last.column == "cases.split" and "after the valuation date" in last.sentence


def test_rule_116_a_cases_outcomes_are_money_more_the_better_they_are(tmp_path):
    notes = notes_of(bank(tmp_path / "a", f"{ENTRY}, outcome_value: {{tp: 0, fn: 1400, fp: 200, tn: 0}}"), 116)
    assert [note.column for note in notes] == ["cases.outcome_value.fn", "cases.outcome_value.fp"]
    assert "is the sign missing?" in notes[0].sentence
    assert notes_of(bank(tmp_path / "b", f"{ENTRY}, outcome_value: {{tp: 0, fn: -1400, fp: -200, tn: 0}}"), 116) == []


def test_rule_29_a_case_without_a_baseline_says_what_stands_in_and_what_hangs_on_it(tmp_path):
    money_ = "outcome_value: {tp: 0, fn: -1000, fp: -100, tn: 0}, positive_share: 0.05"
    (note,) = notes_of(bank(tmp_path / "a", f"{PLAIN}, {money_}"), 29)
    assert (
        "flagging nobody stands in for today's decisions (-50 per decision)" in note.sentence
        and "up to 50 per decision" in note.sentence
    )
    (other,) = notes_of(bank(tmp_path / "b", f"{PLAIN}, {money_.replace('0.05', '0.5')}"), 29)
    assert "flagging everybody stands in for today's decisions (-50 per decision)" in other.sentence
    assert len(note.sentence) < 260
    (unknown,) = notes_of(bank(tmp_path / "c", PLAIN), 29)
    assert "flagging nobody, or everybody, stands in" in unknown.sentence
    assert notes_of(bank(tmp_path / "d"), 29) == []


def test_a_case_without_a_split_says_which_is_used(tmp_path):
    company = client.load(bank(tmp_path, BASE).path)
    (told,) = report_cases.plans_in_words(_chapters(), company)
    assert "no split is given, so 3 in 10 rows, drawn at random class by class, are the test" in told


def _chapters():
    from lepton_nb import paths
    from lepton_nb.report import chapters

    return chapters.read_all(paths.project())


# --- scores that have seen the test


def brought(case, chances: np.ndarray) -> dict[str, casework.Finding]:
    """Findings on scores of all rows (n,) that were made elsewhere, by check."""
    own = (chances[part.rows] for part in (case.test, case.validation))
    scores = doors.given(case, "scores.csv", *own, door="predictions")
    judged = judging.judge(case, scores, learning=False, blocks=False)
    return {finding.check: finding for finding in checks.findings(case, judged)}


def test_scores_of_a_model_that_saw_the_test_rows_are_said_and_reach_the_value():
    case, y = table(), loans()["defaulted"]
    draw = np.random.default_rng(2)
    assert terms.SEEN_BEFORE not in brought(case, np.clip(0.3 * y + draw.uniform(0.1, 0.6, len(y)), 0, 1))  # area 0.9
    nearly = brought(case, np.clip(0.5 * y + draw.normal(0.25, 0.09, len(y)), 0, 1))[terms.SEEN_BEFORE]
    assert nearly.grade == "warn" and "rank the test rows with hardly a mistake" in nearly.words
    assert nearly.money > 0 and "hangs on it" in nearly.words and "reaches 0." in nearly.words
    truth = brought(case, 0.1 + 0.8 * y)[terms.SEEN_BEFORE]
    decided = brought(case, y.astype(float))[terms.SEEN_BEFORE]
    assert truth.grade == decided.grade == "stop"
    assert "scores say the target itself" in truth.words and "decisions say the target itself" in decided.words
    company = client.load("clients/bank")
    evaluation = {"evaluation_id": "measured:C1"} | company.evaluations[0].model_dump(mode="json")
    seen = results.Measured("C1", "risk_classifier@C1", evaluation, (), (), (truth.words,))
    plan = value_model.plan(company, measured={"C1": seen})
    assert any(truth.words in sentence and "in doubt" in sentence for sentence in value_model.findings(plan))


def test_a_strong_model_on_easy_rows_and_one_trained_here_are_not_asked_after():
    columns = loans()
    columns["late"] = columns["defaulted"] + np.random.default_rng(0).normal(0, 0.05, 1600).round(3)  # tells it all
    case, y = table(columns), columns["defaulted"]
    near = np.clip(0.8 * y + np.random.default_rng(2).uniform(0.05, 0.15, len(y)), 0, 1)
    assert terms.SEEN_BEFORE not in brought(case, near)
    scores = doors.fit(case, "boosting")
    judged = judging.judge(case, scores, learning=False, blocks=False)
    assert terms.SEEN_BEFORE not in {finding.check for finding in checks.findings(case, judged)}


# --- columns


@pytest.mark.parametrize("text", ["n/a", "?", "inf", "unknown"])
def test_rule_35_one_bad_cell_in_a_column_of_numbers_is_named(text, tmp_path):
    columns = loans()
    columns["income"] = columns["income"].astype(str).astype("<U8")
    columns["income"][100] = text
    problem = problem_of(bank(tmp_path, ENTRY, columns))
    assert (problem.column, problem.rule) == ("cases.data", 35)
    assert f'row 102: "income" is "{text}"; 1,599 of 1,600 cells are numbers' in problem.sentence
    named = bank(tmp_path / "left", f"{ENTRY}, leave_out_columns: [income]", columns)
    assert client.check(named.path).problems == ()


def test_codes_gaps_and_ids_are_no_bad_cells(tmp_path):
    columns = loans()
    draw = np.random.default_rng(0)
    columns["code"] = np.where(draw.random(1600) < 0.1, "x", draw.integers(0, 9, 1600).astype(str))
    columns["income"] = columns["income"].astype(str)
    columns["income"][[3, 4]] = ""
    columns["loan"] = np.array([f"{100_000 + 7 * row}" if row % 100 else f"A{row}" for row in range(1600)])
    folder = bank(tmp_path, ENTRY, columns)
    case = casework.of_client(client.load(folder.path), folder.path, "C1")
    assert {"code", "income"} <= set(case.features) and "loan" in case.left_out


def with_gaps() -> dict[str, np.ndarray]:
    """The loans with a customer number that has gaps, and counts the rows of time."""
    draw = np.random.default_rng(0)
    return loans() | {"customer": np.cumsum(draw.integers(1, 9, 1600))}


def test_rule_123_ids_with_gaps_are_no_feature_and_that_is_said(tmp_path):
    folder = bank(tmp_path, ENTRY, with_gaps())
    (note,) = notes_of(folder, 123)
    assert '"customer"' in note.found and "leave_out_columns" in note.remedy
    company = client.load(folder.path)
    assert company.cases[0].like_ids == ("customer",)
    case = casework.of_client(company, folder.path, "C1")
    assert case.left_out["customer"] == case_rows.LIKE_IDS and "customer" not in case.features
    kept = bank(tmp_path / "kept", f"{ENTRY}, leave_out_columns: []", with_gaps())
    assert notes_of(kept, 123) == []
    assert "customer" in casework.of_client(client.load(kept.path), kept.path, "C1").features


def test_columns_are_left_out_by_name(tmp_path):
    folder = bank(tmp_path, f"{ENTRY}, leave_out_columns: [sector, customer]", with_gaps())
    case = casework.of_client(client.load(folder.path), folder.path, "C1")
    assert not {"sector", "customer"} & set(case.features)
    assert case.left_out["sector"] == "it is left out by the case"
    wrong = problem_of(bank(tmp_path / "b", f"{ENTRY}, leave_out_columns: [secto]"))
    assert (wrong.column, wrong.rule) == ("cases.leave_out_columns", 17) and 'did you mean "sector"?' in wrong.sentence


def test_amounts_that_all_differ_in_few_rows_stay_features():
    amounts = np.random.default_rng(0).permutation(10**6)[:300]
    assert case_rows.features({"amount": amounts}, {}) == ({"amount": "number"}, {})
    many = np.random.default_rng(0).integers(0, 70_000, 3000)  # some of them twice
    assert case_rows.features({"amount": many}, {}) == ({"amount": "number"}, {})


@pytest.mark.parametrize("key", ["baseline_column", "group_column", "block_column", "amount_column"])
def test_rule_46_no_other_key_names_the_target(key, tmp_path):
    problem = problem_of(bank(tmp_path, f"{PLAIN}, {key}: defaulted"))
    assert (problem.column, problem.rule) == (f"cases.{key}", 46) and '"defaulted" is the target' in problem.sentence


def test_columns_of_numbers_are_read_alike_at_once_and_cell_by_cell():
    texts = ("1", " 2.5 ", "", "-0", "+3.", ".5")
    assert case_columns.values(texts).tolist()[:2] == [1.0, 2.5] and np.isnan(case_columns.values(texts)[2])
    assert np.array_equal(case_columns.values(texts), case_columns.values((*texts, "1e0"))[:-1], equal_nan=True)
    for odd in ("- 1", "1 2", "1e16", "nan", "1_0", "10000000000000000"):
        assert case_columns.values((*texts, odd)).dtype.kind == "U", odd


def test_a_model_that_takes_fewer_or_other_columns_gets_the_remedy(tmp_path):
    numbers = {key: values for key, values in with_gaps().items() if key not in ("sector", "region", "branch", "loan")}
    folder = bank(tmp_path, f"{IN_TIME}, model: data/model.onnx", numbers)
    onnx_of(folder.path / "data/model.onnx", ["n", 2], ["n", 1], SUMS)
    assert "leave out 1 that the model does not take: leave_out_columns: [" in problem_of(folder).sentence
    onnx_of(folder.path / "data/model.onnx", ["n", 4], ["n", 1], SUMS)
    assert (
        '"customer" is taken for an id: leave_out_columns: [] in the case brings it back' in problem_of(folder).sentence
    )


# --- messages


def test_an_empty_file_and_other_separators_are_named(tmp_path):
    folder = with_scores(tmp_path, {"score": np.full(1600, 0.2)})
    file = folder.path / "data/scores.csv"
    sentences = {}
    for name, text in {"empty": "", "header": "score\n", "semicolons": "loan;score\nL00000;0.2\n"}.items():
        file.write_text(text)
        problem = problem_of(folder)
        assert problem.column == "cases.predictions"
        sentences[name] = problem.sentence
    assert '"data/scores.csv" is empty' in sentences["empty"] and "a header and no rows" in sentences["header"]
    assert "separated by semicolons" in sentences["semicolons"] and 'csv: {separator: ";"' in sentences["semicolons"]
    data = folder.path / "data/loans.csv"
    data.write_text(data.read_text().replace(",", ";"))
    assert "separated by semicolons" in problem_of(folder).sentence


def test_words_in_place_of_0_and_1_get_their_remedy(tmp_path):
    columns = loans()
    columns["defaulted"] = np.where(columns["defaulted"] == 1, "yes", "no")
    assert (
        'which of "no" and "yes" counts as 1, e.g. positive: "yes"'
        in problem_of(bank(tmp_path / "a", ENTRY, columns)).sentence
    )
    for place, word in enumerate(("False", "accept")):
        decided = with_scores(tmp_path / f"b{place}", {"decision": np.array([word] * 1600)})
        assert "write 1 where the case was flagged, 0 where it was not" in problem_of(decided).sentence
    assert "a number from 0 to 1 such as 0.35" in problem_of(bank(tmp_path / "c", f"{ENTRY}, threshold: abc")).sentence


def test_a_missing_score_column_is_placed_where_its_file_is_named(tmp_path):
    folder = with_scores(tmp_path, {"pd_score": np.full(1600, 0.2)})
    problem = problem_of(folder)
    line = (folder.path / "client.yml").read_text().splitlines()[problem.row - 1]
    assert problem.column == "cases.predictions" and SCORES in line
    assert "score_column in the case names another one" in problem.sentence


def test_the_id_of_a_case_misspelt_is_one_finding(tmp_path):
    folder = bank(tmp_path / "a", ENTRY.replace("C1", "C9"))
    assert 'asset_id "C9" is not in assets.csv' in problem_of(folder).sentence
    unknown = bank(tmp_path / "b")
    benefits = unknown.path / "benefits.csv"
    benefits.write_text(benefits.read_text().replace("measured:C1", "measured:T1"))
    assert 'no case measures "T1" (nor for 4 more rows)' in problem_of(unknown).sentence


# --- what a run says of cases


def test_the_chapter_alone_says_how_to_run_the_clients_own_case(tmp_path):
    company = client.load(bank(tmp_path).path)
    chapters = {chapter.name: chapter for chapter in _chapters()}
    own = {"risk_classifier": chapters["risk_classifier"]}
    (told,) = report_cases.own_in_words(company, own, ["risk_classifier"])
    assert told.endswith("the client's own case: --only risk_classifier@C1")
    both = own | {"risk_classifier@C1": chapters["risk_classifier"]}
    assert report_cases.own_in_words(company, both, ["risk_classifier", "risk_classifier@C1"]) == []
    assert report_cases.own_in_words(company, {"value": chapters["value"]}, ["value"]) == []


def test_a_further_test_that_can_change_nothing_is_worth_nothing_with_its_reason():
    case, y = table(), loans()["defaulted"]
    sure = doors.given(case, "scores.csv", *(0.1 + 0.8 * y[part.rows] for part in (case.test, case.validation)))
    judged = judging.judge(case, sure, blocks=False)
    record = results.Record("risk_classifier@C1")
    judging.enter(record, judged)
    figure = record.figures["further_test"]
    assert figure.value == 0 and "leaves no doubt which to use" in figure.note


def test_a_bare_model_of_scikit_learn_goes_out_as_the_text_says(tmp_path):
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from sklearn.ensemble import GradientBoostingClassifier

    case = table({name: values for name, values in loans().items() if name != "sector"})
    model = GradientBoostingClassifier(n_estimators=5).fit(case.train.x.to_numpy("float32"), case.train.y)
    file = skl2onnx.to_onnx(model, case.train.x[:1].to_numpy("float32"), options={"zipmap": False})
    (tmp_path / "model.onnx").write_bytes(file.SerializeToString())
    found = doors.onnx_model(case, tmp_path / "model.onnx").test
    assert np.allclose(found, model.predict_proba(case.test.x.to_numpy("float32"))[:, 1], atol=1e-5)
