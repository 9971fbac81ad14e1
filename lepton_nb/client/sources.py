"""A client's folder or workbook, opened."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from lepton_nb.client.files import Folder, Unreadable


def opened(root: Path) -> Any:
    """The folder or workbook at a path. Raises Unreadable."""
    try:
        if root.is_file():
            from lepton_nb.client.workbook import Workbook  # openpyxl takes a quarter of a second

            return Workbook(root)
        found = "" if root.is_dir() else "is not a folder" if root.exists() else "not found"
    except OSError as error:
        found = f"cannot be opened ({error.strerror})"
    if found:
        remedy = "give the client's folder or workbook; lepton-nb new writes a template"
        if found == "not found":
            with suppress(OSError):
                found += f" (looked for from {Path.cwd()}, and from the project)"
        raise Unreadable(str(root), None, "", found, 1, remedy)
    return Folder(root)
