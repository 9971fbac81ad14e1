"""What a model costs in use: months of use, cost per thousand, build or buy, the volume that covers its costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from lepton_nb import terms
from lepton_nb.client import ThreePoint
from lepton_nb.valuation import cashflows, economics
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model import market
from lepton_nb.value_model.limited import Limited, limited
from lepton_nb.value_model.line_money import unit_value
from lepton_nb.value_model.lines import Plan
from lepton_nb.value_model.times import periods, years_later

HOURS_A_MONTH = 365 * 24 / 12
SECONDS_A_MONTH = 3600 * HOURS_A_MONTH

#: How use, cost and offers are read. Each rule has a test; the chapter prints them all.
RULES = market.RULES | {
    "Cost of a year": "Forecast running costs of the twelve months after the valuation date: of the asset and of all "
    "that feeds it, with the trainings anew that fall due; of a whole year's figure the days in these months. Hardware that was paid for counts as a level yearly amount over its useful life, at the rate of the group.",
    "Build or buy": "An offer is held against the costs that end if it is taken: those of the asset and of what serves it "
    "alone. What was paid for hardware stays paid whoever serves, so it ends with nothing. Build where the offer costs more than these at low, most likely and high; buy where it costs less than all three; "
    "close where they differ. Duties that stay with the owner (checks, documents) must be added to the offer.",
    "Covered": "A benefit covers its running costs where its volume is at least the volume at which it brings what a year costs.",
}


# ---------------------------------------------------------------- what a month of use says


@dataclass(frozen=True, kw_only=True)
class Service:
    """One asset in use. Times in seconds, rates per second, money a year; ranges: all low, most likely, all high."""

    asset_id: str
    months: int
    first: str
    last: str
    requests_a_month: float
    p50: float  # of the slowest month
    p95: float
    mean_service: float
    variation: float  # standard deviation of the service time over its mean
    servers: int
    servers_source: str
    own_cost: ThreePoint  # running costs of the asset
    cost: ThreePoint  # with those of all assets that feed it
    ending_cost: ThreePoint  # of the asset and of what serves it alone: they end if it is bought, with that hardware
    shared: tuple[str, ...]  # what feeds it and others too
    hardware: float  # yearly cost of replacing the hardware at what it cost
    server_running: float  # running cost of the infrastructure in it, most likely
    hardware_words: str
    energy_kwh_a_thousand: float
    gpu_hours_a_thousand: float

    @property
    def requests_a_year(self) -> float:
        """The mean month times twelve."""
        return market.MONTHS * self.requests_a_month

    @property
    def arrivals(self) -> float:
        """Mean requests per second over the whole month, nights included."""
        return self.requests_a_month / SECONDS_A_MONTH

    @property
    def service_rate(self) -> float:
        """Answers per second of one server at full load."""
        return 1 / self.mean_service

    @property
    def server_cost(self) -> float:
        """Money a year for one server: running cost of the infrastructure and replacement of the hardware."""
        return (self.server_running + self.hardware) / self.servers

    @property
    def full_cost(self) -> ThreePoint:
        """Running costs with the replacement of the hardware."""
        return ThreePoint(*(amount + self.hardware for amount in self.cost))

    def a_thousand(self, cost: ThreePoint) -> ThreePoint:
        """Money per 1,000 requests at today's volume."""
        return ThreePoint(*(market.per_thousand(amount, self.requests_a_year) for amount in cost))


def service_time(p50: float, p95: float) -> tuple[float, float]:
    r"""Mean and coefficient of variation of a lognormal with this median and 95 % point.

    $\sigma = \ln(p_{95}/p_{50}) / 1.6449$, mean $p_{50} e^{\sigma^2/2}$, variation $\sqrt{e^{\sigma^2} - 1}$. Measured
    times include any waiting, so the service is not slower than this.

    >>> mean, variation = service_time(1.0, 2.0)
    >>> round(mean, 4), round(variation, 4)
    (1.0929, 0.4408)
    """
    if not 0 < p50 <= p95:
        raise Undefined(f"A median of {1000 * p50:g} ms and a 95 % point of {1000 * p95:g} ms give no service time.")
    sigma = math.log(p95 / p50) / 1.6448536269514722
    return p50 * math.exp(sigma**2 / 2), math.sqrt(math.expm1(sigma**2))


