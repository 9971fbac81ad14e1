"""From the files of a folder to a :class:`Draft`: typed rows, their places, and every problem on the way.

A file that cannot be read as a whole raises :class:`Unreadable`, which becomes one problem; everything
else is collected, so that one run shows all there is to correct. What looks at more than one value
is in ``rules.py``.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, get_args

import yaml
from pydantic import BaseModel, ValidationError

from lepton_nb.client.cells import ASSET_ID, LARGEST, PLAIN_NUMBER, Refused, did_you_mean, quoted
from lepton_nb.client.schema import NOT_READ, PREDICTIONS, SECTIONS, TABLES, Frozen, Predictions, Problem, Table

CLIENT_YML = "client.yml"
MEGABYTE = 1024 * 1024
LARGEST_FILE = {".csv": 50 * MEGABYTE, ".yml": MEGABYTE}
DEEPEST_YAML = 12  # levels; the format needs 4
SAVE_AS_UTF8 = 'save the file as UTF-8 (in Excel: "CSV UTF-8 (comma delimited)")'

_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # texts only: no tag makes an object, no word becomes a number


class Unreadable(Exception):
    """A file that cannot be read as a whole; ``problem`` says why."""

    def __init__(self, file: str, row: int | None, column: str, found: str, rule: int, remedy: str):
        self.problem = Problem(file=file, row=row, column=column, found=found, rule=rule, remedy=remedy)
        super().__init__(self.problem.sentence)


class Row(NamedTuple):
    """One row of a CSV file: its line in a spreadsheet, its cells as text, and its value; None if a cell is refused."""

    file: str
    line: int
    cells: dict[str, str]
    value: Any

    def problem(self, column: str, found: str, rule: int, remedy: str) -> Problem:
        """A problem of this row."""
        return Problem(file=self.file, row=self.line, column=column, found=found, rule=rule, remedy=remedy)


@dataclass
class Draft:
    """What could be read of a folder. Parts that were refused are missing, and ``problems`` says so."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    sections: dict[str, Any] = field(default_factory=dict)  # the sections of client.yml that are sound
    lines: dict[tuple, int] = field(default_factory=dict)  # path in client.yml → line
    tables: dict[str, list[Row]] = field(default_factory=dict)  # file → rows; no entry for a file that is not there
    unreadable: set[str] = field(default_factory=set)  # files that are there, but could not be read as a whole
    predictions: dict[str, Predictions] = field(default_factory=dict)  # asset_id → columns

    def rows(self, file: str) -> list[Row]:
        """The rows of a file whose every cell is sound."""
        return [row for row in self.tables.get(file, ()) if row.value is not None]

    def names(self, file: str, column: str) -> set[str] | None:
        """The texts of a column, refused rows included; None when the file could not be read."""
        if file in self.unreadable:
            return None
        return {row.cells[column] for row in self.tables.get(file, ()) if row.cells.get(column)}

    def in_yml(self, path: tuple, found: str, rule: int, remedy: str) -> Problem:
        """A problem of client.yml at a path of keys and positions; the nearest known line is given."""
        known = next((path[:size] for size in range(len(path), 0, -1) if path[:size] in self.lines), ())
        column = ".".join(str(part) for part in path if not isinstance(part, int))
        row = self.lines[known] if known else None
        return Problem(file=CLIENT_YML, row=row, column=column, found=found, rule=rule, remedy=remedy)


