"""Speed and cost: what months of use say, build or buy, waiting; every rule that turns a number into a word."""

from __future__ import annotations

import contextlib
import itertools
import math
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from test_value_model import asset, benefit, cost, linked, make, spent

from lepton_nb import client, value_model
from lepton_nb.client import ThreePoint
from lepton_nb.page import value_tables, words
from lepton_nb.valuation import cashflows, economics
from lepton_nb.valuation.uncertainty import Undefined
from lepton_nb.value_model import limited, market, serving, waiting
from lepton_nb.value_model.lines import Substitute

ROOT = Path(__file__).resolve().parent.parent


def money(value: float) -> str:
    return f"{value:,.2f} EUR"


def month(name="2025-11", requests=100_000, p50=40, p95=80, gpu_hours=1460, asset_id="M1"):
    return {"asset_id": asset_id, "month": name, "requests": requests, "p50_ms": p50, "p95_ms": p95, "gpu_hours": gpu_hours,
            "energy_kwh": 10}  # fmt: skip


def plan_of(usage, costs=(), assets=None, **named):
    return value_model.plan(make(assets, [benefit(2026, 1000)], costs, usage=list(usage), **named))


@pytest.fixture
def service():
    plan = plan_of([month(), month("2025-12")], [cost("2026-06-30", (10_000, 12_000, 18_000))])
    (found,), sentences = serving.services(plan)
    assert sentences == ()
    return found


def test_months_of_use_become_a_service(service):
    assert (service.months, service.requests_a_month, service.requests_a_year) == (2, 100_000, 1_200_000)
    assert service.servers == 2  # 1,460 GPU hours over 730
    assert service.arrivals == pytest.approx(100_000 / (365 / 12 * 86400))
    assert tuple(service.a_thousand(service.cost)) == pytest.approx((10_000 / 1200, 10, 15))
    assert (service.asset_id, service.first, service.last) == ("M1", "2025-11", "2025-12")
    assert (service.p50, service.p95) == (0.04, 0.08)
    assert service.energy_kwh_a_thousand == pytest.approx(1000 * 2 * 10 / 200_000)
    assert service.gpu_hours_a_thousand == pytest.approx(1000 * 2 * 1460 / 200_000)
    assert (service.mean_service, service.variation) == serving.service_time(0.04, 0.08)


def test_the_service_time_repeats_median_and_tail():
    mean, variation = serving.service_time(0.04, 0.08)
    sigma = math.log(2) / stats.norm.ppf(0.95)
    true = stats.lognorm(sigma, scale=0.04)
    assert mean == pytest.approx(true.mean())
    assert variation == pytest.approx(true.std() / true.mean())
    assert serving.service_time(0.04, 0.04) == (pytest.approx(0.04), 0)
    for wrong in ((0.0, 0.1), (0.2, 0.1)):
        with pytest.raises(Undefined):
            serving.service_time(*wrong)


def test_no_requests_and_no_times_are_sentences():
    found, sentences = serving.services(
        plan_of([month(requests=0), month(asset_id="M2", p50=0)], assets=[asset(), asset("M2")])
    )
    assert found == ()
    assert "no requests" in sentences[0]
    assert "no service time" in sentences[1]


def test_hardware_is_a_level_yearly_cost_and_infrastructure_makes_the_servers():
    box = asset("I1", kind="infrastructure", feeds=("M1",), useful_life_years=4)
    paid = spent("2025-01-01", 40_000, "I1") | {"category": "hardware"}
    plan = plan_of([month()], [paid, cost("2026-06-30", 3000, "I1"), cost("2026-06-30", 7000)], [box, asset()])
    (found,), _ = serving.services(plan)
    level = cashflows.equivalent_annual_cost(0.10, [40_000], 4)
    assert found.hardware == pytest.approx(level)
    assert found.cost.mode == 10_000
    assert found.own_cost.mode == 7000
    assert found.server_cost == pytest.approx((3000 + level) / 2)
    assert found.full_cost.mode == pytest.approx(10_000 + level)
    assert found.ending_cost.mode == 10_000  # an offer ends no cost that is paid already


def test_costs_count_for_the_twelve_months_after_the_valuation_date():
    costs = [
        cost("2026-06-30", 100),
        cost("2026-12-31", 10),
        cost("2027-01-01", 1),
        cost("2026-06-30", 1000, phase="development"),
    ]
    assert serving.yearly_cost(plan_of([month()], costs), {"M1"}).mode == 110


def test_a_cost_on_the_same_day_of_each_year_counts_once():
    costs = [cost("2025-12-31", 100), cost("2026-12-31", 100), cost("2027-12-31", 100)]
    assert serving.yearly_cost(plan_of([month()], costs), {"M1"}).mode == 100


