"""What speaks against a conclusion, each in words and money.

Each check is one function of ``CHECKS``: it takes what is known of the case and yields findings. Grades: *stop*, no
conclusion rests on the result; *warn*, the result holds and says something that must be known; *note*, beside it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
from scipy import special

from lepton_nb import terms
from lepton_nb.casework import doors, fitting, money
from lepton_nb.casework.forms import CaseSet, Finding, Judged, Part, PerCase, Scores
from lepton_nb.terms import SMALLEST_GROUP
from lepton_nb.valuation import performance
from lepton_nb.value_model.threshold import closed_form_threshold

FEWEST_POSITIVES = terms.FEWEST_OF_A_CLASS
#: A single column that ranks the test rows this well says what is to be predicted.
LEAK = 0.98
#: Mean distance of scores from what happened, over bins, from which on scores are called no probabilities.
MISCALIBRATED = 0.03
#: Area from which on scores made elsewhere are asked after, and the share of what a default model's area leaves to 1
#: that scores must leave.
NEAR_PERFECT, LEFT_OVER = 0.995, 0.2
GRADES = ("stop", "warn", "note")
#: What rows share that are the same, where they are no rows of columns.
TWINS = {"texts": "the same words", "sounds": "the same picture of the sound"}


@dataclass(frozen=True, eq=False)
class _Seen:
    """What the checks look at."""

    case: CaseSet
    judged: Judged
    reference: Scores | None  # None: the rows have no features to learn from
    slowest_ms: float | None


def findings(
    case_set: CaseSet, judged: Judged, reference: Scores | None = None, slowest_ms: float | None = None, seed: int = 0
) -> tuple[Finding, ...]:
    """All findings on a case, the gravest first; empty: nothing was found.

    reference: scores of a default gradient boosting (``doors.reference``); None: it is trained now. slowest_ms: the time
    in milliseconds that one prediction may take.
    """
    seen = _Seen(case_set, judged, doors.reference(case_set, seed) if reference is None else reference, slowest_ms)
    found = [finding for check in CHECKS for finding in check(seen)]
    return tuple(sorted(found, key=lambda finding: GRADES.index(finding.grade)))


def amount(case_set: CaseSet, found: PerCase) -> dict:
    """Money of a finding, in the unit in which the case is shown."""
    scale, unit = money.scale_of(case_set)
    return {"money": found.value * scale, "low": found.low * scale, "high": found.high * scale, "unit": unit}


def told(money_: dict) -> str:
    """``1,200 EUR a year (± 300)``, with half the width of the 90 % interval."""
    reach = (money_["high"] - money_["low"]) / 2
    return f"{abs(money_['money']):,.0f} {money_['unit']} (± {reach:,.0f}, 90 %)"  # the sentence says which way


# --- the rows


def one_class(seen: _Seen) -> Iterator[Finding]:
    """Rows of one class in a part."""
    for name, part in seen.case.parts.items():
        if part.positives in (0, len(part)):
            which = "negative" if part.positives == 0 else "positive"
            words = f"All {len(part):,} {name} rows are {which}: nothing can be told apart there."
            yield Finding(check="one class", grade="stop", words=words)


def few_positives(seen: _Seen) -> Iterator[Finding]:
    """Fewer than 30 positives, or negatives, in the test: no conclusion."""
    test = seen.case.test
    for count, what in ((test.positives, "positive"), (len(test) - test.positives, "negative")):
        if count and terms.too_few(count):
            words = (
                f"The test holds {count} {what} rows; under {FEWEST_POSITIVES} no conclusion is drawn. "
                f"{FEWEST_POSITIVES - count} more are needed."
            )
            further = seen.judged.gain
            extra = {} if further is None else amount(seen.case, further)
            if extra:
                low, high = extra["low"], extra["high"]
                words += f" What it leaves open: {money.said(low)} to {money.said(high)} {extra['unit']}."
            yield Finding(check="few positives", grade="stop", words=words, **extra)


def not_in_time(seen: _Seen) -> Iterator[Finding]:
    """Dated rows whose test does not lie after the training."""
    case = seen.case
    if case.test.days is None or case.in_time:
        return
    last, first = case.train.days.max(), case.test.days.min()
    ahead = int((case.train.days >= first).sum())
    words = (
        f"The rows are dated, and the test does not lie after the training: {ahead:,} training rows are of {first} or later "
        f"(the last of {last}). In use a model knows no later rows; split from a day on."
    )
    gain = seen.judged.gain
    extra = {} if gain is None else amount(case, gain)
    if extra:
        words += f" The gain of {told(extra)} is not shown for a time to come."
    yield Finding(check="not in time", grade="warn", words=words, **extra)


def duplicates(seen: _Seen) -> Iterator[Finding]:
    """Rows of the test that are in the training part too, feature by feature; the gain without them beside it."""
    case = seen.case
    if not case.learnable:
        return
    known = set(_prints(case.train)) | set(_prints(case.validation))
    twice = np.array([one in known for one in _prints(case.test)])
    if not twice.any():
        return
    words = (
        f"{int(twice.sum()):,} of {len(twice):,} test rows have a twin among training or validation: "
        f"{TWINS.get(case.kind, 'the same features in every column')}."
    )
    extra, rest = {}, np.flatnonzero(~twice)
    if case.money is not None and len(rest) > 1:
        each = _differences(case, seen.judged.flagged, _baseline(seen.judged, case))
        scale, unit = money.scale_of(case)
        extra = {"money": float(each[rest].mean() - each.mean()) * scale, "unit": unit}
        words += f" Without them the gain changes by {money.said(extra['money'], '+,.0f')} {extra['unit']}."
    share = float(twice.mean())
    yield Finding(check="duplicates", grade="warn" if share > 0.01 else "note", words=words, **extra)


def _prints(part: Part) -> list[bytes]:
    """A fingerprint of each row's features."""
    if hasattr(part.x, "columns"):
        import pandas as pd

        return [bytes(one) for one in pd.util.hash_pandas_object(part.x, index=False).to_numpy().view("S8")]
    if fitting.is_texts(part.x):
        return [" ".join(one.split()).casefold().encode() for one in part.x]
    return [hashlib.sha1(np.ascontiguousarray(image), usedforsecurity=False).digest() for image in part.x]


