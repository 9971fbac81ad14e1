"""What runs leave in the state folder: a folder for each run while it lives, and what can go when.

Everything in the state folder can be made again. What costs nothing to lose (remains of runs that ended without
cleaning up, damaged entries, build folders of reports that are gone) is told apart from what costs time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from lepton_nb.report.store import Entry, Store

#: Held by a living run in its own folder: the system lets go of it when the process ends, however it ends.
ALIVE = "alive.lock"


@contextlib.contextmanager
def run_folder(state: Path) -> Iterator[Path]:
    """A folder for one run, removed at its end; what dead runs have left is removed first."""
    runs = state / "run"
    runs.mkdir(parents=True, exist_ok=True)
    sweep(state)
    with FileLock(runs / ".lock", timeout=60):
        folder = Path(tempfile.mkdtemp(dir=runs, prefix=f"{os.getpid()}-"))
        alive = FileLock(folder / ALIVE)
        alive.acquire(timeout=0)
    try:
        yield folder
    finally:
        alive.release()
        shutil.rmtree(folder, ignore_errors=True)


def dead_runs(state: Path) -> list[Path]:
    """Folders of runs that ended without removing them."""
    found = []
    for folder in sorted((state / "run").glob("*")):
        if folder.is_dir() and not _is_alive(folder):
            found.append(folder)
    return found


def _is_alive(folder: Path) -> bool:
    if not (folder / ALIVE).exists():
        return False
    try:
        with FileLock(folder / ALIVE, timeout=0):
            return False
    except (Timeout, OSError):
        return True


def sweep(state: Path) -> int:
    """Remove what dead runs have left, in the run folder and in the store; the bytes that this freed."""
    freed = 0
    with contextlib.suppress(Timeout, OSError), FileLock(state / "run" / ".lock", timeout=0):
        for folder in dead_runs(state):
            freed += size(folder)
            shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(Timeout, OSError):
        for left in half_entries(state):
            freed += size(left)
            shutil.rmtree(left, ignore_errors=True)
    return freed


def half_entries(state: Path) -> list[Path]:
    """What stopped runs left while they put something in its place; an hour old, so that no living run uses it."""
    hour_ago = time.time() - 3600
    left = [
        *(state / "store").glob("*/.part-*"),
        *(state / "store").glob("*/.old-*"),
        *(state / "project").glob(".part-*"),
    ]
    return [folder for folder in left if folder.stat().st_mtime < hour_ago] + old_copies(state)


def old_copies(state: Path, days: float = 7.0) -> list[Path]:
    """Copies of the package that no run has used for some days."""
    before = time.time() - days * 86400
    return [folder for folder in (state / "project").glob("[0-9a-f]*") if folder.stat().st_mtime < before]


@dataclass(frozen=True)
class Kind:
    """One kind of thing in the state folder: what it is, which folders, whether losing it costs time."""

    words: str
    folders: tuple[Path, ...]
    costs: str = ""  # what is done again when it is gone; empty: nothing

    @property
    def bytes(self) -> int:
        return sum(size(folder) for folder in self.folders)


def look(state: Path, unused_days: float = 30.0) -> list[Kind]:
    """What is in the state folder, by kind. Changes nothing."""
    entries = [Entry(folder) for folder in sorted((state / "store").glob("??/*")) if not folder.name.startswith(".")]
    damaged = [entry.folder for entry in entries if entry.damage()]
    whole = [entry.folder for entry in entries if entry.folder not in damaged]
    before = time.time() - unused_days * 86400
    unused = [folder for folder in whole if (folder / "about.json").stat().st_mtime < before]
    stages = sorted(folder for folder in (state / "stage").glob("*") if folder.is_dir())
    pages = sorted(folder for folder in (state / "pages").glob("*") if folder.is_dir())
    locks = [folder for folder in (state / "work",) if folder.is_dir()]
    lost = [folder for folder in stages if not _has_report(folder)]
    days = f"{unused_days:g} days"
    return [
        Kind("remains of runs", (*dead_runs(state), *half_entries(state), *_old_folders(state), *locks)),
        Kind("damaged chapters", tuple(damaged)),
        Kind("build folders of reports that are gone", tuple(lost)),
        Kind(f"chapters that no run has used for {days}", tuple(unused), "they are executed again when asked for"),
        Kind("unfinished trainings", tuple(sorted((state / "unfinished").glob("*"))), "they start from the beginning"),
        Kind("chapters in use", tuple(f for f in whole if f not in unused), "they are executed again"),
        Kind(
            "build folders of reports",
            (*(f for f in stages if f not in lost), *pages),
            "the next page takes half a minute",
        ),
    ]


def _old_folders(state: Path) -> list[Path]:
    """Folders of workers as earlier versions left them."""
    return [folder for folder in [state / "dask"] if folder.is_dir()]


def _has_report(stage: Path) -> bool:
    try:
        return Path((stage / "report.txt").read_text(encoding="utf-8").strip()).is_dir()
    except OSError:
        return False


def clean(state: Path, kinds: list[Kind]) -> int:
    """Remove what these kinds name; the bytes that this freed. Raises Timeout while a run uses the state folder."""
    check_unused(state)
    freed = 0
    for kind in kinds:
        for folder in kind.folders:
            before = size(folder)
            shutil.rmtree(folder, ignore_errors=True)
            freed += before - size(folder)
    return freed


def check_unused(state: Path) -> None:
    """Raise Timeout while a run uses the state folder: what it needs next cannot be told from what is left over."""
    runs = state / "run"
    if any(_is_alive(folder) for folder in runs.glob("*") if folder.is_dir()):
        raise Timeout(str(runs))


def used(store: Store, key: str) -> None:
    """Note that a kept chapter was used now; without a word where the folder cannot be written."""
    with contextlib.suppress(OSError):
        os.utime(store.entry(key).folder / "about.json")


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total
