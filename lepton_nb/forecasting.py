"""Ways to forecast without a network, quantiles that are set right on validation, and how forecasts are judged.

A way gives a :class:`Forecast` of windows (``lepton_nb.series``): a mean and quantiles, (n, horizon) and (n, horizon,
levels). Errors are kept by origin, so that two ways are compared on the same forecasts, in blocks of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lepton_nb import valuation
from lepton_nb.forecast_measures import block_error, by_origin, inside, over_blocks, pinball, stock_cost
from lepton_nb.series import Task, Windows, windows

__all__ = [
    "LEVELS", "Chosen", "Forecast", "Shifts", "as_time_runs", "begin_at_line", "block_error", "boosted", "by_origin", "choose", "inside", "line_weights", "linear", "over_blocks", "pinball",
    "seasonal_naive", "set_right", "share_kept", "stock_cost", "together", "window_size",
]  # fmt: skip

#: Levels of the quantiles: the outer two bound 90 %.
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
#: Outer quantiles that learn from what came are asked for no less and no more than these shares.
AIMS = (0.01, 0.99)
#: windows → their forecast
Forecaster = Callable[[Windows], "Forecast"]


@dataclass(frozen=True)
class Forecast:
    """What a way says of windows. Without quantiles of its own its mean stands for each of them."""

    mean: np.ndarray = field(repr=False)  # (n, horizon)
    quantiles: np.ndarray | None = field(default=None, repr=False)  # (n, horizon, levels), rising
    levels: tuple[float, ...] = LEVELS

    @classmethod
    def of_answers(cls, answers: np.ndarray, levels: Sequence[float] = LEVELS) -> Forecast:
        """What a network answers, (n, horizon, 1 + levels), with its quantiles put in order.

        Reference: Chernozhukov, Fernández-Val and Galichon, Quantile and Probability Curves Without Crossing,
        Econometrica 78(3), 2010.
        """
        return cls(answers[..., 0], np.sort(answers[..., 1:], axis=-1), tuple(levels))

    def at(self, level: float) -> np.ndarray:
        """The quantile of any level between the outer two, in a straight line between its neighbours: (n, horizon).

        Raises ValueError for a level beyond them and for a forecast without quantiles.
        """
        if self.quantiles is None or not self.levels[0] <= level <= self.levels[-1]:
            raise ValueError(f"the level must lie within {self.levels[0]}..{self.levels[-1]}. Received: {level=}")
        above = min(int(np.searchsorted(self.levels, level)), len(self.levels) - 1)
        below = max(above - 1, 0)
        gap = self.levels[above] - self.levels[below]
        share = (level - self.levels[below]) / gap if gap else 0.0
        return (1 - share) * self.quantiles[..., below] + share * self.quantiles[..., above]

    def until(self, horizon: int) -> Forecast:
        """The first steps alone."""
        return Forecast(
            self.mean[:, :horizon], None if self.quantiles is None else self.quantiles[:, :horizon], self.levels
        )


def together(forecasts: Sequence[Forecast]) -> Forecast:
    """The mean of several forecasts of the same windows, level by level."""
    mean = np.mean([one.mean for one in forecasts], axis=0)
    return Forecast(mean, np.mean([one.quantiles for one in forecasts], axis=0), forecasts[0].levels)


# ---------------------------------------------------------------- ways


def _base(task: Task, given: Windows, base: str) -> np.ndarray:
    """Where a forecast begins: the last value of each window, or what was one season before: (n, horizon)."""
    if base == "last":
        return np.repeat(given.past[:, -1:].astype(float), task.horizon, axis=1)
    if base != "season" or task.season > task.history:
        raise ValueError(f"base must be last, or season where the history holds one. Received: {base=}, {task.season=}")
    place = task.history - task.season + np.arange(task.horizon) % task.season
    return given.past[:, place].astype(float)


def seasonal_naive(task: Task) -> Forecaster:
    """What was at the same place of the last season. Reference: Hyndman and Athanasopoulos, 2021, section 5.2."""
    if task.season > task.history:
        raise ValueError(f"the history must hold a season. Received: {task.history=}, {task.season=}")
    return lambda given: Forecast(_base(task, given, "season"))


def _frame(given: Windows) -> tuple[np.ndarray, np.ndarray]:
    """The mean of what each window sees and what it is divided by, each (n, 1)."""
    return given.past.mean(axis=1, keepdims=True).astype(float), window_size(given)


def window_size(given: Windows) -> np.ndarray:
    """Standard deviation of what each window sees, (n, 1); a little more, so that a flat one has a size."""
    return given.past.std(axis=1, keepdims=True).astype(float) + 0.05


def line_weights(task: Task, part: str, penalty: float, base: str = "last") -> np.ndarray:
    r"""Weights of a line from all that a window sees to each coming step: (history + 1, horizon), the constant last.

    $$ w_h = (Z^\top Z + \lambda n I)^{-1} Z^\top (y_h - c_h), \qquad \hat y_h = c_h + z^\top w_h $$

    Z: the windows less their last value; n: windows; penalty: $\lambda$; base: what $c_h$ is, the last value ("last") or
    that of one season before ("season"). The weights are the same for all series.

    Reference: Zeng and others, Are Transformers Effective for Time Series Forecasting?, AAAI 2023 (the last value is taken
    off); Toner and Darlow, An Analysis of Linear Time Series Forecasting Models, ICML 2024 (in closed form).
    """
    if not penalty > 0:
        raise ValueError(f"penalty must be above 0. Received: {penalty=}")
    *sums, count = _sums(task, part, base)
    mean, middle = sums[0] / count, sums[1] / count
    spread, along = sums[2] - count * np.outer(mean, mean), sums[3] - count * np.outer(mean, middle)
    weights = np.linalg.solve(spread + penalty * count * np.eye(len(mean)), along)
    return np.vstack([weights, middle - mean @ weights])


#: The sums asked for last, with the values that they are of: the next penalty asks for the same.
_LAST: list[tuple[np.ndarray, tuple, list]] = []


def _sums(task: Task, part: str, base: str) -> list:
    """Sums over all windows of a part: of what they see, of what is to be foretold, of products of these, and how many."""
    key = (part, base, task.history, task.horizon, task.step, task.season, task.cuts)
    if _LAST and _LAST[0][0] is task.values and _LAST[0][1] == key:
        return _LAST[0][2]
    sums: list = [0.0] * 5
    for one in _each_series(task.blind):
        learnt = windows(one, part)
        rows, targets = _less_last(learnt), learnt.ahead - _base(one, learnt, base)
        found = rows.sum(axis=0), targets.sum(axis=0), rows.T @ rows, rows.T @ targets, len(rows)
        sums = [before + more for before, more in zip(sums, found, strict=True)]
    _LAST[:] = [(task.values, key, sums)]
    return sums


def _each_series(task: Task) -> Iterator[Task]:
    """A task for each series: the windows of all at once would not fit a small memory."""
    for place, name in enumerate(task.names):
        own = {key: getattr(task, key)[place : place + 1] for key in ("values", "measured", "centre", "spread")}
        known = task.known if task.known.ndim == 2 else task.known[place : place + 1]
        yield replace(task, names=(name,), known=known, **own)


def linear(task: Task, part: str, penalty: float, base: str = "last") -> Forecaster:
    """The line of :func:`line_weights`; where something is known ahead, what is known of a step joins its window."""
    if not task.known.shape[-1]:
        weights = line_weights(task, part, penalty, base)
        return lambda given: Forecast(_base(task, given, base) + _with_one(_less_last(given)) @ weights)
    if not penalty > 0:
        raise ValueError(f"penalty must be above 0. Received: {penalty=}")
    learnt = windows(task, part)
    left = learnt.ahead - _base(task, learnt, base)

    def seen(given: Windows, step: int) -> np.ndarray:
        return np.hstack([_less_last(given), given.known[:, task.history + step]])

    by_step = [_ridge(seen(learnt, step), left[:, step : step + 1], penalty) for step in range(task.horizon)]

    def forecast(given: Windows) -> Forecast:
        found = [_with_one(seen(given, step)) @ weights for step, weights in enumerate(by_step)]
        return Forecast(_base(task, given, base) + np.hstack(found))

    return forecast


def begin_at_line(model: Any, task: Task, part: str, setting: Mapping[str, Any], levels: Sequence[float]) -> None:
    """Give an untrained network (``models.build_forecaster``) its line, and quantiles as far from it as its errors are.

    setting: of the line, as :func:`line_weights` takes it. The errors are those of the part, in shares of what a window
    varies by.
    """
    weights, learnt = line_weights(task, part, **setting), windows(task.blind, part, step=task.train_step)
    found = _base(task, learnt, setting.get("base", "last")) + _with_one(_less_last(learnt)) @ weights
    errors = ((learnt.ahead - found) / window_size(learnt))[learnt.judged]
    model.get_layer("line").set_weights([weights[:-1], weights[-1]])
    kernel, _ = model.get_layer("answers").get_weights()
    model.get_layer("answers").set_weights([kernel, np.concatenate([[0.0], np.quantile(errors, levels)])])


def share_kept(given: Windows, found: np.ndarray, line: np.ndarray, block: int = 1) -> np.ndarray:
    r"""Share of what a forecast adds to a line that errs least on these windows, for each step, within 0..1: (horizon,).

    $$ w = \frac{\sum (y - \ell)(m - \ell)}{\sum (m - \ell)^2} $$

    found, line: (n, horizon), $m$ and $\ell$. block: so many steps share one; a forecast that adds nothing keeps nothing.

    Reference: Bates and Granger, The Combination of Forecasts, Operational Research Quarterly 20(4), 1969.
    """
    added, left = found - line, given.truth - line
    good = np.nansum(added * left, axis=0)
    size = np.where(given.judged, added**2, 0.0).sum(axis=0)
    share = np.empty(found.shape[1])
    for first in range(0, len(share), block):
        steps = slice(first, first + block)
        share[steps] = np.clip(good[steps].sum() / max(size[steps].sum(), 1e-12), 0.0, 1.0)
    return share


def _less_last(given: Windows) -> np.ndarray:
    return given.past - given.past[:, -1:].astype(float)


def _with_one(rows: np.ndarray) -> np.ndarray:
    return np.hstack([rows, np.ones((len(rows), 1))])


def _ridge(rows: np.ndarray, targets: np.ndarray, penalty: float) -> np.ndarray:
    """Weights (features + 1, targets) of least squares with a penalty on all of them but the last, the constant."""
    mean, middle = rows.mean(axis=0), targets.mean(axis=0)
    rows, targets = rows - mean, targets - middle
    weights = np.linalg.solve(rows.T @ rows + penalty * len(rows) * np.eye(rows.shape[1]), rows.T @ targets)
    return np.vstack([weights, middle - mean @ weights])


def lags(task: Task, given: Windows, row: np.ndarray, step: np.ndarray) -> np.ndarray:
    """What trees see of a forecast: values at the same hour of earlier days, means, the step, what is known ahead.

    row, step: (m,) which window, and which of its coming steps. Gives (m, features), in the units of the window.
    """
    base, size = _frame(given)
    past = (given.past - base) / size
    period, history = task.period, task.history
    days = [day for day in (1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 26, 52) if day * period <= history]
    columns = [past[row, history - period * day + step % period] for day in days]
    columns.append(((_base(task, given, "season") - base) / size)[row, step])
    columns += [past[row, history - back] for back in (1, 2, 3) if back <= history]
    columns += [past[:, -period * day :].mean(axis=1)[row] for day in (1, 7, 13) if 1 < period * day <= history]
    ahead = given.known[row, history + step]
    return np.hstack([np.stack([*columns, step, size[row, 0]], axis=1), ahead]).astype(np.float32)


def boosted(
    task: Task, part: str, trees: int = 200, leaves: int = 31, rate: float = 0.05, most_rows: int = 100_000,
    levels: Sequence[float] = (), seed: int = 0,
) -> Forecaster:  # fmt: skip
    """Gradient-boosted trees on lags: one model for the mean, and one for each level, for all series and steps.

    most_rows: pairs of a window and a step to learn from, drawn at random. References: Friedman, Annals of Statistics
    29(5), 2001; Ke and others, NIPS 2017 (histograms).
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    learnt = windows(task, part)
    row, step = np.nonzero(learnt.judged)
    kept = np.random.default_rng((seed, 33)).permutation(len(row))[:most_rows]
    row, step = row[kept], step[kept]
    base, size = _frame(learnt)
    seen = lags(task, learnt, row, step)
    target = ((learnt.ahead[row, step] - base[row, 0]) / size[row, 0]).astype(np.float32)
    settings = {"max_iter": trees, "max_leaf_nodes": leaves, "learning_rate": rate, "early_stopping": False}
    kinds = [{"loss": "squared_error"}, *({"loss": "quantile", "quantile": level} for level in levels)]
    models = [HistGradientBoostingRegressor(**settings, **kind, random_state=seed).fit(seen, target) for kind in kinds]

    def forecast(given: Windows) -> Forecast:
        base, size = _frame(given)
        found = np.empty((len(given), task.horizon, len(models)))
        for first in range(0, len(given), 512):  # a table of all windows and steps would not fit the memory
            some = np.arange(first, min(first + 512, len(given)))
            row, step = (part.ravel() for part in np.meshgrid(some, np.arange(task.horizon), indexing="ij"))
            table = lags(task, given, row, step)
            for place, model in enumerate(models):
                found[some, :, place] = model.predict(table).reshape(len(some), -1)
        found = base[..., None] + size[..., None] * found
        return Forecast.of_answers(found, levels) if levels else Forecast(found[..., 0])

    return forecast


