"""What a client brings beside its main tables: Parquet, market, quality and blocks of data, data of cases, privacy."""

from __future__ import annotations

import csv
import io
import re
import sys
from datetime import date, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_cases import without_cases
from PIL import Image
from pyarrow import parquet
from test_client import PREDICTIONS, SAMPLES, B, Folder, M, outcome

from lepton_nb import client, value_model
from lepton_nb.client import case_images, files, privacy, reading, workbook_writing
from lepton_nb.client.rules import correlations
from lepton_nb.value_model import planning


def picture(form: str, size: tuple[int, int] = (6, 4)) -> bytes:
    stream = io.BytesIO()
    Image.new("L", size).save(stream, form)
    return stream.getvalue()


PNG = picture("PNG")


@pytest.fixture
def folder(tmp_path):
    return lambda sample=M: Folder(tmp_path, sample)


# --- the new parts as they are read


def test_the_market_as_it_is_read():
    comparables = client.load(SAMPLES / M).comparables
    assert [item.asset_id for item in comparables] == ["M1"] * 5 + ["D1"] * 2
    assert comparables[0].adjusted_price == pytest.approx(980000 * 1.1)
    assert comparables[0].date == date(2025, 9, 15)
    assert (comparables[4].basis, comparables[4].unit) == ("api_list_price", "per year")


def test_the_quality_of_data_as_it_is_read():
    quality = client.load(SAMPLES / B).data_quality
    assert len({item.dimension for item in quality}) == 6
    assert (quality[2].dimension, quality[2].score, quality[2].n) == ("accuracy", 0.989, 600)


def test_blocks_of_data_as_they_are_read(folder):
    (blocks,) = client.load(SAMPLES / M).data_blocks
    assert (blocks.asset_id, blocks.model_id, blocks.metric, blocks.n) == ("D1", "M1", "auc", 6000)
    assert blocks.blocks == ("line_1", "line_2", "line_3")
    assert blocks.complete
    assert blocks.value() == 0.5
    assert blocks.value("line_3", "line_1") == 0.968
    assert blocks.coalitions[-1].blocks == blocks.blocks
    assert blocks.coalitions[-1].rows == 38400
    (fewer,) = client.load(folder().drop("data_blocks.csv", 2, 4).path).data_blocks
    assert not fewer.complete
    assert fewer.value() is None


def test_a_scenario_may_hold_for_one_asset_alone(folder):
    changed = folder(B).yml(
        "cost_multiplier: 1.05}",
        "cost_multiplier: 1.05, assets: [{asset_id: T1, benefit_multiplier: 0.8, cost_multiplier: 1}]}",
    )
    recession = client.load(changed.path).scenarios[0]
    assert recession.multipliers("C1") == (1.15, 1.05)
    assert recession.multipliers("T1") == (0.8, 1)


def test_premiums_and_inflation_are_read(folder):
    changed = folder().yml(
        "asset_premium:",
        "inflation: 0.02\n  specific_premiums: [{name: country, rate: 0.01}, {name: one plant, rate: 0.02, asset_id: M1}]\n  asset_premium:",
    )
    discount = client.load(changed.yml("price_basis: nominal", "price_basis: real").path).discount
    assert discount.specific_premium("M1") == pytest.approx(0.03)
    assert discount.specific_premium("I1") == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("prices", "rates", "expected"),
    [("nominal", "nominal", 0.0712), ("real", "nominal", 0.04), ("nominal", "real", 0.103336)],
)
def test_rule_27_rates_are_brought_to_the_prices(prices, rates, expected, folder):
    changed = folder(B).yml("wacc: 0.095", f"wacc: 0.0712, rate_basis: {rates}, inflation: 0.03")
    company = client.load(changed.yml("price_basis: nominal", f"price_basis: {prices}").path)
    assert planning.discount_rate(company) == pytest.approx(expected)


