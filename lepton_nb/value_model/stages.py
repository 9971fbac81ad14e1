"""What freedom to decide later is written on, and the freedom that needs no option: stages.

All is in today's money, after tax, as the value beside it counts it: flows at the group's rate, payments at the cost of
capital without a premium, whether they are certain or may be refused. Were they discounted at two rates, a right and the
duty to use it would not differ by what freedom is worth (put-call parity), and one right would have two values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lepton_nb.valuation import cashflows
from lepton_nb.valuation._tree import even_factors, roll_back
from lepton_nb.valuation.options import black_scholes
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model.inputs import success_name
from lepton_nb.value_model.line_money import cost
from lepton_nb.value_model.lines import STOPPED, CostLine, Plan
from lepton_nb.value_model.money import (
    cash_flows,
    cost_factor,
    discount_factor,
    group_value,
    price_factor,
    scenario_world,
    tax_benefit_factor,
)
from lepton_nb.value_model.planning import in_prices, run_through
from lepton_nb.value_model.times import years_between
from lepton_nb.value_model.world import MOST_LIKELY, World
from lepton_nb.value_model.worlds import Distribution

#: A lognormal value is positive: above this share of draws at or below zero there is no logarithmic volatility.
NOT_POSITIVE = 0.05
#: A right is worth naming above this share of the business.
WORTH_NAMING = 0.01
STEPS = 400


# ---------------------------------------------------------------- what an option is written on


@dataclass(frozen=True)
class Business:
    """The flows of one asset: its benefits less its running costs and the tax on both; money of today.

    An asset that earns nothing by itself stands for those that need it. On a market basis with a buyer's tax benefit. What is still to be invested is not in it (it
    is the price of an option), nor is the tax saved by what was capitalised before: nobody's choice changes that.
    """

    asset_id: str
    earners: tuple[str, ...]
    value: float  # mean of the draws, as the value beside it
    draws: np.ndarray  # (draws,)
    by_time: tuple[tuple[float, float], ...]  # years from today, share of the value still to come then

    def left(self, years):
        """Share of the value that flows after ``years`` (a number or several); 1 today, 0 at the horizon."""
        times, shares = zip(*self.by_time, strict=True)
        return np.interp(years, times, shares)


def earners(plan: Plan, asset_id: str, kind: str = "expand") -> tuple[str, ...]:
    """The assets whose flows an option moves.

    The asset itself; where it has no benefits of its own, the assets of its group that need it. Giving it up
    (abandon) ends the benefits of those in any case.
    """
    if asset_id in plan.benefits_of and kind != "abandon":
        return (asset_id,)
    return tuple(name for name in plan.benefits_of if asset_id in plan.needs[name])


def invested(plan: Plan, asset_id: str) -> tuple[CostLine, ...]:
    """What is still to be paid before the asset is in use: research and development, which may be refused."""
    asset = plan.asset(asset_id)
    if asset.p_technical_success is None and asset.in_service_date is not None and asset.in_service_date <= plan.date:
        return ()
    return tuple(line for line in plan.costs_of.get(asset_id, ()) if not line.needs_success)


def refusable(plan: Plan, asset_id: str) -> bool:
    """Whether a payment lies ahead for an asset that may still fail: it may be refused on its day."""
    return plan.asset(asset_id).p_technical_success is not None and bool(invested(plan, asset_id))


def payment_rate(plan: Plan) -> float:
    """Yearly rate at which the value beside the option discounts payments: the cost of capital without a premium."""
    return plan.wacc


def own_flows(plan: Plan, asset_id: str, earning: Sequence[str], world: World = MOST_LIKELY, books: bool = False):
    """Present value by period of the flows of an asset and of those that earn for it, taxed on their own.

    Before what is still to be invested in the asset itself. books: with the tax that amortisation of what was
    capitalised before still saves.
    """
    group, chosen = plan.group(asset_id), {asset_id, *earning}
    part = replace(
        plan,
        groups=(group,),
        benefits=tuple(line for line in plan.benefits if line.asset_id in chosen),
        costs=tuple(line for line in plan.costs if line.asset_id in chosen),
        capitalised={name: spent if books and name in chosen else 0.0 for name, spent in plan.capitalised.items()},
    )
    flows = [year.present for year in cash_flows(part, group, world)]
    for line in invested(plan, asset_id):
        flows[line.period] = flows[line.period] + cost_factor(plan, group, line, world) * cost(plan, line, world)
    return flows


def at_a_buyers_price(plan: Plan, asset_id: str, value):
    """A value, or (draws,) of it, with a buyer's tax benefit, on the basis that has one, as that of a group counts it."""
    return np.asarray(value, dtype=float) * price_factor(value, tax_benefit_factor(plan, plan.group(asset_id)))


def _stopped(plan: Plan, asset_id: str) -> str:
    """That an asset has no flows because its plan loses, with what the plan would be worth, run to its end and stopped."""
    group, through = plan.group(asset_id), run_through(plan)
    run, stopped = (float(group_value(one, one.group(asset_id))) for one in (through, plan))
    return f"The plan is stopped: run to its end, {group.name} is worth {run:,.0f} {plan.currency}, stopped {stopped:,.0f} (most likely)."


