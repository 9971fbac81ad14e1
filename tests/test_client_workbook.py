"""A client as one Excel workbook: the same client as the folder, the same rules, and no cell that is read otherwise."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_client import PREDICTIONS, SAMPLES, B, Folder, M, R, outcome
from typer.testing import CliRunner

from lepton_nb import cli, client, paths
from lepton_nb.client import files, schema, workbook, workbook_writing

PARTS = [part for part in client.Client.model_fields if part != "warnings"]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, Path]:
    """Both samples as workbooks; nobody changes them."""
    root = tmp_path_factory.mktemp("workbooks")
    for sample in (M, B, R):
        workbook_writing.write(SAMPLES / sample, root / f"{sample}.xlsx")
    return {sample: root / f"{sample}.xlsx" for sample in (M, B, R)}


class Spoilt:
    """A copy of the manufacturer's workbook, to be spoilt cell by cell or part by part."""

    def __init__(self, source: Path, path: Path):
        self.path = path
        shutil.copyfile(source, path)

    def edit(self, change) -> Spoilt:
        book = openpyxl.load_workbook(self.path)
        change(book)
        book.save(self.path)
        return self

    def part(self, name: str, change) -> Spoilt:
        """Change the bytes of one part of the zip file."""
        with zipfile.ZipFile(self.path) as packed:
            parts = {item: packed.read(item) for item in packed.namelist()}
        assert parts[name] != change(parts[name])
        parts[name] = change(parts[name])
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as packed:
            for item, content in parts.items():
                packed.writestr(item, content)
        return self

    def check(self) -> client.Report:
        return client.check(self.path)


@pytest.fixture
def spoilt(made, tmp_path):
    return lambda sample=M: Spoilt(made[sample], tmp_path / f"{sample}.xlsx")


def cell(book, sheet: str, row: int, column: str):
    """A cell by the name of its column."""
    names = [found.value for found in book[sheet][1]]
    return book[sheet].cell(row, names.index(column) + 1)


def setting(book, key: str):
    """The cell with the value of a setting."""
    return next(row[1] for row in book["settings"].iter_rows() if row[0].value == key)


# --- the same client


@pytest.mark.parametrize("sample", [M, B, R])
def test_a_workbook_is_read_as_the_folder(sample, made):
    folder, book = client.load(SAMPLES / sample), client.load(made[sample])
    folder = folder.model_copy(
        update={"branding": folder.branding.model_copy(update={"logo": None})}
    )  # has no place in it
    assert {part: book.fingerprint(part) for part in PARTS} == {part: folder.fingerprint(part) for part in PARTS}
    assert book.model_copy(update={"warnings": ()}) == folder.model_copy(update={"warnings": ()})
    assert [(w.rule, w.column) for w in book.warnings] == [(w.rule, w.column) for w in folder.warnings]


def test_a_workbook_names_its_own_places(spoilt):
    def change(book):
        cell(book, "costs", 4, "amount").value = -120
        cell(book, "costs", 5, "asset_id").value = "M9"
        setting(book, "tax.rate").value = 30

    report = spoilt().edit(change).check()
    row = next(p.row for p in report.problems if p.rule == 3)
    assert [p.where for p in report.problems] == [
        f'sheet "settings" row {row}, tax.rate',
        'sheet "costs" row 4, amount',
        'sheet "costs" row 5, asset_id',
    ]
    assert 'is not in sheet "assets"' in report.problems[2].sentence


