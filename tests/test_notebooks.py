"""The chapters keep their form, and each runs alone, in a real kernel, from where a reader may open it."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import nbclient
import nbformat
import pytest
from test_claims import SETTINGS

from lepton_nb.report import chapters

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
HEADINGS = ("Setup", "Data", "Model", "Run", "Reading the result", "Summary", "Exercises")
#: Chapters that report: headings of their own, and none of those that teach but the last two.
REPORTS = ("00_summary", "88_portfolio")

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str = "code"):
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def tags(cell) -> set[str]:
    return set(cell["metadata"].get("tags", []))


def source(cell) -> str:
    return "".join(cell["source"])


def test_the_table_of_contents_lists_every_notebook_and_nothing_else():
    listed = {Path(entry).name for entry in chapters.listed(ROOT / "_toc.yml") if entry.startswith("notebooks/")}
    assert listed == {path.stem for path in NOTEBOOKS}
    assert len(chapters.read_all(ROOT)) == len(NOTEBOOKS)


@every_notebook
def test_headings_stand_in_their_fixed_order(path):
    lines = [line for cell in cells(path, "markdown") for line in source(cell).splitlines()]
    found = [re.split(r":", line[3:])[0].strip() for line in lines if line.startswith("## ")]
    if path.stem in REPORTS:
        assert found[-2:] == list(HEADINGS[-2:]) and not {"Formula", *HEADINGS[:-2]}.intersection(found)
        return
    assert [{"Formula": "Model"}.get(heading, heading) for heading in found] == list(HEADINGS)


@every_notebook
def test_outputs_are_stored_in_golden_cells_only(path):
    golden = [cell for cell in cells(path) if "nbval-check-output" in tags(cell)]
    assert golden, "a chapter has at least one golden cell"
    for cell in golden:
        # nbval passes a cell without a stored output, and compares nothing.
        assert cell["outputs"], "a golden cell without stored output checks nothing"
        assert cell["execution_count"] is not None
    for cell in cells(path):
        if cell not in golden:
            assert not cell["outputs"]
            assert cell["execution_count"] is None


@every_notebook
def test_a_chapter_reads_of_the_client_what_it_declares(path):
    declared = chapters.read(path).reads_client
    used = set()
    for node in ast.walk(ast.parse(chapters.read(path).code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "only":
            used |= {ast.literal_eval(argument) for argument in node.args}
    assert used == set(declared)


@every_notebook
def test_a_chapter_uses_the_data_sets_that_it_declares(path):
    code = chapters.read(path).code
    used = set(re.findall(r"datasets\.load\(\s*\"(\w+)\"", code))
    assert used == set(chapters.read(path).reads_data)


@every_notebook
def test_cells_are_short_and_make_no_html(path):
    visible = 0
    for cell in cells(path):
        lines = [line for line in source(cell).splitlines() if line.strip() and not line.strip().startswith("#")]
        hidden = tags(cell) & {"hide-input", "remove-cell"}  # tables and records, which the formatter draws out
        assert len(lines) <= (60 if hidden else 40), source(cell)[:80]
        assert not re.search(r"\b(HTML|Markdown)\(", source(cell)), "only page/render.py makes HTML"
        assert "rcParams" not in source(cell)
        if not tags(cell) & {"hide-input", "remove-cell", "parameters"}:
            visible += len(lines)
    assert visible <= 260


@every_notebook
def test_a_worked_example_takes_no_name_of_the_client(path):
    """What an example computes must not stand where a later cell expects a figure of the client."""
    given = cells(path)
    for place, cell in enumerate(given):
        if "nbval-check-output" in tags(cell):
            before = {
                name for other in given[:place] if "nbval-check-output" not in tags(other) for name in sets(other)
            }
            taken = set(sets(cell)) & before & read_first(given[place + 1 :])
            assert not taken, f"the example sets {', '.join(sorted(taken))}, which a later cell reads"


def named(node, context) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, context)}


def sets(cell) -> list[str]:
    """Names that a cell assigns at its top level."""
    assigned = (
        node
        for node in ast.parse(source(cell)).body
        if isinstance(node, ast.Assign | ast.For | ast.With | ast.Try | ast.If)
    )
    return [
        name
        for node in assigned
        for part in (node.targets if isinstance(node, ast.Assign) else [node])
        for name in named(part, ast.Store)
    ]


def read_first(later) -> set[str]:
    """Names that cells read, statement by statement, before they set them."""
    read, known = set(), set()
    for cell in later:
        if "nbval-check-output" in tags(cell):
            continue
        for node in ast.parse(source(cell)).body:
            loaded, stored = named(node, ast.Load), named(node, ast.Store)
            read |= loaded - known - (stored if not isinstance(node, ast.Assign) else named_inside(node.value))
            known |= stored
    return read


def named_inside(value) -> set[str]:
    """Names that comprehensions of an expression set for themselves."""
    return {
        name for one in ast.walk(value) if isinstance(one, ast.comprehension) for name in named(one.target, ast.Store)
    }


def test_labels_of_equations_are_the_books_own():
    owner: dict[str, str] = {}
    for path in NOTEBOOKS:
        for cell in cells(path, "markdown"):
            for label in re.findall(r"^\s*\$\$.*\(([\w-]+)\)\s*$", source(cell), re.M):
                assert label not in owner, f"{label}: in {owner[label]} and in {path.name}"
                owner[label] = path.name


#: One of each kind: without data, with a data set and a setting of the reader's own, with a client.
ALONE = {"10_architecture": {}, "41_alarms": SETTINGS["41_alarms"], "80_value": {}}


@pytest.mark.parametrize("name", ALONE)
def test_a_chapter_runs_alone_from_the_project_root(name, tmp_path, monkeypatch):
    """As a reader meets it in JupyterLab: a fresh kernel, no earlier chapter executed, no client, no data set.

    (nbval runs every notebook as it is from ``notebooks/``, the other place where a reader may open it; conftest.py
    asks the same of each: no word on standard error, and a record. What a chapter needs is executed there too.)
    """
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    monkeypatch.setenv("LEPTON_STATE", str(tmp_path))
    path = ROOT / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    (parameters,) = (cell for cell in notebook.cells if "parameters" in tags(cell))
    parameters.source += "".join(f"\n{parameter} = {value!r}" for parameter, value in ALONE[name].items())
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    )
    client.execute()
    name = chapters.read(path).name
    record = json.loads((tmp_path / "reader" / f"{name}.json").read_text(encoding="utf-8"))
    assert record["chapter"] == name
    assert record["figures"]
    loud = [o["text"] for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs
            if o.output_type == "stream" and o.name == "stderr"]  # fmt: skip
    assert not loud, "a chapter writes nothing to stderr"
