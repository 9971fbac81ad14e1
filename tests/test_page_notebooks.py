"""Chapters are thin: the method is what the reader sees, the page kit says numbers and makes tables and drawings."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from lepton_nb.page import render, words

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
#: Most lines of code in a chapter that values and in one that teaches.
VALUE, TEACHING = 250, 400
#: Chapters that are not thin yet: lines of code, hidden lines. These numbers only fall.
NOT_YET: dict[str, tuple[int, int]] = {}
#: Chapters of the part on value that teach.
TEACHES = {"89_methods"}
#: Chapters of plumbing only: a page of results with no method of its own may hide what it reads.
REPORTING = {"00_summary"}

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"]), set(cell["metadata"].get("tags", []))


def lines(source: str) -> int:
    return sum(1 for line in source.splitlines() if line.strip() and not line.strip().startswith("#"))


def counted(path: Path) -> tuple[int, int]:
    """Lines of code, and those of them that a reader does not see."""
    sizes = [(lines(source), bool(tags & HIDDEN)) for source, tags in code_cells(path)]
    return sum(size for size, _ in sizes), sum(size for size, hidden in sizes if hidden)


def values(path: Path) -> bool:
    return path.stem.startswith(("00_", "8"))


@every_notebook
def test_a_chapter_is_short_and_shows_at_least_half_of_its_code(path):
    total, hidden = counted(path)
    most = VALUE if values(path) and path.stem not in TEACHES else TEACHING
    allowed = NOT_YET.get(path.stem, (most, max(total // 2, 30)))
    assert total <= allowed[0], f"{total} lines of code"
    if path.stem not in REPORTING:
        assert hidden <= allowed[1], f"{hidden} of {total} lines are hidden"


def test_chapters_that_became_thin_leave_the_list():
    for name, (total, hidden) in NOT_YET.items():
        path = ROOT / "notebooks" / f"{name}.ipynb"
        now = counted(path)
        assert now == (total, hidden), f"{name} has {now[0]} lines, {now[1]} hidden: write that into the list"
        assert now[0] > (VALUE if values(path) else TEACHING) or now[1] > now[0] // 2, f"{name} is thin: off the list"


#: What says a number, in the page kit. A function or lambda of a notebook that only calls one of these is a formatter.
SAYS = {name for name in words.__all__ if callable(getattr(words, name))} - {"Money"}
MODULES = {"words", "render"}


def formatters(source: str) -> list[str]:
    """Functions whose result is a number said in words: they end in a formatter of the kit, or in a format string."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Lambda):
            name, results = "lambda", [node.body]
        elif isinstance(node, ast.FunctionDef):
            name, results = (
                node.name,
                [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value],
            )
        else:
            continue
        if any(_says(result) for result in results):
            found.append(name)
    return found


def _says(result: ast.expr) -> bool:
    if isinstance(result, ast.IfExp):
        return _says(result.body) or _says(result.orelse)
    if isinstance(result, ast.Call) and isinstance(result.func, ast.Attribute):
        of = result.func.value
        return isinstance(of, ast.Name) and of.id in MODULES and result.func.attr in SAYS
    return isinstance(result, ast.JoinedStr) and any(
        isinstance(part, ast.FormattedValue) and part.format_spec is not None for part in result.values
    )


@every_notebook
def test_no_chapter_defines_how_a_number_is_said(path):
    found = [name for source, _ in code_cells(path) for name in formatters(source)]
    assert not found, f"formatters belong into lepton_nb.page.words: {', '.join(found)}"


def test_a_formatter_is_seen_in_all_its_guises():
    for source in (
        "def money(value):\n    return render.money(value, currency)",
        "def span(a, b):\n    return f'{a:.1f} to {b:.1f}'",
        "two = lambda value: render.number(value, 2)",
        "def years(value):\n    return words.MISSING if value is None else words.years(value)",
    ):
        assert formatters(source), source
    assert not formatters("def halves(rows):\n    return rows[::2]")
    assert not formatters("money = words.Money(currency)")


@every_notebook
def test_no_chapter_makes_html_or_names_a_colour(path):
    for source, _ in code_cells(path):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value.lower()
                tags = ("<p", "<div", "<span", "<table", "<tr", "<td", "<b>", "<br", "<svg", "<style", "</")
                assert not any(tag in text for tag in tags), node.value
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called.split(".")[-1] not in ("HTML", "Markdown", "Html"), called


@every_notebook
def test_value_chapters_draw_through_the_kit(path):
    if not values(path):
        return
    for source, _ in code_cells(path):
        assert "plots.axes" not in source and "matplotlib" not in source, "draw with lepton_nb.page.charts"
        assert "Synthetic client." not in source, "the banner is render.notices"


def test_the_kit_says_what_it_offers():
    assert all(hasattr(words, name) for name in words.__all__)
    assert all(hasattr(render, name) for name in render.__all__)
    assert sorted(words.__all__) == sorted(set(words.__all__))


#: Calls whose answer is for the code, not for a page.
QUIET = ("record.add", "record.add_rate", "record.add_mean", "record.save")


@every_notebook
def test_no_cell_shows_what_a_record_answers(path):
    for source, tags in code_cells(path):
        tree = ast.parse(source)
        if tags & {"remove-cell", "remove-output"} or not tree.body or not isinstance(tree.body[-1], ast.Expr):
            continue
        last = tree.body[-1].value
        if isinstance(last, ast.Call) and ast.unparse(last.func) in QUIET:
            assert source.rstrip().endswith(";"), ast.unparse(last)[:80]
