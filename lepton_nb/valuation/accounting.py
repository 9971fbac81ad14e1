"""What of an asset's cost stands in the books: capitalisation, amortisation (IAS 38), impairment (IAS 36).

Amounts are positive money. These are the rules' arithmetic; whether the criteria are met is a judgement that comes in
as a date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lepton_nb.valuation._base import Day, Numbers, Record, Result, number, rate_of, rows, shown, vector
from lepton_nb.valuation._dates import day_of
from lepton_nb.valuation._guard import guarded
from lepton_nb.valuation.cashflows import npv

__all__ = ["Amortisation", "Capitalisation", "Impairment", "Posting", "amortise", "capitalise", "impairment"]

NEVER_CAPITALISED = {
    "research": "research is expensed (IAS 38.54)",
    "training_staff": "training of staff is expensed (IAS 38.67, 38.69)",
    "selling": "selling cost is expensed (IAS 38.67)",
    "advertising": "advertising is expensed (IAS 38.69)",
    "start_up": "start-up cost is expensed (IAS 38.69)",
    "relocation": "relocating and reorganising is expensed (IAS 38.69)",
    "administration": "general administration is expensed (IAS 38.67)",
    "maintenance": "maintenance is expensed (IAS 38.20)",
    "operation": "running cost is expensed (IAS 38.20, 38.67)",
    "decommission": "cost of taking out of use is expensed here",
}


@dataclass(frozen=True)
class Posting(Record):
    """Where one cost went, and the rule."""

    date: str
    phase: str
    amount: float
    capitalised: bool
    reason: str


@dataclass(frozen=True)
class Capitalisation(Result):
    """Total capitalised and expensed, and every cost with its rule. Money."""

    capitalised: float
    expensed: float
    postings: tuple[Posting, ...]
    method: str = "IAS 38: development from the date on which the six criteria are met"

    @property
    def value(self) -> float:
        """The amount capitalised."""
        return self.capitalised


@guarded
def capitalise(
    costs: Sequence[tuple[Day, str, float]], criteria_met_on: Day | None = None, available_for_use_on: Day | None = None
) -> Capitalisation:
    r"""Which costs of an internally made asset become part of it.

    $$ \text{capitalised} = \sum_{c \,\in\, development} amount_c \cdot 1[t_{criteria} \le t_c \le t_{in\,use}] $$

    Development spent on or after criteria_met_on is capitalised; what was spent before stays expensed and is never put
    back (IAS 38.71). Research, staff training, selling, advertising, start-up, relocation, administration, maintenance,
    operation and decommissioning are always expensed. Development after available_for_use_on (if given) is taken as
    upkeep and expensed (IAS 38.20).

    costs: rows (date, phase, amount): a date in any form of ``xnpv``, phase "development" or one of those named,
    positive money. criteria_met_on: date on which the six criteria of IAS 38.57 are met, or None (never: all is
    expensed).

    Reference: IAS 38 Intangible Assets, paragraphs 20, 54, 57, 65, 67, 69 and 71.

    >>> result = capitalise([("2024-09-30", "development", 150), ("2025-03-31", "development", 180)], "2024-12-31")
    >>> result.capitalised, result.expensed, result.postings[0].reason
    (180.0, 150.0, 'development before the criteria were met is not reinstated (IAS 38.71)')
    """
    met = None if criteria_met_on is None else day_of("criteria_met_on", criteria_met_on)
    in_use = None if available_for_use_on is None else day_of("available_for_use_on", available_for_use_on)
    if met and in_use and in_use < met:
        raise ValueError(f"The asset is in use before the criteria are met. Received: {in_use} before {met}")
    postings = []
    for given, phase, amount in rows("costs", costs, 3, "(date, phase, amount)"):
        day, money = day_of("A date in costs", given), number("amount", amount, 0.0)
        if isinstance(phase, str) and phase in NEVER_CAPITALISED:
            kept, reason = False, NEVER_CAPITALISED[phase]
        elif phase != "development":
            known = ", ".join(["development", *NEVER_CAPITALISED])
            raise ValueError(f"The phase must be one of {known}. Received: {shown(phase)}")
        elif met is None:
            kept, reason = False, "the six criteria are not met (IAS 38.57)"
        elif day < met:
            kept, reason = False, "development before the criteria were met is not reinstated (IAS 38.71)"
        elif in_use is not None and day > in_use:
            kept, reason = False, "spending on an asset in use is taken as upkeep (IAS 38.20)"
        else:
            kept, reason = True, "development with the six criteria met (IAS 38.57, 38.65)"
        postings.append(Posting(day.isoformat(), phase, money, kept, reason))
    kept = sum((item.amount for item in postings if item.capitalised), 0.0)
    return Capitalisation(kept, sum((item.amount for item in postings), 0.0) - kept, tuple(postings))


@dataclass(frozen=True)
class Amortisation(Result):
    """One financial year of straight-line amortisation. Money."""

    charge: float
    accumulated: float
    carrying_amount: float
    months: float
    method: str = "straight line by months, from the month in which the asset is available for use"

    @property
    def value(self) -> float:
        """The carrying amount at the year's end."""
        return self.carrying_amount


