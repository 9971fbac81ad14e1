"""The forms of a report beside its site: ``report.pdf`` and ``board.pdf`` to print, ``report.html`` to mail.

All are made from the built pages of the client's part, so that they say what the site says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lepton_nb.page import first_page, words
from lepton_nb.report import editions, marks, one_page, printing, single_file, staging
from lepton_nb.report.branding import Brand
from lepton_nb.report.case_pages import PART

#: The files, in the report's folder.
PDF, BOARD, SINGLE = FILES = ("report.pdf", "board.pdf", "report.html")
#: Sheets of the summary, for the board and in the report; where it has more, it is printed a little smaller.
BOARD_PAGES = 2
#: What a cover says of a client that does not exist.
INVENTED = "Sample: a made-up company, and so are its figures."
STAND_IN = "Stand-in data in place of the real set"
#: And the foot of each of its sheets.
MARK = "Sample: made-up figures"


@dataclass(frozen=True)
class Forms:
    """What is asked for beside the site."""

    pdf: bool = False
    single_file: bool = False

    def check(self) -> None:
        """Raise printing.NoBrowser where a PDF is asked for and nothing prints."""
        if self.pdf:
            printing.browser()

    @property
    def names(self) -> list[str]:
        """The files that these are."""
        return [PDF, BOARD] * self.pdf + [SINGLE] * self.single_file


def make(
    forms: Forms, site: Path, present: Sequence[str], toc: Mapping[str, Any], out: Path, cover: single_file.Cover,
    brand: Brand | None = None, cases: str = PART,
) -> str:  # fmt: skip
    """Write the forms into the folder ``out``; the version of the browser that printed, else an empty text.

    site: the finished site. present: its documents. toc: the whole table of contents. cases: caption of their part. Raises printing.PrintError,
    ValueError where the site has no client's part.
    """
    if not forms.names:
        return ""
    own = editions.client_part(toc, present)
    if not own:
        raise ValueError("This site has no client's part to print: _toc.yml names none.")
    sections, outlines = one_page.read(site, own)
    whole = partial(single_file.document, cover, sections, outlines, editions.captions(toc, own, cases), brand)
    if forms.single_file:
        (out / SINGLE).write_text(whole(), encoding="utf-8")
    if not forms.pdf:
        return ""
    summary = partial(single_file.alone, cover, sections[0], outlines, brand)
    chapters = [section.anchor for section in sections]
    orders = {
        out / PDF: printing.Order(lambda pages, scales: whole(numbers=pages, scales=scales), chapters, BOARD_PAGES),
        out / BOARD: printing.Order(lambda _, scales: summary(scales=scales), chapters[:1], BOARD_PAGES),
    }
    about = {
        "/Author": words.opened(cover.facts.get("Valuer") or cover.made),
        "/Subject": marks.SUBJECT,
        "/Creator": cover.made,
    }
    return printing.print_all(orders, about)


def cover_of(client: Any, made: Mapping[str, Any]) -> single_file.Cover:
    """What the cover says of a client and of the run that the manifest ``made`` tells of."""
    engagement = client.engagement
    drawn = sorted({title for titles in staging.stand_ins(dict(made)).values() for title in titles})
    notes = [INVENTED] if client.client.synthetic else []
    notes += [f"{STAND_IN}: {words.listed(drawn)}."] if drawn else []
    facts = {
        "Valuation date": words.date(client.valuation.date),
        "Valuer": words.opened(engagement.valuer),
        "For": words.opened(engagement.intended_users),
        "Date of the report": words.date(engagement.report_date) if engagement.report_date else "",
    }
    day = str(made.get("started") or "")[:10]
    return single_file.Cover(
        name=words.opened(client.client.name),
        day=words.date(client.valuation.date),
        scope=str(first_page.scope(client)),
        facts={what: text for what, text in facts.items() if text},
        notes=notes,
        mark=MARK if client.client.synthetic else "",
        made=" ".join(filter(None, ("Lepton NB", str(made.get("version") or ""), day and f"· {day}"))),
    )
