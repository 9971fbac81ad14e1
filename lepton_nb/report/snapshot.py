"""What a run executes is what was fingerprinted: a copy of the client's files and of the package, taken once a run.

The copy is compared with what was read when the run was planned. Kernels see the copy, so that an edit during the run
reaches the next run and not this one. Data sets are too large to copy: they are looked at again before a chapter is
kept.
"""

from __future__ import annotations

import compileall
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lepton_nb import paths
from lepton_nb.report import contents
from lepton_nb.report.contents import Signature
from lepton_nb.report.store import PACKAGE, digest, sample_files

#: Endings of the files that a client's folder is read from, the logo and models among them; of others only the name counts.
READ = {
    ".csv",
    ".tsv",
    ".parquet",
    ".xlsx",
    ".yml",
    ".yaml",
    ".npz",
    ".png",
    ".jpg",
    ".jpeg",
    ".svg",
    ".onnx",
    ".keras",
}
#: Folders of an installed package that no kernel needs.
NOT_COPIED = ("project", "__pycache__")


class Changed(ValueError):
    """Something was edited between the plan and the run: one sentence, with the file."""


@dataclass(frozen=True)
class Copies:
    """Where kernels find the client and the project: ``lepton_nb`` with ``_toc.yml``, the recorded runs and the samples beside it."""

    client: Path
    project: Path


def look(client: Path, data: Iterable[str] = ()) -> dict[str, Signature]:
    """Signature by name of each file that a client is read from. data: paths of its cases' files and logo, in the folder."""
    if not client.is_dir():
        return {"": contents.signature(client)} if client.exists() else {}
    files = [path for path in client.iterdir() if path.is_file()]
    for folder in (client / "metrics", *(client / name for name in data)):
        inside = [folder] if folder.is_file() else folder.rglob("*") if folder.is_dir() else ()
        files += [path for path in inside if path.is_file()]
    return {path.relative_to(client).as_posix(): contents.signature(path) for path in files}


def take(client: Path, seen: Mapping[str, Signature], code: Iterable[Mapping], run: Path, state: Path) -> Copies:
    """Copy client and package. Raises Changed where they are no longer as they were planned with.

    seen: what :func:`look` gave when the client was read. code: what store.code_of gave, by chapter to be executed.
    run: this run's own folder. state: where the copy of the package stays, compiled, for the next run of the same code.
    """
    copies = Copies(run / "client" / client.name, _copy_of_project(state / "project"))
    _copy_client(client, seen, copies.client)
    _compare_all(copies.project, code)
    return copies


def _copy_of_project(folder: Path) -> Path:
    """A whole copy of package, recorded runs and table of contents, under a name made of their contents."""
    files = _project_files()
    digests = {name: contents.file_digest(file) for name, file in files.items()}
    copy = folder / digest([sys.version, digests])[:16]
    if not all((copy / name).is_file() and contents.file_digest(copy / name) == sha for name, sha in digests.items()):
        folder.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
        try:
            for name, file in files.items():
                (part / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, part / name)
            compileall.compile_dir(part, quiet=2)
            shutil.rmtree(copy, ignore_errors=True)  # one that somebody altered
            with suppress(FileExistsError, OSError):  # another run was quicker
                os.rename(part, copy)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    os.utime(copy)
    return copy


def _project_files() -> dict[str, Path]:
    """What kernels may see of the project, by its name in the copy."""
    found = {"_toc.yml": paths.project() / "_toc.yml"}
    found |= sample_files(paths.SAMPLES)
    for folder, name in ((PACKAGE, "lepton_nb"), (paths.measured("any").parent, "book/measured")):
        for parent, folders, files in os.walk(folder):
            folders[:] = [word for word in folders if word not in NOT_COPIED and not word.startswith(".")]
            for word in files:
                file = Path(parent, word)
                if file.suffix not in (".part", ".pyc") and not word.startswith("."):
                    found[f"{name}/{file.relative_to(folder).as_posix()}"] = file
    return found


def _compare_all(project: Path, code: Iterable[Mapping]) -> None:
    for part in code:
        _compare(project / "lepton_nb", part["package"], "lepton_nb/{}")
        files = {name if "." in name else f"{name}.json": sha for name, sha in part["recorded"].items()}
        _compare(project / "book" / "measured", files, "book/measured/{}")
        _compare(project, part.get("samples", {}), "{}")


def _copy_client(client: Path, seen: Mapping[str, Signature], target: Path) -> None:
    for name in seen:
        source, copy = (client / name, target / name) if name else (client, target)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            if name and "/" not in name and source.suffix.lower() not in READ:
                copy.touch()
            else:
                shutil.copyfile(source, copy)
        except FileNotFoundError:
            raise _changed(f"{client.name}/{name}") from None
    if not target.exists():
        target.mkdir(parents=True)
    now = look(client, [name for name in seen if "/" in name and not name.startswith("metrics/")])
    for name in dict.fromkeys([*seen, *now]):
        if seen.get(name) != now.get(name):
            raise _changed(f"{client.name}/{name}".rstrip("/"))


def _compare(folder: Path, digests: Mapping[str, str], words: str) -> None:
    for name, sha in digests.items():
        if not (folder / name).is_file() or contents.file_digest(folder / name) != sha:
            raise _changed(words.format(name))


def _changed(name: str) -> Changed:
    return Changed(f"{name} was changed after it had been read. Nothing was executed; the same command reads it again.")


def altered(files: Mapping[str, Signature]) -> str:
    """The first of the files that is no longer as it was; empty where all are."""
    for name, before in files.items():
        try:
            if contents.signature(Path(name)) != before:
                return os.path.basename(name)
        except OSError:
            return os.path.basename(name)
    return ""
