"""``workbook.xlsx``: the value with live formulas, and every figure about the client.

Made from records alone. An analyst changes a date, a rate, a count or a volume in the yellow cells and sees the value
move; with nothing changed, the workbook gives the report's number to a cent. Every formula has its value stored beside it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from lepton_nb.report import workbook_moves as moves
from lepton_nb.report import workbook_stored
from lepton_nb.report.workbook_cells import add, head, pages, sheet_of, text, widths
from lepton_nb.report.workbook_value import Value

#: Figures of a chapter that belong to the book: of an article, named by its number among the sources.
OF_THE_BOOK = re.compile(r"s\d\d\.")


def write(
    path: Path,
    records: Mapping[str, dict[str, Any]],
    client: str,
    about: Collection[str] | None = None,
    names: Mapping[str, str] | None = None,
) -> None:
    """Write the workbook in one step. records: by chapter, as in results.json.

    about: the chapters whose figures are the client's; None: all. names: asset → what it is called. Without a value
    chapter, figures only.
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    value = records.get("value")
    if value and "sheet_benefits" in value["tables"]:
        Value(book, value, client, names or {}).build()
    _figures(book, {name: record for name, record in records.items() if about is None or name in about})
    if moves.SHEET in book.sheetnames:  # last: what it moves is computed before it
        book.move_sheet(moves.SHEET, len(book.sheetnames))
    for sheet in book:
        pages(sheet)
    found = workbook_stored.fill(book)
    part = path.with_name(path.name + ".part")
    book.save(part)
    workbook_stored.store(part, book.sheetnames, found)
    os.replace(part, path)


def _figures(book, records: Mapping[str, dict[str, Any]]) -> None:
    sheet = sheet_of(book, "Figures")
    head(sheet, ("Chapter", "Figure", "Value", "Unit", "Low", "High", "Interval", "n", "Seed", "Source", "Note"))
    names = ("name", "value", "unit", "low", "high", "interval", "n", "seed", "source", "note")
    for chapter, record in records.items():
        for figure in (one for one in record["figures"].values() if not OF_THE_BOOK.match(one["name"])):
            add(sheet, [text(item) for item in (chapter, *(figure[name] for name in names))])
    widths(sheet, (18, 40, 18, 16, 14, 14, 18, 10, 8, 40, 60))
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
