"""A test with more positive cases than there are in use: the money of each class is weighted, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from test_client import B, Folder

from lepton_nb import casework, client
from lepton_nb.casework import doors, in_use, judging
from lepton_nb.client import ThreePoint
from lepton_nb.client.schema import OutcomeValue
from lepton_nb.value_model import break_even
from lepton_nb.value_model.gains import gain_per_case

MONEY = OutcomeValue(
    tp=ThreePoint(-5, -5, -5), fn=ThreePoint(-60, -50, -40), fp=ThreePoint(-4, -3, -2), tn=ThreePoint(0, 0, 0)
)


@pytest.fixture
def case_set():
    generator = np.random.default_rng(5)
    y = (generator.random(3000) < 0.3).astype(int)
    x = y + generator.normal(0, 1.0, 3000)
    old = (x + generator.normal(0, 1.0, 3000) > 0.7).astype(int)
    return casework.table(
        {"y": y.astype(float), "x": x, "old": old.astype(float)}, target="y", baseline="old", money=MONEY,
        name="made", title="made rows", source="this test", sha256="", stand_in=False, asset_id="C1",
    )  # fmt: skip


def by_class(case_set, flagged, money) -> dict[int, float]:
    """Mean money of a case of each class over the baseline, at the money given."""
    test = case_set.test
    value = {(1, 1): money.tp.mode, (1, 0): money.fn.mode, (0, 1): money.fp.mode, (0, 0): money.tn.mode}
    won = [value[y, m] - value[y, b] for y, m, b in zip(test.y, flagged, test.baseline, strict=True)]
    return {y: float(np.mean([each for each, truth in zip(won, test.y, strict=True) if truth == y])) for y in (0, 1)}


def judged(case_set, share):
    weighted = in_use.as_in_use(case_set, share)
    scores = doors.given(weighted, "x", 1 / (1 + np.exp(-weighted.test.x["x"].to_numpy())))
    return weighted, judging.judge(weighted, scores, 0.6, learning=False, blocks=False)


def test_the_gain_is_that_of_the_share_in_use(case_set):
    _, found = judged(case_set, 0.02)
    each = by_class(case_set, found.flagged, MONEY)
    assert gain_per_case(found.evaluation) == pytest.approx(0.02 * each[1] + 0.98 * each[0])
    assert found.evaluation.model == judged(case_set, None)[1].evaluation.model, "no count is another"


def test_what_is_said_of_a_weighted_case_holds_at_its_share_in_use(case_set):
    _, found = judged(case_set, 0.02)
    each, told = by_class(case_set, found.flagged, MONEY), found.evaluation
    read = type(told).model_validate(told.model_dump(mode="json"))  # as a record holds it
    assert read.share_in_use == 0.02
    assert break_even.gain_by_class(read) == pytest.approx((each[1], each[0]))  # of the money as it was stated
    assert break_even.gain_at_prevalence(read, 0.02) == pytest.approx(gain_per_case(read))
    for outcome in ("tp", "fp", "fn", "tn"):
        assert tuple(getattr(read.stated_value, outcome)) == pytest.approx(tuple(MONEY[outcome]))
    plain = judged(case_set, None)[1].evaluation
    assert (
        plain.share_in_use == pytest.approx(float(case_set.test.y.mean())) and plain.stated_value == plain.outcome_value
    )


def test_the_share_of_the_test_itself_changes_nothing_and_without_one_nothing_is_said(case_set):
    share = float(case_set.test.y.mean())
    weighted = in_use.as_in_use(case_set, share)
    for outcome in ("tp", "fp", "fn", "tn"):
        assert weighted.money[outcome] == pytest.approx(case_set.money[outcome])
    assert in_use.as_in_use(case_set, None) is case_set


def test_rows_of_another_share_than_the_test_are_weighted_from_their_own(case_set):
    weighted, rows = in_use.as_in_use(case_set, 0.02), np.repeat([1, 0], [30, 70])
    money = in_use.money_of(weighted, rows)
    assert money.fn.mode * rows.mean() == pytest.approx(0.02 * MONEY.fn.mode)  # nobody is flagged
    assert money.fp.mode * (1 - rows.mean()) == pytest.approx(0.98 * MONEY.fp.mode)  # everybody is
    assert in_use.money_of(case_set, rows) is case_set.money


def test_the_words_of_the_sample_say_so(case_set):
    weighted, found = judged(case_set, 0.02)
    seen = f"{100 * float(case_set.test.y.mean()):.1f}"
    assert weighted.split.endswith(f"; money weighted from {seen} % positive cases in the test to 2.0 % in use")
    assert found.evaluation.sample.endswith(weighted.split)


def test_a_threshold_by_money_rises_where_positive_cases_are_rarer(case_set):
    chances = 1 / (1 + np.exp(-case_set.validation.x["x"].to_numpy()))
    cuts = []
    for share in (0.3, 0.02):
        weighted = in_use.as_in_use(case_set, share)
        test = 1 / (1 + np.exp(-weighted.test.x["x"].to_numpy()))
        scores = doors.given(weighted, "x", test, chances)
        cuts.append(judging.judge(weighted, scores, learning=False, blocks=False).cutoff.value)
    assert cuts[1] > cuts[0]


@pytest.mark.parametrize(("share", "found"), [(0.03, ""), (0, "0"), (1, "1"), (3, "3")])
def test_the_share_is_given_in_the_case_of_a_client(tmp_path, share, found):
    folder = Folder(tmp_path, B)
    file = folder.path / "client.yml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings["cases"] = [
        {"asset_id": "C1", "case": "risk_classifier", "data": "public:credit_card_default",
         "target": "default_payment_next_month", "baseline_column": "scorecard_flag", "positive_share": share}
    ]  # fmt: skip
    file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    report = client.check(folder.path)
    assert [item.column for item in report.problems] == (["cases.positive_share"] if found else [])
    if not found:
        assert report.client.cases[0].positive_share == share
        made = casework.of_client(report.client, folder.path, "C1")
        assert "money weighted from" in made.split and "to 3.0 % in use" in made.split


@pytest.mark.parametrize(
    ("ends", "found"),
    [({"low": 0.02, "high": 0.05}, ""), ({"low": 0.02}, "positive_share_high: is missing"),
     ({"low": 0.04, "high": 0.05}, "positive_share: 0.03 is not between 0.04 and 0.05"),
     ({"low": 0, "high": 0.05}, "positive_share_low: 0")],
)  # fmt: skip
def test_the_share_in_use_has_ends_around_it_and_they_reach_the_evaluation(tmp_path, ends, found):
    folder = Folder(tmp_path, B)
    file = folder.path / "client.yml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    given = {f"positive_share_{end}": value for end, value in ends.items()}
    settings["cases"] = [
        {"asset_id": "C1", "case": "risk_classifier", "data": "public:credit_card_default",
         "target": "default_payment_next_month", "baseline_column": "scorecard_flag", "positive_share": 0.03,
         "positive_share_source": "a year's book"} | given
    ]  # fmt: skip
    file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    report = client.check(folder.path)
    assert [f"{item.column}: {item.found}" for item in report.problems] == ([f"cases.{found}"] if found else [])
    if not found:
        made = casework.of_client(report.client, folder.path, "C1")
        assert made.share_range == (0.02, 0.03, 0.05) and made.share_source == "a year's book"


CONFUSION = "metrics/confusion.csv"


def typed(folder: Folder, model_row: int = 2, **cells: str) -> Folder:
    """The bank's typed evaluation with columns of its share in use, as a client writes them."""
    header, *rows = folder.rows(CONFUSION)
    filled = [[*row, *(cells.values() if at == model_row else [""] * len(cells))] for at, row in enumerate(rows, 2)]
    return folder.write(CONFUSION, [[*header, *cells], *filled])


