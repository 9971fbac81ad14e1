"""Two editions of one source: what the client's part shows, what the book keeps, and that nothing is lost between them."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from lepton_nb.report import chapters, editions, staging

ROOT = Path(__file__).resolve().parent.parent
TOC = chapters.table(ROOT / "_toc.yml")
#: Chapters of the client's part, as files, and the rest.
REPORTING = [d for d in (TOC["root"], *editions.reports(TOC)) if (ROOT / f"{d}.ipynb").is_file()]
TEACHING = [d for d in editions.documents(TOC) if d.startswith("notebooks/") and d not in REPORTING]
VALUE = [d for d in editions.documents(TOC) if Path(d).name.startswith("8")]
CASES = ("risk_classifier@C1", "inspection@M1")


def name_of(document: str) -> str:
    return re.sub(r"^\d+_", "", Path(document).name)


def executed(document: str, folder: Path, case: str = "") -> Path:
    """A notebook as after a run: each code cell prints the words "output of" and its own name."""
    notebook = json.loads((ROOT / f"{document}.ipynb").read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            said = f"output of {cell['id']}\n"
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": said}]
    file = folder / f"{Path(document).name}{case}.ipynb"
    file.write_text(json.dumps(notebook), "utf-8")
    return file


class Staged:
    """The staging folder of one edition: document → cells of its notebook."""

    def __init__(self, folder: Path, edition: str, code: str = "shown"):
        documents = [*REPORTING, *([] if edition == editions.CLIENT else TEACHING)]
        made = {name_of(d): executed(d, folder) for d in documents}
        for name in CASES:
            document = next(d for d in editions.documents(TOC) if name_of(d) == name.partition("@")[0])
            made[name] = executed(document, folder, f"@{name.partition('@')[2]}")
        run = {"chapters": [{"chapter": name, "title": f"Title of {name}"} for name in made], "edition": edition}
        self.present = staging.stage_pages(made, run, folder / "stage", code, edition)
        self.cells = {
            file.relative_to(folder / "stage").with_suffix("").as_posix(): json.loads(file.read_text("utf-8"))["cells"]
            for file in (folder / "stage").rglob("*.ipynb")
        }
        self.toc = (folder / "stage" / "_toc.yml").read_text("utf-8")

    def client(self) -> dict[str, list[dict]]:
        """The pages of the client's part."""
        own = {*REPORTING, editions.APPENDIX}
        return {document: cells for document, cells in self.cells.items() if document in own or "@" in document}


@pytest.fixture(scope="module", params=[editions.BOTH, editions.CLIENT])
def staged(request, tmp_path_factory) -> Staged:
    return Staged(tmp_path_factory.mktemp(request.param), request.param)


def words(cells: list[dict]) -> str:
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def printed(cells: list[dict]) -> set[str]:
    return {out["text"] for cell in cells for out in cell.get("outputs", ())}


def test_the_clients_part_has_no_code_no_set_up_and_no_exercise(staged):
    assert set(staged.client()) == {*REPORTING, editions.APPENDIX, *(d for d in staged.cells if "@" in d)}
    for document, cells in staged.client().items():
        for cell in cells:
            assert not editions.tags(cell) & {editions.BOOK_ONLY, "hide-input", "hide-cell"}, document
            if cell["cell_type"] == "code":
                assert "remove-input" in editions.tags(cell) and cell["source"] in ("", "#"), document
        headings = re.findall(r"^(#+) (.*)$", words(cells), re.M)
        fixed = {"Setup", "Data", "Model", "Run", "Reading the result", "Summary", "Exercises"}
        assert not [told for _, told in headings if told.split(":")[0] in fixed | {"Formula"}], document
        own = r"\(eq-|\{eq\}" if document == editions.APPENDIX else r"\$\$|\(eq-|\{eq\}"
        assert not re.search(own, words(cells)), f"{document}: formulas are the book's"
        assert not re.search(r"in either profile|^Quick:", words(cells), re.M), document
        levels = [len(marks) for marks, _ in headings]
        assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels)), headings


def test_worked_examples_stay_in_the_book(staged):
    for document in (*REPORTING, *TEACHING):
        golden = [c for c in notebook(document) if "nbval-check-output" in editions.tags(c)]
        shown = set().union(*(printed(cells) for cells in staged.client().values()))
        # The cases run the notebooks of teaching chapters: their worked examples are left out as well.
        assert not {f"output of {cell['id']}\n" for cell in golden if cell["id"] != "golden"} & shown, document
        assert "output of golden\n" not in shown


def notebook(document: str) -> list[dict]:
    return json.loads((ROOT / f"{document}.ipynb").read_text("utf-8"))["cells"]


def test_the_clients_edition_has_no_page_that_teaches_and_links_to_none(tmp_path):
    staged = Staged(tmp_path, editions.CLIENT)
    prose = [d for d in editions.reports(TOC) if d.startswith("book/")]
    assert set(staged.present) == {*REPORTING, editions.APPENDIX, *prose, *(d for d in staged.cells if "@" in d)}
    assert not [d for d in TEACHING if f"{d}\n" in staged.toc] and "chapters/" not in staged.toc
    for document, cells in staged.cells.items():
        for link in re.findall(r"\]\(([^)#:]+\.(?:ipynb|md))|href=\"([^\"#:]+)\.html", words(cells)):
            target = Path(document).parent / Path("".join(link)).with_suffix("")
            parts = [part for part in target.as_posix().split("/") if part]
            while ".." in parts:
                place = parts.index("..")
                del parts[place - 1 : place + 1]
            assert "/".join(parts) in staged.present, f"{document}: {link}"


