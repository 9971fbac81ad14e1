"""What the test rows say of a model, in counts, in probabilities and in money: the same whatever the door."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import SimpleNamespace

import numpy as np

from lepton_nb.casework import calibrating, money, worth
from lepton_nb.casework.doors import UNLEARNABLE
from lepton_nb.casework.entering import enter, monitoring, watched
from lepton_nb.casework.forms import LEVEL, CaseSet, Cutoff, Judged, Part, PerCase, Scores, Slice
from lepton_nb.client import Counts, Evaluation, PairedCount
from lepton_nb.terms import OUTCOMES, SMALLEST_GROUP
from lepton_nb.valuation import performance
from lepton_nb.valuation.performance import Interval, wilson_interval
from lepton_nb.value_model.decay import Series, monitored
from lepton_nb.value_model.gains import gain_draws, gain_per_case
from lepton_nb.value_model.threshold import Threshold, closed_form_threshold
from lepton_nb.value_model.threshold import threshold as ways_to_cut

__all__ = ["enter", "judge", "monitoring"]

#: Day of a measurement of which no day is known.
NO_DAY = date(1, 1, 1)
#: Fewest positives of a period on average; with fewer, months are joined to quarters, quarters to years.
FEWEST_IN_A_PERIOD = 10
CURVE = tuple(np.round(np.linspace(0.02, 0.8, 40), 4).tolist())


def judge(
    case_set: CaseSet,
    scores: Scores,
    threshold: float | None = None,
    *,
    learning: bool = True,
    blocks: bool = True,
    price_an_hour: float | None = None,
    seed: int = 0,
) -> Judged:
    """Everything that the test says of one model.

    threshold: from which score on a row is flagged; None: the case's own threshold, else the one that brings most money on
    the validation rows. learning, blocks: with the learning curve and the block values (they train again and take
    longest). price_an_hour: money of an hour of one machine, for the cost of training and of a thousand predictions;
    None: that of the client's own figures, where the case is a client's and they give one.
    """
    test, notes = case_set.test, list(scores.notes)
    if price_an_hour is None and case_set.settings is not None:
        price_an_hour = case_set.settings.hour_price
    baseline, baseline_name, words = _baseline(case_set)
    notes += [words] if words else []
    notes += [] if case_set.learnable else [UNLEARNABLE]
    cutoff = _cutoff(case_set, scores, threshold)
    flagged = (scores.test >= cutoff.value).astype(np.int64)
    evaluation, amounts_words = _evaluation(case_set, scores, cutoff, flagged, baseline, baseline_name)
    notes += [amounts_words] if amounts_words else []
    own, before = _counts(test.y, flagged), _counts(test.y, baseline)
    known = case_set.money is not None
    gain = _gain(evaluation) if known else None
    by_rows = _by_rows(case_set, test, flagged, baseline) if known else None
    curves = _curves(evaluation, case_set, scores) if known and not scores.decisions else None
    mended = calibrating.repair(case_set, scores)
    chances = scores.test if mended is None or mended.repaired is None else mended.repaired
    decision, baseline_curve = _decision_curves(test.y, chances, before, scores.decisions)
    periods, step = _periods(case_set, scores, flagged, baseline)
    fall = _decay(case_set, evaluation, periods) if known else None
    trains = case_set.learnable
    curve = worth.learning_curve(case_set, scores, gain, seed) if learning and trains else None
    shares, unit = worth.block_values(case_set, scores, seed) if blocks and trains else (None, "")
    return Judged(
        case=case_set, scores=scores, cutoff=cutoff, flagged=flagged, evaluation=evaluation, n=len(test),
        positives=test.positives, confusion=own, baseline_confusion=before, rates=rates(own), baseline_rates=rates(before),
        auc=None if scores.decisions else money.area(test.y, scores.test),
        baseline_auc=money.area(test.y, baseline) if len(set(baseline.tolist())) > 1 else None,
        brier=None if scores.decisions else performance.brier(test.y, scores.test, LEVEL),
        repair=mended, gain=gain, gain_by_rows=by_rows,
        money_per_case=float(money.of_rows(case_set, test, flagged).mean()) if known else None,
        profit=None if curves is None else curves.curve, cuts=() if curves is None else curves.cuts,
        decision_curve=decision, baseline_curve=baseline_curve, periods=periods, period_words=step, decay=fall,
        groups=_groups(case_set, scores, flagged, baseline), learning=curve, blocks=shares, blocks_unit=unit,
        costs={
            name: None if seconds is None or price_an_hour is None else seconds / 3600 * price_an_hour
            for name, seconds in (("training", scores.training_seconds), ("a_thousand", scores.seconds_a_thousand))
        },
        notes=tuple(notes),
        closed_form=None if curves is None else curves.closed_form, in_use=None if curves is None else curves.in_use,
    )  # fmt: skip


def _baseline(case_set: CaseSet) -> tuple[np.ndarray, str, str]:
    """The baseline's decisions on the test rows, its name, and a note where none is given."""
    if case_set.test.baseline is not None:
        return case_set.test.baseline, case_set.baseline_name, ""
    constant = money.better_constant(case_set, case_set.train)
    name = "flag everybody" if constant else "flag nobody"
    words = f"No decision of a baseline is given, so the model is held against what needs no model: {name}."
    return np.full(len(case_set.test), constant), name, words


