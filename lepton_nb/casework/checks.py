"""What speaks against a conclusion, each in words and money."""

from __future__ import annotations

from lepton_nb.casework.forms import CaseSet, Finding, Judged, Scores


def findings(
    case_set: CaseSet, judged: Judged, reference: Scores | None = None, slowest_ms: float | None = None, seed: int = 0
) -> tuple[Finding, ...]:
    """All findings on a case, the gravest first; empty: nothing was found.

    reference: scores of a default gradient boosting (``doors.reference``); None: it is trained now. slowest_ms: the time
    that one prediction may take.
    """
    raise NotImplementedError
