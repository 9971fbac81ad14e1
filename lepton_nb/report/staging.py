"""What the site is built from: executed notebooks, prose pages and configuration, as Sphinx reads them.

What a reader must not find on a page is removed before Sphinx sees it: parameter cells, hidden cells, standard
error, Papermill's notes, absolute paths. A file is written only where its content changed.
"""

from __future__ import annotations

import copy
import json
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import yaml

from lepton_nb import paths
from lepton_nb.page.words import escaped
from lepton_nb.report import case_pages, chapters, editions, marks, rows
from lepton_nb.report.makers import hash_of
from lepton_nb.report.private import without_paths
from lepton_nb.results import OF_CASE

#: Cells with these tags do not reach the site in any form.
DROPPED = {"remove-cell", "remove_cell", "parameters", "injected-parameters"}
#: Of an output that comes in several forms, the first of these is shown.
FORMS = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain")


_METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


class PublishError(RuntimeError):
    """The site could not be built; the message holds the last lines of what Jupyter Book said."""


def stage_pages(pages: dict[str, Path], run: dict, stage: Path, code: str, edition: str = editions.BOTH) -> list[str]:
    """Bring the staging folder up to date; returns the documents in the order of the table of contents."""
    project = paths.project()
    toc = chapters.table(project / "_toc.yml")
    listed = editions.documents(toc)
    cases = case_pages.caption(run.get("chapters") or ())
    made, laid = editions.lay_out(toc, {_page_name(document): document for document in listed}, pages, edition, cases)
    if unknown := sorted(set(pages) - {_page_name(p.source) for p in laid} - {_page_name(d) for d in listed}):
        raise PublishError(f"_toc.yml does not list the chapter {', '.join(unknown)}.")
    titles = {str(line.get("chapter")): str(line.get("title") or "") for line in run.get("chapters") or ()}
    doors = {str(line.get("chapter")): line.get("door") for line in run.get("chapters") or ()}
    places = rows.places(project, listed)
    site = _Site(laid, pages, titles, doors, {*listed, *editions.reports(toc)}, code, places)

    texts = _texts(site, project)
    config = yaml.safe_load((project / "_config.yml").read_text(encoding="utf-8"))
    headings = [_title(text) for name, text in texts.items() if name.endswith((".ipynb", ".md"))]
    headings += [titles.get(_page_name(page.document), "") for page in site.present if case_pages.is_case(page.source)]
    present = [page.document for page in site.present]
    told = stand_ins(run)
    banners = {p.document: told[_page_name(p.source)] for p in site.present if _page_name(p.source) in told}
    texts["_toc.yml"] = yaml.safe_dump(_shorter_toc(made, present), sort_keys=False)
    texts["_config.yml"] = yaml.safe_dump(
        _site_config(config, run, headings, banners), sort_keys=False, allow_unicode=True
    )
    texts[marks.FILE] = json.dumps(marks.of(run), ensure_ascii=False)
    texts["run.json"] = json.dumps(run | {"code": code}, ensure_ascii=False, sort_keys=True, default=str)

    for name, text in texts.items():
        _write_if_changed(stage / name, text if isinstance(text, bytes) else text.encode("utf-8"))
    for path in sorted(stage.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(stage).as_posix() not in texts:
            path.unlink()
    return present


def _texts(site: _Site, project: Path) -> dict[str, str | bytes]:
    """Name in the staging folder → content: the pages with their links, and the files beside the prose."""
    texts: dict[str, str | bytes] = {}
    for page in site.present:
        if page.document in site.notebooks:
            notebook = site.notebooks[page.document]
            for cell in notebook["cells"]:
                if cell["cell_type"] == "markdown":
                    cell["source"] = _resolve_links("".join(cell["source"]), page, site)
                for output in cell.get("outputs", ()):
                    if "text/html" in output.get("data", {}):
                        output["data"]["text/html"] = _resolve_shown(output["data"]["text/html"], page, site)
            if last := editions.foot(page, site.aside.get(page.document, []), site.present):
                notebook["cells"].append(last)
            texts[f"{page.document}.ipynb"] = json.dumps(notebook, indent=0, ensure_ascii=False, sort_keys=True)
        else:
            file = project / f"{page.document}.md"
            if not file.exists():
                raise PublishError(f"_toc.yml lists {page.document}, but {page.document}.md does not exist.")
            text = file.read_text(encoding="utf-8")
            if page.document == rows.PAGE:
                text = rows.with_places(text, site.places)
            texts[f"{page.document}.md"] = _resolve_links(text, page, site)
    for file in (project / "book").rglob("*"):
        if file.is_file() and file.suffix != ".md":
            texts[file.relative_to(project).as_posix()] = file.read_bytes()
    return texts


class _Site:
    """The pages of one edition with their notebooks, before links are put in.

    present: the pages that there are, the first one first. notebooks: document → prepared notebook. aside: document →
    its cells in the appendix. figures: document → name → number. labels: label of an equation → document. places: row of
    the sources → where it works; rows: document of the book → the anchors of its rows.
    """

    def __init__(
        self,
        laid: list[editions.Page],
        files: dict[str, Path],
        titles: dict,
        doors: dict,
        listed: set[str],
        code: str,
        places: dict[str, list[rows.Place]],
    ):
        self.listed, self.places = listed, places
        self.rows: dict[str, set[str]] = {}
        executed = {name: json.loads(Path(file).read_text(encoding="utf-8")) for name, file in files.items()}
        self.notebooks: dict[str, dict] = {}
        self.aside: dict[str, list[dict]] = {}
        sections = {}
        for page in laid:
            name = _page_name(page.source)
            if not page.source.startswith("notebooks/") or name not in executed:
                continue
            client = page.part == editions.CLIENT
            notebook = prepare(executed[name], "none" if client else code)
            title = titles.get(name) or name
            if case_pages.is_case(page.source):
                if doors.get(name) not in (None, "", case_pages.TRAINED):
                    case_pages.without(notebook, case_pages.IF_TRAINED)
                case_pages.made_own(notebook, page.source.rpartition(OF_CASE)[2], title)
            else:
                case_pages.without(notebook, case_pages.CASE_ONLY)
            if client:
                if aside := editions.set_aside(notebook):
                    self.aside[page.document] = aside
                    sections[page.document] = case_pages.escaped(title), aside
                editions.reported(notebook)
            else:
                self._of_the_book(page, notebook)
            self.notebooks[page.document] = notebook
        if sections and any(page.document == editions.APPENDIX for page in laid):
            self.notebooks[editions.APPENDIX] = editions.appendix(sections) | {"metadata": _METADATA}
        self.present = [p for p in laid if not p.source.startswith("notebooks/") or p.document in self.notebooks]
        self.figures = {document: _number_figures(notebook) for document, notebook in self.notebooks.items()}
        self.labels = {
            label: document
            for document, notebook in self.notebooks.items()
            for cell in notebook["cells"]
            if cell["cell_type"] == "markdown"
            for label in LABEL.findall("".join(cell["source"]))
        }

    def _of_the_book(self, page: editions.Page, notebook: dict) -> None:
        """Anchors for the rows of the sources, and a title of its own where the client's part has the chapter too."""
        here = [one for places in self.places.values() for one in places if one.document == page.source]
        self.rows[page.document] = rows.mark(notebook, here)
        if page.document != page.source:
            editions.as_method(notebook)

    def pages_of(self, source: str, part: str) -> list[editions.Page]:
        """The pages made from a document, those of the asking page's own part first."""
        return sorted((page for page in self.present if page.source == source), key=lambda page: page.part != part)


def _shorter_toc(toc: dict, present: list[str]) -> dict:
    """The table of contents with only the documents that are present; the first of them is its root."""

    def keep(entries: Iterable) -> list[dict]:
        kept = []
        for entry in entries or []:
            entry = dict(entry)
            for key in ("chapters", "sections"):
                if key in entry:
                    entry[key] = keep(entry[key])
            named = "file" in entry
            if entry.get("chapters") or (named and entry["file"] in present[1:]):
                kept.append({k: v for k, v in entry.items() if v != []})
        return kept

    shorter = {"format": toc["format"], "root": present[0]} | {k: toc[k] for k in ("options", "defaults") if k in toc}
    for key in ("parts", "chapters"):
        if kept := keep(toc.get(key)):
            shorter[key] = kept
    return shorter


def _page_name(document: str) -> str:
    """notebooks/30_mnist gives mnist; book/glossary gives glossary."""
    return re.sub(r"^\d+_", "", PurePosixPath(document).name)


def prepare(notebook: dict, code: str) -> dict:
    """A notebook with only what may be published: no hidden cell, no parameter, no path, no runner's notes."""
    cells = []
    for cell in notebook["cells"]:
        tags = set(cell.get("metadata", {}).get("tags", []))
        if tags & DROPPED:
            continue
        kept = {"cell_type": cell["cell_type"], "id": cell.get("id", f"cell-{len(cells)}"), "source": cell["source"]}
        if cell["cell_type"] == "code":
            outputs = [] if tags & {"remove-output", "remove_output"} else cell.get("outputs", [])
            kept["outputs"] = [output for output in map(_shown, outputs) if output]
            kept["execution_count"] = None
            if code == "none" or tags & {"remove-input", "remove_input"}:
                # A code cell without any source would lose its outputs in the site as well.
                tags, kept["source"] = tags - {"hide-input"} | {"remove-input"}, "#" if kept["outputs"] else ""
            elif code == "folded" and "hide-cell" not in tags:
                tags.add("hide-input")
            if not kept["outputs"] and not "".join(kept["source"]).strip():
                continue
        kept["metadata"] = {"tags": sorted(tags)} if tags else {}
        cells.append(kept)
    return {"cells": cells, "metadata": copy.deepcopy(_METADATA), "nbformat": 4, "nbformat_minor": 5}


def _shown(output: dict) -> dict | None:
    """One output in the one form that is shown; None for what is not."""
    kind = output["output_type"]
    if kind == "stream":
        if output.get("name") != "stdout":
            return None
        return {"output_type": "stream", "name": "stdout", "text": without_paths("".join(output["text"]))}
    if kind == "error":
        line = without_paths(f"{output['ename']}: {output['evalue']}")
        return {"output_type": "stream", "name": "stdout", "text": line + "\n"}
    data = output.get("data", {})
    form = next((form for form in FORMS if form in data), None)
    if form is None:
        return None
    content = data[form] if isinstance(data[form], str) else "".join(data[form])
    if form.startswith("text/"):
        content = without_paths(content)
    if form == "text/html":
        for pattern, replacement in TIDY:
            content = pattern.sub(replacement, content)
    return {"output_type": "display_data", "data": {form: content}, "metadata": {}}


#: Matplotlib's notes on a drawing, and its names of parts, which would stand in a page more than once.
#: Dates and percentages, at which no line may break: a date in the text between tags, not in a tag.
#: The style of a table for JupyterLab: the site has its own, and HTML none in the middle of a page.
TIDY = (
    (re.compile(r"<style>\.lepton-table [^<]*</style>"), ""),
    (re.compile(r"<metadata>.*?</metadata>\s*", re.S), ""),
    (re.compile(r'<g id="[A-Za-z0-9.]+_\d+">'), "<g>"),
    (re.compile(r"(?<=\d) (?=%)"), "\N{NO-BREAK SPACE}"),
    (
        re.compile(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\w-])(?=[^<>]*<(?!/text|/tspan|/title))"),
        r'<span class="lepton-date">\g<0></span>',
    ),
)


