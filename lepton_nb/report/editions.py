"""Two editions of one source: the client's part, which reports, and the book, which teaches.

``_toc.yml`` names under ``meta``, ``report`` the chapters that report, in the order in which they do. Of such a chapter
the client's part shows the results and the text, never code, without the cells tagged for the book; cells tagged for
the appendix stand together on one page of the client's part. The book has the whole notebook, under ``chapters/``.
"""

from __future__ import annotations

import copy
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from lepton_nb.report import case_pages

#: What a command may ask for; ``book`` is the notebooks as they are, for readers with code.
BOTH, CLIENT, BOOK = EDITIONS = ("both", "client", "book")
#: Tags of cells: in the book only, and in the appendix of the client's part.
BOOK_ONLY, TO_APPENDIX = case_pages.BOOK_ONLY, "appendix"
#: The page that is made of cells tagged for it, as ``_toc.yml`` names it.
APPENDIX = "notebooks/appendix"
#: Pages of the client's part that are no chapters: the appendix, and the bridge from an earlier report where one is given.
SINCE = "notebooks/since_last_report"
MADE = (APPENDIX, SINCE)
APPENDIX_TITLE = "Rules, checks and inputs"
#: Where the book has the whole notebook of a chapter that reports, and what its title begins with.
FOLDER, METHOD = "chapters", "Method: "

#: Class of what leads from the client's part to the book.
TO_BOOK = "lepton-to-book"
#: Sections of the appendix that the foot of a page names; of more it says that they are there.
MOST_NAMED = 4

_LABEL = re.compile(r"(\$\$)\s*\(eq-[\w-]+\)")
_HEADING = re.compile(r"^(#{1,6})(?= )", re.M)
_FENCED = re.compile(r"(^(?:`{3,}|~{3,}).*?^(?:`{3,}|~{3,})[^\n]*$)", re.S | re.M)


@dataclass(frozen=True)
class Page:
    """A page of the site. source: the document of the table of contents that it is made from, a case's with its asset."""

    document: str
    source: str
    part: str  # CLIENT or BOOK


def reports(toc: Mapping[str, Any]) -> list[str]:
    """The documents that the client's part names besides the root, in its order; none where there is no such part."""
    return [entry["file"] for part in _parts(toc) for entry in part["chapters"]]


def _parts(toc: Mapping[str, Any]) -> list[dict]:
    return copy.deepcopy((toc.get("meta") or {}).get("report") or [])


def lay_out(
    toc: Mapping[str, Any], listed: Mapping[str, str], names: Iterable[str], edition: str, cases: str = case_pages.PART
) -> tuple[dict, list]:
    """The table of contents of an edition, and its pages in that order.

    listed: chapter → its document, of the whole table of contents. names: what was executed, cases among it. cases: caption of their part.
    """
    whole = {key: value for key, value in toc.items() if key != "meta"}
    if edition == BOOK or not reports(toc):
        made = case_pages.with_cases(whole, listed, names, cases)
        return made, [Page(document, document, BOOK) for document in documents(made)]
    made = case_pages.with_cases({**_bare(whole), "parts": _parts(toc)}, listed, names, cases)
    pages = [Page(document, document, CLIENT) for document in documents(made)]
    if edition == BOTH:
        twice = {toc["root"], *reports(toc)}
        parts = _book_parts(whole, twice)
        made["parts"] += parts
        sources = {_twin(document): document for document in documents(whole)}
        pages += [Page(d, sources.get(d, d), BOOK) for d in documents({"root": "", "parts": parts}) if d]
    return made, pages


def client_part(toc: Mapping[str, Any], present: Iterable[str]) -> list[str]:
    """Of the documents of a site, in their order, those of the client's part; none where the site has no such part.

    toc: the whole table of contents.
    """
    own = {toc["root"], *reports(toc)} if reports(toc) else set()
    return [document for document in present if document in own or (own and case_pages.is_case(document))]


