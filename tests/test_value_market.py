"""Offers as yearly prices: every unit that is read, every one that is refused, and whose volume counts."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_value_model import asset, benefit, evaluation, make

from lepton_nb import client, value_model
from lepton_nb.client.cells import priced_unit
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model import market

CLIENTS = Path(__file__).resolve().parent.parent / "clients"


def offer(unit, price=10.0, **changes):
    base = {"asset_id": "M1", "basis": "offer", "unit": unit, "price": price, "adjustment": 1.0, "similarity": 1.0,
            "comparable": "An API", "date": "2025-11-30", "source": "list"}  # fmt: skip
    found = base | changes
    return SimpleNamespace(**found, adjusted_price=found["price"] * found["adjustment"])


VOLUME = market.Volume(50_000, "requests", "usage.csv")


@pytest.mark.parametrize(
    ("unit", "amount"),
    [
        ("per year", 10), ("a year", 10), ("yearly", 10), ("per annum", 10), ("/year", 10), ("annually", 10),
        ("per month", 120), ("monthly", 120), ("/ month", 120), ("each month", 120),
        ("per request", 500_000), ("each", 500_000), ("per unit", 500_000), ("every casting", 500_000),
        ("per 1,000 requests", 500), ("per 1000 calls", 500), ("per 1 000 predictions", 500), ("per thousand", 500),
        ("Per 1k calls", 500), ("per million requests", 0.5), ("per 100 requests", 5000), ("per thousand of words", 500),
    ],
)  # fmt: skip
def test_a_year_of_ten_for_each_unit(unit, amount):
    found = market.yearly_price(offer(unit), VOLUME)
    assert found.amount == pytest.approx(amount)
    assert (found.volume is None) == (amount in (10, 120))
    assert f"{amount:,.0f} a year ({unit}" in found.sentence
    assert found.per_thousand(2000) == pytest.approx(amount / 2)


WRONG = ["", "per user per month", "per 2 years", "per seat a month", "per", "per 0 requests", "whole", "per week"]


@pytest.mark.parametrize("unit", WRONG)
def test_a_unit_that_says_no_such_thing_is_a_sentence(unit):
    with pytest.raises(
        Undefined, match=r"M1, An API: a price .*(per unit, per thousand, per month or per year|for nothing)"
    ):
        market.yearly_price(offer(unit), VOLUME)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="per aneachy0123456789,thousandmilkqustcgw/ ", max_size=24))
def test_what_the_clients_reader_lets_pass_is_read_or_is_a_sentence(words):
    try:
        unit = priced_unit(words)
    except ValueError:
        return
    with contextlib.suppress(Undefined):
        assert market.yearly_price(offer(unit), VOLUME).amount >= 0


def test_a_price_by_the_unit_needs_a_volume_and_a_price_by_time_does_not():
    with pytest.raises(Undefined, match="needs a volume a year"):
        market.yearly_price(offer("per unit"))
    assert market.yearly_price(offer("per month")).amount == 120


def test_the_adjustment_of_the_client_counts_and_is_said():
    found = market.yearly_price(offer("per year", adjustment=1.2))
    assert found.amount == pytest.approx(12)
    assert "adjusted by 1.2" in found.sentence


def with_market(*rows, usage=(), benefits=None, assets=None):
    base = {
        "asset_id": "M1",
        "date": "2025-11-30",
        "price": 10.0,
        "basis": "offer",
        "similarity": 1.0,
        "source": "list",
    }
    rows = [base | {"comparable": f"Offer {n}"} | row for n, row in enumerate(rows)]
    benefits = [castings()] if benefits is None else benefits
    return value_model.plan(make(assets, benefits, comparables=rows, usage=list(usage), evaluations=[evaluation()]))


def castings(year=2026, **changes):
    many = {"volume_low": 900, "volume_mode": 1000, "volume_high": 1100, "unit": "castings", "adoption": 0.5}
    return benefit(year, 5, **many | changes)


USE = {"asset_id": "M1", "month": "2025-11", "requests": 70, "p50_ms": 4, "p95_ms": 8, "gpu_hours": 0, "energy_kwh": 0}
STAFF = {"driver_id": "staff", "unit": "FTE"}
MEASURED = {"unit_value_low": None, "unit_value_mode": None, "unit_value_high": None, "metric_link": "confusion:E1"}


@pytest.mark.parametrize(
    ("benefits", "volume"),
    [
        ([castings()], (500, "castings")),
        ([castings(year=2027, adoption=1), castings()], (500, "castings")),  # the first whole year
        ([castings(), castings(**STAFF)], (840, "requests")),
        ([castings(**MEASURED), castings(**STAFF)], (500, "castings")),
        ([], (840, "requests")),
    ],
)  # fmt: skip
def test_the_volume_is_that_of_the_benefit_else_the_requests(benefits, volume):
    plan = with_market(
        {"unit": "per unit"}, {"unit": "per thousand"}, {"unit": "per month"}, usage=[USE], benefits=benefits
    )
    (by_unit, by_thousand, by_month), sentences = market.offers(plan)
    assert (by_unit.volume.amount, by_unit.volume.unit) == volume
    assert (by_unit.amount, by_thousand.amount, by_month.amount) == pytest.approx(
        (10 * volume[0], volume[0] / 100, 120)
    )
    assert sentences == ()


def test_an_offer_that_names_its_unit_takes_that_volume_or_none():
    both = [castings(**MEASURED), castings(**STAFF)]
    rows = [{"unit": f"per {noun}"} for noun in ("casting", "1,000 requests", "FTE", "wheel")]
    found, sentences = market.offers(with_market(*rows, usage=[USE], benefits=both))
    assert [price.volume.unit for price in found] == ["castings", "requests", "FTE"]
    assert sentences == ("M1, Offer 3: a price per wheel needs a volume a year, and none is given.",)


def test_a_price_by_the_unit_without_any_volume_is_a_sentence():
    found, sentences = market.offers(with_market({"unit": "per unit"}, {"unit": "per year"}, benefits=[]))
    assert [price.amount for price in found] == [10]
    assert sentences == ("M1, Offer 0: a price per unit needs a volume a year, and none is given.",)


def test_only_prices_that_recur_for_an_asset_of_the_client_are_offers():
    plan = with_market(
        {}, {"unit": "per year", "basis": "transaction"}, {"unit": "per year", "asset_id": None}, usage=[USE]
    )
    assert market.offers(plan) == ((), ())


def test_a_row_marked_as_a_substitute_is_an_offer_whatever_its_basis():
    found, _ = market.offers(with_market({"unit": "per year", "basis": "licence_agreement", "substitute": True}))
    assert [price.amount for price in found] == [10]


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