def leakage(seen: _Seen) -> Iterator[Finding]:
    """A single column that predicts the target, and what the result is worth without it."""
    case = seen.case
    if case.kind != "table":
        return
    leaks = {name: area for name in case.features if (area := column_area(case, name)) >= LEAK}
    if not leaks:
        return
    names = ", ".join(f"{name} (area {area:.3f})" for name, area in sorted(leaks.items(), key=lambda item: -item[1]))
    words = f"A single column predicts the target: {names}. It is likely known only afterwards; take it out."
    extra = {}
    rest = [name for name in case.features if name not in leaks]
    if case.money is not None and rest:
        fewer = _without(case, leaks)
        found = doors.reference(fewer)
        before = _flags(case, seen.reference)
        after = _flags(fewer, found)
        lost = money.per_case(_differences(case, before, after))
        extra = amount(case, lost)
        words += f" Without it a default gradient boosting is worth less by {told(extra)}."
    yield Finding(check=terms.LEAKAGE, grade="stop", words=words, **extra)


def column_area(case_set: CaseSet, name: str) -> float:
    """How well one column alone ranks the rows of training and validation: the area, on the better side of ½.

    Texts are ranked by the share of positives of their value among the other half of the rows.
    """
    values = np.concatenate([part.x[name].to_numpy() for part in (case_set.train, case_set.validation)])
    y = np.concatenate([part.y for part in (case_set.train, case_set.validation)])
    if values.dtype.kind not in "biuf":
        half = np.arange(len(y)) % 2 == 0
        shares = {value: float(y[half & (values == value)].mean()) for value in set(values[half].tolist())}
        values, y = np.array([shares.get(value, float(y.mean())) for value in values[~half].tolist()]), y[~half]
    values = np.where(np.isnan(values), -math.inf, values.astype(np.float64)) if values.dtype.kind == "f" else values
    values = np.unique(values, return_inverse=True)[1]  # ranks: infinite ends and large numbers alike
    if len(np.unique(values)) < 2 or min(y.sum(), len(y) - y.sum()) < 2:
        return 0.5
    area = performance.auc(y, values).value
    return max(area, 1 - area)


def _without(case: CaseSet, columns: dict[str, float]) -> CaseSet:
    kept = tuple(name for name in case.features if name not in columns)
    parts = {name: replace(part, x=part.x[list(kept)]) for name, part in case.parts.items()}
    return replace(case, features=kept, **parts)


# --- the model


def worse_than_default(seen: _Seen) -> Iterator[Finding]:
    """A default model that earns more on the same rows."""
    case, judged = seen.case, seen.judged
    if seen.reference is None:
        return
    name = seen.reference.name
    if case.money is None:
        if judged.auc is None:
            return
        area = money.area(case.test.y, seen.reference.test)
        if area is not None and area.value > judged.auc.high:
            words = f"A {name} ranks the test rows better: area {area.value:.3f} against {judged.auc.value:.3f}."
            yield Finding(check="worse than a default", grade="warn", words=words)
        return
    found = money.per_case(_differences(case, _flags(case, seen.reference), judged.flagged))
    if found.value <= 0:
        return
    extra = amount(case, found)
    if found.low > 0:
        words = f"The model costs {told(extra)}: so much more a {name} on the same rows would bring."
        yield Finding(check="worse than a default", grade="warn", words=words, **extra)
    else:
        words = f"A {name} brings {told(extra)} more; the test does not show that it is better."
        yield Finding(check="worse than a default", grade="note", words=words, **extra)


