"""Who may import whom, and what an import may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "lepton_nb"

#: First part of a module's path → what it may import at all, beside the standard library.
ALLOWED = {
    "models": {"keras"},
    "valuation": {"numpy", "scipy"},
    "client": {
        "numpy",
        "pydantic",
        "yaml",
        "openpyxl",
        "pyarrow",
        "onnx",
    },  # the last three only when such a file is given
    "numpy_layers": {"numpy"},
    "paths": set(),
    "page": {"numpy", "matplotlib", "PIL"},
}
#: What a module must not import from the package.
FORBIDDEN = {
    "report": {"models", "valuation", "value_model", "numpy_layers", "training", "cli", "casework"},
    "client": {"report", "cli", "valuation", "value_model", "models", "casework"},
    "value_model": {"report", "cli", "models", "training", "casework"},
    "casework": {"report", "cli", "page"},
    "deploy": {"report", "cli", "page", "casework", "models", "datasets", "value_model", "valuation", "results"},
    "results": {"report", "cli"},
    "page": {
        "report",
        "cli",
        "client",
        "value_model",
        "valuation",
        "models",
        "training",
        "datasets",
        "casework",
        "deploy",
    },
    "terms": {path.name.removesuffix(".py") for path in PACKAGE.iterdir()},
}
#: What it may import inside a function, and only there: a formula, for the few that need it.
INSIDE_A_FUNCTION = {"client": {"valuation"}, "report": {"value_model"}}


def imports(file: Path, inside: bool | None = None) -> set[str]:
    """Full names of what a file imports; relative ones made absolute. inside: in functions alone, or outside them."""
    here = ["lepton_nb", *file.relative_to(PACKAGE).parts[:-1]]
    names: set[str] = set()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    within = {node for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if inside is not None and (node in within) != inside:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = (
                [*here[: len(here) - node.level + 1], *([node.module] if node.module else [])]
                if node.level
                else [node.module]
            )
            names |= {".".join([*base, alias.name]) for alias in node.names}
    return names


def part(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_directions(file):
    for name in imports(file):
        top, *rest = name.split(".")
        if top == "lepton_nb":
            if rest:
                allowed = INSIDE_A_FUNCTION.get(part(file), set()) - {
                    other.split(".")[1] for other in imports(file, inside=False) if other.startswith("lepton_nb.")
                }
                assert rest[0] not in FORBIDDEN.get(part(file), set()) - allowed, f"{file.name} imports {name}"
                if part(file) in ("models", "valuation", "numpy_layers"):
                    assert rest[0] == part(file), f"{file.name} imports {name}"
        elif part(file) in ALLOWED and top not in sys.stdlib_module_names:
            assert top in ALLOWED[part(file)], f"{file.name} imports {top}"


def module(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_module_imports_itself_by_a_detour():
    """Imports inside functions count: a circle that is put off is one."""
    known = {module(file): file for file in FILES}

    def target(name: str) -> str:
        return name if name in known else name.rpartition(".")[0]

    graph = {name: {target(other) for other in imports(file)} & set(known) - {name} for name, file in known.items()}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_a_file_of_the_client_reader_is_read_at_one_sitting():
    sizes = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in FILES if part(file) == "client"}
    assert {name: size for name, size in sizes.items() if size > 450} == {}


def test_no_module_imports_a_notebook():
    for file in FILES:
        assert not any(name.startswith("notebooks") for name in imports(file))


def loaded(statement: str) -> set[str]:
    """Top-level modules in a fresh interpreter after a statement."""
    code = f"{statement}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_package_loads_no_library():
    heavy = {"keras", "tensorflow", "numpy", "pandas", "scipy", "matplotlib", "pydantic", "papermill", "distributed"}
    assert not loaded("import lepton_nb") & heavy


def test_checking_a_client_loads_no_heavy_library():
    heavy = {"keras", "tensorflow", "pandas", "scipy", "matplotlib", "papermill", "distributed", "sphinx"}
    assert not loaded("import lepton_nb.cli, lepton_nb.client") & (heavy | {"openpyxl", "pyarrow"})


def test_words_and_tables_load_no_drawing_library():
    assert not loaded("from lepton_nb.page import render") & {"matplotlib", "pandas", "scipy"}


def test_planning_loads_no_engine():
    # A report that is up to date must be seen as such without the tools that would make it.
    heavy = {
        "keras",
        "tensorflow",
        "pandas",
        "scipy",
        "matplotlib",
        "papermill",
        "distributed",
        "sphinx",
        "jupyter_book",
    }
    assert not loaded("import lepton_nb.report.run") & heavy
