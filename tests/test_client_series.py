"""Series of a forecaster's case: read, counted, and refused with the row and the remedy."""

from __future__ import annotations

import gzip
import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from test_client import B, Folder
from test_client_data import as_parquet, case

from lepton_nb import client, paths
from lepton_nb.report import cases, chapters

ENTRY = "asset_id: C1, case: forecaster, data: data/sales.csv, target: units, time_column: week, series_column: store, horizon: 2, season: 4"
KNOWN = ENTRY + ", known_columns: [holiday]"
HEADER = "store,week,units,holiday,returns"
REAL_DATA = os.environ.get("LEPTON_DATA", "")


def weeks(count: int = 40, stores=("north", "south")) -> list[list[str]]:
    first = date(2025, 1, 6)
    return [
        [
            store,
            str(first + timedelta(days=7 * number)),
            str(100 + 7 * number % 11 + 50 * place),
            str(int(number % 6 == 0)),
            str(number % 4),
        ]
        for place, store in enumerate(stores)
        for number in range(count)
    ]


def sales(rows=None, header: str = HEADER) -> bytes:
    return "\n".join([header, *(",".join(row) for row in rows or weeks()), ""]).encode()


def changed(row: int, place: int, text: str) -> bytes:
    rows = weeks()
    rows[row][place] = text
    return sales(rows)


def without(*places: int) -> bytes:
    return sales([row for place, row in enumerate(weeks()) if place not in places])


@pytest.fixture
def bank(tmp_path):
    def make(entry: str = ENTRY, data: bytes | None = None) -> Folder:
        return case(Folder(tmp_path / str(len(list(tmp_path.iterdir()))), B), entry).data(
            "data/sales.csv", data or sales()
        )

    return make


def test_series_are_read_and_what_is_known_ahead_is_a_note(bank):
    folder = bank(KNOWN)
    (found,) = client.load(folder.path).cases
    assert (found.case, found.kind, found.n, found.series) == ("forecaster", "series", 80, 2)
    assert (found.step, found.season, found.horizon, found.known_columns) == ("7 days", 4, 2, ("holiday",))
    assert (found.test_from, found.last_day) == (date(2025, 8, 18), date(2025, 10, 6))
    assert client.case_data(folder.path, found)["units"][:2].tolist() == [100.0, 107.0]
    told = [note.sentence for note in folder.check().warnings if note.rule == 127]
    assert len(told) == 1 and '"holiday"' in told[0] and "up to 2 steps before their time" in told[0]


def test_without_a_season_it_follows_the_step_and_one_series_needs_no_name(bank):
    hours = [[f"2025-01-{1 + n // 24:02d} {n % 24:02d}:00", str(n % 7)] for n in range(24 * 16)]
    entry = "asset_id: C1, case: forecaster, data: data/sales.csv, target: cars, time_column: hour, horizon: 24"
    (found,) = client.load(bank(entry, sales(hours, "hour,cars")).path).cases
    assert (found.season, found.series, found.step) == (24, 1, "1 hour")
    months = [[f"{2018 + n // 12}-{1 + n % 12:02d}-01", str(n * n % 13)] for n in range(60)]
    entry = "asset_id: C1, case: forecaster, data: data/sales.csv, target: units, time_column: month, horizon: 3"
    (found,) = client.load(bank(entry, sales(months, "month,units")).path).cases
    assert (found.season, found.step) == (12, "calendar months")


def test_a_parquet_file_of_the_same_series_is_the_same_case(bank):
    folder = bank()
    before = client.load(folder.path).cases[0].sha256
    as_parquet(folder, "data/sales.csv")
    folder.yml("sales.csv", "sales.parquet")
    assert client.load(folder.path).cases[0].sha256 == before


