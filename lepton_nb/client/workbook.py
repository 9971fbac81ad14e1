"""One Excel workbook in place of a client's folder: read as texts, so that the same rules judge it.

A sheet holds what a file of the folder holds and has its name: ``costs`` for costs.csv, ``confusion`` for
metrics/confusion.csv, ``predictions_C1``. The sheet ``settings`` stands for client.yml: one key a row, the names of
its levels joined by points and the items of a list numbered from 1 (``scenarios.2.name``).
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import column_index_from_string, get_column_letter

from lepton_nb.client import roots
from lepton_nb.client.files import (
    CLIENT_YML,
    DEEPEST_YAML,
    LARGEST_FILE,
    MEGABYTE,
    MOST_CELLS,
    Unreadable,
    archive,
    cell_text,
    without_empty_end,
)
from lepton_nb.client.schema import TABLES, Dialect, Problem
from lepton_nb.client.words import quoted
from lepton_nb.terms import contrast

SETTINGS, README = "settings", "README"
LARGEST_UNPACKED = 300 * MEGABYTE
MOST_PARTS, MOST_COLUMNS, MOST_ROWS = 2_000, 200, 1_048_576
LEAST_SEEN = 1.15  # contrast of ink and ground; below, a cell is held to be hidden
MOST_SHEET_ROWS, MOST_SHEET_CELLS = 250_000, 2_000_000  # openpyxl reads some 300,000 cells a second
SHEETS = {Path(file).stem: file for file in (CLIENT_YML, *TABLES)} | {SETTINGS: CLIENT_YML}
SHEETS.pop("client")
TITLES = {file: title for title, file in SHEETS.items()}
AS_XLSX = 'save it as "Excel Workbook (.xlsx)"'

_TAG = rb"<(?:\w+:)?"  # some programs write a prefix before every name
_MERGED = re.compile(_TAG + rb'mergeCell\b[^>]*?\bref="([A-Z]+(\d+)[^"]*)"')
_HIDDEN_ROW = re.compile(_TAG + rb'row\b(?=[^>]*\b(?:hidden="(?:1|true)"|ht="0(?:\.0*)?"))[^>]*?\br="(\d{1,7})"')
_ALL_HIDDEN = re.compile(_TAG + rb'sheetFormatPr\b[^>]*\bzeroHeight="(?:1|true)"')
_HIDDEN_COLUMN = re.compile(
    _TAG + rb'col\b(?=[^>]*\b(?:hidden="(?:1|true)"|width="0(?:\.0*)?"))[^>]*?\bmin="(\d{1,5})"'
)
_DIMENSION = re.compile(_TAG + rb'dimension\b[^>]*?\bref="[A-Z]+\d+:([A-Z]{1,3})(\d{1,10})"')
_CELL = re.compile(_TAG + rb"c\b([^>]*)(?<!/)>(.*?)</(?:\w+:)?c>", re.DOTALL)
_FORMULA, _CACHED = re.compile(_TAG + rb"f[\s/>]"), re.compile(_TAG + rb"v\b[^>]*>[^<]")
_EMPTY_TEXT = b't="str"'  # a formula may give an empty text
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_DECLARED = tuple(
    word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")
)


class Workbook:
    """A client's workbook; answers what ``files.Folder`` answers. Raises Unreadable when it is none."""

    holder = "workbook"
    dialect = Dialect()  # cells are typed: what client.yml declares for CSV files changes nothing here

    def __init__(self, root: Path):
        self.root = root
        self.problems: list[Problem] = []
        self._zip, self._book = _opened(root)
        self._white: dict[int, bool] = {}  # style → whether its ink cannot be seen
        self._titles: dict[str, str] = {}  # file of the format, or title of another sheet → title
        for sheet in self._book.worksheets:
            title = sheet.title
            file = SHEETS.get(title.strip().lower(), title)
            if match := re.fullmatch(r"predictions_(.*)", title.strip(), re.DOTALL):
                file = f"metrics/predictions_{match[1]}.csv"
            if file in self._titles:
                found = f"stands here twice: {quoted(self._titles[file])} and {quoted(title)}"
                self.problems.append(_problem(file, None, found, 1, "keep one of the two sheets"))
            self._titles.setdefault(file, title)
        self.files = sorted(file for file in self._titles if file != README)
        self.labels = {file: f'sheet "{title}"' for file, title in (TITLES | self._titles).items()}

    def settings(self, draft: Any) -> dict[str, Any]:
        """The sheet ``settings`` as client.yml would say it. Raises Unreadable."""
        header, *rows = self.records(CLIENT_YML, None) or [[]]
        names = [name.strip().lower() for name in header]
        if not {"key", "value"} <= set(names):
            raise Unreadable(CLIENT_YML, 1, "", "has no columns key and value", 2, "lepton-nb new --workbook writes it")
        tree: dict[Any, Any] = {}
        for line, row in enumerate(rows, start=2):
            key, value = (row[names.index(name)].strip() for name in ("key", "value"))
            path = tuple(
                int(part) - 1 if re.fullmatch(r"[1-9]\d{0,3}", part, re.ASCII) else part for part in key.split(".")
            )
            if key and not value:  # the row is there, and what is wrong with its key is found in it
                for depth in range(1, len(path) + 1):
                    draft.lines.setdefault(path[:depth], line)
            if not value or not key or len(path) > DEEPEST_YAML:
                if value:
                    found = "a value without a key" if not key else f"key {quoted(key)} has too many levels"
                    draft.problems.append(_problem(CLIENT_YML, line, found, 2, "write the key beside the value"))
                continue
            place = tree
            for depth, part in enumerate(path[:-1], start=1):
                draft.lines.setdefault(path[:depth], line)
                place = place.setdefault(part, {}) if isinstance(place, dict) else place
            if not isinstance(place, dict) or path[-1] in place:
                found = f"key {quoted(key)} stands here twice"
                draft.problems.append(_problem(CLIENT_YML, line, found, 2, "keep one of them"))
                continue
            draft.lines[path] = line
            place[path[-1]] = value
        data = _lists(tree, (), (), draft.lines)
        return data if isinstance(data, dict) else {}

    def records(self, file: str, percent: Iterable[str] | None = ()) -> list[list[str]]:
        """The cells of a sheet as texts, the header first. percent: columns of fractions; None: all. Raises Unreadable.

        A cell shown as percent holds a fraction (9.5 % is 0.095); in a column that holds none it is handed on as
        ``9.5%``, which every number refuses.
        """
        sheet = self._book[self._titles[file]]
        if sheet.sheet_state != "visible":
            raise Unreadable(file, None, "", "is hidden", 35, "show the sheet: nothing is read that you do not see")
        self._refuse_large(file, sheet._worksheet_path)
        raw = self._zip.read(sheet._worksheet_path)
        blockers = [_problem(file, *blocker) for blocker in _blockers(raw)]
        records, unseen, errors = self._cells(file, sheet, percent)
        if unseen:
            found = (
                f"cell {unseen[0][1]} is written in the colour of its ground, or hidden by its format{_more(unseen)}"
            )
            blockers.append(
                _problem(file, unseen[0][0], found, 35, "show or delete it: nothing is read that you do not see")
            )
        if errors:
            found = f"cell {errors[0][1]} holds the error {quoted(errors[0][2])}{_more(errors)}"
            blockers.append(_problem(file, errors[0][0], found, 35, "correct the formula, or write the value"))
        if blockers:
            self.problems.extend(blockers[:-1])
            last = blockers[-1]
            raise Unreadable(file, last.row, "", last.found, last.rule, last.remedy)
        records = without_empty_end(records)
        # rows end where their last cell is; columns without anything in them were never meant
        width = max((place + 1 for row in records for place, cell in enumerate(row) if cell.strip()), default=0)
        return [row[:width] + [""] * (width - len(row)) for row in records]

    def _cells(self, file: str, sheet: Any, percent: Iterable[str] | None) -> tuple[list, list, list]:
        """The cells of a sheet as texts; the places of those that cannot be seen, and of errors. Raises Unreadable."""
        records: list[list[str]] = []
        cells, errors, unseen = 0, [], []
        sheet.reset_dimensions()  # some programs write wrong ones
        try:
            for line, row in enumerate(_quietly(sheet.iter_rows()), start=1):
                cells += len(row) + 1
                if len(row) > MOST_COLUMNS or line > MOST_ROWS or cells > MOST_CELLS:
                    found = f"has more than {MOST_COLUMNS} columns or {MOST_CELLS} cells (row {line})"
                    raise Unreadable(file, None, "", found, 1, "delete what is beside and below the table")
                header = records[0] if records else []
                record = []
                for place, cell in enumerate(row):
                    name = header[place].strip() if place < len(header) else ""
                    if cell.value is not None and self._unseen(cell):
                        unseen.append((line, f"{get_column_letter(place + 1)}{line}"))
                    record.append(_text(cell, percent is None or not records or name in percent))
                    if cell.data_type == "e":
                        errors.append((line, f"{get_column_letter(place + 1)}{line}", str(cell.value)))
                records.append(record)
        except Unreadable:
            raise
        except Exception as error:  # damaged sheets make openpyxl raise almost anything
            raise _damaged(file, error) from None
        return records, unseen, errors

    def _unseen(self, cell: Any) -> bool:
        """Whether a cell is white on white; asked once for each style."""
        style = getattr(cell, "_style_id", 0)
        if style not in self._white:
            self._white[style] = cell.has_style and _is_unseen(cell)
        return self._white[style]

    def _refuse_large(self, file: str, part: str) -> None:
        """Raises Unreadable by what the sheet states of itself, and by its rows, before it is taken apart."""
        with self._zip.open(part) as stream:
            piece = stream.read(MEGABYTE)
            stated, rows = _DIMENSION.search(piece[:4096]), 0
            while piece and rows <= MOST_SHEET_ROWS:
                rows += piece.count(b"<row") + piece.count(b":row")
                piece = stream.read(MEGABYTE)
        height = int(stated[2]) if stated else rows
        width = column_index_from_string(stated[1].decode()) if stated else 1
        if rows > MOST_SHEET_ROWS or (rows > 2 and height * width > MOST_SHEET_CELLS and height <= 2 * rows):
            found = f"has {max(height, rows)} rows" + (f" of {width} columns" if stated else "")
            remedy = f"at most {MOST_SHEET_ROWS} rows and {MOST_SHEET_CELLS} cells of a sheet are read; give a folder with this table as CSV"
            raise Unreadable(file, None, "", found, 1, remedy)

    def table(self, path: str) -> list[list[str]]:
        """The sheet that holds the table of a case: named as the file without folder and ending. Raises Unreadable."""
        if Path(path).stem not in self._titles:
            found, remedy = "has no sheet in the workbook", f"name the sheet {quoted(Path(path).stem)}"
            raise Unreadable(path, None, "", found, 1, remedy)
        return self.records(Path(path).stem, None)

    def has(self, path: str) -> bool | None:
        """Documents do not lie in a workbook: unknown."""
        return None


