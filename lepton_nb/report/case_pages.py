"""Pages of a client's cases: where they stand in the table of contents, and what makes each a page of its own.

The page ``notebooks/31_risk_classifier@C1`` comes from the notebook of the page ``notebooks/31_risk_classifier``: its
title names the asset, and its equations have labels of their own, since a label stands once in a site.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from lepton_nb.results import OF_CASE

#: The part of the table of contents that holds the cases, and the chapter before whose part it stands.
PART, BEFORE = "Measured for this client", "value"
#: What that part is called where all cases, or some, are on data that everybody can have.
PUBLIC, MIXED = "Tried on public data", "Measured for this client, or tried on public data"
#: Tag of what a case's chapter says in the book only: the public data sets, the exercises.
BOOK_ONLY = "book-only"
#: And of what it says of a client's case only: the chapter itself leaves it out.
CASE_ONLY = "case-only"
#: What compares models that are trained here: left out where the client's model comes in by a file or by its scores.
IF_TRAINED, TRAINED = "if-trained", "trained"
_EQUATION = re.compile(r"(?<=\()(#?eq-[\w-]+)(?=\))")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_NO_TAGS = str.maketrans("<>", "‹›")
_HEADING = re.compile(r"^# .*$", re.M)


def is_case(document: str) -> bool:
    """Whether a document or a chapter's name is that of a client's case."""
    return OF_CASE in PurePosixPath(document).name


def caption(lines: Iterable[Mapping[str, Any]]) -> str:
    """What the part of the cases is called, by whose data they are on. lines: of the ledger, one a chapter."""
    cases = [line for line in lines if is_case(str(line.get("chapter")))]
    public = [line for line in cases if any(name.startswith("data: ") for name in line.get("inputs") or ())]
    return PART if not public else PUBLIC if len(public) == len(cases) else MIXED


def with_cases(toc: Mapping, listed: Mapping[str, str], names: Iterable[str], caption: str = PART) -> dict:
    """The table of contents with a page for each case among ``names``. listed: chapter → document; caption: of their part."""
    entries = []
    for name in filter(is_case, names):
        chapter, _, asset = name.partition(OF_CASE)
        if chapter in listed:
            entries.append({"file": f"{listed[chapter]}{OF_CASE}{asset}"})
    longer = copy.deepcopy(dict(toc))
    if not entries:
        return longer
    part = {"caption": caption, "chapters": entries}
    if "parts" in longer:
        longer["parts"].insert(_place(longer["parts"], listed.get(BEFORE, "")), part)
    else:
        chapters = longer.setdefault("chapters", [])
        place = _place(chapters, listed.get(BEFORE, ""))
        chapters[place:place] = entries
    return longer


def _place(nodes: list, document: str) -> int:
    """The position of the first node that holds a document; the end, where none does."""

    def holds(node: Mapping) -> bool:
        below = [*node.get("chapters", ()), *node.get("sections", ())]
        return node.get("file") == document or any(map(holds, below))

    return next((place for place, node in enumerate(nodes) if holds(node)), len(nodes))


def without(notebook: dict, tag: str) -> None:
    """Take the cells with a tag out of a prepared notebook."""
    notebook["cells"] = [cell for cell in notebook["cells"] if tag not in cell.get("metadata", {}).get("tags", ())]


def made_own(notebook: dict, asset: str, title: str) -> None:
    """Give a prepared notebook the title of its case and labels of its own, without what speaks of the public data alone.

    title: plain text, of the client.
    """
    without(notebook, BOOK_ONLY)
    written = False
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = _EQUATION.sub(rf"\1-{asset}", "".join(cell["source"]))
            heading = None if written else _HEADING.search(text)
            if heading:
                text = f"{text[: heading.start()]}# {escaped(title)}{text[heading.end() :]}"
                written = True
            cell["source"] = text


def escaped(text: str) -> str:
    r"""A client's text as a Markdown heading that shows it and does nothing else.

    The theme and the search print headings as they are, without escaping: there, no tag may begin or end.

    >>> escaped("A <b> [model](x) $1")
    'A ‹b› \\[model\\]\\(x\\) \\$1'
    """
    from lepton_nb.page.words import opened

    return _PUNCTUATION.sub(r"\\\1", opened(" ".join(str(text).split())).translate(_NO_TAGS))
