"""From a measured metric to money: what the test set shows, where the model stops being worth anything, how it ages.

:data:`EVIDENCE_RULES` says in words how the evidence is read; the chapter prints it. Money is in the client's currency,
per case unless a function says otherwise; rates and shares are fractions; times are years.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special, stats

from lepton_nb.valuation import performance, uncertainty
from lepton_nb.value_model.beside import FLOORS, HIGHER_IS_BETTER, SMALLEST_BASELINE
from lepton_nb.value_model.money import World, benefit, cost, evaluate, gain_per_case
from lepton_nb.value_model.reading import (
    OUTCOMES,
    PRIOR,
    Plan,
    outcome_ranges,
    sample_counts,
    years_between,
)

#: How the evidence is read. Each rule has a test; the chapter prints them all.
EVIDENCE_RULES = {
    "Which table decides": "Where the paired counts are given, they decide: model and baseline judged the same cases, so "
    "most of what one got wrong the other got wrong too, and only the cases decided differently say which is better. "
    "Without them the two margins are taken as independent, and the page says what that costs in width.",
    "Intervals": "Gains: mean ± 1.645 standard errors (90 %). Rates: Wilson, 90 %. Posterior: the shares of the cells are "
    "Dirichlet with counts + ½; where said, the money per outcome is drawn too (triangular low, most likely, high).",
    "Gain": "Shown: the whole 90 % interval of the deciding table lies above zero. Not shown: it holds zero. Against: it "
    "lies below. Withheld: 40 or fewer baseline cases.",
    "Threshold": "The probability from which on a flag pays follows from the money per outcome alone, if the scores are "
    "probabilities; the calibration is shown. A cut chosen on the very cases that judge it looks too good: each fifth of "
    "the cases is judged with the cut that is best on the other four. In use is the cut that flags the same share of "
    "cases as the evaluation did. Another cut is called better only if its 90 % interval against the cut in use lies "
    "above zero.",
    "Break-even": "Recall (or the share accepted) is lowered alone, false alarms as measured: first to where the model is no "
    "better than its baseline, then to where the present value of its group is zero, everything else most likely. Below "
    "the second the model is worth nothing.",
    "Half-life": "Of the metric: a line through the logarithm of its excess over what a useless model reaches. For shares "
    "each month counts by its number of cases, for other metrics all alike (at least three months). If the 90 % interval "
    "of the slope holds zero, a fall is not shown and the half-life has no upper end. Of the money: the gain over the "
    "baseline at the first and at the last measured recall. The stated half-life is used in the value.",
    "Economic life": "A model should be replaced or stopped when a year's benefit no longer covers a year's running costs "
    "of what it needs: half-life × log2(benefit today / running costs), from the valuation date.",
    "Groups": "Shares flagged by group are compared only where every group has at least 30 cases.",
}

LEVEL = 0.90
SMALLEST_GROUP = 30
FOLDS = 5


# --- gain ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GainEvidence:
    """What one evaluation says about the gain per case, from both tables. Money per case, 90 %."""

    evaluation_id: str
    asset_id: str
    n: int
    baseline_n: int
    model: performance.ExpectedValue
    baseline: performance.ExpectedValue
    unpaired: performance.ExpectedValue
    paired: performance.PairedGain | None
    agreement: float | None  # share of the cases on which both decided alike
    correlation: float | None  # of the money of a case under model and baseline
    word: str  # shown, not shown, against, withheld
    sentence: str

    @property
    def deciding(self) -> performance.ExpectedValue:
        """The gain by the table that decides."""
        return self.paired or self.unpaired


def most_likely_money(evaluation) -> dict[str, float]:
    """Money per outcome at its most likely value."""
    return {outcome: three.mode for outcome, three in outcome_ranges(evaluation).items()}


def gain_word(interval: Sequence[float], baseline_n: int) -> str:
    """Rule Gain.

    >>> gain_word((0.1, 0.2), 6000), gain_word((-0.1, 0.2), 6000), gain_word((0.1, 0.2), 40)
    ('shown', 'not shown', 'withheld')
    """
    low, high = interval
    if baseline_n <= SMALLEST_BASELINE:
        return "withheld"
    return "shown" if low > 0 else "against" if high < 0 else "not shown"


def gain_evidence(evaluation) -> GainEvidence:
    """Both readings of an evaluation with money per outcome (rules Which table decides, Gain)."""
    money = most_likely_money(evaluation)
    counts = [{key: getattr(item, key) for key in OUTCOMES} for item in (evaluation.model, evaluation.baseline)]
    model, baseline = (performance.expected_value(item, money, level=LEVEL) for item in counts)
    unpaired = performance.expected_value_gain(*counts, money, level=LEVEL)
    paired = agreement = correlation = None
    if evaluation.paired:
        paired = performance.paired_gain(evaluation.paired, money, level=LEVEL)
        agreement = 1 - paired.discordant / paired.n
        errors = 2 * model.standard_error * baseline.standard_error
        if errors > 0:
            explained = model.standard_error**2 + baseline.standard_error**2 - paired.standard_error**2
            correlation = explained / errors
    decides = paired or unpaired
    word = gain_word(decides.interval, evaluation.baseline.n)
    told = {
        "shown": "the model beats its baseline",
        "not shown": "the interval holds zero, so the test set does not show that the model beats its baseline",
        "against": "the baseline beats the model",
        "withheld": f"only {evaluation.baseline.n} baseline cases; more than {SMALLEST_BASELINE} are needed to conclude",
    }[word]
    table = "paired table" if paired else "two margins, taken as independent"
    sentence = f"{word}: {told} (by the {table})."
    if paired:
        alone = gain_word(unpaired.interval, evaluation.baseline.n)
        if alone != word:
            sentence += f" By the margins alone the answer would be: {alone}."
    return GainEvidence(
        evaluation.evaluation_id, evaluation.asset_id, evaluation.n, evaluation.baseline.n, model, baseline, unpaired,
        paired, agreement, correlation, word, sentence,
    )  # fmt: skip


def gain_draws(plan: Plan, evaluation, paired: bool = True, money: bool = False, draws: int = 16384):
    """Posterior of the gain per case as a Simulation: cells as Dirichlet, with ``money`` the outcomes' money too."""
    if not paired:
        evaluation = evaluation.model_copy(update={"paired": None})
    name = evaluation.evaluation_id
    inputs = {f"{name}.{key}": uncertainty.dirichlet(seen, PRIOR) for key, seen in sample_counts(evaluation).items()}
    if money:
        ranges = outcome_ranges(evaluation).items()
        inputs |= {f"{name}.{key}": uncertainty.uniform(0, 1) for key, three in ranges if three.low < three.high}
    return uncertainty.simulate(
        lambda drawn: gain_per_case(evaluation, World(drawn=drawn)), inputs, draws, plan.client.monte_carlo.seed
    )


