"""What ran, with what, on what: the ledger of a run and the manifest of a report."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import lepton_nb
from lepton_nb import paths, processor
from lepton_nb.report import contents, forms, publish
from lepton_nb.report.executing import Outcome
from lepton_nb.report.planning import Plan
from lepton_nb.report.store import digest, versions

#: The parts of a report, beside manifest and ledger: what a reader opens.
PARTS = ("site", "results", "notebooks", "results.json", "workbook.xlsx")
#: Those that it has where they are asked for.
ASKED = forms.FILES


def about(plan: Plan, like: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What runs, for whom, on what. like: the same for another client of this run, which need not be asked again."""
    if like is not None:
        return dict(like) | {"client": _client(plan)}
    return {
        "project": "lepton-nb",
        "version": lepton_nb.__version__,
        "git": _git_revision(),
        "client": _client(plan),
        "profile": plan.profile,
        "code": plan.code,
        "edition": plan.edition,
        "processor": processor.name(),
        "cores": os.cpu_count(),
        "versions": versions(),
    }


def _client(plan: Plan) -> dict[str, Any]:
    client, valuer = plan.client.client, plan.client.engagement.valuer
    about = {"name": client.name, "folder_name": plan.client_folder.name, "synthetic": client.synthetic}
    return about | ({"valuer": valuer} if valuer else {})


def manifest(plan: Plan, told: Mapping[str, Any], outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """What was run, with what, on what: the same as the page "This run" shows. told: what :func:`about` gave."""
    return dict(told) | {
        "chapters": lines(plan, outcomes),
        "pages_changed": [],
        "forms": plan.forms.names,
        # Equal keys: the same report, page for page, but for the run's own date and seconds.
        "site_key": digest(
            [
                sorted([o.chapter, o.key, o.executed_at, o.results] for o in outcomes.values()),
                publish.fingerprint(plan.code, plan.edition),
                told["client"],
                plan.profile,
                *([plan.previous.digest] if plan.previous else []),
                plan.brand.key if plan.brand else "",
            ]
        ),
    }


def lines(plan: Plan, outcomes: Mapping[str, Outcome]) -> list[dict[str, Any]]:
    """One true line a chapter, in the order of the plan."""
    found = []
    for task in plan.tasks:
        outcome = outcomes.get(task.name)
        if outcome is None:
            continue
        found.append(
            {
                "chapter": outcome.chapter,
                "title": outcome.title,
                "door": task.door,
                "state": outcome.state,
                "note": outcome.note,
                "seconds": outcome.seconds,
                "peak_memory_gib": outcome.peak_memory_gib,
                "executed_at": outcome.executed_at,
                "key": outcome.key,
                "results": outcome.results,
                "seeds": outcome.seeds,
                "data": outcome.data,
                "inputs": {f"client: {k}": v for k, v in task.client.items()}
                | {f"data: {k}": v for k, v in task.data.items()}
                | {f"record: {k}": outcomes[k].results for k in task.needs if k in outcomes},
                "parameters": {k: v for k, v in task.parameters.items() if not k.endswith("_folder")},
                "settings": dict(task.settings),
                "code": {"notebook": task.code["notebook"]}
                | task.code["package"]
                | _recorded(task.code["recorded"])
                | task.code.get("samples", {}),
                "machine": task.code["machine"],
                "limit_seconds": task.limit_seconds,
                "threads": task.threads,
                "error": outcome.error,
            }
        )
    return found


def _recorded(digests: Mapping[str, str]) -> dict[str, str]:
    return {f"measured/{name if '.' in name else name + '.json'}": digest for name, digest in digests.items()}


def stands(out: Path, made: Mapping[str, Any]) -> bool:
    """Whether the report in ``out`` is already the one that this manifest would give, file for file.

    It may have forms that are not asked for this time: they say the same.
    """
    before = read_manifest(out)
    if not before or before.get("site_key") != made["site_key"] or not before.get("files"):
        return False
    if not set(made["forms"]) <= set(before.get("forms") or ()):
        return False
    try:
        return before["files"] == files(out)
    except OSError:
        return False


def files(report: Path) -> dict[str, str]:
    """Digest of each file of a report, by name: what a deleted or altered page is noticed by."""
    found: dict[str, str] = {}
    for part in (*PARTS, *ASKED):
        path = report / part
        inside: Iterable[Path] = path.rglob("*") if path.is_dir() else [path]
        found |= {file.relative_to(report).as_posix(): contents.file_digest(file) for file in inside if file.is_file()}
    return dict(sorted(found.items()))


def read_manifest(out: Path) -> dict[str, Any] | None:
    """The manifest of the report that stands in ``out``, or None."""
    try:
        found = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _git_revision() -> str | None:
    """The state of the clone, or None: outside of one, without the program git, or where git refuses."""
    root = paths.project()
    if not (root / ".git").exists():
        return None
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None