def captions(toc: Mapping[str, Any], own: Iterable[str], cases: str = case_pages.PART) -> dict[str, str]:
    """Of the documents of a client's part, those that begin a part of it → its caption. cases: that of the cases."""
    own = list(own)
    found = {next(filter(case_pages.is_case, own), ""): cases}
    for part in _parts(toc):
        inside = [entry["file"] for entry in part["chapters"]]
        found[next((document for document in own if document in inside), "")] = str(part["caption"])
    return {document: caption for document, caption in found.items() if document}


def _bare(toc: Mapping[str, Any]) -> dict:
    return {key: value for key, value in toc.items() if key not in ("parts", "chapters")}


def _twin(document: str) -> str:
    """Where the book has the notebook of a chapter that reports.

    >>> _twin("notebooks/80_value")
    'chapters/80_value'
    """
    return f"{FOLDER}/{PurePosixPath(document).name}"


def _book_parts(toc: Mapping[str, Any], twice: set[str]) -> list[dict]:
    """The parts of the book: chapters that report as whole notebooks, prose that the client's part holds left out."""
    parts = copy.deepcopy(toc.get("parts") or [{"caption": "The book", "chapters": toc.get("chapters") or []}])
    parts[0]["chapters"].insert(0, {"file": toc["root"]})
    for part in parts:
        kept = [entry for entry in part["chapters"] if entry["file"] not in twice or _is_notebook(entry["file"])]
        part["chapters"] = [{"file": _twin(e["file"])} if e["file"] in twice else e for e in kept]
        part["caption"] = f"Book: {part['caption']}"
    return [part for part in parts if part["chapters"]]


def _is_notebook(document: str) -> bool:
    return document.startswith("notebooks/") and document not in MADE


def documents(toc: Mapping[str, Any]) -> list[str]:
    """The documents that a table of contents names, the root first."""
    found = [toc["root"]]

    def walk(entries: Iterable) -> None:
        for entry in entries or []:
            if "file" in entry:
                found.append(str(PurePosixPath(entry["file"]).with_suffix("")))
            for key in ("parts", "chapters", "sections"):
                walk(entry.get(key))

    walk(toc.get("parts"))
    walk(toc.get("chapters"))
    return found


# Pages ----------------------------------------------------------------------------------------------------------


def tags(cell: Mapping[str, Any]) -> set[str]:
    """The tags of a cell."""
    return set(cell.get("metadata", {}).get("tags", ()))


def reported(notebook: dict) -> None:
    """Leave of a prepared notebook what the client's part shows, with headings that skip no level."""
    left = [cell for cell in notebook["cells"] if not tags(cell) & {BOOK_ONLY, TO_APPENDIX}]
    notebook["cells"] = _without_bare_sections(left)
    _without_labels(notebook["cells"])
    _level(notebook["cells"])


def _without_bare_sections(cells: list[dict]) -> list[dict]:
    """Leave out sections whose code shows nothing for this client: a heading would promise what he does not have."""
    sections: list[list[dict]] = [[]]
    for cell in cells:
        if cell["cell_type"] == "markdown" and _HEADING.search("".join(cell["source"])):
            sections.append([])
        sections[-1].append(cell)
    return [cell for section in sections if not _says_nothing(section) for cell in section]


def _says_nothing(section: list[dict]) -> bool:
    code = [cell for cell in section if cell["cell_type"] == "code"]
    title = section and "".join(section[0]["source"]).startswith("# ")
    return bool(code) and not title and not any(map(_shows, code))


def _shows(cell: Mapping[str, Any]) -> bool:
    """Whether a cell of code says or draws anything."""
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        texts = [data["text/html"]] if "text/html" in data else [*data.values(), output.get("text", "")]
        if output.get("output_type") == "error" or any(
            "".join(text).strip() for text in texts if isinstance(text, str | list)
        ):
            return True
    return False


def _without_labels(cells: list[dict]) -> None:
    """Take the labels of formulas away: a label stands once in the site, and that is in the book."""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            cell["source"] = _LABEL.sub(r"\1", "".join(cell["source"]))