def yearly_cases(plan: Plan, evaluation_id: str) -> float | None:
    """Most likely cases of a year on which the gain is earned: volume × attribution × adoption of the last whole year."""
    lines = [line for line in plan.benefits if line.link_id == evaluation_id and line.link == "confusion"]
    whole = [line for line in lines if plan.periods[line.period].share == 1] or lines
    if not whole:
        return None
    last = max(line.period for line in whole)
    share = plan.periods[last].share
    return sum(line.volume.mode * line.weight / share for line in whole if line.period == last)


def gain_by_class(evaluation) -> tuple[float, float]:
    """Gain per positive and per negative case: (money, money). The gain is their mean by the share of positives."""
    money = most_likely_money(evaluation)

    def mean(counts, hit, miss) -> float:
        right, wrong = getattr(counts, hit), getattr(counts, miss)
        return (right * money[hit] + wrong * money[miss]) / (right + wrong) if right + wrong else 0.0

    return tuple(
        mean(evaluation.model, hit, miss) - mean(evaluation.baseline, hit, miss) for hit, miss in (("tp", "fn"), ("tn", "fp"))
    )  # fmt: skip


def gain_at_prevalence(evaluation, prevalence):
    """Gain per case if this share of the cases were positive, recall and false-alarm rate as measured."""
    positive, negative = gain_by_class(evaluation)
    return prevalence * positive + (1 - np.asarray(prevalence)) * negative


def prevalence_for(evaluation, factor: float) -> float | None:
    """The share of positive cases at which the gain is ``factor`` times today's; None where no share in 0..1 does it."""
    positive, negative = gain_by_class(evaluation)
    today = float(gain_at_prevalence(evaluation, evaluation.model.positives / evaluation.model.n))
    if today <= 0 or positive == negative:
        return None
    share = (factor * today - negative) / (positive - negative)
    return share if 0 <= share <= 1 else None


