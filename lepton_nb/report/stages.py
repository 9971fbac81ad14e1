"""Build folders of the site, shared by all reports that look alike: 57 MB once, and only pages that differ are built.

What of a page is a client's name or a run's day is put in when the pages are copied out (``publish.lay_out``), so that
the pages of the book are the same for all. Reports whose pages, titles and banners differ use different folders; those
that are built at the same time, too.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from lepton_nb.report.staging import stand_ins
from lepton_nb.report.store import digest
from lepton_nb.report.writing import write_text


@contextlib.contextmanager
def borrowed(state: Path, run: Mapping[str, Any], out: Path) -> Iterator[Path]:
    """A build folder for the report of this run in ``out``, nobody else's meanwhile: the one it had last, if it can be."""
    folder = state / "pages" / look(run)
    folder.mkdir(parents=True, exist_ok=True)
    there = sorted(path for path in folder.iterdir() if path.is_dir())
    there.sort(key=lambda path: _last(path) != str(out))
    new = (folder / str(number) for number in itertools.count() if not (folder / str(number)).exists())
    for stage in itertools.chain(there, new):
        lock = FileLock(f"{stage}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            stage.mkdir(exist_ok=True)  # another run begins with it
            continue
        try:
            stage.mkdir(exist_ok=True)
            write_text(stage / "last.txt", f"{out}\n")
            yield stage
            return
        finally:
            lock.release()


def look(run: Mapping[str, Any]) -> str:
    """What reports have in common whose pages can be built in one folder."""
    lines = [[line["chapter"], line["title"]] for line in run["chapters"]]
    client = run["client"]
    return digest(
        [
            run["code"],
            run.get("edition"),
            lines,
            bool(client["name"]),
            bool(client.get("valuer")),
            client["synthetic"],
            stand_ins(dict(run)),
        ]
    )[:16]


def _last(stage: Path) -> str:
    """For which report the folder was used last."""
    try:
        return (stage / "last.txt").read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError):
        return ""