def _problem(file: str, row: int | None, found: str, rule: int, remedy: str) -> Problem:
    return Problem(file=file, row=row, column="", found=found, rule=rule, remedy=remedy)


def _is_unseen(cell: Any) -> bool:
    """Whether the ink is that of the ground, or nearly, or the number's format shows nothing."""
    ink, ground = _colour(cell.font.color), _ground(cell.fill)
    if re.fullmatch(r";+", (cell.number_format or "").strip()):
        return True
    return "theme" not in (ink, ground) and contrast(f"#{ink}", f"#{ground}") < LEAST_SEEN


def _colour(colour: Any) -> str:
    """A colour of openpyxl as rrggbb; theme colours 0 and 1 are white and black, others are left unknown."""
    if colour is None:
        return "000000"
    if colour.type == "theme":
        return {0: "ffffff", 1: "000000"}.get(colour.theme, "theme") if not colour.tint else "theme"
    return (
        str(colour.rgb)[-6:].lower()
        if colour.type == "rgb"
        else {9: "ffffff", 1: "ffffff"}.get(colour.indexed, "000000")
    )


def _ground(fill: Any) -> str:
    return _colour(fill.fgColor) if fill.fill_type == "solid" else "ffffff"


def _damaged(file: str, error: Exception) -> Unreadable:
    found = f"cannot be read as an Excel workbook ({type(error).__name__})"
    return Unreadable(file, None, "", found, 35, f"open it in a spreadsheet program and {AS_XLSX}")


