"""Chapters that teach: how much code a reader meets, and that what they show from a recorded run is on record."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from lepton_nb import results
from lepton_nb.report import chapters

ROOT = Path(__file__).resolve().parent.parent
TEACHING = [
    path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    if 10 <= int(path.name[:2]) < 80 or path.stem == "89_methods"
]  # fmt: skip
HIDDEN = {"hide-input", "remove-cell", "remove-input", "hide-cell"}

every_chapter = pytest.mark.parametrize("path", TEACHING, ids=lambda path: path.stem)


def lines(path: Path) -> list[tuple[str, bool, int]]:
    """Name, hidden or not, and non-blank lines of each code cell."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [
        (cell["id"], bool(HIDDEN & set(cell["metadata"].get("tags", []))), sum(bool(s.strip()) for s in cell["source"]))
        for cell in cells
        if cell["cell_type"] == "code"
    ]


@every_chapter
def test_a_chapter_has_at_most_400_lines_of_code_and_hides_at_most_half(path):
    total = sum(count for *_, count in lines(path))
    hidden = sum(count for _, is_hidden, count in lines(path) if is_hidden)
    assert total <= 400
    assert hidden <= total / 2, f"{hidden} of {total} lines are hidden: plumbing goes into lepton_nb/page/"
    long = [name for name, _, count in lines(path) if count > 24 and name != "parameters"]
    assert not long, "about 20 lines a cell"


@every_chapter
def test_the_rows_that_a_chapter_covers_are_in_its_metadata_and_in_the_table_of_sources(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    covers = notebook["metadata"]["lepton"]["covers"]
    first = "".join(notebook["cells"][0]["source"])
    assert not re.search(r"\bS\d\d\b", first), "a reader does not need the numbers of rows in the first lines"
    table = (ROOT / "book" / "sources.md").read_text(encoding="utf-8")
    assert covers
    assert all(f"| {row} |" in table for row in covers)


def shown_from_the_record(path: Path) -> tuple[str, list[str]] | None:
    """Chapter and names in ``render.beside(record, results.recorded(chapter), wanted)``; wanted is a dict of literals."""
    tree = ast.parse(chapters.read(path).code)
    values = {node.targets[0].id: node.value for node in ast.walk(tree)
              if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "beside":
            _, recorded, wanted = node.args
            wanted = values[wanted.id] if isinstance(wanted, ast.Name) else wanted
            return ast.literal_eval(recorded.args[0]), list(ast.literal_eval(wanted))
    return None


ASKING = [path for path in TEACHING if "results.recorded(" in chapters.read(path).code]


def test_four_chapters_show_a_recorded_run():
    assert len(ASKING) >= 4


@pytest.mark.parametrize("path", ASKING, ids=lambda path: path.stem)
def test_every_name_that_a_chapter_shows_from_a_recorded_run_is_on_record(path):
    chapter, names = shown_from_the_record(path)
    record = results.recorded(chapter)
    assert names
    assert not [name for name in names if name not in record.figures and name not in record.seconds]
