"""Executed chapters, kept under a key made of everything that can change them.

Into a key go: the notebook's source, its parameters, the parts of the client that it reads, the checksums of
its data sets, the records it needs, the recorded runs that it shows, the source of the package modules that it imports
(followed through their own imports) with what lies beside them, the versions of the libraries, the number of threads,
and the kernel's environment. No clock, no path, nothing of a client that the chapter does not read. Same key: same
result, so it is reused. An entry carries the digests of its files: one that was altered counts as absent.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from lepton_nb import paths, processor
from lepton_nb.report import contents, environment, shared_store
from lepton_nb.report.chapters import Chapter

PACKAGE = Path(__file__).resolve().parent.parent
#: Libraries of the site, the terminal and the engine: no chapter's numbers depend on them.
NOT_IN_CHAPTERS = {
    "distributed",
    "filelock",
    "fsspec",
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


def results_digest(record: Mapping[str, Any]) -> str:
    """Digest of what a record measured, wall times left out."""
    return digest({name: part for name, part in record.items() if name != "seconds"})


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
        """seconds it took, when it was executed, digests of the files."""
        return json.loads((self.folder / "about.json").read_text(encoding="utf-8"))

    def results(self) -> str:
        """Digest of what the chapter measured, wall times left out: what a later chapter's key depends on."""
        return results_digest(json.loads(self.record.read_text(encoding="utf-8")))

    def damage(self) -> str:
        """What is wrong with the entry: nothing where each file is as it was kept."""
        try:
            about = self.about
            if about.pop("checksum", None) != digest(about):
                return "about.json is not as it was kept"
            for file in (self.notebook, self.record):
                if contents.file_digest(file) != about["sha256"][file.name]:
                    return f"{file.name} is not as it was kept"
        except FileNotFoundError as problem:
            return f"{Path(problem.filename).name} is missing"
        except OSError as problem:
            return f"{Path(problem.filename or self.folder).name}: {problem.strerror or problem}"
        except (ValueError, AttributeError, KeyError, TypeError):
            return "about.json cannot be read"
        return ""


