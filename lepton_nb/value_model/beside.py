"""What stands beside the value: measured gains, half-lives, speed and cost, findings, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from lepton_nb.valuation import performance, uncertainty
from lepton_nb.value_model.money import (
    World,
    benefit,
    cash_flows,
    cost,
    discount_factor,
    evaluate,
    gain_per_case,
)
from lepton_nb.value_model.reading import (
    PRIOR,
    Group,
    Plan,
    horizon_end,
    needs_of,
    outcome_ranges,
    sample_counts,
)

#: What a useless model reaches; a half-life is measured on the margin above it.
FLOORS = {"auc": 0.5, "auroc": 0.5, "roc_auc": 0.5}
HIGHER_IS_BETTER = frozenset({*FLOORS, "recall", "precision", "f1", "accuracy", "specificity", "sensitivity", "bleu"})
#: With so few baseline cases or fewer the interval is shown and the conclusion withheld (rule 30 of the client).
SMALLEST_BASELINE = 40


@dataclass(frozen=True)
class Gain:
    """The measured gain of one evaluation, money per case at the most likely outcome values.

    low..high: 90 % interval mean ± 1.645 standard errors of the paired counts (None without pairs);
    margins: 90 % interval of the Dirichlet draws of both margins, taken as independent; drawn: the same from
    the counts that the valuation uses.
    """

    evaluation_id: str
    asset_id: str
    n: int
    baseline_n: int
    paired: bool
    per_case: float
    standard_error: float
    low: float | None
    high: float | None
    margins: tuple[float, float]
    margins_below_zero: float
    drawn: tuple[float, float]
    drawn_below_zero: float
    volume: float | None  # most likely cases a year of the benefit linked to it
    unit: str


def gains(plan: Plan, draws: int = 16384) -> tuple[Gain, ...]:
    """The gain per case of every evaluation that has outcome values, with what the test set leaves open."""
    found = []
    for evaluation in plan.client.evaluations:
        if evaluation.outcome_value is None:
            continue
        value = {outcome: three.mode for outcome, three in outcome_ranges(evaluation).items()}
        margins = _test_set_only(evaluation.model_copy(update={"paired": None}), draws, plan.client.monte_carlo.seed)
        drawn, low, high = margins, None, None
        error = margins.sd
        if evaluation.paired:
            paired = performance.paired_gain(evaluation.paired, value, level=0.9)
            error, low, high = paired.standard_error, paired.low, paired.high
            drawn = _test_set_only(evaluation, draws, plan.client.monte_carlo.seed)
        linked = [row for row in plan.client.benefits if row.metric_link.id == evaluation.evaluation_id]
        found.append(
            Gain(
                evaluation.evaluation_id, evaluation.asset_id, evaluation.n, evaluation.baseline.n,
                bool(evaluation.paired), float(gain_per_case(evaluation)), float(error), low, high,
                margins.interval, margins.probability_below(0).value,
                drawn.interval, drawn.probability_below(0).value,
                linked[-1].volume.mode if linked else None, linked[-1].unit if linked else "cases",
            )
        )  # fmt: skip
    return tuple(found)


def _test_set_only(evaluation, draws: int, seed: int) -> uncertainty.Simulation:
    name = evaluation.evaluation_id
    inputs = {f"{name}.{sample}": uncertainty.dirichlet(c, PRIOR) for sample, c in sample_counts(evaluation).items()}
    return uncertainty.simulate(lambda drawn: gain_per_case(evaluation, World(drawn=drawn)), inputs, draws, seed)


@dataclass(frozen=True)
class MeasuredHalfLife:
    """What monitoring says about decay, beside what the client states."""

    asset_id: str
    metric: str
    first: str
    last: str
    first_value: float
    last_value: float
    floor: float
    measured: float | None  # years; None: sentence says why
    sentence: str
    stated: float | None
    basis: str


def measured_half_lives(client) -> tuple[MeasuredHalfLife, ...]:
    """Half-life of each monitored metric, from its first and last value: T ln 2 / ln(excess_first / excess_last).

    The excess is the metric above what a useless model reaches: 0.5 for AUC, 0 for recall and the other shares.
    """
    assets = {asset.asset_id: asset for asset in client.assets}
    series: dict[tuple[str, str], list] = {}
    for row in client.monitoring:
        series.setdefault((row.asset_id, row.metric), []).append(row)
    found = []
    for (asset_id, metric), rows in series.items():
        rows = sorted(rows, key=lambda row: row.period)
        first, last = rows[0], rows[-1]
        floor = FLOORS.get(metric.lower(), 0.0)
        measured, sentence = None, ""
        months = 12 * (last.period.year - first.period.year) + last.period.month - first.period.month
        if metric.lower() not in HIGHER_IS_BETTER:
            sentence = f"{metric}: not known as a metric where higher is better, so no half-life is read from it."
        elif months == 0:
            sentence = f"{metric} was measured in one month only: no half-life can be read from it."
        elif last.value >= first.value:
            sentence = f"{metric} did not fall: there is no half-life to measure."
        else:
            try:
                measured = performance.half_life(first.value, last.value, months / 12, floor=floor)
            except uncertainty.Undefined as problem:
                sentence = f"{metric}: {problem}"
        asset = assets[asset_id]
        found.append(
            MeasuredHalfLife(
                asset_id, metric, f"{first.period:%Y-%m}", f"{last.period:%Y-%m}", first.value, last.value, floor,
                measured, sentence, asset.half_life_years, asset.useful_life_basis,
            )
        )  # fmt: skip
    return tuple(found)


@dataclass(frozen=True)
class Speed:
    """Speed and cost of one asset in use. Money, energy and GPU time are per 1,000 requests."""

    asset_id: str
    months: int
    requests_per_year: float
    own_cost: float | None  # None: no operation cost in the twelve months
    cost_with_feeders: float | None
    energy_kwh: float
    gpu_hours: float
    p50_ms: float
    p95_ms: float  # of the slowest month


def speed_and_cost(client) -> tuple[Speed, ...]:
    """Running cost, energy and waiting time from usage.csv and a year's operation costs.

    Costs: the most likely operation costs of the twelve months after the valuation date; requests: the mean month
    times twelve. ``cost_with_feeders`` adds the same costs of all assets that feed it, undivided.
    """
    start = client.valuation.date
    end = horizon_end(start, 1)
    needs = needs_of(client.assets)
    yearly: dict[str, float] = {}
    for row in client.costs:
        if row.kind == "forecast" and row.phase == "operation" and start <= row.date <= end:
            yearly[row.asset_id] = yearly.get(row.asset_id, 0.0) + row.amount.mode
    found = []
    for asset_id in dict.fromkeys(row.asset_id for row in client.usage):
        rows = [row for row in client.usage if row.asset_id == asset_id]
        requests = sum(row.requests for row in rows)
        if requests == 0:
            continue
        year = requests / len(rows) * 12
        feeding = sum(yearly.get(name, 0.0) for name in needs[asset_id])
        slowest = max(rows, key=lambda row: row.p95_ms)
        found.append(
            Speed(
                asset_id, len(rows), year,
                1000 * yearly[asset_id] / year if asset_id in yearly else None, 1000 * feeding / year if feeding else None,
                1000 * sum(row.energy_kwh for row in rows) / requests,
                1000 * sum(row.gpu_hours for row in rows) / requests, slowest.p50_ms, slowest.p95_ms,
            )
        )  # fmt: skip
    return tuple(found)


def sunk_costs(client) -> dict[str, float]:
    """Money already spent, by asset: shown, never part of the forward value (rule Valuation date)."""
    spent: dict[str, float] = {}
    for row in client.costs:
        if row.kind == "actual":
            spent[row.asset_id] = spent.get(row.asset_id, 0.0) + row.amount.mode
    return spent


def present_benefits(plan: Plan, key) -> dict[str, float]:
    """Present value of the benefits before tax and costs, summed by ``key(line)``, e.g. its type or driver."""
    found: dict[str, float] = {}
    for line in plan.benefits:
        present = discount_factor(plan.group(line.asset_id).rate, plan.periods[line.period].time) * float(
            benefit(plan, line)
        )
        found[key(line)] = found.get(key(line), 0.0) + present
    return found


@dataclass(frozen=True)
class Bridge:
    """From the present value of all benefits to the value: benefits − running − development − tax."""

    benefits: float
    running: float
    development: float
    tax: float

    @property
    def value(self) -> float:
        """The value, as :func:`evaluate` gives it for the same groups."""
        return self.benefits - self.running - self.development - self.tax


def bridge(plan: Plan, groups: Sequence[Group] | None = None) -> Bridge:
    """Present values of benefits, costs and tax of these groups, or of all."""
    chosen = plan.groups if groups is None else groups
    years = [year for group in chosen for year in cash_flows(plan, group)]
    paid = {True: 0.0, False: 0.0}  # by whether it is expensed at once
    for line in plan.costs:
        group = plan.group(line.asset_id)
        if group in chosen:
            paid[line.written_off is None] += discount_factor(group.rate, line.time) * float(cost(plan, line))
    benefits = sum(float(year.discount_factor * year.benefits) for year in years)
    tax = sum(float(year.discount_factor * year.tax) for year in years)
    return Bridge(benefits, paid[True], paid[False], tax)


def findings(plan: Plan) -> tuple[str, ...]:
    """Sentences that a reader of the number must know: what was left out, what it leans on."""
    found = list(plan.notes)
    dropped: dict[tuple[str, str, str], list[str]] = {}
    for row in plan.left_out:
        dropped.setdefault((row.asset_id, row.what, row.reason), []).append(row.when)
    for (asset_id, what, reason), dates in dropped.items():
        when = dates[0] if len(dates) == 1 else f"{min(dates)} to {max(dates)} ({len(dates)} rows)"
        found.append(f"{asset_id}: {what}, {when}, is left out: {reason}.")
    grades = {(row.asset_id, row.driver_id, row.year): row.evidence for row in plan.client.benefits}
    by_grade = present_benefits(
        plan, lambda line: grades[line.asset_id, line.driver_id, plan.periods[line.period].year]
    )
    total = sum(by_grade.values())
    weak = by_grade.get("expert", 0.0) + by_grade.get("vendor", 0.0)
    if total > 0 and weak / total > 0.5:
        found.append(
            f"{100 * weak / total:.0f} % of the present value of benefits rests on experts' or vendors' figures."
        )
    if any(asset.legal_control == "unclear" for asset in plan.client.assets):
        worth = evaluate(plan).assets
        found += [
            f"{asset.asset_id}: {worth[asset.asset_id]:,.0f} {plan.currency} of the value is not recognisable, "
            "because legal control of the asset is unclear."
            for asset in plan.client.assets
            if asset.legal_control == "unclear" and asset.asset_id in worth
        ]
    late: dict[str, float] = {}
    for line in plan.benefits:
        asset, span = plan.asset(line.asset_id), plan.periods[line.period]
        if asset.in_service_date is not None:
            life_ends = asset.in_service_date + timedelta(days=round(asset.useful_life_years * 365.25))
            if span.start >= life_ends:
                present = discount_factor(plan.group(asset.asset_id).rate, span.time) * float(benefit(plan, line))
                late[asset.asset_id] = late.get(asset.asset_id, 0.0) + present
    for asset_id, amount in late.items():
        share = amount / present_benefits(plan, lambda line: line.asset_id)[asset_id]
        found.append(
            f"{100 * share:.0f} % of the present value of {asset_id}'s benefits falls into years that begin after the end "
            f"of its stated useful life of {plan.asset(asset_id).useful_life_years:g} years. They are kept as the client gives them."
        )
    return tuple(found)


@dataclass(frozen=True)
class Verdict:
    """One word and its reason, by the rules of :func:`verdict`."""

    word: str
    reason: str


#: Upper limits of P(value < 0) for each word, in order.
VERDICTS = ((0.01, "robust"), (0.10, "likely"), (0.50, "fragile"), (1.0, "not supported"))


def verdict(
    below_zero: float | None,
    *,
    prohibited: bool = False,
    legal_control: str = "owned",
    baseline_n: int | None = None,
    figures: bool = True,
) -> Verdict:
    """The word for a value, from numbers alone.

    withheld: prohibited by the EU AI Act, no forward figures, or 40 or fewer baseline cases behind a benefit;
    not recognisable: legal control is unclear; else by P(value < 0): robust to 1 %, likely to 10 %, fragile to
    50 %, not supported above. below_zero None is withheld.

    >>> verdict(0.02).word, verdict(0.02, baseline_n=40).word
    ('likely', 'withheld')
    """
    if prohibited:
        return Verdict("withheld", "prohibited by the EU AI Act: no going-concern value")
    if not figures or below_zero is None:
        return Verdict("withheld", "the client gives no benefit and no cost after the valuation date")
    if legal_control == "unclear":
        return Verdict("not recognisable", "legal control is unclear: the value is shown and may not be recognised")
    if baseline_n is not None and baseline_n <= SMALLEST_BASELINE:
        return Verdict(
            "withheld", f"only {baseline_n} baseline cases; more than {SMALLEST_BASELINE} are needed to conclude"
        )
    limit, word = next(item for item in VERDICTS if below_zero <= item[0])
    bound = f"at most {100 * limit:g} %" if word != "not supported" else "above 50 %"
    return Verdict(word, f"P(value < 0) is {bound}")


def verdict_on(plan: Plan, assets: Sequence[str], below_zero: float | None) -> Verdict:
    """The verdict on the value of several assets together: a group, or all.

    Withheld where a benefit of theirs rests on too small a baseline, not recognisable where none is recognisable.
    """
    lines = [line for line in plan.benefits if line.asset_id in assets]
    linked = {line.link_id for line in lines if line.link == "confusion"}
    baselines = [item.baseline.n for item in plan.client.evaluations if item.evaluation_id in linked]
    controls = {plan.asset(name).legal_control for name in assets}
    return verdict(
        below_zero,
        legal_control="unclear" if controls == {"unclear"} else "owned",
        baseline_n=min(baselines, default=None),
        figures=bool(lines) or any(line.asset_id in assets for line in plan.costs),
    )


def asset_verdict(plan: Plan, asset, below_zero: float | None) -> Verdict:
    """The verdict on one asset's share. What its group rests on, it rests on; legal control is its own."""
    group = plan.group(asset.asset_id)
    if group is None or asset.legal_control == "unclear":
        return verdict(below_zero, prohibited=group is None, legal_control=asset.legal_control)
    touched = {name for line in plan.benefits for name in plan.needs[line.asset_id]}
    touched |= {line.asset_id for line in plan.costs}
    said = verdict_on(plan, group.assets, below_zero)
    return said if said.word == "withheld" else verdict(below_zero, figures=asset.asset_id in touched)
