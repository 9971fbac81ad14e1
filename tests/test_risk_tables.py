"""Tables of customers and loans: their stand-ins, their real files, and the rule of the old scorecard."""

from __future__ import annotations

import gzip
import os

import numpy as np
import pytest
from scipy import stats

from lepton_nb import datasets
from lepton_nb.datasets import _tables, credit_card_default, german_credit, telco_churn

REAL_DATA = os.environ.get("LEPTON_DATA", "")
TARGETS = {
    "credit_card_default": credit_card_default.TARGET,
    "german_credit": german_credit.TARGET,
    "telco_churn": telco_churn.TARGET,
}
every_table = pytest.mark.parametrize("name", TARGETS)


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)


def auc(y: np.ndarray, column: np.ndarray) -> float:
    return stats.mannwhitneyu(column[y == 1], column[y == 0]).statistic / (y.sum() * (1 - y).sum())


@every_table
def test_a_stand_in_has_the_columns_and_types_of_the_real_file(name):
    made, wanted = datasets.load(name).arrays, datasets.entry(name).arrays
    assert list(made) == list(wanted)
    assert {column: str(array.dtype).replace("str", "U") for column, array in made.items()} == {
        column: str(np.dtype(dtype)) for column, (dtype, _) in wanted.items()
    }
    assert len({array.shape for array in made.values()}) == 1


@every_table
def test_a_stand_in_repeats_is_named_as_one_and_cannot_be_changed_by_a_reader(name):
    first, second = datasets.load(name), datasets.load(name)
    assert first.stand_in and "made" in first.title.lower() and "this project" in first.source
    first.arrays[TARGETS[name]][:] = 9
    assert set(second.arrays[TARGETS[name]]) == set(datasets.load(name).arrays[TARGETS[name]]) == {0, 1}
    assert first.sha256 == datasets.fingerprint(name) == f"stand-in:{name}:1"


@every_table
def test_a_stand_in_has_about_the_share_of_positives_of_the_real_file(name):
    real = {"credit_card_default": 0.2212, "german_credit": 0.3, "telco_churn": 0.2654}[name]
    assert datasets.load(name).arrays[TARGETS[name]].mean() == pytest.approx(real, abs=0.03)


def test_the_signals_of_the_stand_ins_are_those_that_their_descriptions_name():
    cards, loans, lines = (datasets.load(name).arrays for name in TARGETS)
    assert auc(cards[credit_card_default.TARGET], cards["PAY_0"]) > 0.65
    assert auc(cards[credit_card_default.TARGET], -cards["LIMIT_BAL"]) > 0.6
    assert auc(loans[german_credit.TARGET], loans["duration_months"]) > 0.6
    assert loans[german_credit.TARGET][loans["checking_status"] == "A11"].mean() > 2 * (
        loans[german_credit.TARGET][loans["checking_status"] == "A14"].mean()
    )
    assert auc(lines[telco_churn.TARGET], -lines["tenure"]) > 0.65


def test_the_scorecard_flags_two_months_of_delay_and_is_neither_idle_nor_perfect():
    made = datasets.load("credit_card_default").arrays
    flag, y = made["scorecard_flag"].astype(bool), made[credit_card_default.TARGET]
    assert np.array_equal(flag, made["PAY_0"] >= 2)
    assert 0.05 < flag.mean() < 0.2
    assert 0.5 < y[flag].mean() < 0.95 and 0.2 < y[flag].sum() / y.sum() < 0.6
    assert "two months" in credit_card_default.SCORECARD and "this project" in credit_card_default.SCORECARD


def test_made_customers_agree_with_themselves():
    cards, lines = datasets.load("credit_card_default").arrays, datasets.load("telco_churn").arrays
    assert cards["LIMIT_BAL"].min() >= 10_000 and not np.any(cards["LIMIT_BAL"] % 10_000)
    assert all(cards[f"PAY_AMT{month}"].min() >= 0 for month in range(1, 7))
    none = lines["InternetService"] == "No"
    assert all(set(lines[service][none]) == {"No internet service"} for service in telco_churn.SERVICES)
    assert not any("No internet service" in lines[service][~none] for service in telco_churn.SERVICES)
    assert set(lines["TotalCharges"][lines["tenure"] == 0]) == {0.0}


def test_a_table_is_read_as_it_stands_without_the_columns_left_out(tmp_path):
    path = tmp_path / "small.csv.gz"
    path.write_bytes(gzip.compress(b"id,whole,part,text\n7,1,0.5,None\n8,2,1.5,NA\n"))
    read = _tables.read_columns(path, leave_out=("id",))
    assert list(read) == ["whole", "part", "text"]
    assert read["whole"].dtype == np.int64 and read["part"].dtype == np.float64
    assert read["text"].tolist() == ["None", "NA"]


def test_made_events_happen_with_the_share_asked_for_and_follow_the_log_odds():
    generator = np.random.default_rng(0)
    lean = np.repeat([-2.0, 2.0], 5_000)
    happened = _tables.happens(generator, lean, 0.3)
    assert happened.mean() == pytest.approx(0.3, abs=0.015)
    odds = [share / (1 - share) for share in (happened[:5_000].mean(), happened[5_000:].mean())]
    assert np.log(odds[1] / odds[0]) == pytest.approx(4, abs=0.4)


def test_the_published_costs_of_german_credit_are_five_to_one():
    assert german_credit.COSTS["fn"] / german_credit.COSTS["fp"] == 5


@pytest.mark.skipif(not REAL_DATA, reason="LEPTON_DATA is not set: no real data on this machine")
@every_table
def test_the_real_table_has_its_published_counts(name):
    if datasets.locate(name, REAL_DATA) is None:
        pytest.skip(f"{datasets.entry(name).file} is not in LEPTON_DATA")
    real = datasets.load(name, REAL_DATA).arrays
    made = datasets.load(name).arrays
    y = real[TARGETS[name]]
    assert (len(y), int(y.sum())) == {
        "credit_card_default": (30_000, 6_636), "german_credit": (1_000, 300), "telco_churn": (7_043, 1_869),
    }[name]  # fmt: skip
    if name == "credit_card_default":
        assert int(real["scorecard_flag"].sum()) == 3_130 and y[real["scorecard_flag"] == 1].mean() > 0.65
    if name == "telco_churn":
        assert int((real["TotalCharges"] == 0).sum()) == 11
    real_rows = set(zip(*(array.tolist() for array in real.values()), strict=True))
    made_rows = set(zip(*(array.tolist() for array in made.values()), strict=True))
    assert not real_rows & made_rows, "a stand-in holds no row of the real data"
    texts = [column for column, array in real.items() if array.dtype.kind == "U"]
    assert all(set(made[column]) <= set(real[column]) for column in texts)