def test_a_whole_years_figure_counts_by_the_days_of_the_twelve_months():
    yearly = [cost(None, 365, year=2026), cost(None, 730, year=2027), cost("2026-12-31", 1)]
    for day, expected in ((date(2025, 12, 31), 366), (date(2026, 6, 30), 184 + 2 * 181 + 1)):
        plan = SimpleNamespace(client=make(costs=yearly), date=day, costs_of={})
        assert serving.yearly_cost(plan, {"M1"}).mode == pytest.approx(expected)


# ---------------------------------------------------------------- build or buy


def offer(service, price=None, yearly=None):
    """An offer per 1,000 requests, or per year, for the use of this service."""
    row = SimpleNamespace(asset_id="M1", comparable="An API", basis="offer", date="2025-12-01", adjustment=1.0,
                          unit="per year" if price is None else "per thousand",
                          adjusted_price=yearly if price is None else price)  # fmt: skip
    return market.yearly_price(row, market.Volume(service.requests_a_year, "requests", "usage.csv"))


@pytest.mark.parametrize(
    ("price", "word"), [(20.0, "build"), (15.1, "build"), (14.9, "close"), (8.4, "close"), (8.3, "buy"), (1.0, "buy")]
)  # own: 8.33, 10 and 15 a thousand
def test_build_or_buy_needs_the_whole_range_of_costs(service, price, word):
    found = serving.build_or_buy(service, offer(service, price), money)
    assert found.word == word
    assert found.break_even == pytest.approx(12_000 / price * 1000)
    assert found.sentence.startswith("M1: ")
    a_year = serving.build_or_buy(service, offer(service, yearly=price * 1200), money)
    assert (a_year.word, a_year.break_even) == (word, None)
    assert a_year.per_thousand == pytest.approx(price)


def test_a_dearer_own_prediction_never_breaks_even(service):
    found = serving.build_or_buy(service, offer(service, 2.0), money, marginal=2.0)
    assert (found.word, found.break_even) == ("buy", None)
    assert "no volume breaks even" in found.sentence


def test_what_grows_with_the_volume_is_part_of_ones_own_costs(service):
    found = serving.build_or_buy(service, offer(service, 12.0), money, marginal=3.0)
    assert found.own_per_thousand.mode == pytest.approx(13.0)
    assert found.break_even == pytest.approx(12_000 / (12 - 3) * 1000)


def test_the_samples_hosted_inspection_is_an_offer_and_building_is_better():
    plan = value_model.plan(client.load(ROOT / "clients" / "manufacturer"))
    (service,), _ = serving.services(plan)
    (hosted,) = serving.offered(plan, service)
    found = serving.build_or_buy(service, hosted, money)
    assert hosted.amount == 410_000
    assert found.per_thousand == pytest.approx(97.97, abs=0.005)
    # running costs alone: what was paid for the machines stays paid
    assert found.own_per_thousand.mode == pytest.approx(34.65, abs=0.005)
    assert found.word == "build"


def test_what_others_use_too_is_not_saved_by_buying():
    box = asset("I1", kind="infrastructure", feeds=("M1", "M2"))
    costs = [cost("2026-06-30", 3000, "I1"), cost("2026-06-30", 7000)]
    plan = plan_of([month()], costs, [box, asset(), asset("M2")])
    (found,), _ = serving.services(plan)
    assert (found.cost.mode, found.ending_cost.mode, found.shared) == (10_000, 7000, ("I1",))
    said = serving.build_or_buy(found, offer(found, yearly=8000), money)
    assert said.word == "build" and "The costs of I1 stay" in said.sentence
    alone = plan_of([month()], costs, [box | {"feeds": ("M1",)}, asset(), asset("M2")])
    (found,), _ = serving.services(alone)
    assert (found.ending_cost.mode, found.shared) == (10_000, ())


def test_a_price_set_by_the_reader_is_an_offer_too(service):
    plan = plan_of([month(), month("2025-12")], [cost("2026-06-30", 12_000)])
    assert serving.offered(plan, service) == ()
    (found,) = serving.offered(plan, service, 20.0)
    assert found.amount == pytest.approx(20 * 1200)
    assert serving.build_or_buy(service, found, money).word == "build"


def test_the_price_is_turned_round(service):
    assert "cheaper below 10.00 EUR per 1,000" in serving.price_sentence(service, money)
    (free,), _ = serving.services(plan_of([month()]))
    assert "no price to compare" in serving.price_sentence(free, money)


