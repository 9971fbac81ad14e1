"""Who is ahead: intervals of overlapping folds, sentences that follow the figures, and the chapter on a client's case.

What the chapter says of the public data sets, test_claims.py holds against their figures (risk_sentences.py).
"""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from risk_sentences import agrees
from scipy import stats

from lepton_nb import training  # first: it starts Keras quietly

from lepton_nb import client, datasets, folds, results  # isort: skip
from lepton_nb.models import build_risk, build_risk_article
from lepton_nb.page import risk_tables
from lepton_nb.report import chapters
from lepton_nb.valuation.performance import paired_gain

ROOT = Path(__file__).resolve().parent.parent
CHAPTER = ROOT / "notebooks" / "31_risk_classifier.ipynb"
NAMES = {"line": "logistic regression", "trees": "gradient boosting", "net": "our network"}


# ---------------------------------------------------------------- folds


def test_the_corrected_interval_is_the_published_formula():
    values = [0.71, 0.75, 0.73, 0.78, 0.70]
    found = folds.corrected_mean(values, test_share=0.2)
    error = np.std(values, ddof=1) * math.sqrt(1 / 5 + 0.2 / 0.8)
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 4) * error)
    assert found.value - found.low == pytest.approx(found.high - found.value)


def test_folds_that_hold_out_nothing_would_be_independent():
    values = [0.71, 0.75, 0.73, 0.78, 0.70]
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    found = folds.corrected_mean(values, test_share=1e-12)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_repeating_the_folds_does_not_make_an_interval_of_no_width():
    once = folds.corrected_mean([0.7, 0.8, 0.75, 0.72, 0.78], 0.2)
    often = folds.corrected_mean([0.7, 0.8, 0.75, 0.72, 0.78] * 200, 0.2)
    least = stats.norm.ppf(0.975) * often.spread * math.sqrt(0.25)
    assert least < often.high - often.value < once.high - once.value