# --- threshold -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cut:
    """One way to cut the scores, judged on the client's predictions. Money per case."""

    name: str
    score: float | None  # flag from this score on; None: several cuts, or none
    flagged: float  # share of the cases
    value: float
    gain: float  # over the cut in use
    low: float
    high: float


@dataclass(frozen=True)
class Threshold:
    """Where to cut the scores of one model; ``sentence`` instead of ``cuts`` where nothing can be said."""

    asset_id: str
    evaluation_id: str
    n: int
    positives: int
    closed_form: float | None
    closed_form_sentence: str
    cuts: tuple[Cut, ...]
    curve: performance.ProfitCurve | None
    calibration: tuple[tuple[float, float, float, float, int], ...]  # mean score, observed, low, high, n
    auc: performance.Score | None
    brier: performance.Score | None
    sentence: str


def closed_form_threshold(evaluation) -> tuple[float | None, str]:
    """The probability from which on a flag pays, or the sentence why there is none."""
    costs = {f"cost_{outcome}": -money for outcome, money in most_likely_money(evaluation).items()}
    try:
        return performance.cost_sensitive_threshold(**costs), ""
    except performance.Undefined as problem:
        return None, str(problem)


def threshold(evaluation, predictions) -> Threshold:
    """Cuts of a model's scores in money (rule Threshold). ``predictions`` None: the closed form alone."""
    name, money = evaluation.asset_id, most_likely_money(evaluation)
    closed, why = closed_form_threshold(evaluation)
    if predictions is None:
        words = f"No scored cases of {name} are given (metrics/predictions_{name}.csv), so no cut can be tried out."
        return Threshold(name, evaluation.evaluation_id, 0, 0, closed, why, (), None, (), None, None, words)
    truth, score = np.array(predictions.y_true), np.array(predictions.score)
    positives = int(truth.sum())
    if min(positives, len(truth) - positives) < FOLDS:
        words = f"The scored cases of {name} hold {positives} positives of {len(truth)}: too few to choose a cut."
        return Threshold(
            name, evaluation.evaluation_id, len(truth), positives, closed, why, (), None, (), None, None, words
        )

    def values(flagged):
        right, wrong = np.where(truth == 1, money["tp"], money["fp"]), np.where(truth == 1, money["fn"], money["tn"])
        return np.where(flagged, right, wrong)

    curve = performance.profit_curve(truth, score, **{f"value_{outcome}": each for outcome, each in money.items()})
    share = (evaluation.model.tp + evaluation.model.fp) / evaluation.n
    in_use = float(np.quantile(score, 1 - share, method="higher")) if share > 0 else math.inf
    fold = np.arange(len(truth)) % FOLDS
    chosen = np.zeros(len(truth), dtype=bool)
    for part in range(FOLDS):
        others = performance.profit_curve(
            truth[fold != part], score[fold != part], **{f"value_{outcome}": each for outcome, each in money.items()}
        )
        cut = math.inf if others.score_cut is None else others.score_cut
        chosen |= (fold == part) & (score >= cut)
    ways = [
        ("flag nobody", None, np.zeros(len(truth), dtype=bool)),
        ("flag everybody", None, np.ones(len(truth), dtype=bool)),
        ("in use", in_use, score >= in_use),
        ("best on other cases", None, chosen),
    ]
    if closed is not None:
        ways.insert(3, ("from the money", closed, score >= closed))
    base = values(score >= in_use)
    cuts = []
    for words, at, flagged in ways:
        each = values(flagged)
        gain = each - base
        reach = float(special.ndtri((1 + LEVEL) / 2) * gain.std(ddof=1) / math.sqrt(len(gain)))
        mean = float(gain.mean())
        cuts.append(Cut(words, at, float(flagged.mean()), float(each.mean()), mean, mean - reach, mean + reach))
    return Threshold(
        name, evaluation.evaluation_id, len(truth), positives, closed, why, tuple(cuts), curve,
        _calibration(truth, score), performance.auc(truth, score, LEVEL), performance.brier(truth, score, LEVEL), "",
    )  # fmt: skip


