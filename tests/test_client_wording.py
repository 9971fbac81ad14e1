"""Texts of a case with a class each: read, refused with the row and the remedy, and their languages noted."""

from __future__ import annotations

import csv
import io

import pytest
from test_client import B, Folder
from test_client_data import as_parquet, case

from lepton_nb import client
from lepton_nb.client import case_wording

ENTRY = "asset_id: C1, case: text_classifier, data: data/letters.csv, text_column: letter, target: complaint"
SPLIT = ", split: {by: day, test_from: 2025-06-01}"
THINGS = ("bread", "milk", "jam", "tea", "salt", "rice", "oil", "corn", "soap", "wine")
ROWS = [
    (f"The {thing} was {'not fresh and I want my money back' if number % 2 else 'very good and I will be back'}",
     number % 2, number % 3 == 0, f"2025-{1 + number:02d}-15")
    for number, thing in enumerate(THINGS)
]  # fmt: skip


def letters(rows=ROWS, header=("letter", "complaint", "clerk", "day")) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([header, *((*row[:2], int(row[2]), *row[3:]) for row in rows)])
    return written.getvalue().encode()


def with_text(row: int, text: str) -> bytes:
    rows = list(ROWS)
    rows[row] = (text, *rows[row][1:])
    return letters(rows)


@pytest.fixture
def bank(tmp_path):
    def make(entry: str = ENTRY + SPLIT, data: bytes | None = None) -> Folder:
        changed = Folder(tmp_path, B)
        return case(changed, entry).data("data/letters.csv", data or letters())

    return make


def test_texts_are_read_with_their_classes_and_the_text_alone_is_a_feature(bank):
    changed = bank(ENTRY + ", baseline_column: clerk" + SPLIT)
    (found,) = client.load(changed.path).cases
    assert (found.case, found.kind, found.n, found.positives) == ("text_classifier", "table", 10, 5)
    assert (found.text_column, found.language, found.other_language) == ("letter", "English", 0)
    assert client.case_data(changed.path, found)["letter"].tolist()[1].startswith("The milk was not fresh")


def test_a_parquet_file_of_the_same_texts_is_the_same_case(bank):
    changed = bank()
    before = client.load(changed.path).cases[0].sha256
    as_parquet(changed, "data/letters.csv")
    changed.yml("letters.csv", "letters.parquet")
    assert client.load(changed.path).cases[0].sha256 == before


REFUSED = {
    "no column of texts": (ENTRY.replace("text_column: letter, ", ""), None, "text_column", 2, "there are letter, complaint"),
    "misspelt": (ENTRY.replace("column: letter", "column: leter"), None, "text_column", 17, 'did you mean "letter"?'),
    "the target is the text": (ENTRY.replace("target: complaint", "target: letter") + SPLIT, None, "text_column", 41, "is target too"),
    "no target": (ENTRY.replace(", target: complaint", ""), None, "target", 2, "name the column to be predicted"),
    "an empty text": (ENTRY + SPLIT, with_text(2, " "), "text_column", 41, "row 4: empty"),
    "no letter": (ENTRY + SPLIT, with_text(2, "12 ?!"), "text_column", 41, 'row 4: "12 ?!" holds no letter'),
    "one class": (ENTRY, letters([(row[0], 1, *row[2:]) for row in ROWS]), "target", 41, "every row is of one class"),
    "unknown labels": (ENTRY, letters([(row[0], "angry" if row[1] else "calm", *row[2:]) for row in ROWS]), "target", 15, 'say which of "angry" and "calm" counts as 1'),
    "a label that is none": (ENTRY + ", positive: cross", letters([(row[0], "angry" if row[1] else "calm", *row[2:]) for row in ROWS]),
                             "positive", 41, 'positive names "cross", which is no class of the target'),
    "no label": (ENTRY + ", positive: 1", letters([*ROWS[:3], (ROWS[3][0], "", *ROWS[3][2:]), *ROWS[4:]]), "target", 41, "row 5: empty"),
    "read before": (ENTRY + SPLIT, with_text(8, f"  {ROWS[1][0].upper()} "), "text_column", 125, "row 10: the text of a row of the test stands in row 3 too"),
    "columns left out": (ENTRY + ", leave_out_columns: [clerk]", None, "leave_out_columns", 41, "reads its texts alone"),
    "of another kind": (ENTRY.replace("text_classifier", "risk_classifier"), None, "text_column", 41, "a risk_classifier has none"),
    "format": (ENTRY.replace("letters.csv", "letters.tsv"), None, "data", 41, "a text_classifier is read from .csv or .parquet"),
    "an address": (ENTRY + SPLIT, with_text(2, "Please write to anna.meier@example.org about the jam"), "data", 36, "e-mail"),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "data", "key", "rule", "words"), REFUSED.values(), ids=list(REFUSED))
def test_texts_that_do_not_fit_are_refused_with_place_and_remedy(bank, entry, data, key, rule, words):
    problems = bank(entry, data).check().problems
    assert [(problem.column, problem.rule) for problem in problems] == [(f"cases.{key}", rule)]
    assert words in problems[0].sentence


def test_several_copies_are_told_once_with_their_number(bank):
    rows = [*ROWS, *((ROWS[1][0], 1, False, f"2025-11-{day}") for day in (10, 11, 12))]
    (problem,) = bank(data=letters(rows)).check().problems
    assert "row 12" in problem.sentence and "(and 2 more)" in problem.sentence


def test_texts_of_another_language_are_noted_and_not_refused(bank):
    data = with_text(4, "Das Salz war nicht gut und ich bin sehr enttäuscht von der Qualität")
    (note,) = [note for note in bank(data=data).check().warnings if note.rule == 126]
    assert note.column == "cases.text_column"
    assert "1 of 10 texts do not seem to be in English as most are (row 6: German)" in note.sentence


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Le film est très bon et je ne suis pas déçu", "French"),
        ("La película es muy buena pero no para los niños", "Spanish"),
        ("Il film non è molto bello ma la musica sì", "Italian"),
        ("De film is niet goed maar het einde wel", "Dutch"),
        ("O filme não é muito bom mas a música é", "Portuguese"),
        ("Filmen är inte bra men den har en fin musik och ett slut", "Swedish"),
        ("这部电影很好看我非常喜欢", "Cjk script"),
        ("Ti 4711 / Rev B", ""),
    ],
)
def test_a_language_is_guessed_from_its_common_words(text, name):
    assert case_wording.language(text) == name


def test_of_texts_in_no_known_language_nothing_is_said():
    assert case_wording.languages(["4711 b", "x y"]) == {}
