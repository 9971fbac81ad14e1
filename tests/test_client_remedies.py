"""What people send by mistake: one finding with the root cause, and a remedy that is right."""

from __future__ import annotations

import gzip
import shutil
import zipfile

import openpyxl
import pytest
from test_client import B, Folder, M
from test_client_data import as_parquet, case
from test_client_measurements import press

from lepton_nb import client
from lepton_nb.client import workbook_writing


@pytest.fixture
def folder(tmp_path):
    return lambda sample=M: Folder(tmp_path, sample)


def raw(made: Folder, file: str, change) -> Folder:
    path = made.path / file
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return made


def rename(made: Folder, old: str, new: str) -> Folder:
    (made.path / old).rename(made.path / new)
    return made


CELLS = {
    "attribution above the whole": ("benefits.csv", 2, "attribution", "1.4", 3, "a share is at most 1: 1 is the whole"),
    "attribution in percent": ("benefits.csv", 2, "attribution", "90", 3, "write 0.9"),
    "two ids with a comma": ("assets.csv", 2, "feeds", "M1, M2", 2, "separate ids by a semicolon: M1;M2"),
    "two ids with a blank": ("assets.csv", 2, "feeds", "M1 M2", 2, "separate ids by a semicolon: M1;M2"),
    "a Cyrillic letter": ("scores.csv", 2, "asset_id", "М1", 2, 'CYRILLIC CAPITAL LETTER EM: write "M1"'),
    "a full-width letter": ("scores.csv", 2, "asset_id", "Ｍ1", 2, 'FULLWIDTH LATIN CAPITAL LETTER M: write "M1"'),
    "an invisible character": ("scores.csv", 2, "asset_id", "M\u200b1", 2, 'ZERO WIDTH SPACE: write "M1"'),
    "a Greek letter in a word": ("scores.csv", 2, "dimension", "innοvation", 2, 'GREEK SMALL LETTER OMICRON: write "innovation"'),
    "a Swiss apostrophe": ("costs.csv", 3, "amount", "310’000", 35, "use 310000"),
    "a straight apostrophe": ("costs.csv", 3, "amount", "310'000", 35, "use 310000"),
    "decimals after a comma": ("costs.csv", 3, "amount", "310000,50", 35, "use 310000.50"),
    "full-width digits": ("costs.csv", 3, "amount", "３１０", 35, "use 310"),
    "a negative of accountants": ("benefits.csv", 14, "unit_value_low", "(1200)", 35, "use -1200"),
    "a minus behind": ("benefits.csv", 14, "unit_value_low", "1200-", 35, "use -1200"),
    "a currency's sign": ("costs.csv", 3, "amount", "€ 1200", 35, "use 1200"),
    "a currency's code": ("costs.csv", 3, "amount", "1200 EUR", 35, "use 1200"),
    "thousands in a letter": ("costs.csv", 3, "amount", "310k", 35, "use 310000"),
    "millions in a word": ("costs.csv", 3, "amount", "1.2 Mio", 35, "use 1200000"),
    "a range in one cell": ("costs.csv", 3, "amount", "300-400", 35, "a range goes into low, mode and high"),
    "a day without zeros": ("costs.csv", 3, "date", "2025-9-1", 34, "use YYYY-MM-DD: 2025-09-01"),
    "a moment": ("costs.csv", 3, "date", "2025-09-01 00:00:00", 34, "use YYYY-MM-DD: 2025-09-01"),
    "a month backwards": ("usage.csv", 2, "month", "01/2026", 34, "use YYYY-MM: 2026-01"),
    "a class as a word": ("metrics/paired_counts.csv", 2, "flagged_by_model", "yes", 15, "here 1"),
    "yes in place of true": ("market.csv", 2, "substitute", "yes", 2, "write true"),
    "an id of many signs": ("scores.csv", 2, "asset_id", "M" * 60, 2, "at most 40 signs"),
    "a day for a year": ("benefits.csv", 2, "year", "2026-01-01", 35, "if the year is meant, write 2026"),
    "the serial number of a day": ("costs.csv", 3, "date", "46022", 34, "as a spreadsheet counts days this is 2025-12-31"),
    "a German day": ("costs.csv", 3, "date", "31.12.2025", 34, "use YYYY-MM-DD: 2025-12-31"),
    "a rate that may be a percent": ("clients", 0, "", "", 0, ""),
}  # fmt: skip
del CELLS["a rate that may be a percent"]