def _calibration(truth, score, bins: int = 10):
    """Mean score and observed share with Wilson's interval in bins of equal size, ties kept together."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)))
    place = np.clip(np.searchsorted(edges, score, side="right") - 1, 0, max(len(edges) - 2, 0))
    rows = []
    for part in np.unique(place):
        inside = place == part
        seen = performance.wilson_interval(int(truth[inside].sum()), int(inside.sum()), LEVEL)
        rows.append((float(score[inside].mean()), seen.value, *seen.interval, int(inside.sum())))
    return tuple(rows)


def net_benefits(evaluation, thresholds) -> dict[str, list[float]]:
    """Net benefit per case of model, baseline, flagging all and nobody, at each threshold, from the counts alone."""
    share = evaluation.model.positives / evaluation.model.n
    before = evaluation.baseline.positives / evaluation.baseline.n
    found: dict[str, list[float]] = {"model": [], "baseline": [], "flag everybody": [], "flag nobody": []}
    for at in thresholds:
        one = performance.net_benefit(
            evaluation.model.n, evaluation.model.tp, evaluation.model.fp, float(at), share
        )  # fmt: skip
        other = performance.net_benefit(
            evaluation.baseline.n, evaluation.baseline.tp, evaluation.baseline.fp, float(at), before
        )
        for name, value in zip(found, (one.net_benefit, other.net_benefit, one.treat_all, 0.0), strict=True):
            found[name].append(value)
    return found


def groups_flagged(predictions, cut: float) -> tuple[performance.FairnessRates | None, str]:
    """Share flagged by group at a cut, or the sentence why it is not compared (rule Groups)."""
    if predictions is None or not any(predictions.group):
        return None, "The scored cases carry no group, so no shares by group can be compared."
    groups: dict[str, list[bool]] = {}
    for group, score in zip(predictions.group, predictions.score, strict=True):
        if group is not None:
            groups.setdefault(group, []).append(score >= cut)
    if len(groups) < 2:
        return None, "The scored cases carry one group only."
    try:
        seen = {name: (int(sum(flags)), len(flags)) for name, flags in sorted(groups.items())}
        return performance.fairness_rates(seen, SMALLEST_GROUP, LEVEL), ""
    except performance.Undefined as problem:
        return None, str(problem)


# --- break-even ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BreakEven:
    """How far a rate may fall: to no gain over the baseline, to no value of the group. None: the sentence says why."""

    asset_id: str
    what: str  # recall, share accepted
    measured: performance.Interval
    baseline: float | None
    no_gain: float | None
    no_value: float | None
    sentence: str
    rates: tuple[float, ...]
    values: tuple[float, ...]  # of the group, at those rates


def break_even_recall(plan: Plan, evaluation) -> BreakEven:
    """Recall at which the model gains nothing, and at which its group is worth nothing (rule Break-even)."""
    money, model = most_likely_money(evaluation), evaluation.model
    measured = performance.wilson_interval(model.tp, model.positives, LEVEL)
    share, positive = model.positives / model.n, money["tp"] - money["fn"]
    gain = float(gain_per_case(evaluation))

    def gain_at(recall: float) -> float:
        return gain + share * positive * (recall - measured.value)

    if positive > 0 and share > 0:
        no_gain, word = _root(gain_at, "the model gains on its baseline")
    else:
        no_gain, word = None, "A detection is worth no more than a miss: no recall decides."
    plain = _without_widening(plan, evaluation.evaluation_id, "confusion")
    group = plan.group(evaluation.asset_id)

    def value_at(recall: float) -> float:
        world = World(gains={evaluation.evaluation_id: gain_at(recall)})
        return float(evaluate(plain, world).groups[group.name])

    baseline = evaluation.baseline.tp / evaluation.baseline.positives
    return _break_even(
        evaluation.asset_id,
        "recall",
        measured,
        baseline,
        no_gain,
        word,
        group,
        value_at,
        evaluation.evaluation_id,
        plan,
    )


def break_even_acceptance(plan: Plan, accepted) -> BreakEven:
    """Share accepted at which the model's group is worth nothing (rule Break-even)."""
    name = accepted.asset_id
    measured = performance.wilson_interval(accepted.accepted, accepted.n, LEVEL)
    group = plan.group(name)

    def value_at(share: float) -> float:
        factor = share / measured.value if measured.value else 0.0
        lines = tuple(
            replace(line, weight=line.weight * factor) if (line.link, line.link_id) == ("acceptance", name) else line
            for line in plan.benefits
        )
        return float(evaluate(replace(plan, benefits=lines)).groups[group.name])

    return _break_even(name, "share accepted", measured, None, None, "", group, value_at, name, plan)


