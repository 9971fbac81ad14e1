"""Offers as yearly prices: every unit that is read, every one that is refused, and whose volume counts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from test_value_model import asset, benefit, make

from lepton_nb import client, value_model
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model import market

CLIENTS = Path(__file__).resolve().parent.parent / "clients"


def offer(unit, price=10.0, **changes):
    base = {"asset_id": "M1", "basis": "offer", "unit": unit, "price": price, "adjustment": 1.0, "similarity": 1.0,
            "comparable": "An API", "date": "2025-11-30", "source": "list"}  # fmt: skip
    return SimpleNamespace(**base | changes)


VOLUME = market.Volume(50_000, "requests", "usage.csv")


@pytest.mark.parametrize(
    ("unit", "amount"),
    [
        ("per year", 10), ("a year", 10), ("yearly", 10), ("per annum", 10), ("p.a.", 10), ("/year", 10),
        ("per month", 120), ("monthly", 120), ("/ month", 120),
        ("per request", 500_000), ("each", 500_000), ("per unit", 500_000),
        ("per 1,000 requests", 500), ("per 1000 calls", 500), ("per 1 000 predictions", 500), ("per thousand", 500),
        ("Per 1k calls", 500), ("per million requests", 0.5), ("per 100 requests", 5000),
    ],
)  # fmt: skip
def test_a_year_of_ten_for_each_unit(unit, amount):
    found = market.yearly_price(offer(unit), VOLUME)
    assert found.amount == pytest.approx(amount)
    assert (found.volume is None) == (amount in (10, 120))
    assert f"{amount:,.0f} a year" in found.sentence


@pytest.mark.parametrize("unit", ["", "per user per month", "per 2 years", "per seat a month", "per", "per 0 requests"])
def test_a_unit_that_says_no_such_thing_is_a_sentence(unit):
    with pytest.raises(Undefined, match="per unit, per thousand, per month or per year"):
        market.yearly_price(offer(unit), VOLUME)


def test_a_price_by_the_unit_needs_a_volume_and_a_price_by_time_does_not():
    with pytest.raises(Undefined, match="needs a volume a year of request"):
        market.yearly_price(offer("per request"))
    assert market.yearly_price(offer("per month")).amount == 120


def test_the_adjustment_of_the_client_counts_and_is_said():
    found = market.yearly_price(offer("per year", adjustment=1.2))
    assert found.amount == pytest.approx(12)
    assert "adjusted by 1.2" in found.sentence


def with_market(*rows, usage=(), benefits=None, assets=None):
    rows = [
        {"comparable": f"Offer {n}", "asset_id": "M1", "date": "2025-11-30", "price": 10.0, "basis": "offer", "similarity": 1.0,
         "source": "list"} | row
        for n, row in enumerate(rows)
    ]  # fmt: skip
    benefits = (
        [benefit(2026, 5, volume_low=900, volume_mode=1000, volume_high=1100, unit="castings", adoption=0.5)]
        if benefits is None
        else benefits
    )
    return value_model.plan(make(assets, benefits, comparables=rows, usage=list(usage)))


USE = {"asset_id": "M1", "month": "2025-11", "requests": 70, "p50_ms": 4, "p95_ms": 8, "gpu_hours": 0, "energy_kwh": 0}


def test_the_volume_is_that_of_the_benefit_that_the_offer_names_else_the_requests():
    plan = with_market(
        {"unit": "per casting"},
        {"unit": "per 1,000 requests"},
        {"unit": "per wheel"},
        {"unit": "per month"},
        usage=[USE],
    )
    found, sentences = market.offers(plan)
    assert [price.amount for price in found] == pytest.approx([10 * 1000 * 0.5, 10 * 12 * 70 / 1000, 120])
    assert sentences == ("M1, Offer 2: a price per wheel needs a volume a year of wheel, and none is given.",)


def test_only_prices_that_recur_for_an_asset_of_the_client_are_offers():
    plan = with_market(
        {}, {"unit": "per year", "basis": "transaction"}, {"unit": "per year", "asset_id": None}, usage=[USE]
    )
    assert market.offers(plan) == ((), ())


def test_the_cheapest_offer_of_an_asset():
    plan = with_market(
        {"unit": "per month"},
        {"unit": "per year"},
        {"unit": "per year", "asset_id": "M2"},
        assets=[asset(), asset("M2")],
    )
    found, _ = market.offers(plan)
    assert market.cheapest(found, "M1").amount == 10
    assert market.cheapest(found, "M3") is None


def test_the_samples_list_prices_are_offers():
    for name, expected in (("manufacturer", {"M1": 410_000}), ("bank", {"T1": 88_000})):
        found, sentences = market.offers(value_model.plan(client.load(CLIENTS / name)))
        assert {price.asset_id: price.amount for price in found} == expected
        assert sentences == ()
