"""Offers of market.csv as yearly prices for the client's own volume: what a year of the substitute costs.

An offer is a price that somebody asks and that recurs: for each unit, for each thousand units, for each month or for each
year. A price of a whole asset, for good, is no offer in this sense: it belongs to the market approach. One function,
:func:`yearly_price`, makes them comparable; build or buy, and the cap that a substitute sets, call it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model.lines import Plan

#: How offers are read. Each rule has a test; the chapter prints them all.
RULES = {
    "Offers": "Rows of market.csv for an asset of the client with a price that recurs (per unit, per thousand, per month, per "
    "year): the basis is offer or api_list_price, or the row is marked as a substitute. A price without a unit buys the whole "
    "asset for good: it is a comparable of the market approach and no offer of this kind.",
    "Yearly price": "Price times the adjustment of market.csv, times what a year takes: 12 for a month, the volume for a unit, "
    "a thousandth of it for a thousand. A price per month or year is taken as it is, whatever the volume.",
    "Volume": "Units of the asset's benefit, most likely, of the first whole year, times adoption; where its benefits count "
    "different units, of the one that is measured on cases. Without one such benefit: the requests of a year, which are twelve "
    "times the mean month of usage.csv.",
}

#: Bases of market.csv under which somebody asks a price for the same service.
ASKED = frozenset({"offer", "api_list_price"})
MONTHS = 12.0
#: Prices by time: how often in a year. Prices by volume: for how many units.
BY_TIME, BY_VOLUME = {"per year": 1.0, "per month": MONTHS}, {"per unit": 1.0, "per thousand": 1000.0}


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


def yearly_price(offer: Any, volume: Volume | None = None) -> YearlyPrice:
    """What a year costs under an offer (rule Yearly price). offer: a row of market.csv.

    Raises Undefined, with the sentence, where the offer says no unit, or is priced by volume and none is given.
    """
    asked = offer.price * offer.adjustment
    name = f"{offer.asset_id}, {offer.comparable}"
    if offer.unit in BY_TIME:
        used, amount = None, asked * BY_TIME[offer.unit]
        counted = offer.unit
    elif offer.unit in BY_VOLUME:
        if volume is None or not volume.amount > 0:
            raise Undefined(f"{name}: a price {offer.unit} needs a volume a year, and none is given.")
        used, amount = volume, asked * volume.amount / BY_VOLUME[offer.unit]
        counted = f"{offer.unit}, {volume.amount:,.0f} {volume.unit} a year by {volume.source}"
    else:
        said = offer.unit or "without a unit"
        raise Undefined(f"{name}: a price {said} is none per unit, per thousand, per month or per year.")
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


def volume_of(plan: Plan, asset_id: str) -> Volume | None:
    """What an asset handles in a year (rule Volume); None where neither benefits nor usage tell."""
    lines = [line for line in plan.benefits if line.asset_id == asset_id]
    whole = [line for line in lines if plan.periods[line.period].share == 1] or lines
    measured = [line for line in whole if line.link != "none"]
    for some in (whole, measured):
        if len({line.unit for line in some}) == 1 and len({line.driver_id for line in some}) == 1:
            first = min(some, key=lambda line: line.period)
            amount = first.volume.mode * first.adoption.mode
            return Volume(amount, first.unit, "benefits.csv") if amount > 0 else None
    months = [row.requests for row in plan.client.usage if row.asset_id == asset_id]
    return Volume(MONTHS * sum(months) / len(months), "requests", "usage.csv") if sum(months) else None


def offers(plan: Plan) -> tuple[tuple[YearlyPrice, ...], tuple[str, ...]]:
    """Every offer of market.csv as a yearly price, and a sentence for each that gives none."""
    found, sentences = [], []
    for row in filter(is_offer, plan.client.comparables):
        try:
            found.append(yearly_price(row, volume_of(plan, row.asset_id)))
        except Undefined as why:
            sentences.append(str(why))
    return tuple(found), tuple(sentences)


def cheapest(prices: Sequence[YearlyPrice], asset_id: str) -> YearlyPrice | None:
    """The offer for an asset that costs least a year; None without any."""
    return min((price for price in prices if price.asset_id == asset_id), key=lambda price: price.amount, default=None)


def caps(plan: Plan) -> dict[str, float]:
    """What a year of the cheapest substitute costs, by asset that earns (rule Substitution); none where it has no price."""
    found: dict[str, float] = {}
    for row in plan.client.comparables:
        if row.substitute and row.asset_id in plan.benefits_of:
            try:
                price = yearly_price(row, volume_of(plan, row.asset_id)).amount
            except Undefined:
                continue
            found[row.asset_id] = min(price, found.get(row.asset_id, price))
    return found
