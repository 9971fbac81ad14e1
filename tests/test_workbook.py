"""The workbook: live formulas that an engine of its own computes again, to a cent of the report."""

from __future__ import annotations

import warnings
from pathlib import Path

import openpyxl
import pytest

from lepton_nb import client as clients
from lepton_nb import results, value_model
from lepton_nb.report import workbook

ROOT = Path(__file__).resolve().parent.parent


def record_of(plan, total):
    record = results.Record("value")
    record.add("value", total, plan.currency, low=0.0, high=1.0, interval="5 % to 95 %", source="=1+1")
    for name, rows in value_model.line_tables(plan).items():
        record.add_table(name, rows)
    return {"value": record.to_dict()}


def recomputed(path: Path) -> dict[tuple[str, str], object]:
    """Every cell of a workbook as the package ``formulas`` computes it: (sheet, cell) → value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the engine's own parser
        formulas = pytest.importorskip("formulas", reason="the package formulas is not installed")
        model = formulas.ExcelModel().loads(str(path)).finish()
        solution = model.calculate()
    found = {}
    for name, ranges in solution.items():
        sheet, _, cell = str(name).rpartition("!")
        value = getattr(ranges, "value", None)
        if value is not None and value.shape == (1, 1):
            found[sheet.strip("'").rpartition("]")[2].upper(), cell] = value[0, 0]
    return found


@pytest.mark.parametrize("name", ["manufacturer", "bank"])
def test_another_engine_computes_the_value_of_the_report_to_a_cent(name, tmp_path):
    plan = value_model.plan(clients.load(ROOT / "clients" / name))
    worth = value_model.evaluate(plan)
    path = tmp_path / "workbook.xlsx"
    workbook.write(path, record_of(plan, worth.total), name)
    cells = recomputed(path)
    for number, group in enumerate(plan.groups):
        assert float(cells["SUMMARY", f"B{6 + number}"]) == pytest.approx(worth.groups[group.name], abs=0.005)
        years = value_model.cash_flows(plan, group)
        for row, year in enumerate(years, start=5):
            sheet = f"GROUP {number + 1}"
            for column, expected in zip(
                "CDEFHJL",
                (
                    year.benefits,
                    year.running,
                    year.development,
                    year.amortisation,
                    year.tax,
                    year.net,
                    year.present,
                ),
                strict=True,
            ):
                assert float(cells[sheet, f"{column}{row}"]) == pytest.approx(float(expected), abs=0.005)
    total = 6 + len(plan.groups)
    assert float(cells["SUMMARY", f"B{total}"]) == pytest.approx(worth.total, abs=0.005)
    assert float(cells["SUMMARY", f"B{total + 2}"]) == 0


def test_a_changed_input_moves_the_value_as_it_does_in_the_model(tmp_path):
    plan = value_model.plan(clients.load(ROOT / "clients" / "manufacturer"))
    path = tmp_path / "workbook.xlsx"
    workbook.write(path, record_of(plan, value_model.evaluate(plan).total), "x")
    book = openpyxl.load_workbook(path)
    rates = {row[0].value: row[1] for row in book["Settings"].iter_rows(min_row=7)}
    for group in plan.groups:
        rates[group.name].value = group.rate + 0.02
    book.save(path)
    expected = value_model.evaluate(plan, value_model.World(rate_change=0.02)).total
    assert float(recomputed(path)["SUMMARY", f"B{6 + len(plan.groups)}"]) == pytest.approx(expected, abs=0.005)


def test_words_of_a_client_are_never_a_formula(tmp_path):
    plan = value_model.plan(clients.load(ROOT / "clients" / "bank"))
    path = tmp_path / "workbook.xlsx"
    workbook.write(path, record_of(plan, 1.0), "=HYPERLINK(1)")
    book = openpyxl.load_workbook(path)
    assert book["Summary"]["B1"].value == "'=HYPERLINK(1)"
    assert [row[9].value for row in book["Figures"].iter_rows(min_row=2)] == ["'=1+1"]


def test_without_a_value_chapter_there_are_the_figures(tmp_path):
    record = results.Record("mnist")
    record.add("accuracy", 0.5, "fraction", n=100)
    workbook.write(tmp_path / "workbook.xlsx", {"mnist": record.to_dict()}, "x")
    book = openpyxl.load_workbook(tmp_path / "workbook.xlsx")
    assert book.sheetnames == ["Figures"]
    assert [cell.value for cell in book["Figures"][2]][:4] == ["mnist", "accuracy", 0.5, "fraction"]
