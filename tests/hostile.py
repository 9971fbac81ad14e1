"""A client whose every free text tries to be more than text, made from the schema: a new field is hostile from its first day.

Each text also holds a mark of its own, so that it can be told where it went.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from lepton_nb.client import fields
from lepton_nb.client.schema import SECTIONS, TABLES

ROOT = Path(__file__).resolve().parent.parent
#: A host that nobody answers for (RFC 5737): what is asked of it was asked by a text.
ELSEWHERE = "192.0.2.1"
#: Short ones, for names: a formula of Excel, a script, a handler, Markdown, MyST, Jinja, signs that turn the direction,
#: a word that no column is wide enough for.
NAMES = (
    "@'\"><b onmouseover=ran()>\u202eturned\u2066 {{ 7*7 }}",
    '=HYPERLINK("http://192.0.2.1/")<script>ran()</script>',
    "+<img src=x onerror=ran()>$$\\frac{1}{2}$$",
    "-[a](javascript:ran()) {cite:p}`x` <svg onload=ran()>",
    "# ```mermaid | {% raw %} ${x} <!-- \\",
    "W" * 60,
)
#: Long ones, of several lines.
TEXTS = (
    "=1+1\n\n```{raw} html\n<script>ran()</script>\n```\n\n```mermaid\nflowchart LR\n  A --> B\n```\n",
    "+cmd|' /C calc'!A0 <iframe src=\"http://192.0.2.1/\"></iframe> ![x](http://192.0.2.1/x.png)\n\n$$\nx^2\n$$\n",
    "-2+3 </td></table></article></body><script>ran()</script> {{ 7*7 }} {% include '/etc/passwd' %}\n:::{include} /etc/passwd\n:::\n",
    '@SUM(A1) <svg><a href="javascript:ran()"><text>x</text></a></svg> \u202eturned \u2066 [x]: http://192.0.2.1/ "x"\n# Heading\n',
    "L" * 10_000,
)
#: Texts that name something else of the folder, or are words of a list: hostile ones would be refused.
NOT_FREE = {
    "monte_carlo.correlations.a": "the name of an input",
    "monte_carlo.correlations.b": "the name of an input",
    "cases.target": "the name of a column; so are the next ones",
    "cases.positive": "a value of that column",
    "cases.baseline_column": "",
    "cases.amount_column": "",
    "cases.block_column": "",
    "cases.group_column": "",
    "cases.split.by": "",
    "cases.score_column": "",
    "cases.leave_out_columns": "",
    "cases.user_column": "",
    "cases.item_column": "",
    "cases.time_column": "",
    "cases.text_column": "",
    "cases.series_column": "",
    "cases.known_columns": "",
}
#: A sample without a trial gets one, so that its texts are hostile too.
TRIAL = """trial_id,asset_id,policy,baseline,evaluated_on,sample,n,unit,effect,gain,standard_error
shelf,M2,model,as it was,2026-03-31,stores drawn by lot,400,week,a sale more,3.1,1.2
"""
#: Texts by which rows of several files find each other.
SHARED = {"evaluation_id": "evaluation"}


class Client:
    """The sample with every free text replaced. marks: field → its mark."""

    def __init__(self, folder: Path, like: str = "retailer"):
        self.folder = folder
        self.marks: dict[str, str] = {}
        self.made: dict[tuple[str, str], str] = {}
        shutil.copytree(ROOT / "clients" / like, folder)
        settings = yaml.safe_load((folder / "client.yml").read_text("utf-8"))
        # These two ask for a reason, which is a text.
        settings["valuation"] |= {"beyond_useful_life": "keep", "loss_years": "run"}
        settings["cases"] = [
            {"asset_id": "M2", "case": "risk_classifier", "data": "public:telco_churn", "target": "Churn",
             "positive_share": 0.2, "positive_share_low": 0.15, "positive_share_high": 0.3}
        ]  # fmt: skip
        settings["discount"].setdefault("sources", {})
        if not (trials := folder / "metrics" / "trials.csv").is_file():
            trials.write_text(TRIAL, "utf-8")
        for name, section in SECTIONS.items():
            if name in settings:
                settings[name] = self._section(name, section.type, settings[name])
        for name, table in TABLES.items():
            if (folder / name).is_file():
                self._table(name, table)
        for pair in settings["monte_carlo"]["correlations"]:
            for end in ("a", "b"):
                old, dot, rest = pair[end].partition(".")
                pair[end] = self.made.get(("evaluation", old), old) + dot + rest
        (folder / "client.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")

    def _mark(self, field: str) -> str:
        return self.marks.setdefault(field, f"CANARY{len(self.marks):03d}Q")

    def hostile(self, field: str, old: str, name: bool) -> str:
        """The text in place of an old one: the same for the same, so that rows still find each other."""
        key = (SHARED.get(field.rpartition(".")[2], field), old)
        if key not in self.made:
            mark, nth = self._mark(key[0]), sum(one == key[0] for one, _ in self.made)
            place = nth + list(self.marks).index(key[0])
            # The longest word once a field at most: a hundred of them would say no more and fill a hundred pages.
            choice = NAMES if name else TEXTS if nth < len(TEXTS) else TEXTS[:-1]
            text = choice[place % len(choice)]
            self.made[key] = f"{text} {mark} {old[:36] if name else old}".strip()
        return self.made[key]

    def _section(self, where: str, type_: Any, given: Any) -> Any:
        if isinstance(given, list):
            return [self._section(where, type_, one) for one in given]
        made = dict(given)
        for key, info in fields.columns(type_).items():
            field = f"{where}.{key}"
            below = fields.inner(info.annotation)
            if below and key in made:
                made[key] = self._section(field, below, made[key])
            elif (kind := kind_of(info)) and field not in NOT_FREE:
                made[key] = self._value(field, made.get(key), kind)
        return made

    def _value(self, field: str, old: Any, kind: str) -> Any:
        if kind == "list of texts":
            return [self.hostile(field, f"{one} {text[:1]}", False) for one in old or ["x"] for text in TEXTS]
        return self.hostile(field, str(old or ""), kind != "text")

    def _table(self, name: str, table: Any) -> None:
        path = self.folder / name
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        free = {key: kind for key, info in fields.columns(table.type).items() if (kind := kind_of(info))}
        for row in rows:
            for key, kind in free.items():
                old, field = row.get(key) or "", f"{name}.{key}"
                # "same …" refers to the row above.
                if field not in NOT_FREE and not old.startswith("same"):
                    row[key] = self._cell(field, old, kind)
            if row.get("metric_link", "").startswith("confusion:"):
                row["metric_link"] = "confusion:" + self.hostile("x.evaluation_id", row["metric_link"][10:], True)
        columns = list(dict.fromkeys(key for row in rows for key in row))
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(rows)

    def _cell(self, field: str, old: str, kind: str) -> str:
        if kind == "names, separated by ;":
            return ";".join(self.hostile(field, one, True) for one in old.split(";")) if old else ""
        return self.hostile(field, old, kind != "text")


def kind_of(info: Any) -> str:
    """The words of a field's type where it is a free text, a list of such or names; else nothing."""
    told = (word for word in fields._words_of(info) if word.startswith(("text", "list of texts", "names")))
    return next(told, "")


def free_texts() -> Iterator[str]:
    """Every free text field of the schema."""

    def walk(where: str, type_: Any) -> Iterator[str]:
        for key, info in fields.columns(type_).items():
            if below := fields.inner(info.annotation):
                yield from walk(f"{where}.{key}", below)
            elif kind_of(info):
                yield f"{where}.{key}"

    sections: Mapping[str, Any] = {**SECTIONS, **TABLES}
    for name, section in sections.items():
        yield from walk(name, section.type)
