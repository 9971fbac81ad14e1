"""The forms of a report beside its site: a PDF that a person can file, one file to mail, in the client's own look."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import shutil
from pathlib import Path

import browser
import nbformat
import pytest
import yaml
from conftest import Project
from nbformat import v4
from typer.testing import CliRunner

from lepton_nb import cli, client, paths, terms
from lepton_nb.page import plots, render
from lepton_nb.report import (
    batch,
    branding,
    chapters,
    editions,
    forms,
    marks,
    planning,
    printing,
    publish,
    run,
    single_file,
)

ROOT = Path(__file__).resolve().parent.parent
EVIL = "A\"</style><script>document.title='run'</script><img src=x onerror=document.title='run'> \\ & Söhne"
COLOURS = ("#0f4c81", "#8a4b12")
CLIENT, PAGES = ["notebooks/01_first", "notebooks/02_second", "notebooks/appendix"], 2


def toc() -> dict:
    return {
        "format": "jb-book",
        "root": "notebooks/01_first",
        "meta": {
            "report": [
                {"caption": "Value", "chapters": [{"file": "notebooks/02_second"}]},
                {"caption": "Appendix", "chapters": [{"file": "notebooks/appendix"}]},
            ]
        },
        "parts": [
            {"caption": "Chapters", "chapters": [{"file": "notebooks/02_second"}, {"file": "notebooks/03_book"}]}
        ],
    }


def shown(*outputs: render.Html, tags: tuple[str, ...] = ()):
    made = [v4.new_output("execute_result", output._repr_mimebundle_(), execution_count=1) for output in outputs]
    return v4.new_code_cell("1", outputs=made, execution_count=1, metadata={"tags": list(tags)})


def chart(name: str) -> render.Html:
    figure, axis = plots.axes()
    axis.barh(["one", "two"], [1.0, 2.0])
    return plots.show(figure, f"Bars of {name}.", name)


def notebooks(folder: Path) -> dict[str, Path]:
    """Executed chapters, written by hand: two of the client's part, with what is hard to print, and one of the book."""
    wide = render.table([{f"column {number}": f"{number} 000 000" for number in range(1, 22)}], {}, "A wide table.")
    long = render.table([{"row": f"row {number}", "value": number} for number in range(90)], {}, "A long table.")
    cells = {
        "first": [
            v4.new_markdown_cell("# What it is worth\n\nSee [the second](02_second.ipynb) and [the book](03_book.ipynb).\n\n## Wide"),
            shown(wide, chart("bars")),
        ],
        "second": [
            v4.new_markdown_cell("# Why & how sure\n\n## Long"),
            shown(long, chart("bars")),
            v4.new_markdown_cell("## A diagram and a formula\n\n```mermaid\nflowchart LR\n a[Data] --> b[Model]\n```"),
            v4.new_markdown_cell("## Rules\n\nA rate is $r = \\frac{a}{b}$.", metadata={"tags": ["appendix"]}),
        ],
        "book": [v4.new_markdown_cell("# How such models work\n\nText of the book.")],
    }  # fmt: skip
    files = {}
    for number, (name, inside) in enumerate(cells.items(), 1):
        files[name] = folder / f"{number:02}_{name}.ipynb"
        nbformat.write(v4.new_notebook(cells=inside), files[name])
    return files