def services(plan: Plan) -> tuple[tuple[Service, ...], tuple[str, ...]]:
    """Every asset with usage, and sentences for those whose figures give no service.

    Servers: GPU hours over the hours of the month, rounded, at least 1. Costs: rule Cost of a year.
    """
    found, sentences = [], []
    for asset_id in dict.fromkeys(row.asset_id for row in plan.client.usage):
        rows = sorted((row for row in plan.client.usage if row.asset_id == asset_id), key=lambda row: row.month)
        try:
            found.append(_service(plan, asset_id, rows))
        except Undefined as problem:
            sentences.append(f"{asset_id}: {problem}")
    return tuple(found), tuple(sentences)


def _service(plan: Plan, asset_id: str, rows) -> Service:
    requests = sum(row.requests for row in rows)
    if requests == 0:
        raise Undefined(f"no requests in {len(rows)} months, so there is no cost per prediction.")
    slowest = max(rows, key=lambda row: row.p95_ms)
    mean, variation = service_time(slowest.p50_ms / 1000, slowest.p95_ms / 1000)
    hours = sum(row.gpu_hours for row in rows) / len(rows)
    servers = max(round(hours / HOURS_A_MONTH), 1)
    needed, alone = plan.needs[asset_id], serving_alone(plan, asset_id)
    hardware = {name: hardware_a_year(plan, name) for name in sorted(needed)}
    return Service(
        asset_id=asset_id,
        months=len(rows),
        first=f"{rows[0].month:%Y-%m}",
        last=f"{rows[-1].month:%Y-%m}",
        requests_a_month=requests / len(rows),
        p50=slowest.p50_ms / 1000,
        p95=slowest.p95_ms / 1000,
        mean_service=mean,
        variation=variation,
        servers=servers,
        servers_source=_servers_source(servers, hours),
        own_cost=yearly_cost(plan, {asset_id}),
        cost=yearly_cost(plan, needed),
        ending_cost=yearly_cost(plan, alone),
        shared=tuple(sorted(needed - alone)),
        hardware=sum(hardware.values()),
        server_running=yearly_cost(plan, {name for name in needed if plan.asset(name).kind == "infrastructure"}).mode,
        hardware_words="; ".join(
            f"{name}: {hardware_paid(plan, name):,.0f} {plan.currency} over {plan.asset(name).useful_life_years:g} years"
            for name, amount in hardware.items()
            if amount
        ),
        energy_kwh_a_thousand=1000 * sum(row.energy_kwh for row in rows) / requests,
        gpu_hours_a_thousand=1000 * sum(row.gpu_hours for row in rows) / requests,
    )


def _servers_source(servers: int, hours: float) -> str:
    if not hours:
        return "no GPU hours given: one server taken"
    plural = "s" if servers > 1 else ""
    return f"{servers} server{plural}, from {hours:,.0f} GPU hours a month over {HOURS_A_MONTH:.0f} hours"


# ---------------------------------------------------------------- what a year costs


def yearly_cost(plan: Plan, assets) -> ThreePoint:
    """Forecast operation costs of the twelve months after the valuation date, trainings anew among them; money out.

    The day itself is not one of them, so that a cost dated on the same day of each year counts once. Of a whole year's
    figure (a row with a year in place of a date) the days in these months count.
    """
    end = years_later(plan.date, 1)
    parts = {span.year: span.share for span in periods(plan.date, 1, "end")}
    counted = []
    for row in plan.client.costs:
        if row.asset_id in assets and row.kind == "forecast" and row.phase == "operation":
            share = parts.get(row.year, 0.0) if row.date is None else float(plan.date < row.date <= end)
            counted.append((share, row.amount))
    for name in sorted(assets):
        lines = (
            line for line in plan.costs_of.get(name, ()) if (line.category, line.source) == ("retraining", "assets.csv")
        )
        counted += [(line.share, line.amount) for line in lines if plan.date < line.date <= end]
    return ThreePoint(*(sum(share * getattr(amount, side) for share, amount in counted) for side in ThreePoint._fields))


