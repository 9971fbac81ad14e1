"""A test with more positive cases than there are in use, read as if they were as rare as they are."""

from __future__ import annotations

from dataclasses import replace

from lepton_nb.casework.forms import CaseSet
from lepton_nb.client import ThreePoint
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
    times = class_weights(seen, share)
    money = case_set.money.model_copy(
        update={name: ThreePoint(*(each * times[name] for each in case_set.money[name])) for name in OUTCOMES}
    )
    words = f"{WEIGHTED} {100 * seen:.1f} % positive cases in the test to {100 * share:.1f} % in use"
    return replace(case_set, money=money, positive_share=share, split=f"{case_set.split}; {words}")