def business(plan: Plan, distribution: Distribution, asset_id: str, kind: str = "expand") -> Business:
    """The flows that an option of this kind on this asset is written on: their mean over the draws, and each draw.

    Raises Undefined where nothing is earned: an option is written on a positive value.
    """
    earning = earners(plan, asset_id, kind)
    flows = own_flows(plan, asset_id, earning, scenario_world(plan, distribution.total.inputs))
    drawn = np.broadcast_to(at_a_buyers_price(plan, asset_id, sum(flows)), distribution.draws)
    total, means = float(drawn.mean()), [float(np.mean(flow)) for flow in flows]
    if not earning and any(row.asset_id == asset_id and row.reason == STOPPED for row in plan.left_out):
        raise Undefined(_stopped(plan, asset_id))
    if not earning or total <= 0 or sum(means) <= 0:
        raise Undefined(
            f"The flows of {asset_id} are worth {total:,.0f} {plan.currency} on average: an option is written on a "
            "positive value."
        )
    shares = [(0.0, 1.0)]
    for span, done in zip(plan.periods, np.cumsum(means), strict=True):
        shares.append((years_between(plan.date, span.end), max(1 - float(done) / sum(means), 0.0)))
    return Business(asset_id, earning, total, drawn, tuple(shares))


# ---------------------------------------------------------------- volatility


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
        else "Fewer than 1 in 1,000 draws are not positive and were left out."
        if excluded < 0.001
        else f"{100 * excluded:.2g} % of the draws are not positive and were left out."
    )
    return Volatility(sigma, excluded, len(positive), words)


# ---------------------------------------------------------------- rates


def riskless(client, assumed: float) -> tuple[float, str]:
    """The riskless rate a year (a fraction) in the prices of the figures, and where it comes from.

    client.yml, else ``assumed`` (nominal). Real prices need a real rate: (1 + nominal) / (1 + inflation) − 1 (Fisher).
    """
    discount, real = client.discount, client.valuation.price_basis == "real"
    inflation = "" if discount.inflation is None else f" at an inflation of {100 * discount.inflation:.3g} %"
    if discount.risk_free is not None:
        words = f"client.yml, discount.risk_free; {client.valuation.price_basis}, as the figures"
        if discount.rate_basis != client.valuation.price_basis:
            words += f": {100 * discount.risk_free:.3g} % {discount.rate_basis}{inflation}"
        return in_prices(client, discount.risk_free), words
    words = "assumed: client.yml gives no riskless rate"
    if not real:
        return assumed, f"{words}; nominal, as the figures"
    if discount.inflation is None:
        return assumed, f"{words} and no inflation; taken as real, as the figures"
    real_rate = cashflows.real_rate(assumed, discount.inflation)
    return real_rate, f"{words}; real, as the figures: {100 * assumed:.3g} % nominal{inflation}"


# ---------------------------------------------------------------- staged development


def staged(worth: float, payments: Sequence[tuple[float, float]], rate: float, volatility: float) -> float:
    r"""Value today of a project paid in stages, each of which may be refused; never below the fixed plan, never below 0.

    $$ C_K = \max(S_{t_K} - K_K, 0), \qquad C_k = \max(E[C_{k+1}] - K_k, 0) $$

    worth: present value of what the last payment buys, positive money. payments: (years from today, money). All in
    today's money: S is a martingale, a payment counts (1 + rate)^(−t). One payment is the closed form of Black and
    Scholes, several a tree, on which the fixed plan $S - \sum K (1+r)^{-t}$ has its own value exactly; at volatility 0
    the right is worth max(fixed plan, 0).

    Reference: Geske (1979), The valuation of compound options, Journal of Financial Economics 7, pp. 63-81.

    >>> round(staged(100, [(1.0, 95)], 0.05, 0.0), 4), round(staged(100, [(1.0, 95)], 0.05, 0.3), 2)
    (9.5238, 16.74)
    """
    due = [(years, amount * discount_factor(rate, years)) for years, amount in sorted(payments)]
    if not due or due[0][0] < 0 or any(amount < 0 for _, amount in due):
        raise ValueError(f"payments need years of at least 0 and money of at least 0. Received: {list(payments)}")
    fixed, last = worth - sum(amount for _, amount in due), due[-1][0]
    if volatility == 0 or last == 0:
        return max(fixed, 0.0)
    if len(due) == 1:
        return max(black_scholes(worth, due[0][1], 0.0, volatility, last), fixed, 0.0)
    # an odd and an even tree err to opposite sides
    found = [_compound(worth, due, volatility, last, steps) for steps in (STEPS, STEPS + 1)]
    return max(sum(found) / 2, fixed, 0.0)