def read(root: Path) -> Draft:
    """Read every file of the folder. Raises nothing: what is wrong stands in ``problems``."""
    draft = Draft()
    try:
        what = "" if root.is_dir() else "not a folder" if root.exists() else "not found"
    except OSError as error:
        what = f"cannot be opened ({error.strerror})"
    if what:
        remedy = "give the client's folder; lepton-nb new writes a template"
        draft.problems.append(Problem(file=str(root), row=None, column="", found=what, rule=1, remedy=remedy))
        return draft
    present = _names(root, draft)
    try:
        _read_yml(root, present, draft)
    except Unreadable as stop:
        draft.problems.append(stop.problem)
        draft.unreadable.add(CLIENT_YML)
    for file, table in TABLES.items():
        try:
            if file in present:
                draft.tables[file] = _read_table(root, file, table, draft)
            elif table.required:
                raise Unreadable(file, None, "", *_not_found(file, present))
        except Unreadable as stop:
            draft.problems.append(stop.problem)
            draft.unreadable.add(file)
    for file in present:
        if match := re.fullmatch(r"metrics/predictions_(.*)\.csv", file):
            try:
                if not ASSET_ID.fullmatch(match[1]):
                    remedy = "name the file predictions_<asset_id>.csv"
                    raise Unreadable(file, None, "", f"{quoted(match[1])} is not an asset_id", 2, remedy)
                draft.predictions[match[1]] = _read_predictions(root, file, match[1], draft)
            except Unreadable as stop:
                draft.problems.append(stop.problem)
        elif file not in TABLES and file != CLIENT_YML:
            draft.warnings.extend(_ignored(file))
    return draft


def _names(root: Path, draft: Draft) -> list[str]:
    """Names of the entries of the folder and of its metrics folder, as the format writes them."""
    names = []
    for folder, prefix in ((root, ""), (root / "metrics", "metrics/")):
        if prefix and not os.path.lexists(folder):
            continue
        try:
            inside = folder.resolve().is_relative_to(root.resolve())
            found = "" if inside else "leads out of the client's folder"
            names += [prefix + entry.name for entry in os.scandir(folder)] if inside else []
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            found = f"cannot be opened ({getattr(error, 'strerror', None) or error})"
        if found:
            where, remedy = prefix or str(root), "put a folder with the files there, and check its permissions"
            draft.problems.append(Problem(file=where, row=None, column="", found=found, rule=1, remedy=remedy))
    return sorted(names)


def _not_found(file: str, present: list[str]) -> tuple[str, int, str]:
    near = did_you_mean(file, [name for name in present if name not in TABLES])
    return "not found in the folder", 1, near or "lepton-nb new writes a template of it"


def _ignored(file: str) -> Iterator[Problem]:
    """A warning for a file that looks like data and is not read."""
    if file in NOT_READ:
        found, remedy = "is not read by any chapter", "nothing in the report rests on it"
    elif file.lower().endswith((".csv", ".yml", ".yaml", ".xlsx", ".xls", ".parquet")):
        found = "is not a file of the format and is not read"
        remedy = did_you_mean(file, [*TABLES, CLIENT_YML]) or "move it into evidence/ if it is a document"
    else:
        return
    yield Problem(file=file, row=None, column="", found=found, rule=1, remedy=remedy)


# --- bytes and text


def _text(root: Path, file: str) -> str:
    """The text of one file inside the folder. Raises Unreadable."""

    def stop(found: str, rule: int, remedy: str, row: int | None = None) -> Unreadable:
        return Unreadable(file, row, "", found, rule, remedy)

    path = root / file
    largest = LARGEST_FILE[path.suffix]
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            raise stop("leads out of the client's folder", 1, "put the file itself into the folder")
        if not path.is_file():
            raise stop("is not a file", 1, "put a plain file of that name there")
        with path.open("rb") as stream:  # one byte too many is enough to know
            data = stream.read(largest + 1)
            size = max(len(data), path.stat().st_size)
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
        reason = getattr(error, "strerror", None) or "the path leads nowhere"
        raise stop(f"cannot be opened ({reason})", 1, "check the file and its permissions") from None
    if size > largest:
        remedy = f"at most {largest // MEGABYTE} MB are read; split or thin out the file"
        raise stop(f"has {size / MEGABYTE:.1f} MB", 1, remedy)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise stop("is written in UTF-16", 35, SAVE_AS_UTF8)
    if data.startswith(b"PK\x03\x04"):
        raise stop("is an Excel or zip file with another ending", 35, "save the sheet as CSV")
    if b"\0" in data:
        row = data[: data.index(b"\0")].count(b"\n") + 1
        raise stop("holds zero bytes: UTF-16 or not a text file", 35, SAVE_AS_UTF8, row)
    try:
        return data.decode("utf-8-sig")  # Excel writes a byte order mark at the start of UTF-8
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        found = f"byte 0x{data[error.start]:02X} is not UTF-8; it looks like Latin-1 (Windows-1252)"
        raise stop(found, 35, SAVE_AS_UTF8, row) from None


