"""Figures that are accepted although a person would ask: each gets its note, and the samples get none of them."""

from __future__ import annotations

import random
import re
import unicodedata
import zipfile

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill
from test_client import CONFUSION, OUTCOMES, PREDICTIONS, SAMPLES, B, Folder, M

from lepton_nb import client
from lepton_nb.client import workbook, workbook_writing


@pytest.fixture
def folder(tmp_path):
    return lambda sample=M: Folder(tmp_path, sample)


def notes(made: Folder, rule: int) -> list:
    report = made.check()
    assert not report.problems, report.problems
    return [warning for warning in report.warnings if warning.rule == rule]


TRAPS = {25, *range(113, 121)}


@pytest.mark.parametrize("sample", [path.name for path in SAMPLES.iterdir() if path.is_dir()])
def test_the_samples_fall_into_no_trap(sample):
    report = client.check(SAMPLES / sample)
    assert not report.problems
    assert {warning.rule for warning in report.warnings} & TRAPS == set()


def test_a_table_that_was_pasted_twice_is_one_note(folder):
    made = folder()
    header, *rows = made.rows("costs.csv")
    (note,) = notes(made.write("costs.csv", [header, *rows, *rows]), 113)
    assert note.row == len(rows) + 2
    assert f"repeats row 2 in every cell, and {len(rows) - 1} more rows" in note.found


@pytest.mark.parametrize(
    ("file", "row", "column", "text", "reading"),
    [
        ("costs.csv", 3, "amount", "310.000", "310.000 is read as 310"),
        ("costs.csv", 3, "amount", "1.344", "1.344 is read as 1.344"),
        ("market.csv", 2, "price", "980.000", "980.000 is read as 980"),
        ("benefits.csv", 14, "volume_high", "1.000", "1.000 is read as 1"),
    ],
)
def test_a_point_that_may_part_thousands_is_noted(folder, file, row, column, text, reading):
    (note,) = notes(folder().cell(file, row, column, text), 114)
    assert (note.file, note.row, note.column) == (file, row, column)
    assert note.found == reading


def test_a_point_that_may_part_thousands_is_noted_in_client_yml(folder):
    (note,) = notes(folder().yml("cost: 650000", "cost: 650.000"), 114)
    assert note.found == "650.000 is read as 650" and note.column == "options.cost"


def test_a_small_fraction_of_a_unit_is_no_trap(folder):
    assert notes(folder().cell("benefits.csv", 14, "unit_value_low", "0.080"), 114) == []


def scored(made: Folder, change) -> Folder:
    header, *rows = made.rows(PREDICTIONS)
    return made.write(PREDICTIONS, [header, *(change(dict(zip(header, row, strict=True))) for row in rows)])


def test_scores_of_the_other_class_are_noted(folder):
    made = scored(folder(B), lambda row: [row["row_id"], row["y_true"], 1 - float(row["score"]), row["group"]])
    assert any("have the lower scores (AUC 0." in note.found for note in notes(made, 115))


def test_decisions_in_place_of_scores_are_noted(folder):
    made = scored(folder(B), lambda row: [row["row_id"], row["y_true"], int(float(row["score"]) > 0.1), row["group"]])
    assert any("every score is 0 or 1" in note.found for note in notes(made, 115))


def test_scored_cases_that_contradict_the_evaluation_are_noted(folder):
    draw = random.Random(0)
    made = scored(folder(B), lambda row: [row["row_id"], row["y_true"], draw.random(), row["group"]])
    assert any("a cut that flags as many finds" in note.found for note in notes(made, 115))
    made = scored(folder2(made), lambda row: [row["row_id"], int(draw.random() < 0.2), row["score"], row["group"]])
    assert any(f"% in {CONFUSION}" in note.found for note in notes(made, 115))


def folder2(made: Folder) -> Folder:
    return Folder(made.path.parent / "second", B) if (made.path.parent / "second").mkdir() is None else made


def test_scored_cases_of_one_class_and_a_header_alone_are_refused(folder):
    made = scored(folder(B), lambda row: [row["row_id"], 0, row["score"], row["group"]])
    (problem,) = made.check().problems
    assert (problem.rule, problem.found) == (13, "every case is of class 0")
    (problem,) = made.write(PREDICTIONS, made.rows(PREDICTIONS)[:1]).check().problems
    assert problem.found == "has no rows"


