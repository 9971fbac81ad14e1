"""The files of a client's folder as texts: which are there, what stands in them, and what cannot be read as a whole.

Nothing here knows what a column means. :class:`Folder` and ``workbook.Workbook`` answer the same questions, so that
``reading.py`` applies one set of rules to both.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from lepton_nb.client.schema import SECTIONS, Dialect, Problem
from lepton_nb.client.words import PLAIN_NUMBER, quoted

CLIENT_YML = "client.yml"
MEGABYTE = 1024 * 1024
#: Bytes that are read of a file with this ending.
LARGEST_FILE = {
    ".csv": 50 * MEGABYTE,
    ".tsv": 50 * MEGABYTE,
    ".parquet": 50 * MEGABYTE,
    ".xlsx": 50 * MEGABYTE,
    ".yml": MEGABYTE,
    ".npz": 500 * MEGABYTE,
    ".onnx": 500 * MEGABYTE,
    ".keras": 500 * MEGABYTE,
}
MOST_CELLS = 20_000_000  # of one table, however small its file is
DEEPEST_YAML = 12  # levels; the format needs 5
SAVE_AS_UTF8 = 'save the file as UTF-8 (in Excel: "CSV UTF-8 (comma delimited)")'

#: Signs between columns that a CSV file may have, and what they are called.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # texts only: no tag makes an object, no word becomes a number


class Unreadable(Exception):
    """A file that cannot be read as a whole; ``problem`` says why."""

    def __init__(self, file: str, row: int | None, column: str, found: str, rule: int, remedy: str):
        self.problem = Problem(file=file, row=row, column=column, found=found, rule=rule, remedy=remedy)
        super().__init__(self.problem.sentence)


def other_separator(header: list[str], dialect: Any) -> tuple[str, str] | None:
    """Finding and remedy where the one cell of a header shows that the file is separated by another sign; else None."""
    separator = next((sign for sign in SEPARATORS if len(header) == 1 and sign in header[0]), None)
    if separator is None:
        return None
    name, word = SEPARATORS[separator], "tab" if separator == "\t" else separator
    if dialect and dialect.delimiter != ",":
        said = SEPARATORS[dialect.delimiter]
        remedy = f"client.yml declares {said} (csv.separator): separate by them, or declare {name}"
    else:
        remedy = (
            "separate by commas and write decimals with a point, or declare how all CSV files of the folder are "
            f'written, in client.yml: csv: {{separator: "{word}", decimal: ","}}'
        )
    return f"the columns are separated by {name}", remedy


class Folder:
    """A client's folder.

    files: what is there, as the format writes it; a Parquet table goes by the name of its CSV file, and ``labels``
    gives its own. problems: what could not be listed.
    """

    holder = "folder"

    def __init__(self, root: Path):
        self.root = root
        self.problems: list[Problem] = []
        self.dialect = Dialect()  # until client.yml says otherwise
        names = set(self._names())
        self.labels = {f"{name.removesuffix('.parquet')}.csv": name for name in names if name.endswith(".parquet")}
        self.twice = {name for name in self.labels if name in names}
        self.files = sorted((names - set(self.labels.values())) | set(self.labels))

    def _names(self) -> Iterator[str]:
        """Names of the entries of the folder and of its metrics folder."""
        for folder, prefix in ((self.root, ""), (self.root / "metrics", "metrics/")):
            if prefix and not os.path.lexists(folder):
                continue
            try:
                inside = folder.resolve().is_relative_to(self.root.resolve())
                found = "" if inside else "leads out of the client's folder"
                yield from [prefix + entry.name for entry in os.scandir(folder)] if inside else []
            except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
                found = f"cannot be opened ({getattr(error, 'strerror', None) or error})"
            if found:
                where, remedy = prefix or str(self.root), "put a folder with the files there, and check its permissions"
                self.problems.append(Problem(file=where, row=None, column="", found=found, rule=1, remedy=remedy))

    def settings(self, draft: Any) -> dict[str, Any]:
        """What client.yml says, as dicts, lists and texts; lines and problems go to ``draft``. Raises Unreadable."""
        node = compose(self.text(CLIENT_YML))
        if isinstance(node, yaml.MappingNode):
            return plain(node, (), draft)
        what = "is empty" if node is None else f"holds {'a list' if isinstance(node, yaml.SequenceNode) else 'a text'}"
        raise Unreadable(CLIENT_YML, None, "", what, 2, f"write keys with values: {', '.join(SECTIONS)}")

    def records(self, file: str, percent: Iterable[str] = ()) -> list[list[str]]:
        """The cells of a table as texts, the header first. Raises Unreadable. ``percent``: see the workbook."""
        if file in self.twice:
            found = f"stands here twice: {file} and {self.labels[file]}"
            raise Unreadable(file, None, "", found, 1, "keep one of the two")
        if file in self.labels:
            name = self.labels[file]
            return parquet_records(file, self.path(name, file), size_of(name))
        return csv_records(file, self.text(file), self.dialect)

    def table(self, path: str) -> list[list[str]]:
        """The cells of a table with data of a case, by its own path. Raises Unreadable."""
        if path.endswith(".parquet"):
            return parquet_records(path, self.path(path, path), size_of(path))
        records, doubtful = plain_decimals(csv_records(path, self.text(path), self.dialect), self.dialect)
        if doubtful:
            raise Unreadable(path, doubtful[0].row, doubtful[0].column, doubtful[0].found, 35, doubtful[0].remedy)
        return records

    def path(self, name: str, file: str) -> Path:
        """The path of a plain file inside the folder, not too large. Raises Unreadable, naming ``file``."""
        self._open(name, file).close()
        return self.root / name

    def _open(self, name: str, file: str) -> io.BufferedReader:
        path = self.root / name
        stream = None
        try:
            if not path.resolve().is_relative_to(self.root.resolve()):
                found, remedy = "leads out of the client's folder", "put the file itself into the folder"
            elif not path.is_file():
                found, remedy = "is not a file", "put a plain file of that name there"
                found = found if os.path.lexists(path) else "not found in the folder"
            elif (size := path.stat().st_size) > size_of(name):
                found = f"has {size / MEGABYTE:.1f} MB"
                remedy = f"at most {size_of(name) // MEGABYTE} MB are read; split or thin out the file"
            else:
                stream = path.open("rb")
                found = remedy = ""
        except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
            reason = getattr(error, "strerror", None) or "the path leads nowhere"
            found, remedy = f"cannot be opened ({reason})", "check the file and its permissions"
        if stream is None:
            raise Unreadable(file, None, "", found, 1, remedy)
        return stream

    def text(self, file: str) -> str:
        """The text of one file inside the folder. Raises Unreadable."""

        def stop(found: str, rule: int, remedy: str, row: int | None = None) -> Unreadable:
            return Unreadable(file, row, "", found, rule, remedy)

        largest = size_of(file)
        try:
            with self._open(file, file) as stream:
                data = stream.read(largest + 1)  # one byte too many is enough to know
        except OSError as error:
            raise stop(f"cannot be read ({error.strerror})", 1, "check the file and its permissions") from None
        if len(data) > largest:
            raise stop(f"has more than {largest // MEGABYTE} MB", 1, "split or thin out the file")
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise stop("is written in UTF-16", 35, SAVE_AS_UTF8)
        if packed := archive(data):
            raise stop(packed[0], 35, packed[1])
        if b"\0" in data:
            row = data[: data.index(b"\0")].count(b"\n") + 1
            raise stop("holds zero bytes: UTF-16 or not a text file", 35, SAVE_AS_UTF8, row)
        try:
            return data.decode("utf-8-sig")  # Excel writes a byte order mark at the start of UTF-8
        except UnicodeDecodeError as error:
            row = data[: error.start].count(b"\n") + 1
            found = f"byte 0x{data[error.start]:02X} is not UTF-8; it looks like Latin-1 (Windows-1252)"
            raise stop(found, 35, SAVE_AS_UTF8, row) from None

    def has(self, path: str) -> bool | None:
        """Whether a document is there; None where that cannot be known."""
        try:
            whole = (self.root / path).resolve()
            return whole.is_relative_to(self.root.resolve()) and whole.is_file()
        except (OSError, RuntimeError, ValueError):
            return False


def size_of(name: str) -> int:
    """Bytes that are read at most of a file of this name."""
    return LARGEST_FILE[Path(name).suffix.lower()]


def archive(data: bytes) -> tuple[str, str] | None:
    """What a file that begins with these bytes is, if it is packed, and what to do; None: it is not packed."""
    if data.startswith(b"\x1f\x8b"):
        return "is compressed (gzip)", "unpack it"
    if data.startswith((b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")):
        return "is a packed archive", "unpack it"
    if data.startswith(b"PAR1"):
        return "is a Parquet file with another ending", "give it the ending .parquet, or save the table as CSV"
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return "is an old Excel file with another ending", "save the table as CSV"
    if data.startswith(b"%PDF"):
        return "is a PDF", "put it into evidence/, and the table in its place as CSV"
    if not data.startswith(b"PK\x03\x04"):
        return None
    if b"opendocument" in data[:200]:
        return "is an OpenDocument table (.ods) with another ending", "save the table as CSV"
    if b"[Content_Types].xml" in data[:4000] or b"xl/" in data[:4000]:
        return "is an Excel workbook with another ending", "save the table as CSV"
    return "is a zip archive with another ending", "unpack it"


# --- CSV


class Doubtful(NamedTuple):
    """A number that the declared dialect does not allow."""

    row: int
    column: str
    found: str
    remedy: str


def plain_decimals(
    records: list[list[str]], dialect: Dialect, wanted: Iterable[str] | None = None
) -> tuple[list[list[str]], list[Doubtful]]:
    """The records with decimals after a point, and the numbers that are not written as declared.

    wanted: columns of numbers; None: those whose every cell is a number, with one sign or the other.
    """
    if dialect.decimal == "." or not records:
        return records, []
    header, rows = [name.strip() for name in records[0]], [list(row) for row in records[1:]]
    doubtful = []
    for place, name in enumerate(header):
        cells = [row[place].strip() for row in rows if len(row) > place]
        numbers = all(PLAIN_NUMBER.fullmatch(cell.replace(",", ".", 1)) for cell in cells if cell)
        if name not in wanted if wanted is not None else not numbers:
            continue
        for line, row in enumerate(rows, start=2):
            cell = row[place].strip() if len(row) > place else ""
            if "." in cell and re.fullmatch(r"[+-]?[\d.]*(,\d*)?", cell, re.ASCII):
                remedy = (
                    "write nothing between thousands: the sign before the decimals is , (csv.decimal in client.yml)"
                )
                doubtful.append(Doubtful(line, name, f"{quoted(cell)} has a point", remedy))
            elif PLAIN_NUMBER.fullmatch(cell.replace(",", ".", 1).removesuffix("%")):
                row[place] = cell.replace(",", ".", 1)
    return [records[0], *rows], doubtful


def csv_records(file: str, text: str, dialect: Dialect) -> list[list[str]]:
    """The records of a CSV text, one a row of a spreadsheet. Raises Unreadable."""
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter, strict=True):
            records.append(record)
    except csv.Error as error:
        sign = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}[dialect.delimiter]
        remedy = f"a text with a {sign} or line break stands in double quotes, a double quote in it is doubled"
        raise Unreadable(file, len(records) + 1, "", f"the row is not CSV ({error})", 35, remedy) from None
    return without_empty_end(records)


def without_empty_end(records: list[list[str]]) -> list[list[str]]:
    """The records up to the last that holds anything."""
    while records and not any(cell.strip() for cell in records[-1]):
        records.pop()
    return records


# --- Parquet


def parquet_records(file: str, path: Path, largest: int) -> list[list[str]]:
    """The cells of a Parquet file as the texts that a CSV file would hold. Raises Unreadable."""
    try:
        from pyarrow import parquet, types
    except ImportError:
        found, remedy = (
            "is a Parquet file, and pyarrow is not installed",
            'pip install "lepton-nb[parquet]", or save it as CSV',
        )
        raise Unreadable(file, None, "", found, 1, remedy) from None
    try:
        with parquet.ParquetFile(path) as stored:
            about = stored.metadata
            cells = about.num_rows * about.num_columns
            inflated = sum(about.row_group(index).total_byte_size for index in range(about.num_row_groups))
            if cells > MOST_CELLS or inflated > 10 * largest:
                found = f"has {cells} cells, {inflated // MEGABYTE} MB unpacked"
                remedy = f"at most {MOST_CELLS} cells and {10 * largest // MEGABYTE} MB are read; thin out the file"
                raise Unreadable(file, None, "", found, 1, remedy)
            data = stored.read(use_threads=False)
        texts = []
        for name, values in zip(data.column_names, data.columns, strict=True):
            kind = values.type.value_type if types.is_dictionary(values.type) else values.type
            if types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind):
                raise Unreadable(file, 1, name, f"column {quoted(name)} holds {kind}", 35, "one plain value a cell")
            texts.append([cell_text(value) for value in values.to_pylist()])
        return without_empty_end([list(data.column_names), *map(list, zip(*texts, strict=True))])
    except Unreadable:
        raise
    except Exception as error:  # damaged files make pyarrow raise almost anything
        found = f"cannot be read as Parquet ({type(error).__name__})"
        raise Unreadable(file, None, "", found, 35, "write the file again, or save the table as CSV") from None


def cell_text(value: Any) -> str:
    """A typed value as a CSV file would hold it.

    >>> [cell_text(value) for value in (None, True, 3.0, 0.1, date(2026, 6, 30), datetime(2026, 6, 30))]
    ['', 'true', '3', '0.1', '2026-06-30', '2026-06-30']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if (
        isinstance(value, datetime)
        and value.tzinfo is None
        and (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
    ):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


# --- YAML


def compose(text: str) -> yaml.Node | None:
    """The tree of a YAML text: one document, no aliases (they can grow without end), not deep. Raises Unreadable."""
    depth = documents = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            line = event.start_mark.line + 1
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise Unreadable(CLIENT_YML, line, "", "an anchor (&) or alias (*)", 2, "write the value out")
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if documents > 1 or depth > DEEPEST_YAML:
                found = "a second document (---)" if documents > 1 else f"more than {DEEPEST_YAML} levels"
                raise Unreadable(CLIENT_YML, line, "", found, 2, "write one document with the keys of the template")
        return yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
        remedy = 'check indentation, colons and quotes near this line; a text with ":" or "#" stands in double quotes'
        row = mark.line + 1 if mark else None
        if row and "\t" in (text.splitlines()[row - 1 : row] or [""])[0].split("#")[0]:
            raise Unreadable(CLIENT_YML, row, "", "a tab in the line", 35, "indent with blanks, not tabs") from None
        raise Unreadable(CLIENT_YML, row, "", f"not YAML ({quoted(what).strip(chr(34))})", 35, remedy) from None


def plain(node: yaml.Node, path: tuple, draft: Any) -> Any:
    """A tree of YAML as dicts, lists and texts; an empty value is left out. Notes the line of every path."""
    draft.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [plain(item, (*path, index), draft) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return node.value
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
        here = (*path, key)
        if key in result:
            problem = draft.in_yml(here, f"key {quoted(key)} stands here twice", 2, "keep one of them")
            draft.problems.append(problem.model_copy(update={"row": key_node.start_mark.line + 1}))
            continue
        draft.lines[here] = key_node.start_mark.line + 1
        empty = isinstance(value_node, yaml.ScalarNode) and not value_node.style  # no quotes
        if not (empty and value_node.value.lower() in ("", "~", "null")):
            result[key] = plain(value_node, here, draft)
    return result
