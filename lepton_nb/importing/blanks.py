"""What a person fills in: every value that a valuation needs and a registry does not know, in sentences.

Nothing is proposed in figures. A value that stands here is empty in the folder, and ``lepton-nb check`` refuses the folder
until it is filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lepton_nb.client import fields
from lepton_nb.client.files import CLIENT_YML
from lepton_nb.client.schema import ASSETS, TABLES, Problem
from lepton_nb.importing.folder import evaluation_id

FILE = "FILL_IN.md"
START = """\
# What a person fills in

MLflow knows models, versions, stages and measurements. It knows no money, no tax and no law: what stands below is empty in
this folder. No figure was made up. `lepton-nb check` on this folder lists what is still missing, with file, row and column.
A later `lepton-nb import mlflow --keep <this folder>` keeps all of it and takes the rest from MLflow anew.
"""
MONEY = """\
- **costs.csv**: what was paid for each model and what will be: research, development, operation (compute, licences,
  people), one row a payment, from the ledger and the budget. A model without running costs looks better than it is.
- **benefits.csv**: what each model brings, one row a driver and calendar year: the volume it works on, the share of the
  benefit that is due to it, and the money. Needed, unless the purpose is accounting_only."""
LINK = """\
  {asset_id}: its money can rest on what was measured. Write `{link}` into metric_link, leave unit_value empty, and \
evidence is `measured`."""
OUTCOMES = """\
- **metrics/outcome_value.csv**: what a case of each outcome is worth (tp, fp, fn, tn; losses are negative), for the \
evaluation{s} {names}. Without it counts stay counts."""
OF_CASES = """\
- **outcome_value** in the case of {names} in client.yml: the same money, for rows that are judged here."""


def blank(problem: Problem) -> bool:
    """Whether a finding says that a value is missing, and not that one is wrong."""
    return problem.found.startswith(("is missing", "has no rows", "is empty", "empty"))


def write(folder: Path, taken: Iterable[Any], problems: Iterable[Problem], empty: Mapping[str, list[str]]) -> int:
    """Write FILL_IN.md; the number of values that check asks for.

    problems: of the folder, all of them blanks; empty: columns of assets.csv with the assets that have no value there.
    """
    taken, problems = tuple(taken), tuple(problems)
    settings = [problem for problem in problems if problem.file == CLIENT_YML]
    others = [problem for problem in problems if problem.file not in (CLIENT_YML, ASSETS)]
    lines = [START]
    if settings:
        lines += [f"## {CLIENT_YML}", ""]
        lines += [f"- **{problem.column}** (line {problem.row}): {problem.remedy}" for problem in settings]
    if empty:
        columns = fields.columns(TABLES[ASSETS].type)
        lines += ["", f"## {ASSETS}", ""]
        lines += [
            f"- **{name}** of {', '.join(assets)}: {fields.explained(columns[name])}" for name, assets in empty.items()
        ]
    lines += ["", "## Money", "", MONEY]
    for one in taken:
        if one.case or one.evaluation:
            lines.append(LINK.format(asset_id=one.entry.asset_id, link=link(one)))
    if names := [evaluation_id(one.entry.asset_id) for one in taken if one.evaluation]:
        lines.append(OUTCOMES.format(s="s" * (len(names) > 1), names=", ".join(names)))
    if names := [one.entry.asset_id for one in taken if one.case and not one.evaluation]:
        lines.append(OF_CASES.format(names=", ".join(names)))
    lines += [
        "",
        "## What was taken from MLflow",
        "",
        "| asset | model | | counts | case | model file |",
        "|---|---|---|---|---|---|",
    ]
    for one in taken:
        words = [one.entry.asset_id, one.entry.label.replace("|", "/"), one.entry.why]
        words += [evaluation_id(one.entry.asset_id) if one.evaluation else "", "predictions" if one.case and not one.model else "model" * one.case, one.model]  # fmt: skip
        lines.append(f"| {' | '.join(words)} |")
    if any(one.notes for one in taken):
        lines += ["", "Not taken, or to be known:", ""]
        lines += [f"- {one.entry.asset_id}: {note}." for one in taken for note in one.notes]
    lines += [
        "",
        "All versions with their stages, and the metrics of the newest, stand in `evidence/` for people to read.",
    ]
    (folder / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(settings) + sum(map(len, empty.values())) + len(others)


def link(one: Any) -> str:
    """What a benefit writes into ``metric_link`` to rest on a model's measurement."""
    return f"measured:{one.entry.asset_id}" if one.case else f"confusion:{evaluation_id(one.entry.asset_id)}"
