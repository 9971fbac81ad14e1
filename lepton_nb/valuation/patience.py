"""When to invest if one may wait for ever, and how uncertain a value is: perpetual investment, volatility of a value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lepton_nb.valuation._base import (
    Numbers,
    Result,
    Undefined,
    number,
    vector,
)
from lepton_nb.valuation._guard import guarded

__all__ = ["PerpetualInvestment", "Volatility", "perpetual_investment", "volatility_of_value"]


@dataclass(frozen=True)
class PerpetualInvestment(Result):
    """When to invest if one may wait for ever. Money, except ``beta``."""

    threshold: float  # invest once the project is worth this much
    option_value: float
    invest_now: bool
    beta: float
    method: str = "Dixit-Pindyck, geometric Brownian motion, no deadline"

    @property
    def value(self) -> float:
        """Value of the right to invest."""
        return self.option_value


@guarded
def perpetual_investment(
    value: float, cost: float, rate: float, dividend_yield: float, volatility: float
) -> PerpetualInvestment:
    r"""Value of the right to invest at any time, and the project value from which to do it.

    $$ V^* = \frac{\beta}{\beta - 1} I, \quad
       \beta = \tfrac12 - \tfrac{r-q}{\sigma^2} + \sqrt{\left(\tfrac{r-q}{\sigma^2} - \tfrac12\right)^2
       + \tfrac{2r}{\sigma^2}}, \quad F = (V^* - I)(V/V^*)^\beta \text{ below } V^*, \; V - I \text{ above} $$

    value V, cost I: positive money; dividend_yield q: what waiting costs, a fraction per year, must be above 0 (if
    waiting costs nothing one waits for ever: Undefined); rate r > 0. At volatility 0 the limit
    $\beta = r/(r-q)$, for r > q.

    Reference: Dixit & Pindyck (1994), Investment under Uncertainty, ch. 5, pp. 136-152.

    >>> result = perpetual_investment(1.0, 1.0, 0.04, 0.04, 0.2)
    >>> round(result.threshold, 4), round(result.option_value, 4), result.invest_now
    (2.0, 0.25, False)
    """
    worth, spent = number("value", value, above=0.0), number("cost", cost, above=0.0)
    sigma, yearly = number("volatility", volatility, 0.0), number("rate", rate, above=0.0)
    delay = number("dividend_yield", dividend_yield)
    if delay <= 0:
        raise Undefined(f"Waiting costs nothing, so investing never is best. Received: dividend_yield={delay:g}")
    if sigma**2 == 0 and yearly <= delay:
        raise Undefined(
            "A certain value that does not grow by waiting leaves nothing to wait for: take max(value - cost, 0). "
            f"Received: volatility=0, rate={yearly:g}, dividend_yield={delay:g}"
        )
    square, drift = sigma**2, yearly - delay
    root = math.sqrt((drift - square / 2) ** 2 + 2 * yearly * square)
    # beta and beta / (beta - 1), each in the form that subtracts nothing of its own size
    if drift > square / 2:
        beta = 2 * yearly / (root + drift - square / 2)
        threshold = spent * beta * (square * beta / 2 + drift) / delay
    else:
        beta = (square / 2 - drift + root) / square
        threshold = spent * (1 + 1 / (beta - 1))
    if worth >= threshold:
        return PerpetualInvestment(threshold, worth - spent, True, beta)
    return PerpetualInvestment(threshold, (threshold - spent) * (worth / threshold) ** beta, False, beta)


@dataclass(frozen=True)
class Volatility(Result):
    """A yearly volatility (fraction) with its Monte Carlo standard error."""

    value: float
    standard_error: float
    n: int
    years: float
    method: str = "standard deviation of ln(value after / value now) over the draws, per root of a year"


@guarded
def volatility_of_value(value_now: float, values_after: Numbers, years: float = 1.0) -> Volatility:
    r"""Volatility of a project from simulated values: $\sigma = sd(\ln(V_{after}/V_{now})) / \sqrt{years}$.

    value_now: present value today, positive money, one number. values_after: (draws,) value ``years`` later, with what
    the project paid out meanwhile. Only as good as the simulation, and too high where the draws hold uncertainty of
    later years that is not yet resolved then: the weakest assumption of every real option; show it as that. Standard
    error of a standard deviation, from the fourth moment. Raises Undefined where a draw is not positive: it has no
    logarithm.

    Reference: Copeland & Antikarov (2001), Real Options: A Practitioner's Guide, ch. 9; Brandao, Dyer & Hahn (2012),
    Volatility estimation for stochastic project value models, European Journal of Operational Research 220,
    pp. 642-648.

    >>> result = volatility_of_value(100, [80, 95, 110, 130])
    >>> round(result.value, 4), result.n
    (0.2071, 4)
    """
    now, after = number("value_now", value_now, above=0.0), vector("values_after", values_after, 2)
    length = number("years", years, above=0.0)
    lost = int(np.count_nonzero(after <= 0))
    if lost:
        raise Undefined(
            f"In {lost} of {len(after)} draws the value is not positive, so it has no logarithm and no volatility: "
            "an option on this project needs another model of its value."
        )
    returns = np.log(after / now)
    spread = float(returns.std(ddof=1))
    if spread == 0:
        return Volatility(0.0, 0.0, len(after), length)
    squares = (returns - returns.mean()) ** 2
    error = float(squares.std()) / math.sqrt(len(after)) / (2 * spread)
    return Volatility(spread / math.sqrt(length), error / math.sqrt(length), len(after), length)
