"""What decides how a page looks: the files and the versions of the packages that make it, as one hash.

The files are found by following imports, so that a module added to those that make pages counts from its first day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from lepton_nb import paths
from lepton_nb.report import contents
from lepton_nb.report.store import PACKAGE, imported_modules

#: Packages whose versions change what a page looks like.
MAKERS = (
    "jupyter-book", "sphinx", "sphinx-book-theme", "pydata-sphinx-theme", "myst-nb", "myst-parser",
    "sphinxcontrib-bibtex", "sphinxcontrib-katex", "mermaidx", "ziamath", "fonttools", "docutils", "pygments",
    "jinja2", "sphinx-external-toc", "openpyxl",
)  # fmt: skip

#: The modules that make pages, named in the configuration of Sphinx and not only by imports.
PAGE_MODULES = ("lepton_nb.report.publish", "lepton_nb.report.sphinx_lepton")


def of_pages() -> list[Path]:
    """The files that decide what every page looks like."""
    project = paths.project()
    return [project / "_config.yml", project / "_toc.yml", *modules(*PAGE_MODULES)]


def modules(*names: str) -> list[Path]:
    """The package's files that are executed when these modules are imported."""
    return [PACKAGE / name for name in imported_modules("\n".join(f"import {name}" for name in names))]


def hash_of(files: Iterable[Path], *texts: str) -> str:
    """One hash of the files' names and contents, the texts, and the versions of :data:`MAKERS`."""
    parts = [(path.name, contents.file_digest(path)) for path in files]
    versions = [version(package) for package in MAKERS]
    return hashlib.sha256(json.dumps([texts, versions, parts]).encode()).hexdigest()
