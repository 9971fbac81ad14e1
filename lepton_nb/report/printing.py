"""Chromium prints a document: one sheet after the other, tagged, with an outline and the pages of its anchors.

The browser runs without a window, on a profile of its own that goes afterwards, and reaches no other host.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

#: Names under which a system knows the browser, and the variable that names another one.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
VARIABLE = "LEPTON_CHROMIUM"
ARGUMENTS = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip
#: What lies between the margins of a sheet, in pixels of CSS: 176 mm as one_file.css sets them. A test compares.
SHEET = {"width": 665, "height": 975}
#: Makes what is wider than a sheet as much smaller as it must be, so that nothing is cut at its edge, and keeps a table
#: whole where that leaves less than a quarter of a sheet empty. Contents a little longer than a sheet become one.
_FIT = """() => {
  for (const box of document.querySelectorAll(".lepton-table, .pst-scrollable-table-container, .lepton-equation, .cell_output")) {
    const room = box.clientWidth, inside = box.querySelector("table, .lepton-formula");
    if (inside && room && inside.scrollWidth > room) inside.style.zoom = Math.floor(100 * room / inside.scrollWidth) / 100;
    if (inside && box.matches(".lepton-table")) box.style.breakInside = box.offsetHeight < innerHeight / 4 ? "avoid" : "auto";
  }
  const contents = document.querySelector(".lepton-contents"), share = contents ? innerHeight / contents.offsetHeight : 1;
  if (share < 1 && share > 0.86) contents.style.zoom = 0.98 * share;
}"""
#: Seconds that the browser may take to begin, and to lay out or print one document.
PATIENCE = 120.0
#: Prints of one document after which its page numbers stand still, or never will.
MOST_PASSES = 4

#: How much smaller a document is printed, one after the other, until it has no more pages than it may have.
SCALES = (1.0, 0.95, 0.9, 0.85)


@dataclass(frozen=True)
class Order:
    """A document to print. make: its HTML, with contents that name these pages: anchor → page. most: pages, 0 as many as it takes."""

    make: Callable[[Mapping[str, int]], str]
    most: int = 0


class NoBrowser(ValueError):
    """There is nothing to print with: one sentence, with what to install."""


class PrintError(RuntimeError):
    """The browser did not print: one sentence."""


def browser() -> Path:
    """The program that prints. Raises NoBrowser."""
    if missing := [name for name in ("playwright", "pypdf") if find_spec(name) is None]:
        raise NoBrowser(
            f"--pdf needs the package {' and '.join(missing)}: pip install 'lepton-nb[pdf]'. Without --pdf the report is "
            "made all the same."
        )
    named = os.environ.get(VARIABLE, "").strip()
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return Path(found)
    if named:
        raise NoBrowser(f"{VARIABLE}={named}: is no program; name a Chromium there, or leave the variable out.")
    raise NoBrowser(
        "--pdf prints with Chromium, and there is none: install the package chromium (or Google Chrome), or name the "
        f"program in {VARIABLE}. Without --pdf the report is made all the same."
    )


def print_all(orders: Mapping[Path, Order], about: Mapping[str, str]) -> str:
    """Print documents into these files; the browser's version.

    A document is printed until the pages that its contents name are those on which its anchors stand. about: author and
    subject, for the files' properties. Raises NoBrowser, PrintError.
    """
    program = browser()
    # In a thread of its own: the library drives the browser by a loop, and a notebook's thread has one already.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_print_all, program, orders, about).result()


def _print_all(program: Path, orders: Mapping[Path, Order], about: Mapping[str, str]) -> str:
    from playwright.sync_api import Error

    try:
        with _opened(program) as chromium:
            for file, order in orders.items():
                _print(chromium, file, order)
                _describe(file, about)
            return str(chromium.version)
    except Error as problem:
        raise PrintError(f"{program}: did not print ({str(problem).strip().splitlines()[0]}).") from None


@contextmanager
def _opened(program: Path) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as runner:
        chromium = runner.chromium.launch(
            executable_path=program,
            args=list(ARGUMENTS),
            chromium_sandbox=False,  # a container's root has none; the document is ours and runs no script
            handle_sigint=False,
            timeout=PATIENCE * 1000,
        )
        try:
            yield chromium
        finally:
            chromium.close()


def _print(chromium: Any, file: Path, order: Order) -> None:
    """Print one document; again where its contents named other pages than it came to have, or it has too many."""
    with tempfile.TemporaryDirectory() as scratch:
        source, numbers = Path(scratch) / "document.html", {}
        for scale in SCALES:
            for _ in range(MOST_PASSES):
                source.write_text(order.make(numbers), encoding="utf-8")
                _once(chromium, source, file, scale)
                before, (numbers, count) = numbers, pages_of(file)
                if numbers == before:
                    break
            else:
                raise PrintError(f"{file.name}: the pages of its contents do not come to rest.")
            if not order.most or count <= order.most:
                return


def _once(chromium: Any, source: Path, file: Path, scale: float) -> None:
    page = chromium.new_page(java_script_enabled=False, offline=True, viewport=SHEET)
    page.set_default_timeout(PATIENCE * 1000)
    page.emulate_media(media="print")
    page.goto(source.as_uri())
    page.evaluate(_FIT)
    page.pdf(path=file, prefer_css_page_size=True, print_background=True, tagged=True, outline=True, scale=scale)
    page.close()


def pages_of(file: Path) -> tuple[dict[str, int], int]:
    """The page, from 1 on, of each anchor of a PDF that something in it points at; and how many pages it has."""
    from pypdf import PdfReader

    reader = PdfReader(file)
    pages = {page.indirect_reference.idnum: number for number, page in enumerate(reader.pages, 1)}
    found = {
        name.lstrip("/"): pages[target.page.idnum]
        for name, target in reader.named_destinations.items()
        if getattr(target.page, "idnum", None) in pages
    }
    return found, len(pages)


def _describe(file: Path, about: Mapping[str, str]) -> None:
    """Write the properties of a PDF: who made it and what it is about, not which browser printed."""
    from pypdf import PdfWriter
    from pypdf.generic import BooleanObject, NameObject

    writer = PdfWriter(clone_from=file)
    writer.add_metadata(dict(about))
    writer.create_viewer_preferences()[NameObject("/DisplayDocTitle")] = BooleanObject(True)
    writer.pdf_header = "%PDF-1.7"  # tags and an outline are older, what the clone is given is not
    writer.write(file)
