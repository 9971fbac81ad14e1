"""A client's folder: every rule refuses its own mistake, with its place; everything else is read as it stands.

The workbook is in test_client_workbook.py, data of cases and Parquet in test_client_data.py.
"""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lepton_nb import client, paths
from lepton_nb.client import fields, files, judging, schema, tables, template

SAMPLES = Path(__file__).resolve().parent.parent / "clients"
CONFUSION, OUTCOMES, PAIRED = "metrics/confusion.csv", "metrics/outcome_value.csv", "metrics/paired_counts.csv"
PREDICTIONS = "metrics/predictions_C1.csv"


class Folder:
    """A copy of a sample, to be spoilt."""

    def __init__(self, path: Path, sample: str = "manufacturer"):
        self.path = path / sample
        shutil.copytree(SAMPLES / sample, self.path, copy_function=shutil.copyfile)

    def yml(self, old: str, new: str) -> Folder:
        """Replace a piece of client.yml that is there."""
        file = self.path / "client.yml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        return self

    def rows(self, file: str) -> list[list[str]]:
        with (self.path / file).open(encoding="utf-8", newline="") as stream:
            return list(csv.reader(stream))

    def write(self, file: str, rows: list[list[str]]) -> Folder:
        with (self.path / file).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
        return self

    def cell(self, file: str, row: int, column: str, value: str) -> Folder:
        """Write one cell; rows as a spreadsheet counts them."""
        rows = self.rows(file)
        rows[row - 1][rows[0].index(column)] = value
        return self.write(file, rows)

    def add(self, file: str, row: int) -> Folder:
        """Repeat a row at the end."""
        rows = self.rows(file)
        return self.write(file, [*rows, rows[row - 1]])

    def drop(self, file: str, *gone: int) -> Folder:
        """Remove rows."""
        return self.write(file, [row for number, row in enumerate(self.rows(file), start=1) if number not in gone])

    def column(self, file: str, name: str, value: str) -> Folder:
        """Add a column with one value in every row."""
        header, *rows = self.rows(file)
        return self.write(file, [[*header, name], *([*row, value] for row in rows)])

    def data(self, file: str, data: bytes) -> Folder:
        (self.path / file).write_bytes(data)
        return self

    def delete(self, file: str) -> Folder:
        (self.path / file).unlink()
        return self

    def check(self) -> client.Report:
        return client.check(self.path)


@pytest.fixture
def folder(tmp_path):
    return lambda sample="manufacturer": Folder(tmp_path, sample)


M, B, R = "manufacturer", "bank", "retailer"

