"""Whether scores are probabilities, and a repair that is fitted on the validation rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from lepton_nb.casework.fitting import log_loss
from lepton_nb.casework.forms import LEVEL, CaseSet, Repair, Scores
from lepton_nb.valuation import performance
from lepton_nb.value_model.threshold import bin_of, calibration_bins

FOLDS = 5
#: Samples of the test rows from which the interval of a calibration error is read.
RESAMPLES = 500
#: Fewest validation rows of each class on which a repair is fitted.
FEWEST = 20


def repair(case_set: CaseSet, scores: Scores) -> Repair | None:
    r"""Brier score and calibration before and after the better of two repairs; None for decisions.

    Platt's: $p' = \sigma(a + b \operatorname{logit} p)$. Isotonic: the non-decreasing step function nearest to the
    classes. Which, or none, is chosen by five-fold cross-entropy on the validation rows, and fitted on all of them; the
    test rows judge. Neither changes the order of scores, so the area stays (but for ties of the isotonic steps).

    References: Platt (1999), Probabilistic outputs for support vector machines; Zadrozny & Elkan (2002), Transforming
    classifier scores into accurate multiclass probability estimates, KDD.
    """
    if scores.decisions:
        return None
    truth, found = case_set.test.y, scores.test
    before, bins = performance.brier(truth, found, LEVEL), calibration_bins(truth, found)
    nothing = {"after": None, "error_after": None, "bins_after": (), "repaired": None, "repaired_validation": None}
    told = {
        "before": before,
        "bins_before": bins,
        "error_before": expected_error(bins),
        "interval_before": error_interval(truth, found),
    }
    if scores.validation is None:
        words = "No scores of the validation rows are known, so nothing can be repaired without a look at the test."
        return Repair(method="none", sentence=words, **told, **nothing)
    seen, known = scores.validation, case_set.validation.y
    if min(known.sum(), len(known) - known.sum()) < FEWEST:
        words = f"The validation rows hold under {FEWEST} of a class: too few to fit a repair."
        return Repair(method="none", sentence=words, **told, **nothing)
    fold = np.arange(len(known)) % FOLDS
    out_of_fold: dict[str, np.ndarray] = {"none": seen}
    for method, fit in METHODS.items():
        out_of_fold[method] = np.empty(len(known))
        for part in range(FOLDS):
            others = fold != part
            if len(np.unique(known[others])) < 2:
                out_of_fold.pop(method)
                break
            out_of_fold[method][~others] = fit(seen[others], known[others])(seen[~others])
    losses = {method: log_loss(known, values) for method, values in out_of_fold.items()}
    best = min(losses, key=losses.__getitem__)
    mend = np.asarray if best == "none" else METHODS[best](seen, known)
    repaired = mend(found)
    after, bins_after = performance.brier(truth, repaired, LEVEL), calibration_bins(truth, repaired)
    if best == "none":
        words = "No repair scores the validation rows better than the scores as they are."
    else:
        words = (
            f"{best} repair, chosen and fitted on {len(known)} validation rows: Brier score of the test rows from "
            f"{before.value:.4f} to {after.value:.4f}, mean distance from what happened from {expected_error(bins):.3f} to "
            f"{expected_error(bins_after):.3f}."
        )
    return Repair(
        method=best, after=after, error_after=expected_error(bins_after), interval_after=error_interval(truth, repaired), bins_after=bins_after,
        repaired=repaired,
        repaired_validation=out_of_fold[best], sentence=words, mend=mend, **told,
    )  # fmt: skip


def expected_error(bins: tuple[tuple[float, float, float, float, int], ...]) -> float:
    """Mean distance of score and observed share over bins of equal size (mean score, share, low, high, n)."""
    total = sum(row[4] for row in bins)
    return sum(row[4] * abs(row[0] - row[1]) for row in bins) / total


def error_interval(truth: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    r"""Interval of :func:`expected_error` by resampling the rows with their bins kept; at the level of all of a case.

    The distance is a sum of sizes, so that noise raises it, in a sample as in the test itself. The basic interval
    $2\hat\theta - q$ turns the quantiles $q$ of the samples around the figure and so takes that off again; it ends at 0.

    Reference: Davison & Hinkley (1997), Bootstrap Methods and their Application, section 2.4.
    """
    generator, place, apart = np.random.default_rng(0), bin_of(score), np.asarray(score) - truth
    n, bins = len(apart), int(place.max()) + 1

    def error(rows: np.ndarray) -> float:
        return float(np.abs(np.bincount(place[rows], apart[rows], bins)).sum() / n)

    seen = error(np.arange(n))
    drawn = [error(generator.integers(0, n, n)) for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return max(2 * seen - float(high), 0.0), max(2 * seen - float(low), 0.0)


def _platt(scores: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e4, max_iter=1000).fit(_logit(scores)[:, None], y)
    return lambda asked: model.predict_proba(_logit(asked)[:, None])[:, 1]


def _isotonic(scores: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(y_min=1e-3, y_max=1 - 1e-3, out_of_bounds="clip").fit(scores, y)
    return model.predict


METHODS = {"Platt's": _platt, "isotonic": _isotonic}


def _logit(scores: np.ndarray) -> np.ndarray:
    return special.logit(np.clip(scores, 1e-6, 1 - 1e-6))
