"""The manufacturer's whole report by the command: made once in a session of tests, whichever file asks first.

What it has executed, each chapter as it stands, answers several questions, so no other test executes that again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cached_property
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
COMMAND = Path(sys.executable).parent / "lepton-nb"


def lepton(state: Path, *words: object) -> subprocess.CompletedProcess:
    """Run the command with its own state folder and without real data."""
    environment = {k: v for k, v in os.environ.items() if k not in ("LEPTON_DATA", "LEPTON_PROJECT")}
    return subprocess.run(
        [str(COMMAND), *map(str, words)],
        cwd=ROOT,
        env=environment | {"LEPTON_STATE": str(state), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


class Report:
    """One client's report, made by the command."""

    def __init__(self, folder: Path, like: str):
        self.client = folder / "clients" / like
        self.state = folder / "state"
        self.out = folder / f"report-{like}"

    @cached_property
    def first(self) -> subprocess.CompletedProcess:
        """The first run of the command, which makes it."""
        shutil.copytree(ROOT / "clients" / self.client.name, self.client)
        return self.run()

    def run(self, *words: object) -> subprocess.CompletedProcess:
        return lepton(self.state, "report", self.client, "--out", self.out, *words)

    def records(self) -> dict[str, dict]:
        found = {path.stem: json.loads(path.read_text("utf-8")) for path in (self.out / "results").glob("*.json")}
        for record in found.values():
            record.pop("seconds")
        return found

    def manifest(self) -> dict:
        return json.loads((self.out / "manifest.json").read_text("utf-8"))

    def states(self) -> dict[str, str]:
        ledger = json.loads((self.out / "ledger.json").read_text("utf-8"))
        return {line["chapter"]: line["state"] for line in ledger["chapters"]}


def whole(factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    """The report of the session and a folder with what its first run executed: ``CHAPTER.ipynb`` and ``CHAPTER.json``.

    A worker that asks while another one makes it waits. Where the command failed there are no chapters in the folder.
    """
    base = factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else factory.getbasetemp()
    folder = base / "whole"
    report, executed, said = Report(folder, "manufacturer"), folder / "executed", folder / "first.json"
    with FileLock(base / "whole.lock"):
        if said.exists():
            report.first = subprocess.CompletedProcess(**json.loads(said.read_text("utf-8")))
        else:
            executed.mkdir(parents=True)
            said.write_text(json.dumps(vars(report.first)), encoding="utf-8")
            for record in (report.state / "store").rglob("record.json"):
                name = json.loads(record.read_text("utf-8"))["chapter"]
                shutil.copy(record, executed / f"{name}.json")
                shutil.copy(record.with_name("executed.ipynb"), executed / f"{name}.ipynb")
    return report, executed


def is_asked_for(session: pytest.Session) -> bool:
    """Whether this session makes the whole report in any case: the tests that look at it are among its own."""
    return any(item.path.name == "test_whole_way.py" and "report" in item.fixturenames for item in session.items)


def code_of(notebook: Path) -> list:
    """The cells of code of an executed chapter, without the one that the engine has put in."""
    cells = nbformat.read(notebook, as_version=4).cells
    return [
        cell
        for cell in cells
        if cell.cell_type == "code" and "injected-parameters" not in cell.metadata.get("tags", ())
    ]
