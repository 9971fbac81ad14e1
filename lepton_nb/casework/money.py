"""Money of a row by what was decided on it, and the threshold that brings most."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from lepton_nb.casework.forms import LEVEL, CaseSet, Part, PerCase
from lepton_nb.client import OutcomeValue, ThreePoint
from lepton_nb.terms import OUTCOMES
from lepton_nb.valuation import performance


def area(part_y: np.ndarray, scores: np.ndarray) -> performance.Score | None:
    """Area under the curve at 90 %; None with fewer than two rows of a class, where it has no error."""
    if min(int(part_y.sum()), len(part_y) - int(part_y.sum())) < 2:
        return None
    return performance.auc(part_y, scores, LEVEL)


def most_likely(case_set: CaseSet) -> dict[str, float]:
    """Money per outcome at its most likely value, before the amounts of the rows. Raises ValueError without money."""
    if case_set.money is None:
        raise ValueError("No money per outcome is known: give outcome_value, or an evaluation with outcome values.")
    return {outcome: getattr(case_set.money, outcome).mode for outcome in OUTCOMES}


def of_rows(case_set: CaseSet, part: Part, flagged: np.ndarray) -> np.ndarray:
    r"""Most likely money of every row: $v(y_i, d_i) \cdot a_i$, with the amount $a_i$ of the row (1 without amounts)."""
    worth = most_likely(case_set)
    flags = np.asarray(flagged).astype(bool)
    each = np.where(
        part.y == 1, np.where(flags, worth["tp"], worth["fn"]), np.where(flags, worth["fp"], worth["tn"])
    ).astype(np.float64)
    return each if part.amounts is None else each * part.amounts


def best_cut(case_set: CaseSet, part: Part, scores: np.ndarray) -> tuple[float, float]:
    """The score from which on flagging pays most on these rows, and the money per row; 2.0 where nothing should be
    flagged. Equal scores are flagged together; of equally good cuts the one that flags fewer is taken.

    Sounds are few, and scores of a new voice may lie somewhat lower: their cut lies halfway to the next score below, which
    changes nothing on these rows.
    """
    worth = most_likely(case_set)
    if part.amounts is None:
        curve = performance.profit_curve(part.y, scores, **{f"value_{name}": worth[name] for name in OUTCOMES})
        cut = 2.0 if curve.score_cut is None else curve.score_cut
        return _halfway(case_set, scores, cut), curve.best_profit / len(part)
    order = np.argsort(-scores, kind="stable")
    flag, leave = of_rows(case_set, part, np.ones(len(part))), of_rows(case_set, part, np.zeros(len(part)))
    totals = leave.sum() + np.concatenate([[0.0], np.cumsum((flag - leave)[order])])
    ranked = scores[order]
    places = np.concatenate([[0], np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) + 1])
    best = int(places[np.argmax(totals[places])])
    return _halfway(case_set, scores, float(ranked[best - 1]) if best else 2.0), float(totals[best]) / len(part)


def _halfway(case_set: CaseSet, scores: np.ndarray, cut: float) -> float:
    below = scores[scores < cut]
    return (cut + float(below.max())) / 2 if case_set.kind == "sounds" and cut <= 1 and len(below) else cut


def better_constant(case_set: CaseSet, part: Part) -> int:
    """What to decide without any model: 1 flag everybody or 0 nobody, whichever pays more on these rows."""
    if case_set.money is None:
        return 0
    everybody = of_rows(case_set, part, np.ones(len(part))).sum()
    return int(everybody > of_rows(case_set, part, np.zeros(len(part))).sum())


def per_case(differences: np.ndarray, method: str = "money of every row, normal interval") -> PerCase:
    r"""Mean of the rows' differences with its interval $\bar d \pm z\, s/\sqrt n$; the chance below zero is that of the
    normal distribution.

    >>> found = per_case(np.array([1.0, -1.0, 1.0, 1.0]))
    >>> found.value, round(found.low, 3), found.n
    (0.5, -0.322, 4)
    """
    n = len(differences)
    mean = float(differences.mean())
    error = float(differences.std(ddof=1)) / math.sqrt(n) if n > 1 else math.inf
    reach = float(special.ndtri((1 + LEVEL) / 2)) * error
    below = 0.5 if error == 0 and mean == 0 else float(mean < 0) if error == 0 else float(special.ndtr(-mean / error))
    return PerCase(value=mean, low=mean - reach, high=mean + reach, below_zero=below, n=n, method=method)


def with_amounts(case_set: CaseSet, part: Part) -> tuple[OutcomeValue | None, str]:
    r"""The money per outcome as counts can carry it, and how it came about.

    An evaluation holds counts, so each row of a class counts the same there: with amounts, the money of an outcome is
    multiplied by the mean amount of its class, $v(y, d) \cdot \bar a_y$. What the rows say with their own amounts
    stands beside it.
    """
    worth = case_set.money
    if worth is None or part.amounts is None:
        return worth, ""
    means = {kind: float(part.amounts[part.y == kind].mean()) if (part.y == kind).any() else 1.0 for kind in (0, 1)}
    scaled = {
        outcome: ThreePoint(*(value * means[outcome in ("tp", "fn")] for value in getattr(worth, outcome)))
        for outcome in OUTCOMES
    }
    words = (
        f"{case_set.amount_meaning} In the counts of the evaluation every row of a class weighs the same, so the money of "
        f"an outcome is taken at the mean amount of its class: {means[1]:.6g} for positives, {means[0]:.6g} for negatives."
    )
    return worth.model_copy(update=scaled), words


def scale_of(case_set: CaseSet) -> tuple[float, str]:
    """By how much money per row is multiplied to be shown, and its unit: a year's decisions, or a thousand."""
    currency = case_set.currency or "money"
    if case_set.yearly is not None:
        return case_set.yearly, f"{currency} a year"
    return 1000.0, f"{currency} per thousand decisions"


def said(value: float, form: str = ",.0f") -> str:
    """A number in a sentence, with a minus sign.

    >>> said(-1234.5), said(0.00012, ".3g"), said(12.0, "+,.0f")
    ('−1,234', '0.00012', '+12')
    """
    return f"{value:{form}}".replace("-", "−")