@dataclass(frozen=True)
class Chosen:
    """The setting with the smallest squared error on validation, and what every setting reached there."""

    setting: Mapping[str, Any]
    tried: tuple[Mapping[str, Any], ...]  # each setting with its "mse"


def choose(
    recipe: Callable[..., Forecaster], task: Task, settings: Iterable[Mapping[str, Any]], check: Windows
) -> Chosen:
    """Learn from the training part with each setting; take the one with the smallest squared error on ``check``.

    recipe: ``recipe(task, part, **setting)``. Of equal ones the first is taken; a single one is taken as it is.
    """
    settings = tuple(settings)
    if len(settings) == 1:
        return Chosen(settings[0], ())
    tried = [dict(setting) | {"mse": float(np.nanmean((check.truth - recipe(task, "train", **setting)(check).mean) ** 2))}
             for setting in settings]  # fmt: skip
    best = min(tried, key=lambda row: row["mse"])
    return Chosen({name: value for name, value in best.items() if name != "mse"}, tuple(tried))


# ---------------------------------------------------------------- quantiles, set right on validation


@dataclass(frozen=True)
class Shifts:
    """How far each quantile is moved, in shares of what a window varies by."""

    moves: np.ndarray = field(repr=False)  # (groups, horizon, levels)
    levels: tuple[float, ...]
    by_series: bool

    def __call__(self, given: Windows, found: Forecast) -> Forecast:
        """The forecast with its quantiles moved, and put in order again."""
        quantiles, size = _quantiles(found, self.levels), window_size(given)
        group = given.series if self.by_series else np.zeros(len(given), int)
        moved = quantiles + size[:, None] * self.moves[group][:, : quantiles.shape[1]]
        return Forecast(found.mean, np.sort(moved, axis=-1), self.levels)


