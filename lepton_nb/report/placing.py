"""A report moves into its folder whole or not at all.

What is new is staged in a folder beside; what it replaces is set aside before anything new moves in. Whatever stops
that — an error, an interrupt — brings the old parts back; what a killed process left is brought back at the next start.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

#: The old parts while the new ones move in, with a list of what moves. While it is there, the old report counts.
ASIDE = ".aside"
STAGED, GONE = ".new-", ".gone-"


@contextlib.contextmanager
def staged(out: Path) -> Iterator[Path]:
    """An empty folder beside the report, on the same disk; removed at the end, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix=STAGED, dir=out))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put(new: Path, out: Path, names: Iterable[str], gone: Iterable[str] = ()) -> None:
    """Move files and folders of these names from ``new`` into ``out``, in place of those there: all of them or none.

    gone: names that go from ``out`` with that, where they are there.
    """
    gone = list(gone)
    names = [*names, *gone]
    aside = out / ASIDE
    moving = {"names": names, "before": [name for name in names if os.path.lexists(out / name)]}
    try:
        (aside / "old").mkdir(parents=True)
        part = aside / "moving.part"
        part.write_text(json.dumps(moving), encoding="utf-8")
        os.replace(part, aside / "moving.json")
        for name in names:
            if name in moving["before"]:
                (aside / "old" / name).parent.mkdir(parents=True, exist_ok=True)
                os.rename(out / name, aside / "old" / name)
            if name not in gone:
                (out / name).parent.mkdir(parents=True, exist_ok=True)
                os.rename(new / name, out / name)
        os.rename(aside, _drop_name(out))  # from here on, the new report counts
    except BaseException:
        recover(out)
        raise
    recover(out)


def recover(out: Path) -> bool:
    """Bring back the report that a stopped move left half replaced, and remove what such a move left.

    Returns whether there was one. To be called while nobody else writes to ``out``.
    """
    aside, halved = out / ASIDE, False
    if aside.is_dir():
        try:
            moving = json.loads((aside / "moving.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            moving = {"names": [], "before": []}  # stopped before anything moved
        for name in moving["names"]:
            old, place = aside / "old" / name, out / name
            if os.path.lexists(old):
                _remove(place)
                os.rename(old, place)
                halved = True
            elif name not in moving["before"] and os.path.lexists(place):
                _remove(place)
                halved = True
        os.rename(aside, _drop_name(out))
    for left in [*out.glob(f"{STAGED}*"), *out.glob(f"{GONE}*"), *out.glob(".site-*")]:
        shutil.rmtree(left, ignore_errors=True)
    return halved


def _drop_name(out: Path) -> Path:
    """A name in ``out`` for what is about to be deleted."""
    folder = Path(tempfile.mkdtemp(prefix=GONE, dir=out))
    return folder / "report"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