@dataclasses.dataclass
class Made:
    """A small site and its forms."""

    site: Path
    out: Path
    cover: single_file.Cover
    documents: list[str]

    @property
    def text(self) -> str:
        return (self.out / forms.SINGLE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patched:
        yield patched


@pytest.fixture(scope="module")
def made(tmp_path_factory, patch) -> Made:
    """The site of three chapters with a hostile name, and its single file; the PDF too where there is a Chromium."""
    folder = tmp_path_factory.mktemp("forms")
    project = Project(folder)
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc()), encoding="utf-8")
    patch.setenv("LEPTON_PROJECT", str(folder))
    manifest = {
        "client": {"name": EVIL, "synthetic": True}, "version": "0.1.0", "started": "2026-07-01T09:30:00+00:00",
        "chapters": [
            {"chapter": name, "title": name, "data": [{"name": "x", "stand_in": name == "second"}]}
            for name in ("first", "second", "book")
        ],
    }  # fmt: skip
    out, work = folder / "report", folder / "work"
    out.mkdir()
    (folder / "executed").mkdir()
    documents = publish.build(notebooks(folder / "executed"), manifest | {"code": "folded"}, work)
    publish.lay_out(work, out / "site", documents[0])
    company = client.load(project.client)
    named = company.model_copy(update={"client": company.client.model_copy(update={"name": EVIL})})
    cover = forms.cover_of(named, manifest)
    asked = forms.Forms(pdf=_prints(), single_file=True)
    brand = branding.Brand(EVIL, "logo.svg", (ROOT / "clients/bank/logo.svg").read_bytes(), COLOURS, tuple(map(branding.lightened, COLOURS)))  # fmt: skip
    branding.put(out / "site", editions.client_part(toc(), documents), brand)
    forms.make(asked, out / "site", documents, toc(), out, cover, brand)
    return Made(out / "site", out, cover, documents)


def _prints() -> bool:
    try:
        printing.browser()
    except printing.NoBrowser:
        return False
    return True


@pytest.fixture(scope="module")
def pdf(made):
    """The pages of report.pdf as texts, and what pypdf reads of the rest."""
    if not _prints():
        pytest.skip("no Chromium, or no playwright and pypdf: nothing prints")
    from pypdf import PdfReader

    return PdfReader(made.out / forms.PDF)


def plain(page) -> str:
    return " ".join(page.extract_text().split())


def flat(reader, entries, depth: int = 0):
    for entry in entries:
        if isinstance(entry, list):
            yield from flat(reader, entry, depth + 1)
        else:
            yield depth, " ".join(entry.title.split()), reader.get_destination_page_number(entry) + 1


# The PDF --------------------------------------------------------------------------------------------------------


def test_the_outline_has_every_page_and_its_headings(pdf):
    found = [(depth, title) for depth, title, _ in flat(pdf, pdf.outline)]
    assert found == [
        (0, "What it is worth"), (1, "Wide"),
        (0, "Why & how sure"), (1, "Long"), (1, "A diagram and a formula"),
        (0, editions.APPENDIX_TITLE), (1, "second"), (2, "Rules"),
    ]  # fmt: skip


def test_the_contents_name_the_pages_on_which_the_headings_stand(pdf):
    contents = plain(pdf.pages[1])
    assert contents.startswith(f"{EVIL[:20]}"[:10]) and "Contents" in contents
    for depth, title, number in flat(pdf, pdf.outline):
        assert title in plain(pdf.pages[number - 1])
        if depth < 2:
            assert re.search(rf"{re.escape(title)} {number}\b", contents), (title, number, contents)


def test_each_sheet_says_whose_report_it_is_and_which_page_of_how_many(pdf):
    total = len(pdf.pages)
    assert 5 <= total <= 8  # cover, contents, three pages of the site of which one holds a table of 90 rows
    for number, page in enumerate(pdf.pages[1:], 2):
        words = plain(page)
        assert 'A"</style><script>' in words and f"{number} / {total}" in words and forms.MARK in words
    assert not re.search(r"1 / \d", plain(pdf.pages[0])) and marks.SUBJECT in plain(pdf.pages[0])
    starts = [number for depth, _, number in flat(pdf, pdf.outline) if depth == 0]
    assert starts == sorted(set(starts)), "each page of the site begins a sheet"
    assert "Why & how sure" in plain(pdf.pages[starts[1]]).split("row")[0], "the head of a second sheet names the page"


def test_the_pdf_is_tagged_has_properties_and_its_drawings_have_words(pdf):
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/StructTreeRoot"] and root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata.title == f"{EVIL}: the value of its AI assets" and "Lepton NB 0.1.0" in pdf.metadata.creator
    kinds, words = set(), []

    def walk(node) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            kinds.add(str(node.get("/S")))
            words.extend([str(node["/Alt"])] if "/Alt" in node else [])
            if "/K" in node:
                walk(node["/K"])

    walk(root["/StructTreeRoot"])
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure", "/Link"} <= kinds
    assert any("Diagram: Data Model" in text for text in words), words