def _break_even(asset_id, what, measured, baseline, no_gain, word, group, value_at, link_id, plan) -> BreakEven:
    linked = any(line.link_id == link_id for line in plan.benefits)
    if group is None or not linked:
        words = f"No benefit of {asset_id} rests on its {what}, so it has no break-even."
        return BreakEven(asset_id, what, measured, baseline, no_gain, None, words, (), ())
    if what == "share accepted" and measured.value == 0:
        words = f"Nothing was accepted, so the value cannot be scaled to another {what}."
        return BreakEven(asset_id, what, measured, baseline, no_gain, None, words, (), ())
    no_value, said = _root(value_at, f"the group {group.name} is worth something")
    rates = tuple(np.linspace(0, 1, 41).tolist())
    return BreakEven(
        asset_id, what, measured, baseline, no_gain, no_value, " ".join(filter(None, (word, said))), rates,
        tuple(value_at(rate) for rate in rates),
    )  # fmt: skip


def _root(function, words: str) -> tuple[float | None, str]:
    """Where a rising function of a rate in 0..1 is zero, or the sentence that says it is not."""
    at_none, at_all = function(0.0), function(1.0)
    if at_none > 0:
        return None, f"At any rate {words}, even at 0."
    if at_all < 0:
        return None, f"At no rate {words}, not even at 1."
    return float(optimize.brentq(function, 0.0, 1.0, xtol=1e-10)), ""


def _without_widening(plan: Plan, link_id: str, link: str) -> Plan:
    """The same plan with the gain of these lines as given, not widened by the grade of evidence."""
    lines = tuple(
        replace(line, widening=1.0) if (line.link, line.link_id) == (link, link_id) else line for line in plan.benefits
    )
    return replace(plan, benefits=lines)


# --- drift -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drift:
    """One monitored metric over time. Half-lives in years; None with the reason in ``sentence``."""

    asset_id: str
    metric: str
    years: tuple[float, ...]  # since the first month
    months: tuple[str, ...]
    values: tuple[float, ...]
    lows: tuple[float | None, ...]  # 90 % Wilson where the metric is a share of n cases
    highs: tuple[float | None, ...]
    floor: float
    half_life: float | None
    fastest: float | None  # ends of the 90 % interval of the half-life
    slowest: float | None
    fall_shown: bool | None
    money_half_life: float | None
    sentence: str
    money_sentence: str


def drifts(client) -> tuple[Drift, ...]:
    """Every monitored metric with the half-lives it supports (rule Half-life)."""
    series: dict[tuple[str, str], list] = {}
    for row in client.monitoring:
        series.setdefault((row.asset_id, row.metric), []).append(row)
    return tuple(_drift(client, *key, sorted(rows, key=lambda row: row.period)) for key, rows in series.items())


def _drift(client, asset_id: str, metric: str, rows) -> Drift:
    name, floor = metric.lower(), FLOORS.get(metric.lower(), 0.0)
    share = name in HIGHER_IS_BETTER - set(FLOORS) - {"f1", "bleu"}
    values = tuple(row.value for row in rows)
    times = tuple(
        (row.period.year - rows[0].period.year) + (row.period.month - rows[0].period.month) / 12 for row in rows
    )
    ends = [
        performance.wilson_interval(round(row.value * row.n), row.n, LEVEL).interval if share else (None, None)
        for row in rows
    ]
    excess = np.array(values) - floor
    half = fastest = slowest = shown = None
    sentence = ""
    if name not in HIGHER_IS_BETTER:
        sentence = f"{metric}: not known as a metric where higher is better, so no half-life is read from it."
    elif times[-1] == 0:
        sentence = f"{metric} was measured in one month only: no half-life can be read from it."
    elif excess.min() <= 0:
        sentence = f"{metric} reached what a useless model reaches ({floor:g}): the decay is not exponential."
    elif share and (np.array(values) >= 1).all():
        sentence = f"{metric} is 1 in every month: no fall to measure."
    elif not share and len(rows) < 3:
        sentence = f"{metric}: two months without a known error give no interval; a third is needed."
    else:
        errors = None
        if share:
            errors = np.array([math.sqrt(_shrunk(row) * (1 - _shrunk(row)) / row.n) for row in rows]) / excess
        slope, error, reach = _line(np.array(times), np.log(excess), errors)
        shown = slope + reach * error < 0
        half = -math.log(2) / slope if slope < 0 else None
        fastest = -math.log(2) / (slope - reach * error) if slope - reach * error < 0 else None
        slowest = -math.log(2) / (slope + reach * error) if shown else None
        if half is None:
            sentence = f"{metric} did not fall: there is no half-life to measure."
        elif not shown:
            sentence = f"A fall of {metric} is not shown: the 90 % interval of its slope holds zero."
    money, money_sentence = _money_half_life(client, asset_id, name, values, times)
    return Drift(
        asset_id, metric, times, tuple(f"{row.period:%Y-%m}" for row in rows), values, *map(tuple, zip(*ends, strict=True)),
        floor, half, fastest, slowest, shown, money, sentence, money_sentence,
    )  # fmt: skip


