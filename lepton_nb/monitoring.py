"""Watching a model in use: whether its inputs moved, how soon an alarm rings, and when to train it again."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import stats

from lepton_nb import forecasting, ranking
from lepton_nb.valuation import performance
from lepton_nb.valuation.performance import Interval, wilson_interval

#: The rule of thumb for the population stability index: from here on watch, from here on act.
WATCH, ACT = 0.1, 0.25
#: Bins of the index, by quantiles of the reference; and the share to which an empty bin is raised.
BINS, FLOOR = 10, 1e-4
#: Names of the alarms on inputs.
PSI_WATCH, PSI_ACT = f"PSI above {WATCH:g}", f"PSI above {ACT:g}"
KS_EACH, KS_HOLM, KS_BH = "KS of any column", "KS after Holm", "KS after Benjamini-Hochberg"
RULES = (PSI_WATCH, PSI_ACT, KS_EACH, KS_HOLM, KS_BH)
#: Columns of a client's ``metrics/monitoring.csv``.
COLUMNS = ("asset_id", "period", "metric", "value", "n", "baseline_value")


# ---------------------------------------------------------------- have the inputs moved?


@dataclass(frozen=True)
class Reference:
    """What the inputs were when all was well. columns: name → (n,) numbers; cuts, counts: the bins of each.

    A column of few different values has fewer bins: equal cuts are one. An upper end belongs to its bin.
    """

    columns: Mapping[str, np.ndarray] = field(repr=False)
    cuts: Mapping[str, np.ndarray] = field(repr=False)
    counts: Mapping[str, np.ndarray] = field(repr=False)

    @classmethod
    def of(cls, columns: Mapping[str, np.ndarray], bins: int = BINS) -> Reference:
        """Bins cut at the quantiles of each column.

        >>> Reference.of({"a": np.arange(1.0, 9)}, bins=2).counts["a"].tolist()
        [4, 4]
        """
        cuts = {
            name: np.unique(np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf"))
            for name, values in columns.items()
        }
        return cls(columns, cuts, {name: _counted(cuts[name], values) for name, values in columns.items()})


def _counted(cuts: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(cuts, values), minlength=len(cuts) + 1)


@dataclass(frozen=True)
class Moves:
    """How far each column of a month lies from the reference. psi, p: column → index, p-value of the KS test."""

    psi: Mapping[str, float]
    p: Mapping[str, float]


def moves(reference: Reference, month: Mapping[str, np.ndarray]) -> Moves:
    """Population stability index and two-sample Kolmogorov-Smirnov test of each column of the reference.

    month: column → (n,) numbers. Ties, as whole numbers have them, make the test careful: its true level lies below the
    stated one.
    """
    psi, p = {}, {}
    for name, before in reference.columns.items():
        found = _counted(reference.cuts[name], month[name])
        psi[name] = performance.population_stability_index(reference.counts[name], found, floor=FLOOR).value
        p[name] = performance.ks_statistic(before, month[name]).p_value
    return Moves(psi, p)


def index_by_chance(bins: int, reference: int, month: int) -> float:
    """What the stability index is in the mean where nothing moved: $(B - 1)(1/n + 1/m)$, for bins that are not small.

    The index is then close to a chi-square of B - 1 degrees of freedom times $1/n + 1/m$: a limit that does not know how
    many rows a month has rings for small months and sleeps for large ones.

    Discussed by Potgieter, van Zyl, Schutte and Lombard, The Population Resemblance Statistic, 2023.

    >>> round(index_by_chance(10, 5000, 100), 4), round(index_by_chance(10, 5000, 2000), 4)
    (0.0918, 0.0063)
    """
    return (bins - 1) * (1 / reference + 1 / month)


def holm(p_values: Sequence[float]) -> np.ndarray:
    r"""Adjusted p-values of many tests at once, (k,): the chance of any false alarm stays below the level.

    In rising order $\tilde p_{(j)} = \max_{i \le j} \min(1, (k - i + 1)\, p_{(i)})$.

    Reference: Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6, 1979.

    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(p_values, float)
    order = np.argsort(given, kind="stable")
    steps = (len(given) - np.arange(len(given))) * given[order]
    found = np.empty_like(given)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found


def rings(found: Moves, level: float = 0.05) -> dict[str, bool]:
    """Which alarms on inputs ring: rule of RULES → whether any column passes its limit."""
    p, psi = list(found.p.values()), max(found.psi.values())
    return {
        PSI_WATCH: psi > WATCH,
        PSI_ACT: psi > ACT,
        KS_EACH: min(p) < level,
        KS_HOLM: bool(holm(p).min() < level),
        KS_BH: bool(stats.false_discovery_control(p, method="bh").min() < level),
    }


