"""The price of an hour of a client's machines: from its own costs and months of use, or a sentence on what is missing."""

from __future__ import annotations

import pytest
from made_cases import ENTRY, bank, table
from test_client import Folder, M

from lepton_nb import casework, client
from lepton_nb.casework import doors, judging
from lepton_nb.page import case_tables


def found(folder) -> tuple[float | None, str]:
    case = client.load(folder.path).cases[0]
    return case.hour_price, case.hour_source


def without(folder, file: str, keep) -> None:
    header, *rows = folder.rows(file)
    folder.write(file, [header, *(row for row in rows if keep(dict(zip(header, row, strict=True))))])


def test_an_hour_costs_what_machines_cost_a_year_over_the_hours_that_they_ran(tmp_path):
    folder = Folder(tmp_path, M)
    price, told = found(folder)
    assert price == pytest.approx((49_000 + 180_000 / 6) / (12 * 7_200))
    assert (
        "I1 running, 49,000 EUR in 2027" in told and "180,000 EUR over 6 years" in told and "86,400 GPU hours" in told
    )


def test_without_months_of_use_a_machine_has_all_hours_of_the_year(tmp_path):
    folder = Folder(tmp_path, M)
    without(folder, "usage.csv", lambda row: False)
    price, told = found(folder)
    assert price == pytest.approx((49_000 + 30_000) / 8_760) and "usage.csv gives no GPU hours" in told


def test_machines_without_a_cost_and_models_without_a_machine_have_no_price(tmp_path):
    folder = Folder(tmp_path / "costless", M)
    without(folder, "costs.csv", lambda row: row["asset_id"] != "I1")
    assert found(folder) == (None, "costs.csv gives no cost of I1, so an hour of a machine has no price here.")
    price, told = found(bank(tmp_path / "bank"))
    assert price is None and told.startswith("assets.csv names no infrastructure that feeds C1")


def shown(folder) -> str:
    case = casework.of_client(client.load(folder.path).only("cases"), folder.path, "C1")
    judged = judging.judge(case, doors.fit(case, "logistic"), learning=False, blocks=False)
    return case_tables.time_and_cost(judged)._repr_mimebundle_()["text/plain"]


def test_the_page_of_a_case_shows_money_or_says_why_it_has_none(tmp_path):
    folder = bank(tmp_path, ENTRY)
    assert "The times stand without money: assets.csv names no infrastructure that feeds C1" in shown(folder)
    header, *rows = folder.rows("assets.csv")
    at = header.index("feeds")
    rows = [[*row[:at], "T1;C1", *row[at + 1 :]] if row[0] == "I1" else row for row in rows]
    folder.write("assets.csv", [header, *rows])
    told = shown(folder)
    assert "without money" not in told and "I1 running, 14,000 EUR in 2027" in told.replace(
        "\N{NARROW NO-BREAK SPACE}", ","
    )


def test_a_case_that_is_no_clients_says_nothing_of_a_price():
    case = table()
    judged = judging.judge(case, doors.fit(case, "logistic"), learning=False, blocks=False)
    assert case_tables._priced(judged) == []