def worse_than_baseline(seen: _Seen) -> Iterator[Finding]:
    """A baseline that earns more, or a gain that is not shown."""
    gain, name = seen.judged.gain, seen.judged.evaluation.baseline_policy
    if gain is None:
        return
    extra = amount(seen.case, gain)
    if gain.high < 0:
        words = f"The baseline ({name}) beats the model: using the model costs {told(extra)}."
        yield Finding(check="worse than the baseline", grade="warn", words=words, **extra)
    elif gain.low <= 0:
        words = (
            f"The test does not show that the model beats the baseline ({name}): {money.said(extra['low'])} to "
            f"{money.said(extra['high'])} {extra['unit']}, 90 %."
        )
        yield Finding(check="worse than the baseline", grade="note", words=words, **extra)


def seen_before(seen: _Seen) -> Iterator[Finding]:
    """Scores made elsewhere that come too near the truth of the test rows: as on rows that a model was trained on.

    Not of images: what a model reaches on them is not bounded by a default model of their pixels.
    """
    case, judged, scores = seen.case, seen.judged, seen.judged.scores
    if scores.door == "trained" or case.kind == "images" or not 0 < judged.positives < judged.n:
        return
    known = None if seen.reference is None else money.area(case.test.y, seen.reference.test)
    beside = "" if known is None else f" A {seen.reference.name} on the same rows reaches {known.value:.3f}."
    extra = {} if judged.gain is None else amount(case, judged.gain)
    hangs = f" The gain of {told(extra)} hangs on it." if extra else ""
    ask = " Ask whether the model was trained on these rows, or on what was known only afterwards."
    if _says_the_target(scores.test, case.test.y):
        words = f"The {'decisions' if scores.decisions else 'scores'} say the target itself: every test row of a class has the same.{beside}{hangs}{ask}"
        yield Finding(check=terms.SEEN_BEFORE, grade="stop", words=words, **extra)
        return
    if judged.auc is None:
        return
    left = 1 - judged.auc.value
    limit = f"under {1 - NEAR_PERFECT:g}" if left < 1 - NEAR_PERFECT else ""
    if known is not None:
        gap = 1 - known.value
        limit = limit or ("under a fifth of what that model leaves" if left < LEFT_OVER * gap else "")
        limit *= gap > 1 - NEAR_PERFECT  # else the rows are easy for any model
    if not limit:
        return
    words = (
        f"The scores rank the test rows with hardly a mistake: area {judged.auc.value:.3f}.{beside} What is left to 1 is {limit}, "
        f"as on rows that a model was trained on.{hangs}{ask}"
    )
    yield Finding(check=terms.SEEN_BEFORE, grade="warn", words=words, **extra)


def _says_the_target(scores: np.ndarray, y: np.ndarray) -> bool:
    """Whether each class has one score of its own."""
    ones, zeros = np.unique(scores[y == 1]), np.unique(scores[y == 0])
    return len(ones) == len(zeros) == 1 and ones[0] != zeros[0]


def weak_baseline(seen: _Seen) -> Iterator[Finding]:
    """A baseline that brings less than one decision for all rows: a gain over it says little of the model."""
    case, judged = seen.case, seen.judged
    if case.money is None or case.test.baseline is None:
        return
    constant = money.better_constant(case, case.train)
    flat, name = np.full(len(case.test), constant), "flag everybody" if constant else "flag nobody"
    lost = money.per_case(_differences(case, flat, case.test.baseline))
    if lost.low <= 0:
        return
    over = amount(case, money.per_case(_differences(case, judged.flagged, flat)))
    words = (
        f"The baseline ({judged.evaluation.baseline_policy}) brings less than to decide all rows alike ({name}), by "
        f"{told(amount(case, lost))}: a gain over it is a gain over decisions that nobody need take. Over {name} the model "
        f"gains {money.said(over['low'])} to {money.said(over['high'])} {over['unit']}, 90 %."
    )
    yield Finding(check="weak baseline", grade="warn", words=words, **over)