def test_specific_premiums_and_scenarios_reach_the_value(folder):
    changed = folder(B).yml(
        "wacc: 0.095", "wacc: 0.095, specific_premiums: [{name: one supplier, rate: 0.05, asset_id: I1}]"
    )
    changed.yml(
        "cost_multiplier: 1.05}",
        "cost_multiplier: 1.05, assets: [{asset_id: T1, benefit_multiplier: 0, cost_multiplier: 1}]}",
    )
    before, after = (planning.plan(client.load(path)) for path in (SAMPLES / B, changed.path))
    rates = {group.name: group.rate for group in before.groups}
    moved = {group.name: group.rate - rates[group.name] for group in after.groups}
    assert moved["D1 + C1"] == 0
    assert 0 < moved["T1 + I1"] < 0.05  # infrastructure is a part of the group
    plain, own = value_model.scenario_values(before)["recession"], value_model.scenario_values(after)["recession"]
    assert own.groups["D1 + C1"] == plain.groups["D1 + C1"]
    assert own.groups["T1 + I1"] < 0 < plain.groups["T1 + I1"]


def test_rule_22_is_met_by_a_treatment_that_is_said(folder):
    changed = folder().cell("assets.csv", 4, "useful_life_years", "9")
    assert {problem.rule for problem in changed.check().problems} == {22}
    changed.yml("  timing:", "  terminal_treatment: none\n  timing:")
    assert client.load(changed.path).valuation.terminal_treatment == "none"


def test_rule_7_compares_growth_with_the_rate_in_the_same_prices(folder):
    """5 % growth of real prices is below 9.5 % and above the 3.3 % that are left of it with 6 % inflation."""
    spoilt = folder(B).yml("price_basis: nominal", "price_basis: real")
    spoilt.yml("wacc: 0.095", "wacc: 0.095, inflation: 0.06, terminal_growth: 0.05")
    (problem,) = spoilt.check().problems
    assert problem.rule == 7
    assert "terminal growth 5 % >= discount rate 3.302 %" in problem.sentence


# --- advice that is computed: it agrees with the value chapters


def test_rule_31_two_dimensions_cannot_contradict(folder):
    changed = folder(B).data(
        "client.yml",
        (SAMPLES / B / "client.yml").read_bytes()
        + b"scorecard_comparisons: [{more: innovation, less: robustness, times: 9}]\n",
    )
    assert 31 not in {warning.rule for warning in changed.check().warnings}


@pytest.mark.parametrize("sample", [M, B])
def test_rule_23_looks_at_the_inputs_of_the_simulation(sample):
    draft = reading.read(SAMPLES / sample)
    ours = {
        # What a case will measure is not there yet, and what was typed of the model counts.
        (item.name.replace("measured:C1", "C1_vs_scorecard"), item.category, item.asset_id, item.driver_id)
        for item in correlations.uncertain_inputs(draft)
    }
    inputs = planning.plan(client.load(SAMPLES / sample)).inputs
    theirs = {
        (name, item.category, item.asset_id, item.driver_id)
        for name, item in inputs.items()
        if item.category in correlations.KNOWN_INPUTS and (item.range is not None or name.endswith(".acceptance"))
    }
    assert ours == theirs


# --- Parquet


def as_parquet(folder: Folder, file: str, **types) -> Path:
    """Replace a CSV table by a Parquet one with typed columns."""
    header, *rows = folder.rows(file)
    columns = {}
    for name, cells in zip(header, zip(*rows, strict=True), strict=True):
        read = types.get(name, str)
        columns[name] = [read(cell) if cell else None for cell in cells]
    path = (folder.path / file).with_suffix(".parquet")
    parquet.write_table(pyarrow.table(columns), path)
    (folder.path / file).unlink()
    return path


