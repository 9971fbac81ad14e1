"""From the files of a folder, or the sheets of a workbook, to a :class:`Draft`: typed rows, their places, every problem.

A file that cannot be read as a whole raises :class:`Unreadable`, which becomes one problem; everything
else is collected, so that one run shows all there is to correct. How files become texts is in ``files.py`` and
``workbook.py``; what looks at more than one value is in ``rules.py``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError

from lepton_nb.client import cases, files, privacy
from lepton_nb.client.cells import ASSET_ID, LARGEST, PLAIN_NUMBER, Refused, did_you_mean, quoted
from lepton_nb.client.files import CLIENT_YML, Folder, Unreadable
from lepton_nb.client.schema import (
    PREDICTIONS,
    SECTIONS,
    TABLES,
    CaseData,
    Fraction,
    Frozen,
    Growth,
    Predictions,
    Problem,
    Score,
    Table,
)

THOUSAND = 1000  # rows of predictions that are looked at together
#: Types whose values a workbook may show as percent.
PERCENT = (Fraction, Growth, Score)


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
    cases: list[CaseData] = field(default_factory=list)
    source: Any = None  # Folder or Workbook; None where nothing could be opened

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
    """Read every file of the folder, or sheet of the workbook. Raises nothing: what is wrong stands in ``problems``."""
    draft = Draft()
    try:
        source = draft.source = opened(root)
    except Unreadable as stop:
        draft.problems.append(stop.problem)
        return draft
    try:
        if CLIENT_YML not in source.files:
            raise Unreadable(CLIENT_YML, None, "", *_not_found(CLIENT_YML, source))
        _read_settings(source.settings(draft), draft)
        source.dialect = draft.sections.get("csv", source.dialect)
    except Unreadable as stop:
        draft.problems.append(stop.problem)
        draft.unreadable.add(CLIENT_YML)
    for file, table in TABLES.items():
        try:
            if file in source.files:
                draft.tables[file] = _rows(file, _records(file, table, draft), table, draft)
            elif table.required:
                raise Unreadable(file, None, "", *_not_found(file, source))
        except Unreadable as stop:
            draft.problems.append(stop.problem)
            draft.unreadable.add(file)
    for file in source.files:
        if match := re.fullmatch(r"metrics/predictions_(.*)\.csv", file):
            try:
                if not ASSET_ID.fullmatch(match[1]):
                    remedy = "name the file predictions_<asset_id>.csv"
                    raise Unreadable(file, None, "", f"{quoted(match[1])} is not an asset_id", 2, remedy)
                draft.predictions[match[1]] = _read_predictions(file, match[1], draft)
            except Unreadable as stop:
                draft.problems.append(stop.problem)
        elif file not in TABLES and file != CLIENT_YML:
            draft.warnings.extend(_ignored(file, source, draft))
    for index, case in enumerate(draft.sections.get("cases", ())):
        try:
            draft.cases.append(cases.examine(source, case))
        except cases.Unfit as stop:
            draft.problems.append(draft.in_yml(("cases", index, stop.key), stop.found, stop.rule, stop.remedy))
    draft.problems.extend(source.problems)
    return draft


def opened(root: Path) -> Any:
    """The folder or workbook at a path. Raises Unreadable."""
    try:
        if root.is_file():
            from lepton_nb.client.workbook import Workbook  # openpyxl takes a quarter of a second

            return Workbook(root)
        found = "" if root.is_dir() else "is not a folder" if root.exists() else "not found"
    except OSError as error:
        found = f"cannot be opened ({error.strerror})"
    if found:
        remedy = "give the client's folder or workbook; lepton-nb new writes a template"
        raise Unreadable(str(root), None, "", found, 1, remedy)
    return Folder(root)


def percent_columns(table: Table) -> set[str]:
    """The columns of a table that hold fractions."""
    fractions = [kind.__metadata__[-1] for kind in PERCENT]
    return {name for name, info in columns(table.type).items() if any(word in fractions for word in _words_of(info))}


def _words_of(info: Any) -> list[str]:
    """The words that a field's types carry, optional or not."""
    parts = [
        *info.metadata,
        *(word for part in get_args(info.annotation) for word in getattr(part, "__metadata__", ())),
    ]
    return [word for word in parts if isinstance(word, str)]


def _not_found(file: str, source: Any) -> tuple[str, int, str]:
    near = did_you_mean(file, [name for name in source.files if name not in TABLES])
    return f"not found in the {source.holder}", 1, near or "lepton-nb new writes a template of it"


def _ignored(file: str, source: Any, draft: Draft) -> Iterator[Problem]:
    """A warning for a file or sheet that looks like data and is not read."""
    if file in {Path(case.data).stem for case in draft.sections.get("cases", ())}:
        return
    if source.holder == "folder" and not file.lower().endswith((".csv", ".yml", ".yaml", ".xlsx", ".xls")):
        return
    what = "file" if source.holder == "folder" else "sheet"
    near = did_you_mean(file, [*TABLES, CLIENT_YML])
    remedy = near or ("move it into evidence/ if it is a document" if what == "file" else "nothing rests on it")
    yield Problem(
        file=file, row=None, column="", found=f"is not a {what} of the format and is not read", rule=1, remedy=remedy
    )


# --- tables


def columns(type_: type[Frozen]) -> dict[str, Any]:
    """Column names of a row type, with their pydantic fields."""
    return {info.alias or name: info for name, info in type_.model_fields.items()}


