"""A client's series, foretold from every step of its test and judged once, against what was done before it.

A forecast of several quantiles becomes an order where the client says what a unit too few and one too many cost; the
trial is then money saved per step of a series. Where he does not, it is how much less the forecast errs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from lepton_nb import datasets, forecasting, ranking, terms
from lepton_nb.casework.forms import Finding, NotUsable
from lepton_nb.client import case_data, case_series
from lepton_nb.client.case_images import Unfit
from lepton_nb.client.schema import Case
from lepton_nb.series import Task, Windows, calendar, windows

#: Share of the steps before the test that settings are chosen on.
CHOOSE_SHARE = 0.25
#: Seasons, and steps, that a forecast sees at most.
SEEN_SEASONS, MOST_SEEN = 7, 400
#: Windows of a part at most, and steps that they foretell together; of more windows one in so many is taken.
MOST_WINDOWS, FEWEST_WINDOWS, MOST_FORETOLD = 20_000, 2_000, 400_000
#: Errors from which a step has intervals of its own.
ENOUGH = 100
#: Stretches of the test below which a result is called one of few.
FEW = 5
#: Shares that 90 % intervals hold without a word about it.
COVERED = (0.85, 0.95)
#: What one step is called.
STEPS = {timedelta(hours=1): "hours", timedelta(days=1): "days", timedelta(days=7): "weeks"}


@dataclass(frozen=True)
class Series:
    """The series of one case, ready to be foretold, and what an error costs."""

    asset_id: str  # empty: public data
    name: str
    title: str
    source: str
    sha256: str
    stand_in: bool
    spoken: str
    task: Task = field(repr=False)
    before: np.ndarray | None = field(
        repr=False
    )  # (series, time) what was foretold or ordered, in the series' own unit
    before_name: str
    too_low: float  # of each unit
    too_high: float
    currency: str  # empty: errors are counted, a unit each
    target: str
    unit: str  # of the trial: store weeks, hours, …
    test_from: date
    evaluated_on: date
    left_out: int  # steps before and after which not all series run

    @property
    def level(self) -> float:
        """The quantile that costs least."""
        return self.too_low / (self.too_low + self.too_high)

    @property
    def levels(self) -> tuple[float, ...]:
        return tuple(sorted({*forecasting.LEVELS, self.level}))

    @property
    def money(self) -> str:
        """What a gain is counted in: the currency, or units of error."""
        return self.currency or f"{self.target} of error"

    @property
    def stretch(self) -> int:
        """Origins after which forecasts no longer hang together: a horizon, or a season where the test has several.

        Two fit into every test at least.
        """
        task = self.task
        length = task.cuts[2] - task.cuts[1]
        steps = max(task.horizon, task.season if 3 * task.season <= length else 1)
        return min(math.ceil(steps / task.step), len(range(0, length - task.horizon + 1, task.step)) // 2)


# ---------------------------------------------------------------- from rows to series


def of_client(client: Any, folder: str | Path, asset_id: str, data_folder: str = "") -> Series:
    """The series of one of a client's assets. Of the client only ``cases`` is read.

    Raises ValueError for an asset without such a case and where the data changed since the client was read, NotUsable
    for public data that cannot be foretold as the case asks.
    """
    found = [case for case in client.cases if case.asset_id == asset_id and case.case == "forecaster"]
    if not found:
        raise ValueError(f"The client has no case of kind forecaster for this asset. Received: {asset_id}")
    (case,) = found
    if case.public:
        return _public(case, datasets.load(case.public, data_folder), case.currency, case.evaluated_on)
    name = Path(case.path).name
    about = {"name": name, "title": name, "source": f"{terms.CLIENT_FILE}{case.path}", "sha256": case.sha256}
    about |= {"stand_in": False, "spoken": "", "currency": case.currency}
    return _series(case, case_data(folder, case), case.evaluated_on or case.last_day, about)


def of_public(data: datasets.Dataset, currency: str = "", **said: Any) -> Series:
    """Series of a public data set. said: keys of a forecaster's case (target, time_column, horizon, …)."""
    case = Case(asset_id="PUBLIC", case="forecaster", data=f"public:{data.name}", **said)
    return replace(_public(case, data, currency, None), asset_id="")