def test_what_a_workbook_offers(made):
    book = openpyxl.load_workbook(made[B])
    assert book.sheetnames[:2] == ["README", "settings"]
    assert set(book.sheetnames) == {"README", "settings", "predictions_C1", *(Path(f).stem for f in schema.TABLES)}
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "A2"
        assert all(found.comment and found.comment.text for found in sheet[1])
    stages = next(rule for rule in book["assets"].data_validations.dataValidation if "retired" in rule.formula1)
    assert "D2" not in str(stages.sqref) or str(stages.sqref).startswith("D2:")
    assert stages.formula1.startswith('"data_management,')
    assert any(rule.formula1 == "assets!$A$2:$A$1000" for rule in book["costs"].data_validations.dataValidation)
    assert cell(book, "costs", 2, "date").value == datetime(2025, 12, 31)
    assert cell(book, "costs", 2, "date").number_format == "yyyy-mm-dd"
    assert cell(book, "costs", 2, "amount").value == 240000
    assert cell(book, "costs", 2, "amount").number_format == "#,##0.00"
    assert setting(book, "client.synthetic").value is True
    keys = {row[0].value for row in book["settings"].iter_rows()}
    assert {"scenarios.3.name", "valuation.terminal_treatment", "cases.1.split.test_from"} <= keys


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    folder = Folder(tmp_path).cell("costs.csv", 2, "source", "=1+1").cell("costs.csv", 3, "source", "@home")
    workbook_writing.write(folder.path, tmp_path / "x.xlsx")
    found = cell(openpyxl.load_workbook(tmp_path / "x.xlsx"), "costs", 2, "source")
    assert (found.value, found.data_type, found.quotePrefix) == ("=1+1", "s", True)
    assert client.load(tmp_path / "x.xlsx").fingerprint("costs") == client.load(folder.path).fingerprint("costs")


def test_the_workbook_of_a_kernel_has_no_ending(made, tmp_path):
    """A chapter sees the client as a link named ``client``."""
    (tmp_path / "client").symlink_to(made[M])
    assert client.load(tmp_path / "client").client == client.load(made[M]).client


# --- cells as people type them


def capitals(book):
    sheet = book["costs"]
    sheet.title = "another"  # openpyxl takes the same letters for a name that is taken
    sheet.title = "COSTS"


SAME = {
    "a date as text": lambda book: setattr(cell(book, "costs", 2, "date"), "value", "2024-06-30"),
    "a date as a cell": lambda book: setattr(cell(book, "costs", 2, "date"), "value", date(2024, 6, 30)),
    "a month as a date": lambda book: setattr(cell(book, "usage", 2, "month"), "value", date(2026, 1, 17)),
    "a month as text": lambda book: setattr(cell(book, "usage", 2, "month"), "value", "2026-01"),
    "a number as text": lambda book: setattr(cell(book, "costs", 2, "amount"), "value", "13440"),
    "a number with decimals": lambda book: setattr(cell(book, "costs", 2, "amount"), "value", 13440.0),
    "blanks around a text": lambda book: setattr(cell(book, "costs", 2, "phase"), "value", " development "),
    "empty rows and columns": lambda book: [
        setattr(book["costs"].cell(60, 1), "value", " "),
        setattr(book["costs"].cell(2, 20), "value", None),
    ],
    "a row further down": lambda book: book["costs"].insert_rows(4, 2),
    "a setting with its item moved": lambda book: [
        setattr(setting(book, f"scenarios.3.{name}").offset(0, -1), "value", f"scenarios.7.{name}")
        for name in ("name", "p", "benefit_multiplier", "cost_multiplier")
    ],
    "percent in a column of fractions": lambda book: setattr(
        cell(book, "benefits", 2, "adoption"), "number_format", "0.0%"
    ),
    "percent in a setting": lambda book: setattr(setting(book, "tax.rate"), "number_format", "0%"),
    "names of sheets in capitals": capitals,
    "another sheet, hidden rows in it": lambda book: setattr(book["README"].row_dimensions[2], "hidden", True),
}


@pytest.mark.parametrize("case", SAME)
def test_cells_that_mean_the_same(case, spoilt, made):
    changed = client.load(spoilt().edit(SAME[case]).path)
    assert {part: changed.fingerprint(part) for part in PARTS} == {
        part: client.load(made[M]).fingerprint(part) for part in PARTS
    }