def _cutoff(case_set: CaseSet, scores: Scores, cut: float | None) -> Cutoff:
    given = cut if cut is not None else case_set.threshold
    if scores.decisions:
        return Cutoff(value=0.5, source="The predictions are decisions: 1 is flagged.", on="decisions")
    if given is not None:
        return Cutoff(value=float(given), source="The threshold is the one that was given.", on="given")
    if case_set.money is not None and scores.validation is not None:
        at, each = money.best_cut(case_set, case_set.validation, scores.validation)
        words = (
            f"The threshold is the one that brings most money on the {len(case_set.validation)} validation rows "
            f"({money.said(round(each, 9) + 0.0, '.4g')} a row there); the test rows chose nothing."
        )
        return Cutoff(value=at, source=words, on="validation")
    if case_set.money is not None:
        worth_ = SimpleNamespace(outcome_value=case_set.money)
        at, why = closed_form_threshold(worth_)
        if at is not None:
            words = (
                "No scores of the validation rows are known, so the threshold is the probability from which on a flag "
                "pays by the money per outcome; it is right only for scores that are probabilities."
            )
            return Cutoff(value=at, source=words, on="money")
        return Cutoff(value=0.5, source=f"{why} The threshold is 0.5.", on="given")
    return Cutoff(value=0.5, source="No money per outcome is known, so the threshold is 0.5.", on="given")


def _evaluation(
    case_set: CaseSet, scores: Scores, cutoff: Cutoff, flagged: np.ndarray, baseline: np.ndarray, baseline_name: str
) -> tuple[Evaluation, str]:
    test = case_set.test
    cells = tuple(
        PairedCount(
            y_true=y, model=m, baseline=b,
            count=int(((test.y == y) & (flagged == m) & (baseline == b)).sum()),
        )
        for y in (1, 0) for m in (1, 0) for b in (1, 0)
    )  # fmt: skip
    worth_, words = money.with_amounts(case_set, test)
    at = "decisions as they were given" if scores.decisions else f"flagged from a score of {cutoff.value:.3g} on"
    found = Evaluation(
        evaluation_id=case_set.evaluation_id,
        asset_id=case_set.asset_id or case_set.name,
        evaluated_on=case_set.evaluated_on or (test.days.max().item() if test.days is not None else NO_DAY),
        sample=f"{case_set.title}; {case_set.split}",
        n=len(test),
        model=Counts(**_counts(test.y, flagged)),
        baseline=Counts(**_counts(test.y, baseline)),
        model_policy=f"{scores.name}, {at}",
        baseline_policy=baseline_name,
        paired=cells,
        outcome_value=worth_,
        positive_share=case_set.positive_share,
        share_range=case_set.share_range if case_set.positive_share is not None else None,
        share_source=case_set.share_source,
    )
    return found, words


def _counts(y: np.ndarray, flagged: np.ndarray) -> dict[str, int]:
    """tp, fp, fn and tn."""
    flags = flagged.astype(bool)
    positive = y == 1
    cells = (positive & flags, ~positive & flags, positive & ~flags, ~positive & ~flags)
    return {name: int(cell.sum()) for name, cell in zip(OUTCOMES, cells, strict=True)}


def rates(counts: Mapping[str, int]) -> dict[str, Interval | None]:
    """Shares of a confusion matrix with their Wilson intervals; None where there is nothing to divide by.

    >>> found = rates({"tp": 8, "fp": 2, "fn": 2, "tn": 88})
    >>> round(found["recall"].value, 2), round(found["precision"].value, 2), round(found["flagged_share"].value, 2)
    (0.8, 0.8, 0.1)
    """
    tp, fp, fn, tn = (counts[name] for name in OUTCOMES)
    pairs = {
        "recall": (tp, tp + fn),
        "false_alarm_rate": (fp, fp + tn),
        "specificity": (tn, fp + tn),
        "precision": (tp, tp + fp),
        "accuracy": (tp + tn, tp + fp + fn + tn),
        "flagged_share": (tp + fp, tp + fp + fn + tn),
    }
    return {name: wilson_interval(hit, of, LEVEL) if of else None for name, (hit, of) in pairs.items()}


