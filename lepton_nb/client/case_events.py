"""Events of a recommender's case: who chose what and when, as a table with a row an event.

What is learnt lies before the first day of the test, what is foretold on it or after. What cannot be foretold from
choices is counted: users of one event, items that nobody chose before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from lepton_nb.client import case_splits
from lepton_nb.client.case_images import Unfit
from lepton_nb.client.cells import calendar_date
from lepton_nb.client.schema import Case
from lepton_nb.client.words import Refused, did_you_mean, quoted, with_article

#: Keys that name the columns of a recommender, and what each holds.
COLUMNS = {
    "user_column": "who chose", "item_column": "what was chosen", "time_column": "when, as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS",
}  # fmt: skip
#: Keys of other kinds of case that mean nothing here.
OTHERS = ("target", "baseline_column", "block_column")
#: Share of the events after which the test begins where the case gives no split.
LEARNT_SHARE = 0.8
#: Places of a list: every user must have as many items left.
PLACES = 10
_CLOCK = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)", re.ASCII)


#: Kinds of case other than a recommender that have a time too.
TIMED = (("forecaster", "time_column"), ("anomaly_detector", "time_column"))


def keys(case: Case) -> None:
    """Raises Unfit where a case names what its kind does not have."""
    if case.case != "recommender":
        for key in COLUMNS:
            if case[key] is not None and (case.case, key) not in TIMED:
                raise Unfit(key, f"{with_article(case.case)} has none", 41, "leave it out")
        return
    for key in OTHERS:
        if case[key] is not None:
            raise Unfit(key, "a recommender has none", 41, "leave it out")


def moment(text: str) -> datetime:
    """The time of an event: a day, or a day with a time of day; a day alone is its beginning. Raises Refused."""
    clock = _CLOCK.fullmatch(text.strip())
    day = calendar_date(clock[1] if clock else text)
    try:
        at = time.fromisoformat(clock[2]) if clock else time()
    except ValueError:
        raise Refused(f"{quoted(text)} is not a time of day", 34, "use YYYY-MM-DD HH:MM:SS") from None
    return datetime.combine(day, at, UTC)


def named(case: Case, header: Sequence[str]) -> None:
    """Whether the columns of users, items and times are named, there, and three. Raises Unfit."""
    taken: dict[str, str] = {}
    for key, what in COLUMNS.items():
        name = case[key]
        if name is None:
            raise Unfit(key, "is missing", 2, f"name the column that says {what}; there are {', '.join(header[:20])}")
        if name not in header:
            remedy = did_you_mean(name, header) or f"the columns are {', '.join(header[:20])}"
            raise Unfit(key, f"{quoted(name)} is not a column of {quoted(case.data)}", 17, remedy)
        if name in taken:
            raise Unfit(
                key, f"{quoted(name)} is {taken[name]} too", 41, "users, items and times stand in three columns"
            )
        taken[name] = key


def examined(case: Case, columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What was found in the events. columns: {name: (n,) texts}. Raises Unfit."""
    users, items = columns[case.user_column], columns[case.item_column]
    for key, cells in (("user_column", users), ("item_column", items)):
        if "" in cells:
            remedy = "every event has a user and an item; leave out events without"
            raise Unfit(key, f"row {cells.index('') + 2}: empty", 41, remedy)
    times = times_of(columns[case.time_column])
    first = _first_test_day(case, times)
    before = [at.date() < first for at in times]
    single = _foretold(users, items, times, before)
    unseen = set(items) - {item for item, early in zip(items, before, strict=True) if early}
    if unseen == {item for item, early in zip(items, before, strict=True) if not early}:
        found = f"none of the {len(unseen)} items chosen from {first} on was chosen before"
        raise Unfit("split", found, 41, "no list made from behaviour can hold them: begin the test later")
    most = max(len(own) for own in _chosen(users, items).values())
    if len(set(items)) - most < PLACES:
        found = f"{len(set(items))} items, of which one user chose {most}"
        raise Unfit("item_column", found, 41, f"a list has {PLACES} places: bring more items, or leave such users out")
    return {
        "last_day": max(times).date(), "users": len(set(users)), "items": len(set(items)), "single_users": single,
        "unseen_items": len(unseen), "test_from": first,
    }  # fmt: skip


def _chosen(users: Sequence[str], items: Sequence[str]) -> dict[str, set[str]]:
    """What each user chose."""
    found: dict[str, set[str]] = {}
    for user, item in zip(users, items, strict=True):
        found.setdefault(user, set()).add(item)
    return found


def times_of(cells: Sequence[str]) -> list[datetime]:
    """The times of the column ``time_column``, row by row. Raises Unfit."""
    found = []
    for line, cell in enumerate(cells, start=2):
        try:
            found.append(moment(cell))
        except Refused as stop:
            raise Unfit("time_column", f"row {line}: {stop.found}", stop.rule, stop.remedy) from None
    return found


def _first_test_day(case: Case, times: Sequence[datetime]) -> date:
    """The first day of the test: the case's own, else that of the event at four fifths of all. Raises Unfit."""
    first = case_splits.in_time(case, "events")
    if first is None:
        first = sorted(times)[min(int(LEARNT_SHARE * len(times)), len(times) - 1)].date()
    case_splits.both_sides("time_column", times, first, "events")
    return first


def _foretold(users: Sequence[str], items: Sequence[str], times: Sequence[datetime], before: Sequence[bool]) -> int:
    """How many users chose one item only. Raises Unfit where nobody can be judged.

    A user can be judged who chose something at one time and another thing at a later one, in the test.
    """
    chosen = _chosen(users, items)
    first, last_of_test = {}, {}
    for user, at, early in zip(users, times, before, strict=True):
        first[user] = min(at, first.get(user, at))
        if not early:
            last_of_test[user] = max(at, last_of_test.get(user, at))
    single = sum(len(own) == 1 for own in chosen.values())
    if single == len(chosen):
        found = f"each of the {single} users chose one item"
        raise Unfit(
            "user_column", found, 41, "nothing can be foretold from one choice: bring events of users with several"
        )
    if not any(at > first[user] and len(chosen[user]) > 1 for user, at in last_of_test.items()):
        found = "no user of the test chose anything before"
        raise Unfit("split", found, 41, "begin the test on a day after which known users come again")
    return single
