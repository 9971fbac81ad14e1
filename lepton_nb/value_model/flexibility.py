"""What flexibility is worth beside the static value: the client's options, staged development, the right to stop.

Nothing here enters the value. An option's weakest assumption is its volatility, so every option is shown at each
volatility that has a source, and no conclusion is drawn where they disagree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lepton_nb.valuation import options
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model.beside import Verdict, verdict_on
from lepton_nb.value_model.money import MOST_LIKELY, World, cash_flows, cost, discount_factor
from lepton_nb.value_model.reading import Group, Plan, horizon_end, years_between
from lepton_nb.value_model.worlds import Distribution

#: A lognormal value is positive: above this share of draws at or below zero there is no logarithmic volatility.
NOT_POSITIVE = 0.05
#: A stated volatility is confirmed by the simulation within this share of it.
CONFIRMED = 0.2
#: Waiting is worth naming above this share of the cost of exercise.
WORTH_WAITING = 0.01
STEPS = 400


# ---------------------------------------------------------------- what the options are written on


@dataclass(frozen=True)
class Underlying:
    """The running business of a group: present value after tax of its benefits less running costs; money.

    Development still to be paid is not in it: that is the price of an option, not part of what is bought.
    """

    group: str
    value: float  # at the most likely figures
    draws: np.ndarray  # (draws,)
    by_time: tuple[tuple[float, float], ...]  # years from today, share of the value still to come then

    def left(self, years: float) -> float:
        """Share of the value that flows after ``years``; 1 today, 0 at the horizon."""
        times, shares = zip(*self.by_time, strict=True)
        return float(np.interp(years, times, shares))

    def cost_of_delay(self, years: float) -> float:
        """Yearly rate at which waiting until then loses the flows before: −ln(share left) / years.

        Raises Undefined where nothing is left to win after the wait.
        """
        share = self.left(years)
        if share <= 0:
            raise Undefined(f"Nothing flows after {years:g} years: an option that late has nothing to be exercised on.")
        return max(-math.log(share) / years, 0.0)


def underlying(plan: Plan, distribution: Distribution, group: Group) -> Underlying:
    """The business that the options of a group are written on, at the most likely figures and in every draw."""
    worlds = MOST_LIKELY, World(drawn=distribution.total.inputs)
    found = []
    for world in worlds:
        by_period = [year.present for year in cash_flows(plan, group, world)]
        for line in plan.costs:
            if line.asset_id in group.assets and line.phase == "development":
                paid = discount_factor(group.rate, line.time) * cost(plan, line, world)
                by_period[line.period] = by_period[line.period] + paid
        found.append(by_period)
    point = [float(amount) for amount in found[0]]
    draws = np.broadcast_to(sum(found[1]), distribution.draws)
    total = sum(point)
    shares = [(0.0, 1.0)]
    for span, done in zip(plan.periods, np.cumsum(point), strict=True):
        left = 1 - float(done) / total if total else 0.0
        shares.append((years_between(plan.date, span.end), min(max(left, 0.0), 1.0)))
    return Underlying(group.name, total, draws, tuple(shares))


@dataclass(frozen=True)
class Volatility:
    """Standard deviation of the logarithm of the simulated value; per year where all is learned in one year."""

    value: float
    excluded: float  # share of the draws that are not positive and have no logarithm
    n: int
    sentence: str

    def spread(self, years: float) -> float:
        """The same news spread evenly over ``years``: σ / √years."""
        return self.value / math.sqrt(max(years, 1.0))


def log_volatility(draws, name: str = "The value") -> Volatility:
    r"""Volatility from a simulation of the value: $\sigma = sd(\ln V_j)$ over the draws j.

    Copeland and Antikarov take the standard deviation of the first year's logarithmic return,
    $\ln((PV_1 + CF_1)/PV_0)$; where each draw fixes the level of all years, that is the spread of ln V. It reads all
    that the simulation leaves open as the news of one year, so it is a high figure for an option of several years;
    ``spread`` gives the low one. Draws at or below zero have no logarithm: their share is said, and above 5 % of
    them the volatility is Undefined.

    Reference: Copeland & Antikarov (2001), Real Options: A Practitioner's Guide, ch. 9; Smith (2005), Alternative
    approaches for solving real-options problems, Decision Analysis 2, pp. 89-102, on why it runs high.

    >>> found = log_volatility(np.exp([0.1, 0.3, 0.5]))
    >>> round(found.value, 4), found.excluded
    (0.2, 0.0)
    """
    values = np.asarray(draws, dtype=float)
    positive = values[values > 0]
    excluded = (len(values) - len(positive)) / len(values)
    if excluded > NOT_POSITIVE or len(positive) < 2:
        raise Undefined(
            f"{name} is at or below zero in {100 * excluded:.0f} % of the draws (limit {100 * NOT_POSITIVE:g} %): "
            "it has no logarithm there, so the simulation gives no volatility."
        )
    sigma = float(np.log(positive).std(ddof=1))
    words = (
        "All draws are positive."
        if excluded == 0
        else f"{100 * excluded:.2g} % of the draws are not positive and were left out."
    )
    return Volatility(sigma, excluded, len(positive), words)


# ---------------------------------------------------------------- the tree, its exercise region, stages


@dataclass(frozen=True)
class Region:
    """Where exercise is best on the tree of an American option: from ``boundary`` up (call) or down (put)."""

    times: np.ndarray  # years
    boundary: np.ndarray  # money; nan where no node of that time is exercised
    value: float
    now: bool  # exercise at once is best


def exercise_region(
    spot: float, strike: float, rate: float, volatility: float, years: float, kind: str = "call",
    dividend_yield: float = 0.0, steps: int = STEPS,
) -> Region:  # fmt: skip
    """The boundary of the exercise region on the tree of Cox, Ross and Rubinstein, and the option's value.

    At each date the node nearest to the money at which exercise is worth no less than going on. Arguments as in
    ``valuation.options.crr``, whose American value it repeats. Raises Undefined where volatility or years is 0.
    """
    if volatility <= 0 or years <= 0:
        raise Undefined("Without volatility or time there is no region to draw: compare value and cost today.")
    dt = years / steps
    rise = math.exp(volatility * math.sqrt(dt))
    chance = (math.exp((rate - dividend_yield) * dt) - 1 / rise) / (rise - 1 / rise)
    if not 0 <= chance <= 1:
        raise Undefined(f"The tree has no risk-neutral probability (found {chance:.3g}): use more steps.")
    shrink, side = math.exp(-rate * dt), 1.0 if kind == "call" else -1.0
    wide = 2 * math.ceil(2 * math.sqrt(steps))  # nodes beside today's, so that the boundary is seen at t = 0 too
    prices = spot * rise ** (2.0 * np.arange(steps + wide + 1) - steps - wide)
    worth = np.maximum(side * (prices - strike), 0.0)
    times, boundary, now = [years], [float(strike)], False
    for step in range(steps - 1, -1, -1):
        prices = prices[:-1] * rise
        go_on = shrink * (chance * worth[1:] + (1 - chance) * worth[:-1])
        payoff = side * (prices - strike)
        lead = np.where(payoff > 0, payoff - go_on, -np.inf)
        worth = np.maximum(payoff, go_on)
        times.append(step * dt)
        boundary.append(_crossing(prices, lead, side))
        now = bool(lead[wide // 2] >= -1e-9 * strike)
    return Region(np.array(times[::-1]), np.array(boundary[::-1]), float(worth[wide // 2]), now)


def _crossing(prices: np.ndarray, lead: np.ndarray, side: float) -> float:
    """The price at which exercise begins to lead, linear between two nodes; nan where it never does."""
    inside = np.flatnonzero(lead >= 0)
    if not len(inside):
        return math.nan
    at = inside[0] if side > 0 else inside[-1]
    before = at - int(side)
    if not 0 <= before < len(lead) or not np.isfinite(lead[before]):
        return float(prices[at])
    share = lead[at] / (lead[at] - lead[before])
    return float(prices[at] + share * (prices[before] - prices[at]))


def staged(
    spot: float, costs: Sequence[float], times: Sequence[float], rate: float, volatility: float,
    dividend_yield: float = 0.0, steps: int = STEPS,
) -> float:  # fmt: skip
    """Value of a project paid in stages, each of which may be refused: a compound call on a tree.

    costs: money due at ``times`` (years, ascending, above 0); after the last payment the project is owned. At each date
    the right to go on is worth max(right − cost, 0). One stage is a European call. Dates fall on the nearest step.

    Reference: Geske (1979), The valuation of compound options, Journal of Financial Economics 7, pp. 63-81.

    >>> abs(staged(100, [95], [1.0], 0.05, 0.3) - options.black_scholes(100, 95, 0.05, 0.3, 1.0)) < 0.05
    True
    """
    if len(costs) != len(times) or not len(costs) or min(times) <= 0 or list(times) != sorted(times):
        raise ValueError(
            f"costs and times must match, times ascending and above 0. Received: {list(costs)}, {list(times)}"
        )
    if volatility <= 0:
        raise Undefined("Without volatility every stage is decided today: compare value and costs.")
    years = float(times[-1])
    dt = years / steps
    rise = math.exp(volatility * math.sqrt(dt))
    chance = (math.exp((rate - dividend_yield) * dt) - 1 / rise) / (rise - 1 / rise)
    if not 0 <= chance <= 1:
        raise Undefined(f"The tree has no risk-neutral probability (found {chance:.3g}): use more steps.")
    due: dict[int, float] = {}
    for amount, time in zip(costs, times, strict=True):
        step = max(round(time / dt), 1)
        due[step] = due.get(step, 0.0) + amount
    worth = spot * rise ** (2.0 * np.arange(steps + 1) - steps)
    for step in range(steps, 0, -1):
        if step in due:
            worth = np.maximum(worth - due[step], 0.0)
        worth = math.exp(-rate * dt) * (chance * worth[1:] + (1 - chance) * worth[:-1])
    return float(worth[0])


# ---------------------------------------------------------------- the client's options


@dataclass(frozen=True)
class Offer:
    """An option as it is valued: a call (defer, expand, stage), a put (abandon) or an exchange (switch); money.

    spot: what is received (call), given up (put) or held now (exchange); strike: the cost, or what giving up
    brings; delay: yearly cost of delay.
    """

    asset_id: str
    kind: str
    group: str
    spot: float
    strike: float
    years: float
    delay: float
    source: str

    @property
    def now(self) -> float:
        """What exercise at once brings; negative: it would lose."""
        return self.strike - self.spot if self.kind == "abandon" else self.spot - self.strike


@dataclass(frozen=True)
class Valued:
    """An option at one volatility; money. ``waiting`` is what it is worth above exercise at once, or above nothing."""

    volatility: float
    source: str
    at_deadline: float  # closed form, exercise at the end only
    lattice: float  # the same on the tree
    any_time: float  # exercise at any time until the deadline
    without_delay: float  # closed form, waiting costs nothing: the upper end
    word: str  # exercise now, wait, nothing to win

    def waiting(self, now: float) -> float:
        """Value of waiting: any_time less what exercise at once brings (if that is above 0)."""
        return self.any_time - max(now, 0.0)


def action(any_time: float, now: float, strike: float) -> str:
    """The word for an option: what to do with it today.

    exercise now: doing it at once brings money and waiting adds at most 1 % of the cost; wait: the option is worth
    more than that above exercise at once; nothing to win: it is worth at most 1 % of the cost.

    >>> action(330, 325, 650), action(400, 325, 650), action(3, -200, 650)
    ('exercise now', 'wait', 'nothing to win')
    """
    limit = WORTH_WAITING * strike
    if any_time <= limit and now <= limit:
        return "nothing to win"
    return "wait" if any_time - max(now, 0.0) > limit else "exercise now"


def offer(item, base: Underlying) -> Offer:
    """The client's option as call, put or exchange on the business of its asset's group.

    A call of strike ``cost`` on what is gained: ``scale`` × the business (defer, stage), (``scale`` - 1) × the business
    (expand). abandon: what is got in exchange for the business is ``salvage`` less ``cost``, money fixed today; switch:
    another business now worth ``scale`` × today's. The cost of delay is what flows before
    the deadline, which whoever waits does not get. Raises Undefined where the business is not worth anything.
    """
    if base.value <= 0:
        raise Undefined(
            f"The running business of {base.group} is worth {base.value:,.0f} at the most likely figures: an option is "
            "written on a positive value."
        )
    delay = base.cost_of_delay(item.deadline_years)
    if item.kind == "abandon":
        spot, strike = base.value, max(item.salvage - item.cost, 0.0)
    else:
        gained = item.scale - 1 if item.kind == "expand" else item.scale
        spot, strike = gained * base.value, item.cost
    return Offer(item.asset_id, item.kind, base.group, spot, strike, item.deadline_years, delay, "client.yml, options")


def value_offer(found: Offer, volatility: float, source: str, rate: float) -> Valued:
    """An option at one volatility. rate: riskless, continuously compounded, per year."""
    kind = "put" if found.kind == "abandon" else "call"
    arguments = found.spot, found.strike, rate, volatility, found.years
    closed = options.black_scholes(*arguments, kind, found.delay)
    lattice = options.crr(*arguments, STEPS, kind, False, found.delay)
    free = options.crr(*arguments, STEPS, kind, True, found.delay)
    patient = options.black_scholes(*arguments, kind, 0.0)
    word = action(free, found.now, found.strike)
    return Valued(volatility, source, closed, lattice, free, patient, word)


def switch_value(found: Offer, base: Underlying, volatility: float, correlation: float) -> options.RealOption:
    """The exchange of the present business for another of the same volatility at the deadline (Margrabe).

    Both lose what flows before the deadline alike, so the exchange is of what is left of them then.
    """
    left = base.left(found.years)
    return options.switch(
        base.value * left, found.spot * left, volatility, volatility, correlation, found.years,
        min(found.strike, found.spot * left),
    )  # fmt: skip


def volatilities(item, base: Underlying) -> tuple[dict[str, float], tuple[str, ...], bool]:
    """Every volatility of an option that has a source, sentences about them, and whether the stated one has one.

    Rules: a stated volatility counts only with its source; it is confirmed where the simulation's lies within 20 % of it.
    """
    found: dict[str, float] = {}
    sentences = []
    stated = bool(item.volatility_source.strip())
    if stated:
        found[f"stated ({item.volatility_source.replace('_', ' ')})"] = item.volatility
    else:
        sentences.append(
            f"The volatility of {item.volatility:g} stated for {item.asset_id} has no source: it is not used, and nothing is concluded."
        )
    try:
        simulated = log_volatility(base.draws, f"The running business of {base.group}")
    except Undefined as problem:
        sentences.append(str(problem))
        return found, tuple(sentences), stated
    found["simulated, learned in one year"] = simulated.value
    if item.deadline_years > 1:
        found["simulated, learned evenly to the deadline"] = simulated.spread(item.deadline_years)
    if stated:
        near = abs(simulated.value - item.volatility) <= CONFIRMED * item.volatility
        word = "confirms" if near else "does not confirm"
        sentences.append(
            f"The simulation {word} the stated volatility of {item.volatility:.2f} for {item.asset_id}: it gives {simulated.value:.2f} a year. "
            f"{simulated.sentence}"
        )
    return found, tuple(sentences), stated


def conclusion(
    plan: Plan, found: Offer, valued: Sequence[Valued], stated: bool, money: Callable[[float], str]
) -> tuple[str, str]:
    """The word for an option and the sentence with it.

    Withheld: the verdict on the group is withheld or not recognisable, the stated volatility has no source, or the
    action differs between the volatilities.
    """
    group = plan.group(found.asset_id)
    name = f"{found.asset_id}, {found.kind}"
    said: Verdict = verdict_on(plan, group.assets, 0.0)
    if said.word in ("withheld", "not recognisable"):
        return "withheld", f"{name}: no conclusion: {said.reason}."
    if not stated:
        return "withheld", f"{name}: no conclusion, because the volatility has no source."
    words = {item.word for item in valued}
    if len(words) > 1:
        return (
            "withheld",
            f"{name}: no conclusion: which action is best depends on the volatility ({', '.join(sorted(words))}).",
        )
    word = valued[0].word
    if word == "nothing to win":
        return (
            word,
            f"{name}: nothing to win at any of the volatilities; the right is worth at most {money(max(v.any_time for v in valued))}.",
        )
    if word == "wait":
        low, high = (pick(v.waiting(found.now) for v in valued) for pick in (min, max))
        return (
            word,
            f"{name}: wait. Waiting is worth {money(low)} to {money(high)} more than the better of acting today and never.",
        )
    words = (
        f"{name}: exercise now. It brings {money(found.now)} at once, and at every volatility waiting costs more in lost flows "
        "than it brings in news."
    )
    if _patience_pays(found, valued[0]):
        words += " This rests on the fixed horizon: see what holds without it."
    return word, words


def _patience_pays(found: Offer, valued: Valued) -> bool:
    """Whether waiting would beat acting if it cost nothing, though it does not as things are."""
    better = valued.without_delay - max(found.now, 0.0) > WORTH_WAITING * found.strike
    return found.kind != "abandon" and valued.word != "wait" and better


def delay_sentence(found: Offer, valued: Valued, money: Callable[[float], str]) -> str:
    """What rests on the cost of delay. Rule: waiting is the other choice where, at no cost of delay, it beats acting."""
    lost = 1 - math.exp(-found.delay * found.years)
    words = (
        f"{found.asset_id}, {found.kind}: {100 * lost:.0f} % of the business flows before the deadline, because nothing counts after "
        "the horizon; whoever waits loses it."
    )
    if _patience_pays(found, valued):
        words += (
            f" If what is bought later ran as long as if bought today, the right would be worth {money(valued.without_delay)}, "
            "and waiting would be best: ask which of the two holds."
        )
    return words


# ---------------------------------------------------------------- staged development


@dataclass(frozen=True)
class Stage:
    """An asset before use as a staged project; money. Made from assets.csv and costs.csv alone."""

    asset_id: str
    group: str
    chance: float  # of technical success
    development: float  # present value of what is still to be paid
    after_success: float  # present value of the running business if it succeeds
    static: float  # rNPV: chance × after_success − development
    volatility: float
    payments: tuple[tuple[float, float], ...]  # years from today, money
    with_option: float  # each payment may be refused
    sentence: str

    @property
    def option_value(self) -> float:
        """What the right to refuse a payment adds, over the better of the plan and of stopping now."""
        return self.with_option - max(self.static, 0.0)


def stages(
    plan: Plan, distribution: Distribution, rate: float, money: Callable[[float], str]
) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
    """Assets that still have to be developed, as staged options, and sentences for those that cannot be valued so.

    Only assets that form a group of their own: inside a group the joint value has no stages of one asset. The value
    bought is chance × business after success; its volatility is the simulation's, given success, spread to the last
    payment where that is more than a year away.
    """
    found, sentences = [], []
    for asset in plan.client.assets:
        group = plan.group(asset.asset_id)
        if asset.p_technical_success is None or group is None:
            continue
        lines = [line for line in plan.costs if line.asset_id == asset.asset_id and line.phase == "development"]
        if len(group.assets) > 1:
            sentences.append(
                f"{asset.asset_id}: its benefit is joint with {group.name}, so it has no stages of its own."
            )
            continue
        payments = [(line.time, float(cost(plan, line))) for line in lines if line.time > 0]
        if not payments:
            sentences.append(f"{asset.asset_id}: no development cost lies ahead, so there is no stage to refuse.")
            continue
        chance = asset.p_technical_success
        sure = World(chances={asset.asset_id: 1.0})
        development = sum(discount_factor(group.rate, time) * amount for time, amount in payments)
        after = float(sum(year.present for year in cash_flows(plan, group, sure))) + development
        static = float(sum(year.present for year in cash_flows(plan, group)))
        if after <= 0:
            sentences.append(
                f"{asset.asset_id}: even after success the business is not worth anything ({money(after)})."
            )
            continue
        succeeded = dict(distribution.total.inputs) | {f"{asset.asset_id}.success": np.zeros(distribution.draws)}
        world = World(drawn=succeeded)
        drawn = np.broadcast_to(sum(year.present for year in cash_flows(plan, group, world)), distribution.draws)
        paid = sum(discount_factor(group.rate, line.time) * cost(plan, line, world) for line in lines)
        try:
            volatility = log_volatility(drawn + paid, f"The business of {asset.asset_id} after success")
            sigma = volatility.spread(payments[-1][0])
            times, amounts = zip(*sorted(payments), strict=True)
            with_option = staged(chance * after, amounts, times, rate, sigma)
        except Undefined as problem:
            sentences.append(f"{asset.asset_id}: {problem}")
            continue
        words = stage_sentence(asset.asset_id, chance, static, with_option, money)
        found.append(
            Stage(
                asset.asset_id,
                group.name,
                chance,
                development,
                after,
                static,
                sigma,
                tuple(sorted(payments)),
                with_option,
                words,
            )
        )
    return tuple(found), tuple(sentences)


def stage_sentence(asset_id: str, chance: float, static: float, with_option: float, money) -> str:
    """Rule: an asset whose plan loses but whose right to decide later is worth money is an option, not an investment."""
    if static >= 0:
        return (
            f"{asset_id}: worth developing as planned ({money(static)} at a chance of {100 * chance:.0f} %); the right to refuse a payment "
            f"adds {money(with_option - static)}."
        )
    if with_option > -WORTH_WAITING * static:
        return (
            f"{asset_id}: as a fixed plan it loses {money(-static)}; the right to decide when the payment falls due is worth "
            f"{money(with_option)}. It is an option, not an investment: do not commit today."
        )
    return f"{asset_id}: it loses {money(-static)} as planned, and the right to decide later is worth nothing either."


# ---------------------------------------------------------------- the right to stop


@dataclass(frozen=True)
class Stop:
    """The right to stop a group at the end of one year, if by then the levels are known; money."""

    group: str
    year: int
    years: float  # from the valuation date
    rest: float  # mean present value of what comes after
    below_zero: float  # share of the draws in which the rest is negative
    option_value: float  # E max(−rest, 0)
    standard_error: float


def right_to_stop(plan: Plan, distribution: Distribution, group: Group) -> tuple[Stop, ...]:
    """What it is worth to stop at each year's end where the rest is worth less than nothing.

    No volatility is needed: in each draw the flows after that day are known, and stopping avoids them at no cost. It
    is an upper end, because the levels are taken as known by then; whether a development succeeds is known only after
    its last payment. Everyone has this right who is bound by no contract.
    """
    drawn = dict(distribution.total.inputs)
    ahead = {name: levels for name, levels in drawn.items() if not name.endswith(".success")}
    times = [line.time for line in plan.costs if line.asset_id in group.assets and line.phase == "development"]
    developed = max(times, default=0.0)

    def flows(entries):
        years = cash_flows(plan, group, World(drawn=entries))
        return [np.broadcast_to(year.present, distribution.draws) for year in years]

    before, after = flows(ahead), flows(drawn)
    found = []
    for index, span in enumerate(plan.periods[:-1]):
        years = years_between(plan.date, span.end)
        rest = sum((before if years < developed else after)[index + 1 :])
        saved = np.maximum(-rest, 0.0)
        blocks = saved.reshape(distribution.total.replicates, -1).mean(axis=1)
        found.append(
            Stop(
                group.name, span.year, years, float(rest.mean()), float(np.mean(rest < 0)), float(saved.mean()),
                float(blocks.std(ddof=1) / math.sqrt(len(blocks))),
            )
        )  # fmt: skip
    return tuple(found)


def stop_sentence(name: str, found: Sequence[Stop], benefits: float, money: Callable[[float], str]) -> str:
    """Rule: the right to stop matters where at its best date it is worth more than 1 % of the present benefits."""
    if not found:
        return f"{name}: the horizon holds one year only, so there is no later date at which to stop."
    best = max(found, key=lambda item: item.option_value)
    if best.option_value <= WORTH_WAITING * max(benefits, 0.0):
        return f"{name}: the right to stop adds next to nothing (at most {money(best.option_value)}): there is little that stopping would save."
    return (
        f"{name}: the right to stop is worth up to {money(best.option_value)}, at the end of {best.year}, when the rest is negative in "
        f"{100 * best.below_zero:.0f} % of the draws. Keep it: sign nothing that binds longer."
    )


def riskless(client, assumed: float) -> tuple[float, str]:
    """The riskless rate, continuously compounded, and where it comes from: client.yml, else ``assumed``."""
    given = client.discount.risk_free
    if given is not None:
        return math.log1p(given), "client.yml, discount.risk_free"
    return math.log1p(assumed), "assumed: client.yml gives no riskless rate"


def deadline(plan: Plan, years: float) -> str:
    """The last day of an option, for display."""
    whole = int(years)
    day = horizon_end(plan.date, whole) if whole else plan.date
    return str(day) if whole == years else f"{years:g} years after {plan.date}"


def volatility_effect(valued: Mapping[float, float]) -> float:
    """Change of an option's value over the volatilities tried, as a share of the largest; 0 where all are worthless."""
    largest = max(valued.values())
    return (largest - min(valued.values())) / largest if largest > 0 else 0.0