CAPTION = re.compile(r'<figcaption data-figure="([^"]*)">')


def _number_figures(notebook: dict) -> dict[str, int]:
    """Number the figures of a page where they stand; returns the number of each named figure."""
    numbers: dict[str, int] = {}
    count = 0

    def numbered(match: re.Match) -> str:
        nonlocal count
        count += 1
        if match[1]:
            numbers[match[1]] = count
        return f'{match[0]}<span class="lepton-number">Figure {count}.</span> '

    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output["data"]["text/html"] = CAPTION.sub(numbered, output["data"]["text/html"])
    return numbers


#: The label of a displayed equation.
LABEL = re.compile(r"\$\$\s*\((eq-[\w-]+)\)")
LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)")
#: The space of "90 %", at which no line may break.
PERCENT = re.compile(r"(?<=\d) (?=%)")
#: Fenced blocks and code spans, in which nothing is a link.
VERBATIM = re.compile(r"(^(`{3,}|~{3,}).*?^\2[^\n]*$|`[^`\n]+`)", re.S | re.M)


def _resolve_links(text: str, page: editions.Page, site: _Site) -> str:
    """Links to figures, equations and chapters as Sphinx knows them.

    ``[Figure](#fig-NAME)`` gets its number, ``[equation](#eq-NAME)`` becomes a reference with the number, a link leads
    to the page of the same part of the site where there is one, and what this site does not hold becomes plain words.
    """

    def link(match: re.Match) -> str:
        words, file, anchor = match[1], match[2], match[3] or ""
        source = page.source
        if file:
            if not file.endswith((".ipynb", ".md")):
                return match[0]
            source = posixpath.normpath(posixpath.join(posixpath.dirname(page.source), posixpath.splitext(file)[0]))
        found = site.pages_of(source, page.part)
        if not found and source in site.listed:
            return words
        if anchor.startswith("fig-"):
            return _to_figure(words, anchor, [one.document for one in found], page, site)
        if anchor.startswith("eq-"):
            return _to_equation(words, anchor, page, site)
        if not file or not found:
            return match[0]
        held = next((one.document for one in found if anchor in site.rows.get(one.document, ())), None)
        if held:
            return f'<a class="reference internal" href="{_address(held, anchor, page)}">{words}</a>'
        anchor = "" if anchor.startswith(rows.ANCHOR) else anchor  # a row whose cell is not in this site
        target = posixpath.relpath(found[0].document, posixpath.dirname(page.document))
        return f"[{words}]({target}{posixpath.splitext(file)[1]}{'#' + anchor if anchor else ''})"

    pieces = VERBATIM.split(text)
    # The pattern has two groups: text, verbatim, its fence, text, …
    return "".join(
        PERCENT.sub("\N{NO-BREAK SPACE}", LINK.sub(link, piece))
        if position % 3 == 0
        else (piece if position % 3 == 1 else "")
        for position, piece in enumerate(pieces)
        if piece is not None
    )