def test_a_miss_that_is_worth_more_than_a_detection_is_noted(folder):
    made = folder()
    line = next(n for n, row in enumerate(made.rows(OUTCOMES), start=1) if row[1] == "fn")
    for column, value in (("low", "420"), ("mode", "520"), ("high", "620")):
        made.cell(OUTCOMES, line, column, value)
    (note,) = notes(made, 116)
    assert (note.file, note.row) == (OUTCOMES, line)
    assert "a miss (fn) is worth 520, more than tp" in note.found


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("risk_free: 0.026", "risk_free: 0.9", "discount.risk_free"),
        ("beta_unlevered: 0.95", "beta_unlevered: 9.5", "discount.beta_unlevered"),
        ("rate: 0.30", "rate: 0.95", "tax.rate"),
        ("volatility: 0.40", "volatility: 40", "options.volatility"),
        ("data: 0.03", "data: 0.8", "discount.asset_premium.data"),
    ],
)
def test_an_unusual_rate_is_noted(folder, old, new, column):
    assert [note.column for note in notes(folder().yml(old, new), 117)] == [column]


def test_composed_and_decomposed_letters_are_two_groups(folder):
    names = [unicodedata.normalize(form, "Köln") for form in ("NFC", "NFD")]
    made = scored(folder(B), lambda row: [row["row_id"], row["y_true"], row["score"], names[int(row["row_id"]) % 2]])
    (note,) = notes(made, 118)
    assert note.found.startswith("groups") and "decomposed letters" in note.found


def test_capitals_make_two_drivers(folder):
    made = folder().cell("benefits.csv", 15, "driver_id", "Energy saving")
    assert ["Energy saving" in note.found for note in notes(made, 118)] == [True]


@pytest.mark.parametrize("text", ["anna.schmidt@example.org", "Anna, +49 30 901820", "call 030 901 820 12"])
def test_addresses_that_pages_would_print_are_noted_and_not_repeated(folder, text):
    (note,) = notes(folder().cell("assets.csv", 3, "owner", text), 119)
    assert (note.row, note.column) == (3, "owner") and text not in note.sentence


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (lambda n: f"{100 + n % 800:03d}-{10 + n % 80}-{1000 + n}", "social security"),
        (lambda n: f"756.{1000 + n}.{2000 + n}.{10 + n % 80}", "social security"),
        (lambda n: f"{['Schmidt', 'Rossi', 'Dupont', 'Novak', 'Silva'][n % 5]}{'abcdefg'[n % 7]}_19{20 + n % 80}-{1 + n % 12:02d}-15", "birthdays"),
        (lambda n: f"{['anna', 'carla', 'dieter'][n % 3]}.{['meier', 'ricci', 'kuhn', 'lang'][n % 4]}{'xyz'[n % 3]} 15.{1 + n % 12:02d}.{1950 + n % 50}", "birthdays"),
    ],
)  # fmt: skip
def test_ids_that_are_numbers_of_persons_are_refused(folder, form, words):
    made = folder(B)
    header, *rows = made.rows(PREDICTIONS)
    made.write(PREDICTIONS, [header, *([f"{form(n)}", *row[1:]] for n, row in enumerate(rows[:400]))])
    problems = [problem for problem in made.check().problems if problem.rule == 36]
    assert [(problem.column, words in problem.found) for problem in problems] == [("row_id", True)]


@pytest.mark.parametrize("form", [lambda n: f"case_2024-01-{1 + n % 28:02d}_{n}", lambda n: f"{n:08d}", lambda n: f"L-{n}", lambda n: f"2024-{n:05d}", lambda n: f"lot20240{1 + n % 9}{10 + n % 18}"])  # fmt: skip
def test_ids_of_cases_are_no_persons(folder, form):
    made = folder(B)
    header, *rows = made.rows(PREDICTIONS)
    made.write(PREDICTIONS, [header, *([f"{form(n)}x{n}", *row[1:]] for n, row in enumerate(rows[:400]))])
    assert [problem for problem in made.check().problems if problem.rule == 36] == []


METRICS = {
    "Recall": "recall",
    "sensitivity": "recall",
    "False alarm rate": "false_alarm_rate",
    "precison": "precision",
}


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_under_another_name_is_noted(folder, name):
    made = folder()
    for row in range(2, 6):
        made.cell("metrics/monitoring.csv", row, "metric", name)
    (note,) = notes(made, 118)
    assert note.remedy == f'if it is that, write "{METRICS[name]}"'