class Store:
    """A folder of kept chapters, one folder a key.

    shared: the address of a store that other machines use too, of which the folder is the cache; empty: there is none.
    """

    def __init__(self, folder: Path, shared: str = ""):
        self.folder, self.shared = folder, shared

    def entry(self, key: str) -> Entry:
        """Where the chapter of that key is kept, whether it is there or not."""
        return Entry(self.folder / key[:2] / key)

    def find(self, key: str) -> Entry | None:
        """The kept chapter of that key, or None: also where it was altered or cannot be read."""
        entry = self.entry(key)
        if not self.missing(key) and not entry.damage():
            if self.shared and (entry.folder / shared_store.MARK).exists():
                shared_store.push(self.shared, key, entry.folder)
            return entry
        return self._fetched(key) if self.shared else None

    def _fetched(self, key: str) -> Entry | None:
        """The entry of that key from the shared store, whole, or None."""
        target = self.entry(key).folder
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=target.parent, prefix=".part-"))
        try:
            if not shared_store.fetch(self.shared, key, part) or Entry(part).damage():
                return None
            self._put(part, target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return Entry(target)

    def missing(self, key: str) -> bool:
        return not os.path.lexists(self.entry(key).folder)

    def damage(self, key: str) -> str:
        """What is wrong with the entry of that key; nothing where it is whole or not there."""
        return "" if self.missing(key) else self.entry(key).damage()

    def keep(self, key: str, notebook: Path, record: Path, about: Mapping[str, Any]) -> Entry:
        """Move a finished chapter in, in one step; a chapter of that key replaces the one kept before.

        Raises OSError where the folder cannot be written; the entry that was there is then there still.
        """
        target = self.entry(key).folder
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=target.parent, prefix=".part-"))
        try:
            shutil.copyfile(notebook, part / "executed.ipynb")
            shutil.copyfile(record, part / "record.json")
            files = {name: contents.file_digest(part / name) for name in ("executed.ipynb", "record.json")}
            content = dict(about) | {"sha256": files}
            content["checksum"] = digest(content)
            (part / "about.json").write_text(json.dumps(content), encoding="utf-8")
            self._put(part, target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        if self.shared:
            shared_store.push(self.shared, key, target)
        return Entry(target)

    def _put(self, part: Path, target: Path) -> None:
        """Move a whole entry into its place; the one that was there is there still where that fails."""
        old = part.with_name(part.name.replace(".part-", ".old-"))
        try:
            with self._alone():
                if os.path.lexists(target):
                    os.rename(target, old)
                os.rename(part, target)
        except BaseException:
            if os.path.lexists(old) and not os.path.lexists(target):
                os.rename(old, target)
            raise
        finally:
            shutil.rmtree(old, ignore_errors=True)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time puts an entry in its place."""
        from filelock import FileLock

        with FileLock(self.folder / ".lock", timeout=60):
            yield


def key(
    chapter: Chapter,
    parameters: Mapping[str, Any],
    client: Mapping[str, str],
    data: Mapping[str, str],
    needs: Mapping[str, str],
    threads: int,
    code: Mapping[str, Any] | None = None,
) -> str:
    """The key of one execution. client, data, needs: fingerprint by part, by data set, by chapter needed.

    code: what :func:`code_of` gives, where it was worked out before.
    """
    return digest(
        {
            # Folders are where things lie, not what they are: what lies there is fingerprinted below.
            "parameters": {k: v for k, v in parameters.items() if not k.endswith("_folder")},
            "client": dict(client),
            "data": dict(data),
            "needs": dict(needs),
            "code": dict(code or code_of(chapter)),
            "threads": threads,
        }
    )


def code_of(chapter: Chapter) -> dict[str, Any]:
    """What of a chapter's key stays the same whatever it is executed for: code, libraries, machine, environment."""
    package = package_files(chapter)
    samples = {name: _file_digest(file) for name, file in sample_files(chapter.reads_samples).items()}
    return {
        "notebook": digest(notebook_source(chapter)),
        "package": package,
        "recorded": {name: _file_digest(path) for name, path in recorded_runs(chapter).items()},
        "versions": {name: version for name, version in versions().items() if name not in NOT_IN_CHAPTERS},
        "machine": {"bfloat16": processor.bfloat16_unit()} if "processor.py" in package else {},
        "environment": environment.said(),
        **({"samples": samples} if samples else {}),
    }


def sample_files(samples: Iterable[str]) -> dict[str, Path]:
    """The files of sample clients and of their cases on record, by their names in the project."""
    root = paths.project()
    folders = (folder for name in samples for folder in (paths.sample(name), paths.measured_cases(name)))
    files = (
        file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix != ".part"
    )
    return {file.relative_to(root).as_posix(): file for file in files}


def notebook_source(chapter: Chapter) -> list[Any]:
    """What of a notebook decides its results: cells with their metadata, and its declaration."""
    notebook = chapter.notebook
    cells = [(cell["cell_type"], "".join(cell["source"]), cell.get("metadata", {})) for cell in notebook["cells"]]
    return [cells, notebook["metadata"].get("lepton")]


def package_files(chapter: Chapter) -> dict[str, str]:
    """The package's files that a chapter's code imports, and data files beside them, with their digests."""
    modules = imported_modules(chapter.code)
    folders = {Path(name).parent for name in modules if name.endswith("/__init__.py")}
    beside = [
        file.relative_to(PACKAGE).as_posix()
        for folder in folders
        for file in (PACKAGE / folder).iterdir()
        if file.is_file() and file.suffix not in (".py", ".pyc", ".part")
    ]
    return {name: _file_digest(PACKAGE / name) for name in sorted([*modules, *beside])}


def is_heavy(chapter: Chapter) -> bool:
    """Whether a chapter's code imports Keras or TensorFlow, itself or through the package."""
    names = set(contents.said(chapter.code).imports)
    for module in imported_modules(chapter.code):
        names |= set(contents.said_in(PACKAGE / module).imports)
    return any(name.split(".")[0] in ("keras", "tensorflow") for name in names)


def recorded_runs(chapter: Chapter) -> dict[str, Path]:
    """Recorded full runs that a chapter or a module that it imports shows: name → file, those that exist.

    All of them where one is asked for through a variable. Drawings on record count with their run.
    """
    named = set(contents.said(chapter.code).recorded)
    for module in imported_modules(chapter.code):
        named |= set(contents.said_in(PACKAGE / module).recorded)
    folder = paths.measured("any").parent
    runs = {file.stem: file for file in sorted(folder.glob("*.json")) if "*" in named or file.stem in named}
    drawings = {}
    for file in runs.values():
        with suppress(ValueError, AttributeError, KeyError, TypeError):
            for picture in json.loads(file.read_text(encoding="utf-8"))["made"].get("pictures", ()):
                drawings[picture["file"]] = folder / picture["file"]
    return runs | {name: file for name, file in drawings.items() if file.is_file()}


def _file_digest(path: Path) -> str:
    return contents.file_digest(path)


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
    return _imported(contents.said(code).imports)


def _imported(names: tuple[str, ...]) -> list[str]:
    waiting, found = _files_of(names), set()
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting |= _files_of(contents.said_in(PACKAGE / file).imports, file) - found
    return sorted(found)


def _files_of(names: tuple[str, ...], importer: str = "") -> set[str]:
    """The files that are executed when modules of these names are imported."""
    files: set[str] = set()
    there = _modules()
    for name in names:
        dots = len(name) - len(name.lstrip("."))
        parts = name.lstrip(".").split(".") if name.strip(".") else []
        if dots:
            if not importer:
                continue
            parts = ["lepton_nb", *Path(importer).parts[:-dots], *parts]
        if not parts or parts[0] != "lepton_nb":
            continue
        for depth in range(1, len(parts) + 1):
            stem = "/".join(parts[1:depth])
            files |= {f"{stem}/__init__.py" if stem else "__init__.py", f"{stem}.py"} & there
    return files


_listed: tuple[dict[str, int], frozenset[str]] = ({}, frozenset())


def _modules() -> frozenset[str]:
    """The package's modules, listed again when a folder of it has another entry than before."""
    global _listed
    times, files = _listed
    if not times or str(PACKAGE) not in times or any(_changed(folder) != then for folder, then in times.items()):
        times, found = {}, set()
        for folder, folders, names in os.walk(PACKAGE):
            times[folder] = _changed(folder)
            folders[:] = [name for name in folders if name not in ("__pycache__", "project")]
            below = os.path.relpath(folder, PACKAGE).replace(os.sep, "/") + "/"
            found |= {(below + name).removeprefix("./") for name in names if name.endswith(".py")}
        files = frozenset(found)
        _listed = times, files
    return files


def _changed(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return -1
