"""What one would have to learn: value of perfect information, of one input, of a larger back-test, of the pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from lepton_nb import terms
from lepton_nb.valuation import decisions
from lepton_nb.value_model.gains import gains
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.money import present_benefits
from lepton_nb.value_model.planning import plan as read_plan
from lepton_nb.value_model.sensitivity import Factor, factors, gain_of_test_set, leading, quantity
from lepton_nb.value_model.stages import refusable
from lepton_nb.value_model.verdict import WITHHELD, Verdict, group_verdict
from lepton_nb.value_model.worlds import Distribution, simulate

#: The decision counts as settled when perfect information is worth at most this share of the present benefits.
SETTLED = 0.01
#: What is decided here, and what is not: the page of a case asks the other question, of a year.
DECISION = "the decision to go on or to stop"
#: What stopping comes to where a payment for development lies ahead: it may be refused on its day.
GATE = "decide at the gate"
OTHER_QUESTION = "Which threshold or model to use from year to year is another question."
#: Sizes of a further back-test that are tried, in cases.
SIZES = tuple(round(10 ** (step / 8)) for step in range(16, 49))  # 100 to 1,000,000


# ---------------------------------------------------------------- perfect information


@dataclass(frozen=True)
class Knowing:
    """What it is worth to know one input before deciding; money, with its Monte Carlo error."""

    name: str
    label: str
    value: float
    standard_error: float


@dataclass(frozen=True)
class Learning:
    """The decision on one group (go on, or stop and forgo it) and what knowledge is worth for it; money."""

    group: str
    best: str  # go on, stop, or GATE
    mean: float  # of going on
    perfect: decisions.Information
    inputs: tuple[Knowing, ...]  # the most valuable first
    word: str  # settled, learn first, withheld
    sentence: str
    concluded: bool = True  # whether a number stands for the group; else no choice is the better one yet


def learning(
    plan: Plan,
    distribution: Distribution,
    group: Group,
    money: Callable[[float], str],
    every: Mapping[str, Factor] | None = None,
) -> Learning:
    """EVPI of a group and EVPPI of each of its inputs, from the draws of the value, correlations included.

    Of a group with many inputs, the EVPPI of the leading ones (:func:`~lepton_nb.value_model.sensitivity.leading`).
    every: the factors of the plan, where they are made already.

    The decision: go on with the group, or stop, which forgoes all its flows after the valuation date and is worth
    0. Rule: settled where the EVPI is at most 1 % of the present value of its benefits before costs and tax; else
    the input with the largest EVPPI is to be learned first. Withheld where the verdict on the group is.
    """
    values = distribution.groups[group.name].values
    choices = {"go on": values, "stop": np.zeros_like(values)}
    perfect = decisions.evpi_samples(choices)
    best = GATE if perfect.best == "stop" and any(map(partial(refusable, plan), group.assets)) else perfect.best
    rows = []
    own = [factor for factor in (every or factors(plan)).values() if factor.assets & set(group.assets)]
    for factor in leading(plan, distribution, values, own):
        known = quantity(plan, distribution, factor.name)
        if np.ptp(known) == 0:
            continue
        states = discrete(plan, factor.name)
        found = _of_states(known, choices) if states else decisions.evppi(known, choices)
        rows.append(Knowing(factor.name, factor.label, found.value, found.standard_error))
    rows.sort(key=lambda row: -row.value)
    benefits = sum(present_benefits(plan, lambda line: "", name).get("", 0.0) for name in group.assets)
    said = group_verdict(plan, group, float(np.mean(values < 0)), distribution.losing(group.name))
    limit = SETTLED * max(benefits, 0.0)
    if said.word == WITHHELD:
        word, sentence = "withheld", f"{group.name}: no conclusion: {said.reason}."
    elif not said.concluded:
        word = "learn first" if rows else "withheld"
        first = (
            f" Learn first: {rows[0].label}; to know it is worth up to {money(rows[0].value)} over the group's life."
            if rows
            else ""
        )
        sentence = f"{group.name}: no number is concluded ({said.reason}), so neither going on nor stopping is the better choice yet.{first}"
    elif perfect.value <= limit:
        word = "settled"
        sentence = (
            f"{group.name}: {DECISION} ({perfect.best}) is settled: hardly anything that could be learned would change it."
            if perfect.value < 1
            else f"{group.name}: {DECISION} ({perfect.best}) is settled. To it, no study of what is drawn can be worth more than "
            f"{money(perfect.value)} over the group's life, which is at most {100 * SETTLED:g} % of its benefits. {OTHER_QUESTION}"
        )
    else:
        word, first = "learn first", rows[0]
        sentence = (
            f"{group.name}: today's best choice is to {best}. Learn first: {first.label}; to know it before deciding to go on "
            f"or to stop is worth up to {money(first.value)} over the group's life, to know everything up to {money(perfect.value)}."
        )
    mean = float(values.mean())
    return Learning(group.name, best, mean, perfect, tuple(rows), word, sentence, said.concluded)


def discrete(plan: Plan, name: str) -> bool:
    """Whether a factor is one of a few states (a success, a scenario) and no number on a scale."""
    return name in plan.inputs and plan.inputs[name].category in ("success", "scenario")


def _of_states(states: np.ndarray, choices: Mapping[str, np.ndarray]) -> decisions.Information:
    """EVPPI of knowing the state: the EVPI over the states, each choice at its mean in that state. No curve is fitted."""
    found, place, counts = np.unique(states, return_inverse=True, return_counts=True)
    means = {choice: np.bincount(place, values) / counts for choice, values in choices.items()}
    prior = dict(zip(map(str, found), (counts / len(states)).tolist(), strict=True))
    payoffs = {choice: dict(zip(prior, mean.tolist(), strict=True)) for choice, mean in means.items()}
    exact = decisions.evpi(prior, payoffs)
    regret = (np.max(list(means.values()), axis=0) - means[exact.best])[place]
    return replace(exact, standard_error=float(regret.std(ddof=1) / math.sqrt(len(regret))), n=len(regret))


# ---------------------------------------------------------------- a larger back-test


@dataclass(frozen=True)
class BackTest:
    """What n further judged cases are worth to the decision on a group, before they are collected; money.

    The value of the group, averaged over everything else, is taken as a straight line in the gain per case:
    ``scale`` (gain − ``threshold``).
    """

    evaluation_id: str
    group: str
    n: int  # cases behind the gain today
    gain: float  # per case, mean of the draws
    gain_sd: float
    sampling_sd: float  # of one further case
    threshold: float  # gain per case below which the group is worth nothing
    scale: float  # money of value for one unit of gain per case
    explained: float  # share of the value's variance that the straight line explains
    perfect: float  # worth of knowing the gain exactly
    sizes: tuple[int, ...]
    values: tuple[float, ...]
    costs: tuple[float, ...]
    best_size: int
    best_value: float
    best_cost: float
    pays_up_to: float  # the highest cost per case at which some size tried still pays
    word: str  # worth it, not worth its cost, withheld
    sentence: str

    @property
    def net(self) -> float:
        """Value less cost at the best size tried; negative where no size pays."""
        return self.best_value - self.best_cost


def back_tests(
    plan: Plan,
    distribution: Distribution,
    cost_per_case: float,
    fixed_cost: float,
    money: Callable[[float], str],
    sizes: Sequence[int] = SIZES,
) -> tuple[BackTest, ...]:
    """EVSI of a further back-test for each evaluation that a benefit rests on, against its cost.

    cost_per_case: money for one more judged case; fixed_cost: money for making the study at all. Rule: worth it where
    value less cost is above 0 at some size; withheld where the verdict on the group is. Information that comes later is
    worth less: what waiting costs is not in these numbers. Normal prior and data: see ``valuation.decisions.evsi``.
    """
    found = []
    for gain in gains(plan):
        owner = next((line.asset_id for line in plan.benefits if line.link_id == gain.evaluation_id), None)
        if owner is None:
            continue
        group = plan.group(owner)
        values = distribution.groups[group.name].values
        theta = gain_of_test_set(plan, distribution, gain.evaluation_id)
        mean, sd = float(theta.mean()), float(theta.std(ddof=1))
        slope = float(np.cov(theta, values)[0, 1] / sd**2)
        explained = float(np.corrcoef(theta, values)[0, 1] ** 2)
        noise = gain.standard_error * math.sqrt(gain.n)
        said = group_verdict(plan, group, float(np.mean(values < 0)), distribution.losing(group.name))
        threshold = mean - float(values.mean()) / slope
        tried = [
            decisions.evsi(mean, sd, noise, size, threshold, fixed_cost + size * cost_per_case, max(slope, 0.0))
            for size in sizes
        ]
        best = max(range(len(sizes)), key=lambda at: tried[at].net)
        limit = max(max((item.value - fixed_cost) / item.n for item in tried), 0.0)
        cost = fixed_cost + sizes[best] * cost_per_case
        word, sentence = _back_test_words(
            gain, group, tried[best], sizes[best], cost, limit, said, plan.currency, money
        )
        found.append(
            BackTest(
                gain.evaluation_id, group.name, gain.n, mean, sd, noise, threshold, slope, explained, tried[0].perfect,
                tuple(sizes), tuple(item.value for item in tried),
                tuple(fixed_cost + size * cost_per_case for size in sizes), sizes[best], tried[best].value, cost,
                limit, word, sentence,
            )
        )  # fmt: skip
    return tuple(found)


def _back_test_words(gain, group, best, size, cost, limit, said: Verdict, currency, money) -> tuple[str, str]:
    name = terms.spoken(gain.evaluation_id)
    if said.word == WITHHELD:
        return "withheld", (f"{name}: what a larger back-test is worth is not concluded: {said.reason}.")
    if best.net > 0:
        return "worth it", (
            f"{name}: a larger back-test is worth its cost. {counted(size)} further cases (now {counted(gain.n)}) are worth {money(best.value)} "
            f"over the group's life to {DECISION} with {group.name}, and cost {money(cost)}; no study of any size pays above {_each(limit)} {currency} a case. {OTHER_QUESTION}"
        )
    if best.value < 0.5:
        return "not worth its cost", (
            f"{name}: a larger back-test is not worth its cost: no result of it could change {DECISION} with {group.name}. {OTHER_QUESTION}"
        )
    return "not worth its cost", (
        f"{name}: a larger back-test is not worth its cost. At the best size tried, {counted(size)} cases, it would bring {money(best.value)} "
        f"over the group's life to {DECISION} with {group.name}, for {money(cost)}; to know the gain exactly would be worth {money(best.perfect)}. {OTHER_QUESTION}"
    )


def _each(price: float) -> str:
    """A price of one case to four digits, thousands apart."""
    return counted(round(price)) if price >= 1000 else f"{price:.4g}"


def cost_per_label(client) -> tuple[float | None, str]:
    """What one labelled case cost the client: money spent on labelling over the cases that its source names.

    Taken only where one actual cost of the category labelling has a source of the form "38 400 x 0.35" whose product
    is the amount; else None and the sentence that says so.
    """
    for row in client.costs:
        if row.kind != "actual" or row.category != "labelling":
            continue
        parts = [part.replace(" ", "") for part in row.source.split("x")]
        try:
            cases, each = (float(part) for part in parts)
        except ValueError:
            continue
        if math.isclose(cases * each, row.amount.mode, rel_tol=1e-6):
            return each, f"{row.asset_id}, {row.date}: {row.source} (costs.csv)"
    return None, "costs.csv names no cost of labelling with its number of cases"


# ---------------------------------------------------------------- what the pairs are worth


@dataclass(frozen=True)
class Pairing:
    """One evaluation with its paired counts and without them; money, shares."""

    evaluation_id: str
    group: str
    n: int
    equivalent_n: int  # cases that two unpaired samples would need for the same interval of the gain
    with_pairs: Mapping[str, float]  # low, high, below_zero, perfect
    without: Mapping[str, float]
    verdict_with: Verdict
    verdict_without: Verdict
    sentence: str


class _WithoutPairs:
    """A client whose evaluations know the margins only."""

    def __init__(self, client):
        self._client = client
        self.evaluations = tuple(item.model_copy(update={"paired": None}) for item in client.evaluations)

    def __getattr__(self, name):
        return getattr(self._client, name)


def without_pairs(plan: Plan, distribution: Distribution) -> tuple[Plan, Distribution]:
    """The same client as if its paired counts had not been kept, and its simulated value by the same draws."""
    if not any(gain.paired for gain in gains(plan)):
        return plan, distribution
    blind = read_plan(_WithoutPairs(plan.client))
    return blind, simulate(blind, distribution.draws, distribution.seed)


def pairings(plan: Plan, distribution: Distribution, blind_plan: Plan, blind: Distribution) -> tuple[Pairing, ...]:
    """What the paired counts decide: value, chance of a loss and verdict with them and from the margins alone.

    blind_plan, blind: from :func:`without_pairs`. Rule: the pairs decide where the two verdicts differ.
    """
    used = {line.link_id: plan.group(line.asset_id) for line in plan.benefits if line.link == "confusion"}
    found = []
    for gain in gains(plan):
        if not gain.paired or gain.evaluation_id not in used:
            continue
        group = used[gain.evaluation_id]
        sides, said = [], []
        for which, of in ((plan, distribution), (blind_plan, blind)):
            simulation = of.groups[group.name]
            below = simulation.probability_below(0).value
            low, high = simulation.interval
            perfect = decisions.evpi_samples({"go on": simulation.values, "stop": np.zeros(simulation.draws)})
            sides.append({"low": low, "high": high, "below_zero": below, "perfect": perfect.value})
            said.append(group_verdict(which, which.group(group.assets[0]), below, of.losing(group.name)))
        margins, pairs = gain.margins[1] - gain.margins[0], gain.interval[1] - gain.interval[0]
        equivalent = round(gain.n * (margins / pairs) ** 2)
        sentence = pairing_sentence(group.name, said[0].word, said[1].word, gain.n, equivalent)
        found.append(
            Pairing(
                evaluation_id=gain.evaluation_id,
                group=group.name,
                n=gain.n,
                equivalent_n=equivalent,
                with_pairs=sides[0],
                without=sides[1],
                verdict_with=said[0],
                verdict_without=said[1],
                sentence=sentence,
            )
        )
    return tuple(found)


def pairing_sentence(group: str, with_pairs: str, without: str, n: int, equivalent: int) -> str:
    """Rule: the pairs decide where the verdict with them is another one than without."""
    words = (
        f"The paired table decides: with it {group} is {with_pairs}, from the two confusion matrices alone {without}."
        if with_pairs != without
        else f"The paired table does not change the verdict on {group} ({with_pairs})."
    )
    return (
        f"{words} For the same interval of the gain, two unpaired samples would need {counted(equivalent)} cases in place of "
        f"{counted(n)}."
    )


def counted(number: int) -> str:
    """A whole number with thin spaces between thousands, as the tables show it."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
