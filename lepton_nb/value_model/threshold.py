"""Where to cut the scores of a model so that the money is most, and whether the scores are probabilities."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from lepton_nb import terms
from lepton_nb.terms import SMALLEST_GROUP
from lepton_nb.valuation import performance
from lepton_nb.value_model.gains import LEVEL, most_likely_money

FOLDS = 5
#: The way to cut by which each fold is cut where the others bring most.
OTHERS = "best on other cases"


@dataclass(frozen=True)
class Cut:
    """One way to cut the scores, judged on the client's predictions. Money per case."""

    name: str
    score: float | None  # flag from this score on; None: several cuts, or none
    flagged: float  # share of the cases
    value: float
    gain: float  # over the cut in use
    low: float
    high: float

    @property
    def cross_fitted(self) -> bool:
        """Whether each fifth of the cases is cut where the other four say."""
        return self.name == OTHERS


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """Where to cut the scores of one model; ``sentence`` instead of ``cuts`` where nothing can be said."""

    asset_id: str
    evaluation_id: str
    n: int
    positives: int
    closed_form: float | None  # probability at the share of positive cases of the test
    closed_form_sentence: str
    in_use: float | None = (
        None  # the same threshold as a probability at the share in use; None: no other share is given
    )
    cuts: tuple[Cut, ...] = ()
    curve: performance.ProfitCurve | None = None
    calibration: tuple[tuple[float, float, float, float, int], ...] = ()  # mean score, observed, low, high, n
    auc: performance.Score | None = None
    brier: performance.Score | None = None
    sentence: str = ""


def closed_form_threshold(evaluation) -> tuple[float | None, str]:
    """The probability from which on a flag pays, or the sentence why there is none."""
    costs = {f"cost_{outcome}": -money for outcome, money in most_likely_money(evaluation).items()}
    try:
        return performance.cost_sensitive_threshold(**costs), ""
    except performance.Undefined as problem:
        return None, str(problem)


def threshold_in_use(evaluation, closed: float | None) -> float | None:
    """A threshold on the scores of a test as the probability that it is where the model is used (rule Threshold).

    The money of a test is weighted to the share of positive cases in use, and so is ``closed``; what it is on probabilities of
    that share is found by :func:`~lepton_nb.valuation.performance.prior_shift`. None without a threshold, or without a share of its own.
    """
    if closed is None or evaluation.positive_share is None:
        return None
    return performance.prior_shift(closed, evaluation.model.positives / evaluation.model.n, evaluation.positive_share)