# sample, what is spoilt, then the one problem: file, row, column, rule, words of the sentence
REFUSED = {
    "file missing": (M, lambda f: f.delete("costs.csv"), "costs.csv", None, "", 1, "not found in the folder"),
    "client.yml missing": (M, lambda f: f.delete("client.yml"), "client.yml", None, "", 1, "not found"),
    "file under another name": (
        M,
        lambda f: (f.path / "costs.csv").rename(f.path / "cost.csv"),
        *("costs.csv", None, "", 1, 'did you mean "cost.csv"?'),
    ),
    "no assets": (M, lambda f: f.write("assets.csv", f.rows("assets.csv")[:1]), "assets.csv", None, "", 1, "no rows"),
    "no benefits": (M, lambda f: f.drop("benefits.csv", *range(2, 99)), "benefits.csv", None, "", 1, "accounting_only"),
    "unknown column": (
        M,
        lambda f: f.cell("assets.csv", 1, "useful_life_years", "usefull_life"),
        *("assets.csv", 1, "usefull_life", 2, 'did you mean "useful_life_years"?'),
    ),
    "column missing": (
        M,
        lambda f: f.write("scores.csv", [row[:3] + row[4:] for row in f.rows("scores.csv")]),
        *("scores.csv", 1, "rater", 2, 'column "rater" is missing'),
    ),
    "column twice": (
        M,
        lambda f: f.column("scores.csv", "rater", "CFO"),
        *("scores.csv", 1, "rater", 2, "stands in the header twice"),
    ),
    "column without a name": (M, lambda f: f.column("scores.csv", "", "x"), "scores.csv", 1, "", 2, "has no name"),
    "unknown section": (M, lambda f: f.yml("\ntax:", "\ntaxes:"), "client.yml", 30, "taxes", 2, 'did you mean "tax"?'),
    "unknown key": (M, lambda f: f.yml("  timing", "  timming"), "client.yml", 10, "valuation.timming", 2, '"timing"'),
    "key missing": (
        M,
        lambda f: f.yml("  timing: mid_year\n", ""),
        *("client.yml", 4, "valuation.timing", 2, "is missing"),
    ),
    "section missing": (
        M,
        lambda f: f.yml("tax: {rate: 0.30, tax_amortisation_benefit: true, tab_years: 5}\n", ""),
        *("client.yml", None, "tax", 2, "is missing"),
    ),
    "key twice": (
        M,
        lambda f: f.yml("  timing", "  currency: USD\n  timing"),
        *("client.yml", 10, "valuation.currency", 2, "stands here twice"),
    ),
    "section is a text": (
        M,
        lambda f: f.yml("tax: {rate: 0.30, tax_amortisation_benefit: true, tab_years: 5}", "tax: none"),
        *("client.yml", 30, "tax", 2, "a mapping of keys to values is needed here"),
    ),
    "list expected": (M, lambda f: f.yml("[{a: volume, b: unit_value, rho: 0.3}]", "volume"), "client.yml", 35, "monte_carlo.correlations", 2, "a list is needed"),
    "scenarios empty": (
        M,
        lambda f: f.data("client.yml", (f.path / "client.yml").read_bytes().replace(b"\n  - {name", b"\n#  - {name").replace(b"options:\n#", b"options:\n")),
        *("client.yml", 31, "scenarios", 2, "is missing"),
    ),
    "cell missing": (M, lambda f: f.cell("assets.csv", 3, "kind", ""), "assets.csv", 3, "kind", 2, "Kind of asset"),
    "word not allowed": (
        M,
        lambda f: f.cell("assets.csv", 3, "legal_control", "ownd"),
        *("assets.csv", 3, "legal_control", 2, 'did you mean "owned"?'),
    ),
    "word not allowed in yml": (M, lambda f: f.yml("price_basis: nominal", "price_basis: nominell"), "client.yml", 9, "valuation.price_basis", 2, '"nominal"'),
    "yes or no": (M, lambda f: f.yml("synthetic: true", "synthetic: maybe"), "client.yml", 3, "client.synthetic", 2, "true or false"),
    "country": (M, lambda f: f.yml("country: DE", "country: Germany"), "client.yml", 3, "client.country", 2, "ISO 3166"),
    "id": (B, lambda f: f.cell("metrics/acceptance.csv", 2, "asset_id", "t 1"), "metrics/acceptance.csv", 2, "asset_id", 2, '"T_1"'),
    "schema version": (M, lambda f: f.yml("schema_version: 1", "schema_version: 2"), "client.yml", 2, "schema_version", 2, "version 1"),
    "part of the other method": (M, lambda f: f.yml("risk_free", "wacc: 0.08\n  risk_free"), "client.yml", 14, "discount.wacc", 2, "not used by method build_up"),
    "part of the method missing": (M, lambda f: f.yml("  risk_free: 0.026\n", ""), "client.yml", 12, "discount.risk_free", 2, "method build_up needs it"),
    "debt without its cost": (
        M,
        lambda f: f.yml("pre_tax_cost_of_debt: 0.047", "pre_tax_cost_of_debt: 0"),
        *("client.yml", 19, "discount.pre_tax_cost_of_debt", 2, "debt has a cost"),
    ),
    "actual without amount": (M, lambda f: f.cell("costs.csv", 2, "amount", ""), "costs.csv", 2, "amount", 2, "is empty"),
    "actual with a range": (M, lambda f: f.cell("costs.csv", 2, "mode", "5"), "costs.csv", 2, "mode", 2, "an actual has an amount alone"),
    "forecast with amount": (M, lambda f: f.cell("costs.csv", 8, "amount", "5"), "costs.csv", 8, "amount", 2, "a forecast has low, mode and high alone"),
    "unit value beside a link": (
        M,
        lambda f: [f.cell("benefits.csv", 2, f"unit_value_{p}", "5") for p in ("low", "mode", "high")],
        *("benefits.csv", 2, "unit_value_low", 2, "beside a link"),
    ),
    "no unit value": (M, lambda f: f.cell("benefits.csv", 2, "metric_link", "none"), "benefits.csv", 2, "unit_value_low", 2, "value of one unit"),
    "link misspelt": (M, lambda f: f.cell("benefits.csv", 2, "metric_link", "M1_vs_manual"), "benefits.csv", 2, "metric_link", 2, "confusion:<evaluation_id>"),
    "success of a deployed asset": (M, lambda f: f.cell("assets.csv", 3, "p_technical_success", "0.9"), "assets.csv", 3, "p_technical_success", 2, "leave it empty"),
    "percent": (B, lambda f: f.yml("wacc: 0.095", "wacc: 9.5"), "client.yml", 5, "discount.wacc", 3, "rates are fractions; write 0.095"),
    "percent sign": (M, lambda f: f.cell("benefits.csv", 2, "adoption", "85 %"), "benefits.csv", 2, "adoption", 3, "write 0.85"),
    "negative rate": (M, lambda f: f.yml("rate: 0.30", "rate: -0.3"), "client.yml", 30, "tax.rate", 3, "between 0 and 1"),
    "currency": (M, lambda f: f.yml("currency: EUR", "currency: Euro"), "client.yml", 8, "valuation.currency", 4, "use the ISO 4217 code EUR"),
    "two currencies": (M, lambda f: f.column("costs.csv", "currency", "EUR").cell("costs.csv", 7, "currency", "USD"), "costs.csv", 7, "currency", 5, "currency USD differs from EUR"),
    "currency in a unit": (M, lambda f: f.cell(OUTCOMES, 2, "unit", "USD per escape"), OUTCOMES, 2, "unit", 5, "USD differs from EUR"),
    "scenario sum": (M, lambda f: f.yml("p: 0.25", "p: 0.35"), "client.yml", 31, "scenarios", 6, "probabilities sum to 1.1"),
    "growth": (B, lambda f: f.yml("wacc: 0.095", "wacc: 0.05, terminal_growth: 0.05").yml("infrastructure: 0.0", "infrastructure: 0"), "client.yml", 5, "discount.terminal_growth", 7, "terminal growth 5 % >= discount rate 5 %"),
    "order": (M, lambda f: f.cell("benefits.csv", 3, "volume_low", "4300000"), "benefits.csv", 3, "volume_low", 8, "volume_low 4300000 > volume_mode 4200000"),
    "order of a cost": (M, lambda f: f.cell("costs.csv", 8, "high", "90000"), "costs.csv", 8, "mode", 8, "need low <= mode <= high"),
    "order of an outcome": (M, lambda f: f.cell(OUTCOMES, 2, "low", "-40"), OUTCOMES, 2, "low", 8, "low -40 > mode -48"),
    "order in yml": (B, lambda f: f.yml("mode: 0.05", "mode: 0.5"), "client.yml", 12, "market.royalty_rates.mode", 8, "need low <= mode <= high"),
    "point missing": (M, lambda f: f.cell("benefits.csv", 8, "unit_value_mode", ""), "benefits.csv", 8, "unit_value_mode", 8, "all three"),
    "negative money": (M, lambda f: f.cell("costs.csv", 4, "amount", "-120"), "costs.csv", 4, "amount", 9, "costs are positive; a refund goes into benefits.csv"),
    "confusion sum": (M, lambda f: f.cell(CONFUSION, 2, "n", "5990"), CONFUSION, 2, "n", 10, "tp+fp+fn+tn = 6000, n = 5990"),
    "acceptance sum": (B, lambda f: f.cell("metrics/acceptance.csv", 2, "n", "900"), "metrics/acceptance.csv", 2, "accepted_without_edit", 10, "936 > n 900"),
    "fraction as count": (M, lambda f: f.cell(CONFUSION, 2, "tp", "0.94"), CONFUSION, 2, "tp", 11, "give counts, not rates"),
    "half a case": (M, lambda f: f.cell(CONFUSION, 2, "tp", "101.5"), CONFUSION, 2, "tp", 11, "a whole number"),
    "negative count": (M, lambda f: f.cell(PAIRED, 2, "count", "-3"), PAIRED, 2, "count", 11, "a whole number"),
    "class totals": (M, lambda f: f.cell(CONFUSION, 3, "tp", "92").cell(CONFUSION, 3, "tn", "5712"), CONFUSION, 3, "tp", 12, 'positives 108 (model) and 111 (baseline) differ, and sample says "'),
    "no positives": (
        M,
        lambda f: [f.cell(CONFUSION, row, name, value) for row in (2, 3) for name, value in zip(("tp", "fp", "fn", "tn"), "0200", strict=True)]
        + [f.cell(CONFUSION, row, "n", "2") for row in (2, 3)]
        + [f.delete(PAIRED)],
        *(CONFUSION, 2, "tp", 13, "no positive case"),
    ),
    "score": (B, lambda f: f.cell(PREDICTIONS, 12, "score", "1.7"), PREDICTIONS, 12, "score", 14, "score 1.7 outside 0..1"),
    "y_true": (B, lambda f: f.cell(PREDICTIONS, 9, "y_true", "yes"), PREDICTIONS, 9, "y_true", 15, '"yes"; use 0 or 1'),
    "asset twice": (M, lambda f: f.add("assets.csv", 3), "assets.csv", 6, "asset_id", 16, 'asset_id "M1" appears twice (rows 3 and 6)'),
    "outcome twice": (M, lambda f: f.add(OUTCOMES, 2), OUTCOMES, 6, "evaluation_id", 16, "rows 2 and 6"),
    "case twice": (B, lambda f: f.cell(PREDICTIONS, 3, "row_id", "0"), PREDICTIONS, 3, "row_id", 16, "rows 2 and 3"),
    "scenario twice": (M, lambda f: f.yml("name: upside", "name: base"), "client.yml", 34, "scenarios.name", 16, '"base" stands here twice'),
    "dangling asset": (M, lambda f: f.cell("costs.csv", 5, "asset_id", "M9"), "costs.csv", 5, "asset_id", 17, '"M9" is not in assets.csv'),
    "dangling feeds": (M, lambda f: f.cell("assets.csv", 2, "feeds", "M1;M7"), "assets.csv", 2, "feeds", 17, '"M7" is not in assets.csv'),
    "dangling option": (M, lambda f: f.yml("asset_id: M1", "asset_id: M8"), "client.yml", 37, "options.asset_id", 17, '"M8"'),
    "dangling predictions": (B, lambda f: (f.path / PREDICTIONS).rename(f.path / "metrics/predictions_C7.csv"), "metrics/predictions_C7.csv", None, "", 17, '"C7"'),
    "dangling evaluation": (M, lambda f: f.cell("benefits.csv", 2, "metric_link", "confusion:M1_vs_manuel"), "benefits.csv", 2, "metric_link", 17, 'did you mean "M1_vs_manual"?'),
    "dangling acceptance": (B, lambda f: f.cell("benefits.csv", 7, "metric_link", "acceptance:C1"), "benefits.csv", 7, "metric_link", 17, "metrics/acceptance.csv"),
    "dangling outcome": (M, lambda f: f.add(OUTCOMES, 2).cell(OUTCOMES, 6, "evaluation_id", "M1"), OUTCOMES, 6, "evaluation_id", 17, '"M1" is not in'),
    "outcome missing": (M, lambda f: f.drop(OUTCOMES, 3), "benefits.csv", 2, "metric_link", 17, "has no value of fp"),
    "outcomes missing": (M, lambda f: f.delete(OUTCOMES), "benefits.csv", 2, "metric_link", 17, "has no value of tp, fp, fn, tn"),
    "cycle": (M, lambda f: f.cell("assets.csv", 3, "feeds", "D1"), "assets.csv", 3, "feeds", 18, "D1 -> M1 -> D1 is a cycle"),
    "feeds itself": (M, lambda f: f.cell("assets.csv", 3, "feeds", "M1"), "assets.csv", 3, "feeds", 18, "M1 -> M1 is a cycle"),
    "future actual": (M, lambda f: f.cell("costs.csv", 6, "date", "2027-01-31"), "costs.csv", 6, "date", 21, "actual dated 2027-01-31 after the valuation date 2026-06-30"),
    "rho": (M, lambda f: f.yml("rho: 0.3", "rho: 1.2"), "client.yml", 35, "monte_carlo.correlations.rho", 24, "rho = 1.2 outside -1..1"),
    "no baseline": (M, lambda f: f.drop(CONFUSION, 3), CONFUSION, 2, "asset_id", 29, "no baseline row"),
    "no model": (M, lambda f: f.cell(CONFUSION, 2, "asset_id", "").drop(CONFUSION, 3), CONFUSION, 2, "asset_id", 29, "no row of a model"),
    "two baselines": (M, lambda f: f.add(CONFUSION, 3), CONFUSION, 4, "asset_id", 29, "2 baselines (rows 3 and 4)"),
    "date": (M, lambda f: f.cell("costs.csv", 3, "date", "31/06/2026"), "costs.csv", 3, "date", 34, '"31/06/2026" is not a date; use YYYY-MM-DD'),
    "day that is not": (M, lambda f: f.yml("date: 2026-06-30", "date: 2026-06-31"), "client.yml", 5, "valuation.date", 34, "is not a date"),
    "year too early": (M, lambda f: f.cell("costs.csv", 3, "date", "1206-01-01"), "costs.csv", 3, "date", 34, "between 1900 and 2200"),
    "month": (M, lambda f: f.cell("usage.csv", 3, "month", "2026-13"), "usage.csv", 3, "month", 34, "use YYYY-MM"),
    "number": (M, lambda f: f.cell("costs.csv", 2, "amount", "1.200,50"), "costs.csv", 2, "amount", 35, '"1.200,50"; use 1200.50'),
    "number with blanks": (M, lambda f: f.cell("costs.csv", 2, "amount", "13 440"), "costs.csv", 2, "amount", 35, "use 13440"),
    "number with a unit": (M, lambda f: f.cell("costs.csv", 2, "amount", "13440 EUR"), "costs.csv", 2, "amount", 35, "no unit"),
    "not a number": (M, lambda f: f.cell("costs.csv", 8, "low", "NaN"), "costs.csv", 8, "low", 35, "a number is needed"),
    "infinite": (M, lambda f: f.yml("scale: 2.0", "scale: .inf"), "client.yml", 37, "options.scale", 35, ".inf"),
    "too large": (M, lambda f: f.cell("costs.csv", 2, "amount", "1e99"), "costs.csv", 2, "amount", 35, "1e+15"),
    "whole number": (M, lambda f: f.yml("horizon_years: 6", "horizon_years: 6.5"), "client.yml", 11, "valuation.horizon_years", 35, "a whole number"),
    "out of range": (M, lambda f: f.yml("draws: 20000", "draws: 20"), "client.yml", 35, "monte_carlo.draws", 35, "between 1000 and 1000000"),
    "life of nothing": (M, lambda f: f.cell("assets.csv", 3, "useful_life_years", "0"), "assets.csv", 3, "useful_life_years", 35, "above 0"),
    "control character": (M, lambda f: f.cell("costs.csv", 3, "source", "\x1b[31m"), "costs.csv", 3, "source", 35, "control character"),
    "UTF-16": (M, lambda f: f.data("costs.csv", (f.path / "costs.csv").read_text().encode("utf-16")), "costs.csv", None, "", 35, "UTF-16"),
    "UTF-16 without a mark": (M, lambda f: f.data("costs.csv", (f.path / "costs.csv").read_text().encode("utf-16-le")), "costs.csv", 1, "", 35, "zero bytes"),
    "Latin-1": (M, lambda f: f.data("scores.csv", (f.path / "scores.csv").read_text().replace("COO", "Geschäft").encode("latin-1")), "scores.csv", 4, "", 35, "byte 0xE4 is not UTF-8; it looks like Latin-1"),
    "Parquet under another name": (M, lambda f: f.data("scores.csv", b"PAR1rest"), "scores.csv", None, "", 35, "Parquet file with another ending"),
    "Excel": (M, lambda f: f.data("scores.csv", b"PK\x03\x04rest"), "scores.csv", None, "", 35, "is a zip archive with another ending; unpack it"),
    "semicolons": (M, lambda f: f.data("scores.csv", (f.path / "scores.csv").read_bytes().replace(b",", b";")), "scores.csv", 1, "", 35, "separated by semicolons"),
    "tabs": (M, lambda f: f.data("scores.csv", (f.path / "scores.csv").read_bytes().replace(b",", b"\t")), "scores.csv", 1, "", 35, "separated by tabs"),
    "row too long": (M, lambda f: f.write("scores.csv", [*f.rows("scores.csv"), ["M1"] * 9]), "scores.csv", 8, "", 35, "9 cells, the header has 5"),
    "quote left open": (M, lambda f: f.data("scores.csv", (f.path / "scores.csv").read_bytes() + b'"M1'), "scores.csv", 8, "", 35, "the row is not CSV"),
    "empty file": (M, lambda f: f.data("scores.csv", b""), "scores.csv", None, "", 35, "is empty"),
    "not YAML": (M, lambda f: f.yml("country: DE}", "country: DE"), "client.yml", 4, "", 35, "not YAML"),
    "YAML is a list": (M, lambda f: f.data("client.yml", b"- 1\n"), "client.yml", None, "", 2, "holds a list"),
    "YAML is empty": (M, lambda f: f.data("client.yml", b"# nothing\n"), "client.yml", None, "", 2, "is empty"),
    "YAML alias": (M, lambda f: f.yml("rate: 0.30", "rate: &r 0.30"), "client.yml", 30, "", 2, "anchor"),
    "YAML twice": (M, lambda f: f.yml("options:", "---\noptions:"), "client.yml", 36, "", 2, "second document"),
    "YAML without end": (M, lambda f: f.data("client.yml", b"a: " + b"[" * 5000), "client.yml", 1, "", 2, "levels"),
    "life beyond the horizon": (M, lambda f: f.yml("horizon_years: 6", "horizon_years: 4").cell("assets.csv", 2, "useful_life_years", "5").cell("assets.csv", 5, "useful_life_years", "4").cell("assets.csv", 4, "useful_life_years", "4").cell("benefits.csv", 2, "year", "2026"), "assets.csv", 3, "useful_life_years", 22, "M1: useful life 5 years from 2025-07-01 ends on 2030-07-01, the horizon of 4 years on 2030-06-30; extend horizon_years"),
    "life of what is not in use": (M, lambda f: f.cell("assets.csv", 4, "useful_life_years", "7"), "assets.csv", 4, "useful_life_years", 22, "M2: useful life 7 years from 2026-06-30"),
    "correlations as written": (
        M,
        lambda f: f.yml("[{a: volume, b: unit_value, rho: 0.3}]", "[{a: x, b: y, rho: 0.9}, {a: y, b: z, rho: 0.9}, {a: x, b: z, rho: -0.9}]"),
        *("client.yml", 35, "monte_carlo.correlations", 23, "not positive semi-definite (smallest eigenvalue -0.8)"),
    ),
    "correlations laid on the inputs": (
        M,
        lambda f: f.yml("[{a: volume, b: unit_value, rho: 0.3}]", "[{a: volume, b: volume, rho: 0.9}, {a: volume, b: unit_value, rho: 0.9}]"),
        *("client.yml", 35, "monte_carlo.correlations", 23, "smallest eigenvalue"),
    ),
    "attributed twice": (
        M,
        lambda f: f.cell("benefits.csv", 14, "driver_id", "escapes_and_false_rejects"),
        *("benefits.csv", 14, "attribution", 25, 'driver "escapes_and_false_rejects", 2026: attributions of M1, M2 sum to 1.9 (> 1)'),
    ),
    "driver and year twice": (M, lambda f: f.add("benefits.csv", 9), "benefits.csv", 20, "driver_id", 26, 'rows 9 and 20: driver "inspector_redeployment", year 2027, for M1 twice'),
    "real prices, nominal rates": (M, lambda f: f.yml("price_basis: nominal", "price_basis: real"), "client.yml", 9, "valuation.price_basis", 27, "price_basis real with nominal rates; give discount.inflation"),
    "prices that vanish": (B, lambda f: f.yml("wacc: 0.095", "wacc: 0.095, inflation: -0.9"), "client.yml", 5, "discount.inflation", 27, "prices fall by half a year or more"),
    "nominal prices, real rates": (B, lambda f: f.yml("wacc: 0.095", "wacc: 0.095, rate_basis: real"), "client.yml", 4, "valuation.price_basis", 27, "nominal with real rates"),
    "failure twice": (
        M,
        lambda f: f.yml("asset_premium:", 'specific_premiums: [{name: "country", rate: 0.01}, {name: "failure", rate: 0.1, asset_id: M2}]\n  asset_premium:'),
        *("client.yml", 20, "discount.specific_premiums", 28, 'M2 has p_technical_success 0.6 and a specific risk premium named "failure"; choose one'),
    ),
    "pair of dimensions missing": (M, lambda f: f.yml("  - {more: market_potential, less: robustness, times: 2}\n", ""), "client.yml", 39, "scorecard_comparisons", 31, "not compared: market_potential and robustness"),
    "pair of dimensions twice": (M, lambda f: f.yml("{more: innovation, less: strategic_fit, times: 1}", "{more: market_potential, less: innovation, times: 1}").yml("less: market_potential, times: 2}", "less: strategic_fit, times: 2}").yml("{more: market_potential, less: innovation", "{more: strategic_fit, less: innovation").yml("{more: strategic_fit, less: market_potential, times: 2}", "{more: strategic_fit, less: market_potential, times: 2}\n  - {more: innovation, less: market_potential, times: 2}"), "client.yml", 41, "scorecard_comparisons", 31, "strategic_fit and innovation stand here twice"),
    "dimension with itself": (M, lambda f: f.yml("scorecard_comparisons:  ", "scorecard_comparisons:\n  - {more: robustness, less: robustness, times: 1}\n#"), "client.yml", 40, "scorecard_comparisons", 31, "compared with itself"),
    "scorecard weights": (M, lambda f: f.yml("innovation: 0.3,", "innovation: 0.4,"), "client.yml", 38, "scorecard_weights", 32, "scorecard weights sum to 1.1"),
    "name of a column": (B, lambda f: f.column(PREDICTIONS, "Customer name", "x"), PREDICTIONS, 1, "Customer name", 36, "speaks of personal data; remove personal data"),
    "e-mail address": (B, lambda f: f.cell(PREDICTIONS, 7, "row_id", "anna.schmidt@example.org"), PREDICTIONS, 7, "row_id", 36, "holds an e-mail address (not repeated here)"),
    "IBAN": (B, lambda f: f.cell(PREDICTIONS, 9, "group", "DE89 3704 0044 0532 0130 00"), PREDICTIONS, 9, "group", 36, "holds an IBAN"),
    "p95": (M, lambda f: f.cell("usage.csv", 4, "p95_ms", "37"), "usage.csv", 4, "p95_ms", 38, "p95 37 ms < p50 38 ms"),
    "uptime in percent": (M, lambda f: f.column("usage.csv", "uptime", "0.99").cell("usage.csv", 4, "uptime", "99.5"), "usage.csv", 4, "uptime", 3, "write 0.995"),
    "blocks without their whole": (M, lambda f: f.drop("data_blocks.csv", 9), "data_blocks.csv", 2, "blocks", 40, 'no row with all blocks ("line_1;line_2;line_3")'),
    "blocks on other cases": (M, lambda f: f.cell("data_blocks.csv", 5, "n", "5999"), "data_blocks.csv", 5, "n", 40, "n = 5999, row 2 has 6000"),
    "blocks twice": (M, lambda f: f.add("data_blocks.csv", 6).cell("data_blocks.csv", 10, "blocks", "line_2; line_1"), "data_blocks.csv", 10, "blocks", 16, "the same blocks in rows 6 and 10"),
    "block twice in a row": (M, lambda f: f.cell("data_blocks.csv", 6, "blocks", "line_1;line_1"), "data_blocks.csv", 6, "blocks", 2, "name each block once"),
    "blocks of a model": (M, lambda f: f.write("data_blocks.csv", [[cell if place or not line else "M1" for place, cell in enumerate(row)] for line, row in enumerate(f.rows("data_blocks.csv"))][:2]), "data_blocks.csv", 2, "asset_id", 17, "M1 is model, not data"),
    "blocks for nobody": (M, lambda f: f.cell("data_blocks.csv", 3, "model_id", "M9").cell("data_blocks.csv", 3, "blocks", ""), "data_blocks.csv", 3, "model_id", 17, '"M9" is not in assets.csv'),
    "quality twice": (M, lambda f: f.add("data_quality.csv", 3), "data_quality.csv", 8, "asset_id", 16, "rows 3 and 8"),
    "quality in percent": (M, lambda f: f.cell("data_quality.csv", 3, "score", "98"), "data_quality.csv", 3, "score", 3, "write 0.98"),
    "price of the market in dollars": (M, lambda f: f.column("market.csv", "currency", "EUR").cell("market.csv", 3, "currency", "USD"), "market.csv", 3, "currency", 5, "USD differs"),
    "price of the market": (M, lambda f: f.cell("market.csv", 3, "price", "-1"), "market.csv", 3, "price", 9, "costs are positive"),
    "scenario of an asset that is not": (M, lambda f: f.yml("cost_multiplier: 1.10", "cost_multiplier: 1.10, assets: [{asset_id: M7, benefit_multiplier: 1, cost_multiplier: 1}]"), "client.yml", 32, "scenarios.assets.asset_id", 17, '"M7"'),
    "premium of an asset that is not": (M, lambda f: f.yml("asset_premium:", "specific_premiums: [{name: country, rate: 0.01, asset_id: M7}]\n  asset_premium:"), "client.yml", 20, "discount.specific_premiums.asset_id", 17, '"M7"'),
    "abandon with a scale": (M, lambda f: f.yml("kind: expand", "kind: abandon, salvage: 1"), "client.yml", 37, "options.scale", 42, "is given for kind abandon; what stopping brings is money: write salvage"),
    "abandon without salvage": (M, lambda f: f.yml("kind: expand, cost: 650000, scale: 2.0", "kind: abandon, cost: 650000"), "client.yml", 37, "options.salvage", 42, "0 if none"),
    "salvage of an expansion": (M, lambda f: f.yml("scale: 2.0", "scale: 2.0, salvage: 5"), "client.yml", 37, "options.salvage", 42, "only abandon has one"),
    "expansion by nothing": (M, lambda f: f.yml("scale: 2.0", "scale: 1.0"), "client.yml", 37, "options.scale", 42, "nothing is added"),
    "deferral of more than the whole": (M, lambda f: f.yml("kind: expand", "kind: defer"), "client.yml", 37, "options.scale", 42, "at most 1"),
    "switch without a scale": (M, lambda f: f.yml("kind: expand, cost: 650000, scale: 2.0", "kind: switch, cost: 650000"), "client.yml", 37, "options.scale", 42, "benefits afterwards"),
    "pale colour": (M, lambda f: f.yml("options:", 'branding: {colours: ["#1f3a5f", "#ffcc00"]}\noptions:'), "client.yml", 36, "branding.colours", 43, "has a contrast of 1.3 : 1 on light pages (ground #eaf5ef); take a darker shade: 4.5 : 1"),
    "colour by name": (M, lambda f: f.yml("options:", 'branding: {colours: [navy, "#1f3a5f"]}\noptions:'), "client.yml", 36, "branding.colours", 43, 'write the colour in quotes as "#1f3a5f"'),
    "one colour": (M, lambda f: f.yml("options:", 'branding: {colours: ["#1f3a5f"]}\noptions:'), "client.yml", 36, "branding.colours", 43, "give two colours"),
    "logo that is not there": (M, lambda f: f.yml("options:", "branding: {logo: logo.png}\noptions:"), "client.yml", 36, "branding.logo", 43, "is not there"),
    "logo that is no picture": (M, lambda f: f.data("logo.png", b"<svg/>").yml("options:", "branding: {logo: logo.png}\noptions:"), "client.yml", 36, "branding.logo", 43, "neither PNG nor JPEG nor SVG"),
    "logo with a script": (M, lambda f: f.data("logo.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>').yml("options:", "branding: {logo: logo.svg}\noptions:"), "client.yml", 36, "branding.logo", 43, "holds <script>, which does not draw"),
    "logo that acts": (M, lambda f: f.data("logo.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="1"></svg>').yml("options:", "branding: {logo: logo.svg}\noptions:"), "client.yml", 36, "branding.logo", 43, "an SVG with a script (onload)"),
    "logo that fetches": (M, lambda f: f.data("logo.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><use href="https://example.org/a.svg#a"/></svg>').yml("options:", "branding: {logo: logo.svg}\noptions:"), "client.yml", 36, "branding.logo", 43, "asks for something outside of it (href)"),
    "logo whose style fetches": (M, lambda f: f.data("logo.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><style>@import "a.css"</style></svg>').yml("options:", "branding: {logo: logo.svg}\noptions:"), "client.yml", 36, "branding.logo", 43, "style asks for something outside"),
    "logo with entities": (M, lambda f: f.data("logo.svg", b'<!DOCTYPE svg [<!ENTITY a "b">]><svg/>').yml("options:", "branding: {logo: logo.svg}\noptions:"), "client.yml", 36, "branding.logo", 43, "document type"),
    "logo under a false name": (M, lambda f: f.data("logo.svg", b"\x89PNG\r\n\x1a\n").yml("options:", "branding: {logo: logo.svg}\noptions:"), "client.yml", 36, "branding.logo", 43, "holds PNG; end its name in .png"),
    "dark colour for dark pages": (M, lambda f: f.yml("options:", 'branding: {colours: ["#1f3a5f", "#9c3d10"], colours_dark: ["#1f3a5f", "#ffaa77"]}\noptions:'), "client.yml", 36, "branding.colours_dark", 43, "on dark pages (ground #2b2415); take a lighter shade: 4.5 : 1"),
    "logo outside": (M, lambda f: f.yml("options:", "branding: {logo: ../logo.png}\noptions:"), "client.yml", 36, "branding.logo", 1, "inside the client's folder"),
    "life kept without a reason": (M, lambda f: f.yml("  timing", "  beyond_useful_life: keep\n  timing"), "client.yml", 4, "valuation.beyond_useful_life_reason", 2, "say why"),
    "reason for nothing": (M, lambda f: f.yml("  timing", "  loss_years_reason: contract\n  timing"), "client.yml", 10, "valuation.loss_years_reason", 2, "write loss_years: run"),
    "privacy class misspelt": (M, lambda f: f.cell("assets.csv", 2, "privacy_class", "personal;speciel_category"), "assets.csv", 2, "privacy_class", 2, 'did you mean "special_category"?'),
    "privacy class none and another": (M, lambda f: f.cell("assets.csv", 2, "privacy_class", "none;personal"), "assets.csv", 2, "privacy_class", 2, "or none alone"),
    "training again without a cost": (M, lambda f: f.column("assets.csv", "retrain_every_months", "").cell("assets.csv", 3, "retrain_every_months", "6"), "assets.csv", 3, "retrain_cost", 2, "what one training costs"),
    "cost of training without a time": (M, lambda f: f.column("assets.csv", "retrain_cost", "").cell("assets.csv", 3, "retrain_cost", "6"), "assets.csv", 3, "retrain_every_months", 2, "say how often"),
    "attribution twice": (M, lambda f: f.column("benefits.csv", "attribution_low", "").cell("benefits.csv", 3, "attribution_low", "0.1"), "benefits.csv", 3, "attribution_low", 2, "is given beside attribution"),
    "adoption missing in a row": (M, lambda f: f.cell("benefits.csv", 3, "adoption", ""), "benefits.csv", 3, "adoption", 2, "give adoption, or adoption_low"),
    "adoption missing": (M, lambda f: f.write("benefits.csv", [row[:12] + row[13:] for row in f.rows("benefits.csv")]), "benefits.csv", 2, "adoption", 2, "is missing in every row"),
    "year and date of a cost": (M, lambda f: f.column("costs.csv", "year", "").cell("costs.csv", 15, "year", "2027"), "costs.csv", 15, "year", 2, "is given beside a date"),
    "no date of a cost": (M, lambda f: f.cell("costs.csv", 15, "date", ""), "costs.csv", 15, "date", 2, "is missing"),
    "year of an actual": (M, lambda f: f.cell("costs.csv", 2, "date", "").column("costs.csv", "year", "").cell("costs.csv", 2, "year", "2025"), "costs.csv", 2, "year", 2, "forecast running costs"),
    "substitute without a unit": (M, lambda f: f.cell("market.csv", 2, "substitute", "true"), "market.csv", 2, "unit", 2, "is empty for a substitute"),
    "price per hour": (M, lambda f: f.cell("market.csv", 2, "unit", "per hour"), "market.csv", 2, "unit", 2, "per year"),
    "recall in percent": (M, lambda f: f.cell("metrics/monitoring.csv", 2, "value", "95.1"), "metrics/monitoring.csv", 2, "value", 3, "write 0.951"),
    "pair missing": (M, lambda f: f.drop(PAIRED, 9), PAIRED, 2, "evaluation_id", 39, "7 of the 8 combinations"),
}  # fmt: skip


def named(cases: dict) -> list:
    """The cases under the number of their rule, which stands last but one."""
    return [pytest.param(case, id=f"rule {values[-2]}: {case}") for case, values in cases.items()]


@pytest.mark.parametrize("case", named(REFUSED))
def test_each_mistake_is_refused_once_with_its_place(case, folder):
    sample, spoil, file, row, column, rule, words = REFUSED[case]
    spoilt = folder(sample)
    spoil(spoilt)
    report = spoilt.check()
    assert [(p.file, p.row, p.column, p.rule) for p in report.problems] == [(file, row, column, rule)]
    assert words in report.problems[0].sentence
    assert report.client is None
    with pytest.raises(client.ClientProblems) as refusal:
        client.load(spoilt.path)
    assert refusal.value.problems == report.problems


def test_every_rule_has_a_case():
    tried = {rule for *_, rule, _ in (*REFUSED.values(), *WARNED.values())}
    elsewhere = {
        41,
        44,
        45,
        46,
        123,
        124,
        125,
        126,
        127,
        128,
        129,
        *range(113, 121),
    }  # test_client_data.py, test_client_events.py, test_client_measurements.py, test_client_series.py, test_client_sounds.py, test_client_wording.py, test_casework_doors.py, test_brought.py, test_client_traps.py
    assert tried | elsewhere == set(client.RULES)


def test_paired_counts_must_give_the_confusion_matrix(folder):
    report = folder().cell(PAIRED, 2, "count", "84").check()
    assert {(p.file, p.row, p.column, p.rule) for p in report.problems} == {(PAIRED, 2, "count", 39)}
    assert "model tp from pairs 99, metrics/confusion.csv says 101" in report.problems[0].sentence
    assert len(report.problems) == 2  # the baseline's true positives change with the model's


def test_all_problems_come_at_once(folder):
    spoilt = folder().yml("rate: 0.30", "rate: 30").yml("p: 0.25", "p: 0.35").delete("scores.csv")
    spoilt.cell("costs.csv", 4, "amount", "-1").cell("costs.csv", 3, "date", "x").cell("costs.csv", 3, "phase", "y")
    spoilt.cell("assets.csv", 3, "kind", "modle").cell("benefits.csv", 3, "volume_low", "9e9")
    report = spoilt.check()
    found = [(p.file, p.row, p.column, p.rule) for p in report.problems]
    assert found == [
        ("client.yml", 30, "tax.rate", 3),
        ("client.yml", 31, "scenarios", 6),
        ("assets.csv", 3, "kind", 2),
        ("costs.csv", 3, "phase", 2),
        ("costs.csv", 3, "date", 34),
        ("costs.csv", 4, "amount", 9),
        ("benefits.csv", 3, "volume_low", 8),
    ]
    text = client.report_text(report)
    assert text.startswith(
        "7 problems\n  client.yml\n    client.yml line 30, tax.rate: 30; rates are fractions; write 0.3"
    )
    assert text.count("\n  costs.csv\n") == 1


def test_many_problems_alike_are_counted(folder):
    spoilt = folder("bank")
    rows = spoilt.rows(PREDICTIONS)
    report = spoilt.write(PREDICTIONS, [rows[0], *([row[0], row[1], "7", row[3]] for row in rows[1:])]).check()
    assert len(report.problems) == judging.SHOWN_ALIKE
    assert f"and {len(rows) - 1 - judging.SHOWN_ALIKE} more" in report.problems[-1].sentence


# --- files


def test_a_file_may_not_lead_out_of_the_folder(folder, tmp_path):
    outside = tmp_path / "secret.csv"
    outside.write_text("asset_id,dimension,score_0_5,rater,date\n")
    spoilt = folder().delete("scores.csv")
    (spoilt.path / "scores.csv").symlink_to(outside)
    (problem,) = spoilt.check().problems
    assert (problem.file, problem.rule) == ("scores.csv", 1)
    assert "out of the client's folder" in problem.sentence
    assert "secret" not in problem.sentence


@pytest.mark.parametrize("make", [lambda path: path.symlink_to(SAMPLES), lambda path: path.write_text("x")])
def test_metrics_that_cannot_be_listed_are_not_taken_for_missing(make, folder):
    spoilt = folder()
    shutil.rmtree(spoilt.path / "metrics")
    make(spoilt.path / "metrics")
    report = spoilt.check()
    assert ("metrics/", 1) in [(problem.file, problem.rule) for problem in report.problems]


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_not_a_file_is_refused(make, folder):
    spoilt = folder().delete("scores.csv")
    make(spoilt.path / "scores.csv")
    (problem,) = spoilt.check().problems
    assert (problem.file, problem.rule) == ("scores.csv", 1)


def test_a_large_file_is_refused_with_its_size(folder):
    spoilt = folder()
    with (spoilt.path / "usage.csv").open("r+b") as stream:
        stream.truncate(51 * files.MEGABYTE)
    (problem,) = spoilt.check().problems
    assert (problem.file, problem.rule) == ("usage.csv", 1)
    assert "51.0 MB" in problem.sentence


@pytest.mark.parametrize("path", ["nowhere", "", "a\0b", "x" * 5000])
def test_no_folder(path, tmp_path, monkeypatch):
    monkeypatch.setenv("LEPTON_PROJECT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    report = client.check(path)
    assert report.client is None
    assert [problem.rule for problem in report.problems][:1] == [1]


def test_names_of_files_cannot_speak_to_the_terminal(folder):
    spoilt = folder()
    for name in (b"\x1b[31m.csv", b"\xff.csv", b"metrics/predictions_\x1b.csv", b"metrics/predictions_\xff.csv"):
        (Path(os.fsdecode(os.fsencode(spoilt.path) + b"/" + name))).write_text("x")
    report = spoilt.check()
    assert [problem.rule for problem in report.problems] == [2, 2]
    assert client.report_text(report).replace("\n", "").isprintable()


def test_a_file_in_place_of_the_folder(tmp_path):
    file = tmp_path / "client"
    file.write_text("")
    assert "not a folder" in client.check(file).problems[0].sentence


def test_what_spreadsheets_write_is_read(folder):
    """A byte order mark, line ends of Windows, empty lines at the end."""
    sound = folder()
    text = (sound.path / "costs.csv").read_text(encoding="utf-8")
    sound.data("costs.csv", b"\xef\xbb\xbf" + (text.replace("\n", "\r\n") + ",,,,,,,,,\r\n\r\n").encode())
    assert client.load(sound.path).fingerprint("costs") == client.load(SAMPLES / M).fingerprint("costs")


def test_benefits_may_be_missing_for_accounting_alone(folder):
    for data in (b"", b"asset_id\n"):
        sound = folder().yml("purpose: management", "purpose: accounting_only")
        header = ",".join(sound.rows("benefits.csv")[0]).encode()
        sound.data("benefits.csv", header if data else b"")
        assert client.load(sound.path).benefits == ()
        shutil.rmtree(sound.path)


def test_yaml_words_stay_words(folder):
    """``NO`` is Norway, ``1_000`` is not a number, a quoted number is one."""
    sound = folder().yml("country: DE", "country: NO").yml("draws: 20000", 'draws: "20000"')
    assert client.load(sound.path).client.country == "NO"
    assert client.load(sound.path).monte_carlo.draws == 20000
    assert sound.yml('draws: "20000"', "draws: 20_000").check().problems[0].rule == 35


# --- warnings


WARNED = {
    "synthetic": (M, lambda f: None, "client.yml", 3, 101, "every page says so"),
    "unknown input": (B, lambda f: f.yml("a: measured:C1.fn, b: measured:C1.fp", "a: default_rate, b: lgd"), "client.yml", 11, 102, '"default_rate" and "lgd"'),
    "growth": (B, lambda f: f.yml("wacc: 0.095", "wacc: 0.095, terminal_growth: 0.01"), "client.yml", 5, 102, "not applied"),
    "prohibited": (M, lambda f: f.cell("assets.csv", 4, "eu_ai_act_class", "prohibited"), "assets.csv", 4, 19, "M2 is class prohibited"),
    "legal control": (M, lambda f: f.cell("assets.csv", 2, "legal_control", "unclear"), "assets.csv", 2, 20, "D1 is legal control unclear"),
    "single owner": (M, lambda f: [f.cell("assets.csv", row, "owner", "IT") for row in (2, 3, 4, 5)], "assets.csv", 2, 103, "owns all 4 assets"),
    "no monitoring": (M, lambda f: f.delete("metrics/monitoring.csv"), "assets.csv", 3, 104, "M1 is in use and not in"),
    "half-life": (M, lambda f: f.cell("assets.csv", 3, "half_life_years", "7"), "assets.csv", 3, 105, "half-life 7 years > useful life 5 years"),
    "early benefit": (M, lambda f: f.cell("assets.csv", 3, "in_service_date", "2027-02-01"), "benefits.csv", 2, 106, "before the first day of use, 2027-02-01"),
    "late benefit": (M, lambda f: None, "benefits.csv", 6, 107, "which ends on 2030-07-01"),
    "old metric": (M, lambda f: f.cell(CONFUSION, 2, "evaluated_on", "2025-04-30"), CONFUSION, 2, 108, "more than 12 months"),
    "metric of tomorrow": (M, lambda f: f.cell(CONFUSION, 2, "evaluated_on", "2026-07-30"), CONFUSION, 2, 108, "after the valuation date"),
    "benefit too early": (M, lambda f: f.cell("benefits.csv", 2, "year", "2025"), "benefits.csv", 2, 109, "it does not enter the value"),
    "nothing left to value": (M, lambda f: f.yml("date: 2026-06-30", "date: 2040-06-30"), "client.yml", 5, 109, "nothing is left to value"),
    "benefit without running cost": (M, lambda f: f.drop("costs.csv", 11), "assets.csv", 3, 121, "M1: benefit without running cost: 2029; give"),
    "running cost never given": (M, lambda f: None, "assets.csv", 4, 121, "M2: benefit without running cost: 2027 to 2031"),
    "machine without running cost": (M, lambda f: f.drop("costs.csv", 18), "assets.csv", 5, 121, "I1: benefit without running cost: 2027"),
    "benefit of what is retired": (M, lambda f: f.cell("assets.csv", 3, "lifecycle_stage", "retired"), "assets.csv", 3, 122, "M1 is retired and has benefits: 2026 to 2030; they enter the value"),
    "forecast too late": (M, lambda f: f.cell("costs.csv", 13, "date", "2032-12-31"), "costs.csv", 13, 109, "2026-06-30 to 2032-06-30"),
    "small baseline": (
        M,
        lambda f: [f.cell(CONFUSION, 3, name, value) for name, value in {"n": "40", "tp": "9", "fp": "1", "fn": "10", "tn": "20", "sample": "last year"}.items()] + [f.delete(PAIRED)],
        *(CONFUSION, 3, 30, "baseline n = 40: interval shown, conclusion withheld"),
    ),
    "comparisons that contradict each other": (M, lambda f: f.yml("{more: innovation, less: robustness, times: 3}", "{more: robustness, less: innovation, times: 9}"), "client.yml", 39, 31, "the ranking by them is withheld"),
    "evidence that is not there": (M, lambda f: f.cell("costs.csv", 2, "source", "see evidence/invoice.pdf"), "costs.csv", 2, 112, '"evidence/invoice.pdf" is not there'),
    "file misspelt": (M, lambda f: f.data("metrics/paired_count.csv", b"x"), "metrics/paired_count.csv", None, 1, 'did you mean "metrics/paired_counts.csv"?'),
    "small group": (B, lambda f: [f.cell(PREDICTIONS, row, "group", "C") for row in range(2, 14)], PREDICTIONS, None, 37, 'group "C" has 12 cases: fairness rates withheld (< 30)'),
    "licence of bought data": (M, lambda f: f.cell("assets.csv", 2, "acquisition", "purchased"), "assets.csv", 2, 110, "D1: data of others (purchased, control owned) without a licence"),
    "licence of shared data": (B, lambda f: f.cell("assets.csv", 2, "legal_control", "shared"), "assets.csv", 2, 110, "control shared"),
}  # fmt: skip


@pytest.mark.parametrize("case", named(WARNED))
def test_advice_does_not_block(case, folder):
    sample, change, file, row, rule, words = WARNED[case]
    changed = folder(sample)
    change(changed)
    report = changed.check()
    assert report.problems == ()
    assert report.client.warnings == report.warnings
    assert any((w.file, w.row, w.rule) == (file, row, rule) and words in w.sentence for w in report.warnings), (
        client.report_text(report)
    )


def test_a_withheld_asset_says_why(folder):
    changed = (
        folder()
        .cell("assets.csv", 4, "eu_ai_act_class", "prohibited")
        .cell("assets.csv", 2, "legal_control", "unclear")
    )
    assets = {asset.asset_id: asset for asset in client.load(changed.path).assets}
    assert "only its salvage" in assets["M2"].withheld
    assert "not recognisable" in assets["D1"].withheld
    assert assets["M1"].withheld == ""


# --- the client


def test_the_samples_are_sound():
    for sample, warned in ((M, {101, 107, 121}), (B, {101, 104, 107}), (R, {20, 37, 101, 104, 107}), ("carrier", {101, 104}), ("clinic", {29, 101, 104})):  # fmt: skip
        report = client.check(SAMPLES / sample)
        assert report.problems == ()
        assert {warning.rule for warning in report.warnings} == warned


def test_the_manufacturer_as_it_is_read():
    company = client.load(SAMPLES / M)
    assert company.valuation.currency == "EUR"
    assert [asset.asset_id for asset in company.assets] == ["D1", "M1", "M2", "I1"]
    assert company.assets[0].feeds == ("M1",)
    assert company.costs[0].amount == (13440, 13440, 13440)
    assert company.costs[6].amount == client.ThreePoint(80000, 96000, 120000)
    assert company.benefits[0].unit_value is None
    assert company.benefits[0].metric_link == ("confusion", "M1_vs_manual")
    assert company.benefits[6].unit_value == (48000, 52000, 57000)
    assert company.benefits[6].metric_link.kind == "none"
    assert company.evidence_widening.vendor == 2
    (evaluation,) = company.evaluations
    assert (evaluation.model.n, evaluation.baseline.fn, evaluation.model.positives) == (6000, 19, 108)
    assert [(c.y_true, c.model, c.baseline, c.count) for c in evaluation.paired][:2] == [(1, 1, 1, 86), (1, 1, 0, 15)]
    assert evaluation.outcome_value.fn == (-85, -48, -30)
    assert company.predictions == ()


def test_the_bank_as_it_is_read():
    company = client.load(SAMPLES / B)
    assert company.acceptance[0].accepted == 936
    assert company.market.royalty_rates[0].rate == (0.02, 0.05, 0.08)
    (predictions,) = company.predictions
    assert predictions.asset_id == "C1"
    assert len(predictions.score) == len(predictions.y_true) == len(predictions.group) == 4000
    assert predictions.amount == ()


def test_the_slow_way_reads_predictions_as_the_quick_one(folder):
    quick = client.load(SAMPLES / B).fingerprint("predictions")
    blank_before = folder("bank").cell(PREDICTIONS, 2, "score", " 0.05921")  # sound, but not for the quick way
    assert tables._sound_columns(blank_before.rows(PREDICTIONS)) is None
    assert client.load(blank_before.path).fingerprint("predictions") == quick


def test_every_wrong_row_of_many_predictions_is_found(folder):
    spoilt = folder("bank")
    rows = spoilt.rows(PREDICTIONS)
    rows[1500][2], rows[2501][1], rows[3700][0] = "1.7", "yes", rows[9][0]
    report = spoilt.write(PREDICTIONS, rows).check()
    assert [(p.row, p.rule) for p in report.problems] == [(1501, 14), (2502, 15), (3701, 16)]
    assert "rows 10 and 3701" in report.problems[2].sentence


def test_a_client_cannot_be_changed():
    company = client.load(SAMPLES / M)
    with pytest.raises(ValueError, match="frozen"):
        company.tax.rate = 0.1
    with pytest.raises(ValueError, match="frozen"):
        company.assets = ()


def test_only_the_declared_parts_can_be_read():
    company = client.load(SAMPLES / M)
    view = company.only("assets", "client")
    assert view.assets == company.assets
    assert dir(view) == ["assets", "client"]
    with pytest.raises(AttributeError, match=r"'costs' of the client is not among those taken here \(assets, client\)"):
        view.costs  # noqa: B018
    with pytest.raises(AttributeError, match="no part"):
        view.cots  # noqa: B018
    with pytest.raises(ValueError, match=r'did you mean "costs"\?'):
        company.only("cots")


def test_a_fingerprint_changes_with_its_part_alone(folder):
    sample, changed = client.load(SAMPLES / M), folder().cell("costs.csv", 2, "amount", "97000")
    company = client.load(changed.path)
    different = [part for part in client.Client.model_fields if company.fingerprint(part) != sample.fingerprint(part)]
    assert different == ["costs"]
    with pytest.raises(ValueError, match="no part"):
        company.fingerprint("cots")


def test_an_empty_path_is_the_sample(monkeypatch):
    monkeypatch.setattr(paths, "project", lambda: SAMPLES.parent)
    assert client.load("").client.name == client.load(SAMPLES / M).client.name


# --- the template


@pytest.fixture
def samples(monkeypatch):
    monkeypatch.setattr(paths, "project", lambda: SAMPLES.parent)


@pytest.mark.parametrize("like", [M, B, R])
def test_a_template_is_sound_and_says_what_the_sample_says(like, tmp_path, samples):
    made = client.new(tmp_path / "deep" / "mine", like)
    sample, company = client.load(SAMPLES / like), client.load(made)
    assert company.model_copy(update={"warnings": ()}) == sample.model_copy(update={"warnings": ()})
    assert company.client.synthetic
    assert sorted(p.name for p in tmp_path.rglob("*")).count("mine") == 1
    assert not list(tmp_path.rglob("*.part"))


def test_a_blank_template_has_no_figure_and_says_what_is_missing(tmp_path, samples):
    made = client.new(tmp_path / "mine", "blank")
    report = client.check(made)
    assert {problem.rule for problem in report.problems} == {1, 2}
    assert all("is missing" in problem.found or problem.file == "assets.csv" for problem in report.problems)
    for table in made.rglob("*.csv"):
        assert len(table.read_text(encoding="utf-8").splitlines()) == 1
    text = (made / "client.yml").read_text(encoding="utf-8")
    for kind in ("defer", "expand", "abandon", "switch", "stage"):
        assert f"# {kind}: " in text and f"kind: {kind}, cost:" in text


def test_a_blank_template_is_filled_in(tmp_path, samples):
    """Every value of the sample typed after its key: the options of the template among them."""
    made = client.new(tmp_path / "mine", "blank")
    settings_ = yaml.safe_load((made / "client.yml").read_text(encoding="utf-8"))
    given = yaml.load((SAMPLES / B / "client.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
    for section in ("client", "valuation", "discount", "tax"):
        assert set(settings_[section]) <= set(given[section])
        settings_[section] |= given[section]
    text = (made / "client.yml").read_text(encoding="utf-8")
    lines = [line.removeprefix("#   - ") for line in text.splitlines() if line.startswith("#   - {asset_id: M1")]
    options = [yaml.load(line, yaml.BaseLoader) | {"asset_id": "C1", "volatility_source": "test"} for line in lines]
    assert len(options) == 5
    for path in (SAMPLES / B).rglob("*.csv"):
        shutil.copyfile(path, made / path.relative_to(SAMPLES / B))
    (made / "client.yml").write_text(
        yaml.safe_dump(settings_ | {"options": options, "cases": given["cases"]}), encoding="utf-8"
    )
    company = client.load(made)
    assert [(option.kind, option.scale, option.salvage) for option in company.options] == [
        ("defer", 0.5, None), ("expand", 2, None), ("abandon", None, 90000), ("switch", 1.3, None), ("stage", 1, None),
    ]  # fmt: skip


def test_signs_of_other_languages_are_text(folder):
    name = "loss $520 (5% cut) vs $24 <b>&amp;\\frac{1}{2} *_`"
    made = folder()
    for file in (CONFUSION, OUTCOMES, PAIRED):
        header, *rows = made.rows(file)
        made.write(file, [header, *([name, *row[1:]] for row in rows)])
    for row, cells in enumerate(made.rows("benefits.csv"), start=1):
        if "confusion:" in "".join(cells):
            made.cell("benefits.csv", row, "metric_link", f"confusion:{name}")
    assert client.load(made.path).evaluations[0].evaluation_id == name


def test_a_template_explains_every_key_and_column(tmp_path, samples):
    made = client.new(tmp_path / "mine")
    text, page = (made / "client.yml").read_text(encoding="utf-8"), (made / "README.md").read_text(encoding="utf-8")
    for key, section in schema.SECTIONS.items():
        assert key in text
        for name, info in fields.columns(section.type).items():
            assert f"{name}:" in text
            assert info.description in text
    for file, table in schema.TABLES.items():
        part = page.split(f"## {file} ")[1].split("\n## ")[0]
        for name, info in fields.columns(table.type).items():
            assert f"| {name} | {info.description} |" in part
            assert fields.allowed(info), f"{file} {name}"


def test_every_key_of_a_template_can_be_used(tmp_path, samples):
    """Each optional key stands there commented out, in a form that is YAML once it is used."""
    made = client.new(tmp_path / "mine")
    text = (made / "client.yml").read_text(encoding="utf-8")
    assert "# evidence_widening:\n" in text
    text = text.replace("# evidence_widening:", "evidence_widening:").replace("# pilot:", "pilot:")
    (made / "client.yml").write_text(text.replace("pilot: 1.25", "pilot: 1.3"), encoding="utf-8")
    assert client.load(made).evidence_widening.pilot == 1.3


def test_a_template_is_written_into_an_empty_folder_only(tmp_path, samples):
    (tmp_path / "empty").mkdir()
    client.new(tmp_path / "empty", B)
    with pytest.raises(FileExistsError, match="is not empty"):
        client.new(tmp_path / "empty", B)
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(FileExistsError):
        client.new(file)
    assert file.read_text() == "mine"
    with pytest.raises(
        ValueError, match=r"bank, carrier, clinic, manufacturer, retailer, blank\. Received: like='hospital'"
    ):
        client.new(tmp_path / "other", "hospital")
    for bad in (file / "inside", "a\0b", tmp_path / ("x" * 300)):
        with pytest.raises(ValueError, match="cannot be written"):
            client.new(bad)


def test_a_template_that_fails_leaves_nothing(tmp_path, samples, monkeypatch):
    monkeypatch.setattr(template, "readme", lambda name: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        client.new(tmp_path / "mine")
    assert list(tmp_path.iterdir()) == []


# --- anything at all


TABLES = [*schema.TABLES, PREDICTIONS]
ODD = st.sampled_from(["310.000", "М1", "Ｍ１", "A\u200bB", "K\u0308", "Total", "sep=,", "46022", "31.12.2025", "310’000", "M1;M2", "M1, M2", "per hour", "loss $5 vs $6", "x" * 200, "0.5;0.6", "anna@example.org", "", " ", "-", "-1", "1e308", "nan", "inf", "1,5", "=1+1", "\0", "\ufeff", "é", "M1", "none", "2026-02-30", "[", "{", "&a", "*a", "!!x", '"', "'", ";", "\r", "\n", "\t", "9" * 400])  # fmt: skip
quick = settings(
    max_examples=int(os.environ.get("LEPTON_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def outcome(path: Path) -> client.Report:
    """Always a client or problems, and every sentence can be printed in one line."""
    report = client.check(path)
    assert (report.client is None) == bool(report.problems)
    for finding in (*report.problems, *report.warnings):
        assert finding.rule in client.RULES
        assert "\n" not in finding.sentence.strip()
    client.report_text(report)
    if report.client is not None:
        for part in client.Client.model_fields:
            report.client.fingerprint(part)
    return report


@pytest.fixture(scope="module", params=[B, R])
def spoilt(tmp_path_factory, request):
    """A sample with few predictions, so that many can be spoilt."""
    folder = Folder(tmp_path_factory.mktemp("fuzz"), request.param)
    scored = PREDICTIONS if request.param == B else "metrics/predictions_M2.csv"
    head = "trial_id,asset_id,policy,baseline,evaluated_on,sample,n,unit,effect,gain,standard_error"
    model = "C1" if request.param == B else "M1"
    folder.data(schema.TRIALS, f"{head}\nT,{model},v4,last week,2026-03-31,weeks,52,weeks,,12.5,3.1\n".encode())
    folder.write(scored, folder.rows(scored)[:60])
    assert client.check(folder.path).problems == ()
    folder.scored = scored
    folder.sound = {file: (folder.path / file).read_bytes() for file in ("client.yml", *schema.TABLES, scored)}
    return folder


def restore(folder: Folder, file: str = "") -> str:
    """The sound files again; the name of ``file`` in this sample."""
    for name, data in folder.sound.items():
        folder.data(name, data)
    return folder.scored if file == PREDICTIONS else file


@quick
@given(st.sampled_from(["client.yml", *TABLES]), st.binary(max_size=300))
def test_any_bytes(spoilt, file, data):
    file = restore(spoilt, file)
    outcome(spoilt.data(file, data).path)


@quick
@given(st.sampled_from(["client.yml", *TABLES]), st.data())
def test_bytes_changed_here_and_there(spoilt, file, data):
    file = restore(spoilt, file)
    whole = bytearray((spoilt.path / file).read_bytes()[:3000])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole)))
        length = data.draw(st.integers(0, 30))
        whole[place : place + length] = data.draw(st.one_of(st.binary(max_size=4), ODD.map(str.encode)))
    outcome(spoilt.data(file, bytes(whole)).path)


@quick
@given(st.sampled_from(TABLES), st.data())
def test_cells_and_rows_changed_here_and_there(spoilt, file, data):
    file = restore(spoilt, file)
    rows = spoilt.rows(file)[:40]
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.integers(0, len(rows) - 1))
        column = data.draw(st.integers(0, len(rows[0]) - 1))
        other = rows[data.draw(st.integers(0, len(rows) - 1))]
        change = data.draw(st.sampled_from(["odd", "swap", "repeat", "cut"]))
        if change == "odd":
            rows[row] = [*rows[row][:column], data.draw(ODD), *rows[row][column + 1 :]]
        elif change == "swap" and column < len(other):
            rows[row] = [*rows[row][:column], other[column], *rows[row][column + 1 :]]
        elif change == "repeat":
            rows.append(other)
        elif len(rows) > 1:
            del rows[row]
    outcome(spoilt.write(file, rows).path)


@quick
@given(st.data())
def test_keys_changed_here_and_there(spoilt, data):
    restore(spoilt)
    settings_ = yaml.safe_load((spoilt.path / "client.yml").read_text(encoding="utf-8"))
    plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ODD, st.dates())
    shallow = st.one_of(plain, st.lists(plain, max_size=2), st.dictionaries(ODD, plain, max_size=2))
    anything = st.one_of(shallow, st.lists(shallow, max_size=2), st.dictionaries(ODD, shallow, max_size=2))
    place = settings_
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(anything)
            break
        place = place[key]
    outcome(spoilt.data("client.yml", yaml.safe_dump(settings_, allow_unicode=True).encode("utf-8", "ignore")).path)


@quick
@given(st.sampled_from(TABLES), st.sampled_from([";", "tab", "|", ","]), st.sampled_from([",", "."]), st.data())
def test_dialects_that_are_declared_and_not_kept(spoilt, file, separator, decimal, data):
    file = restore(spoilt, file)
    text = (spoilt.path / "client.yml").read_text(encoding="utf-8")
    declared = f'\ncsv: {{separator: "{separator}", decimal: "{decimal}"}}\n'
    spoilt.data("client.yml", (text + declared).encode())
    delimiter = data.draw(st.sampled_from([";", ",", "\t", "|"]))
    rows = spoilt.rows(file)[:20]
    lines = [delimiter.join(cell.replace(".", data.draw(st.sampled_from([",", "."]))) for cell in row) for row in rows]
    outcome(spoilt.data(file, "\n".join(lines).encode()).path)


@quick
@given(st.data())
def test_files_under_other_names(spoilt, tmp_path_factory, data):
    restore(spoilt)
    root = tmp_path_factory.mktemp("renamed") / "client"
    shutil.copytree(spoilt.path, root)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(root.rglob("*"))))
        name = data.draw(
            st.one_of(
                st.sampled_from(
                    [
                        path.name.upper(),
                        path.name + ".gz",
                        path.stem + ".xlsx",
                        path.stem + ".ods",
                        path.stem + ".yaml",
                        "Metrics",
                        "metrics",
                    ]
                ),
                st.text(st.characters(blacklist_characters="/\0", max_codepoint=0x3FF), min_size=1, max_size=8),
                st.binary(min_size=1, max_size=8).filter(lambda name: not set(name) & {0, 47}).map(os.fsdecode),
            )
        )
        if name not in (".", "..") and not (path.parent / name).exists():
            path.rename(path.parent / name)
    outcome(root)


@quick
@given(st.text(max_size=40))
def test_any_text_in_place_of_a_name_is_kept_or_refused(spoilt, text):
    restore(spoilt)
    report = outcome(spoilt.cell("assets.csv", 2, "name", text).path)
    if report.client:
        assert report.client.assets[0].name == text.strip()