def test_thousands_beside_units_are_noted(folder):
    made = folder()
    for column, value in (("low", "80"), ("mode", "96"), ("high", "120")):
        made.cell("costs.csv", 10, column, value)
    (note,) = notes(made, 120)
    assert (note.file, note.row) == ("costs.csv", 10) and "in the same unit" in note.remedy


def test_high_shares_above_the_whole_are_noted(folder):
    made = folder()
    for point, ours, theirs in (("low", "0.3", "0.3"), ("mode", "0.5", "0.5"), ("high", "0.7", "0.6")):
        made.column("benefits.csv", f"attribution_{point}", "")
        made.cell("benefits.csv", 2, f"attribution_{point}", ours)
        made.cell("benefits.csv", 14, f"attribution_{point}", theirs)
    made.cell("benefits.csv", 2, "attribution", "").cell("benefits.csv", 14, "attribution", "")
    made.cell("benefits.csv", 14, "driver_id", "escapes_and_false_rejects")
    (note,) = notes(made, 25)
    assert "the high shares of 2 assets sum to 1.3" in note.found


def test_two_assets_of_one_name_are_noted(folder):
    made = folder()
    name = made.rows("assets.csv")[1][1]
    (note,) = notes(made.cell("assets.csv", 4, "name", name), 118)
    assert "are both named" in note.found


def test_an_asset_in_use_that_begins_later_is_noted(folder):
    found = notes(
        folder().cell("assets.csv", 5, "in_service_date", "2026-07-01").cell("assets.csv", 5, "useful_life_years", "5"),
        106,
    )
    assert any("after the valuation date" in note.found for note in found)


def test_an_option_that_lapses_after_the_horizon_is_noted(folder):
    (note,) = notes(folder().yml("deadline_years: 2", "deadline_years: 9"), 109)
    assert note.column == "options.deadline_years"


# --- a workbook


@pytest.fixture
def book(folder, tmp_path):
    workbook_writing.write(folder().path, tmp_path / "x.xlsx")
    return tmp_path / "x.xlsx"


def edited(path, change):
    made = openpyxl.load_workbook(path)
    change(made)
    made.save(path)
    return client.check(path)


def white(made):
    made["costs"]["F3"].font = Font(color="FFFFFFFF")


def dark(made):
    made["costs"]["F3"].font, made["costs"]["F3"].fill = (
        Font(color="FF101010"),
        PatternFill("solid", fgColor="FF101010"),
    )


def nearly(made):
    made["costs"]["F3"].font = Font(color="FFFAFAFA")


def formatted(made):
    made["costs"]["F3"].number_format = ";;;"


@pytest.mark.parametrize("ink", [white, dark, nearly, formatted])
def test_ink_in_the_colour_of_its_ground_is_refused(book, ink):
    (problem,) = edited(book, ink).problems
    assert "cell F3 is written in the colour of its ground" in problem.found


def test_a_column_of_no_width_is_refused(book):
    """Written as a spreadsheet program does when the border is dragged."""
    whole = zipfile.ZipFile(book)
    parts = {name: whole.read(name) for name in whole.namelist()}
    name = f"xl/worksheets/sheet{openpyxl.load_workbook(book).sheetnames.index('costs') + 1}.xml"
    parts[name] = re.sub(
        rb'<col\b[^>]*\bmin="6"[^>]*/>', b'<col min="6" max="6" width="0" customWidth="1"/>', parts[name]
    )
    assert b'width="0"' in parts[name]
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as packed:
        for part, content in parts.items():
            packed.writestr(part, content)
    assert any("column F hidden" in problem.found for problem in client.check(book).problems)


def test_a_sheet_is_refused_by_the_size_that_it_states(book, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_SHEET_CELLS", 100)
    report = client.check(book)
    assert any(p.file == 'sheet "costs"' and "has 22 rows of" in p.found for p in report.problems)


def test_a_sheet_of_many_rows_is_refused_before_it_is_taken_apart(book, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_SHEET_ROWS", 0)
    monkeypatch.setattr(workbook, "_blockers", lambda raw: pytest.fail("taken apart"))
    assert all("rows" in p.found for p in client.check(book).problems if p.rule == 1)