def formula(book):
    cell(book, "costs", 3, "amount").value = "=1000*2"
    cell(book, "costs", 4, "amount").value = "=C1"


REFUSED = {
    "percent of money": (
        lambda book: setattr(cell(book, "costs", 2, "amount"), "number_format", "0%"),
        *('sheet "costs"', 2, 35, '"1344000%"; write 13440'),
    ),
    "date of money": (lambda b: setattr(cell(b, "costs", 2, "amount"), "value", date(2026, 1, 2)), 'sheet "costs"', 2, 35, "2026-01-02"),
    "moment": (lambda b: setattr(cell(b, "costs", 2, "date"), "value", datetime(2026, 1, 2, 12, 30)), 'sheet "costs"', 2, 34, "is not a date"),
    "time of day": (lambda b: setattr(cell(b, "costs", 2, "date"), "value", time(12, 30)), 'sheet "costs"', 2, 34, "is not a date"),
    "number of a German": (lambda b: setattr(cell(b, "costs", 2, "amount"), "value", "1.200,50"), 'sheet "costs"', 2, 35, "use 1200.50"),
    "truth for a number": (lambda b: setattr(cell(b, "costs", 2, "amount"), "value", True), 'sheet "costs"', 2, 35, '"true"'),
    "formula without a value": (formula, 'sheet "costs"', 3, 35, "cell F3 holds a formula that was never calculated (and 1 more cells)"),
    "merged": (lambda b: b["costs"].merge_cells("B3:B5"), 'sheet "costs"', 3, 35, "cells B3:B5 are merged; unmerge them"),
    "hidden row": (lambda b: setattr(b["costs"].row_dimensions[4], "hidden", True), 'sheet "costs"', 4, 35, "row 4 hidden"),
    "hidden column": (lambda b: setattr(b["costs"].column_dimensions["C"], "hidden", True), 'sheet "costs"', None, 35, "column C hidden"),
    "hidden sheet": (lambda b: setattr(b["costs"], "sheet_state", "hidden"), 'sheet "costs"', None, 35, "is hidden; show the sheet"),
    "no sheet": (lambda b: b.remove(b["costs"]), 'sheet "costs"', None, 1, "not found in the workbook"),
    "no settings": (lambda b: b.remove(b["settings"]), 'sheet "settings"', None, 1, "not found in the workbook"),
    "settings without a header": (lambda b: b["settings"].delete_rows(1), 'sheet "settings"', 1, 2, "no columns key and value"),
    "setting twice": (lambda b: b["settings"].append(["tax.rate", 0.2]), 'sheet "settings"', "last", 2, '"tax.rate" stands here twice'),
    "setting inside a value": (lambda b: b["settings"].append(["tax.rate.more", 0.2]), 'sheet "settings"', "last", 2, '"tax.rate.more" stands here twice'),
    "unknown setting": (lambda b: b["settings"].append(["taxes.rate", 0.2]), 'sheet "settings"', "last", 2, 'unknown key "taxes"'),
    "value without a key": (lambda b: b["settings"].append([None, 0.2]), 'sheet "settings"', "last", 2, "a value without a key"),
    "far too deep": (lambda b: b["settings"].append([".".join("a" * 50), 0.2]), 'sheet "settings"', "last", 2, "too many levels"),
    "a cell far to the right": (lambda b: b["costs"].cell(3, 5000, "x"), 'sheet "costs"', None, 1, "more than 200 columns"),
    "sheet twice": (lambda b: setattr(b.create_sheet("costs "), "sheet_state", "visible"), 'sheet "costs"', None, 1, "keep one of the two sheets"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_cells_that_could_be_misread_are_refused(case, spoilt):
    change, file, row, rule, words = REFUSED[case]
    book = spoilt().edit(change)
    if row == "last":
        row = openpyxl.load_workbook(book.path)["settings"].max_row
    report = book.check()
    assert [(p.file, p.row, p.rule) for p in report.problems] == [(file, row, rule)], client.report_text(report)
    assert words in report.problems[0].sentence


def test_an_error_of_a_formula_is_refused(spoilt):
    """Written as a spreadsheet program stores it: the formula and its last value."""

    def error(raw: bytes) -> bytes:
        return re.sub(
            rb'<c r="F3"([^>]*?)><v>62000</v></c>',
            rb'<c r="F3"\1 t="e"><f>1/0</f><v>#DIV/0!</v></c>',
            raw.replace(b' t="n"', b""),
        )

    report = spoilt().part(part_of(spoilt, "costs"), error).check()
    assert ['cell F3 holds the error "#DIV/0!"' in p.found for p in report.problems] == [True]


def part_of(spoilt, sheet: str) -> str:
    """The part of the zip file that holds a sheet."""
    names = openpyxl.load_workbook(spoilt().path).sheetnames
    return f"xl/worksheets/sheet{names.index(sheet) + 1}.xml"


def test_the_last_value_of_a_formula_is_read(spoilt):
    def calculated(raw: bytes) -> bytes:
        return re.sub(rb'<c r="F3"([^>]*?)><v>62000</v></c>', rb'<c r="F3"\1><f>31000*2</f><v>62000</v></c>', raw)

    changed = client.load(spoilt().part(part_of(spoilt, "costs"), calculated).path)
    assert changed.fingerprint("costs") == client.load(SAMPLES / M).fingerprint("costs")


def test_all_that_is_wrong_with_a_sheet_comes_at_once(spoilt):
    def change(book):
        book["costs"].merge_cells("B3:B5")
        book["costs"].row_dimensions[7].hidden = True
        cell(book, "benefits", 2, "adoption").value = 85

    report = spoilt().edit(change).check()
    assert [(p.file, p.rule) for p in report.problems] == [
        ('sheet "costs"', 35),
        ('sheet "costs"', 35),
        ('sheet "benefits"', 3),
    ]


def test_an_unknown_sheet_is_told(spoilt):
    report = spoilt().edit(lambda book: book.create_sheet("paired_count")).check()
    assert any(w.file == 'sheet "paired_count"' and "did you mean" in w.sentence for w in report.warnings)


# --- files that are none


def zipped(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not a folder and not an Excel workbook"),
        (b"asset_id,name\n", "is not a folder and not an Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old or protected workbook"),
        (b"PK\x03\x04rest", "cannot be read as an Excel workbook"),
        (zipped(x=b"1"), "a zip file, not an Excel workbook"),
        (zipped(**{"xl/workbook.xml": b"<a/>"}), "cannot be read as an Excel workbook"),
    ],
)
def test_files_that_are_no_workbooks(data, words, tmp_path):
    (tmp_path / "x.xlsx").write_bytes(data)
    (problem,) = client.check(tmp_path / "x.xlsx").problems
    assert words in problem.sentence
    assert str(tmp_path) not in problem.sentence


def test_a_workbook_that_would_fill_the_memory_is_refused(spoilt, monkeypatch):
    monkeypatch.setattr(workbook, "LARGEST_UNPACKED", 2 * files.MEGABYTE)
    book = spoilt()
    with zipfile.ZipFile(book.path, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/image1.png", b"\0" * (3 * files.MEGABYTE))
    assert book.path.stat().st_size < files.MEGABYTE
    (problem,) = book.check().problems
    assert "MB unpacked" in problem.sentence


def test_entities_are_refused(spoilt):
    book = spoilt().part("xl/styles.xml", lambda raw: b'<!DOCTYPE a [<!ENTITY b "c">]>' + raw)
    (problem,) = book.check().problems
    assert "declares entities" in problem.sentence


def test_a_large_workbook_is_refused_with_its_size(spoilt):
    book = spoilt()
    with book.path.open("r+b") as stream:
        stream.truncate(51 * files.MEGABYTE)
    (problem,) = book.check().problems
    assert "51.0 MB" in problem.sentence


# --- the command


def test_the_command_writes_checks_and_refuses(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "project", lambda: SAMPLES.parent)
    run = CliRunner().invoke
    made = run(cli.app, ["new", str(tmp_path / "mine"), "--workbook", "--like", B])
    assert made.exit_code == 0, made.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.xlsx"]
    checked = run(cli.app, ["check", str(tmp_path / "mine.xlsx")])
    assert checked.exit_code == 0
    assert "Banca Ponte Azzurro" in checked.output
    again = run(cli.app, ["new", str(tmp_path / "mine.xlsx"), "--workbook"])
    assert (again.exit_code, "is not empty" in again.output) == (2, True)
    folder = run(cli.app, ["new", str(tmp_path / "other.xlsx")])
    assert (folder.exit_code, "add --workbook" in folder.output) == (2, True)


def test_a_report_is_planned_from_a_workbook(made, monkeypatch, tmp_path):
    from lepton_nb.report import planning

    monkeypatch.setenv("LEPTON_STATE", str(tmp_path))
    folder = planning.plan(SAMPLES / M, only=["architecture"])
    book = planning.plan(made[M], only=["architecture"])
    assert book.out == folder.out and M in book.out.parts  # beside a whole report that stands there, if there is one
    assert book.places.client == made[M]
    assert [task.client for task in book.tasks] == [task.client for task in folder.tasks]


# --- anything at all


quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A bank with few predictions, so that many workbooks can be read."""
    root = tmp_path_factory.mktemp("small")
    folder = Folder(root, B)
    folder.write(PREDICTIONS, folder.rows(PREDICTIONS)[:60])
    workbook_writing.write(folder.path, root / "sound.xlsx")
    return root / "sound.xlsx"


@quick
@given(st.data())
def test_bytes_of_the_file_changed(small, tmp_path, data):
    whole = bytearray(small.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=8))
    (tmp_path / "x.xlsx").write_bytes(bytes(whole))
    outcome(tmp_path / "x.xlsx")


ODD = [b"<", b"</c>", b'"', b"NaN", b"1e999", b"-1", b"<f/>", b'r="ZZZ99999999"', b't="s"', b't="d"', b"&#0;", b"\xff", b"99999999999", b"<v/>", b' s="999"']  # fmt: skip


@quick
@given(st.data())
def test_parts_of_the_file_changed(small, tmp_path, data):
    with zipfile.ZipFile(small) as packed:
        parts = {item: packed.read(item) for item in packed.namelist()}
    name = data.draw(st.sampled_from(sorted(item for item in parts if item.endswith((".xml", ".rels")))))
    content = bytearray(parts[name])
    for _ in range(data.draw(st.integers(1, 3))):
        places = [match.start() for match in re.finditer(rb'["<>]', content)] or [0]
        place = data.draw(st.sampled_from(places))
        content[place : place + data.draw(st.integers(0, 12))] = data.draw(st.sampled_from(ODD))
    parts[name] = bytes(content)
    if data.draw(st.booleans()):
        del parts[data.draw(st.sampled_from(sorted(parts)))]
    (tmp_path / "x.xlsx").write_bytes(zipped(**parts))
    outcome(tmp_path / "x.xlsx")


def test_an_empty_value_of_the_settings_is_told_with_its_own_row(spoilt):
    rows = {}

    def change(book):
        for line, row in enumerate(book["settings"].iter_rows(), start=1):
            if row[0].value in ("client.name", "tax.rate") or str(row[0].value).startswith("scenarios."):
                rows[row[0].value] = line
                row[1].value = None

    found = {problem.column: problem for problem in spoilt().edit(change).check().problems}
    assert found["client.name"].row == rows["client.name"] and found["tax.rate"].row == rows["tax.rate"]
    told = found["scenarios"].found
    assert "value cells of rows" in told and str(rows["scenarios.1.name"]) in told, told
