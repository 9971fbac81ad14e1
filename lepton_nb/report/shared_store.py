"""Kept chapters in a store that several machines share: any address that fsspec knows, as ``s3://bucket/folder``.

The local state folder is its cache. An entry is written file by file, the one with the checksums last: one without it
counts as absent, and one that does not fit its checksums, too. A store that fails meanwhile costs no work: the entry is
kept on this machine with a mark, and brought there when it is used next.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

#: In the order in which they are written.
FILES = ("executed.ipynb", "record.json", "about.json")
#: In an entry that the shared store has not got.
MARK = "not-shared"


#: Kinds of addresses whose first part is a bucket. It is never made from here: a name typed wrong must not become one.
BUCKETS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oci", "oss"}


class NoStore(ValueError):
    """A shared store that cannot be used: one sentence."""


def check(address: str) -> None:
    """Write, read and remove a small file. Raises NoStore."""
    name = _below(address, f"store/.check-{uuid.uuid4().hex}")
    try:
        system, path = _open(name)
        _make_folder(system, path.rpartition("/")[0])
        system.pipe_file(path, b"lepton")
        found = system.cat_file(path)
        system.rm_file(path)
    except ImportError as problem:
        raise NoStore(
            f"LEPTON_STATE={address}: needs a library that is not installed ({problem}). For s3:// install the extra: "
            "pip install 'lepton-nb[s3]'."
        ) from None
    except Exception as problem:
        raise NoStore(
            f"LEPTON_STATE={address}: cannot be written ({_short(problem)}). Check the address and the access, or name "
            "a folder."
        ) from None
    if found != b"lepton":
        raise NoStore(f"LEPTON_STATE={address}: does not give back what is written to it. Name another store.")


def fetch(address: str, key: str, folder: Path) -> bool:
    """Bring an entry's files into an empty folder; False where it is not there or the store does not answer."""
    try:
        system, path = _open(_entry(address, key))
        for name in reversed(FILES):
            system.get_file(f"{path}/{name}", str(folder / name))
    except Exception:  # each library of fsspec has errors of its own
        return False
    return True


def push(address: str, key: str, folder: Path) -> bool:
    """Bring an entry into the store; where that fails, it is marked, and False."""
    mark = folder / MARK
    try:
        system, path = _open(_entry(address, key))
        _make_folder(system, path)
        for name in FILES:
            system.put_file(str(folder / name), f"{path}/{name}")
    except Exception:
        mark.touch()
        return False
    mark.unlink(missing_ok=True)
    return True


def _open(address: str) -> tuple[Any, str]:
    import fsspec

    # What another machine has written meanwhile must be seen: no lists are remembered.
    return fsspec.core.url_to_fs(address, use_listings_cache=False, skip_instance_cache=True)


def _make_folder(system: Any, path: str) -> None:
    kinds = {system.protocol} if isinstance(system.protocol, str) else set(system.protocol)
    if not kinds & BUCKETS:
        system.makedirs(path, exist_ok=True)


def _entry(address: str, key: str) -> str:
    return _below(address, f"store/{key[:2]}/{key}")


def _below(address: str, name: str) -> str:
    return f"{address}{'' if address.endswith('/') else '/'}{name}"


def _short(problem: Exception) -> str:
    text = str(problem) or type(problem).__name__
    return text.splitlines()[0][:160]
