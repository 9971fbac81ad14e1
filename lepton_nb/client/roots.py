"""Root causes: one finding where a folder or table would otherwise break many rules at once."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lepton_nb.client.files import CLIENT_YML, Unreadable
from lepton_nb.client.schema import TABLES, Problem
from lepton_nb.client.words import did_you_mean, plain_letters, quoted, strange_letter

REQUIRED = (CLIENT_YML, *(file for file, table in TABLES.items() if table.required))
TITLE_ROWS = 12  # above the header, that are looked at
#: Endings that people send in place of a table, and what to do.
OTHER_ENDINGS = {
    ".gz": "unpack it",
    ".zip": "unpack it",
    ".7z": "unpack it",
    ".ods": "save it as CSV, or the whole client as one Excel workbook (.xlsx)",
    ".xlsx": "save the sheet as CSV, or the whole client as one Excel workbook",
    ".xls": "save the sheet as CSV, or the whole client as one Excel workbook (.xlsx)",
    ".txt": "give it the ending .csv",
    ".tsv": "save it with commas as .csv",
    ".numbers": "export it as CSV",
    ".json": "save it as CSV",
}
TOTALS = ("total", "totals", "subtotal", "sum", "summe", "gesamt", "totale", "somma", "suma", "summa", "合计", "总计")


def of_folder(source: Any) -> None:
    """Look at a client's folder or workbook as a whole. Raises Unreadable where one cause explains what is missing."""
    place = str(source.root)
    if "\udc80" <= max(place) <= "\udcff" and any("\udc80" <= sign <= "\udcff" for sign in place):
        found = f"the name {quoted(place)} holds bytes that are not UTF-8, as unpacking an old archive leaves them"
        raise Unreadable(source.root.name or place, None, "", found, 1, "rename it with letters that can be typed")
    if source.holder != "folder" or any(file in source.files for file in REQUIRED):
        return
    inner = sorted(folder.name for folder in _folders(source.root) if (folder / CLIENT_YML).is_file())
    book = sorted(name for name in source.files if name.lower().endswith((".xlsx", ".zip", ".ods")))
    if inner:
        found, remedy = "the client's files lie one folder further down", f"give the folder {quoted(inner[0])} in it"
        if len(inner) > 1:
            found, remedy = (
                f"holds {len(inner)} clients",
                f"give one of the folders {', '.join(map(quoted, inner[:5]))}",
            )
    elif book:
        found, remedy = "holds none of a client's files", f"is it {quoted(book[0])}? {as_client(book[0])}"
    elif any(_plain(name) in REQUIRED or _stem(name) in map(_stem, REQUIRED) for name in source.files):
        return  # each is told what it is
    else:
        found = f"holds none of a client's files ({', '.join(REQUIRED)})"
        remedy = "give the client's folder or workbook; lepton-nb new writes a template"
    raise Unreadable(place, None, "", found, 1, remedy)


def misnamed_metrics(source: Any) -> Problem | None:
    """The folder ``metrics`` under a name that only looks like it; None: there is none."""
    if source.holder != "folder" or (source.root / "metrics").is_dir():
        return None
    for folder in _folders(source.root):
        if _plain(folder.name) in ("metrics", "metric"):
            found, remedy = "is not the name of the folder with measurements", "rename it metrics"
            return Problem(file=f"{folder.name}/", row=None, column="", found=found, rule=1, remedy=remedy)
    return None