def test_a_typed_evaluation_is_weighted_as_a_case_is(tmp_path):
    (plain,) = (one for one in Folder(tmp_path / "plain", B).check().client.evaluations)
    cells = {"positive_share": "0.1", "positive_share_low": "0.08", "positive_share_high": "0.13"}
    made = typed(Folder(tmp_path / "made", B), **cells, positive_share_source="the book of a year").check().client
    (found,) = made.evaluations
    each = break_even.gain_by_class(plain)
    assert gain_per_case(found) == pytest.approx(0.1 * each[0] + 0.9 * each[1])
    assert found.share_range == (0.08, 0.1, 0.13) and found.share_source == "the book of a year"
    for outcome in ("tp", "fp", "fn", "tn"):
        assert found.stated_value[outcome] == pytest.approx(plain.outcome_value[outcome])
    assert (found.model, found.paired) == (plain.model, plain.paired)


def test_a_case_that_takes_its_money_from_a_typed_evaluation_takes_it_as_stated(tmp_path):
    folder = typed(Folder(tmp_path, B), positive_share="0.1")
    settings = yaml.safe_load((folder.path / "client.yml").read_text(encoding="utf-8"))
    del settings["cases"][0]["outcome_value"]
    (folder.path / "client.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    (case,) = folder.check().client.cases
    assert case.outcome_value.fn == pytest.approx((-5300, -4275, -3300))


@pytest.mark.parametrize(
    ("cells", "row", "found"),
    [({"positive_share": "0.1", "positive_share_low": "0.2", "positive_share_high": "0.3"}, 2, "not between"),
     ({"positive_share_low": "0.2", "positive_share_high": "0.3"}, 2, "is missing"),
     ({"positive_share": "1"}, 2, "1"), ({"positive_share": "0.1"}, 3, "the baseline's row")],
)  # fmt: skip
def test_a_share_in_use_that_cannot_be_is_refused(tmp_path, cells, row, found):
    (problem,) = typed(Folder(tmp_path, B), row, **cells).check().problems
    assert problem.file == CONFUSION and problem.row == row and found in problem.found