def _shrunk(row) -> float:
    """A share moved half a case off 0 and 1, so that it has an error there too."""
    return (row.value * row.n + PRIOR) / (row.n + 2 * PRIOR)


def _line(x, y, errors) -> tuple[float, float, float]:
    """Slope, its standard error, and the quantile for 90 %: known errors (weighted) or from the residuals (t)."""
    weight = np.ones(len(x)) if errors is None else errors**-2.0
    centre = np.average(x, weights=weight)
    spread = float(weight @ (x - centre) ** 2)
    slope = float(weight @ ((x - centre) * (y - np.average(y, weights=weight)))) / spread
    if errors is not None:
        return slope, 1 / math.sqrt(spread), float(special.ndtri((1 + LEVEL) / 2))
    rest = y - y.mean() - slope * (x - centre)
    freedom = len(x) - 2
    return slope, math.sqrt(float(rest @ rest) / freedom / spread), float(stats.t.ppf((1 + LEVEL) / 2, freedom))


def _money_half_life(client, asset_id: str, metric: str, values, times) -> tuple[float | None, str]:
    evaluation = next(
        (item for item in client.evaluations if item.asset_id == asset_id and item.outcome_value is not None), None
    )
    if metric != "recall" or evaluation is None:
        return None, f"{metric} has no baseline and no money attached, so only the metric's own half-life is known."
    money, model = most_likely_money(evaluation), evaluation.model
    gain, per_point = float(gain_per_case(evaluation)), model.positives / model.n * (money["tp"] - money["fn"])
    before, after = (gain + per_point * (value - model.tp / model.positives) for value in (values[0], values[-1]))
    try:
        return performance.half_life(before, after, times[-1] or 1.0), ""
    except performance.Undefined as problem:
        return None, str(problem).replace("The metric", "The gain in money")


@dataclass(frozen=True)
class EconomicLife:
    """When a year's benefit no longer covers a year's running costs. Years from the valuation date."""

    asset_id: str
    benefit: float  # a whole year's, at today's decay
    running: float
    half_life: float | None
    years: float | None
    stated: float | None  # remaining useful life by the client's figure
    sentence: str


def economic_life(plan: Plan, asset_id: str, half_life: float | None = None) -> EconomicLife:
    """Rule Economic life, with the stated half-life unless another is given.

    Benefits and costs are those of the last whole year with both, so that the start of use does not shorten the life.
    """
    asset = plan.asset(asset_id)
    used = half_life if half_life is not None else asset.half_life_years
    lines = [line for line in plan.benefits if line.asset_id == asset_id]
    whole = [line.period for line in lines if plan.periods[line.period].share == 1]
    remaining = None
    if asset.in_service_date is not None:
        remaining = asset.useful_life_years - years_between(asset.in_service_date, plan.date)
    if not whole:
        return EconomicLife(asset_id, 0.0, 0.0, used, None, remaining, "No whole year of benefits is given.")
    last = max(whole)
    now = World(half_lives={asset_id: None})
    year = sum(
        float(benefit(plan, line, now)) * 2.0 ** (-_age_today(plan, line) / used if used else 0.0)
        for line in lines
        if line.period == last
    )
    running = sum(
        float(cost(plan, line))
        for line in plan.costs
        if line.asset_id in plan.needs[asset_id] and line.written_off is None and line.period == last
    )
    if running <= 0:
        return EconomicLife(
            asset_id, year, running, used, None, remaining, "No running costs are given: nothing ends it."
        )
    if year <= running:
        words = "A year's benefit does not cover a year's running costs even today."
        return EconomicLife(asset_id, year, running, used, 0.0, remaining, words)
    if used is None:
        return EconomicLife(asset_id, year, running, None, None, remaining, "Without a half-life nothing ends it.")
    return EconomicLife(asset_id, year, running, used, used * math.log2(year / running), remaining, "")


def _age_today(plan: Plan, line) -> float:
    """Years that a benefit has decayed by the valuation date."""
    return max(line.age - plan.periods[line.period].middle, 0.0)