def _compound(worth: float, due, volatility: float, last: float, steps: int) -> float:
    at = np.bincount([round(years / last * steps) for years, _ in due], [amount for _, amount in due], steps + 1)

    def decide(step: int, prices: np.ndarray, going_on: np.ndarray) -> np.ndarray:
        ahead = prices if step == steps else going_on
        return np.maximum(ahead - at[step], 0.0) if at[step] > 0 else ahead

    up, down = even_factors(volatility, last / steps)
    return float(roll_back(decide, steps, up=up, down=down, spot=worth)[0])


@dataclass(frozen=True)
class Stage:
    """An asset before use as a staged project; money of today. Made from assets.csv and costs.csv alone."""

    asset_id: str
    group: str
    chance: float  # of technical success
    worth: float  # what the payments buy: present value of its business, failures included
    volatility: float
    payments: tuple[tuple[float, float], ...]  # years from today, money
    rate: float  # at which payments are brought to today
    ends: tuple[float, float, float] = (
        0.0,
        0.0,
        0.0,
    )  # all payments together at their low, most likely and high figures

    @property
    def after_success(self) -> float:
        """The business if it succeeds."""
        return self.worth / self.chance

    @property
    def development(self) -> float:
        """Present value of the payments."""
        return sum(amount * discount_factor(self.rate, years) for years, amount in self.payments)

    @property
    def rigid(self) -> float:
        """The fixed plan: everything is paid, whatever is learned. Of a group of one asset it is the group's value."""
        return self.worth - self.development

    @property
    def flexible(self) -> float:
        """The same, when each payment may be refused."""
        return self.at(self.volatility)

    @property
    def option_value(self) -> float:
        """What the right to refuse a payment adds, over the better of the plan and of stopping now."""
        return self.flexible - max(self.rigid, 0.0)

    def at(self, volatility: float) -> float:
        """The project whose payments may be refused, at another volatility."""
        return staged(self.worth, self.payments, self.rate, volatility)


def stages(
    plan: Plan, distribution: Distribution, money: Callable[[float], str]
) -> tuple[tuple[Stage, ...], tuple[str, ...]]:
    """Assets that still have to be developed, as staged projects, and sentences for those that cannot be valued so.

    Means of the draws, as the value beside. What is bought is the asset's own business; its volatility is the simulation's, given success, spread to the last
    payment where that is more than a year away. Benefits come after success, so none is lost by paying on the day.
    """
    found, sentences = [], []
    for asset in plan.client.assets:
        group, name = plan.group(asset.asset_id), asset.asset_id
        if asset.p_technical_success is None:
            continue
        lines = invested(plan, name)
        if not lines:
            sentences.append(f"{name}: no development cost lies ahead, so there is no stage to refuse.")
            continue
        earning = earners(plan, name)
        world = scenario_world(plan, distribution.total.inputs)
        paid = [cost(plan, line, world) for line in lines]
        present = sum(cost_factor(plan, group, line) * amount for line, amount in zip(lines, paid, strict=True))
        project = sum(own_flows(plan, name, earning, world, books=True)) - present
        worth = float(np.mean(at_a_buyers_price(plan, name, project)) + np.mean(present))
        if worth <= 0:
            sentences.append(f"{name}: even after success its business is not worth anything ({money(worth)}).")
            continue
        payments = tuple(sorted((line.time, float(np.mean(amount))) for line, amount in zip(lines, paid, strict=True)))
        drawn = dict(distribution.total.inputs) | {success_name(name): np.zeros(distribution.draws)}
        draws = sum(own_flows(plan, name, earning, scenario_world(plan, drawn), books=True))
        try:
            spread = log_volatility(np.broadcast_to(draws, distribution.draws), f"The business of {name} after success")
        except Undefined as problem:
            sentences.append(f"{name}: {problem}")
            continue
        found.append(
            Stage(
                asset_id=name,
                group=group.name,
                chance=asset.p_technical_success,
                worth=worth,
                volatility=spread.spread(payments[-1][0]),
                payments=payments,
                rate=payment_rate(plan),
                ends=tuple(
                    sum(getattr(line.amount, end) * line.share for line in lines) for end in ("low", "mode", "high")
                ),
            )
        )
    return tuple(found), tuple(sentences)


def stage_sentence(stage: Stage, money: Callable[[float], str]) -> str:
    """Rule: an asset whose plan loses but whose right to decide later is worth money is an option, not an investment."""
    name, rigid, flexible = stage.asset_id, stage.rigid, stage.flexible
    if rigid >= 0:
        return (
            f"{name}: worth developing as planned ({money(rigid)} at a chance of {100 * stage.chance:.0f} %); the right to refuse a "
            f"payment adds {money(stage.option_value)}."
        )
    if flexible > WORTH_NAMING * stage.development:
        return (
            f"{name}: as a fixed plan it loses {money(-rigid)}, so no budget funds it; its payment may still be refused, so there is "
            f"nothing to stop today. Decide at the gate: the right to refuse is worth {money(flexible)}. It is an option, not an investment."
        )
    return f"{name}: it loses {money(-rigid)} as planned, and the right to decide later is worth nothing either."
