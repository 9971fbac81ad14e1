"""From the files of a folder, or the sheets of a workbook, to a :class:`Draft`: typed rows, their places, every problem.

A file that cannot be read as a whole raises :class:`Unreadable`, which becomes one problem; everything
else is collected, so that one run shows all there is to correct. How files become texts is in ``files.py`` and
``workbook.py``; what looks at more than one value is in ``rules``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lepton_nb.client import cases, roots, tables
from lepton_nb.client.cells import ASSET_ID, OR_DECLARE
from lepton_nb.client.drafts import Draft, leaves
from lepton_nb.client.files import CLIENT_YML, Unreadable
from lepton_nb.client.roots import word_of
from lepton_nb.client.schema import SECTIONS, TABLES, Dialect, Frozen, Problem
from lepton_nb.client.sentences import explain
from lepton_nb.client.sources import opened
from lepton_nb.client.words import quoted


def read(root: Path) -> Draft:
    """Read every file of the folder, or sheet of the workbook. Raises nothing: what is wrong stands in ``problems``."""
    draft = Draft()
    try:
        source = draft.source = opened(root)
        roots.of_folder(source)
    except Unreadable as stop:
        draft.problems.append(stop.problem)
        return draft
    try:
        if CLIENT_YML not in source.files:
            raise Unreadable(CLIENT_YML, None, "", *roots.missing_file(CLIENT_YML, source))
        draft.settings = source.settings(draft)
        _read_settings(draft.settings, draft)
        source.dialect = draft.sections.get("csv", source.dialect)
    except Unreadable as stop:
        draft.problems.append(stop.problem)
        draft.unreadable.add(CLIENT_YML)
        source.dialect = _declared(source)
    if misnamed := roots.misnamed_metrics(source):
        draft.problems.append(misnamed)
        draft.unreadable |= {file for file in TABLES if file.startswith("metrics/")}
    for file, table in TABLES.items():
        try:
            if file in source.files:
                draft.tables[file] = tables.rows_of(file, tables.records(file, table, draft), table, draft)
            elif table.required or roots.in_place_of(file, source):
                raise Unreadable(file, None, "", *roots.missing_file(file, source))
        except Unreadable as stop:
            draft.problems.append(stop.problem)
            draft.unreadable.add(file)
    for file in source.files:
        if match := re.fullmatch(r"metrics/predictions_(.*)\.csv", file):
            try:
                if not ASSET_ID.fullmatch(match[1]):
                    remedy = "name the file predictions_<asset_id>.csv"
                    raise Unreadable(file, None, "", f"{quoted(match[1])} is not an asset_id", 2, remedy)
                draft.predictions[match[1]] = tables.predictions(file, match[1], draft)
            except Unreadable as stop:
                draft.problems.append(stop.problem)
        elif file not in TABLES and file != CLIENT_YML:
            draft.warnings.extend(_ignored(file, source, draft))
    for index, case in enumerate(draft.sections.get("cases", ())):
        try:
            draft.cases.append(cases.examine(source, case))
        except cases.Unfit as stop:
            draft.problems.append(
                draft.in_yml(("cases", index, *stop.key.split(".")), stop.found, stop.rule, stop.remedy)
            )
    draft.problems.extend(source.problems)
    return draft


def _declared(source: Any) -> Dialect:
    """How the CSV files are written, by the words of a client.yml that cannot be read as a whole: no second problem."""
    try:
        text = source.text(CLIENT_YML) if source.holder == "folder" else ""
    except Unreadable:
        text = ""
    found = {}
    for key, signs in (("separator", r",|;|tab|\|"), ("decimal", r"[.,]")):
        if match := re.search(rf"""^[^#\n]*\b{key}:\s*["']?({signs})(?=["'\s}}]|$)""", text, re.M):
            found[key] = match[1]
    return Dialect(**found)


def _ignored(file: str, source: Any, draft: Draft) -> Iterator[Problem]:
    """A warning for a file or sheet that looks like data and is not read."""
    if file in {roots.in_place_of(name, source) for name in (CLIENT_YML, *TABLES)}:
        return  # said where that file is missing, or below
    if (file if source.holder == "workbook" else source.labels.get(file, file)) in _of_cases(source, draft):
        return
    if source.holder == "folder" and not file.lower().endswith((".csv", ".yml", ".yaml", ".xlsx", ".xls")):
        return
    what = "file" if source.holder == "folder" else "sheet"
    near = word_of(file, [*TABLES, CLIENT_YML])
    remedy = near or ("move it into evidence/ if it is a document" if what == "file" else "nothing rests on it")
    yield Problem(
        file=file, row=None, column="", found=f"is not a {what} of the format and is not read", rule=1, remedy=remedy
    )


def _of_cases(source: Any, draft: Draft) -> set[str]:
    """The files, or sheets, that cases name: of cases that are refused, every text that they hold."""
    if "cases" in draft.sections:
        named = {name for case in draft.sections["cases"] for name in (case.data, case.clips, case.predictions) if name}
    else:
        named = {text for _, text in leaves(draft.settings.get("cases"), ())}
    return {Path(name).stem for name in named} if source.holder == "workbook" else named


def _read_settings(data: Mapping[str, Any], draft: Draft) -> None:
    """The sections of client.yml, or of the sheet in its place, into ``draft.sections``."""
    known = ["schema_version", *SECTIONS]
    needed = {"schema_version"} | {name for name, section in SECTIONS.items() if section.required}
    for name in data:
        if name not in known:
            near = word_of(name, [key for key in known if key not in data])
            remedy = near or f"the keys are {', '.join(known)}"
            draft.problems.append(draft.in_yml((name,), f"unknown key {quoted(name)}", 2, remedy))
            needed -= {key for key in needed if f'"{key}"' in near}
    for name in known:
        if name in needed and name not in data:
            found, remedy = "is missing", "add it; lepton-nb new writes a template"
            rows = sorted({line for path, line in draft.lines.items() if len(path) > 1 and path[0] == name})
            if rows and draft.source.holder == "workbook":
                found = f"has rows and no values: the value cells of rows {', '.join(map(str, rows))} are empty"
                remedy = "write its values beside its keys"
            draft.problems.append(draft.in_yml((name,), found, 2, remedy))
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
            draft.problems.append(draft.in_yml(path + loc, found, rule, remedy.replace(OR_DECLARE, "")))
    return None
