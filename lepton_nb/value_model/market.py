"""Offers of market.csv as yearly prices for the client's own volume: what a year of the substitute costs.

An offer is a price that somebody asks and that recurs: for each unit, for each thousand units, for each month or for each
year. A price of a whole asset, for good, is no offer in this sense: it belongs to the market approach. One function,
:func:`yearly_price`, makes them comparable; build or buy, and the cap that a substitute sets, call it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lepton_nb import terms
from lepton_nb.valuation import approaches as methods
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model.line_money import yearly_caps
from lepton_nb.value_model.lines import BenefitLine, Plan, Substitute

#: How offers are read. Each rule has a test; the chapter prints them all.
RULES = {
    "Offers": "Rows of market.csv for an asset of the client with a price that recurs (per unit, per thousand, per month, per "
    "year): the basis is offer or api_list_price, or the row is marked as a substitute. A price without a unit buys the whole "
    "asset for good: it is a comparable of the market approach and no offer of this kind.",
    "Yearly price": "Price times the adjustment of market.csv, times what a year takes: 12 for a month, the volume for a unit, "
    "a thousandth of it for a thousand. A price per month or year is taken as it is, whatever the volume.",
    "Volume": "Units of the benefit that the offer names (such as per 1,000 pieces), times adoption: for one yearly price those "
    "of the first whole year, most likely; for the cap of a substitute those of each year (rule Substitution); requests are those of usage.csv, twelve times the mean month. Where it names none (per unit, per thousand): of "
    "the asset's benefit; of several in different units, of the one that is measured on cases; else requests.",
}

#: Bases of market.csv under which somebody asks a price for the same service.
ASKED = frozenset({"offer", "api_list_price"})
MONTHS = 12.0
#: Prices by time: how often in a year.
BY_TIME = {"year": 1.0, "annum": 1.0, "month": MONTHS}
#: Words for one prediction, which usage.csv counts.
REQUESTS = frozenset({"request", "prediction", "call", "inference", "api call", "answer", "query"})
ANY = "unit"
BENEFITS = "benefits.csv"
_SCALES = {"thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6}
_WORDS = {"yearly": "per year", "annually": "per year", "monthly": "per month", "each": "per unit"}


@dataclass(frozen=True)
class Volume:
    """What is used or handled in a year, in ``unit``."""

    amount: float
    unit: str
    source: str


@dataclass(frozen=True, kw_only=True)
class YearlyPrice:
    """What a year costs under one offer, in the client's currency.

    price: as asked, times the adjustment, for ``unit``. volume: what it was multiplied with; None where the price does
    not depend on it.
    """

    asset_id: str
    comparable: str
    basis: str
    price: float
    unit: str
    volume: Volume | None
    amount: float
    source: str
    sentence: str

    def per_thousand(self, volume: float) -> float:
        """Money for 1,000 units if ``volume`` units a year are used."""
        return per_thousand(self.amount, volume)


def per_thousand(yearly: float, volume: float) -> float:
    """Money for 1,000 units where a year of ``volume`` units costs ``yearly``. Raises Undefined without a volume.

    >>> round(per_thousand(410_000, 4_185_000), 2)
    97.97
    """
    if not volume > 0:
        raise Undefined("Without a volume there is no price for a thousand.")
    return 1000 * yearly / volume


@dataclass(frozen=True)
class Unit:
    """What one price pays for: a time, ``times`` of which make a year, or ``times`` units called ``noun``."""

    times: float
    noun: str | None  # None: a time; "unit": of any kind


def priced_unit(words: str) -> Unit:
    """What a price is for, from the words of market.csv. Raises Undefined where they say no such thing.

    >>> priced_unit("per year").times, priced_unit("a month").times, priced_unit("per 1,000 requests")
    (1.0, 12.0, Unit(times=1000.0, noun='request'))
    """
    said = " ".join(words.lower().replace("/", " per ").split())
    said = re.sub(r"(?<=\d)[ ,.'\u2019](?=\d{3}\b)", "", _WORDS.get(said, said))
    thing = re.fullmatch(r"(?:per|an?|each|every) (.+)", said)
    if thing and thing[1] in BY_TIME:
        return Unit(BY_TIME[thing[1]], None)
    found = thing and re.fullmatch(r"(\d+)? ?(thousand|million|[km]\b)? ?(?:of )?([^\d]*)", thing[1])
    if not found or not any(found.groups()) or re.search(r"\b(per|day|week|month|quarter|year|annum)s?\b", found[3]):
        raise Undefined(f"a price {words or 'without a unit'} is none per unit, per thousand, per month or per year")
    times = float(found[1] or 1) * _SCALES.get(found[2] or "", 1.0)
    if times <= 0:
        raise Undefined(f"a price {words} is for nothing")
    return Unit(times, terms.singular(found[3]) or ANY)


def yearly_price(offer: Any, volume: Volume | None = None) -> YearlyPrice:
    """What a year costs under an offer (rule Yearly price). offer: a row of market.csv.

    Raises Undefined, with the sentence, where the offer says no unit, or is priced by volume and none is given.
    """
    name = f"{offer.asset_id}, {offer.comparable}"
    try:
        unit = priced_unit(offer.unit)
    except Undefined as why:
        raise Undefined(f"{name}: {why}.") from None
    asked, used, counted = offer.adjusted_price, None, offer.unit
    if unit.noun is None:
        amount = asked * unit.times
    elif volume is None or not volume.amount > 0:
        raise Undefined(f"{name}: a price {offer.unit} needs a volume a year, and none is given.")
    else:
        used, amount = volume, asked * volume.amount / unit.times
        counted += f", {volume.amount:,.0f} {volume.unit} a year by {volume.source}"
    if offer.adjustment != 1:
        counted += f", adjusted by {offer.adjustment:g}"
    return YearlyPrice(
        asset_id=offer.asset_id,
        comparable=offer.comparable,
        basis=offer.basis,
        price=asked,
        unit=offer.unit,
        volume=used,
        amount=amount,
        source=f"{offer.comparable}, {offer.date} (market.csv)",
        sentence=f"{name}: {amount:,.0f} a year ({counted}).",
    )


def is_offer(row: Any) -> bool:
    """Whether a row of market.csv asks a price that recurs for an asset of the client (rule Offers)."""
    return bool(row.asset_id and row.unit) and (row.substitute or row.basis in ASKED)


def counted_benefits(plan: Plan, asset_id: str, noun: str = ANY) -> frozenset[tuple[str, str]]:
    """Unit and driver of the benefits whose volume a price in units called ``noun`` is asked for (rule Volume)."""
    lines = _whole_years(plan, asset_id)
    if noun == ANY:
        asked = [lines, [line for line in lines if line.link != "none"]]
    else:
        asked = [[line for line in lines if terms.singular(line.unit.lower()) == noun]]
    kinds = ({(line.unit, line.driver_id) for line in some} for some in asked)
    return next((frozenset(found) for found in kinds if len(found) == 1), frozenset())


def _whole_years(plan: Plan, asset_id: str) -> list[BenefitLine]:
    """Benefits of an asset in whole years; all of them where no year is whole."""
    lines = [line for line in plan.benefits if line.asset_id == asset_id]
    return [line for line in lines if plan.periods[line.period].share == 1] or lines


def volume_of(plan: Plan, asset_id: str, noun: str = ANY) -> Volume | None:
    """What an asset handles in its first whole year, in units called ``noun`` (rule Volume); None where nothing tells."""
    counted = counted_benefits(plan, asset_id, noun)
    lines = [line for line in _whole_years(plan, asset_id) if (line.unit, line.driver_id) in counted]
    if lines:
        first = min(line.period for line in lines)
        amount = sum(line.volume.mode * line.adoption.mode for line in lines if line.period == first)
        return Volume(amount, lines[0].unit, BENEFITS)
    months = [row.requests for row in plan.client.usage if row.asset_id == asset_id]
    if sum(months) and (noun == ANY or noun in REQUESTS):
        return Volume(MONTHS * sum(months) / len(months), "requests", "usage.csv")
    return None


def priced(plan: Plan, row: Any) -> YearlyPrice:
    """The yearly price of a row of market.csv for the client's own volume. Raises Undefined with the sentence."""
    volume = None
    with contextlib.suppress(Undefined):  # yearly_price says what is wrong with the unit
        noun = priced_unit(row.unit).noun
        volume = None if noun is None else volume_of(plan, row.asset_id, noun)
    return yearly_price(row, volume)


