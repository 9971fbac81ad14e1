"""Marks that stand in built pages for the client's name and the run's day, until they are copied to a report.

Pages with marks are the same for every client, so that a build folder serves the next one as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lepton_nb.report.page_head import shortened

NAME, DAY, AUTHOR = "lepton0client0name", "lepton0run0day", "lepton0report0author"
#: What a report is about.
SUBJECT = "The value of its AI assets"
#: Letters of an author that stand on each page.
LONGEST = 120
#: Where a build folder keeps the names that it was staged with.
FILE = "names.json"


def of(run: Mapping[str, Any]) -> dict[str, str]:
    """What the marks stand for in a run."""
    client = run.get("client") or {}
    day, valuer = str(run.get("started") or "")[:10], " ".join(str(client.get("valuer") or "").split())
    return {NAME: str(client.get("name") or ""), DAY: day, AUTHOR: shortened(valuer, LONGEST)}


def titled(client: str) -> str:
    """What a report is called.

    >>> titled("Foundry")
    'Foundry: the value of its AI assets'
    """
    return f"{client}: {SUBJECT[0].lower()}{SUBJECT[1:]}"


def read(stage: Path) -> dict[str, str]:
    """Mark → what it stands for, of a build folder."""
    return json.loads((stage / FILE).read_text(encoding="utf-8"))


def put(site: Path, names: Mapping[str, str]) -> None:
    """Write the names into the pages that were copied from a build folder. Every page escapes a name once."""
    from lepton_nb.page.words import escaped

    for page in site.rglob("*.html"):
        text = page.read_bytes()
        for mark, name in names.items():
            text = text.replace(mark.encode(), escaped(name).encode())
        page.write_bytes(text)