def as_method(notebook: dict) -> None:
    """Give the whole notebook in the book a title of its own."""
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and re.search(r"^# ", text, re.M):
            cell["source"] = re.sub(r"^# ", f"# {METHOD}", text, count=1, flags=re.M)
            return


def set_aside(notebook: Mapping[str, Any]) -> list[dict]:
    """The cells of a prepared notebook that go to the appendix."""
    aside = copy.deepcopy(_without_bare_sections([cell for cell in notebook["cells"] if TO_APPENDIX in tags(cell)]))
    _without_labels(aside)
    return aside


def appendix(sections: Mapping[str, tuple[str, list[dict]]]) -> dict:
    """The page of what was set aside. sections: document → its title as Markdown, its cells."""
    cells = [_markdown("appendix-title", f"# {APPENDIX_TITLE}\n\nWhat the pages before rest on, page by page.")]
    for document, (title, aside) in sections.items():
        anchor = anchor_of(document)
        heading = _markdown(f"{anchor}-title", f'<span id="{anchor}"></span>\n\n## {title}')
        _level(aside, 2)
        for cell in aside:
            cell["id"] = f"{anchor}-{cell['id']}"[:64]
        cells += [heading, *aside]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def anchor_of(document: str) -> str:
    """The anchor of a page's section in the appendix."""
    return "appendix-" + re.sub(r"[^A-Za-z0-9]+", "-", PurePosixPath(document).name)


def foot(page: Page, aside: list[dict], pages: Iterable[Page]) -> dict | None:
    """The last line of a page: of the client's part, where its rules stand and its method is taught; of the book, its notebook."""
    if page.part == BOOK and page.source.startswith("notebooks/"):
        return _markdown("foot", notebook_foot(posixpath.basename(page.document)))
    told = []
    if aside:
        named = [heading for cell in aside for heading in re.findall(r"^#+ (.*)$", "".join(cell["source"]), re.M)]
        words = ", ".join(named) if 0 < len(named) <= MOST_NAMED else "rules, checks and inputs of this page"
        told.append(f"In the appendix: {_link(page, APPENDIX, anchor_of(page.document), words)}.")
    twin = next((one.document for one in pages if one.part == BOOK and one.source == page.source), "")
    if twin and page.part == CLIENT:
        link = _link(page, twin, "", "formulas, code and exercises of this page")
        told.append(f'<span class="{TO_BOOK}">In the book: {link}.</span>')
    return _markdown("foot", f'<p class="lepton-foot">{" ".join(told)}</p>') if told else None


def notebook_foot(name: str) -> str:
    """HTML that leads to the notebook of that name beside its page."""
    file = f"{name}.ipynb"
    return (
        f'<p class="lepton-foot">This page as a notebook, as it was executed: <a href="{file}" download>{file}</a>.</p>'
    )


def _link(page: Page, document: str, anchor: str, words: str) -> str:
    file = posixpath.relpath(document, posixpath.dirname(page.document))
    return f'<a class="reference internal" href="{file}.html{"#" + anchor if anchor else ""}">{words}</a>'


def _markdown(name: str, text: str) -> dict:
    return {"cell_type": "markdown", "id": re.sub(r"[^\w-]", "-", name)[:64], "source": text, "metadata": {}}


def _level(cells: list[dict], below: int = 0) -> None:
    """Headings in steps of one, the first one level under ``below``: what stood between may have been left out."""
    open_: list[int] = []

    def step(match: re.Match) -> str:
        level = len(match[1])
        while open_ and open_[-1] >= level:
            open_.pop()
        open_.append(level)
        return "#" * (below + len(open_))

    for cell in cells:
        if cell["cell_type"] == "markdown":
            pieces = _FENCED.split("".join(cell["source"]))
            cell["source"] = "".join(p if i % 2 else _HEADING.sub(step, p) for i, p in enumerate(pieces))
