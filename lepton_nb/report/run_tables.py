"""The page on a run: parts of ``run.json`` as tables."""

from __future__ import annotations

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from lepton_nb.page.words import THIN, opened


class RunDirective(SphinxDirective):
    """A part of ``run.json`` as a table: client, chapters, data, inputs, parameters or versions.

    Text from the run enters as text nodes, never as markup, so that nothing a client typed can be a tag.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        file = Path(self.env.srcdir, "run.json")
        self.env.note_dependency(str(file))
        run = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        head, rows = _RUN_TABLES[self.arguments[0]](run)
        if not rows:
            none = {"data": "No data set was used: the report rests on the client's files alone."}
            return [nodes.paragraph("", none.get(self.arguments[0], "Nothing is on record."))]
        return [_table(head, rows)]


def _table(head: tuple[str, ...], rows: list[tuple]) -> nodes.Node:
    """A docutils table; numbers stand to the right, hashes in code type, a row without a head is a definition."""
    group = nodes.tgroup(cols=len(rows[0]))
    group += [nodes.colspec(colwidth=1) for _ in rows[0]]

    def word(value) -> nodes.Node:
        text = "–" if value in (None, "") else opened(str(value))
        return nodes.literal(text, text) if isinstance(value, _Code) else nodes.Text(text)

    numeric = [any(isinstance(line[column], float) for line in rows) for column in range(len(rows[0]))]

    def row(values) -> nodes.row:
        line = nodes.row()
        for value, right in zip(values, numeric, strict=True):
            entry = nodes.entry(classes=["num"] if right else [])
            if isinstance(value, float):
                value = f"{value:,.1f}".replace(",", THIN)
            if isinstance(value, list):
                entry += [nodes.paragraph("", "", word(part)) for part in value]
            else:
                entry += nodes.paragraph("", "", word(value))
            line += entry
        return line

    if any(head):
        group += nodes.thead("", row(head))
    group += nodes.tbody("", *map(row, rows))
    box = nodes.container(classes=["lepton-table"] + ([] if any(head) else ["lepton-definitions"]))
    box["support_smartquotes"] = False  # a client's text stays as it was typed
    box += nodes.table("", group)
    return box


class _Code(str):
    """Text to be shown in code type."""


def _short(hash_: str | None) -> _Code | None:
    """A hash by its first twelve characters; a stand-in's name as it is."""
    return _Code(hash_[:12] if re.fullmatch(r"[0-9a-f]{20,}", hash_) else hash_) if hash_ else None


def _client(run: dict):
    client = run.get("client") or {}
    started = str(run.get("started") or "")
    rows = [
        ("Client", client.get("name")),
        ("Data", "made up: a synthetic client" if client.get("synthetic") else "the client's own"),
        ("Profile", run.get("profile")),
        ("Started", started[:16].replace("T", " ") + (" UTC" if started.endswith(("Z", "+00:00")) else "")),
        ("Took", f"{float(run['seconds']):,.1f} s".replace(",", THIN) if run.get("seconds") is not None else None),
        ("Processor", run.get("processor")),
        ("Cores", run.get("cores")),
        ("Package", " ".join(filter(None, (run.get("project"), run.get("version")))) or None),
        ("Source state", _short(run.get("git"))),
        ("Edition", run.get("edition")),
        ("Code in the pages", run.get("code")),
    ]
    return ("", ""), [row for row in rows if row[1] not in (None, "")] if run else []


def _chapters(run: dict):
    rows = [
        (
            chapter.get("title") or chapter.get("chapter"),
            chapter.get("state"),
            float(chapter["seconds"]) if chapter.get("seconds") is not None else None,
            float(chapter["peak_memory_gib"]) if chapter.get("peak_memory_gib") else None,
            str(chapter.get("executed_at") or "")[:16].replace("T", " "),
            _short(chapter.get("key")),
        )
        for chapter in run.get("chapters") or []
    ]
    return ("Chapter", "State", "Seconds", "Memory (GiB)", "Executed", "Key"), rows


def _data(run: dict):
    rows = {
        (
            data.get("spoken") or data.get("name"),
            "stand-in" if data.get("stand_in") else "real",
            data.get("source"),
            _short(data.get("sha256")),
        ): None
        for chapter in run.get("chapters") or []
        for data in chapter.get("data") or []
    }
    return ("Data set", "Kind", "Source", "Checksum"), list(rows)


def _inputs(run: dict):
    rows: dict[tuple, list[str]] = {}
    for chapter in run.get("chapters") or []:
        for part, hash_ in (chapter.get("inputs") or {}).items():
            rows.setdefault((part, str(hash_)), []).append(str(chapter.get("title") or chapter.get("chapter")))
    return ("Input", "Checksum", "Read by"), [(p, _short(h), ", ".join(names)) for (p, h), names in rows.items()]


def _parameters(run: dict):
    rows = []
    for chapter in run.get("chapters") or []:
        values = dict(chapter.get("parameters") or {})
        if chapter.get("seeds") not in (None, [], {}):
            values["seeds in the record"] = chapter["seeds"]
        # empty and zero, of a seed excepted: what the client's files say is taken
        shown = [
            f"{name} = {_value(value)}" for name, value in values.items() if value or value is False or "seed" in name
        ]
        if shown:
            rows.append((chapter.get("title") or chapter.get("chapter"), [_Code(text) for text in shown]))
    return ("Chapter", "Parameters"), rows


def _value(value) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else str(value)


def _versions(run: dict):
    versions = ({"Python": run["python"]} if run.get("python") else {}) | (run.get("versions") or {})
    return ("Package", "Version"), [(name, _Code(value)) for name, value in versions.items() if value]


_RUN_TABLES = {
    "client": _client,
    "chapters": _chapters,
    "data": _data,
    "inputs": _inputs,
    "parameters": _parameters,
    "versions": _versions,
}