#: A link to a notebook in what a cell shows.
SHOWN_LINK = re.compile(r'<a href="([\w@]+)\.ipynb">(.*?)</a>')


def _resolve_shown(text: str, page: editions.Page, site: _Site) -> str:
    """Links of finished HTML to other notebooks, as links to their pages; words where this site has no such page."""

    def link(match: re.Match) -> str:
        found = site.pages_of(posixpath.join(posixpath.dirname(page.source), match[1]), page.part)
        return (
            f'<a class="reference internal" href="{_address(found[0].document, "", page)}">{match[2]}</a>'
            if found
            else match[2]
        )

    return SHOWN_LINK.sub(link, text)


def _to_figure(words: str, anchor: str, documents: list[str], page: editions.Page, site: _Site) -> str:
    name = anchor.removeprefix("fig-")
    held = next((d for d in (*documents, editions.APPENDIX) if name in site.figures.get(d, {})), None)
    if held is None:
        if page.part == editions.CLIENT and len(documents) < 2:
            return words  # the book, which has it, is left out
        raise PublishError(f"{page.document}: the link [{words}](#{anchor}) names a figure that is not there.")
    number = site.figures[held][name]
    label = f"{words} {number}" if words.lower() == "figure" else f"{words} (Figure {number})"
    return f'<a class="reference internal" href="{_address(held, anchor, page)}">{label}</a>'


