"""A full run on real data, put on record: ``book/measured/<chapter>.json`` and the drawings that the chapter declares.

The chapters show it beside the run at hand, and the prose of the book cites its figures.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from lepton_nb import datasets, paths
from lepton_nb.page import render
from lepton_nb.report import chapters as declared
from lepton_nb.report.case_pages import is_case
from lepton_nb.report.store import results_digest
from lepton_nb.report.writing import write_json, write_text
from lepton_nb.results import OF_CASE


class RecordProblem(ValueError):
    """A report that cannot go on record: which chapter, and why."""


def record(report: Path, chapters: list[str]) -> list[Path]:
    """Put chapters of a finished report on record. Writes nothing unless all of them qualify.

    report: the folder that ``lepton-nb report --out`` wrote. A chapter qualifies when it ran in profile
    "full" on real data only, a case when it is a sample's on public data too. Raises RecordProblem otherwise.
    """
    if paths.project() == paths.BUNDLED:
        raise RecordProblem("Records belong to a clone of the project: run lepton-nb record there.")
    if not (report / "ledger.json").is_file():
        raise RecordProblem(f"{report}: has no ledger.json. Run lepton-nb report with --out {report} first.")
    ledger = json.loads((report / "ledger.json").read_text(encoding="utf-8"))
    lines = {line["chapter"]: line for line in ledger["chapters"]}
    made: dict[Path, dict] = {}
    drawn: dict[Path, str] = {}
    for name in chapters:
        if name not in lines:
            raise RecordProblem(f"{report}: has no chapter {name!r}; there are {', '.join(lines)}.")
        found = _qualified(name, report, ledger, lines[name])
        pictures = {} if is_case(name) else _pictures(name, report)
        drawn |= {paths.measured(name).with_name(f"{anchor}.svg"): svg for anchor, (svg, _) in pictures.items()}
        noted = [
            {"file": f"{anchor}.svg", "sha256": hashlib.sha256(svg.encode()).hexdigest(), "caption": caption}
            for anchor, (svg, caption) in pictures.items()
        ]
        made[_target(name, ledger)] = found | {"made": _made(name, ledger, lines[name]) | {"pictures": noted}}
    for file, svg in drawn.items():
        write_text(file, svg)
    for file, content in made.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, content)
    return list(made)


def _target(name: str, ledger: dict) -> Path:
    """Where a record goes: beside the others, that of a sample's case into a folder of the sample's name."""
    if is_case(name):
        return paths.measured_cases(ledger["client"]["folder_name"]) / f"{name}.json"
    return paths.measured(name)


def _qualified(name: str, report: Path, ledger: dict, line: dict) -> dict:
    """The record of a chapter, or of a sample's case on public data. Raises RecordProblem where it may not go on record."""
    file = report / "results" / f"{name}.json"
    found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"data": []}
    own = [data["name"] for data in found["data"] if data["name"] not in datasets.REGISTRY]
    client = ledger["client"]
    if is_case(name) and (own or not client["synthetic"] or client["folder_name"] not in paths.SAMPLES):
        raise RecordProblem(
            f"{name}: is measured for one client. On record go chapters that are the same for everybody, "
            f"{name.partition(OF_CASE)[0]} on the public data sets, and cases of the samples on public data."
        )
    stand_ins = [data["name"] for data in found["data"] if data["stand_in"]]
    if ledger["profile"] != "full" or line["state"] not in ("completed", "reused") or stand_ins:
        raise RecordProblem(
            f"{name}: profile {ledger['profile']}, state {line['state']}, "
            f"stand-ins: {', '.join(stand_ins) or 'none'}. On record go finished chapters of profile full on real "
            "data: lepton-nb report --profile full --data FOLDER."
        )
    if line.get("results") != results_digest(found):
        raise RecordProblem(
            f"{name}: the record in {report} is not that of the run in its ledger. Run lepton-nb report again."
        )
    return found


def _pictures(name: str, report: Path) -> dict[str, tuple[str, str]]:
    """Anchor → SVG and caption of the drawings that a chapter declares. Raises RecordProblem for one that is not there."""
    drawings = _drawings(name, report / "notebooks" / paths.notebook(name).name)
    wanted = declared.read(paths.notebook(name)).pictures
    for anchor in wanted:
        if anchor not in drawings:
            raise RecordProblem(
                f"{name}: declares the picture {anchor!r}, which its executed notebook does not hold; "
                f"it has {', '.join(drawings) or 'none'}."
            )
    return {anchor: drawings[anchor] for anchor in wanted}


def _made(name: str, ledger: dict, line: dict) -> dict:
    """How a run came about: what repeats it, when, on which machine."""
    settings = "".join(f" --set {name}.{key}={value}" for key, value in line["settings"].items())
    whose = f" clients/{ledger['client']['folder_name']}" if is_case(name) else ""
    return {
        "command": f"lepton-nb report{whose} --profile full --data FOLDER --only {name}{settings}",
        "date": line["executed_at"][:10],
        "revision": ledger["git"],
        "processor": ledger["processor"],
        "cores": ledger["cores"],
        "threads": line["threads"],
        "seconds": line["seconds"],
        "peak_memory_gib": line["peak_memory_gib"],
        "seeds": line["seeds"],
        "parameters": line["parameters"],
        "versions": ledger["versions"],
    }


def _drawings(name: str, notebook: Path) -> dict[str, tuple[str, str]]:
    """Anchor → SVG and caption of the drawings in an executed notebook."""
    if not notebook.is_file():
        raise RecordProblem(f"{name}: {notebook} is not there. Run lepton-nb report again, with --out of that folder.")
    found = {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            found |= render.drawings("".join(output.get("data", {}).get("text/html", "")))
    return found
