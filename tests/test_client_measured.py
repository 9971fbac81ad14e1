"""A benefit that rests on what a case measures: what of it is accepted, and what is refused in a sentence."""

from __future__ import annotations

import pytest
from test_client import SAMPLES, B, Folder
from test_client_data import LOANS, case, loans

from lepton_nb import client, value_model
from lepton_nb.client import reading
from lepton_nb.client.rules import correlations

LINK = "metric_link"
OUTCOMES, CONFUSION, PAIRED = "metrics/outcome_value.csv", "metrics/confusion.csv", "metrics/paired_counts.csv"
OWN_MONEY = ", outcome_value: {tp: 0, fp: [-760, -620, -480], fn: [-5300, -4275, -3300], tn: 0}"


@pytest.fixture
def bank(tmp_path):
    """The bank with one case, and the first benefit row linked as asked."""

    def make(link: str = "measured:C1", entry: str = LOANS) -> Folder:
        folder = Folder(tmp_path, B)
        case(folder, entry)
        folder.data("data/loans.csv", loans().encode())
        for row in range(3, 7):
            folder.cell("benefits.csv", row, LINK, "confusion:C1_vs_scorecard")
        return folder.cell("benefits.csv", 2, LINK, link)

    return make


def problem(folder: Folder) -> tuple:
    (found,) = client.check(folder.path).problems
    return found.file, found.row, found.column, found.rule, found.found, found.remedy


def test_a_link_to_a_case_is_read_and_leaves_the_typed_evaluation_where_it_is(bank):
    company = client.load(bank().path)
    assert company.benefits[0].metric_link == client.MetricLink("measured", "C1")
    assert [item.asset_id for item in company.evaluations] == [
        item.asset_id for item in client.load(SAMPLES / B).evaluations
    ]
    plan = value_model.plan(company)
    assert any("metric_link measured:C1" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("link", "rule", "words"),
    [
        ("measured:C2", 17, 'no case measures "C2"'),
        ("measured:", 2, '"measured:"'),
        ("mesured:C1", 2, "measured:<asset_id>"),
    ],
)
def test_a_link_to_no_case_is_refused(bank, link, rule, words):
    file, row, column, number, found, remedy = problem(bank(link))
    assert (file, row, column, number) == ("benefits.csv", 2, LINK, rule)
    assert words in f"{found}; {remedy}"


def test_a_case_that_gives_no_evaluation_is_no_link(bank):
    entry = "asset_id: C1, case: translator, data: data/pairs.tsv"
    *_, rule, found, remedy = problem(bank(entry=entry).data("data/pairs.tsv", b"one\tun\ntwo\tdeux\n"))
    assert rule == 17 and found == "the case of C1, a translator, gives no evaluation"
    assert (
        remedy
        == "link a case of kind risk_classifier, image_classifier, text_classifier, audio_classifier, anomaly_detector, "
        "recommender or forecaster, or write none"
    )


def test_a_case_needs_money_of_its_own_or_of_a_typed_evaluation(bank):
    folder = bank()
    for file in (OUTCOMES, CONFUSION, PAIRED):
        folder.delete(file)
    for row in range(3, 7):
        folder.cell("benefits.csv", row, LINK, "measured:C1")
    for path in (folder.path / "metrics").glob("predictions_*"):
        path.unlink()
    found = client.check(folder.path).problems
    assert {item.rule for item in found if item.column == LINK} == {17}
    assert all("the case of C1 has no money per outcome" in item.found for item in found if item.column == LINK)
    file = folder.path / "client.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("defaulted, base", f"defaulted{OWN_MONEY}, base"), "utf-8")
    assert [item for item in client.check(folder.path).problems if item.column == LINK] == []


def test_a_unit_value_beside_a_link_to_a_case_is_refused(bank):
    folder = bank()
    for point in ("low", "mode", "high"):
        folder.cell("benefits.csv", 2, f"unit_value_{point}", "7")
    file, row, column, rule, found, _ = problem(folder)
    assert (file, row, column, rule) == ("benefits.csv", 2, "unit_value_low", 2)
    assert found == "is given beside a link to an evaluation"


def test_correlations_name_the_money_of_a_case_as_the_value_does(bank):
    folder = bank(entry=LOANS + OWN_MONEY)
    for row in range(3, 7):
        folder.cell("benefits.csv", row, LINK, "measured:C1")
    draft = correlations.uncertain_inputs(reading.read(folder.path))
    named = {item.name for item in draft if item.category == "outcome_value"}
    assert named == {"measured:C1.fp", "measured:C1.fn"}