def test_parquet_is_read_as_csv(folder):
    changed = folder(B)
    as_parquet(changed, "costs.csv", date=date.fromisoformat, amount=float, low=int, mode=float, high=float)
    as_parquet(changed, PREDICTIONS, row_id=int, y_true=float, score=float)
    as_parquet(changed, "usage.csv", month=lambda cell: datetime.fromisoformat(f"{cell}-01"), requests=int)
    sample, company = client.load(SAMPLES / B), client.load(changed.path)
    for part in ("costs", "predictions", "usage"):
        assert company.fingerprint(part) == sample.fingerprint(part)


def test_problems_of_parquet_name_its_file(folder):
    changed = folder().cell("costs.csv", 4, "amount", "-1").cell("costs.csv", 5, "asset_id", "M9")
    as_parquet(changed, "costs.csv", amount=float)
    assert [p.where for p in changed.check().problems] == [
        "costs.parquet row 4, amount",
        "costs.parquet row 5, asset_id",
    ]


def test_a_table_comes_in_one_form(folder):
    changed = folder()
    text = (changed.path / "costs.csv").read_bytes()
    as_parquet(changed, "costs.csv")
    (problem,) = changed.data("costs.csv", text).check().problems
    assert problem.rule == 1
    assert "stands here twice: costs." in problem.sentence
    assert "keep one of the two" in problem.sentence


def test_parquet_without_pyarrow_is_a_sentence(folder, monkeypatch):
    changed = folder()
    as_parquet(changed, "costs.csv")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (problem,) = changed.check().problems
    assert problem.file == "costs.parquet"
    assert "pyarrow is not installed" in problem.sentence


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[1], [2]], "holds list"),
        ([{"a": 1}, {"a": 2}], "holds struct"),
        ([b"a", b"b"], "holds binary"),
        ([float("nan"), 1.0], "a number is needed"),
        ([float("inf"), 1.0], "a number is needed"),
        ([1e300, 1.0], "a number between"),
    ],
)
def test_odd_columns_of_parquet_are_refused(values, words, folder):
    changed = folder(B)
    header, *rows = changed.rows(PREDICTIONS)
    columns = dict(zip(header, zip(*rows[:2], strict=True), strict=True)) | {"amount": values}
    parquet.write_table(
        pyarrow.table({name: list(cells) for name, cells in columns.items()}),
        changed.path / "metrics/predictions_C1.parquet",
    )
    report = changed.delete(PREDICTIONS).check()
    assert [problem.rule for problem in report.problems] == [35]
    assert words in report.problems[0].sentence


def test_a_parquet_file_that_would_fill_the_memory_is_refused(folder, monkeypatch):
    changed = folder()
    as_parquet(changed, "costs.csv")
    monkeypatch.setattr(files, "MOST_CELLS", 10)
    (problem,) = changed.check().problems
    assert "cells" in problem.found


# --- privacy


@pytest.mark.parametrize(
    "name",
    [
        "E-Mail",
        "email_address",
        "IBAN",
        "Customer name",
        "first_name",
        "surname",
        "name",
        "dateOfBirth",
        "Phone",
        "Nachname",
    ],
)
def test_rule_36_names_of_columns(name):
    assert privacy.header(name)


@pytest.mark.parametrize(
    "name", ["row_id", "group", "amount", "product", "scorecard", "mailing", "rename_count", "nominal", "ip"]
)
def test_rule_36_leaves_other_columns(name):
    assert not privacy.header(name)


def test_rule_36_nothing_personal_is_repeated(folder):
    people = ["Anna Schmidt", "José da Silva", "Li Wei", "Mary O'Neil", "Jean-Luc Petit"]
    spoilt = folder(B)
    rows = spoilt.rows(PREDICTIONS)
    for place, row in enumerate(rows[1:60]):
        row[0] = people[place % 5]
    report = spoilt.write(PREDICTIONS, rows[:60]).check()
    assert [(p.rule, p.column) for p in report.problems] == [(36, "row_id")]
    assert "Anna" not in client.report_text(report)


def test_rule_36_few_groups_with_two_words_are_no_names(folder):
    changed = folder(B)
    rows = changed.rows(PREDICTIONS)
    for row in rows[1:]:
        row[3] = {"A": "North Italy", "B": "South Italy"}[row[3]]
    assert changed.write(PREDICTIONS, rows).check().problems == ()


