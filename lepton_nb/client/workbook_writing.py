"""A client's folder written as one Excel workbook, with lists, comments and formats; ``workbook.py`` reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from lepton_nb.client import fields, reading
from lepton_nb.client.drafts import Draft
from lepton_nb.client.fields import allowed, explained, first_sentence
from lepton_nb.client.schema import MONEY, PREDICTIONS, SECTIONS, TABLES, Table
from lepton_nb.client.words import PLAIN_NUMBER
from lepton_nb.client.workbook import README, SETTINGS

HEAD, OPTIONAL = PatternFill("solid", fgColor="1F3A5F"), PatternFill("solid", fgColor="6B7F99")

ABOUT = (
    "A client as one workbook. Every figure in it is invented until you replace it.",
    "Sheet settings: one key a row. Items of a list are numbered: scenarios.1.name, scenarios.2.name.",
    "Other sheets: one table each. Dark headers are required columns, grey ones may be left empty or be deleted.",
    "Point at a header to read what the column means. Cells with a fixed choice have a list.",
    "Rates and shares are fractions: 0.095. A cell that shows 9.5 % holds 0.095 and is read as such.",
    "Costs are positive: money out. One currency. Low, mode, high: lowest credible, most likely, highest credible.",
    "Scored cases of a model: a sheet predictions_<asset_id> with row_id, y_true, score and, if you like, group, amount.",
    "Data of a case listed under cases: a sheet named as its file, loans for data/loans.csv. Images need a folder.",
    "Formulas are read as their last calculated value. Hidden and merged cells are refused.",
)


def write(folder: Path, file: Path) -> None:
    """Write a client's folder as a workbook with lists, comments and formats; a logo has no place in it.

    Raises ValueError for a broken folder.
    """
    draft = reading.read(folder)
    if draft.problems or draft.source is None:
        raise ValueError(f"The client {folder.name} is damaged: {draft.problems[0].sentence}")
    files = [*TABLES, *(f"metrics/predictions_{asset_id}.csv" for asset_id in draft.predictions)]
    records = {file: draft.source.records(file) for file in files if file in draft.source.files}
    settings = draft.source.settings(Draft())
    branding = {key: value for key, value in settings.get("branding", {}).items() if key != "logo"}
    write_book(settings | ({"branding": branding} if branding else {}), records, file)


def write_book(settings: dict[str, Any], records: dict[str, list[list[str]]], file: Path) -> None:
    """Write settings, as texts, and tables as a workbook; a table without records has its header alone."""
    book = openpyxl.Workbook()
    about = book.active
    about.title = README
    for line in (*ABOUT, "Check it as often as you like:  lepton-nb check <this file>"):
        about.append([line])
    about.column_dimensions["A"].width = 120
    _settings_sheet(book.create_sheet(SETTINGS), settings)
    for name in dict.fromkeys([*TABLES, *records]):
        table = TABLES.get(name, PREDICTIONS)
        _table_sheet(book.create_sheet(Path(name).stem[:31]), table, records.get(name, []))
    book.save(file)


def _settings_sheet(sheet: Any, data: dict[str, Any]) -> None:
    _header(
        sheet, {"key": ("Name of the setting.", True), "value": ("Its value.", True), "meaning": ("What it is.", False)}
    )
    sheet.append(["schema_version", 1, "Version of this format."])
    for name, section in SECTIONS.items():
        sheet.append([None, None, first_sentence(section.type) + ("" if section.required else " Optional.")])
        sheet.cell(sheet.max_row, 3).font = Font(bold=True)
        for path, info, text in _flat((name,), section.type, data.get(name), section.many):
            sheet.append([".".join(path), None, explained(info)])
            cell = sheet.cell(sheet.max_row, 2)
            _set(cell, text, info)
            _choice(sheet, info, cell.coordinate)
    for column, width in zip("ABC", (44, 40, 110), strict=True):
        sheet.column_dimensions[column].width = width
    for (cell,) in sheet.iter_rows(min_row=2, min_col=2, max_col=2):
        cell.alignment = Alignment(horizontal="left")


def _flat(path: tuple, type_: Any, value: Any, many: bool) -> Iterator[tuple[tuple, Any, str]]:
    """Path, field and text of every key of a section, optional ones without a value too."""
    if many:
        for place, item in enumerate(value or [{}], start=1):
            yield from _flat((*path, str(place)), type_, item, False)
        return
    for name, info in fields.columns(type_).items():
        inside = fields.inner(info.annotation)
        given = (value or {}).get(name)
        if isinstance(given, list) and inside is None:
            yield from (((*path, name, str(place)), info, text) for place, text in enumerate(given, start=1))
        elif inside is None:
            yield (*path, name), info, given or ""
        elif given or not path[-1].isdigit() or path[-1] == "1":  # an empty nested list is shown once
            listed = get_origin(info.annotation) is tuple
            yield from _flat((*path, name), inside, given, listed)


def _table_sheet(sheet: Any, table: Table, records: list[list[str]]) -> None:
    known = fields.columns(table.type)
    _header(sheet, {name: (explained(info), info.is_required()) for name, info in known.items()})
    header = [name.strip() for name in records[0]] if records else []
    for line, record in enumerate(records[1:], start=2):
        for place, (name, info) in enumerate(known.items(), start=1):
            if name in header:
                _set(sheet.cell(line, place), record[header.index(name)].strip(), info)
    last = len(records) + 500
    for place, (name, info) in enumerate(known.items(), start=1):
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = max(12, min(40, len(name) + 4))
        sheet.column_dimensions[letter].number_format = _format(info)
        _choice(sheet, info, f"{letter}2:{letter}{last}", name)


def _header(sheet: Any, names: dict[str, tuple[str, bool]]) -> None:
    for place, (name, (words, needed)) in enumerate(names.items(), start=1):
        cell = sheet.cell(1, place, name)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), HEAD if needed else OPTIONAL
        cell.comment = Comment(words, "Lepton NB", width=320, height=120)
    sheet.freeze_panes = "A2"


def _kind(info: Any) -> str:
    """number, date, month, truth or text: how a cell of this field is typed."""
    words = allowed(info)
    if words.startswith(("number", "fraction", "share", "whole number", "year", "0 or 1")):
        return "number"
    return {"date YYYY-MM-DD": "date", "month YYYY-MM": "month", "true or false": "truth"}.get(words, "text")


def _format(info: Any) -> str:
    kind = _kind(info)
    if kind == "number":
        return "#,##0.00" if info.json_schema_extra["unit"].startswith(MONEY) else "General"
    return {"date": "yyyy-mm-dd", "month": "yyyy-mm", "truth": "General"}.get(kind, "@")


def _set(cell: Any, text: str, info: Any) -> None:
    """Write a text as the type of its field; what looks like a formula stays a text."""
    kind = _kind(info)
    cell.number_format = _format(info)
    if not text:
        return
    if kind == "number" and PLAIN_NUMBER.fullmatch(text):
        cell.value = int(text) if re.fullmatch(r"\d{1,15}", text, re.ASCII) else float(text)
    elif kind in ("date", "month") and re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", text, re.ASCII):
        cell.value = date.fromisoformat(text if len(text) == 10 else f"{text}-01")
    elif kind == "truth":
        cell.value = text == "true"
    else:
        cell.value = text
        if text[0] in "=+-@":
            cell.data_type, cell.quotePrefix = "s", True


def _choice(sheet: Any, info: Any, cells: str, name: str = "") -> None:
    """A drop-down list where only some words are allowed, or where the ids stand in another sheet."""
    words = next(
        (get_args(part) for part in (info.annotation, *get_args(info.annotation)) if get_origin(part) is Literal), ()
    )
    if allowed(info) == "true or false":
        words = ("true", "false")
    elif allowed(info) == "0 or 1":
        words = ("0", "1")
    if words:
        formula = f'"{",".join(words)}"'
    elif name in ("asset_id", "model_id") and sheet.title != "assets":
        formula = "assets!$A$2:$A$1000"
    elif name == "evaluation_id" and sheet.title != "confusion":
        formula = "confusion!$A$2:$A$1000"
    else:
        return
    rule = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=True)
    rule.errorTitle, rule.error = "Not in the list", "Choose one of the values of the list."
    sheet.add_data_validation(rule)
    rule.add(cells)
