"""What the site is built from: executed notebooks, prose pages and configuration, as Sphinx reads them.

What a reader must not find on a page is removed before Sphinx sees it: parameter cells, hidden cells, standard
error, Papermill's notes, absolute paths. A file is written only where its content changed.
"""

from __future__ import annotations

import html
import json
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import yaml

from lepton_nb import paths
from lepton_nb.report import case_pages
from lepton_nb.report.makers import hash_of
from lepton_nb.results import OF_CASE

#: Cells with these tags do not reach the site in any form.
DROPPED = {"remove-cell", "remove_cell", "parameters", "injected-parameters"}
#: Of an output that comes in several forms, the first of these is shown.
FORMS = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain")


#: What stands in the pages for the client's name and the run's day, until they are copied out of the build folder.
NAME, DAY = "lepton0client0name", "lepton0run0day"


class PublishError(RuntimeError):
    """The site could not be built; the message holds the last lines of what Jupyter Book said."""


def stage_pages(pages: dict[str, Path], run: dict, stage: Path, code: str) -> list[str]:
    """Bring the staging folder up to date; returns the documents in the order of the table of contents."""
    project = paths.project()
    toc = yaml.safe_load((project / "_toc.yml").read_text(encoding="utf-8"))
    toc = case_pages.with_cases(toc, {_page_name(document): document for document in _documents(toc)}, pages)
    listed = _documents(toc)
    present = [d for d in listed if not d.startswith("notebooks/") or _page_name(d) in pages]
    if unknown := sorted(set(pages) - {_page_name(d) for d in listed}):
        raise PublishError(f"_toc.yml does not list the chapter {', '.join(unknown)}.")
    present.sort(key=lambda d: d != listed[0])  # the root first, if it is there
    chapters = {
        d: json.loads(Path(pages[_page_name(d)]).read_text(encoding="utf-8")) for d in present if _page_name(d) in pages
    }
    notebooks = {document: prepare(notebook, code) for document, notebook in chapters.items()}
    named = {str(line.get("chapter")): str(line.get("title") or "") for line in run.get("chapters") or ()}
    cases = {document: named.get(_page_name(document), "") for document in filter(case_pages.is_case, notebooks)}
    for document in notebooks.keys() - cases.keys():
        case_pages.without(notebooks[document], case_pages.CASE_ONLY)
    for document, title in cases.items():
        case_pages.made_own(notebooks[document], document.rpartition(OF_CASE)[2], title or _page_name(document))
    figures = {document: _number_figures(notebook) for document, notebook in notebooks.items()}

    texts: dict[str, str | bytes] = {}
    for document, notebook in notebooks.items():
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = _resolve_links("".join(cell["source"]), document, listed, figures)
        texts[f"{document}.ipynb"] = json.dumps(notebook, indent=0, ensure_ascii=False, sort_keys=True)
    for document in present:
        if document not in notebooks:
            file = project / f"{document}.md"
            if not file.exists():
                raise PublishError(f"_toc.yml lists {document}, but {document}.md does not exist.")
            texts[f"{document}.md"] = _resolve_links(file.read_text(encoding="utf-8"), document, listed, figures)
    for file in (project / "book").rglob("*"):
        if file.is_file() and file.suffix != ".md":
            texts[file.relative_to(project).as_posix()] = file.read_bytes()
    config = yaml.safe_load((project / "_config.yml").read_text(encoding="utf-8"))
    titles = [_title(text) for name, text in texts.items() if name.endswith((".ipynb", ".md"))]
    titles += cases.values()
    texts["_toc.yml"] = yaml.safe_dump(_shorter_toc(toc, present), sort_keys=False)
    texts["_config.yml"] = yaml.safe_dump(_site_config(config, run, titles), sort_keys=False, allow_unicode=True)
    texts["names.json"] = json.dumps(_names(run), ensure_ascii=False)
    texts["run.json"] = json.dumps(run | {"code": code}, ensure_ascii=False, sort_keys=True, default=str)

    for name, text in texts.items():
        _write_if_changed(stage / name, text if isinstance(text, bytes) else text.encode("utf-8"))
    for path in sorted(stage.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(stage).as_posix() not in texts:
            path.unlink()
    return present


def _documents(toc: dict) -> list[str]:
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
                tags, kept["source"] = tags | {"remove-input"}, "#" if kept["outputs"] else ""
            elif code == "folded" and "hide-cell" not in tags:
                tags.add("hide-input")
            if not kept["outputs"] and not "".join(kept["source"]).strip():
                continue
        kept["metadata"] = {"tags": sorted(tags)} if tags else {}
        cells.append(kept)
    language = {"name": "python", "pygments_lexer": "ipython3"}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": language},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _shown(output: dict) -> dict | None:
    """One output in the one form that is shown; None for what is not."""
    kind = output["output_type"]
    if kind == "stream":
        if output.get("name") != "stdout":
            return None
        return {"output_type": "stream", "name": "stdout", "text": _without_paths("".join(output["text"]))}
    if kind == "error":
        line = _without_paths(f"{output['ename']}: {output['evalue']}")
        return {"output_type": "stream", "name": "stdout", "text": line + "\n"}
    data = output.get("data", {})
    form = next((form for form in FORMS if form in data), None)
    if form is None:
        return None
    content = data[form] if isinstance(data[form], str) else "".join(data[form])
    if form.startswith("text/"):
        content = _without_paths(content)
    if form == "text/html":
        for pattern, replacement in TIDY:
            content = pattern.sub(replacement, content)
    return {"output_type": "display_data", "data": {form: content}, "metadata": {}}


#: Matplotlib's notes on a drawing, and its names of parts, which would stand in a page more than once.
#: Dates and percentages, at which no line may break: a date in the text between tags, not in a tag.
TIDY = (
    (re.compile(r"<metadata>.*?</metadata>\s*", re.S), ""),
    (re.compile(r'<g id="[A-Za-z0-9.]+_\d+">'), "<g>"),
    (re.compile(r"(?<=\d) (?=%)"), "\N{NO-BREAK SPACE}"),
    (
        re.compile(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\w-])(?=[^<>]*<(?!/text|/tspan|/title))"),
        r'<span class="lepton-date">\g<0></span>',
    ),
)


