"""Speed and cost of models in use: cost per thousand, build or buy, waiting time against servers (from usage.csv)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lepton_nb.client import ThreePoint
from lepton_nb.valuation import cashflows, economics
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model.money import gain_per_case
from lepton_nb.value_model.reading import Plan, horizon_end

HOURS_A_MONTH = 365 * 24 / 12
SECONDS_A_MONTH = 3600 * HOURS_A_MONTH
#: 95 % point over median of exponential service times, ln 20 / ln 2: what M/M/c takes for granted.
EXPONENTIAL = math.log(20) / math.log(2)
#: Upper limits of the utilisation in the busiest hour for each word, in order.
LOADS = ((0.10, "idle"), (0.70, "comfortable"), (0.90, "tight"), (1.0, "at its limit"))
MORE_SERVERS = 64


# ---------------------------------------------------------------- what a month of use says


@dataclass(frozen=True)
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
    hardware: float  # yearly cost of replacing the hardware at what it cost
    server_running: float  # running cost of the infrastructure in it, most likely
    hardware_words: str
    energy_kwh_a_thousand: float
    gpu_hours_a_thousand: float

    @property
    def requests_a_year(self) -> float:
        """The mean month times twelve."""
        return 12 * self.requests_a_month

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
        return ThreePoint(*(1000 * amount / self.requests_a_year for amount in cost))


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

    Servers: GPU hours over the hours of the month, rounded, at least 1. Costs: operation costs of the twelve months
    after the valuation date, of the asset and of all that feed it, undivided. Hardware: what was paid for hardware of
    these assets, as the level yearly cost over each one's useful life at the group's discount rate.
    """
    found, sentences = [], []
    for asset_id in dict.fromkeys(row.asset_id for row in plan.client.usage):
        rows = sorted((row for row in plan.client.usage if row.asset_id == asset_id), key=lambda row: row.month)
        requests = sum(row.requests for row in rows)
        if requests == 0:
            sentences.append(f"{asset_id}: no requests in {len(rows)} months, so there is no cost per prediction.")
            continue
        slowest = max(rows, key=lambda row: row.p95_ms)
        try:
            mean, variation = service_time(slowest.p50_ms / 1000, slowest.p95_ms / 1000)
        except Undefined as problem:
            sentences.append(f"{asset_id}: {problem}")
            continue
        hours = sum(row.gpu_hours for row in rows) / len(rows)
        servers = max(round(hours / HOURS_A_MONTH), 1)
        source = (
            f"{servers} server{'s' if servers > 1 else ''}, from {hours:,.0f} GPU hours a month over {HOURS_A_MONTH:.0f} hours"
            if hours
            else "no GPU hours given: one server taken"
        )
        own = yearly_cost(plan, {asset_id})
        needed = plan.needs[asset_id]
        infrastructure = {name for name in needed if plan.asset(name).kind == "infrastructure"}
        hardware, words = _hardware(plan, asset_id)
        found.append(
            Service(
                asset_id, len(rows), f"{rows[0].month:%Y-%m}", f"{rows[-1].month:%Y-%m}", requests / len(rows),
                slowest.p50_ms / 1000, slowest.p95_ms / 1000, mean, variation, servers, source, own,
                yearly_cost(plan, needed), hardware, yearly_cost(plan, infrastructure).mode, words,
                1000 * sum(row.energy_kwh for row in rows) / requests, 1000 * sum(row.gpu_hours for row in rows) / requests,
            )
        )  # fmt: skip
    return tuple(found), tuple(sentences)


def yearly_cost(plan: Plan, assets) -> ThreePoint:
    """Forecast operation costs of the twelve months after the valuation date; money out."""
    end = horizon_end(plan.date, 1)
    rows = [
        row
        for row in plan.client.costs
        if row.asset_id in assets
        and row.kind == "forecast"
        and row.phase == "operation"
        and plan.date <= row.date <= end
    ]
    return ThreePoint(*(sum(getattr(row.amount, side) for row in rows) for side in ("low", "mode", "high")))


def _hardware(plan: Plan, asset_id: str) -> tuple[float, str]:
    total, words = 0.0, []
    for name in sorted(plan.needs[asset_id]):
        asset, group = plan.asset(name), plan.group(name)
        paid = sum(
            row.amount.mode
            for row in plan.client.costs
            if row.asset_id == name and row.kind == "actual" and row.category == "hardware"
        )
        if paid and group is not None:
            total += cashflows.equivalent_annual_cost(group.rate, [paid], asset.useful_life_years)
            words.append(f"{name}: {paid:,.0f} {plan.currency} over {asset.useful_life_years:g} years")
    return total, "; ".join(words)


# ---------------------------------------------------------------- build or buy


@dataclass(frozen=True)
class Price:
    """An offer for bought predictions; money per 1,000."""

    asset_id: str
    per_thousand: float
    source: str