def _more(items: list[Any]) -> str:
    return f" (and {len(items) - 1} more cells)" if len(items) > 1 else ""


def _quietly(rows: Iterator[Any]) -> Iterator[Any]:
    """The rows, without openpyxl's warnings about what it does not read."""
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            row = next(rows, None)
        if row is None:
            return
        yield row


def _opened(root: Path) -> tuple[zipfile.ZipFile, Any]:
    """The file as zip and as workbook, both in memory; bounded before anything is unpacked. Raises Unreadable."""
    file, largest = root.name, LARGEST_FILE[".xlsx"]
    try:
        with root.open("rb") as stream:
            data = stream.read(largest + 1)
    except OSError as error:
        found = f"cannot be opened ({error.strerror})"
        raise Unreadable(file, None, "", found, 1, "check the file and its permissions") from None
    if len(data) > largest:
        found, remedy = f"has {root.stat().st_size / MEGABYTE:.1f} MB", f"at most {largest // MEGABYTE} MB are read"
        raise Unreadable(file, None, "", found, 1, remedy)
    if not data.startswith(b"PK\x03\x04"):
        old = data.startswith(b"\xd0\xcf\x11\xe0")
        if not old and (packed := archive(data)):
            raise Unreadable(file, None, "", packed[0], 1, f"{packed[1]}, and give the client's folder or workbook")
        found = "is an old or protected workbook" if old else "is not a folder and not an Excel workbook"
        remedy = f"{AS_XLSX}, without a password" if old else "give the client's folder or workbook"
        raise Unreadable(file, None, "", found, 1, remedy)
    try:
        packed = zipfile.ZipFile(io.BytesIO(data))
        parts = packed.infolist()
        size = sum(part.file_size for part in parts)
        if size > LARGEST_UNPACKED or len(parts) > MOST_PARTS:
            found = f"has {size // MEGABYTE} MB unpacked in {len(parts)} parts"
            remedy = f"at most {LARGEST_UNPACKED // MEGABYTE} MB in {MOST_PARTS} parts are read"
            raise Unreadable(file, None, "", found, 1, remedy)
        if "xl/workbook.xml" not in packed.namelist():
            found, remedy = roots.of_archive(root) or ("is a zip file, not an Excel workbook", AS_XLSX)
            raise Unreadable(file, None, "", found, 1, remedy)
        for part in parts:
            content = packed.read(part)  # also checks what was damaged on the way
            if any(word in content for word in _DECLARED):
                found = f"part {quoted(part.filename)} declares entities, which no spreadsheet program writes"
                raise Unreadable(file, None, "", found, 35, f"open it in a spreadsheet program and {AS_XLSX}")
            stated = _DIMENSION.search(content[:4096])  # openpyxl looks through the whole sheet for what is not stated
            if part.filename.startswith("xl/worksheets/") and not stated and content.count(b"<row") > MOST_SHEET_ROWS:
                found = f"has a sheet of {content.count(b'<row')} rows ({part.filename})"
                remedy = f"at most {MOST_SHEET_ROWS} rows of a sheet are read; give a folder with this table as CSV"
                raise Unreadable(file, None, "", found, 1, remedy)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        return packed, book
    except Unreadable:
        raise
    except Exception as error:  # damaged files make zipfile and openpyxl raise almost anything
        raise _damaged(file, error) from None


