"""Events of a recommender's case: read, counted, and refused with the row and the remedy."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import papermill
import pytest
from test_client import B, Folder
from test_client_data import as_parquet, case

from lepton_nb import client, paths, results, value_model
from lepton_nb.client import case_events
from lepton_nb.client.words import Refused
from lepton_nb.datasets.movielens import made_ratings
from lepton_nb.report import cases, chapters
from lepton_nb.value_model import line_money

ENTRY = "asset_id: C1, case: recommender, data: data/orders.csv, user_column: customer, item_column: article, time_column: day"
SPLIT = ", split: {by: day, test_from: 2025-03-01}"
HEADER = "customer,article,day"
EVENTS = [
    ("c1", "bread", "2025-01-05"), ("c1", "milk", "2025-01-07"), ("c1", "jam", "2025-03-02"), ("c1", "tea", "2025-03-09"),
    ("c2", "bread", "2025-01-09"), ("c2", "tea", "2025-02-01"), ("c2", "milk", "2025-03-05"), ("c2", "salt", "2025-03-07"),
    ("c3", "jam", "2025-02-11"), ("c4", "milk", "2025-03-08"),
]  # fmt: skip
EVENTS += [  # enough other articles for a list of ten
    (f"c{user}", f"article {n}", f"2025-02-0{user}") for user in (5, 6) for n in range(6 * user - 30, 6 * user - 18)
]


def orders(events=EVENTS, header: str = HEADER) -> bytes:
    return "\n".join([header, *(",".join(event) for event in events), ""]).encode()


@pytest.fixture
def bank(tmp_path):
    def make(entry: str = ENTRY + SPLIT, data: bytes | None = None) -> Folder:
        changed = Folder(tmp_path, B)
        return case(changed, entry).data("data/orders.csv", data or orders())

    return make


def test_events_are_read_and_what_cannot_be_foretold_is_counted(bank):
    changed = bank()
    (found,) = client.load(changed.path).cases
    assert (found.case, found.kind, found.n) == ("recommender", "events", 34)
    assert (found.users, found.items, found.single_users, found.unseen_items) == (6, 23, 2, 1)
    assert (found.test_from, found.last_day) == (date(2025, 3, 1), date(2025, 3, 9))
    assert client.case_data(changed.path, found)["article"].tolist()[:3] == ["bread", "milk", "jam"]


def test_users_of_one_choice_and_items_never_chosen_before_are_notes_not_refusals(bank):
    told = {note.column: note.sentence for note in bank().check().warnings if note.rule == 124}
    assert "2 of 6 users chose one item" in told["cases.user_column"]
    assert "1 of 23 items were first chosen on or after 2025-03-01" in told["cases.item_column"]


def test_without_a_split_the_last_fifth_of_the_events_is_the_test(bank):
    assert client.load(bank(ENTRY).path).cases[0].test_from == date(2025, 2, 6)


def test_a_parquet_file_of_the_same_events_is_the_same_case(bank):
    changed = bank()
    before = client.load(changed.path).cases[0].sha256
    as_parquet(changed, "data/orders.csv")
    changed.yml("orders.csv", "orders.parquet")
    assert client.load(changed.path).cases[0].sha256 == before


def test_times_may_have_a_time_of_day():
    assert case_events.moment("2025-03-02 14:30:05") == datetime(2025, 3, 2, 14, 30, 5, tzinfo=UTC)
    assert case_events.moment("2025-03-02T14:30") > case_events.moment("2025-03-02")
    for wrong in ("2025-03-02 25:00", "2.3.2025", "880606923", ""):
        with pytest.raises(Refused) as stop:
            case_events.moment(wrong)
        assert stop.value.rule == 34


def changed_event(row: int, place: int, text: str) -> bytes:
    events = [list(event) for event in EVENTS]
    events[row][place] = text
    return orders(events)


ONCE = [(f"c{n}", "bread" if n % 2 else "milk", f"2025-0{1 + n % 3}-1{n}") for n in range(1, 8)]
STRANGERS = [event for event in EVENTS if event[2] < "2025-03"] + [
    ("c9", "bread", "2025-03-04"),
    ("c9", "milk", "2025-03-04"),
]
REFUSED = {
    "no user": (ENTRY.replace("user_column: customer, ", ""), None, "user_column", 2, "name the column that says who chose; there are customer"),
    "no item": (ENTRY.replace("item_column: article, ", ""), None, "item_column", 2, "what was chosen"),
    "no time": (ENTRY.replace(", time_column: day", ""), None, "time_column", 2, "when, as YYYY-MM-DD"),
    "misspelt": (ENTRY.replace("article", "articel"), None, "item_column", 17, 'did you mean "article"?'),
    "one column twice": (ENTRY.replace("item_column: article", "item_column: customer"), None, "item_column", 41, "is user_column too"),
    "nobody": (ENTRY + SPLIT, changed_event(2, 0, ""), "user_column", 41, "row 4: empty"),
    "nothing": (ENTRY + SPLIT, changed_event(2, 1, " "), "item_column", 41, "row 4: empty"),
    "no day": (ENTRY + SPLIT, changed_event(2, 2, "2.3.2025"), "time_column", 34, 'row 4: "2.3.2025" is not a date'),
    "no time of day": (ENTRY + SPLIT, changed_event(2, 2, "2025-03-02 25:00"), "time_column", 34, "row 4:"),
    "after the valuation date": (ENTRY + SPLIT, changed_event(2, 2, "2199-03-02"), "time_column", 21, "after the valuation date"),
    "users of one event": (ENTRY + SPLIT, orders(ONCE), "user_column", 41, "each of the 7 users chose one item"),
    "strangers alone": (ENTRY + SPLIT, orders(STRANGERS), "split", 41, "no user of the test chose anything before"),
    "new items alone": (ENTRY + ", split: {by: day, test_from: 2025-03-07}", orders([*EVENTS[:3], *EVENTS[4:7], ("c1", "new", "2025-03-09")]),
                        "split", 41, "none of the 1 items chosen from 2025-03-07 on was chosen before"),
    "one side": (ENTRY + ", split: {by: day, test_from: 2031-01-01}", None, "split", 41, "0 of 34 events lie on or after 2031-01-01"),
    "at random": (ENTRY + ", split: {by: random, test_share: 0.2}", None, "split", 41, "write {by: day, test_from: YYYY-MM-DD}"),
    "few items": (ENTRY + SPLIT, orders(EVENTS[:10]), "item_column", 41, "5 items, of which one user chose 4"),
    "a target": (ENTRY + ", target: article", None, "target", 41, "a recommender has none"),
    "a baseline": (ENTRY + ", baseline_column: article", None, "baseline_column", 41, "a recommender has none"),
    "predictions": (ENTRY + ", predictions: data/p.csv", None, "predictions", 41, "a recommender has none"),
    "a user of another kind": (ENTRY.replace("recommender", "forecaster") + ", target: day, horizon: 2", None, "user_column", 41, "a forecaster has none"),
    "images": (ENTRY.replace("orders.csv", "orders.npz"), None, "data", 41, "a recommender is read from .csv or .parquet"),
    "cells": (ENTRY + SPLIT, orders() + b"c1,bread\n", "data", 35, "row 36: 2 cells, the header has 3"),
    "a public set": (ENTRY.replace("data/orders.csv", '"public:german_credit"'), None, "data", 41, "holds no choices of users"),
    "research only": (ENTRY.replace("data/orders.csv", '"public:movielens"'), None, "data", 41, "may be used for research only"),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "data", "key", "rule", "words"), REFUSED.values(), ids=list(REFUSED))
def test_events_that_do_not_fit_are_refused_with_place_and_remedy(bank, entry, data, key, rule, words):
    problems = bank(entry, data).check().problems
    assert [(problem.column, problem.rule) for problem in problems] == [(f"cases.{key}", rule)]
    assert words in problems[0].sentence


def test_the_plan_says_which_chapter_measures_it(bank):
    (told,) = cases.plans_in_words(chapters.read_all(paths.project()), client.load(bank().path))
    assert told.startswith(
        "C1: recommendation@C1 (35_recommendation.ipynb) will measure it on data/orders.csv, trained here"
    )


def test_a_case_is_executed_and_its_hits_become_money(tmp_path):
    """Made-up orders through the chapter itself, and from its record to the value."""
    rows = made_ratings()
    some = np.isin(rows["user"], np.unique(rows["user"])[:120])
    days = rows["timestamp"][some].astype("datetime64[s]").astype(str)
    events = [(f"u{u}", f"i{i}", day) for u, i, day in zip(rows["user"][some], rows["item"][some], days, strict=True)]
    changed = case(Folder(tmp_path, B), ENTRY).data("data/orders.csv", orders(events))
    folder = changed.path
    given = {
        "client_folder": str(folder),
        "case": "C1",
        "results_folder": str(tmp_path / "out"),
        "epochs": 4,
        "size": 8,
    }
    papermill.execute_notebook(str(paths.notebook("recommendation")), str(tmp_path / "out.ipynb"), given,
                               cwd=str(tmp_path), kernel_name="python3", progress_bar=False)  # fmt: skip
    found = results.measured(tmp_path / "out")
    assert found["C1"].trial and found["C1"].evaluation["effect"] == "hits"
    company = client.load(folder)
    link = client.MetricLink("measured", "C1")
    price = {"unit_value_low": 0.2, "unit_value_mode": 0.3, "unit_value_high": 0.5}
    (row,) = [one for one in company.benefits if one.asset_id == "C1"][:1]
    company = company.model_copy(update={"benefits": (row.model_copy(update={"metric_link": link, **price}),)})
    plan = value_model.plan(company, measured=found)
    line = plan.benefits[0]
    assert float(line_money.unit_value(plan, line)) == pytest.approx(0.3 * found["C1"].evaluation["gain"])
