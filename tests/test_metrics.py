"""Classification metrics against scikit-learn and numbers made by hand."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from lepton_nb import metrics
from lepton_nb.valuation.performance import wilson_interval


@pytest.fixture(scope="module")
def answers():
    """500 cases of 4 classes: truth (n,), probabilities (n, 4), about two thirds right."""
    generator = np.random.default_rng(5)
    truth = generator.integers(0, 4, 500)
    scores = generator.normal(size=(500, 4)) + 1.5 * np.eye(4)[truth]
    chance = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return truth, chance


def test_report_agrees_with_scikit_learn(answers):
    truth, chance = answers
    predicted = chance.argmax(axis=1)
    report = metrics.classification_report(truth, predicted, list("abcd"))
    precision, recall, f1, support = sklearn_metrics.precision_recall_fscore_support(truth, predicted)
    assert [score.precision.value for score in report.classes] == pytest.approx(precision)
    assert [score.recall.value for score in report.classes] == pytest.approx(recall)
    assert [score.f1 for score in report.classes] == pytest.approx(f1)
    assert [score.support for score in report.classes] == support.tolist()
    assert report.macro_f1 == pytest.approx(f1.mean())
    assert report.accuracy.value == pytest.approx(sklearn_metrics.accuracy_score(truth, predicted))
    assert np.array_equal(report.confusion, sklearn_metrics.confusion_matrix(truth, predicted))
    assert report.n == report.confusion.sum() == 500


def test_intervals_are_wilson():
    report = metrics.classification_report([0] * 6 + [1] * 4, [0] * 5 + [1] * 5, ["no", "yes"])
    assert report.accuracy == wilson_interval(9, 10)
    assert report.classes[0].recall == wilson_interval(5, 6)
    assert report.classes[1].precision == wilson_interval(4, 5)
    assert report.to_rows()[1]["recall_low"] == wilson_interval(4, 4).low


def test_class_that_never_occurs_has_no_recall():
    report = metrics.classification_report([0, 0, 1], [0, 2, 1], ["a", "b", "c", "d"])
    row_c, row_d = report.to_rows()[2:]
    assert row_c["recall"] is None and row_c["precision"] == 0 and row_c["f1"] == 0
    assert row_d["recall"] is None and row_d["precision"] is None and row_d["f1"] is None
    assert report.macro_f1 == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_losses_and_worst_mistakes():
    truth = np.array([0, 1, 0, 1])
    chance = np.array([[0.9, 0.1], [0.7, 0.3], [0.05, 0.95], [0.4, 0.6]])
    assert metrics.losses(truth, chance) == pytest.approx(-np.log([0.9, 0.3, 0.05, 0.6]))
    assert metrics.worst_mistakes(truth, chance).tolist() == [2, 1]
    assert metrics.worst_mistakes(truth, chance, 1).tolist() == [2]
    assert metrics.worst_mistakes(truth[[0, 3]], chance[[0, 3]]).tolist() == []


def test_loss_of_a_probability_of_zero_is_finite():
    assert np.isfinite(metrics.losses([0], [[0.0, 1.0]])).all()


def test_calibration_by_hand():
    # two bins in use: three cases at 0.8 with two right, one case at 0.6 that is right
    truth = [0, 0, 1, 0]
    chance = [[0.8, 0.2]] * 3 + [[0.6, 0.4]]
    result = metrics.calibration(truth, chance, bins=5)
    assert [(part.low, part.high, part.n) for part in result.bins] == [(0.6, 0.8, 1), (0.8, 1.0, 3)]
    assert result.expected_error == pytest.approx(0.75 * abs(2 / 3 - 0.8) + 0.25 * abs(1 - 0.6))
    assert result.brier == pytest.approx((2 * 2 * 0.2**2 + 2 * 0.8**2 + 2 * 0.4**2) / 4)
    assert result.cross_entropy == pytest.approx(-np.log([0.8, 0.8, 0.2, 0.6]).mean())


def test_calibration_agrees_with_scikit_learn(answers):
    truth, chance = answers
    result = metrics.calibration(truth, chance)
    assert result.cross_entropy == pytest.approx(sklearn_metrics.log_loss(truth, chance))
    per_class = [sklearn_metrics.brier_score_loss(truth == k, chance[:, k]) for k in range(4)]
    assert result.brier == pytest.approx(sum(per_class))
    assert sum(part.n for part in result.bins) == result.n == 500


def test_certain_and_right_is_perfect():
    result = metrics.calibration([1, 0], [[0.0, 1.0], [1.0, 0.0]])
    assert result.expected_error == result.brier == 0
    assert len(result.bins) == 1 and result.bins[0].high == 1


def test_honest_probabilities_have_a_small_error():
    generator = np.random.default_rng(1)
    sure = generator.uniform(0.5, 1, 20_000)
    truth = (generator.uniform(size=20_000) > sure).astype(int)  # class 0 with probability sure
    assert metrics.calibration(truth, np.stack([sure, 1 - sure], axis=1)).expected_error < 0.015


def test_temperature_undoes_itself(answers):
    truth, chance = answers
    modest = metrics.at_temperature(chance, 2.5)
    assert modest.sum(axis=1) == pytest.approx(1)
    assert np.array_equal(modest.argmax(axis=1), chance.argmax(axis=1))
    assert metrics.at_temperature(modest, 1 / 2.5) == pytest.approx(chance)
    best = metrics.fit_temperature(truth, chance)
    assert metrics.fit_temperature(truth, modest) == pytest.approx(best / 2.5, rel=1e-3)


def test_fitted_temperature_is_the_best(answers):
    truth, chance = answers
    best = metrics.fit_temperature(truth, chance)
    least = metrics.losses(truth, metrics.at_temperature(chance, best)).mean()
    for other in (0.8 * best, 1.2 * best):
        assert metrics.losses(truth, metrics.at_temperature(chance, other)).mean() > least
    with pytest.raises(ValueError, match="temperature=0"):
        metrics.at_temperature(chance, 0)


@pytest.mark.parametrize(
    ("truth", "chance", "message"),
    [
        ([0, 1], [[0.5, 0.5]], "n=2"),
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], r"within 0..1. Received: 0..2"),
        ([0, 1], [[0.5, 0.6], [0.5, 0.5]], "sum to 1"),
        ([0, 1], [[np.nan, 0.5], [0.5, 0.5]], "sum to 1"),
        ([0.5, 1.0], [[0.5, 0.5], [0.5, 0.5]], "whole numbers"),
        ([], np.zeros((0, 2)), "whole numbers"),
    ],
)
def test_bad_cases_are_refused(truth, chance, message):
    with pytest.raises(ValueError, match=message):
        metrics.calibration(truth, chance)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="bins=0"):
        metrics.calibration([0], [[1.0, 0.0]], bins=0)
    with pytest.raises(ValueError, match="count=0"):
        metrics.worst_mistakes([0], [[1.0, 0.0]], count=0)
    with pytest.raises(ValueError, match="one length"):
        metrics.accuracy([0, 1], [0])
    with pytest.raises(ValueError, match=r"y_predicted must lie within 0..1"):
        metrics.classification_report([0, 1], [0, 2], ["a", "b"])
