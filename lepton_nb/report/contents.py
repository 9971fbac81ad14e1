"""What files hold: their digests, and what Python sources import, each worked out once.

A digest is remembered for as long as size, times of content and of inode, and inode of its file stay the same; what a
source says is remembered under the source's own digest, so it can never be out of date. Both are kept in the state
folder, so that a run that has nothing to do need not read the package again.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: Two writes within one tick of a file system's clock look alike: younger files are read again each time.
TICK_NS = 2_000_000_000

#: size, time of content, time of inode (which no program can set), inode
Signature = tuple[int, int, int, int]


@dataclass(frozen=True)
class Said:
    """What a source says about what it uses."""

    #: dotted names that it imports, relative ones with their leading dots; also names given to import_module.
    imports: tuple[str, ...]
    #: recorded runs that it asks for by name; "*" where the name is not written there.
    recorded: tuple[str, ...]


_digests: dict[str, tuple[Signature, str]] = {}
_said: dict[str, Said] = {}
_new = False


def signature(path: Path) -> Signature:
    """What changes whenever the file is written. Raises FileNotFoundError."""
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content as it is now."""
    global _new
    while True:
        before = signature(path)
        known = _digests.get(str(path))
        if known and known[0] == before:
            return known[1]
        with open(path, "rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if signature(path) != before:
            continue  # written while it was read
        if time.time_ns() - max(before[1], before[2]) > TICK_NS:
            _digests[str(path)] = before, found
            _new = True
        return found


def said(source: str) -> Said:
    """What a source imports and which recorded runs it shows. Raises SyntaxError."""
    global _new
    name = hashlib.sha256(source.encode()).hexdigest()
    if name not in _said:
        _said[name] = _parse(source)
        _new = True
    return _said[name]


def said_in(file: Path) -> Said:
    """The same of a file."""
    name = file_digest(file)
    return _said[name] if name in _said else said(file.read_text(encoding="utf-8"))


def _parse(source: str) -> Said:
    imports: set[str] = set()
    named: list[str] = []
    asked = 0  # how often recorded runs are asked for; more often than by name: through a variable
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            joint = "" if base.endswith(".") else "."
            imports |= {base} | {f"{base}{joint}{alias.name}" for alias in node.names}
            asked += sum(alias.name == "recorded" for alias in node.names)
        elif isinstance(node, ast.Attribute):
            asked += node.attr == "recorded"
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            texts = [word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
            if called in ("import_module", "__import__"):
                imports |= set(texts)
            elif called == "getattr":
                asked += "recorded" in texts
            elif called == "recorded" and isinstance(node.func, ast.Attribute):
                named += texts[:1]
    return Said(tuple(sorted(imports)), tuple(sorted({*named, *(["*"] if asked > len(named) else [])})))


def remember(folder: Path) -> None:
    """Take what an earlier run has kept in this folder; nothing where there is none that can be read."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        kept = json.loads((folder / "contents.json").read_text(encoding="utf-8"))
        digests = {path: (tuple(sign), digest) for path, (sign, digest) in kept["digests"].items()}
        sources = {name: Said(tuple(imports), tuple(recorded)) for name, (imports, recorded) in kept["said"].items()}
        _digests.update({path: known for path, known in digests.items() if path not in _digests})
        _said.update(sources)


def keep(folder: Path) -> None:
    """Leave what was worked out for the next run; without a word where the folder cannot be written."""
    global _new
    if not _new:
        return
    content = {
        "digests": {path: known for path, known in _digests.items() if os.path.exists(path)},
        "said": {name: (found.imports, found.recorded) for name, found in _said.items()},
    }
    part = folder / f"contents.json.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(content), encoding="utf-8")
        os.replace(part, folder / "contents.json")
        _new = False
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
