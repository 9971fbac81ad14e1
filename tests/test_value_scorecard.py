"""The scorecard: each printed rule of reading, on changed sample clients."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lepton_nb import client as clients
from lepton_nb.client.schema import ScorecardComparison, ScoreRow
from lepton_nb.value_model.scorecard import RULES, findings, scorecard

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def bank():
    return clients.load(ROOT / "clients" / "bank")


def judged(client, *changes: tuple[str, str, float], without: str = ""):
    """The client with scores replaced or added (asset, dimension, score), or with one asset's scores taken out."""
    scores = [score for score in client.scores if score.asset_id != without]
    for asset, dimension, value in changes:
        scores.append(ScoreRow(asset_id=asset, dimension=dimension, score_0_5=value, rater="X", date=date(2026, 3, 1)))
    return client.model_copy(update={"scores": tuple(scores)})


def compared(client, *pairs: tuple[str, str, float]):
    made = tuple(ScorecardComparison(more=more, less=less, times=times) for more, less, times in pairs)
    return client.model_copy(update={"scorecard_comparisons": made})


def test_the_rules_are_six_and_the_sample_is_ranked_by_hand(bank):
    assert len(RULES) == 6
    card = scorecard(bank, draws=200)
    by_hand = 0.25 * 2 + 0.15 * 1 + 0.25 * 5 + 0.2 * 4 + 0.15 * 4
    assert card.rows[0].total == pytest.approx(by_hand)
    assert sum(card.rows[0].contributions.values()) == pytest.approx(by_hand)
    assert card.ranking == ("C1", "T1") and card.word == "stable" and not card.sentence
    assert [(place, row.asset_id) for place, row in card.places] == [(1, "C1"), (2, "T1")] and card.leader == "C1"


def test_scale_several_judges_count_by_their_mean_and_the_register_gives_two(bank):
    row = scorecard(judged(bank, ("C1", "innovation", 4.0)), draws=100).rows[0]
    assert (
        row.scores["innovation"] == pytest.approx(3.0)
        and row.judged["innovation"] == 2
        and row.people == ("CRO", "X", "CFO")
    )
    asset = next(asset for asset in bank.assets if asset.asset_id == "C1")
    assert row.scores["robustness"] == asset.robustness_1_5


def test_complete_what_is_missing_is_named_and_never_guessed(bank):
    scores = tuple(s for s in bank.scores if not (s.asset_id == "T1" and s.dimension == "innovation"))
    card = scorecard(bank.model_copy(update={"scores": scores}))
    assert card.rows[1].total is None and card.rows[1].missing == ("innovation",)
    assert card.ranking == () and "T1 lacks innovation" in card.sentence and card.word == "none"


def test_contradiction_withholds_the_ranking(bank):
    circle = compared(
        bank,
        ("innovation", "market_potential", 5),
        ("market_potential", "strategic_fit", 5),
        ("strategic_fit", "innovation", 5),
    )
    card = scorecard(circle)
    assert not card.comparison.consistent
    assert card.ranking == () and "contradict each other" in card.sentence


def test_weights_from_consistent_comparisons_stand_beside_the_given_ones(bank):
    card = scorecard(compared(bank, ("innovation", "market_potential", 3)), draws=100)
    assert dict(zip(card.compared, card.comparison.weights, strict=True)) == pytest.approx(
        {"innovation": 0.75, "market_potential": 0.25}
    )
    assert card.weights["innovation"] == 0.25 and card.ranking


def test_stability_says_tied_open_and_stable(bank):
    register = {asset.asset_id: asset for asset in bank.assets}
    same = tuple(asset.model_copy(update={"explainability_1_5": 3, "robustness_1_5": 3}) for asset in register.values())
    even = bank.model_copy(update={"assets": same})
    wanted = ("innovation", "market_potential", "strategic_fit")
    even = even.model_copy(update={"scores": ()})
    tied = judged(even, *((asset, name, 3.0) for asset in ("C1", "T1") for name in wanted))
    card = scorecard(tied, draws=100)
    assert card.word == "tied" and card.first == ("C1", "T1")
    assert [(place, row.asset_id) for place, row in card.places] == [(1, "C1"), (1, "T1")]
    assert card.leader in card.first
    close = judged(
        even,
        ("C1", "innovation", 3.1), ("C1", "market_potential", 3.0), ("C1", "strategic_fit", 2.9),
        ("T1", "innovation", 2.9), ("T1", "market_potential", 3.0), ("T1", "strategic_fit", 3.05),
    )  # fmt: skip
    assert scorecard(close, draws=2000).word == "leaning"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"scores": ()}, "gives no scores"), ({"scorecard_weights": None}, "gives no weights")],
)
def test_nothing_given_is_a_sentence(bank, change, sentence):
    assert sentence in scorecard(bank.model_copy(update=change)).sentence


def test_who_judged_is_told_apart_from_the_register(bank):
    (first, *_) = scorecard(bank, draws=100).rows
    assert first.people == ("CRO", "CFO") and set(first.registered) == {"explainability", "robustness"}
    assert first.basis == "2 people, 2 entries of the register"
    assert set(first.judged.values()) == {0, 1}
    more = scorecard(judged(bank, ("C1", "robustness", 5.0)), draws=100).rows[0]
    assert more.basis == "3 people, 1 entry of the register" and more.scores["robustness"] == 5.0


def test_findings_name_what_is_missing_and_what_one_person_judged(bank):
    bare = judged(bank, without="T1")
    told = findings(bare, scorecard(bare))
    assert "T1 (model): not scored at all." in told
    assert "C1: innovation, market potential, strategic fit judged by one person each." in told
    double = judged(bank, *((asset, name, 3.0) for asset in ("C1", "T1")
                            for name in ("innovation", "market_potential", "strategic_fit")))  # fmt: skip
    assert findings(double, scorecard(double, draws=100)) == []


def test_scores_that_differ_by_rounding_share_a_place():
    from types import SimpleNamespace

    from lepton_nb.value_model.scorecard import Scorecard

    rows = [SimpleNamespace(asset_id=name, total=total) for name, total in (("a", 3.0 + 1e-12), ("b", 3.0), ("c", 2.0))]
    card = SimpleNamespace(rows=rows, ranking=("a", "b", "c"))
    assert [(place, row.asset_id) for place, row in Scorecard.places.fget(card)] == [(1, "a"), (1, "b"), (3, "c")]
    assert Scorecard.first.fget(card) == ("a", "b")