def _public(case: Any, data: datasets.Dataset, currency: str, evaluated_on: date | None) -> Series:
    about = {"name": data.name, "title": data.title, "source": data.source, "sha256": data.sha256}
    about |= {"stand_in": data.stand_in, "spoken": data.spoken, "currency": currency}
    return _series(case, data.arrays, evaluated_on, about)


def _series(case: Any, columns: Mapping[str, Any], evaluated_on: date | None, about: Mapping[str, Any]) -> Series:
    texts = {name: _texts(columns[name]) for name in _named(case)}
    try:
        found = case_series.examined(case, texts)
        task, place, left_out = _task(case, columns, texts, found)
    except Unfit as stop:
        raise NotUsable(f"{about['title']}: {stop.key} {stop.found}; {stop.remedy}.") from None
    before = case.baseline_column
    priced = case.cost_too_low is not None
    steps = STEPS.get(case_series.step_of(texts, case), "steps" if found["step"] != case_series.MONTHS else "months")
    return Series(
        **dict(about) | {"currency": (about["currency"] or "money") if priced else ""},
        asset_id=case.asset_id,
        task=task, before=None if before is None else np.asarray(columns[before], float)[place],
        before_name=before or ("the last value" if task.season == 1 else "one season before"),
        too_low=case.cost_too_low if priced else 1.0, too_high=case.cost_too_high if priced else 1.0,
        target=case.target, unit=f"{case.series_column} {steps}" if case.series_column else steps,
        test_from=found["test_from"], evaluated_on=evaluated_on or found["last_day"], left_out=left_out,
    )  # fmt: skip


def _named(case: Any) -> list[str]:
    """The columns that a case names."""
    names = [case.target, case.time_column, case.series_column, case.baseline_column, *(case.known_columns or ())]
    return list(dict.fromkeys(name for name in names if name is not None))


def _texts(values: Iterable[Any]) -> list[str]:
    return [f"{value:.17g}" if isinstance(value, float) else str(value) for value in np.asarray(values).tolist()]


