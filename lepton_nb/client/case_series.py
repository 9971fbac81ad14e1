"""Series of a forecaster's case: a row a step and series, with what is known ahead of its time in further columns.

A forecast sees what lies before its origin and foretells the steps after it. So the steps must follow each other without
a hole, all series must have the same steps while they run side by side, and these must be enough to learn from before the
test, to choose by, and to judge in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from lepton_nb.client import case_splits
from lepton_nb.client.case_events import times_of
from lepton_nb.client.case_images import Unfit
from lepton_nb.client.cells import number
from lepton_nb.client.schema import Case
from lepton_nb.client.words import Refused, did_you_mean, quoted, with_article

#: Keys that only a forecaster has.
OWN = ("series_column", "known_columns", "horizon", "season", "cost_too_low", "cost_too_high")
#: Steps after which a series looks alike, where the case does not say: of hours, days, weeks.
SEASONS = {timedelta(hours=1): 24, timedelta(days=1): 7, timedelta(days=7): 52}
MONTHS = "calendar months"
#: Share of the steps that are kept for the test where the case gives no split.
TEST_SHARE = 0.2
#: From this on two columns say the same but for their scale.
SAME = 0.99999
#: Fewest steps to choose by: from fewer errors no 90 % interval can be set.
FEWEST_TO_CHOOSE = 20
#: Horizons that the test must hold at least: with one alone no two forecasts err apart.
HORIZONS_OF_TEST = 3
#: The dearer side of an error costs at most so many times the other: beyond it a quantile outside 5 to 95 % is asked for.
DEARER = 19.0


def keys(case: Case) -> None:
    """Raises Unfit where a case of another kind names what only a forecaster has."""
    if case.case != "forecaster":
        for key in OWN:
            if case[key] is not None:
                raise Unfit(key, f"{with_article(case.case)} has none", 41, "leave it out")
        return
    low, high = case.cost_too_low, case.cost_too_high
    if (low is None) != (high is None):
        key = "cost_too_low" if low is None else "cost_too_high"
        remedy = "give what a unit costs on both sides, or leave both out: errors are then counted"
        raise Unfit(key, "is missing beside its other half", 2, remedy)
    if low is not None and max(low, high) > DEARER * min(low, high):
        asked = f"costs of {low:g} and {high:g} ask for the {100 * low / (low + high):.3g} % quantile"
        remedy = f"from 5 to 95 % can be measured: the dearer side costs at most {DEARER:g} times the other"
        raise Unfit("cost_too_low" if low > high else "cost_too_high", asked, 41, remedy)


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
    rows, times = by_series(columns, case)
    _in_order(rows, times)
    step = _step(rows, times)
    values = _numbers("target", columns[case.target])
    _known_ahead(case, columns, rows, values)
    if case.baseline_column:
        _no_look_back(case, _numbers("baseline_column", columns[case.baseline_column]), values)
    season = case.season or (12 if step == MONTHS else SEASONS.get(step, 1))
    first = _first_test_day(case, times)
    _long_enough(case, side_by_side(rows, times), season, first)
    return {
        "last_day": max(times).date(), "test_from": first, "series": len(rows), "step": _in_words(step), "season": season,
    }  # fmt: skip


def by_series(columns: Mapping[str, Sequence[str]], case: Case) -> tuple[dict[str, list[int]], list[datetime]]:
    """The rows of each series, and the time of each row. Raises Unfit."""
    times = times_of(columns[case.time_column])
    names = columns[case.series_column] if case.series_column else [""] * len(times)
    if "" in names and case.series_column:
        raise Unfit("series_column", f"row {names.index('') + 2}: empty", 41, "every row belongs to a series")
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        rows.setdefault(name, []).append(row)
    return rows, times


def step_of(columns: Mapping[str, Sequence[str]], case: Case) -> timedelta | str:
    """The one distance of two rows, or MONTHS. Raises Unfit."""
    return _step(*by_series(columns, case))


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
    first = case_splits.in_time(case, "steps")
    if first is not None:
        return first
    steps = sorted(set(times))
    return steps[min(int((1 - TEST_SHARE) * len(steps)), len(steps) - 1)].date()


def side_by_side(rows: Mapping[str, Sequence[int]], times: Sequence[datetime]) -> list[datetime]:
    """The steps that all series have, from the latest beginning to the earliest end. Raises Unfit where there are none."""
    begins, ends = ({name: times[own[place]] for name, own in rows.items()} for place in (0, -1))
    late, early = max(begins, key=begins.__getitem__), min(ends, key=ends.__getitem__)
    first, last = begins[late], ends[early]
    found = {name: [times[row] for row in own if first <= times[row] <= last] for name, own in rows.items()}
    for name, own in found.items():
        if own != found[late]:
            apart = f"series {quoted(late)} begins {first:%Y-%m-%d %H:%M}, series {quoted(name)} has no row then"
            remedy = "series that are foretold together have their steps at the same times, and run side by side"
            raise Unfit("time_column", apart, 41, remedy)
    return found[late]


def _no_look_back(case: Case, foretold: Sequence[float], values: Sequence[float]) -> None:
    """Raises Unfit where the forecast that was there says the target in every row: it was written down afterwards."""
    if list(foretold) == list(values):
        found = f"{quoted(case.baseline_column)} says {quoted(case.target)} of its own step in every row"
        raise Unfit("baseline_column", found, 46, "name what was foretold or ordered before the step")


def _long_enough(case: Case, steps: Sequence[datetime], season: int, first: date) -> None:
    """Raises Unfit for series that are too short, side by side, to be learnt from before the test or judged in it."""
    choose = max(case.horizon, FEWEST_TO_CHOOSE)
    before = sum(at.date() < first for at in steps)
    after, together = len(steps) - before, " of all series together" if case.series_column else ""
    if before < (need := season + case.horizon + choose):
        found = f"{before} steps{together} lie before {first}, {need} are needed: a season of {season}, the horizon of {case.horizon} and {choose} to choose by"
        raise Unfit("data", found, 41, "bring longer series, leave those out that begin late, or begin the test later")
    if after < (need := HORIZONS_OF_TEST * case.horizon):
        found = f"{after} steps{together} lie on or after {first}, {need} are needed: {HORIZONS_OF_TEST} times the horizon of {case.horizon}"
        raise Unfit("split", found, 41, "begin the test earlier, or ask for a shorter horizon")