def hardware_paid(plan: Plan, asset_id: str) -> float:
    """What was paid for hardware of this asset."""
    return sum(
        row.amount.mode
        for row in plan.client.costs
        if row.asset_id == asset_id and row.kind == "actual" and row.category == "hardware"
    )


def hardware_a_year(plan: Plan, asset_id: str) -> float:
    """The level yearly cost of replacing it over its useful life, at the rate of its group; 0 without a group."""
    group, paid = plan.group(asset_id), hardware_paid(plan, asset_id)
    if not paid or group is None:
        return 0.0
    return cashflows.equivalent_annual_cost(group.rate, [paid], plan.asset(asset_id).useful_life_years)


def serving_alone(plan: Plan, asset_id: str) -> frozenset[str]:
    """The asset and what feeds nothing but it and what feeds it: their costs end with it."""
    needed = plan.needs[asset_id]
    others = [needs for name, needs in plan.needs.items() if name not in needed and asset_id not in needs]
    return frozenset({asset_id}) | {name for name in needed if not any(name in needs for needs in others)}


# ---------------------------------------------------------------- build or buy


@dataclass(frozen=True, kw_only=True)
class BuildOrBuy:
    """An offer held against one's own costs. Money a year; volume and break_even in the unit of ``unit``."""

    asset_id: str
    offer: market.YearlyPrice
    own: ThreePoint  # what ends if it is bought, with what grows with the volume
    per_thousand: float  # of the offer; both at one volume, ``counted``
    own_per_thousand: ThreePoint
    counted: str  # what a thousand is of: units of the offer's volume, else requests
    break_even: float | None  # None: the price does not depend on the volume, or no volume breaks even
    unit: str
    word: str
    sentence: str


def build_or_buy(
    service: Service, offer: market.YearlyPrice, money: Callable[[float], str], marginal: float = 0.0
) -> BuildOrBuy:
    """The word, the break-even volume and the sentence for an offer (rule Build or buy).

    marginal: own money per 1,000 requests that grows with the volume; all other own costs are fixed.
    """
    grown = marginal * service.requests_a_year / 1000
    own = ThreePoint(*(amount + grown for amount in service.ending_cost))
    word = "build" if offer.amount > own.high else "buy" if offer.amount < own.low else "close"
    unit = offer.volume.unit if offer.volume else ""
    volume = _break_even(offer, service.ending_cost.mode, grown)
    basis = offer.volume or market.Volume(service.requests_a_year, "requests", "usage.csv")
    thousand = offer.per_thousand(basis.amount)
    own_thousand = ThreePoint(*(market.per_thousand(amount, basis.amount) for amount in own))
    return BuildOrBuy(
        asset_id=service.asset_id,
        offer=offer,
        own=own,
        per_thousand=thousand,
        own_per_thousand=own_thousand,
        counted=basis.unit,
        break_even=volume,
        unit=unit,
        word=word,
        sentence=_told(service, word, money(thousand), money(own_thousand.mode), offer, volume),
    )


def _break_even(offer: market.YearlyPrice, fixed: float, grown: float) -> float | None:
    """Units a year at which the offer costs as much as ``fixed`` and what grows with the volume (``grown`` today)."""
    if offer.volume is None:
        return None
    today = offer.volume.amount
    try:
        return economics.break_even_volume(1000 * offer.amount / today, fixed, 1000 * grown / today)
    except Undefined:
        return None


def _told(service: Service, word: str, bought: str, own: str, offer, volume: float | None) -> str:
    told = {
        "build": "keep one's own",
        "buy": "buying is cheaper",
        "close": "too close to call: the range of the costs decides",
    }[word]
    words = f"{service.asset_id}: {told}. {offer.comparable} costs {bought} per 1,000 {offer.volume.unit if offer.volume else 'requests'}, what it ends {own}"
    if volume is not None:
        at = f"{volume:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
        words += f"; they break even at {at} {offer.volume.unit} a year"
    elif offer.volume is not None:
        words += "; each own one costs no less than a bought one, so no volume breaks even"
    if service.shared:
        words += f". The costs of {', '.join(service.shared)} stay, because others use it"
    return words + "."