def threshold(evaluation, predictions) -> Threshold:
    """Cuts of a model's scores in money (rule Threshold). ``predictions`` None: the closed form alone."""
    name, money = evaluation.asset_id, most_likely_money(evaluation)
    closed, why = closed_form_threshold(evaluation)
    known = {
        "asset_id": name,
        "evaluation_id": evaluation.evaluation_id,
        "closed_form": closed,
        "closed_form_sentence": why,
        "in_use": threshold_in_use(evaluation, closed),
    }
    if predictions is None:
        words = f"No scored cases of {name} are given (metrics/predictions_{name}.csv), so no cut can be tried out."
        if evaluation.evaluation_id.startswith(terms.MEASURED):
            words = "The cuts that were tried out, the profit curve and the calibration stand on the page of its case."
        return Threshold(**known, n=0, positives=0, sentence=words)
    truth, score = np.array(predictions.y_true), np.array(predictions.score)
    positives = int(truth.sum())
    known |= {"n": len(truth), "positives": positives}
    if min(positives, len(truth) - positives) < FOLDS:
        words = f"The scored cases of {name} hold {positives} positives of {len(truth)}: too few to choose a cut."
        return Threshold(**known, sentence=words)

    def values(flagged):
        right, wrong = np.where(truth == 1, money["tp"], money["fp"]), np.where(truth == 1, money["fn"], money["tn"])
        return np.where(flagged, right, wrong)

    curve = performance.profit_curve(truth, score, **{f"value_{outcome}": each for outcome, each in money.items()})
    share = (evaluation.model.tp + evaluation.model.fp) / evaluation.n
    in_use = float(np.quantile(score, 1 - share, method="higher")) if share > 0 else math.inf
    fold = np.arange(len(truth)) % FOLDS
    chosen = np.zeros(len(truth), dtype=bool)
    for part in range(FOLDS):
        others = performance.profit_curve(
            truth[fold != part], score[fold != part], **{f"value_{outcome}": each for outcome, each in money.items()}
        )
        cut = math.inf if others.score_cut is None else others.score_cut
        chosen |= (fold == part) & (score >= cut)
    ways = [
        ("flag nobody", None, np.zeros(len(truth), dtype=bool)),
        ("flag everybody", None, np.ones(len(truth), dtype=bool)),
        ("in use", in_use if share > 0 else None, score >= in_use),
        (OTHERS, None, chosen),
    ]
    if closed is not None:
        ways.insert(3, ("from the money", closed, score >= closed))
    base = values(score >= in_use)
    cuts = []
    for words, at, flagged in ways:
        each = values(flagged)
        gain = each - base
        reach = float(special.ndtri((1 + LEVEL) / 2) * gain.std(ddof=1) / math.sqrt(len(gain)))
        mean = float(gain.mean())
        cuts.append(Cut(words, at, float(flagged.mean()), float(each.mean()), mean, mean - reach, mean + reach))
    return Threshold(
        **known,
        cuts=tuple(cuts),
        curve=curve,
        calibration=calibration_bins(truth, score),
        auc=performance.auc(truth, score, LEVEL),
        brier=performance.brier(truth, score, LEVEL),
    )


def bin_of(score, bins: int = 10) -> np.ndarray:
    """The bin of each score (n,), of bins of equal size, ties kept together."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)))
    return np.clip(np.searchsorted(edges, score, side="right") - 1, 0, max(len(edges) - 2, 0))


def calibration_bins(truth, score, bins: int = 10):
    """Mean score and observed share with Wilson's interval in bins of equal size, ties kept together."""
    place = bin_of(score, bins)
    rows = []
    for part in np.unique(place):
        inside = place == part
        seen = performance.wilson_interval(int(truth[inside].sum()), int(inside.sum()), LEVEL)
        rows.append((float(score[inside].mean()), seen.value, *seen.interval, int(inside.sum())))
    return tuple(rows)


def net_benefits(evaluation, thresholds) -> dict[str, list[float]]:
    """Net benefit per case of model, baseline, flagging all and nobody, at each threshold, from the counts alone."""
    share = evaluation.model.positives / evaluation.model.n
    before = evaluation.baseline.positives / evaluation.baseline.n
    found: dict[str, list[float]] = {"model": [], "baseline": [], "flag everybody": [], "flag nobody": []}
    for at in thresholds:
        one = performance.net_benefit(
            evaluation.model.n, evaluation.model.tp, evaluation.model.fp, float(at), share
        )  # fmt: skip
        other = performance.net_benefit(
            evaluation.baseline.n, evaluation.baseline.tp, evaluation.baseline.fp, float(at), before
        )
        for name, value in zip(found, (one.net_benefit, other.net_benefit, one.treat_all, 0.0), strict=True):
            found[name].append(value)
    return found


def groups_flagged(predictions, cut: float) -> tuple[performance.FairnessRates | None, str]:
    """Share flagged by group at a cut, or the sentence why it is not compared (rule Groups)."""
    if predictions is None or not any(predictions.group):
        return None, "The scored cases carry no group, so no shares by group can be compared."
    groups: dict[str, list[bool]] = {}
    for group, score in zip(predictions.group, predictions.score, strict=True):
        if group is not None:
            groups.setdefault(group, []).append(score >= cut)
    if len(groups) < 2:
        return None, "The scored cases carry one group only."
    try:
        seen = {name: (int(sum(flags)), len(flags)) for name, flags in sorted(groups.items())}
        return performance.fairness_rates(seen, SMALLEST_GROUP, LEVEL), ""
    except performance.Undefined as problem:
        return None, str(problem)