# --- CSV


def columns(type_: type[Frozen]) -> dict[str, Any]:
    """Column names of a row type, with their pydantic fields."""
    return {info.alias or name: info for name, info in type_.model_fields.items()}


def _read_table(root: Path, file: str, table: Table, draft: Draft) -> list[Row]:
    """The rows of one CSV file; its problems go to ``draft``. Raises Unreadable."""
    return _rows(file, _records(file, _text(root, file)), table, draft)


def _rows(file: str, records: list[list[str]], table: Table, draft: Draft) -> list[Row]:
    if not records:
        if file == "benefits.csv":
            return []  # whether it may be empty depends on the purpose: rules.benefits_given
        raise Unreadable(file, None, "", "is empty", 35, "write at least the header row")
    header = [name.strip() for name in records[0]]
    missing = _check_header(file, header, table, draft)
    known = columns(table.type)
    rows = []
    for line, record in enumerate(records[1:], start=2):
        if not any(cell.strip() for cell in record):
            continue  # an empty line, as spreadsheets leave them at the end
        cells = {name: cell.strip() for name, cell in zip(header, record, strict=False) if cell.strip()}
        value = None
        if len(record) != len(header):
            found = f"{len(record)} cells, the header has {len(header)}"
            remedy = 'one cell a column; a text or number with a comma in it stands in double quotes ("a, b")'
            draft.problems.append(Problem(file=file, row=line, column="", found=found, rule=35, remedy=remedy))
            rows.append(Row(file, line, cells, None))
            continue
        try:
            value = table.type.model_validate({name: cell for name, cell in cells.items() if name in known})
        except ValidationError as error:
            for loc, found, rule, remedy in explain(error, table.type):
                if loc[0] not in missing:  # reported once, at the header
                    draft.problems.append(
                        Problem(file=file, row=line, column=str(loc[0]), found=found, rule=rule, remedy=remedy)
                    )
        rows.append(Row(file, line, cells, value))
    return rows


def repeated(rows: Iterable[Row], key: tuple[str, ...]) -> Iterator[Problem]:
    """Rule 16: the key of a row comes once."""
    first: dict[tuple, Row] = {}
    for row in rows:
        name = tuple(row.cells.get(column, "") for column in key)
        if not all(name):
            continue  # an empty cell of a key is reported as such
        if name in first:
            words = ", ".join(f"{column} {quoted(part)}" for column, part in zip(key, name, strict=True))
            found = f"{words} appears twice (rows {first[name].line} and {row.line})"
            yield row.problem(key[0], found, 16, "keep one row, or give it its own id")
        first.setdefault(name, row)


def _read_predictions(root: Path, file: str, asset_id: str, draft: Draft) -> Predictions:
    """The scored cases of one model. Raises Unreadable.

    A file of 100,000 sound rows is read column by column; only where something is amiss does each row
    take the slower way, which says what.
    """
    records = _records(file, _text(root, file))
    sound = _sound_columns(records)
    if sound is None:
        rows = _rows(file, records, PREDICTIONS, draft)
        draft.problems.extend(repeated(rows, PREDICTIONS.key))
        cases = [row.value for row in rows if row.value is not None]
        sound = {name: tuple(getattr(case, name) for case in cases) for name in PREDICTIONS.type.model_fields}
    optional = {name: () for name in ("group", "amount") if not any(cell is not None for cell in sound.get(name, ()))}
    return Predictions(asset_id=asset_id, **sound | optional)


