"""The split of a case: a share drawn at random, or a first day of the test; what of it is missing is named by its key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from lepton_nb.client.case_images import Unfit
from lepton_nb.client.schema import Case, Split
from lepton_nb.client.words import quoted, with_article

SHARE, FROM = "split.test_share", "split.test_from"


def drawn(split: Split, how: str) -> None:
    """Raises Unfit for a split without days that has no share, or a first day. how: its ``by``, in words."""
    if split.test_from is not None:
        raise Unfit(FROM, f"{split.test_from} beside {how}", 41, "leave it out, and give test_share between 0 and 1")
    if split.test_share is None:
        raise Unfit(SHARE, "is missing", 41, "give test_share between 0 and 1, and no test_from")
    if not 0 < split.test_share < 1:
        raise Unfit(
            SHARE, f"{split.test_share:g}", 41, "give test_share between 0 and 1: both sides of the split need rows"
        )


def by_day(split: Split) -> date:
    """The first day of the test of a split by a column of days. Raises Unfit."""
    if split.test_from is None:
        raise Unfit(FROM, "is missing", 41, "give test_from, the first day of the test, and no test_share")
    if split.test_share is not None:
        raise Unfit(
            SHARE,
            f"{split.test_share:g} beside test_from",
            41,
            "leave it out: the test is what lies on or after test_from",
        )
    return split.test_from


def in_time(case: Case, many: str) -> date | None:
    """The first day of the test that a case in the order of time gives itself; None: it gives no split. Raises Unfit.

    many: what its rows are called.
    """
    split = case.split
    if split is None:
        return None
    remedy = (
        f"{with_article(case.case)} is judged on later {many}: write {{by: {case.time_column}, test_from: YYYY-MM-DD}}"
    )
    if split.by != case.time_column:
        raise Unfit("split", f"by {quoted(split.by)}", 41, remedy)
    if split.test_from is None and split.test_share is not None:
        raise Unfit(SHARE, f"{split.test_share:g} of rows in the order of time", 41, f"{remedy} in place of test_share")
    return by_day(split)


def both_sides(key: str, times: Sequence[date], first: date, many: str) -> None:
    """Raises Unfit where all rows are of one time or day, or none lies on one side of the first day of the test.

    times: (n,) days, or times of day. key: the key of the case that names their column.
    """
    days = [at.date() if isinstance(at, datetime) else at for at in times]
    after = sum(day >= first for day in days)
    if 0 < after < len(days):
        return
    if min(times) == max(times) and isinstance(times[0], datetime):
        remedy = f"a test lies after what was learnt from: name the column that says when each of the {many} was, or bring {many} of several days"
        raise Unfit(key, f"all {len(days)} {many} have the same time, {times[0]:%Y-%m-%d %H:%M:%S}", 41, remedy)
    if min(days) == max(days):
        raise Unfit(
            key,
            f"all {len(days)} {many} are of {days[0]}",
            41,
            f"a test begins with a day: bring {many} of several days",
        )
    found = f"{after} of {len(days)} {many} lie on or after {first}"
    raise Unfit("split", found, 41, f"both sides of the split need {many}")