def test_rule_36_an_iban_has_check_digits():
    assert privacy.personal("GB82 WEST 1234 5698 7654 32")
    assert not privacy.personal("GB83 WEST 1234 5698 7654 32")


# --- data of cases


def case(folder: Folder, entry: str) -> Folder:
    """List one case in client.yml; benefits rest on what was typed, so that it may be any."""
    benefits = folder.path / "benefits.csv"
    typed = benefits.read_text(encoding="utf-8").replace("measured:C1", "confusion:C1_vs_scorecard")
    benefits.write_text(typed, encoding="utf-8")
    file = folder.path / "client.yml"
    file.write_text(without_cases(file.read_text(encoding="utf-8")) + f"cases:\n  - {{{entry}}}\n", encoding="utf-8")
    (folder.path / "data").mkdir(exist_ok=True)
    return folder


LOANS = "asset_id: C1, case: risk_classifier, data: data/loans.csv, target: defaulted, baseline_column: scorecard_flag, block_column: vintage, split: {by: date, test_from: 2025-01-01}"  # fmt: skip
HEADER = "date,vintage,income,defaulted,scorecard_flag"


def loans(rows: int = 8) -> str:
    lines = [
        f"202{4 + row // 4}-03-0{1 + row},v{row // 2 % 2},{30000 + 130 * row},{row % 2},{row // 3 % 2}"
        for row in range(rows)
    ]
    return "\n".join([HEADER, *lines]) + "\n"


@pytest.fixture
def bank(folder):
    def make(entry: str = LOANS, text: str = "") -> Folder:
        return case(folder(B), entry).data("data/loans.csv", (text or loans()).encode())

    return make


def test_a_case_with_a_table(bank):
    changed = bank()
    (found,) = client.load(changed.path).cases
    assert (found.kind, found.n, found.target, found.split.by) == ("table", 8, "defaulted", "date")
    assert found.columns == tuple(HEADER.split(","))
    data = client.case_data(changed.path, found)
    assert data["income"].dtype == np.float64
    assert data["defaulted"].tolist() == [0, 1] * 4
    assert data["vintage"].tolist() == ["v0", "v0", "v1", "v1"] * 2


def test_the_checksum_changes_with_the_data_alone(bank, tmp_path):
    changed = bank()
    before = client.load(changed.path)
    changed.data("data/loans.csv", loans().replace("30390", "30391").encode())
    after = client.load(changed.path)
    different = [part for part in client.Client.model_fields if before.fingerprint(part) != after.fingerprint(part)]
    assert different == ["cases"]
    with pytest.raises(ValueError, match="changed since the client was read"):
        client.case_data(changed.path, before.cases[0])
    as_parquet(changed, "data/loans.csv", income=int, defaulted=int)
    changed.yml("loans.csv", "loans.parquet")
    assert client.load(changed.path).cases[0].sha256 == after.cases[0].sha256


def test_a_case_in_a_workbook(bank, tmp_path):
    changed = bank()
    with pytest.raises(ValueError, match="loans"):
        client.case_data(SAMPLES / B, client.load(changed.path).cases[0])
    workbook_writing.write(changed.path, tmp_path / "x.xlsx")
    report = client.check(tmp_path / "x.xlsx")
    assert [(p.file, p.rule) for p in report.problems] == [('sheet "settings"', 1)]
    assert 'name the sheet "loans"' in report.problems[0].sentence
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    sheet = book.create_sheet("loans")
    for row in csv.reader(io.StringIO(loans())):
        sheet.append(row)
    book.save(tmp_path / "x.xlsx")
    company = client.load(tmp_path / "x.xlsx")
    assert company.cases == client.load(changed.path).cases
    assert client.case_data(tmp_path / "x.xlsx", company.cases[0])["income"][3] == 30390