def _gain(evaluation: Evaluation) -> PerCase:
    """The gain of the evaluation as the valuation draws it: cells Dirichlet with counts + ½, money most likely."""
    drawn = gain_draws(evaluation)
    low, high = drawn.interval
    return PerCase(
        value=float(gain_per_case(evaluation)), low=float(low), high=float(high),
        below_zero=float(drawn.probability_below(0).value), n=evaluation.n,
        method="paired counts, cells drawn (counts + ½)",
    )  # fmt: skip


def _by_rows(case_set: CaseSet, part: Part, flagged: np.ndarray, baseline: np.ndarray) -> PerCase:
    return money.per_case(money.of_rows(case_set, part, flagged) - money.of_rows(case_set, part, baseline))


def _curves(evaluation: Evaluation, case_set: CaseSet, scores: Scores) -> Threshold:
    """Profit curve and ways to cut the scores, by the function of the pages of value."""
    scored = SimpleNamespace(y_true=case_set.test.y, score=scores.test)
    return ways_to_cut(evaluation, scored)


def _decision_curves(y: np.ndarray, chances: np.ndarray, before: Mapping[str, int], decisions: bool):
    if decisions or not 0 < y.sum() < len(y):
        return (), ()
    share = float(y.mean())
    points = performance.decision_curve(y, np.clip(chances, 0, 1), CURVE)
    baseline = tuple(performance.net_benefit(len(y), before["tp"], before["fp"], at, share) for at in CURVE)
    return points, baseline


# --- by group and by period


def _slice(
    case_set: CaseSet, scores: Scores, flagged: np.ndarray, baseline: np.ndarray, inside: np.ndarray, name: str,
    first: date | None = None,
) -> Slice:  # fmt: skip
    part = case_set.test.take(inside)
    own, before = rates(_counts(part.y, flagged[inside])), rates(_counts(part.y, baseline[inside]))
    return Slice(
        name=name, n=len(part), positives=part.positives, recall=own["recall"], false_alarms=own["false_alarm_rate"],
        baseline_recall=None if before["recall"] is None else before["recall"].value,
        baseline_found=before["recall"],
        baseline_false_alarms=None if before["false_alarm_rate"] is None else before["false_alarm_rate"].value,
        flagged=own["flagged_share"],
        auc=None if scores.decisions else money.area(part.y, scores.test[inside]),
        gain=_by_rows(case_set, part, flagged[inside], baseline[inside]) if case_set.money is not None else None,
        first=first,
    )  # fmt: skip


def _decay(case_set: CaseSet, evaluation: Evaluation, periods: tuple[Slice, ...]) -> Series | None:
    """What the periods say of the decay of the gain in money, by the function of the pages of value."""
    rows = [
        SimpleNamespace(**row | {"period": date.fromisoformat(f"{row['period']}-01")})
        for row in watched(case_set, periods)
    ]
    client = SimpleNamespace(monitoring=rows, evaluations=(evaluation,))
    return next((item for item in monitored(client) if item.what == "money"), None)


def _groups(case_set: CaseSet, scores: Scores, flagged: np.ndarray, baseline: np.ndarray) -> tuple[Slice, ...]:
    """Results by group; groups under 30 rows are left out."""
    if case_set.test.groups is None:
        return ()
    names, sizes = np.unique(case_set.test.groups, return_counts=True)
    return tuple(
        _slice(case_set, scores, flagged, baseline, np.flatnonzero(case_set.test.groups == name), str(name))
        for name, size in zip(names, sizes, strict=True)
        if size >= SMALLEST_GROUP
    )


def _periods(
    case_set: CaseSet, scores: Scores, flagged: np.ndarray, baseline: np.ndarray
) -> tuple[tuple[Slice, ...], str]:
    """Results by month; by quarter or year where the months hold too few positives."""
    days = case_set.test.days
    if days is None:
        return (), ""
    months = days.astype("datetime64[M]")
    year, month = months.astype("datetime64[Y]"), months.astype(int) % 12
    starts = {
        "month": months,
        "quarter": year.astype("datetime64[M]") + month // 3 * 3,
        "year": year.astype("datetime64[M]"),
    }
    step = next(
        (name for name, keys in starts.items() if case_set.test.positives / len(np.unique(keys)) >= FEWEST_IN_A_PERIOD),
        "year",
    )
    keys = starts[step]
    return tuple(
        _slice(case_set, scores, flagged, baseline, np.flatnonzero(keys == key), str(key), key.astype("datetime64[D]").item())
        for key in np.unique(keys)
    ), step  # fmt: skip