@guarded
def amortise(
    cost: float, useful_life_years: float, in_service: Day, year_end: Day, residual: float = 0.0
) -> Amortisation:
    r"""Straight-line amortisation of the twelve months up to ``year_end``.

    $$ \text{charge} = \frac{cost - residual}{12 \cdot life} \cdot months $$

    The month of in_service counts in full, and so does the month of year_end; after the last month of the life nothing
    more is charged, and before in_service nothing is. cost, residual: positive money, residual at most cost;
    useful_life_years above 0; dates in any form of ``xnpv``.

    Reference: IAS 38 Intangible Assets, paragraphs 97 and 100.

    >>> result = amortise(180000, 5, "2025-07-01", "2025-12-31")
    >>> result.charge, result.carrying_amount
    (18000.0, 162000.0)
    """
    total = number("cost", cost, 0.0)
    rest = number("residual", residual, 0.0, total)
    life = number("useful_life_years", useful_life_years, above=0.0) * 12
    begin, end = day_of("in_service", in_service), day_of("year_end", year_end)
    used = (end.year - begin.year) * 12 + end.month - begin.month + 1
    until_now, until_last_year = min(max(used, 0), life), min(max(used - 12, 0), life)
    per_month = (total - rest) / life
    months = until_now - until_last_year
    accumulated = per_month * until_now
    return Amortisation(per_month * months, accumulated, total - accumulated, float(months))


@dataclass(frozen=True)
class Impairment(Result):
    """Carrying amount against what can be recovered. Money."""

    impairment_loss: float
    recoverable: float
    value_in_use: float
    fair_value_less_costs: float
    carrying_after: float
    method: str = "IAS 36: recoverable amount is the higher of value in use and fair value less costs of disposal"

    @property
    def value(self) -> float:
        """The impairment loss."""
        return self.impairment_loss


@guarded
def impairment(
    carrying_amount: float, fair_value_less_costs: float, value_in_use_cash_flows: Numbers, rate: float
) -> Impairment:
    r"""Loss where an asset stands in the books above what it can bring: $\max(0, carrying - \max(FVLCD, VIU))$.

    Never more than the carrying amount: below zero an asset does not go (IAS 36.62), a liability needs another standard.

    $VIU = \sum_{t=1}^{n} CF_t (1+r)^{-t}$: the flows begin with year 1, before tax, and rate is a pre-tax fraction per
    year. carrying_amount: positive money.

    Reference: IAS 36 Impairment of Assets, paragraphs 6, 18, 30, 55, 59 and 62.

    >>> result = impairment(600, 700, [300, 300, 300], 0.12)
    >>> round(result.recoverable, 4), result.impairment_loss
    (720.5494, 0.0)
    """
    carrying = number("carrying_amount", carrying_amount, 0.0)
    fair = number("fair_value_less_costs", fair_value_less_costs)
    in_use = npv(rate_of(rate), [0.0, *vector("value_in_use_cash_flows", value_in_use_cash_flows)])
    recoverable = max(fair, in_use)
    loss = min(max(carrying - recoverable, 0.0), carrying)
    return Impairment(loss, recoverable, in_use, fair, carrying - loss)