def _to_equation(words: str, anchor: str, page: editions.Page, site: _Site) -> str:
    """A reference with the number; from the client's part, which has no formula, a plain link to the book or words."""
    if page.part == editions.BOOK or site.labels.get(anchor) == page.document:
        return f"{words} {{eq}}`{anchor}`"
    if anchor not in site.labels:
        return words
    address = _address(site.labels[anchor], f"equation-{anchor}", page)
    return f'<a class="reference internal" href="{address}">{words}</a>'


def _address(document: str, anchor: str, page: editions.Page) -> str:
    file = "" if document == page.document else posixpath.relpath(document, posixpath.dirname(page.document)) + ".html"
    return f"{file}#{anchor}" if anchor else file


def stand_ins(run: dict) -> dict[str, list[str]]:
    """Chapter → titles of those whose data it shows and that used a stand-in: itself, and the records that it reads."""
    lines = {line["chapter"]: line for line in run.get("chapters") or ()}
    drawn = {name for name, line in lines.items() if any(data.get("stand_in") for data in line.get("data") or ())}

    def read(name: str, seen: set[str]) -> set[str]:
        if name in lines and name not in seen:
            seen.add(name)
            for key in lines[name].get("inputs") or ():
                if key.startswith("record: "):
                    read(key.removeprefix("record: "), seen)
        return seen

    found = {name: [other for other in lines if other in drawn & read(name, set())] for name in lines}
    return {name: [str(lines[other].get("title") or other) for other in used] for name, used in found.items() if used}


