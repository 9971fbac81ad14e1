"""The client's options: what each is, what it is worth at each volatility, what to do with it today.

An option is written on the flows of its own asset, and what it costs is discounted as the value beside it discounts
payments (:mod:`lepton_nb.value_model.stages`). Nothing here enters the value. The weakest assumption is the volatility:
every option is shown at each volatility that has a source, and no conclusion is drawn where they disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from lepton_nb import terms
from lepton_nb.valuation._tree import even_factors, roll_back, roll_back_pair
from lepton_nb.valuation.options import black_scholes
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model.lines import Group, Plan
from lepton_nb.value_model.money import discount_factor
from lepton_nb.value_model.stages import (
    STEPS,
    WORTH_NAMING,
    Business,
    business,
    invested,
    log_volatility,
    payment_rate,
)
from lepton_nb.value_model.times import years_later
from lepton_nb.value_model.using import Trigger, trigger
from lepton_nb.value_model.verdict import group_verdict
from lepton_nb.value_model.worlds import Distribution

#: A stated volatility is confirmed by the simulation within this share of it.
CONFIRMED = 0.2
#: Steps of the tree of two levels; the correlation between them is assumed.
PAIR_STEPS, CORRELATION = 100, 0.5

#: What each kind of option is: what is received, what is paid, when.
KINDS = {
    "defer": "invest later instead of now: at any time until the deadline the cost is paid and the share of the "
    "benefits still ahead that scale gives is won; what flows before is lost",
    "expand": "enlarge what runs: at any time until the deadline the cost is paid, and the flows that still lie ahead "
    "become as many times as large as scale says",
    "abandon": "stop: at any time until the deadline the flows that still lie ahead are given up, the salvage is received "
    "and what stopping costs is paid",
    "switch": "replace by another: at any time until the deadline the flows that still lie ahead are given for those of "
    "another, now worth as many times as much as scale says, and the cost is paid",
    "stage": "go on by stages: at the deadline the cost of the next stage is paid, or the share of the benefits "
    "after it that scale gives is forgone",
}


def volatilities(item, base: Business) -> tuple[dict[str, float], tuple[str, ...], bool]:
    """Every volatility of an option that has a source, sentences about them, and whether the stated one has one.

    Rules: a stated volatility counts only with its source; it is confirmed where all that the simulation gives, learned in
    one year or evenly to the deadline, lies within 20 % of it. A source that is a simulation is no second one.
    """
    found: dict[str, float] = {}
    sentences = []
    stated = bool(item.volatility_source.strip())
    if stated:
        found[f"stated ({terms.spoken(item.volatility_source)})"] = item.volatility
    else:
        sentences.append(
            f"The volatility of {item.volatility:g} stated for {item.asset_id} has no source: it is not used, and nothing is concluded."
        )
    try:
        simulated = log_volatility(base.draws, f"The business of {base.asset_id}")
    except Undefined as problem:
        sentences.append(str(problem))
        return found, tuple(sentences), stated
    found["simulated, learned in one year"] = simulated.value
    given = [simulated.value]
    if item.deadline_years > 1:
        given.append(simulated.spread(item.deadline_years))
        found["simulated, learned evenly to the deadline"] = given[1]
    if stated:
        near = all(abs(one - item.volatility) <= CONFIRMED * item.volatility for one in given)
        evenly = f", {given[1]:.2f} if all is learned evenly to the deadline" if given[1:] else ""
        same = " The source stated is a simulation too, so it is no second one." if _simulated(item) else ""
        sentences.append(
            f"The simulation {'confirms' if near else 'does not confirm'} the stated volatility of {item.volatility:.2f} for {item.asset_id}: "
            f"it gives {given[0]:.2f} a year{evenly}.{same} {simulated.sentence}"
        )
    return found, tuple(sentences), stated


def _simulated(item) -> bool:
    """Whether the stated source of a volatility is itself a simulation of the value."""
    return any(word in item.volatility_source.lower() for word in ("monte carlo", "monte_carlo", "simulat"))


# ---------------------------------------------------------------- the right


@dataclass(frozen=True)
class Right:
    """One option of the client: what using it gains over going on as today, at any date; money of today."""

    kind: str
    business: Business
    share: float  # of the business: what is gained (calls), what the other is worth now (switch)
    cost: float
    salvage: float
    years: float
    rate: float  # at which what is paid and received is brought to today

    @property
    def asset_id(self) -> str:
        return self.business.asset_id

    def gain(self, years, level=1.0, other=1.0):
        """Present value of using the right after ``years``; ``level`` of the business (and of the other), today 1."""
        ahead = self.business.value * self.business.left(years)
        factor = discount_factor(self.rate, years)
        if self.kind == "abandon":
            return factor * (self.salvage - self.cost) - ahead * level
        if self.kind == "switch":
            return self.share * ahead * other - ahead * level - factor * self.cost
        return self.share * ahead * level - factor * self.cost

    @property
    def now(self) -> float:
        """What using it at once, or binding oneself to the next stage today, brings; negative: it would lose."""
        return float(self.gain(self.years if self.kind == "stage" else 0.0))

    @property
    def rigid(self) -> float:
        """The best that a date fixed today would bring: the project without its flexibility."""
        if self.kind == "stage":
            return self.now
        return float(np.max(self.gain(np.linspace(0.0, self.years, STEPS + 1))))


def right(plan: Plan, item, base: Business) -> Right:
    """The client's option with the meaning of its kind (:data:`KINDS`).

    Raises Undefined where the figures make no option: an expansion that adds nothing, nothing left after the deadline.
    """
    scale = 1.0 if item.scale is None else item.scale
    share = scale - 1 if item.kind == "expand" else scale
    if share <= 0:
        raise Undefined(f"A scale of {scale:g} adds nothing. scale is the size after an expansion: 2 doubles it.")
    if item.kind == "stage" and base.left(item.deadline_years) <= 0:
        raise Undefined(
            f"Nothing flows after {item.deadline_years:g} years: a stage that late has nothing to be paid for."
        )
    return Right(
        kind=item.kind,
        business=base,
        share=share,
        cost=item.cost,
        salvage=item.salvage or 0.0,
        years=item.deadline_years,
        rate=payment_rate(plan),
    )


def at_deadline(found: Right, volatility: float, correlation: float = CORRELATION) -> float:
    """The right if it can be used at the deadline only: closed form of Black and Scholes in today's money.

    For a switch, whose cost moves with neither business, the tree of both.
    """
    if found.kind == "switch":
        return _pair(found, volatility, correlation, early=False)
    ahead = found.business.value * found.business.left(found.years)
    factor = discount_factor(found.rate, found.years)
    if found.kind == "abandon":
        strike = factor * max(found.salvage - found.cost, 0.0)
        return black_scholes(ahead, strike, 0.0, volatility, found.years, "put")
    return black_scholes(found.share * ahead, factor * found.cost, 0.0, volatility, found.years, "call")


def at_any_time(found: Right, volatility: float, correlation: float = CORRELATION) -> float:
    """The right if it can be used at any time until the deadline (stage: at the deadline); never below the rigid plan.

    On the tree the level of the business is a martingale: each fixed date brings there what it brings in the rigid
    plan, so that choosing the date later cannot be worth less. The tree's error is taken off by its error on the closed
    form.
    """
    if found.kind == "stage":
        return at_deadline(found, volatility)
    if found.kind == "switch":
        return max(_pair(found, volatility, correlation, early=True), found.rigid, 0.0)
    free, fixed = (_tree(found, volatility, early) for early in (True, False))
    closed = at_deadline(found, volatility)
    return max(free + closed - fixed, closed, found.rigid, 0.0)


def on_tree(found: Right, volatility: float, steps: int = STEPS) -> float:
    """The right used at the deadline only, on a tree of so many steps: what the closed form is compared with."""
    return _tree(found, volatility, early=False, steps=steps)


def _tree(found: Right, volatility: float, early: bool, steps: int = STEPS) -> float:
    times = np.linspace(0.0, found.years, steps + 1)

    def decide(step: int, levels: np.ndarray, going_on: np.ndarray) -> np.ndarray:
        return np.maximum(going_on, found.gain(times[step], levels)) if early or step == steps else going_on

    up, down = even_factors(volatility, found.years / steps)
    return float(roll_back(decide, steps, up=up, down=down)[0])


def _pair(found: Right, volatility: float, correlation: float, early: bool) -> float:
    times = np.linspace(0.0, found.years, PAIR_STEPS + 1)

    def decide(step: int, levels: np.ndarray, others: np.ndarray, going_on: np.ndarray) -> np.ndarray:
        use = early or step == PAIR_STEPS
        return np.maximum(going_on, found.gain(times[step], levels, others)) if use else going_on

    return roll_back_pair(decide, PAIR_STEPS, found.years / PAIR_STEPS, (volatility, volatility), correlation)


# ---------------------------------------------------------------- every option, in words


@dataclass(frozen=True)
class Valued:
    """A right at one volatility; money of today."""

    volatility: float
    source: str
    at_deadline: float  # used at the deadline only
    worth: float  # used at any time until the deadline
    word: str  # exercise now, wait, nothing to win
    trigger: Trigger | None = None  # of a right to buy


def value_right(found: Right, volatility: float, source: str, correlation: float = CORRELATION) -> Valued:
    """A right at one volatility, with the word for it."""
    late, free = at_deadline(found, volatility, correlation), at_any_time(found, volatility, correlation)
    word = action(free, found.now, found.business.value)
    return Valued(volatility, source, late, free, word, trigger(found, volatility))


def action(worth: float, now: float, business: float) -> str:
    """The word for a right: what to do with it today.

    exercise now: it brings money at once and waiting adds at most 1 % of the business; wait: the right is worth more
    than that above exercise at once; nothing to win: it is worth at most 1 % of the business.

    >>> action(330, 325, 650), action(400, 325, 650), action(3, -200, 650)
    ('exercise now', 'wait', 'nothing to win')
    """
    limit = WORTH_NAMING * business
    if worth <= limit and now <= limit:
        return "nothing to win"
    return "wait" if worth - max(now, 0.0) > limit else "exercise now"


@dataclass(frozen=True)
class Choice:
    """One option of the client with all that is said about it. Without a right, ``sentences`` say why."""

    item: object  # as the client gives it
    right: Right | None
    valued: tuple[Valued, ...]
    word: str  # exercise now, wait, nothing to win, withheld, not valued
    sentence: str
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.item.asset_id}, {self.item.kind}"


def choices(
    plan: Plan, distribution: Distribution, money: Callable[[float], str], correlation: float = CORRELATION
) -> tuple[Choice, ...]:
    """Every option of the client, at each volatility that has a source, with its conclusion."""
    found = []
    for item in plan.client.options:
        name = f"{item.asset_id}, {item.kind}"
        if plan.asset(item.asset_id).eu_ai_act_class == "prohibited":
            reason = unfounded(plan, plan.group(item.asset_id))
            found.append(Choice(item, None, (), "not valued", f"{name}: not valued: {reason}."))
            continue
        if item.kind == "stage" and invested(plan, item.asset_id):
            words = f"{name}: its payments are in costs.csv, and the right to refuse them is valued there, once."
            found.append(Choice(item, None, (), "not valued", words))
            continue
        try:
            base = business(plan, distribution, item.asset_id, item.kind)
            offered = right(plan, item, base)
        except Undefined as problem:
            found.append(Choice(item, None, (), "not valued", f"{name}: {problem}"))
            continue
        sources, remarks, stated = volatilities(item, base)
        valued = tuple(value_right(offered, sigma, source, correlation) for source, sigma in sources.items())
        if not valued:
            words = f"{name}: no volatility has a source, so nothing is valued."
            found.append(Choice(item, offered, (), "not valued", words, remarks))
            continue
        word, sentence = conclusion(plan, offered, valued, stated, money)
        remarks = (*remarks, *delay_sentences(offered, valued[0], money))
        found.append(Choice(item, offered, valued, word, sentence, remarks))
    return tuple(found)


def unfounded(plan: Plan, group: Group) -> str:
    """Why nothing is concluded about a group; empty where something is."""
    said = group_verdict(plan, group, 0.0)
    return "" if said.concluded else said.reason


def conclusion(
    plan: Plan, found: Right, valued: Sequence[Valued], stated: bool, money: Callable[[float], str]
) -> tuple[str, str]:
    """The word for a right and the sentence with it.

    Withheld: the value of the group is withheld or not shown, the stated volatility has no source, or the
    action differs between the volatilities.
    """
    name = f"{found.asset_id}, {found.kind}"
    reason = unfounded(plan, plan.group(found.asset_id))
    if reason:
        return "withheld", f"{name}: no conclusion: {reason}."
    if not stated:
        return "withheld", f"{name}: no conclusion, because the volatility has no source."
    words = sorted({item.word for item in valued})
    if len(words) > 1:
        told = ", ".join(words)
        return "withheld", f"{name}: no conclusion: which action is best depends on the volatility ({told})."
    word, best = valued[0].word, max(item.worth for item in valued)
    if word == "nothing to win" and best < 1:
        return word, f"{name}: nothing to win at any of the volatilities."
    if word == "nothing to win":
        return word, f"{name}: nothing to win at any of the volatilities; the right is worth at most {money(best)}."
    if word == "wait":
        low, high = (pick(item.worth - max(found.now, 0.0) for item in valued) for pick in (min, max))
        return word, (
            f"{name}: wait. Waiting is worth {money(low)} to {money(high)} more than the better of acting today and never."
            + awaited(found, valued, money)
        )
    sentence = (
        f"{name}: exercise now. It brings {money(found.now)} at once, and at every volatility waiting costs more in lost "
        "flows than it brings in news."
    )
    if _patience_pays(found, valued[0]):
        sentence += " This rests on the fixed horizon: see what holds without it."
    return word, sentence


def out_of_reach(valued: Sequence[Valued]) -> bool:
    """Whether the draws' own upper end lies below the level from which a right is used, at every volatility (rule Option)."""
    return bool(valued) and all(one.trigger is not None and one.trigger.out_of_reach for one in valued)


