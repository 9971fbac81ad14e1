"""How fast the gain over the baseline decays: measured once, with an interval, and used on every page.

The decay that moves money is that of the money gained over the baseline, not of a metric above zero: a recall that falls
from 95 to 93 % has lost a sixth of its gain where the baseline finds 82 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from lepton_nb import terms
from lepton_nb.client import ThreePoint
from lepton_nb.valuation import performance

LEVEL = 0.90
#: Names under which the rate of hits and that of false alarms are monitored.
HITS = ("recall", "sensitivity", "true_positive_rate", "tpr", "hit_rate")
ALARMS = ("false_alarm_rate", "false_positive_rate", "fpr")
#: Other rates that the baseline's own counts give too.
OF_COUNTS = {
    "precision": lambda c: (c.tp, c.tp + c.fp),
    "specificity": lambda c: (c.tn, c.tn + c.fp),
    "accuracy": lambda c: (c.tp + c.tn, c.n),
}
ACCEPTED = ("acceptance", "accepted", "share_accepted", "acceptance_rate")
#: What a useless model reaches; the other metrics are measured above 0.
FLOORS = {"auc": 0.5, "auroc": 0.5, "roc_auc": 0.5}
HIGHER_IS_BETTER = frozenset({*FLOORS, *HITS, *OF_COUNTS, *ACCEPTED, "f1", "bleu"})
SHARES = frozenset({*HITS, *ALARMS, *OF_COUNTS, *ACCEPTED})
#: Fastest decay that is looked for: a half-life of about two weeks.
FASTEST = 18.0
PRIOR = 0.5


@dataclass(frozen=True, kw_only=True)
class Series:
    """One monitored figure over time and the decay that it shows; half-lives in years, rates per year.

    what: money (through the outcome values), margin (over the baseline's own rate) or metric (moves no money).
    half_life: most likely, None where it did not fall; fastest..slowest: 90 % interval, slowest None without an upper
    end; where a fall is not shown the interval is one-sided (95 % faster end).
    """

    asset_id: str
    metric: str
    what: str
    years: tuple[float, ...]
    months: tuple[str, ...]
    values: tuple[float, ...]
    lows: tuple[
        float | None, ...
    ]  # 90 %: of shares of n cases Wilson, of money from the errors of both rates; else None
    highs: tuple[float | None, ...]
    ns: tuple[int, ...]
    floor: float | None  # what the margin is measured above: the baseline's own rate, or a useless model's
    half_life: float | None
    fastest: float | None
    slowest: float | None
    rate: float | None  # most likely decay a year, ln 2 / half-life; below 0 where it rose
    rates: tuple[float, float] | None  # 90 %
    sentence: str

    @property
    def shown(self) -> bool | None:
        """Whether a fall is shown at 90 %; None: nothing can be read."""
        return None if self.rates is None else self.rates[0] > 0


@dataclass(frozen=True, kw_only=True)
class Decay:
    """The decay of one asset's benefits as the value uses it. half_life None: nothing decays at the most likely figures."""

    asset_id: str
    half_life: float | None
    source: str  # stated, measured, none
    basis: str
    measured: Series | None  # what moves money; None: nothing monitored can be read as money
    drawn: ThreePoint | None  # decay a year, as it is drawn; None: not drawn
    sentence: str

    @property
    def rate(self) -> float:
        """Decay a year, ln 2 / half-life."""
        return math.log(2) / self.half_life if self.half_life else 0.0

    @property
    def grade(self) -> str:
        """Grade of the half-life on every page: who gave the likely figure, and whether months give its range."""
        if self.source != "stated":
            return "measured" if self.source == "measured" or self.drawn is not None else ""
        stated = "stated as measured" if "measured" in self.basis else "stated"
        return stated if self.drawn is None else f"{stated}, range measured"

    @property
    def evidence(self) -> str:
        """Source of the half-life on every page, and of its range."""
        told = (
            terms.spoken(self.basis) if self.basis else "assets.csv, no basis given" if self.half_life else "none given"
        )
        return told if self.drawn is None else f"{told}; range: {terms.spoken(self.measured.metric)} as monitored"


def life_basis(asset, used: Decay | None) -> str:
    """Why an asset lasts as long as it does, in the client's words, and where the months do not show what it names."""
    told = terms.spoken(asset.useful_life_basis)
    if "drift" in asset.useful_life_basis and not (
        used is not None and used.measured is not None and used.measured.shown
    ):
        return f"{told}, as the client says; the months show no fall"
    return told


def mean_factor(rate, young: float, old: float):
    r"""Mean of $e^{-\lambda a}$ over ages from ``young`` to ``old`` (years): 1 without decay. rate: a number or (draws,).

    >>> round(float(mean_factor(math.log(2), 0.0, 1.0)), 6), float(mean_factor(0.0, 2.0, 3.0))
    (0.721348, 1.0)
    """
    if isinstance(rate, float):  # one number: many lines ask for it, and numpy takes ten times as long
        x = rate * (old - young)
        return math.exp(-rate * young) * (1.0 - x / 2 if abs(x) < 1e-9 else -math.expm1(-x) / x)
    rate = np.asarray(rate, dtype=float)
    x = rate * (old - young)
    small = np.abs(x) < 1e-9
    part = np.where(small, 1.0 - x / 2, -np.expm1(-x) / np.where(small, 1.0, x))
    return np.exp(-rate * young) * part


def fitted(times, margins, variances, floor_variance: float = 0.0) -> tuple[float, tuple[float, float]]:
    r"""Decay a year of a margin, and its 90 % interval: least squares of $m_t = m_0 e^{-\lambda t} - b$.

    times: years, at least two different; margins over the baseline; variances: of each month's figure; floor_variance:
    of the baseline's own rate, which moves all margins together (b). The interval is that of the profile likelihood:
    all $\lambda$ whose sum of squared errors lies within 2.706 of the least.
    """
    t, y, v = (np.asarray(each, dtype=float) for each in (times, margins, variances))
    t = t - t[0]

    def misfit(rate: float) -> float:
        shape = np.exp(-rate * t)
        # variance of the months, and what the shared baseline adds to all of them
        weight = np.linalg.inv(np.diag(v) + floor_variance)
        start = max(float(shape @ weight @ y) / float(shape @ weight @ shape), 0.0)
        rest = y - start * shape
        return float(rest @ weight @ rest)

    grid = np.concatenate([-np.geomspace(FASTEST, 1e-3, 60), [0.0], np.geomspace(1e-3, FASTEST, 120)])
    seen = np.array([misfit(rate) for rate in grid])
    near = int(seen.argmin())
    low, high = grid[max(near - 1, 0)], grid[min(near + 1, len(grid) - 1)]
    best = optimize.minimize_scalar(misfit, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
    limit = best.fun + stats.chi2.ppf(LEVEL, 1)

    def end(stop: float) -> float:
        if misfit(stop) <= limit:
            return stop
        return float(optimize.brentq(lambda rate: misfit(rate) - limit, best.x, stop))

    return float(best.x), (end(-FASTEST), end(FASTEST))


def monitored(client, asset_id: str = "") -> tuple[Series, ...]:
    """Every monitored figure of a client's assets, or of one, with what it shows; the one that moves money first."""
    rows: dict[tuple[str, str], list] = {}
    for row in client.monitoring:
        if not asset_id or row.asset_id == asset_id:
            rows.setdefault((row.asset_id, row.metric), []).append(row)
    series: dict[tuple[str, str], list] = {
        key: sorted(found, key=lambda row: row.period) for key, found in rows.items()
    }
    found = []
    for name in dict.fromkeys(asset for asset, _ in series):
        own = {metric: months for (asset, metric), months in series.items() if asset == name}
        evaluation = next((e for e in client.evaluations if e.asset_id == name and e.outcome_value is not None), None)
        if evaluation is not None:
            both = _money(name, evaluation, own)
            found += [both] if both else []
        found += [_rate(name, evaluation, metric, months) for metric, months in own.items()]
    return tuple(sorted(found, key=lambda item: item.what == "metric"))


def decay_of(client, asset) -> Decay:
    """The decay that the value of an asset uses (rule Decay): stated where it has a basis, else measured."""
    seen = next((item for item in monitored(client, asset.asset_id) if item.what != "metric" and item.rates), None)
    stated, basis = asset.half_life_years, asset.half_life_basis
    half, source = stated, "stated"
    if stated is None or (not basis and seen is not None and seen.shown):
        half = seen.half_life if seen is not None and seen.shown else None
        source, basis = ("measured", seen.what) if half else ("none", "")
    if seen is None:
        words = "Nothing monitored can be read as money gained over the baseline, so the half-life is not drawn."
        return Decay(
            asset_id=asset.asset_id,
            half_life=half,
            source=source,
            basis=basis,
            measured=None,
            drawn=None,
            sentence=words,
        )
    point = math.log(2) / half if half else 0.0
    low, high = max(seen.rates[0], 0.0), max(seen.rates[1], 0.0)
    drawn = ThreePoint(min(low, point), point, max(high, point))
    words = f"Drawn between a half-life of {_words(drawn.high)} and {_words(drawn.low)}. {seen.sentence}"
    return Decay(
        asset_id=asset.asset_id,
        half_life=half,
        source=source,
        basis=basis,
        measured=seen,
        drawn=drawn if drawn.low < drawn.high else None,
        sentence=words,
    )


def _words(rate: float) -> str:
    if rate <= 0:
        return "no decay"
    years = math.log(2) / rate
    return f"{years:.1f} years" if years >= 0.095 else f"{years:.2g} years"


def _times(rows) -> tuple[float, ...]:
    first = rows[0].period
    return tuple((row.period.year - first.year) + (row.period.month - first.month) / 12 for row in rows)


def _variance(value: float, n: int) -> float:
    shrunk = (value * n + PRIOR) / (n + 2 * PRIOR)  # half a case off 0 and 1, so that it has an error there too
    return shrunk * (1 - shrunk) / n


def _money(asset_id: str, evaluation, own: Mapping[str, list]) -> Series | None:
    """The gain per case in money by month, where hits and false alarms are both monitored in the same months."""
    hits = next((own[name] for name in own if name.lower() in HITS), None)
    alarms = next((own[name] for name in own if name.lower() in ALARMS), None)
    clear = next((own[name] for name in own if name.lower() == "specificity"), None)
    if hits is None or (alarms is None and clear is None):
        return None
    false = {row.period: (row.value, row.n) for row in alarms or ()} or {
        row.period: (1 - row.value, row.n) for row in clear
    }
    pairs = [(row, false[row.period]) for row in hits if row.period in false]
    if len(pairs) < 2:
        return None
    money, before = evaluation.outcome_value, evaluation.baseline
    share = evaluation.model.positives / evaluation.model.n
    per_hit = share * (money.tp.mode - money.fn.mode)
    per_alarm = (1 - share) * (money.fp.mode - money.tn.mode)
    known = before.tp / before.positives, before.fp / (before.n - before.positives)
    gains = [per_hit * (row.value - known[0]) + per_alarm * (rate - known[1]) for row, (rate, _) in pairs]
    errors = [per_hit**2 * _variance(row.value, row.n) + per_alarm**2 * _variance(rate, n) for row, (rate, n) in pairs]
    floor = per_hit**2 * _variance(known[0], before.positives)
    floor += per_alarm**2 * _variance(known[1], before.n - before.positives)
    rows = [row for row, _ in pairs]
    return _series(asset_id, "gain in money", "money", rows, gains, gains, errors, None, floor)


def _rate(asset_id: str, evaluation, metric: str, rows) -> Series:
    name, values = metric.lower(), [row.value for row in rows]
    what, floor, floor_variance = "metric", FLOORS.get(name, 0.0), 0.0
    counts = None if evaluation is None else evaluation.baseline
    if name in ACCEPTED:
        what = "margin"
    elif counts is not None and name in (*HITS, *OF_COUNTS):
        hit, of = (counts.tp, counts.positives) if name in HITS else OF_COUNTS[name](counts)
        if of:
            what, floor, floor_variance = "margin", hit / of, _variance(hit / of, of)
    if name not in HIGHER_IS_BETTER:
        words = "It is not known as a metric where higher is better, so no half-life is read from it."
        return _empty(asset_id, metric, rows, words)
    if name in SHARES:
        errors = [_variance(row.value, row.n) for row in rows]
    elif len(rows) >= 3:
        errors = [_scatter(_times(rows), values)] * len(rows)
    else:
        words = "Two months without a known error give no interval; a third is needed."
        return _empty(asset_id, metric, rows, words)
    margins = [value - floor for value in values]
    return _series(asset_id, metric, what, rows, values, margins, errors, floor, floor_variance)


def _scatter(times: Sequence[float], values: Sequence[float]) -> float:
    """Variance of a month around a straight line, with the quantile of t in place of the normal's taken in."""
    x, y = np.asarray(times), np.asarray(values)
    if np.ptp(x) == 0:
        return 1.0
    rest = y - np.polyval(np.polyfit(x, y, 1), x)
    freedom = max(len(x) - 2, 1)
    wider = (stats.t.ppf((1 + LEVEL) / 2, freedom) / stats.norm.ppf((1 + LEVEL) / 2)) ** 2
    return max(float(rest @ rest) / freedom * wider, 1e-12)


def _series(asset_id, metric, what, rows, values, margins, errors, floor, floor_variance) -> Series:
    times = _times(rows)
    if len(set(times)) < 2:
        return _empty(asset_id, metric, rows, "It was measured in one month only: no half-life can be read from it.")
    rate, (low, high) = fitted(times, margins, errors, floor_variance)
    if high >= FASTEST:
        words = "The months do not tell a slow decay from one within days, so no half-life is read from them."
        return _empty(asset_id, metric, rows, words)
    fall = low > 0
    said = terms.spoken(metric)
    over = {"money": "the gain in money", "margin": f"the margin of {said} over the baseline"}.get(what, said)
    if fall:
        words = f"A fall of {over} is shown: half-life {_words(rate)} ({_words(high)} to {_words(low)}, 90 %)."
    elif high <= 0:
        words = f"{over[0].upper()}{over[1:]} did not fall: there is no half-life to measure."
    else:
        words = f"A fall of {over} is not shown: a half-life of {_words(high)} or longer fits the months (95 %)."
    if what == "metric":
        words += " It cannot be mapped to money, so it moves nothing."
    known = _known(asset_id, metric, rows, values)
    if what == "money":
        reach = [stats.norm.ppf((1 + LEVEL) / 2) * math.sqrt(error) for error in errors]
        known["lows"] = tuple(value - each for value, each in zip(values, reach, strict=True))
        known["highs"] = tuple(value + each for value, each in zip(values, reach, strict=True))
    return Series(
        **known,
        what=what,
        floor=floor,
        half_life=math.log(2) / rate if rate > 1e-9 else None,
        fastest=math.log(2) / high if high > 0 else None,
        slowest=math.log(2) / low if fall else None,
        rate=rate,
        rates=(low, high),
        sentence=words,
    )


def _known(asset_id, metric, rows, values) -> dict:
    share = metric.lower() in SHARES
    ends = [
        performance.wilson_interval(round(row.value * row.n), row.n, LEVEL).interval if share else (None, None)
        for row in rows
    ]
    return {
        "asset_id": asset_id,
        "metric": metric,
        "years": _times(rows),
        "months": tuple(f"{row.period:%Y-%m}" for row in rows),
        "values": tuple(values),
        "lows": tuple(end[0] for end in ends),
        "highs": tuple(end[1] for end in ends),
        "ns": tuple(row.n for row in rows),
    }


def _empty(asset_id, metric, rows, sentence) -> Series:
    known = _known(asset_id, metric, rows, [row.value for row in rows])
    nothing = dict.fromkeys(("floor", "half_life", "fastest", "slowest", "rate", "rates"))
    return Series(**known, what="metric", **nothing, sentence=sentence)
