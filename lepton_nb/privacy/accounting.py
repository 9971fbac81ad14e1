r"""The account of a promise: how much noise keeps it, and what has been spent. By Google's library ``dp-accounting``.

A way to learn is (ε, δ)-private when for any two sets of data that differ in one person, and any set S of answers,
$P[A(D) \in S] \le e^{ε} P[A(D') \in S] + δ$ (Dwork and others, 2006). One step of DP-SGD draws each row with the chance q,
cuts its pull to a longest length and adds a normal error of ``noise`` times that length to the sum; the account of many
steps is kept by privacy loss distributions (Koskela and others, 2020), whose rounding is upwards: what is told is a bound.
"""

from __future__ import annotations

import math
from functools import cache

__all__ = ["epsilon_of", "most_found", "noise_for"]

#: Step of the discretisation of the privacy loss: a coarser one tells a slightly larger ε, never a smaller one.
INTERVAL = 1e-3


def _checked(delta: float, rate: float, steps: int) -> None:
    if not (0 < delta < 1 and 0 < rate <= 1 and steps >= 1):
        raise ValueError(
            f"delta and rate must be within 0..1 and steps 1 or more. Received: {delta=}, {rate=}, {steps=}"
        )


def _event(noise: float, rate: float, steps: int):
    import dp_accounting

    once = dp_accounting.GaussianDpEvent(noise)
    return dp_accounting.SelfComposedDpEvent(
        once if rate == 1 else dp_accounting.PoissonSampledDpEvent(rate, once), int(steps)
    )


def _accountant():
    from dp_accounting import pld

    return pld.PLDAccountant(value_discretization_interval=INTERVAL)


@cache
def epsilon_of(noise: float, delta: float, rate: float, steps: int) -> float:
    """The ε that so many steps spend. noise: in units of the longest pull; rate: chance of a row to be in a step.

    Raises ValueError for a δ or rate outside 0..1 and noise that is not above 0.
    """
    _checked(delta, rate, steps)
    if not noise > 0:
        raise ValueError(f"noise must be above 0: without noise there is no promise. Received: {noise=}")
    account = _accountant()
    account.compose(_event(noise, rate, steps))
    return float(account.get_epsilon(delta))


@cache
def noise_for(epsilon: float, delta: float, rate: float, steps: int) -> float:
    """The least noise, to a thousandth, that spends no more than ε in so many steps.

    Raises ValueError for an ε that is not above 0 and what :func:`epsilon_of` refuses.
    """
    import dp_accounting

    _checked(delta, rate, steps)
    if not 0 < epsilon < math.inf:
        raise ValueError(f"epsilon must be above 0 and finite. Received: {epsilon=}")
    found = dp_accounting.calibrate_dp_mechanism(
        _accountant,
        lambda noise: _event(noise, rate, steps),
        epsilon,
        delta,
        dp_accounting.LowerEndpointAndGuess(0.3, 2.0),
        tol=5e-4,
    )
    while epsilon_of(found, delta, rate, steps) > epsilon:  # the search may stop a little on the wrong side
        found += 5e-4
    return float(found)


def most_found(epsilon: float, delta: float, false_alarms: float) -> float:
    r"""The largest share of members that any attack may find at so many false alarms, if the promise is kept.

    Both error rates are bound at once, $\mathrm{TPR} \le e^{ε} \mathrm{FPR} + δ$ and
    $1 - \mathrm{FPR} \le e^{ε} (1 - \mathrm{TPR}) + δ$ (Wasserman and Zhou, JASA 105, 2010; Kairouz, Oh and Viswanath, 2015).

    >>> round(most_found(3, 1e-5, 0.001), 4), most_found(math.inf, 0, 0.001)
    (0.0201, 1.0)
    """
    if epsilon == math.inf:
        return 1.0
    first = math.exp(epsilon) * false_alarms + delta
    second = 1 - math.exp(-epsilon) * (1 - false_alarms - delta)
    return min(1.0, first, second)
