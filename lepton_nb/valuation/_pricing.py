"""What the option modules share: the closed forms and the checks of an option's terms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from lepton_nb.valuation._base import number, one_of
from lepton_nb.valuation._guard import guarded

KINDS = ("call", "put")


@guarded
def black_scholes(
    spot: float,
    strike: float,
    rate: float,
    volatility: float,
    years: float,
    kind: str = "call",
    dividend_yield: float = 0.0,
) -> float:
    r"""Value of a European option.

    $$ c = S e^{-qT} \Phi(d_1) - K e^{-rT} \Phi(d_2), \quad
       d_{1,2} = \frac{\ln(S/K) + (r - q \pm \sigma^2/2) T}{\sigma \sqrt T} $$

    For a real option: spot S, present value of the benefits; strike K, the cost; dividend_yield q, cost of delay. At
    volatility 0 or years 0 it is the discounted intrinsic value. spot, strike >= 0.

    Reference: Hull, Options, Futures, and Other Derivatives, ch. 15 and 17.

    >>> round(black_scholes(42, 40, 0.10, 0.20, 0.5), 2)
    4.76
    """
    price, cost, sigma, time = option_terms(spot, strike, volatility, years)
    one_of("kind", kind, KINDS)
    forward_spot = price * math.exp(-number("dividend_yield", dividend_yield) * time)
    forward_cost = cost * math.exp(-number("rate", rate) * time)
    side = 1.0 if kind == "call" else -1.0
    return float(exchange(forward_spot, forward_cost, sigma * math.sqrt(time), side))


@guarded
def margrabe(
    value_received: float,
    value_given: float,
    volatility_received: float,
    volatility_given: float,
    correlation: float,
    years: float,
    yield_received: float = 0.0,
    yield_given: float = 0.0,
) -> float:
    r"""Value of the right to give one asset for another.

    Black-Scholes with both sides uncertain: $\sigma^2 = \sigma_1^2 + \sigma_2^2 - 2 \rho \sigma_1 \sigma_2$; no
    interest rate. Values in money, >= 0; yields: what each asset pays out meanwhile.

    Reference: Margrabe (1978), The value of an option to exchange one asset for another, Journal of Finance 33,
    pp. 177-186; Haug, The Complete Guide to Option Pricing Formulas, p. 52.

    >>> round(margrabe(22, 20, 0.20, 0.15, -0.5, 0.1, 0.06, 0.04), 3)
    2.125
    """
    first, second, sigma_1, time = option_terms(value_received, value_given, volatility_received, years)
    sigma_2 = number("volatility_given", volatility_given, 0.0)
    rho = number("correlation", correlation, -1.0, 1.0)
    variance = max(sigma_1**2 + sigma_2**2 - 2 * rho * sigma_1 * sigma_2, 0.0)
    received = first * math.exp(-number("yield_received", yield_received) * time)
    given = second * math.exp(-number("yield_given", yield_given) * time)
    return float(exchange(received, given, math.sqrt(variance * time), 1.0))


def option_terms(spot, strike, volatility, years) -> tuple[float, float, float, float]:
    return (
        number("spot", spot, 0.0),
        number("strike", strike, 0.0),
        number("volatility", volatility, 0.0),
        number("years", years, 0.0),
    )


def exchange(received: Any, given: Any, spread: float, side: float) -> Any:
    """Value of the right to give ``given`` for ``received`` (side 1) or the reverse (side -1); both present values.

    Numbers or arrays of them.
    """
    if np.ndim(received) == 0 and (received == 0 or given == 0):
        return max(side * (received - given), 0.0)
    if spread == 0:
        return np.maximum(side * (received - given), 0.0)
    with np.errstate(divide="ignore", over="ignore"):
        d1 = np.log(received / given) / spread + spread / 2
    value = side * (received * special.ndtr(side * d1) - given * special.ndtr(side * (d1 - spread)))
    return np.maximum(value, 0.0)  # rounding can leave a worthless option just below 0
