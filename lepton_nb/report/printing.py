"""Chromium prints a document: one sheet after the other, tagged, with an outline and the pages of its anchors.

The browser runs without a window, on a profile of its own that goes afterwards, and reaches no other host.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lepton_nb import paths

#: Names under which a system knows the browser, and the variable that names another one.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
VARIABLE = "LEPTON_CHROMIUM"
ARGUMENTS = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip
#: What lies between the margins of a sheet, in pixels of CSS: 176 mm as one_file.css sets them. A test compares.
SHEET = {"width": 665, "height": 975}
#: The margins above and below, in points.
TOP, FOOT = (millimetres * 72 / 25.4 for millimetres in (21, 18))
#: Seconds that the browser may take to begin, and to lay out or print one document.
PATIENCE = 120.0
#: Prints of one document after which its page numbers stand still, or never will.
MOST_PASSES = 8

#: How much smaller a chapter is printed, one after the other, where it has more sheets than it may have. Text of 9 points
#: (one_file.css) stays above 8.5; the last one is for a client of more than is foreseen.
SCALES = (1.0, 0.97, 0.945, 0.85)
#: A chapter whose last sheet is filled less than this is printed so much smaller, step by step, until the sheet is spared.
LEAST_FILLED, SPARING = 0.2, (0.96, 0.93, 0.91)
#: Bytes that draw more than a fifth of a sheet: a drawing, or many rows. Reading the words of such a sheet takes long.
MUCH = 25_000


@dataclass(frozen=True)
class Order:
    """A document to print.

    make: its HTML, with contents that name these pages (anchor → page) and chapters this much smaller (anchor → scale).
    chapters: their anchors, in order; each begins a sheet. most: sheets of the first one, 0 as many as it takes.
    """

    make: Callable[[Mapping[str, int], Mapping[str, float]], str]
    chapters: Sequence[str] = ()
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
    """Print one document; again where its contents named other pages than it came to have, or a chapter is to be smaller."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "document.html"
        numbers: dict[str, int] = {}
        scales: dict[str, float] = {}
        likely = False  # whether this print is the last one; tags and an outline take as long again
        for _ in range(MOST_PASSES):
            source.write_text(order.make(numbers, scales), encoding="utf-8")
            _once(chromium, source, file, likely)
            before = numbers, scales
            numbers, count = pages_of(file)
            scales = _smaller(order, scales, file, numbers, count)
            if likely and (numbers, scales) == before:
                return
            likely = scales == before[1]
        raise PrintError(f"{file.name}: the pages of its contents do not come to rest.")


def _once(chromium: Any, source: Path, file: Path, whole: bool) -> None:
    page = chromium.new_page(java_script_enabled=False, offline=True, viewport=SHEET)
    page.set_default_timeout(PATIENCE * 1000)
    page.emulate_media(media="print")
    page.goto(source.as_uri())
    page.evaluate(fitting())
    page.pdf(path=file, prefer_css_page_size=True, print_background=True, tagged=whole, outline=whole)
    page.close()


def fitting() -> str:
    """The function of JavaScript that makes a document fit its sheets."""
    return re.sub(r"^//.*\n", "", (paths.project() / "book" / "_static" / "print.js").read_text(encoding="utf-8"))


def _smaller(
    order: Order, scales: Mapping[str, float], file: Path, numbers: Mapping[str, int], count: int
) -> dict[str, float]:
    """Chapter → its scale at the next print: the first one's until it has no more sheets than it may have, and of those
    that end on a sheet that is all but empty, until that is spared."""
    from pypdf import PdfReader

    if not order.chapters:
        return {}
    found, sheets = dict(scales), PdfReader(file).pages
    starts = [numbers.get(anchor, 1) for anchor in order.chapters]
    for at, (anchor, start, end) in enumerate(zip(order.chapters, starts, [*starts[1:], count + 1], strict=True)):
        if not at and order.most:
            left = [scale for scale in SCALES if scale < scales.get(anchor, 1.0)]
            if end - start > order.most and left:
                found[anchor] = left[0]
        elif end - start > 1 and (left := [one for one in SPARING if one < scales.get(anchor, 1.0)]):
            looked_at = anchor in scales or not scales  # what is well filled at the first print stays as it is
            if looked_at and filled(sheets[end - 2]) < LEAST_FILLED:
                found[anchor] = left[0]
    return found


def filled(page: Any) -> float:
    """How far down this sheet of a PDF there is something, from 0 to 1: 1 for a drawing or many words, else where the last words are."""
    if len(page.get_contents().get_data()) > MUCH:
        return 1.0
    top, foot = float(page.mediabox.height) - TOP, FOOT
    places: list[float] = []

    def seen(text: str, matrix: Sequence[float], at: Sequence[float], *_: Any) -> None:
        if text.strip():
            places.append(at[5] * matrix[3] + matrix[5])

    page.extract_text(visitor_text=seen)
    inside = [place for place in places if foot < place < top]
    return (top - min(inside)) / (top - foot) if inside else 0.0


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