def test_no_text_lies_beyond_the_margins_and_a_long_table_repeats_its_head(pdf):
    inside = []

    def seen(text, matrix, at, font, size) -> None:
        if text.strip():
            inside.append(at[4] * matrix[0] + matrix[4])

    for page in pdf.pages:
        page.extract_text(visitor_text=seen)
    assert min(inside) > 30 and max(inside) < 595 - 40
    whole = " ".join(map(plain, pdf.pages))
    for number in range(1, 22):
        assert f"column {number}" in whole and f"{number} 000 000" in whole
    rows = [page for page in map(plain, pdf.pages) if re.search(r"row \d+", page)]
    assert len(rows) >= 2 and all("row value" in page for page in rows)
    assert sorted({int(n) for page in rows for n in re.findall(r"row (\d+)", page)}) == list(range(90))


def test_the_sheet_is_as_wide_as_the_style_sheet_leaves_it(made):
    sheet = (ROOT / "book/_static/one_file.css").read_text(encoding="utf-8")
    top, side, foot = map(int, re.search(r"size: A4; margin: (\d+)mm (\d+)mm (\d+)mm", sheet).groups())
    millimetre = 96 / 25.4
    assert {
        "width": int((210 - 2 * side) * millimetre), "height": int((297 - top - foot) * millimetre),
    } == printing.SHEET  # fmt: skip
    assert [round(points * 25.4 / 72) for points in (printing.TOP, printing.FOOT)] == [top, foot]


def test_nothing_is_wider_than_a_sheet_once_it_is_fitted(made):
    with browser.chromium() as chromium:
        page = chromium.new_page(viewport=printing.SHEET)
        page.emulate_media(media="print")
        page.goto((made.out / forms.SINGLE).as_uri())
        wide = "() => [...document.querySelectorAll('table, svg')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).length"
        assert page.evaluate(wide) == 1, "the test's table of 21 columns is wider than a sheet"
        page.evaluate(printing.fitting())
        assert page.evaluate(wide) == 0


def test_the_boards_pdf_is_the_summary_alone(made, pdf):
    from pypdf import PdfReader

    board = PdfReader(made.out / forms.BOARD)
    words = " ".join(map(plain, board.pages))
    assert len(board.pages) <= 2 and "What it is worth" in words and f"1 / {len(board.pages)}" in words
    assert "Why & how sure" not in words and "Contents" not in words
    assert forms.STAND_IN in words and [title for _, title, _ in flat(board, board.outline)] == [
        "What it is worth",
        "Wide",
    ]
    links = [note.get_object().get("/Dest") for page in board.pages for note in page.get("/Annots") or ()]
    assert not [link for link in links if link], "what a link leads to is in the other file"


def _lines(counts: tuple[int, ...], scales) -> str:
    """A document of chapters of so many lines each, with contents that lead to them; a sheet holds 20."""
    chapters = "".join(
        f'<section id="c{at}" style="break-before: page; zoom: {scales.get(f"c{at}", 1)}">{"<p>a line</p>" * count}</section>'
        for at, count in enumerate(counts)
    )
    links = "".join(f'<a href="#c{at}">{at}</a> ' for at in range(len(counts)))
    return f"<html><style>@page {{ size: A4; margin: 21mm 17mm 18mm }} p {{ font-size: 24px; line-height: 32px; margin: 16px 0 }}</style>{links}{chapters}</html>"


#: Lines of each chapter, sheets that the first may have, how much smaller the last is printed, its sheets then.
FEW_TOO_MANY = [
    ((21,), 1, 0.945, 1),  # a line too many: smaller
    ((50,), 1, 0.85, 3),  # of many too many it is not made illegible
    ((30,), 0, None, 2),  # as many as it takes
    ((5, 41), 0, printing.SPARING[0], 2),  # a last sheet of one line is spared
    ((5, 48), 0, None, 3),
]


