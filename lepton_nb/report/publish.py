"""Executed notebooks and prose pages become a static site that needs no network.

The way: everything that belongs to the site is *staged* in a folder that persists (``staging.py``), so that Sphinx
reads and writes only what changed; Jupyter Book builds there, warnings being errors; the finished site moves into the
report in one step (``placing.py``). A failed build leaves the last good site alone.
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
import warnings
from pathlib import Path

from lepton_nb import paths
from lepton_nb.page.words import opened
from lepton_nb.report import editions, imports, makers, marks, page_head, placing
from lepton_nb.report.staging import PublishError, stage_pages
from lepton_nb.report.staging import prepare as _prepare

__all__ = [
    "PublishError",
    "_prepare",
    "build",
    "changed_pages",
    "fingerprint",
    "fingerprint_of",
    "lay_out",
    "publish",
    "warm_up",
]

CODE_MODES = ("folded", "shown", "none")


def publish(
    pages: dict[str, Path], run: dict, out: Path, work: Path, code: str = "folded", edition: str = editions.BOTH
) -> list[str]:
    """Build the site from executed notebooks and put it into ``out/site`` in one step.

    For pages, run, work, code, edition see :func:`build`. Returns the pages that changed, as ``_toc.yml`` names them:
    ``notebooks/30_mnist``, ``book/this_run``. Raises PublishError when the build fails or warns; ``out/site`` is then
    as it was.
    """
    # Absolute at once: another thread of the engine may change the working folder.
    out, work = Path(out).resolve(), Path(work).resolve()
    documents = build(pages, run, work, code, edition)
    out.mkdir(parents=True, exist_ok=True)
    with placing.staged(out) as new:
        lay_out(work, new / "site", documents[0])
        changed = changed_pages(new / "site", out / "site", documents)
        placing.put(new, out, ["site"])
    return changed


def build(
    pages: dict[str, Path], run: dict, work: Path, code: str = "folded", edition: str = editions.BOTH
) -> list[str]:
    """Build the site in ``work``; returns its documents, the first one first.

    pages: chapter name to executed notebook; chapters that are not among them are left out of the site.
    run: what the page "This run" shows, as in ``manifest.json``.
    work: a folder that persists between calls for the same client and makes the next build quick.
    code: ``folded`` (each code cell behind a click), ``shown`` (as the notebooks' tags say), ``none``; in the client's
    part there is none. edition: ``both``, ``client`` (the client's part alone), ``book`` (the notebooks as they are).
    """
    if code not in CODE_MODES:
        raise ValueError(f"code must be one of {', '.join(CODE_MODES)}. Received: code={code!r}")
    if edition not in editions.EDITIONS:
        raise ValueError(f"edition must be one of {', '.join(editions.EDITIONS)}. Received: edition={edition!r}")
    if not pages:
        raise PublishError("There is no executed chapter to publish.")
    work = Path(work).resolve()
    documents = stage_pages(pages, run, work / "source", code, edition)
    _start_afresh_if_needed(work, code)
    _build(work)
    (work / "unfinished").unlink()
    return documents


def warm_up() -> None:
    """Import what publishing needs: 2 s, which an engine can spend while chapters run."""
    imports.jsonschema()
    for name in ("jupyter_book.sphinx", "myst_nb.sphinx_ext", "sphinx_book_theme", "sphinxcontrib.bibtex"):
        importlib.import_module(name)


def fingerprint(code: str = "folded", edition: str = editions.BOTH) -> str:
    """A hash of all that makes a report besides the executed notebooks and the run. Imports nothing heavy."""
    files = sorted(path for path in (paths.project() / "book").rglob("*") if path.is_file())
    makes = makers.modules("lepton_nb.report.workbook", "lepton_nb.report.ledger", "lepton_nb.report.forms")
    return makers.hash_of([*makers.of_pages(), *makes, *files], code, edition)


def fingerprint_of(*modules: str) -> str:
    """A hash of modules, with all that they import of the package."""
    return makers.hash_of(makers.modules(*modules))


# Building -------------------------------------------------------------------------------------------------------


def _start_afresh_if_needed(work: Path, code: str) -> None:
    """Forget earlier builds when the last one failed, or when the set of pages or what makes them has changed.

    Sphinx keeps the pages of a failed build and would not warn about them a second time.
    """
    mark, unfinished = work / "made-by", work / "unfinished"
    made_by = makers.hash_of([*makers.of_pages(), work / "source" / "_toc.yml"], code)
    if unfinished.exists() or not mark.exists() or mark.read_text() != made_by:
        for folder in ("html", "doctrees", "jupyter_execute"):
            shutil.rmtree(work / folder, ignore_errors=True)
    unfinished.touch()
    mark.write_text(made_by)


def _build(work: Path) -> None:
    """Run Jupyter Book in the staging folder. Raises PublishError with what it said, KeyboardInterrupt when interrupted."""
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
    if isinstance(status, KeyboardInterrupt):  # Jupyter Book takes it for a failed build and hands it back
        raise status
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
    "webpack-macros.html", "sbt-webpack-macros.html", ".gitignore", "jupyter_execute", "fontawesome*", "vendor",
    "logo_*", "file.png", "minus.png", "plus.png", "one_file.css", "print.js",
)  # fmt: skip


def lay_out(work: Path, site: Path, first: str, notebooks: Path | None = None) -> None:
    """Copy the pages that were built in ``work`` to a new folder, with what a visitor's browser or host needs.

    notebooks: the executed ones; each stands beside the page of the book that leads to it, the same file. None: no page does.
    """
    shutil.copytree(work / "html", site, ignore=NOT_NEEDED)
    site.chmod(0o755)
    names = marks.read(work / "source")
    marks.put(site, names)
    _lay_notebooks(site, notebooks)
    _drop_strange_pictures(site)
    _drop_strange_words(site / "searchindex.js")
    # GitHub's pages leave out folders with an underscore unless this file is there.
    (site / ".nojekyll").touch()
    client, day = opened(names[marks.NAME]), names[marks.DAY]
    page_head.draw_card(site / "_static" / page_head.CARD, client, marks.SUBJECT, day)
    (site / "index.html").write_text(_leading_on(first, client, day, names[marks.AUTHOR]), encoding="utf-8")


def _lay_notebooks(site: Path, notebooks: Path | None) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if editions.notebook_foot(page.stem) not in text:
            continue
        if notebooks is None:
            page.write_text(text.replace(editions.notebook_foot(page.stem), ""), encoding="utf-8")
        else:
            os.link(notebooks / f"{page.stem}.ipynb", page.with_suffix(".ipynb"))


def _leading_on(first: str, client: str, day: str, author: str) -> str:
    """The page that opens when only the folder is named: it leads to the first page, and says whose report it is."""
    title = marks.titled(client) if client else "Report"
    about = page_head.tags(title, title, author or "Lepton NB", day, f"_static/{page_head.CARD}", title)
    return (
        f'<!doctype html>\n<html lang="en">\n  <head>\n    <meta charset="utf-8">\n    {about}\n'
        f"    <title>{html.escape(title)}</title>\n"
        '    <meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '    <link rel="icon" href="_static/favicon.svg">\n'
        f'    <meta http-equiv="refresh" content="0; url={first}.html">\n  </head>\n'
        f'  <body><main><p><a href="{first}.html">Open the report</a></p></main></body>\n</html>\n'
    )


def _drop_strange_pictures(site: Path) -> None:
    """Remove pictures that no page shows: in a build folder they may be left from an earlier report."""
    pages = b"".join(page.read_bytes() for page in site.rglob("*.html"))
    for folder in ("_images", "_downloads"):
        for picture in sorted((site / folder).rglob("*"), reverse=True):
            if picture.is_file() and picture.name.encode() not in pages:
                picture.unlink()


def _drop_strange_words(index: Path) -> None:
    """Remove words that no page holds from the search index: Sphinx keeps those of pages that it has built again."""
    if not index.is_file():
        return
    before, sign, after = index.read_text(encoding="utf-8").partition("(")
    content = json.loads(after.rstrip().removesuffix(")"))
    for part in ("terms", "titleterms"):
        content[part] = {word: pages for word, pages in content[part].items() if pages != []}
    index.write_text(
        f"{before}{sign}{json.dumps(content, ensure_ascii=False, separators=(',', ':'))})", encoding="utf-8"
    )


def changed_pages(new: Path, old: Path, documents: list[str]) -> list[str]:
    """The documents whose page in one site is not the same in the other."""
    before, after = _contents(old, documents), _contents(new, documents)
    return [document for document in documents if after[document] != before.get(document)]