def _quantiles(found: Forecast, levels: Sequence[float]) -> np.ndarray:
    """Quantiles (n, horizon, levels); where a way has none, its mean for each."""
    return np.repeat(found.mean[..., None], len(levels), axis=-1) if found.quantiles is None else found.quantiles


def set_right(
    given: Windows, found: Forecast, levels: Sequence[float] = LEVELS, block: int = 1, by_series: bool = False,
    aims: Sequence[float] | None = None,
) -> Shifts:  # fmt: skip
    r"""Moves of all quantiles so that on these windows the stated share of what came lies below each.

    A way without quantiles of its own gets those of its errors. For the level $\alpha$ the errors, divided by the standard
    deviation $s$ of what the window sees, are put in order, and the move is their $\alpha$-quantile as in split conformal prediction, rounded outwards:

    $$ q_\alpha \leftarrow q_\alpha + s\, \hat Q_\alpha\bigl\{(y - q_\alpha) / s\bigr\} $$

    aims: share that is to lie below each quantile, the levels themselves if None. block: so many steps share a move. by_series: each series has moves of its own. What is promised holds for windows
    that are exchangeable with these, which those of a later time are not quite: the test says what is left of it.

    Reference: Romano, Patterson and Candès, Conformalized Quantile Regression, NeurIPS 2019.
    """
    error = (given.ahead[..., None] - _quantiles(found, levels)) / window_size(given)[:, None]
    groups = range(int(given.series.max()) + 1) if by_series else (None,)
    moves = np.zeros((len(groups), error.shape[1], len(levels)))
    for place, group in enumerate(groups):
        mine = given.judged & ((given.series == group)[:, None] if by_series else True)
        for first in range(0, error.shape[1], block):
            steps = slice(first, first + block)
            seen = error[:, steps][mine[:, steps]]
            for order, (level, aim) in enumerate(zip(levels, levels if aims is None else aims, strict=True)):
                sign = 1 if level >= 0.5 else -1
                alpha = 1 - aim if level >= 0.5 else aim
                alpha = alpha if aims is None else max(alpha, 1 / (len(seen) + 1))  # beyond all errors nothing is known
                moves[place, steps, order] = sign * valuation.split_conformal_quantile(sign * seen[:, order], alpha)
    return Shifts(moves, tuple(levels), by_series)


