"""How long a request waits: servers, queues, the load of the busiest hour, the front of speed and cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lepton_nb.valuation import economics
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model import market
from lepton_nb.value_model.serving import Service

#: 95 % point over median of exponential service times, ln 20 / ln 2: what M/M/c takes for granted.
EXPONENTIAL = math.log(20) / math.log(2)
#: Upper limits of the utilisation in the busiest hour for each word, in order.
LOADS = ((0.10, "idle"), (0.70, "comfortable"), (0.90, "tight"), (1.0, "at its limit"))
MORE_SERVERS = 64


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
                    market.per_thousand(cost_a_server * count + other_cost, requests_a_year),
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


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One service in its busiest hour. Rates per second, times in seconds; cost of a choice per 1,000 requests."""

    name: str
    arrivals: float
    service_rate: float
    servers: int
    choices: tuple[Choice, ...]
    front: tuple[str, ...]
    target: float  # longest 95 % response time that is accepted
    fewest: int | None
    headroom: float  # so many times the arrivals of the busiest hour keep the target
    utilisation: float
    priced: bool  # whether a server costs anything


def waiting(service: Service, peak: float, target: float) -> Waiting:
    """A service whose busiest hour carries ``peak`` times the mean hour; target: times an idle server's 95 % point."""
    other = service.full_cost.mode - service.servers * service.server_cost
    return _waiting(service.asset_id, peak * service.arrivals, service.service_rate, service.servers,
                    service.server_cost, service.requests_a_year, other, target)  # fmt: skip


def example(target: float) -> Waiting:
    """A worked example with round numbers, for a client that gives no use."""
    return _waiting("Worked example, not the client's", 8.0, 2.5, 5, 12_000.0, 5.0e7, 20_000.0, target)


def _waiting(name, arrivals, rate, servers, server_cost, requests, other, target) -> Waiting:
    near = {1, 2, 3, 4, *range(max(servers - 2, 1), servers + 3)}
    found = choices(arrivals, rate, server_cost, requests, near, other)
    longest = target * economics.erlang_c(0.0, rate, 1).p95_time
    return Waiting(
        name=name,
        arrivals=arrivals,
        service_rate=rate,
        servers=servers,
        choices=found,
        front=front(found),
        target=longest,
        fewest=fewest_servers(arrivals, rate, longest),
        headroom=headroom(rate, servers, longest) / arrivals,
        utilisation=arrivals / (servers * rate),
        priced=server_cost > 0,
    )


def curves(found: Waiting) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Arrivals per second and the 95 % response time in seconds, for 1, 2, 4 servers and those of today."""
    shares = np.concatenate([np.linspace(0.02, 0.9, 45), np.linspace(0.91, 0.985, 16)])
    drawn = {}
    for servers in sorted({1, 2, 4, found.servers}):
        load = shares * servers * found.service_rate
        times = [economics.erlang_c(float(at), found.service_rate, servers).p95_time for at in load]
        drawn[servers] = load, np.array(times)
    return drawn