def _site_config(config: dict, run: dict, titles: list[str], told: dict[str, list[str]]) -> dict:
    """The project's configuration for this run; client and day are marks, so that it is the same for other clients.

    told: document → titles of the chapters whose stand-in data it shows.
    """
    client = run.get("client") or {}
    name, day, author = ((mark if word else "") for mark, word in marks.of(run).items())
    shown = name
    about = " ".join(filter(None, ("Lepton NB", str(run.get("version") or ""))))
    footer = " · ".join(escaped(part) for part in (name, day, author and f"by {author}", about) if part)
    options = config["sphinx"]["config"].setdefault("html_theme_options", {})
    options["extra_footer"] = f'<p class="lepton-footer">{footer}</p>'
    if name:
        config["title"] = marks.titled(name)
        options["logo"] = {
            "text": f'<span class="lepton-client">{shown}</span><span class="lepton-subject">{marks.SUBJECT}</span>'
        }
    banners = []
    if client.get("synthetic"):
        banners.append(f"<strong>Sample.</strong> {shown} is a made-up company, and so are its figures.")
    if banners:
        options["announcement"] = " ".join(banners)
    # Titles stand in every page's navigation, checksums of the style sheet in every head, and an entry more among
    # the references moves the anchors of the others: when one of them changes, every page is written again.
    shared = [path for path in (paths.project() / "book").rglob("*") if path.is_file() and path.suffix != ".md"]
    config["sphinx"]["config"]["html_context"] = {
        "default_mode": "auto",
        "lepton_titles": titles,
        "lepton_about": {"author": author or about, "day": day},
        "lepton_stand_ins": {
            document: f"<strong>Stand-in data</strong> in place of the real set: {', '.join(map(escaped, names))}."
            for document, names in told.items()
        },
        "lepton_shared": hash_of(sorted(shared)),
    }
    return config


def _title(text: str | bytes) -> str:
    """The first heading of a page or of a notebook's JSON, as it stands there."""
    found = re.search(r'(?:^|")# ([^\n"\\]+)', text if isinstance(text, str) else text.decode(), re.M)
    return found[1] if found else ""


def _write_if_changed(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