def offers(plan: Plan) -> tuple[tuple[YearlyPrice, ...], tuple[str, ...]]:
    """Every offer of market.csv as a yearly price, and a sentence for each that gives none."""
    found, sentences = [], []
    for row in filter(is_offer, plan.client.comparables):
        try:
            found.append(priced(plan, row))
        except Undefined as why:
            sentences.append(str(why))
    return tuple(found), tuple(sentences)


def cheapest(prices: Sequence[YearlyPrice], asset_id: str) -> YearlyPrice | None:
    """The offer for an asset that costs least a year; None without any."""
    return min((price for price in prices if price.asset_id == asset_id), key=lambda price: price.amount, default=None)


def caps(plan: Plan) -> dict[str, Substitute]:
    """The cheapest substitute of each asset that earns (rule Substitution); none where it has no price.

    The cheapest is the one that costs least over the years of the plan together.
    """
    found: dict[str, list[Substitute]] = {}
    for row in plan.client.comparables:
        if row.substitute and row.asset_id in plan.benefits_of:
            with contextlib.suppress(Undefined):
                one = _substitute(plan, row)
                found.setdefault(row.asset_id, []).append(one)
    return {
        name: min(offers, key=lambda one: (_together(plan, name, one), one.offer)) for name, offers in found.items()
    }


