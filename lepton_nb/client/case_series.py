"""Series of a forecaster's case: a row a step and series, with what is known ahead of its time in further columns.

A forecast sees what lies before its origin and foretells the steps after it. So the steps must follow each other without
a hole, and each series must be long enough to be learnt from before the test and judged in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from lepton_nb.client.case_events import times_of
from lepton_nb.client.case_images import Unfit
from lepton_nb.client.cells import number
from lepton_nb.client.schema import Case
from lepton_nb.client.words import Refused, did_you_mean, quoted, with_article

#: Keys that only a forecaster has.
OWN = ("series_column", "known_columns", "horizon", "season")
#: Steps after which a series looks alike, where the case does not say: of hours, days, weeks.
SEASONS = {timedelta(hours=1): 24, timedelta(days=1): 7, timedelta(days=7): 52}
MONTHS = "calendar months"
#: Share of the steps that are kept for the test where the case gives no split.
TEST_SHARE = 0.2
#: From this on two columns say the same but for their scale.
SAME = 0.99999


def keys(case: Case) -> None:
    """Raises Unfit where a case of another kind names what only a forecaster has."""
    if case.case != "forecaster":
        for key in OWN:
            if case[key] is not None:
                raise Unfit(key, f"{with_article(case.case)} has none", 41, "leave it out")


def named(case: Case, header: Sequence[str]) -> None:
    """Whether the columns of a forecaster are named, there, and different. Raises Unfit."""
    wanted = {"target": "is to be foretold", "time_column": "says when, as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS"}
    for key, what in wanted.items():
        if case[key] is None:
            raise Unfit(key, "is missing", 2, f"name the column that {what}; there are {', '.join(header[:20])}")
    if case.horizon is None:
        raise Unfit("horizon", "is missing", 2, "say how many steps are foretold, e.g. horizon: 8")
    taken: dict[str, str] = {}
    listed = [(key, case[key]) for key in ("target", "time_column", "series_column", "baseline_column", "block_column")]
    for key, name in [*listed, *(("known_columns", name) for name in case.known_columns or ())]:
        if name is None:
            continue
        if name not in header:
            remedy = did_you_mean(name, header) or f"the columns are {', '.join(header[:20])}"
            raise Unfit(key, f"{quoted(name)} is not a column of {quoted(case.data)}", 17, remedy)
        if taken.get(name) == "target":
            remedy = "it is known only afterwards: name another column, or leave the key out"
            raise Unfit(key, f"{quoted(name)} is the target", 46, remedy)
        if name in taken and key != "block_column":
            raise Unfit(key, f"{quoted(name)} is {taken[name]} too", 41, "each key names a column of its own")
        taken.setdefault(name, key)


def examined(case: Case, columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What was found in the series. columns: {name: (n,) texts}. Raises Unfit."""
    n = len(columns[case.time_column])
    names = columns[case.series_column] if case.series_column else [""] * n
    if "" in names and case.series_column:
        raise Unfit("series_column", f"row {names.index('') + 2}: empty", 41, "every row belongs to a series")
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        rows.setdefault(name, []).append(row)
    times = times_of(columns[case.time_column])
    _in_order(rows, times)
    step = _step(rows, times)
    values = _numbers("target", columns[case.target])
    _known_ahead(case, columns, rows, values)
    if case.baseline_column:
        _numbers("baseline_column", columns[case.baseline_column])
    season = case.season or (12 if step == MONTHS else SEASONS.get(step, 1))
    first = _first_test_day(case, times)
    _long_enough(case, rows, times, season, first)
    return {
        "last_day": max(times).date(), "test_from": first, "series": len(rows), "step": _in_words(step), "season": season,
    }  # fmt: skip


def _of(name: str) -> str:
    return f" of series {quoted(name)}" if name else ""


def _in_order(rows: Mapping[str, Sequence[int]], times: Sequence[datetime]) -> None:
    """Raises Unfit for a time that stands twice in a series, or after a later one."""
    for name, own in rows.items():
        for before, row in pairwise(own):
            if times[row] == times[before]:
                found = f"row {row + 2}: {times[row]:%Y-%m-%d %H:%M}{_of(name)} stands in row {before + 2} too"
                raise Unfit("time_column", found, 41, "a series has one row a time: add the two up, or keep one")
            if times[row] < times[before]:
                found = f"row {row + 2}: {times[row]:%Y-%m-%d %H:%M}{_of(name)} follows {times[before]:%Y-%m-%d %H:%M}"
                raise Unfit("time_column", found, 41, "sort the rows of each series by time")


