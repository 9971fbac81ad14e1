"""Imports that would cost a process a second for something that no report needs."""

from __future__ import annotations

import contextlib
import importlib
import sys


def jsonschema() -> None:
    """Import jsonschema, which nbformat needs, without the grammars of web addresses that it would build.

    They serve a check of addresses that no notebook holds; with the lab extra installed they take 1 s.
    """
    if "jsonschema" not in sys.modules:
        with _hidden("rfc3987_syntax"):
            importlib.import_module("jsonschema")


@contextlib.contextmanager
def _hidden(name: str):
    """A module that cannot be imported for a while."""
    before = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.modules.pop(name)
        if before is not None:
            sys.modules[name] = before
