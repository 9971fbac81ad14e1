"""How sure the value is and what it hangs on: tails, convergence, shares of the variance, scenarios in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from lepton_nb.valuation import uncertainty
from lepton_nb.valuation.uncertainty import Estimate, Simulation, Undefined
from lepton_nb.value_model.gains import gain_per_case
from lepton_nb.value_model.inputs import sample_counts, sample_name
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.money import Worth, books_of, evaluate, present_and_flows, scenario_of, scenario_world
from lepton_nb.value_model.tested import PRIOR
from lepton_nb.value_model.verdict import counted
from lepton_nb.value_model.world import World, triangular_quantile
from lepton_nb.value_model.worlds import Distribution, lowered_by_its_cap, simulate, touched_by

#: Draws of a test set's shares, or of many inputs, behind one factor of the variance.
SHARE_DRAWS = 4096
#: Interactions below this share of the variance: the inputs act nearly additively.
ADDITIVE = 0.05
#: The simulation has converged when the errors of mean and 5 % point are below this share of the 90 % interval.
CONVERGED = 0.02
#: A value of more inputs has so many taken one by one, and the others together.
MOST_FACTORS = 50
OTHERS = "others"
#: Numbers that one simulation of the convergence plot may draw.
MOST_NUMBERS = 2**26


def key(name: str) -> str:
    """The name of a group as part of a figure's name in a record.

    >>> key("D1 + M1 + I1")
    'D1_M1_I1'
    """
    return name.replace(" + ", "_")


# ---------------------------------------------------------------- tails


def estimate(simulation: Simulation, statistic: Callable[[np.ndarray], float]) -> Estimate:
    """Any statistic of the draws with its Monte Carlo standard error, from the spread over the scrambles.

    low..high is its 95 % interval as a number that a computer found, not the uncertainty of the value.
    """
    blocks = np.array([statistic(block) for block in np.split(simulation.values, simulation.replicates)])
    value = float(statistic(simulation.values))
    error = float(blocks.std(ddof=1) / math.sqrt(simulation.replicates))
    reach = float(stdtrit(simulation.replicates - 1, 0.975)) * error
    method = f"spread of {simulation.replicates} scrambles"
    return Estimate(value, error, value - reach, value + reach, simulation.draws, method)


@dataclass(frozen=True)
class Tail:
    """The bad end of a simulated value at one level; money, with Monte Carlo errors."""

    level: float
    value_at_risk: Estimate
    expected_shortfall: Estimate


def tail(simulation: Simulation, level: float = 0.95) -> Tail:
    """Value at risk (the outcome not undercut with probability ``level``) and the mean of what lies below it."""
    return Tail(
        level,
        estimate(simulation, lambda block: uncertainty.value_at_risk(block, level).value),
        estimate(simulation, lambda block: uncertainty.conditional_value_at_risk(block, level).value),
    )


def tail_sentence(name: str, found: Tail, money: Callable[[float], str]) -> str:
    """What the tail says, in words: whether even the bad draws leave a positive value.

    Rule: by the signs of value at risk and expected shortfall.
    """
    share = f"{100 * (1 - found.level):g} %"
    at_risk, shortfall = found.value_at_risk.value, found.expected_shortfall.value
    if at_risk < 0:
        return f"{name}: the worst {share} of the draws lie below {money(at_risk)}, so a loss is well within reach; their mean is {money(shortfall)}."
    if shortfall < 0:
        return f"{name}: the value at risk is still positive ({money(at_risk)}), the mean of the worst {share} is not ({money(shortfall)})."
    if at_risk == shortfall:
        return f"{name}: the tail is a single value, {money(at_risk)}."
    return f"{name}: even the worst {share} of the draws are worth {money(shortfall)} on average."


# ---------------------------------------------------------------- convergence


@dataclass(frozen=True)
class Convergence:
    """Errors of one simulation of the total beside those that independent draws would have."""

    draws: int
    mean: float
    mean_error: float
    low: float  # 5 % point
    low_error: float
    plain_error: float  # of the mean, from so many independent draws
    equivalent: int | None  # independent draws with the same error of the mean; None: no error at all


def convergence(simulation: Simulation) -> Convergence:
    """Errors of the mean and of the 5 % point, and how many independent draws the Sobol points stand for."""
    low = simulation.percentile(5)
    error, sd = simulation.standard_error, simulation.sd
    return Convergence(
        simulation.draws, simulation.mean, error, low.value, low.standard_error, sd / math.sqrt(simulation.draws),
        round((sd / error) ** 2) if error > 0 else None,
    )  # fmt: skip


def convergence_steps(plan: Plan, most: int) -> list[Convergence]:
    """The errors at 256 draws, at four times as many and so on up to ``most``, fewer where there are many inputs."""
    most = min(most, MOST_NUMBERS // max(len(plan.inputs), 1))
    sizes = [size for size in (256, 1024, 4096, 16384, 65536, 262144) if size <= most]
    return [convergence(simulate(plan, draws=size, keep_inputs=False).total) for size in sizes]


def converged(simulation: Simulation) -> tuple[bool, str]:
    """Whether more draws could change what is read off, with the sentence that says so.

    Rule: the Monte Carlo errors of the mean and of the 5 % point are both below 2 % of the 90 % interval.
    """
    low, high = simulation.interval
    worst = max(simulation.standard_error, simulation.percentile(5).standard_error)
    if high == low:
        return True, "Nothing varies, so there is nothing to converge."
    share = worst / (high - low)
    good = share < CONVERGED
    words = "the draws suffice" if good else "more draws are needed before the interval is read"
    return good, (
        f"The larger of the two Monte Carlo errors is {100 * share:.2g} % of the 90 % interval "
        f"(limit {100 * CONVERGED:g} %): {words}."
    )


# ---------------------------------------------------------------- shares of the variance


@dataclass(frozen=True)
class Factor:
    """One independent source of uncertainty. ``read`` turns levels 0..1 into entries of ``World.drawn``."""

    name: str
    label: str
    assets: frozenset[str]
    read: Callable[[np.ndarray], Mapping[str, np.ndarray]]


def factors(plan: Plan) -> dict[str, Factor]:
    """Every uncertain figure as one number between 0 and 1.

    A test set counts as one factor: its level picks one of 4,096 draws of the shares of its cells, in the order of
    the gain that they give at the most likely money per outcome.
    """
    found: dict[str, Factor] = {}
    for name, item in plan.inputs.items():
        if item.sample:
            owner = item.evaluation.evaluation_id
            users = frozenset(line.asset_id for line in plan.benefits if line.link_id == owner)
            found.setdefault(owner, Factor(owner, item.label, users, _test_set(plan, item.evaluation)))
        else:
            found[name] = Factor(name, item.label, touched_by(plan, item), _level(name))
    return found


def _level(name: str):
    return lambda levels: {name: levels}


def _test_set(plan: Plan, evaluation):
    cells = {
        sample_name(evaluation, sample): uncertainty.dirichlet(counts, PRIOR)
        for sample, counts in sample_counts(evaluation).items()
    }
    drawn = uncertainty.simulate(
        lambda shares: gain_per_case(evaluation, World(drawn=shares)), cells, SHARE_DRAWS, plan.client.monte_carlo.seed
    )
    order = np.argsort(drawn.values, kind="stable")
    tables = {name: shares[order] for name, shares in drawn.inputs.items()}

    def read(levels: np.ndarray) -> dict[str, np.ndarray]:
        place = (np.asarray(levels) * len(order)).astype(int)  # levels lie below 1
        return {name: table[place] for name, table in tables.items()}

    return read


def _sample_names(evaluation) -> list[str]:
    return [sample_name(evaluation, sample) for sample in sample_counts(evaluation)]


def gain_of_test_set(plan: Plan, distribution: Distribution, evaluation_id: str) -> np.ndarray:
    """(draws,) gain per case that the drawn shares of a test set give at the most likely money per outcome."""
    evaluation = plan.evaluation(evaluation_id)
    drawn = {name: distribution.total.inputs[name] for name in _sample_names(evaluation)}
    return gain_per_case(evaluation, World(drawn=drawn))


@dataclass(frozen=True)
class Shares:
    """What the variance of one value comes from; ``sentence`` says why where there is nothing to split."""

    name: str
    labels: Mapping[str, str]
    indices: uncertainty.SobolIndices | None
    sentence: str

    @property
    def ranked(self) -> tuple[str, ...]:
        """Factors by their total index, the largest first."""
        if self.indices is None:
            return ()
        return tuple(sorted(self.indices.total, key=lambda name: -self.indices.total[name]))

    def interval(self, kind: str, name: str) -> tuple[float, float]:
        """95 % Monte Carlo interval of an index; kind: first or total."""
        value = getattr(self.indices, kind)[name]
        reach = float(stdtrit(uncertainty.REPLICATES - 1, 0.975)) * getattr(self.indices, f"{kind}_errors")[name]
        return value - reach, value + reach


def quantity(plan: Plan, distribution: Distribution, name: str) -> np.ndarray:
    """What was drawn for one factor, as the number one would learn: (draws,).

    A range in its own unit, a success as 0 or 1, a scenario as its place among the client's, an acceptance share as a
    normal score, a test set as the gain per case at the most likely money per outcome.
    """
    drawn = distribution.total.inputs
    if name not in plan.inputs:
        return gain_of_test_set(plan, distribution, name)
    item, level = plan.inputs[name], drawn[name]
    if item.range is not None:
        return triangular_quantile(item.range, level)
    if item.category == "success":
        return np.where(level < plan.asset(item.asset_id).p_technical_success, 1.0, 0.0)
    if item.category == "scenario":
        return scenario_of(plan, level).astype(float)
    return ndtri(level)


def leading(plan: Plan, distribution: Distribution, values: np.ndarray, chosen: Sequence[Factor]) -> list[Factor]:
    """The factors that ``values`` (draws,) goes with most, at most MOST_FACTORS, in the order in which they came.

    Rule: the largest squared correlation of the draws of a factor (of a range: its quantile level) with those of the value.
    """
    if len(chosen) <= MOST_FACTORS:
        return list(chosen)
    mean, shares = float(values.mean()), []
    for factor in chosen:
        if factor.name in plan.inputs and plan.inputs[factor.name].range is not None:
            drawn = distribution.total.inputs[factor.name]  # levels in 0..1: sums of squares lose no digits that count
            total = float(drawn.sum())
            spread, along = float(drawn @ drawn) - total**2 / len(drawn), float(drawn @ values) - total * mean
        else:
            drawn = quantity(plan, distribution, factor.name)
            drawn = drawn - drawn.mean()
            spread, along = float(drawn @ drawn), float(drawn @ values)
        shares.append(along**2 / spread if spread else 0.0)
    first = sorted(range(len(chosen)), key=lambda index: -shares[index])[:MOST_FACTORS]
    return [chosen[index] for index in sorted(first)]


def _together(others: Sequence[Factor], seed: int) -> Factor:
    """Many factors as one: its level picks one of 4,096 draws of all of them."""
    rng = np.random.default_rng(seed)
    drawn: dict[str, np.ndarray] = {}
    for factor in others:
        drawn |= factor.read(rng.random(SHARE_DRAWS))

    def read(levels: np.ndarray) -> dict[str, np.ndarray]:
        place = (np.asarray(levels) * SHARE_DRAWS).astype(int)
        return {name: column[place] for name, column in drawn.items()}

    assets = frozenset().union(*(factor.assets for factor in others))
    return Factor(OTHERS, f"the other {len(others)} inputs together", assets, read)


def _value_of(plan: Plan, groups: Sequence[Group], chosen: Mapping[str, Factor]):
    """The sum of the values of some groups as a function of the factors' levels.

    A later call makes anew only the books of the assets whose factors have other levels than in the first.
    """
    first: dict[str, np.ndarray] = {}
    first_drawn: dict[str, np.ndarray] = {}
    books: dict[str, dict] = {}
    values: dict[str, np.ndarray] = {}

    def value(levels: Mapping[str, np.ndarray]) -> np.ndarray:
        changed = [name for name, level in levels.items() if level is not first.get(name)]
        drawn = dict(first_drawn)
        for name in changed:
            drawn |= chosen[name].read(levels[name])
        world = scenario_world(plan, drawn)
        touched = frozenset().union(*(chosen[name].assets for name in changed))
        total = np.zeros(len(next(iter(levels.values()))))
        for group in groups:
            names = [name for name in group.assets if name in touched]
            if first and not names:
                total += values[group.name]
                continue
            made = books.get(group.name, {}) | books_of(plan, group, world, names if first else None)
            worth = present_and_flows(plan, group, world, made)[0]  # a buyer's tax benefit is that of one price
            total += worth
            if not first:
                books[group.name], values[group.name] = made, worth
        if not first:
            first_drawn.update(drawn)
            first.update(levels)
        return total

    return value


def variance_shares(
    plan: Plan,
    n: int = 4096,
    seed: int | None = None,
    distribution: Distribution | None = None,
    every: Mapping[str, Factor] | None = None,
) -> dict[str, Shares]:
    """Sobol indices of every group's value, and of the total of those that count where there are several.

    The factors are taken as independent, whatever correlations the client gives: with correlated inputs the variance
    has no unique split. n: points; each value costs about n (factors + 2) valuations, so a value of more than
    MOST_FACTORS has its leading ones (:func:`leading`, by ``distribution``, else drawn here) and the others as one. every: the factors of the plan, where
    they are made already.
    """
    seed = plan.client.monte_carlo.seed if seed is None else seed
    every = every or factors(plan)
    values = {group.name: (frozenset(group.assets), [group]) for group in plan.groups}
    if len(plan.groups) > 1:
        held = [group for group in plan.groups if group.name in counted(plan)]
        values["total"] = frozenset(asset for group in held for asset in group.assets), held
    found = {}
    for name, (assets, groups) in values.items():
        own = [factor for factor in every.values() if factor.assets & assets]
        if len(own) > MOST_FACTORS:
            distribution = distribution or simulate(plan, seed=seed)
            drawn = sum(distribution.groups[group.name].values for group in groups)
            first = leading(plan, distribution, drawn, own)
            named = {factor.name for factor in first}
            own = [*first, _together([factor for factor in own if factor.name not in named], seed)]
        chosen = {factor.name: factor for factor in own}
        model = _value_of(plan, groups, chosen)
        labels = {factor.name: factor.label for factor in chosen.values()}
        try:
            if not chosen:
                raise Undefined("no figure of it has a range")
            indices = uncertainty.sobol_indices(model, dict.fromkeys(chosen, uncertainty.uniform(0, 1)), n, seed)
        except Undefined as problem:
            words = str(problem).rstrip(".")
            found[name] = Shares(name, labels, None, f"{name}: no variance to split: {words}.")
            continue
        found[name] = Shares(name, labels, indices, _shares_sentence(name, labels, indices))
    return found


def _shares_sentence(name: str, labels: Mapping[str, str], indices: uncertainty.SobolIndices) -> str:
    """Rule: interactions are 1 − Σ first-order indices; up to 5 % the inputs act nearly additively."""
    first = max(indices.total, key=indices.total.get)
    together = 1 - sum(indices.first.values())
    words = (
        "the inputs act nearly additively, so a bar of the tornado tells nearly all"
        if together <= ADDITIVE
        else f"{100 * together:.0f} % of the variance arises only where inputs move together, which no tornado shows"
    )
    return f"{name}: {100 * indices.total[first]:.0f} % of the variance involves {labels[first]}; {words}."


# ---------------------------------------------------------------- scenarios


def scenario_sentences(plan: Plan, found: Mapping[str, Worth], money: Callable[[float], str]) -> tuple[str, ...]:
    """Each scenario's effect on each group: raised, lowered or left by at least 1 % of the most likely value.

    Where a scenario raises one group and lowers another, that is said: in that scenario one makes up for a part of the other; their correlation over all draws is another question.
    """
    base = evaluate(plan)
    sentences = []
    for item in plan.client.scenarios:
        worth, moved = found[item.name], {}
        for group in plan.groups:
            before, after = float(base.groups[group.name]), float(worth.groups[group.name])
            if abs(after - before) <= 0.01 * abs(before):
                continue
            moved[group.name] = "raises" if after > before else "lowers"
            sentences.append(
                f"{item.name} (p {100 * item.p:.0f} %) {moved[group.name]} {group.name} from {money(before)} to {money(after)}"
                f"{lowered_by_its_cap(plan, item.name, group, after - before)}."
            )
        if len(set(moved.values())) == 2:
            up, down = ([name for name, way in moved.items() if way == wanted] for wanted in ("raises", "lowers"))
            sentences.append(
                f"In {item.name} {', '.join(up)} gains while {', '.join(down)} loses: in this scenario one makes up for a part of the other."
            )
    return tuple(sentences)


def worst_draws(
    plan: Plan,
    distribution: Distribution,
    group: Group,
    level: float = 0.95,
    every: Mapping[str, Factor] | None = None,
) -> tuple[tuple[str, float, float], ...]:
    """(factor, its mean quantile level in the worst draws of a group, in all draws), the most different first.

    A test set stands at the level of the gain per case that it gives. An input far from its usual level is what the bad
    outcomes have in common. For a success it is the share that succeeds, for a scenario its share of the draws. every:
    the factors of the plan, where they are made already.
    """
    values = distribution.groups[group.name].values
    worst = values <= np.quantile(values, 1 - level)
    found = []
    for name, item in plan.inputs.items():
        levels = distribution.total.inputs.get(name)
        if item.asset_id not in (*group.assets, "") or levels is None or levels.ndim > 1:
            continue
        if item.category == "success":
            usual = plan.asset(item.asset_id).p_technical_success
            found.append((name, float(np.mean(levels[worst] < usual)), usual))
        elif item.category == "scenario":
            scenarios, place = [one for one in plan.client.scenarios if one.p > 0], scenario_of(plan, levels[worst])
            found += [(f"{name}: {one.name}", float(np.mean(place == at)), one.p) for at, one in enumerate(scenarios)]
        else:
            found.append((name, float(levels[worst].mean()), 0.5))
    for factor in (every or factors(plan)).values():
        if factor.name not in plan.inputs and factor.assets & set(group.assets):
            gains = gain_of_test_set(plan, distribution, factor.name)
            places = np.argsort(np.argsort(gains)) / len(gains)
            found.append((factor.name, float(places[worst].mean()), 0.5))
    return tuple(sorted(found, key=lambda row: -abs(row[1] - row[2])))
