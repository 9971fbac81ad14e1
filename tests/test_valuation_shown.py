"""Nothing in the valuation library is there for nobody: each public name is shown in a chapter or used by the product."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path

import pytest

from lepton_nb import valuation

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "lepton_nb" / "valuation"
PACKAGE = "lepton_nb.valuation"
NAMES = sorted(name for names in valuation.PUBLIC.values() for name in names.split())


def taken(code: str) -> set[str]:
    """Public names of the library that a piece of code takes from it: by import, or as an attribute of its modules.

    A word alone is not enough: ``normal`` is also a generator's, ``switch`` also a kind of option.
    """
    tree = ast.parse(code)
    found, modules = set(), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PACKAGE):
            for item in node.names:
                if node.module == PACKAGE and item.name in valuation.PUBLIC:
                    modules[item.asname or item.name] = item.name
                else:
                    found.add(item.name)
        elif isinstance(node, ast.ImportFrom) and node.module == "lepton_nb":
            modules |= {item.asname or item.name: "" for item in node.names if item.name == "valuation"}
        elif isinstance(node, ast.Import):
            modules |= {item.asname: "" for item in node.names if item.asname and item.name.startswith(PACKAGE)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            if owner.partition(".")[0] in modules or owner.startswith(PACKAGE):
                found.add(node.attr)
    return found & set(NAMES)


def chapter(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def users() -> dict[str, str]:
    """Name of a file → its code: the chapters, and the package outside the library."""
    code = {path.name: chapter(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
    for path in sorted((ROOT / "lepton_nb").rglob("*.py")):
        if LIBRARY not in path.parents:
            code[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    return code


def shown() -> set[str]:
    """What is taken by a user, what a function that is taken gives back or raises, and what such a result holds."""
    found = set().union(*map(taken, users().values()))
    waiting = sorted(found)
    while waiting:
        thing = getattr(valuation, waiting.pop())
        if inspect.isfunction(thing):
            words = f"{inspect.signature(thing).return_annotation} {inspect.getdoc(thing)}"
        else:
            words = " ".join(str(kind) for kind in getattr(thing, "__annotations__", {}).values())
        more = {
            word for word in set(re.findall(r"\w+", words)) & set(NAMES) if inspect.isclass(getattr(valuation, word))
        }
        waiting += more - found
        found |= more
    return found


SHOWN = shown()


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_shown_in_a_chapter_or_used_by_the_product(name):
    assert name in SHOWN, f"{name}: show it in a chapter (89_methods), use it, or take it out of the library"


def test_a_name_is_taken_by_import_or_by_its_module_and_not_by_a_word():
    assert taken("from lepton_nb.valuation.cashflows import npv as worth") == {"npv"}
    assert taken("from lepton_nb.valuation import cashflows as c\nc.irr([1])") == {"irr"}
    assert taken("from lepton_nb import valuation\nvaluation.decisions.evpi(1, 2)") == {"evpi"}
    assert taken("import numpy as np\nnp.random.normal()\nswitch = 'defer'\npert = npv = 3") == set()