def test_the_covering_volume_is_the_running_cost_over_what_one_unit_saves():
    from test_value_model import GAIN, evaluation

    plan = value_model.plan(
        make(benefits=[linked(2026, attribution=0.5)], costs=[cost("2026-06-30", 100)], evaluations=[evaluation()])
    )
    (found,), _ = serving.covers(plan, money)
    assert found.break_even == pytest.approx(100 / (0.5 * GAIN))
    assert "covers its running costs 3.9 times" in found.sentence
    assert (found.volume, found.worth, found.cost) == pytest.approx((1000, 0.5 * GAIN, 100))
    half = value_model.plan(make(benefits=[benefit(2026, 5, adoption=0.5)], costs=[cost("2026-06-30", 100)]))
    assert serving.covers(half, money)[0][0].volume == 0.5  # half of one plant


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        (200, "covers its running costs 2.0 times"),
        (100, "covers its running costs 1.0"),
        (99, "does not cover its running costs alone; 99 %"),
    ],
)
def test_covered_means_at_least_the_break_even_volume(volume, words):
    assert words in serving.cover_sentence("M1, saving", volume, 100)


def test_what_a_substitutes_price_leaves_stands_beside_what_it_cuts():
    rows = [benefit(2026, 100), benefit(2027, 100), benefit(2027, 60, driver_id="quality")]
    plan = value_model.plan(
        make(benefits=rows, costs=[cost("2026-06-30", 30), cost("2027-06-30", 30), cost("2028-06-30", 30)])
    )
    assert limited.limited(plan) == {}

    def substitute(price):
        return Substitute(
            asset_id="M1", offer="Hosted", price=ThreePoint(price, price, price), unit="per year", units=1.0
        )

    capped = replace(plan, caps={"M1": substitute(40.0)})
    assert limited.limited(capped) == {"M1": limited.Limited("M1", 2026, 100.0, 40.0)}
    assert limited.limited(replace(plan, caps={"M1": substitute(100.0)})) == {}  # it binds in 2027 alone
    free, held = (serving.covers(one, money)[0][0] for one in (plan, capped))
    assert "before the cap" not in free.sentence
    times = held.worth * held.volume / held.cost
    assert f"covers its running costs {times:.1f} times, before the cap" in held.sentence
    assert f"of 2026 cover them {40 / held.cost:.1f} times" in held.sentence
    shown = "".join(
        map(str, value_tables.before_the_cap(limited.limited(capped), ["M1", "M1", "M2"], words.Money("EUR")))
    )
    assert shown.count("before the cap") == 1 and "count 40.00" in shown.replace(words.THIN, " ")


def test_a_benefit_that_brings_nothing_or_costs_nothing_gets_a_sentence():
    nothing = value_model.plan(make(benefits=[benefit(2026, 0)], costs=[cost("2026-06-30", 100)]))
    free = value_model.plan(make(benefits=[benefit(2026, 5)]))
    assert "no volume covers" in serving.covers(nothing, money)[1][0]
    assert "any volume covers it" in serving.covers(free, money)[1][0]


# ---------------------------------------------------------------- waiting


@pytest.mark.parametrize(
    ("utilisation", "word"),
    [(0.1, "idle"), (0.11, "comfortable"), (0.7, "comfortable"), (0.71, "tight"), (0.9, "tight"), (0.91, "at its limit"),
     (0.999, "at its limit"), (1.0, "overloaded"), (2.0, "overloaded")],
)  # fmt: skip
def test_the_word_for_a_load(utilisation, word):
    assert waiting.load_word(utilisation) == word


def test_the_load_of_the_busiest_hour_is_said(service):
    for wanted in (0.05, 0.5, 0.8, 0.95, 1.5):
        peak = wanted * service.servers * service.service_rate / service.arrivals
        assert f": {waiting.load_word(wanted)};" in waiting.load_sentence(service, peak)


@pytest.mark.parametrize(("p95", "words"), [(170, "the safe side"), (175, "longer than shown")])
def test_exponential_service_is_the_safe_side_up_to_432_medians(p95, words):
    (found,), _ = serving.services(plan_of([month(p50=40, p95=p95)]))
    assert words in waiting.model_sentence(found)


@settings(max_examples=25, deadline=None)
@given(arrivals=st.floats(0.1, 20), rate=st.floats(0.5, 5))
def test_one_queue_is_never_slower_than_a_queue_each(arrivals, rate):
    found = waiting.choices(arrivals, rate, 100.0, 1e6, range(1, 12))
    by = {(item.servers, item.pooled): item for item in found}
    for (servers, pooled), item in by.items():
        assert item.utilisation == pytest.approx(arrivals / rate / servers)
        if not pooled:
            assert by[servers, True].p95 <= item.p95 * (1 + 1e-9)
            assert by[servers, True].cost == item.cost
    served = {count for count in range(1, 12) if arrivals < rate * count}
    assert set(by) == {(count, True) for count in served} | {(count, False) for count in served if count > 1}
    names = waiting.front(found)
    costs = [item for item in found if item.name in names]
    assert all(a.p95 > b.p95 for a, b in itertools.pairwise(costs) if a.cost < b.cost)