def as_time_runs(
    check: Windows, early: Forecast, given: Windows, found: Forecast, memory: int, levels: Sequence[float] = LEVELS,
    every: int = 1, thin: int = 1, rate: float = 0.0, **options,
) -> Forecast:  # fmt: skip
    r"""Quantiles set right by the errors of the last ``memory`` steps, on validation first and then on what came since.

    check, early: windows of validation and what was forecast for them; given, found: those of the test. Before each run
    of ``every`` steps :func:`set_right` (with ``options``) is asked anew, for what had come by then and no later. thin: one
    origin in so many gives errors. rate: how fast the outer two quantiles learn from what came of the runs before: where
    too little came below one, it is asked for less, and the other way round,

    $$ a \leftarrow a + \gamma\,(\alpha - \text{share that came below}) $$

    so that in the long run the share that lies within them is the one stated, whatever the future does.

    Reference: Gibbs and Candès, Adaptive Conformal Inference Under Distribution Shift, NeurIPS 2021.
    """
    pool = _joined(check, given)
    both = Forecast(np.concatenate([early.mean, found.mean]), np.concatenate([_quantiles(one, levels) for one in (early, found)]), tuple(levels))  # fmt: skip
    came = pool.origin[:, None] + np.arange(found.mean.shape[1])  # the step at which each truth is known
    start, quantiles = given.origin.min(), np.empty((*found.mean.shape, len(levels)))
    aims, told = np.array(levels), 0  # what is asked for now; origins before this one have told what came of them
    for now in range(start, given.origin.max() + 1, every):
        rows = np.flatnonzero(
            (pool.origin < now) & (came[:, -1] >= now - memory) & (pool.origin % thin == pool.origin[0] % thin)
        )
        past = pool.take(rows)
        past = replace(past, judged=past.judged & (came[rows] < now) & (came[rows] >= now - memory))
        mine = (given.origin >= now) & (given.origin < now + every)
        come = (given.origin >= told) & (given.origin + found.mean.shape[1] <= now) if rate else np.zeros(0, bool)
        if come.any():
            aims, told = _corrected(aims, levels, given.take(come), quantiles[come], rate), given.origin[come].max() + 1
        if mine.any():
            known = Forecast(both.mean[rows], both.quantiles[rows], both.levels)
            moves = set_right(past, known, levels, aims=aims, **options)
            some = Forecast(found.mean[mine], None if found.quantiles is None else found.quantiles[mine], tuple(levels))
            quantiles[mine] = moves(given.take(mine), some).quantiles
    return Forecast(found.mean, quantiles, tuple(levels))


def _corrected(aims: np.ndarray, levels: Sequence[float], came: Windows, said: np.ndarray, rate: float) -> np.ndarray:
    """What the outer two quantiles are asked for after what came: said (n, horizon, levels)."""
    new = aims.copy()
    for place in (0, -1):
        share = (came.ahead < said[..., place])[came.judged]
        if len(share):
            new[place] += rate * (levels[place] - share.mean())
    return np.clip(new, *AIMS)


def _joined(first: Windows, second: Windows) -> Windows:
    """Two parts of one task in one, without what is known ahead."""
    bare = [replace(one, known=one.known[:, :, :0]) for one in (first, second)]
    return Windows(*(np.concatenate([getattr(one, name) for one in bare]) for name in Windows.__dataclass_fields__))
