"""What the chapter on risk says, held against the figures of its record: for any execution of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lepton_nb import casework, client, datasets, results
from lepton_nb.datasets import credit_card_default, german_credit, telco_churn
from lepton_nb.page import risk_tables

#: Names of the models in records → how pages call them.
MODELS = {
    "repaired": "the article's repaired network",
    "logistic": "logistic regression",
    "boosting": "gradient boosting",
    "network": "our network",
}
TARGETS = {one.__name__.rpartition(".")[2]: one.TARGET for one in (credit_card_default, german_credit, telco_churn)}


def agrees(record: results.Record, key: str, names=tuple(MODELS)) -> None:
    """Every sentence that is on record for one data set, held against its figures."""
    mean = {name: record[f"{key}_{name}_auc"].value for name in names}
    beaten = {pair["second"] for pair in record.tables[f"{key}_pairs"] if pair["low"] > 0}
    said = record[f"{key}_ahead"].value
    first, leaders = max(mean, key=mean.get), [name for name in names if name not in beaten]
    assert risk_tables._first(MODELS[first]) in said
    assert ("is ahead of every other model here" in said) == (leaders == [first])
    assert ("no ranking among them" in said) == (len(leaders) > 1)
    assert ("wins: it is ahead" in said) == (leaders == ["network"])
    assert "does not win" in said or leaders == ["network"]
    for name in names:
        figure = record[f"{key}_{name}_auc"]
        assert figure.low < figure.value < figure.high
        assert figure.value == pytest.approx(np.mean([row[name] for row in record.tables[f"{key}_folds"]]))


def told(text: str, subjects) -> dict[str, str]:
    """The sentence of each subject, in whichever order they stand."""
    lines = [line.partition(": ") for line in text.splitlines()]
    found = {subject: rest for subject, _, rest in lines if subject in subjects}
    assert found.keys() == set(subjects), text
    return found


def follow(record: results.Record, said: Callable[[str], str], data: str = "") -> None:
    """The sentences of one execution, on record and on its page.

    said: id of a cell → its text. data: the folder of the data sets that it was executed with; empty: stand-ins.
    """
    assert data or all(one["stand_in"] for one in record.data)
    for key, target in TARGETS.items():
        agrees(record, key)
        found = datasets.load(key, data)
        n = record[f"{key}_network_auc"].n
        share = float(np.asarray(found.arrays[target])[:n].mean())
        recipe = told(said("recipe-table"), [found.title])[found.title]
        right, constant = record[f"{key}_stated_right"], max(share, 1 - share)
        assert ("learnt something" in recipe) == (right.low > constant)
        assert ("worse than no model" in recipe) == (right.high < constant)
        if key == "german_credit":
            assert record["german_credit_everybody_money"].value == pytest.approx(-(1 - share))
    _money_follows(record, said("money-shown"))
    loans = datasets.load("german_credit", data)
    cost = {outcome: -german_credit.COSTS.get(outcome, 0.0) for outcome in ("tp", "fp", "fn", "tn")}
    units = client.OutcomeValue(**{outcome: (value,) * 3 for outcome, value in cost.items()})
    judged = casework.table(loans, target=german_credit.TARGET, money=units, currency="units").test
    assert record["german_credit_judged_n"].value == len(judged)


def _money_follows(record: results.Record, text: str) -> None:
    """The threshold of the published costs, and the sentence about it."""
    sentences = told(text, [risk_tables._first(name) for name in MODELS.values()])
    for name, words in MODELS.items():
        worth, sentence = record[f"german_credit_{name}_threshold_gain"], sentences[risk_tables._first(words)]
        assert ("the cut matters" in sentence) == (worth.low > 0)
        assert ("costs" in sentence) == (worth.high < 0)
        half, formula = (record[f"german_credit_{name}_{rule}_money"].value for rule in ("half", "formula"))
        assert formula - half == pytest.approx(worth.value)