def _task(case: Any, columns: Mapping[str, Any], texts: Mapping[str, list[str]], found: Mapping[str, Any]):
    """The task, the row of each series and step, and how many rows lie outside. Raises Unfit."""
    rows, times = case_series.by_series(texts, case)
    steps = case_series.side_by_side(rows, times)
    place = np.array([[row for row in own if steps[0] <= times[row] <= steps[-1]] for own in rows.values()])
    raw = np.asarray(columns[case.target], float)[place]
    season, horizon = found["season"], case.horizon
    first = next(at for at, moment in enumerate(steps) if moment.date() >= found["test_from"])
    wanted = max(horizon, case_series.FEWEST_TO_CHOOSE, int(CHOOSE_SHARE * first))
    learnt = first - min(wanted, first - season - horizon)
    history = max(season, min(max(SEEN_SEASONS * season, 2 * horizon), (learnt - horizon) // 2, MOST_SEEN))
    known = _known_ahead(steps, [np.asarray(columns[name], float)[place] for name in case.known_columns or ()], learnt)
    gap = steps[1] - steps[0]
    sizes = {
        "history": history, "horizon": horizon, "step": _stride(len(rows) * max(first, len(steps) - first), season, horizon),
        "period": timedelta(days=1) // gap if gap < timedelta(days=1) and timedelta(days=1) % gap == timedelta() else 1,
    }  # fmt: skip
    at = np.array([moment.replace(tzinfo=None) for moment in steps], "datetime64[s]")
    cuts = (learnt, first, len(steps))
    task = Task.of(case.target, case.target, at, list(rows), raw, known, cuts, season, **sizes)
    return task, place, len(times) - place.size


def _stride(count: int, season: int, horizon: int) -> int:
    """One origin in so many, so that a part has few enough windows; every place of a season gets its turn."""
    most = min(MOST_WINDOWS, max(MOST_FORETOLD // horizon, FEWEST_WINDOWS))
    stride = max(math.ceil(count / most), 1)
    while math.gcd(stride, season) > 1:
        stride += 1
    return stride


def _known_ahead(steps: Sequence[datetime], named: Sequence[np.ndarray], learnt: int) -> np.ndarray:
    """What is known of each step ahead, (series, time, features): its calendar, and the columns named, standardised."""
    times = np.array([moment.replace(tzinfo=None) for moment in steps], "datetime64[s]")
    gap = steps[1] - steps[0]
    if gap <= timedelta(days=1):
        dates = calendar(times.astype("datetime64[h]"), np.zeros(len(times), bool))[:, :11]
        dates = dates[:, 4:] if gap == timedelta(days=1) else dates
    else:
        days = times.astype("datetime64[D]")
        year = 2 * np.pi * (days - days.astype("datetime64[Y]")).astype(int) / 365.25
        dates = np.stack([wave(turn * year) for turn in (1, 2) for wave in (np.sin, np.cos)], axis=1)
    if not named:
        return dates
    spread = [values[:, :learnt].std() or 1.0 for values in named]
    own = np.stack([(values - values[:, :learnt].mean()) / by for values, by in zip(named, spread, strict=True)], -1)
    return np.concatenate([np.broadcast_to(dates, (len(own), *dates.shape)), own], axis=-1)


# ---------------------------------------------------------------- forecasts and their costs


@dataclass(frozen=True)
class Foretold:
    """What one way says of validation and test, its quantiles set right by what had come by then."""

    setting: Mapping[str, Any]
    check: Windows = field(repr=False)
    early: forecasting.Forecast = field(repr=False)
    test: Windows = field(repr=False)
    late: forecasting.Forecast = field(repr=False)


def foretell(one: Series, recipe: Any, settings: Iterable[Mapping[str, Any]]) -> Foretold:
    """Choose a setting on validation, learn anew from all before the test, and foretell the test.

    recipe: ``recipe(task, part, **setting)`` gives a forecaster, as those of ``forecasting``.
    """
    task = one.task
    check, test = windows(task, "validation"), windows(task, "test")
    best = forecasting.choose(recipe, task, settings, check).setting
    early, late = recipe(task, "train", **best)(check), recipe(task, "learnt", **best)(test)
    block = min(math.ceil(ENOUGH / len(check)), task.horizon)
    right = forecasting.set_right(check, early, one.levels, block)(check, early)
    memory, every = task.cuts[1] - task.cuts[0], max(task.horizon, task.step)
    moved = forecasting.as_time_runs(check, early, test, late, memory, one.levels, every=every, block=block)
    return Foretold(best, check, right, test, moved)


def as_before(one: Series) -> Any:
    """A recipe that foretells what was foretold or ordered before, of which no setting is to be chosen."""
    task = one.task
    values = (one.before - task.centre[:, None]) / task.spread[:, None]

    def forecast(given: Windows) -> forecasting.Forecast:
        return forecasting.Forecast(values[given.series[:, None], given.origin[:, None] + np.arange(task.horizon)])

    return lambda task, part: forecast


def _own_units(one: Series, given: Windows, values: np.ndarray) -> np.ndarray:
    return one.task.centre[given.series][:, None] + one.task.spread[given.series][:, None] * values


def costs(one: Series, given: Windows, found: forecasting.Forecast, plain: bool = False) -> np.ndarray:
    """What the order of each forecast costs per series and step, a mean for each origin: (origins,), money or units.

    The order is the quantile that the costs ask for; plain: the mean, for what was ordered before as it was. Where a
    series was never below zero, no order is.
    """
    order = _own_units(one, given, found.mean if plain else found.at(one.level))
    task = one.task
    lowest = (task.centre[:, None] + task.spread[:, None] * task.values[:, : task.cuts[1]]).min()
    if lowest >= -1e-6 * float(task.spread.max()):  # standardised values are rounded
        order = np.maximum(order, 0.0)
    truth = _own_units(one, given, given.truth)
    return forecasting.by_origin(forecasting.stock_cost(truth, order, one.too_low, one.too_high), given)


def figures(one: Series, found: Foretold) -> dict[str, Any]:
    """Error, pinball loss, coverage and width of one way in the test: means over origins."""
    given, way = found.test, found.late
    scale = one.task.spread[given.series][:, None]
    measured = {
        "error": scale * abs(given.truth - way.at(0.5)),
        "pinball": scale * forecasting.pinball(given.truth, way),
        "coverage": forecasting.inside(given.truth, way),
    }
    told = {key: mean(one, forecasting.by_origin(values, given)) for key, values in measured.items()}
    width = scale * (way.quantiles[..., -1] - way.quantiles[..., 0])
    return told | {"width": float(width[given.judged].mean()), "unit": one.target}


def mean(one: Series, values: np.ndarray) -> ranking.Mean:
    """A mean over origins with its 90 % interval, from the error between stretches: as a value takes it."""
    reach = float(special.ndtri(0.95)) * forecasting.block_error(values, one.stretch)
    value, told = float(values.mean()), f"90 %, error between stretches of {one.stretch} origins"
    return ranking.Mean(value, value - reach, value + reach, len(values), 0.90, told)


def trial(one: Series, policy: str, more: np.ndarray) -> dict[str, Any]:
    """The trial of a case (client.Trial): what it brings per step of a series. more: (origins,) cost before less after."""
    task, test = one.task, one.task.times[one.task.cuts[1] :]
    ahead = f"{len(more)} times, up to {task.horizon} steps ahead"
    sample = f"{one.title}: {test[0].astype('datetime64[D]')} to {test[-1].astype('datetime64[D]')}, foretold {ahead}"
    error = forecasting.block_error(more, one.stretch)
    sample += f"; error from {len(more) // one.stretch} stretches of {one.stretch} forecasts"
    row = {
        "policy": policy, "baseline": one.before_name, "sample": sample, "n": len(task.names) * len(test),
        "unit": one.unit, "gain": float(more.mean()), "standard_error": error,
        "evaluated_on": one.evaluated_on.isoformat(),
    }  # fmt: skip
    return row if one.currency else row | {"effect": one.money}


def findings(one: Series, chosen: Any, simple: ranking.Mean, gain: ranking.Mean) -> tuple[Finding, ...]:
    """What speaks against a conclusion. chosen: figures of the way that is judged; simple: what it saves beside last season."""
    found = []
    if gain.high < 0:
        words = f"What was done before ({one.before_name}) costs less than the forecast."
        found.append(Finding(check="baseline", grade="warn", words=words))
    if one.before is not None and simple.low <= 0:
        words = "Last season, which needs no model, is not shown to cost more than the forecast."
        found.append(Finding(check="last season", grade="warn", words=words))
    stretches = gain.n // one.stretch
    if stretches < FEW:
        words = f"The test holds {stretches} stretches of {one.stretch} forecasts that do not overlap: its error is known from few."
        found.append(Finding(check="few stretches", grade="warn", words=words))
    share = chosen["coverage"].value
    if not COVERED[0] <= share <= COVERED[1]:
        words = f"The 90 % intervals hold {100 * share:.1f} % of what came: orders by their quantiles are off."
        found.append(Finding(check="coverage", grade="warn", words=words))
    if one.left_out:
        words = (
            f"{one.left_out:,} rows lie before all series had begun, or after the first had ended: they were left out."
        )
        found.append(Finding(check="side by side", grade="note", words=words))
    return tuple(found)