def test_a_chapter_of_a_few_lines_too_many_is_printed_smaller(tmp_path):
    if not _prints():
        pytest.skip("no Chromium, or no playwright and pypdf: nothing prints")
    asked: dict[int, dict[str, float]] = {}

    def made_of(case: int, counts, numbers, scales) -> str:
        asked[case] = dict(scales)
        return _lines(counts, scales)

    orders = {
        tmp_path / f"{case}.pdf": printing.Order(functools.partial(made_of, case, counts), [f"c{at}" for at in range(len(counts))], most)
        for case, (counts, most, _, _) in enumerate(FEW_TOO_MANY)
    }  # fmt: skip
    printing.print_all(orders, {"/Creator": "test"})
    for (file, order), (case, (_, _, scale, sheets)) in zip(orders.items(), enumerate(FEW_TOO_MANY), strict=True):
        assert asked[case] == ({} if scale is None else {order.chapters[-1]: scale}), case
        numbers, count = printing.pages_of(file)
        assert count + 1 - numbers[order.chapters[-1]] == sheets, case


def test_a_drawing_of_panels_goes_on_over_the_foot_of_a_sheet_at_its_full_size():
    """Each panel stands in one of the drawings that it becomes, and whole."""
    figure, grid = plots.axes(3, 1, width=5.4, height=12.0)
    for number, axis in enumerate(grid):
        axis.barh(["one", "two"], [1.0, 2.0])
        axis.set(title=f"panel {number}", xlabel="money")
    page_ = f"<html><body>{plots.show(figure, 'Three panels.', 'x')._repr_html_()}</body></html>"
    with browser.chromium() as chromium:
        page = chromium.new_page(viewport=printing.SHEET)
        page.set_content(page_)
        before = page.eval_on_selector("svg", "e => e.getBoundingClientRect().height")
        page.evaluate(printing.fitting())
        sizes = page.eval_on_selector_all(
            "figure > svg", """all => all.map(svg => {
                const box = svg.getBBox(), view = svg.viewBox.baseVal;
                return [view.y, view.height, box.y, box.y + box.height, svg.getBoundingClientRect().height];
            })"""
        )  # fmt: skip
        named = page.eval_on_selector_all("figure > svg", "all => all.map(e => e.getAttribute('aria-label'))")
    assert len(sizes) == 3 and sum(size[-1] for size in sizes) == pytest.approx(before, abs=2)
    for top, height, first, last, _ in sizes:
        assert top <= first + 1 and last <= top + height + 1
    assert named[0] and not any(named[1:]), "a reader hears once what the drawing shows"


# The single file ------------------------------------------------------------------------------------------------