def _records(file: str, table: Table, draft: Draft) -> list[list[str]]:
    """The cells of a table as texts, decimals after a point whatever the folder's dialect. Raises Unreadable."""
    records = draft.source.records(file, percent_columns(table))
    if draft.source.holder == "folder" and file not in draft.source.labels:
        numbers = [name for name, info in columns(table.type).items() if is_number(info)]
        records, doubtful = files.plain_decimals(records, draft.source.dialect, numbers)
        draft.problems.extend(
            Problem(file=file, row=item.row, column=item.column, found=item.found, rule=35, remedy=item.remedy)
            for item in doubtful
        )
    return records


def is_number(info: Any) -> bool:
    """Whether a field holds a number."""
    return any(word.startswith(("number", "fraction", "whole number", "year", "0 or 1")) for word in _words_of(info))


def _rows(file: str, records: list[list[str]], table: Table, draft: Draft) -> list[Row]:
    """The rows of one table; its problems go to ``draft``. Raises Unreadable."""
    if not records:
        if file == "benefits.csv":
            return []  # whether it may be empty depends on the purpose: rules.benefits_given
        raise Unreadable(file, None, "", "is empty", 35, "write at least the header row")
    header = [name.strip() for name in records[0]]
    missing = _check_header(file, header, table, draft)
    known = columns(table.type)
    sound = set(header) <= set(known)
    rows = []
    for line, record in enumerate(records[1:], start=2):
        cells = {name: text for name, cell in zip(header, record, strict=False) if (text := cell.strip())}
        if not cells and not any(cell.strip() for cell in record):
            continue  # an empty line, as spreadsheets leave them at the end
        value = None
        if len(record) != len(header):
            found = f"{len(record)} cells, the header has {len(header)}"
            remedy = 'one cell a column; a text or number with a comma in it stands in double quotes ("a, b")'
            draft.problems.append(Problem(file=file, row=line, column="", found=found, rule=35, remedy=remedy))
            rows.append(Row(file, line, cells, None))
            continue
        try:
            value = table.type.model_validate(
                cells if sound else {name: cells[name] for name in cells if name in known}
            )
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


def _read_predictions(file: str, asset_id: str, draft: Draft) -> Predictions:
    """The scored cases of one model. Raises Unreadable.

    A file of 100,000 sound rows is read column by column; only where something is amiss does each row
    take the slower way, which says what. Personal data are reported, and not repeated in any sentence.
    """
    records = _records(file, PREDICTIONS, draft)
    personal = {problem.column: problem for problem in privacy.findings(file, records)}
    draft.problems.extend(personal.values())
    sound = _sound_columns(records) if not personal else None
    if sound is None:
        for looked_at in (_doubtful(records), records):
            aside = Draft(source=draft.source)
            rows = _rows(file, looked_at, PREDICTIONS, aside)
            aside.problems.extend(repeated(rows, PREDICTIONS.key))
            if aside.problems:
                break
        draft.problems.extend(problem for problem in aside.problems if problem.column not in personal)
        scored = [row.value for row in rows if row.value is not None]
        sound = {name: tuple(getattr(case, name) for case in scored) for name in PREDICTIONS.type.model_fields}
    optional = {name: () for name in ("group", "amount") if not any(cell is not None for cell in sound.get(name, ()))}
    return Predictions(asset_id=asset_id, **sound | optional)


def _doubtful(records: list[list[str]]) -> list[list[str]]:
    """The records with those left empty that lie in a sound thousand: what is wrong is found in the others."""
    header, rows = records[:1], records[1:]
    place = header[0].index("row_id") if header and "row_id" in header[0] else 0
    ids = Counter(row[place].strip() for row in rows if len(row) > place)
    kept = list(header)
    for start in range(0, len(rows), THOUSAND):
        part = rows[start : start + THOUSAND]
        sound = _sound_columns([*header, *part]) is not None and all(ids[row[place]] == 1 for row in part)
        kept += [[]] * len(part) if sound else part
    return kept


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


def _check_header(file: str, header: list[str], table: Table, draft: Draft) -> set[str]:
    """Report what is wrong with a header; returns the required columns that are missing. Raises Unreadable."""
    _check_separator(file, header, draft)
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


SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def _check_separator(file: str, header: list[str], draft: Draft) -> None:
    """Raises Unreadable where the columns are not separated as declared, or Excel's line ``sep=`` comes first."""
    if header[0].lower().startswith("sep=") and len([name for name in header if name]) == 1:
        raise Unreadable(file, 1, "", 'is the line "sep=" that Excel writes, not a header', 35, "delete the first row")
    for separator, name in SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            dialect = getattr(draft.source, "dialect", None)
            if dialect and dialect.delimiter != ",":
                said = SEPARATORS[dialect.delimiter]
                remedy = f"client.yml declares {said} (csv.separator): separate by them, or declare {name}"
            else:
                word = "tab" if separator == "\t" else separator
                remedy = (
                    "separate by commas and write decimals with a point, or declare how all CSV files of the folder are "
                    f'written, in client.yml: csv: {{separator: "{word}", decimal: ","}}'
                )
            raise Unreadable(file, 1, "", f"the columns are separated by {name}", 35, remedy)


# --- settings


def _read_settings(data: Mapping[str, Any], draft: Draft) -> None:
    """The sections of client.yml, or of the sheet in its place, into ``draft.sections``."""
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