def test_a_public_series_is_named_by_its_columns(bank):
    entry = 'asset_id: C1, case: forecaster, data: "public:walmart_sales", target: Weekly_Sales, time_column: Date, series_column: Store, horizon: 8'
    assert client.load(bank(entry).path).cases[0].kind == "series"
    (problem,) = bank(entry.replace("Weekly_Sales", "Weekly_Sale")).check().problems
    assert 'did you mean "Weekly_Sales"?' in problem.sentence


TWICE = [row if place != 5 else weeks()[4] for place, row in enumerate(weeks())]
SWAPPED = [weeks()[{4: 5, 5: 4}.get(place, place)] for place in range(80)]
REFUSED = {
    "no target": (ENTRY.replace("target: units, ", ""), None, "target", 2, "name the column that is to be foretold"),
    "no time": (ENTRY.replace("time_column: week, ", ""), None, "time_column", 2, "says when, as YYYY-MM-DD"),
    "no horizon": (ENTRY.replace(", horizon: 2", ""), None, "horizon", 2, "say how many steps are foretold"),
    "misspelt": (ENTRY.replace("store", "stroe"), None, "series_column", 17, 'did you mean "store"?'),
    "known misspelt": (ENTRY + ", known_columns: [holidays]", None, "known_columns", 17, 'did you mean "holiday"?'),
    "one column twice": (ENTRY.replace("series_column: store", "series_column: week"), None, "series_column", 41, "is time_column too"),
    "no series": (ENTRY, changed(3, 0, ""), "series_column", 41, "row 5: empty"),
    "no date": (ENTRY, changed(3, 1, "27.1.2025"), "time_column", 34, 'row 5: "27.1.2025" is not a date'),
    "no number": (ENTRY, changed(3, 2, "n/a"), "target", 35, "row 5:"),
    "empty": (ENTRY, changed(3, 2, ""), "target", 41, "row 5: empty; give a number for each step"),
    "double time": (ENTRY, sales(TWICE), "time_column", 41, '2025-02-03 00:00 of series "north" stands in row 6 too'),
    "not in order": (ENTRY, sales(SWAPPED), "time_column", 41, "row 7: 2025-02-03 00:00 of series \"north\" follows 2025-02-10 00:00; sort the rows"),
    "a gap": (ENTRY, without(5, 6), "time_column", 41, "follows 2025-02-03 00:00: steps are of 7 days, 2 are missing; give a row"),
    "another step": (ENTRY, changed(39, 1, "2025-10-08"), "time_column", 41, "steps are of 7 days, this one is not"),
    "too short": (ENTRY, sales(weeks(9)), "data", 41, '7 steps of all series together lie before 2025-02-24, 26 are needed: a season of 4, the horizon of 2 and 20 to choose by'),
    "a new store": (ENTRY, without(*range(40, 55)), "data", 41, "17 steps of all series together lie before 2025-08-18, 26 are needed"),
    "no test": (ENTRY + ", split: {by: week, test_from: 2025-09-20}", None, "split", 41, "3 steps of all series together lie on or after 2025-09-20, 6 are needed: 3 times the horizon of 2; begin the test earlier"),
    "at random": (ENTRY + ", split: {by: random, test_share: 0.2}", None, "split", 41, "write {by: week, test_from: YYYY-MM-DD}"),
    "never changes": (ENTRY, sales([[*row[:2], "5", *row[3:]] for row in weeks()]), "target", 41, "never changes"),
    "the target known ahead": (ENTRY + ", known_columns: [units]", None, "known_columns", 46, "is the target"),
    "the target by another name": (ENTRY + ", known_columns: [returns]", sales([[*row[:4], str(2 * float(row[2]))] for row in weeks()]),
                                   "known_columns", 46, "of its own step in every row"),
    "tomorrow's target": (ENTRY + ", known_columns: [returns]",
                          sales([[*row[:4], other[2]] for row, other in zip(weeks(), [*weeks()[1:40], weeks()[0], *weeks()[41:], weeks()[0]], strict=True)]),
                          "known_columns", 46, "of the next step in every row"),
    "known, no number": (KNOWN, changed(3, 3, "yes"), "known_columns", 35, "row 5:"),
    "later than the valuation date": (ENTRY, sales([[row[0], str(date.fromisoformat(row[1]) + timedelta(days=7 * 600)), *row[2:]] for row in weeks()]),
                                      "time_column", 21, "a step of"),
    "predictions": (ENTRY + ", predictions: data/p.csv", None, "predictions", 41, "a forecaster has none"),
    "a horizon of another kind": (ENTRY.replace("forecaster", "risk_classifier").replace("time_column: week, series_column: store, ", ""), None, "horizon", 41,
                                  "a risk_classifier has none"),
    "half a price": (ENTRY + ", cost_too_low: 3", None, "cost_too_high", 2, "is missing beside its other half; give what a unit costs on both sides"),
    "no price": (ENTRY + ", cost_too_low: 0, cost_too_high: 1", None, "cost_too_low", 35, "a number above 0 is needed"),
    "a far quantile": (ENTRY + ", cost_too_low: 60, cost_too_high: 1", None, "cost_too_low", 41, "ask for the 98.4 % quantile; from 5 to 95 % can be measured"),
    "a price of another kind": (ENTRY.replace("forecaster", "risk_classifier").replace("time_column: week, series_column: store, horizon: 2, season: 4", "cost_too_high: 1"),
                                None, "cost_too_high", 41, "a risk_classifier has none"),
    "written down afterwards": (ENTRY + ", baseline_column: returns", sales([[*row[:4], row[2]] for row in weeks()]), "baseline_column", 46,
                                '"returns" says "units" of its own step in every row; name what was foretold'),
    "other weekdays": (ENTRY, sales([[row[0], str(date.fromisoformat(row[1]) + timedelta(days=row[0] == "south")), *row[2:]] for row in weeks()]),
                       "time_column", 41, 'series "south" begins 2025-01-07 00:00, series "north" has no row then'),
    "images": (ENTRY.replace("sales.csv", "sales.npz"), None, "data", 41, "a forecaster is read from .csv or .parquet"),
    "cells": (ENTRY, sales() + b"north,2025-04-21\n", "data", 35, "row 82: 2 cells, the header has 5"),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "data", "key", "rule", "words"), REFUSED.values(), ids=list(REFUSED))