def arrays(**given) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **given)
    return stream.getvalue()


X, Y = np.zeros((6, 8, 8), np.uint8), np.array([0, 1] * 3)
IMAGES = "asset_id: M1, case: image_classifier, data: data/castings.npz, baseline_column: manual_flag"


def test_a_case_with_arrays(folder):
    changed = case(folder(), IMAGES).data("data/castings.npz", arrays(x=X, y=Y, manual_flag=Y))
    (found,) = client.load(changed.path).cases
    assert (found.kind, found.n, found.classes) == ("arrays", 6, ("0", "1"))
    assert client.case_data(changed.path, found)["x"].shape == (6, 8, 8)


def test_a_case_with_a_folder_of_images(folder):
    changed = case(
        folder(),
        "asset_id: M1, case: image_classifier, data: data/castings, positive: bad, split: {by: random, test_share: 0.5}",
    )
    for name in ("good/a.png", "good/b.jpg", "good/c.png", "bad/a.png", "bad/b.png", "bad/c.png"):
        (changed.path / "data/castings" / name).parent.mkdir(parents=True, exist_ok=True)
        changed.data(f"data/castings/{name}", PNG if name.endswith("png") else picture("JPEG"))
    (found,) = client.load(changed.path).cases
    assert (found.kind, found.n, found.classes) == ("images", 6, ("bad", "good"))
    assert [label for _, label in client.case_data(changed.path, found)] == ["bad"] * 3 + ["good"] * 3


def test_a_case_with_translations(folder):
    changed = case(folder(B), "asset_id: T1, case: translator, data: data/letters.tsv")
    changed.data("data/letters.tsv", b"Dear client\tCher client\r\n\nThank you\tMerci\n")
    (found,) = client.load(changed.path).cases
    assert (found.kind, found.n) == ("translations", 2)
    assert client.case_data(changed.path, found) == (["Dear client", "Thank you"], ["Cher client", "Merci"])


def table(entry: str = LOANS, text: str = ""):
    return lambda make: case(make(B), entry).data("data/loans.csv", (text or loans()).encode())


def images(data: bytes, entry: str = IMAGES):
    return lambda make: case(make(M), entry).data("data/castings.npz", data)


def letters(text: str, entry: str = "asset_id: T1, case: translator, data: data/letters.tsv"):
    return lambda make: case(make(B), entry).data("data/letters.tsv", text.encode())


def class_folder(change):
    def spoil(make):
        changed = case(make(M), "asset_id: M1, case: image_classifier, data: data/castings, positive: bad")
        for name in ("good", "bad"):
            (changed.path / "data/castings" / name).mkdir(parents=True)
            changed.data(f"data/castings/{name}/a.png", PNG)
        change(changed.path / "data/castings")
        return changed

    return spoil