def awaited(found: Right, valued: Sequence[Valued], money: Callable[[float], str]) -> str:
    """What a right that waits is waiting for, and whether the draws come there; a sentence or more, after a space."""
    told = f" Used today it loses {money(-found.now)}." if found.now < 0 else ""
    if (level := valued[0].trigger) is None:
        return told
    told += f" It is best used once the business is {level.least:.1f} times as large as its mean of today, {level.last:.1f} times at the deadline."
    if out_of_reach(valued):
        told += (
            f" Nineteen draws in twenty stay below {level.reached:.1f} times: it is not expected to be used, and what it is worth rests "
            "on a volatility that the draws do not have."
        )
    return told


def patient(found: Right, volatility: float) -> float:
    """What the right to buy would be worth if what is bought later ran as long as if bought today: the upper end."""
    paid = discount_factor(found.rate, found.years) * found.cost
    return black_scholes(found.share * found.business.value, paid, 0.0, volatility, found.years)


def _patience_pays(found: Right, valued: Valued) -> bool:
    """Whether waiting would beat acting if it cost nothing, though it does not as things are."""
    if found.kind in ("abandon", "switch") or valued.word == "wait":
        return False
    gained = patient(found, valued.volatility) - max(found.now, 0.0)
    return gained > WORTH_NAMING * found.business.value


def delay_sentences(found: Right, valued: Valued, money: Callable[[float], str]) -> tuple[str, ...]:
    """What rests on the cost of delay, for a right to buy."""
    if found.kind in ("abandon", "switch"):
        return ()
    lost = 1 - found.business.left(found.years)
    words = (
        f"{found.asset_id}, {found.kind}: {100 * lost:.0f} % of the business flows before the deadline, because nothing counts after "
        "the horizon; whoever waits loses it."
    )
    if _patience_pays(found, valued):
        words += (
            f" If what is bought later ran as long as if bought today, the right would be worth {money(patient(found, valued.volatility))}, "
            "and waiting would be best: ask which of the two holds."
        )
    return (words,)


def deadline(plan: Plan, years: float) -> date:
    """The last day of an option."""
    return years_later(plan.date, years)
