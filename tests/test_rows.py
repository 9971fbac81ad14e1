"""Every row of the sources leads to the chapter, the cell and the record where it works, as the notebooks say."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from test_editions import Staged

from lepton_nb import paths
from lepton_nb.report import chapters, editions, rows, staging

ROOT = Path(__file__).resolve().parent.parent
TABLE = (ROOT / f"{rows.PAGE}.md").read_text("utf-8")
PLACES = rows.places(ROOT, editions.documents(chapters.table(ROOT / "_toc.yml")))
EVERY = [place for here in PLACES.values() for place in here]
every_place = pytest.mark.parametrize("place", EVERY, ids=lambda place: f"{place.cover.row}-{place.name}")


def test_the_table_has_each_row_once_and_names_no_chapter_by_hand():
    lines = list(rows.LINE.finditer(TABLE))
    assert [match["row"] for match in lines] == [f"S{number:02}" for number in range(1, 38)]
    assert TABLE.count("\n| S") == len(lines), "a line of the table is not in its form"
    by_hand = [match["row"] for match in lines if ".ipynb" in (match["more"] or "")]
    assert not by_hand, f"{by_hand}: the chapter of a row is named in the notebook's metadata (covers), not here"


def test_no_chapter_covers_a_row_that_there_is_not():
    assert set(PLACES) <= {match["row"] for match in rows.LINE.finditer(TABLE)}
    assert len(EVERY) >= 30


@every_place
def test_the_cell_of_a_row_reaches_the_page(place):
    notebook = json.loads((ROOT / f"{place.document}.ipynb").read_text("utf-8"))
    (cell,) = [cell for cell in notebook["cells"] if cell["id"] == place.cover.cell]
    assert not editions.tags(cell) & {*staging.DROPPED, "case-only"}


def test_records_that_the_table_names_are_there_and_those_that_are_not_are_said_to_be_missing():
    page = rows.with_places(TABLE, PLACES)
    for place in EVERY:
        (line,) = re.findall(rf"^\| {place.cover.row} \|.*$", page, re.M)
        for name in place.recorded:
            assert paths.measured(name).is_file() and f"#{rows.record_anchor(name)})" in line
        assert place.recorded or ("no full run yet" if place.trains else "each report") in line
    for row in {match["row"] for match in rows.LINE.finditer(TABLE) if not match["more"]} - set(PLACES):
        assert re.search(rf"^\| {row} \|[^|]*\| {rows.NOT_BUILT} \|", page, re.M), row


def test_a_row_leads_to_an_anchor_before_its_cell_in_the_book(tmp_path):
    staged = Staged(tmp_path, editions.BOTH)
    page = (tmp_path / "stage" / f"{rows.PAGE}.md").read_text("utf-8")
    shown = {name for place in EVERY for name in place.recorded}
    assert len(re.findall(r"#row-s\d\d-", page)) == len(EVERY)
    assert set(re.findall(r"#(row-record-[\w-]+)", page)) == set(map(rows.record_anchor, shown)) and len(shown) >= 10
    for place in EVERY:
        for anchor, name in place.marks.items():
            document = re.search(rf'href="\.\./([^"#]+)\.html#{anchor}"', page)[1]
            cells = staged.cells[document]
            (at,) = [at for at, cell in enumerate(cells) if f"({anchor})=" in "".join(cell["source"])]
            assert cells[at + 1]["id"] == name, document
    assert not [cell for cells in staged.client().values() for cell in cells if "(row-" in "".join(cell["source"])]


def notebook(covers) -> dict:
    cells = [{"cell_type": "markdown", "id": name, "source": f"# {name}: more"} for name in ("title", "result")]
    return {"metadata": {"lepton": {"covers": covers}}, "cells": cells}


def test_what_a_notebook_may_say_of_its_rows():
    told = list(chapters.covers("a.ipynb", notebook({"S01": "result", "S02": "title: half of it, and more"})))
    assert told == [chapters.Cover("S01", "result"), chapters.Cover("S02", "title", "half of it, and more")]
    read = notebook(["S03"]) | {"cells": [{"id": "read", "source": "## Reading the result"}]}
    assert list(chapters.covers("a.ipynb", read)) == [chapters.Cover("S03", "read")]
    assert list(chapters.covers("a.ipynb", {"metadata": {}, "cells": []})) == []
    with pytest.raises(chapters.ChapterProblem, match=r"a\.ipynb: covers S01 by its cell 'results'"):
        list(chapters.covers("a.ipynb", notebook({"S01": "results"})))
    with pytest.raises(chapters.ChapterProblem, match="by its cell ''"):
        list(chapters.covers("a.ipynb", notebook(["S03"])))


def test_a_page_says_where_a_row_works_what_is_missing_and_what_is_not_built():
    one = rows.Place(chapters.Cover("S01", "result", "half"), "notebooks/10_a_b", "A", False, ())
    two = rows.Place(chapters.Cover("S01", "read"), "notebooks/20_b", "B", True, ())
    assert one.marks == {"row-s01-a-b": "result"}
    assert replace(one, beside="own").marks == {"row-s01-a-b": "result", "row-record-a-b": "own"}
    text = "| Row | What it is | More |\n|---|---|---|\n| S01 | one | not yet: x |\n| S02 | two |\n| S03 | three | [C](c.md) |\n"
    assert rows.with_places(text, {"S01": [one, two]}).splitlines() == [
        "| Row | What it is | Where it works | On record |",
        "|---|---|---|---|",
        "| S01 | one | [A](../notebooks/10_a_b.ipynb#row-s01-a-b) (half), [B](../notebooks/20_b.ipynb#row-s01-b); not yet: x | each report; B: no full run yet |",
        "| S02 | two | not built yet | – |",
        "| S03 | three | [C](c.md) | – |",
    ]