def test_the_single_file_asks_nobody_for_anything_and_holds_the_clients_part(made):
    asked, errors = [], []
    with browser.chromium() as chromium:
        page = chromium.new_page(viewport=browser.DESK)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((made.out / forms.SINGLE).as_uri())
        titles = page.eval_on_selector_all("h1", "all => all.map(e => e.textContent)")
        assert titles == ["What it is worth", "Why & how sure", editions.APPENDIX_TITLE]
        assert page.title() == f"{EVIL}: the value of its AI assets", "nothing that was typed runs"
        links = page.eval_on_selector_all("a[href]", "all => all.map(e => e.getAttribute('href'))")
        ids = page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
        assert links and all(link.startswith("#") and link[1:] in ids for link in links)
        assert len(ids) == len(set(ids))
        grounds = set()
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme, timeout=5000)
            grounds.add(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
            assert page.evaluate(browser.CONTRAST) == []
        assert len(grounds) == 2
        page.click("button.lepton-theme")
        assert page.evaluate("() => document.documentElement.dataset.theme") == "light"
        page.set_viewport_size(browser.PHONE)
        assert page.evaluate(browser.SIDEWAYS) is None
        drawn = "() => [...document.querySelectorAll('figure svg use')].every(u => document.querySelector(u.getAttribute('xlink:href') || u.getAttribute('href')))"
        assert page.evaluate(drawn) and page.eval_on_selector_all("math", "all => all.length") == 1
    assert [url for url in asked if not url.startswith("data:")] == [(made.out / forms.SINGLE).as_uri()]
    assert errors == []


def test_the_single_file_is_small_and_draws_each_letter_once(made):
    text = made.text
    assert len(text) < 200_000
    shapes = re.findall(r'<path id="o\d+" d="([^"]*)"', text)
    assert len(shapes) == len(set(shapes)) > 10
    assert "Text of the book" not in text and "the book" in text and 'href="#second"' in text
    assert "<script>document" not in text and text.count("<script>") == 1


def test_stand_in_data_are_named_where_they_are_shown_and_on_the_cover(made):
    first, second, _ = made.text.split('<section class="lepton-page')[1:]
    assert "Stand-in data" in second and "Stand-in data" not in first
    assert f"{forms.STAND_IN}: second." in made.text.split("<body>")[1].split("lepton-contents")[0]


def test_a_text_in_a_style_sheet_ends_nothing():
    written = single_file._quoted('"} </style>\n\\ é א')
    assert (
        written.startswith('"')
        and written.endswith('"')
        and not set('<>\\"{}\n') & set(re.sub(r"\\[0-9a-f]+ ", "", written[1:-1]))
    )


# The look -------------------------------------------------------------------------------------------------------


def test_the_clients_part_has_the_look_and_the_book_has_not(made):
    for document in CLIENT:
        page = (made.site / f"{document}.html").read_text(encoding="utf-8")
        assert page.count("_static/brand.css") == 1 and page.count('src="../_static/brand-logo.svg"') == 1
    for document in set(made.documents) - set(CLIENT):
        assert "brand" not in re.sub(r"navbar-brand", "", (made.site / f"{document}.html").read_text(encoding="utf-8"))
    sheet = (made.site / "_static" / "brand.css").read_text(encoding="utf-8")
    assert f"--lepton-main: {COLOURS[0]}; --lepton-accent: {COLOURS[1]}" in sheet and sheet.strip() in made.text
    assert made.text.count("data:image/svg+xml;base64,") == 1


def test_the_look_can_be_read_on_every_page_in_both_themes(made):
    with browser.chromium() as chromium:
        page = chromium.new_page(viewport=browser.DESK)
        for document in CLIENT:
            page.goto((made.site / f"{document}.html").as_uri())
            page.add_style_tag(content="* { transition: none !important; }")
            for theme in ("light", "dark"):
                page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
                assert page.evaluate(browser.CONTRAST) == []
        assert page.eval_on_selector("img.lepton-brand", "e => e.naturalWidth") > 0


def test_grounds_and_tints_are_those_of_the_style_sheet():
    sheet = (ROOT / "book/_static/lepton.css").read_text(encoding="utf-8")
    for theme, grounds in (
        (':not([data-theme="dark"])', terms.LIGHT_GROUNDS),
        ('[data-theme="dark"]', terms.DARK_GROUNDS),
    ):
        rules = sheet.partition(f"html{theme} {{")[2].partition("}")[0]
        named = dict(re.findall(r"--lepton-(\w+(?:-soft)?): (#\w+)", rules))
        assert grounds == tuple(named[name] for name in ("page", "soft", "amber-soft", "green-soft"))


@pytest.mark.parametrize("colour", ["#000000", "#14532d", "#9a3412", "#0f4c81", "#7b1fa2", "#b00020"])
def test_a_shade_for_dark_pages_is_the_darkest_that_can_be_read(colour):
    shade = branding.lightened(colour)
    assert terms.worst_ground(shade, dark=True)[0] >= terms.LEAST_CONTRAST
    steps = [terms.mixed("#ffffff", colour, step / 100) for step in range(101)]
    before = steps[max(steps.index(shade) - 1, 0)]
    assert before == shade or terms.worst_ground(before, dark=True)[0] < terms.LEAST_CONTRAST


def test_a_look_counts_in_what_a_report_is_made_of(project):
    shutil.copy(ROOT / "clients/bank/logo.svg", project.client)
    project.chapter("01_one.ipynb")
    (before, after) = (_branded(project, colours) for colours in ('"#0f4c81", "#8a4b12"', '"#0f4c81", "#7b1fa2"'))
    assert before.brand.logo and before.brand.light == COLOURS and before.brand.key != after.brand.key


def _branded(project, colours: str) -> planning.Plan:
    settings = project.client / "client.yml"
    lines = [line for line in settings.read_text(encoding="utf-8").splitlines() if not line.startswith("branding")]
    settings.write_text("\n".join([*lines, f"branding: {{logo: logo.svg, colours: [{colours}]}}"]), encoding="utf-8")
    return planning.plan(project.client, project.folder / "out")


# The command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def small(project) -> Project:
    """A project with a client's part of one chapter."""
    project.chapter("01_first.ipynb", add="record.add('x', factor, unit='1')", reads=["tax"])
    (project.folder / "_toc.yml").write_text(
        yaml.safe_dump({"format": "jb-book", "root": "notebooks/01_first", "meta": toc()["meta"], "chapters": []}),
        "utf-8",
    )
    return project


def command(*words) -> tuple[int, str]:
    answer = CliRunner().invoke(cli.app, [str(word) for word in words])
    return answer.exit_code, " ".join(answer.output.split())


@pytest.mark.parametrize("verb", ["report", "batch"])
@pytest.mark.parametrize(
    ("named", "words"), [("", "install the package chromium"), ("/no/such/program", "is no program")]
)
def test_without_a_browser_a_sentence_says_what_to_install_and_nothing_is_begun(small, monkeypatch, verb, named, words):
    pytest.importorskip("pypdf", reason="pypdf is not installed (extra: pdf)")
    monkeypatch.setenv("PATH", str(small.folder))
    monkeypatch.setenv(printing.VARIABLE, named)
    code, said = command(verb, small.client, "--out", "out", "--pdf")
    assert code == 2 and words in said and "Traceback" not in said
    assert not (small.folder / "out").exists() or not any((small.folder / "out").iterdir())


def test_without_the_packages_a_sentence_names_them(small, monkeypatch):
    monkeypatch.setattr(printing, "find_spec", lambda name: None)
    code, said = command("report", small.client, "--out", "out", "--pdf")
    assert code == 2 and "pip install 'lepton-nb[pdf]'" in said and not (small.folder / "out").exists()


def test_forms_of_a_few_chapters_are_refused(small):
    code, said = command("report", small.client, "--out", "out", "--single-file", "--only", "first")
    assert code == 2 and "report.html: made of a whole report" in said


def test_a_program_that_does_not_print_leaves_the_report_as_it_stood(small, monkeypatch):
    pytest.importorskip("pypdf", reason="pypdf is not installed (extra: pdf)")
    assert command("report", small.client, "--out", "out")[0] == 0
    before = json.loads((small.folder / "out" / "manifest.json").read_text("utf-8"))
    monkeypatch.setenv(printing.VARIABLE, shutil.which("true"))
    code, said = command("report", small.client, "--out", "out", "--pdf")
    assert code == 1 and "did not print" in said and "the last good one stays" in said
    assert json.loads((small.folder / "out" / "manifest.json").read_text("utf-8")) == before
    assert not list((small.folder / "out").glob("*.pdf")) and not list((small.folder / "out").glob(".new-*"))


def test_a_form_stays_while_it_says_what_the_report_says_and_goes_with_it(small):
    out = small.folder / "out"
    plan = planning.plan(small.client, out, single_file=True)
    made = run.report(plan, 1)
    assert made["forms"] == ["report.html"] and "report.html" in made["files"]
    again = run.report(planning.plan(small.client, out), 1)
    assert again["pages_changed"] == [] and (out / "report.html").is_file()
    (out / "report.html").write_text("altered", encoding="utf-8")
    run.report(planning.plan(small.client, out, single_file=True), 1)
    assert "A chapter for a test" in (out / "report.html").read_text(encoding="utf-8")
    settings = small.client / "client.yml"
    settings.write_text(settings.read_text("utf-8").replace("tax: {rate: 0.30", "tax: {rate: 0.29"), "utf-8")
    run.report(planning.plan(small.client, out), 1)
    assert not (out / "report.html").exists(), "it would say what the report no longer says"
    assert "report.html" not in json.loads((out / "manifest.json").read_text("utf-8"))["files"]


def test_a_batch_gives_the_same_forms(small):
    rows = batch.batch([small.client], batch.Options(small.folder / "all", single_file=True), 1)
    assert [row.state for row in rows] == ["published"], rows
    text = (small.folder / "all" / "sample" / "report.html").read_text(encoding="utf-8")
    assert "Content-Security-Policy" in text and chapters.table(paths.project() / "_toc.yml")["meta"]