# ---------------------------------------------------------------- how often, how soon?


@dataclass(frozen=True)
class Watched:
    """What an alarm did in many runs of months. rate: share of all months in which it rang, as if they were independent;
    seen: share of runs in which it rang at all; median: months until it first rang, None where half of the runs never saw
    it; months: of each run."""

    rate: Interval
    seen: Interval
    median: float | None
    months: int


def watched(rung: np.ndarray) -> Watched:
    """Rate and delay of an alarm. rung: (runs, months) of bool; months of one run follow one another.

    >>> found = watched(np.array([[False, True, True], [False, False, False], [True, False, False]]))
    >>> round(found.rate.value, 3), round(found.seen.value, 3), found.median
    (0.333, 0.667, 2.0)
    """
    runs, months = rung.shape
    first = np.where(rung.any(axis=1), rung.argmax(axis=1) + 1.0, np.inf)
    middle = (
        float(np.sort(first)[(runs - 1) // 2])
        if runs % 2
        else float(np.sort(first)[runs // 2 - 1 : runs // 2 + 1].mean())
    )
    return Watched(
        wilson_interval(int(rung.sum()), rung.size),
        wilson_interval(int(np.isfinite(first).sum()), runs),
        middle if np.isfinite(middle) else None,
        months,
    )


# ---------------------------------------------------------------- when to train again


@dataclass(frozen=True)
class Model:
    """A model as it goes into use. score: x → (n,); cut: from which score on is flagged; days: what each day of its
    validation cost, money (days,), the measure of its alarm."""

    score: Callable[[Any], np.ndarray] = field(repr=False)
    cut: float
    days: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Used:
    """A policy over all months judged. cost: (rows,) money of wrong decisions; flagged: (rows,); trained: months at whose
    beginning it was trained anew; rung: months after which the alarm rang (rule: the alarm of :func:`dearer`)."""

    name: str
    cost: np.ndarray = field(repr=False)
    flagged: np.ndarray = field(repr=False)
    trained: tuple[str, ...]
    rung: tuple[str, ...]


def costs(y: np.ndarray, flagged: np.ndarray, miss: float, alarm: float) -> np.ndarray:
    """Money that each decision costs: ``miss`` for a positive not flagged, ``alarm`` for a negative flagged. (n,)"""
    truth, said = np.asarray(y, bool), np.asarray(flagged, bool)
    return miss * (truth & ~said) + alarm * (~truth & said)


def expected_costs(chance: np.ndarray, flagged: np.ndarray, miss: float, alarm: float) -> np.ndarray:
    """What :func:`costs` will be in the mean where a row is positive with this chance. No label is used. (n,)

    >>> expected_costs(np.array([0.25, 0.25]), np.array([0, 1]), 100.0, 10.0).tolist()
    [25.0, 7.5]
    """
    return np.where(np.asarray(flagged, bool), (1 - chance) * alarm, chance * miss)


def expected_cost(
    chance: np.ndarray, flagged: np.ndarray, miss: float, alarm: float, level: float = 0.9
) -> ranking.Mean:
    r"""Mean of :func:`expected_costs` and where the mean cost will lie once labels are there, if the chances are right.

    Each row is a draw of its own: $\pm z \sqrt{\sum q (1 - q) w^2} / n$ with $w$ the price of its error.
    """
    price = np.where(np.asarray(flagged, bool), alarm, miss)
    reach = stats.norm.ppf((1 + level) / 2) * np.sqrt(np.sum(chance * (1 - chance) * price**2)) / len(chance)
    mean = float(expected_costs(chance, flagged, miss, alarm).mean())
    told = f"{100 * level:g} % of what labels drawn from the scores would give"
    return ranking.Mean(mean, mean - float(reach), mean + float(reach), len(chance), level, told)


def by_day(values: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Mean of the rows of each day, in the order of time: hours of one day err together, days less so."""
    _, place = np.unique(days, return_inverse=True)
    return np.bincount(place, values) / np.bincount(place)


def dearer(days: np.ndarray, reference: np.ndarray, level: float) -> bool:
    """Whether the days of a month cost more than those of the validation: one-sided test of Welch on daily means.

    Where a month has fewer than two days, or nothing varies, nothing is said.
    """
    if min(len(days), len(reference)) < 2 or np.ptp(np.concatenate([days, reference])) == 0:
        return False
    if np.var(days) == 0 and np.var(reference) == 0:
        return bool(days.mean() > reference.mean())
    return bool(stats.ttest_ind(days, reference, equal_var=False, alternative="greater").pvalue < level)


def in_use(
    name: str, x: Any, y: np.ndarray, times: np.ndarray, learn: Callable[[np.ndarray], Model], memory: int, *,
    every: int | None = None, level: float | None = None, forget: bool = False, miss: float = 1.0, alarm: float = 1.0,
) -> Used:  # fmt: skip
    """Go through the months as they come: decide with the model of the day, then see what it cost, then perhaps train.

    x: DataFrame, y: (n,), times: (n,) datetime64, in the order of time. learn: numbers of rows → Model. The first
    ``memory`` months that have rows teach the first model, and judge nobody; each later training learns from all months
    until then, or with ``forget`` from the last ``memory`` alone. every: train when so many months of the calendar have
    gone by; level: train when :func:`dearer` rings after a month; both None: never. Raises ValueError where no month is
    left to judge.
    """
    months = times.astype("datetime64[M]")
    known = np.unique(months)
    if not 1 <= memory < len(known):
        raise ValueError(f"memory must leave months to judge. Received: {memory} of {len(known)} months with rows")
    cost, flagged = np.zeros(len(y)), np.zeros(len(y), np.int64)
    model, last, trained, rung = None, known[memory], [], []
    for place in range(memory, len(known)):
        now = known[place]
        due = (every is not None and (now - last).astype(int) >= every) or (rung and rung[-1] == known[place - 1])
        if model is None or due:
            trained += [now] if model is not None else []
            model = learn(np.flatnonzero((months >= known[place - memory if forget else 0]) & (months < now)))
            last = now
        rows = np.flatnonzero(months == now)
        flagged[rows] = model.score(x.iloc[rows]) >= model.cut
        cost[rows] = costs(y[rows], flagged[rows], miss, alarm)
        if level is not None and dearer(by_day(cost[rows], times[rows].astype("datetime64[D]")), model.days, level):
            rung.append(now)
    judged = months >= known[memory]
    return Used(name, cost[judged], flagged[judged], tuple(map(str, trained)), tuple(map(str, rung)))


def saved(policy: Used, never: Used, price: float, block: int = 28 * 24) -> ranking.Mean:
    """Money per 1,000 rows that a policy saves beside never training, its trainings paid. Paired, row by row.

    price: of one training, spread over all rows. 95 % interval from blocks of ``block`` neighbouring rows.
    """
    gain = 1000 * (never.cost - policy.cost - price * len(policy.trained) / len(policy.cost))
    return forecasting.over_blocks(gain, block, "rows")


def worth_of_training(policy: Used, never: Used, block: int = 28 * 24) -> ranking.Mean | None:
    """What one training may cost at most: what the policy saves, before its trainings are paid, for each. None: it never trained."""
    if not policy.trained:
        return None
    return forecasting.over_blocks((never.cost - policy.cost) * len(policy.cost) / len(policy.trained), block, "rows")


# ---------------------------------------------------------------- handed to the valuation


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows of ``casework.judging.monitoring`` in the form of a client's ``metrics/monitoring.csv``, with its head.

    >>> print(as_csv([{"asset_id": "T1", "period": "2016-07", "metric": "recall", "value": 0.9, "n": 40, "baseline_value": None}]))
    asset_id,period,metric,value,n,baseline_value
    T1,2016-07,recall,0.9,40,
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        told = {name: "" if row[name] is None else row[name] for name in COLUMNS}
        writer.writerow(
            told | {name: round(row[name], 6) for name in ("value", "baseline_value") if row[name] is not None}
        )
    return text.getvalue().rstrip("\n")


def a_month(rate: float) -> float:
    """Share of the gain that is lost each month at a decay of ``rate`` a year: $1 - e^{-\\lambda / 12}$.

    >>> round(a_month(np.log(2)), 4)
    0.0561
    """
    return float(-np.expm1(-rate / 12))


def enter(record: Any, name: str, found: Any, unit: str, interval: str = "", **conditions: Any) -> None:
    """Put anything with value, low, high and n on record (results.Record). interval: what the ends are; else its method."""
    ends = {"low": found.low, "high": found.high, "interval": interval or found.method, "n": found.n}
    record.add(name, found.value, unit, **ends, **conditions)
