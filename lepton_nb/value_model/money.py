"""From dated lines to money: the value of assets and groups in one state of the world, flows, returns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

import numpy as np
from scipy.special import betaincinv

from lepton_nb.client import ThreePoint
from lepton_nb.valuation import cashflows, uncertainty
from lepton_nb.value_model.reading import (
    AFTER_SUCCESS,
    PRIOR,
    BenefitLine,
    CostLine,
    Group,
    Plan,
    cost_name,
    decay_factor,
    outcome_ranges,
    sample_counts,
    unit_value_name,
    volume_name,
    years_between,
)

Money = float | np.ndarray


@dataclass(frozen=True)
class World:
    """One state of the uncertain figures; what it does not name stands at its most likely value.

    drawn: by input, a quantile level 0..1 (a number or (draws,)), or the shares of a test set's cells
    ((draws, cells)); gains: gain per case by evaluation, in place of the measured one; chances: of success by
    asset; half_lives by asset; rate_change is added to every discount rate; the multipliers serve all lines but those of
    an asset in own_multipliers (asset: on benefits, on costs).
    """

    drawn: Mapping[str, Money] = field(default_factory=dict)
    gains: Mapping[str, float] = field(default_factory=dict)
    chances: Mapping[str, float] = field(default_factory=dict)
    half_lives: Mapping[str, float | None] = field(default_factory=dict)
    rate_change: float = 0.0
    benefit_multiplier: float = 1.0
    cost_multiplier: float = 1.0
    own_multipliers: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def multipliers(self, asset_id: str) -> tuple[float, float]:
        """Factors on the benefits and on the costs of one asset."""
        return self.own_multipliers.get(asset_id, (self.benefit_multiplier, self.cost_multiplier))

    def read(self, name: str, three: ThreePoint) -> Money:
        """The figure of that name: its most likely value, or the triangular quantile at its level."""
        level = self.drawn.get(name)
        if level is None or three.low == three.high:
            return three.mode
        return uncertainty.triangular(*three).ppf(level)


MOST_LIKELY = World()


def gain_per_case(evaluation, world: World = MOST_LIKELY) -> Money:
    r"""Money per case by which the model beats its baseline.

    Paired: Σ p(y, m, b) (v(y, m) − v(y, b)), where p is a cell's share of the cases, y the truth, m and b what
    model and baseline flagged, and v the money of that outcome. Without pairs: Σ p_model v − Σ p_baseline v.
    """
    value = {o: world.read(f"{evaluation.evaluation_id}.{o}", three) for o, three in outcome_ranges(evaluation).items()}

    def mean(sample: str, counts, money) -> Money:
        shares = world.drawn.get(f"{evaluation.evaluation_id}.{sample}")
        if shares is None:
            shares = np.asarray(counts) / sum(counts)
        return sum(np.asarray(shares)[..., cell] * each for cell, each in enumerate(money))

    samples = sample_counts(evaluation)
    if evaluation.paired:
        flagged = {(1, 1): "tp", (1, 0): "fn", (0, 1): "fp", (0, 0): "tn"}
        won = [value[flagged[c.y_true, c.model]] - value[flagged[c.y_true, c.baseline]] for c in evaluation.paired]
        return mean("pairs", samples["pairs"], won)
    return mean("model", samples["model"], value.values()) - mean("baseline", samples["baseline"], value.values())


@dataclass(frozen=True)
class Worth:
    """Present values of one world, in the client's currency: numbers, or one number a draw."""

    assets: Mapping[str, Money]
    groups: Mapping[str, Money]
    total: Money


def evaluate(plan: Plan, world: World = MOST_LIKELY) -> Worth:
    """Present value after tax of each group and the Shapley share of each of its assets (rule Joint benefits)."""
    books = _books(plan, world)
    assets: dict[str, Money] = {}
    groups: dict[str, Money] = {}
    for group in plan.groups:
        assets.update(dict.fromkeys(group.assets, 0.0))
        for members, weights in shapley_weights(group.assets).items():
            value = sum(year.present for year in _coalition(plan, group, members, books, world.rate_change))
            for name, weight in weights.items():
                assets[name] = assets[name] + weight * value
        groups[group.name] = sum(
            year.present for year in _coalition(plan, group, group.assets, books, world.rate_change)
        )
    return Worth(assets, groups, sum(groups.values(), 0.0))


#: Up to so many assets a group's shares come from all coalitions, above from so many pairs of random orders.
EXACT_PLAYERS, ORDER_PAIRS = 10, 64