def offers(client) -> tuple[Price, ...]:
    """Prices per thousand predictions in market.csv: basis api_list_price or offer, unit per 1000 requests."""
    found = []
    for row in getattr(client, "comparables", ()):
        unit = row.unit.lower().replace(",", "").replace(" ", "")
        if row.asset_id and row.basis in ("api_list_price", "offer") and unit.startswith(("per1000", "perthousand")):
            found.append(Price(row.asset_id, row.price * row.adjustment, f"{row.comparable}, {row.date} (market.csv)"))
    return tuple(found)


def build_or_buy(
    service: Service, price: float, money: Callable[[float], str], marginal: float = 0.0
) -> tuple[str, float | None, str]:
    """The word, the break-even volume a year and the sentence for an offer of ``price`` per 1,000 predictions.

    Own costs a year, hardware replaced, are fixed; ``marginal``: own money per 1,000 that grows with volume. Rule: build
    where today's volume is above the break-even volume at all low, most likely and all high costs; buy where it is below
    at all three; close where they differ.
    """
    name, volume = service.asset_id, service.requests_a_year
    try:
        volumes = [economics.break_even_volume(price, amount, marginal) for amount in service.full_cost]
    except Undefined:
        return (
            "buy",
            None,
            f"{name}: buy. Each own prediction costs no less than a bought one, so no volume breaks even.",
        )
    low, middle, high = volumes
    word = "build" if volume > high else "buy" if volume < low else "close"
    told = {
        "build": "keep one's own",
        "buy": "buying is cheaper",
        "close": "too close to call: the range of the costs decides",
    }[word]
    at = f"{middle:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return word, middle, f"{name}: {told}. At {money(price)} per 1,000 the volumes break even at {at} a year."


def price_sentence(service: Service, money: Callable[[float], str]) -> str:
    """Without an offer: the price below which buying would be cheaper at today's volume."""
    running, full = service.a_thousand(service.cost), service.a_thousand(service.full_cost)
    if full.mode == 0:
        return f"{service.asset_id}: costs.csv gives no running cost for the next twelve months, so there is no price to compare."
    words = f"{service.asset_id}: an offer that replaces all of these costs is cheaper below {money(running.mode)} per 1,000"
    if full.mode > running.mode:
        words += f"; once the hardware has to be replaced, below {money(full.mode)}"
    return words + "."


@dataclass(frozen=True)
class Cover:
    """From which volume a benefit pays for what it costs to run; a year, in the benefit's own unit; before tax."""

    asset_id: str
    driver_id: str
    unit: str
    volume: float  # most likely, of the first whole year, times adoption
    worth: float  # money per unit, as attributed, without decay
    cost: float  # running costs a year with all that feed it
    break_even: float
    sentence: str


def covers(plan: Plan, money: Callable[[float], str]) -> tuple[tuple[Cover, ...], tuple[str, ...]]:
    """Break-even volume of each benefit that alone would have to carry its asset's running costs.

    What the benefit saves per unit is the price of doing without the asset (buying the translation, the manual
    inspection), so this is build or buy for the whole asset. Rule: covered where the volume is at least the
    break-even volume.
    """
    found, sentences = [], []
    latest = {(line.asset_id, line.driver_id): line for line in plan.benefits}
    rows = {(row.asset_id, row.driver_id): row for row in plan.client.benefits}
    for key, line in latest.items():
        row = rows[key]
        if line.link == "confusion":
            worth = float(gain_per_case(plan.evaluation(line.link_id)))
        else:
            worth = line.unit_value.mode
        if line.link == "acceptance":
            counts = plan.accepted(line.link_id)
            worth *= counts.accepted / counts.n
        worth *= row.attribution
        cost = yearly_cost(plan, plan.needs[line.asset_id]).mode
        name = f"{line.asset_id}, {line.driver_id.replace('_', ' ')}"
        if cost == 0:
            sentences.append(f"{name}: no running cost is given, so any volume covers it.")
            continue
        try:
            least = economics.break_even_volume(1000 * max(worth, 0.0), cost, 0.0)
        except Undefined:
            sentences.append(
                f"{name}: one unit brings nothing ({money(worth)}), so no volume covers the running costs."
            )
            continue
        volume = line.volume.mode * row.adoption
        found.append(
            Cover(
                line.asset_id, line.driver_id, line.unit, volume, worth, cost, least,
                cover_sentence(name, volume, least),
            )
        )  # fmt: skip
    return tuple(found), tuple(sentences)


def cover_sentence(name: str, volume: float, least: float) -> str:
    """Rule: covered where the volume is at least the break-even volume."""
    if volume >= least:
        return f"{name}: covers its running costs {volume / least:.1f} times."
    return f"{name}: does not cover its running costs alone; {100 * volume / least:.0f} % of the break-even volume is reached."


# ---------------------------------------------------------------- waiting


