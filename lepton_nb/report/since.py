"""The page of a report that leads from an earlier one to it: what the value was, what moved it, what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from lepton_nb.page import render
from lepton_nb.report import compare, editions
from lepton_nb.report.store import digest

#: The page as a chapter is called; the table of contents has it as ``editions.SINCE``.
NAME = PurePosixPath(editions.SINCE).name
TITLE = "Since the last report"


@dataclass(frozen=True)
class Previous:
    """An earlier report: its results, its manifest and a digest of both."""

    results: Mapping[str, Any]
    manifest: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return digest([self.results, self.manifest])


def read(folder: Path, currency: str) -> Previous:
    """An earlier report that this one can be held against. Raises CompareProblem: none there, or another currency."""
    results, manifest = compare.read(folder)
    unit = compare.value_record(results, folder)["figures"]["value"]["unit"]
    if unit != currency:
        raise compare.CompareProblem(
            f"--previous {folder}: that report is in {unit}, this client in {currency}: amounts of two currencies are not compared."
        )
    return Previous(results, manifest)


def notebook(previous: Previous, results: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The page as an executed notebook. results, manifest: of the report that it is in."""
    cells = [
        _text("since-title", f"# {TITLE}\n\nFrom the value of the earlier report to that of this one, step by step.")
    ]
    for number, (heading, pieces) in enumerate(
        compare.sections(previous.results, results, previous.manifest, manifest)
    ):
        if heading:
            cells.append(_text(f"since-{number}-title", f"## {heading}"))
        cells.append({
            "cell_type": "code", "id": f"since-{number}", "metadata": {"tags": ["remove-input"]}, "source": "", "execution_count": None,
            "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"text/html": str(render.join(*pieces))}}],
        })  # fmt: skip
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _text(name: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}