def _sound_columns(records: list[list[str]]) -> dict[str, tuple] | None:
    """The columns of a predictions file as values, by the rules of PredictionRow; None if any cell breaks one."""
    header = records[0] if records else []
    known = columns(PREDICTIONS.type)
    needed = {name for name, info in known.items() if info.is_required()}
    if not needed <= set(header) <= set(known) or len(set(header)) < len(header) or len(records) < 2:
        return None
    if any(len(record) != len(header) for record in records):
        return None
    texts = dict(zip(header, zip(*records[1:], strict=True), strict=True))
    amounts = texts.get("amount", ())
    words = texts["row_id"] + texts.get("group", ())
    if (
        not all(texts["row_id"])
        or len(set(texts["row_id"])) < len(texts["row_id"])
        or not all(word.isprintable() and word == word.strip() for word in words)
        or not set(texts["y_true"]) <= {"0", "1"}
        or not all(map(PLAIN_NUMBER.fullmatch, texts["score"]))
        or not all(PLAIN_NUMBER.fullmatch(cell) for cell in amounts if cell)
    ):
        return None
    score = tuple(map(float, texts["score"]))
    amount = tuple(float(cell) if cell else None for cell in amounts)
    if not (min(score) >= 0 and max(score) <= 1 and all(abs(cell) <= LARGEST for cell in amount if cell is not None)):
        return None
    return {
        "row_id": texts["row_id"],
        "y_true": tuple(map(int, texts["y_true"])),
        "score": score,
        "group": tuple(cell or None for cell in texts.get("group", ())),
        "amount": amount,
    }


def _records(file: str, text: str) -> list[list[str]]:
    """The records of a CSV text, one a row of a spreadsheet. Raises Unreadable."""
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), strict=True):
            records.append(record)
    except csv.Error as error:
        remedy = "a text with a comma or line break stands in double quotes, a double quote in it is doubled"
        raise Unreadable(file, len(records) + 1, "", f"the row is not CSV ({error})", 35, remedy) from None
    while records and not any(cell.strip() for cell in records[-1]):
        records.pop()
    return records


def _check_header(file: str, header: list[str], table: Table, draft: Draft) -> set[str]:
    """Report what is wrong with a header; returns the required columns that are missing. Raises Unreadable."""
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(header) == 1 and separator in header[0]:
            remedy = 'separate by commas, and write decimals with a point (in Excel: "CSV UTF-8 (comma delimited)")'
            raise Unreadable(file, 1, "", f"the columns are separated by {name}", 35, remedy)
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        found = f"column {', '.join(quoted(name) for name in twice)} stands in the header twice"
        raise Unreadable(file, 1, twice[0], found, 2, "keep one of them")
    known = columns(table.type)
    missing = [name for name, info in known.items() if info.is_required() and name not in header]
    for position, name in enumerate(header, start=1):
        if name in known:
            continue
        found = f"unknown column {quoted(name)}" if name else f"column {position} has no name"
        near = did_you_mean(name, [column for column in known if column not in header])
        draft.problems.append(
            Problem(
                file=file, row=1, column=name, found=found, rule=2, remedy=near or f"the columns are {', '.join(known)}"
            )
        )
        missing = [column for column in missing if f'"{column}"' not in near]
    for name in missing:
        remedy = f"add it: {known[name].description}"
        draft.problems.append(
            Problem(file=file, row=1, column=name, found=f"column {quoted(name)} is missing", rule=2, remedy=remedy)
        )
    return {name for name, info in known.items() if info.is_required() and name not in header}


# --- client.yml


