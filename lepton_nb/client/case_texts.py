"""Translations of a case: two texts a line, source and target, with one tab between them."""

from __future__ import annotations

import hashlib
from typing import Any

from lepton_nb.client.case_images import Unfit
from lepton_nb.client.schema import Case
from lepton_nb.client.words import quoted


def examined(source: Any, case: Case) -> dict[str, Any]:
    """What was found in a file of translations. Raises Unfit."""
    for key in ("target", "baseline_column", "block_column"):
        if case[key] is not None:
            raise Unfit(
                key, quoted(case[key]), 41, "a translation file has two columns without names: source and target"
            )
    if case.split is not None and case.split.by != "random":
        raise Unfit("split", f"by {quoted(case.split.by)}", 41, "translations have no other column; write random")
    text = source.text(case.data)
    found_pairs = []
    for line, pair in pairs(text):
        if len(pair) != 2 or not all(part.strip() for part in pair):
            found = f"{quoted(case.data)} row {line}: {len(pair)} columns, or an empty one"
            raise Unfit("data", found, 41, "two texts a line, source and target, with one tab between them")
        found_pairs.append(pair)
    if len(found_pairs) < 2:
        raise Unfit(
            "data", f"{quoted(case.data)} has {len(found_pairs)} lines", 41, "two texts a line, two lines at least"
        )
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "n": len(found_pairs)}


def pairs(text: str) -> list[tuple[int, list[str]]]:
    """The parts of each line that is not empty, with its number."""
    lines = enumerate(text.split("\n"), start=1)
    return [(number, line.rstrip("\r").split("\t")) for number, line in lines if line.strip()]
