"""The rows of the tables, typed; a table of many predictions column by column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pydantic import ValidationError

from lepton_nb.client import files, privacy, roots
from lepton_nb.client.cells import LARGEST, LONGEST_LABEL, OR_DECLARE
from lepton_nb.client.drafts import Draft, Row, repeated
from lepton_nb.client.fields import columns, is_number, percent_columns
from lepton_nb.client.files import Unreadable
from lepton_nb.client.roots import word_of
from lepton_nb.client.schema import PREDICTIONS, Predictions, Problem, Table
from lepton_nb.client.sentences import explain
from lepton_nb.client.words import quoted

THOUSAND = 1000  # rows of predictions that are looked at together


def records(file: str, table: Table, draft: Draft) -> list[list[str]]:
    """The cells of a table as texts, decimals after a point whatever the folder's dialect. Raises Unreadable."""
    records = draft.source.records(file, percent_columns(table))
    if records and records[0] and not records[0][-1].strip():
        records = roots.without_empty_columns(records)
    if draft.source.holder == "folder" and file not in draft.source.labels:
        numbers = [name for name, info in columns(table.type).items() if is_number(info)]
        records, doubtful = files.plain_decimals(records, draft.source.dialect, numbers)
        draft.problems.extend(
            Problem(file=file, row=item.row, column=item.column, found=item.found, rule=35, remedy=item.remedy)
            for item in doubtful
        )
    return records


def rows_of(file: str, records: list[list[str]], table: Table, draft: Draft) -> list[Row]:
    """The rows of one table; its problems go to ``draft``. Raises Unreadable."""
    if not records:
        if file == "benefits.csv":
            return []  # whether it may be empty depends on the purpose: rules.benefits_given
        raise Unreadable(file, None, "", "is empty", 35, "write at least the header row")
    header = [name.strip() for name in records[0]]
    _check_separator(file, header, draft)
    roots.of_header(file, records, columns(table.type))
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
            dialect = draft.source.dialect
            sign = files.SEPARATORS[dialect.delimiter].removesuffix("s")
            example = "" if sign == "tab" else f' ("a{dialect.delimiter} b")'
            remedy = f"one cell a column; a text or number with a {sign} in it stands in double quotes{example}"
            draft.problems.append(Problem(file=file, row=line, column="", found=found, rule=35, remedy=remedy))
            rows.append(Row(file, line, cells, None))
            continue
        try:
            value = table.type.model_validate(
                cells if sound else {name: cells[name] for name in cells if name in known}
            )
        except ValidationError as error:
            if roots.is_total(record):
                found, remedy = (
                    "reads like a row of totals",
                    "delete it: every row is one figure, and sums are computed",
                )
                draft.problems.append(Problem(file=file, row=line, column="", found=found, rule=2, remedy=remedy))
                rows.append(Row(file, line, {}, None))
                continue
            for loc, found, rule, remedy in explain(error, table.type):
                if has_commas(file, draft) and str(loc[0]) in known and is_number(known[str(loc[0])]):
                    found, remedy = with_commas(found), with_commas(remedy)
                if loc[0] not in missing:  # reported once, at the header
                    draft.problems.append(
                        Problem(file=file, row=line, column=str(loc[0]), found=found, rule=rule, remedy=remedy)
                    )
        rows.append(Row(file, line, cells, value))
    return rows


def has_commas(file: str, draft: Draft) -> bool:
    """Whether the numbers of a table have their decimals after a comma, as client.yml declares."""
    plain = draft.source.holder == "folder" and file not in draft.source.labels
    return plain and draft.source.dialect.decimal == ","


def with_commas(text: str) -> str:
    """A finding or remedy for a number, with decimals as the client declares them.

    >>> with_commas("use a plain number such as 1200.50: a point for decimals")
    'use a plain number such as 1200,50: a comma for decimals'
    """
    text = re.sub(r"(?<=\d)\.(?=\d)", ",", text.replace(OR_DECLARE, ""))
    return text.replace("a point for decimals", "a comma for decimals")


def _check_header(file: str, header: list[str], table: Table, draft: Draft) -> set[str]:
    """Report what is wrong with a header; returns the required columns that are missing. Raises Unreadable."""
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
        near = word_of(name, [column for column in known if column not in header])
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


def _check_separator(file: str, header: list[str], draft: Draft) -> None:
    """Raises Unreadable where the columns are not separated as declared, or Excel's line ``sep=`` comes first."""
    if not any(header):
        return
    if header[0].lower().startswith("sep=") and len([name for name in header if name]) == 1:
        raise Unreadable(file, 1, "", 'is the line "sep=" that Excel writes, not a header', 35, "delete the first row")
    if other := files.other_separator(header, getattr(draft.source, "dialect", None)):
        raise Unreadable(file, 1, "", other[0], 35, other[1])


def predictions(file: str, asset_id: str, draft: Draft) -> Predictions:
    """The scored cases of one model. Raises Unreadable.

    A file of 100,000 sound rows is read column by column; only where something is amiss does each row
    take the slower way, which says what. Personal data are reported, and not repeated in any sentence.
    """
    before = len(draft.problems)
    table = records(file, PREDICTIONS, draft)
    personal = {problem.column: problem for problem in privacy.findings(file, table)}
    draft.problems.extend(personal.values())
    sound = _sound_columns(table) if not personal else None
    if sound is None:
        for looked_at in (_doubtful(table), table):
            aside = Draft(source=draft.source)
            rows = rows_of(file, looked_at, PREDICTIONS, aside)
            aside.problems.extend(repeated(rows, PREDICTIONS.key))
            if aside.problems:
                break
        draft.problems.extend(problem for problem in aside.problems if problem.column not in personal)
        scored = [row.value for row in rows if row.value is not None]
        if not rows and not aside.problems:
            raise Unreadable(file, None, "", "has no rows", 1, "give the scored cases, or remove the file")
        sound = {name: tuple(getattr(case, name) for case in scored) for name in PREDICTIONS.type.model_fields}
    if len(set(sound["y_true"])) == 1 and not draft.problems[before:]:
        found = f"every case is of class {sound['y_true'][0]}"
        remedy = "give cases of both classes: nothing can be told apart without"
        draft.problems.append(Problem(file=file, row=None, column="y_true", found=found, rule=13, remedy=remedy))
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


def _plain_numbers(texts: Sequence[str]) -> tuple[float, ...] | None:
    """The numbers of a column, by the rules of PLAIN_NUMBER; None if one breaks them. A million in a third of a second."""
    if not set("".join(texts)) <= set("0123456789.eE+-"):  # no nan, no blanks, no underscores
        return None
    try:
        return tuple(map(float, texts))
    except ValueError:
        return None


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
        or not "".join(words).isprintable()
        or max(map(len, words)) > LONGEST_LABEL
        or not all(word == word.strip() for word in words)
        or not set(texts["y_true"]) <= {"0", "1"}
    ):
        return None
    score, given = _plain_numbers(texts["score"]), _plain_numbers([cell for cell in amounts if cell])
    if score is None or given is None:
        return None
    later = iter(given)
    amount = tuple(next(later) if cell else None for cell in amounts)
    if not (min(score) >= 0 and max(score) <= 1 and all(abs(cell) <= LARGEST for cell in given)):
        return None
    return {
        "row_id": texts["row_id"],
        "y_true": tuple(map(int, texts["y_true"])),
        "score": score,
        "group": tuple(cell or None for cell in texts.get("group", ())),
        "amount": amount,
    }