UNFIT = {
    "missing": (table(LOANS.replace("loans.csv", "loan.csv")), "data", 1, "not found in the folder"),
    "outside": (table(LOANS.replace("data/loans.csv", "../loans.csv")), "data", 1, "inside the client's folder"),
    "absolute": (table(LOANS.replace("data/loans.csv", "/etc/passwd")), "data", 1, "inside the client's folder"),
    "format": (table(LOANS.replace("loans.csv", "loans.xls")), "data", 41, "a risk_classifier is read from .csv or .parquet"),
    "kind of case": (table(LOANS.replace("risk_classifier", "risk")), "case", 2, "risk_classifier"),
    "asset that is not": (table(LOANS.replace("C1", "C7")), "asset_id", 17, '"C7" is not in assets.csv'),
    "asset that is data": (table(LOANS.replace("C1", "D1")), "asset_id", 17, "D1 is data, not model"),
    "no target": (table(LOANS.replace("target: defaulted, ", "")), "target", 2, "name the column to be predicted"),
    "target misspelt": (table(LOANS.replace("defaulted", "default")), "target", 17, 'did you mean "defaulted"?'),
    "target not 0 or 1": (table(text=loans().replace(",1,", ",2,", 1)), "target", 15, "use 0 or 1"),
    "baseline not 0 or 1": (table(text=loans().replace(",0\n", ",no\n", 1)), "baseline_column", 15, '"no"'),
    "block empty": (table(text=loans().replace(",v1,", ",,", 1)), "block_column", 41, "name the block of each row"),
    "split by nothing": (table(LOANS.replace("by: date", "by: day")), "split", 17, '"day" is not a column'),
    "split without a day": (table(LOANS.replace(", test_from: 2025-01-01", "")), "split.test_from", 41, "is missing; give test_from"),
    "split with one side": (table(LOANS.replace("2025-01-01", "2031-01-01")), "split", 41, "0 of 8 rows lie on or after"),
    "split of texts": (table(LOANS.replace("by: date", "by: vintage")), "split", 34, '"v0" is not a date'),
    "split at random": (table(LOANS.replace("by: date, test_from: 2025-01-01", "by: random")), "split.test_share", 41, "is missing; give test_share between 0 and 1"),
    "split at random from a day": (table(LOANS.replace("by: date", "by: random")), "split.test_from", 41, "2025-01-01 beside by random; leave it out"),
    "split of one day": (table(text=re.sub(r"202\d-03-0\d", "2024-03-01", loans())), "split", 41, '"data/loans.csv", column "date", all 8 rows are of 2024-03-01; a test begins with a day'),
    "split in time with a share": (table(LOANS.replace("test_from: 2025-01-01", "test_from: 2025-01-01, test_share: 0.3")), "split.test_share", 41, "0.3 beside test_from"),
    "a class of a row": (table(text=loans().replace("30000,0", "30000,maybe")), "target", 15, '"data/loans.csv", column "defaulted", row 2: "maybe"'),
    "cells": (table(text=loans() + "1,2\n"), "data", 35, "row 10: 2 cells, the header has 5"),
    "names twice": (table(text=loans().replace("income", "date", 1)), "data", 41, "repeated names"),
    "nothing": (table(text=HEADER), "data", 41, "fewer than 2 rows"),
    "zero bytes": (table(text=loans() + "\0"), "data", 35, "zero bytes"),
    "names of persons": (table(text=loans().replace("income", "borrower_name", 1)), "data", 36, "personal data"),
    "addresses in a column": (table(text=loans().replace(",v1,", ",a@b.example,", 1)), "data", 36, "an e-mail address (not repeated here)"),
    "no y": (images(arrays(x=X)), "data", 41, "arrays x (images first) and y"),
    "x and y of other length": (images(arrays(x=X, y=Y[:4], manual_flag=Y)), "data", 41, '"y" of length 4'),
    "pickles": (images(arrays(x=X, y=np.array([{}] * 6, object))), "data", 41, "cannot be read as arrays"),
    "not finite": (images(arrays(x=np.full((6, 4), np.nan), y=Y)), "data", 41, "NaN or infinite"),
    "no baseline": (images(arrays(x=X, y=Y)), "baseline_column", 41, 'no array "manual_flag"'),
    "baseline of other values": (images(arrays(x=X, y=Y, manual_flag=Y * 3)), "baseline_column", 41, "other values than 0 and 1"),
    "no zip": (images(b"nothing"), "data", 41, "cannot be read as arrays"),
    "cut": (images(arrays(x=X, y=Y)[:-30]), "data", 41, "cannot be read as arrays"),
    "one class": (class_folder(lambda path: [(path / "bad/a.png").unlink(), (path / "bad").rmdir()]), "data", 41, "images of 1 classes"),
    "not an image": (class_folder(lambda path: (path / "bad/b.png").write_bytes(b"GIF89a")), "data", 41, "neither PNG nor JPEG"),
    "a file beside the classes": (class_folder(lambda path: (path / "x.png").write_bytes(PNG)), "data", 41, "not a class folder"),
    "a link out of the folder": (class_folder(lambda path: (path / "c").symlink_to(SAMPLES)), "data", 41, "not a class folder"),
    "one column": (letters("a\tb\nc\n"), "data", 41, "row 2: 1 columns"),
    "three columns": (letters("a\tb\nc\td\te\n"), "data", 41, "row 2: 3 columns"),
    "target of a translation": (letters("a\tb\nc\td\n", "asset_id: T1, case: translator, data: data/letters.tsv, target: x"), "target", 41, "two columns without names"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNFIT)
def test_rule_41_data_that_do_not_fit_are_refused(name, folder):
    spoil, key, rule, words = UNFIT[name]
    report = spoil(folder).check()
    assert [(p.file, p.column, p.rule) for p in report.problems] == [("client.yml", f"cases.{key}", rule)]
    assert words in report.problems[0].sentence
    assert "example" not in client.report_text(report)


def test_rule_16_a_model_has_one_case(bank):
    changed = bank()
    file = changed.path / "client.yml"
    file.write_text(file.read_text() + f"  - {{{LOANS}}}\n")
    (problem,) = changed.check().problems
    assert (problem.column, problem.rule) == ("cases.asset_id", 16)


def test_arrays_that_would_fill_the_memory_are_refused(folder, monkeypatch):
    monkeypatch.setattr(case_images, "LARGEST_ARRAYS", 1000)
    changed = case(folder(), IMAGES).data("data/castings.npz", arrays(x=np.zeros((6, 4000)), y=Y))
    (problem,) = changed.check().problems
    assert "MB unpacked" in problem.sentence


def test_too_many_images_are_refused(folder, monkeypatch):
    monkeypatch.setattr(case_images, "MOST_IMAGES", 1)
    (problem,) = class_folder(lambda path: None)(folder).check().problems
    assert "more than 1 files" in problem.sentence


# --- anything at all


quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Folder:
    """A bank with Parquet tables, a case with a table and one with arrays."""
    changed = Folder(tmp_path_factory.mktemp("fuzz"), B)
    changed.write(PREDICTIONS, changed.rows(PREDICTIONS)[:30])
    as_parquet(changed, PREDICTIONS, y_true=int, score=float)
    as_parquet(changed, "costs.csv", amount=float)
    case(changed, LOANS).data("data/loans.csv", loans().encode())
    changed.kept = {name: (changed.path / name).read_bytes() for name in FUZZED}
    return changed


FUZZED = ("costs.parquet", "metrics/predictions_C1.parquet", "data/loans.csv")


def changed_here_and_there(content: bytes, data) -> bytes:
    whole = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=6))
    return bytes(whole)


