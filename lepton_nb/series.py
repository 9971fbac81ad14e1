"""Series in time, ready to be forecast: what is learnt from, what judges, and windows that never look ahead.

A forecast is made at an **origin** o for the steps o, o + 1, … o + horizon - 1. It may use the series before o, and of
the time after it only what is known ahead, as the calendar is. Values are standardised by the training part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

__all__ = ["Task", "Windows", "calendar", "electricity", "filled", "hires", "prices", "sales", "traffic", "windows"]

PARTS = ("train", "validation", "learnt", "test")
#: Where the training and the validation part of ETTh1 end, and where the test does: 12, 4 and 4 months of 30 days.
ETTH1_HOURS = (8_640, 11_520, 14_400)


@dataclass(frozen=True)
class Task:
    """Series of one kind that are forecast together, and how they are judged."""

    name: str
    unit: str
    times: np.ndarray = field(repr=False)  # (time,) datetime64
    names: tuple[str, ...]  # of the series
    values: np.ndarray = field(repr=False)  # (series, time) standardised; holes filled
    measured: np.ndarray = field(repr=False)  # (series, time) bool: False where nothing was measured
    known: np.ndarray = field(repr=False)  # (time, features), or (series, time, features): what is known ahead
    centre: np.ndarray = field(repr=False)  # (series,) mean of the training part
    spread: np.ndarray = field(repr=False)  # (series,) standard deviation of the training part
    history: int  # steps that a forecast sees
    horizon: int  # steps that it foretells
    season: int  # steps after which the series looks alike
    period: int  # steps of a day, for hours; 1 for weeks
    cuts: tuple[int, int, int]  # steps at which training, validation and test end
    step: int = 1  # steps between two forecasts that are judged
    train_step: int = 1  # steps between two windows that a network learns from
    relearn: bool = True  # whether what is chosen learns anew from training and validation before the test

    @classmethod
    def of(cls, name: str, unit: str, times, names, raw, known, cuts, season: int, **options) -> Task:
        """A task of raw values (series, time), NaN where nothing was measured.

        Raises ValueError where the parts do not follow each other or a series has no value in training.
        """
        raw = np.asarray(raw, float)
        if not 0 < cuts[0] < cuts[1] < cuts[2] <= raw.shape[1]:
            raise ValueError(f"training, validation and test must follow each other. Received: {cuts=}, {raw.shape=}")
        measured = np.isfinite(raw)
        if not measured[:, : cuts[0]].any(axis=1).all():
            raise ValueError("every series needs values in the training part")
        centre, spread = np.nanmean(raw[:, : cuts[0]], axis=1), np.nanstd(raw[:, : cuts[0]], axis=1)
        spread = np.where(spread > 0, spread, 1.0)
        values = (filled(raw, season) - centre[:, None]) / spread[:, None]
        known = np.asarray(known, np.float32)
        known = known if known.ndim == 3 else known.reshape(raw.shape[1], -1)
        return cls(name, unit, np.asarray(times), tuple(names), values.astype(np.float32), measured, known, centre, spread,
                   season=season, cuts=tuple(cuts), **options)  # fmt: skip

    def until(self, horizon: int) -> Task:
        """The same task with another horizon."""
        return replace(self, horizon=horizon)

    @property
    def blind(self) -> Task:
        """The same task with nothing known ahead."""
        return replace(self, known=self.known[..., :0])


def filled(raw: np.ndarray, season: int) -> np.ndarray:
    """Each hole takes the value one season before it, itself filled where need be; the first season looks ahead.

    raw: (series, time), NaN where nothing was measured; a hole that no season reaches takes the mean of its series.
    """
    found = np.array(raw, float)
    for row in found:
        for at in np.flatnonzero(~np.isfinite(row)):
            before = row[at - season] if at >= season else np.nan
            later = row[at + season :: season]
            later = later[np.isfinite(later)]
            row[at] = before if np.isfinite(before) else later[0] if len(later) else np.nanmean(row)
    return found


# ---------------------------------------------------------------- windows


@dataclass(frozen=True)
class Windows:
    """Forecasts to be made: what each may see, and what came. Rows go series by series, origin by origin."""

    series: np.ndarray = field(repr=False)  # (n,) number of the series
    origin: np.ndarray = field(repr=False)  # (n,) first step that is foretold
    past: np.ndarray = field(repr=False)  # (n, history)
    ahead: np.ndarray = field(repr=False)  # (n, horizon) what came; holes filled
    judged: np.ndarray = field(repr=False)  # (n, horizon) bool: measured, and within the part
    known: np.ndarray = field(repr=False)  # (n, history + horizon, features)

    def __len__(self) -> int:
        return len(self.origin)

    @property
    def truth(self) -> np.ndarray:
        """What came, NaN where it judges nobody: (n, horizon)."""
        return np.where(self.judged, self.ahead, np.nan)

    @property
    def inputs(self) -> np.ndarray:
        """What a network is given: (n, history + horizon, 1 + features); the series itself is 0 from the origin on."""
        n, history = self.past.shape
        given = np.zeros((n, self.known.shape[1], 1 + self.known.shape[2]), np.float32)
        given[:, :history, 0] = self.past
        given[:, :, 1:] = self.known
        return given

    def take(self, rows) -> Windows:
        """Some of the rows, by mask or number."""
        return Windows(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def windows(task: Task, part: str, step: int | None = None, least: int | None = None) -> Windows:
    """All forecasts of a part: ``train``, ``validation``, ``test``, or ``learnt`` (training and validation).

    What a window foretells lies within the part; what it sees may lie before it. step: steps between two origins,
    the task's own if None. least: steps that must lie within the part, the whole horizon if None; later ones judge
    nobody. Raises ValueError for an unknown part and for one that holds no window.
    """
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}. Received: {part=}")
    first = {"validation": task.cuts[0], "test": task.cuts[1]}.get(part, 0)
    end = {"train": task.cuts[0], "test": task.cuts[2]}.get(part, task.cuts[1])
    origins = np.arange(max(first, task.history), end - (least or task.horizon) + 1, step or task.step)
    if not len(origins):
        raise ValueError(f"{task.name}: the part {part} holds no window of {task.history} and {task.horizon} steps")
    count, total = len(task.names), task.history + task.horizon
    pad = ((0, 0), (0, task.horizon))
    steps = (origins - task.history)[:, None] + np.arange(total)  # (origins, history + horizon)
    whole = np.pad(task.values, pad)[:, steps].reshape(count * len(origins), total)
    seen = np.pad(task.measured & (np.arange(task.values.shape[1]) < end), pad)[:, steps[:, task.history :]]
    known = np.pad(np.broadcast_to(task.known, (count, *task.known.shape[-2:])), (*pad, (0, 0)), mode="edge")
    known = known[:, steps].reshape(count * len(origins), total, -1)
    series = np.repeat(np.arange(count), len(origins))
    judged = seen.reshape(len(series), task.horizon)
    past, ahead = whole[:, : task.history], whole[:, task.history :]
    return Windows(series, np.tile(origins, count), past, ahead, judged, known)


# ---------------------------------------------------------------- five kinds of series


def calendar(times: np.ndarray, holiday: np.ndarray) -> np.ndarray:
    """What is known of an hour ahead: two waves of the day, the day of the week, and whether it is a holiday.

    times: (n,) datetime64 of hours; holiday: (n,) bool. Gives (n, 12).
    """
    days = times.astype("datetime64[D]")
    hour = (times - days).astype("timedelta64[h]").astype(int)
    waves = [wave(2 * np.pi * turn * hour / 24) for turn in (1, 2) for wave in (np.sin, np.cos)]
    weekday = (days.astype(int) + 3) % 7  # 0: Monday
    return np.stack([*waves, *(weekday == day for day in range(7)), holiday], axis=1).astype(np.float32)


def electricity(columns: Mapping[str, np.ndarray], names: Sequence[str], history: int, horizon: int) -> Task:
    """The seven columns of ETTh1 with the split of the literature; shorter data in the same shares."""
    times = hours_of(columns["date"])
    cuts = ETTH1_HOURS if len(times) >= ETTH1_HOURS[-1] else tuple(len(times) * part // 10 for part in (6, 8, 10))
    raw = np.stack([columns[name] for name in names])
    whole = calendar(times, np.zeros(len(times), bool))
    known = np.stack([*whole[:, :4].T, whole[:, 9] + whole[:, 10]], axis=1)  # waves of the day, Saturday or Sunday
    sizes = {"history": history, "horizon": horizon, "period": 24, "train_step": 7, "relearn": False}
    return Task.of("ETTh1", "standard deviations", times, names, raw, known, cuts, 24, **sizes)


def sales(
    columns: Mapping[str, np.ndarray], test_weeks: int = 39, validation_weeks: int = 26, horizon: int = 8
) -> Task:
    """Weekly sales of stores, forecast every week for the next eight. Raises ValueError where a store lacks a week.

    Known ahead are the place of a week in the year and the great holidays.
    """
    stores, times, order, waves = _by_week(columns)
    raw = columns["Weekly_Sales"][order].reshape(len(stores), -1)
    known = np.stack([*waves, columns["Holiday_Flag"][order][: len(times)]], axis=1)
    cuts = (len(times) - test_weeks - validation_weeks, len(times) - test_weeks, len(times))
    sizes = {"history": 52, "horizon": horizon, "period": 1}
    return Task.of("Walmart", "USD", times, [f"store {store}" for store in stores], raw, known, cuts, 52, **sizes)


def prices(
    columns: Mapping[str, np.ndarray], test_weeks: int = 39, validation_weeks: int = 26, horizon: int = 8
) -> Task:
    """Weekly prices of fuel where the stores are, each path of prices once, forecast every week for the next eight.

    A season is one step, so that what was last season is the last price: a random walk. Known ahead is the place of a week
    in the year. Raises ValueError where a store lacks a week.
    """
    stores, times, order, waves = _by_week(columns)
    raw = np.unique(columns["Fuel_Price"][order].reshape(len(stores), -1), axis=0)
    cuts = (len(times) - test_weeks - validation_weeks, len(times) - test_weeks, len(times))
    names = [f"region {number}" for number in range(1, len(raw) + 1)]
    sizes = {"history": 26, "horizon": horizon, "period": 1}
    return Task.of("fuel price", "USD a gallon", times, names, raw, np.stack(waves, axis=1), cuts, 1, **sizes)


def _by_week(columns: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
    """Stores, weeks, the order of rows by store and week, and where in the year each week is (four waves)."""
    stores, weeks = np.unique(columns["Store"]), np.unique(columns["Date"])
    order = np.lexsort((columns["Date"], columns["Store"]))
    if len(order) != len(stores) * len(weeks) or not np.array_equal(
        columns["Date"][order], np.tile(weeks, len(stores))
    ):
        raise ValueError("every store must have every week once")
    times = weeks.astype("datetime64[D]")
    year = (times - times.astype("datetime64[Y]")).astype(int) / 365.25
    waves = [wave(2 * np.pi * turn * year) for turn in (1, 2) for wave in (np.sin, np.cos)]
    return stores, times, order, waves


def hires(columns: Mapping[str, np.ndarray], history: int = 336) -> Task:
    """Bicycles hired in each hour, forecast at midnight for the day. An hour without a row is one without a hire."""
    days = columns["dteday"].astype("datetime64[D]")
    times = np.arange(days.min(), days.max() + 1).astype("datetime64[h]")
    times = (times[:, None] + np.arange(24)).ravel()
    raw = np.zeros(len(times))
    place = 24 * (days - days.min()).astype(int) + columns["hr"]
    raw[place] = columns["cnt"]
    free = np.isin(times.astype("datetime64[D]"), days[columns["holiday"] == 1])
    return _by_day("bike sharing", "bicycles an hour", times, "all stations", raw, free, history)


def traffic(columns: Mapping[str, np.ndarray], history: int = 336) -> Task:
    """Cars in each hour, forecast at midnight for the day, from the first midnight after the longest gap on.

    Of several rows of one hour, which differ in the weather alone, the first counts. A holiday, marked at midnight, holds
    for its day. Hours without a row are filled for what is seen, and judge nobody.
    """
    found, first = np.unique(hours_of(columns["date_time"]), return_index=True)
    gap = np.diff(found).astype(int)
    start = found[1 + np.argmax(gap)] if gap.max() > 24 * 7 else found[0]
    begin = (start + np.timedelta64(23, "h")).astype("datetime64[D]").astype("datetime64[h]")
    times = np.arange(begin, found[-1] + 1)
    times = times[: len(times) // 24 * 24]
    place = (found - begin).astype(int)
    inside = (place >= 0) & (place < len(times))
    raw = np.full(len(times), np.nan)
    raw[place[inside]] = columns["traffic_volume"][first[inside]]
    marked = hours_of(columns["date_time"])[columns["holiday"] != "None"].astype("datetime64[D]")
    free = np.isin(times.astype("datetime64[D]"), marked)
    return _by_day("metro traffic", "cars an hour", times, "westbound", raw, free, history)


def _by_day(name: str, unit: str, times, series: str, raw, free, history: int) -> Task:
    """One series of hours, forecast at midnight for the day; the last sixth is test, the sixth before it validation."""
    days = len(times) // 24
    cuts = (24 * (days * 4 // 6), 24 * (days * 5 // 6), 24 * days)
    sizes = {"history": history, "horizon": 24, "period": 24, "step": 24, "train_step": 24}
    return Task.of(name, unit, times, [series], raw[None], calendar(times, free), cuts, 168, **sizes)


def hours_of(texts: np.ndarray) -> np.ndarray:
    return np.char.replace(texts, " ", "T").astype("datetime64[h]")
