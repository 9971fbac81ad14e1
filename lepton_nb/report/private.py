"""What of a machine must not leave it: its folders, and what a library says on standard error.

A kept notebook names no folder of the machine that executed it: a store may be shared. An exported one is cleaned as
the site is.
"""

from __future__ import annotations

import copy
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lepton_nb import paths


def without_paths(text: str, folders: Iterable[Path] = ()) -> str:
    """Text without the folders of this machine, and these: a file keeps its name and its place below them."""
    if "/" not in text and "\\" not in text:
        return text
    known = [paths.project(), paths.state_folder(), Path(tempfile.gettempdir()), Path.home(), *folders]
    for folder in sorted({str(one) for one in known if str(one) in text} - {"/", "."}, key=len, reverse=True):
        # Inside a longer word it is no folder: pictures stand in the text as letters and slashes.
        pattern = rf"(?:file://|(?<![\w+/])){re.escape(folder)}({re.escape(os.sep)}|(?![\w+/]))"
        text = re.sub(pattern, lambda match: "" if match[1] else "…", text)
    return text


def _cleaned(output: dict[str, Any], folders: Iterable[Path]) -> dict[str, Any]:
    """An output of a cell without folders; of an error its name and its words are left."""

    def clean(told: Any) -> str:
        return without_paths(told if isinstance(told, str) else "".join(told), folders)

    if output["output_type"] == "stream":
        return output | {"text": clean(output["text"])}
    if output["output_type"] == "error":
        return output | {"evalue": clean(output["evalue"]), "traceback": []}
    data = {form: clean(told) if form.startswith("text/") else told for form, told in output.get("data", {}).items()}
    return output | {"data": data}


def kept(notebook: Mapping[str, Any], folders: Iterable[Path] = ()) -> dict[str, Any]:
    """An executed notebook as it may be kept: without what Papermill and the client note about the run, without folders."""
    clean = copy.deepcopy(dict(notebook))
    for part in (clean, *clean["cells"]):
        for note in ("papermill", "execution"):
            part["metadata"].pop(note, None)
    for cell in clean["cells"]:
        if "outputs" in cell:
            cell["outputs"] = [_cleaned(output, folders) for output in cell["outputs"]]
    return clean


def exported(notebook: Mapping[str, Any], folders: Iterable[Path] = ()) -> dict[str, Any]:
    """A kept notebook as it is handed over: without standard error as well, and equal where the runs were equal."""
    clean = kept(notebook, folders)
    for cell in clean["cells"]:
        if "injected-parameters" in cell["metadata"].get("tags", ()):
            cell["id"] = "parameters-of-this-run"  # Papermill draws one
        if "outputs" in cell:
            cell["outputs"] = [output for output in cell["outputs"] if output.get("name") != "stderr"]
    return clean