def test_the_interval_covers_the_truth_where_the_naive_one_does_not():
    """Logistic regressions on small samples: the AUC that they reach on average, against both intervals."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    generator = np.random.default_rng(5)

    def draw(n):
        x = generator.normal(size=(n, 6))
        return x, (x[:, 0] + 0.5 * x[:, 1] + 1.5 * generator.normal(size=n) > 0).astype(int)

    far_x, far_y = draw(20_000)
    corrected, naive, truths, found = 0, 0, [], []
    for _ in range(60):
        x, y = draw(150)
        areas = []
        for repeat in range(3):
            for train, held in StratifiedKFold(5, shuffle=True, random_state=repeat).split(x, y):
                model = LogisticRegression().fit(x[train], y[train])
                areas.append(roc_auc_score(y[held], model.decision_function(x[held])))
        truths.append(roc_auc_score(far_y, LogisticRegression().fit(x[:120], y[:120]).decision_function(far_x)))
        found.append(areas)
    truth = np.mean(truths)
    for areas in found:
        interval = folds.corrected_mean(areas, 0.2)
        corrected += interval.low <= truth <= interval.high
        reach = stats.t.ppf(0.975, 14) * np.std(areas, ddof=1) / math.sqrt(15)
        naive += abs(np.mean(areas) - truth) <= reach
    assert corrected >= 54 and naive <= 48


@pytest.mark.parametrize(
    ("values", "share", "level", "told"),
    [
        ([0.7], 0.2, 0.95, "at least two"),
        ([0.7, math.nan], 0.2, 0.95, "finite"),
        ([0.7, 0.8], 0.0, 0.95, "test_share"),
        ([0.7, 0.8], 0.2, 1.0, "level"),
    ],
)
def test_what_is_no_result_of_folds_is_refused(values, share, level, told):
    with pytest.raises(ValueError, match=told):
        folds.corrected_mean(values, share, level)


def test_models_on_other_folds_are_not_compared():
    with pytest.raises(ValueError, match="as many results"):
        folds.compare({"a": [0.7, 0.8], "b": [0.7, 0.8, 0.9]}, 0.2)


def test_pairs_are_widened_until_all_hold_together():
    values = {name: np.random.default_rng(at).normal(0.8, 0.02, 15) for at, name in enumerate("abcd")}
    ranking = folds.compare(values, 0.2)
    assert len(ranking.pairs) == 6
    assert {round(pair.difference.level, 6) for pair in ranking.pairs} == {round(1 - 0.05 / 6, 6)}


# ---------------------------------------------------------------- sentences


def ranking(**means):
    """Fifteen folds that differ by 0.01; a lead of 0.001 is lost in it, one of 0.1 is not. Means by name."""
    noise = {name: np.random.default_rng(len(name)).normal(0, 0.01, 15) for name in means}
    return folds.compare({name: mean + noise[name] - noise[name].mean() for name, mean in means.items()}, 0.2)


def test_a_winner_is_named_only_where_every_lead_is_carried():
    clear, close = ranking(line=0.70, trees=0.80, net=0.71), ranking(line=0.700, trees=0.701, net=0.699)
    assert clear.leaders == ("trees",) and len(close.leaders) == 3
    assert risk_tables.ahead(clear, NAMES) == "Gradient boosting is ahead of every other model here."
    assert "no ranking" in risk_tables.ahead(close, NAMES) and "is ahead" not in risk_tables.ahead(close, NAMES)
    two = ranking(line=0.800, trees=0.801, net=0.70)
    assert risk_tables.ahead(two, NAMES).endswith("Behind one of them at least: our network.")


def test_a_network_that_does_not_win_is_told_so():
    loses = risk_tables.on_the_network(ranking(line=0.70, trees=0.80, net=0.71), "net", NAMES)
    assert loses.startswith("Our network does not win: gradient boosting is ahead of it by 0.090 (")
    level = risk_tables.on_the_network(ranking(line=0.700, trees=0.701, net=0.699), "net", NAMES)
    assert "does not win" in level and "does not lose for certain" in level
    first = risk_tables.on_the_network(ranking(line=0.699, trees=0.700, net=0.701), "net", NAMES)
    assert "highest mean but does not win" in first
    wins = risk_tables.on_the_network(ranking(line=0.70, trees=0.71, net=0.80), "net", NAMES)
    assert wins == "Our network wins: it is ahead of every other model."


@given(st.lists(st.floats(0.6, 0.9), min_size=3, max_size=3))
def test_what_is_said_of_the_network_agrees_with_who_leads(means):
    found = ranking(**dict(zip(NAMES, means, strict=True)))
    said = risk_tables.on_the_network(found, "net", NAMES)
    assert (found.leaders == ("net",)) == ("wins:" in said)
    assert ("net" not in found.leaders) == ("is ahead of it" in said)


def test_a_recipe_is_held_against_the_constant_answer():
    def about(mean):
        return folds.corrected_mean(mean + np.array([-0.01, 0, 0.01, 0.005, -0.005]), 0.2)

    better = risk_tables.recipe_words(about(0.90), 0.78, about(0.1))
    worse = risk_tables.recipe_words(about(0.60), 0.78, about(-0.1))
    same = risk_tables.recipe_words(about(0.781), 0.78, about(0.001))
    assert "learnt something" in better and "raises the AUC" in better
    assert "worse than no model" in worse and "lowers the AUC" in worse
    assert "no better than no model" in same and "does not for certain change" in same


def test_a_cut_is_praised_only_where_its_gain_is_shown():
    values = {"tp": 0, "fp": -1, "fn": -5, "tn": 0}
    gains, losses, nothing = (
        paired_gain({(1, 1, 0): caught, (0, 1, 0): alarms, (0, 0, 0): 500, (1, 0, 0): 50}, values)
        for caught, alarms in ((60, 60), (1, 200), (20, 100))
    )
    assert "the cut matters" in risk_tables.threshold_words(1 / 6, gains, "units")
    assert "no probabilities" in risk_tables.threshold_words(1 / 6, losses, "units")
    assert "not told apart" in risk_tables.threshold_words(1 / 6, nothing, "units")


# ---------------------------------------------------------------- networks


def test_the_articles_network_has_the_layers_that_it_states():
    model = build_risk_article(23)
    assert model.count_params() == 64 * 23 + 64 + 64 + 1
    assert [layer.name for layer in model.layers] == ["row", "dense_1", "probability"]
    assert model.layers[1].activation.__name__ == "relu" and model.layers[2].activation.__name__ == "sigmoid"


def test_our_network_gives_one_probability_a_row_and_drops_only_in_training():
    training.set_seed(0)
    model = build_risk(5, units=(8, 4), dropout=0.5)
    rows = np.random.default_rng(0).normal(size=(7, 5)).astype("float32")
    first, second = (np.asarray(model(rows)) for _ in range(2))
    assert first.shape == (7, 1) and np.array_equal(first, second) and 0 < first.min() <= first.max() < 1
    assert not np.array_equal(np.asarray(model(rows, training=True)), np.asarray(model(rows, training=True)))
    for wrong in ({"features": 0}, {"features": 3, "units": ()}, {"features": 3, "dropout": 1.0}):
        with pytest.raises(ValueError, match="Received"):
            build_risk(**wrong)


# ---------------------------------------------------------------- the chapter


def executed(folder: Path, **parameters) -> dict:
    """The chapter's code, executed here with other parameters: its variables."""
    cells = json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]
    space: dict = {"__name__": "chapter"}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), space)
            if cell["id"] == "parameters":
                space |= parameters | {"results_folder": str(folder)}
    return space