@quick
@given(st.sampled_from(FUZZED), st.data())
def test_bytes_of_parquet_and_cases(sound, file, data):
    for name, content in sound.kept.items():
        sound.data(name, content)
    outcome(sound.data(file, changed_here_and_there(sound.kept[file], data)).path)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Folder:
    return case(Folder(tmp_path_factory.mktemp("arrays"), M), IMAGES)


@quick
@given(st.data())
def test_bytes_of_arrays(pictures, data):
    sound = arrays(x=X, y=Y, manual_flag=Y)
    report = outcome(pictures.data("data/castings.npz", changed_here_and_there(sound, data)).path)
    if report.client:
        client.case_data(pictures.path, report.client.cases[0])


@quick
@given(st.lists(st.sampled_from(["a", "", "\t", "\n", "\r", "é", "\ufeff", "\0", '"']), max_size=12).map("".join))
def test_any_translations(sound_letters, text):
    outcome(sound_letters.data("data/letters.tsv", text.encode()).path)


@pytest.fixture(scope="module")
def sound_letters(tmp_path_factory) -> Folder:
    changed = case(
        Folder(tmp_path_factory.mktemp("letters"), B), "asset_id: T1, case: translator, data: data/letters.tsv"
    )
    return changed.write(PREDICTIONS, changed.rows(PREDICTIONS)[:30])