def _folders(root: Path) -> Iterator[Path]:
    try:
        with os.scandir(root) as entries:
            yield from [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return


def _plain(name: str) -> str:
    return plain_letters(name).lower()


def _stem(name: str) -> str:
    return _plain(name).split(".")[0]


def as_client(name: str) -> str:
    """What to do with a file that holds a whole client."""
    return "Give that file" if name.lower().endswith(".xlsx") else f"Then {OTHER_ENDINGS[Path(name).suffix.lower()]}"


def missing_file(file: str, source: Any) -> tuple[str, int, str]:
    """Finding, rule and remedy for a file that is not there, by what is there in its place."""
    other = in_place_of(file, source)
    if other is None:
        near = did_you_mean(file, [name for name in source.files if name not in TABLES])
        if source.holder == "workbook" and (sheet := _like(file, source)):
            near = f"{sheet} has its columns: name it {quoted(Path(file).stem)}"
        return f"not found in the {source.holder}", 1, near or "lepton-nb new writes a template of it"
    ending = "".join(Path(other).suffixes[-1:]).lower()
    if _plain(other) == file or ending in (".yaml", ".yml"):
        return f"not found in the folder; {quoted(other)} is there", 1, f"rename it {file}"
    return f"not found in the folder; {quoted(other)} is there", 1, OTHER_ENDINGS.get(ending, f"save it as {file}")


def in_place_of(file: str, source: Any) -> str | None:
    """The name of a file that stands for ``file`` under another ending or spelling; None: there is none."""
    if source.holder != "folder" or file in source.files:
        return None
    stem = _plain(file).rsplit(".", 1)[0]
    for name in source.files:
        plain = _plain(name)
        if name not in (*TABLES, CLIENT_YML) and (plain == file or plain.split(".")[0] == stem):
            ending = Path(plain).suffix
            if plain == file or ending in OTHER_ENDINGS or (file == CLIENT_YML and ending in (".yaml", ".yml")):
                return name
    return None


def _like(file: str, source: Any) -> str | None:
    """The sheet that is not known and has most of the columns of ``file``; None where there is none."""
    if file not in TABLES:
        return None
    wanted = {info.alias or name for name, info in TABLES[file].type.model_fields.items()}
    for name in source.files:
        if name in TABLES or name == CLIENT_YML or name.startswith("metrics/"):
            continue
        try:
            header = {cell.strip() for cell in source.records(name, None)[0]}
        except (Unreadable, IndexError):
            continue
        if len(header & wanted) >= max(3, len(header) // 2):
            return name
    return None


def of_archive(path: Path) -> tuple[str, str] | None:
    """What a zip file that is no Excel workbook holds, and what to do; None: nothing that is known."""
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()[:5000]
    except (OSError, zipfile.BadZipFile, ValueError, RuntimeError):
        return None
    if "content.xml" in names and "mimetype" in names:
        return "is an OpenDocument file (.ods)", 'save it as "Excel Workbook (.xlsx)"'
    if any(name.rsplit("/", 1)[-1] == CLIENT_YML for name in names):
        return "is a client's folder, packed", "unpack it, and give the folder"
    return None


def of_header(file: str, records: list[list[str]], known: Iterable[str]) -> None:
    """Raises Unreadable where the header stands further down, or is in other words altogether."""
    known = set(known)
    header = [cell.strip() for cell in records[0]]
    if any(header) and len(known & set(header)) > len(known) // 5:
        return
    for line, record in enumerate(records[1 : TITLE_ROWS + 1], start=2):
        if len({cell.strip() for cell in record} & known) >= max(2, min(len(known), len(record)) // 2):
            rows = "row 1" if line == 2 else f"rows 1 to {line - 1}"
            found = f"the header stands in row {line}, below {'a title' if line > 2 or any(header) else 'an empty row'}"
            raise Unreadable(file, 1, "", found, 2, f"delete {rows}: the header comes first")
    near = sum(bool(did_you_mean(cell, known)) for cell in header)
    if len(header) > 1 and not known & set(header) and near <= len(header) // 3:
        found = f"no column of this table is known ({', '.join(quoted(cell) for cell in header[:4])}, …)"
        raise Unreadable(file, 1, "", found, 2, f"write the columns in these words: {','.join(sorted(known))}")


def without_empty_columns(records: list[list[str]]) -> list[list[str]]:
    """The records without columns at their end that hold nothing at all, as spreadsheets leave them."""
    width = max((place + 1 for row in records for place, cell in enumerate(row) if cell.strip()), default=0)
    return [row[:width] if len(row) > width else row for row in records]


def is_total(record: Iterable[str]) -> bool:
    """Whether a row reads like a row of totals."""
    first = next((cell.strip().lower().rstrip(":") for cell in record if cell.strip()), "")
    return first in TOTALS or first.split(" ")[0] in TOTALS


def word_of(name: str, known: Iterable[str]) -> str:
    """A remedy for a word that is not known: the letter that is not what it seems, or the nearest word."""
    known = list(known)
    plain = plain_letters(name)
    if plain != name and plain in known:
        return strange_letter(name)
    lower = plain.lower().replace(" ", "_").replace("-", "_")
    return f'did you mean "{lower}"?' if lower in known else did_you_mean(plain, known)
