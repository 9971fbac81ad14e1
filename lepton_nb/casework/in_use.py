"""A test with more positive cases than there are in use, read as if they were as rare as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lepton_nb.casework.forms import CaseSet
from lepton_nb.client import OutcomeValue, ThreePoint
from lepton_nb.terms import OUTCOMES, WEIGHTED, class_weights


def as_in_use(case_set: CaseSet, share: float | None) -> CaseSet:
    """The case with the money of each class weighted to the share of positive cases in use (``terms.class_weights``).

    So a gain, its interval and a threshold on the scores are those in use, without another count. What a class costs
    must not depend on how frequent it is.
    share: in use, 0..1; None: as in the test, nothing changes.
    """
    seen = float(case_set.test.y.mean()) if len(case_set.test) else 0.0
    if share is None or case_set.money is None or not 0 < seen < 1:
        return case_set
    words = f"{WEIGHTED} {100 * seen:.1f} % positive cases in the test to {100 * share:.1f} % in use"
    return replace(
        case_set, money=_times(case_set.money, class_weights(seen, share)), positive_share=share,
        split=f"{case_set.split}; {words}",
    )  # fmt: skip


def money_of(case_set: CaseSet, y: np.ndarray) -> OutcomeValue | None:
    """The money of each outcome for a mean over these rows in place of the test: weighted from their share of positives.

    y: classes (n,) of rows of both classes. As it stands where the case gives no share in use.
    """
    share, seen = case_set.positive_share, float(np.mean(y))
    if share is None or case_set.money is None or not 0 < seen < 1:
        return case_set.money
    tested = class_weights(float(case_set.test.y.mean()), share)
    return _times(case_set.money, {name: times / tested[name] for name, times in class_weights(seen, share).items()})


def _times(money: OutcomeValue, times: Mapping[str, float]) -> OutcomeValue:
    return money.model_copy(
        update={name: ThreePoint(*(each * times[name] for each in money[name])) for name in OUTCOMES}
    )
