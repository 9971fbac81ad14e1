"""Executed chapters, kept under a key made of everything that can change them.

Into a key go: the notebook's source, its parameters, the parts of the client that it reads, the checksums of
its data sets, the records it needs, the recorded run that it shows, the source of the package modules that it imports (followed through their
own imports), the versions of the libraries, and the number of threads. No clock, no path, nothing of a client
that the chapter does not read. Same key: same result, so it is reused.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from lepton_nb import paths
from lepton_nb.report.chapters import Chapter

PACKAGE = Path(__file__).resolve().parent.parent
#: Libraries of the site, the terminal and the engine: no chapter's numbers depend on them.
NOT_IN_CHAPTERS = {
    "distributed",
    "filelock",
    "jupyter-book",
    "mermaidx",
    "psutil",
    "rich",
    "sphinxcontrib-katex",
    "typer",
    "ziamath",
}


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Entry:
    """One kept chapter: a folder with ``executed.ipynb``, ``record.json`` and ``about.json``."""

    folder: Path

    @property
    def notebook(self) -> Path:
        return self.folder / "executed.ipynb"

    @property
    def record(self) -> Path:
        return self.folder / "record.json"

    @property
    def about(self) -> dict[str, Any]:
        """seconds it took, when it was executed."""
        return json.loads((self.folder / "about.json").read_text(encoding="utf-8"))

    def results(self) -> str:
        """Digest of what the chapter measured, wall times left out: what a later chapter's key depends on."""
        record = json.loads(self.record.read_text(encoding="utf-8"))
        record.pop("seconds", None)
        return digest(record)


class Store:
    """A folder of kept chapters, one folder a key."""

    def __init__(self, folder: Path):
        self.folder = folder

    def find(self, key: str) -> Entry | None:
        """The kept chapter of that key, or None."""
        entry = Entry(self.folder / key[:2] / key)
        return entry if entry.notebook.is_file() and entry.record.is_file() else None

    def keep(self, key: str, notebook: Path, record: Path, about: Mapping[str, Any]) -> Entry:
        """Move a finished chapter in, in one step; a chapter of that key replaces the one kept before."""
        target = self.folder / key[:2] / key
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=target.parent, prefix=".part-"))
        shutil.copyfile(notebook, part / "executed.ipynb")
        shutil.copyfile(record, part / "record.json")
        (part / "about.json").write_text(json.dumps(dict(about)), encoding="utf-8")
        if target.exists():
            old = Path(tempfile.mkdtemp(dir=target.parent, prefix=".old-"))
            os.replace(target, old / "entry")
            os.replace(part, target)
            shutil.rmtree(old)
        else:
            os.replace(part, target)
        return Entry(target)


def key(
    chapter: Chapter,
    parameters: Mapping[str, Any],
    client: Mapping[str, str],
    data: Mapping[str, str],
    needs: Mapping[str, str],
    threads: int,
) -> str:
    """The key of one execution. client, data, needs: fingerprint by part, by data set, by chapter needed."""
    return digest(
        {
            "notebook": notebook_source(chapter),
            # Folders are where things lie, not what they are: what lies there is fingerprinted below.
            "parameters": {k: v for k, v in parameters.items() if not k.endswith("_folder")},
            "client": dict(client),
            "data": dict(data),
            "needs": dict(needs),
            "recorded": {name: _file_digest(path) for name, path in recorded_runs(chapter.code).items()},
            "package": package_files(chapter),
            "versions": {name: version for name, version in versions().items() if name not in NOT_IN_CHAPTERS},
            "threads": threads,
        }
    )


def notebook_source(chapter: Chapter) -> list[Any]:
    """What of a notebook decides its results: cells with their metadata, and its declaration."""
    notebook = json.loads(chapter.path.read_text(encoding="utf-8"))
    cells = [(cell["cell_type"], "".join(cell["source"]), cell.get("metadata", {})) for cell in notebook["cells"]]
    return [cells, notebook["metadata"].get("lepton")]


def package_files(chapter: Chapter) -> dict[str, str]:
    """The package's files that a chapter's code imports, with their digests."""
    return {name: _file_digest(PACKAGE / name) for name in imported_modules(chapter.code)}


def recorded_runs(code: str) -> dict[str, Path]:
    """Recorded full runs that code shows beside its own: chapter → file, those that exist."""
    named = re.findall(r"results\.recorded\(\s*\"(\w+)\"", code)
    return {name: paths.measured(name) for name in named if paths.measured(name).is_file()}


@cache
def _file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def versions() -> dict[str, str]:
    """Version of each library that the package asks for."""
    import platform

    found = {"python": platform.python_version()}
    for requirement in metadata.requires("lepton-nb") or ():
        if "extra ==" in requirement:
            continue
        name = re.match(r"[A-Za-z0-9_.-]+", requirement)[0]
        with suppress(metadata.PackageNotFoundError):  # one for another system, by its marker
            found[name] = metadata.version(name)
    return found


def imported_modules(code: str) -> list[str]:
    """Files of this package (relative names) that code imports, with all that they import in turn."""
    waiting, found = _imports(code), set()
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting |= _imports((PACKAGE / file).read_text(encoding="utf-8"), file)
    return sorted(found)


def _imports(code: str, importer: str = "") -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                folder = Path(importer).parts[: -node.level]
                base = ".".join(["lepton_nb", *folder, *([node.module] if node.module else [])])
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    files: set[str] = set()
    for name in names:
        parts = name.split(".")
        if parts[0] != "lepton_nb":
            continue
        for depth in range(1, len(parts) + 1):
            stem = Path(*parts[1:depth]) if depth > 1 else Path()
            for file in (stem / "__init__.py", stem.with_suffix(".py") if depth > 1 else None):
                if file is not None and (PACKAGE / file).is_file():
                    files.add(file.as_posix())
    return files