@dataclass(frozen=True)
class Choice:
    """So many servers, with one queue for all or one each. Times in seconds, money a year."""

    name: str
    servers: int
    pooled: bool
    utilisation: float
    waiting: float  # chance that a request waits
    mean_wait: float
    p95: float  # wait and service
    cost: float  # per 1,000 requests


def choices(
    arrivals: float,
    service_rate: float,
    cost_a_server: float,
    requests_a_year: float,
    counts: Sequence[int],
    other_cost: float = 0.0,
) -> tuple[Choice, ...]:
    """Every number of servers, pooled (M/M/c) and with a queue each (M/M/1); counts that cannot serve are left out.

    arrivals, service_rate: per second; cost_a_server, other_cost: money a year, the latter whatever the number.
    """
    found = []
    for count in sorted(set(counts)):
        for pooled in (True, False) if count > 1 else (True,):
            try:
                queue = (
                    economics.erlang_c(arrivals, service_rate, count)
                    if pooled
                    else economics.mm1(arrivals / count, service_rate)
                )
            except Undefined:
                continue
            words = "1 server" if count == 1 else f"{count} servers, {'one queue' if pooled else 'a queue each'}"
            found.append(
                Choice(
                    words, count, pooled, queue.utilisation, queue.probability_of_waiting, queue.mean_wait, queue.p95_time,
                    1000 * (cost_a_server * count + other_cost) / requests_a_year,
                )
            )  # fmt: skip
    return tuple(found)


def front(found: Sequence[Choice]) -> tuple[str, ...]:
    """Names of the choices that no other beats in cost and in the 95 % response time (to a tenth of a millisecond)."""
    if not found:
        return ()
    return economics.pareto_front({item.name: (item.cost, round(item.p95, 4)) for item in found})


def load_word(utilisation: float) -> str:
    """The word for a utilisation in the busiest hour: idle to 10 %, comfortable to 70 %, tight to 90 %, at its limit below 100 %.

    >>> load_word(0.05), load_word(0.7), load_word(0.95), load_word(1.2)
    ('idle', 'comfortable', 'at its limit', 'overloaded')
    """
    return next((word for limit, word in LOADS if utilisation <= limit and utilisation < 1), "overloaded")


def load_sentence(service: Service, peak: float) -> str:
    """How full the servers are in the busiest hour, and what that means. Rule: :func:`load_word`."""
    busy = peak * service.arrivals / (service.servers * service.service_rate)
    meaning = {
        "idle": "a smaller server would do"
        if service.servers == 1
        else "fewer would answer as fast, unless each must stand at its own place",
        "comfortable": "hardly anyone waits",
        "tight": "waiting grows fast with the next customers",
        "at its limit": "a little more load and the queue grows without end",
        "overloaded": "more arrives than can be served",
    }[load_word(busy)]
    share = f"{100 * busy:.2g}" if busy < 0.1 else f"{100 * busy:.0f}"
    servers = f"{service.servers} server{'s' if service.servers > 1 else ''}"
    return f"{service.asset_id}: {servers}, {share} % busy in the busiest hour: {load_word(busy)}; {meaning}."


def model_sentence(service: Service) -> str:
    """Whether M/M/c is on the safe side. Rule: it is where the 95 % point is at most ln 20 / ln 2 = 4.32 medians."""
    ratio = service.p95 / service.p50
    side = "safe" if ratio <= EXPONENTIAL else "optimistic"
    words = {
        "safe": "the true service times vary less than M/M/c assumes, so the waits shown are too long: the safe side",
        "optimistic": "the true service times vary more than M/M/c assumes: real waits are longer than shown",
    }[side]
    return f"{service.asset_id}: 95 % point {ratio:.1f} times the median (M/M/c: {EXPONENTIAL:.2f}); {words}."


def fewest_servers(arrivals: float, service_rate: float, target: float) -> int | None:
    """The smallest pooled number of servers whose 95 % response time is at most ``target`` seconds; None: none of 64.

    No number of servers answers faster than the service itself: its 95 % point is ln 20 / service_rate.
    """
    for count in range(1, MORE_SERVERS + 1):
        try:
            if economics.erlang_c(arrivals, service_rate, count).p95_time <= target:
                return count
        except Undefined:
            continue
    return None


def headroom(service_rate: float, servers: int, target: float) -> float:
    """The highest arrival rate at which so many pooled servers keep the 95 % response time within ``target`` seconds.

    0 where they do not keep it even without load. By bisection; the time grows with the load.
    """
    if economics.erlang_c(0.0, service_rate, servers).p95_time > target:
        return 0.0
    low, high = 0.0, servers * service_rate
    for _ in range(100):
        middle = (low + high) / 2
        if middle < servers * service_rate and economics.erlang_c(middle, service_rate, servers).p95_time <= target:
            low = middle
        else:
            high = middle
    return low