@pytest.mark.parametrize("case", CELLS)
def test_a_cell_gets_the_right_remedy(case, folder):
    file, row, column, value, rule, words = CELLS[case]
    (problem,) = folder().cell(file, row, column, value).check().problems
    assert (problem.file, problem.row, problem.column, problem.rule) == (file, row, column, rule)
    assert words in problem.remedy


def titled(text: str) -> str:
    return f"Costs of the AI programme,,,\n,,,\n{text}"


def totals(text: str) -> str:
    return text + "Total,,,,1000000,,,,,\n"


def german(text: str) -> str:
    return "Anlage,Datum,Phase,Kategorie,Betrag,Art,von,meist,bis,Quelle\n" + text.split("\n", 1)[1]


TABLES = {
    "title": (titled, 1, "the header stands in row 3, below a title", "delete rows 1 to 2"),
    "empty row": (lambda text: "\n" + text, 1, "the header stands in row 2, below an empty row", "delete row 1"),
    "sep line": (lambda text: "sep=,\n" + text, 1, 'the line "sep="', "delete the first row"),
    "totals": (totals, 23, "reads like a row of totals", "delete it"),
    "another language": (german, 1, "no column of this table is known", "asset_id"),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table_gets_one_finding(case, folder):
    change, row, found, remedy = TABLES[case]
    (problem,) = raw(folder(), "costs.csv", change).check().problems
    assert (problem.file, problem.row) == ("costs.csv", row)
    assert found in problem.found and remedy in problem.remedy


def test_columns_without_anything_at_the_end_are_dropped(folder):
    made = raw(folder(), "costs.csv", lambda text: text.replace("\n", ",,\n"))
    assert client.load(made.path).fingerprint("costs") == client.load(folder_of(made)).fingerprint("costs")


def folder_of(made: Folder) -> str:
    return f"clients/{made.path.name}"


def packed(made: Folder) -> Folder:
    path = made.path / "costs.csv"
    return made.data("costs.csv", gzip.compress(path.read_bytes()))


def zipped(made: Folder) -> Folder:
    path = made.path / "costs.csv"
    with zipfile.ZipFile(made.path / "x.zip", "w") as archive:
        archive.write(path, "costs.csv")
    return rename(made, "x.zip", "costs.csv")


def ods(made: Folder) -> Folder:
    with zipfile.ZipFile(made.path / "x", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    return rename(made, "x", "costs.csv")


FILES = {
    "compressed under another name": (packed, "costs.csv", "is compressed (gzip)", "unpack it"),
    "zipped under another name": (zipped, "costs.csv", "is a zip archive", "unpack it"),
    "OpenDocument under another name": (ods, "costs.csv", "OpenDocument", "save the table as CSV"),
    "compressed": (lambda f: rename(f, "costs.csv", "costs.csv.gz"), "costs.csv", '"costs.csv.gz" is there', "unpack it"),
    "OpenDocument": (lambda f: rename(f, "costs.csv", "costs.ods"), "costs.csv", '"costs.ods" is there', "save it as CSV"),
    "Excel": (lambda f: rename(f, "costs.csv", "costs.xlsx"), "costs.csv", '"costs.xlsx" is there', "save the sheet as CSV"),
    "text": (lambda f: rename(f, "costs.csv", "costs.txt"), "costs.csv", '"costs.txt" is there', "the ending .csv"),
    "capitals": (lambda f: rename(f, "costs.csv", "Costs.CSV"), "costs.csv", '"Costs.CSV" is there', "rename it costs.csv"),
    "optional file in capitals": (lambda f: rename(f, "usage.csv", "Usage.csv"), "usage.csv", '"Usage.csv" is there', "rename it"),
    "yaml": (lambda f: rename(f, "client.yml", "client.yaml"), "client.yml", '"client.yaml" is there', "rename it client.yml"),
    "capitals of yml": (lambda f: rename(f, "client.yml", "Client.yml"), "client.yml", '"Client.yml" is there', "rename it client.yml"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_file_in_another_form_gets_one_finding(case, folder):
    change, file, found, remedy = FILES[case]
    report = change(folder()).check()
    assert [problem.file for problem in report.problems] == [file]
    assert found in report.problems[0].found and remedy in report.problems[0].remedy
    assert not [warning for warning in report.warnings if "is not read" in warning.found]


def test_a_metrics_folder_in_capitals_is_named(folder):
    report = rename(folder(), "metrics", "Metrics").check()
    (problem,) = report.problems
    assert (problem.file, problem.remedy) == ("Metrics/", "rename it metrics")


def test_a_folder_in_a_folder_is_named(folder, tmp_path):
    made = folder()
    (tmp_path / "outer").mkdir()
    made.path.rename(tmp_path / "outer" / "inner")
    (problem,) = client.check(tmp_path / "outer").problems
    assert 'give the folder "inner" in it' in problem.remedy


def test_an_empty_folder_is_one_finding(tmp_path):
    (problem,) = client.check(tmp_path).problems
    assert "holds none of a client's files" in problem.found


def test_a_packed_folder_is_to_be_unpacked(folder, tmp_path):
    made = folder()
    shutil.make_archive(str(tmp_path / "sent"), "zip", tmp_path, made.path.name)
    (problem,) = client.check(tmp_path / "sent.zip").problems
    assert problem.remedy == "unpack it, and give the folder"


def test_a_compressed_archive_is_to_be_unpacked(tmp_path):
    (tmp_path / "sent.tar.gz").write_bytes(gzip.compress(b"x" * 100))
    (problem,) = client.check(tmp_path / "sent.tar.gz").problems
    assert "is compressed" in problem.found and problem.remedy.startswith("unpack it")


def test_an_opendocument_workbook_is_to_be_saved_as_excel(folder, tmp_path):
    made = ods(folder())
    (problem,) = client.check(rename(made, "costs.csv", "all.ods").path / "all.ods").problems
    assert (problem.found, problem.remedy) == ("is an OpenDocument file (.ods)", 'save it as "Excel Workbook (.xlsx)"')


def test_a_renamed_sheet_is_recognised_by_its_columns(folder, tmp_path):
    workbook_writing.write(folder().path, tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    book["costs"].title = "Kosten"
    book.save(tmp_path / "x.xlsx")
    report = client.check(tmp_path / "x.xlsx")
    assert [problem.file for problem in report.problems] == ['sheet "costs"']
    assert 'sheet "Kosten" has its columns: name it "costs"' in report.problems[0].remedy


def test_a_folder_whose_name_cannot_be_written_is_refused(folder, tmp_path):
    made = folder()
    odd = tmp_path / b"K\xf6ln".decode(errors="surrogateescape")
    made.path.rename(odd)
    (problem,) = client.check(odd).problems
    assert "not UTF-8" in problem.found and "rename it" in problem.remedy
    problem.sentence.encode()  # can be shown anywhere


TRIALS = "metrics/trials.csv"
TRIAL = "F1_on_a_public_road"
UNREAD = {
    "a cell": (lambda f: f.cell(TRIALS, 2, "n", "many"), [(TRIALS, 2)]),
    "a column": (lambda f: f.cell(TRIALS, 1, "effect", "efect"), [(TRIALS, 1)]),
    "the header": (lambda f: f.cell(TRIALS, 1, "gain", "effect"), [(TRIALS, 1)]),
    "another id": (lambda f: f.cell(TRIALS, 2, "trial_id", "F1_elsewhere"), [("benefits.csv", row) for row in (2, 3, 4, 5)]),
}  # fmt: skip


@pytest.mark.parametrize("case", UNREAD)
def test_unit_values_are_not_judged_by_a_trial_that_cannot_be_read(case, folder):
    change, places = UNREAD[case]
    report = change(folder("carrier")).check()
    assert [(problem.file, problem.row) for problem in report.problems] == places
    assert not [problem for problem in report.problems if problem.column.startswith("unit_value")]


def test_unit_values_are_judged_by_a_trial_that_can(folder):
    made = folder("carrier").cell(TRIALS, 2, "effect", "")
    assert {problem.column for problem in made.check().problems} == {"unit_value_low"}


@pytest.mark.parametrize("kind", ["anomaly_detector", "risk_classifier", "nonsense"])
@pytest.mark.parametrize("name", ["press.csv", "press.parquet"])
def test_data_of_a_case_at_the_top_of_the_folder_are_read_and_not_noted(kind, name, folder):
    made = folder(B)
    time = ", time_column: at" if kind == "anomaly_detector" else ""
    case(made, f"asset_id: C1, case: {kind}, data: press.csv, target: failed{time}").data("press.csv", press(300))
    made.data("unused.csv", b"a,b\n1,2\n")
    if name.endswith("parquet"):
        as_parquet(made, "press.csv")
        made.yml("press.csv", "press.parquet")
    report = made.check()
    assert [warning.file for warning in report.warnings if "is not read" in warning.found] == ["unused.csv"]
    assert bool(report.problems) == (kind == "nonsense")
