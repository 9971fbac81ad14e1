"""A full run on real data, put on record: ``book/measured/<chapter>.json`` and the drawings that the chapter declares.

The chapters show it beside the run at hand, and the prose of the book cites its figures.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from lepton_nb import paths
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
    "full" on real data only. Raises RecordProblem otherwise.
    """
    if paths.project() == paths.BUNDLED:
        raise RecordProblem("Records belong to a clone of the project: run lepton-nb record there.")
    if not (report / "ledger.json").is_file():
        raise RecordProblem(f"{report}: has no ledger.json. Run lepton-nb report with --out {report} first.")
    ledger = json.loads((report / "ledger.json").read_text(encoding="utf-8"))
    lines = {line["chapter"]: line for line in ledger["chapters"]}
    made: dict[str, dict] = {}
    drawn: dict[Path, str] = {}
    for name in chapters:
        if name not in lines:
            raise RecordProblem(f"{report}: has no chapter {name!r}; there are {', '.join(lines)}.")
        if is_case(name):
            raise RecordProblem(
                f"{name}: is measured for one client. On record go chapters that are the same for everybody: "
                f"{name.partition(OF_CASE)[0]}, on the public data sets."
            )
        line = lines[name]
        file = report / "results" / f"{name}.json"
        found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"data": []}
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
        pictures = []
        drawings = _drawings(name, report / "notebooks" / paths.notebook(name).name)
        for anchor in declared.read(paths.notebook(name)).pictures:
            if anchor not in drawings:
                raise RecordProblem(
                    f"{name}: declares the picture {anchor!r}, which its executed notebook does not hold; "
                    f"it has {', '.join(drawings) or 'none'}."
                )
            svg, caption = drawings[anchor]
            drawn[paths.measured(name).with_name(f"{anchor}.svg")] = svg
            digest = hashlib.sha256(svg.encode()).hexdigest()
            pictures.append({"file": f"{anchor}.svg", "sha256": digest, "caption": caption})
        settings = "".join(f" --set {name}.{key}={value}" for key, value in line["settings"].items())
        made[name] = found | {
            "made": {
                "command": f"lepton-nb report --profile full --data FOLDER --only {name}{settings}",
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
                "pictures": pictures,
            }
        }
    for file, svg in drawn.items():
        write_text(file, svg)
    for name, content in made.items():
        write_json(paths.measured(name), content)
    return [paths.measured(name) for name in made]


def _drawings(name: str, notebook: Path) -> dict[str, tuple[str, str]]:
    """Anchor → SVG and caption of the drawings in an executed notebook."""
    if not notebook.is_file():
        raise RecordProblem(f"{name}: {notebook} is not there. Run lepton-nb report again, with --out of that folder.")
    found = {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            found |= render.drawings("".join(output.get("data", {}).get("text/html", "")))
    return found
