"""Where the rows of the sources work: chapter, cell and recorded run, as the notebooks themselves name them.

``book/sources.md`` says what each row is. Chapter, cell and record stand nowhere by hand: they come from the metadata
``covers`` of the notebooks (:func:`lepton_nb.report.chapters.covers`) when the site is staged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lepton_nb import results
from lepton_nb.page import words
from lepton_nb.report import chapters, contents

#: The page that holds the table, and a line of it: row, what it is, and what else is to be said of it.
PAGE = "book/sources"
LINE = re.compile(r"^\| (?P<row>S\d\d) \| (?P<what>[^|\n]*?) \|(?: (?P<more>[^|\n]*?) ?\|)?$", re.M)
_HEAD = re.compile(r"^\| Row \|[^\n]*\n\|[-|]*\|$", re.M)
#: What begins each anchor that leads to a row.
ANCHOR = "row-"
NOT_BUILT = "not built yet"


@dataclass(frozen=True)
class Place:
    """Where one row works. document: of the chapter, as ``_toc.yml`` names it; recorded: its full runs on record."""

    cover: chapters.Cover
    document: str
    title: str
    trains: bool  # the chapter shows a recorded full run, or has a place for one
    recorded: tuple[str, ...]
    beside: str = ""  # id of the cell that shows the chapter's own recorded run; empty: there is none

    @property
    def name(self) -> str:
        """Name of the chapter."""
        return re.sub(r"^\d+_", "", PurePosixPath(self.document).name)

    @property
    def anchor(self) -> str:
        """The anchor of the row's cell on the chapter's page."""
        return anchor_of(self.document, self.cover)

    @property
    def marks(self) -> dict[str, str]:
        """Anchor → id of the cell before which it stands: of the row, and of the chapter's own recorded run."""
        return {self.anchor: self.cover.cell} | ({record_anchor(self.name): self.beside} if self.beside else {})


def record_anchor(name: str) -> str:
    """The anchor of the cell that shows a chapter's own recorded run.

    >>> record_anchor("risk_classifier")
    'row-record-risk-classifier'
    """
    return f"{ANCHOR}record-{name}".replace("_", "-")


def anchor_of(document: str, cover: chapters.Cover) -> str:
    """The anchor of a row's cell.

    >>> anchor_of("notebooks/31_risk_classifier", chapters.Cover("S23", "judged"))
    'row-s23-risk-classifier'
    """
    name = re.sub(r"^\d+_", "", PurePosixPath(document).name)
    return f"{ANCHOR}{cover.row}-{name}".lower().replace("_", "-")


def places(project: Path, documents: Iterable[str]) -> dict[str, list[Place]]:
    """Row → where it works, in the order of the documents. Raises ChapterProblem for a cell that is not there."""
    found: dict[str, list[Place]] = {}
    for document in documents:
        file = project / f"{document}.ipynb"
        if not document.startswith("notebooks/") or not file.is_file():
            continue
        notebook = json.loads(file.read_text(encoding="utf-8"))
        covers = list(chapters.covers(file.name, notebook))
        if not covers:
            continue
        cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
        asked = tuple(name for name in contents.said("\n".join(cells)).recorded if name != "*")
        kept = tuple(name for name in asked if results.recorded(name) is not None)
        beside = _beside(notebook, re.sub(r"^\d+_", "", PurePosixPath(document).name))
        for cover in covers:
            place = Place(cover, document, _short_title(notebook), bool(asked), kept, beside)
            found.setdefault(cover.row, []).append(place)
    return found


def _beside(notebook: Mapping, name: str) -> str:
    """The id of the cell that shows the recorded run of this name; empty where there is no such run or cell."""
    if results.recorded(name) is None:
        return ""
    cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    return next((cell["id"] for cell in cells if f'recorded("{name}")' in "".join(cell["source"])), "")


def _short_title(notebook: Mapping) -> str:
    """The title of a notebook up to its colon."""
    titles = (re.search(r"^# (.*)$", "".join(cell["source"]), re.M) for cell in notebook["cells"])
    return next(found[1] for found in titles if found).partition(":")[0].strip()


def mark(notebook: dict, here: Iterable[Place]) -> set[str]:
    """Put an anchor before each cell of a prepared notebook in which a row works, or a recorded run is shown; returns the anchors."""
    places = {anchor: cell for place in here for anchor, cell in place.marks.items()}
    marked, cells = set(), []
    for cell in notebook["cells"]:
        anchors = [anchor for anchor, place in places.items() if place == cell["id"]]
        if anchors:
            source = "\n".join(f"({anchor})=" for anchor in anchors)
            cells.append({"cell_type": "markdown", "id": anchors[0][:64], "source": source, "metadata": {}})
        marked |= set(anchors)
        cells.append(cell)
    notebook["cells"] = cells
    return marked


def with_places(text: str, found: Mapping[str, list[Place]]) -> str:
    """The page of the sources with the columns that say where each row works and what is on record of it."""
    homes = {place.name: place for here in found.values() for place in here if place.beside}
    head = "| Row | What it is | Where it works | On record |\n|---|---|---|---|"

    def line(match: re.Match) -> str:
        here = found.get(match["row"], [])
        told = "; ".join(filter(None, [", ".join(map(_link, here)), match["more"]])) or NOT_BUILT
        return f"| {match['row']} | {match['what']} | {told} | {_on_record(here, homes)} |"

    return LINE.sub(line, _HEAD.sub(head, text))


def _link(place: Place) -> str:
    return f"[{place.title}](../{place.document}.ipynb#{place.anchor})" + (
        f" ({place.cover.part})" if place.cover.part else ""
    )


def _on_record(here: Iterable[Place], homes: Mapping[str, Place]) -> str:
    """The full runs that are on record, each with its day and a link to where its chapter shows it; what trains nothing is
    computed anew in each report. homes: name of a recorded run → a place in its own chapter."""
    told = []
    for place in here:
        for name in place.recorded:
            home = homes.get(name)
            shown = (
                f"[{words.label(name)}](../{home.document}.ipynb#{record_anchor(name)})" if home else words.label(name)
            )
            told.append(f"{shown}, {words.date(results.recorded(name).made['date'])}")
        if not place.recorded:
            told.append(f"{place.title}: no full run yet" if place.trains else "each report")
    return "; ".join(dict.fromkeys(told)) or words.MISSING
