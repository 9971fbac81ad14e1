"""Values stored beside the formulas of a workbook, so that it is not empty where nothing computes it.

A preview, a mail program or pandas show what a cell stores. openpyxl writes a formula or a value, and XlsxWriter, which
writes both, knows no what-if tables; so the values are put into the sheets that openpyxl has written. A spreadsheet
computes all of it again when it opens the file.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from lepton_nb.report.spreadsheet import Place, Values, Wrong

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def fill(book: Any) -> dict[Place, Any]:
    """Compute a workbook of openpyxl: the values of its formulas, by cell, an error as :class:`Wrong`.

    Fills the cells of its what-if tables and what its charts keep of the cells that they draw.
    """
    values, found = Values(book), {}
    tables = []
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f" and isinstance(cell.value, str):
                    found[sheet.title, cell.coordinate] = _kept(values, (sheet.title, cell.coordinate))
                elif cell.data_type == "f":
                    tables.append((sheet, cell))
    for sheet, cell in tables:
        found[sheet.title, cell.coordinate] = _what_if(sheet, cell.value, values)
    for sheet in book:
        for chart in sheet._charts:
            _keep(chart, values)
    return found


def _kept(values: Values, place: Place) -> Any:
    try:
        return values[place]
    except Wrong as problem:
        return problem


def _what_if(sheet: Any, table: Any, values: Values) -> Any:
    """Fill a what-if table, all but its first cell, which holds the table itself: the value of that one.

    table: of openpyxl. Its formula stands in the corner of two lists of inputs, or above the column of one.
    """
    from openpyxl.utils import range_boundaries

    left, top, right, foot = range_boundaries(table.ref)
    first = None
    for row in range(top, foot + 1):
        for column in range(left, right + 1):
            below, beside = sheet.cell(top - 1, column), sheet.cell(row, left - 1)
            inputs = {table.r1: below.value, table.r2: beside.value} if table.dt2D else {table.r1: beside.value}
            formula = sheet.cell(top - 1, left - 1) if table.dt2D else below
            moved = values.under({(sheet.title, cell): value for cell, value in inputs.items()})
            value = _kept(moved, (sheet.title, formula.coordinate))
            if (row, column) == (top, left):
                first = value
            else:
                sheet.cell(row, column).value = str(value) if isinstance(value, Wrong) else value
    return first


def _keep(chart: Any, values: Values) -> None:
    """Keep in a chart the numbers that it draws: a preview shows these."""
    from openpyxl.chart.data_source import NumData, NumVal
    from openpyxl.utils.cell import range_to_tuple

    for series in chart.series:
        for drawn in (series.val, series.cat):
            if drawn is None or drawn.numRef is None:
                continue
            sheet, (left, top, right, foot) = range_to_tuple(drawn.numRef.f)
            rows = values.book[sheet].iter_rows(min_row=top, max_row=foot, min_col=left, max_col=right)
            numbers = [_kept(values, (sheet, cell.coordinate)) for row in rows for cell in row]
            points = [NumVal(idx=at, v=value) for at, value in enumerate(numbers) if isinstance(value, (float, int))]
            drawn.numRef.numCache = NumData(formatCode="General", ptCount=len(numbers), pt=points)


def store(path: Path, sheets: list[str], found: dict[Place, Any]) -> None:
    """Put the values of its formulas into a saved workbook. sheets: names, in their order."""
    for prefix, space in (("", MAIN), ("r", RELATED)):
        ElementTree.register_namespace(prefix, space)
    parts = {f"xl/worksheets/sheet{at}.xml": name for at, name in enumerate(sheets, start=1)}
    filled = path.with_name(path.name + ".filled")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(filled, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename in parts:
                content = _with_values(content, parts[part.filename], found)
            new.writestr(part, content)
    filled.replace(path)


def _with_values(content: bytes, sheet: str, found: dict[Place, Any]) -> bytes:
    root = ElementTree.fromstring(content)
    for cell in root.iter(f"{{{MAIN}}}c"):
        if cell.find(f"{{{MAIN}}}f") is None:
            continue
        value = found[sheet, cell.attrib["r"]]
        held = cell.find(f"{{{MAIN}}}v")
        if held is None:
            held = ElementTree.SubElement(cell, f"{{{MAIN}}}v")
        if isinstance(value, bool):
            cell.set("t", "b")
            held.text = str(int(value))
        elif isinstance(value, (str, Wrong)):
            cell.set("t", "e" if isinstance(value, Wrong) else "str")
            held.text = str(value)
        else:
            held.text = repr(value)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