def _substitute(plan: Plan, row: Any) -> Substitute:
    """A row of market.csv as a substitute. Raises Undefined with the sentence where it has no yearly price."""
    year, unit = priced(plan, row), priced_unit(row.unit)
    known = {"asset_id": row.asset_id, "offer": row.comparable, "price": row.price_range, "unit": row.unit}
    if year.volume is None:
        return Substitute(**known, units=unit.times)
    counted = counted_benefits(plan, row.asset_id, unit.noun) if year.volume.source == BENEFITS else frozenset()
    return Substitute(**known, units=year.volume.amount / unit.times, counted=counted, times=unit.times)


def _together(plan: Plan, name: str, one: Substitute) -> float:
    return sum(yearly_caps(replace(plan, caps={name: one}), name))


# --- prices of whole assets --------------------------------------------------------------------------------

#: A list price of a substitute caps what anybody would pay; it is no price paid for an asset.
CAP = "api_list_price"


def comparable_use(row) -> str:
    """Why a comparable does not enter the market approach of its asset; empty where it does."""
    if row.asset_id is None:
        return "stands for no asset of the client"
    if row.substitute:
        return "a substitute: it caps the yearly benefit"
    if row.basis == CAP:
        return "a list price of a service, not of the asset"
    if row.unit:
        return f"a price {row.unit}, not of the whole asset"
    if row.price <= 0:
        return "no price"
    return "" if row.similarity > 0 else "similarity 0"


def market_prices(plan: Plan, asset_id: str) -> methods.ComparablePrices | None:
    """Weighted median of an asset's comparables (rule Market); None without any."""
    rows = [row for row in plan.client.comparables if row.asset_id == asset_id and not comparable_use(row)]
    if not rows:
        return None
    return methods.comparable_prices(
        [row.price for row in rows], [row.adjustment for row in rows], [row.similarity for row in rows]
    )