def shapley_weights(players: Sequence[str]) -> dict[frozenset, dict[str, float]]:
    """What each coalition's value counts in each player's Shapley share: share_i = Σ_S weight[S][i] v(S).

    The same shares as ``valuation.data_value.shapley``, which takes one number a coalition; the weights serve
    whole arrays of draws. Exact: +|S−1|! (n−|S|)! / n! with the player in S, −|S|! (n−|S|−1)! / n! without. Above
    10 players: marginal contributions over 64 random orders and their reverses, always the same ones.
    """
    n = len(players)
    found: dict[frozenset, dict[str, float]] = {}
    if n <= EXACT_PLAYERS:
        for size in range(n + 1):
            for members in map(frozenset, combinations(players, size)):
                found[members] = {
                    player: 1 / (size * math.comb(n, size))
                    if player in members
                    else -1 / ((n - size) * math.comb(n, size))
                    for player in players
                }
        return found
    generator = np.random.default_rng(0)
    for _ in range(ORDER_PAIRS):
        order = [players[i] for i in generator.permutation(n)]
        for names in (order, order[::-1]):
            for place, player in enumerate(names):
                for members, sign in ((frozenset(names[: place + 1]), 1), (frozenset(names[:place]), -1)):
                    weights = found.setdefault(members, {})
                    weights[player] = weights.get(player, 0.0) + sign / (2 * ORDER_PAIRS)
    return found


def _chance(plan: Plan, world: World, asset_id: str) -> Money:
    """The asset's p_technical_success; where a level is drawn, 1 in that share of the draws and 0 otherwise."""
    chance = plan.asset(asset_id).p_technical_success
    if chance is None:
        return 1.0
    level = world.drawn.get(f"{asset_id}.success")
    return world.chances.get(asset_id, chance) if level is None else np.where(np.asarray(level) < chance, 1.0, 0.0)


def benefit(plan: Plan, line: BenefitLine, world: World = MOST_LIKELY) -> Money:
    """Money of one benefit line before tax and discounting (rules One benefit, Decay, Technical success)."""
    if line.link == "confusion":
        evaluation = plan.evaluation(line.link_id)
        measured = gain_per_case(evaluation)
        gain = world.gains.get(line.link_id)
        gain = gain_per_case(evaluation, world) if gain is None else gain
        unit = measured + line.widening * (gain - measured)
    else:
        unit = world.read(unit_value_name(line), line.unit_value)
    if line.link == "acceptance":
        unit = unit * _share_accepted(plan.accepted(line.link_id), world, line.widening)
    asset = plan.asset(line.asset_id)
    half_life = world.half_lives.get(line.asset_id, asset.half_life_years)
    chance = 1.0
    for needed in plan.needs[line.asset_id]:
        chance = chance * _chance(plan, world, needed)
    factor = line.weight * decay_factor(line.age, half_life) * world.multipliers(line.asset_id)[0]
    return world.read(volume_name(line), line.volume) * unit * factor * chance


def _share_accepted(item, world: World, widening: float) -> Money:
    level = world.drawn.get(f"{item.asset_id}.acceptance")
    share = item.accepted / item.n
    if level is None:
        return share
    drawn = betaincinv(item.accepted + PRIOR, item.n - item.accepted + PRIOR, level)
    return np.clip(share + widening * (drawn - share), 0.0, 1.0)


def cost(plan: Plan, line: CostLine, world: World = MOST_LIKELY) -> Money:
    """Money out of one cost line before tax and discounting."""
    chance = _chance(plan, world, line.asset_id) if line.phase in AFTER_SUCCESS else 1.0
    return world.read(cost_name(line), line.amount) * world.multipliers(line.asset_id)[1] * chance


@dataclass
class _Book:
    """One asset's money by period."""

    benefits: list[Money]
    running: list[Money]  # expensed at once
    development: list[Money]  # capitalised
    amortisation: list[Money]
    cost_present: list[Money]  # present value of both


def _books(plan: Plan, world: World) -> dict[str, _Book]:
    books = {}
    for group in plan.groups:
        rate = group.rate + world.rate_change
        for name in group.assets:
            books[name] = book = _Book(*([0.0] * len(plan.periods) for _ in range(5)))
            chance = _chance(plan, world, name)  # a failed development leaves no profit to set it against
            book.amortisation = [plan.capitalised[name] * share * chance for share in plan.written_off[name]]
            for line in plan.benefits:
                if line.asset_id == name:
                    book.benefits[line.period] = book.benefits[line.period] + benefit(plan, line, world)
            for line in plan.costs:
                if line.asset_id == name:
                    amount = cost(plan, line, world)
                    kind = book.running if line.written_off is None else book.development
                    kind[line.period] = kind[line.period] + amount
                    for period, share in enumerate(line.written_off or ()):
                        if share:
                            counts = share if line.phase in AFTER_SUCCESS else share * chance
                            book.amortisation[period] = book.amortisation[period] + counts * amount
                    book.cost_present[line.period] = (
                        book.cost_present[line.period] + discount_factor(rate, line.time) * amount
                    )
    return books