def _blockers(raw: bytes) -> Iterator[tuple[int | None, str, int, str]]:
    """Row, finding, rule and remedy for what makes a sheet ambiguous: merged, hidden and uncalculated cells."""
    merged = _MERGED.findall(raw)
    if merged:
        found = f"cells {merged[0][0].decode('ascii', 'replace')} are merged"
        yield (
            int(merged[0][1][:7]),
            found + (f" (and {len(merged) - 1} more)" if len(merged) > 1 else ""),
            35,
            ("unmerge them: one value a cell"),
        )
    see = "show or delete them: nothing is read that you do not see"
    rows = [int(row) for row in _HIDDEN_ROW.findall(raw)]
    if rows:
        yield (
            rows[0],
            f"row{'s' * (len(rows) > 1)} {', '.join(map(str, rows[:5]))}{', …' * (len(rows) > 5)} hidden",
            35,
            see,
        )
    if _ALL_HIDDEN.search(raw[:8192]):
        yield None, "rows are hidden unless they say otherwise", 35, see
    columns = [get_column_letter(min(max(int(number), 1), 18_278)) for number in _HIDDEN_COLUMN.findall(raw)]
    if columns:
        yield None, f"column {', '.join(columns[:5])} hidden", 35, see
    if _FORMULA.search(raw):
        empty = []
        for attributes, inside in _CELL.findall(raw):
            place = _PLACE.search(attributes)
            calculated = _CACHED.search(inside) or _EMPTY_TEXT in attributes
            if place and _FORMULA.search(inside) and not calculated:
                empty.append((int(place[2]), f"{place[1].decode()}{place[2].decode()}"))
        if empty:
            found = f"cell {empty[0][1]} holds a formula that was never calculated{_more(empty)}"
            yield empty[0][0], found, 35, "open the workbook in a spreadsheet program and save it, or write the value"


def _text(cell: Any, fraction: bool) -> str:
    """A cell as a CSV file would hold it."""
    value = cell.value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and not fraction and "%" in re.sub(r'"[^"]*"|\\.', "", cell.number_format or ""):
        return f"{100 * value:.12g}%"
    return cell_text(value)


def _lists(tree: Any, numbered: tuple, path: tuple, lines: dict[tuple, int]) -> Any:
    """Mappings whose keys are all positions become lists; lines are noted under the place in the list as well."""
    if numbered in lines:
        lines[path] = lines[numbered]
    if not isinstance(tree, dict):
        return tree
    if tree and all(isinstance(key, int) for key in tree):
        return [_lists(tree[key], (*numbered, key), (*path, place), lines) for place, key in enumerate(sorted(tree))]
    named = {key if isinstance(key, str) else str(key + 1): (key, value) for key, value in tree.items()}
    return {name: _lists(value, (*numbered, key), (*path, name), lines) for name, (key, value) in named.items()}
