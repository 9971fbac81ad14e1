"""A client's series, measured: from rows to series, forecasts judged once, money beside what was done before, to the value."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import papermill
import pytest
from scipy import stats
from test_client import B, Folder
from test_client_data import case
from test_client_series import ENTRY, sales, weeks

from lepton_nb import client, datasets, forecasting, paths, ranking, results, value_model
from lepton_nb.casework import NotUsable, foretelling
from lepton_nb.client import MetricLink
from lepton_nb.page import foretelling_charts
from lepton_nb.report import cases, chapters
from lepton_nb.value_model import line_money

REAL_DATA = os.environ.get("LEPTON_DATA", "")
PRICED = ", cost_too_low: 3, cost_too_high: 1"
BEFORE = ", baseline_column: planned"


def wavy(count: int = 90, late: int = 0) -> bytes:
    """Weekly sales of two stores with a wave of four weeks, and a plan that knows their mean alone."""
    draw, first = np.random.default_rng(42), date(2024, 1, 1)
    rows = [
        [store, str(first + timedelta(days=7 * week)), f"{level + 30 * np.sin(np.pi * week / 2) + draw.normal(0, 3):.2f}", str(level)]
        for store, level, begin in (("north", 100, 0), ("south", 200, late)) for week in range(begin, count)
    ]  # fmt: skip
    return sales(rows, "store,week,units,planned")


@pytest.fixture
def one(tmp_path):
    def make(entry: str = ENTRY + PRICED + BEFORE, data: bytes | None = None) -> foretelling.Series:
        folder = case(Folder(tmp_path / str(len(list(tmp_path.iterdir()))), B), entry).data(
            "data/sales.csv", data or wavy()
        )
        return foretelling.of_client(client.load(folder.path), folder.path, "C1")

    return make


def last_season(one):
    return foretelling.foretell(one, lambda task, part: forecasting.seasonal_naive(task), [{}])


LINES = [{"penalty": 0.03, "base": "season"}, {"penalty": 1.0, "base": "season"}]


def test_rows_become_series_with_parts_in_time_and_a_price(one):
    found = one()
    assert (found.task.names, found.unit, found.money, found.level) == (("north", "south"), "store weeks", "EUR", 0.75)
    assert found.task.cuts == (52, 72, 90) and found.test_from == date(2025, 5, 19)  # 20 to choose by, a fifth judges
    raw = found.task.values * found.task.spread[:, None] + found.task.centre[:, None]
    rows = [line.split(",") for line in wavy().decode().splitlines()[1:]]
    assert raw.ravel() == pytest.approx([float(row[2]) for row in rows], abs=1e-4)
    assert found.before.tolist() == [[100.0] * 90, [200.0] * 90] and found.left_out == 0
    assert found.task.known.shape == (90, 4)  # the place in the year


def test_series_that_begin_later_cut_the_others_and_that_is_a_finding(one):
    found = one(data=wavy(late=10))
    assert found.task.values.shape == (2, 80) and found.left_out == 10
    assert found.task.times[0] == np.datetime64("2024-03-11") and found.before[1, 0] == 200
    told = foretelling.findings(
        found, {"coverage": ranking.Mean(0.9, 0.8, 1.0, 40)}, *[ranking.Mean(1, 0.5, 1.5, 40)] * 2
    )
    assert [item.check for item in told] == ["side by side"]


def test_a_column_that_is_known_ahead_is_that_of_its_own_series(one):
    rows = [[*row[:3], str(int(row[0] == "south" and number % 3 == 0)), row[4]] for number, row in enumerate(weeks())]
    found = one(ENTRY + ", known_columns: [holiday]", sales(rows))
    assert found.task.known.shape == (2, 40, 5)
    assert len(np.unique(found.task.known[0, :, 4])) == 1 and len(np.unique(found.task.known[1, :, 4])) == 2
    blind = foretelling.foretell(replace(found, task=found.task.blind), forecasting.linear, LINES[:1])
    seen = foretelling.foretell(found, forecasting.linear, LINES[:1])
    assert not np.allclose(seen.late.mean, blind.late.mean)


def test_no_later_step_changes_a_forecast_or_its_order(one):
    data = wavy().decode().splitlines()
    later = [
        ",".join([*line.split(",")[:2], "500", "0"]) if place in (89, 90, 179, 180) else line
        for place, line in enumerate(data)
    ]
    first, second = (
        foretelling.foretell(one(data=text), forecasting.linear, LINES)
        for text in (None, "\n".join([*later, ""]).encode())
    )
    early = first.test.origin + 2 <= 88  # nothing that is foretold, and nothing that sets quantiles right, is later
    assert early.sum() > 20 and first.setting == second.setting
    assert np.array_equal(first.late.quantiles[early], second.late.quantiles[early])


def test_an_order_costs_what_is_missing_and_what_is_left_by_hand(one):
    found = one()
    way = foretelling.foretell(found, foretelling.as_before(found), [{}])
    costs = foretelling.costs(found, way.test, way.late, plain=True)
    truth = found.task.values * found.task.spread[:, None] + found.task.centre[:, None]
    by_hand = [
        np.mean([3 * max(truth[s, at] - level, 0) + max(level - truth[s, at], 0) for s, level in ((0, 100), (1, 200)) for at in (o, o + 1)])
        for o in range(72, 89)
    ]  # fmt: skip
    assert costs == pytest.approx(by_hand, rel=1e-5)
    moved = foretelling.costs(found, way.test, way.late)
    assert moved.mean() < costs.mean()  # the quantile that the prices ask for, of the same plan


def test_a_forecast_that_knows_the_wave_saves_beside_a_plan_that_does_not(one):
    found = one()
    plan = foretelling.foretell(found, foretelling.as_before(found), [{}])
    line = foretelling.foretell(found, forecasting.linear, LINES)
    more = foretelling.costs(found, plan.test, plan.late, plain=True) - foretelling.costs(found, line.test, line.late)
    row = foretelling.trial(found, "closed form", more)
    trial = client.Trial.model_validate(row | {"trial_id": "t", "asset_id": "C1"})
    assert (trial.unit, trial.effect, trial.n) == ("store weeks", "", 36) and trial.interval[0] > 10
    gain = foretelling.mean(found, more)
    assert (gain.low, gain.high) == pytest.approx(trial.interval, rel=1e-3)
    shown = foretelling.figures(found, line)
    assert shown["error"].value < 6 and 0.75 < shown["coverage"].value <= 1
    told = foretelling_charts.gain_told(gain, "closed form", "what was done before", found)
    assert "closed form saves" in told and "per store week" in told
    quiet = foretelling.trial(one(ENTRY + BEFORE), "closed form", more)
    assert quiet["effect"] == "units of error"


def test_an_error_from_stretches_is_that_of_a_textbook_and_wide_where_few_fit():
    draw = np.random.default_rng(5)
    many = draw.normal(size=4000)
    assert forecasting.block_error(many, 1) == pytest.approx(many.std(ddof=1) / np.sqrt(4000), rel=2e-3)
    walk = np.convolve(many, np.ones(20) / 20, "valid")  # neighbours hang together
    assert forecasting.block_error(walk, 60) > 3 * walk.std() / np.sqrt(len(walk))
    two, spread = np.array([0.0, 1.0] * 2), 0.0
    assert forecasting.block_error(two, 2) == pytest.approx(spread)
    wide = forecasting.block_error(np.array([0.0, 0.0, 1.0, 1.0]), 2)
    means = [0.0, 0.5, 1.0, 0.5]
    assert wide == pytest.approx(np.std(means) * stats.t.ppf(0.95, 1) / stats.norm.ppf(0.95))
    for values, length in ((two, 3), (two, 0), (two[None], 1)):
        with pytest.raises(ValueError, match="two blocks at least must fit"):
            forecasting.block_error(values, length)


def test_many_windows_are_thinned_and_every_place_of_a_season_stays(monkeypatch):
    monkeypatch.setattr(foretelling, "MOST_WINDOWS", 50)
    assert [foretelling._stride(count, season, 2) for count, season in ((180, 4), (40, 4), (100, 24))] == [5, 1, 5]
    monkeypatch.undo()
    assert [foretelling._stride(20_000, 1, horizon) for horizon in (8, 40, 400)] == [1, 2, 10]


def test_public_series_are_measured_too_and_those_with_holes_are_refused(monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    said = {"target": "Weekly_Sales", "time_column": "Date", "series_column": "Store", "horizon": 8}
    found = foretelling.of_public(datasets.load("walmart_sales"), **said)
    assert found.stand_in and found.asset_id == "" and found.unit == "Store weeks" and found.task.names[0] == "1"
    holes = {"target": "traffic_volume", "time_column": "date_time", "horizon": 24}
    with pytest.raises(NotUsable, match=r"time_column row .* stands in row .* too; a series has one row a time"):
        foretelling.of_public(datasets.load("metro_traffic"), **holes)


SENTENCES = {
    "gain": (foretelling_charts.gain_told, (5.0, 3.0, 7.0), (-5.0, -7.0, -3.0), "saves", "loses"),
    "open": (foretelling_charts.gain_told, (5.0, 3.0, 7.0), (5.0, -3.0, 13.0), "saves", "does not tell"),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_follows_its_interval(name):
    tell, first, second, phrase, other = SENTENCES[name]
    about = SimpleNamespace(money="EUR", unit="store weeks")
    told = [tell(ranking.Mean(*ends, 9), "closed form", "last season", about) for ends in (first, second)]
    assert phrase in told[0] and other in told[1]


def test_other_sentences_follow_their_figures():
    about = SimpleNamespace(money="EUR", unit="hours")
    held = [
        foretelling_charts.held_told(ranking.Mean(share, share - 0.02, share + 0.02, 9)) for share in (0.8, 0.91, 0.97)
    ]
    assert ["too few" in held[0], "as promised" in held[1], "too many" in held[2]] == [True] * 3
    margin = [
        foretelling_charts.margin_told(ranking.Mean(cost, 0, 9, 9), ranking.Mean(4.0, 0, 9, 9), about)
        for cost in (6.0, 3.0)
    ]
    assert "would have saved" in margin[0] and "would have cost" in margin[1]


def test_findings_follow_the_figures(one):
    found = one()
    good, bad = ranking.Mean(1.0, 0.5, 1.5, 40), ranking.Mean(-1.0, -1.5, -0.5, 8)
    held = {"coverage": ranking.Mean(0.9, 0.85, 0.95, 40)}
    assert foretelling.findings(found, held, good, good) == ()
    told = foretelling.findings(found, {"coverage": ranking.Mean(0.7, 0.6, 0.8, 8)}, bad, bad)
    assert [item.check for item in told] == ["baseline", "last season", "few stretches", "coverage"]


@pytest.mark.skipif(not REAL_DATA, reason="LEPTON_DATA is not set")
def test_three_real_stores_are_foretold_and_a_line_beats_last_season(one):
    file = Path(REAL_DATA) / "walmart_weekly_sales.csv.gz"
    if not file.is_file():
        pytest.skip("the sales are not in LEPTON_DATA")
    header, *rows = gzip.decompress(file.read_bytes()).decode().splitlines()
    cut = "\n".join([header, *(row for row in rows if row.split(",")[0] in ("1", "2", "3")), ""]).encode()
    entry = "asset_id: C1, case: forecaster, data: data/sales.csv, target: Weekly_Sales, time_column: Date, series_column: Store, horizon: 4"
    found = one(entry + ", cost_too_low: 0.25, cost_too_high: 0.08", cut)
    lines = [{"penalty": penalty, "base": "season"} for penalty in (1.0, 10.0)]
    ways = {"line": foretelling.foretell(found, partial(forecasting.linear), lines), "naive": last_season(found)}
    cost = {way: foretelling.costs(found, each.test, each.late) for way, each in ways.items()}
    assert len(cost["line"]) == 26 and 1e3 < cost["line"].mean() < 3e5
    assert foretelling.mean(found, cost["naive"] - cost["line"]).n == 26


def test_a_case_is_executed_and_its_saving_becomes_money(tmp_path):
    """Made-up sales through the chapter itself, and from its record to the value."""
    folder = case(Folder(tmp_path, B), ENTRY + PRICED + BEFORE).data("data/sales.csv", wavy()).path
    given = {"client_folder": str(folder), "case": "C1", "results_folder": str(tmp_path / "out"), "trees": 5}
    papermill.execute_notebook(str(paths.notebook("demand")), str(tmp_path / "out.ipynb"), given,
                               cwd=str(tmp_path), kernel_name="python3", progress_bar=False)  # fmt: skip
    found = results.measured(tmp_path / "out")
    measured = found["C1"].evaluation
    assert found["C1"].trial and "effect" not in measured and measured["baseline"] == "planned" and measured["gain"] > 5
    company = client.load(folder)
    (row,) = [one for one in company.benefits if one.asset_id == "C1"][:1]
    empty = dict.fromkeys(f"unit_value_{point}" for point in ("low", "mode", "high"))
    linked = row.model_copy(update={"metric_link": MetricLink("measured", "C1"), **empty})
    plan = value_model.plan(company.model_copy(update={"benefits": (linked,)}), measured=found)
    assert float(line_money.unit_value(plan, plan.benefits[0])) == pytest.approx(measured["gain"])


@pytest.mark.parametrize(("price", "value", "words"), [
    (PRICED, "3", "is given beside a link to an evaluation; leave it empty"),
    ("", "", 'is empty; it is the money of one of "units of error"'),
])  # fmt: skip
def test_money_of_an_error_is_said_once_in_the_case_or_in_the_benefit(tmp_path, price, value, words):
    folder = case(Folder(tmp_path, B), ENTRY + price).data("data/sales.csv", wavy())
    folder.cell("benefits.csv", 2, "metric_link", "measured:C1")
    for point in ("low", "mode", "high"):
        folder.cell("benefits.csv", 2, f"unit_value_{point}", value)
    (problem,) = folder.check().problems
    assert words in problem.sentence


def test_with_a_price_the_benefit_rests_on_the_saving_and_check_says_so(tmp_path):
    folder = case(Folder(tmp_path, B), ENTRY + PRICED).data("data/sales.csv", wavy())
    folder.cell("benefits.csv", 2, "metric_link", "measured:C1")
    company = client.load(folder.path)
    (told,) = cases.plans_in_words(chapters.read_all(paths.project()), company)
    assert told.endswith("credit_decisions will rest on what it measures.")