SMALL = {"most_rows": 240, "article_epochs": 2, "our_epochs": 2, "trees": 15, "folds": 2, "repeats": 1}


def test_the_chapter_judges_a_clients_case_under_the_cases_own_name(tmp_path, monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    folder = tmp_path / "bank"
    shutil.copytree(ROOT / "clients" / "bank", folder)
    said = yaml.safe_load((folder / "client.yml").read_text(encoding="utf-8"))
    said["cases"] = [
        {"asset_id": "C1", "case": "risk_classifier", "data": "public:credit_card_default",
         "target": "default_payment_next_month", "baseline_column": "scorecard_flag"}
    ]  # fmt: skip
    (folder / "client.yml").write_text(yaml.safe_dump(said, sort_keys=False, allow_unicode=True), encoding="utf-8")
    space = executed(tmp_path, **(SMALL | {"client_folder": str(folder), "case": "C1"}))
    record = results.load(results.task_name("risk_classifier", "C1"), tmp_path)
    agrees(record, "case", tuple(space["names"]))
    (row,) = record.tables["evaluation"]
    evaluation = client.Evaluation.model_validate(row)
    assert evaluation.evaluation_id == "measured:C1" and evaluation.asset_id == "C1"
    assert len(space["sets"]) == 1 and evaluation.n == len(space["judged"].case.test)
    # nothing of the test was seen before: the rows of the folds are the others
    x, _, _ = next(iter(space["rows"].values()))
    assert not set(x.index) & set(space["judged"].case.test.x.index)
    assert record["gain"].unit.endswith("per decision")
    assert datasets.load("credit_card_default").title in record["case_ahead"].value


def test_a_case_by_its_scores_is_judged_and_no_models_are_compared(tmp_path, monkeypatch):
    monkeypatch.delenv("LEPTON_DATA", raising=False)
    folder = tmp_path / "bank"
    shutil.copytree(ROOT / "clients" / "bank", folder)
    arrays = datasets.load("credit_card_default").arrays
    late = np.clip((arrays["PAY_0"] + 2) / 11, 0, 1)
    (folder / "metrics" / "scores.csv").write_text("score\n" + "\n".join(map(str, late.tolist())), encoding="utf-8")
    said = yaml.safe_load((folder / "client.yml").read_text(encoding="utf-8"))
    said["cases"][0]["predictions"] = "metrics/scores.csv"
    (folder / "client.yml").write_text(yaml.safe_dump(said, sort_keys=False, allow_unicode=True), encoding="utf-8")
    space = executed(tmp_path, **(SMALL | {"client_folder": str(folder), "case": "C1"}))
    record = results.load(results.task_name("risk_classifier", "C1"), tmp_path)
    assert space["judged"].scores.door == "predictions" and space["rows"] == {} and space["areas"].keys() == set()
    assert not [name for name in record.figures if name.startswith("case_")]
    (row,) = record.tables["evaluation"]
    assert client.Evaluation.model_validate(row).n == len(space["judged"].case.test)


def test_the_chapter_declares_the_kind_of_case_that_it_measures():
    found = chapters.read(CHAPTER)
    assert found.case == "risk_classifier" and {"case", "client_folder"} <= {one.name for one in found.parameters}
    recorded = results.recorded("risk_classifier")
    if recorded is not None:
        assert recorded["credit_card_default_boosting_auc"].value >= 0.783
        assert 0.77 < recorded["german_credit_boosting_auc"].value < 0.81
        assert re.search(r"does not win|wins", recorded["credit_card_default_ahead"].value)
