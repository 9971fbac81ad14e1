"""Executed notebooks and prose pages become a static site that needs no network.

The way: everything that belongs to the site is *staged* in a folder that persists, written only where its
content changed, so that Sphinx reads and writes only what changed; Jupyter Book builds there, warnings being
errors; the finished site moves into the report in one step. A failed build leaves the last good site alone.

What a reader must not find on a page is removed before Sphinx sees it: parameter cells, hidden cells, standard
error, Papermill's notes, absolute paths.
"""

from __future__ import annotations

import contextlib
import hashlib
import html
import importlib
import io
import json
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path, PurePosixPath

import yaml

from lepton_nb import paths
from lepton_nb.report import imports

__all__ = ["PublishError", "fingerprint", "publish", "warm_up"]

CODE_MODES = ("folded", "shown", "none")
#: Cells with these tags do not reach the site in any form.
DROPPED = {"remove-cell", "remove_cell", "parameters", "injected-parameters"}
#: Of an output that comes in several forms, the first of these is shown.
FORMS = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain")
#: Packages whose versions change what a page looks like.
MAKERS = (
    "jupyter-book", "sphinx", "sphinx-book-theme", "pydata-sphinx-theme", "myst-nb", "myst-parser",
    "sphinxcontrib-bibtex", "sphinxcontrib-katex", "mermaidx", "ziamath", "fonttools",
)  # fmt: skip


class PublishError(RuntimeError):
    """The site could not be built; the message holds the last lines of what Jupyter Book said."""


def publish(pages: dict[str, Path], run: dict, out: Path, work: Path, code: str = "folded") -> list[str]:
    """Build the site from executed notebooks and put it into ``out/site`` in one step.

    pages: chapter name to executed notebook; chapters that are not among them are left out of the site.
    run: what the page "This run" shows, as in ``manifest.json``.
    work: a folder that persists between calls for the same client and makes the next build quick.
    code: ``folded`` (each code cell behind a click), ``shown`` (as the notebooks' tags say), ``none``.

    Returns the pages that changed, as ``_toc.yml`` names them: ``notebooks/30_mnist``, ``book/this_run``.
    Raises PublishError when the build fails or warns; ``out/site`` is then as it was.
    """
    if code not in CODE_MODES:
        raise ValueError(f"code must be one of {', '.join(CODE_MODES)}. Received: code={code!r}")
    if not pages:
        raise PublishError("There is no executed chapter to publish.")
    # Absolute at once: another thread of the engine may change the working folder.
    out, work = Path(out).resolve(), Path(work).resolve()
    documents = _stage(pages, run, work / "source", code)
    _start_afresh_if_needed(work, code)
    before = _contents(work / "html", documents)
    _build(work)
    after = _contents(work / "html", documents)
    (work / "unfinished").unlink()
    _put_in_place(work / "html", out / "site", first=documents[0])
    return [document for document in documents if after[document] != before.get(document)]


def warm_up() -> None:
    """Import what publishing needs: 2 s, which an engine can spend while chapters run."""
    imports.jsonschema()
    for name in ("jupyter_book.sphinx", "myst_nb.sphinx_ext", "sphinx_book_theme", "sphinxcontrib.bibtex"):
        importlib.import_module(name)


def fingerprint(code: str = "folded") -> str:
    """A hash of all that makes the site besides the executed notebooks and the run. Imports nothing heavy."""
    files = sorted(path for path in (paths.project() / "book").rglob("*") if path.is_file())
    return _hash(_makers() + files, code)


def _makers() -> list[Path]:
    """The files that decide what every page looks like."""
    here, project = Path(__file__).parent, paths.project()
    return [project / "_config.yml", project / "_toc.yml", here / "publish.py", here / "sphinx_lepton.py"]


def _hash(files: Iterable[Path], *texts: str) -> str:
    digest = hashlib.sha256(json.dumps([texts, [version(package) for package in MAKERS]]).encode())
    for path in files:
        digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


# Staging --------------------------------------------------------------------------------------------------------


def _stage(pages: dict[str, Path], run: dict, stage: Path, code: str) -> list[str]:
    """Bring the staging folder up to date; returns the documents in the order of the table of contents."""
    project = paths.project()
    toc = yaml.safe_load((project / "_toc.yml").read_text(encoding="utf-8"))
    listed = _documents(toc)
    present = [d for d in listed if not d.startswith("notebooks/") or _page_name(d) in pages]
    if unknown := sorted(set(pages) - {_page_name(d) for d in listed}):
        raise PublishError(f"_toc.yml does not list the chapter {', '.join(unknown)}.")
    present.sort(key=lambda d: d != listed[0])  # the root first, if it is there
    chapters = {
        d: json.loads(Path(pages[_page_name(d)]).read_text(encoding="utf-8")) for d in present if _page_name(d) in pages
    }
    notebooks = {document: _prepare(notebook, code) for document, notebook in chapters.items()}
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
    texts["_toc.yml"] = yaml.safe_dump(_shorter_toc(toc, present), sort_keys=False)
    texts["_config.yml"] = yaml.safe_dump(_site_config(config, run, titles), sort_keys=False, allow_unicode=True)
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