def _read_yml(root: Path, present: list[str], draft: Draft) -> None:
    """Read client.yml into ``draft.sections``. Raises Unreadable."""
    if CLIENT_YML not in present:
        raise Unreadable(CLIENT_YML, None, "", *_not_found(CLIENT_YML, present))
    node = compose(_text(root, CLIENT_YML))
    if not isinstance(node, yaml.MappingNode):
        what = "is empty" if node is None else f"holds {'a list' if isinstance(node, yaml.SequenceNode) else 'a text'}"
        raise Unreadable(CLIENT_YML, None, "", what, 2, f"write keys with values: {', '.join(SECTIONS)}")
    data = plain(node, (), draft)
    known = ["schema_version", *SECTIONS]
    needed = {"schema_version"} | {name for name, section in SECTIONS.items() if section.required}
    for name in data:
        if name not in known:
            near = did_you_mean(name, [key for key in known if key not in data])
            remedy = near or f"the keys are {', '.join(known)}"
            draft.problems.append(draft.in_yml((name,), f"unknown key {quoted(name)}", 2, remedy))
            needed -= {key for key in needed if f'"{key}"' in near}
    for name in known:
        if name in needed and name not in data:
            draft.problems.append(draft.in_yml((name,), "is missing", 2, "add it; lepton-nb new writes a template"))
    if data.get("schema_version", "1") != "1":
        found = quoted(data["schema_version"])
        draft.problems.append(draft.in_yml(("schema_version",), found, 2, "this program reads version 1"))
    for name, section in SECTIONS.items():
        if name not in data:
            continue
        value = data[name]
        if section.many:
            if not isinstance(value, list) or (section.required and not value):
                remedy = "write a list, one item a line, each beginning with -"
                draft.problems.append(draft.in_yml((name,), quoted(value), 2, remedy))
                continue
            items = [_section(section.type, item, (name, index), draft) for index, item in enumerate(value)]
            if None not in items:
                draft.sections[name] = tuple(items)
        elif (made := _section(section.type, value, (name,), draft)) is not None:
            draft.sections[name] = made


def _section(type_: type[Frozen], value: Any, path: tuple, draft: Draft) -> Frozen | None:
    try:
        return type_.model_validate(value)
    except ValidationError as error:
        for loc, found, rule, remedy in explain(error, type_):
            draft.problems.append(draft.in_yml(path + loc, found, rule, remedy))
    return None


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
        raise Unreadable(CLIENT_YML, row, "", f"not YAML ({quoted(what).strip(chr(34))})", 35, remedy) from None


def plain(node: yaml.Node, path: tuple, draft: Draft) -> Any:
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


# --- pydantic's errors as sentences


def explain(error: ValidationError, type_: type[Frozen]) -> Iterator[tuple[tuple, str, int, str]]:
    """Place, finding, rule and remedy for each error of one value of ``type_``."""
    errors = error.errors(include_url=False)
    near = {
        item["loc"]: did_you_mean(str(item["loc"][-1]), _keys(type_, item["loc"][:-1]))
        for item in errors
        if item["type"] == "extra_forbidden"
    }
    for item in errors:
        loc, kind, context = item["loc"], item["type"], item.get("ctx", {})
        refused = context.get("error")
        if isinstance(refused, Refused):
            yield loc, refused.found, refused.rule, refused.remedy
        elif kind == "missing":
            if any(loc[:-1] == other[:-1] and f'"{loc[-1]}"' in hint for other, hint in near.items()):
                continue  # the misspelt key says it
            yield loc, "is missing", 2, f"a value is needed: {_description(type_, loc)}"
        elif kind == "extra_forbidden":
            remedy = near[loc] or f"the keys are {', '.join(_keys(type_, loc[:-1]))}"
            yield loc, f"unknown key {quoted(loc[-1])}", 2, remedy
        elif kind == "literal_error":
            allowed = re.findall(r"'([^']*)'", context["expected"])
            remedy = f"{did_you_mean(str(item['input']), allowed)} allowed: {', '.join(allowed)}".strip()
            yield loc, quoted(item["input"]), 2, remedy
        else:
            needed = {"string_type": "a text", "tuple_type": "a list"}.get(kind, "a mapping of keys to values")
            yield loc, quoted(item["input"]), 2, f"{needed} is needed here"


def inner(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation: the type itself, or the items of a tuple."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := inner(part))), None)


def _model(type_: type[BaseModel], loc: tuple) -> type[BaseModel]:
    for part in loc:
        if isinstance(part, str) and part in type_.model_fields:
            type_ = inner(type_.model_fields[part].annotation) or type_
    return type_


def _keys(type_: type[BaseModel], loc: tuple) -> list[str]:
    return list(columns(_model(type_, loc)))


def _description(type_: type[BaseModel], loc: tuple) -> str:
    return columns(_model(type_, loc[:-1]))[loc[-1]].description