def slow(seen: _Seen) -> Iterator[Finding]:
    """Predictions that take longer than they may."""
    seconds, most = seen.judged.scores.seconds_a_thousand, seen.slowest_ms
    if seconds is None or most is None or seconds <= most:  # seconds a thousand are milliseconds each
        return
    words = (
        f"A prediction takes {seconds:.3g} ms on this machine, rows given together; {most:.3g} ms are allowed. "
        f"{math.ceil(seconds / most)} such machines side by side would do."
    )
    cost = seen.judged.costs.get("a_thousand")
    extra = {}
    if cost is not None:
        scale, unit = money.scale_of(seen.case)
        extra = {"money": cost / 1000 * scale, "unit": unit}
        words += f" The predictions cost {extra['money']:,.3g} {unit}."
    yield Finding(check="slow", grade="warn", words=words, **extra)


def no_probabilities(seen: _Seen) -> Iterator[Finding]:
    """Scores that are not probabilities: their mean against the share of positives, and the spread over the bins.

    The spread is tested by Hosmer and Lemeshow's sum of n (observed - score)² / (score (1 - score)) over the bins, which is
    chi-squared with as many degrees of freedom as bins for scores made on other rows.
    """
    judged, case = seen.judged, seen.case
    if judged.repair is None:
        words = "The predictions are decisions: no threshold can be chosen, no calibration shown."
        yield Finding(check="no probabilities", grade="note", words=words)
        return
    bins = judged.repair.bins_before
    total = 0.0
    for score, observed, _, _, n in bins:
        within = max(score * (1 - score), 1e-9)
        total += n * (observed - score) ** 2 / within
    chance = float(special.chdtrc(len(bins), total))
    if chance >= 0.01 or judged.repair.error_before < MISCALIBRATED:
        return
    mean, share = float(judged.scores.test.mean()), judged.positives / judged.n
    words = (
        f"The scores are not probabilities: their mean is {mean:.3f}, and {share:.3f} of the rows are positive; "
        f"over {len(bins)} {'bin' if len(bins) == 1 else 'bins'} they differ by {judged.repair.error_before:.3f} on average. {judged.repair.sentence}"
    )
    extra = {}
    if case.money is not None and (lost := _cost_of_scores(seen)) is not None:
        extra = amount(case, lost)
        words += f" Taking them as probabilities when the threshold is set by the money would cost {told(extra)}."
    yield Finding(check="no probabilities", grade="warn", words=words, **extra)


def _cost_of_scores(seen: _Seen) -> PerCase | None:
    """What is lost by the threshold of the money on raw scores, against the one on repaired scores."""
    case, repair = seen.case, seen.judged.repair
    cut, _ = closed_form_threshold(SimpleNamespace(outcome_value=case.money))
    if cut is None or repair.repaired is None:
        return None
    return money.per_case(_differences(case, repair.repaired >= cut, seen.judged.scores.test >= cut))


def small_groups(seen: _Seen) -> Iterator[Finding]:
    """Groups under 30 rows, whose results are withheld."""
    groups = seen.case.test.groups
    if groups is None:
        return
    names, sizes = np.unique(groups, return_counts=True)
    small = [f"{name} ({size})" for name, size in zip(names, sizes, strict=True) if size < SMALLEST_GROUP]
    if small:
        words = f"Results are withheld for groups under {SMALLEST_GROUP} test rows: {', '.join(small[:8])}."
        yield Finding(check="small groups", grade="note", words=words)


def amounts_matter(seen: _Seen) -> Iterator[Finding]:
    """A gain by the amounts of the rows that lies outside the interval of the gain by counts."""
    by_rows, gain = seen.judged.gain_by_rows, seen.judged.gain
    if seen.case.test.amounts is None or gain is None or gain.low <= by_rows.value <= gain.high:
        return
    extra = amount(seen.case, by_rows)
    counted = amount(seen.case, gain)
    words = (
        f"By the amounts of its rows the model gains {money.said(extra['money'])} {extra['unit']}, by counts at mean amounts "
        f"{money.said(counted['money'])}: large amounts are decided otherwise than small ones. The valuation holds counts."
    )
    yield Finding(check="amounts", grade="warn", words=words, **extra)


CHECKS = (
    one_class,
    few_positives,
    leakage,
    seen_before,
    not_in_time,
    duplicates,
    worse_than_baseline,
    weak_baseline,
    worse_than_default,
    no_probabilities,
    amounts_matter,
    slow,
    small_groups,
)


def _flags(case: CaseSet, scores: Scores) -> np.ndarray:
    """Decisions of the reference at its best threshold on the validation rows."""
    return (scores.test >= money.best_cut(case, case.validation, scores.validation)[0]).astype(np.int64)


def _differences(case: CaseSet, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return money.of_rows(case, case.test, one) - money.of_rows(case, case.test, other)


def _baseline(judged: Judged, case: CaseSet) -> np.ndarray:
    if case.test.baseline is not None:
        return case.test.baseline
    return np.full(len(case.test), money.better_constant(case, case.train))
