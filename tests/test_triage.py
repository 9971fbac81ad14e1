"""A client's texts: learnt from, judged once and paired with today's decision, by every door; the chapter that does so."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from test_client import B, Folder
from test_client_data import case as listed

from lepton_nb import casework, client, datasets, results
from lepton_nb.casework import checks, doors, fitting, judging
from lepton_nb.page import text_charts, words
from lepton_nb.report import chapters

CHAPTER = Path(__file__).resolve().parent.parent / "notebooks" / "39_triage.ipynb"
ENTRY = (
    "asset_id: C1, case: text_classifier, data: data/letters.csv, text_column: letter, target: complaint, baseline_column: clerk, "
    "split: {by: random, test_share: 0.3}, outcome_value: {tp: 0, fn: -12, fp: -2, tn: 0}"
)


def letters(count: int = 500) -> list[tuple[str, str, int, int]]:
    """Number, text, whether it is a complaint, whether the clerk flagged it: he sees half of them, and no others."""
    arrays = datasets.load("imdb_reviews").arrays
    different = dict(zip(arrays["text"].tolist(), arrays["label"].tolist(), strict=True))
    rows = [(f"L{7 * number}", one, 1 - label) for number, (one, label) in enumerate(list(different.items())[:count])]
    return [(*row, int(row[2] and number % 2)) for number, row in enumerate(rows)]


@pytest.fixture
def bank(tmp_path, monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)

    def make(entry: str = ENTRY) -> Folder:
        folder = listed(Folder(tmp_path, B), entry)
        with (folder.path / "data" / "letters.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("no", "letter", "complaint", "clerk"), *letters()])
        return folder

    return make


def brought(folder: Folder) -> casework.CaseSet:
    return casework.of_client(client.load(folder.path), folder.path, "C1", kind="text_classifier")


def test_the_text_alone_is_read_and_no_row_is_in_two_parts(bank):
    made = brought(bank())
    assert (made.kind, made.features, made.n, made.baseline_name) == ("texts", ("letter",), 500, "clerk")
    assert fitting.is_texts(made.train.x) and set(made.left_out) == {"no", "complaint", "clerk"}
    rows = np.concatenate([part.rows for part in made.parts.values()])
    assert sorted(rows.tolist()) == list(range(500))
    texts = [one for _, one, *_ in letters()]
    assert all(made.test.x[place] == texts[row] for place, row in enumerate(made.test.rows))


def test_models_of_texts_are_trained_and_their_gain_is_paired_with_the_clerk(bank):
    made = brought(bank())
    scores = doors.scores(made, seed=0)
    judged = judging.judge(made, scores, learning=False, blocks=False, seed=0)
    assert {one.kind for one in scores.tried} == set(fitting.TEXT_KINDS) and sum(
        one.chosen for one in scores.tried
    ) == 1
    assert judged.auc.low > 0.7
    assert sum(cell.count for cell in judged.evaluation.paired) == len(made.test)
    truth, flagged, before = made.test.y, judged.flagged, made.test.baseline
    value = lambda flags: -12 * np.mean((truth == 1) & (flags == 0)) - 2 * np.mean((truth == 0) & (flags == 1))  # noqa: E731
    assert judged.gain_by_rows.value == pytest.approx(value(flagged) - value(before))
    reference = doors.reference(made)
    assert "tf-idf with a logistic regression" in reference.name
    assert checks.findings(made, judged, reference, seed=0) is not None


def test_scores_made_elsewhere_are_joined_by_the_number_of_the_letter(bank):
    folder = bank(ENTRY + ", predictions: data/scores.csv")
    rows = [(number, 0.9 if complaint else 0.2) for number, _, complaint, _ in letters()]
    text = "\n".join(["no,score", *(f"{number},{score}" for number, score in rows[::-1])])
    (folder.path / "data" / "scores.csv").write_text(text, encoding="utf-8")
    made = brought(folder)
    scores = doors.scores(made)
    assert scores.door == "predictions" and np.array_equal(scores.test > 0.5, made.test.y == 1)
    judged = judging.judge(made, scores, learning=False, blocks=False)
    assert any("say the target itself" in finding.words for finding in checks.findings(made, judged))


def test_an_onnx_model_that_takes_texts_comes_in_and_a_keras_one_is_refused_with_a_sentence(bank):
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    folder = bank(ENTRY + ", model: data/letters.onnx")
    rows = letters()
    counter = CountVectorizer(token_pattern="[a-z]+", lowercase=False)  # lower case in ONNX asks for a locale
    model = make_pipeline(counter, LogisticRegression())
    model.fit([row[1] for row in rows], [row[2] for row in rows])
    kinds = [("letter", skl2onnx.common.data_types.StringTensorType([None, 1]))]
    file = skl2onnx.to_onnx(model, initial_types=kinds, options={"zipmap": False})
    (folder.path / "data" / "letters.onnx").write_bytes(file.SerializeToString())
    made = brought(folder)
    scores = doors.scores(made)
    assert scores.door == "onnx"
    assert np.allclose(scores.test, model.predict_proba(made.test.x.tolist())[:, 1], atol=1e-4)
    with pytest.raises(ValueError, match="texts come in by ONNX only"):
        doors.keras_model(made, folder.path / "data" / "letters.onnx")


def test_twins_among_the_texts_are_found_whatever_their_spacing():
    texts = [f"the {word} is good" for word in "abcdefghijklmnopqrstuvwxyz"]
    rows = {"text": [*texts, *(f"  THE {word}  is good" for word in "abcdefghijklmnopqrstuvwxyz")]}
    made = casework.texts(rows | {"class": [0, 1] * 26}, text="text", target="class")
    judged = judging.judge(made, doors.fit(made, "ratios"), learning=False, blocks=False)
    assert any("have a twin" in one.words and "the same words" in one.words for one in checks.findings(made, judged))


def test_tables_are_not_read_by_models_of_texts_nor_texts_by_models_of_tables():
    table = casework.table({"a": [1.0, 2.0, 3.0, 4.0] * 5, "class": [0, 1] * 10}, target="class")
    texts = casework.texts({"text": list("abcdefghijklmnopqrst"), "class": [0, 1] * 10}, text="text", target="class")
    for made, kind in ((table, "ratios"), (texts, "boosting")):
        with pytest.raises(ValueError, match="Texts are read by tf-idf and ratios"):
            fitting.make(kind, made.train, made.validation)
    with pytest.raises(ValueError, match="text must be a column of the data"):
        casework.texts({"a": list("ab"), "class": [0, 1]}, text="text", target="class")


def executed(folder: Path, **parameters) -> dict:
    """What the chapter's cells leave behind, the case's or the book's."""
    space: dict = {}
    for cell in json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), space)
            if cell["id"] == "parameters":
                space |= parameters | {"results_folder": str(folder)}
    return space