@pytest.mark.parametrize("document", VALUE)
def test_no_cell_of_a_value_chapter_is_lost(document, tmp_path):
    """Each is in the client's part, in its appendix or left to the book, which has the notebook whole."""
    staged = Staged(tmp_path, editions.BOTH)
    twin = document if document in TEACHING else f"{editions.FOLDER}/{Path(document).name}"
    shown = staged.client().get(document, []), staged.cells[editions.APPENDIX]
    for cell in notebook(document):
        if editions.tags(cell) & staging.DROPPED:
            continue
        own = editions.tags(cell) & {editions.BOOK_ONLY, editions.TO_APPENDIX}
        assert len(own) <= 1, cell["id"]
        places = [staged.cells[twin]]
        if document not in TEACHING and editions.BOOK_ONLY not in own:
            places.append(shown[1] if own else shown[0])
        for cells in places:
            if cell["cell_type"] == "code":
                assert f"output of {cell['id']}\n" in printed(cells), cell["id"]
            else:
                assert len(re.findall(r"\w+", "".join(cell["source"]))) == 0 or any(
                    same(cell, other) for other in cells if other["cell_type"] == "markdown"
                ), cell["id"]


def same(cell: dict, other: dict) -> bool:
    """Whether a prepared cell is made from a notebook's: equal but for the depth of headings, links and spaces."""

    def bare(text: str) -> list[str]:
        text = re.sub(r"<a [^>]*>|</a>|^#+ (Method: )?|\]\([^)]*\)|\[|\{eq\}`[^`]*`", " ", text, flags=re.M)
        return re.findall(r"\w+", text)

    return bare("".join(cell["source"])) == bare("".join(other["source"]))


def test_a_page_says_where_its_rules_and_its_method_stand(tmp_path):
    staged = Staged(tmp_path, editions.BOTH)
    last = words(staged.cells["notebooks/81_approaches"][-1:])
    assert 'href="appendix.html#appendix-81-approaches"' in last and "rules, checks and inputs" in last
    assert "Scores" not in last and "The rules" in words(staged.cells["notebooks/87_scorecard"][-1:])
    assert 'href="../chapters/81_approaches.html"' in last
    assert '<span id="appendix-81-approaches"></span>' in words(staged.cells[editions.APPENDIX])


def test_links_lead_to_the_page_of_the_same_part(tmp_path):
    staged = Staged(tmp_path, editions.BOTH)
    assert "[the value chapter](80_value.ipynb)" in words(staged.cells["notebooks/84_options"])
    assert "[the value chapter](80_value.ipynb)" in words(staged.cells["chapters/84_options"])
    questions = (tmp_path / "stage" / "book" / "questions.md").read_text("utf-8")
    assert "(../chapters/80_value.ipynb)" in questions and "(../notebooks/80_value.ipynb)" not in questions
    assert "(../notebooks/30_mnist.ipynb)" in questions


def test_the_book_alone_is_the_notebooks_as_they_are(tmp_path):
    staged = Staged(tmp_path, editions.BOOK)
    assert not [d for d in staged.present if d.startswith("chapters/")] and editions.APPENDIX not in staged.present
    assert "### Exercises" in words(staged.cells["notebooks/80_value"]).replace("## Exercises", "### Exercises")
    shown = [cell["source"] for cell in staged.cells["notebooks/80_value"] if cell["cell_type"] == "code"]
    assert any("value_model.conclude" in "".join(source) for source in shown)


def test_a_project_without_a_clients_part_has_one_edition():
    toc = {"root": "notebooks/00_a", "chapters": [{"file": "notebooks/10_b"}], "format": "jb-book"}
    for edition in editions.EDITIONS:
        made, pages = editions.lay_out(toc, {"a": "notebooks/00_a", "b": "notebooks/10_b"}, ["a", "b"], edition)
        assert made == toc and [page.document for page in pages] == ["notebooks/00_a", "notebooks/10_b"]


def test_headings_are_raised_where_what_stood_above_them_is_left_out():
    cells = [
        {"cell_type": "markdown", "source": text, "metadata": {"tags": tags}}
        for text, tags in (("# A", []), ("## Run", ["book-only"]), ("### B\n\n```\n# no heading\n```", []), ("#### C", []), ("## D", []))
    ]  # fmt: skip
    page = {"cells": cells}
    editions.reported(page)
    assert [cell["source"] for cell in page["cells"]] == ["# A", "## B\n\n```\n# no heading\n```", "### C", "## D"]


def section(title: str, *shown: str) -> list[dict]:
    """A heading, and a cell of code for each piece of HTML that is shown below it."""
    code = [
        {"cell_type": "code", "metadata": {}, "source": "#", "outputs": [{"output_type": "display_data", "data": {"text/html": html}}]}
        for html in shown
    ]  # fmt: skip
    return [{"cell_type": "markdown", "metadata": {}, "source": title}, *code]


def test_a_section_that_shows_nothing_for_a_client_is_left_out_of_his_part_and_a_text_stays():
    parts = ["# Title", ""], ["### Shown", "", "<p>5</p>"], ["### Nothing to show", "", "\n"], ["### A text alone"]
    notebook = {"cells": [cell for title, *shown in parts for cell in section(title, *shown)]}
    aside = {"cells": [cell | {"metadata": {"tags": ["appendix"]}} for cell in notebook["cells"]]}
    kept = editions.set_aside(aside)
    editions.reported(notebook)
    for cells in (notebook["cells"], kept):
        assert [cell["source"].lstrip("# ") for cell in cells if cell["cell_type"] == "markdown"] == [
            "Title",
            "Shown",
            "A text alone",
        ]
        assert sum(cell["cell_type"] == "code" for cell in cells) == 3
