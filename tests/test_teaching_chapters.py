"""Chapters that teach: how much code a reader meets, and that what they show from a recorded run is on record."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

from lepton_nb import datasets, image_metrics, results
from lepton_nb.datasets.faces import split_by_person
from lepton_nb.report import chapters

ROOT = Path(__file__).resolve().parent.parent
TEACHING = [
    path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    if 10 <= int(path.name[:2]) < 80 or path.stem == "89_methods"
]  # fmt: skip
HIDDEN = {"hide-input", "remove-cell", "remove-input", "hide-cell"}

every_chapter = pytest.mark.parametrize("path", TEACHING, ids=lambda path: path.stem)


def lines(path: Path) -> list[tuple[str, bool, int]]:
    """Name, hidden or not, and non-blank lines of each code cell."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [
        (cell["id"], bool(HIDDEN & set(cell["metadata"].get("tags", []))), sum(bool(s.strip()) for s in cell["source"]))
        for cell in cells
        if cell["cell_type"] == "code"
    ]


@every_chapter
def test_a_chapter_has_at_most_400_lines_of_code_and_hides_at_most_half(path):
    total = sum(count for *_, count in lines(path))
    hidden = sum(count for _, is_hidden, count in lines(path) if is_hidden)
    assert total <= 400
    assert hidden <= total / 2, f"{hidden} of {total} lines are hidden: plumbing goes into lepton_nb/page/"
    long = [name for name, _, count in lines(path) if count > 24 and name != "parameters"]
    assert not long, "about 20 lines a cell"


