"""Safe to hand over: a report of a client whose every text is hostile, made in a folder and an environment with secrets.

Nothing runs, nothing leaves, nothing breaks; what is nobody's business is in nothing that is handed over or shared.
"""

from __future__ import annotations

import csv
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import browser
import hostile
import pytest
from nbformat import v4

from lepton_nb import paths, results
from lepton_nb.page.words import opened
from lepton_nb.report import forms, page_head, printing, private
from lepton_nb.report.marks import LONGEST

ROOT = Path(__file__).resolve().parent.parent
COMMAND = Path(sys.executable).parent / "lepton-nb"
#: Marks of what must not be found in a report or in a kept chapter: the folder that all lies in, the environment, a
#: file that is not read, a comment, the rows of the predictions.
FOLDER, SECRET, DOCUMENT, COMMENT, ROW = (f"{word}CANARYQ" for word in ("PATH", "ENV", "DOCUMENT", "COMMENT", "ROW"))


def forms_asked() -> list[str]:
    """The file to mail, and the PDF where something prints."""
    try:
        printing.browser()
    except printing.NoBrowser:
        return ["--single-file"]
    return ["--single-file", "--pdf"]


class Report:
    """The client's part of the report of a hostile client, made by the command."""

    def __init__(self, folder: Path):
        self.made = hostile.Client(folder / "client")
        self.out, self.state = folder / "out", folder / "state"
        self._put_marks(folder / "client")
        environment = {k: v for k, v in os.environ.items() if k not in ("LEPTON_DATA", "LEPTON_PROJECT")}
        environment |= {"LEPTON_STATE": str(self.state), "API_TOKEN": SECRET, f"{SECRET}_NAME": "1"}
        self.done = subprocess.run(
            [str(COMMAND), "report", str(folder / "client"), "--edition", "client", "--out", str(self.out), *forms_asked()],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert self.done.returncode == 0, self.done.stdout + self.done.stderr

    @staticmethod
    def _put_marks(client: Path) -> None:
        settings = client / "client.yml"
        settings.write_text(f"# {COMMENT}\n{settings.read_text('utf-8')}", "utf-8")
        (client / "evidence").mkdir()
        (client / "evidence" / "contract.txt").write_text(DOCUMENT)
        (file,) = (client / "metrics").glob("predictions_*.csv")
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(row | {"row_id": f"{ROW}{row['row_id']}"} for row in rows)

    def notebooks(self) -> Iterator[tuple[str, dict]]:
        for file in sorted((self.out / "notebooks").glob("*.ipynb")):
            yield file.name, json.loads(file.read_text("utf-8"))


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Report:
    return Report(tmp_path_factory.mktemp(FOLDER))


def test_every_free_text_of_the_schema_is_hostile(report):
    free = set(hostile.free_texts())
    shared = {field for field in free if field.rpartition(".")[2] in hostile.SHARED}
    assert free - set(report.made.marks) - shared == set(hostile.NOT_FREE)
    assert shared and len(free) > 40


# A browser -------------------------------------------------------------------------------------------------------

#: Elements of a page that only a text of the client could have made.
INTRUDERS = (
    "article script, article iframe, article object, article embed, article form:not(.bd-search), article base, "
    f"[href^='javascript:'], [href*='{hostile.ELSEWHERE}'], [src*='{hostile.ELSEWHERE}'], .lepton-diagram"
)


def test_nothing_runs_nothing_leaves_and_nothing_breaks(report):
    findings = browser.check_site(report.out / "site", "file")
    findings.unrendered_formulas = []  # the client's dollar signs, which are text
    assert findings.pages > 10
    assert findings.problems() == []


def test_hostile_words_are_words_on_pages_and_in_what_the_search_finds(report):
    with browser.chromium() as chromium, browser.served(report.out / "site", "http") as address:
        said: list[str] = []
        page = chromium.new_page(viewport=browser.PHONE)
        page.add_init_script("window.ran = () => { window.didRun = true; }")
        known = (address, "data:", (report.out / "report.html").as_uri())
        page.on("request", lambda one: None if one.url.startswith(known) else said.append(one.url))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
        shown = ""
        alone = report.out / "report.html"
        for file in (*sorted((report.out / "site" / "notebooks").glob("*.html")), alone):
            page.goto(alone.as_uri() if file == alone else f"{address}notebooks/{file.name}")
            assert page.locator(INTRUDERS).count() == 0, file.name
            shown += page.inner_text("article")
            assert page.evaluate("window.didRun") is None, file.name
            assert not re.search("[\u202a-\u202e\u2066-\u2069]", page.content()), f"{file.name}: turns its direction"
        for words in (
            "<script>ran()</script>",
            "onerror=ran()",
            "](javascript:ran())",
            "{{ 7*7 }}",
            "$$\\frac{1}{2}$$",
            "```mermaid",
        ):
            assert words in shown, words
        for asked in ("ran", "onerror", report.made.marks["assets.csv.name"], "%3Cimg%20src%3Dx%20onerror%3Dran()%3E"):
            page.goto(f"{address}search.html?q={asked}")
            page.wait_for_timeout(500)
            assert page.locator(INTRUDERS).count() == 0
            assert page.evaluate("window.didRun") is None
        assert said == []


def test_the_file_to_mail_fits_a_telephone_and_its_links_lead_somewhere(report):
    with browser.chromium() as chromium:
        page = chromium.new_page(viewport=browser.PHONE)
        page.goto((report.out / forms.SINGLE).as_uri())
        assert page.evaluate(browser.SIDEWAYS) is None
        ids = page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
        links = page.eval_on_selector_all("a[href^='#']", "all => all.map(e => decodeURIComponent(e.hash.slice(1)))")
        assert len(ids) == len(set(ids)) and links and not set(links) - set(ids)


def test_the_pdf_of_a_hostile_client_is_whole(report):
    if "--pdf" not in forms_asked():
        pytest.skip("no Chromium, or no playwright and pypdf: nothing prints")
    text = words_of(report.out / forms.PDF)
    assert report.made.marks["client.name"] in text and "<script>ran()</script>" in text
    pages, count = printing.pages_of(report.out / forms.PDF)
    assert count > 40 and max(pages.values()) <= count and printing.pages_of(report.out / forms.BOARD)[1] < 5


def test_no_sheet_of_the_pdf_is_blank(report):
    if "--pdf" not in forms_asked():
        pytest.skip("no Chromium, or no playwright and pypdf: nothing prints")
    from pypdf import PdfReader

    sheets = PdfReader(report.out / forms.PDF).pages
    assert [number for number, sheet in enumerate(sheets, 1) if not printing.filled(sheet)] == []


def test_every_page_names_its_author_and_its_day(report):
    made = json.loads((report.out / "manifest.json").read_text("utf-8"))
    valuer = report.made.made["engagement.valuer", "Example valuers (synthetic)"]
    assert made["client"]["valuer"] == valuer
    with browser.chromium() as chromium:
        page = chromium.new_page()
        for name in ("notebooks/00_summary", "notebooks/88_portfolio", "book/this_run"):
            page.goto((report.out / "site" / f"{name}.html").as_uri())
            author = page.get_attribute("meta[name=author]", "content")
            assert author == opened(page_head.shortened(" ".join(valuer.split()), LONGEST)) != ""
            foot = page.inner_text(".lepton-footer")
            assert f"by {author}" in foot and made["started"][:10] in foot


# Files -----------------------------------------------------------------------------------------------------------


def test_no_text_is_a_formula_of_the_workbook(report):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(report.out / "workbook.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    formulas = [cell.value for cell in cells if cell.data_type == "f"]
    assert len(formulas) > 500
    foreign = re.compile(r"CANARY|HYPERLINK|ran\(|cmd\||https?:|\[\d+\]|DDE", re.I)
    assert [text for text in formulas if foreign.search(text)] == []
    texts = [cell for cell in cells if cell.data_type != "f"]
    assert sum("CANARY" in cell.value for cell in texts) > 100
    assert [
        cell.coordinate for cell in texts if cell.value.startswith(("=", "+", "-", "@")) and not cell.quotePrefix
    ] == []
    with zipfile.ZipFile(report.out / "workbook.xlsx") as parts:
        assert not [name for name in parts.namelist() if "external" in name.lower() or name.endswith(".bin")]


def test_the_records_are_whole_and_hold_the_words_as_they_were_typed(report):
    for file in (report.out / "results").glob("*.json"):
        results.check(file, file.stem, "quick")
    everything = json.loads((report.out / "results.json").read_text("utf-8"))
    assert everything["client"] == report.made.made["client.name", "Lindqvist & Söner Dagligvaror AB (synthetic)"]
    text = json.dumps(everything, ensure_ascii=False)
    found = {
        field for (field, _), made in report.made.made.items() if json.dumps(made, ensure_ascii=False)[1:-1] in text
    }
    assert {"benefits.csv.driver_id", "evaluation", "costs.csv.category", "scenarios.name"} <= found
    assert "NaN" not in text and "Infinity" not in text


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a folder, those inside of a workbook one by one."""
    for file in sorted(folder.rglob("*")):
        if file.suffix == ".xlsx":
            with zipfile.ZipFile(file) as parts:
                yield from ((f"{file.name}/{name}", parts.read(name)) for name in parts.namelist())
        elif file.suffix == ".pdf":
            yield file.name, file.read_bytes() + words_of(file).encode()
        elif file.is_file():
            yield file.relative_to(folder).as_posix(), file.read_bytes()


@functools.cache
def words_of(file: Path) -> str:
    """What a PDF says: on its pages, of itself, and as names of places."""
    from pypdf import PdfReader

    reader = PdfReader(file)
    pages = [page.extract_text() for page in reader.pages]
    return "\n".join([*pages, str(dict(reader.metadata)), *reader.named_destinations])


@pytest.mark.parametrize("mark", [FOLDER, SECRET, DOCUMENT, COMMENT, ROW, str(ROOT), str(Path.home())])
def test_what_is_nobodys_business_is_in_nothing_that_is_handed_over_or_shared(report, mark):
    looked_at = 0
    for place in (report.out, report.state / "store"):
        for name, content in contents(place):
            looked_at += 1
            if mark == str(Path.home()):  # as a folder: the letters alone stand in pictures
                assert not re.search(rb"(?<![\w+/])" + re.escape(mark.encode()) + b"/", content), name
            else:
                assert mark.encode() not in content, name
    assert looked_at > 60


def test_the_marks_of_inputs_are_found_where_they_belong(report):
    """The client's own report shows them, the part about methods and the site's own files do not."""
    marks = {field: mark.encode() for field, mark in report.made.marks.items()}
    shown = {field for field, mark in marks.items() for name, content in contents(report.out) if mark in content}
    assert {"client.name", "assets.csv.name", "costs.csv.source", "engagement.valuer", "market.csv.comparable"} <= shown
    # These stand on every page: titles, banners, the table of contents, the foot.
    own = {marks[field] for field in ("client.name", "assets.csv.name", "engagement.valuer")}
    for name, content in contents(report.out / "site"):
        if name.startswith(("_static/", "book/references")) and not name.endswith(".png"):
            assert [mark for mark in marks.values() if mark in content and mark not in own] == [], name


def test_exported_notebooks_are_cleaned_as_the_site_is(report):
    names = [name for name, _ in report.notebooks()]
    assert len(names) > 8
    for name, notebook in report.notebooks():
        assert "papermill" not in notebook["metadata"], name
        for cell in notebook["cells"]:
            assert not {"papermill", "execution"} & set(cell["metadata"]), name
            for output in cell.get("outputs", ()):
                assert output.get("name") != "stderr" and not output.get("traceback"), name


def test_what_is_printed_runs_nothing_and_leads_nowhere(report):
    if "--pdf" not in forms_asked():
        pytest.skip("no Chromium, or no playwright and pypdf: nothing prints")
    from pypdf import PdfReader

    for name in (forms.PDF, forms.BOARD):
        printed = PdfReader(report.out / name)
        assert not {"/OpenAction", "/AA"} & set(printed.trailer["/Root"]) and not printed.attachments
        links = [note.get_object() for page in printed.pages for note in page.get("/Annots", ())]
        acts = [link["/A"].get_object() for link in links if "/A" in link]
        assert [act for act in acts if act["/S"] not in ("/GoTo", "/URI") or hostile.ELSEWHERE in str(act)] == []


# Pieces ----------------------------------------------------------------------------------------------------------


def test_folders_of_the_machine_are_taken_out_of_texts_and_pictures_stay_as_they_are():
    here, home, temporary = paths.project(), Path.home(), Path(tempfile.gettempdir())
    other = Path("/srv/clients/foundry")
    told = f"read {here}/clients/bank, {home}/x.csv ({temporary}/y) and {other}/client.yml in {other}; file://{other}/z"
    assert private.without_paths(told, [other]) == "read clients/bank, x.csv (y) and client.yml in …; z"
    picture = f"data:image/png;base64,iVBORw0{other}/AAA{temporary}/B+{temporary}"
    assert private.without_paths(picture, [other]) == picture
    assert private.without_paths(f"{other}2/kept", [other]) == f"{other}2/kept"


def test_a_notebook_is_kept_without_folders_and_exported_without_standard_error():
    outputs = [
        v4.new_output("stream", name="stderr", text="/srv/secret/lib.py:3: FutureWarning\n"),
        v4.new_output("stream", name="stdout", text=["read /srv/secret/", "client.yml\n"]),
        v4.new_output("error", ename="OSError", evalue="/srv/secret/x", traceback=["File /srv/secret/x"]),
        v4.new_output("display_data", {"text/html": "<p>/srv/secret/a</p>", "image/png": "/srv/secret/"}),
    ]
    cell = v4.new_code_cell("1", outputs=outputs, metadata={"papermill": {"x": 1}, "tags": ["a"]})
    notebook = json.loads(json.dumps(v4.new_notebook(cells=[cell], metadata={"papermill": {"input_path": "/x"}})))
    kept = private.kept(notebook, [Path("/srv/secret")])
    assert kept["metadata"] == {} and kept["cells"][0]["metadata"] == {"tags": ["a"]}
    loud, said, failed, shown = kept["cells"][0]["outputs"]
    assert loud["text"] == "lib.py:3: FutureWarning\n" and said["text"] == "read client.yml\n"
    assert failed["evalue"] == "x" and failed["traceback"] == []
    assert shown["data"] == {"text/html": "<p>a</p>", "image/png": "/srv/secret/"}
    exported = private.exported(notebook, [Path("/srv/secret")])["cells"][0]["outputs"]
    assert [output["output_type"] for output in exported] == ["stream", "error", "display_data"]
    assert notebook["cells"][0]["outputs"][0]["text"] == "/srv/secret/lib.py:3: FutureWarning\n"
