"""The share of positive cases in use, of a case or of a typed evaluation: a share of both classes, within its ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: The share of positive cases in use, and its ends.
SHARES = ("positive_share", "positive_share_low", "positive_share_high")
#: The same from the lowest to the highest.
RANGE = (SHARES[1], SHARES[0], SHARES[2])


def unfit(given: Mapping[str, Any] | Any) -> tuple[str, str, int, str] | None:
    """What is wrong with the share in use: key, what was found, rule, what to do; None where nothing is.

    given: anything that holds the three by name.
    """
    likely, low, high = (given[name] for name in SHARES)
    for name in SHARES:
        if given[name] in (0, 1):
            return name, f"{given[name]:g}", 41, "give a share between 0 and 1: both classes occur in use"
    if low is None and high is None:
        return None
    for name in SHARES:
        if given[name] is None:
            return name, "is missing", 8, f"give {', '.join(SHARES)}, or {SHARES[0]} alone"
    if not low <= likely <= high:
        found = f"{likely:g} is not between {low:g} and {high:g}"
        return SHARES[0], found, 8, f"need {SHARES[1]} <= {SHARES[0]} <= {SHARES[2]}"
    return None
