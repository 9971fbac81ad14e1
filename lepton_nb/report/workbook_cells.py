"""Cells of a workbook: a client's words as text, inputs in yellow, forms of numbers, a page that prints."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

INPUT, HEAD = "FFF4CC", "D9E2EC"
LINE = 15  # height of a line of words, points
ROWS_A_PAGE = 80
DAY, RATE, MONEY = "yyyy-mm-dd", "0.00%", "#,##0.00"


class Text(str):
    """Words that are shown as they are, never taken for a formula."""


def text(value: Any) -> Any:
    """A client's words; what is no text passes as it is."""
    return Text(value) if isinstance(value, str) else value


def add(sheet, values: Iterable[Any]) -> int:
    """A row; plain strings that begin with ``=`` are formulas, :class:`Text` never is. The number of the row."""
    row = sheet.filled = sheet.filled + 1
    for column, value in enumerate(values, start=1):
        put(sheet.cell(row, column), value)
    return row


def put(cell, value: Any) -> None:
    """Write one value into a cell."""
    cell.value = str(value) if isinstance(value, Text) else value
    if isinstance(value, Text):
        cell.data_type = "s"
        # Excel keeps it as text when it is edited, and shows no apostrophe.
        cell.quotePrefix = value[:1] in ("=", "+", "-", "@")


def named(book, cells: Mapping[str, str]) -> None:
    """Give cells the names by which an analyst's own formulas can call them: ``tax_rate``. cells: words → sheet and cell."""
    from openpyxl.workbook.defined_name import DefinedName

    for words, cell in cells.items():
        name, (sheet, _, place) = re.sub(r"\W+", "_", words), cell.rpartition("!")
        column, row = re.fullmatch(r"\$?([A-Z]+)\$?(\d+)", place).groups()
        book.defined_names[name] = DefinedName(name, attr_text=f"{sheet}!${column}${row}")


def sheet_of(book, name: str):
    """A sheet that prints on A4 in landscape, as wide as its columns, with its name and pages at the foot."""
    sheet = book.create_sheet(name)
    sheet.filled = 0  # rows written, empty ones too
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    margins = sheet.page_margins
    margins.left = margins.right = margins.top = 0.4  # inches
    margins.bottom, margins.footer = 0.6, 0.3
    sheet.oddFooter.left.text, sheet.oddFooter.right.text = "&A", "&P / &N"
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    return sheet


def head(sheet, names: Iterable[Any], wrap: bool = True) -> int:
    """A row of headings. wrap: within their columns; a title of a table runs on over the empty cells beside it."""
    row = add(sheet, names)
    bold(sheet, row, wrap=wrap)
    return row


def bold(sheet, *rows: int, wrap: bool = True) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    for row in rows:
        for cell in sheet[row]:
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor=HEAD)
            cell.alignment = Alignment(wrap_text=wrap, vertical="top")


def shade(sheet, *places: str) -> None:
    """Mark inputs: cells that may be changed."""
    from openpyxl.styles import PatternFill

    for area in places:
        cells = sheet[area]
        for row in cells if isinstance(cells, tuple) else ((cells,),):
            for cell in row:
                cell.fill = PatternFill("solid", fgColor=INPUT)


def forms(sheet, formats: Mapping[str, str], first: int = 2) -> None:
    """Number formats by column."""
    for column, form in formats.items():
        for cell in sheet[column][first - 1 :]:
            cell.number_format = form


def plain_form(value: float) -> str:
    """The format in which a figure of any size can be read: 4,200,000, but 0.025."""
    return "#,##0" if abs(value) >= 1000 or float(value).is_integer() else "0.00####"


def widths(sheet, given: Iterable[float]) -> None:
    from openpyxl.utils import get_column_letter

    for number, width in enumerate(given, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for row in sheet.iter_rows():  # as high as the words that wrap
        lines = [
            math.ceil(len(str(cell.value)) / sheet.column_dimensions[cell.column_letter].width)
            for cell in row
            if cell.value is not None and cell.alignment.wrap_text
        ]
        if max(lines, default=1) > 1:
            sheet.row_dimensions[row[0].row].height = LINE * max(lines)


def pages(sheet) -> None:
    """Print up to ROWS_A_PAGE rows on a page, smaller where they are many."""
    sheet.page_setup.fitToHeight = math.ceil(max(sheet.filled, 1) / ROWS_A_PAGE)