@every_chapter
def test_the_rows_that_a_chapter_covers_are_in_its_metadata_and_in_the_table_of_sources(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    covers = notebook["metadata"]["lepton"]["covers"]
    first = "".join(notebook["cells"][0]["source"])
    assert not re.search(r"\bS\d\d\b", first), "a reader does not need the numbers of rows in the first lines"
    table = (ROOT / "book" / "sources.md").read_text(encoding="utf-8")
    assert covers
    assert all(f"| {row} |" in table for row in covers)


def shown_from_the_record(path: Path) -> tuple[str, list[str]] | None:
    """Chapter and names in ``render.beside(record, results.recorded(chapter), wanted)``; wanted is a dict of literals."""
    tree = ast.parse(chapters.read(path).code)
    values = {node.targets[0].id: node.value for node in ast.walk(tree)
              if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "beside":
            _, recorded, wanted = node.args
            wanted = values[wanted.id] if isinstance(wanted, ast.Name) else wanted
            return ast.literal_eval(recorded.args[0]), list(ast.literal_eval(wanted))
    return None


ASKING = [path for path in TEACHING if "results.recorded(" in chapters.read(path).code]


def test_four_chapters_show_a_recorded_run():
    assert len(ASKING) >= 4


@pytest.mark.parametrize("path", ASKING, ids=lambda path: path.stem)
def test_every_name_that_a_chapter_shows_from_a_recorded_run_is_on_record(path):
    chapter, names = shown_from_the_record(path)
    record = results.recorded(chapter)
    assert names
    assert not [name for name in names if name not in record.figures and name not in record.seconds]


# ------------------------------------------------------------------ what a student meets

#: Chapters with a table of symbols, what a reader needs and learns, hints, remarks and claims. A new one joins them.
IN_FORM = (
    *("20_mathematics", "21_recurrent", "22_adversarial", "30_mnist", "31_risk_classifier", "32_text", "39_triage"),
    *(
        "33_forecasting",
        "34_autoencoder",
        "35_recommendation",
        "36_inspection",
        "37_speech",
        "38_fusion",
        "40_cifar10",
        "41_alarms",
        "42_demand",
        "43_sounds",
    ),
    *("50_translation", "60_faces"),
    *("70_tuning", "71_transfer", "72_deployment", "73_monitoring", "74_explanation", "75_privacy", "76_decisions"),
    "90_industries",
)
STUDENT = [ROOT / "notebooks" / f"{name}.ipynb" for name in IN_FORM]
every_lesson = pytest.mark.parametrize("path", STUDENT, ids=lambda path: path.stem)
#: Letters of a formula that LaTeX writes as a command.
GREEK = re.compile(
    "alpha|beta|gamma|delta|varepsilon|epsilon|eta|theta|lambda|mu|nu|xi|rho|pi|sigma|tau|varphi|phi|psi|omega|ell",
    re.IGNORECASE,
)


def texts(path: Path) -> list[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


def letters(markdown: str) -> set[str]:
    """The letters of all formulas of a text, but for words, names of functions and the d of an integral."""
    text = re.sub(r"```.*?```|`[^`]*`", "", markdown, flags=re.S)
    found = set()
    for formula in re.findall(r"\$\$(.+?)\$\$|\$(.+?)\$", text, flags=re.S):
        plain = re.sub(r"\\(text|mathrm|operatorname|begin|end)\*?\{[^}]*\}", " ", "".join(formula))
        plain = re.sub(r"\\;\s*d[xz]\b", " ", plain)
        found |= {name for name in re.findall(r"\\([A-Za-z]+)", plain) if GREEK.fullmatch(name)}
        found |= set(re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", " ", plain)))
    return found


def symbols(path: Path) -> list[str]:
    """The letters of the chapter's table of symbols, one entry a time that a letter is explained."""
    (table,) = [text for text in texts(path) if text.startswith("### Symbols")]
    rows = [row.strip("|").split(" | ") for row in table.splitlines() if row.startswith("| $")]
    firsts = [
        re.sub(r"_(\{[^}]*\}|\\\w+|\w)", "", first) for row in rows for first in row[0::2]
    ]  # an index names no more
    return [letter for first in firsts for letter in sorted(letters(first))]


@every_lesson
def test_each_symbol_of_a_chapter_is_explained_once_in_its_table(path):
    explained = symbols(path)
    assert len(explained) == len(set(explained)), f"{path.name}: a letter has two meanings"
    used = set()
    for text in texts(path):
        if not text.startswith("### Symbols"):
            used |= letters("\n".join(line for line in text.splitlines() if not line.startswith(">")))
    assert used == set(explained), f"{path.name}: {sorted(used ^ set(explained))} are used or explained, not both"


def test_a_letter_is_found_in_every_form_of_a_formula():
    text = "Of $x_{ij}$ and `$k$`:\n\n$$ \\hat z = \\frac{\\mathrm{tp}}{\\ell_D} \\quad \\int p \\; dx $$ (eq-a)"
    assert letters(text) == {"x", "i", "j", "z", "ell", "D", "p"}


@every_lesson
def test_a_chapter_says_what_a_reader_needs_and_what_he_will_learn_before_it_starts(path):
    before = "\n".join(texts(path)).partition("## Setup")[0]
    assert re.search(r"\*\*You need first:\*\* [\[\w]", before) and re.search(r"\*\*You will learn\*\* \w", before)


@every_lesson
def test_every_exercise_has_a_hint_or_a_solution(path):
    exercises, hints = (
        next(text for text in texts(path) if text.startswith(heading))
        for heading in ("## Exercises", "### Hints and solutions")
    )
    asked, answered = (re.findall(r"^(\d+)\. \S", text, re.M) for text in (exercises, hints))
    assert asked == answered and len(asked) >= 5


@every_lesson
def test_corrections_of_the_articles_stand_in_a_remark_at_the_end_of_a_section(path):
    """After a remark come the code that tries it, and no further text of the same section."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for place, cell in enumerate(cells):
        text = "".join(cell["source"])
        assert not re.search(r"^> \*\*Articles? ", text, re.M), "a correction begins with the word Remark"
        if cell["cell_type"] != "markdown" or "> **Remark.**" not in text:
            continue
        following = next("".join(other["source"]) for other in cells[place + 1 :] if other["cell_type"] == "markdown")
        assert following.startswith("#"), f"{path.name}: the text goes on after the remark in {cell['id']}"


@every_lesson
def test_a_chapter_tells_in_sentences_what_its_figures_say(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    telling = ["".join(cell["source"]) for cell in cells if "claim" in cell["metadata"].get("tags", [])]
    assert telling
    assert all(
        re.search(r"\b(claims|risk_tables|decision_tables|industry_tables|\w+_charts)\.\w+", source)
        for source in telling
    )


def test_the_obvious_answer_to_exercise_5_on_faces_works():
    """The mean face beats real faces in density and covers far fewer of them, and yet some."""
    data = datasets.load("faces", "")
    parts = split_by_person(data.arrays["person_id"])
    train, real, judges = (data.arrays["images"][parts[name][:200]] for name in ("training", "validation", "test"))
    compared = min(len(real), len(judges))
    principal = image_metrics.Components(train, 64, 0)
    mean = np.repeat(train.mean(axis=0, keepdims=True), compared, axis=0)
    known = principal.features(judges[:compared])
    by_mean, by_real = (image_metrics.density_coverage(known, principal.features(x)) for x in (mean, real[:compared]))
    assert by_mean.density > 2 * by_real.density
    assert 0 < by_mean.coverage.value < by_real.coverage.low / 2


@pytest.mark.parametrize(
    "path", [path for path in STUDENT if "resume_folder: str" in chapters.read(path).code], ids=str
)
def test_every_training_of_a_chapter_that_resumes_can_be_resumed(path):
    """Long trainings, the articles' own among them, go on where they were interrupted."""
    code = ast.parse(chapters.read(path).code)
    calls = [node for node in ast.walk(code) if isinstance(node, ast.Call)
             and ast.unparse(node.func) in ("train_pair", "translation.train", "training.train")]  # fmt: skip
    assert calls
    for call in calls:
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert "resume_folder" in given or given.get(None, "").startswith("kept("), ast.unparse(call)[:80]


@pytest.mark.parametrize(
    ("chapter", "parameter", "least", "stated"),
    [("50_translation", "article_epochs", 15, 100), ("60_faces", "article_steps", 20_000, 200_000)],
)
def test_the_articles_own_networks_get_their_chance_and_the_page_says_what_was_not_tried(
    chapter, parameter, least, stated
):
    path = ROOT / "notebooks" / f"{chapter}.ipynb"
    full = json.loads(path.read_text(encoding="utf-8"))["metadata"]["lepton"]["profiles"]["full"]
    assert least <= full[parameter] <= stated
    code = chapters.read(path).code.replace("_", "")
    assert re.search(rf"claims\.tried\([^)]*, {stated}, ", code)