def price_sentence(service: Service, money: Callable[[float], str]) -> str:
    """The price below which an offer would be cheaper at today's volume."""
    own = service.a_thousand(service.ending_cost)
    if own.mode == 0:
        return f"{service.asset_id}: costs.csv gives no cost that would end if it were bought, so there is no price to compare."
    return f"{service.asset_id}: an offer that ends all of these costs, duties of the owner among them, is cheaper below {money(own.mode)} per 1,000 requests."


def offered(plan: Plan, service: Service, price_per_thousand: float = 0.0) -> tuple[market.YearlyPrice, ...]:
    """The offers for one service: those of market.csv and, if given, one price per 1,000 requests."""
    found = [offer for offer in market.offers(plan)[0] if offer.asset_id == service.asset_id]
    if price_per_thousand:
        requests = market.Volume(service.requests_a_year, "requests", "usage.csv")
        amount = price_per_thousand * service.requests_a_year / 1000
        found.append(
            market.YearlyPrice(
                asset_id=service.asset_id,
                comparable="The price set as a parameter",
                basis="offer",
                price=price_per_thousand,
                unit="per thousand",
                volume=requests,
                amount=amount,
                source="parameter",
                sentence=f"{service.asset_id}, the price set as a parameter: {amount:,.0f} a year.",
            )
        )
    return tuple(found)


# ---------------------------------------------------------------- doing without


@dataclass(frozen=True, kw_only=True)
class Cover:
    """From which volume a benefit pays for what it costs to run; a year, in the benefit's own unit; before tax."""

    asset_id: str
    driver_id: str
    unit: str
    volume: float  # most likely, of the last year given, times adoption
    worth: float  # money per unit, as attributed, without decay
    cost: float  # running costs a year with all that feed it
    break_even: float
    sentence: str
    held: bool = False  # whether a substitute's price caps what the asset brings

    @property
    def times(self) -> float:
        """How many times the volume covers the running costs."""
        return self.volume / self.break_even


def covers(plan: Plan, money: Callable[[float], str]) -> tuple[tuple[Cover, ...], tuple[str, ...]]:
    """Break-even volume of each benefit that alone would have to carry its asset's running costs (rule Covered).

    What the benefit saves per unit is the price of doing without the asset, so this is build or buy for all of it.
    """
    found, sentences, held = [], [], limited(plan)
    for line in {(line.asset_id, line.driver_id): line for line in plan.benefits}.values():
        worth = unit_value(plan, line) * line.attribution.mode
        cost = yearly_cost(plan, plan.needs[line.asset_id]).mode
        name = f"{line.asset_id}, {terms.spoken(line.driver_id)}"
        if cost == 0:
            sentences.append(f"{name}: no running cost is given, so any volume covers it.")
            continue
        try:
            least = economics.break_even_volume(1000 * max(worth, 0.0), cost, 0.0)
        except Undefined:
            told = f"one unit brings nothing ({money(worth)}), so no volume covers the running costs"
            sentences.append(f"{name}: {told}.")
            continue
        volume = line.volume.mode * line.adoption.mode
        found.append(
            Cover(
                asset_id=line.asset_id,
                driver_id=line.driver_id,
                unit=line.unit,
                volume=volume,
                worth=worth,
                cost=cost,
                break_even=least,
                sentence=cover_sentence(name, volume, least, cost, held.get(line.asset_id)),
                held=line.asset_id in held,
            )
        )
    return tuple(found), tuple(sentences)


def cover_sentence(name: str, volume: float, least: float, cost: float = 0.0, held: Limited | None = None) -> str:
    """Rule Covered, as a sentence. cost: of a year; held: what a substitute's price leaves of all benefits of the asset."""
    if volume >= least:
        times = f"{name}: covers its running costs {volume / least:.1f} times"
        if held is None:
            return f"{times}."
        return f"{times}, before the cap of its substitute's price; with it all its benefits of {held.year} cover them {held.after / cost:.1f} times."
    return f"{name}: does not cover its running costs alone; {100 * volume / least:.0f} % of the break-even volume is reached."