def _prepare(notebook: dict, code: str) -> dict:
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
                tags, kept["source"] = tags | {"remove-input"}, ""
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


def _site_config(config: dict, run: dict, titles: list[str]) -> dict:
    """The project's configuration with this run's names in it. Names are escaped: templates print them as they are."""
    client = run.get("client") or {}
    name = str(client.get("name") or "")
    shown = html.escape(name)
    day = str(run.get("started") or "")[:10]
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
    stand_ins = [
        html.escape(str(line.get("title") or line["chapter"]))
        for line in run.get("chapters") or ()
        if any(data.get("stand_in") for data in line.get("data") or ())
    ]
    if stand_ins:
        banners.append(f"<strong>Stand-in data</strong> in place of the real set: {', '.join(stand_ins)}.")
    if banners:
        options["announcement"] = " ".join(banners)
    # Titles stand in every page's navigation, checksums of the style sheet in every head, and an entry more among
    # the references moves the anchors of the others: when one of them changes, every page is written again.
    shared = [path for path in (paths.project() / "book").rglob("*") if path.is_file() and path.suffix != ".md"]
    config["sphinx"]["config"]["html_context"] = {
        "default_mode": "auto",
        "lepton_titles": titles,
        "lepton_shared": _hash(sorted(shared)),
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


# Building -------------------------------------------------------------------------------------------------------


def _start_afresh_if_needed(work: Path, code: str) -> None:
    """Forget earlier builds when the last one failed, or when the set of pages or what makes them has changed.

    Sphinx keeps the pages of a failed build and would not warn about them a second time.
    """
    mark, unfinished = work / "made-by", work / "unfinished"
    made_by = _hash([*_makers(), work / "source" / "_toc.yml"], code)
    if unfinished.exists() or not mark.exists() or mark.read_text() != made_by:
        for folder in ("html", "doctrees", "jupyter_execute"):
            shutil.rmtree(work / folder, ignore_errors=True)
    unfinished.touch()
    mark.write_text(made_by)


def _build(work: Path) -> None:
    """Run Jupyter Book in the staging folder. Raises PublishError with what it said."""
    warm_up()
    from jupyter_book.sphinx import build_sphinx

    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        # What a library says about another library's future is no fault of the site.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        status = build_sphinx(
            str(work / "source"),
            str(work / "html"),
            noconfig=True,
            path_config=str(work / "source" / "_config.yml"),
            confoverrides={"latex_individualpages": False},
            doctreedir=str(work / "doctrees"),
            quiet=True,
            warningiserror=True,
            keep_going=True,
        )
    if status != 0:
        text = re.sub(r"\x1b\[[\d;]*m", "", said.getvalue()).replace(str(work / "source") + os.sep, "")
        lines = [line for line in text.splitlines() if line.strip()]
        if isinstance(status, Exception) and not lines:
            lines = [f"{type(status).__name__}: {status}"]
        raise PublishError("The site was not built:\n" + "\n".join(lines[-12:]))


def _contents(folder: Path, documents: list[str]) -> dict[str, str]:
    """A hash of each built page, but for the checksums of its style sheets.

    Sphinx writes the root again at every build, and knows some of those checksums only from the second build on.
    """
    files = {document: folder / f"{document}.html" for document in documents}
    pages = {name: re.sub(rb"\?v=[0-9a-f]+", b"", file.read_bytes()) for name, file in files.items() if file.exists()}
    return {name: hashlib.sha256(page).hexdigest() for name, page in pages.items()}


#: Files of the theme that no page asks for.
NOT_NEEDED = shutil.ignore_patterns(
    "*.map", "*.po", "*.mo", "locales", "*.ttf", ".buildinfo*", "objects.inv", ".doctrees", "_sources", "*.ipynb",
    "webpack-macros.html", "sbt-webpack-macros.html", ".gitignore", "jupyter_execute",
)  # fmt: skip


def _put_in_place(built: Path, site: Path, first: str) -> None:
    """Copy the built pages beside the old site, then swap the two: nobody sees half a site."""
    site.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".site-", dir=site.parent))
    old = fresh.with_name(fresh.name + "-old")
    try:
        shutil.copytree(built, fresh, ignore=NOT_NEEDED, dirs_exist_ok=True)
        fresh.chmod(0o755)
        (fresh / "index.html").write_text(
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Report</title>'
            '<link rel="icon" href="_static/favicon.svg">'
            f'<meta http-equiv="refresh" content="0; url={first}.html"><p><a href="{first}.html">Open the report</a></p></html>\n'
        )
        if site.exists():
            site.rename(old)
        try:
            fresh.rename(site)
        except OSError:
            if old.exists():
                old.rename(site)
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
