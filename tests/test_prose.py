"""Figures in the prose: what was measured comes from a record; every other figure is known for what it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lepton_nb.report import sphinx_lepton
from lepton_nb.valuation import _reference

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "book").glob("*.md"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

FIGURE = re.compile(r"\d[\d.,]*\s*%|\d[\d.]* BLEU|BLEU of \d[\d.]*[\d]|accuracy of \d[\d.]*[\d]")
#: Figures that nobody measured here, by page: the articles' claims, thresholds and levels of stated rules,
#: made-up examples and exercises.
NOT_MEASURED = {
    "00_summary": {"1 %", "10 %", "50 %"},  # thresholds of the verdicts
    "20_mathematics": {"50 %"},  # article C's log
    "30_mnist": {"90 %", "99.2 %", "99.5 %", "99.6 %"},  # B's claim; examples
    "33_forecasting": {"90 %"},  # level of the intervals
    "36_inspection": {"98.6 %"},  # the boards' authors' figure
    "37_speech": {"6 %", "12 %"},  # how far voices are varied
    "42_demand": {"95 %"},  # level
    "43_sounds": {"95 %"},  # level
    "40_cifar10": {"90 %"},  # D's claim
    "50_translation": {"BLEU of 26.5"},  # B's claim
    "72_deployment": {"95 %"},  # level
    "73_monitoring": {"5 %"},  # level
    "76_decisions": {"10 %"},  # worked example
    "80_value": {"1 %", "5 %", "10 %", "50 %", "95 %"},  # thresholds, levels
    "82_metric_to_money": {"90 %"},  # level
    "83_uncertainty": {"1 %", "50 %"},  # threshold, quantile
    "84_options": {"1 %", "5 %", "30 %", "90 %"},  # threshold, textbook case, level
    "85_speed_and_cost": {"10 %", "40 %", "70 %", "90 %", "95 %", "100 %"},  # example, thresholds, level
    "89_methods": {"1 %", "2 %", "4 %", "10 %", "12 %", "20 %", "60 %", "95 %"},  # textbook cases, exercises
    "errata": {"95 %", "99.2 %", "90 %", "accuracy of 0.5000"},  # claims; level
    "glossary": {"5 %", "80 %"},  # examples
    "how_to_read": {"1 %", "5 %", "10 %", "50 %", "90 %", "92 %", "93 %", "95 %"},  # thresholds, levels, example
    "sources": {"90 %", "99.2 %"},  # claims
    "valuation_reference": {
        "1 %",
        "5 %",
        "10 %",
        "80 %",
        "95 %",
        "99.9999 %",
        "100 %",
    },  # levels and limits of rules, examples
    "90_industries": {"10 %", "85 %", "90 %"},  # worked example, an exercise, level
}
#: Pages that nobody types: they are made from docstrings, whose examples are run as tests.
MADE = {"valuation_reference": _reference.page}


def prose(path: Path) -> str:
    """The Markdown of a page or notebook, without recorded figures and without code fences."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    text = re.sub(r"\{measured\}`[^`]*`", "", text)
    return re.sub(r"```(?!\{).*?```", "", text, flags=re.S)


@pytest.mark.parametrize("path", PAGES + NOTEBOOKS, ids=lambda path: path.stem)
def test_figures_in_the_prose_are_known_for_what_they_are(path):
    if path.stem in MADE:
        assert path.read_text(encoding="utf-8") == MADE[path.stem](), "a page that is made holds nothing typed by hand"
        return
    found = {re.sub(r"\s+", " ", figure) for figure in FIGURE.findall(prose(path))}
    unknown = found - NOT_MEASURED.get(path.stem, set())
    assert not unknown, (
        f"{path.name} types {sorted(unknown)}. What was measured is cited by the role measured or printed by a cell; "
        "anything else is entered in NOT_MEASURED with what it is."
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_recorded_figures_that_pages_cite_are_on_record(path):
    for name in re.findall(r"\{measured\}`([^`]*)`", path.read_text(encoding="utf-8")):
        chapter, figure, *part = name.split(":")
        assert sphinx_lepton.measured(chapter, figure, *part), name


def test_there_are_recorded_figures_to_cite():
    cited = [name for path in PAGES for name in re.findall(r"\{measured\}`", path.read_text(encoding="utf-8"))]
    assert len(cited) >= 5


def test_every_work_that_a_page_cites_is_in_the_list_of_references():
    from pybtex.database import parse_file

    known = set(parse_file(str(ROOT / "book" / "references.bib")).entries)
    for path in PAGES + NOTEBOOKS:
        cited = re.findall(r"\{cite:\w+\}`([^`]*)`", path.read_text(encoding="utf-8"))
        missing = {key.strip() for keys in cited for key in keys.split(",")} - known
        assert not missing, f"{path.name} cites {sorted(missing)}, which references.bib does not hold"