def _without_paths(text: str) -> str:
    """Text without the folders of this machine: a file keeps its name and its place in the project."""
    if "/" not in text and "\\" not in text:
        return text
    folders = [paths.project(), paths.state_folder(), Path(tempfile.gettempdir()), Path.home()]
    for folder in sorted({str(f) for f in folders} - {"/"}, key=len, reverse=True):
        text = text.replace(folder + os.sep, "").replace(folder, "…")
    return text


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


LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)")
#: The space of "90 %", at which no line may break.
PERCENT = re.compile(r"(?<=\d) (?=%)")
#: Fenced blocks and code spans, in which nothing is a link.
VERBATIM = re.compile(r"(^(`{3,}|~{3,}).*?^\2[^\n]*$|`[^`\n]+`)", re.S | re.M)


def _resolve_links(text: str, document: str, listed: list[str], figures: dict[str, dict[str, int]]) -> str:
    """Links to figures, equations and chapters as Sphinx knows them.

    ``[Figure](#fig-NAME)`` gets its number, ``[equation](#eq-NAME)`` becomes a reference with the number, and a
    link to a chapter that is not in this report becomes plain words.
    """

    def link(match: re.Match) -> str:
        words, file, anchor = match[1], match[2], match[3] or ""
        target = document
        if file:
            if not file.endswith((".ipynb", ".md")):
                return match[0]
            target = os.path.normpath(PurePosixPath(document).parent / PurePosixPath(file).with_suffix(""))
            target = target.replace(os.sep, "/")
        if target.startswith("notebooks/") and target in listed and target not in figures:
            return words
        if anchor.startswith("fig-"):
            name = anchor.removeprefix("fig-")
            if name not in figures.get(target, {}):
                raise PublishError(f"{document}: the link [{words}]({file}#{anchor}) names a figure that is not there.")
            number = figures[target][name]
            page = "" if target == document else os.path.relpath(target, PurePosixPath(document).parent) + ".html"
            label = f"{words} {number}" if words.lower() == "figure" else f"{words} (Figure {number})"
            return f'<a class="reference internal" href="{page}#{anchor}">{label}</a>'
        if anchor.startswith("eq-"):
            return f"{words} {{eq}}`{anchor}`"
        return match[0]

    pieces = VERBATIM.split(text)
    # The pattern has two groups: text, verbatim, its fence, text, …
    return "".join(
        PERCENT.sub("\N{NO-BREAK SPACE}", LINK.sub(link, piece))
        if position % 3 == 0
        else (piece if position % 3 == 1 else "")
        for position, piece in enumerate(pieces)
        if piece is not None
    )


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


def _names(run: dict) -> dict[str, str]:
    """What the marks in the pages stand for."""
    return {NAME: str((run.get("client") or {}).get("name") or ""), DAY: str(run.get("started") or "")[:10]}


def put_names(site: Path, stage: Path) -> None:
    """Write this run's names into the pages that were copied from a build folder. Every page escapes a name once."""
    names = json.loads((stage / "names.json").read_text(encoding="utf-8"))
    for page in site.rglob("*.html"):
        text = page.read_bytes()
        for mark, name in names.items():
            text = text.replace(mark.encode(), html.escape(name).encode())
        page.write_bytes(text)


def _site_config(config: dict, run: dict, titles: list[str]) -> dict:
    """The project's configuration for this run; client and day are marks, so that it is the same for other clients."""
    client = run.get("client") or {}
    name, day = ((mark if word else "") for mark, word in _names(run).items())
    shown = name
    about = " ".join(filter(None, ("Lepton NB", str(run.get("version") or ""))))
    footer = " · ".join(html.escape(part) for part in (name, day, about) if part)
    options = config["sphinx"]["config"].setdefault("html_theme_options", {})
    options["extra_footer"] = f'<p class="lepton-footer">{footer}</p>'
    if name:
        config["title"] = f"{name}: the value of its AI assets"
        options["logo"] = {
            "text": f'<span class="lepton-client">{shown}</span><span class="lepton-subject">The value of its AI assets</span>'
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
        "lepton_stand_ins": {
            chapter: f"<strong>Stand-in data</strong> in place of the real set: {', '.join(map(html.escape, told))}."
            for chapter, told in stand_ins(run).items()
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
