"""Where a report may go: never over a client's files, somebody's folder or the report of another client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lepton_nb import paths
from lepton_nb.report.store import digest
from lepton_nb.report.writing import write_text

#: Beside a finished report: what a run of a few chapters gives, so that the report stays as its manifest says.
APART = "only"
#: Files by which a report's folder is known, also one whose first run did not finish.
_MARKS = ("manifest.json", "ledger.json", "running.json")
#: What a folder without any file of a person may hold: locks and staging of a stopped run, files of the system.
_NOBODYS = (".lock", ".aside", ".DS_Store", ".gitkeep", ".gitignore")
_STAGING = (".new-", ".gone-", ".site-")


class NoPlace(ValueError):
    """A folder that a report must not go into: one sentence."""


def stands(out: Path) -> bool:
    """Whether a finished report stands in a folder."""
    return _read(out / "manifest.json") is not None


def place(out: Path, whole: bool) -> Path:
    """Where a run writes: a few chapters beside a finished report go into a folder of their own."""
    return out / APART if not whole and stands(out) else out


def check(plan: Any) -> None:
    """Raise NoPlace where the report of this plan must not go. Writes nothing."""
    out, client = plan.out, plan.client_folder
    other = "give another --out"
    if out == out.parent:
        raise NoPlace(f"{out}: a report does not go into the root of a disk; {other}.")
    if client == out:
        raise NoPlace(f"{out}: is the client's own folder; {other}.")
    if client.is_relative_to(out):
        raise NoPlace(f"{out}: holds the client's folder {client}; {other}.")
    if paths.project().is_relative_to(out):
        raise NoPlace(f"{out}: is or holds the project's own folder; {other}.")
    if plan.places.state.is_relative_to(out) or out.is_relative_to(plan.places.state):
        raise NoPlace(f"{out}: kept chapters lie there (LEPTON_STATE), and are not mixed with a report; {other}.")
    if plan.places.data and (plan.places.data.is_relative_to(out) or out.is_relative_to(plan.places.data)):
        raise NoPlace(f"{out}: the data sets lie there (--data), and are not mixed with a report; {other}.")
    report = out.parent if out.name == APART and stands(out.parent) else out
    for folder in dict.fromkeys((report, out)):
        _check_owner(plan, folder)
    if out.is_dir() and not any(_read(out / name) for name in _MARKS) and (found := _somebodys(out)):
        raise NoPlace(f"{out}: is no report and holds {found}; give --out an empty or a new folder.")


def _check_owner(plan: Any, out: Path) -> None:
    """A report is replaced only by one of the same client: of the same name, or from the same folder."""
    for name in _MARKS:
        found = _read(out / name)
        if found is None:
            continue
        there, mine = found.get("client"), plan.client.client.name
        theirs = there.get("name") if isinstance(there, dict) else None
        if theirs != mine and _client_of(out, plan.places.state) != str(plan.client_folder):
            raise NoPlace(
                f"{out}: holds the report of {theirs or 'another client'}, not of {mine}. Give another --out; if it is "
                "the same client under a new name, move that report away first."
            )
        return


def note(plan: Any) -> None:
    """Note in the state folder, which is no part of a report, whose report is made where."""
    folder = stage(plan.out, plan.places.state)
    write_text(folder / "report.txt", f"{plan.out}\n")
    write_text(folder / "client.txt", f"{plan.client_folder}\n")


def stage(out: Path, state: Path) -> Path:
    """Where it is noted whose report is made where."""
    return state / "stage" / digest(str(out))[:16]


def _client_of(out: Path, state: Path) -> str:
    """The folder of the client whose report was last made there; empty: not known."""
    try:
        return (stage(out, state) / "client.txt").read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError):
        return ""


def _read(file: Path) -> dict[str, Any] | None:
    """A manifest or ledger of this program, or None."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "client" in found and "chapters" in found else None


def _somebodys(out: Path) -> str:
    """The first thing in a folder that no run has left there; empty: there is none."""
    try:
        names = sorted(entry.name for entry in out.iterdir())
    except OSError:
        return ""  # whether it can be written is asked elsewhere
    return next((name for name in names if name not in _NOBODYS and not name.startswith(_STAGING)), "")