def test_the_chapter_measures_a_clients_texts_under_the_cases_own_name(bank, tmp_path):
    folder = bank()
    space = executed(tmp_path, client_folder=str(folder.path), case="C1")
    record = results.load(results.task_name("triage", "C1"), tmp_path)
    (row,) = record.tables["evaluation"]
    evaluation = client.Evaluation.model_validate(row)
    assert evaluation.evaluation_id == "measured:C1" and evaluation.n == len(space["judged"].case.test)
    assert record["gain"].unit.endswith("per decision") and record["gain"].n == evaluation.n
    assert space["judged"].learning.model in ("tf-idf and a line", "NB-SVM")
    found = chapters.read(CHAPTER)
    assert found.case == "text_classifier" and {"case", "client_folder"} <= {one.name for one in found.parameters}


def test_what_speaks_most_is_told_with_how_often_it_decides():
    spoken = [("dull", 2.0), ("slow", 1.0), ("warm", -1.0), ("fine", -2.0)]
    told = [text_charts.strongest_told(spoken, read, "blame", most=2) for read in ([{"dull"}, {"x"}], [{"x"}])]
    assert "For blame speak most: dull and slow. Of 2 flagged test texts, 1 hold one of these words." in told[
        0
    ].replace(words.THIN, " ")
    assert "Of 1 flagged test text, 0 hold" in told[1]
    table = text_charts.words_table(spoken, "blame")._repr_mimebundle_()["text/plain"]
    assert "dull" in table and "4 words tried" in table
    assert "Fewer than two words" in str(text_charts.words_table([], "blame")._repr_mimebundle_()["text/plain"])