def _step(rows: Mapping[str, Sequence[int]], times: Sequence[datetime]) -> timedelta | str:
    """The one distance of two rows, or MONTHS. Raises Unfit where a row is missing or the steps differ."""
    gaps = Counter(times[row] - times[before] for own in rows.values() for before, row in pairwise(own))
    if not gaps:
        raise Unfit("data", "no series has two rows", 41, "a forecast is learnt from many steps of a series")
    least = min(gaps)
    monthly = least >= timedelta(days=28) and len({(at.day, at.time()) for at in times}) == 1 and max(gaps) != least
    step: timedelta | str = MONTHS if monthly else gaps.most_common(1)[0][0]
    for name, own in rows.items():
        for before, row in pairwise(own):
            one, other = times[before], times[row]
            passed = 12 * (other.year - one.year) + other.month - one.month if monthly else (other - one) / step
            if passed != 1:
                lost = f"{round(passed) - 1} are missing" if passed == round(passed) else "this one is not"
                found = f"row {row + 2}: {other:%Y-%m-%d %H:%M}{_of(name)} follows {one:%Y-%m-%d %H:%M}: steps are of {_in_words(step)}, {lost}"
                remedy = "give a row for each step: 0 where nothing was asked for, an estimate that you stand for where nothing was measured"
                raise Unfit("time_column", found, 41, remedy)
    return step


def _in_words(step: timedelta | str) -> str:
    """A step in words.

    >>> _in_words(timedelta(days=7)), _in_words(timedelta(hours=1)), _in_words(timedelta(minutes=15))
    ('7 days', '1 hour', '15 minutes')
    """
    if isinstance(step, str):
        return step
    for size, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")):
        if step % size == timedelta():
            return f"{step // size} {name}{'' if step == size else 's'}"
    return f"{step.total_seconds():g} seconds"


def _numbers(key: str, cells: Sequence[str]) -> list[float]:
    found = []
    for line, cell in enumerate(cells, start=2):
        if not cell:
            remedy = "give a number for each step: 0 where nothing was asked for, an estimate that you stand for where nothing was measured"
            raise Unfit(key, f"row {line}: empty", 41, remedy)
        try:
            found.append(number(cell))
        except Refused as stop:
            raise Unfit(key, f"row {line}: {stop.found}", stop.rule, stop.remedy) from None
    return found


def _known_ahead(case: Case, columns: Mapping[str, Sequence[str]], rows: Mapping[str, Sequence[int]], values) -> None:
    """Raises Unfit where a column that is to be known ahead says the target, of its own step or of a later one."""
    import numpy as np

    target = np.array(values)
    if all(len({values[row] for row in own}) == 1 for own in rows.values()):
        raise Unfit("target", f"{quoted(case.target)} never changes", 41, "there is nothing to foretell")
    for name in case.known_columns or ():
        cells = np.array(_numbers("known_columns", columns[name]))
        for ahead in range(case.horizon + 1):
            pairs = [
                (cells[own[: len(own) - ahead]], target[own[ahead:]])
                for own in map(np.array, rows.values())
                if len(own) > ahead + 2
            ]
            if not pairs:
                break
            one, other = (np.concatenate(part) for part in zip(*pairs, strict=True))
            if one.std() > 0 and other.std() > 0 and abs(np.corrcoef(one, other)[0, 1]) > SAME:
                when = "its own step" if not ahead else f"{ahead} steps later" if ahead > 1 else "the next step"
                found = f"{quoted(name)} says {quoted(case.target)} of {when} in every row"
                raise Unfit("known_columns", found, 46, "name only what is fixed before its time, as the calendar is")


def _first_test_day(case: Case, times: Sequence[datetime]) -> date:
    """The first day of the test: the case's own, else that of the step at four fifths of all. Raises Unfit."""
    split = case.split
    if split is None:
        steps = sorted(set(times))
        return steps[min(int((1 - TEST_SHARE) * len(steps)), len(steps) - 1)].date()
    if split.by != case.time_column or split.test_from is None or split.test_share is not None:
        remedy = f"a forecaster is judged on later steps: write {{by: {case.time_column}, test_from: YYYY-MM-DD}}"
        raise Unfit("split", f"by {quoted(split.by)}", 41, remedy)
    return split.test_from


def _long_enough(
    case: Case, rows: Mapping[str, Sequence[int]], times: Sequence[datetime], season: int, first: date
) -> None:
    """Raises Unfit for a series that is too short to be learnt from before the test, or to be judged in it."""
    need = season + 2 * case.horizon  # a season to look back on, a window to learn from and one to choose by
    for name, own in rows.items():
        before = sum(times[row].date() < first for row in own)
        after = len(own) - before
        if before < need:
            found = f"{before} steps{_of(name)} lie before {first}, {need} are needed: a season of {season} and twice the horizon of {case.horizon}"
            raise Unfit("data", found, 41, "bring a longer series, leave it out, or begin the test later")
        if after < case.horizon:
            found = f"{after} steps{_of(name)} lie on or after {first}, the horizon is {case.horizon}"
            raise Unfit("split", found, 41, "begin the test earlier, or ask for a shorter horizon")