def test_series_that_do_not_fit_are_refused_with_place_and_remedy(bank, entry, data, key, rule, words):
    problems = bank(entry, data).check().problems
    assert [(problem.column, problem.rule) for problem in problems] == [(f"cases.{key}", rule)]
    assert words in problems[0].sentence


def test_the_plan_says_which_chapter_measures_it_and_on_what(bank):
    told = cases.plans_in_words(chapters.read_all(paths.project()), client.load(bank().path))
    assert told == [
        "C1: demand@C1 (42_demand.ipynb) will measure it on data/sales.csv, trained here; steps, foretold up to 2 ahead, "
        "from 2025-08-18 on are the test; no benefit links to it (metric_link measured:C1), so it stands beside what was typed."
    ]


@pytest.mark.skipif(not REAL_DATA, reason="LEPTON_DATA is not set")
def test_a_piece_of_the_real_sales_is_read(bank):
    file = Path(REAL_DATA) / "walmart_weekly_sales.csv.gz"
    if not file.is_file():
        pytest.skip("the sales are not in LEPTON_DATA")
    header, *rows = gzip.decompress(file.read_bytes()).decode().splitlines()
    cut = "\n".join([header, *(row for row in rows if row.split(",")[0] in ("1", "2", "3")), ""])
    entry = "asset_id: C1, case: forecaster, data: data/sales.csv, target: Weekly_Sales, time_column: Date, series_column: Store, horizon: 8, known_columns: [Holiday_Flag]"
    (found,) = client.load(bank(entry, cut.encode()).path).cases
    assert (found.series, found.n, found.season, found.test_from) == (3, 429, 52, date(2012, 4, 13))
