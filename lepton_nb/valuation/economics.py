"""Speed and cost of running a model: cost per prediction, build or buy, queues, trade-offs.

Costs are positive money out; rates of arrival and service are per second.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lepton_nb.valuation._base import Result, Undefined, number, vector, whole
from lepton_nb.valuation._guard import guarded

__all__ = [
    "Queue",
    "Undefined",
    "break_even_volume",
    "cost_per_thousand",
    "erlang_c",
    "learning_curve_cost",
    "mm1",
    "pareto_front",
]


@guarded
def cost_per_thousand(cost_per_hour: float, throughput_per_second: float, utilisation: float = 1.0) -> float:
    r"""Cost of 1000 predictions on one machine: $\frac{c}{\lambda \cdot 3600 \cdot u} \cdot 1000$.

    cost_per_hour c: money; throughput lambda: predictions per second at full load; utilisation u: share of the hour
    that is used, above 0. A machine half idle costs twice as much per prediction.

    Reference: the definition.

    >>> round(cost_per_thousand(3.6, 50, 0.4), 6)
    0.05
    """
    used = number("utilisation", utilisation, high=1.0, above=0.0)
    hourly = number("throughput_per_second", throughput_per_second, above=0.0) * 3600 * used
    return number("cost_per_hour", cost_per_hour, 0.0) / hourly * 1000


@guarded
def break_even_volume(buy_per_thousand: float, fixed_cost: float, own_per_thousand: float) -> float:
    r"""Predictions per period from which one's own model is cheaper: $V^* = \frac{F}{c_{buy} - c_{own}} \cdot 1000$.

    buy_per_thousand, own_per_thousand: money per 1000 predictions, bought and one's own variable cost; fixed_cost F:
    money per period of one's own. Below V* buying is cheaper. Raises Undefined where one's own is not cheaper per
    prediction.

    Reference: Horngren, Datar & Rajan, Cost Accounting, ch. 3, cost-volume-profit analysis.

    >>> round(break_even_volume(2.5, 9000, 0.4))
    4285714
    """
    bought, own = number("buy_per_thousand", buy_per_thousand, 0.0), number("own_per_thousand", own_per_thousand, 0.0)
    if own >= bought:
        raise Undefined(
            "One's own predictions cost no less than bought ones, so no volume breaks even. "
            f"Received: own {own:g}, bought {bought:g} per thousand"
        )
    return number("fixed_cost", fixed_cost, 0.0) / (bought - own) * 1000


MOST_SERVERS = 1_000_000


@dataclass(frozen=True)
class Queue(Result):
    """A service under load. Times in seconds, in the unit of the rates; response is waiting plus service."""

    utilisation: float
    probability_of_waiting: float
    mean_wait: float
    mean_time: float
    p95_wait: float
    p95_time: float
    servers: int
    method: str

    @property
    def value(self) -> float:
        """The mean response time."""
        return self.mean_time


@guarded
def mm1(arrival_rate: float, service_rate: float) -> Queue:
    r"""One server, random arrivals, random service times.

    $$ \rho = \lambda/\mu, \quad E[T] = \frac{1}{\mu - \lambda}, \quad T_{95} = \frac{\ln 20}{\mu - \lambda} $$

    arrival_rate lambda, service_rate mu: per second; times include the service. Raises Undefined at lambda >= mu: the
    queue then grows without end.

    Reference: Kleinrock (1975), Queueing Systems I, ch. 3.2.

    >>> result = mm1(80, 100)
    >>> result.utilisation, round(result.mean_time, 4), round(result.p95_time, 4)
    (0.8, 0.05, 0.1498)
    """
    queue = erlang_c(arrival_rate, service_rate, 1)
    return replace(queue, method="M/M/1, exact", inputs={})


@guarded
def erlang_c(arrival_rate: float, service_rate: float, servers: int) -> Queue:
    r"""Several equal servers with one queue.

    With $a = \lambda/\mu$ and Erlang's loss B by $B_k = \frac{a B_{k-1}}{k + a B_{k-1}}$, $B_0 = 1$:

    $$ C = \frac{B_c}{1 - \rho (1 - B_c)}, \quad \rho = a/c, \quad E[W] = \frac{C}{c\mu - \lambda}, \quad
       P(W > t) = C e^{-(c\mu - \lambda) t} $$

    Rates per second, service_rate for each server. The 95 % wait is 0 where fewer than 5 % wait. Raises Undefined at
    lambda >= c mu.

    Reference: Kleinrock (1975), Queueing Systems I, ch. 3.5; Cooper, Introduction to Queueing Theory, ch. 3.

    >>> result = erlang_c(2, 1, 3)
    >>> round(result.probability_of_waiting, 4), round(result.mean_wait, 4)
    (0.4444, 0.4444)
    """
    arrivals, service = number("arrival_rate", arrival_rate, 0.0), number("service_rate", service_rate, above=0.0)
    count = whole("servers", servers, 1, MOST_SERVERS)
    load = arrivals / service
    if load >= count:
        raise Undefined(
            "More arrives than can be served, so the queue grows without end. "
            f"Received: {arrivals:g} per second against {count} x {service:g}"
        )
    loss = 1.0
    for k in range(1, count + 1):
        loss = load * loss / (k + load * loss)
    waiting = loss / (1 - load / count * (1 - loss))
    spare = count * service - arrivals
    mean_wait = waiting / spare
    return Queue(
        utilisation=load / count,
        probability_of_waiting=waiting,
        mean_wait=mean_wait,
        mean_time=mean_wait + 1 / service,
        p95_wait=max(math.log(waiting / 0.05) / spare, 0.0) if waiting > 0 else 0.0,
        p95_time=_response_percentile(waiting, spare, service, 0.95),
        servers=count,
        method=f"M/M/{count}, Erlang C",
    )


def _response_percentile(waiting: float, spare: float, service: float, share: float) -> float:
    """The time that ``share`` of the responses (wait plus service) do not exceed, by bisection of their tail."""

    def tail(time: float) -> float:
        # wait: 0 with 1 - C, else exponential(spare); plus an independent exponential(service)
        slow, gap = min(spare, service), abs(spare - service)
        both = time if gap == 0 else -math.expm1(-gap * time) / gap  # of the slower of the two, so it cannot overflow
        return math.exp(-service * time) + waiting * service * math.exp(-slow * time) * both

    high = 1 / min(spare, service)
    while tail(high) > 1 - share:
        high *= 2
    low = 0.0
    for _ in range(200):
        middle = (low + high) / 2
        if tail(middle) > 1 - share:
            low = middle
        else:
            high = middle
    return high


@guarded
def pareto_front(points: Mapping[str, tuple[float, ...]]) -> tuple[str, ...]:
    r"""The choices that no other beats: less is better in every coordinate, e.g. cost and latency.

    A point x goes where another y has $y_j \le x_j$ in all coordinates and $y_j < x_j$ in one; equal points stay
    together. Turn the sign of what should be large.

    points: {name: (cost, latency, …)}. Returns names in the order given.

    Reference: Miettinen (1999), Nonlinear Multiobjective Optimization, section 2.2.

    >>> pareto_front({"A": (1.0, 200), "B": (2.0, 120), "C": (2.5, 150), "D": (4.0, 60), "E": (5.0, 60)})
    ('A', 'B', 'D')
    """
    if not points:
        raise ValueError("points must name at least one choice.")
    rows = {name: vector(f"points[{name!r}]", point) for name, point in points.items()}
    if len({len(row) for row in rows.values()}) > 1:
        raise ValueError("All points must have the same coordinates.")
    table = np.array(list(rows.values()))
    return tuple(
        name for name, row in rows.items() if not np.any(np.all(table <= row, axis=1) & np.any(table < row, axis=1))
    )


@guarded
def learning_curve_cost(first_cost: float, n: float, learning_rate: float) -> float:
    r"""Cost of the n-th unit where each doubling costs a fixed share of the one before: $c_n = c_1 n^{\log_2 LR}$.

    first_cost c_1: positive money; n >= 1 (e.g. the n-th retraining); learning_rate LR: fraction above 0 and up to 1,
    0.8 means that every doubling costs 80 %. 1 means no learning.

    Reference: Wright (1936), Factors affecting the cost of airplanes, Journal of the Aeronautical Sciences 3,
    pp. 122-128.

    >>> round(learning_curve_cost(100, 4, 0.8), 6)
    64.0
    """
    share = number("learning_rate", learning_rate, high=1.0, above=0.0)
    return number("first_cost", first_cost, 0.0) * number("n", n, 1.0) ** math.log2(share)