def amortisation(plan: Plan, world: World = MOST_LIKELY) -> dict[str, list[Money]]:
    """Charge of each asset in each period (rule Tax)."""
    return {name: book.amortisation for name, book in _books(plan, world).items()}


def discount_factor(rate: float, time: float) -> float:
    return (1.0 + rate) ** -time


@dataclass(frozen=True)
class Year:
    """One row of a cash-flow table: the money of one period."""

    year: int
    share: float
    day: date  # of benefits and tax
    benefits: Money
    running: Money
    development: Money
    amortisation: Money  # no flow of money: it lowers the tax
    taxable: Money  # after losses carried forward
    tax: Money
    discount_factor: float  # of benefits and tax; costs have that of their own date
    present: Money

    @property
    def net(self) -> Money:
        """Benefits less costs and tax, undiscounted."""
        return self.benefits - self.running - self.development - self.tax


def _coalition(plan: Plan, group: Group, members, books, change: float) -> Iterable[Year]:
    """The years of a coalition of a group's assets; their present values sum to v(S)."""
    members = frozenset(members)
    carried: Money = 0.0
    inside = [books[name] for name in group.assets if name in members]
    earning = [books[name] for name in group.assets if plan.needs[name] <= members]
    for index, span in enumerate(plan.periods):
        benefits = sum(book.benefits[index] for book in earning)
        running = sum(book.running[index] for book in inside)
        amortisation = sum(book.amortisation[index] for book in inside)
        taxable = benefits - running - amortisation + carried
        tax, carried = plan.tax_rate * np.maximum(taxable, 0.0), np.minimum(taxable, 0.0)
        factor = discount_factor(group.rate + change, span.time)
        present = factor * (benefits - tax) - sum(book.cost_present[index] for book in inside)
        development = sum(book.development[index] for book in inside)
        yield Year(span.year, span.share, span.day, benefits, running, development, amortisation,
                   taxable, tax, factor, present)  # fmt: skip


def cash_flows(
    plan: Plan, group: Group, world: World = MOST_LIKELY, members: Iterable[str] | None = None
) -> tuple[Year, ...]:
    """The cash-flow table of a group; its present values sum to the group's value.

    members: the flows if only these assets of the group existed; None: all of them.
    """
    chosen = group.assets if members is None else tuple(members)
    return tuple(_coalition(plan, group, chosen, _books(plan, world), world.rate_change))


@dataclass(frozen=True)
class Returns:
    """Rates of return and payback of a group. A part that is undefined is empty and its sentence says why."""

    roots: tuple[float, ...]
    irr_sentence: str
    payback_years: float | None
    discounted_payback_years: float | None
    payback_sentence: str


def returns(plan: Plan, group: Group) -> Returns:
    """All internal rates of return and the payback, from the net flow of each period.

    Within one year the dates of costs and benefits make no investment, so the year's net flow is placed on the
    day of its benefits. Sunk costs do not count. Payback runs from the valuation date, linear inside a period.
    """
    years = cash_flows(plan, group)
    net = [float(year.net) for year in years]
    first = next((flow for flow in net if flow), 0.0)
    if first >= 0:
        why = "no money flows."
        if first > 0:
            why = "nothing has to be paid before money comes in, because what was spent so far is sunk."
        words = f"No rate of return and no payback period: {why}"
        return Returns((), words, None, None, words)
    sentence, roots = "", ()
    try:
        roots = cashflows.xirr_all(net, [year.day for year in years])
    except cashflows.NoRateOfReturn:
        sentence = "No rate of return: the flows have no present value of zero at any rate above −100 %."
    except cashflows.Undefined:
        sentence = "No rate of return: the only rates at which the flows are worth zero are absurdly far out."
    if len(roots) > 1:
        sentence = f"The flows have {len(roots)} rates of return, so none of them decides: the net present value does."
    ends = [0.0, *(years_between(plan.date, span.end) for span in plan.periods)]

    def time(flows) -> float | None:
        try:
            return float(np.interp(cashflows.payback([0.0, *flows]), range(len(ends)), ends))
        except cashflows.Undefined:
            return None

    simple, discounted = time(net), time([float(year.present) for year in years])
    why = ""
    if simple is None:
        why = "The money does not come back within the horizon."
    elif discounted is None:
        why = "Discounted, the money does not come back within the horizon."
    return Returns(roots, sentence, simple, discounted, why)
