"""Offers of market.csv as yearly prices for the client's own volume: what a year of the substitute costs.

An offer is a price that somebody asks and that recurs: for each unit, for each thousand units, for each month or for each
year. A price of a whole asset, for good, is no offer in this sense: it belongs to the market approach. One function,
:func:`yearly_price`, makes them comparable; build or buy, and the cap that a substitute sets, call it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model.reading import Plan

#: How offers are read. Each rule has a test; the chapter prints them all.
RULES = {
    "Offers": "Rows of market.csv for an asset of the client with the basis offer or api_list_price and a price that recurs: "
    "per unit, per thousand (or million) units, per month, per year. A price without a unit buys the whole asset for good: it "
    "is a comparable of the market approach and no offer of this kind.",
    "Yearly price": "Price times the adjustment of market.csv, times what a year takes: 12 for a month, the volume for a unit, "
    "a thousandth of it for a thousand. A price per month or year is taken as it is, whatever the volume.",
    "Volume": "That of the benefit whose unit the offer names, most likely, of the first whole year, times adoption; else the "
    "requests of a year, which are twelve times the mean month of usage.csv. An offer that names a unit which is neither "
    "gives no price.",
}

#: Bases of market.csv under which somebody asks a price for the same service.
ASKED = frozenset({"offer", "api_list_price"})
#: Words for one prediction in usage.csv and in offers.
REQUESTS = frozenset({"request", "prediction", "call", "inference", "unit", "use", "answer", "transaction", "piece"})
MONTHS = 12.0
_SCALES = {"thousand": 1e3, "million": 1e6, "k": 1e3, "m": 1e6}
_YEAR, _MONTH = (
    re.compile(r"(per |a |each )?(year|annum)|yearly|annual(ly)?|p\.? ?a\.?"),
    re.compile(r"(per |a |each )?month|monthly"),
)


@dataclass(frozen=True)
class Volume:
    """What is used or handled in a year, in ``unit``."""

    amount: float
    unit: str
    source: str


@dataclass(frozen=True)
class YearlyPrice:
    """What a year costs under one offer, in the client's currency.

    price: as asked, times the adjustment, for ``per`` (year, month, or units as the offer counts them). volume: what
    it was multiplied with; None where the price does not depend on it.
    """

    asset_id: str
    comparable: str
    basis: str
    price: float
    per: str
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
    """What one price pays for: a time (times = how often in a year) or ``times`` units called ``noun``."""

    words: str
    times: float
    noun: str | None  # None: a time


def priced_unit(words: str) -> Unit:
    """What a price is for, from the words of market.csv. Raises Undefined where they say no such thing.

    >>> priced_unit("per year").times, priced_unit("per 1,000 requests"), priced_unit("a month").times
    (1.0, Unit(words='per 1,000 requests', times=1000.0, noun='request'), 12.0)
    """
    said = " ".join(words.lower().replace("/", " per ").split())
    if _YEAR.fullmatch(said):
        return Unit(words, 1.0, None)
    if _MONTH.fullmatch(said):
        return Unit(words, MONTHS, None)
    text = re.sub(r"(?<=\d)[ ,.'’](?=\d{3}\b)", "", said)
    found = re.fullmatch(r"(?:per|a|an|each|for)? ?(\d+)? ?(thousand|million|[km](?![a-z]))? ?(?:of )?([^\d]*)", text)
    if not said or found is None or re.search(r"\bper\b|\bmonth|\byear|\bannum", found[3]):
        raise Undefined(f"A price {words or 'without a unit'} is none per unit, per thousand, per month or per year.")
    count, scale, noun = found.groups()
    times = float(count or 1) * _SCALES.get(scale or "", 1.0)
    if times <= 0 or (noun in ("", "each") and not (count or scale or said == "each")):
        raise Undefined(f"A price {words} is none per unit, per thousand, per month or per year.")
    return Unit(words, times, singular(noun) if noun not in ("", "each") else "unit")


def singular(noun: str) -> str:
    """A plain singular, so that units can be compared.

    >>> singular("castings"), singular("Boxes"), singular("inquiries"), singular("glass")
    ('casting', 'box', 'inquiry', 'glass')
    """
    word = " ".join(noun.lower().replace("_", " ").split())
    for ending, plain in (("ies", "y"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss")):
        if word.endswith(ending):
            return word.removesuffix(ending) + plain
    return word if word.endswith("ss") else word.removesuffix("s")


def yearly_price(offer: Any, volume: Volume | None = None) -> YearlyPrice:
    """What a year costs under an offer (rule Yearly price). offer: a row of market.csv.

    Raises Undefined, with the sentence, where the offer says no unit, or is priced by the unit and no volume is given.
    """
    unit = priced_unit(offer.unit)
    asked = offer.price * offer.adjustment
    name = f"{offer.asset_id}, {offer.comparable}"
    if unit.noun is None:
        per, used = ("year" if unit.times == 1 else "month"), None
        amount = asked * unit.times
        counted = "as it is asked" if unit.times == 1 else "12 months"
    else:
        if volume is None or not volume.amount > 0:
            raise Undefined(f"{name}: a price {offer.unit} needs a volume a year of {unit.noun}, and none is given.")
        per, used = (unit.noun if unit.times == 1 else f"{unit.times:,.0f} {unit.noun}"), volume
        amount = asked * volume.amount / unit.times
        counted = f"{volume.amount:,.0f} {volume.unit} a year, from {volume.source}"
    if offer.adjustment != 1:
        counted += f", price adjusted by {offer.adjustment:g}"
    sentence = f"{name}: {amount:,.0f} a year ({counted})."
    source = f"{offer.comparable}, {offer.date} (market.csv)"
    return YearlyPrice(offer.asset_id, offer.comparable, offer.basis, asked, per, used, amount, source, sentence)


def is_offer(row: Any) -> bool:
    """Whether a row of market.csv asks a price that recurs for an asset of the client (rule Offers)."""
    return bool(row.asset_id) and row.basis in ASKED and bool(row.unit.strip())


def volumes(plan: Plan, asset_id: str) -> dict[str, Volume]:
    """What an asset handles in a year, by the singular of its unit (rule Volume)."""
    found: dict[str, Volume] = {}
    for line in plan.benefits:
        if line.asset_id == asset_id and singular(line.unit) not in found and plan.periods[line.period].share == 1:
            row = row_of(plan, line)
            found[singular(line.unit)] = Volume(line.volume.mode * likely(row.adoption), line.unit, "benefits.csv")
    months = [row.requests for row in plan.client.usage if row.asset_id == asset_id]
    if sum(months) > 0:
        requests = Volume(MONTHS * sum(months) / len(months), "requests", "usage.csv")
        found |= {noun: requests for noun in REQUESTS if noun not in found}
    return found


def row_of(plan: Plan, line) -> Any:
    year = plan.periods[line.period].year
    key = (line.asset_id, line.driver_id, year)
    return next(row for row in plan.client.benefits if (row.asset_id, row.driver_id, row.year) == key)


def likely(share: Any) -> float:
    return getattr(share, "mode", share)


def volume_for(plan: Plan, offer: Any) -> Volume | None:
    """The client's own volume in the unit of an offer; None where it is priced by time or the unit is not known."""
    try:
        noun = priced_unit(offer.unit).noun
    except Undefined:
        return None
    return None if noun is None else volumes(plan, offer.asset_id).get(noun)


def offers(plan: Plan) -> tuple[tuple[YearlyPrice, ...], tuple[str, ...]]:
    """Every offer of market.csv as a yearly price, and a sentence for each that gives none."""
    found, sentences = [], []
    for row in plan.client.comparables:
        if not is_offer(row):
            continue
        try:
            found.append(yearly_price(row, volume_for(plan, row)))
        except Undefined as why:
            words = str(why)
            sentences.append(words if words.startswith(row.asset_id) else f"{row.asset_id}, {row.comparable}: {words}")
    return tuple(found), tuple(sentences)


def cheapest(prices: Sequence[YearlyPrice], asset_id: str) -> YearlyPrice | None:
    """The offer for an asset that costs least a year; None without any."""
    return min((price for price in prices if price.asset_id == asset_id), key=lambda price: price.amount, default=None)