def test_too_few_servers_are_left_out_and_costs_add_up():
    found = waiting.choices(10.0, 1.0, 1000.0, 1e6, (5, 10, 11, 12), other_cost=500)
    assert {item.servers for item in found} == {11, 12}
    assert found[0].cost == pytest.approx((11 * 1000 + 500) / 1000)
    assert waiting.front(()) == ()


def test_fewest_servers_and_headroom_meet_the_target():
    target = 1.5 * economics.erlang_c(0.0, 2.0, 1).p95_time
    count = waiting.fewest_servers(10.0, 2.0, target)
    assert economics.erlang_c(10.0, 2.0, count).p95_time <= target
    with contextlib.suppress(Undefined):
        assert economics.erlang_c(10.0, 2.0, count - 1).p95_time > target
    most = waiting.headroom(2.0, count, target)
    assert most >= 10.0
    assert economics.erlang_c(most, 2.0, count).p95_time == pytest.approx(target, rel=1e-6)
    assert waiting.fewest_servers(10.0, 2.0, 0.1) is None
    # load for more than 63 servers and for more than 64, with all the time in the world
    assert waiting.fewest_servers(63.5, 1.0, 1e9) == 64 and waiting.fewest_servers(64.5, 1.0, 1e9) is None
    assert waiting.fewest_servers(0.5, 1.0, 1e9) == 1
    assert waiting.headroom(2.0, 4, 0.1) == 0


def test_the_samples_servers_are_idle_and_their_models_cover_their_costs():
    for name, assets in (("manufacturer", {"M1"}), ("bank", {"T1", "C1"})):
        plan = value_model.plan(client.load(ROOT / "clients" / name))
        found, _ = serving.services(plan)
        assert {item.asset_id for item in found} == assets
        for item in found:
            assert "idle" in waiting.load_sentence(item, 5.0)
        assert all(item.volume > item.break_even for item in serving.covers(plan, money)[0])


def test_a_service_in_its_busiest_hour_is_one_result(service):
    found = waiting.waiting(service, peak=5.0, target=1.5)
    assert found.arrivals == pytest.approx(5 * service.arrivals)
    assert found.target == pytest.approx(1.5 * math.log(20) / service.service_rate)
    assert found.utilisation == pytest.approx(found.arrivals / (2 * service.service_rate))
    assert {item.servers for item in found.choices} == {1, 2, 3, 4}
    assert not found.priced  # no infrastructure, no hardware
    many = waiting.waiting(replace(service, servers=10), peak=5.0, target=1.5)
    assert {item.servers for item in many.choices} == {1, 2, 3, 4, 8, 9, 10, 11, 12}
    assert waiting.example(1.5).fewest == waiting.fewest_servers(8.0, 2.5, waiting.example(1.5).target)


def test_a_thousand_has_one_function():
    for amount, volume in ((410_000, 4_185_000), (1.0, 3.0)):
        hour = 365 * 24
        assert market.per_thousand(amount, volume) == pytest.approx(
            economics.cost_per_thousand(amount / hour, volume / hour / 3600)
        )
    with pytest.raises(Undefined):
        market.per_thousand(1.0, 0.0)


def test_a_service_that_is_priced_costs_its_servers_and_what_is_no_server():
    assets = [asset("M1", feeds=[]), asset("I1", kind="infrastructure", feeds=["M1"], useful_life_years=4)]
    costs = [
        cost("2026-06-30", 900, "I1"),
        cost("2026-06-30", 500),
        spent("2025-06-30", 4000, "I1") | {"category": "hardware"},
    ]
    (service,), _ = serving.services(plan_of([month(), month("2025-12")], costs, assets))
    replaced = 4000 * 0.1 / (1 - 1.1**-4)  # the equal yearly payment at 10 %
    assert service.server_cost == pytest.approx((900 + replaced) / 2)
    assert service.full_cost.mode == pytest.approx(900 + 500 + replaced)
    found = waiting.waiting(service, peak=5.0, target=1.5)
    assert found.priced and found.headroom == pytest.approx(
        waiting.headroom(service.service_rate, 2, found.target) / found.arrivals
    )
    for item in found.choices:
        assert item.cost == pytest.approx((500 + (900 + replaced) / 2 * item.servers) / 1200)
    assert min(found.choices, key=lambda item: item.cost).name == "1 server" and "1 server" in found.front


def test_curves_are_the_response_times_of_these_servers_up_to_nearly_full_load():
    found = waiting.example(1.5)
    drawn = waiting.curves(found)
    assert list(drawn) == [1, 2, 4, 5]
    for servers, (load, times) in drawn.items():
        assert load[0] == pytest.approx(0.02 * servers * 2.5) and load[-1] == pytest.approx(0.985 * servers * 2.5)
        assert (np.diff(load) > 0).all() and (np.diff(times) > 0).all()
        assert times[10] == economics.erlang_c(float(load[10]), 2.5, servers).p95_time
